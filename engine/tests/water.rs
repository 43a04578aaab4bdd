//! Where water counts, what was water before, and inputs whose units and holes would mislead.

use hanze_engine::city::City;
use hanze_engine::city::read::{Limits, Quantity, raster};
use hanze_engine::device::Device;
use hanze_engine::error::Result;
use hanze_engine::frame::{Frame, Outcome};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models::runoff::{self, validate::noise};
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::remark::Remarks;
use hanze_engine::scenario::Scenario;
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
    let text = format!(
        "title = \"t\"\nmodel = \"runoff\"\n[city]\n{city}\n[time]\nend_minutes = {minutes}\n[runoff]\norder = 1\n{rest}\n"
    );
    std::fs::write(&file, text).unwrap();
    Scenario::load(&file)
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

/// Rain of a file, mm in an hour, and what is said of it.
fn rain(text: &str) -> std::result::Result<(f64, Remarks), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rain.csv"), text).unwrap();
    let scenario = load(folder.path(), "terrain = \"none.tif\"", 60.0, "[rain]\nmm_per_hour = \"rain.csv\"");
    let (series, remarks) = scenario.and_then(|scenario| scenario.rain()).map_err(|error| error.to_string())?;
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
        ("seconds,mm/5min\n0,1\n600,0\n", 2.0, ""),
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
    let points = "[rain]\nmm_per_hour = [[20, 30], [40, 60]]";
    let (series, remarks) = load(folder.path(), "terrain = \"none.tif\"", 60.0, points).unwrap().rain().unwrap();
    assert!((1000.0 * series.integral(0.0, 3600.0) - 30.0).abs() < 1e-9);
    assert!(remarks[0].contains("goes on to the end") && remarks[1].contains("before minute 20"), "{remarks:?}");
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
        let ran = run(folder.path(), city, minutes, &format!("[rain]\nmm_per_hour = {rain}"));
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
    for (unit, metres) in
        [("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("dm", 0.1), ("ft", 0.3048), ("US survey foot", 1200.0 / 3937.0)]
    {
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
        message.contains("odd.tif") && message.contains("fathom") && message.contains("write heights in m"),
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
    let rest = "[rain]\nmm_per_hour = 30\n[[boundary]]\nname = \"south\"\nedge = \"south\"\nkind = \"free\"";
    for kind in ["blocked", "raised", "ground"] {
        let city = format!(
            "terrain = \"pocket.tif\"\nmanning = 0.03\nbuildings = \"pocket.geojson\"\nbuildings_are = \"{kind}\""
        );
        let ran = run(folder.path(), &city, 120.0, rest);
        let rows = ran.buildings();
        assert_eq!(rows.len(), 4);
        for row in rows {
            assert!(row[0] < 0.05 && row[1] == 0.0 && row[2] > 10.0, "{kind}: {row:?}");
            // The rain that cannot leave is still told.
            assert!(row[3] > 0.0 && (kind == "ground" || (row[3] - 0.06).abs() < 1e-3), "{kind}: {row:?}");
        }
        assert!(ran.says("of less than 100 m² between buildings"), "{kind}: {:?}", ran.remarks);
    }
}

#[test]
fn no_house_of_the_demo_town_counts_water_in_gaps() {
    let mut left_out = 0;
    for seed in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        let city = format!("demo = {{ seed = {seed}, width_m = 200, height_m = 200, cell_m = 2 }}");
        let ran = run(folder.path(), &city, 15.0, "[rain]\nmm_per_hour = 280");
        let grid = ran.city.grid;
        let heights = &ran.city.buildings.as_ref().expect("houses").values;
        let depth = &ran.layer("max_depth").values;
        let area = areas(&grid, |cell| heights[cell] <= 0.0);
        for (row, place) in ran.buildings().iter().zip(&ran.city.places.buildings) {
            let mut deepest = [0.0f32; 2];
            for (row, ranges) in place.outline.cells(&grid).unwrap_or_default() {
                for cell in ranges.into_iter().flatten().map(|col| row * grid.cols + col) {
                    for beside in around(&grid, cell).filter(|beside| heights[*beside] <= 0.0) {
                        let place = &mut deepest[usize::from(area[beside] >= 100.0)];
                        *place = place.max(depth[beside]);
                    }
                }
            }
            let [gap, ground] = deepest;
            assert!(row[0].is_nan() || row[0] <= f64::from(ground) + 1e-6, "seed {seed}: {row:?}, {deepest:?}");
            let counts = row[1] > 0.0;
            assert!(!counts || ground >= 0.05, "seed {seed}: {row:?}, {deepest:?}");
            left_out += usize::from(gap >= 0.05 && !counts);
        }
    }
    assert!(left_out > 0, "no house stood beside a gap: the town is too small to tell");
}

/// Area of the open ground that each cell hangs together with by sides, m².
fn areas(grid: &Grid, is_open: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut areas = vec![0.0; grid.len()];
    for start in 0..grid.len() {
        if areas[start] > 0.0 || !is_open(start) {
            continue;
        }
        let (mut all, mut next) = (vec![start], 0);
        areas[start] = 1.0;
        while next < all.len() {
            let cell = all[next];
            next += 1;
            let by_side =
                |other: &usize| other % grid.cols == cell % grid.cols || other / grid.cols == cell / grid.cols;
            for other in around(grid, cell).filter(by_side) {
                if areas[other] == 0.0 && is_open(other) {
                    areas[other] = 1.0;
                    all.push(other);
                }
            }
        }
        let area = all.len() as f64 * grid.cell_area();
        all.into_iter().for_each(|cell| areas[cell] = area);
    }
    areas
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
    let ran = run(folder.path(), city, 30.0, "[rain]\nmm_per_hour = 100");
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
