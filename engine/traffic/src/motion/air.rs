//! What stands along streets, for exhaust and noise.

use super::super::spec::MotionSpec;
use super::super::srm1::StreetType;
use glam::DVec2;
use hanze_base::grid::Grid;
use hanze_city::City;

/// A building is as high at least, m.
const BUILDING: f32 = 2.5;
/// How far from a road buildings make it a street, m.
const FACADE: f64 = 30.0;
/// Distance between two looks to the sides of a road, m.
const EVERY: f64 = 10.0;

/// What becomes of exhaust and noise besides traffic.
pub(super) struct Air {
    grid: Grid,
    buildings: Option<Vec<f32>>,
    canopy: Option<Vec<f32>>,
    pub wind: f64,
    pub ozone: f64,
    pub direct: f64,
    pub surface: String,
}

impl Air {
    pub fn new(city: &City, spec: &MotionSpec) -> Air {
        Air {
            grid: city.grid,
            buildings: city.buildings.as_ref().map(|raster| raster.values.clone()),
            canopy: city.canopy.as_ref().map(|raster| raster.values.clone()),
            wind: spec.wind_m_per_s,
            ozone: spec.ozone_ug_per_m3,
            direct: spec.no2_share,
            surface: spec.surface.clone(),
        }
    }

    fn value(&self, of: &Option<Vec<f32>>, at: DVec2) -> f32 {
        let cell = self.grid.cell_at(at.x, at.y);
        let there = of.as_ref().zip(cell).map(|(values, (col, row))| values[row * self.grid.cols + col]);
        there.filter(|value| value.is_finite()).unwrap_or(0.0)
    }

    /// What stands along a line: its type, and the factor of its trees.
    pub fn street(&self, line: &[DVec2]) -> (StreetType, f64) {
        let (mut looks, mut sides, mut trees, mut high, mut wide) = (0.0, [0.0f64; 2], [0.0f64; 2], 0.0, 0.0);
        for ends in line.windows(2) {
            let length = ends[0].distance(ends[1]);
            let along = (ends[1] - ends[0]).normalize_or_zero();
            for k in 0..(length / EVERY).ceil() as usize {
                let at = ends[0].lerp(ends[1], ((k as f64 + 0.5) * EVERY / length).min(1.0));
                looks += 1.0;
                for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                    let out = sign * along.perp();
                    let mut metres = 3.0;
                    while metres <= FACADE {
                        let height = self.value(&self.buildings, at + metres * out);
                        if height >= BUILDING {
                            sides[side] += 1.0;
                            high += f64::from(height);
                            wide += metres;
                            break;
                        }
                        metres += 2.0;
                    }
                    let near = [4.0, 7.0, 10.0].iter().any(|off| self.value(&self.canopy, at + *off * out) >= 3.0);
                    trees[side] += f64::from(u8::from(near));
                }
            }
        }
        let share = |of: f64| of / f64::max(looks, 1.0);
        let (left, right) = (share(sides[0]), share(sides[1]));
        let kind = match (left.min(right), left.max(right)) {
            (least, _) if least > 0.6 => {
                // From front to front is twice the way to one; narrow where they are nearer than they are high.
                if 2.0 * wide < 1.5 * high { StreetType::NarrowCanyon } else { StreetType::WideCanyon }
            }
            (least, most) if most > 0.6 && least < 0.3 => StreetType::OneSided,
            _ => StreetType::Open,
        };
        // Crowns that nearly close, trees in a row, or none (the regulation's three classes).
        let factor = match share(trees[0]).min(share(trees[1])) {
            both if both > 0.6 => 1.5,
            _ if share(trees[0]).max(share(trees[1])) > 0.35 => 1.25,
            _ => 1.0,
        };
        (kind, factor)
    }
}
