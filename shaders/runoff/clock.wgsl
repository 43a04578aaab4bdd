// The time step, and how much work the step's stages get. Twin: engine/runoff/src/cpu/clock.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(12) var<storage, read_write> groups: array<u32>;
// Tiles in the list of each strip.
@group(0) @binding(17) var<storage, read_write> counts: array<u32>;
// Planes of `TILES_…`: the clock sets how many tiles of each strip this step computes.
@group(0) @binding(18) var<storage, read_write> tiles: array<u32>;

// Workgroups in one dimension at most: drivers do nothing, and say nothing, beyond 65 535.
const MOST_GROUPS: u32 = 32768u;

// Three workgroup counts for the ghosts and for the sources of each strip, and for the update of every strip.
fn dispatch(running: bool) {
    groups[0] = select(0u, (2u * (params.cols + params.strip_rows) + 63u) / 64u, running);
    groups[1] = 1u;
    groups[2] = 1u;
    groups[3] = select(0u, (params.sources + 63u) / 64u, running);
    groups[4] = 1u;
    groups[5] = 1u;
    for (var strip = 0u; strip < params.strips; strip += 1u) {
        let chosen = select(0u, counts[strip], running);
        let high = (chosen + MOST_GROUPS - 1u) / MOST_GROUPS;
        groups[6u + 3u * strip] = (chosen + max(high, 1u) - 1u) / max(high, 1u);
        groups[7u + 3u * strip] = high;
        groups[8u + 3u * strip] = 1u;
        if running {
            tiles[TILES_COUNT * params.tiles + strip] = chosen;
        }
        // The next step's list begins empty.
        counts[strip] = 0u;
    }
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
        dispatch(false);
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
    dispatch(true);
}
