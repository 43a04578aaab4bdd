// What a driver sees of the lanes ahead. Twin: `engine/traffic/src/cpu/sight.rs`.

// Length of a lane in which drivers may count on changing it, m.
const TO_CHANGE: f32 = 40.0;

@group(0) @binding(2) var<uniform> clock: Moment;
@group(0) @binding(4) var<storage, read> lanes: array<Lane>;
@group(0) @binding(5) var<storage, read> turns: array<Turn>;
// Where the vehicles of each lane begin, the one in front first, and the end; behind them what each light shows.
@group(0) @binding(6) var<storage, read> starts: array<u32>;
@group(0) @binding(7) var<storage, read> vehicles: array<Vehicle>;

// What a light shows; `NONE` without one.
fn shown(light: u32) -> u32 {
    if (light == NONE) {
        return NONE;
    }
    return starts[offset.lights + light];
}

// Free length at the beginning of a lane, m: to the rear of the last vehicle, which may be below 0.
fn room_in(lane: u32) -> f32 {
    let first = starts[lane];
    let end = starts[lane + 1u];
    if (first == end) {
        return lanes[lane].length;
    }
    return minus(vehicles[end - 1u].pos, vehicles[end - 1u].length);
}

// The way that a vehicle takes out of a lane: on a street the one that its route wants, into the lane that leads on and has most room;
// `NONE` where there is none.
fn choose(lane: u32, place: u32, last: u32, modes: u32) -> u32 {
    if (lanes[lane].street == NONE) {
        return lanes[lane].first_turn;
    }
    if (place + 1u >= last) {
        return NONE;
    }
    let want = route_at(place + 1u);
    var best = NONE;
    var most = -1e9;
    let first = lanes[lane].first_turn;
    let end = first + lanes[lane].turns;
    for (var turn = first; turn < end; turn++) {
        if (turns[turn].street != (want & STREET) || (turns[turn].modes & modes) == 0u) {
            continue;
        }
        let goal = turns[turn].goal;
        if ((lanes[goal].modes & modes) == 0u || lanes[goal].shut != 0u) {
            continue;
        }
        let leads = ((want >> STREET_BITS) >> lanes[goal].index) & 1u;
        // No room there to change to a lane that leads on.
        if (leads == 0u && lanes[goal].length < TO_CHANGE) {
            continue;
        }
        let room = plus(room_in(goal), mul(100000.0, f32(leads)));
        if (room > most) {
            most = room;
            best = turn;
        }
    }
    return best;
}

// The lanes of its street that a vehicle wants to be in, as bits: that of its next stop, or else those that lead on.
fn good(me: Vehicle, last_stop: u32) -> u32 {
    if (me.stop < last_stop) {
        let stop = stop_at(me.stop);
        if (lanes[stop.lane].street == lanes[me.lane].street && me.pos <= plus(stop.at, 1.0)) {
            return 1u << lanes[stop.lane].index;
        }
    }
    return route_at(me.place) >> STREET_BITS;
}

// Whether a lane leads to the street that is next on a route.
fn leads_on(lane: u32, place: u32, last: u32, modes: u32) -> bool {
    if (place + 1u >= last) {
        return true;
    }
    return choose(lane, place, last, modes) != NONE;
}

// The first vehicle of a lane that is not before a place: a slot between the lane's first and end.
fn behind(lane: u32, pos: f32) -> u32 {
    var low = starts[lane];
    var high = starts[lane + 1u];
    while (low < high) {
        let middle = (low + high) / 2u;
        if (vehicles[middle].pos > pos) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}
