//! Motion: every vehicle moves along its lane, behind others, over junctions, step by step.

mod air;
pub mod bench;
pub mod emission;
pub mod gpu;
mod hours;
mod model;
mod moved;
pub mod mover;
mod packed;
pub mod params;
pub mod period;
pub mod reroute;
mod results;
mod story;
mod tables;
pub mod told;
pub mod trips;
pub mod world;

pub(in crate::models::traffic) use model::{check, prepare};
