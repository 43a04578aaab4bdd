//! Small cases of vehicles that move, with what must come of them: nobody gives way to himself, cycles are given way to, a free road
//! has no queue, detours cost time, and no sentence says NaN.

use crate::common::gpu;
use glam::DVec2;
use hanze_engine::city::roads::lanes::{self, Lanes};
use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{Reading, Roads, read};
use hanze_engine::device::Device;
use hanze_engine::frame::Outcome;
use hanze_engine::grid::Crs;
use hanze_engine::models;
use hanze_engine::models::traffic::motion::mover::mover;
use hanze_engine::models::traffic::motion::network::{Rule, SimulationNetwork, Traveller, car};
use hanze_engine::models::traffic::motion::params::{Outcome as Fate, Vehicle};
use hanze_engine::models::traffic::motion::reroute::FastestPaths;
use hanze_engine::models::traffic::motion::trips::kinds;
use hanze_engine::scenario;
use hanze_engine::words::Text;
use std::sync::Arc;
use std::time::Duration;

/// Kinds of `trips::kinds`.
const CAR: u32 = 0;
const CYCLE: u32 = 4;

/// A way of a map: its number, nodes and tags.
type Way<'a> = (u32, Vec<u32>, Vec<(&'a str, &'a str)>);

/// A map in OpenStreetMap's words: nodes with their places (lon, lat), and ways.
fn osm(nodes: &[(u32, f64, f64)], ways: &[Way]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">\n");
    for (id, lon, lat) in nodes {
        text += &format!("<node id=\"{id}\" lat=\"{lat:.7}\" lon=\"{lon:.7}\" version=\"1\"/>\n");
    }
    for (id, nodes, tags) in ways {
        text += &format!("<way id=\"{id}\" version=\"1\">");
        nodes.iter().for_each(|node| text += &format!("<nd ref=\"{node}\"/>"));
        tags.iter().for_each(|(key, value)| text += &format!("<tag k=\"{key}\" v=\"{value}\"/>"));
        text += "</way>\n";
    }
    text + "</osm>\n"
}

fn road<'a>(id: u32, nodes: &[u32], kind: &'a str, name: &'a str) -> Way<'a> {
    (id, nodes.to_vec(), vec![("highway", kind), ("name", name)])
}

/// What comes of a map with zones around places (name, lon, lat) and a table of trips; `rest` is the end of the scenario.
fn run(map: &str, zones: &[(&str, f64, f64)], trips: &str, rest: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("n.osm", map);
    write("trips.csv", &format!("from,to,trips,class\n{trips}\n"));
    let zone = |(name, lon, lat): &(&str, f64, f64)| {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)];
        let corners = corners.map(|(x, y)| format!("[{:.7},{:.7}]", lon + 0.0012 * x, lat + 0.0012 * y)).join(",");
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\",\"residents\":100,\"jobs\":100}},\
             \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{corners}]]}}}}"
        )
    };
    let zones = zones.iter().map(zone).collect::<Vec<_>>().join(",");
    write("zones.geojson", &format!("{{\"type\":\"FeatureCollection\",\"features\":[{zones}]}}"));
    write(
        "s.toml",
        &format!(
            "title = \"t\"\n[city]\nnetwork = \"n.osm\"\nepsg = 28992\n[traffic]\nend_minutes = 60\n\
             start = \"08:00\"\n[traffic.demand]\nzones = \"zones.geojson\"\ntrips = \"trips.csv\"\n{rest}"
        ),
    );
    let scenario = scenario::load(&folder.path().join("s.toml")).unwrap();
    let (city, _) = scenario.city().unwrap();
    let mut model = models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
    for until in scenario.frame_times() {
        while !model.advance(until, Duration::from_secs(1)).unwrap().reached {}
        model.frame().unwrap();
    }
    model.outcome().unwrap()
}

fn english(outcome: &Outcome) -> Vec<&str> {
    outcome.story.iter().map(|text| text.en.as_str()).collect()
}

/// A value of a table.
fn value(outcome: &Outcome, table: &str, name: &str, column: &str) -> f64 {
    let table = outcome.tables.iter().find(|own| own.name == table).unwrap();
    let column = table.columns.iter().position(|own| own == column).unwrap();
    let row = table.names.iter().position(|own| own == name).unwrap_or_else(|| panic!("{name}: {:?}", table.names));
    table.rows[row][column]
}

/// A value of a street.
fn of_link(outcome: &Outcome, name: &str, column: &str) -> f64 {
    value(outcome, "links", name, column)
}

/// A side street without a cycle lane that ends at a road with one.
fn side_street() -> String {
    let nodes = [(1, 6.09, 52.51), (10, 6.094_870_7, 52.51), (11, 6.085_129_3, 52.51), (12, 6.09, 52.511_976_3)];
    let ways = [
        road(1, &[11, 1], "secondary", "W"),
        road(2, &[1, 10], "secondary", "E"),
        road(3, &[1, 12], "residential", "N"),
    ];
    osm(&nodes, &ways)
}

#[test]
fn a_right_turn_past_a_cycle_lane_does_not_wait_for_itself() {
    let zones = [("W", 6.085_129_3, 52.51), ("E", 6.094_870_7, 52.51), ("N", 6.09, 52.511_976_3)];
    let motion = "[traffic.motion]\nwarm_up_minutes = 5\n";
    let delay = |trips: &str| of_link(&run(&side_street(), &zones, trips, motion), "-3 N", "delay_s");
    let (alone, left) = (delay("N,W,100,car"), delay("N,E,100,car"));
    assert!(
        (0.0..=6.0).contains(&alone) && (0.0..=6.0).contains(&left),
        "{alone} s to the right, {left} s to the left"
    );
    // A cycle that turns left has a way for cars beside its own that begins in the same lane, too.
    let lost = 60.0 * value(&run(&side_street(), &zones, "N,E,100,cycle", motion), "trips", "cycles", "lost_min");
    assert!(lost < 10.0, "{lost} s lost by each cycle");
    // Cycles that come along the lane are given way to.
    let outcome = run(&side_street(), &zones, "N,W,100,car\nE,W,300,cycle", motion);
    let with = of_link(&outcome, "-3 N", "delay_s");
    assert!(with > alone && with < 30.0, "{with} s each with cycles, {alone} s without");
}

#[test]
fn a_free_road_has_no_queue() {
    let nodes = [(1, 6.09, 52.51), (10, 6.098_855_8, 52.51), (11, 6.081_144_2, 52.51)];
    let map = osm(&nodes, &[road(1, &[11, 1], "tertiary", "W"), road(2, &[1, 10], "tertiary", "E")]);
    let zones = [("W", 6.081_144_2, 52.51), ("E", 6.098_855_8, 52.51)];
    let outcome = run(&map, &zones, "W,E,300,car", "[traffic.motion]\nwarm_up_minutes = 5\n");
    for link in ["1 W", "2 E"] {
        let [mean, most] = ["queue_mean_m", "queue_most_m"].map(|column| of_link(&outcome, link, column));
        assert_eq!((mean, most), (0.0, 0.0), "{link}");
        assert!(of_link(&outcome, link, "vehicles_per_h") > 250.0, "{link}");
    }
    assert!(!english(&outcome).iter().any(|text| text.contains("queues stand")), "{:?}", outcome.story);
}

/// Two ways between A and B: one straight on, and one round.
fn two_ways() -> String {
    let nodes = [
        (1, 6.08, 52.51),
        (2, 6.085, 52.51),
        (3, 6.095, 52.51),
        (4, 6.1, 52.51),
        (5, 6.09, 52.51),
        (6, 6.085, 52.515),
        (7, 6.095, 52.515),
    ];
    let ways = [
        road(100, &[1, 2], "secondary", "West"),
        road(101, &[2, 5, 3], "secondary", "Direct"),
        road(102, &[2, 6, 7, 3], "secondary", "Detour"),
        road(103, &[3, 4], "secondary", "East"),
    ];
    osm(&nodes, &ways)
}

const ENDS: [(&str, f64, f64); 2] = [("A", 6.08, 52.51), ("B", 6.1, 52.51)];

#[test]
fn hours_lost_count_the_detour() {
    let rest = "[traffic.motion]\nwarm_up_minutes = 5\n\
                [[traffic.edit]]\nname = \"closed\"\naction = \"close\"\nstreet = \"Direct\"\n";
    let outcome = run(&two_ways(), &ENDS, "A,B,400,car\nB,A,300,car", rest);
    let story = english(&outcome);
    // 1113 m and two corners more for each of 700 cars: 19.1 vehicle-hours.
    let words = story.iter().find_map(|text| text.strip_prefix("In total travellers lose ")).unwrap_or_default();
    let (hours, rest) = words.split_once(' ').unwrap_or_default();
    let hours: f64 = hours.parse().unwrap_or_else(|_| panic!("{story:?}"));
    assert!((18.0..=20.0).contains(&hours) && rest.starts_with("hours more than today"), "{story:?}");
    let dutch =
        |text: &Text| text.nl.starts_with("Alle reizigers samen verliezen ") && text.nl.contains(" uur meer dan nu");
    assert!(outcome.story.iter().any(dutch), "{:?}", outcome.story);
}

/// Both ways between A and B closed.
const BOTH_CLOSED: &str = "[traffic.motion]\nwarm_up_minutes = 5\n\
    [[traffic.edit]]\nname = \"closed\"\naction = \"close\"\nstreet = \"Direct\"\n\
    [[traffic.edit]]\nname = \"closed, too\"\naction = \"close\"\nstreet = \"Detour\"\n";

/// Trips that cannot be made any more, by the story.
fn cut(story: &[&str]) -> f64 {
    let words = story.iter().find_map(|text| text.split_once(" trips of today cannot be made any more"));
    words.and_then(|(count, _)| count.parse().ok()).unwrap_or_else(|| panic!("{story:?}"))
}

#[test]
fn trips_that_cannot_be_made_are_no_gain() {
    // All cars are cut off: nobody is left to compare, whoever cycles.
    let outcome = run(&two_ways(), &ENDS, "A,B,400,car\nB,A,300,car", BOTH_CLOSED);
    let story = english(&outcome);
    assert!((650.0..=750.0).contains(&cut(&story)), "{story:?}");
    assert!(!story.iter().any(|text| text.contains("than today")), "{story:?}");
    // Only long trips are cut off: those who drive a short way lose and gain nothing.
    let zones = [ENDS[0], ENDS[1], ("C", 6.085, 52.51)];
    let outcome = run(&two_ways(), &zones, "A,B,400,car\nA,C,100,car", BOTH_CLOSED);
    let story = english(&outcome);
    assert!((370.0..=430.0).contains(&cut(&story)), "{story:?}");
    let at = |part: &str| story.iter().position(|text| text.contains(part)).unwrap_or_else(|| panic!("{story:?}"));
    let (first, then) = (at("cannot be made any more"), at("than today"));
    let words = story[then].strip_prefix("In total the other travellers lose ").unwrap_or_default();
    let hours: f64 = words.split(' ').next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("{story:?}"));
    assert!(first < then && hours <= 1.0, "{story:?}");
    assert!(outcome.story[then].nl.starts_with("De overige reizigers samen verliezen "), "{:?}", outcome.story[then]);
}

/// The two ways with tags on the node in the middle of "Direct".
fn barrier(tags: &[(&str, &str)]) -> String {
    let node = "<node id=\"5\" lat=\"52.5100000\" lon=\"6.0900000\" version=\"1\"";
    let tags: String = tags.iter().map(|(key, value)| format!("<tag k=\"{key}\" v=\"{value}\"/>")).collect();
    let map = two_ways().replace(&format!("{node}/>"), &format!("{node}>{tags}</node>"));
    assert!(map.contains(&tags));
    map
}

#[test]
fn who_cannot_pass_a_barrier_takes_another_way_and_turns_round_at_it() {
    let (car, truck, cycle) = (1, 2, 4);
    for (tags, closed) in [
        (&[("barrier", "cattle_grid")][..], 0),
        (&[("barrier", "bollard")], car | truck),
        (&[("barrier", "lift_gate"), ("hgv", "no")], truck),
        (&[("barrier", "kissing_gate")], car | truck | cycle),
    ] {
        let town = Town::of(&barrier(tags));
        let id = |street: u32| {
            town.lanes.streets[street as usize].road.map_or("", |road| &town.roads.links[road as usize].id[..])
        };
        let street = |wanted: &str| (0..town.lanes.streets.len() as u32).find(|k| id(*k) == wanted);
        let ends = ["100", "103"].map(|wanted| street(wanted).unwrap());
        let lane = |lane: u32| town.lanes.lanes[lane as usize].street;
        for mode in [car, truck, cycle] {
            // Whoever looks for a way over the lanes.
            let way = FastestPaths::new(&town.lanes).between(&town.lanes, &ends, u32::from(mode)).unwrap();
            let over: Vec<&str> = way.iter().map(|street| id(*street)).collect();
            assert_eq!(over.contains(&"102"), closed & mode != 0, "{tags:?} {mode}: {over:?}");
            let turns = |turn: &&lanes::Turn| {
                let ends = [lane(turn.from), lane(turn.to)].map(|street| street.map_or("", id));
                turn.modes & mode != 0 && [["101#0", "-101#0"], ["-101#1", "101#1"]].contains(&ends)
            };
            let rounds = town.lanes.turns.iter().filter(turns).count();
            assert_eq!(rounds > 0, closed & mode != 0, "{tags:?} {mode}: {rounds} turns round");
        }
    }
    // Cars and cycles that move.
    let motion = "[traffic.motion]\nwarm_up_minutes = 5\n";
    let outcome = run(&barrier(&[("barrier", "bollard")]), &ENDS, "A,B,100,car\nA,B,50,cycle", motion);
    let [detour, direct] = ["102 Detour", "101#1 Direct"].map(|link| of_link(&outcome, link, "vehicles_per_h"));
    assert!((80.0..=120.0).contains(&detour) && (30.0..=70.0).contains(&direct), "{detour} {direct}");
    assert!(english(&outcome).iter().all(|text| !text.contains("have no way")), "{:?}", outcome.story);
}

#[test]
fn lanes_are_those_of_the_roads_that_the_files_tell_of() {
    // Streets in each direction of "Direct", with their lanes for cars; one that only those who turn left reach counts as none.
    let is_for_cars = |lane: &lanes::Lane| lane.modes & 1 != 0 && lane.begin == 0.0;
    let lanes = |name: &str, text: &str| {
        let town = Town::read(name, text);
        let cars = |back: bool| {
            let is_own = |own: &&lanes::Street| {
                let link = own.road.map(|road| &town.roads.links[road as usize]);
                link.is_some_and(|link| link.name == "Direct" && link.id.starts_with('-') == back)
            };
            let street = town.lanes.streets.iter().position(|own| is_own(&own));
            street
                .map(|street| town.lanes.of_street(street).filter(|lane| is_for_cars(&town.lanes.lanes[*lane])).count())
        };
        [cars(false), cars(true)]
    };
    let direct = |tags: &str| two_ways().replace("v=\"Direct\"/>", &format!("v=\"Direct\"/>{tags}"));
    assert_eq!(lanes("n.osm", &two_ways()), [Some(1), Some(1)]);
    let two = "<tag k=\"oneway\" v=\"yes\"/><tag k=\"lanes\" v=\"2\"/>";
    assert_eq!(lanes("n.osm", &direct(two)), [Some(2), None]);
    assert_eq!(lanes("n.osm", &direct(&format!("{two}<tag k=\"bus:lanes\" v=\"yes|designated\"/>"))), [Some(1), None]);
    let gone = two_ways().replace("<way id=\"101\" ", "<way id=\"101\" action=\"delete\" ");
    assert_eq!(lanes("n.osm", &gone), [None, None]);
    let register = |direction: &str| {
        let line = |name: &str, direction: &str, points: &str| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"stt_naam\":\"{name}\",\"wegbehsrt\":\"G\",\"bst_code\":\"RB\",\
                 \"rijrichtng\":\"{direction}\"}},\"geometry\":{{\"type\":\"LineString\",\"coordinates\":[{points}]}}}}"
            )
        };
        let all = [
            line("West", "B", "[6.08,52.51],[6.085,52.51]"),
            line("Direct", direction, "[6.085,52.51],[6.09,52.51],[6.095,52.51]"),
            line("Detour", "B", "[6.085,52.51],[6.085,52.515],[6.095,52.515],[6.095,52.51]"),
        ];
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", all.join(","))
    };
    assert_eq!(lanes("n.geojson", &register("B")), [Some(1), Some(1)]);
    assert_eq!(lanes("n.geojson", &register("H")), [Some(1), None]);
    assert_eq!(lanes("n.geojson", &register("T")), [None, Some(1)]);
}

#[test]
fn no_sentence_says_nan_where_only_cycles_drive() {
    let moves = "[traffic.motion]\nwarm_up_minutes = 5\n";
    for (rest, words) in [("", "no motor vehicle drives"), (moves, "a cycle that arrives has been under way for")] {
        let outcome = run(&two_ways(), &ENDS, "A,B,50,cycle", rest);
        assert!(english(&outcome)[0].contains(words), "{:?}", outcome.story);
        for text in outcome.story.iter().flat_map(|text| [&text.en, &text.nl]) {
            let is_number = !["NaN", "inf ", "unknown number", "onbekend aantal"].iter().any(|bad| text.contains(bad));
            assert!(is_number, "{text}");
        }
    }
}

/// Lanes of a map.
struct Town {
    roads: Roads,
    lanes: Lanes,
    rules: Rules,
}

impl Town {
    fn of(map: &str) -> Town {
        Town::read("n.osm", map)
    }

    fn read(name: &str, text: &str) -> Town {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let rules = Rules::dutch().unwrap();
        let reading = Reading { crs: Crs::RD_NEW, declared: None, nodes: None, rules: &rules };
        let roads = read(&path, &reading).unwrap();
        let lanes = lanes::build(&roads, &rules.junctions, None);
        Town { roads, lanes, rules }
    }

    /// Roads of 300 m that meet in a point: their directions, degrees from east, and kinds.
    fn junction(arms: &[(f64, &str)]) -> Town {
        let mut nodes = vec![(1, 6.09, 52.51)];
        let mut ways = Vec::new();
        for ((angle, kind), k) in arms.iter().zip(2u32..) {
            let (lon, lat) = off(300.0, *angle);
            nodes.push((k, lon, lat));
            ways.push(road(k - 1, &[1, k], kind, ""));
        }
        Town::of(&osm(&nodes, &ways))
    }

    /// The same around a ring with a cycle lane.
    fn ring(arms: &[(f64, &str)]) -> Town {
        let mut nodes = Vec::new();
        let mut ways = Vec::new();
        let mut ring = Vec::new();
        for ((angle, kind), k) in arms.iter().zip(2u32..) {
            let (lon, lat) = off(300.0, *angle);
            nodes.push((k, lon, lat));
            ways.push(road(k - 1, &[100 + 10 * k, k], kind, ""));
            // The ring goes round counter-clockwise, with points between the roads.
            for part in 0..3 {
                let (lon, lat) = off(18.0, angle + 30.0 * f64::from(part));
                nodes.push((100 + 10 * k + part, lon, lat));
                ring.push(100 + 10 * k + part);
            }
        }
        ring.push(ring[0]);
        ways.push((99, ring, vec![("highway", "tertiary"), ("junction", "roundabout")]));
        Town::of(&osm(&nodes, &ways))
    }

    /// The street into the town from an arm, or out of it.
    fn street(&self, arm: usize, is_in: bool) -> u32 {
        let id = if is_in { format!("-{}", arm + 1) } else { format!("{}", arm + 1) };
        let is_own = |own: &lanes::Street| own.road.is_some_and(|road| self.roads.links[road as usize].id == id);
        self.lanes.streets.iter().position(is_own).unwrap_or_else(|| panic!("street {id}")) as u32
    }

    /// Drivers from arm to arm (kind, from, to, s).
    fn network(&self, drivers: &[(u32, usize, usize, f64)]) -> Arc<SimulationNetwork> {
        let kinds = kinds(&self.rules);
        let mut paths = FastestPaths::new(&self.lanes);
        let traveller = |(kind, from, to, depart): &(u32, usize, usize, f64)| {
            let ends = [self.street(*from, true), self.street(*to, false)];
            let streets = paths.between(&self.lanes, &ends, kinds[*kind as usize].modes).unwrap();
            Traveller { depart: *depart, kind: *kind, streets, factor: 1.0, ..Traveller::default() }
        };
        let travellers: Vec<Traveller> = drivers.iter().map(traveller).collect();
        let mut network = SimulationNetwork::new(&self.lanes, Rule { step: 0.5, newell: false, seed: 1 }, kinds);
        let refused = network.load(&self.lanes, &travellers).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        Arc::new(network)
    }

    /// What becomes of drivers, in their order; `look` sees every step.
    fn drive(
        &self,
        drivers: &[(u32, usize, usize, f64)],
        seconds: u32,
        look: &mut dyn FnMut(&SimulationNetwork, &[Vehicle]),
    ) -> Vec<Fate> {
        let network = self.network(drivers);
        let mut mover = mover(&Device::Cpu, &network).unwrap();
        for _ in 0..2 * seconds {
            let clock = mover.run(1).unwrap();
            look(&network, &mover.vehicles().unwrap());
            if clock.arrived as usize == drivers.len() {
                break;
            }
        }
        let mut found = vec![Fate::default(); drivers.len()];
        for (fate, who) in mover.outcomes().unwrap().into_iter().zip(&network.who) {
            found[*who as usize] = fate;
        }
        found
    }

    /// Time of a driver on the streets of two arms as fast as he may, s.
    fn free(&self, kind: u32, from: usize, to: usize) -> f64 {
        let speed = f64::from(kinds(&self.rules)[kind as usize].speed);
        let lane = |street: u32| &self.lanes.lanes[self.lanes.streets[street as usize].first as usize];
        let ends = [self.street(from, true), self.street(to, false)].map(lane);
        ends.iter().map(|lane| lane.length / lane.speed.min(speed)).sum()
    }
}

/// A place so many m from the middle, degrees from east: lon and lat.
fn off(metres: f64, angle: f64) -> (f64, f64) {
    let (y, x) = angle.to_radians().sin_cos();
    (6.09 + metres * x / 67_760.0, 52.51 + metres * y / 111_260.0)
}

/// Pairs of different arms.
fn turns(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |from| (0..count).filter(move |to| *to != from).map(move |to| (from, to)))
}

/// Steps that were stood, s.
fn stood(fate: &Fate) -> f64 {
    0.5 * f64::from(fate.waited)
}

#[test]
fn a_lone_driver_waits_for_nobody() {
    let (wide, narrow, cycle) = ("residential", "living_street", "cycleway");
    let layouts: [&[(f64, &str)]; 9] = [
        // A side street at a road with cycle lanes, at one without, and where all have them.
        &[(0.0, "secondary"), (180.0, "secondary"), (90.0, wide)],
        &[(0.0, "unclassified"), (180.0, "unclassified"), (90.0, wide)],
        &[(0.0, "tertiary"), (180.0, "tertiary"), (90.0, "tertiary")],
        &[(0.0, wide), (180.0, wide), (90.0, "secondary")],
        // A narrow street, a main road with lanes to the left, and crossings.
        &[(0.0, "primary"), (180.0, "primary"), (90.0, narrow)],
        &[(0.0, "secondary"), (180.0, "secondary"), (90.0, wide), (270.0, wide)],
        &[(0.0, "secondary"), (180.0, wide), (90.0, narrow), (270.0, "secondary")],
        &[(0.0, wide), (180.0, wide), (90.0, wide), (270.0, wide)],
        // A cycle track across.
        &[(0.0, "secondary"), (180.0, "secondary"), (90.0, cycle), (270.0, cycle)],
    ];
    for arms in layouts {
        let town = Town::junction(arms);
        for (from, to) in turns(arms.len()) {
            for kind in [CAR, CYCLE] {
                if kind == CAR && (arms[from].1 == cycle || arms[to].1 == cycle) {
                    continue;
                }
                let fate = town.drive(&[(kind, from, to, 0.0)], 400, &mut |_, _| ())[0];
                let head = format!("{arms:?}, kind {kind} from {from} to {to}: {fate:?}");
                assert!(fate.arrived > 0 && stood(&fate) <= 2.0, "{head}");
                let more = f64::from(fate.arrived - fate.inserted) / 1000.0 - town.free(kind, from, to);
                assert!(more < 15.0, "{more} s more, {head}");
            }
        }
    }
    let arms = [(0.0, wide), (90.0, "tertiary"), (180.0, wide), (270.0, narrow)];
    let town = Town::ring(&arms);
    for (from, to) in turns(arms.len()) {
        for kind in [CAR, CYCLE] {
            let fate = town.drive(&[(kind, from, to, 0.0)], 400, &mut |_, _| ())[0];
            let head = format!("ring {arms:?}, kind {kind} from {from} to {to}: {fate:?}");
            assert!(fate.arrived > 0 && stood(&fate) <= 2.0, "{head}");
        }
    }
}

#[test]
fn a_car_and_a_cycle_in_one_lane_do_not_wait_for_each_other() {
    for side in ["residential", "living_street"] {
        let town = Town::junction(&[(0.0, "secondary"), (180.0, "secondary"), (90.0, side)]);
        let from = 2;
        // Who is slower sets out first, so that both come to the junction at about the same time.
        let way = 294.0;
        let speed = |kind: u32| {
            let lane = &town.lanes.lanes[town.lanes.streets[town.street(from, true) as usize].first as usize];
            lane.speed.min(f64::from(kinds(&town.rules)[kind as usize].speed))
        };
        let later = way / speed(CYCLE) - way / speed(CAR);
        for car_to in [0, 1] {
            for cycle_to in [0, 1] {
                for offset in [-4.0, -2.0, 0.0, 2.0, 4.0] {
                    let drivers = [(CAR, from, car_to, 10.0 + later + offset), (CYCLE, from, cycle_to, 10.0)];
                    let fates = town.drive(&drivers, 400, &mut |_, _| ());
                    for fate in &fates {
                        let is_fine = fate.arrived > 0 && stood(fate) < 15.0;
                        assert!(is_fine, "{side}, car to {car_to}, cycle to {cycle_to}, {offset} s: {fates:?}");
                    }
                }
            }
        }
    }
}

/// Points of a vehicle from its front to its rear every half metre, as far as they lie on its lane.
fn body(town: &Lanes, one: &Vehicle) -> Vec<DVec2> {
    let lane = &town.lanes[one.lane as usize];
    let drawn: f64 = lane.line.windows(2).map(|ends| ends[0].distance(ends[1])).sum();
    let at = |pos: f64| {
        let mut left = pos / lane.length * drawn;
        for ends in lane.line.windows(2) {
            let own = ends[0].distance(ends[1]);
            if left <= own {
                return ends[0].lerp(ends[1], if own > 0.0 { left / own } else { 0.0 });
            }
            left -= own;
        }
        lane.line[lane.line.len() - 1]
    };
    let points = (0..).map(|k| f64::from(one.pos) - 0.5 * f64::from(k));
    points.take_while(|pos| *pos >= 0.0 && *pos >= f64::from(one.pos - one.length)).map(at).collect()
}

#[test]
fn no_car_crosses_a_cycle_lane_before_a_cycle_that_comes() {
    let town = Town::junction(&[(0.0, "secondary"), (180.0, "secondary"), (90.0, "residential")]);
    // Cars to the right out of the side street and off the main road, past cycles that go straight on: 12 minutes, from even to odd
    // distances in time.
    let mut drivers: Vec<(u32, usize, usize, f64)> = Vec::new();
    drivers.extend((0..60).map(|k| (CYCLE, 0, 1, 12.0 * f64::from(k))));
    drivers.extend((0..24).map(|k| (CAR, 2, 1, 29.0 * f64::from(k))));
    drivers.extend((0..20).map(|k| (CAR, 0, 2, 37.0 * f64::from(k))));
    let mut nearest = f64::INFINITY;
    let fates = town.drive(&drivers, 1500, &mut |network, vehicles| {
        let kind = |one: &Vehicle| network.kinds[one.kind as usize].modes;
        let is_across = |one: &&Vehicle| town.lanes.lanes[one.lane as usize].street.is_none();
        let across: Vec<&Vehicle> = vehicles.iter().filter(is_across).collect();
        for car in across.iter().filter(|one| kind(one) != 4) {
            for cycle in across.iter().filter(|one| kind(one) == 4) {
                for (a, b) in body(&town.lanes, car).iter().flat_map(|a| {
                    let others = body(&town.lanes, cycle);
                    others.into_iter().map(move |b| (*a, b))
                }) {
                    nearest = nearest.min(a.distance(b));
                }
            }
        }
    });
    // Half of a car and half of a cycle; some were on the junction together.
    assert!(nearest.is_finite() && nearest > 1.2, "{nearest} m between the middle of a car and that of a cycle");
    assert!(fates.iter().all(|fate| fate.arrived > 0), "{fates:?}");
    // Some had to wait, and none for ever.
    let cars: Vec<f64> = fates[60..84].iter().map(stood).collect();
    assert!(cars.iter().any(|stood| *stood > 0.0) && cars.iter().all(|stood| *stood < 120.0), "{cars:?}");
}

#[test]
fn both_devices_drive_cars_and_cycles_in_the_same_way() {
    let Some(device) = gpu() else { return };
    let town =
        Town::junction(&[(0.0, "secondary"), (180.0, "residential"), (90.0, "residential"), (270.0, "living_street")]);
    let mut drivers: Vec<(u32, usize, usize, f64)> = Vec::new();
    for ((from, to), k) in turns(4).zip(0u32..) {
        drivers.extend((0..8u32).map(|n| (CAR, from, to, f64::from(20 * n + k))));
        drivers.extend((0..8u32).map(|n| (CYCLE, from, to, f64::from(17 * n + k))));
    }
    let network = town.network(&drivers);
    let [mut twin, mut own] = [&Device::Cpu, &device].map(|device| mover(device, &network).unwrap());
    for stretch in 0..10 {
        twin.run(40).unwrap();
        own.run(40).unwrap();
        let (left, right) = (twin.vehicles().unwrap(), own.vehicles().unwrap());
        let same = left.len() == right.len()
            && left.iter().zip(&right).all(|(a, b)| bytemuck::bytes_of(a) == bytemuck::bytes_of(b));
        assert!(same, "stretch {stretch}:\n{left:?}\n{right:?}");
        assert_eq!(twin.take_tallies().unwrap(), own.take_tallies().unwrap(), "stretch {stretch}");
        assert_eq!(twin.outcomes().unwrap(), own.outcomes().unwrap(), "stretch {stretch}");
    }
}

/// A street that leads over two lanes of a junction into another, where the second leads back to the first: no map has such a junction.
/// Another street leads over the same kind of ring into the same street.
fn rings() -> SimulationNetwork {
    use hanze_engine::models::traffic::motion::params::{
        Foe, GIVES_WAY, IS_GIVEN_WAY, Lane, MERGES, Motion, NONE, STREET_BITS, Trip, Turn,
    };
    let car = car();
    let lane = |street, length, first_turn, turns, inward: (u32, u32)| Lane {
        length,
        speed: 10.0,
        street,
        first_turn,
        turns,
        first_inward: inward.0,
        inwards: inward.1,
        left: NONE,
        right: NONE,
        modes: car.modes,
        turn: NONE,
        ..Lane::default()
    };
    let across = |turn, along, first_turn, inward| Lane { turn, along, ..lane(NONE, 8.0, first_turn, 1, inward) };
    let turn = |origin, to, start, first_foe, foes| Turn {
        origin,
        to,
        goal: 3,
        street: 1,
        modes: car.modes,
        light: NONE,
        first_foe,
        foes,
        start,
        length: 16.0,
        speed: 10.0,
        parts: 2,
    };
    let foe = |turn, bits| Foe { turn, bits, own_begin: 4.0, own_end: 12.0, other_begin: 4.0, other_end: 12.0 };
    let trip = |first, last| Trip { first, last, speed: -1.0, factor: 1.0, ..Trip::default() };
    SimulationNetwork {
        motion: Motion {
            lanes: 7,
            step_ms: 500,
            dt: 0.5,
            politeness: 0.1,
            threshold: 0.3,
            pause: 5000,
            ..Motion::default()
        },
        lanes: vec![
            lane(0, 50.0, 0, 1, (0, 0)),
            across(0, 0.0, 1, (0, 2)),
            across(1, 8.0, 2, (2, 1)),
            lane(1, 20.0, NONE, 0, (0, 0)),
            lane(2, 50.0, 3, 1, (0, 0)),
            across(3, 0.0, 4, (3, 2)),
            across(4, 8.0, 5, (5, 1)),
        ],
        turns: vec![
            turn(0, 1, 0.0, 0, 1),
            turn(1, 2, 8.0, 0, 0),
            turn(2, 1, 16.0, 0, 0),
            turn(4, 5, 0.0, 1, 1),
            turn(5, 6, 8.0, 0, 0),
            turn(6, 5, 16.0, 0, 0),
        ],
        foes: vec![foe(3, GIVES_WAY | MERGES), foe(0, IS_GIVEN_WAY | MERGES)],
        inward: vec![0, 2, 1, 4, 6, 5],
        kinds: vec![car],
        // From either street into the one behind the junction, and from there on, where nothing leads.
        routes: [0, 1, 2, 1, 1, 3].map(|street: u32| street | 1 << STREET_BITS).to_vec(),
        trips: [(0, 2), (0, 2), (0, 2), (2, 4), (4, 6)].map(|(first, last)| trip(first, last)).to_vec(),
        tallies: 1,
        ..SimulationNetwork::default()
    }
}

#[test]
fn a_ring_of_lanes_across_a_junction_is_looked_at_once() {
    use hanze_engine::models::traffic::motion::params::{FULL, REASON};
    let network = Arc::new(rings());
    let place = |trip: u32, lane: u32, pos: f32, speed: f32| {
        let length = network.kinds[0].length;
        let place = network.trips[trip as usize].first;
        Vehicle { trip, lane, place, pos, speed, length, ..Vehicle::default() }
    };
    // Somebody stands at the end of the street behind the junction: room for three. The one who comes is the third with one on the way,
    // and the fourth with two; he would be refused at once if those on the ring were counted again.
    let coming = place(0, 0, 49.0, 1.0);
    let standing = place(4, 3, 19.5, 0.0);
    let (one, two, other) = (place(1, 1, 7.0, 2.0), place(2, 2, 7.0, 2.0), place(3, 4, 40.0, 5.0));
    let cases: [(&[Vehicle], bool); 3] = [
        (&[coming, one, standing], false),
        (&[coming, one, two, standing], true),
        (&[coming, one, two, standing, other], true),
    ];
    for (vehicles, is_full) in cases {
        let mut twin = mover(&Device::Cpu, &network).unwrap();
        twin.place(vehicles).unwrap();
        twin.run(1).unwrap();
        let first = twin.vehicles().unwrap()[0];
        assert_eq!(first.trip, 0, "{first:?}");
        // With somebody on the other street he may wait for that one instead.
        let waits = first.state & REASON;
        assert!(if vehicles.len() < 5 { (waits == FULL) == is_full } else { waits != 0 }, "{vehicles:?}: {waits}");
    }
    let Some(device) = gpu() else { return };
    for (vehicles, _) in cases {
        let [mut twin, mut own] = [&Device::Cpu, &device].map(|device| mover(device, &network).unwrap());
        twin.place(vehicles).unwrap();
        own.place(vehicles).unwrap();
        for step in 0..40 {
            twin.run(1).unwrap();
            own.run(1).unwrap();
            let (left, right) = (twin.vehicles().unwrap(), own.vehicles().unwrap());
            let bits = |vehicles: &[Vehicle]| bytemuck::cast_slice::<Vehicle, u32>(vehicles).to_vec();
            assert!(bits(&left) == bits(&right), "step {step}:\n{left:?}\n{right:?}");
        }
        assert_eq!(twin.take_tallies().unwrap(), own.take_tallies().unwrap());
    }
}

/// Queues are joined to the stop line: whoever stands further back on a free road is none.
#[test]
fn a_queue_reaches_from_the_stop_line_to_its_last_vehicle() {
    use hanze_engine::models::traffic::motion::params::{FOLLOWS, TALLY};
    let town = Town::junction(&[(0.0, "residential"), (180.0, "residential")]);
    let street = town.street(0, true);
    let lane = town.lanes.streets[street as usize].first;
    let length = town.lanes.lanes[lane as usize].length as f32;
    // Places before the stop line and speeds, and the queue that they make.
    for (places, queue) in [
        (&[(200.0, 0.0)][..], 0.0),
        (&[(1.0, 0.0), (8.0, 0.0), (200.0, 0.0)][..], 12.5),
        (&[(1.0, 0.0), (60.0, 0.0)][..], 5.5),
        // Its head flows off, and it is one still.
        (&[(4.0, 3.0), (14.0, 1.0), (21.0, 0.0)][..], 25.5),
        (&[(4.0, 8.0), (24.0, 8.0)][..], 0.0),
    ] {
        let kinds = kinds(&town.rules);
        let mut network =
            SimulationNetwork::new(&town.lanes, Rule { step: 0.5, newell: false, seed: 1 }, kinds.clone());
        let streets = vec![street, town.street(1, false)];
        let one = Traveller { depart: 4e6, kind: CAR, streets, factor: 1.0, ..Traveller::default() };
        assert!(network.load(&town.lanes, &vec![one; places.len()]).unwrap().is_empty());
        let network = Arc::new(network);
        let mut mover = mover(&Device::Cpu, &network).unwrap();
        let vehicle = |(k, (before, speed)): (usize, &(f32, f32))| Vehicle {
            trip: k as u32,
            kind: CAR,
            lane,
            place: network.trips[k].first,
            pos: length - before,
            speed: *speed,
            length: kinds[CAR as usize].length,
            state: FOLLOWS,
            ..Vehicle::default()
        };
        mover.place(&places.iter().enumerate().map(vehicle).collect::<Vec<_>>()).unwrap();
        mover.run(1).unwrap();
        let tallies = mover.take_tallies().unwrap();
        let found = f64::from(tallies[street as usize * TALLY + 5]) / 10.0;
        assert!((found - queue).abs() < 0.11, "{places:?}: {found} m, and not {queue}");
    }
}

#[test]
fn both_sides_of_a_map_are_read() {
    // What the others rest on: streets are found by their ways, and cycle lanes are drawn where they should be.
    let town = Town::of(&side_street());
    let lanes = |id: &str| {
        let is_own = |own: &lanes::Street| own.road.is_some_and(|road| town.roads.links[road as usize].id == id);
        let street = town.lanes.streets.iter().position(is_own).unwrap();
        town.lanes.of_street(street).map(|lane| town.lanes.lanes[lane].modes).collect::<Vec<u8>>()
    };
    assert_eq!(lanes("1")[0], 4, "a lane for cycles on the right");
    assert!(lanes("-3").len() == 1 && lanes("-3")[0] & 5 == 5, "one lane for cars and cycles");
}
