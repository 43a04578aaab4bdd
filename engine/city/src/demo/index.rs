//! Which things may be near a point: lists in square bins.

use glam::DVec2;

const SIDE: f64 = 48.0;

pub(super) struct Index {
    corner: DVec2,
    cols: usize,
    rows: usize,
    lists: Vec<Vec<u32>>,
}

impl Index {
    /// An empty index of the box from `-half` to `half`.
    pub(super) fn new(half: DVec2) -> Index {
        let count = |side: f64| (2.0 * side / SIDE).ceil() as usize + 1;
        let (cols, rows) = (count(half.x), count(half.y));
        Index { corner: -half, cols, rows, lists: vec![Vec::new(); cols * rows] }
    }

    fn bin(&self, p: DVec2) -> [usize; 2] {
        let at = ((p - self.corner) / SIDE).floor();
        [at.x.clamp(0.0, (self.cols - 1) as f64) as usize, at.y.clamp(0.0, (self.rows - 1) as f64) as usize]
    }

    /// Adds a thing that is near the points within `reach`.
    pub(super) fn add(&mut self, id: usize, points: &[DVec2], reach: f64) {
        let low = points.iter().copied().reduce(DVec2::min).unwrap_or_default() - reach;
        let high = points.iter().copied().reduce(DVec2::max).unwrap_or_default() + reach;
        let ([west, south], [east, north]) = (self.bin(low), self.bin(high));
        for row in south..=north {
            (west..=east).for_each(|col| self.lists[row * self.cols + col].push(id as u32));
        }
    }

    /// Things that may be near a point.
    pub(super) fn near(&self, p: DVec2) -> impl Iterator<Item = usize> + '_ {
        let [col, row] = self.bin(p);
        self.lists[row * self.cols + col].iter().map(|&id| id as usize)
    }
}
