//! Outlines from GeoJSON that someone posts (RFC 7946), and points in URLs.

use crate::serve::problem::Problem;
use glam::DVec2;
use hanze_engine::plane::{Plane, from_web};
use hanze_engine::view::{Layer, Outline};
use serde_json::{Value, json};

/// Corners of all outlines together.
const MOST_CORNERS: usize = 200_000;
/// Outlines in one request.
pub const MOST_FEATURES: usize = 1000;

/// What the coordinates of a request are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// Degrees of WGS 84, longitude first.
    Degrees,
    /// Metres of the web's map.
    Web,
    /// Metres of the layer's own plane.
    Own,
}

impl Coordinates {
    /// Those that `coord_crs` names; degrees without it.
    pub fn parse(named: Option<&str>, layer: &Layer) -> Result<Coordinates, Problem> {
        let own = layer.cog.grid.crs;
        let code = |text: &str| text.strip_prefix("EPSG:").and_then(|code| code.parse::<u32>().ok());
        match named {
            None => Ok(Coordinates::Degrees),
            Some("EPSG:4326" | "CRS84" | "OGC:CRS84") => Ok(Coordinates::Degrees),
            Some("EPSG:3857") => Ok(Coordinates::Web),
            Some(named) if code(named).is_some() && (code(named) == own.epsg || code(named) == own.plane()) => {
                Ok(Coordinates::Own)
            }
            Some("own") => Ok(Coordinates::Own),
            Some(_) => {
                Err(Problem::bad(format!("coord_crs is EPSG:4326, EPSG:3857 or own, which is {own} for this layer")))
            }
        }
    }

    /// A point in the layer's plane.
    pub fn place(self, layer: &Layer, point: (f64, f64)) -> Result<(f64, f64), Problem> {
        let plane = || layer.plane.as_ref().ok_or_else(no_plane);
        let inside = |plane: &Plane, degrees| plane.from_degrees(degrees).ok_or_else(|| bad_point(point));
        match self {
            Coordinates::Own => Ok(point),
            Coordinates::Degrees => inside(plane()?, point),
            Coordinates::Web => inside(plane()?, from_web(point)),
        }
    }
}

/// What a layer without a known plane is told.
pub fn no_plane() -> Problem {
    Problem::bad(
        "the city's coordinates have no known CRS, so they cannot be laid over a map; ask with coord_crs=own, or take preview",
    )
}

fn bad_point((x, y): (f64, f64)) -> Problem {
    Problem::bad(format!("{x},{y} is not a longitude and latitude; the longitude comes first"))
}

/// The point in a URL, `lon,lat`.
pub fn point(text: &str) -> Result<(f64, f64), Problem> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let found = text.split_once(',').and_then(|(x, y)| Some((number(x)?, number(y)?)));
    found.ok_or_else(|| Problem::bad("a point is written as two numbers, longitude,latitude"))
}

/// The features of a posted GeoJSON, which may be a collection, a feature or a bare geometry.
pub fn features(mut body: Value) -> Result<(Vec<Value>, bool), Problem> {
    match body["type"].as_str() {
        Some("FeatureCollection") => {
            let Value::Array(features) = body["features"].take() else {
                return Err(Problem::bad("a FeatureCollection has a list of features"));
            };
            if features.len() > MOST_FEATURES {
                return Err(Problem::bad(format!("{} features; {MOST_FEATURES} are taken at once", features.len())));
            }
            if features.iter().any(|feature| feature["type"] != "Feature") {
                return Err(Problem::bad("each of the features of a FeatureCollection is a Feature"));
            }
            Ok((features, true))
        }
        Some("Feature") => Ok((vec![body], false)),
        Some("Polygon" | "MultiPolygon") => {
            Ok((vec![json!({ "type": "Feature", "properties": {}, "geometry": body })], false))
        }
        _ => Err(Problem::bad("the body is not a GeoJSON Feature or FeatureCollection of a Polygon or MultiPolygon")),
    }
}

/// The outline of a feature in a layer's plane. Corners count down `left`.
pub fn outline(feature: &Value, layer: &Layer, from: Coordinates, left: &mut usize) -> Result<Outline, Problem> {
    let geometry = &feature["geometry"];
    let polygon = |rings: &Value, left: &mut usize| -> Result<Vec<Vec<DVec2>>, Problem> {
        let rings = list(rings)?;
        // Rings cost something even where they have no corner.
        *left = left.checked_sub(1 + rings.len()).ok_or_else(too_long)?;
        rings.iter().map(|ring| list(ring)?.iter().map(|corner| place(corner, layer, from, left)).collect()).collect()
    };
    let polygons = match geometry["type"].as_str() {
        Some("Polygon") => vec![polygon(&geometry["coordinates"], left)?],
        Some("MultiPolygon") => {
            let parts = list(&geometry["coordinates"])?;
            parts.iter().map(|rings| polygon(rings, left)).collect::<Result<_, _>>()?
        }
        _ => return Err(Problem::bad("each feature has a geometry of type Polygon or MultiPolygon")),
    };
    Ok(Outline { polygons })
}

fn list(value: &Value) -> Result<&Vec<Value>, Problem> {
    value
        .as_array()
        .ok_or_else(|| Problem::bad("the coordinates of a polygon are lists of rings of [longitude, latitude]"))
}

fn place(corner: &Value, layer: &Layer, from: Coordinates, left: &mut usize) -> Result<DVec2, Problem> {
    *left = left.checked_sub(1).ok_or_else(too_long)?;
    let number = |k: usize| corner[k].as_f64().filter(|number| number.is_finite());
    let point = number(0).zip(number(1)).ok_or_else(|| Problem::bad("a corner is not [longitude, latitude]"))?;
    from.place(layer, point).map(DVec2::from)
}

/// What an outline with too many corners is told.
pub fn too_long() -> Problem {
    Problem::bad(format!(
        "the outlines have more than {MOST_CORNERS} corners or are too long; simplify them, or send fewer at once"
    ))
}

/// Corners that a request may have.
pub const fn corners() -> usize {
    MOST_CORNERS
}
