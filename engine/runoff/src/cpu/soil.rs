//! What leaves, moss and soil take of a cell's water in a step. Twin: `shaders/runoff/soil.wgsl`.
//!
//! Green & Ampt (1911) in the form of Mein & Larson (1973) without the depth of ponding: K t = F − S ln(1 + F/S), with the
//! hydraulic conductivity K, what has sunk in F, and S the suction head at the wetting front times the moisture deficit. A step is
//! solved from where it begins, so that its length does not matter. Horton (1940): f = fc + (f0 − fc) exp(−k t), where t is not the
//! time of the clock but that after which so much has sunk in as has, as in SWMM (Rossman and Huber 2016, section 4.2).

use super::super::params::{Clock, Params, SOIL_HORTON};
use super::hllc::{max, min};

/// Up to here a few terms of the series of x − ln(1 + x) do.
const SMALL: f32 = 0.1;
/// Up to here one step of Newton and four terms do.
const TINY: f32 = 0.005;
/// Keeps quotients of nothing by nothing from being no number.
const LEAST: f32 = 1e-30;
/// Share of Horton's excess below which the last rate does not count while the excess is there.
const NO_LAST_RATE: f32 = 1e-6;
/// Where the excess is below exp of this times the last rate it is gone.
const GONE: f32 = -20.0;

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

/// Mean of exp(−x s) over s from 0 to 1: how much of its value at the start a rate has in a step in which it decays by x.
#[inline(always)]
fn mean_decay(x: f32) -> f32 {
    if x < SMALL { 1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0))) } else { (1.0 - (-x).exp()) / x }
}

/// What is left at least of Horton's excess over the last rate where so much has sunk in, m/s: all that sank in has worn it.
#[inline(always)]
fn worn(decay: f32, excess: f32, taken: f32) -> f32 {
    max(excess - decay * taken, 0.0)
}

/// What Horton's soil can take in a step, m, where so much has sunk in.
///
/// F = (fc u + E (1 − exp(−u))) / k with the excess E and u = k t is solved for the excess that is left, E exp(−u) = fc y:
/// y + ln y = (E − k F) / fc + ln(E / fc), by Newton's method.
#[inline(always)]
fn horton(decay: f32, dt: f32, last: f32, excess: f32, taken: f32) -> f32 {
    let mut left = worn(decay, excess, taken);
    if last > NO_LAST_RATE * excess && excess > 0.0 {
        let sum = (excess - decay * taken) / last + (excess / last).ln();
        if sum > GONE {
            let mut y = if sum > 1.0 { sum - sum.ln() } else { sum.exp() / (1.0 + sum.exp()) };
            for _ in 0..3 {
                y = y * (1.0 + sum - y.ln()) / (1.0 + y);
            }
            left = max(last * y, left);
        }
    }
    (last + left * mean_decay(decay * dt)) * dt
}

/// What is taken of a depth: first what is held on leaves and in hollows too small to see, then what sinks in. `soil` is S (m), or
/// what Horton's rate exceeds its last one by at the start (m/s), and what can be held (m).
#[inline(always)]
pub fn soak(params: &Params, clock: &Clock, capacity: f32, soil: [f32; 2], taken: f32, depth: f32) -> f32 {
    let held = min(max(soil[1] - taken, 0.0), depth);
    let rest = depth - held;
    let before = max(taken + held - soil[1], 0.0);
    let sinks = if params.soil == SOIL_HORTON {
        horton(params.decay, clock.dt, capacity, soil[0], before)
    } else {
        green_ampt(capacity * clock.dt, soil[0], before)
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
        let mean = mean_decay(params.decay * dt);
        let mut ponded = 0;
        for i in 0..n {
            let held = min(max(holds[i] - taken[i], 0.0), depth[i]);
            let before = max(taken[i] + held - holds[i], 0.0);
            // Films that the soil takes whole need no logarithm.
            let least = (capacity[i] + worn(params.decay, first[i], before) * mean) * dt;
            ponded |= u32::from((depth[i] - held > least) & (first[i] > 0.0));
            sunk[i] = held + min(least, depth[i] - held);
        }
        if ponded != 0 {
            for i in 0..n {
                if sunk[i] < depth[i] && first[i] > 0.0 {
                    sunk[i] = soak(params, clock, capacity[i], [first[i], holds[i]], taken[i], depth[i]);
                }
            }
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
    fn horton_follows_its_integral_in_steps_of_any_length() {
        let (last, excess, decay) = (3e-3 / 3600.0f64, 57e-3 / 3600.0, 4.0 / 3600.0);
        // Soils that end at much, at little and at nothing.
        for last in [last, 20.0 * last, 1e-3 * last, 1e-9 * last, 0.0] {
            for dt in [0.05, 1.0, 60.0, 600.0] {
                let (mut taken, mut low) = (0.0f32, 0.0f32);
                for step in 1..=(7200.0 / dt) as usize {
                    let more = horton(decay as f32, dt as f32, last as f32, excess as f32, taken) + low;
                    let sum = taken + more;
                    low = more - (sum - taken);
                    taken = sum;
                    let time = step as f64 * dt;
                    let expected = last * time + excess / decay * -(-decay * time).exp_m1();
                    assert!((f64::from(taken) / expected - 1.0).abs() < 1e-5, "{last} {dt} {time}: {taken} {expected}");
                }
            }
        }
    }

    #[test]
    fn horton_decays_by_what_sank_in_and_not_by_the_clock() {
        let params = Params { soil: SOIL_HORTON, decay: 4.0 / 3600.0, ..Params::default() };
        let soak = |now_ms: u32, taken: f32, depth: f32| {
            let clock = Clock { dt: 1.0, now_ms, ..Clock::default() };
            soak(&params, &clock, 8e-7, [1.6e-5, 0.0], taken, depth)
        };
        assert_eq!(soak(1000, 0.0, 1.0), soak(3_600_000, 0.0, 1.0));
        assert!((soak(0, 0.0, 1.0) - 1.68e-5).abs() < 1e-7);
        // Rain that is weaker than the rate wears it by what it brings.
        assert!(soak(0, 5e-3, 1.0) < soak(0, 1e-3, 1.0) && soak(0, 10.0, 1.0) == 8e-7);
        assert_eq!(soak(0, 0.0, 1e-6), 1e-6);
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
