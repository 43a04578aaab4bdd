//! Real terrain: no answer is known, but water must not be lost and speeds must be of this world.

use super::super::sewer::{District, Gully};
use super::super::{Between, Problem, Run, Series};
use super::{Bench, Figure, depths, most, told};
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_base::raster::Raster;
use hanze_city::read::{Limits, Quantity, raster};
use hanze_city::resample::{Method, resample};

const MM_PER_HOUR: f64 = 1e-3 / 3600.0;

/// The centre of Newcastle in 2 m cells, 70 mm in an hour with 12 mm/h into drains, and an hour after it.
pub fn newcastle(bench: &Bench) -> Result<Vec<Figure>> {
    let dem = raster(&bench.file("runoff/newcastle/dem_2m.tif"), Quantity::Heights, Limits { max_cells: 1_000_000 })?;
    let bed: Vec<f64> = dem.values.iter().map(|&z| dem.datum + f64::from(z)).collect();
    let mut figures = Vec::new();
    for order in [1, 2] {
        let mut problem = Problem::new(dem.grid, &bed);
        problem.settings.order = order;
        problem.manning.fill(0.03);
        // Drains in every cell, into a sewer that is never full.
        problem.sewers.districts = vec![District { name: "drains".into(), room: f64::INFINITY, pump: 0.0 }];
        let capacity = (12.0 * MM_PER_HOUR) as f32;
        let open = (0..bed.len()).filter(|cell| !bed[*cell].is_nan());
        problem.sewers.gullies = open.map(|cell| Gully { cell, district: 0, capacity }).collect();
        problem.rain = Series::new(&[(0.0, 70.0 * MM_PER_HOUR), (3600.0, 0.0)], Between::Steps);
        let rain = problem.rain.integral(0.0, 7200.0) * problem.open_cells() as f64;
        let mut run = super::begin(bench, problem)?;
        let (mut fastest, mut deepest) = (0.0_f64, 0.0_f64);
        for minute in 1..=120 {
            run.run_to(60.0 * f64::from(minute))?;
            let fields = run.fields()?;
            for i in (0..fields.state.depth.len()).filter(|&i| fields.state.depth[i] > 0.05) {
                let h = f64::from(fields.state.depth[i]);
                fastest = fastest.max(f64::from(fields.state.qx[i]).hypot(f64::from(fields.state.qy[i])) / h);
                deepest = deepest.max(h);
            }
        }
        let error = lost(&mut run, rain)?;
        figures.push(most(format!("order {order}: balance error / rain"), error, 1e-6));
        figures.push(most(format!("order {order}: speed in water over 5 cm, m/s"), fastest, 10.0));
        figures.push(told(format!("order {order}: deepest, m"), deepest));
    }
    Ok(figures)
}

/// Water that went missing over all rain, from the rain in m·cells.
fn lost(run: &mut Run, rain: f64) -> Result<f64> {
    let soil = run.fields()?.statistics;
    let parts = [&soil.infiltrated, &soil.infiltrated_low, &soil.sewered, &soil.sewered_low];
    let drained: f64 = parts.into_iter().flatten().map(|&v| f64::from(v)).sum();
    let stored: f64 = depths(run)?.iter().sum();
    Ok(((stored + drained - rain) / rain).abs())
}

/// A piece of a village with houses, gardens and streets in cells of 0.5 m: 70 mm in an hour, and an hour after it.
pub fn hoeksche_waard(bench: &Bench) -> Result<Vec<Figure>> {
    let layer = |name: &str, quantity| -> Result<Raster> {
        let file = bench.file(&format!("terrain/hoekschewaard_3di_rastergroup/{name}.tif"));
        let whole = raster(&file, quantity, Limits { max_cells: 1_000_000 })?;
        let grid = Grid { cols: 256, rows: 256, west: 97_037.0, north: 417_365.0, ..whole.grid };
        resample(&whole, &grid, Method::Nearest, &file)
    };
    let dem = layer("dem", Quantity::Heights)?;
    let bed: Vec<f64> = dem.values.iter().map(|&z| dem.datum + f64::from(z)).collect();
    let mut problem = Problem::new(dem.grid, &bed);
    problem.manning = layer("friction", Quantity::Values)?.values;
    let per_day = layer("infiltration", Quantity::Values)?.values;
    problem.infiltration = per_day.iter().map(|&mm| mm * 1e-3 / 86_400.0).collect();
    problem.rain = Series::new(&[(0.0, 70.0 * MM_PER_HOUR), (3600.0, 0.0)], Between::Steps);
    let rain = problem.rain.integral(0.0, 7200.0) * problem.open_cells() as f64;
    let mut run = super::begin(bench, problem)?;
    run.run_to(7200.0)?;
    let deepest = depths(&mut run)?.into_iter().fold(0.0, f64::max);
    let error = lost(&mut run, rain)?;
    Ok(vec![most("order 2: balance error / rain", error, 1e-6), told("order 2: deepest, m", deepest)])
}
