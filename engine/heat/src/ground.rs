//! How warm surfaces are, by the hour: SOLWEIG's sine of the day (Lindberg et al. 2008 and 2016), until the energy balance of
//! surfaces in time.

use hanze_base::cover::Cover;

/// A kind of surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// Share of shortwave radiation that it reflects.
    pub albedo: f32,
    /// Emissivity.
    pub emissivity: f32,
    /// How much warmer than the air it gets, K for each degree that the sun stands high at noon, and K besides.
    gain: (f64, f64),
    /// Hour of local solar time at which it is warmest.
    warmest: f64,
}

/// Walls.
pub const WALL: Kind = Kind { albedo: 0.20, emissivity: 0.90, gain: (0.37, -3.41), warmest: 15.0 };

/// The surface of a kind of cover.
pub fn kind(cover: Cover) -> Kind {
    let (emissivity, gain, warmest) = match cover {
        Cover::Cobble => (0.95, (0.37, -3.41), 15.0),
        Cover::Asphalt | Cover::Roof => (0.95, (0.58, -9.78), 15.0),
        Cover::Grass => (0.94, (0.21, -3.38), 14.0),
        Cover::Soil => (0.94, (0.33, -3.01), 14.0),
        Cover::Water => (0.98, (0.0, 0.0), 12.0),
    };
    Kind { albedo: cover.albedo(), emissivity, gain, warmest }
}

/// The day of a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Hour of sunrise in local solar time.
    pub sunrise: f64,
    /// Highest altitude of the sun, degrees.
    pub noon: f64,
}

impl Kind {
    /// How much warmer than the air it is in the sun, K, at an hour of local solar time; `clear` is how clear the sky is, 0 to 1.
    pub fn warmer(&self, day: &Day, hour: f64, clear: f64) -> f64 {
        let most = self.gain.0 * day.noon + self.gain.1;
        let phase = (hour - day.sunrise) / (self.warmest - day.sunrise) * std::f64::consts::FRAC_PI_2;
        // Before sunrise and after sunset it has the temperature of the air.
        if !(0.0..=std::f64::consts::PI).contains(&phase) { 0.0 } else { (most * phase.sin()).max(0.0) * clear }
    }
}
