// Lights show what their programs say, and the lanes are counted anew; a program and a lane an invocation. Twin: `lights` in
// `engine/src/models/traffic/cpu/motion.rs`.

// A lane with so much room is empty, mm.
const EMPTY: i32 = 2147483647;

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(1) var<storage, read_write> clock: Moment;
@group(0) @binding(2) var<storage, read> lanes: array<Lane>;
@group(0) @binding(3) var<storage, read> programs: array<Program>;
@group(0) @binding(4) var<storage, read> phases: array<Phase>;
@group(0) @binding(5) var<storage, read> states: array<u32>;
@group(0) @binding(6) var<storage, read> heads: array<u32>;
@group(0) @binding(7) var<storage, read> starts: array<u32>;
@group(0) @binding(8) var<storage, read> vehicles: array<Vehicle>;
// Phase of each program and when it began, ms.
@group(0) @binding(9) var<storage, read_write> running: array<vec2<u32>>;
@group(0) @binding(10) var<storage, read_write> lights: array<u32>;
@group(0) @binding(11) var<storage, read_write> counts: array<u32>;
@group(0) @binding(12) var<storage, read_write> rooms: array<i32>;

// Whether somebody comes for whom a phase shows green: within 3 s or 15 m.
fn is_wanted(own: Program, begin: u32) -> bool {
    if (own.actuated == 0u) {
        return false;
    }
    for (var light = 0u; light < own.lights; light++) {
        let state = states[begin + light];
        let lane = heads[own.light + light];
        if (state < AFTER || lane == NONE) {
            continue;
        }
        let first = starts[lane];
        if (first < starts[lane + 1u]) {
            let away = lanes[lane].length - vehicles[first].pos;
            if (away < max(bitcast<f32>(bitcast<u32>(3.0 * vehicles[first].speed) ^ motion.zero), 15.0)) {
                return true;
            }
        }
    }
    return false;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = (group.y * 32768u + group.x) * 64u + local;
    if (id < motion.lanes) {
        counts[id] = 0u;
        rooms[id] = EMPTY;
    }
    if (id >= motion.programs) {
        return;
    }
    let own = programs[id];
    let now = clock.now;
    var phase = running[id].x;
    var since = running[id].y;
    if (clock.step == 0u) {
        // Where the cycle is when time begins.
        var at = (own.cycle - own.offset % own.cycle) % own.cycle;
        phase = 0u;
        while (phase + 1u < own.phases && at >= phases[own.first + phase].least) {
            at -= phases[own.first + phase].least;
            phase += 1u;
        }
        // Time before the beginning counts by wrapping round.
        since = now - at;
    }
    for (var n = 0u; n < 64u; n++) {
        let current = phases[own.first + phase];
        let passed = now - since;
        if (passed < current.least) {
            break;
        }
        if (passed < current.most && is_wanted(own, current.states)) {
            break;
        }
        // A fixed phase ends when it should have, whatever the step.
        if (current.least == current.most) {
            since += current.most;
        } else {
            since = now;
        }
        phase += 1u;
        if (phase >= own.phases) {
            phase = 0u;
        }
    }
    running[id] = vec2<u32>(phase, since);
    let begin = phases[own.first + phase].states;
    for (var light = 0u; light < own.lights; light++) {
        lights[own.light + light] = states[begin + light];
    }
}
