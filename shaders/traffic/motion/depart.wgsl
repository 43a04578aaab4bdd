// Vehicles set out where there is room, a street an invocation. Twin: `depart` in `engine/traffic/src/cpu/motion.rs`.

// A lane with so much room is empty, mm.
const EMPTY: i32 = 2147483647;
// Distance to a lane's end at which a vehicle waits there, m.
const WAITS: f32 = 15.0;
// Room that is left for it by those who set out, m.
const LEAVES: f32 = 25.0;
// Numbers of a tally.
const TALLY: u32 = 9u;

// `Moment` for those who are counted at the same time.
struct Departures {
    // Steps.
    step: u32,
    // ms.
    now: u32,
    // Vehicles on the lanes.
    vehicles: u32,
    // Vehicles on them after this step.
    planned: atomic<u32>,
    // Vehicles that have set out.
    inserted: atomic<u32>,
    // Vehicles that have arrived.
    arrived: u32,
}

@group(0) @binding(2) var<storage, read_write> clock: Departures;
@group(0) @binding(4) var<storage, read> lanes: array<Lane>;
// Where the vehicles of each lane begin.
@group(0) @binding(6) var<storage, read> starts: array<u32>;
@group(0) @binding(7) var<storage, read> vehicles: array<Vehicle>;
@group(0) @binding(8) var<storage, read_write> planned: array<Vehicle>;
// Tallies; vehicles that will be in each lane, and the free length at its beginning.
@group(0) @binding(9) var<storage, read_write> counters: array<atomic<u32>>;
// Outcomes of trips; next trip of each source.
@group(0) @binding(10) var<storage, read_write> records: array<u32>;

fn free_in(lane: u32) -> f32 {
    let free_mm = signed(atomicLoad(&counters[offset.rooms + lane]));
    if (free_mm == EMPTY) {
        return plus(lanes[lane].length, 200.0);
    }
    return mul(0.001, f32(free_mm));
}

// Whether somebody drives into a lane who could not brake any more for one who sets out at its beginning.
fn comes_in(lane: u32, gap: f32) -> bool {
    let begin = lanes[lane].first_inward;
    for (var k = begin; k < begin + lanes[lane].inwards; k++) {
        let origin = inward_at(k);
        let first = starts[origin];
        if (first < starts[origin + 1u]) {
            let speed = vehicles[first].speed;
            let away = minus(lanes[origin].length, vehicles[first].pos);
            if (plus(mul(mul(speed, speed), 0.25), speed) > away) {
                return true;
            }
            // Who waits to drive in is the first for the room that there is.
            if (away < WAITS && gap < LEAVES) {
                return true;
            }
        }
    }
    return false;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = (group.y * 32768u + group.x) * 64u + local;
    if (id >= motion.sources) {
        return;
    }
    let source = gate_at(id);
    let now = clock.now;
    for (var n = 0u; n < source.lanes; n++) {
        let trip = records[offset.cursors + id];
        if (trip >= source.last) {
            return;
        }
        let departing = trip_at(trip);
        if (departing.depart > now) {
            return;
        }
        let kind = kind_at(departing.kind);
        let mask = route_at(departing.first) >> STREET_BITS;
        var best = NONE;
        var most = -1e9;
        for (var index = 0u; index < source.lanes; index++) {
            let lane = source.lane + index;
            if ((lanes[lane].modes & kind.modes) == 0u || lanes[lane].shut != 0u || lanes[lane].begin > 0.0) {
                continue;
            }
            let score = plus(free_in(lane), mul(10000.0, f32((mask >> index) & 1u)));
            if (score > most) {
                most = score;
                best = lane;
            }
        }
        if (best == NONE) {
            return;
        }
        let room = free_in(best);
        let pos = min(kind.length, lanes[best].length);
        let gap = minus(room, pos);
        let wish = min(kind.speed, mul(lanes[best].speed, departing.factor));
        var speed = max(min(wish, mul(minus(gap, kind.gap), inverse(kind.headway))), 0.0);
        if (departing.speed >= 0.0) {
            speed = min(departing.speed, wish);
            if (gap < plus(kind.gap, mul(mul(0.5, speed), kind.headway))) {
                return;
            }
        }
        if (gap < plus(kind.gap, 0.1) || comes_in(best, gap)) {
            return;
        }
        var vehicle: Vehicle;
        vehicle.trip = trip;
        vehicle.kind = departing.kind;
        vehicle.lane = best;
        vehicle.place = departing.first;
        vehicle.pos = pos;
        vehicle.speed = speed;
        vehicle.stop = departing.first_stop;
        vehicle.length = kind.length;
        planned[atomicAdd(&clock.planned, 1u)] = vehicle;
        atomicAdd(&clock.inserted, 1u);
        atomicAdd(&counters[offset.counts + best], 1u);
        atomicMin(&counters[offset.rooms + best], ordered(i32(mul(1000.0, minus(pos, kind.length)))));
        // The first member of `Outcome`.
        records[OUTCOME_WORDS * trip] = now + motion.step_ms + 1u;
        atomicAdd(&counters[lanes[best].tally * TALLY + 3u], 1u);
        records[offset.cursors + id] = trip + 1u;
    }
}
