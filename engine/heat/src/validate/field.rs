//! Days on which radiation was measured from six sides: the courtyard of Kronenhuset (7 October 2005; Lindberg, Holmer and Thorsson
//! 2008) and a square at Göteborg's Geovetarcentrum (7, 10 and 12 July 2010; Lindberg and Grimmond 2011).

use super::super::cpu::CpuSolver;
use super::super::cpu::radiation::{Fluxes, STEFAN_BOLTZMANN, Sides, radiant, sides};
use super::super::forcing::forcing_under;
use super::super::island::air::Choices;
use super::super::island::run::Island;
use super::super::island::winds::Place;
use super::super::scene::{EYE, Scene};
use super::super::sky::patches;
use super::super::solver::Solver;
use super::super::views::ViewStorage;
use super::{Bench, Figure, most, told, within};
use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use hanze_base::raster::Raster;
use hanze_city::read::{Limits, Quantity, raster};
use hanze_device::Device;
use hanze_weather as weather;

/// A day: its met file, its date, and how the measurements name it.
struct Day {
    file: &'static str,
    date: (i64, u32, u32),
    name: Option<&'static str>,
}

/// A place where radiation was measured.
struct Site {
    folder: &'static str,
    files: [&'static str; 4],
    /// Row and column of the mast.
    mast: (usize, usize),
    days: &'static [Day],
    measured: &'static str,
    /// Label of the measurements minus that of the weather.
    label: i64,
}

const SITES: [Site; 2] = [
    Site {
        folder: "heat/site_kronenhuset",
        files: ["DEM_KR.tif", "DSM_KR.tif", "CDSM_KR.tif", "landcover_KR.tif"],
        mast: (51, 117),
        days: &[Day { file: "MetFile_Prepared.txt", date: (2005, 10, 7), name: None }],
        measured: "measurements_kr.csv",
        label: 1,
    },
    Site {
        folder: "heat/site_gvc",
        files: ["DEM_GVC_1m.tif", "DSM_GVC_1m.tif", "CDSM_GVC_1m.tif", "landcover_1m_GVC.tif"],
        mast: (51, 122),
        days: &[
            Day { file: "MetFile20100707_Prepared.txt", date: (2010, 7, 7), name: Some("20100707") },
            Day { file: "MetFile20100710_Prepared.txt", date: (2010, 7, 10), name: Some("20100710") },
            Day { file: "MetFile20100712_Prepared.txt", date: (2010, 7, 12), name: Some("20100712") },
        ],
        measured: "measurements_gvc.csv",
        label: 0,
    },
];
const LATITUDE: f64 = 57.7;
const LONGITUDE: f64 = 12.0;

/// What was measured in an hour: shortwave and longwave from above, from below and from four sides.
struct Measured {
    short: [f64; 6],
    long: [f64; 6],
    /// The column of the file.
    radiant: f64,
    /// Air temperature at the mast, °C; not known everywhere.
    air: f64,
}

impl Measured {
    /// Mean radiant temperature of the six fluxes, °C.
    fn radiant(&self) -> f64 {
        let sum = |f: &[f64; 6]| 0.06 * (f[0] + f[1]) + 0.22 * f[2..].iter().sum::<f64>();
        let absorbed = 0.7 * sum(&self.short) + 0.97 * sum(&self.long);
        (absorbed / (0.97 * STEFAN_BOLTZMANN)).sqrt().sqrt() - 273.15
    }
}

/// What was modelled, what was measured, and the air temperature (°C) of the model and of the weather.
type Pair = (Fluxes, Sides, Measured, [f64; 2]);

/// Pairs of modelled fluxes and what was measured, over all hours of both sites, under a clear sky whose emissivity is `less` than Prata's.
fn pairs(bench: &Bench, (in_time, less): (bool, f64)) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let patches = patches();
    for site in &SITES {
        let folder = bench.file(site.folder);
        let read = |name: &str, quantity| raster(&folder.join(name), quantity, Limits { max_cells: 1_000_000 });
        let [ground, surface_height, trees, cover] = site.files;
        let ground: Raster = read(ground, Quantity::Heights)?;
        let surface_height = read(surface_height, Quantity::Heights)?;
        let (trees, cover) = (read(trees, Quantity::Values)?, read(cover, Quantity::Values)?);
        let grid = ground.grid;
        let shift = (surface_height.datum - ground.datum) as f32;
        // Buildings are where the land cover has them; the rest of the surface is ground.
        let heights: Vec<f32> = (0..grid.len())
            .map(|k| if cover.values[k] == 2.0 { surface_height.values[k] + shift - ground.values[k] } else { 0.0 })
            .collect();
        let scene = Scene::new(grid, &ground.values, &heights, &trees.values, EYE);
        let covers: Vec<u8> = cover
            .values
            .iter()
            .map(|code| Cover::ALL.iter().position(|cover| *cover as u8 == *code as u8).unwrap_or(0) as u8)
            .collect();
        let cell = site.mast.0 * grid.cols + site.mast.1;
        let mut solver = CpuSolver::new(scene.clone(), covers.clone(), &ViewStorage::default());
        while !solver.look()? {}
        let views = solver.views_of(&[cell])?;
        let path = folder.join(site.measured);
        let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = lines.collect();
        let column = |name: &str| header.iter().position(|title| *title == name).unwrap_or(usize::MAX);
        for Day { file, date: (year, month, day), name } in site.days {
            let start = weather::days(*year, *month, *day).unwrap_or(0) * 86_400 - 3600;
            let met = weather::read(&folder.join(file), start, start + 24 * 3600)?;
            let (hours, _) = forcing_under(&met, (LATITUDE, LONGITUDE), less)?;
            let place = Place {
                grid,
                buildings: heights.clone(),
                trees: trees.values.clone(),
                is_known: vec![true; grid.len()],
            };
            let town = (scene.clone(), covers.clone());
            let mut island = match in_time {
                true => Some(Island::on(
                    &Device::Cpu,
                    place,
                    town,
                    Choices::default(),
                    Default::default(),
                    (hours.clone(), hours.clone()),
                )?),
                false => None,
            };
            while island.as_mut().is_some_and(|island| !island.settle(&mut solver).unwrap_or(true)) {}
            for (label, hour) in hours.iter().enumerate() {
                let mut air = hour.weather.air;
                let (all, means) = match &mut island {
                    Some(island) => {
                        let found = island.hour(label, &mut solver)?;
                        air = f64::from(found.means.air[cell]);
                        (found.radiation, Some((found.means.walls[cell], found.means.crowns[cell])))
                    }
                    None => (solver.hour(hour)?, None),
                };
                let number = |row: &[&str], name: &str| -> f64 {
                    row.get(column(name)).and_then(|cell| cell.trim().parse().ok()).unwrap_or(f64::NAN)
                };
                let is_this = |row: &&Vec<&str>| {
                    let of_day = name.is_none_or(|name| row.get(column("date")) == Some(&name));
                    of_day && number(row, "hour") == (label as i64 + site.label) as f64
                };
                for row in rows.iter().filter(is_this) {
                    let six = |kind: &str| {
                        ["down", "up", "n", "e", "s", "w"].map(|side| number(row, &format!("{kind}{side}")))
                    };
                    let measured = Measured {
                        short: six("K"),
                        long: six("L"),
                        radiant: number(row, "Tmrt"),
                        air: number(row, "Ta"),
                    };
                    let fluxes = all.fluxes(cell);
                    let beam = (all.beam_side[cell], hour.light.azimuth);
                    let up = [fluxes.short[1], fluxes.long[1]];
                    let bright = hour.bright_with(&patches, means);
                    let around = sides(&views[0], &patches, &bright, beam, up, false);
                    pairs.push((fluxes, around, measured, [air, hour.weather.air]));
                }
            }
        }
    }
    Ok(pairs)
}

/// Mean radiant temperature and its fluxes over the 42 hours.
pub fn days(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (in_time, name, bar) in [(true, "surfaces in time", 4.33), (false, "sine of the day", 4.37)] {
        figures.extend(of(&pairs(bench, (in_time, 0.0))?, name, in_time, bar));
    }
    let less = of(&pairs(bench, (true, 0.04))?, "surfaces in time, clear_sky_less = 0.04", true, 3.7);
    // Its fluxes differ from the first in longwave alone.
    figures.extend(less.into_iter().filter(|figure| figure.what.contains("Tmrt") || figure.what.contains("longwave")));
    Ok(figures)
}

/// Figures of all hours with one kind of surfaces.
fn of(pairs: &[Pair], surface_scheme: &str, in_time: bool, bar: f64) -> Vec<Figure> {
    let count = pairs.len() as f64;
    let over = |of: &dyn Fn(&Pair) -> f64| {
        let (sum, squares) =
            pairs.iter().map(of).fold((0.0, 0.0), |(sum, squares), off| (sum + off, squares + off * off));
        (sum / count, (squares / count).sqrt())
    };
    let found = |pair: &Pair| f64::from(radiant(&pair.0));
    let (bias, rmse) = over(&|pair| found(pair) - pair.2.radiant());
    let name = |what: &str| format!("{surface_scheme}: {what}");
    let mut figures = vec![
        within(name("hours"), count, 42.0, 0.0),
        most(name("Tmrt RMSE to the six fluxes, K (best peer 4.37)"), rmse, bar),
        told(name("Tmrt RMSE to the file's own column, K (peer 4.31)"), over(&|pair| found(pair) - pair.2.radiant).1),
        told(name("Tmrt bias, K"), bias),
    ];
    // At Kronenhuset the air was measured at the mast, too.
    let masts: Vec<&Pair> = pairs.iter().filter(|pair| in_time && !pair.2.air.is_nan()).collect();
    if !masts.is_empty() {
        let off = |k: usize| masts.iter().map(move |pair| pair.3[k] - pair.2.air).collect::<Vec<f64>>();
        let rms = |off: &[f64]| (off.iter().map(|error| error * error).sum::<f64>() / off.len() as f64).sqrt();
        let mean = |off: &[f64]| off.iter().sum::<f64>() / off.len() as f64;
        let (ours, theirs) = (off(0), off(1));
        figures.push(told(name("air in the courtyard of Kronenhuset, RMSE, K"), rms(&ours)));
        figures.push(told(name("air in the courtyard, bias, K"), mean(&ours)));
        figures.push(told(name("the weather's air against that in the courtyard, RMSE, K"), rms(&theirs)));
        figures.push(told(name("the weather's air against that in the courtyard, bias, K"), mean(&theirs)));
    }
    // Where the peer's bias is known, it stands beside.
    const NAMES: [(&str, [&str; 2]); 6] = [
        ("above", [" (peer +4.1)", " (peer +26.2)"]),
        ("below", [" (peer +14.7)", " (peer +13.3)"]),
        ("the north", ["", ""]),
        ("the east", ["", ""]),
        ("the south", ["", ""]),
        ("the west", ["", ""]),
    ];
    for (k, kind) in ["shortwave", "longwave"].into_iter().enumerate() {
        for (side, (name, peers)) in NAMES.into_iter().enumerate() {
            let off = |(fluxes, around, measured, _): &Pair| {
                let (flux, beside, wanted) = match k {
                    0 => (fluxes.short, around.short, measured.short),
                    _ => (fluxes.long, around.long, measured.long),
                };
                f64::from(if side < 2 { flux[side] } else { beside[side - 2] }) - wanted[side]
            };
            let (bias, rmse) = over(&off);
            figures.push(told(format!("{surface_scheme}: {kind} from {name}, bias, W/m²{}", peers[k]), bias));
            figures.push(told(format!("{surface_scheme}: {kind} from {name}, RMSE, W/m²"), rmse));
        }
    }
    figures
}
