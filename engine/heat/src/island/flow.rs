//! Wind between buildings: the field of the national method made free of divergence, so that what blows into a cell blows out again.

use super::grids::{Grids, Pair};
use hanze_base::grid::Grid;
use rayon::prelude::*;

/// What may be left: the most that a cell gains over what blows at roofs.
pub const DIVERGENCE: f32 = 1e-4;
/// Steps of conjugate gradients between two looks at what is left.
const STEPS: usize = 60;
/// Looks at what is left, at most.
pub const LOOKS: usize = 20;
/// What a look must leave of what the one before it left, so that another is worth its time.
const WORTH: f32 = 0.9;

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
    pub fn blend(&self, weight: f32, other: &Faces, theirs: f32) -> Faces {
        let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| weight * a + theirs * b).collect();
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

    /// What more blows out of a cell than into it, m/s.
    fn out(&self, cell: usize) -> f32 {
        let [w, e, n, s] = self.of(cell % self.cols, cell / self.cols);
        e - w + s - n
    }

    /// What more blows out of a cell than into it, m/s: the most of all.
    pub fn divergence(&self) -> f32 {
        (0..self.cols * self.rows).map(|cell| size(self.out(cell))).fold(0.0, f32::max)
    }
}

/// Distance of a number from 0: of what is no number more than any, where the largest of several is sought.
pub fn size(of: f32) -> f32 {
    if of.is_finite() { of.abs() } else { f32::INFINITY }
}

/// Wind for winds from the west and from the north of 1 m/s at 10 m, each free of divergence: `share` is what blows on each cell
/// of it; nothing blows through what is not open, and all edges are open. `at_roofs` is the wind at roofs. [`left`] says what
/// is left.
pub fn project(grid: &Grid, share: &[f32], is_open: &[bool], at_roofs: f32) -> [Faces; 2] {
    free(blown(grid, share, is_open), is_open, at_roofs, LOOKS)
}

/// The same before it is made free of divergence.
pub fn blown(grid: &Grid, share: &[f32], is_open: &[bool]) -> [Faces; 2] {
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
    faces
}

/// The largest divergence of two winds over the wind at roofs, infinite where one is no number, and the share of all cells that have more
/// than [`DIVERGENCE`].
pub fn left(faces: &[Faces; 2], at_roofs: f32) -> (f32, f64) {
    let cells = faces[0].cols * faces[0].rows;
    let most = |cell: usize| faces.iter().map(|each| size(each.out(cell))).fold(0.0, f32::max) / at_roofs.max(1e-6);
    let (largest, count) = (0..cells).map(most).fold((0.0f32, 0usize), |(largest, count), value| {
        (largest.max(value), count + usize::from(value > DIVERGENCE))
    });
    (largest, count as f64 / cells.max(1) as f64)
}

/// Scalar products of both fields, row by row, so that their order does not depend on threads.
fn products(a: &[Pair], b: &[Pair], cols: usize) -> [f64; 2] {
    let row = |(a, b): (&[Pair], &[Pair])| {
        a.iter().zip(b).fold([0.0f64; 2], |sum, (a, b)| [0, 1].map(|f| sum[f] + f64::from(a[f]) * f64::from(b[f])))
    };
    let rows: Vec<[f64; 2]> = a.par_chunks(cols).zip(b.par_chunks(cols)).map(row).collect();
    rows.into_iter().fold([0.0; 2], |sum, row| [sum[0] + row[0], sum[1] + row[1]])
}

/// A potential whose slopes take up what is `missing` of each cell, until less than `enough` is: flexible conjugate gradients (Notay
/// 2000, doi:10.1137/S1064827599362314) with a V-cycle before each step. They converge for any shape of the open cells, where V-cycles
/// alone take hundreds to move air through gaps that coarse grids do not know.
fn potential(grids: &mut Grids, mut missing: Vec<Pair>, cols: usize, enough: f32) -> Vec<Pair> {
    let len = missing.len();
    let (mut found, mut direction, mut taken) =
        (vec![[0.0f32; 2]; len], vec![[0.0f32; 2]; len], vec![[0.0f32; 2]; len]);
    let mut steepness = [0.0f64; 2];
    for _ in 0..STEPS {
        if missing.iter().flatten().all(|value| value.abs() <= enough) {
            break;
        }
        let mut ahead = vec![[0.0f32; 2]; len];
        grids.solve(&mut ahead, &missing, 1);
        let turned = products(&ahead, &taken, cols);
        let back = [0, 1].map(|f| if steepness[f] > 0.0 { (turned[f] / steepness[f]) as f32 } else { 0.0 });
        direction.iter_mut().zip(&ahead).for_each(|(direction, ahead)| {
            *direction = [0, 1].map(|f| ahead[f] - back[f] * direction[f]);
        });
        grids.times(&direction, &mut taken);
        steepness = products(&direction, &taken, cols);
        let wanted = products(&direction, &missing, cols);
        let by = [0, 1].map(|f| if steepness[f] > 0.0 { (wanted[f] / steepness[f]) as f32 } else { 0.0 });
        let moved = found.iter_mut().zip(&mut missing).zip(direction.iter().zip(&taken));
        moved.for_each(|((found, missing), (direction, taken))| {
            for f in [0, 1] {
                found[f] += by[f] * direction[f];
                missing[f] -= by[f] * taken[f];
            }
        });
    }
    found
}

/// Two winds made free of divergence, where nothing blows through what is not open and all edges are open, in so many
/// looks at most; [`left`] says what is left.
pub fn free(mut faces: [Faces; 2], is_open: &[bool], at_roofs: f32, looks: usize) -> [Faces; 2] {
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
    let missing =
        |faces: &[Faces; 2]| -> Vec<Pair> { (0..cols * rows).map(|k| [0, 1].map(|f| -faces[f].out(k))).collect() };
    // What is left is solved for anew, which keeps single precision exact enough.
    let mut before = f32::INFINITY;
    for _ in 0..looks {
        let left = faces[0].divergence().max(faces[1].divergence());
        if left <= 0.5 * DIVERGENCE * at_roofs || left > WORTH * before || !left.is_finite() {
            break;
        }
        before = left;
        let potential = potential(&mut grids, missing(&faces), cols, 0.2 * DIVERGENCE * at_roofs);
        for (f, faces) in faces.iter_mut().enumerate() {
            let at = |col: usize, row: usize| potential[row * cols + col][f];
            for row in 0..rows {
                for col in 0..=cols {
                    let flux = match col {
                        0 if open(0, row) => -at(0, row),
                        _ if col == cols && open(col - 1, row) => at(col - 1, row),
                        _ if col > 0 && col < cols && open(col - 1, row) && open(col, row) => {
                            at(col - 1, row) - at(col, row)
                        }
                        _ => 0.0,
                    };
                    faces.east[row * (cols + 1) + col] += flux;
                }
            }
            for row in 0..=rows {
                for col in 0..cols {
                    let flux = match row {
                        0 if open(col, 0) => -at(col, 0),
                        _ if row == rows && open(col, row - 1) => at(col, row - 1),
                        _ if row > 0 && row < rows && open(col, row - 1) && open(col, row) => {
                            at(col, row - 1) - at(col, row)
                        }
                        _ => 0.0,
                    };
                    faces.south[row * cols + col] += flux;
                }
            }
        }
    }
    faces
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
        let faces = project(&grid, &ratio, &is_open, 0.5);
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

    /// Houses of one cell, anywhere, on small grids of any size: gaps that lead around corners, courts without a way out.
    #[test]
    fn wind_finds_its_way_between_houses_of_one_cell() {
        let mut state = 23u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for case in 0..150 {
            let [cols, rows] = [40.0, 40.0].map(|most| 1 + (random() * most) as usize);
            let built = 0.7 * random();
            let grid = Grid::local(cols, rows, 5.0);
            let is_open: Vec<bool> = (0..grid.len()).map(|_| random() >= built).collect();
            let share: Vec<f32> = (0..grid.len()).map(|_| 0.1 + 0.9 * random() as f32).collect();
            let faces = project(&grid, &share, &is_open, 0.1);
            let (most, cells) = left(&faces, 0.1);
            assert!(most <= DIVERGENCE && cells == 0.0, "case {case}, {cols} × {rows}, {built:.2} built: {most}");
            let through = (0..grid.len()).filter(|cell| !is_open[*cell]);
            for cell in through {
                assert!(faces.iter().all(|each| each.of(cell % cols, cell / cols) == [0.0; 4]), "case {case}");
            }
        }
    }

    /// What is left is said as a share of the wind at roofs, with the share of cells.
    #[test]
    fn what_is_left_is_measured() {
        let mut faces = [Faces::still(4, 2), Faces::still(4, 2)];
        assert_eq!(left(&faces, 0.5), (0.0, 0.0));
        faces[1].east[2] = 0.01;
        let (most, cells) = left(&faces, 0.5);
        assert!((most - 0.02).abs() < 1e-6 && cells == 0.25, "{most} {cells}");
        // What is no number is the worst, in whichever wind, and is not solved for.
        for none in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for f in [0, 1] {
                let mut broken = faces.clone();
                broken[f].south[4] = none;
                assert_eq!(left(&broken, 0.5), (f32::INFINITY, 0.5), "{none} in {f}");
                assert_eq!(broken[f].divergence(), f32::INFINITY);
                let after = free(broken, &[true; 8], 0.5, LOOKS);
                assert_eq!(left(&after, 0.5).0, f32::INFINITY);
            }
        }
    }
}
