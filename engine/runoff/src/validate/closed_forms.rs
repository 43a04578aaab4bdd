//! Cases with a formula: lakes at rest, dam breaks, a bowl, a wave.

use super::super::{Boundary, BoundaryKind, Edge, Problem, Run, Settings};
use super::{Bar, Bench, Figure, bisect, depths, most, noise, relative_l1, within};
use hanze_base::error::Result;
use hanze_base::grid::Grid;

const G: f64 = 9.81;

fn with_order(mut problem: Problem, order: u32) -> Problem {
    // The default longest step expects waves of 1 m/s and more; in a laboratory they are slower.
    problem.settings = Settings { order, longest_step: Some(1.0), ..problem.settings };
    problem
}

/// A lake over `bed` at `level`, `offset` m higher up.
fn lake(grid: Grid, bed: &[f64], level: f64, offset: f64) -> Problem {
    let raised: Vec<f64> = bed.iter().map(|z| z + offset).collect();
    let mut problem = Problem::new(grid, &raised);
    for (depth, bed) in problem.depth.iter_mut().zip(bed) {
        *depth = (level - bed).max(0.0) as f32;
    }
    problem
}

fn highest_speed(run: &mut Run) -> Result<f64> {
    let fields = run.fields()?;
    let speed = |i: usize| {
        f64::from(fields.state.qx[i]).hypot(f64::from(fields.state.qy[i])) / f64::from(fields.state.depth[i])
    };
    let wet = (0..fields.state.depth.len()).filter(|&i| fields.state.depth[i] > super::super::params::DRY);
    let now = wet.map(speed).fold(0.0, f64::max);
    Ok(fields.statistics.max_speed.iter().fold(now, |a, &b| a.max(f64::from(b))))
}

/// Runs a lake for 600 s at three heights and both orders.
fn lake_figures(bench: &Bench, grid: Grid, bed: &[f64], level: f64) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for order in [1, 2] {
        let mut first: Option<Vec<f64>> = None;
        for offset in [0.0, 100.0, 1000.0] {
            let problem = with_order(lake(grid, bed, level, offset), order);
            let start: Vec<f64> = problem.depth.iter().map(|&h| f64::from(h)).collect();
            let mut run = super::begin(bench, problem)?;
            run.run_to(600.0)?;
            let end = depths(&mut run)?;
            let difference = |a: &[f64]| a.iter().zip(&end).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            figures.push(most(format!("order {order}, +{offset} m: speed m/s"), highest_speed(&mut run)?, 1e-5));
            figures.push(most(format!("order {order}, +{offset} m: depth change m"), difference(&start), 1e-6));
            match &first {
                Some(first) => {
                    figures.push(most(format!("order {order}, +{offset} m against +0 m"), difference(first), 1e-6))
                }
                None => first = Some(end),
            }
        }
    }
    Ok(figures)
}

pub fn lake_humps(bench: &Bench) -> Result<Vec<Figure>> {
    let raster = hanze_city::read::raster(
        &bench.file("runoff/lisflood_uos/T01_humps.dem"),
        hanze_city::read::Quantity::Heights,
        hanze_city::read::Limits { max_cells: 10_000 },
    )?;
    let bed: Vec<f64> = raster.values.iter().map(|&z| f64::from(z) + raster.datum).collect();
    lake_figures(bench, raster.grid, &bed, 0.875)
}

pub fn lake_random(bench: &Bench) -> Result<Vec<Figure>> {
    let mut random = noise(7);
    let grid = Grid::local(61, 43, 1.0);
    let bed: Vec<f64> = (0..grid.len()).map(|_| 1.5 * random()).collect();
    lake_figures(bench, grid, &bed, 0.9)
}

/// A dam at 5 m in a channel of 10 m with `right` m of water below it; returns depths after 6 s.
fn dam_break(bench: &Bench, cells: usize, order: u32, left: f64, right: f64) -> Result<Vec<f64>> {
    let grid = Grid::local(cells, 1, 10.0 / cells as f64);
    let mut problem = with_order(Problem::new(grid, &vec![0.0; cells]), order);
    for (i, depth) in problem.depth.iter_mut().enumerate() {
        *depth = if i < cells / 2 { left as f32 } else { right as f32 };
    }
    let mut run = super::begin(bench, problem)?;
    run.run_to(6.0)?;
    depths(&mut run)
}

/// Mean of a profile over each of `cells` cells of a channel of `length` m.
fn cell_means(cells: usize, length: f64, profile: impl Fn(f64) -> f64) -> Vec<f64> {
    const PARTS: usize = 64;
    let dx = length / cells as f64;
    let mean = |i: usize| {
        let at = |k: usize| profile((i as f64 + (k as f64 + 0.5) / PARTS as f64) * dx);
        (0..PARTS).map(at).sum::<f64>() / PARTS as f64
    };
    (0..cells).map(mean).collect()
}

pub fn ritter(bench: &Bench) -> Result<Vec<Figure>> {
    let (hl, time) = (0.005, 6.0);
    let profile = |x: f64| {
        let c = (G * hl).sqrt();
        let s = (x - 5.0) / time;
        if s <= -c {
            hl
        } else if s >= 2.0 * c {
            0.0
        } else {
            4.0 / (9.0 * G) * (c - 0.5 * s).powi(2)
        }
    };
    let mut figures = Vec::new();
    for (order, bar, least) in [(1, 0.005, 0.7), (2, 0.002, 0.9)] {
        let mut errors = Vec::new();
        for cells in [200, 400, 800] {
            let depth = dam_break(bench, cells, order, hl, 0.0)?;
            let exact = cell_means(cells, 10.0, profile);
            let error: f64 = depth.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum();
            errors.push(error / cells as f64 / hl);
        }
        figures.push(most(format!("order {order}, 400 cells: mean error / hl"), errors[1], bar));
        let coarse = (errors[0] / errors[1]).log2();
        figures.push(super::told(format!("order {order}, 200 → 400: order of convergence"), coarse));
        let rate = (errors[1] / errors[2]).log2();
        figures.push(Figure {
            what: format!("order {order}: order of convergence"),
            value: rate,
            bar: Bar::Least(least),
        });
    }
    Ok(figures)
}

pub fn stoker(bench: &Bench) -> Result<Vec<Figure>> {
    let (hl, hr, time) = (0.005, 0.001, 6.0);
    let (cl, cr) = ((G * hl).sqrt(), (G * hr).sqrt());
    let balance = |c: f64| -8.0 * cr * cr * c * c * (cl - c).powi(2) + (c * c - cr * cr).powi(2) * (c * c + cr * cr);
    let cm = bisect(cr * 1.000_001, cl * 0.999_999, balance);
    let hm = cm * cm / G;
    let shock = 2.0 * cm * cm * (cl - cm) / (cm * cm - cr * cr);
    let profile = |x: f64| {
        let s = (x - 5.0) / time;
        if s <= -cl {
            hl
        } else if s <= 2.0 * cl - 3.0 * cm {
            4.0 / (9.0 * G) * (cl - 0.5 * s).powi(2)
        } else if s <= shock {
            hm
        } else {
            hr
        }
    };
    let mut figures = vec![within("depth between, m", hm, 0.002539, 1e-6)];
    for (order, bar) in [(1, 0.004), (2, 0.002)] {
        let depth = dam_break(bench, 400, order, hl, hr)?;
        let exact = cell_means(400, 10.0, profile);
        let error: f64 = depth.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum();
        figures.push(most(format!("order {order}: mean error / hl"), error / 400.0 / hl, bar));
    }
    Ok(figures)
}

/// The planar surface in a bowl on n × n cells; returns Σ|error|/Σh and the volume's relative change.
fn bowl(bench: &Bench, n: usize, order: u32) -> Result<(f64, f64)> {
    let (h0, a, eta) = (0.1_f64, 1.0, 0.5);
    let omega = (2.0 * G * h0).sqrt() / a;
    let grid = Grid { west: -2.0, north: 2.0, ..Grid::local(n, n, 4.0 / n as f64) };
    let bed_at = |x: f64, y: f64| -h0 * (1.0 - (x * x + y * y) / (a * a));
    let centres: Vec<(f64, f64)> = (0..grid.len()).map(|i| grid.centre(i % n, i / n)).collect();
    let bed: Vec<f64> = centres.iter().map(|&(x, y)| bed_at(x, y)).collect();
    let mut problem = with_order(Problem::new(grid, &bed), order);
    for (i, &(x, _)) in centres.iter().enumerate() {
        let level = eta * h0 / (a * a) * (2.0 * x - eta);
        let depth = (level - bed[i]).max(0.0);
        problem.depth[i] = depth as f32;
        problem.qy[i] = -(depth * eta * omega) as f32;
    }
    let start: Vec<f64> = problem.depth.iter().map(|&h| f64::from(h)).collect();
    let mut run = super::begin(bench, problem)?;
    run.run_to(3.0 * 2.0 * std::f64::consts::PI / omega)?;
    let end = depths(&mut run)?;
    let (before, after) = (start.iter().sum::<f64>(), end.iter().sum::<f64>());
    Ok((relative_l1(&end, &start), ((after - before) / before).abs()))
}

pub fn thacker(bench: &Bench) -> Result<Vec<Figure>> {
    let (coarse, _) = bowl(bench, 64, 2)?;
    let (fine, volume) = bowl(bench, 128, 2)?;
    let (first, _) = bowl(bench, 128, 1)?;
    Ok(vec![
        most("order 2, 128²: Σ|error|/Σh", fine, 0.04),
        Figure { what: "order 2: 64² → 128²".into(), value: (coarse / fine).log2(), bar: Bar::Least(1.5) },
        most("order 2: volume change", volume, 1e-6),
        super::told("order 1, 128²: Σ|error|/Σh", first),
    ])
}

/// A wave of 5 cm on 1 m of water in a periodic channel of 10 m, after 1.5 s.
fn wave(bench: &Bench, cells: usize, order: u32) -> Result<Vec<f64>> {
    let grid = Grid::local(cells, 1, 10.0 / cells as f64);
    let mut problem = with_order(Problem::new(grid, &vec![0.0; cells]), order);
    let start = cell_means(cells, 10.0, |x| 1.0 + 0.05 * (2.0 * std::f64::consts::PI * x / 10.0).sin());
    for (depth, &h) in problem.depth.iter_mut().zip(&start) {
        *depth = h as f32;
    }
    for edge in [Edge::West, Edge::East] {
        problem.boundaries.push(Boundary { name: String::new(), edge, from: 0, to: 1, kind: BoundaryKind::Periodic });
    }
    let mut run = super::begin(bench, problem)?;
    run.run_to(1.5)?;
    depths(&mut run)
}

pub fn smooth_wave(bench: &Bench) -> Result<Vec<Figure>> {
    let fine = wave(bench, 1600, 2)?;
    let mut figures = Vec::new();
    for (order, bar) in [(2, Bar::Least(1.7)), (1, Bar::Within(0.8, 1.2))] {
        let error = |cells: usize| -> Result<f64> {
            let parts = 1600 / cells;
            let means: Vec<f64> = fine.chunks(parts).map(|c| c.iter().sum::<f64>() / parts as f64).collect();
            Ok(relative_l1(&wave(bench, cells, order)?, &means))
        };
        let (coarse, middle) = (error(50)?, error(100)?);
        figures.push(Figure {
            what: format!("order {order}: order of convergence"),
            value: (coarse / middle).log2(),
            bar,
        });
    }
    Ok(figures)
}
