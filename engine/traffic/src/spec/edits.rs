//! Roads that change and roads that are looked at: keys of `[[traffic.edit]]` and `[[traffic.select_link]]`.

use super::TrafficSpec;
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_city::roads::rules::mode_of;
use hanze_city::roads::{CAR, Change, Edit, Place, TRUCK};
use hanze_scenario::keys::FARTHEST;
use hanze_scenario::slug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Points of a line.
const MOST_POINTS: usize = 10_000;

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

impl TrafficSpec {
    /// The edits on the roads.
    ///
    /// # Errors
    /// `Scenario` for keys that do not fit.
    pub fn edits(&self) -> Result<Vec<Edit>> {
        let edits = self.edit.iter().enumerate();
        edits.map(|(k, edit)| edit_of(&format!("traffic.edit[{k}]"), edit)).collect()
    }

    /// The roads of which it is told who uses them: names and places.
    ///
    /// # Errors
    /// `Scenario` for keys that do not fit.
    pub fn selected(&self) -> Result<Vec<(String, Place)>> {
        let of = |(k, spec): (usize, &SelectSpec)| {
            let at = format!("traffic.select_link[{k}]");
            let mut others = self.select_link.iter().take(k);
            if others.any(|other| slug(&other.name) == slug(&spec.name)) {
                return Err(Error::scenario(
                    format!("{at}.name"),
                    "is that of another one in the name of its layer",
                    "give each a name of its own",
                ));
            }
            Ok((named(&at, &spec.name)?, place(&at, &spec.links, &spec.along, &spec.street)?))
        };
        self.select_link.iter().enumerate().map(of).collect()
    }
}

/// A name that is neither empty nor long.
pub(super) fn named(at: &str, name: &str) -> Result<String> {
    let count = name.chars().count();
    if name.trim().is_empty() || count > 100 {
        return Err(Error::scenario(format!("{at}.name"), format!("has {count} letters"), "write 1 to 100"));
    }
    Ok(name.to_string())
}

/// A line of at least two points.
fn line(at: &str, points: &[[f64; 2]]) -> Result<Vec<DVec2>> {
    if !(2..=MOST_POINTS).contains(&points.len()) {
        let problem = format!("has {} points", points.len());
        return Err(Error::scenario(at, problem, format!("write 2 to {MOST_POINTS}: [[x, y], [x, y]]")));
    }
    Ok(points.iter().map(|point| DVec2::from_array(*point)).collect())
}

/// The place that one of three keys gives.
pub(super) fn place(
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

/// An edit as its keys have it.
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
