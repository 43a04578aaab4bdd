//! What layers hold is declared once: by models, and by the city.

use crate::sky_to_street;
use crate::traffic::{MORNING, ZONES, edit, moving_text, scenario_text, town};
use crate::warm::{self, Ran};
use hanze_engine::city::demo::demo;
use hanze_engine::city::{self, City};
use hanze_engine::device::Device;
use hanze_engine::export;
use hanze_engine::frame::Layer;
use hanze_engine::models::{self, Entry};
use hanze_engine::output::folder::RunFolder;
use hanze_engine::output::map::Scale;
use hanze_engine::quantity::{BELOW, Classes, Drawn, Given, Quantity, Role, Variable};
use hanze_engine::scenario;
use hanze_engine::simulation::{Ending, Request, Simulation, draw};
use hanze_engine::words::Language;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Units of files and of legends; those of words are translated by `Language::unit`.
const UNITS: [&str; 26] = [
    "",
    "m",
    "cm",
    "mm",
    "m/s",
    "m²/s",
    "min",
    "h",
    "s",
    "K",
    "°C",
    "K h",
    "%",
    "nights",
    "per h",
    "per km",
    "km/h",
    "g/km/h",
    "ug/m3",
    "µg/m³",
    "dB",
    "dB(A)",
    "W/m2",
    "W/m²",
    "s/m^(1/3)",
    "mm per day",
];

#[test]
fn declarations_are_whole() {
    let mut names = BTreeSet::new();
    for own in models::quantities() {
        let name = own.name;
        assert!(names.insert(name), "{name} is declared twice");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_{}".contains(c)), "{name}");
        assert!(!name.starts_with("difference_"), "{name}: differences are made from what differs");
        for words in [own.english, own.dutch] {
            let is_sentence = words.starts_with(char::is_uppercase) && !words.contains(" an hour");
            assert!(is_sentence && words.contains("{}") == own.is_family(), "{name}: {words}");
        }
        assert_ne!(own.english, own.dutch, "{name}");
        assert!(UNITS.contains(&own.unit) && UNITS.contains(&own.shown.unit), "{name}");
        let ascends = |starts: &[f64]| starts.is_sorted_by(|a, b| a < b) && !starts.is_empty();
        match own.classes {
            Classes::Steps(starts, _) => {
                assert!(ascends(starts) && starts.iter().all(|start| *start == BELOW || start.is_finite()), "{name}");
                assert!(!own.shown.unit.is_empty() || own.unit.is_empty(), "{name}: a legend without a unit");
            }
            Classes::Named(classes, _) => {
                let starts: Vec<f64> = classes.iter().map(|(start, ..)| *start).collect();
                assert!(ascends(&starts) && classes.iter().all(|(_, en, nl)| !en.is_empty() && en != nl), "{name}");
            }
            Classes::Covers => assert!(own.change.is_none(), "{name}: there is no difference of classes"),
            Classes::Ground => assert!(own.is_height, "{name}: classes of the ground are those of heights"),
        }
        // Numbers of a legend differ from each other with its decimals.
        let scale = Scale::new(&Variable::of(own, "x"), 0.0, || Some((0.0, 8.0)));
        let legend: Vec<String> = scale.legend(Language::English).into_iter().map(|(_, words)| words).collect();
        assert_eq!(legend.iter().collect::<BTreeSet<_>>().len(), legend.len(), "{name}: {legend:?}");
        if let Some(change) = own.change {
            assert!(ascends(change.steps) && change.steps[0] > 0.0 && change.steps.len() <= 5, "{name}");
            assert!(UNITS.contains(&change.shown.unit), "{name}");
            assert!(!change.shown.unit.is_empty() || change.names.is_some(), "{name}: a difference without a unit");
            assert!(change.one_side.iter().all(|(en, nl)| !en.is_empty() && en != nl), "{name}");
            let parts = |value: f64| (value * change.shown.factor * 10f64.powi(change.shown.decimals as i32)).fract();
            let is_whole = |value: &f64| parts(*value).abs() < 1e-9 || parts(*value).abs() > 1.0 - 1e-9;
            assert!(change.names.is_some() || change.steps.iter().all(is_whole), "{name}: decimals are too few");
            if let Some(whole) = change.zero_where {
                assert!(models::quantity(whole).is_some_and(Quantity::is_result), "{name}: {whole}");
            }
        }
        if let Drawn::Film(film) = own.drawn {
            assert!(own.is_result() && models::quantity(film).is_some_and(Quantity::is_frame), "{name}: {film}");
        }
        let found = models::variable(&Variable::of(own, "long_bridge").name());
        assert_eq!(found.map(|found| found.quantity.name), Some(name), "the name leads back");
    }
    for entry in models::all() {
        assert!(entry.main().next().is_some() && entry.shows().is_some(), "{:?}", entry.section());
        assert!(entry.quantities.iter().all(|own| own.role != Role::City), "{:?}", entry.section());
    }
    assert!(city::layers::LAYERS.iter().all(|own| own.role == Role::City));
}

/// Runs a text of a scenario in a folder.
fn run(folder: &Path, text: &str) -> (&'static Entry, Ran) {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let scenario = scenario::load(&file).unwrap();
    let entry = models::named(scenario.model()).expect("an entry");
    (entry, warm::run(&scenario).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// Small runs that between them give every layer that models have.
fn cases() -> Vec<(&'static Entry, Ran)> {
    let streets = sky_to_street::inputs();
    let sewers = "title = \"t\"\n[city]\nterrain = \"flat.tif\"\nmanning = 0.02\nsewer_districts = \"districts.geojson\"\n\
                  [runoff]\nend_minutes = 5\n[runoff.rain]\nmm_per_hour = 36\n\
                  [runoff.sewer]\ninlet_mm_per_hour = 18\nstorage_mm = 1\n";
    let hot = warm::inputs();
    let day = |keys: &str| warm::text(warm::CITY, &format!("{}\n{keys}", warm::HEAT), 24);
    let roads = town();
    let close = edit("action = \"close\"\nalong = [[200000, 501000], [200500, 501020], [201000, 501000]]");
    let asked = "[[traffic.reach]]\nname = \"Fire station\"\nx = 199400\ny = 501000\n\
                 [[traffic.select_link]]\nname = \"Bridge\"\nalong = [[200500, 501000], [200500, 501040]]\n";
    vec![
        run(streets.path(), sewers),
        run(hot.path(), &day("pet_hoeppe = true")),
        run(hot.path(), &day("product = \"national\"")),
        run(roads.path(), &scenario_text(MORNING, ZONES, &format!("{close}{asked}"))),
        run(roads.path(), &moving_text()),
    ]
}

#[test]
fn every_quantity_is_given_by_some_run_and_every_run_gives_what_it_must() {
    let mut given = BTreeSet::new();
    let mut drawn_changes = BTreeSet::new();
    for (entry, (frames, outcome, ..)) in cases() {
        let model = entry.section();
        let check = |layers: &[Layer], is_of: fn(&Quantity) -> bool, what: &str| {
            let mut names: Vec<&str> = Vec::new();
            for layer in layers {
                let Variable { quantity, .. } = layer.variable();
                assert!(entry.quantities.iter().any(|own| own.name == quantity.name), "{model:?}: {}", layer.name);
                assert!(is_of(quantity), "{model:?}: {} is in {what}", layer.name);
                assert_eq!(models::variable(&layer.name).as_ref(), Some(layer.variable()), "{model:?}");
                assert_eq!(
                    (layer.unit.as_str(), layer.description.is_empty()),
                    (quantity.unit, false),
                    "{}",
                    layer.name
                );
                names.push(quantity.name);
            }
            for own in entry.quantities.iter().filter(|own| own.given == Given::Always && is_of(own)) {
                assert!(names.contains(&own.name), "{model:?}: no {} in {what}", own.name);
            }
        };
        for layers in &frames {
            check(layers, Quantity::is_frame, "a frame");
        }
        check(&outcome.layers, Quantity::is_result, "the outcome");
        for layer in frames.iter().flatten().chain(&outcome.layers) {
            given.insert(layer.variable().quantity.name);
            if layer.variable().is_difference() && layer.variable().drawn() == Drawn::Map {
                drawn_changes.insert(layer.name.clone());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut out = RunFolder::create(folder.path()).unwrap();
    let town: City = demo(1, 200.0, 200.0, 4.0).unwrap();
    export::city(&town, &mut out, Language::English, "2026-11-25").unwrap();
    for own in out.artifacts.iter().filter_map(|artifact| artifact.name.strip_suffix(".tif")) {
        given.insert(models::quantity(own).unwrap_or_else(|| panic!("no quantity {own}")).name);
    }
    let declared: BTreeSet<&str> = models::quantities().map(|own| own.name).collect();
    let missing: Vec<_> = declared.difference(&given).collect();
    assert!(missing.is_empty(), "given by no run: {missing:?}");
    for name in ["difference_flow_bands", "difference_reach_fire_station"] {
        assert!(drawn_changes.contains(name), "{name}: {drawn_changes:?}");
    }
}

/// A bowl, and a cloudburst of today or twice as heavy.
fn variant(folder: &Path, mm_per_hour: u32) -> PathBuf {
    let file = folder.join(format!("rain-{mm_per_hour}.toml"));
    let text = format!(
        "title = \"t\"\n[city]\nterrain = \"t.asc\"\nepsg = 28992\n[runoff]\nend_minutes = 120\nframe_minutes = 120\n\
         [runoff.rain]\nmm_per_hour = {mm_per_hour}\nminutes = 60\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut run = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &folder.join("runs")).unwrap();
    assert!(matches!(run.run(&AtomicBool::new(false), &mut |_| {}), Ok(Ending::Finished(_))));
    run.folder.path
}

#[test]
fn two_variants_have_one_legend() {
    let folder = tempfile::tempdir().unwrap();
    let ground = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/variants/t.asc");
    std::fs::copy(ground, folder.path().join("t.asc")).unwrap();
    let [today, doubled] = [20, 40].map(|mm| variant(folder.path(), mm));
    let picture = |folder: &Path, layer: &str, minus: Option<&Path>| {
        let request = Request {
            folder: folder.to_path_buf(),
            layer: Some(layer.into()),
            minus: minus.map(Path::to_path_buf),
            language: Language::Dutch,
            longest: 400,
        };
        draw(&request).unwrap()
    };
    let runoff = models::named("runoff").expect("runoff");
    let results = runoff.quantities.iter().filter(|own| own.is_result() && own.given == Given::Always);
    for own in results {
        // The legend stands at the right of the picture, 12.5 letters of 11 pixels wide.
        let [one, other] = [&today, &doubled].map(|run| picture(run, own.name, None));
        assert_eq!(one.dimensions(), other.dimensions());
        let mut side = one.width() - 150..one.width();
        let is_same = side.all(|x| (0..one.height()).all(|y| one.get_pixel(x, y) == other.get_pixel(x, y)));
        assert!(is_same, "{}: two legends", own.name);
        let is_level = own.name == "max_level";
        assert!(!is_level || one != other, "it stands higher where it rains harder");
    }
    // Where it rains harder more is wet, and none is dry again.
    let scale = Scale::new(&models::variable("arrival").expect("known").comparison(), 0.0, || None);
    let [newly_wet, dry_again] = [f32::INFINITY, f32::NEG_INFINITY].map(|value| scale.colour(value).expect("a class"));
    let count = |image: &image::RgbImage, colour: [u8; 3]| image.pixels().filter(|pixel| pixel.0 == colour).count();
    let more = picture(&doubled, "arrival", Some(&today));
    let less = picture(&today, "arrival", Some(&doubled));
    let swatch = count(&more, dry_again);
    assert!(count(&more, newly_wet) > swatch && count(&less, dry_again) > count(&less, newly_wet), "{swatch}");
    assert_eq!(count(&more, newly_wet), count(&less, dry_again), "as many cells, whichever is first");
}

/// Where a word that is a layer's name is something else, and what.
const OTHERS: &[(&str, &[&str])] = &[
    // Keys of scenarios and of tables of codes; layers of cities by their keys.
    ("engine/scenario/src", &[]),
    ("engine/city/src/codes.rs", &["manning", "infiltration_mm_per_day"]),
    ("engine/city/src/import.rs", &["surface"]),
    ("engine/city/src/demo.rs", &["sewered"]),
    // What edits are called, a number of a surface, and layers that edits change.
    ("engine/city/src/edit/mod.rs", &["cover", "water"]),
    ("engine/city/src/edit/cover.rs", &["manning"]),
    ("engine/city/src/edit/touched.rs", &["sewered"]),
    ("engine/city/src/edit/tests/", &[]),
    // Attributes of SUMO, columns of weather and keys of baselines.
    ("engine/city/src/roads", &["speed", "duration", "flow"]),
    ("engine/weather/src", &["humidity", "wind"]),
    ("engine/model/src/yardstick/baseline.rs", &["level"]),
    // Parts of meshes, tables and files, words.
    ("engine/src/export.rs", &["terrain", "buildings", "water"]),
    ("engine/src/export/scenario.rs", &["terrain", "buildings", "water"]),
    ("engine/src/simulation/meshes.rs", &["water_"]),
    ("engine/base/src/words.rs", &["water"]),
    ("engine/base/src/words/files.rs", &["buildings", "water", "infiltrated"]),
    ("engine/output/src/map/paper.rs", &["water"]),
];

/// Texts in quotes of a line of code, without those that hold quotes.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

#[test]
fn layers_are_named_where_they_are_declared_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let names: Vec<&str> = models::quantities().map(|own| own.name).collect();
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = [
        "engine/base/src",
        "engine/city/src",
        "engine/weather/src",
        "engine/device/src",
        "engine/scenario/src",
        "engine/model/src",
        "engine/output/src",
        "engine/view/src",
        "engine/src",
        "server/src",
        "clients/python/src",
    ]
    .map(|at| root.join(at))
    .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let place = entry.strip_prefix(&root).expect("below it").to_string_lossy().replace('\\', "/");
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let is_code = place.ends_with(".rs") || place.ends_with(".py");
            if !is_code || place == "engine/city/src/layers.rs" || place.ends_with("/tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&entry).expect("a text");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let others: Vec<&(&str, &[&str])> = OTHERS.iter().filter(|(start, _)| place.starts_with(start)).collect();
            for literal in code.lines().flat_map(|line| literals(line.split("//").next().unwrap_or_default())) {
                let starts = ["frames/", "city/", "difference_"].into_iter();
                let ends = [".tif", "-tif", "_"].into_iter();
                let short = starts.fold(literal, |text, start| text.strip_prefix(start).unwrap_or(text));
                let short = ends.fold(short, |text, end| text.strip_suffix(end).unwrap_or(text));
                let is_name = names.contains(&literal) || (short != literal && names.contains(&short));
                let is_start = ["difference_", "reach_", "users_"].iter().any(|start| literal.starts_with(start));
                let is_other = others.iter().any(|(_, words)| words.is_empty() || words.contains(&literal));
                if (is_name || is_start) && !is_other && place != "engine/base/src/quantity.rs" {
                    found.push(format!("{place}: \"{literal}\""));
                }
            }
        }
    }
    assert!(found.is_empty(), "names of layers outside of their declarations:\n{}", found.join("\n"));
}
