//! What the values of a layer are like, as a whole or within an outline.

use super::Layer;
use hanze_base::error::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bins of which percentiles are read off: they are right to this part of the range.
const BINS: usize = 1 << 16;
/// Bars of the histogram.
const BARS: usize = 10;

/// Statistics of the cells that have a value, with the names that TiTiler gives them. Those of values are `None` where no
/// cell has one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Lowest value.
    pub min: Option<f64>,
    /// Highest value.
    pub max: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Cells with a value.
    pub count: u64,
    /// Sum.
    pub sum: f64,
    /// Standard deviation of the cells (not of a sample).
    pub std: Option<f64>,
    /// Half of the cells are lower; to a 65 536th of the range, as the percentiles.
    pub median: Option<f64>,
    /// 2 % of the cells are lower.
    pub percentile_2: Option<f64>,
    /// 98 % of the cells are lower.
    pub percentile_98: Option<f64>,
    /// Cells in each of ten equal parts of the range, and the ends of these.
    pub histogram: [Vec<f64>; 2],
    /// Cells with a value, of a hundred.
    pub valid_percent: f64,
    /// Cells without a value.
    pub masked_pixels: u64,
    /// Cells with a value.
    pub valid_pixels: u64,
    /// Area of a cell, m².
    pub cell_area_m2: f64,
}

/// Columns by row; `None` is all of them.
pub type Cells = [(usize, Vec<Range<usize>>)];

impl Layer {
    /// Statistics of all cells, or of some columns of some rows, which rise.
    ///
    /// # Errors
    /// `Io` where a block cannot be read, `Data` where it is damaged.
    pub fn statistics(&self, within: Option<&Cells>) -> Result<Statistics> {
        let (mut low, mut high, mut sum, mut count, mut all) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0u64, 0u64);
        self.visit(within, |value| {
            all += 1;
            if value.is_finite() {
                let value = f64::from(value);
                (low, high, sum, count) = (low.min(value), high.max(value), sum + value, count + 1);
            }
        })?;
        let mean = sum / count as f64;
        let (mut squares, mut bins) = (0.0, vec![0u64; BINS]);
        let step = (high - low) / BINS as f64;
        self.visit(within, |value| {
            if value.is_finite() {
                let value = f64::from(value);
                squares += (value - mean).powi(2);
                bins[(((value - low) / step) as usize).min(BINS - 1)] += 1;
            }
        })?;
        let percentile = |share: f64| {
            let (rank, mut below) = (share * count as f64, 0);
            let bin = bins.iter().position(|bin| {
                below += bin;
                below as f64 >= rank
            });
            // The first value of a layer that has one only.
            if step > 0.0 { low + (bin.unwrap_or(BINS - 1) as f64 + 0.5) * step } else { low }
        };
        let some = |value: f64| (count > 0).then_some(value);
        let bar = |k: usize| k * BINS / BARS;
        let bars = (0..BARS).map(|k| bins[bar(k)..bar(k + 1)].iter().sum::<u64>() as f64).collect();
        let ends =
            if count > 0 { (0..=BARS).map(|k| low + k as f64 / BARS as f64 * (high - low)).collect() } else { vec![] };
        Ok(Statistics {
            min: some(low),
            max: some(high),
            mean: some(mean),
            count,
            sum,
            std: some((squares / count as f64).sqrt()),
            median: some(percentile(0.5)),
            percentile_2: some(percentile(0.02)),
            percentile_98: some(percentile(0.98)),
            histogram: [bars, ends],
            valid_percent: 100.0 * count as f64 / all.max(1) as f64,
            masked_pixels: all - count,
            valid_pixels: count,
            cell_area_m2: self.cog.grid.cell_area(),
        })
    }

    /// What counting some columns of some rows takes: their cells, and for each block that has to be read so many more.
    pub fn cost(&self, within: &Cells, of_block: usize) -> usize {
        let (wide, high) = self.cog.block_size(0);
        let mut blocks = std::collections::BTreeSet::new();
        let mut cells = 0;
        for (row, ranges) in within {
            for range in ranges {
                cells += range.len();
                blocks.extend((range.start / wide..=(range.end - 1) / wide).map(|block| (row / high, block)));
            }
        }
        // Statistics look twice, and not all blocks fit in the cache.
        cells + 2 * of_block * blocks.len()
    }

    /// Shows every cell, block by block.
    fn visit(&self, within: Option<&Cells>, mut see: impl FnMut(f32)) -> Result<()> {
        let (wide, high) = self.cog.block_size(0);
        let across = self.cog.grid.cols.div_ceil(wide);
        let Some(rows) = within else {
            // Blocks that are seen once are not kept.
            for index in 0..self.cog.blocks(0) {
                self.cog.block(0, index)?.values.iter().for_each(|value| see(*value));
            }
            return Ok(());
        };
        let mut pieces: BTreeMap<usize, Vec<(usize, Range<usize>)>> = BTreeMap::new();
        for (row, ranges) in rows {
            for range in ranges {
                for block in range.start / wide..=(range.end - 1) / wide {
                    let columns = range.start.max(block * wide)..range.end.min((block + 1) * wide);
                    pieces.entry(row / high * across + block).or_default().push((*row, columns));
                }
            }
        }
        for (index, pieces) in pieces {
            let block = self.block(0, index)?;
            for (row, columns) in pieces {
                let line = &block.values[(row - block.top) * block.cols..][..block.cols];
                line[columns.start - block.left..columns.end - block.left].iter().for_each(|value| see(*value));
            }
        }
        Ok(())
    }
}
