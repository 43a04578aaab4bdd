//! Rain from radar, and the sewer's inlets: rasters that do not lie on the city's grid from the first.

use super::super::sky::Radar;
use super::RunoffSpec;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::holes;
use hanze_city::read::{Limits, Quantity, raster_with_remarks};
use hanze_city::resample::{Method, resample};
use hanze_scenario::keys::{missing, percent, to_unit_of};
use hanze_scenario::{NumberOrFile, Scenario};

/// Numbers that all rasters of rain may hold.
const MOST_NUMBERS: usize = 200_000_000;
/// Most that falls in an hour, mm, and most that inlets take.
const MOST_MM_PER_HOUR: f64 = 10_000.0;

impl RunoffSpec {
    /// Rain that differs from place to place, if the scenario has any, and what was converted or left out of it; the last raster is
    /// followed by nothing.
    ///
    /// # Errors
    /// `Data` where the rasters differ in their grids, lie in another plane, or hold what is no rain.
    pub fn radar(&self, scenario: &Scenario, city: &Grid) -> Result<(Option<Radar>, Remarks)> {
        self.read_radar(scenario, city).map_err(|error| scenario.locate(error))
    }

    fn read_radar(&self, scenario: &Scenario, city: &Grid) -> Result<(Option<Radar>, Remarks)> {
        let rain = self.rain.as_ref();
        let Some(names) = rain.and_then(|rain| rain.rasters_mm.as_ref()) else {
            return Ok((None, Remarks::default()));
        };
        let minutes = rain.and_then(|rain| rain.step_minutes).unwrap_or(5.0);
        let mut grid: Option<Grid> = None;
        let mut values = Vec::with_capacity(names.len() + 1);
        let (mut read, mut hidden) = (Vec::new(), 0.0);
        for name in names {
            let path = scenario.existing_at("runoff.rain.rasters_mm", name)?;
            let limits = Limits { max_cells: scenario.most_cells.min(MOST_NUMBERS as u64) };
            let (mut source, mut remarks) = raster_with_remarks(&path, Quantity::Values, limits)?;
            remarks.extend(to_unit_of("rasters_mm", minutes, &mut source, &path)?);
            read.extend(remarks.into_iter().map(|remark| (name, remark)));
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
            hidden += missing(&source, city) / names.len() as f64;
            let rate = |mm: &f32| if mm.is_nan() { 0.0 } else { (per_hour(*mm) * 1e-3 / 3600.0) as f32 };
            values.push(source.values.iter().map(rate).collect::<Vec<f32>>());
        }
        let Some(grid) = grid else { return Ok((None, Remarks::default())) };
        values.push(vec![0.0; grid.len()]);
        let times = (0..values.len()).map(|k| k as f64 * 60.0 * minutes).collect();
        let mut told = Remarks::default();
        // One line for all files.
        if let Some((name, remark)) = read.iter().max_by(|a, b| a.1.share.total_cmp(&b.1.share)) {
            let others = read.iter().filter(|other| other.0 != *name).count();
            let share = read.iter().map(|(_, remark)| remark.share).sum::<f64>() / names.len() as f64;
            let (mut en, mut nl) = (remark.of(name).text.en, remark.of(name).text.nl);
            if others > 0 {
                en += &format!("; {others} remarks of that kind on other rasters of rain");
                nl += &format!("; {others} zulke opmerkingen bij andere rasters met regen");
            }
            told.push(Remark::new(share, en, nl));
        }
        if hidden > 0.0 {
            let [en, nl] = percent(hidden);
            told.push(Remark::new(
                hidden,
                format!("{en} % of the rasters of rain, over the city and in time, have no value: no rain falls there and then"),
                format!("{nl} % van de rasters met regen heeft, over de stad en in de tijd, geen waarde: daar valt dan geen regen"),
            ));
        }
        Ok((Some(Radar { grid, times, values }), told))
    }

    /// What inlets take at most, mm per hour: a raster on the city's grid (0 where there are none), or one number; and what was
    /// converted or left out.
    ///
    /// # Errors
    /// `Data` where the raster holds what cannot be.
    pub fn inlets(&self, scenario: &Scenario, city: &Grid) -> Result<(Option<Raster>, Option<f64>, Remarks)> {
        let name = match self.sewer.as_ref().map(|sewer| &sewer.inlet_mm_per_hour) {
            None => return Ok((None, None, Remarks::default())),
            Some(NumberOrFile::Number(value)) => return Ok((None, Some(*value), Remarks::default())),
            Some(NumberOrFile::File(name)) => name,
        };
        let path =
            scenario.existing_at("runoff.sewer.inlet_mm_per_hour", name).map_err(|error| scenario.locate(error))?;
        let (mut source, mut told) =
            raster_with_remarks(&path, Quantity::Values, Limits { max_cells: scenario.most_cells })?;
        told.extend(to_unit_of("inlet_mm_per_hour", 60.0, &mut source, &path)?);
        let mut found = resample(&source, city, Method::Nearest, &path)?;
        let share = holes::count_holes(&found) as f64 / city.len() as f64;
        if share > 0.0 {
            let [en, nl] = percent(share);
            told.push(Remark::new(
                share,
                format!("{en} % of the city has no value in it: there are no inlets there"),
                format!("{nl} % van de stad heeft er geen waarde in: daar zijn geen kolken"),
            ));
        }
        for value in &mut found.values {
            let rate = f64::from(*value);
            if !value.is_nan() && !(0.0..=MOST_MM_PER_HOUR).contains(&rate) {
                let mend = format!("write 0 to {MOST_MM_PER_HOUR} mm per hour, or declare it as nodata");
                return Err(Error::data(&path, format!("holds {rate}"), mend));
            }
            *value = if value.is_nan() { 0.0 } else { *value };
        }
        Ok((Some(found), None, told.iter().map(|remark| remark.of(name)).collect()))
    }
}
