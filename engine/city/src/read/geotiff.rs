//! Reads one band of a GeoTIFF: strips or tiles, classic or BigTIFF, of any whole or floating type.
//!
//! Each strip or tile is handed to the `tiff` crate as a small image of one strip, under a header of our own making:
//! the crate then does what it does well (DEFLATE, LZW, PackBits, predictors, byte order) and sees none of the claims
//! that a damaged or hostile file makes elsewhere.

mod beside;
mod cog;
mod mask;
mod place;
mod tags;

pub use cog::{Block, Cog};

use super::{Cells, Found, Limits, check_size, masked};
use beside::Beside;
use hanze_base::error::{Error, Result};
use hanze_base::remark::Remarks;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use tags::Tags;
use tiff::decoder::{Decoder, DecodingResult};

const IMAGE_WIDTH: u16 = 256;
const IMAGE_LENGTH: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES_PER_PIXEL: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_BYTE_COUNTS: u16 = 279;
const PREDICTOR: u16 = 317;
const TILE_WIDTH: u16 = 322;
const TILE_LENGTH: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTE_COUNTS: u16 = 325;
const SAMPLE_FORMAT: u16 = 339;
const GDAL_METADATA: u16 = 42112;
const GDAL_NODATA: u16 = 42113;

/// Most cells of one tile, 4096 x 4096: tiles are padded, so the size of the image does not bound them.
const MOST_TILE_CELLS: u64 = 1 << 24;
/// Most compressed bytes of one strip or tile.
const MOST_CHUNK_BYTES: u64 = 1 << 31;

/// SampleFormat of floating point numbers.
const FLOAT: u64 = 3;

/// Reads a file.
pub(super) fn read(file: &Path, limits: Limits) -> Result<Found> {
    let opened = File::open(file).map_err(Error::io("reading", file))?;
    read_from(file, BufReader::new(opened), &Beside::read(file)?, limits)
}

/// Reads the bytes of a file; `file` is its name in messages, `beside` what a file beside it adds.
fn read_from<R: Read + Seek>(file: &Path, input: R, beside: &Beside, limits: Limits) -> Result<Found> {
    let mut tags = Tags::read(file, input)?;
    let need = |value: Option<u64>, name: &str| {
        value.ok_or_else(|| Error::data(file, format!("has no {name}"), tags::DAMAGED))
    };
    let cols = need(tags.unsigned(IMAGE_WIDTH)?, "ImageWidth")?;
    let rows = need(tags.unsigned(IMAGE_LENGTH)?, "ImageLength")?;
    check_size(file, cols, rows, limits)?;
    let sample = Sample::read(&mut tags)?;
    let grid = place::grid(&mut tags, cols as usize, rows as usize)?;
    let chunks = Chunks::read(&mut tags, cols, rows)?;
    let nodata = nodata(&mut tags, &sample)?.or(beside.nodata);
    let unit = unit(&tags.text(GDAL_METADATA)?.unwrap_or_default());
    let unit = if unit.is_empty() { beside.unit.clone() } else { unit };
    let mut cells = chunks.decode(&mut tags, &sample, nodata)?;
    let mut remarks = Remarks::default();
    if let Some(hidden) = mask::hide(&mut tags, (cols, rows), &mut cells)?.filter(|hidden| *hidden > 0) {
        remarks.push(masked(hidden, cells.len()));
    }
    Ok(Found { grid, cells, unit, remarks })
}

/// The unit of the values in GDAL's metadata; empty for none.
fn unit(xml: &str) -> String {
    let found = xml.split_once("role=\"unittype\">").and_then(|(_, rest)| rest.split('<').next());
    found.unwrap_or_default().trim().to_string()
}

/// How one number lies in the file.
struct Sample {
    bits: u64,
    format: u64,
    compression: u64,
    predictor: u64,
}

impl Sample {
    fn read<R: Read + Seek>(tags: &mut Tags<R>) -> Result<Sample> {
        let bands = tags.unsigned(SAMPLES_PER_PIXEL)?.unwrap_or(1);
        if bands != 1 {
            let mend = "write the band that is meant to a file of its own, e.g. gdal_translate -b 1 in.tif out.tif";
            return Err(tags.error(format!("has {bands} bands, and one is needed"), mend));
        }
        let bits = tags.unsigned(BITS_PER_SAMPLE)?.unwrap_or(1);
        // An undefined format (4) is read as unsigned, as GDAL does.
        let format = tags.unsigned(SAMPLE_FORMAT)?.map_or(1, |format| if format == 4 { 1 } else { format });
        if !matches!((format, bits), (1 | 2, 8 | 16 | 32 | 64) | (FLOAT, 16 | 32 | 64)) {
            let problem = format!("has samples of {bits} bits in format {format}, which cannot be read");
            return Err(tags.error(problem, "rewrite it, e.g. gdal_translate -ot Float32 in.tif out.tif"));
        }
        let compression = tags.unsigned(COMPRESSION)?.unwrap_or(1);
        let predictor = tags.unsigned(PREDICTOR)?.unwrap_or(1);
        let known = matches!(compression, 1 | 5 | 8 | 32773 | 32946);
        let predicts = matches!((predictor, format), (1 | 2, _) | (3, FLOAT)) && tags.unsigned(FILL_ORDER)? != Some(2);
        if !known || !predicts {
            let problem = format!("is compressed in a way that cannot be read ({compression}, predictor {predictor})");
            return Err(tags.error(problem, "rewrite it, e.g. gdal_translate -co COMPRESS=DEFLATE in.tif out.tif"));
        }
        let scaled = tags.text(GDAL_METADATA)?.is_some_and(|xml| is_scaled(&xml));
        if scaled {
            let mend = "write the true values into it, e.g. gdal_translate -unscale -ot Float32 in.tif out.tif";
            return Err(tags.error("keeps its values scaled (a scale or an offset in its metadata)", mend));
        }
        // Predictors are undone for compressed data only, as libtiff does.
        let predictor = if matches!(compression, 1 | 32773) { 1 } else { predictor };
        Ok(Sample { bits, format, compression, predictor })
    }

    /// Whether every value of the type is an f32.
    fn is_single(&self) -> bool {
        self.bits <= 16 || (self.format, self.bits) == (FLOAT, 32)
    }
}

/// Whether GDAL's metadata say that a value is `scale` times the stored number plus `offset`, with any effect.
fn is_scaled(xml: &str) -> bool {
    [("role=\"scale\"", 1.0), ("role=\"offset\"", 0.0)].iter().any(|(role, without)| {
        let text = xml.split_once(role).and_then(|(_, rest)| rest.split(['>', '<']).nth(1));
        text.and_then(|text| text.trim().parse::<f64>().ok()).is_some_and(|number| number != *without)
    })
}

/// The number that means "no value", as a cell holds it.
fn nodata<R: Read + Seek>(tags: &mut Tags<R>, sample: &Sample) -> Result<Option<f64>> {
    let Some(text) = tags.text(GDAL_NODATA)? else { return Ok(None) };
    let Ok(value) = text.parse::<f64>() else {
        let mend = "declare a number, e.g. gdal_translate -a_nodata -9999 in.tif out.tif";
        return Err(tags.error(format!("declares `{text}` as nodata"), mend));
    };
    let is_f32 = (sample.format, sample.bits) == (FLOAT, 32);
    Ok(Some(if is_f32 { f64::from(value as f32) } else { value }))
}

/// The strips or tiles of the image. A strip is as wide as the image.
struct Chunks {
    cols: u64,
    rows: u64,
    /// Columns and rows of one chunk; the last strip may have fewer rows, a tile is always whole.
    size: (u64, u64),
    tiled: bool,
    /// Place and number of the compressed bytes of each chunk.
    places: Vec<(u64, u64)>,
}

impl Chunks {
    fn read<R: Read + Seek>(tags: &mut Tags<R>, cols: u64, rows: u64) -> Result<Chunks> {
        let tile = (tags.unsigned(TILE_WIDTH)?, tags.unsigned(TILE_LENGTH)?);
        let (size, tiled) = match tile {
            (Some(width), Some(length)) => ((width, length), true),
            _ => ((cols, tags.unsigned(ROWS_PER_STRIP)?.unwrap_or(rows).min(rows)), false),
        };
        let cells = size.0.checked_mul(size.1);
        if cells == Some(0) || (tiled && cells.is_none_or(|cells| cells > MOST_TILE_CELLS)) {
            let problem = format!("has tiles or strips of {} x {} cells", size.0, size.1);
            return Err(tags.error(problem, "rewrite it, e.g. gdal_translate -co TILED=YES in.tif out.tif"));
        }
        let (offsets, counts) =
            if tiled { (TILE_OFFSETS, TILE_BYTE_COUNTS) } else { (STRIP_OFFSETS, STRIP_BYTE_COUNTS) };
        let offsets = tags.unsigned_list(offsets)?.unwrap_or_default();
        let counts = tags.unsigned_list(counts)?.unwrap_or_default();
        let expected = cols.div_ceil(size.0) * rows.div_ceil(size.1);
        if offsets.len() as u64 != expected || counts.len() as u64 != expected {
            let problem =
                format!("lists {} places and {} sizes for {expected} strips or tiles", offsets.len(), counts.len());
            return Err(tags.bad(problem));
        }
        Ok(Chunks { cols, rows, size, tiled, places: offsets.into_iter().zip(counts).collect() })
    }

    /// Decodes chunk by chunk into one vector of cells.
    fn decode<R: Read + Seek>(&self, tags: &mut Tags<R>, sample: &Sample, nodata: Option<f64>) -> Result<Cells> {
        let count = (self.cols * self.rows) as usize;
        let mut cells = if sample.is_single() {
            Cells::Single(vec![f32::NAN; count])
        } else {
            Cells::Double(vec![f64::NAN; count])
        };
        let across = self.cols.div_ceil(self.size.0);
        for (index, &(at, bytes)) in self.places.iter().enumerate() {
            let (left, top) = (index as u64 % across * self.size.0, index as u64 / across * self.size.1);
            let (width, height) = (self.size.0.min(self.cols - left), self.size.1.min(self.rows - top));
            let samples = if bytes == 0 { None } else { Some(self.chunk(tags, sample, index, at, bytes, height)?) };
            for row in 0..height {
                for col in 0..width {
                    // A chunk without bytes holds nodata or, where none is declared, zeros.
                    let value = samples
                        .as_ref()
                        .map_or(nodata.unwrap_or(0.0), |samples| number(samples, (row * self.size.0 + col) as usize));
                    let hole = nodata == Some(value);
                    cells.set(((top + row) * self.cols + left + col) as usize, if hole { f64::NAN } else { value });
                }
            }
        }
        Ok(cells)
    }

    /// The samples of one chunk: `size.0` columns and, of a strip, `height` rows.
    fn chunk<R: Read + Seek>(
        &self,
        tags: &mut Tags<R>,
        sample: &Sample,
        index: usize,
        at: u64,
        bytes: u64,
        height: u64,
    ) -> Result<DecodingResult> {
        let data = self.packed(tags, index, at, bytes)?;
        let decoded = self.unpack(sample, tags.big_endian(), &data, height);
        decoded.map_err(|error| tags.bad(format!("cannot be decoded in {} {index}: {error}", self.kind())))
    }

    fn kind(&self) -> &'static str {
        if self.tiled { "tile" } else { "strip" }
    }

    /// The compressed bytes of one chunk.
    fn packed<R: Read + Seek>(&self, tags: &mut Tags<R>, index: usize, at: u64, bytes: u64) -> Result<Vec<u8>> {
        if bytes > MOST_CHUNK_BYTES {
            let problem = format!("has {bytes} bytes in {} {index}, more than {MOST_CHUNK_BYTES}", self.kind());
            return Err(tags.error(problem, "rewrite it, e.g. gdal_translate -co TILED=YES in.tif out.tif"));
        }
        tags.bytes_at(at, bytes)
    }

    /// The samples in compressed bytes.
    fn unpack(&self, sample: &Sample, big_endian: bool, data: &[u8], height: u64) -> tiff::TiffResult<DecodingResult> {
        let rows = if self.tiled { self.size.1 } else { height };
        let needed = (self.size.0 * rows * sample.bits / 8) as usize;
        let image = one_strip(sample, big_endian, self.size.0 as u32, rows as u32, data);
        Decoder::new(Cursor::new(image)).and_then(|decoder| {
            let mut limits = tiff::decoder::Limits::default();
            limits.decoding_buffer_size = needed;
            limits.intermediate_buffer_size = MOST_CHUNK_BYTES as usize;
            decoder.with_limits(limits).read_chunk(0)
        })
    }
}

/// A classic TIFF of one strip around compressed samples.
fn one_strip(sample: &Sample, big_endian: bool, cols: u32, rows: u32, data: &[u8]) -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const ENTRIES: u16 = 11;
    const HEAD: u32 = 8 + 2 + 12 * ENTRIES as u32 + 4;
    let short = |number: u16| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let long = |number: u32| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut image = Vec::with_capacity(HEAD as usize + data.len());
    image.extend(if big_endian { b"MM" } else { b"II" });
    image.extend(short(42));
    image.extend(long(8));
    image.extend(short(ENTRIES));
    let entries: [(u16, u16, u32); ENTRIES as usize] = [
        (IMAGE_WIDTH, LONG, cols),
        (IMAGE_LENGTH, LONG, rows),
        (BITS_PER_SAMPLE, SHORT, sample.bits as u32),
        (COMPRESSION, SHORT, sample.compression as u32),
        // Always black-is-zero: the crate inverts the opposite and refuses palettes, and numbers are not colours.
        (PHOTOMETRIC, SHORT, 1),
        (STRIP_OFFSETS, LONG, HEAD),
        (SAMPLES_PER_PIXEL, SHORT, 1),
        (ROWS_PER_STRIP, LONG, rows),
        (STRIP_BYTE_COUNTS, LONG, data.len() as u32),
        (PREDICTOR, SHORT, sample.predictor as u32),
        (SAMPLE_FORMAT, SHORT, sample.format as u32),
    ];
    for (tag, kind, value) in entries {
        image.extend(short(tag));
        image.extend(short(kind));
        image.extend(long(1));
        if kind == SHORT {
            image.extend(short(value as u16));
            image.extend([0, 0]);
        } else {
            image.extend(long(value));
        }
    }
    image.extend(long(0));
    image.extend(data);
    image
}

/// One sample as f64.
fn number(samples: &DecodingResult, index: usize) -> f64 {
    match samples {
        DecodingResult::U8(list) => f64::from(list[index]),
        DecodingResult::U16(list) => f64::from(list[index]),
        DecodingResult::U32(list) => f64::from(list[index]),
        DecodingResult::U64(list) => list[index] as f64,
        DecodingResult::I8(list) => f64::from(list[index]),
        DecodingResult::I16(list) => f64::from(list[index]),
        DecodingResult::I32(list) => f64::from(list[index]),
        DecodingResult::I64(list) => list[index] as f64,
        DecodingResult::F16(list) => list[index].to_f64(),
        DecodingResult::F32(list) => f64::from(list[index]),
        DecodingResult::F64(list) => list[index],
    }
}

#[cfg(test)]
mod tests;
