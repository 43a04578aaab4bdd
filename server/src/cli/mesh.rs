//! `hanze mesh`: the town of a finished run and its water in time, as meshes.

use super::report::report;
use super::say;
use hanze_engine::simulation::{MeshRequest, meshes};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

/// What to make.
#[derive(clap::Args)]
pub struct Args {
    /// The run's folder.
    folder: PathBuf,
    /// Layer whose classes are laid over the ground, such as max_depth; what covers the ground, if left out.
    #[arg(long)]
    layer: Option<String>,
    /// Largest distance between the ground and its triangles, m.
    #[arg(long, default_value_t = 0.05, value_parser = error)]
    error: f64,
    /// Folder for the meshes.
    #[arg(long, default_value = "meshes")]
    out: PathBuf,
}

/// An error that a mesh can be made with.
pub fn error(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(error) if (0.02..=10.0).contains(&error) => Ok(error),
        _ => Err("take a number of metres from 0.02 to 10".into()),
    }
}

/// Makes the meshes.
pub fn mesh(args: &Args) -> miette::Result<ExitCode> {
    let request = MeshRequest {
        folder: args.folder.clone(),
        layer: args.layer.clone(),
        error_m: args.error,
        out: args.out.clone(),
    };
    for file in meshes(&request, &AtomicBool::new(false)).map_err(report)? {
        let bytes = std::fs::metadata(&file).map_or(0, |data| data.len());
        say(format_args!("{}: {:.1} MB", file.display(), bytes as f64 / 1e6));
    }
    Ok(ExitCode::SUCCESS)
}
