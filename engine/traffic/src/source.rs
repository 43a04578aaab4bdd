//! Who travels in a scenario: its zones, and the trips between them in a slice of time.

use super::demand::Demand;
use super::gravity::{Daily, profile};
use super::spec::{DemandSpec, TrafficSpec, TripsPer};
use super::zones::{self, FURTHEST, MOST_ZONES, Zone};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use hanze_base::remark::{Remark, Remarks};
use hanze_city::City;
use hanze_city::demo::people;
use hanze_city::read::{Value, features};
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{Roads, tntp};
use hanze_scenario::Scenario;
use std::collections::HashMap;
use std::path::Path;

/// Columns that hold residents, and jobs, the best first.
const RESIDENTS: [&str; 6] =
    ["residents", "inwoners", "aantal_inwoners", "inwoners_op_1_januari", "aant_inw", "population"];
const JOBS: [&str; 4] = ["jobs", "banen", "arbeidsplaatsen", "werkzame_personen"];
/// Columns that name a zone, the best first.
const NAMES: [&str; 4] = ["buurt_naam", "bu_naam", "naam", "name"];
/// Side of squares that serve as zones, m.
const SIDE: f64 = DemandSpec::ZONE;
/// Zones so near the city count, m.
const BESIDE: f64 = 5000.0;
/// Trips of a row of a table at most.
const MOST_TRIPS: f64 = 1e7;
/// Largest table of trips, bytes.
const LARGEST_FILE: u64 = 1 << 30;

/// Trips.
#[derive(Clone, Debug)]
pub enum Trips {
    /// Of an hour or of a day, as a table has them: cars, trucks and cycles.
    Table([Demand; 3], TripsPer),
    /// Of a day, from a gravity model.
    Daily(Daily),
    /// Of any hour, from a gravity model.
    Hourly(Daily),
}

/// Who travels.
#[derive(Clone, Debug)]
pub struct Source {
    /// The zones; none where the network has its own.
    pub zones: Vec<Zone>,
    /// What was noticed, in words.
    pub repairs: Remarks,
    /// A table of trips, where there is one; else trips come from the zones.
    pub table: Option<[Demand; 3]>,
}

/// The zones of a scenario, and its table of trips where it has one.
///
/// # Errors
/// `Data` and `Scenario` with the file or key and the mend.
pub fn source(city: &City, scenario: &Scenario, roads: &Roads, rules: &Rules) -> Result<Source> {
    let spec = scenario.asked::<TrafficSpec>().map(|traffic| traffic.demand.clone()).unwrap_or_default();
    let mut repairs = Remarks::default();
    let mut zones = if roads.centroids > 0 {
        let zone = |k: usize| Zone { name: roads.nodes[k].id.clone(), at: roads.nodes[k].at, ..Zone::default() };
        (0..roads.centroids).map(zone).collect()
    } else {
        inner_zones(city, scenario, &spec, roads, &mut repairs)?
    };
    if let (Some(trips), Some((low, high))) = (spec.gate_trips, roads.bounds()) {
        let gates = zones::gates(roads, low, high, trips);
        repairs.push(Remark::new(
            0.0,
            format!("{} roads lead on beyond the region: traffic from outside comes over them", gates.len()),
            format!("{} wegen lopen door buiten het gebied: daarover komt verkeer van buiten", gates.len()),
        ));
        zones.extend(gates);
    }
    if zones.is_empty() {
        return Err(Error::scenario("traffic.demand", "has no zones", "give zones, or a map with buildings"));
    }
    if zones.len() > MOST_ZONES {
        let problem = format!("makes {} zones", zones.len());
        let mend = format!("make at most {MOST_ZONES}: write a larger zone_m, or join zones");
        return Err(Error::scenario("traffic.demand", problem, mend));
    }
    let table = match &spec.trips {
        None => None,
        Some(name) => {
            let path = scenario.existing_at("traffic.demand.trips", name)?;
            let mut all = if roads.centroids > 0 { of_tntp(&path, zones.len())? } else { of_csv(&path, &zones)? };
            // Trucks are counted as the cars whose room they take.
            all[1].trips.iter_mut().flatten().for_each(|(_, trips)| *trips *= rules.vehicles.truck_pcu);
            Some(all)
        }
    };
    Ok(Source { zones, repairs, table })
}

fn inner_zones(
    city: &City,
    scenario: &Scenario,
    spec: &DemandSpec,
    roads: &Roads,
    repairs: &mut Remarks,
) -> Result<Vec<Zone>> {
    let Some(name) = &spec.zones else {
        let side = spec.zone_m.unwrap_or(SIDE);
        // Footprints and heights alone do not tell who lives and works there.
        let buildings = &city.objects.buildings;
        if !buildings.is_empty() && buildings.iter().all(|building| people(building).is_some()) {
            return Ok(zones::of_objects(&city.objects, side));
        }
        if roads.buildings.is_empty() {
            let mend = "give zones = \"FILE\", or a map of OpenStreetMap with its buildings";
            return Err(Error::scenario("traffic.demand", "has no zones: the network's map has no buildings", mend));
        }
        return Ok(zones::of_buildings(&roads.buildings, side));
    };
    let path = scenario.existing_at("traffic.demand.zones", name)?;
    let residents: Vec<&str> = spec.residents.iter().map(String::as_str).chain(RESIDENTS).collect();
    let jobs: Vec<&str> = spec.jobs.iter().map(String::as_str).chain(JOBS).collect();
    let columns: Vec<&str> = residents.iter().chain(&jobs).copied().chain(NAMES).collect();
    // Those beside the city count, too: whoever lives there drives in.
    let grid = &city.grid;
    let beside = (BESIDE / grid.cell).ceil();
    let around = Grid {
        cols: grid.cols + 2 * beside as usize,
        rows: grid.rows + 2 * beside as usize,
        west: grid.west - beside * grid.cell,
        north: grid.north + beside * grid.cell,
        ..*grid
    };
    let found = features(&path, &around, &columns)?;
    found.touch("traffic.demand.zones", &path, &around)?;
    repairs.extend(found.repairs);
    if found.seen > found.features.len() {
        let far = found.seen - found.features.len();
        repairs.push(Remark::new(
            far as f64 / found.seen as f64,
            format!("{far} of {} zones lie further than 5 km beyond the city and are left out", found.seen),
            format!("{far} van de {} zones liggen verder dan 5 km buiten de stad en zijn weggelaten", found.seen),
        ));
    }
    let mut any = [false; 2];
    let mut zones: Vec<Zone> = Vec::new();
    for feature in found.features {
        let number = |first: usize, count: usize, named: bool| -> Result<Option<f64>> {
            // A column that the scenario names is the one.
            let values = &feature.values[first..first + if named { 1 } else { count }];
            match values.iter().flatten().next() {
                // What CBS keeps secret or does not know.
                Some(Value::Number(number)) if *number <= -99_990.0 => Ok(None),
                Some(Value::Number(number)) if number.is_finite() && *number >= 0.0 && *number < 1e9 => {
                    Ok(Some(*number))
                }
                Some(odd) => {
                    let problem = format!("feature {}: \"{}\" residents or jobs", feature.number, odd.name());
                    Err(Error::data(&path, problem, "give numbers of at least 0"))
                }
                None => Ok(None),
            }
        };
        let people = number(0, residents.len(), spec.residents.is_some())?;
        let work = number(residents.len(), jobs.len(), spec.jobs.is_some())?;
        any = [any[0] || people.is_some(), any[1] || work.is_some()];
        let names = &feature.values[residents.len() + jobs.len()..];
        let name = names.iter().flatten().map(Value::name).find(|name| !name.is_empty());
        let outline = feature.place.outline;
        zones.push(Zone {
            name: name.unwrap_or(feature.place.name),
            at: outline.middle().unwrap_or_default(),
            outline: Some(outline),
            residents: people.unwrap_or(0.0),
            jobs: work.unwrap_or(0.0),
            ..Zone::default()
        });
    }
    if zones.is_empty() {
        return Err(Error::data(
            &path,
            "has no zone that touches the city",
            "give zones of its region, in its plane or in degrees",
        ));
    }
    if !any[0] && spec.trips.is_none() {
        let problem = format!("has no column of residents: none of {}", residents.join(", "));
        return Err(Error::data(&path, problem, "name it with residents in [traffic.demand]"));
    }
    if spec.jobs.is_some() && !any[1] {
        return Err(Error::data(&path, "has no numbers in the column that jobs names", "check its spelling"));
    }
    if !any[1] && spec.trips.is_none() {
        repairs.push(Remark::new(
            1.0,
            "no column of jobs: where people live stands for where they work, too",
            "geen kolom met banen: waar mensen wonen geldt ook als waar zij werken",
        ));
        zones.iter_mut().for_each(|zone| zone.jobs = 0.5 * zone.residents);
    }
    // Beyond the network's reach nobody is counted.
    if let Some((low, high)) = roads.bounds() {
        let inside = |zone: &Zone| zone.at.cmpge(low - FURTHEST).all() && zone.at.cmple(high + FURTHEST).all();
        let all = zones.len();
        zones.retain(inside);
        if zones.len() < all {
            let beyond = all - zones.len();
            repairs.push(Remark::new(
                beyond as f64 / all as f64,
                format!("{beyond} of {all} zones lie beyond the roads and are left out"),
                format!("{beyond} van de {all} zones liggen buiten de wegen en zijn weggelaten"),
            ));
        }
    }
    // Names are what tables of trips go by.
    let mut count: HashMap<String, usize> = HashMap::new();
    for zone in &mut zones {
        let number = count.entry(zone.name.clone()).or_default();
        *number += 1;
        if *number > 1 {
            zone.name = format!("{} ({number})", zone.name);
        }
    }
    Ok(zones)
}

fn of_tntp(path: &Path, zones: usize) -> Result<[Demand; 3]> {
    Ok([Demand::of(zones, tntp::trips(path, zones)?), Demand::none(zones), Demand::none(zones)])
}

/// A table with the columns from, to, trips and, perhaps, class; zones go by their names.
fn of_csv(path: &Path, zones: &[Zone]) -> Result<[Demand; 3]> {
    let size = std::fs::metadata(path).map_err(Error::io("reading", path))?.len();
    if size > LARGEST_FILE {
        return Err(Error::data(path, "is larger than a gigabyte", "leave out pairs without trips"));
    }
    let mend = "write a header from,to,trips (and class: car, truck or cycle), and zones by their names";
    let bad = |line: u64, what: String| Error::data(path, format!("line {line}: {what}"), mend);
    let number: HashMap<&str, usize> = zones.iter().enumerate().map(|(k, zone)| (zone.name.as_str(), k)).collect();
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        bad(line, format!("is not CSV: {}", error.to_string().chars().take(100).collect::<String>()))
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(broken)?;
    let header = reader.headers().map_err(broken)?.clone();
    let column = |name: &str| header.iter().position(|heading| heading.eq_ignore_ascii_case(name));
    let (Some(from), Some(to), Some(trips)) = (column("from"), column("to"), column("trips")) else {
        return Err(bad(1, "is not a header with from, to and trips".into()));
    };
    let class = column("class");
    let mut sums: [HashMap<(usize, usize), f64>; 3] = Default::default();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |k: usize| row.get(k).unwrap_or_default();
        let zone = |k: usize| {
            let shown: String = cell(k).chars().take(60).collect();
            number.get(cell(k)).copied().ok_or_else(|| bad(line, format!("\"{shown}\" is not a zone")))
        };
        let (a, b) = (zone(from)?, zone(to)?);
        let count = cell(trips).parse::<f64>().ok().filter(|trips| (0.0..=MOST_TRIPS).contains(trips));
        let count = count.ok_or_else(|| {
            bad(line, format!("\"{}\" is not a number of trips", cell(trips).chars().take(40).collect::<String>()))
        })?;
        let class = match class.map(cell) {
            None | Some("" | "car") => 0,
            Some("truck") => 1,
            Some("cycle") => 2,
            Some(odd) => {
                return Err(bad(line, format!("\"{}\" is not a class", odd.chars().take(40).collect::<String>())));
            }
        };
        *sums[class].entry((a, b)).or_default() += count;
    }
    let mut all = [(); 3].map(|()| Demand::none(zones.len()));
    for (demand, sums) in all.iter_mut().zip(sums) {
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable_by_key(|(pair, _)| *pair);
        sums.into_iter().for_each(|((from, to), trips)| demand.push(from, to, trips));
    }
    Ok(all)
}

impl Trips {
    /// Trips an hour of cars, trucks (as cars) and cycles between two times of the day, h; and the share of trips that are so few
    /// that they are left out.
    pub fn hour(&self, from: f64, to: f64, rules: &Rules, factor: f64) -> ([Demand; 3], f64) {
        match self {
            Trips::Table(table, per) => {
                let share = |hours: &[f64]| profile(hours, from, to) / (to - from);
                let share = match per {
                    TripsPer::Hour => 1.0,
                    TripsPer::Day => 0.5 * (share(&rules.demand.away) + share(&rules.demand.back)),
                };
                let mut all = table.clone();
                all.iter_mut()
                    .flat_map(|demand| &mut demand.trips)
                    .flatten()
                    .for_each(|(_, trips)| *trips *= share * factor);
                // What is no trip is none.
                all.iter_mut()
                    .flat_map(|demand| &mut demand.trips)
                    .for_each(|row| row.retain(|(_, trips)| *trips > 0.0));
                (all, 0.0)
            }
            Trips::Daily(daily) => daily.hour(from, to, rules, factor),
            Trips::Hourly(daily) => daily.at_once(rules, factor),
        }
    }
}
