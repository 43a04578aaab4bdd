//! A Dutch delta town by code and seed, for a first run, tests and measurements.
//!
//! Every value is a pure function of a point in metres, so a finer cell shows the same town. Rivers and streets come
//! from value noise and rational curves: sine and cosine differ between platforms, products and roots do not.

mod curves;
mod town;

use super::City;
use crate::{Error, Result, grid::Crs, grid::Grid, raster::Raster};
use rayon::prelude::*;
use town::Town;
/// Largest city, in cells.
const MOST_CELLS: f64 = 1.2e9;

/// A synthetic town of `width_m` by `height_m` metres with square cells of `cell` metres.
///
/// # Errors
/// `Scenario` as [`check`].
pub fn demo(seed: u64, width_m: f64, height_m: f64, cell: f64) -> Result<City> {
    check(width_m, height_m, cell)?;
    let (cols, rows) = ((width_m / cell).round(), (height_m / cell).round());
    let grid = Grid {
        cols: cols as usize,
        rows: rows as usize,
        cell,
        west: 202_000.0,
        north: 502_000.0 + rows * cell,
        crs: Crs::RD_NEW,
    };
    Ok(fill(&Town::new(seed, width_m, height_m), seed, grid))
}

/// Whether there is a town of that size.
///
/// # Errors
/// `Scenario` at the key with what is allowed.
pub fn check(width_m: f64, height_m: f64, cell: f64) -> Result<()> {
    for (key, side) in [("width_m", width_m), ("height_m", height_m)] {
        if !(100.0..=12_000.0).contains(&side) {
            let problem = format!("{side} m is out of range");
            return Err(Error::scenario(format!("city.demo.{key}"), problem, "take a side of 100 m to 12 km"));
        }
    }
    if !(0.25..=20.0).contains(&cell) {
        let problem = format!("a cell of {cell} m is out of range");
        return Err(Error::scenario("city.demo.cell_m", problem, "take a cell of 0.25 m to 20 m"));
    }
    let cells = (width_m / cell).round() * (height_m / cell).round();
    if cells > MOST_CELLS {
        let problem = format!("makes {cells:.0} cells, which are too many");
        return Err(Error::scenario("city.demo.cell_m", problem, "take larger cells or a smaller town"));
    }
    Ok(())
}

/// Samples the town at all cell centres.
fn fill(town: &Town, seed: u64, grid: Grid) -> City {
    let mut heights = vec![0.0; grid.len()];
    let mut layers: [Vec<f32>; 4] = std::array::from_fn(|_| vec![0.0; grid.len()]);
    let [buildings, manning, infiltration, water] = &mut layers;
    heights
        .par_chunks_mut(grid.cols)
        .zip(buildings.par_chunks_mut(grid.cols))
        .zip(manning.par_chunks_mut(grid.cols).zip(infiltration.par_chunks_mut(grid.cols)))
        .zip(water.par_chunks_mut(grid.cols))
        .enumerate()
        .for_each(|(row, (((heights, buildings), (manning, infiltration)), water))| {
            for col in 0..grid.cols {
                let x = (col as f64 + 0.5) * grid.cell;
                let y = (grid.rows as f64 - row as f64 - 0.5) * grid.cell;
                let spot = town.spot(x, y);
                heights[col] = spot.height;
                buildings[col] = spot.building as f32;
                (manning[col], infiltration[col]) = spot.cover.hydraulics();
                water[col] = (spot.level - spot.height).max(0.0) as f32;
            }
        });
    let [buildings, manning, infiltration, water] = layers;
    City {
        title: format!("Demo town {seed}"),
        synthetic: true,
        grid,
        terrain: Raster::heights(grid, "terrain", &heights).described("Bed height above NAP without buildings"),
        buildings: Some(
            Raster::from_values(grid, "buildings", "m", buildings).described("Height of buildings above the terrain"),
        ),
        manning: Raster::from_values(grid, "manning", "s/m^(1/3)", manning).described("Manning's n of the surface"),
        infiltration: Raster::from_values(grid, "infiltration", "m/s", infiltration)
            .described("Infiltration capacity of the soil"),
        water: Some(Raster::from_values(grid, "water", "m", water).described("Depth of standing water at the start")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(city: &City) -> Vec<&Raster> {
        let optional = [&city.buildings, &city.water].into_iter().map(|layer| layer.as_ref().expect("a demo has it"));
        [&city.terrain, &city.manning, &city.infiltration].into_iter().chain(optional).collect()
    }

    #[test]
    fn a_seed_means_the_same_bits_and_another_seed_another_town() {
        let [one, same, other] = [7, 7, 8].map(|seed| demo(seed, 600.0, 400.0, 2.0).expect("a good size"));
        for (a, b) in layers(&one).into_iter().zip(layers(&same)) {
            assert!(a.values.iter().zip(&b.values).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", a.name);
        }
        assert_ne!(one.terrain.values, other.terrain.values);
        assert_ne!(one.buildings, other.buildings);
    }

    #[test]
    fn finer_cells_show_the_same_town() {
        let [coarse, fine] = [2.0, 1.0].map(|cell| demo(3, 600.0, 400.0, cell).expect("a good size"));
        // Only edges differ: kerbs and quays in the bed, walls in the buildings.
        for (k, tolerance) in [(0, 0.01), (3, 0.25)] {
            let [coarse, fine] = [&coarse, &fine].map(|city| layers(city)[k]);
            let mut off = 0.0;
            for row in 0..coarse.grid.rows {
                for col in 0..coarse.grid.cols {
                    let quarters = (0..4).map(|k| fine.at(2 * col + k % 2, 2 * row + k / 2));
                    off += (quarters.sum::<f64>() / 4.0 - coarse.at(col, row)).abs();
                }
            }
            let off = off / coarse.grid.len() as f64;
            assert!(off < tolerance, "{}: {off} m", coarse.name);
        }
    }

    #[test]
    fn sizes_are_as_asked_and_all_layers_finite() {
        for (width, height, cell) in [(100.0, 100.0, 0.5), (600.0, 400.0, 2.0), (3000.0, 100.0, 20.0)] {
            let city = demo(1, width, height, cell).expect("a good size");
            assert_eq!((city.grid.cols, city.grid.rows), ((width / cell) as usize, (height / cell) as usize));
            assert_eq!((city.grid.west, city.grid.south()), (202_000.0, 502_000.0));
            for layer in layers(&city) {
                assert!(layer.values.iter().all(|v| v.is_finite()), "{}", layer.name);
            }
        }
    }

    /// No water stands next to lower dry ground, and touching water has one level.
    fn check_at_rest(seed: u64, width: f64, height: f64, cell: f64) {
        let city = demo(seed, width, height, cell).expect("a good size");
        let (grid, bed, water) = (city.grid, &city.terrain.values, city.water.expect("a demo has it").values);
        let level = |at: usize| bed[at] + water[at];
        for at in 0..grid.len() {
            let east = (at % grid.cols + 1 < grid.cols).then_some(at + 1);
            let south = (at + grid.cols < grid.len()).then_some(at + grid.cols);
            for to in [east, south].into_iter().flatten() {
                let still = match (water[at] > 0.0, water[to] > 0.0) {
                    (true, true) => level(at) == level(to),
                    (true, false) => level(at) <= bed[to],
                    (false, true) => level(to) <= bed[at],
                    (false, false) => true,
                };
                assert!(still, "seed {seed}, cell {cell}: {at} and {to}: {} and {}", level(at), level(to));
            }
        }
        assert!(water.iter().any(|&depth| depth > 0.8), "some water");
        assert!(water.iter().all(|&depth| depth <= 2.0), "shallow water only");
    }

    #[test]
    fn water_is_at_rest_at_the_start() {
        for seed in 0..4 {
            check_at_rest(seed, 100.0, 100.0, 0.5);
            check_at_rest(seed, 600.0, 400.0, 1.0);
            check_at_rest(seed, 2000.0, 2000.0, 4.0);
            check_at_rest(seed, 9000.0, 5000.0, 20.0);
        }
    }

    #[test]
    fn bad_sizes_are_refused() {
        for (width, height, cell) in [
            (99.0, 500.0, 1.0),
            (500.0, 12_001.0, 1.0),
            (f64::NAN, 500.0, 1.0),
            (500.0, 500.0, 0.2),
            (500.0, 500.0, 21.0),
            (12_000.0, 12_000.0, 0.25),
        ] {
            let error = demo(1, width, height, cell).err().expect("refused").to_string();
            assert!(error.starts_with("city.demo."), "{error}");
        }
    }
}
