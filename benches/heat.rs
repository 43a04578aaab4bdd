//! Time to look around from all cells of a town with trees, and for an hour of radiation on them; and the stages of the heat island.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hanze_engine::cover::Cover;
use hanze_engine::device::Device;
use hanze_engine::grid::Grid;
use hanze_engine::models::heat::bench::Load;
use hanze_engine::models::heat::island::air::Choices;
use hanze_engine::models::heat::island::box_filter::box_filter;
use hanze_engine::models::heat::island::flow::project;
use hanze_engine::models::heat::island::grids::Grids;
use hanze_engine::models::heat::island::run::Edges;
use hanze_engine::models::heat::island::transport::{passing, sharpen};
use hanze_engine::models::heat::validate::island::{Plan, hot_day};
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

/// The stages of the heat island on the CPU.
fn island(c: &mut Criterion) {
    let cells = SIDE * SIDE;
    let grid = Grid::local(SIDE, SIDE, 2.0);
    let is_open: Vec<bool> = (0..cells).map(|k| !(k % SIDE % 20 < 10 && k / SIDE % 20 < 10)).collect();
    let [faces, _] = project(&grid, &vec![0.3; cells], &is_open, 0.3);
    let passing = passing(&faces, &is_open, &vec![1.0; cells], 2.0, false);
    let mut grids = Grids::new(SIDE, SIDE, &passing.side, 1.0);
    let decay: Vec<[f32; 2]> =
        passing.out.iter().zip(&is_open).map(|(out, open)| if *open { [out + 0.01; 2] } else { [0.0; 2] }).collect();
    let rhs = vec![[0.2f32, 0.1]; cells];
    let mut air = vec![[20.0f32, 10.0]; cells];
    let field = [vec![20.0f32; cells], vec![10.0; cells]];
    let mut gain = [vec![0.0f32; cells], vec![0.0; cells]];
    let values = vec![[1.0f32; 7]; cells];
    let mut group = c.benchmark_group("heat island");
    group.sample_size(10).throughput(Throughput::Elements(cells as u64));
    group.bench_function("decay of all grids", |bencher| bencher.iter(|| grids.set_decay(&decay)));
    group.bench_function("eight V-cycles", |bencher| bencher.iter(|| grids.solve(&mut air, &rhs, 8)));
    group.bench_function("limiter", |bencher| bencher.iter(|| sharpen(&faces, &passing.open, &field, 2.0, &mut gain)));
    group.bench_function("surroundings", |bencher| bencher.iter(|| box_filter(&values, SIDE, 12)));
    group.bench_function("wind around houses", |bencher| {
        bencher.iter(|| project(&grid, &vec![0.3; cells], &is_open, 0.3)[0].divergence())
    });
    let Ok(hours) = hot_day(2.5) else { return };
    let plan = Plan::new(100, 2.0).each(|x, y, building, _, cover| {
        if x % 40.0 > 20.0 && y % 40.0 > 20.0 {
            (*building, *cover) = (10.0, Cover::Roof);
        }
    });
    group.throughput(Throughput::Elements(100 * 100));
    let devices = [("cpu", Some(Device::Cpu)), ("gpu", Device::open("gpu").ok())];
    for (name, device) in devices.into_iter().filter_map(|(name, device)| Some((name, device?))) {
        // The same hours settle first: six of them, as often as it takes.
        group.bench_function(format!("six hours of the day with settling, 100 × 100 cells, {name}"), |bencher| {
            bencher.iter(|| plan.run(&device, &hours[9..15], Choices::default(), Edges::Mean).map(|found| found.1))
        });
    }
    group.finish();
}

criterion_group!(benches, heat, island);
criterion_main!(benches);
