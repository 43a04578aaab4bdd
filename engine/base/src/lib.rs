//! What all of Hanze speaks of: the grid and what lies on it, what layers hold, words, errors. None of it knows a model.
//!
//! Users take it through the facade `hanze-engine`, where its modules stand at the root. It may name no other crate
//! of the engine.

pub mod cache;
pub mod checksum;
pub mod cover;
pub mod error;
pub mod frame;
pub mod grid;
pub mod line;
pub mod objects;
pub mod outline;
pub mod places;
pub mod plane;
pub mod quantity;
pub mod raster;
pub mod remark;
pub mod series;
pub mod testing;
pub mod words;

pub use error::{Error, Result};

use std::path::PathBuf;

/// The folder with reference data: what `HANZE_DATA` names, or `shared/data` beside the project.
pub fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("HANZE_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    Some(named.unwrap_or_else(beside)).filter(|folder| folder.is_dir())
}
