//! The scenario: read, checked, and turned to SI once.

mod city;
mod series;
mod spec;

pub use city::Input;
pub use series::Allowed;
pub use spec::{BoundaryName, BoundarySpec, ModelName, NumberOrFile, SeriesSpec, Spec};

use crate::error::{Error, Place, Result};
use crate::series::Between;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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
}

impl Scenario {
    /// Reads and checks a scenario. Input rasters are not read yet.
    ///
    /// # Errors
    /// `Scenario` with file, line and what is allowed; `Io` when the file cannot be read.
    pub fn load(file: &Path) -> Result<Scenario> {
        let size = std::fs::metadata(file).map_err(Error::io("reading", file))?.len();
        if size > LARGEST_FILE {
            return Err(Error::data(
                file,
                format!("is {size} bytes long"),
                "a scenario is a TOML file of at most 16 MiB",
            ));
        }
        let text = std::fs::read_to_string(file).map_err(Error::io("reading", file))?;
        Scenario::parse(file, text)
    }

    /// Checks the text of a scenario that stands for `file`, to whose folder its paths are relative.
    pub fn parse(file: &Path, text: String) -> Result<Scenario> {
        let spec = toml::from_str::<Spec>(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let message = error.message().trim().to_string();
            let mend = "see `hanze schema` for what is allowed";
            Error::Scenario {
                place: Some(Box::new(place(file, &text, span))),
                at: String::new(),
                problem: message,
                mend: mend.into(),
            }
        })?;
        let scenario = Scenario { spec, file: file.to_path_buf(), text };
        scenario.check()?;
        Ok(scenario)
    }

    /// The JSON Schema of a scenario.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Spec).to_value()
    }

    /// The same error with the file and the line that its key stands on.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Scenario { place: None, at, problem, mend } => {
                let span = span_of(&self.text, &at).unwrap_or(0..0);
                Error::Scenario { place: Some(Box::new(place(&self.file, &self.text, span))), at, problem, mend }
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

    /// Checksums of the CSV files that series name, for the run's name.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn series_checksums(&self) -> Result<Vec<String>> {
        let spec = &self.spec;
        let rain = spec.rain.iter().filter_map(|rain| rain.mm_per_hour.as_ref());
        let edges = spec.boundary.iter().flat_map(|b| [&b.level_m, &b.discharge_m3_per_s]).flatten();
        let points = spec.inflow.iter().map(|inflow| &inflow.discharge_m3_per_s);
        let files = rain.chain(edges).chain(points).filter_map(|series| match series {
            SeriesSpec::File(name) => Some(crate::checksum::of_file(&self.path(name)).map(|(sha256, _)| sha256)),
            _ => None,
        });
        files.collect()
    }

    /// Times of the frames, s: every frame step and the end.
    pub fn frame_times(&self) -> Vec<f64> {
        let end = self.spec.time.end_minutes * 60.0;
        let step = self.spec.time.frame_minutes.map_or(end, |minutes| minutes * 60.0);
        let count = (end / step - 1e-9).ceil().max(1.0) as usize;
        (1..=count).map(|k| if k == count { end } else { k as f64 * step }).collect()
    }

    fn check(&self) -> Result<()> {
        self.check_all().map_err(|error| self.locate(error))
    }

    fn check_all(&self) -> Result<()> {
        let spec = &self.spec;
        let positive = |at: &str, value: f64, most: f64, unit: &str| {
            if value > 0.0 && value <= most {
                return Ok(());
            }
            Err(Error::scenario(
                at,
                format!("{value} is not allowed"),
                format!("write a number above 0 and up to {most} {unit}"),
            ))
        };
        positive("time.end_minutes", spec.time.end_minutes, 70_000.0, "minutes")?;
        if let Some(minutes) = spec.time.frame_minutes {
            positive("time.frame_minutes", minutes, 70_000.0, "minutes")?;
            let frames = spec.time.end_minutes / minutes;
            if frames > 10_000.0 {
                let problem = format!("{frames:.0} frames are too many");
                return Err(Error::scenario("time.frame_minutes", problem, "make at most 10 000"));
            }
        }
        let runoff = &spec.runoff;
        if let Some(order) = runoff.order.filter(|order| !(1..=2).contains(order)) {
            return Err(Error::scenario("runoff.order", format!("there is no order {order}"), "write 1 or 2"));
        }
        positive("runoff.courant", runoff.courant.unwrap_or(0.5), 0.5, "")?;
        positive("runoff.longest_step_s", runoff.longest_step_s.unwrap_or(1.0), 3600.0, "s")?;
        positive("runoff.arrival_depth_m", runoff.arrival_depth_m.unwrap_or(0.05), 100.0, "m")?;
        positive("runoff.duration_depth_m", runoff.duration_depth_m.unwrap_or(0.1), 100.0, "m")?;
        let gauge_minutes = runoff.gauge_minutes.unwrap_or(1.0);
        positive("runoff.gauge_minutes", gauge_minutes, 70_000.0, "minutes")?;
        if spec.time.end_minutes / gauge_minutes > 1e6 {
            return Err(Error::scenario(
                "runoff.gauge_minutes",
                "over a million readings are too many",
                "write a larger number",
            ));
        }
        self.check_city()?;
        self.check_forcing()
    }

    /// Checks rain, and the series of boundaries and inflows that need no grid.
    fn check_forcing(&self) -> Result<()> {
        self.rain()?;
        for (k, boundary) in self.spec.boundary.iter().enumerate() {
            if let Some(spec) = &boundary.level_m {
                self.series(&format!("boundary[{k}].level_m"), spec, Between::Linear, Allowed::LEVEL)?;
            }
            if let Some(spec) = &boundary.discharge_m3_per_s {
                self.series(&format!("boundary[{k}].discharge_m3_per_s"), spec, Between::Linear, Allowed::DISCHARGE)?;
            }
        }
        for (k, inflow) in self.spec.inflow.iter().enumerate() {
            let at = format!("inflow[{k}].discharge_m3_per_s");
            self.series(&at, &inflow.discharge_m3_per_s, Between::Linear, Allowed::DISCHARGE)?;
        }
        Ok(())
    }

    fn check_city(&self) -> Result<()> {
        let city = &self.spec.city;
        match (&city.demo, &city.terrain) {
            (None, None) => {
                return Err(Error::scenario("city", "has no ground", "write terrain = \"FILE.tif\" or demo = { … }"));
            }
            (Some(_), Some(_)) => {
                return Err(Error::scenario("city.demo", "stands beside terrain", "keep one of the two"));
            }
            _ => {}
        }
        if let Some(cell) = city.cell_m.filter(|cell| !(*cell > 0.0 && *cell <= 1000.0)) {
            let mend = "write the side of a cell in m, above 0 and up to 1000";
            return Err(Error::scenario("city.cell_m", format!("{cell} is no size of a cell"), mend));
        }
        if let Some([west, south, east, north]) = city.extent
            && !(west < east && south < north && [west, south, east, north].iter().all(|v| v.is_finite()))
        {
            return Err(Error::scenario("city.extent", "is empty", "write [west, south, east, north] in m"));
        }
        let number = |at: &str, value: &Option<NumberOrFile>, most: f64| match value {
            Some(NumberOrFile::Number(n)) if !(*n >= 0.0 && *n <= most) => {
                Err(Error::scenario(at, format!("{n} is not allowed"), format!("write a number from 0 to {most}")))
            }
            _ => Ok(()),
        };
        number("city.manning", &city.manning, 1.0)?;
        number("city.infiltration_mm_per_day", &city.infiltration_mm_per_day, 1e6)?;
        if let Some(level) = city.water_level_m.filter(|level| !(-12_000.0..=12_000.0).contains(level)) {
            return Err(Error::scenario("city.water_level_m", format!("{level} is no level"), "write metres"));
        }
        Ok(())
    }
}

/// Byte range of a dotted key such as `boundary[1].edge` in a TOML text; the nearest parent where it is missing.
fn span_of(text: &str, key: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let mut best = None;
    let mut table: &DeTable = root.get_ref();
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let mut value: &Spanned<DeValue> = table.get(name)?;
        best = Some(value.span());
        if let (Some(index), DeValue::Array(items)) = (index, value.get_ref()) {
            value = items.get(index)?;
            best = Some(value.span());
        }
        match value.get_ref() {
            DeValue::Table(inner) if inner.contains_key(next_name(key, part)) => table = inner,
            _ => return best,
        }
    }
    best
}

/// Name of the part of `key` that follows `part`.
fn next_name<'a>(key: &'a str, part: &str) -> &'a str {
    let rest = key.split_once(part).map_or("", |(_, rest)| rest.trim_start_matches('.'));
    rest.split(['.', '[']).next().unwrap_or("")
}

fn place(file: &Path, text: &str, span: Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    Place { file: file.to_path_buf(), line, column, span }
}
