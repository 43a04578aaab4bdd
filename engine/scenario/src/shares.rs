//! Shares of a city, and how they are told.

use hanze_base::grid::Grid;
use hanze_base::raster::Raster;
use hanze_base::words::Language;

/// Share of a city over which a raster has cells without a value.
pub fn missing(raster: &Raster, city: &Grid) -> f64 {
    let g = &raster.grid;
    // How much of each column and row lies over the city, m.
    let over = |from: f64, low: f64, high: f64| (high.min(from + g.cell) - low.max(from)).max(0.0);
    let cols: Vec<f64> = (0..g.cols).map(|k| over(g.west + k as f64 * g.cell, city.west, city.east())).collect();
    let rows: Vec<f64> =
        (0..g.rows).map(|k| over(g.north - (k + 1) as f64 * g.cell, city.south(), city.north)).collect();
    let holes = raster.values.iter().enumerate().filter(|(_, value)| value.is_nan());
    let area: f64 = holes.map(|(cell, _)| cols[cell % g.cols] * rows[cell / g.cols]).sum();
    area / (city.len() as f64 * city.cell_area())
}

/// A share in English and Dutch, in percent.
pub fn percent(share: f64) -> [String; 2] {
    let decimals = if share < 0.001 { 3 } else { 1 };
    [Language::English, Language::Dutch].map(|language| language.number(100.0 * share, decimals))
}
