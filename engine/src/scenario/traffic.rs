//! The traffic model's part of a scenario.

use super::check::number;
use super::files::FileRef;
use super::sections::{Reads, Section};
use super::{ModelName, Scenario};
use crate::city::roads::rules::mode_of;
use crate::city::roads::{CAR, Change, Edit, Place, TRUCK};
use crate::error::{Error, Result};
use glam::DVec2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Edits, selected roads and places of a scenario.
const MOST: usize = 1000;
/// Points of a line.
const MOST_POINTS: usize = 10_000;
/// Slices of time of a run.
const MOST_SLICES: f64 = 200.0;

/// What is asked of the traffic model: a span of time, who travels, and what changes on the roads.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficSpec {
    /// Name, where there are several sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of the run, minutes.
    pub end_minutes: f64,
    /// Time between frames, minutes; only the end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_minutes: Option<f64>,
    /// What roads are where the network does not say, and who travels when: a TOML file, or "roads-nl" (the default), which comes
    /// with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<FileRef>,
    /// Time of the day at which the run begins, as 17:00 (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Relative gap at which routes count as in equilibrium; 1e-5 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// Whether lights, roundabouts and giving way delay; true if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junctions: Option<bool>,
    /// Cost of a kilometre in minutes, for cars; that of the rules if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_per_km: Option<f64>,
    /// Who travels.
    #[serde(default)]
    pub demand: DemandSpec,
    /// Whether every vehicle moves: `motion = true`, or a table of what is to be otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion: Option<MotionKey>,
    /// What changes on the roads; results are told for both, and the difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<EditSpec>,
    /// Roads of which it is told who uses them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub select_link: Vec<SelectSpec>,
    /// Places from which it is told how long it takes to get anywhere, such as a fire station.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<ReachSpec>,
}

impl Section for TrafficSpec {
    fn model(&self) -> ModelName {
        ModelName::Traffic
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

    fn reads(&self) -> Reads {
        Reads { standing: true, network: true, flat: true, ..Reads::default() }
    }
}

impl TrafficSpec {
    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.as_deref().filter(|name| !is_rules(name));
        let motion = match &self.motion {
            Some(MotionKey::Spec(spec)) => spec.files.as_slice(),
            _ => &[],
        };
        let demand = self.demand.trips.as_deref().into_iter().chain(self.demand.zones.as_deref());
        rules.into_iter().chain(demand).chain(motion.iter().map(|name| &**name))
    }

    /// The time of day at which it begins, h; `None` where it is written wrongly.
    pub fn hour(&self) -> Option<f64> {
        let Some(text) = &self.start else { return Some(17.0) };
        let (hours, minutes) = text.split_once(':')?;
        let is_number = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = (Some(hours).filter(|t| is_number(t))?, Some(minutes).filter(|t| is_number(t))?);
        let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24.0 && minutes < 60.0).then_some(hours + minutes / 60.0)
    }
}

/// Whether every vehicle moves, and how.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MotionKey {
    /// `true`: as is usual.
    Flag(bool),
    /// With choices of one's own.
    Spec(MotionSpec),
}

/// How vehicles move.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MotionSpec {
    /// Files of SUMO that tell of vehicles, kinds, stops and lights (.rou.xml, .add.xml), for a network of SUMO; routes of an equilibrium
    /// if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    /// Time step, s; 0.5 if left out, and no more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_s: Option<f64>,
    /// Minutes before the beginning in which the streets fill; 10 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_minutes: Option<f64>,
    /// Another number gives another day of the same demand; 1 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Share of the drivers of cars and trucks who look for a faster route on their way, 0 to 1; 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reroute_share: Option<f64>,
    /// Minutes between two looks for other routes; 5 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reroute_minutes: Option<f64>,
    /// Roads that are closed for a part of the time, against today. Who is on such a road leaves it at its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closure: Vec<ClosureSpec>,
    /// Mean wind over the year, m/s, for nitrogen dioxide; 4 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_m_per_s: Option<f64>,
    /// Ozone in the background, µg/m³; 45 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ozone_ug_per_m3: Option<f64>,
    /// Share of nitrogen oxides that leaves the exhaust as dioxide; 0.2 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no2_share: Option<f64>,
    /// Surface of the roads for noise: DEF (the reference), or a Dutch one from NL01 to NL14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
}

/// A road that is closed for a while. Which one: one of `links`, `along` and `street`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureSpec {
    /// What it is called.
    pub name: String,
    /// Names of links; the only way where `files` tell of the vehicles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along the road, [[x, y], …] in m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of the street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// When it begins and ends, whole minutes from the beginning.
    pub from_minute: f64,
    /// See `from_minute`.
    pub until_minute: f64,
}

/// Whether rules of this name come with the program.
pub fn is_rules(name: &str) -> bool {
    crate::city::roads::rules::SHIPPED.iter().any(|(shipped, _)| *shipped == name)
}

/// Who travels: a table of trips, or zones with residents and jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandSpec {
    /// Trips between zones: a CSV file with the columns from, to, trips and, where it has any, class (car, truck, cycle), or a TNTP file
    /// for a network of TNTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trips: Option<FileRef>,
    /// Whether those are the trips of an hour (the default) or of a day, which the rules then spread over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trips_per: Option<TripsPer>,
    /// Zones: polygons (.geojson, .shp, .gpkg) with columns of residents and jobs. The demo city's own neighbourhoods, cut in squares,
    /// if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<FileRef>,
    /// Column of residents in `zones`; one of the usual names if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residents: Option<String>,
    /// Column of jobs in `zones`; one of the usual names if left out. Without one residents stand for jobs, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<String>,
    /// Side of the squares that serve as zones where there are only buildings, m; 400 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_m: Option<f64>,
    /// Trips an hour that begin at every building of the network's map, where nothing else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trips_per_building: Option<f64>,
    /// Trips of a day that come in on a main road of one lane where the network ends, and as many that go out; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_trips: Option<f64>,
    /// All trips times a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
}

/// What a table of trips counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripsPer {
    /// Trips of an hour.
    Hour,
    /// Trips of a day.
    Day,
}

/// A change on the roads. Where it is, `links`, `along` or `street` says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditSpec {
    /// Name for people.
    pub name: String,
    /// What is done.
    pub action: EditAction,
    /// Names of links, as the table of links has them; two that meet for a ban.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along the road, [[x, y], …], m; that of a new road; or three points before, on and behind a junction for a ban.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of a street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The line to which a road is moved, [[x, y], …], m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<[f64; 2]>>,
    /// Kind of a new road, as the rules name it; "distributor" if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Lanes in each direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<f64>,
    /// Speed limit, km/h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_kmh: Option<f64>,
    /// What a capacity is multiplied with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Whether a new road leads only in the direction of its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_way: Option<bool>,
    /// For whom a road is closed, or a new one open: car, truck, cycle. Cars and trucks if left out of a closure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<String>>,
}

/// What is done to roads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditAction {
    /// They are closed.
    Close,
    /// A road is added.
    Add,
    /// A road is moved to another line.
    Move,
    /// They get other lanes.
    Lanes,
    /// They get another speed limit.
    Speed,
    /// Their capacity changes.
    Capacity,
    /// They lead one way only: that of the line, or of the links that are named.
    OneWay,
    /// They lead both ways.
    BothWays,
    /// A turn is banned.
    BanTurn,
}

/// Roads of which it is told who uses them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectSpec {
    /// Name in tables.
    pub name: String,
    /// Names of links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along them, or a short one across, [[x, y], …], m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of a street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
}

/// A place from which it is told how long it takes to get anywhere.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReachSpec {
    /// Name in tables and layers.
    pub name: String,
    /// X, m.
    pub x: f64,
    /// Y, m.
    pub y: f64,
    /// By what: car (the default) or cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Minutes within which buildings are counted; 6 and 8 if left out, the norms for fire engines to houses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<Vec<f64>>,
}

impl Scenario {
    /// How vehicles move, where they do.
    pub fn motion(&self) -> Option<MotionSpec> {
        match self.traffic()?.motion.as_ref()? {
            MotionKey::Flag(moves) => moves.then(MotionSpec::default),
            MotionKey::Spec(spec) => Some(spec.clone()),
        }
    }

    /// Names and places of the roads that are closed for a while.
    ///
    /// # Errors
    /// The key that does not say which.
    pub fn closures(&self, spec: &MotionSpec) -> Result<Vec<(String, Place)>> {
        let of = |(k, own): (usize, &ClosureSpec)| {
            let at = format!("traffic.motion.closure[{k}]");
            let found = (named(&at, &own.name)?, place(&at, &own.links, &own.along, &own.street)?);
            if !spec.files.is_empty() && !matches!(found.1, Place::Links(_)) {
                let mend = "name its edges: links = [\"EDGE\"]";
                return Err(Error::scenario(at, "is told by its place, which vehicles of files do not know", mend));
            }
            Ok(found)
        };
        spec.closure.iter().enumerate().map(of).collect()
    }

    fn check_motion(&self, spec: &MotionSpec) -> Result<()> {
        let at = |key: &str| format!("traffic.motion.{key}");
        let given = |key: &str, value: Option<f64>, low: f64, high: f64| {
            value.map_or(Ok(()), |value| number(&at(key), value, low..=high))
        };
        given("step_s", spec.step_s, 0.05, 0.5)?;
        given("warm_up_minutes", spec.warm_up_minutes, 0.0, 120.0)?;
        given("wind_m_per_s", spec.wind_m_per_s, 0.5, 20.0)?;
        given("ozone_ug_per_m3", spec.ozone_ug_per_m3, 0.0, 300.0)?;
        given("no2_share", spec.no2_share, 0.0, 1.0)?;
        let ms = 1000.0 * spec.step_s.unwrap_or(0.5);
        if (ms - ms.round()).abs() > 1e-6 || 60_000 % (ms.round() as u64) != 0 {
            let mend = "write 0.5, 0.25, 0.2 or 0.1";
            return Err(Error::scenario(at("step_s"), "does not divide a minute into whole milliseconds", mend));
        }
        let whole = |key: &str, minutes: f64| {
            let mend = "write whole minutes";
            if minutes.fract() == 0.0 { Ok(()) } else { Err(Error::scenario(key, "is counted by minutes here", mend)) }
        };
        whole(&at("warm_up_minutes"), spec.warm_up_minutes.unwrap_or(10.0))?;
        let end = self.end_minutes();
        whole("traffic.end_minutes", end)?;
        whole("traffic.frame_minutes", self.frame_minutes().unwrap_or(end))?;
        given("reroute_share", spec.reroute_share, 0.0, 1.0)?;
        given("reroute_minutes", spec.reroute_minutes, 1.0, 1440.0)?;
        whole(&at("reroute_minutes"), spec.reroute_minutes.unwrap_or(5.0))?;
        for (k, closure) in spec.closure.iter().enumerate() {
            let at = |key: &str| format!("traffic.motion.closure[{k}].{key}");
            whole(&at("from_minute"), closure.from_minute)?;
            whole(&at("until_minute"), closure.until_minute)?;
            number(&at("from_minute"), closure.from_minute, 0.0..=end)?;
            if !(closure.until_minute > closure.from_minute && closure.until_minute <= 1e6) {
                let mend = "write a later minute than from_minute";
                return Err(Error::scenario(at("until_minute"), "is not behind from_minute", mend));
            }
        }
        self.closures(spec)?;
        let known = |name: &str| name == "DEF" || (1..=14).any(|k| name == format!("NL{k:02}"));
        if let Some(surface) = spec.surface.as_deref().filter(|name| !known(name)) {
            let problem = format!("\"{}\" is not a surface", surface.chars().take(20).collect::<String>());
            return Err(Error::scenario(at("surface"), problem, "write DEF, or NL01 to NL14"));
        }
        let network = self.spec.city.network.as_deref().unwrap_or_default();
        let is_sumo = network.ends_with(".net.xml") || network.ends_with(".net.xml.gz");
        if !spec.files.is_empty() && !is_sumo {
            let mend = "name a network of SUMO (.net.xml) as network in [city], or leave files out";
            return Err(Error::scenario(at("files"), "tell of vehicles on a network of SUMO, and there is none", mend));
        }
        let traffic = self.traffic();
        let idle = |own: &TrafficSpec| !own.edit.is_empty() || !own.select_link.is_empty() || !own.reach.is_empty();
        if !spec.files.is_empty() && traffic.is_some_and(idle) {
            let problem = "come with their routes: edit, select_link and reach do nothing with them";
            let mend = "leave them out, or leave files out: then routes are found on the roads as they are edited";
            return Err(Error::scenario(at("files"), problem, mend));
        }
        if network.ends_with(".tntp") {
            let problem = "needs streets that lie somewhere, and TNTP has none";
            return Err(Error::scenario("traffic.motion", problem, "give another network"));
        }
        Ok(())
    }

    pub(super) fn check_traffic(&self) -> Result<()> {
        let Some(traffic) = self.traffic() else { return Ok(()) };
        let Some(start) = traffic.hour() else {
            return Err(Error::scenario("traffic.start", "is not a time of the day", "write it as 07:30"));
        };
        let given = |key: &str, value: Option<f64>, range: std::ops::RangeInclusive<f64>| {
            value.map_or(Ok(()), |value| number(&format!("traffic.{key}"), value, range))
        };
        given("gap", traffic.gap, 1e-12..=0.1)?;
        given("minutes_per_km", traffic.minutes_per_km, 0.0..=100.0)?;
        let motion = self.motion();
        if let Some(motion) = &motion {
            self.check_motion(motion)?;
        }
        if motion.is_none_or(|motion| motion.files.is_empty()) {
            self.check_demand(&traffic.demand)?;
        }
        for (kind, count) in
            [("edit", traffic.edit.len()), ("select_link", traffic.select_link.len()), ("reach", traffic.reach.len())]
        {
            if count > MOST {
                let problem = format!("stands {count} times");
                return Err(Error::scenario(format!("traffic.{kind}"), problem, format!("keep at most {MOST}")));
            }
        }
        self.edits()?;
        self.selected()?;
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
            number(&at("x"), reach.x, -1e8..=1e8)?;
            number(&at("y"), reach.y, -1e8..=1e8)?;
            if reach.mode.as_deref().is_some_and(|mode| mode != "car" && mode != "cycle") {
                return Err(Error::scenario(at("mode"), "is neither car nor cycle", "write one of them"));
            }
            for minutes in reach.minutes() {
                number(&at("minutes"), minutes, 0.1..=600.0)?;
            }
            if reach.minutes().len() > 10 {
                return Err(Error::scenario(at("minutes"), "are too many", "write at most 10"));
            }
        }
        let end = self.end_minutes();
        let slice = self.frame_minutes().unwrap_or(end);
        if slice < 5.0 || end > 48.0 * 60.0 || end / slice > MOST_SLICES {
            let problem = format!("makes slices of {slice} minutes from {start} h on");
            let mend = "make each at least 5 minutes long, at most 200 of them, and the run at most two days";
            return Err(Error::scenario("traffic.end_minutes", problem, mend));
        }
        Ok(())
    }

    fn check_demand(&self, demand: &DemandSpec) -> Result<()> {
        let at = |key: &str| format!("traffic.demand.{key}");
        let given = |key: &str, value: Option<f64>, low: f64, high: f64| {
            value.map_or(Ok(()), |value| number(&at(key), value, low..=high))
        };
        given("zone_m", demand.zone_m, 50.0, 10_000.0)?;
        given("trips_per_building", demand.trips_per_building, 0.0, 1000.0)?;
        given("gate_trips", demand.gate_trips, 0.0, 100_000.0)?;
        given("factor", demand.factor, 0.0, 100.0)?;
        let is_demo = self.spec.city.demo.is_some();
        let is_tntp = self.spec.city.network.as_ref().is_some_and(|name| name.ends_with(".tntp"));
        let table = demand.trips.as_deref();
        if table.is_some_and(|name| name.ends_with(".tntp") != is_tntp) {
            let mend = "give a network and trips of TNTP, or a CSV file and zones";
            return Err(Error::scenario(at("trips"), "is TNTP where the network is not, or the other way round", mend));
        }
        if table.is_none() && is_tntp {
            return Err(Error::scenario(at("trips"), "is missing", "name the file of trips (NAME_trips.tntp)"));
        }
        if table.is_some() && !is_tntp && demand.zones.is_none() && !is_demo {
            return Err(Error::scenario(at("trips"), "needs zones", "name a file of zones, whose names the table has"));
        }
        if table.is_none() && demand.zones.is_none() && demand.trips_per_building.is_none() && !is_demo {
            let mend = "write trips = \"FILE\", zones = \"FILE\", or trips_per_building = 1 for a map with buildings";
            return Err(Error::scenario("traffic.demand", "does not say who travels", mend));
        }
        let idle = [
            ("zones", demand.zones.is_some() && is_tntp, "with a network of TNTP"),
            ("trips_per", demand.trips_per.is_some() && table.is_none(), "without trips"),
            ("residents", demand.residents.is_some() && demand.zones.is_none(), "without zones"),
            ("jobs", demand.jobs.is_some() && demand.zones.is_none(), "without zones"),
            (
                "trips_per_building",
                demand.trips_per_building.is_some() && (demand.zones.is_some() || is_demo),
                "with zones",
            ),
            ("zone_m", demand.zone_m.is_some() && demand.zones.is_some(), "with zones"),
            ("gate_trips", demand.gate_trips.is_some() && table.is_some(), "with a table of trips"),
            (
                "gate_trips",
                demand.gate_trips.is_some() && demand.trips_per_building.is_some(),
                "with trips_per_building",
            ),
        ];
        let found = idle.into_iter().find(|(_, given, _)| *given);
        found.map_or(Ok(()), |(key, _, why)| {
            Err(Error::scenario(at(key), format!("does nothing {why}"), "leave it out"))
        })
    }

    /// The edits on the roads.
    ///
    /// # Errors
    /// `Scenario` for keys that do not fit.
    pub fn edits(&self) -> Result<Vec<Edit>> {
        let traffic = self.traffic().into_iter().flat_map(|traffic| &traffic.edit).enumerate();
        traffic.map(|(k, edit)| edit_of(&format!("traffic.edit[{k}]"), edit)).collect()
    }

    /// The roads of which it is told who uses them: names and places.
    ///
    /// # Errors
    /// `Scenario` for keys that do not fit.
    pub fn selected(&self) -> Result<Vec<(String, Place)>> {
        let traffic = self.traffic().into_iter().flat_map(|traffic| &traffic.select_link).enumerate();
        let of = |(k, spec): (usize, &SelectSpec)| {
            let at = format!("traffic.select_link[{k}]");
            let others = self.traffic().into_iter().flat_map(|traffic| &traffic.select_link).take(k);
            if others.into_iter().any(|other| slug(&other.name) == slug(&spec.name)) {
                return Err(Error::scenario(
                    format!("{at}.name"),
                    "is that of another one in the name of its layer",
                    "give each a name of its own",
                ));
            }
            Ok((named(&at, &spec.name)?, place(&at, &spec.links, &spec.along, &spec.street)?))
        };
        traffic.map(of).collect()
    }
}

impl ReachSpec {
    /// Minutes within which buildings are counted.
    pub fn minutes(&self) -> Vec<f64> {
        self.minutes.clone().unwrap_or_else(|| vec![6.0, 8.0])
    }

    /// Its name in the names of layers.
    pub fn layer(&self) -> String {
        slug(&self.name)
    }
}

/// A name as it stands in those of layers and files: small letters and digits, at most 40.
pub fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.trim().chars().take(40).map(plain).collect()
}

fn named(at: &str, name: &str) -> Result<String> {
    let count = name.chars().count();
    if name.trim().is_empty() || count > 100 {
        return Err(Error::scenario(format!("{at}.name"), format!("has {count} letters"), "write 1 to 100"));
    }
    Ok(name.to_string())
}

fn line(at: &str, points: &[[f64; 2]]) -> Result<Vec<DVec2>> {
    if !(2..=MOST_POINTS).contains(&points.len()) {
        let problem = format!("has {} points", points.len());
        return Err(Error::scenario(at, problem, format!("write 2 to {MOST_POINTS}: [[x, y], [x, y]]")));
    }
    if points.iter().flatten().any(|value| value.is_nan() || value.abs() >= 1e8) {
        return Err(Error::scenario(at, "has a point that is nowhere", "write x and y in m of the city's plane"));
    }
    Ok(points.iter().map(|point| DVec2::from_array(*point)).collect())
}

fn place(
    at: &str,
    links: &Option<Vec<String>>,
    along: &Option<Vec<[f64; 2]>>,
    street: &Option<String>,
) -> Result<Place> {
    match (links, along, street) {
        (Some(names), None, None) if (1..=MOST_POINTS).contains(&names.len()) => Ok(Place::Links(names.clone())),
        (None, Some(points), None) => Ok(Place::Along(line(&format!("{at}.along"), points)?)),
        (None, None, Some(name)) if !name.trim().is_empty() => Ok(Place::Street(name.clone())),
        _ => {
            let mend = "write one of links = [\"NAME\"], along = [[x, y], [x, y]] and street = \"NAME\"";
            Err(Error::scenario(at, "does not say where", mend))
        }
    }
}

fn edit_of(at: &str, spec: &EditSpec) -> Result<Edit> {
    use EditAction::*;
    let key = |key: &str| format!("{at}.{key}");
    let name = named(at, &spec.name)?;
    let place = place(at, &spec.links, &spec.along, &spec.street)?;
    spec.lanes.map_or(Ok(()), |lanes| number(&key("lanes"), lanes, 0.5..=12.0))?;
    spec.speed_kmh.map_or(Ok(()), |speed| number(&key("speed_kmh"), speed, 1.0..=200.0))?;
    spec.factor.map_or(Ok(()), |factor| number(&key("factor"), factor, 0.01..=100.0))?;
    let modes = match &spec.modes {
        None => None,
        Some(names) => {
            let bits = names.iter().try_fold(0, |all, name| mode_of(name).map(|mode| all | mode));
            let bits = bits.filter(|bits| *bits != 0);
            let mend = "write some of \"car\", \"truck\" and \"cycle\"";
            Some(bits.ok_or_else(|| Error::scenario(key("modes"), "are not known", mend))?)
        }
    };
    let idle = [
        ("to", spec.to.is_some(), spec.action == Move),
        ("kind", spec.kind.is_some(), spec.action == Add),
        ("lanes", spec.lanes.is_some(), matches!(spec.action, Add | Lanes)),
        ("speed_kmh", spec.speed_kmh.is_some(), matches!(spec.action, Add | Speed)),
        ("factor", spec.factor.is_some(), spec.action == Capacity),
        ("one_way", spec.one_way.is_some(), spec.action == Add),
        ("modes", spec.modes.is_some(), matches!(spec.action, Add | Close)),
    ];
    if let Some((idle, ..)) = idle.into_iter().find(|(_, given, wanted)| *given && !wanted) {
        return Err(Error::scenario(key(idle), "does nothing with this action", "leave it out"));
    }
    let wanted = |what: &str, value: Option<f64>| {
        value.ok_or_else(|| Error::scenario(key(what), "is missing", "write a number"))
    };
    let change = match spec.action {
        Close => Change::Close(modes.unwrap_or(CAR | TRUCK)),
        Lanes => Change::Lanes(wanted("lanes", spec.lanes)?),
        Speed => Change::Speed(wanted("speed_kmh", spec.speed_kmh)? / 3.6),
        Capacity => Change::Capacity(wanted("factor", spec.factor)?),
        OneWay => Change::OneWay,
        BothWays => Change::BothWays,
        BanTurn => Change::Ban,
        Move => {
            let to = spec
                .to
                .as_ref()
                .ok_or_else(|| Error::scenario(key("to"), "is missing", "write the new line, [[x, y], [x, y]]"))?;
            Change::Move(line(&key("to"), to)?)
        }
        Add => Change::Add {
            kind: spec.kind.clone().unwrap_or_else(|| "distributor".into()),
            lanes: spec.lanes,
            speed: spec.speed_kmh.map(|speed| speed / 3.6),
            one_way: spec.one_way.unwrap_or(false),
            modes,
        },
    };
    if matches!(change, Change::Add { .. }) && !matches!(place, Place::Along(_)) {
        return Err(Error::scenario(at, "has no line", "write along = [[x, y], [x, y]]"));
    }
    if matches!((&change, &place), (Change::OneWay, Place::Street(_))) {
        let mend = "draw the direction with along, or name the links that stay";
        return Err(Error::scenario(key("street"), "does not say in which direction", mend));
    }
    Ok(Edit { name, place, change })
}
