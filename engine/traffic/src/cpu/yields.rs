//! Whether a driver may go into a junction, and whom he follows or waits for across it. Twin: `shaders/traffic/motion/yields.wgsl`.

use super::drive::travel;
use super::sight::View;
use crate::motion::params::{
    ASTRAY, CYCLES, FULL, GIVES_WAY, GREEN, HALTS, IS_GIVEN_WAY, Kind, LIGHT, MERGES, NONE, REASON, RED, STREET, Turn,
    Vehicle, YIELDS, ZIPS,
};

/// Time that drivers leave before those who go first, s.
const BEFORE: f32 = 0.7;
/// Time that they leave behind those, s.
const BEHIND: f32 = 0.3;
/// Vehicles of a lane that are looked at, of those who may take the other way.
pub const LOOKED_AT: u32 = 4;
/// Lanes that are looked into for them.
const LOOKED_INTO: u32 = 8;
/// How far drivers look for those who come, m.
const LOOK: f32 = 70.0;
/// Who is slower stands, m/s.
pub const STANDING: f32 = 0.5;

/// Room for those who wait in the middle of a junction, m.
pub const WAITING: f32 = 6.0;
/// Who is slower crawls, m/s.
const CRAWLING: f32 = 3.0;
/// Time that drivers wait for those who crawl, ms.
const PATIENCE: u32 = 20_000;

/// Who is slower makes no room, m/s.
const MOVING: f32 = 2.0;
/// Who is faster makes room in time, m/s.
const FLOWING: f32 = 6.0;

/// What a way across the junction asks of a driver.
#[derive(Clone, Copy)]
pub struct Crossing {
    /// Why he waits; 0 if he does not.
    pub reason: u32,
    /// Distance to something that he has to follow, and its speed; none below -1e8.
    pub gap: f32,
    pub speed: f32,
}

impl View<'_> {
    /// What the way of `turn`, whose beginning lies `dist` m before the driver, asks of him.
    pub fn crossing(&self, me: &Vehicle, kind: &Kind, turn: u32, last: u32, dist: f32) -> Crossing {
        let movement = &self.turns[turn as usize];
        let mut found = Crossing { reason: 0, gap: 1e9, speed: 0.0 };
        let limit = movement.speed;
        let is_patient = me.stood * self.motion.step_ms > PATIENCE;
        let is_free = movement.light != NONE && self.lights[movement.light as usize] == GREEN;
        for k in movement.first_foe..movement.first_foe + movement.foes {
            let foe = &self.foes[k as usize];
            let other = &self.turns[foe.turn as usize];
            let begin = dist + foe.own_begin - movement.start;
            let end = dist + foe.own_end - movement.start;
            // Most ways are empty: how soon he would be there is asked only where somebody is.
            let soon = || travel(begin, me.speed, kind.accel, limit);
            // Into the same lane he only has to be before the others, and they follow him.
            let clear = if (foe.bits & MERGES) != 0 { begin } else { end };
            let late = || travel(clear + kind.length, me.speed, kind.accel, limit);
            // Those on the junction.
            for part in self.across.of(foe.turn) {
                for one in self.on(part.lane) {
                    let at = part.along + one.pos;
                    if at - one.length > foe.other_end || one.trip == me.trip {
                        continue;
                    }
                    let is_in = at > foe.other_begin;
                    // Who waits there for others; those who have waited long go before him.
                    if !is_in && one.speed < STANDING {
                        if (foe.bits & GIVES_WAY) == 0 || is_patient {
                            continue;
                        }
                        return Crossing { reason: YIELDS, ..found };
                    }
                    if (foe.bits & MERGES) != 0 {
                        let gap = end - (foe.other_end - at) - one.length;
                        if gap < found.gap {
                            found.gap = gap;
                            found.speed = one.speed;
                        }
                        continue;
                    }
                    // Who stands there may stand for long.
                    if one.speed < STANDING {
                        return Crossing { reason: YIELDS, ..found };
                    }
                    let clears = travel(foe.other_end + one.length - at, one.speed, 1.0, other.speed);
                    let reaches = travel(foe.other_begin - at, one.speed, 1.0, other.speed);
                    if soon() < clears + BEHIND && late() + BEHIND > reaches {
                        return Crossing { reason: YIELDS, ..found };
                    }
                }
            }
            // Those who come.
            if (foe.bits & ZIPS) != 0 {
                self.zip(&mut found, me, movement.origin, other, end, foe.other_end);
            }
            if (foe.bits & GIVES_WAY) == 0
                || is_free
                || (other.light != NONE && self.lights[other.light as usize] == RED)
            {
                continue;
            }
            if self.comes(me, kind, other, foe.other_begin, foe.other_end, soon, late, (foe.bits & MERGES) != 0) {
                return Crossing { reason: YIELDS, ..found };
            }
        }
        if movement.foes > 0 && self.is_full(me, kind, turn, last) {
            found.reason = FULL;
        }
        found
    }

    /// Whether somebody comes who would be in the way: `begin` to `end` m behind his stop line, between `soon` and `late` s from now.
    #[allow(clippy::too_many_arguments)]
    fn comes(
        &self,
        me: &Vehicle,
        kind: &Kind,
        other: &Turn,
        begin: f32,
        end: f32,
        soon: impl Fn() -> f32,
        late: impl Fn() -> f32,
        merges: bool,
    ) -> bool {
        let mut lanes = [0u32; 8];
        let mut offs = [0f32; 8];
        let mut hops = [0u32; 8];
        lanes[0] = other.origin;
        let street = self.lanes[other.origin as usize].street;
        let mut count = 1u32;
        let mut next = 0u32;
        while next < count {
            let lane = lanes[next as usize];
            let off = offs[next as usize];
            let hop = hops[next as usize];
            next += 1;
            let length = self.lanes[lane as usize].length;
            let mut looked = 0u32;
            for one in self.on(lane) {
                let away = off + length - one.pos;
                if away > LOOK || looked == LOOKED_AT {
                    break;
                }
                // A car never comes along a way for cycles.
                if !self.may_take(other, self.kinds[one.kind as usize].modes) {
                    continue;
                }
                looked += 1;
                if self.waits_for(me, kind, one) {
                    continue;
                }
                let trip_last = self.trips[one.trip as usize].last;
                let goes = one.place + hop + 1 < trip_last
                    && (self.routes[(one.place + hop + 1) as usize] & STREET) == other.street
                    && (hop == 0 || (self.routes[(one.place + hop) as usize] & STREET) == street);
                if !goes {
                    continue;
                }
                if one.speed < STANDING {
                    let why = one.state & REASON;
                    if why == FULL || why == LIGHT || why == ASTRAY || why == HALTS {
                        continue;
                    }
                    // Of those who all wait for each other the one who has waited longest goes.
                    if why == YIELDS && (me.stood > one.stood || (me.stood == one.stood && me.trip < one.trip)) {
                        continue;
                    }
                }
                // Who has waited long goes when those who have priority crawl.
                if one.speed < CRAWLING && me.stood * self.motion.step_ms > PATIENCE {
                    continue;
                }
                let accel = self.kinds[one.kind as usize].accel;
                let reaches = travel(away + begin, one.speed, accel, other.speed);
                let clears = travel(away + end + one.length, one.speed, accel, other.speed);
                // Who goes into the same lane behind another only follows him.
                let behind = if merges { reaches } else { clears + BEHIND };
                if soon() < behind && late() + BEFORE > reaches {
                    return true;
                }
            }
            let far = off + length;
            let into = &self.lanes[lane as usize];
            // Whoever would come through his own lane waits behind him, where there is no room to pass.
            let is_closed = lane == me.lane && into.wide == 0;
            if looked < LOOKED_AT && far < LOOK && !is_closed {
                // Who is still before the lane has one more street to go.
                let more = if into.street == NONE { hop } else { hop + 1 };
                if more < 3 {
                    for k in into.first_inward..into.first_inward + into.inwards {
                        if count < LOOKED_INTO {
                            lanes[count as usize] = self.inward[k as usize];
                            offs[count as usize] = far;
                            hops[count as usize] = more;
                            count += 1;
                        }
                    }
                }
            }
        }
        false
    }

    /// Whether those of some modes may take a way: it, and the lanes where it begins and ends.
    fn may_take(&self, movement: &Turn, modes: u32) -> bool {
        movement.modes & self.lanes[movement.origin as usize].modes & self.lanes[movement.goal as usize].modes & modes
            != 0
    }

    /// Whether another vehicle cannot pass a driver before he goes on: it is his own, or one behind him in his lane. Cycles and cars
    /// pass each other in wide lanes.
    fn waits_for(&self, me: &Vehicle, kind: &Kind, one: &Vehicle) -> bool {
        if one.trip == me.trip {
            return true;
        }
        if one.lane != me.lane || one.pos > me.pos {
            return false;
        }
        let other = self.kinds[one.kind as usize].modes;
        self.lanes[me.lane as usize].wide == 0 || (kind.modes == CYCLES) == (other == CYCLES)
    }

    /// Follows the one on the other way who will be the next before him, where they go in turns.
    fn zip(&self, found: &mut Crossing, me: &Vehicle, from: u32, other: &Turn, mine: f32, end: f32) {
        let lane = other.origin;
        let length = self.lanes[lane as usize].length;
        for one in self.on(lane) {
            let theirs = length - one.pos + end;
            if theirs > mine || (theirs == mine && lane > from) {
                break;
            }
            // Only those who go there, too.
            let goes = one.trip != me.trip
                && one.place + 1 < self.trips[one.trip as usize].last
                && (self.routes[one.place as usize + 1] & STREET) == other.street;
            let gap = mine - theirs - one.length;
            if goes && gap < found.gap {
                found.gap = gap;
                found.speed = one.speed;
            }
        }
    }

    /// Whether a vehicle would have to stand on the junction.
    fn is_full(&self, me: &Vehicle, kind: &Kind, turn: u32, last: u32) -> bool {
        let movement = &self.turns[turn as usize];
        let want = kind.length + kind.gap;
        // Those who wait in the middle stand aside, as long as they are few.
        let first = &self.lanes[movement.to as usize];
        if first.street == NONE && self.turns[first.first_turn as usize].foes > 0 {
            let last = self.on(movement.to).last();
            if last.is_some_and(|one| one.speed < STANDING && one.pos - one.length < first.length - WAITING) {
                return true;
            }
        }
        let mut room = -self.on_the_way(turn, true);
        // Those on the way there need room, too, but not who waits there for him.
        for k in movement.first_foe..movement.first_foe + movement.foes {
            let foe = &self.foes[k as usize];
            if (foe.bits & MERGES) != 0 {
                room -= self.on_the_way(foe.turn, (foe.bits & GIVES_WAY) != 0);
            }
        }
        let mut lane = movement.goal;
        let mut place = me.place;
        let mut n = 0u32;
        while n < 6 {
            n += 1;
            let this_lane = &self.lanes[lane as usize];
            let there = self.on(lane);
            if let Some(one) = there.last() {
                let free = room + one.pos - one.length;
                if one.speed <= MOVING || free >= want {
                    return free < want;
                }
                // Those who still move may have to stop before its end.
                let mut used = 0.0;
                for one in there {
                    used += one.length + 1.5;
                }
                return one.speed <= FLOWING && room + this_lane.length - used < want;
            }
            room += this_lane.length;
            if this_lane.street != NONE {
                place += 1;
            }
            if room >= want || place + 1 >= last {
                return false;
            }
            let next = self.choose(lane, place, last, kind.modes);
            if next == NONE {
                return false;
            }
            lane = self.turns[next as usize].to;
        }
        false
    }

    /// Room that those on a way across the junction need, m; of all, or only of those who move.
    fn on_the_way(&self, turn: u32, all: bool) -> f32 {
        let mut sum = 0.0;
        for part in self.across.of(turn) {
            for one in self.on(part.lane) {
                if all || one.speed >= STANDING {
                    sum += one.length + 1.5;
                }
            }
        }
        sum
    }

    /// What one who is on the junction has to mind: those in the same lane behind it who are before him, and those who cross his way.
    /// `turn` is the way by which he came into his lane, and `at` his place on the whole way.
    pub fn inside(&self, turn: u32, at: f32) -> Crossing {
        let movement = &self.turns[turn as usize];
        let mut found = Crossing { reason: 0, gap: 1e9, speed: 0.0 };
        for k in movement.first_foe..movement.first_foe + movement.foes {
            let foe = &self.foes[k as usize];
            let merges = (foe.bits & MERGES) != 0;
            if !merges && at >= foe.own_begin {
                continue;
            }
            let goes_first = (foe.bits & GIVES_WAY) != 0 && ((foe.bits & IS_GIVEN_WAY) == 0 || turn > foe.turn)
                || (foe.bits & (GIVES_WAY | IS_GIVEN_WAY)) == 0 && turn > foe.turn;
            for part in self.across.of(foe.turn) {
                for one in self.on(part.lane) {
                    let there = part.along + one.pos;
                    let mut gap = 1e9f32;
                    let mut speed = 0.0f32;
                    let waits = there <= foe.other_begin && one.speed < STANDING;
                    // Who is on the junction passes those who wait there for others.
                    if waits {
                        continue;
                    }
                    if merges {
                        let (mine, theirs) = (foe.own_end - at, foe.other_end - there);
                        if theirs < mine || (theirs == mine && foe.turn < turn) {
                            gap = mine - theirs - one.length;
                            speed = one.speed;
                        }
                    } else if there - one.length < foe.other_end {
                        let near = foe.other_begin - there;
                        if near < 0.0 || (goes_first && one.speed > STANDING && near < 2.0 * one.speed + 2.0) {
                            gap = foe.own_begin - at;
                        }
                    }
                    if gap < found.gap {
                        found.gap = gap;
                        found.speed = speed;
                    }
                }
            }
        }
        found
    }
}
