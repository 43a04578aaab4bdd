//! Nouns of the engine, told by all models.

use hanze_engine::city::demo::demo;
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::places::Places;
use hanze_engine::words::file;
use hanze_engine::yardstick::Size;
use hanze_engine::yardstick::kernels::kernels;
use hanze_engine::yardstick::speeds::{TURNS, measure};
use std::time::Duration;

#[test]
fn files_are_told_by_their_name() {
    const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";
    for (name, media_type, unit, words) in [
        ("max_depth.tif", COG, "m", "grootste waterdiepte (m)"),
        ("frames/depth_001800.000s.tif", COG, "m", "waterdiepte (m)"),
        ("frames/depth_001800.000s.png", "image/png", "", "kaart: waterdiepte"),
        ("depth.png", "image/apng", "", "in de tijd: waterdiepte"),
        ("city/buildings.tif", COG, "m", "hoogte van de gebouwen (m)"),
        ("buildings.csv", "text/csv", "", "wat er bij elk gebouw gebeurt"),
        ("buildings.city.json", "application/city+json", "", "gebouwen met muren en daken"),
        ("difference_flow_bands.glb", "model/gltf-binary", "", "verschil: Motorvoertuigen per uur, voor het 3D-beeld"),
        ("frames/vehicles_000900.000s.json", "application/json", "", "waar elk voertuig is"),
        ("buildings.csv-metadata.json", "application/csvm+json", "", "uitleg en bronvermelding bij buildings.csv"),
        ("sun_hours.tif", COG, "h", "uren zon (uur)"),
        ("flow.tif", COG, "per h", "motorvoertuigen per uur (per uur)"),
        ("plan.png", "image/png", "", "kaart van de bodembedekking"),
        ("reach_fire_station.tif", COG, "min", "reistijd vanaf fire station (min)"),
    ] {
        let found = file(name, media_type, unit, models::variable).unwrap_or_default();
        assert!(found.starts_with(words), "{name}: {found}");
    }
    assert_eq!(file("something.csv", "text/csv", "", models::variable), None);
}

#[test]
fn the_demo_town_has_places_of_every_kind() {
    let city = demo(1, 500.0, 400.0, 2.0).expect("a town");
    let places = Places::of(&city.objects);
    assert_eq!(places.buildings.len(), city.objects.buildings.len());
    assert!(places.roads.len() > 10 && places.areas.len() > 1 && places.buildings[0].name == "building-0");
}

#[test]
fn every_kernel_works_and_has_a_name_of_its_own() {
    let mut names = Vec::new();
    for mut kernel in kernels(models::all()).unwrap() {
        let (units, seconds) = kernel.run(Duration::from_millis(1)).unwrap();
        assert!(units >= 1.0 && seconds > 0.0 && seconds.is_finite(), "{}: {units} in {seconds} s", kernel.name);
        names.push(kernel.name);
    }
    // What the shipped baseline remembers.
    let known = [
        "runoff order 1",
        "runoff order 2",
        "heat views",
        "heat radiation",
        "heat surfaces and air",
        "motion",
        "equilibrium",
    ];
    assert_eq!(names, known);
}

#[test]
fn every_model_is_measured_at_the_smallest_size() {
    let (found, faults) = measure(models::all(), &Device::Cpu, Size::Tiny, Duration::from_millis(1)).unwrap();
    assert_eq!(faults, Vec::<String>::new());
    let has = |name: &str| found.rows.iter().any(|row| row.model == name);
    assert!(models::all().iter().all(|entry| has(entry.section())), "{:?}", found.rows);
    assert!(found.rows.iter().all(|row| row.seconds.len() == TURNS && row.per_second.is_finite()));
    assert_eq!(found.shares().len(), models::all().len());
}
