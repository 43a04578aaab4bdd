//! Urban heat as an entry.

use super::{HeatSpec, bench, check, gpu, layers, prepare_on, validate};
use hanze_model::{Entry, Stored};
use hanze_scenario::Scenario;

/// Seconds that an estimate counts on for the view factors of a cell, and for each of its hours.
const VIEW_FACTORS: f64 = 2e-5;
const HOUR: f64 = 2e-6;

/// Urban heat.
pub const ENTRY: Entry = Entry {
    kind: &HeatSpec::KIND,
    process: "urban-heat",
    title: "Urban heat",
    title_nl: "Hitte",
    description: "PET and UTCI on every cell, hour by hour, from radiation (sky, sun, walls, trees, ground), wind, surfaces that store heat \
                  and air between buildings, with the weather of a station; or the heat map of the Dutch stress test by its national method.",
    tables: &[],
    card: "docs/models/heat.md",
    stored: &[
        Stored { name: "heatwave", text: include_str!("../../../scenarios/heatwave.toml") },
        Stored { name: "heat-stress-map", text: include_str!("../../../scenarios/heat-stress-map.toml") },
    ],
    kernels: gpu::KERNELS,
    bench: bench::stages,
    cases: validate::CASES,
    estimate,
    check,
    prepare: prepare_on,
    gives: &[],
    quantities: layers::LAYERS,
};

fn estimate(scenario: &Scenario, cells: f64) -> Option<f64> {
    let seconds = VIEW_FACTORS + scenario.end_minutes() / 60.0 * HOUR;
    Some(cells * seconds / 3600.0)
}
