//! The time step. Twin: `shaders/runoff/clock.wgsl`.

use super::super::params::{Clock, Params};

/// Starts the next step: chooses its length from the highest wave speed of the last one, and lets the last step of
/// the interval end on its end exactly. Sets `finished` to 1 in the last step and to 2 after it.
pub fn clock(params: &Params, clock: &mut Clock) {
    if clock.speed_bits >= 0x7f80_0000 {
        clock.unstable = 1;
    }
    if clock.finished != 0 || clock.unstable != 0 {
        clock.finished = 2;
        clock.dt = 0.0;
        return;
    }
    let speed = f32::from_bits(clock.speed_bits).max(params.source_speed);
    let mut dt = params.longest;
    if speed * params.longest > params.courant * params.cell {
        dt = params.courant * params.cell / speed;
    }
    let remaining = (params.length - clock.time) - clock.time_low;
    let before = clock.now_ms;
    if dt >= remaining {
        dt = remaining;
        clock.finished = 1;
        clock.middle = params.length - 0.5 * dt;
        clock.time = params.length;
        clock.time_low = 0.0;
        clock.now_ms = params.end_ms;
    } else {
        if dt + dt > remaining {
            dt = 0.5 * remaining;
        }
        clock.middle = clock.time + 0.5 * dt;
        let change = dt + clock.time_low;
        let sum = clock.time + change;
        clock.time_low = change - (sum - clock.time);
        clock.time = sum;
        clock.now_ms = (params.start_ms + (sum * 1000.0) as u32).min(params.end_ms);
    }
    clock.step_ms = clock.now_ms - before;
    clock.dt = dt;
    clock.steps += 1;
    clock.speed_bits = 0;
}
