//! A step of motion on the threads of this machine: the stages of `shaders/traffic/motion/` in their order.

use super::decide::QUEUED;
use super::drive::inverse;
use super::sight::View;
use crate::models::traffic::motion::emission::{FACTORS, emitted};
use crate::models::traffic::motion::params::{
    AFTER, GREEN, Moment, NONE, Outcome, RED, STREET_BITS, SUBSTANCES, TALLY, Vehicle, YELLOW,
};
use crate::models::traffic::motion::world::World;
use rayon::prelude::*;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};

/// Vehicles that a thread takes at once.
const AT_ONCE: usize = 256;
/// Distance to a lane's end at which a vehicle waits there, m.
const WAITS: f32 = 15.0;
/// Room that is left for it by those who set out, m.
const LEAVES: f32 = 25.0;
/// Lanes of a block.
const BLOCK: usize = 256;
/// A lane with so much room is empty, mm.
pub const EMPTY: i32 = i32::MAX;

/// Everything that changes.
pub struct State {
    pub clock: Moment,
    pub vehicles: Vec<Vehicle>,
    pub starts: Vec<u32>,
    pub lights: Vec<u32>,
    /// Phase of each program and when it began, ms.
    pub phases: Vec<[u32; 2]>,
    /// Next trip of each source.
    pub cursors: Vec<u32>,
    pub ready: Vec<u32>,
    pub outcomes: Vec<Outcome>,
    pub tallies: Vec<AtomicU32>,
    planned: Vec<Vehicle>,
    counts: Vec<AtomicU32>,
    rooms: Vec<AtomicI32>,
    blocks: Vec<u32>,
    bins: Vec<u32>,
}

impl State {
    pub fn new(world: &World) -> State {
        let lanes = world.lanes.len();
        State {
            clock: Moment::default(),
            vehicles: Vec::new(),
            starts: vec![0; lanes + 1],
            lights: vec![RED; world.lights],
            phases: vec![[0, 0]; world.programs.len()],
            cursors: world.sources.iter().map(|source| source.first).collect(),
            ready: vec![0; lanes],
            outcomes: vec![Outcome::default(); world.trips.len()],
            tallies: (0..world.tallies * TALLY).map(|_| AtomicU32::new(0)).collect(),
            planned: Vec::new(),
            counts: (0..lanes).map(|_| AtomicU32::new(0)).collect(),
            rooms: (0..lanes).map(|_| AtomicI32::new(EMPTY)).collect(),
            blocks: Vec::new(),
            bins: Vec::new(),
        }
    }

    /// Puts vehicles on the lanes in the place of all others.
    pub fn place(&mut self, vehicles: &[Vehicle]) {
        self.clock.planned = vehicles.len() as u32;
        self.planned = vehicles.to_vec();
        self.counts.iter().for_each(|count| count.store(0, Relaxed));
        for one in vehicles {
            self.counts[one.lane as usize].fetch_add(1, Relaxed);
        }
        self.order();
        self.clock.vehicles = self.clock.planned;
        self.planned.truncate(vehicles.len());
    }

    /// One step.
    pub fn step(&mut self, world: &World) {
        self.lights(world);
        self.decide(world);
        self.depart(world);
        self.order();
        self.tick(world.motion.step_ms);
    }

    /// Lights show what their programs say.
    fn lights(&mut self, world: &World) {
        let now = self.clock.now;
        for (k, program) in world.programs.iter().enumerate() {
            let [mut phase, mut since] = self.phases[k];
            if self.clock.step == 0 {
                // Where the cycle is when time begins.
                let mut at = (program.cycle - program.offset % program.cycle) % program.cycle;
                phase = 0;
                while at >= world.phases[(program.first + phase) as usize].least && phase + 1 < program.phases {
                    at -= world.phases[(program.first + phase) as usize].least;
                    phase += 1;
                }
                // Time before the beginning counts by wrapping round.
                since = now.wrapping_sub(at);
            }
            let mut n = 0;
            while n < 64 {
                let own = world.phases[(program.first + phase) as usize];
                let passed = now.wrapping_sub(since);
                let is_over = passed >= own.most || (passed >= own.least && !self.is_wanted(world, k, own.states));
                if !is_over {
                    break;
                }
                // A fixed phase ends when it should have, whatever the step.
                since = if own.least == own.most { since.wrapping_add(own.most) } else { now };
                phase = if phase + 1 < program.phases { phase + 1 } else { 0 };
                n += 1;
            }
            self.phases[k] = [phase, since];
            let states = world.phases[(program.first + phase) as usize].states;
            for light in 0..program.lights {
                self.lights[(program.light + light) as usize] = world.states[(states + light) as usize];
            }
        }
    }

    /// Whether somebody comes for whom a phase shows green: within 3 s or 15 m.
    fn is_wanted(&self, world: &World, program: usize, states: u32) -> bool {
        let own = &world.programs[program];
        if own.actuated == 0 {
            return false;
        }
        for light in 0..own.lights {
            let state = world.states[(states + light) as usize];
            let lane = world.heads[(own.light + light) as usize];
            if state < AFTER || lane == NONE {
                continue;
            }
            let (first, end) = (self.starts[lane as usize], self.starts[lane as usize + 1]);
            if first < end {
                let one = &self.vehicles[first as usize];
                let away = world.lanes[lane as usize].length - one.pos;
                if away < (3.0 * one.speed).max(15.0) {
                    return true;
                }
            }
        }
        false
    }

    /// Every vehicle decides; what becomes of it is planned, counted and told.
    fn decide(&mut self, world: &World) {
        self.counts.iter().for_each(|count| count.store(0, Relaxed));
        self.rooms.iter().for_each(|room| room.store(EMPTY, Relaxed));
        let view = View {
            motion: &world.motion,
            clock: self.clock,
            lanes: &world.lanes,
            turns: &world.turns,
            foes: &world.foes,
            inward: &world.inward,
            kinds: &world.kinds,
            trips: &world.trips,
            routes: &world.routes,
            stops: &world.stops,
            lights: &self.lights,
            starts: &self.starts,
            vehicles: &self.vehicles,
            ready: &self.ready,
        };
        let (counts, rooms, tallies) = (&self.counts, &self.rooms, &self.tallies);
        let add = |at: u32, number: usize, value: u32| {
            tallies[at as usize * TALLY + number].fetch_add(value, Relaxed);
        };
        let arrived: Vec<Vec<(u32, bool, u32)>> = self
            .planned
            .par_chunks_mut(AT_ONCE)
            .enumerate()
            .map(|(chunk, planned)| {
                let mut told = Vec::new();
                for (k, plan) in planned.iter_mut().enumerate() {
                    let slot = chunk * AT_ONCE + k;
                    let me = &view.vehicles[slot];
                    let own = &view.lanes[me.lane as usize];
                    let decision = view.decide(slot as u32);
                    let next = decision.next;
                    // What the lane where it was sees of it.
                    let driven = next.metres - me.metres;
                    add(own.tally, 0, 1);
                    add(own.tally, 1, (100.0 * driven) as u32);
                    if next.speed < QUEUED {
                        add(own.tally, 2, 1);
                    }
                    // The first of a lane tells of its queue.
                    if own.street != NONE && view.starts[me.lane as usize] == slot as u32 {
                        let back = (10.0 * view.queue(me.lane)) as u32;
                        tallies[own.tally as usize * TALLY + 5].fetch_max(back, Relaxed);
                    }
                    let factors = view.kinds[me.kind as usize].emission as usize;
                    for substance in 0..SUBSTANCES {
                        let amount = emitted(&FACTORS[factors + substance], next.speed, next.accel, world.motion.dt);
                        add(own.tally, 6 + substance, amount);
                    }
                    for lane in &decision.passed[..decision.passes as usize] {
                        add(view.lanes[*lane as usize].tally, 3, 1);
                    }
                    if decision.left || decision.is_gone {
                        if own.street != NONE {
                            add(own.tally, 4, 1);
                        }
                        if own.headway > 0 {
                            told.push((me.lane, true, own.headway));
                        }
                    }
                    if decision.is_gone {
                        told.push((slot as u32, false, 0));
                        *plan = Vehicle { lane: NONE, ..next };
                        continue;
                    }
                    counts[next.lane as usize].fetch_add(1, Relaxed);
                    rooms[next.lane as usize].fetch_min((1000.0 * (next.pos - next.length)) as i32, Relaxed);
                    *plan = next;
                }
                told
            })
            .collect();
        let now = self.clock.now;
        let step = world.motion.step_ms;
        for (which, is_meter, headway) in arrived.into_iter().flatten() {
            if is_meter {
                let ready = &mut self.ready[which as usize];
                *ready = (*ready).max(now.saturating_sub(step)) + headway;
                continue;
            }
            let one = &self.planned[which as usize];
            let outcome = &mut self.outcomes[one.trip as usize];
            outcome.arrived = now + step + 1;
            (outcome.waited, outcome.lost, outcome.metres) = (one.waited, one.lost, one.metres);
            self.clock.arrived += 1;
        }
        self.clock.planned = self.clock.vehicles;
    }

    /// Vehicles set out where there is room.
    fn depart(&mut self, world: &World) {
        let now = self.clock.now;
        for (k, source) in world.sources.iter().enumerate() {
            let mut n = 0;
            while n < source.lanes {
                n += 1;
                let trip = self.cursors[k];
                if trip >= source.last || world.trips[trip as usize].depart > now {
                    break;
                }
                let own = &world.trips[trip as usize];
                let kind = &world.kinds[own.kind as usize];
                let mask = world.routes[own.first as usize] >> STREET_BITS;
                let mut best = NONE;
                let mut most = -1e9f32;
                for index in 0..source.lanes {
                    let lane = source.lane + index;
                    let there = &world.lanes[lane as usize];
                    if (there.modes & kind.modes) == 0 || there.shut != 0 || there.begin > 0.0 {
                        continue;
                    }
                    let free_mm = self.rooms[lane as usize].load(Relaxed);
                    let room = if free_mm == EMPTY { there.length + 200.0 } else { 0.001 * free_mm as f32 };
                    let score = room + 10_000.0 * ((mask >> index) & 1) as f32;
                    if score > most {
                        most = score;
                        best = lane;
                    }
                }
                if best == NONE {
                    break;
                }
                let there = &world.lanes[best as usize];
                let free_mm = self.rooms[best as usize].load(Relaxed);
                let room = if free_mm == EMPTY { there.length + 200.0 } else { 0.001 * free_mm as f32 };
                let pos = kind.length.min(there.length);
                let gap = room - pos;
                let wish = kind.speed.min(there.speed * own.factor);
                let speed = match own.speed >= 0.0 {
                    true => own.speed.min(wish),
                    false => wish.min((gap - kind.gap) * inverse(kind.headway)).max(0.0),
                };
                if gap < kind.gap + 0.1 || (own.speed >= 0.0 && gap < kind.gap + 0.5 * speed * kind.headway) {
                    break;
                }
                if self.comes_in(world, best, gap) {
                    break;
                }
                let slot = self.clock.planned as usize;
                let vehicle = Vehicle {
                    trip,
                    kind: own.kind,
                    lane: best,
                    place: own.first,
                    pos,
                    speed,
                    stop: own.first_stop,
                    length: kind.length,
                    ..Vehicle::default()
                };
                if slot < self.planned.len() {
                    self.planned[slot] = vehicle;
                } else {
                    self.planned.push(vehicle);
                }
                self.clock.planned += 1;
                self.clock.inserted += 1;
                self.counts[best as usize].fetch_add(1, Relaxed);
                self.rooms[best as usize].fetch_min((1000.0 * (pos - kind.length)) as i32, Relaxed);
                self.outcomes[trip as usize].inserted = now + world.motion.step_ms + 1;
                self.tallies[there.tally as usize * TALLY + 3].fetch_add(1, Relaxed);
                self.cursors[k] = trip + 1;
            }
        }
    }

    /// Whether somebody drives into a lane who could not brake any more for one who sets out at its beginning.
    fn comes_in(&self, world: &World, lane: u32, gap: f32) -> bool {
        let into = &world.lanes[lane as usize];
        for k in into.first_inward..into.first_inward + into.inwards {
            let from = world.inward[k as usize];
            let (first, end) = (self.starts[from as usize], self.starts[from as usize + 1]);
            if first < end {
                let one = &self.vehicles[first as usize];
                let away = world.lanes[from as usize].length - one.pos;
                if one.speed * one.speed * 0.25 + one.speed > away {
                    return true;
                }
                // Who waits to drive in is the first for the room that there is.
                if away < WAITS && gap < LEAVES {
                    return true;
                }
            }
        }
        false
    }

    /// How many vehicles the lanes of each block will have.
    fn sums(&mut self) {
        let sum = |block: &[AtomicU32]| block.iter().map(|count| count.load(Relaxed)).sum();
        self.blocks = self.counts.par_chunks(BLOCK).map(sum).collect();
    }

    /// Where the vehicles of each block begin.
    fn offsets(&mut self) {
        let mut sum = 0;
        for block in &mut self.blocks {
            sum += std::mem::replace(block, sum);
        }
        self.blocks.push(sum);
    }

    /// Where the vehicles of each lane begin; the lanes are counted anew.
    fn firsts(&mut self) {
        let lanes = self.counts.len();
        let blocks = self.starts[..lanes].par_chunks_mut(BLOCK).zip(self.counts.par_chunks(BLOCK)).zip(&self.blocks);
        blocks.for_each(|((starts, counts), first)| {
            let mut at = *first;
            for (start, count) in starts.iter_mut().zip(counts) {
                *start = at;
                at += count.swap(0, Relaxed);
            }
        });
        self.starts[lanes] = self.blocks.last().copied().unwrap_or(0);
    }

    /// Vehicles by lane, in any order within it.
    fn bin(&mut self) {
        let count = self.starts[self.counts.len()] as usize;
        self.bins.resize(count, 0);
        for (k, one) in self.planned[..self.clock.planned as usize].iter().enumerate() {
            if one.lane != NONE {
                let at = self.counts[one.lane as usize].fetch_add(1, Relaxed);
                self.bins[(self.starts[one.lane as usize] + at) as usize] = k as u32;
            }
        }
    }

    /// Vehicles by lane, the one in front first; of those at one place the one with the lower trip.
    fn order(&mut self) {
        self.sums();
        self.offsets();
        self.firsts();
        self.bin();
        let planned = &self.planned;
        let before = |a: &u32, b: &u32| {
            let (a, b) = (&planned[*a as usize], &planned[*b as usize]);
            b.pos.total_cmp(&a.pos).then(a.trip.cmp(&b.trip))
        };
        for ends in self.starts.windows(2).filter(|ends| ends[1] > ends[0] + 1) {
            self.bins[ends[0] as usize..ends[1] as usize].sort_unstable_by(before);
        }
        let order = self.bins.par_iter().with_min_len(4 * AT_ONCE).map(|k| planned[*k as usize]);
        order.collect_into_vec(&mut self.vehicles);
    }

    /// The clock goes on.
    fn tick(&mut self, step: u32) {
        let vehicles = self.vehicles.len();
        self.clock.step += 1;
        self.clock.now += step;
        (self.clock.vehicles, self.clock.planned) = (vehicles as u32, vehicles as u32);
        self.planned.resize(vehicles, Vehicle::default());
    }
}

const _: () = assert!(YELLOW < AFTER && AFTER < GREEN);
