//! Cells that a ray passes, seen from the middle of the cell in which it begins: the same for all cells.

use super::params::CLASSES;
use super::sun::Sun;
use hanze_base::grid::Grid;

/// A cell on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Columns to the east.
    pub cols: i32,
    /// Rows to the south.
    pub rows: i32,
    /// Level distance at which the ray comes into the cell, m.
    pub enter: f32,
    /// Level distance at which it leaves the cell, m.
    pub leave: f32,
    /// Class of distance: what lies between two crowns of one class is taken as crown, too.
    pub class: usize,
}

/// Level distances at which classes end, m; the first class is the own cell.
const CLASS_ENDS: [f32; CLASSES - 2] = [4.0, 12.0, 40.0];

/// Cells that a ray to an azimuth (rad from north over east) passes up to a distance (m), from its own cell on.
pub fn steps(azimuth: f64, cell: f64, reach: f64) -> Vec<Step> {
    let (sin, cos) = azimuth.sin_cos();
    let (east, south) = (sin, -cos);
    // Distance between two sides, and to the first one.
    let each = |along: f64| if along.abs() < 1e-12 { f64::INFINITY } else { cell / along.abs() };
    let (each_col, each_row) = (each(east), each(south));
    let (mut next_col, mut next_row) = (0.5 * each_col, 0.5 * each_row);
    let (mut cols, mut rows, mut enter) = (0, 0, 0.0);
    let mut steps = Vec::new();
    while enter <= reach {
        let leave = next_col.min(next_row);
        let far = enter as f32;
        let class = if steps.is_empty() { 0 } else { 1 + CLASS_ENDS.iter().filter(|end| far >= **end).count() };
        steps.push(Step { cols, rows, enter: far, leave: leave as f32, class });
        if next_col < next_row {
            cols += if east > 0.0 { 1 } else { -1 };
            next_col += each_col;
        } else {
            rows += if south > 0.0 { 1 } else { -1 };
            next_row += each_row;
        }
        enter = leave;
    }
    steps
}

/// Cells on the way to the sun that may shade a scene with so much between its lowest and its highest point (m).
pub fn to_sun(sun: Sun, grid: &Grid, relief: f32) -> Vec<Step> {
    let across = grid.cell * (grid.cols as f64).hypot(grid.rows as f64);
    steps(sun.azimuth, grid.cell, f64::from(relief / sun.altitude.tan() as f32).min(across))
}

/// The same as UMEP has them, for comparison: obstacles act at the middles of cells, one for each column or row on the way.
pub fn umep(azimuth: f64, cell: f64, reach: f64) -> Vec<Step> {
    let (sin, cos) = azimuth.sin_cos();
    let longest = sin.abs().max(cos.abs());
    let step = |k: usize| {
        // Round half to even, as numpy does.
        let at = |along: f64| (k as f64 * along / longest).round_ties_even() as i32;
        let far = (k as f64 * cell / longest) as f32;
        Step { cols: at(sin), rows: at(-cos), enter: far, leave: far, class: usize::from(k > 0) }
    };
    (0..).map(step).take_while(|step| f64::from(step.enter) <= reach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rays_pass_from_side_to_side() {
        for k in 0..64 {
            let azimuth = (f64::from(k) + 0.5) * std::f64::consts::TAU / 64.0;
            let steps = steps(azimuth, 2.0, 300.0);
            assert_eq!((steps[0].cols, steps[0].rows, steps[0].enter), (0, 0, 0.0));
            for pair in steps.windows(2) {
                assert_eq!(pair[0].leave, pair[1].enter);
                assert_eq!((pair[0].cols - pair[1].cols).abs() + (pair[0].rows - pair[1].rows).abs(), 1);
                // The middle of the stretch lies in the cell.
                let middle = 0.5 * f64::from(pair[1].enter + pair[1].leave);
                let (x, y) = (middle * azimuth.sin() / 2.0, -middle * azimuth.cos() / 2.0);
                assert!((x - f64::from(pair[1].cols)).abs() < 0.501 && (y - f64::from(pair[1].rows)).abs() < 0.501);
            }
        }
        let north: Vec<(i32, i32)> = steps(0.0, 1.0, 3.0).iter().map(|step| (step.cols, step.rows)).collect();
        assert_eq!(north, [(0, 0), (0, -1), (0, -2), (0, -3)]);
    }
}
