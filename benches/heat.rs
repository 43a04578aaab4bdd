//! Time to look around from all cells of a town with trees, and for an hour of radiation on them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hanze_engine::device::Device;
use hanze_engine::models::heat::bench::Load;
use std::time::Duration;

/// Cells along each side.
const SIDE: usize = 400;

fn heat(c: &mut Criterion) {
    let Ok(load) = Load::town(SIDE) else { return };
    let devices = [("cpu", Some(Device::Cpu)), ("gpu", Device::open("gpu").ok())];
    for (name, device) in devices.into_iter().filter_map(|(name, device)| Some((name, device?))) {
        let mut group = c.benchmark_group("heat");
        group.sample_size(10).throughput(Throughput::Elements((SIDE * SIDE) as u64));
        let seconds = |hours: usize| load.measure(&device, hours).map(|speed| (speed.look, speed.hours));
        group.bench_function(format!("look, {name}"), |bencher| {
            bencher.iter_custom(|times| {
                let all = (0..times).map(|_| seconds(0).map_or(0.0, |(look, _)| look)).sum();
                Duration::from_secs_f64(all)
            });
        });
        group.bench_function(format!("hour, {name}"), |bencher| {
            bencher.iter_custom(|times| {
                let all = seconds(times as usize).map_or(0.0, |(_, hours)| hours);
                Duration::from_secs_f64(all)
            });
        });
        group.finish();
    }
}

criterion_group!(benches, heat);
criterion_main!(benches);
