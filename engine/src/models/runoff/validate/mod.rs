//! Cases with known answers: closed forms, published benchmarks, field data.
//!
//! `hanze validate runoff` runs them all; tests run the cheap ones on every device.

mod benchmarks;
mod closed_forms;
mod field;
mod rain;
mod steady;

use super::{Problem, Run};
pub use crate::data_folder;
use crate::device::Device;
use crate::error::Result;
use std::path::{Path, PathBuf};

/// What a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// From one to the other.
    Within(f64, f64),
    /// Nothing: the figure is told for comparison.
    Told,
}

impl Bar {
    /// Whether a figure passes; what is not a number never does.
    pub fn passes(self, value: f64) -> bool {
        match self {
            Bar::Most(most) => value <= most,
            Bar::Least(least) => value >= least,
            Bar::Within(low, high) => (low..=high).contains(&value),
            Bar::Told => value.is_finite(),
        }
    }
}

impl std::fmt::Display for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bar::Most(most) => write!(f, "≤ {most}"),
            Bar::Least(least) => write!(f, "≥ {least}"),
            Bar::Within(low, high) => write!(f, "{} … {}", digits(*low), digits(*high)),
            Bar::Told => write!(f, "-"),
        }
    }
}

/// A bar without the dust of binary fractions.
fn digits(value: f64) -> f64 {
    (value * 1e7).round() / 1e7
}

/// One figure of a case.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is measured, with its unit.
    pub what: String,
    /// The value.
    pub value: f64,
    /// What it must be.
    pub bar: Bar,
}

impl Figure {
    /// Whether the figure passes its bar.
    pub fn passes(&self) -> bool {
        self.bar.passes(self.value)
    }
}

/// What a case needs from outside.
pub struct Bench<'a> {
    /// The device that it runs on.
    pub device: &'a Device,
    /// Folder with the reference data, if there is one.
    pub data: Option<&'a Path>,
}

/// A case with known answers.
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Seconds or less on one core: tests run it on every device.
    pub cheap: bool,
    /// Whether it reads reference data.
    pub needs_data: bool,
    /// Runs it and gives its figures.
    pub run: fn(&Bench) -> Result<Vec<Figure>>,
}

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "lake at rest, humps", cheap: true, needs_data: true, run: closed_forms::lake_humps },
    Case { name: "lake at rest, random bed", cheap: true, needs_data: false, run: closed_forms::lake_random },
    Case { name: "Ritter dry dam break", cheap: true, needs_data: false, run: closed_forms::ritter },
    Case { name: "Stoker wet dam break", cheap: true, needs_data: false, run: closed_forms::stoker },
    Case { name: "Thacker planar bowl", cheap: false, needs_data: false, run: closed_forms::thacker },
    Case { name: "smooth wet wave", cheap: true, needs_data: false, run: closed_forms::smooth_wave },
    Case { name: "radial dam break", cheap: false, needs_data: true, run: benchmarks::radial },
    Case { name: "MacDonald 1000 m", cheap: false, needs_data: true, run: steady::macdonald },
    Case { name: "bumps", cheap: false, needs_data: false, run: steady::bumps },
    Case { name: "rain on a plane", cheap: false, needs_data: false, run: rain::plane },
    Case { name: "rough plane", cheap: false, needs_data: false, run: rain::rough_plane },
    Case { name: "V-catchment", cheap: false, needs_data: false, run: rain::v_catchment },
    Case { name: "rain on a lake", cheap: false, needs_data: false, run: rain::lake },
    Case { name: "soil", cheap: true, needs_data: false, run: rain::soil },
    Case { name: "EA SC120002 test 1", cheap: false, needs_data: false, run: benchmarks::ea1 },
    Case { name: "EA SC120002 test 2", cheap: false, needs_data: true, run: benchmarks::ea2 },
    Case { name: "EA SC120002 test 4", cheap: false, needs_data: true, run: benchmarks::ea4 },
    Case { name: "Hoeksche Waard, 256² cells", cheap: false, needs_data: true, run: field::hoeksche_waard },
    Case { name: "Newcastle", cheap: false, needs_data: true, run: field::newcastle },
];

fn most(what: impl Into<String>, value: f64, most: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Most(most) }
}

fn within(what: impl Into<String>, value: f64, target: f64, tolerance: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Within(target - tolerance, target + tolerance) }
}

fn told(what: impl Into<String>, value: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Told }
}

impl Bench<'_> {
    /// A run of a problem on the bench's device.
    fn start(&self, problem: Problem) -> Result<Run> {
        super::start(problem, self.device)
    }

    /// A file of the reference data.
    fn file(&self, name: &str) -> PathBuf {
        self.data.unwrap_or(Path::new("")).join(name)
    }

    /// The rows of numbers of a CSV file of the reference data.
    fn table(&self, name: &str) -> Result<Vec<Vec<f64>>> {
        let path = self.file(name);
        let text = std::fs::read_to_string(&path).map_err(crate::Error::io("reading", &path))?;
        let numbers = |line: &str| line.split(',').map(|cell| cell.trim().parse().ok()).collect::<Option<Vec<f64>>>();
        Ok(text.lines().filter_map(numbers).filter(|row| !row.is_empty()).collect())
    }
}

/// Depths of a run now, one per cell, with the part that rounding took.
fn depths(run: &mut Run) -> Result<Vec<f64>> {
    let state = run.fields()?.state;
    Ok(state.depth.iter().zip(&state.low).map(|(h, l)| f64::from(*h) + f64::from(*l)).collect())
}

/// Sum of |a − b| over the sum of |b|.
fn relative_l1(a: &[f64], b: &[f64]) -> f64 {
    let error: f64 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
    error / b.iter().map(|b| b.abs()).sum::<f64>()
}

/// Root of a function that changes sign between `low` and `high`.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let sign = f(low) > 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if (f(middle) > 0.0) == sign { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Pseudo-random numbers in 0..1, the same on every machine (SplitMix64).
pub fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
