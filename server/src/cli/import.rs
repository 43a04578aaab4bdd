//! `hanze import`: what others measured becomes layers of a city.

use super::report::report;
use super::say;
use hanze_engine::city::{import, layers};
use hanze_engine::grid::Crs;
use hanze_engine::output::folder::RunFolder;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to import.
#[derive(clap::Subcommand)]
pub enum What {
    /// Classified point clouds (LAS, LAZ), such as AHN: terrain, surface, buildings and canopy as GeoTIFFs.
    Laz {
        /// The files, of one area.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Folder for the layers.
        #[arg(long, default_value = "layers")]
        out: PathBuf,
        /// Side of a cell, m.
        #[arg(long, default_value_t = 0.5)]
        cell: f64,
        /// EPSG code of the coordinates.
        #[arg(long, default_value_t = 28992)]
        epsg: u32,
    },
}

/// Imports it.
pub fn import(what: &What) -> miette::Result<ExitCode> {
    let What::Laz { files, out, cell, epsg } = what;
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} points, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = import::laz(files, *cell, Crs { epsg: Some(*epsg) }, &mut |read, all| {
        bar.set_length(all.max(read));
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let done = done.map_err(report)?;
    let mut folder = RunFolder::create(out).map_err(report)?;
    let all = [
        (&layers::TERRAIN, &done.terrain),
        (&layers::SURFACE, &done.surface),
        (&layers::BUILDINGS, &done.buildings),
        (&layers::CANOPY, &done.canopy),
    ];
    for (quantity, layer) in all {
        folder.layer(&layer.name, &quantity.into(), layer).map_err(report)?;
    }
    let grid = done.terrain.grid;
    say(format_args!(
        "{} points on {} × {} cells of {} m; {} points left out; the ground of {} cells ({:.0} %) filled in from around",
        done.points,
        grid.cols,
        grid.rows,
        grid.cell,
        done.left_out,
        done.filled,
        100.0 * done.filled as f64 / grid.len() as f64
    ));
    for file in &folder.artifacts {
        say(format_args!("  {}  {}", out.join(&file.name).display(), file.description));
    }
    Ok(ExitCode::SUCCESS)
}
