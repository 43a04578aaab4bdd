//! The scenario: read, checked, and turned to SI once.

mod check;
mod city;
mod columns;
mod ground;
mod header;
mod heat;
mod network;
mod place;
mod rain;
mod series;
mod spec;
mod standing;
mod storms;
mod traffic;
mod units;

pub use city::{Input, check_demo_memory};
pub use heat::{
    ALBEDOS, ConductionName, EdgesName, HeatProduct, HeatSky, HeatSpec, IslandSpec, MOST_RELEASED, WindName,
};
pub use series::Allowed;
pub use spec::{
    BoundaryName, BoundarySpec, BuildingsAre, ModelName, NumberOrFile, PointOrLine, RoofWater, SeriesSpec, Spec,
    StructureName, StructureSpec,
};
pub use traffic::{
    ClosureSpec, DemandSpec, EditAction, EditSpec, MotionKey, MotionSpec, ReachSpec, SelectSpec, TrafficSpec, TripsPer,
    is_rules, slug,
};

use crate::error::{Error, Result};
use crate::remark::Remarks;
use crate::weather::is_shipped;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest scenario file that is read, bytes.
const LARGEST_FILE: u64 = 16 << 20;

/// A scenario with the place that it came from.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it says.
    pub spec: Spec,
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// Cells of one of its files at most; a file that claims more is refused before memory is set aside for it.
    pub most_cells: u64,
    /// Whether files of series are read, too; without it they are taken for sound.
    reads_files: bool,
    /// The earliest of the first dates of its series, once it was looked for.
    first_date: std::sync::OnceLock<Option<columns::Date>>,
}

impl Scenario {
    /// Reads and checks a scenario. Input rasters are not read yet.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed; `Io` when the file cannot be read.
    pub fn load(file: &Path) -> Result<Scenario> {
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(Error::io("reading", file))?;
        opened.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", file))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(Error::data(file, "is longer than 16 MiB", "a scenario is a short TOML file"));
        }
        Scenario::parse(file, text)
    }

    /// Checks the text of a scenario that stands for `file`, to whose folder its paths are relative.
    pub fn parse(file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(file, text, true)
    }

    /// As [`Scenario::parse`], but opens no file that the scenario names: for scenarios from outside, before it is known whether they
    /// may name what they do.
    pub fn parse_alone(file: &Path, text: String) -> Result<Scenario> {
        Scenario::parse_with(file, text, false)
    }

    fn parse_with(file: &Path, text: String, reads_files: bool) -> Result<Scenario> {
        let spec = toml::from_str::<Spec>(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            Error::Scenario {
                at: place::key_at(&text, &span).unwrap_or_default(),
                place: Some(Box::new(place::place(file, &text, span))),
                problem: error.message().trim().replace('\n', ", "),
                mend: "see `hanze schema` for what is allowed".into(),
            }
        })?;
        let scenario = Scenario {
            spec,
            file: file.to_path_buf(),
            text,
            most_cells: city::MOST_CELLS,
            reads_files,
            first_date: std::sync::OnceLock::new(),
        };
        scenario.check().map_err(|error| scenario.locate(error))?;
        Ok(scenario)
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

    /// The same error with the file and the line that its key stands on.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Scenario { place: None, at, problem, mend } => {
                let span = place::span_of(&self.text, &at).unwrap_or(0..0);
                Error::Scenario { place: Some(Box::new(place::place(&self.file, &self.text, span))), at, problem, mend }
            }
            other => other,
        }
    }

    /// A path of the scenario: after `data:` in the data folder, else relative to the scenario's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix("data:") {
            Some(name) => crate::data_folder().unwrap_or_else(|| PathBuf::from("HANZE_DATA")).join(name),
            None => self.file.parent().unwrap_or(Path::new("")).join(name),
        }
    }

    /// The CSV files of water that series name, with what they are for.
    fn series_files(&self) -> impl Iterator<Item = (String, &String)> {
        let spec = &self.spec;
        let rain = spec.rain.iter().filter_map(|rain| Some(("rain".to_string(), rain.mm_per_hour.as_ref()?)));
        let edges = spec.boundary.iter().flat_map(|b| {
            let series = [&b.level_m, &b.discharge_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("boundary {}", b.name), series))
        });
        let structures = spec.structure.iter().flat_map(|s| {
            let series = [&s.level_m, &s.capacity_m3_per_s].into_iter().flatten();
            series.map(|series| (format!("structure {}", s.name), series))
        });
        let points = spec.inflow.iter().map(|i| (format!("inflow {}", i.name), &i.discharge_m3_per_s));
        rain.chain(edges).chain(structures).chain(points).filter_map(|(layer, series)| match series {
            SeriesSpec::File(name) => Some((layer, name)),
            _ => None,
        })
    }

    /// The earliest of the first dates of its series, which is time 0 for all of them; `None` where none has dates.
    fn first_date(&self) -> Option<&columns::Date> {
        let look = || {
            let names: std::collections::BTreeSet<&String> = self.series_files().map(|(_, name)| name).collect();
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
        let spec = &self.spec;
        let rasters = spec.rain.iter().filter_map(|rain| rain.rasters_mm.as_ref()).flatten();
        let inlets = spec.sewer.iter().filter_map(|sewer| match &sewer.inlet_mm_per_hour {
            Some(NumberOrFile::File(name)) => Some(("inlets".to_string(), name)),
            _ => None,
        });
        let released = spec.heat.iter().filter_map(|heat| match heat.released()? {
            NumberOrFile::File(name) => Some(("released heat".to_string(), name)),
            NumberOrFile::Number(_) => None,
        });
        let heat = spec.heat.iter().flat_map(|heat| [heat.weather(), heat.pressure.as_deref()]).flatten();
        let heat: Vec<String> = heat.filter(|name| !is_shipped(name)).map(String::from).collect();
        let weather = heat.iter().map(|name| ("weather".to_string(), name));
        let roads = [&spec.city.network, &spec.city.network_nodes].into_iter().flatten();
        let traffic = spec.traffic.iter().flat_map(TrafficSpec::files).map(String::from);
        let traffic: Vec<String> = match spec.model {
            ModelName::Traffic => roads.cloned().chain(traffic).collect(),
            _ => Vec::new(),
        };
        let files = self.series_files().chain(traffic.iter().map(|name| ("traffic".to_string(), name)));
        let files =
            files.chain(rasters.map(|name| ("rain".to_string(), name))).chain(inlets).chain(weather).chain(released);
        let input = |(layer, name): (String, &String)| {
            let (sha256, bytes) = crate::checksum::of_file(&self.path(name))?;
            Ok(Input { name: name.clone(), layer, sha256, bytes, nodata_share: 0.0, repairs: Remarks::default() })
        };
        files.map(input).collect()
    }

    /// Times of the frames, s: every frame step and the end.
    pub fn frame_times(&self) -> Vec<f64> {
        let end = self.spec.time.end_minutes * 60.0;
        let step = self.spec.time.frame_minutes.map_or(end, |minutes| minutes * 60.0);
        let count = (end / step - 1e-9).ceil().max(1.0) as usize;
        (1..=count).map(|k| if k == count { end } else { k as f64 * step }).collect()
    }
}
