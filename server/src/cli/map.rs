//! `hanze map`: any layer of a finished run as a map.

use super::report::report;
use super::say;
use hanze_engine::output::png::write_png;
use hanze_engine::simulation::{Request, draw};
use hanze_engine::words::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to draw.
#[derive(clap::Args)]
pub struct Args {
    /// The run's folder.
    folder: PathBuf,
    /// Layer: max_depth, max_velocity, arrival, city/terrain, frames/depth_001800.000s, … [default: the main layer of the
    /// run's model: max_depth, max_pet or flow_bands]
    #[arg(long)]
    layer: Option<String>,
    /// Folder of another run, such as today's: the map shows the difference of this run with it.
    #[arg(long)]
    minus: Option<PathBuf>,
    /// Language of the map: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
    /// Longest side of the map within its frame, pixels.
    #[arg(long, default_value_t = 1600, value_parser = clap::value_parser!(u32).range(16..=16_000))]
    size: u32,
    /// PNG file to write.
    #[arg(long, default_value = "map.png")]
    out: PathBuf,
}

/// Draws the map and writes it.
pub fn map(args: &Args) -> miette::Result<ExitCode> {
    let request = Request {
        folder: args.folder.clone(),
        layer: args.layer.clone(),
        minus: args.minus.clone(),
        language: args.language,
        longest: args.size,
    };
    let image = draw(&request).map_err(report)?;
    write_png(&args.out, &image).map_err(report)?;
    say(format_args!("{}: {} × {} pixels", args.out.display(), image.width(), image.height()));
    Ok(ExitCode::SUCCESS)
}
