//! A GeoTIFF that is read in pieces, with its overviews: what a map or a question about one place needs, and no more.

use super::tags::Tags;
use super::{Chunks, IMAGE_LENGTH, IMAGE_WIDTH, Sample, check_size, nodata, number, place};
use crate::read::Limits;
use hanze_base::error::{Error, Result};
use hanze_base::grid::Grid;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Most overviews of a file; each is half the size of the one before.
const MOST_LEVELS: usize = 32;

/// A file that is read in blocks. Values are f32 with the datum that the file holds, NaN where there is none.
pub struct Cog {
    /// Where the cells of the full raster lie.
    pub grid: Grid,
    /// Unit of the values, as the file tells it; empty for none.
    pub unit: String,
    file: PathBuf,
    big_endian: bool,
    levels: Vec<Level>,
    input: Mutex<Tags<BufReader<File>>>,
}

/// The raster at one size.
struct Level {
    chunks: Chunks,
    sample: Sample,
    nodata: Option<f64>,
}

/// A rectangle of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Number of columns.
    pub cols: usize,
    /// Values row by row.
    pub values: Vec<f32>,
}

impl Cog {
    /// Opens a file and reads its directories.
    ///
    /// # Errors
    /// `Io` where the file cannot be read; `Data` for what [`crate::read::raster`] refuses in directories and place. Blocks are
    /// not read, so that damage within them comes out in [`Cog::block`].
    pub fn open(path: &Path, limits: Limits) -> Result<Cog> {
        let opened = File::open(path).map_err(Error::io("reading", path))?;
        let mut tags = Tags::read(path, BufReader::new(opened))?;
        let mut levels: Vec<Level> = Vec::new();
        let mut place = None;
        let mut unit = String::new();
        loop {
            let cols = tags.unsigned(IMAGE_WIDTH)?.unwrap_or(0);
            let rows = tags.unsigned(IMAGE_LENGTH)?.unwrap_or(0);
            check_size(path, cols, rows, limits)?;
            if let Some(last) = levels.last() {
                // Anything but a further half, such as a mask, is no overview.
                if (cols, rows) != (last.chunks.cols.div_ceil(2), last.chunks.rows.div_ceil(2)) {
                    break;
                }
            } else {
                place = Some(place::grid(&mut tags, cols as usize, rows as usize)?);
                unit = super::unit(&tags.text(super::GDAL_METADATA)?.unwrap_or_default());
            }
            let sample = Sample::read(&mut tags)?;
            let chunks = Chunks::read(&mut tags, cols, rows)?;
            let nodata = nodata(&mut tags, &sample)?;
            levels.push(Level { chunks, sample, nodata });
            if levels.len() == MOST_LEVELS || !tags.advance()? {
                break;
            }
        }
        let grid = place.ok_or_else(|| tags.bad("has no image"))?;
        let big_endian = tags.big_endian();
        Ok(Cog { grid, unit, file: path.to_path_buf(), big_endian, levels, input: Mutex::new(tags) })
    }

    /// Number of sizes: the full one, 0, and its overviews, each of half the columns and rows.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Columns and rows of a level.
    pub fn size(&self, level: usize) -> (usize, usize) {
        let chunks = &self.levels[level].chunks;
        (chunks.cols as usize, chunks.rows as usize)
    }

    /// Columns and rows of a block of a level; those at the eastern and southern edge may have fewer.
    pub fn block_size(&self, level: usize) -> (usize, usize) {
        let chunks = &self.levels[level].chunks;
        (chunks.size.0 as usize, chunks.size.1 as usize)
    }

    /// Number of blocks of a level, counted row by row from the north-west.
    pub fn blocks(&self, level: usize) -> usize {
        self.levels[level].chunks.places.len()
    }

    /// Reads one block.
    ///
    /// # Errors
    /// `Io` where the file cannot be read, `Data` where it is damaged.
    pub fn block(&self, level: usize, index: usize) -> Result<Block> {
        let Level { chunks, sample, nodata } = &self.levels[level];
        let across = chunks.cols.div_ceil(chunks.size.0);
        let (left, top) = (index as u64 % across * chunks.size.0, index as u64 / across * chunks.size.1);
        let (cols, rows) = (chunks.size.0.min(chunks.cols - left), chunks.size.1.min(chunks.rows - top));
        let (at, bytes) = chunks.places[index];
        let (left, top) = (left as usize, top as usize);
        if bytes == 0 {
            // A block without bytes holds nodata or, where none is declared, zeros.
            let value = if nodata.is_some() { f32::NAN } else { 0.0 };
            return Ok(Block { left, top, cols: cols as usize, values: vec![value; (cols * rows) as usize] });
        }
        let packed = {
            let mut input = self.input.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            chunks.packed(&mut input, index, at, bytes)?
        };
        let samples = chunks.unpack(sample, self.big_endian, &packed, rows).map_err(|error| {
            let problem = format!("cannot be decoded in {} {index} of level {level}: {error}", chunks.kind());
            Error::data(&self.file, problem, super::tags::DAMAGED)
        })?;
        let cell = |k: u64| {
            let value = number(&samples, (k / cols * chunks.size.0 + k % cols) as usize);
            if *nodata == Some(value) { f32::NAN } else { value as f32 }
        };
        Ok(Block { left, top, cols: cols as usize, values: (0..cols * rows).map(cell).collect() })
    }
}
