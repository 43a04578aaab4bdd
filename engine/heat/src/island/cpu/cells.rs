//! Ground, roofs and crowns of all cells in a pass, block by block. Each step of the formulas is a loop over a block without branches,
//! which `pulp` has compiled for the processor's widest registers; functions that are called for one number at a time have loops of their own.
//! Twin: `shaders/heat/island/cells.wgsl`. The same cell by cell: `reference.rs`, for tests.

use super::super::air::StepForcing;
use super::super::column::{Load, Skin, balance, evaporating, exponent, fluxes, newton, saturated};
use super::super::exchange::{AIR, DENSITY, LATENT, Rough, at_2_m, meadow};
use super::super::params::black;
use super::lanes::{LANES, Lanes, fill, fill_or, span};
use super::{CpuAir, LEAF_CAUGHT, LEAF_EMISSIVITY, LEAVES, NeighbourRadiosity, ROUNDS, SHARE, breeze, convection};
use rayon::prelude::*;

/// What a cell is, as bits.
pub(super) const ROOF: u32 = 1;
pub(super) const WATER: u32 = 2;
/// Grass or soil: a bucket of water.
pub(super) const BUCKET: u32 = 4;
/// It has a canopy's air.
pub(super) const OPEN: u32 = 8;
pub(super) const CROWN: u32 = 16;

/// What a cell is, by its skin.
pub(super) fn kind(skin: &Skin, is_open: bool, has_crown: bool) -> u32 {
    let ground = if skin.is_roof > 0.0 {
        ROOF
    } else if skin.is_water > 0.0 {
        WATER
    } else if skin.bucket > 0.0 {
        BUCKET
    } else {
        0
    };
    ground | if is_open { OPEN } else { 0 } | if has_crown { CROWN } else { 0 }
}

/// What the surfaces of a block of cells come to in a pass; see [`super::super::params::Effect`].
#[derive(Clone, Debug)]
pub(super) struct Effects {
    pub conductance: Lanes,
    pub source: Lanes,
    pub latent: Lanes,
    pub bypass: Lanes,
    pub exchange: Lanes,
    pub skin: Lanes,
    pub ground_latent: Lanes,
    pub crown: Lanes,
    pub crown_latent: Lanes,
    pub short: Lanes,
    pub long: Lanes,
    pub crown_long: Lanes,
}

impl Effects {
    /// None.
    pub const NONE: Effects = Effects {
        conductance: [0.0; LANES],
        source: [0.0; LANES],
        latent: [0.0; LANES],
        bypass: [0.0; LANES],
        exchange: [0.0; LANES],
        skin: [0.0; LANES],
        ground_latent: [0.0; LANES],
        crown: [0.0; LANES],
        crown_latent: [0.0; LANES],
        short: [0.0; LANES],
        long: [0.0; LANES],
        crown_long: [0.0; LANES],
    };
}

/// [`Rough`] of a block of cells.
#[derive(Clone, Debug)]
pub(super) struct Roughs {
    height: Lanes,
    drag: Lanes,
    c: Lanes,
    smooth: Lanes,
}

impl Roughs {
    /// The same for all cells.
    pub fn even(rough: Rough) -> Roughs {
        let Rough { height, drag, c, smooth } = rough;
        Roughs { height: [height; LANES], drag: [drag; LANES], c: [c; LANES], smooth: [smooth; LANES] }
    }

    /// Of heights above the displacement and roughnesses, m.
    pub fn set(&mut self, rough: &[[f32; 2]]) {
        for (i, [height, roughness]) in rough.iter().enumerate() {
            let rough = Rough::new(*height, *roughness);
            (self.height[i], self.drag[i], self.c[i], self.smooth[i]) =
                (rough.height, rough.drag, rough.c, rough.smooth);
        }
    }

    #[inline(always)]
    fn of(&self, i: usize) -> Rough {
        Rough { height: self.height[i], drag: self.drag[i], c: self.c[i], smooth: self.smooth[i] }
    }
}

/// What all cells have in common in a pass; see [`StepForcing`].
#[derive(Clone, Copy)]
struct Common {
    aloft: f32,
    mixed: f32,
    edge: f32,
    above: f32,
    /// How the exchange over the meadow differs: ratio and Richardson number; heat and latent heat that it gives besides, W/m².
    over: (f32, f32),
    remainder: f32,
    remainder_latent: f32,
    gust: f32,
    diffuse: f32,
    sky: f32,
    through: f32,
    /// Open water: what it gives to the air, W/m²K; its latent heat for each g/kg, W/m²; and g/kg for each kPa.
    water: f32,
    by: f32,
    each: f32,
}

impl Common {
    fn new(forcing: &StepForcing) -> Common {
        let bulk = 1.3e-3 * forcing.at_10_m as f32;
        Common {
            aloft: forcing.aloft.air as f32,
            mixed: forcing.aloft.mixed as f32,
            edge: forcing.edge.0 as f32,
            above: forcing.above as f32,
            over: (forcing.over.ratio as f32, forcing.over.richardson as f32),
            remainder: forcing.over.remainder as f32,
            remainder_latent: forcing.over.remainder_latent as f32,
            gust: forcing.gust as f32,
            diffuse: forcing.diffuse as f32,
            sky: forcing.sky as f32,
            through: forcing.through as f32,
            water: AIR as f32 * bulk,
            by: DENSITY as f32 * LATENT as f32 * 1e-3 * bulk,
            each: 6220.0 / forcing.pressure as f32,
        }
    }
}

/// What acts on the skins of a block; see [`Load`].
struct Loads {
    absorbed: Lanes,
    emissivity: Lanes,
    convection: Lanes,
    air: Lanes,
    evaporation: Lanes,
    bulk: [Lanes; 2],
    top: Lanes,
    first: [Lanes; 2],
}

impl Loads {
    #[inline(always)]
    fn of(&self, i: usize) -> Load {
        Load {
            absorbed: self.absorbed[i],
            emissivity: self.emissivity[i],
            convection: self.convection[i],
            air: self.air[i],
            evaporation: self.evaporation[i],
            bulk: (self.bulk[0][i], self.bulk[1][i]),
            top: self.top[i],
            first: (self.first[0][i], self.first[1][i]),
        }
    }
}

/// What is known of a block on the way, kept from one block to the next.
struct Work {
    kind: [u32; LANES],
    air: Lanes,
    humidity: Lanes,
    speed: Lanes,
    /// What the sun shines on the ground and on crowns, what the sky does, and the shares of walls and crowns.
    beam: Lanes,
    lit: Lanes,
    short: Lanes,
    long: Lanes,
    walls: Lanes,
    crowns: Lanes,
    open_sky: Lanes,
    albedo: Lanes,
    water: Lanes,
    roots: Lanes,
    /// Temperature where the exchange with what lies above ends, °C; what the meadow gives besides, as heat and as latent heat, W/m².
    over: Lanes,
    remainder: Lanes,
    remainder_latent: Lanes,
    /// Wind at skins and 2 m above open grass, m/s; what leaves skins but those of grass and soil, W/m²K.
    breeze: Lanes,
    at_2_m: Lanes,
    convection: Lanes,
    /// e to the power of Tetens' exponent; slope of the saturation vapour pressure, kPa/K.
    power: Lanes,
    slope: Lanes,
    ground: Loads,
    sensible: Lanes,
}

impl Work {
    fn new() -> Work {
        const NONE: Lanes = [0.0; LANES];
        Work {
            kind: [0; LANES],
            air: NONE,
            humidity: NONE,
            speed: NONE,
            beam: NONE,
            lit: NONE,
            short: NONE,
            long: NONE,
            walls: NONE,
            crowns: NONE,
            open_sky: NONE,
            albedo: NONE,
            water: NONE,
            roots: NONE,
            over: NONE,
            remainder: NONE,
            remainder_latent: NONE,
            breeze: NONE,
            at_2_m: NONE,
            convection: NONE,
            power: NONE,
            slope: NONE,
            ground: Loads {
                absorbed: NONE,
                emissivity: NONE,
                convection: NONE,
                air: NONE,
                evaporation: NONE,
                bulk: [NONE; 2],
                top: NONE,
                first: [NONE; 2],
            },
            sensible: NONE,
        }
    }

    /// Takes up what is known of a block before the pass.
    #[inline(always)]
    fn load(&mut self, all: &All, block: usize, out: &mut Effects) {
        let CpuAir { town, scene, materials, wind, sky, view_factors, beam, .. } = all.air;
        let cells = span(block, town.grid.len());
        let start = cells.start;
        let kinds = &all.air.kinds[cells.clone()];
        self.kind[..kinds.len()].copy_from_slice(kinds);
        fill(&mut self.air, &all.air.air[0], start);
        fill(&mut self.humidity, &all.air.air[1], start);
        fill_or(&mut self.speed, wind.as_ref().map_or(&[] as &[f32], |wind| &wind.speed[..]), start, 0.0);
        fill_or(&mut self.beam, &beam.ground, start, 0.0);
        fill_or(&mut self.lit, &beam.crowns, start, 0.0);
        fill(&mut self.short, &sky.short, start);
        fill(&mut self.long, &sky.long, start);
        fill(&mut self.walls, &view_factors.walls, start);
        fill(&mut self.crowns, &view_factors.crowns, start);
        fill(&mut self.open_sky, &town.crown_sky, start);
        fill(&mut self.water, &all.air.water, start);
        fill(&mut self.roots, &all.air.roots, start);
        fill(&mut out.skin, &all.air.skin, start);
        fill(&mut out.crown, &all.air.crown, start);
        fill(&mut self.ground.first[0], all.first, start);
        for (i, cover) in town.covers[cells].iter().enumerate() {
            let skin = &materials[usize::from(*cover)].skin;
            self.albedo[i] = skin.albedo;
            self.ground.emissivity[i] = skin.emissivity;
            self.ground.top[i] = skin.top;
            self.ground.first[1][i] = skin.b;
        }
        // Where cells reflect a share of their own.
        fill(&mut self.albedo, &scene.albedo, start);
    }

    /// Whether a cell is of a kind.
    #[inline(always)]
    fn is(&self, i: usize, kind: u32) -> bool {
        self.kind[i] & kind != 0
    }

    /// The exchange with what lies above.
    #[inline(always)]
    fn above(&mut self, common: Common, rough: &Roughs, out: &mut Effects) {
        let Common { aloft, mixed, edge, above, over, remainder, remainder_latent, .. } = common;
        for i in 0..LANES {
            let (is_open, air, rough) = (self.is(i, OPEN), self.air[i], rough.of(i));
            let below = if is_open { air } else { edge };
            // Above houses the air is mixed.
            let end = mixed + rough.smooth * (aloft - mixed);
            let (exchange, like) = rough.exchange(above, end, below, over);
            self.over[i] = end;
            self.remainder[i] = like * remainder + AIR as f32 * exchange * (aloft - end);
            self.remainder_latent[i] = like * remainder_latent;
            out.exchange[i] = exchange;
        }
    }

    /// What shines on ground and roofs, and what the air does there.
    #[inline(always)]
    fn loads(&mut self, common: Common, neighbours: &NeighbourRadiosity, out: &mut Effects) {
        let Common { gust, water, .. } = common;
        for i in 0..LANES {
            let (is_roof, is_water) = (self.is(i, ROOF), self.is(i, WATER));
            let (air, over) = (self.air[i], self.over[i]);
            let breeze = breeze(self.speed[i], gust);
            let convection = convection(breeze);
            let on_roof = 1.0 / (1.0 / convection + 1.0 / (AIR as f32 * out.exchange[i]));
            let on_water = if is_water { water } else { convection };
            let long = self.long[i] + self.walls[i] * neighbours.walls[i] + self.crowns[i] * neighbours.crowns[i];
            let short = self.beam[i] + self.short[i];
            let albedo = self.albedo[i];
            self.breeze[i] = breeze;
            self.convection[i] = convection;
            self.long[i] = long;
            self.ground.absorbed[i] = (1.0 - albedo) * short + self.ground.emissivity[i] * long;
            self.ground.convection[i] = if is_roof { on_roof } else { on_water };
            self.ground.air[i] = if is_roof { over } else { air };
            out.short[i] = albedo * short;
        }
    }

    /// e to the power of Tetens' exponent at temperatures, of cells of a kind.
    #[inline(always)]
    fn powers(&mut self, celsius: &Lanes, kind: u32) {
        for (power, celsius) in self.power.iter_mut().zip(celsius) {
            *power = exponent(*celsius);
        }
        for (power, cell_kind) in self.power.iter_mut().zip(&self.kind) {
            if cell_kind & kind != 0 {
                *power = power.exp();
            }
        }
    }

    /// What evaporates from open water, grass and soil; `any` has the kinds of all cells of the block.
    #[inline(always)]
    fn evaporation(&mut self, common: Common, any: u32, out: &Effects) {
        let Common { by, each, .. } = common;
        self.ground.evaporation.fill(0.0);
        self.ground.bulk[0].fill(0.0);
        self.ground.bulk[1].fill(0.0);
        if any & WATER != 0 {
            self.powers(&out.skin, WATER);
            for i in 0..LANES {
                let (is_water, skin) = (self.is(i, WATER), out.skin[i]);
                let (full, slope) = saturated(self.power[i], skin);
                let bulk = (by * (each * (full - slope * skin) - self.humidity[i]), by * each * slope);
                self.ground.bulk[0][i] = if is_water { bulk.0 } else { 0.0 };
                self.ground.bulk[1][i] = if is_water { bulk.1 } else { 0.0 };
            }
        }
        if any & (BUCKET | CROWN) != 0 {
            let air = self.air;
            self.powers(&air, BUCKET | CROWN);
            for i in 0..LANES {
                self.slope[i] = saturated(self.power[i], self.air[i]).1;
                let evaporation = evaporating(self.water[i], self.slope[i]);
                self.ground.evaporation[i] = if self.is(i, BUCKET) { evaporation } else { 0.0 };
            }
        }
    }

    /// Temperatures of ground and roofs, where no grass or soil is.
    #[inline(always)]
    fn skins(&self, out: &mut Effects) {
        for i in 0..LANES {
            out.skin[i] = newton(&self.ground.of(i), out.skin[i]);
        }
    }

    /// Temperatures of ground and roofs. What grass and soil give in the open depends on how warm they are: they and the exchange above
    /// them are iterated in rounds, while all other cells stay as they are after the first.
    #[inline(always)]
    fn meadows(&mut self, common: Common, rough: &Roughs, out: &mut Effects) {
        for (to, (speed, kind)) in self.at_2_m.iter_mut().zip(self.speed.iter().zip(&self.kind)) {
            if kind & BUCKET != 0 {
                *to = at_2_m(*speed, common.gust);
            }
        }
        for round in 0..ROUNDS {
            for i in 0..LANES {
                let (is_meadow, start) = (self.is(i, BUCKET), out.skin[i]);
                let (fixed, last) = (self.convection[i], self.ground.convection[i]);
                let in_the_open = meadow(self.at_2_m[i], self.air[i], start);
                let blended = fixed + rough.smooth[i] * (in_the_open - fixed);
                let convection = if is_meadow { blended } else { last };
                let skin = newton(&Load { convection, ..self.ground.of(i) }, start);
                out.skin[i] = if is_meadow | (round == 0) { skin } else { start };
                self.ground.convection[i] = convection;
            }
        }
    }

    /// What ground and roofs give.
    #[inline(always)]
    fn fluxes(&mut self, out: &mut Effects) {
        for i in 0..LANES {
            let skin = out.skin[i];
            let emissivity = self.ground.emissivity[i];
            let found = fluxes(&self.ground.of(i), skin);
            self.sensible[i] = found.sensible;
            out.ground_latent[i] = found.latent;
            out.long[i] = emissivity * black(skin) + (1.0 - emissivity) * self.long[i];
        }
    }

    /// Crowns: their temperatures and what they give.
    #[inline(always)]
    fn crowns(&self, common: Common, neighbours: &NeighbourRadiosity, out: &mut Effects) {
        let Common { diffuse, sky, through, .. } = common;
        for i in 0..LANES {
            let (is_crown, up, start) = (self.is(i, CROWN), out.long[i], out.crown[i]);
            let open = self.open_sky[i];
            let short = self.lit[i] + open * diffuse + (1.0 - open) * neighbours.short[i];
            let caught = LEAF_CAUGHT * short * (1.0 - through);
            let sky = open * sky + (1.0 - open) * neighbours.long[i];
            let leaves = Load {
                absorbed: caught + LEAF_EMISSIVITY * (sky + up),
                emissivity: 2.0 * LEAF_EMISSIVITY,
                convection: AIR as f32 * 0.012 * self.breeze[i].max(0.1).sqrt() * LEAVES,
                air: self.air[i],
                evaporation: evaporating(self.roots[i], self.slope[i]),
                ..Load::default()
            };
            let crown = balance(&leaves, start);
            let long = LEAF_EMISSIVITY * black(crown.skin) + (1.0 - LEAF_EMISSIVITY) * up;
            out.crown[i] = if is_crown { crown.skin } else { start };
            out.crown_latent[i] = if is_crown { crown.latent } else { 0.0 };
            out.crown_long[i] = if is_crown { long } else { 0.0 };
            out.conductance[i] += if is_crown { 0.5 * leaves.convection } else { 0.0 };
            out.source[i] += if is_crown { 0.5 * leaves.convection * crown.skin } else { 0.0 };
            out.latent[i] += if is_crown { 0.5 * crown.latent } else { 0.0 };
            out.bypass[i] += if is_crown { 0.5 * crown.sensible } else { 0.0 };
        }
    }

    /// What the ground gives to the canopy's air, and what goes past it.
    #[inline(always)]
    fn gifts(&self, out: &mut Effects) {
        for i in 0..LANES {
            let is_open = self.is(i, OPEN);
            let convection = self.ground.convection[i];
            let (remainder, sensible) = (self.remainder[i], self.sensible[i]);
            let (conductance, source, latent) = (out.conductance[i], out.source[i], out.latent[i]);
            let pushed = source + (convection * out.skin[i] - remainder);
            let evaporated = latent + (out.ground_latent[i] - self.remainder_latent[i]);
            out.conductance[i] = if is_open { conductance + convection } else { conductance };
            out.source[i] = if is_open { pushed } else { source };
            out.latent[i] = if is_open { evaporated } else { latent };
            out.bypass[i] += if is_open { remainder } else { sensible };
        }
    }
}

/// All cells in a pass: with what shines around them, and their first layers below a skin of 0 °C.
struct All<'a> {
    air: &'a CpuAir,
    common: Common,
    neighbours: &'a [NeighbourRadiosity],
    first: &'a [f32],
}

/// The pass of one block; it must be inlined into pulp's functions to be compiled for their instruction sets.
struct Pass<'a> {
    all: &'a All<'a>,
    block: usize,
    work: &'a mut Work,
    out: &'a mut Effects,
}

impl pulp::NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Pass { all, block, work, out } = self;
        let (common, neighbours, rough) = (all.common, &all.neighbours[block], &all.air.roughs[block]);
        work.load(all, block, out);
        let any = work.kind.iter().fold(0, |any, kind| any | kind);
        work.above(common, rough, out);
        work.loads(common, neighbours, out);
        work.evaporation(common, any, out);
        if any & BUCKET != 0 {
            work.meadows(common, rough, out);
        } else {
            work.skins(out);
        }
        work.fluxes(out);
        for sum in [&mut out.conductance, &mut out.source, &mut out.latent, &mut out.bypass] {
            sum.fill(0.0);
        }
        if any & CROWN != 0 {
            work.crowns(common, neighbours, out);
        } else {
            out.crown_latent.fill(0.0);
            out.crown_long.fill(0.0);
        }
        work.gifts(out);
    }
}

impl CpuAir {
    /// The surfaces of all cells in a pass, but for walls.
    pub(super) fn cells(
        &self,
        forcing: &StepForcing,
        neighbours: &[NeighbourRadiosity],
        first: &[f32],
        out: &mut [Effects],
    ) {
        let all = All { air: self, common: Common::new(forcing), neighbours, first };
        out.par_iter_mut().enumerate().with_min_len(SHARE).for_each_init(Work::new, |work, (block, out)| {
            self.arch.dispatch(Pass { all: &all, block, work, out });
        });
    }
}
