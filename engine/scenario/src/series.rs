//! Series of the scenario: numbers, points, and CSV files.

use super::Scenario;
use super::columns::{Columns, Date, MOST_POINTS};
use super::header::{converted, factor};
use super::spec::SeriesSpec;
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use hanze_base::series::{Between, Series};
use hanze_base::words::Language;
use std::path::Path;

/// Range that values of a series must lie in, with its unit.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// Least value.
    pub least: f64,
    /// Largest value.
    pub most: f64,
    /// Unit, as headers of columns name it.
    pub unit: &'static str,
}

impl Allowed {
    /// Water levels.
    pub const LEVEL: Allowed = Allowed { least: -12_000.0, most: 12_000.0, unit: "m" };
    /// Discharges into the city.
    pub const DISCHARGE: Allowed = Allowed { least: 0.0, most: 1e6, unit: "m³/s" };

    /// What is wrong with a value, if anything is.
    pub fn problem(self, value: f64) -> Option<String> {
        let fine = value >= self.least && value <= self.most;
        (!fine).then(|| format!("{value} {} is not allowed (from {} to {})", self.unit, self.least, self.most))
    }
}

impl Scenario {
    /// A series in the unit of its key `at`, times in s; and what was guessed or converted of it.
    ///
    /// # Errors
    /// `Scenario` or `Data` where values are out of range, times do not rise, or the file has gaps or an unknown unit.
    pub fn series(&self, at: &str, spec: &SeriesSpec, between: Between, allowed: Allowed) -> Result<(Series, Remarks)> {
        let mend = "write a number, points [[minute, value], …] with rising minutes, or the name of a CSV file";
        let points = match spec {
            SeriesSpec::Number(value) => vec![(0.0, *value)],
            SeriesSpec::Points(points) => points.iter().map(|&[minute, value]| (60.0 * minute, value)).collect(),
            SeriesSpec::File(_) if !self.reads_files() => vec![(0.0, allowed.least)],
            SeriesSpec::File(name) => {
                let (series, mut told) = read_csv(&self.path(name), self.first_date(), between, allowed)?;
                told.extend(self.held_before(&series));
                return Ok((series, told.iter().map(|remark| remark.of(name)).collect()));
            }
        };
        if points.is_empty() || points.len() > MOST_POINTS {
            return Err(Error::scenario(at, format!("has {} points", points.len()), mend));
        }
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0) && points.iter().all(|p| p.0.is_finite());
        if !rising {
            return Err(Error::scenario(at, "minutes do not rise", mend));
        }
        Ok((Series::new(&points, between), Remarks::default()))
    }

    /// Says that the first value of a series from a file holds before it begins.
    fn held_before(&self, series: &Series) -> Option<Remark> {
        let begins = series.times[0] / 60.0;
        (begins > 0.0).then(|| {
            let [en, nl] = written(begins);
            Remark::new(
                begins / self.end_minutes(),
                format!("before minute {en}, where it begins, its first value holds"),
                format!("voor minuut {nl}, waar de reeks begint, geldt de eerste waarde"),
            )
        })
    }
}

/// A number with up to two decimals, in English and Dutch.
pub fn written(value: f64) -> [String; 2] {
    let decimals = [0, 1, 2].into_iter().find(|d| (value * 10f64.powi(*d) % 1.0).abs() < 1e-9).unwrap_or(2);
    [Language::English, Language::Dutch].map(|language| language.number(value, decimals as usize))
}

/// Reads a CSV file of two columns: time and value, in the unit that the header names, or else in that of the key.
fn read_csv(path: &Path, zero: Option<&Date>, between: Between, allowed: Allowed) -> Result<(Series, Remarks)> {
    let Columns { header, rows, remark } = Columns::read(path, zero)?;
    let Some(each) = factor(&header, allowed.unit) else {
        let problem = format!("line 1: the second column is \"{header}\", which is not known as {}", allowed.unit);
        let mend = format!("write values in {0}, under the header `{0}` or `value`", allowed.unit);
        return Err(Error::data(path, problem, mend));
    };
    let mut told: Remarks = remark.into_iter().collect();
    told.extend(converted(&header, each, allowed.unit));
    let mut points = Vec::with_capacity(rows.len());
    for (time, value, line) in rows {
        let value = value * each;
        if let Some(problem) = allowed.problem(value) {
            return Err(Error::data(path, format!("line {line}: {problem}"), "correct the value"));
        }
        points.push((time, value));
    }
    Ok((Series::new(&points, between), told))
}
