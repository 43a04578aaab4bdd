//! Zones: where trips begin and end, and how zones meet the roads.

use super::graph::Connector;
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::objects::Objects;
use hanze_base::outline::Outline;
use hanze_city::demo::people;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{Adjacent, CAR, Roads};
use std::collections::BTreeMap;

/// Zones of a scenario at most: each pair of them may have trips.
pub const MOST_ZONES: usize = 6000;
/// Nodes that a zone is joined to at most.
const CONNECTORS: usize = 4;
/// Furthest road that a zone is joined to, m.
pub const FURTHEST: f64 = 2500.0;
/// A road from which not every other one is reached is joined to a zone only if it is so much nearer, m.
const NEARER: f64 = 500.0;
/// Faster roads are joined to no zone where there are others, m/s.
const FAST: f64 = 75.0 / 3.6;
/// A road that ends so near the edge of the region leads on beyond it, m.
const EDGE: f64 = 25.0;

/// A zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone {
    /// Name in tables.
    pub name: String,
    /// Its middle.
    pub at: DVec2,
    /// Its outline, where it has one.
    pub outline: Option<Outline>,
    /// How far it reaches from its middle, where it has none, m.
    pub reach: f64,
    /// People who live there.
    pub residents: f64,
    /// People who work there.
    pub jobs: f64,
    /// Trips of a day that come from beyond the region, and as many that go there; 0 within it.
    pub gate: f64,
    /// The node of a gate.
    pub node: Option<u32>,
}

/// The zones of a city of which it is known who lives and works in its buildings: neighbourhoods cut in squares.
pub fn of_objects(objects: &Objects, side: f64) -> Vec<Zone> {
    let places = objects.buildings.iter().filter_map(|building| {
        let name = building.area.and_then(|area| objects.areas.get(area)).map_or("", |area| area.name.as_str());
        // Households and jobs as the town counts them for its neighbourhoods.
        let (residents, jobs) = people(building)?;
        Some((name, building.middle()?, residents, jobs))
    });
    squares(places, side)
}

/// The zones of a region whose buildings are known and nothing else: squares in which every building counts as one.
pub fn of_buildings(buildings: &[DVec2], side: f64) -> Vec<Zone> {
    squares(buildings.iter().map(|at| ("", *at, 1.0, 1.0)), side)
}

/// Sums of a square.
#[derive(Default)]
struct Square {
    residents: f64,
    jobs: f64,
    at: DVec2,
}

/// Places with those who live and work there, summed up by name and square.
fn squares<'a>(places: impl Iterator<Item = (&'a str, DVec2, f64, f64)>, side: f64) -> Vec<Zone> {
    // By name and square: those who live and work there, and where, by their number.
    let mut sums: BTreeMap<(&str, i64, i64), Square> = BTreeMap::new();
    for (name, at, people, jobs) in places {
        let cell = ((at.x / side).floor() as i64, (at.y / side).floor() as i64);
        let sum = sums.entry((name, cell.0, cell.1)).or_default();
        sum.residents += people;
        sum.jobs += jobs;
        sum.at += (people + jobs) * at;
    }
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let zones = sums.into_iter().filter(|(_, sum)| sum.residents + sum.jobs > 0.0).map(|((name, ..), sum)| {
        let Square { residents, jobs, at } = sum;
        let number = count.entry(name).or_default();
        *number += 1;
        let name = if name.is_empty() { format!("zone {number}") } else { format!("{name} {number}") };
        Zone { name, at: at / (residents + jobs), reach: 0.6 * side, residents, jobs, ..Zone::default() }
    });
    zones.collect()
}

/// Zones for what comes from beyond the region: where roads end at its edge, each with so many trips a day and lane.
pub fn gates(roads: &Roads, low: DVec2, high: DVec2, trips: f64) -> Vec<Zone> {
    let (leaving, entering) = (roads.leaving(), roads.entering());
    let motor = |k: &&u32| roads.links[**k as usize].modes & CAR != 0;
    let mut found = Vec::new();
    for (node, place) in roads.nodes.iter().enumerate() {
        let inwards = (place.at - low).min(high - place.at).min_element();
        let out: Vec<&u32> = leaving.of_node(node).iter().filter(motor).collect();
        let into: Vec<&u32> = entering.of_node(node).iter().filter(motor).collect();
        // Where lanes and streets of houses end, little leads on.
        let widest = out.iter().chain(&into).map(|k| &roads.links[**k as usize]);
        let widest = widest.max_by(|a, b| {
            (a.priority, a.lanes).partial_cmp(&(b.priority, b.lanes)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some(road) = widest.filter(|road| road.priority > 2) else { continue };
        if inwards > EDGE || out.len() > 1 || into.len() > 1 {
            continue;
        }
        // What a road is for decides how many use it, against one of a single lane for 1400.
        let gate = trips * (road.capacity / 1400.0);
        let name = if road.name.is_empty() {
            format!("gate {}", place.id)
        } else {
            format!("gate {} {}", place.id, road.name)
        };
        found.push(Zone { name, at: place.at, gate, node: Some(node as u32), ..Zone::default() });
    }
    found
}

/// Joins zones to nodes of the roads that `mode` may use: nodes within a zone's outline, else the nearest. A zone that no road is near
/// stays alone, but for cars.
///
/// # Errors
/// `Scenario` for a zone with people or jobs and no road for cars that is near.
pub fn connectors(zones: &[Zone], roads: &Roads, mode: u8, rules: &Rules) -> Result<Vec<Connector>> {
    let usable = usable(roads, mode);
    let of = |least: u8| -> Vec<usize> { (0..roads.nodes.len()).filter(|node| usable[*node] >= least).collect() };
    let (all, joined, open) = (of(1), of(3), of(4));
    let beyond: Vec<usize> = (0..roads.nodes.len()).filter(|node| usable[*node] == 2).collect();
    let speed = rules.demand.connector_kmh / 3.6;
    let mut found = Vec::new();
    for (k, zone) in zones.iter().enumerate() {
        if let Some(node) = zone.node {
            found.push(Connector { zone: k as u32, node, time: 0.0 });
            continue;
        }
        let away = |node: usize| roads.nodes[node].at.distance(zone.at);
        let nearest = |nodes: &[usize]| {
            let found = nodes.iter().copied().min_by(|a, b| away(*a).total_cmp(&away(*b)).then(a.cmp(b)));
            found.filter(|node| away(*node) <= FURTHEST)
        };
        let slow = match (nearest(&open), nearest(&beyond)) {
            // Who lives at a road that leads out only, or in only, does not begin his trips a long way off.
            (Some(open), Some(beyond)) if away(beyond) + NEARER < away(open) => Some(beyond),
            (open, _) => open,
        };
        let Some(nearest) = slow.or_else(|| nearest(&joined)).or_else(|| nearest(&all)) else {
            if zone.residents + zone.jobs == 0.0 || mode != CAR {
                continue;
            }
            let problem = format!(
                "has the zone \"{}\" with {:.0} residents and {:.0} jobs, and no road within {FURTHEST:.0} m of it",
                zone.name, zone.residents, zone.jobs
            );
            return Err(Error::scenario(
                "traffic.demand",
                problem,
                "give a network that reaches it, or leave the zone out",
            ));
        };
        let mut chosen = vec![nearest];
        if zone.outline.is_some() || zone.reach > 0.0 {
            // Those that lie furthest from the ones that are chosen.
            let bounds = zone.outline.as_ref().and_then(Outline::bounds);
            let holds = |node: &usize| {
                let at = roads.nodes[*node].at;
                match (&zone.outline, bounds) {
                    (Some(outline), Some((low, high))) => {
                        at.cmpge(low).all() && at.cmple(high).all() && outline.holds(at)
                    }
                    _ => at.distance(zone.at) <= zone.reach,
                }
            };
            let inside: Vec<usize> = open.iter().copied().filter(holds).collect();
            while chosen.len() < CONNECTORS {
                let apart = |node: usize| {
                    let at = roads.nodes[node].at;
                    chosen.iter().map(|node| roads.nodes[*node].at.distance(at)).fold(f64::INFINITY, f64::min)
                };
                let next = inside.iter().copied().max_by(|a, b| apart(*a).total_cmp(&apart(*b)).then(b.cmp(a)));
                match next.filter(|node| apart(*node) > 100.0) {
                    Some(next) => chosen.push(next),
                    None => break,
                }
            }
        }
        found.extend(chosen.into_iter().map(|node| Connector {
            zone: k as u32,
            node: node as u32,
            time: away(node) / speed,
        }));
    }
    Ok(found)
}

/// For each node whether trips may begin and end there: 4 by roads that are not fast, where from every such node every other one is
/// reached; 3 by fast roads, too; beyond that part, as where a region's edge cuts it off, but with roads to it and from it, 2 by roads
/// that are not fast and 1 by fast ones; else 0.
fn usable(roads: &Roads, mode: u8) -> Vec<u8> {
    let part = strong_part(roads, mode);
    let (mut slow, mut to, mut from) = (vec![false; part.len()], vec![false; part.len()], vec![false; part.len()]);
    for link in roads.links.iter().filter(|link| link.modes & mode != 0) {
        from[link.from as usize] = true;
        to[link.to as usize] = true;
        for node in [link.from, link.to] {
            slow[node as usize] |= link.speed <= FAST;
        }
    }
    let of = |node: usize| match (part[node], slow[node]) {
        (true, true) => 4,
        (true, false) => 3,
        _ if !(to[node] && from[node]) => 0,
        (_, is_slow) => 1 + u8::from(is_slow),
    };
    (0..part.len()).map(of).collect()
}

/// Nodes where links begin and end for a mode: a barrier that it cannot pass has a node of its own for each node beside it. They are
/// numbered behind the others; the second list has the node that each of them stands for.
fn apart(roads: &Roads, mode: u8) -> (Vec<[u32; 2]>, Vec<u32>) {
    let walls = roads.walls();
    let mut of_side: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut owners: Vec<u32> = (0..roads.nodes.len() as u32).collect();
    let mut side = |node: u32, beside: u32| -> u32 {
        if walls[node as usize] & mode == 0 {
            return node;
        }
        *of_side.entry((node, beside)).or_insert_with(|| {
            owners.push(node);
            owners.len() as u32 - 1
        })
    };
    let ends = roads.links.iter().map(|link| [side(link.from, link.to), side(link.to, link.from)]).collect();
    (ends, owners)
}

/// The nodes of the largest part in which each is reached from each (Tarjan 1972).
fn strong_part(roads: &Roads, mode: u8) -> Vec<bool> {
    const NONE: u32 = u32::MAX;
    let (ends, owners) = apart(roads, mode);
    let n = owners.len();
    let leaving = Adjacent::of(n, ends.iter().map(|ends| ends[0]));
    let (mut index, mut low, mut on_stack, mut part) = (vec![NONE; n], vec![0u32; n], vec![false; n], vec![NONE; n]);
    let (mut stack, mut next, mut sizes) = (Vec::new(), 0u32, Vec::new());
    for start in 0..n {
        if index[start] != NONE {
            continue;
        }
        let mut calls: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((node, at)) = calls.pop() {
            if at == 0 {
                (index[node], low[node], on_stack[node]) = (next, next, true);
                next += 1;
                stack.push(node);
            }
            let links = leaving.of_node(node);
            let mut descended = false;
            for (k, link) in links.iter().enumerate().skip(at) {
                let link = *link as usize;
                if roads.links[link].modes & mode == 0 {
                    continue;
                }
                let to = ends[link][1] as usize;
                if index[to] == NONE {
                    calls.push((node, k + 1));
                    calls.push((to, 0));
                    descended = true;
                    break;
                }
                if on_stack[to] {
                    low[node] = low[node].min(index[to]);
                }
            }
            if descended {
                continue;
            }
            if low[node] == index[node] {
                let mut size = 0usize;
                while let Some(top) = stack.pop() {
                    on_stack[top] = false;
                    part[top] = sizes.len() as u32;
                    size += 1;
                    if top == node {
                        break;
                    }
                }
                sizes.push(size);
            }
            if let Some((before, _)) = calls.last() {
                low[*before] = low[*before].min(low[node]);
            }
        }
    }
    let largest = (0..sizes.len()).max_by_key(|k| (sizes[*k], usize::MAX - k));
    // A lone node is no network.
    let largest = largest.filter(|k| sizes[*k] > 1).map_or(NONE, |k| k as u32);
    let mut found = vec![false; roads.nodes.len()];
    for (component, owner) in part.iter().zip(&owners) {
        found[*owner as usize] |= *component == largest && largest != NONE;
    }
    found
}
