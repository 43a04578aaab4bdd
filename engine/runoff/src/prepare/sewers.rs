//! Sewers: where inlets are, and what their districts can hold.

use super::super::problem::Problem;
use super::super::sewer::{District, Gully, Sewers};
use super::super::sky::Gutter;
use super::super::spec::RunoffSpec;
use hanze_base::error::{Error, Result};
use hanze_base::raster::Raster;
use hanze_city::City;
use hanze_scenario::Scenario;

const MM_PER_HOUR: f64 = 1e-3 / 3600.0;
/// Districts that a scenario may have.
const MOST_DISTRICTS: usize = 10_000;

/// The sewers of a scenario; `inlets` is its raster of capacities, mm per hour, if it has one.
pub fn sewers(
    city: &City,
    scenario: &Scenario,
    is_roof: &[bool],
    problem: &Problem,
    inlets: Option<&Raster>,
    uniform: Option<f64>,
) -> Result<Sewers> {
    if scenario.asked::<RunoffSpec>().is_none_or(|runoff| runoff.sewer.is_none()) {
        return Ok(Sewers::default());
    }
    if city.districts.len() > MOST_DISTRICTS {
        let problem = format!("holds {} districts", city.districts.len());
        return Err(Error::scenario("city.sewer_districts", problem, format!("keep at most {MOST_DISTRICTS}")));
    }
    let grid = &city.grid;
    let mut district_of = vec![if city.districts.is_empty() { 0 } else { u16::MAX }; grid.len()];
    for (k, district) in city.districts.iter().enumerate() {
        district.place.outline.fill(grid, &mut district_of, k as u16);
    }
    // Share of a cell that is paved.
    let paved = |cell: usize| match &city.sewered {
        Some(sewered) => f64::from(sewered.values[cell]),
        // Where nothing else is known, nothing sinks into pavement.
        None => {
            let dry = city.soil.horton.as_ref().map_or(0.0, |(initial, _)| initial.values[cell]);
            f64::from(u8::from(city.infiltration.values[cell].max(dry) <= 0.0))
        }
    };
    let capacity = |cell: usize| {
        let own = city.districts.get(usize::from(district_of[cell])).and_then(|district| district.inlet_mm_per_hour);
        match inlets {
            Some(raster) => f64::from(raster.values[cell]).max(0.0),
            None => paved(cell) * own.or(uniform).unwrap_or(0.0),
        }
    };
    let is_open = |cell: usize| problem.is_land(cell) && !is_roof[cell];
    let gullies: Vec<Gully> = (0..grid.len())
        .filter(|cell| district_of[*cell] != u16::MAX && is_open(*cell))
        .map(|cell| (cell, capacity(cell)))
        .filter(|(_, capacity)| *capacity > 0.0)
        .map(|(cell, capacity)| Gully {
            cell,
            district: usize::from(district_of[cell]),
            capacity: (capacity * MM_PER_HOUR) as f32,
        })
        .collect();
    if gullies.is_empty() {
        let mend = "give paved ground with city.codes, or a raster in runoff.sewer.inlet_mm_per_hour, or districts on the city";
        return Err(Error::scenario("runoff.sewer", "has no inlet: no cell is paved, open and dry", mend));
    }
    let name = |k: usize| city.districts.get(k).map_or_else(|| "sewer".into(), |own| own.place.name.clone());
    let district = |k: usize| District { name: name(k), room: f64::INFINITY, pump: 0.0 };
    Ok(Sewers { districts: (0..city.districts.len().max(1)).map(district).collect(), gullies })
}

/// Gives each district its storage and its pumps, by the area that drains into it: paving with inlets, and roofs.
pub fn fit(city: &City, scenario: &Scenario, problem: &mut Problem) {
    let Some(spec) = scenario.asked::<RunoffSpec>().and_then(|runoff| runoff.sewer.as_ref()) else { return };
    let area = problem.grid.cell_area();
    let mut areas = vec![0.0; problem.sewers.districts.len()];
    problem.sewers.gullies.iter().for_each(|gully| areas[gully.district] += area);
    for roof in &problem.roofs {
        if let Gutter::Sewer(district) = roof.gutter {
            areas[district] += area;
        }
    }
    for (k, (district, area)) in problem.sewers.districts.iter_mut().zip(areas).enumerate() {
        let own = city.districts.get(k);
        let storage = own.and_then(|own| own.storage_mm).or(spec.storage_mm);
        let pump = own.and_then(|own| own.pump_mm_per_hour).unwrap_or(spec.pump_mm_per_hour);
        district.room = storage.map_or(f64::INFINITY, |mm| mm * 1e-3 * area);
        district.pump = pump * MM_PER_HOUR * area;
    }
}
