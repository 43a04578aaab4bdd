//! The roads of the demo town.

use super::rules::Rules;
use super::street::{self, Filled, Leads, Street};
use super::{Control, Node, Roads};
use hanze_base::objects::{Network, RoadKind};

/// Links of the town's roads; lights stand where at least three roads of more than 30 km/h meet.
pub(super) fn roads(network: &Network, rules: &Rules) -> Roads {
    let is_main = |kind: &str| kind == RoadKind::Main.name();
    let is_large = |kind: &str| is_main(kind) || kind == RoadKind::Distributor.name();
    let mut arms = vec![(0u32, false); network.nodes.len()];
    for road in network.roads.iter().filter(|road| is_large(&road.kind)) {
        for node in road.nodes {
            arms[node] = (arms[node].0 + 1, arms[node].1 || is_main(&road.kind));
        }
    }
    let control = |node: usize| match arms[node] {
        (3.., true) => Control::Signal,
        _ => Control::Unknown,
    };
    let nodes = network.nodes.iter().enumerate();
    let mut roads =
        Roads { nodes: nodes.map(|(k, at)| Node { id: k.to_string(), at: *at }).collect(), ..Roads::default() };
    let mut filled = Filled::default();
    for (k, road) in network.roads.iter().enumerate() {
        let street = Street {
            id: format!("road-{k}"),
            kind: road.kind.clone(),
            ends: road.nodes.map(|node| node as u32),
            line: road.line.clone(),
            leads: Leads::Both,
            lanes_each: road.lanes.map(Some),
            speed_kmh: Some(road.speed_kmh),
            controls: [control(road.nodes[1]), control(road.nodes[0])],
            ..Street::default()
        };
        roads.links.extend(street::links(&street, rules, &mut filled));
    }
    roads
}
