//! A layer drawn without anything around it, to be laid over a map.

use super::{Layer, Paint, Window};
use hanze_base::error::Result;
use hanze_city::read::Block;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::collections::HashMap;
use std::sync::Arc;

/// A picture with a byte a pixel; 0 is see-through.
pub struct Picture {
    /// Pixels from west to east.
    pub width: usize,
    /// Pixels from north to south.
    pub height: usize,
    /// A byte a pixel, row by row.
    pub pixels: Vec<u8>,
    /// Colours of the bytes from 1 on.
    pub colours: Vec<[u8; 3]>,
}

impl Layer {
    /// Draws the part that a window shows. Where its pixels are larger than cells they come from the overview whose cells
    /// are a little larger than a pixel, so that none is left out.
    ///
    /// # Errors
    /// `Io` where a block cannot be read, `Data` where it is damaged.
    pub fn draw(&self, window: &Window, paint: &Paint) -> Result<Picture> {
        let grid = &self.cog.grid;
        let cells = window.pixel / grid.cell;
        let level = if cells > 1.01 { (cells.log2() - 0.01).ceil() as usize } else { 0 };
        let level = level.min(self.cog.levels() - 1);
        let cell = grid.cell * (1u64 << level) as f64;
        let (cols, rows) = self.cog.size(level);
        let (wide, high) = self.cog.block_size(level);
        let across = cols.div_ceil(wide);
        let mut blocks: HashMap<usize, Arc<Block>> = HashMap::new();
        let mut pixels = vec![0; window.width * window.height];
        let mut failure = None;
        for (y, line) in pixels.chunks_exact_mut(window.width).enumerate() {
            let mut last: Option<(usize, Arc<Block>)> = None;
            window.row(y, |x, place| {
                let (col, row) = ((place.0 - grid.west) / cell, (grid.north - place.1) / cell);
                // What is not a number is in no cell.
                if !(col >= 0.0 && row >= 0.0 && col < cols as f64 && row < rows as f64) || failure.is_some() {
                    return;
                }
                let (col, row) = (col as usize, row as usize);
                let index = row / high * across + col / wide;
                if last.as_ref().is_none_or(|(of, _)| *of != index) {
                    let found = match blocks.get(&index) {
                        Some(block) => block.clone(),
                        None => match self.block(level, index) {
                            Ok(block) => block,
                            Err(error) => {
                                failure = Some(error);
                                return;
                            }
                        },
                    };
                    blocks.insert(index, found.clone());
                    last = Some((index, found));
                }
                if let Some((_, block)) = &last {
                    line[x] = paint.index(block.values[(row - block.top) * block.cols + col - block.left]);
                }
            });
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(Picture { width: window.width, height: window.height, pixels, colours: paint.colours() }),
        }
    }
}

impl Picture {
    /// The picture as a PNG with a palette.
    pub fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = (|| -> std::result::Result<(), png::EncodingError> {
            let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_compression(png::Compression::Fast);
            encoder.set_filter(png::Filter::NoFilter);
            encoder.set_palette(
                [0; 3].into_iter().chain(self.colours.as_flattened().iter().copied()).collect::<Vec<u8>>(),
            );
            encoder.set_trns(&[0][..]);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&self.pixels)?;
            writer.finish()
        })();
        // Memory takes whatever it is given; a picture without pixels makes no bytes.
        if written.is_err() {
            bytes.clear();
        }
        bytes
    }

    /// The picture as a lossless WebP.
    pub fn webp(&self) -> Vec<u8> {
        let colour = |byte: &u8| match byte.checked_sub(1).and_then(|k| self.colours.get(usize::from(k))) {
            Some([red, green, blue]) => [*red, *green, *blue, 255],
            None => [0; 4],
        };
        let pixels: Vec<u8> = self.pixels.iter().flat_map(colour).collect();
        let mut bytes = Vec::new();
        let encoder = WebPEncoder::new_lossless(&mut bytes);
        let written = encoder.write_image(&pixels, self.width as u32, self.height as u32, ExtendedColorType::Rgba8);
        if written.is_err() {
            bytes.clear();
        }
        bytes
    }
}
