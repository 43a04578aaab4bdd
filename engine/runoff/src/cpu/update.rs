//! One stage of a time step on a stretch of active tiles. Twin: `shaders/runoff/update.wgsl`.
//!
//! A sweep walks the rows of its tiles from north to south and computes each face once, in rows of scratch that stay in
//! the cache. Faces on its edges are computed again by the neighbouring sweep, from the same numbers in the same order:
//! results depend neither on the number of threads nor on how the tiles are strung together.

use super::super::params::{Clock, DRY, GRAVITY, HALO, Params, SOIL_PLAIN, STILL_DISCHARGE, TILE, WALL};
use super::super::solver::State;
use super::edges::{north_or_south, west_and_east};
use super::faces::{
    FaceSpan, Faces, Slopes, Velocities, across_rows, along_row, slopes_across, slopes_along, west_face,
};
use super::friction::friction;
use super::gather::{Gathered, gather};
use super::hllc::{max, min};
use super::marks::SOAKS;
use super::soil::soak_row;
use super::state::{Ground, Perimeter, Rows, Span};
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

impl Context<'_> {
    /// Where swept cells of a padded row are in the padded arrays. Their own places count from the halo west of the
    /// sweep.
    #[inline(always)]
    pub fn places(&self, row: usize, span: Span) -> Span {
        span.moved(row * self.params.stride as usize + self.left + span.from)
    }

    /// Depth of a cell of a padded row, m.
    #[inline(always)]
    pub fn depth(&self, row: usize, cell: usize) -> f32 {
        self.source.depth[self.places(row, Span { from: cell, n: 1 }).from]
    }

    /// Tiles of swept cells.
    #[inline(always)]
    fn tiles(&self, span: Span) -> Range<usize> {
        let first = self.left + span.from - HALO;
        first / TILE..(first + span.n).div_ceil(TILE)
    }

    /// All marks that tiles of swept cells of a padded row have.
    #[inline(always)]
    pub fn marks(&self, row: usize, span: Span) -> u8 {
        self.ground.marks.of(row, self.tiles(span)).iter().fold(0, |all, marks| all | marks)
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
    /// Squares of velocities of a row.
    squares: Vec<f32>,
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
            squares: vec![0.0; width],
            wet: vec![0; width],
            ones: vec![1.0; width],
        }
    }
}

/// Sweeps a stretch of rows of tiles; takes and returns the bits of the highest wave speed (as it was after `PREDICT`).
#[inline(always)]
pub fn update<const STAGE: u32>(context: &Context, rows: &mut Rows, scratch: &mut Scratch, mut highest: u32) -> u32 {
    let (first, end, width) = (rows.first, rows.first + rows.count, context.width);
    let tiles = rows.awake.len() / rows.count.div_ceil(TILE);
    let span = Span { from: HALO, n: width };
    // Rows whose velocities must be known beyond the one whose faces below are computed.
    let lead = if STAGE == SINGLE { 1 } else { 2 };
    for row in first - lead..first {
        scratch.velocities[row % 3].load(context, row, Span { from: 0, n: width + 2 * HALO });
    }
    for row in first - lead..end {
        if row >= first && (row - first).is_multiple_of(TILE) {
            scratch.wet[..width].fill(0);
        }
        scratch.velocities[(row + lead) % 3].load(context, row + lead, Span { from: 0, n: width + 2 * HALO });
        if STAGE != SINGLE {
            slopes_across(context, row + 1, &scratch.velocities, span, &mut scratch.slopes_y[(row + 1) % 2]);
        }
        // Above the first row there are only faces, and above these only slopes.
        if row + 1 >= first {
            let faces = &mut scratch.faces_y[row % 2];
            across_rows::<STAGE>(context, row, &scratch.velocities, &scratch.slopes_y, span, faces);
            north_or_south::<STAGE>(context, row, span, rows, faces);
        }
        if row >= first {
            faces_beside::<STAGE>(context, row, span, rows, scratch);
            highest = update_cells::<STAGE>(context, row, span, rows, scratch, highest);
        }
        if STAGE != PREDICT && row >= first && ((row + 1 - first).is_multiple_of(TILE) || row + 1 == end) {
            let band = (row - first) / TILE * tiles;
            wake(context, &mut rows.awake[band..band + tiles], &scratch.wet[..width]);
        }
    }
    highest
}

/// Keeps the swept tiles awake in which there is water, or was a step ago.
fn wake(context: &Context, awake: &mut [u32], wet: &[u32]) {
    let rain = context.params.rain > 0.0;
    for (awake, wet) in awake[context.left / TILE..].iter_mut().zip(wet.chunks(TILE)) {
        *awake = if rain || wet.iter().any(|bits| *bits != 0) { 2 } else { (*awake).max(1) - 1 };
    }
}

/// Computes the faces west and east of a row's cells, and the slopes that they need.
#[inline(always)]
fn faces_beside<const STAGE: u32>(context: &Context, row: usize, span: Span, rows: &mut Rows, scratch: &mut Scratch) {
    let (velocities, slopes, faces) = (&scratch.velocities[row % 3], &mut scratch.slopes_x, &mut scratch.faces_x);
    if STAGE != SINGLE {
        slopes_along(context, row, velocities, Span { from: span.from - 1, n: span.n + 2 }, slopes);
    }
    west_face::<STAGE>(context, row, velocities, slopes, faces);
    along_row::<STAGE>(context, row, velocities, slopes, span, faces);
    west_and_east::<STAGE>(context, row, span, rows, faces);
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

/// Advances cells of one row from the faces around them: loops, each with few enough outputs (as arguments of their
/// own, so that the compiler knows them apart) to become SIMD. Takes and returns the bits of the highest wave speed.
#[inline(always)]
fn update_cells<const STAGE: u32>(
    context: &Context,
    row: usize,
    span: Span,
    rows: &mut Rows,
    scratch: &mut Scratch,
    highest: u32,
) -> u32 {
    let n = span.n;
    let cells = context.places(row, span);
    let target = span.moved(cells.from - rows.first * rows.stride);
    let Context { ground, source, .. } = context;
    let around = Around {
        bed: cells.of(&ground.bed),
        manning: cells.of(&ground.manning),
        shares: if ground.shares.is_empty() { &scratch.ones[..n] } else { cells.of(&ground.shares) },
        depth: cells.of(&source.depth),
        low: cells.of(&source.low),
        qx: cells.of(&source.qx),
        qy: cells.of(&source.qy),
        west: scratch.faces_x.span(span.moved(span.from - 1)),
        east: scratch.faces_x.span(span),
        north: scratch.faces_y[(row + 1) % 2].span(span),
        south: scratch.faces_y[row % 2].span(span),
        level_x: scratch.slopes_x.level(span),
        level_y: scratch.slopes_y[row % 2].level(span),
    };
    let [change, x, y] = scratch.moves.each_mut().map(|values| &mut values[..n]);
    euler::<STAGE>(context, &around, change, x, y);
    let moves = [&*change, &*x, &*y];
    let (depth, low) = (target.of_mut(rows.state.depth), target.of_mut(rows.state.low));
    let (qx, qy) = (target.of_mut(rows.state.qx), target.of_mut(rows.state.qy));
    // Under pavement and buildings nothing sinks in.
    let soaks = context.marks(row, span) & SOAKS != 0;
    if STAGE == PREDICT || soaks {
        blend::<STAGE, false>(&around, moves, depth, low, qx, qy);
    } else {
        blend::<STAGE, true>(&around, moves, depth, low, qx, qy);
    }
    if STAGE == PREDICT {
        return highest;
    }
    if soaks {
        soak(context, row, span, rows, change);
        let (depth, qx, qy) = (target.of(rows.state.depth), target.of_mut(rows.state.qx), target.of_mut(rows.state.qy));
        dry_out(depth, qx, qy);
    }
    let water = [target.of(rows.state.depth), target.of(rows.state.qx), target.of(rows.state.qy)];
    let own = Gathered {
        max_depth: target.of_mut(rows.statistics.max_depth),
        max_speed: target.of_mut(rows.statistics.max_speed),
        arrival: target.of_mut(rows.statistics.arrival),
        duration: target.of_mut(rows.statistics.duration),
        max_hazard: target.of_mut(rows.statistics.max_hazard),
    };
    let highest = gather((context.params, context.clock), water, own, &mut scratch.squares[..n], highest);
    // While it rains nobody asks.
    if context.params.rain <= 0.0 {
        let wet = &mut scratch.wet[span.from - HALO..span.from - HALO + n];
        wet.iter_mut().zip(water[0]).for_each(|(wet, depth)| *wet |= depth.to_bits());
    }
    highest
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

/// Puts the stage's outcome into the target: as it is, or as the mean with the state before the step. `DRY_OUT`: does
/// what [`dry_out`] does.
#[inline(always)]
fn blend<const STAGE: u32, const DRY_OUT: bool>(
    around: &Around,
    [change, x, y]: [&[f32]; 3],
    depth: &mut [f32],
    low: &mut [f32],
    qx: &mut [f32],
    qy: &mut [f32],
) {
    for i in 0..change.len() {
        let (new_x, new_y) = if STAGE == CORRECT {
            let moved = 0.5 * (((around.depth[i] - depth[i]) + (around.low[i] - low[i])) + change[i]);
            (depth[i], low[i]) = add(depth[i], low[i], moved);
            (0.5 * (qx[i] + x[i]), 0.5 * (qy[i] + y[i]))
        } else {
            (depth[i], low[i]) = add(around.depth[i], around.low[i], change[i]);
            (x[i], y[i])
        };
        let keeps = !DRY_OUT | (depth[i] > DRY);
        qx[i] = if keeps { new_x } else { 0.0 };
        qy[i] = if keeps { new_y } else { 0.0 };
    }
}

/// What sinks in of the water of a row's cells, tile by tile where anything does; `sunk` is space to work in.
#[inline(always)]
fn soak(context: &Context, row: usize, span: Span, rows: &mut Rows, sunk: &mut [f32]) {
    let marks = context.ground.marks.of(row, context.tiles(span));
    let start = context.places(row, span).from;
    let mut tile = 0;
    while tile < marks.len() {
        let end = (tile..marks.len()).find(|&tile| marks[tile] & SOAKS == 0).unwrap_or(marks.len());
        let (from, to) = (tile * TILE, span.n.min(end * TILE));
        if from < to {
            let cells = Span { from: start + from, n: to - from };
            soak_tiles(context, cells, rows, &mut sunk[..to - from]);
        }
        tile = end + 1;
    }
}

/// The same for cells beside each other, by their places in the padded arrays.
#[inline(always)]
fn soak_tiles(context: &Context, cells: Span, rows: &mut Rows, sunk: &mut [f32]) {
    let target = cells.moved(cells.from - rows.first * rows.stride);
    let capacity = cells.of(&context.ground.infiltration);
    let depth = target.of(rows.state.depth);
    if context.params.soil != SOIL_PLAIN {
        let soil = [0, 1].map(|part: usize| cells.of(&context.ground.soil[part]));
        soak_row((context.params, context.clock), capacity, soil, target.of(rows.statistics.infiltrated), depth, sunk);
    } else {
        sink(context, capacity, depth, sunk);
    }
    if sunk.iter().fold(0, |bits, depth| bits | depth.to_bits()) != 0 {
        let (depth, low) = (target.of_mut(rows.state.depth), target.of_mut(rows.state.low));
        take(
            sunk,
            depth,
            low,
            target.of_mut(rows.statistics.infiltrated),
            target.of_mut(rows.statistics.infiltrated_low),
        );
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
fn take(sunk: &[f32], depth: &mut [f32], low: &mut [f32], taken: &mut [f32], taken_low: &mut [f32]) {
    let n = sunk.len();
    let (depth, low) = (&mut depth[..n], &mut low[..n]);
    let (taken, taken_low) = (&mut taken[..n], &mut taken_low[..n]);
    for i in 0..n {
        // Where none sinks in not a bit may change: whole tiles of such cells are passed over.
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
