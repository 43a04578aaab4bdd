//! What a driver sees of the lanes ahead. Twin: `shaders/traffic/motion/sight.wgsl`.

use super::across::Across;
use crate::motion::params::{Foe, Kind, Lane, Moment, Motion, NONE, STREET, STREET_BITS, Stop, Trip, Turn, Vehicle};

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
    /// Where the vehicles of each lane begin, the one in front first, and their end.
    pub spans: &'a [[u32; 2]],
    /// Lanes across junctions.
    pub across: &'a Across,
    /// 1 / the time of a step, 1/s.
    pub rate: f32,
    pub vehicles: &'a [Vehicle],
    /// When the next vehicle may leave each lane, ms.
    pub ready: &'a [u32],
}

impl View<'_> {
    /// Slots of a lane's vehicles: the first, and the end.
    pub fn span(&self, lane: u32) -> (u32, u32) {
        let [first, end] = self.spans[lane as usize];
        (first, end)
    }

    /// A lane's vehicles, the one in front first.
    pub fn on(&self, lane: u32) -> &[Vehicle] {
        let (first, end) = self.span(lane);
        &self.vehicles[first as usize..end as usize]
    }

    /// Free length at the beginning of a lane, m: to the rear of the last vehicle, which may be below 0.
    pub fn room(&self, lane: u32) -> f32 {
        match self.on(lane).last() {
            Some(last) => last.pos - last.length,
            None => self.lanes[lane as usize].length,
        }
    }

    /// The way that a vehicle takes out of a lane: on a street the one that its route wants, into the lane that leads on and has most
    /// room; `NONE` where there is none.
    pub fn choose(&self, lane: u32, place: u32, last: u32, modes: u32) -> u32 {
        let this_lane = &self.lanes[lane as usize];
        if this_lane.street == NONE {
            return this_lane.first_turn;
        }
        if place + 1 >= last {
            return NONE;
        }
        let want = self.routes[place as usize + 1];
        let mut best = NONE;
        let mut most = -1e9f32;
        for turn in this_lane.first_turn..this_lane.first_turn + this_lane.turns {
            let movement = &self.turns[turn as usize];
            let Some(leads) = self.fits(movement, want, modes) else { continue };
            let room = self.room(movement.goal) + 100_000.0 * leads as f32;
            if room > most {
                most = room;
                best = turn;
            }
        }
        best
    }

    /// Whether a way leads to a place of a route: 1 where it does so into a lane that leads on, 0 where one has to
    /// change lanes there.
    fn fits(&self, movement: &Turn, want: u32, modes: u32) -> Option<u32> {
        if movement.street != (want & STREET) || (movement.modes & modes) == 0 {
            return None;
        }
        let goal = &self.lanes[movement.goal as usize];
        if (goal.modes & modes) == 0 || goal.shut != 0 {
            return None;
        }
        let leads = ((want >> STREET_BITS) >> goal.index) & 1;
        // No room there to change to a lane that leads on.
        if leads == 0 && goal.length < TO_CHANGE {
            return None;
        }
        Some(leads)
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
        let this_lane = &self.lanes[lane as usize];
        if place + 1 >= last {
            return true;
        }
        if this_lane.street == NONE {
            return this_lane.first_turn != NONE;
        }
        // Which of them `choose` takes does not matter here: room behind them need not be known.
        let want = self.routes[place as usize + 1];
        (this_lane.first_turn..this_lane.first_turn + this_lane.turns)
            .any(|turn| self.fits(&self.turns[turn as usize], want, modes).is_some())
    }

    /// The first vehicle of a lane that is not before a place: a slot between the lane's first and end.
    pub fn behind(&self, lane: u32, pos: f32) -> u32 {
        let (mut low, mut high) = self.span(lane);
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
