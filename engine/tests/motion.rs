//! Vehicles that move: both devices give the same bits, nobody is lost, nobody drives through another, and what the files of SUMO say
//! holds.

#[path = "common/adapter.rs"]
mod adapter;

use adapter::gpu;
use hanze_engine::city::roads::lanes::{self, Lanes};
use hanze_engine::device::Device;
use hanze_engine::models::traffic::motion::mover::{Mover, mover};
use hanze_engine::models::traffic::motion::params::{Moment, NONE, Outcome, Vehicle};
use hanze_engine::models::traffic::motion::told;
use hanze_engine::models::traffic::motion::world::{Rule, World};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

#[test]
fn bologna_is_as_in_sumo() {
    let Some(folder) = data("traffic/sumo/bologna_acosta") else { return };
    let (town, world) = bologna(&folder);
    let mut mover = mover(&Device::Cpu, &world).unwrap();
    mover.run(14_400).unwrap();
    let outcomes = mover.outcomes().unwrap();
    assert!(outcomes.iter().all(|own| own.arrived > 0), "somebody is still on the way");
    let mean =
        outcomes.iter().map(|own| f64::from(own.arrived - own.inserted) / 1000.0).sum::<f64>() / outcomes.len() as f64;
    assert!((mean / 288.7 - 1.0).abs() < 0.15, "mean duration {mean} s, SUMO 288.7 s");
    let tallies = mover.take_tallies().unwrap();
    let text = std::fs::read_to_string(folder.join("ref_sumo1.28_edgedata.xml")).unwrap();
    let (mut good, mut all) = (0, 0);
    for line in text.lines().filter(|line| line.contains("<edge id=")) {
        let get = |key: &str| line.split(&format!(" {key}=\"")).nth(1).unwrap().split('"').next().unwrap();
        let Some(street) = town.streets.iter().position(|street| street.id == get("id")) else { continue };
        let theirs = (get("entered").parse::<f64>().unwrap() + get("departed").parse::<f64>().unwrap()) / 2.0;
        let ours = f64::from(tallies[street * 9 + 3]) / 2.0;
        let geh = if ours + theirs > 0.0 { (2.0 * (ours - theirs).powi(2) / (ours + theirs)).sqrt() } else { 0.0 };
        all += 1;
        good += usize::from(geh < 5.0);
    }
    assert!(all > 140 && f64::from(good as u32) >= 0.85 * f64::from(all), "GEH below 5 on {good} of {all} streets");
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
