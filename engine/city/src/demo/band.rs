//! Rows of cells, and lines and surfaces painted on them.

use super::paint::Ground;
use glam::DVec2;
use hanze_base::grid::Grid;
use hanze_base::objects::RoadKind;

/// No house.
pub(super) const NONE: u32 = u32::MAX;

/// What has been painted on a cell. Distances are m, infinite beyond their reach.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) ground: Ground,
    pub(super) in_moat: bool,
    /// Distance to the shores of the moat.
    pub(super) shore: f32,
    /// Distance to the shore of other water, negative in it.
    pub(super) water: f32,
    /// Distance to the kerb, negative on the carriageway.
    pub(super) kerb: f32,
    pub(super) road: Option<RoadKind>,
    /// Distance to the kerb of a road that passes under the railway.
    pub(super) cutting: f32,
    pub(super) ditch: f32,
    pub(super) dike: f32,
    pub(super) rail: f32,
    pub(super) house: u32,
    pub(super) canopy: f32,
}

/// Some rows of cells.
pub(super) struct Band {
    cols: usize,
    rows: usize,
    cell: f64,
    /// North-west corner, m from the middle of the town.
    corner: DVec2,
    pub(super) cells: Vec<Cell>,
}

impl Band {
    pub(super) fn new(grid: &Grid, window: DVec2, first: usize, rows: usize) -> Band {
        let far = f32::INFINITY;
        let blank = Cell {
            ground: Ground::Verge,
            in_moat: false,
            shore: far,
            water: far,
            kerb: far,
            road: None,
            cutting: far,
            ditch: far,
            dike: far,
            rail: far,
            house: NONE,
            canopy: 0.0,
        };
        let corner = -window + DVec2::new(0.0, (grid.rows - first) as f64 * grid.cell);
        Band { cols: grid.cols, rows, cell: grid.cell, corner, cells: vec![blank; grid.cols * rows] }
    }

    /// Centre of a cell, m from the middle of the town.
    pub(super) fn point(&self, col: usize, row: usize) -> DVec2 {
        self.corner + DVec2::new(col as f64 + 0.5, -(row as f64 + 0.5)) * self.cell
    }

    /// Cells of a row or column whose centres lie between two distances from its start.
    fn between(&self, from: f64, to: f64, count: usize) -> std::ops::Range<usize> {
        let (from, to) = ((from / self.cell - 0.5).ceil().max(0.0), (to / self.cell + 0.5).floor());
        from as usize..(to.max(0.0) as usize).min(count)
    }

    /// Rows and columns whose centres lie in a box.
    fn covered(&self, low: DVec2, high: DVec2) -> [std::ops::Range<usize>; 2] {
        let rows = self.between(self.corner.y - high.y, self.corner.y - low.y, self.rows);
        [rows, self.between(low.x - self.corner.x, high.x - self.corner.x, self.cols)]
    }

    /// Paints the cells within `reach` of a line, with their distance.
    pub(super) fn stroke(&mut self, [a, b]: [DVec2; 2], reach: f64, mut paint: impl FnMut(&mut Cell, f64)) {
        let [rows, cols] = self.covered(a.min(b) - reach, a.max(b) + reach);
        for row in rows {
            for col in cols.clone() {
                let distance = super::shapes::to_segment(self.point(col, row), a, b);
                if distance < reach {
                    paint(&mut self.cells[row * self.cols + col], distance);
                }
            }
        }
    }

    /// Paints the cells whose centres lie in a polygon (even-odd).
    pub(super) fn fill(&mut self, outline: &[DVec2], mut paint: impl FnMut(&mut Cell)) {
        let low = outline.iter().copied().reduce(DVec2::min).unwrap_or_default();
        let high = outline.iter().copied().reduce(DVec2::max).unwrap_or_default();
        let [rows, _] = self.covered(low, high);
        let mut crossings = Vec::new();
        for row in rows {
            let y = self.point(0, row).y;
            crossings.clear();
            for (k, a) in outline.iter().enumerate() {
                let b = outline[(k + 1) % outline.len()];
                if (a.y > y) != (b.y > y) {
                    crossings.push(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
                }
            }
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let cols = self.between(pair[0] - self.corner.x, pair[1] - self.corner.x, self.cols);
                if !cols.is_empty() {
                    self.cells[row * self.cols..][cols].iter_mut().for_each(&mut paint);
                }
            }
        }
    }
}
