//! Cases with rain.

use super::super::{Between, Boundary, BoundaryKind, Edge, Problem, Run, Series, Settings, Soil};
use super::{Bench, Figure, bisect, depths, most, noise, told, within};
use hanze_base::error::Result;
use hanze_base::grid::Grid;

const MM_PER_HOUR: f64 = 1e-3 / 3600.0;

/// A strip one cell wide that falls to the east, free at its foot, with rain from 0 to `wet` s.
fn slope(dx: f64, bed: &[f64], manning: f64, mm_per_hour: f64, wet: f64, order: u32) -> Problem {
    let cells = bed.len();
    let mut problem = Problem::new(Grid::local(cells, 1, dx), bed);
    problem.settings = Settings { order, ..problem.settings };
    problem.manning.fill(manning as f32);
    problem.rain = Series::new(&[(0.0, mm_per_hour * MM_PER_HOUR), (wet, 0.0)], Between::Steps);
    problem.boundaries.push(Boundary {
        name: "foot".into(),
        edge: Edge::East,
        from: 0,
        to: 1,
        kind: BoundaryKind::Free,
    });
    problem
}

/// Mean outflow over each `every` s between two times, m³/s.
fn hydrograph(run: &mut Run, every: f64, start: f64, end: f64) -> Result<Vec<f64>> {
    let count = ((end - start) / every).round() as usize;
    let mut before = run.outflows()?.iter().sum::<f64>();
    let mut flows = Vec::with_capacity(count);
    for k in 1..=count {
        run.run_to(start + k as f64 * every)?;
        let out = run.outflows()?.iter().sum::<f64>();
        flows.push((out - before) / every);
        before = out;
    }
    Ok(flows)
}

/// Outflow per metre of a plane by the kinematic wave (Woolhiser & Liggett 1967), m²/s.
fn kinematic(length: f64, slope: f64, manning: f64, rate: f64, wet: f64, time: f64) -> f64 {
    let alpha = slope.sqrt() / manning;
    let full = (length * rate / alpha).powf(0.6);
    let plateau = length * rate;
    if time <= wet {
        return (alpha * (rate * time).powf(5.0 / 3.0)).min(plateau);
    }
    let speed = |h: f64| 5.0 / 3.0 * alpha * h.powf(2.0 / 3.0);
    let place = |h: f64| alpha * h.powf(5.0 / 3.0) / rate + speed(h) * (time - wet) - length;
    alpha * bisect(0.0, full, place).powf(5.0 / 3.0)
}

pub fn plane(bench: &Bench) -> Result<Vec<Figure>> {
    let (length, dx, rate) = (200.0, 0.5, 70.0 * MM_PER_HOUR);
    let mut figures = Vec::new();
    for (name, fall, manning, wet, first_bar) in [("a", 0.01, 0.015, 1200.0, 0.05), ("b", 0.2, 0.05, 1000.0, 0.02)] {
        let cells = (length / dx) as usize;
        let bed: Vec<f64> = (0..cells).map(|i| fall * (length - (i as f64 + 0.5) * dx)).collect();
        let plateau = length * rate;
        for (order, bar) in [(1, first_bar), (2, 0.01)] {
            let mut run = super::begin(bench, slope(dx, &bed, manning, 70.0, wet, order))?;
            let flows: Vec<f64> = hydrograph(&mut run, 10.0, 0.0, 2.0 * wet)?.iter().map(|q| q / dx).collect();
            // The model's figure is a mean over ten seconds, so is the formula's.
            let exact = |k: usize| {
                let at = |part: usize| (k as f64 + (part as f64 + 0.5) / 20.0) * 10.0;
                (0..20).map(|part| kinematic(length, fall, manning, rate, wet, at(part))).sum::<f64>() / 20.0
            };
            let squares: f64 = flows.iter().enumerate().map(|(k, q)| (q - exact(k)).powi(2)).sum();
            let rmse = (squares / flows.len() as f64).sqrt();
            let top = flows[(wet / 10.0) as usize - 1] / plateau;
            figures.push(within(format!("{name}, order {order}: plateau / exact"), top, 1.0, 0.01));
            figures.push(most(format!("{name}, order {order}: RMSE / plateau"), rmse / plateau, bar));
        }
    }
    Ok(figures)
}

/// Seeds of the rough planes. The last one is the worst of those tried: the figures are told for it, and their mean
/// over all is judged, so that no lucky bed decides.
const SEEDS: [u64; 7] = [1, 2, 3, 4, 5, 6, 20_190_725];

/// Planes with white noise of ±3 cm, against the same beds interpolated eight times finer: a scheme that stalls thin
/// water on steep cells stores too much here.
pub fn rough_plane(bench: &Bench) -> Result<Vec<Figure>> {
    let mut outcomes = Vec::new();
    for seed in SEEDS {
        outcomes.push(rough_plane_of(bench, seed)?);
    }
    let mut figures = Vec::new();
    for (k, order) in [1, 2].into_iter().enumerate() {
        let mean = |pick: fn(&[f64; 2]) -> f64| outcomes.iter().map(|o| pick(&o[k])).sum::<f64>() / SEEDS.len() as f64;
        let worst = outcomes.iter().map(|o| o[k][0]).fold(0.0, f64::max);
        let most_stored = outcomes.iter().map(|o| o[k][1]).fold(0.0, f64::max);
        figures.push(most(format!("order {order}: RMSE / plateau, worst of 7 beds"), worst, 0.05));
        figures.push(within(
            format!("order {order}: storage at 600 s / fine, mean of 7 beds"),
            mean(|o| o[1]),
            1.0,
            0.05,
        ));
        figures.push(told(format!("order {order}: storage at 600 s / fine, worst of 7 beds"), most_stored));
    }
    Ok(figures)
}

/// For order 1 and 2: RMSE over the plateau, and storage over that of the fine bed.
fn rough_plane_of(bench: &Bench, seed: u64) -> Result<[[f64; 2]; 2]> {
    let (length, dx, fall, manning, finer) = (100.0, 0.5, 0.05, 0.03, 8);
    let cells = (length / dx) as usize;
    let mut random = noise(seed);
    let bed: Vec<f64> =
        (0..cells).map(|i| fall * (length - (i as f64 + 0.5) * dx) + 0.03 * (2.0 * random() - 1.0)).collect();
    let between = |i: usize| {
        let at = ((i as f64 + 0.5) / finer as f64 - 0.5).clamp(0.0, (cells - 1) as f64);
        let left = (at as usize).min(cells - 2);
        let flat = bed[left] + (bed[left + 1] - bed[left]) * (at - left as f64);
        // Beyond the outer centres the plane goes on at its mean slope.
        flat - fall * dx * ((i as f64 + 0.5) / finer as f64 - 0.5 - at)
    };
    let fine_bed: Vec<f64> = (0..cells * finer).map(between).collect();
    let outcome = |dx: f64, bed: &[f64], order: u32| -> Result<(Vec<f64>, f64)> {
        let mut run = super::begin(bench, slope(dx, bed, manning, 70.0, 600.0, order))?;
        let mut flows = hydrograph(&mut run, 10.0, 0.0, 600.0)?;
        let stored = depths(&mut run)?.iter().sum::<f64>() * dx;
        flows.extend(hydrograph(&mut run, 10.0, 600.0, 900.0)?);
        Ok((flows.iter().map(|q| q / dx).collect(), stored))
    };
    let (reference, stored) = outcome(dx / finer as f64, &fine_bed, 2)?;
    let plateau = length * 70.0 * MM_PER_HOUR;
    let mut figures = [[0.0; 2]; 2];
    for order in [1, 2] {
        let (flows, storage) = outcome(dx, &bed, order)?;
        let squares: f64 = flows.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum();
        figures[order as usize - 1] = [(squares / flows.len() as f64).sqrt() / plateau, storage / stored];
    }
    Ok(figures)
}

pub fn v_catchment(bench: &Bench) -> Result<Vec<Figure>> {
    let (dx, side, rows) = (20.0, 40, 50);
    let cols = 2 * side + 1;
    let grid = Grid::local(cols, rows, dx);
    let mut bed = vec![0.0; grid.len()];
    let mut manning = vec![0.015; grid.len()];
    for row in 0..rows {
        for col in 0..cols {
            let away = (col as f64 - side as f64).abs();
            let i = row * cols + col;
            if col == side {
                bed[i] = 20.0 - 0.02 * (row as f64 + 0.5) * dx;
                manning[i] = 0.15;
            } else {
                bed[i] = 20.0 + 0.05 * (away - 0.5) * dx;
            }
        }
    }
    let reference =
        [(20, 0.157), (30, 0.935), (40, 2.684), (45, 3.813), (50, 4.598), (60, 4.858), (100, 4.309), (120, 2.184)];
    let plateau = (2.0 * 800.0 + 20.0) * 1000.0 * 10.8 * MM_PER_HOUR;
    let mut figures = Vec::new();
    for order in [1, 2] {
        let mut problem = Problem::new(grid, &bed);
        problem.manning.clone_from(&manning);
        problem.settings = Settings { order, ..problem.settings };
        problem.rain = Series::new(&[(0.0, 10.8 * MM_PER_HOUR), (5400.0, 0.0)], Between::Steps);
        let kind = BoundaryKind::Free;
        problem.boundaries.push(Boundary { name: "outlet".into(), edge: Edge::South, from: side, to: side + 1, kind });
        let mut run = super::begin(bench, problem)?;
        let minutes = hydrograph(&mut run, 60.0, 0.0, 9000.0)?;
        // As a logger writes them: each value is the mean of the minute that ends there.
        let at = |minute: usize| minutes[minute - 1];
        let squares: f64 = reference.iter().map(|&(minute, q)| (at(minute) - q).powi(2)).sum();
        let rmse = (squares / reference.len() as f64).sqrt() / 4.86;
        figures.push(if order == 2 {
            most("order 2: RMSE / 4.86", rmse, 0.02)
        } else {
            told("order 1: RMSE / 4.86", rmse)
        });
        if order == 2 {
            figures.push(within("order 2: plateau / exact", at(85) / plateau, 1.0, 0.01));
        }
    }
    Ok(figures)
}

pub fn lake(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for order in [1, 2] {
        let grid = Grid::local(4, 4, 1.0);
        let mut problem = Problem::new(grid, &[0.0; 16]);
        problem.depth.fill(1.0);
        problem.rain = Series::constant(20.0 * MM_PER_HOUR);
        problem.settings = Settings { order, longest_step: Some(0.05), ..problem.settings };
        let mut run = super::begin(bench, problem)?;
        run.run_to(3600.0)?;
        let rise = (depths(&mut run)?.iter().sum::<f64>() / 16.0 - 1.0) * 1000.0;
        figures.push(within(format!("order {order}: rise, mm"), rise, 20.0, 0.02));
    }
    Ok(figures)
}

/// Infiltrated depth after so long by Green and Ampt, K t = F - S ln(1 + F/S), or K t without suction, m.
fn green_ampt(conductivity: f64, store: f64, time: f64) -> f64 {
    let passes = conductivity * time;
    if store == 0.0 {
        return passes;
    }
    bisect(passes, passes + 20.0 * store, |taken| taken - store * (taken / store).ln_1p() - passes)
}

/// A wet cell over soil: Green and Ampt with and without suction, Horton, and what is held first. The bars are relative.
pub fn soil(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let conductivity = 10.9 * MM_PER_HOUR;
    let start = |soil: Soil, held: f64| {
        let mut problem = Problem::new(Grid::local(1, 1, 1.0), &[0.0]);
        problem.depth.fill(1.0);
        problem.infiltration.fill(conductivity as f32);
        problem.soil = soil;
        problem.interception = if held > 0.0 { vec![held as f32] } else { Vec::new() };
        problem.settings = Settings { order: 1, longest_step: Some(0.5), ..problem.settings };
        super::begin(bench, problem)
    };
    let taken = |run: &mut Run| -> Result<f64> {
        let statistics = run.fields()?.statistics;
        Ok(f64::from(statistics.infiltrated[0]) + f64::from(statistics.infiltrated_low[0]))
    };
    for (name, store) in [("ψ 0.11 m", 0.110 * 0.30), ("ψ 0", 0.0)] {
        let mut run = start(Soil::GreenAmpt(vec![store as f32]), 0.0)?;
        for minutes in [1.0, 10.0, 60.0] {
            run.run_to(60.0 * minutes)?;
            // The constants as the device has them.
            let expected = green_ampt(f64::from(conductivity as f32), f64::from(store as f32), 60.0 * minutes);
            let error = (taken(&mut run)? / expected - 1.0).abs();
            figures.push(most(format!("Green-Ampt, {name}: error of F at {minutes} min"), error, 1e-5));
        }
        let depth = depths(&mut run)?[0] + taken(&mut run)? - 1.0;
        figures.push(most(format!("Green-Ampt, {name}: water lost, m"), depth.abs(), 2e-7));
    }
    let (initial, decay) = (76.0 * MM_PER_HOUR, 4.0 / 3600.0);
    let excess = initial - conductivity;
    let mut run = start(Soil::Horton { excess: vec![excess as f32], decay }, 0.0)?;
    run.run_to(3600.0)?;
    let expected = conductivity * 3600.0 + excess / decay * (1.0 - (-decay * 3600.0f64).exp());
    figures.push(most("Horton: error of F at 60 min", (taken(&mut run)? / expected - 1.0).abs(), 1e-5));
    let held = 2.5e-3;
    let mut run = start(Soil::Plain, held)?;
    run.run_to(600.0)?;
    let expected = held + conductivity * 600.0;
    figures.push(most("2.5 mm held first: error at 10 min", (taken(&mut run)? / expected - 1.0).abs(), 1e-5));
    Ok(figures)
}
