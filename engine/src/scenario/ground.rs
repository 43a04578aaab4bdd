//! What covers the ground, by a table of codes: a raster of land use, and polygons on top of it.

use super::Scenario;
use super::city::{Input, note_share};
use crate::checksum::of_file;
use crate::city::codes::{Class, Codes, SHIPPED};
use crate::city::holes;
use crate::city::read::{Quantity, Value};
use crate::city::resample::{Method, resample};
use crate::cover::Cover;
use crate::error::Result;
use crate::grid::Grid;
use crate::raster::Raster;

/// Class of a cell that has none.
const NO_CLASS: u16 = u16::MAX;
/// What covers the ground.
pub(super) struct Ground {
    pub(super) grid: Grid,
    pub(super) codes: Option<Codes>,
    /// Class of each cell, or `NO_CLASS`.
    class: Vec<u16>,
}

impl Ground {
    /// A value for each cell from its class.
    pub(super) fn each(&self, value: impl Fn(&Class) -> f64, default: f64) -> Vec<f32> {
        let values: Vec<f32> = self.codes.iter().flat_map(|codes| &codes.classes).map(|c| value(c) as f32).collect();
        self.class.iter().map(|class| values.get(usize::from(*class)).copied().unwrap_or(default as f32)).collect()
    }

    pub(super) fn cover(&self) -> Option<Raster> {
        self.codes.as_ref()?;
        let values = self.each(|class| f64::from(class.cover as u8), f64::from(Cover::Soil as u8));
        Some(Raster::from_values(self.grid, "cover", "", values).described("Land cover, numbered as in UMEP"))
    }

    pub(super) fn sewered(&self) -> Option<Raster> {
        self.codes.as_ref()?;
        let values = self.each(|class| f64::from(u8::from(class.sewered)), 0.0);
        Some(Raster::from_values(self.grid, "sewered", "", values).described("1 where the sewer has inlets"))
    }
}

impl Scenario {
    /// What covers the ground, by the scenario's table of codes.
    pub(super) fn ground(&self, grid: &Grid, inputs: &mut Vec<Input>) -> Result<Ground> {
        let spec = &self.spec.city;
        let Some(name) = &spec.codes else { return Ok(Ground { grid: *grid, codes: None, class: Vec::new() }) };
        let codes = match SHIPPED.iter().find(|(shipped, _)| shipped == name) {
            Some((shipped, text)) => Codes::parse(std::path::Path::new(shipped), text)?,
            None => {
                let path = self.existing("codes", name)?;
                let codes = Codes::read(&path)?;
                let (sha256, bytes) = of_file(&path)?;
                let layer = "codes".into();
                inputs.push(Input { name: name.clone(), layer, sha256, bytes, nodata_share: 0.0, repairs: Vec::new() });
                codes
            }
        };
        let mut class = vec![NO_CLASS; grid.len()];
        if let Some(name) = &spec.land_use {
            let source = self.read("land_use", name, Quantity::Values, inputs)?;
            let raster = resample(&source, grid, Method::Nearest, &self.path(name))?;
            note_share(inputs, holes::count_holes(&raster), grid);
            let mut unknown = std::collections::BTreeMap::<i64, usize>::new();
            for (class, code) in class.iter_mut().zip(&raster.values).filter(|(_, code)| !code.is_nan()) {
                match codes.of_number(*code) {
                    Some(found) => *class = found as u16,
                    None => *unknown.entry(*code as i64).or_default() += 1,
                }
            }
            let told =
                unknown.into_iter().take(20).map(|(code, count)| format!("code {code} is in no class: {count} cells"));
            let told: Vec<String> = told.collect();
            inputs.last_mut().into_iter().for_each(|input| input.repairs.extend(told.iter().cloned()));
        }
        for name in &spec.surfaces {
            self.paint(name, &codes, grid, &mut class, inputs)?;
        }
        Ok(Ground { grid: *grid, codes: Some(codes), class })
    }

    /// Lays the features of a file on the ground.
    fn paint(&self, name: &str, codes: &Codes, grid: &Grid, class: &mut [u16], inputs: &mut Vec<Input>) -> Result<()> {
        let mut columns: Vec<&str> = codes.columns.iter().map(String::as_str).collect();
        columns.extend(codes.ground.as_ref().map(|ground| ground.column.as_str()));
        let found = self.features_of("city.surfaces", "surfaces", name, grid, &columns, inputs)?;
        let stem = std::path::Path::new(name).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        let stem = stem.unwrap_or_default();
        let mut repairs = Vec::new();
        for feature in &found.features {
            if let Some(ground) = &codes.ground
                && let Some(Some(level)) = feature.values.last()
                && level.name().parse::<f64>().is_ok_and(|level| level != ground.value)
            {
                continue;
            }
            let words = feature.values.iter().take(codes.columns.len()).flatten().filter_map(|value| match value {
                Value::Text(word) => Some(word.as_str()),
                Value::Number(_) => None,
            });
            // A file of one kind, such as bgt_pand, needs no column.
            let kind = stem.rsplit('_').next().unwrap_or_default();
            let found = words.clone().chain([kind]).find_map(|word| codes.of_word(word));
            let Some(found) = found else {
                if repairs.len() < 20 {
                    let words: String = words.collect::<Vec<_>>().join(", ").chars().take(100).collect();
                    repairs
                        .push(format!("feature {}: no class has {words:?}; what lies under it shows", feature.number));
                }
                continue;
            };
            let rows = feature.place.outline.cells(grid).unwrap_or_default();
            for (row, ranges) in rows {
                ranges.into_iter().for_each(|cols| class[row * grid.cols..][cols].fill(found as u16));
            }
        }
        inputs.last_mut().into_iter().for_each(|input| input.repairs.append(&mut repairs));
        Ok(())
    }
}
