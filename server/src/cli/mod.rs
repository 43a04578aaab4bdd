//! The command line.

mod baseline;
mod bench;
mod client;
mod compare;
mod demo;
mod devices;
mod edit;
mod import;
mod kernels;
mod map;
mod mesh;
mod progress;
mod report;
mod run;
mod speeds;
mod validate;
mod whole;

pub use report::report;

use crate::serve::shown;
use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use hanze_engine::models;
use hanze_engine::scenario::{self, Scenario};
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
        /// Compute a run that is there already.
        #[arg(long)]
        again: bool,
        /// Parent folder for runs.
        #[arg(long, default_value = "runs")]
        out: PathBuf,
    },
    /// Continue a run that was stopped with Ctrl-C.
    Resume {
        /// The run's folder.
        folder: PathBuf,
        /// Device, if not the one that the run began on; it must be of the same kind.
        #[arg(long)]
        device: Option<String>,
        /// Report progress as lines of JSON on standard output.
        #[arg(long)]
        json: bool,
        /// Language of maps, progress and summary: en or nl.
        #[arg(long, default_value = "en")]
        language: Language,
    },
    /// Draw any layer of a finished run as a map.
    Map(map::Args),
    /// Compare finished runs: difference layers, tables, indicators, and what gets better or worse for whom.
    Compare(compare::Args),
    /// Write the meshes of a finished run as GLB: the town, and its water in time.
    Mesh(mesh::Args),
    /// Write the synthetic demo town as the files that a real city comes in.
    Demo(demo::Args),
    /// Show what the variants of a scenario change in the city: cells of layers, objects, and maps before and after.
    Edit(edit::Args),
    /// Import external measurements as city layers.
    #[command(subcommand)]
    Import(import::What),
    /// Serve jobs and results over HTTP.
    Serve(crate::serve::Args),
    /// Compute the jobs of a server, which starts this itself.
    #[command(hide = true)]
    Worker(crate::serve::Orders),
    #[command(flatten)]
    Ask(client::Ask),
    /// Create, list and revoke keys of a server.
    Key {
        /// Data folder of the server; hanze-data, if left out.
        #[arg(long)]
        data: Option<PathBuf>,
        #[command(subcommand)]
        command: crate::serve::KeyCommand,
    },
    /// Check a scenario without running it: reports problems with file, line and a suggested fix, and what was guessed, repaired or left out.
    Check {
        /// The scenario, a TOML file.
        scenario: PathBuf,
        /// Language of the report: en or nl.
        #[arg(long, default_value = "en")]
        language: Language,
    },
    /// Print the JSON Schema of scenarios.
    Schema,
    /// List the devices, their drivers and limits.
    Devices,
    /// Measure the speed of the devices.
    Bench(bench::Args),
    /// List the models: name, process of a server, title, stored scenarios and model card.
    Models {
        /// Only their names, a line each.
        #[arg(long)]
        names: bool,
    },
    /// Write the kernels of all models as WGSL, with a list of them, for other compilers to judge.
    #[command(hide = true)]
    Kernels {
        /// Folder for the files; it is made if there is none.
        folder: PathBuf,
    },
    /// Compare a model with cases that have known answers.
    Validate {
        /// The model.
        #[arg(value_parser = PossibleValuesParser::new(models::all().iter().map(|entry| entry.section())))]
        model: String,
        /// Only cases whose name holds these words.
        #[arg(long)]
        only: Option<String>,
        /// Only cases that take a few seconds.
        #[arg(long)]
        cheap: bool,
        /// Only cases that take half a minute or more, which the tests leave out.
        #[arg(long, conflicts_with = "cheap")]
        slow: bool,
        /// Device: auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME.
        #[arg(long, default_value = "cpu")]
        device: String,
    },
}

#[derive(clap::Args)]
struct Options {
    /// Device: auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME.
    #[arg(long, default_value = "auto")]
    device: String,
    /// Report progress as lines of JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Language of maps, progress and summary: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
}

/// Does what the command line says.
pub fn execute(cli: Cli) -> miette::Result<ExitCode> {
    match cli.command {
        Command::Run { scenario, options, again, out } => run::run(&scenario, &options, again, &out),
        Command::Resume { folder, device, json, language } => run::resume(&folder, device.as_deref(), json, language),
        Command::Map(args) => map::map(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Mesh(args) => mesh::mesh(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Edit(args) => edit::edit(&args),
        Command::Import(what) => import::import(&what),
        Command::Serve(args) => crate::serve::serve(&args),
        Command::Worker(orders) => crate::serve::work(&orders),
        Command::Ask(ask) => client::ask(&ask),
        Command::Key { data, command } => crate::serve::command(data.as_deref(), &command),
        Command::Check { scenario, language } => check(&scenario, language),
        Command::Schema => {
            say(format_args!("{:#}", scenario::schema()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Devices => devices::devices(),
        Command::Bench(args) => bench::bench(&args),
        Command::Models { names } => {
            models_lines(names).iter().for_each(|line| say(format_args!("{line}")));
            Ok(ExitCode::SUCCESS)
        }
        Command::Kernels { folder } => kernels::kernels(&folder),
        Command::Validate { model, only, cheap, slow, device } => {
            let cases = models::named(&model).map_or(&[][..], |entry| entry.cases);
            validate::validate(cases, only.as_deref(), (cheap, slow), &device)
        }
    }
}

/// Prints a line. A reader that has gone, as in `hanze schema | head`, is no reason to fail.
fn say(line: std::fmt::Arguments) {
    let _ = writeln!(std::io::stdout(), "{}", printable(&line.to_string()));
}

/// The same on standard error.
fn note(line: std::fmt::Arguments) {
    let _ = writeln!(std::io::stderr(), "{}", printable(&line.to_string()));
}

/// A text for a terminal: of what is not seen only ends of lines and tabs stay as they are, the rest is written out.
fn printable(text: &str) -> String {
    text.split_inclusive(['\n', '\t'])
        .map(|part| match part.strip_suffix(['\n', '\t']) {
            Some(line) => format!("{}{}", shown(line), &part[line.len()..]),
            None => shown(part),
        })
        .collect()
}

/// A line for each model.
fn models_lines(names: bool) -> Vec<String> {
    let line = |entry: &models::Entry| {
        let stored: Vec<&str> = entry.stored.iter().map(|own| own.name).collect();
        let (name, stored) = (entry.section(), stored.join(", "));
        if names {
            return name.to_string();
        }
        format!("{name:<8} | {:<16} | {:<16} | {stored} | {}", entry.process, entry.title, entry.card)
    };
    models::all().iter().map(line).collect()
}

/// Reads a scenario, its inputs and its forcing, and says what it would do.
fn check(file: &std::path::Path, language: Language) -> miette::Result<ExitCode> {
    for scenario in scenario::load_all(file).map_err(report)? {
        check_section(file, &scenario, language)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check_section(file: &std::path::Path, scenario: &Scenario, language: Language) -> miette::Result<()> {
    let (city, mut inputs) = scenario.city().map_err(report)?;
    inputs.extend(scenario.series_inputs().map_err(report)?);
    let found = models::check(&city, scenario).map_err(report)?;
    let grid = city.grid;
    let section = scenario.label().map_or(String::new(), |label| format!(" [{label}]"));
    say(format_args!("{}{section}: {}", file.display(), language.pick("fine", "in orde")));
    let cells = language.pick("cells of", "cellen van");
    say(format_args!("  {} × {} {cells} {} m, {}", grid.cols, grid.rows, grid.cell, grid.crs));
    let (frames, minutes) = (scenario.frame_times().len(), scenario.end_minutes());
    match language {
        Language::English => say(format_args!("  {frames} frames in {minutes} minutes")),
        Language::Dutch => say(format_args!("  {frames} beelden in {minutes} minuten")),
    }
    for input in &inputs {
        let missing = language.number(100.0 * input.nodata_share, 1);
        let without = language.pick("without a value", "zonder waarde");
        say(format_args!("  {}: {} ({missing} % {without})", input.layer, input.name));
    }
    let remarks = hanze_engine::simulation::remarks(&inputs, found);
    if !remarks.is_empty() {
        let head = language.pick(
            "Guessed, repaired or left out, largest first:",
            "Geschat, hersteld of weggelaten, het grootste eerst:",
        );
        say(format_args!("{head}"));
        remarks.words(language).for_each(|words| say(format_args!("  {words}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_is_printed_drives_the_terminal() {
        assert_eq!(printable("a\tb\nc\n"), "a\tb\nc\n");
        let title = "\u{1b}[2J\u{1b}[31mPWNED\u{1b}]0;x\u{7}";
        assert_eq!(printable(title), "\\u{1b}[2J\\u{1b}[31mPWNED\\u{1b}]0;x\\u{7}");
        assert_eq!(printable("a\rb\u{9b}\n"), "a\\rb\\u{9b}\n");
    }
}
