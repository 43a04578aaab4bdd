//! Networks and trips as TransportationNetworks has them (TNTP).

use super::demand::Demand;
use super::network::{Link, Network};
use crate::error::{Error, Result};
use std::path::Path;

/// Largest file that is read, bytes.
const MOST_BYTES: u64 = 1 << 30;
/// Zones and nodes at most.
const MOST: usize = 5_000_000;

/// What a unit of a link's length and toll costs, in the network's unit of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weights {
    /// Of a unit of length.
    pub length: f64,
    /// Of a unit of toll.
    pub toll: f64,
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
            .ok_or_else(|| self.bad(line, &format!("{name} is no number up to {MOST}")))
    }

    /// Lines of the body: without metadata and comments.
    fn body(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(k, line)| (k + 1, line.trim()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['<', '~']))
    }
}

/// Reads a network.
///
/// # Errors
/// `Data` with file and line for what is not understood; `Scenario` for links that cannot be.
pub fn network(path: &Path, weights: Weights) -> Result<Network> {
    let file = File::open(path)?;
    let (zones, nodes) = (file.meta("NUMBER OF ZONES")?, file.meta("NUMBER OF NODES")?);
    let (through, count) = (file.meta("FIRST THRU NODE")?, file.meta("NUMBER OF LINKS")?);
    let mut links = Vec::new();
    for (line, text) in file.body() {
        let words: Vec<&str> = text.trim_end_matches(';').split_whitespace().collect();
        if words.len() < 9 {
            return Err(file.bad(line, &format!("has {} of 10 values", words.len())));
        }
        let node = |k: usize| {
            let node = words[k].parse::<u32>().ok().and_then(|node| node.checked_sub(1));
            node.filter(|node| (*node as usize) < nodes)
                .ok_or_else(|| file.bad(line, &format!("\"{}\" is no node", words[k])))
        };
        let number = |k: usize| {
            let number = words[k].parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| file.bad(line, &format!("\"{}\" is no number", words[k])))
        };
        let (length, toll) = (number(3)?, number(8)?);
        links.push(Link {
            from: node(0)?,
            to: node(1)?,
            capacity: number(2)?,
            length,
            free_time: number(4)?,
            factor: number(5)?,
            power: number(6)?,
            fixed: weights.length * length + weights.toll * toll,
        });
    }
    if links.len() != count {
        let words = format!("has {} links, and says that there are {count}", links.len());
        return Err(Error::data(path, words, "fetch it again"));
    }
    Network::new(nodes, zones, through.saturating_sub(1), links)
}

/// Reads trips, each number times `factor`.
///
/// # Errors
/// `Data` with file and line for what is not understood; `Scenario` for trips that cannot be.
pub fn trips(path: &Path, zones: usize, factor: f64) -> Result<Demand> {
    let file = File::open(path)?;
    let own = file.meta("NUMBER OF ZONES")?;
    if own != zones {
        let words = format!("has {own} zones, and the network has {zones}");
        return Err(Error::data(path, words, "give trips and network of the same zones"));
    }
    let mut demand = Demand::none(zones);
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
                return Err(file.bad(line, &format!("\"{shown}\" is no zone with its trips")));
            };
            demand.add(from, to, factor * trips)?;
        }
    }
    Ok(demand)
}
