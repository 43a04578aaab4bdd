//! Walls in a pass, block by block. Twin: `shaders/heat/island/walls.wgsl`. The same wall by wall: `reference.rs`, for tests.

use super::super::air::StepForcing;
use super::super::column::{Load, newton};
use super::super::params::black;
use super::lanes::{LANES, Lanes, fill, fill_or, place, span};
use super::{CpuAir, NeighbourRadiosity, SHARE, breeze, convection};
use rayon::prelude::*;

/// What a block of walls comes to in a pass.
#[derive(Clone, Debug)]
pub(super) struct WallEffects {
    /// What leaves them for each kelvin, W/m²K.
    pub convection: Lanes,
    /// Their temperatures, °C.
    pub skin: Lanes,
    /// Shortwave and longwave radiation that they send out, W/m².
    pub short: Lanes,
    pub long: Lanes,
}

impl WallEffects {
    /// None.
    pub const NONE: WallEffects =
        WallEffects { convection: [0.0; LANES], skin: [0.0; LANES], short: [0.0; LANES], long: [0.0; LANES] };
}

/// What is known of a block before the pass, kept from one block to the next.
struct Work {
    /// Around the cells before the walls, W/m²: shortwave and longwave of ground and walls, longwave of crowns.
    short: Lanes,
    long: Lanes,
    crowns: Lanes,
    /// Temperature, °C, and wind, m/s, of the air before them.
    air: Lanes,
    speed: Lanes,
    /// Shares of sky and of crowns in what they see, what the sun shines on them, and their first layers below a skin of 0 °C.
    sky: Lanes,
    leaves: Lanes,
    beam: Lanes,
    first: Lanes,
}

impl Work {
    fn new() -> Work {
        const NONE: Lanes = [0.0; LANES];
        Work {
            short: NONE,
            long: NONE,
            crowns: NONE,
            air: NONE,
            speed: NONE,
            sky: NONE,
            leaves: NONE,
            beam: NONE,
            first: NONE,
        }
    }

    #[inline(always)]
    fn load(&mut self, all: &All, block: usize, out: &mut WallEffects) {
        let CpuAir { town, wind, air, beam, wall_skin, .. } = all.air;
        let walls = span(block, town.walls.cell.len());
        let start = walls.start;
        for (i, cell) in town.walls.cell[walls].iter().enumerate() {
            let cell = *cell as usize;
            let (block, lane) = place(cell);
            let neighbours = &all.neighbours[block];
            (self.short[i], self.long[i], self.crowns[i]) =
                (neighbours.short[lane], neighbours.long[lane], neighbours.crowns[lane]);
            self.air[i] = air[0][cell];
            self.speed[i] = wind.as_ref().map_or(0.0, |wind| wind.speed[cell]);
        }
        fill(&mut self.sky, &town.walls.sky, start);
        fill(&mut self.leaves, &town.walls.crowns, start);
        fill_or(&mut self.beam, &beam.walls, start, 0.0);
        fill(&mut self.first, all.first, start);
        fill(&mut out.skin, wall_skin, start);
    }
}

/// All walls in a pass.
struct All<'a> {
    air: &'a CpuAir,
    /// What convection stirs, m/s; diffuse radiation and longwave radiation of the whole sky, W/m²; share of light that comes through crowns.
    gust: f32,
    diffuse: f32,
    sky: f32,
    through: f32,
    neighbours: &'a [NeighbourRadiosity],
    first: &'a [f32],
}

/// The pass of one block; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Pass<'a> {
    all: &'a All<'a>,
    block: usize,
    work: &'a mut Work,
    out: &'a mut WallEffects,
}

impl pulp::NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Pass { all, block, work, out } = self;
        work.load(all, block, out);
        balances(all, work, out);
    }
}

/// Balances of a block.
#[inline(always)]
fn balances(all: &All, work: &Work, out: &mut WallEffects) {
    let All { gust, diffuse, sky, through, .. } = *all;
    let skin = all.air.wall.skin;
    for i in 0..LANES {
        let (open, leaves, start) = (work.sky[i], work.leaves[i], out.skin[i]);
        let remainder = (1.0 - open - leaves).max(0.0);
        let short = work.beam[i] + (open + leaves * through) * diffuse + remainder * work.short[i];
        let long = open * sky + leaves * work.crowns[i] + remainder * work.long[i];
        let load = Load {
            absorbed: (1.0 - skin.albedo) * short + skin.emissivity * long,
            emissivity: skin.emissivity,
            convection: convection(breeze(work.speed[i], gust)),
            air: work.air[i],
            top: skin.top,
            first: (work.first[i], skin.b),
            ..Load::default()
        };
        let found = newton(&load, start);
        out.convection[i] = load.convection;
        out.skin[i] = found;
        out.short[i] = skin.albedo * short;
        out.long[i] = skin.emissivity * black(found) + (1.0 - skin.emissivity) * long;
    }
}

impl CpuAir {
    /// Walls in a pass.
    pub(super) fn walls(
        &self,
        forcing: &StepForcing,
        neighbours: &[NeighbourRadiosity],
        first: &[f32],
        out: &mut [WallEffects],
    ) {
        let all = All {
            air: self,
            gust: forcing.gust as f32,
            diffuse: forcing.diffuse as f32,
            sky: forcing.sky as f32,
            through: forcing.through as f32,
            neighbours,
            first,
        };
        out.par_iter_mut().enumerate().with_min_len(SHARE).for_each_init(Work::new, |work, (block, out)| {
            self.arch.dispatch(Pass { all: &all, block, work, out });
        });
    }
}
