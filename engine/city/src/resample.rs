//! Brings a layer onto another grid.

use super::elsewhere;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::raster::Raster;
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// How values between cell centres come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// For heights and other continuous quantities: linear between cell centres, or the mean of all cells that fall in
    /// a target cell where that is at least twice as large.
    Bilinear,
    /// For classes: the value of the cell that holds the centre of the target cell.
    Nearest,
}

/// Distance from a cell centre or edge, in source cells, that counts as rounding of coordinates.
const ROUNDING: f64 = 1e-6;

/// The layer on another grid in the same plane, with the same datum; NaN where the source has no value.
///
/// `file` is where the layer came from, for messages.
///
/// # Errors
/// [`Error::Data`] where the two lie in different planes or do not overlap.
pub fn resample(source: &Raster, grid: &Grid, method: Method, file: &Path) -> Result<Raster> {
    let from = &source.grid;
    if !from.crs.same_plane(grid.crs) {
        return Err(Error::data(
            file,
            format!("layer {} is in {}, and the grid of the city in {}", source.name, from.crs, grid.crs),
            format!("reproject it, e.g. gdalwarp -t_srs {}", grid.crs),
        ));
    }
    let apart = from.west >= grid.east() || from.east() <= grid.west || from.south() >= grid.north;
    if apart || from.north <= grid.south() {
        let (there, here) = (elsewhere::of(from), elsewhere::of(grid));
        let (cause, mend) = elsewhere::cause(there, grid, "gdalwarp");
        let (there, here) = (elsewhere::words(there), elsewhere::words(here));
        let problem = format!("layer {} covers {there}, which does not touch the city at {here}: {cause}", source.name);
        return Err(Error::data(file, problem, mend));
    }
    let same = Grid { crs: grid.crs, ..*from } == *grid;
    let mut values = if same { source.values.clone() } else { vec![f32::NAN; grid.len()] };
    if !same {
        let coarser = grid.cell >= 2.0 * from.cell;
        let across = Across::new(from, grid);
        values.par_chunks_mut(grid.cols).enumerate().for_each(|(row, out)| {
            let down = Down::new(from, grid, row);
            match method {
                Method::Nearest => nearest_row(source, &across, &down, out),
                Method::Bilinear if coarser => mean_row(source, &across, &down, out),
                Method::Bilinear => bilinear_row(source, &across, &down, out),
            }
        });
    }
    let Raster { name, unit, description, datum, .. } = source;
    let (name, unit, description) = (name.clone(), unit.clone(), description.clone());
    Ok(Raster { grid: *grid, name, unit, description, datum: *datum, values })
}

/// Where one target cell lies among the source cells, along one axis.
struct Spot {
    /// The source cell that holds the target centre; none outside the source.
    nearest: Option<usize>,
    /// The two source cells whose centres enclose the target centre, with their weights; a cell outside has weight 0.
    pair: [(usize, f64); 2],
    /// The source cells whose centres lie in the target cell.
    inside: Range<usize>,
}

impl Spot {
    /// `low` and `high` are the edges of the target cell, in source cells from the first edge of the source.
    fn new(low: f64, high: f64, cells: usize) -> Spot {
        let count = cells as f64;
        let middle = 0.5 * (low + high);
        let nearest = (middle >= 0.0 && middle < count).then_some(middle as usize);
        let at = middle - 0.5;
        // An aligned target takes the source value as it is, whatever the last digit of the coordinates does.
        let at = if (at - at.round()).abs() < ROUNDING { at.round() } else { at };
        let share = at - at.floor();
        let part = |index: f64, weight: f64| {
            if index >= 0.0 && index < count { (index as usize, weight) } else { (0, 0.0) }
        };
        let pair = [part(at.floor(), 1.0 - share), part(at.floor() + 1.0, share)];
        // Both edges round alike, so neighbouring target cells share no source cell and skip none.
        let first = |edge: f64| (edge - 0.5 - ROUNDING).ceil().clamp(0.0, count) as usize;
        Spot { nearest, pair, inside: first(low)..first(high) }
    }
}

/// The spots of all target columns.
struct Across(Vec<Spot>);

impl Across {
    fn new(from: &Grid, to: &Grid) -> Across {
        let edge = |col: usize| (to.west - from.west + col as f64 * to.cell) / from.cell;
        Across((0..to.cols).map(|col| Spot::new(edge(col), edge(col + 1), from.cols)).collect())
    }
}

/// The spot of one target row.
struct Down(Spot);

impl Down {
    fn new(from: &Grid, to: &Grid, row: usize) -> Down {
        let edge = |row: usize| (from.north - to.north + row as f64 * to.cell) / from.cell;
        Down(Spot::new(edge(row), edge(row + 1), from.rows))
    }
}

fn nearest_row(source: &Raster, across: &Across, down: &Down, out: &mut [f32]) {
    let Some(row) = down.0.nearest else { return };
    let values = &source.values[row * source.grid.cols..][..source.grid.cols];
    for (out, spot) in out.iter_mut().zip(&across.0) {
        *out = spot.nearest.map_or(f32::NAN, |col| values[col]);
    }
}

/// Linear between the four centres around; holes do not count, and a target centre in a hole stays one.
fn bilinear_row(source: &Raster, across: &Across, down: &Down, out: &mut [f32]) {
    let cols = source.grid.cols;
    let Some(row) = down.0.nearest else { return };
    for (out, spot) in out.iter_mut().zip(&across.0) {
        let Some(col) = spot.nearest else { continue };
        if source.values[row * cols + col].is_nan() {
            continue;
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for (row, row_weight) in down.0.pair {
            for (col, col_weight) in spot.pair {
                let (value, weight) = (source.values[row * cols + col], row_weight * col_weight);
                if weight > 0.0 && !value.is_nan() {
                    sum += weight * f64::from(value);
                    weights += weight;
                }
            }
        }
        *out = (sum / weights) as f32;
    }
}

/// The mean of all source cells with their centre in the target cell; holes do not count.
fn mean_row(source: &Raster, across: &Across, down: &Down, out: &mut [f32]) {
    let cols = source.grid.cols;
    for (out, spot) in out.iter_mut().zip(&across.0) {
        let (mut sum, mut count) = (0.0, 0u32);
        for row in down.0.inside.clone() {
            for value in &source.values[row * cols..][spot.inside.clone()] {
                if !value.is_nan() {
                    sum += f64::from(*value);
                    count += 1;
                }
            }
        }
        *out = (sum / f64::from(count)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Crs;

    fn raster(cols: usize, cell: f64, value: impl Fn(f64, f64) -> f32) -> Raster {
        let grid = Grid::local(cols, cols, cell);
        let centres = (0..grid.len()).map(|i| grid.centre(i % cols, i / cols));
        let values = centres.map(|(x, y)| value(x, y)).collect();
        Raster { datum: 7.0, ..Raster::from_values(grid, "dem", "m", values) }
    }

    fn check(source: &Raster, grid: &Grid, method: Method, expected: impl Fn(f64, f64) -> f32) {
        let result = resample(source, grid, method, Path::new("dem.tif")).unwrap();
        assert_eq!((result.grid, result.datum, result.name.as_str()), (*grid, 7.0, "dem"));
        for (index, &got) in result.values.iter().enumerate() {
            let (x, y) = grid.centre(index % grid.cols, index / grid.cols);
            let want = expected(x, y);
            let equal = (got.is_nan() && want.is_nan()) || (got - want).abs() < 1e-5;
            assert!(equal, "{method:?} at ({x}, {y}): {got}, expected {want}");
        }
    }

    #[test]
    fn equal_and_aligned_grids_copy_exactly() {
        let source = raster(9, 0.1, |x, y| (x * 17.3).sin() as f32 + y as f32);
        let same = resample(&source, &source.grid, Method::Bilinear, Path::new("a")).unwrap();
        assert_eq!(same, source);
        // Three cells in from the west and two from the north, with rounding in the coordinates.
        let window = Grid { cols: 4, rows: 3, west: 0.1 + 0.1 + 0.1, north: source.grid.north - 0.2, ..source.grid };
        for method in [Method::Bilinear, Method::Nearest] {
            let part = resample(&source, &window, method, Path::new("a")).unwrap();
            for (index, value) in part.values.iter().enumerate() {
                assert_eq!(*value, source.values[(index / 4 + 2) * 9 + index % 4 + 3], "{method:?} cell {index}");
            }
        }
    }

    #[test]
    fn a_plane_stays_a_plane_inside_and_ends_at_the_edge() {
        let plane = |x: f64, y: f64| (3.0 * x - 2.0 * y) as f32;
        let source = raster(10, 1.0, plane);
        let fine = Grid { cols: 16, rows: 16, cell: 0.5, west: 1.0, north: 9.0, crs: Crs::RD_NEW };
        check(&source, &fine, Method::Bilinear, plane);
        let shifted = Grid { cols: 4, rows: 4, cell: 1.5, west: 1.2, north: 8.1, crs: Crs::UNKNOWN };
        check(&source, &shifted, Method::Bilinear, plane);
        let outside = Grid { cols: 6, rows: 1, cell: 1.0, west: -3.0, north: 5.0, crs: Crs::UNKNOWN };
        check(&source, &outside, Method::Bilinear, |x, y| if x < 0.0 { f32::NAN } else { plane(x, y) });
    }

    #[test]
    fn a_hole_takes_no_part() {
        let mut source = raster(2, 1.0, |x, _| x as f32);
        source.values[1] = f32::NAN;
        let fine = Grid { cols: 4, rows: 4, cell: 0.5, ..source.grid };
        let result = resample(&source, &fine, Method::Bilinear, Path::new("a")).unwrap();
        // North-east quarter: the nearest cell is the hole. Beside it only valid cells count.
        assert!([2, 3, 6, 7].iter().all(|&i: &usize| result.values[i].is_nan()), "{:?}", result.values);
        assert_eq!(result.values[1], 0.5);
        assert_eq!(result.values.iter().filter(|v| v.is_nan()).count(), 4);
    }

    #[test]
    fn coarse_cells_are_means_of_all_they_hold() {
        let plane = |x: f64, y: f64| (3.0 * x - 2.0 * y) as f32;
        let source = raster(12, 0.5, plane);
        check(&source, &Grid::local(3, 3, 2.0), Method::Bilinear, plane);
        // Cells of 1.25 m hold 2 or 3 source columns each: together each source cell counts once.
        let ones = raster(12, 0.5, |_, _| 1.0);
        let uneven = Grid { cols: 5, rows: 5, cell: 1.25, west: 0.0, north: 6.0, crs: Crs::UNKNOWN };
        check(&ones, &uneven, Method::Bilinear, |_, _| 1.0);
        let spots = Across::new(&ones.grid, &uneven).0;
        let covered: Vec<usize> = spots.iter().flat_map(|spot| spot.inside.clone()).collect();
        assert_eq!(covered, (0..12).collect::<Vec<_>>());
        let mut holed = ones.clone();
        holed.values[0] = f32::NAN;
        check(&holed, &Grid::local(3, 3, 2.0), Method::Bilinear, |_, _| 1.0);
    }

    #[test]
    fn classes_are_never_mixed() {
        let source = raster(4, 1.0, |x, _| if x < 2.0 { 5.0 } else { 9.0 });
        let fine = Grid { cols: 12, rows: 12, cell: 1.0 / 3.0, ..source.grid };
        check(&source, &fine, Method::Nearest, |x, _| if x < 2.0 { 5.0 } else { 9.0 });
        check(&source, &Grid::local(2, 2, 2.0), Method::Nearest, |x, _| if x < 2.0 { 5.0 } else { 9.0 });
    }

    #[test]
    fn another_plane_or_place_is_an_error_that_names_both() {
        let mut source = raster(4, 1.0, |_, _| 0.0);
        source.grid.crs = Crs { epsg: Some(7415) };
        let elsewhere = Grid { crs: Crs { epsg: Some(25832) }, ..source.grid };
        let error = resample(&source, &elsewhere, Method::Nearest, Path::new("d.tif")).unwrap_err().to_string();
        assert!(["d.tif", "EPSG:7415", "EPSG:25832"].iter().all(|part| error.contains(part)), "{error}");
        let far = Grid { west: 4.0, crs: Crs::RD_NEW, ..source.grid };
        let error = resample(&source, &far, Method::Nearest, Path::new("d.tif")).unwrap_err().to_string();
        assert!(error.contains("x 0 to 4, y 0 to 4") && error.contains("x 4 to 8"), "{error}");
    }
}
