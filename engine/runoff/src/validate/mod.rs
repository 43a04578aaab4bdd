//! Cases with known answers: closed forms, published benchmarks, field data.
//!
//! `hanze validate runoff` runs them all; tests run the cheap ones on every device.

mod benchmarks;
mod closed_forms;
mod field;
mod rain;
mod steady;

use super::{Problem, Run};
use hanze_base::error::Result;
pub use hanze_model::validate::{Bar, Bench, Case, Figure, noise};
use hanze_model::validate::{most, told, within};

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "lake at rest, humps", cheap: true, needs_data: true, on_device: true, run: closed_forms::lake_humps },
    Case {
        name: "lake at rest, random bed",
        cheap: true,
        needs_data: false,
        on_device: true,
        run: closed_forms::lake_random,
    },
    Case { name: "Ritter dry dam break", cheap: true, needs_data: false, on_device: true, run: closed_forms::ritter },
    Case { name: "Stoker wet dam break", cheap: true, needs_data: false, on_device: true, run: closed_forms::stoker },
    Case { name: "Thacker planar bowl", cheap: false, needs_data: false, on_device: true, run: closed_forms::thacker },
    Case { name: "smooth wet wave", cheap: true, needs_data: false, on_device: true, run: closed_forms::smooth_wave },
    Case { name: "radial dam break", cheap: false, needs_data: true, on_device: true, run: benchmarks::radial },
    Case { name: "MacDonald 1000 m", cheap: false, needs_data: true, on_device: true, run: steady::macdonald },
    Case { name: "bumps", cheap: false, needs_data: false, on_device: true, run: steady::bumps },
    Case { name: "rain on a plane", cheap: false, needs_data: false, on_device: true, run: rain::plane },
    Case { name: "rough plane", cheap: false, needs_data: false, on_device: true, run: rain::rough_plane },
    Case { name: "V-catchment", cheap: false, needs_data: false, on_device: true, run: rain::v_catchment },
    Case { name: "rain on a lake", cheap: false, needs_data: false, on_device: true, run: rain::lake },
    Case { name: "soil", cheap: true, needs_data: false, on_device: true, run: rain::soil },
    Case { name: "EA SC120002 test 1", cheap: false, needs_data: false, on_device: true, run: benchmarks::ea1 },
    Case { name: "EA SC120002 test 2", cheap: false, needs_data: true, on_device: true, run: benchmarks::ea2 },
    Case { name: "EA SC120002 test 4", cheap: false, needs_data: true, on_device: true, run: benchmarks::ea4 },
    Case {
        name: "Hoeksche Waard, 256² cells",
        cheap: false,
        needs_data: true,
        on_device: true,
        run: field::hoeksche_waard,
    },
    Case { name: "Newcastle", cheap: false, needs_data: true, on_device: true, run: field::newcastle },
];

/// A run of a problem on the bench's device.
fn begin(bench: &Bench, problem: Problem) -> Result<Run> {
    super::start(problem, bench.device)
}

/// Depths of a run now, one per cell, with the part that rounding took.
fn depths(run: &mut Run) -> Result<Vec<f64>> {
    let state = run.fields()?.state;
    Ok(state.depth.iter().zip(&state.low).map(|(h, l)| f64::from(*h) + f64::from(*l)).collect())
}

/// Sum of |a − b| over the sum of |b|.
fn relative_l1(a: &[f64], b: &[f64]) -> f64 {
    let error: f64 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
    error / b.iter().map(|b| b.abs()).sum::<f64>()
}

/// Root of a function that changes sign between `low` and `high`.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let sign = f(low) > 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if (f(middle) > 0.0) == sign { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
