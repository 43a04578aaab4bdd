//! Two linear systems on the cells, `(decay + Σ side) x − Σ side x_beside = rhs`, by multigrid: transport in the canopy's air, and the
//! wind's potential. Twin: `shaders/heat/island/grids.wgsl`.
//!
//! Coarse cells are blocks of 2 × 2; what passes between two of them is the sum of what passes between their cells.

use rayon::prelude::*;

/// Damping of Jacobi's steps.
const DAMPING: f32 = 0.8;
/// Steps before and after a coarser grid.
pub const STEPS: usize = 2;
/// Steps on the coarsest grid.
pub const COARSEST_STEPS: usize = 24;
/// Cells of the coarsest grid at most, along each side.
const COARSEST: usize = 4;

/// Two fields that are solved for together.
pub type Pair = [f32; 2];

/// Cells that a thread takes at least.
const SHARE: usize = 4096;

/// The system on one grid. Cells wrap around, where sides are not 0 at the edge.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Columns.
    pub cols: usize,
    /// Rows.
    pub rows: usize,
    /// What each cell takes of those to the west, east, north and south.
    side: [Vec<f32>; 4],
    /// Decay of each cell, for both fields.
    decay: [Vec<f32>; 2],
    /// Whether the diagonal of a cell is other than 0: without it the cell is no part of the system.
    is_live: Vec<bool>,
}

/// What a row of cells takes part in, for one field: `x` of its own, of the row to the north and of that to the south.
struct Row<'a> {
    side: [&'a [f32]; 4],
    decay: &'a [f32],
    rhs: &'a [f32],
    x: [&'a [f32]; 3],
}

impl Row<'_> {
    /// Residual of a cell, and the diagonal of its equation.
    #[inline]
    fn missing(&self, col: usize) -> (f32, f32) {
        let [here, north, south] = self.x;
        let last = here.len() - 1;
        let west = here[if col == 0 { last } else { col - 1 }];
        let east = here[if col == last { 0 } else { col + 1 }];
        let [w, e, n, s] = self.side.map(|side| side[col]);
        missing([w, e, n, s], self.decay[col], self.rhs[col], [west, east, north[col], south[col]], here[col])
    }

    /// Hands residual, diagonal and value of each cell to `of`, and writes its result to `out`.
    #[inline]
    fn each(&self, out: &mut [f32], of: impl Fn((f32, f32), f32) -> f32) {
        let cols = out.len();
        let [here, north, south] = self.x.map(|x| &x[..cols]);
        for col in [0, cols - 1] {
            out[col] = of(self.missing(col), here[col]);
        }
        // Slices of one length, without edges: compiled for many cells at once.
        let Some(inner) = cols.checked_sub(2) else { return };
        let (west, east) = (&here[..inner], &here[cols - inner..]);
        let at = 1..1 + inner;
        let [w, e, n, s] = self.side.map(|side| &side[at.clone()]);
        let (decay, rhs) = (&self.decay[at.clone()], &self.rhs[at.clone()]);
        let (here, north, south) = (&here[at.clone()], &north[at.clone()], &south[at.clone()]);
        for (c, out) in out[at].iter_mut().enumerate() {
            let near = [west[c], east[c], north[c], south[c]];
            *out = of(missing([w[c], e[c], n[c], s[c]], decay[c], rhs[c], near, here[c]), here[c]);
        }
    }
}

#[inline(always)]
fn missing([w, e, n, s]: [f32; 4], decay: f32, rhs: f32, near: [f32; 4], here: f32) -> (f32, f32) {
    let diagonal = (w + e + n + s) + decay;
    let near = w * near[0] + e * near[1] + n * near[2] + s * near[3];
    (rhs + near - diagonal * here, diagonal)
}

impl Level {
    /// What each cell takes of those to the west, east, north and south.
    pub fn sides(&self) -> Vec<[f32; 4]> {
        (0..self.cols * self.rows).map(|cell| [0, 1, 2, 3].map(|k| self.side[k][cell])).collect()
    }

    /// Finds the cells with a diagonal, once for all cycles with these decays.
    fn mark(&mut self) {
        let Level { side, decay, is_live, .. } = self;
        is_live.par_chunks_mut(SHARE).enumerate().for_each(|(k, is_live)| {
            let cells = k * SHARE..k * SHARE + is_live.len();
            let [w, e, n, s] = [0, 1, 2, 3].map(|k| &side[k][cells.clone()]);
            let [one, other] = [0, 1].map(|k| &decay[k][cells.clone()]);
            for (cell, is_live) in is_live.iter_mut().enumerate() {
                let sides = w[cell] + e[cell] + n[cell] + s[cell];
                *is_live = sides + one[cell] + other[cell] != 0.0;
            }
        });
    }

    /// A row of a field (0 or 1).
    #[inline]
    fn row<'a>(&'a self, x: &'a [f32], rhs: &'a [f32], field: usize, row: usize) -> Row<'a> {
        let (cols, rows) = (self.cols, self.rows);
        let of = |values: &'a [f32], row: usize| &values[row * cols..(row + 1) * cols];
        let north = if row == 0 { rows - 1 } else { row - 1 };
        let south = if row + 1 == rows { 0 } else { row + 1 };
        Row {
            side: [0, 1, 2, 3].map(|k| of(&self.side[k], row)),
            decay: of(&self.decay[field], row),
            rhs: of(rhs, row),
            x: [of(x, row), of(x, north), of(x, south)],
        }
    }

    /// A step of Jacobi's.
    fn smooth(&self, x: &Planes, rhs: &Planes, out: &mut Planes) {
        let [one, other] = out;
        let rows = one.par_chunks_mut(self.cols).zip(other.par_chunks_mut(self.cols)).enumerate();
        rows.with_min_len(SHARE / self.cols + 1).for_each(|(row, (one, other))| {
            for (field, out) in [one, other].into_iter().enumerate() {
                self.row(&x[field], &rhs[field], field, row).each(out, |(missing, diagonal), value| {
                    value + if diagonal > 0.0 { DAMPING * missing / diagonal } else { 0.0 }
                });
            }
        });
    }

    /// The same system on cells twice as large; `scale` is what sides are worth there.
    fn coarser(&self, scale: f32) -> Level {
        let (cols, rows) = (self.cols.div_ceil(2), self.rows.div_ceil(2));
        let len = cols * rows;
        let side = |k: usize| -> Vec<f32> {
            let of = |cell: usize| {
                let (col, row) = (cell % cols, cell / cols);
                let (left, right) = (2 * col, (2 * col + 1).min(self.cols - 1));
                let (upper, lower) = (2 * row, (2 * row + 1).min(self.rows - 1));
                if (k < 2 && cols == 1) || (k >= 2 && rows == 1) {
                    return 0.0;
                }
                let at = |c: usize, r: usize| scale * self.side[k][r * self.cols + c];
                match k {
                    0 | 1 => (upper..=lower).map(|r| at(if k == 0 { left } else { right }, r)).sum::<f32>(),
                    _ => (left..=right).map(|c| at(c, if k == 2 { upper } else { lower })).sum::<f32>(),
                }
            };
            (0..len).into_par_iter().with_min_len(SHARE).map(of).collect()
        };
        let decay = [vec![0.0; len], vec![0.0; len]];
        Level { cols, rows, side: [0, 1, 2, 3].map(side), decay, is_live: vec![false; len] }
    }

    /// Sums of a row of blocks of two rows of a finer grid.
    fn sum(rows: &[&[f32]], out: &mut [f32]) {
        out.fill(0.0);
        for fine in rows {
            let pairs = fine.chunks(2);
            out.iter_mut().zip(pairs).for_each(|(out, pair)| pair.iter().for_each(|value| *out += value));
        }
    }
}

/// Two fields, one after the other.
pub type Planes = [Vec<f32>; 2];

/// A system on all grids.
#[derive(Clone, Debug, Default)]
pub struct Grids {
    levels: Vec<Level>,
    /// Fields, right-hand sides and work space of all grids.
    x: Vec<Planes>,
    rhs: Vec<Planes>,
    work: Vec<Planes>,
}

/// Adds each value of a row of blocks to both cells of a finer row that it covers, but to those that are not live.
#[inline]
fn add_twice(row: &mut [f32], coarse: &[f32], is_live: &[bool]) {
    let add = |value: &mut f32, coarse: f32, is_live: bool| {
        let sum = *value + coarse;
        *value = if is_live { sum } else { *value };
    };
    let (pairs, rest) = row.as_chunks_mut::<2>();
    let (live, live_rest) = is_live.as_chunks::<2>();
    for (([one, other], [is_one, is_other]), coarse) in pairs.iter_mut().zip(live).zip(coarse) {
        add(one, *coarse, *is_one);
        add(other, *coarse, *is_other);
    }
    // Of an odd number the last stands alone.
    if let ([value], [is_live], Some(coarse)) = (rest, live_rest, coarse.last()) {
        add(value, *coarse, *is_live);
    }
}

fn planes(pairs: &[Pair], planes: &mut Planes) {
    let [one, other] = planes;
    debug_assert_eq!(pairs.len(), one.len());
    let both = one.par_iter_mut().zip(other).zip(pairs).with_min_len(SHARE);
    both.for_each(|((one, other), pair)| [*one, *other] = *pair);
}

impl Grids {
    /// With what passes between cells; `scale` is what that is worth for blocks of twice the side: 1 for flows, ½ for diffusion.
    pub fn new(cols: usize, rows: usize, side: &[[f32; 4]], scale: f32) -> Grids {
        let len = cols * rows;
        let side = [0, 1, 2, 3].map(|k| side.iter().map(|sides| sides[k]).collect());
        let decay = [vec![0.0; len], vec![0.0; len]];
        let mut levels = vec![Level { cols, rows, side, decay, is_live: vec![false; len] }];
        while let Some(last) = levels.last().filter(|last| last.cols > COARSEST || last.rows > COARSEST) {
            levels.push(last.coarser(scale));
        }
        levels.iter_mut().for_each(Level::mark);
        let rows_of = |level: &Level| [0, 1].map(|_| vec![0.0f32; level.cols * level.rows]);
        let (x, rhs) = (levels.iter().map(rows_of).collect(), levels.iter().map(rows_of).collect());
        let work = levels.iter().map(rows_of).collect();
        Grids { levels, x, rhs, work }
    }

    /// All systems, the finest first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Takes other decays.
    pub fn set_decay(&mut self, decay: &[Pair]) {
        planes(decay, &mut self.levels[0].decay);
        self.spread();
    }

    /// Decays and right-hand sides of the cells, to be written; then [`Grids::spread`] must follow.
    pub fn finest(&mut self) -> (&mut Planes, &mut Planes) {
        (&mut self.levels[0].decay, &mut self.rhs[0])
    }

    /// Takes the decays of the cells to all coarser grids.
    pub fn spread(&mut self) {
        (1..self.levels.len()).for_each(|k| self.decay(k));
        self.levels.iter_mut().for_each(Level::mark);
    }

    /// Decays of a coarser grid, from those of the next finer one.
    fn decay(&mut self, k: usize) {
        let (fine, coarse) = self.levels.split_at_mut(k);
        let (fine, coarse) = (&fine[k - 1], &mut coarse[0]);
        for (fine_decay, decay) in fine.decay.iter().zip(&mut coarse.decay) {
            let rows = decay.par_chunks_mut(coarse.cols).zip(fine_decay.par_chunks(2 * fine.cols));
            rows.with_min_len(SHARE / coarse.cols + 1).for_each(|(out, both)| {
                let rows: Vec<&[f32]> = both.chunks(fine.cols).collect();
                Level::sum(&rows, out);
            });
        }
    }

    /// So many V-cycles.
    pub fn solve(&mut self, x: &mut [Pair], rhs: &[Pair], cycles: usize) {
        planes(x, &mut self.x[0]);
        planes(rhs, &mut self.rhs[0]);
        (0..cycles).for_each(|_| self.down(0));
        let [one, other] = &self.x[0];
        let both = x.par_iter_mut().zip(one).zip(other).with_min_len(SHARE);
        both.for_each(|((x, one), other)| *x = [*one, *other]);
    }

    /// So many V-cycles for the right-hand sides that were written to [`Grids::finest`].
    pub fn improve(&mut self, x: &mut Planes, cycles: usize) {
        debug_assert!(x.iter().zip(&self.x[0]).all(|(x, field)| x.len() == field.len()));
        std::mem::swap(x, &mut self.x[0]);
        (0..cycles).for_each(|_| self.down(0));
        std::mem::swap(x, &mut self.x[0]);
    }

    /// What the system makes of two fields: `(decay + Σ side) x − Σ side x_beside`.
    pub fn times(&mut self, x: &[Pair], out: &mut [Pair]) {
        planes(x, &mut self.x[0]);
        self.rhs[0].iter_mut().for_each(|rhs| rhs.fill(0.0));
        let (level, x, rhs) = (&self.levels[0], &self.x[0], &self.rhs[0]);
        let rows = out.par_chunks_mut(level.cols).enumerate();
        rows.with_min_len(SHARE / level.cols + 1).for_each(|(row, out)| {
            for field in [0, 1] {
                let of = level.row(&x[field], &rhs[field], field, row);
                out.iter_mut().enumerate().for_each(|(col, out)| out[field] = -of.missing(col).0);
            }
        });
    }

    /// Mean residual of the first field, `x`, over live cells.
    pub fn gap(&self, x: &[f32]) -> f64 {
        let level = &self.levels[0];
        let row = |row: usize| {
            let row = level.row(x, &self.rhs[0][0], 0, row);
            (0..level.cols).fold((0.0f64, 0.0f64), |(sum, count), col| {
                let (missing, diagonal) = row.missing(col);
                if diagonal > 0.0 { (sum + f64::from(missing), count + 1.0) } else { (sum, count) }
            })
        };
        let rows: Vec<(f64, f64)> = (0..level.rows).into_par_iter().map(row).collect();
        let (sum, count) = rows.into_iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        sum / count.max(1.0)
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

    /// Restricts the residual of this grid to the next coarser one.
    fn restrict(&mut self, k: usize) {
        let (level, x) = (&self.levels[k], &self.x[k]);
        let coarse_cols = self.levels[k + 1].cols;
        let (fine, coarse) = self.rhs.split_at_mut(k + 1);
        let (rhs, [one, other]) = (&fine[k], &mut coarse[0]);
        let rows = one.par_chunks_mut(coarse_cols).zip(other.par_chunks_mut(coarse_cols)).enumerate();
        let scratch = || [0, 1].map(|_| vec![0.0f32; level.cols]);
        rows.with_min_len(SHARE / level.cols + 1).for_each_init(scratch, |scratch, (coarse, (one, other))| {
            for (field, out) in [one, other].into_iter().enumerate() {
                let both = 2 * coarse..(2 * coarse + 2).min(level.rows);
                for (row, scratch) in both.clone().zip(scratch.iter_mut()) {
                    level.row(&x[field], &rhs[field], field, row).each(scratch, |(missing, _), _| missing);
                }
                let rows = [0, 1].map(|k| &scratch[k][..]);
                Level::sum(&rows[..both.len()], out);
            }
        });
        self.x[k + 1].iter_mut().for_each(|x| x.fill(0.0));
    }

    /// Adds what the next coarser grid found.
    fn prolong(&mut self, k: usize) {
        let (level, coarse_cols) = (&self.levels[k], self.levels[k + 1].cols);
        let (fine, coarse) = self.x.split_at_mut(k + 1);
        let (cols, [one, other], coarse) = (level.cols, &mut fine[k], &coarse[0]);
        let rows = one.par_chunks_mut(cols).zip(other.par_chunks_mut(cols)).zip(level.is_live.par_chunks(cols));
        rows.enumerate().with_min_len(SHARE / cols + 1).for_each(|(row, ((one, other), is_live))| {
            for (field, values) in [one, other].into_iter().enumerate() {
                add_twice(values, &coarse[field][row / 2 * coarse_cols..][..coarse_cols], is_live);
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
    fn rows_are_those_of_their_cells() {
        for (cols, rows) in [(1, 9), (2, 9), (3, 5), (9, 1), (5, 2), (8, 8)] {
            let number = |k: usize| 0.1 + (k * 37 % 101) as f32;
            let side: Vec<[f32; 4]> = (0..cols * rows).map(|k| [1, 2, 3, 4].map(|s| number(5 * k + s))).collect();
            let mut grids = Grids::new(cols, rows, &side, 1.0);
            grids.set_decay(&(0..cols * rows).map(|k| [number(k), 2.0 * number(k)]).collect::<Vec<Pair>>());
            let level = &grids.levels[0];
            assert_eq!(level.sides(), side);
            let (x, rhs): (Vec<f32>, Vec<f32>) = (0..cols * rows).map(|k| (number(3 * k), number(7 * k))).unzip();
            for at in 0..rows {
                let mut found = vec![0.0; cols];
                level
                    .row(&x, &rhs, 1, at)
                    .each(&mut found, |(missing, diagonal), value| missing + 3.0 * diagonal + 5.0 * value);
                for (col, found) in found.into_iter().enumerate() {
                    let cell = at * cols + col;
                    let west = at * cols + (col + cols - 1) % cols;
                    let east = at * cols + (col + 1) % cols;
                    let (north, south) = ((at + rows - 1) % rows * cols + col, (at + 1) % rows * cols + col);
                    let [w, e, n, s] = side[cell];
                    let diagonal = w + e + n + s + 2.0 * number(cell);
                    let near = w * x[west] + e * x[east] + n * x[north] + s * x[south];
                    let wanted = rhs[cell] + near - diagonal * x[cell] + 3.0 * diagonal + 5.0 * x[cell];
                    assert!((found - wanted).abs() <= 1e-5 * near, "{cols} × {rows}, {col} {at}: {found} {wanted}");
                }
            }
        }
    }

    #[test]
    fn what_a_coarser_grid_found_is_added_where_anything_pulls() {
        for (cols, rows) in [(7, 6), (12, 9), (70, 67)] {
            let number = |k: usize| 0.1 + (k * 37 % 101) as f32;
            // Cells at which sides, one decay, the other, or nothing pulls; the last on whole blocks, too.
            let kind = |k: usize| if k % cols / 2 % 3 == 1 && (k / cols / 2).is_multiple_of(2) { 3 } else { k * 7 % 4 };
            let of_kind = |k: usize, of: usize| if kind(k) == of { number(k) } else { 0.0 };
            let side: Vec<[f32; 4]> =
                (0..cols * rows).map(|k| [0.0, of_kind(k, 0), 0.0, 2.0 * of_kind(k, 0)]).collect();
            let mut grids = Grids::new(cols, rows, &side, 1.0);
            let live = |grids: &Grids| grids.levels[0].is_live.clone();
            assert_eq!(live(&grids), (0..cols * rows).map(|k| kind(k) == 0).collect::<Vec<bool>>());
            grids.set_decay(&(0..cols * rows).map(|k| [of_kind(k, 1), of_kind(k, 2)]).collect::<Vec<Pair>>());
            assert_eq!(live(&grids), (0..cols * rows).map(|k| kind(k) != 3).collect::<Vec<bool>>());
            for (k, level) in grids.levels.iter().enumerate() {
                let at = |values: &[Vec<f32>], cell: usize| values.iter().map(|field| field[cell]).sum::<f32>();
                for (cell, is_live) in level.is_live.iter().enumerate() {
                    assert_eq!(*is_live, at(&level.side, cell) + at(&level.decay, cell) != 0.0, "{k}: {cell}");
                }
            }
            for k in 0..grids.levels.len() - 1 {
                for (n, x) in grids.x.iter_mut().flatten().enumerate() {
                    x.iter_mut().enumerate().for_each(|(cell, x)| *x = number(3 * cell + n) - 50.0);
                }
                let (before, add) = (grids.x[k].clone(), grids.x[k + 1].clone());
                grids.prolong(k);
                let (level, coarse) = (&grids.levels[k], &grids.levels[k + 1]);
                for (cell, is_live) in level.is_live.iter().enumerate().take(level.cols * level.rows) {
                    let block = cell / level.cols / 2 * coarse.cols + cell % level.cols / 2;
                    for f in [0, 1] {
                        let value = before[f][cell];
                        let wanted = if *is_live { value + add[f][block] } else { value };
                        assert_eq!(grids.x[k][f][cell].to_bits(), wanted.to_bits(), "{cols} × {rows}, {k}: {cell}");
                    }
                }
            }
        }
    }

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
        let mut grids = Grids::new(cols, rows, &side, 1.0);
        let decay: Vec<Pair> =
            (0..cols * rows).map(|k| if blocked(k % cols, k / cols) { [0.0; 2] } else { [0.01, 0.02] }).collect();
        grids.set_decay(&decay);
        let wanted: Vec<Pair> = (0..cols * rows)
            .map(|k| {
                let open = if blocked(k % cols, k / cols) { 0.0 } else { 1.0 };
                [open * (k as f32 * 0.01).sin(), open * (k as f32 * 0.003).cos()]
            })
            .collect();
        let zero = vec![0.0; cols * rows];
        // What the wanted fields leave of no right-hand side.
        let level = &grids.levels[0];
        let rhs: Vec<Pair> = (0..cols * rows)
            .map(|k| {
                [0, 1].map(|f| {
                    let values: Vec<f32> = wanted.iter().map(|pair| pair[f]).collect();
                    -level.row(&values, &zero, f, k / cols).missing(k % cols).0
                })
            })
            .collect();
        let mut x = vec![[0.0; 2]; cols * rows];
        let mut off = f32::MAX;
        for _ in 0..40 {
            grids.solve(&mut x, &rhs, 1);
            let error = x.iter().zip(&wanted).flat_map(|(a, b)| [(a[0] - b[0]).abs(), (a[1] - b[1]).abs()]);
            let now = error.fold(0.0, f32::max);
            assert!(now < 0.9 * off || now < 5e-5, "{now} after {off}");
            off = now;
        }
        assert!(off < 1e-4, "{off}");
    }
}
