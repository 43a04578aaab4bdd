//! OpenStreetMap's files of XML, and how XML is read at all.

use super::osm::{MOST_NODES, Osm, Way};
use super::{shown, text};
use hanze_base::error::{Error, Result};
use quick_xml::events::{BytesStart, Event};
use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

/// Members of a way or a relation at most.
const MOST_MEMBERS: usize = 100_000;
/// Longest piece between two tags, bytes.
const LONGEST: usize = 16 << 20;

/// A file of XML, element by element.
pub(super) struct Xml<'a> {
    path: &'a Path,
    reader: quick_xml::Reader<Box<dyn BufRead>>,
    buffer: Vec<u8>,
    /// Bytes that may still be read before the next piece ends.
    left: Rc<Cell<usize>>,
}

/// Bytes that end with an error where a piece is too long.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.get().checked_sub(count) {
            Some(left) => self.left.set(left),
            None => return Err(std::io::Error::other("a piece of it is longer than 16 MiB")),
        }
        Ok(count)
    }
}

/// What comes next in a file of XML.
pub(super) enum Piece {
    /// An element begins: its name and attributes; whether it ends at once.
    Start(String, Vec<(String, String)>, bool),
    /// An element ends.
    End(String),
    /// The file ends.
    Done,
}

impl<'a> Xml<'a> {
    pub fn open(path: &'a Path) -> Result<Xml<'a>> {
        let left = Rc::new(Cell::new(LONGEST));
        let bounded = Bounded { inner: text(path)?, left: left.clone() };
        let inner: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 16, bounded));
        Ok(Xml { path, reader: quick_xml::Reader::from_reader(inner), buffer: Vec::new(), left })
    }

    /// An error at the place that was read last.
    pub fn bad(&self, problem: impl std::fmt::Display) -> Error {
        let at = self.reader.buffer_position();
        Error::data(self.path, format!("line {}: {problem}", line_at(self.path, at)), "fetch or export it again")
    }

    pub fn next(&mut self) -> Result<Piece> {
        loop {
            self.buffer.clear();
            self.left.set(LONGEST);
            let event = self.reader.read_event_into(&mut self.buffer);
            let (is_empty, start) = match event {
                Ok(Event::Start(start)) => (false, start),
                Ok(Event::Empty(start)) => (true, start),
                Ok(Event::End(end)) => return Ok(Piece::End(end.name().as_ref().to_string())),
                Ok(Event::Eof) => return Ok(Piece::Done),
                Ok(_) => continue,
                Err(error) => {
                    let words = shown(&error.to_string());
                    return Err(self.bad(format!("is not XML: {words}")));
                }
            };
            let name = start.name().as_ref().to_string();
            let attributes = attributes(&start);
            return match attributes {
                Ok(attributes) => Ok(Piece::Start(name, attributes, is_empty)),
                Err(words) => Err(self.bad(format!("<{}> is not XML: {words}", shown(&name)))),
            };
        }
    }
}

fn attributes(start: &BytesStart) -> std::result::Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    let mut length = 0;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| shown(&error.to_string()))?;
        let value =
            attribute.normalized_value(quick_xml::XmlVersion::default()).map_err(|error| shown(&error.to_string()))?;
        length += value.len();
        if length > LONGEST {
            return Err("its attributes are longer than 16 MiB".into());
        }
        all.push((attribute.key.as_ref().to_string(), value.into_owned()));
    }
    Ok(all)
}

/// The value of an attribute.
pub(super) fn value<'v>(attributes: &'v [(String, String)], key: &str) -> Option<&'v str> {
    attributes.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
}

/// The line of a byte of a file, from 1.
fn line_at(path: &Path, at: u64) -> u64 {
    let Ok(file) = text(path) else { return 0 };
    let mut file = BufReader::new(file.take(at));
    let (mut line, mut buffer) = (1, Vec::new());
    while file.read_until(b'\n', &mut buffer).is_ok_and(|read| read > 0) {
        line += u64::from(buffer.last() == Some(&b'\n'));
        buffer.clear();
    }
    line
}

/// Reads a file of OpenStreetMap.
pub(super) fn read(path: &Path) -> Result<Osm> {
    let mut xml = Xml::open(path)?;
    let mut osm = Osm::default();
    // What is open: a node, a way or a relation with its tags and members.
    let mut tags: Vec<(String, String)> = Vec::new();
    let mut way = Way::default();
    let mut members: Vec<(bool, i64, String)> = Vec::new();
    let mut node = 0i64;
    let mut is_deleted = false;
    let mut is_osm = false;
    let mut references = 0usize;
    loop {
        let (name, attributes, is_empty) = match xml.next()? {
            Piece::Done => break,
            Piece::Start(name, attributes, is_empty) => (name, attributes, is_empty),
            Piece::End(name) => {
                match name.as_str() {
                    "node" | "way" | "relation" if is_deleted => {
                        way = Way::default();
                        is_deleted = false;
                    }
                    "node" => osm.node_tags(node, &tags),
                    "way" => {
                        way.tags = std::mem::take(&mut tags);
                        let whole = std::mem::take(&mut way);
                        if whole.is_wanted() {
                            osm.ways.push(whole);
                        }
                    }
                    "relation" => osm.relation(&tags, &members),
                    _ => {}
                }
                continue;
            }
        };
        let number = |xml: &Xml, key: &str| -> Result<i64> {
            let number = value(&attributes, key).and_then(|text| text.parse().ok());
            number.ok_or_else(|| xml.bad(format!("<{name}> has no number {key}")))
        };
        if matches!(name.as_str(), "node" | "way" | "relation") {
            // As JOSM and histories mark what is deleted.
            let says = |key: &str, word: &str| value(&attributes, key) == Some(word);
            let own = says("action", "delete") || says("visible", "false");
            is_deleted = own && !is_empty;
            osm.deleted += usize::from(own);
            if own && is_empty {
                continue;
            }
        }
        match name.as_str() {
            "osm" => is_osm = true,
            _ if !is_osm => return Err(xml.bad(format!("begins with <{}>, and <osm> is wanted", shown(&name)))),
            "node" => {
                tags.clear();
                node = number(&xml, "id")?;
                if is_deleted {
                    continue;
                }
                let degrees = |key: &str| value(&attributes, key).and_then(|text| text.parse::<f64>().ok());
                let at = degrees("lon").zip(degrees("lat"));
                let at = at.filter(|(lon, lat)| lon.abs() <= 180.0 && lat.abs() <= 90.0);
                let at = at.ok_or_else(|| xml.bad(format!("node {node} has no lon and lat in degrees")))?;
                osm.nodes.insert(node, at);
                if osm.nodes.len() > MOST_NODES {
                    return Err(xml.bad(format!("has more than {MOST_NODES} nodes")));
                }
            }
            "way" => {
                tags.clear();
                way = Way { id: number(&xml, "id")?, ..Way::default() };
            }
            "relation" => {
                tags.clear();
                members.clear();
            }
            "tag" => {
                let pair = value(&attributes, "k").zip(value(&attributes, "v"));
                let (key, value) = pair.ok_or_else(|| xml.bad("<tag> has no k and v"))?;
                tags.push((key.to_string(), value.to_string()));
            }
            "nd" => way.nodes.push(number(&xml, "ref")?),
            "member" => {
                let kind = value(&attributes, "type").unwrap_or_default();
                if kind != "relation" {
                    let role = value(&attributes, "role").unwrap_or_default().to_string();
                    members.push((kind == "node", number(&xml, "ref")?, role));
                }
            }
            _ => {}
        }
        references += usize::from(name == "nd" || name == "member");
        if references > MOST_NODES {
            return Err(xml.bad(format!("has more than {MOST_NODES} references")));
        }
        if way.nodes.len().max(members.len()).max(tags.len()) > MOST_MEMBERS {
            return Err(xml.bad(format!("<{name}> is one of more than {MOST_MEMBERS} in one element")));
        }
        // An element that ends at once has no end of its own.
        if is_empty && name == "way" {
            way = Way::default();
        }
    }
    if !is_osm {
        return Err(Error::data(path, "holds no <osm>", "fetch or export it again"));
    }
    Ok(osm)
}
