//! A small town on a hot day, for tests of the heat model.

use hanze_engine::device::Device;
use hanze_engine::error::Result;
use hanze_engine::frame::{Layer, Outcome};
use hanze_engine::grid::{Crs, Grid};
use hanze_engine::models;
use hanze_engine::output::geotiff::write_cog;
use hanze_engine::raster::Raster;
use hanze_engine::remark::Remarks;
use hanze_engine::scenario::{self, Input, Scenario};
use std::path::Path;
use std::time::Duration;

pub const WEST: f64 = 202_000.0;
pub const NORTH: f64 = 503_060.0;

pub fn grid() -> Grid {
    Grid { cols: 60, rows: 60, cell: 1.0, west: WEST, north: NORTH, crs: Crs::RD_NEW }
}

/// A folder with a plain, on it a house of 10 m and a tree of 12 m, and a made hot day.
pub fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, raster: &Raster| write_cog(&folder.path().join(name), raster).unwrap();
    let inside = |k: usize, [west, north, east, south]: [usize; 4]| {
        (west..east).contains(&(k % 60)) && (north..south).contains(&(k / 60))
    };
    let with = |place: [usize; 4], height: f64| -> Vec<f64> {
        (0..3600).map(|k| if inside(k, place) { height } else { 0.0 }).collect()
    };
    put("ground.tif", &Raster::heights(grid(), "terrain", &[1.0; 3600]));
    let roof: Vec<f64> = with([10, 20, 30, 30], 10.0).iter().map(|height| height + 1.0).collect();
    put("surface.tif", &Raster::heights(grid(), "surface", &roof));
    let tree = with([42, 22, 50, 30], 12.0).iter().map(|height| *height as f32).collect();
    put("trees.tif", &Raster::from_values(grid(), "canopy", "m", tree));
    let weather = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/weather/hot-day.csv");
    std::fs::copy(weather, folder.path().join("day.csv")).unwrap();
    folder
}

pub fn text(city: &str, heat: &str, hours: u32) -> String {
    format!(
        "title = \"t\"\n[city]\nterrain = \"ground.tif\"\n{city}\n[heat]\nend_minutes = {}\nframe_minutes = 60\n{heat}\n",
        hours * 60
    )
}

pub const CITY: &str = "surface = \"surface.tif\"\ncanopy_m = \"trees.tif\"";
pub const HEAT: &str = "weather = \"day.csv\"\ndate = \"2019-07-25\"";

/// Runs the text of a scenario to its end; gives the frames' layers, too.
pub fn try_run(folder: &Path, text: &str) -> Result<(Vec<Vec<Layer>>, Outcome, Vec<Input>)> {
    let file = folder.join("scenario.toml");
    std::fs::write(&file, text).unwrap();
    let (frames, outcome, inputs, _) = run(&scenario::load(&file)?)?;
    Ok((frames, outcome, inputs))
}

/// What a run gives: layers of all frames, outcome, inputs, and the model's remarks at its end.
pub type Ran = (Vec<Vec<Layer>>, Outcome, Vec<Input>, Remarks);

/// Runs a scenario to its end.
pub fn run(scenario: &Scenario) -> Result<Ran> {
    let (city, inputs) = scenario.city()?;
    let mut model = models::prepare(&city, scenario, &Device::Cpu, None)?;
    let mut frames = Vec::new();
    for until in scenario.frame_times() {
        while !model.advance(until, Duration::from_millis(250))?.reached {}
        frames.push(model.frame()?.layers);
    }
    let outcome = model.outcome()?;
    let remarks = model.remarks();
    Ok((frames, outcome, inputs, remarks))
}

pub fn layer<'a>(layers: &'a [Layer], name: &str) -> &'a Layer {
    layers.iter().find(|layer| layer.name == name).unwrap_or_else(|| panic!("no layer {name}"))
}
