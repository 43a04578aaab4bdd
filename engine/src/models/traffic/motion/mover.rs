//! What moves vehicles: the processor or a GPU, with the same answers.

use super::gpu::GpuMover;
use super::params::{Moment, Outcome, TALLY, Vehicle};
use super::world::World;
use crate::device::Device;
use crate::error::Result;
use crate::models::traffic::cpu::motion::State;
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

    /// What was counted since the last time, street by street and then junction by junction.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails.
    fn take_tallies(&mut self) -> Result<Vec<u32>>;
}

/// The mover of a device.
///
/// # Errors
/// `Memory` where there is no room, `NoDevice` where the device refuses a kernel.
pub fn mover(device: &Device, world: &Arc<World>) -> Result<Box<dyn Mover>> {
    Ok(match device {
        Device::Cpu => Box::new(CpuMover::new(world.clone())),
        Device::Gpu(gpu) => Box::new(GpuMover::new(gpu.clone(), world.clone())?),
    })
}

/// Vehicles on the threads of this machine.
pub struct CpuMover {
    world: Arc<World>,
    /// All that changes.
    pub state: State,
}

impl CpuMover {
    /// Nobody is on the lanes yet.
    pub fn new(world: Arc<World>) -> CpuMover {
        let state = State::new(&world);
        CpuMover { world, state }
    }
}

impl Mover for CpuMover {
    fn run(&mut self, steps: u32) -> Result<Moment> {
        (0..steps).for_each(|_| self.state.step(&self.world));
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

    fn take_tallies(&mut self) -> Result<Vec<u32>> {
        debug_assert_eq!(self.state.tallies.len(), self.world.tallies * TALLY);
        Ok(self.state.tallies.iter().map(|tally| tally.swap(0, Relaxed)).collect())
    }
}
