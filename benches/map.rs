//! Time to make a town of 16 million cells, and to draw a map of it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hanze_engine::city::demo::demo;
use hanze_engine::frame::Layer;
use hanze_engine::models::runoff::layers::MAX_DEPTH;
use hanze_engine::output::map::{Ground, Map};
use hanze_engine::words::Language;

fn map(c: &mut Criterion) {
    let Ok(city) = demo(1, 4000.0, 4000.0, 1.0) else { return };
    let Some(depth) = city.water.clone() else { return };
    let depth = Layer::of(&MAX_DEPTH, depth);
    let ground =
        Ground { terrain: &city.terrain, buildings: city.buildings.as_ref(), water: city.water.as_ref(), canopy: None };
    let map = Map {
        title: "A map of 16 million cells",
        moment: "",
        layer: &depth,
        ground,
        attribution: "",
        date: "2026-11-25",
        synthetic: true,
        language: Language::Dutch,
        longest: 1600,
    };
    let mut group = c.benchmark_group("map");
    group.sample_size(10).throughput(Throughput::Elements(city.grid.len() as u64));
    group.bench_function("16 million cells", |bencher| bencher.iter(|| map.draw()));
    group.finish();
}

fn town(c: &mut Criterion) {
    let mut group = c.benchmark_group("town");
    group.sample_size(10).throughput(Throughput::Elements(16_000_000));
    group.bench_function("4 km at 1 m", |bencher| bencher.iter(|| demo(1, 4000.0, 4000.0, 1.0)));
    group.finish();
}

criterion_group!(benches, map, town);
criterion_main!(benches);
