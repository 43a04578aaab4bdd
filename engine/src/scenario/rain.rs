//! Rain from radar, and the sewer's inlets: rasters that do not lie on the city's grid from the first.

use super::Scenario;
use super::spec::NumberOrFile;
use super::units::to_unit_of;
use crate::city::read::{Limits, Quantity, raster};
use crate::city::resample::{Method, resample};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::raster::Raster;

/// Numbers that all rasters of rain may hold.
const MOST_NUMBERS: usize = 200_000_000;
/// Most that falls in an hour, mm, and most that inlets take.
const MOST_MM_PER_HOUR: f64 = 10_000.0;

/// Rasters in time: their grid, when each begins (s), and the intensities (m/s).
pub type Rasters = (Grid, Vec<f64>, Vec<Vec<f32>>);

impl Scenario {
    /// Rain that differs from place to place, if the scenario has any; the last raster is followed by nothing.
    ///
    /// # Errors
    /// `Data` where the rasters differ in their grids, lie in another plane, or hold what is no rain.
    pub fn radar(&self, city: &Grid) -> Result<Option<Rasters>> {
        self.read_radar(city).map_err(|error| self.locate(error))
    }

    fn read_radar(&self, city: &Grid) -> Result<Option<Rasters>> {
        let Some(names) = self.spec.rain.as_ref().and_then(|rain| rain.rasters_mm.as_ref()) else { return Ok(None) };
        let minutes = self.spec.rain.as_ref().and_then(|rain| rain.step_minutes).unwrap_or(5.0);
        let mut grid: Option<Grid> = None;
        let mut values = Vec::with_capacity(names.len() + 1);
        for name in names {
            let path = self.existing_at("rain.rasters_mm", name)?;
            let mut source =
                raster(&path, Quantity::Values, Limits { max_cells: self.most_cells.min(MOST_NUMBERS as u64) })?;
            to_unit_of("rasters_mm", minutes, &mut source, &path)?;
            let first = *grid.get_or_insert(source.grid);
            if source.grid != first {
                let problem = "does not lie on the grid of the first raster";
                return Err(Error::data(&path, problem, "give rasters of one size and place"));
            }
            if city.crs.plane().is_some() && !first.crs.same_plane(city.crs) {
                let problem = format!("lies in {}, and the city in {}", first.crs, city.crs);
                return Err(Error::data(&path, problem, "reproject it, e.g. with gdalwarp -t_srs"));
            }
            let slack = 1e-6 * first.cell;
            let covers = first.west <= city.west + slack
                && first.east() >= city.east() - slack
                && first.south() <= city.south() + slack
                && first.north >= city.north - slack;
            if !covers {
                let there =
                    format!("{}…{} m east, {}…{} m north", first.west, first.east(), first.south(), first.north);
                let problem = format!("does not cover the city: {there}");
                return Err(Error::data(&path, problem, "give rasters that cover all of it"));
            }
            if names.len() * first.len() > MOST_NUMBERS {
                let problem = format!("holds {} cells, {} times", first.len(), names.len());
                return Err(Error::data(&path, problem, "cut the rasters to the city's surroundings"));
            }
            let per_hour = |mm: f32| f64::from(mm) * 60.0 / minutes;
            let is_rain = |mm: &f32| mm.is_nan() || (0.0..=MOST_MM_PER_HOUR).contains(&per_hour(*mm));
            if let Some(wrong) = source.values.iter().position(|mm| !is_rain(mm)) {
                let (col, row) = (wrong % first.cols, wrong / first.cols);
                let problem = format!("holds {} mm in row {row}, column {col}", source.values[wrong]);
                return Err(Error::data(&path, problem, "declare cells without rain data as nodata"));
            }
            let rate = |mm: &f32| if mm.is_nan() { 0.0 } else { (per_hour(*mm) * 1e-3 / 3600.0) as f32 };
            values.push(source.values.iter().map(rate).collect::<Vec<f32>>());
        }
        let Some(grid) = grid else { return Ok(None) };
        values.push(vec![0.0; grid.len()]);
        let times = (0..values.len()).map(|k| k as f64 * 60.0 * minutes).collect();
        Ok(Some((grid, times, values)))
    }

    /// What inlets take at most, mm per hour: a raster on the city's grid (0 where there are none), or one number.
    ///
    /// # Errors
    /// `Data` where the raster holds what cannot be.
    pub fn inlets(&self, city: &Grid) -> Result<(Option<Raster>, Option<f64>)> {
        let name = match self.spec.sewer.as_ref().and_then(|sewer| sewer.inlet_mm_per_hour.as_ref()) {
            None => return Ok((None, None)),
            Some(NumberOrFile::Number(value)) => return Ok((None, Some(*value))),
            Some(NumberOrFile::File(name)) => name,
        };
        let path = self.existing_at("sewer.inlet_mm_per_hour", name).map_err(|error| self.locate(error))?;
        let mut source = raster(&path, Quantity::Values, Limits { max_cells: self.most_cells })?;
        to_unit_of("inlet_mm_per_hour", 60.0, &mut source, &path)?;
        let mut found = resample(&source, city, Method::Nearest, &path)?;
        for value in &mut found.values {
            let rate = f64::from(*value);
            if !value.is_nan() && !(0.0..=MOST_MM_PER_HOUR).contains(&rate) {
                let mend = format!("write 0 to {MOST_MM_PER_HOUR} mm per hour, or declare it as nodata");
                return Err(Error::data(&path, format!("holds {rate}"), mend));
            }
            *value = if value.is_nan() { 0.0 } else { *value };
        }
        Ok((Some(found), None))
    }
}
