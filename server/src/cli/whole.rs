//! `hanze run` of a scenario with variants: every section on today's city and on each variant, and what differs.

use super::progress::{Teller, json};
use super::run::{Came, go, there};
use super::{Options, say};
use hanze_engine::Result;
use hanze_engine::compare::{self, Request};
use hanze_engine::device::Device;
use hanze_engine::error::Error;
use hanze_engine::models;
use hanze_engine::scenario::{Scenario, slug};
use hanze_engine::simulation::{Begun, Simulation, today};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folder of today's city, of comparisons, and the record of the whole.
const BASE: &str = "base";
const COMPARISON: &str = "comparison";
const RECORD: &str = "whole.json";

/// A run of the whole.
struct Row {
    variant: Option<String>,
    section: Option<String>,
    model: &'static str,
    folder: PathBuf,
    run_id: Value,
    computed: bool,
}

/// Runs all: first today's city, then each variant. What is there already, or equals a run of another variant, is not computed again.
pub(super) fn run(all: Vec<Scenario>, device: &Device, options: &Options, again: bool, out: &Path) -> Result<Came> {
    let Some(first) = all.first() else { return Ok(Came::Finished) };
    let stem = first.file.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    let title = first.spec.title.clone();
    let folder = out.join(stem);
    let count = all.len();
    let mut rows: Vec<Row> = Vec::new();
    for (k, scenario) in all.into_iter().enumerate() {
        let variant = scenario.variant().map(String::from);
        let (section, model) = (scenario.section_label().map(String::from), scenario.model());
        let own = folder.join(variant.as_deref().map_or(BASE.into(), slug));
        let teller = Teller::new(options.json);
        let name = variant.as_deref().unwrap_or(options.language.pick("today", "vandaag"));
        let (run, of) = (options.language.pick("run", "berekening"), options.language.pick("of", "van"));
        teller.say(&format!("{title}: {run} {} {of} {count}, {name} [{}]", k + 1, section.as_deref().unwrap_or(model)));
        let mut others: Vec<PathBuf> = rows.iter().filter_map(|row| row.folder.parent().map(PathBuf::from)).collect();
        others.dedup();
        let begun = if again {
            let mut simulation = Simulation::new(scenario, device.clone(), &own)?;
            simulation.language = options.language;
            Begun::New(Box::new(simulation))
        } else {
            Simulation::among(scenario, device.clone(), &own, &others, options.language)?
        };
        let (path, run_id, computed) = match begun {
            Begun::Finished(run) => {
                if options.json {
                    there(&run, options.language, true);
                } else {
                    let there = options.language.pick("there already, in", "al aanwezig, in");
                    say(format_args!("{there} {}", run.folder.display()));
                }
                (run.folder, run.record["run_id"].clone(), false)
            }
            Begun::New(simulation) | Begun::Stopped(simulation) => {
                let (path, id) = (simulation.folder.path.clone(), simulation.run_id.clone());
                if go(*simulation, teller, options.json, false)? == Came::Stopped {
                    return Ok(Came::Stopped);
                }
                (path, id.into(), true)
            }
        };
        rows.push(Row { variant, section, model, folder: path, run_id, computed });
    }
    let compared = compare_all(&rows, &folder, options)?;
    record(&title, &rows, &compared, &folder)?;
    let counts = (rows.iter().filter(|row| row.computed).count(), rows.iter().filter(|row| !row.computed).count());
    if options.json {
        json(json!({ "event": "compared", "folder": folder, "computed": counts.0, "reused": counts.1 }));
    } else {
        let (computed, reused) =
            (options.language.pick("computed", "berekend"), options.language.pick("there already", "al aanwezig"));
        say(format_args!("{}: {} {computed}, {} {reused}", folder.display(), counts.0, counts.1));
    }
    Ok(Came::Finished)
}

/// Compares the runs of each section, and says what it means.
fn compare_all(rows: &[Row], folder: &Path, options: &Options) -> Result<Vec<Value>> {
    let mut by_section: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_section.entry(row.section.clone().unwrap_or_else(|| row.model.into())).or_default().push(row);
    }
    let mut all = Vec::new();
    for (section, rows) in by_section {
        let Some(base) = rows.iter().find(|row| row.variant.is_none()) else { continue };
        let variants: Vec<&&Row> = rows.iter().filter(|row| row.variant.is_some()).collect();
        let runs: Vec<PathBuf> = variants.iter().map(|row| row.folder.clone()).collect();
        let labels: Vec<String> = variants.iter().filter_map(|row| row.variant.clone()).collect();
        let out = folder.join(COMPARISON).join(&section);
        let request = Request {
            base: &base.folder,
            runs: &runs,
            labels: Some(&labels),
            out: &out,
            areas: None,
            indicators: None,
            frames: false,
            language: options.language,
            date: &today(),
        };
        let found = compare::compare(&request, &models::variable)?;
        if !options.json {
            say(format_args!("{} [{section}]", options.language.pick("What changes:", "Wat verandert er:")));
            found.story.iter().for_each(|text| say(format_args!("{}", text.in_language(options.language))));
        }
        all.push(json!({ "section": section, "folder": format!("{COMPARISON}/{section}"), "story": found.story }));
    }
    Ok(all)
}

/// Writes what was run, what was there already, and where all of it is.
fn record(title: &str, rows: &[Row], compared: &[Value], folder: &Path) -> Result<()> {
    let within = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let runs: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "variant": row.variant, "section": row.section, "model": row.model, "folder": within(&row.folder),
                "run_id": row.run_id, "computed": row.computed,
            })
        })
        .collect();
    let computed = rows.iter().filter(|row| row.computed).count();
    let whole = json!({
        "title": title, "hanze": env!("CARGO_PKG_VERSION"), "runs": runs, "comparisons": compared,
        "computed": computed, "reused": rows.len() - computed,
    });
    let path = folder.join(RECORD);
    std::fs::write(&path, format!("{whole:#}\n")).map_err(Error::io("writing", &path))
}
