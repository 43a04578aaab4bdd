//! Where a GeoTIFF lies: its tags of place and its GeoKeys become a [`Grid`].

use super::tags::Tags;
use crate::read::units::mercator;
use crate::read::{check_grid, reproject};
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use std::io::{Read, Seek};

const MODEL_PIXEL_SCALE: u16 = 33550;
const MODEL_TIEPOINT: u16 = 33922;
const MODEL_TRANSFORMATION: u16 = 34264;
const GEO_KEY_DIRECTORY: u16 = 34735;

const MODEL_TYPE: u64 = 1024;
const RASTER_TYPE: u64 = 1025;
const GEOGRAPHIC_CRS: u64 = 2048;
const PROJECTED_CRS: u64 = 3072;
const PROJ_COORD_TRANS: u64 = 3075;
const LINEAR_UNITS: u64 = 3076;
const VERTICAL_CRS: u64 = 4096;
const VERTICAL_UNITS: u64 = 4099;

/// GeoKey values that name nothing: undefined, and defined by further keys.
const NAMELESS: [u64; 2] = [0, 32767];
/// Codes of degrees that some writers put where a projected code belongs.
const DEGREES: [u64; 6] = [4326, 4258, 4289, 4269, 4979, 4937];
/// Mercator (not the transverse one) among the projections of `PROJ_COORD_TRANS`.
const MERCATOR: u64 = 7;
/// Codes of heights in feet.
const HEIGHTS_IN_FEET: [u64; 8] = [5614, 5702, 5754, 6132, 6358, 6359, 6360, 8228];
/// EPSG code of the metre.
const METRE: u64 = 9001;

/// Corner and step of the raster, before it is known whether they make a grid.
struct Affine {
    x: f64,
    y: f64,
    /// Metres to the east per column, and per row.
    x_step: (f64, f64),
    /// Metres to the north per column, and per row.
    y_step: (f64, f64),
}

/// The grid of a file with so many columns and rows.
pub(super) fn grid<R: Read + Seek>(tags: &mut Tags<R>, cols: usize, rows: usize) -> Result<Grid> {
    let keys = GeoKeys::read(tags)?;
    let crs = crs(tags, &keys)?;
    let Affine { mut x, mut y, x_step, y_step } = affine(tags)?;
    check_square(tags, crs, cols.max(rows), x_step, y_step)?;
    let cell = x_step.0;
    if keys.get(RASTER_TYPE) == Some(2) {
        // Pixel is point: the coordinates name the centre of a cell, and a grid names its corner.
        x -= 0.5 * cell;
        y += 0.5 * cell;
    }
    check_grid(tags.file(), Grid { cols, rows, cell, west: x, north: y, crs })
}

fn affine<R: Read + Seek>(tags: &mut Tags<R>) -> Result<Affine> {
    if let Some(m) = tags.doubles(MODEL_TRANSFORMATION)? {
        return match m[..] {
            [a, b, _, x, e, f, _, y, ..] => Ok(Affine { x, y, x_step: (a, b), y_step: (e, f) }),
            _ => Err(tags.bad(format!("has a ModelTransformation of {} numbers, not 16", m.len()))),
        };
    }
    let (scale, tie) = (tags.doubles(MODEL_PIXEL_SCALE)?, tags.doubles(MODEL_TIEPOINT)?);
    match (scale.as_deref(), tie.as_deref()) {
        (Some([dx, dy, ..]), Some([col, row, _, x, y, _, ..])) => {
            Ok(Affine { x: x - col * dx, y: y + row * dy, x_step: (*dx, 0.0), y_step: (0.0, -dy) })
        }
        (None, Some(_)) => Err(tags.error(
            "is placed by ground control points, not by a grid",
            "warp it onto a grid, e.g. gdalwarp -tr 1 1 -t_srs EPSG:28992",
        )),
        _ => Err(tags.error(
            "does not say where it lies (no ModelPixelScale and ModelTiepoint)",
            "write its place into it: gdal_translate -a_ullr west north east south -a_srs EPSG:28992, or put its world \
             file (.tfw) beside it and run gdal_translate in.tif out.tif",
        )),
    }
}

/// Refuses cells that are not squares along the axes, with rows from north to south.
fn check_square<R: Read + Seek>(
    tags: &Tags<R>,
    crs: Crs,
    longest: usize,
    (dx, x_row): (f64, f64),
    (y_col, minus_dy): (f64, f64),
) -> Result<()> {
    /// Over the whole raster the cells may drift by this share of a cell before they count as askew.
    const DRIFT: f64 = 0.01;
    let dy = -minus_dy;
    let srs = if crs == Crs::UNKNOWN { String::new() } else { format!(" -t_srs {crs}") };
    let warp = |size: f64| {
        let size = if size > 0.1 { (size * 1e3).round() / 1e3 } else { size };
        format!("warp it onto square cells, e.g. gdalwarp -tr {size} {size}{srs}")
    };
    let slack = DRIFT * dx.abs() / longest as f64;
    if [dx, dy, x_row, y_col].iter().any(|step| !step.is_finite()) || dx == 0.0 || dy == 0.0 {
        return Err(tags.error(format!("has cells of {dx} by {dy} m"), "correct the georeference of the file"));
    }
    if x_row.abs() > slack || y_col.abs() > slack {
        return Err(tags.error("is rotated or sheared: its rows do not run from west to east", warp(dx.hypot(y_col))));
    }
    if dx < 0.0 || dy < 0.0 {
        return Err(tags.error("runs from east to west or from south to north", warp(dx.abs())));
    }
    if (dx - dy).abs() > slack {
        return Err(tags.error(format!("has cells of {dx} by {dy} m, which are not square"), warp(dx)));
    }
    Ok(())
}

/// The projected system, where the file names one; degrees and feet are refused.
fn crs<R: Read + Seek>(tags: &Tags<R>, keys: &GeoKeys) -> Result<Crs> {
    let named = |key: u64| keys.get(key).filter(|code| !NAMELESS.contains(code));
    let projected = named(PROJECTED_CRS);
    let degrees = projected.is_some_and(|code| DEGREES.contains(&code));
    let geographic = match keys.get(MODEL_TYPE) {
        Some(2) => true,
        Some(1) => false,
        _ => keys.get(PROJECTED_CRS).is_none() && keys.get(GEOGRAPHIC_CRS).is_some(),
    };
    if degrees || geographic {
        let code = if degrees { projected } else { named(GEOGRAPHIC_CRS) };
        let name = code.map_or("an unnamed geographic CRS".to_string(), |code| format!("EPSG:{code}"));
        return Err(in_degrees(tags, &name));
    }
    if keys.get(MODEL_TYPE) == Some(3) {
        return Err(tags.error("has geocentric coordinates", reproject(Crs::RD_NEW)));
    }
    if projected.is_none() && keys.get(PROJ_COORD_TRANS) == Some(MERCATOR) {
        return Err(mercator(tags.file(), "without a code", None));
    }
    if let Some(code) = named(VERTICAL_CRS).filter(|code| HEIGHTS_IN_FEET.contains(code)) {
        let mend = "write heights in m, e.g. gdal_calc.py -A in.tif --calc=A*0.3048 --outfile=out.tif, and their CRS";
        return Err(tags.error(format!("has heights in feet (EPSG:{code})"), mend));
    }
    for (key, axis) in [(LINEAR_UNITS, "coordinates"), (VERTICAL_UNITS, "heights")] {
        if let Some(unit) = named(key).filter(|&unit| unit != METRE) {
            let problem = format!("has {axis} in a unit that is not the metre (EPSG:{unit})");
            return Err(tags.error(problem, reproject(Crs::RD_NEW)));
        }
    }
    Ok(projected.map_or(Crs::UNKNOWN, |code| Crs { epsg: Some(code as u32) }))
}

fn in_degrees<R: Read + Seek>(tags: &Tags<R>, name: &str) -> Error {
    tags.error(format!("has coordinates in degrees ({name}), and metres are needed"), reproject(Crs::RD_NEW))
}

/// The GeoKeys that are numbers.
struct GeoKeys(Vec<(u64, u64)>);

impl GeoKeys {
    fn read<R: Read + Seek>(tags: &mut Tags<R>) -> Result<GeoKeys> {
        let list = tags.unsigned_list(GEO_KEY_DIRECTORY)?.unwrap_or_default();
        let keys = list.chunks_exact(4).skip(1);
        // A location of 0 says that the value itself stands in the fourth place.
        Ok(GeoKeys(keys.filter(|key| key[1] == 0).map(|key| (key[0], key[3])).collect()))
    }

    fn get(&self, key: u64) -> Option<u64> {
        self.0.iter().find(|(id, _)| *id == key).map(|(_, value)| *value)
    }
}
