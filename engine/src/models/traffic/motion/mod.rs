//! Motion: every vehicle moves along its lane, behind others, over junctions, step by step.

pub mod emission;
pub mod gpu;
pub mod mover;
pub mod params;
pub mod told;
pub mod world;
