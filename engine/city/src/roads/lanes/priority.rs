//! Who goes first where ways across a junction meet.

use super::build::{STRAIGHT, WITH_CYCLE_LANES, Way};
use super::conflicts::{Piece, meet, pieces};
use super::lights::Flows;
use super::lines::{cut, drawn, is_twin};
use super::{Foe, Lane, Lanes};
use crate::roads::{CAR, Control, Link, Roads};

/// Room at the corner for those who wait there, m.
const ROOM: f64 = 8.0;
/// Vehicles are taken to be so wide where their ways meet, m.
const BREADTH: f64 = 2.2;
/// Room on the junction for one who waits there, m.
const LEAST_WAIT: f64 = 2.5;

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
pub(super) fn main_road(roads: &Roads, (into, out): (&[usize], &[usize]), flows: Option<&Flows>) -> Vec<usize> {
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
pub(super) fn conflicts(all: &mut Lanes, roads: &Roads, main: &[usize], first: usize, ways: &[Way]) {
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
