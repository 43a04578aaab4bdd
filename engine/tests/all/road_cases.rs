//! What maps and edits say of one road: "Direct" is the way under test, between A in the west and B in the east, and "Detour" the
//! longer one.

use hanze_engine::city::roads::lanes::extras;
use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{CAR, CYCLE, Link, Reading, Roads, TRUCK, read};
use hanze_engine::device::Device;
use hanze_engine::error::Result;
use hanze_engine::frame::Outcome;
use hanze_engine::grid::Crs;
use hanze_engine::models;
use hanze_engine::remark::Remarks;
use hanze_engine::scenario;
use hanze_engine::words::Language;
use std::path::Path;
use std::time::Duration;

/// Keys and values.
type Tags<'a> = &'a [(&'a str, &'a str)];

const TRIPS: &str =
    "from,to,trips,class\nA,B,100,car\nB,A,80,car\nA,B,10,truck\nB,A,8,truck\nA,B,50,cycle\nB,A,40,cycle\n";
/// Both directions of cars and of cycles on the way under test where all use it, and where cars, or all, take the other.
const DIRECT: [f64; 4] = [100.0, 80.0, 50.0, 40.0];
const CYCLES_ONLY: [f64; 4] = [0.0, 0.0, 50.0, 40.0];
const NOBODY: [f64; 4] = [0.0; 4];

fn tags(all: Tags) -> String {
    all.iter().map(|(key, value)| format!("<tag k=\"{key}\" v=\"{value}\"/>")).collect()
}

/// A map of OpenStreetMap: attributes and tags of the way "Direct", tags of the node in its middle, and more elements. A tag `highway`
/// takes the place of its kind.
fn osm(attributes: &str, direct: Tags, node: Tags, more: &str) -> String {
    let mut text = "<?xml version=\"1.0\"?>\n<osm version=\"0.6\">\n".to_string();
    for (id, lat, lon) in [
        (1, 52.51, 6.08),
        (2, 52.51, 6.085),
        (3, 52.51, 6.095),
        (4, 52.51, 6.1),
        (5, 52.51, 6.09),
        (6, 52.515, 6.085),
        (7, 52.515, 6.095),
    ] {
        let own = if id == 5 { tags(node) } else { String::new() };
        text += &format!("<node id=\"{id}\" lat=\"{lat}\" lon=\"{lon}\">{own}</node>\n");
    }
    for (id, name, nodes) in [
        (100, "West", &[1, 2][..]),
        (101, "Direct", &[2, 5, 3]),
        (102, "Detour", &[2, 6, 7, 3]),
        (103, "East", &[3, 4]),
    ] {
        let nodes: String = nodes.iter().map(|node| format!("<nd ref=\"{node}\"/>")).collect();
        let own = if id == 101 { direct } else { &[] };
        let kind =
            if own.iter().any(|(key, _)| *key == "highway") { "" } else { "<tag k=\"highway\" v=\"secondary\"/>" };
        let attributes = if id == 101 { attributes } else { "" };
        text +=
            &format!("<way id=\"{id}\" {attributes}>{nodes}{kind}<tag k=\"name\" v=\"{name}\"/>{}</way>\n", tags(own));
    }
    format!("{text}{more}</osm>\n")
}

/// The four roads as lines of GeoJSON, each with properties of its own.
fn geojson(properties: impl Fn(usize) -> String) -> String {
    let lines = [
        "[[202032.94,502704.77],[202372.38,502708.03]]",
        "[[202372.38,502708.03],[202711.81,502711.32],[203051.25,502714.63]]",
        "[[202372.38,502708.03],[202367.01,503264.36],[203045.81,503270.95],[203051.25,502714.63]]",
        "[[203051.25,502714.63],[203390.69,502717.96]]",
    ];
    let features: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(k, line)| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{{}}},\"geometry\":{{\"type\":\"LineString\",\"coordinates\":{line}}}}}",
                properties(k)
            )
        })
        .collect();
    format!(
        "{{\"type\":\"FeatureCollection\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"urn:ogc:def:crs:EPSG::28992\"}}}},\"features\":[{}]}}",
        features.join(",")
    )
}

const NAMES: [&str; 4] = ["West", "Direct", "Detour", "East"];

/// The four roads in one text, by osmnx: with what `oneway` of "Direct" is.
fn osmnx(oneway: &str) -> String {
    geojson(|k| {
        let oneway = if k == 1 { oneway } else { "false" };
        format!("\"osmid\":{},\"highway\":\"secondary\",\"name\":\"{}\",\"oneway\":{oneway}", 100 + k, NAMES[k])
    })
}

/// The same by the Dutch road register: parts and directions of "Direct" and "Detour".
fn register(direct: [&str; 2], detour: [&str; 2]) -> String {
    geojson(|k| {
        let [part, direction] = [["RB", ""], direct, detour, ["RB", ""]][k];
        let direction = if direction.is_empty() { "null".to_string() } else { format!("\"{direction}\"") };
        format!(
            "\"wvk_id\":{},\"stt_naam\":\"{}\",\"wegbehsrt\":\"G\",\"bst_code\":\"{part}\",\"rijrichtng\":{direction}",
            100 + k,
            NAMES[k]
        )
    })
}

/// The same by SUMO; "Direct" leads one way.
fn sumo() -> String {
    let at = |node: usize| {
        [(202_032.94, 502_704.77), (202_372.38, 502_708.03), (203_051.25, 502_714.63), (203_390.69, 502_717.96)][node]
    };
    let (north, east) =
        ([(202_367.01, 503_264.36), (203_045.81, 503_270.95)], [(203_045.81, 503_270.95), (202_367.01, 503_264.36)]);
    type Edge<'a> = (&'a str, usize, usize, &'a str, &'a [(f64, f64)]);
    let edges: [Edge; 7] = [
        ("100", 0, 1, "West", &[]),
        ("-100", 1, 0, "West", &[]),
        ("101", 1, 2, "Direct", &[]),
        ("102", 1, 2, "Detour", &north),
        ("-102", 2, 1, "Detour", &east),
        ("103", 2, 3, "East", &[]),
        ("-103", 3, 2, "East", &[]),
    ];
    let mut text = "<net version=\"1.20\"><location netOffset=\"0.00,0.00\" projParameter=\"!\"/>\n".to_string();
    for (id, from, to, name, between) in edges {
        let line: Vec<(f64, f64)> = [&[at(from)][..], between, &[at(to)]].concat();
        let length: f64 = line.windows(2).map(|ends| (ends[1].0 - ends[0].0).hypot(ends[1].1 - ends[0].1)).sum();
        let shape: Vec<String> = line.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let shape = shape.join(" ");
        text += &format!(
            "<edge id=\"{id}\" from=\"n{from}\" to=\"n{to}\" name=\"{name}\" priority=\"4\" type=\"highway.secondary\" shape=\"{shape}\">\
             <lane id=\"{id}_0\" index=\"0\" speed=\"13.89\" length=\"{length:.2}\" shape=\"{shape}\"/></edge>\n"
        );
    }
    for node in 0..4 {
        let (x, y) = at(node);
        text += &format!("<junction id=\"n{node}\" type=\"priority\" x=\"{x}\" y=\"{y}\"/>\n");
    }
    for (from, begin, via, ..) in edges {
        for (to, ..) in edges.iter().filter(|(_, start, end, ..)| *start == via && *end != begin) {
            text += &format!(
                "<connection from=\"{from}\" to=\"{to}\" fromLane=\"0\" toLane=\"0\" dir=\"s\" state=\"M\"/>\n"
            );
        }
    }
    format!("{text}</net>\n")
}

/// A town with these roads, between the zones A and B.
struct Town {
    folder: tempfile::TempDir,
    network: &'static str,
}

impl Town {
    fn new(network: &'static str, text: &str) -> Town {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(network), text).unwrap();
        let zone = |name: &str, x: f64| {
            let (west, east, south, north) = (x - 80.0, x + 80.0, 502_630.0, 502_790.0);
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\",\"residents\":100,\"jobs\":100}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"
            )
        };
        let zones = format!(
            "{{\"type\":\"FeatureCollection\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"EPSG:28992\"}}}},\"features\":[{},{}]}}",
            zone("A", 202_032.94),
            zone("B", 203_390.69)
        );
        std::fs::write(folder.path().join("zones.geojson"), zones).unwrap();
        Town { folder, network }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn roads(&self) -> Roads {
        let rules = Rules::dutch().unwrap();
        let reading = Reading { crs: Crs { epsg: Some(28992) }, declared: None, nodes: None, rules: &rules };
        read(&self.path().join(self.network), &reading).unwrap()
    }

    fn run(&self, trips: &str, edit: &str) -> Result<(Outcome, Remarks)> {
        std::fs::write(self.path().join("trips.csv"), trips).unwrap();
        let text = format!(
            "title = \"t\"\n[city]\nnetwork = \"{}\"\nepsg = 28992\n[traffic]\nend_minutes = 60\nstart = \"08:00\"\n\
             [traffic.demand]\nzones = \"zones.geojson\"\ntrips = \"trips.csv\"\n{edit}",
            self.network
        );
        let file = self.path().join("s.toml");
        std::fs::write(&file, text).unwrap();
        let scenario = scenario::load(&file)?;
        let (city, _) = scenario.city()?;
        let mut model = models::prepare(&city, &scenario, &Device::Cpu, None)?;
        for until in scenario.frame_times() {
            while !model.advance(until, Duration::from_millis(250))?.reached {}
        }
        Ok((model.outcome()?, model.remarks()))
    }

    /// Cars from A to B and back, and cycles, on a road.
    fn flows(&self, road: &str) -> [f64; 4] {
        flows(&self.run(TRIPS, "").unwrap().0, road)
    }
}

/// Flow of a class on a road in one direction: the most of its stretches.
fn flow(outcome: &Outcome, road: &str, back: bool, column: &str) -> f64 {
    let table = outcome.tables.iter().find(|table| table.name == "links").unwrap();
    let column = table.columns.iter().position(|own| own == column).unwrap();
    let own = |name: &String| name.ends_with(&format!(" {road}")) && name.starts_with('-') == back;
    let rows = table.names.iter().zip(&table.rows).filter(|(name, _)| own(name));
    rows.map(|(_, row)| row[column]).fold(0.0, f64::max).round()
}

fn flows(outcome: &Outcome, road: &str) -> [f64; 4] {
    let of = |back, column| flow(outcome, road, back, column);
    [of(false, "cars_per_h"), of(true, "cars_per_h"), of(false, "cycles_per_h"), of(true, "cycles_per_h")]
}

fn said(remarks: &Remarks, language: Language) -> String {
    remarks.words(language).collect::<Vec<_>>().join("\n")
}

#[test]
fn barriers_close_roads_and_tags_open_them() {
    for (node, expected) in [
        (&[("barrier", "bollard")][..], CYCLES_ONLY),
        (&[("barrier", "rising_bollard"), ("bus", "yes")], CYCLES_ONLY),
        (&[("barrier", "bus_trap")], CYCLES_ONLY),
        (&[("barrier", "bollard"), ("motor_vehicle", "yes")], DIRECT),
        (&[("barrier", "gate")], DIRECT),
        (&[("barrier", "gate"), ("locked", "yes")], NOBODY),
        (&[("barrier", "gate"), ("locked", "yes"), ("bicycle", "yes")], CYCLES_ONLY),
        (&[("barrier", "lift_gate"), ("motor_vehicle", "private")], CYCLES_ONLY),
        (&[("barrier", "cattle_grid")], DIRECT),
    ] {
        let town = Town::new("n.osm", &osm("", &[], node, ""));
        let (outcome, remarks) = town.run(TRIPS, "").unwrap();
        assert_eq!(flows(&outcome, "Direct"), expected, "{node:?}");
        let is_told = said(&remarks, Language::English).contains("barriers such as bollards");
        assert_eq!(is_told, expected[0] == 0.0, "{node:?}");
        assert_eq!(said(&remarks, Language::Dutch).contains("afsluitingen zoals paaltjes"), is_told);
    }
    // Trucks alone may be kept out.
    let town = Town::new("n.osm", &osm("", &[], &[("barrier", "height_restrictor"), ("hgv", "no")], ""));
    let (outcome, _) = town.run(TRIPS, "").unwrap();
    assert_eq!(flows(&outcome, "Direct"), DIRECT);
    assert_eq!(flow(&outcome, "Direct", false, "trucks_per_h"), 0.0);
    assert_eq!(flow(&outcome, "Detour", false, "trucks_per_h"), 10.0);
}

#[test]
fn streets_for_buses_are_closed_to_cars() {
    for (direct, expected) in [
        (&[("access", "no"), ("bus", "yes")][..], NOBODY),
        (&[("access", "no"), ("psv", "yes"), ("bicycle", "yes")], CYCLES_ONLY),
        (&[("highway", "busway")], NOBODY),
        (&[("highway", "busway"), ("bicycle", "yes")], CYCLES_ONLY),
        (&[("psv", "only")], CYCLES_ONLY),
        (&[("motor_vehicle", "no"), ("bus", "designated")], CYCLES_ONLY),
        (&[("vehicle", "no")], NOBODY),
        (&[("vehicle", "no"), ("motor_vehicle", "yes")], [100.0, 80.0, 0.0, 0.0]),
        (&[("motor_vehicle:backward", "no"), ("bus:backward", "yes")], [100.0, 0.0, 50.0, 40.0]),
        (&[("oneway", "yes"), ("oneway:bicycle", "no")], [100.0, 0.0, 50.0, 40.0]),
        (&[("lanes", "2"), ("lanes:backward", "1"), ("vehicle:lanes:backward", "no")], [100.0, 0.0, 50.0, 40.0]),
    ] {
        assert_eq!(Town::new("n.osm", &osm("", direct, &[], "")).flows("Direct"), expected, "{direct:?}");
    }
}

#[test]
fn what_is_marked_as_deleted_is_gone() {
    for attributes in ["action=\"delete\"", "visible=\"false\""] {
        let town = Town::new("n.osm", &osm(attributes, &[], &[], ""));
        let (outcome, remarks) = town.run(TRIPS, "").unwrap();
        assert_eq!(flows(&outcome, "Detour"), DIRECT, "{attributes}");
        assert!(said(&remarks, Language::English).contains("1 elements are marked as deleted"), "{remarks:?}");
        // A node that is gone has no barrier.
        let text = osm("", &[], &[("barrier", "bollard")], "");
        let text = text.replace("<node id=\"5\" ", &format!("<node id=\"5\" {attributes} "));
        let roads = Town::new("n.osm", &text).roads();
        assert!(roads.barriers.is_empty() && roads.bans.is_empty(), "{roads:?}");
    }
}

#[test]
fn bans_hold_for_cars_unless_they_are_exempt() {
    let ban = |attributes: &str, more: &str| {
        format!(
            "<relation id=\"900\" {attributes}><member type=\"way\" ref=\"100\" role=\"from\"/><member type=\"node\" ref=\"2\" role=\"via\"/>\
             <member type=\"way\" ref=\"101\" role=\"to\"/><tag k=\"type\" v=\"restriction\"/>{more}</relation>"
        )
    };
    let no = "<tag k=\"restriction\" v=\"no_straight_on\"/>";
    for (attributes, more, bans) in [
        ("", no.to_string(), 1),
        ("", format!("{no}<tag k=\"except\" v=\"bicycle;bus\"/>"), 1),
        ("", format!("{no}<tag k=\"except\" v=\"psv\"/>"), 1),
        ("", format!("{no}<tag k=\"except\" v=\"motorcar\"/>"), 0),
        ("", format!("{no}<tag k=\"except\" v=\"bicycle; motor_vehicle\"/>"), 0),
        ("", "<tag k=\"restriction:hgv\" v=\"no_straight_on\"/>".into(), 0),
        ("", "<tag k=\"restriction:motor_vehicle\" v=\"no_straight_on\"/>".into(), 1),
        ("action=\"delete\"", no.to_string(), 0),
    ] {
        let roads = Town::new("n.osm", &osm("", &[], &[], &ban(attributes, &more))).roads();
        assert_eq!(roads.bans.len(), bans, "{attributes} {more}");
    }
}

fn link<'a>(roads: &'a Roads, id: &str) -> Option<&'a Link> {
    roads.links.iter().find(|link| link.id == id)
}

#[test]
fn lanes_of_buses_and_speeds_of_each_direction_are_read() {
    for (direct, there, back) in [
        (
            &[("lanes", "2"), ("oneway", "yes"), ("bus:lanes", "yes|designated"), ("vehicle:lanes", "yes|no")][..],
            (1.0, 50.0),
            None,
        ),
        (&[("lanes", "2"), ("oneway", "yes"), ("lanes:psv", "1")], (1.0, 50.0), None),
        (&[("lanes", "2"), ("oneway", "yes"), ("busway", "lane")], (1.0, 50.0), None),
        (
            &[("lanes", "3"), ("lanes:forward", "2"), ("psv:lanes:forward", "|designated")],
            (1.0, 50.0),
            Some((1.0, 50.0)),
        ),
        (&[("lanes", "3"), ("lanes:backward", "1")], (2.0, 50.0), Some((1.0, 50.0))),
        (&[("maxspeed:forward", "30"), ("maxspeed:backward", "70")], (1.0, 30.0), Some((1.0, 70.0))),
        (&[("maxspeed", "60"), ("maxspeed:backward", "30")], (1.0, 60.0), Some((1.0, 30.0))),
    ] {
        let roads = Town::new("n.osm", &osm("", direct, &[], "")).roads();
        let told = |id: &str| {
            let link = link(&roads, id)?;
            assert!((link.capacity - 1400.0 * link.lanes).abs() < 1e-9);
            Some((link.lanes, (3.6 * link.speed).round()))
        };
        assert_eq!((told("101"), told("-101")), (Some(there), back), "{direct:?}");
    }
}

#[test]
fn one_way_is_read_as_tables_write_it() {
    let there = [100.0, 0.0, 50.0, 0.0];
    let back = [0.0, 80.0, 0.0, 40.0];
    for (oneway, expected) in [
        ("true", there),
        ("false", DIRECT),
        ("\"True\"", there),
        ("\"False\"", DIRECT),
        ("\"yes\"", there),
        ("\"no\"", DIRECT),
        ("1", there),
        ("0", DIRECT),
        ("-1", back),
        ("\"-1\"", back),
        ("\"T\"", there),
        ("\"F\"", DIRECT),
        ("\"FT\"", there),
        ("\"TF\"", back),
        ("[true, false]", there),
        ("null", DIRECT),
        ("\"nan\"", DIRECT),
    ] {
        assert_eq!(Town::new("n.geojson", &osmnx(oneway)).flows("Direct"), expected, "{oneway}");
    }
    // Geofabrik has F, T and B.
    let geofabrik = |oneway: &str| {
        geojson(|k| {
            let oneway = if k == 1 { oneway } else { "B" };
            format!("\"osm_id\":\"{k}\",\"fclass\":\"secondary\",\"name\":\"{}\",\"oneway\":\"{oneway}\"", NAMES[k])
        })
    };
    for (oneway, cars) in [("F", [100.0, 0.0]), ("T", [0.0, 80.0]), ("B", [100.0, 80.0])] {
        assert_eq!(Town::new("n.geojson", &geofabrik(oneway)).flows("Direct")[..2], cars, "{oneway}");
    }
    // What is not understood is told.
    let (_, remarks) = Town::new("n.geojson", &osmnx("\"zigzag\"")).run(TRIPS, "").unwrap();
    assert!(
        said(&remarks, Language::Dutch).contains("1 lijnen hebben een onbekende rijrichting (zigzag)"),
        "{remarks:?}"
    );
}

#[test]
fn columns_of_the_dutch_register_are_read() {
    // One way, and the way back is a cycle path: no car comes back.
    let town = Town::new("n.geojson", &register(["RB", "H"], ["FP", ""]));
    let (outcome, remarks) = town.run(TRIPS, "").unwrap();
    assert_eq!(flows(&outcome, "Direct"), [100.0, 0.0, 50.0, 0.0]);
    assert_eq!(flows(&outcome, "Detour"), [0.0, 0.0, 0.0, 40.0]);
    assert!(said(&remarks, Language::Dutch).contains("volgt uit de beheerder"), "{remarks:?}");
    for (direct, expected) in [
        (["RB", "T"], [0.0, 80.0, 0.0, 40.0]),
        (["RB", "B"], DIRECT),
        (["FP", ""], CYCLES_ONLY),
        (["BU", ""], NOBODY),
        (["VP", ""], NOBODY),
    ] {
        assert_eq!(Town::new("n.geojson", &register(direct, ["RB", ""])).flows("Direct"), expected, "{direct:?}");
    }
}

#[test]
fn columns_that_nothing_reads_are_told() {
    let text = geojson(|k| format!("\"naam\":\"{}\",\"richting_auto\":\"heen\",\"soort\":\"fietspad\"", NAMES[k]));
    let remarks = Town::new("n.geojson", &text).roads().repairs.by_size();
    let words = said(&remarks, Language::English);
    assert!(words.contains("which way roads lead") && words.contains("what roads are for"), "{words}");
    assert!(words.contains("nothing reads richting_auto, soort") && words.contains("taken as unclassified"), "{words}");
    assert_eq!(remarks[0].share, 1.0);
    assert!(said(&remarks, Language::Dutch).contains("niet gelezen: richting_auto, soort"));
    // osmnx has all that is wanted.
    let words = said(&Town::new("n.geojson", &osmnx("true")).roads().repairs, Language::English);
    assert!(!words.contains("which way") && !words.contains("what roads are for"), "{words}");
}

fn edit(keys: &str) -> String {
    format!("[[traffic.edit]]\nname = \"edit\"\n{keys}\n")
}

#[test]
fn one_way_closes_no_parallel_road() {
    let trips = "from,to,trips,class\nA,B,600,car\nB,A,500,car\n";
    for text in [osm("", &[], &[], ""), osm("", &[("lanes", "4")], &[], "")] {
        let town = Town::new("n.osm", &text);
        for place in ["links = [\"101\"]", "along = [[202380, 502708], [202711, 502711], [203045, 502714]]"] {
            let (outcome, _) = town.run(trips, &edit(&format!("action = \"one_way\"\n{place}"))).unwrap();
            assert_eq!(flows(&outcome, "Direct")[..2], [600.0, 0.0], "{place}");
            assert_eq!(flows(&outcome, "Detour")[..2], [0.0, 500.0], "{place}");
            assert!(!outcome.story.iter().any(|text| text.en.contains("cannot be made")), "{:?}", outcome.story);
        }
    }
    // A road that leads one way has nothing to close, whatever runs beside it.
    let town = Town::new("n.osm", &osm("", &[("oneway", "yes")], &[], ""));
    let error = town.run(trips, &edit("action = \"one_way\"\nlinks = [\"101\"]")).err().unwrap().to_string();
    assert!(error.contains("one way already"), "{error}");
}

#[test]
fn a_moved_road_keeps_its_traffic_in_the_comparison() {
    let town = Town::new("n.osm", &osm("", &[], &[], ""));
    let to = "to = [[202372.4, 502708.0], [202711.8, 502811.3], [203051.3, 502714.6]]";
    let keys = format!("action = \"move\"\nstreet = \"Direct\"\n{to}");
    let (outcome, _) = town.run("from,to,trips,class\nA,B,600,car\nB,A,500,car\n", &edit(&keys)).unwrap();
    assert_eq!(flows(&outcome, "Direct")[..2], [600.0, 500.0]);
    for (back, before) in [(false, 600.0), (true, 500.0)] {
        assert_eq!(flow(&outcome, "Direct", back, "motor_before_per_h"), before);
        assert_eq!(flow(&outcome, "Direct", back, "motor_change_per_h"), 0.0);
    }
    let story: String = outcome.story.iter().map(|text| format!("{}\n{}\n", text.en, text.nl)).collect();
    assert!(!story.contains("grows most") && !story.contains("groeit het meest"), "{story}");
    let links = outcome.tables.iter().find(|table| table.name == "links").unwrap();
    assert!(!links.names.iter().any(|name| name.contains("(closed)")), "{:?}", links.names);
}

#[test]
fn nobody_gains_where_all_are_cut_off() {
    let town = Town::new("n.osm", &osm("", &[], &[], ""));
    let both = edit("action = \"close\"\nstreet = \"Direct\"") + &edit("action = \"close\"\nstreet = \"Detour\"");
    let (outcome, _) = town.run(TRIPS, &both).unwrap();
    let story: Vec<&str> = outcome.story.iter().map(|text| text.en.as_str()).collect();
    assert!(
        story.iter().any(|text| text.contains("198 trips an hour by car and truck cannot be made any more")),
        "{story:?}"
    );
    assert!(!story.iter().any(|text| text.contains("hours less") || text.contains("km fewer")), "{story:?}");
}

#[test]
fn nobody_has_no_speed() {
    let town = Town::new("n.osm", &osm("", &[], &[], ""));
    for (trips, edits) in [
        ("from,to,trips,class\nA,B,50,cycle\n", String::new()),
        ("from,to,trips,class\nA,B,50,cycle\n", edit("action = \"speed\"\nlinks = [\"101\"]\nspeed_kmh = 30")),
        (TRIPS, edit("action = \"close\"\nlinks = [\"100\", \"-100\"]")),
    ] {
        let (outcome, _) = town.run(trips, &edits).unwrap();
        for text in &outcome.story {
            assert!(![&text.en, &text.nl].iter().any(|text| text.contains("NaN") || text.contains("inf")), "{text:?}");
        }
        assert!(outcome.story[0].nl.contains("er rijdt geen gemotoriseerd verkeer"), "{:?}", outcome.story[0]);
    }
}

#[test]
fn blanks_around_names_are_none_of_them_and_persons_are_told() {
    let town = Town::new("n.net.xml", &sumo());
    let routes = "<routes><vType id=\"car\"/>\n<flow id=\"a\" type=\"car\" begin=\"0\" end=\"600\" number=\"5\" from=\"100\" to=\"103\"/>\n\
                  <flow id=\"b\" type=\"car\" begin=\"0\" end=\"600\" number=\"5\" from=\"100 \" to=\" 103\"/>\n\
                  <person id=\"p\" depart=\"0\"><walk from=\"100\" to=\"103\"/></person></routes>";
    let path = town.path().join("r.rou.xml");
    std::fs::write(&path, routes).unwrap();
    let told = extras(&path).unwrap();
    assert_eq!((told.vehicles.len(), told.persons), (10, 1));
    assert!(told.vehicles.iter().all(|vehicle| vehicle.edges[..] == ["100", "103"]), "{:?}", told.vehicles);
    let text = "title = \"t\"\n[city]\nnetwork = \"n.net.xml\"\ncell_m = 10\n[traffic]\nend_minutes = 20\n\
                [traffic.motion]\nfiles = [\"r.rou.xml\"]\nwarm_up_minutes = 0\n";
    let file = town.path().join("s.toml");
    std::fs::write(&file, text).unwrap();
    let scenario = scenario::load(&file).unwrap();
    let (city, _) = scenario.city().unwrap();
    let remarks = models::check(&city, &scenario).unwrap();
    assert!(!said(&remarks, Language::English).contains("vehicles are left out"), "{remarks:?}");
    assert!(said(&remarks, Language::Dutch).contains("1 personen"), "{remarks:?}");
}

#[test]
fn a_network_has_the_same_flows_whoever_writes_it() {
    let oneway = osm("", &[("oneway", "yes")], &[], "");
    for (name, text) in [
        ("n.osm", oneway),
        ("n.geojson", osmnx("true")),
        ("n.geojson", register(["RB", "H"], ["RB", "B"])),
        ("n.net.xml", sumo()),
    ] {
        let town = Town::new(name, &text);
        let (outcome, _) = town.run(TRIPS, "").unwrap();
        assert_eq!(flows(&outcome, "Direct"), [100.0, 0.0, 50.0, 0.0], "{name}");
        assert_eq!(flows(&outcome, "Detour"), [0.0, 80.0, 0.0, 40.0], "{name}");
    }
    // Tags by direction, by side and by lane, as columns with `:` and with `_`.
    let table = |tags: Tags, between: &str| {
        geojson(|k| {
            let own = |(key, value): &(&str, &str)| format!(",\"{}\":\"{value}\"", key.replace(':', between));
            let own: String = if k == 1 { tags.iter().map(own).collect() } else { String::new() };
            format!("\"osmid\":{},\"highway\":\"secondary\",\"name\":\"{}\"{own}", 100 + k, NAMES[k])
        })
    };
    let no_car_back = [100.0, 0.0, 50.0, 40.0];
    for (tags, expected) in [
        (&[("motor_vehicle:backward", "no")][..], Some(no_car_back)),
        (&[("vehicle:backward", "no")], Some([100.0, 0.0, 50.0, 0.0])),
        (&[("access:forward", "private")], Some([0.0, 80.0, 0.0, 40.0])),
        (&[("bicycle:backward", "no")], Some([100.0, 80.0, 50.0, 0.0])),
        (&[("motorcar:backward", "no")], None),
        (&[("hgv:forward", "no")], None),
        (&[("oneway:motor_vehicle", "yes")], Some(no_car_back)),
        (&[("oneway:vehicle", "-1")], None),
        (&[("oneway", "yes"), ("oneway:bicycle", "no")], Some(no_car_back)),
        (&[("oneway", "yes"), ("cycleway:left", "opposite_lane")], Some(no_car_back)),
        (&[("oneway", "yes"), ("cycleway:left:oneway", "-1")], Some(no_car_back)),
        (&[("lanes", "3"), ("lanes:both_ways", "1")], None),
        (&[("lanes", "4"), ("busway:both", "lane")], None),
        (&[("lanes", "2"), ("vehicle:lanes:backward", "no"), ("bus:lanes:backward", "designated")], Some(no_car_back)),
        (&[("motor_vehicle:conditional", "no @ (07:00-09:00)")], Some(DIRECT)),
    ] {
        let map = osm("", tags, &[], "");
        let wanted = Town::new("n.osm", &map).roads();
        for (name, text) in [("n.osm", map), ("n.geojson", table(tags, ":")), ("n.geojson", table(tags, "_"))] {
            let town = Town::new(name, &text);
            let found = town.roads();
            for id in ["101", "-101"] {
                let of = |roads: &Roads| link(roads, id).map(|link| (link.modes, link.lanes));
                assert_eq!(of(&found), of(&wanted), "{name} {tags:?} {id}");
            }
            if let Some(expected) = expected {
                assert_eq!(town.flows("Direct"), expected, "{name} {tags:?}");
            }
            let is_conditional = tags[0].0.ends_with(":conditional");
            for (language, words) in
                [(Language::English, "rules for some hours"), (Language::Dutch, "regels voor bepaalde")]
            {
                assert_eq!(said(&found.repairs, language).contains(words), is_conditional, "{name} {tags:?}");
            }
        }
    }
}

/// The next number of a series that looks like chance (xorshift).
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 33) as usize
}

/// Who may go which way by the tables of the OSM wiki, told apart from how it is read: for each mode the keys from the narrowest to the
/// widest, the first that is there decides; then the direction.
fn allowed(tags: Tags, mode: u8, back: bool) -> bool {
    let tag = |key: &str| tags.iter().find(|(own, _)| *own == key).map(|(_, value)| *value);
    let keys: &[&str] = match mode {
        CAR => &["motorcar", "motor_vehicle", "vehicle", "access"],
        TRUCK => &["hgv", "motor_vehicle", "vehicle", "access"],
        _ => &["bicycle", "vehicle", "access"],
    };
    let direction = if back { "backward" } else { "forward" };
    let decides = keys.iter().find_map(|key| tag(&format!("{key}:{direction}")).or_else(|| tag(key)));
    if matches!(decides, Some("no" | "private")) {
        return false;
    }
    let one_way = match mode {
        CYCLE => tag("oneway:bicycle").or_else(|| tag("oneway")),
        _ => tag("oneway"),
    };
    match one_way {
        Some("yes") => !back,
        Some("-1") => back,
        _ => true,
    }
}

#[test]
fn any_tags_open_and_close_as_the_tables_say() {
    let values: [(&str, &[&str]); 14] = [
        ("access", &["no", "yes", "private", "permissive"]),
        ("vehicle", &["no", "yes"]),
        ("motor_vehicle", &["no", "yes", "destination", "private"]),
        ("motorcar", &["no", "yes"]),
        ("hgv", &["no", "designated"]),
        ("bicycle", &["no", "yes", "designated"]),
        ("vehicle:forward", &["no", "yes"]),
        ("vehicle:backward", &["no", "yes"]),
        ("motor_vehicle:forward", &["no", "yes"]),
        ("motor_vehicle:backward", &["no", "yes"]),
        ("bicycle:backward", &["no", "yes"]),
        ("oneway", &["yes", "no", "-1"]),
        ("oneway:bicycle", &["yes", "no", "-1"]),
        ("surface", &["asphalt"]),
    ];
    let mut state = 20_261_130;
    for _ in 0..400 {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for (key, all) in values {
            if next(&mut state).is_multiple_of(4) {
                tags.push((key, all[next(&mut state) % all.len()]));
            }
        }
        let roads = Town::new("n.osm", &osm("", &tags, &[], "")).roads();
        for (id, back) in [("101", false), ("-101", true)] {
            let modes = link(&roads, id).map_or(0, |link| link.modes);
            for mode in [CAR, TRUCK, CYCLE] {
                assert_eq!(modes & mode != 0, allowed(&tags, mode, back), "{tags:?} {mode} {id}");
            }
        }
    }
}
