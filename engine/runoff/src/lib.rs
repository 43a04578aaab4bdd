//! Rainfall runoff: the shallow water equations on the city's raster.
//!
//! Finite volumes, MUSCL on depth, level and velocity, HLLC, SSP-RK2; bed slopes after Chen & Noelle (2017),
//! friction after Xia & Liang (2018). ARCHITECTURE.md says where each term lives.
//!
//! Users take it through the facade `hanze-engine`, where it is `models::runoff`. It may name `hanze-model` and
//! what is below it, but no other model.

mod arrays;
pub mod bench;
mod cpu;
mod entry;
pub(crate) mod gpu;
mod land;
pub mod layers;
mod links;
mod model;
pub mod params;
mod prepare;
mod problem;
mod run;
pub mod sewer;
pub mod sky;
pub mod solver;
mod spec;
mod story;
mod tables;
pub mod validate;

pub use entry::ENTRY;
pub use links::{Structure, StructureKind};
pub use model::{check, prepare};
pub use problem::{Boundary, BoundaryKind, Gauge, Inflow, Problem, Settings, Soil};
pub use run::{Fell, Run};
pub use sewer::Sewers;
pub use sky::{Gutter, Radar, Roof};
pub use spec::{BoundaryName, BoundarySpec, InflowSpec, RainSpec, RunoffSpec, SewerSpec};

pub use hanze_base::grid::Edge;
pub use hanze_base::series::{Between, Series};

use hanze_base::error::{Error, Result};
use hanze_device::Device;

/// A run of a problem on a device, at time 0.
///
/// # Errors
/// `Scenario` where the grid has no cell; `Memory` or `DeviceLost` where the device has no room or fails.
pub fn start(problem: Problem, device: &Device) -> Result<Run> {
    if problem.grid.is_empty() {
        return Err(Error::scenario("city", "has no cells", "take a larger extent or a smaller cell_m"));
    }
    let solver: Box<dyn solver::Solver> = match device {
        Device::Cpu => Box::new(cpu::CpuSolver::new(&problem)),
        Device::Gpu(gpu) => Box::new(gpu::GpuSolver::new(&problem, gpu.clone())?),
    };
    Ok(Run::new(problem, solver))
}
