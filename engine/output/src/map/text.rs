//! Letters on a picture, from fonts that travel with the program (Open Sans, `fonts/LICENSE.txt`).

use ab_glyph::{Font, FontRef, ScaleFont, point};
use image::{Rgb, RgbImage};
use std::sync::LazyLock;

/// Regular and bold. They are part of the program, and a test reads them.
static FONTS: LazyLock<[Option<FontRef<'static>>; 2]> = LazyLock::new(|| {
    let bytes: [&'static [u8]; 2] =
        [include_bytes!("fonts/OpenSans-Regular.ttf"), include_bytes!("fonts/OpenSans-Bold.ttf")];
    bytes.map(|bytes| FontRef::try_from_slice(bytes).ok())
});

/// A weight of the typeface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For text.
    Regular,
    /// For titles.
    Bold,
}

/// How letters look.
#[derive(Clone, Copy)]
pub struct Pen {
    /// Size of the letters, pixels from the top of an accent to the foot of a g.
    pub size: f32,
    /// Their weight.
    pub weight: Weight,
    /// Their colour.
    pub colour: [u8; 3],
}

impl Pen {
    fn font(self) -> Option<&'static FontRef<'static>> {
        match self.weight {
            Weight::Regular => FONTS[0].as_ref(),
            Weight::Bold => FONTS[1].as_ref(),
        }
    }

    /// Height of a line, pixels.
    pub fn line(self) -> f32 {
        1.1 * self.size
    }

    /// Width of a text, pixels.
    pub fn width(self, text: &str) -> f32 {
        let Some(font) = self.font() else { return 0.0 };
        let scaled = font.as_scaled(self.size);
        text.chars().map(|letter| scaled.h_advance(scaled.glyph_id(letter))).sum()
    }

    /// Writes a line of text with its top left corner at a place. What lies outside the picture is left out.
    pub fn write(self, image: &mut RgbImage, x: f32, y: f32, text: &str) {
        let Some(font) = self.font() else { return };
        let scaled = font.as_scaled(self.size);
        let (mut x, baseline) = (x, y + scaled.ascent());
        for letter in text.chars() {
            let id = scaled.glyph_id(letter);
            let glyph = id.with_scale_and_position(self.size, point(x, baseline));
            x += scaled.h_advance(id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|column, row, cover| {
                let (column, row) = (corner.x + column as f32, corner.y + row as f32);
                if column >= 0.0 && row >= 0.0 {
                    blend(image, column as u32, row as u32, self.colour, cover);
                }
            });
        }
    }

    /// A text in lines of at most so many pixels, broken at spaces.
    pub fn wrap(self, text: &str, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= width => *line = format!("{line} {word}"),
                _ => lines.push(word.to_string()),
            }
        }
        lines
    }
}

/// Lays a colour over a pixel with a cover of 0 to 1.
pub fn blend(image: &mut RgbImage, x: u32, y: u32, colour: [u8; 3], cover: f32) {
    if x < image.width() && y < image.height() {
        let Rgb(under) = image.get_pixel_mut(x, y);
        for (under, over) in under.iter_mut().zip(colour) {
            let mixed = f32::from(*under) + (f32::from(over) - f32::from(*under)) * cover.clamp(0.0, 1.0);
            *under = mixed.round() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEN: Pen = Pen { size: 20.0, weight: Weight::Regular, colour: [0, 0, 0] };

    #[test]
    fn both_fonts_have_the_letters_of_maps() {
        for weight in [Weight::Regular, Weight::Bold] {
            let font = Pen { weight, ..PEN }.font().expect("a font");
            for letter in "AZaz09ëïéöÜÅŠłßğ m²m³°C–—−×±≥≤€‰·'’“".chars().filter(|c| !c.is_whitespace())
            {
                assert_ne!(font.glyph_id(letter).0, 0, "{letter} is missing");
            }
        }
    }

    #[test]
    fn text_is_as_wide_as_it_says_and_stays_inside() {
        let mut image = RgbImage::from_pixel(300, 40, Rgb([255, 255, 255]));
        PEN.write(&mut image, 10.0, 5.0, "Wateroverlast");
        let inked = |x: u32| (0..40).any(|y| image.get_pixel(x, y).0[0] < 128);
        let (first, last) = ((0..300).find(|x| inked(*x)).unwrap(), (0..300).rfind(|x| inked(*x)).unwrap());
        let width = PEN.width("Wateroverlast");
        assert!((last - first) as f32 <= width && (last - first) as f32 > 0.9 * width, "{first}…{last}, {width}");
        // Off every side: nothing happens.
        PEN.write(&mut image, -500.0, -50.0, "off");
        PEN.write(&mut image, 290.0, 35.0, "off the corner");
    }

    #[test]
    fn long_titles_break_at_spaces() {
        let lines = PEN.wrap("een tamelijk lange titel voor een kaart", 120.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| PEN.width(line) <= 120.0), "{lines:?}");
        assert_eq!(lines.join(" "), "een tamelijk lange titel voor een kaart");
    }
}
