//! Roads as lines of GeoJSON or GeoPackage: each a stretch between two ends, with columns as OpenStreetMap's tags or osmnx name them.

use super::street::{self, Filled, Leads, Street};
use super::{Control, MOST, Node, Reading, Roads, look_like_degrees, shown, undeclared};
use crate::city::read::{Line, Value, lines};
use crate::error::{Error, Result};
use glam::DVec2;
use std::collections::HashMap;
use std::path::Path;

/// Ends that lie so near each other are one junction, m.
const SAME: f64 = 0.5;

/// What is read of a line: for each the columns that may hold it, the best first.
const COLUMNS: [&[&str]; 11] = [
    &["highway", "kind", "wegtype", "type", "class", "fclass"],
    &["name", "naam", "straatnaam", "stt_naam", "ref"],
    &["oneway", "eenrichting"],
    &["lanes", "rijstroken"],
    &["maxspeed", "speed_kmh", "max_speed", "snelheid", "avgspeed"],
    &["capacity", "capaciteit"],
    &["id", "rfid", "fid", "wvk_id", "osmid"],
    &["junction"],
    &["lanes:forward", "lanes_forward"],
    &["lanes:backward", "lanes_backward"],
    &["control", "verkeersregeling"],
];

/// Reads roads.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Roads> {
    let columns: Vec<&str> = COLUMNS.concat();
    let (lines, is_placed) = lines(path, reading.crs, reading.declared, &columns)?;
    let points = lines.iter().flat_map(|line| &line.points).map(|at| (at.x, at.y));
    if !is_placed && look_like_degrees(points) {
        return Err(undeclared(path));
    }
    if lines.is_empty() {
        return Err(Error::data(path, "holds no lines", "give roads as lines along their middle"));
    }
    if lines.len() > MOST {
        return Err(Error::data(path, format!("holds more than {MOST} lines"), "cut it to the city"));
    }
    let mut roads = Roads::default();
    let mut filled = Filled::default();
    // Nodes by the cell that they lie in.
    let mut cells: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
    let mut short = 0;
    for line in &lines {
        if line.points.len() < 2 {
            short += 1;
            continue;
        }
        let mut end = |at: DVec2| -> u32 {
            let cell = ((at.x / SAME).floor() as i64, (at.y / SAME).floor() as i64);
            let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (cell.0 + dx, cell.1 + dy)));
            let near = near.filter_map(|cell| cells.get(&cell)).flatten();
            let away = |node: u32| roads.nodes[node as usize].at.distance(at);
            let found = near.copied().filter(|node| away(*node) <= SAME);
            if let Some(found) = found.min_by(|a, b| away(*a).total_cmp(&away(*b)).then(a.cmp(b))) {
                return found;
            }
            let node = roads.nodes.len() as u32;
            roads.nodes.push(Node { id: (node + 1).to_string(), at });
            cells.entry(cell).or_default().push(node);
            node
        };
        let ends = [end(line.points[0]), end(line.points[line.points.len() - 1])];
        let street = street_of(path, line, ends)?;
        roads.links.extend(street::links(&street, reading.rules, &mut filled));
    }
    if short > 0 {
        roads.repairs.push(format!("{short} lines with fewer than two points are left out"));
    }
    roads.repairs.extend(filled.words(&reading.rules.source_name()));
    Ok(roads)
}

fn street_of(path: &Path, line: &Line, ends: [u32; 2]) -> Result<Street> {
    let (mut first, mut found) = (0, Vec::with_capacity(COLUMNS.len()));
    for names in COLUMNS {
        found.push(line.values[first..first + names.len()].iter().flatten().next());
        first += names.len();
    }
    // Where stretches were joined there is a list of words: the first counts.
    let text = |k: usize| match found[k] {
        Some(Value::Text(text)) => {
            let word = text.trim_start_matches('[').split([',', ']']).next().unwrap_or_default();
            Some(word.trim().trim_matches(['\'', '"']).to_string()).filter(|text| !text.is_empty())
        }
        Some(Value::Number(number)) => Some(number.to_string()),
        None => None,
    };
    let bad = |what: String| {
        Error::data(path, format!("feature {}: {what}", line.number), "mend it, or leave the column empty")
    };
    let capacity = match text(5) {
        None => None,
        Some(words) => {
            let number = words.parse::<f64>().ok().filter(|number| (1.0..1e6).contains(number));
            Some(number.ok_or_else(|| bad(format!("has the capacity {}", shown(&words))))?)
        }
    };
    let lanes = match (text(3), found[3]) {
        // Of a list the smallest.
        (_, Some(Value::Text(all))) => street::lanes(all),
        (Some(words), _) => match words.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Some(number).filter(|number| *number >= 0.5),
            _ => return Err(bad(format!("has {} lanes", shown(&words)))),
        },
        (None, _) => None,
    };
    let leads = match found[2] {
        Some(Value::Number(number)) if *number < 0.0 => Leads::Back,
        Some(Value::Number(number)) if *number > 0.0 => Leads::There,
        Some(Value::Number(_)) => Leads::Both,
        _ => text(2).map_or(Leads::Unknown, |words| street::leads(&words)),
    };
    // Lights at both ends, where they are said to be.
    let control = match text(10).as_deref() {
        Some("signal" | "traffic_signals" | "verkeerslichten") => Control::Signal,
        _ => Control::Unknown,
    };
    Ok(Street {
        id: text(6).map_or_else(|| line.number.to_string(), |id| shown(&id)),
        name: text(1).map(|name| shown(&name)).unwrap_or_default(),
        kind: text(0).unwrap_or_else(|| "unclassified".into()),
        ends,
        line: line.points.clone(),
        leads,
        lanes,
        lanes_each: [8, 9].map(|k| text(k).and_then(|words| street::lanes(&words))),
        speed_kmh: text(4).and_then(|words| street::speed(&words)),
        capacity,
        controls: [control; 2],
        roundabout: text(7).is_some_and(|kind| kind == "roundabout" || kind == "circular"),
        ..Street::default()
    })
}
