//! `hanze demo`: the synthetic town as files.

use super::report::report;
use super::say;
use hanze_engine::city::demo;
use hanze_engine::export::{self, Look, View};
use hanze_engine::models;
use hanze_engine::output::folder::RunFolder;
use hanze_engine::scenario::check_demo_memory;
use hanze_engine::simulation::today;
use hanze_engine::words::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which town, and where.
#[derive(clap::Args)]
pub struct Args {
    /// Folder for the files.
    out: PathBuf,
    /// The same seed gives the same town.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// From west to east, m: 100 to 12 000.
    #[arg(long, default_value_t = 1000.0)]
    width: f64,
    /// From south to north, m: 100 to 12 000.
    #[arg(long, default_value_t = 1000.0)]
    height: f64,
    /// Side of a cell, m: 0.25 to 20.
    #[arg(long, default_value_t = 1.0)]
    cell: f64,
    /// Largest distance between the ground and its triangles in town.glb, m.
    #[arg(long, default_value_t = 0.05, value_parser = super::mesh::error)]
    error: f64,
    /// Language of the map and of the list of files: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
}

/// Makes the town and writes it.
pub fn demo(args: &Args) -> miette::Result<ExitCode> {
    demo::check(args.width, args.height, args.cell).map_err(report)?;
    check_demo_memory(args.width, args.height, args.cell).map_err(report)?;
    let city = demo::demo(args.seed, args.width, args.height, args.cell).map_err(report)?;
    // Before anything is written.
    hanze_engine::mesh::check(&city.grid).map_err(report)?;
    let mut folder = RunFolder::create(&args.out).map_err(report)?;
    export::city(&city, &mut folder, args.language, &today()).map_err(report)?;
    export::scenario(&city, &mut folder).map_err(report)?;
    let look = Look { error_m: args.error, layer: None, attribution: "" };
    export::town(&View::of(&city), &look, &args.out.join("town.glb")).map_err(report)?;
    folder.mesh("town", "ground, buildings, bridges, rails, trees and water").map_err(report)?;
    let residents: u32 = city.objects.areas.iter().map(|area| area.residents).sum();
    let (houses, trees) = (city.objects.buildings.len(), city.objects.trees.len());
    let (title, roads) = (&city.title, city.objects.network.roads.len());
    match args.language {
        Language::English => say(format_args!(
            "{title}, a synthetic town: {residents} residents, {houses} buildings, {roads} roads, {trees} trees"
        )),
        Language::Dutch => say(format_args!(
            "{title}, een verzonnen stad: {residents} inwoners, {houses} gebouwen, {roads} wegen, {trees} bomen"
        )),
    }
    for file in &folder.artifacts {
        let name = args.out.join(&file.name);
        say(format_args!(
            "  {:8.1} MB  {}  {}",
            file.bytes as f64 / 1e6,
            name.display(),
            file.words(args.language, models::variable)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
