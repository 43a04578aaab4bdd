//! Right-triangulated irregular networks: a square of 2^k cells halved into ever smaller triangles, where a judge asks
//! for it, without cracks (Evans, Kirkpatrick and Townsend 2001; the numbering is that of MapBox's Martini).
//!
//! A grid that is no such square is one whose outer vertices are moved onto its edge: whole triangles beyond it shrink
//! to lines and are left out.

use rayon::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// A vertex: column and row.
pub(super) type Vertex = [i64; 2];

/// Largest side of a grid, in vertices: the numbers of triangles must fit, and so must the memory.
pub(super) const MOST_SIDE: usize = 8193;

/// A triangle of the network, on its grid.
pub(super) struct Triangle(pub(super) [Vertex; 3]);

impl Triangle {
    /// Twice its area, with the sign of its turn.
    pub(super) fn turn(&self) -> i64 {
        let [a, b, c] = self.0;
        (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    }

    /// Longest extent along rows or columns, in cells.
    pub(super) fn extent(&self) -> i64 {
        let span = |k: usize| {
            let [a, b, c] = self.0.map(|corner| corner[k]);
            a.max(b).max(c) - a.min(b).min(c)
        };
        span(0).max(span(1))
    }

    /// Visits the vertices in it and on its sides, row by row, until told to stop.
    pub(super) fn visit(&self, mut visit: impl FnMut(i64, i64) -> ControlFlow<()>) -> ControlFlow<()> {
        let turn = self.turn().signum();
        if turn == 0 {
            return ControlFlow::Continue(());
        }
        let [a, b, c] = self.0;
        let rows = a[1].min(b[1]).min(c[1])..=a[1].max(b[1]).max(c[1]);
        for row in rows {
            let (mut from, mut to) = (a[0].min(b[0]).min(c[0]), a[0].max(b[0]).max(c[0]));
            for [p, q] in [[a, b], [b, c], [c, a]] {
                // On the inner side: turn * (dx (row - py) - dy (x - px)) >= 0.
                let (dx, dy) = ((q[0] - p[0]) * turn, (q[1] - p[1]) * turn);
                let rest = dx * (row - p[1]) + dy * p[0];
                match dy {
                    0 => {}
                    1.. => to = to.min(rest.div_euclid(dy)),
                    _ => from = from.max(-rest.div_euclid(-dy)),
                }
            }
            for col in from..=to {
                visit(col, row)?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Triangles of a grid of `cols` by `rows` vertices, halved wherever `judge` says that a triangle must be. All turn the
/// same way: counterclockwise where rows go up.
///
/// # Panics
/// If a side has fewer than 2 vertices or more than [`MOST_SIDE`].
pub(super) fn network(cols: usize, rows: usize, judge: impl Fn(&Triangle) -> bool + Sync) -> Vec<Triangle> {
    let longest = cols.max(rows);
    assert!(cols.min(rows) >= 2 && longest <= MOST_SIDE, "{cols} × {rows} vertices");
    let size = (longest - 1).next_power_of_two();
    let halved = Halved { size, cols: cols as i64, rows: rows as i64, at: marks((size + 1) * (size + 1)) };
    // From the smallest triangles that can be halved to the largest: one that must be makes its parents be halved, too.
    // The two triangles on a side share its mark, and either may set it.
    let levels = 2 * size.ilog2();
    for level in (0..levels).rev() {
        let has_halves = level + 1 < levels;
        let first = 1u64 << (level + 1);
        (first..2 * first).into_par_iter().for_each(|id| {
            let triangle = halved.triangle(id);
            let clamped = halved.clamped(&triangle);
            // Beyond the grid nothing is left of a triangle, nor of its halves.
            if clamped.turn() == 0 {
                return;
            }
            let is_forced = has_halves && halved.children(&triangle).into_iter().any(|child| halved.is_split(child));
            if is_forced || !halved.is_split(middle(&triangle)) && judge(&clamped) {
                halved.split(&triangle);
            }
        });
    }
    let mut found = Vec::new();
    let s = size as i64;
    halved.collect(Triangle([[0, 0], [s, s], [s, 0]]), &mut found);
    halved.collect(Triangle([[s, s], [0, 0], [0, s]]), &mut found);
    found
}

fn marks(count: usize) -> Vec<AtomicBool> {
    (0..count).map(|_| AtomicBool::new(false)).collect()
}

/// Middle of the longest side.
fn middle(triangle: &Triangle) -> Vertex {
    let [a, b, _] = triangle.0;
    [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}

/// Where sides are halved.
struct Halved {
    size: usize,
    cols: i64,
    rows: i64,
    at: Vec<AtomicBool>,
}

impl Halved {
    /// The triangle of a number: longest side first, right angle last.
    fn triangle(&self, mut id: u64) -> Triangle {
        let s = self.size as i64;
        let (mut a, mut b, mut c) = if id & 1 == 1 { ([0, 0], [s, s], [s, 0]) } else { ([s, s], [0, 0], [0, s]) };
        while id > 3 {
            id >>= 1;
            let m = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
            (a, b, c) = if id & 1 == 1 { (c, a, m) } else { (b, c, m) };
        }
        Triangle([a, b, c])
    }

    fn slot(&self, [col, row]: Vertex) -> &AtomicBool {
        &self.at[row as usize * (self.size + 1) + col as usize]
    }

    fn is_split(&self, middle: Vertex) -> bool {
        self.slot(middle).load(Ordering::Relaxed)
    }

    fn split(&self, triangle: &Triangle) {
        self.slot(middle(triangle)).store(true, Ordering::Relaxed);
    }

    /// Middles of the two shorter sides, where the halves of a triangle would be halved again.
    fn children(&self, triangle: &Triangle) -> [Vertex; 2] {
        let [a, b, c] = triangle.0;
        [middle(&Triangle([c, a, b])), middle(&Triangle([b, c, a]))]
    }

    fn clamped(&self, triangle: &Triangle) -> Triangle {
        Triangle(triangle.0.map(|[col, row]| [col.min(self.cols - 1), row.min(self.rows - 1)]))
    }

    fn collect(&self, triangle: Triangle, found: &mut Vec<Triangle>) {
        let [a, b, c] = triangle.0;
        let m = middle(&triangle);
        if (a[0] - c[0]).abs() + (a[1] - c[1]).abs() > 1 && self.is_split(m) {
            self.collect(Triangle([c, a, m]), found);
            self.collect(Triangle([b, c, m]), found);
        } else {
            let clamped = self.clamped(&triangle);
            if clamped.turn() != 0 {
                found.push(clamped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// The triangles cover the grid once, turn one way, and share whole sides.
    fn check(cols: usize, rows: usize, judge: impl Fn(&Triangle) -> bool + Sync) -> Vec<Triangle> {
        let found = network(cols, rows, judge);
        let turns: Vec<i64> = found.iter().map(Triangle::turn).collect();
        assert!(turns.iter().all(|turn| turn.signum() == turns[0].signum()), "{cols} × {rows}");
        assert_eq!(turns.iter().map(|turn| turn.abs()).sum::<i64>() as usize, 2 * (cols - 1) * (rows - 1));
        let mut sides: HashMap<[Vertex; 2], i32> = HashMap::new();
        for Triangle(corners) in &found {
            for k in 0..3 {
                let (a, b) = (corners[k], corners[(k + 1) % 3]);
                *sides.entry([a.min(b), a.max(b)]).or_default() += if a < b { 1 } else { -1 };
            }
        }
        // A side inside is passed once each way; only those on the edge are passed once.
        let edge = |last: usize, a: i64, b: i64| a == b && (a == 0 || a as usize == last);
        for ([a, b], passed) in sides {
            let on_edge = edge(cols - 1, a[0], b[0]) || edge(rows - 1, a[1], b[1]);
            assert!(passed == 0 || on_edge, "{cols} × {rows}: a crack at {a:?} {b:?}");
        }
        found
    }

    #[test]
    fn networks_are_whole_on_grids_of_any_shape() {
        for (cols, rows) in [(2, 2), (3, 3), (9, 9), (10, 7), (33, 20), (100, 3), (65, 64)] {
            assert!(check(cols, rows, |_| false).len() <= 2 * cols.max(rows));
            assert_eq!(check(cols, rows, |_| true).len(), 2 * (cols - 1) * (rows - 1));
            // One spot must be fine.
            let spot = [cols as i64 / 2, rows as i64 / 3];
            let holds = |triangle: &Triangle| {
                triangle
                    .visit(|c, r| if [c, r] == spot { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                    .is_break()
            };
            let found = check(cols, rows, holds);
            let around: Vec<i64> = found.iter().filter(|t| holds(t)).map(|t| t.turn().abs()).collect();
            assert!(!around.is_empty() && around.iter().all(|turn| *turn == 1), "{cols} × {rows}: {around:?}");
            // Each halving around one spot leaves a few triangles more.
            let most = 2 * cols.max(rows) + 16 * cols.max(rows).ilog2() as usize;
            assert!(found.len() <= most, "{cols} × {rows}: {} triangles", found.len());
        }
    }

    #[test]
    fn visits_reach_every_vertex_of_a_triangle() {
        for corners in [[[0, 0], [8, 8], [8, 0]], [[0, 3], [5, 0], [4, 9]], [[2, 2], [1, 7], [9, 3]]] {
            let triangle = Triangle(corners);
            let mut seen = Vec::new();
            let _ = triangle.visit(|col, row| {
                seen.push([col, row]);
                ControlFlow::Continue(())
            });
            let turn = triangle.turn().signum();
            let expected = (0..10)
                .flat_map(|row| (0..10).map(move |col| [col, row]))
                .filter(|&p| (0..3).all(|k| Triangle([corners[k], corners[(k + 1) % 3], p]).turn() * turn >= 0));
            assert_eq!(seen, expected.collect::<Vec<_>>(), "{corners:?}");
        }
    }
}
