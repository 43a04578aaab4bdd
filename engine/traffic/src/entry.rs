//! Traffic as an entry.

use super::{TrafficSpec, bench, check, gpu, layers, prepare, validate};
use hanze_model::{Entry, Stored};
use hanze_scenario::Scenario;

/// Seconds that an estimate counts on for a cell in each slice of time, and for the routes of a slice before and after.
const CELL: f64 = 4e-6;
const SLICE: f64 = 30.0;

/// Traffic.
pub const ENTRY: Entry = Entry {
    kind: &TrafficSpec::KIND,
    process: "traffic",
    title: "Traffic",
    title_nl: "Verkeer",
    description: "Routes, flows and travel times when roads are closed, moved or added: user equilibrium of cars, trucks and cycles between \
                  zones, with delays at junctions, before and after. With \
                  motion = true every vehicle is followed: queues, delay, exhaust and noise.",
    tables: &[
        ("links", "Every road in each direction"),
        ("od", "Every pair of zones"),
        ("zones", "Every zone"),
        ("hours", "The whole region in each slice of time"),
        ("links_in_time", "With motion: every street in each stretch of time"),
        ("junctions", "With motion: every junction"),
        ("trips", "With motion: trips by who makes them"),
        ("released_by_hour", "If the hour of the day is known: what engines set free in each hour of a day"),
    ],
    card: "docs/models/traffic.md",
    stored: &[
        Stored { name: "ring-road-closure", text: include_str!("../../../scenarios/ring-road-closure.toml") },
        Stored { name: "evening-peak", text: include_str!("../../../scenarios/evening-peak.toml") },
    ],
    kernels: gpu::KERNELS,
    bench: bench::stages,
    cases: validate::CASES,
    estimate,
    check,
    prepare: |city, scenario, device, cache, _| prepare(city, scenario, device, cache),
    gives: &[&layers::GIVEN_HEAT],
    quantities: layers::LAYERS,
};

fn estimate(scenario: &Scenario, cells: f64) -> Option<f64> {
    let minutes = scenario.end_minutes();
    let slices = (minutes / scenario.frame_minutes().unwrap_or(minutes)).ceil();
    Some((cells * CELL * slices + SLICE * slices) / 3600.0)
}
