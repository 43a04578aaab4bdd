//! A scenario with variants as a whole: every section on today's city and on each variant, in an order in which each run finds what it
//! stands on, and what differs between them.

use crate::checksum::of_file;
use crate::compare::{self, Comparison, Request};
use crate::error::{Error, Result};
use crate::models::{self, Basis, Left};
use crate::output::folder::{Artifact, START};
use crate::scenario::{Scenario, slug};
use crate::simulation::today;
use crate::words::{Language, Text};
use serde_json::{Value, json};
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
    /// Its files.
    pub artifacts: Vec<Artifact>,
}

/// Name of the folder in which the runs of a scenario on one city lie, below that of the whole.
pub fn folder(scenario: &Scenario) -> String {
    scenario.variant().map_or(BASE.into(), slug)
}

/// The runs in an order in which each comes after those that it stands on; otherwise as they are.
pub fn order(all: Vec<Scenario>) -> Vec<Scenario> {
    let needed = needed(&all);
    let (mut done, mut order) = (vec![false; all.len()], Vec::new());
    while let Some(next) = (0..all.len()).find(|k| !done[*k] && needed[*k].iter().all(|needed| done[needed.run])) {
        done[next] = true;
        order.push(next);
    }
    let mut all: Vec<Option<Scenario>> = all.into_iter().map(Some).collect();
    order.into_iter().filter_map(|k| all[k].take()).collect()
}

/// A file of another run that a run stands on, where that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The run, by its place among all.
    pub run: usize,
    /// Name of the file in its folder.
    pub file: &'static str,
    /// What it is taken as; none for what the run starts from.
    pub taken: Option<String>,
}

/// For each run the files of others that it stands on: what its section left on today's city, and what the sections that it takes something from
/// gave on the same city.
pub fn needed(all: &[Scenario]) -> Vec<Vec<Needed>> {
    let of = |scenario: &Scenario| {
        let base = |other: &Scenario| other.variant().is_none() && other.section_label() == scenario.section_label();
        let base = scenario.variant().and_then(|_| all.iter().position(base));
        let start = base.map(|run| Needed { run, file: START, taken: None });
        let taken = scenario.takes().into_iter().flat_map(|takes| {
            let is_giver = |other: &Scenario| {
                other.variant() == scenario.variant() && other.section_label() == Some(takes.section)
            };
            let giver = all.iter().position(is_giver);
            let gives = giver.and_then(|run| Some((run, models::named(all[run].model())?.gives)));
            let link = gives.and_then(|(run, gives)| Some((run, gives.iter().find(|link| link.name == takes.what)?)));
            link.into_iter().flat_map(|(run, link)| {
                let of = move |(part, file): &(&str, &'static str)| Needed {
                    run,
                    file,
                    taken: Some(format!("{}: {part}", link.name)),
                };
                link.files.iter().map(of).collect::<Vec<_>>()
            })
        });
        start.into_iter().chain(taken).collect()
    };
    all.iter().map(of).collect()
}

/// The runs that others stand on, each once.
pub fn runs(needed: &[Needed]) -> Vec<usize> {
    let mut all: Vec<usize> = needed.iter().map(|needed| needed.run).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What a run stands on; `find` gives a file of a run, where it has that.
///
/// # Errors
/// Those of `find`.
pub fn basis(needed: &[Needed], find: impl Fn(usize, &str) -> Result<Option<Left>>) -> Result<Basis> {
    let mut basis = Basis::default();
    for Needed { run, file, taken } in needed {
        let Some(left) = find(*run, file)? else { continue };
        match taken {
            Some(name) => drop(basis.taken.insert(name.clone(), left)),
            None => basis.start = Some(left),
        }
    }
    Ok(basis)
}

/// A file in the folder of a finished run.
///
/// # Errors
/// `Io` where it cannot be read.
pub fn left(part: &Part, file: &str) -> Result<Option<Left>> {
    let path = part.folder.join(file);
    if !path.exists() {
        return Ok(None);
    }
    of_file(&path).map(|(sha256, _)| Some(Left { path, sha256 }))
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
        let (story, artifacts) = (own.story.clone(), own.artifacts.clone());
        all.push(Compared { section: Some(section.into()), folder: out, story, artifacts });
        let title = models::named(&base.model).map_or(Text::new(section, section), |entry| {
            let behind = if section == base.model { String::new() } else { format!(" [{section}]") };
            Text::new(format!("{}{behind}", entry.title), format!("{}{behind}", entry.title_nl))
        });
        found.push((title, own));
    }
    if found.len() > 1 {
        let sections: Vec<(Text, &Comparison)> = found.iter().map(|(title, own)| (title.clone(), own)).collect();
        let out = folder.join(COMPARISON);
        let (story, artifacts) = compare::over_all(&sections, &out, language)?;
        all.push(Compared { section: None, folder: out, story, artifacts });
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
