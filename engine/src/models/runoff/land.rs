//! Land: where water counts as a flood. Not in walls, not where water stood before, and for places not in gaps between buildings.

use super::problem::Problem;
use crate::grid::Grid;

/// Cells that held more than this at the start are water already, m.
pub(super) const STANDING_DEPTH: f32 = 0.05;
/// Open ground beside buildings that is more than a gap between them hangs together over so much, m². A passage or a light well has
/// some tens of square metres, a street or a courtyard more. Rain cannot leave a gap whose walls are cells: what stands there is made
/// by the raster.
pub const SMALLEST_GROUND: f64 = 100.0;

impl Problem {
    /// Whether a cell is land: water can enter it, and none stood there before.
    pub fn is_land(&self, cell: usize) -> bool {
        !self.bed[cell].is_nan() && self.depth[cell] <= STANDING_DEPTH
    }

    /// Whether water on a cell counts for places: it is land, and in no gap between buildings.
    pub fn counts(&self, cell: usize) -> bool {
        self.is_land(cell) && !self.is_gap(cell)
    }

    /// Whether a cell lies in a gap between buildings.
    pub fn is_gap(&self, cell: usize) -> bool {
        self.gaps.get(cell).copied().unwrap_or(false)
    }

    /// Whether a cell is part of a building.
    pub fn is_built(&self, cell: usize) -> bool {
        self.built.get(cell).copied().unwrap_or(false)
    }
}

/// Open cells that hang together by their sides over less than [`SMALLEST_GROUND`]; none in a city that has nothing larger.
pub fn gaps(grid: &Grid, is_open: &dyn Fn(usize) -> bool) -> Vec<bool> {
    let (cols, len) = (grid.cols, grid.len());
    let least = (SMALLEST_GROUND / grid.cell_area()).ceil() as usize;
    let (mut seen, mut gaps) = (vec![false; len], vec![false; len]);
    let mut is_ground = false;
    for start in 0..len {
        if seen[start] || !is_open(start) {
            continue;
        }
        let mut cells = vec![start];
        seen[start] = true;
        let mut next = 0;
        while next < cells.len() {
            let cell = cells[next];
            next += 1;
            let beside = [
                (cell % cols > 0).then(|| cell - 1),
                (cell % cols + 1 < cols).then_some(cell + 1),
                cell.checked_sub(cols),
                Some(cell + cols).filter(|below| *below < len),
            ];
            for beside in beside.into_iter().flatten() {
                if !seen[beside] && is_open(beside) {
                    seen[beside] = true;
                    cells.push(beside);
                }
            }
        }
        if cells.len() >= least {
            is_ground = true;
        } else {
            cells.into_iter().for_each(|cell| gaps[cell] = true);
        }
    }
    if !is_ground {
        gaps.fill(false);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_hangs_together_over_less_than_a_street() {
        // Cells of 5 m: a street of five cells, a gap of three, and one cell that touches it at a corner only.
        let open = |cells: &[usize], cell: usize| cells.contains(&cell);
        let grid = Grid::local(6, 4, 5.0);
        let all = [0, 1, 2, 3, 4, 12, 13, 18, 20];
        let found = gaps(&grid, &|cell| open(&all, cell));
        let expected: Vec<usize> = (0..24).filter(|cell| found[*cell]).collect();
        assert_eq!(expected, [12, 13, 18, 20]);
        // Where there is nothing larger each gap is a street.
        assert!(gaps(&grid, &|cell| open(&all[5..], cell)).iter().all(|gap| !gap));
        // Exactly as large is ground; the ends of two rows are no neighbours.
        let found = gaps(&grid, &|cell| open(&[0, 1, 2, 3, 11, 12], cell));
        assert!(!found[3] && found[11] && found[12]);
    }
}
