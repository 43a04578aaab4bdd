//! What stands on a city's ground: trees from heights of crowns, buildings from heights of the surface.

use super::Scenario;
use super::city::{Input, note_share};
use super::files::FileRef;
use super::spec::NumberOrFile;
use super::units::to_unit_of;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::objects::Building;
use hanze_base::raster::Raster;
use hanze_base::remark::Remark;
use hanze_base::words::Language;
use hanze_city::read::{Features, Quantity};
use hanze_city::resample::{Method, resample};
use hanze_city::{holes, objects};

/// Height from which on what stands within a footprint is a building, m, and that of the highest tree.
const LOWEST_BUILDING: f32 = 2.0;
const HIGHEST_TREE: f32 = 60.0;
/// Height to which few trees grow, m: where half of them are higher, the file may hold something else.
const HIGH_TREE: f32 = 35.0;
/// Difference up to which a height is that of the ground itself, m, and elevation from which on that tells elevations from heights.
const SAME_HEIGHT: f32 = 0.3;
const TELLING: f32 = 0.5;
/// By how much a surface may be higher or lower than the crown that it shows, m, and as a share of the crown.
const SWAY: (f32, f32) = (2.0, 0.25);
/// Elevation of the ground, m, from which on a crown within [`SWAY`] of the surface's elevation is none of a growing tree.
const CLEAR: f32 = 5.0;
/// Height of the highest building, and depth of the deepest water, m.
const HIGHEST_BUILDING: f64 = 1000.0;
const DEEPEST: f64 = 1000.0;
const HEIGHTS: &str =
    "give the height of crowns above the ground in m (their elevation less the terrain's), 0 where there is no tree";

impl Scenario {
    /// Heights of trees above the terrain, m.
    pub(super) fn canopy(&self, name: &str, terrain: &Raster, inputs: &mut Vec<Input>) -> Result<Raster> {
        let grid = &terrain.grid;
        let mut source = self.read("canopy_m", name, Quantity::Values, inputs)?;
        to_unit_of("canopy_m", 60.0, &mut source, &self.path(name))?
            .into_iter()
            .for_each(|remark| told(inputs, remark));
        let mut canopy = resample(&source, grid, Method::Nearest, &self.path(name))?;
        note_share(inputs, holes::count_holes(&canopy), grid);
        let elevation = |cell: usize| terrain.datum as f32 + terrain.values[cell];
        let count = |of: &dyn Fn(usize, f32) -> bool| {
            let cells = canopy.values.iter().enumerate().filter(|(_, height)| !height.is_nan());
            cells.filter(|(cell, height)| of(*cell, **height)).count()
        };
        let known = count(&|_, _| true);
        let as_ground =
            count(&|cell, height| elevation(cell).abs() > TELLING && (height - elevation(cell)).abs() <= SAME_HEIGHT);
        let trees = count(&|_, height| height != 0.0);
        let too_high = count(&|_, height| height > HIGHEST_TREE);
        if 2 * as_ground > known || (2 * too_high > trees && 50 * too_high > grid.len()) {
            let problem = if 2 * as_ground > known {
                let percent = 100.0 * as_ground as f64 / known as f64;
                format!("holds elevations and no heights: {percent:.0} % of its cells are as high as the ground itself")
            } else {
                let percent = 100.0 * too_high as f64 / trees as f64;
                format!("holds no heights of trees: {percent:.0} % of them would be higher than {HIGHEST_TREE} m")
            };
            return Err(Error::data(&self.path(name), problem, HEIGHTS));
        }
        let high = count(&|_, height| height > HIGH_TREE && height <= HIGHEST_TREE);
        let odd =
            canopy.values.iter().filter(|height| !(0.0..=HIGHEST_TREE).contains(*height) && !height.is_nan()).count();
        canopy
            .values
            .iter_mut()
            .filter(|height| !(0.0..=HIGHEST_TREE).contains(*height))
            .for_each(|height| *height = 0.0);
        if odd > 0 {
            told(
                inputs,
                Remark::new(
                    odd as f64 / grid.len() as f64,
                    format!("{odd} cells with trees below 0 or above {HIGHEST_TREE} m are taken as without"),
                    format!("{odd} cellen met bomen onder 0 of boven {HIGHEST_TREE} m tellen als zonder bomen"),
                ),
            );
        }
        if 2 * high > trees {
            told(
                inputs,
                Remark::new(
                    high as f64 / grid.len() as f64,
                    format!(
                        "{high} of {trees} cells with trees are higher than {HIGH_TREE} m: give heights above the ground, not elevations"
                    ),
                    format!(
                        "{high} van de {trees} cellen met bomen zijn hoger dan {HIGH_TREE} m: geef de hoogte boven de grond, niet de hoogte boven NAP"
                    ),
                ),
            );
        }
        let covered = canopy.values.iter().filter(|height| **height > 0.0).count();
        if 10 * covered > 9 * grid.len() {
            let share = covered as f64 / grid.len() as f64;
            let percent = |language: Language| language.number(100.0 * share, 0);
            let en = format!("trees stand on {} % of the cells", percent(Language::English));
            let nl = format!("op {} % van de cellen staan bomen", percent(Language::Dutch));
            told(inputs, Remark::new(share, en, nl));
        }
        (canopy.name, canopy.unit) = ("canopy".into(), "m".into());
        Ok(canopy.described("Height of the trees' crowns above the terrain"))
    }

    /// Heights of buildings above the terrain, m, from a raster of these.
    pub(super) fn heights_of_buildings(&self, name: &str, grid: &Grid, inputs: &mut Vec<Input>) -> Result<Raster> {
        let file = Some(NumberOrFile::File(FileRef(name.into())));
        let heights = self.layer("buildings_m", &file, 0.0, HIGHEST_BUILDING, grid, inputs)?;
        let words = "Height of buildings above the terrain";
        Ok(Raster::from_values(*grid, "buildings", "m", heights.values).described(words))
    }

    /// Depth of the water that stands there at the start, m, from a raster of it; none where there is no ground.
    pub(super) fn standing_water(&self, name: &str, terrain: &Raster, inputs: &mut Vec<Input>) -> Result<Raster> {
        let file = Some(NumberOrFile::File(FileRef(name.into())));
        let mut depths = self.layer("water_m", &file, 0.0, DEEPEST, &terrain.grid, inputs)?.values;
        let walls = depths.iter_mut().zip(&terrain.values).filter(|(_, height)| height.is_nan());
        walls.for_each(|(depth, _)| *depth = 0.0);
        let words = "depth of standing water at the start";
        Ok(Raster::from_values(terrain.grid, "water", "m", depths).described(words))
    }

    /// Heights of buildings above the terrain, m: the surface within footprints, or without any where it stands out and shows no tree.
    /// Crowns that reach to the surface's elevation instead of its height are refused.
    pub(super) fn buildings_of(
        &self,
        name: &str,
        terrain: &Raster,
        footprints: Option<&Features>,
        canopy: Option<&Raster>,
        inputs: &mut Vec<Input>,
    ) -> Result<Raster> {
        let grid = terrain.grid;
        let source = self.read("surface", name, Quantity::Heights, inputs)?;
        let surface = resample(&source, &grid, Method::Nearest, &self.path(name))?;
        note_share(inputs, holes::count_holes(&surface), &grid);
        let shift = (surface.datum - terrain.datum) as f32;
        let mut is_building = vec![footprints.is_none(); grid.len()];
        footprints.iter().flat_map(|found| &found.features).for_each(|feature| {
            feature.place.outline.fill(&grid, &mut is_building, true);
        });
        let height = |cell: usize| surface.values[cell] + shift - terrain.values[cell];
        let crown = |cell: usize| canopy.map_or(0.0, |canopy| canopy.values[cell]);
        // A surface of buildings alone shows no trees, and nothing in it is one.
        let tall = (0..grid.len()).filter(|cell| crown(*cell) >= LOWEST_BUILDING);
        let (trees, shown) = tall.fold((0, 0), |(trees, shown), cell| {
            (trees + 1, shown + usize::from((height(cell) - crown(cell)).abs() <= SWAY.0))
        });
        let raised = (0..grid.len()).filter(|cell| crown(*cell) >= LOWEST_BUILDING).filter(|cell| {
            let (height, crown) = (height(*cell), crown(*cell));
            let ground = terrain.datum as f32 + terrain.values[*cell];
            let near = if ground.abs() >= CLEAR { SWAY.0 } else { SAME_HEIGHT };
            // A surface of buildings alone may lie as high as trees grow.
            let stands = height >= LOWEST_BUILDING && ground.abs() > TELLING;
            stands && (height + ground - crown).abs() <= near && (height - crown).abs() > near
        });
        let raised = raised.count();
        if let Some(canopy) = self.spec.city.canopy_m.as_ref().filter(|_| 2 * raised > trees) {
            let percent = 100.0 * raised as f64 / trees as f64;
            let problem = format!(
                "holds elevations and no heights: {percent:.0} % of its trees are as high as the elevation of the surface"
            );
            return Err(Error::data(&self.path(canopy), problem, HEIGHTS));
        }
        let shows_trees = footprints.is_none() && 2 * shown > trees;
        let is_tree = |cell: usize| {
            let crown = crown(cell);
            shows_trees && crown > 0.0 && (height(cell) - crown).abs() <= SWAY.0.max(SWAY.1 * crown)
        };
        let stands = |cell: usize| height(cell) >= LOWEST_BUILDING && is_building[cell];
        let count = |of: &dyn Fn(usize) -> bool| (0..grid.len()).filter(|cell| of(*cell)).count();
        let below = count(&|cell| height(cell) < -1.0);
        let as_trees = count(&|cell| stands(cell) && is_tree(cell));
        let kept = count(&|cell| footprints.is_none() && stands(cell) && crown(cell) > 0.0 && !is_tree(cell));
        let values =
            (0..grid.len()).map(|cell| if stands(cell) && !is_tree(cell) { height(cell) } else { 0.0 }).collect();
        let share = |some: usize| some as f64 / grid.len() as f64;
        let all = [
            (
                below,
                "cells of the surface lie a metre or more below the terrain: taken as ground",
                "cellen van het oppervlak liggen een meter of meer onder het terrein: dat telt als grond",
            ),
            (
                as_trees,
                "cells stand out of the terrain as high as the trees on them: taken as trees and not as buildings (buildings = a file of \
                 outlines parts them)",
                "cellen steken boven het terrein uit, even hoog als de bomen daar: ze tellen als bomen en niet als gebouwen (buildings = een \
                 bestand met omtrekken houdt ze uit elkaar)",
            ),
            (
                kept,
                "cells stand out of the terrain and have trees of another height: taken as buildings",
                "cellen steken boven het terrein uit en hebben bomen met een andere hoogte: ze tellen als gebouwen",
            ),
        ];
        for (some, en, nl) in all.into_iter().filter(|(some, ..)| *some > 0) {
            told(inputs, Remark::new(share(some), format!("{some} {en}"), format!("{some} {nl}")));
        }
        Ok(Raster::from_values(grid, "buildings", "m", values).described("Height of buildings above the terrain"))
    }
}

/// Says how many buildings have a height that was guessed.
pub(super) fn guessed_heights(buildings: &[Building], inputs: &mut [Input]) {
    let Some(input) = inputs.iter_mut().rev().find(|input| input.layer == "buildings") else { return };
    input.repairs.extend(objects::guessed(buildings));
}

/// Adds what was guessed or mended in the latest input.
fn told(inputs: &mut [Input], remark: Remark) {
    if let Some(input) = inputs.last_mut() {
        input.repairs.push(remark);
    }
}
