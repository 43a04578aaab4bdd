//! Noise of road vehicles: the sound power of a metre of road (CNOSSOS-EU, Directive (EU) 2015/996, annex II, 2.2).

mod table;

pub use table::{AMENDED, FIRST};

/// Octave bands, Hz.
pub const BANDS: [f64; 8] = [63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0];
/// A-weighting of them, dB (IEC 61672-1).
const WEIGHTS: [f64; 8] = [-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1];
/// Slowest speed that counts, km/h.
const SLOWEST: f64 = 20.0;

/// A category: cars and vans, medium heavy, heavy, mopeds, motorcycles.
pub struct Category {
    /// Level at 70 km/h and its growth with speed, of tyres.
    pub rolling: [[f64; 8]; 2],
    /// The same of the engine.
    pub engine: [[f64; 8]; 2],
    /// What tyres and engine gain at a crossing with lights.
    pub crossing: [f64; 2],
    /// And at a roundabout.
    pub roundabout: [f64; 2],
}

/// A surface of roads.
pub struct Surface {
    /// Its code; DEF is the reference.
    pub name: &'static str,
    /// What it is.
    pub words: &'static str,
    /// What it adds in each band, of the first three categories, dB.
    pub spectra: [[f64; 8]; 3],
    /// How that grows with the logarithm of speed.
    pub slopes: [f64; 3],
}

/// All coefficients.
pub struct Tables {
    /// Categories.
    pub categories: [Category; 5],
    /// What studs add to the tyres of cars.
    pub studs: [[f64; 8]; 2],
    /// Surfaces.
    pub surfaces: &'static [Surface],
}

/// Who drives by: an hour's number and speed (km/h) of each category.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Vehicles an hour.
    pub flow: [f64; 5],
    /// km/h.
    pub speed: [f64; 5],
}

/// Where they do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site<'a> {
    /// Code of the surface.
    pub surface: &'a str,
    /// °C.
    pub temperature: f64,
    /// Rise in driving direction, per cent.
    pub slope: f64,
    /// Share of cars with studs, and months of the year with them.
    pub studs: (f64, f64),
    /// Distance to a crossing with lights (1) or a roundabout (2), m.
    pub junction: Option<(u8, f64)>,
}

impl Default for Site<'_> {
    fn default() -> Self {
        Site { surface: "DEF", temperature: 10.0, slope: 0.0, studs: (0.0, 0.0), junction: None }
    }
}

/// What the rise of the road adds to the engine of a category, dB (2.2.4 to 2.2.7).
fn climb(category: usize, slope: f64, speed: f64) -> f64 {
    let slope = slope.clamp(-12.0, 12.0);
    let (up, down) = (slope.max(0.0), (-slope).max(0.0));
    match category {
        0 if down > 6.0 => down - 6.0,
        0 if up > 2.0 => (up - 2.0) / 1.5 * speed / 100.0,
        1 if down > 4.0 => (down - 4.0) / 0.7 * (speed - 20.0) / 100.0,
        1 => up * speed / 100.0,
        2 if down > 4.0 => (down - 4.0) / 0.5 * (speed - 10.0) / 100.0,
        2 => up / 0.8 * speed / 100.0,
        _ => 0.0,
    }
}

/// Sound power of a metre of road in each band, dB re 1 pW; `None` where the surface is not known.
pub fn power(tables: &Tables, traffic: &Traffic, site: &Site) -> Option<[f64; 8]> {
    let surface = tables.surfaces.iter().find(|candidate| candidate.name == site.surface)?;
    let mut sums = [0.0f64; 8];
    for (k, category) in tables.categories.iter().enumerate() {
        let flow = traffic.flow[k];
        if flow <= 0.0 {
            continue;
        }
        let speed = traffic.speed[k].max(SLOWEST);
        for (band, sum) in sums.iter_mut().enumerate() {
            let lg = (speed / 70.0).log10();
            let mut rolling = category.rolling[0][band] + category.rolling[1][band] * lg;
            let mut engine = category.engine[0][band]
                + category.engine[1][band] * (speed - 70.0) / 70.0
                + climb(k, site.slope, speed);
            if k < 3 {
                rolling += surface.spectra[k][band] + surface.slopes[k] * lg;
                engine += surface.spectra[k][band].min(0.0);
                rolling += [0.08, 0.04, 0.04][k] * (20.0 - site.temperature);
            }
            let share = site.studs.0 * site.studs.1 / 12.0;
            if k == 0 && share > 0.0 {
                let studded = tables.studs[0][band] + tables.studs[1][band] * (speed.clamp(50.0, 90.0) / 70.0).log10();
                rolling += 10.0 * (1.0 - share + share * 10f64.powf(studded / 10.0)).log10();
            }
            if let Some((kind, distance)) = site.junction {
                let near = (1.0 - distance.abs() / 100.0).max(0.0);
                let [tyres, motor] = if kind == 1 { category.crossing } else { category.roundabout };
                rolling += tyres * near;
                engine += motor * near;
            }
            let tyres = if k < 3 { 10f64.powf(rolling / 10.0) } else { 0.0 };
            *sum += (tyres + 10f64.powf(engine / 10.0)) * flow / (1000.0 * speed);
        }
    }
    Some(sums.map(|sum| 10.0 * sum.log10()))
}

/// The A-weighted sum of bands, dB(A).
pub fn weighted(bands: &[f64; 8]) -> f64 {
    let sum: f64 = bands.iter().zip(WEIGHTS).map(|(level, weight)| 10f64.powf((level + weight) / 10.0)).sum();
    10.0 * sum.log10()
}
