//! Where water counts, what was water before, and inputs whose units and holes would mislead.

use hanze_engine::city::City;
use hanze_engine::city::read::{Limits, Quantity, raster};
use hanze_engine::device::Device;
use hanze_engine::error::Result;
use hanze_engine::frame::{Frame, Outcome};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models::runoff::{self, RunoffSpec, validate::noise};
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::places::Place;
use hanze_engine::raster::Raster;
use hanze_engine::remark::Remarks;
use hanze_engine::scenario::{self, Allowed, Scenario};
use hanze_engine::series::{Between, Series};
use hanze_engine::words::Language;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A small input that came from elsewhere.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/water").join(name)
}

/// A folder with a copy of some of these.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    names.iter().for_each(|name| {
        std::fs::copy(data(name), folder.path().join(name)).unwrap();
    });
    folder
}

fn load(folder: &Path, city: &str, minutes: f64, rest: &str) -> Result<Scenario> {
    let file = folder.join("scenario.toml");
    let text = format!("title = \"t\"\n[city]\n{city}\n[runoff]\nend_minutes = {minutes}\norder = 1\n{rest}\n");
    std::fs::write(&file, text).unwrap();
    scenario::load(&file)
}

/// What a run leaves.
struct Ran {
    city: City,
    frame: Frame,
    outcome: Outcome,
    remarks: Remarks,
}

impl Ran {
    fn layer(&self, name: &str) -> &Raster {
        let mut all = self.outcome.layers.iter().chain(&self.frame.layers);
        all.find(|layer| layer.name == name).unwrap_or_else(|| panic!("no layer {name}"))
    }

    fn term(&self, name: &str) -> f64 {
        let terms = &self.outcome.balance.as_ref().expect("water").terms;
        terms.iter().find(|(term, _)| term == name).map_or(0.0, |(_, value)| *value)
    }

    /// Rows of the buildings: depth, class, cells, depth in gaps.
    fn buildings(&self) -> &[Vec<f64>] {
        let table = self.outcome.tables.iter().find(|table| table.name == "buildings").expect("buildings");
        assert_eq!(table.columns, ["depth_m", "class", "facade_cells", "gap_depth_m"]);
        &table.rows
    }

    fn says(&self, words: &str) -> bool {
        self.remarks.iter().any(|remark| remark.contains(words))
    }
}

fn run(folder: &Path, city: &str, minutes: f64, rest: &str) -> Ran {
    let scenario = load(folder, city, minutes, rest).unwrap_or_else(|error| panic!("{error}"));
    let (city, _) = scenario.city().unwrap_or_else(|error| panic!("{error}"));
    let mut model = runoff::prepare(&city, &scenario, &Device::Cpu).unwrap_or_else(|error| panic!("{error}"));
    while !model.advance(60.0 * minutes, Duration::from_secs(1)).unwrap().reached {}
    let (frame, outcome) = (model.frame().unwrap(), model.outcome().unwrap());
    let remarks = model.remarks();
    Ran { city, frame, outcome, remarks }
}

/// The words of the error of a city.
fn refused(folder: &Path, city: &str) -> String {
    load(folder, city, 1.0, "")
        .and_then(|scenario| scenario.city())
        .map_or_else(|error| error.to_string(), |_| "fine".into())
}

/// What a scenario asks of the runoff model.
fn asked(scenario: &Scenario) -> &RunoffSpec {
    scenario.asked().expect("[runoff]")
}

/// Rain of a scenario in time.
fn rain_of(scenario: &Scenario) -> Result<(Series, Remarks)> {
    asked(scenario).rain_in_time(scenario)
}

/// Rain of a file, mm in an hour, and what is said of it.
fn rain(text: &str) -> std::result::Result<(f64, Remarks), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rain.csv"), text).unwrap();
    let scenario = load(folder.path(), "terrain = \"none.tif\"", 60.0, "[runoff.rain]\nmm_per_hour = \"rain.csv\"");
    let (series, remarks) = scenario.and_then(|scenario| rain_of(&scenario)).map_err(|error| error.to_string())?;
    Ok((1000.0 * series.integral(0.0, 3600.0), remarks))
}

#[test]
fn rain_is_in_the_unit_of_its_header_and_ends() {
    for (text, expected, words) in [
        ("minutes,mm\n0,5\n5,5\n10,0\n", 10.0, ""),
        ("minutes,mm\n0,5\n5,5\n", 10.0, "last 5 minutes"),
        ("minutes,mm_per_hour\n0,10\n10,50\n", 10.0, "last 10 minutes"),
        ("minutes,mm_per_hour\n0,10\n10,50\n20,0\n", 10.0, ""),
        ("minutes;mm_per_hour\n0;10\n10;50\n20;0\n", 10.0, ""),
        ("minuten;neerslag (mm/uur)\n0;10,5\n10;49,5\n20;0\n", 10.0, ""),
        ("hours\tmm/h\n0\t10\n0,5\t0\n", 5.0, ""),
        (
            "datetime,mm_per_hour\n2024-07-10 14:00,10\n2024-07-10 14:10,50\n2024-07-10 14:20,0\n",
            10.0,
            "2024-07-10 14:00",
        ),
        ("seconds,mm/5min\n0,1\n600,0\n", 2.0, "times 12 as mm/h"),
        ("minutes,neerslag (0.1 mm)\n0,50\n5,50\n10,0\n", 10.0, "times 0.1 as mm"),
        ("minutes;RH (0,1 mm)\n0;50\n5;50\n10;0\n", 10.0, "times 0.1 as mm"),
        ("minutes,[1/100 mm]\n0,500\n5,500\n10,0\n", 10.0, "times 0.01 as mm"),
        ("minutes,mm_per_hour\n30,10\n60,0\n", 5.0, "no rain falls before minute 30"),
        ("minutes,mm_per_hour\n0,10\n", 10.0, "goes on to the end"),
    ] {
        let (mm, remarks) = rain(text).unwrap_or_else(|error| panic!("{error}"));
        assert!((mm - expected).abs() < 1e-9, "{mm} mm of {text:?}");
        let said: Vec<&str> = remarks.words(Language::English).collect();
        let is_said = if words.is_empty() { said.is_empty() } else { said.len() == 1 && said[0].contains(words) };
        assert!(is_said, "{said:?} of {text:?}");
        assert!(remarks.iter().all(|remark| remark.text.nl != remark.text.en && remark.share <= 1.0));
    }
    for (text, words) in [
        ("minutes,rain\n0,5\n", "line 1: the second column is \"rain\""),
        ("minutes,cumulative mm\n0,5\n", "no unit of rain"),
        ("minutes,inch\n0,5\n", "no unit of rain"),
        ("minutes,intensity (mm)\n0,5\n5,0\n", "no unit of rain"),
        ("minutes,mm x 0.1\n0,5\n5,0\n", "no unit of rain"),
        ("minutes,mm\n0,5\n", "length of its step"),
        ("minutes,mm_per_hour\n0,10,5\n", "line 2: has 3 columns"),
        ("minutes,mm\n0,5\n5,-1\n", "line 3: -12 mm per hour"),
        ("datetime,mm\n2024-07-10 14:00,5\nnoon,1\n", "line 3: \"noon\" is not a date"),
    ] {
        let message = rain(text).map_or_else(|error| error, |(mm, _)| format!("{mm} mm"));
        assert!(message.contains(words) && message.contains("rain.csv"), "{message} of {text:?}");
    }
    // Points in the scenario hold to the end, which is said.
    let folder = tempfile::tempdir().unwrap();
    let points = "[runoff.rain]\nmm_per_hour = [[20, 30], [40, 60]]";
    let scenario = load(folder.path(), "terrain = \"none.tif\"", 60.0, points).unwrap();
    let (series, remarks) = rain_of(&scenario).unwrap();
    assert!((1000.0 * series.integral(0.0, 3600.0) - 30.0).abs() < 1e-9);
    assert!(remarks[0].contains("goes on to the end") && remarks[1].contains("before minute 20"), "{remarks:?}");
}

#[test]
fn dated_series_share_their_first_date() {
    let folder = tempfile::tempdir().unwrap();
    let rest = "[runoff.rain]\nmm_per_hour = \"rain.csv\"\n[[runoff.boundary]]\nname = \"sea\"\nedge = \"west\"\nkind = \"level\"\nlevel_m = \"level.csv\"";
    let read = |rain: [&str; 2], level: [&str; 2], header: &str| {
        let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        put("rain.csv", format!("datetime,mm_per_hour\n{},10\n{},0\n", rain[0], rain[1]));
        put("level.csv", format!("datetime,{header}\n{},100\n{},300\n", level[0], level[1]));
        let scenario = load(folder.path(), "terrain = \"none.tif\"", 240.0, rest).map_err(|error| error.to_string())?;
        let level = asked(&scenario).boundary[0].level_m.as_ref().unwrap();
        let level = scenario.series("runoff.boundary[0].level_m", level, Between::Linear, Allowed::LEVEL);
        Ok::<_, String>((rain_of(&scenario).unwrap(), level.unwrap()))
    };
    let (noon, two, three, four) = ("2024-07-10 12:00", "2024-07-10 14:00", "2024-07-10 15:00", "2024-07-10 16:00");
    // Rain from 14:00 beside a level from 12:00.
    let ((rain, told), (level, of_level)) = read([two, three], [noon, four], "cm NAP").unwrap();
    assert_eq!(rain.integral(0.0, 7200.0), 0.0);
    assert!((1000.0 * rain.integral(7200.0, 10_800.0) - 10.0).abs() < 1e-9);
    assert!((level.at(0.0) - 1.0).abs() < 1e-9 && (level.at(7200.0) - 2.0).abs() < 1e-9);
    let says = |told: &Remarks, words: &[&str]| told.iter().any(|own| words.iter().all(|word| own.contains(word)));
    assert!(says(&told, &["rain.csv", noon, "minute 120"]), "{told:?}");
    assert!(says(&of_level, &["level.csv", noon]) && says(&of_level, &["cm nap", "times 0.01 as m"]), "{of_level:?}");
    // A level that begins after the rain holds its first value, and that is said.
    let ((rain, _), (level, told)) = read([noon, two], [three, four], "cm").unwrap();
    assert!((1000.0 * rain.integral(0.0, 7200.0) - 20.0).abs() < 1e-9);
    assert!((level.at(0.0) - 1.0).abs() < 1e-9 && (level.at(12_600.0) - 2.0).abs() < 1e-9);
    assert!(says(&told, &["before minute 180", "first value holds"]), "{told:?}");
    // Offsets from UTC count, and are in all dates or in none.
    let summer = ["2024-07-10T14:00+02:00", "2024-07-10T18:00+02:00"];
    let ((rain, _), _) = read(["2024-07-10T12:00Z", "2024-07-10T13:00Z"], summer, "cm").unwrap();
    assert!((1000.0 * rain.integral(0.0, 3600.0) - 10.0).abs() < 1e-9);
    let message = read([noon, two], summer, "cm").map_or_else(|error| error, |_| "fine".into());
    assert!(message.contains("offset from UTC"), "{message}");
    // What is no unit of a level is refused.
    for header in ["level_furlong", "fathom", "m3/s", "(0.1) cm/h", "100 m"] {
        let message = read([noon, two], [noon, two], header).map_or_else(|error| error, |_| "fine".into());
        assert!(message.contains("level.csv") && message.contains("not known as m"), "{header}: {message}");
    }
}

#[test]
fn holes_and_units_of_rasters_of_rain_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid { cols: 10, rows: 8, cell: 5.0, west: 200_000.0, north: 500_040.0, crs: Crs::RD_NEW };
    let radar = Grid { cols: 5, rows: 4, cell: 10.0, ..grid };
    for (name, holes) in [("r0.tif", 4), ("r1.tif", 0)] {
        let values = (0..20).map(|cell| if cell < holes { f32::NAN } else { 200.0 }).collect();
        write_cog(&folder.path().join(name), &Raster::from_values(radar, "rain", "0.01 mm", values)).unwrap();
    }
    let rest = "[runoff.rain]\nrasters_mm = [\"r0.tif\", \"r1.tif\"]\nstep_minutes = 5";
    let scenario = load(folder.path(), "terrain = \"none.tif\"", 10.0, rest).unwrap();
    let (found, told) = asked(&scenario).radar(&scenario, &grid).unwrap();
    let values = found.expect("rain").values;
    assert!(values[0][0] == 0.0 && (values[1][0] * 3.6e6 / 24.0 - 1.0).abs() < 1e-5, "{}", values[1][0]);
    let hidden = told.iter().find(|remark| remark.contains("have no value")).expect("a remark");
    assert!((hidden.share - 0.1).abs() < 1e-9 && hidden.contains("10.0 %"), "{hidden:?}");
    assert!(told.iter().any(|remark| remark.contains("times 0.01 as mm") && remark.share == 1.0), "{told:?}");
    // Half of the city has no inlets.
    let values = (0..20).map(|cell| if cell < 10 { f32::NAN } else { 20.0 }).collect();
    write_cog(&folder.path().join("inlets.tif"), &Raster::from_values(radar, "inlets", "", values)).unwrap();
    let sewer = "[runoff.sewer]\ninlet_mm_per_hour = \"inlets.tif\"";
    let scenario = load(folder.path(), "terrain = \"none.tif\"", 10.0, sewer).unwrap();
    let (found, _, told) = asked(&scenario).inlets(&scenario, &grid).unwrap();
    assert_eq!(found.expect("inlets").values[79], 20.0);
    assert!(told.len() == 1 && told[0].contains("inlets.tif: 50.0 %"), "{told:?}");
}

#[test]
fn the_same_rain_in_any_unit_is_the_same() {
    let mut random = noise(23);
    for round in 0..100 {
        // Steps of any whole minutes, some of them dry, and a line that ends the last.
        let mut minute = 0.0;
        let (mut rows, mut total) = (Vec::new(), 0.0);
        for _ in 0..=(9.0 * random()) as usize {
            let (length, mm) = (1.0 + (5.0 * random()).floor(), if random() < 0.3 { 0.0 } else { 9.0 * random() });
            rows.push((minute, length, mm));
            minute += length;
            total += mm;
        }
        let file = |head: &str, value: &dyn Fn(f64, f64) -> f64| {
            let lines = rows.iter().map(|(minute, length, mm)| format!("{minute},{}\n", value(*length, *mm)));
            format!("minutes,{head}\n{}{minute},0\n", lines.collect::<String>())
        };
        for text in [
            file("mm", &|_, mm| mm),
            file("mm_per_hour", &|length, mm| 60.0 * mm / length),
            file("mm/min", &|length, mm| mm / length),
            file("mm per 5 min", &|length, mm| 5.0 * mm / length),
        ] {
            let (mm, _) = rain(&text).unwrap_or_else(|error| panic!("{error}"));
            assert!((mm - total).abs() < 1e-9 * total.max(1.0), "round {round}: {mm} and {total} mm of {text}");
        }
    }
}

#[test]
fn horton_takes_as_much_after_a_dry_hour() {
    let folder = folder(&["slope.tif"]);
    let city = "terrain = \"slope.tif\"\ncell_m = 4\ninfiltration_mm_per_day = 72\ninitial_infiltration_mm_per_hour = 60\n\
                infiltration_decay_per_hour = 4";
    for (minutes, rain) in [(60.0, "80"), (120.0, "[[0, 0], [60, 80]]")] {
        let ran = run(folder.path(), city, minutes, &format!("[runoff.rain]\nmm_per_hour = {rain}"));
        let area = ran.city.grid.len() as f64 * ran.city.grid.cell_area();
        let mm = -1000.0 * ran.term("infiltrated") / area;
        assert!((mm - 16.99).abs() < 0.02, "{mm} mm with {rain}");
    }
}

#[test]
fn heights_come_in_metres() {
    let folder = folder(&["unit_type_cm_int16.tif"]);
    let scenario = load(folder.path(), "terrain = \"unit_type_cm_int16.tif\"", 1.0, "").unwrap();
    let (city, inputs) = scenario.city().unwrap();
    let (low, high) = city.terrain.range().unwrap();
    assert!((low - 1.0).abs() < 1e-6 && (high - 2.0).abs() < 1e-6, "{low} to {high} m");
    assert!(inputs[0].repairs[0].contains("in cm") && inputs[0].repairs[0].share == 1.0, "{:?}", inputs[0].repairs);
    // The same heights in any unit.
    let mut random = noise(99);
    let limits = Limits { max_cells: 100 };
    for (unit, metres) in [
        ("m", 1.0),
        ("none", 1.0),
        ("m NAP", 1.0),
        ("meters +NAP", 1.0),
        ("cm", 0.01),
        ("mm", 0.001),
        ("dm", 0.1),
        ("ft", 0.3048),
        ("US survey foot", 1200.0 / 3937.0),
    ] {
        let grid = Grid { crs: Crs::RD_NEW, ..Grid::local(5, 4, 2.0) };
        let heights: Vec<f32> = (0..20).map(|_| (40.0 * random() - 8.0) as f32).collect();
        let own = heights.iter().map(|height| (f64::from(*height) / metres) as f32).collect();
        let path = folder.path().join("own.tif");
        write_cog(&path, &Raster::from_values(grid, "own", unit, own)).unwrap();
        let found = raster(&path, Quantity::Heights, limits).unwrap();
        for (cell, height) in heights.iter().enumerate() {
            let found = found.at(cell % 5, cell / 5);
            assert!((found - f64::from(*height)).abs() < 1e-5, "{unit}: {found} and {height}");
        }
    }
    let odd = Raster::uniform(Grid { crs: Crs::RD_NEW, ..Grid::local(5, 4, 2.0) }, "odd", "fathom", 1.0);
    write_cog(&folder.path().join("odd.tif"), &odd).unwrap();
    let message = refused(folder.path(), "terrain = \"odd.tif\"");
    assert!(
        ["odd.tif", "fathom", "write heights in m", "A*1.8288", "without a unit"]
            .iter()
            .all(|word| message.contains(word)),
        "{message}"
    );
}

#[test]
fn masked_cells_are_holes() {
    let folder = folder(&["internal_mask_ignored.tif"]);
    let message = refused(folder.path(), "terrain = \"internal_mask_ignored.tif\"");
    assert!(message.contains("no height in 64 of 1600 cells"), "{message}");
    let scenario = load(folder.path(), "terrain = \"internal_mask_ignored.tif\"\nholes = \"wall\"", 1.0, "").unwrap();
    let (city, inputs) = scenario.city().unwrap();
    assert_eq!(city.terrain.values.iter().filter(|height| height.is_nan()).count(), 64);
    assert!(city.terrain.range().unwrap().0 > 0.5, "a hole is no pit");
    assert!(inputs[0].repairs[0].contains("mask hides"), "{:?}", inputs[0].repairs);
    // What became of them is said, and that they have no height not once more.
    let remarks = hanze_engine::simulation::remarks(&inputs, Remarks::default());
    assert!(remarks.iter().any(|remark| remark.contains("64 cells without a height are walls")), "{remarks:?}");
    assert!(!remarks.iter().any(|remark| remark.contains("in the city have no value")), "{remarks:?}");
    let beside = folder.path().join("internal_mask_ignored.tif.msk");
    std::fs::write(beside, "II*").unwrap();
    let message = refused(folder.path(), "terrain = \"internal_mask_ignored.tif\"");
    assert!(message.contains(".msk") && message.contains("-dstnodata"), "{message}");
}

#[test]
fn web_mercator_is_no_plane_of_a_city() {
    let folder = folder(&["web_mercator.tif", "slope.tif"]);
    let message = refused(folder.path(), "terrain = \"web_mercator.tif\"");
    assert!(["EPSG:3857", "EPSG:28992", "UTM"].iter().all(|word| message.contains(word)), "{message}");
    std::fs::write(folder.path().join("own.asc"), "ncols 1\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\n1\n")
        .unwrap();
    let message = refused(folder.path(), "terrain = \"own.asc\"\nepsg = 3857");
    assert!(message.contains("city.epsg") && message.contains("UTM"), "{message}");
    let prj = "PROJCS[\"WGS_1984_Web_Mercator_Auxiliary_Sphere\",PROJECTION[\"Mercator_Auxiliary_Sphere\"],UNIT[\"Meter\",1.0]]";
    std::fs::write(folder.path().join("own.prj"), prj).unwrap();
    let message = refused(folder.path(), "terrain = \"own.asc\"");
    assert!(message.contains("web Mercator"), "{message}");
}

#[test]
fn a_gap_between_houses_is_no_street() {
    let folder = folder(&["pocket.tif", "pocket.geojson"]);
    // 6 cm that rain cannot leave; on the slope around there is a film.
    let rest =
        "[runoff.rain]\nmm_per_hour = 30\n[[runoff.boundary]]\nname = \"south\"\nedge = \"south\"\nkind = \"free\"";
    for kind in ["blocked", "raised", "ground"] {
        let city = format!(
            "terrain = \"pocket.tif\"\nmanning = 0.03\nbuildings = \"pocket.geojson\"\nbuildings_are = \"{kind}\""
        );
        let ran = run(folder.path(), &city, 120.0, rest);
        let rows = ran.buildings();
        assert_eq!(rows.len(), 4);
        for row in rows {
            assert!(row[0] < 0.05 && row[1] == 0.0 && row[2] > 10.0, "{kind}: {row:?}");
            // The rain that cannot leave is still told; through houses that are only ground it leaves.
            let is_told = if kind == "ground" { row[3].is_nan() } else { (row[3] - 0.06).abs() < 1e-3 };
            assert!(is_told, "{kind}: {row:?}");
        }
        let says = ran.says("of less than 100 m² between buildings");
        assert!(says == (kind != "ground"), "{kind}: {:?}", ran.remarks);
    }
}

#[test]
fn no_house_of_the_demo_town_counts_water_in_gaps() {
    let mut left_out = 0;
    for (seed, side, cell) in [(1, 200, 2), (2, 200, 2), (1, 120, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let city = format!("demo = {{ seed = {seed}, width_m = {side}, height_m = {side}, cell_m = {cell} }}");
        let ran = run(folder.path(), &city, 15.0, "[runoff.rain]\nmm_per_hour = 280");
        let grid = ran.city.grid;
        let heights = &ran.city.buildings.as_ref().expect("houses").values;
        let depth = &ran.layer("max_depth").values;
        let mut built: Vec<bool> = heights.iter().map(|height| *height > 0.0).collect();
        let places = &ran.city.places;
        places.buildings.iter().flat_map(|place| indices(place, &grid)).for_each(|at| built[at] = true);
        // The street: what is reached from the roads and from the edge of the map.
        let mut is_start = vec![false; grid.len()];
        places.roads.iter().flat_map(|place| indices(place, &grid)).for_each(|at| is_start[at] = true);
        for (at, is_start) in is_start.iter_mut().enumerate() {
            let (col, row) = (at % grid.cols, at / grid.cols);
            *is_start |= col == 0 || row == 0 || col + 1 == grid.cols || row + 1 == grid.rows;
        }
        let street = reached(&grid, &built, (0..grid.len()).filter(|at| is_start[*at]).collect());
        for (row, place) in ran.buildings().iter().zip(&places.buildings) {
            let (mut at_street, mut enclosed) = (f32::NAN, f32::NAN);
            for at in indices(place, &grid) {
                for beside in around(&grid, at).filter(|beside| !built[*beside]) {
                    if street[beside] {
                        at_street = at_street.max(depth[beside]);
                    } else if span(&grid, &reached(&grid, &built, vec![beside])) >= 11.28 {
                        // Nothing of 100 m² is narrower than a circle of it.
                        enclosed = enclosed.max(depth[beside]);
                    }
                }
            }
            let words = format!("seed {seed}, cells of {cell} m: {row:?}, {at_street} m, {enclosed} m");
            let [least, most] = [at_street, at_street.max(enclosed)].map(f64::from);
            assert!(least.is_nan() || row[0] >= least - 1e-6, "{words}");
            assert!(row[0].is_nan() || row[0] <= most + 1e-6, "{words}");
            assert!(row[1].is_nan() || row[1] == 0.0 || most >= 0.05, "{words}");
            left_out += usize::from(row[3] >= 0.05 && (row[1].is_nan() || row[1] == 0.0));
        }
    }
    assert!(left_out > 0, "no house stood beside a gap: the towns are too small to tell");
}

/// Cells of a place.
fn indices(place: &Place, grid: &Grid) -> Vec<usize> {
    let rows = place.outline.cells(grid).unwrap_or_default().into_iter();
    rows.flat_map(|(row, ranges)| ranges.into_iter().flatten().map(move |col| row * grid.cols + col)).collect()
}

/// Open ground that is reached by sides from some cells.
fn reached(grid: &Grid, built: &[bool], mut cells: Vec<usize>) -> Vec<bool> {
    cells.retain(|cell| !built[*cell]);
    let mut reached = vec![false; grid.len()];
    while let Some(cell) = cells.pop() {
        if !std::mem::replace(&mut reached[cell], true) {
            let by_side = |at: &usize| at % grid.cols == cell % grid.cols || at / grid.cols == cell / grid.cols;
            cells.extend(around(grid, cell).filter(by_side).filter(|at| !built[*at] && !reached[*at]));
        }
    }
    reached
}

/// Diagonal of the box around some cells, m.
fn span(grid: &Grid, cells: &[bool]) -> f64 {
    let within = || (0..grid.len()).filter(|at| cells[*at]);
    let size = |of: &dyn Fn(usize) -> usize| {
        let (low, high) = within().fold((usize::MAX, 0), |(low, high), at| (low.min(of(at)), high.max(of(at))));
        (high - low + 1) as f64 * grid.cell
    };
    size(&|at| at % grid.cols).hypot(size(&|at| at / grid.cols))
}

/// The up to nine cells at and around a cell.
fn around(grid: &Grid, cell: usize) -> impl Iterator<Item = usize> + use<> {
    let (cols, rows) = (grid.cols, grid.rows);
    let (col, row) = (cell % cols, cell / cols);
    let rows = row.saturating_sub(1)..(row + 2).min(rows);
    rows.flat_map(move |row| (col.saturating_sub(1)..(col + 2).min(cols)).map(move |col| row * cols + col))
}

#[test]
fn water_that_was_there_is_no_flood_and_dry_land_has_no_duration() {
    // A canal of two columns, 1 m deep, in land at 1 m above its level, and a pit of 30 cm in the land.
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid { cols: 12, rows: 10, cell: 5.0, west: 200_000.0, north: 500_050.0, crs: Crs::RD_NEW };
    let is_canal = |cell: usize| (5..7).contains(&(cell % 12));
    let pit = 3 * 12 + 2;
    let height = |cell: usize| if is_canal(cell) { -1.0 } else { 1.0 - if cell == pit { 0.3 } else { 0.0 } };
    let terrain = Raster::heights(grid, "terrain", &(0..120).map(height).collect::<Vec<f64>>());
    write_cog(&folder.path().join("land.tif"), &terrain).unwrap();
    let city = "terrain = \"land.tif\"\nwater_level_m = 0\nmanning = 0.03";
    let ran = run(folder.path(), city, 30.0, "[runoff.rain]\nmm_per_hour = 100");
    for name in ["max_depth", "depth", "arrival", "duration", "hazard"] {
        let layer = ran.layer(name);
        assert!((0..120).filter(|cell| is_canal(*cell)).all(|cell| layer.values[cell].is_nan()), "{name}");
        assert!(layer.description.contains("no value") && layer.description.contains("water stood before"), "{name}");
    }
    assert!((0..120).all(|cell| is_canal(cell) || ran.layer("max_depth").values[cell].is_finite()));
    // The canal has a level, and rises.
    assert!(ran.layer("max_level").at(5, 0) > 0.05);
    let duration = &ran.layer("duration").values;
    assert!(duration[pit] > 5.0 && duration.iter().filter(|minutes| !minutes.is_nan()).count() == 1, "{duration:?}");
    assert!(ran.layer("arrival").values[pit] > 0.0 && ran.layer("hazard").values[pit] > 0.5);
    let share = ran.outcome.story.iter().find(|text| text.en.starts_with("Land that was ever")).expect("a share");
    assert!(share.en.contains("20 cm: 1.0 %"), "{}", share.en);
}
