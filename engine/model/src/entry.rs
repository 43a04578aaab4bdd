//! A model as one entry: all that commands, server, tests and benches need to know of it.

use crate::validate::Case;
use crate::yardstick::{self, Size};
use crate::{Basis, Link, Model};
use hanze_base::cache::Cache;
use hanze_base::error::Result;
use hanze_base::quantity::{Drawn, Given, Quantity};
use hanze_base::remark::Remarks;
use hanze_city::City;
use hanze_device::Device;
use hanze_device::gpu::Kernel;
use hanze_scenario::{Kind, Scenario};

/// Sets a model up: with a cache, if any, and what it stands on beside the scenario.
pub type Prepare = fn(&City, &Scenario, &Device, Option<&Cache>, &Basis) -> Result<Box<dyn Model>>;

/// A model as the rest of Hanze knows it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What scenarios know of it: the name of its sections, which is its name, and their keys.
    pub kind: &'static Kind,
    /// Id of the process that runs it on a server.
    pub process: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The same in Dutch.
    pub title_nl: &'static str,
    /// What it computes, in a sentence or two.
    pub description: &'static str,
    /// Tables that every run of it gives, or those that ask for what stands before the title: name and title.
    pub tables: &'static [(&'static str, &'static str)],
    /// Its model card, from the root of the repository: what it is for, its equations, how well it does.
    pub card: &'static str,
    /// Scenarios that come with the program.
    pub stored: &'static [Stored],
    /// Its kernels, for checks that need no GPU.
    pub kernels: &'static [Kernel],
    /// What of it is measured on a device, with loads of a size.
    pub bench: fn(&Device, Size) -> Result<Vec<yardstick::Kernel>>,
    /// Its cases with known answers.
    pub cases: &'static [Case],
    /// About how many hours a scenario takes on so many cells, on a processor; none where that cannot be told.
    pub estimate: fn(&Scenario, f64) -> Option<f64>,
    /// Whether its part of a scenario fits a city, and what it would guess, mend or leave out.
    pub check: fn(&City, &Scenario) -> Result<Remarks>,
    /// Sets it up.
    pub prepare: Prepare,
    /// What it gives to other models.
    pub gives: &'static [&'static Link],
    /// What its layers hold.
    pub quantities: &'static [&'static Quantity],
}

/// A scenario that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name; its file is `scenarios/NAME.toml`.
    pub name: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

impl Entry {
    /// The name of its sections in a scenario, by which commands and files call it, too.
    pub fn section(&self) -> &'static str {
        self.kind.name
    }

    /// Quantities that show what a run of it is about, the best first: those that runs draw. A run has a layer of one of them at least.
    pub fn main(&self) -> impl Iterator<Item = &'static Quantity> {
        self.quantities.iter().copied().filter(|own| own.is_result() && own.drawn != Drawn::No && !own.is_family())
    }

    /// The quantity in time whose newest frame shows how far a run is.
    pub fn shows(&self) -> Option<&'static Quantity> {
        self.quantities.iter().copied().find(|own| own.is_frame() && own.given == Given::Always)
    }
}
