//! Dry tiles are skipped and large grids are cut in strips: the answer must not show it.

use crate::common::{bits, faults, gpu, narrow_gpu};
use hanze_engine::device::Device;
use hanze_engine::error::Error;
use hanze_engine::grid::Grid;
use hanze_engine::models::runoff::validate::noise;
use hanze_engine::models::runoff::{
    Between, Boundary, BoundaryKind, Edge, Gauge, Inflow, Problem, Radar, Run, Series, Soil, start,
};

/// Time step, s: short enough to bind in all ponds, so that both devices take the same steps.
const STEP: f64 = 0.125;

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
    problem.settings.longest_step = Some(STEP);
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
    let gauge = |row| Gauge { name: format!("in row {row}"), col: inflow.0, row };
    problem.gauges = vec![gauge(inflow.1), gauge(rows - 1), gauge(0)];
    problem.rain = Series::new(&[(0.0, 0.0), (50.0, 5e-5), (60.0, 0.0)], Between::Steps);
    problem
}

/// The problem with every tile computed, or with dry ones skipped.
fn begin(problem: &Problem, skip_dry: bool, device: &Device) -> Run {
    let mut problem = problem.clone();
    problem.settings.skip_dry = skip_dry;
    start(problem, device).unwrap()
}

/// The same, at a time.
fn run(problem: &Problem, device: &Device, until: f64) -> Run {
    let mut run = begin(problem, true, device);
    run.run_to(until).unwrap();
    run
}

#[test]
fn skipping_dry_tiles_changes_no_bit_on_the_cpu() {
    for seed in 0..5 {
        for (cols, rows) in [(150, 130), (16, 300), (1100, 40)] {
            for order in [1, 2] {
                let problem = ponds(seed, cols, rows, order);
                let mut plain = begin(&problem, false, &Device::Cpu);
                let mut tiled = begin(&problem, true, &Device::Cpu);
                for until in [5.0, 49.0, 90.0] {
                    let name = format!("seed {seed}, {cols} × {rows} cells, order {order}, {until} s");
                    [&mut plain, &mut tiled].into_iter().for_each(|run| run.run_to(until).unwrap());
                    assert_eq!(tiled.steps(), plain.steps(), "{name}");
                    assert!(bits(&tiled.fields().unwrap()) == bits(&plain.fields().unwrap()), "{name}");
                    assert_eq!(tiled.outflows().unwrap(), plain.outflows().unwrap(), "{name}");
                }
            }
        }
    }
}

#[test]
fn tiles_and_strips_change_nothing_on_the_gpu() {
    let Some(device) = gpu() else { return };
    let mut all = Vec::new();
    // Strips of 32 rows at most; the last one has 2, and 1.
    for (seed, (cols, rows)) in [(90, 98), (120, 33)].into_iter().enumerate() {
        let narrow = narrow_gpu(cols, 37);
        for order in [1, 2] {
            let problem = ponds(seed as u64, cols, rows, order);
            let mut twin = begin(&problem, true, &Device::Cpu);
            let mut plain = begin(&problem, false, &device);
            let mut tiled = begin(&problem, true, &device);
            let mut strips = begin(&problem, true, &narrow);
            for until in [5.0, 42.0, 58.0] {
                let name = format!("{cols} × {rows} cells, order {order}, {until} s");
                let runs = [&mut twin, &mut plain, &mut tiled, &mut strips];
                runs.into_iter().for_each(|run| run.run_to(until).unwrap());
                let expected = plain.fields().unwrap();
                assert!(bits(&tiled.fields().unwrap()) == bits(&expected), "tiles: {name}");
                assert!(bits(&strips.fields().unwrap()) == bits(&expected), "strips: {name}");
                for other in [&mut tiled, &mut strips] {
                    assert_eq!(other.outflows().unwrap(), plain.outflows().unwrap(), "{name}");
                    assert_eq!(other.gauges().unwrap(), plain.gauges().unwrap(), "{name}");
                    assert_eq!(other.steps(), plain.steps(), "{name}");
                }
                assert_eq!(strips.active_tiles().unwrap(), tiled.active_tiles().unwrap(), "{name}");
                all.extend(faults(&name, STEP, &mut twin, &mut strips));
            }
        }
    }
    assert!(all.is_empty(), "GPU and CPU differ:\n{}", all.join("\n"));
}

#[test]
fn strips_are_saved_and_loaded() {
    let Some(device) = gpu() else { return };
    let (cols, rows) = (70, 80);
    let narrow = narrow_gpu(cols, 37);
    for order in [1, 2] {
        let problem = ponds(3, cols, rows, order);
        let mut whole = run(&problem, &device, 40.0);
        let mut first = run(&problem, &narrow, 25.0);
        let mut second = start(problem.clone(), &narrow).unwrap();
        second.load(first.save().unwrap()).unwrap();
        second.run_to(40.0).unwrap();
        let mut through = run(&problem, &narrow, 25.0);
        through.run_to(40.0).unwrap();
        assert!(bits(&second.fields().unwrap()) == bits(&through.fields().unwrap()), "order {order}");
        let faults = faults(&format!("order {order}"), STEP, &mut whole, &mut second);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn strips_of_soil_and_radar_change_nothing() {
    let Some(device) = gpu() else { return };
    // Soil and shares of the rain fill a binding first: strips of 16 rows where states allow 32. The last one has 2.
    let (cols, rows) = (90, 98);
    let narrow = narrow_gpu(cols, 37);
    for order in [1, 2] {
        let mut problem = ponds(5, cols, rows, order);
        let mut random = noise(11);
        let mut each = |count: usize, most: f64| (0..count).map(|_| (most * random()) as f32).collect::<Vec<f32>>();
        let store = each(cols * rows, 0.05);
        problem.soil = match order {
            1 => Soil::GreenAmpt(store),
            _ => Soil::Horton { excess: store.iter().map(|value| 1e-3 * value).collect(), decay: 0.01 },
        };
        problem.interception = each(cols * rows, 1e-3);
        let grid = Grid { north: problem.grid.north, ..Grid::local(10, 10, 20.0) };
        let radar = Radar { grid, times: vec![0.0, 20.0], values: vec![each(grid.len(), 5e-5), vec![0.0; grid.len()]] };
        problem.rain = Series::new(&radar.highest(), Between::Steps);
        problem.radar = Some(radar);
        let [mut whole, mut strips] = [&device, &narrow].map(|device| start(problem.clone(), device).unwrap());
        for until in [10.0, 45.0] {
            [&mut whole, &mut strips].into_iter().for_each(|run| run.run_to(until).unwrap());
            let name = format!("order {order}, {until} s");
            assert_eq!(strips.steps(), whole.steps(), "{name}");
            assert!(bits(&strips.fields().unwrap()) == bits(&whole.fields().unwrap()), "{name}");
            assert_eq!(strips.outflows().unwrap(), whole.outflows().unwrap(), "{name}");
            assert_eq!(strips.active_tiles().unwrap(), whole.active_tiles().unwrap(), "{name}");
        }
        let mut again = start(problem, &narrow).unwrap();
        again.load(strips.save().unwrap()).unwrap();
        assert!(bits(&again.fields().unwrap()) == bits(&strips.fields().unwrap()), "order {order}, taken up");
        let (kept, outflows) = (again.outflows().unwrap(), strips.outflows().unwrap());
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * b.abs();
        assert!(outflows.iter().all(|volume| *volume != 0.0), "order {order}: {outflows:?}");
        assert!(kept.iter().zip(&outflows).all(close), "order {order}: {kept:?} and {outflows:?}");
    }
}

#[test]
fn a_grid_too_wide_for_strips_is_an_error() {
    if gpu().is_none() {
        return;
    }
    let problem = ponds(0, 150, 130, 1);
    match start(problem, &narrow_gpu(150, 19)).map(|_| ()) {
        Err(Error::Memory { mend, .. }) => assert!(mend.contains("larger cell"), "{mend}"),
        other => panic!("a row of tiles larger than a binding gives {other:?}"),
    }
}

#[test]
fn seventy_thousand_tiles_are_active_at_once() {
    // More than the 65 535 workgroups that a driver takes in one dimension.
    let (cols, rows) = (2, 16 * 70_000);
    let bed: Vec<f64> = (0..cols * rows).map(|i| 0.1 * ((i / cols) as f64 * 0.3).sin()).collect();
    let mut problem = Problem::new(Grid::local(cols, rows, 1.0), &bed);
    problem.settings.order = 1;
    problem.settings.longest_step = Some(0.1);
    problem.depth.fill(0.2);
    let mut twin = run(&problem, &Device::Cpu, 0.3);
    assert_eq!(twin.active_tiles().unwrap(), 70_000);
    let Some(device) = gpu() else { return };
    let mut run = run(&problem, &device, 0.3);
    assert_eq!(run.active_tiles().unwrap(), 70_000);
    let faults = faults("70 000 tiles", 0.1, &mut twin, &mut run);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn dry_tiles_come_to_rest() {
    // Without rain and inflow, soil that drinks drains every pond, and the tiles fall asleep one after another.
    let mut problem = ponds(7, 150, 130, 2);
    problem.infiltration.fill(1e-2);
    problem.rain = Series::constant(0.0);
    problem.boundaries.clear();
    problem.inflows.clear();
    for device in std::iter::once(Device::Cpu).chain(gpu()) {
        let mut run = start(problem.clone(), &device).unwrap();
        run.run_to(1.0).unwrap();
        let awake = run.active_tiles().unwrap();
        assert!(awake > 0, "no tile is active in water");
        run.run_to(60.0).unwrap();
        let left = run.active_tiles().unwrap();
        assert!(left < awake / 10, "{left} of {awake} tiles stay active on the {}", device.record());
    }
}
