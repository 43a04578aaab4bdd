// The time step, and how much work the step's stages get. Twin: engine/src/models/runoff/cpu/clock.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(12) var<storage, read_write> groups: array<u32>;

// Three workgroup counts for each of: update, ghosts, sources.
fn dispatch(update_x: u32, update_y: u32, ghosts: u32, sources: u32) {
    groups[0] = update_x;
    groups[1] = update_y;
    groups[2] = 1u;
    groups[3] = ghosts;
    groups[4] = 1u;
    groups[5] = 1u;
    groups[6] = sources;
    groups[7] = 1u;
    groups[8] = 1u;
}

@compute @workgroup_size(1)
fn main() {
    let speed_bits = atomicLoad(&clock.speed_bits);
    if speed_bits >= 0x7f800000u {
        clock.unstable = 1u;
    }
    if clock.finished != 0u || clock.unstable != 0u {
        clock.finished = 2u;
        clock.dt = 0.0;
        dispatch(0u, 0u, 0u, 0u);
        return;
    }
    let speed = max(bitcast<f32>(speed_bits), params.source_speed);
    var dt = params.longest;
    if speed * params.longest > params.courant * params.cell {
        dt = params.courant * params.cell / speed;
    }
    let remaining = (params.length - clock.time) - clock.time_low;
    let before = clock.now_ms;
    if dt >= remaining {
        dt = remaining;
        clock.finished = 1u;
        clock.middle = params.length - 0.5 * dt;
        clock.time = params.length;
        clock.time_low = 0.0;
        clock.now_ms = params.end_ms;
    } else {
        if dt + dt > remaining {
            dt = 0.5 * remaining;
        }
        clock.middle = clock.time + 0.5 * dt;
        let sum = add(clock.time, clock.time_low, dt, params.zero);
        clock.time = sum.x;
        clock.time_low = sum.y;
        clock.now_ms = min(params.start_ms + u32(sum.x * 1000.0), params.end_ms);
    }
    clock.step_ms = clock.now_ms - before;
    clock.dt = dt;
    clock.steps += 1u;
    atomicStore(&clock.speed_bits, 0u);
    dispatch(
        (params.cols + 15u) / 16u,
        (params.rows + 15u) / 16u,
        (2u * (params.cols + params.rows) + 63u) / 64u,
        (params.sources + 63u) / 64u,
    );
}
