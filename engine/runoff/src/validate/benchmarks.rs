//! Published benchmarks.

use super::super::{Between, Boundary, BoundaryKind, Edge, Problem, Run, Series, Settings};
use super::{Bench, Figure, depths, most, told, within};
use hanze_base::error::Result;
use hanze_base::grid::Grid;

/// Radial dam break of 10 m inside 50 m over dry and 1 m deep land, after 2 s (ANUGA's validation tests).
pub fn radial(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, outside) in [("wet", 1.0), ("dry", 0.0)] {
        let table = bench.table(&format!("runoff/analytic/radial_dam_break_{name}_t2.csv"))?;
        for order in [1, 2] {
            let n = 400;
            let grid = Grid { west: -100.0, north: 100.0, ..Grid::local(n, n, 200.0 / n as f64) };
            let radius = |i: usize| {
                let (x, y) = grid.centre(i % n, i / n);
                x.hypot(y)
            };
            let mut problem = Problem::new(grid, &vec![0.0; grid.len()]);
            problem.settings = Settings { order, ..problem.settings };
            for (i, depth) in problem.depth.iter_mut().enumerate() {
                *depth = if radius(i) <= 50.0 { 10.0 } else { outside };
            }
            let mut run = super::begin(bench, problem)?;
            run.run_to(2.0)?;
            let depth = depths(&mut run)?;
            let exact = |r: f64| {
                let after = table.partition_point(|row| row[0] <= r).clamp(1, table.len() - 1);
                let (a, b) = (&table[after - 1], &table[after]);
                let share = if b[0] > a[0] { (r - a[0]) / (b[0] - a[0]) } else { 0.0 };
                a[4] + (b[4] - a[4]) * share.clamp(0.0, 1.0)
            };
            let inside = (0..grid.len()).filter(|&i| radius(i) < 99.0);
            let (error, total) = inside.fold((0.0, 0.0), |(error, total), i| {
                let h = exact(radius(i));
                (error + (depth[i] - h).abs(), total + h)
            });
            let bar = if order == 2 {
                most(format!("{name}, order 2: L1"), error / total, 0.02)
            } else {
                told(format!("{name}, order 1: L1"), error / total)
            };
            figures.push(bar);
            let mirror = |i: usize, j: usize| (depth[i] - depth[j]).abs();
            let sides = (0..grid.len()).map(|i| {
                let (col, row) = (i % n, i / n);
                mirror(i, row * n + (n - 1 - col)).max(mirror(i, (n - 1 - row) * n + col)).max(mirror(i, col * n + row))
            });
            figures.push(most(format!("{name}, order {order}: asymmetry, m"), sides.fold(0.0, f64::max), 1e-5));
        }
    }
    Ok(figures)
}

fn minutes(points: &[(f64, f64)]) -> Series {
    let seconds: Vec<(f64, f64)> = points.iter().map(|&(minute, value)| (60.0 * minute, value)).collect();
    Series::new(&seconds, Between::Linear)
}

/// Level of the cell that holds a point, m.
fn level_at(run: &mut Run, x: f64, y: f64) -> Result<f64> {
    let grid = run.problem.grid;
    let (col, row) = grid.cell_at(x, y).unwrap_or_default();
    let i = row * grid.cols + col;
    Ok(run.problem.datum + f64::from(run.problem.bed[i]) + depths(run)?[i])
}

/// Flooding a disconnected water body.
pub fn ea1(bench: &Bench) -> Result<Vec<Figure>> {
    let profile = [(0.0, 9.6), (290.0, 10.25), (310.0, 10.25), (500.0, 9.7), (700.0, 10.45)];
    let line = Series::new(&profile, Between::Linear);
    let grid = Grid::local(70, 10, 10.0);
    let bed: Vec<f64> = (0..grid.len()).map(|i| line.at(grid.centre(i % 70, i / 70).0)).collect();
    let level = minutes(&[(0.0, 9.7), (5.0, 9.7), (60.0, 10.35), (660.0, 10.35), (720.0, 9.7), (1200.0, 9.7)]);
    let mut figures = Vec::new();
    for order in [1, 2] {
        let mut problem = Problem::new(grid, &bed);
        problem.settings = Settings { order, ..problem.settings };
        problem.manning.fill(0.03);
        for (i, depth) in problem.depth.iter_mut().enumerate() {
            let x = grid.centre(i % 70, i / 70).0;
            *depth = if x < 300.0 { (9.7 - bed[i]).max(0.0) as f32 } else { 0.0 };
        }
        let kind = BoundaryKind::Level(level.clone());
        problem.boundaries.push(Boundary { name: "tide".into(), edge: Edge::West, from: 0, to: 10, kind });
        let mut run = super::begin(bench, problem)?;
        let points = [(400.0, 50.0), (600.0, 50.0)];
        let at = |run: &mut Run, hour: f64| -> Result<Vec<f64>> {
            run.run_to(hour * 3600.0)?;
            points.iter().map(|&(x, y)| level_at(run, x, y)).collect()
        };
        let (twelve, twenty) = (at(&mut run, 12.0)?, at(&mut run, 20.0)?);
        let highest = run.fields()?.statistics.max_depth;
        for (k, &(x, y)) in points.iter().enumerate() {
            let (col, row) = grid.cell_at(x, y).unwrap_or_default();
            let i = row * grid.cols + col;
            let peak = run.problem.datum + f64::from(run.problem.bed[i]) + f64::from(highest[i]);
            let name = format!("order {order}, point {}", k + 1);
            figures.push(within(format!("{name}: peak, m"), peak, 10.352, 0.005));
            figures.push(within(format!("{name}: 12 h, m"), twelve[k], 10.283, 0.01));
            figures.push(within(format!("{name}: 20 h, m"), twenty[k], 10.252, 0.005));
        }
    }
    Ok(figures)
}

/// Filling of floodplain depressions.
pub fn ea2(bench: &Bench) -> Result<Vec<Figure>> {
    let raster = hanze_city::read::raster(
        &bench.file("runoff/ea_sc120002/test2DEM_active_20m.asc"),
        hanze_city::read::Quantity::Heights,
        hanze_city::read::Limits { max_cells: 100_000 },
    )?;
    let grid = raster.grid;
    let bed: Vec<f64> = raster.values.iter().map(|&z| f64::from(z) + raster.datum).collect();
    let inflow: Vec<(f64, f64)> =
        bench.table("runoff/ea_sc120002/Test2_BC.csv")?.iter().map(|row| (row[0], row[1])).collect();
    let points = bench.table("runoff/ea_sc120002/Test2output.csv")?;
    let answers =
        [0.378, 0.330, 0.328, 0.326, 0.271, 0.330, 0.328, 0.326, 0.0, 0.052, 0.167, 0.178, 0.0, 0.0, 0.0, 0.0];
    let mut problem = Problem::new(grid, &bed);
    problem.manning.fill(0.03);
    let kind = BoundaryKind::Discharge(minutes(&inflow));
    problem.boundaries.push(Boundary { name: "inflow".into(), edge: Edge::West, from: 0, to: 5, kind });
    let mut run = super::begin(bench, problem)?;
    run.run_to(48.0 * 3600.0)?;
    let depth = depths(&mut run)?;
    let mut figures = Vec::new();
    for (k, (point, answer)) in points.iter().zip(answers).enumerate() {
        let (col, row) = grid.cell_at(point[1], point[2]).unwrap_or_default();
        let tolerance = match k + 1 {
            5 => 0.03,
            10..=12 => 0.02,
            _ => 0.01,
        };
        figures.push(within(
            format!("order 2, point {}: depth, m", k + 1),
            depth[row * grid.cols + col],
            answer,
            tolerance,
        ));
    }
    let volume = depth.iter().sum::<f64>() * grid.cell_area();
    let poured = minutes(&inflow).integral(0.0, 48.0 * 3600.0);
    figures.push(most("order 2: volume error / inflow", ((volume - poured) / poured).abs(), 1e-6));
    Ok(figures)
}

/// Speed of propagation over an extended floodplain.
pub fn ea4(bench: &Bench) -> Result<Vec<Figure>> {
    let grid = Grid::local(200, 400, 5.0);
    let inflow: Vec<(f64, f64)> =
        bench.table("runoff/ea_sc120002/Test4BC.csv")?.iter().map(|row| (row[0], row[1])).collect();
    let points = bench.table("runoff/ea_sc120002/Test4output.csv")?;
    let arrivals = [11.0, 17.7, 32.3, 47.8, 64.1, 68.1];
    let at_two_hours = [0.270, 0.218, 0.184, 0.156, 0.149];
    let mut figures = Vec::new();
    for (order, tolerance) in [(1, 0.04), (2, 0.03)] {
        let mut problem = Problem::new(grid, &vec![0.0; grid.len()]);
        problem.settings = Settings { order, ..problem.settings };
        problem.manning.fill(0.05);
        let kind = BoundaryKind::Discharge(minutes(&inflow));
        problem.boundaries.push(Boundary { name: "inflow".into(), edge: Edge::West, from: 198, to: 202, kind });
        let mut run = super::begin(bench, problem)?;
        let mut arrived = [f64::NAN; 6];
        let mut before = [0.0; 6];
        let step = 10.0;
        for k in 1..=720 {
            run.run_to(f64::from(k) * step)?;
            let depth = depths(&mut run)?;
            for (p, point) in points.iter().enumerate() {
                // Every point lies on a corner of four cells.
                let (col, row) = ((point[1] / 5.0) as usize, ((grid.north - point[2]) / 5.0) as usize);
                let corner = [(row - 1, col - 1), (row - 1, col), (row, col - 1), (row, col)];
                let now = corner.iter().map(|&(r, c)| depth[r * grid.cols + c]).sum::<f64>() / 4.0;
                if arrived[p].is_nan() && now >= 0.05 {
                    arrived[p] = (f64::from(k) - (now - 0.05) / (now - before[p])) * step / 60.0;
                }
                before[p] = now;
            }
        }
        for (p, &answer) in arrivals.iter().enumerate() {
            figures.push(within(
                format!("order {order}, point {}: arrival, min", p + 1),
                arrived[p],
                answer,
                tolerance * answer,
            ));
        }
        for (p, &answer) in at_two_hours.iter().enumerate().filter(|_| order == 2) {
            figures.push(within(
                format!("order 2, point {}: depth at 2 h, m", p + 2),
                before[p + 1],
                answer,
                0.03 * answer,
            ));
        }
    }
    Ok(figures)
}
