//! What the tests of the runoff model share.

mod adapter;

pub use adapter::gpu;
use hanze_engine::device::Device;
use hanze_engine::models::runoff::Run;
use hanze_engine::models::runoff::params::NEVER;
use hanze_engine::models::runoff::solver::Fields;

/// The sum of an array and of what its rounding lost.
fn sum(values: &[f32], low: &[f32]) -> f64 {
    values.iter().zip(low).map(|(value, low)| f64::from(*value) + f64::from(*low)).sum()
}

/// A fault if more than 0.1 % of the differences exceed the tolerance. Those that do are told in any case.
fn outliers(what: &str, tolerance: f64, differences: &[f64]) -> Option<String> {
    let count = differences.iter().filter(|d| d.is_nan() || **d > tolerance).count();
    if count == 0 {
        return None;
    }
    let (all, largest) = (differences.len(), differences.iter().copied().fold(0.0, f64::max));
    let told = format!("{what}: {count} of {all} cells differ by more than {tolerance}, the largest by {largest:.3e}");
    eprintln!("{told}");
    (count > all / 1000).then_some(told)
}

/// All that two runs of one problem in steps of `step` seconds do not agree in; `name` says which problem it is.
pub fn faults(name: &str, step: f64, a: &mut Run, b: &mut Run) -> Vec<String> {
    let open: Vec<usize> = (0..a.problem.grid.len()).filter(|&i| !a.problem.bed[i].is_nan()).collect();
    let (left, right) = (a.fields().unwrap(), b.fields().unwrap());
    let floats = |x: &[f32], y: &[f32]| -> Vec<f64> {
        open.iter().map(|&i| (f64::from(x[i]) - f64::from(y[i])).abs()).collect()
    };
    // The step after the last one stands for never.
    let step = 1000.0 * step;
    let never = 1000.0 * a.time() + step;
    let time = |t: u32| if t == NEVER { never } else { f64::from(t) };
    let times = |x: &[u32], y: &[u32]| -> Vec<f64> { open.iter().map(|&i| (time(x[i]) - time(y[i])).abs()).collect() };
    let velocity = |fields: &Fields, i: usize| {
        let depth = f64::from(fields.state.depth[i]);
        (f64::from(fields.state.qx[i]) / depth, f64::from(fields.state.qy[i]) / depth)
    };
    let deep = open.iter().filter(|&&i| left.state.depth[i].min(right.state.depth[i]) > 0.01);
    let velocities: Vec<f64> = deep
        .map(|&i| {
            let ((u, v), (other_u, other_v)) = (velocity(&left, i), velocity(&right, i));
            (u - other_u).hypot(v - other_v)
        })
        .collect();

    let what = |layer: &str| format!("{name}: {layer}");
    let mut faults: Vec<String> = [
        outliers(&what("depth (m)"), 1e-4, &floats(&left.state.depth, &right.state.depth)),
        outliers(&what("velocity (m/s)"), 1e-3, &velocities),
        outliers(&what("highest depth (m)"), 1e-4, &floats(&left.statistics.max_depth, &right.statistics.max_depth)),
        outliers(&what("hazard"), 1e-3, &floats(&left.statistics.max_hazard, &right.statistics.max_hazard)),
        outliers(&what("arrival (ms)"), step, &times(&left.statistics.arrival, &right.statistics.arrival)),
        outliers(&what("duration (ms)"), step, &times(&left.statistics.duration, &right.statistics.duration)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (volume, other) = (sum(&left.state.depth, &left.state.low), sum(&right.state.depth, &right.state.low));
    if (volume - other).abs() > 1e-6 * volume || !volume.is_finite() || !other.is_finite() {
        faults.push(what(&format!("volumes {volume} and {other} (m per cell)")));
    }
    if a.steps() != b.steps() {
        faults.push(what(&format!("{} and {} steps", a.steps(), b.steps())));
    }
    faults
}

/// Every bit of the arrays.
pub fn bits(fields: &Fields) -> Vec<u32> {
    fields.bits().flat_map(|(_, values)| values.iter().copied()).collect()
}

/// Any adapter that says it can take no array of more than so many rows of 16 bytes for each cell.
pub fn narrow_gpu(cols: usize, rows: usize) -> Device {
    let Ok(Device::Gpu(mut gpu)) = Device::open("gpu:any") else { panic!("the adapter of a moment ago is gone") };
    std::sync::Arc::get_mut(&mut gpu).expect("no one else has it yet").adapter.largest_binding =
        (16 * (cols + 4) * rows) as u64;
    Device::Gpu(gpu)
}
