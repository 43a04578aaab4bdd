//! Lights for junctions of which no map tells the times.

use super::build::{Route, STRAIGHT, Way};
use super::lines::angle;
use super::{Lanes, Phase, Program};
use crate::roads::rules::Junctions;
use crate::roads::{Control, Roads};
use std::collections::HashMap;

/// Yellow, s.
const YELLOW: f64 = 3.0;
/// Red for all after a yellow, s.
const ALL_RED: f64 = 2.0;
/// Shortest green, s.
const LEAST_GREEN: f64 = 10.0;
/// Those who turn left have a phase of their own from so many cars an hour on, if `MANY` is reached, too.
const LEAST_LEFT: f64 = 60.0;
/// Least product of cars an hour that turn left and of those who face them, per lane of these, for a phase of their own.
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

/// Cars an hour from a link into another, and cycles an hour on links.
#[derive(Default)]
pub(super) struct Flows {
    pub turns: HashMap<(u32, u32), f64>,
    cycles: HashMap<u32, f64>,
}

impl Flows {
    /// Of routes over links; those within a junction are left out.
    pub fn of(routes: &[Route], is_street: impl Fn(u32) -> bool) -> Flows {
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
    /// Share of the time that it needs where those who turn left face nobody.
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
pub(super) fn lights(
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
