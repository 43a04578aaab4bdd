//! From a scenario and its files to the street: roofs, sewers, radar, lines, structures and land use, each on ground small enough to
//! know the answer; and on real ground, where water must not be lost.

use hanze_engine::city::import;
use hanze_engine::device::Device;
use hanze_engine::frame::{Outcome, Table};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models::runoff;
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::scenario::{self, Input};
use std::path::{Path, PathBuf};
use std::time::Duration;

const WEST: f64 = 200_000.0;
const SOUTH: f64 = 500_000.0;

fn grid() -> Grid {
    Grid { cols: 40, rows: 30, cell: 1.0, west: WEST, north: SOUTH + 30.0, crs: Crs::RD_NEW }
}

/// A feature of GeoJSON: a rectangle in metres from the south-western corner.
fn feature(properties: &str, [west, south, east, north]: [f64; 4]) -> String {
    let corner = |x: f64, y: f64| format!("[{},{}]", WEST + x, SOUTH + y);
    let ring = [(west, south), (east, south), (east, north), (west, north), (west, south)];
    let ring = ring.map(|(x, y)| corner(x, y)).join(",");
    format!(
        "{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}}}"
    )
}

fn collection(features: &[String]) -> String {
    let crs = "\"crs\":{\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::28992\"}}";
    format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{}]}}", features.join(","))
}

/// A folder with flat ground at 2 m above NAP, a house of 10 × 10 m in its middle, districts, land use, and radar.
pub fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let raster = |name: &str, raster: &Raster| write_cog(&folder.path().join(name), raster).unwrap();
    raster("flat.tif", &Raster::heights(grid(), "terrain", &[2.0; 1200]));
    put("house.geojson", collection(&[feature("{\"naam\":\"huis\"}", [15.0, 10.0, 25.0, 20.0])]));
    let west = feature("{\"naam\":\"west\",\"inlet_mm_per_hour\":36,\"storage_mm\":2}", [0.0, 0.0, 20.0, 30.0]);
    let east = feature("{\"naam\":\"east\"}", [20.0, 0.0, 40.0, 30.0]);
    put("districts.geojson", collection(&[west, east]));
    put("wrong.geojson", collection(&[feature("{\"inlet_mm_per_hour\":\"much\"}", [0.0, 0.0, 20.0, 30.0])]));
    let street = feature("{\"surfacematerial\":\"gesloten verharding\"}", [0.0, 0.0, 40.0, 4.0]);
    let unknown = feature("{\"surfacematerial\":\"moss\"}", [0.0, 10.0, 40.0, 14.0]);
    let bridge = feature("{\"surfacematerial\":\"asfalt\",\"relatievehoogteligging\":1}", [0.0, 20.0, 40.0, 24.0]);
    put("bgt.geojson", collection(&[street, unknown, bridge]));
    // Radar cells of 7 m that lie askew, two steps.
    let askew = Grid { cols: 8, rows: 7, cell: 7.0, west: WEST - 3.5, north: SOUTH + 37.25, crs: Crs::RD_NEW };
    let values = |k: usize| (0..askew.len()).map(|i| ((i * 7 + k) % 5) as f32).collect::<Vec<f32>>();
    for k in 0..2 {
        raster(&format!("radar{k}.tif"), &Raster::from_values(askew, "rain", "mm", values(k)));
    }
    let other = Grid { cols: 7, ..askew };
    raster("other.tif", &Raster::from_values(other, "rain", "mm", vec![1.0; other.len()]));
    let mut minus = values(0);
    minus[9] = -1.0;
    raster("minus.tif", &Raster::from_values(askew, "rain", "mm", minus));
    folder
}

fn try_run(folder: &Path, text: &str) -> hanze_engine::error::Result<(Outcome, Vec<Input>)> {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let scenario = scenario::load(&file)?;
    let (city, inputs) = scenario.city()?;
    let mut model = runoff::prepare(&city, &scenario, &Device::Cpu)?;
    let end = 60.0 * scenario.end_minutes();
    while !model.advance(end, Duration::from_secs(1))?.reached {}
    Ok((model.outcome()?, inputs))
}

/// A run of 20 minutes with 36 mm/h in the first ten: 6 mm, unless the scenario says otherwise.
fn run(folder: &Path, city: &str, rest: &str) -> Outcome {
    let rain = if rest.contains("[runoff.rain]") { "" } else { "[runoff.rain]\nmm_per_hour = 36\nminutes = 10\n" };
    let text = format!(
        "title = \"t\"\n[city]\nterrain = \"flat.tif\"\nmanning = 0.02\n{city}\n[runoff]\nend_minutes = 20\n{rain}{rest}\n"
    );
    let (outcome, _) = try_run(folder, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (error, moved) = (outcome.balance.as_ref().expect("water").error, came(&outcome));
    assert!(error.abs() < 1e-6 * moved, "{error} of {moved} m³ is lost:\n{text}");
    outcome
}

/// All that came.
fn came(outcome: &Outcome) -> f64 {
    outcome.balance.as_ref().expect("water").terms.iter().map(|(_, value)| value.max(0.0)).sum()
}

fn term(outcome: &Outcome, name: &str) -> f64 {
    outcome
        .balance
        .as_ref()
        .expect("water")
        .terms
        .iter()
        .find(|(term, _)| term == name)
        .map_or(0.0, |(_, value)| *value)
}

fn layer<'a>(outcome: &'a Outcome, name: &str) -> &'a Raster {
    outcome.layers.iter().find(|layer| layer.name == name).unwrap_or_else(|| panic!("no layer {name}"))
}

fn table<'a>(outcome: &'a Outcome, name: &str) -> &'a Table {
    outcome.tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn close(value: f64, expected: f64, share: f64, what: &str) {
    assert!((value - expected).abs() <= share * expected.abs(), "{what}: {value}, not {expected}");
}

const HOUSE: &str = "buildings = \"house.geojson\"\n";

#[test]
fn the_rain_of_a_roof_comes_to_the_street_whatever_the_house_is() {
    let folder = inputs();
    for (city, standing) in [
        ("", 7.2),
        ("buildings_are = \"ground\"\nroof_water = \"street\"", 7.2),
        ("buildings_are = \"blocked\"", 7.2),
        ("buildings_are = \"raised\"", 7.2),
        ("buildings_are = \"raised\"\nroof_water = \"ground\"", 7.2),
        ("buildings_are = \"blocked\"\ngreen_roof_m = 0.004", 6.8),
        ("buildings_are = \"blocked\"\ngreen_roof_m = 1", 6.6),
    ] {
        let outcome = run(folder.path(), &format!("{HOUSE}{city}"), "");
        close(term(&outcome, "rain"), 7.2, 1e-5, city);
        close(-term(&outcome, "standing at the end"), standing, 1e-5, city);
        close(1.0 - term(&outcome, "held on roofs"), 1.0 + 7.2 - standing, 1e-5, city);
    }
    // Dry inside, wet at the walls.
    let outcome = run(folder.path(), &format!("{HOUSE}buildings_are = \"blocked\""), "");
    let depth = &layer(&outcome, "max_depth").values;
    assert!(depth[15 * 40 + 20].is_nan() && depth[15 * 40 + 14] > 0.006);
    assert!(table(&outcome, "buildings").rows[0][0] > 0.006);
}

#[test]
fn sewers_take_what_inlets_and_districts_allow() {
    let folder = inputs();
    // One district without an end: 18 mm/h of 36 for ten minutes, and of what stands for ten more.
    let outcome = run(folder.path(), "", "[runoff.sewer]\ninlet_mm_per_hour = 18");
    close(-term(&outcome, "into the sewer"), 1200.0 * 6e-3, 2e-3, "all of it in twenty minutes");
    assert!(
        outcome.story.iter().any(|text| text.en.starts_with("The sewer took 7 m³, 100.0 %")),
        "{:?}",
        outcome.story
    );
    // The west stores 2 mm on its 600 m², the east 1 mm.
    let rest = "[runoff.sewer]\ninlet_mm_per_hour = 18\nstorage_mm = 1";
    let outcome = run(folder.path(), "sewer_districts = \"districts.geojson\"", rest);
    close(-term(&outcome, "into the sewer"), 1.2 + 0.6, 1e-3, "both are full");
    let sewers = table(&outcome, "sewers");
    assert_eq!(sewers.columns[1..3], ["west stored_m3", "west pumped_m3"]);
    let last = sewers.rows.last().expect("rows");
    close(last[1], 1.2, 1e-3, "west");
    close(last[4], 0.6, 1e-3, "east");
    // In three minutes the west takes twice as much as the east.
    close(sewers.rows[3][1], 600.0 * 36e-3 / 20.0, 2e-2, "west after three minutes");
    close(sewers.rows[3][4], 600.0 * 18e-3 / 20.0, 2e-2, "east after three minutes");
    let taken = &layer(&outcome, "sewered").values;
    close(taken.iter().map(|v| f64::from(*v)).sum(), 1.8, 1e-3, "the layer");
    // The house is connected, and 100 m² of roof bring more than the rest lets in: it comes up in the street.
    let rest = "[runoff.sewer]\ninlet_mm_per_hour = 0.01\nstorage_mm = 0.1\npump_mm_per_hour = 0.6";
    let outcome = run(folder.path(), &format!("{HOUSE}buildings_are = \"blocked\"\nroof_water = \"sewer\""), rest);
    let last = table(&outcome, "sewers").rows.last().expect("rows").clone();
    let pumped = last[2];
    close(pumped, 1200.0 * 0.6e-3 / 3.0, 5e-2, "pumped");
    close(last[1] + last[2] + last[3], 0.6, 5e-2, "what the roof brought");
    assert!(last[3] > 0.2, "came up: {last:?}");
    // 0.1 mm of green roof less.
    let green = run(folder.path(), &format!("{HOUSE}roof_water = \"sewer\"\ngreen_roof_m = 0.003"), rest);
    close(term(&green, "held on roofs"), -0.3, 1e-6, "held");
}

#[test]
fn radar_brings_what_it_saw() {
    let folder = inputs();
    let rain = "[runoff.rain]\nrasters_mm = [\"radar0.tif\", \"radar1.tif\"]\nstep_minutes = 5\n";
    // What each radar cell has in common with the city.
    let mut expected = 0.0;
    for i in 0..56 {
        let (west, north) = (-3.5 + 7.0 * (i % 8) as f64, 37.25 - 7.0 * (i / 8) as f64);
        let width = (west + 7.0).min(40.0) - west.max(0.0);
        let height = north.min(30.0) - (north - 7.0).max(0.0);
        let mm = ((i * 7) % 5 + (i * 7 + 1) % 5) as f64;
        expected += mm * 1e-3 * width.max(0.0) * height.max(0.0);
    }
    for city in ["", "buildings = \"house.geojson\"\nbuildings_are = \"blocked\""] {
        let outcome = run(folder.path(), city, rain);
        close(term(&outcome, "rain"), expected, 1e-5, city);
    }
    // A green roof keeps the first millimetre of what falls on it.
    let outcome = run(folder.path(), &format!("{HOUSE}buildings_are = \"blocked\"\ngreen_roof_m = 0.001"), rain);
    let kept = -term(&outcome, "held on roofs");
    assert!(kept > 0.05 && kept <= 0.1 + 1e-9, "{kept}");
}

#[test]
fn boundaries_run_along_lines() {
    let folder = inputs();
    let boundary = |kind: &str, more: &str| {
        format!(
            "[[runoff.boundary]]\nname = \"ditch\"\nline = [[{}, {}], [{}, {}]]\nkind = \"{kind}\"\n{more}\n",
            WEST + 20.5,
            SOUTH,
            WEST + 20.5,
            SOUTH + 30.0
        )
    };
    let dry = "[runoff.rain]\nmm_per_hour = 0\n";
    // A wall keeps a point's water on its side; without it, it spreads.
    let inflow = format!(
        "[[runoff.inflow]]\nname = \"main\"\nx = {}\ny = {}\ndischarge_m3_per_s = 0.01\n",
        WEST + 5.0,
        SOUTH + 5.0
    );
    let outcome = run(folder.path(), "", &format!("{dry}{inflow}{}", boundary("wall", "")));
    let depth = &layer(&outcome, "max_depth").values;
    assert!(depth[35] == 0.0 && depth[20].is_nan() && depth[5] > 0.005);
    // A level: 10 cm stand everywhere in the end.
    let outcome = run(folder.path(), "", &format!("{dry}{}", boundary("level", "level_m = 2.1")));
    close(term(&outcome, "structure ditch"), 120.0, 2e-2, "filled to the level");
    // A discharge brings its volume, a free line lets it out.
    let outcome = run(folder.path(), "", &format!("{dry}{}", boundary("discharge", "discharge_m3_per_s = 0.05")));
    close(-term(&outcome, "standing at the end"), 60.0, 1e-5, "twenty minutes of it");
    let outcome = run(folder.path(), "", &boundary("free", ""));
    assert!(
        (-7.2..-3.0).contains(&term(&outcome, "structure ditch")),
        "{:?}",
        outcome.balance.as_ref().expect("water").terms
    );
}

#[test]
fn structures_stand_in_scenarios() {
    let folder = inputs();
    let wall = format!(
        "[[runoff.boundary]]\nname = \"dam\"\nline = [[{}, {}], [{}, {}]]\nkind = \"wall\"\n[runoff.rain]\nmm_per_hour = 0\n",
        WEST + 20.5,
        SOUTH,
        WEST + 20.5,
        SOUTH + 30.0
    );
    let at = |x: f64, y: f64| format!("[{}, {}]", WEST + x, SOUTH + y);
    let level =
        format!("[[runoff.boundary]]\nname = \"pond\"\nedge = \"west\"\nkind = \"level\"\nlevel_m = 2.5\n{wall}");
    let passed = |structure: &str| {
        let outcome = run(folder.path(), "", &format!("{level}[[city.structure]]\nname = \"it\"\n{structure}"));
        let last = table(&outcome, "structures").rows.last().expect("rows").clone();
        let east: f64 =
            (0..1200).filter(|i| i % 40 > 20).map(|i| f64::from(layer(&outcome, "max_depth").values[i])).sum();
        assert!(
            last[2] > 0.5 && (east - last[2]).abs() < 0.3 * last[2] + 2.0,
            "{structure}: {last:?}, {east} m³ beyond"
        );
        (last, outcome)
    };
    let ends = format!("from = {}\nto = {}\n", at(19.5, 15.5), at(21.5, 15.5));
    passed(&format!("kind = \"culvert\"\ndiameter_m = 0.3\nlength_m = 3\n{ends}"));
    passed(&format!("kind = \"culvert\"\nwidth_m = 0.3\nheight_m = 0.2\nlength_m = 3\nfloors_m = [2.0, 2.0]\n{ends}"));
    passed(&format!("kind = \"weir\"\nsill_m = 2.4\nwidth_m = 1\n{ends}"));
    let (pump, _) = passed(&format!("kind = \"pump\"\ncapacity_m3_per_s = 0.02\nstart_m = 2.2\n{ends}"));
    assert!((0.02 * 600.0..0.02 * 1200.0).contains(&pump[2]), "{pump:?}");
    let lines =
        format!("from = [{}, {}]\nto = [{}, {}]\n", at(19.5, 10.0), at(19.5, 14.0), at(21.5, 10.0), at(21.5, 14.0));
    let (breach, outcome) = passed(&format!(
        "kind = \"breach\"\nsill_m = 2.45\nbottom_m = 2.1\nwidth_m = 4\nstart_minutes = 5\ndeepening_minutes = 1\nwidening_minutes = 3\nclosed_minutes = 12\n{lines}"
    ));
    let rows = &table(&outcome, "structures").rows;
    assert_eq!(rows[4][2], 0.0, "nothing before it breaks");
    assert!((rows[13][2] - breach[2]).abs() < 0.01 * breach[2] + 0.05, "nothing after it is closed");
    assert!(outcome.story.iter().any(|text| text.nl.contains("ging door \"it\"")), "{:?}", outcome.story);
}

#[test]
fn land_use_means_what_the_table_says() {
    let folder = inputs();
    let text = "title = \"t\"\n[city]\nterrain = \"flat.tif\"\nsurfaces = [\"bgt.geojson\"]\ncodes = \"bgt\"\n[runoff]\nend_minutes = 1\n[runoff.sewer]\n";
    let (outcome, inputs) = try_run(folder.path(), text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.tables.iter().find(|table| table.name == "sewers").map(|t| t.columns.len()), Some(4));
    let repairs = &inputs.last().expect("inputs").repairs;
    assert!(repairs.len() == 2 && repairs[0].contains("feature 2") && repairs[0].contains("moss"), "{repairs:?}");
    assert!(repairs[1].contains("86.7 % of all cells, those under buildings included, are in no class"), "{repairs:?}");
    // Only the street has inlets: not the bridge, and not what nobody knows.
    let scenario = scenario::load(&folder.path().join("scenario.toml")).unwrap();
    let (city, _) = scenario.city().unwrap();
    let paved = city.sewered.expect("known").values.iter().filter(|v| **v > 0.5).count();
    assert_eq!(paved, 160);
    assert_eq!(city.manning.values[29 * 40], 0.015);
    // Cells of 5 m have the street by its share.
    std::fs::write(folder.path().join("coarse.toml"), text.replace("[runoff]", "cell_m = 5\n[runoff]")).unwrap();
    let (coarse, _) = scenario::load(&folder.path().join("coarse.toml")).unwrap().city().unwrap();
    let shares = coarse.sewered.expect("known").values;
    close(25.0 * shares.iter().map(|share| f64::from(*share)).sum::<f64>(), 160.0, 0.03, "paved");
    assert!(shares.iter().any(|share| *share > 0.1 && *share < 0.9), "{shares:?}");
    let street = |rough: f32| (0.015..0.05).contains(&rough);
    assert!(coarse.manning.values.iter().all(|rough| street(*rough)), "{:?}", coarse.manning.values);
}

#[test]
fn wrong_ones_are_told_with_place_and_mend() {
    let folder = inputs();
    let words = |city: &str, rest: &str| {
        let text =
            format!("title = \"t\"\n[city]\nterrain = \"flat.tif\"\n{city}\n[runoff]\nend_minutes = 1\n{rest}\n");
        match try_run(folder.path(), &text) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.to_string(),
        }
    };
    let structure = |rest: &str| format!("[[city.structure]]\nname = \"s\"\n{rest}");
    let place = format!("from = [{}, {}]", WEST + 5.0, SOUTH + 5.0);
    let cases: Vec<(String, Vec<&str>)> = vec![
        (words("roof_water = \"street\"", ""), vec!["city.roof_water", "footprints"]),
        (words("green_roof_m = 2", ""), vec!["city.green_roof_m", "0 to 1"]),
        (words(&format!("{HOUSE}roof_water = \"sewer\""), ""), vec!["city.roof_water", "no sewer"]),
        (words("land_use = \"flat.tif\"", ""), vec!["city.land_use", "codes"]),
        (words("codes = \"bgt\"", ""), vec!["city.codes", "surfaces"]),
        (words("surfaces = [\"no.gpkg\"]\ncodes = \"bgt\"", ""), vec!["city.surfaces", "no.gpkg"]),
        (words("infiltration_mm_per_day = 5", "[runoff.sewer]"), vec!["sewer", "no inlet"]),
        (words("", "[runoff.sewer]\nstorage_mm = -1"), vec!["runoff.sewer.storage_mm", "scenario.toml:8"]),
        (words("sewer_districts = \"wrong.geojson\"", "[runoff.sewer]"), vec!["wrong.geojson", "feature 1", "much"]),
        (words("", "[runoff.rain]\nrasters_mm = [\"radar0.tif\"]"), vec!["runoff.rain.step_minutes", "missing"]),
        (
            words("", "[runoff.rain]\nrasters_mm = [\"radar0.tif\", \"other.tif\"]\nstep_minutes = 5"),
            vec!["other.tif", "first raster"],
        ),
        (
            words("", "[runoff.rain]\nrasters_mm = [\"minus.tif\"]\nstep_minutes = 5"),
            vec!["minus.tif", "-1 mm in row 1, column 1"],
        ),
        (
            words("", "[runoff.rain]\nrasters_mm = [\"radar0.tif\"]\nstep_minutes = 5\nstorm = \"bui08\""),
            vec!["another kind"],
        ),
        (words("", "[[runoff.boundary]]\nname = \"b\"\nkind = \"free\""), vec!["runoff.boundary[0]", "no place"]),
        (
            words("", "[[runoff.boundary]]\nname = \"b\"\nkind = \"free\"\nline = [[0, 0], [9, 9]]"),
            vec!["boundary[0].line", "outside"],
        ),
        (
            words("", "[[runoff.boundary]]\nname = \"b\"\nkind = \"free\"\nline = []"),
            vec!["boundary[0].line", "0 points"],
        ),
        (words("", &structure("kind = \"weir\"\nwidth_m = 1")), vec!["city.structure[0]", "no place"]),
        (words("", &structure(&format!("kind = \"weir\"\n{place}"))), vec!["structure[0].width_m", "missing"]),
        (
            words("", &structure(&format!("kind = \"weir\"\nwidth_m = nan\n{place}"))),
            vec!["structure[0].width_m", "NaN"],
        ),
        (
            words("", &structure(&format!("kind = \"weir\"\nwidth_m = 1\nlength_m = 4\n{place}"))),
            vec!["length_m", "does nothing"],
        ),
        (words("", &structure(&format!("kind = \"culvert\"\nlength_m = 4\ndiameter_m = 1\n{place}"))), vec!["one end"]),
        (
            words("", &structure(&format!("kind = \"culvert\"\nlength_m = 4\nwidth_m = 1\n{place}"))),
            vec!["not clear", "height_m"],
        ),
        (words("", &structure(&format!("kind = \"pump\"\n{place}"))), vec!["capacity_m3_per_s", "missing"]),
        (
            words("", &structure(&format!("kind = \"pump\"\ncapacity_m3_per_s = 1\nstart_m = 1\nstop_m = 2\n{place}"))),
            vec!["stop_m", "above"],
        ),
        (words("", &structure("kind = \"breach\"\nsill_m = 3\nwidth_m = 9\nto = [0, 0]")), vec!["level_m", "missing"]),
        (
            words("", &structure("kind = \"breach\"\nsill_m = 3\nwidth_m = 9\nlevel_m = 4\nto = [0, 0]")),
            vec!["structure[0].to", "outside"],
        ),
        (words("", &structure("kind = \"sluice\"")), vec!["sluice", "schema"]),
    ];
    for (told, wanted) in cases {
        for words in wanted {
            assert!(told.contains(words), "no \"{words}\" in: {told}");
        }
    }
}

/// The data folder, or none, which is told.
fn data() -> Option<PathBuf> {
    hanze_engine::testing::reference_data("real ground")
}

#[test]
fn a_sewer_and_a_wadi_help_houses_of_the_hoeksche_waard() {
    if data().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let own = "terrain/hoekschewaard_3di_rastergroup";
    let city = |terrain: &str| {
        ["holes = \"wall\"", "cell_m = 1", "extent = [97037, 417237, 97165, 417365]", "codes = \"land-use-nl\""]
            .into_iter()
            .map(str::to_string)
            .chain([
                format!("terrain = \"{terrain}\""),
                format!("buildings = \"data:{own}/buildings.shp\""),
                format!("land_use = \"data:{own}/landuse.tif\""),
            ])
            .collect::<Vec<_>>()
            .join("\n")
    };
    let run = |terrain: &str, rest: &str| {
        let text = format!(
            "title = \"t\"\n[city]\n{}\n[runoff]\nend_minutes = 70\norder = 1\n[runoff.rain]\nstorm = \"stresstest-t100\"\n{rest}",
            city(terrain)
        );
        let (outcome, _) = try_run(folder.path(), &text).unwrap_or_else(|error| panic!("{error}"));
        let (error, moved) = (outcome.balance.as_ref().expect("water").error, came(&outcome));
        assert!(error.abs() < 1e-6 * moved, "{error} of {moved} m³");
        outcome
    };
    let wet = |outcome: &Outcome| table(outcome, "buildings").rows.iter().filter(|row| row[1] >= 2.0).count();
    let ground = format!("data:{own}/dem.tif");
    let today = run(&ground, "");
    let sewer = run(&ground, "[runoff.sewer]\ninlet_mm_per_hour = 20");
    let (before, after) = (wet(&today), wet(&sewer));
    assert!(before >= 10 && after < before, "{before} houses in the wet, {after} with a sewer");
    assert!(-term(&sewer, "into the sewer") > 0.1 * term(&today, "rain"));
    // A wadi: half a metre dug out of the land beside the worst spot.
    let scenario = scenario::load(&folder.path().join("scenario.toml")).unwrap();
    let (city, _) = scenario.city().unwrap();
    let spots = table(&today, "spots");
    let (x, y) = (spots.rows[0][1], spots.rows[0][2]);
    let mut dug = city.terrain.clone();
    let mut cells = Vec::new();
    // Not within three metres of a house.
    let mut near = vec![false; dug.grid.len()];
    for (row, ranges) in city.places.buildings.iter().flat_map(|place| place.outline.cells(&dug.grid).unwrap()) {
        for col in ranges.into_iter().flatten() {
            for row in row.saturating_sub(3)..(row + 4).min(dug.grid.rows) {
                near[row * dug.grid.cols..][col.saturating_sub(3)..(col + 4).min(dug.grid.cols)].fill(true);
            }
        }
    }
    for (cell, is_near) in near.into_iter().enumerate() {
        let (cx, cy) = dug.grid.centre(cell % dug.grid.cols, cell / dug.grid.cols);
        let is_green =
            city.infiltration.values[cell] > 0.0 && city.sewered.as_ref().is_some_and(|s| s.values[cell] < 0.5);
        if (cx - x).abs() < 24.0 && (cy - y).abs() < 24.0 && is_green && !is_near {
            dug.values[cell] -= 0.5;
            cells.push(cell);
        }
    }
    write_cog(&folder.path().join("wadi.tif"), &dug).unwrap();
    let wadi = run("wadi.tif", "");
    let mean = |outcome: &Outcome| {
        let near = table(outcome, "buildings").rows.iter().map(|row| row[0]).filter(|depth| depth.is_finite());
        let (sum, count) = near.fold((0.0, 0), |(sum, count), depth| (sum + depth, count + 1));
        sum / f64::from(count)
    };
    assert!(
        cells.len() > 50 && mean(&wadi) < mean(&today),
        "{} cells: {} and {} m",
        cells.len(),
        mean(&wadi),
        mean(&today)
    );
}

#[test]
fn delft_is_built_from_its_point_cloud_and_its_map() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = data.join("terrain/delft_ahn3_laz_bgt");
    let clouds = ["ahn3_cropped_1.laz", "ahn3_cropped_2.laz"].map(|name| source.join(name));
    let found = import::laz(&clouds, 1.0, Crs::RD_NEW, &mut |_, _| {}).unwrap();
    write_cog(&folder.path().join("terrain.tif"), &found.terrain).unwrap();
    let bgt = |name: &str| format!("\"data:terrain/delft_ahn3_laz_bgt/bgt_{name}.sqlite\"");
    let text = format!(
        "title = \"Delft\"\n[city]\nterrain = \"terrain.tif\"\nholes = \"fill\"\nbuildings = {}\nbuildings_are = \"blocked\"\nroads = {}\n\
         surfaces = [{}]\ncodes = \"bgt\"\n[runoff]\nend_minutes = 30\norder = 1\n[runoff.rain]\nstorm = \"bui08\"\n[runoff.sewer]\n",
        bgt("pand"),
        bgt("wegdeel"),
        ["begroeidterreindeel", "onbegroeidterreindeel", "waterdeel", "wegdeel"].map(bgt).join(", ")
    );
    let (outcome, inputs) = try_run(folder.path(), &text).unwrap_or_else(|error| panic!("{error}"));
    let (error, moved) = (outcome.balance.as_ref().expect("water").error, came(&outcome));
    assert!(error.abs() < 1e-6 * moved, "{error} of {moved} m³");
    // Bui08 is 19.8 mm, of which the first half hour has most, on all of the ground and all roofs.
    let grid = found.terrain.grid;
    let depth = term(&outcome, "rain") / (grid.len() as f64 * grid.cell_area());
    assert!((0.005..0.0199).contains(&depth), "{depth} m");
    assert!(
        -term(&outcome, "into the sewer") > 0.05 * term(&outcome, "rain"),
        "{:?}",
        outcome.balance.as_ref().expect("water").terms
    );
    assert!(table(&outcome, "buildings").rows.len() > 20 && table(&outcome, "roads").rows.len() > 20);
    assert!(inputs.iter().any(|input| input.layer == "surfaces"));
}
