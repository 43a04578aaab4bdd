//! The devices that models run on.

pub mod shared;

/// Where a model runs.
pub enum Device {
    /// The twins, on the threads of this machine.
    Cpu,
}
