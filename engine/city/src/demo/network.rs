//! The town's roads, bridges and neighbourhoods as objects of a city.

use super::Town;
use super::curves::{mix, ramp};
use super::ground::{CREST, STAGE, natural};
use super::paint::bent;
use super::plan::{Plan, RAYS};
use super::streets::{Street, carriageway};
use super::trees::Waters;
use glam::DVec2;
use hanze_base::objects::{Area, Bridge, Building, Network, Objects, Road, RoadKind, Use};

/// Names of the neighbourhoods: the old town, the pairs of meshes around it, the meshes beyond the ring road. They
/// begin at the river and go round by the south. No place in the Netherlands has one of these names.
const NAMES: [&str; RAYS + 6] = [
    "Koggeveste",
    "Zwaluwkade-West",
    "Stoomwende",
    "Iepenkwadrant",
    "Noordervliek",
    "Lommerzoom",
    "Dijkvimme",
    "Rietgaarde-Oost",
    "Slootmeten",
    "Seinwachterspoor",
    "Zandhorstvimme",
    "Heuvelzwink",
    "Palingmeten",
    "Turfkolkbroek",
    "Westerlimbe",
    "Buitenkogge",
];

/// The objects of the town within its window, moved by `shift`.
pub(super) fn objects(town: &Town, shift: DVec2) -> Objects {
    let plan = &town.plan;
    let waters = Waters::new(plan);
    let inside = |p: DVec2| p.abs().cmple(plan.window).all();
    let (network, mut bridges) = all(plan, &waters);
    let railway = railway(plan);
    bridges.extend(rail_bridges(plan, &waters));
    let mut objects = Objects {
        buildings: town.houses.iter().map(|house| house.building.clone()).collect(),
        trees: town.trees.clone(),
        network: largest_part(network),
        railways: clipped(&railway, plan.window),
        bridges,
        areas: areas(town),
        carriageways: Vec::new(),
    };
    objects.buildings.retain(|building| building.middle().is_some_and(inside));
    objects.trees.retain(|tree| inside(tree.at));
    objects.bridges.retain(|bridge| bridge.line.iter().any(|(p, _)| inside(*p)));
    let footprints = objects.buildings.iter_mut().flat_map(|building| &mut building.footprint.polygons);
    let points = footprints.flatten().flatten();
    let points = points.chain(objects.trees.iter_mut().map(|tree| &mut tree.at)).chain(&mut objects.network.nodes);
    let points = points.chain(objects.network.roads.iter_mut().flat_map(|road| &mut road.line));
    let points = points.chain(objects.railways.iter_mut().flatten());
    let points = points.chain(objects.bridges.iter_mut().flat_map(|bridge| bridge.line.iter_mut().map(|(p, _)| p)));
    points.chain(objects.areas.iter_mut().flat_map(|area| &mut area.outline)).for_each(|p| *p += shift);
    objects
}

/// Roads between junctions within the window, and their bridges.
pub(super) fn all(plan: &Plan, waters: &Waters) -> (Network, Vec<Bridge>) {
    let mut network = Network { nodes: plan.streets.nodes.iter().map(|p| plan.world(*p)).collect(), roads: Vec::new() };
    let mut bridges = Vec::new();
    for street in plan.streets.list.iter().filter(|street| plan.is_near(street.ends.iter().copied())) {
        let way = street.ends[1] - street.ends[0];
        let mut nodes = street.nodes.clone();
        nodes.sort_by(|a, b| {
            let along = |node: &usize| (plan.streets.nodes[*node] - street.ends[0]).dot(way);
            along(a).total_cmp(&along(b))
        });
        nodes.dedup();
        for pair in nodes.windows(2) {
            let ends = [pair[0], pair[1]].map(|node| plan.streets.nodes[node]);
            let deck = deck(plan, waters, street, ends);
            let road = Road {
                id: None,
                name: None,
                nodes: [pair[0], pair[1]],
                line: bent(plan, ends[0], ends[1]),
                kind: street.kind.name().into(),
                lanes: [if street.kind == RoadKind::Main { 2.0 } else { 1.0 }; 2],
                speed_kmh: match street.kind {
                    RoadKind::Main | RoadKind::Distributor => 50.0,
                    RoadKind::Country => 60.0,
                    _ => 30.0,
                },
                width: Some(2.0 * carriageway(street.kind)),
                bridge: deck.is_some(),
                underpass: street.underpass,
            };
            if let Some(road) = within(road, plan.window, &mut network.nodes) {
                network.roads.push(road);
                bridges.extend(deck);
            }
        }
    }
    (network, bridges)
}

/// The deck of a road, where it crosses water.
fn deck(plan: &Plan, waters: &Waters, street: &Street, [from, to]: [DVec2; 2]) -> Option<Bridge> {
    let length = (to - from).length();
    let at = |s: f64| from + (to - from) * (s / length);
    let count = length.floor() as usize;
    let wet = |k: &usize| waters.distance(at(*k as f64)) < 0.5;
    let (first, last) = if street.viaduct {
        (0.0, length)
    } else {
        ((0..=count).find(wet)? as f64, (0..=count).rev().find(wet)? as f64)
    };
    let (first, last) = ((first - 3.0).max(0.0), (last + 3.0).min(length));
    let crown = if street.viaduct { CREST + 2.6 } else { STAGE + 2.2 };
    let half = carriageway(street.kind) + if street.viaduct { 1.5 } else { 1.2 };
    let heights = [first, last].map(|s| natural(plan, plan.world(at(s))) + 0.02);
    Some(arch(plan, [at(first), at(last)], heights, crown, half, false))
}

/// A deck that rises from its ends to a crown.
fn arch(plan: &Plan, [from, to]: [DVec2; 2], ends: [f64; 2], crown: f64, half: f64, rail: bool) -> Bridge {
    let pieces = ((to - from).length() / 6.0).ceil().max(4.0) as usize;
    let point = |k: usize| {
        let share = k as f64 / pieces as f64;
        let base = mix(ends[0], ends[1], share);
        let rise = ramp(share.min(1.0 - share), 0.0, 0.35);
        (plan.world(from + (to - from) * share), mix(base, crown.max(base), rise))
    };
    Bridge { line: (0..=pieces).map(point).collect(), half, rail }
}

fn railway(plan: &Plan) -> Vec<DVec2> {
    let (to, at) = plan.measures.rail;
    let reach = 2.0 * plan.window.length();
    bent(plan, to * at - to.perp() * reach, to * at + to.perp() * reach)
}

/// Decks of the railway over streets, canals and the river.
fn rail_bridges(plan: &Plan, waters: &Waters) -> Vec<Bridge> {
    let (to_rail, rail) = plan.measures.rail;
    let along = to_rail.perp();
    let deck = |from: f64, to: f64, crown: f64| {
        let ends = [from, to].map(|s| to_rail * rail + along * s);
        let heights = ends.map(|p| natural(plan, plan.world(p)) + 1.85);
        arch(plan, ends, heights, crown, 4.5, true)
    };
    let mut bridges = Vec::new();
    for street in plan.streets.list.iter().filter(|street| street.underpass) {
        let way = street.ends[1] - street.ends[0];
        let share = (rail - to_rail.dot(street.ends[0])) / to_rail.dot(way);
        let at = along.dot(street.ends[0] + way * share);
        let reach = carriageway(street.kind) + 4.0;
        bridges.push(deck(at - reach, at + reach, f64::NEG_INFINITY));
    }
    let (to_river, [near, far]) = plan.measures.river;
    // Where the rails meet the crests of the dikes.
    let meet = |crest: f64| (crest - to_river.dot(to_rail * rail)) / to_river.dot(along);
    let (from, to) = (meet(near), meet(far));
    bridges.push(deck(from.min(to) - 4.0, from.max(to) + 4.0, CREST + 2.0));
    let reach = plan.window.length() as i64;
    let is_wet = |s: i64| {
        let p = to_rail * rail + along * s as f64;
        (to_river.dot(p) - near).min(far - to_river.dot(p)) < -30.0 && waters.distance(p) < 0.0
    };
    let mut start = None;
    for s in -reach..=reach {
        match (is_wet(s), start) {
            (true, None) => start = Some(s),
            (false, Some(from)) => {
                bridges.push(deck(from as f64 - 3.0, s as f64 + 3.0, f64::NEG_INFINITY));
                start = None;
            }
            _ => {}
        }
    }
    bridges
}

/// A road cut off at the window's edge, with a new node there; `None` where it lies outside or runs from edge to edge.
fn within(mut road: Road, window: DVec2, nodes: &mut Vec<DVec2>) -> Option<Road> {
    let inside = |p: DVec2| p.abs().cmple(window).all();
    let is_in = road.nodes.map(|node| inside(nodes[node]));
    match is_in {
        [true, true] => {
            road.line.iter_mut().for_each(|p| *p = p.clamp(-window, window));
            Some(road)
        }
        [false, false] => None,
        [_, ends_inside] => {
            // From the inner end to the first point outside.
            if ends_inside {
                road.line.reverse();
                road.nodes.reverse();
            }
            let out = road.line.iter().position(|p| !inside(*p))?;
            let (a, b) = (road.line[out - 1], road.line[out]);
            let share = |a: f64, b: f64, w: f64| if b.abs() > w { (w * b.signum() - a) / (b - a) } else { 1.0 };
            let edge = a + (b - a) * share(a.x, b.x, window.x).min(share(a.y, b.y, window.y));
            road.line.truncate(out);
            road.line.push(edge.clamp(-window, window));
            nodes.push(edge.clamp(-window, window));
            road.nodes[1] = nodes.len() - 1;
            if (edge - a).length() < 0.5 && out == 1 { None } else { Some(road) }
        }
    }
}

/// The largest part in which every node is joined to every other, with the nodes that it uses: what the window's edge cuts
/// off from the rest is left out.
pub(super) fn largest_part(network: Network) -> Network {
    let mut part: Vec<usize> = (0..network.nodes.len()).collect();
    fn root(part: &mut [usize], mut k: usize) -> usize {
        while part[k] != k {
            part[k] = part[part[k]];
            k = part[k];
        }
        k
    }
    for road in &network.roads {
        let [a, b] = road.nodes.map(|node| root(&mut part, node));
        part[a.max(b)] = a.min(b);
    }
    let mut lengths = vec![0.0; part.len()];
    for road in &network.roads {
        lengths[root(&mut part, road.nodes[0])] += length(&road.line);
    }
    let Some(largest) = (0..lengths.len()).max_by(|a, b| lengths[*a].total_cmp(&lengths[*b])) else { return network };
    let mut kept = Network::default();
    let mut place = vec![usize::MAX; part.len()];
    for mut road in network.roads {
        if root(&mut part, road.nodes[0]) != largest {
            continue;
        }
        road.nodes = road.nodes.map(|node| {
            if place[node] == usize::MAX {
                place[node] = kept.nodes.len();
                kept.nodes.push(network.nodes[node]);
            }
            place[node]
        });
        kept.roads.push(road);
    }
    kept
}

fn length(line: &[DVec2]) -> f64 {
    line.windows(2).map(|pair| (pair[1] - pair[0]).length()).sum()
}

/// The pieces of a line within the window.
fn clipped(line: &[DVec2], window: DVec2) -> Vec<Vec<DVec2>> {
    // Short steps, so that little is lost at the edge.
    let steps = line.windows(2).flat_map(|pair| (0..20).map(|k| pair[0].lerp(pair[1], f64::from(k) / 20.0)));
    let fine: Vec<DVec2> = steps.chain(line.last().copied()).collect();
    let inside = |p: &DVec2| p.abs().cmple(window).all();
    let pieces = fine.split(|p| !inside(p)).filter(|piece| piece.len() > 1);
    pieces
        .map(|piece| {
            let last = piece.len() - 1;
            (0..=last).filter(|k| k % 20 == 0 || *k == last).map(|k| piece[k]).collect()
        })
        .collect()
}

/// How many live and work in a building, as the town counts them; `None` where not all is known that this takes.
pub fn people(building: &Building) -> Option<(f64, f64)> {
    if let Some([residents, jobs]) = building.people {
        return Some((residents, jobs));
    }
    let dwellings = f64::from(building.dwellings?);
    let floors = (building.eaves? / 3.2).round().max(1.0) * building.area_m2();
    let jobs = match building.use_? {
        // Schools, care and corner shops are among the dwellings.
        Use::Dwelling => 0.25 * dwellings,
        Use::Shop => building.area_m2() / 30.0,
        Use::Office => floors / 22.0,
        Use::Industry => building.area_m2() / 60.0,
        Use::Public => floors / 60.0,
        Use::Church | Use::Farm => 2.0,
    };
    // Households are of 2.1 people, and smaller in the old town.
    let household = if building.area? == 0 { 1.6 } else { 2.1 };
    Some((household * dwellings, jobs))
}

/// The neighbourhoods with those who live and work there.
fn areas(town: &Town) -> Vec<Area> {
    let plan = &town.plan;
    let last = plan.web.len() - 1;
    let outline = |k: usize| -> Vec<DVec2> {
        let corners: Vec<DVec2> = match k {
            0 => plan.web[0].clone(),
            1..=5 => {
                let rays = [2 * k - 2, 2 * k - 1, (2 * k) % RAYS];
                rays.iter().map(|ray| plan.web[1][*ray]).chain(rays.iter().rev().map(|ray| plan.web[0][*ray])).collect()
            }
            _ => {
                let (ray, next) = (k - 6, (k - 5) % RAYS);
                let outwards = (1..=last).map(|ring| plan.web[ring][ray]);
                outwards.chain((1..=last).rev().map(|ring| plan.web[ring][next])).collect()
            }
        };
        let sides = (0..corners.len()).flat_map(|k| {
            let mut side = bent(plan, corners[k], corners[(k + 1) % corners.len()]);
            side.pop();
            side
        });
        in_window(sides.collect(), plan.window)
    };
    let mut areas: Vec<Area> =
        (0..NAMES.len()).map(|k| Area { name: NAMES[k].into(), outline: outline(k), residents: 0, jobs: 0 }).collect();
    let inside = |p: DVec2| p.abs().cmple(plan.window).all();
    let mut sums = vec![[0.0, 0.0]; areas.len()];
    for house in &town.houses {
        let building = &house.building;
        if !building.middle().is_some_and(inside) {
            continue;
        }
        let (Some(area), Some((people, jobs))) = (building.area, people(building)) else { continue };
        sums[area][0] += people;
        sums[area][1] += jobs;
    }
    for (area, [people, jobs]) in areas.iter_mut().zip(sums) {
        (area.residents, area.jobs) = (people.round() as u32, jobs.round() as u32);
    }
    areas
}

/// An outline cut to the window (Sutherland and Hodgman 1974).
fn in_window(outline: Vec<DVec2>, window: DVec2) -> Vec<DVec2> {
    let edges = [(DVec2::X, window.x), (-DVec2::X, window.x), (DVec2::Y, window.y), (-DVec2::Y, window.y)];
    edges.into_iter().fold(outline, |outline, (normal, limit)| {
        let mut kept = Vec::with_capacity(outline.len() + 4);
        for (k, &a) in outline.iter().enumerate() {
            let b = outline[(k + 1) % outline.len()];
            let (from, to) = (normal.dot(a) - limit, normal.dot(b) - limit);
            if from <= 0.0 {
                kept.push(a);
            }
            if (from < 0.0 && to > 0.0) || (from > 0.0 && to < 0.0) {
                kept.push(a + (b - a) * (from / (from - to)));
            }
        }
        kept
    })
}
