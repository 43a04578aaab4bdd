//! Where the sun shines.

use super::super::rays::{Step, steps};
use super::super::scene::Scene;
use super::super::sun::Sun;
use super::beside;
use rayon::prelude::*;

/// The share of direct light that comes to each cell: 1 in the sun, 0 in the shade of a building, `through` in that of a crown.
/// The sun must be above the horizon.
pub fn shade(scene: &Scene, sun: Sun, through: f32) -> Vec<f32> {
    let tangent = sun.altitude.tan() as f32;
    let across = scene.grid.cell * (scene.grid.cols as f64).hypot(scene.grid.rows as f64);
    let reach = f64::from(scene.relief() / tangent).min(across);
    along(scene, &steps(sun.azimuth, scene.grid.cell, reach), tangent, through)
}

/// The same along given steps, the first of which is the own cell, to a sun whose altitude has this tangent.
pub fn along(scene: &Scene, steps: &[Step], tangent: f32, through: f32) -> Vec<f32> {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let has_crowns = scene.has_crowns();
    let mut lit = vec![0.0f32; cols * rows];
    let work = || (vec![0.0f32; cols], vec![0.0f32; cols]);
    lit.par_chunks_mut(cols).enumerate().for_each_init(work, |(walls, crowns), (row, lit)| {
        walls_of(scene, steps, tangent, row, walls);
        crowns.fill(0.0);
        if has_crowns {
            crowns_of(scene, steps, tangent, row, crowns);
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

/// Height below which each cell of a row lies in the shade of buildings.
fn walls_of(scene: &Scene, steps: &[Step], tangent: f32, row: usize, walls: &mut [f32]) {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    walls.fill(f32::MIN);
    for step in &steps[1..] {
        let Some((range, first)) = beside(cols, rows, row, (step.cols, step.rows)) else { break };
        let drop = tangent * step.enter;
        let far = &scene.surface[first..first + range.len()];
        walls[range].iter_mut().zip(far).for_each(|(wall, far)| *wall = wall.max(far - drop));
    }
}

/// Whether the ray from each cell of a row to the sun meets a crown: 1 or 0.
fn crowns_of(scene: &Scene, steps: &[Step], tangent: f32, row: usize, crowns: &mut [f32]) {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let eye = &scene.eye[row * cols..][..cols];
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
