//! The mask that GDAL keeps within a file (PER_DATASET): a further image that says which cells have a value.

use super::tags::Tags;
use super::{
    BITS_PER_SAMPLE, COMPRESSION, Cells, Chunks, FILL_ORDER, IMAGE_LENGTH, IMAGE_WIDTH, PREDICTOR, SAMPLES_PER_PIXEL,
    Sample,
};
use hanze_base::error::Result;
use std::io::{Read, Seek};
use tiff::decoder::DecodingResult;

const NEW_SUBFILE_TYPE: u16 = 254;
/// Bits of NewSubfileType: an overview, and a mask.
const REDUCED: u64 = 1;
const MASK: u64 = 4;
/// Images of a file that are looked at.
const MOST_IMAGES: usize = 256;

/// Takes the value of every cell that the mask of a file hides; `tags` are those of its first image. Gives how many had one, or
/// `None` where there is no mask.
pub(super) fn hide<R: Read + Seek>(tags: &mut Tags<R>, size: (u64, u64), cells: &mut Cells) -> Result<Option<usize>> {
    for _ in 0..MOST_IMAGES {
        if !tags.advance()? {
            break;
        }
        let kind = tags.unsigned(NEW_SUBFILE_TYPE)?.unwrap_or(0);
        if kind & MASK != 0 && kind & REDUCED == 0 {
            return apply(tags, size, cells).map(Some);
        }
    }
    Ok(None)
}

fn apply<R: Read + Seek>(tags: &mut Tags<R>, (cols, rows): (u64, u64), cells: &mut Cells) -> Result<usize> {
    let mend = "write the mask as nodata, e.g. gdalwarp -dstnodata -9999 in.tif out.tif";
    let own = (tags.unsigned(IMAGE_WIDTH)?.unwrap_or(0), tags.unsigned(IMAGE_LENGTH)?.unwrap_or(0));
    if own != (cols, rows) {
        return Err(tags.error(format!("has a mask of {} x {} cells for {cols} x {rows}", own.0, own.1), mend));
    }
    let bits = tags.unsigned(BITS_PER_SAMPLE)?.unwrap_or(1);
    let bands = tags.unsigned(SAMPLES_PER_PIXEL)?.unwrap_or(1);
    let compression = tags.unsigned(COMPRESSION)?.unwrap_or(1);
    let predictor = tags.unsigned(PREDICTOR)?.unwrap_or(1);
    let is_known = matches!((bits, bands, predictor), (1 | 8, 1, 1))
        && matches!(compression, 1 | 5 | 8 | 32773 | 32946)
        && tags.unsigned(FILL_ORDER)? != Some(2);
    if !is_known {
        let problem =
            format!("has a mask of {bands} bands of {bits} bits, compressed as {compression}, which cannot be read");
        return Err(tags.error(problem, mend));
    }
    let chunks = Chunks::read(tags, cols, rows)?;
    // To the decoder eight cells of a bit are one of a byte.
    let (wide, across) = (chunks.size.0, cols.div_ceil(chunks.size.0));
    let stride = if bits == 1 { wide.div_ceil(8) } else { wide };
    let bytes = Chunks { size: (stride, chunks.size.1), ..chunks };
    let sample = Sample { bits: 8, format: 1, compression, predictor: 1 };
    let mut hidden = 0;
    for (index, &(at, count)) in bytes.places.iter().enumerate() {
        let (left, top) = (index as u64 % across * wide, index as u64 / across * bytes.size.1);
        let (width, height) = (wide.min(cols - left), bytes.size.1.min(rows - top));
        // What is left out of a mask is hidden.
        let found = if count == 0 { None } else { Some(bytes.chunk(tags, &sample, index, at, count, height)?) };
        let found = match &found {
            Some(DecodingResult::U8(found)) => Some(found),
            _ => None,
        };
        for row in 0..height {
            for col in 0..width {
                let is_shown = found.is_some_and(|found| match bits {
                    1 => (found[(row * stride + col / 8) as usize] >> (7 - col % 8)) & 1 != 0,
                    _ => found[(row * stride + col) as usize] != 0,
                });
                let cell = ((top + row) * cols + left + col) as usize;
                if !is_shown && !cells.at(cell).is_nan() {
                    cells.set(cell, f64::NAN);
                    hidden += 1;
                }
            }
        }
    }
    Ok(hidden)
}
