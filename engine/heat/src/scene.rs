//! What stands in the light: ground, buildings and crowns on one grid.

use hanze_base::grid::Grid;

/// Height of a person's middle, m above the ground: where radiation is taken.
pub const EYE: f32 = 1.1;
/// Share of a tree's height below its crown.
const TRUNK: f32 = 0.25;
/// Where there is no crown: above everything for its lower, below everything for its upper end.
const NOWHERE: f32 = 1e9;

/// Heights that cast shadows. All fields are rows of cells from the north; heights are metres above one reference.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Where the cells lie.
    pub grid: Grid,
    /// Ground or roof.
    pub surface_height: Vec<f32>,
    /// Where one stands and looks: so much above the ground, or above the roof.
    pub eye: Vec<f32>,
    /// Lower ends of crowns; far above everything where there is none.
    pub crown_low: Vec<f32>,
    /// Upper ends of crowns; far below everything where there is none.
    pub crown_high: Vec<f32>,
    /// Whether a cell is a building.
    pub is_roof: Vec<bool>,
    /// Share of sunlight that ground or roof of each cell reflects; empty where the covers alone say.
    pub albedo: Vec<f32>,
}

impl Scene {
    /// A scene from the ground, the height of buildings above it and that of trees above it (m, 0 for none).
    ///
    /// Cells without a ground are holes in which nothing stands.
    pub fn new(grid: Grid, ground: &[f32], buildings: &[f32], trees: &[f32], eye: f32) -> Scene {
        let lowest = ground.iter().copied().filter(|z| !z.is_nan()).fold(f32::INFINITY, f32::min);
        let lowest = if lowest.is_finite() { lowest } else { 0.0 };
        let ground: Vec<f32> = ground.iter().map(|z| if z.is_nan() { lowest } else { *z }).collect();
        let at = |values: &[f32], k: usize| values.get(k).copied().filter(|value| *value > 0.0).unwrap_or(0.0);
        let surface_height: Vec<f32> = ground.iter().enumerate().map(|(k, z)| z + at(buildings, k)).collect();
        let is_roof = (0..ground.len()).map(|k| at(buildings, k) > 0.0).collect();
        let crown = |k: usize| {
            let tree = at(trees, k);
            // What does not reach over the roof is no crown.
            (ground[k] + tree > surface_height[k] && tree > 0.0).then(|| (ground[k] + TRUNK * tree, ground[k] + tree))
        };
        let crowns: Vec<(f32, f32)> = (0..ground.len()).map(|k| crown(k).unwrap_or((NOWHERE, -NOWHERE))).collect();
        Scene {
            grid,
            eye: surface_height.iter().map(|z| z + eye).collect(),
            crown_low: crowns.iter().map(|crown| crown.0).collect(),
            crown_high: crowns.iter().map(|crown| crown.1).collect(),
            surface_height,
            is_roof,
            albedo: Vec::new(),
        }
    }

    /// Share of sunlight that a cell reflects, where `usual` is that of its cover.
    pub fn albedo_of(&self, cell: usize, usual: f32) -> f32 {
        self.albedo.get(cell).copied().unwrap_or(usual)
    }

    /// Whether any tree stands in it.
    pub fn has_crowns(&self) -> bool {
        self.crown_high.iter().any(|high| *high > -NOWHERE)
    }

    /// How far the highest thing reaches above the lowest eye, m.
    pub fn relief(&self) -> f32 {
        let highest = self.surface_height.iter().chain(&self.crown_high).copied().fold(f32::MIN, f32::max);
        let lowest = self.eye.iter().copied().fold(f32::MAX, f32::min);
        (highest - lowest).max(0.0)
    }
}
