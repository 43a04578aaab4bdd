//! The roads as they are or as they are edited, and the routes on them.

use super::assignment::{Assignment, CutOff};
use super::demand::Demand;
use super::graph::{Connector, Graph};
use super::junctions::{Yields, junctions};
use super::network::Delay;
use hanze_base::error::Result;
use hanze_city::roads::Roads;
use hanze_city::roads::rules::Rules;
use hanze_model::saved::{damaged, read, write};
use std::collections::HashSet;
use std::io::{Read, Write};

/// Gap at which those who give way look again at the others, and how often they do at most.
const LOOK_AGAIN: f64 = 1e-4;
const LOOKS: usize = 60;
/// Looks after which they go ever shorter ways towards what they see, as the others answer in turn (method of successive averages).
const HALF_WAY: usize = 8;
/// Distance from what the flows ask of an approach that is none.
const SETTLED: f64 = 0.003;
/// Rounds of a slice at most.
const MOST_ROUNDS: usize = 500;

/// Flows on the links of the roads in a slice of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Cars an hour.
    pub cars: Vec<f64>,
    /// Trucks an hour.
    pub trucks: Vec<f64>,
    /// Cycles an hour.
    pub cycles: Vec<f64>,
    /// Time that a car takes with the junction at its end, s.
    pub time: Vec<f64>,
    /// Wait at the junction, s.
    pub wait: Vec<f64>,
}

/// Roads with the networks and routes on them.
pub struct Alternative {
    /// The roads.
    pub roads: Roads,
    /// Cars and trucks.
    pub motor: Graph,
    /// Cycles.
    pub cycle: Graph,
    yields: Yields,
    /// Routes of cars and trucks, and of cycles.
    pub routes: Option<[Assignment; 2]>,
    /// Looks of those who give way at the others in this slice, and how far what they see last changed.
    looks: usize,
    change: f64,
    rounds: usize,
}

impl Alternative {
    /// Roads that nobody uses yet.
    ///
    /// # Errors
    /// `Scenario` where the roads make no network.
    pub fn new(
        roads: Roads,
        zones: usize,
        connectors: &[Vec<Connector>; 2],
        rules: &Rules,
        with_junctions: bool,
    ) -> Result<Alternative> {
        let mut motor = Graph::motor(&roads, zones, &connectors[0], rules)?;
        let cycle = Graph::cycles(&roads, zones, &connectors[1], rules)?;
        let yields = if with_junctions { junctions(&mut motor, &roads, &rules.junctions) } else { Yields::default() };
        Ok(Alternative { roads, motor, cycle, yields, routes: None, looks: 0, change: 0.0, rounds: 0 })
    }

    /// Takes the junctions of another alternative over.
    pub fn take_junctions(&mut self, alternative: &Alternative, parts: &[Vec<u32>]) {
        let mut found = Vec::new();
        for (link, old) in alternative.motor.network.links.iter().enumerate().filter(|(_, old)| old.delay.is_some()) {
            found.clear();
            alternative.motor.became(link as u32, &self.motor, parts, &mut found);
            let now = found.last().map(|link| &mut self.motor.network.links[*link as usize].delay);
            if let (Some(Some(now)), Some(was)) = (now, old.delay) {
                // What was a light and is none, or the other way round, begins anew.
                if now.red > 0.0 && was.red > 0.0 {
                    // The same green for the lanes that there are now.
                    *now = Delay { capacity: now.capacity / now.green * was.green, ..was };
                } else if (now.red > 0.0) == (was.red > 0.0) {
                    *now = was;
                }
            }
        }
    }

    /// From now on its lights stay as they are.
    pub fn keep_lights(&mut self) {
        self.yields.keep_lights();
    }

    /// Begins a slice: with the routes of another one where there are any, moved to these roads.
    pub fn begin(&mut self, demand: &[Demand; 3], from: Option<(&Alternative, &[Vec<u32>])>) {
        let [motor, cycle] = [&demand[..2], &demand[2..]];
        let moved = from
            .and_then(|(alternative, parts)| alternative.routes.as_ref().map(|routes| (alternative, routes, parts)));
        self.routes = Some(match moved {
            Some((alternative, routes, parts)) => [
                routes[0].moved(&self.motor.network, motor, |link, found| {
                    alternative.motor.became(link, &self.motor, parts, found)
                }),
                routes[1].moved(&self.cycle.network, cycle, |link, found| {
                    alternative.cycle.became(link, &self.cycle, parts, found)
                }),
            ],
            None => [Assignment::start(&self.motor.network, motor), Assignment::start(&self.cycle.network, cycle)],
        });
        (self.looks, self.change, self.rounds) = (0, 0.0, 0);
    }

    /// Takes other trips of the same zones, from the routes of now.
    pub fn change(&mut self, demand: &[Demand; 3]) {
        if let Some(routes) = &self.routes {
            let same = |link: u32, found: &mut Vec<u32>| {
                found.push(link);
                true
            };
            self.routes = Some([
                routes[0].moved(&self.motor.network, &demand[..2], same),
                routes[1].moved(&self.cycle.network, &demand[2..], same),
            ]);
            (self.looks, self.change, self.rounds) = (0, 0.0, 0);
        }
    }

    /// One round; whether routes and junctions have settled.
    pub fn step(&mut self, gap: f64) -> bool {
        let Some([motor, cycle]) = &mut self.routes else { return true };
        self.rounds += 1;
        let looks_again = !self.yields.is_empty() && self.looks < LOOKS;
        let wanted = if looks_again { gap.max(LOOK_AGAIN) } else { gap };
        let is_over = self.rounds >= MOST_ROUNDS;
        if !motor.step(&self.motor.network, wanted) && !is_over {
            return false;
        }
        if looks_again && !is_over {
            let share = if self.looks < HALF_WAY { 0.5 } else { 4.0 / (self.looks + 8 - HALF_WAY) as f64 };
            self.change = self.yields.update(&mut self.motor, &motor.flow, share);
            self.looks = if self.change < SETTLED { LOOKS } else { self.looks + 1 };
            return false;
        }
        // Cycles are in nobody's way: the first round finds that none does better.
        cycle.step(&self.cycle.network, gap) || is_over
    }

    /// Gives the memory of kept shortest path trees back.
    pub fn forget_trees(&mut self) {
        self.routes.iter_mut().flatten().for_each(Assignment::forget_trees);
    }

    /// How far routes are from equilibrium.
    pub fn gap(&self) -> f64 {
        self.routes.as_ref().map_or(f64::INFINITY, |routes| routes[0].progress.gap)
    }

    /// By what share the approaches that give way changed when they last looked at the others.
    pub fn unsettled(&self) -> f64 {
        self.change
    }

    /// Approaches that give way, and lights that share their green out.
    pub fn yields(&self) -> [usize; 2] {
        [self.yields.len(), self.yields.lights()]
    }

    /// Flows and times on the links of the roads.
    pub fn state(&self, truck_pcu: f64) -> State {
        let Some([motor, cycle]) = &self.routes else { return State::default() };
        let links = self.motor.network.links.len();
        let wait_of = |(link, flow): (&super::network::Link, &f64)| link.delay.map_or(0.0, |delay| delay.cost(*flow));
        let wait: Vec<f64> = self.motor.network.links.iter().zip(&motor.flow).map(wait_of).collect();
        let on = |class: usize| self.motor.on_roads(&motor.flow_of(class, links), 0.0);
        let cost = |(link, flow): (&super::network::Link, &f64)| link.cost(*flow);
        let time: Vec<f64> = self.motor.network.links.iter().zip(&motor.flow).map(cost).collect();
        State {
            cars: on(0),
            trucks: on(1).into_iter().map(|flow| flow / truck_pcu).collect(),
            cycles: self.cycle.on_roads(&cycle.flow, 0.0),
            time: self.motor.on_roads(&time, f64::NAN),
            wait: self.motor.on_roads(&wait, f64::NAN),
        }
    }

    /// Largest error at a node, of all trips of a class.
    pub fn imbalance(&self, demand: &[Demand; 3]) -> f64 {
        let Some([motor, cycle]) = &self.routes else { return 0.0 };
        let cycles = cycle.imbalance(&self.cycle.network, &demand[2..]);
        motor.imbalance(&self.motor.network, &demand[..2]).max(cycles)
    }

    /// Trips that cannot be made: class 2 are cycles.
    pub fn cut_off(&self) -> Vec<CutOff> {
        let Some([motor, cycle]) = &self.routes else { return Vec::new() };
        let cycles = cycle.cut_off.iter().map(|cut| CutOff { class: 2, ..*cut });
        motor.cut_off.iter().copied().chain(cycles).collect()
    }

    /// Class and zones of the trips that cannot be made.
    pub fn cut_pairs(&self) -> HashSet<(usize, u32, u32)> {
        self.cut_off().iter().map(|cut| (cut.class, cut.from, cut.to)).collect()
    }

    /// Writes routes and junctions.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let capacity = self.motor.network.links.iter().map(|link| link.delay.map_or(0.0, |delay| delay.capacity));
        write(out, &capacity.collect::<Vec<f64>>())?;
        let others = self
            .motor
            .network
            .links
            .iter()
            .flat_map(|link| link.delay.map_or([0.0; 3], |delay| [delay.base, delay.red, delay.green]));
        write(out, &others.collect::<Vec<f64>>())?;
        write(out, &[self.looks as f64, self.change, self.rounds as f64])?;
        write(out, &[u32::from(self.routes.is_some())])?;
        self.routes.iter().flatten().try_for_each(|routes| routes.save(out))
    }

    /// Reads what `save` wrote.
    ///
    /// # Errors
    /// Where the reader fails, or what it gives does not fit these roads.
    pub fn load(&mut self, from: &mut dyn Read) -> std::io::Result<()> {
        let links = self.motor.network.links.len();
        let (capacity, others) = (read::<f64>(from, Some(links))?, read::<f64>(from, Some(3 * links))?);
        let others = others.chunks_exact(3);
        for (link, (capacity, others)) in self.motor.network.links.iter_mut().zip(capacity.into_iter().zip(others)) {
            if let Some(delay) = &mut link.delay {
                (delay.capacity, delay.base, delay.red, delay.green) = (capacity, others[0], others[1], others[2]);
            }
        }
        let counts = read::<f64>(from, Some(3))?;
        (self.looks, self.change, self.rounds) = (counts[0] as usize, counts[1], counts[2] as usize);
        self.routes = match read::<u32>(from, Some(1))?[0] {
            0 => None,
            1 => {
                let motor = Assignment::load(from, &self.motor.network)?;
                Some([motor, Assignment::load(from, &self.cycle.network)?])
            }
            _ => return Err(damaged()),
        };
        Ok(())
    }
}

impl State {
    /// Motor vehicles an hour on a link.
    pub fn motor(&self, link: usize) -> f64 {
        self.cars[link] + self.trucks[link]
    }

    /// Speed of a car on a link, without the wait at its end, m/s; NaN where nobody may drive.
    pub fn speed(&self, roads: &Roads, link: usize) -> f64 {
        roads.links[link].length / (self.time[link] - self.wait[link])
    }

    /// Writes it.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        [&self.cars, &self.trucks, &self.cycles, &self.time, &self.wait]
            .into_iter()
            .try_for_each(|values| write(out, values))
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the reader fails, or what it gives does not fit these roads.
    pub fn load(from: &mut dyn Read, links: usize) -> std::io::Result<State> {
        let mut next = || read::<f64>(from, Some(links));
        Ok(State { cars: next()?, trucks: next()?, cycles: next()?, time: next()?, wait: next()? })
    }
}
