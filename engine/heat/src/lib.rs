//! Urban heat: PET and UTCI on every cell, hour by hour.
//!
//! Mean radiant temperature after SOLWEIG (Lindberg et al. 2008, doi:10.1007/s00484-008-0162-7), and from it PET and UTCI.
//!
//! Users take it through the facade `hanze-engine`, where it is `models::heat`. It may name `hanze-model` and what
//! is below it, but no other model.

mod activity;
pub mod bench;
pub mod comfort;
mod cool;
pub mod cpu;
mod entry;
pub mod forcing;
pub(crate) mod gpu;
mod ground;
mod hoeppe;
pub mod hour;
pub mod island;
pub(crate) mod layers;
mod model;
pub mod national;
pub mod params;
pub mod pet;
mod product;
mod radiant;
mod rays;
pub mod scene;
pub mod sky;
pub mod solver;
mod spec;
mod story;
mod sums;
pub mod sun;
pub mod utci;
pub mod validate;
pub mod views;
mod wind;
mod window;

pub use entry::ENTRY;
pub use model::{check, prepare, prepare_on};
pub use radiant::mean_radiant_temperature;
pub use spec::{
    ALBEDOS, ConductionName, EdgesName, HeatProduct, HeatSky, HeatSpec, HeatSurfaces, IslandSpec, WindName,
};
