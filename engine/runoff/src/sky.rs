//! What of the rain falls where: radar, and roofs that shed their rain to the street or to the sewer.

use super::params::HALO;
use super::problem::Problem;
use hanze_base::grid::Grid;

/// Rain that differs from place to place: rasters in time, each of which holds until the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Radar {
    /// Grid of the rasters; it may be coarser than the city's, and lie askew of it by part of a cell.
    pub grid: Grid,
    /// When each raster begins, s, rising.
    pub times: Vec<f64>,
    /// Intensities, m/s; 0 where the radar sees nothing. After the last raster's own time comes one of zeros, if the rain ends.
    pub values: Vec<Vec<f32>>,
}

/// Where the rain of a roof goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gutter {
    /// To a cell of the street.
    Street(usize),
    /// Into a sewer district.
    Sewer(usize),
    /// Nowhere: there is no street within reach.
    Lost,
}

/// A cell of a roof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roof {
    /// The cell.
    pub cell: usize,
    /// Where its rain goes.
    pub gutter: Gutter,
    /// What it holds before anything runs off, m: a green roof.
    pub holds: f64,
}

/// Rain of one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fall {
    /// Share of the interval's highest intensity that comes to each cell, padded.
    pub shares: Vec<f32>,
    /// Sum of the shares.
    pub sum: f64,
    /// What roofs bring to each sewer district: the area, m², on which so much falls at the highest intensity.
    pub direct: Vec<f64>,
    /// What green roofs keep, as such an area, m².
    pub kept: f64,
    /// Largest share.
    pub largest: f32,
    /// Up to when an interval may begin and have the same shares, s.
    pub until: f64,
    /// The highest intensity that the shares are of, m/s; `None` where they are the same for any.
    pub of: Option<f64>,
}

impl Fall {
    /// Whether the rain of an interval that begins then, with that highest intensity, is shared out as this is.
    pub fn goes_on(&self, from: f64, highest: f64) -> bool {
        from < self.until && self.of.is_none_or(|own| own == highest)
    }
}

impl Radar {
    /// The raster that falls at a time, if any does.
    fn at(&self, time: f64) -> Option<&[f32]> {
        let after = self.times.partition_point(|&t| t <= time);
        after.checked_sub(1).map(|k| self.values[k].as_slice())
    }

    /// When the raster after that begins, s.
    fn next(&self, time: f64) -> f64 {
        let after = self.times.partition_point(|&t| t <= time);
        self.times.get(after).copied().unwrap_or(f64::INFINITY)
    }

    /// Highest intensity of each raster in time, m/s.
    pub fn highest(&self) -> Vec<(f64, f64)> {
        let highest = |values: &Vec<f32>| f64::from(values.iter().copied().fold(0.0, f32::max));
        self.times.iter().copied().zip(self.values.iter().map(highest)).collect()
    }

    /// Mean over each of the city's cells, weighted by area, of values on the radar's grid: what falls on the city is what
    /// the radar saw over it.
    pub fn onto(&self, city: &Grid, values: &[f32]) -> Vec<f32> {
        let spans = |count: usize, first: f64, size: f64, own: usize, own_first: f64, own_size: f64, down: bool| {
            let span = |k: usize| {
                let offset = |at: f64| if down { (own_first - at) / own_size } else { (at - own_first) / own_size };
                let at = |k: f64| if down { first - k * size } else { first + k * size };
                let (low, high) = (offset(at(k as f64)), offset(at(k as f64 + 1.0)));
                let range = low.floor().max(0.0) as usize..(high.ceil().max(0.0) as usize).min(own);
                let part = |j: usize| ((high.min(j as f64 + 1.0) - low.max(j as f64)) / (high - low)).max(0.0);
                range.map(|j| (j, part(j))).filter(|(_, part)| *part > 0.0).collect::<Vec<(usize, f64)>>()
            };
            (0..count).map(span).collect::<Vec<_>>()
        };
        let g = &self.grid;
        let cols = spans(city.cols, city.west, city.cell, g.cols, g.west, g.cell, false);
        let rows = spans(city.rows, city.north, city.cell, g.rows, g.north, g.cell, true);
        let mut out = vec![0.0f32; city.len()];
        for (row, out) in rows.iter().zip(out.chunks_mut(city.cols)) {
            for (col, out) in cols.iter().zip(out) {
                let across = |&(r, part): &(usize, f64)| {
                    part * col.iter().map(|&(c, part)| part * f64::from(values[r * g.cols + c])).sum::<f64>()
                };
                *out = row.iter().map(across).sum::<f64>() as f32;
            }
        }
        out
    }
}

impl Problem {
    /// Whether each cell has a share of the rain of its own.
    pub fn is_spread(&self) -> bool {
        self.radar.is_some() || !self.roofs.is_empty()
    }

    /// Rain on each roof up to a time, m; empty where no roof holds any.
    pub(super) fn fallen(&self, time: f64) -> Vec<f64> {
        if self.roofs.iter().all(|roof| roof.holds <= 0.0) {
            return Vec::new();
        }
        let Some(radar) = &self.radar else { return vec![self.rain.integral(0.0, time); self.roofs.len()] };
        let mut fallen = vec![0.0; self.roofs.len()];
        for (k, start) in radar.times.iter().enumerate().filter(|(_, start)| **start < time) {
            let end = radar.times.get(k + 1).copied().unwrap_or(f64::INFINITY).min(time);
            let rates = radar.onto(&self.grid, &radar.values[k]);
            let roofs = fallen.iter_mut().zip(&self.roofs);
            roofs.for_each(|(sum, roof)| *sum += f64::from(rates[roof.cell]) * (end - start.max(0.0)).max(0.0));
        }
        fallen
    }

    /// The rain from `from` to `to` seconds, in which no series has a point. `None` where it is the same everywhere.
    ///
    /// `fallen` is what [`Problem::fallen`] gives for the start; it is brought to the end.
    pub(super) fn fall(&self, from: f64, to: f64, fallen: &mut [f64]) -> Option<Fall> {
        if !self.is_spread() {
            return None;
        }
        let highest = self.rain.at(from);
        let mut shares = match &self.radar {
            Some(radar) if highest > 0.0 => {
                let mut shares = radar.at(from).map_or(Vec::new(), |values| radar.onto(&self.grid, values));
                shares.resize(self.grid.len(), 0.0);
                shares.iter_mut().for_each(|share| *share = (f64::from(*share) / highest) as f32);
                shares
            }
            Some(_) => vec![0.0; self.grid.len()],
            None => vec![1.0; self.grid.len()],
        };
        let area = self.grid.cell_area();
        let mut fall = Fall { direct: vec![0.0; self.sewers.districts.len()], ..Fall::default() };
        // First off all roofs, then onto the street: the street's own share must be known before.
        let mut shed = Vec::with_capacity(self.roofs.len());
        (fall.until, fall.of) = self.radar.as_ref().map_or((f64::INFINITY, None), |r| (r.next(from), Some(highest)));
        for (k, roof) in self.roofs.iter().enumerate() {
            let mut share = f64::from(shares[roof.cell]);
            shares[roof.cell] = 0.0;
            if let Some(before) = fallen.get_mut(k).filter(|before| **before < roof.holds) {
                let came = share * highest * (to - from);
                let stays = (roof.holds - *before).min(came);
                *before += came;
                fall.until = from;
                // Where none falls, none is kept.
                if came > 0.0 {
                    fall.kept += share * stays / came * area;
                    share *= 1.0 - stays / came;
                }
            }
            shed.push((roof.gutter, share));
        }
        for (gutter, share) in shed {
            match gutter {
                Gutter::Street(cell) => shares[cell] += share as f32,
                Gutter::Sewer(district) => fall.direct[district] += share * area,
                Gutter::Lost => {}
            }
        }
        let stride = self.grid.cols + 2 * HALO;
        fall.shares = vec![0.0; stride * (self.grid.rows + 2 * HALO)];
        for (row, (shares, beds)) in shares.chunks(self.grid.cols).zip(self.bed.chunks(self.grid.cols)).enumerate() {
            let target = &mut fall.shares[(row + HALO) * stride + HALO..];
            for ((target, share), bed) in target.iter_mut().zip(shares).zip(beds) {
                *target = if bed.is_nan() { 0.0 } else { *share };
                fall.sum += f64::from(*target);
                fall.largest = fall.largest.max(*target);
            }
        }
        Some(fall)
    }
}

/// For each cell of a roof the nearest cell that is none and that is open to its water, within the grid.
pub fn gutters(grid: &Grid, is_roof: &[bool], is_open: &dyn Fn(usize) -> bool) -> Vec<(usize, Option<usize>)> {
    let (cols, rows) = (grid.cols, grid.rows);
    let mut nearest: Vec<u32> = vec![u32::MAX; grid.len()];
    for (cell, nearest) in nearest.iter_mut().enumerate() {
        if !is_roof[cell] && is_open(cell) {
            *nearest = cell as u32;
        }
    }
    let distance = |cell: usize, to: u32| {
        let (dx, dy) = ((cell % cols).abs_diff(to as usize % cols), (cell / cols).abs_diff(to as usize / cols));
        dx * dx + dy * dy
    };
    // Danielsson's distance transform with eight neighbours, in two sweeps and back: each cell takes over what a neighbour has
    // found if that is nearer; an open cell has found itself.
    let take = |nearest: &mut Vec<u32>, cell: usize, from: usize| {
        let found = nearest[from];
        if found != u32::MAX {
            let own = nearest[cell];
            if own == u32::MAX || distance(cell, found) < distance(cell, own) {
                nearest[cell] = found;
            }
        }
    };
    for down in [true, false] {
        for k in 0..rows {
            let row = if down { k } else { rows - 1 - k };
            let above = if down { row.checked_sub(1) } else { Some(row + 1).filter(|row| *row < rows) };
            for col in 0..cols {
                let cell = row * cols + col;
                if let Some(above) = above {
                    for beside in col.saturating_sub(1)..(col + 2).min(cols) {
                        take(&mut nearest, cell, above * cols + beside);
                    }
                }
                if col > 0 {
                    take(&mut nearest, cell, cell - 1);
                }
            }
            for col in (0..cols.saturating_sub(1)).rev() {
                take(&mut nearest, row * cols + col, row * cols + col + 1);
            }
        }
    }
    let roofs = (0..grid.len()).filter(|cell| is_roof[*cell]);
    roofs.map(|cell| (cell, (nearest[cell] != u32::MAX).then_some(nearest[cell] as usize))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::series::{Between, Series};

    #[test]
    fn radar_on_a_shifted_grid_keeps_its_volume() {
        // Cells of 10 m that lie 3.3 m and 1.7 m askew of the city's, and reach 4 m beyond it in the south.
        let city = Grid { west: 103.3, north: 198.3, ..Grid::local(55, 43, 1.5) };
        let grid = Grid { west: 100.0, north: 200.0, ..Grid::local(9, 7, 10.0) };
        let values: Vec<f32> = (0..63).map(|i| (i * i % 17) as f32 * 1e-6).collect();
        let radar = Radar { grid, times: vec![0.0], values: vec![values.clone()] };
        let got: f64 = radar.onto(&city, &values).iter().map(|v| f64::from(*v) * 2.25).sum();
        // What each radar cell has in common with the city's rectangle, by itself.
        let mut expected = 0.0;
        for (i, value) in values.iter().enumerate() {
            let (west, north) = (100.0 + 10.0 * (i % 9) as f64, 200.0 - 10.0 * (i / 9) as f64);
            let width = (west + 10.0).min(city.east()) - west.max(city.west);
            let height = north.min(city.north) - (north - 10.0).max(city.south());
            expected += f64::from(*value) * width.max(0.0) * height.max(0.0);
        }
        assert!((got / expected - 1.0).abs() < 1e-6, "{got} and {expected}");
    }

    #[test]
    fn roofs_shed_to_the_nearest_street() {
        // A house of 4 × 3 cells at the western edge of 8 × 5, whose north is a wall.
        let grid = Grid::local(8, 5, 1.0);
        let is_roof: Vec<bool> = (0..40).map(|i| i % 8 < 4 && (1..4).contains(&(i / 8))).collect();
        let found = gutters(&grid, &is_roof, &|cell| cell / 8 > 0);
        let to: Vec<usize> = found.iter().map(|(_, to)| to.expect("a street")).collect();
        assert_eq!(found.len(), 12);
        // North row: three of four are nearer to the east or as near to the south.
        assert_eq!((to[3], to[7], to[11]), (12, 20, if to[11] == 28 { 28 } else { 35 }));
        for ((cell, _), to) in found.iter().zip(&to) {
            let square = |to: usize| (cell % 8).abs_diff(to % 8).pow(2) + (cell / 8).abs_diff(to / 8).pow(2);
            let best = (8..40).filter(|c| !is_roof[*c]).map(square).min().expect("cells");
            assert_eq!(square(*to), best, "cell {cell}");
        }
        assert!(gutters(&grid, &[true; 40], &|_| true).iter().all(|(_, to)| to.is_none()));
    }

    #[test]
    fn green_roofs_hold_the_first_of_it() {
        let mut problem = Problem::new(Grid::local(4, 1, 2.0), &[0.0, f64::NAN, 0.0, 0.0]);
        problem.rain = Series::new(&[(0.0, 1e-5), (600.0, 0.0)], Between::Steps);
        problem.roofs = vec![Roof { cell: 1, gutter: Gutter::Street(2), holds: 4e-3 }];
        let mut fallen = problem.fallen(0.0);
        let fall = problem.fall(0.0, 600.0, &mut fallen).expect("it differs");
        assert!(
            !fall.goes_on(600.0, 0.0)
                && (fallen[0] - 6e-3).abs() < 1e-12
                && (problem.fallen(700.0)[0] - 6e-3).abs() < 1e-12
        );
        // 6 mm, of which 4 mm stay.
        let at = |col: usize| fall.shares[HALO * 8 + HALO + col];
        assert_eq!((at(0), at(1), at(3)), (1.0, 0.0, 1.0));
        assert!((at(2) - (1.0 + 1.0 / 3.0)).abs() < 1e-6, "{}", at(2));
        assert!((fall.kept * 6e-3 - 4e-3 * 4.0).abs() < 1e-9);
    }
}
