//! Reads an ESRI ASCII grid: a header of names and numbers, then one number per cell from the north-west.

use super::units::mercator;
use super::{Cells, Found, Limits, check_grid, check_size, reproject};
use hanze_base::error::{Error, Result};
use hanze_base::grid::{Crs, Grid};
use hanze_base::remark::{Remark, Remarks};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// The keys that a header may have.
const KEYS: [&str; 10] =
    ["ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize", "dx", "dy", "nodata_value"];

/// What a cell without a value holds where the header does not say it.
const DEFAULT_NODATA: f64 = -9999.0;

/// Reads a file, with the CRS of a `.prj` file beside it.
pub(super) fn read(file: &Path, limits: Limits) -> Result<Found> {
    let opened = File::open(file).map_err(Error::io("reading", file))?;
    let size = opened.metadata().map_err(Error::io("reading", file))?.len();
    let crs = crs_beside(file)?;
    read_from(file, BufReader::with_capacity(1 << 16, opened), size, crs, limits)
}

/// Reads `size` bytes of text; `file` is their name in messages.
fn read_from(file: &Path, input: impl BufRead, size: u64, crs: Crs, limits: Limits) -> Result<Found> {
    let mut tokens = Tokens { file, input, line: 1, token_line: 1, token: Vec::new(), commas: 0 };
    let header = Header::read(&mut tokens)?;
    let (cols, rows) = (header.whole(file, "ncols")?, header.whole(file, "nrows")?);
    check_size(file, cols, rows, limits)?;
    let grid = header.grid(file, cols as usize, rows as usize, crs)?;
    let nodata = header.get("nodata_value").map_or(Ok(DEFAULT_NODATA), |entry| entry.number(file))?;

    let expected = cols * rows;
    // A value takes two bytes or more, so a short file with a large claim sets aside little.
    let mut values = Vec::with_capacity(expected.min(size / 2 + 1) as usize);
    // The token after the header is the first value.
    let mut more = !tokens.token.is_empty();
    while more {
        let value = tokens.number()?;
        if values.len() as u64 == expected {
            return Err(tokens.error(
                format!("is one value more than the {expected} ({cols} x {rows}) that the header announces"),
                "correct ncols and nrows, or remove the surplus",
            ));
        }
        values.push(if value == nodata { f64::NAN } else { value });
        more = tokens.next()?;
    }
    if (values.len() as u64) < expected {
        let found = values.len();
        return Err(Error::data(
            file,
            format!("ends at line {} with {found} values, and {expected} ({cols} x {rows}) are expected", tokens.line),
            "correct ncols and nrows, or fetch the file again",
        ));
    }
    let mut remarks = Remarks::default();
    if tokens.commas > 0 {
        remarks.push(Remark::new(
            tokens.commas as f64 / expected as f64,
            "the comma in its numbers is taken as a decimal point",
            "de komma in de getallen is gelezen als decimaalteken",
        ));
    }
    Ok(Found { grid, cells: Cells::Double(values), unit: String::new(), remarks })
}

/// The words of a file, one at a time, with the line that they stand in.
struct Tokens<'a, R> {
    file: &'a Path,
    input: R,
    /// Line that is being read, from 1.
    line: u64,
    /// Line of `token`.
    token_line: u64,
    /// The word that was read last; empty at the end of the file.
    token: Vec<u8>,
    /// Numbers with a decimal comma so far.
    commas: u64,
}

impl<R: BufRead> Tokens<'_, R> {
    /// Moves to the next word; false at the end of the file.
    fn next(&mut self) -> Result<bool> {
        self.fill().map_err(Error::io("reading", self.file))?;
        if self.token.len() > LONGEST_TOKEN {
            let mend = "give a text file with numbers between blanks";
            return Err(self.error(format!("starts a word of more than {LONGEST_TOKEN} characters"), mend));
        }
        Ok(!self.token.is_empty())
    }

    fn fill(&mut self) -> io::Result<()> {
        self.token.clear();
        loop {
            let buffer = self.input.fill_buf()?;
            let (mut used, mut done) = (0, buffer.is_empty());
            for &byte in buffer {
                if byte.is_ascii_whitespace() {
                    if !self.token.is_empty() {
                        // The blank stays: a line feed is counted when the next word is looked for.
                        done = true;
                        break;
                    }
                    self.line += u64::from(byte == b'\n');
                } else {
                    if self.token.is_empty() {
                        self.token_line = self.line;
                    }
                    self.token.push(byte);
                }
                used += 1;
                if self.token.len() > LONGEST_TOKEN {
                    done = true;
                    break;
                }
            }
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    /// The last word as text.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.token).into_owned()
    }

    /// The last word as a number.
    fn number(&mut self) -> Result<f64> {
        let text = std::str::from_utf8(&self.token).unwrap_or_default();
        if let Ok(value) = text.parse() {
            return Ok(value);
        }
        let Some(value) = with_comma(text) else {
            return Err(self.error("is not a number", "write numbers with a decimal point, between blanks"));
        };
        self.commas += 1;
        Ok(value)
    }

    /// An error about the last word.
    fn error(&self, problem: impl AsRef<str>, mend: impl Into<String>) -> Error {
        let problem = format!("line {}: `{}` {}", self.token_line, self.text(), problem.as_ref());
        Error::data(self.file, problem, mend)
    }
}

/// A number with a decimal comma.
fn with_comma(text: &str) -> Option<f64> {
    let (whole, part) = text.split_once(',')?;
    let is_part = part.starts_with(|c: char| c.is_ascii_digit());
    (is_part && !whole.contains('.')).then(|| format!("{whole}.{part}").parse().ok()).flatten()
}

/// Longest word that can be a number or a key.
const LONGEST_TOKEN: usize = 64;

/// One line of the header.
struct Entry {
    key: String,
    value: String,
    line: u64,
}

impl Entry {
    fn number(&self, file: &Path) -> Result<f64> {
        let parsed = self.value.parse().ok().or_else(|| with_comma(&self.value));
        parsed.ok_or_else(|| self.error(file, "is not a number", "write a number with a decimal point"))
    }

    fn error(&self, file: &Path, problem: &str, mend: &str) -> Error {
        Error::data(file, format!("line {}: {} `{}` {problem}", self.line, self.key, self.value), mend)
    }
}

struct Header(Vec<Entry>);

impl Header {
    /// Reads names and numbers until the first word that is itself a number, which `tokens` then holds.
    fn read<R: BufRead>(tokens: &mut Tokens<'_, R>) -> Result<Header> {
        let mut entries: Vec<Entry> = Vec::new();
        while tokens.next()? {
            let key = tokens.text().trim_start_matches('\u{feff}').to_ascii_lowercase();
            if !KEYS.contains(&key.as_str()) {
                if tokens.number().is_ok() {
                    break;
                }
                return Err(tokens.error("is not a key of the header", format!("write {}", KEYS.join(", "))));
            }
            if entries.iter().any(|entry| entry.key == key) {
                return Err(tokens.error("stands twice in the header", "remove one of the two"));
            }
            let line = tokens.token_line;
            if !tokens.next()? {
                let problem = format!("ends after {key} at line {line}");
                return Err(Error::data(tokens.file, problem, "give it a value, and then the cells"));
            }
            entries.push(Entry { key, value: tokens.text(), line });
        }
        Ok(Header(entries))
    }

    fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    fn need(&self, file: &Path, key: &str) -> Result<&Entry> {
        self.get(key).ok_or_else(|| {
            let mend = "an ESRI ASCII grid starts with ncols, nrows, xllcorner, yllcorner, cellsize and NODATA_value";
            Error::data(file, format!("has no {key} in its header"), mend)
        })
    }

    /// A number of columns or rows.
    fn whole(&self, file: &Path, key: &str) -> Result<u64> {
        let entry = self.need(file, key)?;
        match entry.value.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(entry.error(file, "is not a whole number above 0", "write it without a decimal point")),
        }
    }

    /// Side of a cell, m.
    fn cell(&self, file: &Path) -> Result<f64> {
        let entry = match (self.get("cellsize"), self.get("dx"), self.get("dy")) {
            (Some(entry), None, None) => entry,
            (None, Some(dx), Some(dy)) if dx.number(file)? == dy.number(file)? => dx,
            (None, Some(dx), Some(dy)) => {
                let problem = format!("has cells of {} by {} m, which are not square", dx.value, dy.value);
                return Err(Error::data(file, problem, "warp it onto square cells, e.g. gdalwarp -tr 1 1"));
            }
            (Some(_), ..) => return Err(Error::data(file, "has both cellsize and dx or dy", "keep cellsize alone")),
            _ => self.need(file, "cellsize")?,
        };
        let cell = entry.number(file)?;
        if cell > 0.0 && cell.is_finite() {
            return Ok(cell);
        }
        Err(entry.error(file, "is not a size of a cell", "write the side of a cell in m, above 0"))
    }

    /// Western or southern edge, m, from the corner or the centre of the south-west cell.
    fn edge(&self, file: &Path, corner: &str, centre: &str, cell: f64) -> Result<f64> {
        match (self.get(corner), self.get(centre)) {
            (Some(_), Some(second)) => {
                Err(second.error(file, &format!("stands beside {corner}"), "keep one of the two"))
            }
            (None, Some(entry)) => Ok(entry.number(file)? - 0.5 * cell),
            _ => self.need(file, corner)?.number(file),
        }
    }

    fn grid(&self, file: &Path, cols: usize, rows: usize, crs: Crs) -> Result<Grid> {
        let cell = self.cell(file)?;
        let west = self.edge(file, "xllcorner", "xllcenter", cell)?;
        let south = self.edge(file, "yllcorner", "yllcenter", cell)?;
        check_grid(file, Grid { cols, rows, cell, west, north: south + rows as f64 * cell, crs })
    }
}

/// The CRS that a `.prj` file beside the grid names.
fn crs_beside(file: &Path) -> Result<Crs> {
    /// Descriptions of a CRS are a few hundred bytes long.
    const LONGEST: u64 = 1 << 16;
    let beside = ["prj", "PRJ"].map(|extension| file.with_extension(extension));
    let Some(prj) = beside.iter().find(|prj| prj.is_file()) else { return Ok(Crs::UNKNOWN) };
    let mut bytes = Vec::new();
    let opened = File::open(prj).map_err(Error::io("reading", prj))?;
    io::Read::read_to_end(&mut io::Read::take(opened, LONGEST), &mut bytes).map_err(Error::io("reading", prj))?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start().to_ascii_uppercase().starts_with("GEO") {
        let mend = reproject(Crs::RD_NEW);
        return Err(Error::data(prj, "says that the grid beside it is in degrees, and metres are needed", mend));
    }
    let upper = text.to_uppercase();
    if ["PROJECTION[\"MERCATOR", "PSEUDO-MERCATOR", "PSEUDO MERCATOR"].iter().any(|name| upper.contains(name)) {
        return Err(mercator(prj, "as its text says", None));
    }
    if ["UNIT[\"FOOT", "UNIT[\"FEET", "UNIT[\"FT", "UNIT[\"US SURVEY FOOT"].iter().any(|unit| upper.contains(unit)) {
        let problem = "says that the grid beside it is in feet, and metres are needed";
        return Err(Error::data(prj, problem, reproject(Crs::RD_NEW)));
    }
    Ok(crs_of_text(&text))
}

/// The EPSG code of a CRS in well-known text: its own authority, or the name of the Dutch grid.
fn crs_of_text(text: &str) -> Crs {
    // The authority of the whole stands last, before one closing bracket; one level deeper it names a part, such as
    // the metre (9001).
    let own = text.trim_end().strip_suffix("]]").and_then(|text| {
        let text = text.strip_suffix('"').unwrap_or(text);
        let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let authority = head.strip_suffix('"').unwrap_or(head).trim_end();
        authority.ends_with("[\"EPSG\",").then(|| text[head.len()..].parse().ok()).flatten()
    });
    let dutch = || ["Amersfoort / RD New", "RD_New"].iter().any(|name| text.contains(name));
    match own {
        Some(code) => Crs { epsg: Some(code) },
        None if dutch() => Crs::RD_NEW,
        None => Crs::UNKNOWN,
    }
}

#[cfg(test)]
mod tests;
