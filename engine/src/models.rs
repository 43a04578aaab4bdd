//! The models that are built in.

pub use hanze_heat as heat;
pub use hanze_model::{Activity, Basis, Clock, Entry, Left, Model, Prepare, Progress, Stored, validate};
pub use hanze_runoff as runoff;
pub use hanze_traffic as traffic;

use crate::cache::Cache;
use crate::city::{self, City};
use crate::device::Device;
use crate::error::Result;
use crate::quantity::{Quantity, Variable};
use crate::remark::Remarks;
use crate::scenario::{Kinds, Scenario};
use std::sync::{LazyLock, OnceLock};

/// The models that come with Hanze.
pub static BUILT_IN: &[Entry] = &[runoff::ENTRY, heat::ENTRY, traffic::ENTRY];

static INSTALLED: OnceLock<&'static [Entry]> = OnceLock::new();

/// The models that this program has: those that were installed, or else those that come with Hanze.
pub fn all() -> &'static [Entry] {
    INSTALLED.get_or_init(|| BUILT_IN)
}

/// Makes these the models that this program has, for good: before anything else is called. Two of one name are an error, and so is a
/// second list.
///
/// # Errors
/// `Scenario` with the name of the model, or with what is wrong with the list.
pub fn install(models: &'static [Entry]) -> Result<()> {
    let unfit = |problem: &str, mend: &str| Err(crate::Error::scenario("", problem, mend));
    if models.is_empty() {
        return unfit("the list of models is empty", "give one model at least");
    }
    for (k, entry) in models.iter().enumerate() {
        let is_same = |other: &Entry| other.section() == entry.section() || other.process == entry.process;
        if models[..k].iter().any(is_same) {
            let problem = format!("there are two models {} or two processes {}", entry.section(), entry.process);
            return unfit(&problem, "give each a name and a process of its own");
        }
    }
    INSTALLED
        .set(models)
        .or_else(|_| unfit("the models of this program are known already", "install them first of all"))
}

/// The kinds of sections that these models have.
pub fn kinds() -> &'static Kinds {
    static KINDS: LazyLock<Kinds> = LazyLock::new(|| Kinds::new(all().iter().map(|entry| entry.kind)));
    &KINDS
}

/// The entry of a model by its name, which is that of its sections, such as `runoff`.
pub fn named(section: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.section() == section)
}

/// All quantities: those of every model, and those of a city.
pub fn quantities() -> impl Iterator<Item = &'static Quantity> {
    all().iter().flat_map(|entry| entry.quantities).chain(city::layers::LAYERS).copied()
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
    prepare_on(&Basis::default(), city, scenario, device, cache)
}

/// Sets up the model that a scenario names, on what finished runs left.
///
/// # Errors
/// Those of the model.
pub fn prepare_on(
    basis: &Basis,
    city: &City,
    scenario: &Scenario,
    device: &Device,
    cache: Option<&Cache>,
) -> Result<Box<dyn Model>> {
    (asked(scenario)?.prepare)(city, scenario, device, cache, basis)
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
    named(scenario.model()).ok_or_else(missing)
}
