//! Dry tiles are skipped and large grids are cut in strips: the answer must not show it.

mod common;

use common::{bits, faults, gpu};
use hanze_engine::device::Device;
use hanze_engine::grid::Grid;
use hanze_engine::models::runoff::validate::noise;
use hanze_engine::models::runoff::{Between, Boundary, BoundaryKind, Edge, Inflow, Problem, Run, Series, start};

/// Ponds in some of the tiles, at random, on a rough bed with soil that drinks them up, a wall here and there and a
/// block of walls; water comes through two edges and at a point, a shower falls for a while, and one edge is free.
fn ponds(seed: u64, cols: usize, rows: usize, order: u32) -> Problem {
    let mut random = noise(seed);
    let grid = Grid::local(cols, rows, 2.0);
    let mut bed: Vec<f64> = (0..grid.len()).map(|i| 0.01 * (i / cols) as f64 + 0.3 * random()).collect();
    for (i, z) in bed.iter_mut().enumerate() {
        let block = (20..70).contains(&(i % cols)) && (30..70).contains(&(i / cols));
        *z = if block || random() < 0.02 { f64::NAN } else { *z };
    }
    let inflow = (cols - 3, rows / 2);
    bed[inflow.1 * cols + inflow.0] = 0.1;
    let mut problem = Problem::new(grid, &bed);
    problem.settings.order = order;
    problem.settings.longest_step = Some(0.25);
    problem.manning.fill(0.03);
    let across = cols.div_ceil(16);
    let wet: Vec<bool> = (0..across * rows.div_ceil(16)).map(|_| random() < 0.15).collect();
    for i in 0..grid.len() {
        problem.infiltration[i] = if random() < 0.7 { 2e-4 } else { 0.0 };
        if wet[i / cols / 16 * across + i % cols / 16] && random() < 0.8 {
            problem.depth[i] = (0.3 * random()) as f32;
        }
    }
    let level = Series::new(&[(0.0, -1.0), (20.0, -1.0), (40.0, 0.4)], Between::Linear);
    let discharge = Series::new(&[(0.0, 0.0), (15.0, 0.0), (30.0, 3.0)], Between::Linear);
    let boundary = |edge, to, kind| Boundary { name: format!("{edge:?}"), edge, from: 0, to, kind };
    problem.boundaries = vec![
        boundary(Edge::North, cols / 3, BoundaryKind::Level(level)),
        boundary(Edge::West, rows / 3, BoundaryKind::Discharge(discharge)),
        boundary(Edge::East, rows, BoundaryKind::Free),
    ];
    let series = Series::new(&[(0.0, 0.0), (10.0, 0.5), (30.0, 0.0)], Between::Steps);
    problem.inflows = vec![Inflow { name: "burst main".into(), col: inflow.0, row: inflow.1, series }];
    problem.rain = Series::new(&[(0.0, 0.0), (50.0, 5e-5), (60.0, 0.0)], Between::Steps);
    problem
}

/// The problem with every tile computed, or with dry ones skipped.
fn run(problem: &Problem, skip_dry: bool, device: &Device, until: f64) -> Run {
    let mut problem = problem.clone();
    problem.settings.skip_dry = skip_dry;
    let mut run = start(problem, device).unwrap();
    run.run_to(until).unwrap();
    run
}

#[test]
fn skipping_dry_tiles_changes_no_bit_on_the_cpu() {
    for seed in 0..6 {
        for (cols, rows) in [(150, 130), (16, 300), (1100, 40)] {
            for order in [1, 2] {
                let problem = ponds(seed, cols, rows, order);
                for until in [5.0, 49.0, 120.0] {
                    let mut plain = run(&problem, false, &Device::Cpu, until);
                    let mut tiled = run(&problem, true, &Device::Cpu, until);
                    let name = format!("seed {seed}, {cols} × {rows} cells, order {order}, {until} s");
                    assert_eq!(tiled.steps(), plain.steps(), "{name}");
                    assert!(bits(&tiled.fields().unwrap()) == bits(&plain.fields().unwrap()), "{name}");
                    assert_eq!(tiled.outflows().unwrap(), plain.outflows().unwrap(), "{name}");
                }
            }
        }
    }
}

#[test]
fn dry_tiles_come_to_rest() {
    // Without rain and inflow, soil that drinks drains every pond, and the tiles fall asleep one after another.
    let mut problem = ponds(7, 150, 130, 2);
    problem.infiltration.fill(1e-3);
    problem.rain = Series::constant(0.0);
    problem.boundaries.clear();
    problem.inflows.clear();
    let mut run = start(problem, &Device::Cpu).unwrap();
    run.run_to(1.0).unwrap();
    let awake = run.active_tiles().unwrap();
    assert!(awake > 0, "no tile is active in water");
    run.run_to(1200.0).unwrap();
    assert!(run.active_tiles().unwrap() < awake / 10, "{} of {awake} tiles stay active", run.active_tiles().unwrap());
}
