//! What the air between houses gives to the air above them (Louis 1979), and what lies above, from a meadow at the station. Twin of
//! [`Rough::exchange`]: `shaders/heat/island/balance.wgsl`.

use super::super::ground;
use super::column::{self, Balance, Conduction, LAYERS, Load, Material, balance};
use hanze_base::cover::Cover;

/// Density times heat capacity of air, J/m³K.
pub const AIR: f64 = 1200.0;
/// Density of air, kg/m³.
pub const DENSITY: f64 = 1.2;
/// Latent heat of evaporation, J/kg.
pub const LATENT: f64 = 2.45e6;
const GRAVITY: f64 = 9.81;
const KARMAN: f64 = 0.4;
/// Turbulent Prandtl number of Louis' scheme.
const PRANDTL: f64 = 0.74;
/// Height that is taken to be above it all, m.
pub const ABOVE: f64 = 60.0;
/// Wind at 10 m over that at 60 m above grass.
pub const AT_60_M: f64 = 0.7643;
/// Height up to which the air is mixed by convection, m.
const MIXED: f64 = 1000.0;
/// Roughness of a meadow for wind and for warmth, m, and the height of the station's thermometer.
const MEADOW: (f64, f64) = (0.03, 0.003);
const THERMOMETER: f64 = 2.0;
/// Drag of a meadow between its skin and the thermometer, and Louis' constant there; wind at 2 m over that at 1.2 m.
const MEADOW_DRAG: f32 = 0.005_859_2;
const MEADOW_C: f32 = 2.382_4;
const AT_2_M: f32 = 1.138_5;
/// Logarithm of the thermometer's height over a meadow's roughness.
const SMOOTH: f32 = 4.199_7;
/// How far the exchange over the meadow may differ from that by Louis, and the Richardson number that counts as neutral.
const OVER: (f64, f64) = (0.05, 4.0);
const NEUTRAL: f32 = 0.01;
/// Parts of a profile of which a mean is taken.
const PARTS: usize = 30;

/// How much warmer the air at 60 m may be than that at the station, K.
const WARMEST: f64 = 8.0;
/// Time in which the morning's warmth reaches the air aloft, s.
const MORNING: f64 = 3600.0;
/// Wind below which none is taken, m/s at 10 m.
pub const CALMEST: f64 = 1.0;
/// What is taken as full in a bucket at the start.
pub const START: f64 = 0.6;

/// How the exchange over the station's meadow differs from that by [`Rough::exchange`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Over {
    /// What it is of that.
    pub ratio: f64,
    /// Its Richardson number.
    pub richardson: f64,
    /// Remainder of its sensible heat that no exchange explains, W/m²: what warms the air below 60 m in the morning, while it is still warmer there.
    pub remainder: f64,
    /// Remainder of its latent heat, W/m².
    pub remainder_latent: f64,
}

impl Default for Over {
    fn default() -> Over {
        Over { ratio: 1.0, richardson: 0.2, remainder: 0.0, remainder_latent: 0.0 }
    }
}

/// How much a place of a roughness (m) is like the meadow, 0 to 1: one of 2 m and more has nothing in common with it.
pub fn smooth(roughness: f32) -> f32 {
    ((THERMOMETER as f32 / roughness).ln() / SMOOTH).clamp(0.0, 1.0)
}

/// Weather at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Station {
    /// Air temperature, °C.
    pub air: f64,
    /// Specific humidity, g/kg.
    pub humidity: f64,
    /// Pressure, hPa.
    pub pressure: f64,
    /// Wind at 10 m, m/s.
    pub wind: f64,
    /// Global radiation, W/m².
    pub global: f64,
    /// Longwave radiation of the sky, W/m².
    pub sky: f64,
    /// Rain, m/s.
    pub rain: f64,
}

/// What lies above the city.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Aloft {
    /// Temperature, °C: potential, as at the ground.
    pub air: f64,
    /// Temperature of the air below 60 m where houses mix it, °C: by night the mean of the meadow's profile.
    pub mixed: f64,
    /// Specific humidity, g/kg.
    pub humidity: f64,
}

/// Specific humidity, g/kg, of a vapour pressure, both in hPa.
pub fn specific(vapour: f64, pressure: f64) -> f64 {
    622.0 * vapour / (pressure - 0.378 * vapour)
}

/// Vapour pressure, hPa, of a specific humidity, g/kg.
pub fn vapour(specific: f64, pressure: f64) -> f64 {
    specific * pressure / (622.0 + 0.378 * specific)
}

/// How fast air rises that is warmed by a flux (W/m²), m/s (Beljaars 1995).
pub fn rising(flux: f64, celsius: f64) -> f64 {
    (MIXED * GRAVITY * flux.max(0.0) / (AIR * (celsius + 273.15))).cbrt()
}

/// Wind at 60 m, m/s, with what rises.
pub fn above(wind: f64, rising: f64) -> f64 {
    (wind.max(CALMEST) / AT_60_M).hypot(1.2 * rising)
}

/// Louis' function of stability for warmth, by the Richardson number and `c`. Both branches are computed: loops over many places then have none.
#[inline(always)]
fn stability(richardson: f32, c: f32) -> f32 {
    let by = 1.0 + 4.7 * richardson;
    let stable = 1.0 / (by * by);
    let unstable = 1.0 - 9.4 * richardson / (1.0 + c * (-richardson).sqrt());
    if richardson > 0.0 { stable } else { unstable }
}

/// Richardson number between air (°C) and that so many m above it, in a wind (m/s) there.
#[inline(always)]
fn richardson(height: f32, wind: f32, aloft: f32, air: f32) -> f32 {
    (GRAVITY as f32 * height * (aloft - air) / ((air + 273.15) * wind * wind)).clamp(-10.0, 0.2)
}

/// What the exchange takes from the roughness of a place alone. The canopy's air stands at z0 above the displacement, but not below
/// the thermometer of 2 m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rough {
    /// Height above the displacement, m.
    pub height: f32,
    /// Drag between the canopy's air and that height in neutral air.
    pub drag: f32,
    /// Louis' constant for unstable air.
    pub c: f32,
    /// How much it is like the meadow, 0 to 1, by [`smooth`].
    pub smooth: f32,
}

impl Rough {
    /// Of a height above the displacement and a roughness z0, m.
    pub fn new(height: f32, roughness: f32) -> Rough {
        let log = (height / roughness).ln();
        let times = height / roughness.max(THERMOMETER as f32);
        let drag = 0.16 / (log * times.ln());
        Rough { height, drag, c: 49.8 * drag * times.sqrt(), smooth: smooth(roughness) }
    }

    /// Conductance between the canopy's air at `air` (°C) and that at the height (m/s), where the wind is `wind` (m/s) and the
    /// temperature `aloft` (°C); and the share that the place has of what the meadow gives besides. The more a place is like the
    /// station's meadow, the more it differs from Louis as that does, by the ratio and the Richardson number of [`Over`].
    #[inline(always)]
    pub fn exchange(&self, wind: f32, aloft: f32, air: f32, (ratio, over): (f32, f32)) -> (f32, f32) {
        let Rough { height, drag, c, smooth } = *self;
        let richardson = richardson(height, wind, aloft, air);
        let phi = stability(richardson, c);
        let stable = (richardson / over).clamp(0.0, 1.0);
        // By night layers of air and not houses hold back what is exchanged.
        let like = if richardson > 0.0 { stable } else { smooth * stable };
        (drag / PRANDTL as f32 * wind * phi * (1.0 + like * (ratio - 1.0)), smooth * stable)
    }
}

/// What a meadow's skin (°C) gives to its air (°C) for each kelvin, W/m²K, in a wind at 2 m (m/s): Louis' formula from the skin to the
/// thermometer.
#[inline(always)]
pub fn meadow(wind: f32, air: f32, skin: f32) -> f32 {
    let phi = stability(richardson(THERMOMETER as f32, wind, air, skin), MEADOW_C);
    AIR as f32 * MEADOW_DRAG / PRANDTL as f32 * wind * phi
}

/// Wind at 2 m above open grass, m/s, of that at 1.2 m (`speed`), with what convection stirs; `gust` is what it stirs between houses.
pub fn at_2_m(speed: f32, gust: f32) -> f32 {
    (AT_2_M * speed).hypot(2.4 * gust)
}

/// ψ for warmth at z/L: Dyer where it is unstable, Beljaars and Holtslag 1991 where it is stable.
fn psi_heat(zeta: f64) -> f64 {
    if zeta < 0.0 {
        2.0 * (0.5 * (1.0 + (1.0 - 16.0 * zeta).sqrt())).ln()
    } else {
        let (a, b, c, d) = (1.0, 0.667, 5.0, 0.35);
        1.0 - (1.0 + 2.0 / 3.0 * a * zeta).powf(1.5) - b * (zeta - c / d) * (-d * zeta).exp() - b * c / d
    }
}

/// ψ for wind.
fn psi_wind(zeta: f64) -> f64 {
    if zeta < 0.0 {
        let x = (1.0 - 16.0 * zeta).sqrt().sqrt();
        2.0 * (0.5 * (1.0 + x)).ln() + (0.5 * (1.0 + x * x)).ln() - 2.0 * x.atan() + std::f64::consts::FRAC_PI_2
    } else {
        let (a, b, c, d) = (1.0, 0.667, 5.0, 0.35);
        -(a * zeta + b * (zeta - c / d) * (-d * zeta).exp() + b * c / d)
    }
}

/// A number's bits as those of two halves, for states; and back.
pub fn halves(value: f64) -> [f32; 2] {
    let bits = value.to_bits();
    [f32::from_bits((bits >> 32) as u32), f32::from_bits(bits as u32)]
}

/// The number of which [`halves`] made two.
pub fn whole([high, low]: [f32; 2]) -> f64 {
    f64::from_bits((u64::from(high.to_bits()) << 32) | u64::from(low.to_bits()))
}

/// A meadow in the open, over which the station stands: from what it gives to the air follows what lies above.
#[derive(Clone, Debug)]
pub struct Meadow {
    material: Material,
    column: Vec<f32>,
    skin: f32,
    /// Water in its bucket, m³/m³.
    water: f64,
    step: f64,
    /// Depth of air that is warmed with it, m: that of the city's canopy.
    depth: f64,
    /// Sensible and latent heat that it gives, W/m².
    pub fluxes: (f64, f64),
    /// Its exchange with the air at 60 m.
    pub over: Over,
    /// Sensible heat that it and its air give to what lies above, W/m².
    pub given: f64,
    /// Air temperature in the last step, °C.
    last: Option<f64>,
    /// How much warmer it is aloft than at the station, K, and the temperature there, °C; `None` before the first step.
    aloft: Option<(f64, f64)>,
}

impl Meadow {
    /// At a temperature (°C), with a share of what its bucket holds, for steps of so many seconds, beside a city's air of a depth (m).
    pub fn new(celsius: f64, wet: f64, (conduction, step): (Conduction, f64), depth: f64) -> Meadow {
        let albedo = ground::kind(Cover::Grass).albedo;
        Meadow {
            material: Material::ground(Cover::Grass, albedo, conduction, step),
            column: vec![celsius as f32; LAYERS],
            skin: celsius as f32,
            water: wet * f64::from(column::CAPACITY),
            step,
            depth,
            fluxes: (0.0, 0.0),
            over: Over::default(),
            given: 0.0,
            last: None,
            aloft: None,
        }
    }

    /// A step under the weather of its middle; what lies above then. The bucket fills and empties for `water_step` (s) of it.
    pub fn step(&mut self, at: &Station, water_step: f64) -> Aloft {
        let first = self.material.up(|k| self.column[k]);
        let skin = self.material.skin;
        let mut found = Balance { skin: self.skin, ..Balance::default() };
        let evaporation = column::evaporation(self.water as f32, at.air as f32);
        let mut sensible = self.fluxes.0;
        let mut friction = 0.1;
        // What rises, what the meadow gives and its temperature hang together.
        for _ in 0..8 {
            let gust = 1.2 * rising(sensible, at.air);
            let log = |z: f64, z0: f64| (z / z0).ln();
            let at_10 = at.wind.max(CALMEST).hypot(gust);
            let at_2 = (at.wind.max(CALMEST) * log(THERMOMETER, MEADOW.0) / log(10.0, MEADOW.0)).hypot(gust);
            let kelvin = at.air + 273.15;
            let load = Load {
                absorbed: ((1.0 - f64::from(skin.albedo)) * at.global + f64::from(skin.emissivity) * at.sky) as f32,
                emissivity: skin.emissivity,
                convection: meadow(at_2 as f32, at.air as f32, found.skin),
                air: at.air as f32,
                evaporation,
                top: skin.top,
                first: (first, skin.b),
                ..Load::default()
            };
            found = balance(&load, found.skin);
            // Half of the way, as calm nights would swing.
            sensible = 0.5 * (sensible + f64::from(found.sensible));
            let inverse =
                |friction: f64| -KARMAN * GRAVITY * sensible / (AIR * kelvin * friction * friction * friction);
            for _ in 0..4 {
                let l = inverse(friction).clamp(-2.0, 0.5);
                let profile = log(10.0, MEADOW.0) - psi_wind(10.0 * l) + psi_wind(MEADOW.0 * l);
                friction = (0.5 * (friction + KARMAN * at_10 / profile.max(1.0))).max(0.03);
            }
        }
        self.skin = found.skin;
        self.material.down(found.skin, &mut self.column, 1);
        let latent = f64::from(found.latent);
        self.water += (at.rain - latent / (LATENT * 1000.0)) * water_step / 0.3;
        self.water = self.water.clamp(0.0, f64::from(column::CAPACITY));
        self.fluxes = (sensible, latent);
        let l = (-KARMAN * GRAVITY * sensible / (AIR * (at.air + 273.15) * friction.powi(3))).clamp(-2.0, 0.5);
        let profile = |z: f64| ((z / THERMOMETER).ln() - psi_heat(z * l) + psi_heat(THERMOMETER * l)).max(0.0);
        let way = PRANDTL * profile(ABOVE);
        let resistance = way / (KARMAN * friction);
        let warmer = self.warmer((-sensible / AIR * resistance).min(WARMEST), at.air);
        let air = at.air + warmer;
        // Where the air grows warmer with height, houses stir it.
        let mean = (0..PARTS).map(|k| profile(ABOVE * (k as f64 + 0.5) / PARTS as f64)).sum::<f64>() / PARTS as f64;
        let mixed = at.air + if warmer > 0.0 { warmer * (mean / profile(ABOVE).max(mean)).min(1.0) } else { warmer };
        self.aloft = Some((warmer, air));
        let stored = AIR * self.depth * (at.air - self.last.unwrap_or(at.air)) / self.step;
        self.last = Some(at.air);
        self.given = sensible - stored;
        let (mut over, conductance) = Meadow::over(at, sensible, self.given, air);
        let moist = at.humidity - 1000.0 * latent / (LATENT * DENSITY) * resistance;
        let full = specific(10.0 * f64::from(column::saturation(air as f32).0), at.pressure);
        let humidity = moist.clamp(0.1 * at.humidity, full.max(0.1 * at.humidity));
        over.remainder_latent = latent - LATENT * DENSITY / 1000.0 * conductance * (at.humidity - humidity);
        self.over = over;
        Aloft { air, mixed, humidity }
    }

    /// How it differs from Louis, and its conductance, m/s: sensible heat of its skin and of its air (W/m²) and the air at 60 m (°C).
    fn over(at: &Station, skin: f64, given: f64, aloft: f64) -> (Over, f64) {
        let wind = above(at.wind, rising(skin, at.air)) as f32;
        let (height, above, air) = (ABOVE as f32, aloft as f32, at.air as f32);
        let as_louis = (Over::default().ratio as f32, Over::default().richardson as f32);
        let louis = f64::from(Rough::new(height, MEADOW.0 as f32).exchange(wind, above, air, as_louis).0);
        let falls = at.air - aloft;
        // Where heat goes another way than warmth falls, no exchange tells of it.
        let ratio = if given * falls > 0.0 { given / (AIR * falls * louis) } else { 1.0 };
        let ratio = ratio.clamp(OVER.0, OVER.1);
        let richardson = richardson(height, wind, above, air);
        let richardson = if richardson < 0.0 { richardson.min(-NEUTRAL) } else { richardson.max(NEUTRAL) };
        let remainder = given - AIR * ratio * louis * falls;
        (Over { ratio, richardson: f64::from(richardson), remainder, remainder_latent: 0.0 }, ratio * louis)
    }

    /// How much warmer it is aloft, K, where the profile of this moment says `profile`. Air aloft is not warmed from below while the meadow
    /// cools: in the evening it stays as warm as it was, and the station cools away from it. In the morning what grew from below takes an
    /// hour to reach it.
    fn warmer(&self, profile: f64, station: f64) -> f64 {
        let Some((warmer, air)) = self.aloft else { return profile };
        if profile > 0.0 {
            return profile.min((air - station).max(0.0));
        }
        match warmer > profile {
            true => profile + (warmer - profile) * (-self.step / MORNING).exp(),
            false => profile,
        }
    }

    /// What passes to the next step.
    pub fn state(&self) -> Vec<f32> {
        let mut state = self.column.clone();
        let (warmer, aloft) = self.aloft.unwrap_or((f64::NAN, f64::NAN));
        let last = self.last.unwrap_or(f64::NAN);
        state.push(self.skin);
        state.extend([self.water, self.fluxes.0, self.fluxes.1, warmer, aloft, last].into_iter().flat_map(halves));
        state
    }

    /// Numbers of `state`.
    pub const STATE: usize = LAYERS + 13;

    /// Takes up what `state` gave.
    pub fn set_state(&mut self, state: &[f32]) {
        let (column, remainder) = state.split_at(LAYERS.min(state.len()));
        let [skin, numbers @ ..] = remainder else { return };
        let numbers: Vec<f64> = numbers.chunks_exact(2).map(|parts| whole([parts[0], parts[1]])).collect();
        if let ([water, sensible, latent, warmer, aloft, last], LAYERS) = (&numbers[..], column.len()) {
            self.column.copy_from_slice(column);
            (self.skin, self.water, self.fluxes) = (*skin, *water, (*sensible, *latent));
            self.aloft = Some((*warmer, *aloft)).filter(|(warmer, _)| !warmer.is_nan());
            self.last = Some(*last).filter(|last| !last.is_nan());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange((height, roughness): (f32, f32), wind: f32, aloft: f32, ratio: f64) -> (f32, f32) {
        let over = (ratio as f32, Over::default().richardson as f32);
        Rough::new(height, roughness).exchange(wind, aloft, 25.0, over)
    }

    #[test]
    fn air_above_a_meadow_is_cooler_by_day_and_warmer_by_night() {
        let mut meadow = Meadow::new(20.0, START, (Conduction::Layers, 600.0), 5.0);
        let mut hours = Vec::new();
        for k in 0..3 * 144 {
            let hour = f64::from(k % 144) / 6.0;
            let sun = (std::f64::consts::PI * (hour - 5.0) / 14.0).sin().max(0.0);
            let sun = if (5.0..19.0).contains(&hour) { sun } else { 0.0 };
            let air = 22.0 + 8.0 * (std::f64::consts::TAU * (hour - 9.0) / 24.0).sin();
            let at =
                Station { air, humidity: 9.0, pressure: 1015.0, wind: 2.5, global: 850.0 * sun, sky: 290.0, rain: 0.0 };
            let aloft = meadow.step(&at, 600.0);
            hours.push((hour, aloft.air - air, meadow.fluxes));
        }
        let of = |hour: f64| *hours.iter().rev().find(|(listed, ..)| (listed - hour).abs() < 0.01).unwrap_or(&hours[0]);
        let (noon, night) = (of(13.0), of(2.0));
        assert!((-4.0..-0.3).contains(&noon.1) && noon.2.0 > 50.0 && noon.2.1 > 150.0, "{noon:?}");
        assert!((0.2..8.0 + 1e-9).contains(&night.1) && night.2.0 < 0.0, "{night:?}");
        let dry = Meadow { water: 0.0, ..Meadow::new(20.0, 0.0, (Conduction::Layers, 600.0), 5.0) };
        assert!(dry.water == 0.0);
    }

    #[test]
    fn exchange_grows_with_wind_and_warmth() {
        let of = |wind, aloft| exchange((55.0, 2.5), wind, aloft, Over::default().ratio).0;
        // Neutral: Louis' log law.
        let log = (22.0f32).ln();
        assert!((of(5.0, 25.0) - 0.16 * 5.0 / (0.74 * log * log)).abs() < 1e-6);
        // As stable as the meadow: as much less than by Louis as there.
        let stable = |ratio| exchange((60.0, 0.03), 2.0, 29.0, ratio);
        assert!((stable(0.3).0 / stable(1.0).0 - 0.3).abs() < 1e-6 && stable(1.0).1 == 1.0);
        assert!(of(5.0, 23.0) > of(5.0, 25.0) && of(5.0, 27.0) < of(5.0, 25.0) && of(8.0, 25.0) > of(5.0, 25.0));
    }

    #[test]
    fn numbers_of_the_meadow_are_those_of_its_roughness() {
        let log = |z: f64, z0: f64| (z / z0).ln();
        let drag = KARMAN * KARMAN / (log(THERMOMETER, MEADOW.0) * log(THERMOMETER, MEADOW.1));
        assert!((drag - f64::from(MEADOW_DRAG)).abs() < 1e-6, "{drag}");
        let c = 49.8 * drag * (THERMOMETER / MEADOW.0).sqrt();
        assert!((c - f64::from(MEADOW_C)).abs() < 1e-3, "{c}");
        assert!((log(THERMOMETER, MEADOW.0) - f64::from(SMOOTH)).abs() < 1e-4);
        let at_2 = log(THERMOMETER, MEADOW.0) / log(1.2, MEADOW.0);
        assert!((at_2 - f64::from(AT_2_M)).abs() < 1e-3, "{at_2}");
    }

    #[test]
    fn humidity_goes_there_and_back() {
        let found = vapour(specific(17.0, 1010.0), 1010.0);
        assert!((found - 17.0).abs() < 1e-9, "{found}");
    }
}
