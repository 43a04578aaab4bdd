//! The scenario: read, checked, and turned to SI once.

mod check;
mod city;
mod columns;
mod files;
#[cfg(test)]
mod filled;
mod found;
mod ground;
mod header;
mod heat;
mod network;
mod numbers;
mod old;
mod place;
mod rain;
mod runoff;
mod schema;
mod sections;
mod series;
mod spec;
mod standing;
mod storms;
mod traffic;
mod units;
mod variant;

pub use city::{Input, check_demo_memory};
pub use files::FileRef;
pub use heat::{
    ALBEDOS, ConductionName, EdgesName, HeatProduct, HeatSky, HeatSpec, IslandSpec, MOST_RELEASED, WindName,
};
pub use runoff::{BoundaryName, BoundarySpec, RunoffSpec};
pub use sections::{Reads, Section, Sections};
pub use series::Allowed;
pub use spec::{
    BuildingsAre, DemoSpec, ModelName, NumberOrFile, PointOrLine, RoofWater, SeriesSpec, Spec, StructureName,
    StructureSpec,
};
pub use traffic::{
    ClosureSpec, DemandSpec, EditAction, EditSpec, MotionKey, MotionSpec, ReachSpec, SelectSpec, TrafficSpec, TripsPer,
    is_rules, slug,
};
pub use variant::{
    ActionName, EditSpec as VariantEditSpec, Geometry, GroundKind, Nested, SetSpec, ShapeSpec, SpeciesName,
    VariantSpec, WhatName,
};

use hanze_base::error::{Error, Result};
use hanze_base::remark::Remarks;
use hanze_weather::is_shipped;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest scenario file that is read, bytes.
const LARGEST_FILE: u64 = 16 << 20;

/// What one section of a scenario asks, with the place that it came from.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it says, with this section alone.
    pub spec: Spec,
    /// The file.
    pub file: PathBuf,
    /// Its text, with all sections.
    pub text: String,
    /// Whether its author wrote this text, so that lines of it mean something.
    is_written: bool,
    /// Cells of one of its files at most; a file that claims more is refused before memory is set aside for it.
    pub most_cells: u64,
    asked: Asked,
    /// Whether files of series are read, too; without it they are taken for sound.
    reads_files: bool,
    /// The earliest of the first dates of its series, once it was looked for.
    first_date: std::sync::OnceLock<Option<columns::Date>>,
}

/// The section of a scenario.
#[derive(Clone, Debug)]
struct Asked {
    model: ModelName,
    /// Its place in the list of its kind, where there is a list.
    place: Option<usize>,
    /// What tells it from the other sections of its file, where there are others.
    label: Option<String>,
    reads: Reads,
}

impl Scenario {
    /// Reads and checks a scenario with one section. Input rasters are not read yet.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed; `Io` when the file cannot be read.
    pub fn load(file: &Path) -> Result<Scenario> {
        Scenario::parse(file, read(file)?)
    }

    /// The same with any number of sections: what each of them asks.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn load_all(file: &Path) -> Result<Vec<Scenario>> {
        Scenario::parse_all(file, read(file)?)
    }

    /// Checks the text of a scenario with one section that stands for `file`, to whose folder its paths are relative.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed.
    pub fn parse(file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(file, text, true, true).and_then(first)
    }

    /// The same with any number of sections.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn parse_all(file: &Path, text: String) -> Result<Vec<Scenario>> {
        Scenario::parse_with(file, text, true, false)
    }

    /// As [`Scenario::parse`], but opens no file that the scenario names: for scenarios from outside, before it is known whether they
    /// may name what they do.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn parse_alone(file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(file, text, false, true).and_then(first)
    }

    /// With `alone`, several sections are refused before any of them is looked at.
    fn parse_with(file: &Path, text: String, reads_files: bool, alone: bool) -> Result<Vec<Scenario>> {
        let located = |error: Error| match error {
            Error::Scenario { place: None, at, problem, mend } => {
                let span = place::span_of(&text, &at).unwrap_or(0..0);
                Error::Scenario { place: Some(Box::new(place::place(file, &text, span))), at, problem, mend }
            }
            other => other,
        };
        old::refuse(&text).map_err(located)?;
        let spec = toml::from_str::<Spec>(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            Error::Scenario {
                at: place::key_at(&text, &span).unwrap_or_default(),
                place: Some(Box::new(place::place(file, &text, span))),
                problem: error.message().trim().replace('\n', ", "),
                mend: "see `hanze schema` for what is allowed".into(),
            }
        })?;
        spec.check().map_err(located)?;
        if alone {
            refuse_several(&spec)?;
        }
        Scenario::sections_of(&spec, file, &text, true, reads_files)
    }

    /// What the sections of a scenario ask, each checked.
    fn sections_of(spec: &Spec, file: &Path, text: &str, is_written: bool, reads_files: bool) -> Result<Vec<Scenario>> {
        let sections = spec.sections();
        let mut all = Vec::with_capacity(sections.len());
        for (place, section) in &sections {
            let model = section.model();
            let scenario = Scenario {
                spec: spec.only(model, place.unwrap_or(0)),
                file: file.to_path_buf(),
                text: text.to_string(),
                is_written,
                most_cells: city::MOST_CELLS,
                asked: Asked {
                    model,
                    place: *place,
                    label: (sections.len() > 1).then(|| label(*section)),
                    reads: section.reads(),
                },
                reads_files,
                first_date: std::sync::OnceLock::new(),
            };
            scenario.check().map_err(|error| scenario.locate(error))?;
            all.push(scenario);
        }
        Ok(all)
    }

    /// Checks a scenario with one section that was no text, and stands for `file`. No file that it names is opened.
    ///
    /// # Errors
    /// `Scenario` with the key and what is allowed.
    pub fn of(file: &Path, spec: &Spec) -> Result<Scenario> {
        let unfit = |error: toml::ser::Error| Error::scenario("", error.to_string(), "write numbers that TOML has");
        let text = toml::to_string(spec).map_err(unfit)?;
        spec.check()?;
        refuse_several(spec)?;
        Scenario::sections_of(spec, file, &text, false, false).and_then(first)
    }

    /// Looks at the files of series, too, of which nothing was opened so far.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn with_files(mut self) -> Result<Scenario> {
        self.reads_files = true;
        self.check().map_err(|error| self.locate(error))?;
        Ok(self)
    }

    /// Says what is wrong with a scenario as JSON of an earlier form, and how its keys are written now.
    ///
    /// # Errors
    /// `Scenario` with all keys that are written otherwise now.
    pub fn refuse_old(scenario: &serde_json::Value) -> Result<()> {
        old::refuse_json(scenario)
    }

    /// The model that is asked.
    pub fn model(&self) -> ModelName {
        self.asked.model
    }

    /// What tells this section from the others of its file, such as `runoff-dry`; none where it is alone.
    pub fn label(&self) -> Option<&str> {
        self.asked.label.as_deref()
    }

    /// What is asked of the runoff model, if it is asked.
    pub fn runoff(&self) -> Option<&RunoffSpec> {
        self.spec.runoff.as_ref()?.as_slice().first()
    }

    /// What is asked of the heat model, if it is asked.
    pub fn heat(&self) -> Option<&HeatSpec> {
        self.spec.heat.as_ref()?.as_slice().first()
    }

    /// What is asked of the traffic model, if it is asked.
    pub fn traffic(&self) -> Option<&TrafficSpec> {
        self.spec.traffic.as_ref()?.as_slice().first()
    }

    /// End of the run, minutes.
    pub fn end_minutes(&self) -> f64 {
        self.spec.sections().first().map_or(0.0, |(_, section)| section.end_minutes())
    }

    /// Time between frames, minutes, where it is given.
    pub fn frame_minutes(&self) -> Option<f64> {
        self.spec.sections().first().and_then(|(_, section)| section.frame_minutes())
    }

    /// Which layers of the city are read that not every model reads.
    fn reads(&self) -> Reads {
        self.asked.reads
    }

    /// The JSON Schema of a scenario.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Spec).to_value()
    }

    /// The same schema as OpenAPI 3.0 has it, in one piece.
    pub fn openapi_schema() -> serde_json::Value {
        let settings =
            schemars::generate::SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<Spec>().to_value();
        if let Some(schema) = schema.as_object_mut() {
            // These name the dialect and the parts, of which there are none left.
            schema.remove("$schema");
            schema.remove("components");
        }
        schema
    }

    /// The same error with the file and the line that its key stands on, where it was written by hand. Keys of a section begin with the name of its model; where the
    /// section stands in a list, its place is added.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Scenario { place: None, at, problem, mend } if !self.is_written => {
                Error::Scenario { place: None, at: self.within(at), problem, mend }
            }
            Error::Scenario { place: None, at, problem, mend } => {
                let at = self.within(at);
                let span = place::span_of(&self.text, &at).unwrap_or(0..0);
                Error::Scenario { place: Some(Box::new(place::place(&self.file, &self.text, span))), at, problem, mend }
            }
            other => other,
        }
    }

    /// A key with the place of the section in its list.
    fn within(&self, at: String) -> String {
        let rest = at.strip_prefix(self.model().section()).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        match (self.asked.place, rest) {
            (Some(k), Some(rest)) => format!("{}[{k}]{rest}", self.model().section()),
            _ => at,
        }
    }

    /// A path of the scenario: after `data:` in the data folder, else relative to the scenario's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix("data:") {
            Some(name) => hanze_base::data_folder().unwrap_or_else(|| PathBuf::from("HANZE_DATA")).join(name),
            None => self.file.parent().unwrap_or(Path::new("")).join(name),
        }
    }

    /// The CSV files of water that series name, with what they are for.
    fn series_files(&self) -> impl Iterator<Item = (String, &str)> {
        let runoff = || self.runoff().into_iter();
        let rain = runoff().filter_map(|runoff| runoff.rain.as_ref()?.mm_per_hour.as_ref());
        let rain = rain.map(|series| ("rain".to_string(), series));
        let edges = runoff().flat_map(|runoff| &runoff.boundary).flat_map(|b| {
            let series = [&b.level_m, &b.discharge_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("boundary {}", b.name), series))
        });
        let structures = runoff().flat_map(|_| &self.spec.city.structure).flat_map(|s| {
            let series = [&s.level_m, &s.capacity_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("structure {}", s.name), series))
        });
        let points = runoff().flat_map(|runoff| &runoff.inflow);
        let points = points.map(|i| (format!("inflow {}", i.name), &i.discharge_m3_per_s));
        rain.chain(edges).chain(structures).chain(points).filter_map(|(layer, series)| match series {
            SeriesSpec::File(name) => Some((layer, &**name)),
            _ => None,
        })
    }

    /// The earliest of the first dates of its series, which is time 0 for all of them; `None` where none has dates.
    fn first_date(&self) -> Option<&columns::Date> {
        let look = || {
            let names: std::collections::BTreeSet<&str> = self.series_files().map(|(_, name)| name).collect();
            let dates = names.into_iter().filter_map(|name| columns::Columns::first_date(&self.path(name)));
            dates.min_by(|a, b| a.seconds.total_cmp(&b.seconds))
        };
        self.first_date.get_or_init(look).as_ref()
    }

    /// The CSV files that series name.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn series_inputs(&self) -> Result<Vec<Input>> {
        let (spec, runoff, heat) = (&self.spec, self.runoff(), self.heat());
        let rasters = runoff.and_then(|runoff| runoff.rain.as_ref()?.rasters_mm.as_ref()).into_iter().flatten();
        let inlets = match runoff.and_then(|runoff| Some(&runoff.sewer.as_ref()?.inlet_mm_per_hour)) {
            Some(NumberOrFile::File(name)) => Some(("inlets".to_string(), &**name)),
            _ => None,
        };
        let released = match heat.and_then(HeatSpec::released) {
            Some(NumberOrFile::File(name)) => Some(("released heat".to_string(), &**name)),
            _ => None,
        };
        let heat = heat.into_iter().flat_map(|heat| [heat.weather(), heat.pressure.as_deref()]).flatten();
        let weather = heat.filter(|name| !is_shipped(name)).map(|name| ("weather".to_string(), name));
        let roads = [&spec.city.network, &spec.city.network_nodes].into_iter().flatten();
        let roads = roads.filter(|_| self.reads().network).map(|name| &**name);
        let traffic = roads.chain(self.traffic().into_iter().flat_map(TrafficSpec::files));
        let files = self.series_files().chain(traffic.map(|name| ("traffic".to_string(), name)));
        let files =
            files.chain(rasters.map(|name| ("rain".to_string(), &**name))).chain(inlets).chain(weather).chain(released);
        let input = |(layer, name): (String, &str)| {
            let (sha256, bytes) = hanze_base::checksum::of_file(&self.path(name))?;
            Ok(Input { name: name.to_string(), layer, sha256, bytes, nodata_share: 0.0, repairs: Remarks::default() })
        };
        files.map(input).collect()
    }

    /// Times of the frames, s: every frame step and the end.
    pub fn frame_times(&self) -> Vec<f64> {
        let end = self.end_minutes() * 60.0;
        let step = self.frame_minutes().map_or(end, |minutes| minutes * 60.0);
        let count = (end / step - 1e-9).ceil().max(1.0) as usize;
        (1..=count).map(|k| if k == count { end } else { k as f64 * step }).collect()
    }
}

/// The text of a file.
fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(Error::io("reading", file))?;
    opened.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", file))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(Error::data(file, "is longer than 16 MiB", "a scenario is a short TOML file"));
    }
    Ok(text)
}

/// What tells a section from the others of its file.
fn label(section: &dyn Section) -> String {
    let name = section.name().map_or(String::new(), |name| format!("-{}", slug(name)));
    format!("{}{name}", section.model().section())
}

/// An error with the names of all sections where there are several.
fn refuse_several(spec: &Spec) -> Result<()> {
    let sections = spec.sections();
    if sections.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = sections.iter().map(|(_, section)| format!("[{}]", label(*section))).collect();
    let problem = format!("the scenario has {} sections: {}", names.len(), names.join(", "));
    Err(Error::scenario("", problem, "keep one of them; `hanze run` and `hanze check` take several"))
}

/// The scenario of the only section.
fn first(all: Vec<Scenario>) -> Result<Scenario> {
    let none = || Error::scenario("", "the scenario asks nothing", "add a section such as [runoff]");
    all.into_iter().next().ok_or_else(none)
}
