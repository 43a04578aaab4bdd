//! Heat that traffic and buildings set free outside, on the city's grid.

use super::HeatSpec;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::read::{Limits, Quantity, raster_with_remarks};
use hanze_city::resample::{Method, resample};
use hanze_model::{ANTHROPOGENIC_HEAT, Basis};
use hanze_scenario::keys::{missing, percent, to_unit_of};
use hanze_scenario::{NumberFileOrSection, Scenario};
use std::path::Path;

/// Heat that a city may set free, W/m²; and a cell of it, as a lane on which cars stand.
pub(super) const MOST_RELEASED: f64 = 1000.0;
const MOST_IN_A_CELL: f64 = 20_000.0;

impl HeatSpec {
    /// Heat that is set free on each cell of a city, W/m²; one number where it is the same everywhere, none where there is none; what each
    /// hour of a day (UTC) has of it, none for 1 in all; and what was converted or left out. What another section gives lies in `basis`; without
    /// that there is nothing yet.
    ///
    /// # Errors
    /// `Data` where the raster holds what cannot be, or is in another unit; `Scenario` where a section has not given what is taken.
    pub fn released_on(
        &self,
        scenario: &Scenario,
        city: &Grid,
        basis: Option<&Basis>,
    ) -> Result<(Vec<f32>, Vec<f64>, Remarks)> {
        const KEY: &str = "heat.island.released_w_per_m2";
        let by_hour = self.island.as_ref().and_then(|island| island.released_by_hour.clone()).unwrap_or_default();
        match self.released() {
            None => Ok((Vec::new(), by_hour, Remarks::default())),
            Some(NumberFileOrSection::Number(value)) => Ok((vec![*value as f32], by_hour, Remarks::default())),
            Some(NumberFileOrSection::File(name)) => {
                let (mean, remarks) = raster(&scenario.existing_at(KEY, name)?, scenario, city, name)?;
                Ok((mean, by_hour, remarks))
            }
            Some(NumberFileOrSection::Section(section)) => {
                let Some(basis) = basis else { return Ok((Vec::new(), Vec::new(), Remarks::default())) };
                let file = |part: &str| basis.given(ANTHROPOGENIC_HEAT, part);
                let Some(layer) = file("layer") else {
                    let problem =
                        format!("takes what the section \"{}\" gives, and that is not computed yet", section.0);
                    return Err(Error::scenario(KEY, problem, "run the whole file with `hanze run`"));
                };
                let (mean, mut remarks) = raster(&layer.path, scenario, city, &section.0)?;
                let by_hour = file("hours").map(|table| hours(&table.path)).transpose()?.unwrap_or_default();
                if by_hour.is_empty() {
                    remarks.push(Remark::new(
                        1.0,
                        "the hour of the day that its heat belongs to is not known: it is set free all day",
                        "het is niet bekend bij welk uur van de dag de warmte hoort: ze komt de hele dag vrij",
                    ));
                }
                Ok((mean, by_hour, remarks))
            }
        }
    }
}

/// What each hour of a day has, from the second column of a table.
fn hours(path: &Path) -> Result<Vec<f64>> {
    let text = std::fs::read_to_string(path).map_err(Error::io("reading", path))?;
    let value =
        |line: &str| line.split(',').nth(1)?.trim().parse::<f64>().ok().filter(|value| (0.0..=100.0).contains(value));
    let found: Option<Vec<f64>> = text.lines().skip(1).map(value).collect();
    let unfit = || Error::data(path, "holds no 24 hours of a day", "compute the run of its folder again, with --again");
    found.filter(|hours| hours.len() == 24).ok_or_else(unfit)
}

/// A raster of heat on a city's grid, and what was converted or left out.
fn raster(path: &Path, scenario: &Scenario, city: &Grid, name: &str) -> Result<(Vec<f32>, Remarks)> {
    let (mut source, mut told) =
        raster_with_remarks(path, Quantity::Values, Limits { max_cells: scenario.most_cells })?;
    told.extend(to_unit_of("released_w_per_m2", 60.0, &mut source, path)?);
    let share = missing(&source, city);
    if share > 0.0 {
        let [en, nl] = percent(share);
        told.push(Remark::new(
            share,
            format!("{en} % of the city has no value in it: no heat is set free there"),
            format!("{nl} % van de stad heeft er geen waarde in: daar komt geen warmte vrij"),
        ));
    }
    for value in &mut source.values {
        if !value.is_nan() && !(0.0..=MOST_IN_A_CELL).contains(&f64::from(*value)) {
            let mend = format!("write 0 to {MOST_IN_A_CELL} W/m², or declare it as nodata");
            return Err(Error::data(path, format!("holds {value}"), mend));
        }
        // Where nothing is known nothing is set free, and a road beside it is no wider for that.
        *value = if value.is_nan() { 0.0 } else { *value };
    }
    let mut found = resample(&source, city, Method::Bilinear, path)?.values;
    found.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
    let mean = found.iter().map(|value| f64::from(*value)).sum::<f64>() / found.len().max(1) as f64;
    if mean > MOST_RELEASED {
        let mend = format!("write W/m²: a city does not set more than {MOST_RELEASED} free");
        return Err(Error::data(path, format!("has {mean:.0} on average"), mend));
    }
    Ok((found, told.iter().map(|remark| remark.of(name)).collect()))
}
