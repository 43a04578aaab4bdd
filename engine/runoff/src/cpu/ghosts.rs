//! Halo cells of open edges. Twin: `shaders/runoff/ghosts.wgsl`.
//!
//! The halo's bed is set once by the host: a wall, or the bed of the edge carried on. Here its water follows the
//! cells inside. Discharge edges take the depth inside; their flux is set on the face itself, so that the volume is
//! exact.

use super::super::params::{DRY, HALO, KIND_DISCHARGE, KIND_FREE, KIND_LEVEL, KIND_PERIODIC, KIND_WALL, Params};
use super::super::solver::State;
use super::state::{Ground, Perimeter};

/// One face of the edge: its segment, the halo cells outward, and the cells inside.
struct Face {
    segment: u32,
    /// Index of the edge cell.
    inner: usize,
    /// Index step outward.
    outward: isize,
    /// Whether the face looks east or west.
    is_x: bool,
    /// +1 where outward is east or south, −1 elsewhere.
    sign: f32,
    /// Distance in cells to the opposite edge, for periodic edges.
    across: isize,
}

/// Fills the halo of `state` from its cells inside and the segments' values.
pub fn ghosts(params: &Params, ground: &Ground, perimeter: &Perimeter, state: &mut State) {
    if perimeter.segments.iter().all(|segment| segment.kind == KIND_WALL) {
        return;
    }
    let (cols, rows, stride) = (params.cols as usize, params.rows as usize, params.stride as usize);
    let height = rows as isize;
    let width = cols as isize;
    let down = stride as isize;
    for col in 0..cols {
        let (top, bottom) = (HALO * stride + HALO + col, (HALO + rows - 1) * stride + HALO + col);
        let north =
            Face { segment: perimeter.north[col], inner: top, outward: -down, is_x: false, sign: -1.0, across: height };
        let south = Face {
            segment: perimeter.south[col],
            inner: bottom,
            outward: down,
            is_x: false,
            sign: 1.0,
            across: height,
        };
        fill(&north, ground, perimeter, state);
        fill(&south, ground, perimeter, state);
    }
    for row in 0..rows {
        let (left, right) = ((HALO + row) * stride + HALO, (HALO + row) * stride + HALO + cols - 1);
        let west =
            Face { segment: perimeter.west[row], inner: left, outward: -1, is_x: true, sign: -1.0, across: width };
        let east =
            Face { segment: perimeter.east[row], inner: right, outward: 1, is_x: true, sign: 1.0, across: width };
        fill(&west, ground, perimeter, state);
        fill(&east, ground, perimeter, state);
    }
}

fn fill(face: &Face, ground: &Ground, perimeter: &Perimeter, state: &mut State) {
    let kind = perimeter.kind(face.segment);
    let inner = face.inner;
    for layer in 1..=HALO as isize {
        let ghost = (inner as isize + layer * face.outward) as usize;
        let (depth, qx, qy) = match kind {
            KIND_FREE => {
                let (mut qx, mut qy) = (state.qx[inner], state.qy[inner]);
                if face.is_x {
                    qx = face.sign * (face.sign * qx).max(0.0);
                } else {
                    qy = face.sign * (face.sign * qy).max(0.0);
                }
                (state.depth[inner], qx, qy)
            }
            KIND_LEVEL => {
                let depth = (perimeter.value(face.segment) - ground.bed[ghost]).max(0.0);
                let share = if state.depth[inner] > DRY { depth / state.depth[inner] } else { 0.0 };
                (depth, state.qx[inner] * share, state.qy[inner] * share)
            }
            KIND_DISCHARGE => {
                let inward = -face.sign * perimeter.value(face.segment);
                let depth = state.depth[inner];
                if face.is_x { (depth, inward, state.qy[inner]) } else { (depth, state.qx[inner], inward) }
            }
            KIND_PERIODIC => {
                let twin = (ghost as isize - face.across * face.outward) as usize;
                (state.depth[twin], state.qx[twin], state.qy[twin])
            }
            _ => continue,
        };
        state.depth[ghost] = depth;
        state.qx[ghost] = qx;
        state.qy[ghost] = qy;
    }
}
