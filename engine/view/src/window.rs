//! Where the pixels of a picture lie in a layer's plane.

use hanze_base::grid::Grid;
use hanze_base::plane::{HALF_WORLD, Plane, from_web};

/// Pixels between two points whose place is computed; between them places run linearly. On a tile 32 pixels bend by less
/// than a hundredth of a pixel at any zoom level that shows a city.
const STEP: usize = 32;

/// A picture's pixels in a plane.
pub struct Window {
    /// Pixels from west to east.
    pub width: usize,
    /// Pixels from north to south.
    pub height: usize,
    /// Side of a pixel, about, in the plane's unit.
    pub pixel: f64,
    /// Points at every 32nd corner of pixels, row by row; NaN where the plane does not reach.
    points: Vec<(f64, f64)>,
}

impl Window {
    /// A window whose pixel corners lie where a function puts them.
    fn new(width: usize, height: usize, pixel: f64, place: impl Fn(f64, f64) -> (f64, f64)) -> Window {
        let (cols, rows) = (width.div_ceil(STEP) + 1, height.div_ceil(STEP) + 1);
        let point = |k: usize| place((k % cols * STEP) as f64, (k / cols * STEP) as f64);
        Window { width, height, pixel, points: (0..cols * rows).map(point).collect() }
    }

    /// A tile of the web's map (WebMercatorQuad) of so many pixels a side; `None` where there is no such tile.
    pub fn tile(plane: &Plane, zoom: u8, col: u32, row: u32, side: usize) -> Option<Window> {
        let count = 1u64.checked_shl(u32::from(zoom)).filter(|_| zoom <= 24)?;
        if u64::from(col) >= count || u64::from(row) >= count {
            return None;
        }
        let size = 2.0 * HALF_WORLD / count as f64;
        let (west, north) = (f64::from(col) * size - HALF_WORLD, HALF_WORLD - f64::from(row) * size);
        let pixel = size / side as f64;
        let nowhere = (f64::NAN, f64::NAN);
        let place = |x: f64, y: f64| plane.from_degrees(from_web((west + x * pixel, north - y * pixel)));
        // The web's map is larger than the ground, the more so the further north.
        let (_, lat) = from_web((west + size / 2.0, north - size / 2.0));
        Some(Window::new(side, side, pixel * lat.to_radians().cos(), |x, y| place(x, y).unwrap_or(nowhere)))
    }

    /// All of a grid in a picture of so many pixels.
    pub fn all(grid: &Grid, width: usize, height: usize) -> Window {
        let (wide, high) = (grid.east() - grid.west, grid.north - grid.south());
        let place = |x: f64, y: f64| (grid.west + x / width as f64 * wide, grid.north - y / height as f64 * high);
        Window::new(width, height, wide.max(high) / width.max(height) as f64, place)
    }

    /// Places of the centres of a row's pixels.
    pub fn row(&self, y: usize, mut see: impl FnMut(usize, (f64, f64))) {
        let cols = self.width.div_ceil(STEP) + 1;
        let (above, down) = (y / STEP, (y % STEP) as f64 + 0.5);
        let (top, bottom) = (&self.points[above * cols..][..cols], &self.points[(above + 1) * cols..][..cols]);
        let between = |a: (f64, f64), b: (f64, f64), share: f64| (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
        for k in 0..cols - 1 {
            let share = down / STEP as f64;
            let (left, right) = (between(top[k], bottom[k], share), between(top[k + 1], bottom[k + 1], share));
            for x in k * STEP..self.width.min((k + 1) * STEP) {
                see(x, between(left, right, ((x - k * STEP) as f64 + 0.5) / STEP as f64));
            }
        }
    }
}
