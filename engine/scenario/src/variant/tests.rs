//! Keys of variants on the demo town: what they become, and what is told of those that are wrong.

use super::*;
use crate::found::{Found, found, visit};
use crate::schema::bounds;
use crate::{FileRef, spec::StructureName};
use glam::DVec2;
use hanze_base::error::Error;
use hanze_base::outline::Outline;
use hanze_base::places::Place;
use hanze_city::City;
use hanze_city::demo::demo;
use hanze_city::edit::{Earth, Edit, RoadEdit, Shape, What};
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{Change, Place as Road};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Variants {
    variant: Vec<VariantSpec>,
}

fn town() -> City {
    let mut city = demo(2, 300.0, 200.0, 4.0).expect("a good size");
    let rules = Rules::dutch().expect("shipped");
    city.network = Some(hanze_city::roads::demo(&city.objects.network, &rules));
    city
}

fn nowhere(file: &FileRef) -> PathBuf {
    PathBuf::from("/nowhere").join(&**file)
}

fn variants(text: &str) -> Vec<VariantSpec> {
    toml::from_str::<Variants>(text).unwrap_or_else(|error| panic!("{error}\n{text}")).variant
}

/// The edits of the only variant of a text with one edit.
fn edits(city: &City, edit: &str) -> Result<Vec<Edit>, Error> {
    let all = variants(&format!("[[variant]]\nname = \"Green\"\nedit = [{{ {edit} }}]"));
    VariantSpec::edits(&all, "Green", city, &nowhere)
}

#[test]
fn keys_become_edits() {
    let city = town();
    let (x, y) = (city.grid.west + 100.0, city.grid.south() + 80.0);
    let ring = format!("[[{x}, {y}], [{}, {y}], [{}, {}]]", x + 20.0, x + 20.0, y + 20.0);
    let corners = vec![DVec2::new(x, y), DVec2::new(x + 20.0, y), DVec2::new(x + 20.0, y + 20.0)];
    let one = |text: &str| edits(&city, text).unwrap_or_else(|error| panic!("{text}: {error}")).remove(0);
    let house =
        one(&format!("what = \"building\", area = {ring}, height_m = 9, use = \"office\", roof = \"flat\", jobs = 12"));
    let What::Building(new) = &house.what else { panic!("{house:?}") };
    assert_eq!((new.height, new.jobs, &new.outline), (9.0, 12.0, &Outline::of(corners.clone())));
    assert_eq!(
        (house.at.as_str(), house.label.as_str()),
        ("variant[0].edit[0]", "variant \"Green\", edit 1 (building)")
    );
    // The same area in GeoJSON: in metres, and in degrees.
    let plane = hanze_base::plane::Plane::of(city.grid.crs).expect("known");
    for in_degrees in [false, true] {
        let place =
            |at: &DVec2| if in_degrees { plane.to_degrees((at.x, at.y)).expect("inside") } else { (at.x, at.y) };
        let points: Vec<String> = corners.iter().map(place).map(|(x, y)| format!("[{x:.12}, {y:.12}, 0]")).collect();
        let area = format!("{{ type = \"Polygon\", coordinates = [[{}]] }}", points.join(", "));
        let pond = one(&format!("what = \"water\", area = {area}, bed_m = -1, level_m = 0.5"));
        let What::Water { area, bed, level } = &pond.what else { panic!("{pond:?}") };
        assert_eq!((*bed, *level), (-1.0, 0.5));
        assert!(area.polygons[0][0].iter().zip(&corners).all(|(a, b)| a.distance(*b) < 0.01), "{area:?}");
    }
    let trees = one(&format!("what = \"trees\", points = [[{x}, {y}]], species = \"conifer\""));
    let What::Trees(planting) = &trees.what else { panic!("{trees:?}") };
    assert_eq!((planting.height, &planting.place), (8.0, &Shape::Points(vec![corners[0]])));
    let wadi = one(&format!("what = \"ground\", ground = \"wadi\", area = {ring}, depth_m = 0.3"));
    assert!(matches!(wadi.what, What::Ground { action: Earth::Wadi { depth: 0.3, slope: 3.0 }, .. }));
    let lower = one(&format!("what = \"ground\", ground = \"lower\", area = {ring}, by_m = 0.3"));
    assert!(matches!(lower.what, What::Ground { action: Earth::Raise(-0.3), .. }));
    let dike =
        one(&format!("what = \"ground\", ground = \"dike\", line = [[{x}, {y}], [{}, {y}]], height_m = 2", x + 9.0));
    assert!(matches!(dike.what, What::Barrier(barrier) if barrier.width == 3.0 && barrier.height == 2.0));
    let brick = one(&format!("what = \"cover\", area = {ring}, becomes = \"bricks and slabs\", codes = \"bgt\""));
    assert!(
        matches!(brick.what, What::Cover { becomes, .. } if becomes.manning == 0.015 && becomes.sewered && becomes.infiltration > 0.0)
    );
    let name = &city.places.buildings[0].name;
    let gone = one(&format!("what = \"demolish\", building = \"{name}\""));
    let What::Demolish { place, .. } = &gone.what else { panic!("{gone:?}") };
    assert_eq!(place, &Shape::Area(city.places.buildings[0].outline.clone()));
    let area = &city.places.areas[0];
    let felled = one(&format!("what = \"fell\", neighbourhood = \"{}\"", area.name.to_uppercase()));
    assert_eq!(felled.what, What::Fell { place: Shape::Area(area.outline.clone()) });
    let street = one(&format!("what = \"cover\", street = \"{}\", becomes = \"grass\"", city.places.roads[0].name));
    assert!(matches!(street.what, What::Cover { area, .. } if area == city.places.roads[0].outline));
    let road = one(
        "what = \"road\", action = \"close\", links = [\"road-0\"], hours = [\"07:00\", \"09:30\"], modes = [\"car\"]",
    );
    assert!(matches!(road.what, What::Road(RoadEdit::AtHours { hours: [7.0, 9.5], modes: 1, .. })));
    let limit = one(&format!("what = \"road\", action = \"limit\", area = {ring}, speed_kmh = 36"));
    assert!(matches!(limit.what, What::Road(RoadEdit::Change { place: Road::Within(_), change: Change::Limit(10.0) })));
    let pump = one(&format!(
        "what = \"structure\", structure = {{ name = \"P\", kind = \"pump\", from = [{x}, {y}], capacity_m3_per_s = 1 }}"
    ));
    assert_eq!(pump.what, What::Structure { name: "P".into(), ends: vec![vec![corners[0]]] });
    // What they ask of the roads and of structures is made.
    city.edited(&[road, pump]).expect("fine");
}

#[test]
fn wrong_keys_are_told_with_the_edit_and_a_mend() {
    let city = town();
    let (x, y) = (city.grid.west + 100.0, city.grid.south() + 80.0);
    let area = format!("area = [[{x}, {y}], [{}, {y}], [{x}, {}]]", x + 20.0, y + 20.0);
    let cases = [
        (format!("what = \"building\", {area}"), "edit[0].height_m", "is missing with what = \"building\""),
        ("what = \"building\", height_m = 9".into(), "edit[0]", "does not say where"),
        (
            format!("what = \"cover\", {area}, becomes = \"grass\", height_m = 9"),
            "edit[0].height_m",
            "does nothing with",
        ),
        (format!("what = \"cover\", {area}, becomes = \"gras\""), "edit[0].becomes", "\"grass\""),
        (
            format!("what = \"cover\", {area}, becomes = \"moss\", codes = \"bgt\""),
            "edit[0].becomes",
            "there is no class",
        ),
        (format!("what = \"cover\", {area}, street = \"A\", becomes = \"grass\""), "edit[0]", "more than once"),
        ("what = \"fell\", area = [[1, 2], [3, nan], [4, 5]]".into(), "edit[0].area", "not [x, y] of two numbers"),
        ("what = \"fell\", area = [[1, 2, 3, 4], [3, 4], [4, 5]]".into(), "edit[0].area", "not [x, y] of two numbers"),
        ("what = \"fell\", area = [[[[[1, 2]]]]]".into(), "edit[0].area", "5 deep"),
        (
            "what = \"fell\", area = { type = \"Circle\", coordinates = [1, 2] }".into(),
            "edit[0].area",
            "is a \"Circle\"",
        ),
        (
            "what = \"fell\", area = { type = \"Point\", coordinates = [1000, 2000] }".into(),
            "edit[0].area",
            "other shapes than",
        ),
        ("what = \"fell\", building = \"building-x\"".into(), "edit[0]", "does nothing with"),
        (
            "what = \"demolish\", building = \"building-x\"".into(),
            "edit[0].building",
            "the nearest names are \"building-",
        ),
        ("what = \"cover\", becomes = \"grass\", street = \"rod-0\"".into(), "edit[0].street", "\"road-0\""),
        (format!("what = \"trees\", {area}, count = 3, spacing_m = 3"), "edit[0].count", "beside spacing_m"),
        (format!("what = \"ground\", {area}, by_m = 3"), "edit[0].ground", "is missing"),
        (format!("what = \"ground\", ground = \"raise\", {area}, depth_m = 3"), "edit[0].depth_m", "does nothing with"),
        ("what = \"structure\"".into(), "edit[0].structure", "is missing"),
        ("what = \"road\", links = [\"road-0\"]".into(), "edit[0].action", "is missing"),
        ("what = \"road\", action = \"close\"".into(), "edit[0]", "does not say which roads"),
        ("what = \"road\", action = \"add\", links = [\"road-0\"]".into(), "edit[0].action", "without a line"),
        ("what = \"road\", action = \"speed\", links = [\"road-0\"]".into(), "edit[0].speed_kmh", "is missing"),
        (
            "what = \"road\", action = \"close\", links = [\"road-0\"], hours = [\"7\", \"25:00\"]".into(),
            "edit[0].hours",
            "no times",
        ),
        (
            "what = \"road\", action = \"close\", links = [\"road-0\"], modes = [\"tram\"]".into(),
            "edit[0].modes",
            "not known",
        ),
    ];
    for (text, at, words) in cases {
        let error = edits(&city, &text).expect_err(&text);
        let shown = error.to_string();
        assert!(shown.contains(&format!("variant[0].{at}")) && shown.contains(words), "{text}: {shown}");
        assert!(shown.contains("variant \"Green\", edit 1 ("), "{shown}");
        assert!(edits(&city, &format!("{text}, disabled = true")).is_ok_and(|edits| edits.is_empty()));
    }
    let long = format!("what = \"demolish\", building = \"building-0\", name = \"{}\"", "x".repeat(101));
    assert!(edits(&city, &long).expect_err("long").to_string().contains("101 letters"));
    let missing = edits(&city, "what = \"fell\", area = \"trees.geojson\"").expect_err("no file");
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
    for wrong in ["what = \"dig\"", "what = \"fell\", depth = 3", "what = \"fell\", area = true"] {
        let text = format!("[[variant]]\nname = \"A\"\nedit = [{{ {wrong} }}]");
        assert!(toml::from_str::<Variants>(&text).is_err(), "{wrong}");
    }
}

#[test]
fn a_name_that_three_roads_bear_is_asked_after() {
    let mut city = town();
    let (low, high) = (DVec2::new(city.grid.west, city.grid.south()), DVec2::new(city.grid.east(), city.grid.north));
    let bar = |at: DVec2| Outline::of(vec![at, at + DVec2::new(10.0, 0.0), at + 10.0]);
    let place = |name: &str, at: DVec2| Place { name: name.into(), outline: bar(at) };
    let middle = 0.5 * (low + high);
    city.places.roads = vec![
        place("Kerkstraat", low),
        place("Kerkstraat", middle),
        place("Kerkstraat", high - 10.0),
        // Two stretches that meet are one street.
        place("Dorpsweg", low),
        place("Dorpsweg", low + DVec2::new(10.0, 0.0)),
    ];
    let error =
        edits(&city, "what = \"cover\", street = \"kerkstraat\", becomes = \"grass\"").expect_err("three").to_string();
    assert!(error.contains("3 roads bear the name \"kerkstraat\"") && error.contains("write the id"), "{error}");
    let one = edits(&city, "what = \"cover\", street = \"Dorpsweg\", becomes = \"grass\"").expect("one street");
    assert!(matches!(&one[0].what, What::Cover { area, .. } if area.holds(low + DVec2::new(9.0, 1.0))));
    // Links of the network, too.
    let roads = city.network.as_mut().expect("there");
    let far = |at: DVec2, roads: &hanze_city::roads::Roads| {
        let away = |k: &usize| hanze_city::roads::distance(&roads.links[*k].line, at).0;
        (0..roads.links.len()).min_by(|a, b| away(a).total_cmp(&away(b))).expect("a link")
    };
    for at in [low, high] {
        let k = far(at, roads);
        roads.links[k].name = "Molenweg".into();
    }
    let error =
        edits(&city, "what = \"road\", action = \"close\", street = \"Molenweg\"").expect_err("two").to_string();
    assert!(error.contains("2 roads bear the name"), "{error}");
}

#[test]
fn variants_stand_on_each_other_and_set_numbers() {
    let city = town();
    let (x, y) = (city.grid.west + 100.0, city.grid.south() + 80.0);
    let tree = |dx: f64| format!("[[variant.edit]]\nwhat = \"trees\"\npoints = [[{}, {y}]]\n", x + dx);
    let text = format!(
        "[[variant]]\nname = \"Base\"\n{}[[variant.set]]\nkey = \"traffic.demand.factor\"\ntimes = 0.9\n\
         [[variant]]\nname = \"More\"\nbased_on = \"Base\"\nwords = \"More of it.\"\n{}\
         [[variant.edit]]\nwhat = \"structure\"\nstructure = {{ name = \"W\", kind = \"weir\", from = [{x}, {y}], width_m = 2 }}\n",
        tree(0.0),
        tree(8.0)
    );
    let all = variants(&text);
    let more = VariantSpec::edits(&all, "More", &city, &nowhere).expect("fine");
    let at: Vec<&str> = more.iter().map(|edit| edit.at.as_str()).collect();
    assert_eq!(at, ["variant[0].edit[0]", "variant[1].edit[0]", "variant[1].edit[1]"]);
    assert_eq!(VariantSpec::edits(&all, "Base", &city, &nowhere).expect("fine").len(), 1);
    let structures = VariantSpec::structures(&all, "More").expect("fine");
    assert_eq!((structures.len(), structures[0].kind), (1, StructureName::Weir));
    let set = VariantSpec::set(&all, "More").expect("fine");
    assert_eq!((set.len(), set[0].times), (1, Some(0.9)));
    let mut ring = all.clone();
    ring[0].based_on = Some("More".into());
    let error = VariantSpec::edits(&ring, "More", &city, &nowhere).expect_err("a ring").to_string();
    assert!(error.contains("is based on itself"), "{error}");
    let error = VariantSpec::set(&all, "Mor").expect_err("no such").to_string();
    assert!(error.contains("the nearest names are \"More\""), "{error}");
    let mut both = all;
    both[0].set[0].value = Some(1.0);
    assert!(VariantSpec::set(&both, "Base").is_err());
}

#[test]
fn every_number_has_bounds_and_every_file_is_found() {
    let text = "[[variant]]\nname = \"All\"\nset = [{ key = \"a.b\", value = 1, times = 2 }]\n[[variant.edit]]\nwhat = \"road\"\n\
                area = \"a.geojson\"\nline = [[1, 2], [3, 4]]\npoints = { type = \"MultiPoint\", coordinates = [[1, 2]] }\n\
                to = [[[[1, 2]]]]\nheight_m = 1\nresidents = 1\njobs = 1\ngreen_roof_m = 0\nalbedo = 0\ncount = 1\nspacing_m = 1\n\
                crown_m = 1\ncodes = \"c.toml\"\nbed_m = 1\nlevel_m = 1\nby_m = 1\nto_m = 1\ndepth_m = 1\nslope = 1\nwidth_m = 1\n\
                lanes = 1\nspeed_kmh = 1\nfactor = 1\n";
    let all: Variants = toml::from_str(text).expect("all keys");
    let schema = schemars::schema_for!(Variants).to_value();
    let mut numbers = 0;
    visit(&all, &mut |at, leaf| {
        if matches!(leaf, crate::found::Leaf::Number(_)) {
            numbers += 1;
            assert!(bounds(&schema, at).is_some(), "{at:?}");
        }
    });
    // Two of `set`, eight coordinates and eighteen keys.
    assert_eq!(numbers, 28);
    let files: Vec<String> = found(&all).into_iter().map(|Found { name, .. }| name).collect();
    assert_eq!(files, ["a.geojson", "c.toml"]);
    // Written again they are the same.
    let again: Variants = toml::from_str(&toml::to_string(&all).expect("TOML")).expect("the same keys");
    assert_eq!(serde_json::to_value(&again).ok(), serde_json::to_value(&all).ok());
}

#[test]
fn files_are_read_in_the_plane_that_they_name() {
    let city = town();
    let at = DVec2::new(city.grid.west + 100.0, city.grid.south() + 80.0);
    let folder = std::env::temp_dir().join(format!("hanze-variant-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |file: &FileRef| folder.join(&**file);
    let crs = |code: u32| format!("\"crs\": {{\"properties\": {{\"name\": \"urn:ogc:def:crs:EPSG::{code}\"}}}},");
    let text = |crs: &str, x: f64, y: f64| {
        format!(
            "{{\"type\": \"FeatureCollection\", {crs} \"features\": [{{\"type\": \"Feature\", \"properties\": {{}}, \
             \"geometry\": {{\"type\": \"Point\", \"coordinates\": [{x:.12}, {y:.12}]}}}}]}}"
        )
    };
    let plane = hanze_base::plane::Plane::of(city.grid.crs).expect("known");
    let (lon, lat) = plane.to_degrees((at.x, at.y)).expect("inside");
    let all = variants("[[variant]]\nname = \"A\"\nedit = [{ what = \"trees\", points = \"t.geojson\" }]");
    for (text, is_read) in [
        (text("", lon, lat), true),
        (text(&crs(4326), lon, lat), true),
        (text(&crs(28992), at.x, at.y), true),
        (text(&crs(25831), at.x, at.y), false),
        (text("", at.x, at.y), false),
        ("{".into(), false),
    ] {
        std::fs::write(folder.join("t.geojson"), &text).expect("written");
        let found = VariantSpec::edits(&all, "A", &city, &path);
        match (found, is_read) {
            (Ok(found), true) => {
                let What::Trees(planting) = &found[0].what else { panic!("{found:?}") };
                let Shape::Points(points) = &planting.place else { panic!("{found:?}") };
                assert!(points[0].distance(at) < 0.01, "{points:?}");
            }
            (Err(error), false) => {
                assert!(error.to_string().contains("t.geojson") && error.to_string().contains("edit 1"), "{error}")
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}
