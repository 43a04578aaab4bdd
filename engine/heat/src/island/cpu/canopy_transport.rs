//! The canopy's air in a pass: its system, block by block, and the cycles that solve it. Twin: `shaders/heat/island/canopy_transport.wgsl`.

use super::super::air::{Sky, StepForcing};
use super::super::exchange::{AIR, DENSITY, LATENT};
use super::super::grids::Planes;
use super::super::town::{NONE, Town};
use super::super::transport::{Passing, sharpen};
use super::cells::{Effects, OPEN};
use super::lanes::{LANES, Lanes, fill, fill_or, place, span};
use super::walls::WallEffects;
use super::{CpuAir, SHARE, Scratch};
use rayon::prelude::*;

/// All cells in a pass.
struct All<'a> {
    town: &'a Town,
    kinds: &'a [u32],
    sky: &'a Sky,
    passing: &'a Passing,
    cells: &'a [Effects],
    walls: &'a [WallEffects],
    /// Air at the beginning of the step, and what it gains by sharper values at sides, 1/s times the field.
    old: &'a Planes,
    gain: &'a Planes,
    /// What blows in, and what lies above: temperature, °C, and humidity, g/kg.
    edge: [f32; 2],
    aloft: [f32; 2],
    /// Length of the step, s.
    step: f32,
}

/// What is known of a block, kept from one block to the next; then its decays and right-hand sides.
struct Work {
    kind: [u32; LANES],
    conductance: Lanes,
    source: Lanes,
    anthropogenic: Lanes,
    out: Lanes,
    inflow: Lanes,
    old: [Lanes; 2],
    gain: [Lanes; 2],
    decay: [Lanes; 2],
    rhs: [Lanes; 2],
}

impl Work {
    fn new() -> Work {
        const NONE: Lanes = [0.0; LANES];
        Work {
            kind: [0; LANES],
            conductance: NONE,
            source: NONE,
            anthropogenic: NONE,
            out: NONE,
            inflow: NONE,
            old: [NONE; 2],
            gain: [NONE; 2],
            decay: [NONE; 2],
            rhs: [NONE; 2],
        }
    }

    #[inline(always)]
    fn load(&mut self, all: &All, block: usize) {
        let All { town, kinds, sky, passing, cells, walls, old, gain, .. } = all;
        let span = span(block, kinds.len());
        let start = span.start;
        self.kind[..span.len()].copy_from_slice(&kinds[span.clone()]);
        self.conductance = cells[block].conductance;
        self.source = cells[block].source;
        for (lane, wall) in town.wall_of[span].iter().enumerate() {
            if *wall != NONE {
                let (block, at) = place(*wall as usize);
                let by = town.walls.area[*wall as usize] * walls[block].convection[at];
                self.conductance[lane] += by;
                self.source[lane] += by * walls[block].skin[at];
            }
        }
        fill_or(&mut self.anthropogenic, &sky.anthropogenic, start, 0.0);
        fill(&mut self.out, &passing.out, start);
        fill(&mut self.inflow, &passing.inflow, start);
        for f in [0, 1] {
            fill(&mut self.old[f], &old[f], start);
            fill(&mut self.gain[f], &gain[f], start);
        }
    }

    /// Decays and right-hand sides; 0 where there is no canopy air.
    #[inline(always)]
    fn system(&mut self, all: &All, cells: &Effects) {
        let All { edge, aloft, step, .. } = *all;
        let depth = all.town.depth;
        let moist = 1000.0 / (DENSITY * LATENT) as f32;
        let by = 1.0 / (AIR as f32 * depth);
        for i in 0..LANES {
            let is_open = self.kind[i] & OPEN != 0;
            let source = self.source[i] + self.anthropogenic[i];
            let exchange = cells.exchange[i] / depth;
            let (out, inflow) = (self.out[i] + 1.0 / step + exchange, self.inflow[i]);
            let conductance = out + by * self.conductance[i];
            let air = self.old[0][i] / step + inflow * edge[0] + exchange * aloft[0] + self.gain[0][i];
            let humidity = self.old[1][i] / step + inflow * edge[1] + exchange * aloft[1] + self.gain[1][i];
            let warmed = air + by * source;
            let moistened = humidity + moist * cells.latent[i] / depth;
            self.decay[0][i] = if is_open { conductance } else { 0.0 };
            self.decay[1][i] = if is_open { out } else { 0.0 };
            self.rhs[0][i] = if is_open { warmed } else { 0.0 };
            self.rhs[1][i] = if is_open { moistened } else { 0.0 };
        }
    }
}

/// The system of one block; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Pass<'a> {
    all: &'a All<'a>,
    block: usize,
    work: &'a mut Work,
    decay: [&'a mut [f32]; 2],
    rhs: [&'a mut [f32]; 2],
}

impl pulp::NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Pass { all, block, work, decay, rhs } = self;
        work.load(all, block);
        work.system(all, &all.cells[block]);
        let all = decay.into_iter().zip(&work.decay).chain(rhs.into_iter().zip(&work.rhs));
        all.for_each(|(to, values)| to.copy_from_slice(&values[..to.len()]));
    }
}

impl CpuAir {
    /// Writes the system of the canopy's air in a pass.
    pub(super) fn system(&mut self, forcing: &StepForcing, scratch: &Scratch) {
        let Scratch { old, gain, cells, walls, .. } = scratch;
        let CpuAir { town, kinds, sky, wind, choices, grids, arch, .. } = self;
        let Some(wind) = wind else { return };
        let all = All {
            town,
            kinds,
            sky,
            passing: &wind.passing,
            cells,
            walls,
            old,
            gain,
            edge: [forcing.edge.0 as f32, forcing.edge.1 as f32],
            aloft: [forcing.aloft.air as f32, forcing.aloft.humidity as f32],
            step: choices.step as f32,
        };
        let (all, arch) = (&all, *arch);
        let ([air_decay, decay], [air_rhs, rhs]) = grids.finest();
        let decay = air_decay.par_chunks_mut(LANES).zip(decay.par_chunks_mut(LANES));
        let rhs = air_rhs.par_chunks_mut(LANES).zip(rhs.par_chunks_mut(LANES));
        let blocks = decay.zip(rhs).enumerate().with_min_len(SHARE);
        blocks.for_each_init(Work::new, |work, (block, (decay, rhs))| {
            arch.dispatch(Pass { all, block, work, decay: decay.into(), rhs: rhs.into() });
        });
    }

    /// Transport of heat and moisture in the canopy's air in a pass, from the air at the beginning of the step, in so many cycles.
    pub(super) fn canopy_transport(&mut self, forcing: &StepForcing, scratch: &mut Scratch, cycles: usize) {
        let Some(wind) = &self.wind else { return };
        sharpen(&wind.faces, &wind.passing.open, &self.air, self.town.grid.cell as f32, &mut scratch.gain);
        self.system(forcing, scratch);
        self.grids.spread();
        self.grids.improve(&mut self.air, cycles);
    }

    /// What is left over of the air's heat after the last pass, W/m² of open ground.
    pub(super) fn gap(&self) -> f64 {
        if self.wind.is_none() {
            return 0.0;
        }
        AIR * f64::from(self.town.depth) * self.grids.gap(&self.air[0])
    }
}
