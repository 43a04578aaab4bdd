//! Wrong input is an error that names the place and the mend; nothing panics, nothing large is set aside first.

use hanze_engine::Error;
use hanze_engine::device::Device;
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::scenario;
use hanze_engine::simulation::{Ending, Simulation};
use std::path::Path;
use std::sync::atomic::AtomicBool;

const RD: Crs = Crs::RD_NEW;

/// Terrain of 20 × 10 cells of 5 m that slopes to the east.
fn terrain(crs: Crs) -> Raster {
    let grid = Grid { cols: 20, rows: 10, cell: 5.0, west: 200_000.0, north: 500_050.0, crs };
    let heights: Vec<f64> = (0..grid.len()).map(|i| 3.0 - 0.05 * (i % 20) as f64).collect();
    Raster::heights(grid, "terrain", &heights)
}

/// A folder with good and bad inputs.
fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, raster: &Raster| write_cog(&folder.path().join(name), raster).unwrap();
    let good = terrain(RD);
    write("good.tif", &good);
    write("web.tif", &terrain(Crs { epsg: Some(3857) }));
    let mut far = terrain(RD);
    far.grid.west += 10_000.0;
    far.datum = 0.0;
    far.values.fill(0.03);
    write("far.tif", &far);
    let mut holes = terrain(RD);
    holes.values[7] = f32::NAN;
    write("holes.tif", &holes);
    let mut high = terrain(RD);
    high.values[45] = 1e30;
    write("high.tif", &high);
    let mut low = terrain(RD);
    low.values[45] = -1e30;
    write("low.tif", &low);
    let mut rough = terrain(RD);
    rough.datum = 0.0;
    rough.values.fill(0.03);
    rough.values[3] = -0.5;
    write("rough.tif", &rough);
    let bytes = std::fs::read(folder.path().join("good.tif")).unwrap();
    std::fs::write(folder.path().join("cut.tif"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(folder.path().join("text.tif"), "hello").unwrap();
    std::fs::write(folder.path().join("good.jpg"), "hello").unwrap();
    let head = "ncols 1000000\nnrows 1000000\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3\n";
    std::fs::write(folder.path().join("huge.asc"), head).unwrap();
    std::fs::write(folder.path().join("flat.asc"), head.replace("cellsize 1", "cellsize 0")).unwrap();
    std::fs::write(folder.path().join("gap.csv"), "minutes,mm_per_hour\n0,10\n5,\n10,3\n").unwrap();
    std::fs::write(folder.path().join("back.csv"), "minutes,mm_per_hour\n0,10\n10,5\n5,3\n").unwrap();
    std::fs::write(folder.path().join("minus.csv"), "minutes,mm_per_hour\n0,10\n5,-3\n").unwrap();
    std::fs::write(folder.path().join("far.geojson"), square(210_010, 500_010)).unwrap();
    std::fs::write(folder.path().join("so-far.geojson"), square(210_010, 500_010)).unwrap();
    std::fs::write(folder.path().join("near.geojson"), square(200_010, 500_010)).unwrap();
    std::fs::write(folder.path().join("turned.geojson"), square(500_010, 200_010)).unwrap();
    std::fs::write(folder.path().join("unit.csv"), "time,mm_per_hour\n0,10\n").unwrap();
    folder
}

/// GeoJSON in RD New of a square of 10 m.
fn square(x: u32, y: u32) -> String {
    let ring = [[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10], [x, y]];
    let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
    let feature = serde_json::json!({ "type": "Feature", "properties": {}, "geometry": geometry });
    let crs = serde_json::json!({ "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::28992" } });
    serde_json::json!({ "type": "FeatureCollection", "crs": crs, "features": [feature] }).to_string()
}

/// What is said of a file whose only feature lies elsewhere: the line, the key, both extents, the cause.
fn elsewhere<'a>(line: &'a str, key: &'a str) -> Vec<&'a str> {
    vec![line, key, "only feature", "far.geojson", "x 210010 to 210020", "x 200000 to 200100", "to the east"]
}

/// A scenario with a `[city]` section and whatever else is given.
fn scenario(city: &str, rest: &str) -> String {
    format!("title = \"t\"\n[city]\n{city}\n[runoff]\nend_minutes = 1\n{rest}\n")
}

/// Reads and prepares a scenario; returns the words of the error.
fn words(folder: &Path, text: &str) -> String {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let outcome =
        scenario::load(&file).and_then(|scenario| Simulation::new(scenario, Device::Cpu, &folder.join("out")));
    match outcome {
        Ok(_) => "no error".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn errors_name_the_place_and_the_mend() {
    let folder = inputs();
    let city = |name: &str| scenario(&format!("terrain = \"{name}\""), "");
    let good = |rest: &str| scenario("terrain = \"good.tif\"", rest);
    let layers = |more: &str| scenario(&format!("terrain = \"good.tif\"\n{more}"), "");
    let cases: Vec<(&str, String, Vec<&str>)> = vec![
        ("nothing wrong", good(""), vec!["no error"]),
        ("missing", city("nowhere.tif"), vec!["scenario.toml:3", "nowhere.tif", "spelling"]),
        ("truncated", city("cut.tif"), vec!["cut.tif", "again"]),
        ("not a TIFF", city("text.tif"), vec!["text.tif", "GeoTIFF"]),
        ("unknown kind", city("good.jpg"), vec!["good.jpg", ".tif"]),
        ("claims a million by a million", city("huge.asc"), vec!["huge.asc", "1000000"]),
        ("cell size 0", city("flat.asc"), vec!["flat.asc", "cell"]),
        ("no heights", city("holes.tif"), vec!["holes.tif", "1 of 200 cells", "holes = \"fill\""]),
        ("height 1e30", city("high.tif"), vec!["high.tif", "nodata"]),
        ("height −1e30", city("low.tif"), vec!["low.tif", "nodata"]),
        ("two planes", layers("manning = \"web.tif\""), vec!["web.tif", "EPSG:3857", "EPSG:28992"]),
        ("wrong epsg", layers("epsg = 3857"), vec!["city.epsg", "EPSG:3857", "EPSG:28992"]),
        (
            "no overlap",
            layers("manning = \"far.tif\""),
            vec!["far.tif", "area", "x 210000 to 210100", "x 200000 to 200100", "10.0 km to the east"],
        ),
        ("buildings elsewhere", layers("buildings = \"far.geojson\""), elsewhere("scenario.toml:4:", "city.buildings")),
        ("roads elsewhere", layers("roads = \"far.geojson\""), elsewhere("scenario.toml:4:", "city.roads")),
        (
            "neighbourhoods elsewhere",
            layers("neighbourhoods = \"far.geojson\""),
            elsewhere("scenario.toml:4:", "city.neighbourhoods"),
        ),
        (
            "all surfaces elsewhere",
            layers("codes = \"bgt\"\nsurfaces = [\"far.geojson\", \"so-far.geojson\"]"),
            elsewhere("scenario.toml:5:", "city.surfaces"),
        ),
        (
            "one surface elsewhere",
            layers("codes = \"bgt\"\nsurfaces = [\"far.geojson\", \"near.geojson\"]"),
            vec!["no error"],
        ),
        (
            "districts elsewhere",
            scenario("terrain = \"good.tif\"\nsewer_districts = \"far.geojson\"", "[runoff.sewer]\ninlet_mm_per_hour = 20"),
            elsewhere("scenario.toml:4:", "city.sewer_districts"),
        ),
        (
            "turned axes",
            layers("buildings = \"turned.geojson\""),
            vec!["city.buildings", "x and y are swapped", "east first"],
        ),
        ("extent elsewhere", layers("extent = [0, 0, 10, 10]"), vec!["city.extent", "beyond the terrain", ":4:"]),
        ("extent turned", layers("extent = [10, 0, 0, 10]"), vec!["city.extent", "[west, south, east, north]"]),
        ("negative roughness", layers("manning = \"rough.tif\""), vec!["rough.tif", "-0.5", "nodata"]),
        ("roughness as a word", layers("manning = true"), vec!["scenario.toml:4", "city.manning", "raster", "schema"]),
        ("cell 0", layers("cell_m = 0"), vec!["scenario.toml:4", "city.cell_m", "from 0.000001"]),
        ("cell not a number", layers("cell_m = nan"), vec!["scenario.toml:4", "city.cell_m"]),
        ("more cells than can be counted", layers("cell_m = 1e-5"), vec!["city.cell_m", "larger cell"]),
        ("more cells than memory", layers("cell_m = 0.0013"), vec!["GiB", "larger cell_m (", "or more", "order 1"]),
        ("no ground", scenario("", ""), vec!["city", "terrain"]),
        ("extent half outside", layers("extent = [200050, 500000, 200150, 500050]"), vec!["city.extent", "beyond"]),
        ("extent too small", layers("extent = [200000, 500000, 200001, 500001]"), vec!["city.extent", "smaller"]),
        ("degrees", layers("epsg = 4326"), vec!["scenario.toml:4", "city.epsg", "28992"]),
        (
            "a layer beside the demo city",
            scenario("demo = { seed = 1, width_m = 100, height_m = 100, cell_m = 1 }\nmanning = 0.1", ""),
            vec!["scenario.toml:4", "city.manning", "not both"],
        ),
        (
            "demo without size",
            scenario("demo = { seed = 1, width_m = 100, height_m = 100, cell_m = 0 }", ""),
            vec!["scenario.toml:3", "city.demo.cell_m", "0.25"],
        ),
        ("data folder", scenario("terrain = \"data:no/such.tif\"", ""), vec!["scenario.toml:3", "HANZE_DATA"]),
        ("steps that never end", good("longest_step_s = 1e-50"), vec!["runoff.longest_step_s", "0.000001"]),
        (
            "too many steps",
            scenario(
                "terrain = \"good.tif\"",
                "frame_minutes = 1\nlongest_step_s = 1e-6\n[runoff.rain]\nmm_per_hour = 1",
            )
            .replace("end_minutes = 1", "end_minutes = 60"),
            vec!["runoff.longest_step_s", "steps"],
        ),
        ("step length without steps", good("[runoff.rain]\nmm_per_hour = 1\nstep_minutes = 5"), vec!["rain.step_minutes"]),
        (
            "level on a free edge",
            good("[[runoff.boundary]]\nname = \"b\"\nedge = \"west\"\nkind = \"free\"\nlevel_m = 2"),
            vec!["scenario.toml:10", "boundary[0].level_m", "kind"],
        ),
        (
            "stretch of NaN",
            good("[[runoff.boundary]]\nname = \"b\"\nedge = \"west\"\nkind = \"free\"\nfrom_m = nan"),
            vec!["scenario.toml:10", "boundary[0].from_m"],
        ),
        ("no name", good("[[gauge]]\nname = \" \"\nx = 200010\ny = 500010"), vec!["gauge[0].name", "short name"]),
        (
            "a name twice",
            good("[[gauge]]\nname = \"g\"\nx = 200010\ny = 500010\n[[gauge]]\nname = \"g\"\nx = 200020\ny = 500010"),
            vec!["scenario.toml:11", "gauge[1].name", "twice"],
        ),
        ("too many readings", good("gauge_minutes = 1e-9"), vec!["runoff.gauge_minutes"]),
        ("two grounds", layers("demo = { seed = 1, width_m = 100, height_m = 100, cell_m = 1 }"), vec!["city.demo"]),
        ("negative rain", good("[runoff.rain]\nmm_per_hour = -1"), vec!["scenario.toml:7", "rain.mm_per_hour", "-1"]),
        ("rain that is not a number", good("[runoff.rain]\nmm_per_hour = nan"), vec!["scenario.toml:7", "rain.mm_per_hour"]),
        ("rain twice", good("[runoff.rain]\nmm_per_hour = 1\nsteps_mm = [1]"), vec!["rain", "either"]),
        ("steps without length", good("[runoff.rain]\nsteps_mm = [1]"), vec!["rain.step_minutes"]),
        ("negative step", good("[runoff.rain]\nsteps_mm = [1, -1]\nstep_minutes = 5"), vec!["runoff.rain.steps_mm", "-1 is not allowed"]),
        ("a step that is a flood", good("[runoff.rain]\nsteps_mm = [1, 1e4]\nstep_minutes = 5"), vec!["rain.steps_mm", "120000"]),
        ("points back in time", good("[runoff.rain]\nmm_per_hour = [[5, 1], [0, 2]]"), vec!["rain.mm_per_hour", "rise"]),
        ("gap in a series", good("[runoff.rain]\nmm_per_hour = \"gap.csv\""), vec!["gap.csv", "line 3", "gaps"]),
        ("file back in time", good("[runoff.rain]\nmm_per_hour = \"back.csv\""), vec!["back.csv", "line 4", "sort"]),
        ("negative in a file", good("[runoff.rain]\nmm_per_hour = \"minus.csv\""), vec!["minus.csv", "line 3", "-3"]),
        ("header without unit", good("[runoff.rain]\nmm_per_hour = \"unit.csv\""), vec!["unit.csv", "line 1", "minutes"]),
        ("series missing", good("[runoff.rain]\nmm_per_hour = \"no.csv\""), vec!["no.csv", "spelling"]),
        ("unknown key", good("[runoff.rain]\nmm = 3"), vec!["scenario.toml:7", "mm"]),
        ("unknown order", good("order = 3"), vec!["scenario.toml:6", "runoff.order", "1 or 2"]),
        ("courant too large", good("courant = 0.9"), vec!["runoff.courant", "0.5"]),
        (
            "level missing",
            good("[[runoff.boundary]]\nname = \"b\"\nedge = \"west\"\nkind = \"level\""),
            vec!["boundary[0].level_m", "missing"],
        ),
        (
            "boundary under a later one",
            good(
                "[[runoff.boundary]]\nname = \"b\"\nedge = \"west\"\nkind = \"free\"\n[[runoff.boundary]]\nname = \"c\"\nedge = \"west\"\nkind = \"free\"",
            ),
            vec!["scenario.toml:7", "boundary[0].name", "later ones win"],
        ),
        (
            "stretch outside",
            good("[[runoff.boundary]]\nname = \"b\"\nedge = \"west\"\nkind = \"free\"\nfrom_m = 0\nto_m = 1"),
            vec!["scenario.toml:10", "boundary[0].from_m", "500000"],
        ),
        (
            "gauge outside",
            good("[[gauge]]\nname = \"g\"\nx = 1\ny = 2"),
            vec!["scenario.toml:8", "gauge[0].x", "outside the city"],
        ),
        (
            "negative inflow",
            good("[[runoff.inflow]]\nname = \"i\"\nx = 200010\ny = 500010\ndischarge_m3_per_s = -2"),
            vec!["inflow[0].discharge_m3_per_s", "-2"],
        ),
        (
            "districts without a sewer",
            layers("sewer_districts = \"near.geojson\""),
            vec!["scenario.toml:4", "city.sewer_districts", "without [runoff.sewer]"],
        ),
        ("no section", "title = \"t\"\n[city]\nterrain = \"good.tif\"\n".into(), vec!["asks nothing", "[runoff]"]),
        ("no end", "title = \"t\"\n[city]\nterrain = \"good.tif\"\n[runoff]\n".into(), vec!["runoff", "end_minutes"]),
        ("unknown model", good("[magic]\nend_minutes = 1"), vec!["scenario.toml:6", "magic", "`runoff`, `heat`, `traffic`"]),
        (
            "two sections at once",
            good("[heat]\nend_minutes = 60\nweather = \"hot-day\"\ndate = \"2019-07-25\""),
            vec!["has 2 sections: [runoff], [heat]", "keep one"],
        ),
        (
            "sections without names",
            good("").replace("[runoff]", "[[runoff]]"),
            vec!["scenario.toml:4", "runoff[0]", "has no name"],
        ),
        (
            "a section's name twice",
            good("name = \"A b\"\n[[runoff]]\nname = \"a_b\"\nend_minutes = 2").replace("[runoff]\n", "[[runoff]]\n"),
            vec!["runoff[1].name", "scenario.toml:8", "twice"],
        ),
        (
            "a key of the second section",
            good("name = \"a\"\n[[runoff]]\nname = \"b\"\nend_minutes = 2\norder = 3").replace("[runoff]\n", "[[runoff]]\n"),
            vec!["runoff[1].order", "scenario.toml:10", "1 or 2"],
        ),
        (
            "an unknown key of the second section",
            good("name = \"a\"\n[[runoff]]\nname = \"b\"\nend_minutes = 2\nordre = 2").replace("[runoff]\n", "[[runoff]]\n"),
            vec!["scenario.toml:10", "`ordre`"],
        ),
        (
            "an earlier form",
            "title = \"t\"\nmodel = \"runoff\"\n[city]\nterrain = \"good.tif\"\n[time]\nend_minutes = 1\n[rain]\nmm_per_hour = 3\n".into(),
            vec![
                "scenario.toml:2",
                "[runoff] instead of model = \"runoff\" (line 2)",
                "end_minutes = 1 below [runoff] instead of [time] (line 5)",
                "[runoff.rain] instead of [rain] (line 7)",
            ],
        ),
        ("not TOML", "title = \n".into(), vec!["scenario.toml:1"]),
    ];
    let mut wrong = Vec::new();
    for (name, text, expected) in cases {
        let words = words(folder.path(), &text);
        for part in expected.iter().filter(|part| !words.contains(*part)) {
            wrong.push(format!("{name}: \"{words}\" does not say \"{part}\""));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_at_once() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, scenario("terrain = \"good.tif\"", "")).unwrap();
    let scenario = scenario::load(&file).unwrap();
    // A file stands where the folder should be.
    let Err(error) = Simulation::new(scenario, Device::Cpu, &file.join("out")) else { panic!("no error") };
    assert!(matches!(error, Error::Io { .. }) && error.to_string().contains("--out"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_the_run_with_words() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, scenario("terrain = \"good.tif\"", "[runoff.rain]\nmm_per_hour = 20")).unwrap();
    let out = folder.path().join("out");
    let mut simulation = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &out).unwrap();
    // /dev/full takes no byte: what a full disk says.
    let frames = simulation.folder.path.join("frames");
    std::fs::create_dir_all(&frames).unwrap();
    std::os::unix::fs::symlink("/dev/full", frames.join("depth_000060.000s.tif.part")).unwrap();
    let error = simulation.run(&AtomicBool::new(false), &mut |_| {}).unwrap_err();
    let words = error.to_string();
    assert!(words.contains("depth_000060.000s.tif") && words.contains("free some space"), "{words}");
}

#[test]
fn many_small_frames_can_be_stopped_and_are_not_started_over() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, scenario("terrain = \"good.tif\"", "frame_minutes = 0.01\n[runoff.rain]\nmm_per_hour = 20"))
        .unwrap();
    let out = folder.path().join("out");
    let mut simulation = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &out).unwrap();
    let mut frames = 0;
    let ending = simulation.run(&AtomicBool::new(true), &mut |event| {
        frames += usize::from(matches!(event, hanze_engine::simulation::Event::Frame { .. }));
    });
    assert!(matches!(ending.unwrap(), Ending::Stopped { .. }) && frames <= 1, "{frames} frames");
    // What was computed is not thrown away by asking for the run again.
    let Err(error) = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &out) else { panic!("no error") };
    assert!(error.to_string().contains("hanze resume"), "{error}");
    let mut resumed = Simulation::resume(&simulation.folder.path, Device::Cpu).unwrap();
    let ending = resumed.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    assert!(matches!(ending, Ending::Finished(_)));
    let depths = resumed.folder.artifacts.iter().filter(|a| a.name.starts_with("frames/depth"));
    let (rasters, pictures): (Vec<_>, Vec<_>) = depths.partition(|a| a.name.ends_with(".tif"));
    assert_eq!((rasters.len(), pictures.len()), (100, 100), "every frame has a raster and a picture of its own");
}

#[test]
fn checkpoints_are_left_on_the_way() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    let text = scenario("terrain = \"good.tif\"", "frame_minutes = 0.2\n[runoff.rain]\nmm_per_hour = 20");
    std::fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    let mut simulation = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &out).unwrap();
    simulation.checkpoint_every = std::time::Duration::ZERO;
    let path = simulation.folder.path.clone();
    // After the third frame the machine stops, as if its plug were pulled: what lies there then must be enough.
    let mut saved = Vec::new();
    let ending = simulation.run(&AtomicBool::new(false), &mut |event| {
        if matches!(event, hanze_engine::simulation::Event::Frame { done: 3, .. }) {
            saved = std::fs::read(path.join("checkpoint.bin")).unwrap();
        }
    });
    assert!(matches!(ending.unwrap(), Ending::Finished(_)));
    let whole = simulation.folder.artifacts;
    std::fs::write(path.join("checkpoint.bin"), saved).unwrap();
    let mut resumed = Simulation::resume(&path, Device::Cpu).unwrap();
    assert!(matches!(resumed.run(&AtomicBool::new(false), &mut |_| {}).unwrap(), Ending::Finished(_)));
    assert_eq!(resumed.folder.artifacts, whole, "names and checksums of all files");
}

#[test]
fn a_run_that_is_stopped_while_its_maps_are_drawn_goes_on_there() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    let text = scenario("terrain = \"good.tif\"", "frame_minutes = 0.2\n[runoff.rain]\nmm_per_hour = 20");
    std::fs::write(&file, text).unwrap();
    let begin = |out: &str| {
        let out = folder.path().join(out);
        Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &out).unwrap()
    };
    let (mut quiet, mut disturbed) = (begin("quiet"), begin("disturbed"));
    assert!(matches!(quiet.run(&AtomicBool::new(false), &mut |_| {}).unwrap(), Ending::Finished(_)));
    let cancel = AtomicBool::new(false);
    let ending = disturbed.run(&cancel, &mut |event| {
        // After the last frame there are only the maps.
        if matches!(event, hanze_engine::simulation::Event::Frame { done, of, .. } if done == of) {
            cancel.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert!(matches!(ending.unwrap(), Ending::Stopped { time } if time == 60.0));
    let path = disturbed.folder.path.clone();
    assert!(!path.join("run.json").exists() && !path.join("depth.png").exists());
    let mut resumed = Simulation::resume(&path, Device::Cpu).unwrap();
    assert!(matches!(resumed.run(&AtomicBool::new(false), &mut |_| {}).unwrap(), Ending::Finished(_)));
    assert_eq!(resumed.folder.artifacts, quiet.folder.artifacts, "names and checksums of all files");
    let steps = |path: &Path| {
        let record: serde_json::Value = serde_json::from_slice(&std::fs::read(path.join("run.json")).unwrap()).unwrap();
        record["steps"].as_u64().unwrap()
    };
    assert_eq!(steps(&path), steps(&quiet.folder.path));
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    // Steps of a millisecond: the minute takes longer than one slice of computing time, so that the stop comes before.
    let text = scenario("terrain = \"good.tif\"", "longest_step_s = 1e-5\n[runoff.rain]\nmm_per_hour = 20");
    std::fs::write(&file, text).unwrap();
    let mut simulation =
        Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &folder.path().join("out")).unwrap();
    let path = simulation.folder.path.clone();
    let ending = simulation.run(&AtomicBool::new(true), &mut |_| {}).unwrap();
    assert!(matches!(ending, Ending::Stopped { time } if time > 0.0 && time < 60.0));
    let whole = std::fs::read(path.join("checkpoint.bin")).unwrap();
    assert!(Simulation::resume(&path, Device::Cpu).is_ok());
    for cut in [0, 10, 20, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(path.join("checkpoint.bin"), &whole[..cut]).unwrap();
        assert!(Simulation::resume(&path, Device::Cpu).is_err(), "cut at {cut}");
    }
    std::fs::write(path.join("checkpoint.bin"), b"something else entirely").unwrap();
    let Err(error) = Simulation::resume(&path, Device::Cpu) else { panic!("no error") };
    assert!(error.to_string().contains("checkpoint.bin"), "{error}");
    let Err(error) = Simulation::resume(folder.path(), Device::Cpu) else { panic!("no error") };
    assert!(error.to_string().contains("no checkpoint"), "{error}");
    // Older and newer versions begin with the same letters; they must not be taken for damage, nor for their own.
    for version in [*b"2\n", *b"1\n", *b"9\n", *b"10"] {
        let mut other = whole.clone();
        other[14..16].copy_from_slice(&version);
        std::fs::write(path.join("checkpoint.bin"), &other).unwrap();
        for words in [
            Simulation::resume(&path, Device::Cpu).err().unwrap().to_string(),
            hanze_engine::simulation::device_of(&path).err().unwrap().to_string(),
        ] {
            assert!(words.contains("was made by another version of Hanze; start the run again"), "{words}");
        }
    }
    // So it is: the run begins anew in its place.
    let again = Simulation::new(scenario::load(&file).unwrap(), Device::Cpu, &folder.path().join("out")).unwrap();
    assert!(again.folder.path == path && !path.join("checkpoint.bin").exists());
    // Other inputs under the same names are found out.
    std::fs::write(path.join("checkpoint.bin"), &whole).unwrap();
    let mut other = terrain(RD);
    other.values[3] += 0.5;
    write_cog(&folder.path().join("good.tif"), &other).unwrap();
    let Err(error) = Simulation::resume(&path, Device::Cpu) else { panic!("no error") };
    assert!(error.to_string().contains("other inputs"), "{error}");
}
