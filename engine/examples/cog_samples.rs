//! Writes GeoTIFFs of awkward sizes with the samples that they should hold, for `.ci/check_cog.py`.

use hanze_engine::grid::{Crs, Grid};
use hanze_engine::output::geotiff::{NODATA, write_cog};
use hanze_engine::raster::Raster;
use std::path::Path;

const SAMPLES: &[(usize, usize, f64, Option<u32>)] = &[
    (1, 1, 0.0, None),
    (257, 131, 1000.0, Some(28992)),
    (513, 3, 0.0, Some(28992)),
    (512, 512, 0.0, Some(25832)),
    (1300, 900, -7.0, None),
    (2100, 1500, 0.0, Some(7415)),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: cog_samples FOLDER")?;
    for &(cols, rows, datum, epsg) in SAMPLES {
        let grid = Grid { cols, rows, cell: 0.5, west: 200_123.5, north: 503_999.25, crs: Crs { epsg } };
        let value = |i: usize| {
            let (col, row) = (i % cols, i / cols);
            let hole = cols > 1 && ((col * 7 + row * 3) % 50 < 5 || (100..900).contains(&col) && row > 300);
            if hole { f32::NAN } else { (col as f32 * 0.013).sin() * 3.0 + row as f32 * 0.01 }
        };
        let values: Vec<f32> = (0..grid.len()).map(value).collect();
        let sample = |v: &f32| if v.is_nan() { NODATA } else { (datum + f64::from(*v)) as f32 };
        let expected: Vec<u8> = values.iter().flat_map(|v| sample(v).to_le_bytes()).collect();
        let raster = Raster { datum, ..Raster::from_values(grid, "max_depth", "m", values) };
        let path = format!("{folder}/{cols}x{rows}.tif");
        write_cog(Path::new(&path), &raster.described("Deepest water <during> the run & \"after\""))?;
        std::fs::write(format!("{path}.f32"), expected)?;
    }
    Ok(())
}
