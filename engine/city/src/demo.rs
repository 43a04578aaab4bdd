//! A Hanseatic town by code and seed, for a first run, tests and measurements: an old town in a star-shaped moat, canals,
//! quarters of later times along a ring road, a river between dikes, a railway, a ridge of cover sand, polders.
//!
//! The plan is made once, straight, and bent where it is laid on the ground; a finer cell shows the same town. A larger
//! window shows a larger one. It uses no sine and cosine of the platform, so that it is the same on every machine.

mod band;
mod curves;
mod districts;
mod ground;
mod houses;
mod index;
mod network;
mod paint;
mod plan;
mod shapes;
mod streets;
#[cfg(test)]
mod tests;
mod trees;

pub use network::people;

use super::layers::{BUILDINGS, CANOPY, COVER, MANNING, TERRAIN, WATER};
use super::{City, Soil};
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::grid::{Crs, Grid};
use hanze_base::objects::Tree;
use hanze_base::places::Places;
use hanze_base::raster::Raster;
use hanze_base::{Error, Result};
use paint::{BAND, Painting};
use rayon::prelude::*;

/// South-west corner of every town in RD New, m: in open water of the Markermeer, where no town is and 12 km to the east and to the
/// north none comes.
const CORNER: (f64, f64) = (139_000.0, 502_000.0);
/// Largest city, in cells.
const MOST_CELLS: f64 = 1.2e9;

/// A synthetic town of `width_m` by `height_m` metres with square cells of `cell` metres.
///
/// # Errors
/// `Scenario` at the key of a side or a cell that is out of range.
pub fn demo(seed: u64, width_m: f64, height_m: f64, cell: f64) -> Result<City> {
    check(width_m, height_m, cell)?;
    let (cols, rows) = ((width_m / cell).round(), (height_m / cell).round());
    let grid = Grid {
        cols: cols as usize,
        rows: rows as usize,
        cell,
        west: CORNER.0,
        north: CORNER.1 + rows * cell,
        crs: Crs::RD_NEW,
    };
    Ok(fill(&Town::new(seed, width_m, height_m), seed, grid))
}

/// Whether there is a town of that size.
///
/// # Errors
/// `Scenario` at the key with what is allowed.
pub fn check(width_m: f64, height_m: f64, cell: f64) -> Result<()> {
    for (key, side) in [("width_m", width_m), ("height_m", height_m)] {
        if !(100.0..=12_000.0).contains(&side) {
            let problem = format!("{side} m is out of range");
            return Err(Error::scenario(format!("city.demo.{key}"), problem, "take a side of 100 m to 12 km"));
        }
    }
    if !(0.25..=20.0).contains(&cell) {
        let problem = format!("a cell of {cell} m is out of range");
        return Err(Error::scenario("city.demo.cell_m", problem, "take a cell of 0.25 m to 20 m"));
    }
    let cells = (width_m / cell).round() * (height_m / cell).round();
    if cells > MOST_CELLS {
        let problem = format!("makes {cells:.0} cells, which are too many");
        return Err(Error::scenario("city.demo.cell_m", problem, "take larger cells or a smaller town"));
    }
    Ok(())
}

/// The plan and what was built and planted on it.
struct Town {
    plan: plan::Plan,
    houses: Vec<houses::House>,
    /// Trees in the bent town.
    trees: Vec<Tree>,
}

impl Town {
    fn new(seed: u64, width: f64, height: f64) -> Town {
        let plan = plan::Plan::new(seed, width, height);
        let houses = houses::build(&plan);
        let mut trees = trees::plant(&plan, &houses);
        trees.iter_mut().for_each(|tree| tree.at = plan.world(tree.at));
        Town { plan, houses, trees }
    }
}

/// Lays the town on cells.
fn fill(town: &Town, seed: u64, grid: Grid) -> City {
    let painting = Painting::new(town);
    let mut heights = vec![0.0; grid.len()];
    let mut layers: [Vec<f32>; 6] = std::array::from_fn(|_| vec![0.0; grid.len()]);
    let [buildings, manning, infiltration, water, cover, canopy] = &mut layers;
    let size = grid.cols * BAND;
    heights
        .par_chunks_mut(size)
        .zip(buildings.par_chunks_mut(size))
        .zip(manning.par_chunks_mut(size).zip(infiltration.par_chunks_mut(size)))
        .zip(water.par_chunks_mut(size).zip(cover.par_chunks_mut(size).zip(canopy.par_chunks_mut(size))))
        .enumerate()
        .for_each(|(band, (((heights, buildings), (manning, infiltration)), (water, (cover, canopy))))| {
            painting.band(&grid, band * BAND, |at, spot| {
                heights[at] = spot.height;
                buildings[at] = spot.building as f32;
                (manning[at], infiltration[at]) = spot.cover.hydraulics();
                water[at] = (spot.stage - spot.height).max(0.0) as f32;
                cover[at] = f32::from(spot.cover as u8);
                canopy[at] = spot.canopy;
            });
        });
    let [buildings, manning, infiltration, water, cover, canopy] = layers;
    let is_paved = |cover: &f32| {
        f32::from(u8::from(Cover::ALL.iter().any(|own| own.is_paved() && *cover == f32::from(*own as u8))))
    };
    let sewered = cover.iter().map(is_paved).collect();
    let layer = |name: &str, unit: &str, values: Vec<f32>, words: &str| {
        Raster::from_values(grid, name, unit, values).described(words)
    };
    // The town's window begins where the grid does, and may end within its last cells.
    let middle = DVec2::new(grid.west, grid.south()) + town.plan.window;
    let objects = network::objects(town, middle);
    City {
        title: format!("Demo town {seed}"),
        synthetic: true,
        grid,
        terrain: Raster::heights(grid, TERRAIN.name, &heights).described("Bed height above NAP without buildings"),
        buildings: Some(layer(BUILDINGS.name, BUILDINGS.unit, buildings, "Height of buildings above the terrain")),
        manning: layer(MANNING.name, MANNING.unit, manning, "Manning's n of the surface"),
        infiltration: layer("infiltration", "m/s", infiltration, "Infiltration capacity of the soil"),
        soil: Soil::default(),
        water: Some(layer(WATER.name, WATER.unit, water, "Depth of standing water at the start")),
        cover: Some(layer(COVER.name, COVER.unit, cover, "Land cover, numbered as in UMEP")),
        albedo: None,
        sewered: Some(layer("sewered", "", sewered, "1 where the sewer has inlets")),
        network: None,
        districts: Vec::new(),
        canopy: Some(layer(CANOPY.name, CANOPY.unit, canopy, "Height of the trees' crowns above the terrain")),
        places: Places::of(&objects),
        objects,
    }
}
