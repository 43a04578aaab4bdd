//! The models that are built in.

pub use hanze_heat as heat;
pub use hanze_model::{Activity, Clock, Entry, Model, Prepare, Progress, Stored, validate};
pub use hanze_runoff as runoff;
pub use hanze_traffic as traffic;

use crate::cache::Cache;
use crate::city::{self, City};
use crate::device::Device;
use crate::error::Result;
use crate::quantity::{Quantity, Variable};
use crate::remark::Remarks;
use crate::scenario::{ModelName, Scenario};

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
