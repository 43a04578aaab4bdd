//! The models. Each takes a city and a scenario and gives frames; none knows another.

mod entry;
pub mod heat;
mod progress;
pub mod runoff;
mod saved;
pub mod traffic;
pub mod validate;

pub use entry::{Entry, Stored};
pub use progress::{Activity, Clock, Progress};

use crate::cache::Cache;
use crate::city::{self, City};
use crate::device::Device;
use crate::error::Result;
use crate::frame::{Frame, Outcome};
use crate::quantity::{Quantity, Variable};
use crate::remark::Remarks;
use crate::scenario::{ModelName, Scenario};
use std::io::{Read, Write};
use std::time::Duration;

/// A model on its way through time.
pub trait Model: Send {
    /// Computes towards `until` seconds for about `budget`; call again until `reached`.
    fn advance(&mut self, until: f64, budget: Duration) -> Result<Progress>;
    /// The layers now.
    fn frame(&mut self) -> Result<Frame>;
    /// What sums the run up so far.
    fn outcome(&mut self) -> Result<Outcome>;
    /// What was guessed, mended or left out.
    fn remarks(&self) -> Remarks;
    /// The choices of the scheme, for the run record.
    fn settings(&self) -> serde_json::Value;
    /// Writes all that `load` needs to go on, bit for bit on the same device.
    ///
    /// # Errors
    /// The outer one is the writer's, the inner one the device's.
    fn save(&mut self, out: &mut dyn Write) -> std::io::Result<Result<()>>;
    /// Takes up what `save` wrote for the same scenario.
    ///
    /// # Errors
    /// The outer one is the reader's, or tells of a file that does not fit; the inner one is the device's.
    fn load(&mut self, from: &mut dyn Read) -> std::io::Result<Result<()>>;
}

/// Every model.
pub const MODELS: &[Entry] = &[runoff::ENTRY, heat::ENTRY, traffic::ENTRY];

/// The entry of a model, if it is built in.
pub fn entry(name: ModelName) -> Option<&'static Entry> {
    MODELS.iter().find(|entry| entry.name == name)
}

/// The entry of a model by the name of its sections, such as `runoff`.
pub fn named(section: &str) -> Option<&'static Entry> {
    MODELS.iter().find(|entry| entry.section() == section)
}

/// All quantities: those of every model, and those of a city.
pub fn quantities() -> impl Iterator<Item = &'static Quantity> {
    MODELS.iter().flat_map(|entry| entry.quantities).chain(city::layers::LAYERS).copied()
}

/// The quantity of a name, such as `max_depth`; that of `reach_fire_station` is `reach_{}`, and that of `difference_delay` is `delay`.
pub fn quantity(name: &str) -> Option<&'static Quantity> {
    variable(name).map(|own| own.quantity)
}

/// What a layer of a name holds.
pub fn variable(name: &str) -> Option<Variable> {
    Variable::find(name, quantities())
}

/// Sets up the model that a scenario names. What takes long to make and may be wanted again goes to the cache.
///
/// # Errors
/// Those of the model.
pub fn prepare(city: &City, scenario: &Scenario, device: &Device, cache: Option<&Cache>) -> Result<Box<dyn Model>> {
    (asked(scenario)?.prepare)(city, scenario, device, cache)
}

/// Whether the model that a scenario names can be set up in a city; what it would guess, mend or leave out.
///
/// # Errors
/// Those of the model.
pub fn check(city: &City, scenario: &Scenario) -> Result<Remarks> {
    (asked(scenario)?.check)(city, scenario)
}

fn asked(scenario: &Scenario) -> Result<&'static Entry> {
    let missing = || crate::Error::scenario("", "its model is not built in", "see `hanze schema`");
    entry(scenario.model()).ok_or_else(missing)
}
