//! Where the sun shines.

use super::super::rays::{Step, to_sun};
use super::super::scene::Scene;
use super::super::sun::Sun;
use super::beside;
use rayon::prelude::*;

/// The share of direct light that comes to each cell: 1 in the sun, 0 in the shade of a building, `through` in that of a crown.
/// The sun must be above the horizon.
pub fn shade(scene: &Scene, sun: Sun, through: f32) -> Vec<f32> {
    let tangent = sun.altitude.tan() as f32;
    along_ray(scene, &to_sun(sun, &scene.grid, scene.relief()), tangent, through)
}

/// The same along given steps, the first of which is the own cell, to a sun whose altitude has this tangent.
pub fn along_ray(scene: &Scene, steps: &[Step], tangent: f32, through: f32) -> Vec<f32> {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let has_crowns = scene.has_crowns();
    let mut lit = vec![0.0f32; cols * rows];
    let work = || (vec![0.0f32; cols], vec![0.0f32; cols]);
    lit.par_chunks_mut(cols).enumerate().for_each_init(work, |(walls, crowns), (row, lit)| {
        walls_of(scene, steps, tangent, row, walls);
        crowns.fill(0.0);
        if has_crowns {
            crowns_of(scene, &scene.eye, steps, tangent, row, crowns);
        }
        let eye = &scene.eye[row * cols..][..cols];
        for (((lit, eye), walls), crowns) in lit.iter_mut().zip(eye).zip(walls.iter()).zip(crowns.iter()) {
            *lit = if walls > eye {
                0.0
            } else if *crowns > 0.0 {
                through
            } else {
                1.0
            };
        }
    });
    lit
}

/// What one position of the sun shines on: ground, crowns and walls.
#[derive(Clone, Debug, Default)]
pub struct Lights {
    /// The share of the beam that comes to each cell at eye height.
    pub ground: Vec<f32>,
    /// 1 for cells whose crowns stand out of the shade of buildings, else 0.
    pub crowns: Vec<f32>,
    /// Height below which each wall lies in the shade of buildings, m; in the order of the walls.
    pub shadow: Vec<f32>,
    /// The share of the beam that crowns let through to the middle of each wall.
    pub through: Vec<f32>,
}

/// What a sun above the horizon shines on; `walls` are the cells before walls with the middle of each (m), and `through` is what crowns let through.
pub fn lights(scene: &Scene, walls: &[(u32, f32)], sun: Sun, through: f32) -> Lights {
    let (cols, len) = (scene.grid.cols, scene.grid.len());
    let tangent = sun.altitude.tan() as f32;
    let steps = to_sun(sun, &scene.grid, scene.relief());
    let has_crowns = scene.has_crowns();
    let row = || vec![0.0f32; len];
    let (mut ground, mut crowns, mut shadow, mut upper) =
        (row(), vec![0.0; if has_crowns { len } else { 0 }], row(), Vec::new());
    if has_crowns {
        let mut middle = scene.eye.clone();
        walls.iter().for_each(|(cell, height)| middle[*cell as usize] = *height);
        upper = row();
        upper.par_chunks_mut(cols).enumerate().for_each(|(k, met)| crowns_of(scene, &middle, &steps, tangent, k, met));
        ground
            .par_chunks_mut(cols)
            .enumerate()
            .for_each(|(k, met)| crowns_of(scene, &scene.eye, &steps, tangent, k, met));
    }
    shadow.par_chunks_mut(cols).enumerate().for_each(|(k, walls)| walls_of(scene, &steps, tangent, k, walls));
    ground.par_iter_mut().zip(&shadow).zip(&scene.eye).for_each(|((ground, shadow), eye)| {
        *ground = match (shadow > eye, *ground > 0.0) {
            (true, _) => 0.0,
            (false, true) => through,
            (false, false) => 1.0,
        };
    });
    let heights = shadow.par_iter().zip(&scene.crown_high);
    crowns.par_iter_mut().zip(heights).for_each(|(lit, (shadow, top))| *lit = f32::from(u8::from(shadow < top)));
    Lights {
        ground,
        crowns,
        shadow: walls.iter().map(|(cell, _)| shadow[*cell as usize]).collect(),
        through: walls
            .iter()
            .map(|(cell, _)| match upper.get(*cell as usize) {
                Some(met) if *met > 0.0 => through,
                _ => 1.0,
            })
            .collect(),
    }
}

/// Height below which each cell of a row lies in the shade of buildings.
fn walls_of(scene: &Scene, steps: &[Step], tangent: f32, row: usize, walls: &mut [f32]) {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    walls.fill(f32::MIN);
    for step in &steps[1..] {
        let Some((range, first)) = beside(cols, rows, row, (step.cols, step.rows)) else { break };
        let drop = tangent * step.enter;
        let far = &scene.surface_height[first..first + range.len()];
        walls[range].iter_mut().zip(far).for_each(|(wall, far)| *wall = wall.max(far - drop));
    }
}

/// Whether the ray from each cell of a row to the sun meets a crown: 1 or 0. `eye` is the height from which all cells look.
fn crowns_of(scene: &Scene, eye: &[f32], steps: &[Step], tangent: f32, row: usize, crowns: &mut [f32]) {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let eye = &eye[row * cols..][..cols];
    for step in steps {
        let Some((range, first)) = beside(cols, rows, row, (step.cols, step.rows)) else { break };
        let (drop, later) = (tangent * step.enter, tangent * step.leave);
        let tops = &scene.crown_high[first..first + range.len()];
        let bottoms = &scene.crown_low[first..first + range.len()];
        let met = crowns[range.clone()].iter_mut().zip(&eye[range]);
        for ((met, eye), (bottom, top)) in met.zip(bottoms.iter().zip(tops)) {
            let meets = (top - drop > *eye) & (bottom - later < *eye);
            *met = met.max(f32::from(u8::from(meets)));
        }
    }
}
