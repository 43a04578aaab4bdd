// Whether a driver may go into a junction, and whom he follows or waits for across it. Twin: `engine/traffic/src/cpu/yields.rs`.

// Time that drivers leave before those who go first, s.
const BEFORE: f32 = 0.7;
// Time that they leave behind those, s.
const BEHIND: f32 = 0.3;
// Vehicles of a lane that are looked at, of those who may take the other way.
const LOOKED_AT: u32 = 4u;
// Lanes that are looked into for them.
const LOOKED_INTO: u32 = 8u;
// How far drivers look for those who come, m.
const LOOK: f32 = 70.0;
// Who is slower stands, m/s.
const STANDING: f32 = 0.5;
// Room for those who wait in the middle of a junction, m.
const WAITING: f32 = 6.0;
// Who is slower crawls, m/s.
const CRAWLING: f32 = 3.0;
// Time that drivers wait for those who crawl, ms.
const PATIENCE: u32 = 20000u;
// Who is slower makes no room, m/s.
const MOVING: f32 = 2.0;
// Who is faster makes room in time, m/s.
const FLOWING: f32 = 6.0;

// What a way across the junction asks of a driver.
struct Crossing {
    // Why he waits; 0 if he does not.
    reason: u32,
    // Distance to something that he has to follow, and its speed; none beyond 1e8.
    gap: f32,
    speed: f32,
}

// What the way of `turn`, whose beginning lies `dist` m before the driver, asks of him.
fn crossing(me: Vehicle, kind: Kind, turn: u32, last: u32, dist: f32) -> Crossing {
    let movement = turns[turn];
    var found = Crossing(0u, 1e9, 0.0);
    let limit = movement.speed;
    let is_patient = me.stood * motion.step_ms > PATIENCE;
    let is_free = shown(movement.light) == GREEN;
    for (var k = movement.first_foe; k < movement.first_foe + movement.foes; k++) {
        let foe = foe_at(k);
        let other = turns[foe.turn];
        let begin = minus(plus(dist, foe.own_begin), movement.start);
        let end = minus(plus(dist, foe.own_end), movement.start);
        let soon = travel(begin, me.speed, kind.accel, limit);
        // Into the same lane he only has to be before the others, and they follow him.
        var clear = end;
        if ((foe.bits & MERGES) != 0u) {
            clear = begin;
        }
        let late = travel(plus(clear, kind.length), me.speed, kind.accel, limit);
        // Those on the junction.
        var lane = other.to;
        for (var part = 0u; part < other.parts; part++) {
            let along = lanes[lane].along;
            for (var slot = starts[lane]; slot < starts[lane + 1u]; slot++) {
                let length = vehicles[slot].length;
                let speed = vehicles[slot].speed;
                let at = plus(along, vehicles[slot].pos);
                if (minus(at, length) > foe.other_end || vehicles[slot].trip == me.trip) {
                    continue;
                }
                let is_in = at > foe.other_begin;
                // Who waits there for others; those who have waited long go before him.
                if (!is_in && speed < STANDING) {
                    if ((foe.bits & GIVES_WAY) == 0u || is_patient) {
                        continue;
                    }
                    found.reason = YIELDS;
                    break;
                }
                if ((foe.bits & MERGES) != 0u) {
                    let gap = minus(minus(end, minus(foe.other_end, at)), length);
                    if (gap < found.gap) {
                        found.gap = gap;
                        found.speed = speed;
                    }
                    continue;
                }
                let clears = travel(minus(plus(foe.other_end, length), at), max(speed, STANDING), 1.0, other.speed);
                let reaches = travel(minus(foe.other_begin, at), speed, 1.0, other.speed);
                // Who stands there may stand for long.
                if (speed < STANDING || (soon < plus(clears, BEHIND) && plus(late, BEHIND) > reaches)) {
                    found.reason = YIELDS;
                }
            }
            lane = turns[lanes[lane].first_turn].to;
        }
        if (found.reason == YIELDS) {
            return found;
        }
        // Those who come.
        if ((foe.bits & ZIPS) != 0u) {
            let there = other.origin;
            let length = lanes[there].length;
            for (var slot = starts[there]; slot < starts[there + 1u]; slot++) {
                let theirs = plus(minus(length, vehicles[slot].pos), foe.other_end);
                if (theirs > end || (theirs == end && there > movement.origin)) {
                    break;
                }
                // Only those who go there, too.
                let place = vehicles[slot].place;
                if (vehicles[slot].trip == me.trip || place + 1u >= trip_last(vehicles[slot].trip)) {
                    continue;
                }
                if ((route_at(place + 1u) & STREET) != other.street) {
                    continue;
                }
                let gap = minus(minus(end, theirs), vehicles[slot].length);
                if (gap < found.gap) {
                    found.gap = gap;
                    found.speed = vehicles[slot].speed;
                }
            }
        }
        let is_red = shown(other.light) == RED;
        if ((foe.bits & GIVES_WAY) == 0u || is_free || is_red) {
            continue;
        }
        if (comes(me, kind, other, foe.other_begin, foe.other_end, soon, late, (foe.bits & MERGES) != 0u)) {
            found.reason = YIELDS;
            return found;
        }
    }
    if (movement.foes > 0u && is_full(me, kind, turn, last)) {
        found.reason = FULL;
    }
    return found;
}

// Whether somebody comes who would be in the way: `begin` to `end` m behind his stop line, between `soon` and `late` s from now.
fn comes(me: Vehicle, kind: Kind, other: Turn, begin: f32, end: f32, soon: f32, late: f32, merges: bool) -> bool {
    var into: array<u32, 8>;
    var offs: array<f32, 8>;
    var hops: array<u32, 8>;
    into[0] = other.origin;
    offs[0] = 0.0;
    hops[0] = 0u;
    let street = lanes[other.origin].street;
    var count = 1u;
    var next = 0u;
    while (next < count) {
        let lane = into[next];
        let off = offs[next];
        let hop = hops[next];
        next += 1u;
        let length = lanes[lane].length;
        var looked = 0u;
        for (var slot = starts[lane]; slot < starts[lane + 1u]; slot++) {
            let speed = vehicles[slot].speed;
            let away = minus(plus(off, length), vehicles[slot].pos);
            if (away > LOOK || looked == LOOKED_AT) {
                break;
            }
            // A car never comes along a way for cycles.
            if (!may_take(other, kind_modes(vehicles[slot].kind))) {
                continue;
            }
            looked += 1u;
            if (waits_for(me, kind, slot)) {
                continue;
            }
            let place = vehicles[slot].place;
            let trip = vehicles[slot].trip;
            if (place + hop + 1u >= trip_last(trip)) {
                continue;
            }
            if ((route_at(place + hop + 1u) & STREET) != other.street) {
                continue;
            }
            if (hop != 0u && (route_at(place + hop) & STREET) != street) {
                continue;
            }
            if (speed < STANDING) {
                let why = vehicles[slot].state & REASON;
                if (why == FULL || why == LIGHT || why == ASTRAY || why == HALTS) {
                    continue;
                }
                // Of those who all wait for each other the one who has waited longest goes.
                let stood = vehicles[slot].stood;
                if (why == YIELDS && (me.stood > stood || (me.stood == stood && me.trip < trip))) {
                    continue;
                }
            }
            // Who has waited long goes when those who have priority crawl.
            if (speed < CRAWLING && me.stood * motion.step_ms > PATIENCE) {
                continue;
            }
            let accel = kind_accel(vehicles[slot].kind);
            let reaches = travel(plus(away, begin), speed, accel, other.speed);
            let clears = travel(plus(plus(away, end), vehicles[slot].length), speed, accel, other.speed);
            // Who goes into the same lane behind another only follows him.
            var behind_him = plus(clears, BEHIND);
            if (merges) {
                behind_him = reaches;
            }
            if (soon < behind_him && plus(late, BEFORE) > reaches) {
                return true;
            }
        }
        let far = plus(off, length);
        // Whoever would come through his own lane waits behind him, where there is no room to pass.
        let is_closed = lane == me.lane && lanes[lane].wide == 0u;
        if (looked < LOOKED_AT && far < LOOK && !is_closed) {
            // Who is still before the lane has one more street to go.
            var more = hop;
            if (lanes[lane].street != NONE) {
                more += 1u;
            }
            if (more < 3u) {
                let begins = lanes[lane].first_inward;
                let ends = begins + lanes[lane].inwards;
                for (var k = begins; k < ends; k++) {
                    if (count < LOOKED_INTO) {
                        into[count] = inward_at(k);
                        offs[count] = far;
                        hops[count] = more;
                        count += 1u;
                    }
                }
            }
        }
    }
    return false;
}

// Whether those of some modes may take a way: it, and the lanes where it begins and ends.
fn may_take(other: Turn, modes: u32) -> bool {
    return (other.modes & lanes[other.origin].modes & lanes[other.goal].modes & modes) != 0u;
}

// Whether the vehicle in a slot cannot pass a driver before he goes on: it is his own, or one behind him in his lane. Cycles and cars
// pass each other in wide lanes.
fn waits_for(me: Vehicle, kind: Kind, slot: u32) -> bool {
    if (vehicles[slot].trip == me.trip) {
        return true;
    }
    if (vehicles[slot].lane != me.lane || vehicles[slot].pos > me.pos) {
        return false;
    }
    let theirs = kind_modes(vehicles[slot].kind);
    return lanes[me.lane].wide == 0u || (kind.modes == CYCLES) == (theirs == CYCLES);
}

// Whether a vehicle would have to stand on the junction.
fn is_full(me: Vehicle, kind: Kind, turn: u32, last: u32) -> bool {
    let want = plus(kind.length, kind.gap);
    // Those who wait in the middle stand aside, as long as they are few.
    let into = turns[turn].to;
    if (lanes[into].street == NONE && turns[lanes[into].first_turn].foes > 0u && starts[into] < starts[into + 1u]) {
        let one = starts[into + 1u] - 1u;
        let rear = minus(vehicles[one].pos, vehicles[one].length);
        if (vehicles[one].speed < STANDING && rear < minus(lanes[into].length, WAITING)) {
            return true;
        }
    }
    var room = -on_the_way(turn, true);
    // Those on the way there need room, too.
    let first_foe = turns[turn].first_foe;
    for (var k = first_foe; k < first_foe + turns[turn].foes; k++) {
        let foe = foe_at(k);
        if ((foe.bits & MERGES) != 0u) {
            room = minus(room, on_the_way(foe.turn, (foe.bits & GIVES_WAY) != 0u));
        }
    }
    var lane = turns[turn].goal;
    var place = me.place;
    for (var n = 0u; n < 6u; n++) {
        let first = starts[lane];
        let end = starts[lane + 1u];
        if (first < end) {
            let free_room = minus(plus(room, vehicles[end - 1u].pos), vehicles[end - 1u].length);
            let pace = vehicles[end - 1u].speed;
            if (pace <= MOVING || free_room >= want) {
                return free_room < want;
            }
            // Those who still move may have to stop before its end.
            var used = 0.0;
            for (var slot = first; slot < end; slot++) {
                used = plus(used, plus(vehicles[slot].length, 1.5));
            }
            return pace <= FLOWING && minus(plus(room, lanes[lane].length), used) < want;
        }
        room = plus(room, lanes[lane].length);
        if (lanes[lane].street != NONE) {
            place += 1u;
        }
        if (room >= want || place + 1u >= last) {
            return false;
        }
        let next = choose(lane, place, last, kind.modes);
        if (next == NONE) {
            return false;
        }
        lane = turns[next].to;
    }
    return false;
}

// Room that those on a way across the junction need, m; of all, or only of those who move.
fn on_the_way(turn: u32, is_all: bool) -> f32 {
    var sum = 0.0;
    var lane = turns[turn].to;
    for (var part = 0u; part < turns[turn].parts; part++) {
        for (var slot = starts[lane]; slot < starts[lane + 1u]; slot++) {
            if (is_all || vehicles[slot].speed >= STANDING) {
                sum = plus(sum, plus(vehicles[slot].length, 1.5));
            }
        }
        lane = turns[lanes[lane].first_turn].to;
    }
    return sum;
}

// What one who is on the junction has to mind: those in the same lane behind it who are before him, and those who cross his way. `turn`
// is the way by which he came into his lane, and `at` his place on the whole way.
fn inside(turn: u32, at: f32) -> Crossing {
    var found = Crossing(0u, 1e9, 0.0);
    let first_foe = turns[turn].first_foe;
    for (var k = first_foe; k < first_foe + turns[turn].foes; k++) {
        let foe = foe_at(k);
        let merges = (foe.bits & MERGES) != 0u;
        if (!merges && at >= foe.own_begin) {
            continue;
        }
        let both = foe.bits & (GIVES_WAY | IS_GIVEN_WAY);
        let goes_first = both == GIVES_WAY || ((both == 0u || both == (GIVES_WAY | IS_GIVEN_WAY)) && turn > foe.turn);
        var lane = turns[foe.turn].to;
        for (var part = 0u; part < turns[foe.turn].parts; part++) {
            let along = lanes[lane].along;
            for (var slot = starts[lane]; slot < starts[lane + 1u]; slot++) {
                let there = plus(along, vehicles[slot].pos);
                let length = vehicles[slot].length;
                let pace = vehicles[slot].speed;
                var gap = 1e9;
                var speed = 0.0;
                let waits = there <= foe.other_begin && pace < STANDING;
                // Who is on the junction passes those who wait there for others.
                if (waits) {
                    continue;
                }
                if (merges) {
                    let mine = minus(foe.own_end, at);
                    let theirs = minus(foe.other_end, there);
                    if (theirs < mine || (theirs == mine && foe.turn < turn)) {
                        gap = minus(minus(mine, theirs), length);
                        speed = pace;
                    }
                } else if (minus(there, length) < foe.other_end) {
                    let near = minus(foe.other_begin, there);
                    if (near < 0.0 || (goes_first && pace > STANDING && near < plus(mul(2.0, pace), 2.0))) {
                        gap = minus(foe.own_begin, at);
                    }
                }
                if (gap < found.gap) {
                    found.gap = gap;
                    found.speed = speed;
                }
            }
            lane = turns[lanes[lane].first_turn].to;
        }
    }
    return found;
}
