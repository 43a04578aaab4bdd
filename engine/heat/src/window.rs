//! What stands around a cell: rectangles that reach further against the wind.

use hanze_base::grid::Grid;

/// From where the wind blows, as the national method tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarter {
    /// From the north, between north-west and north-east.
    North,
    /// From the east.
    East,
    /// From the south.
    South,
    /// From the west.
    West,
    /// From nowhere: it is calm, or changes.
    Calm,
}

impl Quarter {
    /// The quarter of a direction in degrees.
    pub fn of(direction: Option<f64>) -> Quarter {
        match direction.map(|degrees| degrees.rem_euclid(360.0)) {
            None => Quarter::Calm,
            Some(degrees) if (45.0..135.0).contains(&degrees) => Quarter::East,
            Some(degrees) if (135.0..225.0).contains(&degrees) => Quarter::South,
            Some(degrees) if (225.0..315.0).contains(&degrees) => Quarter::West,
            Some(_) => Quarter::North,
        }
    }
}

/// Sides of a window, m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Against the wind.
    pub upwind: f64,
    /// With the wind.
    pub downwind: f64,
    /// To each side.
    pub aside: f64,
    /// To all sides where it is calm.
    pub calm: f64,
}

/// Columns and rows of a window: west, north, east, south; the last two are the first ones outside.
pub type Cells = [usize; 4];

impl Window {
    /// The cells of the window around a cell that lie in the grid, and the share of the window that they are.
    pub fn cells(&self, grid: &Grid, from: Quarter, cell: usize) -> (Cells, f64) {
        let Window { upwind, downwind, aside, calm } = *self;
        let [west, north, east, south] = match from {
            Quarter::North => [aside, upwind, aside, downwind],
            Quarter::East => [downwind, aside, upwind, aside],
            Quarter::South => [aside, downwind, aside, upwind],
            Quarter::West => [upwind, aside, downwind, aside],
            Quarter::Calm => [calm; 4],
        }
        .map(|metres| (metres / grid.cell).round() as usize);
        let (col, row) = (cell % grid.cols, cell / grid.cols);
        let cells = [
            col.saturating_sub(west),
            row.saturating_sub(north),
            (col + east + 1).min(grid.cols),
            (row + south + 1).min(grid.rows),
        ];
        let whole = (west + east + 1) * (north + south + 1);
        (cells, count(cells) as f64 / whole as f64)
    }
}

/// How many cells a window has.
pub fn count([west, north, east, south]: Cells) -> usize {
    (east - west) * (south - north)
}

/// Sums over all cells to the north and west of each corner.
pub struct Sums {
    width: usize,
    values: Vec<f64>,
}

impl Sums {
    /// Of a value of each cell.
    pub fn new(grid: &Grid, value: impl Fn(usize) -> f64) -> Sums {
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

    /// The sum over a window.
    pub fn within(&self, [west, north, east, south]: Cells) -> f64 {
        let at = |col: usize, row: usize| self.values[row * self.width + col];
        at(east, south) - at(west, south) - at(east, north) + at(west, north)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_reach_against_the_wind() {
        use Quarter::{Calm, East, North, South, West};
        let grid = Grid::local(100, 100, 10.0);
        let window = Window { upwind: 300.0, downwind: 100.0, aside: 50.0, calm: 200.0 };
        let middle = 50 * 100 + 50;
        assert_eq!(window.cells(&grid, West, middle).0, [20, 45, 61, 56]);
        assert_eq!(window.cells(&grid, South, middle).0, [45, 40, 56, 81]);
        let (cells, share) = window.cells(&grid, North, 50);
        assert_eq!(cells, [45, 0, 56, 11]);
        assert!((share - 11.0 / 41.0).abs() < 1e-12);
        let sums = Sums::new(&grid, |cell| (cell % 100) as f64);
        assert!((sums.within([10, 20, 13, 22]) - 66.0).abs() < 1e-9);
        let quarters = [Some(44.0), Some(90.0), Some(180.0), Some(314.0), Some(360.0), None].map(Quarter::of);
        assert_eq!(quarters, [North, East, South, West, North, Calm]);
    }
}
