//! What `[runoff]` must be before anything is read or computed.

use super::{BoundaryName, RunoffSpec};
use hanze_base::error::{Error, Result};
use hanze_base::series::Between;
use hanze_scenario::keys::check_line;
use hanze_scenario::{Allowed, Scenario};

/// Readings of gauges and boundaries in a run.
const MOST_READINGS: f64 = 1e6;
/// Steps that a run may be forced to by its longest step.
const MOST_STEPS: f64 = 1e9;
/// Numbers that all readings of a run may hold.
const MOST_NUMBERS: f64 = 6e7;

/// Whether it can be asked of the city of a scenario.
pub(super) fn check(runoff: &RunoffSpec, scenario: &Scenario) -> Result<()> {
    let end = runoff.end_minutes;
    if let Some(longest) = runoff.longest_step_s.filter(|longest| end * 60.0 / longest > MOST_STEPS) {
        let problem = format!("makes {:.0} steps at least", end * 60.0 / longest);
        return Err(Error::scenario("runoff.longest_step_s", problem, format!("make at most {MOST_STEPS}")));
    }
    let readings = end / runoff.gauge_minutes;
    let columns = 1 + 3 * scenario.spec.gauge.len() + runoff.boundary.len() + 2 * scenario.spec.city.structure.len();
    if readings > MOST_READINGS || readings * columns as f64 > MOST_NUMBERS {
        let problem = format!("{readings:.0} readings of {columns} numbers are too many");
        return Err(Error::scenario("runoff.gauge_minutes", problem, "write a larger number, or keep fewer gauges"));
    }
    check_forcing(runoff, scenario)
}

/// Checks rain, and what of boundaries and inflows needs no grid.
fn check_forcing(runoff: &RunoffSpec, scenario: &Scenario) -> Result<()> {
    let lines = || runoff.boundary.iter().filter(|boundary| boundary.line.is_some()).map(|boundary| &boundary.name);
    let structures = scenario.spec.city.structure.iter().enumerate();
    let structures = structures.map(|(k, own)| (format!("city.structure[{k}].name"), &own.name));
    let inflows = runoff.inflow.iter().enumerate();
    let inflows = inflows.map(|(k, own)| (format!("runoff.inflow[{k}].name"), &own.name));
    if let Some((at, name)) = structures.chain(inflows).find(|(_, name)| lines().any(|line| line == *name)) {
        let problem = format!("\"{name}\" is a boundary along a line, too");
        return Err(Error::scenario(at, problem, "give each a name of its own"));
    }
    runoff.rain_in_time(scenario)?;
    for (k, boundary) in runoff.boundary.iter().enumerate() {
        let at = |key: &str| format!("runoff.boundary[{k}].{key}");
        match (&boundary.line, boundary.edge) {
            (None, None) => {
                let mend = "write edge = \"west\" or line = [[x, y], [x, y]]";
                return Err(Error::scenario(format!("runoff.boundary[{k}]"), "has no place", mend));
            }
            (Some(points), None) => {
                check_line(&at("line"), points)?;
                if boundary.from_m.is_some() || boundary.to_m.is_some() {
                    let key = if boundary.from_m.is_some() { "from_m" } else { "to_m" };
                    return Err(Error::scenario(at(key), "belongs to an edge", "end the line where it should end"));
                }
            }
            (Some(_), Some(_)) => {
                return Err(Error::scenario(at("line"), "stands beside edge", "keep one of them"));
            }
            (None, Some(_)) => {}
        }
        let series = [
            ("level_m", &boundary.level_m, BoundaryName::Level, Allowed::LEVEL),
            ("discharge_m3_per_s", &boundary.discharge_m3_per_s, BoundaryName::Discharge, Allowed::DISCHARGE),
        ];
        for (key, series, kind, allowed) in series {
            match series {
                Some(_) if boundary.kind != kind => {
                    let problem = "does nothing with this kind of boundary";
                    return Err(Error::scenario(at(key), problem, "change kind, or leave it out"));
                }
                Some(series) => {
                    scenario.series(&at(key), series, Between::Linear, allowed)?;
                }
                None if boundary.kind == kind => {
                    let mend = format!("write {key} = a number, points or a CSV file");
                    return Err(Error::scenario(at(key), "is missing", mend));
                }
                None => {}
            }
        }
    }
    for (k, inflow) in runoff.inflow.iter().enumerate() {
        let at = format!("runoff.inflow[{k}].discharge_m3_per_s");
        scenario.series(&at, &inflow.discharge_m3_per_s, Between::Linear, Allowed::DISCHARGE)?;
    }
    Ok(())
}
