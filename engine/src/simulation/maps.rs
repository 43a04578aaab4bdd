//! The maps of a run: those that it leaves in its folder, and any other that is asked for later.

use super::{RECORD, Simulation};
use crate::city::layers::{self, BUILDINGS, CANOPY, TERRAIN, WATER};
use crate::city::read::{Limits, Quantity as Read, raster};
use crate::error::{Error, Result};
use crate::frame::{Frame, Layer, Outcome};
use crate::grid::Grid;
use crate::models;
use crate::output::folder::{Artifact, city_name, frame_name, frame_start};
use crate::output::map::{Atlas, Ground, Map};
use crate::quantity::{Clock, Drawn, Quantity, Variable};
use crate::scenario::DemoSpec;
use crate::words::{self, Language};
use image::RgbImage;
use jiff::Timestamp;
use jiff::tz::Offset;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// Longest side of the pictures in the maps of a run, pixels: the one map, and each of the pictures in time.
const LONGEST: [u32; 2] = [1600, 900];
/// Pixels of a cell's side at most: pictures of small cities are smaller.
const PER_CELL: u32 = 16;
/// Longest side of the smallest pictures, whatever a cell has: the words around them need some room.
const SHORTEST: [u32; 2] = [640, 400];
/// Pictures in time at most; of more frames, evenly chosen ones are drawn.
const MOST_PICTURES: usize = 120;
/// Cells of a layer that a map is drawn of.
const MOST_CELLS: u64 = 4_000_000_000;
/// Cells of all layers in time that stay in memory until they are drawn.
const MOST_KEPT: usize = 8 << 20;

/// Layers in time of which pictures are drawn when the run ends, by the names of their files, which need not be read
/// again.
#[derive(Default)]
pub(super) struct Kept {
    layers: HashMap<String, Layer>,
    cells: usize,
}

impl Kept {
    /// Keeps what is drawn of a frame, while there is room.
    pub(super) fn keep(&mut self, frame: Frame) {
        // Read from its file, a layer has no datum.
        let is_drawn = |layer: &Layer| layer.datum == 0.0 && is_in_film(&layer.name);
        for layer in frame.layers.into_iter().filter(is_drawn) {
            if self.cells + layer.values.len() <= MOST_KEPT {
                self.cells += layer.values.len();
                self.layers.insert(frame_name(&layer.name, frame.time), layer);
            }
        }
    }
}

/// Whether a film is made of the frames of a layer.
fn is_in_film(name: &str) -> bool {
    models::quantities().any(|own| matches!(own.drawn, Drawn::Film(film) if film == name))
}

/// Longest sides of the pictures of a city, pixels: the one map, and each of the pictures in time.
fn longest(grid: &Grid) -> [u32; 2] {
    let enough = u32::try_from(grid.cols.max(grid.rows)).unwrap_or(u32::MAX).saturating_mul(PER_CELL);
    [0, 1].map(|k| LONGEST[k].min(enough.max(SHORTEST[k])))
}

impl Simulation {
    /// Draws the layer that sums the run up, and the one in time; false where it was stopped on the way.
    pub(super) fn maps(&mut self, outcome: &Outcome, cancel: &AtomicBool) -> Result<bool> {
        let Simulation { city, scenario, folder, language, kept, .. } = self;
        let ground = Ground {
            terrain: &city.terrain,
            buildings: city.buildings.as_ref(),
            water: city.water.as_ref(),
            canopy: city.canopy.as_ref(),
        };
        folder.city(layers::below(city).map(|(quantity, layer)| (quantity.into(), layer)))?;
        let Some(any) = outcome.layers.first() else { return Ok(true) };
        let date = today();
        let [large, small] = longest(&city.grid);
        let mut atlas = Atlas::new(Map {
            title: &scenario.spec.title,
            moment: "",
            layer: any,
            ground,
            attribution: &scenario.spec.attribution,
            date: &date,
            synthetic: city.synthetic,
            language: *language,
            longest: large,
        });
        for layer in &outcome.layers {
            let drawn = layer.variable().drawn();
            if drawn == Drawn::No {
                continue;
            }
            let what = |variable: &Variable| words::lower(&variable.title(Language::English));
            let words = format!("map: {}", what(layer.variable()));
            folder.picture(&layer.name, &words, &atlas.draw(layer, "", large))?;
            let Drawn::Film(in_time) = drawn else { continue };
            let variable = variable(&folder.path, in_time)?;
            let frames = frames(&folder.artifacts, in_time);
            for name in &frames {
                if cancel.load(Ordering::Relaxed) {
                    return Ok(false);
                }
                let layer = match kept.layers.remove(name) {
                    Some(layer) => layer,
                    None => read(&folder.path, name, variable.clone())?,
                };
                let map = atlas.draw(&layer, &clock(name, *language), small);
                folder.picture(name, &format!("map: {}", what(&variable)), &map)?;
            }
            if frames.len() > 1 {
                folder.animation(in_time, &format!("in time: {}", what(&variable)), &frames)?;
            }
        }
        *kept = Kept::default();
        Ok(true)
    }
}

/// Names of the frames of a layer, in time, without their ending.
fn frames(artifacts: &[Artifact], layer: &str) -> Vec<String> {
    let start = frame_start(layer);
    let name = |artifact: &Artifact| {
        let name = artifact.name.strip_suffix(".tif")?;
        // The time follows, and not the rest of another layer's name.
        let is_own = name.strip_prefix(&start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        is_own.then(|| name.to_string())
    };
    let mut names: Vec<String> = artifacts.iter().filter_map(name).collect();
    names.sort();
    let step = names.len().div_ceil(MOST_PICTURES).max(1);
    let last = names.len().saturating_sub(1);
    names.into_iter().enumerate().filter(|(k, _)| k % step == 0 || *k == last).map(|(_, name)| name).collect()
}

/// The layer in a frame's name.
fn of_frame(name: &str) -> Option<&str> {
    name.strip_prefix("frames/").and_then(|name| name.rsplit_once('_')).map(|(layer, _)| layer)
}

/// The time in a frame's name, as hours and minutes (and seconds where there are any).
fn clock(name: &str, language: Language) -> String {
    let seconds = name.rsplit_once('_').and_then(|(_, stamp)| stamp.trim_end_matches('s').parse::<f64>().ok());
    let seconds = seconds.unwrap_or(0.0).round() as u64;
    if of_frame(name).and_then(models::quantity).is_some_and(|own| own.clock == Clock::Day) {
        let day = if seconds > 86_400 { format!(" (+{})", (seconds - 1) / 86_400) } else { String::new() };
        return format!("{}:{:02} UTC{day}", seconds / 3600 % 24, seconds / 60 % 60);
    }
    let hours = language.unit("h");
    match seconds % 60 {
        0 => format!("{}:{:02} {hours}", seconds / 3600, seconds / 60 % 60),
        rest => format!("{}:{:02}:{rest:02} {hours}", seconds / 3600, seconds / 60 % 60),
    }
}

/// Which map of a run to draw.
#[derive(Clone, Debug)]
pub struct Request {
    /// The run's folder.
    pub folder: PathBuf,
    /// Name of the layer, such as `max_velocity` or `frames/depth_0000001800.000s`; the one that the run's model wants, if `None`.
    pub layer: Option<String>,
    /// Another run, whose layer of this name is subtracted.
    pub minus: Option<PathBuf>,
    /// Language of the words.
    pub language: Language,
    /// Longest side of the picture, pixels.
    pub longest: u32,
}

/// What a map needs of a run record.
#[derive(serde::Deserialize)]
pub(super) struct Record {
    pub(super) title: String,
    pub(super) synthetic: bool,
    pub(super) attribution: String,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) model: String,
    pub(super) scenario: Told,
}

/// What is read of a record's scenario: no more than that, so that records of earlier forms stay readable.
#[derive(serde::Deserialize)]
pub(super) struct Told {
    pub(super) city: ToldCity,
}

#[derive(serde::Deserialize)]
pub(super) struct ToldCity {
    pub(super) demo: Option<DemoSpec>,
}

/// Draws any layer of a finished run from its folder.
///
/// # Errors
/// `Data` when there is no such run or layer, or the two runs do not lie on one grid.
pub fn draw(request: &Request) -> Result<RgbImage> {
    let record = record(&request.folder)?;
    let city = |quantity: &'static Quantity| {
        let file = city_name(quantity.name);
        let is_there = record.artifacts.iter().any(|artifact| artifact.name.strip_suffix(".tif") == Some(&file));
        is_there.then(|| read(&request.folder, &file, quantity.into())).transpose()
    };
    let [terrain, buildings, water, canopy] = [city(&TERRAIN)?, city(&BUILDINGS)?, city(&WATER)?, city(&CANOPY)?];
    let terrain = terrain.ok_or_else(|| missing(&request.folder, &city_name(TERRAIN.name), &record.artifacts))?;
    let name = match &request.layer {
        Some(name) => name.as_str(),
        None => main_layer(&request.folder, &record)?,
    };
    let mut layer = layer(&request.folder, name, &record.artifacts)?;
    if let Some(other) = &request.minus {
        let other_record = self::record(other)?;
        let mut before = self::layer(other, name, &other_record.artifacts)?;
        if let Some(whole) = layer.variable().quantity.change.and_then(|change| change.zero_where) {
            // What is 0 has a difference, so that what one of the two only has is not blank.
            layer = zero_where(&self::layer(&request.folder, whole, &record.artifacts)?, layer);
            before = zero_where(&self::layer(other, whole, &other_record.artifacts)?, before);
        }
        layer = difference(other, layer, &before)?;
    }
    if layer.grid != terrain.grid {
        let problem = "does not lie on the grid of the run's terrain";
        return Err(Error::data(&request.folder.join(name), problem, "run the scenario again"));
    }
    let moment = if name.starts_with("frames/") { clock(name, request.language) } else { String::new() };
    let map = Map {
        title: &record.title,
        moment: &moment,
        layer: &layer,
        ground: Ground {
            terrain: &terrain,
            buildings: buildings.as_deref(),
            water: water.as_deref(),
            canopy: canopy.as_deref(),
        },
        attribution: &record.attribution,
        date: &today(),
        synthetic: record.synthetic,
        language: request.language,
        longest: request.longest,
    };
    Ok(map.draw())
}

/// The layer of a run that shows what its model is about.
fn main_layer(folder: &Path, record: &Record) -> Result<&'static str> {
    let entry = models::named(&record.model);
    let wanted: Vec<&str> = entry.into_iter().flat_map(|entry| entry.main()).map(|own| own.name).collect();
    let is_there = |name: &&str| record.artifacts.iter().any(|own| own.name.strip_suffix(".tif") == Some(name));
    wanted.iter().copied().find(is_there).ok_or_else(|| missing(folder, &wanted.join(" or "), &record.artifacts))
}

pub(super) fn record(folder: &Path) -> Result<Record> {
    let path = folder.join(RECORD);
    let text = std::fs::read_to_string(&path).map_err(Error::io("reading", &path))?;
    serde_json::from_str(&text).map_err(|error| {
        Error::data(&path, format!("is not a record of a run: {error}"), "give the folder of a whole run")
    })
}

/// A layer of a run by its name.
pub(super) fn layer(folder: &Path, name: &str, artifacts: &[Artifact]) -> Result<Layer> {
    // Only what the record lists is read, so a name cannot lead out of the folder.
    if !artifacts.iter().any(|artifact| artifact.name.strip_suffix(".tif") == Some(name)) {
        return Err(missing(folder, name, artifacts));
    }
    let short = of_frame(name).or(name.strip_prefix("city/")).unwrap_or(name);
    read(folder, name, variable(folder, short)?)
}

/// What a layer of a name holds.
fn variable(folder: &Path, name: &str) -> Result<Variable> {
    let unknown = || {
        let problem = format!("has a layer \"{name}\", which this version of Hanze does not know");
        Error::data(folder, problem, "draw it with the version that made it, or run the scenario again")
    };
    models::variable(name).ok_or_else(unknown)
}

fn missing(folder: &Path, name: &str, artifacts: &[Artifact]) -> Error {
    let there: Vec<&str> = artifacts.iter().filter_map(|artifact| artifact.name.strip_suffix(".tif")).collect();
    let some = there.iter().filter(|name| !name.starts_with("frames/")).copied().collect::<Vec<_>>().join(", ");
    Error::data(folder, format!("has no layer \"{name}\""), format!("take one of {some}, or one below frames/"))
}

pub(super) fn read(folder: &Path, file: &str, variable: Variable) -> Result<Layer> {
    let is_height = variable.quantity.is_height && !variable.is_difference();
    let kind = if is_height { Read::Heights } else { Read::Values };
    let read = raster(&folder.join(format!("{file}.tif")), kind, Limits { max_cells: MOST_CELLS })?;
    Ok(Layer::of(variable, read))
}

/// A layer that is 0 where it has no value and a layer of the whole city has one.
fn zero_where(whole: &Layer, layer: Layer) -> Layer {
    if whole.grid != layer.grid {
        return layer;
    }
    let variable = layer.variable().clone();
    let mut raster = layer.into_raster();
    let values = raster.values.iter_mut().zip(&whole.values);
    values.filter(|(value, whole)| value.is_nan() && !whole.is_nan()).for_each(|(value, _)| *value = 0.0);
    Layer::of(variable, raster)
}

/// One layer less another. Where one of the two only has a value the difference is infinite: above all numbers where it is the first one.
fn difference(other: &Path, layer: Layer, before: &Layer) -> Result<Layer> {
    if layer.grid != before.grid {
        let problem = "lies on another grid, so that the two cannot be compared";
        return Err(Error::data(other, problem, "run both scenarios with the same city, extent and cell_m"));
    }
    let datum = layer.datum - before.datum;
    let less = |(a, b): (&f32, &f32)| match (a.is_nan(), b.is_nan()) {
        (false, true) => f32::INFINITY,
        (true, false) => f32::NEG_INFINITY,
        _ => (f64::from(*a) - f64::from(*b) + datum) as f32,
    };
    let values = layer.values.iter().zip(&before.values).map(less).collect();
    let variable = layer.variable().clone();
    if variable.quantity.change.is_none() || variable.is_difference() {
        let problem = format!("has \"{}\", of which a difference says nothing", variable.name());
        return Err(Error::data(other, problem, "compare another layer"));
    }
    Ok(Layer::new(variable.comparison(), layer.grid, values))
}

/// Today in UTC, as 2026-11-25.
pub fn today() -> String {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(now).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Crs;
    use crate::output::folder::RunFolder;

    #[test]
    fn cells_have_no_more_pixels_than_they_need() {
        let of = |cols: usize, rows: usize| longest(&Grid::local(cols, rows, 1.0));
        assert_eq!([of(1, 1), of(24, 24), of(20, 30)], [[640, 400], [640, 400], [640, 480]]);
        assert_eq!([of(48, 9), of(60, 90), of(100, 7), of(4000, 3000)], [[768, 768], [1440, 900], LONGEST, LONGEST]);
        for cells in 1..5000 {
            let found = of(cells, 1);
            for (k, pixels) in found.into_iter().enumerate() {
                assert!(
                    pixels <= LONGEST[k] && pixels <= SHORTEST[k].max(PER_CELL * cells as u32),
                    "{cells}: {found:?}"
                );
            }
        }
    }

    /// A layer that was kept is the one that would be read.
    #[test]
    fn what_is_kept_is_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut folder = RunFolder::create(folder.path()).unwrap();
        let grid = Grid { cols: 3, rows: 2, cell: 2.5, west: 155_000.0, north: 463_000.0, crs: Crs::RD_NEW };
        let layer = |name: &str, first: f32| {
            let values = vec![first, -3.25, f32::NAN, 41.7, 0.0, 1e-3];
            Layer::new(models::variable(name).unwrap(), grid, values).described("something")
        };
        let high = layer("depth", 5.0).above(12.0);
        let frame = Frame {
            time: 3600.0,
            layers: vec![layer("pet", 31.2), layer("heat_island", 0.1), layer("utci", 29.0), high],
            vehicles: None,
        };
        folder.frame(&frame).unwrap();
        let mut kept = Kept::default();
        kept.keep(frame);
        let mut names: Vec<&str> = kept.layers.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["frames/heat_island_003600.000s", "frames/pet_003600.000s"]);
        for (name, own) in &kept.layers {
            let found = read(&folder.path, name, own.variable().clone()).unwrap();
            assert_eq!((found.grid, found.datum, &found.name, &found.unit), (grid, own.datum, &own.name, &own.unit));
            let bits = |value: &f32| if value.is_nan() { u32::MAX } else { value.to_bits() };
            let bits = |layer: &Layer| layer.values.iter().map(bits).collect::<Vec<_>>();
            assert_eq!(bits(&found), bits(own), "{name}");
        }
        // There is an end to what is kept.
        let grid = Grid::local(1024, 1024, 1.0);
        for hour in 0..20 {
            let layers = vec![Layer::new(models::variable("pet").unwrap(), grid, vec![30.0; grid.len()])];
            kept.keep(Frame { time: f64::from(hour), layers, vehicles: None });
        }
        assert!(kept.cells <= MOST_KEPT && kept.layers.len() < 12, "{} layers", kept.layers.len());
    }

    #[test]
    fn a_run_is_drawn_by_the_layer_of_its_model() {
        let layer = |model: &str, names: &[&str]| {
            let artifact = |name: &&str| serde_json::json!({ "name": name, "media_type": "", "description": "", "sha256": "", "bytes": 0 });
            let record = serde_json::json!({
                "title": "t", "synthetic": true, "attribution": "",
                "artifacts": names.iter().map(artifact).collect::<Vec<_>>(), "model": model,
                // As earlier versions wrote it.
                "scenario": { "title": "t", "model": model, "city": {}, "time": { "end_minutes": 1 } },
            });
            let record: Record = serde_json::from_value(record).expect("a record");
            main_layer(Path::new("runs/one"), &record).map_err(|error| error.to_string())
        };
        assert_eq!(layer("runoff", &["max_level.tif", "max_depth.tif"]), Ok("max_depth"));
        assert_eq!(layer("heat", &["max_pet.tif", "mean_pet.tif"]), Ok("max_pet"));
        assert_eq!(layer("traffic", &["speed.tif", "flow_bands.tif"]), Ok("flow_bands"));
        assert_eq!(layer("traffic", &["speed.tif", "delay.tif"]), Ok("delay"));
        let missing = layer("heat", &["sky_view.tif"]).expect_err("missing");
        assert!(missing.contains("max_pet") && missing.contains("sky_view"), "{missing}");
    }

    #[test]
    fn frames_of_a_layer_are_its_own() {
        let artifact = |name: &str| Artifact {
            name: name.into(),
            media_type: String::new(),
            description: String::new(),
            sha256: String::new(),
            bytes: 0,
        };
        let all = ["frames/pet_000060.000s.tif", "frames/pet_hoeppe_000060.000s.tif"].map(artifact);
        assert_eq!(frames(&all, "pet"), ["frames/pet_000060.000s"]);
        assert_eq!(frames(&all, "pet_hoeppe"), ["frames/pet_hoeppe_000060.000s"]);
    }

    #[test]
    fn what_was_dry_before_is_not_blank_in_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let grid = Grid::local(4, 1, 1.0);
        let layer = |name: &str, values: [f32; 4]| Layer::new(models::variable(name).unwrap(), grid, values.to_vec());
        // Wet twice, wet now, dry, a wall.
        let none = f32::NAN;
        let depth = layer("max_depth", [0.3, 0.2, 0.0, none]);
        let [now, before] = [[30.0, 12.0, none, none], [10.0, none, none, none]]
            .map(|values| zero_where(&depth, layer("duration", values)));
        let found = difference(folder.path(), now, &before).unwrap();
        assert_eq!((found.name.as_str(), &found.values[..3]), ("difference_duration", &[20.0, 12.0, 0.0][..]));
        assert!(found.values[3].is_nan());
        // Newly wet, dry again.
        let [now, before] = [[30.0, 12.0, none, none], [10.0, none, 5.0, none]].map(|values| layer("arrival", values));
        let found = difference(folder.path(), now, &before).unwrap();
        assert_eq!(found.values[..3], [20.0, f32::INFINITY, f32::NEG_INFINITY]);
        assert!(found.values[3].is_nan());
        // Levels have datums of their own.
        let [now, before] = [([1.5, 2.0, none, 0.0], 10.0), ([0.5, 2.0, none, none], 11.0)]
            .map(|(values, datum)| layer("level", values).above(datum));
        let found = difference(folder.path(), now, &before).unwrap();
        assert_eq!((&found.values[..2], found.values[3], found.datum), (&[0.0, -1.0][..], f32::INFINITY, 0.0));
        let cover = || Layer::new(&layers::COVER, grid, vec![1.0; 4]);
        assert!(difference(folder.path(), cover(), &cover()).is_err(), "numbers of covers have no difference");
    }

    #[test]
    fn frames_are_named_by_their_time() {
        assert_eq!(clock("frames/depth_001800.000s", Language::English), "0:30 h");
        assert_eq!(clock("frames/depth_005425.000s", Language::Dutch), "1:30:25 uur");
    }
}
