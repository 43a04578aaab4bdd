//! Motion: every vehicle moves along its lane, behind others, over junctions, step by step.

mod air;
pub mod bench;
pub(crate) mod chance;
pub(crate) mod emission;
pub(crate) mod gpu;
mod hours;
mod model;
mod moved;
pub mod mover;
pub mod network;
mod packed;
pub mod params;
mod period;
pub mod reroute;
mod results;
mod story;
pub mod sumo;
mod tables;
pub mod trips;

pub(crate) use model::{check, prepare};
