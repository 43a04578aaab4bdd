//! How vehicles move: keys of `[traffic.motion]`.

use super::TrafficSpec;
use super::edits::{named, place};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Crs;
use hanze_city::roads::lanes::{Extras, Lanes, extras};
use hanze_city::roads::{Place, Reading, lanes_of};
use hanze_scenario::keys::FARTHEST;
use hanze_scenario::{FileRef, Scenario};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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

impl MotionSpec {
    /// Names and places of the roads that are closed for a while.
    ///
    /// # Errors
    /// The key that does not say which.
    pub fn closures(&self) -> Result<Vec<(String, Place)>> {
        let of = |(k, own): (usize, &ClosureSpec)| {
            let at = format!("traffic.motion.closure[{k}]");
            let found = (named(&at, &own.name)?, place(&at, &own.links, &own.along, &own.street)?);
            if !self.files.is_empty() && !matches!(found.1, Place::Links(_)) {
                let mend = "name its edges: links = [\"EDGE\"]";
                return Err(Error::scenario(at, "is told by its place, which vehicles of files do not know", mend));
            }
            Ok(found)
        };
        self.closure.iter().enumerate().map(of).collect()
    }

    /// What the files that tell of vehicles hold.
    ///
    /// # Errors
    /// `Io` or `Data` with the file and the line.
    pub fn read_files(&self, scenario: &Scenario) -> Result<Vec<Extras>> {
        let one =
            |(k, name): (usize, &FileRef)| extras(&scenario.existing_at(&format!("traffic.motion.files[{k}]"), name)?);
        self.files.iter().enumerate().map(one).collect()
    }

    /// Whether vehicles can move so.
    pub(super) fn check(&self, traffic: &TrafficSpec, scenario: &Scenario) -> Result<()> {
        let at = |key: &str| format!("traffic.motion.{key}");
        let ms = 1000.0 * self.step_s;
        if (ms - ms.round()).abs() > 1e-6 || 60_000 % (ms.round() as u64) != 0 {
            let mend = "write 0.5, 0.25, 0.2 or 0.1";
            return Err(Error::scenario(at("step_s"), "does not divide a minute into whole milliseconds", mend));
        }
        let whole = |key: &str, minutes: f64| {
            let mend = "write whole minutes";
            if minutes.fract() == 0.0 { Ok(()) } else { Err(Error::scenario(key, "is counted by minutes here", mend)) }
        };
        whole(&at("warm_up_minutes"), self.warm_up_minutes)?;
        let end = traffic.end_minutes;
        whole("traffic.end_minutes", end)?;
        whole("traffic.frame_minutes", traffic.frame_minutes.unwrap_or(end))?;
        whole(&at("reroute_minutes"), self.reroute_minutes)?;
        for (k, closure) in self.closure.iter().enumerate() {
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
        self.closures()?;
        let known = |name: &str| name == "DEF" || (1..=14).any(|k| name == format!("NL{k:02}"));
        if let Some(surface) = Some(self.surface.as_str()).filter(|name| !known(name)) {
            let problem = format!("\"{}\" is not a surface", surface.chars().take(20).collect::<String>());
            return Err(Error::scenario(at("surface"), problem, "write DEF, or NL01 to NL14"));
        }
        let network = scenario.spec.city.network.as_deref().unwrap_or_default();
        let is_sumo = network.ends_with(".net.xml") || network.ends_with(".net.xml.gz");
        if !self.files.is_empty() && !is_sumo {
            let mend = "name a network of SUMO (.net.xml) as network in [city], or leave files out";
            return Err(Error::scenario(at("files"), "tell of vehicles on a network of SUMO, and there is none", mend));
        }
        let idle = !traffic.edit.is_empty() || !traffic.select_link.is_empty() || !traffic.reach.is_empty();
        if !self.files.is_empty() && idle {
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

/// The lanes of a network of SUMO, in the city's plane.
///
/// # Errors
/// `Io` or `Data` where the file cannot be read.
pub(crate) fn lanes(scenario: &Scenario, crs: Crs) -> Result<Lanes> {
    let missing = || Error::scenario("city.network", "is missing", "name a network of SUMO");
    let name = scenario.spec.city.network.as_ref().ok_or_else(missing)?;
    let rules = scenario.rules()?;
    let reading = Reading { crs, declared: scenario.spec.city.network_epsg, nodes: None, rules: &rules };
    lanes_of(&scenario.existing_at("city.network", name)?, &reading)
}
