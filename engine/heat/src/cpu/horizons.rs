//! How much of the sky each cell sees: horizons to all sides, and what they leave of each patch.

use super::super::params::CLASSES;
use super::super::rays::{Step, steps};
use super::super::scene::Scene;
use super::super::sky::{PATCHES, Patch, RINGS, patches};
use super::beside;
use rayon::prelude::*;
use std::f64::consts::TAU;
use std::ops::Range;

/// Directions to which horizons are looked for, with half a step from north to the first.
pub const AZIMUTHS: usize = 64;
/// A cell of which the ray through the middle of a sector meets less, in cells, is only a corner of what the sector holds, and is
/// left out: it would stand for the whole width.
const CORNER: f32 = 0.25;
/// Cells on a ray that lie closer together than this share of their distance are passed over, but for the first: rays themselves are
/// a tenth of it apart.
const CLOSER: f32 = 0.02;
/// Horizons lower than this are none.
const LOWEST: f64 = 0.02;
/// All that decides what is seen, besides the scene.
pub(crate) const CHOICES: [f64; 4] = [AZIMUTHS as f64, CORNER as f64, CLOSER as f64, LOWEST];

/// What each cell sees, patch by patch; fractions in 255ths.
#[derive(Clone, Debug)]
pub struct View {
    /// Cells.
    pub len: usize,
    /// Sky view factor of buildings alone: mean cos² of the horizon.
    pub sky_view: Vec<f32>,
    /// The part of each patch that buildings hide, patch after patch.
    pub walls: Vec<u8>,
    /// The part of each patch that crowns hide above buildings, patch after patch; empty without trees.
    pub crowns: Vec<u8>,
}

impl View {
    /// Of so many cells, that see the whole sky.
    pub fn new(len: usize, has_crowns: bool) -> View {
        let crowns = vec![0; if has_crowns { PATCHES * len } else { 0 }];
        View { len, sky_view: vec![1.0; len], walls: vec![0; PATCHES * len], crowns }
    }

    /// What one cell sees.
    pub fn of(&self, cell: usize) -> View {
        let part = |values: &[u8]| values.iter().skip(cell).step_by(self.len.max(1)).copied().collect();
        View { len: 1, sky_view: vec![self.sky_view[cell]], walls: part(&self.walls), crowns: part(&self.crowns) }
    }

    /// Sky view factor with crowns, over a level plane, of a cell.
    pub fn sky_view_with_crowns(&self, patches: &[Patch], cell: usize) -> f64 {
        let hidden = |k: usize| {
            let part = |values: &[u8]| values.get(k * self.len + cell).map_or(0.0, |value| f64::from(*value) / 255.0);
            part(&self.walls) + part(&self.crowns)
        };
        let seen = patches.iter().enumerate().map(|(k, p)| (1.0 - hidden(k)) * p.level);
        seen.sum::<f64>() / patches.iter().map(|p| p.level).sum::<f64>()
    }
}

/// For a direction: its ray, and the patches of each ring that its sector touches, with the share of the patch.
pub(crate) struct Sector {
    pub(crate) steps: Vec<Step>,
    /// For each ring up to two patches and their shares.
    pub(crate) shares: Vec<[(usize, f32); 2]>,
}

/// The rays of all directions, up to a distance (m) at most.
pub fn rays(scene: &Scene, most: f64) -> Vec<Vec<Step>> {
    let across = scene.grid.cell * (scene.grid.cols as f64).hypot(scene.grid.rows as f64);
    let reach = (f64::from(scene.relief()) / LOWEST).min(across).min(most);
    let ray = |k: usize| {
        let mut steps = steps((k as f64 + 0.5) * TAU / AZIMUTHS as f64, scene.grid.cell, reach);
        let corner = CORNER * scene.grid.cell as f32;
        let mut last = 0.0;
        steps.retain(|step| {
            let is_kept =
                step.class == 0 || step.leave - step.enter >= corner && step.enter - last >= CLOSER * step.enter - 1e-3;
            last = if is_kept { step.enter } else { last };
            is_kept
        });
        steps
    };
    (0..AZIMUTHS).map(ray).collect()
}

/// Sky view factors of some rows, by horizons along rays.
pub fn open_sky(scene: &Scene, rays: &[Vec<Step>], rows: Range<usize>) -> Vec<f32> {
    let cols = scene.grid.cols;
    let highest = scene.surface_height.iter().copied().fold(f32::MIN, f32::max);
    let mut sky = vec![0.0f32; cols * rows.len()];
    sky.par_chunks_mut(cols).enumerate().for_each_init(
        || vec![0.0; cols],
        |horizon, (k, sky)| {
            for steps in rays {
                horizons(scene, steps, rows.start + k, highest, horizon);
                let share = (AZIMUTHS as f32).recip();
                sky.iter_mut().zip(horizon.iter()).for_each(|(sky, tangent)| *sky += share / (1.0 + tangent * tangent));
            }
        },
    );
    sky
}

/// All directions.
pub(crate) fn sectors(scene: &Scene) -> Vec<Sector> {
    let width = TAU / AZIMUTHS as f64;
    let sector = |(k, steps): (usize, Vec<Step>)| {
        let (from, to) = (k as f64 * width, (k + 1) as f64 * width);
        let mut first = 0;
        let shares = RINGS.iter().map(|count| {
            let each = TAU / *count as f64;
            let (one, other) = ((from / each) as usize, (((to - 1e-9) / each) as usize).min(count - 1));
            // Shares of all sectors of a patch add up to 1.
            let part = |n: usize| (to.min((n + 1) as f64 * each) - from.max(n as f64 * each)) / each;
            let touched =
                [(first + one, part(one) as f32), (first + other, if other > one { part(other) as f32 } else { 0.0 })];
            first += count;
            touched
        });
        Sector { shares: shares.collect(), steps }
    };
    rays(scene, f64::INFINITY).into_iter().enumerate().map(sector).collect()
}

/// View factors of all cells.
pub fn view(scene: &Scene) -> View {
    let mut view = View::new(scene.grid.len(), scene.has_crowns());
    Looking::new(scene).rows(scene, 0..scene.grid.rows, 0, &mut view);
    view
}

/// What is the same for all cells that look around.
pub struct Looking {
    sectors: Vec<Sector>,
    has_crowns: bool,
    highest: f32,
}

impl Looking {
    /// In a scene.
    pub fn new(scene: &Scene) -> Looking {
        Looking {
            sectors: sectors(scene),
            has_crowns: scene.has_crowns(),
            highest: scene.surface_height.iter().copied().fold(f32::MIN, f32::max),
        }
    }

    /// Looks from some rows, into the view of a strip that begins with the row `first`.
    pub fn rows(&self, scene: &Scene, band: Range<usize>, first: usize, view: &mut View) {
        let cols = scene.grid.cols;
        let (sectors, has_crowns, highest) = (&self.sectors, self.has_crowns, self.highest);
        let lines: Vec<Line> = band
            .clone()
            .into_par_iter()
            .map_init(|| Work::new(cols, has_crowns), |work, row| work.row(scene, sectors, row, highest))
            .collect();
        let (len, start) = (view.len, (band.start - first) * cols);
        let put = |all: &mut Vec<u8>, of: fn(&Line) -> &Vec<u8>| {
            all.par_chunks_mut(len.max(1)).enumerate().for_each(|(patch, all)| {
                let rows = all[start..].chunks_mut(cols).zip(&lines);
                rows.for_each(|(row, line)| row.copy_from_slice(&of(line)[patch * cols..][..cols]));
            });
        };
        put(&mut view.walls, |line| &line.walls);
        put(&mut view.crowns, |line| &line.crowns);
        let rows = view.sky_view[start..].chunks_mut(cols).zip(&lines);
        rows.for_each(|(row, line)| row.copy_from_slice(&line.sky_view));
    }
}

/// A row of a view.
struct Line {
    sky_view: Vec<f32>,
    walls: Vec<u8>,
    crowns: Vec<u8>,
}

/// Numbers of a row on the way.
struct Work {
    cols: usize,
    /// Tangent of the horizon.
    horizon: Vec<f32>,
    /// Lowest and highest tangents of the crowns of each class.
    crowns: Vec<(Vec<f32>, Vec<f32>)>,
    /// Sum of cos² over the directions.
    cos2: Vec<f32>,
    /// Sums over the directions for each patch.
    walls: Vec<f32>,
    hidden: Vec<f32>,
}

impl Work {
    fn new(cols: usize, has_crowns: bool) -> Work {
        let row = || vec![0.0; cols];
        let classes = if has_crowns { CLASSES } else { 0 };
        Work {
            cols,
            horizon: row(),
            crowns: (0..classes).map(|_| (row(), row())).collect(),
            cos2: row(),
            walls: vec![0.0; PATCHES * cols],
            hidden: vec![0.0; if has_crowns { PATCHES * cols } else { 0 }],
        }
    }

    fn row(&mut self, scene: &Scene, sectors: &[Sector], row: usize, highest: f32) -> Line {
        self.cos2.fill(0.0);
        self.walls.fill(0.0);
        self.hidden.fill(0.0);
        for sector in sectors {
            horizons(scene, &sector.steps, row, highest, &mut self.horizon);
            self.crowns_of(scene, &sector.steps, row);
            self.add(sector);
        }
        let bytes = |values: &[f32]| values.iter().map(|value| (value * 255.0 + 0.5) as u8).collect();
        Line {
            sky_view: self.cos2.iter().map(|sum| sum / AZIMUTHS as f32).collect(),
            walls: bytes(&self.walls),
            crowns: bytes(&self.hidden),
        }
    }

    /// Crowns of the row in one direction: for each class of distance the lowest and the highest ray that meets one.
    fn crowns_of(&mut self, scene: &Scene, steps: &[Step], row: usize) {
        if self.crowns.is_empty() {
            return;
        }
        let (cols, rows) = (self.cols, scene.grid.rows);
        let eye = &scene.eye[row * cols..][..cols];
        for (low, high) in &mut self.crowns {
            low.fill(f32::MAX);
            high.fill(0.0);
        }
        for step in steps {
            let Some((range, first)) = beside(cols, rows, row, (step.cols, step.rows)) else { break };
            let (low, high) = &mut self.crowns[step.class];
            let (nearer, further) = (step.enter.max(1e-6).recip(), step.leave.recip());
            let tops = &scene.crown_high[first..first + range.len()];
            let bottoms = &scene.crown_low[first..first + range.len()];
            let seen = low[range.clone()].iter_mut().zip(&mut high[range.clone()]).zip(&eye[range]);
            for (((low, high), eye), (bottom, top)) in seen.zip(bottoms.iter().zip(tops)) {
                *low = low.min((bottom - eye) * further);
                *high = high.max((top - eye) * nearer);
            }
        }
    }

    /// What the horizons and crowns of a direction leave of the patches of its sector.
    fn add(&mut self, sector: &Sector) {
        let cols = self.cols;
        // From here on sines.
        let sine = |tangent: f32| tangent / (1.0 + tangent * tangent).sqrt();
        for (cos2, horizon) in self.cos2.iter_mut().zip(&mut self.horizon) {
            *cos2 += 1.0 / (1.0 + *horizon * *horizon);
            *horizon = sine(*horizon);
        }
        for (low, high) in &mut self.crowns {
            low.iter_mut().for_each(|low| *low = sine(low.clamp(0.0, 1e6)));
            high.iter_mut().for_each(|high| *high = sine(high.clamp(0.0, 1e6)));
        }
        let ring = std::f64::consts::PI / 15.0;
        for (k, shares) in sector.shares.iter().enumerate() {
            let from = (k as f64 * ring).sin() as f32;
            let to = if k + 1 == RINGS.len() { 1.0 } else { ((k + 1) as f64 * ring).sin() as f32 };
            let inverse = (to - from).recip();
            for (patch, share) in shares.iter().filter(|(_, share)| *share > 0.0) {
                let walls = &mut self.walls[patch * cols..][..cols];
                for (walls, horizon) in walls.iter_mut().zip(&self.horizon) {
                    *walls += share * ((horizon - from) * inverse).clamp(0.0, 1.0);
                }
                if self.crowns.is_empty() {
                    continue;
                }
                let hidden = &mut self.hidden[patch * cols..][..cols];
                for (col, hidden) in hidden.iter_mut().enumerate() {
                    let floor = self.horizon[col].clamp(from, to);
                    let open = to - floor;
                    let mut left = 1.0f32;
                    for (low, high) in &self.crowns {
                        let met = (high[col].min(to) - low[col].max(floor)).max(0.0);
                        left *= 1.0 - (met / open.max(1e-6)).min(1.0);
                    }
                    *hidden += share * open * inverse * (1.0 - left);
                }
            }
        }
    }
}

/// Tangents of the horizons of a row in one direction, by cells' nearer edges.
fn horizons(scene: &Scene, steps: &[Step], row: usize, highest: f32, horizon: &mut [f32]) {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let eye = &scene.eye[row * cols..][..cols];
    horizon.fill(0.0);
    let lowest = eye.iter().copied().fold(f32::MAX, f32::min);
    for (k, step) in steps.iter().enumerate().skip(1) {
        // Once in a while: whether anything further off can still stand out above all horizons of the row.
        if k % 16 == 0 {
            let least = horizon.iter().copied().fold(f32::MAX, f32::min);
            if (highest - lowest) < least * step.enter {
                break;
            }
        }
        let Some((range, first)) = beside(cols, rows, row, (step.cols, step.rows)) else { break };
        let far = &scene.surface_height[first..first + range.len()];
        let inverse = step.enter.recip();
        let near = horizon[range.clone()].iter_mut().zip(&eye[range]);
        for ((horizon, eye), far) in near.zip(far) {
            *horizon = horizon.max((far - eye) * inverse);
        }
    }
}

/// Sky view factors with crowns of all cells, over a level plane.
pub fn sky_view_with_crowns(view: &View) -> Vec<f32> {
    let patches = patches();
    let whole: f64 = patches.iter().map(|p| p.level).sum();
    let mut seen = vec![0.0f32; view.len];
    for (k, patch) in patches.iter().enumerate() {
        let weight = (patch.level / whole / 255.0) as f32;
        let walls = &view.walls[k * view.len..][..view.len];
        let crowns = view.crowns.get(k * view.len..(k + 1) * view.len);
        seen.par_iter_mut().enumerate().for_each(|(cell, seen)| {
            let hidden = u16::from(walls[cell]) + crowns.map_or(0, |crowns| u16::from(crowns[cell]));
            *seen += weight * f32::from(255 - hidden.min(255));
        });
    }
    seen
}
