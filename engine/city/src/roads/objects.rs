//! A network of roads as objects of a city.

use super::Roads;
use hanze_base::objects::{Network, Road};
use std::collections::HashMap;

/// The network of a city's objects: a road for each link, or for two that lead there and back. Widths are not known.
pub fn objects(roads: &Roads) -> Network {
    let mut found: Vec<Road> = Vec::with_capacity(roads.links.len());
    let mut there: HashMap<&str, usize> = HashMap::with_capacity(roads.links.len());
    for link in &roads.links {
        let nodes = [link.from as usize, link.to as usize];
        // The way back is called after the way there, and begins where that ends.
        let pair = link.id.strip_prefix('-').and_then(|id| there.get(id)).copied();
        let pair =
            pair.map(|k| &mut found[k]).filter(|road| road.nodes == [nodes[1], nodes[0]] && road.lanes[1] == 0.0);
        if let Some(road) = pair {
            road.lanes[1] = link.lanes;
            continue;
        }
        there.insert(&link.id, found.len());
        found.push(Road {
            id: Some(link.id.clone()),
            name: Some(link.name.clone()).filter(|name| !name.is_empty()),
            nodes,
            line: link.line.clone(),
            kind: link.kind.clone(),
            lanes: [link.lanes, 0.0],
            speed_kmh: 3.6 * link.speed,
            width: None,
            bridge: false,
            underpass: false,
        });
    }
    Network { nodes: roads.nodes.iter().map(|node| node.at).collect(), roads: found }
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, read, rules::Rules};
    use super::*;
    use hanze_base::grid::Crs;

    #[test]
    fn there_and_back_is_one_road() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roads.geojson");
        let line = |properties: &str, ends: [[u32; 2]; 2]| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"highway\":\"residential\",{properties}}},\
                 \"geometry\":{{\"type\":\"LineString\",\"coordinates\":{ends:?}}}}}"
            )
        };
        let features = [
            line("\"id\":\"a\",\"name\":\"Kade\",\"oneway\":\"no\",\"lanes\":2,\"maxspeed\":30", [[0, 0], [100, 0]]),
            line("\"id\":\"b\",\"oneway\":\"yes\",\"lanes\":1", [[100, 0], [100, 90]]),
            line("\"id\":\"c\",\"oneway\":\"no\"", [[100, 90], [0, 0]]),
        ];
        let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:28992\"}}";
        let text = format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{}]}}", features.join(","));
        std::fs::write(&path, text).expect("written");
        let rules = Rules::dutch().expect("rules");
        let roads = read(&path, &Reading { crs: Crs::RD_NEW, declared: None, nodes: None, rules: &rules });
        let roads = roads.expect("read");
        let network = objects(&roads);
        assert_eq!(network.nodes.len(), roads.nodes.len());
        // Lanes of all links are those of all roads.
        let lanes: f64 = network.roads.iter().flat_map(|road| road.lanes).sum();
        assert_eq!(lanes, roads.links.iter().map(|link| link.lanes).sum::<f64>());
        let kade: Vec<&Road> = network.roads.iter().filter(|road| road.name.as_deref() == Some("Kade")).collect();
        assert_eq!(kade.len(), 1, "{:?}", network.roads);
        assert_eq!((kade[0].lanes, kade[0].kind.as_str()), ([1.0, 1.0], "residential"));
        assert!((kade[0].speed_kmh - 30.0).abs() < 1e-9);
        assert!(network.roads.iter().all(|road| road.nodes.iter().all(|node| *node < network.nodes.len())));
        assert_eq!(objects(&Roads::default()), Network::default());
    }
}
