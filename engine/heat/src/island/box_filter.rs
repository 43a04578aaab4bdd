//! The box filter of the heat island: sums over squares, first along rows, then along columns. Twins: `box_filter.wgsl` and
//! `neighbour_radiosity.wgsl` in `shaders/heat/island/`.

use rayon::prelude::*;

/// Sums along rows over the reach to both sides.
fn along_rows<const N: usize>(values: &[[f32; N]], cols: usize, reach: usize, out: &mut [[f32; N]]) {
    out.par_chunks_mut(cols).zip(values.par_chunks(cols)).for_each(|(out, values)| {
        let mut sum = [0.0f64; N];
        let add = |sum: &mut [f64; N], value: &[f32; N], sign: f64| {
            sum.iter_mut().zip(value).for_each(|(sum, value)| *sum += sign * f64::from(*value));
        };
        values.iter().take(reach).for_each(|value| add(&mut sum, value, 1.0));
        for (col, out) in out.iter_mut().enumerate() {
            if col + reach < cols {
                add(&mut sum, &values[col + reach], 1.0);
            }
            if col > reach {
                add(&mut sum, &values[col - reach - 1], -1.0);
            }
            *out = sum.map(|value| value as f32);
        }
    });
}

/// Sums of some values of each cell over a square of `reach` cells to each side.
pub fn box_filter<const N: usize>(values: &[[f32; N]], cols: usize, reach: usize) -> Vec<[f32; N]> {
    let mut rows = Vec::new();
    let mut all = Vec::new();
    box_filter_into(values, cols, reach, (&mut rows, &mut all));
    all
}

/// [`box_filter`] into lists of before, with room for sums along rows.
pub fn box_filter_into<const N: usize>(
    values: &[[f32; N]],
    cols: usize,
    reach: usize,
    (row_sums, all): (&mut Vec<[f32; N]>, &mut Vec<[f32; N]>),
) {
    let rows = values.len() / cols.max(1);
    row_sums.resize(values.len(), [0.0; N]);
    all.resize(values.len(), [0.0; N]);
    along_rows(values, cols, reach, row_sums);
    const BAND: usize = 64;
    all.par_chunks_mut(BAND * cols).enumerate().for_each(|(band, all)| {
        let first = band * BAND;
        let mut sums = vec![[0.0f64; N]; cols];
        let add = |row: usize, sign: f64, sums: &mut [[f64; N]]| {
            for (sums, value) in sums.iter_mut().zip(&row_sums[row * cols..][..cols]) {
                sums.iter_mut().zip(value).for_each(|(sum, value)| *sum += sign * f64::from(*value));
            }
        };
        for row in first.saturating_sub(reach)..(first + reach).min(rows) {
            add(row, 1.0, &mut sums);
        }
        for (k, all) in all.chunks_mut(cols).enumerate() {
            let row = first + k;
            if row + reach < rows {
                add(row + reach, 1.0, &mut sums);
            }
            if k > 0 && row > reach {
                add(row - reach - 1, -1.0, &mut sums);
            }
            all.iter_mut().zip(&sums).for_each(|(all, sums)| *all = sums.map(|value| value as f32));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_squares() {
        let (cols, rows, reach) = (37, 150, 5);
        let values: Vec<[f32; 2]> = (0..cols * rows).map(|k| [(k % 7) as f32, (k % 11) as f32]).collect();
        let found = box_filter(&values, cols, reach);
        for at in [0, 36, 5 * 37 + 17, 64 * 37 + 3, 70 * 37, 128 * 37 + 36, 149 * 37 + 20] {
            let (col, row) = (at % cols, at / cols);
            let mut wanted = [0.0f32; 2];
            for r in row.saturating_sub(reach)..(row + reach + 1).min(rows) {
                for c in col.saturating_sub(reach)..(col + reach + 1).min(cols) {
                    wanted = [0, 1].map(|k| wanted[k] + values[r * cols + c][k]);
                }
            }
            assert_eq!(found[at], wanted, "{col} {row}");
        }
    }
}
