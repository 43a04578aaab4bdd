//! The demo town as files is the same town.

use hanze_engine::city::City;
use hanze_engine::city::demo::demo;
use hanze_engine::city::read::{Limits, Quantity, raster};
use hanze_engine::city::roads::rules::Rules;
use hanze_engine::city::roads::{self, Reading, Roads};
use hanze_engine::device::Device;
use hanze_engine::export;
use hanze_engine::grid::Grid;
use hanze_engine::output::folder::RunFolder;
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::places::Place;
use hanze_engine::raster::Raster;
use hanze_engine::scenario::{self, Scenario};
use hanze_engine::simulation::{Ending, Simulation};
use hanze_engine::words::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Seed, width, height and cell, m. The second town ends within its last row of cells.
const TOWNS: [(u64, f64, f64, f64); 2] = [(1, 400.0, 300.0, 2.0), (4, 300.0, 250.0, 1.5)];

/// A town, written to a folder as `hanze demo` does it.
fn written((seed, width, height, cell): (u64, f64, f64, f64)) -> (tempfile::TempDir, City) {
    let city = demo(seed, width, height, cell).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut out = RunFolder::create(folder.path()).unwrap();
    export::city(&city, &mut out, Language::English, "2026-12-01").unwrap();
    export::scenario(&city, &mut out).unwrap();
    for name in ["scenario.toml", "codes.toml"] {
        assert!(out.artifacts.iter().any(|artifact| artifact.name == name), "{name}");
    }
    (folder, city)
}

fn text(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("scenario.toml")).unwrap()
}

/// The scenario of a folder, with some of its text replaced.
fn load(folder: &Path, changes: &[(&str, &str)]) -> hanze_engine::Result<Scenario> {
    let text = changes.iter().fold(text(folder), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
        text.replace(from, to)
    });
    scenario::parse(&folder.join("scenario.toml"), text)
}

/// Values are equal to the last bit: files hold f32, and the town's heights are steps of 2^-16 m, which an f32 holds with the datum, too.
fn same(found: &Raster, made: &Raster) {
    let name = &made.name;
    assert_eq!((found.grid, &found.name, &found.unit, found.datum), (made.grid, name, &made.unit, made.datum));
    let differ = found.values.iter().zip(&made.values).filter(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!(differ.count(), 0, "cells of {name}");
}

/// Cells of the places of each name; of those without any nothing is said.
fn cells(places: &[Place], grid: &Grid) -> BTreeMap<String, BTreeSet<usize>> {
    let mut all = BTreeMap::<String, BTreeSet<usize>>::new();
    for place in places {
        for (row, ranges) in place.outline.cells(grid).expect("short") {
            let own = ranges.into_iter().flatten().map(|col| row * grid.cols + col);
            all.entry(place.name.clone()).or_default().extend(own);
        }
    }
    all
}

/// Files of outlines hold millimetres, and corners of carriageways within two centimetres of a line are left out: a cell lies within one
/// of two such outlines only if its centre is as near to an edge, which is one in some thousands.
fn same_places(found: &[Place], made: &[Place], grid: &Grid) {
    let (found, made) = (cells(found, grid), cells(made, grid));
    let none = BTreeSet::new();
    let names: BTreeSet<&String> = found.keys().chain(made.keys()).collect();
    let differ = names.into_iter().map(|name| {
        let [found, made] = [&found, &made].map(|all| all.get(name).unwrap_or(&none));
        found.symmetric_difference(made).count()
    });
    let (differ, all) = (differ.sum::<usize>(), made.values().map(BTreeSet::len).sum::<usize>());
    assert!(all > 100 && differ as f64 <= 2e-3 * all as f64, "{differ} of {all} cells");
}

#[test]
fn a_town_read_from_its_files_is_the_town_that_was_made() {
    for town in TOWNS {
        let (folder, made) = written(town);
        let (found, inputs) = load(folder.path(), &[]).unwrap().city().unwrap();
        assert!(found.synthetic && found.title == made.title);
        same(&found.terrain, &made.terrain);
        same(&found.manning, &made.manning);
        same(&found.infiltration, &made.infiltration);
        let optional = |city: &City| {
            let City { buildings, water, cover, canopy, sewered, .. } = city;
            [buildings, water, cover, canopy, sewered].map(|layer| layer.clone().expect("a layer"))
        };
        optional(&found).iter().zip(&optional(&made)).for_each(|(found, made)| same(found, made));
        assert!(found.soil.suction.is_none() && found.soil.horton.is_none());
        let mut held = found.soil.interception.iter().flat_map(|held| &held.values);
        assert!(held.all(|held| *held == 0.0), "nothing is held");
        same_places(&found.places.buildings, &made.places.buildings, &made.grid);
        same_places(&found.places.roads, &made.places.roads, &made.grid);
        same_places(&found.places.areas, &made.places.areas, &made.grid);
        for input in inputs {
            assert!(input.nodata_share == 0.0, "{}: {}", input.name, input.nodata_share);
        }
    }
}

#[test]
fn the_surface_tells_the_same_buildings() {
    let (folder, made) = written(TOWNS[0]);
    // Without outlines, which leave out what a house at the town's edge has within it.
    let changes = [
        ("buildings_m = \"buildings.tif\"", "surface = \"surface_height.tif\""),
        ("buildings = \"buildings.city.json\"\n", ""),
    ];
    let (found, _) = load(folder.path(), &changes).unwrap().city().unwrap();
    let (found, made) = (found.buildings.unwrap(), made.buildings.unwrap());
    // An f32 of some 30 m, less another one, is known to about two millionths of a metre each.
    let off = found.values.iter().zip(&made.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-5 && made.values.iter().any(|height| *height > 5.0), "{off} m");
}

#[test]
fn its_roads_are_the_same_network() {
    let (folder, made) = written(TOWNS[0]);
    let rules = Rules::dutch().unwrap();
    let reading = Reading { crs: made.grid.crs, declared: None, nodes: None, rules: &rules };
    let found = roads::read(&folder.path().join("roads.geojson"), &reading).unwrap();
    let made = roads::demo(&made.objects.network, &rules);
    let links = |roads: &Roads| -> BTreeMap<String, (String, u8, [f64; 2], [i64; 4])> {
        let link = |link: &roads::Link| {
            // In decimetres.
            let ends = [link.from, link.to].map(|node| (10.0 * roads.nodes[node as usize].at).round());
            let ends = [ends[0].x, ends[0].y, ends[1].x, ends[1].y].map(|at| at as i64);
            (link.id.clone(), (link.kind.clone(), link.modes, [link.lanes, link.speed], ends))
        };
        // Ends of lines that lie within half a metre of each other are one junction to the reader, at one of them; a road between them is none.
        roads.links.iter().filter(|link| link.length > 0.5).map(link).collect()
    };
    let (found, made) = (links(&found), links(&made));
    assert!(made.len() > 10 && found.keys().eq(made.keys()), "{} and {} links", found.len(), made.len());
    for (id, (kind, modes, numbers, ends)) in &made {
        let own = &found[id];
        assert_eq!((&own.0, own.1, own.2), (kind, *modes, *numbers), "{id}");
        assert!(own.3.iter().zip(ends).all(|(a, b)| (a - b).abs() <= 5), "{id}: {:?} and {ends:?}", own.3);
    }
}

#[test]
fn rain_on_both_leaves_the_same_water_and_the_same_mark() {
    for town in TOWNS {
        let (folder, _) = written(town);
        let short = [
            ("end_minutes = 90", "end_minutes = 6"),
            ("frame_minutes = 15", "frame_minutes = 6"),
            ("\nminutes = 60", "\nminutes = 5"),
        ];
        let from_files = load(folder.path(), &short).unwrap();
        let (seed, width, height, cell) = town;
        let runoff = from_files.text.split_once("[runoff]").unwrap().1;
        let made = format!(
            "title = \"t\"\n[city]\ndemo = {{ seed = {seed}, width_m = {width}, height_m = {height}, cell_m = {cell} }}\n\
             [runoff]{runoff}"
        );
        let made = scenario::parse(&folder.path().join("made.toml"), made).unwrap();
        let [found, made] = [from_files, made].map(|scenario| {
            let mut run = Simulation::new(scenario, Device::Cpu, &folder.path().join("runs")).unwrap();
            assert!(matches!(run.run(&AtomicBool::new(false), &mut |_| {}), Ok(Ending::Finished(_))));
            let record = std::fs::read_to_string(run.folder.path.join("run.json")).unwrap();
            let record: serde_json::Value = serde_json::from_str(&record).unwrap();
            assert_eq!(record["synthetic"], true);
            let read = |name: &str| {
                let limits = Limits { max_cells: 1 << 20 };
                raster(&run.folder.path.join(name), Quantity::Values, limits).unwrap().values
            };
            [read("max_depth.tif"), read("frames/depth_000360.000s.tif")]
        });
        for (found, made) in found.iter().zip(&made) {
            // Soil that holds nothing on leaves counts otherwise than soil of which nothing is known; a digit of an f32 is allowed for.
            let near = |(a, b): (&f32, &f32)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-6;
            assert!(found.iter().zip(made).all(near));
            assert!(made.iter().any(|depth| *depth > 0.01), "it rained");
        }
    }
}

#[test]
fn what_says_the_same_twice_and_depths_of_nothing_are_refused() {
    let (folder, made) = written(TOWNS[0]);
    let words = |changes: &[(&str, &str)]| {
        let city = load(folder.path(), changes).and_then(|scenario| scenario.city());
        city.err().map_or("no error".into(), |error| error.to_string())
    };
    let water = "water_m = \"water.tif\"";
    let found = words(&[(water, "water_m = \"water.tif\"\nwater_level_m = 0")]);
    assert!(found.contains("city.water_m: stands beside water_level_m"), "{found}");
    let found = words(&[(water, "surface = \"surface_height.tif\"")]);
    assert!(found.contains("city.buildings_m: stands beside surface"), "{found}");
    let wrong = Raster::uniform(made.grid, "wrong", "m", -1.0);
    write_cog(&folder.path().join("wrong.tif"), &wrong).unwrap();
    let found = words(&[(water, "water_m = \"wrong.tif\"")]);
    assert!(found.contains("water_m lies between 0 and 1000"), "{found}");
    // The mark is the scenario's own.
    let (city, _) = load(folder.path(), &[("synthetic = true", "synthetic = false")]).unwrap().city().unwrap();
    assert!(!city.synthetic);
}
