//! Land: where water counts as a flood. Not in walls, not where water stood before, and for places not in gaps between buildings.

use super::problem::Problem;
use hanze_base::grid::Grid;

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

/// Open cells that hang together by their sides over less than [`SMALLEST_GROUND`] between buildings; none in a city that has nothing
/// larger. Ground that goes on past the edge of the map, that has a road, or that borders less on buildings than on cells that are
/// neither open nor built is no gap.
pub fn gaps(
    grid: &Grid,
    is_open: &dyn Fn(usize) -> bool,
    is_built: &dyn Fn(usize) -> bool,
    is_road: &dyn Fn(usize) -> bool,
) -> Vec<bool> {
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
        // Sides at buildings and at unknown cells.
        let (mut built, mut unknown) = (0usize, 0usize);
        let (mut is_street, mut next) = (false, 0);
        while next < cells.len() {
            let cell = cells[next];
            next += 1;
            is_street |= is_road(cell);
            let beside = [
                (cell % cols > 0).then(|| cell - 1),
                (cell % cols + 1 < cols).then_some(cell + 1),
                cell.checked_sub(cols),
                Some(cell + cols).filter(|below| *below < len),
            ];
            for beside in beside {
                match beside {
                    None => is_street = true,
                    Some(beside) if is_open(beside) => {
                        if !seen[beside] {
                            seen[beside] = true;
                            cells.push(beside);
                        }
                    }
                    Some(beside) if is_built(beside) => built += 1,
                    Some(_) => unknown += 1,
                }
            }
        }
        if cells.len() >= least {
            is_ground = true;
        } else if !is_street && built > unknown {
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

    /// Gaps of a map of cells of 5 m: a letter is open ground, R with a road; # is a building, ? has no height.
    fn gaps_of(map: [&str; 6]) -> Vec<usize> {
        let cells: Vec<u8> = map.iter().flat_map(|row| row.bytes()).collect();
        let grid = Grid::local(map[0].len(), map.len(), 5.0);
        let found = gaps(&grid, &|cell| cells[cell].is_ascii_alphabetic(), &|cell| cells[cell] == b'#', &|cell| {
            cells[cell] == b'R'
        });
        (0..cells.len()).filter(|cell| found[*cell]).collect()
    }

    #[test]
    fn gaps_are_what_hangs_together_over_less_than_a_street() {
        // A street of four cells, a gap of three and one that touches it at a corner only.
        assert_eq!(
            gaps_of(["########", "#oooo###", "########", "#oo#o###", "#o#o####", "########"]),
            [25, 26, 28, 33, 35]
        );
        // Where there is nothing larger each gap is a street.
        assert!(gaps_of(["########", "########", "########", "#oo#####", "#o######", "########"]).is_empty());
        // What touches the edge of the map goes on.
        assert!(gaps_of(["########", "#oooo###", "#######o", "o#######", "###o####", "###o####"]).is_empty());
        // A road is a street, however short.
        assert_eq!(gaps_of(["########", "#oooo###", "########", "#oR#o###", "########", "########"]), [28]);
        // Ground in a hole of the heights is no gap, nor is that beside one house; a gap that touches a hole is.
        assert!(gaps_of(["??######", "?#oooo##", "????????", "?o??#o??", "????####", "####?o##"]).is_empty());
        assert_eq!(gaps_of(["########", "#oooo###", "########", "#o??####", "########", "########"]), [25]);
    }
}
