//! Heights of the ground and stages of the water, m NAP.

use super::curves::{mix, noise, ramp};
use super::plan::{Measures, Plan};
use glam::DVec2;

/// Stage of river, moat, harbour and canals.
pub(super) const STAGE: f64 = -0.2;
/// Stage of the ditches in the polder.
pub(super) const POLDER_STAGE: f64 = -1.25;
/// Crest of the dikes.
pub(super) const CREST: f64 = 4.2;
/// Lowest ground outside the polder.
const LOWEST: f64 = 0.35;

/// How much of the cover-sand ridge in the east a point has, 0..1.
pub(super) fn ridge(seed: u64, measures: &Measures, p: DVec2) -> f64 {
    let rim = measures.rings[measures.rings.len() - 2];
    let middle = measures.rings[1] + 0.35 * (rim - measures.rings[1]);
    let across = (measures.rays[5].dot(p) - middle + 150.0 * noise(seed, 50, p, 900.0)) / 200.0;
    let fall = 1.0 + across * across;
    (0.6 + 0.5 * noise(seed, 51, p, 520.0)).clamp(0.1, 1.0) / (fall * fall)
}

/// How far a point lies in the polder, 0..1: beyond the river, and here and there outside the town.
fn polder(plan: &Plan, p: DVec2) -> f64 {
    let measures = &plan.measures;
    let (to_river, [_, far]) = measures.river;
    let rim = measures.rings[measures.rings.len() - 2];
    let over = ramp(to_river.dot(p), far + 20.0, far + 90.0);
    let outside = ramp(p.length(), 1.06 * rim + 220.0, 1.06 * rim + 520.0);
    let low = ramp(noise(plan.seed, 52, p, 1700.0), -0.15, 0.2);
    over.max(outside * low * (1.0 - ramp(ridge(plan.seed, measures, p), 0.02, 0.1)))
}

/// Height of the ground before anything was dug or raised.
pub(super) fn natural(plan: &Plan, p: DVec2) -> f64 {
    let seed = plan.seed;
    let fine = 0.05 * noise(seed, 55, p, 45.0);
    let sand = 1.2 + 0.45 * noise(seed, 53, p, 900.0) + 0.2 * noise(seed, 54, p, 230.0);
    let mound = 0.9 * (1.0 - ramp(p.length(), 0.6 * plan.measures.gon, plan.measures.rings[0]));
    let high = (sand + mound + 5.6 * ridge(seed, &plan.measures, p)).max(LOWEST);
    mix(high, -0.85 + 0.1 * noise(seed, 54, p, 230.0), polder(plan, p)) + fine
}

/// Depth that a street dips to pass under the railway, by its distance from the rails, m.
pub(super) fn dip(from_rail: f64) -> f64 {
    1.4 * (1.0 - ramp(from_rail, 9.0, 60.0))
}
