use super::*;
use glam::DVec2;
use hanze_base::grid::{Crs, Grid};
use hanze_base::plane::to_web;
use hanze_base::raster::Raster;
use hanze_output::geotiff::write_cog;
use hanze_output::map::Scale;
use std::f64::consts::PI;

/// A layer of 1300 × 900 cells at Zwolle that rises to the east, with a hole, and the raster itself.
fn layer(name: &str) -> (tempfile::TempDir, Layer, Raster) {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = Grid { cols: 1300, rows: 900, cell: 2.0, west: 202_000.0, north: 504_000.0, crs: Crs::RD_NEW };
    let value = |k: usize| {
        let (col, row) = (k % 1300, k / 1300);
        if (400..500).contains(&col) && (200..300).contains(&row) {
            f32::NAN
        } else {
            col as f32 * 0.001 + row as f32 * 1e-6
        }
    };
    let raster = Raster::from_values(grid, name, "m", (0..grid.len()).map(value).collect());
    let path = folder.path().join("layer.tif");
    write_cog(&path, &raster).expect("written");
    let cache = Arc::new(Cache::new(NonZeroUsize::new(4).expect("not 0")));
    let layer = Layer::open(&path, name, &cache).expect("a COG");
    (folder, layer, raster)
}

#[test]
fn every_cell_is_what_was_written() {
    let (_folder, layer, raster) = layer("max_depth");
    assert_eq!((layer.cog.unit.as_str(), layer.cog.levels(), layer.cog.size(2)), ("m", 3, (325, 225)));
    for k in (0..raster.grid.len()).step_by(997) {
        let (col, row) = (k % 1300, k / 1300);
        let found = layer.value(raster.grid.centre(col, row)).expect("read").expect("inside");
        assert!(found == raster.values[k] || found.is_nan() && raster.values[k].is_nan(), "{col}, {row}");
    }
    assert_eq!(layer.value((0.0, 0.0)).expect("read"), None);
    assert_eq!(layer.value((f64::NAN, 503_000.0)).expect("read"), None);
}

#[test]
fn a_tile_shows_the_value_of_the_place_it_lies_at() {
    let (_folder, layer, raster) = layer("anything");
    let paint = Paint::Ramp { low: 0.0, high: 1.3, colours: colormap("viridis").expect("known") };
    let plane = layer.plane.as_ref().expect("RD New");
    let (first, last) = layer.zooms().expect("RD New");
    assert_eq!((first, last), (13, 16));
    for zoom in [first, 15, last, 20] {
        // The tile with the middle of the eastern half.
        let (lon, lat) = plane.to_degrees((203_950.0, 503_100.0)).expect("inside");
        let count = f64::from(1u32 << zoom);
        let col = ((lon + 180.0) / 360.0 * count) as u32;
        let row = ((1.0 - lat.to_radians().tan().asinh() / PI) / 2.0 * count) as u32;
        let window = Window::tile(plane, zoom, col, row, 256).expect("a tile");
        let picture = layer.draw(&window, &paint).expect("drawn");
        let mut seen = 0;
        for (k, byte) in picture.pixels.iter().enumerate() {
            let (x, y) = ((k % 256) as f64 + 0.5, (k / 256) as f64 + 0.5);
            let size = 2.0 * hanze_base::plane::HALF_WORLD / count;
            let web = (
                (f64::from(col) + x / 256.0) * size - hanze_base::plane::HALF_WORLD,
                hanze_base::plane::HALF_WORLD - (f64::from(row) + y / 256.0) * size,
            );
            let place = plane.from_degrees(hanze_base::plane::from_web(web)).expect("inside");
            let expected = layer.value(place).expect("read").map_or(0, |value| paint.index(value));
            // Within two pixels, which is within a few hundredths of the value.
            let slack = (2.0 * window.pixel / raster.grid.cell * 0.001 / 1.3 * 254.0).ceil() as i32 + 1;
            let is_edge = expected == 0 || *byte == 0;
            assert!(
                is_edge || (i32::from(*byte) - i32::from(expected)).abs() <= slack,
                "{zoom}: {k} {byte} {expected}"
            );
            seen += usize::from(*byte != 0);
            // Between the exact places and those along a line lies less than a hundredth of a pixel.
            if k % 977 == 0 {
                window.row(k / 256, |x, near| {
                    if x == k % 256 {
                        assert!((near.0 - place.0).hypot(near.1 - place.1) < 0.01 * window.pixel, "{zoom}");
                    }
                });
            }
        }
        assert!(seen > 3000, "{zoom}: {seen} pixels of the city");
    }
    assert!(Window::tile(plane, 3, 8, 0, 256).is_none() && Window::tile(plane, 200, 0, 0, 256).is_none());
    // Far away there is nothing, and the whole world holds the city in a pixel or none.
    for (zoom, col, row) in [(0, 0, 0), (5, 3, 3), (14, 0, 0)] {
        let window = Window::tile(plane, zoom, col, row, 256).expect("a tile");
        let picture = layer.draw(&window, &paint).expect("drawn");
        assert!(picture.pixels.iter().filter(|byte| **byte != 0).count() <= 4, "{zoom}");
    }
}

#[test]
fn a_layer_knows_where_it_is() {
    let (_folder, layer, raster) = layer("max_depth");
    let [west, south, east, north] = layer.bounds().expect("RD New");
    let (low, high) = (to_web((west, south)), to_web((east, north)));
    let stretch = 1.0 / (0.5 * (south + north)).to_radians().cos();
    let wide = (high.0 - low.0) / stretch;
    assert!((wide / 2600.0 - 1.0).abs() < 0.02 && (6.05..6.10).contains(&west) && (52.5..52.55).contains(&north));
    let scale = Scale::new(&hanze_engine::models::variable("max_depth").expect("known"), 0.0, || None);
    let picture = layer.draw(&Window::all(&raster.grid, 130, 90), &Paint::Classes(scale)).expect("drawn");
    // The east is deep, the west dry.
    assert_eq!((picture.pixels[0], picture.pixels[129], picture.pixels.len()), (0, 10, 130 * 90));
    let read = image::load_from_memory(&picture.png()).expect("a PNG").into_rgba8();
    let web = image::load_from_memory(&picture.webp()).expect("a WebP").into_rgba8();
    assert!(read == web, "PNG and WebP show the same");
    assert_eq!((read.get_pixel(0, 0).0[3], read.get_pixel(129, 0).0), (0, [6, 24, 72, 255]));
}

#[test]
fn statistics_are_those_of_the_cells() {
    let (_folder, layer, raster) = layer("max_depth");
    let whole = layer.statistics(None).expect("read");
    let mut values: Vec<f64> = raster.values.iter().filter(|v| !v.is_nan()).map(|v| f64::from(*v)).collect();
    values.sort_by(f64::total_cmp);
    let sum: f64 = values.iter().sum();
    assert_eq!((whole.count, whole.masked_pixels), (1300 * 900 - 10_000, 10_000));
    assert_eq!((whole.min, whole.max), (values.first().copied(), values.last().copied()));
    assert!(
        (whole.sum / sum - 1.0).abs() < 1e-12 && (whole.mean.expect("some") - sum / values.len() as f64).abs() < 1e-12
    );
    for (found, share) in [(whole.percentile_2, 0.02), (whole.median, 0.5), (whole.percentile_98, 0.98)] {
        let at = values[(share * values.len() as f64) as usize];
        assert!((found.expect("some") - at).abs() < 1.3 / 60_000.0, "{found:?} {at}");
    }
    assert_eq!(whole.histogram[0].iter().sum::<f64>(), values.len() as f64);

    // Two overlapping squares, one with a hole, count each cell once.
    let square = |x: f64, y: f64, side: f64| {
        let (x, y) = (202_000.0 + x, 504_000.0 - y);
        vec![(x, y), (x + side, y), (x + side, y - side), (x, y - side)]
            .into_iter()
            .map(DVec2::from)
            .collect::<Vec<_>>()
    };
    let outline = Outline {
        polygons: vec![
            vec![square(100.0, 100.0, 200.0), square(150.0, 150.0, 40.0)],
            vec![square(200.0, 200.0, 200.0)],
        ],
    };
    let cells = outline.cells(&raster.grid).expect("short");
    let inside = |col: usize, row: usize, x: usize, y: usize, side: usize| {
        (x..x + side).contains(&col) && (y..y + side).contains(&row)
    };
    let expected: Vec<f64> = (0..raster.grid.len())
        .filter(|k| {
            let (col, row) = (k % 1300, k / 1300);
            inside(col, row, 50, 50, 100) && !inside(col, row, 75, 75, 20) || inside(col, row, 100, 100, 100)
        })
        .map(|k| f64::from(raster.values[k]))
        .collect();
    let part = layer.statistics(Some(&cells)).expect("read");
    assert_eq!(part.count, expected.len() as u64);
    assert!((part.sum - expected.iter().sum::<f64>()).abs() < 1e-9);

    // Nothing, and nothing with a value.
    let nowhere = Outline { polygons: vec![vec![square(-900.0, 100.0, 200.0)]] };
    let none = layer.statistics(Some(&nowhere.cells(&raster.grid).expect("short"))).expect("read");
    assert_eq!((none.count, none.min, none.median), (0, None, None));
    let hole = Outline { polygons: vec![vec![square(820.0, 420.0, 100.0)]] };
    let none = layer.statistics(Some(&hole.cells(&raster.grid).expect("short"))).expect("read");
    assert_eq!((none.count, none.masked_pixels, none.std), (0, 2500, None));
}

#[test]
fn a_triangle_takes_the_centres_within() {
    let grid = Grid::local(100, 100, 1.0);
    let outline = Outline { polygons: vec![vec![vec![DVec2::ZERO, DVec2::new(100.0, 0.0), DVec2::new(0.0, 100.0)]]] };
    let count: usize =
        outline.cells(&grid).expect("short").iter().flat_map(|(_, ranges)| ranges).map(ExactSizeIterator::len).sum();
    // The centres on the long side are cut in half between the two triangles of the square.
    assert!((4950..=5050).contains(&count), "{count}");
    let spiky: Vec<DVec2> =
        (0..200_000).map(|k| DVec2::new(f64::from(k) * 5e-4, if k % 2 == 0 { 0.0 } else { 100.0 })).collect();
    assert!(Outline { polygons: vec![vec![spiky]] }.cells(&grid).is_none());
    let odd = Outline {
        polygons: vec![vec![
            vec![],
            vec![DVec2::splat(5.0)],
            vec![DVec2::new(f64::NAN, 1.0), DVec2::new(2.0, f64::INFINITY)],
        ]],
    };
    assert!(odd.cells(&grid).expect("short").is_empty());
}

#[test]
fn colour_maps_run_from_end_to_end_and_back() {
    for name in COLORMAPS {
        let colours = colormap(name).expect(name);
        let turned = colormap(&format!("{name}_r")).expect(name);
        assert_eq!((colours.len(), colours[0]), (255, turned[254]));
        assert_ne!(colours[0], colours[254]);
    }
    assert!(colormap("nothing").is_none());
    let paint = Paint::Ramp { low: 1.0, high: 3.0, colours: colormap("blues").expect("known") };
    assert_eq!([0.0, 1.0, 2.0, 3.0, 9.0, f32::NAN].map(|value| paint.index(value)), [1, 1, 128, 255, 255, 0]);
}
