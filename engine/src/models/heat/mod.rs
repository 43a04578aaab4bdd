//! Urban heat: PET and UTCI on every cell, hour by hour.
//!
//! Mean radiant temperature after SOLWEIG (Lindberg et al. 2008, doi:10.1007/s00484-008-0162-7), and from it PET and UTCI.

mod activity;
pub mod bench;
pub mod comfort;
mod cool;
pub mod cpu;
mod entry;
pub mod forcing;
pub mod gpu;
pub mod ground;
pub mod hoeppe;
pub mod hour;
pub mod island;
pub mod layers;
mod model;
pub mod national;
pub mod params;
pub mod pet;
mod product;
pub mod rays;
pub mod scene;
pub mod sky;
pub mod solver;
mod story;
mod sums;
pub mod sun;
pub mod utci;
pub mod validate;
pub mod views;
pub mod wind;
pub mod window;

pub use entry::ENTRY;
pub use model::{check, prepare};
