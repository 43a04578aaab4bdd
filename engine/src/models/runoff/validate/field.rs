//! Real terrain: no answer is known, but water must not be lost and speeds must be of this world.

use super::super::{Between, Problem, Series};
use super::{Bench, Figure, depths, most, told};
use crate::city::read::{Limits, Quantity, raster};
use crate::error::Result;

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
        problem.infiltration.fill((12.0 * MM_PER_HOUR) as f32);
        problem.rain = Series::new(&[(0.0, 70.0 * MM_PER_HOUR), (3600.0, 0.0)], Between::Steps);
        let rain = problem.rain.integral(0.0, 7200.0) * problem.open_cells() as f64;
        let mut run = bench.start(problem)?;
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
        let fields = run.fields()?;
        let drained = fields
            .statistics
            .infiltrated
            .iter()
            .chain(&fields.statistics.infiltrated_low)
            .map(|&v| f64::from(v))
            .sum::<f64>();
        let stored = depths(&mut run)?.iter().sum::<f64>();
        let error = ((stored + drained - rain) / rain).abs();
        figures.push(most(format!("order {order}: balance error / rain"), error, 1e-6));
        figures.push(most(format!("order {order}: speed in water over 5 cm, m/s"), fastest, 10.0));
        figures.push(told(format!("order {order}: deepest, m"), deepest));
    }
    Ok(figures)
}
