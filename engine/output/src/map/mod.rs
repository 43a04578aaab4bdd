//! Maps that a planner reads without a GIS: a layer over the hillshaded town, with title, legend, unit, scale bar,
//! north arrow, source and date.

mod colours;
mod paper;
mod scale;
mod scene;
mod text;

pub use colours::{BUILDING, NODATA, STANDING, TREE};
pub use paper::{FAINT, INK, PAPER, WARNING, fill};
pub use scale::{Scale, round_step};
pub use text::{Pen, Weight};

use hanze_base::frame::Layer;
use hanze_base::grid::Grid;
use hanze_base::quantity::Variable;
use hanze_base::raster::Raster;
use hanze_base::words::Language;
use image::RgbImage;
use paper::Sheet;
use scene::Relief;

/// What lies below a layer.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Height of the ground.
    pub terrain: &'a Raster,
    /// Height of buildings above it.
    pub buildings: Option<&'a Raster>,
    /// Depth of standing water at the start.
    pub water: Option<&'a Raster>,
    /// Height of the trees' crowns; drawn on maps of classes.
    pub canopy: Option<&'a Raster>,
}

/// A map.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    /// What happens, in a line.
    pub title: &'a str,
    /// What the layer shows besides its name, such as its time; empty for nothing.
    pub moment: &'a str,
    /// The layer.
    pub layer: &'a Layer,
    /// What lies below it.
    pub ground: Ground<'a>,
    /// Whom to name; empty for none.
    pub attribution: &'a str,
    /// Day on which it was made, as 2026-11-25.
    pub date: &'a str,
    /// Whether the city is made up.
    pub synthetic: bool,
    /// Language of the words.
    pub language: Language,
    /// Longest side of the picture within the frame, pixels.
    pub longest: u32,
}

impl Map<'_> {
    /// Draws the map.
    ///
    /// # Panics
    /// If the layers do not lie on one grid.
    pub fn draw(&self) -> RgbImage {
        Atlas::new(*self).draw(self.layer, self.moment, self.longest)
    }
}

/// Maps that have all but their layer, moment and size in common. What is the same on several of them is drawn once:
/// the light on the ground, and the paper of maps that follow each other.
pub struct Atlas<'a> {
    like: Map<'a>,
    /// Of each size that was drawn so far.
    reliefs: Vec<Relief>,
    /// Of the latest map.
    sheet: Option<Sheet>,
}

impl<'a> Atlas<'a> {
    /// Maps like this one.
    pub fn new(like: Map<'a>) -> Atlas<'a> {
        Atlas { like, reliefs: Vec::new(), sheet: None }
    }

    /// Draws a map of another layer or moment, whose picture within the frame has so many pixels on its longest side.
    ///
    /// # Panics
    /// If the layers do not lie on one grid.
    pub fn draw(&mut self, layer: &Layer, moment: &str, longest: u32) -> RgbImage {
        let like: Map<'_> = self.like;
        let map = Map { layer, moment, longest, ..like };
        let (wide, high) = pixels(&layer.grid, f64::from(longest.max(1)), f64::INFINITY);
        let at = self.reliefs.iter().position(|relief| relief.fits(&layer.grid, wide, high)).unwrap_or_else(|| {
            self.reliefs.push(Relief::new(map.ground, wide, high));
            self.reliefs.len() - 1
        });
        let scale = Scale::new(layer.variable(), layer.datum, || map.ground.terrain.range());
        let (picture, shown) = scene::draw(map.ground, &self.reliefs[at], layer, &scale, wide, high);
        let sheet = match self.sheet.take().filter(|sheet| sheet.fits(&map, &scale, shown)) {
            Some(sheet) => sheet,
            None => Sheet::new(&map, scale, shown, (wide, high)),
        };
        let image = sheet.with(&map, &picture);
        self.sheet = Some(sheet);
        image
    }
}

/// Pixels of a picture from west to east and from north to south: so many on the longest side, and at most so many for
/// each cell.
fn pixels(grid: &Grid, longest: f64, most: f64) -> (u32, u32) {
    let ratio = (longest / grid.cols.max(grid.rows).max(1) as f64).min(most);
    let of = |cells: usize| ((cells as f64 * ratio).round() as u32).max(1);
    (of(grid.cols), of(grid.rows))
}

/// A layer's classes over the ground without a frame, to be laid over a mesh: its longest side has at most so many
/// pixels, and no more than the layer has cells.
///
/// # Panics
/// If the layers do not lie on one grid.
pub fn texture(ground: Ground, variable: &Variable, layer: &Raster, longest: u32) -> RgbImage {
    let (wide, high) = pixels(&layer.grid, f64::from(longest), 1.0);
    let scale = Scale::new(variable, layer.datum, || ground.terrain.range());
    scene::draw(ground, &Relief::new(ground, wide, high), layer, &scale, wide, high).0
}

#[cfg(test)]
mod tests {
    use super::paper::{INK, PAPER, WARNING};
    use super::*;

    fn flat(cols: usize, rows: usize, name: &str, value: f32) -> Raster {
        Raster::uniform(Grid::local(cols, rows, 1.0), name, "m", value)
    }

    fn layer(cols: usize, rows: usize, name: &str, value: f32) -> Layer {
        let variable = hanze_engine::models::variable(name).expect("known");
        Layer::new(variable, Grid::local(cols, rows, 1.0), vec![value; cols * rows])
    }

    fn check(cols: usize, rows: usize, longest: u32, language: Language) -> RgbImage {
        let (terrain, depth) = (flat(cols, rows, "terrain", 1.0), layer(cols, rows, "max_depth", 0.33));
        let map = Map {
            title: "Wolkbreuk boven een stad met een lange naam, en een uur droog weer daarna",
            moment: "0:30",
            layer: &depth,
            ground: Ground { terrain: &terrain, buildings: None, water: None, canopy: None },
            attribution: "Hoogten: AHN.",
            date: "2026-11-25",
            synthetic: true,
            language,
            longest,
        };
        map.draw()
    }

    #[test]
    fn any_size_has_room_for_frame_and_picture() {
        for (cols, rows, longest) in [(1, 1, 600), (1000, 10, 900), (10, 1000, 900), (300, 200, 64), (50, 50, 2000)] {
            let image = check(cols, rows, longest, Language::Dutch);
            assert!(image.width() > longest * cols as u32 / cols.max(rows) as u32, "{cols} × {rows}");
            let count = |colour| image.pixels().filter(|pixel| pixel.0 == colour).count();
            assert!(count(colours::WATER[5]) >= (longest * longest) as usize * cols * rows / cols.max(rows).pow(2) / 2);
            assert!(count(WARNING) > 50 && count(INK) > 50, "{cols} × {rows}");
            // The margin stays white: nothing is cut off.
            let (wide, high) = (image.width(), image.height());
            let border =
                (0..wide).flat_map(|x| [(x, 0), (x, high - 1)]).chain((0..high).flat_map(|y| [(0, y), (wide - 1, y)]));
            assert!(border.into_iter().all(|(x, y)| image.get_pixel(x, y).0 == PAPER), "{cols} × {rows}");
        }
    }

    #[test]
    fn maps_of_an_atlas_are_those_drawn_alone() {
        let (terrain, buildings) = (flat(40, 30, "terrain", 1.0), flat(40, 30, "buildings", 0.0));
        let mut half = buildings.clone();
        half.values[..600].fill(7.0);
        let [shallow, deep] = [0.12, 0.6].map(|depth| layer(40, 30, "depth", depth));
        let mut values = vec![0.0; 40 * 30];
        values[0] = f32::NAN;
        let dry = Layer::new(hanze_engine::models::variable("depth").expect("known"), Grid::local(40, 30, 1.0), values);
        let (other, ranged) = (layer(40, 30, "velocity", 0.4), layer(40, 30, "level", 3.0));
        let wide = flat(80, 30, "terrain", 1.0);
        let flood = layer(80, 30, "depth", 0.6);
        for (terrain, buildings, layers) in [
            (&terrain, Some(&buildings), vec![&shallow, &deep, &dry, &other, &ranged, &shallow]),
            (&terrain, Some(&half), vec![&dry, &deep, &deep, &other]),
            (&wide, None, vec![&flood, &flood]),
        ] {
            let ground = Ground { terrain, buildings, water: None, canopy: None };
            let like = Map {
                title: "A cloudburst",
                moment: "",
                layer: layers[0],
                ground,
                attribution: "Heights: AHN.",
                date: "2026-11-25",
                synthetic: true,
                language: Language::English,
                longest: 300,
            };
            let mut atlas = Atlas::new(like);
            for longest in [300, 20, 640] {
                for (k, layer) in layers.iter().enumerate() {
                    let moment = format!("0:{k}0 h");
                    let alone = Map { layer, moment: &moment, longest, ..like }.draw();
                    assert_eq!(atlas.draw(layer, &moment, longest), alone, "{}, {longest}: {k}", layer.name);
                }
            }
            assert!(atlas.reliefs.len() == 2, "one for pictures of more pixels than cells, one for the small ones");
        }
    }

    #[test]
    fn languages_differ_in_words_only() {
        let [english, dutch] = [Language::English, Language::Dutch].map(|language| check(40, 30, 400, language));
        assert_eq!(english.dimensions(), dutch.dimensions());
        assert_ne!(english, dutch);
    }
}
