//! A scenario with variants as a whole: every section on today's city and on each variant, in an order in which each run finds what it
//! stands on, and what differs between them.

use crate::checksum::of_file;
use crate::compare::{self, Comparison, Request};
use crate::error::{Error, Result};
use crate::models::{self, Basis, Left};
use crate::output::folder::START;
use crate::scenario::{Scenario, slug};
use crate::simulation::today;
use crate::words::{Language, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folder of today's city, of comparisons, and the record of the whole.
pub const BASE: &str = "base";
/// Folder of the comparisons.
pub const COMPARISON: &str = "comparison";
/// Name of the record.
pub const RECORD: &str = "whole.json";

/// A run of the whole that is finished.
#[derive(Clone, Debug)]
pub struct Part {
    /// The variant of the city; today's if there is none.
    pub variant: Option<String>,
    /// What tells its section from the others of the scenario, where there are others.
    pub section: Option<String>,
    /// Its model.
    pub model: String,
    /// The folder of the run.
    pub folder: PathBuf,
    /// The run's name.
    pub run_id: String,
    /// Whether it was computed now, and not there already.
    pub computed: bool,
}

/// What differs between the runs of a section.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The section, or its model where there is one only; none for the overview of all.
    pub section: Option<String>,
    /// The folder of the comparison.
    pub folder: PathBuf,
    /// What it means, in words.
    pub story: Vec<Text>,
}

/// Name of the folder in which the runs of a scenario on one city lie, below that of the whole.
pub fn folder(scenario: &Scenario) -> String {
    scenario.variant().map_or(BASE.into(), slug)
}

/// The runs in an order in which each comes after those that it stands on; otherwise as they are.
pub fn order(all: Vec<Scenario>) -> Vec<Scenario> {
    let needs = needs(&all);
    let (mut done, mut order) = (vec![false; all.len()], Vec::new());
    while let Some(next) = (0..all.len()).find(|k| !done[*k] && needs[*k].iter().all(|need| done[*need])) {
        done[next] = true;
        order.push(next);
    }
    let mut all: Vec<Option<Scenario>> = all.into_iter().map(Some).collect();
    order.into_iter().filter_map(|k| all[k].take()).collect()
}

/// For each run the runs whose files it stands on: that of its section on today's city, and those of the sections that it takes something
/// from on the same city.
pub fn needs(all: &[Scenario]) -> Vec<Vec<usize>> {
    let base = |scenario: &Scenario| {
        all.iter().position(|other| other.variant().is_none() && other.section_label() == scenario.section_label())
    };
    let giver = |scenario: &Scenario, section: &str| {
        all.iter().position(|other| other.variant() == scenario.variant() && other.section_label() == Some(section))
    };
    let of = |scenario: &Scenario| {
        let takes = scenario.takes();
        let taken = takes.iter().filter_map(|takes| giver(scenario, takes.section));
        scenario.variant().and_then(|_| base(scenario)).into_iter().chain(taken).collect()
    };
    all.iter().map(of).collect()
}

/// What a run stands on, of those that are finished.
///
/// # Errors
/// `Io` where a file cannot be read.
pub fn basis(scenario: &Scenario, done: &[Part]) -> Result<Basis> {
    let is_base = |part: &&Part| part.variant.is_none() && part.section.as_deref() == scenario.section_label();
    let base = done.iter().find(is_base).filter(|_| scenario.variant().is_some());
    let start = base.map(|part| part.folder.join(START)).filter(|path| path.exists());
    let left = |path: PathBuf| of_file(&path).map(|(sha256, _)| Left { path, sha256 });
    let mut taken = BTreeMap::new();
    for takes in scenario.takes() {
        let giver = done.iter().find(|part| {
            part.variant.as_deref() == scenario.variant() && part.section.as_deref() == Some(takes.section)
        });
        let link = giver.and_then(|part| {
            let gives = models::named(&part.model)?.gives;
            Some((part, gives.iter().find(|link| link.name == takes.what)?))
        });
        let Some((part, link)) = link else { continue };
        for (of, file) in link.files.iter().filter(|(_, file)| part.folder.join(file).exists()) {
            taken.insert(format!("{}: {of}", link.name), left(part.folder.join(file))?);
        }
    }
    Ok(Basis { start: start.map(left).transpose()?, taken })
}

/// Compares the runs of each section, each in a folder of its own below `folder`, and of several makes one matrix; what it says stands last,
/// without a section.
///
/// # Errors
/// `Data` and `Io` where runs cannot be read or the comparison cannot be written.
pub fn compare(parts: &[Part], folder: &Path, language: Language) -> Result<Vec<Compared>> {
    // In the order of the scenario.
    let mut by_section: Vec<(&str, Vec<&Part>)> = Vec::new();
    for part in parts {
        let section = part.section.as_deref().unwrap_or(&part.model);
        match by_section.iter_mut().find(|(own, _)| *own == section) {
            Some((_, all)) => all.push(part),
            None => by_section.push((section, vec![part])),
        }
    }
    let mut all = Vec::new();
    let mut found = Vec::new();
    for (section, parts) in by_section {
        let Some(base) = parts.iter().find(|part| part.variant.is_none()).filter(|_| parts.len() > 1) else { continue };
        let variants = || parts.iter().filter(|part| part.variant.is_some());
        let runs: Vec<PathBuf> = variants().map(|part| part.folder.clone()).collect();
        let labels: Vec<String> = variants().filter_map(|part| part.variant.clone()).collect();
        let out = folder.join(COMPARISON).join(section);
        let request = Request {
            base: &base.folder,
            runs: &runs,
            labels: Some(&labels),
            out: &out,
            areas: None,
            indicators: None,
            frames: false,
            language,
            date: &today(),
        };
        let own = compare::compare(&request, &models::variable)?;
        all.push(Compared { section: Some(section.into()), folder: out, story: own.story.clone() });
        let title = models::named(&base.model).map_or(Text::new(section, section), |entry| {
            let behind = if section == base.model { String::new() } else { format!(" [{section}]") };
            Text::new(format!("{}{behind}", entry.title), format!("{}{behind}", entry.title_nl))
        });
        found.push((title, own));
    }
    if found.len() > 1 {
        let sections: Vec<(Text, &Comparison)> = found.iter().map(|(title, own)| (title.clone(), own)).collect();
        let out = folder.join(COMPARISON);
        let story = compare::over_all(&sections, &out, language)?;
        all.push(Compared { section: None, folder: out, story });
    }
    Ok(all)
}

/// Writes what was run, what was there already, and where all of it is: the record of the whole.
///
/// # Errors
/// `Io` where it cannot be written.
pub fn record(title: &str, parts: &[Part], compared: &[Compared], folder: &Path) -> Result<()> {
    let within = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let runs: Vec<Value> = parts
        .iter()
        .map(|part| {
            json!({
                "variant": part.variant, "section": part.section, "model": part.model, "folder": within(&part.folder),
                "run_id": part.run_id, "computed": part.computed,
            })
        })
        .collect();
    let comparisons: Vec<Value> = compared
        .iter()
        .map(|own| json!({ "section": own.section, "folder": within(&own.folder), "story": own.story }))
        .collect();
    let computed = parts.iter().filter(|part| part.computed).count();
    let whole = json!({
        "title": title, "hanze": env!("CARGO_PKG_VERSION"), "runs": runs, "comparisons": comparisons,
        "computed": computed, "reused": parts.len() - computed,
    });
    let path = folder.join(RECORD);
    std::fs::write(&path, format!("{whole:#}\n")).map_err(Error::io("writing", &path))
}
