//! Air and surfaces on the CPU.

use super::super::cpu::shade::lights;
use super::super::scene::Scene;
use super::air::{Air, Choices, Drive, Means, Shares, Shine, Sky, Totals, Wind};
use super::column::{Balance, CAPACITY, LAYERS, Load, Material, WALL_LAYERS, balance, evaporation, saturation};
use super::exchange::{AIR, DENSITY, LATENT, at_2_m, exchange, meadow, smooth};
use super::grids::{Grids, Pair};
use super::params::{Effect, black};
use super::town::{NONE, Town, sums};
use super::transport::sharpen;
use crate::cover::Cover;
use crate::error::Result;
use rayon::prelude::*;

/// Cells whose columns lie together, layer by layer.
pub const LANES: usize = 64;
/// Times that surfaces and air are told of each other in a step, and cycles of the air's solver in each.
pub const PASSES: usize = 2;
/// See `PASSES`.
pub const CYCLES: [usize; PASSES] = [1, 8];
/// Times that grass and the exchange above it are told of each other in a pass.
pub const ROUNDS: usize = 3;
/// Leaves above each square metre of a crown's ground, m².
pub const LEAVES: f32 = 4.0;
/// Depth of the bucket from which trees drink, m.
pub const ROOTS: f32 = 1.0;
/// Share of sunlight that is not caught by a crown's leaves as warmth.
pub const LEAF_CAUGHT: f32 = 0.8;
/// Emissivity of leaves.
pub const LEAF_EMISSIVITY: f32 = 0.97;

/// Places in `Sides`: weights, then what they weigh.
const ALL: usize = 0;
const WALLS: usize = 1;
const CROWNS: usize = 2;
const SHORT: usize = 3;
const LONG: usize = 4;
const WALL_LONG: usize = 5;
const CROWN_LONG: usize = 6;

/// Around a cell, W/m²: shortwave and longwave of ground and walls, longwave of walls, longwave of crowns.
type Around = [f32; 4];

/// Sunlight of one position of the sun, W/m²; empty where it does not shine.
#[derive(Clone, Debug, Default)]
pub(super) struct Beam {
    /// On each ground or roof, level.
    pub ground: Vec<f32>,
    /// On each crown, level; empty without.
    pub crowns: Vec<f32>,
    /// On each wall.
    pub walls: Vec<f32>,
}

/// Air and surfaces on the CPU.
pub struct CpuAir {
    scene: Scene,
    /// Cells before walls, and the middle of those.
    middles: Vec<(u32, f32)>,
    town: Town,
    choices: Choices,
    shares: Shares,
    materials: Vec<Material>,
    wall: Material,
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
    air: Vec<Pair>,
    /// What ground, walls and crowns send out, W/m²: short and long of the ground, long of the crown.
    ground_out: Vec<[f32; 3]>,
    wall_out: Vec<[f32; 2]>,
    sums: Means,
    count: usize,
}

impl CpuAir {
    /// Of a town in its scene.
    pub fn new(town: Town, scene: Scene, choices: Choices) -> CpuAir {
        let (len, walls) = (town.grid.len(), town.walls.cell.len());
        let material =
            |(cover, albedo): (Cover, f32)| Material::ground(cover, albedo, choices.conduction, choices.step);
        let row = || vec![0.0f32; len];
        CpuAir {
            scene,
            middles: town.walls.middles(),
            materials: Cover::ALL.into_iter().zip(choices.albedo).map(material).collect(),
            wall: Material::wall(choices.wall_albedo, choices.step),
            grids: Grids::default(),
            wind: None,
            sky: Sky::default(),
            beam: Beam::default(),
            columns: vec![0.0; len.div_ceil(LANES) * LANES * LAYERS],
            wall_columns: vec![0.0; walls.div_ceil(LANES) * LANES * WALL_LAYERS],
            skin: row(),
            wall_skin: vec![0.0; walls],
            crown: row(),
            water: row(),
            roots: row(),
            air: vec![[0.0; 2]; len],
            ground_out: vec![[0.0; 3]; len],
            wall_out: vec![[0.0; 2]; walls],
            sums: Means::default(),
            count: 0,
            town,
            choices,
            shares: Shares::default(),
        }
    }

    /// What a cell adds to what shines on its neighbours.
    fn own(&self, cell: usize) -> [f32; 7] {
        let mut sides = [0.0f32; 7];
        if !self.town.is_open[cell] {
            return sides;
        }
        let [short, long, crown] = self.ground_out[cell];
        (sides[ALL], sides[SHORT], sides[LONG]) = (1.0, short, long);
        if self.town.crown_sky[cell] > 0.0 {
            (sides[CROWNS], sides[CROWN_LONG]) = (1.0, crown);
        }
        let wall = self.town.wall_of[cell];
        if wall != NONE {
            let area = self.town.walls.area[wall as usize];
            let [short, long] = self.wall_out[wall as usize];
            sides[ALL] += area;
            sides[WALLS] = area;
            sides[SHORT] += area * short;
            sides[LONG] += area * long;
            sides[WALL_LONG] = area * long;
        }
        sides
    }

    /// What surrounds each cell.
    fn around(&self) -> Vec<Around> {
        let values: Vec<[f32; 7]> = (0..self.town.grid.len()).into_par_iter().map(|cell| self.own(cell)).collect();
        let mean = |(sums, air): ([f32; 7], &Pair)| {
            let black = black(air[0]);
            let of = |value: usize, weight: usize, else_: f32| {
                if sums[weight] > 1e-3 { sums[value] / sums[weight] } else { else_ }
            };
            let long = of(LONG, ALL, black);
            [of(SHORT, ALL, 0.0), long, of(WALL_LONG, WALLS, long), of(CROWN_LONG, CROWNS, black)]
        };
        sums(&values, self.town.grid.cols, self.town.reach).into_par_iter().zip(&self.air).map(mean).collect()
    }

    /// Temperature of the first layer below each skin, and behind that of each wall, if those had 0 °C.
    fn first(&self) -> (Vec<f32>, Vec<f32>) {
        let (len, count) = (self.town.grid.len(), self.town.walls.cell.len());
        let at = |columns: &[f32], k: usize, layers: usize, layer: usize| {
            columns[k / LANES * LANES * layers + layer * LANES + k % LANES]
        };
        let ground = |cell: usize| {
            let material = &self.materials[usize::from(self.town.covers[cell])];
            material.up(|layer| at(&self.columns, cell, LAYERS, layer))
        };
        let wall = |w: usize| self.wall.up(|layer| at(&self.wall_columns, w, WALL_LAYERS, layer));
        ((0..len).into_par_iter().map(ground).collect(), (0..count).into_par_iter().map(wall).collect())
    }

    /// Walls in a pass: their balances, and the shortwave and longwave radiation that they send out.
    fn walls(&self, drive: &Drive, around: &[Around], first: &[f32]) -> Vec<(Balance, [f32; 2])> {
        let walls = &self.town.walls;
        let skin = self.wall.skin;
        let (sky, diffuse, through) = (drive.sky as f32, drive.diffuse as f32, drive.through as f32);
        let of = |w: usize| {
            let cell = walls.cell[w] as usize;
            let [short, long, _, crowns] = around[cell];
            let (open, leaves) = (walls.sky[w], walls.crowns[w]);
            let rest = (1.0 - open - leaves).max(0.0);
            let beam = self.beam.walls.get(w).copied().unwrap_or(0.0);
            let short = beam + (open + leaves * through) * diffuse + rest * short;
            let long = open * sky + leaves * crowns + rest * long;
            let load = Load {
                absorbed: (1.0 - skin.albedo) * short + skin.emissivity * long,
                emissivity: skin.emissivity,
                convection: self.convection(cell, drive),
                air: self.air[cell][0],
                top: skin.top,
                first: (first[w], skin.b),
                ..Load::default()
            };
            let found = balance(&load, self.wall_skin[w]);
            let up = skin.emissivity * black(found.skin) + (1.0 - skin.emissivity) * long;
            (found, [skin.albedo * short, up])
        };
        (0..walls.cell.len()).into_par_iter().map(of).collect()
    }

    /// What leaves skins for each kelvin, W/m²K (Rowley; Masson 2000).
    fn convection(&self, cell: usize, drive: &Drive) -> f32 {
        11.8 + 4.2 * self.breeze(cell, drive)
    }

    /// Wind at surfaces with what convection stirs, m/s.
    fn breeze(&self, cell: usize, drive: &Drive) -> f32 {
        let speed = self.wind.as_ref().map_or(0.0, |wind| wind.speed[cell]);
        let gust = drive.gust as f32;
        (speed * speed + gust * gust).sqrt()
    }

    /// The surfaces of all cells in a pass, but for walls.
    fn cells(&self, drive: &Drive, around: &[Around], first: &[f32]) -> Vec<Effect> {
        (0..first.len()).into_par_iter().map(|cell| self.cell(cell, drive, &around[cell], first[cell])).collect()
    }

    /// The surfaces of a cell in a pass, but for its wall.
    fn cell(&self, cell: usize, drive: &Drive, around: &Around, first: f32) -> Effect {
        let material = &self.materials[usize::from(self.town.covers[cell])];
        let skin = material.skin;
        let [short_around, long_around, wall_long, crown_long] = *around;
        let [air, humidity] = self.air[cell];
        let aloft = drive.aloft.air as f32;
        let is_open = self.town.is_open[cell];
        let [height, rough] = self.wind.as_ref().map_or([60.0, 0.03], |wind| wind.rough[cell]);
        let below = if is_open { air } else { drive.edge.0 as f32 };
        // Above houses the air is mixed.
        let mixed = drive.aloft.mixed as f32;
        let over = mixed + smooth(rough) * (aloft - mixed);
        let (exchange, like) = exchange(height, rough, drive.above as f32, over, below, &drive.over);
        let rest = like * drive.over.rest as f32 + AIR as f32 * exchange * (aloft - over);
        let breeze = self.breeze(cell, drive);
        let convection = 11.8 + 4.2 * breeze;
        let speed = self.wind.as_ref().map_or(0.0, |wind| wind.speed[cell]);
        let wind_at_2_m = at_2_m(speed, drive.gust as f32);
        let long = self.sky.long[cell] + self.shares.walls[cell] * wall_long + self.shares.crowns[cell] * crown_long;
        let short = self.beam.ground.get(cell).copied().unwrap_or(0.0) + self.sky.short[cell];
        let albedo = self.scene.albedo_of(cell, skin.albedo);
        let mut load = Load {
            absorbed: (1.0 - albedo) * short + skin.emissivity * long,
            emissivity: skin.emissivity,
            convection,
            air,
            top: skin.top,
            first: (first, skin.b),
            ..Load::default()
        };
        if skin.is_roof > 0.0 {
            load.convection = 1.0 / (1.0 / convection + 1.0 / (AIR as f32 * exchange));
            load.air = over;
        } else if skin.is_water > 0.0 {
            let bulk = 1.3e-3 * drive.at_10_m as f32;
            load.convection = AIR as f32 * bulk;
            let (full, slope) = saturation(self.skin[cell]);
            // g/kg for each kPa.
            let each = 6220.0 / drive.pressure as f32;
            let by = DENSITY as f32 * LATENT as f32 * 1e-3 * bulk;
            load.bulk = (by * (each * (full - slope * self.skin[cell]) - humidity), by * each * slope);
        } else if skin.bucket > 0.0 {
            load.evaporation = evaporation(self.water[cell], air);
        }
        let mut ground = Balance { skin: self.skin[cell], ..Balance::default() };
        // What grass and soil give in the open depends on how warm they are.
        for _ in 0..if skin.bucket > 0.0 { ROUNDS } else { 1 } {
            if skin.bucket > 0.0 {
                load.convection = convection + smooth(rough) * (meadow(wind_at_2_m, air, ground.skin) - convection);
            }
            ground = balance(&load, ground.skin);
        }
        let up = skin.emissivity * black(ground.skin) + (1.0 - skin.emissivity) * long;
        let mut found = Effect {
            exchange,
            skin: ground.skin,
            ground_latent: ground.latent,
            crown: self.crown[cell],
            short: albedo * short,
            long: up,
            ..Effect::default()
        };
        let open_sky = self.town.crown_sky[cell];
        if open_sky > 0.0 {
            let (sky, diffuse) = (drive.sky as f32, drive.diffuse as f32);
            let lit = self.beam.crowns.get(cell).copied().unwrap_or(0.0);
            let short = lit + open_sky * diffuse + (1.0 - open_sky) * short_around;
            let caught = LEAF_CAUGHT * short * (1.0 - drive.through as f32);
            let sky = open_sky * sky + (1.0 - open_sky) * long_around;
            let leaves = Load {
                absorbed: caught + LEAF_EMISSIVITY * (sky + up),
                emissivity: 2.0 * LEAF_EMISSIVITY,
                convection: AIR as f32 * 0.012 * breeze.max(0.1).sqrt() * LEAVES,
                air,
                evaporation: evaporation(self.roots[cell], air),
                ..Load::default()
            };
            let crown = balance(&leaves, self.crown[cell]);
            (found.crown, found.crown_latent) = (crown.skin, crown.latent);
            found.crown_long = LEAF_EMISSIVITY * black(crown.skin) + (1.0 - LEAF_EMISSIVITY) * up;
            found.pull += 0.5 * leaves.convection;
            found.push += 0.5 * leaves.convection * crown.skin;
            found.latent += 0.5 * crown.latent;
            found.past += 0.5 * crown.sensible;
        }
        if is_open {
            found.pull += load.convection;
            found.push += load.convection * ground.skin - rest;
            found.past += rest;
            found.latent += ground.latent - like * drive.over.rest_latent as f32;
        } else {
            found.past += ground.sensible;
        }
        found
    }

    /// Air in a pass, from that at the beginning of the step; what is left over of its heat, W/m² of open ground.
    fn mix(
        &mut self,
        drive: &Drive,
        old: &[Pair],
        (cells, walls): (&[Effect], &[(Balance, [f32; 2])]),
        cycles: usize,
    ) -> f64 {
        let Some(wind) = &self.wind else { return 0.0 };
        let (town, step) = (&self.town, self.choices.step as f32);
        let len = town.grid.len();
        let mut gain = vec![[0.0f32; 2]; len];
        sharpen(&wind.faces, &wind.passing.side, &self.air, town.grid.cell as f32, &mut gain);
        let depth = town.depth;
        let (edge, aloft) = ([drive.edge.0 as f32, drive.edge.1 as f32], drive.aloft);
        let aloft = [aloft.air as f32, aloft.humidity as f32];
        let moist = 1000.0 / (DENSITY * LATENT) as f32;
        let of = |cell: usize| -> (Pair, Pair) {
            if !town.is_open[cell] {
                return ([0.0; 2], [0.0; 2]);
            }
            let Effect { mut pull, mut push, latent, exchange, .. } = cells[cell];
            let wall = town.wall_of[cell];
            if wall != NONE {
                let (area, own) = (town.walls.area[wall as usize], &walls[wall as usize].0);
                let by = area * self.convection(cell, drive);
                pull += by;
                push += by * own.skin;
            }
            push += self.sky.released.get(cell).copied().unwrap_or(0.0);
            let exchange = exchange / depth;
            let by = 1.0 / (AIR as f32 * depth);
            let (out, inflow) = (wind.passing.out[cell] + 1.0 / step + exchange, wind.passing.inflow[cell]);
            let same = |k: usize| old[cell][k] / step + inflow * edge[k] + exchange * aloft[k] + gain[cell][k];
            ([out + by * pull, out], [same(0) + by * push, same(1) + moist * latent / depth])
        };
        let (decay, rhs): (Vec<Pair>, Vec<Pair>) = (0..len).into_par_iter().map(of).unzip();
        self.grids.set_decay(&decay);
        self.grids.solve(&mut self.air, &rhs, cycles);
        AIR * f64::from(depth) * self.grids.gap()
    }

    /// What surfaces keep of a step.
    fn keep(&mut self, drive: &Drive, cells: &[Effect]) {
        let step = drive.water_step as f32;
        let CpuAir { town, materials, columns, water, roots, .. } = self;
        let columns = columns.par_chunks_mut(LANES * LAYERS).enumerate();
        columns.for_each(|(chunk, columns)| {
            for (lane, cell) in (chunk * LANES..((chunk + 1) * LANES).min(cells.len())).enumerate() {
                let material = &materials[usize::from(town.covers[cell])];
                material.down(cells[cell].skin, &mut columns[lane..], LANES);
            }
        });
        let by = (1.0 / (LATENT * 1000.0)) as f32;
        let rain = drive.rain as f32;
        let drink = |water: &mut f32, latent: f32, depth: f32| {
            *water = (*water + step * (rain - latent * by) / depth).clamp(0.0, CAPACITY);
        };
        let buckets = water.par_iter_mut().zip(roots).enumerate();
        buckets.for_each(|(cell, (ground, roots))| {
            let bucket = materials[usize::from(town.covers[cell])].skin.bucket;
            if bucket > 0.0 {
                drink(ground, cells[cell].ground_latent, bucket);
            }
            if town.crown_sky[cell] > 0.0 {
                drink(roots, cells[cell].crown_latent, ROOTS);
            }
        });
        self.skin.par_iter_mut().zip(cells).for_each(|(skin, cell)| *skin = cell.skin);
        self.crown.par_iter_mut().zip(cells).zip(&self.town.crown_sky).for_each(|((crown, cell), sky)| {
            if *sky > 0.0 {
                *crown = cell.crown;
            }
        });
        self.ground_out
            .par_iter_mut()
            .zip(cells)
            .for_each(|(out, cell)| *out = [cell.short, cell.long, cell.crown_long]);
    }

    /// What walls keep of a step.
    fn keep_walls(&mut self, walls: &[(Balance, [f32; 2])]) {
        let CpuAir { wall, wall_columns, .. } = self;
        let columns = wall_columns.par_chunks_mut(LANES * WALL_LAYERS).enumerate();
        columns.for_each(|(chunk, columns)| {
            for (lane, w) in (chunk * LANES..((chunk + 1) * LANES).min(walls.len())).enumerate() {
                wall.down(walls[w].0.skin, &mut columns[lane..], LANES);
            }
        });
        let out = self.wall_skin.par_iter_mut().zip(&mut self.wall_out).zip(walls);
        out.for_each(|((skin, out), wall)| (*skin, *out) = (wall.0.skin, wall.1));
    }

    /// What a step came to.
    fn totals(&self, drive: &Drive, cells: &[Effect]) -> Totals {
        let totals = |cell: usize| -> [f64; 4] {
            let found = &cells[cell];
            let past = f64::from(found.past);
            if !self.town.is_open[cell] {
                return [0.0, 0.0, 0.0, past];
            }
            let [air, humidity] = self.air[cell].map(f64::from);
            [1.0, air, humidity, past + AIR * f64::from(found.exchange) * (air - drive.aloft.air)]
        };
        // Row by row, so that the order of the sum is always the same.
        let cols = self.town.grid.cols;
        let rows: Vec<[f64; 4]> = (0..self.town.grid.rows)
            .into_par_iter()
            .map(|row| {
                (row * cols..(row + 1) * cols)
                    .map(totals)
                    .fold([0.0; 4], |sum, own| [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2], sum[3] + own[3]])
            })
            .collect();
        let [open, air, humidity, sensible] = rows
            .into_iter()
            .fold([0.0; 4], |sum, own| [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2], sum[3] + own[3]]);
        let open = open.max(1.0);
        let all = self.town.grid.len() as f64;
        Totals { air: air / open, humidity: humidity / open, sensible: sensible / all, gap: 0.0 }
    }

    fn add(&mut self, around: &[Around]) {
        let add = |sums: &mut Vec<f32>, value: &(dyn Fn(usize) -> f32 + Sync)| {
            sums.resize(self.town.grid.len(), 0.0);
            sums.par_iter_mut().enumerate().for_each(|(cell, sum)| *sum += value(cell));
        };
        let Means { air, humidity, skin, up, walls, crowns } = &mut self.sums;
        add(air, &|cell| self.air[cell][0]);
        add(humidity, &|cell| self.air[cell][1]);
        add(skin, &|cell| self.skin[cell]);
        add(up, &|cell| self.ground_out[cell][1]);
        add(walls, &|cell| around[cell][2]);
        add(crowns, &|cell| around[cell][3]);
        self.count += 1;
    }
}

impl Air for CpuAir {
    fn shares(&mut self, shares: &Shares) -> Result<()> {
        self.shares = shares.clone();
        Ok(())
    }

    fn start(&mut self, celsius: f64, humidity: f64) -> Result<()> {
        let celsius = celsius as f32;
        for field in [&mut self.columns, &mut self.wall_columns, &mut self.skin, &mut self.wall_skin, &mut self.crown] {
            field.fill(celsius);
        }
        self.water.fill(self.choices.wet * CAPACITY);
        self.roots.fill(self.choices.wet * CAPACITY);
        self.air.fill([celsius, humidity as f32]);
        let black = black(celsius);
        self.ground_out.fill([0.0, black, black]);
        self.wall_out.fill([0.0, black]);
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
        Ok(())
    }

    fn sun(&mut self, shine: Option<&Shine>) -> Result<()> {
        self.beam = shine.map_or_else(Beam::default, |Shine { sun, direct, through }| {
            let lights = lights(&self.scene, &self.middles, *sun, *through);
            let down = (direct * sun.altitude.sin()) as f32;
            let level = |lit: &[f32]| lit.par_iter().map(|lit| lit * down).collect();
            let walls = self.town.on_walls(&lights, *sun, *direct);
            Beam { ground: level(&lights.ground), crowns: level(&lights.crowns), walls }
        });
        Ok(())
    }

    fn step(&mut self, drive: &Drive) -> Result<Totals> {
        let around = self.around();
        let (first, first_wall) = self.first();
        let old = self.air.clone();
        let (mut cells, mut walls, mut gap) = (Vec::new(), Vec::new(), 0.0);
        for cycles in CYCLES {
            walls = self.walls(drive, &around, &first_wall);
            cells = self.cells(drive, &around, &first);
            gap = self.mix(drive, &old, (&cells, &walls), cycles);
        }
        self.keep(drive, &cells);
        self.keep_walls(&walls);
        self.add(&around);
        Ok(Totals { gap, ..self.totals(drive, &cells) })
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
        state.extend_from_slice(self.air.as_flattened());
        state.extend_from_slice(self.ground_out.as_flattened());
        state.extend_from_slice(self.wall_out.as_flattened());
        Ok(state)
    }

    fn state_len(&self) -> usize {
        self.columns.len() + self.wall_columns.len() + 9 * self.skin.len() + 3 * self.wall_skin.len()
    }

    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        let mut rest = state;
        let mut take = |field: &mut [f32]| {
            let (own, more) = rest.split_at(field.len().min(rest.len()));
            field[..own.len()].copy_from_slice(own);
            rest = more;
        };
        let CpuAir { columns, wall_columns, skin, wall_skin, crown, water, roots, .. } = self;
        for field in [columns, wall_columns, skin, wall_skin, crown, water, roots] {
            take(field);
        }
        take(self.air.as_flattened_mut());
        take(self.ground_out.as_flattened_mut());
        take(self.wall_out.as_flattened_mut());
        Ok(())
    }
}
