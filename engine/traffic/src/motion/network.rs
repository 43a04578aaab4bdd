//! Lanes and trips as plain arrays that the stages read.

use super::params::{
    AFTER, Foe, GIVES_WAY, GREEN, Gate, IS_GIVEN_WAY, Kind, Lane, MERGES, Motion, NONE, Phase, Program, RED,
    STREET_BITS, Stop, Trip, Turn, YELLOW, ZIPS,
};
use crate::cpu::across;
use crate::cpu::sight::TO_CHANGE;
use hanze_base::error::{Error, Result};
use hanze_city::roads::lanes::{self, Lanes};

/// How far ahead lanes are told apart, m.
const FORESIGHT: f64 = 200.0;
/// Speed on the way across a junction where nothing is said, m/s.
const SLOWEST: f64 = 2.0;

/// Width of a lane in which a car can pass a cycle, m.
const PASSING: f64 = 3.0;

/// Somebody who travels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traveller {
    /// When he sets out, s.
    pub depart: f64,
    /// His kind of vehicle.
    pub kind: u32,
    /// Streets of his route.
    pub streets: Vec<u32>,
    /// Stops: lane, place in it (m), and time (s).
    pub stops: Vec<(u32, f64, f64)>,
    /// Speed at which he sets out, m/s; as fast as he can where none is given.
    pub speed: Option<f64>,
    /// His wish as a share of speed limits.
    pub factor: f64,
    /// Whether the other side of an edit cannot make his trip: it is in no comparison.
    pub is_alone: bool,
}

/// What the stages read and nobody changes.
#[derive(Clone, Debug, Default)]
pub struct SimulationNetwork {
    /// Counts and rules that hold for all stages.
    pub motion: Motion,
    /// Lanes of streets, one street after another, and across junctions.
    pub lanes: Vec<Lane>,
    /// Ways out of lanes: of lanes of streets first, then one for each lane across a junction.
    pub turns: Vec<Turn>,
    /// Other ways that ways meet, one way after another.
    pub foes: Vec<Foe>,
    /// Lanes that lead into each lane, one lane after another.
    pub inward: Vec<u32>,
    /// Kinds of vehicles.
    pub kinds: Vec<Kind>,
    /// Trips by the street where they begin, then by departure.
    pub trips: Vec<Trip>,
    /// Places of routes: streets, and which of their lanes lead on.
    pub routes: Vec<u32>,
    /// Stops of trips, one trip after another.
    pub stops: Vec<Stop>,
    /// Streets where vehicles set out.
    pub sources: Vec<Gate>,
    /// Programs of lights.
    pub programs: Vec<Program>,
    /// Phases of programs, one program after another.
    pub phases: Vec<Phase>,
    /// States of lights, phase by phase.
    pub states: Vec<u32>,
    /// For each light a lane that it holds.
    pub heads: Vec<u32>,
    /// Lights of all programs.
    pub lights: usize,
    /// Streets and junctions that count.
    pub tallies: usize,
    /// For each trip the traveller that it stands for.
    pub who: Vec<u32>,
}

/// How vehicles move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Time of a step, s: a whole number of ms.
    pub step: f64,
    /// Newell's rule instead of IDM.
    pub newell: bool,
    /// Seed of chance.
    pub seed: u32,
}

/// A kind of vehicle: length and least gap (m), headway (s), acceleration and braking (m/s²), speed (m/s), who it is, and the group of
/// its emission factors.
#[allow(clippy::too_many_arguments)]
pub fn kind(length: f64, gap: f64, headway: f64, accel: f64, decel: f64, speed: f64, modes: u8, group: usize) -> Kind {
    Kind {
        length: length as f32,
        gap: gap as f32,
        headway: headway as f32,
        accel: accel as f32,
        decel: decel as f32,
        over: (0.5 / (accel * decel).sqrt()) as f32,
        speed: speed as f32,
        modes: u32::from(modes),
        emission: (group * super::params::SUBSTANCES) as u32,
    }
}

/// The vehicles' common way of driving: v0, T 1 s, s0 2 m, a 1 and b 1.5 m/s², 5 m long (Treiber's urban set).
pub fn urban(speed: f64) -> Kind {
    kind(5.0, 2.0, 1.0, 1.0, 1.5, speed, hanze_city::roads::CAR, 0)
}

/// A car in town as it is driven where nothing else is said.
pub fn car() -> Kind {
    kind(4.5, 2.0, 1.1, 1.8, 2.0, 50.0, hanze_city::roads::CAR, 0)
}

fn whole(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl SimulationNetwork {
    /// Lanes of a town.
    pub fn new(town: &Lanes, rule: Rule, kinds: Vec<Kind>) -> SimulationNetwork {
        let mut network = SimulationNetwork { kinds, ..SimulationNetwork::default() };
        let streets = town.streets.len();
        network.tallies = streets + town.nodes.len();
        // Ways out of lanes of streets first, one lane after another; then one out of each lane across a junction.
        let mut by_lane: Vec<Vec<usize>> = vec![Vec::new(); town.lanes.len()];
        for (k, turn) in town.turns.iter().enumerate() {
            by_lane[turn.from as usize].push(k);
        }
        let mut number = vec![NONE; town.turns.len()];
        let mut order = Vec::new();
        for turns in &by_lane {
            for turn in turns {
                number[*turn] = whole(order.len());
                order.push(*turn);
            }
        }
        for lane in &town.lanes {
            network.lanes.push(Lane {
                length: lane.length as f32,
                speed: lane.speed as f32,
                street: lane.street.unwrap_or(NONE),
                first_turn: NONE,
                left: NONE,
                right: NONE,
                modes: u32::from(lane.modes),
                turn: NONE,
                headway: (1000.0 * lane.headway).round() as u32,
                wide: u32::from(lane.width >= PASSING),
                begin: lane.begin as f32,
                tally: lane.street.unwrap_or(whole(streets) + lane.node),
                ..Lane::default()
            });
        }
        for (k, street) in town.streets.iter().enumerate() {
            for (index, lane) in town.of_street(k).enumerate() {
                let this_lane = &mut network.lanes[lane];
                this_lane.index = index as u32;
                this_lane.right = if index > 0 { lane as u32 - 1 } else { NONE };
                this_lane.left = if index + 1 < street.lanes as usize { lane as u32 + 1 } else { NONE };
            }
        }
        let mut at = 0;
        for (lane, turns) in by_lane.iter().enumerate().filter(|(_, turns)| !turns.is_empty()) {
            (network.lanes[lane].first_turn, network.lanes[lane].turns) = (whole(at), whole(turns.len()));
            at += turns.len();
        }
        // Lights: those of programs, one after another.
        let mut first_light = Vec::new();
        for program in &town.programs {
            first_light.push(whole(network.lights));
            network.lights += program.phases.first().map_or(0, |phase| phase.states.len());
        }
        network.heads = vec![NONE; network.lights];
        let mut inner = order.len();
        let mut mids: Vec<Turn> = Vec::new();
        for &k in &order {
            let turn = &town.turns[k];
            let length = town.across(turn);
            let goal = &town.lanes[turn.to as usize];
            let parts: Vec<f64> = turn.via.iter().map(|lane| town.lanes[*lane as usize].length).collect();
            let first_part = parts.first().copied().unwrap_or(0.0);
            let light = turn.signal.map_or(NONE, |(program, place)| {
                let light = first_light[program as usize] + place;
                network.heads[light as usize] = turn.from;
                light
            });
            let speed = turn
                .via
                .iter()
                .map(|lane| town.lanes[*lane as usize].speed)
                .fold(goal.speed.min(town.lanes[turn.from as usize].speed), f64::min)
                .max(SLOWEST);
            let movement = Turn {
                origin: turn.from,
                to: turn.via.first().copied().unwrap_or(turn.to),
                goal: turn.to,
                street: goal.street.unwrap_or(NONE),
                modes: u32::from(turn.modes),
                light,
                first_foe: whole(network.foes.len()),
                foes: 0,
                start: 0.0,
                length: length as f32,
                speed: speed as f32,
                parts: 0,
            };
            // Those whose meeting lies behind the place to wait are looked at there.
            let waits = parts.len() > 1;
            let is_late = |foe: &lanes::Foe| waits && foe.own.0 >= first_part - 0.01;
            let list = |network: &mut SimulationNetwork, late: bool| {
                for foe in turn.foes.iter().filter(|foe| is_late(foe) == late) {
                    let returned =
                        town.turns[foe.turn as usize].foes.iter().any(|back| back.turn as usize == k && back.gives_way);
                    let bits =
                        [(foe.gives_way, GIVES_WAY), (returned, IS_GIVEN_WAY), (foe.merges, MERGES), (foe.zips, ZIPS)];
                    network.foes.push(Foe {
                        turn: number[foe.turn as usize],
                        bits: bits.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum(),
                        own_begin: foe.own.0 as f32,
                        own_end: foe.own.1 as f32,
                        other_begin: foe.other.0 as f32,
                        other_end: foe.other.1 as f32,
                    });
                }
            };
            list(&mut network, false);
            let mut main = movement;
            main.foes = whole(network.foes.len()) - main.first_foe;
            let mut along = 0.0;
            for (part, lane) in turn.via.iter().enumerate() {
                let this_lane = &mut network.lanes[*lane as usize];
                this_lane.along = along as f32;
                this_lane.turn = if part == 0 { number[k] } else { whole(inner - 1) };
                (this_lane.first_turn, this_lane.turns) = (whole(inner), 1);
                inner += 1;
                along += parts[part];
                let mut out = Turn {
                    origin: *lane,
                    to: turn.via.get(part + 1).copied().unwrap_or(turn.to),
                    light: NONE,
                    first_foe: whole(network.foes.len()),
                    foes: 0,
                    start: along as f32,
                    ..movement
                };
                if part == 0 && waits {
                    list(&mut network, true);
                    out.foes = whole(network.foes.len()) - out.first_foe;
                }
                mids.push(out);
            }
            network.turns.push(main);
        }
        network.turns.extend(mids);
        let parts = |turn| whole(across::parts(&network.lanes, &network.turns, turn).len());
        let parts: Vec<u32> = network.turns.iter().map(parts).collect();
        network.turns.iter_mut().zip(parts).for_each(|(turn, parts)| turn.parts = parts);
        let mut into: Vec<Vec<u32>> = vec![Vec::new(); network.lanes.len()];
        network.turns.iter().for_each(|turn| into[turn.to as usize].push(turn.origin));
        for (lane, origins) in into.into_iter().enumerate() {
            (network.lanes[lane].first_inward, network.lanes[lane].inwards) =
                (whole(network.inward.len()), whole(origins.len()));
            network.inward.extend(origins);
        }
        for (program, light) in town.programs.iter().zip(first_light) {
            let first = whole(network.phases.len());
            for phase in &program.phases {
                let ms = |seconds: f64| (1000.0 * seconds).round() as u32;
                network.phases.push(Phase {
                    least: ms(phase.least),
                    most: ms(phase.most),
                    states: whole(network.states.len()),
                });
                network.states.extend(phase.states.iter().map(|state| match state {
                    b'G' => GREEN,
                    b'g' | b'O' => AFTER,
                    b'y' => YELLOW,
                    _ => RED,
                }));
            }
            let phases = &network.phases[first as usize..];
            let cycle: u32 = phases.iter().map(|phase| phase.least).sum();
            network.programs.push(Program {
                first,
                phases: whole(phases.len()),
                light,
                lights: whole(program.phases.first().map_or(0, |phase| phase.states.len())),
                offset: (1000.0 * program.offset.rem_euclid((f64::from(cycle) / 1000.0).max(1e-3))).round() as u32,
                cycle: cycle.max(1),
                actuated: u32::from(program.is_actuated),
            });
        }
        network.motion = Motion {
            zero: 0,
            lanes: whole(network.lanes.len()),
            programs: whole(network.programs.len()),
            sources: 0,
            newell: u32::from(rule.newell),
            step_ms: (1000.0 * rule.step).round() as u32,
            capacity: 0,
            seed: rule.seed,
            dt: rule.step as f32,
            politeness: 0.1,
            threshold: 0.3,
            pause: 5000,
        };
        network
    }

    /// Takes travellers; gives those whose route leads nowhere, and where it breaks.
    ///
    /// # Errors
    /// `Memory` where there are more than numbers count.
    pub fn load(&mut self, town: &Lanes, travellers: &[Traveller]) -> Result<Vec<(usize, String)>> {
        if town.streets.len() >= 1 << STREET_BITS {
            let what = format!("{} streets", town.streets.len());
            return Err(Error::Memory {
                what,
                needed: 0,
                available: 1 << STREET_BITS,
                mend: "take a smaller city".into(),
            });
        }
        let mut refused = Vec::new();
        let mut known: std::collections::HashMap<(&[u32], u32), u32> = std::collections::HashMap::new();
        let mut order: Vec<(u32, u32, usize)> = Vec::new();
        let mut trips: Vec<Option<Trip>> = vec![None; travellers.len()];
        for (k, traveller) in travellers.iter().enumerate() {
            let modes = self.kinds[traveller.kind as usize].modes;
            let first = match known.get(&(&traveller.streets[..], modes)).filter(|_| traveller.stops.is_empty()) {
                Some(first) => *first,
                None => match self.route(town, traveller, modes) {
                    Ok(route) => {
                        let first = whole(self.routes.len());
                        self.routes.extend(route);
                        if traveller.stops.is_empty() {
                            known.insert((&traveller.streets, modes), first);
                        }
                        first
                    }
                    Err(why) => {
                        refused.push((k, why));
                        continue;
                    }
                },
            };
            let first_stop = whole(self.stops.len());
            self.stops.extend(traveller.stops.iter().map(|(lane, at, stay)| Stop {
                lane: *lane,
                at: *at as f32,
                stay: (1000.0 * stay).round() as u32,
            }));
            let depart = (1000.0 * traveller.depart).round().clamp(0.0, 4e9) as u32;
            trips[k] = Some(Trip {
                depart,
                kind: traveller.kind,
                first,
                last: first + whole(traveller.streets.len()),
                first_stop,
                last_stop: whole(self.stops.len()),
                speed: traveller.speed.map_or(-1.0, |speed| speed as f32),
                factor: traveller.factor as f32,
            });
            order.push((traveller.streets[0], depart, k));
        }
        order.sort_unstable();
        for (street, _, k) in order {
            let begins = self.sources.last().is_none_or(|source| source.lane != town.streets[street as usize].first);
            if begins {
                let origin = &town.streets[street as usize];
                let at = whole(self.trips.len());
                self.sources.push(Gate { lane: origin.first, lanes: origin.lanes, first: at, last: at });
            }
            self.trips.extend(trips[k]);
            self.who.push(whole(k));
            if let Some(source) = self.sources.last_mut() {
                source.last += 1;
            }
        }
        self.motion.sources = whole(self.sources.len());
        self.motion.capacity = whole(self.trips.len());
        Ok(refused)
    }

    /// The places of a route: streets, and which of their lanes lead on.
    pub(super) fn route(
        &self,
        town: &Lanes,
        traveller: &Traveller,
        modes: u32,
    ) -> std::result::Result<Vec<u32>, String> {
        let Some(&last) = traveller.streets.last() else { return Err("has no route".into()) };
        let mut places = vec![0u32; traveller.streets.len()];
        let open = |lane: usize| u32::from(town.lanes[lane].modes) & modes != 0;
        // How far one can go from each lane without changing it.
        let mut beyond: Vec<f64> =
            town.of_street(last as usize).map(|lane| if open(lane) { 1.0 } else { -1.0 }).collect();
        if beyond.iter().all(|far| *far < 0.0) {
            return Err(format!("ends on {}, where it may not be", town.streets[last as usize].id));
        }
        for k in (0..traveller.streets.len()).rev() {
            let street = traveller.streets[k] as usize;
            let lanes = town.of_street(street);
            if k + 1 < traveller.streets.len() {
                let next = traveller.streets[k + 1];
                let first_next = town.streets[next as usize].first;
                beyond = lanes
                    .clone()
                    .map(|lane| {
                        let movements = &self.lanes[lane];
                        if !open(lane) || movements.first_turn == NONE {
                            return -1.0;
                        }
                        let movements = &self.turns
                            [movements.first_turn as usize..(movements.first_turn + movements.turns) as usize];
                        let fits = |movement: &&Turn| movement.street == next && movement.modes & modes != 0;
                        let onward = movements.iter().filter(fits).map(|movement| {
                            let far = beyond[(movement.goal - first_next) as usize];
                            let index = movement.goal - first_next;
                            let leads = (places[k + 1] >> STREET_BITS >> index) & 1 != 0;
                            let goal = movement.goal as usize;
                            if !leads && (!open(goal) || town.lanes[goal].length < f64::from(TO_CHANGE)) {
                                -1.0
                            } else if far < 0.0 {
                                // It leads on, and one has to change lanes behind it.
                                0.0
                            } else {
                                (f64::from(movement.length) + town.lanes[movement.goal as usize].length + far)
                                    .min(FORESIGHT)
                            }
                        });
                        onward.fold(-1.0, f64::max)
                    })
                    .collect();
                if beyond.iter().all(|far| *far < 0.0) {
                    // Lanes must be changed where there is hardly room for it.
                    let leads = |lane: usize| {
                        let movements = &self.lanes[lane];
                        let end = movements.first_turn.saturating_add(movements.turns);
                        let fits = |movement: &Turn| {
                            movement.street == next && movement.modes & modes != 0 && open(movement.goal as usize)
                        };
                        open(lane)
                            && movements.first_turn != NONE
                            && self.turns[movements.first_turn as usize..end as usize].iter().any(fits)
                    };
                    beyond = lanes.clone().map(|lane| if leads(lane) { 0.0 } else { -1.0 }).collect();
                    let all = town.of_street(next as usize).enumerate().filter(|(_, lane)| open(*lane));
                    places[k + 1] |= all.fold(0, |mask, (index, _)| mask | 1 << index) << STREET_BITS;
                }
                if beyond.iter().all(|far| *far < 0.0) {
                    return Err(format!(
                        "cannot go from {} to {}",
                        town.streets[street].id, town.streets[next as usize].id
                    ));
                }
            }
            let best = beyond.iter().copied().fold(0.0, f64::max);
            let mut mask = 0;
            for (index, far) in beyond.iter().enumerate() {
                mask |= u32::from(*far >= 0.0 && *far >= best - 1.0) << index;
            }
            places[k] = street as u32 | mask << STREET_BITS;
        }
        Ok(places)
    }
}
