//! Rows of slopes and fluxes, in loops that the compiler turns into SIMD.
//!
//! What a loop writes are arguments of their own: the compiler knows that these are apart from all else. Of others it
//! would have to make sure at the start of each loop.

use super::super::params::{DRY, HALO, WALL};
use super::hllc::{Flux, Side, hllc, max};
use super::marks::{WALL_AFTER, WALLED};
use super::reconstruct::{Cell, Slope, reconstruct};
use super::state::Span;
use super::update::{Context, SINGLE};

/// Velocities of one row, m/s.
pub struct Velocities {
    u: Vec<f32>,
    v: Vec<f32>,
}

impl Velocities {
    pub fn new(width: usize) -> Velocities {
        Velocities { u: vec![0.0; width], v: vec![0.0; width] }
    }

    /// Velocities of cells of a padded row from their unit discharges; 0 where dry.
    #[inline(always)]
    pub fn load(&mut self, context: &Context, row: usize, span: Span) {
        let (cells, source) = (context.places(row, span), context.source);
        let water = [cells.of(&source.depth), cells.of(&source.qx), cells.of(&source.qy)];
        velocity_row(water, span.of_mut(&mut self.u), span.of_mut(&mut self.v));
    }
}

#[inline(always)]
fn velocity_row([depth, qx, qy]: [&[f32]; 3], u: &mut [f32], v: &mut [f32]) {
    let n = depth.len();
    let (qx, qy, u, v) = (&qx[..n], &qy[..n], &mut u[..n], &mut v[..n]);
    for i in 0..n {
        let inverse = if depth[i] > DRY { 1.0 / max(depth[i], DRY) } else { 0.0 };
        u[i] = qx[i] * inverse;
        v[i] = qy[i] * inverse;
    }
}

/// Slopes of one row in one direction; see [`Slope`].
pub struct Slopes {
    bed: Vec<f32>,
    depth: Vec<f32>,
    u: Vec<f32>,
    v: Vec<f32>,
}

impl Slopes {
    pub fn new(width: usize) -> Slopes {
        Slopes { bed: vec![0.0; width], depth: vec![0.0; width], u: vec![0.0; width], v: vec![0.0; width] }
    }

    /// Slopes of bed and depth, whose sum is that of the level.
    #[inline(always)]
    pub fn level(&self, span: Span) -> [&[f32]; 2] {
        [span.of(&self.bed), span.of(&self.depth)]
    }

    /// All four; the first-order scheme has none.
    #[inline(always)]
    fn cells<const STAGE: u32>(&self, span: Span) -> [&[f32]; 4] {
        if STAGE == SINGLE {
            return [&[], &[], &[], &[]];
        }
        [span.of(&self.bed), span.of(&self.depth), span.of(&self.u), span.of(&self.v)]
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

    #[inline(always)]
    pub fn set(&mut self, face: usize, flux: Flux) {
        self.mass[face] = flux.mass;
        self.left[face] = flux.left;
        self.right[face] = flux.right;
        self.along[face] = flux.along;
    }

    #[inline(always)]
    pub fn span(&self, span: Span) -> FaceSpan<'_> {
        FaceSpan {
            mass: span.of(&self.mass),
            left: span.of(&self.left),
            right: span.of(&self.right),
            along: span.of(&self.along),
        }
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

impl Flux {
    /// The same flux seen from the other side.
    pub fn mirrored(self) -> Flux {
        Flux { mass: -self.mass, left: self.right, right: self.left, along: -self.along }
    }
}

/// Bed, depth, u and v of some cells of a row.
#[inline(always)]
fn cells<'a>(context: &Context<'a>, row: usize, velocities: &'a Velocities, span: Span) -> [&'a [f32]; 4] {
    let (places, ground, source) = (context.places(row, span), context.ground, context.source);
    [places.of(&ground.bed), places.of(&source.depth), span.of(&velocities.u), span.of(&velocities.v)]
}

/// Slopes along a row, for cells that have both neighbours.
#[inline(always)]
pub fn slopes_along(context: &Context, row: usize, velocities: &Velocities, span: Span, out: &mut Slopes) {
    let [before, cell, after] =
        [span.from - 1, span.from, span.from + 1].map(|from| cells(context, row, velocities, span.moved(from)));
    let Slopes { bed, depth, u, v } = out;
    slope_row(before, cell, after, span.of_mut(bed), span.of_mut(depth), span.of_mut(u), span.of_mut(v));
}

/// Slopes of a row's cells from the row north of it to the row south of it.
#[inline(always)]
pub fn slopes_across(context: &Context, row: usize, velocities: &[Velocities; 3], span: Span, out: &mut Slopes) {
    let [before, cell, after] = [row - 1, row, row + 1].map(|row| cells(context, row, &velocities[row % 3], span));
    let Slopes { bed, depth, u, v } = out;
    slope_row(before, cell, after, span.of_mut(bed), span.of_mut(depth), span.of_mut(u), span.of_mut(v));
}

/// The loop over [`reconstruct`]; `before`, `cell` and `after` hold bed, depth, u and v.
#[inline(always)]
fn slope_row(
    before: [&[f32]; 4],
    cell: [&[f32]; 4],
    after: [&[f32]; 4],
    bed: &mut [f32],
    depth: &mut [f32],
    u: &mut [f32],
    v: &mut [f32],
) {
    let n = bed.len();
    let before = before.map(|values| &values[..n]);
    let cell = cell.map(|values| &values[..n]);
    let after = after.map(|values| &values[..n]);
    let (depth, u, v) = (&mut depth[..n], &mut u[..n], &mut v[..n]);
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
#[derive(Clone, Copy)]
struct Sides<'a> {
    cells: [&'a [f32]; 4],
    slopes: [&'a [f32]; 4],
}

impl<'a> Sides<'a> {
    /// Cells of a row beside faces that water passes to the east.
    #[inline(always)]
    fn along<const STAGE: u32>(
        context: &Context<'a>,
        row: usize,
        velocities: &'a Velocities,
        slopes: &'a Slopes,
        span: Span,
    ) -> Sides<'a> {
        Sides { cells: cells(context, row, velocities, span), slopes: slopes.cells::<STAGE>(span) }
    }

    /// The same for faces that water passes to the south.
    #[inline(always)]
    fn turned(self) -> Sides<'a> {
        let turn = |[bed, depth, u, v]: [&'a [f32]; 4]| [bed, depth, v, u];
        Sides { cells: turn(self.cells), slopes: turn(self.slopes) }
    }

    /// The first `n`, of which the compiler then knows that there are so many.
    #[inline(always)]
    fn first<const STAGE: u32>(&self, n: usize) -> Sides<'a> {
        let slopes = if STAGE == SINGLE { self.slopes } else { self.slopes.map(|values| &values[..n]) };
        Sides { cells: self.cells.map(|values| &values[..n]), slopes }
    }

    /// What stands beside a face: within the cell `half` of its slopes from the middle.
    #[inline(always)]
    fn at<const STAGE: u32>(&self, i: usize, half: f32) -> Side {
        let [_, depth, normal, along] = self.cells;
        let mut side = Side { depth: depth[i], normal: normal[i], along: along[i] };
        if STAGE != SINGLE {
            let [_, depth, normal, along] = self.slopes;
            side.depth += half * depth[i];
            side.normal += half * normal[i];
            side.along += half * along[i];
        }
        side
    }
}

/// Fluxes between the cells of a row and their neighbours to the east.
#[inline(always)]
pub fn along_row<const STAGE: u32>(
    context: &Context,
    row: usize,
    velocities: &Velocities,
    slopes: &Slopes,
    span: Span,
    out: &mut Faces,
) {
    let sides = |from: usize| Sides::along::<STAGE>(context, row, velocities, slopes, span.moved(from));
    let walls = context.marks(row, span) & (WALLED | WALL_AFTER) != 0;
    fluxes::<STAGE>(walls, &sides(span.from), &sides(span.from + 1), span, out);
}

/// The flux through the western face of a sweep.
#[inline(always)]
pub fn west_face<const STAGE: u32>(
    context: &Context,
    row: usize,
    velocities: &Velocities,
    slopes: &Slopes,
    out: &mut Faces,
) {
    let sides = |from: usize| Sides::along::<STAGE>(context, row, velocities, slopes, Span { from, n: 1 });
    out.set(HALO - 1, flux_at::<STAGE, true>(&sides(HALO - 1), &sides(HALO), 0));
}

/// Fluxes between the cells of a row and those of the next row to the south.
#[inline(always)]
pub fn across_rows<const STAGE: u32>(
    context: &Context,
    row: usize,
    velocities: &[Velocities; 3],
    slopes: &[Slopes; 2],
    span: Span,
    out: &mut Faces,
) {
    let sides = |row: usize| Sides::along::<STAGE>(context, row, &velocities[row % 3], &slopes[row % 2], span).turned();
    let walls = (context.marks(row, span) | context.marks(row + 1, span)) & WALLED != 0;
    fluxes::<STAGE>(walls, &sides(row), &sides(row + 1), span, out);
}

/// Fluxes through a span of faces; `walls` may be false only where there are none on either side.
#[inline(always)]
fn fluxes<const STAGE: u32>(walls: bool, l: &Sides, r: &Sides, span: Span, out: &mut Faces) {
    let Faces { mass, left, right, along } = out;
    let (mass, left) = (span.of_mut(mass), span.of_mut(left));
    let (right, along) = (span.of_mut(right), span.of_mut(along));
    if walls {
        flux_row::<STAGE, true>(l, r, mass, left, right, along);
    } else {
        flux_row::<STAGE, false>(l, r, mass, left, right, along);
    }
}

/// The loop over [`hllc`].
#[inline(always)]
fn flux_row<const STAGE: u32, const WALLS: bool>(
    l: &Sides,
    r: &Sides,
    mass: &mut [f32],
    left: &mut [f32],
    right: &mut [f32],
    along: &mut [f32],
) {
    let n = mass.len();
    let (l, r) = (l.first::<STAGE>(n), r.first::<STAGE>(n));
    let (left, right, along) = (&mut left[..n], &mut right[..n], &mut along[..n]);
    for i in 0..n {
        let flux = flux_at::<STAGE, WALLS>(&l, &r, i);
        mass[i] = flux.mass;
        along[i] = flux.along;
        left[i] = flux.left;
        right[i] = flux.right;
    }
}

/// The flux through one face. A wall answers with the mirror image of its neighbour. Where there is none on either
/// side `WALLS` changes nothing.
#[inline(always)]
fn flux_at<const STAGE: u32, const WALLS: bool>(l: &Sides, r: &Sides, i: usize) -> Flux {
    let (mut a, mut b) = (l.at::<STAGE>(i, 0.5), r.at::<STAGE>(i, -0.5));
    let mut step = r.cells[0][i] - l.cells[0][i];
    if STAGE != SINGLE {
        step -= 0.5 * (r.slopes[0][i] + l.slopes[0][i]);
    }
    if !WALLS {
        return hllc(a, b, step, 1.0);
    }
    let (wall_left, wall_right) = (l.cells[0][i] > 0.5 * WALL, r.cells[0][i] > 0.5 * WALL);
    let (inner_a, inner_b) = (a, b);
    if wall_left {
        a = Side { depth: inner_b.depth, normal: -inner_b.normal, along: inner_b.along };
    }
    if wall_right {
        b = Side { depth: inner_a.depth, normal: -inner_a.normal, along: inner_a.along };
    }
    let closed = wall_left | wall_right;
    hllc(a, b, if closed { 0.0 } else { step }, if closed { 0.0 } else { 1.0 })
}
