//! Time of a unit of work of every stage that any model measures: those of `hanze bench --all`, with criterion's statistics.
//!
//! A GPU is measured when there is a real one, or when HANZE_BENCH_DEVICE names one.

use criterion::{Criterion, criterion_group, criterion_main};
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::yardstick::Size;
use std::time::Duration;

/// Time that a stage works for a sample: units are as short as a cell-step, so their number follows from it.
const SAMPLE: Duration = Duration::from_millis(200);

fn stages(c: &mut Criterion) {
    let mut devices = vec![("cpu".to_string(), Device::Cpu, Size::Small)];
    let named = std::env::var("HANZE_BENCH_DEVICE").unwrap_or("gpu".into());
    if let Ok(device) = Device::open(&named) {
        devices.push((named, device, Size::Large));
    }
    for (name, device, size) in &devices {
        for entry in models::all() {
            let mut group = c.benchmark_group(format!("{}, {name}", entry.section()));
            group.sample_size(10);
            let stages = (entry.bench)(device, *size).unwrap_or_else(|error| panic!("{}: {error}", entry.section()));
            for mut stage in stages {
                let id = format!("{}, a {}", stage.name, stage.unit);
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|units| {
                        let (done, seconds) = stage.run(SAMPLE).unwrap_or_else(|error| panic!("{error}"));
                        Duration::from_secs_f64(seconds / done * units as f64)
                    });
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
