//! Lanes drawn from roads that only say how many there are: stop lines, ways across junctions, who gives way to whom, and lights.

use super::conflicts::meet;
use super::{BUS, Foe, Lane, Lanes, MOST_LANES, Phase, Program, Street, Turn, WIDTH};
use crate::city::roads::rules::Junctions;
use crate::city::roads::{CAR, CYCLE, Control, Link, Roads, TRUCK};
use glam::DVec2;

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
const LEAST_GREEN: f64 = 6.0;
/// Time until a queue flows after green begins, s.
const START: f64 = 2.0;
/// Shortest cycle, s.
const SHORTEST: f64 = 60.0;
/// Longest cycle, s.
const LONGEST: f64 = 120.0;
/// Links shorter than this lie within one junction, m, and junctions are no larger than that.
const JOINED: f64 = 16.0;
/// See `JOINED`.
const EXTENT: f64 = 45.0;
/// Who turns less than this goes straight on, rad.
const STRAIGHT: f64 = 0.6;

/// A way out of a link.
struct Way {
    from: usize,
    /// Angle by which it turns, to the left above 0, rad.
    angle: f64,
}

/// Lanes of roads. `flow` tells the cars an hour on each link, for lights (Webster 1958); without them phases share the cycle by the rules.
pub fn build(roads: &Roads, rules: &Junctions, flow: Option<&[f64]>) -> Lanes {
    let joined = Joined::of(roads);
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
    // How far a junction reaches into its links.
    let mut reach = vec![0.0f64; all.nodes.len()];
    for (node, reach) in reach.iter_mut().enumerate() {
        let (into, out): (&[usize], &[usize]) = (&entering[node], &leaving[node]);
        // Links that come and go on one line are one arm.
        let lone = out.iter().filter(|k| !twin[**k]).count();
        let arms = into.len() + lone;
        if arms >= 3 {
            let widest = into.iter().chain(out).map(|k| count(&roads.links[*k])).max().unwrap_or(1);
            let circle = into.iter().chain(out).any(|k| roads.links[*k].roundabout);
            *reach = if circle { 4.0 } else { 3.0 + WIDTH * widest as f64 };
        }
    }
    let mut street_of = vec![None; roads.links.len()];
    let drawn_links =
        roads.links.iter().enumerate().filter(|(k, link)| !joined.gone[*k] && link.modes & (CAR | TRUCK | CYCLE) != 0);
    for (k, link) in drawn_links {
        let ends = [joined.of[link.from as usize], joined.of[link.to as usize]];
        let n = if link.modes & CAR == 0 { 1 } else { count(link) };
        let cuts = ends.map(|node| reach[node].min(MOST_CUT * link.length));
        let length = (link.length - cuts[0] - cuts[1]).max(1.0);
        let stretch = drawn(&link.line) / link.length.max(0.1);
        let middle = cut(&link.line, cuts[0] * stretch, cuts[1] * stretch);
        street_of[k] = Some(all.streets.len() as u32);
        let first = all.lanes.len() as u32;
        let street = all.streets.len() as u32;
        all.streets.push(Street {
            id: link.id.clone(),
            from: ends[0] as u32,
            to: ends[1] as u32,
            first,
            lanes: n as u32,
            road: Some(k as u32),
        });
        let motor = if link.modes & CAR == 0 { 0 } else { (link.modes & (CAR | TRUCK)) | BUS };
        let is_narrow = ["living_street", "cycle_street", "pedestrian", "service"].contains(&link.kind.as_str());
        for index in 0..n {
            let off = if twin[k] { n as f64 - 0.5 - index as f64 } else { 0.5 * (n as f64 - 1.0) - index as f64 };
            all.lanes.push(Lane {
                street: Some(street),
                node: ends[1] as u32,
                length,
                speed: link.speed,
                modes: motor | if index == 0 { link.modes & CYCLE } else { 0 },
                line: beside(&middle, off * WIDTH),
                width: if is_narrow { NARROW } else { WIDTH },
                headway: 0.0,
            });
        }
    }
    let bans: std::collections::HashSet<(u32, u32)> = roads.bans.iter().copied().collect();
    for node in 0..all.nodes.len() {
        let (into, out) = (&entering[node], &leaving[node]);
        let first = all.turns.len();
        let mut ways = Vec::new();
        for &from in into.iter().filter(|k| street_of[**k].is_some()) {
            let reached = joined.reached(roads, &leaving_node, roads.links[from].to);
            let out: Vec<usize> = out.iter().copied().filter(|k| reached.contains(&roads.links[*k].from)).collect();
            turns(&mut all, roads, &street_of, (node, from), &out, &bans, &mut ways);
        }
        if reach[node] > 0.0 {
            conflicts(&mut all, roads, first, &ways);
        }
        lights(&mut all, roads, rules, flow, node, into, first, &ways);
    }
    all
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
        let mut short: Vec<usize> = (0..roads.links.len())
            .filter(|k| {
                roads.links[*k].length < JOINED && !roads.links[*k].roundabout && roads.links[*k].modes & CAR != 0
            })
            .collect();
        short.sort_by(|a, b| roads.links[*a].length.total_cmp(&roads.links[*b].length).then(a.cmp(b)));
        for k in &short {
            let link = &roads.links[*k];
            let (a, b) = (find(&mut root, link.from as usize), find(&mut root, link.to as usize));
            let (low, high) = (boxes[a].0.min(boxes[b].0), boxes[a].1.max(boxes[b].1));
            if a != b && (high - low).max_element() <= EXTENT {
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

/// A line so many m to the right of another.
fn beside(line: &[DVec2], off: f64) -> Vec<DVec2> {
    let n = line.len();
    (0..n)
        .map(|k| {
            let before = (line[k] - line[k.max(1) - 1]).normalize_or_zero();
            let after = (line[(k + 1).min(n - 1)] - line[k]).normalize_or_zero();
            let along = (before + after).normalize_or_zero();
            line[k] - off * along.perp()
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
    street_of: &[Option<u32>],
    (node, from): (usize, usize),
    out: &[usize],
    bans: &std::collections::HashSet<(u32, u32)>,
    ways: &mut Vec<Way>,
) {
    let link = &roads.links[from];
    let Some(street) = street_of[from] else { return };
    let own: Vec<usize> = all.of_street(street as usize).collect();
    let coming = link.heading(true);
    let mut to: Vec<(f64, usize)> = out
        .iter()
        .copied()
        .filter(|k| street_of[*k].is_some() && roads.links[*k].modes & link.modes != 0)
        // Back where he came from only where nothing else is.
        .filter(|k| !is_twin(link, &roads.links[*k]) || out.len() == 1)
        .map(|k| {
            let going = roads.links[k].heading(false);
            (coming.perp_dot(going).atan2(coming.dot(going)), k)
        })
        .collect();
    to.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let motor: Vec<(f64, usize)> = to.iter().copied().filter(|(_, k)| roads.links[*k].modes & CAR != 0).collect();
    let straight =
        motor.iter().filter(|(angle, _)| angle.abs() < STRAIGHT).min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let straight = straight.map(|(_, k)| *k);
    let n = own.len();
    for (place, &(angle, k)) in to.iter().enumerate() {
        let Some(goal) = street_of[k] else { continue };
        let goal: Vec<usize> = all.of_street(goal as usize).collect();
        let banned = bans.contains(&(from as u32, k as u32));
        let is_motor = link.modes & roads.links[k].modes & CAR != 0;
        // Lanes of this way, and where each leads to.
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        if is_motor && !banned {
            if n == 1 {
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
        let motors = all.lanes[own[0]].modes & !CYCLE;
        let mut made: Vec<(usize, usize, u8)> = pairs.iter().map(|(lane, end)| (*lane, *end, motors)).collect();
        // Cycles keep to the right, and turn from there.
        if link.modes & roads.links[k].modes & CYCLE != 0 {
            match made.iter_mut().find(|(lane, end, _)| *lane == 0 && *end == 0) {
                Some(way) => way.2 |= CYCLE,
                None => made.push((0, 0, CYCLE)),
            }
        }
        for (lane, end, modes) in made {
            let via = across(all, node, own[lane], goal[end]);
            all.turns.push(Turn {
                from: own[lane] as u32,
                via: via.into_iter().collect(),
                to: goal[end] as u32,
                modes,
                signal: None,
                foes: Vec::new(),
            });
            ways.push(Way { from, angle });
        }
    }
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
    };
    all.lanes.push(lane);
    Some(all.lanes.len() as u32 - 1)
}

/// Who lets whom go first: whether the driver of the first way does so for the second, by lights, circle, signs, and from the right.
fn gives_way(roads: &Roads, own: &Way, other: &Way) -> bool {
    let (a, b) = (&roads.links[own.from], &roads.links[other.from]);
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
    }
    if faces {
        return is_left(own) && !is_left(other) || (is_left(own) == is_left(other) && own.from > other.from);
    }
    // From the right.
    let side = mine.perp_dot(theirs);
    if side.abs() > 0.3 { side > 0.0 } else { own.from > other.from }
}

/// Where the ways across a junction meet, and who goes first.
fn conflicts(all: &mut Lanes, roads: &Roads, first: usize, ways: &[Way]) {
    let turns = first..all.turns.len();
    for k in turns.clone() {
        for other in turns.clone().filter(|other| *other != k) {
            let (one, two) = (&all.turns[k], &all.turns[other]);
            let (own, theirs) = (&ways[k - first], &ways[other - first]);
            if own.from == theirs.from || one.via.is_empty() || two.via.is_empty() {
                continue;
            }
            let merges = one.to == two.to;
            let Some([mut here, mut there]) = meet(all, k, other, BREADTH) else { continue };
            if merges {
                (here.1, there.1) = (all.across(one), all.across(two));
            }
            let same = roads.links[own.from].heading(true).dot(roads.links[theirs.from].heading(true)) > 0.7;
            let equal = roads.links[own.from].priority == roads.links[theirs.from].priority
                && roads.links[own.from].control == roads.links[theirs.from].control
                && roads.links[own.from].roundabout == roads.links[theirs.from].roundabout;
            let zips = merges && same && equal;
            let gives_way = !zips && gives_way(roads, own, theirs);
            all.turns[k].foes.push(Foe { turn: other as u32, gives_way, merges, zips, own: here, other: there });
        }
    }
    // Who turns left waits on the junction for those who face him.
    for k in turns {
        let own = &ways[k - first];
        if own.angle <= STRAIGHT || all.turns[k].via.len() != 1 {
            continue;
        }
        let faces = |foe: &&Foe| {
            let other = &ways[foe.turn as usize - first];
            roads.links[own.from].heading(true).dot(roads.links[other.from].heading(true)) < -0.7
        };
        let facing = all.turns[k].foes.iter().filter(faces).filter(|foe| foe.gives_way);
        let wait = facing.map(|foe| foe.own.0).fold(f64::INFINITY, f64::min) - 1.0;
        // Others must not need the place where he waits.
        let is_clear = all.turns[k].foes.iter().all(|foe| foe.own.0 >= wait || foe.own.1 <= wait - 6.0);
        let lane = all.turns[k].via[0] as usize;
        if wait.is_finite() && wait > 5.0 && wait < all.lanes[lane].length - 2.0 && is_clear {
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

/// Lights of a junction: roads that face each other have green together, those who turn left after those who face them.
#[allow(clippy::too_many_arguments)]
fn lights(
    all: &mut Lanes,
    roads: &Roads,
    rules: &Junctions,
    flow: Option<&[f64]>,
    node: usize,
    into: &[usize],
    first: usize,
    ways: &[Way],
) {
    let held: Vec<usize> = into.iter().copied().filter(|k| roads.links[*k].control == Control::Signal).collect();
    let Some(axis) = held.first().map(|k| roads.links[*k].heading(true)) else { return };
    let phase_of = |k: usize| usize::from(roads.links[k].heading(true).dot(axis).abs() < 0.7);
    let highest = held.iter().map(|k| roads.links[*k].priority).max().unwrap_or(0);
    let mut need = [0.0f64; 2];
    for &k in &held {
        let link = &roads.links[k];
        let load = match flow {
            Some(flow) => flow[k] / (rules.saturation * link.lanes.max(1.0)),
            None if link.priority == highest => rules.green_share_major,
            None => rules.green_share_minor,
        };
        need[phase_of(k)] = need[phase_of(k)].max(load.max(0.02));
    }
    let lost = 2.0 * (START + ALL_RED + 0.5 * YELLOW);
    let sum = need[0] + need[1];
    let cycle = match flow {
        // Webster's best cycle.
        Some(_) => ((1.5 * lost + 5.0) / (1.0 - sum.min(0.9))).clamp(SHORTEST, LONGEST),
        None => rules.cycle_s,
    };
    let usable = cycle - 2.0 * (YELLOW + ALL_RED);
    let is_lone = need[1] == 0.0 || need[0] == 0.0;
    let green = |phase: usize| match is_lone {
        // Lights for those who walk across.
        true => usable * rules.green_share_lone,
        false => (usable * need[phase] / sum).clamp(LEAST_GREEN, usable - LEAST_GREEN),
    };
    // A light for those who go straight on or right, and one for those who turn left.
    let place = |k: usize, left: bool| held.iter().position(|own| *own == k).map(|own| 2 * own + usize::from(left));
    let program = all.programs.len() as u32;
    for (k, way) in ways.iter().enumerate() {
        if let Some(place) = place(way.from, way.angle > STRAIGHT) {
            all.turns[first + k].signal = Some((program, place as u32));
        }
    }
    let mut phases = Vec::new();
    for phase in 0..2 {
        if is_lone && phase == 1 {
            let rest = (usable - green(0)).max(LEAST_GREEN) + YELLOW + ALL_RED;
            phases.push(Phase { least: rest, most: rest, states: vec![b'r'; 2 * held.len()] });
            continue;
        }
        let own = |state: u8, left: u8| -> Vec<u8> {
            let of = |k: &usize| {
                let is_own = is_lone || phase_of(*k) == phase;
                if is_own { [state, left] } else { [b'r', b'r'] }
            };
            held.iter().flat_map(of).collect()
        };
        let time = green(phase);
        phases.push(Phase { least: time, most: time, states: own(b'G', b'g') });
        phases.push(Phase { least: YELLOW, most: YELLOW, states: own(b'y', b'y') });
        phases.push(Phase { least: ALL_RED, most: ALL_RED, states: own(b'r', b'r') });
    }
    let id = all.nodes[node].0.clone();
    all.programs.push(Program { id, offset: 0.0, phases, is_actuated: false });
}
