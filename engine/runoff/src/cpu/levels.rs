//! The same bits on every level of SIMD that this machine has.

use super::super::Run;
use super::super::problem::{Boundary, BoundaryKind, Problem, Soil};
use super::super::sewer::{District, Gully, Sewers};
use super::super::solver::Fields;
use super::CpuSolver;
use hanze_base::grid::{Edge, Grid};
use hanze_base::series::{Between, Series};
use std::io::Write;

/// Levels of this machine, by name: at least the plain one.
fn levels() -> Vec<(&'static str, pulp::Arch)> {
    #[allow(unused_mut)]
    let mut found = vec![("scalar", pulp::Arch::Scalar)];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        found.extend(pulp::x86::V3::try_new().map(|level| ("V3", pulp::Arch::V3(level))));
        found.extend(pulp::x86::V4::try_new().map(|level| ("V4", pulp::Arch::V4(level))));
    }
    found
}

/// Rain, soil, inlets and an open edge on rough ground with blocks that are walls, some of them one cell wide.
fn problem(order: u32, soil: Soil) -> Problem {
    let (cols, rows) = (131, 70);
    let bed: Vec<f64> = (0..cols * rows)
        .map(|i| {
            let (x, y) = (i % cols, i / cols);
            let is_block = (x / 9 + y / 7) % 4 == 0 || (x == 40 && y % 5 != 0);
            if is_block { f64::NAN } else { 0.3 * (x as f64 * 0.21).sin() * (y as f64 * 0.17).cos() + 0.004 * x as f64 }
        })
        .collect();
    let mut problem = Problem::new(Grid::local(cols, rows, 1.0), &bed);
    problem.settings.order = order;
    problem.manning.fill(0.02);
    problem.rain = Series::new(&[(0.0, 5e-5), (30.0, 0.0)], Between::Steps);
    problem.infiltration.iter_mut().enumerate().for_each(|(k, rate)| *rate = if k % 3 == 0 { 4e-6 } else { 0.0 });
    problem.soil = soil;
    problem.depth.iter_mut().enumerate().for_each(|(k, depth)| *depth = if k % cols < 30 { 0.4 } else { 0.0 });
    let open = Boundary { name: "east".into(), edge: Edge::East, from: 0, to: rows, kind: BoundaryKind::Free };
    problem.boundaries = vec![open];
    let gully = |cell: usize| Gully { cell, district: cell % cols / 66, capacity: 3e-5 };
    problem.sewers = Sewers {
        districts: [(2.0, 0.0), (f64::INFINITY, 1e-3)]
            .map(|(room, pump)| District { name: "d".into(), room, pump })
            .into(),
        gullies: (0..cols * rows).filter(|cell| cell % 7 < 4 && !bed[*cell].is_nan()).map(gully).collect(),
    };
    problem
}

fn run(problem: &Problem, set: impl Fn(&mut CpuSolver)) -> (Fields, Vec<[f64; 3]>) {
    let mut solver = CpuSolver::new(problem);
    set(&mut solver);
    let mut run = Run::new(problem.clone(), Box::new(solver));
    run.run_to(60.0).expect("a minute");
    (run.fields().expect("fields"), run.sewers().expect("books"))
}

/// Asserts that the arrays of two runs have the same bits.
fn assert_same(one: &Fields, other: &Fields, name: &str) {
    for ((array, own), (_, that)) in one.bits().zip(other.bits()) {
        assert!(own == that, "{name}: {} differs", array.name);
    }
}

/// Problems of both orders with each kind of soil, by name.
fn problems() -> Vec<(String, Problem)> {
    let cells = 131 * 70;
    let excess = (0..cells).map(|k| if k % 2 == 0 { 1e-5 } else { 0.0 }).collect();
    let suction = (0..cells).map(|k| if k % 2 == 0 { 0.05 } else { 0.0 }).collect();
    let soils = [
        ("plain", Soil::Plain),
        ("Green and Ampt", Soil::GreenAmpt(suction)),
        ("Horton", Soil::Horton { excess, decay: 1e-3 }),
    ];
    let all = [1, 2].into_iter().flat_map(|order| soils.iter().map(move |(name, soil)| (order, name, soil)));
    all.map(|(order, name, soil)| (format!("order {order}, {name}"), problem(order, soil.clone()))).collect()
}

#[test]
fn every_level_of_simd_gives_the_same_bits() {
    for (name, problem) in problems() {
        let all = levels();
        let (one, books) = run(&problem, |solver| solver.arch = all[0].1);
        assert!(
            one.state.depth.iter().any(|depth| *depth > 0.1) && books.iter().all(|book| book[0] > 0.0),
            "{books:?}"
        );
        for (level, arch) in &all[1..] {
            let (other, others) = run(&problem, |solver| solver.arch = *arch);
            assert_same(&one, &other, &format!("{name}, {level} and the scalar one"));
            assert_eq!(books, others, "{name}, {level}");
        }
    }
    for missing in ["V3", "V4"].iter().filter(|name| levels().iter().all(|(own, _)| own != *name)) {
        let _ = writeln!(std::io::stderr(), "left out: this processor has no {missing} level of SIMD");
    }
}

#[test]
fn widths_and_heights_of_sweeps_change_no_bit() {
    for (name, mut problem) in problems() {
        // Soil in a few tiles only, so that others are passed over.
        let rates = problem.infiltration.iter_mut().enumerate();
        rates.filter(|(k, _)| k % 131 / 16 % 3 != 0 || k / 131 % 10 == 0).for_each(|(_, rate)| *rate = 0.0);
        if let Soil::GreenAmpt(values) | Soil::Horton { excess: values, .. } = &mut problem.soil {
            values.iter_mut().zip(&problem.infiltration).for_each(|(value, rate)| {
                *value = if *rate > 0.0 { *value } else { 0.0 };
            });
        }
        // No tile is passed over, and no loop left out.
        let (one, books) = run(&problem, |solver| {
            (solver.wide, solver.tall) = (1024, 1);
            solver.ground.marks.everything();
        });
        assert!(one.statistics.infiltrated.iter().any(|sunk| *sunk > 0.0));
        for (wide, tall) in [(128, 1), (64, 2), (16, 8), (1024, 8)] {
            let (other, others) = run(&problem, |solver| (solver.wide, solver.tall) = (wide, tall));
            assert_same(&one, &other, &format!("{name}, sweeps of {wide} columns, {tall} rows of tiles"));
            assert_eq!(books, others, "{name}, sweeps of {wide} columns, {tall} rows of tiles");
        }
    }
}
