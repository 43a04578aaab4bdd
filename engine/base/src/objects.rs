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
    /// Stretches of road that are known by the ground that they cover.
    pub carriageways: Vec<Carriageway>,
}

/// A building. What its source does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Building {
    /// Name or number that its source gives it; without one it is known by its place in the list.
    pub id: Option<String>,
    /// Footprint: outer rings counterclockwise, holes clockwise, not closed. On four corners the ridge of a pitched roof runs
    /// from the middle of the last side to the middle of the second.
    pub footprint: Outline,
    /// Height of the ground floor, m NAP.
    pub floor: Option<f64>,
    /// Height of the eaves above the floor, m.
    pub eaves: Option<f64>,
    /// Height of the ridge, or of another highest part, above the floor, m; that of the eaves for a flat roof.
    pub ridge: Option<f64>,
    /// Kind of roof.
    pub roof: Option<Roof>,
    /// Number of storeys above the ground.
    pub storeys: Option<u32>,
    /// What it is for.
    pub use_: Option<Use>,
    /// Year in which it was built.
    pub year: Option<u16>,
    /// Index of its neighbourhood in [`Objects::areas`].
    pub area: Option<usize>,
    /// Number of dwellings.
    pub dwellings: Option<u32>,
    /// People who live there and people who work there, where that is known and not guessed from its size.
    pub people: Option<[f64; 2]>,
}

/// A stretch of road by its outline, as a map of surfaces has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Carriageway {
    /// Name or number that its source gives it.
    pub id: String,
    /// Name of the street.
    pub name: Option<String>,
    /// The ground that it covers.
    pub outline: Outline,
    /// Its width, m.
    pub width: Option<f64>,
    /// Lanes of all directions together.
    pub lanes: Option<f64>,
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
    /// Name or number that its source gives it; without one it is known by its place in the list.
    pub id: Option<String>,
    /// Name of the street.
    pub name: Option<String>,
    /// Indices of the nodes at its start and end.
    pub nodes: [usize; 2],
    /// Middle line from the first node to the second.
    pub line: Vec<DVec2>,
    /// Kind, by its name in the table of rules.
    pub kind: String,
    /// Lanes along the line, and against it; 0 where nobody may go that way.
    pub lanes: [f64; 2],
    /// Speed limit, km/h.
    pub speed_kmh: f64,
    /// Width of the carriageway, m.
    pub width: Option<f64>,
    /// Whether it is known to cross water on a bridge.
    pub bridge: bool,
    /// Whether it is known to pass under a railway.
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

impl RoadKind {
    /// Its name in the table of rules.
    pub fn name(self) -> &'static str {
        match self {
            RoadKind::Main => "main",
            RoadKind::Distributor => "distributor",
            RoadKind::Residential => "residential",
            RoadKind::Old => "old",
            RoadKind::Quay => "quay",
            RoadKind::Country => "country",
        }
    }
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
    /// The corners of a footprint that is one ring of four.
    pub fn corners(&self) -> Option<&[DVec2; 4]> {
        let [rings] = &self.footprint.polygons[..] else { return None };
        let [ring] = &rings[..] else { return None };
        ring.as_slice().try_into().ok()
    }

    /// Whether the shape of its roof is known: a footprint of four corners with the heights of eaves and ridge and a kind of roof.
    pub fn is_shaped(&self) -> bool {
        self.corners().is_some() && self.eaves.is_some() && self.ridge.is_some() && self.roof.is_some()
    }

    /// A point in the middle of the footprint; `None` where it has no area.
    pub fn middle(&self) -> Option<DVec2> {
        match self.corners() {
            Some(corners) => Some(corners.iter().sum::<DVec2>() / 4.0),
            None => self.footprint.middle(),
        }
    }

    /// Height of the roof above the floor at a point of the footprint, m. The roof of a building of which the eaves or the
    /// kind of roof are not known, or that has other than four corners, is as high as its highest part everywhere.
    pub fn roof_at(&self, point: DVec2) -> Option<f64> {
        let ridge = self.ridge?;
        let (Some(footprint), Some(eaves), Some(roof)) = (self.corners(), self.eaves, self.roof) else {
            return Some(ridge);
        };
        let distance = |k: usize| {
            let (from, to) = (footprint[k], footprint[(k + 1) % 4]);
            ((to - from).perp_dot(point - from) / (to - from).length()).max(0.0)
        };
        let across = 2.0 * distance(0).min(distance(2)) / (distance(0) + distance(2)).max(1e-9);
        let along = 2.0 * distance(1).min(distance(3)) / (distance(1) + distance(3)).max(1e-9);
        let rise = match roof {
            Roof::Flat => 0.0,
            Roof::Gable => across,
            Roof::Hip => across.min(2.0 * along),
            Roof::Pyramid => across.min(along),
        };
        Some(eaves + (ridge - eaves) * rise.min(1.0))
    }

    /// Area of the footprint, m².
    pub fn area_m2(&self) -> f64 {
        if let Some([a, b, c, d]) = self.corners().copied() {
            return 0.5 * (c - a).perp_dot(d - b);
        }
        let of_ring = |ring: &Vec<DVec2>| {
            let Some(first) = ring.first() else { return 0.0 };
            let sides = ring.iter().zip(ring.iter().cycle().skip(1));
            0.5 * sides.map(|(a, b)| (*a - *first).perp_dot(*b - *first)).sum::<f64>()
        };
        self.footprint.polygons.iter().flatten().map(of_ring).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<DVec2> {
        corners.iter().map(|corner| DVec2::from(*corner)).collect()
    }

    #[test]
    fn a_footprint_with_a_yard_has_the_area_of_what_is_built() {
        let outer = ring(&[(0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0)]);
        let mut house = Building { footprint: Outline::of(outer.clone()), ridge: Some(9.0), ..Building::default() };
        assert_eq!((house.area_m2(), house.middle()), (200.0, Some(DVec2::new(10.0, 5.0))));
        // Nothing is known of its roof.
        assert_eq!(house.roof_at(DVec2::ONE), Some(9.0));
        let yard = ring(&[(5.0, 2.0), (5.0, 6.0), (10.0, 6.0), (10.0, 2.0)]);
        house.footprint = Outline { polygons: vec![vec![outer, yard]] };
        assert_eq!((house.corners(), house.area_m2()), (None, 180.0));
        assert_eq!(Building::default().middle(), None);
    }
}
