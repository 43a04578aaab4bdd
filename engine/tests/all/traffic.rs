//! Networks, trips and the routes on which they meet; and the traffic model as scenarios run it.

use crate::common::gpu;
use hanze_engine::device::Device;
use hanze_engine::error::Result;
use hanze_engine::frame::{Layer, Outcome, Table};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models::traffic::assignment::{Assignment, CutOff};
use hanze_engine::models::traffic::demand::Demand;
use hanze_engine::models::traffic::network::{Link, Network};
use hanze_engine::models::traffic::shortest::Tree;
use hanze_engine::models::traffic::tntp::{Weights, network, trips};
use hanze_engine::models::{self, Model};
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::scenario::{self, Scenario};
use std::path::Path;
use std::time::Duration;

fn link(from: u32, to: u32, free_time: f64) -> Link {
    Link { from, to, capacity: 100.0, free_time, factor: 0.15, power: 4.0, length: 1.0, fixed: 0.0, delay: None }
}

const HEAD: &str = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 3\n<FIRST THRU NODE> 3\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n~ comment\n";

#[test]
fn files_that_are_wrong_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tntp");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        network(&path, Weights::default()).err().map_or("no error".into(), |error| error.to_string())
    };
    let net = |second: &str| format!("{HEAD}1 3 100 1 5 0.15 4 50 0 1 ;\n{second}\n");
    assert_eq!(read(&net("3 2 100 1 5 0.15 4 50 0 1 ;")), "no error");
    for (second, words) in [
        ("3 2 -100 1 5 0.15 4 50 0 1 ;", "link 2 from node 3 to 2"),
        ("3 2 nan 1 5 0.15 4 50 0 1 ;", "line 8: \"nan\" is not a number"),
        ("3 9 100 1 5 0.15 4 50 0 1 ;", "line 8: \"9\" is not a node"),
        ("3 2 100 1 ;", "line 8: has 4 of 10 values"),
        ("3 2 0 1 5 0.15 4 50 0 1 ;", "no capacity"),
        ("", "has 1 links, and says that there are 2"),
    ] {
        let found = read(&net(second));
        assert!(found.contains(words), "{second}: {found}");
    }
    assert!(read("1 3 100\n").contains("<NUMBER OF ZONES>"));
    assert!(read(&HEAD.replace("ZONES> 2", "ZONES> 99999999999")).contains("line 1"));
    let table = |text: &str| {
        std::fs::write(&path, text).unwrap();
        trips(&path, 2, 1.0).err().map_or("no error".into(), |error| error.to_string())
    };
    let head = "<NUMBER OF ZONES> 2\n<END OF METADATA>\n";
    assert_eq!(table(&format!("{head}Origin 1\n 2 : 5.0; 1 : 3;\n")), "no error");
    for (text, words) in [
        (head.replace('2', "3"), "has 3 zones, and the network has 2"),
        (format!("{head}Origin 7\n"), "line 3: names no zone"),
        (format!("{head} 2 : 5.0;\n"), "line 3: stands before"),
        (format!("{head}Origin 1\n 2 : five;\n"), "line 4: \"2 : five\""),
        (format!("{head}Origin 1\n 2 : -5;\n"), "-5 trips to zone 2"),
        (format!("{head}Origin 1\n 2 : NaN;\n"), "NaN trips"),
        (format!("{head}Origin 1\n 5 : 1;\n"), "zone 5, and there are 2"),
    ] {
        let found = table(&text);
        assert!(found.contains(words), "{text}: {found}");
    }
}

#[test]
fn ties_are_broken_by_links_and_then_by_order_and_zones_carry_no_through_traffic() {
    // Two zones, two ways of the same cost: over one node and over two, and one through a third zone that costs nothing.
    let mut links =
        vec![link(0, 3, 1.0), link(3, 4, 0.0), link(4, 1, 1.0), link(3, 1, 1.0), link(0, 2, 0.0), link(2, 1, 0.0)];
    links.push(link(3, 1, 1.0));
    let network = Network::new(5, 3, 3, links).unwrap();
    let costs: Vec<f64> = network.links.iter().map(|link| link.cost(0.0)).collect();
    let mut tree = Tree::new(&network);
    for _ in 0..2 {
        tree.search(&network, &costs, 0, &[(1, 1.0)]);
        assert_eq!((tree.cost(1), tree.path(&network, 1)), (2.0, vec![3, 0]));
    }
    // From the third zone itself one may leave.
    tree.search(&network, &costs, 2, &[(1, 1.0), (0, 1.0)]);
    assert_eq!((tree.cost(1), tree.cost(0)), (0.0, f64::INFINITY));
}

#[test]
fn a_closure_that_cuts_a_zone_off_is_told_with_its_trips() {
    let links = vec![link(0, 2, 1.0), link(2, 1, 2.0), link(0, 1, 5.0), link(1, 0, 1.0)];
    let network = Network::new(3, 2, 2, links.clone()).unwrap();
    let mut demand = Demand::none(2);
    demand.add(0, 1, 80.0).unwrap();
    demand.add(1, 0, 7.0).unwrap();
    let demand = [demand];
    let mut all = Assignment::start(&network, &demand);
    all.run(&network, 1e-12, |_| true);
    assert!(all.cut_off.is_empty() && all.progress.gap <= 1e-12 && all.imbalance(&network, &demand) < 1e-12);
    assert_eq!(all.users(&[1]), [(0, 0, 1, all.flow[1])]);
    let closed = Network::new(3, 2, 2, links[..3].to_vec()).unwrap();
    let became = |link: u32, links: &mut Vec<u32>| {
        links.push(link);
        link < 3
    };
    for mut edited in [Assignment::start(&closed, &demand), all.moved(&closed, &demand, became)] {
        edited.run(&closed, 1e-12, |_| true);
        assert_eq!(edited.cut_off, [CutOff { class: 0, from: 1, to: 0, trips: 7.0 }]);
        assert!((edited.flow[0] + edited.flow[2] - 80.0).abs() < 1e-9 && edited.imbalance(&closed, &demand) < 1e-12);
    }
    // Half of the way to the river, a second road opens: trips move to it.
    let mut more = links;
    more.push(link(0, 2, 1.0));
    let wider = Network::new(3, 2, 2, more).unwrap();
    let mut warm = all.moved(&wider, &demand, |link, links| {
        links.push(link);
        true
    });
    warm.run(&wider, 1e-12, |_| true);
    assert!((warm.flow[0] - warm.flow[4]).abs() < 1e-3 && warm.flow[4] > 20.0, "{:?}", warm.flow);
}

/// A folder with two quarters west and east of a canal, joined by a bridge in the middle and one in the south, each a kilometre from
/// the next street; and a farm that hangs on one lane. Metres of RD New.
pub fn town() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = (200_000.0, 500_000.0);
    let line = |points: &[[f64; 2]], properties: &str| {
        let points: Vec<String> = points.iter().map(|p| format!("[{},{}]", x + p[0], y + p[1])).collect();
        format!(
            "{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{{\"type\":\"LineString\",\"coordinates\":[{}]}}}}",
            points.join(",")
        )
    };
    let street = |id: &str, kind: &str, points: &[[f64; 2]]| {
        // Lights at both ends of the bridge and of the streets that meet there.
        let control = if ["bridge", "west", "out-west"].contains(&id) { "signal" } else { "" };
        let properties = format!(
            "{{\"id\":\"{id}\",\"name\":\"{id} street\",\"highway\":\"{kind}\",\"maxspeed\":50,\"control\":\"{control}\"}}"
        );
        line(points, &properties)
    };
    let roads = [
        street("west", "tertiary", &[[0.0, 0.0], [0.0, 1000.0]]),
        street("east", "tertiary", &[[1000.0, 0.0], [1000.0, 1000.0]]),
        street("bridge", "secondary", &[[0.0, 1000.0], [500.0, 1020.0], [1000.0, 1000.0]]),
        street("south", "secondary", &[[0.0, 0.0], [1000.0, 0.0]]),
        street("out-west", "tertiary", &[[-600.0, 1000.0], [0.0, 1000.0]]),
        street("out-east", "tertiary", &[[1000.0, 1000.0], [1600.0, 1000.0]]),
        street("lane", "unclassified", &[[1600.0, 1000.0], [2200.0, 1600.0]]),
    ];
    let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:28992\"}}";
    let collection =
        |features: &[String]| format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{}]}}", features.join(","));
    std::fs::write(folder.path().join("roads.geojson"), collection(&roads)).unwrap();
    let zone = |name: &str, at: [f64; 2], residents: f64, jobs: f64| {
        let corners = [[-50.0, -50.0], [50.0, -50.0], [50.0, 50.0], [-50.0, 50.0], [-50.0, -50.0]];
        let corners: Vec<String> =
            corners.iter().map(|c| format!("[{},{}]", x + at[0] + c[0], y + at[1] + c[1])).collect();
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\",\"residents\":{residents},\"jobs\":{jobs}}},\
             \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}}}",
            corners.join(",")
        )
    };
    let zones = [
        zone("Westend", [-600.0, 1000.0], 4000.0, 200.0),
        zone("Eastend", [1600.0, 1000.0], 1000.0, 3000.0),
        zone("Farm", [2200.0, 1600.0], 60.0, 5.0),
    ];
    std::fs::write(folder.path().join("zones.geojson"), collection(&zones)).unwrap();
    folder
}

/// When most drive from the west to the east.
pub const MORNING: &str = "start = \"08:00\"";
pub const ZONES: &str = "zones = \"zones.geojson\"";

pub fn scenario_text(traffic: &str, demand: &str, rest: &str) -> String {
    format!(
        "title = \"t\"\n[city]\nnetwork = \"roads.geojson\"\nepsg = 28992\ncell_m = 10\n[traffic]\nend_minutes = 60\n\
         gap = 1e-8\n{traffic}\n[traffic.demand]\n{demand}\n{rest}"
    )
}

#[test]
fn roads_beside_the_city_are_refused() {
    let folder = town();
    let file = folder.path().join("scenario.toml");
    let city = |rest: &str| {
        let text = scenario_text(MORNING, ZONES, "").replace("cell_m = 10\n", &format!("cell_m = 10\n{rest}\n"));
        std::fs::write(&file, text).unwrap();
        scenario::load(&file)?.city().map(|_| ())
    };
    let ground = |name: &str, west: f64| {
        let head = format!("ncols 2\nnrows 2\nxllcorner {west}\nyllcorner 500000\ncellsize 1000\n");
        std::fs::write(folder.path().join(name), format!("{head}1 1\n1 1\n")).unwrap();
    };
    ground("under.asc", 200_000.0);
    ground("beside.asc", 150_000.0);
    city("terrain = \"under.asc\"").unwrap();
    for rest in ["terrain = \"beside.asc\"", "extent = [150000, 500000, 152000, 502000]"] {
        let error = city(rest).unwrap_err().to_string();
        for words in ["city.network", "roads.geojson do not touch the city", "x 199400 to 202200", "to the east"] {
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}

fn model(folder: &Path, text: &str, device: &Device) -> Result<(Box<dyn Model>, Scenario)> {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let scenario = scenario::load(&file)?;
    let (city, _) = scenario.city()?;
    Ok((models::prepare(&city, &scenario, device, None)?, scenario))
}

fn run_on(folder: &Path, text: &str, device: &Device) -> Result<Outcome> {
    let (mut model, scenario) = model(folder, text, device)?;
    for until in scenario.frame_times() {
        while !model.advance(until, Duration::from_millis(250))?.reached {}
        model.frame()?;
    }
    model.outcome()
}

fn run(folder: &Path, text: &str) -> Result<Outcome> {
    run_on(folder, text, &Device::Cpu)
}

fn table<'a>(outcome: &'a Outcome, name: &str) -> &'a Table {
    outcome.tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

/// A value of the first row whose name begins so.
fn value(outcome: &Outcome, name: &str, row: &str, column: &str) -> f64 {
    let table = table(outcome, name);
    let at = table
        .names
        .iter()
        .position(|own| own.starts_with(row))
        .unwrap_or_else(|| panic!("no row {row}: {:?}", table.names));
    let column = table.columns.iter().position(|own| own == column).unwrap_or_else(|| panic!("no column {column}"));
    table.rows[at][column]
}

pub fn edit(keys: &str) -> String {
    format!("[[traffic.edit]]\nname = \"edit\"\n{keys}\n")
}

#[test]
fn a_closed_bridge_sends_traffic_over_the_other_and_who_is_cut_off_is_told() {
    let folder = town();
    let base = run(folder.path(), &scenario_text(MORNING, ZONES, "")).unwrap();
    let flow = |outcome: &Outcome, row: &str| value(outcome, "links", row, "cars_per_h");
    assert!(flow(&base, "bridge ") > 100.0 && flow(&base, "south ") < 1.0, "{:?}", table(&base, "links").rows);
    let balance = base.balance.as_ref().unwrap();
    assert!(balance.relative_error < 1e-12, "{balance:?}");

    let reach = "[[traffic.reach]]\nname = \"Fire station\"\nx = 199400\ny = 501000\n";
    let close = edit("action = \"close\"\nalong = [[200000, 501000], [200500, 501020], [201000, 501000]]");
    let closed = run(folder.path(), &scenario_text(MORNING, ZONES, &format!("{close}{reach}"))).unwrap();
    assert!((flow(&closed, "south ") - flow(&base, "bridge ")).abs() < 1e-6);
    // The bridge stays for cycles, and in the table of links.
    assert_eq!(flow(&closed, "bridge "), 0.0);
    assert!(value(&closed, "links", "bridge ", "cycles_per_h") > 10.0);
    let longer = value(&closed, "od", "Westend → Eastend", "detour_km");
    assert!((longer - 2.0).abs() < 0.01, "{longer}");
    let words: Vec<&str> = closed.story.iter().map(|text| text.en.as_str()).collect();
    assert!(words.iter().any(|words| words.contains("edit: closed (2 links)")), "{words:?}");
    assert!(words.iter().any(|words| words.contains("grows most here") && words.contains("south street")), "{words:?}");
    // The station is in the west: the far side is reached later by as long as the way round takes.
    let late = closed.layers.iter().find(|layer| layer.name == "difference_reach_fire_station").unwrap();
    let at = |x: f64, y: f64| {
        let (col, row) = late.grid.cell_at(x, y).unwrap();
        late.at(col, row)
    };
    assert!(at(201_300.0, 501_000.0) > 2.0 && at(199_700.0, 501_000.0).abs() < 1e-6);

    // The lane closed for all: the farm cannot be reached.
    let cut = edit("action = \"close\"\nlinks = [\"lane\", \"-lane\"]\nmodes = [\"car\", \"truck\", \"cycle\"]");
    let cut = run(folder.path(), &scenario_text(MORNING, ZONES, &cut)).unwrap();
    let lost: f64 = table(&cut, "cut_off").rows.iter().map(|row| row[0]).sum();
    assert!(lost > 0.5, "{lost}");
    let words: Vec<&str> = cut.story.iter().map(|text| text.nl.as_str()).collect();
    assert!(words.iter().any(|words| words.contains("afgesloten: Farm.")), "{words:?}");
    assert!(value(&cut, "links", "lane lane street (closed)", "motor_change_per_h") < -0.1);
    assert!(cut.balance.as_ref().unwrap().relative_error < 1e-12);
}

#[test]
fn trips_that_cannot_be_made_any_more_are_no_gain() {
    let folder = town();
    std::fs::write(
        folder.path().join("trips.csv"),
        "from,to,trips,class\nWestend,Eastend,300,car\nWestend,Farm,400,car\nFarm,Westend,20,truck\n",
    )
    .unwrap();
    let cut = edit("action = \"close\"\nlinks = [\"lane\", \"-lane\"]\nmodes = [\"car\", \"truck\", \"cycle\"]");
    let outcome = run(folder.path(), &scenario_text("", &format!("{ZONES}\ntrips = \"trips.csv\""), &cut)).unwrap();
    let words: Vec<&str> = outcome.story.iter().map(|text| text.en.as_str()).collect();
    let place =
        |part: &str| words.iter().position(|own| own.contains(part)).unwrap_or_else(|| panic!("{part}: {words:?}"));
    let (first, then) =
        (place("420 trips an hour by car and truck cannot be made any more"), place("drivers together"));
    assert!(first < then, "{words:?}");
    // Some 24 hours of the 400 cars are no gain: the others only have the bridge to themselves.
    let rest = words[then].strip_prefix("The other drivers together are on the road ").unwrap_or_default();
    let hours: f64 = rest.split(' ').next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("{words:?}"));
    assert!(hours <= 2.0 && rest.contains("and drive 0 km"), "{words:?}");
    assert!(outcome.story[then].nl.contains("de overige automobilisten"), "{:?}", outcome.story[then]);
}

#[test]
fn every_edit_does_what_it_says() {
    let folder = town();
    let flow = |outcome: &Outcome, row: &str| value(outcome, "links", row, "cars_per_h");
    let bridge = "along = [[200000, 501000], [200500, 501020], [201000, 501000]]";
    let run = |keys: &str| {
        run(folder.path(), &scenario_text(MORNING, ZONES, &edit(keys)))
            .unwrap_or_else(|error| panic!("{keys}: {error}"))
    };
    // A new bridge, shorter than the old one, that joins two streets in their middle.
    let added = run(
        "action = \"add\"\nalong = [[199500, 501000], [200500, 501200], [201500, 501000]]\nspeed_kmh = 80\nkind = \"primary\"",
    );
    assert!(flow(&added, "new-1") > 100.0 && flow(&added, "bridge ") < flow(&added, "new-1"));
    // The old street was cut where they meet: its parts are told, each with the flow that all of it had.
    let parts: Vec<&String> = table(&added, "links").names.iter().filter(|name| name.starts_with("out-west")).collect();
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert!(value(&added, "links", "out-westb", "motor_change_per_h") < -100.0);
    // The bridge moved far to the north: longer than the way over the south.
    let moved =
        run(&format!("action = \"move\"\n{bridge}\nto = [[200000, 501000], [200500, 505000], [201000, 501000]]"));
    assert!(flow(&moved, "south ") > 100.0 && flow(&moved, "new-1") < 1.0);
    let walking = run(&format!("action = \"speed\"\n{bridge}\nspeed_kmh = 5"));
    assert!(flow(&walking, "south ") > 100.0);
    let narrow = run(&format!("action = \"lanes\"\n{bridge}\nlanes = 0.5"));
    assert!((value(&narrow, "links", "bridge ", "capacity_per_h") - 700.0).abs() < 1e-6);
    let half = run("action = \"capacity\"\nstreet = \"bridge street\"\nfactor = 0.25");
    assert!((value(&half, "links", "bridge ", "capacity_per_h") - 350.0).abs() < 1e-6);
    // More lanes let more through the lights at their end, too, whose timing stays.
    let wide = run("action = \"lanes\"\nlinks = [\"out-west\"]\nlanes = 3");
    let wait = |outcome: &Outcome| value(outcome, "links", "out-west ", "junction_wait_s");
    assert!(wait(&wide) < wait(&half) - 0.1, "{} and {}", wait(&wide), wait(&half));
    // One way from west to east: who comes back goes round.
    let one_way = run(&format!("action = \"one_way\"\n{bridge}"));
    assert!(flow(&one_way, "bridge ") > 100.0 && flow(&one_way, "-south ") > 20.0 && flow(&one_way, "south ") < 1.0);
    // The same street opened again.
    let both = run(&format!(
        "action = \"one_way\"\n{bridge}\n[[traffic.edit]]\nname = \"again\"\naction = \"both_ways\"\nlinks = [\"bridge\"]"
    ));
    assert!(flow(&both, "-bridge ") > 20.0);
    // No turn from the west onto the bridge.
    let banned = run("action = \"ban_turn\"\nalong = [[199700, 501000], [200000, 501000], [200500, 501020]]");
    assert!(flow(&banned, "bridge ") < 1.0 && flow(&banned, "-bridge ") > 20.0 && flow(&banned, "south ") > 100.0);
    let named = run("action = \"ban_turn\"\nlinks = [\"out-west\", \"bridge\"]");
    assert_eq!(flow(&named, "south "), flow(&banned, "south "));
}

#[test]
fn tables_of_trips_and_who_uses_a_road() {
    let folder = town();
    let csv = "from,to,trips,class\nWestend,Eastend,300,car\nWestend,Eastend,20,truck\nEastend,Westend,90,\nWestend,Farm,5,cycle\n";
    std::fs::write(folder.path().join("trips.csv"), csv).unwrap();
    let demand = format!("{ZONES}\ntrips = \"trips.csv\"");
    let select = "[[traffic.select_link]]\nname = \"Bridge\"\nalong = [[200500, 501000], [200500, 501040]]\n";
    let outcome = run(folder.path(), &scenario_text("", &demand, select)).unwrap();
    assert!((value(&outcome, "links", "bridge ", "cars_per_h") - 300.0).abs() < 1e-9);
    assert!((value(&outcome, "links", "bridge ", "trucks_per_h") - 20.0).abs() < 1e-9);
    assert!((value(&outcome, "links", "lane ", "cycles_per_h") - 5.0).abs() < 1e-9);
    assert!((value(&outcome, "selected", "Bridge: Westend → Eastend", "trucks_per_h") - 20.0).abs() < 1e-9);
    assert!((value(&outcome, "selected", "Bridge: Eastend → Westend", "cars_per_h") - 90.0).abs() < 1e-9);
    assert!(outcome.layers.iter().any(|layer| layer.name == "users_bridge_bands"));
    // A day of it, spread by the rules: between five and six in the afternoon 8.9 %.
    let day = run(folder.path(), &scenario_text("", &format!("{demand}\ntrips_per = \"day\""), "")).unwrap();
    assert!((value(&day, "links", "bridge ", "cars_per_h") - 300.0 * 0.5 * (0.036 + 0.142)).abs() < 1e-6);
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    let folder = town();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let roads = std::fs::read_to_string(folder.path().join("roads.geojson")).unwrap();
    let zones = std::fs::read_to_string(folder.path().join("zones.geojson")).unwrap();
    put("none.csv", "from,to,trips\nWestend,Nowhere,3\n");
    put("nan.csv", "from,to,trips\nWestend,Eastend,NaN\n");
    put("head.csv", "a,b\n1,2\n");
    put("negative.geojson", &roads.replace("\"maxspeed\":50", "\"capacity\":-5"));
    put("nan.geojson", &roads.replace("\"maxspeed\":50", "\"lanes\":\"x\",\"capacity\":\"nan\""));
    put("far.geojson", &zones.replace(",50", ",90"));
    put(
        "lonely.geojson",
        &zones
            .replace("[1993", "[1969")
            .replace("[1994", "[1970")
            .replace(",50095", ",50395")
            .replace(",50105", ",50405"),
    );
    put("poor.geojson", &zones.replace("residents", "people"));
    put("minus.geojson", &zones.replace("4000", "-4000"));
    put("empty.osm", "<osm/>");
    put("cut.osm", "<osm><node id=\"1\" lat=\"52\" lon=\"6\"/>\n<way id=\"2\"><nd ref=\"1\"/");
    put("odd.osm", "<osm>\n<node id=\"one\" lat=\"52\" lon=\"6\"/></osm>");
    put("bad.osm.pbf", "this is not a file of OpenStreetMap");
    put(
        "bad.net.xml",
        "<net>\n<edge id=\"a\" from=\"1\" to=\"2\"><lane speed=\"fast\" length=\"3\" shape=\"0,0 1,1\"/></edge></net>",
    );
    put("one.tntp", &format!("{HEAD}1 3 100 1 5 0.15 4 50 0 1 ;\n3 2 100 1 5 0.15 4 50 0 1 ;\n"));
    // The same roads in degrees, in a table that names no plane.
    let degrees = folder.path().join("degrees.gpkg");
    let wkb = |points: &[[f64; 2]]| {
        let mut blob = vec![1u8];
        [2u32, points.len() as u32].into_iter().for_each(|word| blob.extend(word.to_le_bytes()));
        points.iter().flatten().for_each(|number| blob.extend(number.to_le_bytes()));
        blob
    };
    let db = rusqlite::Connection::open(&degrees).unwrap();
    db.execute_batch(
        "CREATE TABLE roads (fid INTEGER PRIMARY KEY, geom BLOB);
         CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
         INSERT INTO gpkg_geometry_columns VALUES ('roads', 'geom', 0);",
    )
    .unwrap();
    db.execute("INSERT INTO roads (geom) VALUES (?1)", [wkb(&[[6.10, 52.50], [6.11, 52.51]])]).unwrap();
    drop(db);

    let good = scenario_text("", ZONES, "");
    assert!(run(folder.path(), &good).is_ok());
    let other = |network: &str| good.replace("\"roads.geojson\"", &format!("\"{network}\""));
    let with = |rest: &str| scenario_text("", ZONES, rest);
    for (text, words) in [
        (other("nowhere.osm"), "there is no"),
        (other("negative.geojson"), "feature 1: has the capacity -5"),
        (other("nan.geojson"), "feature 1: has the capacity nan"),
        (other("empty.osm"), "holds no road"),
        (other("cut.osm"), "line 2: is not XML"),
        (other("odd.osm"), "line 2: <node> has no number id"),
        (other("bad.osm.pbf"), "is not an OpenStreetMap PBF"),
        (other("bad.net.xml"), "line 2: <lane> has no number speed"),
        (other("degrees.gpkg"), "seems to lie in degrees, and nothing declares it"),
        (other("one.tntp").replace(ZONES, "trips = \"one.tntp\""), "does not say where its nodes lie"),
        (other("roads.zip"), "there is no"),
        (good.replace("epsg = 28992", ""), "city's plane"),
        (good.replace("zones.geojson", "far.geojson"), "traffic.demand.zones: none of the"),
        (good.replace("zones.geojson", "lonely.geojson"), "no road within 2500 m"),
        (good.replace("zones.geojson", "poor.geojson"), "has no column of residents"),
        (good.replace("zones.geojson", "minus.geojson"), "feature 1: \"-4000\""),
        (good.replace(ZONES, ""), "does not say who travels"),
        (good.replace(ZONES, &format!("{ZONES}\ntrips = \"none.csv\"")), "line 2: \"Nowhere\" is not a zone"),
        (good.replace(ZONES, &format!("{ZONES}\ntrips = \"nan.csv\"")), "line 2: \"NaN\" is not a number of trips"),
        (good.replace(ZONES, &format!("{ZONES}\ntrips = \"head.csv\"")), "line 1: is not a header"),
        (good.replace(ZONES, &format!("{ZONES}\ntrips = \"one.tntp\"")), "TNTP"),
        (good.replace("gap = 1e-8", "gap = 7"), "traffic.gap: 7 is not allowed"),
        (good.replace("gap = 1e-8", "start = \"25:00\""), "traffic.start: is not a time of the day"),
        (good.replace("gap = 1e-8", "rules = \"nothing.toml\""), "there is no"),
        (
            good.replace("end_minutes = 60", "end_minutes = 1"),
            "traffic.end_minutes: 1 is not allowed; write a number from 5",
        ),
        (good.replace("end_minutes = 60", "end_minutes = 2000\nframe_minutes = 5"), "at most 200 of them"),
        (
            good.replace("[traffic]", "water_level_m = 3\n[traffic]"),
            "city.water_level_m: does nothing without [runoff]",
        ),
        (with(&edit("action = \"close\"")), "traffic.edit[0]: does not say where"),
        (with(&edit("action = \"close\"\nlinks = [\"moat\"]")), "names the link \"moat\""),
        (with(&edit("action = \"close\"\nstreet = \"Moat\"")), "names the street \"Moat\""),
        (with(&edit("action = \"close\"\nalong = [[0, 0], [1, 1]]")), "meets no road"),
        (with(&edit("action = \"close\"\nalong = [[0, 0], [nan, 1]]")), "traffic.edit[0].along: NaN is not allowed"),
        (with(&edit("action = \"lanes\"\nstreet = \"lane street\"")), "traffic.edit[0].lanes: is missing"),
        (with(&edit("action = \"lanes\"\nstreet = \"lane street\"\nlanes = -1")), "-1 is not allowed"),
        (with(&edit("action = \"add\"\nalong = [[200000, 500500], [250000, 500500]]")), "where no road is"),
        (with(&edit("action = \"add\"\nalong = [[200000, 500500], [201000, 500500]]\nkind = \"canal\"")), "\"canal\""),
        (with(&edit("action = \"ban_turn\"\nlinks = [\"west\", \"lane\"]")), "links that do not meet"),
        (
            with(&edit("action = \"close\"\nstreet = \"lane street\"\nto = [[0, 0], [1, 1]]")),
            "does nothing with this action",
        ),
        (with(&edit("action = \"one_way\"\nstreet = \"lane street\"")), "does not say in which direction"),
        (
            with(
                &edit("action = \"close\"\nlinks = [\"lane\"]")
                    .replace("links", "modes = [\"truck\"]\nlinks")
                    .repeat(2),
            ),
            "closes nothing",
        ),
        (good.replace(ZONES, "trips_per_building = 1\ngate_trips = 5"), "does nothing with trips_per_building"),
        (good.replace(ZONES, &format!("{ZONES}\nfactor = 0")), "makes no trips"),
        (with("[[traffic.reach]]\nname = \"a/b\"\nx = 1\ny = 1"), "cannot be the name of a layer"),
        (with("[[traffic.reach]]\nname = \"far\"\nx = 1\ny = 1"), "which no road is near"),
        (
            with(
                "[[traffic.select_link]]\nname = \"a b\"\nlinks = [\"lane\"]\n[[traffic.select_link]]\nname = \"A_b\"\nlinks = [\"lane\"]",
            ),
            "is that of another one",
        ),
        (with("[[traffic.select_link]]\nname = \"x\"\nlinks = [\"moat\"]"), "names the link \"moat\""),
    ] {
        let found = run(folder.path(), &text).err().map_or("no error".into(), |error| error.to_string());
        assert!(found.contains(words), "wanted {words}, found {found}\n{text}");
    }
}

#[test]
fn a_stopped_run_goes_on_bit_for_bit_and_devices_agree() {
    let folder = town();
    let reach = "[[traffic.reach]]\nname = \"Fire station\"\nx = 199400\ny = 501000\n";
    let close = edit("action = \"close\"\nlinks = [\"bridge\", \"-bridge\"]");
    let text = scenario_text("start = \"16:00\"", ZONES, &format!("{close}{reach}"))
        .replace("end_minutes = 60", "end_minutes = 120\nframe_minutes = 60");
    let whole = run(folder.path(), &text).unwrap();
    let same = |other: &Outcome, words: &str| {
        assert_eq!(whole.tables.len(), other.tables.len());
        for (a, b) in whole.tables.iter().zip(&other.tables) {
            let bits =
                |table: &Table| -> Vec<u64> { table.rows.iter().flatten().map(|value| value.to_bits()).collect() };
            assert!(bits(a) == bits(b) && a.names == b.names, "{words}: table {}", a.name);
        }
        for (a, b) in whole.layers.iter().zip(&other.layers) {
            let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
            assert!(bits(&a.values) == bits(&b.values), "{words}: layer {}", a.name);
        }
    };
    let mut stops = 0;
    let (mut running, scenario) = model(folder.path(), &text, &Device::Cpu).unwrap();
    for until in scenario.frame_times() {
        loop {
            let progress = running.advance(until, Duration::ZERO).unwrap();
            // A new model takes up what the old one left, after every round.
            let mut left = Vec::new();
            running.save(&mut left).unwrap().unwrap();
            running = model(folder.path(), &text, &Device::Cpu).unwrap().0;
            running.load(&mut left.as_slice()).unwrap().unwrap();
            stops += 1;
            if progress.reached {
                break;
            }
            running.advance(until, Duration::from_micros(1)).unwrap();
        }
        running.frame().unwrap();
    }
    assert!(stops > 3, "{stops}");
    same(&running.outcome().unwrap(), "after stops");
    assert!(running.load(&mut [0u8; 40].as_slice()).is_err());
    if let Some(device) = gpu() {
        same(&run_on(folder.path(), &text, &device).unwrap(), "on the GPU");
    }
}

#[test]
fn a_benchmark_and_its_closure_come_out_the_same_through_a_scenario() {
    let Some(data) = hanze_engine::testing::reference_data("Sioux Falls") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = "title = \"t\"\n[city]\nnetwork = \"data:traffic/tntp/SiouxFalls_net.tntp\"\n\
                network_nodes = \"data:traffic/tntp/SiouxFalls_node.tntp\"\nnetwork_epsg = 4326\nepsg = 32614\ncell_m = 100\n\
                [traffic]\nend_minutes = 60\ngap = 1e-9\nminutes_per_km = 0\n[traffic.demand]\n\
                trips = \"data:traffic/tntp/SiouxFalls_trips.tntp\"\n[[traffic.edit]]\nname = \"10 to 16 and back\"\n\
                action = \"close\"\nlinks = [\"29\", \"48\"]\n";
    let outcome = run(folder.path(), text).unwrap();
    let reference = data.join("traffic/scenarios/SiouxFalls__close_10_16_flow.tsv");
    let reference = std::fs::read_to_string(reference).unwrap();
    let wanted: Vec<f64> =
        reference.lines().skip(1).map(|line| line.split('\t').nth(2).unwrap().trim().parse().unwrap()).collect();
    let links = table(&outcome, "links");
    // The two closed links come last, and have nothing.
    assert_eq!((wanted.len(), links.rows.len()), (74, 76));
    let column = links.columns.iter().position(|name| name == "cars_per_h").unwrap();
    for (row, wanted) in links.rows.iter().zip(&wanted) {
        assert!((row[column] - wanted).abs() < 0.1, "{row:?}: {wanted}");
    }
    assert!(links.rows[74..].iter().all(|row| row[column] == 0.0));
    // What is wanted of the file of places: without a plane it is told.
    let text = text.replace("network_epsg = 4326\n", "");
    let error = run(folder.path(), &text).err().map_or(String::new(), |error| error.to_string());
    assert!(error.contains("seems to lie in degrees, and nothing declares it"), "{error}");
}

/// Half an hour of vehicles that move; the bridge is closed from the tenth to the twentieth minute.
pub fn moving_text() -> String {
    let motion = "[traffic.motion]\nwarm_up_minutes = 2\nreroute_share = 0.5\nreroute_minutes = 2\n\
                  [[traffic.motion.closure]]\nname = \"Bridge open for a ship\"\nlinks = [\"bridge\", \"-bridge\"]\n\
                  from_minute = 10\nuntil_minute = 20\n";
    scenario_text(MORNING, ZONES, motion).replace("end_minutes = 60", "end_minutes = 30\nframe_minutes = 10")
}

#[test]
fn a_bridge_that_opens_turns_drivers_round_and_nobody_is_lost() {
    let folder = town();
    let outcome = run(folder.path(), &moving_text()).unwrap();
    let words: Vec<&str> = outcome.story.iter().map(|text| text.en.as_str()).collect();
    let said = |part: &str| words.iter().any(|own| own.contains(part));
    assert!(said("Bridge open for a ship: closed from 8:10 to 8:20 (2 links)"), "{words:?}");
    assert!(said("and they took another route"), "{words:?}");
    assert!(said("In total travellers lose") && said("hours more than today"), "{words:?}");
    let error = outcome.balance.as_ref().map(|own| own.error);
    assert_eq!(error, Some(0.0));
    // Who came over the bridge goes round by the south.
    let rows = table(&outcome, "links_in_time");
    let flow = |name: &str, from: f64| {
        let column = |name: &str| rows.columns.iter().position(|own| own == name).unwrap();
        let (begin, flow) = (column("from_min"), column("vehicles_per_h"));
        let own = rows.names.iter().zip(&rows.rows).filter(|(own, row)| own.starts_with(name) && row[begin] == from);
        own.map(|(_, row)| row[flow]).sum::<f64>()
    };
    assert!(flow("bridge ", 0.0) > 100.0, "{}", flow("bridge ", 0.0));
    assert!(flow("bridge ", 10.0) < 0.2 * flow("bridge ", 0.0), "{}", flow("bridge ", 10.0));
    assert!(flow("south ", 10.0) > flow("south ", 0.0) + 20.0, "{} {}", flow("south ", 0.0), flow("south ", 10.0));
}

#[test]
fn moving_vehicles_go_on_bit_for_bit_after_stops() {
    let folder = town();
    let text = moving_text();
    let whole = run(folder.path(), &text).unwrap();
    let (mut running, scenario) = model(folder.path(), &text, &Device::Cpu).unwrap();
    let mut stops = 0;
    for until in scenario.frame_times() {
        let mut reached = false;
        while !reached {
            let budget = if stops < 3 { Duration::ZERO } else { Duration::from_millis(3) };
            reached = running.advance(until, budget).unwrap().reached;
            let mut left = Vec::new();
            running.save(&mut left).unwrap().unwrap();
            running = model(folder.path(), &text, &Device::Cpu).unwrap().0;
            running.load(&mut left.as_slice()).unwrap().unwrap();
            stops += 1;
        }
        running.frame().unwrap();
    }
    assert!(stops > 10, "{stops}");
    let again = running.outcome().unwrap();
    assert_eq!(whole.story, again.story);
    for (a, b) in whole.tables.iter().zip(&again.tables) {
        let bits = |table: &Table| -> Vec<u64> { table.rows.iter().flatten().map(|value| value.to_bits()).collect() };
        assert!(bits(a) == bits(b) && a.names == b.names, "table {}", a.name);
    }
    for (a, b) in whole.layers.iter().zip(&again.layers) {
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
        assert!(bits(&a.values) == bits(&b.values), "layer {}", a.name);
    }
    // What is no checkpoint is refused.
    let mut left = Vec::new();
    running.save(&mut left).unwrap().unwrap();
    for cut in [10, left.len() / 2, left.len() - 3] {
        assert!(running.load(&mut &left[..cut]).is_err(), "{cut}");
    }
}

fn layer<'a>(layers: &'a [Layer], name: &str) -> &'a Layer {
    layers.iter().find(|layer| layer.name == name).unwrap_or_else(|| panic!("no layer {name}"))
}

#[test]
fn what_engines_set_free_warms_the_air_of_a_heat_scenario() {
    let folder = town();
    let whole = |outcome: &Outcome| -> f64 {
        let heat = layer(&outcome.layers, "released_heat");
        heat.values.iter().filter(|own| !own.is_nan()).map(|own| f64::from(*own) * heat.grid.cell_area()).sum()
    };
    let routes = run(folder.path(), &scenario_text(MORNING, ZONES, "")).unwrap();
    let km = value(&routes, "hours", "08:00", "vehicle_km_per_h");
    let each = 3600.0 * whole(&routes) / (1e6 * km);
    // 7 l in 100 km are 2.3 MJ/km; trucks take more, and part of the network lies on the city's edge.
    assert!((2.0..4.0).contains(&each), "{each} MJ for each of {km} km");
    // Vehicles that move: those that brake and set out again burn more than those that do not.
    let moving = run(folder.path(), &moving_text()).unwrap();
    let ratio = whole(&moving) / whole(&routes);
    eprintln!("{each:.2} MJ/km; vehicles that move over routes: {ratio:.2}");
    assert!((1.0..2.0).contains(&ratio), "{ratio}");

    // A lawn around the bridge's western end.
    let (model, _) = model(folder.path(), &scenario_text(MORNING, ZONES, ""), &Device::Cpu).unwrap();
    // The hour from 8 to 9 on the clock is from 6 to 7 UTC.
    let hours = model.settings()["released_by_hour"].clone();
    assert_eq!((hours.as_array().map(Vec::len), hours[6].as_f64()), (Some(24), Some(1.0)));
    assert!(
        hours[15].as_f64().is_some_and(|own| (own - 1.1).abs() < 0.05)
            && hours[0].as_f64().is_some_and(|own| own < 0.05),
        "{hours}"
    );
    let day = format!("released_w_per_m2 = \"heat.tif\"\nreleased_by_hour = {hours}");
    write_cog(&folder.path().join("heat.tif"), layer(&routes.layers, "released_heat")).unwrap();
    let grid = Grid { cols: 40, rows: 40, cell: 5.0, west: 200_050.0, north: 501_100.0, crs: Crs::RD_NEW };
    write_cog(&folder.path().join("ground.tif"), &Raster::heights(grid, "terrain", &[1.0; 1600])).unwrap();
    let island = |own: &str| {
        let text = format!(
            "title = \"t\"\n[city]\nterrain = \"ground.tif\"\n[heat]\nend_minutes = 420\nframe_minutes = 420\n\
             weather = \"hot-day\"\ndate = \"2019-07-25\"\n[heat.island]\nedges = \"rural\"\n{own}\n"
        );
        let file = folder.path().join("heat.toml");
        std::fs::write(&file, text).unwrap();
        let scenario = scenario::load(&file).unwrap();
        let (city, _) = scenario.city().unwrap();
        let mut model = models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
        while !model.advance(7.0 * 3600.0, Duration::from_millis(250)).unwrap().reached {}
        layer(&model.frame().unwrap().layers, "air").clone()
    };
    let (without, with) = (island(""), island(&day));
    let more = |x: f64, y: f64| {
        let (col, row) = grid.cell_at(x, y).unwrap();
        with.at(col, row) - without.at(col, row)
    };
    let (street, lawn) = (more(200_150.0, 501_003.0), more(200_150.0, 500_920.0));
    eprintln!("{street:.4} K on the street, {lawn:.4} K on the lawn");
    assert!(lawn.is_finite() && street > 0.003 && street > 2.0 * lawn, "{street} and {lawn} K");
}

#[test]
fn motion_that_cannot_be_is_told_with_its_key() {
    let folder = town();
    let fine = moving_text();
    for (from, to, words) in [
        ("reroute_share = 0.5", "reroute_share = 2", "reroute_share"),
        ("reroute_minutes = 2", "reroute_minutes = 0.5", "reroute_minutes"),
        ("reroute_minutes = 2", "step_s = 0.07", "step_s"),
        ("reroute_minutes = 2", "reroute_minuts = 2", "unknown field `reroute_minuts`"),
        ("reroute_minutes = 2", "step_s = 1", "step_s"),
        ("reroute_minutes = 2", "surface = \"mud\"", "NL14"),
        ("until_minute = 20", "until_minute = 10", "until_minute"),
        ("from_minute = 10", "from_minute = 45", "from_minute"),
        ("from_minute = 10", "from_minute = nan", "from_minute"),
        ("links = [\"bridge\", \"-bridge\"]", "links = [\"ferry\"]", "closure[0]"),
        ("links = [\"bridge\", \"-bridge\"]", "", "does not say where"),
        ("frame_minutes = 10", "frame_minutes = 7.5", "frame_minutes"),
        ("reroute_minutes = 2", "files = [\"a.rou.xml\"]", "network of SUMO"),
    ] {
        let text = fine.replace(from, to);
        assert_ne!(text, fine, "{from}");
        let found = run(folder.path(), &text).err().map_or("no error".into(), |error| error.to_string());
        assert!(found.contains(words), "{to}: {found}");
    }
}

#[test]
fn vehicles_on_drawn_lanes_move_the_same_on_both_devices() {
    let Some(device) = gpu() else { return };
    let folder = town();
    let text = moving_text()
        .replace("end_minutes = 30\nframe_minutes = 10", "end_minutes = 10")
        .replace("from_minute = 10\nuntil_minute = 20", "from_minute = 2\nuntil_minute = 5");
    let [twin, own] = [&Device::Cpu, &device].map(|device| run_on(folder.path(), &text, device).unwrap());
    let count = |column: &str| value(&twin, "trips", "cars", column);
    assert!(count("trips") > 20.0 && count("arrived") > 0.0, "{} {}", count("trips"), count("arrived"));
    for (a, b) in twin.tables.iter().zip(&own.tables) {
        let bits = |table: &Table| -> Vec<u64> { table.rows.iter().flatten().map(|value| value.to_bits()).collect() };
        assert!(bits(a) == bits(b) && a.names == b.names, "table {}", a.name);
    }
    assert_eq!(twin.story, own.story);
}
