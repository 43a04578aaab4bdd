//! Tables of rules: what roads are where a map does not say, how junctions delay, and who travels when. The Dutch one comes with the
//! program.

use super::{CAR, CYCLE, TRUCK};
use hanze_base::error::{Error, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// Tables that come with the program, by name.
pub const SHIPPED: [(&str, &str); 1] = [("roads-nl", include_str!("../../../../scenarios/roads/roads-nl.toml"))];
/// Bytes of a table that are read.
const LARGEST_FILE: u64 = 4 << 20;

/// A kind of road.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// What maps call it; the first is its name here.
    pub names: Vec<String>,
    /// Lanes in each direction.
    pub lanes: f64,
    /// Speed limit, km/h.
    pub speed_kmh: f64,
    /// Speed limit in towns, where it differs, km/h.
    #[serde(default)]
    pub speed_in_town_kmh: Option<f64>,
    /// Capacity of a lane, vehicles per hour.
    pub capacity: f64,
    /// Who may use it: car, truck, cycle.
    pub modes: Vec<String>,
    /// Whether it leads one way where nothing is said.
    #[serde(default)]
    pub oneway: bool,
    /// Of two roads that meet the lower one gives way.
    pub priority: u8,
    /// Factor of the delay.
    pub factor: f64,
    /// Power of the delay.
    pub power: f64,
}

impl Kind {
    /// Its name here.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// Who may use it, as bits.
    pub fn mode_bits(&self) -> u8 {
        self.modes.iter().filter_map(|mode| mode_of(mode)).fold(0, |all, mode| all | mode)
    }
}

/// The bit of a mode.
pub fn mode_of(name: &str) -> Option<u8> {
    match name {
        "car" => Some(CAR),
        "truck" => Some(TRUCK),
        "cycle" => Some(CYCLE),
        _ => None,
    }
}

/// How junctions delay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Junctions {
    /// Cycle of a signal, s.
    pub cycle_s: f64,
    /// Time of a cycle in which nobody has green, s.
    pub lost_s: f64,
    /// Green share of the approaches of highest priority.
    pub green_share_major: f64,
    /// Green share of the other approaches.
    pub green_share_minor: f64,
    /// Green share where roads of one direction only have lights.
    pub green_share_lone: f64,
    /// What a lane sends through while it is green, vehicles per hour.
    pub saturation: f64,
    /// Smallest gap that a driver who gives way takes, s.
    pub critical_gap_s: f64,
    /// Time between two drivers who take the same gap, s.
    pub follow_up_s: f64,
    /// Smallest gap that a driver takes at a roundabout's entry, s.
    pub roundabout_critical_gap_s: f64,
    /// Time between two drivers who take the same gap there, s.
    pub roundabout_follow_up_s: f64,
}

/// What vehicles are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vehicles {
    /// Cars that take the room of a truck.
    pub truck_pcu: f64,
    /// Highest speed of a truck, km/h.
    pub truck_speed_kmh: f64,
    /// Speed of a cycle, km/h.
    pub cycle_speed_kmh: f64,
    /// Cost of a kilometre for a car, in minutes.
    pub car_minutes_per_km: f64,
    /// Cost of a kilometre for a truck, in minutes.
    pub truck_minutes_per_km: f64,
}

/// Who travels when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Travel {
    /// Trips by car and cycle that a resident makes from home in a day.
    pub trips_per_resident: f64,
    /// How much a resident draws trips.
    pub residents_draw: f64,
    /// How much a job draws trips.
    pub jobs_draw: f64,
    /// Rate of the gravity model's deterrence, per minute.
    pub rate_per_minute: f64,
    /// Trucks for each car trip.
    pub truck_share: f64,
    /// Share that cycles up to a length of the way, km.
    pub cycle_share: Vec<[f64; 2]>,
    /// Speed between a zone's middle and its roads, km/h.
    pub connector_kmh: f64,
    /// Share of the day's trips away from home in each hour of the day.
    pub away: Vec<f64>,
    /// Share of those back.
    pub back: Vec<f64>,
}

/// A table of rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Where its values are from.
    pub source: String,
    /// Kinds of road.
    #[serde(rename = "kind")]
    pub kinds: Vec<Kind>,
    /// How junctions delay.
    pub junctions: Junctions,
    /// What vehicles are.
    pub vehicles: Vehicles,
    /// Who travels when.
    pub demand: Travel,
    #[serde(skip)]
    by_name: HashMap<String, usize>,
}

impl Rules {
    /// A table that comes with the program, or one from a file.
    ///
    /// # Errors
    /// `Io` where it cannot be read, `Data` with what is wrong in it.
    pub fn read(path: &Path) -> Result<Rules> {
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", path))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(Error::data(path, "is longer than 4 MiB", "a table of rules is a short TOML file"));
        }
        Rules::parse(path, &text)
    }

    /// The Dutch table.
    ///
    /// # Errors
    /// `Data` as [`Rules::parse`], which a test rules out for the table that comes with the program.
    pub fn dutch() -> Result<Rules> {
        Rules::parse(Path::new(SHIPPED[0].0), SHIPPED[0].1)
    }

    /// Reads a table from its text, which stands for `path`.
    ///
    /// # Errors
    /// `Data` with the line and what is wrong there.
    pub fn parse(path: &Path, text: &str) -> Result<Rules> {
        let mend = "see scenarios/roads/roads-nl.toml for an example";
        let mut rules: Rules = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| 1 + text[..span.start].matches('\n').count());
            Error::data(path, format!("line {line}: {}", error.message().trim().replace('\n', ", ")), mend)
        })?;
        let within = |what: &str, value: f64, low: f64, high: f64| match (low..=high).contains(&value) {
            true => Ok(()),
            false => {
                Err(Error::data(path, format!("{what} is {value}"), format!("write a number from {low} to {high}")))
            }
        };
        for k in 0..rules.kinds.len() {
            let kind = &rules.kinds[k];
            let of = |key: &str| format!("kind \"{}\": {key}", kind.name());
            within(&of("lanes"), kind.lanes, 0.5, 12.0)?;
            within(&of("speed_kmh"), kind.speed_kmh, 1.0, 200.0)?;
            within(&of("speed_in_town_kmh"), kind.speed_in_town_kmh.unwrap_or(50.0), 1.0, 200.0)?;
            within(&of("capacity"), kind.capacity, 1.0, 10_000.0)?;
            within(&of("factor"), kind.factor, 0.0, 100.0)?;
            within(&of("power"), kind.power, 1.0, 20.0)?;
            if let Some(odd) = kind.modes.iter().find(|mode| mode_of(mode).is_none()) {
                return Err(Error::data(path, format!("{} has \"{odd}\"", of("modes")), "write car, truck and cycle"));
            }
            if kind.names.is_empty() {
                return Err(Error::data(path, "has a kind without names", mend));
            }
            for name in kind.names.clone() {
                if rules.by_name.insert(name.clone(), k).is_some() {
                    return Err(Error::data(path, format!("\"{name}\" stands in two kinds"), "keep it in one"));
                }
            }
        }
        let Rules { junctions: j, vehicles: v, demand: d, .. } = &rules;
        for (key, value, low, high) in [
            ("junctions.cycle_s", j.cycle_s, 10.0, 300.0),
            ("junctions.lost_s", j.lost_s, 0.0, 0.5 * j.cycle_s),
            ("junctions.green_share_major", j.green_share_major, 0.05, 0.95),
            ("junctions.green_share_minor", j.green_share_minor, 0.05, 0.95),
            ("junctions.green_share_lone", j.green_share_lone, 0.05, 0.95),
            ("junctions.saturation", j.saturation, 100.0, 4000.0),
            ("junctions.critical_gap_s", j.critical_gap_s, 1.0, 20.0),
            ("junctions.follow_up_s", j.follow_up_s, 1.0, 20.0),
            ("junctions.roundabout_critical_gap_s", j.roundabout_critical_gap_s, 1.0, 20.0),
            ("junctions.roundabout_follow_up_s", j.roundabout_follow_up_s, 1.0, 20.0),
            ("vehicles.truck_pcu", v.truck_pcu, 0.5, 10.0),
            ("vehicles.truck_speed_kmh", v.truck_speed_kmh, 10.0, 200.0),
            ("vehicles.cycle_speed_kmh", v.cycle_speed_kmh, 1.0, 60.0),
            ("vehicles.car_minutes_per_km", v.car_minutes_per_km, 0.0, 100.0),
            ("vehicles.truck_minutes_per_km", v.truck_minutes_per_km, 0.0, 100.0),
            ("demand.trips_per_resident", d.trips_per_resident, 0.0, 20.0),
            ("demand.residents_draw", d.residents_draw, 0.0, 100.0),
            ("demand.jobs_draw", d.jobs_draw, 0.0, 100.0),
            ("demand.rate_per_minute", d.rate_per_minute, 0.0, 10.0),
            ("demand.truck_share", d.truck_share, 0.0, 10.0),
            ("demand.connector_kmh", d.connector_kmh, 1.0, 200.0),
        ] {
            within(key, value, low, high)?;
        }
        for (key, shares) in [("away", &d.away), ("back", &d.back)] {
            let sum: f64 = shares.iter().sum();
            let sound = shares.len() == 24 && shares.iter().all(|share| (0.0..=1.0).contains(share));
            if !sound || (sum - 1.0).abs() > 0.01 {
                let problem = format!("demand.{key} has {} numbers that sum up to {sum}", shares.len());
                return Err(Error::data(path, problem, "write a share for each hour of the day, 1 in all"));
            }
        }
        let rises = d.cycle_share.is_sorted_by(|a, b| a[0] < b[0]);
        if !rises || d.cycle_share.iter().any(|[_, share]| !(0.0..=1.0).contains(share)) {
            return Err(Error::data(path, "demand.cycle_share is not a rising list", "write [[up to km, share], …]"));
        }
        Ok(rules)
    }

    /// What the table is called in words: the first of its sources.
    pub fn source_name(&self) -> String {
        self.source.split(';').next().unwrap_or_default().to_string()
    }

    /// The kind that a map calls so; SUMO writes `highway.primary`.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        let name = name.strip_prefix("highway.").unwrap_or(name);
        self.by_name.get(name).map(|k| &self.kinds[*k])
    }

    /// Share of trips of a length that go by cycle.
    pub fn cycles(&self, km: f64) -> f64 {
        let shares = &self.demand.cycle_share;
        shares.iter().find(|[up_to, _]| km <= *up_to).or(shares.last()).map_or(0.0, |[_, share]| *share)
    }
}
