//! What radiation comes to a person on each cell, and the mean radiant temperature.

use super::super::params::Bright;
use super::super::scene::Scene;
use super::super::sky::Patch;
use super::horizons::View;
use hanze_base::grid::Grid;
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

/// W/m²K⁴.
pub const STEFAN_BOLTZMANN: f64 = 5.670374e-8;
/// Absorbed shares of shortwave and longwave radiation of a clothed body.
const ABSORBED: f32 = 0.7;
const EMITTED: f32 = 0.97;
/// Shares of the radiation from above and below, from each side, and around the upright cylinder of one who stands.
const UP: f32 = 0.06;
const SIDE: f32 = 0.22;
const AROUND: f32 = 0.28;
/// Cells that are worked on together.
const CHUNK: usize = 2048;

/// Radiation from above and around each cell, W/m²: without the beam of the sun.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Shortwave on a level plane.
    pub short_down: Vec<f32>,
    /// Shortwave on an upright cylinder.
    pub short_side: Vec<f32>,
    /// Longwave on a level plane.
    pub long_down: Vec<f32>,
    /// Longwave on an upright cylinder.
    pub long_side: Vec<f32>,
}

impl Incoming {
    /// Adds that of the cells that follow.
    pub fn extend(&mut self, more: Incoming) {
        self.short_down.extend(more.short_down);
        self.short_side.extend(more.short_side);
        self.long_down.extend(more.long_down);
        self.long_side.extend(more.long_side);
    }
}

/// Adds up the patches of each cell.
pub fn incoming(view: &View, patches: &[Bright]) -> Incoming {
    let len = view.len;
    let row = || vec![0.0f32; len];
    let mut all = Incoming { short_down: row(), short_side: row(), long_down: row(), long_side: row() };
    // An open sky.
    let open = |sky: fn(&Bright) -> f32| {
        let sums = patches.iter().map(|p| [sky(p) * p.level, sky(p) * p.side]);
        sums.fold([0.0f32; 2], |sum, part| [sum[0] + part[0], sum[1] + part[1]])
    };
    let ([sd, ss], [ld, ls]) = (open(|p| p.sky_short), open(|p| p.sky_long));
    let chunks = all
        .short_down
        .par_chunks_mut(CHUNK)
        .zip(all.short_side.par_chunks_mut(CHUNK))
        .zip(all.long_down.par_chunks_mut(CHUNK).zip(all.long_side.par_chunks_mut(CHUNK)));
    chunks.enumerate().for_each(|(chunk, ((short_down, short_side), (long_down, long_side)))| {
        short_down.fill(sd);
        short_side.fill(ss);
        long_down.fill(ld);
        long_side.fill(ls);
        let (first, count) = (chunk * CHUNK, short_down.len());
        let horizon: Vec<f32> = view.sky_view[first..first + count].iter().map(|sky| mean_horizon(*sky)).collect();
        for (k, patch) in patches.iter().enumerate() {
            let scale = 1.0 / 255.0;
            let over = |short: f32, long: f32| [scale * (short - patch.sky_short), scale * (long - patch.sky_long)];
            let lit = over(patch.lit_short, patch.lit_long);
            let shaded = over(patch.shaded_short, patch.shaded_long);
            let crown = over(patch.crown_short, patch.crown_long);
            let walls = &view.walls[k * len + first..][..count];
            for i in 0..count {
                let wall = f32::from(walls[i]);
                let is_lit = horizon[i] < patch.threshold;
                let short = wall * if is_lit { lit[0] } else { shaded[0] };
                let long = wall * if is_lit { lit[1] } else { shaded[1] };
                short_down[i] += short * patch.level;
                short_side[i] += short * patch.side;
                long_down[i] += long * patch.level;
                long_side[i] += long * patch.side;
            }
            let Some(crowns) = view.crowns.get(k * len + first..k * len + first + count) else { continue };
            let [sl, ss, ll, ls] =
                [crown[0] * patch.level, crown[0] * patch.side, crown[1] * patch.level, crown[1] * patch.side];
            for i in 0..count {
                let hidden = f32::from(crowns[i]);
                short_down[i] += hidden * sl;
                short_side[i] += hidden * ss;
                long_down[i] += hidden * ll;
                long_side[i] += hidden * ls;
            }
        }
    });
    all
}

/// Share of what an upright plane sees above the horizon that walls are, by the sky view of its half (Lindberg et al. 2008).
fn wall_share(sky: f32) -> f32 {
    let x = sky.clamp(0.0, 1.0);
    let p = ((((63.227 * x - 161.51) * x + 156.91) * x - 70.424) * x + 16.773) * x - 0.4863;
    (1.0 - p * x / 4.4897).clamp(0.0, 1.0)
}

/// What comes from above the horizon to upright planes that face north, east, south and west under an isotropic sky, W/m²: shortwave
/// and longwave. As the first SOLWEIG has it, each plane sees walls by the sky view of its half.
fn isotropic_sides(view: &View, patches: &[Bright], cell: usize) -> [[f32; 2]; 4] {
    let part = |values: &[u8], k: usize| values.get(k * view.len + cell).map_or(0.0, |value| f32::from(*value) / 255.0);
    let Some(sky) = patches.first() else { return [[0.0; 2]; 4] };
    let half = 0.5 * PI as f32;
    let horizon = mean_horizon(view.sky_view[cell]);
    let mut hidden = [[0.0f32; 3]; 4];
    for (k, p) in patches.iter().enumerate() {
        let (wall, crown) = (part(&view.walls, k), part(&view.crowns, k));
        let is_lit = horizon < p.threshold;
        let short = wall * if is_lit { p.lit_short } else { p.shaded_short } + crown * p.crown_short;
        let long = wall * if is_lit { p.lit_long } else { p.shaded_long } + crown * p.crown_long;
        for (hidden, half) in hidden.iter_mut().zip([p.north, p.east, p.south, p.west]) {
            let level = p.level * half;
            hidden[0] += (wall + crown) * level;
            hidden[1] += short * level;
            hidden[2] += long * level;
        }
    }
    hidden.map(|[level, hidden_short, hidden_long]| {
        let share = wall_share(1.0 - level / half);
        let level = level.max(1e-6);
        let short = sky.sky_short + share * (hidden_short / level - sky.sky_short);
        let long = sky.sky_long + share * (hidden_long / level - sky.sky_long);
        // Half of each plane sees above the horizon.
        [half * short, half * long]
    })
}

/// Puts what comes from the sides under an isotropic sky in the place of that under an anisotropic one: as it counts beside a cylinder.
pub fn isotropic(view: &View, patches: &[Bright], all: &mut Incoming) {
    all.short_side.par_iter_mut().zip(&mut all.long_side).enumerate().for_each(|(cell, (short_side, long_side))| {
        let sides = isotropic_sides(view, patches, cell);
        let sum = |k: usize| SIDE / AROUND * sides.iter().map(|side| side[k]).sum::<f32>();
        (*short_side, *long_side) = (sum(0), sum(1));
    });
}

/// Radiation on upright planes that face north, east, south and west, W/m²: shortwave and longwave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    /// Shortwave.
    pub short: [f32; 4],
    /// Longwave.
    pub long: [f32; 4],
}

/// What comes to upright planes on a cell that sees `view`: from the patches of the sky or what hides them, from the sun, of whose
/// beam a cylinder gets `beam` (W/m²) from an azimuth (rad), and from the ground, which sends `up` (short, long; W/m²).
pub fn sides(
    view: &View,
    patches: &[Patch],
    bright: &[Bright],
    (beam, azimuth): (f32, f64),
    up: [f32; 2],
    is_isotropic: bool,
) -> Sides {
    let mut sides = Sides { short: [0.5 * up[0]; 4], long: [0.5 * up[1]; 4] };
    for (side, short) in sides.short.iter_mut().enumerate() {
        *short += beam * (azimuth - 0.5 * PI * side as f64).cos().max(0.0) as f32;
    }
    if is_isotropic {
        for (side, [short, long]) in isotropic_sides(view, bright, 0).into_iter().enumerate() {
            sides.short[side] += short;
            sides.long[side] += long;
        }
        return sides;
    }
    let part = |values: &[u8], k: usize| values.get(k * view.len).map_or(0.0, |value| f32::from(*value) / 255.0);
    let horizon = mean_horizon(view.sky_view[0]);
    for (k, (patch, p)) in patches.iter().zip(bright).enumerate() {
        let (wall, crown) = (part(&view.walls, k), part(&view.crowns, k));
        let (short, long) =
            if horizon < p.threshold { (p.lit_short, p.lit_long) } else { (p.shaded_short, p.shaded_long) };
        let seen = |sky: f32, hidden: f32, leaves: f32| sky + wall * (hidden - sky) + crown * (leaves - sky);
        let (short, long) = (seen(p.sky_short, short, p.crown_short), seen(p.sky_long, long, p.crown_long));
        for side in 0..4 {
            let facing = 0.5 * PI * side as f64;
            // The cylinder counts all azimuths as if one faced them.
            let share = (patch.side / patch.width * facing_part(patch, facing)) as f32;
            sides.short[side] += share * short;
            sides.long[side] += share * long;
        }
    }
    sides
}

/// ∫ cos of the angle from where a plane faces, over the azimuths of a patch before it.
fn facing_part(patch: &Patch, facing: f64) -> f64 {
    let from = patch.azimuth - 0.5 * patch.width - facing;
    let before = |turn: f64| {
        let (low, high) = ((from + turn).max(-0.5 * PI), (from + turn + patch.width).min(0.5 * PI));
        if high > low { high.sin() - low.sin() } else { 0.0 }
    };
    [-2.0 * TAU, -TAU, 0.0, TAU].into_iter().map(before).sum()
}

/// Tangent of the horizon that would leave as much of the sky on all sides.
fn mean_horizon(sky_view: f32) -> f32 {
    (1.0 / sky_view.clamp(1e-4, 1.0) - 1.0).max(0.0).sqrt()
}

/// How much of what one sees below oneself each cell around makes up, by its distance in columns and rows: the view of a plane that
/// faces down, so high above the ground (m), up to where nine tenths are seen.
pub(crate) fn below(grid: &Grid, height: f64) -> Vec<(i32, i32, f32)> {
    let reach = (3.0 * height / grid.cell).ceil() as i32;
    // Parts of cells, for cells that are larger than the height.
    const PARTS: i32 = 8;
    let weight = |col: i32, row: i32| {
        let parts = (0..PARTS * PARTS).map(|k| {
            let at =
                |cell: i32, part: i32| grid.cell * (f64::from(cell) + (f64::from(part) + 0.5) / f64::from(PARTS) - 0.5);
            let (x, y) = (at(col, k % PARTS), at(row, k / PARTS));
            let far = x * x + y * y + height * height;
            height * height / (far * far)
        });
        parts.sum::<f64>()
    };
    let cells = (-reach..=reach).flat_map(|row| (-reach..=reach).map(move |col| (col, row)));
    cells.map(|(col, row)| (col, row, weight(col, row) as f32)).collect()
}

/// Mean of a value of the ground as it is seen from above each cell; roofs are no ground.
pub fn upwelling(scene: &Scene, values: &[f32], height: f64) -> Vec<f32> {
    let (cols, rows) = (scene.grid.cols, scene.grid.rows);
    let weights = below(&scene.grid, height);
    let mut seen = vec![0.0f32; values.len()];
    seen.par_chunks_mut(cols).enumerate().for_each_init(
        || vec![0.0f32; cols],
        |sums, (row, seen)| {
            sums.fill(0.0);
            for &(dc, dr, weight) in &weights {
                let Some((range, first)) = super::beside(cols, rows, row, (dc, dr)) else { continue };
                let far = values[first..first + range.len()].iter().zip(&scene.is_roof[first..first + range.len()]);
                let near = seen[range.clone()].iter_mut().zip(&mut sums[range]);
                for ((seen, sum), (value, is_roof)) in near.zip(far) {
                    let weight = if *is_roof { 0.0 } else { weight };
                    *seen += weight * value;
                    *sum += weight;
                }
            }
            let here = &values[row * cols..][..cols];
            for ((seen, sum), here) in seen.iter_mut().zip(sums.iter()).zip(here) {
                *seen = if *sum > 0.0 { *seen / *sum } else { *here };
            }
        },
    );
    seen
}

/// Radiation at a person, W/m²: short and long, from above, from below and around.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fluxes {
    /// Shortwave from above, from below, and around the upper half of a cylinder.
    pub short: [f32; 3],
    /// Longwave.
    pub long: [f32; 3],
}

/// Mean radiant temperature, °C.
pub fn radiant(fluxes: &Fluxes) -> f32 {
    // The lower half of each of the four sides sees the ground.
    let sum = |[down, up, around]: [f32; 3]| (down + up) * UP + 4.0 * 0.5 * up * SIDE + around * AROUND;
    let absorbed = ABSORBED * sum(fluxes.short) + EMITTED * sum(fluxes.long);
    (absorbed / (EMITTED * STEFAN_BOLTZMANN as f32)).sqrt().sqrt() - 273.15
}
