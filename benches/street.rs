//! What soil, roofs, radar, sewers and structures cost over bare shallow water, on the CPU with a million wet cells: pairs of equally
//! many steps in one run, and the median of their ratios.

use hanze_engine::device::Device;
use hanze_engine::grid::Grid;
use hanze_engine::models::runoff::bench::Load;
use hanze_engine::models::runoff::sewer::{District, Gully};
use hanze_engine::models::runoff::sky::gutters;
use hanze_engine::models::runoff::{
    Between, Gutter, Problem, Radar, Roof, Run, Series, Soil, Structure, StructureKind, start,
};
use std::time::Instant;

const SIDE: usize = 1024;
const STEP: f64 = 0.05;
const PAIRS: usize = 7;
const STEPS: f64 = 8.0;

fn bare(order: u32) -> Problem {
    let mut problem = Load { side: SIDE, order, wet: 1.0 }.problem();
    problem.settings.longest_step = Some(STEP);
    problem
}

/// Soil after Green and Ampt in half of the cells, and leaves.
fn soil(problem: &mut Problem) {
    let green = |i: usize| (i % SIDE / 16).is_multiple_of(2);
    problem.infiltration.iter_mut().enumerate().for_each(|(i, rate)| *rate = if green(i) { 3e-6 } else { 0.0 });
    problem.soil = Soil::GreenAmpt((0..problem.grid.len()).map(|i| if green(i) { 0.03 } else { 0.0 }).collect());
    problem.interception = (0..problem.grid.len()).map(|i| if green(i) { 1e-3 } else { 0.0 }).collect();
}

/// Houses of 8 × 8 cells on a sixteenth of the ground, whose rain runs to the street, below a radar's pixels.
fn sky(problem: &mut Problem) {
    let grid = problem.grid;
    let is_roof: Vec<bool> = (0..grid.len()).map(|i| i % SIDE % 32 < 8 && i / SIDE % 32 < 8).collect();
    let found = gutters(&grid, &is_roof, &|_| true);
    let gutter = |to: Option<usize>| to.map_or(Gutter::Lost, Gutter::Street);
    problem.roofs = found.into_iter().map(|(cell, to)| Roof { cell, gutter: gutter(to), holds: 0.0 }).collect();
    let pixels = Grid::local(3, 3, 500.0);
    let field = (0..9).map(|i| i as f32 * 3e-6).collect();
    let radar = Radar { grid: pixels, times: vec![0.0], values: vec![field] };
    problem.rain = Series::new(&radar.highest(), Between::Steps);
    problem.radar = Some(radar);
}

/// Streets with inlets on 28 % of the ground, as in the Hoeksche Waard; four districts, one of which is full.
fn sewers(problem: &mut Problem) {
    let room = |k: usize| if k == 0 { 1.0 } else { 1e6 };
    problem.sewers.districts = (0..4).map(|k| District { name: k.to_string(), room: room(k), pump: 0.1 }).collect();
    let quarter = |cell: usize| cell % SIDE / 512 + 2 * (cell / SIDE / 512);
    let gully = |cell: usize| Gully { cell, district: quarter(cell), capacity: 5.6e-6 };
    problem.sewers.gullies = (0..problem.grid.len()).filter(|i| i % SIDE % 32 >= 23).map(gully).collect();
}

/// A hundred culverts and weirs.
fn structures(problem: &mut Problem) {
    let pairs = |k: usize| vec![[Some(k * 9973 % 900_000), Some(k * 9973 % 900_000 + 3 * SIDE)]];
    let weir = StructureKind::Weir { sill: None, width: Series::constant(2.0), coefficient: 1.705, outside: None };
    let culvert = StructureKind::Culvert {
        floors: [-0.5, -0.5],
        width: 0.5,
        height: 0.0,
        length: 10.0,
        manning: 0.014,
        losses: 1.5,
        barrels: 1,
    };
    let kind = |k: usize| if k.is_multiple_of(2) { weir.clone() } else { culvert.clone() };
    problem.structures = (0..100).map(|k| Structure { name: k.to_string(), pairs: pairs(k), kind: kind(k) }).collect();
}

fn timed(run: &mut Run) -> f64 {
    let (begun, steps) = (Instant::now(), run.steps());
    run.run_to(run.time() + STEPS * STEP).expect("it steps");
    begun.elapsed().as_secs_f64() / (run.steps() - steps) as f64
}

fn main() {
    type Part = (&'static str, &'static [fn(&mut Problem)]);
    let parts: [Part; 5] = [
        ("soil and leaves", &[soil]),
        ("roofs and radar", &[sky]),
        ("sewers", &[sewers]),
        ("structures", &[structures]),
        ("all of it", &[soil, sky, sewers, structures]),
    ];
    println!(
        "A million wet cells on the CPU; time of a step over that of bare shallow water, median of {PAIRS} pairs."
    );
    for order in [1, 2] {
        for (name, add) in parts {
            let mut problem = bare(order);
            add.iter().for_each(|add| add(&mut problem));
            let (mut plain, mut full) =
                (start(bare(order), &Device::Cpu).expect("bare"), start(problem, &Device::Cpu).expect("full"));
            timed(&mut plain);
            timed(&mut full);
            let mut ratios: Vec<f64> = (0..PAIRS).map(|_| timed(&mut full) / timed(&mut plain)).collect();
            ratios.sort_by(f64::total_cmp);
            let [least, median, most] = [0, PAIRS / 2, PAIRS - 1].map(|k| 100.0 * (ratios[k] - 1.0));
            println!("order {order}, {name:16} {median:+5.1} %  ({least:+.1} … {most:+.1})");
        }
    }
}
