//! Fills the cells that have no value.

use hanze_base::raster::Raster;

/// How many cells have no value (NaN).
pub fn count_holes(raster: &Raster) -> usize {
    raster.values.iter().filter(|value| value.is_nan()).count()
}

/// Gives every cell without a value (NaN) the mean of its neighbours, layer by layer from the rim of each hole inward;
/// returns how many cells were filled. A raster without any value stays as it is, and 0 is returned.
///
/// A cell takes the mean of those of its 8 neighbours that had a value before its layer began, so the result does not
/// depend on the order of the cells. The work grows with the number of cells, not with the depth of the holes.
pub fn fill_holes(raster: &mut Raster) -> usize {
    let (cols, rows) = (raster.grid.cols, raster.grid.rows);
    let values = &mut raster.values;
    // A cell is queued once: when the first of its neighbours gets a value.
    let mut queued = vec![false; values.len()];
    let mut layer: Vec<usize> = Vec::new();
    for cell in 0..values.len() {
        if values[cell].is_nan() && neighbours(cell, cols, rows).any(|next| !values[next].is_nan()) {
            queued[cell] = true;
            layer.push(cell);
        }
    }
    let mut filled = 0;
    let mut means = Vec::new();
    while !layer.is_empty() {
        means.clear();
        means.extend(layer.iter().map(|&cell| mean_around(values, cell, cols, rows)));
        for (&cell, &mean) in layer.iter().zip(&means) {
            values[cell] = mean;
        }
        filled += layer.len();
        let mut inner = Vec::new();
        for &cell in &layer {
            for next in neighbours(cell, cols, rows) {
                if values[next].is_nan() && !queued[next] {
                    queued[next] = true;
                    inner.push(next);
                }
            }
        }
        layer = inner;
    }
    filled
}

/// Mean of the neighbours that have a value, of which there is at least one; summed in f64 from the north-west on.
fn mean_around(values: &[f32], cell: usize, cols: usize, rows: usize) -> f32 {
    let valid = neighbours(cell, cols, rows).map(|next| f64::from(values[next])).filter(|value| !value.is_nan());
    let (sum, count) = valid.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (sum / f64::from(count)) as f32
}

/// The up to 8 cells around a cell.
fn neighbours(cell: usize, cols: usize, rows: usize) -> impl Iterator<Item = usize> {
    let (row, col) = (cell / cols, cell % cols);
    let across = col.saturating_sub(1)..(col + 2).min(cols);
    let down = row.saturating_sub(1)..(row + 2).min(rows);
    down.flat_map(move |r| across.clone().map(move |c| r * cols + c)).filter(move |&next| next != cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    const HOLE: f32 = f32::NAN;

    fn check(cols: usize, values: &[f32], expected: &[f32]) {
        let grid = Grid::local(cols, values.len() / cols, 1.0);
        let mut raster = Raster::from_values(grid, "dem", "m", values.to_vec());
        let holes = count_holes(&raster);
        let filled = fill_holes(&mut raster);
        assert_eq!(filled + count_holes(&raster), holes);
        let equal = raster.values.iter().zip(expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(equal, "{:?}, expected {expected:?}", raster.values);
    }

    #[test]
    fn holes_fill_from_their_rim() {
        check(3, &[1.0, 1.0, 1.0, 1.0, HOLE, 3.0, 3.0, 3.0, 3.0], &[1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0]);
        // A row: both ends go inward one cell a layer, and the middle gets the mean of the two.
        check(5, &[2.0, HOLE, HOLE, HOLE, 4.0], &[2.0, 2.0, 3.0, 4.0, 4.0]);
        check(4, &[8.0, HOLE, HOLE, HOLE], &[8.0; 4]);
        check(1, &[HOLE, 5.0, HOLE], &[5.0; 3]);
    }

    #[test]
    fn nothing_to_fill_with_or_nothing_to_fill() {
        check(2, &[HOLE; 4], &[HOLE; 4]);
        check(2, &[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_large_hole_fills_in_one_pass_and_within_the_range_of_its_rim() {
        let grid = Grid::local(600, 400, 1.0);
        let rim = |i: usize| [0, 599].contains(&(i % 600)) || [0, 399].contains(&(i / 600));
        let values = (0..grid.len()).map(|i| if rim(i) { (i % 97) as f32 } else { HOLE }).collect();
        let mut raster = Raster::from_values(grid, "dem", "m", values);
        assert_eq!(fill_holes(&mut raster), 598 * 398);
        assert!(raster.values.iter().all(|v| (0.0..=96.0).contains(v)));
    }
}
