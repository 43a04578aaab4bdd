//! The roads of the demo town.

use super::rules::Rules;
use super::street::{self, Filled, Leads, Street};
use super::{Control, Node, Roads};
use hanze_base::objects::{Network, RoadKind};

/// Links of the town's roads; lights stand where at least three roads of more than 30 km/h meet.
pub(super) fn roads(network: &Network, rules: &Rules) -> Roads {
    let is_large = |kind: RoadKind| matches!(kind, RoadKind::Main | RoadKind::Distributor);
    let mut arms = vec![(0u32, false); network.nodes.len()];
    for road in network.roads.iter().filter(|road| is_large(road.kind)) {
        for node in road.nodes {
            arms[node] = (arms[node].0 + 1, arms[node].1 || road.kind == RoadKind::Main);
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
        let name = match road.kind {
            RoadKind::Main => "main",
            RoadKind::Distributor => "distributor",
            RoadKind::Residential => "residential",
            RoadKind::Old => "old",
            RoadKind::Quay => "quay",
            RoadKind::Country => "country",
        };
        let street = Street {
            id: format!("road-{k}"),
            kind: name.into(),
            ends: road.nodes.map(|node| node as u32),
            line: road.line.clone(),
            leads: Leads::Both,
            lanes_each: [Some(f64::from(road.lanes)); 2],
            speed_kmh: Some(f64::from(road.speed_kmh)),
            controls: [control(road.nodes[1]), control(road.nodes[0])],
            ..Street::default()
        };
        roads.links.extend(street::links(&street, rules, &mut filled));
    }
    roads
}
