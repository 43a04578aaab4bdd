//! Statistics of the cells of a row, and the highest wave speed. Twin: `gather` in `shaders/runoff/update.wgsl`.

use super::super::params::{Clock, DEBRIS_DEPTH, DRY, GRAVITY, NEVER, Params, SPEED_DEPTH};
use super::hllc::max;
use std::ops::Range;

/// Wave speeds whose squares lose no digits, m/s.
const SQUARED: Range<f32> = 1e-6..1e15;

/// Statistics of a stretch of cells.
pub struct Gathered<'a> {
    pub max_depth: &'a mut [f32],
    pub max_speed: &'a mut [f32],
    pub arrival: &'a mut [u32],
    pub duration: &'a mut [u32],
    pub max_hazard: &'a mut [f32],
}

/// Gathers the statistics of cells from their depth and unit discharges. Takes and returns the bits of the highest
/// wave speed so far.
///
/// Arrays in which nothing would change are not touched, or at least not written: many cells hold a film, and water
/// arrives once.
#[inline(always)]
pub fn gather(
    (params, clock): (&Params, &Clock),
    water: [&[f32]; 3],
    own: Gathered,
    squares: &mut [f32],
    highest: u32,
) -> u32 {
    let [depth, ..] = water;
    let (deepest, faster) = survey(water, limit(highest), own.max_depth, squares);
    // What is not a number counts as deep.
    let exceeds = |limit: f32| deepest.is_nan() || deepest > limit;
    if exceeds(SPEED_DEPTH) {
        rush(depth, squares, own.max_speed, own.max_hazard);
    }
    if exceeds(params.arrival_depth) && arrives(depth, params.arrival_depth, own.arrival) {
        arrive(depth, params.arrival_depth, clock.now_ms, own.arrival);
    }
    if exceeds(params.duration_depth) {
        stay(depth, params.duration_depth, clock.step_ms, own.duration);
    }
    if faster { highest.max(fastest(water)) } else { highest }
}

/// A speed a little below the highest one so far, from its bits. Waves that squares show to be within it need no
/// root: they are no faster than the highest. Negative where nothing can be said.
///
/// With the rounding error r = 2⁻²⁴ the limit is at most (1 − 7 r) of the highest speed. Let a be a velocity,
/// d = limit − a ≥ 0, and g·h ≤ d² in rounded numbers. Then the rounded root of g·h is at most (1 + 3 r) d, and its
/// rounded sum with a at most (1 + 4 r) of the limit.
#[inline(always)]
fn limit(highest: u32) -> f32 {
    let highest = f32::from_bits(highest);
    if SQUARED.contains(&highest) { highest * (1.0 - 4.0 * f32::EPSILON) } else { -1.0 }
}

/// Depths, and squares of velocities. Returns the greatest depth, and whether a wave may be faster than `limit`.
#[inline(always)]
fn survey([depth, qx, qy]: [&[f32]; 3], limit: f32, max_depth: &mut [f32], squares: &mut [f32]) -> (f32, bool) {
    let n = depth.len();
    let (qx, qy) = (&qx[..n], &qy[..n]);
    let (max_depth, squares) = (&mut max_depth[..n], &mut squares[..n]);
    let (mut deepest, mut faster) = (0u32, 0u32);
    for i in 0..n {
        let h = depth[i];
        let inverse = 1.0 / max(h, DRY);
        let (u, v) = (qx[i] * inverse, qy[i] * inverse);
        let room = limit - larger(u, v);
        let within = (room >= 0.0) & (GRAVITY * h <= room * room);
        faster |= u32::from(!within);
        // Maxima of bits let a value that is not a number come through.
        deepest = deepest.max(h.to_bits() & 0x7fff_ffff);
        squares[i] = u * u + v * v;
        max_depth[i] = max(max_depth[i], h);
    }
    (f32::from_bits(deepest), faster != 0)
}

/// The larger of two sizes, or what is not a number.
#[inline(always)]
fn larger(u: f32, v: f32) -> f32 {
    f32::from_bits((u.to_bits() & 0x7fff_ffff).max(v.to_bits() & 0x7fff_ffff))
}

/// Bits of the highest wave speed.
#[inline(always)]
fn fastest([depth, qx, qy]: [&[f32]; 3]) -> u32 {
    let n = depth.len();
    let (qx, qy) = (&qx[..n], &qy[..n]);
    let mut speed_bits = 0u32;
    for i in 0..n {
        let h = depth[i];
        let inverse = 1.0 / max(h, DRY);
        let fastest = larger(qx[i] * inverse, qy[i] * inverse) + (GRAVITY * h).sqrt();
        speed_bits = speed_bits.max(fastest.to_bits() & 0x7fff_ffff);
    }
    speed_bits
}

/// Speed and hazard, from the squares of velocities.
#[inline(always)]
fn rush(depth: &[f32], squares: &[f32], max_speed: &mut [f32], max_hazard: &mut [f32]) {
    let n = depth.len();
    let (squares, max_speed, max_hazard) = (&squares[..n], &mut max_speed[..n], &mut max_hazard[..n]);
    for i in 0..n {
        let h = depth[i];
        let speed = if h > SPEED_DEPTH { squares[i].sqrt() } else { 0.0 };
        max_speed[i] = max(max_speed[i], speed);
        let debris = if h > DEBRIS_DEPTH { 1.0 } else { 0.5 };
        let hazard = if h > SPEED_DEPTH { h * (speed + 0.5) + debris } else { 0.0 };
        max_hazard[i] = max(max_hazard[i], hazard);
    }
}

/// Whether water arrives in any cell.
#[inline(always)]
fn arrives(depth: &[f32], limit: f32, arrival: &[u32]) -> bool {
    let n = depth.len();
    let arrival = &arrival[..n];
    let mut any = 0u32;
    for i in 0..n {
        any |= u32::from((arrival[i] == NEVER) & (depth[i] > limit));
    }
    any != 0
}

#[inline(always)]
fn arrive(depth: &[f32], limit: f32, now: u32, arrival: &mut [u32]) {
    let n = depth.len();
    let arrival = &mut arrival[..n];
    for i in 0..n {
        arrival[i] = if (arrival[i] == NEVER) & (depth[i] > limit) { now } else { arrival[i] };
    }
}

#[inline(always)]
fn stay(depth: &[f32], limit: f32, step: u32, duration: &mut [u32]) {
    let n = depth.len();
    let duration = &mut duration[..n];
    for i in 0..n {
        // A check for overflow would keep the loop from becoming SIMD.
        duration[i] = duration[i].wrapping_add(if depth[i] > limit { step } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statistics of one cell.
    type Own = (f32, f32, u32, u32, f32);

    /// What a cell gathers by itself, as the shader's does; returns its wave speed.
    fn alone(params: &Params, clock: &Clock, [h, qx, qy]: [f32; 3], own: &mut Own) -> f32 {
        let inverse = 1.0 / max(h, DRY);
        let (u, v) = (qx * inverse, qy * inverse);
        let speed = if h > SPEED_DEPTH { (u * u + v * v).sqrt() } else { 0.0 };
        let debris = if h > DEBRIS_DEPTH { 1.0 } else { 0.5 };
        let hazard = if h > SPEED_DEPTH { h * (speed + 0.5) + debris } else { 0.0 };
        own.0 = max(own.0, h);
        own.1 = max(own.1, speed);
        own.2 = if own.2 == NEVER && h > params.arrival_depth { clock.now_ms } else { own.2 };
        own.3 += if h > params.duration_depth { clock.step_ms } else { 0 };
        own.4 = max(own.4, hazard);
        larger(u, v) + (GRAVITY * h).sqrt()
    }

    /// Numbers from 0 to 1, the same in each run.
    struct Dice(u32);

    impl Dice {
        fn next(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) as f32 / (1 << 24) as f32
        }
    }

    #[test]
    fn rows_gather_what_cells_do() {
        const N: usize = 45;
        let mut dice = Dice(7);
        for (arrival_depth, duration_depth) in [(0.05, 0.02), (0.0, 0.3), (0.005, 0.0)] {
            let params = Params { arrival_depth, duration_depth, ..Params::default() };
            let mut own: Vec<Own> = vec![(0.0, 0.0, NEVER, 0, 0.0); N];
            let (mut max_depth, mut max_speed, mut max_hazard) = (vec![0.0; N], vec![0.0; N], vec![0.0; N]);
            let (mut arrival, mut duration, mut squares) = (vec![NEVER; N], vec![0; N], vec![0.0; N]);
            let (mut highest, mut expected) = (0, 0);
            for step in 0..400u32 {
                let clock = Clock { now_ms: 50 * step + 50, step_ms: 50, ..Clock::default() };
                // Dry rows, films, floods, and at last what is not a number.
                let deep = [0.0, 1e-8, 0.004, 0.02, 0.4, 3.0][step as usize % 6];
                let mut depth: Vec<f32> = (0..N).map(|_| deep * dice.next()).collect();
                let q: [Vec<f32>; 2] = [0, 1].map(|_| depth.iter().map(|h| h * (4.0 * dice.next() - 2.0)).collect());
                if step == 399 {
                    depth[N / 2] = f32::NAN;
                }
                let mut speed = 0;
                for (i, own) in own.iter_mut().enumerate() {
                    speed =
                        speed.max(alone(&params, &clock, [depth[i], q[0][i], q[1][i]], own).to_bits() & 0x7fff_ffff);
                }
                expected = speed.max(if step.is_multiple_of(50) { 0 } else { expected });
                highest = gather(
                    (&params, &clock),
                    [&depth, &q[0], &q[1]],
                    Gathered {
                        max_depth: &mut max_depth,
                        max_speed: &mut max_speed,
                        arrival: &mut arrival,
                        duration: &mut duration,
                        max_hazard: &mut max_hazard,
                    },
                    &mut squares,
                    if step.is_multiple_of(50) { 0 } else { highest },
                );
                assert_eq!(highest, expected, "step {step}");
                for (i, own) in own.iter().enumerate() {
                    let bits = |own: Own| (own.0.to_bits(), own.1.to_bits(), own.2, own.3, own.4.to_bits());
                    let row = (max_depth[i], max_speed[i], arrival[i], duration[i], max_hazard[i]);
                    assert_eq!(bits(row), bits(*own), "step {step}, cell {i}");
                }
            }
            assert!(f32::from_bits(highest).is_nan() && own.iter().any(|own| own.4 > 1.5));
        }
    }

    #[test]
    fn no_wave_that_is_faster_is_missed() {
        let (mut dice, mut spared) = (Dice(3), 0);
        for k in 0..200_000 {
            // Speeds of all sizes; from nothing but depth to hardly any.
            let size = 10f32.powi(k % 60 - 40);
            let depth = [size * size * dice.next()];
            let q = [depth[0] * size * dice.next() * [0.0, 1.0, 30.0][k as usize % 3]];
            let water: [&[f32]; 3] = [&depth, &q, &[0.0]];
            let speed = fastest(water);
            for highest in [speed.saturating_sub(1), speed, speed + 16] {
                let (_, faster) = survey(water, limit(highest), &mut [0.0], &mut [0.0]);
                assert!(faster || highest >= speed, "{water:?}, {}", f32::from_bits(highest));
                spared += u32::from(!faster);
            }
        }
        assert!(spared > 30_000, "{spared}");
    }
}
