//! Lanes drawn from roads that only say how many there are: stop lines, ways across junctions, who gives way to whom, and lights.

use super::joined::Joined;
use super::lights::{Flows, lights};
use super::lines::{angle, beside, cut, drawn, has_twin, heading, is_twin};
use super::priority::{conflicts, main_road};
use super::{BUS, Lane, Lanes, MOST_LANES, Street, Turn, WIDTH};
use crate::roads::rules::Junctions;
use crate::roads::{CAR, CYCLE, Control, Link, Roads, TRUCK};
use glam::DVec2;

/// Roads of this priority and above have lanes for cycles.
pub(super) const WITH_CYCLE_LANES: u8 = 3;
/// Width of a lane for cycles, m.
const CYCLE_WIDTH: f64 = 2.0;
/// Who waits at a corner stands so far beside the way of those who go straight on, m.
const ASIDE_M: f64 = 1.5;
/// Acceleration to the side that drivers take in a bend, m/s².
const ASIDE: f64 = 3.0;
/// Slowest speed in a bend, m/s.
const SLOWEST: f64 = 3.0;
/// Share of a link that the junctions at its ends may take, each.
const MOST_CUT: f64 = 0.35;
/// Width of a lane in which cars stay behind cycles, m.
const NARROW: f64 = 2.75;
/// Length of a lane for those who turn left at lights, m.
const POCKET: f64 = 60.0;
/// Roads of this priority and above have such lanes without lights, too.
const WITH_POCKETS: u8 = 5;
/// Length of a street that has one, m.
const LEAST_STREET: f64 = 60.0;
/// Who turns less than this goes straight on, rad.
pub(super) const STRAIGHT: f64 = 0.6;

/// A way out of a link.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub from: usize,
    /// Angle by which it turns, to the left above 0, rad.
    pub angle: f64,
    /// Whether only cycles take it.
    pub is_cycle: bool,
    /// Whether cycles wait at a corner on their way.
    pub hooks: bool,
}

/// A route, and who drives on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Links, one behind another.
    pub links: Vec<u32>,
    /// Cars (pcu) or cycles an hour.
    pub flow: f64,
    /// Whether they are cycles.
    pub is_cycle: bool,
}

/// Lanes of roads. Lights are set for those who drive on `routes` (Webster 1958); without them phases share the cycle by the rules.
pub fn build(roads: &Roads, rules: &Junctions, routes: Option<&[Route]>) -> Lanes {
    let joined = Joined::of(roads);
    // Lights are for all who come to a junction.
    let mut with_lights = vec![false; joined.count];
    for (k, link) in roads.links.iter().enumerate().filter(|(_, link)| link.control == Control::Signal) {
        with_lights[joined.of[link.to as usize]] |= !joined.gone[k];
    }
    let mut lit = roads.clone();
    for link in
        lit.links.iter_mut().filter(|link| link.control == Control::Signal || with_lights[joined.of[link.to as usize]])
    {
        link.control = if with_lights[joined.of[link.to as usize]] { Control::Signal } else { Control::Unknown };
    }
    let roads = &lit;
    let mut all = Lanes { nodes: joined.nodes(roads), ..Lanes::default() };
    let count = |link: &Link| (link.lanes.round().max(1.0) as usize).min(MOST_LANES);
    let (leaving_node, walls) = (roads.leaving(), roads.walls());
    let twin: Vec<bool> =
        roads.links.iter().map(|link| has_twin(roads, link, leaving_node.of_node(link.to as usize))).collect();
    let (mut entering, mut leaving) = (vec![Vec::new(); all.nodes.len()], vec![Vec::new(); all.nodes.len()]);
    for (k, link) in roads.links.iter().enumerate().filter(|(k, _)| !joined.gone[*k]) {
        entering[joined.of[link.to as usize]].push(k);
        leaving[joined.of[link.from as usize]].push(k);
    }
    // Whether three and more roads meet; links that come and go on one line are one.
    let mut meets: Vec<bool> = entering
        .iter()
        .zip(&leaving)
        .map(|(into, out)| into.len() + out.iter().filter(|k| !twin[**k]).count() >= 3)
        .collect();
    // Who turns round at a barrier meets those who pass it.
    for (node, closed) in &roads.barriers {
        let node = joined.of[*node as usize];
        let modes = entering[node].iter().fold(0, |all, k| all | roads.links[*k].modes);
        meets[node] |= modes & closed != 0 && modes & !closed != 0;
    }
    // How far a junction reaches into a link: by the width of those that cross it.
    let reach = |node: usize, along: DVec2| {
        if !meets[node] {
            return 0.0;
        }
        let (into, out) = (&entering[node], &leaving[node]);
        let all = into.iter().map(|k| (*k, true)).chain(out.iter().map(|k| (*k, false)));
        if all.clone().any(|(k, _)| roads.links[k].roundabout) {
            return 4.0;
        }
        let crosses = all.filter(|(k, at_end)| roads.links[*k].heading(*at_end).dot(along).abs() < 0.9);
        2.5 + WIDTH * crosses.map(|(k, _)| count(&roads.links[k])).max().unwrap_or(1) as f64
    };
    let mut street_of = vec![None; roads.links.len()];
    let mut shapes = Vec::new();
    let drawn_links =
        roads.links.iter().enumerate().filter(|(k, link)| !joined.gone[*k] && link.modes & (CAR | TRUCK | CYCLE) != 0);
    for (k, link) in drawn_links {
        let ends = [joined.of[link.from as usize], joined.of[link.to as usize]];
        let n = if link.modes & CAR == 0 { 1 } else { count(link).min(MOST_LANES - 2) };
        let cuts = [(ends[0], link.heading(false)), (ends[1], link.heading(true))];
        let cuts = cuts.map(|(node, along)| reach(node, along).min(MOST_CUT * link.length));
        let length = (link.length - cuts[0] - cuts[1]).max(1.0);
        let out = joined.out(roads, (&leaving_node, &walls), &leaving[ends[1]], link.to);
        let cycle = link.modes & CAR != 0 && link.modes & CYCLE != 0 && link.priority >= WITH_CYCLE_LANES;
        let shape = Shape { cycle, motor: n, pocket: wants_pocket(roads, link, &out) };
        let stretch = drawn(&link.line) / link.length.max(0.1);
        let middle = cut(&link.line, cuts[0] * stretch, cuts[1] * stretch);
        street_of[k] = Some(all.streets.len() as u32);
        shapes.push(shape);
        let first = all.lanes.len() as u32;
        let street = all.streets.len() as u32;
        all.streets.push(Street {
            id: link.id.clone(),
            from: ends[0] as u32,
            to: ends[1] as u32,
            first,
            lanes: shape.lanes() as u32,
            road: Some(k as u32),
        });
        let motor = if link.modes & CAR == 0 { 0 } else { (link.modes & (CAR | TRUCK)) | BUS };
        let is_narrow = ["living_street", "cycle_street", "pedestrian", "service"].contains(&link.kind.as_str());
        // How far the middle of the first lane for cars lies to the right, m.
        let right = if twin[k] { n as f64 - 0.5 } else { 0.5 * (n as f64 - 1.0) } * WIDTH;
        // The others make room for a lane that is added.
        let begin = if length >= LEAST_STREET { length - POCKET.min(0.5 * length) } else { 0.0 };
        let aside = if shape.pocket { Some((begin * stretch, WIDTH)) } else { None };
        let mut add = |off: f64, modes: u8, width: f64, begin: f64| {
            all.lanes.push(Lane {
                street: Some(street),
                node: ends[1] as u32,
                length,
                speed: link.speed,
                modes,
                line: beside(&middle, off, if begin > 0.0 { Some((0.0, WIDTH)) } else { aside }),
                width,
                headway: 0.0,
                begin,
            });
        };
        if shape.cycle {
            add(right + 0.5 * (WIDTH + CYCLE_WIDTH), CYCLE, CYCLE_WIDTH, 0.0);
        }
        let width = if is_narrow { NARROW } else { WIDTH };
        for index in 0..n {
            let mixed = if index == 0 && !shape.cycle { link.modes & CYCLE } else { 0 };
            add(right - index as f64 * WIDTH, motor | mixed, width, 0.0);
        }
        if shape.pocket {
            add(right - n as f64 * WIDTH, motor, width, begin);
        }
    }
    let flows = routes.map(|routes| Flows::of(routes, |link| street_of[link as usize].is_some()));
    let bans: std::collections::HashSet<(u32, u32)> = roads.bans.iter().copied().collect();
    for node in 0..all.nodes.len() {
        let (into, out) = (&entering[node], &leaving[node]);
        let first = all.turns.len();
        let mut ways = Vec::new();
        for &from in into.iter().filter(|k| street_of[**k].is_some()) {
            let out = joined.out(roads, (&leaving_node, &walls), out, roads.links[from].to);
            turns(&mut all, roads, (&street_of, &shapes), (node, from), &out, &bans, &mut ways);
        }
        if meets[node] {
            let main = main_road(roads, (into, out), flows.as_ref());
            conflicts(&mut all, roads, &main, first, &ways);
        }
        let has_pocket = |k: usize| street_of[k].is_some_and(|street| shapes[street as usize].pocket);
        lights(&mut all, roads, rules, (flows.as_ref(), &has_pocket), node, (into, out), first, &ways);
    }
    all
}

/// The lanes of a street, from the right.
#[derive(Clone, Copy)]
struct Shape {
    /// Whether the first is for cycles.
    cycle: bool,
    /// Those for cars, and cycles where they have none of their own.
    motor: usize,
    /// Whether the last is for those who turn left only.
    pocket: bool,
}

impl Shape {
    fn lanes(self) -> usize {
        self.motor + usize::from(self.cycle) + usize::from(self.pocket)
    }
}

/// Ways out of a link, with the lanes that they begin and end in.
fn turns(
    all: &mut Lanes,
    roads: &Roads,
    (street_of, shapes): (&[Option<u32>], &[Shape]),
    (node, from): (usize, usize),
    out: &[(usize, u8)],
    bans: &std::collections::HashSet<(u32, u32)>,
    ways: &mut Vec<Way>,
) {
    let link = &roads.links[from];
    let Some(street) = street_of[from] else { return };
    let own: Vec<usize> = all.of_street(street as usize).collect();
    let is_back = |k: usize| is_twin(link, &roads.links[k]);
    let used = |k: usize| link.modes & roads.links[k].modes;
    // Back where he came from only where nothing else is, or where barriers close all else.
    let others = out.iter().filter(|(k, _)| street_of[*k].is_some() && !is_back(*k));
    let (led, open) = others.fold((0u8, 0u8), |(led, open), (k, closed)| (led | used(*k), open | (used(*k) & !closed)));
    let round = if out.len() == 1 { link.modes } else { led & !open };
    // Each way out with the modes that may take it.
    let mut to: Vec<(f64, usize, u8)> = out
        .iter()
        .filter(|(k, _)| street_of[*k].is_some())
        .map(|&(k, closed)| (angle(roads, link, k), k, used(k) & if is_back(k) { round } else { !closed }))
        .filter(|(.., modes)| *modes != 0)
        .collect();
    to.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Lanes for motor vehicles are those of roads that cars may use.
    let is_motor = |k: usize, modes: u8| roads.links[k].modes & CAR != 0 && modes & (CAR | TRUCK) != 0;
    let motor: Vec<(f64, usize)> =
        to.iter().filter(|(_, k, modes)| is_motor(*k, *modes)).map(|(angle, k, _)| (*angle, *k)).collect();
    let straight =
        motor.iter().filter(|(angle, _)| angle.abs() < STRAIGHT).min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let straight = straight.map(|(_, k)| *k);
    let shape = shapes[street as usize];
    let first = usize::from(shape.cycle);
    let n = shape.motor;
    // Nobody comes by a turn into a lane that begins later.
    let ends: Vec<(Vec<usize>, usize)> = to
        .iter()
        .map(|(_, k, _)| {
            let goal = street_of[*k].unwrap_or(street) as usize;
            let cars = all.of_street(goal).skip(usize::from(shapes[goal].cycle));
            (cars.filter(|lane| all.lanes[*lane].begin == 0.0).collect(), all.of_street(goal).start)
        })
        .collect();
    for (place, &(angle, k, modes)) in to.iter().enumerate() {
        let (goal, for_cycles) = &ends[place];
        let banned = bans.contains(&(from as u32, k as u32));
        let is_motor = link.modes & CAR != 0 && is_motor(k, modes);
        // Lanes of this way, and where each leads to.
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        if is_motor && !banned {
            if shape.pocket && angle > STRAIGHT {
                pairs.extend((0..goal.len()).map(|end| (n, end)));
            } else if n == 1 {
                pairs.extend((0..goal.len()).map(|end| (0, end)));
            } else if straight == Some(k) || motor.len() == 1 {
                for lane in 0..n {
                    pairs.push((lane, lane.min(goal.len() - 1)));
                }
                pairs.extend((n..goal.len()).map(|end| (n - 1, end)));
            } else if straight.is_none() && motor.len() == 2 {
                // A road that ends: half of the lanes each way.
                let is_right = motor[0].1 == k;
                let half = n.div_ceil(2);
                for lane in if is_right { 0..half } else { half.min(n - 1)..n } {
                    pairs.extend((0..goal.len()).map(|end| (lane, end)));
                }
            } else if straight.map_or(place * 2 < to.len(), |_| angle < 0.0) {
                pairs.extend((0..goal.len()).map(|end| (0, end)));
            } else {
                pairs.extend((0..goal.len()).map(|end| (n - 1, end)));
            }
        }
        // Buses pass where cars do.
        let shut = used(k) & !modes;
        let shut = shut | if shut & CAR != 0 { BUS } else { 0 };
        let motors = all.lanes[own[first]].modes & !CYCLE & !shut;
        let made = pairs.iter().map(|(lane, end)| (own[first + lane], goal[*end], motors));
        let mut made: Vec<(usize, usize, u8)> = made.collect();
        // Cycles keep to the right, and turn from there.
        if modes & CYCLE != 0 {
            match made.iter_mut().find(|(lane, end, _)| *lane == own[0] && end == for_cycles) {
                Some(way) => way.2 |= CYCLE,
                None => made.push((own[0], *for_cycles, CYCLE)),
            }
        }
        for (lane, end, modes) in made {
            let is_cycle = modes == CYCLE;
            // Across lights cycles turn left in two parts: straight on, and from there with those who cross.
            let hooks = is_cycle && angle > STRAIGHT && link.control == Control::Signal;
            let via = match if hooks { hook(all, node, lane, end) } else { None } {
                Some(parts) => parts.to_vec(),
                None => across(all, node, lane, end).into_iter().collect(),
            };
            let hooks = hooks && via.len() == 2;
            all.turns.push(Turn { from: lane as u32, via, to: end as u32, modes, signal: None, foes: Vec::new() });
            ways.push(Way { from, angle, is_cycle, hooks });
        }
    }
}

/// The two lanes across a junction on which cycles turn left: to the corner, and from there.
fn hook(all: &mut Lanes, node: usize, from: usize, to: usize) -> Option<[u32; 2]> {
    let (a, b) = (&all.lanes[from], &all.lanes[to]);
    let (begin, end) = (a.line[a.line.len() - 1], b.line[0]);
    let (out, into) = (heading(&a.line, true), heading(&b.line, false));
    let turn = out.perp_dot(into);
    if turn < 0.5 {
        return None;
    }
    // Where the line on which he comes meets that on which he goes; he waits a little to the right of it.
    let along = (end - begin).perp_dot(into) / turn;
    let corner = begin + along * out - ASIDE_M * out.perp();
    if along < 4.0 || corner.distance(end) < 3.0 || (end - corner).dot(into) < 0.0 {
        return None;
    }
    let (modes, speed) = (CYCLE, a.speed.min(b.speed));
    let lanes = [vec![begin, corner], vec![corner, end]].map(|line| Lane {
        street: None,
        node: node as u32,
        length: drawn(&line),
        speed,
        modes,
        line,
        width: CYCLE_WIDTH,
        headway: 0.0,
        begin: 0.0,
    });
    let first = all.lanes.len() as u32;
    all.lanes.extend(lanes);
    Some([first, first + 1])
}

/// The lane across a junction between two lanes, where there is any distance between them.
fn across(all: &mut Lanes, node: usize, from: usize, to: usize) -> Option<u32> {
    let (a, b) = (&all.lanes[from], &all.lanes[to]);
    let (begin, end) = (a.line[a.line.len() - 1], b.line[0]);
    let distance = begin.distance(end);
    if distance < 2.0 {
        return None;
    }
    let (out, into) = (heading(&a.line, true), heading(&b.line, false));
    // Bends as a cubic Bézier curve.
    let pull = 0.4 * distance;
    let (c1, c2) = (begin + pull * out, end - pull * into);
    let point = |t: f64| {
        let s = 1.0 - t;
        begin * s.powi(3) + c1 * (3.0 * s * s * t) + c2 * (3.0 * s * t * t) + end * t.powi(3)
    };
    let line: Vec<DVec2> = (0..=8).map(|k| point(f64::from(k) / 8.0)).collect();
    let angle = out.angle_to(into).abs();
    let radius = if angle > 0.1 { distance / (2.0 * (0.5 * angle).sin()) } else { 1e6 };
    let bend = (ASIDE * radius).sqrt().max(SLOWEST);
    let lane = Lane {
        street: None,
        node: node as u32,
        length: drawn(&line).max(0.5),
        speed: a.speed.min(b.speed).min(bend),
        modes: a.modes | b.modes,
        line,
        width: WIDTH,
        headway: 0.0,
        begin: 0.0,
    };
    all.lanes.push(lane);
    Some(all.lanes.len() as u32 - 1)
}

/// Whether a link has a lane for those who turn left: at lights, and on main roads, where others go on or to the right.
fn wants_pocket(roads: &Roads, link: &Link, out: &[(usize, u8)]) -> bool {
    let is_open = |(k, closed): &&(usize, u8)| {
        roads.links[*k].modes & link.modes & CAR & !closed != 0 && !is_twin(link, &roads.links[*k])
    };
    let motor = out.iter().filter(is_open).map(|(k, _)| *k);
    let (left, other): (Vec<usize>, Vec<usize>) = motor.partition(|k| angle(roads, link, *k) > STRAIGHT);
    (link.control == Control::Signal || link.priority >= WITH_POCKETS) && !left.is_empty() && !other.is_empty()
}
