//! Shapes of edits: checked, and laid on cells.

use super::{Outcome, refused};
use crate::elsewhere;
use glam::DVec2;
use hanze_base::grid::Grid;
use hanze_base::outline::Outline;

/// Corners of the shapes of an edit at most.
pub const MOST_CORNERS: usize = 100_000;
/// Corners up to which the crossing of a ring with itself is looked for, to name its place.
const NAMED: usize = 2000;
/// Coordinates beyond this are in no city, m.
const FARTHEST: f64 = 1e8;

/// Where an edit is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Points.
    Points(Vec<DVec2>),
    /// A line.
    Line(Vec<DVec2>),
    /// An area.
    Area(Outline),
}

/// The cells of an area, and what of it lies within the city.
pub(super) struct Cells {
    /// Indices of cells whose centres lie within, rising.
    pub cells: Vec<usize>,
    /// Whether some of the area lies beyond the city.
    pub reaches_beyond: bool,
}

fn corners<'a>(key: &'static str, points: impl Iterator<Item = &'a DVec2>) -> Outcome<usize> {
    let mut count = 0;
    for at in points {
        count += 1;
        if !at.is_finite() || at.abs().max_element() > FARTHEST {
            let mend = "write [x, y] in metres of the city's plane";
            return refused(key, format!("has a corner at ({}, {}), which is no place", at.x, at.y), mend);
        }
        if count > MOST_CORNERS {
            let mend = format!("simplify it, or cut it in edits of at most {MOST_CORNERS} corners");
            return refused(key, format!("has more than {MOST_CORNERS} corners"), mend);
        }
    }
    Ok(count)
}

/// Refuses what lies beside the city.
fn beside(key: &'static str, extent: (DVec2, DVec2), grid: &Grid) -> Outcome<()> {
    if !elsewhere::is_apart(extent, grid) {
        return Ok(());
    }
    let (cause, mend) = elsewhere::cause(extent, grid, "ogr2ogr");
    let (there, here) = (elsewhere::words(extent), elsewhere::words(elsewhere::of(grid)));
    refused(key, format!("lies outside the city: it covers {there}, and the city {here}: {cause}"), mend)
}

/// Points that are places, some of which may lie beside the city.
pub(super) fn points(key: &'static str, points: &[DVec2], grid: &Grid) -> Outcome<()> {
    if corners(key, points.iter())? == 0 {
        return refused(key, "has no point", "write [[x, y], [x, y]] in metres of the city's plane");
    }
    if points.iter().any(|at| grid.cell_at(at.x, at.y).is_some()) {
        return Ok(());
    }
    let first = points[0];
    let (low, high) = points.iter().fold((first, first), |(low, high), at| (low.min(*at), high.max(*at)));
    // A point has no extent, and some may surround the city.
    beside(key, (low - 1e-3, high + 1e-3), grid)?;
    refused(key, "has no point within the city", "move its points onto the city")
}

/// A line that meets the city.
pub(super) fn line(key: &'static str, line: &[DVec2], grid: &Grid) -> Outcome<()> {
    if corners(key, line.iter())? < 2 || crate::roads::length(line) <= 0.0 {
        return refused(key, "is no line: it has no length", "write [[x, y], [x, y]] in metres of the city's plane");
    }
    let (low, high) = line.iter().fold((line[0], line[0]), |(low, high), at| (low.min(*at), high.max(*at)));
    beside(key, (low - 1e-3, high + 1e-3), grid)
}

/// Area of a ring, positive where it runs counterclockwise, m².
fn signed_area(ring: &[DVec2]) -> f64 {
    // Relative to a corner, so that large coordinates do not cancel.
    let sides = ring.iter().zip(ring.iter().cycle().skip(1));
    0.5 * sides.map(|(a, b)| (*a - ring[0]).perp_dot(*b - ring[0])).sum::<f64>()
}

/// Where two sides of a ring cross.
fn crossing(ring: &[DVec2]) -> Option<DVec2> {
    let n = ring.len();
    let side = |k: usize| (ring[k], ring[(k + 1) % n]);
    for i in 0..n {
        for j in i + 2..n {
            if i == 0 && j == n - 1 {
                continue;
            }
            let ((a, b), (c, d)) = (side(i), side(j));
            let (one, two) = ((b - a).perp_dot(c - a), (b - a).perp_dot(d - a));
            let (three, four) = ((d - c).perp_dot(a - c), (d - c).perp_dot(b - c));
            if one * two < 0.0 && three * four < 0.0 {
                return Some(a + (b - a) * (three / (three - four)));
            }
        }
    }
    None
}

/// A sound outline: its rings closed once, with an area, and without crossings.
pub(super) fn outline(key: &'static str, outline: &Outline) -> Outcome<Outline> {
    corners(key, outline.polygons.iter().flatten().flatten())?;
    let mut polygons = Vec::with_capacity(outline.polygons.len());
    for rings in &outline.polygons {
        let mut kept = Vec::with_capacity(rings.len());
        for ring in rings {
            let mut ring = ring.clone();
            ring.dedup();
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            let area = if ring.len() < 3 { 0.0 } else { signed_area(&ring) };
            let simple = Outline::of(ring.clone()).simplified(false);
            let whole: f64 = simple.polygons.iter().flatten().map(|ring| signed_area(ring)).sum();
            // Loops that run the other way count against each other in the sum of a ring, and those that lie on each other twice.
            let crosses = (whole.abs() - area.abs()).abs() > 1e-6 * whole.abs().max(1.0);
            if crosses && ring.len() > 3 {
                let place = if ring.len() <= NAMED { crossing(&ring) } else { None };
                let place = place.map_or(String::new(), |at| format!(" at ({:.2}, {:.2})", at.x, at.y));
                return refused(key, format!("crosses itself{place}"), "draw its corners in order around it");
            }
            if area.abs() < 1e-6 {
                return refused(key, "has no area", "write a polygon of three corners or more, not on one line");
            }
            kept.push(ring);
        }
        if !kept.is_empty() {
            polygons.push(kept);
        }
    }
    if polygons.is_empty() {
        return refused(key, "is empty", "write a polygon of three corners or more");
    }
    Ok(Outline { polygons })
}

/// The cells of an outline.
pub(super) fn cells(key: &'static str, outline: &Outline, grid: &Grid) -> Outcome<Cells> {
    let Some((low, high)) = outline.bounds() else {
        return refused(key, "is empty", "write a polygon of three corners or more");
    };
    beside(key, (low, high), grid)?;
    let Some(rows) = outline.cells(grid) else {
        return refused(key, "is too long to be followed on cells so small", "cut it in parts");
    };
    let cols = grid.cols;
    let cells: Vec<usize> = rows
        .into_iter()
        .flat_map(|(row, ranges)| ranges.into_iter().flatten().map(move |col| row * cols + col))
        .collect();
    if cells.is_empty() {
        let problem = format!("holds the centre of no cell of {} m", grid.cell);
        return refused(key, problem, "draw it larger, or take smaller cells");
    }
    let (from, to) = elsewhere::of(grid);
    Ok(Cells { cells, reaches_beyond: !(low.cmpge(from).all() && high.cmple(to).all()) })
}

/// How far a point is from the nearest side of an outline, m.
pub(super) fn from_sides(outline: &Outline, at: DVec2) -> f64 {
    let sides = outline.polygons.iter().flatten().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    sides.map(|(a, b)| crate::roads::distance(&[*a, *b], at).0).fold(f64::INFINITY, f64::min)
}

/// The cells that a line passes through, in its order, each once.
pub(super) fn along(line: &[DVec2], grid: &Grid) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for ends in line.windows(2) {
        // Only the part within the city's rectangle is walked.
        let Some((from, to)) = clipped(ends[0], ends[1], grid) else { continue };
        // Where the piece passes from one column or row to the next, as shares of it.
        let of = |at: DVec2| DVec2::new((at.x - grid.west) / grid.cell, (grid.north - at.y) / grid.cell);
        let (a, b) = (of(from), of(to));
        let mut cuts = vec![0.0, 1.0];
        for (a, b) in [(a.x, b.x), (a.y, b.y)] {
            let (low, high) = (a.min(b).ceil() as i64, a.max(b).floor() as i64);
            cuts.extend((low..=high).filter(|_| a != b).map(|edge| (edge as f64 - a) / (b - a)));
        }
        cuts.sort_by(f64::total_cmp);
        for pair in cuts.windows(2) {
            let middle = from + (to - from) * (0.5 * (pair[0] + pair[1]));
            if let Some((col, row)) = grid.cell_at(middle.x, middle.y)
                && seen.insert(row * grid.cols + col)
            {
                found.push(row * grid.cols + col);
            }
        }
    }
    found
}

/// The part of a piece of line within the grid's rectangle.
fn clipped(from: DVec2, to: DVec2, grid: &Grid) -> Option<(DVec2, DVec2)> {
    let (low, high) = elsewhere::of(grid);
    let along = to - from;
    let (mut first, mut last) = (0.0f64, 1.0f64);
    for (start, step, low, high) in [(from.x, along.x, low.x, high.x), (from.y, along.y, low.y, high.y)] {
        if step == 0.0 {
            if start < low || start > high {
                return None;
            }
            continue;
        }
        let (a, b) = ((low - start) / step, (high - start) / step);
        (first, last) = (first.max(a.min(b)), last.min(a.max(b)));
    }
    (first < last).then(|| (from + first * along, from + last * along))
}
