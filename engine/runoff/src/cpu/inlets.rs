//! Sewers: what inlets take, and what their districts make of it. Twins: `shaders/runoff/inlets.wgsl` and `district.wgsl`.

use super::super::params::{BLOCK, Clock, DRY, District, HALO, Inlet, Sewer};
use super::super::problem::Problem;
use super::super::solver::{State, Statistics};
use super::SMALL;
use super::hllc::{max, min};
use super::update::add;
use rayon::prelude::*;
use std::ops::Range;

/// Bands of rows that are worked on beside each other.
const BANDS: usize = 16;
/// From so many cells without an inlet on a run ends.
const GAP: usize = 16;
/// Runs have a multiple of so many lanes where there is room for it: a vector of the widest processors.
const LANES: usize = 16;

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

/// The inlets in a band of rows. Each of its arrays has a lane for every cell of the runs, one run after the other.
struct Band {
    runs: Vec<Run>,
    /// What each lane takes at most, m/s; 0 where no inlet is.
    capacity: Vec<f32>,
    /// Share of what its district spills that comes up there.
    spill: Vec<f32>,
    /// What each has taken since the start, less what came up there, and what that lost to rounding, m.
    taken: [Vec<f32>; 2],
    /// What each would take in the step if its district had room, m.
    asked: Vec<f32>,
    /// What each lane of the run at hand took, less what came up, m, and the share of the discharge that is left.
    net: Vec<f32>,
    left: Vec<f32>,
    /// Lane and cell of each inlet, sorted by district; cells count from the start of the band.
    inlets: Vec<[u32; 2]>,
    /// Places of each district's inlets in `inlets`.
    ranges: Vec<Range<usize>>,
    /// What the inlets of each district took in the step, and what they would take if it had room, m.
    sums: Vec<[f32; 2]>,
}

/// Cells of a row from one inlet of a district to another, and some after it; between inlets are fewer than `GAP` cells.
struct Run {
    district: usize,
    /// Its first cell, from the start of the band.
    cell: usize,
    lanes: Range<usize>,
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
#[inline(always)]
fn tree(values: &mut [f32; BLOCK]) -> f32 {
    let mut half = BLOCK / 2;
    while half > 0 {
        let (sums, others) = values.split_at_mut(half);
        sums.iter_mut().zip(&*others).for_each(|(sum, other)| *sum += *other);
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
            Band::new(&blocks.inlets, blocks.ranges, stride, (rows - first).min(high) * stride)
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
    pub fn drain(&mut self, arch: pulp::Arch, clock: &Clock, state: &mut State) {
        if self.districts.is_empty() {
            return;
        }
        let (skip, districts) = (HALO * self.stride, &self.districts);
        // With so few cells this thread is done before another has begun.
        let together = if self.band * self.bands.len() <= SMALL { BANDS } else { 1 };
        let State { depth, low, qx, qy } = state;
        self.bands
            .par_iter_mut()
            .zip(depth[skip..].par_chunks_mut(self.band).zip(low[skip..].par_chunks_mut(self.band)))
            .zip(qx[skip..].par_chunks_mut(self.band).zip(qy[skip..].par_chunks_mut(self.band)))
            .with_min_len(together)
            .for_each(|((band, (depth, low)), (qx, qy))| {
                arch.dispatch(Drain { band, districts, dt: clock.dt, water: [depth, low, qx, qy] });
            });
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
            for [lane, cell] in &band.inlets {
                let (lane, i) = (*lane as usize, start + *cell as usize);
                (statistics.sewered[i], statistics.sewered_low[i]) = (band.taken[0][lane], band.taken[1][lane]);
            }
        }
    }

    /// Takes back what `tell` told.
    pub fn recall(&mut self, statistics: &Statistics) {
        for (k, band) in self.bands.iter_mut().enumerate() {
            let start = HALO * self.stride + k * self.band;
            for [lane, cell] in &band.inlets {
                let (lane, i) = (*lane as usize, start + *cell as usize);
                (band.taken[0][lane], band.taken[1][lane]) = (statistics.sewered[i], statistics.sewered_low[i]);
            }
        }
    }
}

impl Band {
    /// From inlets sorted by district and cell, whose indices count from the start of the band; it has so many cells.
    fn new(inlets: &[Inlet], ranges: Vec<Range<usize>>, stride: usize, cells: usize) -> Band {
        let mut band = Band {
            runs: Vec::new(),
            capacity: Vec::new(),
            spill: Vec::new(),
            taken: [Vec::new(), Vec::new()],
            asked: Vec::new(),
            net: Vec::new(),
            left: Vec::new(),
            inlets: Vec::with_capacity(inlets.len()),
            sums: vec![[0.0; 2]; ranges.len()],
            ranges,
        };
        for inlet in inlets {
            let (cell, district) = (inlet.index as usize, inlet.district as usize);
            // A few cells without an inlet cost less than another run.
            let goes_on = |run: &Run| {
                let next = run.cell + run.lanes.len();
                run.district == district && (next..next + GAP).contains(&cell) && run.cell / stride == cell / stride
            };
            if !band.runs.last().is_some_and(goes_on) {
                band.fill_up(cells);
                let lane = band.capacity.len();
                band.runs.push(Run { district, cell, lanes: lane..lane });
            }
            let Some(run) = band.runs.last_mut() else { continue };
            let lane = run.lanes.start + cell - run.cell;
            run.lanes.end = lane + 1;
            band.capacity.resize(lane, 0.0);
            band.capacity.push(inlet.capacity);
            band.spill.resize(lane, 0.0);
            band.spill.push(inlet.spill);
            band.inlets.push([lane as u32, inlet.index]);
        }
        band.fill_up(cells);
        let lanes = band.capacity.len();
        for values in std::iter::once(&mut band.asked).chain(&mut band.taken) {
            values.resize(lanes, 0.0);
        }
        let longest = band.runs.iter().map(|run| run.lanes.len()).max().unwrap_or(0);
        for values in [&mut band.net, &mut band.left] {
            values.resize(longest, 0.0);
        }
        band
    }

    /// Fills the last run up to whole vectors, as far as the band goes: cells without an inlet stay as they are, to the bit.
    fn fill_up(&mut self, cells: usize) {
        let Some(run) = self.runs.last_mut() else { return };
        let length = run.lanes.len().next_multiple_of(LANES).min(cells - run.cell);
        run.lanes.end = run.lanes.start + length;
        self.capacity.resize(run.lanes.end, 0.0);
        self.spill.resize(run.lanes.end, 0.0);
    }

    /// Sums of each district, in the order of the shader's workgroups.
    #[inline(always)]
    fn sum(&mut self, districts: &[District]) {
        for (k, range) in self.ranges.iter().enumerate() {
            let accept = districts[k].accept;
            let (mut all, mut all_low, mut wanted, mut wanted_low) = (0.0, 0.0, 0.0, 0.0);
            for inlets in self.inlets[range.clone()].chunks(BLOCK) {
                let (mut sunk, mut asked) = ([0.0; BLOCK], [0.0; BLOCK]);
                for (asked, [lane, _]) in asked.iter_mut().zip(inlets) {
                    *asked = self.asked[*lane as usize];
                }
                for (sunk, asked) in sunk.iter_mut().zip(&asked) {
                    *sunk = *asked * accept;
                }
                book(&mut all, &mut all_low, tree(&mut sunk));
                book(&mut wanted, &mut wanted_low, tree(&mut asked));
            }
            self.sums[k] = [all + all_low, wanted + wanted_low];
        }
    }
}

/// A band's step; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Drain<'a> {
    band: &'a mut Band,
    districts: &'a [District],
    dt: f32,
    water: [&'a mut [f32]; 4],
}

impl pulp::NullaryFnOnce for Drain<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Drain { band, districts, dt, water: [depth, low, qx, qy] } = self;
        for run in &band.runs {
            let lanes = run.lanes.clone();
            let cells = run.cell..run.cell + lanes.len();
            let asked = &mut band.asked[lanes.clone()];
            let (net, left) = (&mut band.net[..lanes.len()], &mut band.left[..lanes.len()]);
            let inlets = [&band.capacity[lanes.clone()], &band.spill[lanes.clone()]];
            ask(&districts[run.district], dt, inlets, &depth[cells.clone()], asked, net);
            give(net, &mut depth[cells.clone()], &mut low[cells.clone()], left);
            slow(left, &mut qx[cells.clone()], &mut qy[cells]);
            let [high, rest] = &mut band.taken;
            keep(net, &mut high[lanes.clone()], &mut rest[lanes]);
        }
        band.sum(districts);
    }
}

// Four loops, each with few enough outputs (as arguments of their own, so that the compiler knows them apart) to become SIMD.

#[inline(always)]
fn ask(
    district: &District,
    dt: f32,
    [capacity, spill]: [&[f32]; 2],
    depth: &[f32],
    asked: &mut [f32],
    net: &mut [f32],
) {
    let n = asked.len();
    let (capacity, spill, depth, net) = (&capacity[..n], &spill[..n], &depth[..n], &mut net[..n]);
    for i in 0..n {
        asked[i] = min(capacity[i] * dt, depth[i]);
        net[i] = asked[i] * district.accept - spill[i] * district.spill;
    }
}

/// As `links::give`; where nothing is given not a bit changes.
#[inline(always)]
fn give(net: &[f32], depth: &mut [f32], low: &mut [f32], left: &mut [f32]) {
    let n = net.len();
    let (depth, low, left) = (&mut depth[..n], &mut low[..n], &mut left[..n]);
    for i in 0..n {
        let (before, moves) = (depth[i], net[i] != 0.0);
        let (after, rest) = add(before, low[i], -net[i]);
        let share = if after > DRY { min(after / max(before, DRY), 1.0) } else { 0.0 };
        left[i] = if moves { share } else { 1.0 };
        depth[i] = if moves { after } else { before };
        low[i] = if moves { rest } else { low[i] };
    }
}

#[inline(always)]
fn slow(left: &[f32], qx: &mut [f32], qy: &mut [f32]) {
    let n = left.len();
    let (qx, qy) = (&mut qx[..n], &mut qy[..n]);
    for i in 0..n {
        qx[i] *= left[i];
        qy[i] *= left[i];
    }
}

#[inline(always)]
fn keep(net: &[f32], taken: &mut [f32], taken_low: &mut [f32]) {
    let n = net.len();
    let (taken, taken_low) = (&mut taken[..n], &mut taken_low[..n]);
    for i in 0..n {
        let moves = net[i] != 0.0;
        let change = net[i] + taken_low[i];
        let sum = taken[i] + change;
        let rest = change - (sum - taken[i]);
        taken[i] = if moves { sum } else { taken[i] };
        taken_low[i] = if moves { rest } else { taken_low[i] };
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sewer::{District as Given, Gully, Sewers};
    use super::super::super::{Problem, Run, Series, start};
    use super::*;
    use hanze_base::grid::Grid;
    use hanze_device::Device;

    /// A paved yard of 20 × 15 m between walls, 36 mm/h of rain for 20 minutes, inlets of 20 mm/h.
    fn yard(room: f64, pump: f64) -> Run {
        let mut problem = Problem::new(Grid::local(20, 15, 1.0), &[0.0; 300]);
        problem.manning.fill(0.015);
        problem.rain = Series::new(&[(0.0, 36e-3 / 3600.0), (1200.0, 0.0)], hanze_base::series::Between::Steps);
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

    /// What the inlets of a band do, one after the other as the shader's workgroups do: the reference of `Drain`. Gives the sums of
    /// each district, and what each inlet took.
    fn one_by_one(
        (inlets, ranges): (&[Inlet], &[Range<usize>]),
        districts: &[District],
        dt: f32,
        [depth, low, qx, qy]: [&mut [f32]; 4],
        taken: &mut [[f32; 2]],
    ) -> Vec<[f32; 2]> {
        let mut sums = Vec::new();
        for (range, district) in ranges.iter().zip(districts) {
            let mut all = [[0.0f32; 2]; 2];
            for block in range.clone().collect::<Vec<_>>().chunks(BLOCK) {
                let (mut sunk, mut asked) = ([0.0; BLOCK], [0.0; BLOCK]);
                for (lane, k) in block.iter().enumerate() {
                    let (inlet, i) = (&inlets[*k], inlets[*k].index as usize);
                    let before = depth[i];
                    asked[lane] = min(inlet.capacity * dt, before);
                    sunk[lane] = asked[lane] * district.accept;
                    let net = sunk[lane] - inlet.spill * district.spill;
                    if net == 0.0 {
                        continue;
                    }
                    (depth[i], low[i]) = add(before, low[i], -net);
                    let left = if depth[i] > DRY { min(depth[i] / max(before, DRY), 1.0) } else { 0.0 };
                    qx[i] *= left;
                    qy[i] *= left;
                    let [high, rest] = &mut taken[*k];
                    book(high, rest, net);
                }
                let [[a, b], [c, d]] = &mut all;
                book(a, b, tree(&mut sunk));
                book(c, d, tree(&mut asked));
            }
            sums.push(all.map(|[high, low]| high + low));
        }
        sums
    }

    #[test]
    fn lanes_do_what_inlets_do_one_by_one() {
        // Rows of 100 cells: single inlets, gaps around the largest, long runs, the ends of rows, and a cell with two.
        let stride = 100;
        let mut cells: [Vec<usize>; 2] = [vec![0, 1, 2, 17, 34, 35, 99, 100, 101], (210..290).collect()];
        cells[0].extend([40 + GAP - 1, 40 + 2 * GAP, 300, 300 + GAP, 300 + 2 * GAP + 1, 399]);
        cells[0].extend((500..900).filter(|cell| cell % 3 != 0));
        // The last run of the second has no room to be filled up.
        cells[1].extend([17, 36, 36, 399, 400, 990, 996]);
        cells.iter_mut().for_each(|cells| cells.sort_unstable());
        let inlet = |district: usize, index: usize| Inlet {
            index: index as u32,
            capacity: 1e-5 * (1 + index % 7) as f32,
            spill: if index.is_multiple_of(5) { 0.125 } else { 0.0 },
            district: district as u32,
        };
        let inlets: Vec<Inlet> =
            (0..2).flat_map(|k| cells[k].iter().map(move |cell| inlet(k, *cell)).collect::<Vec<_>>()).collect();
        let ranges = vec![0..cells[0].len(), cells[0].len()..inlets.len()];
        let mut band = Band::new(&inlets, ranges.clone(), stride, 1000);
        let lengths: Vec<usize> = band.runs.iter().map(|run| run.lanes.len()).collect();
        assert!(lengths[..lengths.len() - 1].iter().all(|n| n.is_multiple_of(LANES)), "{lengths:?}");
        assert_eq!(lengths.last(), Some(&10));
        let water = |scale: f32| (0..1000).map(|i| if i % 4 == 0 { 0.0 } else { scale * (i % 11) as f32 }).collect();
        let mut own: [Vec<f32>; 4] = [1e-4, 1e-9, 0.02, -0.01].map(water);
        let mut that = own.clone();
        let mut taken = vec![[0.0f32; 2]; inlets.len()];
        for step in 0..40 {
            let districts = [(1.0, 0.0), (0.3, 2e-4)].map(|(accept, spill)| {
                let spill = if step % 3 == 0 { spill } else { 0.0 };
                District { accept, spill, ..District::default() }
            });
            let dt = 0.3 + 0.1 * step as f32;
            let wanted =
                one_by_one((&inlets, &ranges), &districts, dt, that.each_mut().map(|own| &mut own[..]), &mut taken);
            let water = own.each_mut().map(|own| &mut own[..]);
            pulp::Arch::new().dispatch(Drain { band: &mut band, districts: &districts, dt, water });
            assert_eq!(band.sums, wanted, "step {step}");
            for (own, that) in own.iter().zip(&that) {
                assert!(own.iter().zip(that).all(|(a, b)| a.to_bits() == b.to_bits()), "step {step}");
            }
        }
        for ([lane, cell], (inlet, taken)) in band.inlets.iter().zip(inlets.iter().zip(&taken)) {
            let lane = *lane as usize;
            assert_eq!((*cell, [band.taken[0][lane], band.taken[1][lane]]), (inlet.index, *taken));
        }
        assert!(taken.iter().any(|own| own[0] > 0.0) && taken.iter().any(|own| own[0] < 0.0));
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
