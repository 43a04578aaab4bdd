//! Roads, trees and neighbourhoods as GeoJSON in the city's own plane, which the member `crs` names as GDAL and QGIS
//! write and read it (GeoJSON 2008, section 3); places of tables in degrees, as maps of the web want them (RFC 7946).

use super::folder::Provenance;
use super::whole_file;
use glam::DVec2;
use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_base::objects::Shape;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// A shape with its properties.
pub struct Feature {
    /// The shape.
    pub shape: Shape,
    /// Its properties, a JSON object.
    pub properties: Value,
}

/// Writes features in a metric plane, one a line. `of` stands beside them as members of the collection.
///
/// # Errors
/// `Io` with the path.
pub fn write_geojson(
    path: &Path,
    name: &str,
    crs: Crs,
    of: &Provenance,
    features: impl IntoIterator<Item = Feature>,
) -> Result<()> {
    // Millimetres: more digits would only make the file larger.
    write(path, name, crs, 1e3, of, features)
}

/// Writes features whose coordinates are degrees of WGS 84, longitude first (RFC 7946), one a line. `of` stands beside them as
/// members of the collection.
///
/// # Errors
/// `Io` with the path.
pub fn write_degrees(
    path: &Path,
    name: &str,
    of: &Provenance,
    features: impl IntoIterator<Item = Feature>,
) -> Result<()> {
    // A hundred-millionth of a degree is about a millimetre.
    write(path, name, Crs::UNKNOWN, 1e8, of, features)
}

fn write(
    path: &Path,
    name: &str,
    crs: Crs,
    fineness: f64,
    of: &Provenance,
    features: impl IntoIterator<Item = Feature>,
) -> Result<()> {
    whole_file(path, |out| {
        write!(out, "{{\"type\":\"FeatureCollection\",\"name\":{}", json!(name))?;
        if let Some(code) = crs.plane() {
            let name = format!("urn:ogc:def:crs:EPSG::{code}");
            write!(out, ",\"crs\":{}", json!({ "type": "name", "properties": { "name": name } }))?;
        }
        // Members that the standard does not name (RFC 7946, section 6.1): readers that do not know them pass over them.
        write!(out, ",\"synthetic\":{},\"attribution\":{}", of.synthetic, json!(of.attribution))?;
        write!(out, ",\"features\":[")?;
        for (k, feature) in features.into_iter().enumerate() {
            let line = json!({
                "type": "Feature",
                "properties": feature.properties,
                "geometry": geometry(&feature.shape, fineness),
            });
            write!(out, "{}\n{line}", if k > 0 { "," } else { "" })?;
        }
        writeln!(out, "\n]}}")
    })
}

fn geometry(shape: &Shape, fineness: f64) -> Value {
    let place = |p: &DVec2| json!([(p.x * fineness).round() / fineness, (p.y * fineness).round() / fineness]);
    let places = |line: &[DVec2]| -> Vec<Value> { line.iter().map(place).collect() };
    // Outer rings run counterclockwise and holes clockwise (RFC 7946, section 3.1.6), and each ends where it begins.
    let closed = |ring: &[DVec2], is_outer: bool| -> Value {
        let mut ring = ring.to_vec();
        if ring.first() == ring.last() {
            ring.pop();
        }
        let next = ring.iter().cycle().skip(1);
        let twice_area: f64 = ring.iter().zip(next).map(|(a, b)| (*a - ring[0]).perp_dot(*b - ring[0])).sum();
        if (twice_area > 0.0) != is_outer {
            ring.reverse();
        }
        ring.extend(ring.first().copied());
        places(&ring).into()
    };
    match shape {
        Shape::Point(at) => json!({ "type": "Point", "coordinates": place(at) }),
        Shape::Line(line) => json!({ "type": "LineString", "coordinates": places(line) }),
        Shape::Polygon(outline) => json!({ "type": "Polygon", "coordinates": [closed(outline, true)] }),
        Shape::Outline(outline) => {
            let polygon = |rings: &Vec<Vec<DVec2>>| -> Vec<Value> {
                rings.iter().enumerate().map(|(k, ring)| closed(ring, k == 0)).collect()
            };
            let polygons: Vec<Vec<Value>> = outline.polygons.iter().map(polygon).collect();
            json!({ "type": "MultiPolygon", "coordinates": polygons })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_out_as_json_with_their_plane() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roads.geojson");
        let line = Shape::Line(vec![DVec2::new(202_000.123_4, 502_000.0), DVec2::new(1.0, 2.0)]);
        let square = Shape::Polygon(vec![DVec2::ZERO, DVec2::ONE, DVec2::X]);
        let shapes = [line, square, Shape::Point(DVec2::ONE)];
        let features = shapes.map(|shape| Feature { shape, properties: json!({ "kind": "main" }) });
        let of = Provenance { synthetic: true, attribution: "\"Roads\" by nobody".into() };
        for crs in [Crs { epsg: Some(7415) }, Crs::UNKNOWN] {
            let none: [Feature; 0] = [];
            write_geojson(&path, "roads", crs, &of, none).expect("written");
            let empty: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
            assert_eq!(empty["features"], json!([]));
        }
        write_geojson(&path, "roads", Crs::RD_NEW, &of, features).expect("written");
        let read: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
        assert_eq!(read["crs"]["properties"]["name"], "urn:ogc:def:crs:EPSG::28992");
        assert_eq!((&read["synthetic"], &read["attribution"]), (&json!(true), &json!(of.attribution)));
        assert_eq!(read["features"][0]["geometry"]["coordinates"][0], json!([202_000.123, 502_000.0]));
        assert_eq!(read["features"][1]["geometry"]["coordinates"][0].as_array().map(Vec::len), Some(4));
        // It was given clockwise.
        let ring = json!([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]);
        assert_eq!(read["features"][1]["geometry"]["coordinates"], json!([ring]));
        assert_eq!(read["features"][2]["properties"]["kind"], "main");
    }
}
