//! What a driver sees of the lanes ahead. Twin: `shaders/traffic/motion/sight.wgsl`.

use crate::models::traffic::motion::params::{
    Foe, Kind, Lane, Moment, Motion, NONE, STREET, STREET_BITS, Stop, Trip, Turn, Vehicle,
};

/// Length of a lane in which drivers may count on changing it, m.
pub const TO_CHANGE: f32 = 40.0;

/// All that is read in a step.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub motion: &'a Motion,
    pub clock: Moment,
    pub lanes: &'a [Lane],
    pub turns: &'a [Turn],
    pub foes: &'a [Foe],
    /// Lanes that lead into each lane.
    pub inward: &'a [u32],
    pub kinds: &'a [Kind],
    pub trips: &'a [Trip],
    pub routes: &'a [u32],
    pub stops: &'a [Stop],
    pub lights: &'a [u32],
    /// Where the vehicles of each lane begin, the one in front first, and the end.
    pub starts: &'a [u32],
    pub vehicles: &'a [Vehicle],
    /// When the next vehicle may leave each lane, ms.
    pub ready: &'a [u32],
}

impl View<'_> {
    /// Free length at the beginning of a lane, m: to the rear of the last vehicle, which may be below 0.
    pub fn room(&self, lane: u32) -> f32 {
        let (first, end) = (self.starts[lane as usize], self.starts[lane as usize + 1]);
        if first == end {
            return self.lanes[lane as usize].length;
        }
        let last = &self.vehicles[end as usize - 1];
        last.pos - last.length
    }

    /// The way that a vehicle takes out of a lane: on a street the one that its route wants, into the lane that leads on and has most
    /// room; `NONE` where there is none.
    pub fn choose(&self, lane: u32, place: u32, last: u32, modes: u32) -> u32 {
        let own = &self.lanes[lane as usize];
        if own.street == NONE {
            return own.first_turn;
        }
        if place + 1 >= last {
            return NONE;
        }
        let want = self.routes[place as usize + 1];
        let mut best = NONE;
        let mut most = -1e9f32;
        for turn in own.first_turn..own.first_turn + own.turns {
            let way = &self.turns[turn as usize];
            if way.street != (want & STREET) || (way.modes & modes) == 0 {
                continue;
            }
            let goal = &self.lanes[way.goal as usize];
            if (goal.modes & modes) == 0 || goal.shut != 0 {
                continue;
            }
            let leads = ((want >> STREET_BITS) >> goal.index) & 1;
            // No room there to change to a lane that leads on.
            if leads == 0 && goal.length < TO_CHANGE {
                continue;
            }
            let room = self.room(way.goal) + 100_000.0 * leads as f32;
            if room > most {
                most = room;
                best = turn;
            }
        }
        best
    }

    /// The lanes of its street that a vehicle wants to be in, as bits: that of its next stop, or else those that lead on.
    pub fn good(&self, me: &Vehicle, last_stop: u32) -> u32 {
        if me.stop < last_stop {
            let stop = &self.stops[me.stop as usize];
            let there = &self.lanes[stop.lane as usize];
            if there.street == self.lanes[me.lane as usize].street && me.pos <= stop.at + 1.0 {
                return 1u32 << there.index;
            }
        }
        self.routes[me.place as usize] >> STREET_BITS
    }

    /// Whether a lane leads to the street that is next on a route.
    pub fn leads(&self, lane: u32, place: u32, last: u32, modes: u32) -> bool {
        if place + 1 >= last {
            return true;
        }
        self.choose(lane, place, last, modes) != NONE
    }

    /// The first vehicle of a lane that is not before a place: a slot between the lane's first and end.
    pub fn behind(&self, lane: u32, pos: f32) -> u32 {
        let mut low = self.starts[lane as usize];
        let mut high = self.starts[lane as usize + 1];
        while low < high {
            let middle = (low + high) / 2;
            if self.vehicles[middle as usize].pos > pos {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
