//! Wind in three dimensions, diagnostic: zones around each building after Röckle (1990; as in QUIC-URB, Singh et al. 2008,
//! doi:10.1007/s10652-008-9084-5), then made free of divergence by successive over-relaxation in red and black. Twin of the relaxation:
//! `shaders/heat/island/sor.wgsl`.

use super::flow::{DIVERGENCE, Faces, size};
use super::params::Volume;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_device::Device;
use hanze_device::gpu::{Gpu, Kernel, Work};
use rayon::prelude::*;
use wgpu::BufferUsages;

/// Over-relaxation.
const OMEGA: f32 = 1.78;
/// Relaxations between two looks at what is left.
const BETWEEN: usize = 50;
/// How many are tried.
pub const MOST: usize = 6000;
/// Height of the air that is followed, over that of the highest building, and least height, m.
const ABOVE: f64 = 2.5;
const LEAST: f64 = 30.0;
/// Levels and cells of the volume at most.
const LEVELS: usize = 48;
const MOST_CELLS: usize = 80_000_000;
/// Roughness upwind of the city, m.
const ROUGH: f64 = 0.1;
/// Height at which people feel wind, m.
const PEOPLE: f64 = 1.2;
/// Open sides of a cell: west, east, north, south, down, up; and those among them beyond which the air of outside begins.
const SIDES: usize = 6;

/// Relaxes every other cell.
pub const SOR: Kernel = Kernel { name: "island sor", source: include_str!("../../../../shaders/heat/island/sor.wgsl") };

/// Length of the recirculation behind a building of a width across the wind, a length along it and a height, m (Fackrell 1984): 1.45 heights for a cube.
/// Ten heights of width make it no longer (as in QES-Winds).
fn cavity(width: f64, length: f64, height: f64) -> f64 {
    let width = width.min(10.0 * height);
    1.8 * width / ((length / height).clamp(0.3, 3.0).powf(0.3) * (1.0 + 0.24 * width / height))
}

/// A volume of air over a city: its wind through the sides of cells, m/s.
pub struct Wind3d {
    grid: Grid,
    levels: usize,
    /// Height of a level, m.
    tall: f64,
    solid: Vec<bool>,
    east: Vec<f32>,
    south: Vec<f32>,
    up: Vec<f32>,
    /// Wind at the mean height of the buildings, m/s.
    at_roofs: f32,
    /// Relaxations that it took.
    pub relaxations: usize,
}

/// A building as the wind meets it.
struct Block {
    cells: Vec<usize>,
    height: f64,
    /// Extent across and along the wind, m, and where its middle lies across it.
    width: f64,
    length: f64,
    middle: f64,
}

impl Wind3d {
    /// The wind over buildings (heights in m) that blows to `(east, south)` (a direction of length 1), 1 m/s at 10 m in the open.
    ///
    /// # Errors
    /// `Scenario` where the volume is too large; `Memory` or `DeviceLost` where the device fails.
    pub fn solve(grid: &Grid, buildings: &[f32], to: (f64, f64), device: &Device) -> Result<Wind3d> {
        Wind3d::solve_within(grid, buildings, to, device, MOST)
    }

    /// The same in so many relaxations at most.
    ///
    /// # Errors
    /// As [`Wind3d::solve`].
    pub fn solve_within(
        grid: &Grid,
        buildings: &[f32],
        to: (f64, f64),
        device: &Device,
        most: usize,
    ) -> Result<Wind3d> {
        let highest = buildings.iter().copied().fold(0.0f32, f32::max);
        let top = (ABOVE * f64::from(highest)).max(LEAST);
        let tall = grid.cell.max(top / LEVELS as f64);
        let levels = (top / tall).ceil() as usize;
        if grid.len().saturating_mul(levels) > MOST_CELLS {
            let problem = format!("wants a volume of {} × {levels} cells", grid.len());
            let mend = "take a larger cell_m or a smaller extent, or wind = \"projected\"";
            return Err(Error::scenario("heat.island.wind", problem, mend));
        }
        let height = |cell: usize| f64::from(buildings.get(cell).copied().unwrap_or(0.0).max(0.0));
        let solid: Vec<bool> = (0..grid.len() * levels)
            .map(|at| height(at % grid.len()) > (at / grid.len()) as f64 * tall + 0.5 * tall)
            .collect();
        let built: Vec<f64> = (0..grid.len()).map(height).filter(|height| *height > 0.0).collect();
        let mean = if built.is_empty() { 10.0 } else { built.iter().sum::<f64>() / built.len() as f64 };
        let mut wind = Wind3d {
            grid: *grid,
            levels,
            tall,
            solid,
            east: Vec::new(),
            south: Vec::new(),
            up: Vec::new(),
            at_roofs: profile(mean) as f32,
            relaxations: 0,
        };
        let centres = wind.zones(&wind.blocks(buildings, to), buildings, to);
        wind.sides(&centres);
        wind.relax(device, most)?;
        Ok(wind)
    }

    /// Buildings: cells that touch.
    fn blocks(&self, buildings: &[f32], (east, south): (f64, f64)) -> Vec<Block> {
        let (cols, len) = (self.grid.cols, self.grid.len());
        let mut of = vec![false; len];
        let mut blocks = Vec::new();
        for start in 0..len {
            if of[start] || buildings.get(start).is_none_or(|height| *height <= 0.0) {
                continue;
            }
            let (mut cells, mut stack) = (Vec::new(), vec![start]);
            of[start] = true;
            while let Some(cell) = stack.pop() {
                cells.push(cell);
                let (col, row) = (cell % cols, cell / cols);
                let beside = [
                    (col > 0).then(|| cell - 1),
                    (col + 1 < cols).then(|| cell + 1),
                    (row > 0).then(|| cell - cols),
                    (cell + cols < len).then(|| cell + cols),
                ];
                for far in beside.into_iter().flatten().filter(|far| buildings[*far] > 0.0) {
                    if !std::mem::replace(&mut of[far], true) {
                        stack.push(far);
                    }
                }
            }
            let place = |cell: &usize| {
                let (x, y) = ((cell % cols) as f64 * self.grid.cell, (cell / cols) as f64 * self.grid.cell);
                (x * east + y * south, y * east - x * south)
            };
            let ends = |of: fn((f64, f64)) -> f64| {
                let all = cells.iter().map(|cell| of(place(cell)));
                all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
            };
            let (along, across) = (ends(|point| point.0), ends(|point| point.1));
            let height = cells.iter().map(|cell| f64::from(buildings[*cell])).sum::<f64>() / cells.len() as f64;
            blocks.push(Block {
                height,
                width: across.1 - across.0 + self.grid.cell,
                length: along.1 - along.0 + self.grid.cell,
                middle: 0.5 * (across.0 + across.1),
                cells,
            });
        }
        blocks
    }

    /// Wind in the middle of each cell, with the zones of all buildings: before them, behind them, and in streets between two.
    fn zones(&self, blocks: &[Block], buildings: &[f32], (east, south): (f64, f64)) -> Vec<[f32; 3]> {
        let (grid, len) = (self.grid, self.grid.len());
        let (cols, rows) = (grid.cols as i64, grid.rows as i64);
        let middle = |level: usize| (level as f64 + 0.5) * self.tall;
        let mut centres: Vec<[f32; 3]> = (0..len * self.levels)
            .map(|at| {
                let speed = profile(middle(at / len));
                [(speed * east) as f32, (speed * south) as f32, 0.0]
            })
            .collect();
        let block_of: Vec<u32> = {
            let mut block_of = vec![u32::MAX; len];
            for (k, block) in blocks.iter().enumerate() {
                block.cells.iter().for_each(|cell| block_of[*cell] = k as u32);
            }
            block_of
        };
        let levels = self.levels;
        // Cells that a ray from a cell passes, with and against the wind, with their distance from its side, up to another building.
        let ray = |cell: usize, sign: f64, reach: f64| {
            let (col, row) = ((cell % grid.cols) as f64 + 0.5, (cell / grid.cols) as f64 + 0.5);
            let edge = 0.5 / east.abs().max(south.abs()).max(1e-9);
            let mut found: Vec<(usize, f64)> = Vec::new();
            let mut hit = None;
            let steps = (2.0 * reach / grid.cell).ceil() as usize;
            for n in 0..=steps {
                let far = edge + 0.25 + 0.5 * n as f64;
                let (c, r) = ((col + sign * far * east).floor() as i64, (row + sign * far * south).floor() as i64);
                if !(0..cols).contains(&c) || !(0..rows).contains(&r) {
                    break;
                }
                let at = (r * cols + c) as usize;
                if at == cell || found.last().is_some_and(|last| last.0 == at) {
                    continue;
                }
                let metres = (far - edge) * grid.cell;
                if buildings[at] > 0.0 {
                    hit = Some((at, metres));
                    break;
                }
                found.push((at, metres));
            }
            (found, hit)
        };
        let across = |cell: usize| {
            let (x, y) = ((cell % grid.cols) as f64 * grid.cell, (cell / grid.cols) as f64 * grid.cell);
            y * east - x * south
        };
        // Cells of a block whose next cell with (1) or against (-1) the wind is none of it.
        let edge = |block: &Block, cell: usize, sign: f64| {
            let (found, hit) = ray(cell, sign, 0.5 * grid.cell);
            let this = block_of[block.cells[0]];
            match (found.first(), hit) {
                (Some(_), _) => true,
                (None, Some((far, _))) => block_of[far] != this,
                (None, None) => false,
            }
        };
        let round = |block: &Block, cell: usize| {
            let off = 2.0 * (across(cell) - block.middle) / block.width;
            (1.0 - off * off).max(0.0).sqrt()
        };
        for block in blocks {
            let Block { height, width, .. } = *block;
            let front = 2.0 * width / (1.0 + 0.8 * width / height);
            for cell in block.cells.iter().copied().filter(|cell| edge(block, *cell, -1.0)) {
                let (found, _) = ray(cell, -1.0, front);
                for (at, metres) in found {
                    for level in 0..levels {
                        let share = middle(level) / (0.6 * height);
                        if share < 1.0 && metres < front * round(block, cell) * (1.0 - share * share).sqrt() {
                            centres[level * len + at] = [0.0; 3];
                        }
                    }
                }
            }
        }
        for is_cavity in [false, true] {
            for block in blocks {
                let Block { height, width, length, .. } = *block;
                let reach = cavity(width, length, height);
                let speed = profile(height);
                for cell in block.cells.iter().copied().filter(|cell| edge(block, *cell, 1.0)) {
                    let (found, hit) = ray(cell, 1.0, if is_cavity { reach } else { 3.0 * reach });
                    let roof = f64::from(buildings[cell]);
                    let street =
                        hit.filter(|(far, metres)| *metres < reach && f64::from(buildings[*far]) > 0.5 * height);
                    for (at, metres) in found {
                        for level in 0..levels {
                            let share = middle(level) / roof;
                            if share >= 1.0 {
                                break;
                            }
                            let ends = reach * round(block, cell) * (1.0 - share * share).sqrt();
                            let slot = &mut centres[level * len + at];
                            if let Some((_, wide)) = street.filter(|_| is_cavity) {
                                let (d, half) = (metres.min(wide), 0.5 * wide);
                                let back = -speed * (d / half) * ((wide - d) / half);
                                let up = -(0.5 * speed * (1.0 - d / half)).abs() * (1.0 - (wide - d) / half);
                                *slot = [(back * east) as f32, (back * south) as f32, up as f32];
                            } else if is_cavity && metres < ends {
                                let back = -speed * (1.0 - metres / ends).powi(2);
                                *slot = [(back * east) as f32, (back * south) as f32, 0.0];
                            } else if !is_cavity && metres >= ends && metres < 3.0 * ends {
                                let less = (1.0 - (ends / metres).powf(1.5)) as f32;
                                *slot = slot.map(|speed| speed * less);
                            }
                        }
                    }
                }
            }
        }
        centres
    }

    /// Wind through the sides of cells; none through what is solid.
    fn sides(&mut self, centres: &[[f32; 3]]) {
        let (cols, rows, levels) = (self.grid.cols, self.grid.rows, self.levels);
        let at = |col: usize, row: usize, level: usize| (level * rows + row) * cols + col;
        let solid = &self.solid;
        let side = |one: Option<usize>, other: Option<usize>, part: usize| match (one, other) {
            (Some(one), Some(other)) if !solid[one] && !solid[other] => {
                0.5 * (centres[one][part] + centres[other][part])
            }
            (Some(cell), None) | (None, Some(cell)) if !solid[cell] => centres[cell][part],
            _ => 0.0,
        };
        let mut east = Vec::with_capacity((cols + 1) * rows * levels);
        let mut south = Vec::with_capacity(cols * (rows + 1) * levels);
        let mut up = Vec::with_capacity(cols * rows * (levels + 1));
        for level in 0..levels {
            for row in 0..rows {
                for col in 0..=cols {
                    let west = (col > 0).then(|| at(col - 1, row, level));
                    east.push(side(west, (col < cols).then(|| at(col, row, level)), 0));
                }
            }
            for row in 0..=rows {
                for col in 0..cols {
                    let north = (row > 0).then(|| at(col, row - 1, level));
                    south.push(side(north, (row < rows).then(|| at(col, row, level)), 1));
                }
            }
        }
        for level in 0..=levels {
            for row in 0..rows {
                for col in 0..cols {
                    let below = (level > 0).then(|| at(col, row, level - 1));
                    let above = (level < levels).then(|| at(col, row, level));
                    // Nothing comes out of the ground.
                    up.push(if level == 0 { 0.0 } else { side(below, above, 2) });
                }
            }
        }
        (self.east, self.south, self.up) = (east, south, up);
    }

    /// What more flows out of a cell than into it, times its side, m/s.
    fn out(&self, col: usize, row: usize, level: usize) -> f32 {
        let (cols, rows) = (self.grid.cols, self.grid.rows);
        let west = (level * rows + row) * (cols + 1) + col;
        let north = (level * (rows + 1) + row) * cols + col;
        let down = (level * rows + row) * cols + col;
        let flat = (self.grid.cell / self.tall) as f32;
        self.east[west + 1] - self.east[west] + self.south[north + cols] - self.south[north]
            + flat * (self.up[down + cols * rows] - self.up[down])
    }

    /// The most of it, over the wind at roofs; infinite where one is no number.
    pub fn divergence(&self) -> f32 {
        let (cols, rows) = (self.grid.cols, self.grid.rows);
        let of = |at: usize| match self.solid[at] {
            true => 0.0,
            false => size(self.out(at % cols, at / cols % rows, at / cols / rows)),
        };
        (0..self.solid.len()).into_par_iter().map(of).reduce(|| 0.0, f32::max) / self.at_roofs
    }

    /// Open sides of each cell, as bits.
    fn open(&self) -> Vec<u32> {
        let (cols, rows, levels) = (self.grid.cols, self.grid.rows, self.levels);
        let of = |at: usize| {
            if self.solid[at] {
                return 0;
            }
            let (col, row, level) = (at % cols, at / cols % rows, at / cols / rows);
            let beside = [
                (col > 0).then(|| at - 1),
                (col + 1 < cols).then(|| at + 1),
                (row > 0).then(|| at - cols),
                (row + 1 < rows).then(|| at + cols),
                (level > 0).then(|| at - cols * rows),
                (level + 1 < levels).then(|| at + cols * rows),
            ];
            // The ground is shut; all other edges are open.
            let bit = |(k, far): (usize, Option<usize>)| match far {
                Some(far) => u32::from(!self.solid[far]) << k,
                None => u32::from(k != 4) << k,
            };
            beside.into_iter().enumerate().map(bit).sum()
        };
        (0..self.solid.len()).into_par_iter().map(of).collect()
    }

    /// Makes the wind free of divergence, as far as so many relaxations do; `divergence` says what is left.
    fn relax(&mut self, device: &Device, most: usize) -> Result<()> {
        let (cols, rows, levels) = (self.grid.cols, self.grid.rows, self.levels);
        let open = self.open();
        let flat = (self.grid.cell / self.tall).powi(2) as f32;
        while self.relaxations < most {
            let left = self.divergence();
            if left <= 0.8 * DIVERGENCE || !left.is_finite() {
                return Ok(());
            }
            let out: Vec<f32> = (0..self.solid.len())
                .into_par_iter()
                .map(|at| self.out(at % cols, at / cols % rows, at / cols / rows))
                .collect();
            // The first time long, then as much as is left.
            let count = if self.relaxations == 0 { 6 * BETWEEN } else { 2 * BETWEEN };
            let volume = Volume { cols: cols as u32, rows: rows as u32, levels: levels as u32, colour: 0, flat };
            let potential = match device {
                Device::Cpu => on_cpu(volume, &open, &out, count),
                Device::Gpu(gpu) => on_gpu(gpu, volume, &open, &out, count)?,
            };
            self.relaxations += count;
            self.add_gradient(&open, &potential);
        }
        Ok(())
    }

    /// Adds the gradient of a potential to the wind through open sides.
    fn add_gradient(&mut self, open: &[u32], potential: &[f32]) {
        let (cols, rows, levels) = (self.grid.cols, self.grid.rows, self.levels);
        let tall = (self.grid.cell / self.tall) as f32;
        for level in 0..levels {
            for row in 0..rows {
                for col in 0..cols {
                    let at = (level * rows + row) * cols + col;
                    let here = potential[at];
                    let west = (level * rows + row) * (cols + 1) + col;
                    let north = (level * (rows + 1) + row) * cols + col;
                    let is_open = |k: usize| open[at] >> k & 1 == 1;
                    if is_open(0) {
                        self.east[west] += if col > 0 { potential[at - 1] - here } else { -here };
                    }
                    if is_open(1) && col + 1 == cols {
                        self.east[west + 1] += here;
                    }
                    if is_open(2) {
                        self.south[north] += if row > 0 { potential[at - cols] - here } else { -here };
                    }
                    if is_open(3) && row + 1 == rows {
                        self.south[north + cols] += here;
                    }
                    if is_open(4) {
                        self.up[at] += tall * (potential[at - cols * rows] - here);
                    }
                    if is_open(5) && level + 1 == levels {
                        self.up[at + cols * rows] += tall * here;
                    }
                }
            }
        }
    }

    /// Wind to the east and the south in the middle of a cell at a level, m/s.
    pub fn at(&self, col: usize, row: usize, level: usize) -> (f32, f32) {
        let (cols, rows) = (self.grid.cols, self.grid.rows);
        let west = (level * rows + row) * (cols + 1) + col;
        let north = (level * (rows + 1) + row) * cols + col;
        (0.5 * (self.east[west] + self.east[west + 1]), 0.5 * (self.south[north] + self.south[north + cols]))
    }

    /// Speed where people are, over the wind at 10 m in the open.
    pub fn near(&self) -> Vec<f32> {
        let level = ((PEOPLE / self.tall) as usize).min(self.levels - 1);
        // Wind at 1.2 m, of the level's middle, by the log law.
        let share = (profile(PEOPLE) / profile((level as f64 + 0.5) * self.tall)) as f32;
        let of = |cell: usize| {
            let (east, south) = self.at(cell % self.grid.cols, cell / self.grid.cols, level);
            share * east.hypot(south)
        };
        (0..self.grid.len()).map(of).collect()
    }

    /// Mean over a depth (m) of what flows through the sides of cells.
    pub fn mean(&self, depth: f64) -> Faces {
        let (cols, rows) = (self.grid.cols, self.grid.rows);
        let count = ((depth / self.tall).round() as usize).clamp(1, self.levels);
        let mut faces = Faces::still(cols, rows);
        for level in 0..count {
            let east = &self.east[level * (cols + 1) * rows..][..(cols + 1) * rows];
            let south = &self.south[level * cols * (rows + 1)..][..cols * (rows + 1)];
            faces.east.iter_mut().zip(east).for_each(|(sum, part)| *sum += part / count as f32);
            faces.south.iter_mut().zip(south).for_each(|(sum, part)| *sum += part / count as f32);
        }
        faces
    }

    /// Length of the reversed flow at the lowest level behind a cell, along the wind to the east, m.
    pub fn recirculation(&self, col: usize, row: usize) -> f64 {
        let behind = (col + 1..self.grid.cols).take_while(|col| self.at(*col, row, 0).0 < 0.0);
        behind.count() as f64 * self.grid.cell
    }
}

/// Wind over open land at a height (m), over that at 10 m.
fn profile(height: f64) -> f64 {
    ((height.max(0.0) + ROUGH) / ROUGH).ln() / ((10.0 + ROUGH) / ROUGH).ln()
}

/// Relaxes a potential from nothing.
fn on_cpu(volume: Volume, open: &[u32], out: &[f32], count: usize) -> Vec<f32> {
    let mut potential = vec![0.0f32; out.len()];
    for step in 0..2 * count {
        let next = sor(Volume { colour: (step % 2) as u32, ..volume }, open, out, &potential);
        potential = next;
    }
    potential
}

/// Relaxes the cells of one colour.
fn sor(volume: Volume, open: &[u32], out: &[f32], potential: &[f32]) -> Vec<f32> {
    let (cols, rows) = (volume.cols as usize, volume.rows as usize);
    let plane = cols * rows;
    let steps = [-1, 1, -(cols as isize), cols as isize, -(plane as isize), plane as isize];
    let weights = [1.0, 1.0, 1.0, 1.0, volume.flat, volume.flat];
    let of = |at: usize| {
        let (col, row, level) = (at % cols, at / cols % rows, at / plane);
        let here = potential[at];
        if (col + row + level) % 2 != volume.colour as usize || open[at] == 0 {
            return here;
        }
        let edges =
            [col == 0, col + 1 == cols, row == 0, row + 1 == rows, level == 0, level + 1 == volume.levels as usize];
        let (mut diagonal, mut near) = (0.0f32, 0.0f32);
        for k in 0..SIDES {
            if open[at] >> k & 1 == 1 {
                diagonal += weights[k];
                if !edges[k] {
                    near += weights[k] * potential[at.wrapping_add_signed(steps[k])];
                }
            }
        }
        // Σ w (φ − φ_beside) = −out.
        here + OMEGA * ((near - out[at]) / diagonal - here)
    };
    (0..potential.len()).into_par_iter().map(of).collect()
}

fn on_gpu(gpu: &Gpu, volume: Volume, open: &[u32], out: &[f32], count: usize) -> Result<Vec<f32>> {
    let none = BufferUsages::empty();
    let bytes = 4 * out.len() as u64;
    let (sides, flows) = (gpu.buffer("open sides", bytes, none)?, gpu.buffer("divergence", bytes, none)?);
    let potential = gpu.buffer("potential", bytes, none)?;
    gpu.write(&sides, open)?;
    gpu.write(&flows, out)?;
    let mut stages = Vec::new();
    for colour in [0, 1] {
        let uniform = gpu.buffer("volume", size_of::<Volume>() as u64, BufferUsages::UNIFORM)?;
        gpu.write(&uniform, &[Volume { colour, ..volume }])?;
        let buffers = [("volume", &uniform), ("open", &sides), ("out", &flows), ("potential", &potential)];
        stages.push(gpu.stage(SOR, &[], &buffers)?);
    }
    let all = out.len().div_ceil(64).max(1);
    let groups = [all.min(32_768) as u32, all.div_ceil(32_768) as u32];
    gpu.submit((0..2 * count).map(|step| Work::Groups(&stages[step % 2], groups)))?;
    gpu.read(&potential, out.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cube of 10 m in cells of 1 m, and its wind from the west.
    fn cube(device: &Device) -> Wind3d {
        let grid = Grid::local(80, 60, 1.0);
        let inside = |k: usize| (25..35).contains(&(k % 80)) && (25..35).contains(&(k / 80));
        let heights: Vec<f32> = (0..grid.len()).map(|k| if inside(k) { 10.0 } else { 0.0 }).collect();
        Wind3d::solve(&grid, &heights, (1.0, 0.0), device).unwrap()
    }

    #[test]
    fn air_turns_back_behind_a_cube() {
        assert!((cavity(10.0, 10.0, 10.0) - 14.5).abs() < 0.1);
        let wind = cube(&Device::Cpu);
        assert!(wind.divergence() <= DIVERGENCE, "{}", wind.divergence());
        let length = wind.recirculation(34, 30);
        assert!((0.8 * 14.5..=1.2 * 14.5).contains(&length), "{length} m");
        // Beside the cube it blows faster than in the open at that height, far from it as in the open.
        let (beside, open) = (wind.at(30, 22, 4).0, profile(4.5) as f32);
        assert!(beside > open && (wind.at(5, 5, 4).0 - open).abs() < 0.1 * open, "{beside} {open}");
    }
}
