//! Vehicles that move: both devices give the same bits, nobody is lost, nobody drives through another, and what the files of SUMO say
//! holds.

#[path = "common/adapter.rs"]
mod adapter;

use adapter::gpu;
use glam::dvec2;
use hanze_engine::city::roads::lanes::{self, Lanes};
use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{CAR, Control, Link, Node, Roads};
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::models::traffic::motion::mover::{Mover, mover};
use hanze_engine::models::traffic::motion::params::{Moment, NONE, Outcome, Vehicle};
use hanze_engine::models::traffic::motion::told;
use hanze_engine::models::traffic::motion::world::{Rule, Traveller, World, car};
use hanze_engine::scenario::Scenario;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A folder of the reference data.
fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HANZE_DATA").map_or_else(|| PathBuf::from("../../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!std::env::var("HANZE_REQUIRE_DATA").is_ok_and(|value| value == "1"), "{} is not there", path.display());
    eprintln!("{} is not there: a test on it did not run", path.display());
    None
}

fn bologna(folder: &Path) -> (Lanes, Arc<World>) {
    let mut town = lanes::read(&folder.join("acosta_buslanes.net.xml")).unwrap();
    let files = [
        "acosta.rou.xml",
        "acosta_busses.rou.xml",
        "acosta_vtypes.add.xml",
        "acosta_bus_stops.add.xml",
        "acosta_tls.add.xml",
    ];
    let extras: Vec<_> = files.iter().map(|name| lanes::extras(&folder.join(name)).unwrap()).collect();
    extras.iter().for_each(|extras| town.take_programs(extras));
    let told = told::told(&town, &extras, 1);
    let mut world = World::new(&town, Rule { step: 0.5, newell: false, seed: 1 }, told.kinds);
    assert!(world.load(&town, &told.travellers).unwrap().is_empty());
    (town, Arc::new(world))
}

/// All that a mover holds.
fn all(mover: &mut dyn Mover) -> (Moment, Vec<Vehicle>, Vec<Outcome>, Vec<u32>) {
    (mover.clock().unwrap(), mover.vehicles().unwrap(), mover.outcomes().unwrap(), mover.take_tallies().unwrap())
}

#[test]
fn both_devices_give_the_same_bits() {
    let (Some(folder), Some(device)) = (data("traffic/sumo/bologna_acosta"), gpu()) else { return };
    let (_, world) = bologna(&folder);
    let mut twin = mover(&Device::Cpu, &world).unwrap();
    let mut own = mover(&device, &world).unwrap();
    for minute in 1..=6 {
        twin.run(120).unwrap();
        own.run(120).unwrap();
        let (left, right) = (all(twin.as_mut()), all(own.as_mut()));
        assert!(left.1.len() > 20, "minute {minute}: {} vehicles", left.1.len());
        let bits = |vehicles: &[Vehicle]| bytemuck::cast_slice::<Vehicle, u32>(vehicles).to_vec();
        let differs = left.1.iter().zip(&right.1).position(|(a, b)| bits(&[*a]) != bits(&[*b]));
        if let Some(k) = differs {
            panic!("minute {minute}, slot {k} of {}:\n{:?}\n{:?}", left.1.len(), left.1[k], right.1[k]);
        }
        assert_eq!(left.0, right.0, "minute {minute}");
        assert!(left.1.len() == right.1.len() && left.2 == right.2 && left.3 == right.3, "minute {minute}");
    }
    // And again, from the beginning.
    let mut again = mover(&device, &world).unwrap();
    again.run(720).unwrap();
    let (first, second) = (own.vehicles().unwrap(), again.vehicles().unwrap());
    assert_eq!(bytemuck::cast_slice::<Vehicle, u32>(&first), bytemuck::cast_slice::<Vehicle, u32>(&second));
}

#[test]
fn nobody_is_lost_and_nobody_drives_through_another() {
    let Some(folder) = data("traffic/sumo/bologna_acosta") else { return };
    let (town, world) = bologna(&folder);
    let mut mover = mover(&Device::Cpu, &world).unwrap();
    let mut most = 0;
    for step in 0..1800 {
        let clock = mover.run(1).unwrap();
        let vehicles = mover.vehicles().unwrap();
        most = most.max(vehicles.len());
        assert_eq!(clock.inserted as usize, clock.arrived as usize + vehicles.len(), "step {step}");
        for pair in vehicles.windows(2) {
            let (front, back) = (&pair[0], &pair[1]);
            assert!(front.lane <= back.lane, "step {step}: out of order");
            let same = front.lane == back.lane;
            let gap = front.pos - front.length - back.pos;
            assert!(!same || gap > -1e-3, "step {step}: {gap} m between\n{front:?}\n{back:?}");
        }
        for one in &vehicles {
            let length = town.lanes[one.lane as usize].length as f32;
            assert!(one.lane != NONE && one.speed >= 0.0 && one.pos >= 0.0 && one.pos <= length, "{one:?} of {length}");
        }
    }
    assert!(most > 400, "{most} vehicles at most");
}

#[test]
fn noise_and_nitrogen_dioxide_are_those_of_the_vectors() {
    use hanze_engine::models::traffic::noise::{BANDS, FIRST, Site, Traffic, power};
    use hanze_engine::models::traffic::srm1::{self, StreetType};
    let Some(folder) = data("traffic/emissions_noise") else { return };
    let read = |name: &str| -> Vec<serde_json::Value> {
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    };
    for one in read("cnossos_road_vectors.json") {
        let own = &one["inputs"];
        let number = |key: &str| own[key].as_f64().unwrap();
        let all = own["lv_speed"].is_f64();
        let names = ["lv", "mv", "hgv", "wav", "wbv"];
        let traffic = match all {
            true => Traffic {
                flow: names.map(|name| number(&format!("{name}_per_hour"))),
                speed: names.map(|name| number(&format!("{name}_speed"))),
            },
            false => Traffic { flow: [number("lv_per_hour"), 0.0, 0.0, 0.0, 0.0], speed: [number("all_speeds"); 5] },
        };
        let site = Site {
            surface: own["RoadSurface"].as_str().unwrap(),
            temperature: number("Temperature"),
            slope: one["slope"].as_f64().unwrap(),
            studs: (number("Pm_stud"), number("Ts_stud")),
            junction: Some((number("Junc_type") as u8, number("Junc_dist"))),
        };
        let found = power(&FIRST, &traffic, &site).unwrap();
        let want: Vec<f64> = one["expected_dB_per_m"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let bands = if all {
            vec![BANDS.iter().position(|band| *band == number("FreqParam")).unwrap()]
        } else {
            (0..8).collect()
        };
        for (band, want) in bands.into_iter().zip(want) {
            assert!((found[band] - want).abs() < 0.01, "{}: band {band}: {} for {want}", one["test"], found[band]);
        }
    }
    for one in read("srm1_vectors.json") {
        let number = |key: &str| one[key].as_f64().unwrap();
        let kind = if one["roadtype"] == "1_wide_canyon" { StreetType::WideCanyon } else { StreetType::Open };
        let nox = srm1::nox(kind, number("S_m"), number("E_ug_per_m_s"), number("tree"), number("wind"));
        let no2 = srm1::no2(nox, number("fNO2"), number("O3_bg"));
        assert!((nox - number("C_NOx")).abs() < 1e-9 && (no2 - number("C_NO2")).abs() < 1e-9, "{one}: {nox}, {no2}");
    }
}

/// A road of two streets of 100 m with lights between them, as SUMO writes it.
const NET: &str = r#"<net version="1.20"><location netOffset="0,0" convBoundary="0,0,200,0" origBoundary="0,0,1,1" projParameter="!"/>
<edge id="a" from="1" to="2" priority="1"><lane id="a_0" index="0" speed="13.9" length="100" shape="0,0 100,0"/></edge>
<edge id="b" from="2" to="3" priority="1"><lane id="b_0" index="0" speed="13.9" length="100" shape="100,0 200,0"/></edge>
<tlLogic id="2" type="static" programID="0" offset="0"><phase duration="30" state="GREEN"/></tlLogic>
<junction id="1" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape="0,1 0,-1"/>
<junction id="2" type="traffic_light" x="100" y="0" incLanes="a_0" intLanes="" shape="100,1 100,-1"/>
<junction id="3" type="dead_end" x="200" y="0" incLanes="b_0" intLanes="" shape="200,1 200,-1"/>
<connection from="a" to="b" fromLane="0" toLane="0" tl="2" linkIndex="0" dir="s" state="O"/></net>"#;

/// Lanes and vehicles of a text of each.
fn written(net: &str, routes: &str) -> Result<(Lanes, told::Told), String> {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a.net.xml"), folder.path().join("a.rou.xml"));
    std::fs::write(&one, net).unwrap();
    std::fs::write(&two, format!("<routes>{routes}</routes>")).unwrap();
    let words = |error: hanze_engine::error::Error| error.to_string();
    let mut town = lanes::read(&one).map_err(words)?;
    let extras = [lanes::extras(&two).map_err(words)?];
    town.take_programs(&extras[0]);
    town.tell_of_lights();
    let told = told::told(&town, &extras, 1);
    Ok((town, told))
}

fn moved(town: &Lanes, told: &told::Told, minutes: u32) -> (Moment, usize) {
    let mut world = World::new(town, Rule { step: 0.5, newell: false, seed: 1 }, told.kinds.clone());
    let refused = world.load(town, &told.travellers).unwrap();
    let mut mover = mover(&Device::Cpu, &Arc::new(world)).unwrap();
    (mover.run(120 * minutes).unwrap(), refused.len())
}

#[test]
fn files_of_sumo_that_are_wrong_or_odd_are_told() {
    let car =
        |keys: &str, edges: &str| format!("<vehicle id=\"v\" depart=\"0\" {keys}><route edges=\"{edges}\"/></vehicle>");
    let net = NET.replace("GREEN", "G");
    // A car drives through, and one without a route, or over edges that are not there, is left out with a word.
    let (town, told) = written(&net, &car("", "a b")).unwrap();
    assert_eq!(
        moved(&town, &told, 2),
        (Moment { step: 240, now: 120_000, inserted: 1, arrived: 1, ..moved(&town, &told, 2).0 }, 0)
    );
    for edges in ["", "a nowhere"] {
        let (_, told) = written(&net, &car("", edges)).unwrap();
        assert!(told.travellers.is_empty() && told.refused[0].contains("v has a route"), "{:?}", told.refused);
    }
    // Streets that do not follow each other are no route.
    let (town, told) = written(&net, &car("", "b a")).unwrap();
    assert_eq!(moved(&town, &told, 1).1, 1);
    // Lights that are never green hold all back, and the file is said to have them.
    let (town, told) = written(&NET.replace("GREEN", "r"), &car("", "a b")).unwrap();
    assert!(town.repairs.iter().any(|own| own.contains("never show green")), "{:?}", town.repairs);
    let clock = moved(&town, &told, 10).0;
    assert_eq!((clock.inserted, clock.arrived), (1, 0));
    // A street that is full lets nobody more in: they wait, and are counted.
    let flow = "<route id=\"r\" edges=\"a b\"/><flow id=\"f\" begin=\"0\" end=\"300\" number=\"100\" route=\"r\"/>";
    let (town, told) = written(&NET.replace("GREEN", "r"), flow).unwrap();
    let clock = moved(&town, &told, 10).0;
    assert!(told.travellers.len() == 100 && (10..=16).contains(&clock.inserted), "{clock:?}");
    // More vehicles than any memory holds are refused before they are made.
    for keys in ["period=\"0.0001\"", "number=\"10000000\"", "vehsPerHour=\"1e12\""] {
        let many =
            format!("<route id=\"r\" edges=\"a b\"/><flow id=\"f\" begin=\"0\" end=\"90000\" {keys} route=\"r\"/>");
        let found = written(&net, &many).err().unwrap_or_default();
        assert!(found.contains("the most that are taken"), "{keys}: {found}");
    }
    for (from, to, words) in [
        ("duration=\"30\"", "duration=\"-1\"", "no time that can be"),
        ("speed=\"13.9\" length=\"100\" shape=\"0,0", "speed=\"0\" length=\"100\" shape=\"0,0", "has no speed"),
        ("length=\"100\"", "length=\"long\"", "length"),
        ("shape=\"0,0 100,0\"", "shape=\"0,0 x\"", "no place"),
        ("</net>", "<edge", ""),
    ] {
        let found = written(&net.replace(from, to), &car("", "a b")).err().unwrap_or_default();
        assert!(!found.is_empty() && found.contains(words), "{to}: \"{found}\"");
    }
    for (routes, words) in [
        ("<vehicle id=\"v\"/>", "depart"),
        ("<vehicle id=\"v\" depart=\"soon\"/>", "depart"),
        ("<flow id=\"f\" begin=\"0\"/>", "no number an hour"),
        ("<vehicle id=\"v\" depart=\"0\">", ""),
    ] {
        let found = written(&net, routes).err().unwrap_or_default();
        assert!(!found.is_empty() && found.contains(words), "{routes}: \"{found}\"");
    }
}

#[test]
fn a_route_may_lead_through_a_street_twice() {
    let ring = NET
        .replace("GREEN", "G")
        .replace("to=\"3\"", "to=\"1\"")
        .replace("</net>", "<connection from=\"b\" to=\"a\" fromLane=\"0\" toLane=\"0\" dir=\"t\" state=\"M\"/></net>");
    let (town, told) = written(&ring, "<vehicle id=\"v\" depart=\"0\"><route edges=\"a b a b a\"/></vehicle>").unwrap();
    assert_eq!(moved(&town, &told, 3).0.arrived, 1);
}

/// Nodes and links of a junction that is drawn after a file.
fn drawn(nodes: &[(&str, f64, f64)], links: &[(&str, &str, f64, Control, bool)]) -> Roads {
    let mut roads = Roads::default();
    for (id, x, y) in nodes {
        roads.nodes.push(Node { id: (*id).into(), at: dvec2(*x, *y) });
    }
    let node = |id: &str| roads.nodes.iter().position(|own| own.id == id).unwrap();
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

/// Drivers by nodes of their routes and how many set out an hour; minutes. Gives how many came in, and arrived, and the longest stand, s.
fn driven(roads: &Roads, town: &Lanes, routes: &[(&[&str], f64)], minutes: u32) -> (u32, u32, f64) {
    let street = |from: &str, to: &str| {
        let id = format!("{from}-{to}");
        town.streets.iter().position(|own| roads.links[own.road.unwrap() as usize].id == id).unwrap() as u32
    };
    let mut travellers = Vec::new();
    for (k, (nodes, per_hour)) in routes.iter().enumerate() {
        let streets: Vec<u32> = nodes.windows(2).map(|pair| street(pair[0], pair[1])).collect();
        let count = (per_hour * f64::from(minutes) / 60.0) as u32;
        for car in 0..count {
            let depart = f64::from(minutes) * 60.0 * told::share(car, k as u32);
            travellers.push(Traveller { depart, streets: streets.clone(), factor: 1.0, ..Traveller::default() });
        }
    }
    let mut world = World::new(town, Rule { step: 0.5, newell: false, seed: 1 }, vec![car()]);
    assert!(world.load(town, &travellers).unwrap().is_empty());
    let mut mover = mover(&Device::Cpu, &Arc::new(world)).unwrap();
    let mut longest = 0;
    let mut clock = Moment::default();
    for _ in 0..minutes * 12 {
        clock = mover.run(10).unwrap();
        let vehicles = mover.vehicles().unwrap();
        assert_eq!(clock.inserted as usize, clock.arrived as usize + vehicles.len());
        longest = vehicles.iter().map(|own| own.stood).max().unwrap_or(0).max(longest);
        for pair in vehicles.windows(2).filter(|pair| pair[0].lane == pair[1].lane) {
            assert!(pair[0].pos - pair[0].length - pair[1].pos > -1e-3, "{pair:?}");
        }
    }
    (clock.inserted, clock.arrived, 0.5 * f64::from(longest))
}

#[test]
fn a_turbo_roundabout_runs_without_a_dead_stop() {
    // Places, lanes and who goes where after nl/TurboRoundabout.xml; its 1500 cars an hour from each side would only queue.
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
    let town = lanes::build(&roads, &Rules::dutch().unwrap().junctions, None);
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
    let (came, arrived, longest) = driven(&roads, &town, &routes, 30);
    println!("turbo roundabout: {came} came in, {arrived} arrived, the longest stand was {longest} s");
    assert!(came > 900 && f64::from(arrived) > 0.9 * f64::from(came) && longest < 120.0, "{came} {arrived} {longest}");
}

#[test]
fn lights_that_see_who_comes_serve_all_and_waste_no_green() {
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
    let index =
        |from: &str, to: &str| roads.links.iter().position(|own| own.id == format!("{from}-{to}")).unwrap() as u32;
    let flows: Vec<lanes::Route> = wanted
        .iter()
        .map(|([a, b, c], flow)| lanes::Route { links: vec![index(a, b), index(b, c)], flow: *flow, is_cycle: false })
        .collect();
    let mut town = lanes::build(&roads, &Rules::dutch().unwrap().junctions, Some(&flows));
    for program in &mut town.programs {
        program.is_actuated = true;
        for phase in program.phases.iter_mut().filter(|phase| phase.states.contains(&b'G')) {
            (phase.least, phase.most) = (6.0, 40.0);
        }
    }
    let routes: Vec<(&[&str], f64)> = wanted.iter().map(|(nodes, flow)| (&nodes[..], *flow)).collect();
    let (came, arrived, longest) = driven(&roads, &town, &routes, 30);
    println!("lights that see: {came} came in, {arrived} arrived, the longest stand was {longest} s");
    assert!(came > 900 && f64::from(arrived) > 0.93 * f64::from(came) && longest < 90.0, "{came} {arrived} {longest}");
    // With the same phases at their longest times people stand longer.
    for program in &mut town.programs {
        program.is_actuated = false;
        program.phases.iter_mut().for_each(|phase| phase.least = phase.most);
    }
    let (_, _, fixed) = driven(&roads, &town, &routes, 30);
    assert!(fixed > longest, "{fixed} {longest}");
}

#[test]
fn a_jam_is_told_with_its_junction_and_a_closure_by_the_names_of_edges() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.rou.xml",
        "<routes><route id=\"r\" edges=\"a b\"/><flow id=\"f\" begin=\"50000\" end=\"50300\" number=\"40\" route=\"r\"/></routes>",
    );
    let run = |state: &str, rest: &str| -> Result<Vec<String>, String> {
        write("a.net.xml", &NET.replace("GREEN", state));
        write(
            "scenario.toml",
            &format!(
                "title = \"t\"\nmodel = \"traffic\"\n[city]\nnetwork = \"a.net.xml\"\ncell_m = 5\n[time]\nend_minutes = 20\n\
                 [traffic]\n[traffic.motion]\nfiles = [\"a.rou.xml\"]\n{rest}"
            ),
        );
        let words = |error: hanze_engine::error::Error| error.to_string();
        let scenario = Scenario::load(&folder.path().join("scenario.toml")).map_err(words)?;
        let (city, _) = scenario.city().map_err(words)?;
        let mut model = models::prepare(&city, &scenario, &Device::Cpu, None).map_err(words)?;
        for until in scenario.frame_times() {
            while !model.advance(until, Duration::from_secs(1)).map_err(words)?.reached {}
            model.frame().map_err(words)?;
        }
        let outcome = model.outcome().map_err(words)?;
        assert_eq!(outcome.balance.map(|own| own.error), Some(0.0));
        Ok(outcome.story.into_iter().map(|text| text.en).collect())
    };
    let jam = run("r", "").unwrap();
    let said = |words: &[String], part: &str| words.iter().any(|own| own.contains(part));
    // 15 cars stand on a street of 100 m, and the others wait; time is counted from the first of them.
    assert!(said(&jam, "Between 13:53 and 14:13"), "{jam:?}");
    assert!(said(&jam, "jammed fast at the end") && said(&jam, "at the junctions 2 (1"), "{jam:?}");
    assert!(said(&jam, "vehicles still wait to set out"), "{jam:?}");
    let free = run("G", "").unwrap();
    assert!(!said(&free, "jammed") && !said(&free, "wait to set out"), "{free:?}");
    let closure = |edge: &str| {
        format!(
            "[[traffic.motion.closure]]\nname = \"Works\"\nlinks = [\"{edge}\"]\nfrom_minute = 2\nuntil_minute = 8\n"
        )
    };
    let closed = run("G", &closure("b")).unwrap();
    assert!(
        said(&closed, "Works: closed from 13:55 to 14:01 (1 links)") && said(&closed, "more than today"),
        "{closed:?}"
    );
    let unknown = run("G", &closure("nowhere")).unwrap_err();
    assert!(unknown.contains("edge nowhere"), "{unknown}");
    let place = closure("b").replace("links = [\"b\"]", "street = \"b\"");
    assert!(run("G", &place).unwrap_err().contains("closure[0]"));
}
