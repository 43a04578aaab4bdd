//! Networks and trips as TransportationNetworks has them (TNTP).

use super::{Control, Link, MOST, Node, Reading, Roads, Way, look_like_degrees, undeclared};
use hanze_base::error::{Error, Result};
use std::path::Path;

/// Largest file that is read, bytes.
const MOST_BYTES: u64 = 1 << 30;

/// A link of a file, in the units of the file; nodes are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Node where it begins.
    pub from: u32,
    /// Node where it ends.
    pub to: u32,
    /// Capacity.
    pub capacity: f64,
    /// Length.
    pub length: f64,
    /// Time without others.
    pub free_time: f64,
    /// Factor of the delay.
    pub factor: f64,
    /// Power of the delay.
    pub power: f64,
    /// Toll.
    pub toll: f64,
}

/// A network of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Nodes; the first `zones` of them are where trips begin and end.
    pub nodes: usize,
    /// Zones.
    pub zones: usize,
    /// Nodes below this one carry no through traffic.
    pub first_through: usize,
    /// Links.
    pub links: Vec<Row>,
}

/// A file: its metadata, and the lines after it with their numbers.
struct File<'a> {
    path: &'a Path,
    text: String,
}

impl File<'_> {
    fn open(path: &Path) -> Result<File<'_>> {
        let size = std::fs::metadata(path).map_err(Error::io("reading", path))?.len();
        if size > MOST_BYTES {
            return Err(Error::data(path, format!("has {size} bytes"), "give a file of at most a gigabyte"));
        }
        let bytes = std::fs::read(path).map_err(Error::io("reading", path))?;
        Ok(File { path, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    fn bad(&self, line: usize, what: &str) -> Error {
        Error::data(self.path, format!("line {line}: {what}"), "give a file as TransportationNetworks has them")
    }

    /// A number of the metadata.
    fn meta(&self, name: &str) -> Result<usize> {
        let wanted = format!("<{name}>");
        let found =
            self.text.lines().enumerate().find_map(|(k, line)| Some((k + 1, line.trim().strip_prefix(&wanted)?)));
        let Some((line, value)) = found else {
            return Err(Error::data(
                self.path,
                format!("has no line <{name}>"),
                "give a file as TransportationNetworks has them",
            ));
        };
        let number = value.split_whitespace().next().and_then(|word| word.parse::<usize>().ok());
        number
            .filter(|number| *number <= MOST)
            .ok_or_else(|| self.bad(line, &format!("{name} is not a number up to {MOST}")))
    }

    /// Lines of the body: without metadata and comments.
    fn body(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(k, line)| (k + 1, line.trim()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['<', '~']))
    }
}

/// Reads a network as it is.
///
/// # Errors
/// `Data` with file and line for what is not understood.
pub fn rows(path: &Path) -> Result<Rows> {
    let file = File::open(path)?;
    let (zones, nodes) = (file.meta("NUMBER OF ZONES")?, file.meta("NUMBER OF NODES")?);
    let (through, count) = (file.meta("FIRST THRU NODE")?, file.meta("NUMBER OF LINKS")?);
    if zones > nodes {
        return Err(Error::data(path, format!("has {zones} zones and {nodes} nodes"), "fetch it again"));
    }
    let mut links = Vec::new();
    for (line, text) in file.body() {
        let words: Vec<&str> = text.trim_end_matches(';').split_whitespace().collect();
        if words.len() < 9 {
            return Err(file.bad(line, &format!("has {} of 10 values", words.len())));
        }
        let node = |k: usize| {
            let node = words[k].parse::<u32>().ok().and_then(|node| node.checked_sub(1));
            node.filter(|node| (*node as usize) < nodes)
                .ok_or_else(|| file.bad(line, &format!("\"{}\" is not a node", words[k])))
        };
        let number = |k: usize| {
            let number = words[k].parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| file.bad(line, &format!("\"{}\" is not a number", words[k])))
        };
        links.push(Row {
            from: node(0)?,
            to: node(1)?,
            capacity: number(2)?,
            length: number(3)?,
            free_time: number(4)?,
            factor: number(5)?,
            power: number(6)?,
            toll: number(8)?,
        });
    }
    if links.len() != count {
        let words = format!("has {} links, and says that there are {count}", links.len());
        return Err(Error::data(path, words, "fetch it again"));
    }
    Ok(Rows { nodes, zones, first_through: through.saturating_sub(1), links })
}

/// Reads a network with the places of its nodes, which lie in a file of their own. Times are taken for minutes.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Roads> {
    let rows = rows(path)?;
    let Some(nodes) = reading.nodes else {
        let mend = "name the file of its nodes (NAME_node.tntp) with network_nodes in [city]";
        return Err(Error::data(path, "does not say where its nodes lie", mend));
    };
    let places = places(nodes, rows.nodes, reading)?;
    let mut roads = Roads { centroids: rows.zones, first_through: rows.first_through, ..Roads::default() };
    roads.nodes = places.iter().enumerate().map(|(k, at)| Node { id: (k + 1).to_string(), at: *at }).collect();
    for (k, row) in rows.links.iter().enumerate() {
        let bad = |what: &str| {
            let name = format!("link {} from node {} to {}", k + 1, row.from + 1, row.to + 1);
            Error::data(path, format!("{name} has {what}"), "mend it, or leave the link out")
        };
        let numbers = [row.capacity, row.free_time, row.factor, row.power];
        if numbers.iter().any(|number| *number < 0.0) {
            return Err(bad("a number below 0"));
        }
        if row.capacity <= 0.0 {
            return Err(bad("no capacity"));
        }
        let line = vec![places[row.from as usize], places[row.to as usize]];
        // A link without time is as long as a step.
        let length = super::length(&line).max(1e-3);
        roads.links.push(Link {
            id: (k + 1).to_string(),
            name: String::new(),
            kind: "link".into(),
            from: row.from,
            to: row.to,
            line,
            length,
            lanes: 1.0,
            speed: (length / (60.0 * row.free_time)).min(1e6),
            capacity: row.capacity,
            factor: row.factor,
            power: row.power,
            modes: super::CAR | super::TRUCK,
            priority: 0,
            control: Control::Priority,
            roundabout: false,
        });
    }
    Ok(roads)
}

/// Where nodes lie: lines of number, x, y.
fn places(path: &Path, count: usize, reading: &Reading) -> Result<Vec<glam::DVec2>> {
    let file = File::open(path)?;
    let mut found: Vec<Option<(f64, f64)>> = vec![None; count];
    for (line, text) in file.body() {
        let words: Vec<&str> = text.trim_end_matches(';').split_whitespace().collect();
        if words.first().is_some_and(|word| word.eq_ignore_ascii_case("node")) {
            continue;
        }
        let node = words.first().and_then(|word| word.parse::<usize>().ok()).and_then(|node| node.checked_sub(1));
        let number = |k: usize| words.get(k)?.parse::<f64>().ok().filter(|number| number.is_finite());
        match (node.filter(|node| *node < count), number(1).zip(number(2))) {
            (Some(node), Some(at)) => found[node] = Some(at),
            _ => return Err(file.bad(line, "is not a node with its x and y")),
        }
    }
    if let Some(node) = found.iter().position(Option::is_none) {
        return Err(Error::data(path, format!("does not say where node {} lies", node + 1), "fetch it again"));
    }
    if reading.declared.is_none() && look_like_degrees(found.iter().flatten().copied()) {
        return Err(undeclared(path));
    }
    let way = Way::new(path, reading.declared, reading.crs)?;
    let place = |at: &(f64, f64)| {
        let mend = "write the plane of the network's region as epsg in [city]";
        way.to(*at).ok_or_else(|| Error::data(path, format!("({}, {}) cannot be where a node lies", at.0, at.1), mend))
    };
    found.iter().flatten().map(place).collect()
}

/// Reads trips between zones: from, to, how many.
///
/// # Errors
/// `Data` with file and line for what is not understood, and where the zones are not as many as the network's.
pub fn trips(path: &Path, zones: usize) -> Result<Vec<(u32, u32, f64)>> {
    let file = File::open(path)?;
    let own = file.meta("NUMBER OF ZONES")?;
    if own != zones {
        let words = format!("has {own} zones, and the network has {zones}");
        return Err(Error::data(path, words, "give trips and network of the same zones"));
    }
    let mut all = Vec::new();
    let mut from = None;
    for (line, text) in file.body() {
        if let Some(rest) = text.strip_prefix("Origin") {
            let zone =
                rest.trim().parse::<usize>().ok().and_then(|zone| zone.checked_sub(1)).filter(|zone| *zone < zones);
            from = Some(zone.ok_or_else(|| file.bad(line, "names no zone"))?);
            continue;
        }
        let Some(from) = from else { return Err(file.bad(line, "stands before the first Origin")) };
        for pair in text.split(';').filter(|pair| !pair.trim().is_empty()) {
            let parsed = pair.split_once(':').and_then(|(to, trips)| {
                Some((to.trim().parse::<usize>().ok()?.checked_sub(1)?, trips.trim().parse::<f64>().ok()?))
            });
            let Some((to, trips)) = parsed else {
                let shown: String = pair.trim().chars().take(40).collect();
                return Err(file.bad(line, &format!("\"{shown}\" is not a zone with its trips")));
            };
            if to >= zones {
                return Err(file.bad(line, &format!("has trips to zone {}, and there are {zones}", to + 1)));
            }
            if !trips.is_finite() || trips < 0.0 {
                return Err(file.bad(line, &format!("has {trips} trips to zone {}", to + 1)));
            }
            all.push((from as u32, to as u32, trips));
        }
    }
    Ok(all)
}
