//! The national heat map of the Dutch stress test: PET by regression (Koopmans et al. 2020, doi:10.1016/j.uclim.2020.100718;
//! RIVM 2019-0008, "DPRA").

use hanze_base::error::{Error, Result};

/// Von Kármán's constant as the method has it for u*, and wind at 60 m over that at 10 m above grass.
const KARMAN: f64 = 0.4;
const GRASS: f64 = 0.63501;
const ABOVE: f64 = 0.7643;
const STEFAN_BOLTZMANN: f64 = 5.67e-8;
/// Radiation of the sun above the atmosphere, W/m².
const SOLAR: f64 = 1367.0;
/// Highest mean height that the profile is used for, m: it begins at 60 m above the ground.
const HIGHEST: f64 = 60.0;
/// Lowest wind that the regressions take, m/s.
const CALM: f64 = 0.5;

/// Wet-bulb temperature, °C, from air temperature (°C) and relative humidity (%) (Stull 2011, doi:10.1175/JAMC-D-11-0143.1).
pub fn wet_bulb(air: f64, humidity: f64) -> f64 {
    air * (0.151977 * (humidity + 8.313659).sqrt()).atan() + (air + humidity).atan() - (humidity - 1.676331).atan()
        + 0.00391838 * humidity.powf(1.5) * (0.023101 * humidity).atan()
        - 4.686035
}

/// The part of global radiation (W/m²) that is diffuse, by how clear it is; `altitude` of the sun in degrees.
pub fn diffuse(global: f64, altitude: f64) -> f64 {
    let clear = global / (SOLAR * altitude.to_radians().sin());
    match clear {
        clear if clear > 0.7 => 0.2 * global,
        clear if clear >= 0.3 => global * (1.6 - 2.0 * clear),
        _ => global,
    }
}

/// What a day is like at the station: from 08 UTC to 07 UTC of the next day, but radiation from 01 to 24 UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Highest and lowest temperature, °C.
    pub warmest: f64,
    /// Lowest temperature, °C.
    pub coolest: f64,
    /// Mean wind at 10 m, m/s.
    pub wind: f64,
    /// Mean global radiation, W/m².
    pub global: f64,
}

impl Day {
    /// Highest heat island of the day, K, where the sky view and the share of green around are these; air temperature (°C) and
    /// pressure (hPa) make the density of the air (Theeuwes et al. 2017, doi:10.1002/joc.4717).
    pub fn island(&self, sky_view: f64, green: f64, air: f64, pressure: f64) -> f64 {
        let kinematic = self.global / (density(air, pressure) * 1007.0);
        let range = self.warmest - self.coolest;
        (2.0 - sky_view - green) * (kinematic * range.powi(3) / self.wind).max(0.0).powf(0.25)
    }
}

/// Density of dry air, kg/m³.
fn density(air: f64, pressure: f64) -> f64 {
    100.0 * pressure / (287.058 * (air + 273.15))
}

/// The hour as the station has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Wet-bulb temperature, °C.
    pub wet_bulb: f64,
    /// Global radiation, W/m².
    pub global: f64,
    /// Altitude of the sun, degrees.
    pub altitude: f64,
}

/// A place in that hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Air temperature with the heat island, °C.
    pub air: f64,
    /// Wind at 1.2 m, m/s.
    pub wind: f64,
    /// Sky view factor.
    pub sky_view: f64,
    /// Bowen ratio.
    pub bowen: f64,
    /// Whether the sun comes there.
    pub sunny: bool,
}

impl Hour {
    /// PET at a place, °C.
    pub fn pet(&self, spot: &Spot) -> f64 {
        let Spot { air, wind, sky_view, bowen, sunny } = *spot;
        let ln_u = wind.max(CALM).ln();
        let sin = self.altitude.to_radians().sin();
        if sunny && self.global > 0.0 {
            let q = self.global;
            -13.26 + 1.25 * air + 0.011 * q - 3.37 * ln_u + 0.078 * self.wet_bulb + 0.0055 * q * ln_u + 5.56 * sin
                - 0.0103 * q * ln_u * sin
                + 0.546 * bowen
                + 1.94 * sky_view
        } else {
            let scattered = if self.global > 0.0 { diffuse(self.global, self.altitude) } else { 0.0 };
            let walls = STEFAN_BOLTZMANN * (air + 273.15).powi(4);
            -12.14 + 1.25 * air - 1.47 * ln_u
                + 0.060 * self.wet_bulb
                + 0.015 * sky_view * scattered
                + 0.0060 * (1.0 - sky_view) * walls
        }
    }
}

/// What stands in the window upwind of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Roughness {
    /// Mean height of buildings, m, and the share of the area that they cover.
    pub buildings: (f64, f64),
    /// Mean height of trees, m, and the share of the area that they cover.
    pub trees: (f64, f64),
    /// Frontal area of buildings and of trees, m².
    pub fronts: (f64, f64),
    /// Area of the window, m².
    pub area: f64,
}

/// Rows by the frontal area index: upper end, then z0, d, zw (over the height), and A and B of the profile between buildings
/// (Macdonald 2000, doi:10.1023/A:1002430000218, after the national method).
const PROFILES: [(f64, [f64; 5]); 5] = [
    (0.08, [0.048, 0.066, 2.0, -0.35, 0.56]),
    (0.135, [0.071, 0.26, 2.5, -0.35, 0.50]),
    (0.18, [0.084, 0.32, 2.7, -0.34, 0.48]),
    (0.265, [0.08, 0.42, 1.5, -0.56, 0.66]),
    (f64::INFINITY, [0.077, 0.57, 1.2, -0.85, 0.92]),
];

/// Roughness of grass, m.
const MEADOW: f64 = 0.03;

/// How wind grows with height above and between what stands, all in m; and what it depends on.
struct Profile {
    height: f64,
    index: f64,
    roughness: f64,
    displacement: f64,
    zw: f64,
    a: f64,
    b: f64,
}

impl Roughness {
    /// Roughness length and displacement, m: those of grass where little stands.
    pub fn lengths(&self) -> (f64, f64) {
        self.profile().map_or((MEADOW, 0.0), |profile| (profile.roughness, profile.displacement))
    }

    /// The profile of the wind; `None` where too little stands.
    fn profile(&self) -> Option<Profile> {
        let Roughness { buildings: (hb, ab), trees: (ht, at), fronts: (fb, ft), area } = *self;
        if fb + ft <= 25.0 {
            return None;
        }
        // Crowns let wind through; leaves make them as rough as fewer buildings.
        let share = at * 0.27 / 0.16;
        let height = if ab + share > 0.0 { ((hb * ab + ht * share) / (ab + share)).clamp(4.0, HIGHEST) } else { 4.0 };
        let index = ((0.16 * fb + 45.45 * (0.27 * ft).sqrt()) / area + 0.015).min(0.33);
        let row = PROFILES.iter().find(|(end, _)| index < *end).map_or(PROFILES[4].1, |(_, row)| *row);
        let [roughness, displacement, zw] = [row[0], row[1], row[2]].map(|factor| factor * height);
        Some(Profile { height, index, roughness, displacement, zw, a: row[3], b: row[4] })
    }

    /// Wind at 1.2 m over that above open grass, at most 1.
    pub fn ratio(&self) -> f64 {
        let Some(Profile { height, index, roughness: z0, displacement: d, zw, a, b }) = self.profile() else {
            return 1.0;
        };
        let friction = 1.0 / GRASS / ABOVE * KARMAN / ((60.0 - d) / z0).ln();
        let at_zw = friction / KARMAN * ((zw - d) / z0).ln();
        let at_height = at_zw - friction / b * ((a + b * zw / height) / (a + b)).ln();
        (at_height * (9.6 * index * (1.2 / height - 1.0)).exp()).clamp(0.0, 1.0)
    }
}

/// Wind at 1.2 m, m/s, from the ratio and the wind at 10 m.
pub fn wind(ratio: f64, at_10_m: f64) -> f64 {
    (((ratio - 0.125) * 0.5829 + 0.125) * at_10_m).max(CALM)
}

/// Height of a tree as the wind has it, m, from that in the data.
pub fn wind_height(tree: f64) -> f64 {
    7.721 * tree.max(0.0).sqrt()
}

/// Share of the highest heat island that is there at each full hour (UTC), by season (Koopmans et al. 2020): a column for each pair
/// of sunrise and sunset.
#[rustfmt::skip]
#[allow(clippy::approx_constant, reason = "a measured share, and not 1/π")]
const SHARES: [[f64; 24]; 7] = [
    // Sunrise at 6, sunset at 17 h.
    [0.748, 0.667, 0.602, 0.525, 0.449, 0.281, 0.127, 0.063, 0.019, -0.015, -0.02, 0.0,
     0.03, 0.065, 0.117, 0.205, 0.335, 0.532, 0.747, 0.906, 0.975, 1.0, 0.931, 0.849],
    // Sunrise at 5, sunset at 17 h.
    [0.782, 0.64, 0.573, 0.49, 0.355, 0.15, 0.078, 0.025, -0.013, -0.02, -0.001, 0.025,
     0.056, 0.09, 0.165, 0.27, 0.413, 0.6, 0.803, 0.92, 0.978, 1.0, 0.925, 0.83],
    // Sunrise at 5, sunset at 18 h.
    [0.807, 0.704, 0.617, 0.533, 0.435, 0.227, 0.095, 0.032, -0.009, -0.02, -0.003, 0.02,
     0.048, 0.08, 0.136, 0.215, 0.325, 0.485, 0.662, 0.849, 0.932, 0.979, 1.0, 0.918],
    // Sunrise at 5, sunset at 19 h.
    [0.91, 0.78, 0.675, 0.59, 0.49, 0.32, 0.12, 0.04, -0.005, -0.02, -0.004, 0.016,
     0.042, 0.071, 0.111, 0.176, 0.27, 0.386, 0.546, 0.716, 0.877, 0.941, 0.981, 1.0],
    // Sunrise at 4, sunset at 19 h.
    [0.9, 0.757, 0.71, 0.543, 0.413, 0.15, 0.057, 0.0, -0.02, -0.005, 0.013, 0.037,
     0.063, 0.09, 0.15, 0.222, 0.318, 0.45, 0.6, 0.762, 0.89, 0.95, 0.982, 1.0],
    // Sunrise at 4, sunset at 20 h.
    [1.0, 0.888, 0.728, 0.609, 0.49, 0.256, 0.079, 0.007, -0.02, 0.006, 0.01, 0.033,
     0.056, 0.082, 0.128, 0.184, 0.27, 0.366, 0.506, 0.651, 0.803, 0.901, 0.958, 0.983],
    // Sunrise at 3, sunset at 20 h.
    [1.0, 0.866, 0.69, 0.56, 0.38, 0.107, 0.015, -0.02, -0.007, 0.007, 0.029, 0.05,
     0.074, 0.108, 0.161, 0.228, 0.312, 0.424, 0.556, 0.695, 0.838, 0.911, 0.964, 0.984],
];

/// From which day (month, day) on which column holds; it ends with September.
const SEASONS: [((i8, i8), usize); 11] = [
    ((4, 1), 2),
    ((4, 13), 3),
    ((4, 20), 4),
    ((5, 20), 5),
    ((5, 26), 6),
    ((7, 11), 5),
    ((7, 31), 4),
    ((8, 22), 3),
    ((8, 31), 2),
    ((9, 25), 1),
    ((9, 28), 0),
];

/// Share of the heat island that is there in each hour of a day, by its label (UTC, 24 is 0).
///
/// # Errors
/// `Scenario` outside April to September, which the method does not know.
pub fn shares(month: i8, day: i8) -> Result<&'static [f64; 24]> {
    let found = SEASONS.iter().rev().find(|(first, _)| (month, day) >= *first).map(|(_, column)| &SHARES[*column]);
    found.filter(|_| month <= 9).ok_or_else(|| {
        let words = format!("the national heat map knows no heat island on day {day} of month {month}");
        Error::scenario("heat.date", words, "take a day from 1 April to 30 September")
    })
}
