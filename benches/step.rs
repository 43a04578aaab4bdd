//! Time of one full time step of the runoff model: order × size × device.
//!
//! Throughput is cell-steps per second. A GPU is measured when there is a real one, or when HANZE_BENCH_DEVICE names one.
//! The loads are those of `hanze bench`, which also tells the share of the memory's bandwidth.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hanze_engine::device::Device;
use hanze_engine::models::runoff::bench::Load;
use hanze_engine::models::runoff::{Run, start};
use std::time::{Duration, Instant};

fn step(c: &mut Criterion) {
    let mut devices = vec![("cpu".to_string(), Device::Cpu)];
    let named = std::env::var("HANZE_BENCH_DEVICE").unwrap_or("gpu".into());
    if let Ok(device) = Device::open(&named) {
        devices.push((named, device));
    }
    for (name, device) in &devices {
        let mut group = c.benchmark_group(format!("runoff step, {name}"));
        group.sample_size(10).measurement_time(Duration::from_secs(5));
        for order in [1, 2] {
            for side in [256, 1024, 2048] {
                group.throughput(Throughput::Elements((side * side) as u64));
                let load = Load { side, order, wet: 1.0 };
                group.bench_function(BenchmarkId::new(format!("order {order}"), side), |bencher| {
                    let Ok(mut run) = start(load.problem(), device) else { return };
                    bencher.iter_custom(|steps| timed(&mut run, steps));
                });
            }
        }
        group.finish();
    }
}

/// Time of so many steps: steps are as long as the waves allow, so their number is counted and not chosen.
fn timed(run: &mut Run, steps: u64) -> Duration {
    let (first, start) = (run.steps(), Instant::now());
    while run.steps() - first < steps {
        let until = run.time() + 0.1 * (steps - (run.steps() - first)) as f64;
        if run.run_to(until).is_err() {
            break;
        }
    }
    start.elapsed().mul_f64(steps as f64 / (run.steps() - first).max(1) as f64)
}

criterion_group!(benches, step);
criterion_main!(benches);
