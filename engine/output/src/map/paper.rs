//! The paper around the picture of a map: title, north arrow, legend, scale bar, source and date.

use super::Map;
use super::colours::{BUILDING, NODATA, STANDING, TREE};
use super::scale::{Scale, round_step};
use super::scene::Shown;
use super::text::{Pen, Weight, blend};
use hanze_base::grid::Grid;
use hanze_base::quantity::{Form, Variable};
use image::{Rgb, RgbImage};

/// Colour of the paper.
pub const PAPER: [u8; 3] = [255, 255, 255];
/// Colour of letters.
pub const INK: [u8; 3] = [32, 36, 42];
/// Colour of what stands back.
pub const FAINT: [u8; 3] = [96, 102, 110];
/// Behind the word that says that a city is made up.
pub const WARNING: [u8; 3] = [255, 224, 130];

/// Paper with all but the picture and what it shows at which moment.
pub struct Sheet {
    /// Variable and grid of the layer.
    layer: (Variable, Grid),
    scale: Scale,
    shown: Shown,
    longest: u32,
    frame: Frame,
    image: RgbImage,
}

impl Sheet {
    /// The paper of a map whose picture has so many pixels.
    pub fn new(map: &Map, scale: Scale, shown: Shown, (wide, high): (u32, u32)) -> Sheet {
        let frame = Frame::around(map, wide, high);
        let mut image = RgbImage::from_pixel(frame.width, frame.height, Rgb(PAPER));
        let (x, y) = frame.picture;
        fill(&mut image, x - 1, y - 1, wide + 2, high + 2, FAINT);
        map.head(&mut image, &frame);
        map.side(&mut image, &frame, &scale, shown);
        map.foot(&mut image, &frame, y + high);
        let layer = (map.layer.variable().clone(), map.layer.grid);
        Sheet { layer, scale, shown, longest: map.longest, frame, image }
    }

    /// Whether another map, of the same city and with the same words, has the same paper.
    pub fn fits(&self, map: &Map, scale: &Scale, shown: Shown) -> bool {
        let (variable, grid) = &self.layer;
        let is_same_layer = *variable == *map.layer.variable() && *grid == map.layer.grid;
        is_same_layer && self.longest == map.longest && self.shown == shown && self.scale == *scale
    }

    /// The map with its picture and what that shows.
    pub fn with(&self, map: &Map, picture: &RgbImage) -> RgbImage {
        let mut image = self.image.clone();
        let (x, y) = self.frame.picture;
        let (whole, row) = (3 * image.width() as usize, 3 * picture.width() as usize);
        let rows = image.chunks_exact_mut(whole).skip(y as usize).zip(picture.chunks_exact(row));
        rows.for_each(|(to, from)| to[3 * x as usize..][..row].copy_from_slice(from));
        map.caption(&mut image, &self.frame);
        image
    }
}

impl Map<'_> {
    /// Title, and whether it is made up.
    fn head(&self, image: &mut RgbImage, frame: &Frame) {
        let em = frame.em;
        let (x, mut y) = (frame.picture.0 as f32, em);
        let pen = frame.title();
        for line in &frame.title_lines {
            pen.write(image, x, y, line);
            y += pen.line();
        }
        y += frame.caption().line() + 0.3 * em;
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

    /// What is shown, below the title.
    fn caption(&self, image: &mut RgbImage, frame: &Frame) {
        let mut y = frame.em;
        frame.title_lines.iter().for_each(|_| y += frame.title().line());
        let words = self.layer.variable().words();
        let moment = if self.moment.is_empty() { String::new() } else { format!(", {}", self.moment) };
        let words = format!("{}{moment}", words.in_language(self.language));
        frame.caption().write(image, frame.picture.0 as f32, y, &words);
    }

    /// North arrow and legend, at the right of the picture.
    fn side(&self, image: &mut RgbImage, frame: &Frame, scale: &Scale, shown: Shown) {
        let em = frame.em;
        let x = frame.side as f32;
        let mut y = frame.picture.1 as f32;
        north_arrow(image, x, y, em);
        y += 4.5 * em;
        let bold = Pen { size: 1.1 * em, weight: Weight::Bold, colour: INK };
        let plain = Pen { size: em, weight: Weight::Regular, colour: INK };
        let unit =
            if scale.unit.is_empty() { String::new() } else { format!(" ({})", self.language.unit(&scale.unit)) };
        let heading = format!("{}{unit}", self.layer.variable().title(self.language));
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
        let is_of_water = self.layer.variable().quantity.is_water;
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
        // The longest legend, ten classes and three more, fits beside a picture of any height; one run less another has two more.
        let more = if map.layer.variable().form == Form::Comparison { 2.2 } else { 0.0 };
        let legend = ((24.0 + more) * em) as u32;
        frame.height = frame.picture.1 + high.max(legend) + foot;
        frame
    }

    fn title(&self) -> Pen {
        Pen { size: 2.0 * self.em, weight: Weight::Bold, colour: INK }
    }

    fn caption(&self) -> Pen {
        Pen { size: 1.25 * self.em, weight: Weight::Regular, colour: FAINT }
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
pub fn fill(image: &mut RgbImage, x: u32, y: u32, width: u32, height: u32, colour: [u8; 3]) {
    for row in y..y.saturating_add(height).min(image.height()) {
        for col in x..x.saturating_add(width).min(image.width()) {
            image.put_pixel(col, row, Rgb(colour));
        }
    }
}
