//! The CPU device's solver: the twin of the shaders, stage by stage, and fast code in its own right.

mod clock;
mod faces;
mod friction;
mod ghosts;
mod hllc;
mod reconstruct;
mod sources;
mod state;
mod update;

use super::params::{Clock, HALO, Params, Segment, Source};
use super::problem::Problem;
use super::solver::{Fields, Solver, State, Statistics, Volumes};
use crate::error::Result;
use state::{Ground, Outflow, Perimeter, Rows};
use std::time::Instant;
use update::{Context, Scratch, Stage};

/// Rows of a block: enough to pay for the two rows of faces that neighbouring blocks compute twice.
const BLOCK_ROWS: usize = 32;
/// Cells up to which a grid is not worth a second thread.
const SMALL: usize = 8192;

/// Shallow water on the CPU.
pub struct CpuSolver {
    params: Params,
    clock: Clock,
    ground: Ground,
    /// The state, and the predicted (order 2) or next (order 1) one.
    states: [State; 2],
    statistics: Statistics,
    perimeter: Perimeter,
    outflow: Outflow,
    sources: Vec<Source>,
    gauges: Vec<u32>,
    scratch: Vec<Scratch>,
    arch: pulp::Arch,
    order: u32,
}

impl CpuSolver {
    /// Takes the problem's arrays into padded ones.
    pub fn new(problem: &Problem) -> CpuSolver {
        let padded = problem.padded();
        let len = padded.bed.len();
        let stride = problem.grid.cols + 2 * HALO;
        let (cols, rows) = (problem.grid.cols, problem.grid.rows);
        let edges = problem.edges();
        CpuSolver {
            params: Params::default(),
            clock: Clock { speed_bits: padded.speed.to_bits(), ..Clock::default() },
            ground: Ground { bed: padded.bed, manning: padded.manning, infiltration: padded.infiltration },
            states: [padded.fields.state, State::dry(len)],
            statistics: padded.fields.statistics,
            perimeter: Perimeter {
                north: edges.north,
                south: edges.south,
                west: edges.west,
                east: edges.east,
                segments: Vec::new(),
                middle: 0.0,
            },
            outflow: Outflow {
                north: vec![0.0; cols],
                south: vec![0.0; cols],
                west: vec![0.0; rows],
                east: vec![0.0; rows],
            },
            sources: Vec::new(),
            gauges: padded.gauges,
            scratch: (0..rows.div_ceil(BLOCK_ROWS)).map(|_| Scratch::new(stride)).collect(),
            arch: pulp::Arch::new(),
            order: problem.settings.order,
        }
    }

    /// One full time step; the clock has set its length.
    fn step(&mut self) {
        self.perimeter.middle = self.clock.middle;
        sources::sources(&self.clock, &self.sources, &mut self.states[0]);
        let speed = if self.order == 1 {
            let speed = self.stage(Stage::Single, 0, 1);
            self.states.swap(0, 1);
            speed
        } else {
            self.stage(Stage::Predict, 0, 1);
            self.stage(Stage::Correct, 1, 0)
        };
        self.clock.speed_bits = speed;
    }

    /// Runs a stage from one state into the other; returns the bits of the highest wave speed.
    fn stage(&mut self, stage: Stage, from: usize, into: usize) -> u32 {
        ghosts::ghosts(&self.params, &self.ground, &self.perimeter, &mut self.states[from]);
        let [first, second] = &mut self.states;
        let (source, target) = if (from, into) == (0, 1) { (&*first, second) } else { (&*second, first) };
        let rows = self.params.rows as usize;
        let stride = self.params.stride as usize;
        let context = Context {
            params: &self.params,
            clock: &self.clock,
            ground: &self.ground,
            source,
            perimeter: &self.perimeter,
            stage,
            order: self.order,
        };
        let target = Rows::all(rows, stride, target, &mut self.statistics, &mut self.outflow);
        sweep(self.arch, &context, target, &mut self.scratch)
    }
}

/// Sweeps all rows, halving them among the threads down to single blocks.
fn sweep(arch: pulp::Arch, context: &Context, mut rows: Rows, scratch: &mut [Scratch]) -> u32 {
    if scratch.len() == 1 {
        return block(arch, context, &mut rows, &mut scratch[0]);
    }
    let blocks = scratch.len() / 2;
    let cells = rows.count * rows.stride;
    let (head, tail) = rows.split_at(blocks * BLOCK_ROWS);
    let (scratch_head, scratch_tail) = scratch.split_at_mut(blocks);
    let (a, b) = if cells <= SMALL {
        (sweep(arch, context, head, scratch_head), sweep(arch, context, tail, scratch_tail))
    } else {
        rayon::join(|| sweep(arch, context, head, scratch_head), || sweep(arch, context, tail, scratch_tail))
    };
    a.max(b)
}

/// One block's work; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Block<'a, 'b> {
    context: Context<'a>,
    rows: &'a mut Rows<'b>,
    scratch: &'a mut Scratch,
}

impl pulp::NullaryFnOnce for Block<'_, '_> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        use Stage::{Correct, Predict, Single};
        // Stage and order are constants in each arm, so that the compiler drops what the arm does not need.
        match self.context.stage {
            Single => update::update(&Context { stage: Single, order: 1, ..self.context }, self.rows, self.scratch),
            Predict => update::update(&Context { stage: Predict, order: 2, ..self.context }, self.rows, self.scratch),
            Correct => update::update(&Context { stage: Correct, order: 2, ..self.context }, self.rows, self.scratch),
        }
    }
}

/// Sweeps one block with the widest SIMD of the machine.
fn block(arch: pulp::Arch, context: &Context, rows: &mut Rows, scratch: &mut Scratch) -> u32 {
    arch.dispatch(Block { context: *context, rows, scratch })
}

impl Solver for CpuSolver {
    fn begin(&mut self, params: Params, segments: &[Segment], sources: &[Source]) -> Result<()> {
        self.params = params;
        self.clock = Clock { speed_bits: self.clock.speed_bits, now_ms: params.start_ms, ..Clock::default() };
        self.perimeter.segments = segments.to_vec();
        self.sources = sources.to_vec();
        Ok(())
    }

    fn advance(&mut self, deadline: Instant) -> Result<Clock> {
        loop {
            clock::clock(&self.params, &mut self.clock);
            if self.clock.finished == 2 {
                return Ok(self.clock);
            }
            self.step();
            if self.clock.finished == 1 || Instant::now() >= deadline {
                let unstable = u32::from(self.clock.speed_bits >= 0x7f80_0000);
                self.clock.unstable |= unstable;
                return Ok(self.clock);
            }
        }
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn gauges(&mut self) -> Result<Vec<[f32; 3]>> {
        let state = &self.states[0];
        let at = |&index: &u32| {
            let i = index as usize;
            [state.depth[i], state.qx[i], state.qy[i]]
        };
        Ok(self.gauges.iter().map(at).collect())
    }

    fn volumes(&mut self) -> Result<Volumes> {
        let Outflow { north, south, west, east } = self.outflow.clone();
        Ok(Volumes { north, south, west, east })
    }

    fn fields(&mut self) -> Result<Fields> {
        Ok(Fields { state: self.states[0].clone(), statistics: self.statistics.clone() })
    }

    fn restore(&mut self, fields: Fields, volumes: Volumes, clock: Clock) -> Result<()> {
        self.states[0] = fields.state;
        self.statistics = fields.statistics;
        let Volumes { north, south, west, east } = volumes;
        self.outflow = Outflow { north, south, west, east };
        self.clock = clock;
        Ok(())
    }
}
