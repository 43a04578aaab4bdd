//! Other routes while vehicles drive: for drivers who look for faster ones, and for those whose road is closed meanwhile.

use super::chance::{chance, share};
use super::mover::Saved;
use super::network::{SimulationNetwork, Traveller};
use super::params::{NONE, STREET, Trip, Vehicle};
use hanze_city::roads::lanes::Lanes;
use hanze_city::roads::{CAR, TRUCK};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Who is nearer to the end of his street goes on to the next as he wanted, m.
const DECIDED: f64 = 80.0;
/// Drivers change their route for one that takes less than this share of the time that is left.
const WORTH: f64 = 0.9;
/// And only where it saves so many s at least.
const LEAST: f64 = 30.0;

/// Streets that are closed for a while.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closure {
    /// What it is called.
    pub name: String,
    /// Its streets.
    pub streets: Vec<u32>,
    /// When it begins, s.
    pub from: f64,
    /// When it ends, s.
    pub until: f64,
}

/// What came of a search for other routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// Drivers who took a faster route.
    pub faster: u64,
    /// Those whose road was closed and who found another.
    pub around: u64,
    /// Those whose road was closed and who found none: they wait.
    pub trapped: u64,
}

/// How drivers look for routes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look<'a> {
    /// Share of drivers of cars and trucks who do.
    pub share: f64,
    /// Seed of chance.
    pub seed: u32,
    /// Time that each street takes now, s.
    pub times: &'a [f64],
    /// Streets that are closed.
    pub shut: &'a [bool],
    /// Trips that set out before this moment look now, ms.
    pub until: u32,
}

/// Who could take another route: his trip, the streets on which he has decided, and the rest of his route.
struct Asking {
    trip: usize,
    vehicle: Option<usize>,
    decided: Vec<u32>,
    rest: Vec<u32>,
    is_trapped: bool,
}

/// Streets that lead into each street, for some modes.
struct Arcs {
    into: Vec<Vec<u32>>,
}

impl Arcs {
    fn of(town: &Lanes, modes: u32) -> Arcs {
        let mut into = vec![Vec::new(); town.streets.len()];
        for turn in town.turns.iter().filter(|turn| u32::from(turn.modes) & modes != 0) {
            let ends = [turn.from, turn.to].map(|lane| &town.lanes[lane as usize]);
            if let (Some(from), Some(to)) = (ends[0].street, ends[1].street)
                && ends.iter().all(|lane| u32::from(lane.modes) & modes != 0)
            {
                into[to as usize].push(from);
            }
        }
        into.iter_mut().for_each(|origins| {
            origins.sort_unstable();
            origins.dedup();
        });
        Arcs { into }
    }

    /// The time from behind each street to the end of a goal, and the street that is next on the way.
    fn search(&self, goal: u32, times: &[f64], shut: &[bool]) -> Vec<(u64, u32)> {
        // Whole ms: no order of sums can matter.
        let mut best = vec![(u64::MAX, NONE); times.len()];
        let mut open = BinaryHeap::from([Reverse((0u64, goal))]);
        best[goal as usize] = (0, NONE);
        while let Some(Reverse((time, street))) = open.pop() {
            if time > best[street as usize].0 || shut[street as usize] {
                continue;
            }
            let reached = time + (1000.0 * times[street as usize]).min(1e9) as u64;
            for &from in &self.into[street as usize] {
                if (reached, street) < best[from as usize] {
                    best[from as usize] = (reached, street);
                    open.push(Reverse((reached, from)));
                }
            }
        }
        best
    }
}

/// Fastest paths on empty streets, for vehicles of which only the streets where they begin and end are given.
pub struct FastestPaths {
    times: Vec<f64>,
    arcs: BTreeMap<u32, Arcs>,
    known: BTreeMap<(u32, u32, u32), Option<Vec<u32>>>,
}

impl FastestPaths {
    /// None yet.
    pub fn new(town: &Lanes) -> FastestPaths {
        let time = |street: &hanze_city::roads::lanes::Street| {
            let lane = &town.lanes[street.first as usize];
            lane.length / lane.speed.max(0.1)
        };
        FastestPaths { times: town.streets.iter().map(time).collect(), arcs: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// The streets of the fastest path over some streets, one after another; `None` where there is none.
    pub fn between(&mut self, town: &Lanes, over: &[u32], modes: u32) -> Option<Vec<u32>> {
        let mut streets = vec![*over.first()?];
        for pair in over.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let known = self.known.entry((modes, from, to)).or_insert_with(|| {
                let arcs = self.arcs.entry(modes).or_insert_with(|| Arcs::of(town, modes));
                follow(&arcs.search(to, &self.times, &vec![false; self.times.len()]), from, to)
            });
            streets.extend(known.as_ref()?);
        }
        Some(streets)
    }
}

/// The streets behind one to a goal.
fn follow(best: &[(u64, u32)], from: u32, goal: u32) -> Option<Vec<u32>> {
    let mut path = Vec::new();
    let mut at = from;
    while at != goal {
        at = best[at as usize].1;
        if at == NONE {
            return None;
        }
        path.push(at);
    }
    Some(path)
}

/// Gives drivers other routes: in the network, and to the vehicles that are kept. A stretch of the route that is decided stays.
pub fn reroute(town: &Lanes, network: &mut SimulationNetwork, saved: &mut Saved, look: &Look) -> Turned {
    let mut asking: BTreeMap<(u32, u32), Vec<Asking>> = BTreeMap::new();
    let mut ask = |network: &SimulationNetwork, driver: Asking| {
        if let Some(goal) = driver.rest.last() {
            let modes = network.kinds[network.trips[driver.trip].kind as usize].modes;
            asking.entry((modes, *goal)).or_default().push(driver);
        }
    };
    // By who drives, and not by a place in a list: on other roads the same people look.
    let looks = |trip: &Trip, modes: u32| {
        let who = chance(trip.depart, trip.factor.to_bits());
        modes & u32::from(CAR | TRUCK) != 0 && share(who, look.seed ^ 0x2E0) < look.share
    };
    let street = |network: &SimulationNetwork, at: u32| network.routes[at as usize] & STREET;
    let mut add = |network: &SimulationNetwork, trip: usize, vehicle: Option<(usize, &Vehicle)>| {
        let planned = &network.trips[trip];
        let at = vehicle.map_or(planned.first, |(_, vehicle)| vehicle.place);
        let mut decided = 1;
        if let Some((_, vehicle)) = vehicle {
            let lane = &network.lanes[vehicle.lane as usize];
            let is_across = lane.street == NONE;
            let is_near = f64::from(lane.length - vehicle.pos) < DECIDED;
            let is_open = at + 1 < planned.last && !look.shut[street(network, at + 1) as usize];
            decided += u32::from(at + 1 < planned.last && (is_across || (is_near && is_open)));
        }
        let all: Vec<u32> = (at..planned.last).map(|at| street(network, at)).collect();
        let (begin, rest) = all.split_at((decided as usize).min(all.len()));
        let is_trapped = rest.iter().any(|street| look.shut[*street as usize]);
        let modes = network.kinds[planned.kind as usize].modes;
        let has_stops = planned.last_stop > vehicle.map_or(planned.first_stop, |(_, vehicle)| vehicle.stop);
        if !rest.is_empty() && !has_stops && (is_trapped || looks(planned, modes)) {
            let (decided, rest) = (begin.to_vec(), rest.to_vec());
            ask(network, Asking { trip, vehicle: vehicle.map(|(slot, _)| slot), decided, rest, is_trapped });
        }
    };
    for (slot, vehicle) in saved.vehicles.iter().enumerate() {
        add(network, vehicle.trip as usize, Some((slot, vehicle)));
    }
    for (source, cursor) in network.sources.iter().zip(&saved.cursors) {
        let coming = (*cursor..source.last).take_while(|trip| network.trips[*trip as usize].depart < look.until);
        coming.for_each(|trip| add(network, trip as usize, None));
    }
    let mut arcs: BTreeMap<u32, Arcs> = BTreeMap::new();
    for (modes, _) in asking.keys() {
        arcs.entry(*modes).or_insert_with(|| Arcs::of(town, *modes));
    }
    let time = |streets: &[u32]| streets.iter().map(|street| look.times[*street as usize]).sum::<f64>();
    let groups: Vec<((u32, u32), Vec<Asking>)> = asking.into_iter().collect();
    let found: Vec<Vec<(Asking, Option<Vec<u32>>)>> = groups
        .into_par_iter()
        .map(|((modes, goal), all)| {
            let best = arcs[&modes].search(goal, look.times, look.shut);
            let answer = |driver: Asking| {
                let path =
                    follow(&best, driver.decided[driver.decided.len() - 1], goal).filter(|path| !path.is_empty());
                let path = path.filter(|path| {
                    let (old, new) = (time(&driver.rest), time(path));
                    driver.is_trapped || (new < WORTH * old && old - new > LEAST)
                });
                (driver, path)
            };
            all.into_iter().map(answer).collect()
        })
        .collect();
    let mut turned = Turned::default();
    for (driver, path) in found.into_iter().flatten() {
        let modes = network.kinds[network.trips[driver.trip].kind as usize].modes;
        let streets = path.map(|path| [&driver.decided[..], &path].concat());
        let route =
            streets.and_then(|streets| network.route(town, &Traveller { streets, ..Traveller::default() }, modes).ok());
        let Some(route) = route else {
            turned.trapped += u64::from(driver.is_trapped);
            continue;
        };
        let first = network.routes.len() as u32;
        network.routes.extend(route);
        let trip = &mut network.trips[driver.trip];
        (trip.first, trip.last) = (first, network.routes.len() as u32);
        if let Some(slot) = driver.vehicle {
            saved.vehicles[slot].place = first;
        }
        *(if driver.is_trapped { &mut turned.around } else { &mut turned.faster }) += 1;
    }
    turned
}
