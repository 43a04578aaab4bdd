//! Wind between buildings: the field of the national method made free of divergence, so that what blows into a cell blows out again.

use super::grids::{Grids, Pair};
use crate::error::{Error, Result};
use crate::grid::Grid;

/// What may be left: the most that a cell gains over what blows at roofs.
pub const DIVERGENCE: f32 = 1e-4;
/// Cycles that are tried.
const CYCLES: usize = 400;
/// Cycles between two looks at what is left.
const BETWEEN: usize = 4;

/// Flow through the sides of all cells, m/s: to the east through western sides (`cols + 1` in a row), to the south through northern ones
/// (`rows + 1` rows).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faces {
    /// Columns of cells.
    pub cols: usize,
    /// Rows of cells.
    pub rows: usize,
    /// To the east.
    pub east: Vec<f32>,
    /// To the south.
    pub south: Vec<f32>,
}

impl Faces {
    /// Without wind.
    pub fn still(cols: usize, rows: usize) -> Faces {
        Faces { cols, rows, east: vec![0.0; (cols + 1) * rows], south: vec![0.0; cols * (rows + 1)] }
    }

    /// Flow to the east through the western and eastern side of a cell, and to the south through the northern and southern one.
    pub fn of(&self, col: usize, row: usize) -> [f32; 4] {
        let west = row * (self.cols + 1) + col;
        let north = row * self.cols + col;
        [self.east[west], self.east[west + 1], self.south[north], self.south[north + self.cols]]
    }

    /// Sum of two flows, so much of each.
    pub fn blend(&self, own: f32, other: &Faces, theirs: f32) -> Faces {
        let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| own * a + theirs * b).collect();
        Faces {
            cols: self.cols,
            rows: self.rows,
            east: sum(&self.east, &other.east),
            south: sum(&self.south, &other.south),
        }
    }

    /// Speed in the middle of each cell, m/s.
    pub fn speeds(&self) -> Vec<f32> {
        let speed = |cell: usize| {
            let [w, e, n, s] = self.of(cell % self.cols, cell / self.cols);
            (0.5 * (w + e)).hypot(0.5 * (n + s))
        };
        (0..self.cols * self.rows).map(speed).collect()
    }

    /// What more blows out of a cell than into it, m/s: the most of all.
    pub fn divergence(&self) -> f32 {
        let of = |cell: usize| {
            let [w, e, n, s] = self.of(cell % self.cols, cell / self.cols);
            (e - w + s - n).abs()
        };
        (0..self.cols * self.rows).map(of).fold(0.0, f32::max)
    }
}

/// Wind for winds from the west and from the north of 1 m/s at 10 m, each free of divergence: `share` is what blows on each cell
/// of it; nothing blows through what is not open, and all edges are open. `at_roofs` is the wind at roofs.
///
/// # Errors
/// `Scenario` where what is left does not get small.
pub fn project(grid: &Grid, share: &[f32], is_open: &[bool], at_roofs: f32) -> Result<[Faces; 2]> {
    let (cols, rows) = (grid.cols, grid.rows);
    let share = |cell: usize| share[cell];
    let mut faces = [Faces::still(cols, rows), Faces::still(cols, rows)];
    let open = |col: usize, row: usize| is_open[row * cols + col];
    for row in 0..rows {
        for col in 0..=cols {
            let west = (col > 0).then(|| row * cols + col - 1).filter(|cell| is_open[*cell]);
            let east = (col < cols).then(|| row * cols + col).filter(|cell| is_open[*cell]);
            let at_edge = col == 0 || col == cols;
            let speed = match (west, east) {
                (Some(a), Some(b)) => 0.5 * (share(a) + share(b)),
                (Some(one), None) | (None, Some(one)) if at_edge => share(one),
                _ => 0.0,
            };
            faces[0].east[row * (cols + 1) + col] = speed;
        }
    }
    for row in 0..=rows {
        for col in 0..cols {
            let north = (row > 0 && open(col, row - 1)).then(|| (row - 1) * cols + col);
            let south = (row < rows && open(col, row)).then(|| row * cols + col);
            let at_edge = row == 0 || row == rows;
            let speed = match (north, south) {
                (Some(a), Some(b)) => 0.5 * (share(a) + share(b)),
                (Some(one), None) | (None, Some(one)) if at_edge => share(one),
                _ => 0.0,
            };
            faces[1].south[row * cols + col] = speed;
        }
    }
    free(faces, is_open, at_roofs)
}

/// Two winds made free of divergence, where nothing blows through what is not open and all edges are open.
///
/// # Errors
/// `Scenario` where what is left does not get small.
pub fn free(mut faces: [Faces; 2], is_open: &[bool], at_roofs: f32) -> Result<[Faces; 2]> {
    let (cols, rows) = (faces[0].cols, faces[0].rows);
    let open = |col: usize, row: usize| is_open[row * cols + col];
    let of = |k: usize| {
        let (col, row) = (k % cols, k / cols);
        let mut side = [0.0f32; 4];
        if !is_open[k] {
            return (side, [0.0f32; 2]);
        }
        side[0] = f32::from(u8::from(col > 0 && open(col - 1, row)));
        side[1] = f32::from(u8::from(col + 1 < cols && open(col + 1, row)));
        side[2] = f32::from(u8::from(row > 0 && open(col, row - 1)));
        side[3] = f32::from(u8::from(row + 1 < rows && open(col, row + 1)));
        let edges = [col == 0, col + 1 == cols, row == 0, row + 1 == rows];
        (side, [edges.into_iter().filter(|edge| *edge).count() as f32; 2])
    };
    let (side, decay): (Vec<[f32; 4]>, Vec<Pair>) = (0..cols * rows).map(of).unzip();
    let mut grids = Grids::new(cols, rows, &side, 0.5);
    grids.set_decay(&decay);
    let out = |faces: &Faces, col: usize, row: usize| {
        let [w, e, n, s] = faces.of(col, row);
        e - w + s - n
    };
    let rhs = |faces: &[Faces; 2]| -> Vec<Pair> {
        (0..cols * rows).map(|k| [0, 1].map(|f| -out(&faces[f], k % cols, k / cols))).collect()
    };
    // What is left is solved for anew, which keeps single precision exact enough.
    let mut left = f32::MAX;
    for _ in 0..CYCLES / BETWEEN {
        left = faces[0].divergence().max(faces[1].divergence());
        if left <= 0.5 * DIVERGENCE * at_roofs {
            return Ok(faces);
        }
        let rhs = rhs(&faces);
        let mut potential = vec![[0.0f32; 2]; cols * rows];
        grids.solve(&mut potential, &rhs, BETWEEN);
        for (f, faces) in faces.iter_mut().enumerate() {
            let at = |col: usize, row: usize| potential[row * cols + col][f];
            for row in 0..rows {
                for col in 0..=cols {
                    let push = match col {
                        0 if open(0, row) => -at(0, row),
                        _ if col == cols && open(col - 1, row) => at(col - 1, row),
                        _ if col > 0 && col < cols && open(col - 1, row) && open(col, row) => {
                            at(col - 1, row) - at(col, row)
                        }
                        _ => 0.0,
                    };
                    faces.east[row * (cols + 1) + col] += push;
                }
            }
            for row in 0..=rows {
                for col in 0..cols {
                    let push = match row {
                        0 if open(col, 0) => -at(col, 0),
                        _ if row == rows && open(col, row - 1) => at(col, row - 1),
                        _ if row > 0 && row < rows && open(col, row - 1) && open(col, row) => {
                            at(col, row - 1) - at(col, row)
                        }
                        _ => 0.0,
                    };
                    faces.south[row * cols + col] += push;
                }
            }
        }
    }
    let problem = format!("leaves the wind {left:.1e} m/s of divergence between the buildings");
    Err(Error::scenario("heat.island", problem, "take a larger cell_m, or leave tiny courtyards out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wind_blows_around_houses() {
        let grid = Grid::local(150, 130, 2.0);
        let is_open: Vec<bool> =
            (0..grid.len()).map(|k| !((k % 150) % 23 < 11 && (k / 150) % 17 < 9 && k % 150 > 20)).collect();
        // A courtyard is closed.
        let ring = |k: usize| {
            let (c, r) = ((k % 150) as i32 - 75, (k / 150) as i32 - 65);
            c.abs().max(r.abs()) == 10
        };
        let is_open: Vec<bool> = is_open.iter().enumerate().map(|(k, open)| *open && !ring(k)).collect();
        let ratio: Vec<f32> = (0..grid.len()).map(|k| if k % 150 < 40 { 0.3 } else { 0.4 }).collect();
        let faces = project(&grid, &ratio, &is_open, 0.5).unwrap();
        for faces in &faces {
            assert!(faces.divergence() <= DIVERGENCE * 0.5, "{}", faces.divergence());
            for cell in (0..grid.len()).filter(|cell| !is_open[*cell]) {
                assert_eq!(faces.of(cell % 150, cell / 150), [0.0; 4]);
            }
        }
        let speeds = faces[0].speeds();
        let yard = 65 * 150 + 75;
        assert!(speeds[yard] < 0.01, "{}", speeds[yard]);
        assert!(speeds.iter().copied().fold(0.0, f32::max) < 1.5);
    }
}
