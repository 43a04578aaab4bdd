//! Shapefiles.

use super::repair::NO_GEOMETRY;
use super::{Drawn, Reader, Value};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::outline::Outline;
use shapefile::dbase::FieldValue;
use shapefile::{PolygonRing, Shape};

impl Reader<'_> {
    pub(super) fn shapefile(&mut self) -> Result<()> {
        self.check_projection()?;
        let broken = |error: shapefile::Error| match error {
            shapefile::Error::IoError(error) => Error::io("reading", self.path)(error),
            other => self.bad(format!("cannot be read: {other}")),
        };
        let mut file = shapefile::Reader::from_path(self.path).map_err(broken)?;
        for pair in file.iter_shapes_and_records() {
            self.feature += 1;
            let (shape, record) = pair.map_err(|error| self.bad(format!("cannot be read: {error}")))?;
            let lines: Option<Vec<Vec<(f64, f64)>>> = match &shape {
                Shape::Polyline(shape) => {
                    Some(shape.parts().iter().map(|part| part.iter().map(|p| (p.x, p.y)).collect()).collect())
                }
                Shape::PolylineM(shape) => {
                    Some(shape.parts().iter().map(|part| part.iter().map(|p| (p.x, p.y)).collect()).collect())
                }
                Shape::PolylineZ(shape) => {
                    Some(shape.parts().iter().map(|part| part.iter().map(|p| (p.x, p.y)).collect()).collect())
                }
                _ => None,
            };
            let rings: Vec<(bool, Vec<(f64, f64)>)> = match &shape {
                Shape::Polygon(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::PolygonM(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::PolygonZ(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::Polyline(_) | Shape::PolylineM(_) | Shape::PolylineZ(_) => Vec::new(),
                Shape::NullShape => {
                    self.mended(NO_GEOMETRY);
                    continue;
                }
                other => return Err(self.bad(format!("is a {}, and polygons or lines are needed", other.shapetype()))),
            };
            let (mut outline, mut holes) = (Outline::default(), Vec::new());
            for (is_outer, points) in rings {
                let ring: Vec<DVec2> = points.into_iter().map(|(x, y)| self.corner(x, y)).collect::<Result<_>>()?;
                if is_outer { outline.polygons.push(vec![ring]) } else { holes.push(ring) }
            }
            // Rings come in any order: a hole belongs to the polygon that it lies in.
            for hole in holes.into_iter().filter(|hole| !hole.is_empty()) {
                let around = outline.polygons.iter().position(|polygon| Outline::of(polygon[0].clone()).holds(hole[0]));
                match around {
                    Some(polygon) => outline.polygons[polygon].push(hole),
                    None => outline.polygons.push(vec![hole]),
                }
            }
            let columns: Vec<String> = record.as_ref().keys().cloned().collect();
            let value = |name: &str| {
                // Names in a .dbf have ten letters at most, and capitals as it pleases.
                let short: String = name.chars().take(10).collect();
                let is = |key: &String| key.eq_ignore_ascii_case(name) || key.eq_ignore_ascii_case(&short);
                let own = record.get(name).or_else(|| {
                    let fields = columns.iter().find(|key| is(key))?;
                    record.get(fields)
                });
                own.and_then(|value| match value {
                    FieldValue::Character(text) => text.as_ref().map(|text| Value::Text(text.trim().to_string())),
                    FieldValue::Numeric(number) => number.map(Value::Number),
                    FieldValue::Float(number) => number.map(|number| Value::Number(f64::from(number))),
                    FieldValue::Integer(number) => Some(Value::Number(f64::from(*number))),
                    FieldValue::Double(number) => Some(Value::Number(*number)),
                    _ => None,
                })
            };
            let drawn = match lines {
                None => Drawn::Areas(outline),
                Some(lines) => {
                    let line = |line: Vec<(f64, f64)>| line.into_iter().map(|(x, y)| self.corner(x, y)).collect();
                    Drawn::Lines(lines.into_iter().map(line).collect::<Result<_>>()?)
                }
            };
            self.keep(drawn, None, None, &value);
        }
        // A row that is marked as deleted would give every further shape its neighbour's name.
        let shapes = file.shape_count().unwrap_or(self.feature);
        if shapes != self.feature {
            let rows = std::mem::take(&mut self.feature);
            return Err(self.bad(format!("has {shapes} shapes and {rows} rows in its .dbf")));
        }
        Ok(())
    }

    /// Refuses a shapefile in degrees, or in a plane that is known to be another one: its `.prj` names it in words.
    fn check_projection(&self) -> Result<()> {
        let Ok(bytes) = std::fs::read(self.path.with_extension("prj")) else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes);
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
        if !text.starts_with("proj") && !text.starts_with("comp") {
            return Err(self.bad("lies in degrees, and metres are needed"));
        }
        let is_dutch = text.contains("amersfoortrdnew") || text.contains("rdnew");
        if self.grid.crs.plane() == Some(28992) && !is_dutch {
            return Err(self.bad("lies in another plane than the city, which is in EPSG:28992"));
        }
        Ok(())
    }
}

/// Whether a ring goes around and not out, and its corners.
fn ring<P>(ring: &PolygonRing<P>, place: impl Fn(&P) -> (f64, f64)) -> (bool, Vec<(f64, f64)>) {
    match ring {
        PolygonRing::Outer(points) => (true, points.iter().map(place).collect()),
        PolygonRing::Inner(points) => (false, points.iter().map(place).collect()),
    }
}
