//! What every vehicle does next, from what all did last. Twin: `shaders/traffic/motion/decide.wgsl`.

use super::drive::{BEFORE_LINE, HARDEST, free, inverse, needed, pressed};
use super::sight::View;
use super::yields::STANDING;
use crate::motion::params::{
    ASTRAY, CYCLES, FOLLOWS, FREE, HALTS, Kind, LIGHT, METERED, NONE, REASON, RED, STREET_BITS, Vehicle, WANTS_LEFT,
    WANTS_RIGHT, YELLOW,
};

/// Who is slower queues, m/s.
pub const QUEUED: f32 = 1.4;
/// Who is faster belongs to no queue, and who is slower to one that flows off, m/s.
const CREEPS: f32 = 6.0;
/// Distance to the stop line, or to the one before, within which a vehicle joins a queue, m.
pub const JOINS: f32 = 20.0;
/// Braking with which drivers still stop for lights, m/s².
pub const FIRM: f32 = 4.0;
/// Lanes that a driver looks ahead.
const AHEAD: u32 = 8;
/// Braking that a driver who changes lanes of his own will asks of those behind, m/s².
const SAFE: f32 = 2.0;
/// The same of one who must change lanes, m/s².
const URGENT: f32 = 4.0;
/// Braking for who wants to come into the lane, m/s².
pub const KIND: f32 = 1.5;
/// Vehicles beside whom a driver looks for who wants to come in.
pub const BESIDE: u32 = 4;
/// Who is slower squeezes in, m/s.
const SLOW: f32 = 2.0;
/// Least distance between those who change lanes and others, m.
const APART: f32 = 0.2;
/// Who stops at a line is so far before it at least, m.
const ON_LINE: f32 = 0.01;
/// Room that must be left for him to come in, m.
const LET_IN: f32 = 1.3;
/// Distance to the end of the lane in which a driver asks to be let in, m.
const ASKS: f32 = 100.0;
/// Distance behind the beginning of a lane at which those wait who find it full, m.
const MOUTH: f32 = 1.0;
/// Room before the end of the lane at which those who want to the right wait, so that none block each other, m.
const STAGGER: f32 = 15.0;

/// What a driver finds before him.
struct Bounds {
    /// Acceleration, m/s².
    accel: f32,
    /// How far he can go, m.
    room: f32,
    /// Speed that he may have behind the step under Newell's rule.
    newell: f32,
    /// Whether vehicles follow by that rule.
    is_newell: bool,
    reason: u32,
}

impl Bounds {
    /// Something at a distance that moves.
    fn mind(&mut self, me: &Vehicle, kind: &Kind, open: f32, gap: f32, speed: f32, reason: u32) {
        let accel = open - pressed(kind, me.speed, gap, me.speed - speed);
        if accel < self.accel {
            self.accel = accel;
            self.reason = reason;
        }
        if self.is_newell {
            self.newell = self.newell.min((gap - kind.gap) * inverse(kind.headway));
        }
        self.room = self.room.min(gap);
    }

    /// A line at which he stops.
    fn halt(&mut self, me: &Vehicle, kind: &Kind, open: f32, dist: f32, reason: u32) {
        let accel = open - pressed(kind, me.speed, dist + kind.gap - BEFORE_LINE, me.speed);
        if accel < self.accel {
            self.accel = accel;
        }
        self.reason = reason;
        if self.is_newell {
            self.newell = self.newell.min((dist - ON_LINE) * inverse(kind.headway));
        }
        self.room = self.room.min(dist - ON_LINE);
    }
}

/// What becomes of a vehicle in this step.
pub struct Decision {
    pub next: Vehicle,
    /// It is on no lane any more.
    pub is_gone: bool,
    /// Whether it left its lane by its end.
    pub left: bool,
    /// Lanes of streets that it came into, one after another.
    pub passed: [u32; AHEAD as usize],
    /// How many they are.
    pub passes: u32,
}

impl View<'_> {
    /// The next state of the vehicle in a slot.
    pub fn decide(&self, slot: u32) -> Decision {
        let me = &self.vehicles[slot as usize];
        let kind = &self.kinds[me.kind as usize];
        let trip = &self.trips[me.trip as usize];
        let my_lane = &self.lanes[me.lane as usize];
        let dt = self.motion.dt;
        let wish = kind.speed.min(my_lane.speed * trip.factor);
        let open = free(kind, me.speed, wish);
        let is_newell = self.motion.newell != 0;
        let mut bounds = Bounds { accel: open, room: 1e9, newell: wish, is_newell, reason: FREE };
        let first = self.span(me.lane).0;
        let dist = my_lane.length - me.pos;
        // What the vehicle before would let it do: for changing lanes.
        let mut behind_leader = open;
        let mut ahead = slot;
        while ahead > first && my_lane.wide != 0 && self.is_beside(kind, ahead - 1) {
            ahead -= 1;
        }
        if ahead > first {
            let leader = &self.vehicles[ahead as usize - 1];
            bounds.mind(me, kind, open, leader.pos - leader.length - me.pos, leader.speed, FOLLOWS);
            behind_leader = bounds.accel;
        } else {
            self.look_ahead(&mut bounds, me, kind, trip.last, trip.factor, open, dist);
        }
        if my_lane.street == NONE {
            let found = self.inside(my_lane.turn, my_lane.along + me.pos);
            if found.gap < 1e8 {
                bounds.mind(me, kind, open, found.gap, found.speed, FOLLOWS);
            }
        }
        let mut next = *me;
        self.halt_at_stop(&mut bounds, me, &mut next, kind, trip.last_stop, open);
        // Another lane.
        next.state = 0;
        let mut lane = me.lane;
        if my_lane.street != NONE {
            self.let_in(&mut bounds, me, kind, open, my_lane.left, WANTS_RIGHT);
            self.let_in(&mut bounds, me, kind, open, my_lane.right, WANTS_LEFT);
            lane = self.change(&mut bounds, me, &mut next, kind, behind_leader, dist);
        }
        // Moves.
        let accel = bounds.accel.max(-HARDEST);
        let mut speed = (me.speed + accel * dt).max(0.0);
        let mut metres = 0.5 * (me.speed + speed) * dt;
        if is_newell {
            speed = bounds.newell.min(wish).max(0.0);
            metres = speed * dt;
        }
        let room = bounds.room.max(0.0);
        if metres > room {
            metres = room;
            speed = speed.min(room * self.rate);
        }
        next.accel = (speed - me.speed) * self.rate;
        next.speed = speed;
        next.metres = me.metres + metres;
        next.lost = me.lost + (1.0 - (speed * inverse(wish)).min(1.0)) * dt;
        next.state |= bounds.reason;
        let stands = speed < STANDING;
        next.stood = if stands { me.stood + 1 } else { 0 };
        next.waited = me.waited + u32::from(stands);
        next.lane = lane;
        next.pos = me.pos + metres;
        let mut is_gone = false;
        let mut left = false;
        let mut passed = [0u32; AHEAD as usize];
        let mut passes = 0u32;
        let mut n = 0u32;
        while n < AHEAD {
            let length = self.lanes[next.lane as usize].length;
            if next.pos < length {
                break;
            }
            if self.lanes[next.lane as usize].street != NONE && next.place + 1 >= trip.last {
                is_gone = true;
                break;
            }
            let turn = self.choose(next.lane, next.place, trip.last, kind.modes);
            if turn == NONE {
                next.pos = length;
                next.speed = 0.0;
                break;
            }
            left = true;
            next.pos -= length;
            next.lane = self.turns[turn as usize].to;
            if self.lanes[next.lane as usize].street != NONE {
                next.place += 1;
                passed[passes as usize] = next.lane;
                passes += 1;
            }
            n += 1;
        }
        Decision { next, is_gone, left, passed, passes }
    }

    /// Length of the queue at the end of a lane, m: from the stop line to the rear of the last vehicle that stands or crawls, where all
    /// between are close behind each other; 0 without one.
    pub fn queue(&self, lane: u32) -> f32 {
        let length = self.lanes[lane as usize].length;
        let mut rear = length;
        let mut back = 0.0f32;
        for one in self.on(lane) {
            if rear - one.pos > JOINS || one.speed > CREEPS {
                break;
            }
            rear = rear.min(one.pos - one.length);
            if one.speed < QUEUED && (one.state & REASON) != FREE {
                back = length - rear;
            }
        }
        back
    }

    /// Whether the vehicle in a slot rides beside one of a kind: a cycle beside a car.
    fn is_beside(&self, kind: &Kind, slot: u32) -> bool {
        let other = self.kinds[self.vehicles[slot as usize].kind as usize].modes;
        (kind.modes == CYCLES) != (other == CYCLES)
    }

    /// What lies behind the end of the lane for the first of its vehicles.
    #[allow(clippy::too_many_arguments)]
    fn look_ahead(
        &self,
        bounds: &mut Bounds,
        me: &Vehicle,
        kind: &Kind,
        last: u32,
        factor: f32,
        open: f32,
        to_end: f32,
    ) {
        let far = me.speed * me.speed * 0.33 + 2.0 * me.speed + 10.0;
        let mut dist = to_end;
        let mut lane = me.lane;
        let mut place = me.place;
        let mut n = 0u32;
        while n < AHEAD && dist < far {
            n += 1;
            let this_lane = &self.lanes[lane as usize];
            if this_lane.street != NONE && place + 1 >= last {
                return;
            }
            let turn = self.choose(lane, place, last, kind.modes);
            if turn == NONE {
                let mask = self.routes[place as usize] >> STREET_BITS;
                // Those who want to the right wait a little before those who want to the left.
                let to_right = (mask & ((1u32 << this_lane.index) - 1)) != 0;
                let end = if to_right { (dist - STAGGER).max(0.0) } else { dist };
                bounds.halt(me, kind, open, end, ASTRAY);
                return;
            }
            let next = &self.turns[turn as usize];
            if next.light != NONE {
                let light = self.lights[next.light as usize];
                let can_stop = self.motion.newell != 0 || needed(me.speed, dist) < FIRM;
                if (light == RED && (can_stop || me.speed < 3.0)) || (light == YELLOW && can_stop) {
                    bounds.halt(me, kind, open, dist, LIGHT);
                    return;
                }
            }
            if this_lane.headway > 0 && self.ready[lane as usize] > self.clock.now {
                bounds.halt(me, kind, open, dist, METERED);
                return;
            }
            if next.foes > 0 {
                let found = self.crossing(me, kind, turn, last, dist);
                if found.reason != 0 {
                    bounds.halt(me, kind, open, dist, found.reason);
                    return;
                }
                if found.gap < 1e8 {
                    if found.gap < dist.min(0.0) {
                        bounds.halt(me, kind, open, dist, FOLLOWS);
                        return;
                    }
                    bounds.mind(me, kind, open, found.gap, found.speed, FOLLOWS);
                }
            }
            // Who turns off still stands in the way with his rear.
            if this_lane.street != NONE && dist < 15.0 {
                for k in this_lane.first_turn..this_lane.first_turn + this_lane.turns {
                    let to = self.turns[k as usize].to;
                    let rear = self.room(to);
                    if k != turn && rear < 0.0 {
                        let end = self.span(to).1;
                        bounds.mind(me, kind, open, dist + rear, self.vehicles[end as usize - 1].speed, FOLLOWS);
                    }
                }
            }
            let ahead = &self.lanes[next.to as usize];
            let limit = kind.speed.min(ahead.speed * factor);
            if me.speed > limit {
                let fall = (me.speed * me.speed - limit * limit) * inverse(2.0 * dist.max(0.5));
                if fall > kind.decel * 0.5 {
                    bounds.accel = bounds.accel.min(-fall.min(FIRM));
                }
            }
            let (start, mut end) = self.span(next.to);
            while end > start && ahead.wide != 0 && self.is_beside(kind, end - 1) {
                end -= 1;
            }
            if start < end {
                let leader = &self.vehicles[end as usize - 1];
                bounds.mind(me, kind, open, dist + leader.pos - leader.length, leader.speed, FOLLOWS);
                return;
            }
            dist += ahead.length;
            if ahead.street != NONE {
                place += 1;
            }
            lane = next.to;
        }
    }

    /// Stops of its line.
    fn halt_at_stop(&self, bounds: &mut Bounds, me: &Vehicle, next: &mut Vehicle, kind: &Kind, last: u32, open: f32) {
        if me.stop >= last {
            return;
        }
        let stop = &self.stops[me.stop as usize];
        if stop.lane != me.lane || me.pos > stop.at + 1.0 {
            return;
        }
        if me.until != 0 {
            if self.clock.now >= me.until {
                next.stop = me.stop + 1;
                next.until = 0;
                return;
            }
        } else if me.speed < STANDING && stop.at - me.pos < 2.0 {
            next.until = self.clock.now + stop.stay;
        }
        bounds.halt(me, kind, open, (stop.at - me.pos).max(0.0), HALTS);
    }

    /// Lets in who wants to come into this lane from the one beside it.
    fn let_in(&self, bounds: &mut Bounds, me: &Vehicle, kind: &Kind, open: f32, beside: u32, wanted: u32) {
        if beside == NONE {
            return;
        }
        let slot = self.behind(beside, me.pos);
        let first = self.span(beside).0;
        let mut k = 0u32;
        while k < BESIDE && slot > first + k {
            k += 1;
            let one = &self.vehicles[(slot - k) as usize];
            let gap = one.pos - one.length - me.pos;
            if gap > 25.0 {
                return;
            }
            if (one.state & wanted) != 0 && gap > LET_IN {
                let polite = open - pressed(kind, me.speed, gap - 1.0, me.speed - one.speed);
                bounds.accel = bounds.accel.min(polite.max(-KIND));
                return;
            }
        }
    }

    /// The lane in which a vehicle is after this step: to the left in even steps, to the right in odd ones, so that no two come into
    /// one gap from two sides (MOBIL, Kesting et al. 2007).
    #[allow(clippy::too_many_arguments)]
    fn change(
        &self,
        bounds: &mut Bounds,
        me: &Vehicle,
        next: &mut Vehicle,
        kind: &Kind,
        behind_leader: f32,
        dist: f32,
    ) -> u32 {
        let my_lane = &self.lanes[me.lane as usize];
        let trip = &self.trips[me.trip as usize];
        let mask = self.good(me, trip.last_stop);
        // A wrong lane leads to the nearest right one.
        let mut wants = 0u32;
        if ((mask >> my_lane.index) & 1) == 0 || !self.leads(me.lane, me.place, trip.last, kind.modes) {
            for k in 1..8u32 {
                if wants != 0 {
                    break;
                }
                let left = me.lane + k;
                if left < self.motion.lanes && self.lanes[left as usize].street == my_lane.street {
                    let fits = ((mask >> (my_lane.index + k)) & 1) != 0;
                    if fits && self.leads(left, me.place, trip.last, kind.modes) {
                        wants = WANTS_LEFT;
                    }
                }
                if wants == 0 && k <= my_lane.index {
                    let fits = ((mask >> (my_lane.index - k)) & 1) != 0;
                    if fits && self.leads(me.lane - k, me.place, trip.last, kind.modes) {
                        wants = WANTS_RIGHT;
                    }
                }
            }
        }
        // Others are asked for room only where it ends.
        if dist < ASKS {
            next.state |= wants;
        }
        // Where a lane begins that is full, he waits for room in it.
        let beside = if wants == WANTS_LEFT { my_lane.left } else { my_lane.right };
        if wants != 0 && beside != NONE {
            let begin = self.lanes[beside as usize].begin;
            let mouth = begin + me.length + MOUTH;
            if begin > 0.0 && me.pos <= mouth && self.room(beside) < mouth + kind.gap {
                bounds.halt(me, kind, free(kind, me.speed, my_lane.speed), mouth - me.pos, ASTRAY);
            }
        }
        let to_left = (self.clock.step & 1) == 0;
        let target = if to_left { my_lane.left } else { my_lane.right };
        if target == NONE {
            return me.lane;
        }
        // What rules a change out is looked at first, what takes long last.
        let there = &self.lanes[target as usize];
        if (there.modes & kind.modes) == 0 {
            return me.lane;
        }
        let must = wants == if to_left { WANTS_LEFT } else { WANTS_RIGHT };
        if !must {
            // Of his own will only into lanes that lead on, not in the middle of stopping, and not at once again.
            if wants != 0 || ((mask >> there.index) & 1) == 0 || self.clock.now < me.changed + self.motion.pause {
                return me.lane;
            }
        }
        // Whoever comes into the lane in this step cannot see him: not at its beginning, nor beyond its end.
        let reach = (there.speed * self.motion.dt + 2.0).max(there.begin);
        let mut metres = (me.speed + 0.5 * kind.accel * self.motion.dt) * self.motion.dt;
        if me.pos - me.length < reach || me.pos > there.length || (dist < 1.0 && !must) {
            return me.lane;
        }
        // Nor at full speed just before its end.
        if me.speed > SLOW && me.pos + 3.0 * metres > there.length {
            return me.lane;
        }
        let slot = self.behind(target, me.pos);
        let (first, end) = self.span(target);
        let leader = if slot > first { Some(&self.vehicles[slot as usize - 1]) } else { None };
        let gap = leader.map_or(1e9f32, |one| one.pos - one.length - me.pos);
        metres = metres.min(bounds.room.max(0.0)) + APART;
        if gap < metres {
            return me.lane;
        }
        let mut loss = 0.0f32;
        if slot < end {
            let one = &self.vehicles[slot as usize];
            let theirs = &self.kinds[one.kind as usize];
            let back = me.pos - me.length - one.pos;
            let reaches = (one.speed + 0.5 * theirs.accel * self.motion.dt) * self.motion.dt + APART;
            if back < reaches {
                return me.lane;
            }
            let limit = theirs.speed.min(there.speed);
            let open = free(theirs, one.speed, limit);
            let braking = open - pressed(theirs, one.speed, back, one.speed - me.speed);
            let bound = if must { URGENT } else { SAFE };
            // Who hardly moves just waits.
            if braking < -bound && !(must && one.speed < SLOW) {
                return me.lane;
            }
            let mut before = open;
            if let Some(lead) = leader {
                before -= pressed(theirs, one.speed, lead.pos - lead.length - one.pos, one.speed - lead.speed);
            }
            loss = (before - braking).max(0.0);
        }
        let mut alone = free(kind, me.speed, kind.speed.min(there.speed));
        if let Some(one) = leader {
            alone -= pressed(kind, me.speed, gap, me.speed - one.speed);
        }
        if alone < if must { -URGENT } else { -SAFE } && !(must && me.speed < SLOW) {
            return me.lane;
        }
        if !must && alone - behind_leader - self.motion.politeness * loss < self.motion.threshold {
            return me.lane;
        }
        next.changed = self.clock.now;
        next.state &= REASON;
        bounds.room = bounds.room.min(gap).min(there.length - me.pos - 0.05);
        bounds.accel = bounds.accel.min(alone.max(-URGENT));
        target
    }
}
