//! Traffic: a road network, trips between its zones, and the routes on which they meet (user equilibrium).
//!
//! Users take it through the facade `hanze-engine`, where it is `models::traffic`. It may name `hanze-model` and
//! what is below it, but no other model.

mod activity;
mod alternative;
pub mod assignment;
pub mod bench;
mod cpu;
pub mod demand;
mod entry;
pub(crate) mod gpu;
pub mod graph;
mod gravity;
mod junctions;
mod kept;
pub(crate) mod layers;
mod model;
pub mod motion;
mod near;
pub mod network;
pub mod noise;
mod paint;
pub mod params;
pub mod paths;
mod prepare;
mod reach;
mod released;
mod report;
pub mod shortest;
mod source;
mod spec;
pub mod srm1;
mod story;
pub mod tntp;
pub mod validate;
mod zones;

pub use entry::ENTRY;
pub use model::{check, prepare};
pub use spec::{
    ClosureSpec, DemandSpec, EditAction, EditSpec, MotionKey, MotionSpec, ReachSpec, SelectSpec, TrafficSpec, TripsPer,
};
