//! Series of the scenario: numbers, points, and CSV files.

use super::Scenario;
use super::check::{MINUTES, number};
use super::spec::{RainSpec, SeriesSpec};
use super::storms::{STORMS, shaped};
use crate::error::{Error, Result};
use crate::series::{Between, Series};
use std::io::Read;
use std::path::Path;

const MM_PER_HOUR: f64 = 1e-3 / 3600.0;
/// Bytes of a CSV file that are read; a million points fit.
const LARGEST_FILE: u64 = 256 << 20;
/// Rasters of rain that a scenario may name.
const MOST_RASTERS: usize = 10_000;
/// Points that a series may have.
const MOST_POINTS: usize = 1_000_000;

/// Range that values of a series must lie in, with its unit.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    least: f64,
    most: f64,
    unit: &'static str,
}

impl Allowed {
    /// Rain.
    pub const RAIN: Allowed = Allowed { least: 0.0, most: 10_000.0, unit: "mm per hour" };
    /// Water levels.
    pub const LEVEL: Allowed = Allowed { least: -12_000.0, most: 12_000.0, unit: "m" };
    /// Discharges into the city.
    pub const DISCHARGE: Allowed = Allowed { least: 0.0, most: 1e6, unit: "m³/s" };

    fn problem(self, value: f64) -> Option<String> {
        let fine = value >= self.least && value <= self.most;
        (!fine).then(|| format!("{value} {} is not allowed (from {} to {})", self.unit, self.least, self.most))
    }
}

impl Scenario {
    /// A series in the unit of its key `at`; times in s.
    ///
    /// # Errors
    /// `Scenario` or `Data` where values are out of range, times do not rise, or the file has gaps.
    pub fn series(&self, at: &str, spec: &SeriesSpec, between: Between, allowed: Allowed) -> Result<Series> {
        let mend = "write a number, points [[minute, value], …] with rising minutes, or the name of a CSV file";
        let points = match spec {
            SeriesSpec::Number(value) => vec![(0.0, *value)],
            SeriesSpec::Points(points) => points.iter().map(|&[minute, value]| (60.0 * minute, value)).collect(),
            SeriesSpec::File(_) if !self.reads_files => vec![(0.0, allowed.least)],
            SeriesSpec::File(name) => return read_csv(&self.path(name), between, allowed),
        };
        if points.is_empty() || points.len() > MOST_POINTS {
            return Err(Error::scenario(at, format!("has {} points", points.len()), mend));
        }
        if let Some(problem) = points.iter().find_map(|&(_, value)| allowed.problem(value)) {
            return Err(Error::scenario(at, problem, mend));
        }
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0) && points.iter().all(|p| p.0.is_finite());
        if !rising {
            return Err(Error::scenario(at, "minutes do not rise", mend));
        }
        Ok(Series::new(&points, between))
    }

    /// Rain, m/s.
    ///
    /// # Errors
    /// As [`Scenario::series`].
    pub fn rain(&self) -> Result<Series> {
        let Some(rain) = &self.spec.rain else { return Ok(Series::constant(0.0)) };
        let RainSpec { mm_per_hour, minutes, storm, pattern, steps_mm, rasters_mm, step_minutes } = rain;
        if step_minutes.is_some() && steps_mm.is_none() && rasters_mm.is_none() {
            let problem = "does nothing without steps_mm or rasters_mm";
            return Err(Error::scenario("rain.step_minutes", problem, "leave it out, or write steps_mm"));
        }
        if pattern.is_some() && storm.is_none() {
            return Err(Error::scenario("rain.pattern", "does nothing without storm", "leave it out, or name a storm"));
        }
        if let Some(rasters) = rasters_mm {
            let minutes = step_minutes.ok_or_else(|| {
                Error::scenario("rain.step_minutes", "is missing", "write the minutes between two rasters")
            })?;
            number("rain.step_minutes", minutes, MINUTES)?;
            let mut names: Vec<&String> = rasters.iter().collect();
            names.sort_unstable();
            if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                let problem = format!("names {} twice", twice[0]);
                return Err(Error::scenario("rain.rasters_mm", problem, "give each step a file of its own"));
            }
            if rasters.is_empty() || rasters.len() > MOST_RASTERS {
                let problem = format!("has {} rasters", rasters.len());
                return Err(Error::scenario("rain.rasters_mm", problem, format!("name 1 to {MOST_RASTERS}")));
            }
        }
        let mut series = match (mm_per_hour, steps_mm, storm) {
            // What falls where is read with the city.
            (None, None, None) if rasters_mm.is_some() => Series::constant(0.0),
            _ if rasters_mm.is_some() => {
                let mend = "keep rasters_mm, or the other";
                return Err(Error::scenario("rain.rasters_mm", "stands beside another kind of rain", mend));
            }
            (Some(spec), None, None) => self.series("rain.mm_per_hour", spec, Between::Steps, Allowed::RAIN)?,
            (None, Some(steps), None) => hyetograph(steps, *step_minutes)?,
            (None, None, Some(name)) => design_storm(name, pattern.as_deref())?,
            _ => {
                let mend = "write either mm_per_hour, or storm, or steps_mm with step_minutes";
                return Err(Error::scenario("rain", "says how much in two ways or in none", mend));
            }
        };
        if let Some(minutes) = minutes {
            if !matches!(mm_per_hour, Some(SeriesSpec::Number(_))) {
                return Err(Error::scenario(
                    "rain.minutes",
                    "belongs to a single number",
                    "end the series with 0 instead",
                ));
            }
            number("rain.minutes", *minutes, MINUTES)?;
            series.times.push(60.0 * minutes);
            series.values.push(0.0);
        }
        series.values.iter_mut().for_each(|value| *value *= MM_PER_HOUR);
        Ok(series)
    }
}

/// A design storm by its name, mm per hour.
fn design_storm(name: &str, pattern: Option<&[f64]>) -> Result<Series> {
    let Some(storm) = STORMS.iter().find(|storm| storm.name == name) else {
        let names = STORMS.iter().map(|storm| storm.name).collect::<Vec<_>>().join(", ");
        return Err(Error::scenario(
            "rain.storm",
            format!("there is no storm \"{name}\""),
            format!("take one of {names}"),
        ));
    };
    let Some(pattern) = pattern else { return hyetograph(storm.steps_mm, Some(storm.step_minutes)) };
    let (minutes, steps) = shaped(storm, pattern).ok_or_else(|| {
        let mend = "leave it out for bui01 … bui10, which have a shape; else write numbers of 0 or more, not all 0";
        Error::scenario("rain.pattern", "is not a shape for this storm", mend)
    })?;
    hyetograph(&steps, Some(minutes))
}

/// A hyetograph of equal steps, mm per hour.
fn hyetograph(steps_mm: &[f64], step_minutes: Option<f64>) -> Result<Series> {
    let missing = || Error::scenario("rain.step_minutes", "is missing", "write the length of a step in minutes");
    let minutes = step_minutes.ok_or_else(missing)?;
    number("rain.step_minutes", minutes, MINUTES)?;
    if steps_mm.is_empty() || steps_mm.len() > MOST_POINTS {
        return Err(Error::scenario(
            "rain.steps_mm",
            format!("has {} steps", steps_mm.len()),
            "write the mm of each step",
        ));
    }
    if let Some(problem) = steps_mm.iter().find_map(|&mm| Allowed::RAIN.problem(mm * 60.0 / minutes)) {
        return Err(Error::scenario("rain.steps_mm", problem, "write the mm of each step, 0 or more"));
    }
    let ended = steps_mm.iter().copied().chain([0.0]);
    let points: Vec<(f64, f64)> =
        ended.enumerate().map(|(k, mm)| (k as f64 * minutes * 60.0, mm * 60.0 / minutes)).collect();
    Ok(Series::new(&points, Between::Steps))
}

/// Reads a CSV file of two columns: time (the header says in minutes or in seconds) and value.
fn read_csv(path: &Path, between: Between, allowed: Allowed) -> Result<Series> {
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file.take(LARGEST_FILE));
    let broken = |error: csv::Error| Error::data(path, format!("cannot be read: {error}"), "write a CSV file in UTF-8");
    let header = reader.headers().map_err(broken)?.get(0).unwrap_or("").to_lowercase();
    let seconds_each = if header.contains("min") {
        60.0
    } else if header.contains("sec") || header.contains("(s)") || header.ends_with("_s") {
        1.0
    } else {
        let problem = format!("line 1: the first column is \"{header}\"");
        return Err(Error::data(path, problem, "begin with a header such as `minutes,value` or `seconds,value`"));
    };
    let mut points: Vec<(f64, f64)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = |column: usize, what: &str| {
            let cell = record.get(column).unwrap_or("");
            let mend = "write a number on every line; there must be no gaps";
            cell.parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(|| Error::data(path, format!("line {line}: \"{cell}\" is not a {what}"), mend))
        };
        let (time, value) = (number(0, "time")? * seconds_each, number(1, "value")?);
        if let Some(problem) = allowed.problem(value) {
            return Err(Error::data(path, format!("line {line}: {problem}"), "correct the value"));
        }
        if points.last().is_some_and(|last| last.0 >= time) {
            return Err(Error::data(path, format!("line {line}: the time does not rise"), "sort the lines by time"));
        }
        if points.len() == MOST_POINTS {
            return Err(Error::data(path, format!("line {line}: too many points"), "keep it to a million"));
        }
        points.push((time, value));
    }
    if points.is_empty() {
        return Err(Error::data(path, "holds no values", "write at least one line below the header"));
    }
    Ok(Series::new(&points, between))
}
