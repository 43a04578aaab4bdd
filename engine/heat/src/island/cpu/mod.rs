//! Air and surfaces on the CPU: cells and walls by blocks, whose formulas are loops without branches.

mod canopy_transport;
mod cells;
mod columns;
mod lanes;
#[cfg(test)]
mod reference;
mod walls;

use super::super::cpu::shade::lights;
use super::super::scene::Scene;
use super::air::{Air, Choices, DirectShortwave, Means, Sky, StepForcing, Totals, ViewFactors, Wind};
use super::box_filter::box_filter_into;
use super::column::{CAPACITY, LAYERS, Material, WALL_LAYERS};
use super::exchange::{AIR, LATENT, Rough};
use super::grids::{Grids, Pair, Planes};
use super::params::black;
use super::town::{NONE, Town};
use cells::{CROWN, Effects, Roughs, kind};
use hanze_base::error::Result;
use lanes::{Lanes, blocks, place, span};
use rayon::prelude::*;
use walls::WallEffects;

pub use lanes::LANES;

/// Iterations between surfaces and air in a step.
const PASSES: usize = 2;
/// V-cycles of the air's system in each pass.
pub const CYCLES: [usize; PASSES] = [1, 8];
/// Iterations between grass and the exchange above it in a pass.
pub const ROUNDS: usize = 3;
/// Leaves above each square metre of a crown's ground, m².
pub const LEAVES: f32 = 4.0;
/// Depth of the bucket from which trees take water, m.
const ROOTS: f32 = 1.0;
/// Share of sunlight that is not caught by a crown's leaves as warmth.
pub const LEAF_CAUGHT: f32 = 0.8;
/// Emissivity of leaves.
pub const LEAF_EMISSIVITY: f32 = 0.97;

/// Blocks that a thread takes at least.
const SHARE: usize = 16;

/// Places in `Sides`: weights, then what they weigh.
const ALL: usize = 0;
const WALLS: usize = 1;
const CROWNS: usize = 2;
const SHORT: usize = 3;
const LONG: usize = 4;
const WALL_LONG: usize = 5;
const CROWN_LONG: usize = 6;

/// Around a block of cells, W/m²: shortwave and longwave of ground and walls, longwave of walls, longwave of crowns.
#[derive(Clone, Debug)]
struct NeighbourRadiosity {
    short: Lanes,
    long: Lanes,
    walls: Lanes,
    crowns: Lanes,
}

impl NeighbourRadiosity {
    const NONE: NeighbourRadiosity =
        NeighbourRadiosity { short: [0.0; LANES], long: [0.0; LANES], walls: [0.0; LANES], crowns: [0.0; LANES] };
}

/// Arrays of a step, allocated once.
#[derive(Debug, Default)]
struct Scratch {
    /// Radiosity terms of cells, and their sums along rows and over squares.
    radiosity: Vec<[f32; 7]>,
    row_sums: Vec<[f32; 7]>,
    box_sums: Vec<[f32; 7]>,
    neighbours: Vec<NeighbourRadiosity>,
    /// Temperatures of first layers below skins of 0 °C, °C.
    first_layer: Vec<f32>,
    wall_first_layer: Vec<f32>,
    cells: Vec<Effects>,
    walls: Vec<WallEffects>,
    /// The air at the beginning of the step, and what it gains by sharper values at sides.
    old: Planes,
    gain: Planes,
}

impl Scratch {
    /// Room for so many cells and walls.
    fn fit(&mut self, cells: usize, walls: usize) {
        self.radiosity.resize(cells, [0.0; 7]);
        self.neighbours.resize(blocks(cells), NeighbourRadiosity::NONE);
        self.first_layer.resize(cells, 0.0);
        self.wall_first_layer.resize(walls, 0.0);
        self.cells.resize(blocks(cells), Effects::NONE);
        self.walls.resize(blocks(walls), WallEffects::NONE);
        self.gain.iter_mut().for_each(|gain| gain.resize(cells, 0.0));
    }
}

/// Wind at surfaces with what convection stirs, m/s.
#[inline(always)]
fn breeze(speed: f32, gust: f32) -> f32 {
    (speed * speed + gust * gust).sqrt()
}

/// What leaves skins for each kelvin in a breeze (m/s), W/m²K (Rowley; Masson 2000).
#[inline(always)]
fn convection(breeze: f32) -> f32 {
    11.8 + 4.2 * breeze
}

/// Sunlight of the positions of the sun that steps have in common, W/m²; empty where it does not shine.
#[derive(Clone, Debug, Default)]
pub(super) struct Beam {
    /// On each ground or roof, level.
    pub ground: Vec<f32>,
    /// On each crown, level; empty without.
    pub crowns: Vec<f32>,
    /// On each wall.
    pub walls: Vec<f32>,
}

impl Beam {
    /// Adds that of another position.
    fn add(&mut self, more: &Beam) {
        let Beam { ground, crowns, walls } = self;
        for (sum, more) in [(ground, &more.ground), (crowns, &more.crowns), (walls, &more.walls)] {
            sum.par_iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }
}

/// Air and surfaces on the CPU.
pub struct CpuAir {
    scene: Scene,
    /// Cells before walls, and the middle of those.
    middles: Vec<(u32, f32)>,
    town: Town,
    choices: Choices,
    view_factors: ViewFactors,
    materials: Vec<Material>,
    wall: Material,
    /// Kinds of all cells, and what their roughness alone makes of the exchange above.
    kinds: Vec<u32>,
    roughs: Vec<Roughs>,
    arch: pulp::Arch,
    grids: Grids,
    wind: Option<Wind>,
    sky: Sky,
    pub(super) beam: Beam,
    /// Layers of the ground, of so many cells together; and of the walls.
    columns: Vec<f32>,
    wall_columns: Vec<f32>,
    skin: Vec<f32>,
    wall_skin: Vec<f32>,
    crown: Vec<f32>,
    /// Water in the buckets of ground and trees, m³/m³.
    water: Vec<f32>,
    roots: Vec<f32>,
    /// Temperature, °C, and humidity, g/kg.
    air: Planes,
    /// What ground, walls and crowns send out, W/m²: short and long of the ground, long of the crown.
    ground_outgoing: Vec<[f32; 3]>,
    wall_outgoing: Vec<[f32; 2]>,
    sums: Means,
    count: usize,
    scratch: Scratch,
}

impl CpuAir {
    /// Of a town in its scene.
    pub fn new(town: Town, scene: Scene, choices: Choices) -> CpuAir {
        let (len, walls) = (town.grid.len(), town.walls.cell.len());
        let row = || vec![0.0f32; len];
        let (materials, wall) = choices.materials();
        let kind = |cell: usize| {
            let skin = &materials[usize::from(town.covers[cell])].skin;
            kind(skin, town.is_open[cell], town.crown_sky[cell] > 0.0)
        };
        CpuAir {
            scene,
            middles: town.walls.middles(),
            kinds: (0..len).map(kind).collect(),
            // Until an hour has a wind: open grass.
            roughs: vec![Roughs::even(Rough::new(60.0, 0.03)); blocks(len)],
            arch: pulp::Arch::new(),
            materials,
            wall,
            grids: Grids::default(),
            wind: None,
            sky: Sky::default(),
            beam: Beam::default(),
            columns: vec![0.0; blocks(len) * LANES * LAYERS],
            wall_columns: vec![0.0; blocks(walls) * LANES * WALL_LAYERS],
            skin: row(),
            wall_skin: vec![0.0; walls],
            crown: row(),
            water: row(),
            roots: row(),
            air: [row(), row()],
            ground_outgoing: vec![[0.0; 3]; len],
            wall_outgoing: vec![[0.0; 2]; walls],
            sums: Means::default(),
            count: 0,
            scratch: Scratch::default(),
            town,
            choices,
            view_factors: ViewFactors::default(),
        }
    }

    /// What a position of the sun shines on ground, crowns and walls.
    fn beam_of(&self, DirectShortwave { sun, direct, through }: &DirectShortwave) -> Beam {
        let lights = lights(&self.scene, &self.middles, *sun, *through);
        let down = (direct * sun.altitude.sin()) as f32;
        let level = |lit: &[f32]| lit.par_iter().map(|lit| lit * down).collect();
        let walls = self.town.on_walls(&lights, *sun, *direct);
        Beam { ground: level(&lights.ground), crowns: level(&lights.crowns), walls }
    }

    /// Radiosity terms of a cell: weights of ground and walls, of walls and of crowns, and what they send out, W/m².
    fn radiosity(&self, cell: usize) -> [f32; 7] {
        let mut sides = [0.0f32; 7];
        if !self.town.is_open[cell] {
            return sides;
        }
        let [short, long, crown] = self.ground_outgoing[cell];
        (sides[ALL], sides[SHORT], sides[LONG]) = (1.0, short, long);
        if self.town.crown_sky[cell] > 0.0 {
            (sides[CROWNS], sides[CROWN_LONG]) = (1.0, crown);
        }
        let wall = self.town.wall_of[cell];
        if wall != NONE {
            let area = self.town.walls.area[wall as usize];
            let [short, long] = self.wall_outgoing[wall as usize];
            sides[ALL] += area;
            sides[WALLS] = area;
            sides[SHORT] += area * short;
            sides[LONG] += area * long;
            sides[WALL_LONG] = area * long;
        }
        sides
    }

    /// Mean radiosity of the ground, walls and crowns around each cell.
    fn neighbour_radiosity(&self, scratch: &mut Scratch) {
        let len = self.town.grid.len();
        let terms = scratch.radiosity.par_iter_mut().enumerate();
        terms.with_min_len(SHARE * LANES).for_each(|(cell, terms)| *terms = self.radiosity(cell));
        box_filter_into(
            &scratch.radiosity,
            self.town.grid.cols,
            self.town.reach,
            (&mut scratch.row_sums, &mut scratch.box_sums),
        );
        let (all, neighbours) = (&scratch.box_sums, &mut scratch.neighbours);
        neighbours.par_iter_mut().enumerate().with_min_len(SHARE).for_each(|(block, neighbours)| {
            for (lane, cell) in span(block, len).enumerate() {
                let sums = &all[cell];
                let black = black(self.air[0][cell]);
                let of = |value: usize, weight: usize, else_: f32| {
                    if sums[weight] > 1e-3 { sums[value] / sums[weight] } else { else_ }
                };
                let long = of(LONG, ALL, black);
                neighbours.short[lane] = of(SHORT, ALL, 0.0);
                neighbours.long[lane] = long;
                neighbours.walls[lane] = of(WALL_LONG, WALLS, long);
                neighbours.crowns[lane] = of(CROWN_LONG, CROWNS, black);
            }
        });
    }

    /// Water in the buckets, temperatures and outgoing radiation of surfaces after a step.
    fn storage(&mut self, forcing: &StepForcing, cells: &[Effects]) {
        let step = forcing.water_step as f32;
        let CpuAir { town, materials, kinds, water, roots, skin, crown, ground_outgoing, .. } = self;
        let by = (1.0 / (LATENT * 1000.0)) as f32;
        let rain = forcing.rain as f32;
        let water_balance = |water: &mut f32, latent: f32, depth: f32| {
            *water = (*water + step * (rain - latent * by) / depth).clamp(0.0, CAPACITY);
        };
        let buckets = water.par_chunks_mut(LANES).zip(roots.par_chunks_mut(LANES)).zip(cells).enumerate();
        buckets.with_min_len(SHARE).for_each(|(block, ((ground, roots), cells))| {
            let start = block * LANES;
            for (lane, (ground, roots)) in ground.iter_mut().zip(roots).enumerate() {
                let bucket = materials[usize::from(town.covers[start + lane])].skin.bucket;
                if bucket > 0.0 {
                    water_balance(ground, cells.ground_latent[lane], bucket);
                }
                if kinds[start + lane] & CROWN != 0 {
                    water_balance(roots, cells.crown_latent[lane], ROOTS);
                }
            }
        });
        let skins =
            skin.par_chunks_mut(LANES).zip(crown.par_chunks_mut(LANES)).zip(ground_outgoing.par_chunks_mut(LANES));
        skins.zip(cells).with_min_len(SHARE).for_each(|(((skin, crown), out), cells)| {
            skin.copy_from_slice(&cells.skin[..skin.len()]);
            crown.copy_from_slice(&cells.crown[..crown.len()]);
            for (lane, out) in out.iter_mut().enumerate() {
                *out = [cells.short[lane], cells.long[lane], cells.crown_long[lane]];
            }
        });
    }

    /// Temperature and outgoing radiation of walls after a step.
    fn wall_storage(&mut self, walls: &[WallEffects]) {
        let CpuAir { wall_skin, wall_outgoing, .. } = self;
        let all = wall_skin.par_chunks_mut(LANES).zip(wall_outgoing.par_chunks_mut(LANES)).zip(walls);
        all.with_min_len(SHARE).for_each(|((skin, out), walls)| {
            skin.copy_from_slice(&walls.skin[..skin.len()]);
            for (lane, out) in out.iter_mut().enumerate() {
                *out = [walls.short[lane], walls.long[lane]];
            }
        });
    }

    /// What a step came to.
    fn totals(&self, forcing: &StepForcing, cells: &[Effects]) -> Totals {
        let totals = |cell: usize| -> [f64; 4] {
            let (block, lane) = place(cell);
            let bypass = f64::from(cells[block].bypass[lane]);
            if !self.town.is_open[cell] {
                return [0.0, 0.0, 0.0, bypass];
            }
            let [air, humidity] = [0, 1].map(|f| f64::from(self.air[f][cell]));
            [1.0, air, humidity, bypass + AIR * f64::from(cells[block].exchange[lane]) * (air - forcing.aloft.air)]
        };
        // Row by row, so that the order of the sum is always the same.
        let cols = self.town.grid.cols;
        let rows: Vec<[f64; 4]> = (0..self.town.grid.rows)
            .into_par_iter()
            .map(|row| {
                (row * cols..(row + 1) * cols).map(totals).fold([0.0; 4], |sum, part| {
                    [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2], sum[3] + part[3]]
                })
            })
            .collect();
        let [open, air, humidity, sensible] = rows
            .into_iter()
            .fold([0.0; 4], |sum, part| [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2], sum[3] + part[3]]);
        let open = open.max(1.0);
        let all = self.town.grid.len() as f64;
        Totals { air: air / open, humidity: humidity / open, sensible: sensible / all, gap: 0.0 }
    }

    /// Adds a step to the means of the hour.
    fn add(&mut self, neighbours: &[NeighbourRadiosity]) {
        let CpuAir { air: [cell_air, cell_humidity], skin: cell_skin, ground_outgoing, sums, .. } = self;
        let Means { air, humidity, skin, up, walls, crowns } = sums;
        add(air, cell_air.len(), |block, lane| cell_air[block * LANES + lane]);
        add(humidity, cell_air.len(), |block, lane| cell_humidity[block * LANES + lane]);
        add(skin, cell_air.len(), |block, lane| cell_skin[block * LANES + lane]);
        add(up, cell_air.len(), |block, lane| ground_outgoing[block * LANES + lane][1]);
        add(walls, cell_air.len(), |block, lane| neighbours[block].walls[lane]);
        add(crowns, cell_air.len(), |block, lane| neighbours[block].crowns[lane]);
        self.count += 1;
    }

    /// A step, with room for what it works on.
    fn advance(&mut self, forcing: &StepForcing, scratch: &mut Scratch) -> Totals {
        scratch.fit(self.skin.len(), self.wall_skin.len());
        self.neighbour_radiosity(scratch);
        self.forward_elimination(&mut scratch.first_layer, &mut scratch.wall_first_layer);
        scratch.old.iter_mut().zip(&self.air).for_each(|(old, air)| old.clone_from(air));
        for cycles in CYCLES {
            self.walls(forcing, &scratch.neighbours, &scratch.wall_first_layer, &mut scratch.walls);
            self.cells(forcing, &scratch.neighbours, &scratch.first_layer, &mut scratch.cells);
            self.canopy_transport(forcing, scratch, cycles);
        }
        self.column_storage(&scratch.cells, &scratch.walls);
        self.storage(forcing, &scratch.cells);
        self.wall_storage(&scratch.walls);
        self.add(&scratch.neighbours);
        Totals { gap: self.gap(), ..self.totals(forcing, &scratch.cells) }
    }
}

/// Adds the value of each of so many cells, by its block and place there, to its sum.
fn add(sums: &mut Vec<f32>, cells: usize, value: impl Fn(usize, usize) -> f32 + Sync) {
    sums.resize(cells, 0.0);
    sums.par_chunks_mut(LANES).enumerate().with_min_len(SHARE).for_each(|(block, sums)| {
        sums.iter_mut().enumerate().for_each(|(lane, sum)| *sum += value(block, lane));
    });
}

/// Values of two fields cell by cell, as states have them.
fn pairs([one, other]: &Planes) -> Vec<Pair> {
    one.iter().zip(other).map(|(one, other)| [*one, *other]).collect()
}

impl Air for CpuAir {
    fn view_factors(&mut self, view_factors: &ViewFactors) -> Result<()> {
        self.view_factors = view_factors.clone();
        Ok(())
    }

    fn start(&mut self, celsius: f64, humidity: f64) -> Result<()> {
        let celsius = celsius as f32;
        for field in [&mut self.columns, &mut self.wall_columns, &mut self.skin, &mut self.wall_skin, &mut self.crown] {
            field.fill(celsius);
        }
        self.water.fill(self.choices.wet * CAPACITY);
        self.roots.fill(self.choices.wet * CAPACITY);
        self.air[0].fill(celsius);
        self.air[1].fill(humidity as f32);
        let black = black(celsius);
        self.ground_outgoing.fill([0.0, black, black]);
        self.wall_outgoing.fill([0.0, black]);
        Ok(())
    }

    fn hour(&mut self, wind: &Wind, sky: &Sky) -> Result<()> {
        let (cols, rows) = (self.town.grid.cols, self.town.grid.rows);
        self.grids = Grids::new(cols, rows, &wind.passing.side, 1.0);
        self.wind = Some(Wind {
            faces: wind.faces.clone(),
            passing: wind.passing.clone(),
            speed: wind.speed.clone(),
            rough: wind.rough.clone(),
        });
        self.sky = sky.clone();
        let rough = self.roughs.par_iter_mut().zip(wind.rough.par_chunks(LANES));
        rough.for_each(|(roughs, rough)| roughs.set(rough));
        Ok(())
    }

    fn sun(&mut self, shortwave: &[DirectShortwave]) -> Result<()> {
        let mut all = shortwave.iter().map(|position| self.beam_of(position));
        let mut beam = all.next().unwrap_or_default();
        all.for_each(|more| beam.add(&more));
        self.beam = beam;
        Ok(())
    }

    fn pace(&mut self, step: f64) -> Result<()> {
        self.choices.step = step;
        (self.materials, self.wall) = self.choices.materials();
        Ok(())
    }

    fn step(&mut self, forcing: &StepForcing) -> Result<Totals> {
        let mut scratch = std::mem::take(&mut self.scratch);
        // On a thread of the pool: what runs in parallel there need not wake it from outside each time.
        let totals = rayon::scope(|_| self.advance(forcing, &mut scratch));
        self.scratch = scratch;
        Ok(totals)
    }

    fn means(&mut self) -> Result<Means> {
        let count = self.count.max(1) as f32;
        let mut means = std::mem::take(&mut self.sums);
        self.count = 0;
        let Means { air, humidity, skin, up, walls, crowns } = &mut means;
        for field in [air, humidity, skin, up, walls, crowns] {
            field.par_iter_mut().for_each(|value| *value /= count);
        }
        Ok(means)
    }

    fn state(&mut self) -> Result<Vec<f32>> {
        let mut state = Vec::with_capacity(self.state_len());
        let CpuAir { columns, wall_columns, skin, wall_skin, crown, water, roots, .. } = self;
        for field in [columns, wall_columns, skin, wall_skin, crown, water, roots] {
            state.extend_from_slice(field);
        }
        state.extend_from_slice(pairs(&self.air).as_flattened());
        state.extend_from_slice(self.ground_outgoing.as_flattened());
        state.extend_from_slice(self.wall_outgoing.as_flattened());
        Ok(state)
    }

    fn state_len(&self) -> usize {
        self.columns.len() + self.wall_columns.len() + 9 * self.skin.len() + 3 * self.wall_skin.len()
    }

    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        let mut remainder = state;
        let mut take = |field: &mut [f32]| {
            let (part, more) = remainder.split_at(field.len().min(remainder.len()));
            field[..part.len()].copy_from_slice(part);
            remainder = more;
        };
        let CpuAir { columns, wall_columns, skin, wall_skin, crown, water, roots, .. } = self;
        for field in [columns, wall_columns, skin, wall_skin, crown, water, roots] {
            take(field);
        }
        let mut air = pairs(&self.air);
        take(air.as_flattened_mut());
        for (cell, pair) in air.into_iter().enumerate() {
            [self.air[0][cell], self.air[1][cell]] = pair;
        }
        take(self.ground_outgoing.as_flattened_mut());
        take(self.wall_outgoing.as_flattened_mut());
        Ok(())
    }
}
