// What every vehicle does next, from what all did last, one vehicle an invocation. Twin: `engine/traffic/src/cpu/decide.rs`.

// Who is slower queues, m/s.
const QUEUED: f32 = 1.4;
// Who is faster belongs to no queue, and who is slower to one that flows off, m/s.
const CREEPS: f32 = 6.0;
// Distance to the stop line, or to the one before, within which a vehicle joins a queue, m.
const JOINS: f32 = 20.0;
// Braking with which drivers still stop for lights, m/s².
const FIRM: f32 = 4.0;
// Lanes that a driver looks ahead.
const AHEAD: u32 = 8u;
// Braking that a driver who changes lanes of his own will asks of those behind, m/s².
const SAFE: f32 = 2.0;
// The same of one who must change lanes, m/s².
const URGENT: f32 = 4.0;
// Braking for who wants to come into the lane, m/s².
const KIND: f32 = 1.5;
// Who stops at a line is so far before it at least, m.
const ON_LINE: f32 = 0.01;
// Least distance between those who change lanes and others, m.
const APART: f32 = 0.2;
// Vehicles beside whom a driver looks for who wants to come in.
const BESIDE: u32 = 4u;
// Who is slower squeezes in, m/s.
const SLOW: f32 = 2.0;
// Room that must be left for him to come in, m.
const LET_IN: f32 = 1.3;
// Distance to the end of the lane in which a driver asks to be let in, m.
const ASKS: f32 = 100.0;
// Distance behind the beginning of a lane at which those wait who find it full, m.
const MOUTH: f32 = 1.0;
// Room before the end of the lane at which those who want to the right wait, so that none block each other, m.
const STAGGER: f32 = 15.0;
// Numbers of a tally.
const TALLY: u32 = 9u;
// Substances that are counted.
const SUBSTANCES: u32 = 3u;

@group(0) @binding(8) var<storage, read_write> planned: array<Vehicle>;
// Tallies; vehicles that will be in each lane, and the free length at its beginning.
@group(0) @binding(9) var<storage, read_write> counters: array<atomic<u32>>;
// Outcomes of trips; when the next vehicle may leave each lane, ms.
@group(0) @binding(10) var<storage, read_write> records: array<u32>;

// What a driver finds before him: acceleration, how far he can go, his speed by Newell's rule, and why.
struct Bounds {
    accel: f32,
    room: f32,
    newell: f32,
    reason: u32,
}

var<private> bounds: Bounds;

// Something at a distance that moves.
fn mind(me: Vehicle, kind: Kind, open: f32, gap: f32, speed: f32, reason: u32) {
    let accel = minus(open, pressed(kind, me.speed, gap, minus(me.speed, speed)));
    if (accel < bounds.accel) {
        bounds.accel = accel;
        bounds.reason = reason;
    }
    bounds.newell = min(bounds.newell, mul(minus(gap, kind.gap), inverse(kind.headway)));
    bounds.room = min(bounds.room, gap);
}

// A line at which he stops.
fn halt(me: Vehicle, kind: Kind, open: f32, dist: f32, reason: u32) {
    let gap = minus(plus(dist, kind.gap), BEFORE_LINE);
    let accel = minus(open, pressed(kind, me.speed, gap, me.speed));
    if (accel < bounds.accel) {
        bounds.accel = accel;
    }
    bounds.reason = reason;
    bounds.newell = min(bounds.newell, mul(minus(dist, ON_LINE), inverse(kind.headway)));
    bounds.room = min(bounds.room, minus(dist, ON_LINE));
}

// Length of the queue at the end of a lane, m: from the stop line to the rear of the last vehicle that stands or crawls, where all between
// are close behind each other; 0 without one.
fn queue(lane: u32) -> f32 {
    let length = lanes[lane].length;
    var rear = length;
    var back = 0.0;
    for (var slot = starts[lane]; slot < starts[lane + 1u]; slot++) {
        let pos = vehicles[slot].pos;
        let speed = vehicles[slot].speed;
        if (minus(rear, pos) > JOINS || speed > CREEPS) {
            break;
        }
        rear = min(rear, minus(pos, vehicles[slot].length));
        if (speed < QUEUED && (vehicles[slot].state & REASON) != FREE) {
            back = minus(length, rear);
        }
    }
    return back;
}

// Whether the vehicle in a slot rides beside one of a kind: a cycle beside a car.
fn is_beside(kind: Kind, slot: u32) -> bool {
    let other = kind_modes(vehicles[slot].kind);
    return (kind.modes == CYCLES) != (other == CYCLES);
}

// What lies behind the end of the lane for the first of its vehicles.
fn look_ahead(me: Vehicle, kind: Kind, last: u32, factor: f32, open: f32, to_end: f32) {
    let far = plus(plus(mul(mul(me.speed, me.speed), 0.33), mul(2.0, me.speed)), 10.0);
    var dist = to_end;
    var lane = me.lane;
    var place = me.place;
    for (var n = 0u; n < AHEAD && dist < far; n++) {
        let this_lane = lanes[lane];
        if (this_lane.street != NONE && place + 1u >= last) {
            return;
        }
        let turn = choose(lane, place, last, kind.modes);
        if (turn == NONE) {
            let mask = route_at(place) >> STREET_BITS;
            // Those who want to the right wait a little before those who want to the left.
            var end = dist;
            if ((mask & ((1u << this_lane.index) - 1u)) != 0u) {
                end = max(minus(dist, STAGGER), 0.0);
            }
            halt(me, kind, open, end, ASTRAY);
            return;
        }
        let next = turns[turn];
        if (next.light != NONE) {
            let light = shown(next.light);
            let can_stop = motion.newell != 0u || needed(me.speed, dist) < FIRM;
            if ((light == RED && (can_stop || me.speed < 3.0)) || (light == YELLOW && can_stop)) {
                halt(me, kind, open, dist, LIGHT);
                return;
            }
        }
        if (this_lane.headway > 0u && records[offset.ready + lane] > clock.now) {
            halt(me, kind, open, dist, METERED);
            return;
        }
        if (next.foes > 0u) {
            let found = crossing(me, kind, turn, last, dist);
            if (found.reason != 0u) {
                halt(me, kind, open, dist, found.reason);
                return;
            }
            if (found.gap < 1e8) {
                if (found.gap < min(dist, 0.0)) {
                    halt(me, kind, open, dist, FOLLOWS);
                    return;
                }
                mind(me, kind, open, found.gap, found.speed, FOLLOWS);
            }
        }
        // Who turns off still stands in the way with his rear.
        if (this_lane.street != NONE && dist < 15.0) {
            for (var k = this_lane.first_turn; k < this_lane.first_turn + this_lane.turns; k++) {
                let to = turns[k].to;
                let rear = room_in(to);
                if (k != turn && rear < 0.0) {
                    mind(me, kind, open, plus(dist, rear), vehicles[starts[to + 1u] - 1u].speed, FOLLOWS);
                }
            }
        }
        let ahead = lanes[next.to];
        let limit = min(kind.speed, mul(ahead.speed, factor));
        if (me.speed > limit) {
            let excess = minus(mul(me.speed, me.speed), mul(limit, limit));
            let fall = mul(excess, inverse(mul(2.0, max(dist, 0.5))));
            if (fall > mul(kind.decel, 0.5)) {
                bounds.accel = min(bounds.accel, -min(fall, FIRM));
            }
        }
        let start = starts[next.to];
        var end = starts[next.to + 1u];
        while (end > start && ahead.wide != 0u) {
            if (!is_beside(kind, end - 1u)) {
                break;
            }
            end -= 1u;
        }
        if (start < end) {
            let gap = minus(plus(dist, vehicles[end - 1u].pos), vehicles[end - 1u].length);
            mind(me, kind, open, gap, vehicles[end - 1u].speed, FOLLOWS);
            return;
        }
        dist = plus(dist, ahead.length);
        if (ahead.street != NONE) {
            place += 1u;
        }
        lane = next.to;
    }
}

// Lets in who wants to come into this lane from the one beside it.
fn let_in(me: Vehicle, kind: Kind, open: f32, beside: u32, wanted: u32) {
    if (beside == NONE) {
        return;
    }
    let slot = behind(beside, me.pos);
    let first = starts[beside];
    for (var k = 1u; k <= BESIDE && slot >= first + k; k++) {
        let one = slot - k;
        let gap = minus(minus(vehicles[one].pos, vehicles[one].length), me.pos);
        if (gap > 25.0) {
            return;
        }
        if ((vehicles[one].state & wanted) != 0u && gap > LET_IN) {
            let closing = minus(me.speed, vehicles[one].speed);
            let polite = minus(open, pressed(kind, me.speed, minus(gap, 1.0), closing));
            bounds.accel = min(bounds.accel, max(polite, -KIND));
            return;
        }
    }
}

var<private> wants: u32;

// The lane in which a vehicle is after this step: to the left in even steps, to the right in odd ones, so that no two come into one gap
// from two sides (MOBIL, Kesting et al. 2007).
fn change(me: Vehicle, kind: Kind, last: u32, last_stop: u32, behind_leader: f32, dist: f32) -> u32 {
    let my_lane = lanes[me.lane];
    let mask = good(me, last_stop);
    // A wrong lane leads to the nearest right one.
    wants = 0u;
    var side = 0u;
    if (((mask >> my_lane.index) & 1u) == 0u || !leads_on(me.lane, me.place, last, kind.modes)) {
        for (var k = 1u; k < 8u; k++) {
            let left = me.lane + k;
            if (side == 0u && left < motion.lanes) {
                if (lanes[left].street == my_lane.street && ((mask >> (my_lane.index + k)) & 1u) != 0u) {
                    if (leads_on(left, me.place, last, kind.modes)) {
                        side = WANTS_LEFT;
                    }
                }
            }
            if (side == 0u && k <= my_lane.index) {
                if (((mask >> (my_lane.index - k)) & 1u) != 0u && leads_on(me.lane - k, me.place, last, kind.modes)) {
                    side = WANTS_RIGHT;
                }
            }
        }
    }
    // Others are asked for room only where it ends.
    if (dist < ASKS) {
        wants = side;
    }
    // Where a lane begins that is full, he waits for room in it.
    var beside = my_lane.right;
    if (side == WANTS_LEFT) {
        beside = my_lane.left;
    }
    if (side != 0u && beside != NONE) {
        let begin = lanes[beside].begin;
        let mouth = plus(plus(begin, me.length), MOUTH);
        if (begin > 0.0 && me.pos <= mouth && room_in(beside) < plus(mouth, kind.gap)) {
            halt(me, kind, free(kind, me.speed, my_lane.speed), minus(mouth, me.pos), ASTRAY);
        }
    }
    var target_lane = my_lane.right;
    var this_side = WANTS_RIGHT;
    if ((clock.step & 1u) == 0u) {
        target_lane = my_lane.left;
        this_side = WANTS_LEFT;
    }
    if (target_lane == NONE) {
        return me.lane;
    }
    let there = lanes[target_lane];
    let slot = behind(target_lane, me.pos);
    let first = starts[target_lane];
    let end = starts[target_lane + 1u];
    var gap = 1e9;
    var alone = free(kind, me.speed, min(kind.speed, there.speed));
    if (slot > first) {
        gap = minus(minus(vehicles[slot - 1u].pos, vehicles[slot - 1u].length), me.pos);
        alone = minus(alone, pressed(kind, me.speed, gap, minus(me.speed, vehicles[slot - 1u].speed)));
    }
    if ((there.modes & kind.modes) == 0u) {
        return me.lane;
    }
    let is_must = side == this_side;
    if (!is_must) {
        // Of his own will only into lanes that lead on, not in the middle of stopping, and not at once again.
        if (side != 0u || ((mask >> there.index) & 1u) == 0u || clock.now < me.changed + motion.pause) {
            return me.lane;
        }
    }
    // Whoever comes into the lane in this step cannot see him: not at its beginning, nor beyond its end.
    let reach = max(plus(mul(there.speed, motion.dt), 2.0), there.begin);
    var metres = mul(plus(me.speed, mul(mul(0.5, kind.accel), motion.dt)), motion.dt);
    if (minus(me.pos, me.length) < reach || me.pos > there.length || (dist < 1.0 && !is_must)) {
        return me.lane;
    }
    // Nor at full speed just before its end.
    if (me.speed > SLOW && plus(me.pos, mul(3.0, metres)) > there.length) {
        return me.lane;
    }
    metres = plus(min(metres, max(bounds.room, 0.0)), APART);
    if (gap < metres) {
        return me.lane;
    }
    var loss = 0.0;
    if (slot < end) {
        let pos = vehicles[slot].pos;
        let speed = vehicles[slot].speed;
        let theirs = kind_at(vehicles[slot].kind);
        let back = minus(minus(me.pos, me.length), pos);
        let gains = mul(mul(0.5, theirs.accel), motion.dt);
        let reaches = plus(mul(plus(speed, gains), motion.dt), APART);
        if (back < reaches) {
            return me.lane;
        }
        let limit = min(theirs.speed, there.speed);
        let open = free(theirs, speed, limit);
        let braking = minus(open, pressed(theirs, speed, back, minus(speed, me.speed)));
        var bound = SAFE;
        if (is_must) {
            bound = URGENT;
        }
        // Who hardly moves just waits.
        if (braking < -bound && !(is_must && speed < SLOW)) {
            return me.lane;
        }
        var before = open;
        if (slot > first) {
            let room = minus(minus(vehicles[slot - 1u].pos, vehicles[slot - 1u].length), pos);
            let closing = minus(speed, vehicles[slot - 1u].speed);
            before = minus(before, pressed(theirs, speed, room, closing));
        }
        loss = max(minus(before, braking), 0.0);
    }
    var least = -SAFE;
    if (is_must) {
        least = -URGENT;
    }
    if (alone < least && !(is_must && me.speed < SLOW)) {
        return me.lane;
    }
    let gain = minus(minus(alone, behind_leader), mul(motion.politeness, loss));
    if (!is_must && gain < motion.threshold) {
        return me.lane;
    }
    wants = 0u;
    bounds.room = min(min(bounds.room, gap), minus(minus(there.length, me.pos), 0.05));
    bounds.accel = min(bounds.accel, max(alone, -URGENT));
    return target_lane;
}

fn add(at: u32, number: u32, value: u32) {
    atomicAdd(&counters[at * TALLY + number], value);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let slot = (group.y * 32768u + group.x) * 64u + local;
    if (slot >= clock.vehicles) {
        return;
    }
    let me = vehicles[slot];
    let kind = kind_at(me.kind);
    let trip = trip_at(me.trip);
    let my_lane = lanes[me.lane];
    let dt = motion.dt;
    let wish = min(kind.speed, mul(my_lane.speed, trip.factor));
    let open = free(kind, me.speed, wish);
    bounds = Bounds(open, 1e9, wish, FREE);
    let first = starts[me.lane];
    let dist = minus(my_lane.length, me.pos);
    // What the vehicle before would let it do: for changing lanes.
    var behind_leader = open;
    var ahead = slot;
    while (ahead > first && my_lane.wide != 0u) {
        if (!is_beside(kind, ahead - 1u)) {
            break;
        }
        ahead -= 1u;
    }
    if (ahead > first) {
        let gap = minus(minus(vehicles[ahead - 1u].pos, vehicles[ahead - 1u].length), me.pos);
        mind(me, kind, open, gap, vehicles[ahead - 1u].speed, FOLLOWS);
        behind_leader = bounds.accel;
    } else {
        look_ahead(me, kind, trip.last, trip.factor, open, dist);
    }
    if (my_lane.street == NONE) {
        let found = inside(my_lane.turn, plus(my_lane.along, me.pos));
        if (found.gap < 1e8) {
            mind(me, kind, open, found.gap, found.speed, FOLLOWS);
        }
    }
    var next = me;
    // Stops of its line.
    if (me.stop < trip.last_stop) {
        let stop = stop_at(me.stop);
        if (stop.lane == me.lane && me.pos <= plus(stop.at, 1.0)) {
            var stays = true;
            if (me.until != 0u) {
                if (clock.now >= me.until) {
                    next.stop = me.stop + 1u;
                    next.until = 0u;
                    stays = false;
                }
            } else if (me.speed < STANDING && minus(stop.at, me.pos) < 2.0) {
                next.until = clock.now + stop.stay;
            }
            if (stays) {
                halt(me, kind, open, max(minus(stop.at, me.pos), 0.0), HALTS);
            }
        }
    }
    // Another lane.
    wants = 0u;
    var lane = me.lane;
    if (my_lane.street != NONE) {
        let_in(me, kind, open, my_lane.left, WANTS_RIGHT);
        let_in(me, kind, open, my_lane.right, WANTS_LEFT);
        lane = change(me, kind, trip.last, trip.last_stop, behind_leader, dist);
        if (lane != me.lane) {
            next.changed = clock.now;
        }
    }
    // Moves.
    let accel = max(bounds.accel, -HARDEST);
    var speed = max(plus(me.speed, mul(accel, dt)), 0.0);
    var metres = mul(mul(0.5, plus(me.speed, speed)), dt);
    if (motion.newell != 0u) {
        speed = max(min(bounds.newell, wish), 0.0);
        metres = mul(speed, dt);
    }
    let room = max(bounds.room, 0.0);
    if (metres > room) {
        metres = room;
        speed = min(speed, mul(room, inverse(dt)));
    }
    next.accel = mul(minus(speed, me.speed), inverse(dt));
    next.speed = speed;
    next.metres = plus(me.metres, metres);
    next.lost = plus(me.lost, mul(minus(1.0, min(mul(speed, inverse(wish)), 1.0)), dt));
    next.state = wants | bounds.reason;
    next.stood = 0u;
    if (speed < STANDING) {
        next.stood = me.stood + 1u;
        next.waited = me.waited + 1u;
    }
    next.lane = lane;
    next.pos = plus(me.pos, metres);
    var is_gone = false;
    var left = false;
    for (var n = 0u; n < AHEAD; n++) {
        let length = lanes[next.lane].length;
        if (next.pos < length) {
            break;
        }
        if (lanes[next.lane].street != NONE && next.place + 1u >= trip.last) {
            is_gone = true;
            break;
        }
        let turn = choose(next.lane, next.place, trip.last, kind.modes);
        if (turn == NONE) {
            next.pos = length;
            next.speed = 0.0;
            break;
        }
        left = true;
        next.pos = minus(next.pos, length);
        next.lane = turns[turn].to;
        if (lanes[next.lane].street != NONE) {
            next.place += 1u;
            add(lanes[next.lane].tally, 3u, 1u);
        }
    }
    // What the lane where it was sees of it.
    add(my_lane.tally, 0u, 1u);
    add(my_lane.tally, 1u, u32(mul(100.0, minus(next.metres, me.metres))));
    if (next.speed < QUEUED) {
        add(my_lane.tally, 2u, 1u);
    }
    // The first of a lane tells of its queue.
    if (my_lane.street != NONE && starts[me.lane] == slot) {
        atomicMax(&counters[my_lane.tally * TALLY + 5u], u32(mul(10.0, queue(me.lane))));
    }
    for (var substance = 0u; substance < SUBSTANCES; substance++) {
        add(my_lane.tally, 6u + substance, emitted(factor_at(kind.emission + substance), next.speed, next.accel, dt));
    }
    if (left || is_gone) {
        if (my_lane.street != NONE) {
            add(my_lane.tally, 4u, 1u);
        }
        if (my_lane.headway > 0u) {
            // Only the first of a lane leaves it, and nobody else looks at this.
            var before = 0u;
            if (clock.now > motion.step_ms) {
                before = clock.now - motion.step_ms;
            }
            let ready = offset.ready + me.lane;
            records[ready] = max(records[ready], before) + my_lane.headway;
        }
    }
    if (is_gone) {
        // The members of `Outcome` behind the first.
        let outcome = OUTCOME_WORDS * me.trip;
        records[outcome + 1u] = clock.now + motion.step_ms + 1u;
        records[outcome + 2u] = next.waited;
        records[outcome + 3u] = bitcast<u32>(next.lost);
        records[outcome + 4u] = bitcast<u32>(next.metres);
        next.lane = NONE;
    } else {
        atomicAdd(&counters[offset.counts + next.lane], 1u);
        let room_mm = i32(mul(1000.0, minus(next.pos, next.length)));
        atomicMin(&counters[offset.rooms + next.lane], ordered(room_mm));
    }
    planned[slot] = next;
}
