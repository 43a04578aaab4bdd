//! Air and surfaces on a GPU: the stages of [`super::cpu`], one cell or wall an invocation.

use super::super::gpu::wire;
use super::super::params::{Step, Sunlight};
use super::super::rays::to_sun;
use super::super::scene::Scene;
use super::air::{Air, Choices, DirectShortwave, Means, Sky, StepForcing, Totals, ViewFactors, Wind};
use super::column::{self, LAYERS, WALL_LAYERS};
use super::cpu::{CYCLES, LANES};
use super::exchange::AIR;
use super::grids::{COARSEST_STEPS, Grids, STEPS};
use super::params::{self, Effect, Material, Wall, black};
use super::town::{Town, facing};
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Kernel, Stage, Work};
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal, $($file:literal),+) => {
        Kernel { name: $name, source: concat!($(include_str!(concat!("../../../../shaders/heat/island/", $file)), "\n"),+) }
    };
}

const SMOOTH: Kernel = kernel!("island smooth", "grids.wgsl", "smooth.wgsl");
const RESTRICT: Kernel = kernel!("island restrict", "grids.wgsl", "restrict.wgsl");
const PROLONG: Kernel = kernel!("island prolong", "grids.wgsl", "prolong.wgsl");
const DECAY: Kernel = kernel!("island decay", "grids.wgsl", "decay.wgsl");
const RADIOSITY: Kernel = kernel!("island radiosity", "params.wgsl", "wall.wgsl", "radiosity.wgsl");
const BOX_FILTER: Kernel = kernel!("island box filter", "params.wgsl", "box_filter.wgsl");
const NEIGHBOUR_RADIOSITY: Kernel = kernel!("island neighbour radiosity", "params.wgsl", "neighbour_radiosity.wgsl");
const FORWARD_ELIMINATION: Kernel = kernel!("island forward elimination", "params.wgsl", "forward_elimination.wgsl");
const WALLS: Kernel = kernel!("island walls", "params.wgsl", "wall.wgsl", "balance.wgsl", "walls.wgsl");
const CELLS: Kernel = kernel!("island cells", "params.wgsl", "balance.wgsl", "cells.wgsl");
const CANOPY_TRANSPORT: Kernel = kernel!("island canopy transport", "params.wgsl", "canopy_transport.wgsl");
const STORAGE: Kernel = kernel!("island storage", "params.wgsl", "storage.wgsl");
const WALL_STORAGE: Kernel = kernel!("island wall storage", "params.wgsl", "wall_storage.wgsl");
const SUN: Kernel = kernel!("island sun", "../params.wgsl", "sun.wgsl");
const SUN_WALLS: Kernel = kernel!("island sun on walls", "../params.wgsl", "wall.wgsl", "on_walls.wgsl");
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

/// All materials, walls last.
fn materials(choices: &Choices) -> Vec<Material> {
    let (mut all, wall) = choices.materials();
    all.push(wall);
    let of = |host: &column::Material| {
        let mut material = Material { skin: host.skin, ..Material::default() };
        material.layers[..host.layers.len()].copy_from_slice(&host.layers);
        material
    };
    all.iter().map(of).collect()
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
    materials: Buffer,
    forcing: Buffer,
    has_beam: bool,
    /// Parameters of a position of the sun, its ray, and the longest ray: steps, and height, m.
    sunlight: Buffer,
    ray: Buffer,
    most_steps: usize,
    relief: f32,
    has_crowns: bool,
    sun: [Stage; 2],
    inputs: Buffer,
    faces: Buffer,
    /// Direct radiation on cells and walls, for tests.
    #[cfg(test)]
    sunlit: (Buffer, Buffer),
    columns: Buffer,
    wall_columns: Buffer,
    facets: Buffer,
    wall_temperatures: Buffer,
    air: Buffer,
    wall_outgoing: Buffer,
    sums: Buffer,
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
        let uniform = |name: &str, size: usize| gpu.buffer(name, size as u64, BufferUsages::UNIFORM);
        let forcing = uniform("forcing", size_of::<params::StepForcing>())?;
        let of_materials = materials(&choices);
        let materials = filled("materials", bytemuck::cast_slice(&of_materials))?;
        let usual = |cell: usize| of_materials[usize::from(town.covers[cell])].skin.albedo;
        let covers = town.covers.iter().map(|cover| u32::from(*cover)).chain(town.wall_of.iter().copied());
        let albedo = (0..len).map(|cell| scene.albedo_of(cell, usual(cell)).to_bits());
        let properties: Vec<u32> = covers.chain(albedo).collect();
        let properties = filled("properties", bytemuck::cast_slice(&properties))?;
        let wall = |w: usize| Wall {
            area: town.walls.area[w],
            sky: town.walls.sky[w],
            crowns: town.walls.crowns[w],
            cell: town.walls.cell[w],
        };
        let walls: Vec<Wall> = (0..count).map(wall).collect();
        let walls = filled("walls", bytemuck::cast_slice(&walls))?;
        // Parts of these lie one after the other as `params.wgsl` says.
        let (inputs, facets) = (of("inputs", 3 * len, 16)?, of("facets", 3 * len, 16)?);
        let (air, sums) = (of("air", 2 * len, 8)?, of("sums", 3 * len, 8)?);
        let (cols, rows) = (town.grid.cols, town.grid.rows);
        let faces = of("wind through faces", (cols + 1) * rows + cols * (rows + 1), 4)?;
        let wall_temperatures = of("temperatures of walls", 2 * count, 4)?;
        let (beams, wall_beam) = (of("beams", len, 8)?, of("beams on walls", count, 4)?);
        let columns = of("columns", len.div_ceil(LANES) * LANES * LAYERS, 4)?;
        let wall_columns = of("columns of walls", count.div_ceil(LANES) * LANES * WALL_LAYERS, 4)?;
        let wall_outgoing = of("sent out by walls", count, 8)?;
        let (terms, long_terms) = (of("radiosity", len, 16)?, of("longwave radiosity", len, 16)?);
        let (row_sums, long_row_sums) = (of("sums of rows", len, 16)?, of("longwave sums of rows", len, 16)?);
        let first_layer = of("first layers", len, 4)?;
        let wall_balance = of("balances of walls", count, 16)?;
        let effects = of("effects", len, size_of::<Effect>())?;
        let totals = of("totals", rows, 16)?;
        // Grids: sizes as the host's, without anything that passes yet.
        let host = Grids::new(cols, rows, &vec![[0.0; 4]; len], 1.0);
        let sizes: Vec<(usize, usize)> = host.levels().iter().map(|level| (level.cols, level.rows)).collect();
        let mut fields: Vec<(Buffer, Buffer)> = Vec::new();
        let (mut systems, mut sides) = (Vec::new(), Vec::new());
        for (k, (cols, rows)) in sizes.iter().enumerate() {
            let cells = cols * rows;
            // The finest field is the air itself.
            let work = of("field", cells, 8)?;
            fields.push((if k == 0 { air.clone() } else { of("field", cells, 8)? }, work));
            systems.push(of("system", 2 * cells, 8)?);
            sides.push(of("sides", cells, 16)?);
        }
        let mut grids = Vec::new();
        for (k, (cols, rows)) in sizes.iter().enumerate() {
            let coarse = sizes.get(k + 1).copied();
            let size = params::Grids {
                cols: *cols as u32,
                rows: *rows as u32,
                coarse_cols: coarse.map_or(0, |coarse| coarse.0 as u32),
                coarse_rows: coarse.map_or(0, |coarse| coarse.1 as u32),
            };
            let grid = uniform("grid", size_of::<params::Grids>())?;
            gpu.write(&grid, &[size])?;
            let (one, other) = &fields[k];
            let base = [("grid", &grid), ("side", &sides[k]), ("system", &systems[k])];
            let with = |kernel: Kernel, more: &[(&str, &Buffer)]| gpu.stage(kernel, &[], &[&base[..], more].concat());
            let smooth =
                [with(SMOOTH, &[("field", one), ("next", other)])?, with(SMOOTH, &[("field", other), ("next", one)])?];
            let (mut restrict, mut prolong, mut decay) = (None, None, None);
            if coarse.is_some() {
                let coarse_field = ("coarse_field", &fields[k + 1].0);
                let coarse_system = ("coarse_system", &systems[k + 1]);
                restrict = Some(with(RESTRICT, &[("field", one), coarse_field, coarse_system])?);
                prolong = Some(with(PROLONG, &[("field", one), coarse_field])?);
                let of_decay = [("grid", &grid), ("system", &systems[k]), coarse_system];
                decay = Some(gpu.stage(DECAY, &[], &of_decay)?);
            }
            let cells = cols * rows;
            let coarse = coarse.map_or(0, |(cols, rows)| cols * rows);
            grids.push(Grid { cells, coarse, smooth, restrict, prolong, decay, side: sides[k].clone() });
        }
        let sunlight = uniform("sunlight", size_of::<Sunlight>())?;
        let most_steps = 4 * (cols + rows);
        let ray = of("ray to the sun", most_steps, size_of::<Step>())?;
        let surface_height = filled("surface height", bytemuck::cast_slice(&scene.surface_height))?;
        let eyes = filled("eyes", bytemuck::cast_slice(&scene.eye))?;
        let crowns: Vec<[f32; 2]> =
            scene.crown_low.iter().zip(&scene.crown_high).map(|(low, high)| [*low, *high]).collect();
        let crowns = filled("crowns", bytemuck::cast_slice(&crowns))?;
        let ends: Vec<[f32; 2]> = (0..count).map(|w| [town.walls.foot[w], town.walls.top[w]]).collect();
        let ends = filled("ends of walls", bytemuck::cast_slice(&ends))?;
        let wall_sides = filled("sides of walls", bytemuck::cast_slice(&town.walls.sides))?;
        let shades = of("shades", len, 8)?;
        let of_sun = [
            ("sun", &sunlight),
            ("ray", &ray),
            ("surface_height", &surface_height),
            ("eyes", &eyes),
            ("crowns", &crowns),
            ("properties", &properties),
            ("ends", &ends),
            ("beams", &beams),
            ("shades", &shades),
        ];
        let of_sun_on_walls = [
            ("sun", &sunlight),
            ("walls", &walls),
            ("sides", &wall_sides),
            ("ends", &ends),
            ("shades", &shades),
            ("wall_beam", &wall_beam),
        ];
        let sun = [gpu.stage(SUN, &[], &of_sun)?, gpu.stage(SUN_WALLS, &[], &of_sun_on_walls)?];
        // Buffers of a step by the names that its kernels give them.
        let all = [
            ("forcing", &forcing),
            ("materials", &materials),
            ("properties", &properties),
            ("walls", &walls),
            ("inputs", &inputs),
            ("facets", &facets),
            ("air", &air),
            ("effects", &effects),
            ("columns", &columns),
            ("wall_columns", &wall_columns),
            ("wall_temperatures", &wall_temperatures),
            ("wall_outgoing", &wall_outgoing),
            ("first_layer", &first_layer),
            ("terms", &terms),
            ("long_terms", &long_terms),
            ("row_sums", &row_sums),
            ("long_row_sums", &long_row_sums),
            ("beams", &beams),
            ("wall_beam", &wall_beam),
            ("side", &sides[0]),
            ("system", &systems[0]),
            ("faces", &faces),
            ("wall_balance", &wall_balance),
            ("sums", &sums),
            ("totals", &totals),
        ];
        let stage = |kernel: Kernel, names: &[&str]| {
            let buffers: Vec<(&str, &Buffer)> = all.into_iter().filter(|(name, _)| names.contains(name)).collect();
            gpu.stage(kernel, &[], &buffers)
        };
        let of_radiosity =
            ["forcing", "inputs", "properties", "walls", "facets", "wall_outgoing", "terms", "long_terms"];
        let of_elimination =
            ["forcing", "materials", "properties", "columns", "wall_columns", "first_layer", "wall_temperatures"];
        let before = [
            stage(RADIOSITY, &of_radiosity)?,
            stage(BOX_FILTER, &["forcing", "terms", "long_terms", "row_sums", "long_row_sums"])?,
            stage(NEIGHBOUR_RADIOSITY, &["forcing", "row_sums", "long_row_sums", "air", "facets"])?,
            stage(FORWARD_ELIMINATION, &of_elimination)?,
        ];
        let of_walls = [
            "forcing",
            "materials",
            "walls",
            "facets",
            "wall_beam",
            "wall_temperatures",
            "air",
            "inputs",
            "wall_balance",
        ];
        let of_cells =
            ["forcing", "materials", "properties", "inputs", "facets", "beams", "first_layer", "air", "effects"];
        let of_transport =
            ["forcing", "side", "faces", "properties", "wall_balance", "effects", "inputs", "air", "system"];
        let pass = [stage(WALLS, &of_walls)?, stage(CELLS, &of_cells)?, stage(CANOPY_TRANSPORT, &of_transport)?];
        let of_storage =
            ["forcing", "materials", "properties", "inputs", "effects", "air", "columns", "facets", "sums"];
        let of_wall_storage =
            ["forcing", "materials", "wall_balance", "wall_columns", "wall_temperatures", "wall_outgoing"];
        let after = [
            stage(TOTALS, &["forcing", "inputs", "effects", "air", "side", "system", "totals"])?,
            stage(STORAGE, &of_storage)?,
            stage(WALL_STORAGE, &of_wall_storage)?,
        ];
        Ok(GpuAir {
            town,
            choices,
            materials,
            forcing,
            has_beam: false,
            sunlight,
            ray,
            most_steps,
            relief: scene.relief(),
            has_crowns: scene.has_crowns(),
            sun,
            inputs,
            faces,
            #[cfg(test)]
            sunlit: (beams, wall_beam),
            columns,
            wall_columns,
            facets,
            wall_temperatures,
            air,
            wall_outgoing,
            sums,
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

    /// What a state consists of, in its order: the buffer of each part, where it begins there, and how many numbers it has.
    fn parts(&self) -> [(&Buffer, usize, usize); 7] {
        let (len, count) = (self.town.grid.len(), self.town.walls.cell.len());
        [
            (&self.columns, 0, len.div_ceil(LANES) * LANES * LAYERS),
            (&self.wall_columns, 0, count.div_ceil(LANES) * LANES * WALL_LAYERS),
            (&self.facets, 0, 4 * len),
            (&self.wall_temperatures, 0, count),
            (&self.air, 0, 2 * len),
            (&self.facets, 4 * len, 4 * len),
            (&self.wall_outgoing, 0, 2 * count),
        ]
    }
}

const _: () = assert!(STEPS.is_multiple_of(2) && COARSEST_STEPS.is_multiple_of(2), "fields change buffers in pairs");

impl Air for GpuAir {
    fn view_factors(&mut self, view_factors: &ViewFactors) -> Result<()> {
        let of = |cell: usize| {
            let open = f32::from(u8::from(self.town.is_open[cell]));
            [view_factors.walls[cell], view_factors.crowns[cell], self.town.crown_sky[cell], open]
        };
        let len = self.town.grid.len();
        let packed: Vec<[f32; 4]> = (0..len).map(of).collect();
        self.gpu.write_at(&self.inputs, 2 * 16 * len as u64, &packed)
    }

    fn start(&mut self, celsius: f64, humidity: f64) -> Result<()> {
        let (celsius, wet) = (celsius as f32, self.choices.wet * column::CAPACITY);
        let (len, count) = (self.town.grid.len(), self.town.walls.cell.len());
        for (buffer, _, count) in &self.parts()[..2] {
            self.gpu.write(buffer, &vec![celsius; *count])?;
        }
        let black = black(celsius);
        let facets = [vec![[celsius, celsius, wet, wet]; len], vec![[0.0, black, black, 0.0]; len]].concat();
        self.gpu.write(&self.facets, &facets)?;
        self.gpu.write(&self.wall_temperatures, &vec![celsius; count])?;
        self.gpu.write(&self.air, &vec![[celsius, humidity as f32]; len])?;
        self.gpu.write(&self.wall_outgoing, &vec![[0.0, black]; count])
    }

    fn hour(&mut self, wind: &Wind, sky: &Sky) -> Result<()> {
        let len = self.town.grid.len();
        let of_wind = |cell: usize| {
            let [height, rough] = wind.rough[cell];
            [height, rough, wind.speed[cell], wind.passing.inflow[cell]]
        };
        let of_sky = |cell: usize| {
            let anthropogenic = sky.anthropogenic.get(cell).copied().unwrap_or(0.0);
            [sky.short[cell], sky.long[cell], anthropogenic, wind.passing.out[cell]]
        };
        let inputs: Vec<[f32; 4]> = (0..len).map(of_wind).chain((0..len).map(of_sky)).collect();
        self.gpu.write(&self.inputs, &inputs)?;
        self.gpu.write(&self.faces, &[&wind.faces.east[..], &wind.faces.south].concat())?;
        let (cols, rows) = (self.town.grid.cols, self.town.grid.rows);
        let host = Grids::new(cols, rows, &wind.passing.side, 1.0);
        for (grid, level) in self.grids.iter().zip(host.levels()) {
            self.gpu.write(&grid.side, &level.sides())?;
        }
        Ok(())
    }

    fn sun(&mut self, shortwave: &[DirectShortwave]) -> Result<()> {
        self.has_beam = !shortwave.is_empty();
        let Town { grid, walls, .. } = &self.town;
        for (k, DirectShortwave { sun, direct, through }) in shortwave.iter().enumerate() {
            let tangent = sun.altitude.tan() as f32;
            let mut ray = to_sun(*sun, grid, self.relief);
            // A ray that crosses the whole grid meets no more cells.
            ray.truncate(self.most_steps);
            self.gpu.write(&self.ray, &ray.iter().map(wire).collect::<Vec<Step>>())?;
            let [west, east, north, south] = facing(*sun, *direct);
            let sunlight = Sunlight {
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
            self.gpu.write(&self.sunlight, &[sunlight])?;
            let [on_cells, on_walls] = &self.sun;
            let (cells, of_walls) = (groups(grid.len()), groups(walls.cell.len()));
            self.gpu.submit([Work::Groups(on_cells, cells), Work::Groups(on_walls, of_walls)])?;
        }
        Ok(())
    }

    fn pace(&mut self, step: f64) -> Result<()> {
        self.choices.step = step;
        self.gpu.write(&self.materials, &materials(&self.choices))
    }

    fn step(&mut self, forcing: &StepForcing) -> Result<Totals> {
        let Town { grid, walls, reach, depth, .. } = &self.town;
        let (len, count) = (grid.len(), walls.cell.len());
        let uniform = params::StepForcing {
            cols: grid.cols as u32,
            rows: grid.rows as u32,
            walls: count as u32,
            reach: *reach as u32,
            has_beam: u32::from(self.has_beam),
            cell: grid.cell as f32,
            step: self.choices.step as f32,
            depth: *depth,
            aloft: forcing.aloft.air as f32,
            mixed: forcing.aloft.mixed as f32,
            aloft_humidity: forcing.aloft.humidity as f32,
            edge: forcing.edge.0 as f32,
            edge_humidity: forcing.edge.1 as f32,
            above: forcing.above as f32,
            at_10_m: forcing.at_10_m as f32,
            gust: forcing.gust as f32,
            over_ratio: forcing.over.ratio as f32,
            over_richardson: forcing.over.richardson as f32,
            over_remainder: forcing.over.remainder as f32,
            over_remainder_latent: forcing.over.remainder_latent as f32,
            diffuse: forcing.diffuse as f32,
            sky: forcing.sky as f32,
            through: forcing.through as f32,
            rain: forcing.rain as f32,
            pressure: forcing.pressure as f32,
            water_step: forcing.water_step as f32,
        };
        self.gpu.write(&self.forcing, &[uniform])?;
        let (cells, of_walls) = (groups(len), groups(count));
        let mut work: Vec<Work> = Vec::new();
        let [radiosity, box_filter, neighbours, elimination] = &self.before;
        work.extend([radiosity, box_filter, neighbours].map(|stage| Work::Groups(stage, cells)));
        work.push(Work::Groups(elimination, groups(len.max(count))));
        let [walls, ground, air] = &self.pass;
        for cycles in CYCLES {
            work.push(Work::Groups(walls, of_walls));
            work.push(Work::Groups(ground, cells));
            work.push(Work::Groups(air, cells));
            for grid in &self.grids {
                work.extend(grid.decay.iter().map(|decay| Work::Groups(decay, groups(grid.coarse))));
            }
            (0..cycles).for_each(|_| self.cycle(0, &mut work));
        }
        let [totals, storage, wall_storage] = &self.after;
        let rows = [grid.rows.min(GROUPS) as u32, grid.rows.div_ceil(GROUPS) as u32];
        work.push(Work::Groups(totals, rows));
        work.push(Work::Groups(storage, cells));
        work.push(Work::Groups(wall_storage, of_walls));
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
        let sums: Vec<[f32; 2]> = self.gpu.read(&self.sums, 3 * len)?;
        self.gpu.write(&self.sums, &vec![[0.0f32; 2]; 3 * len])?;
        let of = |part: usize, k: usize| sums[part * len..][..len].iter().map(|sum| sum[k] * by).collect();
        let ([air, humidity], [skin, up]) = ([of(0, 0), of(0, 1)], [of(1, 0), of(1, 1)]);
        Ok(Means { air, humidity, skin, up, walls: of(2, 0), crowns: of(2, 1) })
    }

    fn state(&mut self) -> Result<Vec<f32>> {
        let mut state = Vec::with_capacity(self.state_len());
        for (buffer, start, count) in self.parts() {
            state.extend(self.gpu.read_at::<f32>(buffer, 4 * start as u64, count)?);
        }
        Ok(state)
    }

    fn state_len(&self) -> usize {
        self.parts().iter().map(|(.., count)| count).sum()
    }

    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        let mut remainder = state;
        for (buffer, start, count) in self.parts() {
            let (part, more) = remainder.split_at(count.min(remainder.len()));
            self.gpu.write_at(buffer, 4 * start as u64, part)?;
            remainder = more;
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
    RADIOSITY,
    BOX_FILTER,
    NEIGHBOUR_RADIOSITY,
    FORWARD_ELIMINATION,
    WALLS,
    CELLS,
    CANOPY_TRANSPORT,
    STORAGE,
    WALL_STORAGE,
    TOTALS,
    super::diagnostic::SOR,
];

#[cfg(test)]
mod tests {
    use super::super::super::scene::EYE;
    use super::super::super::sun::Sun;
    use super::super::cpu::CpuAir;
    use super::*;
    use hanze_device::Device;

    #[test]
    fn the_sun_shines_on_the_same_as_on_the_cpu() {
        let opened = Device::open("gpu:any");
        let Ok(Device::Gpu(gpu)) = &opened else {
            return hanze_base::testing::left_out("HANZE_REQUIRE_GPU", "the sun on the GPU, as there is no adapter");
        };
        let grid = hanze_base::grid::Grid::local(57, 43, 2.0);
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
            let position = |(altitude, azimuth): (f64, f64)| DirectShortwave {
                sun: Sun { altitude, azimuth },
                direct: 800.0,
                through: 0.03,
            };
            let all = [(0.08, 1.2), (0.5, 2.0), (0.9, 3.3), (0.35, 5.1)].map(position);
            // Each alone, and three that steps have in common.
            for shortwave in all.chunks(1).chain([&all[1..]]) {
                one.sun(shortwave).unwrap();
                other.sun(shortwave).unwrap();
                let beams: Vec<[f32; 2]> = gpu.read(&other.sunlit.0, grid.len()).unwrap();
                let walls: Vec<f32> = gpu.read(&other.sunlit.1, town.walls.cell.len()).unwrap();
                let cpu = &one.beam;
                let crown = |k: usize| cpu.crowns.get(k).copied().unwrap_or(0.0);
                // Light that grazes an edge may fall on either side of it; what is no number is apart.
                let apart = |a: f32, b: f32, most: f32| (a - b).is_nan() || (a - b).abs() > most;
                let on_cells = beams.iter().enumerate();
                let on_cells = on_cells
                    .filter(|(k, [ground, top])| apart(*ground, cpu.ground[*k], 0.01) || apart(*top, crown(*k), 0.01));
                let on_walls = walls.iter().zip(&cpu.walls).filter(|(a, b)| apart(**a, **b, 0.1));
                let differ = on_cells.count() + on_walls.count();
                assert!(differ <= 2 * shortwave.len(), "{differ} places under {shortwave:?}");
                assert!(shortwave.len() > 1 || cpu.ground.contains(&0.0));
                assert!(cpu.walls.iter().any(|beam| *beam > 1.0));
            }
        }
    }
}
