//! Roads: junctions and directed links between them, with what the traffic model needs to know of each, read from maps and from the
//! files of other programs, and put in order.

mod access;
mod clean;
mod demo;
mod edit;
pub mod lanes;
mod lines;
mod nwb;
mod objects;
mod osm;
mod pbf;
pub mod rules;
mod seen;
mod street;
mod sumo;
pub mod tntp;
mod xml;

pub use edit::{Change, Edit, Edited, Place, Refused, distance, edit, links, point_at};
pub use objects::objects;

use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Crs;
use hanze_base::plane::Plane;
use hanze_base::remark::Remarks;
use rules::Rules;
use std::io::Read;
use std::path::Path;
use street::share;

/// Cars, vans and motorcycles.
pub const CAR: u8 = 1;
/// Trucks.
pub const TRUCK: u8 = 2;
/// Cycles.
pub const CYCLE: u8 = 4;

/// Bytes of a file that are read, and that it may unfold to.
const LARGEST_FILE: u64 = 1 << 30;
const LARGEST_TEXT: u64 = 4 << 30;
/// Nodes and links at most.
const MOST: usize = 20_000_000;

/// What makes drivers slow down where a link ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Nothing is said: the lower road gives way to the higher.
    #[default]
    Unknown,
    /// Traffic lights.
    Signal,
    /// A sign: give way, or stop.
    GiveWay,
    /// It has priority.
    Priority,
}

/// A junction, or the end of a road.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What its source calls it.
    pub id: String,
    /// Where it lies, m.
    pub at: DVec2,
}

/// A road in one direction between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// What its source calls it: unique.
    pub id: String,
    /// Name of the street.
    pub name: String,
    /// Its kind, by its name in the table of rules.
    pub kind: String,
    /// Node where it begins.
    pub from: u32,
    /// Node where it ends.
    pub to: u32,
    /// Middle line of the road, from its beginning to its end, m.
    pub line: Vec<DVec2>,
    /// Length, m.
    pub length: f64,
    /// Lanes.
    pub lanes: f64,
    /// Speed without others, m/s.
    pub speed: f64,
    /// Capacity, vehicles (pcu) per hour.
    pub capacity: f64,
    /// Factor of the delay (BPR): the delay at capacity over the time without others.
    pub factor: f64,
    /// Power of flow over capacity in the delay.
    pub power: f64,
    /// Who may use it, as bits.
    pub modes: u8,
    /// Of two roads that meet the lower one gives way.
    pub priority: u8,
    /// What is at its end.
    pub control: Control,
    /// Whether it is part of a roundabout.
    pub roundabout: bool,
}

impl Link {
    /// Direction at its beginning or end, as a unit vector.
    pub fn heading(&self, at_end: bool) -> DVec2 {
        let n = self.line.len();
        let (a, b) = if at_end { (self.line[n - 2], self.line[n - 1]) } else { (self.line[0], self.line[1]) };
        (b - a).normalize_or_zero()
    }
}

/// A network of roads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roads {
    /// Junctions and ends.
    pub nodes: Vec<Node>,
    /// Links.
    pub links: Vec<Link>,
    /// Turns that cars and trucks may not make: the link that they come from, and the one that they may not go on.
    pub bans: Vec<(u32, u32)>,
    /// Nodes with a barrier, such as a bollard, and the modes that cannot pass it: they turn round there, as at a dead end. What cars and
    /// trucks cannot pass is among `bans`, too.
    pub barriers: Vec<(u32, u8)>,
    /// So many of the first nodes are the middles of zones, where a file says so.
    pub centroids: usize,
    /// Nodes below this number carry no through traffic.
    pub first_through: usize,
    /// Middles of buildings, where the map has them.
    pub buildings: Vec<DVec2>,
    /// Links that are closed at some hours of the day.
    pub closures: Vec<Closure>,
    /// What was mended and filled in, in words.
    pub repairs: Remarks,
}

/// Links that are closed at some hours of every day.
#[derive(Clone, Debug, PartialEq)]
pub struct Closure {
    /// Name for people.
    pub name: String,
    /// Their ids.
    pub links: Vec<String>,
    /// For whom, as bits.
    pub modes: u8,
    /// Hours of the day from and until which they are closed, 0 to 24; over midnight where the first is the later one.
    pub hours: [f64; 2],
}

impl Roads {
    /// Lowest and highest coordinates; `None` without links.
    pub fn bounds(&self) -> Option<(DVec2, DVec2)> {
        let mut points = self.links.iter().flat_map(|link| &link.line);
        let first = *points.next()?;
        Some(points.fold((first, first), |(low, high), at| (low.min(*at), high.max(*at))))
    }

    /// Links that leave each node, as lists one after another: where each begins, and the links.
    pub fn leaving(&self) -> Adjacent {
        Adjacent::of(self.nodes.len(), self.links.iter().map(|link| link.from))
    }

    /// Modes that cannot pass each node.
    pub fn walls(&self) -> Vec<u8> {
        let mut walls = vec![0; self.nodes.len()];
        self.barriers.iter().for_each(|(node, closed)| walls[*node as usize] |= closed);
        walls
    }

    /// Links that enter each node.
    pub fn entering(&self) -> Adjacent {
        Adjacent::of(self.nodes.len(), self.links.iter().map(|link| link.to))
    }
}

/// For each node a list of links.
pub struct Adjacent {
    first: Vec<u32>,
    links: Vec<u32>,
}

impl Adjacent {
    /// Links by the node that each has.
    pub fn of(nodes: usize, node: impl Iterator<Item = u32> + Clone) -> Adjacent {
        let mut first = vec![0u32; nodes + 1];
        node.clone().for_each(|node| first[node as usize + 1] += 1);
        (0..nodes).for_each(|node| first[node + 1] += first[node]);
        let mut next = first.clone();
        let mut links = vec![0u32; *first.last().unwrap_or(&0) as usize];
        for (link, node) in node.enumerate() {
            let at = &mut next[node as usize];
            links[*at as usize] = link as u32;
            *at += 1;
        }
        Adjacent { first, links }
    }

    /// The links of a node, rising.
    pub fn of_node(&self, node: usize) -> &[u32] {
        &self.links[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// What reading a network needs to know.
pub struct Reading<'a> {
    /// The city's plane.
    pub crs: Crs,
    /// The plane of the file, where the scenario says it.
    pub declared: Option<u32>,
    /// A file of nodes, for TNTP.
    pub nodes: Option<&'a Path>,
    /// The table of rules.
    pub rules: &'a Rules,
}

/// Endings of the files that [`read`] reads.
pub const NETWORKS: [&str; 11] =
    ["osm", "osm.xml", "osm.gz", "osm.xml.gz", "osm.pbf", "net.xml", "net.xml.gz", "gpkg", "geojson", "json", "tntp"];

/// Reads a network into the city's plane and puts it in order.
///
/// # Errors
/// `Data` where its format is not known or it holds no roads; `Io` where it cannot be read.
pub fn read(path: &Path, reading: &Reading) -> Result<Roads> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let roads = if ends(&[".osm", ".osm.xml", ".osm.gz", ".osm.xml.gz"]) {
        osm::roads(path, xml::read(path)?, reading)?
    } else if ends(&[".osm.pbf"]) {
        osm::roads(path, pbf::read(path)?, reading)?
    } else if ends(&[".net.xml", ".net.xml.gz"]) {
        sumo::read(path, reading)?
    } else if ends(&[".gpkg", ".geojson", ".json"]) {
        lines::read(path, reading)?
    } else if ends(&[".tntp"]) {
        tntp::read(path, reading)?
    } else {
        let mend = "give OpenStreetMap (.osm, .osm.gz, .osm.pbf), SUMO (.net.xml, .net.xml.gz), lines (.gpkg, .geojson) or TNTP (.tntp)";
        return Err(Error::data(path, "is not a format of roads that can be read", mend));
    };
    // Benchmarks are taken as they are.
    let roads = if ends(&[".tntp"]) { roads } else { clean::clean(roads) };
    if roads.links.is_empty() {
        return Err(Error::data(path, "holds no road that cars or cycles may use", "give a file of a larger region"));
    }
    Ok(roads)
}

/// Reads the lanes of a network of SUMO into the city's plane.
///
/// # Errors
/// `Data` where it is none; `Io` where it cannot be read.
pub fn lanes_of(path: &Path, reading: &Reading) -> Result<lanes::Lanes> {
    sumo::lanes(path, reading)
}

/// The roads of the demo town.
pub fn demo(network: &hanze_base::objects::Network, rules: &Rules) -> Roads {
    clean::clean(demo::roads(network, rules))
}

/// The text of a file, which may be packed.
fn text(path: &Path) -> Result<Box<dyn Read>> {
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    let size = file.metadata().map_err(Error::io("reading", path))?.len();
    if size > LARGEST_FILE {
        return Err(Error::data(path, "is larger than a gigabyte", "cut it to the city, e.g. with osmium extract"));
    }
    let is_packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    Ok(match is_packed {
        true => Box::new(flate2::read::MultiGzDecoder::new(file).take(LARGEST_TEXT)),
        false => Box::new(file.take(LARGEST_TEXT)),
    })
}

/// The way from the plane of a file into that of the city.
enum Way {
    Same,
    Degrees(Box<Plane>),
    Planes(Box<[Plane; 2]>),
}

impl Way {
    /// From the plane `own` of a file; `None` stands for one that nobody names, which is taken for the city's.
    fn new(path: &Path, own: Option<u32>, crs: Crs) -> Result<Way> {
        let own = Crs { epsg: own };
        if own.epsg == Some(4326) {
            let unknown = || {
                let mend = "write the city's plane, e.g. epsg = 28992 in [city]";
                Error::data(path, "lies in degrees, and the city's plane is not known", mend)
            };
            return Plane::of(crs).ok_or_else(unknown).map(|plane| Way::Degrees(Box::new(plane)));
        }
        if own.same_plane(crs) {
            return Ok(Way::Same);
        }
        let planes = Plane::of(own).zip(Plane::of(crs));
        let unknown = || {
            let problem = format!("lies in {own}, and the city in {crs}");
            Error::data(path, problem, "reproject it, e.g. with ogr2ogr -t_srs EPSG:28992")
        };
        planes.map(|(own, city)| Way::Planes(Box::new([own, city]))).ok_or_else(unknown)
    }

    fn to(&self, at: (f64, f64)) -> Option<DVec2> {
        let at = match self {
            Way::Same => Some(at),
            Way::Degrees(plane) => plane.from_degrees(at),
            Way::Planes(planes) => planes[0].to_degrees(at).and_then(|at| planes[1].from_degrees(at)),
        };
        at.map(DVec2::from).filter(|at| at.is_finite() && at.abs().max_element() < 1e9)
    }
}

/// Whether numbers that name no plane can only be degrees: a city has metres.
fn look_like_degrees(mut points: impl Iterator<Item = (f64, f64)>) -> bool {
    let mut any = false;
    points.all(|(x, y)| {
        any = true;
        x.abs() <= 180.0 && y.abs() <= 90.0
    }) && any
}

/// The error for those.
fn undeclared(path: &Path) -> Error {
    let mend = "write network_epsg = 4326 in [city] if it does, or the code of its plane";
    Error::data(path, "seems to lie in degrees, and nothing declares it", mend)
}

/// Length of a line, m.
pub fn length(line: &[DVec2]) -> f64 {
    line.windows(2).map(|ends| ends[0].distance(ends[1])).sum()
}

/// Text from outside, short.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}
