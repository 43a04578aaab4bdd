//! How fast the model steps: problems of any size and wetness, and a stopwatch.

use super::{Problem, Run, Series, start};
use hanze_base::error::Result;
use hanze_base::grid::Grid;
use hanze_device::Device;
use hanze_model::yardstick::{Kernel, Size};
use std::time::{Duration, Instant};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Cells along each side of the square.
    pub side: usize,
    /// Order of accuracy, 1 or 2.
    pub order: u32,
    /// Share of the cells under water, 0 to 1: a flood along the southern edge, held by a wall.
    pub wet: f64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Full time steps of all cells a second, both Runge–Kutta stages counted as one.
    pub cell_steps: f64,
    /// Bytes that a step must move between memory and processor for each wet cell.
    pub bytes: f64,
}

/// A load that steps on, stretch after stretch.
pub struct Stepping {
    run: Run,
    cells: f64,
}

impl Load {
    /// A wavy bed under water where it is wet. A wholly wet one is rained on; a partly wet one is dry ground elsewhere.
    pub fn problem(self) -> Problem {
        let Load { side, order, wet } = self;
        let grid = Grid::local(side, side, 1.0);
        let shore = side - (wet * side as f64).round() as usize;
        let wave = |i: usize| 0.2 * ((i % side) as f64 * 0.05).sin() * ((i / side) as f64 * 0.07).cos();
        let beach = |i: usize| if wet < 1.0 && i / side < shore { 5.0 } else { 0.0 };
        let bed: Vec<f64> = (0..grid.len()).map(|i| wave(i) + beach(i)).collect();
        let mut problem = Problem::new(grid, &bed);
        drop(bed);
        problem.settings.order = order;
        problem.manning.fill(0.03);
        problem.rain = Series::constant(if wet < 1.0 { 0.0 } else { 2e-5 });
        for (i, depth) in problem.depth.iter_mut().enumerate().skip(shore * side) {
            *depth = if i % side < side / 2 { 1.0 } else { 0.5 };
        }
        problem
    }

    /// Sets the problem up on a device.
    ///
    /// # Errors
    /// `Memory` where the device has no room, `DeviceLost` where it fails.
    fn stepping(self, device: &Device) -> Result<Stepping> {
        Ok(Stepping { run: start(self.problem(), device)?, cells: (self.side * self.side) as f64 })
    }

    /// Steps the problem on a device for about `budget` and tells how fast that was.
    ///
    /// # Errors
    /// `Memory` where the device has no room, `DeviceLost` where it fails, `Unstable` where depths are no numbers any more.
    pub fn measure(self, device: &Device, budget: Duration) -> Result<Speed> {
        let mut stepping = self.stepping(device)?;
        // The first steps warm caches, clocks and the size of the batches up.
        stepping.step(budget.mul_f64(0.2))?;
        let (cell_steps, seconds) = stepping.step(budget)?;
        Ok(Speed { cell_steps: cell_steps / seconds, bytes: stepping.run.bytes_per_cell_step() })
    }
}

/// What is measured of the model: time steps of a square that is all under water.
///
/// # Errors
/// `Memory` where the device has no room, `DeviceLost` where it fails.
pub fn stages(device: &Device, size: Size) -> Result<Vec<Kernel>> {
    let stage = |name, order| -> Result<Kernel> {
        let mut water = Load { side: size.pick(64, 512, 4096), order, wet: 1.0 }.stepping(device)?;
        let bytes = water.run.bytes_per_cell_step();
        Ok(Kernel::new(name, "cell-step", move |budget| water.step(budget)).moving(bytes))
    };
    Ok(vec![stage("runoff order 1", 1)?, stage("runoff order 2", 2)?])
}

impl Stepping {
    /// Steps for about `budget`; time steps of all cells that were done, and the seconds that they took.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails, `Unstable` where depths are no numbers any more.
    pub fn step(&mut self, budget: Duration) -> Result<(f64, f64)> {
        let (steps, seconds) = stopwatch(&mut self.run, budget)?;
        Ok((steps * self.cells, seconds))
    }
}

/// Steps for about so long; the steps done and the seconds they took.
fn stopwatch(run: &mut Run, budget: Duration) -> Result<(f64, f64)> {
    let (first, begun) = (run.steps(), Instant::now());
    while run.steps() == first || begun.elapsed() < budget {
        run.advance(1e9, budget.saturating_sub(begun.elapsed()))?;
    }
    Ok(((run.steps() - first) as f64, begun.elapsed().as_secs_f64()))
}
