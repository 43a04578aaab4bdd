//! Cases of the heat model that stopped, misled or lost something without a word.

use crate::warm::{self, Ran, layer};
use hanze_engine::error::Result;
use hanze_engine::frame::{Layer, Outcome};
use hanze_engine::models;
use hanze_engine::raster::Raster;
use hanze_engine::scenario::{self, Scenario};
use hanze_engine::weather;
use hanze_engine::words::Language;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A flat city with a house, under the weather that comes with the program.
const FLAT: &str = "terrain = \"flat_dem.asc\"\nepsg = 28992\nsurface = \"flat_dsm.asc\"";
const HOT: &str = "weather = \"hot-day\"\ndate = \"2019-07-25\"";

/// The files of the cases, in a folder of their own.
fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(data()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/heat")
}

/// A scenario in a folder.
fn scenario(folder: &Path, city: &str, heat: &str, hours: u32, more: &str) -> Result<Scenario> {
    let file = folder.join("scenario.toml");
    let minutes = 60 * hours;
    let text =
        format!("title = \"t\"\n[city]\n{city}\n[heat]\nend_minutes = {minutes}\nframe_minutes = 60\n{heat}\n{more}");
    fs::write(&file, text).unwrap();
    scenario::load(&file)
}

fn run(folder: &Path, city: &str, heat: &str, hours: u32, more: &str) -> Result<Ran> {
    warm::run(&scenario(folder, city, heat, hours, more)?)
}

fn told(folder: &Path, city: &str, heat: &str, hours: u32) -> String {
    run(folder, city, heat, hours, "").map_or_else(|error| error.to_string(), |_| "no error".into())
}

/// A raster of heights as text, in the place of the flat city.
fn grid(folder: &Path, name: &str, height: impl Fn(usize, usize) -> f32) {
    let mut text =
        "ncols 20\nnrows 20\nxllcorner 203000\nyllcorner 502000\ncellsize 5\nNODATA_value -9999\n".to_string();
    for row in 0..20 {
        let cells: Vec<String> = (0..20).map(|col| height(col, row).to_string()).collect();
        text += &(cells.join(" ") + "\n");
    }
    fs::write(folder.join(name), text).unwrap();
}

fn start(year: i64, month: u32, day: u32) -> i64 {
    weather::days(year, month, day).unwrap() * 86_400
}

#[test]
fn houses_of_one_cell_do_not_stop_a_run() {
    let folder = inputs();
    let city = "terrain = \"diverge_dem.asc\"\nsurface = \"diverge_dsm.asc\"\nepsg = 28992";
    let (frames, _, _, remarks) = run(folder.path(), city, HOT, 1, "").unwrap();
    assert!(!remarks.iter().any(|remark| remark.contains("divergence")), "{remarks:?}");
    let wind = layer(&frames[0], "wind_speed");
    assert!(wind.values.iter().filter(|speed| !speed.is_nan()).all(|speed| (0.5..5.0).contains(speed)));
}

#[test]
fn albedo_of_classes_counts() {
    let folder = inputs();
    let gauge = "[[gauge]]\nname = \"p\"\nx = 203020\ny = 502080\n";
    let small = "extent = [203000, 502060, 203040, 502100]";
    for surfaces in ["surfaces = \"sine\"", ""] {
        let of = |albedo: &str| {
            let city = format!("{FLAT}\nland_use = \"flat_lc.asc\"\ncodes = \"codes_albedo_{albedo}.toml\"\n{small}");
            run(folder.path(), &city, &format!("{HOT}\n{surfaces}"), 14, gauge).unwrap()
        };
        let (dark, white) = (of("0.05"), of("0.90"));
        let reflected = |outcome: &Outcome, hour: usize| {
            let table = outcome.tables.iter().find(|table| table.name == "gauges").unwrap();
            let column = table.columns.iter().position(|name| name == "p short_up_w_per_m2").unwrap();
            table.rows[hour - 1][column]
        };
        for hour in [8, 12, 14] {
            let (dark, white) = (reflected(&dark.1, hour), reflected(&white.1, hour));
            let ratio = white / dark;
            assert!(dark > 5.0 && (17.8..18.2).contains(&ratio), "{surfaces}, {hour} h: {dark} {white}");
        }
        if surfaces.is_empty() {
            let mean = |frames: &[Vec<Layer>], name: &str| {
                let values = layer(&frames[13], name).values.iter().filter(|value| !value.is_nan());
                let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                sum / count
            };
            let [warmer, air] = ["surface", "air"].map(|name| mean(&dark.0, name) - mean(&white.0, name));
            assert!(warmer > 5.0 && air > 0.1, "surface {warmer} K, air {air} K");
        }
    }
}

#[test]
fn what_a_scenario_says_of_albedo_counts_before_its_classes() {
    let folder = inputs();
    let gauge = "[[gauge]]\nname = \"p\"\nx = 203020\ny = 502080\n";
    let small = "extent = [203000, 502060, 203040, 502100]";
    let up = |more: &str| {
        let city = format!("{FLAT}\nland_use = \"flat_lc.asc\"\ncodes = \"codes_albedo_0.05.toml\"\n{small}");
        let (_, outcome, ..) = run(folder.path(), &city, &format!("{HOT}\n{more}"), 10, gauge).unwrap();
        let table = outcome.tables.iter().find(|table| table.name == "gauges").unwrap();
        table.rows[9][table.columns.iter().position(|name| name == "p short_up_w_per_m2").unwrap()]
    };
    let ratio = up("[heat.island]\nalbedo = { asphalt = 0.5, wall = 0.2 }") / up("");
    assert!((9.9..10.1).contains(&ratio), "{ratio}");
}

#[test]
fn the_national_method_says_that_albedo_of_classes_changes_nothing() {
    let folder = inputs();
    let text = "source = \"a test\"\n[[class]]\ntitle = \"a\"\ncodes = [1]\ncover = \"asphalt\"\nmanning = 0.02\ninfiltration_mm_per_day = 0\n";
    fs::write(folder.path().join("silent.toml"), text).unwrap();
    let said = |codes: &str, product: &str| {
        let city = format!("{FLAT}\nland_use = \"flat_lc.asc\"\ncodes = \"{codes}\"");
        let scenario = scenario(folder.path(), &city, &format!("{HOT}\nproduct = \"{product}\""), 24, "").unwrap();
        let (city, _) = scenario.city().unwrap();
        let remarks = models::check(&city, &scenario).unwrap();
        remarks.iter().find(|own| own.contains("albedo of the classes")).cloned()
    };
    let own = said("codes_albedo_0.90.toml", "national").unwrap();
    assert!(own.share == 1.0 && own.text.nl.contains("albedo van de klassen"), "{own:?}");
    assert_eq!(said("silent.toml", "national"), None);
    assert_eq!(said("codes_albedo_0.90.toml", "physical"), None);
}

#[test]
fn each_number_of_a_class_changes_the_city() {
    let folder = inputs();
    let class = |numbers: &[(&str, f64)]| {
        let lines: Vec<String> = numbers.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let text = "source = \"a test\"\n[[class]]\ntitle = \"a\"\ncodes = [1]\ncover = \"asphalt\"\n".to_string();
        fs::write(folder.path().join("own.toml"), text + &lines.concat()).unwrap();
        let city = format!("{FLAT}\nland_use = \"flat_lc.asc\"\ncodes = \"own.toml\"");
        let (city, _) = scenario(folder.path(), &city, HOT, 1, "").unwrap().city().unwrap();
        let first = |layer: Option<&Raster>| layer.map_or(f32::NAN, |layer| layer.values[0]);
        [
            first(Some(&city.manning)),
            first(Some(&city.infiltration)),
            first(city.soil.interception.as_ref()),
            first(city.albedo.as_ref()),
        ]
    };
    let usual = [("manning", 0.02), ("infiltration_mm_per_day", 10.0), ("interception_m", 0.001), ("albedo", 0.3)];
    let wanted = class(&usual);
    for (k, (key, value)) in usual.iter().enumerate() {
        let mut other = usual;
        other[k].1 = 2.0 * value;
        let found = class(&other);
        for (n, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            assert_eq!((found - wanted).abs() > 1e-9, n == k, "{key}: {found} {wanted}");
        }
    }
    // These are all that tables have.
    for (name, text) in hanze_engine::city::codes::SHIPPED {
        let table: toml::Table = text.parse().unwrap();
        for class in table["class"].as_array().unwrap() {
            for (key, value) in class.as_table().unwrap() {
                let is_number = value.is_float() || value.is_integer();
                assert!(!is_number || usual.iter().any(|(own, _)| own == key), "{name}: {key}");
            }
        }
    }
}

#[test]
fn elevations_are_no_heights_of_trees() {
    let folder = inputs();
    let city = format!("{FLAT}\ncanopy_m = \"canopy_absolute.asc\"");
    let words = told(folder.path(), &city, HOT, 1);
    assert!(words.contains("canopy_absolute.asc") && words.contains("94 %") && words.contains("elevations"), "{words}");
    // The same on lower and on higher ground, and with trees that would be higher than any.
    for (ground, wanted) in [(-2.0f32, "elevations"), (37.0, "elevations"), (180.0, "elevations")] {
        grid(folder.path(), "ground.asc", |_, _| ground);
        grid(folder.path(), "trees.asc", |col, _| if col < 4 { ground + 9.0 } else { ground });
        let words = told(folder.path(), "terrain = \"ground.asc\"\nepsg = 28992\ncanopy_m = \"trees.asc\"", HOT, 1);
        assert!(words.contains(wanted) && words.contains("80 %"), "{ground}: {words}");
    }
    grid(folder.path(), "ground.asc", |_, _| 180.0);
    grid(folder.path(), "trees.asc", |col, _| if col < 4 { 189.0 } else { 0.0 });
    let words = told(folder.path(), "terrain = \"ground.asc\"\nepsg = 28992\ncanopy_m = \"trees.asc\"", HOT, 1);
    assert!(words.contains("higher than 60 m") && words.contains("100 %"), "{words}");
    // Heights stay heights, whatever the ground.
    for ground in [-2.0f32, 0.0, 1.5, 37.0] {
        grid(folder.path(), "ground.asc", |_, _| ground);
        grid(folder.path(), "trees.asc", |col, _| if col < 4 { 9.0 } else { 0.0 });
        let text = "terrain = \"ground.asc\"\nepsg = 28992\ncanopy_m = \"trees.asc\"";
        let (city, _) = scenario(folder.path(), text, HOT, 1, "").unwrap().city().unwrap();
        assert_eq!(city.canopy.unwrap().values.iter().filter(|tree| **tree == 9.0).count(), 80, "{ground}");
    }
}

#[test]
fn trees_delete_no_building_without_a_word() {
    let folder = inputs();
    let house = |col: usize, row: usize| (8..14).contains(&col) && (8..14).contains(&row);
    let tree = |col: usize, row: usize| col < 4 && row < 10;
    let of = |more: &str| {
        let text = format!("terrain = \"flat_dem.asc\"\nepsg = 28992\nsurface = \"s.asc\"\ncanopy_m = \"c.asc\"{more}");
        let (city, inputs) = scenario(folder.path(), &text, HOT, 1, "").unwrap().city().unwrap();
        let built = city.buildings.unwrap().values.iter().filter(|height| **height > 0.0).count();
        let words: Vec<String> =
            inputs.iter().flat_map(|own| own.repairs.words(Language::English)).map(String::from).collect();
        (built, words.join("; "))
    };
    // A surface of buildings alone, under trees that stand everywhere.
    grid(folder.path(), "s.asc", |col, row| if house(col, row) { 11.5 } else { 1.5 });
    grid(folder.path(), "c.asc", |_, _| 20.0);
    let (built, words) = of("");
    assert!(
        built == 36 && words.contains("100 % of the cells") && words.contains("36 cells stand out"),
        "{built}: {words}"
    );
    // A surface that shows trees, and a house that sticks out of a hedge: both are told apart, and what is taken is said.
    grid(folder.path(), "s.asc", |col, row| match (house(col, row), tree(col, row)) {
        (true, _) => 11.5,
        (_, true) => 10.0,
        _ => 1.5,
    });
    grid(folder.path(), "c.asc", |col, row| match (house(col, row), tree(col, row)) {
        (true, _) => 1.0,
        (_, true) => 8.5,
        _ => 0.0,
    });
    let (built, words) = of("");
    assert!(
        built == 36 && words.contains("40 cells stand out of the terrain as high as the trees"),
        "{built}: {words}"
    );
    assert!(words.contains("36 cells stand out of the terrain and have trees of another height"), "{words}");
    // The same house below trees that are taller.
    grid(folder.path(), "c.asc", |col, row| match (house(col, row), tree(col, row)) {
        (true, _) => 20.0,
        (_, true) => 8.5,
        _ => 0.0,
    });
    let (built, words) = of("");
    assert!(
        built == 36 && words.contains("36 cells stand out of the terrain and have trees of another height"),
        "{built}: {words}"
    );
    // Surface and crown of every height: what is as high within 2 m and a quarter of the crown is the tree, all else a house.
    let height = |col: usize| 2.31 + 1.7 * (col - 10) as f32;
    let crown = |row: usize| 2.0 * row as f32;
    grid(folder.path(), "s.asc", |col, _| 1.5 + if col < 10 { 8.5 } else { height(col) });
    grid(folder.path(), "c.asc", |col, row| if col < 10 { 8.5 } else { crown(row) });
    let text = "terrain = \"flat_dem.asc\"\nepsg = 28992\nsurface = \"s.asc\"\ncanopy_m = \"c.asc\"";
    let (city, _) = scenario(folder.path(), text, HOT, 1, "").unwrap().city().unwrap();
    for (k, found) in city.buildings.unwrap().values.iter().enumerate() {
        let (col, row) = (k % 20, k / 20);
        let is_tree = col < 10 || crown(row) > 0.0 && (height(col) - crown(row)).abs() <= (0.25 * crown(row)).max(2.0);
        assert_eq!(*found > 0.0, !is_tree, "column {col}, row {row}: {found}");
    }
}

/// Elevations with 0 between the trees are found out by a surface, and heights stay heights beside any.
#[test]
fn a_surface_tells_elevations_of_crowns_from_heights() {
    let folder = inputs();
    let tall = |col: usize, row: usize| 6.0 + ((3 * col + 5 * row) % 11) as f32;
    let is_tree = |col: usize, row: usize| (col + row) % 5 < 2 && row > 3;
    let text = "terrain = \"ground.asc\"\nepsg = 28992\nsurface = \"s.asc\"\ncanopy_m = \"c.asc\"";
    for ground in [-2.0f32, 1.5, 3.0, 5.0, 9.0, 14.0, 20.0] {
        grid(folder.path(), "ground.asc", |col, _| ground + 0.05 * col as f32);
        let slope = |col: usize| ground + 0.05 * col as f32;
        let house = |col: usize, row: usize| row < 3 && col < 8;
        let write = |surface_shows: bool, lift: bool, off: f32| {
            grid(folder.path(), "s.asc", |col, row| {
                let shown = if is_tree(col, row) && surface_shows { tall(col, row) } else { 0.0 };
                slope(col) + if house(col, row) { 9.0 } else { shown }
            });
            grid(folder.path(), "c.asc", |col, row| match is_tree(col, row) {
                true => tall(col, row) + off + if lift { slope(col) } else { 0.0 },
                false => 0.0,
            });
            scenario(folder.path(), text, HOT, 1, "").unwrap().city().map(|_| ()).map_err(|error| error.to_string())
        };
        let words = write(true, true, 0.0).unwrap_err();
        assert!(
            words.contains("c.asc") && words.contains("elevations") && words.contains("100 %"),
            "{ground}: {words}"
        );
        if ground >= 5.0 {
            // Of another year.
            assert!(write(true, true, 1.2).unwrap_err().contains("elevation of the surface"), "{ground}");
        }
        // Heights, also of trees that have grown since the surface, and beside a surface of buildings alone.
        for (shows, off) in [(true, 0.0), (true, 1.0), (true, 3.0), (false, 0.0)] {
            assert_eq!(write(shows, false, off), Ok(()), "{ground}, {shows}, {off} m");
        }
    }
}

#[test]
fn noon_and_leaves_are_those_of_the_place() {
    let folder = inputs();
    let city = "terrain = \"south_dem.asc\"\nepsg = 32754\ncanopy_m = \"south_can.asc\"";
    let heat = "weather = \"south_january.csv\"\ndate = \"2019-01-24\"\nsurfaces = \"sine\"";
    let (frames, outcome, ..) = run(folder.path(), city, heat, 24, "").unwrap();
    // Leaves in January: hardly any light comes through.
    let grid = frames[0][0].grid;
    let at = |layers: &[Layer], name: &str, x: f64, y: f64| {
        let (col, row) = grid.cell_at(x, y).unwrap();
        layer(layers, name).values[row * grid.cols + col]
    };
    let light = at(&frames[2], "sun", 280_050.0, 6_130_050.0) / at(&frames[2], "sun", 280_010.0, 6_130_010.0);
    assert!(light < 0.04, "{light}");
    // Noon is by day, and a day of 40 °C is not cool.
    let noon = layer(&outcome.layers, "noon_pet");
    assert!(noon.description.contains("end at 1 to 7 h UTC"), "{}", noon.description);
    assert!(at(&outcome.layers, "noon_pet", 280_010.0, 6_130_010.0) > 41.0);
    let cool = layer(&outcome.layers, "cool_places").values.iter().filter(|cool| **cool > 0.0).count();
    assert_eq!(cool, 0);
    let story: Vec<&str> = outcome.story.iter().map(|text| text.en.as_str()).collect();
    assert!(story.iter().any(|text| text.contains("the hours that end at 1 to 7 h UTC")), "{story:?}");
    assert!(
        story.iter().all(|text| !text.contains("100.0 % lay in a cool place") && !text.contains("NaN")),
        "{story:?}"
    );
}

#[test]
fn files_as_services_and_spreadsheets_give_them_are_read() {
    let read = |name: &str, from: i64| weather::read(&data().join(name), from, from + 86_400).unwrap();
    let july = start(2019, 7, 25);
    let [plain, parted] = ["csv_bom.csv", "csv_semicolon_comma.csv"].map(|name| read(name, july));
    assert_eq!((plain.hours.len(), &plain.hours), (24, &parted.hours));
    let [marked, packed] = ["knmi_bom_header_first.txt", "knmi_zip_csv.zip"].map(|name| read(name, july));
    assert_eq!((marked.hours.len(), &marked.hours), (24, &packed.hours));
    let packed = read("epw_onebuilding.zip", start(2007, 7, 25));
    assert_eq!((packed.hours.len(), packed.station), (24, Some((52.5, 6.1))));
    // An archive with two is not guessed at, one without any is told as such.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let csv = fs::read(data().join("csv_bom.csv")).unwrap();
    let pack = |files: &[(&str, &[u8])]| {
        let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, bytes) in files {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
        weather::read(&path, july, july + 86_400)
            .map_or_else(|error| error.to_string(), |found| found.hours.len().to_string())
    };
    assert_eq!(
        pack(&[
            ("__MACOSX/a.csv", &csv[..]),
            ("readme.txt", &b"hello"[..]),
            ("in/A.CSV", &csv[..]),
            ("a.stat", &b"x"[..])
        ]),
        "24"
    );
    let both = pack(&[("a.csv", &csv[..]), ("b.csv", &csv[..])]);
    assert!(both.contains("2 files of weather: a.csv, b.csv"), "{both}");
    let none = pack(&[("readme.txt", &b"hello"[..]), ("a.ddy", &b"x"[..])]);
    assert!(none.contains("holds no weather"), "{none}");
}

#[test]
fn weather_of_another_place_or_year_is_refused() {
    let folder = inputs();
    let heat = |name: &str, date: &str| format!("weather = \"{name}\"\ndate = \"{date}\"\nsurfaces = \"sine\"");
    let words = |name: &str, date: &str| told(folder.path(), FLAT, &heat(name, date), 2);
    assert_eq!(words("epw_ir_zero.epw", "2007-07-25"), "no error");
    // All rows of one year are of that year; 29 February is not there, and that is why.
    let other = words("epw_ir_zero.epw", "2019-07-25");
    assert!(other.contains("all its hours are of 2007, and 2019-07-25 is asked for"), "{other}");
    let leap = words("epw_no_leap.epw", "2020-02-29");
    assert!(leap.contains("2007 has no 29 February"), "{leap}");
    // A typical year stands for any, and that is said; it has no 29 February.
    let put = |name: &str, from: &str, text: &dyn Fn(String) -> String| {
        fs::write(folder.path().join(name), text(fs::read_to_string(data().join(from)).unwrap())).unwrap();
    };
    put("typical.epw", "epw_ir_zero.epw", &|text| text.replace("2007,7,26", "2011,7,26"));
    let (_, _, _, remarks) = run(folder.path(), FLAT, &heat("typical.epw", "2019-07-25"), 2, "").unwrap();
    let typical = remarks.iter().find(|remark| remark.contains("typical year")).unwrap();
    assert!(
        typical.share == 1.0 && typical.contains("from 2007 to 2011") && typical.contains("are of 2007"),
        "{typical:?}"
    );
    put("typical_leap.epw", "epw_no_leap.epw", &|text| text.replace("2007,3,1", "2011,3,1"));
    let leap = words("typical_leap.epw", "2020-02-29");
    assert!(leap.contains("no 29 February, as typical years have none"), "{leap}");
    // Around New Year a year ends in UTC and not where its station is.
    let row = |year: i64, month: u32, day: u32, hour: u32| {
        let rest = "9999,9999,9999,0,9999,9999,999999,999999,999999,9999,120,1.6,99,99";
        format!("{year},{month},{day},{hour},60,?,10,9,50,101200,{rest}\n")
    };
    for zone in [-8, 0, 9] {
        let head = format!("LOCATION,T,-,-,-,1,52.5,6.1,{zone},3\n") + &"x\n".repeat(7);
        let days = [(1, 1), (1, 2), (12, 30), (12, 31)];
        let rows = days.iter().flat_map(|(month, day)| (1..=24).map(move |hour| row(2007, *month, *day, hour)));
        let path = folder.path().join("new_year.epw");
        fs::write(&path, head + &rows.collect::<String>()).unwrap();
        for day in [start(2007, 1, 1), start(2007, 12, 31)] {
            assert_eq!(weather::read(&path, day, day + 86_400).unwrap().hours.len(), 24, "zone {zone}");
        }
        let next = weather::read(&path, start(2008, 1, 1), start(2008, 1, 2)).unwrap_err().to_string();
        assert!(next.contains("are of 2007"), "zone {zone}: {next}");
    }
    // Another place: Tokyo, and one that is mistaken in a sign. A station beside the city is taken.
    for (place, km) in [("35.68,139.77", "9"), ("52.5,-6.1", "82")] {
        put("far.epw", "epw_ir_zero.epw", &|text| text.replacen("52.5,6.1", place, 1));
        let far = words("far.epw", "2007-07-25");
        assert!(
            far.contains("heat.weather") && far.contains(&format!(", {km}")) && far.contains("within 100 km"),
            "{far}"
        );
    }
    put("near.epw", "epw_ir_zero.epw", &|text| text.replacen("52.5,6.1", "52.0,5.2", 1));
    assert_eq!(words("near.epw", "2007-07-25"), "no error");
}

#[test]
fn what_weather_lacks_is_said_with_its_share_in_both_languages() {
    let folder = inputs();
    let heat = |name: &str| format!("weather = \"{name}\"\ndate = \"2007-07-25\"");
    let remarks = |name: &str| {
        let scenario = scenario(folder.path(), FLAT, &heat(name), 2, "").unwrap();
        let (city, _) = scenario.city().unwrap();
        models::check(&city, &scenario).unwrap()
    };
    let zero = remarks("epw_ir_zero.epw");
    assert!(
        zero.iter()
            .any(|own| own.share == 1.0 && own.contains("longwave radiation of") && own.contains("taken as missing")),
        "{zero:?}"
    );
    let calm = remarks("epw_wind_999.epw");
    assert!(calm.iter().any(|own| own.share == 1.0 && own.contains("2 m/s at 10 m is taken")), "{calm:?}");
    for own in zero.iter().chain(&*calm) {
        assert!(own.text.en != own.text.nl && !own.text.nl.is_empty(), "{own:?}");
    }
}
