//! What flows and mixes in the canopy's air, in volumes: nothing is lost. Twin of [`sharpen`]: `shaders/heat/island/canopy_transport.wgsl`.
//!
//! Backward Euler with upwind values, which are made sharper by van Leer's limiter from the latest field.

use super::flow::Faces;
use super::grids::Planes;
use rayon::prelude::*;

/// What passes between cells: sides for [`super::grids::Grids`], the decay of each cell besides (1/s), and what blows in from outside (1/s).
#[derive(Clone, Debug, Default)]
pub struct Passing {
    /// Of those to the west, east, north and south, 1/s.
    pub side: Vec<[f32; 4]>,
    /// What blows out of a cell more than what comes from cells beside, 1/s.
    pub out: Vec<f32>,
    /// What blows in through the edge, 1/s.
    pub inflow: Vec<f32>,
    /// Sides of each cell at which anything passes, as bits: 1 for west, 2 for east, 4 for north and 8 for south.
    pub open: Vec<u8>,
}

/// Bits of [`Passing::open`].
const WEST: u8 = 1;
const EAST: u8 = 2;
const NORTH: u8 = 4;
const SOUTH: u8 = 8;

/// Cells of a band of rows that a thread takes.
const BAND: usize = 8192;

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
        side: all.iter().map(|cell| cell.0).collect(),
        out: all.iter().map(|cell| cell.1).collect(),
        inflow: all.iter().map(|cell| cell.2).collect(),
        open: all.iter().map(|cell| bits(&cell.0)).collect(),
    }
}

/// Which of a cell's sides let anything pass.
fn bits(side: &[f32; 4]) -> u8 {
    side.iter().zip([WEST, EAST, NORTH, SOUTH]).map(|(side, bit)| if *side <= 0.0 { 0 } else { bit }).sum()
}

/// What a value at a side is more than that upwind of it: half of the step to the next, limited by the step before (van Leer 1974).
#[inline(always)]
fn sharper(before: f32, upwind: f32, behind: f32) -> f32 {
    let (last, next) = (upwind - before, behind - upwind);
    let both = last * next;
    let part = both / (last + next);
    if both > 0.0 { part } else { 0.0 }
}

/// What more flows through a side between two cells, from the first to the second, by a sharper value than that upwind, 1/s times the field.
/// Values are those of both and of the cells before and beyond; `open` says whether anything passes between each of both and the latter.
#[inline(always)]
fn flux(flow: f32, cell: f32, [before, first, second, beyond]: [f32; 4], open: [bool; 2]) -> f32 {
    let is_ahead = flow > 0.0;
    let far = if is_ahead { before } else { beyond };
    let upwind = if is_ahead { first } else { second };
    let behind = if is_ahead { second } else { first };
    let is_open = if is_ahead { open[0] } else { open[1] };
    let part = sharper(far, upwind, behind);
    flow / cell * if is_open { part } else { 0.0 }
}

/// [`flux`] through a row of sides; `open` are bits of the first and of the second cells with those that must be set.
#[inline(always)]
fn fluxes(flow: &[f32], cell: f32, x: [&[f32]; 4], open: [(&[u8], u8); 2], out: &mut [f32]) {
    let n = out.len();
    let flow = &flow[..n];
    let [before, first, second, beyond] = x.map(|x| &x[..n]);
    let [(of_first, away_first), (of_second, away_second)] = open.map(|(open, bit)| (&open[..n], bit));
    for i in 0..n {
        let is_open = [of_first[i] & away_first != 0, of_second[i] & away_second != 0];
        out[i] = flux(flow[i], cell, [before[i], first[i], second[i], beyond[i]], is_open);
    }
}

/// A field in a wind.
#[derive(Clone, Copy)]
struct Field<'a> {
    faces: &'a Faces,
    open: &'a [u8],
    x: &'a [f32],
    /// Side of a cell, m.
    cell: f32,
}

impl Field<'_> {
    /// Through the northern sides of a row, or through the southern ones of the last.
    #[inline(always)]
    fn across(&self, row: usize, out: &mut [f32]) {
        let Faces { cols, rows, south, .. } = self.faces;
        let north_of = |row: usize| if row == 0 { rows - 1 } else { row - 1 };
        let here = if row == *rows { 0 } else { row };
        let north = north_of(here);
        let beyond = if here + 1 == *rows { 0 } else { here + 1 };
        let x = [north_of(north), north, here, beyond].map(|row| &self.x[row * cols..][..*cols]);
        let open = [(north, NORTH), (here, SOUTH)].map(|(row, bit)| (&self.open[row * cols..][..*cols], bit));
        fluxes(&south[row * cols..], self.cell, x, open, out);
    }

    /// Through the western sides of a row, and through the eastern one of its last cell.
    #[inline(always)]
    fn along(&self, row: usize, out: &mut [f32]) {
        let cols = self.faces.cols;
        let flow = &self.faces.east[row * (cols + 1)..][..cols + 1];
        let (x, open) = (&self.x[row * cols..][..cols], &self.open[row * cols..][..cols]);
        let west_of = |col: usize| if col == 0 { cols - 1 } else { col - 1 };
        // The sides at both ends reach around.
        for side in (0..2).chain((cols - 1).max(2)..cols + 1) {
            let here = if side == cols { 0 } else { side };
            let west = west_of(here);
            let beyond = if here + 1 == cols { 0 } else { here + 1 };
            let values = [x[west_of(west)], x[west], x[here], x[beyond]];
            let is_open = [open[west] & WEST != 0, open[here] & EAST != 0];
            out[side] = flux(flow[side], self.cell, values, is_open);
        }
        let Some(inner) = cols.checked_sub(3) else { return };
        let x = [0, 1, 2, 3].map(|k| &x[k..][..inner]);
        let open = [(&open[1..], WEST), (&open[2..], EAST)];
        fluxes(&flow[2..], self.cell, x, open, &mut out[2..2 + inner]);
    }
}

/// What each cell of a row gains of what flows through its sides: western ones with the last eastern one, northern and southern ones.
#[inline(always)]
fn sum(open: &[u8], along: &[f32], north: &[f32], south: &[f32], gain: &mut [f32]) {
    let n = gain.len();
    let (open, west, east) = (&open[..n], &along[..n], &along[1..n + 1]);
    let (north, south) = (&north[..n], &south[..n]);
    for i in 0..n {
        let (open, west, east, north, south) = (open[i], west[i], east[i], north[i], south[i]);
        let sum = 0.0;
        let sum = if open & WEST != 0 { sum + west } else { sum };
        let sum = if open & EAST != 0 { sum - east } else { sum };
        let sum = if open & NORTH != 0 { sum + north } else { sum };
        gain[i] = if open & SOUTH != 0 { sum - south } else { sum };
    }
}

/// Room for what flows through the sides of a row.
struct Room {
    along: Vec<f32>,
    north: Vec<f32>,
    south: Vec<f32>,
}

/// A band of rows from `first` on; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Band<'a> {
    field: Field<'a>,
    first: usize,
    room: &'a mut Room,
    gain: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Band<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Band { field, first, room: Room { along, north, south }, gain } = self;
        let cols = field.faces.cols;
        field.across(first, north);
        for (row, gain) in (first..).zip(gain.chunks_mut(cols)) {
            field.across(row + 1, south);
            field.along(row, along);
            sum(&field.open[row * cols..], along, north, south, gain);
            std::mem::swap(north, south);
        }
    }
}

/// What each cell gains, 1/s times the field, by sharper values at its sides than those upwind. Where the cell before is not open nothing is
/// sharpened. `open` is that of [`Passing`]; each side is computed once, for both of its cells.
pub fn sharpen(faces: &Faces, open: &[u8], field: &Planes, cell: f32, gain: &mut Planes) {
    let (arch, cols) = (pulp::Arch::new(), faces.cols);
    let rows = BAND / cols.max(1) + 1;
    let room = || Room { along: vec![0.0; cols + 1], north: vec![0.0; cols], south: vec![0.0; cols] };
    let [one, other] = gain;
    let bands = one.par_chunks_mut(rows * cols).zip(other.par_chunks_mut(rows * cols)).enumerate();
    bands.for_each_init(room, |room, (band, (one, other))| {
        for (x, gain) in field.iter().zip([one, other]) {
            let field = Field { faces, open, x, cell };
            arch.dispatch(Band { field, first: band * rows, room, gain });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::grids::{Grids, Pair};
    use super::*;
    use hanze_model::validate::noise;

    /// The same cell by cell, as it reads.
    fn by_cells(faces: &Faces, side: &[[f32; 4]], field: &Planes, cell: f32) -> Planes {
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
        let part = |x: &[f32], from: usize, to: usize, k: usize| {
            let before = step(from, k ^ 1);
            if side[from][k ^ 1] <= 0.0 { 0.0 } else { sharper(x[before], x[from], x[to]) }
        };
        [0, 1].map(|f| {
            let of = |at: usize| {
                let [w, e, n, s] = faces.of(at % cols, at / cols);
                let out = [-w, e, -n, s];
                (0..4).filter(|k| side[at][*k] > 0.0).fold(0.0, |gain, k| {
                    let (far, x) = (step(at, k), &field[f]);
                    let part = if out[k] > 0.0 { part(x, at, far, k) } else { part(x, far, at, k ^ 1) };
                    gain - out[k] / cell * part
                })
            };
            (0..cols * rows).map(of).collect()
        })
    }

    #[test]
    fn sides_give_both_cells_what_each_would_find() {
        let mut random = noise(13);
        for (cols, rows) in [(1, 9), (2, 7), (3, 5), (4, 4), (5, 1), (9, 2), (61, 300)] {
            for wraps in [false, true] {
                let len = cols * rows;
                let mut list = |count: usize, low: f32, high: f32| -> Vec<f32> {
                    (0..count).map(|_| low + (high - low) * random() as f32).collect()
                };
                let mut faces = Faces::still(cols, rows);
                for flow in [&mut faces.east, &mut faces.south] {
                    *flow = list(flow.len(), -2.0, 2.0);
                    // Sides without wind, too, from either side.
                    flow.iter_mut().step_by(7).for_each(|flow| *flow = 0.0);
                    flow.iter_mut().skip(3).step_by(11).for_each(|flow| *flow = -0.0);
                }
                let is_open: Vec<bool> = list(len, 0.0, 1.0).into_iter().map(|value| value > 0.2).collect();
                let passing = passing(&faces, &is_open, &list(len, 0.2, 3.0), 2.0, wraps);
                let field: Planes = [list(len, 10.0, 30.0), list(len, 3.0, 15.0)];
                let mut gain: Planes = [0, 1].map(|_| vec![f32::NAN; len]);
                sharpen(&faces, &passing.open, &field, 2.0, &mut gain);
                let wanted = by_cells(&faces, &passing.side, &field, 2.0);
                for (found, wanted) in gain.iter().flatten().zip(wanted.iter().flatten()) {
                    assert_eq!(found.to_bits(), wanted.to_bits(), "{cols} × {rows}, {wraps}: {found} {wanted}");
                }
                assert!(len < 1000 || wanted.iter().flatten().filter(|value| **value != 0.0).count() > len / 2);
            }
        }
    }

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
                sharpen(&faces, &passing.open, &field, cell, &mut gain);
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
