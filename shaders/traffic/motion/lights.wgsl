// Lights show what their programs say, and the lanes are counted anew; a program and a lane an invocation. Twin: `lights` in
// `engine/traffic/src/cpu/motion.rs`.

// A lane with so much room is empty, mm.
const EMPTY: i32 = 2147483647;

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(2) var<uniform> clock: Moment;
@group(0) @binding(4) var<storage, read> lanes: array<Lane>;
// Where the vehicles of each lane begin; what each light shows.
@group(0) @binding(6) var<storage, read_write> starts: array<u32>;
@group(0) @binding(7) var<storage, read> vehicles: array<Vehicle>;
// Vehicles that will be in each lane, and the free length at its beginning.
@group(0) @binding(9) var<storage, read_write> counters: array<u32>;
// Phase of each program and when it began, ms.
@group(0) @binding(10) var<storage, read_write> records: array<u32>;

// Whether somebody comes for whom a phase shows green: within 3 s or 15 m.
fn is_wanted(program: Program, begin: u32) -> bool {
    if (program.actuated == 0u) {
        return false;
    }
    for (var light = 0u; light < program.lights; light++) {
        let state = tables[offset.states + begin + light];
        let lane = tables[offset.heads + program.light + light];
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
        counters[offset.counts + id] = 0u;
        counters[offset.rooms + id] = ordered(EMPTY);
    }
    if (id >= motion.programs) {
        return;
    }
    let program = program_at(id);
    let now = clock.now;
    let running = offset.running + 2u * id;
    var phase = records[running];
    var since = records[running + 1u];
    if (clock.step == 0u) {
        // Where the cycle is when time begins.
        var at = (program.cycle - program.offset % program.cycle) % program.cycle;
        phase = 0u;
        while (phase + 1u < program.phases && at >= phase_at(program.first + phase).least) {
            at -= phase_at(program.first + phase).least;
            phase += 1u;
        }
        // Time before the beginning counts by wrapping round.
        since = now - at;
    }
    for (var n = 0u; n < 64u; n++) {
        let current = phase_at(program.first + phase);
        let passed = now - since;
        if (passed < current.least) {
            break;
        }
        if (passed < current.most && is_wanted(program, current.states)) {
            break;
        }
        // A fixed phase ends when it should have, whatever the step.
        if (current.least == current.most) {
            since += current.most;
        } else {
            since = now;
        }
        phase += 1u;
        if (phase >= program.phases) {
            phase = 0u;
        }
    }
    records[running] = phase;
    records[running + 1u] = since;
    let begin = phase_at(program.first + phase).states;
    for (var light = 0u; light < program.lights; light++) {
        starts[offset.lights + program.light + light] = tables[offset.states + begin + light];
    }
}
