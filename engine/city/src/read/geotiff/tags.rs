//! The directories of a TIFF file, read by hand.
//!
//! The `tiff` crate reads the list of all strips and tiles before it can be asked for the size of the image, and
//! refuses palettes, which classes are often kept in. Here every claim can be judged before memory is set aside for it.

use hanze_base::error::{Error, Result};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What to do about a file whose bytes contradict each other.
pub(super) const DAMAGED: &str = "the file is damaged or cut off: fetch or export it again";

/// Most entries of a directory that is taken seriously; GDAL writes about 20.
const MOST_ENTRIES: u64 = 4096;

/// A TIFF file with the directory of one of its images, at first that of the first.
pub(super) struct Tags<R> {
    input: R,
    length: u64,
    file: PathBuf,
    big_endian: bool,
    entries: BTreeMap<u16, Entry>,
    big: bool,
    /// Place of the directory after this one; 0 for none.
    next: u64,
}

/// One tag: its values lie in `value` where they fit, else at the place in the file that `value` holds.
#[derive(Clone, Copy)]
struct Entry {
    kind: u16,
    count: u64,
    value: [u8; 8],
    /// How many bytes of `value` the file has: 4 in classic TIFF, 8 in BigTIFF.
    room: usize,
}

impl<R: Read + Seek> Tags<R> {
    /// Reads the header and the first directory.
    pub(super) fn read(file: &Path, mut input: R) -> Result<Tags<R>> {
        let length = input.seek(SeekFrom::End(0)).map_err(Error::io("reading", file))?;
        let entries = BTreeMap::new();
        let mut tags =
            Tags { input, length, file: file.to_path_buf(), big_endian: false, entries, big: false, next: 0 };
        let head = tags.bytes_at(0, length.min(16))?;
        tags.big_endian = match head.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            _ => return Err(tags.no_tiff()),
        };
        let (directory, big) = match (head.len(), tags.number(head.get(2..4).unwrap_or_default())) {
            (8.., 42) => (tags.number(&head[4..8]), false),
            (16.., 43) if tags.number(&head[4..6]) == 8 => (tags.number(&head[8..16]), true),
            (_, 42 | 43) => return Err(tags.bad(format!("ends after {length} bytes, within the header"))),
            _ => return Err(tags.no_tiff()),
        };
        tags.big = big;
        tags.read_directory(directory)?;
        Ok(tags)
    }

    /// Goes on to the next directory; false where there is none.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if self.next == 0 {
            return Ok(false);
        }
        self.entries.clear();
        self.read_directory(self.next)?;
        Ok(true)
    }

    fn read_directory(&mut self, at: u64) -> Result<()> {
        let (counter, size, room) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.bytes_at(at, counter).map(|bytes| self.number(&bytes))?;
        if count > MOST_ENTRIES {
            return Err(self.bad(format!("claims {count} tags")));
        }
        let table = self.bytes_at(at.saturating_add(counter), count * size)?;
        for entry in table.chunks_exact(size as usize) {
            let mut value = [0; 8];
            value[..room].copy_from_slice(&entry[entry.len() - room..]);
            let kind = self.number(&entry[2..4]) as u16;
            let count = self.number(&entry[4..entry.len() - room]);
            self.entries.insert(self.number(&entry[..2]) as u16, Entry { kind, count, value, room });
        }
        // A file may end with its only directory.
        let next = self.bytes_at(at.saturating_add(counter + count * size), room as u64);
        self.next = next.map_or(0, |bytes| self.number(&bytes));
        Ok(())
    }

    /// The first value of a tag of whole numbers.
    pub(super) fn unsigned(&mut self, tag: u16) -> Result<Option<u64>> {
        Ok(self.unsigned_list(tag)?.and_then(|list| list.first().copied()))
    }

    /// All values of a tag of whole numbers.
    pub(super) fn unsigned_list(&mut self, tag: u16) -> Result<Option<Vec<u64>>> {
        let Some((kind, bytes)) = self.bytes_of(tag)? else { return Ok(None) };
        match kind {
            1 | 3 | 4 | 13 | 16 | 18 => Ok(Some(bytes.chunks(width(kind)).map(|b| self.number(b)).collect())),
            _ => Err(self.bad(format!("keeps tag {tag} as type {kind}, not as whole numbers"))),
        }
    }

    /// All values of a tag of f64.
    pub(super) fn doubles(&mut self, tag: u16) -> Result<Option<Vec<f64>>> {
        let Some((kind, bytes)) = self.bytes_of(tag)? else { return Ok(None) };
        if kind != 12 {
            return Err(self.bad(format!("keeps tag {tag} as type {kind}, not as doubles")));
        }
        Ok(Some(bytes.chunks(8).map(|b| f64::from_bits(self.number(b))).collect()))
    }

    /// The text of a tag, without the zeros at its end.
    pub(super) fn text(&mut self, tag: u16) -> Result<Option<String>> {
        let found = self.bytes_of(tag)?;
        Ok(found.map(|(_, bytes)| String::from_utf8_lossy(&bytes).trim_matches(['\0', ' ']).to_string()))
    }

    /// The raw bytes of a tag, with its type. Their number is at most the length of the file.
    fn bytes_of(&mut self, tag: u16) -> Result<Option<(u16, Vec<u8>)>> {
        let Some(&Entry { kind, count, value, room }) = self.entries.get(&tag) else { return Ok(None) };
        let size = count.saturating_mul(width(kind) as u64);
        if size <= room as u64 {
            return Ok(Some((kind, value[..size as usize].to_vec())));
        }
        let at = self.number(&value[..room]);
        Ok(Some((kind, self.bytes_at(at, size)?)))
    }

    /// A piece of the file, or the words that it ends too early.
    pub(super) fn bytes_at(&mut self, at: u64, size: u64) -> Result<Vec<u8>> {
        let end = at.saturating_add(size);
        if end > self.length {
            return Err(self.bad(format!("ends at byte {}, and byte {end} is needed", self.length)));
        }
        let mut bytes = vec![0; size as usize];
        let read = self.input.seek(SeekFrom::Start(at)).and_then(|_| self.input.read_exact(&mut bytes));
        match read {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.bad("became shorter while it was read")),
            Err(error) => Err(Error::io("reading", &self.file)(error)),
        }
    }

    /// A whole number of up to 8 bytes in the byte order of the file.
    fn number(&self, bytes: &[u8]) -> u64 {
        let step = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, step) } else { bytes.iter().rev().fold(0, step) }
    }

    /// Whether numbers lie with their most significant byte first.
    pub(super) fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// An error about the file whose mend is to fetch it again.
    pub(super) fn bad(&self, problem: impl Into<String>) -> Error {
        self.error(problem, DAMAGED)
    }

    /// An error about the file.
    pub(super) fn error(&self, problem: impl Into<String>, mend: impl Into<String>) -> Error {
        Error::data(&self.file, problem, mend)
    }

    /// The name of the file, for messages.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    fn no_tiff(&self) -> Error {
        self.error("is not a TIFF file", "give a GeoTIFF; other formats become one with gdal_translate in out.tif")
    }
}

/// Bytes of one value of a TIFF type; unknown types count as bytes.
fn width(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}
