//! Files that a twin, a GIS or a person can open.

pub mod folder;
pub mod geotiff;
pub mod png;
pub mod table;
