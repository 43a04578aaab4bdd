//! The kernels on the CPU.

pub mod horizons;
pub mod radiation;
pub(super) mod shade;

use super::forcing::Forcing;
use super::hour::{Covers, Radiation, radiation};
use super::params::Bright;
use super::scene::{EYE, Scene};
use super::sky::{Patch, patches};
use super::solver::Solver;
use super::views::{ViewStorage, Views};
use hanze_base::error::Result;
use horizons::{Looking, View, sky_view_with_crowns};
use radiation::{Incoming, incoming, isotropic, upwelling};
use std::ops::Range;

/// Rows that look around before the clock is looked at.
const ROWS: usize = 16;

/// Heat on the CPU.
pub struct CpuSolver {
    scene: Scene,
    covers: Covers,
    patches: Vec<Patch>,
    looking: Looking,
    views: Views,
    /// The strip that looks around now, and how many of its rows have.
    strip: Option<(View, usize)>,
    warmth: Vec<f32>,
}

impl CpuSolver {
    /// Sets it up.
    pub fn new(scene: Scene, covers: Covers, storage: &ViewStorage) -> CpuSolver {
        let (looking, warmth) = (Looking::new(&scene), vec![0.0; scene.grid.len()]);
        let views = Views::new(&scene, storage, "cpu");
        CpuSolver { scene, covers, patches: patches(), looking, views, strip: None, warmth }
    }
}

impl Solver for CpuSolver {
    fn look(&mut self) -> Result<bool> {
        let (strips, done) = self.views.strips();
        if done == strips {
            return Ok(true);
        }
        if self.views.is_known() {
            match self.views.take_up() {
                Ok(()) => return Ok(done + 1 == strips),
                // A disk that fails: all is looked for again.
                Err(_) if self.views.in_memory() => self.views.forget(),
                Err(error) => return Err(error),
            }
            return Ok(false);
        }
        let (mut view, seen) = self.strip.take().unwrap_or_else(|| (self.views.empty(done), 0));
        let rows = self.views.rows(done);
        let band = rows.start + seen..(rows.start + seen + ROWS).min(rows.end);
        self.looking.rows(&self.scene, band.clone(), rows.start, &mut view);
        if band.end < rows.end {
            self.strip = Some((view, band.end - rows.start));
            return Ok(false);
        }
        self.views.add(view)?;
        Ok(done + 1 == strips)
    }

    fn views_of(&mut self, cells: &[usize]) -> Result<Vec<View>> {
        let of = |cell: &usize| {
            let strip = self.views.strip_of(*cell);
            Ok(self.views.strip(strip)?.of(cell - self.views.cells(strip).start))
        };
        cells.iter().map(of).collect()
    }

    fn sky_view(&mut self) -> Result<Vec<f32>> {
        let mut all = Vec::with_capacity(self.scene.grid.len());
        for strip in 0..self.views.strips().0 {
            all.extend(sky_view_with_crowns(&*self.views.strip(strip)?));
        }
        Ok(all)
    }

    fn irradiance(&mut self, patches: &[Bright]) -> Result<Incoming> {
        let mut all = Incoming::default();
        for strip in 0..self.views.strips().0 {
            all.extend(incoming(&*self.views.strip(strip)?, patches));
        }
        Ok(all)
    }

    fn hour(&mut self, forcing: &Forcing) -> Result<Radiation> {
        let bright = forcing.bright(&self.patches);
        let mut all = Incoming::default();
        for strip in 0..self.views.strips().0 {
            let view = self.views.strip(strip)?;
            let mut part = incoming(&view, &bright);
            if forcing.is_isotropic {
                isotropic(&view, &bright, &mut part);
            }
            all.extend(part);
        }
        Ok(radiation(&self.scene, all, &self.covers, forcing, &mut self.warmth))
    }

    fn below(&mut self, up: &[f32]) -> Result<Vec<f32>> {
        Ok(upwelling(&self.scene, up, f64::from(EYE)))
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
