//! The two devices against each other, and what a device does when things go wrong.

use crate::common::{bits, faults, gpu};
use hanze_engine::device::Device;
use hanze_engine::device::gpu::{Kernel, Work};
use hanze_engine::error::Error;
use hanze_engine::grid::Grid;
use hanze_engine::models::runoff::validate::noise;
use hanze_engine::models::runoff::{
    Between, Boundary, BoundaryKind, Edge, Gauge, Inflow, Problem, Run, Series, Settings, Soil, start,
};
use std::time::Duration;

/// Side of a cell, m.
const CELL: f64 = 2.0;
/// Time step, s: that of a wave of 8 m/s, so that it binds in every problem here and both devices take the same steps.
const STEP: f64 = 0.5 * CELL / 8.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Water {
    /// 0.2 to 1 m everywhere, at random.
    AllWet,
    /// A lake at rest that leaves the hills dry.
    HalfDry,
    /// Heavy rain on dry land between walls at random.
    Rain,
}

/// Hills with rough ground, friction, soil that drinks in half of the cells, water through three edges, and a point
/// inflow in the middle, which a gauge watches.
fn problem(cols: usize, rows: usize, water: Water, order: u32) -> Problem {
    let mut random = noise(1000 * cols as u64 + rows as u64);
    let grid = Grid::local(cols, rows, CELL);
    let (col, row) = (cols / 2, rows / 2);
    let hill = |i: usize| 0.4 * (0.21 * (i % cols) as f64).sin() * (0.17 * (i / cols) as f64).cos();
    let mut bed: Vec<f64> = (0..grid.len()).map(|i| hill(i) + 0.15 * random()).collect();
    if water == Water::Rain {
        let middle = row * cols + col;
        let walls: Vec<usize> = (0..grid.len()).filter(|&i| random() < 0.05 && i != middle).collect();
        walls.into_iter().for_each(|i| bed[i] = f64::NAN);
    }
    let mut problem = Problem::new(grid, &bed);
    problem.settings = Settings { order, longest_step: Some(STEP), ..Settings::default() };
    problem.manning.fill(0.03);
    problem.infiltration.iter_mut().for_each(|rate| *rate = if random() < 0.5 { 5e-6 } else { 0.0 });
    // Each kind of soil has its turn.
    let mut other = noise(7);
    let mut each = |most: f64| (0..grid.len()).map(|_| (most * other()) as f32).collect::<Vec<f32>>();
    // Where all is wet, since thin films that soil makes would be faster than the step allows.
    if water == Water::AllWet {
        problem.soil = match order {
            1 => Soil::GreenAmpt(each(0.05)),
            _ => Soil::Horton { excess: each(2e-5), decay: 0.01 },
        };
        problem.interception = each(2e-3);
    }
    match water {
        Water::AllWet => problem.depth.iter_mut().for_each(|depth| *depth = (0.2 + 0.8 * random()) as f32),
        Water::HalfDry => problem.depth.iter_mut().zip(&bed).for_each(|(h, z)| *h = (0.1 - z).max(0.0) as f32),
        Water::Rain => problem.rain = Series::constant(0.2 / 3600.0),
    }
    let boundary = |name: &str, edge, to, kind| Boundary { name: name.into(), edge, from: 0, to, kind };
    let discharge = Series::constant(0.1 * rows as f64 * CELL);
    let level = Series::new(&[(0.0, 0.1), (60.0, 0.2)], Between::Linear);
    problem.boundaries = vec![
        boundary("river", Edge::West, rows, BoundaryKind::Discharge(discharge)),
        boundary("valley", Edge::East, rows, BoundaryKind::Free),
        boundary("sea", Edge::South, cols, BoundaryKind::Level(level)),
    ];
    problem.inflows = vec![Inflow { name: "burst main".into(), col, row, series: Series::constant(0.2) }];
    problem.gauges = vec![Gauge { name: "at the main".into(), col, row }];
    problem
}

/// The gauge must read what the arrays hold.
fn check_gauge(name: &str, run: &mut Run) {
    let place = run.problem.gauges[0].row * run.problem.grid.cols + run.problem.gauges[0].col;
    let fields = run.fields().unwrap();
    let expected = [fields.state.depth[place], fields.state.qx[place], fields.state.qy[place]];
    assert_eq!(run.gauges().unwrap(), [expected], "gauge of {name}");
}

#[test]
fn twins_agree() {
    let gpu = gpu();
    let mut all = Vec::new();
    for (cols, rows) in [(1, 1), (1, 37), (37, 1), (16, 16), (257, 131)] {
        for water in [Water::AllWet, Water::HalfDry, Water::Rain] {
            for order in [1, 2] {
                let name = format!("{cols} × {rows} cells, {water:?}, order {order}");
                let problem = problem(cols, rows, water, order);
                let run = |device: &Device| {
                    let mut run = start(problem.clone(), device).unwrap();
                    run.run_to(300.0 * STEP).unwrap();
                    assert_eq!(run.steps(), 300, "{name}: the longest step did not bind");
                    check_gauge(&name, &mut run);
                    run
                };
                let mut twin = run(&Device::Cpu);
                if let Some(device) = &gpu {
                    all.extend(faults(&name, STEP, &mut twin, &mut run(device)));
                }
            }
        }
    }
    assert!(all.is_empty(), "GPU and CPU differ:\n{}", all.join("\n"));
}

/// Soils of Horton's between walls, each in a cell of its own, under rain that stops half-way: what falls is taken whole, or stands until
/// the rain stops, or to the end, and the rate has worn to its last or has not.
#[test]
fn horton_agrees_where_films_are_taken_whole_and_where_water_stands() {
    let (mut capacity, mut excess, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for last in [0.0, 1e-12, 5e-6, 4e-5, 1e-4f32] {
        for more in [0.0, 1e-6, 2e-5, 2e-4f32] {
            for holds in [0.0, 2e-4f32] {
                // A soil, and a wall beside it.
                capacity.extend([last, 0.0]);
                excess.extend([more, 0.0]);
                held.extend([holds, 0.0]);
            }
        }
    }
    let cells = capacity.len();
    let bed: Vec<f64> = (0..cells).map(|k| if k % 2 == 0 { 0.0 } else { f64::NAN }).collect();
    let mut problem = Problem::new(Grid::local(cells, 1, CELL), &bed);
    let (rain, stops, decay) = (5e-5, 120.0 * STEP, 1.0);
    problem.settings = Settings { order: 1, longest_step: Some(STEP), ..Settings::default() };
    problem.infiltration = capacity.clone();
    problem.soil = Soil::Horton { excess: excess.clone(), decay };
    problem.interception = held.clone();
    problem.rain = Series::new(&[(0.0, rain), (stops, 0.0)], Between::Steps);
    let run = |device: &Device| {
        let mut run = start(problem.clone(), device).unwrap();
        run.run_to(300.0 * STEP).unwrap();
        let fields = run.fields().unwrap();
        let (depth, low) = (fields.state.depth, fields.state.low);
        let (taken, rest) = (fields.statistics.infiltrated, fields.statistics.infiltrated_low);
        let sum = |one: &[f32], other: &[f32]| -> Vec<f64> {
            one.iter().zip(other).map(|(a, b)| f64::from(*a) + f64::from(*b)).step_by(2).collect()
        };
        (sum(&depth, &low), sum(&taken, &rest))
    };
    let (depth, taken) = run(&Device::Cpu);
    let (mut whole, mut stands, mut worn) = (0, 0, 0);
    for (k, (depth, taken)) in depth.iter().zip(&taken).enumerate() {
        let [last, more, holds] = [&capacity, &excess, &held].map(|of| f64::from(of[2 * k]));
        assert!(
            (depth + taken - rain * stops).abs() < 1e-6,
            "{last} {more} {holds}: {depth} m stand, {taken} m sank in"
        );
        (whole, stands) = (whole + usize::from(*depth < 1e-7), stands + usize::from(*depth > 1e-5));
        // Where nothing is left of the excess its logarithm is not taken.
        let gone = more + if last > 0.0 && more > 0.0 { last * (20.0 + (more / last).ln()) } else { f64::INFINITY };
        worn += usize::from(*depth > 1e-5 && decay * (taken - holds) > gone);
    }
    assert!(whole >= 8 && stands >= 8 && worn >= 1, "{whole} {stands} {worn}");
    let Some(device) = gpu() else { return };
    let (other_depth, other_taken) = run(&device);
    for (k, (own, other)) in depth.iter().chain(&taken).zip(other_depth.iter().chain(&other_taken)).enumerate() {
        assert!((own - other).abs() <= 1e-4 * own.abs() + 5e-8, "{k}: {own} and {other} m");
    }
}

#[test]
fn cpu_ignores_threads() {
    for order in [1, 2] {
        let outcome = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut run = start(problem(257, 131, Water::HalfDry, order), &Device::Cpu).unwrap();
                run.run_to(200.0 * STEP).unwrap();
                (bits(&run.fields().unwrap()), run.outflows().unwrap())
            })
        };
        let alone = outcome(1);
        for threads in [2, 5] {
            assert!(outcome(threads) == alone, "order {order}: {threads} threads give another result than one");
        }
    }
}

/// 3e-8 m of rain in each of 60 000 steps on 1 m of water: without compensation all of it is lost to rounding, and
/// time runs fast or slow.
fn check_compensation(device: &Device) {
    let step = 0.05;
    let mut problem = Problem::new(Grid::local(4, 4, 1.0), &[0.0; 16]);
    problem.depth.fill(1.0);
    problem.rain = Series::constant(3e-8 / step);
    // Order 1 has half the dispatches, and on a software adapter 60 000 steps cost little but dispatches.
    problem.settings = Settings { order: 1, longest_step: Some(step), ..Settings::default() };
    let mut run = start(problem, device).unwrap();
    run.run_to(60_000.0 * step).unwrap();
    let record = device.record();
    assert!((59_999..=60_001).contains(&run.steps()), "{} steps on the {record}", run.steps());
    for depth in run.fields().unwrap().state.depth {
        assert!((f64::from(depth) - 1.0018).abs() <= 2e-6, "{depth} m on the {record}");
    }
}

#[test]
fn compensation_survives_the_compiler() {
    check_compensation(&Device::Cpu);
    if let Some(device) = gpu() {
        check_compensation(&device);
    }
}

#[test]
fn a_lost_device_is_an_error() {
    let Some(device) = gpu() else { return };
    let Device::Gpu(handle) = &device else { panic!("gpu:any opened the CPU") };
    let mut run = start(problem(16, 16, Water::AllWet, 2), &device).unwrap();
    run.advance(300.0 * STEP, Duration::ZERO).unwrap();
    handle.lose();
    match run.run_to(300.0 * STEP) {
        Err(error @ Error::DeviceLost(_)) => {
            let message = error.to_string();
            assert!(message.contains("resume") || message.contains("--device cpu"), "{message}");
        }
        Err(other) => panic!("a lost device gives: {other}"),
        Ok(()) => panic!("a lost device went on"),
    }
    assert!(matches!(run.fields(), Err(Error::DeviceLost(_))), "a lost device gave its arrays");
    let again = start(problem(16, 16, Water::AllWet, 2), &device);
    assert!(again.is_err(), "a lost device took a new run");
}

#[test]
fn buffers_are_bound_by_name() {
    let Some(device) = gpu() else { return };
    let Device::Gpu(gpu) = &device else { panic!("gpu:any opened the CPU") };
    // `factor` is read only where an override says so, and `unused` never: layouts hold the one and not the other.
    let source = "
        @group(0) @binding(4) var<storage, read> depth: array<f32>;
        @group(0) @binding(2) var<storage, read> unused: array<f32>;
        @group(0) @binding(9) var<storage, read> factor: array<f32>;
        @group(0) @binding(0) var<storage, read_write> total: array<f32>;
        override SCALED: u32 = 0u;
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) lane: u32) {
            total[lane] += depth[lane];
            if SCALED == 1u {
                total[lane] *= factor[lane];
            }
        }";
    let kernel = Kernel { name: "scaled sum", source };
    let buffer = |name: &str, value: f32| {
        let buffer = gpu.buffer(name, 16, wgpu::BufferUsages::empty()).unwrap();
        gpu.write_at(&buffer, 4, &[value; 3]).unwrap();
        buffer
    };
    let (depth, factor, unused) = (buffer("depth", 2.0), buffer("factor", 3.0), buffer("unused", 5.0));
    for (scaled, expected) in [(0.0, 3.0), (1.0, 9.0)] {
        let total = buffer("total", 1.0);
        let buffers = [("total", &total), ("factor", &factor), ("depth", &depth), ("unused", &unused)];
        for buffers in [&buffers[..], &buffers[..3]] {
            gpu.write_at(&total, 4, &[1.0_f32; 3]).unwrap();
            let stage = gpu.stage(kernel, &[("SCALED", scaled)], buffers).unwrap();
            gpu.submit([Work::Groups(&stage, [1, 1])]).unwrap();
            assert_eq!(gpu.read_at::<f32>(&total, 4, 3).unwrap(), [expected; 3]);
            assert_eq!(gpu.read::<f32>(&total, 1).unwrap(), [0.0]);
        }
        let fault = gpu.stage(kernel, &[], &buffers[..2]).map(|_| ()).expect_err("no depth");
        assert!(matches!(&fault, Error::NoDevice { problem, .. } if problem.contains("depth")), "{fault}");
    }
    gpu.check().expect("the device lives on");
}

#[test]
fn too_large_for_a_binding_is_an_error() {
    let Some(device) = gpu() else { return };
    let Device::Gpu(gpu) = &device else { panic!("gpu:any opened the CPU") };
    match gpu.buffer("the test", gpu.adapter.largest_binding + 16, wgpu::BufferUsages::empty()) {
        Err(error @ Error::Memory { .. }) => {
            let message = error.to_string();
            for words in ["the test", "needs", "--device cpu"] {
                assert!(message.contains(words), "no \"{words}\" in: {message}");
            }
        }
        Err(other) => panic!("a buffer that is too large gives: {other}"),
        Ok(_) => panic!("a buffer larger than the largest binding was made"),
    }
    gpu.check().expect("the device lives on");
}

#[test]
fn unknown_devices_are_errors() {
    for name in ["gpu:999", "gpu:no such adapter", "toaster"] {
        match Device::open(name) {
            Err(Error::NoDevice { problem, mend }) => {
                let helps = mend.contains("hanze devices") || mend.contains("--device cpu");
                assert!(helps, "{name}: {problem}; {mend}");
            }
            Err(other) => panic!("{name}: {other}"),
            Ok(_) => panic!("{name} was opened"),
        }
    }
}

/// Runs to the end at once, and with a stop in the middle of an interval, from which a fresh run goes on.
fn at_once_and_with_a_stop(device: &Device, order: u32) -> [Run; 2] {
    let end = 300.0 * STEP;
    let mut problem = problem(67, 41, Water::HalfDry, order);
    problem.rain = Series::new(&[(0.0, 1e-5), (20.0, 3e-5)], Between::Steps);
    let mut whole = start(problem.clone(), device).unwrap();
    whole.run_to(end).unwrap();

    let mut first = start(problem.clone(), device).unwrap();
    while first.time() < 5.0 {
        // Without a budget a call does the least it can: a step on the CPU, a batch on the GPU.
        first.advance(end, Duration::ZERO).unwrap();
    }
    let saved = first.save().unwrap();
    assert!(saved.interval.is_some() && 0.0 < first.time() && first.time() < end, "stopped at {} s", first.time());
    let mut second = start(problem, device).unwrap();
    second.load(saved).unwrap();
    assert_eq!((second.time(), second.steps()), (first.time(), first.steps()), "after loading");
    drop(first);
    second.run_to(end).unwrap();
    [whole, second]
}

#[test]
fn save_and_load() {
    let gpu = gpu();
    for order in [1, 2] {
        let [mut whole, mut resumed] = at_once_and_with_a_stop(&Device::Cpu, order);
        assert_eq!(resumed.steps(), whole.steps(), "order {order}");
        let same = bits(&resumed.fields().unwrap()) == bits(&whole.fields().unwrap());
        assert!(same, "order {order}: a resumed run on the CPU ends with other bits");
        assert_eq!(resumed.outflows().unwrap(), whole.outflows().unwrap(), "order {order}");

        let Some(device) = &gpu else { continue };
        let [mut whole, mut resumed] = at_once_and_with_a_stop(device, order);
        let faults = faults(&format!("resumed on the GPU, order {order}"), STEP, &mut whole, &mut resumed);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        for (a, b) in whole.outflows().unwrap().into_iter().zip(resumed.outflows().unwrap()) {
            assert!((a - b).abs() <= 1e-5 * (1.0 + a.abs()), "order {order}: outflows {a} and {b} m³");
        }
    }
}
