//! Rows of slopes and fluxes, in loops that the compiler turns into SIMD.

use super::super::params::{DRY, HALO, WALL};
use super::hllc::{Flux, Side, hllc, max};
use super::reconstruct::{Cell, Slope, reconstruct};
use super::state::Row;
use super::update::{Context, SINGLE};
use std::ops::Range;

/// Velocities of one row, m/s.
pub struct Velocities {
    u: Vec<f32>,
    v: Vec<f32>,
}

impl Velocities {
    pub fn new(width: usize) -> Velocities {
        Velocities { u: vec![0.0; width], v: vec![0.0; width] }
    }

    /// Velocities from unit discharges; 0 where dry.
    #[inline(always)]
    pub fn load(&mut self, row: Row) {
        let n = row.depth.len();
        let (depth, qx, qy) = (&row.depth[..n], &row.qx[..n], &row.qy[..n]);
        let (u, v) = (&mut self.u[..n], &mut self.v[..n]);
        for i in 0..n {
            let inverse = if depth[i] > DRY { 1.0 / max(depth[i], DRY) } else { 0.0 };
            u[i] = qx[i] * inverse;
            v[i] = qy[i] * inverse;
        }
    }
}

/// Slopes of one row in one direction; see [`Slope`].
pub struct Slopes {
    pub bed: Vec<f32>,
    pub depth: Vec<f32>,
    pub u: Vec<f32>,
    pub v: Vec<f32>,
}

impl Slopes {
    pub fn new(width: usize) -> Slopes {
        Slopes { bed: vec![0.0; width], depth: vec![0.0; width], u: vec![0.0; width], v: vec![0.0; width] }
    }
}

/// Fluxes through a row of faces; see [`Flux`]. Face i lies between cells i and i + 1 of a row, or below cell i.
pub struct Faces {
    pub mass: Vec<f32>,
    pub left: Vec<f32>,
    pub right: Vec<f32>,
    pub along: Vec<f32>,
}

impl Faces {
    pub fn new(width: usize) -> Faces {
        Faces { mass: vec![0.0; width], left: vec![0.0; width], right: vec![0.0; width], along: vec![0.0; width] }
    }

    pub fn set(&mut self, face: usize, flux: Flux) {
        self.mass[face] = flux.mass;
        self.left[face] = flux.left;
        self.right[face] = flux.right;
        self.along[face] = flux.along;
    }
}

/// A stretch of a row of faces.
#[derive(Clone, Copy)]
pub struct FaceSpan<'a> {
    pub mass: &'a [f32],
    pub left: &'a [f32],
    pub right: &'a [f32],
    pub along: &'a [f32],
}

impl Faces {
    #[inline(always)]
    pub fn span(&self, span: Range<usize>) -> FaceSpan<'_> {
        FaceSpan {
            mass: &self.mass[span.clone()],
            left: &self.left[span.clone()],
            right: &self.right[span.clone()],
            along: &self.along[span],
        }
    }
}

impl Slopes {
    /// Slopes of bed and depth, whose sum is that of the level.
    #[inline(always)]
    pub fn level(&self, span: Range<usize>) -> [&[f32]; 2] {
        [&self.bed[span.clone()], &self.depth[span]]
    }
}

impl Flux {
    /// The same flux seen from the other side.
    pub fn mirrored(self) -> Flux {
        Flux { mass: -self.mass, left: self.right, right: self.left, along: -self.along }
    }
}

/// Slopes along a row, for all cells that have both neighbours.
#[inline(always)]
pub fn slopes_along(context: &Context, row: usize, velocities: &Velocities, out: &mut Slopes) {
    let (bed, depth) = (context.bed(row), context.row(row).depth);
    let n = bed.len() - 2;
    let (u, v) = (&velocities.u[..n + 2], &velocities.v[..n + 2]);
    slope_row(
        n,
        [&bed[..n], &depth[..n], &u[..n], &v[..n]],
        [&bed[1..], &depth[1..], &u[1..], &v[1..]],
        [&bed[2..], &depth[2..], &u[2..], &v[2..]],
        [&mut out.bed[1..], &mut out.depth[1..], &mut out.u[1..], &mut out.v[1..]],
    );
}

/// Slopes of a row's cells from the row north of it to the row south of it.
#[inline(always)]
pub fn slopes_across(context: &Context, row: usize, velocities: &[Velocities; 3], out: &mut Slopes) {
    let inputs = |row: usize| {
        let velocity = &velocities[row % 3];
        [context.bed(row), context.row(row).depth, &velocity.u[..], &velocity.v[..]]
    };
    let out = [&mut out.bed[..], &mut out.depth[..], &mut out.u[..], &mut out.v[..]];
    slope_row(context.width + 2 * HALO, inputs(row - 1), inputs(row), inputs(row + 1), out);
}

/// The loop over [`reconstruct`]; each array holds bed, depth, u and v.
#[inline(always)]
fn slope_row(n: usize, before: [&[f32]; 4], cell: [&[f32]; 4], after: [&[f32]; 4], out: [&mut [f32]; 4]) {
    let before = before.map(|values| &values[..n]);
    let cell = cell.map(|values| &values[..n]);
    let after = after.map(|values| &values[..n]);
    let [bed, depth, u, v] = out.map(|values| &mut values[..n]);
    let pick = |from: &[&[f32]; 4], i: usize| Cell { bed: from[0][i], depth: from[1][i], u: from[2][i], v: from[3][i] };
    for i in 0..n {
        let slope: Slope = reconstruct(pick(&before, i), pick(&cell, i), pick(&after, i));
        bed[i] = slope.bed;
        depth[i] = slope.depth;
        u[i] = slope.u;
        v[i] = slope.v;
    }
}

/// What the faces of a row need of the cells on one side: bed, depth, velocities through and along the face, and the
/// slopes of the four.
struct Sides<'a> {
    bed: &'a [f32],
    depth: &'a [f32],
    normal: &'a [f32],
    along: &'a [f32],
    slope_bed: &'a [f32],
    slope_depth: &'a [f32],
    slope_normal: &'a [f32],
    slope_along: &'a [f32],
}

/// Fluxes between neighbours of a row.
#[inline(always)]
pub fn along_row<const STAGE: u32>(
    context: &Context,
    row: usize,
    velocities: &Velocities,
    slopes: &Slopes,
    out: &mut Faces,
) {
    let (bed, depth) = (context.bed(row), context.row(row).depth);
    let n = bed.len() - 1;
    let sides = |from: usize| Sides {
        bed: &bed[from..from + n],
        depth: &depth[from..from + n],
        normal: &velocities.u[from..from + n],
        along: &velocities.v[from..from + n],
        slope_bed: &slopes.bed[from..from + n],
        slope_depth: &slopes.depth[from..from + n],
        slope_normal: &slopes.u[from..from + n],
        slope_along: &slopes.v[from..from + n],
    };
    flux_row::<STAGE>(sides(0), sides(1), out);
}

/// Fluxes between the cells of a row and those of the next row to the south.
#[inline(always)]
pub fn across_rows<const STAGE: u32>(
    context: &Context,
    row: usize,
    velocities: &[Velocities; 3],
    slopes: &[Slopes; 2],
    out: &mut Faces,
) {
    let sides = |row: usize| {
        let (velocity, slope) = (&velocities[row % 3], &slopes[row % 2]);
        Sides {
            bed: context.bed(row),
            depth: context.row(row).depth,
            normal: &velocity.v,
            along: &velocity.u,
            slope_bed: &slope.bed,
            slope_depth: &slope.depth,
            slope_normal: &slope.v,
            slope_along: &slope.u,
        }
    };
    flux_row::<STAGE>(sides(row), sides(row + 1), out);
}

/// The loop over [`hllc`]. A wall answers with the mirror image of its neighbour.
#[inline(always)]
fn flux_row<const STAGE: u32>(l: Sides, r: Sides, out: &mut Faces) {
    let n = l.bed.len();
    let mass = &mut out.mass[..n];
    let left = &mut out.left[..n];
    let right = &mut out.right[..n];
    let along = &mut out.along[..n];
    let (lb, ld, ln, la) = (&l.bed[..n], &l.depth[..n], &l.normal[..n], &l.along[..n]);
    let (rb, rd, rn, ra) = (&r.bed[..n], &r.depth[..n], &r.normal[..n], &r.along[..n]);
    let (lsb, lsd, lsn, lsa) = (&l.slope_bed[..n], &l.slope_depth[..n], &l.slope_normal[..n], &l.slope_along[..n]);
    let (rsb, rsd, rsn, rsa) = (&r.slope_bed[..n], &r.slope_depth[..n], &r.slope_normal[..n], &r.slope_along[..n]);
    for i in 0..n {
        let mut a = Side { depth: ld[i], normal: ln[i], along: la[i] };
        let mut b = Side { depth: rd[i], normal: rn[i], along: ra[i] };
        let mut step = rb[i] - lb[i];
        if STAGE != SINGLE {
            a = Side { depth: a.depth + 0.5 * lsd[i], normal: a.normal + 0.5 * lsn[i], along: a.along + 0.5 * lsa[i] };
            b = Side { depth: b.depth - 0.5 * rsd[i], normal: b.normal - 0.5 * rsn[i], along: b.along - 0.5 * rsa[i] };
            step -= 0.5 * (rsb[i] + lsb[i]);
        }
        let (wall_left, wall_right) = (lb[i] > 0.5 * WALL, rb[i] > 0.5 * WALL);
        let (inner_a, inner_b) = (a, b);
        if wall_left {
            a = Side { depth: inner_b.depth, normal: -inner_b.normal, along: inner_b.along };
        }
        if wall_right {
            b = Side { depth: inner_a.depth, normal: -inner_a.normal, along: inner_a.along };
        }
        let closed = wall_left | wall_right;
        step = if closed { 0.0 } else { step };
        let flux = hllc(a, b, step, if closed { 0.0 } else { 1.0 });
        mass[i] = flux.mass;
        along[i] = flux.along;
        left[i] = flux.left;
        right[i] = flux.right;
    }
}
