//! Vehicles that move: both devices give the same bits, nobody is lost, nobody drives through another, and what the files of SUMO say
//! holds.

use crate::common::gpu;
use hanze_engine::city::roads::lanes::{self, Lanes};
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::models::traffic::motion::mover::{Mover, mover};
use hanze_engine::models::traffic::motion::network::{Rule, SimulationNetwork};
use hanze_engine::models::traffic::motion::params::{Moment, NONE, Outcome, Vehicle};
use hanze_engine::models::traffic::motion::sumo;
use hanze_engine::scenario;
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
    hanze_engine::testing::left_out("HANZE_REQUIRE_DATA", &format!("a test on {name}, which is not there"));
    None
}

fn bologna(folder: &Path) -> (Lanes, Arc<SimulationNetwork>) {
    let mut town = lanes::read(&folder.join("acosta_buslanes.net.xml")).unwrap();
    let files = [
        "acosta.rou.xml",
        "acosta_busses.rou.xml",
        "acosta_vtypes.add.xml",
        "acosta_bus_stops.add.xml",
        "acosta_tls.add.xml",
    ];
    let extras: Vec<_> = files.iter().map(|name| lanes::extras(&folder.join(name)).unwrap()).collect();
    town.take_programs(&extras);
    let demand = sumo::demand(&town, &extras, 1);
    let mut network = SimulationNetwork::new(&town, Rule { step: 0.5, newell: false, seed: 1 }, demand.kinds);
    assert!(network.load(&town, &demand.travellers).unwrap().is_empty());
    (town, Arc::new(network))
}

/// All that a mover holds.
fn all(mover: &mut dyn Mover) -> (Moment, Vec<Vehicle>, Vec<Outcome>, Vec<u32>) {
    (mover.clock().unwrap(), mover.vehicles().unwrap(), mover.outcomes().unwrap(), mover.take_tallies().unwrap())
}

#[test]
fn both_devices_give_the_same_bits() {
    let (Some(folder), Some(device)) = (data("traffic/sumo/bologna_acosta"), gpu()) else { return };
    let (_, network) = bologna(&folder);
    let mut twin = mover(&Device::Cpu, &network).unwrap();
    let mut own = mover(&device, &network).unwrap();
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
    let mut again = mover(&device, &network).unwrap();
    again.run(720).unwrap();
    let (first, second) = (own.vehicles().unwrap(), again.vehicles().unwrap());
    assert_eq!(bytemuck::cast_slice::<Vehicle, u32>(&first), bytemuck::cast_slice::<Vehicle, u32>(&second));
}

#[test]
fn nobody_is_lost_and_nobody_drives_through_another() {
    let Some(folder) = data("traffic/sumo/bologna_acosta") else { return };
    let (town, network) = bologna(&folder);
    let mut mover = mover(&Device::Cpu, &network).unwrap();
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
fn written(net: &str, routes: &str) -> Result<(Lanes, sumo::SumoDemand), String> {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("a.net.xml"), folder.path().join("a.rou.xml"));
    std::fs::write(&one, net).unwrap();
    std::fs::write(&two, format!("<routes>{routes}</routes>")).unwrap();
    let words = |error: hanze_engine::error::Error| error.to_string();
    let mut town = lanes::read(&one).map_err(words)?;
    let extras = [lanes::extras(&two).map_err(words)?];
    town.take_programs(&extras);
    town.tell_of_lights();
    let demand = sumo::demand(&town, &extras, 1);
    Ok((town, demand))
}

fn moved(town: &Lanes, demand: &sumo::SumoDemand, minutes: u32) -> (Moment, usize) {
    let mut network = SimulationNetwork::new(town, Rule { step: 0.5, newell: false, seed: 1 }, demand.kinds.clone());
    let refused = network.load(town, &demand.travellers).unwrap();
    let mut mover = mover(&Device::Cpu, &Arc::new(network)).unwrap();
    (mover.run(120 * minutes).unwrap(), refused.len())
}

#[test]
fn files_of_sumo_that_are_wrong_or_odd_are_told() {
    let car =
        |keys: &str, edges: &str| format!("<vehicle id=\"v\" depart=\"0\" {keys}><route edges=\"{edges}\"/></vehicle>");
    let net = NET.replace("GREEN", "G");
    // A car drives through, and one without a route, or over edges that are not there, is left out with a word.
    let (town, demand) = written(&net, &car("", "a b")).unwrap();
    assert_eq!(
        moved(&town, &demand, 2),
        (Moment { step: 240, now: 120_000, inserted: 1, arrived: 1, ..moved(&town, &demand, 2).0 }, 0)
    );
    for edges in ["", "a nowhere"] {
        let (_, demand) = written(&net, &car("", edges)).unwrap();
        assert!(demand.travellers.is_empty() && demand.refused[0].en.contains("v has a route"), "{:?}", demand.refused);
    }
    // Streets that do not follow each other are no route.
    let (town, demand) = written(&net, &car("", "b a")).unwrap();
    assert_eq!(moved(&town, &demand, 1).1, 1);
    // Lights that are never green hold all back, and the file is said to have them.
    let (town, demand) = written(&NET.replace("GREEN", "r"), &car("", "a b")).unwrap();
    assert!(
        town.repairs.iter().any(|own| own.contains("1 lights never show green for 1 of 1 turns")),
        "{:?}",
        town.repairs
    );
    assert!(town.repairs[0].share == 1.0 && town.repairs[0].text.nl.contains("nooit groen"), "{:?}", town.repairs);
    let clock = moved(&town, &demand, 10).0;
    assert_eq!((clock.inserted, clock.arrived), (1, 0));
    // What of lights and lanes is left out is told in one line of each kind, in both languages.
    let other = "<tlLogic id=\"KIND\" type=\"static\" programID=\"0\" offset=\"0\"><phase duration=\"30\" state=\"G\"/></tlLogic>";
    let others = other.replace("KIND", "x") + &other.replace("KIND", "y");
    let lost = net.replace("tlLogic id=\"2\"", "tlLogic id=\"z\"");
    for (net, rest, words) in [
        (&net, &others[..], ["2 of 2 programs of lights fit no junction", "2 van de 2 programma's"]),
        (&lost, "", ["1 lights have no program", "1 verkeerslichten hebben geen programma"]),
    ] {
        let (town, _) = written(net, &format!("{rest}{}", car("", "a b"))).unwrap();
        let repairs =
            town.repairs.iter().filter(|own| own.text.en.contains(words[0]) && own.text.nl.contains(words[1]));
        assert!(repairs.count() == 1 && town.repairs.len() == 1 && town.repairs[0].share == 1.0, "{:?}", town.repairs);
    }
    // A street that is full lets nobody more in: they wait, and are counted.
    let flow = "<route id=\"r\" edges=\"a b\"/><flow id=\"f\" begin=\"0\" end=\"300\" number=\"100\" route=\"r\"/>";
    let (town, demand) = written(&NET.replace("GREEN", "r"), flow).unwrap();
    let clock = moved(&town, &demand, 10).0;
    assert!(demand.travellers.len() == 100 && (10..=16).contains(&clock.inserted), "{clock:?}");
    // Its route and its stops may stand inside it, as those of a vehicle.
    let inside = "<flow id=\"f\" begin=\"0\" end=\"300\" number=\"100\"><route edges=\"a b\"/></flow>";
    let (town, demand) = written(&NET.replace("GREEN", "r"), inside).unwrap();
    assert_eq!((demand.travellers.len(), moved(&town, &demand, 10).0.inserted), (100, clock.inserted));
    let stops = "<busStop id=\"s\" lane=\"b_0\" startPos=\"40\" endPos=\"60\"/><flow id=\"f\" begin=\"0\" end=\"60\" number=\"2\">\
                 <route edges=\"a b\"/><stop busStop=\"s\" duration=\"30\"/></flow>";
    let demand = written(&net, stops).unwrap().1;
    assert_eq!(demand.travellers.iter().map(|own| own.stops.len()).collect::<Vec<_>>(), [1, 1]);
    let many = format!(
        "<flow id=\"f\" begin=\"0\" end=\"90000\" number=\"3000000\">{}</flow>",
        "<route edges=\"a b\"/>".repeat(4)
    );
    let found = written(&net, &many).err().unwrap_or_default();
    assert!(found.contains("routes and stops inside"), "{found}");
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
        ("shape=\"0,0 100,0\"", "shape=\"0,0 x\"", "not a place"),
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
    let (town, demand) =
        written(&ring, "<vehicle id=\"v\" depart=\"0\"><route edges=\"a b a b a\"/></vehicle>").unwrap();
    assert_eq!(moved(&town, &demand, 3).0.arrived, 1);
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
                "title = \"t\"\n[city]\nnetwork = \"a.net.xml\"\ncell_m = 5\n[traffic]\nend_minutes = 20\n\
                 [traffic.motion]\nfiles = [\"a.rou.xml\"]\n{rest}"
            ),
        );
        let words = |error: hanze_engine::error::Error| error.to_string();
        let scenario = scenario::load(&folder.path().join("scenario.toml")).map_err(words)?;
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
    assert!(said(&jam, "gridlocked at the end") && said(&jam, "at the junctions 2 (1"), "{jam:?}");
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
