//! Buildings, and where the rain on them goes.

use super::super::problem::Problem;
use super::super::sky::{Gutter, Roof, gutters};
use crate::city::City;
use crate::error::{Error, Result};
use crate::scenario::{BuildingsAre, RoofWater, Scenario};

/// Open ground that roofs shed to is at least so large, m².
const SMALLEST_STREET: f64 = 25.0;

/// Cells of buildings.
pub fn footprints(city: &City) -> Vec<bool> {
    let mut is_roof = vec![false; city.grid.len()];
    if let Some(heights) = &city.buildings {
        is_roof.iter_mut().zip(&heights.values).for_each(|(is_roof, height)| *is_roof = *height > 0.0);
        return is_roof;
    }
    city.places.buildings.iter().for_each(|place| place.outline.fill(&city.grid, &mut is_roof, true));
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
            // A house does not lift the water that it stands in.
            problem
                .depth
                .iter_mut()
                .zip(&heights.values)
                .for_each(|(depth, height)| *depth = (*depth - height).max(0.0));
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
    let is_street = streets(problem, is_roof);
    let streets = gutters(&city.grid, is_roof, &|cell| is_street[cell]);
    // Roofs that are connected look for the nearest inlet; those outside all districts are not.
    let inlets = match water {
        RoofWater::Sewer => gutters(&city.grid, is_roof, &|cell| district[cell] != u16::MAX),
        _ => Vec::new(),
    };
    let connected = districts(city);
    let holds = spec.green_roof_m.unwrap_or(0.0);
    let roof = |(k, (cell, street)): (usize, (usize, Option<usize>))| {
        let inlet = inlets.get(k).and_then(|(_, inlet)| *inlet).filter(|_| connected.get(cell).is_none_or(|own| *own));
        let gutter = match (inlet, street) {
            (Some(inlet), _) => Gutter::Sewer(usize::from(district[inlet])),
            (None, Some(street)) => Gutter::Street(street),
            (None, None) => Gutter::Lost,
        };
        Roof { cell, gutter, holds }
    };
    // Where there is no terrain there is no city, and no roof.
    let is_city = |(_, (cell, _)): &(usize, (usize, Option<usize>))| !city.terrain.values[*cell].is_nan();
    Ok(streets.into_iter().enumerate().filter(is_city).map(roof).collect())
}

/// Whether each cell lies in a sewer district; empty where all do.
fn districts(city: &City) -> Vec<bool> {
    if city.districts.is_empty() {
        return Vec::new();
    }
    let mut within = vec![false; city.grid.len()];
    city.districts.iter().for_each(|district| district.place.outline.fill(&city.grid, &mut within, true));
    within
}

/// Open ground beside houses that is more than a gap between them: what hangs together over so much.
fn streets(problem: &Problem, is_roof: &[bool]) -> Vec<bool> {
    let (cols, len) = (problem.grid.cols, problem.grid.len());
    let least = (SMALLEST_STREET / problem.grid.cell_area()).ceil() as usize;
    let open = |cell: usize| !is_roof[cell] && !problem.bed[cell].is_nan();
    let (mut seen, mut streets) = (vec![false; len], vec![false; len]);
    let mut found = false;
    for start in 0..len {
        if seen[start] || !open(start) {
            continue;
        }
        let mut cells = vec![start];
        seen[start] = true;
        let mut next = 0;
        while next < cells.len() {
            let cell = cells[next];
            next += 1;
            let beside = [
                (cell % cols > 0).then(|| cell - 1),
                (cell % cols + 1 < cols).then_some(cell + 1),
                cell.checked_sub(cols),
                Some(cell + cols).filter(|below| *below < len),
            ];
            for beside in beside.into_iter().flatten() {
                if !seen[beside] && open(beside) {
                    seen[beside] = true;
                    cells.push(beside);
                }
            }
        }
        if cells.len() >= least {
            found = true;
            cells.into_iter().for_each(|cell| streets[cell] = true);
        }
    }
    // In a city of gaps each gap is a street.
    if !found {
        (0..len).for_each(|cell| streets[cell] = open(cell));
    }
    streets
}
