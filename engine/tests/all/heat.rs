//! The heat model as scenarios run it.

use crate::common::gpu;
use crate::warm::{CITY, HEAT as IN_TIME, NORTH, WEST, grid, inputs, layer, text, try_run};
use hanze_engine::cache::Cache;
use hanze_engine::city::import;
use hanze_engine::device::Device;
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models;
use hanze_engine::models::heat::cpu::horizons::View;
use hanze_engine::models::heat::forcing::{Forcing, forcing};
use hanze_engine::models::heat::scene::{EYE, Scene};
use hanze_engine::models::heat::solver::{Solver, solver};
use hanze_engine::models::heat::views::ViewStorage;
use hanze_engine::models::runoff::validate::noise;
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::scenario;
use hanze_engine::words::Language;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The hot day with surfaces by the sine of the day, in the station's air: radiation alone.
const HEAT: &str = "weather = \"day.csv\"\ndate = \"2019-07-25\"\nsurfaces = \"sine\"";

#[test]
fn shade_is_cooler_than_sun_and_night_than_day() {
    let folder = inputs();
    let (frames, outcome, _) = try_run(folder.path(), &text(CITY, HEAT, 24)).unwrap();
    let at = |hour: usize, name: &str, col: usize, row: usize| layer(&frames[hour - 1], name).values[row * 60 + col];
    // At noon the sun stands in the south: the house shades the ground north of it, and the tree its own foot.
    let (open, north, under) = ((5, 50), (20, 18), (46, 25));
    assert_eq!([open, north, under].map(|(col, row)| at(12, "sun", col, row) > 0.9), [true, false, false]);
    for name in ["pet", "utci", "tmrt"] {
        let [open, north, under] = [open, north, under].map(|(col, row)| at(12, name, col, row));
        assert!(open - north > 3.0 && open - under > 3.0, "{name}: {open} {north} {under}");
        assert!(at(3, name, 5, 50) < open - 15.0, "{name}");
        // By night the open ground loses most.
        assert!(name != "tmrt" || at(2, name, 5, 50) < at(2, name, 20, 18), "{name}");
    }
    // Six positions of the sun make the shadow's edge soft within an hour, and hours of sun add up.
    let sun = layer(&outcome.layers, "sun_hours");
    let summed: f32 = frames.iter().map(|layers| layer(layers, "sun").values[50 * 60 + 5]).sum();
    assert!((sun.values[50 * 60 + 5] - summed).abs() < 1e-3 && (13.0..15.5).contains(&summed), "{summed}");
    // Nothing is said of roofs.
    assert!(at(12, "pet", 20, 25).is_nan() && layer(&outcome.layers, "sky_view").values[50 * 60 + 5] > 0.9);
    let highest = frames.iter().map(|layers| layer(layers, "pet").values[50 * 60 + 5]).fold(f32::MIN, f32::max);
    assert_eq!(layer(&outcome.layers, "max_pet").values[50 * 60 + 5], highest);
    assert!(outcome.story.iter().any(|text| text.nl.contains("Het heetste uur") && text.en.contains("hottest hour")));
}

/// A rough town: blocks of all heights, trees of all heights, beside and over each other, on a slope.
struct Town {
    grid: Grid,
    ground: Vec<f32>,
    buildings: Vec<f32>,
    trees: Vec<f32>,
    covers: Vec<u8>,
}

impl Town {
    fn new() -> Town {
        let grid = Grid { cols: 71, rows: 53, cell: 1.5, west: WEST, north: NORTH, crs: Crs::RD_NEW };
        let mut noise = noise(7);
        let mut patch = |share: f64, highest: f64| -> Vec<f32> {
            let mut values = vec![0.0f32; grid.len()];
            for _ in 0..40 {
                let [col, row] = [60.0, 45.0].map(|most| (noise() * most) as usize);
                let [wide, high] = [10.0, 8.0].map(|most| 1 + (noise() * most) as usize);
                let height = if noise() < share { (1.0 + noise() * highest) as f32 } else { 0.0 };
                (row..row + high).for_each(|row| values[row * grid.cols + col..][..wide].fill(height));
            }
            values
        };
        let (buildings, trees) = (patch(0.6, 20.0), patch(0.7, 15.0));
        let ground: Vec<f32> = (0..grid.len()).map(|k| 0.02 * (k % grid.cols) as f32).collect();
        let covers = (0..grid.len()).map(|k| if buildings[k] > 0.0 { 2 } else { ((k / 5) % 6) as u8 }).collect();
        Town { grid, ground, buildings, trees, covers }
    }

    /// With an albedo of its own for each cell.
    fn scene(&self) -> Scene {
        let mut scene = Scene::new(self.grid, &self.ground, &self.buildings, &self.trees, EYE);
        scene.albedo = (0..self.grid.len()).map(|k| 0.05 + 0.02 * (k % 9) as f32).collect();
        scene
    }

    /// A solver that has looked around, and how often it was asked to.
    fn solver(&self, device: &Device, storage: &ViewStorage) -> (Box<dyn Solver>, usize) {
        let mut solver = solver(self.scene(), self.covers.clone(), device, storage).unwrap();
        let looks = 1 + std::iter::repeat_with(|| solver.look().unwrap()).take_while(|done| !done).count();
        (solver, looks)
    }
}

/// The hours of a made hot day.
fn hours() -> Vec<Forcing> {
    let start = hanze_engine::weather::days(2019, 7, 25).unwrap() * 86_400;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/weather/hot-day.csv");
    let weather = hanze_engine::weather::read(&path, start, start + 86_400).unwrap();
    forcing(&weather, 52.5, 6.1).unwrap().0
}

/// What every cell sees, cell by cell: sky view, walls and crowns.
fn seen(solver: &mut dyn Solver, cells: usize) -> Vec<View> {
    solver.views_of(&(0..cells).collect::<Vec<_>>()).unwrap()
}

#[test]
fn strips_and_disks_and_the_next_day_change_nothing() {
    let town = Town::new();
    let folder = tempfile::tempdir().unwrap();
    let hour = &hours()[12];
    let cache = Cache::at(folder.path());
    let mut devices = vec![(Device::Cpu, Device::Cpu)];
    if let Some(gpu) = gpu() {
        // One that takes view factors of walls and crowns of four rows in one buffer.
        let Ok(Device::Gpu(mut narrow)) = Device::open("gpu:any") else { panic!("the adapter is gone") };
        Arc::get_mut(&mut narrow).unwrap().adapter.largest_binding = 100_000;
        devices.push((gpu, Device::Gpu(narrow)));
    }
    for (device, narrow) in devices {
        // Strips of more rows than look at once on the CPU; of few, so that some fit a narrow binding.
        let rows = if matches!(device, Device::Cpu) { 20 } else { 2 };
        let small = ViewStorage { strip: rows * town.grid.cols, in_memory: false, cache: Some(cache.clone()) };
        let fluxes = |solver: &mut dyn Solver| {
            let all = solver.hour(hour).unwrap();
            (0..town.grid.len()).map(|cell| all.fluxes(cell)).collect::<Vec<_>>()
        };
        let (mut whole, _) = town.solver(&device, &ViewStorage::default());
        let wanted = fluxes(whole.as_mut());
        let (mut cut, many) = town.solver(&narrow, &small);
        assert!(wanted == fluxes(cut.as_mut()), "{}", device.record());
        assert!(whole.sky_view().unwrap() == cut.sky_view().unwrap(), "{}", device.record());
        // The next day, in memory and not.
        for in_memory in [true, false] {
            let (mut known, few) = town.solver(&narrow, &ViewStorage { in_memory, ..small.clone() });
            assert!(wanted == fluxes(known.as_mut()), "{}", device.record());
            // A fast GPU looks at a whole strip at once, and reading one takes a step, too.
            let is_cpu = matches!(device, Device::Cpu);
            assert!(few < many || (!is_cpu && few == many), "{}: {few} {many}", device.record());
        }
        // A file that was cut is none, and other trees are other views.
        let files = || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        for file in files() {
            let bytes = std::fs::read(&file).unwrap();
            std::fs::write(&file, &bytes[..bytes.len() - 9]).unwrap();
        }
        let (mut again, _) = town.solver(&narrow, &small);
        assert!(wanted == fluxes(again.as_mut()), "{}", device.record());
        let before = files().len();
        let mut other = Town::new();
        other.trees[17] += 1.0;
        other.solver(&narrow, &small);
        assert_eq!(files().len(), before + 1);
    }
}

#[test]
fn kernels_and_their_twins_agree() {
    let Some(gpu) = gpu() else { return };
    let hours = hours();
    let planted = Town::new();
    let grid = planted.grid;
    let bare = Town { trees: Vec::new(), ..Town::new() };
    for town in [planted, bare] {
        let mut solvers = [&Device::Cpu, &gpu].map(|device| town.solver(device, &ViewStorage::default()).0);
        let [one, other] = solvers.each_mut().map(|solver| seen(solver.as_mut(), grid.len()));
        assert!(one.iter().zip(&other).all(|(a, b)| (a.sky_view[0] - b.sky_view[0]).abs() < 1e-5));
        // 255ths: rounding may fall to the other side.
        let all = |views: &[View]| -> [Vec<u8>; 2] {
            let crowns = views.iter().flat_map(|view| view.crowns.iter().copied()).collect();
            [views.iter().flat_map(|view| view.walls.iter().copied()).collect(), crowns]
        };
        for (a, b) in all(&one).into_iter().zip(all(&other)) {
            assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.abs_diff(*b) <= 1), "{} patches", a.len());
            let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
            assert!(differ * 500 <= a.len(), "{differ} of {} patches differ", a.len());
        }
        // Every hour under Perez's sky, and one under an isotropic one.
        let isotropic = Forcing { is_isotropic: true, ..hours[11].clone() };
        for hour in hours.iter().chain([&isotropic]) {
            let [one, other] = solvers.each_mut().map(|solver| solver.hour(hour).unwrap());
            // A shadow's edge may fall on a cell's eye: then one position of the sun is lit on one device only.
            let cells: Vec<usize> =
                (0..grid.len()).filter(|cell| (one.lit[*cell] - other.lit[*cell]).abs() < 1e-4).collect();
            assert!(cells.len() * 1000 >= grid.len() * 998, "{} of {} cells", cells.len(), grid.len());
            for cell in cells {
                let [a, b] = [&one, &other].map(|all| all.fluxes(cell));
                let pairs = a.short.into_iter().chain(a.long).zip(b.short.into_iter().chain(b.long));
                for (k, (a, b)) in pairs.enumerate() {
                    // The ground around may hold such an edge.
                    let most = if k == 1 || k == 4 { 3.0 } else { 0.25 };
                    assert!((a - b).abs() < most, "cell {cell}, flux {k}: {a} {b}");
                }
            }
        }
        // What people see below, and that it leaves nothing behind.
        let before = solvers.each_mut().map(|solver| solver.warmth().unwrap());
        let up: Vec<f32> = (0..grid.len()).map(|k| 380.0 + (k % 13) as f32).collect();
        let [one, other] = solvers.each_mut().map(|solver| solver.below(&up).unwrap());
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-3), "seen below");
        assert!(one.iter().all(|own| (380.0..393.0).contains(own)) && one != up);
        assert!(before == solvers.each_mut().map(|solver| solver.warmth().unwrap()));
        let [one, other] = solvers.each_mut().map(|solver| solver.warmth().unwrap());
        let off = one.iter().zip(&other).filter(|(a, b)| (*a - *b).abs() > 1e-3).count();
        assert!(off * 1000 <= one.len() * 2, "{off} warmths");
    }
}

#[test]
fn a_run_goes_on_where_it_was_stopped() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    let gauge = format!("\n[[gauge]]\nname = \"g\"\nx = {}\ny = {}\n", WEST + 5.5, NORTH - 50.5);
    std::fs::write(&file, text(CITY, HEAT, 14) + &gauge).unwrap();
    let scenario = scenario::load(&file).unwrap();
    let (city, _) = scenario.city().unwrap();
    let start = || models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
    let run = |model: &mut dyn models::Model, until: f64| {
        while !model.advance(until, Duration::from_secs(1)).unwrap().reached {}
    };
    let mut whole = start();
    run(whole.as_mut(), 14.0 * 3600.0);
    let mut first = start();
    run(first.as_mut(), 9.0 * 3600.0);
    let mut saved = Vec::new();
    first.save(&mut saved).unwrap().unwrap();
    let mut second = start();
    second.load(&mut saved.as_slice()).unwrap().unwrap();
    run(second.as_mut(), 14.0 * 3600.0);
    let [one, other] = [&mut whole, &mut second].map(|model| model.outcome().unwrap());
    for (a, b) in one.layers.iter().zip(&other.layers) {
        assert!(a.values.iter().zip(&b.values).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", a.name);
    }
    assert!(
        one.tables == other.tables && one.tables.iter().any(|table| table.name == "gauges" && table.rows.len() == 14)
    );
    let mut cut = start();
    assert!(cut.load(&mut &saved[..saved.len() / 2]).is_err());
}

#[test]
fn wrong_ones_are_told_with_place_and_mend() {
    let folder = inputs();
    let day = std::fs::read_to_string(folder.path().join("day.csv")).unwrap();
    // The same day two hours late, as summer time would have it: light at the hour before sunrise is none of the sun's.
    let early = |line: &str, shift: i64| {
        let Some((time, rest)) = line.split_once(',') else { return line.to_string() };
        let Some(hour) = time.get(11..13).and_then(|hour| hour.parse::<i64>().ok()) else { return line.to_string() };
        let at = 24 * i64::from(time.starts_with("2019-07-26")) + hour + shift;
        format!("2019-07-{:02}T{:02}:00Z,{rest}", 25 + at.div_euclid(24), at.rem_euclid(24))
    };
    let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    put("early.csv", day.lines().map(|line| early(line, -4) + "\n").collect());
    let dark = |line: &str| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if line.starts_with("2019") {
            cells[5] = "0";
        }
        cells.join(",") + "\n"
    };
    put("dark.csv", day.lines().map(dark).collect());
    put("humid.csv", day.replacen(",76,", ",140,", 1).replacen(",75,", ",140,", 1).replacen(",74,", ",140,", 1));
    put(
        "gap.csv",
        day.lines().enumerate().filter(|(k, _)| !(5..10).contains(k)).map(|(_, line)| format!("{line}\n")).collect(),
    );
    let words = |city: &str, heat: &str, hours: u32| match try_run(folder.path(), &text(city, heat, hours)) {
        Ok(_) => "no error".to_string(),
        Err(error) => error.to_string(),
    };
    let of = |name: &str| HEAT.replace("day.csv", name);
    let minutes = |from: &str, to: &str| {
        std::fs::write(folder.path().join("m.toml"), text(CITY, HEAT, 2).replace(from, to)).unwrap();
        scenario::load(&folder.path().join("m.toml")).err().map_or("no error".into(), |error| error.to_string())
    };
    let cases: Vec<(String, &[&str])> = vec![
        (words(CITY, &of("no.csv"), 2), &["heat.weather", "no.csv", "scenario.toml:"]),
        (words(CITY, &of("early.csv"), 20), &["heat.weather", "sun is down", "UTC"]),
        (words(CITY, &of("dark.csv"), 20), &["heat.weather", "no radiation on 2019-07-25"]),
        (words(CITY, &of("humid.csv"), 3), &["humid.csv", "humidity of 140"]),
        (words(CITY, &of("gap.csv"), 24), &["gap.csv", "no air temperature for 5 hours"]),
        (words(CITY, &HEAT.replace("07-25", "02-30"), 2), &["heat.date", "2019-02-30"]),
        (words(CITY, &HEAT.replace("2019", "2018"), 2), &["day.csv", "no weather on 2018-07-25"]),
        (words(CITY, HEAT, 48), &["day.csv", "for 24 hours from 2019-07-26"]),
        (words(CITY, &format!("{HEAT}\nlatitude = 52"), 2), &["heat.latitude", "alone"]),
        (words("surface = \"none.tif\"", HEAT, 2), &["city.surface", "none.tif"]),
        (minutes("end_minutes = 120", "end_minutes = 90"), &["heat.end_minutes", "multiple of 60"]),
        (minutes("[heat]", "[[gauge]]\nname='a'\nx=0\ny=0\n[heatt]"), &["heatt"]),
    ];
    for (found, wanted) in cases {
        wanted.iter().for_each(|words| assert!(found.contains(words), "{found} | {words}"));
    }
}

#[test]
fn what_can_be_mended_is_told() {
    let folder = inputs();
    // A surface below the ground, and a tree that grows through the roof and one of 200 m.
    let raster = |name: &str, raster: &Raster| write_cog(&folder.path().join(name), raster).unwrap();
    let mut low = vec![1.0; 3600];
    low[..40].fill(-5.0);
    raster("low.tif", &Raster::heights(grid(), "surface", &low));
    let mut trees = vec![0.0; 3600];
    trees[100] = 200.0;
    raster("high.tif", &Raster::from_values(grid(), "canopy", "m", trees));
    let city = "surface = \"low.tif\"\ncanopy_m = \"high.tif\"";
    let (frames, _, inputs) = try_run(folder.path(), &text(city, HEAT, 13)).unwrap();
    let told: String =
        inputs.iter().flat_map(|input| input.repairs.words(Language::English)).collect::<Vec<_>>().join("; ");
    assert!(told.contains("40 cells of the surface") && told.contains("1 cells with trees"), "{told}");
    assert!(frames[12].iter().all(|layer| layer.values.iter().all(|value| value.is_finite())));
    // The polar night of Svalbard has no sun, and no error.
    let dark: String = "time,air_c,humidity_percent,wind_m_per_s,global_w_per_m2\n".to_string()
        + &(1..=12).map(|hour| format!("2019-12-20T{hour:02}:00Z,-14,70,4,0\n")).collect::<String>();
    std::fs::write(folder.path().join("dark.csv"), dark).unwrap();
    let heat = "weather = \"dark.csv\"\ndate = \"2019-12-20\"\nlatitude = 78.2\nlongitude = 15.6\nsurfaces = \"sine\"";
    raster("plain.tif", &Raster::heights(Grid::local(40, 40, 1.0), "terrain", &[1.0; 1600]));
    let dark = text("", heat, 12).replace("ground.tif", "plain.tif");
    let (frames, ..) = try_run(folder.path(), &dark).unwrap();
    let open: Vec<f32> = layer(&frames[11], "tmrt").values.iter().copied().filter(|value| !value.is_nan()).collect();
    assert!(open.iter().all(|value| (-45.0..-10.0).contains(value)), "{open:?}");
}

/// Delft from its point cloud in cells of a side (m): a folder with its layers, and what a scenario says of it. `None` without data.
fn delft(cell: f64) -> Option<(tempfile::TempDir, String)> {
    let data = hanze_engine::testing::reference_data("Delft")?;
    let folder = tempfile::tempdir().unwrap();
    let source = data.join("terrain/delft_ahn3_laz_bgt");
    let clouds = ["ahn3_cropped_1.laz", "ahn3_cropped_2.laz"].map(|name| source.join(name));
    let found = import::laz(&clouds, cell, Crs::RD_NEW, &mut |_, _| {}).unwrap();
    let put = |name: &str, raster: &Raster| write_cog(&folder.path().join(name), raster).unwrap();
    put("ground.tif", &found.terrain);
    put("surface.tif", &found.surface);
    put("trees.tif", &found.canopy);
    let bgt = |name: &str| format!("\"data:terrain/delft_ahn3_laz_bgt/bgt_{name}.sqlite\"");
    let surfaces = ["begroeidterreindeel", "onbegroeidterreindeel", "waterdeel", "wegdeel"].map(bgt).join(", ");
    let city =
        format!("holes = \"fill\"\n{CITY}\nbuildings = {}\nsurfaces = [{surfaces}]\ncodes = \"bgt\"", bgt("pand"));
    Some((folder, city))
}

/// The hours of Heino, with the pressure of Hoogeveen.
const HEINO: &str =
    "weather = \"data:weather/uurgeg_278_2011-2020.zip\"\npressure = \"data:weather/uurgeg_279_2011-2020.zip\"\n";

#[test]
fn delft_on_the_hottest_day() {
    let Some((folder, city)) = delft(1.0) else { return };
    let heat = format!("{HEINO}date = \"2019-07-25\"\nsurfaces = \"sine\"");
    let (frames, outcome, _) = try_run(folder.path(), &text(&city, &heat, 18)).unwrap();
    // From the morning to the afternoon the shaded ground is cooler than the sunny.
    for hour in [9, 12, 15] {
        let layers = &frames[hour - 1];
        let (sun, radiant) = (&layer(layers, "sun").values, &layer(layers, "tmrt").values);
        let mean = |lit: bool| {
            let cells =
                sun.iter().zip(radiant).filter(|(sun, t)| !t.is_nan() && if lit { **sun > 0.99 } else { **sun < 0.01 });
            let (sum, count) = cells.fold((0.0, 0.0), |(sum, count), (_, t)| (sum + f64::from(*t), count + 1.0));
            assert!(count > 1000.0, "{hour} h: {count} cells");
            sum / count
        };
        let (sunny, shady) = (mean(true), mean(false));
        assert!((12.0..40.0).contains(&(sunny - shady)) && (45.0..75.0).contains(&sunny), "{hour} h: {sunny} {shady}");
    }
    let pet = layer(&outcome.layers, "max_pet");
    let highest = pet.values.iter().copied().fold(f32::MIN, f32::max);
    assert!((45.0..62.0).contains(&highest), "{highest} °C PET");
    assert!(outcome.tables.iter().any(|table| table.name == "buildings" && table.rows.len() > 20));
}

#[test]
fn delft_has_a_heat_island_in_the_heat_wave() {
    let Some((folder, city)) = delft(2.0) else { return };
    let heat = format!("{HEINO}date = \"2019-07-24\"");
    let (frames, outcome, _) = try_run(folder.path(), &text(&city, &heat, 54)).unwrap();
    // The hours that end at 22 to 4 h UTC, in the night before 26 July.
    let mean = |hour: usize| {
        let values = &layer(&frames[hour - 1], "heat_island").values;
        let (sum, count) = values
            .iter()
            .filter(|value| !value.is_nan())
            .fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(*value), count + 1.0));
        sum / count
    };
    let night: Vec<f64> = (24 + 22..=48 + 4).map(mean).collect();
    let most = night.iter().copied().fold(f64::MIN, f64::max);
    eprintln!("heat island of Delft in the night before 26 July 2019, hour by hour: {night:.2?} K");
    assert!((1.5..=6.0).contains(&most), "{night:?}");
    // At noon the city's air is about as warm as the meadow's.
    assert!((-2.0..2.0).contains(&mean(24 + 13)), "{}", mean(24 + 13));
    let nights = layer(&outcome.layers, "tropical_nights").values.iter().copied().fold(0.0, f32::max);
    assert!(nights <= 3.0 && outcome.layers.iter().any(|layer| layer.name == "degree_hours"), "{nights}");
}

#[test]
fn surfaces_and_air_go_on_where_they_were_stopped() {
    let folder = inputs();
    let file = folder.path().join("scenario.toml");
    let island = "[heat.island]\nirrigation_mm_per_day = 27\nreleased_w_per_m2 = 12\nalbedo = { roof = 0.6 }\nconduction = \"force_restore\"";
    std::fs::write(&file, text(CITY, &format!("{IN_TIME}\n{island}"), 9)).unwrap();
    let scenario = scenario::load(&file).unwrap();
    let (city, _) = scenario.city().unwrap();
    let run = |model: &mut dyn models::Model, until: f64| {
        while !model.advance(until, Duration::from_millis(20)).unwrap().reached {}
    };
    let mut whole = models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
    run(&mut *whole, 9.0 * 3600.0);
    let mut first = models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
    run(&mut *first, 4.0 * 3600.0);
    let mut saved = Vec::new();
    first.save(&mut saved).unwrap().unwrap();
    let mut second = models::prepare(&city, &scenario, &Device::Cpu, None).unwrap();
    second.load(&mut &saved[..]).unwrap().unwrap();
    run(&mut *second, 9.0 * 3600.0);
    let (one, other) = (whole.outcome().unwrap(), second.outcome().unwrap());
    for name in ["max_pet", "degree_hours", "max_island", "tropical_nights"] {
        let [one, other] = [&one, &other].map(|outcome| &layer(&outcome.layers, name).values);
        assert!(one.iter().zip(other).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()), "{name}");
    }
    assert_eq!(second.settings()["island"]["irrigation_mm_per_day"], 27.0);
    assert!(second.settings()["island"]["first_day_repeated"].as_u64().is_some_and(|days| days >= 2));
    assert!(one.story.iter().any(|text| text.nl.contains("hitte-eiland") && text.en.contains("heat island")));
    // A night has ended, and in this place it was a warm one or not: never both.
    let nights = &layer(&one.layers, "tropical_nights").values;
    assert!(nights.iter().filter(|value| !value.is_nan()).all(|value| *value == 0.0 || *value == 1.0));
}

#[test]
fn wrong_choices_of_the_heat_island_are_told() {
    let folder = inputs();
    // Weather with longwave radiation.
    let day = std::fs::read_to_string(folder.path().join("day.csv")).unwrap();
    let line = |(k, line): (usize, &str)| format!("{line},{}\n", if k == 0 { "longwave_w_per_m2" } else { "350" });
    std::fs::write(folder.path().join("long.csv"), day.lines().enumerate().map(line).collect::<String>()).unwrap();
    let long = format!("{}\nclear_sky_less = 0.04", IN_TIME.replace("day.csv", "long.csv"));
    let told = try_run(folder.path(), &text(CITY, &long, 2)).map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("heat.clear_sky_less") && told.contains("longwave"), "{told}");
    let words = |heat: &str| {
        try_run(folder.path(), &text(CITY, &format!("{IN_TIME}\n{heat}"), 2)).map(|_| ()).unwrap_err().to_string()
    };
    for (heat, wanted) in [
        ("sky = \"isotropic\"", "heat.sky"),
        ("surfaces = \"sine\"\n[heat.island]\nstep_s = 300", "heat.island"),
        ("[heat.island]\nstep_s = 700", "heat.island.step_s"),
        ("[heat.island]\nstep_s = 70", "heat.island.step_s"),
        ("[heat.island]\nsoil_water = 1.2", "heat.island.soil_water"),
        ("[heat.island]\nirrigation_mm_per_day = -1", "heat.island.irrigation_mm_per_day"),
        ("clear_sky_less = 0.5", "heat.clear_sky_less"),
        ("product = \"national\"\nclear_sky_less = 0.04", "heat.clear_sky_less"),
        ("[heat.island]\nalbedo = { roofs = 0.7 }", "heat.island.albedo.roofs"),
        ("[heat.island]\nalbedo = { roof = 1.7 }", "heat.island.albedo.roof"),
        ("[heat.island]\nreleased_by_hour = [1.0]", "heat.island.released_by_hour"),
        ("[heat.island]\nreleased_w_per_m2 = -4", "heat.island.released_w_per_m2"),
        ("[heat.island]\nreleased_w_per_m2 = \"none.tif\"", "none.tif"),
        ("product = \"national\"\n[heat.island]\nstep_s = 300", "heat.island"),
    ] {
        let told = words(heat);
        assert!(told.contains(wanted), "{heat}: {told}");
    }
}
