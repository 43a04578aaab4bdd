//! Vehicles decide in parts, on several threads: what becomes of each is planned, counted and told.

use super::decide::QUEUED;
use super::motion::EMPTY;
use super::sight::View;
use crate::motion::emission::{FACTORS, emitted};
use crate::motion::params::{NONE, SUBSTANCES, TALLY, Vehicle};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of a tally that is the longest queue, and no sum.
const QUEUE: usize = 5;

/// The lane and the place where a vehicle will be; no lane for one that is gone.
#[derive(Clone, Copy)]
pub struct Goal {
    pub lane: u32,
    /// m.
    pub pos: f32,
}

/// What few vehicles report, in any order: slots of those who have arrived, and metered lanes, once for each vehicle that
/// left them.
#[derive(Default)]
pub struct Reports {
    pub arrived: Vec<u32>,
    pub metered: Vec<u32>,
}

/// What vehicles read to decide, and where they are counted.
pub struct Deciding<'a> {
    pub view: View<'a>,
    /// Vehicles that each lane will have.
    pub counts: &'a [AtomicU32],
    /// Room behind them, mm.
    pub rooms: &'a [AtomicI32],
    /// A bit for each lane that will have some.
    pub marks: &'a [AtomicU64],
    pub tallies: &'a [AtomicU32],
    pub reports: &'a Mutex<Reports>,
}

/// Numbers of vehicles that are counted at one place, one after another.
struct Tally {
    at: u32,
    numbers: [u32; TALLY],
}

impl Tally {
    fn add(&mut self, number: usize, value: u32) {
        self.numbers[number] = self.numbers[number].wrapping_add(value);
    }
}

/// Vehicles that will be in one lane, one after another, and the room behind them, mm.
struct Coming {
    lane: u32,
    count: u32,
    room: i32,
}

impl Deciding<'_> {
    /// The vehicles from a slot on decide.
    pub fn some(&self, first: usize, planned: &mut [Vehicle], goals: &mut [Goal]) {
        let view = &self.view;
        // Neighbours are counted together: atomic additions would take as long as a large part of the decisions.
        let mut tally = Tally { at: NONE, numbers: [0; TALLY] };
        let mut coming = Coming { lane: NONE, count: 0, room: EMPTY };
        for (slot, (plan, goal)) in (first..).zip(planned.iter_mut().zip(goals.iter_mut())) {
            let me = &view.vehicles[slot];
            let my_lane = &view.lanes[me.lane as usize];
            let decision = view.decide(slot as u32);
            let next = &decision.next;
            if tally.at != my_lane.tally {
                self.count(&tally);
                tally = Tally { at: my_lane.tally, numbers: [0; TALLY] };
            }
            // What the lane where it was sees of it.
            let driven = next.metres - me.metres;
            tally.add(0, 1);
            tally.add(1, (100.0 * driven) as u32);
            if next.speed < QUEUED {
                tally.add(2, 1);
            }
            // The first of a lane tells of its queue.
            if my_lane.street != NONE && view.span(me.lane).0 == slot as u32 {
                let back = (10.0 * view.queue(me.lane)) as u32;
                tally.numbers[QUEUE] = tally.numbers[QUEUE].max(back);
            }
            let factors = view.kinds[me.kind as usize].emission as usize;
            for substance in 0..SUBSTANCES {
                let amount = emitted(&FACTORS[factors + substance], next.speed, next.accel, view.motion.dt);
                tally.add(6 + substance, amount);
            }
            for lane in &decision.passed[..decision.passes as usize] {
                self.tallies[view.lanes[*lane as usize].tally as usize * TALLY + 3].fetch_add(1, Relaxed);
            }
            if decision.left || decision.is_gone {
                if my_lane.street != NONE {
                    tally.add(4, 1);
                }
                if my_lane.headway > 0 {
                    self.reports().metered.push(me.lane);
                }
            }
            *plan = *next;
            if decision.is_gone {
                self.reports().arrived.push(slot as u32);
                (plan.lane, goal.lane) = (NONE, NONE);
                continue;
            }
            *goal = Goal { lane: next.lane, pos: next.pos };
            if coming.lane != next.lane {
                self.expect(&coming);
                coming = Coming { lane: next.lane, count: 0, room: EMPTY };
            }
            coming.count += 1;
            coming.room = coming.room.min((1000.0 * (next.pos - next.length)) as i32);
        }
        self.count(&tally);
        self.expect(&coming);
    }

    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was counted at one place.
    fn count(&self, tally: &Tally) {
        for (number, value) in tally.numbers.iter().enumerate().filter(|(_, value)| **value > 0) {
            let sum = &self.tallies[tally.at as usize * TALLY + number];
            if number == QUEUE {
                sum.fetch_max(*value, Relaxed);
            } else {
                sum.fetch_add(*value, Relaxed);
            }
        }
    }

    /// More vehicles will be in a lane.
    fn expect(&self, coming: &Coming) {
        if coming.count == 0 {
            return;
        }
        let lane = coming.lane as usize;
        if self.counts[lane].fetch_add(coming.count, Relaxed) == 0 {
            self.marks[lane / 64].fetch_or(1u64 << (lane % 64), Relaxed);
        }
        self.rooms[lane].fetch_min(coming.room, Relaxed);
    }
}
