//! From roads and zones to the network that trips are assigned to: zones, their connectors, and junctions taken apart at and around banned
//! turns, so that every way through the network is one that may be driven.

use super::network::{Link, Network};
use hanze_base::error::Result;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{CAR, CYCLE, Roads, TRUCK};
use std::collections::HashMap;

/// Classes of motor vehicles: cars and trucks.
pub const CLASSES: [u8; 2] = [CAR, TRUCK];

/// What a link of the network stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A link of the roads.
    Road(u32),
    /// From a zone to a node, or back.
    Connector {
        /// The zone.
        zone: u32,
        /// The node of the roads.
        node: u32,
        /// Whether it leads into the zone.
        into: bool,
    },
    /// From one link into another, or between a link and a node's connectors (none).
    Turn(u32, u32),
}

/// No link of the roads.
const NONE: u32 = u32::MAX;

/// Where a zone meets the roads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connector {
    /// The zone.
    pub zone: u32,
    /// The node.
    pub node: u32,
    /// How long it takes between them, s.
    pub time: f64,
}

/// A network, and what its links stand for.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The network: zones are its first nodes.
    pub network: Network,
    /// What each link stands for.
    pub parts: Vec<Part>,
    /// The link of each part.
    of_part: HashMap<Part, u32>,
    /// The link of the network of each link of the roads; none where nobody of the mode may go.
    pub of_road: Vec<Option<u32>>,
}

impl Graph {
    /// The network of cars and trucks: times are seconds, flows are cars (a truck is so many) per hour.
    ///
    /// # Errors
    /// Where [`Network::new`] refuses what the roads make.
    pub fn motor(roads: &Roads, zones: usize, connectors: &[Connector], rules: &Rules) -> Result<Graph> {
        let vehicles = &rules.vehicles;
        let link = |road: &hanze_city::roads::Link| Link {
            from: 0,
            to: 0,
            capacity: road.capacity,
            free_time: road.length / road.speed,
            factor: road.factor,
            power: road.power,
            length: road.length,
            fixed: 0.0,
            delay: None,
        };
        let mut graph = Graph::of(roads, zones, connectors, CAR | TRUCK, true, link)?;
        let walls = roads.walls();
        let extra_of = |class: usize| {
            let walls = &walls;
            let cost = [vehicles.car_minutes_per_km, vehicles.truck_minutes_per_km][class] * 60.0 / 1000.0;
            move |part: &Part| match part {
                Part::Road(k) => {
                    let road = &roads.links[*k as usize];
                    let slow = road.length / (vehicles.truck_speed_kmh / 3.6) - road.length / road.speed;
                    let slow = if class == 1 { slow.max(0.0) } else { 0.0 };
                    if road.modes & CLASSES[class] == 0 { f64::INFINITY } else { cost * road.length + slow }
                }
                Part::Turn(from, to) if *from != NONE && *to != NONE => {
                    let (from, to) = (&roads.links[*from as usize], &roads.links[*to as usize]);
                    let is_closed = walls[from.to as usize] & CLASSES[class] != 0 && from.from != to.to;
                    if is_closed { f64::INFINITY } else { 0.0 }
                }
                _ => 0.0,
            }
        };
        graph.network.classes =
            (0..CLASSES.len()).map(|class| graph.parts.iter().map(extra_of(class)).collect()).collect();
        Ok(graph)
    }

    /// The network of cycles: nobody is in another's way.
    ///
    /// # Errors
    /// Where [`Network::new`] refuses what the roads make.
    pub fn cycles(roads: &Roads, zones: usize, connectors: &[Connector], rules: &Rules) -> Result<Graph> {
        let speed = rules.vehicles.cycle_speed_kmh / 3.6;
        let link = |road: &hanze_city::roads::Link| Link {
            from: 0,
            to: 0,
            capacity: 1.0,
            free_time: road.length / speed.min(road.speed),
            factor: 0.0,
            power: 0.0,
            length: road.length,
            fixed: 0.0,
            delay: None,
        };
        Graph::of(roads, zones, connectors, CYCLE, false, link)
    }

    fn of(
        roads: &Roads,
        zones: usize,
        connectors: &[Connector],
        modes: u8,
        with_turns: bool,
        link: impl Fn(&hanze_city::roads::Link) -> Link,
    ) -> Result<Graph> {
        // Benchmarks have zones among their nodes.
        let shift = if roads.centroids > 0 { 0 } else { zones as u32 };
        let mut nodes = shift + roads.nodes.len() as u32;
        let mut node = || {
            nodes += 1;
            nodes - 1
        };
        let used = |k: u32| roads.links[k as usize].modes & modes != 0;
        let mut banned: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut is_open = vec![true; roads.nodes.len()];
        // At barriers everybody may turn round.
        let walls: Vec<u8> = roads.walls().into_iter().map(|closed| closed & modes).collect();
        if with_turns {
            for (from, to) in roads.bans.iter().filter(|(from, to)| used(*from) && used(*to)) {
                banned.entry(*from).or_default().push(*to);
                let at = roads.links[*from as usize].to as usize;
                is_open[at] = walls[at] != 0;
            }
            // Nobody drives past a ban to turn round at the next junction.
            let at_ban: Vec<bool> = is_open.iter().map(|open| !open).collect();
            for road in roads.links.iter().filter(|road| road.modes & modes != 0) {
                for (one, other) in [(road.from, road.to), (road.to, road.from)] {
                    if at_ban[one as usize] {
                        is_open[other as usize] = false;
                    }
                }
            }
        }
        is_open.iter_mut().zip(&walls).for_each(|(open, closed)| *open &= *closed == 0);
        let mut links: Vec<Link> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        let mut of_road = vec![None; roads.links.len()];
        // Where each link of the roads begins and ends, which at a junction with bans is a node of its own.
        let mut ends: Vec<[u32; 2]> = Vec::with_capacity(roads.links.len());
        for (k, road) in roads.links.iter().enumerate() {
            if !used(k as u32) {
                ends.push([NONE; 2]);
                continue;
            }
            let mut end = |at: u32| if is_open[at as usize] { shift + at } else { node() };
            let nodes = [end(road.from), end(road.to)];
            ends.push(nodes);
            of_road[k] = Some(links.len() as u32);
            links.push(Link { from: nodes[0], to: nodes[1], ..link(road) });
            parts.push(Part::Road(k as u32));
        }
        let free = Link {
            from: 0,
            to: 0,
            capacity: 1.0,
            free_time: 0.0,
            factor: 0.0,
            power: 0.0,
            length: 0.0,
            fixed: 0.0,
            delay: None,
        };
        let (leaving, entering) = (roads.leaving(), roads.entering());
        for at in (0..roads.nodes.len()).filter(|at| !is_open[*at]) {
            let out = || leaving.of_node(at).iter().copied().filter(|k| used(*k));
            for into in entering.of_node(at).iter().copied().filter(|k| used(*k)) {
                let back = roads.links[into as usize].from;
                let refused = banned.get(&into).map_or(&[][..], Vec::as_slice);
                let only_back = out().all(|k| roads.links[k as usize].to == back);
                for to in out().filter(|k| !refused.contains(k)) {
                    let turns_round = roads.links[to as usize].to == back;
                    // Nobody turns round where bans are, but at a dead end and at a barrier; nobody of this network passes that.
                    let is_refused = if turns_round { !only_back && walls[at] == 0 } else { walls[at] == modes };
                    if is_refused {
                        continue;
                    }
                    links.push(Link { from: ends[into as usize][1], to: ends[to as usize][0], ..free });
                    parts.push(Part::Turn(into, to));
                }
            }
        }
        // Connectors at a junction with bans reach it from all sides.
        let mut gates: HashMap<u32, [u32; 2]> = HashMap::new();
        for connector in connectors {
            let Connector { zone, node: at, time } = *connector;
            let [begin, end] = if is_open[at as usize] {
                [shift + at; 2]
            } else {
                *gates.entry(at).or_insert_with(|| {
                    let gate = [node(), node()];
                    for to in leaving.of_node(at as usize).iter().copied().filter(|k| used(*k)) {
                        links.push(Link { from: gate[0], to: ends[to as usize][0], ..free });
                        parts.push(Part::Turn(NONE, to));
                    }
                    for from in entering.of_node(at as usize).iter().copied().filter(|k| used(*k)) {
                        links.push(Link { from: ends[from as usize][1], to: gate[1], ..free });
                        parts.push(Part::Turn(from, NONE));
                    }
                    gate
                })
            };
            for (from, to, into) in [(zone, begin, false), (end, zone, true)] {
                links.push(Link { from, to, free_time: time, ..free });
                parts.push(Part::Connector { zone, node: at, into });
            }
        }
        let of_part = parts.iter().enumerate().map(|(k, part)| (*part, k as u32)).collect();
        let first_through = if roads.centroids > 0 { roads.first_through } else { zones };
        let network = Network::new(nodes as usize, zones, first_through, links)?;
        Ok(Graph { network, parts, of_part, of_road })
    }

    /// What a link of this network became in that of edited roads; `parts` are those that each link of the roads became.
    pub fn became(&self, link: u32, edited: &Graph, parts: &[Vec<u32>], found: &mut Vec<u32>) -> bool {
        let end = |k: u32, last: bool| match parts.get(k as usize) {
            Some(links) => if last { links.last() } else { links.first() }.copied(),
            None => Some(NONE),
        };
        let part = match self.parts[link as usize] {
            Part::Road(k) => {
                let pieces = &parts[k as usize];
                let before = found.len();
                found.extend(pieces.iter().filter_map(|k| edited.of_road[*k as usize]));
                return !pieces.is_empty() && found.len() - before == pieces.len();
            }
            Part::Turn(from, to) => end(from, true).zip(end(to, false)).map(|(from, to)| Part::Turn(from, to)),
            connector => Some(connector),
        };
        let edited_link = part.and_then(|part| edited.of_part.get(&part));
        found.extend(edited_link);
        edited_link.is_some()
    }

    /// The link of the roads that a link stands for, if it does.
    pub fn road(&self, link: u32) -> Option<u32> {
        match self.parts[link as usize] {
            Part::Road(road) => Some(road),
            _ => None,
        }
    }

    /// The node of the network at the beginning or the end of a link of the roads.
    pub fn end(&self, road: u32, at_end: bool) -> u32 {
        let link = self.of_road[road as usize].map(|link| self.network.links[link as usize]);
        link.map_or(0, |link| if at_end { link.to } else { link.from })
    }

    /// A value of each link of the network for the links of the roads; `none` where there is none.
    pub fn on_roads(&self, values: &[f64], none: f64) -> Vec<f64> {
        self.of_road.iter().map(|link| link.map_or(none, |link| values[link as usize])).collect()
    }
}
