//! Finished runs beside each other: what differs in their layers and tables, what indicators say, and for whom.
//!
//! [`compare`] reads the folders that runs leave, checks every file that it reads against the record, and holds one pair of layers at a
//! time. It knows no model and no layer by its name: quantities come in as a function, indicators from a table.

mod areas;
mod indicators;
mod layers;
mod matrix;
mod measured;
mod overall;
mod picture;
mod run;
mod statistic;
mod story;
mod tables;

pub use indicators::{Better, Indicator, Indicators, Limit, Over, SHIPPED, Values};
pub use layers::{ONE_SIDE, Summary};
pub use matrix::Verdict;
pub use overall::{Matrix, over_all};
pub use statistic::{Statistic, ranks};

use areas::Areas;
use hanze_base::error::{Error, Result};
use hanze_base::frame::{Layer, Outcome};
use hanze_base::quantity::Variable;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::{Language, Text};
use hanze_output::folder::{Artifact, Provenance, RunFolder};
use matrix::Row;
use run::Run;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The record of a comparison, which is written last.
pub const RECORD: &str = "comparison.json";
/// Variants at most.
const MOST_RUNS: usize = 100;

/// What to compare.
pub struct Request<'a> {
    /// Folder of the run that the others are compared with.
    pub base: &'a Path,
    /// Folders of the variants.
    pub runs: &'a [PathBuf],
    /// What these are called, in their order; by their titles if it is left out.
    pub labels: Option<&'a [String]>,
    /// Folder for the comparison.
    pub out: &'a Path,
    /// File with areas for which layers are summed up, too.
    pub areas: Option<&'a Path>,
    /// Table of indicators; the shipped one if it is left out.
    pub indicators: Option<&'a Path>,
    /// Whether layers in time are compared, too.
    pub frames: bool,
    /// Language of maps and matrix.
    pub language: Language,
    /// Day for the maps, as 2026-11-25.
    pub date: &'a str,
}

/// A comparison.
#[derive(Debug)]
pub struct Comparison {
    /// What its record holds.
    pub record: Value,
    /// What it means, variant by variant.
    pub story: Vec<Text>,
    /// What was left out, and what else differs.
    pub remarks: Remarks,
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// Its indicators, for an overview of several sections.
    pub matrix: Matrix,
}

/// Compares runs and writes layers, maps, tables, indicators and the record. `find` gives what a layer of a name holds.
///
/// # Errors
/// `Data` where a run is not finished, is damaged, or is of another model or grid than the base, and for wrong tables of indicators or areas;
/// `Io` where a file cannot be read or written.
pub fn compare(request: &Request, find: &dyn Fn(&str) -> Option<Variable>) -> Result<Comparison> {
    let mut remarks = Remarks::default();
    let (base, runs) = opened(request, &mut remarks)?;
    let indicators = match request.indicators {
        Some(path) => Indicators::read(path)?,
        None => Indicators::shipped()?,
    };
    let areas = request.areas.map(|path| Areas::read(path, &base.grid, &mut remarks)).transpose()?;
    let mut folder = RunFolder::create(request.out)?;
    folder.provenance = Provenance {
        synthetic: base.synthetic || runs.iter().any(|run| run.synthetic),
        attribution: base.attribution.clone(),
    };
    // A record stands for a whole comparison: an earlier one goes before its files do.
    remove_earlier(request.out)?;
    let labels: Vec<String> = runs.iter().map(|run| run.label.clone()).collect();
    let (rows, neighbourhoods) = indicators_of(&indicators.all, &base, &runs, find, &mut remarks)?;
    let mut story = Vec::new();
    let mut compared = Vec::new();
    for (k, run) in runs.iter().enumerate() {
        let name = format!("variant-{}", k + 1);
        let mut own = RunFolder::create(&request.out.join(&name))?;
        own.provenance = folder.provenance.clone();
        let (layers, mut tables) =
            layers_of(request, &base, run, areas.as_ref(), &indicators.all, find, &mut own, &mut remarks)?;
        tables.extend(tables_of(&base, run, &mut remarks)?);
        let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
        own.outcome(&Outcome { tables, ..Outcome::default() })?;
        folder.artifacts.extend(
            own.artifacts
                .into_iter()
                .map(|artifact| Artifact { name: format!("{name}/{}", artifact.name), ..artifact }),
        );
        story.extend(story::story(&run.label, &base.label, k, &rows, &layers, &neighbourhoods));
        compared.push(json!({ "folder": name, "run": told(run), "layers": layers, "tables": names }));
    }
    let csv = matrix::csv(&rows, &base.label, &labels)?;
    folder.written("indicators.csv", "text/csv", "indicators by variants", &csv)?;
    if let Some(csv) = matrix::by_area(&rows, &base.label, &labels, &neighbourhoods)? {
        folder.written("indicators_by_area.csv", "text/csv", "indicators by neighbourhood", &csv)?;
    }
    let json = matrix::json(&rows, &base.label, &labels, &neighbourhoods);
    folder.written("indicators.json", "application/json", "indicators by variants", &format!("{json:#}\n"))?;
    if rows.len() > picture::MOST.0 || labels.len() > picture::MOST.1 {
        let (most, runs) = picture::MOST;
        remarks.push(Remark::new(
            0.0,
            format!("the picture shows {most} indicators and {runs} variants at most; the tables have all"),
            format!(
                "de afbeelding laat hoogstens {most} indicatoren en {runs} varianten zien; de tabellen hebben alles"
            ),
        ));
    }
    let title = format!("{}: {}", request.language.pick("Comparison with", "Vergelijking met"), base.label);
    let around = picture::Around {
        title: &title,
        base: &base.label,
        variants: &labels,
        attribution: &base.attribution,
        synthetic: folder.provenance.synthetic,
        language: request.language,
    };
    folder.picture("indicators", "indicators by variants", &picture::draw(&[("", &rows)], &around))?;
    let remarks = remarks.by_size();
    // Maps bear the day on which they were made.
    let (maps, files): (Vec<&Artifact>, Vec<&Artifact>) =
        folder.artifacts.iter().partition(|artifact| artifact.media_type == "image/png" && artifact.name.contains('/'));
    let record = json!({
        "hanze": env!("CARGO_PKG_VERSION"),
        "model": base.model,
        "language": request.language.code(),
        "base": told(&base),
        "variants": compared,
        "grid": base.grid,
        "indicators": { "source": indicators.source, "asked": indicators.all.len(), "answered": rows.len() },
        "story": story,
        "remarks": remarks,
        "artifacts": files,
        "volatile": { "date": request.date, "maps": maps },
    });
    folder.text(RECORD, &format!("{record:#}\n"))?;
    let matrix = Matrix { rows, base: base.label, labels, areas: neighbourhoods, provenance: folder.provenance };
    Ok(Comparison { record, story, remarks, artifacts: folder.artifacts, matrix })
}

/// Removes the files of an earlier comparison, the record first, as it stands for a whole one. What it does not name stays.
fn remove_earlier(out: &Path) -> Result<()> {
    let record = out.join(RECORD);
    let Ok(text) = std::fs::read_to_string(&record) else { return Ok(()) };
    std::fs::remove_file(&record).map_err(Error::io("removing", &record))?;
    let Ok(told) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
    let all = [&told["artifacts"], &told["volatile"]["maps"]].into_iter().filter_map(Value::as_array).flatten();
    for name in all.filter_map(|artifact| artifact["name"].as_str()).map(Path::new) {
        if name.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
            let path = out.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("removing", &path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What the record says of a run.
fn told(run: &Run) -> Value {
    json!({ "run_id": run.run_id, "title": run.title, "label": run.label, "section": run.section, "hanze": run.hanze })
}

/// The runs, which can be compared.
fn opened(request: &Request, remarks: &mut Remarks) -> Result<(Run, Vec<Run>)> {
    if request.runs.is_empty() || request.runs.len() > MOST_RUNS {
        let problem = format!("is compared with {} runs", request.runs.len());
        return Err(Error::data(request.base, problem, format!("give 1 to {MOST_RUNS} other runs")));
    }
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let out = whole(request.out);
    let all = || std::iter::once(request.base).chain(request.runs.iter().map(PathBuf::as_path));
    if out.is_some() && all().any(|path| whole(path) == out) || request.out.join("run.json").exists() {
        return Err(Error::data(request.out, "is the folder of a run", "choose another folder with --out"));
    }
    let mut base = Run::open(request.base)?;
    let mut runs = Vec::with_capacity(request.runs.len());
    for path in request.runs {
        let mut run = Run::open(path)?;
        if run.model != base.model {
            let problem = format!("is a run of {}, and the base is one of {}", run.model, base.model);
            return Err(Error::data(path, problem, "compare runs of one model"));
        }
        let is_same = run::is_same_grid(&run.grid, &base.grid) && run.grid.crs.plane() == base.grid.crs.plane();
        if !is_same {
            let words = |own: &Run| {
                let grid = own.grid;
                format!(
                    "{} x {} cells of {} m from ({}, {}), {}",
                    grid.cols, grid.rows, grid.cell, grid.west, grid.north, grid.crs
                )
            };
            let problem = format!("has {}, and the base has {}", words(&run), words(&base));
            return Err(Error::data(path, problem, "run both scenarios with the same city, extent and cell_m"));
        }
        run.grid = base.grid;
        if run.hanze != base.hanze {
            remarks.push(Remark::new(
                0.0,
                format!("\"{}\" was made by Hanze {}, and the base by {}", run.label, run.hanze, base.hanze),
                format!("\"{}\" is gemaakt met Hanze {}, en de basis met {}", run.label, run.hanze, base.hanze),
            ));
        }
        runs.push(run);
    }
    if let Some(labels) = request.labels {
        base.label = request.language.pick("today", "vandaag").into();
        runs.iter_mut().zip(labels).for_each(|(run, label)| run.label.clone_from(label));
        return Ok((base, runs));
    }
    // Runs of one title are told apart by their folders, and those of one folder's name by their place.
    let mut seen = BTreeSet::from([base.label.clone()]);
    for (k, run) in runs.iter_mut().enumerate() {
        if seen.contains(&run.label) {
            let folder = run.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let folder: String = folder.chars().filter(|letter| !letter.is_control()).collect();
            run.label = format!("{} ({folder})", run.title);
        }
        if !seen.insert(run.label.clone()) {
            run.label = format!("{} ({})", run.label, k + 1);
            seen.insert(run.label.clone());
        }
    }
    if base.label.is_empty() {
        base.label = "–".into();
    }
    Ok((base, runs))
}

/// The indicators that the base answers, in base and variants, and the names of the neighbourhoods.
fn indicators_of(
    asked: &[Indicator],
    base: &Run,
    runs: &[Run],
    find: &dyn Fn(&str) -> Option<Variable>,
    remarks: &mut Remarks,
) -> Result<(Vec<Row>, Vec<String>)> {
    let asked = measured::expanded(asked, base);
    let areas = Areas::neighbourhoods(base)?;
    let of_base = measured::measure(base, &asked, areas.as_ref(), find)?;
    let mut answered = Vec::new();
    let mut lacking: Vec<String> = Vec::new();
    for (indicator, own) in asked.into_iter().zip(of_base) {
        match own {
            Ok(base) => answered.push(Row { indicator, base, variants: Vec::new() }),
            Err(_) => lacking.push(indicator.name),
        }
    }
    let indicators: Vec<Indicator> = answered.iter().map(|row| row.indicator.clone()).collect();
    for run in runs {
        let found = measured::measure(run, &indicators, areas.as_ref(), find)?;
        for (row, own) in answered.iter_mut().zip(found) {
            if let Err(why) = &own {
                remarks.push(Remark::new(0.0, why.en.clone(), why.nl.clone()).of(&row.indicator.name));
            }
            row.variants.push(own.ok());
        }
    }
    if !lacking.is_empty() {
        let (count, names) = (lacking.len(), lacking.join(", "));
        remarks.push(Remark::new(
            0.0,
            format!("{count} indicators ask for what these runs do not give: {names}"),
            format!("{count} indicatoren vragen om wat deze berekeningen niet geven: {names}"),
        ));
    }
    Ok((answered, areas.map_or(Vec::new(), |areas| areas.names)))
}

/// Differences of all layers that both runs have: written, drawn, summed up, and within areas as tables.
#[allow(clippy::too_many_arguments, reason = "one step of `compare`, cut out for its length")]
fn layers_of(
    request: &Request,
    base: &Run,
    run: &Run,
    areas: Option<&Areas>,
    indicators: &[Indicator],
    find: &dyn Fn(&str) -> Option<Variable>,
    folder: &mut RunFolder,
    remarks: &mut Remarks,
) -> Result<(Vec<Summary>, Vec<hanze_base::frame::Table>)> {
    let language = request.language;
    let town = layers::Town::read(run, remarks)?;
    if town.is_none() {
        let label = &run.label;
        remarks.push(Remark::new(
            0.0,
            format!("\"{label}\" has no ground level, so that no maps are drawn"),
            format!("\"{label}\" heeft geen maaiveld: er zijn geen kaarten getekend"),
        ));
    }
    let title = format!("{} – {}", run.label, base.label);
    let synthetic = base.synthetic || run.synthetic;
    let mut atlas = town.as_ref().map(|town| town.atlas(&title, &run.attribution, request.date, synthetic, language));
    let (mut summaries, mut tables) = (Vec::new(), Vec::new());
    for common in layers::common(base, run, request.frames, find, remarks) {
        let pair = match layers::read(&common, base, run, find)? {
            Ok(pair) => pair,
            Err(why) => {
                remarks.push(Remark::new(0.0, why.en, why.nl));
                continue;
            }
        };
        if let Some(areas) = areas.filter(|_| common.folder.is_empty()) {
            let asked = asked_thresholds(indicators, &common.stem);
            tables.push(layers::within(areas, &common, &pair, &asked));
        }
        let values = layers::difference(&pair[0].values, &pair[1].values);
        drop(pair);
        let summary = Summary::of(&common, &values);
        let words = format!("{}: {} less {}", common.variable.title(Language::English), run.label, base.label);
        if summary.variant_only + summary.base_only > 0 {
            let side = |value: &f32| match *value {
                f32::INFINITY => 1.0,
                f32::NEG_INFINITY => -1.0,
                value if value.is_nan() => f32::NAN,
                _ => 0.0,
            };
            let variable = Variable::of(&ONE_SIDE, common.variable.name());
            let layer = Layer::new(variable.clone(), base.grid, values.iter().map(side).collect());
            let words = format!("{} where only one of two runs has a value", common.variable.title(Language::English));
            folder.layer(&common.file("one_side"), &variable, &layer.described(&words))?;
        }
        let drawn = Layer::new(common.variable.clone().comparison(), base.grid, values);
        if let Some(atlas) = &mut atlas {
            // The folder of a frame's map may not be there yet.
            let file = common.file("difference");
            if let Some(parent) = folder.path.join(&file).parent() {
                std::fs::create_dir_all(parent).map_err(Error::io("making the folder", parent))?;
            }
            let map = atlas.draw(&drawn, &layers::moment(&common, language), layers::longest(&base.grid));
            folder.picture(&file, &format!("map: {words}"), &map)?;
        }
        // Infinity stands for cells of one side in maps alone: in files they have no difference.
        let mut raster = drawn.into_raster();
        raster.values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = f32::NAN);
        let variable = common.variable.clone().change();
        let layer = Layer::of(variable.clone(), raster).described(&words);
        folder.layer(&common.file("difference"), &variable, &layer)?;
        summaries.push(summary);
    }
    Ok((summaries, tables))
}

/// Thresholds that indicators ask of a layer, rising.
fn asked_thresholds(indicators: &[Indicator], layer: &str) -> Vec<f64> {
    let is_own = |own: &&Indicator| {
        own.statistic != Statistic::HoursOver && matches!(&own.values, Values::Layer(name) if name == layer)
    };
    let mut all: Vec<f64> = indicators.iter().filter(is_own).filter_map(|own| own.threshold).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// The tables that both runs have, row beside row.
fn tables_of(base: &Run, run: &Run, remarks: &mut Remarks) -> Result<Vec<hanze_base::frame::Table>> {
    let (of_base, of_run) = (base.stems(".csv"), run.stems(".csv"));
    let mut all = Vec::new();
    let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    for table in of_base.union(&of_run).filter(|table| is_plain(table)) {
        if !(of_base.contains(table) && of_run.contains(table)) {
            let is_of_run = of_run.contains(table);
            let (en, nl) = if is_of_run { ("the variant", "de variant") } else { ("the base", "de basis") };
            let label = &run.label;
            remarks.push(Remark::new(
                0.0,
                format!("{label}: the table {table} is in {en} only"),
                format!("{label}: de tabel {table} is er alleen in {nl}"),
            ));
            continue;
        }
        let mut told = Remarks::default();
        match (tables::read(base, table)?, tables::read(run, table)?) {
            (Ok(was), Ok(is)) => all.extend(tables::join(table, &was, &is, &mut told)),
            (Err(why), _) | (_, Err(why)) => told.push(Remark::new(0.0, why.en, why.nl)),
        }
        remarks.extend(told.iter().map(|remark| remark.of(&run.label)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
