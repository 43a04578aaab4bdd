//! Links on the city's cells: as wide as their lanes, or as wide as what drives there.

use glam::DVec2;
use hanze_base::frame::Ribbons;
use hanze_base::grid::Grid;
use hanze_base::line;
use hanze_base::outline::Outline;
use hanze_city::roads::Roads;
use hanze_city::roads::lanes::Lanes;

/// Width of a lane, m.
pub const LANE: f64 = 3.25;
/// Width of the thinnest band, as a share of the widest.
const THINNEST: f64 = 0.12;
/// How far from a road what is known there counts for the ground beside it, m.
const BESIDE: f64 = 75.0;

/// Cells on the right-hand side of a link's line, from `inner` to `outer` metres off it.
fn strip(grid: &Grid, line: &[DVec2], inner: f64, outer: f64, mut cell: impl FnMut(usize)) {
    let (low, high) = (DVec2::new(grid.west, grid.south()) - outer, DVec2::new(grid.east(), grid.north) + outer);
    for ends in line.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        if a.min(b).cmpgt(high).any() || a.max(b).cmplt(low).any() {
            continue;
        }
        let Some(along) = (b - a).try_normalize() else { continue };
        let right = -along.perp();
        let corners = vec![a + inner * right, b + inner * right, b + outer * right, a + outer * right];
        Outline::of(corners).indices(grid).for_each(&mut cell);
    }
    // Where two pieces meet, the wedge between them.
    for ends in line.windows(3) {
        let (Some(before), Some(after)) = ((ends[1] - ends[0]).try_normalize(), (ends[2] - ends[1]).try_normalize())
        else {
            continue;
        };
        if before.perp_dot(after) > 0.01 {
            let (one, other) = (-before.perp(), -after.perp());
            let at = ends[1];
            let middle = (one + other).normalize_or_zero();
            let corners = [one, middle, other].map(|side| at + outer * side);
            let back = [other, middle, one].map(|side| at + inner * side);
            Outline::of(corners.into_iter().chain(back).collect()).indices(grid).for_each(&mut cell);
        }
    }
}

/// A value of the links on the cells of their lanes, on the right-hand side of the road; where several meet the largest. NaN
/// elsewhere, and values of NaN are on no cell.
pub fn lanes(grid: &Grid, roads: &Roads, value: impl Fn(usize) -> f64) -> Vec<f32> {
    let mut values = vec![f32::NAN; grid.len()];
    for (k, link) in roads.links.iter().enumerate() {
        let level = value(k) as f32;
        if level.is_nan() {
            continue;
        }
        // A cell at least, or its centre may be missed.
        let width = (link.lanes * LANE).max(1.2 * grid.cell);
        strip(grid, &link.line, 0.0, width, |cell| values[cell] = values[cell].max(level));
    }
    values
}

/// Bands beside lines, as wide as their values are large. What is largest lies on top; NaN elsewhere.
pub fn bands(grid: &Grid, ribbons: &Ribbons) -> Vec<f32> {
    let mut values = vec![f32::NAN; grid.len()];
    let largest = ribbons.lines.iter().fold(0.0f64, |most, (_, value)| most.max(value.abs()));
    if largest <= 0.0 {
        return values;
    }
    for (line, value) in &ribbons.lines {
        let level = *value as f32;
        let width = (ribbons.width * value.abs() / largest).max(THINNEST * ribbons.width).max(1.2 * grid.cell);
        strip(grid, line, 0.0, width, |cell| {
            if values[cell].is_nan() || values[cell].abs() < level.abs() {
                values[cell] = level;
            }
        });
    }
    values
}

/// Values along links, by the share of their length, on the cells that their lines pass; the least where several do. From there what is
/// nearest counts for the ground beside, up to 75 m.
pub fn spread(grid: &Grid, roads: &Roads, at: impl Fn(usize, f64) -> Option<f64>) -> Vec<f32> {
    let mut values = vec![f32::INFINITY; grid.len()];
    for (k, link) in roads.links.iter().enumerate() {
        if at(k, 0.5).is_none() {
            continue;
        }
        let points: Vec<[f64; 2]> = link.line.iter().map(|at| at.to_array()).collect();
        let cells = line::cells(grid, &points);
        let last = (cells.len().max(2) - 1) as f64;
        for (step, cell) in cells.into_iter().enumerate() {
            let Some(level) = at(k, step as f64 / last) else { continue };
            values[cell] = values[cell].min(level as f32);
        }
    }
    // Ring by ring: a cell takes the value of the neighbour that is nearest to its own road.
    let mut away = vec![f32::INFINITY; grid.len()];
    let mut front: Vec<usize> = Vec::new();
    for (cell, value) in values.iter().enumerate() {
        if value.is_finite() {
            away[cell] = 0.0;
            front.push(cell);
        }
    }
    let (cols, rows) = (grid.cols, grid.rows);
    while !front.is_empty() {
        let mut next = Vec::new();
        for &cell in &front {
            let (col, row) = (cell % cols, cell / cols);
            for (dx, dy) in [(-1i64, 0i64), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)] {
                let (x, y) = (col as i64 + dx, row as i64 + dy);
                if x < 0 || y < 0 || x >= cols as i64 || y >= rows as i64 {
                    continue;
                }
                let there = y as usize * cols + x as usize;
                let step = grid.cell as f32 * if dx * dy == 0 { 1.0 } else { std::f32::consts::SQRT_2 };
                let far = away[cell] + step;
                if far < away[there] - 1e-3 && far <= BESIDE as f32 {
                    (away[there], values[there]) = (far, values[cell]);
                    next.push(there);
                }
            }
        }
        front = next;
    }
    values.iter_mut().filter(|value| value.is_infinite()).for_each(|value| *value = f32::NAN);
    values
}

/// A value of streets on the cells of their lanes; where several meet that which is furthest from zero. NaN elsewhere, and values of NaN are on no cell.
pub fn streets(grid: &Grid, lanes: &Lanes, value: impl Fn(usize) -> f64) -> Vec<f32> {
    let mut values = vec![f32::NAN; grid.len()];
    for street in 0..lanes.streets.len() {
        let level = value(street) as f32;
        if level.is_nan() {
            continue;
        }
        for lane in &lanes.lanes[lanes.of_street(street)] {
            // Wide enough to be seen on a map of the whole town.
            let half = (0.5 * lane.width).max(1.1 * grid.cell);
            strip(grid, &lane.line, -half, half, |cell| {
                if values[cell].is_nan() || values[cell].abs() < level.abs() {
                    values[cell] = level;
                }
            });
        }
    }
    values
}
