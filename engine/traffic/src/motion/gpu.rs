//! Motion on a GPU: the stages of `shaders/traffic/motion/` in their order.

use super::mover::{Mover, Saved};
use super::network::SimulationNetwork;
use super::packed;
use super::params::{Moment, Offsets, Outcome, TALLY, Vehicle};
use bytemuck::Pod;
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Kernel, Stage, Work};
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal $(, $part:literal)*) => {
        Kernel {
            name: $name,
            source: concat!(
                include_str!("../../../../shaders/traffic/motion/params.wgsl"),
                $(include_str!(concat!("../../../../shaders/traffic/motion/", $part, ".wgsl")),)*
                include_str!(concat!("../../../../shaders/traffic/motion/", $name, ".wgsl"))
            ),
        }
    };
}

pub(crate) const LIGHTS: Kernel = kernel!("lights", "packed");
pub(crate) const DECIDE: Kernel = kernel!("decide", "packed", "drive", "sight", "yields", "emission");
pub(crate) const DEPART: Kernel = kernel!("depart", "packed", "drive");
pub(crate) const SUMS: Kernel = kernel!("sums");
pub(crate) const OFFSETS: Kernel = kernel!("offsets");
pub(crate) const FIRSTS: Kernel = kernel!("firsts");
pub(crate) const BIN: Kernel = kernel!("bin");
pub(crate) const ORDER: Kernel = kernel!("order");
pub(crate) const TICK: Kernel = kernel!("tick");

/// Invocations of a workgroup.
const GROUP: usize = 64;
/// Lanes whose vehicles are counted together.
const BLOCK: usize = 256;
/// Steps of one submission at most.
const AT_ONCE: u32 = 64;

/// Groups of so many invocations.
fn groups(count: usize) -> [u32; 2] {
    let count = count.div_ceil(GROUP).max(1);
    [count.min(32_768) as u32, count.div_ceil(32_768) as u32]
}

/// A buffer with these values.
fn filled<T: Pod>(gpu: &Gpu, name: &str, values: &[T]) -> Result<Buffer> {
    let buffer = gpu.buffer(name, size_of_val(values).max(size_of::<T>()) as u64, BufferUsages::empty())?;
    gpu.write(&buffer, values)?;
    Ok(buffer)
}

/// Vehicles on a GPU.
pub struct GpuMover {
    gpu: Arc<Gpu>,
    network: Arc<SimulationNetwork>,
    /// Vehicles when the clock was last read.
    last: u32,
    /// Where arrays begin in the buffers that hold several, and how large these are.
    begins: Offsets,
    sizes: packed::Sizes,
    clock: Buffer,
    vehicles: Buffer,
    planned: Buffer,
    /// Tallies, and what is counted of lanes within a step.
    counters: Buffer,
    /// Outcomes, and what is kept of lanes, sources and programs.
    records: Buffer,
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
    pub fn new(gpu: Arc<Gpu>, network: Arc<SimulationNetwork>) -> Result<GpuMover> {
        let device = gpu.as_ref();
        let (begins, sizes) = packed::offsets(&network)?;
        let room = |name: &str, count: usize, size: usize, extra: BufferUsages| {
            device.buffer(name, count.max(1) as u64 * size as u64, extra)
        };
        let none = BufferUsages::empty();
        let motion = room("motion", 1, size_of_val(&network.motion), BufferUsages::UNIFORM)?;
        device.write(&motion, &[network.motion])?;
        let offset = room("offsets", 1, size_of::<Offsets>(), BufferUsages::UNIFORM)?;
        device.write(&offset, &[begins])?;
        let tables = filled(device, "tables of the network", &packed::tables(&network))?;
        let lanes = filled(device, "lanes", &network.lanes)?;
        let turns = filled(device, "turns", &network.turns)?;
        let (count, trips) = (network.lanes.len(), network.trips.len());
        let clock = room("clock", 1, size_of::<Moment>(), BufferUsages::UNIFORM)?;
        let starts = room("starts of lanes, and lights", sizes.starts as usize, 4, none)?;
        let vehicles = room("vehicles", trips, size_of::<Vehicle>(), none)?;
        let planned = room("planned vehicles", trips, size_of::<Vehicle>(), none)?;
        let counters = room("counters", sizes.counters as usize, 4, none)?;
        let records = room("records", sizes.records as usize, 4, none)?;
        let bins = room("bins", trips, 4, none)?;
        let blocks = room("blocks", count.div_ceil(BLOCK) + 1, 4, none)?;
        let counted = [
            room("groups that decide", 4, 4, BufferUsages::INDIRECT)?,
            room("groups that order", 8, 4, BufferUsages::INDIRECT)?,
        ];
        device.write(&counted[0], &[1u32, 1, 1, 0])?;
        let cursors: Vec<u32> = network.sources.iter().map(|source| source.first).collect();
        device.write_at(&records, 4 * u64::from(begins.cursors), &cursors)?;
        let buffers = [
            ("motion", &motion),
            ("offset", &offset),
            ("clock", &clock),
            ("tables", &tables),
            ("lanes", &lanes),
            ("turns", &turns),
            ("starts", &starts),
            ("vehicles", &vehicles),
            ("planned", &planned),
            ("counters", &counters),
            ("records", &records),
            ("bins", &bins),
            ("blocks", &blocks),
        ];
        let stage = |kernel: Kernel, names: &str, more: &[(&str, &Buffer)]| {
            let named = buffers.iter().filter(|(name, _)| names.split(' ').any(|wanted| wanted == *name));
            device.stage(kernel, &[], &named.chain(more).copied().collect::<Vec<_>>())
        };
        Ok(GpuMover {
            lights: stage(LIGHTS, "motion offset clock tables lanes starts vehicles counters records", &[])?,
            decide: stage(
                DECIDE,
                "motion offset clock tables lanes turns starts vehicles planned counters records",
                &[],
            )?,
            depart: stage(DEPART, "motion offset clock tables lanes starts vehicles planned counters records", &[])?,
            sums: stage(SUMS, "motion offset counters blocks", &[])?,
            offsets: stage(OFFSETS, "motion clock blocks", &[("groups", &counted[1])])?,
            firsts: stage(FIRSTS, "motion offset starts counters blocks", &[])?,
            bin: stage(BIN, "offset clock starts planned counters bins", &[])?,
            order: stage(ORDER, "motion starts planned bins vehicles", &[])?,
            tick: stage(TICK, "motion clock starts", &[("groups", &counted[0])])?,
            gpu,
            network,
            last: 0,
            begins,
            sizes,
            clock,
            vehicles,
            planned,
            counters,
            records,
            counted,
        })
    }

    /// The stages that put planned vehicles in their order.
    fn ordering(&self) -> [Work<'_>; 6] {
        let blocks = groups(self.network.lanes.len().div_ceil(BLOCK));
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
        let all = groups(self.network.lanes.len().max(self.network.programs.len()));
        let sources = groups(self.network.sources.len());
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
        let mut counts = vec![0u32; self.network.lanes.len()];
        vehicles.iter().for_each(|one| counts[one.lane as usize] += 1);
        let mut clock = self.clock()?;
        clock.planned = vehicles.len() as u32;
        self.gpu.write(&self.clock, &[clock])?;
        self.gpu.write(&self.planned, vehicles)?;
        self.gpu.write_at(&self.counters, 4 * u64::from(self.begins.counts), &counts)?;
        // The clock goes on with it, and is put back.
        self.gpu.submit(self.ordering())?;
        let vehicles = vehicles.len() as u32;
        self.gpu.write(&self.clock, &[Moment { vehicles, planned: vehicles, ..clock }])
    }

    fn outcomes(&mut self) -> Result<Vec<Outcome>> {
        self.gpu.read(&self.records, self.network.trips.len())
    }

    fn last(&self) -> u32 {
        self.last
    }

    fn save(&mut self) -> Result<Saved> {
        let records: Vec<u32> = self.gpu.read(&self.records, self.sizes.records as usize)?;
        let [ready, cursors, running] =
            [self.begins.ready, self.begins.cursors, self.begins.running].map(|word| word as usize);
        Ok(Saved {
            clock: self.clock()?,
            vehicles: self.vehicles()?,
            phases: bytemuck::cast_slice(&records[running..]).to_vec(),
            cursors: records[cursors..running].to_vec(),
            ready: records[ready..cursors].to_vec(),
            outcomes: bytemuck::cast_slice(&records[..ready]).to_vec(),
            tallies: self.gpu.read(&self.counters, self.network.tallies * TALLY)?,
        })
    }

    fn restore(&mut self, saved: &Saved) -> Result<()> {
        self.place(&saved.vehicles)?;
        self.gpu.write(&self.clock, &[saved.clock])?;
        let outcomes: &[u32] = bytemuck::cast_slice(&saved.outcomes);
        let records = [outcomes, &saved.ready, &saved.cursors, saved.phases.as_flattened()].concat();
        self.gpu.write(&self.records, &records)?;
        self.gpu.write(&self.counters, &saved.tallies)
    }

    fn take_tallies(&mut self) -> Result<Vec<u32>> {
        let count = self.network.tallies * TALLY;
        let all = self.gpu.read(&self.counters, count)?;
        self.gpu.write(&self.counters, &vec![0u32; count])?;
        Ok(all)
    }
}
