//! Polygons from files: shapefiles and GeoJSON.

use crate::error::{Error, Result};
use crate::grid::{Crs, Grid};
use crate::outline::Outline;
use crate::places::Place;
use crate::plane::Plane;
use glam::DVec2;
use serde_json::Value;
use shapefile::dbase::FieldValue;
use shapefile::{PolygonRing, Shape};
use std::io::Read;
use std::path::Path;

/// Bytes of a GeoJSON file that are read: it takes up to 30 times as much memory.
const LARGEST_FILE: u64 = 100 << 20;
/// Cells that the rectangles around all outlines may hold, beside so many times those of the grid, and rows that their sides may cross.
const MOST_CELLS: f64 = 1e6;
const MOST_OVERLAP: f64 = 16.0;
const MOST_ROWS: f64 = 1e9;
/// Corners of all polygons of a file.
const MOST_CORNERS: usize = 50_000_000;
/// Properties that name a place, the best first.
const NAMES: [&str; 12] = [
    "identificatie",
    "identifica",
    "gml_id",
    "lokaalID",
    "buurtcode",
    "statcode",
    "buurtnaam",
    "naam",
    "name",
    "id",
    "gid",
    "fid",
];

/// Reads the polygons of a file into the plane of a grid. Those wholly outside the grid are left out; a place that has no name
/// gets the number of its feature, counted from 1.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::Data`] where it is no shapefile or GeoJSON, holds something else than
/// polygons, or lies in another plane.
pub fn polygons(path: &Path, grid: &Grid) -> Result<Vec<Place>> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let mut reader = Reader { path, grid, corners: 0, feature: 0, places: Vec::new() };
    match extension.as_str() {
        "shp" => reader.shapefile()?,
        "geojson" | "json" => reader.geojson()?,
        _ => {
            let mend = "give a shapefile (.shp, with .dbf and .prj beside it) or GeoJSON (.geojson)";
            return Err(Error::data(
                path,
                format!("`.{extension}` is not a format of outlines that can be read"),
                mend,
            ));
        }
    }
    reader.feature = 0;
    let costs = reader.places.iter().map(|place| place.outline.cost(grid));
    let (cells, rows) = costs.fold((0.0, 0.0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
    if cells > MOST_CELLS + MOST_OVERLAP * grid.len() as f64 || rows > MOST_ROWS {
        return Err(reader.bad("has outlines that lie over each other many times, or that are too long to be followed"));
    }
    Ok(reader.places)
}

/// Text from outside, short.
fn shown(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

struct Reader<'a> {
    path: &'a Path,
    grid: &'a Grid,
    corners: usize,
    /// Number of the feature that is read, from 1.
    feature: usize,
    places: Vec<Place>,
}

impl Reader<'_> {
    fn bad(&self, problem: impl std::fmt::Display) -> Error {
        let mend = "write polygons in metres of the city's plane, e.g. ogr2ogr -t_srs EPSG:28992 out.geojson in.shp";
        let at = if self.feature > 0 { format!("feature {}: ", self.feature) } else { String::new() };
        Error::data(self.path, format!("{at}{problem}"), mend)
    }

    fn corner(&mut self, x: f64, y: f64) -> Result<DVec2> {
        self.corners += 1;
        if self.corners > MOST_CORNERS {
            return Err(self.bad(format!("has more than {MOST_CORNERS} corners")));
        }
        let corner = DVec2::new(x, y);
        if corner.is_finite() && corner.abs().max_element() < 1e9 {
            Ok(corner)
        } else {
            Err(self.bad(format!("has a corner at ({x}, {y})")))
        }
    }

    /// Keeps a place that the grid touches.
    fn keep(&mut self, name: Option<String>, outline: Outline) {
        let grid = self.grid;
        let touches = outline.bounds().is_some_and(|(low, high)| {
            high.x > grid.west && low.x < grid.east() && high.y > grid.south() && low.y < grid.north
        });
        if touches {
            let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| self.feature.to_string());
            self.places.push(Place { name: name.chars().filter(|c| !c.is_control()).take(200).collect(), outline });
        }
    }

    fn shapefile(&mut self) -> Result<()> {
        self.check_projection()?;
        let broken = |error: shapefile::Error| match error {
            shapefile::Error::IoError(error) => Error::io("reading", self.path)(error),
            other => self.bad(format!("cannot be read: {other}")),
        };
        let mut file = shapefile::Reader::from_path(self.path).map_err(broken)?;
        for pair in file.iter_shapes_and_records() {
            self.feature += 1;
            let (shape, record) = pair.map_err(|error| self.bad(format!("cannot be read: {error}")))?;
            let rings: Vec<(bool, Vec<(f64, f64)>)> = match &shape {
                Shape::Polygon(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::PolygonM(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::PolygonZ(shape) => shape.rings().iter().map(|r| ring(r, |p| (p.x, p.y))).collect(),
                Shape::NullShape => continue,
                other => return Err(self.bad(format!("is a {}, and polygons are needed", other.shapetype()))),
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
            let value = |name: &&str| {
                record.get(name).and_then(|value| match value {
                    FieldValue::Character(text) => text.as_ref().map(|text| text.trim().to_string()),
                    FieldValue::Numeric(number) => number.map(|number| number.to_string()),
                    FieldValue::Integer(number) => Some(number.to_string()),
                    FieldValue::Double(number) => Some(number.to_string()),
                    _ => None,
                })
            };
            self.keep(NAMES.iter().find_map(value), outline);
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
        let Ok(text) = std::fs::read_to_string(self.path.with_extension("prj")) else { return Ok(()) };
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

    fn geojson(&mut self) -> Result<()> {
        let file = std::fs::File::open(self.path).map_err(Error::io("reading", self.path))?;
        let mut text = String::new();
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", self.path))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(self.bad("is larger than 100 MiB: cut it, or write a shapefile"));
        }
        let mut root: Value = serde_json::from_str(&text).map_err(|error| self.bad(format!("is no JSON: {error}")))?;
        drop(text);
        let named = root["crs"]["properties"]["name"].as_str().map(str::to_string);
        let plane = self.plane_of(named.as_deref())?;
        let features = match root["type"].as_str() {
            Some("FeatureCollection") => match root["features"].take() {
                Value::Array(features) => features,
                _ => return Err(self.bad("has no list of features")),
            },
            Some("Feature") => vec![root],
            _ => return Err(self.bad("is no GeoJSON Feature or FeatureCollection")),
        };
        for feature in &features {
            self.feature += 1;
            let geometry = &feature["geometry"];
            let polygons = match geometry["type"].as_str() {
                Some("Polygon") => vec![&geometry["coordinates"]],
                Some("MultiPolygon") => self.list(&geometry["coordinates"])?.iter().collect(),
                None if geometry.is_null() => continue,
                other => {
                    let kind = other.unwrap_or("geometry without a type");
                    return Err(self.bad(format!("is a {}, and polygons are needed", shown(kind))));
                }
            };
            let mut outline = Outline::default();
            for polygon in polygons {
                let mut rings = Vec::new();
                for ring in self.list(polygon)? {
                    let corners = self.list(ring)?;
                    rings
                        .push(corners.iter().map(|at| self.place(at, plane.as_ref())).collect::<Result<Vec<DVec2>>>()?);
                }
                outline.polygons.push(rings);
            }
            let value = |name: &&str| match &feature["properties"][*name] {
                Value::String(text) => Some(text.trim().to_string()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let own = match &feature["id"] {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            self.keep(NAMES.iter().find_map(value).or(own), outline);
        }
        Ok(())
    }

    fn list<'v>(&self, value: &'v Value) -> Result<&'v Vec<Value>> {
        value.as_array().ok_or_else(|| self.bad("its coordinates are no lists of rings of [x, y]"))
    }

    fn place(&mut self, corner: &Value, plane: Option<&Plane>) -> Result<DVec2> {
        let number = |k: usize| corner[k].as_f64();
        let Some((x, y)) = number(0).zip(number(1)) else { return Err(self.bad("has a corner that is not [x, y]")) };
        match plane {
            None => self.corner(x, y),
            Some(plane) => {
                let outside = || self.bad(format!("has a corner at ({x}, {y}), which is no longitude and latitude"));
                let (x, y) = plane.from_degrees((x, y)).ok_or_else(outside)?;
                self.corner(x, y)
            }
        }
    }

    /// The way from degrees to the city, which GeoJSON has where it names nothing else (RFC 7946); `None` where the file lies in
    /// the city's plane already.
    fn plane_of(&self, named: Option<&str>) -> Result<Option<Plane>> {
        let code = named.and_then(|name| name.rsplit(':').next()?.parse::<u32>().ok());
        let is_degrees = named.is_none() || named.is_some_and(|name| name.ends_with("CRS84")) || code == Some(4326);
        if is_degrees {
            let unknown = || self.bad("lies in degrees, and the city's plane is not known");
            return Plane::of(self.grid.crs).ok_or_else(unknown).map(Some);
        }
        let is_own = Crs { epsg: code }.plane().is_some_and(|plane| self.grid.crs.plane() == Some(plane));
        if is_own {
            return Ok(None);
        }
        Err(self.bad(format!("lies in {}, and the city in {}", shown(named.unwrap_or_default()), self.grid.crs)))
    }
}

/// Whether a ring goes around and not out, and its corners.
fn ring<P>(ring: &PolygonRing<P>, place: impl Fn(&P) -> (f64, f64)) -> (bool, Vec<(f64, f64)>) {
    match ring {
        PolygonRing::Outer(points) => (true, points.iter().map(place).collect()),
        PolygonRing::Inner(points) => (false, points.iter().map(place).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid { cols: 100, rows: 100, cell: 1.0, west: 155_000.0, north: 463_100.0, crs: Crs::RD_NEW }
    }

    fn read(text: &str, grid: &Grid) -> Result<Vec<Place>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("houses.geojson");
        std::fs::write(&path, text).expect("written");
        polygons(&path, grid)
    }

    const SQUARE: &str = "[[155010,463010],[155020,463010],[155020,463030],[155010,463030],[155010,463010]]";

    #[test]
    fn outlines_come_in_metres_or_in_degrees() {
        let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::28992\"}}";
        let feature = |ring: &str, properties: &str| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}}}"
            )
        };
        let far = SQUARE.replace("1550", "1650");
        let features = [feature(SQUARE, "{\"naam\":\"Huis\"}"), feature(&far, "{}"), feature(SQUARE, "null")].join(",");
        let text = format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{features}]}}");
        let places = read(&text, &grid()).expect("read");
        assert_eq!(places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), ["Huis", "3"]);
        let count = |place: &Place| -> usize {
            let cells = place.outline.cells(&grid()).expect("short");
            cells.iter().flat_map(|(_, ranges)| ranges).map(ExactSizeIterator::len).sum()
        };
        assert_eq!(count(&places[0]), 200);
        // The same in degrees, which is what GeoJSON has by itself.
        let plane = Plane::of(Crs::RD_NEW).expect("known");
        let corners = [(155_010.0, 463_010.0), (155_020.0, 463_010.0), (155_020.0, 463_030.0), (155_010.0, 463_030.0)];
        let corners =
            corners.map(|corner| plane.to_degrees(corner).map(|(lon, lat)| format!("[{lon},{lat}]")).expect("inside"));
        let places = read(&feature(&format!("[{}]", corners.join(",")), "{\"id\":7}"), &grid()).expect("read");
        assert_eq!((places[0].name.as_str(), count(&places[0])), ("7", 200));
    }

    #[test]
    fn what_is_no_outline_is_refused_with_its_place() {
        let feature = |geometry: &str| format!("{{\"type\":\"Feature\",\"geometry\":{geometry}}}");
        for (text, words) in [
            ("", "is no JSON"),
            ("[]", "is no GeoJSON"),
            ("{\"type\":\"FeatureCollection\"}", "no list of features"),
            (&feature("{\"type\":\"Point\",\"coordinates\":[5,52]}"), "feature 1: is a Point"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":7}"), "no lists"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":[[[5]]]}"), "not [x, y]"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":[[[5,95]]]}"), "no longitude"),
            (
                "{\"type\":\"FeatureCollection\",\"crs\":{\"properties\":{\"name\":\"EPSG:31370\"}},\"features\":[]}",
                "lies in EPSG:31370",
            ),
        ] {
            let error = read(text, &grid()).expect_err(words).to_string();
            assert!(error.contains(words) && error.contains("ogr2ogr"), "{error}");
        }
        let error = polygons(Path::new("houses.dwg"), &grid()).expect_err("no format").to_string();
        assert!(error.contains("houses.dwg") && error.contains(".shp"), "{error}");
    }

    #[test]
    fn the_houses_of_the_hoeksche_waard() {
        let Some(data) = crate::data_folder() else {
            assert!(std::env::var_os("HANZE_REQUIRE_DATA").is_none(), "the data folder is not there");
            return eprintln!("no data folder: the houses of the Hoeksche Waard are not read");
        };
        let folder = data.join("terrain/hoekschewaard_3di_rastergroup");
        let limits = crate::city::read::Limits { max_cells: 10_000_000 };
        let grid = crate::city::read::Cog::open(&folder.join("dem.tif"), limits).expect("a raster").grid;
        let places = polygons(&folder.join("buildings.shp"), &grid).expect("read");
        // Of 624 buildings 23 lie outside the rasters' values; their frame holds more.
        assert!((590..=624).contains(&places.len()), "{}", places.len());
        assert_eq!(places[0].name, "0617100000714354");
    }
}
