//! What the traffic model is asked: keys of `[traffic]`.

mod demand;
mod edits;
mod motion;

pub use demand::{DemandSpec, TripsPer};
pub use edits::{EditAction, EditSpec, SelectSpec};
pub(super) use motion::lanes;
pub use motion::{ClosureSpec, MotionKey, MotionSpec};

use hanze_base::error::{Error, Result};
use hanze_city::Part;
use hanze_scenario::keys::FARTHEST;
use hanze_scenario::{CitySpec, FileRef, Kind, Reads, Scenario, Section, slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Edits, selected roads and places of a scenario.
const MOST: usize = 1000;
/// Slices of time of a run.
const MOST_SLICES: f64 = 200.0;

/// What is asked of the traffic model: a span of time, who travels, and what changes on the roads.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficSpec {
    /// Name, where there are several sections. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes; two days at most.
    #[schemars(range(min = 5.0, max = 2880.0))]
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5.0, max = 2880.0))]
    pub frame_minutes: Option<f64>,
    /// What roads are where the network does not say, and who travels when: a TOML file, or "roads-nl", which comes with the program.
    #[serde(default = "rules")]
    pub rules: FileRef,
    /// Time of the day at which the run begins, as 07:30.
    #[serde(default = "start")]
    pub start: String,
    /// Relative gap at which routes count as in equilibrium.
    #[serde(default = "gap")]
    #[schemars(range(min = 1e-12, max = 0.1))]
    pub gap: f64,
    /// Whether lights, roundabouts and giving way delay.
    #[serde(default = "junctions")]
    pub junctions: bool,
    /// Cost of a kilometre in minutes, for cars; that of the rules if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub minutes_per_km: Option<f64>,
    /// Who travels.
    #[serde(default)]
    pub demand: DemandSpec,
    /// Whether every vehicle moves: `motion = true`, or a table of what is to be otherwise. Only routes are found if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion: Option<MotionKey>,
    /// What changes on the roads; results are told for both, and the difference. Nothing if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<EditSpec>,
    /// Roads of which it is told who uses them. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub select_link: Vec<SelectSpec>,
    /// Places from which it is told how long it takes to get anywhere, such as a fire station. None if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<ReachSpec>,
}

fn rules() -> FileRef {
    FileRef("roads-nl".into())
}

fn start() -> String {
    "17:00".into()
}

fn gap() -> f64 {
    1e-5
}

fn junctions() -> bool {
    true
}

impl Section for TrafficSpec {
    fn kind(&self) -> &'static Kind {
        &TrafficSpec::KIND
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn end_minutes(&self) -> f64 {
        self.end_minutes
    }

    fn frame_minutes(&self) -> Option<f64> {
        self.frame_minutes
    }

    fn reads(&self, _: &CitySpec) -> Reads {
        let road_rules = Some(&self.rules).filter(|name| !is_rules(name)).cloned();
        // Crowns over a street hold its air back, which is computed where vehicles move.
        let crowns = self.motion().map(|_| Part::Canopy);
        let parts = [Part::Network, Part::People, Part::Places, Part::Buildings].into_iter().chain(crowns).collect();
        Reads { standing: true, network: true, flat: true, road_rules, parts: Some(parts), ..Reads::default() }
    }

    fn check(&self, scenario: &Scenario) -> Result<()> {
        check(self, scenario)
    }

    fn other_files<'a>(&'a self, _: &'a Scenario) -> Vec<(String, &'a str)> {
        self.files().map(|name| ("traffic".to_string(), name)).collect()
    }
}

impl TrafficSpec {
    /// Its kind of section.
    pub const KIND: Kind =
        Kind::of::<TrafficSpec>("traffic", "What is asked of the traffic model. Nothing if left out.").without_gauges();

    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let rules = Some(&*self.rules).filter(|name| !is_rules(name));
        let motion = match &self.motion {
            Some(MotionKey::Spec(spec)) => spec.files.as_slice(),
            _ => &[],
        };
        let demand = self.demand.trips.as_deref().into_iter().chain(self.demand.zones.as_deref());
        rules.into_iter().chain(demand).chain(motion.iter().map(|name| &**name))
    }

    /// The time of day at which it begins, h; `None` where it is written wrongly.
    pub fn hour(&self) -> Option<f64> {
        let (hours, minutes) = self.start.split_once(':')?;
        let is_number = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = (Some(hours).filter(|t| is_number(t))?, Some(minutes).filter(|t| is_number(t))?);
        let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24.0 && minutes < 60.0).then_some(hours + minutes / 60.0)
    }

    /// How vehicles move, where they do.
    pub fn motion(&self) -> Option<MotionSpec> {
        match self.motion.as_ref()? {
            MotionKey::Flag(moves) => moves.then(MotionSpec::default),
            MotionKey::Spec(spec) => Some(spec.clone()),
        }
    }
}

/// Whether it can be asked of the city of a scenario.
fn check(traffic: &TrafficSpec, scenario: &Scenario) -> Result<()> {
    let Some(start) = traffic.hour() else {
        return Err(Error::scenario("traffic.start", "is not a time of the day", "write it as 07:30"));
    };
    let motion = traffic.motion();
    if let Some(motion) = &motion {
        motion.check(traffic, scenario)?;
    }
    if motion.is_none_or(|motion| motion.files.is_empty()) {
        traffic.demand.check(scenario)?;
    }
    for (kind, count) in
        [("edit", traffic.edit.len()), ("select_link", traffic.select_link.len()), ("reach", traffic.reach.len())]
    {
        if count > MOST {
            let problem = format!("stands {count} times");
            return Err(Error::scenario(format!("traffic.{kind}"), problem, format!("keep at most {MOST}")));
        }
    }
    traffic.edits()?;
    traffic.selected()?;
    for (k, reach) in traffic.reach.iter().enumerate() {
        let at = |key: &str| format!("traffic.reach[{k}].{key}");
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == ' ';
        if reach.name.trim().is_empty() || reach.name.len() > 40 || !reach.name.chars().all(plain) {
            let problem =
                format!("\"{}\" cannot be the name of a layer", reach.name.chars().take(40).collect::<String>());
            return Err(Error::scenario(at("name"), problem, "write up to 40 letters, digits, spaces, - and _"));
        }
        if traffic.reach[..k].iter().any(|other| other.layer() == reach.layer()) {
            return Err(Error::scenario(at("name"), "stands twice", "give each place a name of its own"));
        }
        if reach.mode != "car" && reach.mode != "cycle" {
            return Err(Error::scenario(at("mode"), "is neither car nor cycle", "write one of them"));
        }
        if reach.minutes.len() > 10 {
            return Err(Error::scenario(at("minutes"), "are too many", "write at most 10"));
        }
    }
    let end = traffic.end_minutes;
    let slice = traffic.frame_minutes.unwrap_or(end);
    if slice < 5.0 || end > 48.0 * 60.0 || end / slice > MOST_SLICES {
        let problem = format!("makes slices of {slice} minutes from {start} h on");
        let mend = "make each at least 5 minutes long, at most 200 of them, and the run at most two days";
        return Err(Error::scenario("traffic.end_minutes", problem, mend));
    }
    Ok(())
}

/// Whether rules of this name come with the program.
fn is_rules(name: &str) -> bool {
    hanze_city::roads::rules::SHIPPED.iter().any(|(shipped, _)| *shipped == name)
}

/// A place from which it is told how long it takes to get anywhere.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReachSpec {
    /// Name in tables and layers.
    pub name: String,
    /// X, m.
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub x: f64,
    /// Y, m.
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub y: f64,
    /// By what: car or cycle.
    #[serde(default = "mode")]
    pub mode: String,
    /// Minutes within which buildings are counted; 6 and 8 are the norms for fire engines to houses.
    #[serde(default = "minutes")]
    #[schemars(inner(range(min = 0.1, max = 600.0)))]
    pub minutes: Vec<f64>,
}

fn mode() -> String {
    "car".into()
}

fn minutes() -> Vec<f64> {
    vec![6.0, 8.0]
}

impl ReachSpec {
    /// Its name in the names of layers.
    pub fn layer(&self) -> String {
        slug(&self.name)
    }
}
