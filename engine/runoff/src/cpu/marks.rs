//! What the tiles of a row hold that never changes: loops that mind walls or soil are left out where there are none.

use super::super::params::{HALO, TILE, WALL};
use std::ops::Range;

/// There is a wall among the tile's cells of the row.
pub const WALLED: u8 = 1;
/// The cell east of them is a wall.
pub const WALL_AFTER: u8 = 2;
/// Leaves or soil of one of them may take water.
pub const SOAKS: u8 = 4;

/// Marks of each tile in each row of the padded arrays.
pub struct Marks {
    /// Tiles from west to east.
    across: usize,
    marks: Vec<u8>,
}

impl Marks {
    /// Of a padded bed; `soaks` tells whether a cell of the padded arrays may take water.
    pub fn new(cols: usize, bed: &[f32], soaks: impl Fn(usize) -> bool) -> Marks {
        let (across, stride) = (cols.div_ceil(TILE), cols + 2 * HALO);
        let is_wall = |z: &f32| *z > 0.5 * WALL;
        let mut marks = vec![0; across * (bed.len() / stride)];
        for (k, mark) in marks.iter_mut().enumerate() {
            let (row, col) = (k / across * stride + HALO, k % across * TILE);
            let (from, to) = (row + col, row + cols.min(col + TILE));
            let bit = |is: bool, bit: u8| if is { bit } else { 0 };
            *mark = bit(bed[from..to].iter().any(is_wall), WALLED)
                | bit(is_wall(&bed[to]), WALL_AFTER)
                | bit((from..to).any(&soaks), SOAKS);
        }
        Marks { across, marks }
    }

    /// Marks of some tiles of a padded row.
    #[inline(always)]
    pub fn of(&self, row: usize, tiles: Range<usize>) -> &[u8] {
        &self.marks[row * self.across..][tiles]
    }

    /// All marks everywhere, with which every loop runs.
    #[cfg(test)]
    pub fn everything(&mut self) {
        self.marks.fill(WALLED | WALL_AFTER | SOAKS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tile_of_each_row_is_marked_by_its_own_cells() {
        // Two rows of 40 cells: tiles of 16, 16 and 8.
        let (cols, stride) = (40, 40 + 2 * HALO);
        let mut bed = vec![0.0; stride * (2 + 2 * HALO)];
        let at = |row: usize, col: usize| (row + HALO) * stride + HALO + col;
        for wall in [at(0, 3), at(0, 16), at(1, 40)] {
            bed[wall] = WALL;
        }
        let soil = [at(0, 39), at(1, 15), at(1, 16)];
        let marks = Marks::new(cols, &bed, |i| soil.contains(&i));
        assert_eq!(marks.of(HALO, 0..3), [WALLED | WALL_AFTER, WALLED, SOAKS]);
        assert_eq!(marks.of(HALO + 1, 0..3), [SOAKS, SOAKS, WALL_AFTER]);
        assert_eq!(marks.of(HALO + 1, 1..2), [SOAKS]);
        assert!((0..HALO).chain(HALO + 2..2 * HALO + 2).all(|row| marks.of(row, 0..3).iter().all(|mark| *mark == 0)));
    }
}
