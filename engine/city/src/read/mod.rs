//! Readers: files that others made become layers, and what cannot be trusted is refused with words.

mod ascii;
mod geotiff;
mod units;
mod vectors;

pub use geotiff::{Block, Cog};
pub use units::{TO_METRES, is_mercator, is_unitless, length, metres};
pub use vectors::{Feature, Features, Line, Lines, OUTLINES, Value, features, lines};

use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Language;
use std::path::Path;

/// Endings of the files that [`raster`] reads.
pub const RASTERS: [&str; 5] = ["tif", "tiff", "asc", "dem", "txt"];

/// What the numbers of a file are, which decides how they are checked and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Heights in m: kept relative to a whole datum, and refused beyond what the Earth has.
    Heights,
    /// Anything else (classes, roughness, rates): kept as it is, with datum 0.
    Values,
}

/// How much a reader takes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most cells in one file; a file that claims more is refused before any memory is set aside for it.
    pub max_cells: u64,
}

/// No height on Earth is further from sea level than this, m.
const HIGHEST: f64 = 12_000.0;
/// No class, share, rate or roughness is larger than this, in any unit.
const LARGEST: f64 = 1e9;
/// The value that writes "no value" in most elevation files; as a height it does not occur.
const CUSTOMARY_NODATA: f64 = -9999.0;

/// The numbers of a file, in the precision that holds them exactly; NaN where there is no value.
#[derive(Debug)]
enum Cells {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// What a reader makes of a file.
#[derive(Debug)]
struct Found {
    grid: Grid,
    cells: Cells,
    /// Unit of the values as the file names it; empty for none.
    unit: String,
    /// What was guessed or left out.
    remarks: Remarks,
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Single(cells) => cells.len(),
            Cells::Double(cells) => cells.len(),
        }
    }

    fn at(&self, index: usize) -> f64 {
        match self {
            Cells::Single(cells) => f64::from(cells[index]),
            Cells::Double(cells) => cells[index],
        }
    }

    /// The values times a factor, in f64, in which a conversion of units loses nothing.
    fn times(self, factor: f64) -> Cells {
        Cells::Double(match self {
            Cells::Single(cells) => cells.into_iter().map(|value| f64::from(value) * factor).collect(),
            Cells::Double(cells) => cells.into_iter().map(|value| value * factor).collect(),
        })
    }

    fn set(&mut self, index: usize, value: f64) {
        match self {
            Cells::Single(cells) => cells[index] = value as f32,
            Cells::Double(cells) => cells[index] = value,
        }
    }
}

/// Reads one layer: a GeoTIFF (`.tif`, `.tiff`) or an ESRI ASCII grid (`.asc`, `.dem`, `.txt`).
///
/// Cells without a value are NaN. The layer is named after the file. With [`Quantity::Heights`] its unit is m, whatever unit of length
/// the file names, and its values are relative to the whole metre under the lowest one, subtracted before they are rounded to f32.
/// Other values keep the file's unit.
///
/// # Errors
/// [`Error::Io`] where the file cannot be opened or read; [`Error::Data`] where it is not what it should be, has more
/// cells than `limits`, no square cells, no place on the ground, degrees, feet or web Mercator for metres, heights in what is no unit
/// of length, or numbers beyond belief.
pub fn raster(path: &Path, quantity: Quantity, limits: Limits) -> Result<Raster> {
    raster_with_remarks(path, quantity, limits).map(|(raster, _)| raster)
}

/// The layer that [`raster`] reads, and what was converted, guessed or left out.
///
/// # Errors
/// `Io` and `Data` for the causes that [`raster`] names.
pub fn raster_with_remarks(path: &Path, quantity: Quantity, limits: Limits) -> Result<(Raster, Remarks)> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let Found { grid, mut cells, unit, mut remarks } = match extension.as_str() {
        "tif" | "tiff" => geotiff::read(path, limits)?,
        "asc" | "dem" | "txt" => ascii::read(path, limits)?,
        _ => {
            let mend = "give a GeoTIFF (.tif, .tiff) or an ESRI ASCII grid (.asc, .dem, .txt)";
            return Err(Error::data(path, format!("`.{extension}` is not a raster format that can be read"), mend));
        }
    };
    units::check_plane(path, &grid)?;
    if quantity == Quantity::Heights {
        let Some(metres) = metres(&unit) else {
            let problem = format!("has heights in \"{unit}\", which is not a known unit of length");
            let times = units::metres_of_other(&unit).map_or_else(|| "FACTOR".into(), |metres| metres.to_string());
            let mend = format!(
                "write heights in m, e.g. gdal_calc.py -A in.tif --calc=A*{times} --outfile=out.tif; if they are in m, rewrite it \
                 without a unit"
            );
            return Err(Error::data(path, problem, mend));
        };
        check_values(path, quantity, &grid, &cells, metres)?;
        if metres != 1.0 {
            cells = cells.times(metres);
            remarks.push(Remark::new(
                1.0,
                format!("its heights are in {unit} and are taken times {metres} as m"),
                format!("de hoogtes staan in {unit} en zijn omgerekend naar m, keer {metres}"),
            ));
        }
    } else {
        check_values(path, quantity, &grid, &cells, 1.0)?;
    }
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let layer = layer(grid, &name, quantity, cells);
    Ok((if quantity == Quantity::Values { Raster { unit, ..layer } } else { layer }, remarks))
}

/// The remark that so many of all cells are hidden by a mask.
fn masked(hidden: usize, all: usize) -> Remark {
    let share = hidden as f64 / all.max(1) as f64;
    let [en, nl] = [Language::English, Language::Dutch].map(|language| language.number(100.0 * share, 1));
    Remark::new(
        share,
        format!("its mask hides {en} % of the cells, which have no value"),
        format!("het masker verbergt {nl} % van de cellen: die hebben geen waarde"),
    )
}

/// Refuses numbers that can only be an undeclared "no value" or damage: they would flood or freeze a whole model.
fn check_values(file: &Path, quantity: Quantity, grid: &Grid, cells: &Cells, metres: f64) -> Result<()> {
    let beyond = |value: f64| match quantity {
        Quantity::Heights => (metres * value).abs() > HIGHEST || value == CUSTOMARY_NODATA,
        Quantity::Values => value.abs() > LARGEST,
    };
    let Some(index) = (0..cells.len()).find(|&index| beyond(cells.at(index))) else {
        return Ok(());
    };
    let (row, col, value) = (index / grid.cols, index % grid.cols, cells.at(index));
    let what = match quantity {
        Quantity::Heights if metres != 1.0 => "is not a height in the unit of the file",
        Quantity::Heights => "is not a height in m",
        Quantity::Values => "is not a value of any layer",
    };
    Err(Error::data(
        file,
        format!("row {row}, column {col} (from 0 in the north-west) holds {value:?}, which {what}"),
        format!("declare it as nodata in the file, e.g. gdal_translate -a_nodata {value:?}, or correct the cell"),
    ))
}

/// The layer in f32. Heights lose their datum first, so that a tenth of a millimetre survives on a mountain.
fn layer(grid: Grid, name: &str, quantity: Quantity, cells: Cells) -> Raster {
    match (quantity, cells) {
        (Quantity::Heights, Cells::Double(heights)) => Raster::heights(grid, name, &heights),
        (Quantity::Heights, Cells::Single(mut values)) => {
            // The same as `Raster::heights`, in place: an f32 file then never needs 8 bytes a cell.
            let lowest = values.iter().copied().filter(|z| z.is_finite()).fold(f32::INFINITY, f32::min);
            let datum = if lowest.is_finite() { f64::from(lowest).floor() } else { 0.0 };
            values.iter_mut().for_each(|z| *z = (f64::from(*z) - datum) as f32);
            Raster { datum, ..Raster::from_values(grid, name, "m", values) }
        }
        (Quantity::Values, Cells::Single(values)) => Raster::from_values(grid, name, "", values),
        (Quantity::Values, Cells::Double(values)) => {
            Raster::from_values(grid, name, "", values.into_iter().map(|v| v as f32).collect())
        }
    }
}

/// Refuses more cells than the limit, with the number that the file claims.
fn check_size(file: &Path, cols: u64, rows: u64, limits: Limits) -> Result<()> {
    let cells = u128::from(cols) * u128::from(rows);
    if cells == 0 {
        return Err(Error::data(file, format!("has {cols} x {rows} cells"), "give a raster with at least one cell"));
    }
    if cells > u128::from(limits.max_cells) {
        return Err(Error::data(
            file,
            format!("claims {cols} x {rows} = {cells} cells, and the limit is {}", limits.max_cells),
            "cut out the area (gdal_translate -projwin), take larger cells (gdalwarp -tr), or raise the limit",
        ));
    }
    Ok(())
}

/// Refuses a place that is no place: sizes and corners that are not metres in a projected plane.
fn check_grid(file: &Path, grid: Grid) -> Result<Grid> {
    /// Finest cell, m: 1 and 3 arc seconds are smaller numbers, laboratory flumes larger ones.
    const FINEST: f64 = 0.002;
    /// No projected plane has coordinates beyond this, m.
    const FURTHEST: f64 = 1e9;
    let Grid { cell, west, north, .. } = grid;
    if !(cell > 0.0 && cell <= FURTHEST) {
        return Err(Error::data(file, format!("has a cell size of {cell} m"), "give a cell size above 0 m"));
    }
    if cell < FINEST {
        return Err(Error::data(
            file,
            format!("has a cell size of {cell}, which looks like degrees"),
            reproject(Crs::RD_NEW),
        ));
    }
    if [west, north, grid.east(), grid.south()].iter().any(|edge| !edge.is_finite() || edge.abs() > FURTHEST) {
        return Err(Error::data(
            file,
            format!(
                "has its north-west corner at ({west}, {north}) with cells of {cell} m, which is not a place in metres"
            ),
            "correct the georeference of the file",
        ));
    }
    Ok(grid)
}

/// The advice for a file in another kind of coordinates.
fn reproject(to: Crs) -> String {
    format!("reproject to {to}, e.g. gdalwarp -t_srs {to} -tr 1 1")
}

#[cfg(test)]
mod tests;
