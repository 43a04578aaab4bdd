//! What junctions do to those who come to them: lights that share their green out by who comes, roundabouts, and roads that give way.

use super::graph::Graph;
use super::network::Delay;
use hanze_city::roads::rules::Junctions;
use hanze_city::roads::{CAR, Control, Roads, TRUCK};

/// Nothing gets less through than this, vehicles per hour: a driver who waits long enough goes.
const LEAST: f64 = 60.0;

/// An approach that gives way.
#[derive(Clone, Debug)]
struct Yield {
    /// Link of the network.
    link: u32,
    /// Links of the network that it gives way to.
    to: Vec<u32>,
    lanes: f64,
    critical: f64,
    follow_up: f64,
}

/// Lights where several roads meet: their approaches, with the phase in which each has green.
#[derive(Clone, Debug)]
struct Signal {
    /// Link of the network, phase, and what it sends through with green, vehicles per hour.
    approaches: Vec<(u32, usize, f64)>,
}

/// Junctions whose delay depends on who comes from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Yields {
    all: Vec<Yield>,
    signals: Vec<Signal>,
    cycle: f64,
    /// Share of the cycle that is not lost between phases.
    usable: f64,
}

/// Share of the cycle that every phase has at least.
const LEAST_GREEN: f64 = 0.1;

/// Capacity of an approach that gives way to a flow (Harders 1968; Highway Capacity Manual, eq. 20-32), vehicles per hour and lane.
pub fn gaps(conflicting: f64, critical: f64, follow_up: f64) -> f64 {
    let per_second = conflicting / 3600.0;
    if per_second < 1e-9 {
        return 3600.0 / follow_up;
    }
    conflicting * (-per_second * critical).exp() / (1.0 - (-per_second * follow_up).exp())
}

/// Puts the delays of junctions on the links that lead to them; those that give way are given back, as theirs depends on others' flows.
pub fn junctions(graph: &mut Graph, roads: &Roads, rules: &Junctions) -> Yields {
    let (entering, leaving) = (roads.entering(), roads.leaving());
    let motor = |k: u32| roads.links[k as usize].modes & (CAR | TRUCK) != 0;
    let usable = 1.0 - rules.lost_s / rules.cycle_s;
    let mut yields = Yields { cycle: rules.cycle_s, usable, ..Yields::default() };
    for node in 0..roads.nodes.len() {
        let into: Vec<u32> = entering.of_node(node).iter().copied().filter(|k| motor(*k)).collect();
        let out: Vec<u32> = leaving.of_node(node).iter().copied().filter(|k| motor(*k)).collect();
        let mut arms: Vec<u32> = into.iter().map(|k| roads.links[*k as usize].from).collect();
        arms.extend(out.iter().map(|k| roads.links[*k as usize].to));
        arms.sort_unstable();
        arms.dedup();
        let highest = into.iter().map(|k| roads.links[*k as usize].priority).max().unwrap_or(0);
        let mut signal = Signal { approaches: Vec::new() };
        let axis = into.iter().find(|k| roads.links[**k as usize].control == Control::Signal);
        let axis = axis.map(|k| roads.links[*k as usize].heading(true)).unwrap_or_default();
        for &k in &into {
            let road = &roads.links[k as usize];
            let Some(link) = graph.of_road[k as usize] else { continue };
            if road.control == Control::Signal {
                let green = if road.priority == highest { rules.green_share_major } else { rules.green_share_minor };
                let saturation = rules.saturation * road.lanes;
                graph.network.links[link as usize].delay = Some(lights(green, saturation, rules.cycle_s));
                // Roads that face each other have green together.
                let phase = usize::from(road.heading(true).dot(axis).abs() < 0.7);
                signal.approaches.push((link, phase, saturation));
                continue;
            }
            if arms.len() < 3 {
                continue;
            }
            let circle = into.iter().chain(&out).any(|k| roads.links[*k as usize].roundabout);
            let others = into.iter().copied().filter(|other| *other != k);
            let (to, critical, follow_up): (Vec<u32>, f64, f64) = if circle && !road.roundabout {
                let inner = others.filter(|k| roads.links[*k as usize].roundabout).collect();
                (inner, rules.roundabout_critical_gap_s, rules.roundabout_follow_up_s)
            } else if circle || road.control == Control::Priority {
                continue;
            } else {
                let is_above = |other: &u32| {
                    let other = &roads.links[*other as usize];
                    other.priority > road.priority
                        || (road.control == Control::GiveWay && other.control != Control::GiveWay)
                };
                (others.filter(is_above).collect(), rules.critical_gap_s, rules.follow_up_s)
            };
            let to: Vec<u32> = to.into_iter().filter_map(|k| graph.of_road[k as usize]).collect();
            if !to.is_empty() {
                yields.all.push(Yield { link, to, lanes: road.lanes.max(1.0).floor(), critical, follow_up });
            }
        }
        if signal.approaches.iter().any(|(_, phase, _)| *phase == 1) {
            yields.signals.push(signal);
        } else {
            // Lights for those who walk across, or one side of a junction that the map draws in parts.
            for (link, _, saturation) in signal.approaches {
                let delay = lights(rules.green_share_lone, saturation, rules.cycle_s);
                graph.network.links[link as usize].delay = Some(delay);
            }
        }
    }
    yields.update(graph, &vec![0.0; graph.network.links.len()], 1.0);
    yields
}

/// An approach with lights.
fn lights(green: f64, saturation: f64, cycle: f64) -> Delay {
    Delay { capacity: green * saturation, base: 0.0, red: 0.5 * cycle * (1.0 - green).powi(2), green, unevenness: 0.5 }
}

impl Yields {
    /// Sets what approaches let through nearer to what the flows of now ask of them, by a share of the way; the largest distance that
    /// there was, as a share of what it was.
    ///
    /// Phases share the green in proportion to the flow over the saturation of the approach that needs it most (Webster 1958).
    pub fn update(&self, graph: &mut Graph, flow: &[f64], share: f64) -> f64 {
        let mut change = 0.0f64;
        for signal in &self.signals {
            let mut need = [0.0f64; 2];
            for (link, phase, saturation) in &signal.approaches {
                need[*phase] = need[*phase].max(flow[*link as usize] / saturation);
            }
            let all = need[0] + need[1];
            if all <= 0.0 {
                continue;
            }
            for (link, phase, saturation) in &signal.approaches {
                let wanted = (self.usable * need[*phase] / all).clamp(LEAST_GREEN, self.usable - LEAST_GREEN);
                let delay = &mut graph.network.links[*link as usize].delay;
                let before = delay.map_or(wanted, |before| before.green);
                let green = before + share * (wanted - before);
                change = change.max((wanted - before).abs() / before);
                *delay = Some(lights(green, *saturation, self.cycle));
            }
        }
        for approach in &self.all {
            let conflicting = approach.to.iter().map(|link| flow[*link as usize]).sum();
            let wanted = (approach.lanes * gaps(conflicting, approach.critical, approach.follow_up)).max(LEAST);
            let delay = &mut graph.network.links[approach.link as usize].delay;
            let before = delay.map_or(wanted, |before| before.capacity);
            let capacity = before + share * (wanted - before);
            change = change.max((wanted - before).abs() / before);
            let base = 3600.0 / capacity * approach.lanes;
            *delay = Some(Delay { capacity, base, red: 0.0, green: 0.0, unevenness: 1.0 });
        }
        change
    }

    /// Approaches that give way.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// From now on lights stay as they are.
    pub fn keep_lights(&mut self) {
        self.signals.clear();
    }

    /// Lights that share their green out.
    pub fn lights(&self) -> usize {
        self.signals.len()
    }

    /// Whether there are neither.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.signals.is_empty()
    }
}
