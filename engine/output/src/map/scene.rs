//! The picture in the frame of a map: a layer's classes over the hillshade of ground and buildings.

use super::Ground;
use super::colours::{BUILDING, NODATA, RELIEF, STANDING, TREE};
use super::scale::Scale;
use glam::Vec3;
use hanze_base::grid::Grid;
use hanze_base::raster::{Raster, Reduce, normal};
use image::RgbImage;
use rayon::prelude::*;
use std::ops::Range;

/// Depth from which existing water is drawn as such, m.
const STANDING_DEPTH: f32 = 0.05;

/// Height from which crowns are drawn, m.
const TREE_HEIGHT: f32 = 1.5;
/// Classes of a layer of classes.
const MOST_CLASSES: usize = 16;

/// What a picture holds besides its classes, for the legend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Buildings.
    pub buildings: bool,
    /// Existing water.
    pub standing: bool,
    /// Places without ground.
    pub nodata: bool,
    /// Trees.
    pub trees: bool,
}

/// The light on ground and buildings in pictures of a city, which is the same whatever layer is drawn: one value for
/// each cell, or for each pixel of a picture that has fewer.
pub struct Relief {
    across: usize,
    down: usize,
    /// Mean light of the cells that have ground, 0..1; NaN where none has.
    light: Vec<f32>,
}

impl Relief {
    /// The light in pictures of so many pixels.
    pub fn new(ground: Ground, width: u32, height: u32) -> Relief {
        let grid = ground.terrain.grid;
        let (across, down) = blocks(&grid, width, height);
        let mut light = vec![f32::NAN; across * down];
        if !light.is_empty() {
            let sunny = Sunny { ground, stretch: stretch(ground.terrain) };
            light.par_chunks_mut(across).enumerate().for_each(|(y, row)| {
                let rows = covered(y, down, grid.rows);
                for (x, light) in row.iter_mut().enumerate() {
                    *light = sunny.mean(covered(x, across, grid.cols), rows.clone());
                }
            });
        }
        Relief { across, down, light }
    }

    /// Whether it is that of pictures of so many pixels.
    pub fn fits(&self, grid: &Grid, width: u32, height: u32) -> bool {
        (self.across, self.down) == blocks(grid, width, height)
    }
}

/// Columns and rows of what differs in a picture of so many pixels: it has no more of them than pixels or cells.
fn blocks(grid: &Grid, width: u32, height: u32) -> (usize, usize) {
    (grid.cols.min(width as usize), grid.rows.min(height as usize))
}

/// Draws a layer in a picture of so many pixels, over the relief that fits them.
///
/// # Panics
/// If the layers do not lie on one grid.
pub fn draw(
    ground: Ground,
    relief: &Relief,
    layer: &Raster,
    scale: &Scale,
    width: u32,
    height: u32,
) -> (RgbImage, Shown) {
    let scene = Scene { ground, layer, scale };
    let grid = layer.grid;
    let Relief { across, down, ref light } = *relief;
    let mut image = RgbImage::new(across as u32, down as u32);
    if light.is_empty() {
        return (RgbImage::new(width, height), Shown::default());
    }
    let rows = image.par_chunks_mut(3 * across).zip(light.par_chunks(across)).enumerate().map(|(y, (row, light))| {
        let rows = covered(y, down, grid.rows);
        let mut shown = Shown::default();
        for (x, (pixel, light)) in row.chunks_exact_mut(3).zip(light).enumerate() {
            let cols = covered(x, across, grid.cols);
            pixel.copy_from_slice(&scene.pixel(cols, rows.clone(), *light, &mut shown));
        }
        shown
    });
    let shown = rows.reduce(Shown::default, |a, b| Shown {
        buildings: a.buildings || b.buildings,
        standing: a.standing || b.standing,
        nodata: a.nodata || b.nodata,
        trees: a.trees || b.trees,
    });
    (enlarged(image, width, height), shown)
}

/// A picture in so many pixels, no fewer than it has: each becomes a rectangle.
fn enlarged(small: RgbImage, width: u32, height: u32) -> RgbImage {
    if small.dimensions() == (width, height) {
        return small;
    }
    let (across, down) = (small.width() as usize, small.height() as usize);
    let (wide, high) = (width as usize, height as usize);
    let mut image = RgbImage::new(width, height);
    let mut above = Vec::new();
    for (y, row) in image.chunks_exact_mut(3 * wide).enumerate() {
        let from = y * down / high;
        if y == 0 || from != (y - 1) * down / high {
            above.clear();
            let pixels = &small.as_raw()[3 * across * from..][..3 * across];
            (0..wide).for_each(|x| above.extend_from_slice(&pixels[3 * (x * across / wide)..][..3]));
        }
        row.copy_from_slice(&above);
    }
    image
}

/// Cells of a block, of which there are no more than cells.
fn covered(block: usize, blocks: usize, cells: usize) -> Range<usize> {
    block * cells / blocks..(block + 1) * cells / blocks
}

/// What is drawn.
struct Scene<'a> {
    ground: Ground<'a>,
    layer: &'a Raster,
    scale: &'a Scale,
}

impl Scene<'_> {
    /// Colour of a pixel that covers some cells, with the light on them.
    fn pixel(&self, cols: Range<usize>, rows: Range<usize>, light: f32, shown: &mut Shown) -> [u8; 3] {
        let grid = &self.layer.grid;
        let (mut ground, mut roofs, mut standing) = (0, 0, 0);
        let (mut classes, mut trees) = ([0; MOST_CLASSES], 0);
        let (mut highest, mut sum, mut count) = (f32::NEG_INFINITY, 0.0, 0u32);
        // Cells of a difference that have a value on one side only: now, and before.
        let mut one_side = [0u32; 2];
        for row in rows {
            for col in cols.clone() {
                let at = row * grid.cols + col;
                if !self.ground.terrain.values[at].is_finite() {
                    continue;
                }
                ground += 1;
                let value = self.layer.values[at];
                if self.scale.reduce == Reduce::Most {
                    if let Some(class) = self.scale.class(value) {
                        classes[class.min(MOST_CLASSES - 1)] += 1;
                    }
                    trees += u32::from(self.ground.canopy.is_some_and(|canopy| canopy.values[at] > TREE_HEIGHT));
                    count += 1;
                } else if self.scale.reduce == Reduce::Largest && value.is_infinite() {
                    one_side[usize::from(value < 0.0)] += 1;
                } else if self.scale.reduce == Reduce::Largest && value.is_finite() {
                    // Bands lie over all else.
                    if count == 0 || value.abs() > highest.abs() {
                        highest = value;
                    }
                    count += 1;
                } else if self.ground.building(at) > 0.0 {
                    roofs += 1;
                } else if self.ground.water.is_some_and(|water| water.values[at] > STANDING_DEPTH) {
                    standing += 1;
                } else if value.is_infinite() {
                    one_side[usize::from(value < 0.0)] += 1;
                } else if value.is_finite() {
                    highest = highest.max(value);
                    sum += f64::from(value);
                    count += 1;
                }
            }
        }
        if self.scale.reduce == Reduce::Most && count > 0 {
            let class = (0..MOST_CLASSES).max_by_key(|class| (classes[*class], usize::MAX - class)).unwrap_or(0);
            shown.trees |= 2 * trees > count;
            let colour =
                if 2 * trees > count { Some(TREE) } else { self.scale.colours().get(class).copied().flatten() };
            return shaded(colour.unwrap_or(NODATA), light);
        }
        let [now, before] = one_side;
        let value = match self.scale.reduce {
            // More cells have one side than two.
            _ if now + before > count => [f32::NEG_INFINITY, f32::INFINITY][usize::from(now >= before)],
            _ if count == 0 => f32::NAN,
            Reduce::Highest | Reduce::Largest => highest,
            _ => (sum / f64::from(count)) as f32,
        };
        let is_band = self.scale.reduce == Reduce::Largest && count + now + before > 0;
        let is_roof = 2 * roofs > ground && !is_band;
        match self.scale.colour(value) {
            _ if ground == 0 => {
                shown.nodata = true;
                NODATA
            }
            Some(colour) if !is_roof => colour,
            _ if 2 * standing > ground => {
                shown.standing = true;
                STANDING
            }
            _ => {
                shown.buildings |= is_roof;
                tint(light, is_roof)
            }
        }
    }
}

impl Ground<'_> {
    /// Height of the building on a cell, m.
    fn building(&self, at: usize) -> f32 {
        self.buildings.map_or(0.0, |layer| layer.values[at].max(0.0))
    }
}

/// Ground and buildings in the light.
struct Sunny<'a> {
    ground: Ground<'a>,
    /// Vertical exaggeration of the terrain; buildings are steep enough as they are.
    stretch: f32,
}

impl Sunny<'_> {
    /// Mean light of some cells, 0..1, of those that have ground; NaN where none has.
    fn mean(&self, cols: Range<usize>, rows: Range<usize>) -> f32 {
        let Raster { grid, values, .. } = self.ground.terrain;
        let (mut sum, mut count) = (0.0, 0u32);
        for row in rows {
            for col in cols.clone().filter(|col| values[row * grid.cols + col].is_finite()) {
                sum += self.shade(col, row);
                count += 1;
            }
        }
        sum / count as f32
    }

    /// Light on a cell, 0..1, from the north-west at 45 degrees.
    fn shade(&self, col: usize, row: usize) -> f32 {
        let Raster { grid, values, .. } = self.ground.terrain;
        let surface = |at: usize| values[at] * self.stretch + self.ground.building(at);
        let normal = normal(grid, col, row, surface);
        let sun = Vec3::new(-0.5, 0.5, std::f32::consts::FRAC_1_SQRT_2);
        normal.dot(sun).max(0.0)
    }
}

/// The colour of a class in light and shade, of which there is so little that it looks like no other class.
pub(super) fn shaded(colour: [u8; 3], shade: f32) -> [u8; 3] {
    // Level ground, with a shade of 0.71, keeps its colour.
    let light = (0.64 + 0.507 * shade).clamp(0.85, 1.05);
    colour.map(|part| (f32::from(part) * light).min(255.0) as u8)
}

/// Light greys, so that no shade is as dark as any class; roofs are flat, darker and warmer.
fn tint(shade: f32, roof: bool) -> [u8; 3] {
    if roof {
        return BUILDING;
    }
    // Level ground has a shade of 0.71 and comes out at 231.
    let grey = (160.0 + 100.0 * shade).clamp(f32::from(RELIEF[0]), f32::from(RELIEF[1])) as u8;
    [grey, grey, grey.saturating_sub(2)]
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
    use crate::map::colours::WATER;

    fn flat(cols: usize, rows: usize, name: &str, value: f32) -> Raster {
        Raster::uniform(Grid::local(cols, rows, 1.0), name, "m", value)
    }

    fn scale_of(name: &str, ground: Ground) -> Scale {
        let variable = hanze_engine::models::variable(name).expect("known");
        Scale::new(&variable, 0.0, || ground.terrain.range())
    }

    fn picture(ground: Ground, depth: &Raster, width: u32, height: u32) -> (RgbImage, Shown) {
        let scale = scale_of(&depth.name, ground);
        draw(ground, &Relief::new(ground, width, height), depth, &scale, width, height)
    }

    #[test]
    fn standing_water_does_not_look_like_flood() {
        let (terrain, depth) = (flat(3, 3, "terrain", 1.0), flat(3, 3, "max_depth", 1.0));
        let shown = |initial: f32| {
            let water = flat(3, 3, "water", initial);
            picture(Ground { terrain: &terrain, buildings: None, water: Some(&water), canopy: None }, &depth, 3, 3)
        };
        assert_eq!(shown(0.9).0.get_pixel(1, 1).0, STANDING);
        assert_eq!(shown(0.04).0.get_pixel(1, 1).0, WATER[9]);
        assert!(shown(0.9).1.standing && !shown(0.04).1.standing);
    }

    #[test]
    fn a_reduced_picture_keeps_the_deepest_cell() {
        let (terrain, mut depth) = (flat(50, 20, "terrain", 1.0), flat(50, 20, "max_depth", 0.0));
        depth.values[3 * 50 + 7] = 0.33;
        let (image, _) =
            picture(Ground { terrain: &terrain, buildings: None, water: None, canopy: None }, &depth, 5, 2);
        assert_eq!(image.get_pixel(0, 0).0, WATER[5]);
        assert_ne!(image.get_pixel(1, 0).0, WATER[5]);
    }

    #[test]
    fn an_enlarged_picture_shows_cells_as_squares() {
        let (terrain, mut depth) = (flat(2, 2, "terrain", 1.0), flat(2, 2, "max_depth", 0.0));
        depth.values[3] = 1.0;
        let (image, _) =
            picture(Ground { terrain: &terrain, buildings: None, water: None, canopy: None }, &depth, 10, 10);
        for (x, y, pixel) in image.enumerate_pixels() {
            assert_eq!(pixel.0 == WATER[9], x >= 5 && y >= 5, "{x}, {y}");
        }
    }

    /// Cells that a pixel covers; where it is smaller than a cell, the one cell that its corner lies in.
    fn below(pixel: u32, pixels: u32, cells: usize) -> Range<usize> {
        let place = |pixel: u32| pixel as usize * cells / pixels as usize;
        place(pixel)..place(pixel + 1).max(place(pixel) + 1).min(cells)
    }

    /// Light and colours are made for each cell where a picture has more pixels: it is the same as with those of each
    /// pixel.
    #[test]
    fn a_picture_is_what_each_of_its_pixels_shows() {
        let grid = Grid::local(30, 20, 1.0);
        let layer = |name: &str, of: &dyn Fn(usize) -> f32| {
            Raster::from_values(grid, name, "m", (0..grid.len()).map(of).collect())
        };
        let hole = |k: usize, value: f32| if k % 97 < 4 { f32::NAN } else { value };
        let terrain = layer("terrain", &|k| hole(k, ((k * k) % 17) as f32 * 0.1));
        let buildings = layer("buildings", &|k| if k % 30 < 9 && k % 4 > 0 { 5.0 } else { 0.0 });
        let water = layer("water", &|k| if k % 30 > 25 { 1.0 } else { 0.0 });
        let canopy = layer("canopy", &|k| if (k / 30) % 5 == 0 { 8.0 } else { 0.0 });
        let ground =
            Ground { terrain: &terrain, buildings: Some(&buildings), water: Some(&water), canopy: Some(&canopy) };
        let sunny = Sunny { ground, stretch: stretch(&terrain) };
        for name in ["max_depth", "cover", "flow_bands", "terrain", "difference_max_level"] {
            let layer = layer(name, &|k| if k % 3 == 0 { f32::NAN } else { (k % 7) as f32 });
            let scale = scale_of(name, ground);
            let scene = Scene { ground, layer: &layer, scale: &scale };
            for (width, height) in [(30, 20), (97, 65), (480, 320), (13, 9), (7, 1)] {
                let (found, shown) = picture(ground, &layer, width, height);
                let mut all = Shown::default();
                for (x, y, pixel) in found.enumerate_pixels() {
                    let (cols, rows) = (below(x, width, grid.cols), below(y, height, grid.rows));
                    let light = sunny.mean(cols.clone(), rows.clone());
                    let wanted = scene.pixel(cols, rows, light, &mut all);
                    assert_eq!(pixel.0, wanted, "{name}, {width} × {height}: {x}, {y}");
                }
                assert_eq!(shown, all, "{name}, {width} × {height}");
            }
        }
        let relief = Relief::new(ground, 97, 65);
        assert!(relief.fits(&grid, 480, 320) && !relief.fits(&grid, 13, 9), "one for all pictures of enough pixels");
        assert!(relief.light.iter().zip(&terrain.values).all(|(light, z)| light.is_nan() == z.is_nan()));
    }

    #[test]
    fn water_on_roofs_is_not_drawn_and_nothing_is_drawn_without_ground() {
        let (terrain, depth) = (flat(4, 4, "terrain", 1.0), flat(4, 4, "max_depth", 1.0));
        let (houses, void) = (flat(4, 4, "buildings", 6.0), flat(4, 4, "terrain", f32::NAN));
        let ground = Ground { terrain: &terrain, buildings: Some(&houses), water: None, canopy: None };
        let (image, shown) = picture(ground, &depth, 4, 4);
        assert!(image.pixels().all(|pixel| pixel.0 == BUILDING) && shown.buildings);
        let (image, shown) = picture(Ground { terrain: &void, ..ground }, &depth, 4, 4);
        assert!(image.pixels().all(|pixel| pixel.0 == NODATA) && shown.nodata);
    }

    #[test]
    fn cells_of_one_side_show_where_they_are_more() {
        let (terrain, mut change) = (flat(4, 1, "terrain", 1.0), flat(4, 1, "difference_max_level", 0.0));
        let ground = Ground { terrain: &terrain, buildings: None, water: None, canopy: None };
        let variable = hanze_engine::models::variable("max_level").expect("known").comparison();
        let scale = Scale::new(&variable, 0.0, || None);
        let [now, before] = crate::map::colours::ONE_SIDE;
        let (new, old, none) = (f32::INFINITY, f32::NEG_INFINITY, f32::NAN);
        for (values, wanted) in [
            ([new, new, 0.3, none], Some(now)),
            ([old, new, old, 0.3], Some(before)),
            ([new, 0.3, 0.3, none], scale.colour(0.3)),
            ([new, none, none, none], Some(now)),
        ] {
            change.values = values.to_vec();
            let (image, _) = draw(ground, &Relief::new(ground, 1, 1), &change, &scale, 1, 1);
            assert_eq!(Some(image.get_pixel(0, 0).0), wanted, "{values:?}");
        }
    }
}
