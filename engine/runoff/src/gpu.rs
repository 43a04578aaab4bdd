//! The GPU device's solver: records the stages of a step, replays them, and reads one small buffer a batch.
//!
//! A grid whose arrays are larger than the device lets a kernel see is cut into strips of rows. Each has buffers of its
//! own with the halo, and between the stages takes the rows beside it from its neighbours.

mod layout;
mod pack;
mod strip;
mod works;

use super::params::{BLOCK, Clock, HALO, Params, Segment, Source, TILE, TILES_AWAKE, TILES_COUNT, TILES_KIND};
use super::problem::{Padded, Problem};
use super::sewer::Blocks;
use super::solver::{Array, Fields, Interval, Solver, Volumes, Wanted, awake};
use hanze_base::error::{Error, Result};
use hanze_device::gpu::{Gpu, Kernel, Stage, Ticket, Work};
use layout::Layout;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strip::Strip;
use wgpu::{Buffer, BufferUsages};
use works::Works;

macro_rules! kernel {
    ($name:literal, $($file:literal),* $(,)?) => {
        Kernel { name: $name, source: concat!($(include_str!(concat!("../../../shaders/", $file)), "\n"),*) }
    };
}

/// Chooses the time step.
pub const CLOCK: Kernel = kernel!("clock", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/clock.wgsl");
/// Lists the active tiles.
pub const TILES: Kernel = kernel!("tiles", "runoff/params.wgsl", "runoff/tiles.wgsl");
/// Fills the halo of open edges.
pub const GHOSTS: Kernel = kernel!("ghosts", "runoff/params.wgsl", "runoff/ghosts.wgsl");
/// Advances the cells by one stage of a step.
pub const UPDATE: Kernel = kernel!(
    "update",
    "common/compensated.wgsl",
    "runoff/params.wgsl",
    "runoff/give.wgsl",
    "runoff/hllc.wgsl",
    "runoff/friction.wgsl",
    "runoff/reconstruct.wgsl",
    "runoff/soil.wgsl",
    "runoff/update.wgsl",
);
/// Adds point inflows.
pub const SOURCES: Kernel = kernel!("sources", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/sources.wgsl");
/// Reads gauges.
pub const GAUGES: Kernel = kernel!("gauges", "runoff/params.wgsl", "runoff/gauges.wgsl");
/// Tells what would pass each link of a structure.
pub const FLOWS: Kernel = kernel!("flows", "runoff/params.wgsl", "runoff/links.wgsl", "runoff/flows.wgsl");
/// Tells what each link moves in a step.
pub const MOVES: Kernel =
    kernel!("moves", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/links.wgsl", "runoff/moves.wgsl");
/// Moves it between cells.
pub const EXCHANGE: Kernel =
    kernel!("exchange", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/give.wgsl", "runoff/exchange.wgsl");
/// Takes water into the inlets of sewers.
pub const INLETS: Kernel =
    kernel!("inlets", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/give.wgsl", "runoff/inlets.wgsl");
/// Fills and empties sewer districts.
pub const DISTRICT: Kernel =
    kernel!("district", "common/compensated.wgsl", "runoff/params.wgsl", "runoff/district.wgsl");
/// All kernels of the model.
pub const KERNELS: &[Kernel] =
    &[TILES, CLOCK, GHOSTS, UPDATE, SOURCES, GAUGES, FLOWS, MOVES, EXCHANGE, INLETS, DISTRICT];

/// Time that one submission may take: a display stays alive, and no watchdog barks.
const SUBMISSION: Duration = Duration::from_millis(100);
/// Steps that one submission holds at most.
const MOST_STEPS: u32 = 4096;
/// Batches in flight at once: while the device computes one, the next waits behind it, so that it never idles.
const IN_FLIGHT: usize = 2;

/// What all strips share.
struct Shared {
    params: Buffer,
    clock: Buffer,
    /// Planes of `TILES_…`.
    tiles: Buffer,
    /// Tiles in each strip's list while it is made.
    counts: Buffer,
    /// Workgroups of the ghosts, of the sources, and of each strip's update.
    groups: Buffer,
    /// The segment of each face of the edges.
    edges: Buffer,
    sources: Buffer,
    /// Cells of the gauges, and their readings.
    places: Buffer,
    readings: Buffer,
}

/// A batch of steps on its way.
struct Batch {
    ticket: Ticket,
    steps: u32,
    /// Which of the staging buffers its clock comes through.
    staging: usize,
    submitted: Instant,
}

/// Shallow water on a GPU.
pub struct GpuSolver {
    gpu: Arc<Gpu>,
    shared: Shared,
    strips: Vec<Strip>,
    works: Option<Works>,
    tiles: Stage,
    clock_stage: Stage,
    /// The clock after each of the batches in flight.
    staging: [Buffer; IN_FLIGHT],
    params: Params,
    clock: Clock,
    order: u32,
    /// Which state is the current one; order 1 changes it with every step.
    current: usize,
    /// Steps of the next submission.
    batch: u32,
    cols: usize,
    rows: usize,
    strip_rows: usize,
    gauges: usize,
    /// Whether there are inlets of sewers.
    sewered: bool,
    /// Number of the segment of each face of the north, the south, the west and the east edge.
    faces: [Vec<u32>; 4],
}

impl GpuSolver {
    /// Takes the problem's arrays to the device.
    ///
    /// # Errors
    /// `Memory` when they do not fit, `DeviceLost` when the device fails.
    pub fn new(problem: &Problem, gpu: Arc<Gpu>) -> Result<GpuSolver> {
        let (grid, name) = (problem.grid, gpu.adapter.name.clone());
        GpuSolver::set_up(problem, gpu).map_err(|error| match error {
            // A device does not tell how much it has; what all of the grid takes says more than the array that failed.
            Error::Memory { available: 0, .. } => Error::Memory {
                what: format!("a grid of {} × {} cells on {name}", grid.cols, grid.rows),
                needed: Layout::new(problem).bytes_per_cell() * grid.len() as u64,
                available: 0,
                mend: "take a larger cell_m or a smaller extent (order 1 needs as much memory), or --device cpu".into(),
            },
            other => other,
        })
    }

    fn set_up(problem: &Problem, gpu: Arc<Gpu>) -> Result<GpuSolver> {
        let (cols, rows) = (problem.grid.cols, problem.grid.rows);
        let layout = Layout::new(problem);
        let strip_rows = layout.strip_rows(problem, gpu.adapter.largest_binding)?;
        let strips = rows.div_ceil(strip_rows);
        let padded = problem.padded();
        let edges = problem.edges();
        let faces = [edges.north, edges.south, edges.west, edges.east];
        let (kinds, _) = problem.tile_kinds();
        let gauges = padded.gauges.len();
        let plain =
            |name: &str, count: usize, each: usize| gpu.buffer(name, (count * each) as u64, BufferUsages::empty());
        let shared = Shared {
            params: gpu.buffer("params", size_of::<Params>() as u64, BufferUsages::UNIFORM)?,
            clock: plain("clock", 1, size_of::<Clock>())?,
            tiles: plain("tiles", TILES_COUNT * kinds.len() + strips, 4)?,
            counts: plain("counts of tiles", strips, 4)?,
            groups: gpu.buffer("groups", 12 * (2 + strips as u64), BufferUsages::INDIRECT)?,
            edges: plain("edges", layout.faces(), size_of::<Segment>())?,
            sources: plain("sources", problem.inflows.len(), size_of::<Source>())?,
            places: plain("places of gauges", gauges, 4)?,
            readings: plain("readings", gauges, 16)?,
        };
        gpu.write_at(&shared.tiles, tiles_at(TILES_KIND, kinds.len()), &kinds)?;
        gpu.write(&shared.places, &padded.gauges)?;
        let s = &shared;
        let common = [("params", &s.params), ("counts", &s.counts), ("tiles", &s.tiles)];
        let tiles = gpu.stage(TILES, &[], &common)?;
        let clock_stage =
            gpu.stage(CLOCK, &[], &[&common[..], &[("clock", &s.clock), ("groups", &s.groups)]].concat())?;
        let Padded { bed, manning, infiltration, soil, speed, fields, .. } = padded;
        let own = |index: usize| index * strip_rows..rows.min((index + 1) * strip_rows);
        let blocks: Vec<Blocks> = (0..strips).map(|index| problem.blocks(own(index), true)).collect();
        let strips = (0..strips).map(|index| {
            let first_block = blocks[..index].iter().map(|blocks| blocks.inlets.len() / BLOCK).sum();
            let ground = [&bed[..], &manning, &infiltration];
            Strip::new(&gpu, &shared, problem, ground, &soil, own(index), [index, first_block])
        });
        let strips = strips.collect::<Result<Vec<Strip>>>()?;
        let works = Works::new(&gpu, &shared, problem, &strips, blocks)?;
        let staging = [(); IN_FLIGHT].map(|()| gpu.staging(size_of::<Clock>() as u64));
        let clock = Clock { speed_bits: speed.to_bits(), ..Clock::default() };
        let (params, order) = (Params::default(), problem.settings.order);
        let mut solver = GpuSolver {
            gpu,
            shared,
            strips,
            works,
            tiles,
            clock_stage,
            staging,
            params,
            clock,
            order,
            current: 0,
            batch: 8,
            cols,
            rows,
            strip_rows,
            gauges,
            sewered: !problem.sewers.gullies.is_empty(),
            faces,
        };
        solver.upload(&fields)?;
        Ok(solver)
    }

    fn upload(&mut self, fields: &Fields) -> Result<()> {
        let awake = awake(self.cols, self.rows, &fields.state);
        self.gpu.write_at(&self.shared.tiles, tiles_at(TILES_AWAKE, awake.len()), &awake)?;
        self.current = 0;
        self.strips.iter().try_for_each(|strip| strip.upload(&self.gpu, fields))
    }

    /// Submits a batch of steps, the first of which starts from the state `from`, and waits for none of them.
    fn submit(&self, steps: u32, from: usize, staging: usize) -> Result<Batch> {
        let groups = &self.shared.groups;
        let tiles = self.strip_rows.div_ceil(TILE) * self.cols.div_ceil(TILE);
        let tiles = [tiles.div_ceil(256) as u32, self.strips.len() as u32];
        let mut work = Vec::with_capacity(8 * self.strips.len() * steps as usize);
        for step in 0..steps as usize {
            let from = if self.order == 1 { (from + step) % 2 } else { 0 };
            work.push(Work::Groups(&self.tiles, tiles));
            if let Some(works) = &self.works {
                works.before(&mut work, from);
            }
            work.push(Work::Groups(&self.clock_stage, [1, 1]));
            if self.params.sources > 0 {
                work.extend(self.strips.iter().map(|strip| Work::Indirect(&strip.sources[from], groups, 12)));
            }
            if let Some(works) = &self.works {
                works.after(&mut work, from);
            }
            self.stage(&mut work, from);
            if self.order == 2 {
                self.stage(&mut work, 1);
            }
        }
        let size = size_of::<Clock>() as u64;
        work.push(Work::Copy((&self.shared.clock, 0), (&self.staging[staging], 0), size));
        Ok(Batch { ticket: self.gpu.submit(work)?, steps, staging, submitted: Instant::now() })
    }

    /// One stage of a step in all strips.
    fn stage<'a>(&'a self, work: &mut Vec<Work<'a>>, from: usize) {
        let groups = &self.shared.groups;
        work.extend(self.strips.iter().map(|strip| Work::Indirect(&strip.ghosts[from], groups, 0)));
        // Ghosts first: where the last strip is but one row high, its halo is part of what its neighbour needs.
        for pair in self.strips.windows(2) {
            work.extend(strip::exchange(&pair[0], &pair[1], from));
        }
        let update = |(k, strip): (usize, &'a Strip)| Work::Indirect(&strip.update[from], groups, 24 + 12 * k as u64);
        work.extend(self.strips.iter().enumerate().map(update));
    }

    /// Tiles of the grid.
    fn tile_count(&self) -> usize {
        self.rows.div_ceil(TILE) * self.cols.div_ceil(TILE)
    }

    /// Steps until the interval ends, if steps stay as long as the latest one.
    fn steps_left(&self) -> u32 {
        if self.clock.dt <= 0.0 {
            return MOST_STEPS;
        }
        ((self.params.length - self.clock.time) / self.clock.dt).ceil().clamp(1.0, MOST_STEPS as f32) as u32 + 1
    }

    /// Waits for a batch, and takes its clock.
    fn finish(&mut self, batch: Batch) -> Result<()> {
        let mut clock = Clock::default();
        self.gpu.fetch(batch.ticket, &self.staging[batch.staging], bytemuck::bytes_of_mut(&mut clock))?;
        if self.order == 1 {
            self.current = (self.current + (clock.steps - self.clock.steps) as usize) % 2;
        }
        self.clock = clock;
        Ok(())
    }
}

/// Where a plane of `tiles` begins, bytes.
fn tiles_at(plane: usize, tiles: usize) -> u64 {
    (4 * plane * tiles) as u64
}

impl Solver for GpuSolver {
    fn begin(&mut self, interval: Interval) -> Result<()> {
        let params = interval.params;
        if let Some(works) = &self.works {
            works.begin(&self.gpu, &interval)?;
        }
        if let Some(shares) = interval.shares {
            self.strips.iter().try_for_each(|strip| strip.share(&self.gpu, shares))?;
        }
        let (strips, strip_rows, tiles) = (self.strips.len() as u32, self.strip_rows as u32, self.tile_count() as u32);
        self.params = Params { strips, strip_rows, tiles, ..params };
        self.clock = Clock { speed_bits: self.clock.speed_bits, now_ms: params.start_ms, ..Clock::default() };
        self.gpu.write(&self.shared.params, &[self.params])?;
        self.gpu.write(&self.shared.clock, &[self.clock])?;
        let faces = self.faces.iter().flatten();
        let edges: Vec<Segment> = faces.map(|&segment| interval.segments[segment as usize]).collect();
        self.gpu.write(&self.shared.edges, &edges)?;
        self.gpu.write(&self.shared.sources, interval.sources)
    }

    fn advance(&mut self, deadline: Instant) -> Result<Clock> {
        let mut flying: VecDeque<Batch> = VecDeque::with_capacity(IN_FLIGHT);
        // The state that the next batch starts from; if the interval ends before, the batch does nothing.
        let mut from = self.current;
        let (mut batches, mut free) = (0, Instant::now());
        loop {
            let going = self.clock.finished == 0 && self.clock.unstable == 0;
            let due = batches == 0 || Instant::now() < deadline;
            let ahead: u32 = flying.iter().map(|batch| batch.steps).sum();
            let left = self.steps_left().saturating_sub(ahead);
            if going && due && left > 0 && flying.len() < IN_FLIGHT {
                let steps = self.batch.min(left);
                flying.push_back(self.submit(steps, from, batches % IN_FLIGHT)?);
                from = (from + steps as usize * usize::from(self.order == 1)) % 2;
                batches += 1;
            } else if let Some(batch) = flying.pop_front() {
                let begun = batch.submitted.max(free);
                let before = self.clock.steps;
                self.finish(batch)?;
                free = Instant::now();
                let steps = self.clock.steps - before;
                if steps > 0 {
                    let fit = SUBMISSION.as_secs_f64() / (begun.elapsed().as_secs_f64() / f64::from(steps)).max(1e-9);
                    self.batch = (fit as u32).clamp(1, (2 * self.batch).min(MOST_STEPS));
                }
            } else {
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
        let groups = [self.gauges.div_ceil(64) as u32, 1];
        self.gpu.submit(self.strips.iter().map(|strip| Work::Groups(&strip.gauges[self.current], groups)))?;
        let readings = self.gpu.read::<[f32; 4]>(&self.shared.readings, self.gauges)?;
        Ok(readings.into_iter().map(|[depth, _, qx, qy]| [depth, qx, qy]).collect())
    }

    fn volumes(&mut self) -> Result<Volumes> {
        let mut pairs = vec![[0.0; 2]; self.faces.iter().map(Vec::len).sum()];
        self.strips.iter().try_for_each(|strip| strip.outflow(&self.gpu, &mut pairs))?;
        let mut pairs = pairs.into_iter().map(|[high, low]| f64::from(high) + f64::from(low));
        let [north, south, west, east] = self.faces.each_ref().map(|faces| pairs.by_ref().take(faces.len()).collect());
        let mut volumes = Volumes { north, south, west, east, ..Volumes::default() };
        self.works.as_ref().map_or(Ok(()), |works| works.volumes(&self.gpu, &mut volumes))?;
        Ok(volumes)
    }

    fn fields(&mut self, wanted: Wanted) -> Result<Fields> {
        let cells = (self.cols + 2 * HALO) * (self.rows + 2 * HALO);
        let count = |array: &Array| if wanted.takes(array) { array.count(cells, self.sewered) } else { 0 };
        let mut fields = Fields::new(count);
        self.strips.iter().try_for_each(|strip| strip.download(&self.gpu, self.current, wanted, &mut fields))?;
        if let Some(works) = self.works.as_ref().filter(|_| !fields.statistics.sewered.is_empty()) {
            works.fields(&self.gpu, &mut fields)?;
        }
        Ok(fields)
    }

    fn active_tiles(&mut self) -> Result<usize> {
        let place = tiles_at(TILES_COUNT, self.tile_count());
        let counts = self.gpu.read_at::<u32>(&self.shared.tiles, place, self.strips.len())?;
        Ok(counts.into_iter().map(|count| count as usize).sum())
    }

    fn bytes_per_cell_step(&self) -> f64 {
        // Reads bed, Manning's n with the capacity, and a state, and writes a state. At the end of the step it reads and
        // writes the statistics too, and order 2 reads the state that it writes. Left out: what sinks in, where it does.
        let stage = 4 + 8 + 16 + 16;
        let end = 16 + 16;
        f64::from(if self.order == 1 { stage + end } else { 2 * stage + 16 + end })
    }

    fn restore(&mut self, fields: Fields, mut volumes: Volumes, clock: Clock) -> Result<()> {
        self.upload(&fields)?;
        self.works.as_ref().map_or(Ok(()), |works| works.restore(&self.gpu, &fields, &volumes))?;
        let pair = |volume: &f64| {
            let high = *volume as f32;
            [high, (*volume - f64::from(high)) as f32]
        };
        let pairs: Vec<[f32; 2]> = volumes.edges().into_iter().flat_map(|edge| edge.iter().map(pair)).collect();
        self.strips.iter().try_for_each(|strip| strip.restore_outflow(&self.gpu, &pairs))?;
        self.clock = clock;
        self.gpu.write(&self.shared.clock, &[clock])
    }
}

const _: () = assert!(HALO == 2, "the shaders' tiles hold two cells around");
