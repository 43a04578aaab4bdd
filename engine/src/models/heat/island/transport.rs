//! What flows and mixes in the canopy's air, in volumes: nothing is lost. Twin of [`sharpen`]: `shaders/heat/island/mix.wgsl`.
//!
//! Backward Euler with upwind values, which are made sharper by van Leer's limiter from the latest field.

use super::flow::Faces;
use super::grids::{Pair, Planes};
use rayon::prelude::*;

/// What passes between cells: sides for [`super::grids::Grids`], what pulls at each cell besides (1/s), and what blows in from outside (1/s).
#[derive(Clone, Debug, Default)]
pub struct Passing {
    /// Of those to the west, east, north and south, 1/s.
    pub side: Vec<[f32; 4]>,
    /// What blows out of a cell more than what comes from cells beside, 1/s.
    pub out: Vec<f32>,
    /// What blows in through the edge, 1/s.
    pub inflow: Vec<f32>,
}

/// What passes between open cells of a side (m) in a wind, with a diffusivity of each cell (m²/s); `wraps` joins opposite edges.
pub fn passing(faces: &Faces, is_open: &[bool], mixing: &[f32], cell: f32, wraps: bool) -> Passing {
    let (cols, rows) = (faces.cols, faces.rows);
    let len = cols * rows;
    let of = |at: usize| {
        let (col, row) = (at % cols, at / cols);
        let mut side = [0.0f32; 4];
        if !is_open[at] {
            return (side, 0.0, 0.0);
        }
        let [w, e, n, s] = faces.of(col, row);
        // What flows in through each side, m/s; less than 0 for what flows out.
        let flows = [w, -e, n, -s];
        let beside = [
            if col > 0 { Some(at - 1) } else { wraps.then(|| at + cols - 1) },
            if col + 1 < cols { Some(at + 1) } else { wraps.then(|| at + 1 - cols) },
            if row > 0 { Some(at - cols) } else { wraps.then(|| at + len - cols) },
            if row + 1 < rows { Some(at + cols) } else { wraps.then(|| at + cols - len) },
        ];
        let (mut out, mut inflow) = (0.0, 0.0);
        for k in 0..4 {
            out += (-flows[k]).max(0.0) / cell;
            match beside[k] {
                Some(far) if is_open[far] => {
                    let mixed = 0.5 * (mixing[at] + mixing[far]) / (cell * cell);
                    // More than 0 wherever air can pass.
                    side[k] = flows[k].max(0.0) / cell + mixed.max(1e-12);
                    out -= flows[k].max(0.0) / cell;
                }
                Some(_) => {}
                None => inflow += flows[k].max(0.0) / cell,
            }
        }
        (side, out, inflow)
    };
    let all: Vec<([f32; 4], f32, f32)> = (0..len).into_par_iter().map(of).collect();
    Passing {
        side: all.iter().map(|own| own.0).collect(),
        out: all.iter().map(|own| own.1).collect(),
        inflow: all.iter().map(|own| own.2).collect(),
    }
}

/// What a value at a side is more than that upwind of it: half of the step to the next, limited by the step before (van Leer 1974).
#[inline]
fn sharper(before: f32, upwind: f32, behind: f32) -> f32 {
    let (last, next) = (upwind - before, behind - upwind);
    let both = last * next;
    if both > 0.0 { both / (last + next) } else { 0.0 }
}

/// What each cell gains, 1/s times the field, by sharper values at its sides than those upwind. Where the cell before is not open nothing is
/// sharpened.
pub fn sharpen(faces: &Faces, side: &[[f32; 4]], field: &Planes, cell: f32, gain: &mut Planes) {
    let (cols, rows) = (faces.cols, faces.rows);
    let step = |at: usize, k: usize| {
        let (col, row) = (at % cols, at / cols);
        match k {
            0 => row * cols + if col == 0 { cols - 1 } else { col - 1 },
            1 => row * cols + if col + 1 == cols { 0 } else { col + 1 },
            2 => (if row == 0 { rows - 1 } else { row - 1 }) * cols + col,
            _ => (if row + 1 == rows { 0 } else { row + 1 }) * cols + col,
        }
    };
    // The sharper part of what flows from `from` to the cell beside it on side `k`, of which `k ^ 1` lies against the wind.
    let part = |from: usize, to: usize, k: usize| -> Pair {
        if side[from][k ^ 1] <= 0.0 {
            return [0.0; 2];
        }
        let before = step(from, k ^ 1);
        [0, 1].map(|f| sharper(field[f][before], field[f][from], field[f][to]))
    };
    let [one, other] = gain;
    let rows = one.par_chunks_mut(cols).zip(other.par_chunks_mut(cols)).enumerate();
    rows.with_min_len(2048 / cols + 1).for_each(|(row, (one, other))| {
        for (col, (one, other)) in one.iter_mut().zip(other).enumerate() {
            let at = row * cols + col;
            let [w, e, n, s] = faces.of(col, row);
            let out = [-w, e, -n, s];
            let mut gain = [0.0f32; 2];
            for k in 0..4 {
                if side[at][k] <= 0.0 {
                    continue;
                }
                let far = step(at, k);
                let part = if out[k] > 0.0 { part(at, far, k) } else { part(far, at, k ^ 1) };
                gain = [0, 1].map(|f| gain[f] - out[k] / cell * part[f]);
            }
            [*one, *other] = gain;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::grids::Grids;
    use super::*;

    /// Moves a bell in a wind (m/s to the east and south) with a diffusivity on a torus of cells of 2 m.
    fn moved(wind: (f32, f32), mixing: f32, step: f32, steps: usize, passes: usize, width: f32) -> Vec<f32> {
        let (cols, rows, cell) = (200, 160, 2.0f32);
        let mut faces = Faces::still(cols, rows);
        faces.east.fill(wind.0);
        faces.south.fill(wind.1);
        let open = vec![true; cols * rows];
        let passing = passing(&faces, &open, &vec![mixing; cols * rows], cell, true);
        let mut grids = Grids::new(cols, rows, &passing.side, 1.0);
        let decay: Vec<Pair> = passing.out.iter().map(|out| [out + 1.0 / step; 2]).collect();
        grids.set_decay(&decay);
        let start = |k: usize| bell((k % cols) as f32 - 60.0, (k / cols) as f32 - 50.0, width);
        let mut field: Planes = [(0..cols * rows).map(start).collect(), vec![0.0; cols * rows]];
        let mut gain: Planes = [0, 1].map(|_| vec![0.0; cols * rows]);
        for _ in 0..steps {
            let old = field.clone();
            for _ in 0..passes {
                sharpen(&faces, &passing.side, &field, cell, &mut gain);
                let (_, [rhs, _]) = grids.finest();
                for (rhs, (old, gain)) in rhs.iter_mut().zip(old[0].iter().zip(&gain[0])) {
                    *rhs = old / step + gain;
                }
                grids.improve(&mut field, 1);
            }
        }
        let [field, _] = field;
        field
    }

    fn bell(x: f32, y: f32, width: f32) -> f32 {
        (-(x * x + y * y) / (2.0 * width * width)).exp()
    }

    /// Sum, middle and variance along columns of a field.
    fn moments(field: &[f32]) -> (f64, f64, f64, f64) {
        let sum: f64 = field.iter().map(|v| f64::from(*v)).sum();
        let mean =
            |of: &dyn Fn(usize) -> f64| field.iter().enumerate().map(|(k, v)| f64::from(*v) * of(k)).sum::<f64>() / sum;
        let (x, y) = (mean(&|k| (k % 200) as f64), mean(&|k| (k / 200) as f64));
        (sum, x, y, mean(&|k| ((k % 200) as f64 - x).powi(2)))
    }

    #[test]
    fn a_warm_bell_spreads_by_its_formula() {
        const WIDTH: f32 = 10.0;
        let start = moments(&moved((0.0, 0.0), 0.0, 1.0, 0, 0, WIDTH));
        let found = moved((0.0, 0.0), 1.5, 2.0, 100, 2, WIDTH);
        let end = moments(&found);
        assert!((end.0 / start.0 - 1.0).abs() < 1e-5, "{end:?} {start:?}");
        // Variance in cells of 4 m².
        let width = (WIDTH * WIDTH + 2.0 * 1.5 * 200.0 / 4.0).sqrt();
        assert!((end.3 - f64::from(width * width)).abs() < 0.01 * f64::from(width * width), "{end:?}");
        let peak = WIDTH * WIDTH / (width * width);
        let off = (0..200 * 160).map(|k| {
            let wanted = peak * bell((k % 200) as f32 - 60.0, (k / 200) as f32 - 50.0, width);
            (found[k] - wanted).abs()
        });
        assert!(off.fold(0.0, f32::max) < 0.01 * peak);
    }

    #[test]
    fn a_bell_is_carried_along() {
        const WIDTH: f32 = 14.0;
        let start = moments(&moved((0.0, 0.0), 0.0, 1.0, 0, 0, WIDTH));
        // 60 cells to the east and 30 to the south.
        let found = moved((2.0, 1.0), 0.0, 0.02, 3000, 1, WIDTH);
        let end = moments(&found);
        assert!((end.0 / start.0 - 1.0).abs() < 1e-4, "{end:?} {start:?}");
        assert!((end.1 - 120.0).abs() < 0.6 && (end.2 - 80.0).abs() < 0.3, "{end:?}");
        let wanted: Vec<f32> =
            (0..200 * 160).map(|k| bell((k % 200) as f32 - 120.0, (k / 200) as f32 - 80.0, WIDTH)).collect();
        let peak = found.iter().copied().fold(0.0, f32::max);
        let squares = found.iter().zip(&wanted).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
        let of = wanted.iter().map(|a| a * a).sum::<f32>();
        // The limiter takes a little off the top.
        assert!((peak - 1.0).abs() < 0.03 && (squares / of).sqrt() < 0.01, "{peak} {}", (squares / of).sqrt());
    }
}
