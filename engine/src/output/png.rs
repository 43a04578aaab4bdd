//! Pictures as PNG, and pictures in time as animated PNG.

use crate::error::{Error, Result};
use image::RgbImage;
use image::codecs::png::PngEncoder;
use std::io;
use std::path::Path;

/// Writes a picture as PNG; a reader never meets half a file.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<()> {
    super::whole_file(path, |out| {
        image.write_with_encoder(PngEncoder::new(out)).map_err(|error| match error {
            image::ImageError::IoError(error) => error,
            other => io::Error::other(other),
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

/// Reads a picture that [`write_png`] wrote.
pub fn read_png(path: &Path) -> Result<RgbImage> {
    let picture = image::open(path).map_err(|error| match error {
        image::ImageError::IoError(error) => error,
        other => io::Error::other(other),
    });
    picture.map(|picture| picture.into_rgb8()).map_err(Error::io("reading", path))
}

/// Writes pictures of one size as an animated PNG that plays for ever; a program that knows no animation shows the first.
///
/// # Errors
/// `Io` when the disk refuses, a picture has another size, or there is not one picture for each of `count`.
pub fn write_animation(
    path: &Path,
    count: u32,
    milliseconds: u16,
    pictures: impl IntoIterator<Item = Result<RgbImage>>,
) -> Result<()> {
    let mut pictures = pictures.into_iter();
    let Some(first) = pictures.next() else { return Ok(()) };
    let first = first?;
    // What a picture itself refused comes out as it is, and not as a fault of the disk.
    let mut refused = None;
    let written = super::whole_file(path, |out| {
        let mut encoder = png::Encoder::new(out, first.width(), first.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(count, 0)?;
        encoder.set_frame_delay(milliseconds, 1000)?;
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&first)?;
        let mut drawn = 1;
        for picture in pictures {
            drawn += 1;
            match picture {
                Ok(picture) => writer.write_image_data(&picture)?,
                Err(error) => {
                    refused = Some(error);
                    return Err(io::Error::other("a picture is missing"));
                }
            }
        }
        if drawn != count {
            return Err(io::Error::other(format!("{drawn} pictures came, and {count} were announced")));
        }
        Ok(writer.finish()?)
    });
    refused.map_or(written, Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_written_picture_reads_back_and_leaves_no_part() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, image) = (folder.path().join("map.png"), RgbImage::from_pixel(3, 2, Rgb([1, 2, 3])));
        write_png(&path, &image).expect("written");
        assert_eq!(read_png(&path).expect("a picture"), image);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let refused = write_png(&folder.path().join("none/map.png"), &image).expect_err("no such folder");
        assert!(refused.to_string().starts_with("writing "), "{refused}");
    }

    #[test]
    fn an_animation_holds_every_picture_and_is_whole_or_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("film.png");
        let picture = |k: u8| RgbImage::from_pixel(5, 4, Rgb([k, 0, 0]));
        write_animation(&path, 3, 400, (1..=3).map(|k| Ok(picture(k)))).expect("written");
        let decoder = png::Decoder::new(io::BufReader::new(std::fs::File::open(&path).expect("a file")));
        let mut reader = decoder.read_info().expect("a PNG");
        assert_eq!(reader.info().animation_control().map(|control| control.num_frames), Some(3));
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        for k in 1..=3 {
            reader.next_frame(&mut pixels).expect("a picture");
            assert_eq!(pixels[..3], [k, 0, 0]);
        }
        let missing = folder.path().join("missing.png");
        assert!(write_animation(&missing, 3, 400, (1..=2).map(|k| Ok(picture(k)))).is_err() && !missing.exists());
        let uneven = [Ok(picture(1)), Ok(RgbImage::new(9, 9))];
        assert!(write_animation(&missing, 2, 400, uneven).is_err() && !missing.exists());
    }
}
