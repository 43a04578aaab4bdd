//! Cases with known answers: what a model is measured by.

use hanze_base::error::{Error, Result};
use hanze_device::Device;
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
    /// Whether it computes on the device of its bench; the others compute on the CPU whatever the device.
    pub on_device: bool,
    /// Runs it and gives its figures.
    pub run: fn(&Bench) -> Result<Vec<Figure>>,
}

/// A figure that may be at most so much.
pub fn most(what: impl Into<String>, value: f64, most: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Most(most) }
}

/// A figure that must be at least so much.
pub fn least(what: impl Into<String>, value: f64, least: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Least(least) }
}

/// A figure that may lie so far from a target.
pub fn within(what: impl Into<String>, value: f64, target: f64, tolerance: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Within(target - tolerance, target + tolerance) }
}

/// A figure without a bar.
pub fn told(what: impl Into<String>, value: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Told }
}

impl Bench<'_> {
    /// A file of the reference data.
    pub fn file(&self, name: &str) -> PathBuf {
        self.data.unwrap_or(Path::new("")).join(name)
    }

    /// The rows of numbers of a CSV file of the reference data.
    pub fn table(&self, name: &str) -> Result<Vec<Vec<f64>>> {
        let path = self.file(name);
        let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
        let numbers = |line: &str| line.split(',').map(|cell| cell.trim().parse().ok()).collect::<Option<Vec<f64>>>();
        Ok(text.lines().filter_map(numbers).filter(|row| !row.is_empty()).collect())
    }
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
