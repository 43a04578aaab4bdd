//! Pictures as PNG, and pictures in time as animated PNG.

use hanze_base::error::{Error, Result};
use image::RgbImage;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use png::chunk::{IDAT, fcTL, fdAT};
use std::io;
use std::path::{Path, PathBuf};

/// Writes a picture as PNG; a reader never meets half a file.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<()> {
    // Level 1 is quick, and unlike the codec's quickest way it fits its codes to the picture: a noisy relief takes a
    // quarter less.
    let level = CompressionType::Level(1);
    super::whole_file(path, |out| {
        image.write_with_encoder(PngEncoder::new_with_quality(out, level, FilterType::Adaptive)).map_err(|error| {
            match error {
                image::ImageError::IoError(error) => error,
                other => io::Error::other(other),
            }
        })
    })
}

/// A picture as the bytes of a PNG.
pub fn encode_png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory takes whatever it is given; a picture without pixels makes no bytes.
    let written = image.write_with_encoder(PngEncoder::new(&mut bytes));
    if written.is_err() {
        bytes.clear();
    }
    bytes
}

/// Writes pictures that [`write_png`] wrote, all of one size, as an animated PNG that plays for ever; a program that
/// knows no animation shows the first. Their pixels are taken over as they are compressed.
///
/// # Errors
/// `Io` when the disk refuses, a picture is not there, is none, or has another size.
pub fn write_animation(path: &Path, milliseconds: u16, pictures: &[PathBuf]) -> Result<()> {
    let Some(first) = pictures.first() else { return Ok(()) };
    let (head, _) = parts(first).map_err(Error::io("reading", first))?;
    // What a picture itself refused comes out as it is, and not as a fault of the disk.
    let mut refused = None;
    let written = super::whole_file(path, |out| {
        let mut encoder = png::Encoder::new(out, head.width, head.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(pictures.len() as u32, 0)?;
        let mut writer = encoder.write_header()?;
        let mut chunks = 0u32;
        let mut next = || {
            chunks += 1;
            (chunks - 1).to_be_bytes()
        };
        for (k, picture) in pictures.iter().enumerate() {
            let found = parts(picture).and_then(|(own, pixels)| match own == head {
                true => Ok(pixels),
                false => Err(io::Error::other("a picture of an animation has another size than the first")),
            });
            let pixels = match found {
                Ok(pixels) => pixels,
                Err(error) => {
                    refused = Some(Error::io("reading", picture)(error));
                    return Err(io::Error::other("a picture is missing"));
                }
            };
            writer.write_chunk(fcTL, &head.control(next(), milliseconds))?;
            match k {
                0 => writer.write_chunk(IDAT, &pixels)?,
                _ => writer.write_chunk(fdAT, &[&next()[..], &pixels[..]].concat())?,
            }
        }
        Ok(writer.finish()?)
    });
    refused.map_or(written, Err)
}

/// What all pictures of an animation have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    width: u32,
    height: u32,
}

impl Head {
    /// A picture that fills the whole, with the number of its chunk among those of the animation.
    fn control(self, number: [u8; 4], milliseconds: u16) -> Vec<u8> {
        let (size, place) = ([self.width, self.height].map(u32::to_be_bytes).concat(), [0; 8]);
        let delay = [milliseconds, 1000].map(u16::to_be_bytes).concat();
        // Nothing is done to it before the next one, which replaces it.
        [&number[..], &size[..], &place[..], &delay[..], &[0, 0][..]].concat()
    }
}

/// Size and compressed pixels of a PNG in red, green and blue of 8 bits each.
fn parts(path: &Path) -> io::Result<(Head, Vec<u8>)> {
    let bytes = std::fs::read(path)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is not a whole PNG as maps are written");
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n").ok_or_else(damaged)?;
    let (mut head, mut pixels) = (None, Vec::new());
    // A chunk is the length of its data, its kind, the data and their checksum.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (kind, after) = after.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (data, after) = after.split_at_checked(length).ok_or_else(damaged)?;
        rest = after.get(4..).ok_or_else(damaged)?;
        match kind {
            b"IHDR" => {
                let (width, after) = data.split_first_chunk::<4>().ok_or_else(damaged)?;
                let (height, form) = after.split_first_chunk::<4>().ok_or_else(damaged)?;
                let [width, height] = [width, height].map(|side| u32::from_be_bytes(*side));
                // Eight bits, red, green and blue, the only ways to compress and filter, not interlaced.
                head = (form == [8u8, 2, 0, 0, 0]).then_some(Head { width, height });
            }
            b"IDAT" => pixels.extend_from_slice(data),
            b"IEND" => return head.filter(|_| !pixels.is_empty()).map(|head| (head, pixels)).ok_or_else(damaged),
            _ => {}
        }
    }
    Err(damaged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn read(path: &Path) -> RgbImage {
        image::open(path).expect("a picture").into_rgb8()
    }

    #[test]
    fn a_written_picture_reads_back_and_leaves_no_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, image) = (folder.path().join("map.png"), RgbImage::from_pixel(3, 2, Rgb([1, 2, 3])));
        write_png(&path, &image).expect("written");
        assert_eq!(read(&path), image);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let refused = write_png(&folder.path().join("none/map.png"), &image).expect_err("no such folder");
        assert!(refused.to_string().starts_with("writing "), "{refused}");
    }

    /// A picture in which every pixel differs from those of the others, so that it does not compress.
    fn noisy(seed: u32) -> RgbImage {
        RgbImage::from_fn(120, 90, |x, y| {
            let [red, green, blue, _] = (seed + 7 * x + 1000 * y).wrapping_mul(2_654_435_761).to_be_bytes();
            Rgb([red, green, blue])
        })
    }

    #[test]
    fn an_animation_holds_every_picture_and_is_whole_or_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let pictures: Vec<RgbImage> = (1..=3).map(noisy).collect();
        let paths: Vec<PathBuf> = (0..3).map(|k| at(&format!("{k}.png"))).collect();
        pictures.iter().zip(&paths).for_each(|(picture, path)| write_png(path, picture).expect("written"));
        let path = at("film.png");
        write_animation(&path, 400, &paths).expect("written");
        // Who knows no animation sees the first.
        assert_eq!(read(&path), pictures[0]);
        let decoder = png::Decoder::new(io::BufReader::new(std::fs::File::open(&path).expect("a file")));
        let mut reader = decoder.read_info().expect("a PNG");
        assert_eq!(reader.info().animation_control().map(|control| control.num_frames), Some(3));
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        for picture in &pictures {
            reader.next_frame(&mut pixels).expect("a picture");
            assert_eq!(&pixels, picture.as_raw());
            let control = reader.info().frame_control().copied().expect("an animation");
            assert_eq!((control.delay_num, control.delay_den, control.width, control.height), (400, 1000, 120, 90));
        }
        let bytes = std::fs::read(&paths[0]).expect("a picture");
        std::fs::write(at("cut.png"), &bytes[..bytes.len() / 2]).expect("written");
        std::fs::write(at("text.png"), "not a picture").expect("written");
        write_png(&at("small.png"), &RgbImage::new(9, 9)).expect("written");
        image::GrayImage::new(120, 90).save(at("grey.png")).expect("written");
        for odd in ["none.png", "cut.png", "text.png", "small.png", "grey.png"] {
            for all in [[paths[0].clone(), at(odd)], [at(odd), paths[0].clone()]] {
                let refused = write_animation(&at("odd.png"), 400, &all).expect_err(odd).to_string();
                assert!(refused.starts_with("reading ") && !at("odd.png").exists(), "{odd}: {refused}");
            }
        }
    }
}
