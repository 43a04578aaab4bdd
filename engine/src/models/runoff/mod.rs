//! Rainfall runoff: the shallow water equations on the city's raster.
//!
//! Finite volumes, MUSCL on depth, level and velocity, HLLC, SSP-RK2; bed slopes after Chen & Noelle (2017),
//! friction after Xia & Liang (2018). See `docs` in ARCHITECTURE.md for where each term lives.

pub mod cpu;
pub mod gpu;
pub mod params;
pub mod problem;
pub mod run;
pub mod series;
pub mod solver;
pub mod validate;

pub use problem::{Boundary, BoundaryKind, Edge, Gauge, Inflow, Problem, Settings};
pub use run::{Progress, Run};
pub use series::{Between, Series};

use crate::device::Device;
use crate::error::Result;

/// A run of a problem on a device, at time 0.
pub fn start(problem: Problem, device: &Device) -> Result<Run> {
    let solver: Box<dyn solver::Solver> = match device {
        Device::Cpu => Box::new(cpu::CpuSolver::new(&problem)),
        Device::Gpu(gpu) => Box::new(gpu::GpuSolver::new(&problem, gpu.clone())?),
    };
    Ok(Run::new(problem, solver))
}
