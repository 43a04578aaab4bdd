//! Equilibria on a square of streets, from nothing and after a street is closed; cheapest ways from all zones, and vehicles that move, on
//! each device.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hanze_engine::device::Device;
use hanze_engine::models::traffic::assignment::Assignment;
use hanze_engine::models::traffic::bench::Load;
use hanze_engine::models::traffic::paths::{Arcs, searcher};

fn load(side: usize) -> Load {
    Load::streets(side).unwrap_or_else(|error| panic!("{error}"))
}

fn equilibrium(c: &mut Criterion) {
    let mut group = c.benchmark_group("equilibrium to 1e-6");
    group.sample_size(10);
    for side in [20, 40] {
        let load = load(side);
        group.bench_function(BenchmarkId::from_parameter(format!("{side}² streets")), |b| {
            b.iter(|| load.measure(1e-6))
        });
    }
    group.finish();
}

/// The busiest link closed, from nothing and from the routes of before: on a square of streets, and on Chicago Sketch if it is there.
/// `hanze bench --model traffic --closures 10` has the median of ten links.
fn closure(c: &mut Criterion) {
    let mut group = c.benchmark_group("equilibrium to 1e-6, the busiest link closed");
    group.sample_size(10);
    let chicago = Load::chicago().unwrap_or_else(|error| panic!("{error}"));
    let loads = [("40² streets", Some(load(40))), ("Chicago Sketch", chicago)];
    for (name, load) in loads.iter().filter_map(|(name, load)| Some((name, load.as_ref()?))) {
        let mut before = Assignment::start(&load.network, &load.demand);
        before.run(&load.network, 1e-6, |_| true);
        let busiest = load.busiest(&before, 1)[0];
        let closed = load.without(busiest).unwrap_or_else(|error| panic!("{error}"));
        group.bench_function(BenchmarkId::new("from nothing", name), |b| b.iter(|| closed.measure(1e-6)));
        group.bench_function(BenchmarkId::new("from the routes of before", name), |b| {
            b.iter(|| {
                let mut warm = Load::moved(&before, busiest, &closed);
                warm.run(&closed.network, 1e-6, |_| true);
                warm.progress.round
            })
        });
    }
    group.finish();
}

fn ways(c: &mut Criterion) {
    let mut group = c.benchmark_group("cheapest ways from 100 zones of 40² streets");
    group.sample_size(10);
    let load = load(40);
    let costs: Vec<f64> = load.network.links.iter().map(|link| link.cost(0.0)).collect();
    let arcs = Arcs::new(&load.network, &costs, 1e-3);
    let origins: Vec<u32> = (0..load.network.zones as u32).collect();
    for name in ["cpu", "gpu"] {
        let Ok(device) = Device::open(name) else { continue };
        let Ok(mut searcher) = searcher(&device) else { continue };
        group.bench_function(name, |b| b.iter(|| searcher.search(&arcs, &origins).map(|trees| trees.costs.len()).ok()));
    }
    group.finish();
}

fn motion(c: &mut Criterion) {
    use hanze_engine::models::traffic::motion::bench::Load;
    let mut group = c.benchmark_group("ten minutes of vehicles that move");
    group.sample_size(10);
    for (side, vehicles) in [(20, 2500), (20, 10_000), (40, 10_000)] {
        let load = Load::square(side, vehicles, 0.5).unwrap_or_else(|error| panic!("{error}"));
        for name in ["cpu", "gpu"] {
            let Ok(device) = Device::open(name) else { continue };
            let id = BenchmarkId::new(name, format!("{vehicles} on {side}² streets"));
            group.bench_function(id, |b| {
                b.iter(|| load.measure(&device, Some(600.0)).map(|speed| speed.vehicle_steps).ok())
            });
        }
    }
    group.finish();
}

criterion_group!(benches, equilibrium, closure, ways, motion);
criterion_main!(benches);
