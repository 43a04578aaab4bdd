//! The kernels on the CPU.

pub mod horizons;
pub mod radiation;
pub mod shade;

use super::forcing::Forcing;
use super::hour::{Covers, Radiation, radiation};
use super::scene::Scene;
use super::sky::{Patch, patches};
use super::solver::Solver;
use crate::error::Result;
use horizons::{Looking, View, sky_view_with_crowns};
use std::ops::Range;

/// Rows that look around before the clock is looked at.
const ROWS: usize = 16;

/// Heat on the CPU.
pub struct CpuSolver {
    scene: Scene,
    covers: Covers,
    patches: Vec<Patch>,
    looking: Looking,
    warmth: Vec<f32>,
}

impl CpuSolver {
    /// Sets it up.
    pub fn new(scene: Scene, covers: Covers) -> CpuSolver {
        let (looking, warmth) = (Looking::new(&scene), vec![0.0; scene.grid.len()]);
        CpuSolver { scene, covers, patches: patches(), looking, warmth }
    }
}

impl Solver for CpuSolver {
    fn look(&mut self) -> Result<bool> {
        self.looking.rows(&self.scene, ROWS);
        Ok(self.looking.done == self.scene.grid.rows)
    }

    fn view(&mut self) -> Result<View> {
        Ok(self.looking.view.clone())
    }

    fn sky_view(&mut self) -> Result<Vec<f32>> {
        Ok(sky_view_with_crowns(&self.looking.view))
    }

    fn hour(&mut self, forcing: &Forcing) -> Result<Radiation> {
        let CpuSolver { scene, covers, patches, looking, warmth } = self;
        Ok(radiation(scene, &looking.view, patches, covers, forcing, warmth))
    }

    fn warmth(&mut self) -> Result<Vec<f32>> {
        Ok(self.warmth.clone())
    }

    fn set_warmth(&mut self, warmth: Vec<f32>) -> Result<()> {
        self.warmth = warmth;
        Ok(())
    }
}

/// Columns of a row whose neighbour so many columns and rows away lies in the grid, and where that neighbour's row begins, shifted so
/// that the column of the cell itself finds it; `None` where there is none.
fn beside(cols: usize, rows: usize, row: usize, step: (i32, i32)) -> Option<(Range<usize>, usize)> {
    let row = i64::try_from(row).ok()? + i64::from(step.1);
    let row = usize::try_from(row).ok().filter(|row| *row < rows)?;
    let (width, shift) = (cols as i64, i64::from(step.0));
    let range = (-shift).clamp(0, width) as usize..(width - shift).clamp(0, width) as usize;
    if range.is_empty() {
        return None;
    }
    let first = row as i64 * width + range.start as i64 + shift;
    Some((range, usize::try_from(first).ok()?))
}
