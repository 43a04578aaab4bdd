//! One stage of a time step on a stretch of active tiles. Twin: `shaders/runoff/update.wgsl`.
//!
//! A sweep walks the rows of its tiles from north to south and computes each face once, in rows of scratch that stay in
//! the cache. Faces on its edges are computed again by the neighbouring sweep, from the same numbers in the same order:
//! results depend neither on the number of threads nor on how the tiles are strung together.

use super::super::params::{
    Clock, DEBRIS_DEPTH, DRY, GRAVITY, HALO, KIND_DISCHARGE, NEVER, Params, SOIL_PLAIN, SPEED_DEPTH, STILL_DISCHARGE,
    TILE, WALL,
};
use super::super::solver::State;
use super::faces::{FaceSpan, Faces, Slopes, Velocities, across_rows, along_row, slopes_across, slopes_along};
use super::friction::friction;
use super::hllc::{Flux, max, min};
use super::soil::soak_row;
use super::state::{Ground, Perimeter, Row, Rows};
use std::ops::Range;

/// `STAGE`: the whole step of the first-order scheme, forward Euler, then rain and infiltration.
pub const SINGLE: u32 = 0;
/// `STAGE`: the first stage of the second-order scheme (SSP-RK2), forward Euler.
pub const PREDICT: u32 = 1;
/// `STAGE`: its second stage, Euler from the predicted state, mean with the old one, then rain and infiltration.
pub const CORRECT: u32 = 2;

/// What a sweep reads.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub params: &'a Params,
    pub clock: &'a Clock,
    pub ground: &'a Ground,
    pub source: &'a State,
    pub perimeter: &'a Perimeter,
    /// Columns of the grid that are swept; they begin on the edge of a tile.
    pub left: usize,
    pub width: usize,
}

impl<'a> Context<'a> {
    /// Places of a row's swept cells, and of the halo beside them, in the padded arrays.
    #[inline(always)]
    pub fn window(&self, row: usize) -> Range<usize> {
        let at = row * self.params.stride as usize + self.left;
        at..at + self.width + 2 * HALO
    }

    /// Water of a padded row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> Row<'a> {
        self.source.window(self.window(row))
    }

    /// Bed of a padded row, m.
    #[inline(always)]
    pub fn bed(&self, row: usize) -> &'a [f32] {
        &self.ground.bed[self.window(row)]
    }
}

/// Rows that a block computes in; allocated once.
pub struct Scratch {
    velocities: [Velocities; 3],
    slopes_x: Slopes,
    slopes_y: [Slopes; 2],
    faces_x: Faces,
    faces_y: [Faces; 2],
    /// Change of depth and new unit discharges of a row.
    moves: [Vec<f32>; 3],
    /// Bits that any depth of each column has.
    wet: Vec<u32>,
    /// Shares of rain that is the same everywhere.
    ones: Vec<f32>,
}

impl Scratch {
    /// For sweeps of up to `width` columns.
    pub fn new(width: usize) -> Scratch {
        let padded = width + 2 * HALO;
        Scratch {
            velocities: std::array::from_fn(|_| Velocities::new(padded)),
            slopes_x: Slopes::new(padded),
            slopes_y: std::array::from_fn(|_| Slopes::new(padded)),
            faces_x: Faces::new(padded),
            faces_y: std::array::from_fn(|_| Faces::new(padded)),
            moves: std::array::from_fn(|_| vec![0.0; width]),
            wet: vec![0; width],
            ones: vec![1.0; width],
        }
    }
}

/// Sweeps a stretch of a row of tiles; returns the bits of the highest wave speed (0 after `PREDICT`).
#[inline(always)]
pub fn update<const STAGE: u32>(context: &Context, rows: &mut Rows, scratch: &mut Scratch) -> u32 {
    let first = rows.first;
    for row in first - 1..first + 1 {
        scratch.velocities[row % 3].load(context.row(row));
    }
    if STAGE != SINGLE {
        scratch.velocities[(first - 2) % 3].load(context.row(first - 2));
        slopes_across(context, first - 1, &scratch.velocities, &mut scratch.slopes_y[(first - 1) % 2]);
    }
    faces_below::<STAGE>(context, first - 1, rows, scratch);
    let mut speed = 0;
    scratch.wet[..context.width].fill(0);
    for row in first..first + rows.count {
        faces_below::<STAGE>(context, row, rows, scratch);
        if STAGE != SINGLE {
            slopes_along(context, row, &scratch.velocities[row % 3], &mut scratch.slopes_x);
        }
        along_row::<STAGE>(context, row, &scratch.velocities[row % 3], &scratch.slopes_x, &mut scratch.faces_x);
        west_and_east::<STAGE>(context, row, rows, &mut scratch.faces_x);
        speed = speed.max(update_row::<STAGE>(context, row, rows, scratch));
    }
    if STAGE != PREDICT {
        wake(context, rows.awake, &scratch.wet[..context.width]);
    }
    speed
}

/// Keeps the swept tiles awake in which there is water, or was a step ago.
fn wake(context: &Context, awake: &mut [u32], wet: &[u32]) {
    let rain = context.params.rain > 0.0;
    for (awake, wet) in awake[context.left / TILE..].iter_mut().zip(wet.chunks(TILE)) {
        *awake = if rain || wet.iter().any(|bits| *bits != 0) { 2 } else { (*awake).max(1) - 1 };
    }
}

/// Computes the faces between `row` and the next one, and the slopes that they need.
#[inline(always)]
fn faces_below<const STAGE: u32>(context: &Context, row: usize, rows: &mut Rows, scratch: &mut Scratch) {
    if STAGE != SINGLE {
        scratch.velocities[(row + 2) % 3].load(context.row(row + 2));
        slopes_across(context, row + 1, &scratch.velocities, &mut scratch.slopes_y[(row + 1) % 2]);
    } else {
        scratch.velocities[(row + 1) % 3].load(context.row(row + 1));
    }
    let faces = &mut scratch.faces_y[row % 2];
    across_rows::<STAGE>(context, row, &scratch.velocities, &scratch.slopes_y, faces);
    north_or_south::<STAGE>(context, row, rows, faces);
}

/// Time that a face's flux of this stage counts for, s.
fn weight<const STAGE: u32>(context: &Context) -> f64 {
    let share = if STAGE == SINGLE { 1.0 } else { 0.5 };
    share * f64::from(context.clock.dt)
}

/// Sets given discharges on the western and eastern faces of a row and books what passes.
#[inline(always)]
fn west_and_east<const STAGE: u32>(context: &Context, row: usize, rows: &mut Rows, faces: &mut Faces) {
    let perimeter = context.perimeter;
    let r = row - HALO;
    let depth = context.row(row).depth;
    let (west, east) = (HALO - 1, HALO + context.width - 1);
    if context.left == 0 {
        if perimeter.kind(perimeter.west[r]) == KIND_DISCHARGE {
            faces.set(west, inflow(perimeter.value(perimeter.west[r]), depth[west + 1]));
        }
        rows.out_west[row - rows.first] -= weight::<STAGE>(context) * f64::from(faces.mass[west]);
    }
    if context.left + context.width == context.params.cols as usize {
        if perimeter.kind(perimeter.east[r]) == KIND_DISCHARGE {
            faces.set(east, inflow(perimeter.value(perimeter.east[r]), depth[east]).mirrored());
        }
        rows.out_east[row - rows.first] += weight::<STAGE>(context) * f64::from(faces.mass[east]);
    }
}

/// Sets given discharges on the northern and southern edge and books what passes; does nothing in between.
#[inline(always)]
fn north_or_south<const STAGE: u32>(context: &Context, row: usize, rows: &mut Rows, faces: &mut Faces) {
    let perimeter = context.perimeter;
    let bottom = context.params.rows as usize + HALO - 1;
    if row == HALO - 1 && !rows.out_north.is_empty() {
        let depth = context.row(HALO).depth;
        for col in 0..context.width {
            let (place, face) = (context.left + col, col + HALO);
            if perimeter.kind(perimeter.north[place]) == KIND_DISCHARGE {
                faces.set(face, inflow(perimeter.value(perimeter.north[place]), depth[face]));
            }
            rows.out_north[place] -= weight::<STAGE>(context) * f64::from(faces.mass[face]);
        }
    }
    if row == bottom && !rows.out_south.is_empty() {
        let depth = context.row(bottom).depth;
        for col in 0..context.width {
            let (place, face) = (context.left + col, col + HALO);
            if perimeter.kind(perimeter.south[place]) == KIND_DISCHARGE {
                faces.set(face, inflow(perimeter.value(perimeter.south[place]), depth[face]).mirrored());
            }
            rows.out_south[place] += weight::<STAGE>(context) * f64::from(faces.mass[face]);
        }
    }
}

/// Flux of a given unit discharge (m²/s, inward) into a cell: at the cell's depth, or critical where it is shallower.
fn inflow(discharge: f32, depth: f32) -> Flux {
    let critical = (discharge * discharge / GRAVITY).cbrt();
    let at = max(depth, critical);
    let momentum = if at > 0.0 { discharge * discharge / at } else { 0.0 };
    let push = momentum + 0.5 * GRAVITY * (at + depth) * (at - depth);
    Flux { mass: discharge, left: push, right: push, along: 0.0 }
}

/// Adds `change` to a depth kept as a rounded value and what the rounding lost. What a cell owes stays in the low
/// part, so that a depth is never negative and no water is made.
#[inline(always)]
pub fn add(depth: f32, low: f32, change: f32) -> (f32, f32) {
    let change = change + low;
    let sum = depth + change;
    let lost = change - (sum - depth);
    // Two choices of a value and no branch: a branch becomes masked stores, which are slow on many processors.
    let owed = if sum < 0.0 { sum } else { 0.0 };
    (if sum < 0.0 { 0.0 } else { sum }, lost + owed)
}

/// Advances the cells of one row from the faces around them: three loops, each with few enough outputs (as arguments
/// of their own, so that the compiler knows them apart) to become SIMD.
#[inline(always)]
fn update_row<const STAGE: u32>(context: &Context, row: usize, rows: &mut Rows, scratch: &mut Scratch) -> u32 {
    let inside = HALO..HALO + context.width;
    // Spans of one length each, which the compiler must see.
    let n = context.width;
    let start = context.window(row).start + HALO;
    let ground = start..start + n;
    let at = start - rows.first * rows.stride;
    let target = at..at + n;
    let source = context.row(row);
    let around = Around {
        bed: &context.ground.bed[ground.clone()],
        manning: &context.ground.manning[ground.clone()],
        shares: context.ground.shares.get(ground.clone()).unwrap_or(&scratch.ones[..n]),
        depth: &source.depth[inside.clone()],
        low: &source.low[inside.clone()],
        qx: &source.qx[inside.clone()],
        qy: &source.qy[inside.clone()],
        west: scratch.faces_x.span(inside.start - 1..inside.end - 1),
        east: scratch.faces_x.span(inside.clone()),
        north: scratch.faces_y[(row + 1) % 2].span(inside.clone()),
        south: scratch.faces_y[row % 2].span(inside.clone()),
        level_x: scratch.slopes_x.level(inside.clone()),
        level_y: scratch.slopes_y[row % 2].level(inside),
    };
    let [change, x, y] = scratch.moves.each_mut().map(|values| &mut values[..n]);
    euler::<STAGE>(context, &around, change, x, y);
    let (depth, low) = (&mut rows.depth[target.clone()], &mut rows.low[target.clone()]);
    let (qx, qy) = (&mut rows.qx[target.clone()], &mut rows.qy[target.clone()]);
    blend::<STAGE>(&around, [&*change, &*x, &*y], (depth, low), qx, qy);
    if STAGE == PREDICT {
        return 0;
    }
    let capacity = &context.ground.infiltration[ground.clone()];
    // Under pavement and buildings nothing sinks in, and the two arrays of what did need not be touched.
    let sunk = change;
    if context.params.soil != SOIL_PLAIN {
        let soil = [0, 1].map(|part| &context.ground.soil[part][ground.clone()]);
        soak_row((context.params, context.clock), capacity, soil, &rows.infiltrated[target.clone()], depth, sunk);
    } else if capacity.iter().fold(0, |bits, rate| bits | rate.to_bits()) != 0 {
        sink(context, capacity, depth, sunk);
    } else {
        sunk.fill(0.0);
    }
    if sunk.iter().fold(0, |bits, depth| bits | depth.to_bits()) != 0 {
        let taken = (&mut rows.infiltrated[target.clone()], &mut rows.infiltrated_low[target.clone()]);
        take(sunk, (depth, low), taken);
    }
    dry_out(depth, qx, qy);
    let state = [&rows.depth[target.clone()], &rows.qx[target.clone()], &rows.qy[target.clone()]];
    let speed = gather(
        context,
        state,
        &mut rows.max_depth[target.clone()],
        &mut rows.max_speed[target.clone()],
        &mut rows.arrival[target.clone()],
        &mut rows.duration[target.clone()],
        &mut rows.max_hazard[target.clone()],
    );
    let wet = &mut scratch.wet[..n];
    wet.iter_mut().zip(&rows.depth[target]).for_each(|(wet, depth)| *wet |= depth.to_bits());
    speed
}

/// What a row of cells reads: itself and the faces around.
struct Around<'a> {
    bed: &'a [f32],
    manning: &'a [f32],
    shares: &'a [f32],
    depth: &'a [f32],
    low: &'a [f32],
    qx: &'a [f32],
    qy: &'a [f32],
    west: FaceSpan<'a>,
    east: FaceSpan<'a>,
    north: FaceSpan<'a>,
    south: FaceSpan<'a>,
    level_x: [&'a [f32]; 2],
    level_y: [&'a [f32]; 2],
}

/// One step of Euler: the change of depth (m), and the unit discharges after fluxes, bed slope and friction.
#[inline(always)]
fn euler<const STAGE: u32>(context: &Context, around: &Around, change: &mut [f32], x: &mut [f32], y: &mut [f32]) {
    let dt = context.clock.dt;
    let rate = dt / context.params.cell;
    let rain = context.params.rain * dt;
    let Around { west, east, north, south, .. } = around;
    for i in 0..change.len() {
        let open = around.bed[i] < 0.5 * WALL;
        let depth = around.depth[i];
        let flow = east.mass[i] - west.mass[i] + south.mass[i] - north.mass[i];
        let mut force_x = east.left[i] - west.right[i] + south.along[i] - north.along[i];
        let mut force_y = south.left[i] - north.right[i] + east.along[i] - west.along[i];
        if STAGE != SINGLE {
            force_x += GRAVITY * depth * (around.level_x[0][i] + around.level_x[1][i]);
            force_y += GRAVITY * depth * (around.level_y[0][i] + around.level_y[1][i]);
        }
        let gained = if open { rain * around.shares[i] - rate * flow } else { 0.0 };
        let (h, _) = add(depth, around.low[i], gained);
        let qx = around.qx[i] - rate * force_x;
        let qy = around.qy[i] - rate * force_y;
        let discharge = (qx * qx + qy * qy).sqrt();
        let factor = friction(max(h, DRY), discharge, around.manning[i], dt);
        let factor = if (h > DRY) & (discharge > STILL_DISCHARGE) { factor } else { 0.0 };
        change[i] = gained;
        x[i] = qx * factor;
        y[i] = qy * factor;
    }
}

/// Puts the stage's outcome into the target: as it is, or as the mean with the state before the step.
#[inline(always)]
fn blend<const STAGE: u32>(
    around: &Around,
    [change, x, y]: [&[f32]; 3],
    (depth, low): (&mut [f32], &mut [f32]),
    qx: &mut [f32],
    qy: &mut [f32],
) {
    for i in 0..change.len() {
        if STAGE == CORRECT {
            let moved = 0.5 * (((around.depth[i] - depth[i]) + (around.low[i] - low[i])) + change[i]);
            (depth[i], low[i]) = add(depth[i], low[i], moved);
            qx[i] = 0.5 * (qx[i] + x[i]);
            qy[i] = 0.5 * (qy[i] + y[i]);
        } else {
            (depth[i], low[i]) = add(around.depth[i], around.low[i], change[i]);
            qx[i] = x[i];
            qy[i] = y[i];
        }
    }
}

/// Infiltration: never more than the water there, which holds the rain of the step already.
#[inline(always)]
fn sink(context: &Context, capacity: &[f32], depth: &[f32], sunk: &mut [f32]) {
    let (dt, n) = (context.clock.dt, sunk.len());
    let (capacity, depth) = (&capacity[..n], &depth[..n]);
    for i in 0..n {
        sunk[i] = min(capacity[i] * dt, depth[i]);
    }
}

/// Takes what sinks in from the water, and books it.
#[inline(always)]
fn take(sunk: &[f32], (depth, low): (&mut [f32], &mut [f32]), (taken, taken_low): (&mut [f32], &mut [f32])) {
    let n = sunk.len();
    let (depth, low) = (&mut depth[..n], &mut low[..n]);
    let (taken, taken_low) = (&mut taken[..n], &mut taken_low[..n]);
    for i in 0..n {
        // Where none sinks in not a bit may change: whole rows of such cells are passed over.
        let sinks = sunk[i] != 0.0;
        let (left, left_low) = add(depth[i], low[i], -sunk[i]);
        let (all, all_low) = add(taken[i], taken_low[i], sunk[i]);
        depth[i] = if sinks { left } else { depth[i] };
        low[i] = if sinks { left_low } else { low[i] };
        taken[i] = if sinks { all } else { taken[i] };
        taken_low[i] = if sinks { all_low } else { taken_low[i] };
    }
}

/// Dry cells hold no momentum.
#[inline(always)]
fn dry_out(depth: &[f32], qx: &mut [f32], qy: &mut [f32]) {
    for i in 0..qx.len() {
        let wet = depth[i] > DRY;
        qx[i] = if wet { qx[i] } else { 0.0 };
        qy[i] = if wet { qy[i] } else { 0.0 };
    }
}

/// Maxima, arrival and duration; returns the bits of the highest wave speed.
#[inline(always)]
fn gather(
    context: &Context,
    [depth, qx, qy]: [&[f32]; 3],
    max_depth: &mut [f32],
    max_speed: &mut [f32],
    arrival: &mut [u32],
    duration: &mut [u32],
    max_hazard: &mut [f32],
) -> u32 {
    let (arrival_depth, duration_depth) = (context.params.arrival_depth, context.params.duration_depth);
    let (now, step) = (context.clock.now_ms, context.clock.step_ms);
    let n = depth.len();
    let (qx, qy) = (&qx[..n], &qy[..n]);
    let (max_depth, max_speed) = (&mut max_depth[..n], &mut max_speed[..n]);
    let (arrival, duration) = (&mut arrival[..n], &mut duration[..n]);
    let max_hazard = &mut max_hazard[..n];
    let mut speed_bits = 0;
    for i in 0..n {
        let h = depth[i];
        let inverse = 1.0 / max(h, DRY);
        let (u, v) = (qx[i] * inverse, qy[i] * inverse);
        // Maxima of bits let a value that is not a number come through.
        let bits = (u.to_bits() & 0x7fff_ffff).max(v.to_bits() & 0x7fff_ffff);
        let fastest = f32::from_bits(bits) + (GRAVITY * h).sqrt();
        speed_bits = speed_bits.max(fastest.to_bits() & 0x7fff_ffff);
        let speed = if h > SPEED_DEPTH { (u * u + v * v).sqrt() } else { 0.0 };
        max_depth[i] = max(max_depth[i], h);
        max_speed[i] = max(max_speed[i], speed);
        let debris = if h > DEBRIS_DEPTH { 1.0 } else { 0.5 };
        let hazard = if h > SPEED_DEPTH { h * (speed + 0.5) + debris } else { 0.0 };
        max_hazard[i] = max(max_hazard[i], hazard);
        arrival[i] = if (arrival[i] == NEVER) & (h > arrival_depth) { now } else { arrival[i] };
        duration[i] += if h > duration_depth { step } else { 0 };
    }
    speed_bits
}
