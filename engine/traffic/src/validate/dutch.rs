//! Two Dutch junctions, drawn after the files of another simulator (`traffic/nl` of the reference data).

use super::super::motion::chance;
use super::super::motion::mover::mover;
use super::super::motion::network::{Rule, SimulationNetwork, Traveller, car};
use super::{Bench, Figure, least, most};
use glam::dvec2;
use hanze_base::error::Result;
use hanze_city::roads::lanes::{self, Lanes};
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{CAR, Control, Link, Node, Roads};
use std::sync::Arc;

/// Nodes and links of a junction that is drawn after a file.
fn drawn(nodes: &[(&str, f64, f64)], links: &[(&str, &str, f64, Control, bool)]) -> Roads {
    let mut roads = Roads::default();
    for (id, x, y) in nodes {
        roads.nodes.push(Node { id: (*id).into(), at: dvec2(*x, *y) });
    }
    let node = |id: &str| roads.nodes.iter().position(|known| known.id == id).unwrap_or(0);
    let made: Vec<Link> = links
        .iter()
        .map(|(from, to, lanes, control, roundabout)| {
            let (a, b) = (node(from), node(to));
            let line = vec![roads.nodes[a].at, roads.nodes[b].at];
            Link {
                id: format!("{from}-{to}"),
                name: String::new(),
                kind: "primary".into(),
                from: a as u32,
                to: b as u32,
                length: line[0].distance(line[1]),
                line,
                lanes: *lanes,
                speed: if *roundabout { 10.0 } else { 13.9 },
                capacity: 1800.0,
                factor: 0.3,
                power: 4.0,
                modes: CAR,
                priority: 6,
                control: *control,
                roundabout: *roundabout,
            }
        })
        .collect();
    roads.links = made;
    roads
}

/// What came of half an hour.
struct Driven {
    came: f64,
    arrived: f64,
    /// Longest stand, s.
    longest: f64,
    /// Largest overlap of two vehicles of a lane, m, and vehicles that were lost at any look.
    overlap: f64,
    lost: f64,
}

/// Drivers by nodes of their routes and how many set out an hour, for half an hour.
fn driven(bench: &Bench, roads: &Roads, town: &Lanes, routes: &[(&[&str], f64)]) -> Result<Driven> {
    let street = |from: &str, to: &str| {
        let id = format!("{from}-{to}");
        let is_own = |street: &lanes::Street| street.road.is_some_and(|road| roads.links[road as usize].id == id);
        town.streets.iter().position(is_own).unwrap_or(0) as u32
    };
    let mut travellers = Vec::new();
    for (k, (nodes, per_hour)) in routes.iter().enumerate() {
        let streets: Vec<u32> = nodes.windows(2).map(|pair| street(pair[0], pair[1])).collect();
        for car in 0..(per_hour * 0.5) as u32 {
            let depart = 1800.0 * chance::share(car, k as u32);
            travellers.push(Traveller { depart, streets: streets.clone(), factor: 1.0, ..Traveller::default() });
        }
    }
    let mut network = SimulationNetwork::new(town, Rule { step: 0.5, newell: false, seed: 1 }, vec![car()]);
    let refused = network.load(town, &travellers)?.len() as f64;
    let mut mover = mover(bench.device, &Arc::new(network))?;
    let mut found = Driven { came: 0.0, arrived: 0.0, longest: 0.0, overlap: 0.0, lost: refused };
    for _ in 0..360 {
        let clock = mover.run(10)?;
        let vehicles = mover.vehicles()?;
        (found.came, found.arrived) = (f64::from(clock.inserted), f64::from(clock.arrived));
        found.lost = found.lost.max((found.came - found.arrived - vehicles.len() as f64).abs());
        found.longest = vehicles.iter().map(|vehicle| 0.5 * f64::from(vehicle.stood)).fold(found.longest, f64::max);
        for pair in vehicles.windows(2).filter(|pair| pair[0].lane == pair[1].lane) {
            found.overlap = found.overlap.max(f64::from(pair[1].pos - (pair[0].pos - pair[0].length)));
        }
    }
    Ok(found)
}

fn figures(found: &Driven, came: f64, share: f64, longest: f64) -> Vec<Figure> {
    vec![
        least("cars that came in", found.came, came),
        least("share of them that arrived within the half hour", found.arrived / found.came.max(1.0), share),
        most("longest stand, s", found.longest, longest),
        most("cars that are lost or have no route", found.lost, 0.0),
        most("largest overlap of two cars, m", found.overlap, 1e-3),
    ]
}

/// A turbo roundabout: 480 cars an hour from each side; the 1500 of `nl/TurboRoundabout.xml` only queue.
pub fn turbo(bench: &Bench) -> Result<Vec<Figure>> {
    use Control::{GiveWay, Unknown};
    let nodes = [
        ("E", 300.0, 5.0),
        ("N", -5.0, 300.0),
        ("W", -300.0, -5.0),
        ("S", 5.0, -300.0),
        ("E2", 300.0, -2.0),
        ("N2", 5.0, 300.0),
        ("W2", -300.0, 2.0),
        ("S2", -5.0, -300.0),
        ("EA", 15.946, 12.081),
        ("EB", 10.331, 17.696),
        ("NA", -10.331, 14.196),
        ("NB", -15.946, 8.581),
        ("WA", -15.946, -12.081),
        ("WB", -10.331, -17.696),
        ("SA", 10.331, -14.196),
        ("SB", 15.946, -8.581),
    ];
    let links = [
        ("E", "EA", 2.0, GiveWay, false),
        ("N", "NA", 2.0, GiveWay, false),
        ("W", "WA", 2.0, GiveWay, false),
        ("S", "SA", 2.0, GiveWay, false),
        ("SB", "E2", 1.0, Unknown, false),
        ("EB", "N2", 2.0, Unknown, false),
        ("NB", "W2", 1.0, Unknown, false),
        ("WB", "S2", 2.0, Unknown, false),
        ("EA", "EB", 2.0, Unknown, true),
        ("EB", "NA", 1.0, Unknown, true),
        ("NA", "NB", 2.0, Unknown, true),
        ("NB", "WA", 2.0, Unknown, true),
        ("WA", "WB", 2.0, Unknown, true),
        ("WB", "SA", 1.0, Unknown, true),
        ("SA", "SB", 2.0, Unknown, true),
        ("SB", "EA", 2.0, Unknown, true),
    ];
    let roads = drawn(&nodes, &links);
    let town = lanes::build(&roads, &Rules::dutch()?.junctions, None);
    let all = 480.0;
    let routes: [(&[&str], f64); 12] = [
        (&["E", "EA", "EB", "N2"], 0.4 * all),
        (&["E", "EA", "EB", "NA", "NB", "W2"], 0.2 * all),
        (&["E", "EA", "EB", "NA", "NB", "WA", "WB", "S2"], 0.4 * all),
        (&["N", "NA", "NB", "W2"], 0.25 * all),
        (&["N", "NA", "NB", "WA", "WB", "S2"], 0.5 * all),
        (&["N", "NA", "NB", "WA", "WB", "SA", "SB", "E2"], 0.25 * all),
        (&["W", "WA", "WB", "S2"], 0.4 * all),
        (&["W", "WA", "WB", "SA", "SB", "E2"], 0.2 * all),
        (&["W", "WA", "WB", "SA", "SB", "EA", "EB", "N2"], 0.4 * all),
        (&["S", "SA", "SB", "E2"], 0.25 * all),
        (&["S", "SA", "SB", "EA", "EB", "N2"], 0.5 * all),
        (&["S", "SA", "SB", "EA", "EB", "NA", "NB", "W2"], 0.25 * all),
    ];
    Ok(figures(&driven(bench, &roads, &town, &routes)?, 900.0, 0.9, 120.0))
}

/// Lights that hold green while somebody comes.
pub fn actuated(bench: &Bench) -> Result<Vec<Figure>> {
    // Four roads of three lanes, as in nl/TrafCODDemo2.xml: two that go on and one that turns left; green is held while somebody comes.
    let arms = ["N", "E", "S", "W"];
    let at = [(0.0, 300.0), (300.0, 0.0), (0.0, -300.0), (-300.0, 0.0)];
    let mut nodes: Vec<(&str, f64, f64)> = arms.iter().zip(at).map(|(arm, (x, y))| (*arm, x, y)).collect();
    nodes.push(("C", 0.0, 0.0));
    let mut links: Vec<(&str, &str, f64, Control, bool)> = Vec::new();
    for arm in arms {
        links.push((arm, "C", 2.0, Control::Signal, false));
        links.push(("C", arm, 2.0, Control::Unknown, false));
    }
    let roads = drawn(&nodes, &links);
    let route = |from: usize, turn: usize| [arms[from], "C", arms[(from + turn) % 4]];
    // To the left, straight on, to the right, from each side; hardly anybody from east and west.
    let wanted: Vec<([&str; 3], f64)> = (0..4)
        .flat_map(|from| {
            let scale = if from % 2 == 0 { 1.0 } else { 0.1 };
            [(1, 150.0), (2, 600.0), (3, 150.0)].map(|(turn, flow)| (route(from, turn), scale * flow))
        })
        .collect();
    let index = |from: &str, to: &str| {
        roads.links.iter().position(|link| link.id == format!("{from}-{to}")).unwrap_or(0) as u32
    };
    let flows: Vec<lanes::Route> = wanted
        .iter()
        .map(|([a, b, c], flow)| lanes::Route { links: vec![index(a, b), index(b, c)], flow: *flow, is_cycle: false })
        .collect();
    let mut town = lanes::build(&roads, &Rules::dutch()?.junctions, Some(&flows));
    for program in &mut town.programs {
        program.is_actuated = true;
        for phase in program.phases.iter_mut().filter(|phase| phase.states.contains(&b'G')) {
            (phase.least, phase.most) = (6.0, 40.0);
        }
    }
    let routes: Vec<(&[&str], f64)> = wanted.iter().map(|(nodes, flow)| (&nodes[..], *flow)).collect();
    let held = driven(bench, &roads, &town, &routes)?;
    // The same phases at their longest times.
    for program in &mut town.programs {
        program.is_actuated = false;
        program.phases.iter_mut().for_each(|phase| phase.least = phase.most);
    }
    let fixed = driven(bench, &roads, &town, &routes)?;
    let mut all = figures(&held, 900.0, 0.93, 90.0);
    all.push(most("longest stand over that with the longest greens", held.longest / fixed.longest.max(1.0), 0.9));
    Ok(all)
}
