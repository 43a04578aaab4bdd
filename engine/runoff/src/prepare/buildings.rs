//! Buildings, and where the rain on them goes.

use super::super::land::{self, SMALLEST_GROUND};
use super::super::problem::Problem;
use super::super::sky::{Gutter, Roof, gutters};
use hanze_base::error::{Error, Result};
use hanze_base::remark::Remark;
use hanze_base::words::Language;
use hanze_city::City;
use hanze_scenario::{BuildingsAre, RoofWater, Scenario};

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

/// Sets buildings on the ground, as the scenario wants them; gives whether they stand in the way of water.
pub fn build(city: &City, scenario: &Scenario, is_roof: &[bool], problem: &mut Problem) -> Result<bool> {
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
        _ => return Ok(false),
    }
    Ok(true)
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
            "write [runoff.sewer], or roof_water = \"street\"",
        ));
    }
    let mut district = vec![u16::MAX; if water == RoofWater::Sewer { city.grid.len() } else { 0 }];
    if water == RoofWater::Sewer {
        problem.sewers.gullies.iter().for_each(|gully| district[gully.cell] = gully.district as u16);
    }
    // Rain that is shed into a gap could not leave it.
    let is_street = |cell: usize| !is_roof[cell] && !problem.bed[cell].is_nan() && !problem.is_gap(cell);
    let streets = gutters(&city.grid, is_roof, &is_street);
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
        // A green roof of its own holds what the layer says, and so do hollows of any roof.
        let own = city.soil.interception.as_ref().map_or(0.0, |held| f64::from(held.values[cell]));
        Roof { cell, gutter, holds: holds.max(own) }
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

/// Finds the gaps between buildings, in which water counts for no place, and says how large they are; there are none where water flows
/// through buildings, which `stands` denies.
pub fn gaps(city: &City, is_roof: &[bool], stands: bool, problem: &mut Problem) {
    let mut built = is_roof.to_vec();
    city.places.buildings.iter().for_each(|place| place.outline.fill(&city.grid, &mut built, true));
    if !built.contains(&true) {
        return;
    }
    if !stands {
        problem.built = built;
        return;
    }
    let mut is_road = vec![false; built.len()];
    city.places.roads.iter().for_each(|place| place.outline.fill(&city.grid, &mut is_road, true));
    let is_open = |cell: usize| !built[cell] && !problem.bed[cell].is_nan();
    problem.gaps = land::gaps(&city.grid, &is_open, &|cell| built[cell], &|cell| is_road[cell]);
    let open = (0..built.len()).filter(|cell| is_open(*cell)).count();
    problem.built = built;
    let gaps = problem.gaps.iter().filter(|gap| **gap).count();
    if gaps > 0 {
        let share = gaps as f64 / open as f64;
        let decimals = if share < 0.001 { 3 } else { 1 };
        let [en, nl] = [Language::English, Language::Dutch].map(|language| language.number(100.0 * share, decimals));
        problem.repairs.push(Remark::new(
            share,
            format!(
                "{en} % of the open ground lies in gaps of less than {SMALLEST_GROUND} m² between buildings, which rain cannot leave: \
                 water there counts for no building, road or neighbourhood"
            ),
            format!(
                "{nl} % van de open grond ligt in gaten van minder dan {SMALLEST_GROUND} m² tussen gebouwen, waar regen niet uit weg kan: \
                 water daar telt niet mee voor gebouwen, wegen en buurten"
            ),
        ));
    }
}
