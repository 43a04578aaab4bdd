//! Values of a block of cells, which lie together: loops over them become SIMD.

use std::ops::Range;

/// Cells of a block.
pub const LANES: usize = 64;

/// One value of each cell of a block.
pub type Lanes = [f32; LANES];

/// Blocks of so many cells.
pub fn blocks(cells: usize) -> usize {
    cells.div_ceil(LANES)
}

/// The block of a cell and its place there.
pub fn place(cell: usize) -> (usize, usize) {
    (cell / LANES, cell % LANES)
}

/// Cells of a block, of so many in all.
pub fn span(block: usize, cells: usize) -> Range<usize> {
    block * LANES..((block + 1) * LANES).min(cells)
}

/// Takes the values from `start` on out of a list. Where the list ends before the block does, `to` keeps what it held.
#[inline(always)]
pub fn fill(to: &mut Lanes, values: &[f32], start: usize) {
    let part = values.get(start..).unwrap_or(&[]);
    match part.first_chunk() {
        Some(part) => *to = *part,
        None => to[..part.len()].copy_from_slice(part),
    }
}

/// The same, with a value for cells that the list does not have.
#[inline(always)]
pub fn fill_or(to: &mut Lanes, values: &[f32], start: usize, none: f32) {
    if values.len() < start + LANES {
        to.fill(none);
    }
    fill(to, values, start);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_take_what_a_list_has() {
        let values: Vec<f32> = (0..150).map(|k| k as f32).collect();
        let mut lanes = [-1.0; LANES];
        fill(&mut lanes, &values, 64);
        assert!(lanes.iter().zip(64..).all(|(value, k)| *value == k as f32));
        fill(&mut lanes, &values, 128);
        assert_eq!((lanes[21], lanes[22], lanes[63]), (149.0, 86.0, 127.0));
        fill_or(&mut lanes, &values, 128, 7.0);
        assert_eq!((lanes[21], lanes[22], lanes[63]), (149.0, 7.0, 7.0));
        fill_or(&mut lanes, &[], 64, 3.0);
        assert_eq!(lanes, [3.0; LANES]);
        assert_eq!((blocks(150), place(149), span(2, 150)), (3, (2, 21), 128..150));
    }
}
