//! Heat that traffic and buildings set free outside, on the city's grid.

use super::HeatSpec;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::read::{Limits, Quantity, raster_with_remarks};
use hanze_city::resample::{Method, resample};
use hanze_scenario::keys::{missing, percent, to_unit_of};
use hanze_scenario::{NumberOrFile, Scenario};

/// Heat that a city may set free, W/m²; and a cell of it, as a lane on which cars stand.
pub(super) const MOST_RELEASED: f64 = 1000.0;
const MOST_IN_A_CELL: f64 = 20_000.0;

impl HeatSpec {
    /// Heat that is set free on each cell of a city, W/m²; one number where it is the same everywhere, none where there is none; and what
    /// was converted or left out.
    ///
    /// # Errors
    /// `Data` where the raster holds what cannot be, or is in another unit.
    pub fn released_on(&self, scenario: &Scenario, city: &Grid) -> Result<(Vec<f32>, Remarks)> {
        let name = match self.released() {
            None => return Ok((Vec::new(), Remarks::default())),
            Some(NumberOrFile::Number(value)) => return Ok((vec![*value as f32], Remarks::default())),
            Some(NumberOrFile::File(name)) => name,
        };
        let path = scenario.existing_at("heat.island.released_w_per_m2", name)?;
        let (mut source, mut told) =
            raster_with_remarks(&path, Quantity::Values, Limits { max_cells: scenario.most_cells })?;
        told.extend(to_unit_of("released_w_per_m2", 60.0, &mut source, &path)?);
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
                return Err(Error::data(&path, format!("holds {value}"), mend));
            }
            // Where nothing is known nothing is set free, and a road beside it is no wider for that.
            *value = if value.is_nan() { 0.0 } else { *value };
        }
        let mut found = resample(&source, city, Method::Bilinear, &path)?.values;
        found.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        let mean = found.iter().map(|value| f64::from(*value)).sum::<f64>() / found.len().max(1) as f64;
        if mean > MOST_RELEASED {
            let mend = format!("write W/m²: a city does not set more than {MOST_RELEASED} free");
            return Err(Error::data(&path, format!("has {mean:.0} on average"), mend));
        }
        Ok((found, told.iter().map(|remark| remark.of(name)).collect()))
    }
}
