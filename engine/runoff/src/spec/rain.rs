//! Rain in time: numbers, points, CSV files, hyetographs and design storms.

use super::storms::{STORMS, shaped};
use super::{RainSpec, RunoffSpec};
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use hanze_base::series::{Between, Series};
use hanze_scenario::keys::{Amount, Columns, Date, MOST_POINTS, amount, converted, written};
use hanze_scenario::{Allowed, FileRef, Scenario, SeriesSpec};
use std::path::Path;

/// Intensities that are allowed.
pub(super) const ALLOWED: Allowed = Allowed { least: 0.0, most: 10_000.0, unit: "mm per hour" };
const MM_PER_HOUR: f64 = 1e-3 / 3600.0;
/// Rasters of rain that a scenario may name.
const MOST_RASTERS: usize = 10_000;

impl RunoffSpec {
    /// Rain, m/s, and what was guessed of it: when it begins and ends.
    ///
    /// # Errors
    /// As [`Scenario::series`]; `Data` for a file whose header names no unit of rain.
    pub fn rain_in_time(&self, scenario: &Scenario) -> Result<(Series, Remarks)> {
        let mut told = Remarks::default();
        let Some(rain) = &self.rain else {
            return Ok((Series::constant(0.0), told));
        };
        let RainSpec { mm_per_hour, minutes, storm, pattern, steps_mm, rasters_mm, step_minutes } = rain;
        if step_minutes.is_some() && steps_mm.is_none() && rasters_mm.is_none() {
            let problem = "does nothing without steps_mm or rasters_mm";
            return Err(Error::scenario("runoff.rain.step_minutes", problem, "leave it out, or write steps_mm"));
        }
        if pattern.is_some() && storm.is_none() {
            return Err(Error::scenario(
                "runoff.rain.pattern",
                "does nothing without storm",
                "leave it out, or name a storm",
            ));
        }
        if let Some(rasters) = rasters_mm {
            if step_minutes.is_none() {
                let mend = "write the minutes between two rasters";
                return Err(Error::scenario("runoff.rain.step_minutes", "is missing", mend));
            }
            let mut names: Vec<&FileRef> = rasters.iter().collect();
            names.sort_unstable();
            if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                let problem = format!("names {} twice", &**twice[0]);
                return Err(Error::scenario("runoff.rain.rasters_mm", problem, "give each step a file of its own"));
            }
            if rasters.is_empty() || rasters.len() > MOST_RASTERS {
                let problem = format!("has {} rasters", rasters.len());
                return Err(Error::scenario("runoff.rain.rasters_mm", problem, format!("name 1 to {MOST_RASTERS}")));
            }
        }
        let mut series = match (mm_per_hour, steps_mm, storm) {
            // What falls where is read with the city.
            (None, None, None) if rasters_mm.is_some() => Series::constant(0.0),
            _ if rasters_mm.is_some() => {
                let mend = "keep rasters_mm, or the other";
                return Err(Error::scenario("runoff.rain.rasters_mm", "stands beside another kind of rain", mend));
            }
            (Some(SeriesSpec::File(name)), None, None) if scenario.reads_files() => {
                let (series, remarks) = read_rain(&scenario.path(name), scenario.first_date())?;
                told.extend(remarks.iter().map(|remark| remark.of(name)));
                self.dry_before(series, &mut told)
            }
            (Some(spec), None, None) => {
                let (series, remarks) = scenario.series("runoff.rain.mm_per_hour", spec, Between::Steps, ALLOWED)?;
                told.extend(remarks);
                let is_points = matches!(spec, SeriesSpec::Points(_));
                if is_points { self.dry_before(self.held_to_end(series, &mut told), &mut told) } else { series }
            }
            (None, Some(steps), None) => hyetograph(steps, *step_minutes)?,
            (None, None, Some(name)) => design_storm(name, pattern.as_deref())?,
            _ => {
                let mend = "write either mm_per_hour, or storm, or steps_mm with step_minutes";
                return Err(Error::scenario("runoff.rain", "says how much in two ways or in none", mend));
            }
        };
        if let Some(minutes) = minutes {
            if !matches!(mm_per_hour, Some(SeriesSpec::Number(_))) {
                return Err(Error::scenario(
                    "runoff.rain.minutes",
                    "belongs to a single number",
                    "end the series with 0 instead",
                ));
            }
            series.times.push(60.0 * minutes);
            series.values.push(0.0);
        }
        series.values.iter_mut().for_each(|value| *value *= MM_PER_HOUR);
        Ok((series, told))
    }

    /// Rain, mm per hour, of which none falls before the first point.
    fn dry_before(&self, mut series: Series, told: &mut Remarks) -> Series {
        let begins = series.times[0];
        if begins > 0.0 && series.values[0] > 0.0 {
            let share = begins / (60.0 * self.end_minutes);
            let [en, nl] = written(begins / 60.0);
            told.push(Remark::new(
                share,
                format!("no rain falls before minute {en}, where its series begins"),
                format!("er valt geen regen voor minuut {nl}, waar de reeks begint"),
            ));
        }
        if begins > 0.0 {
            series.times.insert(0, 0.0);
            series.values.insert(0, 0.0);
        }
        series
    }

    /// Says that the last point of a series, mm per hour, holds to the end of the run.
    fn held_to_end(&self, series: Series, told: &mut Remarks) -> Series {
        let end = 60.0 * self.end_minutes;
        if let (Some(&last), Some(&value)) = (series.times.last(), series.values.last())
            && value > 0.0
            && last < end
            && series.times.len() > 1
        {
            let share = value * (end - last.max(0.0)) / series.integral(0.0, end).max(f64::MIN_POSITIVE);
            let ([mm, mm_nl], [minute, minute_nl]) = (written(value), written(last / 60.0));
            told.push(Remark::new(
                share,
                format!(
                    "the last point of the rain, {mm} mm per hour from minute {minute}, goes on to the end; write a point \
                     with 0 where it ends"
                ),
                format!(
                    "het laatste punt van de regen, {mm_nl} mm per uur vanaf minuut {minute_nl}, gaat door tot het einde; \
                     schrijf een punt met 0 waar de regen ophoudt"
                ),
            ));
        }
        series
    }
}

/// Reads rain from a CSV file, mm per hour: intensities or depths of steps, as the header says. The last step is as long as the one
/// before it.
fn read_rain(path: &Path, zero: Option<&Date>) -> Result<(Series, Remarks)> {
    let Columns { header, rows, remark } = Columns::read(path, zero)?;
    let Some(amount) = amount(&header) else {
        let problem = format!("line 1: the second column is \"{header}\", which names no unit of rain");
        let mend =
            "write `mm_per_hour` over intensities, or `mm` (or `0.1 mm`) over what falls from each line to the next";
        return Err(Error::data(path, problem, mend));
    };
    let mut told: Remarks = remark.into_iter().collect();
    told.extend(match amount {
        Amount::Rate(each) => converted(&header, each, "mm/h"),
        Amount::Step(each) => converted(&header, each, "mm"),
    });
    let length = |k: usize| match (rows.get(k + 1), k.checked_sub(1)) {
        (Some(next), _) => Some(next.0 - rows[k].0),
        (None, Some(before)) => Some(rows[k].0 - rows[before].0),
        (None, None) => None,
    };
    let mut points = Vec::with_capacity(rows.len() + 1);
    for (k, &(time, value, line)) in rows.iter().enumerate() {
        let rate = match (amount, length(k)) {
            (Amount::Rate(each), _) => value * each,
            (Amount::Step(each), Some(length)) => value * each * 3600.0 / length,
            (Amount::Step(_), None) => {
                let problem = "has one line, so that the length of its step is not known";
                return Err(Error::data(path, problem, "write a line with 0 where the step ends"));
            }
        };
        if let Some(problem) = ALLOWED.problem(rate) {
            return Err(Error::data(path, format!("line {line}: {problem}"), "correct the value"));
        }
        points.push((time, rate));
    }
    let series = Series::new(&points, Between::Steps);
    let Some((&(last, rate), length)) = points.last().zip(length(rows.len() - 1)).filter(|(last, _)| last.1 > 0.0)
    else {
        if let [(_, rate)] = points[..]
            && rate > 0.0
        {
            told.push(Remark::new(
                1.0,
                "has one line: its rain goes on to the end",
                "heeft één regel: die regen gaat door tot het einde",
            ));
        }
        return Ok((series, told));
    };
    points.push((last + length, 0.0));
    let series = Series::new(&points, Between::Steps);
    let ([minute, minute_nl], [long, long_nl]) = (written(last / 60.0), written(length / 60.0));
    told.push(Remark::new(
        rate * length / series.integral(points[0].0, last + length).max(f64::MIN_POSITIVE),
        format!(
            "the last step, from minute {minute} on, is taken to last {long} minutes, as the one before it; write a line with 0 \
             where the rain ends"
        ),
        format!(
            "de laatste stap, vanaf minuut {minute_nl}, duurt {long_nl} minuten, net zo lang als de stap ervoor; schrijf een regel met \
             0 waar de regen ophoudt"
        ),
    ));
    Ok((series, told))
}

/// A design storm by its name, mm per hour.
fn design_storm(name: &str, pattern: Option<&[f64]>) -> Result<Series> {
    let Some(storm) = STORMS.iter().find(|storm| storm.name == name) else {
        let names = STORMS.iter().map(|storm| storm.name).collect::<Vec<_>>().join(", ");
        return Err(Error::scenario(
            "runoff.rain.storm",
            format!("there is no storm \"{name}\""),
            format!("take one of {names}"),
        ));
    };
    let Some(pattern) = pattern else { return hyetograph(storm.steps_mm, Some(storm.step_minutes)) };
    let (minutes, steps) = shaped(storm, pattern).ok_or_else(|| {
        let mend = "leave it out for bui01 … bui10, which have a shape; else write numbers of 0 or more, not all 0";
        Error::scenario("runoff.rain.pattern", "is not a shape for this storm", mend)
    })?;
    hyetograph(&steps, Some(minutes))
}

/// A hyetograph of equal steps, mm per hour.
fn hyetograph(steps_mm: &[f64], step_minutes: Option<f64>) -> Result<Series> {
    let missing = || Error::scenario("runoff.rain.step_minutes", "is missing", "write the length of a step in minutes");
    let minutes = step_minutes.ok_or_else(missing)?;
    if steps_mm.is_empty() || steps_mm.len() > MOST_POINTS {
        return Err(Error::scenario(
            "runoff.rain.steps_mm",
            format!("has {} steps", steps_mm.len()),
            "write the mm of each step",
        ));
    }
    if let Some(problem) = steps_mm.iter().find_map(|&mm| ALLOWED.problem(mm * 60.0 / minutes)) {
        return Err(Error::scenario("runoff.rain.steps_mm", problem, "write the mm of each step, 0 or more"));
    }
    let ended = steps_mm.iter().copied().chain([0.0]);
    let points: Vec<(f64, f64)> =
        ended.enumerate().map(|(k, mm)| (k as f64 * minutes * 60.0, mm * 60.0 / minutes)).collect();
    Ok(Series::new(&points, Between::Steps))
}
