//! The command line.

mod bench;
mod client;
mod demo;
mod devices;
mod import;
mod map;
mod mesh;
mod progress;
mod report;
mod run;
mod validate;

pub use report::report;

use clap::{Parser, Subcommand};
use hanze_engine::models::{heat, runoff, traffic};
use hanze_engine::scenario::Scenario;
use hanze_engine::words::Language;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hanze: simulations for the digital twin of a city.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario and write maps, tables and a record.
    Run {
        /// The scenario, a TOML file.
        scenario: PathBuf,
        #[command(flatten)]
        options: Options,
        /// Folder that the run's own folder is made in.
        #[arg(long, default_value = "runs")]
        out: PathBuf,
    },
    /// Go on with a run that was stopped with Ctrl-C.
    Resume {
        /// The run's folder.
        folder: PathBuf,
        /// The device, if not the one that the run began on; it must be of the same kind.
        #[arg(long)]
        device: Option<String>,
        /// Tell of progress in lines of JSON on standard output.
        #[arg(long)]
        json: bool,
        /// Language of maps and of the words at the end: en or nl.
        #[arg(long, default_value = "en")]
        language: Language,
    },
    /// Draw any layer of a finished run as a map.
    Map(map::Args),
    /// Make the meshes of a finished run: the town, and its water in time, as GLB.
    Mesh(mesh::Args),
    /// Write the synthetic demo town as the files that a real city comes in.
    Demo(demo::Args),
    /// Turn measurements of others into layers of a city.
    #[command(subcommand)]
    Import(import::What),
    /// Serve jobs and results over HTTP.
    Serve(crate::serve::Args),
    /// Compute the jobs of a server, which starts this itself.
    #[command(hide = true)]
    Worker(crate::serve::Orders),
    #[command(flatten)]
    Ask(client::Ask),
    /// Make, list and revoke keys of a server.
    Key {
        /// Folder of the server's data.
        #[arg(long, default_value = "hanze-data")]
        data: PathBuf,
        #[command(subcommand)]
        command: crate::serve::KeyCommand,
    },
    /// Check a scenario without running it.
    Check {
        /// The scenario, a TOML file.
        scenario: PathBuf,
    },
    /// Print the JSON Schema of scenarios.
    Schema,
    /// List the devices, their drivers and limits.
    Devices,
    /// Measure how fast the devices step.
    Bench(bench::Args),
    /// Compare a model with cases whose answers are known.
    Validate {
        /// The model.
        #[arg(value_parser = ["heat", "runoff", "traffic"])]
        model: String,
        /// Only cases whose name holds these words.
        #[arg(long)]
        only: Option<String>,
        /// Only cases of a few seconds.
        #[arg(long)]
        cheap: bool,
        /// Only cases of half a minute and more, which the tests leave out.
        #[arg(long, conflicts_with = "cheap")]
        slow: bool,
        /// auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME.
        #[arg(long, default_value = "cpu")]
        device: String,
    },
}

#[derive(clap::Args)]
struct Options {
    /// auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME.
    #[arg(long, default_value = "auto")]
    device: String,
    /// Tell of progress in lines of JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Language of maps and of the words at the end: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
}

/// Does what the command line says.
pub fn execute(cli: Cli) -> miette::Result<ExitCode> {
    match cli.command {
        Command::Run { scenario, options, out } => run::run(&scenario, &options, &out),
        Command::Resume { folder, device, json, language } => run::resume(&folder, device.as_deref(), json, language),
        Command::Map(args) => map::map(&args),
        Command::Mesh(args) => mesh::mesh(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Import(what) => import::import(&what),
        Command::Serve(args) => crate::serve::serve(&args),
        Command::Worker(orders) => crate::serve::work(&orders),
        Command::Ask(ask) => client::ask(&ask),
        Command::Key { data, command } => crate::serve::command(&data, &command),
        Command::Check { scenario } => check(&scenario),
        Command::Schema => {
            say(format_args!("{:#}", Scenario::schema()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Devices => devices::devices(),
        Command::Bench(args) => bench::bench(&args),
        Command::Validate { model, only, cheap, slow, device } => {
            let cases = match model.as_str() {
                "heat" => heat::validate::CASES,
                "traffic" => traffic::validate::CASES,
                _ => runoff::validate::CASES,
            };
            validate::validate(cases, only.as_deref(), (cheap, slow), &device)
        }
    }
}

/// Prints a line. A reader that has gone, as in `hanze schema | head`, is no reason to fail.
fn say(line: std::fmt::Arguments) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Reads a scenario, its inputs and its forcing, and says what it would do.
fn check(file: &std::path::Path) -> miette::Result<ExitCode> {
    let scenario = Scenario::load(file).map_err(report)?;
    let (city, mut inputs) = scenario.city().map_err(report)?;
    inputs.extend(scenario.series_inputs().map_err(report)?);
    hanze_engine::models::check(&city, &scenario).map_err(report)?;
    let grid = city.grid;
    say(format_args!("{}: fine", file.display()));
    say(format_args!("  {} × {} cells of {} m, {}", grid.cols, grid.rows, grid.cell, grid.crs));
    say(format_args!("  {} frames in {} minutes", scenario.frame_times().len(), scenario.spec.time.end_minutes));
    for input in inputs {
        say(format_args!("  {}: {} ({:.1} % without a value)", input.layer, input.name, 100.0 * input.nodata_share));
    }
    Ok(ExitCode::SUCCESS)
}
