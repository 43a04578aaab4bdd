//! What leaves, moss and soil take of a cell's water in a step. Twin: `shaders/runoff/soil.wgsl`.
//!
//! Green & Ampt (1911) in the form of Mein & Larson (1973) without the depth of ponding: K t = F − S ln(1 + F/S), with the
//! hydraulic conductivity K, what has sunk in F, and S the suction head at the wetting front times the moisture deficit. A step is
//! solved from where it begins, so that its length does not matter. Horton (1940): f = fc + (f0 − fc) exp(−k t).

use super::super::params::{Clock, Params, SOIL_HORTON};
use super::hllc::{max, min};

/// Up to here a few terms of the series of x − ln(1 + x) do.
const SMALL: f32 = 0.1;
/// Up to here one step of Newton and four terms do.
const TINY: f32 = 0.005;
/// Keeps quotients of nothing by nothing from being no number.
const LEAST: f32 = 1e-30;

/// x − ln(1 + x), without the loss of digits where x is small.
#[inline(always)]
fn bend(x: f32) -> f32 {
    if x < SMALL {
        x * x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * (0.2 - x * (1.0 / 6.0 - x / 7.0)))))
    } else {
        x - (1.0 + x).ln()
    }
}

/// What soil that has taken so much can take more while so much would pass through it saturated, m.
#[inline(always)]
fn green_ampt(passes: f32, store: f32, taken: f32) -> f32 {
    if passes <= 0.0 || store <= 0.0 {
        return max(passes, 0.0);
    }
    let all = taken + store;
    // Where the logarithm is cut after its second term; a little too small.
    let mut more = 2.0 * passes * all / (taken + (taken * taken + 2.0 * store * passes).sqrt());
    for _ in 0..3 {
        let miss = more * taken / all - passes + store * bend(more / all);
        more = max(more - miss * (all + more) / (taken + more), 0.0);
    }
    more
}

/// What is taken of a depth: first what is held on leaves and in hollows too small to see, then what sinks in. `soil` is S (m), or
/// what Horton's rate exceeds its last one by at the start (m/s), and what can be held (m).
#[inline(always)]
pub fn soak(params: &Params, clock: &Clock, capacity: f32, soil: [f32; 2], taken: f32, depth: f32) -> f32 {
    let held = min(max(soil[1] - taken, 0.0), depth);
    let rest = depth - held;
    let sinks = if params.soil == SOIL_HORTON {
        let middle = clock.now_ms as f32 * 1e-3 - 0.5 * clock.dt;
        (capacity + soil[0] * (-params.decay * middle).exp()) * clock.dt
    } else {
        green_ampt(capacity * clock.dt, soil[0], max(taken + held - soil[1], 0.0))
    };
    held + min(sinks, rest)
}

/// [`soak`] of a row of cells, in a loop that becomes SIMD: few wet cells are so dry below that their logarithm must be taken.
#[inline(always)]
pub fn soak_row(
    (params, clock): (&Params, &Clock),
    capacity: &[f32],
    [first, holds]: [&[f32]; 2],
    taken: &[f32],
    depth: &[f32],
    sunk: &mut [f32],
) {
    let n = sunk.len();
    let (capacity, first, holds) = (&capacity[..n], &first[..n], &holds[..n]);
    let (taken, depth) = (&taken[..n], &depth[..n]);
    let dt = clock.dt;
    if params.soil == SOIL_HORTON {
        let middle = clock.now_ms as f32 * 1e-3 - 0.5 * dt;
        let faded = (-params.decay * middle).exp();
        for i in 0..n {
            let held = min(max(holds[i] - taken[i], 0.0), depth[i]);
            sunk[i] = held + min((capacity[i] + first[i] * faded) * dt, depth[i] - held);
        }
        return;
    }
    let mut steep = 0;
    for i in 0..n {
        let held = min(max(holds[i] - taken[i], 0.0), depth[i]);
        let (passes, store) = (max(capacity[i] * dt, 0.0), first[i]);
        let before = max(taken[i] + held - holds[i], 0.0);
        // As in `green_ampt`, for numbers so small that the series does.
        let all = max(before + store, LEAST);
        let inverse = 1.0 / all;
        let mut more = 2.0 * passes * all / max(before + (before * before + 2.0 * store * passes).sqrt(), LEAST);
        let is_soil = (store > 0.0) & (passes > 0.0);
        let x = more * inverse;
        steep |= u32::from(is_soil & (x > TINY) & (depth[i] > held));
        let series = x * x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * 0.2)));
        let miss = x * before - passes + store * series;
        more = max(more - miss * (all + more) / max(before + more, LEAST), 0.0);
        sunk[i] = held + min(if is_soil { more } else { passes }, depth[i] - held);
    }
    if steep != 0 {
        for i in 0..n {
            let held = min(max(holds[i] - taken[i], 0.0), depth[i]);
            let before = max(taken[i] + held - holds[i], 0.0);
            let (passes, all) = (capacity[i] * dt, before + first[i]);
            let more = 2.0 * passes * all / (before + (before * before + 2.0 * first[i] * passes).sqrt());
            if more > TINY * all {
                sunk[i] = soak(params, clock, capacity[i], [first[i], holds[i]], taken[i], depth[i]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::params::SOIL_GREEN_AMPT;
    use super::*;

    /// The closed form in f64, by bisection.
    fn exact(passes: f64, store: f64) -> f64 {
        let (mut low, mut high) = (passes, passes + 10.0 * store + 1.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            let reached = middle - store * (middle / store).ln_1p();
            if reached < passes { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn steps_of_any_length_follow_the_closed_form() {
        let (conductivity, store) = (10.9e-3 / 3600.0, 0.110 * 0.30);
        for dt in [0.05, 1.0, 60.0, 600.0] {
            let (mut taken, mut low) = (0.0f32, 0.0f32);
            let mut time = 0.0f64;
            while time < 3599.9 {
                let more = green_ampt(conductivity as f32 * dt, store as f32, taken) + low;
                let sum = taken + more;
                low = more - (sum - taken);
                taken = sum;
                time += f64::from(dt);
                let expected = exact(
                    f64::from(conductivity as f32 * dt) * (time / f64::from(dt)).round(),
                    f64::from(store as f32),
                );
                assert!((f64::from(taken) / expected - 1.0).abs() < 1e-5, "dt {dt}, {time} s: {taken} {expected}");
            }
        }
    }

    #[test]
    fn without_suction_it_is_the_conductivity_and_without_that_nothing() {
        assert_eq!((green_ampt(1e-6, 0.0, 0.3), green_ampt(0.0, 0.1, 0.0)), (1e-6, 0.0));
        // Deep wet soil is the same.
        assert!((green_ampt(1e-6, 0.03, 1e4) / 1e-6 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn rows_take_what_cells_take() {
        for kind in [SOIL_GREEN_AMPT, SOIL_HORTON] {
            let params = Params { soil: kind, decay: 1e-3, ..Params::default() };
            for dt in [0.01, 0.3, 20.0] {
                let clock = Clock { dt, now_ms: 60_000, ..Clock::default() };
                // Every mixture of nothing, little and much.
                let mut cells = Vec::new();
                for capacity in [0.0, 3e-7, 1e-4f32] {
                    for first in if kind == SOIL_HORTON { [0.0, 1e-6, 1e-4] } else { [0.0, 1e-4, 0.1f32] } {
                        for holds in [0.0, 2e-3f32] {
                            for taken in [0.0, 1e-9, 1e-3, 0.1f32] {
                                cells.extend([0.0, 1e-6, 1.0f32].map(|depth| (capacity, first, holds, taken, depth)));
                            }
                        }
                    }
                }
                let column = |pick: fn(&(f32, f32, f32, f32, f32)) -> f32| cells.iter().map(pick).collect::<Vec<f32>>();
                let (capacity, first, holds) = (column(|c| c.0), column(|c| c.1), column(|c| c.2));
                let (taken, depth) = (column(|c| c.3), column(|c| c.4));
                let mut sunk = vec![0.0; cells.len()];
                soak_row((&params, &clock), &capacity, [&first, &holds], &taken, &depth, &mut sunk);
                for (i, sunk) in sunk.iter().enumerate() {
                    let expected = soak(&params, &clock, capacity[i], [first[i], holds[i]], taken[i], depth[i]);
                    assert!((sunk - expected).abs() <= 2e-6 * expected, "{:?}, {dt} s: {sunk} {expected}", cells[i]);
                }
            }
        }
    }

    #[test]
    fn leaves_and_hollows_come_first() {
        let (params, clock) = (Params::default(), Clock { dt: 1.0, ..Clock::default() });
        let soak = |taken: f32, depth: f32| soak(&params, &clock, 1e-3, [0.0, 5e-3], taken, depth);
        for (taken, depth, expected) in
            [(0.0, 2e-3, 2e-3), (2e-3, 1.0, 3e-3 + 1e-3), (5e-3, 5e-4, 5e-4), (5e-3, 1.0, 1e-3), (5e-3, 0.0, 0.0)]
        {
            assert!((soak(taken, depth) - expected).abs() < 1e-9, "{taken}, {depth}: {}", soak(taken, depth));
        }
    }
}
