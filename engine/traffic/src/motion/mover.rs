//! What moves vehicles: the processor or a GPU, with the same answers.

use super::gpu::GpuMover;
use super::network::SimulationNetwork;
use super::params::{Moment, Outcome, TALLY, Vehicle};
use crate::cpu::motion::State;
use hanze_base::error::Result;
use hanze_device::Device;
use hanze_model::saved::{damaged, read, write};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Vehicles that move.
pub trait Mover: Send {
    /// So many steps.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn run(&mut self, steps: u32) -> Result<Moment>;

    /// How far it has run.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn clock(&mut self) -> Result<Moment>;

    /// Vehicles on the lanes, by lane, the one in front first.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn vehicles(&mut self) -> Result<Vec<Vehicle>>;

    /// Puts these vehicles on the lanes in the place of all others.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn place(&mut self, vehicles: &[Vehicle]) -> Result<()>;

    /// What became of each trip.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn outcomes(&mut self) -> Result<Vec<Outcome>>;

    /// Vehicles that there were when it was last asked.
    fn last(&self) -> u32;

    /// All that changes.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn save(&mut self) -> Result<Saved>;

    /// Puts back what `save` gave.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn restore(&mut self, saved: &Saved) -> Result<()>;

    /// What was counted since the last time, street by street and then junction by junction.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn take_tallies(&mut self) -> Result<Vec<u32>>;
}

/// All that changes, as it is kept in checkpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// How far it has run.
    pub clock: Moment,
    /// Vehicles on the lanes.
    pub vehicles: Vec<Vehicle>,
    /// Phase of each program and when it began, ms.
    pub phases: Vec<[u32; 2]>,
    /// Next trip of each source.
    pub cursors: Vec<u32>,
    /// When the next vehicle may leave each lane, ms.
    pub ready: Vec<u32>,
    /// What became of each trip.
    pub outcomes: Vec<Outcome>,
    /// What is counted and not taken yet.
    pub tallies: Vec<u32>,
}

impl Saved {
    /// Writes it.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write(out, &[self.clock])?;
        write(out, &self.vehicles)?;
        write(out, &self.phases)?;
        write(out, &self.cursors)?;
        write(out, &self.ready)?;
        write(out, &self.outcomes)?;
        write(out, &self.tallies)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the reader fails, or what it gives does not fit the network.
    pub fn read(from: &mut dyn Read, network: &SimulationNetwork) -> std::io::Result<Saved> {
        let saved = Saved {
            clock: read::<Moment>(from, Some(1))?[0],
            vehicles: read(from, None)?,
            phases: read(from, Some(network.programs.len()))?,
            cursors: read(from, Some(network.sources.len()))?,
            ready: read(from, Some(network.lanes.len()))?,
            outcomes: read(from, Some(network.trips.len()))?,
            tallies: read(from, Some(network.tallies * TALLY))?,
        };
        let below = |value: u32, count: usize| (value as usize) < count;
        let sound = |vehicle: &Vehicle| {
            below(vehicle.lane, network.lanes.len())
                && below(vehicle.trip, network.trips.len())
                && below(vehicle.kind, network.kinds.len())
                && below(vehicle.place, network.routes.len())
                && vehicle.pos.is_finite()
                && vehicle.speed >= 0.0
        };
        let phases = saved.phases.iter().zip(&network.programs).all(|(phase, program)| phase[0] < program.phases);
        let cursors =
            saved.cursors.iter().zip(&network.sources).all(|(cursor, gate)| (gate.first..=gate.last).contains(cursor));
        let fits = saved.vehicles.len() <= network.trips.len() && saved.clock.vehicles as usize == saved.vehicles.len();
        if fits && phases && cursors && saved.vehicles.iter().all(sound) { Ok(saved) } else { Err(damaged()) }
    }
}

/// The mover of a device.
///
/// # Errors
/// `Memory` where there is no room, `NoDevice` where the device refuses a kernel.
pub fn mover(device: &Device, network: &Arc<SimulationNetwork>) -> Result<Box<dyn Mover>> {
    Ok(match device {
        Device::Cpu => Box::new(CpuMover::new(network.clone())),
        Device::Gpu(gpu) => Box::new(GpuMover::new(gpu.clone(), network.clone())?),
    })
}

/// Vehicles on the threads of this machine.
pub struct CpuMover {
    network: Arc<SimulationNetwork>,
    state: State,
}

impl CpuMover {
    /// Nobody is on the lanes yet.
    pub fn new(network: Arc<SimulationNetwork>) -> CpuMover {
        let state = State::new(&network);
        CpuMover { network, state }
    }
}

impl Mover for CpuMover {
    fn run(&mut self, steps: u32) -> Result<Moment> {
        self.state.run(&self.network, steps);
        Ok(self.state.clock)
    }

    fn clock(&mut self) -> Result<Moment> {
        Ok(self.state.clock)
    }

    fn vehicles(&mut self) -> Result<Vec<Vehicle>> {
        Ok(self.state.vehicles.clone())
    }

    fn place(&mut self, vehicles: &[Vehicle]) -> Result<()> {
        self.state.place(vehicles);
        Ok(())
    }

    fn outcomes(&mut self) -> Result<Vec<Outcome>> {
        Ok(self.state.outcomes.clone())
    }

    fn last(&self) -> u32 {
        self.state.clock.vehicles
    }

    fn save(&mut self) -> Result<Saved> {
        let state = &self.state;
        Ok(Saved {
            clock: state.clock,
            vehicles: state.vehicles.clone(),
            phases: state.phases.clone(),
            cursors: state.cursors.clone(),
            ready: state.ready.clone(),
            outcomes: state.outcomes.clone(),
            tallies: state.tallies.iter().map(|tally| tally.load(Relaxed)).collect(),
        })
    }

    fn restore(&mut self, saved: &Saved) -> Result<()> {
        let state = &mut self.state;
        state.place(&saved.vehicles);
        state.clock = saved.clock;
        state.phases.clone_from(&saved.phases);
        state.set_cursors(&self.network, &saved.cursors);
        state.ready.clone_from(&saved.ready);
        state.outcomes.clone_from(&saved.outcomes);
        state.tallies.iter().zip(&saved.tallies).for_each(|(tally, value)| tally.store(*value, Relaxed));
        Ok(())
    }

    fn take_tallies(&mut self) -> Result<Vec<u32>> {
        Ok(self.state.tallies.iter().map(|tally| tally.swap(0, Relaxed)).collect())
    }
}
