//! Units that rasters name, and planes whose metres are none.

use super::reproject;
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::plane;
use std::path::Path;

/// Metres of a US survey foot.
const SURVEY_FOOT: f64 = 1200.0 / 3937.0;
/// EPSG and ESRI codes of web Mercator, its forerunners, and Mercator of the world.
const MERCATOR: [u32; 8] = [3857, 3785, 900_913, 102_100, 102_113, 3395, 54_004, 41_001];

/// Words that say from where heights are, and not in which unit.
const FROM: [&str; 6] = ["nap", "taw", "msl", "height", "hoogte", "in"];

/// Whether a unit is one that programs write for none.
pub fn is_unitless(unit: &str) -> bool {
    let unit = unit.trim().to_lowercase();
    ["none", "unitless", "unknown", "undefined", "unspecified", "null", "n/a", "na"].contains(&unit.as_str())
        || unit.chars().all(|letter| " .-_()[]".contains(letter))
}

/// Metres of a word in small letters for a unit of length, also with what it is relative to (mnap); `None` for any other.
pub fn length(word: &str) -> Option<f64> {
    let plain = ["nap", "taw"].into_iter().find_map(|from| word.strip_suffix(from)).filter(|word| !word.is_empty());
    Some(match plain.unwrap_or(word) {
        "m" | "metre" | "metres" | "meter" | "meters" => 1.0,
        "dm" | "decimetre" | "decimetres" | "decimeter" | "decimeters" => 0.1,
        "cm" | "centimetre" | "centimetres" | "centimeter" | "centimeters" => 0.01,
        "mm" | "millimetre" | "millimetres" | "millimeter" | "millimeters" => 0.001,
        "ft" | "foot" | "feet" => 0.3048,
        "inch" | "inches" => 0.0254,
        _ => return None,
    })
}

/// Metres of a unit of length that is not converted, for advice.
pub(super) fn metres_of_other(unit: &str) -> Option<f64> {
    Some(match unit.trim().to_lowercase().trim_end_matches('s') {
        "yard" | "yd" => 0.9144,
        "fathom" | "fm" | "ftm" => 1.8288,
        "km" | "kilometre" | "kilometer" => 1000.0,
        "mile" | "mi" => 1609.344,
        "in" | "\"" => 0.0254,
        _ => return None,
    })
}

/// Metres of one unit of length by its name, 1 for no name; `None` for a name that is no unit of length.
pub fn metres(unit: &str) -> Option<f64> {
    if is_unitless(unit) {
        return Some(1.0);
    }
    let unit = unit.to_lowercase();
    if unit.contains(['/', '^', '²', '³']) || unit.contains("-1") || unit.contains("-2") {
        return None;
    }
    let words: Vec<&str> =
        unit.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_foot = words.iter().any(|word| ["ft", "foot", "feet", "ftus", "sft"].contains(word));
    if is_foot && words.iter().any(|word| ["us", "survey", "ftus", "sft"].contains(word)) {
        return Some(SURVEY_FOOT);
    }
    // What heights are relative to may stand first; alone it names no unit.
    match words.iter().find(|word| !FROM.contains(word)) {
        None => (!words.is_empty() && words != ["in"]).then_some(1.0),
        Some(word) => length(word).or(is_foot.then_some(0.3048)),
    }
}

/// Refuses a plane whose unit is not a metre on the ground: web Mercator, feet.
pub(super) fn check_plane(file: &Path, grid: &Grid) -> Result<()> {
    let Some(code) = grid.crs.plane() else { return Ok(()) };
    if is_mercator(grid.crs) {
        return Err(mercator(file, &format!("EPSG:{code}"), Some(grid)));
    }
    if let Some(metre) = plane::unit(grid.crs).filter(|metre| (metre - 1.0).abs() > 1e-9) {
        let problem = format!("has coordinates in EPSG:{code}, whose unit is {metre} m, and metres are needed");
        return Err(Error::data(file, problem, reproject(Crs::RD_NEW)));
    }
    Ok(())
}

/// Whether a system is a Mercator map of the world.
pub fn is_mercator(crs: Crs) -> bool {
    crs.epsg.is_some_and(|code| MERCATOR.contains(&code))
}

/// Where to go from web Mercator.
pub const TO_METRES: &str = "reproject to EPSG:28992 (RD New) in the Netherlands, or to UTM (EPSG:25831, EPSG:25832, EPSG:326xx) elsewhere, \
     e.g. gdalwarp -t_srs EPSG:28992 -tr 1 1";

/// The error about a file in a Mercator map of the world.
pub(super) fn mercator(file: &Path, name: &str, grid: Option<&Grid>) -> Error {
    /// Radius of the web's map, m.
    const RADIUS: f64 = 6_378_137.0;
    let scale = grid.map(|grid| (0.5 * (grid.north + grid.south()) / RADIUS).cosh()).filter(|scale| scale.is_finite());
    let words = scale.map_or(String::new(), |scale| {
        format!(
            ": here a metre on the ground is {scale:.2} of its metres, and areas are {:.2} times too large",
            scale * scale
        )
    });
    Error::data(
        file,
        format!("lies in web Mercator ({name}), whose metres are not those of the ground{words}"),
        TO_METRES,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_length_have_metres() {
        for (unit, expected) in [
            ("", Some(1.0)),
            ("m", Some(1.0)),
            ("Metre", Some(1.0)),
            ("m+NAP", Some(1.0)),
            ("m NAP", Some(1.0)),
            ("mNAP", Some(1.0)),
            ("meters +NAP", Some(1.0)),
            ("NAP", Some(1.0)),
            ("none", Some(1.0)),
            ("unitless", Some(1.0)),
            ("-", Some(1.0)),
            ("NAP (cm)", Some(0.01)),
            ("cmNAP", Some(0.01)),
            ("inch", Some(0.0254)),
            ("in", None),
            ("[in]", None),
            ("°", None),
            ("0.01 m", None),
            ("m s-1", None),
            ("cm", Some(0.01)),
            ("[mm]", Some(0.001)),
            ("ft", Some(0.3048)),
            ("feet", Some(0.3048)),
            ("international foot", Some(0.3048)),
            ("US survey foot", Some(SURVEY_FOOT)),
            ("us-ft", Some(SURVEY_FOOT)),
            ("Foot_US", Some(SURVEY_FOOT)),
            ("fathom", None),
            ("m/s", None),
            ("degree", None),
        ] {
            assert_eq!(metres(unit), expected, "{unit}");
        }
    }

    #[test]
    fn planes_without_metres_are_refused() {
        let grid = |epsg| Grid { crs: Crs { epsg }, west: 0.0, north: 6_891_000.0, ..Grid::local(3, 2, 1.0) };
        let check = |epsg| check_plane(Path::new("some.tif"), &grid(epsg));
        for code in [3857, 900_913, 102_100] {
            let message = check(Some(code)).unwrap_err().to_string();
            let words = ["some.tif", "web Mercator", "1.6", "2.7", "EPSG:28992", "UTM"];
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
        }
        let message = check(Some(2263)).unwrap_err().to_string();
        assert!(message.contains("0.3048") && message.contains("metres are needed"), "{message}");
        for code in [None, Some(28992), Some(7415), Some(25832), Some(32_631), Some(3_000_000)] {
            assert!(check(code).is_ok(), "{code:?}");
        }
    }
}
