//! Sewers: what inlets take, and what their districts make of it. Twins: `shaders/runoff/inlets.wgsl` and `district.wgsl`.

use super::super::params::{BLOCK, Clock, DRY, District, HALO, Inlet, Sewer};
use super::super::problem::Problem;
use super::super::solver::{State, Statistics};
use super::hllc::{max, min};
use super::update::add;
use rayon::prelude::*;
use std::ops::Range;

/// Bands of rows that are worked on beside each other.
const BANDS: usize = 16;

/// Sewers of the city.
#[derive(Default)]
pub struct Inlets {
    /// The districts in this interval.
    pub sewers: Vec<Sewer>,
    pub districts: Vec<District>,
    bands: Vec<Band>,
    /// Values of the padded arrays in a band's rows.
    band: usize,
    stride: usize,
}

/// The inlets in a band of rows.
struct Band {
    /// Sorted by district; indices count from the start of the band.
    inlets: Vec<Inlet>,
    /// Those of each district.
    ranges: Vec<Range<usize>>,
    /// What each inlet has taken since the start, less what came up there, with what that lost to rounding, m.
    taken: Vec<[f32; 2]>,
    /// What the inlets of each district took in the step, and what they would take if it had room, m.
    sums: Vec<[f32; 2]>,
}

/// The compensated sum of a pair and a number.
#[inline(always)]
fn book(high: &mut f32, low: &mut f32, change: f32) {
    let change = change + *low;
    let sum = *high + change;
    *low = change - (sum - *high);
    *high = sum;
}

/// The sum of a block, in the order of a workgroup.
fn tree(values: &mut [f32; BLOCK]) -> f32 {
    let mut half = BLOCK / 2;
    while half > 0 {
        for i in 0..half {
            values[i] += values[i + half];
        }
        half /= 2;
    }
    values[0]
}

impl Inlets {
    pub fn new(problem: &Problem) -> Inlets {
        let count = problem.sewers.districts.len();
        if count == 0 {
            return Inlets::default();
        }
        let (rows, stride) = (problem.grid.rows, problem.grid.cols + 2 * HALO);
        let high = rows.div_ceil(BANDS);
        let band = |k: usize| {
            let first = (k * high).min(rows);
            let mut blocks = problem.blocks(first..(first + high).min(rows), false);
            let start = ((first + HALO) * stride) as u32;
            blocks.inlets.iter_mut().for_each(|inlet| inlet.index -= start);
            Band {
                taken: vec![[0.0; 2]; blocks.inlets.len()],
                sums: vec![[0.0; 2]; count],
                inlets: blocks.inlets,
                ranges: blocks.ranges,
            }
        };
        Inlets {
            sewers: Vec::new(),
            districts: vec![District { accept: 1.0, ..District::default() }; count],
            bands: (0..rows.div_ceil(high)).map(band).collect(),
            band: high * stride,
            stride,
        }
    }

    /// One step of all inlets and districts.
    pub fn drain(&mut self, clock: &Clock, state: &mut State) {
        if self.districts.is_empty() {
            return;
        }
        let (skip, districts) = (HALO * self.stride, &self.districts);
        let State { depth, low, qx, qy } = state;
        self.bands
            .par_iter_mut()
            .zip(depth[skip..].par_chunks_mut(self.band).zip(low[skip..].par_chunks_mut(self.band)))
            .zip(qx[skip..].par_chunks_mut(self.band).zip(qy[skip..].par_chunks_mut(self.band)))
            .for_each(|((band, (depth, low)), (qx, qy))| band.drain(districts, clock, [depth, low, qx, qy]));
        for k in 0..self.districts.len() {
            let (mut sunk, mut sunk_low, mut asked, mut asked_low) = (0.0, 0.0, 0.0, 0.0);
            for band in &self.bands {
                book(&mut sunk, &mut sunk_low, band.sums[k][0]);
                book(&mut asked, &mut asked_low, band.sums[k][1]);
            }
            self.district(k, clock.dt, sunk + sunk_low, asked + asked_low);
        }
    }

    /// Fills a district, pumps it out, and says what comes up in the next step and how much inlets may take in it.
    fn district(&mut self, k: usize, dt: f32, sunk: f32, asked: f32) {
        let (sewer, d) = (&self.sewers[k], &mut self.districts[k]);
        book(&mut d.storage, &mut d.storage_low, sunk + sewer.direct * dt);
        let pumped = min(sewer.pump * dt, max(d.storage, 0.0));
        book(&mut d.storage, &mut d.storage_low, -pumped);
        book(&mut d.pumped, &mut d.pumped_low, pumped);
        d.spill = max(d.storage - sewer.room, 0.0);
        book(&mut d.storage, &mut d.storage_low, -d.spill);
        book(&mut d.spilled, &mut d.spilled_low, d.spill);
        let free = max(sewer.room - d.storage, 0.0) + max((sewer.pump - sewer.direct) * dt, 0.0);
        d.accept = if asked > free { free / asked } else { 1.0 };
    }

    /// Puts what each inlet has taken into the statistics.
    pub fn tell(&self, statistics: &mut Statistics) {
        for (k, band) in self.bands.iter().enumerate() {
            let start = HALO * self.stride + k * self.band;
            for (inlet, taken) in band.inlets.iter().zip(&band.taken) {
                let i = start + inlet.index as usize;
                (statistics.sewered[i], statistics.sewered_low[i]) = (taken[0], taken[1]);
            }
        }
    }

    /// Takes back what `tell` told.
    pub fn recall(&mut self, statistics: &Statistics) {
        for (k, band) in self.bands.iter_mut().enumerate() {
            let start = HALO * self.stride + k * self.band;
            for (inlet, taken) in band.inlets.iter().zip(&mut band.taken) {
                let i = start + inlet.index as usize;
                *taken = [statistics.sewered[i], statistics.sewered_low[i]];
            }
        }
    }
}

impl Band {
    fn drain(&mut self, districts: &[District], clock: &Clock, [depth, low, qx, qy]: [&mut [f32]; 4]) {
        for (k, range) in self.ranges.iter().enumerate() {
            let (accept, spill) = (districts[k].accept, districts[k].spill);
            let (mut all, mut all_low, mut wanted, mut wanted_low) = (0.0, 0.0, 0.0, 0.0);
            let inlets = self.inlets[range.clone()].chunks(BLOCK);
            for (inlets, taken) in inlets.zip(self.taken[range.clone()].chunks_mut(BLOCK)) {
                let (mut sunk, mut asked) = ([0.0; BLOCK], [0.0; BLOCK]);
                for (lane, (inlet, taken)) in inlets.iter().zip(taken).enumerate() {
                    let i = inlet.index as usize;
                    let before = depth[i];
                    asked[lane] = min(inlet.capacity * clock.dt, before);
                    sunk[lane] = asked[lane] * accept;
                    let net = sunk[lane] - inlet.spill * spill;
                    if net == 0.0 {
                        continue;
                    }
                    // As `links::give`.
                    (depth[i], low[i]) = add(before, low[i], -net);
                    let left = if depth[i] > DRY { min(depth[i] / max(before, DRY), 1.0) } else { 0.0 };
                    qx[i] *= left;
                    qy[i] *= left;
                    let [high, rest] = taken;
                    book(high, rest, net);
                }
                book(&mut all, &mut all_low, tree(&mut sunk));
                book(&mut wanted, &mut wanted_low, tree(&mut asked));
            }
            self.sums[k] = [all + all_low, wanted + wanted_low];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sewer::{District as Given, Gully, Sewers};
    use super::super::super::{Problem, Run, Series, start};
    use crate::device::Device;
    use crate::grid::Grid;

    /// A paved yard of 20 × 15 m between walls, 36 mm/h of rain for 20 minutes, inlets of 20 mm/h.
    fn yard(room: f64, pump: f64) -> Run {
        let mut problem = Problem::new(Grid::local(20, 15, 1.0), &[0.0; 300]);
        problem.manning.fill(0.015);
        problem.rain = Series::new(&[(0.0, 36e-3 / 3600.0), (1200.0, 0.0)], crate::series::Between::Steps);
        problem.sewers = Sewers {
            districts: vec![Given { name: "yard".into(), room, pump }],
            gullies: (0..300).map(|cell| Gully { cell, district: 0, capacity: (20e-3 / 3600.0) as f32 }).collect(),
        };
        start(problem, &Device::Cpu).expect("a run")
    }

    /// Storage, pumped and spilled, and what stands on the yard, m³.
    fn volumes(run: &mut Run) -> [f64; 4] {
        let fields = run.fields().expect("fields");
        let stands = fields.state.depth.iter().map(|h| f64::from(*h)).sum();
        let [storage, pumped, spilled] = run.sewers().expect("books")[0];
        [storage, pumped, spilled, stands]
    }

    #[test]
    fn inlets_take_their_capacity_and_the_rest_stands() {
        let mut run = yard(f64::INFINITY, 0.0);
        run.run_to(1200.0).expect("20 minutes");
        let [storage, pumped, spilled, stands] = volumes(&mut run);
        // 300 m² for a third of an hour.
        assert!((storage - 300.0 * 20e-3 / 3.0).abs() < 0.01, "{storage}");
        assert!((stands - 300.0 * 16e-3 / 3.0).abs() < 0.01, "{stands}");
        assert_eq!((pumped, spilled), (0.0, 0.0));
        // Afterwards it drains at 20 mm/h: what is left after ten minutes more.
        run.run_to(1800.0).expect("30 minutes");
        assert!((volumes(&mut run)[3] - (1.6 - 300.0 * 20e-3 / 6.0)).abs() < 0.05);
    }

    #[test]
    fn a_full_sewer_takes_what_is_pumped_out_of_it() {
        // Full after 6 minutes; 1.5 m³/h is pumped out.
        let pump = 1.5 / 3600.0;
        let mut run = yard(0.6, pump);
        run.run_to(1200.0).expect("20 minutes");
        let [storage, pumped, _, stands] = volumes(&mut run);
        assert!((storage - 0.6).abs() < 1e-3, "full: {storage}");
        assert!((pumped - 0.5).abs() < 1e-3, "{pumped}");
        assert!((stands + storage + pumped - 3.6).abs() < 1e-4, "{stands}");
        // In 2 h 24 min it is all pumped out.
        run.run_to(9000.0).expect("2.5 hours");
        let [storage, pumped, _, stands] = volumes(&mut run);
        assert!(storage < 1e-6 && stands < 1e-3 && (pumped - 3.6).abs() < 1e-3, "{storage} {pumped} {stands}");
    }
}
