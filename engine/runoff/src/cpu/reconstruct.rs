//! Slopes within a cell. Twin: `shaders/runoff/reconstruct.wgsl`.

use super::super::params::DRY;
use super::hllc::min;

/// Steepness that the limiter allows depth and velocity. The level has 1: more builds dams at slope breaks.
const THETA: f32 = 1.3;

/// Change of depth, bed and velocities across a cell along one direction.
#[derive(Clone, Copy)]
pub struct Slope {
    /// Of the bed as the scheme sees it (level less depth), m.
    pub bed: f32,
    /// Of the depth, m.
    pub depth: f32,
    /// Of the velocity to the east, m/s.
    pub u: f32,
    /// Of the velocity to the south, m/s.
    pub v: f32,
}

/// What the reconstruction reads of a cell.
#[derive(Clone, Copy)]
pub struct Cell {
    /// Bed relative to the datum, m.
    pub bed: f32,
    /// Depth, m.
    pub depth: f32,
    /// Velocity to the east, m/s.
    pub u: f32,
    /// Velocity to the south, m/s.
    pub v: f32,
}

/// The generalised minmod limiter of two one-sided differences.
#[inline(always)]
fn minmod(theta: f32, back: f32, ahead: f32) -> f32 {
    let size = min(0.5 * (back + ahead).abs(), theta * min(back.abs(), ahead.abs()));
    let signed = if back > 0.0 { size } else { -size };
    if back * ahead > 0.0 { signed } else { 0.0 }
}

/// Slope of `cell` between the cells before and behind it. Flat (first order) beside dry cells and walls, and where
/// the bed bends by more than the depth: there a linear level would be an invention.
#[inline(always)]
pub fn reconstruct(before: Cell, cell: Cell, after: Cell) -> Slope {
    let bed_back = cell.bed - before.bed;
    let bed_ahead = after.bed - cell.bed;
    let depth_back = cell.depth - before.depth;
    let depth_ahead = after.depth - cell.depth;
    let wet = min(cell.depth, min(before.depth, after.depth)) > DRY;
    let smooth = (bed_ahead - bed_back).abs() <= cell.depth;
    let keep = if wet & smooth { 1.0 } else { 0.0 };
    let level = keep * minmod(1.0, bed_back + depth_back, bed_ahead + depth_ahead);
    let depth = keep * minmod(THETA, depth_back, depth_ahead);
    Slope {
        bed: level - depth,
        depth,
        u: keep * minmod(THETA, cell.u - before.u, after.u - cell.u),
        v: keep * minmod(THETA, cell.v - before.v, after.v - cell.v),
    }
}
