//! Writes Cloud Optimized GeoTIFFs: what a map viewer or QGIS needs of a large raster, it can fetch in pieces.
//!
//! The file is, in this order: header, a note for GDAL on the layout, one directory per level (the full raster first),
//! and the tiles from the smallest overview to the full raster. Equal rasters give equal bytes.

mod pyramid;

use hanze_base::error::Result;
use hanze_base::grid::Crs;
use hanze_base::raster::{Raster, Reduce};
use pyramid::{Level, TILE};
use std::io::{self, Write};
use std::path::Path;

/// What a cell without a value holds in the file.
pub const NODATA: f32 = -9999.0;

/// Promises on the order of the tiles that let GDAL fetch several at once. The blank at the end is room for the `YES`
/// that GDAL writes when it edits the file in place.
const LAYOUT_NOTE: &str = "GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\nLAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\n\
    BLOCK_LEADER=SIZE_AS_UINT4\nBLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// Writes a raster to a file that appears under its name only when it is complete.
///
/// Samples are f32, `datum + value` in the unit of the raster; cells without a value (NaN) hold [`NODATA`], declared.
/// An unknown CRS is left out.
///
/// # Errors
/// [`hanze_base::Error::Io`] where the disk or the folder refuses; the unfinished file is removed.
pub fn write_cog(path: &Path, raster: &Raster) -> Result<()> {
    write_reduced(path, raster, Reduce::Mean)
}

/// Writes a raster as [`write_cog`] does, with a choice of what stands for several cells in overviews; there it is their mean.
///
/// # Errors
/// [`hanze_base::Error::Io`] where the disk or the folder refuses, or the raster is none that a TIFF can have; the unfinished file is removed.
pub fn write_reduced(path: &Path, raster: &Raster, reduce: Reduce) -> Result<()> {
    super::whole_file(path, |out| write_as(out, raster, reduce, None))
}

/// Writes the bytes of the file that [`write_cog`] makes.
///
/// # Errors
/// What `out` refuses, and `InvalidInput` for a raster without cells or with more columns or rows than a TIFF can have.
pub fn write_cog_to(out: &mut impl Write, raster: &Raster) -> io::Result<()> {
    write_as(out, raster, Reduce::Mean, None)
}

/// `big` asks for BigTIFF or for classic TIFF; without it the size decides.
fn write_as(out: &mut impl Write, raster: &Raster, reduce: Reduce, big: Option<bool>) -> io::Result<()> {
    let grid = &raster.grid;
    if grid.is_empty() || u32::try_from(grid.cols.max(grid.rows)).is_err() {
        let problem = format!("a GeoTIFF of {} x {} cells is impossible", grid.cols, grid.rows);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    let levels = pyramid::levels(raster, reduce);
    let tiles = pyramid::compress(&levels, raster.datum)?;
    let classic = Plan::new(raster, &levels, &tiles, false);
    let big = big.unwrap_or(classic.end > u64::from(u32::MAX));
    let plan = if big { Plan::new(raster, &levels, &tiles, true) } else { classic };
    out.write_all(&plan.head)?;
    for tile in tiles.iter().rev().flatten() {
        out.write_all(&(tile.len() as u32).to_le_bytes())?;
        out.write_all(tile)?;
        out.write_all(&tile[tile.len() - TRAILER..])?;
    }
    out.flush()
}

/// Bytes before each tile: its size.
const LEADER: usize = 4;
/// Bytes after each tile: its last ones again.
const TRAILER: usize = 4;

/// Everything before the tiles.
struct Plan {
    head: Vec<u8>,
    /// Length of the file, bytes.
    end: u64,
}

impl Plan {
    fn new(raster: &Raster, levels: &[Level<'_>], tiles: &[Vec<Vec<u8>>], big: bool) -> Plan {
        let start = even(if big { 16 } else { 8 } + LAYOUT_NOTE.len() as u64);
        // The size of a directory does not depend on the offsets in it, so a first round without them tells it.
        let directory = |index: usize, offsets: &[u64]| {
            let level_tags = tags(&levels[index], index, offsets, &tiles[index], big);
            let place_tags = if index == 0 { geo_tags(raster) } else { Vec::new() };
            Directory(level_tags.into_iter().chain(place_tags).chain([nodata_tag()]).collect())
        };
        let sizes: Vec<u64> = (0..levels.len())
            .map(|index| directory(index, &vec![0; tiles[index].len()]).bytes(0, 0, big).len() as u64)
            .collect();
        let mut end = start + sizes.iter().sum::<u64>();
        let mut offsets = vec![Vec::new(); levels.len()];
        for (offsets, tiles) in offsets.iter_mut().zip(tiles).rev() {
            for tile in tiles {
                offsets.push(end + LEADER as u64);
                end += (LEADER + tile.len() + TRAILER) as u64;
            }
        }
        let mut head = header(start, big);
        for (index, offsets) in offsets.iter().enumerate() {
            let at = head.len() as u64;
            let next = if index + 1 < levels.len() { at + sizes[index] } else { 0 };
            head.extend(directory(index, offsets).bytes(at, next, big));
        }
        Plan { head, end }
    }
}

/// The first bytes of the file, up to the first directory at `start`.
fn header(start: u64, big: bool) -> Vec<u8> {
    let mut head = b"II".to_vec();
    if big {
        // Version 43, offsets of 8 bytes.
        head.extend([43, 0, 8, 0, 0, 0]);
        head.extend(start.to_le_bytes());
    } else {
        head.extend([42, 0]);
        head.extend((start as u32).to_le_bytes());
    }
    head.extend(LAYOUT_NOTE.as_bytes());
    head.resize(start as usize, 0);
    head
}

/// The tags of one level, in the order of their numbers.
fn tags(level: &Level<'_>, index: usize, offsets: &[u64], tiles: &[Vec<u8>], big: bool) -> Vec<Tag> {
    let offsets = if big { Tag::long8s(324, offsets) } else { Tag::longs(324, offsets.iter().map(|&o| o as u32)) };
    vec![
        // NewSubfileType: 1 is a smaller version of another image in the file.
        Tag::longs(254, [u32::from(index > 0)]),
        Tag::longs(256, [level.cols as u32]),
        Tag::longs(257, [level.rows as u32]),
        Tag::shorts(258, &[32]),
        // Compression: DEFLATE.
        Tag::shorts(259, &[8]),
        // Photometric: black is zero.
        Tag::shorts(262, &[1]),
        Tag::shorts(277, &[1]),
        Tag::shorts(284, &[1]),
        // Predictor: floating point.
        Tag::shorts(317, &[3]),
        Tag::shorts(322, &[TILE as u16]),
        Tag::shorts(323, &[TILE as u16]),
        offsets,
        Tag::longs(325, tiles.iter().map(|tile| tile.len() as u32)),
        // Sample format: IEEE floating point.
        Tag::shorts(339, &[3]),
    ]
}

/// Where the raster lies and what it shows.
fn geo_tags(raster: &Raster) -> Vec<Tag> {
    let grid = &raster.grid;
    let scale = Tag::doubles(33550, &[grid.cell, grid.cell, 0.0]);
    let tiepoint = Tag::doubles(33922, &[0.0, 0.0, 0.0, grid.west, grid.north, 0.0]);
    let keys = geo_keys(grid.crs).map(|keys| Tag::shorts(34735, &keys));
    [scale, tiepoint].into_iter().chain(keys).chain([Tag::text(42112, &metadata(raster))]).collect()
}

fn nodata_tag() -> Tag {
    Tag::text(42113, &format!("{NODATA}"))
}

/// The GeoKeyDirectory: a projected CRS, where there is one with a code that fits, and pixels that are areas. Without a
/// CRS there is none at all: GDAL makes a CRS of its own from any other key.
fn geo_keys(crs: Crs) -> Option<[u16; 16]> {
    let code = u16::try_from(crs.plane()?).ok()?;
    Some([1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, code])
}

/// GDAL's metadata: name, unit and description of the band.
fn metadata(raster: &Raster) -> String {
    let items = [
        ("<Item name=\"NAME\">", &raster.name),
        ("<Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">", &raster.description),
        ("<Item name=\"UNITTYPE\" sample=\"0\" role=\"unittype\">", &raster.unit),
    ];
    let lines = items.iter().filter(|(_, text)| !text.is_empty());
    let lines: String = lines.map(|(open, text)| format!("  {open}{}</Item>\n", escaped(text))).collect();
    format!("<GDALMetadata>\n{lines}</GDALMetadata>\n")
}

/// Text as XML content; control characters, which XML cannot hold, become blanks. GDAL resolves the content of this tag
/// twice and cuts it off at a bare ampersand, so the ampersand alone is escaped twice.
fn escaped(text: &str) -> String {
    let piece = |c: char| match c {
        '&' => "&amp;amp;".to_string(),
        '<' => "&lt;".to_string(),
        '>' => "&gt;".to_string(),
        '"' => "&quot;".to_string(),
        c if c.is_control() => " ".to_string(),
        c => c.to_string(),
    };
    text.chars().map(piece).collect()
}

/// One entry of a directory.
struct Tag {
    number: u16,
    kind: u16,
    count: u64,
    bytes: Vec<u8>,
}

impl Tag {
    fn text(number: u16, text: &str) -> Tag {
        let bytes = [text.as_bytes(), &[0]].concat();
        Tag { number, kind: 2, count: bytes.len() as u64, bytes }
    }

    fn shorts(number: u16, values: &[u16]) -> Tag {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tag { number, kind: 3, count: values.len() as u64, bytes }
    }

    fn longs(number: u16, values: impl IntoIterator<Item = u32>) -> Tag {
        let bytes: Vec<u8> = values.into_iter().flat_map(|v| v.to_le_bytes()).collect();
        Tag { number, kind: 4, count: bytes.len() as u64 / 4, bytes }
    }

    fn doubles(number: u16, values: &[f64]) -> Tag {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tag { number, kind: 12, count: values.len() as u64, bytes }
    }

    fn long8s(number: u16, values: &[u64]) -> Tag {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Tag { number, kind: 16, count: values.len() as u64, bytes }
    }
}

/// The tags of one image, in the order of their numbers.
struct Directory(Vec<Tag>);

impl Directory {
    /// The directory as it lies at `at`, followed by the values that do not fit in their entries.
    fn bytes(&self, at: u64, next: u64, big: bool) -> Vec<u8> {
        let (counter, entry, room) = if big { (8, 20, 8) } else { (2, 12, 4) };
        // Counts and offsets have the width of `room`, and the number of entries that of `counter`.
        let number = |value: u64, width: usize| value.to_le_bytes().into_iter().take(width);
        let mut table: Vec<u8> = number(self.0.len() as u64, counter).collect();
        let mut values = Vec::new();
        let values_at = at + (counter + self.0.len() * entry + room) as u64;
        for tag in &self.0 {
            table.extend(tag.number.to_le_bytes());
            table.extend(tag.kind.to_le_bytes());
            table.extend(number(tag.count, room));
            if tag.bytes.len() <= room {
                table.extend(&tag.bytes);
                table.resize(table.len() + room - tag.bytes.len(), 0);
            } else {
                table.extend(number(values_at + values.len() as u64, room));
                values.extend(&tag.bytes);
                values.resize(even(values.len() as u64) as usize, 0);
            }
        }
        table.extend(number(next, room));
        table.extend(values);
        table
    }
}

/// The next even number: TIFF wants directories and values at even places.
fn even(number: u64) -> u64 {
    number.next_multiple_of(2)
}

#[cfg(test)]
mod tests;
