//! Shapes as variants write them: coordinates, GeoJSON, files.

use crate::files::FileRef;
use crate::numbers::FARTHEST;
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::outline::Outline;
use hanze_base::plane::Plane;
use hanze_city::edit::{MOST_CORNERS, Shape};
use hanze_city::read::{features, lines};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// Bytes of a GeoJSON file of shapes that are read.
const LARGEST_FILE: u64 = 32 << 20;
const COORDINATES: &str = "write [[x, y], [x, y]] in metres of the city's plane";

/// A shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "neither coordinates [[x, y], …], nor a GeoJSON geometry, nor the name of a file")]
pub enum ShapeSpec {
    /// A file.
    File(FileRef),
    /// Coordinates in the city's plane, m.
    Drawn(Nested),
    /// A GeoJSON geometry.
    Geometry(Geometry),
}

/// A GeoJSON geometry: in degrees where the city's plane is known and all its numbers may be degrees, else in the city's plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// Its kind, such as Polygon.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its coordinates.
    pub coordinates: Nested,
}

/// Numbers in lists of lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "neither a number nor a list of them")]
pub enum Nested {
    /// A number.
    Number(f64),
    /// A list.
    List(Vec<Nested>),
}

/// Coordinates, a GeoJSON geometry, or the name of a file.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    let number = json_schema!({ "type": "number", "minimum": -FARTHEST, "maximum": FARTHEST, "x-unit": "m" });
    let list = |of: &Schema| json_schema!({ "type": "array", "items": of });
    let point = list(&number);
    let points = list(&point);
    let rings = list(&points);
    let polygons = list(&rings);
    json_schema!({
        "anyOf": [
            { "type": "string", "format": "file-ref" },
            points,
            rings,
            polygons,
            {
                "type": "object",
                "properties": {
                    "type": {
                        "type": "string",
                        "enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"],
                    },
                    "coordinates": { "anyOf": [point, points, rings, polygons] },
                },
                "required": ["type", "coordinates"],
                "additionalProperties": false,
            },
        ],
    })
}

/// What kind of shape a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Area,
    Line,
    Points,
}

impl ShapeSpec {
    /// The shape of a key in the city's plane.
    pub(super) fn shape(
        &self,
        key: &str,
        kind: Kind,
        grid: &Grid,
        path: &dyn Fn(&FileRef) -> std::path::PathBuf,
    ) -> Result<Shape> {
        let parts = match self {
            ShapeSpec::File(file) => return of_file(key, kind, &path(file), grid),
            ShapeSpec::Drawn(nested) => of_nested(key, nested, kind)?,
            ShapeSpec::Geometry(geometry) => {
                let mut parts = of_geometry(key, geometry)?;
                if let Some(plane) = Plane::of(grid.crs).filter(|_| parts.may_be_degrees()) {
                    parts.turn(|at| plane.from_degrees((at.x, at.y)).map(DVec2::from)).ok_or_else(|| {
                        Error::scenario(
                            key,
                            "holds a place that is no longitude and latitude",
                            "write the longitude first",
                        )
                    })?;
                }
                parts
            }
        };
        parts.into_shape(key, kind)
    }
}

/// Points, lines and polygons.
#[derive(Default)]
struct Parts {
    points: Vec<DVec2>,
    lines: Vec<Vec<DVec2>>,
    polygons: Vec<Vec<Vec<DVec2>>>,
    count: usize,
}

impl Parts {
    fn all(&mut self) -> impl Iterator<Item = &mut DVec2> {
        self.points
            .iter_mut()
            .chain(self.lines.iter_mut().flatten())
            .chain(self.polygons.iter_mut().flatten().flatten())
    }

    fn may_be_degrees(&mut self) -> bool {
        self.all().all(|at| at.x.abs() <= 180.0 && at.y.abs() <= 90.0)
    }

    /// Puts every point elsewhere; `None` where one has no place there.
    fn turn(&mut self, to: impl Fn(DVec2) -> Option<DVec2>) -> Option<()> {
        self.all().try_for_each(|at| to(*at).map(|new| *at = new))
    }

    /// The shape that a key takes.
    fn into_shape(self, key: &str, kind: Kind) -> Result<Shape> {
        let Parts { points, mut lines, polygons, .. } = self;
        let only = |what: &str, others: usize| match others {
            0 => Ok(()),
            _ => Err(Error::scenario(key, format!("holds other shapes than {what}"), format!("give {what} only"))),
        };
        match kind {
            Kind::Points => {
                only("points", lines.len() + polygons.len())?;
                Ok(Shape::Points(points))
            }
            Kind::Area => {
                only("polygons", points.len() + lines.len())?;
                Ok(Shape::Area(Outline { polygons }))
            }
            Kind::Line => {
                only("lines", points.len() + polygons.len())?;
                match (lines.pop(), lines.len()) {
                    (Some(line), 0) => Ok(Shape::Line(line)),
                    (None, _) => Err(Error::scenario(key, "is empty", COORDINATES)),
                    (_, more) => {
                        let problem = format!("holds {} lines", more + 1);
                        Err(Error::scenario(key, problem, "give one line, and an edit for each other"))
                    }
                }
            }
        }
    }

    fn point(&mut self, key: &str, nested: &Nested) -> Result<DVec2> {
        self.count += 1;
        if self.count > MOST_CORNERS {
            let mend = format!("simplify it, or cut it in edits of at most {MOST_CORNERS} corners");
            return Err(Error::scenario(key, format!("has more than {MOST_CORNERS} corners"), mend));
        }
        let Nested::List(numbers) = nested else { return Err(Error::scenario(key, "has no points", COORDINATES)) };
        // A third number is a height.
        match numbers[..] {
            [Nested::Number(x), Nested::Number(y)] | [Nested::Number(x), Nested::Number(y), Nested::Number(_)]
                if x.is_finite() && y.is_finite() =>
            {
                Ok(DVec2::new(x, y))
            }
            _ => Err(Error::scenario(key, "holds a point that is not [x, y] of two numbers", COORDINATES)),
        }
    }

    fn line(&mut self, key: &str, nested: &Nested) -> Result<Vec<DVec2>> {
        list(key, nested)?.iter().map(|own| self.point(key, own)).collect()
    }

    fn rings(&mut self, key: &str, nested: &Nested) -> Result<Vec<Vec<DVec2>>> {
        list(key, nested)?.iter().map(|own| self.line(key, own)).collect()
    }
}

fn list<'n>(key: &str, nested: &'n Nested) -> Result<&'n [Nested]> {
    match nested {
        Nested::List(all) => Ok(all),
        Nested::Number(_) => Err(Error::scenario(key, "is a number and no list of points", COORDINATES)),
    }
}

/// How many lists lie within each other.
fn depth(nested: &Nested) -> usize {
    let mut depth = 0;
    let mut at = nested;
    while let Nested::List(all) = at {
        depth += 1;
        let Some(first) = all.first() else { break };
        at = first;
    }
    depth
}

/// Coordinates without a type: what they are follows from the key.
fn of_nested(key: &str, nested: &Nested, kind: Kind) -> Result<Parts> {
    let mut parts = Parts::default();
    match (kind, depth(nested)) {
        (Kind::Points, 1) if !list(key, nested)?.is_empty() => parts.points = vec![parts.point(key, nested)?],
        (Kind::Points, 1 | 2) => parts.points = parts.line(key, nested)?,
        (Kind::Line, 1 | 2) => parts.lines = vec![parts.line(key, nested)?],
        (Kind::Area, 1 | 2) => parts.polygons = vec![vec![parts.line(key, nested)?]],
        (Kind::Area, 3) => parts.polygons = vec![parts.rings(key, nested)?],
        (Kind::Area, 4) => {
            for polygon in list(key, nested)? {
                let rings = parts.rings(key, polygon)?;
                parts.polygons.push(rings);
            }
        }
        (_, deep) => {
            let problem = format!("has lists within lists, {deep} deep");
            return Err(Error::scenario(key, problem, COORDINATES));
        }
    }
    Ok(parts)
}

fn of_geometry(key: &str, geometry: &Geometry) -> Result<Parts> {
    let mut parts = Parts::default();
    add_geometry(key, &geometry.kind, &geometry.coordinates, &mut parts)?;
    Ok(parts)
}

fn add_geometry(key: &str, kind: &str, nested: &Nested, parts: &mut Parts) -> Result<()> {
    match kind {
        "Point" => {
            let point = parts.point(key, nested)?;
            parts.points.push(point);
        }
        "MultiPoint" => {
            let points = parts.line(key, nested)?;
            parts.points.extend(points);
        }
        "LineString" => {
            let line = parts.line(key, nested)?;
            parts.lines.push(line);
        }
        "MultiLineString" => {
            let lines = parts.rings(key, nested)?;
            parts.lines.extend(lines);
        }
        "Polygon" => {
            let rings = parts.rings(key, nested)?;
            parts.polygons.push(rings);
        }
        "MultiPolygon" => {
            for polygon in list(key, nested)? {
                let rings = parts.rings(key, polygon)?;
                parts.polygons.push(rings);
            }
        }
        other => {
            let problem =
                format!("is a \"{}\"", other.chars().filter(|c| !c.is_control()).take(30).collect::<String>());
            let mend = "write a Point, LineString or Polygon, or several of a kind (Multi…)";
            return Err(Error::scenario(key, problem, mend));
        }
    }
    Ok(())
}

/// The shapes of a file.
fn of_file(key: &str, kind: Kind, path: &Path, grid: &Grid) -> Result<Shape> {
    let ending = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if matches!(ending.as_str(), "geojson" | "json") && !name.ends_with(".city.json") {
        return of_geojson(key, kind, path, grid);
    }
    match kind {
        Kind::Area => {
            let found = features(path, grid, &[])?;
            found.touch(key, path, grid)?;
            let polygons = found.features.into_iter().flat_map(|feature| feature.place.outline.polygons).collect();
            Ok(Shape::Area(Outline { polygons }))
        }
        Kind::Line if ending == "gpkg" => {
            let found = lines(path, grid.crs, None, &[])?;
            let lines = found.lines.into_iter().map(|line| line.points).collect();
            Parts { lines, ..Parts::default() }.into_shape(key, kind)
        }
        Kind::Line | Kind::Points => {
            Err(Error::data(path, "is not a file of such shapes that can be read", "give GeoJSON (.geojson)"))
        }
    }
}

/// The shapes of a GeoJSON file, which lies in degrees where it names nothing else (RFC 7946).
fn of_geojson(key: &str, kind: Kind, path: &Path, grid: &Grid) -> Result<Shape> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", path))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(Error::data(path, "is larger than 32 MiB", "cut it to the shape of the edit"));
    }
    let mut root: Value =
        serde_json::from_str(&text).map_err(|error| Error::data(path, format!("is not JSON: {error}"), "mend it"))?;
    drop(text);
    let named = root["crs"]["properties"]["name"].as_str().map(String::from);
    let code = named.as_ref().and_then(|name| name.rsplit(':').next()?.parse::<u32>().ok());
    let is_degrees = named.as_ref().is_none_or(|name| name.ends_with("CRS84")) || code == Some(4326);
    let mut all = Vec::new();
    match root.get_mut("features").map(Value::take) {
        Some(Value::Array(features)) => {
            all.extend(features.into_iter().filter_map(|mut feature| feature.get_mut("geometry").map(Value::take)));
        }
        _ if root["geometry"].is_object() => all.extend(root.get_mut("geometry").map(Value::take)),
        _ => all.push(root),
    }
    let mut parts = Parts::default();
    for geometry in all.into_iter().filter(|own| !own.is_null()) {
        let unfit = |error: serde_json::Error| {
            Error::data(path, format!("holds a geometry that is none: {error}"), COORDINATES)
        };
        // Boxes and names beside the coordinates say nothing that is needed.
        let coordinates: Nested = serde_json::from_value(geometry["coordinates"].clone()).map_err(unfit)?;
        let kind = geometry["type"].as_str().unwrap_or_default();
        add_geometry(key, kind, &coordinates, &mut parts)?;
    }
    let plane = Plane::of(grid.crs);
    match plane {
        Some(plane) if is_degrees => {
            parts.turn(|at| plane.from_degrees((at.x, at.y)).map(DVec2::from)).ok_or_else(|| {
                let mend = "write longitudes and latitudes, or name its plane (crs)";
                Error::data(path, "holds a place that is no longitude and latitude", mend)
            })?;
        }
        None if is_degrees && named.is_some() => {
            let mend = "write the city's plane, e.g. epsg = 28992 in [city]";
            return Err(Error::data(path, "lies in degrees, and the city's plane is not known", mend));
        }
        _ if !is_degrees && !(Crs { epsg: code }.same_plane(grid.crs)) => {
            let problem = format!("lies in EPSG:{}, and the city in {}", code.unwrap_or_default(), grid.crs);
            return Err(Error::data(path, problem, format!("reproject it, e.g. ogr2ogr -t_srs {}", grid.crs)));
        }
        _ => {}
    }
    parts.into_shape(key, kind)
}
