#![doc = include_str!("../README.md")]
//! ## How the crate is laid out
//!
//! One sentence holds the design: a [`scenario`] describes a [`city`] (layers on one [`grid::Grid`]), a model of
//! [`models`] runs it on a [`device`], gives frames in time, and [`output`] turns these into files.

pub mod cache;
pub mod checksum;
pub mod city;
pub mod cover;
pub mod device;
pub mod error;
pub mod export;
pub mod frame;
pub mod grid;
mod line;
pub mod mesh;
pub mod models;
pub mod objects;
mod outline;
pub mod output;
pub mod places;
pub mod plane;
pub mod quantity;
pub mod raster;
pub mod remark;
pub mod scenario;
pub mod series;
pub mod simulation;
pub mod testing;
pub mod view;
pub mod weather;
pub mod words;
pub mod yardstick;

pub use error::{Error, Result};

use std::path::PathBuf;

/// The folder with reference data: what `HANZE_DATA` names, or `shared/data` beside the project.
pub fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("HANZE_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    Some(named.unwrap_or_else(beside)).filter(|folder| folder.is_dir())
}
