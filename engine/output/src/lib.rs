//! Files that a twin, a GIS or a person can open.
//!
//! Users take it through the facade `hanze-engine`, where it is `output`. It may name `hanze-base` only: it gets
//! layers as rasters with their quantities, and knows none by its name.

mod cityjson;
mod fgb;
pub mod folder;
pub mod geojson;
pub mod geotiff;
pub mod glb;
pub mod map;
pub mod mesh;
pub mod png;
mod table;
mod vehicles;

use hanze_base::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

/// Writes a file so that a reader never meets half of it: under a name that ends in `.part`, renamed when it is whole.
///
/// # Errors
/// `Io` with the path; the part is removed.
pub fn whole_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = (|| {
        let mut out = BufWriter::with_capacity(1 << 18, File::create(part)?);
        write(&mut out)?;
        // A disk may say only here that it is full.
        out.into_inner()?.sync_all()?;
        fs::rename(part, path)
    })();
    written.map_err(|error| {
        // The file may not exist, and the first reason is the one that helps.
        let _ = fs::remove_file(part);
        Error::io("writing", path)(error)
    })
}
