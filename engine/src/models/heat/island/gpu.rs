//! Air and surfaces on a GPU: the stages of [`super::cpu`], one cell or wall an invocation.

use super::super::gpu::wire;
use super::super::params::{Step, Sunlight};
use super::super::rays::to_sun;
use super::super::scene::Scene;
use super::air::{Air, Choices, Drive, Means, Shares, Shine, Sky, Totals, Wind};
use super::column::{LAYERS, Layer, Skin, WALL_LAYERS};
use super::cpu::{CYCLES, LANES};
use super::exchange::AIR;
use super::grids::{COARSEST_STEPS, Grids, STEPS};
use super::params::{self, Effect, black};
use super::town::{Town, facing};
use crate::device::gpu::{Gpu, Kernel, Stage, Work};
use crate::error::Result;
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal, $($file:literal),+) => {
        Kernel { name: $name, source: concat!($(include_str!(concat!("../../../../../shaders/heat/island/", $file)), "\n"),+) }
    };
}

const SMOOTH: Kernel = kernel!("island smooth", "grids.wgsl", "smooth.wgsl");
const RESTRICT: Kernel = kernel!("island restrict", "grids.wgsl", "restrict.wgsl");
const PROLONG: Kernel = kernel!("island prolong", "grids.wgsl", "prolong.wgsl");
const DECAY: Kernel = kernel!("island decay", "grids.wgsl", "decay.wgsl");
const OWN: Kernel = kernel!("island own", "params.wgsl", "own.wgsl");
const ALONG: Kernel = kernel!("island along", "params.wgsl", "along.wgsl");
const AROUND: Kernel = kernel!("island around", "params.wgsl", "around.wgsl");
const FIRST: Kernel = kernel!("island first", "params.wgsl", "first.wgsl");
const WALLS: Kernel = kernel!("island walls", "params.wgsl", "balance.wgsl", "walls.wgsl");
const CELLS: Kernel = kernel!("island cells", "params.wgsl", "balance.wgsl", "cells.wgsl");
const MIX: Kernel = kernel!("island mix", "params.wgsl", "mix.wgsl");
const KEEP: Kernel = kernel!("island keep", "params.wgsl", "keep.wgsl");
const KEEP_WALLS: Kernel = kernel!("island keep walls", "params.wgsl", "keep_walls.wgsl");
const SUN: Kernel = kernel!("island sun", "../params.wgsl", "sun.wgsl");
const SUN_WALLS: Kernel = kernel!("island sun on walls", "../params.wgsl", "on_walls.wgsl");
const TOTALS: Kernel = kernel!("island totals", "params.wgsl", "totals.wgsl");

/// Invocations of a workgroup, and groups in a row of them.
const GROUP: usize = 64;
const GROUPS: usize = 32_768;
/// What `totals.wgsl` takes from temperatures before it sums them, °C.
const USUAL: f64 = 20.0;

/// Workgroups for so many cells.
fn groups(cells: usize) -> [u32; 2] {
    let all = cells.div_ceil(GROUP).max(1);
    [all.min(GROUPS) as u32, all.div_ceil(GROUPS) as u32]
}

/// Skins and layers of all materials, walls last; each has room for as many layers as the ground.
fn materials(choices: &Choices) -> (Vec<Skin>, Vec<Layer>) {
    let (mut all, wall) = choices.materials();
    all.push(wall);
    let mut layers = vec![Layer::default(); all.len() * LAYERS];
    for (rows, own) in layers.chunks_mut(LAYERS).zip(&all) {
        rows[..own.layers.len()].copy_from_slice(&own.layers);
    }
    (all.iter().map(|own| own.skin).collect(), layers)
}

/// Stages of one grid of the multigrid; a field lies in one of two buffers.
struct Grid {
    cells: usize,
    coarse: usize,
    /// From the first buffer to the second, and back.
    smooth: [Stage; 2],
    restrict: Option<Stage>,
    prolong: Option<Stage>,
    decay: Option<Stage>,
    side: Buffer,
}

/// Air and surfaces on a GPU.
pub struct GpuAir {
    gpu: Arc<Gpu>,
    town: Town,
    choices: Choices,
    skins: Buffer,
    layers: Buffer,
    drive: Buffer,
    has_beam: bool,
    /// What the sun is told with, its ray, and how long that may be: steps, and height, m.
    sunlight: Buffer,
    ray: Buffer,
    most_steps: usize,
    relief: f32,
    has_crowns: bool,
    sun: [Stage; 2],
    seen: Buffer,
    shine: Buffer,
    wind: Buffer,
    east: Buffer,
    south: Buffer,
    /// What the sun shines on cells and walls, for a look from tests.
    #[cfg(test)]
    sunlit: (Buffer, Buffer),
    columns: Buffer,
    wall_columns: Buffer,
    state: Buffer,
    wall_skin: Buffer,
    air: Buffer,
    old: Buffer,
    out: Buffer,
    wall_out: Buffer,
    sums: Buffer,
    more: Buffer,
    totals: Buffer,
    count: usize,
    grids: Vec<Grid>,
    before: [Stage; 4],
    pass: [Stage; 3],
    after: [Stage; 3],
}

impl GpuAir {
    /// Of a town in its scene.
    ///
    /// # Errors
    /// `Memory` or `NoDevice` where the device refuses.
    pub fn new(town: Town, scene: &Scene, choices: Choices, gpu: Arc<Gpu>) -> Result<GpuAir> {
        let none = BufferUsages::empty();
        let (len, count) = (town.grid.len(), town.walls.cell.len());
        let of = |name: &str, count: usize, size: usize| gpu.buffer(name, (count.max(1) * size) as u64, none);
        let filled = |name: &str, bytes: &[u8]| -> Result<Buffer> {
            let buffer = gpu.buffer(name, bytes.len() as u64, none)?;
            gpu.write(&buffer, bytes)?;
            Ok(buffer)
        };
        let drive = gpu.buffer("drive", size_of::<params::Drive>() as u64, BufferUsages::UNIFORM)?;
        let (of_skins, of_layers) = materials(&choices);
        let skins = filled("skins", bytemuck::cast_slice(&of_skins))?;
        let layers = filled("layers", bytemuck::cast_slice(&of_layers))?;
        let covers: Vec<u32> = town.covers.iter().map(|own| u32::from(*own)).collect();
        let covers = filled("covers", bytemuck::cast_slice(&covers))?;
        let usual = |cell: usize| of_skins[usize::from(town.covers[cell])].albedo;
        let albedo: Vec<f32> = (0..len).map(|cell| scene.albedo_of(cell, usual(cell))).collect();
        let albedo = filled("albedo", bytemuck::cast_slice(&albedo))?;
        let wall_of = filled("walls of cells", bytemuck::cast_slice(&town.wall_of))?;
        let wall_cells = filled("cells of walls", bytemuck::cast_slice(&town.walls.cell))?;
        let walls: Vec<[f32; 4]> =
            (0..count).map(|w| [town.walls.area[w], town.walls.sky[w], town.walls.crowns[w], 0.0]).collect();
        let walls = filled("walls", bytemuck::cast_slice(&walls))?;
        let seen = of("views", len, 16)?;
        let (shine, wind, beams) = (of("shine", len, 16)?, of("wind", len, 16)?, of("beams", len, 8)?);
        let (cols, rows) = (town.grid.cols, town.grid.rows);
        let (east, south) =
            (of("wind to the east", (cols + 1) * rows, 4)?, of("wind to the south", cols * (rows + 1), 4)?);
        let wall_beam = of("beams on walls", count, 4)?;
        let columns = of("columns", len.div_ceil(LANES) * LANES * LAYERS, 4)?;
        let wall_columns = of("columns of walls", count.div_ceil(LANES) * LANES * WALL_LAYERS, 4)?;
        let (state, wall_skin) = (of("surfaces", len, 16)?, of("skins of walls", count, 4)?);
        let (air, old) = (of("air", len, 8)?, of("air before", len, 8)?);
        let (out, wall_out) = (of("sent out", len, 16)?, of("sent out by walls", count, 8)?);
        let (one, other) = (of("own", len, 16)?, of("own, too", len, 16)?);
        let (one_along, other_along) = (of("along", len, 16)?, of("along, too", len, 16)?);
        let around = of("around", len, 16)?;
        let (first, wall_first) = (of("first layers", len, 4)?, of("first layers of walls", count, 4)?);
        let found_walls = of("balances of walls", count, 16)?;
        let effects = of("effects", len, size_of::<Effect>())?;
        let (sums, more) = (of("sums", len, 16)?, of("more sums", len, 8)?);
        let totals = of("totals", rows, 16)?;
        let stage = |kernel: Kernel, buffers: &[&Buffer]| {
            let numbered: Vec<(u32, &Buffer)> = (0..).zip(buffers.iter().copied()).collect();
            gpu.stage(kernel, &[], &numbered)
        };
        // Grids: sizes as the host's, without anything that passes yet.
        let host = Grids::new(cols, rows, &vec![[0.0; 4]; len], 1.0);
        let sizes: Vec<(usize, usize)> = host.levels().iter().map(|level| (level.cols, level.rows)).collect();
        let mut fields: Vec<(Buffer, Buffer)> = Vec::new();
        let (mut rhs, mut decays, mut sides) = (Vec::new(), Vec::new(), Vec::new());
        for (k, (cols, rows)) in sizes.iter().enumerate() {
            let cells = cols * rows;
            // The finest field is the air itself.
            let work = of("field", cells, 8)?;
            fields.push((if k == 0 { air.clone() } else { of("field", cells, 8)? }, work));
            rhs.push(of("right-hand side", cells, 8)?);
            decays.push(of("decay", cells, 8)?);
            sides.push(of("sides", cells, 16)?);
        }
        let mut grids = Vec::new();
        for (k, (cols, rows)) in sizes.iter().enumerate() {
            let coarse = sizes.get(k + 1).copied();
            let own = params::Grids {
                cols: *cols as u32,
                rows: *rows as u32,
                coarse_cols: coarse.map_or(0, |coarse| coarse.0 as u32),
                coarse_rows: coarse.map_or(0, |coarse| coarse.1 as u32),
            };
            let uniform = gpu.buffer("grid", size_of::<params::Grids>() as u64, BufferUsages::UNIFORM)?;
            gpu.write(&uniform, &[own])?;
            let (one, other) = &fields[k];
            let base = [&uniform, &sides[k], &decays[k]];
            let with = |kernel: Kernel, more: &[&Buffer]| stage(kernel, &[&base[..], more].concat());
            let smooth = [with(SMOOTH, &[&rhs[k], one, other])?, with(SMOOTH, &[&rhs[k], other, one])?];
            let (mut restrict, mut prolong, mut decay) = (None, None, None);
            if coarse.is_some() {
                let next = &fields[k + 1].0;
                restrict = Some(with(RESTRICT, &[&rhs[k], one, &rhs[k + 1], next])?);
                prolong = Some(with(PROLONG, &[next, one])?);
                let buffers = [(0, &uniform), (2, &decays[k]), (3, &decays[k + 1])];
                decay = Some(gpu.stage(DECAY, &[], &buffers)?);
            }
            let cells = cols * rows;
            let coarse = coarse.map_or(0, |(cols, rows)| cols * rows);
            grids.push(Grid { cells, coarse, smooth, restrict, prolong, decay, side: sides[k].clone() });
        }
        let uniform = BufferUsages::UNIFORM;
        let sunlight = gpu.buffer("sunlight", size_of::<Sunlight>() as u64, uniform)?;
        let most_steps = 4 * (cols + rows);
        let ray = of("ray to the sun", most_steps, size_of::<Step>())?;
        let surface = filled("surface", bytemuck::cast_slice(&scene.surface))?;
        let eyes = filled("eyes", bytemuck::cast_slice(&scene.eye))?;
        let crowns: Vec<[f32; 2]> =
            scene.crown_low.iter().zip(&scene.crown_high).map(|(low, high)| [*low, *high]).collect();
        let crowns = filled("crowns", bytemuck::cast_slice(&crowns))?;
        let ends: Vec<[f32; 2]> = (0..count).map(|w| [town.walls.foot[w], town.walls.top[w]]).collect();
        let ends = filled("ends of walls", bytemuck::cast_slice(&ends))?;
        let wall_sides = filled("sides of walls", bytemuck::cast_slice(&town.walls.sides))?;
        let shades = of("shades", len, 8)?;
        let sun = [
            stage(SUN, &[&sunlight, &ray, &surface, &eyes, &crowns, &wall_of, &ends, &beams, &shades])?,
            stage(SUN_WALLS, &[&sunlight, &wall_cells, &wall_sides, &ends, &shades, &wall_beam])?,
        ];
        let before = [
            stage(OWN, &[&drive, &seen, &wall_of, &walls, &out, &wall_out, &one, &other])?,
            stage(ALONG, &[&drive, &one, &other, &one_along, &other_along])?,
            stage(AROUND, &[&drive, &one_along, &other_along, &air, &around])?,
            stage(FIRST, &[&drive, &skins, &layers, &covers, &columns, &wall_columns, &first, &wall_first])?,
        ];
        let of_walls = [
            &drive,
            &skins,
            &walls,
            &wall_cells,
            &around,
            &wall_beam,
            &wall_first,
            &wall_skin,
            &air,
            &wind,
            &found_walls,
        ];
        let of_cells =
            [&drive, &skins, &covers, &seen, &around, &shine, &beams, &first, &state, &air, &wind, &effects, &albedo];
        let of_air = [
            &drive,
            &sides[0],
            &east,
            &south,
            &wall_of,
            &found_walls,
            &effects,
            &shine,
            &seen,
            &wind,
            &air,
            &old,
            &decays[0],
            &rhs[0],
        ];
        let pass = [stage(WALLS, &of_walls)?, stage(CELLS, &of_cells)?, stage(MIX, &of_air)?];
        let kept =
            [&drive, &skins, &layers, &covers, &seen, &effects, &around, &air, &columns, &state, &out, &sums, &more];
        let after = [
            stage(TOTALS, &[&drive, &seen, &effects, &air, &sides[0], &decays[0], &rhs[0], &totals])?,
            stage(KEEP, &kept)?,
            stage(KEEP_WALLS, &[&drive, &skins, &layers, &found_walls, &wall_columns, &wall_skin, &wall_out])?,
        ];
        Ok(GpuAir {
            town,
            choices,
            skins,
            layers,
            drive,
            has_beam: false,
            sunlight,
            ray,
            most_steps,
            relief: scene.relief(),
            has_crowns: scene.has_crowns(),
            sun,
            seen,
            shine,
            wind,
            east,
            south,
            #[cfg(test)]
            sunlit: (beams, wall_beam),
            columns,
            wall_columns,
            state,
            wall_skin,
            air,
            old,
            out,
            wall_out,
            sums,
            more,
            totals,
            count: 0,
            grids,
            before,
            pass,
            after,
            gpu,
        })
    }

    /// The work of a V-cycle from a grid on.
    fn cycle<'a>(&'a self, k: usize, work: &mut Vec<Work<'a>>) {
        let grid = &self.grids[k];
        let all = groups(grid.cells);
        let smooth = |steps: usize, work: &mut Vec<Work<'a>>| {
            // An even number, so that the field is back where it was.
            (0..steps).for_each(|step| work.push(Work::Groups(&grid.smooth[step % 2], all)));
        };
        let (Some(restrict), Some(prolong)) = (&grid.restrict, &grid.prolong) else {
            return smooth(COARSEST_STEPS, work);
        };
        smooth(STEPS, work);
        work.push(Work::Groups(restrict, groups(grid.coarse)));
        self.cycle(k + 1, work);
        work.push(Work::Groups(prolong, all));
        smooth(STEPS, work);
    }

    /// Buffers of `state`, with the numbers of each.
    fn parts(&self) -> [(&Buffer, usize); 7] {
        let (len, count) = (self.town.grid.len(), self.town.walls.cell.len());
        [
            (&self.columns, len.div_ceil(LANES) * LANES * LAYERS),
            (&self.wall_columns, count.div_ceil(LANES) * LANES * WALL_LAYERS),
            (&self.state, 4 * len),
            (&self.wall_skin, count),
            (&self.air, 2 * len),
            (&self.out, 4 * len),
            (&self.wall_out, 2 * count),
        ]
    }
}

const _: () = assert!(STEPS.is_multiple_of(2) && COARSEST_STEPS.is_multiple_of(2), "fields change buffers in pairs");

impl Air for GpuAir {
    fn shares(&mut self, shares: &Shares) -> Result<()> {
        let of = |cell: usize| {
            let open = f32::from(u8::from(self.town.is_open[cell]));
            [shares.walls[cell], shares.crowns[cell], self.town.crown_sky[cell], open]
        };
        let seen: Vec<[f32; 4]> = (0..self.town.grid.len()).map(of).collect();
        self.gpu.write(&self.seen, &seen)
    }

    fn start(&mut self, celsius: f64, humidity: f64) -> Result<()> {
        let (celsius, wet) = (celsius as f32, self.choices.wet * super::column::CAPACITY);
        let (len, count) = (self.town.grid.len(), self.town.walls.cell.len());
        let [columns, wall_columns, ..] = self.parts().map(|(_, count)| vec![celsius; count]);
        self.gpu.write(&self.columns, &columns)?;
        self.gpu.write(&self.wall_columns, &wall_columns)?;
        self.gpu.write(&self.state, &vec![[celsius, celsius, wet, wet]; len])?;
        self.gpu.write(&self.wall_skin, &vec![celsius; count])?;
        self.gpu.write(&self.air, &vec![[celsius, humidity as f32]; len])?;
        let black = black(celsius);
        self.gpu.write(&self.out, &vec![[0.0, black, black, 0.0]; len])?;
        self.gpu.write(&self.wall_out, &vec![[0.0, black]; count])
    }

    fn hour(&mut self, wind: &Wind, sky: &Sky) -> Result<()> {
        let len = self.town.grid.len();
        let of = |cell: usize| {
            let [height, rough] = wind.rough[cell];
            [height, rough, wind.speed[cell], wind.passing.inflow[cell]]
        };
        self.gpu.write(&self.wind, &(0..len).map(of).collect::<Vec<[f32; 4]>>())?;
        let of = |cell: usize| {
            let released = sky.released.get(cell).copied().unwrap_or(0.0);
            [sky.short[cell], sky.long[cell], released, wind.passing.out[cell]]
        };
        self.gpu.write(&self.shine, &(0..len).map(of).collect::<Vec<[f32; 4]>>())?;
        self.gpu.write(&self.east, &wind.faces.east)?;
        self.gpu.write(&self.south, &wind.faces.south)?;
        let (cols, rows) = (self.town.grid.cols, self.town.grid.rows);
        let host = Grids::new(cols, rows, &wind.passing.side, 1.0);
        for (grid, level) in self.grids.iter().zip(host.levels()) {
            self.gpu.write(&grid.side, &level.sides())?;
        }
        Ok(())
    }

    fn sun(&mut self, shines: &[Shine]) -> Result<()> {
        self.has_beam = !shines.is_empty();
        let Town { grid, walls, .. } = &self.town;
        for (k, Shine { sun, direct, through }) in shines.iter().enumerate() {
            let tangent = sun.altitude.tan() as f32;
            let mut ray = to_sun(*sun, grid, self.relief);
            // A ray that crosses the whole grid meets no more cells.
            ray.truncate(self.most_steps);
            self.gpu.write(&self.ray, &ray.iter().map(wire).collect::<Vec<Step>>())?;
            let [west, east, north, south] = facing(*sun, *direct);
            let own = Sunlight {
                cols: grid.cols as u32,
                rows: grid.rows as u32,
                walls: walls.cell.len() as u32,
                steps: ray.len() as u32,
                has_crowns: u32::from(self.has_crowns),
                begins: u32::from(k == 0),
                tangent,
                through: *through,
                down: (direct * sun.altitude.sin()) as f32,
                west,
                east,
                north,
                south,
            };
            self.gpu.write(&self.sunlight, &[own])?;
            let [on_cells, on_walls] = &self.sun;
            let (cells, of_walls) = (groups(grid.len()), groups(walls.cell.len()));
            self.gpu.submit([Work::Groups(on_cells, cells), Work::Groups(on_walls, of_walls)])?;
        }
        Ok(())
    }

    fn pace(&mut self, step: f64) -> Result<()> {
        self.choices.step = step;
        let (skins, layers) = materials(&self.choices);
        self.gpu.write(&self.skins, &skins)?;
        self.gpu.write(&self.layers, &layers)
    }

    fn step(&mut self, drive: &Drive) -> Result<Totals> {
        let Town { grid, walls, reach, depth, .. } = &self.town;
        let (len, count) = (grid.len(), walls.cell.len());
        let own = params::Drive {
            cols: grid.cols as u32,
            rows: grid.rows as u32,
            walls: count as u32,
            reach: *reach as u32,
            has_beam: u32::from(self.has_beam),
            cell: grid.cell as f32,
            step: self.choices.step as f32,
            depth: *depth,
            aloft: drive.aloft.air as f32,
            mixed: drive.aloft.mixed as f32,
            aloft_humidity: drive.aloft.humidity as f32,
            edge: drive.edge.0 as f32,
            edge_humidity: drive.edge.1 as f32,
            above: drive.above as f32,
            at_10_m: drive.at_10_m as f32,
            gust: drive.gust as f32,
            over_ratio: drive.over.ratio as f32,
            over_richardson: drive.over.richardson as f32,
            over_rest: drive.over.rest as f32,
            over_rest_latent: drive.over.rest_latent as f32,
            diffuse: drive.diffuse as f32,
            sky: drive.sky as f32,
            through: drive.through as f32,
            rain: drive.rain as f32,
            pressure: drive.pressure as f32,
            water_step: drive.water_step as f32,
        };
        self.gpu.write(&self.drive, &[own])?;
        let (cells, of_walls) = (groups(len), groups(count));
        let mut work: Vec<Work> = Vec::new();
        let [own, along, around, first] = &self.before;
        work.extend([own, along, around].map(|stage| Work::Groups(stage, cells)));
        work.push(Work::Groups(first, groups(len.max(count))));
        work.push(Work::Copy((&self.air, 0), (&self.old, 0), (8 * len as u64).next_multiple_of(16)));
        let [walls, ground, mix] = &self.pass;
        for cycles in CYCLES {
            work.push(Work::Groups(walls, of_walls));
            work.push(Work::Groups(ground, cells));
            work.push(Work::Groups(mix, cells));
            for grid in &self.grids {
                work.extend(grid.decay.iter().map(|decay| Work::Groups(decay, groups(grid.coarse))));
            }
            (0..cycles).for_each(|_| self.cycle(0, &mut work));
        }
        let [totals, keep, keep_walls] = &self.after;
        let rows = [grid.rows.min(GROUPS) as u32, grid.rows.div_ceil(GROUPS) as u32];
        work.push(Work::Groups(totals, rows));
        work.push(Work::Groups(keep, cells));
        work.push(Work::Groups(keep_walls, of_walls));
        self.gpu.submit(work)?;
        self.count += 1;
        let sums: Vec<[f32; 4]> = self.gpu.read(&self.totals, grid.rows)?;
        let sum = |k: usize| sums.iter().map(|row| f64::from(row[k])).sum::<f64>();
        let open = self.town.is_open.iter().filter(|open| **open).count().max(1) as f64;
        Ok(Totals {
            air: USUAL + sum(0) / open,
            humidity: sum(1) / open,
            sensible: sum(2) / len as f64,
            gap: AIR * f64::from(*depth) * sum(3) / open,
        })
    }

    fn means(&mut self) -> Result<Means> {
        let len = self.town.grid.len();
        let by = 1.0 / self.count.max(1) as f32;
        self.count = 0;
        let sums: Vec<[f32; 4]> = self.gpu.read(&self.sums, len)?;
        let more: Vec<[f32; 2]> = self.gpu.read(&self.more, len)?;
        self.gpu.write(&self.sums, &vec![[0.0f32; 4]; len])?;
        self.gpu.write(&self.more, &vec![[0.0f32; 2]; len])?;
        let of = |k: usize| sums.iter().map(|own| own[k] * by).collect();
        let of_more = |k: usize| more.iter().map(|own| own[k] * by).collect();
        Ok(Means { air: of(0), humidity: of(1), skin: of(2), up: of(3), walls: of_more(0), crowns: of_more(1) })
    }

    fn state(&mut self) -> Result<Vec<f32>> {
        let mut state = Vec::with_capacity(self.state_len());
        for (buffer, count) in self.parts() {
            state.extend(self.gpu.read::<f32>(buffer, count)?);
        }
        Ok(state)
    }

    fn state_len(&self) -> usize {
        self.parts().iter().map(|(_, count)| count).sum()
    }

    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        let mut rest = state;
        for (buffer, count) in self.parts() {
            let (own, more) = rest.split_at(count.min(rest.len()));
            self.gpu.write(buffer, own)?;
            rest = more;
        }
        Ok(())
    }
}

/// All kernels of surfaces and air in time.
pub const KERNELS: [Kernel; 17] = [
    SUN,
    SUN_WALLS,
    SMOOTH,
    RESTRICT,
    PROLONG,
    DECAY,
    OWN,
    ALONG,
    AROUND,
    FIRST,
    WALLS,
    CELLS,
    MIX,
    KEEP,
    KEEP_WALLS,
    TOTALS,
    super::diagnostic::SOR,
];

#[cfg(test)]
mod tests {
    use super::super::super::scene::EYE;
    use super::super::super::sun::Sun;
    use super::super::cpu::CpuAir;
    use super::*;
    use crate::device::Device;

    #[test]
    fn the_sun_shines_on_the_same_as_on_the_cpu() {
        let opened = Device::open("gpu:any");
        let Ok(Device::Gpu(gpu)) = &opened else {
            return crate::testing::left_out("HANZE_REQUIRE_GPU", "the sun on the GPU, as there is no adapter");
        };
        let grid = crate::grid::Grid::local(57, 43, 2.0);
        // A number between 0 and 1 for each place.
        let mixed = |k: usize| (k.wrapping_mul(2_654_435_761) >> 7) % 1000;
        let of = |k: usize| (k % 57, k / 57);
        let ground: Vec<f32> = (0..grid.len()).map(|k| 0.01 * of(k).0 as f32).collect();
        let houses: Vec<f32> = (0..grid.len())
            .map(|k| {
                let (col, row) = of(k);
                let block = mixed(col / 9 + 100 * (row / 7));
                if col % 9 > 3 && row % 7 > 2 { 3.0 + 0.01 * block as f32 } else { 0.0 }
            })
            .collect();
        let trees: Vec<f32> =
            (0..grid.len()).map(|k| if houses[k] == 0.0 && mixed(k) > 850 { 8.0 } else { 0.0 }).collect();
        for trees in [trees, Vec::new()] {
            let scene = Scene::new(grid, &ground, &houses, &trees, EYE);
            let town = Town::new(&scene, &houses, &vec![1; grid.len()]);
            let mut one = CpuAir::new(town.clone(), scene.clone(), Choices::default());
            let mut other = GpuAir::new(town.clone(), &scene, Choices::default(), gpu.clone()).unwrap();
            let shine = |(altitude, azimuth): (f64, f64)| Shine {
                sun: Sun { altitude, azimuth },
                direct: 800.0,
                through: 0.03,
            };
            let all = [(0.08, 1.2), (0.5, 2.0), (0.9, 3.3), (0.35, 5.1)].map(shine);
            // Each alone, and three that steps have in common.
            for shines in all.chunks(1).chain([&all[1..]]) {
                one.sun(shines).unwrap();
                other.sun(shines).unwrap();
                let beams: Vec<[f32; 2]> = gpu.read(&other.sunlit.0, grid.len()).unwrap();
                let walls: Vec<f32> = gpu.read(&other.sunlit.1, town.walls.cell.len()).unwrap();
                let own = &one.beam;
                let crown = |k: usize| own.crowns.get(k).copied().unwrap_or(0.0);
                // Light that grazes an edge may fall on either side of it; what is no number is apart.
                let apart = |a: f32, b: f32, most: f32| (a - b).is_nan() || (a - b).abs() > most;
                let on_cells = beams.iter().enumerate();
                let on_cells = on_cells
                    .filter(|(k, [ground, top])| apart(*ground, own.ground[*k], 0.01) || apart(*top, crown(*k), 0.01));
                let on_walls = walls.iter().zip(&own.walls).filter(|(a, b)| apart(**a, **b, 0.1));
                let differ = on_cells.count() + on_walls.count();
                assert!(differ <= 2 * shines.len(), "{differ} places under {shines:?}");
                assert!(shines.len() > 1 || own.ground.contains(&0.0));
                assert!(own.walls.iter().any(|own| *own > 1.0));
            }
        }
    }
}
