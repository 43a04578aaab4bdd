//! Sewers: what inlets take, and what their districts make of it. Twins: `shaders/runoff/inlets.wgsl` and `district.wgsl`.

use super::super::params::{BLOCK, Clock, District, Inlet, NOWHERE, Sewer};
use super::super::sewer::Blocks;
use super::super::solver::State;
use super::hllc::{max, min};
use super::links::give;
use std::ops::Range;

/// Sewers of the city.
#[derive(Default)]
pub struct Inlets {
    pub inlets: Vec<Inlet>,
    /// Blocks of each district.
    ranges: Vec<Range<usize>>,
    /// The districts in this interval.
    pub sewers: Vec<Sewer>,
    pub districts: Vec<District>,
    /// What each inlet has taken since the start, less what came up there, with what that lost to rounding, m.
    pub taken: Vec<[f32; 2]>,
}

/// The compensated sum of a pair and a number.
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
    pub fn new(blocks: Blocks) -> Inlets {
        Inlets {
            taken: vec![[0.0; 2]; blocks.inlets.len()],
            districts: vec![District { accept: 1.0, ..District::default() }; blocks.ranges.len()],
            sewers: Vec::new(),
            inlets: blocks.inlets,
            ranges: blocks.ranges,
        }
    }

    /// One step of all inlets and districts.
    pub fn drain(&mut self, clock: &Clock, state: &mut State) {
        for k in 0..self.districts.len() {
            let (mut sunk, mut sunk_low) = (0.0, 0.0);
            let (mut asked, mut asked_low) = (0.0, 0.0);
            for block in self.ranges[k].clone() {
                let [more, wanted] = self.block(block, clock, state);
                book(&mut sunk, &mut sunk_low, more);
                book(&mut asked, &mut asked_low, wanted);
            }
            self.district(k, clock.dt, sunk + sunk_low, asked + asked_low);
        }
    }

    /// One block: what it takes, and what it would take if its district had room.
    fn block(&mut self, block: usize, clock: &Clock, state: &mut State) -> [f32; 2] {
        let (mut sunk, mut asked) = ([0.0; BLOCK], [0.0; BLOCK]);
        for lane in 0..BLOCK {
            let at = block * BLOCK + lane;
            let inlet = self.inlets[at];
            if inlet.index == NOWHERE {
                continue;
            }
            let district = &self.districts[inlet.district as usize];
            let i = inlet.index as usize;
            asked[lane] = min(inlet.capacity * clock.dt, state.depth[i]);
            sunk[lane] = asked[lane] * district.accept;
            let net = sunk[lane] - inlet.spill * district.spill;
            if net != 0.0 {
                give(state, i, -net);
                let [high, low] = &mut self.taken[at];
                book(high, low, net);
            }
        }
        [tree(&mut sunk), tree(&mut asked)]
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
