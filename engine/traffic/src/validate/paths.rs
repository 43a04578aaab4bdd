//! Cheapest paths from every zone of every network: those of the device against Dijkstra's search, ties and all.

use super::super::graph::Graph;
use super::super::network::Network;
use super::super::params::NEVER;
use super::super::paths::{Arcs, searcher};
use super::super::shortest::Tree;
use super::super::tntp::{Weights, network};
use super::super::zones::{connectors, of_buildings};
use super::{Bench, Figure, most, told};
use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_city::demo::demo;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{self, CAR, Reading};
use rayon::prelude::*;
use std::time::Instant;

/// Fineness of costs: a thousandth of a second where times are seconds, and of a minute where they are minutes.
const FINE: f64 = 1e-3;
/// Origins of one search.
const AT_ONCE: usize = 64;

/// Nodes whose cost, number of links or last link differ between the device and Dijkstra, of all from every zone; and seconds of the
/// two.
fn apart(bench: &Bench, network: &Network, costs: &[f64]) -> Result<(f64, [f64; 2])> {
    let arcs = Arcs::new(network, costs, FINE);
    let mut whole = vec![f64::INFINITY; network.links.len()];
    for arc in &arcs.arcs {
        whole[arc.link as usize] = if arc.cost == NEVER { f64::INFINITY } else { f64::from(arc.cost) };
    }
    let origins: Vec<u32> = (0..network.zones as u32).collect();
    let mut searcher = searcher(bench.device)?;
    let (mut wrong, mut seconds) = (0usize, [0.0; 2]);
    for some in origins.chunks(AT_ONCE) {
        let begun = Instant::now();
        let found = searcher.search(&arcs, some)?;
        seconds[0] += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        wrong += some
            .par_iter()
            .enumerate()
            .map_init(
                || Tree::new(network),
                |tree, (k, origin)| {
                    tree.search(network, &whole, *origin as usize, &[]);
                    let same = |node: &usize| {
                        let at = k * network.nodes + node;
                        let cost = tree.cost(*node);
                        let cost = if cost.is_infinite() { NEVER } else { cost as u32 };
                        (cost, tree.hops(*node), tree.last(*node)) == (found.costs[at], found.hops[at], found.links[at])
                    };
                    (0..network.nodes).filter(|node| !same(node)).count()
                },
            )
            .sum::<usize>();
        seconds[1] += begun.elapsed().as_secs_f64();
    }
    Ok((wrong as f64, seconds))
}

fn figures(bench: &Bench, name: &str, network: &Network, costs: &[f64]) -> Result<Vec<Figure>> {
    let (wrong, [device, dijkstra]) = apart(bench, network, costs)?;
    Ok(vec![
        most(format!("{name}: nodes that differ, of {} from {} zones", network.nodes, network.zones), wrong, 0.0),
        told(format!("{name}: time of the device over that of Dijkstra"), device / dijkstra),
    ])
}

fn free(network: &Network) -> Vec<f64> {
    network.links.iter().map(|link| link.cost(0.0)).collect()
}

/// A made town, with its junctions; and costs that are all the same, so that there is nothing but ties.
pub fn made(bench: &Bench) -> Result<Vec<Figure>> {
    let rules = Rules::dutch()?;
    let town = demo(3, 1500.0, 1500.0, 20.0)?;
    let roads = roads::demo(&town.objects.network, &rules);
    let middles: Vec<_> = roads.nodes.iter().map(|node| node.at).collect();
    let zones = of_buildings(&middles, 150.0);
    let joined = connectors(&zones, &roads, CAR, &rules)?;
    let graph = Graph::motor(&roads, zones.len(), &joined, &rules)?;
    let mut all = figures(bench, "demo town", &graph.network, &free(&graph.network))?;
    all.extend(figures(bench, "demo town, ties only", &graph.network, &vec![1.0; graph.network.links.len()])?);
    all.extend(figures(bench, "demo town, without cost", &graph.network, &vec![0.0; graph.network.links.len()])?);
    Ok(all)
}

/// TransportationNetworks.
pub fn small(bench: &Bench) -> Result<Vec<Figure>> {
    benchmarks(bench, &["Braess", "SiouxFalls", "Anaheim", "berlin-mitte-center"])
}

/// The large ones of them.
pub fn large(bench: &Bench) -> Result<Vec<Figure>> {
    benchmarks(bench, &["ChicagoSketch", "berlin-center"])
}

fn benchmarks(bench: &Bench, names: &[&str]) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    for name in names {
        let net = network(&bench.file("traffic/tntp").join(format!("{name}_net.tntp")), Weights::default())?;
        all.extend(figures(bench, name, &net, &free(&net))?);
    }
    Ok(all)
}

/// Real maps, with turns that are banned.
pub fn maps(bench: &Bench) -> Result<Vec<Figure>> {
    let rules = Rules::dutch()?;
    let mut all = Vec::new();
    for (name, file, epsg) in [
        ("Bad Hersfeld (OpenStreetMap)", "traffic/sumo/BadHersfeld/osm_bbox.osm.xml.gz", 32632),
        ("Bad Hersfeld (SUMO)", "traffic/sumo/BadHersfeld/osm_edited.net.xml.gz", 32632),
        ("Bologna (SUMO)", "traffic/sumo/bologna_acosta/acosta_buslanes.net.xml", 32632),
        ("Limburg (GeoPackage)", "roads/nl_limburg_base_network.gpkg", 28992),
    ] {
        let reading = Reading { crs: Crs { epsg: Some(epsg) }, declared: None, nodes: None, rules: &rules };
        let roads = roads::read(&bench.file(file), &reading)?;
        let middles: Vec<_> = roads.nodes.iter().map(|node| node.at).collect();
        let zones = of_buildings(&middles, 1000.0);
        let joined = connectors(&zones, &roads, CAR, &rules)?;
        let graph = Graph::motor(&roads, zones.len(), &joined, &rules)?;
        let costs = graph.network.costs_of(0, &free(&graph.network));
        all.extend(figures(bench, name, &graph.network, &costs)?);
    }
    Ok(all)
}
