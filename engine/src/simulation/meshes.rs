//! The meshes of a finished run: its city, with a layer laid over the ground if asked for, and its water in time.

use super::maps::{layer, record};
use crate::city::demo;
use crate::city::layers::{TERRAIN, WATER};
use crate::error::{Error, Result};
use crate::export::{self, Look, View};
use crate::models::runoff::layers::{DEPTH, LEVEL};
use crate::objects::Objects;
use crate::output::folder::{city_name, frame_start};
use crate::raster::Raster;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// What meshes to make of a run.
pub struct MeshRequest {
    /// The run's folder.
    pub folder: PathBuf,
    /// Layer whose classes are laid over the ground; what covers the ground, if none.
    pub layer: Option<String>,
    /// Largest distance between the ground and its triangles, m.
    pub error_m: f64,
    /// Folder for the meshes.
    pub out: PathBuf,
}

/// Writes `town.glb`, and the water of each frame as a GLB of its own; gives the paths. Once `cancel` is set no further one is
/// begun.
///
/// # Errors
/// `Data` when there is no such run or layer; `Io` when a file cannot be read or written; `Scenario` for cities of too many cells.
pub fn meshes(request: &MeshRequest, cancel: &AtomicBool) -> Result<Vec<PathBuf>> {
    let record = record(&request.folder)?;
    let read = |name: &str| layer(&request.folder, name, &record.artifacts);
    let is_there = |name: &str| record.artifacts.iter().any(|artifact| artifact.name == format!("{name}.tif"));
    let terrain = read(&city_name(TERRAIN.name))?;
    let on_grid = |name: &str| {
        let layer = read(name)?;
        if layer.grid == terrain.grid {
            return Ok(layer);
        }
        let problem = format!("holds {name} on another grid than its terrain");
        Err(Error::data(&request.folder, problem, "run the scenario again"))
    };
    let water = city_name(WATER.name);
    let water = is_there(&water).then(|| on_grid(&water)).transpose()?;
    // What stands in a demo town is made again from its seed.
    let demo = record.scenario.city.demo.as_ref();
    let demo = demo.map(|d| demo::demo(d.seed, d.width_m, d.height_m, d.cell_m)).transpose()?;
    if demo.as_ref().is_some_and(|city| city.terrain.grid != terrain.grid || !same(&city.terrain, &terrain)) {
        let problem = "holds a demo town of another version of Hanze";
        return Err(Error::data(&request.folder, problem, "run the scenario again"));
    }
    let nothing = Objects::default();
    let rasters = record.artifacts.iter().filter_map(|artifact| artifact.name.strip_suffix(".tif"));
    // Frames of depths are waters of their own.
    let depths = frame_start(DEPTH.name);
    let frames: Vec<&str> = rasters.filter(|name| name.starts_with(&depths)).collect();
    let view = View {
        title: &record.title,
        synthetic: record.synthetic,
        terrain: &terrain,
        // The water of each moment is drawn with what stood there before.
        water: water.as_deref().filter(|_| frames.is_empty()),
        cover: demo.as_ref().and_then(|city| city.cover.as_ref()),
        objects: demo.as_ref().map_or(&nothing, |city| &city.objects),
    };
    let over = request.layer.as_deref().map(on_grid).transpose()?;
    let look = Look { error_m: request.error_m, layer: over.as_ref(), attribution: &record.attribution };
    std::fs::create_dir_all(&request.out).map_err(Error::io("making the folder", &request.out))?;
    let mut files = vec![request.out.join("town.glb")];
    export::town(&view, &look, &files[0])?;
    for frame in frames {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        let path = request.out.join(frame.replace(&depths, "water_") + ".glb");
        let mut depth = on_grid(frame)?.into_raster();
        if let Some(water) = &water {
            let level = frame.replace(&depths, &frame_start(LEVEL.name));
            let level = is_there(&level).then(|| on_grid(&level)).transpose()?;
            fill_in(&mut depth, &terrain, water, level.as_deref());
        }
        export::water(&view, &depth, &look, &path)?;
        files.push(path);
    }
    Ok(files)
}

/// Gives a depth, which is of floods only, the water that stood there before: at its level of the moment, or else as deep as it was.
fn fill_in(depth: &mut Raster, terrain: &Raster, water: &Raster, level: Option<&Raster>) {
    let shift = level.map_or(0.0, |level| (level.datum - terrain.datum) as f32);
    for (cell, depth) in depth.values.iter_mut().enumerate().filter(|(_, depth)| depth.is_nan()) {
        let before = water.values[cell];
        if before > 0.0 {
            let now = level.map_or(before, |level| level.values[cell] + shift - terrain.values[cell]);
            // A level has no value where the bed is dry.
            *depth = if now.is_nan() { 0.0 } else { now.max(0.0) };
        }
    }
}

/// Whether two terrains have the same heights, to a millimetre.
fn same(a: &Raster, b: &Raster) -> bool {
    let shift = (a.datum - b.datum) as f32;
    a.values.iter().zip(&b.values).all(|(a, b)| (a + shift - b).abs() < 1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    #[test]
    fn water_that_stood_there_is_in_the_scene_again() {
        let raster = |values: [f32; 4]| Raster::from_values(Grid::local(4, 1, 1.0), "r", "m", values.to_vec());
        // Land, a canal that rose, a canal that ran dry, a wall.
        let (terrain, water) = (raster([1.0, -1.0, 0.0, 1.0]), raster([0.0, 1.5, 0.5, 0.0]));
        let flood = raster([0.2, f32::NAN, f32::NAN, f32::NAN]);
        let level = Raster { datum: -1.0, ..raster([2.2, 1.75, f32::NAN, f32::NAN]) };
        let mut depth = flood.clone();
        fill_in(&mut depth, &terrain, &water, Some(&level));
        assert_eq!(depth.values[..3], [0.2, 1.75, 0.0]);
        assert!(depth.values[3].is_nan());
        let mut depth = flood;
        fill_in(&mut depth, &terrain, &water, None);
        assert_eq!(depth.values[1..3], [1.5, 0.5]);
    }
}
