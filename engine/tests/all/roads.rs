//! Roads of real maps.

use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{CAR, CYCLE, Control, Reading, Roads, read};
use hanze_engine::grid::Crs;
use std::path::PathBuf;

fn data() -> Option<PathBuf> {
    hanze_engine::testing::reference_data("real roads")
}

fn real(name: &str, epsg: u32) -> Option<Roads> {
    let rules = Rules::dutch().expect("rules");
    let reading = Reading { crs: Crs { epsg: Some(epsg) }, declared: None, nodes: None, rules: &rules };
    Some(read(&data()?.join(name), &reading).unwrap_or_else(|error| panic!("{error}")))
}

fn km(roads: &Roads, mode: u8) -> f64 {
    roads.links.iter().filter(|link| link.modes & mode != 0).map(|link| link.length).sum::<f64>() / 1e3
}

/// What a map holds: links, kilometres for cars and for cycles (both directions), banned turns, links that end at lights.
#[test]
fn real_maps_are_read() {
    for (name, epsg, links, car, cycle, bans, lights) in [
        ("traffic/sumo/BadHersfeld/osm_bbox.osm.xml.gz", 32632, 5375, 486.3, 516.75, 93, 109),
        ("traffic/sumo/BadHersfeld/osm_edited.net.xml.gz", 32632, 3965, 367.5, 331.3, 3393, 65),
        ("traffic/sumo/bologna_acosta/acosta_buslanes.net.xml", 32632, 164, 19.9, 19.9, 72, 37),
        ("traffic/sumo/Doerpfeldstr/net.net.xml.gz", 32633, 390, 14.2, 21.8, 111, 21),
        ("traffic/nl/amsterdam.osm.pbf", 28992, 52, 4.1, 7.3, 0, 0),
        ("roads/nl_limburg_base_network.gpkg", 28992, 2726, 71.3, 30.7, 0, 0),
        ("roads/nl_limburg_base_graph_edges.gpkg", 28992, 125, 71.1, 30.6, 0, 0),
    ] {
        let Some(roads) = real(name, epsg) else { return };
        let found = (roads.links.len(), roads.bans.len());
        assert_eq!(found, (links, bans), "{name}: {:?}", roads.repairs);
        assert!((km(&roads, CAR) - car).abs() < 0.1 && (km(&roads, CYCLE) - cycle).abs() < 0.1, "{name}");
        assert_eq!(roads.links.iter().filter(|link| link.control == Control::Signal).count(), lights, "{name}");
        assert!(!roads.repairs.is_empty() && roads.links.iter().all(|link| link.line.len() > 1), "{name}");
    }
}
