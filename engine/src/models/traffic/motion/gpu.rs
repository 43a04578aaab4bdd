//! Motion on a GPU: the stages of `shaders/traffic/motion/` in their order.

use super::emission::FACTORS;
use super::mover::{Mover, Saved};
use super::params::{Moment, Outcome, TALLY, Vehicle};
use super::world::World;
use crate::device::gpu::{Gpu, Kernel, Stage, Work};
use crate::error::Result;
use bytemuck::Pod;
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal $(, $part:literal)*) => {
        Kernel {
            name: $name,
            source: concat!(
                include_str!("../../../../../shaders/traffic/motion/params.wgsl"),
                $(include_str!(concat!("../../../../../shaders/traffic/motion/", $part, ".wgsl")),)*
                include_str!(concat!("../../../../../shaders/traffic/motion/", $name, ".wgsl"))
            ),
        }
    };
}

pub(in crate::models::traffic) const LIGHTS: Kernel = kernel!("lights");
pub(in crate::models::traffic) const DECIDE: Kernel = kernel!("decide", "drive", "sight", "yields", "emission");
pub(in crate::models::traffic) const DEPART: Kernel = kernel!("depart", "drive");
pub(in crate::models::traffic) const SUMS: Kernel = kernel!("sums");
pub(in crate::models::traffic) const OFFSETS: Kernel = kernel!("offsets");
pub(in crate::models::traffic) const FIRSTS: Kernel = kernel!("firsts");
pub(in crate::models::traffic) const BIN: Kernel = kernel!("bin");
pub(in crate::models::traffic) const ORDER: Kernel = kernel!("order");
pub(in crate::models::traffic) const TICK: Kernel = kernel!("tick");

/// Invocations of a workgroup, and lanes of a block.
const GROUP: usize = 64;
/// See `GROUP`.
const BLOCK: usize = 256;
/// Steps of one submission at most.
const AT_ONCE: u32 = 64;

/// Groups of so many invocations.
fn groups(count: usize) -> [u32; 2] {
    let count = count.div_ceil(GROUP).max(1);
    [count.min(32_768) as u32, count.div_ceil(32_768) as u32]
}

/// Vehicles on a GPU.
pub struct GpuMover {
    gpu: Arc<Gpu>,
    world: Arc<World>,
    /// Vehicles when the clock was last read.
    last: u32,
    running: Buffer,
    cursors: Buffer,
    ready: Buffer,
    clock: Buffer,
    vehicles: Buffer,
    planned: Buffer,
    counts: Buffer,
    outcomes: Buffer,
    tallies: Buffer,
    /// Groups of the stage that decides, and of those that order.
    counted: [Buffer; 2],
    lights: Stage,
    decide: Stage,
    depart: Stage,
    sums: Stage,
    offsets: Stage,
    firsts: Stage,
    bin: Stage,
    order: Stage,
    tick: Stage,
}

impl GpuMover {
    /// Nobody is on the lanes yet.
    ///
    /// # Errors
    /// `Memory` where there is no room, `NoDevice` where a kernel is refused.
    pub fn new(gpu: Arc<Gpu>, world: Arc<World>) -> Result<GpuMover> {
        let none = BufferUsages::empty();
        fn filled<T: Pod>(gpu: &Gpu, name: &str, values: &[T]) -> Result<Buffer> {
            let buffer = gpu.buffer(name, size_of_val(values).max(size_of::<T>()) as u64, BufferUsages::empty())?;
            gpu.write(&buffer, values)?;
            Ok(buffer)
        }
        let own = gpu.as_ref();
        let room = |name: &str, count: usize, size: usize| own.buffer(name, (count.max(1) * size) as u64, none);
        let motion = own.buffer("motion", size_of_val(&world.motion) as u64, BufferUsages::UNIFORM)?;
        own.write(&motion, &[world.motion])?;
        let lanes = filled(own, "lanes", &world.lanes)?;
        let turns = filled(own, "turns", &world.turns)?;
        let foes = filled(own, "foes", &world.foes)?;
        let inward = filled(own, "inward", &world.inward)?;
        let kinds = filled(own, "kinds", &world.kinds)?;
        let trips = filled(own, "trips", &world.trips)?;
        let routes = filled(own, "routes", &world.routes)?;
        let stops = filled(own, "stops", &world.stops)?;
        let sources = filled(own, "sources", &world.sources)?;
        let programs = filled(own, "programs", &world.programs)?;
        let phases = filled(own, "phases", &world.phases)?;
        let states = filled(own, "states", &world.states)?;
        let heads = filled(own, "heads", &world.heads)?;
        let factors = filled(own, "factors", &FACTORS)?;
        let cursors: Vec<u32> = world.sources.iter().map(|source| source.first).collect();
        let cursors = filled(own, "cursors", &cursors)?;
        let (count, trips_count) = (world.lanes.len(), world.trips.len());
        let clock = room("clock", 1, size_of::<Moment>())?;
        let lights = room("lights", world.lights, 4)?;
        let running = room("running phases", world.programs.len(), 8)?;
        let ready = room("ready", count, 4)?;
        let starts = room("starts", count + 1, 4)?;
        let vehicles = room("vehicles", trips_count, size_of::<Vehicle>())?;
        let planned = room("planned vehicles", trips_count, size_of::<Vehicle>())?;
        let bins = room("bins", trips_count, 4)?;
        let counts = room("counts", count, 4)?;
        let rooms = room("rooms", count, 4)?;
        let blocks = room("blocks", count.div_ceil(BLOCK) + 1, 4)?;
        let outcomes = room("outcomes", trips_count, size_of::<Outcome>())?;
        let tallies = room("tallies", world.tallies * TALLY, 4)?;
        let counted = [
            own.buffer("groups that decide", 16, BufferUsages::INDIRECT)?,
            own.buffer("groups that order", 32, BufferUsages::INDIRECT)?,
        ];
        own.write(&counted[0], &[1u32, 1, 1, 0])?;
        let stage = |kernel: Kernel, buffers: &[&Buffer]| {
            let numbered: Vec<(u32, &Buffer)> = (0..).zip(buffers.iter().copied()).collect();
            own.stage(kernel, &[], &numbered)
        };
        let lights_stage = stage(
            LIGHTS,
            &[
                &motion, &clock, &lanes, &programs, &phases, &states, &heads, &starts, &vehicles, &running, &lights,
                &counts, &rooms,
            ],
        )?;
        let decide = stage(
            DECIDE,
            &[
                &motion, &clock, &lanes, &turns, &foes, &inward, &kinds, &trips, &routes, &stops, &lights, &starts,
                &vehicles, &ready, &planned, &counts, &rooms, &outcomes, &tallies, &factors,
            ],
        )?;
        let depart = stage(
            DEPART,
            &[
                &motion, &clock, &lanes, &inward, &kinds, &trips, &routes, &sources, &starts, &vehicles, &cursors,
                &planned, &counts, &rooms, &outcomes, &tallies,
            ],
        )?;
        Ok(GpuMover {
            lights: lights_stage,
            decide,
            depart,
            sums: stage(SUMS, &[&motion, &counts, &blocks])?,
            offsets: stage(OFFSETS, &[&motion, &clock, &blocks, &counted[1]])?,
            firsts: stage(FIRSTS, &[&motion, &counts, &blocks, &starts])?,
            bin: stage(BIN, &[&clock, &planned, &starts, &counts, &bins])?,
            order: stage(ORDER, &[&motion, &planned, &starts, &bins, &vehicles])?,
            tick: stage(TICK, &[&motion, &clock, &starts, &counted[0]])?,
            gpu,
            world,
            last: 0,
            running,
            cursors,
            ready,
            clock,
            vehicles,
            planned,
            counts,
            outcomes,
            tallies,
            counted,
        })
    }

    /// The stages that put planned vehicles in their order.
    fn ordering(&self) -> [Work<'_>; 6] {
        let blocks = groups(self.world.lanes.len().div_ceil(BLOCK));
        [
            Work::Groups(&self.sums, blocks),
            Work::Groups(&self.offsets, [1, 1]),
            Work::Groups(&self.firsts, blocks),
            Work::Indirect(&self.bin, &self.counted[1], 0),
            Work::Indirect(&self.order, &self.counted[1], 16),
            Work::Groups(&self.tick, [1, 1]),
        ]
    }
}

impl Mover for GpuMover {
    fn run(&mut self, steps: u32) -> Result<Moment> {
        let all = groups(self.world.lanes.len().max(self.world.programs.len()));
        let sources = groups(self.world.sources.len());
        let mut left = steps;
        while left > 0 {
            let some = left.min(AT_ONCE);
            let one = || {
                let begin = [
                    Work::Groups(&self.lights, all),
                    Work::Indirect(&self.decide, &self.counted[0], 0),
                    Work::Groups(&self.depart, sources),
                ];
                begin.into_iter().chain(self.ordering())
            };
            let ticket = self.gpu.submit((0..some).flat_map(|_| one()))?;
            self.gpu.wait_for(ticket)?;
            left -= some;
        }
        self.clock()
    }

    fn clock(&mut self) -> Result<Moment> {
        let clock = self.gpu.read::<Moment>(&self.clock, 1)?[0];
        self.last = clock.vehicles;
        Ok(clock)
    }

    fn vehicles(&mut self) -> Result<Vec<Vehicle>> {
        let clock = self.clock()?;
        self.gpu.read(&self.vehicles, clock.vehicles as usize)
    }

    fn place(&mut self, vehicles: &[Vehicle]) -> Result<()> {
        let mut counts = vec![0u32; self.world.lanes.len()];
        vehicles.iter().for_each(|one| counts[one.lane as usize] += 1);
        let mut clock = self.clock()?;
        clock.planned = vehicles.len() as u32;
        self.gpu.write(&self.clock, &[clock])?;
        self.gpu.write(&self.planned, vehicles)?;
        self.gpu.write(&self.counts, &counts)?;
        // The clock goes on with it, and is put back.
        self.gpu.submit(self.ordering())?;
        let vehicles = vehicles.len() as u32;
        self.gpu.write(&self.clock, &[Moment { vehicles, planned: vehicles, ..clock }])
    }

    fn outcomes(&mut self) -> Result<Vec<Outcome>> {
        self.gpu.read(&self.outcomes, self.world.trips.len())
    }

    fn last(&self) -> u32 {
        self.last
    }

    fn save(&mut self) -> Result<Saved> {
        let world = self.world.clone();
        Ok(Saved {
            clock: self.clock()?,
            vehicles: self.vehicles()?,
            phases: self.gpu.read(&self.running, world.programs.len())?,
            cursors: self.gpu.read(&self.cursors, world.sources.len())?,
            ready: self.gpu.read(&self.ready, world.lanes.len())?,
            outcomes: self.outcomes()?,
            tallies: self.gpu.read(&self.tallies, world.tallies * TALLY)?,
        })
    }

    fn restore(&mut self, saved: &Saved) -> Result<()> {
        self.place(&saved.vehicles)?;
        self.gpu.write(&self.clock, &[saved.clock])?;
        self.gpu.write(&self.running, &saved.phases)?;
        self.gpu.write(&self.cursors, &saved.cursors)?;
        self.gpu.write(&self.ready, &saved.ready)?;
        self.gpu.write(&self.outcomes, &saved.outcomes)?;
        self.gpu.write(&self.tallies, &saved.tallies)
    }

    fn take_tallies(&mut self) -> Result<Vec<u32>> {
        let count = self.world.tallies * TALLY;
        let all = self.gpu.read(&self.tallies, count)?;
        self.gpu.write(&self.tallies, &vec![0u32; count])?;
        Ok(all)
    }
}
