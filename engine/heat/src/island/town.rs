//! Geometry of a city for the heat island: land cover, walls, crowns and the canopy's depth. The same on all devices.

use super::super::cpu::horizons::{open_sky, rays};
use super::super::cpu::shade::Lights;
use super::super::hour::Covers;
use super::super::rays::Step;
use super::super::scene::Scene;
use super::super::sun::Sun;
use hanze_base::cover::Cover;
use hanze_base::grid::Grid;
use rayon::prelude::*;
use std::f64::consts::{FRAC_PI_2, PI};

/// Half a side of the square over which neighbour radiosity is averaged, m.
pub const REACH: f64 = 25.0;
/// Lowest canopy, m.
const LOWEST_CANOPY: f64 = 5.0;
/// For a cell without a wall.
pub const NONE: u32 = u32::MAX;

/// Walls, by the cell before them. All lists go together.
#[derive(Clone, Debug, Default)]
pub struct Walls {
    /// The lower cell.
    pub cell: Vec<u32>,
    /// Area over that of the cell.
    pub area: Vec<f32>,
    /// Share of it at the western, eastern, northern and southern side of the cell.
    pub sides: Vec<[f32; 4]>,
    /// Height of the foot, m.
    pub foot: Vec<f32>,
    /// Height of the top, m.
    pub top: Vec<f32>,
    /// View factor of the sky.
    pub sky: Vec<f32>,
    /// View factor of crowns.
    pub crowns: Vec<f32>,
}

impl Walls {
    /// The cell before each wall, and the height of the wall's middle, m.
    pub fn middles(&self) -> Vec<(u32, f32)> {
        (0..self.cell.len()).map(|w| (self.cell[w], 0.5 * (self.foot[w] + self.top[w]))).collect()
    }
}

/// A city, as its air has it.
#[derive(Clone, Debug)]
pub struct Town {
    /// Where the cells lie.
    pub grid: Grid,
    /// What covers them.
    pub covers: Covers,
    /// Whether there is a canopy's air in a cell: outside of buildings.
    pub is_open: Vec<bool>,
    /// Walls.
    pub walls: Walls,
    /// Place in `walls` of each cell's wall, or `NONE`.
    pub wall_of: Vec<u32>,
    /// Share of the sky that the crown of a cell sees past buildings; 0 where there is none.
    pub crown_sky: Vec<f32>,
    /// Depth of the canopy's air: mean height of the buildings, m.
    pub depth: f32,
    /// The same in cells: reach of the box filter.
    pub reach: usize,
}

/// What covers each cell in its scene: what is a building has a roof, and what is none has a ground.
pub fn land_cover(scene: &Scene, covers: &Covers) -> Covers {
    let (roof, cobble) = (Cover::Roof.index(), Cover::Cobble.index());
    let cover = |(cell, code): (usize, &u8)| match (scene.is_roof[cell], *code) {
        (true, _) => roof,
        (false, code) if code == roof => cobble,
        (false, code) => code.min(Cover::ALL.len() as u8 - 1),
    };
    covers.iter().enumerate().map(cover).collect()
}

impl Town {
    /// From what stands there, and what covers the ground.
    pub fn new(scene: &Scene, buildings: &[f32], covers: &Covers) -> Town {
        let grid = scene.grid;
        let (cols, rows) = (grid.cols, grid.rows);
        let covers = land_cover(scene, covers);
        let mut walls = Walls::default();
        let mut wall_of = vec![NONE; grid.len()];
        for row in 0..rows {
            for col in 0..cols {
                let cell = row * cols + col;
                if scene.is_roof[cell] {
                    continue;
                }
                let beside = [
                    (col > 0).then(|| cell - 1),
                    (col + 1 < cols).then(|| cell + 1),
                    (row > 0).then(|| cell - cols),
                    (row + 1 < rows).then(|| cell + cols),
                ];
                let foot = scene.surface_height[cell];
                let high = beside.map(|far| {
                    far.filter(|far| scene.is_roof[*far]).map_or(0.0, |far| (scene.surface_height[far] - foot).max(0.0))
                });
                let sum: f32 = high.iter().sum();
                if sum <= 0.0 {
                    continue;
                }
                wall_of[cell] = walls.cell.len() as u32;
                walls.cell.push(cell as u32);
                walls.area.push(sum / grid.cell as f32);
                walls.sides.push(high.map(|rise| rise / sum));
                walls.foot.push(foot);
                // Of several, a mean by area.
                walls.top.push(foot + high.iter().map(|rise| rise * rise).sum::<f32>() / sum);
            }
        }
        let all = rays(scene, f64::INFINITY);
        let wall_view_factors: Vec<(f32, f32)> =
            (0..walls.cell.len()).into_par_iter().map(|w| wall_view_factors(scene, &all, &walls, w)).collect();
        (walls.sky, walls.crowns) = wall_view_factors.into_iter().unzip();
        let mut crown_sky = vec![0.0f32; grid.len()];
        if scene.has_crowns() {
            let has = |cell: usize| scene.crown_high[cell] > scene.surface_height[cell] && !scene.is_roof[cell];
            let eye = (0..grid.len()).map(|cell| if has(cell) { scene.crown_high[cell] } else { scene.eye[cell] });
            let top = Scene { eye: eye.collect(), ..scene.clone() };
            crown_sky = open_sky(&top, &all, 0..rows);
            (0..grid.len()).filter(|cell| !has(*cell)).for_each(|cell| crown_sky[cell] = 0.0);
        }
        let built: Vec<f64> =
            buildings.iter().filter(|height| **height > 0.0).map(|height| f64::from(*height)).collect();
        let mean = built.iter().sum::<f64>() / built.len().max(1) as f64;
        Town {
            grid,
            covers,
            is_open: scene.is_roof.iter().map(|roof| !roof).collect(),
            walls,
            wall_of,
            crown_sky,
            depth: mean.max(LOWEST_CANOPY) as f32,
            reach: ((REACH / grid.cell).round() as usize).max(1),
        }
    }

    /// Beam on each wall, W/m² of it, of a sun that shines `direct` (W/m²) on what faces it.
    pub fn on_walls(&self, lights: &Lights, sun: Sun, direct: f64) -> Vec<f32> {
        let facing = facing(sun, direct);
        let Walls { sides, foot, top, .. } = &self.walls;
        let beam = |w: usize| {
            let shaded = ((lights.shadow[w] - foot[w]) / (top[w] - foot[w]).max(0.1)).clamp(0.0, 1.0);
            let beam: f32 = sides[w].iter().zip(facing).map(|(share, flux)| share * flux).sum();
            beam * (1.0 - shaded) * lights.through[w]
        };
        (0..sides.len()).into_par_iter().map(beam).collect()
    }
}

/// What a sun that shines `direct` (W/m²) on what faces it shines on walls at the western, eastern, northern and southern side of a cell.
pub fn facing(sun: Sun, direct: f64) -> [f32; 4] {
    let level = direct * sun.altitude.cos();
    let (east, north) = (level * sun.azimuth.sin(), level * sun.azimuth.cos());
    // A wall at the western side of a cell faces east.
    [east, -east, -north, north].map(|side| side.max(0.0) as f32)
}

/// Shares of the sky and of crowns in what a wall sees from half its height.
fn wall_view_factors(scene: &Scene, rays: &[Vec<Step>], walls: &Walls, w: usize) -> (f32, f32) {
    let (cols, rows) = (scene.grid.cols as i64, scene.grid.rows as i64);
    let cell = walls.cell[w] as usize;
    let (col, row) = (cell as i64 % cols, cell as i64 / cols);
    let eye = 0.5 * (walls.foot[w] + walls.top[w]);
    let width = 2.0 * PI / rays.len() as f64;
    let (mut sky, mut crowns) = (0.0, 0.0);
    for (k, steps) in rays.iter().enumerate() {
        let azimuth = (k as f64 + 0.5) * width;
        let (east, north) = (azimuth.sin(), azimuth.cos());
        let facing = [east, -east, -north, north];
        let weight: f64 =
            walls.sides[w].iter().zip(facing).map(|(share, cosine)| f64::from(*share) * cosine.max(0.0)).sum();
        if weight <= 0.0 {
            continue;
        }
        let (mut horizon, mut leaves) = (0.0f32, 0.0f32);
        for (n, step) in steps.iter().enumerate() {
            let (c, r) = (col + i64::from(step.cols), row + i64::from(step.rows));
            if !(0..cols).contains(&c) || !(0..rows).contains(&r) {
                break;
            }
            let far = (r * cols + c) as usize;
            if n > 0 {
                horizon = horizon.max((scene.surface_height[far] - eye) / step.enter);
            }
            let top = scene.crown_high[far] - eye;
            if top > 0.0 {
                leaves = leaves.max(top / step.enter.max(0.5 * scene.grid.cell as f32));
            }
        }
        // ∫ cos² of the altitude above a horizon.
        let above = |tangent: f32| {
            let h = f64::from(tangent).atan();
            0.5 * (FRAC_PI_2 - h) - 0.25 * (2.0 * h).sin()
        };
        let open = above(horizon);
        let free = above(horizon.max(leaves));
        sky += weight * width * free / PI;
        crowns += weight * width * (open - free) / PI;
    }
    (sky as f32, crowns as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_see_half_of_the_sky_and_less_in_a_street() {
        let grid = Grid::local(60, 60, 1.0);
        let house = |k: usize| if k % 60 < 20 { 10.0f32 } else { 0.0 };
        let street = |k: usize| if k % 60 < 20 || k % 60 >= 30 { 10.0f32 } else { 0.0 };
        let ground = vec![0.0; grid.len()];
        let of = |heights: Vec<f32>| {
            let scene = Scene::new(grid, &ground, &heights, &[], 1.1);
            Town::new(&scene, &heights, &vec![0; grid.len()])
        };
        let alone = of((0..grid.len()).map(house).collect());
        let middle = alone.wall_of[30 * 60 + 20] as usize;
        assert!((alone.walls.area[middle] - 10.0).abs() < 1e-6 && (alone.walls.sky[middle] - 0.5).abs() < 0.01);
        assert_eq!(alone.walls.sides[middle], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(alone.depth, 10.0);
        let both = of((0..grid.len()).map(street).collect());
        let middle = both.wall_of[30 * 60 + 20] as usize;
        // From half its height a wall sees the one across, 5 m higher and 10 m off, at 26.6°: F = ½ (1 − sin 26.6°).
        let wanted = 0.5 * (1.0 - (0.5f32).atan().sin());
        assert!((both.walls.sky[middle] - wanted).abs() < 0.02, "{} {wanted}", both.walls.sky[middle]);
    }
}
