//! Buildings, and where the rain on them goes.

use super::super::problem::Problem;
use super::super::sky::{Gutter, Roof, gutters};
use crate::city::City;
use crate::error::{Error, Result};
use crate::scenario::{BuildingsAre, RoofWater, Scenario};

/// Cells of buildings.
pub fn footprints(city: &City) -> Vec<bool> {
    let mut is_roof = vec![false; city.grid.len()];
    if let Some(heights) = &city.buildings {
        is_roof.iter_mut().zip(&heights.values).for_each(|(is_roof, height)| *is_roof = *height > 0.0);
        return is_roof;
    }
    for place in &city.places.buildings {
        for (row, ranges) in place.outline.cells(&city.grid).unwrap_or_default() {
            ranges.into_iter().for_each(|cols| is_roof[row * city.grid.cols..][cols].fill(true));
        }
    }
    is_roof
}

/// Sets buildings on the ground, as the scenario wants them.
pub fn build(city: &City, scenario: &Scenario, is_roof: &[bool], problem: &mut Problem) -> Result<()> {
    let spec = &scenario.spec.city;
    let kind = spec.buildings_are.unwrap_or(if city.synthetic { BuildingsAre::Raised } else { BuildingsAre::Ground });
    let is_any = is_roof.contains(&true);
    if !is_any && (spec.buildings_are.is_some() || spec.roof_water.is_some()) {
        let key = if spec.buildings_are.is_some() { "city.buildings_are" } else { "city.roof_water" };
        let mend = "name a file of footprints in city.buildings, or leave this out";
        return Err(Error::scenario(key, "speaks of buildings, and there are none on the city's cells", mend));
    }
    match (kind, &city.buildings) {
        (BuildingsAre::Raised, Some(heights)) => {
            problem.bed.iter_mut().zip(&heights.values).for_each(|(bed, height)| *bed += height);
        }
        (BuildingsAre::Blocked, _) => {
            problem.bed.iter_mut().zip(is_roof).filter(|(_, roof)| **roof).for_each(|(bed, _)| *bed = f32::NAN);
        }
        _ => {}
    }
    Ok(())
}

/// Where the rain on each cell of a building goes.
pub fn roofs(city: &City, scenario: &Scenario, is_roof: &[bool], problem: &Problem) -> Result<Vec<Roof>> {
    let spec = &scenario.spec.city;
    let sheds = matches!(spec.buildings_are, Some(BuildingsAre::Raised | BuildingsAre::Blocked));
    let water = spec.roof_water.unwrap_or(if sheds { RoofWater::Street } else { RoofWater::Ground });
    if water == RoofWater::Ground {
        if spec.buildings_are == Some(BuildingsAre::Blocked) {
            let mend = "write \"street\" or \"sewer\", or leave it out";
            return Err(Error::scenario("city.roof_water", "no rain falls on cells that are closed to water", mend));
        }
        if spec.green_roof_m.is_some() {
            let mend = "write roof_water = \"street\" or \"sewer\", or leave it out";
            return Err(Error::scenario("city.green_roof_m", "does nothing where rain falls through roofs", mend));
        }
        return Ok(Vec::new());
    }
    if water == RoofWater::Sewer && problem.sewers.gullies.is_empty() {
        return Err(Error::scenario(
            "city.roof_water",
            "there is no sewer",
            "write a [sewer], or roof_water = \"street\"",
        ));
    }
    let mut district = vec![u16::MAX; if water == RoofWater::Sewer { city.grid.len() } else { 0 }];
    if water == RoofWater::Sewer {
        problem.sewers.gullies.iter().for_each(|gully| district[gully.cell] = gully.district as u16);
    }
    let street = |cell: usize| !problem.bed[cell].is_nan();
    let inlet = |cell: usize| street(cell) && district[cell] != u16::MAX;
    // Roofs that are connected look for the nearest inlet, the others for the nearest street.
    let found = match water {
        RoofWater::Sewer => gutters(&city.grid, is_roof, &inlet),
        _ => gutters(&city.grid, is_roof, &street),
    };
    let holds = spec.green_roof_m.unwrap_or(0.0);
    let roof = |(cell, nearest): (usize, Option<usize>)| {
        let gutter = match (nearest, water) {
            (None, _) => Gutter::Lost,
            (Some(cell), RoofWater::Sewer) => Gutter::Sewer(usize::from(district[cell])),
            (Some(cell), _) => Gutter::Street(cell),
        };
        Roof { cell, gutter, holds }
    };
    // Where there is no terrain there is no city, and no roof.
    Ok(found.into_iter().filter(|(cell, _)| !city.terrain.values[*cell].is_nan()).map(roof).collect())
}
