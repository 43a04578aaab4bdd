//! Wind between houses and trees by the national method: what stands in a window around each cell makes it rough.

use super::national::{Roughness, wind_height};
use crate::grid::Grid;

/// Sides of the window along and across the wind, m, and of the one where the wind has no direction.
const ALONG: f64 = 280.0;
const ACROSS: f64 = 140.0;
const CALM: f64 = 175.0;

/// From where the wind blows, as the method tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// From the east or the west.
    EastWest,
    /// From the north or the south.
    NorthSouth,
    /// From nowhere.
    None,
}

impl Axis {
    /// The axis of a direction in degrees.
    pub fn of(direction: Option<f64>) -> Axis {
        match direction.map(|degrees| degrees.to_radians()) {
            None => Axis::None,
            Some(angle) if angle.sin().abs() > angle.cos().abs() => Axis::EastWest,
            Some(_) => Axis::NorthSouth,
        }
    }
}

/// Sums over all cells to the north and west of each corner.
struct Sums {
    width: usize,
    values: Vec<f64>,
}

impl Sums {
    fn new(grid: &Grid, value: impl Fn(usize) -> f64) -> Sums {
        let width = grid.cols + 1;
        let mut values = vec![0.0; width * (grid.rows + 1)];
        for row in 0..grid.rows {
            let mut sum = 0.0;
            for col in 0..grid.cols {
                sum += value(row * grid.cols + col);
                values[(row + 1) * width + col + 1] = values[row * width + col + 1] + sum;
            }
        }
        Sums { width, values }
    }

    fn within(&self, [west, north, east, south]: [usize; 4]) -> f64 {
        let at = |col: usize, row: usize| self.values[row * self.width + col];
        at(east, south) - at(west, south) - at(east, north) + at(west, north)
    }
}

/// Wind at 1.2 m on each cell over that above open grass.
pub fn ratios(grid: &Grid, buildings: &[f32], trees: &[f32], axis: Axis) -> Vec<f32> {
    let at = |values: &[f32], cell: usize| values.get(cell).map_or(0.0, |value| f64::from(value.max(0.0)));
    let building = |cell: usize| at(buildings, cell);
    let tree = |cell: usize| if building(cell) > 0.0 { 0.0 } else { at(trees, cell) };
    let is = |height: f64| f64::from(u8::from(height > 0.0));
    // Frontal area that each cell shows along an axis: half of every step up or down.
    let front = |height: &dyn Fn(usize) -> f64, cell: usize| {
        let (col, row) = (cell % grid.cols, cell / grid.cols);
        let east = if col + 1 < grid.cols { (height(cell + 1) - height(cell)).abs() } else { 0.0 };
        let south = if row + 1 < grid.rows { (height(cell + grid.cols) - height(cell)).abs() } else { 0.0 };
        0.5 * grid.cell
            * match axis {
                Axis::EastWest => east,
                Axis::NorthSouth => south,
                // As much as one side shows on average.
                Axis::None => 0.5 * (east + south),
            }
    };
    let heights = [Sums::new(grid, building), Sums::new(grid, |cell| wind_height(tree(cell)))];
    let covers = [Sums::new(grid, |cell| is(building(cell))), Sums::new(grid, |cell| is(tree(cell)))];
    let wide = |cell: usize| wind_height(tree(cell));
    let fronts = [Sums::new(grid, |cell| front(&building, cell)), Sums::new(grid, |cell| front(&wide, cell))];
    let cells = |metres: f64| (0.5 * metres / grid.cell).round().max(1.0) as usize;
    let (half_cols, half_rows) = match axis {
        Axis::EastWest => (cells(ALONG), cells(ACROSS)),
        Axis::NorthSouth => (cells(ACROSS), cells(ALONG)),
        Axis::None => (cells(CALM), cells(CALM)),
    };
    let ratio = |cell: usize| {
        let (col, row) = (cell % grid.cols, cell / grid.cols);
        let window = [
            col.saturating_sub(half_cols),
            row.saturating_sub(half_rows),
            (col + half_cols + 1).min(grid.cols),
            (row + half_rows + 1).min(grid.rows),
        ];
        let count = ((window[2] - window[0]) * (window[3] - window[1])) as f64;
        let mean = |k: usize| {
            let covered = covers[k].within(window);
            (if covered > 0.5 { heights[k].within(window) / covered } else { 0.0 }, covered / count)
        };
        let front = |k: usize| fronts[k].within(window);
        let area = count * grid.cell_area();
        Roughness { buildings: mean(0), trees: mean(1), fronts: (front(0), front(1)), area }.ratio() as f32
    };
    (0..grid.len()).map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn houses_slow_the_wind() {
        let grid = Grid::local(200, 200, 2.0);
        // Blocks of 25 m in the western half, none in the eastern one.
        let block = |k: usize| {
            let (col, row) = (k % 200, k / 200);
            if col < 100 && col % 20 < 14 && row % 20 < 14 { 25.0f32 } else { 0.0 }
        };
        let blocks: Vec<f32> = (0..grid.len()).map(block).collect();
        for axis in [Axis::EastWest, Axis::NorthSouth, Axis::None] {
            let found = ratios(&grid, &blocks, &[], axis);
            let (town, open) = (found[100 * 200 + 20], found[100 * 200 + 199]);
            assert!(town < 0.8 && open == 1.0, "{axis:?}: {town} {open}");
        }
        assert_eq!([Some(270.0), Some(10.0), None].map(Axis::of), [Axis::EastWest, Axis::NorthSouth, Axis::None]);
    }
}
