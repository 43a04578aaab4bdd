//! Outlines of areas, and the cells whose centres lie within.

use crate::grid::Grid;
use std::ops::Range;

/// Crossings of outlines with rows of cells that are taken: enough for the borders of a city at half a metre.
const MOST_CROSSINGS: usize = 4_000_000;

/// Polygons with holes: each a list of rings, the outer one first, of points in the grid's plane.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// The polygons.
    pub polygons: Vec<Vec<Vec<(f64, f64)>>>,
}

impl Outline {
    /// Columns of each row whose centres lie within, as ranges that rise and do not touch; rows without any are left out.
    /// `None` where the outline is too long to be followed.
    pub fn cells(&self, grid: &Grid) -> Option<Vec<(usize, Vec<Range<usize>>)>> {
        let mut rows: Vec<Vec<Range<usize>>> = vec![Vec::new(); grid.rows];
        let mut count = 0;
        for rings in &self.polygons {
            let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); grid.rows];
            for ring in rings {
                for (k, from) in ring.iter().enumerate() {
                    let to = ring[(k + 1) % ring.len()];
                    let row_of = |y: f64| (grid.north - y) / grid.cell - 0.5;
                    let (high, low) = (row_of(from.1.max(to.1)), row_of(from.1.min(to.1)));
                    // Centres from `high` on and before `low`: where two edges meet, one of them has the point.
                    let first = high.ceil().max(0.0);
                    let end = low.ceil().min(grid.rows as f64);
                    if !(first < end) {
                        continue;
                    }
                    count += (end - first) as usize;
                    if count > MOST_CROSSINGS {
                        return None;
                    }
                    for row in first as usize..end as usize {
                        let y = grid.north - (row as f64 + 0.5) * grid.cell;
                        let x = from.0 + (y - from.1) / (to.1 - from.1) * (to.0 - from.0);
                        crossings[row].push((x - grid.west) / grid.cell - 0.5);
                    }
                }
            }
            for (row, mut crossed) in crossings.into_iter().enumerate() {
                crossed.sort_by(f64::total_cmp);
                for pair in crossed.chunks_exact(2) {
                    let col = |x: f64| x.ceil().clamp(0.0, grid.cols as f64) as usize;
                    let range = col(pair[0])..col(pair[1]);
                    if !range.is_empty() {
                        rows[row].push(range);
                    }
                }
            }
        }
        let merged = rows.into_iter().enumerate().filter(|(_, ranges)| !ranges.is_empty());
        Some(merged.map(|(row, ranges)| (row, joined(ranges))).collect())
    }
}

/// Ranges that rise and do not touch.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}
