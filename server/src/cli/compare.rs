//! `hanze compare`: finished runs beside each other.

use super::report::report;
use super::say;
use hanze_engine::compare::{RECORD, Request, compare as compared};
use hanze_engine::models;
use hanze_engine::simulation::today;
use hanze_engine::words::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// Remarks that are printed; all are in the record.
const REMARKS: usize = 12;

/// What to compare.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run that the others are compared with, such as today's.
    base: PathBuf,
    /// Folders of the other runs.
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Folder for maps, tables and the record of the comparison.
    #[arg(long)]
    out: PathBuf,
    /// File of polygons (GeoJSON, shapefile, GeoPackage) within which layers are summed up, too.
    #[arg(long)]
    areas: Option<PathBuf>,
    /// Table of indicators, a TOML file [default: scenarios/indicators/nl.toml, which comes with the program]
    #[arg(long)]
    indicators: Option<PathBuf>,
    /// Compare layers in time, too.
    #[arg(long)]
    frames: bool,
    /// Language of maps and words: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
}

/// Compares the runs, and says what it means.
pub fn compare(args: &Args) -> miette::Result<ExitCode> {
    let request = Request {
        base: &args.base,
        runs: &args.runs,
        labels: None,
        out: &args.out,
        areas: args.areas.as_deref(),
        indicators: args.indicators.as_deref(),
        frames: args.frames,
        language: args.language,
        date: &today(),
    };
    let found = compared(&request, &models::variable).map_err(report)?;
    let language = args.language;
    found.story.iter().for_each(|text| say(format_args!("{}", text.in_language(language))));
    if !found.remarks.is_empty() {
        let head = language.pick("Left out, or different in itself:", "Weggelaten, of op zichzelf anders:");
        say(format_args!("{head}"));
        found.remarks.words(language).take(REMARKS).for_each(|words| say(format_args!("  {words}")));
        let more = found.remarks.len().saturating_sub(REMARKS);
        if more > 0 {
            let (and, rest) = language.pick("… and|more in", "… en nog|in").split_once('|').unwrap_or_default();
            say(format_args!("  {and} {more} {rest} {RECORD}"));
        }
    }
    let files = language.pick("files in", "bestanden in");
    say(format_args!("{} {files} {}", found.artifacts.len() + 1, args.out.display()));
    Ok(ExitCode::SUCCESS)
}
