//! Faces on the edges of the grid: given discharges, and the books of what passes.

use super::super::params::{GRAVITY, HALO, KIND_DISCHARGE};
use super::faces::Faces;
use super::hllc::{Flux, max};
use super::state::{Rows, Span};
use super::update::{Context, SINGLE};

/// Time that a face's flux of this stage counts for, s.
fn weight<const STAGE: u32>(context: &Context) -> f64 {
    let share = if STAGE == SINGLE { 1.0 } else { 0.5 };
    share * f64::from(context.clock.dt)
}

/// Sets given discharges on the western and eastern faces of a row and books what passes, if these cells end there.
#[inline(always)]
pub fn west_and_east<const STAGE: u32>(context: &Context, row: usize, span: Span, rows: &mut Rows, faces: &mut Faces) {
    let perimeter = context.perimeter;
    let r = row - HALO;
    let (west, east) = (HALO - 1, HALO + context.width - 1);
    if context.left == 0 && span.from == HALO {
        if perimeter.kind(perimeter.west[r]) == KIND_DISCHARGE {
            faces.set(west, inflow(perimeter.value(perimeter.west[r]), context.depth(row, west + 1)));
        }
        rows.out_west[row - rows.first] -= weight::<STAGE>(context) * f64::from(faces.mass[west]);
    }
    if context.left + context.width == context.params.cols as usize && span.end() == east + 1 {
        if perimeter.kind(perimeter.east[r]) == KIND_DISCHARGE {
            faces.set(east, inflow(perimeter.value(perimeter.east[r]), context.depth(row, east)).mirrored());
        }
        rows.out_east[row - rows.first] += weight::<STAGE>(context) * f64::from(faces.mass[east]);
    }
}

/// Sets given discharges on the northern and southern edge and books what passes; does nothing in between.
#[inline(always)]
pub fn north_or_south<const STAGE: u32>(context: &Context, row: usize, span: Span, rows: &mut Rows, faces: &mut Faces) {
    let perimeter = context.perimeter;
    let bottom = context.params.rows as usize + HALO - 1;
    if row == HALO - 1 && !rows.out_north.is_empty() {
        for face in span.from..span.end() {
            let place = context.left + face - HALO;
            if perimeter.kind(perimeter.north[place]) == KIND_DISCHARGE {
                faces.set(face, inflow(perimeter.value(perimeter.north[place]), context.depth(HALO, face)));
            }
            rows.out_north[place] -= weight::<STAGE>(context) * f64::from(faces.mass[face]);
        }
    }
    if row == bottom && !rows.out_south.is_empty() {
        for face in span.from..span.end() {
            let place = context.left + face - HALO;
            if perimeter.kind(perimeter.south[place]) == KIND_DISCHARGE {
                faces.set(face, inflow(perimeter.value(perimeter.south[place]), context.depth(row, face)).mirrored());
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
