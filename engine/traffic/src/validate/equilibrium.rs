//! Equilibria of TransportationNetworks, and of edits on them, against flows that another solver found to a gap of some 1e-14.

use super::super::assignment::Assignment;
use super::super::bench::{CHICAGO, Closure, Load};
use super::super::demand::Demand;
use super::super::network::Network;
use super::super::tntp::{Weights, network, trips};
use super::{Bench, Figure, most, told, within};
use hanze_base::error::{Error, Result};
use std::time::Instant;

/// A network and its trips.
struct Problem {
    network: Network,
    demand: [Demand; 1],
}

impl Problem {
    fn read(bench: &Bench, net: &str, table: &str, factor: f64, weights: Weights) -> Result<Problem> {
        let network = network(&bench.file("traffic").join(net), weights)?;
        let demand = trips(&bench.file("traffic").join(table), network.zones, factor)?;
        Ok(Problem { network, demand: [demand] })
    }

    fn plain(bench: &Bench, name: &str) -> Result<Problem> {
        Problem::read(
            bench,
            &format!("tntp/{name}_net.tntp"),
            &format!("tntp/{name}_trips.tntp"),
            1.0,
            Weights::default(),
        )
    }

    /// Flows at a gap, and the seconds that it took.
    fn solve(&self, gap: f64) -> (Assignment, f64) {
        let begun = Instant::now();
        let mut found = Assignment::start(&self.network, &self.demand);
        found.run(&self.network, gap, |_| true);
        (found, begun.elapsed().as_secs_f64())
    }
}

/// What the reference has of a problem: objective and cost of all trips.
fn reference(bench: &Bench, tag: &str) -> Result<[f64; 2]> {
    let path = bench.file("traffic/scenarios/references.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    let bad = |what: String| Error::data(&path, what, "fetch it again");
    let all: serde_json::Value = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    let found = all.as_array().and_then(|rows| rows.iter().find(|row| row["tag"] == tag));
    let found = found.ok_or_else(|| bad(format!("has no {tag}")))?;
    Ok(["objective", "TSTT"].map(|key| found[key].as_f64().unwrap_or(f64::NAN)))
}

/// Largest difference of flows from a table, in vehicles; links in the order of the network.
fn flows_off(bench: &Bench, tag: &str, found: &Assignment) -> Result<f64> {
    let path = bench.file(&format!("traffic/scenarios/{tag}_flow.tsv"));
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    let wanted: Vec<f64> = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').nth(2).and_then(|cell| cell.trim().parse().ok()).unwrap_or(f64::NAN))
        .collect();
    if wanted.len() != found.flow.len() {
        return Err(Error::data(&path, format!("has {} links", wanted.len()), "fetch it again"));
    }
    let off = found.flow.iter().zip(&wanted).map(|(a, b)| if (a - b).is_nan() { f64::INFINITY } else { (a - b).abs() });
    Ok(off.fold(0.0, f64::max))
}

/// The figures of a solved problem.
fn figures(bench: &Bench, tag: &str, problem: &Problem, gap: f64) -> Result<(Assignment, Vec<Figure>)> {
    let [objective, total] = reference(bench, tag)?;
    let (found, seconds) = problem.solve(gap);
    let off = |found: f64, wanted: f64| (found - wanted).abs() / wanted;
    let Problem { network, demand } = problem;
    let figures = vec![
        most("gap", found.progress.gap, gap),
        most("objective, relative", off(found.objective(network), objective), 2e-7),
        most("cost of all trips, relative", off(found.total_cost(network), total), 1e-6),
        most("lost at a node, of all trips", found.imbalance(network, demand), 1e-9),
        told("rounds", found.progress.round as f64),
        told("seconds", seconds),
    ];
    Ok((found, figures))
}

/// A gap that only f64 limits.
const TIGHT: f64 = 1e-10;

/// A road that makes all slower: total time 552 with it and 498 without.
pub fn braess(bench: &Bench) -> Result<Vec<Figure>> {
    let (with, mut all) = {
        let problem = Problem::plain(bench, "Braess")?;
        let (found, figures) = figures(bench, "Braess__base", &problem, TIGHT)?;
        (found.total_cost(&problem.network), figures)
    };
    let closed = "scenarios/Braess__close_3_4_net.tntp";
    let problem = Problem::read(bench, closed, "tntp/Braess_trips.tntp", 1.0, Weights::default())?;
    let (found, _) = problem.solve(TIGHT);
    all.push(within("total time with the road", with, 552.0, 1e-3));
    all.push(within("total time without it", found.total_cost(&problem.network), 498.0, 1e-3));
    Ok(all)
}

/// Flows are unique there.
pub fn sioux_falls(bench: &Bench) -> Result<Vec<Figure>> {
    let problem = Problem::plain(bench, "SiouxFalls")?;
    let (found, mut all) = figures(bench, "SiouxFalls__base", &problem, 1e-12)?;
    // The same with one thread and with two, to the last bit.
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map_or(Vec::new(), |pool| pool.install(|| problem.solve(1e-12).0.flow))
    };
    let same = of(1) == found.flow && of(2) == found.flow;
    all.push(within("the same with one thread and with two", f64::from(u8::from(same)), 1.0, 0.0));
    Ok(all)
}

/// Closures, a new road, half the capacity, half as many trips again; from nothing and from the flows of before.
pub fn sioux_falls_edited(bench: &Bench) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    let base = Problem::plain(bench, "SiouxFalls")?;
    let (before, _) = base.solve(TIGHT);
    for (edit, trips) in [
        ("close_10_16", "tntp/SiouxFalls_trips.tntp"),
        ("newroad_13_22", "tntp/SiouxFalls_trips.tntp"),
        ("halfcap_8_16", "tntp/SiouxFalls_trips.tntp"),
        ("demand_x1.5", "scenarios/SiouxFalls__demand_x1.5_trips.tntp"),
    ] {
        let tag = format!("SiouxFalls__{edit}");
        let net = if edit.starts_with("demand") {
            "tntp/SiouxFalls_net.tntp".into()
        } else {
            format!("scenarios/{tag}_net.tntp")
        };
        let problem = Problem::read(bench, &net, trips, 1.0, Weights::default())?;
        let (found, figures) = figures(bench, &tag, &problem, TIGHT)?;
        all.extend(figures.into_iter().map(|figure| Figure { what: format!("{edit}: {}", figure.what), ..figure }));
        all.push(most(format!("{edit}: flow off, vehicles"), flows_off(bench, &tag, &found)?, 0.5));
        // What became of each link, by its nodes.
        let became = |link: u32, links: &mut Vec<u32>| {
            let old = base.network.links[link as usize];
            let found = problem.network.links.iter().position(|link| (link.from, link.to) == (old.from, old.to));
            links.extend(found.map(|at| at as u32));
            found.is_some()
        };
        let mut warm = before.moved(&problem.network, &problem.demand, became);
        warm.run(&problem.network, TIGHT, |_| true);
        let apart = warm.flow.iter().zip(&found.flow).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        all.push(most(format!("{edit}: from the flows of before, vehicles apart"), apart, 0.5));
        all.push(told(format!("{edit}: rounds from the flows of before"), warm.progress.round as f64));
    }
    Ok(all)
}

/// 416 nodes, 38 zones.
pub fn anaheim(bench: &Bench) -> Result<Vec<Figure>> {
    Ok(figures(bench, "Anaheim__base", &Problem::plain(bench, "Anaheim")?, TIGHT)?.1)
}

/// 36 zones, 871 links.
pub fn mitte(bench: &Bench) -> Result<Vec<Figure>> {
    let problem = Problem::plain(bench, "berlin-mitte-center")?;
    Ok(figures(bench, "berlin-mitte-center__base", &problem, TIGHT)?.1)
}

fn chicago_at(bench: &Bench, factor: f64) -> Result<Problem> {
    Problem::read(bench, "tntp/ChicagoSketch_net.tntp", "tntp/ChicagoSketch_trips.tntp", factor, CHICAGO)
}

/// 387 zones, 2950 links; closures from the flows of before, too.
pub fn chicago(bench: &Bench) -> Result<Vec<Figure>> {
    let problem = chicago_at(bench, 1.0)?;
    let (found, mut all) = figures(bench, "ChicagoSketch__base", &problem, TIGHT)?;
    let load = Load { network: problem.network, demand: problem.demand };
    // The ten busiest links, and others down to a tenth of the way.
    let order = load.busiest(&found, usize::MAX);
    let links: Vec<usize> = (0..10).chain([50, 100, 150, 200]).map(|rank| order[rank]).collect();
    let closures = load.closures(&found, &links, 1e-6)?;
    let (mut off, mut gap) = (0.0f64, 0.0f64);
    for Closure { cold, warm, .. } in &closures {
        off = off.max((cold.objective - warm.objective).abs() / cold.objective);
        gap = gap.max(cold.gap).max(warm.gap);
    }
    all.push(most("closures from the flows of before: objective, relative", off, 1e-6));
    all.push(most("closures: gap", gap, 1e-6));
    let words = "time from the flows of before over that from nothing";
    all.push(told(format!("the busiest link closed: {words}"), closures[0].ratio()));
    // Times of a shared machine are no bar.
    let median = Closure::median(&closures[..10]);
    all.push(told(format!("the median of the ten busiest links closed (0.2 is wanted): {words}"), median));
    all.push(told("the median of the ten busiest links closed: seconds from the flows of before", {
        hanze_model::yardstick::median(closures[..10].iter().map(|closure| closure.warm.seconds).collect())
    }));
    Ok(all)
}

/// Twice as many trips: far beyond capacity.
pub fn chicago_twice(bench: &Bench) -> Result<Vec<Figure>> {
    // The reference doubles trips within zones away, too; they meet no road.
    Ok(figures(bench, "ChicagoSketch__demand_x2", &chicago_at(bench, 2.0)?, 1e-8)?.1)
}

/// 865 zones, 28 376 links.
pub fn berlin(bench: &Bench) -> Result<Vec<Figure>> {
    let problem = Problem::plain(bench, "berlin-center")?;
    let (_, to_six) = problem.solve(1e-6);
    let (_, mut all) = figures(bench, "berlin-center__base", &problem, TIGHT)?;
    all.push(told("seconds to a gap of 1e-6", to_six));
    Ok(all)
}
