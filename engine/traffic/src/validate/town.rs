//! Several classes, junctions, banned turns and edits in made and real towns: what must hold whoever drives there.

use super::super::alternative::Alternative;
use super::super::demand::Demand;
use super::super::graph::{Connector, Graph};
use super::super::gravity::{Daily, daily, furness, profile};
use super::super::junctions::gaps;
use super::super::network::{Delay, Network};
use super::super::shortest::Tree;
use super::super::zones::{Zone, connectors, gates, of_buildings, of_objects};
use super::{Bar, Bench, Figure, least, most, told};
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_city::demo::demo;
use hanze_city::read::{Value, features};
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{self, CAR, CYCLE, Change, Edit, Place, Reading, Roads};
use std::time::Instant;

/// A figure from one number to another.
fn between(what: &str, value: f64, low: f64, high: f64) -> Figure {
    Figure { what: what.into(), value, bar: Bar::Within(low, high) }
}

/// Delays at junctions against their own integrals and slopes, gap acceptance and Furness's sums against closed forms.
pub fn closed_forms(_: &Bench) -> Result<Vec<Figure>> {
    let mut off = [0.0f64; 2];
    for delay in [
        Delay { capacity: 800.0, base: 0.0, red: 14.4, green: 0.45, unevenness: 0.5 },
        Delay { capacity: 60.0, base: 60.0, red: 0.0, green: 0.0, unevenness: 1.0 },
    ] {
        let link = super::super::network::Link {
            from: 0,
            to: 1,
            capacity: 1.0,
            free_time: 0.0,
            factor: 0.0,
            power: 0.0,
            length: 0.0,
            fixed: 0.0,
            delay: Some(delay),
        };
        for share in [0.01, 0.3, 0.7, 0.95, 1.05, 1.5, 3.0] {
            let flow = share * delay.capacity;
            let h = 1e-4 * delay.capacity;
            let central = |of: &dyn Fn(f64) -> f64| (of(flow + h) - of(flow - h)) / (2.0 * h);
            let cost = central(&|flow| link.integral(flow));
            off[0] = off[0].max((cost - link.cost(flow)).abs() / link.cost(flow));
            let slope = central(&|flow| link.cost(flow));
            off[1] = off[1].max((slope - link.slope(flow)).abs() / link.slope(flow));
        }
    }
    // Webster's uniform delay of a signal that is half full: r²/(2C(1−q/s)), C 120 s, r 60 s.
    let half = Delay { capacity: 900.0, base: 0.0, red: 0.5 * 60.0 * 60.0 / 120.0, green: 0.5, unevenness: 0.0 };
    // Two zones of 100 and 50 who set out and 80 and 70 places: with f = 1 all are spread in proportion.
    let (even, _) = furness(&[100.0, 50.0], &[80.0, 70.0], &[1.0; 4]);
    let expected = [100.0 * 80.0 / 150.0, 100.0 * 70.0 / 150.0, 50.0 * 80.0 / 150.0, 50.0 * 70.0 / 150.0];
    let apart = even.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // The odds ratio of f is kept, and both sums are met.
    let f = [1.0, 0.2, 0.3, 0.9];
    let (tilted, missed) = furness(&[100.0, 50.0], &[80.0, 70.0], &f);
    let odds = |t: &[f64]| t[0] * t[3] / (t[1] * t[2]);
    let rules = Rules::dutch()?;
    let day: f64 = profile(&rules.demand.away, 6.0, 30.0);
    Ok(vec![
        most("cost of a junction off the slope of its integral, relative", off[0], 1e-6),
        most("slope of its cost, relative", off[1], 1e-5),
        between("delay of a half full signal without queues (closed form 20), s", half.cost(450.0), 20.0, 20.0 + 1e-9),
        between("capacity that gives way to nobody, per h", gaps(0.0, 5.5, 3.0), 1200.0, 1200.0),
        between("capacity that gives way to 600 an hour (HCM 20-32), per h", gaps(600.0, 5.5, 3.3), 567.04, 567.14),
        most("trips without resistance off proportion", apart, 1e-9),
        most("odds that the gravity model keeps, relative", (odds(&tilted) / odds(&f) - 1.0).abs(), 1e-9),
        most("sums that it misses, share", missed, 1e-9),
        between("share of a day's trips in 24 hours from 6 on", day, 1.0 - 1e-9, 1.0 + 1e-9),
    ])
}

/// A town with zones, connectors and the trips of an hour.
struct Town {
    roads: Roads,
    zones: Vec<Zone>,
    joined: [Vec<Connector>; 2],
    demand: [Demand; 3],
    rules: Rules,
}

/// Minutes and kilometres between zones on empty roads.
fn empty(network: &Network) -> [Vec<f64>; 2] {
    let costs: Vec<f64> = network.links.iter().map(|link| link.cost(0.0)).collect();
    let class_costs = network.costs_of(0, &costs);
    let (n, mut tree) = (network.zones, Tree::new(network));
    let (mut minutes, mut km) = (vec![f64::INFINITY; n * n], vec![f64::INFINITY; n * n]);
    for from in 0..n {
        tree.search(network, &class_costs, from, &[]);
        for to in (0..n).filter(|to| tree.cost(*to).is_finite()) {
            let path = tree.path(network, to);
            let sum = |of: &dyn Fn(usize) -> f64| path.iter().map(|link| of(*link as usize)).sum::<f64>();
            minutes[from * n + to] = sum(&|link| costs[link]) / 60.0;
            km[from * n + to] = sum(&|link| network.links[link].length) / 1000.0;
        }
    }
    [minutes, km]
}

impl Town {
    fn new(roads: Roads, zones: Vec<Zone>, rules: Rules, hours: (f64, f64)) -> Result<Town> {
        let joined = [connectors(&zones, &roads, CAR, &rules)?, connectors(&zones, &roads, CYCLE, &rules)?];
        let graph = Graph::motor(&roads, zones.len(), &joined[0], &rules)?;
        let [minutes, km] = empty(&graph.network);
        let daily = daily(&zones, &minutes, &km, &rules)?;
        let (demand, _) = daily.hour(hours.0, hours.1, &rules, 1.0);
        Ok(Town { roads, zones, joined, demand, rules })
    }

    fn alternative(&self, roads: Roads) -> Result<Alternative> {
        Alternative::new(roads, self.zones.len(), &self.joined, &self.rules, true)
    }
}

/// Goes on until routes and junctions have settled.
fn settle(alternative: &mut Alternative, gap: f64) {
    while !alternative.step(gap) {}
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The demo town in the evening peak, and with a ring road closed.
pub fn made(_: &Bench) -> Result<Vec<Figure>> {
    let rules = Rules::dutch()?;
    let town = demo(7, 2500.0, 2500.0, 20.0)?;
    let roads = roads::demo(&town.objects.network, &rules);
    let (low, high) = roads.bounds().ok_or_else(|| Error::scenario("city", "has no roads", "make it larger"))?;
    let mut zones = of_objects(&town.objects, 500.0);
    // Not so many that queues never end.
    zones.iter_mut().for_each(|zone| zone.residents *= 0.8);
    zones.extend(gates(&roads, low, high, 1500.0));
    let town = Town::new(roads, zones, rules, (17.0, 18.0))?;
    const GAP: f64 = 1e-6;
    let solve = |threads: usize| -> Result<Alternative> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::scenario("threads", error.to_string(), "take fewer"))?;
        let mut alternative = town.alternative(town.roads.clone())?;
        pool.install(|| {
            alternative.begin(&town.demand, None);
            settle(&mut alternative, GAP);
        });
        Ok(alternative)
    };
    let (one, two) = (solve(1)?, solve(2)?);
    let pcu = town.rules.vehicles.truck_pcu;
    let (state, other) = (one.state(pcu), two.state(pcu));
    let same = state == other;
    let slow: f64 = state.wait.iter().filter(|wait| wait.is_finite()).fold(0.0f64, |most, wait| most.max(*wait));
    let mut figures = vec![
        most("gap", one.gap(), GAP),
        most("lost at a node in a class, of its trips", one.imbalance(&town.demand), 1e-9),
        most("junctions off what the flows ask of them, share", one.unsettled(), 0.02),
        between("same with 1 and 2 threads", f64::from(u8::from(same)), 1.0, 1.0),
        most("trips that cannot be made", one.cut_off().iter().map(|cut| cut.trips).sum(), 0.0),
        told("approaches that give way", one.yields()[0] as f64),
        told("longest wait at a junction, s", slow),
    ];
    // The busiest link that is no connector is closed; from the routes of before, and from none.
    let busiest = (0..state.cars.len()).max_by(|a, b| state.motor(*a).total_cmp(&state.motor(*b))).unwrap_or(0);
    let name = town.roads.links[busiest].id.clone();
    let closure =
        Edit { name: "closed".into(), place: Place::Links(vec![name]), change: Change::Close(CAR | roads::TRUCK) };
    let edited = roads::edit(&town.roads, &[closure], &town.rules)
        .map_err(|refused| Error::scenario("edit", refused.problem, refused.mend))?;
    let (mut cold, mut warm) = (town.alternative(edited.roads.clone())?, town.alternative(edited.roads.clone())?);
    let begun = Instant::now();
    cold.take_junctions(&one, &edited.parts);
    cold.begin(&town.demand, None);
    settle(&mut cold, GAP);
    let seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    warm.take_junctions(&one, &edited.parts);
    warm.begin(&town.demand, Some((&one, &edited.parts)));
    settle(&mut warm, GAP);
    let ratio = begun.elapsed().as_secs_f64() / seconds;
    let (after, again) = (cold.state(pcu), warm.state(pcu));
    // Junctions settle to some tenths of a percent, and no closer.
    let most_flow = after.cars.iter().copied().fold(0.0, f64::max);
    figures.extend([
        most("closed: gap", cold.gap().max(warm.gap()), GAP),
        most("closed: lost at a node in a class", warm.imbalance(&town.demand), 1e-9),
        least("closed: cars an hour that go another way", apart(&after.cars, &at_origin(&edited, &state.cars)), 50.0),
        most(
            "closed: flow from the routes of before, of the largest",
            apart(&after.cars, &again.cars) / most_flow,
            0.02,
        ),
        told("closed: time from the routes of before over that from none", ratio),
    ]);
    Ok(figures)
}

/// Values of links of before on those that they have become.
fn at_origin(edited: &roads::Edited, values: &[f64]) -> Vec<f64> {
    edited.origin.iter().map(|old| old.map_or(0.0, |old| values[old as usize])).collect()
}

fn real(bench: &Bench, file: &str, epsg: u32, rules: &Rules) -> Result<Roads> {
    let reading = Reading { crs: Crs { epsg: Some(epsg) }, declared: None, nodes: None, rules };
    roads::read(&bench.file(file), &reading)
}

/// Bad Hersfeld from raw OpenStreetMap with a trip an hour from each building; and the network of SUMO with and without the links that
/// its edits (netdiff) made.
pub fn bad_hersfeld(bench: &Bench) -> Result<Vec<Figure>> {
    let mut rules = Rules::dutch()?;
    (rules.demand.trips_per_resident, rules.demand.residents_draw, rules.demand.jobs_draw) = (1.0, 1.0, 0.0);
    (rules.demand.away, rules.demand.back) = (vec![1.0 / 24.0; 24], vec![0.0; 24]);
    let raw = real(bench, "traffic/sumo/BadHersfeld/osm_bbox.osm.xml.gz", 32632, &rules)?;
    let buildings = raw.buildings.clone();
    // A trip from each building in an hour are 24 in a day.
    let zones = |alternative: f64| {
        let mut zones = of_buildings(&buildings, alternative);
        zones.iter_mut().for_each(|zone| zone.residents *= 24.0);
        zones
    };
    let town = Town::new(raw, zones(800.0), rules.clone(), (8.0, 9.0))?;
    let mut alternative = town.alternative(town.roads.clone())?;
    alternative.begin(&town.demand, None);
    settle(&mut alternative, 1e-5);
    let trips = town.demand[0].total() + town.demand[2].total();
    let banned = banned_turns_driven(&alternative);
    let mut figures = vec![
        between("OpenStreetMap: buildings", buildings.len() as f64, 11_273.0, 11_273.0),
        between("trips an hour of cars and cycles between zones", trips, 9_000.0, 11_273.0),
        most("gap", alternative.gap(), 1e-5),
        most("lost at a node in a class", alternative.imbalance(&town.demand), 1e-9),
        most("flow on banned turns", banned, 0.0),
        told("trips that cannot be made", alternative.cut_off().iter().map(|cut| cut.trips).sum()),
    ];

    let net = real(bench, "traffic/sumo/BadHersfeld/osm_edited.net.xml.gz", 32632, &rules)?;
    let path = bench.file("traffic/sumo/BadHersfeld/netdiff/diff.edg.xml");
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    // Links that the edits drew anew are named E and a number.
    let made: Vec<String> = text
        .split("<edge id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| id.trim_start_matches('-').starts_with('E'))
        .filter(|id| net.links.iter().any(|link| link.id == *id))
        .map(str::to_string)
        .collect();
    let count = made.len();
    let undo = Edit { name: "as before".into(), place: Place::Links(made), change: Change::Close(CAR | roads::TRUCK) };
    let town = Town::new(net, zones(800.0), rules, (8.0, 9.0))?;
    let before = roads::edit(&town.roads, &[undo], &town.rules)
        .map_err(|refused| Error::scenario("edit", refused.problem, refused.mend))?;
    let (mut with, mut without) = (town.alternative(town.roads.clone())?, town.alternative(before.roads.clone())?);
    with.begin(&town.demand, None);
    settle(&mut with, 1e-5);
    without.take_junctions(&with, &before.parts);
    without.begin(&town.demand, Some((&with, &before.parts)));
    settle(&mut without, 1e-5);
    let pcu = town.rules.vehicles.truck_pcu;
    let (now, was) = (with.state(pcu), without.state(pcu));
    let moved = apart(&at_origin(&before, &now.cars), &was.cars);
    figures.extend([
        least("SUMO: links that its edits drew", count as f64, 5.0),
        most("gap with and without them", with.gap().max(without.gap()), 1e-5),
        most("lost at a node in a class", with.imbalance(&town.demand).max(without.imbalance(&town.demand)), 1e-9),
        least("cars an hour that the edits move", moved, 20.0),
        most("flow on turns that no lane leads to", banned_turns_driven(&with), 0.0),
    ]);
    Ok(figures)
}

/// Flow of motor vehicles on turns that are banned.
fn banned_turns_driven(alternative: &Alternative) -> f64 {
    let Some(routes) = &alternative.routes else { return f64::NAN };
    let banned: std::collections::HashSet<(u32, u32)> = alternative.roads.bans.iter().copied().collect();
    routes[0]
        .turns(|link| alternative.motor.road(link))
        .filter(|(turn, _)| banned.contains(turn))
        .map(|(_, flow)| flow)
        .sum()
}

/// The regional roads of Limburg, with trips between its parts; degrees of a GeoPackage that lands in RD.
pub fn limburg(bench: &Bench) -> Result<Vec<Figure>> {
    let rules = Rules::dutch()?;
    let net = real(bench, "roads/nl_limburg_base_network.gpkg", 28992, &rules)?;
    // Nobody is told to live there: each of the squares counts as one place of a thousand.
    let mut zones = of_buildings(&net.nodes.iter().map(|node| node.at).collect::<Vec<_>>(), 1000.0);
    zones.iter_mut().for_each(|zone| (zone.residents, zone.jobs) = (1000.0, 400.0));
    let town = Town::new(net, zones, rules, (17.0, 18.0))?;
    let mut alternative = town.alternative(town.roads.clone())?;
    alternative.begin(&town.demand, None);
    settle(&mut alternative, 1e-5);
    let state = alternative.state(town.rules.vehicles.truck_pcu);
    let on = |kind: &str| -> f64 {
        let links = town.roads.links.iter().enumerate().filter(|(_, link)| link.kind == kind);
        links.map(|(k, link)| state.motor(k) * link.length / 1000.0).sum()
    };
    Ok(vec![
        between(
            "kilometres of road, both directions",
            town.roads.links.iter().map(|link| link.length).sum::<f64>() / 1e3,
            71.0,
            71.7,
        ),
        most("gap", alternative.gap(), 1e-5),
        most("lost at a node in a class", alternative.imbalance(&town.demand), 1e-9),
        told("trips that cannot be made", alternative.cut_off().iter().map(|cut| cut.trips).sum()),
        least("vehicle-kilometres an hour on motorways", on("motorway"), 100.0),
        least("vehicle-kilometres an hour on secondary roads", on("secondary"), 100.0),
    ])
}

/// Zwolle's neighbourhoods as zones: residents of 2024, trips by gravity over the straight line at 25 km/h.
pub fn zwolle(bench: &Bench) -> Result<Vec<Figure>> {
    let rules = Rules::dutch()?;
    let path = bench.file("zwolle/demographics_buurt_2024_mapped.geojson");
    let grid = Grid { cols: 200, rows: 200, cell: 100.0, west: 193_000.0, north: 513_000.0, crs: Crs::RD_NEW };
    let found = features(&path, &grid, &["inwoners_op_1_januari"])?;
    let number = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => *number,
        _ => 0.0,
    };
    let zones: Vec<Zone> = found
        .features
        .iter()
        .map(|feature| Zone {
            name: feature.place.name.clone(),
            at: feature.place.outline.middle().unwrap_or_default(),
            residents: number(&feature.values[0]),
            jobs: 0.5 * number(&feature.values[0]),
            ..Zone::default()
        })
        .collect();
    let n = zones.len();
    let far = |k: usize| 1.3 * zones[k / n].at.distance(zones[k % n].at) / 1000.0;
    let km: Vec<f64> = (0..n * n).map(far).collect();
    let minutes: Vec<f64> = km.iter().map(|km| 60.0 * km / 25.0).collect();
    let found = daily(&zones, &minutes, &km, &rules)?;
    let residents: f64 = zones.iter().map(|zone| zone.residents).sum();
    let missed = |daily: &Daily| {
        let row = |i: usize| daily.trips[i * n..(i + 1) * n].iter().sum::<f64>();
        (0..n).map(|i| (row(i) - rules.demand.trips_per_resident * zones[i].residents).abs()).fold(0.0, f64::max)
    };
    let all: f64 = found.trips.iter().sum();
    let cycling: f64 = found.trips.iter().zip(&found.cycling).map(|(trips, share)| trips * share).sum();
    let travelled: f64 = found.trips.iter().zip(&km).map(|(trips, km)| trips * km).sum();
    Ok(vec![
        between("neighbourhoods", n as f64, 78.0, 78.0),
        between("residents (CBS: 133 141 on 1 January 2024)", residents, 128_000.0, 135_000.0),
        most("trips of a neighbourhood off what its residents make, of all", missed(&found) / all, 1e-8),
        most("sums that are missed, share", found.off, 1e-8),
        between("share that cycles (ODiN: 40 to 55 % of short trips in Dutch cities)", cycling / all, 0.35, 0.65),
        told("mean length of a trip, km", travelled / all),
    ])
}
