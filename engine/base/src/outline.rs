//! Outlines of areas, and the cells whose centres lie within.

use crate::grid::Grid;
use glam::DVec2;
use i_overlay::core::fill_rule::FillRule;
use i_overlay::float::overlay::OverlayOptions;
use i_overlay::float::simplify::SimplifyShape;
use std::ops::Range;

/// Crossings of outlines with rows of cells that are taken: enough for the borders of a city at half a metre.
pub const MOST_CROSSINGS: usize = 4_000_000;

/// Polygons with holes: each a list of rings, the outer one first, of points in the grid's plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// The polygons.
    pub polygons: Vec<Vec<Vec<DVec2>>>,
}

impl Outline {
    /// The outline of one polygon without holes.
    pub fn of(ring: Vec<DVec2>) -> Outline {
        Outline { polygons: vec![vec![ring]] }
    }

    /// Lowest and highest coordinates of all corners; `None` where there are none.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let mut corners = self.polygons.iter().flatten().flatten();
        let first = *corners.next()?;
        Some(corners.fold((first, first), |(low, high), corner| (low.min(*corner), high.max(*corner))))
    }

    /// A point in the middle: the centre of mass of its polygons' outer rings; `None` where it has no area.
    pub fn middle(&self) -> Option<DVec2> {
        let (low, _) = self.bounds()?;
        let (mut area, mut sum) = (0.0, DVec2::ZERO);
        for ring in self.polygons.iter().filter_map(|rings| rings.first()) {
            let sides = ring.iter().zip(ring.iter().cycle().skip(1));
            // Relative to a corner, so that large coordinates do not cancel.
            let (own, moment) = sides.fold((0.0, DVec2::ZERO), |(area, sum), (a, b)| {
                let (a, b) = (*a - low, *b - low);
                let cross = a.perp_dot(b);
                (area + cross, sum + cross * (a + b))
            });
            area += own.abs();
            sum += moment * own.signum();
        }
        (area > 0.0).then(|| low + sum / (3.0 * area))
    }

    /// What finding the cells within takes: cells of the rectangle around it on the grid, and rows that its sides cross.
    pub fn cost(&self, grid: &Grid) -> (f64, f64) {
        let Some((low, high)) = self.bounds() else { return (0.0, 0.0) };
        let (low, high) = (low.max(DVec2::new(grid.west, grid.south())), high.min(DVec2::new(grid.east(), grid.north)));
        let size = ((high - low) / grid.cell).max(DVec2::ZERO) + 1.0;
        let rows = |from: &DVec2, to: &DVec2| ((to.y - from.y).abs() / grid.cell).min(size.y) + 1.0;
        let sides = self.polygons.iter().flatten().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
        (size.x * size.y, sides.map(|(from, to)| rows(from, to)).sum())
    }

    /// Whether a point lies within, by the even-odd rule for each polygon.
    pub fn holds(&self, at: DVec2) -> bool {
        let crosses = |(from, to): (&DVec2, &DVec2)| {
            (from.y > at.y) != (to.y > at.y) && at.x < from.x + (at.y - from.y) / (to.y - from.y) * (to.x - from.x)
        };
        let inside = |rings: &Vec<Vec<DVec2>>| {
            let sides = rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
            sides.filter(|side| crosses(*side)).count() % 2 == 1
        };
        self.polygons.iter().any(inside)
    }

    /// The same ground as polygons that neither overlap nor cross themselves, as simple features want them: within what any of
    /// its polygons holds, each by the even-odd rule if `odd`. What is no area is left out.
    pub fn simplified(&self, odd: bool) -> Outline {
        // Numbers that the library cannot lay on its own lattice are in no city.
        let bounded = |corner: &DVec2| corner.is_finite() && corner.abs().max_element() < 1e12;
        if !self.polygons.iter().flatten().flatten().all(bounded) {
            return Outline::default();
        }
        let shapes: Vec<Vec<Vec<[f64; 2]>>> = self
            .polygons
            .iter()
            .map(|rings| rings.iter().map(|ring| ring.iter().map(DVec2::to_array).collect()).collect())
            .collect();
        let mut options = OverlayOptions::<f64, i64>::default();
        options.ogc = true;
        let rule = if odd { FillRule::EvenOdd } else { FillRule::NonZero };
        let shapes = shapes.simplify_shape_custom_as(rule, options, Default::default());
        let ring = |ring: Vec<[f64; 2]>| ring.into_iter().map(DVec2::from_array).collect();
        Outline { polygons: shapes.into_iter().map(|rings| rings.into_iter().map(ring).collect()).collect() }
    }

    /// Cells whose centres lie within, as indices. Outlines that are too long are refused when they are read.
    pub fn indices(&self, grid: &Grid) -> impl Iterator<Item = usize> + use<> {
        let cols = grid.cols;
        let rows = self.cells(grid).unwrap_or_default();
        rows.into_iter().flat_map(move |(row, ranges)| ranges.into_iter().flatten().map(move |col| row * cols + col))
    }

    /// Gives the cells whose centres lie within a value. Outlines that are too long are refused when they are read.
    pub fn fill<T: Copy>(&self, grid: &Grid, values: &mut [T], value: T) {
        for (row, ranges) in self.cells(grid).unwrap_or_default() {
            ranges.into_iter().for_each(|cols| values[row * grid.cols..][cols].fill(value));
        }
    }

    /// Columns of each row whose centres lie within, as ranges that rise and do not touch; rows without any are left out.
    /// `None` where the outline is too long to be followed.
    pub fn cells(&self, grid: &Grid) -> Option<Vec<(usize, Vec<Range<usize>>)>> {
        let Some((low, high)) = self.bounds() else { return Some(Vec::new()) };
        // Place of a height among the rows' centres, and the rows that the outline may reach.
        let row_of = |y: f64| (grid.north - y) / grid.cell - 0.5;
        let end = row_of(low.y).ceil().clamp(0.0, grid.rows as f64) as usize;
        let top = (row_of(high.y).ceil().clamp(0.0, grid.rows as f64) as usize).min(end);
        let mut rows: Vec<Vec<Range<usize>>> = vec![Vec::new(); end - top];
        let mut count = 0;
        for rings in &self.polygons {
            // Rows of this polygon: of many small ones, each costs what it covers.
            let heights = rings.iter().filter(|ring| ring.len() > 2).flatten().map(|corner| corner.y);
            let (low, high) =
                heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
            let last_row = row_of(low).ceil().clamp(top as f64, end as f64) as usize;
            let first_row = (row_of(high).ceil().clamp(top as f64, end as f64) as usize).min(last_row);
            let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); last_row - first_row];
            for ring in rings.iter().filter(|ring| ring.len() > 2) {
                for (k, from) in ring.iter().enumerate() {
                    let to = ring[(k + 1) % ring.len()];
                    // Centres from `first` on and before `last`: where two edges meet, one of them has the point.
                    let (first, last) = (row_of(from.y.max(to.y)).ceil(), row_of(from.y.min(to.y)).ceil());
                    let (first, last) = (first.max(first_row as f64), last.min(last_row as f64));
                    // What is not a number is in no row.
                    if first.partial_cmp(&last) != Some(std::cmp::Ordering::Less) {
                        continue;
                    }
                    count += (last - first) as usize;
                    if count > MOST_CROSSINGS {
                        return None;
                    }
                    for row in first as usize..last as usize {
                        let y = grid.north - (row as f64 + 0.5) * grid.cell;
                        let x = from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x);
                        crossings[row - first_row].push((x - grid.west) / grid.cell - 0.5);
                    }
                }
            }
            for (ranges, mut crossed) in rows[first_row - top..].iter_mut().zip(crossings) {
                crossed.sort_by(f64::total_cmp);
                for pair in crossed.chunks_exact(2) {
                    let col = |x: f64| x.ceil().clamp(0.0, grid.cols as f64) as usize;
                    let range = col(pair[0])..col(pair[1]);
                    if !range.is_empty() {
                        ranges.push(range);
                    }
                }
            }
        }
        let merged = rows.into_iter().enumerate().filter(|(_, ranges)| !ranges.is_empty());
        Some(merged.map(|(row, ranges)| (top + row, joined(ranges))).collect())
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
