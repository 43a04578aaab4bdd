#![doc = include_str!("../README.md")]
//! ## How the crate is laid out
//!
//! One sentence holds the design: a [`scenario`] describes a [`city`] (layers on one [`grid::Grid`]), a model of
//! [`models`] runs it on a [`device`], gives frames in time, and [`output`] turns these into files.
//! Each of them is a crate of its own in a folder beside this one; this crate is the facade through which commands, the
//! server and researchers use them.

pub mod export;
pub mod models;
pub mod scenario;
pub mod simulation;
pub mod whole;

pub use hanze_base::{Error, Result, data_folder};
pub use hanze_base::{
    cache, checksum, cover, error, frame, grid, line, objects, outline, places, plane, quantity, raster, remark,
    series, testing, words,
};
pub use hanze_city as city;
pub use hanze_compare as compare;
pub use hanze_device as device;
pub use hanze_model::yardstick;
pub use hanze_output as output;
pub use hanze_output::mesh;
pub use hanze_view as view;
pub use hanze_weather as weather;
