//! Rasters in another unit than that of the key that names them.

use super::header::{Amount, amount, converted};
use hanze_base::error::{Error, Result};
use hanze_base::raster::Raster;
use hanze_base::remark::Remark;
use hanze_city::read::{is_unitless, metres};
use std::path::Path;

/// Brings a layer to the unit that its key ends with (m, mm per day, mm per hour, W/m², mm in a step of so many minutes), where its
/// file names another; gives the remark on that.
///
/// # Errors
/// `Data` where the file names a unit that is none of that kind.
pub fn to_unit_of(key: &str, step_minutes: f64, layer: &mut Raster, path: &Path) -> Result<Option<Remark>> {
    let unit = layer.unit.trim().to_string();
    if is_unitless(&unit) {
        return Ok(None);
    }
    let rain = amount(&unit);
    let in_hours = |hours: f64| match rain {
        Some(Amount::Rate(per_hour)) => Some(per_hour * hours),
        _ if ["m/s", "ms-1", "m.s-1"].contains(&close(&unit).as_str()) => Some(3.6e6 * hours),
        _ => None,
    };
    let millimetres = match rain {
        Some(Amount::Step(each)) => Some(each),
        _ => metres(&unit).map(|metres| 1000.0 * metres),
    };
    let (wanted, factor) = if key.ends_with("_mm") {
        ("mm", in_hours(step_minutes / 60.0).or(millimetres))
    } else if key.ends_with("_m") {
        ("m", millimetres.map(|each| each / 1000.0))
    } else if key.ends_with("_mm_per_day") {
        ("mm/day", in_hours(24.0))
    } else if key.ends_with("_mm_per_hour") {
        ("mm/h", in_hours(1.0))
    } else if key.ends_with("_w_per_m2") {
        ("W/m2", watts(&unit))
    } else {
        return Ok(None);
    };
    let factor = factor.ok_or_else(|| {
        let problem = format!("is in \"{unit}\", and {key} is in {wanted}");
        Error::data(path, problem, format!("write it in {wanted}, with or without a unit"))
    })?;
    if factor != 1.0 {
        layer.values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
    }
    Ok(converted(&unit, factor, wanted))
}

/// A unit in small letters without blanks and signs of powers.
fn close(unit: &str) -> String {
    let plain = unit.to_lowercase().replace('²', "2").replace(['⁻', '−'], "-").replace('¹', "1");
    plain.chars().filter(|letter| !letter.is_whitespace() && !['^', '*', '·'].contains(letter)).collect()
}

/// W/m² of a unit of heat on an area.
fn watts(unit: &str) -> Option<f64> {
    let close = close(unit);
    let is_area = |rest: &str| ["/m2", "m-2", "perm2"].contains(&rest);
    let rest = |start: &str| close.strip_prefix(start).is_some_and(is_area);
    if rest("kw") {
        return Some(1000.0);
    }
    ["w", "watt", "watts"].iter().any(|start| rest(start)).then_some(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    #[test]
    fn layers_come_in_the_unit_of_their_key() {
        for (key, unit, expected) in [
            ("interception_m", "", Some(6.0)),
            ("interception_m", "m", Some(6.0)),
            ("interception_m", "mm", Some(0.006)),
            ("canopy_m", "cm", Some(0.06)),
            ("canopy_m", "fathom", None),
            ("infiltration_mm_per_day", "mm/h", Some(144.0)),
            ("interception_m", "0.1 mm", Some(0.0006)),
            ("interception_m", "none", Some(6.0)),
            ("canopy_m", "m NAP", Some(6.0)),
            ("infiltration_mm_per_day", "mm/day", Some(6.0)),
            ("infiltration_mm_per_day", "inch", None),
            ("infiltration_mm_per_day", "mm", None),
            ("infiltration_mm_per_day", "m/s", Some(518.4e6)),
            ("inlet_mm_per_hour", "mm/d", Some(0.25)),
            ("rasters_mm", "mm", Some(6.0)),
            ("rasters_mm", "mm/h", Some(0.5)),
            ("rasters_mm", "m", Some(6000.0)),
            ("rasters_mm", "0.01 mm", Some(0.06)),
            ("rasters_mm", "inch", Some(152.4)),
            ("rasters_mm", "kg", None),
            ("rasters_mm", "unknown", Some(6.0)),
            ("inlet_mm_per_hour", "mm", None),
            ("released_w_per_m2", "W m-2", Some(6.0)),
            ("released_w_per_m2", "kW/m²", Some(6000.0)),
            ("released_w_per_m2", "J/m2", None),
            ("manning", "s/m^(1/3)", Some(6.0)),
        ] {
            let mut layer = Raster::uniform(Grid::local(1, 1, 1.0), "layer", unit, 6.0);
            let answer = to_unit_of(key, 5.0, &mut layer, Path::new("some.tif"));
            if let Ok(remark) = &answer {
                assert_eq!(remark.is_some(), layer.values[0] != 6.0, "{key} {unit}: {remark:?}");
            }
            let found = answer.ok().map(|_| layer.values[0]);
            let close = |(found, expected): (f32, f64)| (f64::from(found) / expected - 1.0).abs() < 1e-6;
            assert!(
                found.is_some() == expected.is_some() && found.zip(expected).is_none_or(close),
                "{key} {unit}: {found:?}"
            );
        }
    }
}
