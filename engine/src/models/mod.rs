//! The models. Each takes a city and a scenario and gives frames; none knows another.

pub mod heat;
pub mod runoff;
mod saved;
pub mod traffic;
pub mod validate;

use crate::cache::Cache;
use crate::city::{self, City};
use crate::device::Device;
use crate::device::gpu::Kernel;
use crate::error::Result;
use crate::frame::{Frame, Outcome};
use crate::quantity::{Drawn, Given, Quantity, Variable};
use crate::remark::Remarks;
use crate::scenario::{ModelName, Scenario};
use crate::yardstick::{self, Size};
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

/// How far a model has come.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Progress {
    /// Simulated time, s.
    pub time: f64,
    /// Time steps so far.
    pub steps: u64,
    /// The latest time step, s.
    pub dt: f64,
    /// Whether the time that was asked for is reached.
    pub reached: bool,
    /// How far what is iterated is from its end, where anything is: the relative gap of routes.
    pub gap: Option<f64>,
    /// Vehicles that move now, and vehicles times steps a second, where any move.
    pub moving: Option<(u64, u64)>,
    /// Day and hour, from 1 on, of the day that is repeated until nothing changes any more, while it is.
    pub settling: Option<(u64, u64)>,
}

/// Sets a model up.
type Prepare = fn(&City, &Scenario, &Device, Option<&Cache>) -> Result<Box<dyn Model>>;

/// A model as the rest of the engine knows it.
pub struct Entry {
    /// Its name in scenarios.
    pub name: ModelName,
    /// Its kernels, for checks that need no GPU.
    pub kernels: &'static [Kernel],
    /// What of it is measured on a device, with loads of a size.
    pub bench: fn(&Device, Size) -> Result<Vec<yardstick::Kernel>>,
    /// Whether its part of a scenario fits a city, and what it would guess, mend or leave out.
    pub check: fn(&City, &Scenario) -> Result<Remarks>,
    /// Sets it up.
    pub prepare: Prepare,
    /// What its layers hold.
    pub quantities: &'static [&'static Quantity],
}

impl Entry {
    /// Quantities that show what a run of it is about, the best first: those that runs draw. A run has a layer of one of them at least.
    pub fn main(&self) -> impl Iterator<Item = &'static Quantity> {
        self.quantities.iter().copied().filter(|own| own.is_result() && own.drawn != Drawn::No && !own.is_family())
    }

    /// The quantity in time whose newest frame shows how far a run is.
    pub fn shows(&self) -> Option<&'static Quantity> {
        self.quantities.iter().copied().find(|own| own.is_frame() && own.given == Given::Always)
    }
}

/// Every model.
pub const MODELS: &[Entry] = &[
    Entry {
        name: ModelName::Runoff,
        kernels: runoff::gpu::KERNELS,
        bench: runoff::bench::stages,
        check: runoff::check,
        prepare: |city, scenario, device, _| runoff::prepare(city, scenario, device),
        quantities: runoff::layers::LAYERS,
    },
    Entry {
        name: ModelName::Heat,
        kernels: heat::gpu::KERNELS,
        bench: heat::bench::stages,
        check: heat::check,
        prepare: heat::prepare,
        quantities: heat::layers::LAYERS,
    },
    Entry {
        name: ModelName::Traffic,
        kernels: traffic::gpu::KERNELS,
        bench: traffic::bench::stages,
        check: traffic::check,
        prepare: traffic::prepare,
        quantities: traffic::layers::LAYERS,
    },
];

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
    (entry(scenario)?.prepare)(city, scenario, device, cache)
}

/// Whether the model that a scenario names can be set up in a city; what it would guess, mend or leave out.
///
/// # Errors
/// Those of the model.
pub fn check(city: &City, scenario: &Scenario) -> Result<Remarks> {
    (entry(scenario)?.check)(city, scenario)
}

fn entry(scenario: &Scenario) -> Result<&'static Entry> {
    let missing = || crate::Error::scenario("", "its model is not built in", "see `hanze schema`");
    MODELS.iter().find(|entry| entry.name == scenario.model()).ok_or_else(missing)
}
