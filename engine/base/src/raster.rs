//! A named layer with a unit on a grid.

use crate::grid::Grid;
use glam::Vec3;

/// What stands for several cells, where a picture or an overview has room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their highest value: a flooded street does not vanish when a map is made smaller.
    Highest,
    /// That which is furthest from zero: a thin band does not vanish, whether it is more or less.
    Largest,
    /// Their mean.
    Mean,
    /// The class that most of them have.
    Most,
}

/// Values of one quantity on a grid, row by row from the north-west cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Where the cells lie.
    pub grid: Grid,
    /// Machine name, such as `max_depth`.
    pub name: String,
    /// Unit of the values, such as `m`; empty for pure numbers and classes.
    pub unit: String,
    /// What the layer shows, in words.
    pub description: String,
    /// Height that every value is relative to, in the raster's unit. It is 0 for all but heights: a level of
    /// 1000.001 m does not fit in an f32 to a tenth of a millimetre, its distance to a whole datum does.
    pub datum: f64,
    /// One value per cell, relative to `datum`; NaN where there is no value.
    pub values: Vec<f32>,
}

impl Raster {
    /// A layer with one value everywhere.
    pub fn uniform(grid: Grid, name: &str, unit: &str, value: f32) -> Raster {
        Raster::from_values(grid, name, unit, vec![value; grid.len()])
    }

    /// A layer from its cell values, row by row from the north-west cell, with datum 0.
    ///
    /// # Panics
    /// If there is not one value per cell.
    pub fn from_values(grid: Grid, name: &str, unit: &str, values: Vec<f32>) -> Raster {
        assert_eq!(values.len(), grid.len(), "one value per cell");
        Raster { grid, name: name.into(), unit: unit.into(), description: String::new(), datum: 0.0, values }
    }

    /// Heights from f64 values, stored relative to the whole metre under the lowest one.
    ///
    /// # Panics
    /// If there is not one value per cell.
    pub fn heights(grid: Grid, name: &str, heights: &[f64]) -> Raster {
        let lowest = heights.iter().copied().filter(|z| z.is_finite()).fold(f64::INFINITY, f64::min);
        let datum = if lowest.is_finite() { lowest.floor() } else { 0.0 };
        let values = heights.iter().map(|z| (z - datum) as f32).collect();
        Raster { datum, ..Raster::from_values(grid, name, "m", values) }
    }

    /// Gives it a description, in words for those who read the file.
    pub fn described(mut self, description: &str) -> Raster {
        self.description = description.into();
        self
    }

    /// Value of a cell including the datum; NaN where there is none.
    pub fn at(&self, col: usize, row: usize) -> f64 {
        self.datum + f64::from(self.values[row * self.grid.cols + col])
    }

    /// Lowest and highest value including the datum; `None` where no cell has one.
    pub fn range(&self) -> Option<(f64, f64)> {
        let finite = self.values.iter().filter(|v| v.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        (low <= high).then(|| (self.datum + f64::from(low), self.datum + f64::from(high)))
    }
}

/// Upward normal (x east, y north) of a surface at a cell, from the neighbours that exist and have a value.
pub fn normal(grid: &Grid, col: usize, row: usize, surface: impl Fn(usize) -> f32) -> Vec3 {
    let at = row * grid.cols + col;
    let here = surface(at);
    let cell = grid.cell as f32;
    let slope = |before: Option<usize>, after: Option<usize>| {
        let [before, after] = [before, after].map(|at| at.map(&surface).filter(|z| z.is_finite()));
        match (before, after) {
            (Some(before), Some(after)) => (after - before) / (2.0 * cell),
            (Some(before), None) => (here - before) / cell,
            (None, Some(after)) => (after - here) / cell,
            (None, None) => 0.0,
        }
    };
    let east = slope((col > 0).then(|| at - 1), (col + 1 < grid.cols).then_some(at + 1));
    let north = slope((row + 1 < grid.rows).then_some(at + grid.cols), (row > 0).then(|| at - grid.cols));
    Vec3::new(-east, -north, 1.0).normalize()
}
