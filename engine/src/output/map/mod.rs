//! Maps that a planner reads without a GIS: a layer over the hillshaded town, with title, legend, unit, scale bar,
//! north arrow, source and date.

mod colours;
mod scale;
mod scene;
mod text;

pub use colours::{BUILDING, NODATA, STANDING, TREE};
pub use scale::{Scale, round_step};

use crate::raster::Raster;
use crate::words::{self, Language};
use image::{Rgb, RgbImage, imageops};
use text::{Pen, Weight, blend};

const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [32, 36, 42];
const FAINT: [u8; 3] = [96, 102, 110];
/// Behind the word that says that a city is made up.
const WARNING: [u8; 3] = [255, 224, 130];

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
#[derive(Clone)]
pub struct Map<'a> {
    /// What happens, in a line.
    pub title: &'a str,
    /// What the layer shows besides its name, such as its time; empty for nothing.
    pub moment: &'a str,
    /// The layer.
    pub layer: &'a Raster,
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
        let grid = self.layer.grid;
        let ratio = f64::from(self.longest.max(1)) / grid.cols.max(grid.rows).max(1) as f64;
        let pixels = |cells: usize| ((cells as f64 * ratio).round() as u32).max(1);
        let (wide, high) = (pixels(grid.cols), pixels(grid.rows));
        let scale = Scale::of(self.layer);
        let (picture, shown) = scene::draw(self.ground, self.layer, &scale, wide, high);
        let frame = Frame::around(self, wide, high);
        let mut image = RgbImage::from_pixel(frame.width, frame.height, Rgb(PAPER));
        let (x, y) = frame.picture;
        fill(&mut image, x - 1, y - 1, wide + 2, high + 2, FAINT);
        imageops::replace(&mut image, &picture, i64::from(x), i64::from(y));
        self.head(&mut image, &frame);
        self.side(&mut image, &frame, &scale, shown);
        self.foot(&mut image, &frame, y + high);
        image
    }

    /// Title, what is shown, and whether it is made up.
    fn head(&self, image: &mut RgbImage, frame: &Frame) {
        let em = frame.em;
        let (x, mut y) = (frame.picture.0 as f32, em);
        let pen = frame.title();
        for line in &frame.title_lines {
            pen.write(image, x, y, line);
            y += pen.line();
        }
        let pen = Pen { size: 1.25 * em, weight: Weight::Regular, colour: FAINT };
        let words = words::layer(&self.layer.name);
        let moment = if self.moment.is_empty() { String::new() } else { format!(", {}", self.moment) };
        pen.write(image, x, y, &format!("{}{moment}", words.in_language(self.language)));
        y += pen.line() + 0.3 * em;
        if self.synthetic {
            let warning = self.language.pick(
                "Synthetic city: a demonstration, not a prediction",
                "Verzonnen stad: een demonstratie, geen voorspelling",
            );
            let pen = Pen { size: em, weight: Weight::Bold, colour: INK };
            let width = pen.width(warning) + em;
            fill(image, x as u32, y as u32, width as u32, (1.3 * em) as u32, WARNING);
            pen.write(image, x + 0.5 * em, y + 0.1 * em, warning);
        }
    }

    /// North arrow and legend, at the right of the picture.
    fn side(&self, image: &mut RgbImage, frame: &Frame, scale: &Scale, shown: scene::Shown) {
        let em = frame.em;
        let x = frame.side as f32;
        let mut y = frame.picture.1 as f32;
        north_arrow(image, x, y, em);
        y += 4.5 * em;
        let bold = Pen { size: 1.1 * em, weight: Weight::Bold, colour: INK };
        let plain = Pen { size: em, weight: Weight::Regular, colour: INK };
        let unit =
            if scale.unit.is_empty() { String::new() } else { format!(" ({})", self.language.unit(&scale.unit)) };
        let heading = format!("{}{unit}", words::layer(&self.layer.name).in_language(self.language));
        for line in bold.wrap(&heading, frame.side_width) {
            bold.write(image, x, y, &line);
            y += bold.line();
        }
        y += 0.3 * em;
        let mut swatch = |colour: [u8; 3], words: &str| {
            let (left, top, wide, high) = (x as u32, y as u32, (2.0 * em) as u32, (1.1 * em) as u32);
            fill(image, left, top, wide, high + 1, FAINT);
            fill(image, left + 1, top + 1, wide - 2, high - 1, colour);
            plain.write(image, x + 2.6 * em, y, words);
            y += 1.1 * em;
        };
        scale.legend(self.language).iter().for_each(|(colour, words)| swatch(*colour, words));
        let pick = |en, nl| self.language.pick(en, nl);
        // Where a map shows water, what stood there anyhow is another.
        let name = self.layer.name.trim_start_matches("difference_").trim_start_matches("max_");
        let is_of_water =
            ["depth", "level", "velocity", "arrival", "duration", "infiltrated", "sewered", "hazard"].contains(&name);
        let others = [
            (
                shown.standing,
                STANDING,
                if is_of_water { pick("existing water", "water dat er al was") } else { "water" },
            ),
            (shown.buildings, BUILDING, pick("building", "gebouw")),
            (shown.trees, TREE, pick("tree", "boom")),
            (shown.nodata, NODATA, pick("no data", "geen gegevens")),
        ];
        let others = others.into_iter().filter(|(is_shown, ..)| *is_shown);
        others.for_each(|(_, colour, words)| swatch(colour, words));
    }

    /// Scale bar, source and date.
    fn foot(&self, image: &mut RgbImage, frame: &Frame, below: u32) {
        let (em, x, y) = (frame.em, frame.picture.0, below as f32 + 0.6 * frame.em);
        let metres = f64::from(frame.picture_width) / self.layer.grid.cols as f64;
        // Metres of half of the picture's width at most; a bar is round and of two halves.
        let most = 0.5 * f64::from(frame.picture_width) / metres * self.layer.grid.cell;
        let mut length = round_step(0.4 * most);
        if length > most {
            length = round_step(0.2 * most);
        }
        let bar = (length / self.layer.grid.cell * metres).max(2.0) as u32;
        let thick = (0.35 * em).max(3.0) as u32;
        fill(image, x, y as u32, bar, thick, INK);
        fill(image, x + bar / 2, y as u32 + 1, bar - bar / 2 - 1, thick - 2, PAPER);
        let pen = Pen { size: em, weight: Weight::Regular, colour: INK };
        let (length, unit) = if length >= 1000.0 { (length / 1000.0, "km") } else { (length, "m") };
        let decimals = usize::from(length.fract() > 0.0);
        let words = format!("{} {unit}", self.language.number(length, decimals));
        pen.write(image, (x + bar) as f32 + 0.5 * em, y - 0.4 * em, &words);
        let pen = Pen { colour: FAINT, size: 0.9 * em, ..pen };
        let mut y = y + 1.1 * em;
        for line in &frame.source_lines {
            pen.write(image, x as f32, y, line);
            y += pen.line();
        }
    }

    /// Who made it of whose data, and when.
    fn source(&self) -> String {
        let made = self.language.pick("Made with Hanze on", "Gemaakt met Hanze op");
        format!("{} {made} {}.", self.attribution, self.date).trim().to_string()
    }
}

/// A layer's classes over the ground without a frame, to be laid over a mesh: its longest side has at most so many
/// pixels, and no more than the layer has cells.
///
/// # Panics
/// If the layers do not lie on one grid.
pub fn texture(ground: Ground, layer: &Raster, longest: u32) -> RgbImage {
    let grid = layer.grid;
    let ratio = (f64::from(longest) / grid.cols.max(grid.rows).max(1) as f64).min(1.0);
    let pixels = |cells: usize| ((cells as f64 * ratio).round() as u32).max(1);
    scene::draw(ground, layer, &Scale::of(layer), pixels(grid.cols), pixels(grid.rows)).0
}

/// Where things lie on the paper.
struct Frame {
    /// Size of small letters, pixels; everything follows from it.
    em: f32,
    width: u32,
    height: u32,
    /// Top left corner of the picture.
    picture: (u32, u32),
    picture_width: u32,
    /// Left end of what stands beside the picture.
    side: u32,
    side_width: f32,
    title_lines: Vec<String>,
    source_lines: Vec<String>,
}

impl Frame {
    fn around(map: &Map, wide: u32, high: u32) -> Frame {
        let em = (map.longest as f32 / 55.0).clamp(11.0, 60.0);
        let margin = (1.2 * em) as u32;
        let side_width = 12.5 * em;
        // A narrow picture leaves room for the title all the same.
        let inner = (wide as f32).max(16.0 * em);
        let side = margin + inner as u32 + margin;
        let mut frame = Frame {
            em,
            width: side + side_width as u32 + margin,
            height: 0,
            picture: (margin, 0),
            picture_width: wide,
            side,
            side_width,
            title_lines: Vec::new(),
            source_lines: Vec::new(),
        };
        let all = inner + margin as f32 + side_width;
        frame.title_lines = frame.title().wrap(map.title, all);
        let source = Pen { size: 0.9 * em, weight: Weight::Regular, colour: FAINT };
        frame.source_lines = source.wrap(&map.source(), all);
        let title = frame.title_lines.len() as f32 * frame.title().line();
        let warning = if map.synthetic { 1.8 } else { 0.3 };
        frame.picture.1 = (em + title + (1.25 * 1.1 + 0.3 + warning) * em) as u32;
        let foot = (2.2 * em + frame.source_lines.len() as f32 * source.line() + 0.6 * em) as u32;
        // The longest legend, ten classes and three more, fits beside a picture of any height.
        let legend = (24.0 * em) as u32;
        frame.height = frame.picture.1 + high.max(legend) + foot;
        frame
    }

    fn title(&self) -> Pen {
        Pen { size: 2.0 * self.em, weight: Weight::Bold, colour: INK }
    }
}

/// A needle that points up, black on one side, with an N.
fn north_arrow(image: &mut RgbImage, x: f32, y: f32, em: f32) {
    let pen = Pen { size: 1.3 * em, weight: Weight::Bold, colour: INK };
    let (half, height) = (0.7 * em, 2.6 * em);
    pen.write(image, x + half - pen.width("N") / 2.0, y - 0.2 * em, "N");
    let top = y + 1.2 * em;
    for row in 0..height as u32 {
        let reach = half * (row as f32 + 0.5) / height;
        // The foot is notched.
        let notch = (row as f32 - 0.75 * height).max(0.0) * 2.0 * half / height * 2.0;
        for col in 0..(2.0 * half).ceil() as u32 {
            let from_middle = col as f32 + 0.5 - half;
            let cover = (reach - from_middle.abs() + 0.5).min(from_middle.abs() - notch + 0.5).clamp(0.0, 1.0);
            let colour = if from_middle < 0.0 { INK } else { [150, 156, 164] };
            blend(image, (x + col as f32) as u32, (top + row as f32) as u32, colour, cover);
        }
    }
}

/// Fills a rectangle; what lies outside the picture is left out.
fn fill(image: &mut RgbImage, x: u32, y: u32, width: u32, height: u32, colour: [u8; 3]) {
    for row in y..y.saturating_add(height).min(image.height()) {
        for col in x..x.saturating_add(width).min(image.width()) {
            image.put_pixel(col, row, Rgb(colour));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    fn flat(cols: usize, rows: usize, name: &str, value: f32) -> Raster {
        Raster::uniform(Grid::local(cols, rows, 1.0), name, "m", value)
    }

    fn check(cols: usize, rows: usize, longest: u32, language: Language) -> RgbImage {
        let (terrain, depth) = (flat(cols, rows, "terrain", 1.0), flat(cols, rows, "max_depth", 0.33));
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
    fn languages_differ_in_words_only() {
        let [english, dutch] = [Language::English, Language::Dutch].map(|language| check(40, 30, 400, language));
        assert_eq!(english.dimensions(), dutch.dimensions());
        assert_ne!(english, dutch);
    }
}
