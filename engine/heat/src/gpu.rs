//! The GPU device's heat: four kernels, one cell an invocation.

use super::cpu::horizons::{AZIMUTHS, View, sectors, sky_view_with_crowns};
use super::cpu::radiation::{Incoming, below};
use super::forcing::Forcing;
use super::ground;
use super::hour::{Covers, MEMORY, Radiation};
use super::params::{Beam, Bright, Hour, Look, Sector, Share, Step, SurfaceScheme, Weight};
use super::rays::{self, to_sun};
use super::scene::{EYE, Scene};
use super::sky::{PATCHES, Patch, patches};
use super::solver::Solver;
use super::views::{ViewStorage, Views};
use hanze_base::cover::Cover;
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Kernel, Stage, Work};
use std::ops::Range;
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal, $file:literal) => {
        Kernel {
            name: $name,
            source: concat!(
                include_str!("../../../shaders/heat/params.wgsl"),
                "\n",
                include_str!(concat!("../../../shaders/heat/", $file))
            ),
        }
    };
}

/// Looks around from each cell.
const HORIZONS: Kernel = kernel!("horizons", "horizons.wgsl");
/// Adds what one position of the sun shines.
const SHADE: Kernel = kernel!("shade", "shade.wgsl");
/// Adds up the patches.
const INCOMING: Kernel = kernel!("incoming", "incoming.wgsl");
/// Looks down.
pub const BELOW: Kernel = kernel!("below", "below.wgsl");
/// All kernels of the model.
pub const KERNELS: &[Kernel] = &{
    let island = super::island::gpu::KERNELS;
    let mut all = [HORIZONS; 4 + super::island::gpu::KERNELS.len()];
    (all[1], all[2], all[3]) = (SHADE, INCOMING, BELOW);
    let mut k = 0;
    while k < island.len() {
        all[4 + k] = island[k];
        k += 1;
    }
    all
};

/// Invocations of a workgroup, and groups in a row of them.
const GROUP: usize = 64;
const GROUPS: usize = 32_768;
/// Cells that look around in one submission at first; as many more as fit the time that one may take.
const FIRST_CELLS: usize = 4096;
/// Patches in a word.
const IN_WORD: usize = 4;
/// Words of a cell's patches.
const WORDS: usize = PATCHES.div_ceil(IN_WORD);
/// Time that a submission may take, s.
const SUBMISSION: f64 = 0.1;

/// Workgroups for so many cells.
fn groups(cells: usize) -> [u32; 2] {
    let all = cells.div_ceil(GROUP).max(1);
    [all.min(GROUPS) as u32, all.div_ceil(GROUPS) as u32]
}

/// Words of view factors that a cell has in a buffer: walls, and crowns where there are any.
fn words(has_crowns: bool) -> usize {
    if has_crowns { 2 * WORDS } else { WORDS }
}

/// Strips of `Views` that share a buffer: as many after each other as a binding of so many bytes takes, and at least one.
fn shared(views: &Views, has_crowns: bool, largest_binding: u64) -> Vec<Range<usize>> {
    let most = (largest_binding / (4 * words(has_crowns) as u64)) as usize;
    let count = views.strips().0;
    let mut all: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    while first < count {
        let start = views.cells(first).start;
        let fits = |last: &usize| views.cells(*last).end - start <= most;
        let end = (first..count).take_while(fits).last().unwrap_or(first) + 1;
        all.push(first..end);
        first = end;
    }
    all
}

/// A step of a ray as the device has it.
pub(super) fn wire(step: &rays::Step) -> Step {
    Step {
        cols: step.cols as u32,
        rows: step.rows as u32,
        enter: step.enter,
        leave: step.leave,
        band: step.class as u32,
    }
}

/// Cells whose view factors lie in one buffer, as many as it takes.
struct Strip {
    /// Strips of `Views` that it holds.
    parts: Range<usize>,
    cells: Range<usize>,
    /// Words of walls, then those of crowns where there are any.
    view_factors: Buffer,
    horizons: Stage,
    incoming: Stage,
}

/// Heat on a GPU.
pub struct GpuSolver {
    gpu: Arc<Gpu>,
    grid: hanze_base::grid::Grid,
    relief: f32,
    look: Look,
    /// Cells that have looked, and those of the next submission.
    done: usize,
    batch: usize,
    looks: Buffer,
    beam: Buffer,
    sun_steps: Buffer,
    hour: Buffer,
    bright: Buffer,
    surface_schemes: Buffer,
    views: Views,
    /// Sky view factors that were taken up so far.
    known: Vec<f32>,
    strips: Vec<Strip>,
    sky_view: Buffer,
    beams: Buffer,
    warmth: Buffer,
    incoming: Buffer,
    ground: Buffer,
    up: Buffer,
    weights: u32,
    shade_stage: Stage,
    below_stage: Stage,
    patches: Vec<Patch>,
    most_steps: usize,
}

impl GpuSolver {
    /// Sets it up.
    ///
    /// # Errors
    /// `Memory` where a buffer is larger than the device takes, `NoDevice` where it refuses a kernel.
    pub fn new(scene: &Scene, covers: &Covers, gpu: Arc<Gpu>, storage: &ViewStorage) -> Result<GpuSolver> {
        let len = scene.grid.len();
        let none = BufferUsages::empty();
        let of = |name: &str, count: usize, size: usize| gpu.buffer(name, (count * size) as u64, none);
        let filled = |name: &str, bytes: &[u8]| -> Result<Buffer> {
            let buffer = gpu.buffer(name, bytes.len() as u64, none)?;
            gpu.write(&buffer, bytes)?;
            Ok(buffer)
        };
        let sectors = sectors(scene);
        let (mut all_steps, mut list, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for sector in &sectors {
            list.push(Sector { first: all_steps.len() as u32, count: sector.steps.len() as u32 });
            all_steps.extend(sector.steps.iter().map(wire));
            shares.extend(sector.shares.iter().map(|[one, other]| Share {
                one: one.0 as u32,
                part: one.1,
                other: other.0 as u32,
                other_part: other.1,
            }));
        }
        let crowns: Vec<[f32; 2]> =
            scene.crown_low.iter().zip(&scene.crown_high).map(|(low, high)| [*low, *high]).collect();
        let mut properties: Vec<u32> =
            covers.iter().map(|cover| u32::from(*cover).min(Cover::ALL.len() as u32 - 1)).collect();
        let usual = Cover::ALL.map(|cover| ground::kind(cover).albedo);
        let albedo = |cell: usize| scene.albedo_of(cell, usual[properties[cell] as usize]).to_bits();
        let albedo: Vec<u32> = (0..len).map(albedo).collect();
        properties.extend(albedo);
        let roofs: Vec<u32> = scene.is_roof.iter().map(|roof| u32::from(*roof)).collect();
        let weights: Vec<Weight> = below(&scene.grid, f64::from(EYE))
            .into_iter()
            .map(|(cols, rows, weight)| Weight { cols: cols as u32, rows: rows as u32, weight })
            .collect();
        let uniform = |name: &str, size: usize| gpu.buffer(name, size as u64, BufferUsages::UNIFORM);
        let looks = uniform("look", size_of::<Look>())?;
        let beam = uniform("beam", size_of::<Beam>())?;
        let hour = uniform("hour", size_of::<Hour>())?;
        let most_steps = 4 * (scene.grid.cols + scene.grid.rows);
        let sun_steps = of("steps to the sun", most_steps, size_of::<Step>())?;
        let bright = uniform("patches", PATCHES * size_of::<Bright>())?;
        let surface_schemes = of("surface schemes", Cover::ALL.len(), size_of::<SurfaceScheme>())?;
        let steps = filled("steps", bytemuck::cast_slice(&all_steps))?;
        let list = filled("sectors", bytemuck::cast_slice(&list))?;
        let shares = filled("shares", bytemuck::cast_slice(&shares))?;
        let surface_height = filled("surface height", bytemuck::cast_slice(&scene.surface_height))?;
        let eyes = filled("eyes", bytemuck::cast_slice(&scene.eye))?;
        let crowns = filled("crowns", bytemuck::cast_slice(&crowns))?;
        let properties = filled("properties", bytemuck::cast_slice(&properties))?;
        let roofs = filled("roofs", bytemuck::cast_slice(&roofs))?;
        let count = weights.len() as u32;
        let weights = filled("weights", bytemuck::cast_slice(&weights))?;
        let sky_view = of("sky view", len, 4)?;
        let (beams, incoming) = (of("beams", len, 16)?, of("incoming", len, 16)?);
        let (warmth, ground, up) = (of("warmth", len, 4)?, of("ground", len, 8)?, of("up", len, 8)?);
        let of_shade = [
            ("beam", &beam),
            ("steps", &sun_steps),
            ("surface_height", &surface_height),
            ("eyes", &eyes),
            ("crowns", &crowns),
            ("beams", &beams),
        ];
        let shade_stage = gpu.stage(SHADE, &[], &of_shade)?;
        // The device holds the views; the host only reads and writes them.
        let views = Views::new(scene, &ViewStorage { in_memory: false, ..storage.clone() }, "gpu");
        let strip = |parts: Range<usize>| -> Result<Strip> {
            let cells = views.cells(parts.start).start..views.cells(parts.end - 1).end;
            let view_factors = of("view factors", words(scene.has_crowns()) * cells.len(), 4)?;
            let of_horizons = [
                ("look", &looks),
                ("steps", &steps),
                ("sectors", &list),
                ("shares", &shares),
                ("surface_height", &surface_height),
                ("eyes", &eyes),
                ("crowns", &crowns),
                ("view_factors", &view_factors),
                ("sky_view", &sky_view),
            ];
            let of_incoming = [
                ("hour", &hour),
                ("bright", &bright),
                ("surface_schemes", &surface_schemes),
                ("view_factors", &view_factors),
                ("sky_view", &sky_view),
                ("properties", &properties),
                ("beams", &beams),
                ("warmth", &warmth),
                ("incoming", &incoming),
                ("ground", &ground),
            ];
            let horizons = gpu.stage(HORIZONS, &[], &of_horizons)?;
            let incoming = gpu.stage(INCOMING, &[], &of_incoming)?;
            Ok(Strip { parts, cells, view_factors, horizons, incoming })
        };
        let strips = shared(&views, scene.has_crowns(), gpu.adapter.largest_binding);
        let strips: Vec<Strip> = strips.into_iter().map(strip).collect::<Result<_>>()?;
        let of_below = [("hour", &hour), ("weights", &weights), ("ground", &ground), ("up", &up), ("roofs", &roofs)];
        let below_stage = gpu.stage(BELOW, &[], &of_below)?;
        let look = Look {
            cols: scene.grid.cols as u32,
            rows: scene.grid.rows as u32,
            first: 0,
            count: 0,
            strip: 0,
            cells: 0,
            azimuths: AZIMUTHS as u32,
            has_crowns: u32::from(scene.has_crowns()),
            highest: scene.surface_height.iter().copied().fold(f32::MIN, f32::max),
        };
        Ok(GpuSolver {
            grid: scene.grid,
            relief: scene.relief(),
            look,
            done: 0,
            batch: FIRST_CELLS,
            looks,
            beam,
            sun_steps,
            hour,
            bright,
            surface_schemes,
            views,
            known: Vec::new(),
            strips,
            sky_view,
            beams,
            warmth,
            incoming,
            ground,
            up,
            weights: count,
            shade_stage,
            below_stage,
            patches: patches(),
            most_steps,
            gpu,
        })
    }
}

/// Bytes of patches as words, four patches in each, for cells `at` of so many in all.
fn pack(bytes: &[u8], len: usize, words: &mut [u32], all: usize, at: usize) {
    for (patch, values) in bytes.chunks(len.max(1)).enumerate() {
        let row = &mut words[patch / IN_WORD * all + at..][..len];
        row.iter_mut().zip(values).for_each(|(word, value)| *word |= u32::from(*value) << (8 * (patch % IN_WORD)));
    }
}

/// The reverse of `pack`.
fn unpack(words: &[u32], all: usize, at: usize, bytes: &mut [u8], len: usize) {
    for (patch, values) in bytes.chunks_mut(len.max(1)).enumerate() {
        let row = &words[patch / IN_WORD * all + at..][..len];
        values.iter_mut().zip(row).for_each(|(value, word)| *value = (word >> (8 * (patch % IN_WORD))) as u8);
    }
}

impl GpuSolver {
    /// Words of a strip's view factors.
    fn words(&self, strip: &Strip) -> usize {
        words(self.look.has_crowns > 0) * strip.cells.len()
    }

    /// Walls and crowns of a strip as the device has them, and all sky view factors.
    fn read(&self, strip: &Strip) -> Result<(Vec<u32>, Vec<f32>)> {
        let view_factors = self.gpu.read(&strip.view_factors, self.words(strip))?;
        Ok((view_factors, self.gpu.read(&self.sky_view, self.grid.len())?))
    }

    /// View factors of some cells of a strip, as the CPU has them.
    fn view_of(&self, strip: &Strip, (view_factors, sky_view): &(Vec<u32>, Vec<f32>), cells: Range<usize>) -> View {
        let mut view = View::new(cells.len(), self.look.has_crowns > 0);
        let (all, start, len) = (strip.cells.len(), cells.start - strip.cells.start, cells.len());
        view.sky_view.copy_from_slice(&sky_view[cells]);
        let (walls, crowns) = view_factors.split_at(WORDS * all);
        unpack(walls, all, start, &mut view.walls, len);
        unpack(crowns, all, start, &mut view.crowns, len);
        view
    }

    /// Takes up what an earlier run has seen, the next strip of it.
    fn take_up(&mut self) -> Result<()> {
        let Some(strip) = self.strips.iter().find(|strip| strip.cells.contains(&self.done)) else { return Ok(()) };
        let len = strip.cells.len();
        let mut view_factors = vec![0u32; self.words(strip)];
        let (walls, crowns) = view_factors.split_at_mut(WORDS * len);
        for at in strip.parts.clone() {
            let view = self.views.strip(at)?;
            let start = self.views.cells(at).start - strip.cells.start;
            pack(&view.walls, view.len, walls, len, start);
            pack(&view.crowns, view.len, crowns, len, start);
            self.known.extend_from_slice(&view.sky_view);
        }
        self.gpu.write(&strip.view_factors, &view_factors)?;
        self.done = strip.cells.end;
        if self.done == self.grid.len() {
            self.gpu.write(&self.sky_view, &std::mem::take(&mut self.known))?;
        }
        Ok(())
    }

    /// Keeps what was seen for the next run.
    fn store(&mut self) -> Result<()> {
        for strip in 0..self.strips.len() {
            let words = self.read(&self.strips[strip])?;
            for at in self.strips[strip].parts.clone() {
                let view = self.view_of(&self.strips[strip], &words, self.views.cells(at));
                // The device holds it anyhow.
                if self.views.add(view).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Solver for GpuSolver {
    fn look(&mut self) -> Result<bool> {
        let left = self.grid.len() - self.done;
        if left == 0 {
            return Ok(true);
        }
        if self.views.is_known() {
            if self.take_up().is_err() {
                // A disk that fails: all is looked for again, into buffers that hold nothing.
                self.views.forget();
                (self.done, self.known) = (0, Vec::new());
                for strip in &self.strips {
                    self.gpu.write(&strip.view_factors, &vec![0u32; self.words(strip)])?;
                }
            }
            return Ok(self.done == self.grid.len());
        }
        let Some(strip) = self.strips.iter().find(|strip| strip.cells.contains(&self.done)) else { return Ok(true) };
        let count = self.batch.min(strip.cells.end - self.done);
        let (first, cells) = (self.done as u32, strip.cells.len() as u32);
        let look = Look { first, count: count as u32, strip: strip.cells.start as u32, cells, ..self.look };
        self.gpu.write(&self.looks, &[look])?;
        let begun = std::time::Instant::now();
        let ticket = self.gpu.submit([Work::Groups(&strip.horizons, groups(count))])?;
        self.gpu.wait_for(ticket)?;
        // So many that a submission takes its time.
        let seconds = begun.elapsed().as_secs_f64();
        self.batch = ((count as f64 * SUBMISSION / seconds.max(1e-4)) as usize).clamp(count / 4, 4 * count).max(GROUP);
        self.done += count;
        let is_done = self.done == self.grid.len();
        if is_done && self.views.is_wanted() {
            self.store()?;
        }
        Ok(is_done)
    }

    fn views_of(&mut self, cells: &[usize]) -> Result<Vec<View>> {
        let mut found = vec![View::new(1, false); cells.len()];
        for strip in &self.strips {
            if !cells.iter().any(|cell| strip.cells.contains(cell)) {
                continue;
            }
            let words = self.read(strip)?;
            for (found, cell) in found.iter_mut().zip(cells).filter(|(_, cell)| strip.cells.contains(*cell)) {
                *found = self.view_of(strip, &words, *cell..*cell + 1);
            }
        }
        Ok(found)
    }

    fn sky_view(&mut self) -> Result<Vec<f32>> {
        let mut all = Vec::with_capacity(self.grid.len());
        for strip in &self.strips {
            let words = self.read(strip)?;
            let view = |at| self.view_of(strip, &words, self.views.cells(at));
            strip.parts.clone().map(view).for_each(|view| all.extend(sky_view_with_crowns(&view)));
        }
        Ok(all)
    }

    fn hour(&mut self, forcing: &Forcing) -> Result<Radiation> {
        let len = self.grid.len();
        let Look { cols, rows, has_crowns, .. } = self.look;
        let beams = forcing.beams();
        if beams.is_empty() {
            self.gpu.write(&self.beams, &vec![[0.0f32; 4]; len])?;
        }
        let share = if beams.is_empty() { 0.0 } else { 1.0 / beams.len() as f32 };
        for (k, (sun, down, side)) in beams.into_iter().enumerate() {
            let tangent = sun.altitude.tan() as f32;
            let mut ray = to_sun(sun, &self.grid, self.relief);
            // A ray that crosses the whole grid meets no more cells.
            ray.truncate(self.most_steps);
            self.gpu.write(&self.sun_steps, &ray.iter().map(wire).collect::<Vec<Step>>())?;
            let beam = Beam {
                cols,
                rows,
                steps: ray.len() as u32,
                has_crowns,
                begins: u32::from(k == 0),
                tangent,
                through: forcing.through,
                down,
                side,
                share,
            };
            self.gpu.write(&self.beam, &[beam])?;
            self.gpu.submit([Work::Groups(&self.shade_stage, groups(len))])?;
        }
        let scheme = |(cover, warmer): (Cover, f64)| {
            let kind = ground::kind(cover);
            SurfaceScheme { emissivity: kind.emissivity, warmer: warmer as f32 }
        };
        let surface_schemes: Vec<SurfaceScheme> = Cover::ALL.into_iter().zip(forcing.ground).map(scheme).collect();
        self.gpu.write(&self.surface_schemes, &surface_schemes)?;
        self.gpu.write(&self.bright, &forcing.bright(&self.patches))?;
        let air = forcing.weather.air as f32 + 273.15;
        let (weights, isotropic) = (self.weights, u32::from(forcing.is_isotropic));
        for strip in &self.strips {
            let (first, cells) = (strip.cells.start as u32, strip.cells.len() as u32);
            let hour = Hour { cols, rows, strip: first, cells, weights, has_crowns, isotropic, memory: MEMORY, air };
            self.gpu.write(&self.hour, &[hour])?;
            self.gpu.submit([Work::Groups(&strip.incoming, groups(strip.cells.len()))])?;
        }
        self.gpu.submit([Work::Groups(&self.below_stage, groups(len))])?;
        let beams: Vec<[f32; 4]> = self.gpu.read(&self.beams, len)?;
        let incoming: Vec<[f32; 4]> = self.gpu.read(&self.incoming, len)?;
        let up: Vec<[f32; 2]> = self.gpu.read(&self.up, len)?;
        let beam = |k: usize| beams.iter().map(|values| values[k]).collect();
        let part = |k: usize| incoming.iter().map(|values| values[k]).collect();
        Ok(Radiation {
            beam_down: beam(0),
            beam_side: beam(1),
            lit: beam(2),
            incoming: Incoming { short_down: part(0), short_side: part(1), long_down: part(2), long_side: part(3) },
            short_up: up.iter().map(|values| values[0]).collect(),
            long_up: up.iter().map(|values| values[1]).collect(),
        })
    }

    fn below(&mut self, up: &[f32]) -> Result<Vec<f32>> {
        let len = self.grid.len();
        let Look { cols, rows, has_crowns, .. } = self.look;
        let hour = Hour {
            cols,
            rows,
            strip: 0,
            cells: 0,
            weights: self.weights,
            has_crowns,
            isotropic: 0,
            memory: MEMORY,
            air: 0.0,
        };
        self.gpu.write(&self.hour, &[hour])?;
        self.gpu.write(&self.ground, &up.iter().map(|up| [0.0, *up]).collect::<Vec<[f32; 2]>>())?;
        self.gpu.submit([Work::Groups(&self.below_stage, groups(len))])?;
        let up: Vec<[f32; 2]> = self.gpu.read(&self.up, len)?;
        Ok(up.into_iter().map(|[_, long]| long).collect())
    }

    fn irradiance(&mut self, patches: &[Bright]) -> Result<Incoming> {
        let len = self.grid.len();
        self.gpu.write(&self.beams, &vec![[0.0f32; 4]; len])?;
        self.gpu.write(&self.bright, patches)?;
        let Look { cols, rows, has_crowns, .. } = self.look;
        let warmth = self.warmth()?;
        for strip in &self.strips {
            let (first, cells) = (strip.cells.start as u32, strip.cells.len() as u32);
            let (weights, isotropic) = (self.weights, 0);
            let hour =
                Hour { cols, rows, strip: first, cells, weights, has_crowns, isotropic, memory: MEMORY, air: 0.0 };
            self.gpu.write(&self.hour, &[hour])?;
            self.gpu.submit([Work::Groups(&strip.incoming, groups(strip.cells.len()))])?;
        }
        // What is kept of the hour before is not this one's.
        self.set_warmth(warmth)?;
        let incoming: Vec<[f32; 4]> = self.gpu.read(&self.incoming, len)?;
        let part = |k: usize| incoming.iter().map(|values| values[k]).collect();
        Ok(Incoming { short_down: part(0), short_side: part(1), long_down: part(2), long_side: part(3) })
    }

    fn warmth(&mut self) -> Result<Vec<f32>> {
        self.gpu.read(&self.warmth, self.grid.len())
    }

    fn set_warmth(&mut self, warmth: Vec<f32>) -> Result<()> {
        self.gpu.write(&self.warmth, &warmth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_halve_what_a_binding_holds() {
        let grid = hanze_base::grid::Grid::local(10, 12, 2.0);
        let none = vec![0.0; grid.len()];
        let scene = Scene::new(grid, &none, &none, &none, EYE);
        let views = Views::new(&scene, &ViewStorage { strip: 20, in_memory: false, cache: None }, "gpu");
        // Six strips of two rows; room for the words of walls of 65 cells, and for those of walls and crowns of 32.
        assert_eq!(views.strips().0, 6);
        let largest_binding = 65 * 4 * WORDS as u64 + 3;
        assert_eq!(shared(&views, false, largest_binding), [0..3, 3..6]);
        assert_eq!(shared(&views, true, largest_binding), [0..1, 1..2, 2..3, 3..4, 4..5, 5..6]);
        // A strip is never cut.
        assert_eq!(shared(&views, false, 16).len(), 6);
    }
}
