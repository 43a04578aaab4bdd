//! Features from files: polygons, and lines with a width, of shapefiles, GeoJSON, CityJSON, GeoPackage and SpatiaLite.

mod cityjson;
mod geojson;
mod repair;
mod shapefile;
mod sqlite;

use crate::elsewhere::{self, Extent};
use glam::DVec2;
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::outline::{MOST_CROSSINGS, Outline};
use hanze_base::places::{Place, carriageway};
use hanze_base::plane::Plane;
use hanze_base::remark::{Remark, Remarks};
use repair::Flaw;
use std::collections::BTreeSet;
use std::path::Path;

/// Endings of the single files that [`features`] reads; a shapefile (.shp) is several.
pub const OUTLINES: [&str; 7] = ["geojson", "json", "city.json", "city.jsonl", "gpkg", "sqlite", "db"];

/// Cells that the rectangles around all outlines may hold, beside so many times those of the grid, and rows that their sides may cross.
const MOST_CELLS: f64 = 1e6;
const MOST_OVERLAP: f64 = 16.0;
const MOST_ROWS: f64 = 1e9;
/// Corners of all features of a file.
const MOST_CORNERS: usize = 50_000_000;
/// Bytes of a file of JSON that are read: it takes up to 30 times as much memory.
const LARGEST_FILE: u64 = 100 << 20;
/// Names of columns that are kept.
const MOST_NAMES: usize = 1000;
/// Width of a line that has none of its own, m.
const LINE_WIDTH: f64 = 6.0;
/// Properties that name a place, the best first.
const NAMES: [&str; 13] = [
    "identificatie",
    "identifica",
    "gml_id",
    "lokaalID",
    "lokaalid",
    "buurtcode",
    "statcode",
    "buurtnaam",
    "naam",
    "name",
    "id",
    "gid",
    "fid",
];
/// Properties that hold the width of a line, m.
const WIDTHS: [&str; 3] = ["width_m", "breedte_m", "width"];

/// Properties that hold the height of a building above the ground, m.
const HEIGHTS: [&str; 3] = ["height_m", "hoogte_m", "height"];

/// A value of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
}

impl Value {
    /// As a name, cut where it is long.
    pub fn name(&self) -> String {
        match self {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text.trim().chars().take(200).collect(),
        }
    }
}

/// A feature of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its name and outline.
    pub place: Place,
    /// Height of the lowest part of a building's solid, m NAP, where the file has solids.
    pub floor: Option<f64>,
    /// Height of a building above the ground, m, where the file knows it.
    pub height: Option<f64>,
    /// One for each column that was asked for.
    pub values: Vec<Option<Value>>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// The features that the grid touches, in the order of the file.
    pub features: Vec<Feature>,
    /// Features of the file that have a shape, whether the grid touches them or not.
    pub seen: usize,
    /// What had to be mended, in words.
    pub repairs: Remarks,
    /// Lowest and highest coordinates of all of them in the grid's plane, m; `None` where none has a shape.
    pub extent: Option<(DVec2, DVec2)>,
    /// How many of them lie beside the grid.
    pub beside: usize,
}

impl Features {
    /// Refuses features of which none lies on the grid's ground; `at` is the key that names the file.
    ///
    /// # Errors
    /// `Scenario` with the extents of both and the likely cause.
    pub fn touch(&self, at: &str, path: &Path, grid: &Grid) -> Result<()> {
        let Some(extent) = self.extent.filter(|extent| elsewhere::is_apart(*extent, grid)) else { return Ok(()) };
        let (cause, mend) = elsewhere::cause(extent, grid, "ogr2ogr");
        let (file, count) = (path.display(), self.seen);
        let (there, here) = (elsewhere::words(extent), elsewhere::words(elsewhere::of(grid)));
        let none = match count {
            1 => format!("the only feature of {file} does not touch the city: it covers"),
            _ => format!("none of the {count} features of {file} touches the city: they cover"),
        };
        let problem = format!("{none} {there}, and the city {here}: {cause}");
        Err(Error::scenario(at, problem, mend))
    }

    /// What is left out because it lies beside the grid.
    pub fn left_out(&self) -> Option<Remark> {
        let (all, beside) = (self.seen, self.beside);
        (beside > 0).then(|| {
            let en = format!("left out because they lie outside the city: {beside} of {all} features");
            let nl = format!("weggelaten omdat ze buiten de stad liggen: {beside} van {all} objecten");
            Remark::new(beside as f64 / all as f64, en, nl)
        })
    }
}

/// Reads the features of a file into the plane of a grid, with the values of some of its columns. Those wholly outside the grid
/// are left out; a place that has no name gets the number of its feature, counted from 1. Lines become areas as wide as their
/// column `width_m` says, or 6 m.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::Data`] where its format is not known, it holds points, or it lies in
/// another plane.
pub fn features(path: &Path, grid: &Grid, columns: &[&str]) -> Result<Features> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let mut reader = Reader {
        path,
        grid,
        columns,
        corners: 0,
        feature: 0,
        found: Features::default(),
        flaws: Vec::new(),
        seen: 0,
        lines: None,
        declared: None,
        is_placed: true,
        names: BTreeSet::new(),
    };
    match extension.as_str() {
        "shp" => reader.shapefile()?,
        _ if name.ends_with(".city.json") || name.ends_with(".city.jsonl") => reader.cityjson()?,
        "geojson" | "json" => reader.geojson()?,
        "gpkg" | "sqlite" | "db" => reader.sqlite()?,
        _ => {
            let mend = "give a shapefile (.shp, with .dbf and .prj beside it), GeoJSON (.geojson), CityJSON (.city.json), or \
                        GeoPackage (.gpkg, .sqlite)";
            let problem = format!("`.{extension}` is not a format of outlines that can be read");
            return Err(Error::data(path, problem, mend));
        }
    }
    reader.tell();
    reader.feature = 0;
    let costs = reader.found.features.iter().map(|feature| feature.place.outline.cost(grid));
    let (cells, rows) = costs.fold((0.0, 0.0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
    if cells > MOST_CELLS + MOST_OVERLAP * grid.len() as f64 || rows > MOST_ROWS {
        return Err(reader.bad("has outlines that lie over each other many times, or that are too long to be followed"));
    }
    let longest = |feature: &&Feature| feature.place.outline.cost(grid).1 > MOST_CROSSINGS as f64;
    if let Some(feature) = reader.found.features.iter().find(longest) {
        reader.feature = feature.number;
        return Err(reader.bad("is too long to be followed on cells so small: cut it in parts"));
    }
    reader.found.seen = reader.seen;
    Ok(reader.found)
}

/// A line of a file with some of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Number of its feature in the file, from 1.
    pub number: usize,
    /// Its points, in the city's plane.
    pub points: Vec<DVec2>,
    /// Those of its columns that were asked for and have one, each with the place of its column among these.
    pub values: Vec<(usize, Value)>,
}

/// The lines of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// The lines, in the order of the file.
    pub lines: Vec<Line>,
    /// Whether the file or the scenario says in which plane they lie.
    pub is_placed: bool,
    /// Names of the columns of the file, asked for or not.
    pub columns: BTreeSet<String>,
}

/// Reads the lines of a GeoJSON or GeoPackage file into a plane, with the values of some of its columns; `declared` may say in which
/// plane they lie where the file does not.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read; [`Error::Data`] where it is not understood, or lies in another plane.
pub fn lines(path: &Path, crs: Crs, declared: Option<u32>, columns: &[&str]) -> Result<Lines> {
    let grid = Grid { crs, ..Grid::local(1, 1, 1.0) };
    let mut reader = Reader {
        path,
        grid: &grid,
        columns,
        corners: 0,
        feature: 0,
        found: Features::default(),
        flaws: Vec::new(),
        seen: 0,
        lines: Some(Vec::new()),
        declared,
        is_placed: true,
        names: BTreeSet::new(),
    };
    let is_table = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gpkg"));
    if is_table {
        reader.sqlite()?
    } else {
        reader.geojson()?
    }
    let is_placed = reader.is_placed || declared.is_some();
    Ok(Lines { lines: reader.lines.unwrap_or_default(), is_placed, columns: reader.names })
}

/// Text from outside, short.
fn shown(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

struct Reader<'a> {
    path: &'a Path,
    grid: &'a Grid,
    /// Columns whose values are wanted.
    columns: &'a [&'a str],
    corners: usize,
    /// Number of the feature that is read, from 1.
    feature: usize,
    found: Features,
    /// Features with a shape.
    seen: usize,
    /// Each kind of flaw, the first feature that has it, and how many do.
    flaws: Vec<(Flaw, usize, usize)>,
    /// The lines, where they are wanted as they are.
    lines: Option<Vec<Line>>,
    /// The plane that the scenario says.
    declared: Option<u32>,
    /// Whether the file says in which plane it lies.
    is_placed: bool,
    /// Names of the columns of a file of lines.
    names: BTreeSet<String>,
}

/// The shape of a feature.
enum Drawn {
    Areas(Outline),
    Lines(Vec<Vec<DVec2>>),
}

impl Reader<'_> {
    fn bad(&self, problem: impl std::fmt::Display) -> Error {
        let mend = "write polygons in metres of the city's plane, e.g. ogr2ogr -t_srs EPSG:28992 out.geojson in.shp";
        let at = if self.feature > 0 { format!("feature {}: ", self.feature) } else { String::new() };
        Error::data(self.path, format!("{at}{problem}"), mend)
    }

    /// Counts a flaw of the feature that is read.
    fn mended(&mut self, flaw: Flaw) {
        match self.flaws.iter_mut().find(|(own, ..)| *own == flaw) {
            Some((_, _, count)) => *count += 1,
            None => self.flaws.push((flaw, self.feature, 1)),
        }
    }

    /// Makes a remark of each kind of flaw, with its share of all features.
    fn tell(&mut self) {
        let all = self.feature.max(self.seen).max(1) as f64;
        for (Flaw { en, nl }, first, count) in std::mem::take(&mut self.flaws) {
            let more = |and: &str, more: &str| match count {
                1 => String::new(),
                _ => format!(" {and} {} {more}", count - 1),
            };
            let en = format!("feature {first}{}: {en}", more("and", "more"));
            let nl = format!("object {first}{}: {nl}", more("en nog", "andere"));
            self.found.repairs.push(Remark::new(count as f64 / all, en, nl));
        }
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

    /// Keeps a feature that the grid touches; `value` gives the values of its columns, `own` its name where no column does, and `solid`
    /// the heights of its lowest part and of all of it above that.
    fn keep(
        &mut self,
        drawn: Drawn,
        own: Option<String>,
        solid: Option<(f64, Option<f64>)>,
        value: &dyn Fn(&str) -> Option<Value>,
    ) {
        self.seen += 1;
        if let Some(lines) = &mut self.lines {
            let Drawn::Lines(drawn) = drawn else { return };
            for points in drawn {
                let values =
                    self.columns.iter().enumerate().filter_map(|(k, column)| Some((k, value(column)?))).collect();
                lines.push(Line { number: self.feature, points, values });
            }
            return;
        }
        let number = |names: &[&str]| {
            let numbers = names.iter().filter_map(|name| match value(name) {
                Some(Value::Number(number)) => Some(number),
                _ => None,
            });
            numbers.filter(|number| *number > 0.0 && *number < 1e4).take(1).next()
        };
        let outline = match drawn {
            Drawn::Areas(outline) => outline,
            Drawn::Lines(lines) => {
                let half = 0.5 * number(&WIDTHS).unwrap_or(LINE_WIDTH);
                let areas = lines.into_iter().flat_map(|line| carriageway(&line, half).polygons);
                Outline { polygons: areas.collect() }
            }
        };
        let Some((low, high)) = outline.bounds() else { return };
        self.found.extent = Some(self.found.extent.map_or((low, high), |(l, h): Extent| (l.min(low), h.max(high))));
        if elsewhere::is_apart((low, high), self.grid) {
            self.found.beside += 1;
            return;
        }
        let (outline, flaws) = repair::repair(outline);
        flaws.into_iter().for_each(|flaw| self.mended(flaw));
        if outline.polygons.is_empty() {
            return;
        }
        let name = NAMES.iter().find_map(|name| value(name)).map(|value| value.name()).or(own);
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| self.feature.to_string());
        let name = name.chars().filter(|c| !c.is_control()).take(200).collect();
        self.found.features.push(Feature {
            number: self.feature,
            place: Place { name, outline },
            floor: solid.map(|(floor, _)| floor),
            height: solid.and_then(|(_, height)| height).or_else(|| number(&HEIGHTS)),
            values: self.columns.iter().map(|column| value(column)).collect(),
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid { cols: 100, rows: 100, cell: 1.0, west: 155_000.0, north: 463_100.0, crs: Crs::RD_NEW }
    }

    fn polygons(path: &Path, grid: &Grid) -> Result<Vec<Place>> {
        Ok(features(path, grid, &[])?.features.into_iter().map(|feature| feature.place).collect())
    }

    fn read(text: &str, grid: &Grid) -> Result<Vec<Place>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("houses.geojson");
        std::fs::write(&path, text).expect("written");
        polygons(&path, grid)
    }

    /// GeoJSON in RD New of one square for each corner, 10 m wide.
    fn squares(corners: &[(f64, f64)]) -> String {
        let square = |(x, y): &(f64, f64)| {
            let (east, north) = (x + 10.0, y + 10.0);
            let ring = format!("[[{x},{y}],[{east},{y}],[{east},{north}],[{x},{north}],[{x},{y}]]");
            format!("{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}}}")
        };
        let features = corners.iter().map(square).collect::<Vec<_>>().join(",");
        let crs = "{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::28992\"}}";
        format!("{{\"type\":\"FeatureCollection\",\"crs\":{crs},\"features\":[{features}]}}")
    }

    #[test]
    fn features_elsewhere_are_refused_with_both_extents() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("houses.geojson");
        let check = |corners: &[(f64, f64)]| {
            std::fs::write(&path, squares(corners)).expect("written");
            features(&path, &grid(), &[]).expect("read")
        };
        let error =
            |found: &Features| found.touch("city.buildings", &path, &grid()).expect_err("elsewhere").to_string();
        let told = error(&check(&[(165_010.0, 463_010.0), (165_030.0, 463_030.0)]));
        for words in [
            "city.buildings",
            "none of the 2 features",
            "houses.geojson",
            "x 165010 to 165040, y 463010 to 463040",
            "x 155000 to 155100, y 463000 to 463100",
            "10.0 km to the east",
        ] {
            assert!(told.contains(words), "{told} | {words}");
        }
        assert!(error(&check(&[(463_010.0, 155_010.0)])).contains("x and y are swapped"));
        // Some on the city and some beside it, and all around it: fine, and told.
        for (corners, share, kept) in [
            (vec![(155_010.0, 463_010.0), (165_010.0, 463_010.0)], 0.5, 1),
            (vec![(154_000.0, 462_000.0), (156_000.0, 464_000.0)], 1.0, 0),
        ] {
            let found = check(&corners);
            assert!(found.touch("city.buildings", &path, &grid()).is_ok());
            let remark = found.left_out().expect("some lie beside");
            assert!(remark.share == share && found.features.len() == kept, "{remark:?}");
            assert!(remark.text.nl.contains("buiten de stad"), "{remark:?}");
        }
        assert!(check(&[(155_010.0, 463_010.0)]).left_out().is_none());
    }

    #[test]
    fn each_kind_of_flaw_is_one_remark_with_its_share() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("houses.geojson");
        let none = "{\"type\":\"Feature\",\"geometry\":null}";
        let text = squares(&[(155_010.0, 463_010.0)])
            .replace("\"features\":[", &format!("\"features\":[{none},{none},{none},"));
        std::fs::write(&path, text).expect("written");
        let found = features(&path, &grid(), &[]).expect("read");
        let words = "feature 1 and 2 more: has no geometry and is left out";
        assert!(found.repairs.len() == 1 && found.repairs[0] == words, "{:?}", found.repairs);
        assert_eq!(found.repairs[0].share, 0.75);
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
            ("", "is not JSON"),
            ("[]", "is not a GeoJSON"),
            ("{\"type\":\"FeatureCollection\"}", "no list of features"),
            (&feature("{\"type\":\"Point\",\"coordinates\":[5,52]}"), "feature 1: is a Point"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":7}"), "not lists"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":[[[5]]]}"), "not [x, y]"),
            (&feature("{\"type\":\"Polygon\",\"coordinates\":[[[5,95]]]}"), "not a longitude"),
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
        let Some(data) = hanze_base::testing::reference_data("the houses of the Hoeksche Waard") else {
            return;
        };
        let folder = data.join("terrain/hoekschewaard_3di_rastergroup");
        let limits = crate::read::Limits { max_cells: 10_000_000 };
        let grid = crate::read::Cog::open(&folder.join("dem.tif"), limits).expect("a raster").grid;
        let places = polygons(&folder.join("buildings.shp"), &grid).expect("read");
        // Of 624 buildings 23 lie outside the rasters' values; their frame holds more.
        assert!((590..=624).contains(&places.len()), "{}", places.len());
        assert_eq!(places[0].name, "0617100000714354");
    }

    /// Cells that a place holds.
    fn cells(place: &Place, grid: &Grid) -> usize {
        let cells = place.outline.cells(grid).expect("short");
        cells.iter().flat_map(|(_, ranges)| ranges).map(ExactSizeIterator::len).sum()
    }

    /// A polygon as WKB.
    fn wkb(corners: &[(f64, f64)]) -> Vec<u8> {
        let mut blob = vec![1];
        [3u32, 1, corners.len() as u32].into_iter().for_each(|word| blob.extend(word.to_le_bytes()));
        corners.iter().flat_map(|(x, y)| [*x, *y]).for_each(|number| blob.extend(number.to_le_bytes()));
        blob
    }

    /// A file of SQLite with one layer.
    fn sqlite(folder: &Path, name: &str, blobs: &[Option<Vec<u8>>], srid: u32) -> std::path::PathBuf {
        let path = folder.join(name);
        let db = rusqlite::Connection::open(&path).expect("opened");
        db.execute_batch(&format!(
            "CREATE TABLE \"a \"\"layer\" (fid INTEGER PRIMARY KEY, geom BLOB, naam TEXT, inlet_mm_per_hour REAL);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
             INSERT INTO gpkg_geometry_columns VALUES ('a \"layer', 'geom', {srid});"
        ))
        .expect("made");
        for blob in blobs {
            let sql = "INSERT INTO \"a \"\"layer\" (geom, naam, inlet_mm_per_hour) VALUES (?1, 'wijk', 20.5)";
            db.execute(sql, [blob]).expect("written");
        }
        path
    }

    #[test]
    fn geopackages_have_values_and_are_told_apart_from_what_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let square = [(155_010.0, 463_010.0), (155_020.0, 463_010.0), (155_020.0, 463_030.0), (155_010.0, 463_030.0)];
        let ring = [&square[..], &square[..1]].concat();
        let mut gpkg = b"GP\0\x01".to_vec();
        gpkg.extend(28992i32.to_le_bytes());
        gpkg.extend(wkb(&ring));
        let path = sqlite(folder.path(), "one.gpkg", &[Some(gpkg.clone()), None, Some(wkb(&ring))], 28992);
        let found = features(&path, &grid(), &["inlet_mm_per_hour", "naam", "missing"]).expect("read");
        assert_eq!(found.features.len(), 2);
        let first = &found.features[0];
        assert_eq!((first.place.name.as_str(), first.number, cells(&first.place, &grid())), ("wijk", 1, 200));
        assert_eq!(first.values, [Some(Value::Number(20.5)), Some(Value::Text("wijk".into())), None]);
        assert_eq!(found.features[1].number, 3);
        assert_eq!(*found.repairs, ["feature 2: has no geometry and is left out"]);

        let point = [&[1][..], &1u32.to_le_bytes(), &[0; 16]].concat();
        let cut = gpkg[..gpkg.len() - 5].to_vec();
        let deep: Vec<u8> = (0..200_000).flat_map(|_| [1, 7, 0, 0, 0, 1, 0, 0, 0]).collect();
        for (k, (blob, srid, words)) in [
            (point, 28992, "feature 1: is a point"),
            (cut, 28992, "feature 1: its geometry"),
            (deep, 28992, "feature 1: is a collection"),
            (vec![], 28992, "feature 1: its geometry"),
            (gpkg, 31370, "lies in EPSG:31370"),
        ]
        .into_iter()
        .enumerate()
        {
            let path = sqlite(folder.path(), &format!("bad{k}.gpkg"), &[Some(blob)], srid);
            let error = features(&path, &grid(), &[]).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
        let path = folder.path().join("none.sqlite");
        std::fs::write(&path, "this is no database").expect("written");
        assert!(features(&path, &grid(), &[]).is_err());
    }

    #[test]
    fn lines_are_as_wide_as_they_say() {
        let line = |properties: &str| {
            format!(
                "{{\"type\":\"FeatureCollection\",\"crs\":{{\"properties\":{{\"name\":\"EPSG:28992\"}}}},\"features\":[{{\"type\":\"Feature\",\
                 \"properties\":{properties},\"geometry\":{{\"type\":\"LineString\",\"coordinates\":[[155010,463050],[155060,463050]]}}}}]}}"
            )
        };
        for (properties, expected) in [("{\"width_m\":4}", 200), ("{}", 300), ("{\"width_m\":\"wide\"}", 300)] {
            let places = read(&line(properties), &grid()).expect("read");
            assert_eq!(cells(&places[0], &grid()), expected, "{properties}");
        }
    }

    #[test]
    fn the_same_houses_of_delft_in_two_formats() {
        let Some(data) = hanze_base::testing::reference_data("the houses of Delft") else {
            return;
        };
        let grid = Grid { cols: 1200, rows: 800, cell: 0.5, west: 84_600.0, north: 447_760.0, crs: Crs::RD_NEW };
        let bgt = data.join("terrain/delft_ahn3_laz_bgt/bgt_pand.sqlite");
        let bgt = features(&bgt, &grid, &["identificatiebagpnd", "relatievehoogteligging"]).expect("BGT");
        let city = features(&data.join("terrain/delft_ahn3_laz_bgt/testarea.json"), &grid, &[]).expect("CityJSON");
        let sum = |found: &Features| -> usize { found.features.iter().map(|f| cells(&f.place, &grid)).sum() };
        assert!(bgt.features.len() > 100 && bgt.features[0].values.iter().all(Option::is_some));
        assert_eq!(city.features.len(), bgt.features.len());
        let (one, other) = (sum(&bgt), sum(&city));
        assert!(one.abs_diff(other) < one / 100, "{one} and {other} cells");
        let heights: Vec<f64> = city.features.iter().filter_map(|feature| feature.height).collect();
        let tall = heights.iter().filter(|height| (2.0..40.0).contains(*height)).count();
        assert!(heights.len() > 100 && tall > heights.len() * 9 / 10, "{tall} of {}", heights.len());
        let next = features(
            &data.join("buildings/delft_nextbk_3dbag.city.json"),
            &Grid { west: 85_000.0, north: 447_300.0, ..grid },
            &[],
        );
        assert_eq!(next.expect("3DBAG").features.len(), 2);
    }

    #[test]
    fn a_hundred_thousand_houses_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let house = |k: usize| {
            let (x, y) = (155_000.0 + (k % 400) as f64 * 0.25, 463_000.0 + (k / 400) as f64 * 0.25);
            Some(wkb(&[(x, y), (x + 0.2, y), (x + 0.2, y + 0.2), (x, y + 0.2), (x, y)]))
        };
        let path = folder.path().join("many.gpkg");
        let mut db = rusqlite::Connection::open(sqlite(folder.path(), "many.gpkg", &[], 28992)).expect("opened");
        let all = db.transaction().expect("begun");
        for k in 0..100_000 {
            all.execute("INSERT INTO \"a \"\"layer\" (geom) VALUES (?1)", [house(k)]).expect("written");
        }
        all.commit().expect("kept");
        assert_eq!(features(&path, &grid(), &[]).expect("read").features.len(), 100_000);
    }
}
