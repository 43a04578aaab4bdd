//! Comparisons of made run folders.

use super::*;
use glam::DVec2;
use hanze_base::frame::Table;
use hanze_base::grid::{Crs, Grid};
use hanze_base::objects::Shape;
use hanze_base::outline::Outline;
use hanze_engine::models;
use tempfile::TempDir;

const GRID: Grid = Grid { cols: 8, rows: 6, cell: 2.0, west: 155_000.0, north: 463_012.0, crs: Crs::RD_NEW };

/// What a made run holds.
struct Made {
    title: &'static str,
    model: &'static str,
    grid: Grid,
    layers: Vec<Layer>,
    tables: Vec<Table>,
}

fn layer(name: &str, grid: Grid, of: impl Fn(usize) -> f32) -> Layer {
    Layer::new(models::variable(name).expect("known"), grid, (0..grid.len()).map(of).collect()).described("made")
}

fn square(west: f64, south: f64, side: f64) -> Shape {
    let at = |x: f64, y: f64| DVec2::new(GRID.west + x, GRID.south() + y);
    let ring = vec![at(west, south), at(west + side, south), at(west + side, south + side), at(west, south + side)];
    Shape::Outline(Outline::of(ring))
}

fn table(name: &str, column: &str, rows: &[(&str, f64, Shape)]) -> Table {
    Table {
        name: name.into(),
        description: name.into(),
        names: rows.iter().map(|(name, ..)| (*name).into()).collect(),
        columns: vec![column.into()],
        rows: rows.iter().map(|(_, value, _)| vec![*value]).collect(),
        shapes: rows.iter().map(|(.., shape)| shape.clone()).collect(),
    }
}

/// Water on a plain: deeper in the west by `more`, and two houses in two neighbourhoods.
fn water(title: &'static str, more: f32, depths: [f64; 2]) -> Made {
    let depth = move |k: usize| if k % 8 < 4 { 0.2 + more } else { 0.0 };
    Made {
        title,
        model: "runoff",
        grid: GRID,
        layers: vec![
            layer("max_depth", GRID, depth),
            layer("arrival", GRID, move |k| if depth(k) > 0.25 || k == 0 { 5.0 } else { f32::NAN }),
            layer("duration", GRID, move |k| if depth(k) > 0.0 { 30.0 } else { f32::NAN }),
        ],
        tables: vec![
            table(
                "buildings",
                "depth_m",
                &[("a", depths[0], square(1.0, 1.0, 2.0)), ("b", depths[1], square(10.0, 5.0, 2.0))],
            ),
            table(
                "neighbourhoods",
                "volume_m3",
                &[("West", 5.0, square(0.0, 0.0, 8.0)), ("Oost", 1.0, square(8.0, 0.0, 8.0))],
            ),
        ],
    }
}

/// Writes a finished run.
fn write(folder: &Path, made: &Made) {
    let mut run = RunFolder::create(folder).expect("made");
    run.outcome(&Outcome { layers: made.layers.clone(), tables: made.tables.clone(), ..Outcome::default() })
        .expect("written");
    let terrain = layer("terrain", made.grid, |k| 0.1 * (k % 5) as f32);
    run.city([(terrain.variable().clone(), &*terrain)]).expect("written");
    let record = json!({
        "run_id": made.title, "hanze": "0.1.0", "title": made.title, "synthetic": true, "attribution": "me",
        "model": made.model, "grid": made.grid, "artifacts": run.artifacts, "volatile": {},
    });
    run.text("run.json", &record.to_string()).expect("written");
}

struct Runs {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

impl Runs {
    fn of(all: &[Made]) -> Runs {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |(k, made): (usize, &Made)| {
            let path = folder.path().join(format!("run-{k}"));
            write(&path, made);
            path
        };
        let paths = all.iter().enumerate().map(path).collect();
        Runs { folder, paths }
    }

    fn compare_to(&self, out: &str, areas: Option<&Path>) -> Result<Comparison> {
        let request = Request {
            base: &self.paths[0],
            runs: &self.paths[1..],
            labels: None,
            out: &self.folder.path().join(out),
            areas,
            indicators: None,
            frames: false,
            language: Language::Dutch,
            date: "2026-12-01",
        };
        compare(&request, &models::variable)
    }

    fn refused(&self) -> String {
        self.compare_to("out", None).expect_err("refused").to_string()
    }

    fn values(&self, name: &str) -> Vec<f32> {
        let path = self.folder.path().join("out").join(name);
        let limits = hanze_city::read::Limits { max_cells: 1000 };
        hanze_city::read::raster(&path, hanze_city::read::Quantity::Values, limits).expect("a raster").values
    }
}

#[test]
fn two_runs_that_differ_in_nothing_have_no_change() {
    let runs = Runs::of(&[water("Now", 0.0, [0.2, 0.0]), water("Same", 0.0, [0.2, 0.0])]);
    let found = runs.compare_to("out", None).expect("compared");
    assert_eq!(found.story.len(), 1);
    assert_eq!(found.story[0].nl, "\"Same\" vergeleken met \"Now\": geen verandering.");
    let layers = found.record["variants"][0]["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 4, "three layers and the ground: {layers:?}");
    for own in layers {
        for key in ["more", "less", "variant_only", "base_only"] {
            assert_eq!(own[key], 0, "{own}");
        }
    }
    for name in ["difference_max_depth", "difference_arrival", "difference_duration", "city/difference_terrain"] {
        let values = runs.values(&format!("variant-1/{name}.tif"));
        assert!(values.iter().all(|value| value.is_nan() || *value == 0.0), "{name}");
        assert!(values.contains(&0.0), "{name}");
        assert!(runs.folder.path().join("out/variant-1").join(format!("{name}.png")).exists(), "{name}");
    }
    assert!(!runs.folder.path().join("out/variant-1/one_side_arrival.tif").exists());
    let buildings = std::fs::read_to_string(runs.folder.path().join("out/variant-1/buildings.csv")).expect("a table");
    assert!(buildings.contains("a,0.2,0.2,0,,1"), "{buildings}");
}

#[test]
fn what_differs_is_in_layers_tables_indicators_and_words() {
    let runs =
        Runs::of(&[water("Now", 0.0, [0.05, 0.0]), water("Worse", 0.1, [0.3, 0.0]), water("Dry", -0.2, [0.0, 0.12])]);
    let found = runs.compare_to("out", None).expect("compared");
    let depth = runs.values("variant-1/difference_max_depth.tif");
    assert!((depth[0] - 0.1).abs() < 1e-6 && depth[5] == 0.0);
    // Newly wet where the water only now arrives; there a difference has no value.
    assert!(runs.values("variant-1/difference_arrival.tif")[1].is_nan());
    let sides = runs.values("variant-1/one_side_arrival.tif");
    assert!(sides[0] == 0.0 && sides[1] == 1.0 && sides[5].is_nan());
    // Dry counts as no minutes under water.
    let duration = runs.values("variant-2/difference_duration.tif");
    assert_eq!((duration[0], duration[5]), (-30.0, 0.0));
    let matrix: Value = serde_json::from_str(
        &std::fs::read_to_string(runs.folder.path().join("out/indicators.json")).expect("a matrix"),
    )
    .expect("JSON");
    let row = |name: &str| {
        let rows = matrix["indicators"].as_array().expect("rows");
        rows.iter()
            .find(|row| row["indicator"]["name"] == name)
            .unwrap_or_else(|| panic!("no {name}: {rows:?}"))
            .clone()
    };
    let walls = row("buildings_water_at_wall");
    assert_eq!((&walls["base"], &walls["variants"][0]["value"]), (&json!(0.0), &json!(1.0)));
    assert_eq!(walls["variants"][0]["verdict"], "worse");
    assert_eq!(walls["variants"][0]["worse_in"], json!([{ "name": "West", "difference": 1.0 }]));
    assert_eq!(walls["variants"][1]["worse_in"][0]["name"], "Oost");
    let deepest = row("largest_depth");
    assert_eq!([&deepest["variants"][0]["verdict"], &deepest["variants"][1]["verdict"]], ["worse", "better"]);
    let area = row("flooded_area");
    assert_eq!(area["base"], json!(24.0 * 4.0), "half of the cells of 4 m²");
    let said = |words: &str| found.story.iter().any(|text| text.nl.contains(words));
    assert!(said(
        "Slechter: gebouwen met 10 cm water of meer tegen de gevel: 1 gebouwen in plaats van 0 gebouwen (+1). Het meest in West (+1)"
    ));
    assert!(said("Kaarten die veranderen"), "{:?}", found.story);
    let told = |words: &str| found.remarks.iter().any(|remark| remark.contains(words));
    assert!(
        told("ask for what these runs do not give") && told("warmest_hour_pet") && told("reach_mean"),
        "{:?}",
        found.remarks
    );
    let buildings = std::fs::read_to_string(runs.folder.path().join("out/variant-1/buildings.csv")).expect("a table");
    assert!(
        buildings.starts_with(
            "name,depth_m_base,depth_m_variant,depth_m_difference,depth_m_rank,synthetic\na,0.05,0.3,0.25,1,1\n"
        ),
        "{buildings}"
    );
    assert!(std::fs::read(runs.folder.path().join("out/indicators.png")).expect("a picture").starts_with(b"\x89PNG"));
    let csv = std::fs::read_to_string(runs.folder.path().join("out/indicators.csv")).expect("a table");
    assert!(
        csv.starts_with("name,english,dutch,unit,better,change,limit,Now,Worse,Worse: difference,Worse: verdict,Dry,"),
        "{csv}"
    );
}

#[test]
fn equal_runs_give_equal_bytes() {
    let runs = Runs::of(&[water("Now", 0.0, [0.2, 0.0]), water("Now", 0.1, [0.3, 0.0])]);
    let record = |out: &str| {
        let found = runs.compare_to(out, None).expect("compared");
        assert_eq!(found.record["variants"][0]["run"]["label"], "Now (run-1)");
        std::fs::read(runs.folder.path().join(out).join(RECORD)).expect("a record")
    };
    let first = record("out");
    assert!(first == record("other") && first == record("out"), "also over an earlier one");
}

#[test]
fn areas_sum_up_layers() {
    let runs = Runs::of(&[water("Now", 0.0, [0.2, 0.0]), water("More", 0.1, [0.2, 0.0])]);
    let corner = |x: f64, y: f64| format!("[{},{}]", GRID.west + x, GRID.south() + y);
    let ring = [corner(0.0, 0.0), corner(8.0, 0.0), corner(8.0, 12.0), corner(0.0, 12.0), corner(0.0, 0.0)].join(",");
    let areas = runs.folder.path().join("areas.geojson");
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"EPSG:28992\"}}}},\"features\":[{{\
         \"type\":\"Feature\",\"properties\":{{\"name\":\"Plein\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}}}]}}"
    );
    std::fs::write(&areas, text).expect("written");
    runs.compare_to("out", Some(&areas)).expect("compared");
    let read =
        |name: &str| std::fs::read_to_string(runs.folder.path().join("out/variant-1").join(name)).expect("a table");
    let table = read("areas_max_depth.csv");
    let mut lines = table.lines();
    assert!(lines.next().is_some_and(|head| head.contains("share_over_0.1_percent_rank")), "{table}");
    let row: Vec<f64> =
        lines.next().expect("a row").split(',').skip(1).map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
    assert!((row[0] - 0.2).abs() < 1e-6 && (row[2] - 0.1).abs() < 1e-6 && row[3] == 1.0, "{table}");
    assert!(read("areas_arrival.csv").starts_with("name,mean_base"));
    let error = runs.compare_to("out", Some(Path::new("nowhere.geojson"))).expect_err("no file").to_string();
    assert!(error.contains("nowhere.geojson"), "{error}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let other = |change: &dyn Fn(&mut Made)| {
        let mut made = water("Other", 0.0, [0.2, 0.0]);
        change(&mut made);
        Runs::of(&[water("Now", 0.0, [0.2, 0.0]), made])
    };
    let on = |grid: Grid| {
        other(&move |made| {
            made.grid = grid;
            made.layers = vec![layer("max_depth", grid, |_| 0.1)];
            made.tables.clear();
        })
    };
    for grid in [
        Grid { cols: 9, ..GRID },
        Grid { west: GRID.west + 2.0, ..GRID },
        Grid { cell: 4.0, ..GRID },
        Grid { crs: Crs { epsg: Some(25832) }, ..GRID },
    ] {
        let error = on(grid).refused();
        assert!(error.contains("same city, extent and cell_m"), "{error}");
    }
    let error = other(&|made| made.model = "heat").refused();
    assert!(error.contains("is a run of heat"), "{error}");
    // Not finished, damaged in length or in content, no record, leading out of the folder.
    let damaged = |damage: &dyn Fn(&Path)| {
        let runs = other(&|_| {});
        damage(&runs.paths[1]);
        runs.refused()
    };
    let text = |path: &Path| std::fs::read_to_string(path.join("run.json")).expect("a record");
    let put = |path: &Path, text: String| std::fs::write(path.join("run.json"), text).expect("written");
    assert!(damaged(&|path| std::fs::remove_file(path.join("run.json")).expect("removed")).contains("not finished"));
    assert!(damaged(&|path| std::fs::write(path.join("max_depth.tif"), b"II").expect("written")).contains("max_depth"));
    assert!(
        damaged(&|path| std::fs::remove_file(path.join("buildings.csv")).expect("removed")).contains("buildings.csv")
    );
    let flipped = damaged(&|path| {
        let file = path.join("max_depth.tif");
        let mut bytes = std::fs::read(&file).expect("a file");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(&file, bytes).expect("written");
    });
    assert!(flipped.contains("is not as the record"), "{flipped}");
    assert!(damaged(&|path| put(path, "{".into())).contains("is not a record"));
    assert!(
        damaged(&|path| put(path, text(path).replace("max_depth.tif", "../max_depth.tif"))).contains("does not lie in")
    );
    assert!(
        damaged(&|path| put(path, text(path).replace("\"cols\":8", "\"cols\":18446744073709551615")))
            .contains("which is none")
    );
    // A run's own folder is not written to.
    let runs = other(&|_| {});
    assert!(runs.compare_to("run-0", None).expect_err("a run").to_string().contains("folder of a run"));
}

#[test]
fn what_is_odd_within_runs_is_told() {
    let mut base = water("Now", 0.0, [0.2, 0.0]);
    let mut run = water("Odd", 0.0, [0.2, 0.0]);
    // Without any value, in one only, without rows, with keys that repeat.
    for made in [&mut base, &mut run] {
        made.layers.push(layer("max_velocity", GRID, |_| f32::NAN));
        made.tables.push(Table {
            name: "roads".into(),
            names: Vec::new(),
            columns: vec!["time_min".into()],
            ..Table::default()
        });
    }
    run.layers.push(layer("hazard", GRID, |_| 1.0));
    run.tables[0].names = vec!["a".into(), "a".into()];
    let runs = Runs::of(&[base, run]);
    let found = runs.compare_to("out", None).expect("compared");
    for words in ["max_velocity has no value anywhere", "in the variant only: hazard", "has no rows", "1 keys repeat"] {
        assert!(found.remarks.iter().any(|remark| remark.contains(words)), "{words}: {:?}", found.remarks);
    }
    let none = Request {
        base: &runs.paths[0],
        runs: &[],
        labels: None,
        out: &runs.folder.path().join("out"),
        areas: None,
        indicators: None,
        frames: false,
        language: Language::English,
        date: "",
    };
    assert!(compare(&none, &models::variable).is_err());
}
