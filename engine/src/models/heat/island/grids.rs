//! Two linear systems on the cells, `(decay + Σ side) x − Σ side x_beside = rhs`, by multigrid: transport in the canopy's air, and the
//! wind's potential. Twin: `shaders/heat/island/grids.wgsl`.
//!
//! Coarse cells are blocks of 2 × 2; what passes between two of them is the sum of what passes between their cells.

use rayon::prelude::*;

/// Damping of Jacobi's steps, their number before and after a coarser grid, and that on the coarsest.
pub const DAMPING: f32 = 0.8;
/// See `DAMPING`.
pub const STEPS: usize = 2;
/// See `DAMPING`.
pub const COARSEST_STEPS: usize = 24;
/// Cells of the coarsest grid at most, along each side.
const COARSEST: usize = 4;

/// Two fields that are solved for together.
pub type Pair = [f32; 2];

/// The system on one grid. Cells wrap around, where sides are not 0 at the edge.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Columns.
    pub cols: usize,
    /// Rows.
    pub rows: usize,
    /// What each cell takes of those to the west, east, north and south.
    pub side: Vec<[f32; 4]>,
    /// What else pulls at each cell, for both fields.
    pub decay: Vec<Pair>,
}

impl Level {
    /// Indices of the cells beside.
    #[inline]
    fn beside(&self, col: usize, row: usize) -> [usize; 4] {
        let (cols, rows) = (self.cols, self.rows);
        let west = if col == 0 { cols - 1 } else { col - 1 };
        let east = if col + 1 == cols { 0 } else { col + 1 };
        let north = if row == 0 { rows - 1 } else { row - 1 };
        let south = if row + 1 == rows { 0 } else { row + 1 };
        [row * cols + west, row * cols + east, north * cols + col, south * cols + col]
    }

    /// Whether nothing pulls at a cell.
    #[inline]
    fn is_idle(&self, cell: usize) -> bool {
        self.side[cell] == [0.0; 4] && self.decay[cell] == [0.0; 2]
    }

    /// What is missing from the right-hand side of a cell, and the sum of all that pulls at it.
    #[inline]
    fn missing(&self, x: &[Pair], rhs: &[Pair], col: usize, row: usize) -> (Pair, Pair) {
        let cell = row * self.cols + col;
        let [w, e, n, s] = self.side[cell];
        let [to_w, to_e, to_n, to_s] = self.beside(col, row).map(|cell| x[cell]);
        let all = w + e + n + s;
        let (own, decay) = (x[cell], self.decay[cell]);
        let of = |k: usize| {
            let pull = all + decay[k];
            let near = w * to_w[k] + e * to_e[k] + n * to_n[k] + s * to_s[k];
            (rhs[cell][k] + near - pull * own[k], pull)
        };
        let ((one, a), (other, b)) = (of(0), of(1));
        ([one, other], [a, b])
    }

    /// A step of Jacobi's.
    fn smooth(&self, x: &[Pair], rhs: &[Pair], out: &mut [Pair]) {
        out.par_chunks_mut(self.cols).enumerate().with_min_len(4096 / self.cols + 1).for_each(|(row, out)| {
            for (col, out) in out.iter_mut().enumerate() {
                let (missing, pull) = self.missing(x, rhs, col, row);
                let own = x[row * self.cols + col];
                *out = [0, 1].map(|k| own[k] + if pull[k] > 0.0 { DAMPING * missing[k] / pull[k] } else { 0.0 });
            }
        });
    }

    /// Largest step that one of Jacobi's undamped would take, for both fields.
    pub fn error(&self, x: &[Pair], rhs: &[Pair]) -> Pair {
        let row = |row: usize| {
            (0..self.cols).fold([0.0f32; 2], |most, col| {
                let (missing, pull) = self.missing(x, rhs, col, row);
                [0, 1].map(|k| if pull[k] > 0.0 { most[k].max((missing[k] / pull[k]).abs()) } else { most[k] })
            })
        };
        let most = |a: Pair, b: Pair| [a[0].max(b[0]), a[1].max(b[1])];
        (0..self.rows).into_par_iter().map(row).reduce(|| [0.0; 2], most)
    }

    /// Mean of what is missing of the first field, over cells that anything pulls at.
    pub fn gap(&self, x: &[Pair], rhs: &[Pair]) -> f64 {
        let row = |row: usize| {
            (0..self.cols).fold((0.0f64, 0.0f64), |(sum, count), col| {
                let (missing, pull) = self.missing(x, rhs, col, row);
                if pull[0] > 0.0 { (sum + f64::from(missing[0]), count + 1.0) } else { (sum, count) }
            })
        };
        let rows: Vec<(f64, f64)> = (0..self.rows).into_par_iter().map(row).collect();
        let (sum, count) = rows.into_iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        sum / count.max(1.0)
    }

    /// The same system on cells twice as large; `scale` is what sides are worth there.
    fn coarser(&self, scale: f32) -> Level {
        let (cols, rows) = (self.cols.div_ceil(2), self.rows.div_ceil(2));
        let mut coarse = Level { cols, rows, side: vec![[0.0; 4]; cols * rows], decay: vec![[0.0; 2]; cols * rows] };
        coarse.side.par_chunks_mut(cols).enumerate().for_each(|(row, side)| {
            for (col, side) in side.iter_mut().enumerate() {
                let (left, right) = (2 * col, (2 * col + 1).min(self.cols - 1));
                let (upper, lower) = (2 * row, (2 * row + 1).min(self.rows - 1));
                for r in upper..=lower {
                    side[0] += scale * self.side[r * self.cols + left][0];
                    side[1] += scale * self.side[r * self.cols + right][1];
                }
                for c in left..=right {
                    side[2] += scale * self.side[upper * self.cols + c][2];
                    side[3] += scale * self.side[lower * self.cols + c][3];
                }
                if cols == 1 {
                    (side[0], side[1]) = (0.0, 0.0);
                }
                if rows == 1 {
                    (side[2], side[3]) = (0.0, 0.0);
                }
            }
        });
        coarse
    }

    fn sum(&self, fine: &[Pair], cols: usize, out: &mut [Pair]) {
        let rows = self.rows;
        out.par_chunks_mut(cols).enumerate().with_min_len(2048 / cols + 1).for_each(|(row, out)| {
            for (col, out) in out.iter_mut().enumerate() {
                *out = [0.0; 2];
                for r in 2 * row..(2 * row + 2).min(rows) {
                    for c in 2 * col..(2 * col + 2).min(self.cols) {
                        let value = fine[r * self.cols + c];
                        *out = [out[0] + value[0], out[1] + value[1]];
                    }
                }
            }
        });
    }
}

/// A system on all grids.
#[derive(Clone, Debug, Default)]
pub struct Grids {
    levels: Vec<Level>,
    /// Fields, right-hand sides and work space of the coarser grids; work space of the finest.
    x: Vec<Vec<Pair>>,
    rhs: Vec<Vec<Pair>>,
    work: Vec<Vec<Pair>>,
}

impl Grids {
    /// With what passes between cells; `scale` is what that is worth for blocks of twice the side: 1 for flows, ½ for diffusion.
    pub fn new(cols: usize, rows: usize, side: Vec<[f32; 4]>, scale: f32) -> Grids {
        let len = cols * rows;
        let mut levels = vec![Level { cols, rows, side, decay: vec![[0.0; 2]; len] }];
        while let Some(last) = levels.last().filter(|last| last.cols > COARSEST || last.rows > COARSEST) {
            levels.push(last.coarser(scale));
        }
        let rows_of = |level: &Level| vec![[0.0f32; 2]; level.cols * level.rows];
        let (x, rhs) = (levels.iter().map(rows_of).collect(), levels.iter().map(rows_of).collect());
        let work = levels.iter().map(rows_of).collect();
        Grids { levels, x, rhs, work }
    }

    /// The system of the finest grid.
    pub fn finest(&self) -> &Level {
        &self.levels[0]
    }

    /// All systems, the finest first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Takes other decays.
    pub fn set_decay(&mut self, decay: &[Pair]) {
        self.levels[0].decay.copy_from_slice(decay);
        (1..self.levels.len()).for_each(|k| self.decay(k));
    }

    /// Decays of a coarser grid, from those of the next finer one.
    fn decay(&mut self, k: usize) {
        let (fine, coarse) = self.levels.split_at_mut(k);
        let (fine, coarse) = (&fine[k - 1], &mut coarse[0]);
        fine.sum(&fine.decay, coarse.cols, &mut coarse.decay);
    }

    /// A V-cycle.
    pub fn cycle(&mut self, x: &mut [Pair], rhs: &[Pair]) {
        self.x[0].copy_from_slice(x);
        self.rhs[0].copy_from_slice(rhs);
        self.down(0);
        x.copy_from_slice(&self.x[0]);
    }

    fn down(&mut self, k: usize) {
        let last = k + 1 == self.levels.len();
        self.smooth(k, if last { COARSEST_STEPS } else { STEPS });
        if last {
            return;
        }
        self.restrict(k);
        self.down(k + 1);
        self.prolong(k);
        self.smooth(k, STEPS);
    }

    /// Tells the next coarser grid what is missing on this one.
    fn restrict(&mut self, k: usize) {
        let level = &self.levels[k];
        let (cols, x, rhs) = (level.cols, &self.x[k], &self.rhs[k]);
        self.work[k].par_chunks_mut(cols).enumerate().with_min_len(4096 / cols + 1).for_each(|(row, out)| {
            out.iter_mut().enumerate().for_each(|(col, out)| *out = level.missing(x, rhs, col, row).0);
        });
        let (coarse_cols, work) = (self.levels[k + 1].cols, &self.work[k]);
        level.sum(work, coarse_cols, &mut self.rhs[k + 1]);
        self.x[k + 1].fill([0.0; 2]);
    }

    /// Adds what the next coarser grid found.
    fn prolong(&mut self, k: usize) {
        let (cols, coarse_cols) = (self.levels[k].cols, self.levels[k + 1].cols);
        let (fine, coarse) = self.x.split_at_mut(k + 1);
        let (level, coarse) = (&self.levels[k], &coarse[0]);
        fine[k].par_chunks_mut(cols).enumerate().with_min_len(4096 / cols + 1).for_each(|(row, fine)| {
            for (col, fine) in fine.iter_mut().enumerate() {
                // What nothing pulls at is no part of the system.
                if level.is_idle(row * cols + col) {
                    continue;
                }
                let add = coarse[row / 2 * coarse_cols + col / 2];
                *fine = [fine[0] + add[0], fine[1] + add[1]];
            }
        });
    }

    fn smooth(&mut self, k: usize, steps: usize) {
        for _ in 0..steps {
            self.levels[k].smooth(&self.x[k], &self.rhs[k], &mut self.work[k]);
            std::mem::swap(&mut self.x[k], &mut self.work[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_is_found_again() {
        // Flow to the east past a few walls, with decay.
        let (cols, rows) = (67, 45);
        let mut side = vec![[0.0f32; 4]; cols * rows];
        let blocked = |c: usize, r: usize| c % 11 > 6 && r % 9 > 3;
        for r in 0..rows {
            for c in 0..cols {
                if blocked(c, r) {
                    continue;
                }
                let cell = &mut side[r * cols + c];
                cell[0] = if c > 0 && !blocked(c - 1, r) { 1.3 } else { 0.0 };
                cell[1] = if c + 1 < cols && !blocked(c + 1, r) { 0.3 } else { 0.0 };
                cell[2] = if r > 0 && !blocked(c, r - 1) { 0.5 } else { 0.0 };
                cell[3] = if r + 1 < rows && !blocked(c, r + 1) { 0.4 } else { 0.0 };
            }
        }
        let mut grids = Grids::new(cols, rows, side, 1.0);
        let decay: Vec<Pair> =
            (0..cols * rows).map(|k| if blocked(k % cols, k / cols) { [0.0; 2] } else { [0.01, 0.02] }).collect();
        grids.set_decay(&decay);
        let wanted: Vec<Pair> = (0..cols * rows)
            .map(|k| {
                let open = if blocked(k % cols, k / cols) { 0.0 } else { 1.0 };
                [open * (k as f32 * 0.01).sin(), open * (k as f32 * 0.003).cos()]
            })
            .collect();
        let zero = vec![[0.0; 2]; cols * rows];
        let rhs: Vec<Pair> = (0..cols * rows)
            .map(|k| grids.finest().missing(&wanted, &zero, k % cols, k / cols).0.map(|value| -value))
            .collect();
        let mut x = zero;
        let mut off = f32::MAX;
        for _ in 0..40 {
            grids.cycle(&mut x, &rhs);
            let error = x.iter().zip(&wanted).flat_map(|(a, b)| [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()]);
            let now = error.fold(0.0, f32::max);
            assert!(now < 0.9 * off || now < 5e-5, "{now} after {off}");
            off = now;
        }
        assert!(off < 1e-4, "{off}");
    }
}
