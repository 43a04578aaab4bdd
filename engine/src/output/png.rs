//! A picture of the deepest water on a hillshaded town.

use crate::{Result, raster::Raster};
use glam::Vec3;
use image::{RgbImage, codecs::png::PngEncoder};
use rayon::prelude::*;
use std::path::Path;

/// Depth from which a class starts, m, and its colour: one hue that darkens evenly reads without colour vision too.
pub const CLASSES: [(f32, [u8; 3]); 10] = [
    (0.05, [186, 215, 242]),
    (0.10, [160, 201, 237]),
    (0.15, [133, 185, 230]),
    (0.20, [107, 167, 221]),
    (0.25, [82, 148, 210]),
    (0.30, [60, 129, 197]),
    (0.35, [42, 109, 182]),
    (0.40, [28, 89, 164]),
    (0.45, [17, 68, 141]),
    (0.50, [8, 45, 112]),
];
/// Water that was there before the rain.
pub const STANDING: [u8; 3] = [146, 168, 180];
/// Places without a value.
pub const NODATA: [u8; 3] = [240, 238, 232];
/// Longest side of a picture, pixels.
const LARGEST: usize = 4096;
/// Longest side under which cells are enlarged, pixels.
const SMALLEST: usize = 600;

/// Maximum depth in classes of 5 cm, hidden under 5 cm, on a hillshade of terrain and buildings.
///
/// Cells with more than 5 cm of `initial` depth are drawn as [`STANDING`] water, so that the flood stands out.
///
/// # Panics
/// If the layers do not lie on one grid.
pub fn depth_map(terrain: &Raster, buildings: Option<&Raster>, depth: &Raster, initial: Option<&Raster>) -> RgbImage {
    let (cols, rows) = (terrain.grid.cols, terrain.grid.rows);
    let longest = cols.max(rows).max(1);
    let reduce = longest.div_ceil(LARGEST);
    let enlarge = if reduce > 1 { 1 } else { SMALLEST.div_ceil(longest) };
    let scene = Scene { terrain, buildings, depth, initial, stretch: stretch(terrain) };
    let (wide, high) = (cols.div_ceil(reduce), rows.div_ceil(reduce));
    let mut image = RgbImage::new((wide * enlarge) as u32, (high * enlarge) as u32);
    if image.is_empty() {
        return image;
    }
    let line = wide * enlarge * 3;
    image.par_chunks_mut(line * enlarge).enumerate().for_each(|(row, band)| {
        for col in 0..wide {
            let colour = scene.pixel(col * reduce, row * reduce, reduce);
            for pixel in band[col * enlarge * 3..(col + 1) * enlarge * 3].chunks_exact_mut(3) {
                pixel.copy_from_slice(&colour);
            }
        }
        let (first, copies) = band.split_at_mut(line);
        for copy in copies.chunks_exact_mut(line) {
            copy.copy_from_slice(first);
        }
    });
    image
}

/// Writes a picture as PNG; a reader never meets half a file.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<()> {
    super::whole_file(path, |out| {
        image.write_with_encoder(PngEncoder::new(out)).map_err(|error| match error {
            image::ImageError::IoError(error) => error,
            other => std::io::Error::other(other),
        })
    })
}

/// What is drawn.
struct Scene<'a> {
    terrain: &'a Raster,
    buildings: Option<&'a Raster>,
    depth: &'a Raster,
    initial: Option<&'a Raster>,
    /// Vertical exaggeration of the terrain; buildings are steep enough as they are.
    stretch: f32,
}

impl Scene<'_> {
    /// Colour of a pixel that covers `size` by `size` cells.
    fn pixel(&self, col: usize, row: usize, size: usize) -> [u8; 3] {
        let grid = &self.terrain.grid;
        let (mut ground, mut shade, mut roofs, mut standing, mut flood) = (0, 0.0, 0, 0, 0.0_f32);
        for row in row..(row + size).min(grid.rows) {
            for col in col..(col + size).min(grid.cols) {
                let at = row * grid.cols + col;
                if !self.terrain.values[at].is_finite() {
                    continue;
                }
                ground += 1;
                shade += self.shade(col, row);
                roofs += usize::from(self.building(at) > 0.0);
                if self.initial.is_some_and(|initial| initial.values[at] > CLASSES[0].0) {
                    standing += 1;
                } else {
                    flood = flood.max(self.depth.values[at]);
                }
            }
        }
        let class = CLASSES.partition_point(|(from, _)| *from <= flood);
        match class {
            _ if ground == 0 => NODATA,
            1.. => CLASSES[class - 1].1,
            0 if 2 * standing > ground => STANDING,
            0 => tint(shade / ground as f32, 2 * roofs > ground),
        }
    }

    /// Height of the building on a cell, m.
    fn building(&self, at: usize) -> f32 {
        self.buildings.map_or(0.0, |layer| layer.values[at].max(0.0))
    }

    /// Light on a cell, 0..1, from the north-west at 45 degrees.
    fn shade(&self, col: usize, row: usize) -> f32 {
        let grid = &self.terrain.grid;
        let surface = |at: usize| self.terrain.values[at] * self.stretch + self.building(at);
        let normal = normal(col, row, grid.cols, grid.rows, grid.cell as f32, surface);
        let sun = Vec3::new(-0.5, 0.5, std::f32::consts::FRAC_1_SQRT_2);
        normal.dot(sun).max(0.0)
    }
}

/// Light greys, so that no shade is as dark as water; roofs are flat, a little darker and warmer.
fn tint(shade: f32, roof: bool) -> [u8; 3] {
    if roof {
        return [203, 196, 187];
    }
    // Level ground has a shade of 0.71 and comes out at 231.
    let grey = (160.0 + 100.0 * shade).clamp(0.0, 252.0) as u8;
    [grey, grey, grey.saturating_sub(2)]
}

/// Upward normal of a surface (x east, y north) from the neighbours that exist and have a value.
fn normal(col: usize, row: usize, cols: usize, rows: usize, cell: f32, surface: impl Fn(usize) -> f32) -> Vec3 {
    let at = row * cols + col;
    let here = surface(at);
    let slope = |before: Option<usize>, after: Option<usize>| {
        let [before, after] = [before, after].map(|at| at.map(&surface).filter(|z| z.is_finite()));
        match (before, after) {
            (Some(before), Some(after)) => (after - before) / (2.0 * cell),
            (Some(before), None) => (here - before) / cell,
            (None, Some(after)) => (after - here) / cell,
            (None, None) => 0.0,
        }
    };
    let east = slope((col > 0).then(|| at - 1), (col + 1 < cols).then_some(at + 1));
    let north = slope((row + 1 < rows).then_some(at + cols), (row > 0).then(|| at - cols));
    Vec3::new(-east, -north, 1.0).normalize()
}

/// Vertical exaggeration that makes the usual slope of a terrain about 0.2: flat land still reads, hills stay calm.
fn stretch(terrain: &Raster) -> f32 {
    let grid = &terrain.grid;
    // A few hundred thousand pairs give the mean slope of any terrain.
    let stride = (grid.len() / 300_000) | 1;
    let (mut sum, mut count) = (0.0, 0.0);
    for at in (0..grid.len()).step_by(stride).filter(|at| at % grid.cols + 1 < grid.cols) {
        let rise = f64::from(terrain.values[at + 1] - terrain.values[at]).abs();
        if rise.is_finite() {
            sum += rise / grid.cell;
            count += 1.0;
        }
    }
    let mean = if count > 0.0 { sum / count } else { 0.0 };
    (0.2 / mean.max(1e-6)).clamp(1.0, 20.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    fn flat(cols: usize, rows: usize, value: f32) -> Raster {
        Raster::uniform(Grid::local(cols, rows, 1.0), "layer", "m", value)
    }

    /// Colour of level ground under a depth.
    fn colour(depth: f32) -> [u8; 3] {
        depth_map(&flat(3, 3, 1.0), None, &flat(3, 3, depth), None).get_pixel(300, 300).0
    }

    #[test]
    fn less_than_five_centimetres_is_hidden() {
        let dry = colour(0.0);
        assert_eq!(colour(0.0499), dry);
        assert_eq!(colour(f32::NAN), dry);
        assert_eq!(colour(0.05), CLASSES[0].1);
    }

    #[test]
    fn colours_step_every_five_centimetres_and_darken() {
        for (k, (from, shown)) in CLASSES.into_iter().enumerate() {
            assert_eq!(colour(from), shown);
            assert_eq!(colour(from + 0.049), shown);
            assert!((from - 0.05 * (k + 1) as f32).abs() < 1e-6);
        }
        assert_eq!(colour(12.0), CLASSES[9].1);
        let light = |c: [u8; 3]| c.into_iter().map(u32::from).sum::<u32>();
        assert!(CLASSES.is_sorted_by(|a, b| light(a.1) > light(b.1)));
        assert!(light(colour(0.0)) > light(CLASSES[0].1));
    }

    #[test]
    fn standing_water_does_not_look_like_flood() {
        let (ground, depth) = (flat(3, 3, 1.0), flat(3, 3, 1.0));
        let shown = |initial: f32| depth_map(&ground, None, &depth, Some(&flat(3, 3, initial))).get_pixel(0, 0).0;
        assert_eq!(shown(0.9), STANDING);
        assert_eq!(shown(0.04), CLASSES[9].1);
    }

    #[test]
    fn pictures_are_neither_tiny_nor_huge() {
        for (cols, rows, wide, high) in [
            (1, 1, 600, 600),
            (599, 10, 1198, 20),
            (600, 10, 600, 10),
            (4096, 3, 4096, 3),
            (4097, 3, 2049, 2),
            (1, 9000, 1, 3000),
            (1, 7, 86, 602),
        ] {
            let image = depth_map(&flat(cols, rows, 0.0), None, &flat(cols, rows, 0.0), None);
            assert_eq!(image.dimensions(), (wide, high), "{cols} by {rows}");
        }
    }

    #[test]
    fn a_reduced_picture_keeps_the_deepest_cell() {
        let mut depth = flat(5000, 2, 0.0);
        depth.values[5001] = 0.33;
        assert_eq!(depth_map(&flat(5000, 2, 0.0), None, &depth, None).get_pixel(0, 0).0, CLASSES[5].1);
    }

    #[test]
    fn places_without_a_value_are_neutral() {
        let void = flat(4, 4, f32::NAN);
        assert!(depth_map(&void, Some(&void), &void, Some(&void)).pixels().all(|pixel| pixel.0 == NODATA));
    }

    #[test]
    fn a_written_picture_reads_back_and_leaves_no_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, image) = (folder.path().join("map.png"), RgbImage::from_pixel(3, 2, image::Rgb([1, 2, 3])));
        write_png(&path, &image).expect("written");
        assert_eq!(image::open(&path).expect("a picture").to_rgb8(), image);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let refused = write_png(&folder.path().join("none/map.png"), &image).expect_err("no such folder");
        assert!(refused.to_string().starts_with("writing "), "{refused}");
    }
}
