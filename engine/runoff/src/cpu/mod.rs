//! The CPU device's solver: the twin of the shaders, stage by stage, and fast code in its own right.

mod clock;
mod edges;
mod faces;
mod friction;
mod gather;
mod ghosts;
mod hllc;
mod inlets;
#[cfg(test)]
mod levels;
mod links;
mod marks;
mod reconstruct;
mod soil;
mod sources;
mod state;
mod tiles;
mod update;

use super::params::{Clock, Params, Source, TILE};
use super::problem::Problem;
use super::solver::{Fields, Interval, Solver, State, Statistics, Volumes, Wanted, awake};
use hanze_base::error::Result;
use inlets::Inlets;
use links::Links;
use marks::Marks;
use state::{Ground, Outflow, Perimeter, Rows};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tiles::Tiles;
use update::{CORRECT, Context, PREDICT, SINGLE, Scratch};

/// Columns of one sweep at most: its rows of scratch stay in the cache. A whole number of tiles.
const MOST_COLS: usize = 1024;
/// Cells up to which a grid is not worth a second thread.
const SMALL: usize = 8192;
/// Rows of tiles that are swept at once, at most.
const MOST_BANDS: usize = 8;
/// Sweeps for each thread, at least: with so many none waits long for another.
const SWEEPS: usize = 8;

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
    links: Links,
    inlets: Inlets,
    gauges: Vec<u32>,
    tiles: Tiles,
    /// One for each thread of the pool, and one for a thread from outside it.
    scratch: Vec<Mutex<Scratch>>,
    arch: pulp::Arch,
    order: u32,
    /// Columns and rows of tiles of a sweep, at most: no result depends on them.
    wide: usize,
    tall: usize,
}

impl CpuSolver {
    /// Takes the problem's arrays into padded ones.
    pub fn new(problem: &Problem) -> CpuSolver {
        let padded = problem.padded();
        let len = padded.bed.len();
        let (cols, rows) = (problem.grid.cols, problem.grid.rows);
        let edges = problem.edges();
        let (kind, across) = problem.tile_kinds();
        let awake = awake(cols, rows, &padded.fields.state);
        let scratch = || Mutex::new(Scratch::new(cols.min(MOST_COLS)));
        let soaks =
            |i: usize| padded.infiltration[i] != 0.0 || padded.soil.get(i).is_some_and(|soil| *soil != [0.0; 2]);
        let marks = Marks::new(cols, &padded.bed, soaks);
        let threads = rayon::current_num_threads();
        CpuSolver {
            params: Params::default(),
            clock: Clock { speed_bits: padded.speed.to_bits(), ..Clock::default() },
            ground: Ground {
                bed: padded.bed,
                manning: padded.manning,
                infiltration: padded.infiltration,
                soil: [0, 1].map(|part| padded.soil.iter().map(|soil| soil[part]).collect()),
                marks,
                shares: Vec::new(),
            },
            states: [padded.fields.state, State::new(|_| len)],
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
            links: Links::new(problem.ends()),
            inlets: Inlets::new(problem),
            gauges: padded.gauges,
            tiles: Tiles { cols: across, active: vec![false; kind.len()], kind, awake },
            scratch: (0..=threads).map(|_| scratch()).collect(),
            arch: pulp::Arch::new(),
            order: problem.settings.order,
            wide: MOST_COLS,
            tall: (rows.div_ceil(TILE) / (SWEEPS * threads)).clamp(1, MOST_BANDS),
        }
    }

    /// Steps until the interval ends or the deadline has passed.
    fn steps(&mut self, deadline: Instant) -> Clock {
        loop {
            if self.clock.finished == 0 {
                self.links.flows(&self.params, &mut self.clock, &self.states[0]);
            }
            clock::clock(&self.params, &mut self.clock);
            if self.clock.finished == 2 {
                return self.clock;
            }
            self.step();
            if self.clock.finished == 1 || Instant::now() >= deadline {
                let unstable = u32::from(self.clock.speed_bits >= 0x7f80_0000);
                self.clock.unstable |= unstable;
                return self.clock;
            }
        }
    }

    /// One full time step; the clock has set its length.
    fn step(&mut self) {
        self.perimeter.middle = self.clock.middle;
        tiles::tiles(&self.params, &mut self.tiles);
        sources::sources(&self.clock, &self.sources, &mut self.states[0]);
        self.links.moves(&self.params, &self.clock);
        self.links.exchange(&mut self.states[0]);
        self.inlets.drain(self.arch, &self.clock, &mut self.states[0]);
        let speed = if self.order == 1 {
            let speed = self.stage::<SINGLE>(0, 1);
            self.states.swap(0, 1);
            speed
        } else {
            self.stage::<PREDICT>(0, 1);
            self.stage::<CORRECT>(1, 0)
        };
        self.clock.speed_bits = speed;
    }

    /// Runs a stage from one state into the other; returns the bits of the highest wave speed.
    fn stage<const STAGE: u32>(&mut self, from: usize, into: usize) -> u32 {
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
            left: 0,
            width: 0,
        };
        let Tiles { cols, active, awake, .. } = &mut self.tiles;
        let target = Rows::all(rows, stride, target, &mut self.statistics, &mut self.outflow, awake);
        let all =
            Sweep { arch: self.arch, context, tiles: *cols, wide: self.wide, tall: self.tall, scratch: &self.scratch };
        sweep::<STAGE>(&all, target, active)
    }
}

/// What all blocks of a sweep share.
struct Sweep<'a> {
    arch: pulp::Arch,
    context: Context<'a>,
    /// Tiles in a row.
    tiles: usize,
    /// Columns and rows of tiles that are swept at once, at most.
    wide: usize,
    tall: usize,
    scratch: &'a [Mutex<Scratch>],
}

/// Sweeps all active tiles, halving the rows of tiles among the threads; returns the bits of the highest wave speed.
fn sweep<const STAGE: u32>(all: &Sweep, mut rows: Rows, active: &[bool]) -> u32 {
    let bands = active.len() / all.tiles;
    let first = &active[..all.tiles];
    // What lies between rows of tiles that are swept at once is computed once.
    if bands <= all.tall && active.chunks(all.tiles).all(|band| *band == *first) {
        return band::<STAGE>(all, &mut rows, first);
    }
    let cells = rows.count * rows.stride;
    let (head, tail) = rows.split_at(bands / 2);
    let (active_head, active_tail) = active.split_at(bands / 2 * all.tiles);
    let (a, b) = if cells <= SMALL {
        (sweep::<STAGE>(all, head, active_head), sweep::<STAGE>(all, tail, active_tail))
    } else {
        rayon::join(|| sweep::<STAGE>(all, head, active_head), || sweep::<STAGE>(all, tail, active_tail))
    };
    a.max(b)
}

/// Sweeps rows of tiles that are active alike, stretch by stretch of active ones.
fn band<const STAGE: u32>(all: &Sweep, rows: &mut Rows, active: &[bool]) -> u32 {
    let place = rayon::current_thread_index().map_or(0, |index| index + 1) % all.scratch.len();
    let mut scratch = all.scratch[place].lock().unwrap_or_else(PoisonError::into_inner);
    let cols = all.context.params.cols as usize;
    let (mut tile, mut highest) = (0, 0);
    while tile < active.len() {
        let limit = active.len().min(tile + all.wide / TILE);
        let end = (tile..limit).find(|&tile| !active[tile]).unwrap_or(limit);
        if end > tile {
            let left = tile * TILE;
            let context = Context { left, width: cols.min(end * TILE) - left, ..all.context };
            highest = all.arch.dispatch(Stretch::<STAGE> { context, rows, scratch: &mut scratch, highest });
        }
        tile = end.max(tile + 1);
    }
    highest
}

/// One stretch's work; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Stretch<'a, 'b, const STAGE: u32> {
    context: Context<'a>,
    rows: &'a mut Rows<'b>,
    scratch: &'a mut Scratch,
    /// Bits of the highest wave speed so far.
    highest: u32,
}

impl<const STAGE: u32> pulp::NullaryFnOnce for Stretch<'_, '_, STAGE> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        update::update::<STAGE>(&self.context, self.rows, self.scratch, self.highest)
    }
}

impl Solver for CpuSolver {
    fn begin(&mut self, interval: Interval) -> Result<()> {
        let Interval { params, segments, sources, links, sewers, shares } = interval;
        self.links.links = links.to_vec();
        self.inlets.sewers = sewers.to_vec();
        if let Some(shares) = shares {
            self.ground.shares = shares.to_vec();
        }
        self.params = params;
        self.clock = Clock { speed_bits: self.clock.speed_bits, now_ms: params.start_ms, ..Clock::default() };
        self.perimeter.segments = segments.to_vec();
        self.sources = sources.to_vec();
        Ok(())
    }

    fn advance(&mut self, deadline: Instant) -> Result<Clock> {
        if self.params.rows as usize * self.params.stride as usize <= SMALL {
            return Ok(self.steps(deadline));
        }
        // From outside of the pool each stage would have to wake a thread and wait for it.
        Ok(rayon::scope(|_| self.steps(deadline)))
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
        let (districts, flows) = (self.inlets.districts.clone(), self.links.flows.clone());
        Ok(Volumes { north, south, west, east, districts, flows })
    }

    fn fields(&mut self, wanted: Wanted) -> Result<Fields> {
        let mut statistics = self.statistics.copied(wanted);
        if !statistics.sewered.is_empty() {
            self.inlets.tell(&mut statistics);
        }
        Ok(Fields { state: self.states[0].copied(wanted), statistics })
    }

    fn active_tiles(&mut self) -> Result<usize> {
        Ok(self.tiles.active.iter().filter(|active| **active).count())
    }

    fn bytes_per_cell_step(&self) -> f64 {
        // In values of 4 bytes. Reads: bed, Manning's n, arrival, and a state of 4. Writes: a state. Both: 4 statistics.
        // Where water sinks in there are more, which are left out here.
        let single = 3 + 4 + 4 + 2 * 4;
        // Reads bed, n and a state, and writes one; then as above, and reads the state that it writes.
        let double = (2 + 4 + 4) + single + 4;
        f64::from(4 * if self.order == 1 { single } else { double })
    }

    fn restore(&mut self, fields: Fields, volumes: Volumes, clock: Clock) -> Result<()> {
        self.tiles.awake = awake(self.params.cols as usize, self.params.rows as usize, &fields.state);
        // Tiles at rest are skipped, so both copies must hold them.
        self.states = [fields.state.clone(), fields.state];
        self.statistics = fields.statistics;
        self.inlets.recall(&self.statistics);
        let Volumes { north, south, west, east, districts, flows } = volumes;
        (self.inlets.districts, self.links.flows) = (districts, flows);
        self.outflow = Outflow { north, south, west, east };
        self.clock = clock;
        Ok(())
    }
}
