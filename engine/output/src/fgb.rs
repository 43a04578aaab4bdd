//! Tables of lines as FlatGeobuf (flatgeobuf.org, version 3.0), which a browser reads piece by piece.

use super::whole_file;
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor};
use glam::DVec2;
use hanze_base::error::Result;
use hanze_base::frame::Table;
use hanze_base::grid::Crs;
use hanze_base::objects::Shape;
use std::io::Error;
use std::path::Path;

/// A line for the writer.
struct Line<'a>(&'a [DVec2]);

impl GeozeroGeometry for Line<'_> {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> geozero::error::Result<()> {
        processor.linestring_begin(true, self.0.len(), 0)?;
        for (k, at) in self.0.iter().enumerate() {
            processor.xy(at.x, at.y, k)?;
        }
        processor.linestring_end(true, 0)
    }
}

/// Writes the rows whose shape is a line, in the city's plane.
///
/// # Errors
/// `Io` with the path.
pub fn write_lines(path: &Path, table: &Table, crs: Crs) -> Result<()> {
    let options = FgbWriterOptions {
        crs: FgbCrs { code: crs.plane().and_then(|code| i32::try_from(code).ok()).unwrap_or(0), ..FgbCrs::default() },
        description: Some(&table.description),
        promote_to_multi: false,
        ..FgbWriterOptions::default()
    };
    let refused = |error: flatgeobuf::Error| Error::other(error.to_string());
    let broken = |error: geozero::error::GeozeroError| Error::other(error.to_string());
    whole_file(path, |out| {
        let mut file =
            FgbWriter::create_with_options(&table.name, GeometryType::LineString, options).map_err(refused)?;
        file.add_column("name", ColumnType::String, |_, _| {});
        for column in &table.columns {
            file.add_column(column, ColumnType::Double, |_, _| {});
        }
        for (k, (row, shape)) in table.rows.iter().zip(&table.shapes).enumerate() {
            let Shape::Line(line) = shape else { continue };
            // Neither has a row without a place to say, nor the index to hold one.
            if line.len() < 2 {
                continue;
            }
            let mut outcome = Ok(false);
            file.add_feature_geom(Line(line), |feature| {
                let name = table.names.get(k).map_or("", String::as_str);
                outcome = feature.property(0, "name", &ColumnValue::String(name));
                for (at, (column, value)) in table.columns.iter().zip(row).enumerate() {
                    // What is no number has no value.
                    if outcome.is_ok() && value.is_finite() {
                        outcome = feature.property(at + 1, column, &ColumnValue::Double(*value));
                    }
                }
            })
            .map_err(broken)?;
            outcome.map_err(broken)?;
        }
        file.write(out).map_err(refused)
    })
}
