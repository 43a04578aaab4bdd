//! Motion: every vehicle moves along its lane, behind others, over junctions, step by step.

pub mod bench;
pub mod emission;
pub mod gpu;
mod model;
pub mod mover;
pub mod params;
pub mod period;
pub mod reroute;
mod results;
pub mod told;
pub mod trips;
pub mod world;

pub(in crate::models::traffic) use model::{check, prepare};
