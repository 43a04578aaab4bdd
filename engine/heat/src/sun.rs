//! Where the sun stands: the solar position algorithm of NREL (Reda and Andreas 2004), by the crate `solar-positioning`.

use hanze_base::error::{Error, Result};
use solar_positioning::time::JulianDate;
use solar_positioning::{Location, SolarPositions, delta_t};

/// Where the sun stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// Above the horizon without refraction, rad; below 0 by night.
    pub altitude: f64,
    /// From north over east, rad.
    pub azimuth: f64,
}

/// Julian date of the beginning of 1970.
const EPOCH: f64 = 2_440_587.5;

/// The sun above a place (degrees) at a time (s since 1970, UTC).
///
/// # Errors
/// `Scenario` for a place or a time that the algorithm does not know.
pub fn sun(latitude: f64, longitude: f64, unix: f64) -> Result<Sun> {
    let wrong =
        |reason: solar_positioning::Error| Error::scenario("heat", reason.to_string(), "correct place and date");
    let day = EPOCH + unix / 86_400.0;
    let shift = delta_t::estimate(2000.0 + (day - 2_451_545.0) / 365.25).map_err(wrong)?;
    let time = JulianDate::new(day, shift).map_err(wrong)?;
    let place = Location { latitude, longitude };
    let at = SolarPositions::new().at_from_julian(time, place, 0.0, None).map_err(wrong)?;
    Ok(Sun { altitude: at.elevation_angle().to_radians(), azimuth: at.azimuth().to_radians() })
}

/// Radiation of the sun above the atmosphere on a plane that faces it, W/m², on a day of the year from 1 on.
pub fn extraterrestrial(day_of_year: f64) -> f64 {
    let b = std::f64::consts::TAU * day_of_year / 365.0;
    1367.0
        * (1.00011 + 0.034221 * b.cos() + 0.00128 * b.sin() + 0.000719 * (2.0 * b).cos() + 0.000077 * (2.0 * b).sin())
}
