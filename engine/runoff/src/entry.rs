//! Rainfall runoff as an entry.

use super::{RunoffSpec, bench, check, gpu, layers, prepare, validate};
use hanze_model::{Entry, Stored};
use hanze_scenario::Scenario;

/// Cell-steps a second that an estimate counts on.
const SPEED: f64 = 40e6;

/// Rainfall runoff.
pub const ENTRY: Entry = Entry {
    kind: &RunoffSpec::KIND,
    process: "rainfall-runoff",
    title: "Rainfall runoff",
    title_nl: "Regenwater",
    description: "Where water gathers and how deep it stands when it rains harder than the ground can take: the shallow water \
                  equations over the city's raster.",
    tables: &[],
    card: "docs/models/runoff.md",
    stored: &[
        Stored { name: "cloudburst", text: include_str!("../../../scenarios/cloudburst.toml") },
        Stored { name: "ijssel-breach", text: include_str!("../../../scenarios/ijssel-breach.toml") },
    ],
    kernels: gpu::KERNELS,
    bench: bench::stages,
    cases: validate::CASES,
    estimate,
    check,
    prepare: |city, scenario, device, _, _| prepare(city, scenario, device),
    gives: &[],
    quantities: layers::LAYERS,
};

/// A step is that of a wave of 5 m/s at the Courant number, which water of 2.5 m makes.
fn estimate(scenario: &Scenario, cells: f64) -> Option<f64> {
    let runoff = scenario.asked::<RunoffSpec>()?;
    let city = &scenario.spec.city;
    let cell = city.demo.as_ref().map(|demo| demo.cell_m).or(city.cell_m).unwrap_or(1.0);
    let step = (runoff.courant * cell / 5.0).min(runoff.longest_step_s.unwrap_or(f64::INFINITY));
    let cost = if runoff.order == 1 { 1.0 } else { 2.2 };
    Some(cells * scenario.end_minutes() * 60.0 / step * cost / SPEED / 3600.0)
}
