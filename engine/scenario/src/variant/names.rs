//! Names that stand for shapes: of streets, neighbourhoods and buildings.

use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::outline::Outline;
use hanze_base::places::{Place, carriageway};
use hanze_city::City;
use hanze_city::roads::{Link, distance};

/// Stretches of one street lie no further apart, m.
const APART: f64 = 60.0;
/// Width of a lane, m.
const LANE: f64 = 3.2;
/// Names that an error lists.
const LISTED: usize = 5;
/// Stretches of a name that are looked at, and points of each.
const MOST_PIECES: usize = 3000;
const MOST_POINTS: usize = 32;

/// The outline of a building.
pub(super) fn building(city: &City, name: &str) -> Result<Outline> {
    of_list("building", "building", &city.places.buildings, name)
}

/// The outline of a neighbourhood.
pub(super) fn neighbourhood(city: &City, name: &str) -> Result<Outline> {
    of_list("neighbourhood", "neighbourhood", &city.places.areas, name)
}

/// The outline of a thing of a list by its name; capitals do not matter where only one has it.
fn of_list(key: &str, kind: &str, places: &[Place], name: &str) -> Result<Outline> {
    let exact: Vec<&Place> = places.iter().filter(|place| place.name == name).collect();
    let found = match exact.len() {
        0 => places.iter().filter(|place| place.name.to_lowercase() == name.trim().to_lowercase()).collect(),
        _ => exact,
    };
    match &found[..] {
        [one] => Ok(one.outline.clone()),
        [] => Err(unknown(key, kind, name, places.iter().map(|place| place.name.as_str()))),
        several => {
            let at: Vec<String> =
                several.iter().filter_map(|place| place.outline.middle()).take(LISTED).map(at).collect();
            let problem = format!("{} {kind}s are called \"{}\": at {}", several.len(), shown(name), at.join(", "));
            Err(Error::scenario(key, problem, "draw the one that is meant with area or points"))
        }
    }
}

/// The carriageway of a street: of the stretch with that id, or of all stretches with that name.
pub(super) fn street(city: &City, name: &str) -> Result<Outline> {
    let links = city.network.iter().flat_map(|roads| &roads.links);
    let places = &city.places.roads;
    let same = |other: &str| other.to_lowercase() == name.trim().to_lowercase();
    // An id is one stretch, in both directions.
    if let Some(place) = places.iter().find(|place| place.name == name)
        && places.iter().filter(|other| other.name == name).count() == 1
    {
        return Ok(place.outline.clone());
    }
    let with_id: Vec<&Link> = links.clone().filter(|link| link.id == name).collect();
    if let [link] = with_id[..] {
        return Ok(carriageway(&link.line, half(link)));
    }
    let named: Vec<&Place> = places.iter().filter(|place| same(&place.name)).collect();
    if !named.is_empty() {
        let rings = named.iter().map(|place| place.outline.polygons.iter().flatten().flatten().copied().collect());
        let pieces: Vec<Vec<DVec2>> = rings.collect();
        several("street", name, &pieces, &[])?;
        let polygons = named.iter().flat_map(|place| place.outline.polygons.clone()).collect();
        return Ok(Outline { polygons }.simplified(false));
    }
    let named: Vec<&Link> = links.clone().filter(|link| same(&link.name)).collect();
    if named.is_empty() {
        let all = places.iter().map(|place| place.name.as_str()).chain(links.map(|link| link.name.as_str()));
        return Err(unknown("street", "street", name, all));
    }
    one_road(&named, name)?;
    let polygons = named.iter().flat_map(|link| carriageway(&link.line, half(link)).polygons).collect();
    Ok(Outline { polygons }.simplified(false))
}

/// Checks that a name is that of one street of the network, whose links may be called by it.
pub(super) fn street_of_network(city: &City, name: &str) -> Result<()> {
    let Some(roads) = &city.network else { return Ok(()) };
    let named: Vec<&Link> = roads.links.iter().filter(|link| link.name.eq_ignore_ascii_case(name)).collect();
    if named.is_empty() {
        return Err(unknown("street", "street", name, roads.links.iter().map(|link| link.name.as_str())));
    }
    one_road(&named, name)
}

fn one_road(named: &[&Link], name: &str) -> Result<()> {
    let pieces: Vec<Vec<DVec2>> = named.iter().map(|link| link.line.clone()).collect();
    let ids: Vec<&str> = named.iter().map(|link| link.id.as_str()).collect();
    several("street", name, &pieces, &ids)
}

/// Refuses a name that roads bear that do not meet.
fn several(key: &str, name: &str, pieces: &[Vec<DVec2>], ids: &[&str]) -> Result<()> {
    if pieces.len() > MOST_PIECES {
        let problem = format!("\"{}\" is the name of {} stretches of road", shown(name), pieces.len());
        return Err(Error::scenario(key, problem, "draw the part that is meant with line or area"));
    }
    let roads = groups(pieces);
    if roads.len() < 2 {
        return Ok(());
    }
    let of = |road: &Vec<usize>| {
        let first = road[0];
        let place = pieces[first].get(pieces[first].len() / 2).copied().map(at).unwrap_or_default();
        match ids.get(first) {
            Some(id) => format!("{} at {place}", shown(id)),
            None => place,
        }
    };
    let listed: Vec<String> = roads.iter().take(LISTED).map(of).collect();
    let problem = format!("{} roads bear the name \"{}\": {}", roads.len(), shown(name), listed.join(", "));
    Err(Error::scenario(key, problem, "write the id of the one that is meant, or draw it with line or area"))
}

/// Lines that lie near each other, directly or by others.
fn groups(pieces: &[Vec<DVec2>]) -> Vec<Vec<usize>> {
    let thinned = |line: &Vec<DVec2>| {
        let step = line.len().div_ceil(MOST_POINTS).max(1);
        let mut points: Vec<DVec2> = line.iter().copied().step_by(step).collect();
        points.extend(line.last());
        points
    };
    let lines: Vec<Vec<DVec2>> = pieces.iter().map(thinned).collect();
    let boxes: Vec<(DVec2, DVec2)> = lines
        .iter()
        .map(|line| {
            let start = (DVec2::INFINITY, DVec2::NEG_INFINITY);
            line.iter().fold(start, |(low, high), at| (low.min(*at), high.max(*at)))
        })
        .collect();
    let is_near = |a: usize, b: usize| {
        let ((low, high), (from, to)) = (boxes[a], boxes[b]);
        let apart = (from - high).max(low - to).max_element();
        apart <= APART && lines[a].iter().any(|point| distance(&lines[b], *point).0 <= APART)
    };
    let mut left: Vec<usize> = (0..lines.len()).collect();
    let mut groups = Vec::new();
    while let Some(first) = left.first().copied() {
        left.remove(0);
        let mut group = vec![first];
        let mut next = 0;
        while next < group.len() {
            let own = group[next];
            let (near, far): (Vec<usize>, Vec<usize>) =
                left.into_iter().partition(|other| is_near(own, *other) || is_near(*other, own));
            group.extend(near);
            left = far;
            next += 1;
        }
        groups.push(group);
    }
    groups
}

/// The error of a name that nothing has, with those that are nearest to it.
pub(super) fn unknown<'a>(key: &str, kind: &str, name: &str, all: impl Iterator<Item = &'a str>) -> Error {
    let wanted = name.trim().to_lowercase();
    let mut names: Vec<&str> = all.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let mut near: Vec<(usize, &str)> = names.iter().map(|own| (steps(&wanted, &own.to_lowercase()), *own)).collect();
    near.sort();
    let problem = format!("there is no {kind} \"{}\"", shown(name));
    let listed: Vec<String> = near.iter().take(3).map(|(_, own)| format!("\"{}\"", shown(own))).collect();
    let mend = match listed.is_empty() {
        true => format!("the city knows no {kind} by its name: draw it"),
        false => format!("the nearest names are {}", listed.join(", ")),
    };
    Error::scenario(key, problem, mend)
}

/// Letters that are put in, left out or changed from one word to another; only the first 40 count.
fn steps(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (k, letter) in from.chars().take(40).enumerate() {
        let mut before = row[0];
        row[0] = k + 1;
        for (n, other) in to.iter().enumerate() {
            let change = before + usize::from(letter != *other);
            before = row[n + 1];
            row[n + 1] = change.min(row[n] + 1).min(before + 1);
        }
    }
    row[to.len()]
}

fn half(link: &Link) -> f64 {
    // A lane at least, and one for the other direction on the other side of the middle line.
    LANE * link.lanes.clamp(1.0, 12.0)
}

fn at(place: DVec2) -> String {
    format!("({:.0}, {:.0})", place.x, place.y)
}

/// Text from outside, short.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
