//! The simulations of Hanze on a city's raster.
//!
//! One sentence holds the design: a [`scenario`] describes a [`city`] (layers on one [`grid::Grid`]), a model of
//! [`models`] runs it on a [`device`], gives frames in time, and [`output`] turns these into files.

pub mod city;
pub mod device;
pub mod error;
pub mod grid;
pub mod models;
pub mod output;
pub mod raster;

pub use error::{Error, Result};
