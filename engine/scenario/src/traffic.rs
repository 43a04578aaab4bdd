//! The traffic model's part of a scenario.

use super::Scenario;
use super::files::FileRef;
use super::numbers::{FARTHEST, defaults};
use super::sections::{Kind, Reads, Section};
use super::spec::CitySpec;
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_city::roads::rules::mode_of;
use hanze_city::roads::{CAR, Change, Edit, Place, TRUCK};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

defaults! {
    rules: FileRef = FileRef("roads-nl".into());
    start: String = "17:00".into();
    gap: f64 = 1e-5;
    junctions: bool = true;
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
        Reads { standing: true, network: true, flat: true, road_rules, ..Reads::default() }
    }

    fn check(&self, scenario: &Scenario) -> Result<()> {
        scenario.check_traffic(self)
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
}

/// Whether every vehicle moves, and how.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum MotionKey {
    /// `true`: as is usual.
    Flag(bool),
    /// With choices of one's own.
    Spec(MotionSpec),
}

// By hand, as an untagged enum would forget which key is wrong, and where it stands.
impl<'de> Deserialize<'de> for MotionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<MotionKey, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = MotionKey;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("true, or a table of choices")
            }

            fn visit_bool<E: serde::de::Error>(self, moves: bool) -> std::result::Result<MotionKey, E> {
                Ok(MotionKey::Flag(moves))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<MotionKey, A::Error> {
                MotionSpec::deserialize(MapAccessDeserializer::new(map)).map(MotionKey::Spec)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// How vehicles move.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MotionSpec {
    /// Files of SUMO that tell of vehicles, kinds, stops and lights (.rou.xml, .add.xml), for a network of SUMO; routes of an equilibrium
    /// if left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    /// Time step, s.
    #[schemars(range(min = 0.05, max = 0.5))]
    pub step_s: f64,
    /// Minutes before the beginning in which the streets fill.
    #[schemars(range(min = 0.0, max = 120.0))]
    pub warm_up_minutes: f64,
    /// Another number gives another day of the same demand.
    #[schemars(range(min = 0, max = u32::MAX))]
    pub seed: u32,
    /// Share of the drivers of cars and trucks who look for a faster route on their way, 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub reroute_share: f64,
    /// Minutes between two looks for other routes.
    #[schemars(range(min = 1.0, max = 1440.0))]
    pub reroute_minutes: f64,
    /// Roads that are closed for a part of the time, against today; none if left out. Who is on such a road leaves it at its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closure: Vec<ClosureSpec>,
    /// Mean wind over the year, m/s, for nitrogen dioxide.
    #[schemars(range(min = 0.5, max = 20.0))]
    pub wind_m_per_s: f64,
    /// Ozone in the background, µg/m³.
    #[schemars(range(min = 0.0, max = 300.0))]
    pub ozone_ug_per_m3: f64,
    /// Share of nitrogen oxides that leaves the exhaust as dioxide.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub no2_share: f64,
    /// Surface of the roads for noise: DEF (the reference), or a Dutch one from NL01 to NL14.
    pub surface: String,
}

impl Default for MotionSpec {
    fn default() -> MotionSpec {
        MotionSpec {
            files: Vec::new(),
            step_s: 0.5,
            warm_up_minutes: 10.0,
            seed: 1,
            reroute_share: 0.0,
            reroute_minutes: 5.0,
            closure: Vec::new(),
            wind_m_per_s: 4.0,
            ozone_ug_per_m3: 45.0,
            no2_share: 0.2,
            surface: "DEF".into(),
        }
    }
}

/// A road that is closed for a while. Which one: one of `links`, `along` and `street`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosureSpec {
    /// What it is called.
    pub name: String,
    /// Names of links; the only way where `files` tell of the vehicles. Left out beside `along` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along the road, [[x, y], …] in m. Left out beside `links` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(inner(range(min = -FARTHEST, max = FARTHEST))))]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of the street. Left out beside `links` or `along`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// When it begins and ends, whole minutes from the beginning.
    #[schemars(range(min = 0.0, max = 2880.0))]
    pub from_minute: f64,
    /// When it ends.
    #[schemars(range(min = 1.0, max = 1e6))]
    pub until_minute: f64,
}

/// Whether rules of this name come with the program.
pub fn is_rules(name: &str) -> bool {
    hanze_city::roads::rules::SHIPPED.iter().any(|(shipped, _)| *shipped == name)
}

/// Who travels: a table of trips, or zones with residents and jobs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DemandSpec {
    /// Trips between zones: a CSV file with the columns from, to, trips and, where it has any, class (car, truck, cycle), or a TNTP file
    /// for a network of TNTP. Those of zones with residents and jobs if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trips: Option<FileRef>,
    /// Whether those are the trips of an hour or of a day, which the rules then spread over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = TripsPer::Hour))]
    pub trips_per: Option<TripsPer>,
    /// Zones: polygons (.geojson, .shp, .gpkg) with columns of residents and jobs. The demo city's own neighbourhoods, cut in squares,
    /// if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<FileRef>,
    /// Column of residents in `zones`; one of the usual names if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residents: Option<String>,
    /// Column of jobs in `zones`; one of the usual names if left out. Without one residents stand for jobs, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<String>,
    /// Side of the squares that serve as zones where there are only buildings, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 50.0, max = 10_000.0), extend("default" = DemandSpec::ZONE))]
    pub zone_m: Option<f64>,
    /// Trips an hour that begin at every building of the network's map, where nothing else is known; none if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub trips_per_building: Option<f64>,
    /// Trips of a day that come in on a main road of one lane where the network ends, and as many that go out; none if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub gate_trips: Option<f64>,
    /// All trips times a number.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub factor: f64,
}

impl Default for DemandSpec {
    fn default() -> DemandSpec {
        DemandSpec {
            trips: None,
            trips_per: None,
            zones: None,
            residents: None,
            jobs: None,
            zone_m: None,
            trips_per_building: None,
            gate_trips: None,
            factor: 1.0,
        }
    }
}

impl DemandSpec {
    /// Side of the squares that serve as zones, m.
    pub const ZONE: f64 = 400.0;
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
    /// Names of links, as the table of links has them; two that meet for a ban. Left out beside `along` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along the road, [[x, y], …], m; that of a new road; or three points before, on and behind a junction for a ban.
    /// Left out beside `links` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(inner(range(min = -FARTHEST, max = FARTHEST))))]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of a street. Left out beside `links` or `along`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The line to which a road is moved, [[x, y], …], m. Left out of other actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(inner(range(min = -FARTHEST, max = FARTHEST))))]
    pub to: Option<Vec<[f64; 2]>>,
    /// Kind of a new road, as the rules name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = EditSpec::KIND))]
    pub kind: Option<String>,
    /// Lanes in each direction; those of its kind if left out of a new road.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 12.0))]
    pub lanes: Option<f64>,
    /// Speed limit, km/h; that of its kind if left out of a new road.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 200.0))]
    pub speed_kmh: Option<f64>,
    /// What a capacity is multiplied with; only of a change of capacity, and left out of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub factor: Option<f64>,
    /// Whether a new road leads only in the direction of its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub one_way: Option<bool>,
    /// For whom a road is closed, or a new one open: car, truck, cycle. Cars and trucks if left out of a closure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<String>>,
}

impl EditSpec {
    /// Kind of a new road.
    pub const KIND: &str = "distributor";
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
    /// Names of links. Left out beside `along` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// A line along them, or a short one across, [[x, y], …], m. Left out beside `links` or `street`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(inner(range(min = -FARTHEST, max = FARTHEST))))]
    pub along: Option<Vec<[f64; 2]>>,
    /// Name of a street. Left out beside `links` or `along`.
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

defaults! {
    mode: String = "car".into();
    minutes: Vec<f64> = vec![6.0, 8.0];
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
        let ms = 1000.0 * spec.step_s;
        if (ms - ms.round()).abs() > 1e-6 || 60_000 % (ms.round() as u64) != 0 {
            let mend = "write 0.5, 0.25, 0.2 or 0.1";
            return Err(Error::scenario(at("step_s"), "does not divide a minute into whole milliseconds", mend));
        }
        let whole = |key: &str, minutes: f64| {
            let mend = "write whole minutes";
            if minutes.fract() == 0.0 { Ok(()) } else { Err(Error::scenario(key, "is counted by minutes here", mend)) }
        };
        whole(&at("warm_up_minutes"), spec.warm_up_minutes)?;
        let end = self.end_minutes();
        whole("traffic.end_minutes", end)?;
        whole("traffic.frame_minutes", self.frame_minutes().unwrap_or(end))?;
        whole(&at("reroute_minutes"), spec.reroute_minutes)?;
        for (k, closure) in spec.closure.iter().enumerate() {
            let at = |key: &str| format!("traffic.motion.closure[{k}].{key}");
            whole(&at("from_minute"), closure.from_minute)?;
            whole(&at("until_minute"), closure.until_minute)?;
            if closure.from_minute > end {
                let problem = format!("{} is behind the end, {end}", closure.from_minute);
                return Err(Error::scenario(at("from_minute"), problem, "write an earlier minute"));
            }
            if closure.until_minute <= closure.from_minute {
                let mend = "write a later minute than from_minute";
                return Err(Error::scenario(at("until_minute"), "is not behind from_minute", mend));
            }
        }
        self.closures(spec)?;
        let known = |name: &str| name == "DEF" || (1..=14).any(|k| name == format!("NL{k:02}"));
        if let Some(surface) = Some(spec.surface.as_str()).filter(|name| !known(name)) {
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

    fn check_traffic(&self, traffic: &TrafficSpec) -> Result<()> {
        let Some(start) = traffic.hour() else {
            return Err(Error::scenario("traffic.start", "is not a time of the day", "write it as 07:30"));
        };
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
            if reach.mode != "car" && reach.mode != "cycle" {
                return Err(Error::scenario(at("mode"), "is neither car nor cycle", "write one of them"));
            }
            if reach.minutes.len() > 10 {
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
            kind: spec.kind.clone().unwrap_or_else(|| EditSpec::KIND.into()),
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
