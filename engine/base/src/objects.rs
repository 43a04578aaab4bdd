//! What stands in a city besides its rasters: buildings, trees, roads, railways, neighbourhoods. Places are metres in
//! the city's plane, heights metres above its datum (NAP).

use crate::outline::Outline;
use glam::DVec2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A shape in the plane.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A point.
    Point(DVec2),
    /// A line.
    Line(Vec<DVec2>),
    /// A polygon without holes, not closed.
    Polygon(Vec<DVec2>),
    /// Polygons with holes.
    Outline(Outline),
}

impl Shape {
    /// The same shape with every corner where a function puts it; `None` where it puts one nowhere.
    pub fn moved(&self, to: impl Fn(DVec2) -> Option<DVec2>) -> Option<Shape> {
        let line = |line: &Vec<DVec2>| line.iter().map(|at| to(*at)).collect::<Option<Vec<DVec2>>>();
        Some(match self {
            Shape::Point(at) => Shape::Point(to(*at)?),
            Shape::Line(points) => Shape::Line(line(points)?),
            Shape::Polygon(points) => Shape::Polygon(line(points)?),
            Shape::Outline(outline) => {
                let polygon = |rings: &Vec<Vec<DVec2>>| rings.iter().map(line).collect::<Option<Vec<_>>>();
                let polygons = outline.polygons.iter().map(polygon).collect::<Option<Vec<_>>>()?;
                Shape::Outline(Outline { polygons })
            }
        })
    }
}

/// Everything in a city that has a shape of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Trees.
    pub trees: Vec<Tree>,
    /// Roads.
    pub network: Network,
    /// Middle lines of railways.
    pub railways: Vec<Vec<DVec2>>,
    /// Decks over water and railways, carried by what they cross.
    pub bridges: Vec<Bridge>,
    /// Neighbourhoods.
    pub areas: Vec<Area>,
    /// Buildings that edits add: of any outline, and with more known of them.
    pub blocks: Vec<Block>,
}

/// A building on a footprint of four corners.
#[derive(Clone, Debug, PartialEq)]
pub struct Building {
    /// Corners, counterclockwise. The ridge of a pitched roof runs from the middle of the last side to the middle of the
    /// second.
    pub footprint: [DVec2; 4],
    /// Height of the ground floor, m NAP.
    pub floor: f64,
    /// Height of the eaves above the floor, m.
    pub eaves: f64,
    /// Height of the ridge above the floor, m; that of the eaves for a flat roof.
    pub ridge: f64,
    /// Kind of roof.
    pub roof: Roof,
    /// What it is for.
    pub use_: Use,
    /// Year in which it was built.
    pub year: u16,
    /// Index of its neighbourhood in [`Objects::areas`].
    pub area: usize,
    /// Number of dwellings.
    pub dwellings: u32,
}

/// A building of any outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What tables call it.
    pub name: String,
    /// Its walls.
    pub outline: Outline,
    /// Height of the ground floor, m NAP.
    pub floor: f64,
    /// Height of the eaves above the floor, m.
    pub eaves: f64,
    /// Height of the ridge above the floor, m; that of the eaves for a flat roof.
    pub ridge: f64,
    /// Kind of roof.
    pub roof: Roof,
    /// What it is for.
    pub use_: Use,
    /// People who live there.
    pub residents: f64,
    /// People who work there.
    pub jobs: f64,
    /// Rain that its roof holds, m.
    pub green_roof: f64,
}

/// A kind of roof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Roof {
    /// Flat.
    Flat,
    /// Two slopes and two gables.
    Gable,
    /// Four slopes and a ridge.
    Hip,
    /// Four slopes that meet in a point.
    Pyramid,
}

/// What a building is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Dwellings.
    Dwelling,
    /// A shop with dwellings above.
    Shop,
    /// Offices.
    Office,
    /// Halls and workshops.
    Industry,
    /// A church.
    Church,
    /// A school, a hospital, a station.
    Public,
    /// A farm.
    Farm,
}

/// A tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tree {
    /// Where it stands.
    pub at: DVec2,
    /// Height, m.
    pub height: f64,
    /// Radius of its crown, m.
    pub radius: f64,
}

/// Roads and the junctions that tie them together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Junctions and ends.
    pub nodes: Vec<DVec2>,
    /// Roads from node to node, for both directions.
    pub roads: Vec<Road>,
}

/// A road between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Road {
    /// Indices of the nodes at its start and end.
    pub nodes: [usize; 2],
    /// Middle line from the first node to the second.
    pub line: Vec<DVec2>,
    /// Kind.
    pub kind: RoadKind,
    /// Lanes in each direction.
    pub lanes: u32,
    /// Speed limit, km/h.
    pub speed_kmh: u32,
    /// Width of the carriageway, m.
    pub width: f64,
    /// Whether it crosses water on a bridge.
    pub bridge: bool,
    /// Whether it passes under a railway.
    pub underpass: bool,
}

/// A kind of road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoadKind {
    /// Ring road and the roads that lead into the town.
    Main,
    /// Roads that gather the traffic of a quarter.
    Distributor,
    /// Streets with houses.
    Residential,
    /// Streets of the old town.
    Old,
    /// Streets along a canal.
    Quay,
    /// Roads through fields.
    Country,
}

/// A deck that carries a road or a railway.
#[derive(Clone, Debug, PartialEq)]
pub struct Bridge {
    /// Middle line with the height of the deck, m NAP.
    pub line: Vec<(DVec2, f64)>,
    /// Half the width of the deck, m.
    pub half: f64,
    /// Whether it carries a railway.
    pub rail: bool,
}

/// A neighbourhood.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Name.
    pub name: String,
    /// Outline, counterclockwise, not closed.
    pub outline: Vec<DVec2>,
    /// Number of people who live there.
    pub residents: u32,
    /// Number of people who work there.
    pub jobs: u32,
}

impl Building {
    /// Height of the roof above the floor at a point of the footprint, m.
    pub fn roof_at(&self, point: DVec2) -> f64 {
        let distance = |k: usize| {
            let (from, to) = (self.footprint[k], self.footprint[(k + 1) % 4]);
            ((to - from).perp_dot(point - from) / (to - from).length()).max(0.0)
        };
        let across = 2.0 * distance(0).min(distance(2)) / (distance(0) + distance(2)).max(1e-9);
        let along = 2.0 * distance(1).min(distance(3)) / (distance(1) + distance(3)).max(1e-9);
        let rise = match self.roof {
            Roof::Flat => 0.0,
            Roof::Gable => across,
            Roof::Hip => across.min(2.0 * along),
            Roof::Pyramid => across.min(along),
        };
        self.eaves + (self.ridge - self.eaves) * rise.min(1.0)
    }

    /// Area of the footprint, m².
    pub fn area_m2(&self) -> f64 {
        let [a, b, c, d] = self.footprint;
        0.5 * (c - a).perp_dot(d - b)
    }
}
