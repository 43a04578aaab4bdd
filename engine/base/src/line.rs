//! Lines through points, and the cells that they pass.

use crate::grid::Grid;
use glam::DVec2;

/// Cells that a line passes, in its order, each once, from neighbour to neighbour over their sides: water cannot slip through
/// between them at a corner. What lies outside the grid is left out.
pub fn cells(grid: &Grid, points: &[[f64; 2]]) -> Vec<usize> {
    let mut cells: Vec<usize> = Vec::new();
    let place = |[x, y]: [f64; 2]| DVec2::new((x - grid.west) / grid.cell, (grid.north - y) / grid.cell);
    let frame = DVec2::new(grid.cols as f64, grid.rows as f64);
    let mut push = |at: DVec2| {
        let inside = at.x >= 0.0 && at.y >= 0.0 && at.x < frame.x && at.y < frame.y;
        let cell = at.y as usize * grid.cols + at.x as usize;
        if inside && cells.last() != Some(&cell) {
            cells.push(cell);
        }
    };
    if let [point] = points {
        push(place(*point).floor());
    }
    for ends in points.windows(2) {
        let Some((from, to)) = clipped(place(ends[0]), place(ends[1]), frame) else { continue };
        let (mut at, last) = (from.floor(), to.floor());
        let step = (to - from).signum();
        // Share of the way at which the next side is crossed, and from one to the next.
        let each = (to - from).recip().abs();
        let ahead = DVec2::select(step.cmpgt(DVec2::ZERO), at + 1.0 - from, from - at);
        let mut next = DVec2::new(
            if from.x == to.x { f64::INFINITY } else { ahead.x * each.x },
            if from.y == to.y { f64::INFINITY } else { ahead.y * each.y },
        );
        push(at);
        let most = ((last - at).abs().element_sum() as usize).min(2 * (grid.cols + grid.rows));
        for _ in 0..most {
            if next.x < next.y {
                at.x += step.x;
                next.x += each.x;
            } else {
                at.y += step.y;
                next.y += each.y;
            }
            push(at);
        }
    }
    let mut seen = std::collections::HashSet::new();
    cells.retain(|cell| seen.insert(*cell));
    cells
}

/// The part of a line within a cell of the frame; `None` where there is none.
fn clipped(from: DVec2, to: DVec2, frame: DVec2) -> Option<(DVec2, DVec2)> {
    let (mut start, mut end) = (0.0f64, 1.0f64);
    let along = to - from;
    for (at, step, most) in [(from.x, along.x, frame.x), (from.y, along.y, frame.y)] {
        let (low, high) = (-1.0 - at, most + 1.0 - at);
        if step == 0.0 {
            if low > 0.0 || high < 0.0 {
                return None;
            }
            continue;
        }
        let (one, other) = (low / step, high / step);
        start = start.max(one.min(other));
        end = end.min(one.max(other));
    }
    (start <= end).then(|| (from + start * along, from + end * along))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_passes_from_side_to_side() {
        let grid = Grid::local(20, 10, 2.0);
        let check = |points: &[[f64; 2]]| {
            let cells = cells(&grid, points);
            for pair in cells.windows(2) {
                let apart = (pair[0] % 20).abs_diff(pair[1] % 20) + (pair[0] / 20).abs_diff(pair[1] / 20);
                assert_eq!(apart, 1, "{points:?}: {cells:?}");
            }
            cells
        };
        assert_eq!(check(&[[1.0, 19.0], [9.0, 19.0]]), [0, 1, 2, 3, 4]);
        assert_eq!(check(&[[1.0, 19.0], [1.0, 13.0], [3.0, 13.0]]), [0, 20, 40, 60, 61]);
        // A slope of one half, backwards, and from far outside to far outside.
        assert_eq!(check(&[[39.0, 1.0], [1.0, 19.5]]).len(), 29);
        assert_eq!(check(&[[-1e6, 9.0], [1e6, 9.0]]).len(), 20);
        assert_eq!(check(&[[7.0, 7.0]]), [6 * 20 + 3]);
        assert!(check(&[[7.0, 70.0]]).is_empty() && check(&[[70.0, 7.0], [70.0, 9.0]]).is_empty());
    }
}
