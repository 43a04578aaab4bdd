//! The GPU device's solver: records the stages of a step, replays them, and reads one small buffer a batch.

use super::params::{Clock, HALO, Params, Segment, Source};
use super::problem::Problem;
use super::solver::{Fields, Solver, State, Statistics, Volumes};
use crate::device::gpu::{Dispatch, Gpu, Kernel, Stage};
use crate::error::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal, $($file:literal),* $(,)?) => {
        Kernel { name: $name, source: concat!($(include_str!(concat!("../../../../shaders/", $file)), "\n"),*) }
    };
}

/// Chooses the time step.
pub const CLOCK: Kernel = kernel!("clock", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/clock.wgsl");
/// Fills the halo of open edges.
pub const GHOSTS: Kernel = kernel!("ghosts", "runoff/params.wgsl", "runoff/ghosts.wgsl");
/// Advances the cells by one stage of a step.
pub const UPDATE: Kernel = kernel!(
    "update",
    "common/compensated.wgsl",
    "runoff/params.wgsl",
    "runoff/hllc.wgsl",
    "runoff/friction.wgsl",
    "runoff/reconstruct.wgsl",
    "runoff/update.wgsl",
);
/// Adds point inflows.
pub const SOURCES: Kernel = kernel!("sources", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/sources.wgsl");
/// Reads gauges.
pub const GAUGES: Kernel = kernel!("gauges", "runoff/params.wgsl", "runoff/gauges.wgsl");
/// All kernels of the model.
pub const KERNELS: &[Kernel] = &[CLOCK, GHOSTS, UPDATE, SOURCES, GAUGES];

/// Time that one submission may take: a display stays alive, and no watchdog barks.
const SUBMISSION: Duration = Duration::from_millis(100);
/// Steps that one submission holds at most.
const MOST_STEPS: u32 = 4096;

struct Buffers {
    params: Buffer,
    clock: Buffer,
    states: [Buffer; 2],
    statistics: Buffer,
    infiltrated: Buffer,
    segments: Buffer,
    outflow: Buffer,
    sources: Buffer,
    groups: Buffer,
    readings: Buffer,
}

/// The stages of one step, from either state.
struct Stages {
    clock: Stage,
    /// Ghosts of state 0 and of state 1.
    ghosts: [Stage; 2],
    /// Order 1: from 0 to 1, and from 1 to 0. Order 2: predict, and correct.
    update: [Stage; 2],
    /// In state 0, and in state 1.
    sources: [Stage; 2],
    gauges: [Stage; 2],
}

/// Shallow water on a GPU.
pub struct GpuSolver {
    gpu: Arc<Gpu>,
    buffers: Buffers,
    stages: Stages,
    params: Params,
    clock: Clock,
    order: u32,
    /// Which state is the current one; order 1 changes it with every step.
    current: usize,
    /// Steps of the next submission.
    batch: u32,
    cells: usize,
    gauges: usize,
    faces: [usize; 4],
}

impl GpuSolver {
    /// Takes the problem's arrays to the device.
    ///
    /// # Errors
    /// `Memory` when they do not fit, `DeviceLost` when the device fails.
    pub fn new(problem: &Problem, gpu: Arc<Gpu>) -> Result<GpuSolver> {
        let padded = problem.padded();
        let cells = padded.bed.len();
        let edges = problem.edges();
        let faces = [edges.north.len(), edges.south.len(), edges.west.len(), edges.east.len()];
        let places = [edges.north, edges.south, edges.west, edges.east].concat();
        let size = |count: usize, each: usize| (count * each) as u64;
        let plain = |name: &str, count: usize, each: usize| gpu.buffer(name, size(count, each), BufferUsages::empty());

        let bed = plain("bed", cells, 4)?;
        let surface = plain("surface", cells, 8)?;
        let segment_of_face = plain("edges", places.len(), 4)?;
        let gauge_places = plain("gauge places", padded.gauges.len(), 4)?;
        let buffers = Buffers {
            params: gpu.buffer("params", size(1, size_of::<Params>()), BufferUsages::UNIFORM)?,
            clock: plain("clock", 1, size_of::<Clock>())?,
            states: [plain("state", cells, 16)?, plain("second state", cells, 16)?],
            statistics: plain("statistics", cells, 16)?,
            infiltrated: plain("infiltrated", cells, 8)?,
            segments: plain("segments", problem.boundaries.len() + 1, size_of::<Segment>())?,
            outflow: plain("outflow", places.len(), 8)?,
            sources: plain("sources", problem.inflows.len(), size_of::<Source>())?,
            groups: gpu.buffer("groups", 36, BufferUsages::INDIRECT)?,
            readings: plain("readings", padded.gauges.len(), 16)?,
        };
        let soil: Vec<[f32; 2]> = padded.manning.iter().zip(&padded.infiltration).map(|(&n, &f)| [n, f]).collect();
        gpu.write(&bed, &padded.bed)?;
        gpu.write(&surface, &soil)?;
        gpu.write(&segment_of_face, &places)?;
        gpu.write(&gauge_places, &padded.gauges)?;
        let stages = stages(&gpu, problem.settings.order, &buffers, [&bed, &surface, &segment_of_face, &gauge_places])?;
        let clock = Clock { speed_bits: padded.speed.to_bits(), ..Clock::default() };
        let gauges = padded.gauges.len();
        let order = problem.settings.order;
        let params = Params::default();
        let mut solver =
            GpuSolver { gpu, buffers, stages, params, clock, order, current: 0, batch: 8, cells, gauges, faces };
        solver.upload(&padded.fields)?;
        Ok(solver)
    }

    fn upload(&mut self, fields: &Fields) -> Result<()> {
        let (w, s) = (&fields.state, &fields.statistics);
        let state: Vec<[f32; 4]> = (0..self.cells).map(|i| [w.depth[i], w.low[i], w.qx[i], w.qy[i]]).collect();
        self.gpu.write(&self.buffers.states[0], &state)?;
        self.gpu.write(&self.buffers.states[1], &state)?;
        drop(state);
        let statistic = |i: usize| [s.max_depth[i].to_bits(), s.max_speed[i].to_bits(), s.arrival[i], s.duration[i]];
        let statistics: Vec<[u32; 4]> = (0..self.cells).map(statistic).collect();
        self.gpu.write(&self.buffers.statistics, &statistics)?;
        drop(statistics);
        let soil: Vec<[f32; 2]> = s.infiltrated.iter().zip(&s.infiltrated_low).map(|(&a, &b)| [a, b]).collect();
        self.gpu.write(&self.buffers.infiltrated, &soil)?;
        self.current = 0;
        Ok(())
    }

    /// Submits a batch of steps and reads the clock when it is done.
    fn batch(&mut self, steps: u32) -> Result<()> {
        let groups = &self.buffers.groups;
        let update = || Dispatch::Indirect(groups, 0);
        let ghosts = || Dispatch::Indirect(groups, 12);
        let sources = || Dispatch::Indirect(groups, 24);
        let s = &self.stages;
        let mut work = Vec::with_capacity(6 * steps as usize);
        for step in 0..steps as usize {
            work.push((&s.clock, Dispatch::Groups(1)));
            let from = if self.order == 1 { (self.current + step) % 2 } else { 0 };
            if self.params.sources > 0 {
                work.push((&s.sources[from], sources()));
            }
            work.push((&s.ghosts[from], ghosts()));
            work.push((&s.update[from], update()));
            if self.order == 2 {
                work.push((&s.ghosts[1], ghosts()));
                work.push((&s.update[1], update()));
            }
        }
        self.gpu.submit(work)?;
        let before = self.clock.steps;
        self.clock = self.gpu.read::<Clock>(&self.buffers.clock, 1)?[0];
        if self.order == 1 {
            self.current = (self.current + (self.clock.steps - before) as usize) % 2;
        }
        Ok(())
    }

    /// Steps until the interval ends, if steps stay as long as the latest one.
    fn steps_left(&self) -> u32 {
        if self.clock.dt <= 0.0 {
            return MOST_STEPS;
        }
        ((self.params.length - self.clock.time) / self.clock.dt).ceil().clamp(1.0, MOST_STEPS as f32) as u32 + 1
    }
}

fn stages(gpu: &Gpu, order: u32, b: &Buffers, [bed, surface, edges, gauges]: [&Buffer; 4]) -> Result<Stages> {
    let update = |stage: f64, from: usize| {
        let buffers = [
            (0, &b.params),
            (1, &b.clock),
            (2, bed),
            (3, surface),
            (4, &b.states[from]),
            (5, &b.states[1 - from]),
            (6, &b.statistics),
            (7, &b.infiltrated),
            (8, edges),
            (9, &b.segments),
            (10, &b.outflow),
        ];
        gpu.stage(UPDATE, &[("STAGE", stage)], &buffers)
    };
    let ghosts = |state: usize| {
        let buffers = [(0, &b.params), (1, &b.clock), (2, bed), (5, &b.states[state]), (8, edges), (9, &b.segments)];
        gpu.stage(GHOSTS, &[], &buffers)
    };
    let sources = |state: usize| {
        gpu.stage(SOURCES, &[], &[(0, &b.params), (1, &b.clock), (5, &b.states[state]), (11, &b.sources)])
    };
    let gauge = |state: usize| {
        gpu.stage(GAUGES, &[], &[(0, &b.params), (5, &b.states[state]), (13, gauges), (14, &b.readings)])
    };
    let (first, second) = if order == 1 { (0.0, 0.0) } else { (1.0, 2.0) };
    Ok(Stages {
        clock: gpu.stage(CLOCK, &[], &[(0, &b.params), (1, &b.clock), (12, &b.groups)])?,
        ghosts: [ghosts(0)?, ghosts(1)?],
        update: [update(first, 0)?, update(second, 1)?],
        sources: [sources(0)?, sources(1)?],
        gauges: [gauge(0)?, gauge(1)?],
    })
}

impl Solver for GpuSolver {
    fn begin(&mut self, params: Params, segments: &[Segment], sources: &[Source]) -> Result<()> {
        self.params = params;
        self.clock = Clock { speed_bits: self.clock.speed_bits, now_ms: params.start_ms, ..Clock::default() };
        self.gpu.write(&self.buffers.params, &[params])?;
        self.gpu.write(&self.buffers.clock, &[self.clock])?;
        self.gpu.write(&self.buffers.segments, segments)?;
        self.gpu.write(&self.buffers.sources, sources)
    }

    fn advance(&mut self, deadline: Instant) -> Result<Clock> {
        while self.clock.finished == 0 && self.clock.unstable == 0 {
            let steps = self.batch.min(self.steps_left());
            let start = Instant::now();
            self.batch(steps)?;
            let took = start.elapsed().as_secs_f64() / f64::from(steps);
            let fit = SUBMISSION.as_secs_f64() / took.max(1e-9);
            self.batch = (fit as u32).clamp(1, (2 * self.batch).min(MOST_STEPS));
            if Instant::now() >= deadline {
                break;
            }
        }
        // The last step of an interval has no clock after it that could tell.
        self.clock.unstable |= u32::from(self.clock.speed_bits >= 0x7f80_0000);
        Ok(self.clock)
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn gauges(&mut self) -> Result<Vec<[f32; 3]>> {
        if self.gauges == 0 {
            return Ok(Vec::new());
        }
        self.gpu.submit([(&self.stages.gauges[self.current], Dispatch::Groups(self.gauges.div_ceil(64) as u32))])?;
        let readings = self.gpu.read::<[f32; 4]>(&self.buffers.readings, self.gauges)?;
        Ok(readings.into_iter().map(|[depth, _, qx, qy]| [depth, qx, qy]).collect())
    }

    fn volumes(&mut self) -> Result<Volumes> {
        let pairs = self.gpu.read::<[f32; 2]>(&self.buffers.outflow, self.faces.iter().sum())?;
        let mut pairs = pairs.into_iter().map(|[high, low]| f64::from(high) + f64::from(low));
        let mut take = |count: usize| pairs.by_ref().take(count).collect();
        let [north, south, west, east] = self.faces;
        Ok(Volumes { north: take(north), south: take(south), west: take(west), east: take(east) })
    }

    fn fields(&mut self) -> Result<Fields> {
        let state = self.gpu.read::<[f32; 4]>(&self.buffers.states[self.current], self.cells)?;
        let of_state = |k: usize| state.iter().map(|cell| cell[k]).collect();
        let (depth, low, qx, qy) = (of_state(0), of_state(1), of_state(2), of_state(3));
        drop(state);
        let statistics = self.gpu.read::<[u32; 4]>(&self.buffers.statistics, self.cells)?;
        let value = |k: usize| statistics.iter().map(|cell| f32::from_bits(cell[k])).collect();
        let count = |k: usize| statistics.iter().map(|cell| cell[k]).collect();
        let (max_depth, max_speed, arrival, duration) = (value(0), value(1), count(2), count(3));
        drop(statistics);
        let soil = self.gpu.read::<[f32; 2]>(&self.buffers.infiltrated, self.cells)?;
        let (infiltrated, infiltrated_low) = soil.into_iter().map(|[a, b]| (a, b)).unzip();
        Ok(Fields {
            state: State { depth, low, qx, qy },
            statistics: Statistics { max_depth, max_speed, arrival, duration, infiltrated, infiltrated_low },
        })
    }

    fn active_tiles(&mut self) -> Result<usize> {
        Ok(0)
    }

    fn bytes_per_cell_step(&self) -> f64 {
        0.0
    }

    fn restore(&mut self, fields: Fields, mut volumes: Volumes, clock: Clock) -> Result<()> {
        self.upload(&fields)?;
        let pair = |volume: &f64| {
            let high = *volume as f32;
            [high, (*volume - f64::from(high)) as f32]
        };
        let pairs: Vec<[f32; 2]> = volumes.edges().into_iter().flat_map(|edge| edge.iter().map(pair)).collect();
        self.gpu.write(&self.buffers.outflow, &pairs)?;
        self.clock = clock;
        self.gpu.write(&self.buffers.clock, &[clock])
    }
}

const _: () = assert!(HALO == 2, "the shaders' tiles hold two cells around");
