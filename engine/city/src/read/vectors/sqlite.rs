//! GeoPackage, SpatiaLite, and SQLite files with plain WKB as GDAL writes them.

use super::repair::NO_GEOMETRY;
use super::{Drawn, HEIGHTS, NAMES, Reader, Value, WIDTHS, shown};
use geozero::error::GeozeroError;
use geozero::wkb::{WkbDialect, process_wkb_type_geom};
use geozero::{CoordDimensions, GeomProcessor};
use glam::DVec2;
use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_base::outline::Outline;
use hanze_base::plane::Plane;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Largest geometry that is read, bytes.
const LARGEST_SHAPE: usize = 256 << 20;

/// What says where the shapes are: the table, the column, and the reference system.
struct Layer {
    table: String,
    column: String,
    epsg: Option<u32>,
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Reader<'_> {
    pub(super) fn sqlite(&mut self) -> Result<()> {
        if !self.path.is_file() {
            return Err(self.bad("there is no such file"));
        }
        // What another program has not yet written into the file itself would be left out.
        let mut log = self.path.as_os_str().to_os_string();
        log.push("-wal");
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(self.bad("is open in another program: close it there first"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        let path: String = self.path.as_os_str().as_encoded_bytes().iter().map(|byte| escape(*byte)).collect();
        let broken = |error: rusqlite::Error| self.bad(format!("cannot be read: {}", shown(&error.to_string())));
        let db = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags).map_err(broken)?;
        // The schema of a file from outside may not run functions.
        db.pragma_update(None, "trusted_schema", false).map_err(broken)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST_SHAPE as i32).map_err(broken)?;
        let layer = self.layer(&db)?;
        let plane = self.plane_of_layer(&layer)?;
        // Only the columns that are wanted, and none that is computed.
        let mut known = Vec::new();
        let mut info = db.prepare(&format!("PRAGMA table_xinfo({})", quoted(&layer.table))).map_err(broken)?;
        let rows = info.query_map([], |row| Ok((row.get::<_, String>(1)?, row.get::<_, i64>(6)?))).map_err(broken)?;
        let mut own_names = Vec::new();
        for (name, hidden) in rows.flatten() {
            if !name.eq_ignore_ascii_case(&layer.column) {
                own_names.push(name.clone());
            }
            let is = |wanted: &&str| wanted.eq_ignore_ascii_case(&name);
            let wanted = self.columns.iter().chain(&NAMES).chain(&WIDTHS).chain(&HEIGHTS).any(is);
            if hidden == 0 && (wanted || name.eq_ignore_ascii_case(&layer.column)) {
                known.push(quoted(&name));
            }
        }
        if known.is_empty() {
            return Err(self.bad(format!("has no column {}", shown(&layer.column))));
        }
        let sql = format!("SELECT {} FROM {}", known.join(", "), quoted(&layer.table));
        let mut statement = db.prepare(&sql).map_err(broken)?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_string).collect();
        let at = |name: &str| names.iter().position(|column| column.eq_ignore_ascii_case(name));
        let Some(shape) = at(&layer.column) else {
            return Err(self.bad(format!("has no column {}", shown(&layer.column))));
        };
        let mut rows = statement.query([]).map_err(broken)?;
        self.names.extend(own_names.into_iter().take(super::MOST_NAMES));
        self.is_placed = layer.epsg.is_some_and(|code| code >= 1024);
        loop {
            self.feature += 1;
            let row =
                rows.next().map_err(|error| self.bad(format!("cannot be read: {}", shown(&error.to_string()))))?;
            let Some(row) = row else { break };
            let blob = match row.get_ref(shape) {
                Ok(ValueRef::Blob(blob)) if blob.len() <= LARGEST_SHAPE => blob,
                Ok(ValueRef::Null) => {
                    self.mended(NO_GEOMETRY);
                    continue;
                }
                _ => return Err(self.bad("its geometry cannot be read")),
            };
            let drawn = self.drawn(blob, plane.as_ref())?;
            let value = |name: &str| match row.get_ref(at(name)?) {
                Ok(ValueRef::Integer(number)) => Some(Value::Number(number as f64)),
                Ok(ValueRef::Real(number)) => Some(Value::Number(number)),
                Ok(ValueRef::Text(text)) => {
                    std::str::from_utf8(text).ok().map(|text| Value::Text(text.chars().take(1000).collect()))
                }
                _ => None,
            };
            self.keep(drawn, None, None, &value);
        }
        Ok(())
    }

    /// The one layer of a file.
    fn layer(&self, db: &Connection) -> Result<Layer> {
        let known = |table: &str| {
            let sql =
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1 AND sql LIKE 'CREATE TABLE%'";
            db.query_row(sql, [table], |row| row.get::<_, i64>(0)).is_ok_and(|count| count > 0)
        };
        let queries = [
            ("gpkg_geometry_columns", "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns LIMIT 100"),
            ("geometry_columns", "SELECT f_table_name, f_geometry_column, srid FROM geometry_columns LIMIT 100"),
        ];
        let mut layers = Vec::new();
        for (_, sql) in queries.into_iter().filter(|(table, _)| known(table)) {
            let Ok(mut statement) = db.prepare(sql) else { continue };
            let layer = |row: &rusqlite::Row| {
                let epsg = row.get::<_, i64>(2).ok().and_then(|code| u32::try_from(code).ok());
                Ok(Layer { table: row.get(0)?, column: row.get(1)?, epsg })
            };
            let Ok(rows) = statement.query_map([], layer) else { continue };
            layers.extend(rows.flatten().filter(|layer| known(&layer.table)));
        }
        let names = layers.iter().map(|layer| shown(&layer.table)).collect::<Vec<_>>().join(", ");
        match layers.len() {
            1 => Ok(layers.remove(0)),
            0 => Err(self.bad("holds no layer of geometries")),
            _ => Err(self.bad(format!(
                "holds the layers {names}: keep one in a file, e.g. with ogr2ogr one.gpkg all.gpkg LAYER"
            ))),
        }
    }

    /// The way from a layer in degrees to the city; `None` where it lies in the city's plane already.
    fn plane_of_layer(&self, layer: &Layer) -> Result<Option<Plane>> {
        // SRIDs below these are of the file's own.
        let own = layer.epsg.filter(|code| *code >= 1024);
        let Some(code) = own.or(self.declared) else { return Ok(None) };
        if code == 4326 {
            let unknown = || self.bad("lies in degrees, and the city's plane is not known");
            return Plane::of(self.grid.crs).ok_or_else(unknown).map(Some);
        }
        let (own, city) = (Crs { epsg: Some(code) }.plane(), self.grid.crs.plane());
        if (4000..5000).contains(&code) || (city.is_some() && own != city) {
            return Err(self.bad(format!("lies in EPSG:{code}, and the city in {}", self.grid.crs)));
        }
        Ok(None)
    }

    /// The shape in a blob, whichever way it is written.
    fn drawn(&mut self, blob: &[u8], plane: Option<&Plane>) -> Result<Drawn> {
        let dialect = match blob {
            [b'G', b'P', ..] => WkbDialect::Geopackage,
            // SpatiaLite ends its envelope with a mark that plain WKB cannot have there.
            [0, 0 | 1, ..] if blob.get(38) == Some(&0x7c) && blob.last() == Some(&0xfe) => WkbDialect::SpatiaLite,
            // PostGIS marks a third dimension in the high bits.
            [1, _, _, _, 0x80..=0xff, ..] | [0, 0x80..=0xff, ..] => WkbDialect::Ewkb,
            _ => WkbDialect::Wkb,
        };
        let mut pen = Pen::default();
        let outcome = process_wkb_type_geom(&mut &blob[..], &mut pen, dialect);
        if let Some(kind) = pen.other {
            return Err(self.bad(format!("is a {kind}, and polygons or lines are needed")));
        }
        outcome.map_err(|error| self.bad(format!("its geometry cannot be read: {}", shown(&error.to_string()))))?;
        let mut corners = |line: Vec<(f64, f64)>| -> Result<Vec<DVec2>> {
            let corner = |(x, y): (f64, f64)| {
                let outside = || self.bad(format!("has a corner at ({x}, {y}), which is not a longitude and latitude"));
                let (x, y) = plane.map_or(Some((x, y)), |plane| plane.from_degrees((x, y))).ok_or_else(outside)?;
                self.corner(x, y)
            };
            line.into_iter().map(corner).collect()
        };
        if !pen.lines.is_empty() {
            return Ok(Drawn::Lines(pen.lines.into_iter().map(corners).collect::<Result<_>>()?));
        }
        let mut outline = Outline::default();
        for polygon in pen.polygons {
            outline.polygons.push(polygon.into_iter().map(&mut corners).collect::<Result<_>>()?);
        }
        Ok(Drawn::Areas(outline))
    }
}

/// Follows a geometry.
#[derive(Default)]
struct Pen {
    polygons: Vec<Vec<Vec<(f64, f64)>>>,
    lines: Vec<Vec<(f64, f64)>>,
    within: bool,
    line: Vec<(f64, f64)>,
    /// A kind of geometry that is neither.
    other: Option<&'static str>,
}

impl Pen {
    fn refuse(&mut self, kind: &'static str) -> geozero::error::Result<()> {
        self.other = Some(kind);
        Err(GeozeroError::GeometryFormat)
    }
}

impl GeomProcessor for Pen {
    fn dimensions(&self) -> CoordDimensions {
        CoordDimensions::xy()
    }

    fn xy(&mut self, x: f64, y: f64, _: usize) -> geozero::error::Result<()> {
        self.line.push((x, y));
        Ok(())
    }

    fn linestring_begin(&mut self, _: bool, _: usize, _: usize) -> geozero::error::Result<()> {
        self.line.clear();
        Ok(())
    }

    fn linestring_end(&mut self, _: bool, _: usize) -> geozero::error::Result<()> {
        let line = std::mem::take(&mut self.line);
        match self.polygons.last_mut().filter(|_| self.within) {
            Some(polygon) => polygon.push(line),
            None => self.lines.push(line),
        }
        Ok(())
    }

    fn polygon_begin(&mut self, _: bool, _: usize, _: usize) -> geozero::error::Result<()> {
        self.within = true;
        self.polygons.push(Vec::new());
        Ok(())
    }

    fn polygon_end(&mut self, _: bool, _: usize) -> geozero::error::Result<()> {
        self.within = false;
        Ok(())
    }

    fn point_begin(&mut self, _: usize) -> geozero::error::Result<()> {
        self.refuse("point")
    }

    fn multipoint_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("multipoint")
    }

    fn geometrycollection_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("collection")
    }

    fn circularstring_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("curve")
    }

    fn compoundcurve_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("curve")
    }

    fn curvepolygon_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("polygon of curves")
    }

    fn multicurve_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("curve")
    }

    fn multisurface_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("multisurface")
    }

    fn triangle_begin(&mut self, _: bool, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("triangle")
    }

    fn polyhedralsurface_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("polyhedron")
    }

    fn tin_begin(&mut self, _: usize, _: usize) -> geozero::error::Result<()> {
        self.refuse("tin")
    }
}
