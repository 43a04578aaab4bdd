//! How far a model has come, and in which words it says so.

use hanze_base::words::Text;
use serde_json::Value;

/// How far a model has come.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct Progress {
    /// Simulated time, s.
    pub time: f64,
    /// Time steps so far.
    pub steps: u64,
    /// The latest time step, s.
    pub dt: f64,
    /// Whether the time that was asked for is reached.
    pub reached: bool,
    /// What it does now, where time and steps do not say enough.
    pub activity: Option<Activity>,
}

/// What a model does now, in its own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// What simulated time does meanwhile.
    pub clock: Clock,
    /// For people who watch a run; none where there is nothing to see yet.
    pub words: Option<Text>,
    /// In a few words, for lists of runs.
    pub brief: Text,
    /// The numbers of these words, by name, for programs.
    pub numbers: Vec<(&'static str, Value)>,
}

/// What simulated time does while a model is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It has not begun.
    NotBegun,
    /// It stands still while something converges.
    Stands,
    /// It goes on, so that what is left can be estimated from it.
    Runs,
}
