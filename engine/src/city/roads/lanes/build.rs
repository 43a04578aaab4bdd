//! Lanes drawn from roads that only say how many there are: stop lines, ways across junctions, who gives way to whom, and lights.

use super::conflicts::{Piece, meet, pieces};
use super::{BUS, Foe, Lane, Lanes, MOST_LANES, Phase, Program, Street, Turn, WIDTH};
use crate::city::roads::rules::Junctions;
use crate::city::roads::{CAR, CYCLE, Control, Link, Roads, TRUCK};
use glam::DVec2;
use std::collections::HashMap;

/// Roads of this priority and above have lanes for cycles, so wide, m.
const WITH_CYCLE_LANES: u8 = 3;
/// See `WITH_CYCLE_LANES`.
const CYCLE_WIDTH: f64 = 2.0;
/// Who waits at a corner stands so far beside the way of those who go straight on, m.
const ASIDE_M: f64 = 1.5;
/// Room at the corner for those who wait there, m.
const ROOM: f64 = 8.0;
/// Vehicles are taken to be so wide where their ways meet, m.
const BREADTH: f64 = 2.2;
/// Acceleration to the side that drivers take in a bend, m/s².
const ASIDE: f64 = 3.0;
/// Slowest speed in a bend, m/s.
const SLOWEST: f64 = 3.0;
/// Share of a link that the junctions at its ends may take, each.
const MOST_CUT: f64 = 0.35;
/// Width of a lane in which cars stay behind cycles, m.
const NARROW: f64 = 2.75;
/// Yellow, and red for all behind it, s.
const YELLOW: f64 = 3.0;
/// See `YELLOW`.
const ALL_RED: f64 = 2.0;
/// Shortest green, s.
const LEAST_GREEN: f64 = 10.0;
/// Cars an hour that turn left, and their product with those who face them, per lane of these, from which on they go alone.
const LEAST_LEFT: f64 = 60.0;
/// See `LEAST_LEFT`.
const MANY: f64 = 50_000.0;
/// Cycles an hour that a lane for them lets through.
const CYCLES: f64 = 2000.0;
/// Share of a cycle in which nobody drives for each change of phases.
const LOST_SHARE: f64 = 0.06;
/// Share of time that a road is given at least.
const LEAST_NEED: f64 = 0.05;
/// Time until a queue flows after green begins, s.
const START: f64 = 2.0;
/// Shortest cycle, s.
const SHORTEST: f64 = 60.0;
/// Longest cycle, s.
const LONGEST: f64 = 120.0;
/// Links shorter than this lie within one junction, m.
const JOINED: f64 = 16.0;
/// The same between lights.
const JOINED_LIGHTS: f64 = 40.0;
/// Junctions are no larger than that, m: those without lights, and those with them.
const EXTENT: [f64; 2] = [22.0, 60.0];
/// Length of a lane for those who turn left at lights, m.
const POCKET: f64 = 60.0;
/// Roads of this priority and above have such lanes without lights, too.
const WITH_POCKETS: u8 = 5;
/// Length on which the others make room for it, m.
const TAPER: f64 = 20.0;
/// Length of a street that has one, m.
const LEAST_STREET: f64 = 60.0;
/// Room on the junction for one who waits there, m.
const LEAST_WAIT: f64 = 2.5;
/// Who turns less than this goes straight on, rad.
const STRAIGHT: f64 = 0.6;

/// A way out of a link.
#[derive(Clone, Copy)]
struct Way {
    from: usize,
    /// Angle by which it turns, to the left above 0, rad.
    angle: f64,
    /// Whether only cycles take it, and whether they wait at a corner on their way.
    is_cycle: bool,
    /// See `is_cycle`.
    hooks: bool,
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
    let leaving_node = roads.leaving();
    let twin: Vec<bool> =
        roads.links.iter().map(|link| has_twin(roads, link, leaving_node.of_node(link.to as usize))).collect();
    let (mut entering, mut leaving) = (vec![Vec::new(); all.nodes.len()], vec![Vec::new(); all.nodes.len()]);
    for (k, link) in roads.links.iter().enumerate().filter(|(k, _)| !joined.gone[*k]) {
        entering[joined.of[link.to as usize]].push(k);
        leaving[joined.of[link.from as usize]].push(k);
    }
    // Whether three and more roads meet; links that come and go on one line are one.
    let meets: Vec<bool> = entering
        .iter()
        .zip(&leaving)
        .map(|(into, out)| into.len() + out.iter().filter(|k| !twin[**k]).count() >= 3)
        .collect();
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
        let out = joined.out(roads, &leaving_node, &leaving[ends[1]], link.to);
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
            let out = joined.out(roads, &leaving_node, out, roads.links[from].to);
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

/// Junctions that lie so near each other that drivers take them for one.
struct Joined {
    /// The junction of each node.
    of: Vec<usize>,
    /// Links that lie within one.
    gone: Vec<bool>,
    count: usize,
}

impl Joined {
    fn of(roads: &Roads) -> Joined {
        let mut root: Vec<usize> = (0..roads.nodes.len()).collect();
        let mut boxes: Vec<(DVec2, DVec2)> = roads.nodes.iter().map(|node| (node.at, node.at)).collect();
        fn find(root: &mut [usize], mut at: usize) -> usize {
            while root[at] != at {
                root[at] = root[root[at]];
                at = root[at];
            }
            at
        }
        // Lights that stand so near each other are one installation.
        let mut has_lights = vec![false; roads.nodes.len()];
        for link in roads.links.iter().filter(|link| link.control == Control::Signal) {
            has_lights[link.to as usize] = true;
        }
        let is_short = |k: &usize| {
            let link = &roads.links[*k];
            let lights = has_lights[link.from as usize] && has_lights[link.to as usize];
            let most = if lights { JOINED_LIGHTS } else { JOINED };
            link.length < most && !link.roundabout && link.modes & CAR != 0
        };
        let mut short: Vec<usize> = (0..roads.links.len()).filter(is_short).collect();
        short.sort_by(|a, b| roads.links[*a].length.total_cmp(&roads.links[*b].length).then(a.cmp(b)));
        for k in &short {
            let link = &roads.links[*k];
            let (a, b) = (find(&mut root, link.from as usize), find(&mut root, link.to as usize));
            let (low, high) = (boxes[a].0.min(boxes[b].0), boxes[a].1.max(boxes[b].1));
            let lights = has_lights[link.from as usize] || has_lights[link.to as usize];
            if a != b && (high - low).max_element() <= EXTENT[usize::from(lights)] {
                root[b.max(a)] = a.min(b);
                boxes[a.min(b)] = (low, high);
            }
        }
        let mut number = std::collections::BTreeMap::new();
        let of: Vec<usize> = (0..roads.nodes.len())
            .map(|node| {
                let own = find(&mut root, node);
                let next = number.len();
                *number.entry(own).or_insert(next)
            })
            .collect();
        let mut gone = vec![false; roads.links.len()];
        for k in short {
            gone[k] = of[roads.links[k].from as usize] == of[roads.links[k].to as usize];
        }
        Joined { of, gone, count: number.len() }
    }

    /// Names and places of the junctions.
    fn nodes(&self, roads: &Roads) -> Vec<(String, DVec2)> {
        let mut all: Vec<(String, DVec2, f64)> = vec![(String::new(), DVec2::ZERO, 0.0); self.count];
        for (node, of) in roads.nodes.iter().zip(&self.of) {
            let own = &mut all[*of];
            if own.0.is_empty() {
                own.0.clone_from(&node.id);
            }
            own.1 += node.at;
            own.2 += 1.0;
        }
        all.into_iter().map(|(id, sum, count)| (id, sum / count.max(1.0))).collect()
    }

    /// Those of the links out of a junction that can be reached from one of its nodes.
    fn out(&self, roads: &Roads, leaving: &crate::city::roads::Adjacent, out: &[usize], from: u32) -> Vec<usize> {
        let reached = self.reached(roads, leaving, from);
        out.iter().copied().filter(|k| reached.contains(&roads.links[*k].from)).collect()
    }

    /// Nodes of the same junction that can be reached from one over links that lie within it.
    fn reached(&self, roads: &Roads, leaving: &crate::city::roads::Adjacent, from: u32) -> Vec<u32> {
        let mut found = vec![from];
        let mut at = 0;
        while at < found.len() {
            for k in leaving.of_node(found[at] as usize) {
                let link = &roads.links[*k as usize];
                if self.gone[*k as usize] && !found.contains(&link.to) {
                    found.push(link.to);
                }
            }
            at += 1;
        }
        found
    }
}

/// Angle by which a way turns to the left, rad.
fn angle(roads: &Roads, from: &Link, to: usize) -> f64 {
    let (coming, going) = (from.heading(true), roads.links[to].heading(false));
    coming.perp_dot(going).atan2(coming.dot(going))
}

/// Whether a link has a lane for those who turn left: at lights, and on main roads, where others go on or to the right.
fn wants_pocket(roads: &Roads, link: &Link, out: &[usize]) -> bool {
    let motor =
        out.iter().filter(|k| roads.links[**k].modes & link.modes & CAR != 0 && !is_twin(link, &roads.links[**k]));
    let (left, other): (Vec<usize>, Vec<usize>) = motor.partition(|k| angle(roads, link, **k) > STRAIGHT);
    (link.control == Control::Signal || link.priority >= WITH_POCKETS) && !left.is_empty() && !other.is_empty()
}

/// Whether a link has one the other way on the same line.
fn has_twin(roads: &Roads, link: &Link, leaving: &[u32]) -> bool {
    leaving.iter().any(|k| is_twin(link, &roads.links[*k as usize]))
}

/// Whether a link is the other direction of another.
fn is_twin(link: &Link, other: &Link) -> bool {
    let same = |(a, b): (&DVec2, &DVec2)| a.distance(*b) < 1.0;
    other.to == link.from
        && other.from == link.to
        && link.line.len() == other.line.len()
        && link.line.iter().zip(other.line.iter().rev()).all(same)
}

fn drawn(line: &[DVec2]) -> f64 {
    line.windows(2).map(|ends| ends[0].distance(ends[1])).sum()
}

/// A line without so many m at its beginning and end.
fn cut(line: &[DVec2], begin: f64, end: f64) -> Vec<DVec2> {
    let length = drawn(line);
    let (from, to) = (begin, (length - end).max(begin + 0.1));
    let mut points = Vec::new();
    let mut along = 0.0;
    for ends in line.windows(2) {
        let own = ends[0].distance(ends[1]);
        let at =
            |place: f64| ends[0].lerp(ends[1], if own > 0.0 { ((place - along) / own).clamp(0.0, 1.0) } else { 0.0 });
        if points.is_empty() && along + own >= from {
            points.push(at(from));
        }
        if along >= to {
            break;
        }
        if !points.is_empty() {
            points.push(at(to.min(along + own)));
        }
        along += own;
    }
    points.dedup_by(|a, b| a.distance(*b) < 1e-6);
    if points.len() < 2 {
        points = vec![line[0], line[line.len() - 1]];
    }
    points
}

/// A line so many m to the right of another, and from some m on further to the right.
fn beside(line: &[DVec2], off: f64, further: Option<(f64, f64)>) -> Vec<DVec2> {
    let mut points: Vec<(f64, DVec2)> = vec![(0.0, line[0])];
    let breaks = further.map_or([0.0; 2], |(from, _)| [from, from + TAPER]);
    for ends in line.windows(2) {
        let begin = points[points.len() - 1].0;
        let end = begin + ends[0].distance(ends[1]);
        for at in breaks.into_iter().filter(|at| *at > begin + 0.1 && *at < end - 0.1) {
            points.push((at, ends[0].lerp(ends[1], (at - begin) / (end - begin))));
        }
        points.push((end, ends[1]));
    }
    let n = points.len();
    (0..n)
        .map(|k| {
            let (along, at) = points[k];
            let before = (at - points[k.max(1) - 1].1).normalize_or_zero();
            let after = (points[(k + 1).min(n - 1)].1 - at).normalize_or_zero();
            let more = match further {
                Some((from, more)) if from > 0.0 => more * ((along - from) / TAPER).clamp(0.0, 1.0),
                Some((_, more)) => more,
                None => 0.0,
            };
            at - (off + more) * (before + after).normalize_or_zero().perp()
        })
        .collect()
}

fn heading(line: &[DVec2], at_end: bool) -> DVec2 {
    let n = line.len();
    let (a, b) = if at_end { (line[n - 2], line[n - 1]) } else { (line[0], line[1]) };
    (b - a).normalize_or_zero()
}

/// Ways out of a link, with the lanes that they begin and end in.
fn turns(
    all: &mut Lanes,
    roads: &Roads,
    (street_of, shapes): (&[Option<u32>], &[Shape]),
    (node, from): (usize, usize),
    out: &[usize],
    bans: &std::collections::HashSet<(u32, u32)>,
    ways: &mut Vec<Way>,
) {
    let link = &roads.links[from];
    let Some(street) = street_of[from] else { return };
    let own: Vec<usize> = all.of_street(street as usize).collect();
    let mut to: Vec<(f64, usize)> = out
        .iter()
        .copied()
        .filter(|k| street_of[*k].is_some() && roads.links[*k].modes & link.modes != 0)
        // Back where he came from only where nothing else is.
        .filter(|k| !is_twin(link, &roads.links[*k]) || out.len() == 1)
        .map(|k| (angle(roads, link, k), k))
        .collect();
    to.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let motor: Vec<(f64, usize)> = to.iter().copied().filter(|(_, k)| roads.links[*k].modes & CAR != 0).collect();
    let straight =
        motor.iter().filter(|(angle, _)| angle.abs() < STRAIGHT).min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let straight = straight.map(|(_, k)| *k);
    let shape = shapes[street as usize];
    let first = usize::from(shape.cycle);
    let n = shape.motor;
    // Nobody comes by a turn into a lane that begins later.
    let ends: Vec<(Vec<usize>, usize)> = to
        .iter()
        .map(|(_, k)| {
            let goal = street_of[*k].unwrap_or(street) as usize;
            let cars = all.of_street(goal).skip(usize::from(shapes[goal].cycle));
            (cars.filter(|lane| all.lanes[*lane].begin == 0.0).collect(), all.of_street(goal).start)
        })
        .collect();
    for (place, &(angle, k)) in to.iter().enumerate() {
        let (goal, for_cycles) = &ends[place];
        let banned = bans.contains(&(from as u32, k as u32));
        let is_motor = link.modes & roads.links[k].modes & CAR != 0;
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
        let motors = all.lanes[own[first]].modes & !CYCLE;
        let made = pairs.iter().map(|(lane, end)| (own[first + lane], goal[*end], motors));
        let mut made: Vec<(usize, usize, u8)> = made.collect();
        // Cycles keep to the right, and turn from there.
        if link.modes & roads.links[k].modes & CYCLE != 0 {
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

/// Who lets whom go first: whether the driver of the first way does so for the second, by lights, circle, signs, and from the right.
fn gives_way(roads: &Roads, main: &[usize], own: &Way, other: &Way) -> bool {
    if own.from == other.from {
        // Who goes straight on goes before those who turn.
        return if own.is_cycle { own.angle > STRAIGHT } else { other.angle <= STRAIGHT };
    }
    let (a, b) = (&roads.links[own.from], &roads.links[other.from]);
    // Who waits at a corner does so until nobody comes on the road that he left.
    if (own.hooks || other.hooks) && a.heading(true).dot(b.heading(true)).abs() > 0.7 {
        return own.hooks && (!other.hooks || own.from > other.from);
    }
    let (mine, theirs) = (a.heading(true), b.heading(true));
    let faces = mine.dot(theirs) < -0.7;
    let is_left = |way: &Way| way.angle > STRAIGHT;
    let lights = a.control == Control::Signal && b.control == Control::Signal;
    if !lights {
        if a.roundabout != b.roundabout {
            return b.roundabout;
        }
        let is_below = |x: &Link, y: &Link| {
            y.priority > x.priority || (x.control == Control::GiveWay && y.control != Control::GiveWay)
        };
        let (below, above) = (is_below(a, b), is_below(b, a));
        if below != above {
            return below;
        }
        let is_main = |way: &Way| main.contains(&way.from);
        if is_main(own) != is_main(other) {
            return is_main(other);
        }
    }
    if faces {
        return is_left(own) && !is_left(other) || (is_left(own) == is_left(other) && own.from > other.from);
    }
    // From the right.
    let side = mine.perp_dot(theirs);
    if side.abs() > 0.3 { side > 0.0 } else { own.from > other.from }
}

/// The two of the highest roads into a junction that most drive between, or that lead most straight into each other where nothing is
/// known, where more than two of them meet: they have priority. Streets below distributors have none.
fn main_road(roads: &Roads, (into, out): (&[usize], &[usize]), flows: Option<&Flows>) -> Vec<usize> {
    let of = |k: &usize| roads.links[*k].priority;
    let highest = into.iter().map(of).max().unwrap_or(0);
    let is_high = |k: &usize| of(k) == highest && roads.links[*k].modes & CAR != 0;
    let high: Vec<usize> = into.iter().copied().filter(is_high).collect();
    let between = |a: usize, b: usize| -> f64 {
        let back = out.iter().filter(|k| is_twin(&roads.links[b], &roads.links[**k]));
        back.map(|k| flows.and_then(|flows| flows.turns.get(&(a as u32, *k as u32))).copied().unwrap_or(0.0)).sum()
    };
    let straight = |a: usize, b: usize| -roads.links[a].heading(true).dot(roads.links[b].heading(true));
    let pairs = high.iter().enumerate().flat_map(|(at, a)| high[at + 1..].iter().map(move |b| (*a, *b)));
    let weight = |(a, b): &(usize, usize)| between(*a, *b) + between(*b, *a) + 10.0 * straight(*a, *b);
    match pairs.max_by(|one, two| weight(one).total_cmp(&weight(two))) {
        Some((a, b)) if highest >= WITH_CYCLE_LANES && high.len() > 2 => vec![a, b],
        _ => Vec::new(),
    }
}

/// Where the ways across a junction meet, and who goes first.
fn conflicts(all: &mut Lanes, roads: &Roads, main: &[usize], first: usize, ways: &[Way]) {
    let turns = first..all.turns.len();
    let aside = |way: &Way| way.hooks.then_some(ROOM);
    let parts: Vec<Vec<Piece>> = turns.clone().map(|k| pieces(all, k, aside(&ways[k - first]))).collect();
    for k in turns.clone() {
        for other in turns.clone().filter(|other| *other != k) {
            let (one, two) = (&all.turns[k], &all.turns[other]);
            let (own, theirs) = (&ways[k - first], &ways[other - first]);
            // Those of one road do not cross each other, but for cycles on their own lanes.
            if (own.from == theirs.from && own.is_cycle == theirs.is_cycle) || one.via.is_empty() || two.via.is_empty()
            {
                continue;
            }
            // Two who turn left from facing roads pass before each other.
            let faces = roads.links[own.from].heading(true).dot(roads.links[theirs.from].heading(true)) < -0.7;
            let cars = !own.is_cycle && !theirs.is_cycle;
            if faces && cars && own.angle > STRAIGHT && theirs.angle > STRAIGHT {
                continue;
            }
            let merges = one.to == two.to;
            let same = roads.links[own.from].heading(true).dot(roads.links[theirs.from].heading(true)) > 0.7;
            let equal = roads.links[own.from].priority == roads.links[theirs.from].priority
                && roads.links[own.from].control == roads.links[theirs.from].control
                && roads.links[own.from].roundabout == roads.links[theirs.from].roundabout;
            // To the corner they go as those who go straight on.
            let as_of = |way: &Way, part: usize| {
                let is_first = way.hooks && part == 0;
                Way { hooks: way.hooks && part > 0, angle: if is_first { 0.0 } else { way.angle }, ..*way }
            };
            for (at, mine) in parts[k - first].iter().enumerate() {
                for (there_at, other_part) in parts[other - first].iter().enumerate() {
                    let gives = gives_way(roads, main, &as_of(own, at), &as_of(theirs, there_at));
                    let Some([mut here, mut there]) = meet(mine, other_part, BREADTH) else { continue };
                    let merges = merges && here.1 > all.across(&all.turns[k]) - 1.0;
                    if merges {
                        (here.1, there.1) = (all.across(&all.turns[k]), all.across(&all.turns[other]));
                    }
                    let zips = merges && same && equal;
                    let foe =
                        Foe { turn: other as u32, gives_way: gives && !zips, merges, zips, own: here, other: there };
                    all.turns[k].foes.push(foe);
                }
            }
        }
    }
    // Who turns left waits on the junction for those who face him.
    for k in turns {
        let own = &ways[k - first];
        if own.angle <= STRAIGHT || all.turns[k].via.len() != 1 || own.is_cycle {
            continue;
        }
        let faces = |foe: &&Foe| {
            let other = &ways[foe.turn as usize - first];
            roads.links[own.from].heading(true).dot(roads.links[other.from].heading(true)) < -0.7
        };
        let facing = all.turns[k].foes.iter().filter(faces).filter(|foe| foe.gives_way);
        let wait = facing.map(|foe| foe.own.0).fold(f64::INFINITY, f64::min) - 1.0;
        // Others must not need the place where he waits, but for those whom lights hold meanwhile.
        let is_held = |foe: &Foe| {
            let other = &roads.links[ways[foe.turn as usize - first].from];
            let own = &roads.links[own.from];
            let crosses = own.heading(true).dot(other.heading(true)).abs() < 0.7;
            crosses && own.control == Control::Signal && other.control == Control::Signal
        };
        let mut foes = all.turns[k].foes.iter();
        let hooks = |foe: &Foe| ways[foe.turn as usize - first].hooks;
        let is_clear = foes.all(|foe| is_held(foe) || hooks(foe) || foe.own.0 >= wait || foe.own.1 <= wait - 6.0);
        let lane = all.turns[k].via[0] as usize;
        if wait.is_finite() && wait > LEAST_WAIT && wait < all.lanes[lane].length - 2.0 && is_clear {
            split(all, k, lane, wait);
        }
    }
}

/// Cuts a lane across a junction in two.
fn split(all: &mut Lanes, turn: usize, lane: usize, at: f64) {
    let whole = all.lanes[lane].clone();
    let stretch = drawn(&whole.line) / whole.length;
    let second = Lane { length: whole.length - at, line: cut(&whole.line, at * stretch, 0.0), ..whole.clone() };
    all.lanes[lane] = Lane { length: at, line: cut(&whole.line, 0.0, (whole.length - at) * stretch), ..whole };
    all.turns[turn].via.push(all.lanes.len() as u32);
    all.lanes.push(second);
}

/// Cars an hour from a link into another, and cycles an hour on links.
#[derive(Default)]
struct Flows {
    turns: HashMap<(u32, u32), f64>,
    cycles: HashMap<u32, f64>,
}

impl Flows {
    /// Of routes over links; those within a junction are left out.
    fn of(routes: &[Route], is_street: impl Fn(u32) -> bool) -> Flows {
        let mut flows = Flows::default();
        for route in routes {
            let links: Vec<u32> = route.links.iter().copied().filter(|link| is_street(*link)).collect();
            if route.is_cycle {
                links.iter().for_each(|link| *flows.cycles.entry(*link).or_default() += route.flow);
                continue;
            }
            for pair in links.windows(2) {
                *flows.turns.entry((pair[0], pair[1])).or_default() += route.flow;
            }
        }
        flows
    }
}

/// A road that lights hold.
struct Approach {
    link: usize,
    /// Of those that do not turn left only, and whether these have one of their own.
    lanes: f64,
    has_pocket: bool,
    /// Cars an hour that turn left, and others.
    left: f64,
    other: f64,
    /// Cycles an hour.
    cycles: f64,
    /// 0 for those along the first road, 1 for those across it.
    axis: usize,
}

impl Approach {
    /// Share of the time that those who do not turn left need, with those who share their lanes with them: who waits for a gap to turn
    /// left stands for several (HCM 2000, exhibit C16-3).
    fn need(&self, saturation: f64, facing: f64) -> f64 {
        let left = if self.has_pocket { 0.0 } else { (1.4 + 0.0026 * facing) * self.left };
        ((self.other + left) / (saturation * self.lanes)).max(self.cycles / CYCLES)
    }
}

impl Approach {
    /// The same where none faces them.
    fn own_need(&self, saturation: f64) -> f64 {
        let cars = match self.has_pocket {
            true => (self.other / self.lanes).max(self.left) / saturation,
            false => (self.left + self.other) / (saturation * self.lanes),
        };
        cars.max(self.cycles / CYCLES)
    }
}

/// A phase before its times are known: the share of time that it needs, whether yellow ends it, and the states of each approach.
struct Stage {
    need: f64,
    is_closed: bool,
    states: Vec<[u8; 3]>,
}

/// Phases of one axis: those who turn left first and alone, where many meet many, and then all, those who turn left after those who
/// face them.
fn stages(roads: &Roads, held: &[Approach], axis: usize, saturation: f64) -> Vec<Stage> {
    let facing = |own: &Approach| -> (f64, f64) {
        let heading = roads.links[own.link].heading(true);
        let others = held.iter().filter(|other| roads.links[other.link].heading(true).dot(heading) < -0.7);
        others.fold((0.0, 1.0f64), |(flow, lanes), other| (flow + other.other, lanes.max(other.lanes)))
    };
    // Many meet many where the product of their flows is large (HCM 2000, chapter 10).
    let is_alone = |own: &Approach| {
        let (flow, lanes) = facing(own);
        own.has_pocket && own.left > LEAST_LEFT && own.left * flow > MANY * lanes
    };
    let alone: Vec<bool> = held.iter().map(|own| own.axis == axis && is_alone(own)).collect();
    let mut all: Vec<Stage> = Vec::new();
    let mut first = 0.0f64;
    let count = alone.iter().filter(|alone| **alone).count();
    if count > 0 {
        let lefts = held.iter().zip(&alone).filter(|(_, alone)| **alone).map(|(own, _)| own.left / saturation);
        first = lefts.fold(0.0, f64::max);
        // Where only one side turns left all of it goes.
        let states = alone.iter().map(|alone| match (alone, count) {
            (true, 1) => [b'G', b'g', b'G'],
            (true, _) => [b'r', b'r', b'G'],
            _ => [b'r'; 3],
        });
        all.push(Stage { need: first, is_closed: false, states: states.collect() });
    }
    let others = held.iter().zip(&alone).filter(|(own, _)| own.axis == axis);
    let rest = |(own, alone): (&Approach, &bool)| {
        own.need(saturation, facing(own).0) - if *alone && count == 1 { first } else { 0.0 }
    };
    let need = others.map(rest).fold(LEAST_NEED, f64::max);
    // Or one road after the other, where those who wait for a gap would hold up the rest.
    let own: Vec<usize> = (0..held.len()).filter(|k| held[*k].axis == axis).collect();
    let each = |k: &usize| held[*k].own_need(saturation).max(LEAST_NEED);
    let split: f64 = own.iter().map(each).sum::<f64>() + LOST_SHARE * (own.len() as f64 - 1.0);
    if own.len() > 1 && split < first + need + if count > 0 { 0.3 * LOST_SHARE } else { 0.0 } {
        let stage = |k: &usize| {
            let states = (0..held.len()).map(|other| if other == *k { [b'G', b'g', b'G'] } else { [b'r'; 3] });
            Stage { need: each(k), is_closed: true, states: states.collect() }
        };
        return own.iter().map(stage).collect();
    }
    let states = held.iter().map(|own| if own.axis == axis { [b'G', b'g', b'g'] } else { [b'r'; 3] });
    all.push(Stage { need, is_closed: true, states: states.collect() });
    all
}

/// Lights of a junction: roads that face each other have green together.
#[allow(clippy::too_many_arguments)]
fn lights(
    all: &mut Lanes,
    roads: &Roads,
    rules: &Junctions,
    (flows, has_pocket): (Option<&Flows>, &dyn Fn(usize) -> bool),
    node: usize,
    (into, out): (&[usize], &[usize]),
    first: usize,
    ways: &[Way],
) {
    let links: Vec<usize> = into.iter().copied().filter(|k| roads.links[*k].control == Control::Signal).collect();
    let Some(along) = links.first().map(|k| roads.links[*k].heading(true)) else { return };
    let highest = links.iter().map(|k| roads.links[*k].priority).max().unwrap_or(0);
    let held: Vec<Approach> = links
        .iter()
        .map(|&k| {
            let link = &roads.links[k];
            let lanes = link.lanes.round().max(1.0);
            let (left, other) = match flows {
                Some(flows) => {
                    let turn = |to: &usize| flows.turns.get(&(k as u32, *to as u32)).copied().unwrap_or(0.0);
                    let (left, other): (Vec<usize>, Vec<usize>) =
                        out.iter().partition(|to| angle(roads, link, **to) > STRAIGHT);
                    (left.iter().map(turn).sum(), other.iter().map(turn).sum())
                }
                None => {
                    let share =
                        if link.priority == highest { rules.green_share_major } else { rules.green_share_minor };
                    (0.0, share * rules.saturation * lanes)
                }
            };
            let cycles = flows.and_then(|flows| flows.cycles.get(&(k as u32))).copied().unwrap_or(0.0);
            let axis = usize::from(link.heading(true).dot(along).abs() < 0.7);
            Approach { link: k, lanes, has_pocket: has_pocket(k), left, other, cycles, axis }
        })
        .collect();
    // Lights for those who go straight on, to the right and to the left; cycles go with the first.
    let place = |way: &Way| {
        let own = links.iter().position(|own| *own == way.from)?;
        let light = match way.angle {
            _ if way.is_cycle => 0,
            angle if angle > STRAIGHT => 2,
            angle if angle < -STRAIGHT => 1,
            _ => 0,
        };
        Some(3 * own + light)
    };
    let program = all.programs.len() as u32;
    for (k, way) in ways.iter().enumerate() {
        if let Some(place) = place(way) {
            all.turns[first + k].signal = Some((program, place as u32));
        }
    }
    let mut own = stages(roads, &held, 0, rules.saturation);
    if held.iter().any(|own| own.axis == 1) {
        own.extend(stages(roads, &held, 1, rules.saturation));
    }
    let closed = own.iter().filter(|stage| stage.is_closed).count() as f64;
    let is_lone = closed < 2.0;
    let sum: f64 = own.iter().map(|stage| stage.need).sum();
    let lost = closed.max(2.0) * (START + ALL_RED + 0.5 * YELLOW) + (own.len() as f64 - closed) * START;
    let cycle = match flows {
        // Webster's best cycle.
        Some(_) => ((1.5 * lost + 5.0) / (1.0 - sum.min(0.9))).clamp(SHORTEST, LONGEST),
        None => rules.cycle_s,
    };
    let usable = cycle - closed.max(2.0) * (YELLOW + ALL_RED);
    // Lights for those who walk across stand where there is one road.
    let walk = if is_lone { (usable * (1.0 - rules.green_share_lone)).max(LEAST_GREEN) } else { 0.0 };
    let free = usable - walk - LEAST_GREEN * own.len() as f64;
    let mut phases = Vec::new();
    for stage in &own {
        // The least green for all, and the rest by need.
        let spare = own.iter().map(|other| (other.need * usable - LEAST_GREEN).max(0.0)).sum::<f64>();
        let part =
            if spare > 0.0 { (stage.need * usable - LEAST_GREEN).max(0.0) / spare } else { 1.0 / own.len() as f64 };
        let time = LEAST_GREEN + part * free.max(0.0);
        phases.push(Phase { least: time, most: time, states: stage.states.as_flattened().to_vec() });
        if stage.is_closed {
            let after = |state: &u8| if *state == b'r' { b'r' } else { b'y' };
            let yellow = stage.states.as_flattened().iter().map(after).collect();
            phases.push(Phase { least: YELLOW, most: YELLOW, states: yellow });
            let red = ALL_RED + if is_lone { walk + YELLOW + ALL_RED } else { 0.0 };
            phases.push(Phase { least: red, most: red, states: vec![b'r'; 3 * held.len()] });
        }
    }
    let id = all.nodes[node].0.clone();
    all.programs.push(Program { id, offset: 0.0, phases, is_actuated: false });
}
