//! A step of motion on the threads of this machine: the stages of `shaders/traffic/motion/` in their order.

use super::across::Across;
use super::drive::inverse;
use super::plan::{Deciding, Goal, Reports};
use super::sight::View;
use crate::motion::network::SimulationNetwork;
use crate::motion::params::{AFTER, GREEN, Gate, Moment, NONE, Outcome, RED, STREET_BITS, TALLY, Vehicle, YELLOW};
use rayon::prelude::*;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Vehicles that a thread takes at once.
const AT_ONCE: usize = 128;
/// Fewer vehicles decide on one thread: to wake another takes longer.
const FEW: usize = 512;
/// More vehicles are put in order by several threads.
const MANY: usize = 2048;
/// Distance to a lane's end at which a vehicle waits there, m.
const WAITS: f32 = 15.0;
/// Room that is left for it by those who set out, m.
const LEAVES: f32 = 25.0;
/// A lane with so much room is empty, mm.
pub const EMPTY: i32 = i32::MAX;

/// Everything that changes.
pub struct State {
    pub clock: Moment,
    pub vehicles: Vec<Vehicle>,
    pub lights: Vec<u32>,
    /// Phase of each program and when it began, ms.
    pub phases: Vec<[u32; 2]>,
    /// Next trip of each source; `set_cursors` changes them.
    pub cursors: Vec<u32>,
    pub ready: Vec<u32>,
    pub outcomes: Vec<Outcome>,
    pub tallies: Vec<AtomicU32>,
    across: Across,
    /// Phase of each program that its lights show.
    shown: Vec<u32>,
    /// When the next trip of each source sets out, ms.
    due: Vec<u32>,
    /// Where the vehicles of each lane begin, and their end; both 0 on an empty lane.
    spans: Vec<[u32; 2]>,
    /// Lanes with vehicles, in their order.
    busy: Vec<u32>,
    /// How many vehicles each of them has; where they begin once that is known, and the end.
    sums: Vec<u32>,
    planned: Vec<Vehicle>,
    /// Where each of them will be.
    goals: Vec<Goal>,
    /// Vehicles that each lane will have, and the room behind them, mm; 0 and `EMPTY` between two steps.
    counts: Vec<AtomicU32>,
    rooms: Vec<AtomicI32>,
    /// A bit for each lane that will have vehicles; 0 between two steps.
    marks: Vec<AtomicU64>,
    bins: Vec<Bin>,
    reports: Mutex<Reports>,
}

/// A planned vehicle in the bin of its lane.
#[derive(Clone, Copy)]
struct Bin {
    pos: f32,
    slot: u32,
}

impl State {
    pub fn new(network: &SimulationNetwork) -> State {
        let lanes = network.lanes.len();
        let mut state = State {
            clock: Moment::default(),
            vehicles: Vec::new(),
            lights: vec![RED; network.lights],
            phases: vec![[0, 0]; network.programs.len()],
            cursors: Vec::new(),
            ready: vec![0; lanes],
            outcomes: vec![Outcome::default(); network.trips.len()],
            tallies: (0..network.tallies * TALLY).map(|_| AtomicU32::new(0)).collect(),
            across: Across::new(&network.lanes, &network.turns),
            shown: vec![NONE; network.programs.len()],
            due: Vec::new(),
            spans: vec![[0, 0]; lanes],
            busy: Vec::new(),
            sums: Vec::new(),
            planned: Vec::new(),
            goals: Vec::new(),
            counts: (0..lanes).map(|_| AtomicU32::new(0)).collect(),
            rooms: (0..lanes).map(|_| AtomicI32::new(EMPTY)).collect(),
            marks: (0..lanes.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            bins: Vec::new(),
            reports: Mutex::default(),
        };
        let cursors: Vec<u32> = network.sources.iter().map(|source| source.first).collect();
        state.set_cursors(network, &cursors);
        state
    }

    /// Sets which trip is the next of each source.
    pub fn set_cursors(&mut self, network: &SimulationNetwork, cursors: &[u32]) {
        self.cursors = cursors.to_vec();
        self.due = network.sources.iter().zip(cursors).map(|(source, cursor)| due(network, source, *cursor)).collect();
    }

    /// Puts vehicles on the lanes in the place of all others.
    pub fn place(&mut self, vehicles: &[Vehicle]) {
        self.planned = vehicles.to_vec();
        self.goals = vehicles.iter().map(|one| Goal { lane: one.lane, pos: one.pos }).collect();
        for one in vehicles {
            self.expect(one.lane);
        }
        self.order();
        (self.clock.vehicles, self.clock.planned) = (vehicles.len() as u32, vehicles.len() as u32);
    }

    /// So many steps.
    pub fn run(&mut self, network: &SimulationNetwork, steps: u32) {
        let mut left = steps;
        while left > 0 && self.vehicles.len() < FEW {
            self.step(network);
            left -= 1;
        }
        if left > 0 {
            // On a thread of the pool: what runs in parallel there need not wake it from outside each time.
            rayon::scope(|_| (0..left).for_each(|_| self.step(network)));
        }
    }

    /// One step.
    fn step(&mut self, network: &SimulationNetwork) {
        self.lights(network);
        self.decide(network);
        self.depart(network);
        self.order();
        self.tick(network.motion.step_ms);
    }

    /// Lights show what their programs say.
    fn lights(&mut self, network: &SimulationNetwork) {
        let now = self.clock.now;
        for (k, program) in network.programs.iter().enumerate() {
            let [mut phase, mut since] = self.phases[k];
            if self.clock.step == 0 {
                // Where the cycle is when time begins.
                let mut at = (program.cycle - program.offset % program.cycle) % program.cycle;
                phase = 0;
                while at >= network.phases[(program.first + phase) as usize].least && phase + 1 < program.phases {
                    at -= network.phases[(program.first + phase) as usize].least;
                    phase += 1;
                }
                // Time before the beginning counts by wrapping round.
                since = now.wrapping_sub(at);
            }
            let mut n = 0;
            while n < 64 {
                let current = network.phases[(program.first + phase) as usize];
                let passed = now.wrapping_sub(since);
                let is_over =
                    passed >= current.most || (passed >= current.least && !self.is_wanted(network, k, current.states));
                if !is_over {
                    break;
                }
                // A fixed phase ends when it should have, whatever the step.
                since = if current.least == current.most { since.wrapping_add(current.most) } else { now };
                phase = if phase + 1 < program.phases { phase + 1 } else { 0 };
                n += 1;
            }
            self.phases[k] = [phase, since];
            if self.shown[k] == phase {
                continue;
            }
            self.shown[k] = phase;
            let states = network.phases[(program.first + phase) as usize].states;
            for light in 0..program.lights {
                self.lights[(program.light + light) as usize] = network.states[(states + light) as usize];
            }
        }
    }

    /// Whether somebody comes for whom a phase shows green: within 3 s or 15 m.
    fn is_wanted(&self, network: &SimulationNetwork, program: usize, states: u32) -> bool {
        let program = &network.programs[program];
        if program.actuated == 0 {
            return false;
        }
        for light in 0..program.lights {
            let state = network.states[(states + light) as usize];
            let lane = network.heads[(program.light + light) as usize];
            if state < AFTER || lane == NONE {
                continue;
            }
            if let Some(one) = self.first(lane) {
                let away = network.lanes[lane as usize].length - one.pos;
                if away < (3.0 * one.speed).max(15.0) {
                    return true;
                }
            }
        }
        false
    }

    /// The vehicle in front of a lane.
    fn first(&self, lane: u32) -> Option<&Vehicle> {
        let [first, end] = self.spans[lane as usize];
        if first < end { self.vehicles.get(first as usize) } else { None }
    }

    /// What the vehicles of a step see.
    fn view<'a>(&'a self, network: &'a SimulationNetwork) -> View<'a> {
        View {
            motion: &network.motion,
            clock: self.clock,
            lanes: &network.lanes,
            turns: &network.turns,
            foes: &network.foes,
            inward: &network.inward,
            kinds: &network.kinds,
            trips: &network.trips,
            routes: &network.routes,
            stops: &network.stops,
            lights: &self.lights,
            spans: &self.spans,
            across: &self.across,
            rate: inverse(network.motion.dt),
            vehicles: &self.vehicles,
            ready: &self.ready,
        }
    }

    /// Every vehicle decides; what becomes of it is planned, counted and told.
    fn decide(&mut self, network: &SimulationNetwork) {
        // They are written while all else is read.
        let (mut planned, mut goals) = (std::mem::take(&mut self.planned), std::mem::take(&mut self.goals));
        let deciding = Deciding {
            view: self.view(network),
            counts: &self.counts,
            rooms: &self.rooms,
            marks: &self.marks,
            tallies: &self.tallies,
            reports: &self.reports,
        };
        if self.vehicles.len() < FEW {
            deciding.some(0, &mut planned, &mut goals);
        } else {
            let parts = planned.par_chunks_mut(AT_ONCE).zip(goals.par_chunks_mut(AT_ONCE));
            parts.enumerate().for_each(|(part, (planned, goals))| deciding.some(part * AT_ONCE, planned, goals));
        }
        (self.planned, self.goals) = (planned, goals);
        let (now, step) = (self.clock.now, network.motion.step_ms);
        let reports = self.reports.get_mut().unwrap_or_else(PoisonError::into_inner);
        for lane in reports.metered.drain(..) {
            let ready = &mut self.ready[lane as usize];
            *ready = (*ready).max(now.saturating_sub(step)) + network.lanes[lane as usize].headway;
        }
        for slot in reports.arrived.drain(..) {
            let one = &self.planned[slot as usize];
            let outcome = &mut self.outcomes[one.trip as usize];
            outcome.arrived = now + step + 1;
            (outcome.waited, outcome.lost, outcome.metres) = (one.waited, one.lost, one.metres);
            self.clock.arrived += 1;
        }
        self.clock.planned = self.clock.vehicles;
    }

    /// Vehicles set out where there is room.
    fn depart(&mut self, network: &SimulationNetwork) {
        let now = self.clock.now;
        for (k, source) in network.sources.iter().enumerate() {
            if self.due[k] > now {
                continue;
            }
            let mut n = 0;
            while n < source.lanes {
                n += 1;
                let trip = self.cursors[k];
                if trip >= source.last || network.trips[trip as usize].depart > now {
                    break;
                }
                let departing = &network.trips[trip as usize];
                let kind = &network.kinds[departing.kind as usize];
                let mask = network.routes[departing.first as usize] >> STREET_BITS;
                let mut best = NONE;
                let mut most = -1e9f32;
                for index in 0..source.lanes {
                    let lane = source.lane + index;
                    let there = &network.lanes[lane as usize];
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
                let there = &network.lanes[best as usize];
                let free_mm = self.rooms[best as usize].load(Relaxed);
                let room = if free_mm == EMPTY { there.length + 200.0 } else { 0.001 * free_mm as f32 };
                let pos = kind.length.min(there.length);
                let gap = room - pos;
                let wish = kind.speed.min(there.speed * departing.factor);
                let speed = match departing.speed >= 0.0 {
                    true => departing.speed.min(wish),
                    false => wish.min((gap - kind.gap) * inverse(kind.headway)).max(0.0),
                };
                if gap < kind.gap + 0.1 || (departing.speed >= 0.0 && gap < kind.gap + 0.5 * speed * kind.headway) {
                    break;
                }
                if self.comes_in(network, best, gap) {
                    break;
                }
                let vehicle = Vehicle {
                    trip,
                    kind: departing.kind,
                    lane: best,
                    place: departing.first,
                    pos,
                    speed,
                    stop: departing.first_stop,
                    length: kind.length,
                    ..Vehicle::default()
                };
                self.planned.push(vehicle);
                self.goals.push(Goal { lane: best, pos });
                self.clock.planned += 1;
                self.clock.inserted += 1;
                self.expect(best);
                let room = self.rooms[best as usize].get_mut();
                *room = (*room).min((1000.0 * (pos - kind.length)) as i32);
                self.outcomes[trip as usize].inserted = now + network.motion.step_ms + 1;
                self.tallies[there.tally as usize * TALLY + 3].fetch_add(1, Relaxed);
                self.cursors[k] = trip + 1;
            }
            self.due[k] = due(network, source, self.cursors[k]);
        }
    }

    /// One more vehicle will be in a lane.
    fn expect(&mut self, lane: u32) {
        let lane = lane as usize;
        *self.counts[lane].get_mut() += 1;
        *self.marks[lane / 64].get_mut() |= 1u64 << (lane % 64);
    }

    /// Whether somebody drives into a lane who could not brake any more for one who sets out at its beginning.
    fn comes_in(&self, network: &SimulationNetwork, lane: u32, gap: f32) -> bool {
        let into = &network.lanes[lane as usize];
        for k in into.first_inward..into.first_inward + into.inwards {
            let from = network.inward[k as usize];
            if let Some(one) = self.first(from) {
                let away = network.lanes[from as usize].length - one.pos;
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

    /// Which lanes will have vehicles, and how many; they are counted anew. Only these and those that had some are
    /// touched: most lanes of a city are empty.
    fn sums(&mut self) {
        self.busy.drain(..).for_each(|lane| self.spans[lane as usize] = [0, 0]);
        self.sums.clear();
        for (word, marks) in self.marks.iter_mut().enumerate() {
            let mut left = std::mem::take(marks.get_mut());
            while left != 0 {
                let lane = 64 * word + left.trailing_zeros() as usize;
                left &= left - 1;
                self.busy.push(lane as u32);
                self.sums.push(std::mem::take(self.counts[lane].get_mut()));
                *self.rooms[lane].get_mut() = EMPTY;
            }
        }
    }

    /// Where the vehicles of each of these lanes begin.
    fn offsets(&mut self) {
        let mut sum = 0;
        for in_lane in &mut self.sums {
            sum += std::mem::replace(in_lane, sum);
        }
        self.sums.push(sum);
    }

    /// The lanes know where their vehicles begin; their ends move on with each that comes in.
    fn firsts(&mut self) {
        for (lane, first) in self.busy.iter().zip(&self.sums) {
            self.spans[*lane as usize] = [*first, *first];
        }
    }

    /// Vehicles by lane, in any order within it.
    fn bin(&mut self) {
        let count = self.sums.last().map_or(0, |end| *end as usize);
        self.bins.resize(count, Bin { pos: 0.0, slot: 0 });
        for (slot, goal) in self.goals.iter().enumerate().filter(|(_, goal)| goal.lane != NONE) {
            let end = &mut self.spans[goal.lane as usize][1];
            self.bins[*end as usize] = Bin { pos: goal.pos, slot: slot as u32 };
            *end += 1;
        }
    }

    /// Vehicles by lane, the one in front first; of those at one place the one with the lower trip.
    fn order(&mut self) {
        self.sums();
        self.offsets();
        self.firsts();
        self.bin();
        self.vehicles.resize(self.bins.len(), Vehicle::default());
        sort(&self.busy, &self.spans, &self.planned, &mut self.bins, &mut self.vehicles);
    }

    /// The clock goes on.
    fn tick(&mut self, step: u32) {
        let vehicles = self.vehicles.len();
        self.clock.step += 1;
        self.clock.now += step;
        (self.clock.vehicles, self.clock.planned) = (vehicles as u32, vehicles as u32);
        self.planned.resize(vehicles, Vehicle::default());
        self.goals.resize(vehicles, Goal { lane: NONE, pos: 0.0 });
    }
}

/// When the next trip of a source sets out, ms; never where there is none.
fn due(network: &SimulationNetwork, source: &Gate, cursor: u32) -> u32 {
    if cursor < source.last { network.trips[cursor as usize].depart } else { u32::MAX }
}

/// Puts the vehicles of some lanes, one after another in `bins`, in their order.
fn sort(lanes: &[u32], spans: &[[u32; 2]], planned: &[Vehicle], bins: &mut [Bin], vehicles: &mut [Vehicle]) {
    let Some(first) = lanes.first().map(|lane| spans[*lane as usize][0]) else { return };
    if bins.len() > MANY && lanes.len() > 1 {
        let (left, right) = lanes.split_at(lanes.len() / 2);
        let at = (spans[right[0] as usize][0] - first) as usize;
        let (bins, more_bins) = bins.split_at_mut(at);
        let (vehicles, more) = vehicles.split_at_mut(at);
        rayon::join(|| sort(left, spans, planned, bins, vehicles), || sort(right, spans, planned, more_bins, more));
        return;
    }
    let trip = |bin: &Bin| planned[bin.slot as usize].trip;
    for [begin, end] in lanes.iter().map(|lane| spans[*lane as usize]).filter(|[begin, end]| *end > begin + 1) {
        bins[(begin - first) as usize..(end - first) as usize]
            .sort_unstable_by(|a, b| b.pos.total_cmp(&a.pos).then_with(|| trip(a).cmp(&trip(b))));
    }
    for (vehicle, bin) in vehicles.iter_mut().zip(bins.iter()) {
        *vehicle = planned[bin.slot as usize];
    }
}

const _: () = assert!(YELLOW < AFTER && AFTER < GREEN);

#[cfg(test)]
mod tests;
