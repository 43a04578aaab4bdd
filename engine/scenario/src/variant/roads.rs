//! Edits of roads.

use super::names::street_of_network;
use super::shapes::Kind;
use super::spec::{ActionName, EditSpec};
use crate::files::FileRef;
use hanze_base::error::{Error, Result};
use hanze_city::City;
use hanze_city::edit::{RoadEdit, Shape};
use hanze_city::roads::rules::mode_of;
use hanze_city::roads::{CAR, Change, Place, TRUCK};
use std::path::PathBuf;

/// Links that an edit names at most.
const MOST_LINKS: usize = 10_000;
/// Speed of a cycle street where none is written, km/h.
const CYCLE_STREET: f64 = 30.0;

/// The edit of roads that keys declare.
pub(super) fn road(spec: &EditSpec, city: &City, path: &dyn Fn(&FileRef) -> PathBuf) -> Result<RoadEdit> {
    use ActionName::*;
    let missing = |key: &str, mend: &str| Error::scenario(key, "is missing", mend);
    let action = spec.action.ok_or_else(|| missing("action", "write action = \"close\", or another one"))?;
    let idle = [
        ("to", spec.to.is_some(), action == Move),
        ("kind", spec.kind.is_some(), action == Add),
        ("lanes", spec.lanes.is_some(), matches!(action, Add | Lanes)),
        ("speed_kmh", spec.speed_kmh.is_some(), matches!(action, Add | Speed | Limit | CycleStreet)),
        ("factor", spec.factor.is_some(), action == Capacity),
        ("one_way", spec.one_way.is_some(), action == Add),
        ("modes", spec.modes.is_some(), matches!(action, Add | Close)),
        ("hours", spec.hours.is_some(), matches!(action, Close | BusOnly)),
    ];
    if let Some((idle, ..)) = idle.into_iter().find(|(_, given, wanted)| *given && !wanted) {
        return Err(Error::scenario(idle, "does nothing with this action", "leave it out"));
    }
    let place = place(spec, city, path)?;
    let modes = modes(spec)?;
    let number = |key: &str, value: Option<f64>| value.ok_or_else(|| missing(key, "write a number"));
    let change = match action {
        Close => Change::Close(modes.unwrap_or(CAR | TRUCK)),
        BusOnly => Change::Close(CAR | TRUCK),
        Lanes => Change::Lanes(number("lanes", spec.lanes)?),
        Speed => Change::Speed(number("speed_kmh", spec.speed_kmh)? / 3.6),
        Limit => Change::Limit(number("speed_kmh", spec.speed_kmh)? / 3.6),
        CycleStreet => Change::CycleStreet(spec.speed_kmh.unwrap_or(CYCLE_STREET) / 3.6),
        Capacity => Change::Capacity(number("factor", spec.factor)?),
        OneWay => Change::OneWay,
        BothWays => Change::BothWays,
        BanTurn => Change::Ban,
        Move => {
            let to = spec.to.as_ref().ok_or_else(|| missing("to", "write the new line, [[x, y], [x, y]]"))?;
            let Shape::Line(line) = to.shape("to", Kind::Line, &city.grid, path)? else {
                return Err(missing("to", "write the new line, [[x, y], [x, y]]"));
            };
            Change::Move(line)
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
        return Err(Error::scenario("action", "adds a road without a line", "write line = [[x, y], [x, y]]"));
    }
    if matches!((&change, &place), (Change::OneWay, Place::Street(_) | Place::Within(_))) {
        let mend = "draw the direction with line, or name the links that stay";
        return Err(Error::scenario("action", "does not say in which direction", mend));
    }
    match (&spec.hours, change) {
        (Some([from, until]), Change::Close(modes)) => {
            let unread = || Error::scenario("hours", "are no times of a day", "write them as [\"07:00\", \"09:30\"]");
            let hours = [hour(from).ok_or_else(unread)?, hour(until).ok_or_else(unread)?];
            Ok(RoadEdit::AtHours { place, modes, hours })
        }
        (_, change) => Ok(RoadEdit::Change { place, change }),
    }
}

fn modes(spec: &EditSpec) -> Result<Option<u8>> {
    let Some(names) = &spec.modes else { return Ok(None) };
    let bits = names.iter().try_fold(0, |all, name| mode_of(name).map(|mode| all | mode));
    let mend = "write some of \"car\", \"truck\" and \"cycle\"";
    bits.filter(|bits| *bits != 0).map(Some).ok_or_else(|| Error::scenario("modes", "are not known", mend))
}

/// Where roads are edited.
fn place(spec: &EditSpec, city: &City, path: &dyn Fn(&FileRef) -> PathBuf) -> Result<Place> {
    let grid = &city.grid;
    match (&spec.links, &spec.line, &spec.street, &spec.area) {
        (Some(names), None, None, None) if (1..=MOST_LINKS).contains(&names.len()) => Ok(Place::Links(names.clone())),
        (None, Some(line), None, None) => match line.shape("line", Kind::Line, grid, path)? {
            Shape::Line(line) => Ok(Place::Along(line)),
            _ => Err(Error::scenario("line", "is no line", "write [[x, y], [x, y]]")),
        },
        (None, None, Some(name), None) => {
            street_of_network(city, name)?;
            Ok(Place::Street(name.clone()))
        }
        (None, None, None, Some(area)) => match area.shape("area", Kind::Area, grid, path)? {
            Shape::Area(outline) => Ok(Place::Within(outline)),
            _ => Err(Error::scenario("area", "is no area", "write [[x, y], [x, y], [x, y]]")),
        },
        _ => {
            let mend = "write one of links = [\"NAME\"], line = [[x, y], [x, y]], street = \"NAME\" and area";
            Err(Error::scenario("", "does not say which roads", mend))
        }
    }
}

/// A time of the day, h.
fn hour(text: &str) -> Option<f64> {
    let (hours, minutes) = text.split_once(':')?;
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let hour = hours + minutes / 60.0;
    (minutes < 60.0 && hour <= 24.0).then_some(hour)
}
