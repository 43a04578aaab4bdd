//! Steady flows with a formula.

use super::super::{Boundary, BoundaryKind, Edge, Problem, Series, Settings};
use super::{Bench, Figure, bisect, depths, most};
use hanze_base::error::Result;
use hanze_base::grid::Grid;

const G: f64 = 9.81;

/// A channel one cell wide with a discharge per metre at its west end and a level at its east end.
fn channel(cells: usize, dx: f64, bed: &[f64], order: u32, discharge: f64, level: f64) -> Problem {
    let mut problem = Problem::new(Grid::local(cells, 1, dx), bed);
    problem.settings = Settings { order, ..problem.settings };
    let inflow = BoundaryKind::Discharge(Series::constant(discharge * dx));
    let outflow = BoundaryKind::Level(Series::constant(level));
    problem.boundaries.push(Boundary { name: "in".into(), edge: Edge::West, from: 0, to: 1, kind: inflow });
    problem.boundaries.push(Boundary { name: "out".into(), edge: Edge::East, from: 0, to: 1, kind: outflow });
    problem
}

/// MacDonald's long channel: depth, its slope, and the bed slope that makes it a solution with `rain` m/s.
fn macdonald_depth(x: f64) -> (f64, f64) {
    let scale = (4.0 / G).cbrt();
    let hump = 0.5 * (-16.0 * (x / 1000.0 - 0.5).powi(2)).exp();
    (scale * (1.0 + hump), scale * hump * -32.0 * (x / 1000.0 - 0.5) / 1000.0)
}

fn macdonald_bed_slope(x: f64, rain: f64, inflow: f64) -> f64 {
    let (h, slope) = macdonald_depth(x);
    let q = inflow + rain * x;
    let n = 0.033_f64;
    (q * q / (G * h * h * h) - 1.0) * slope - 2.0 * q * rain / (G * h * h) - n * n * q * q / h.powf(10.0 / 3.0)
}

/// Bed at the cell centres by integration from 0 at x = 1000 m.
fn macdonald_bed(cells: usize, rain: f64, inflow: f64) -> Vec<f64> {
    const PARTS: usize = 100;
    let step = 1000.0 / (2 * cells * PARTS) as f64;
    let mut bed = vec![0.0; 2 * cells + 1];
    for i in (0..2 * cells).rev() {
        let start = i as f64 * PARTS as f64 * step;
        let piece: f64 = (0..PARTS).map(|k| macdonald_bed_slope(start + (k as f64 + 0.5) * step, rain, inflow)).sum();
        bed[i] = bed[i + 1] - piece * step;
    }
    bed.into_iter().skip(1).step_by(2).collect()
}

pub fn macdonald(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, rain, inflow) in [("norain", 0.0, 2.0), ("rain", 1e-3, 1.0)] {
        let table = bench.table(&format!("runoff/analytic/macdonald_long_{name}.csv"))?;
        let bed: Vec<f64> = table.iter().map(|row| row[1]).collect();
        let exact: Vec<f64> = table.iter().map(|row| row[2] - row[1]).collect();
        let error = |bed: &[f64], exact: &[f64], order: u32| -> Result<f64> {
            let cells = bed.len();
            let mut problem = channel(cells, 1000.0 / cells as f64, bed, order, inflow, 0.7483);
            problem.manning.fill(0.033);
            problem.rain = Series::constant(rain);
            let mut run = super::begin(bench, problem)?;
            run.run_to(3000.0)?;
            let depth = depths(&mut run)?;
            Ok(depth.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / cells as f64 * 1000.0)
        };
        for (order, bar) in [(1, 5.5), (2, 2.5)] {
            figures.push(most(
                format!("{name}, order {order}: mean depth error, mm"),
                error(&bed, &exact, order)?,
                bar,
            ));
        }
        let true_bed = macdonald_bed(bed.len(), rain, inflow);
        let true_depth: Vec<f64> = table.iter().map(|row| macdonald_depth(row[0]).0).collect();
        let value = error(&true_bed, &true_depth, 2)?;
        figures.push(most(format!("{name}, order 2, exact bed: mean depth error, mm"), value, 0.5));
    }
    Ok(figures)
}

fn bump(x: f64) -> f64 {
    if (8.0..12.0).contains(&x) { 0.2 - 0.05 * (x - 10.0).powi(2) } else { 0.0 }
}

/// Depth with a given energy head above the bed, on the slow or the fast branch.
fn depth_of_energy(energy: f64, q: f64, slow: bool) -> f64 {
    let critical = (q * q / G).cbrt();
    let excess = |h: f64| h + q * q / (2.0 * G * h * h) - energy;
    if energy <= 1.5 * critical {
        critical
    } else if slow {
        bisect(critical, energy, excess)
    } else {
        bisect(1e-3 * critical, critical, excess)
    }
}

/// Exact depth over the bump by Bernoulli, and the place of the jump if there is one.
fn bump_solution(q: f64, level: f64, regime: Regime) -> (Box<dyn Fn(f64) -> f64>, Option<f64>) {
    let critical = (q * q / G).cbrt();
    let over_top = 1.5 * critical + 0.2;
    let below = level + q * q / (2.0 * G * level * level);
    match regime {
        Regime::Slow => (Box::new(move |x| depth_of_energy(below - bump(x), q, true)), None),
        Regime::Fast => (Box::new(move |x| depth_of_energy(over_top - bump(x), q, x < 10.0)), None),
        Regime::Jump => {
            let momentum = |h: f64| q * q / h + 0.5 * G * h * h;
            let balance = |x: f64| {
                let fast = depth_of_energy(over_top - bump(x), q, false);
                let slow = depth_of_energy(below - bump(x), q, true);
                momentum(fast) - momentum(slow)
            };
            let jump = bisect(10.01, 11.999, balance);
            let depth = move |x: f64| {
                if x < jump {
                    depth_of_energy(over_top - bump(x), q, x < 10.0)
                } else {
                    depth_of_energy(below - bump(x), q, true)
                }
            };
            (Box::new(depth), Some(jump))
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Regime {
    Slow,
    Fast,
    Jump,
}

pub fn bumps(bench: &Bench) -> Result<Vec<Figure>> {
    let (cells, length) = (200, 25.0);
    let dx = length / cells as f64;
    let centres: Vec<f64> = (0..cells).map(|i| (i as f64 + 0.5) * dx).collect();
    let bed: Vec<f64> = centres.iter().map(|&x| bump(x)).collect();
    let mut figures = Vec::new();
    let flows = [
        (Regime::Slow, 4.42, 2.0, [0.001, 0.001]),
        (Regime::Fast, 1.53, 0.66, [0.005, 0.004]),
        (Regime::Jump, 0.18, 0.33, [0.006, 0.005]),
    ];
    for (regime, q, level, bars) in flows {
        let (exact, jump) = bump_solution(q, level, regime);
        let exact: Vec<f64> = centres.iter().map(|&x| exact(x)).collect();
        if let Some(jump) = jump {
            figures.push(super::within(format!("{regime:?}: place of the jump, m"), jump, 11.67, 0.01));
        }
        for order in [1, 2] {
            let mut problem = channel(cells, dx, &bed, order, q, level);
            for (depth, z) in problem.depth.iter_mut().zip(&bed) {
                *depth = (level - z) as f32;
            }
            let (depth, discharge) = late_means(bench, problem)?;
            let mean = exact.iter().sum::<f64>() / cells as f64;
            let error: f64 = depth.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / cells as f64;
            let away = |x: f64| jump.is_none_or(|jump| (x - jump).abs() > 5.0 * dx);
            let off = centres.iter().zip(&discharge).filter(|(x, _)| away(**x));
            let off = off.map(|(_, value)| (value - q).abs() / q).fold(0.0, f64::max);
            let name = format!("{regime:?}, order {order}");
            figures.push(most(format!("{name}: mean error / mean h"), error / mean, bars[order as usize - 1]));
            figures.push(most(format!("{name}: discharge off by"), off, [0.035, 0.01][order as usize - 1]));
        }
    }
    Ok(figures)
}

/// Depth and discharge, mean over 390–400 s.
fn late_means(bench: &Bench, problem: Problem) -> Result<(Vec<f64>, Vec<f64>)> {
    let cells = problem.grid.len();
    let (mut depth, mut discharge) = (vec![0.0; cells], vec![0.0; cells]);
    let mut run = super::begin(bench, problem)?;
    const SAMPLES: usize = 40;
    for sample in 0..SAMPLES {
        run.run_to(390.0 + 10.0 * (sample as f64 + 0.5) / SAMPLES as f64)?;
        let state = run.fields()?.state;
        for i in 0..cells {
            depth[i] += f64::from(state.depth[i]) / SAMPLES as f64;
            discharge[i] += f64::from(state.qx[i]) / SAMPLES as f64;
        }
    }
    Ok((depth, discharge))
}
