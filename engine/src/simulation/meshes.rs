//! The meshes of a finished run: its city, with a layer laid over the ground if asked for, and its water in time.

use super::maps::{layer, record};
use crate::city::demo;
use crate::error::{Error, Result};
use crate::export::{self, Look, View};
use crate::objects::Objects;
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
/// `Data` when there is no such run or layer; `Io`; `Scenario` for cities of too many cells.
pub fn meshes(request: &MeshRequest, cancel: &AtomicBool) -> Result<Vec<PathBuf>> {
    let record = record(&request.folder)?;
    let read = |name: &str| layer(&request.folder, name, &record.artifacts);
    let is_there = |name: &str| record.artifacts.iter().any(|artifact| artifact.name == format!("{name}.tif"));
    let terrain = read("city/terrain")?;
    let on_grid = |name: &str| {
        let layer = read(name)?;
        if layer.grid == terrain.grid {
            return Ok(layer);
        }
        let problem = format!("holds {name} on another grid than its terrain");
        Err(Error::data(&request.folder, problem, "run the scenario again"))
    };
    let water = is_there("city/water").then(|| on_grid("city/water")).transpose()?;
    // What stands in a demo town is made again from its seed.
    let demo = record.scenario.city.demo.as_ref();
    let demo = demo.map(|d| demo::demo(d.seed, d.width_m, d.height_m, d.cell_m)).transpose()?;
    if demo.as_ref().is_some_and(|city| city.terrain.grid != terrain.grid || !same(&city.terrain, &terrain)) {
        let problem = "holds a demo town of another version of Hanze";
        return Err(Error::data(&request.folder, problem, "run the scenario again"));
    }
    let nothing = Objects::default();
    let rasters = record.artifacts.iter().filter_map(|artifact| artifact.name.strip_suffix(".tif"));
    let frames: Vec<&str> = rasters.filter(|name| name.starts_with("frames/depth_")).collect();
    let view = View {
        title: &record.title,
        synthetic: record.synthetic,
        terrain: &terrain,
        // The water of each moment holds what stood there before.
        water: water.as_ref().filter(|_| frames.is_empty()),
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
        let path = request.out.join(frame.replace("frames/depth_", "water_") + ".glb");
        export::water(&view, &on_grid(frame)?, &look, &path)?;
        files.push(path);
    }
    Ok(files)
}

/// Whether two terrains have the same heights, to a millimetre.
fn same(a: &Raster, b: &Raster) -> bool {
    let shift = (a.datum - b.datum) as f32;
    a.values.iter().zip(&b.values).all(|(a, b)| (a + shift - b).abs() < 1e-3)
}
