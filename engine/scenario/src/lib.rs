//! The scenario: read, checked, and turned to SI once.
//!
//! Users take it through the facade `hanze-engine`, where it is `scenario`. It may name `hanze-base`, `hanze-city`,
//! `hanze-weather` and `hanze-device`: it knows sections, but no model.

mod check;
mod city;
mod columns;
mod files;
mod found;
mod ground;
mod header;
pub mod keys;
mod network;
mod numbers;
mod old;
mod place;
mod schema;
mod sections;
mod series;
mod shares;
mod shelf;
mod spec;
mod standing;
mod units;
mod variant;

pub use city::{Input, check_demo_memory};
pub use files::FileRef;
pub use sections::{Kind, Kinds, Reads, Section, Sections, Takes, slug};
pub use series::Allowed;
pub use spec::{
    BuildingsAre, CitySpec, DemoSpec, NumberFileOrSection, NumberOrFile, PointOrLine, RoofWater, SectionRef,
    SeriesSpec, Spec, StructureName, StructureSpec,
};
pub use variant::{
    ActionName, EditSpec, Geometry, GroundKind, Nested, SetSpec, ShapeSpec, SpeciesName, VariantSpec, WhatName,
};

use hanze_base::error::{Error, Result};
use hanze_base::remark::Remarks;
use hanze_city::Part;
use spec::{Unfit, Unknown};
use std::any::Any;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// What its sections have read of the city.
    shelf: Arc<shelf::Shelf>,
    /// Whether files of series are read, too; without it they are taken for sound.
    reads_files: bool,
    /// The earliest of the first dates of its series, once it was looked for.
    first_date: std::sync::OnceLock<Option<columns::Date>>,
}

/// The section of a scenario.
#[derive(Clone, Debug)]
struct Asked {
    kind: &'static Kind,
    /// Its place in the list of its kind, where there is a list.
    place: Option<usize>,
    /// What tells it from the other sections and variants of its file, where there are others.
    label: Option<String>,
    /// What tells it from the other sections alone.
    section_label: Option<String>,
    /// The variant of the city that it is asked of; today's if there is none.
    variant: Option<String>,
    /// All variants, in the order in which the file has them.
    variants: Arc<[VariantSpec]>,
    reads: Reads,
}

impl Scenario {
    /// Reads and checks a scenario with one section. Input rasters are not read yet.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed; `Io` when the file cannot be read.
    pub fn load(kinds: &'static Kinds, file: &Path) -> Result<Scenario> {
        Scenario::parse(kinds, file, read(file)?)
    }

    /// The same with any number of sections: what each of them asks.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn load_all(kinds: &'static Kinds, file: &Path) -> Result<Vec<Scenario>> {
        Scenario::parse_all(kinds, file, read(file)?)
    }

    /// Checks the text of a scenario with one section that stands for `file`, to whose folder its paths are relative.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed.
    pub fn parse(kinds: &'static Kinds, file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(kinds, file, text, true, true).and_then(first)
    }

    /// The same with any number of sections.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn parse_all(kinds: &'static Kinds, file: &Path, text: String) -> Result<Vec<Scenario>> {
        Scenario::parse_with(kinds, file, text, true, false)
    }

    /// As [`Scenario::parse`], but opens no file that the scenario names: for scenarios from outside, before it is known whether they
    /// may name what they do.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn parse_alone(kinds: &'static Kinds, file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(kinds, file, text, false, true).and_then(first)
    }

    /// With `alone`, several sections are refused before any of them is looked at.
    fn parse_with(
        kinds: &'static Kinds,
        file: &Path,
        text: String,
        reads_files: bool,
        alone: bool,
    ) -> Result<Vec<Scenario>> {
        let located = |error: Error| match error {
            Error::Scenario { place: None, at, problem, mend } => {
                let span = place::span_of(&text, &at).unwrap_or(0..0);
                Error::Scenario { place: Some(Box::new(place::place(file, &text, span))), at, problem, mend }
            }
            other => other,
        };
        old::refuse(&text).map_err(located)?;
        let mend = || "see `hanze schema` for what is allowed".to_string();
        let spec = Spec::of_toml(kinds, &text).map_err(|unfit| match unfit {
            Unfit::Unknown(Unknown { key, span, problem }) => Error::Scenario {
                at: key,
                place: Some(Box::new(place::place(file, &text, span))),
                problem,
                mend: mend(),
            },
            Unfit::Toml(error) => {
                let span = error.span().unwrap_or(0..0);
                Error::Scenario {
                    at: place::key_at(&text, &span).unwrap_or_default(),
                    place: Some(Box::new(place::place(file, &text, span))),
                    problem: error.message().trim().replace('\n', ", "),
                    mend: mend(),
                }
            }
        })?;
        spec.check().map_err(located)?;
        if alone {
            refuse_several(&spec)?;
        }
        Scenario::sections_of(&spec, file, &text, true, reads_files).map_err(located)
    }

    /// What the sections of a scenario ask, each checked.
    fn sections_of(spec: &Spec, file: &Path, text: &str, is_written: bool, reads_files: bool) -> Result<Vec<Scenario>> {
        let shelf = Arc::<shelf::Shelf>::default();
        let mut all = Vec::new();
        let names = spec.variant.iter().map(|variant| Some(variant.name.as_str()));
        let variants: Arc<[VariantSpec]> = spec.variant.clone().into();
        let several = spec.sections().len() > 1;
        for variant in [None].into_iter().chain(names) {
            let set = spec.of_variant(variant)?;
            for (place, section) in set.sections() {
                let kind = section.kind();
                let own = several.then(|| label(section));
                let parts: Vec<String> = variant.map(slug).into_iter().chain(own.clone()).collect();
                let reads = section.reads(&set.city);
                let mut only = set.only(kind, place.unwrap_or(0));
                if !reads.keys.contains(&"structure") {
                    only.city.structure.clone_from(&spec.city.structure);
                }
                if let Some(name) = variant {
                    only.variant = spec.variants_of(name)?;
                }
                let scenario = Scenario {
                    spec: only,
                    file: file.to_path_buf(),
                    text: text.to_string(),
                    is_written,
                    most_cells: city::MOST_CELLS,
                    asked: Asked {
                        kind,
                        place,
                        label: (!parts.is_empty()).then(|| parts.join("-")),
                        section_label: own,
                        variant: variant.map(String::from),
                        variants: variants.clone(),
                        reads,
                    },
                    shelf: shelf.clone(),
                    reads_files,
                    first_date: std::sync::OnceLock::new(),
                };
                scenario.check().map_err(|error| scenario.locate(error))?;
                all.push(scenario);
            }
        }
        linked(&all)?;
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

    /// The same with any number of sections, on today's city and on each variant.
    ///
    /// # Errors
    /// Those of [`Scenario::of`].
    pub fn all_of(file: &Path, spec: &Spec) -> Result<Vec<Scenario>> {
        let unfit = |error: toml::ser::Error| Error::scenario("", error.to_string(), "write numbers that TOML has");
        let text = toml::to_string(spec).map_err(unfit)?;
        spec.check()?;
        Scenario::sections_of(spec, file, &text, false, false)
    }

    /// All that the text of a scenario says, as it is written. It is checked by [`Scenario::parse_all`].
    ///
    /// # Errors
    /// `Scenario` in words.
    pub fn spec_of(kinds: &'static Kinds, text: &str) -> Result<Spec> {
        let mend = "see `hanze schema` for what is allowed";
        Spec::of_toml(kinds, text).map_err(|unfit| match unfit {
            Unfit::Unknown(Unknown { key, problem, .. }) => Error::scenario(key, problem, mend),
            Unfit::Toml(error) => Error::scenario("", error.message().trim().replace('\n', ", "), mend),
        })
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

    /// The name of the model that is asked: that of its sections.
    pub fn model(&self) -> &'static str {
        self.asked.kind.name
    }

    /// What it takes from other sections of its scenario.
    pub fn takes(&self) -> Vec<Takes<'_>> {
        self.section().map(Section::takes).unwrap_or_default()
    }

    /// What tells it from the other sections of its file, whichever the variant; none where there is one section.
    pub fn section_label(&self) -> Option<&str> {
        self.asked.section_label.as_deref()
    }

    /// The variant of the city that it is asked of; today's city if there is none.
    pub fn variant(&self) -> Option<&str> {
        self.asked.variant.as_deref()
    }

    /// Whether it is asked of today's city, with variants beside it.
    pub fn is_base(&self) -> bool {
        self.asked.variant.is_none() && !self.asked.variants.is_empty()
    }

    /// The parts of the city that decide what comes of it.
    pub fn parts(&self) -> &[Part] {
        self.asked.reads.parts.as_deref().unwrap_or(Part::ALL)
    }

    /// What is asked.
    pub fn section(&self) -> Option<&dyn Section> {
        self.spec.sections().first().map(|(_, section)| *section)
    }

    /// What is asked, if that is a section of this type.
    pub fn asked<T: Section>(&self) -> Option<&T> {
        (self.section()? as &dyn Any).downcast_ref()
    }

    /// What tells this section from the others of its file, such as `runoff-dry`; none where it is alone.
    pub fn label(&self) -> Option<&str> {
        self.asked.label.as_deref()
    }

    /// End of the run, minutes.
    pub fn end_minutes(&self) -> f64 {
        self.section().map_or(0.0, Section::end_minutes)
    }

    /// Time between frames, minutes, where it is given.
    pub fn frame_minutes(&self) -> Option<f64> {
        self.section().and_then(Section::frame_minutes)
    }

    /// Whether files of series are opened, too; without it they are taken for sound.
    pub fn reads_files(&self) -> bool {
        self.reads_files
    }

    /// Which layers of the city are read that not every model reads.
    fn reads(&self) -> &Reads {
        &self.asked.reads
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
        let rest = at.strip_prefix(self.model()).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        match (self.asked.place, rest) {
            (Some(k), Some(rest)) => format!("{}[{k}]{rest}", self.model()),
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

    /// The earliest of the first dates of its series, which is time 0 for all of them; `None` where none has dates.
    pub fn first_date(&self) -> Option<&columns::Date> {
        let look = || {
            let files = self.section().map_or(Vec::new(), |section| section.series_files(self));
            let names: std::collections::BTreeSet<&str> = files.into_iter().map(|(_, name)| name).collect();
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
        let Some(section) = self.section() else { return Ok(Vec::new()) };
        let roads = [&self.spec.city.network, &self.spec.city.network_nodes].into_iter().flatten();
        let roads = roads.filter(|_| self.reads().network).map(|name| (self.model().to_string(), &**name));
        let series = section.series_files(self).into_iter();
        let files = series.chain(roads).chain(section.other_files(self));
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
    format!("{}{name}", section.kind().name)
}

/// Refuses sections that take something from one that is not there, or from themselves in the end.
fn linked(all: &[Scenario]) -> Result<()> {
    for scenario in all {
        let refuse =
            |key: &str, problem: String, mend: String| Err(scenario.locate(Error::scenario(key, problem, mend)));
        let others = || all.iter().filter(|other| other.variant() == scenario.variant());
        let named = |section: &str| others().find(|other| other.section_label() == Some(section));
        for takes in scenario.takes() {
            let Some(giver) = named(takes.section) else {
                let names: Vec<&str> = others().filter_map(Scenario::section_label).collect();
                let problem =
                    format!("takes what the section \"{}\" gives, and there is none of that name", takes.section);
                let mend = match names.is_empty() {
                    true => format!("write [{}], too, or the name of a raster with its ending", takes.section),
                    false => format!("write one of {}, or the name of a raster with its ending", names.join(", ")),
                };
                return refuse(takes.key, problem, mend);
            };
            let (mut left, mut seen) = (vec![giver], Vec::new());
            while let Some(next) = left.pop() {
                if std::ptr::eq(next, scenario) {
                    let problem = "takes what would have to be computed after it".to_string();
                    return refuse(takes.key, problem, "let one of the sections take nothing".into());
                }
                if !seen.contains(&next.section_label()) {
                    seen.push(next.section_label());
                    left.extend(next.takes().iter().filter_map(|takes| named(takes.section)));
                }
            }
        }
    }
    Ok(())
}

/// An error with the names of all sections where there are several, or with those of variants.
fn refuse_several(spec: &Spec) -> Result<()> {
    if let Some(first) = spec.variant.first() {
        let problem =
            format!("stands {} times, the first with the name \"{}\"", spec.variant.len(), variant::shown(&first.name));
        let mend = "leave variants out; `hanze run` and `hanze check` take them, and the process scenario of a server";
        return Err(Error::scenario("variant", problem, mend));
    }
    let sections = spec.sections();
    if sections.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = sections.iter().map(|(_, section)| format!("[{}]", label(*section))).collect();
    let problem = format!("the scenario has {} sections: {}", names.len(), names.join(", "));
    Err(Error::scenario(
        "",
        problem,
        "keep one of them; `hanze run` and `hanze check` take several, and the process scenario of a server",
    ))
}

/// The scenario of the only section.
fn first(all: Vec<Scenario>) -> Result<Scenario> {
    let none = || Error::scenario("", "the scenario asks nothing", "add a section for a model");
    all.into_iter().next().ok_or_else(none)
}
