//! How a problem's arrays lie on the device. A kernel is given few buffers, so arrays of one kind share one, plane
//! after plane; a buffer has a largest size, so the grid is cut into strips of rows.

use super::super::arrays::Store;
use super::super::params::{GROUND_SOIL, HALO, SOIL_PLAIN, TILE, TOTALS_OUTFLOW};
use super::super::problem::{Boundary, BoundaryKind, Problem};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Edge;
use std::ops::Range;

/// Bytes of a cell's state, and of its statistics.
const STATE: u64 = 4 * Store::State.words() as u64;

/// What decides where things lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Cells from west to east.
    pub cols: usize,
    /// Cells from north to south.
    pub rows: usize,
    /// Whether soil is not plain.
    pub has_soil: bool,
    /// Whether each cell has a share of the rain of its own.
    pub has_shares: bool,
}

impl Layout {
    /// Of a problem.
    pub fn new(problem: &Problem) -> Layout {
        Layout {
            cols: problem.grid.cols,
            rows: problem.grid.rows,
            has_soil: problem.soil_kind() != SOIL_PLAIN,
            has_shares: problem.is_spread(),
        }
    }

    /// Cells in a row with the halo.
    pub fn stride(self) -> usize {
        self.cols + 2 * HALO
    }

    /// Cells of a strip of so many rows with the halo: the length of its planes.
    pub fn cells(self, rows: usize) -> usize {
        self.stride() * (rows + 2 * HALO)
    }

    /// Faces of the grid's edges.
    pub fn faces(self) -> usize {
        2 * (self.cols + self.rows)
    }

    /// Places, among all faces of the edges, of those along a strip of these rows: parts of the north, the south, the
    /// west and the east edge.
    pub fn faces_of(self, rows: &Range<usize>) -> [Range<usize>; 4] {
        let (south, west, east) = (self.cols, 2 * self.cols, 2 * self.cols + self.rows);
        let north_end = if rows.start == 0 { self.cols } else { 0 };
        let south_end = if rows.end == self.rows { west } else { south };
        [0..north_end, south..south_end, west + rows.start..west + rows.end, east + rows.start..east + rows.end]
    }

    /// The plane of `ground` that holds the shares of the rain.
    pub fn shares(self) -> usize {
        GROUND_SOIL + if self.has_soil { 2 } else { 0 }
    }

    /// Numbers in `ground` of a strip of so many rows.
    pub fn ground(self, rows: usize) -> usize {
        (self.shares() + usize::from(self.has_shares)) * self.cells(rows)
    }

    /// Numbers in `totals` of a strip of so many rows. Each strip has room for all faces of the edges and uses its own,
    /// so that a face has one number everywhere.
    pub fn totals(self, rows: usize) -> usize {
        TOTALS_OUTFLOW * self.cells(rows) + 2 * self.faces()
    }

    /// Memory of the device that a cell takes, bytes: ground, two states, statistics, and totals.
    pub fn bytes_per_cell(self) -> u64 {
        self.buffers().iter().map(|(bytes, _)| bytes).sum::<u64>() + 2 * STATE
    }

    /// The buffers of a strip that differ in size, in bytes: for each cell with the halo, and in all.
    fn buffers(self) -> [(u64, u64); 3] {
        let ground = 4 * (self.shares() + usize::from(self.has_shares));
        [(STATE, 0), (ground as u64, 0), (4 * TOTALS_OUTFLOW as u64, 8 * self.faces() as u64)]
    }

    /// Bytes of the largest buffer of a strip of so many rows.
    fn largest(self, rows: usize) -> u64 {
        let cells = self.cells(rows) as u64;
        self.buffers().iter().map(|(each, more)| each * cells + more).max().unwrap_or(0)
    }

    /// Rows that a strip can have where a buffer can have so many bytes.
    fn fit(self, binding: u64) -> usize {
        // Buffers are whole multiples of 16 bytes.
        let binding = binding / 16 * 16;
        let rows = |(each, more): (u64, u64)| binding.saturating_sub(more) / (each * self.stride() as u64);
        self.buffers().map(rows).into_iter().min().unwrap_or(0).saturating_sub(2 * HALO as u64) as usize
    }

    /// Rows of a strip: as many whole tiles as the largest of its buffers leaves room for.
    ///
    /// # Errors
    /// `Memory` where a row of tiles is too large, or the grid must be cut and is periodic across the cut.
    pub fn strip_rows(self, problem: &Problem, binding: u64) -> Result<usize> {
        let fit = self.fit(binding);
        if self.rows <= fit {
            return Ok(self.rows.next_multiple_of(TILE));
        }
        let memory = |what: &str, needed: u64| Error::Memory {
            what: what.into(),
            needed,
            available: binding,
            mend: "take a larger cell or a narrower area, or run with --device cpu".into(),
        };
        if fit < TILE {
            return Err(memory("a strip of 16 rows", self.largest(TILE)));
        }
        let is_around =
            |b: &Boundary| matches!(b.kind, BoundaryKind::Periodic) && matches!(b.edge, Edge::North | Edge::South);
        if problem.boundaries.iter().any(is_around) {
            return Err(memory("a grid that is periodic from north to south", self.largest(self.rows)));
        }
        Ok(fit / TILE * TILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    /// All kinds of layouts of a grid.
    fn layouts(cols: usize, rows: usize) -> impl Iterator<Item = Layout> {
        let kinds = [(false, false), (false, true), (true, false), (true, true)];
        kinds.into_iter().map(move |(has_soil, has_shares)| Layout { cols, rows, has_soil, has_shares })
    }

    #[test]
    fn a_strip_has_as_many_rows_as_its_largest_buffer_leaves_room_for() {
        for (cols, rows) in [(1, 1), (37, 900), (1100, 40), (20_000, 20_000)] {
            for layout in layouts(cols, rows) {
                for binding in [1 << 15, (1 << 20) + 4, 128 << 20, (4 << 30) - 1] {
                    let fit = layout.fit(binding);
                    let size = |rows| layout.largest(rows).next_multiple_of(16);
                    assert!(fit == 0 || size(fit) <= binding, "{layout:?} in {binding}: {fit} rows are too many");
                    assert!(size(fit + 1) > binding, "{layout:?} in {binding}: {fit} rows are too few");
                }
            }
        }
    }

    #[test]
    fn ground_with_soil_and_shares_is_what_fills_a_binding_first() {
        let rows = |binding: u64| layouts(996, 5000).map(|layout| layout.fit(binding)).collect::<Vec<usize>>();
        // 16, 16, 20 and 24 bytes for each of 1000 cells in a row, and four rows of halo.
        assert_eq!(rows(16_000 * 100), [96, 96, 76, 62]);
        // Bytes that a plane ends before, not in.
        assert_eq!(rows(16_000 * 100 - 1), [95, 95, 75, 62]);
    }

    #[test]
    fn faces_of_a_long_edge_fill_a_binding_too() {
        let layout = Layout { cols: 1, rows: 1000, has_soil: false, has_shares: false };
        // 16 016 bytes of faces, then 60 for a row, while states take 80.
        assert_eq!(layout.fit(16_016 + 60 * 24), 20);
        assert_eq!(layout.fit(16_000), 0);
    }

    #[test]
    fn sizes_are_those_of_the_buffers() {
        for layout in layouts(90, 98) {
            let sizes = [4 * layout.ground(32), 4 * layout.totals(32), 16 * layout.cells(32)];
            assert_eq!(sizes.into_iter().max(), Some(layout.largest(32) as usize), "{layout:?}");
        }
        let bytes: Vec<u64> = layouts(90, 98).map(Layout::bytes_per_cell).collect();
        assert_eq!(bytes, [72, 76, 80, 84]);
    }

    #[test]
    fn each_face_of_the_edges_is_one_strips() {
        for (cols, rows) in [(90, 98), (3, 32), (120, 33)] {
            let layout = Layout { cols, rows, has_soil: false, has_shares: false };
            let strips = (0..rows.div_ceil(32)).map(|k| 32 * k..rows.min(32 * (k + 1)));
            let mut faces: Vec<usize> = strips.flat_map(|rows| layout.faces_of(&rows)).flatten().collect();
            faces.sort();
            assert!(faces.into_iter().eq(0..layout.faces()), "{cols} × {rows} cells");
        }
    }

    #[test]
    fn strips_are_whole_tiles() {
        let problem = Problem::new(Grid::local(996, 500, 1.0), &vec![0.0; 996 * 500]);
        let layout = Layout::new(&problem);
        assert_eq!(layout.strip_rows(&problem, 16_000 * 100).unwrap(), 96);
        assert_eq!(layout.strip_rows(&problem, 16_000 * 99).unwrap(), 80);
        assert_eq!(layout.strip_rows(&problem, 16_000 * 504).unwrap(), 512);
        match layout.strip_rows(&problem, 16_000 * 19) {
            Err(Error::Memory { needed, available, .. }) => assert_eq!((needed, available), (320_000, 304_000)),
            other => panic!("a row of tiles larger than a binding gives {other:?}"),
        }
    }
}
