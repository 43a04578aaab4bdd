//! The kernels on the CPU.

pub mod horizons;
pub mod radiation;
pub mod shade;

use std::ops::Range;

/// Columns of a row whose neighbour so many columns and rows away lies in the grid, and where that neighbour's row begins, shifted so
/// that the column of the cell itself finds it; `None` where there is none.
fn beside(cols: usize, rows: usize, row: usize, step: (i32, i32)) -> Option<(Range<usize>, usize)> {
    let row = i64::try_from(row).ok()? + i64::from(step.1);
    let row = usize::try_from(row).ok().filter(|row| *row < rows)?;
    let (width, shift) = (cols as i64, i64::from(step.0));
    let range = (-shift).clamp(0, width) as usize..(width - shift).clamp(0, width) as usize;
    if range.is_empty() {
        return None;
    }
    let first = row as i64 * width + range.start as i64 + shift;
    Some((range, usize::try_from(first).ok()?))
}
