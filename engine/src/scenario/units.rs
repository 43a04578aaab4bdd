//! Rasters in another unit than that of the key that names them.

use super::columns::{Amount, amount};
use crate::city::read::metres;
use crate::error::{Error, Result};
use crate::raster::Raster;
use std::path::Path;

/// Brings a layer to the unit that its key ends with (m, mm per day, mm per hour, mm in a step of so many minutes), where its file
/// names another.
///
/// # Errors
/// `Data` where a length is in a unit that is not known.
pub(super) fn to_unit_of(key: &str, step_minutes: f64, layer: &mut Raster, path: &Path) -> Result<()> {
    let unit = layer.unit.trim();
    let is_rate = |hours: f64| match amount(unit) {
        Some(Amount::Rate(per_hour)) => Some(per_hour * hours),
        _ if unit == "m/s" => Some(3.6e6 * hours),
        _ => None,
    };
    let factor = if unit.is_empty() {
        1.0
    } else if key.ends_with("_mm") {
        is_rate(step_minutes / 60.0).or(metres(unit).map(|metres| 1000.0 * metres)).unwrap_or(1.0)
    } else if key.ends_with("_m") {
        metres(unit).ok_or_else(|| {
            Error::data(path, format!("is in \"{unit}\", and {key} is in m"), "write it in m, with or without a unit")
        })?
    } else if key.ends_with("_mm_per_day") {
        is_rate(24.0).unwrap_or(1.0)
    } else if key.ends_with("_mm_per_hour") {
        is_rate(1.0).unwrap_or(1.0)
    } else {
        1.0
    };
    if factor != 1.0 {
        layer.values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    #[test]
    fn layers_come_in_the_unit_of_their_key() {
        for (key, unit, expected) in [
            ("interception_m", "", Some(6.0)),
            ("interception_m", "m", Some(6.0)),
            ("interception_m", "mm", Some(0.006)),
            ("canopy_m", "cm", Some(0.06)),
            ("canopy_m", "fathom", None),
            ("infiltration_mm_per_day", "mm/h", Some(144.0)),
            ("infiltration_mm_per_day", "mm/day", Some(6.0)),
            ("infiltration_mm_per_day", "m/s", Some(518.4e6)),
            ("inlet_mm_per_hour", "mm/d", Some(0.25)),
            ("rasters_mm", "mm", Some(6.0)),
            ("rasters_mm", "mm/h", Some(0.5)),
            ("rasters_mm", "m", Some(6000.0)),
            ("manning", "s/m^(1/3)", Some(6.0)),
        ] {
            let mut layer = Raster::uniform(Grid::local(1, 1, 1.0), "layer", unit, 6.0);
            let found = to_unit_of(key, 5.0, &mut layer, Path::new("some.tif")).ok().map(|()| layer.values[0]);
            let close = |(found, expected): (f32, f64)| (f64::from(found) / expected - 1.0).abs() < 1e-6;
            assert!(
                found.is_some() == expected.is_some() && found.zip(expected).is_none_or(close),
                "{key} {unit}: {found:?}"
            );
        }
    }
}
