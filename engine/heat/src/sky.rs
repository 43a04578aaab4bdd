//! Radiation of the sky: patches, what is diffuse, how bright each patch is, and how warm the sky is.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Patches of each ring, from the horizon up: 12° each, and one of 12° across at the zenith (Robinson and Stone 2004).
pub const RINGS: [usize; 8] = [31, 30, 28, 24, 19, 13, 7, 1];
/// Patches in all.
pub const PATCHES: usize = 153;
/// Height of a ring, rad.
const RING: f64 = PI / 15.0;

/// A patch of the sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patch {
    /// Lowest and highest altitude, rad.
    pub low: f64,
    /// Highest altitude, rad.
    pub high: f64,
    /// Altitude of its middle, rad.
    pub altitude: f64,
    /// Azimuth of its middle from north over east, rad.
    pub azimuth: f64,
    /// Width, rad.
    pub width: f64,
    /// Solid angle, sr.
    pub solid: f64,
    /// Irradiance of a level plane for a radiance of 1 W/m²sr, W/m².
    pub level: f64,
    /// Irradiance of an upright cylinder for a radiance of 1 W/m²sr, W/m².
    pub side: f64,
}

impl Patch {
    /// Shares of it that lie to the north, east, south and west of an upright plane.
    pub fn halves(&self) -> [f64; 4] {
        let share = |side: usize| {
            let from = self.azimuth - 0.5 * self.width - FRAC_PI_2 * side as f64;
            let before =
                |turn: f64| ((from + turn + self.width).min(FRAC_PI_2) - (from + turn).max(-FRAC_PI_2)).max(0.0);
            [-2.0 * TAU, -TAU, 0.0, TAU].into_iter().map(before).sum::<f64>() / self.width
        };
        [0, 1, 2, 3].map(share)
    }
}

/// All patches, ring by ring from the horizon up; the first of each begins in the north.
pub fn patches() -> Vec<Patch> {
    let ring = |(k, count): (usize, &usize)| {
        let low = k as f64 * RING;
        let high = if *count == 1 { FRAC_PI_2 } else { low + RING };
        let altitude = if *count == 1 { FRAC_PI_2 } else { 0.5 * (low + high) };
        let (width, solid) = (TAU / *count as f64, TAU * (high.sin() - low.sin()) / *count as f64);
        let level = 0.5 * width * (high.sin().powi(2) - low.sin().powi(2));
        let side = width * (0.5 * (high - low) + 0.25 * ((2.0 * high).sin() - (2.0 * low).sin()));
        (0..*count)
            .map(|n| Patch { low, high, altitude, azimuth: (n as f64 + 0.5) * width, width, solid, level, side })
            .collect::<Vec<_>>()
    };
    RINGS.iter().enumerate().flat_map(ring).collect()
}

/// Mass of air that the sun shines through, over that at the zenith (Kasten and Young 1989); altitude in rad.
fn air_mass(altitude: f64) -> f64 {
    let degrees = altitude.to_degrees().max(0.0);
    1.0 / (altitude.max(0.0).sin() + 0.50572 * (degrees + 6.07995).powf(-1.6364))
}

/// The diffuse part of global radiation, by clearness, altitude of the sun (rad), air temperature (°C) and relative humidity (%)
/// (Reindl, Beckman and Duffie 1990); `above` is radiation above the atmosphere on a plane that faces the sun, W/m².
pub fn diffuse(global: f64, above: f64, altitude: f64, air: f64, humidity: f64) -> f64 {
    let sin = altitude.sin();
    if sin <= 0.0 || global <= 0.0 {
        return global.max(0.0);
    }
    let clear = (global / (above * sin)).clamp(0.0, 1.0);
    let moist = humidity / 100.0;
    let share = if clear <= 0.3 {
        (1.0 - 0.232 * clear + 0.0239 * sin - 0.000682 * air + 0.0195 * moist).min(1.0)
    } else if clear < 0.78 {
        (1.329 - 1.716 * clear + 0.267 * sin - 0.00357 * air + 0.106 * moist).clamp(0.1, 0.97)
    } else {
        (0.426 * clear - 0.256 * sin + 0.00349 * air + 0.0734 * moist).max(0.1)
    };
    share.clamp(0.0, 1.0) * global
}

/// Emissivity of a clear sky from vapour pressure (hPa) and air temperature (°C) (Prata 1996).
pub fn clear_emissivity(vapour: f64, air: f64) -> f64 {
    let water = 46.5 * vapour / (air + 273.15);
    1.0 - (1.0 + water) * (-(1.2 + 3.0 * water).sqrt()).exp()
}

/// Global radiation under a sky without clouds, W/m² (Kasten and Czeplak 1980), at an altitude (rad) that is the mean of the hour;
/// `None` where the sun stands too low to tell clouds from it.
pub fn cloudless(altitude: f64) -> Option<f64> {
    (altitude >= 15f64.to_radians()).then(|| 910.0 * altitude.sin() - 30.0)
}

/// Share of the sky that clouds cover, where `ratio` of a cloudless sky's global radiation comes through over whole hours (Crawford
/// and Duchon's idea with the numbers of Kasten and Czeplak 1980).
pub fn covered(ratio: f64) -> f64 {
    if ratio > 0.95 { 0.0 } else { ((1.0 - ratio) / 0.75).max(0.0).powf(1.0 / 3.4).min(1.0) }
}

/// Longwave radiance of each patch, W/m²sr, of a sky that shines `level` W/m² on an open level plane and emits with a whole
/// emissivity: warmer towards the horizon (Martin and Berdahl 1984).
pub fn longwave_radiances(patches: &[Patch], level: f64, emissivity: f64) -> Vec<f64> {
    const THICKNESS: f64 = 0.308;
    let of = |patch: &Patch| {
        let path = 1.0 / patch.altitude.sin().max(0.05);
        1.0 - (1.0 - emissivity.min(1.0)) * (THICKNESS * (1.7 - path)).exp()
    };
    let values: Vec<f64> = patches.iter().map(of).collect();
    let sum: f64 = patches.iter().zip(&values).map(|(patch, value)| patch.level * value).sum();
    values.iter().map(|value| value * level / sum).collect()
}

/// Emissivity of a sky with clouds.
pub fn emissivity(clear: f64, cloud: f64) -> f64 {
    clear * (1.0 - 0.84 * cloud) + 0.84 * cloud
}

/// Lower ends of the classes of clearness, and coefficients a, b, c, d, e of the luminance of the sky, each with its four parts
/// (Perez, Seals and Michalsky 1993, table 1).
#[rustfmt::skip]
const PEREZ: [(f64, [[f64; 4]; 5]); 8] = [
    (1.000, [[1.3525, -0.2576, -0.2690, -1.4366], [-0.7670, 0.0007, 1.2734, -0.1233], [2.8000, 0.6004, 1.2375, 1.0000], [1.8734, 0.6297, 0.9738, 0.2809], [0.0356, -0.1246, -0.5718, 0.9938]]),
    (1.065, [[-1.2219, -0.7730, 1.4148, 1.1016], [-0.2054, 0.0367, -3.9128, 0.9156], [6.9750, 0.1774, 6.4477, -0.1239], [-1.5798, -0.5081, -1.7812, 0.1080], [0.2624, 0.0672, -0.2190, -0.4285]]),
    (1.230, [[-1.1000, -0.2515, 0.8952, 0.0156], [0.2782, -0.1812, -4.5000, 1.1766], [24.7219, -13.0812, -37.7000, 34.8438], [-5.0000, 1.5218, 3.9229, -2.6204], [-0.0156, 0.1597, 0.4199, -0.5562]]),
    (1.500, [[-0.5484, -0.6654, -0.2672, 0.7117], [0.7234, -0.6219, -5.6812, 2.6297], [33.3389, -18.3000, -62.2500, 52.0781], [-3.5000, 0.0016, 1.1477, 0.1062], [0.4659, -0.3296, -0.0876, -0.0329]]),
    (1.950, [[-0.6000, -0.3566, -2.5000, 2.3250], [0.2937, 0.0496, -5.6812, 1.8415], [21.0000, -4.7656, -21.5906, 7.2492], [-3.5000, -0.1554, 1.4062, 0.3988], [0.0032, 0.0766, -0.0656, -0.1294]]),
    (2.800, [[-1.0156, -0.3670, 1.0078, 1.4051], [0.2875, -0.5328, -3.8500, 3.3750], [14.0000, -0.9999, -7.1406, 7.5469], [-3.4000, -0.1078, -1.0750, 1.5702], [-0.0672, 0.4016, 0.3017, -0.4844]]),
    (4.500, [[-1.0000, 0.0211, 0.5025, -0.5119], [-0.3000, 0.1922, 0.7023, -1.6317], [19.0000, -5.0000, 1.2438, -1.9094], [-4.0000, 0.0250, 0.3844, 0.2656], [1.0468, -0.3788, -2.4517, 1.4656]]),
    (6.200, [[-1.0500, 0.0289, 0.4260, 0.3590], [-0.3250, 0.1156, 0.7781, 0.0025], [31.0625, -14.5000, -46.1148, 55.3750], [-7.2312, 0.4050, 13.3500, 0.6234], [1.5000, -0.6426, 1.8564, 0.5636]]),
];

/// The sun and how much of it comes directly and from the sky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Altitude of the sun, rad.
    pub altitude: f64,
    /// Azimuth of the sun, rad.
    pub azimuth: f64,
    /// Direct radiation on a plane that faces the sun, W/m².
    pub direct: f64,
    /// Diffuse radiation on a level plane, W/m².
    pub diffuse: f64,
    /// Radiation above the atmosphere on a plane that faces the sun, W/m².
    pub above: f64,
}

impl Light {
    /// Radiance of each patch, W/m²sr: Perez's sky, such that a level plane under open sky gets the diffuse radiation. The same
    /// everywhere where the sun is lower than one degree.
    pub fn radiances(&self, patches: &[Patch]) -> Vec<f64> {
        if self.diffuse <= 0.0 {
            return vec![0.0; patches.len()];
        }
        let level =
            |values: &[f64]| -> f64 { patches.iter().zip(values).map(|(patch, value)| value * patch.level).sum() };
        let mut values = vec![1.0; patches.len()];
        if self.altitude > 1f64.to_radians() {
            let zenith = FRAC_PI_2 - self.altitude;
            let weight = 1.041 * zenith.powi(3);
            let clearness = ((self.diffuse + self.direct) / self.diffuse + weight) / (1.0 + weight);
            let mut bright = self.diffuse * air_mass(self.altitude) / self.above;
            let class = PEREZ.iter().rposition(|(low, _)| clearness >= *low).unwrap_or(0);
            if clearness > 1.065 && clearness < 2.8 {
                bright = bright.max(0.2);
            }
            let rows = &PEREZ[class].1;
            let plain = |r: &[f64; 4]| r[0] + r[1] * zenith + bright * (r[2] + r[3] * zenith);
            let [a, b, mut c, mut d, e] = [0, 1, 2, 3, 4].map(|k| plain(&rows[k]));
            if class == 0 {
                let r = rows[2];
                c = (bright * (r[0] + r[1] * zenith)).powf(r[2]).exp() - r[3];
                let r = rows[3];
                d = -(bright * (r[0] + r[1] * zenith)).exp() + r[2] + bright * r[3];
            }
            for (value, patch) in values.iter_mut().zip(patches) {
                let cos = patch.altitude.sin() * self.altitude.sin()
                    + patch.altitude.cos() * self.altitude.cos() * (patch.azimuth - self.azimuth).cos();
                let from_sun = cos.clamp(-1.0, 1.0).acos();
                let gradation = 1.0 + a * (b / patch.altitude.sin().max(0.01)).exp();
                *value = (gradation * (1.0 + c * (d * from_sun).exp() + e * cos * cos)).max(0.0);
            }
        }
        let sum = level(&values);
        if sum > 0.0 {
            values.iter().map(|value| value * self.diffuse / sum).collect()
        } else {
            vec![self.diffuse / PI; patches.len()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_a_hemisphere() {
        let patches = patches();
        assert_eq!(patches.len(), PATCHES);
        let solid: f64 = patches.iter().map(|patch| patch.solid).sum();
        assert!((solid - TAU).abs() < 1e-12, "{solid}");
        let level: f64 = patches.iter().map(|patch| patch.level).sum();
        assert!((level - PI).abs() < 1e-12, "{level}");
        let side: f64 = patches.iter().map(|patch| patch.side).sum();
        assert!((side - 0.5 * PI * PI).abs() < 1e-12, "{side}");
        for half in 0..4 {
            let level: f64 = patches.iter().map(|patch| patch.level * patch.halves()[half]).sum();
            assert!((level - FRAC_PI_2).abs() < 1e-9, "{level}");
        }
    }

    #[test]
    fn a_sky_gives_what_it_must() {
        let patches = patches();
        for (direct, diffuse, altitude) in
            [(800.0, 90.0, 0.9), (0.0, 200.0, 0.6), (300.0, 150.0, 0.2), (0.0, 5.0, 0.01)]
        {
            let light = Light { altitude, azimuth: 2.0, direct, diffuse, above: 1340.0 };
            let values = light.radiances(&patches);
            let level: f64 = patches.iter().zip(&values).map(|(p, v)| v * p.level).sum();
            assert!((level - diffuse).abs() < 1e-9 * diffuse && values.iter().all(|v| *v >= 0.0), "{level}");
            // A clear sky is brightest about the sun.
            if direct > 500.0 {
                let brightest = (0..PATCHES).max_by(|a, b| values[*a].total_cmp(&values[*b])).expect("patches");
                assert!(
                    (patches[brightest].azimuth - 2.0).abs() < 0.3 && (patches[brightest].altitude - 0.9).abs() < 0.2
                );
            }
        }
        // Numbers of the papers: nearly all of a dull hour is diffuse, and little of a clear one.
        assert!(diffuse(100.0, 1360.0, 0.8, 20.0, 80.0) > 95.0 && diffuse(900.0, 1360.0, 1.0, 25.0, 40.0) < 220.0);
        let clear = cloudless(1.4).expect("a high sun");
        assert!(cloudless(0.1).is_none() && covered(900.0 / clear) == 0.0);
        assert!((covered(230.0 / clear) - 1.0).abs() < 0.05);
    }
}
