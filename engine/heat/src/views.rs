//! View factors of all cells, in strips of rows: in memory, or on the disk where memory does not hold it. It depends on nothing but
//! buildings, trees and ground, and is kept for the next day.

use super::cpu::horizons::View;
use super::scene::Scene;
use super::sky::PATCHES;
use hanze_base::cache::{Cache, Writing};
use hanze_base::checksum::hex;
use hanze_base::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Cells of a strip, about.
const STRIP: usize = 1 << 17;
/// First and last bytes of a file; the number changes with what is seen and how it is written.
const HEAD: &[u8; 16] = b"hanze views 1\n\0\0";
const END: &[u8; 16] = b"hanze views end\n";

/// How views are kept.
#[derive(Clone, Debug)]
pub struct ViewStorage {
    /// Cells of a strip, about.
    pub strip: usize,
    /// Whether memory holds all.
    pub in_memory: bool,
    /// Where they are kept for the next run.
    pub cache: Option<Cache>,
}

impl Default for ViewStorage {
    /// In memory, and nowhere else.
    fn default() -> ViewStorage {
        ViewStorage { strip: STRIP, in_memory: true, cache: None }
    }
}

/// Bytes that a cell's view takes.
pub fn bytes_per_cell(has_crowns: bool) -> u64 {
    4 + PATCHES as u64 * if has_crowns { 2 } else { 1 }
}

/// The views of all cells, made or read strip by strip.
pub struct Views {
    cols: usize,
    rows: usize,
    /// Rows of a strip.
    each: usize,
    has_crowns: bool,
    in_memory: bool,
    held: Vec<View>,
    file: Option<File>,
    writing: Option<Writing>,
    /// Strips that are there.
    done: usize,
    /// Whether the file had all of them before.
    is_known: bool,
}

impl Views {
    /// None yet, or those of an earlier run on the same kind of device.
    pub fn new(scene: &Scene, storage: &ViewStorage, device: &str) -> Views {
        let (cols, rows) = (scene.grid.cols, scene.grid.rows);
        let has_crowns = scene.has_crowns();
        let mut views = Views {
            cols,
            rows,
            each: (storage.strip / cols).clamp(1, rows),
            has_crowns,
            in_memory: storage.in_memory,
            held: Vec::new(),
            file: None,
            writing: None,
            done: 0,
            is_known: false,
        };
        if let Some(cache) = &storage.cache {
            let key = key(scene, device, views.each);
            views.file = cache.open(&key).filter(|file| views.fits(file));
            views.is_known = views.file.is_some();
            if !views.is_known {
                views.writing = cache.begin(&key, views.length());
                if views.writing.as_mut().is_some_and(|writing| writing.add(HEAD).is_err()) {
                    views.writing = None;
                }
            }
        }
        views
    }

    /// Length of the file, bytes.
    fn length(&self) -> u64 {
        (HEAD.len() + END.len()) as u64 + (self.cols * self.rows) as u64 * bytes_per_cell(self.has_crowns)
    }

    /// Whether a file has all of them.
    fn fits(&self, mut file: &File) -> bool {
        let (mut head, mut end) = ([0; HEAD.len()], [0; END.len()]);
        let mut read = || -> std::io::Result<u64> {
            file.seek(SeekFrom::Start(0))?;
            file.read_exact(&mut head)?;
            file.seek(SeekFrom::End(-(END.len() as i64)))?;
            file.read_exact(&mut end)?;
            file.stream_position()
        };
        read().is_ok_and(|length| length == self.length()) && head == *HEAD && end == *END
    }

    /// Whether an earlier run has made them.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether memory holds them.
    pub fn in_memory(&self) -> bool {
        self.in_memory
    }

    /// Whether they are to be kept for the next run.
    pub fn is_wanted(&self) -> bool {
        self.writing.is_some()
    }

    /// Strips in all, and those that are there.
    pub fn strips(&self) -> (usize, usize) {
        (self.rows.div_ceil(self.each), self.done)
    }

    /// Rows of a strip.
    pub fn rows(&self, strip: usize) -> Range<usize> {
        (strip * self.each).min(self.rows)..((strip + 1) * self.each).min(self.rows)
    }

    /// The strip that a cell lies in.
    pub fn strip_of(&self, cell: usize) -> usize {
        cell / self.cols / self.each
    }

    /// Cells of a strip.
    pub fn cells(&self, strip: usize) -> Range<usize> {
        let rows = self.rows(strip);
        rows.start * self.cols..rows.end * self.cols
    }

    /// An empty view for a strip.
    pub fn empty(&self, strip: usize) -> View {
        View::new(self.cells(strip).len(), self.has_crowns)
    }

    /// Adds the next strip.
    ///
    /// # Errors
    /// `Io` where memory does not hold all of them and the disk does not, either.
    pub fn add(&mut self, view: View) -> Result<()> {
        if let Some(writing) = &mut self.writing {
            let written = writing
                .add(bytemuck::cast_slice(&view.sky_view))
                .and_then(|()| writing.add(&view.walls))
                .and_then(|()| writing.add(&view.crowns));
            if let Err(error) = written {
                self.writing = None;
                if !self.in_memory {
                    return Err(error);
                }
            }
        } else if !self.in_memory {
            return Err(no_room());
        }
        if self.in_memory {
            self.held.push(view);
        }
        self.done += 1;
        if self.done == self.strips().0
            && let Some(mut writing) = self.writing.take()
        {
            let ended = writing.add(END).and_then(|()| writing.end());
            match ended {
                Ok(file) => self.file = Some(file),
                Err(error) if !self.in_memory => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Takes the next strip up from an earlier run.
    ///
    /// # Errors
    /// `Io` where the disk does not give it.
    pub fn take_up(&mut self) -> Result<()> {
        if self.in_memory {
            let view = self.read(self.done)?;
            self.held.push(view);
        }
        self.done += 1;
        Ok(())
    }

    /// Leaves an earlier run's file alone, as it cannot be read: all is to be looked for again.
    pub fn forget(&mut self) {
        self.held.clear();
        (self.file, self.is_known, self.done) = (None, false, 0);
    }

    /// A strip that is there.
    ///
    /// # Errors
    /// `Io` where the disk does not give it.
    pub fn strip(&self, strip: usize) -> Result<Cow<'_, View>> {
        match self.held.get(strip) {
            Some(view) => Ok(Cow::Borrowed(view)),
            None => self.read(strip).map(Cow::Owned),
        }
    }

    fn read(&self, strip: usize) -> Result<View> {
        let Some(mut file) = self.file.as_ref() else { return Err(no_room()) };
        let cells = self.cells(strip);
        let mut view = self.empty(strip);
        let offset = HEAD.len() as u64 + cells.start as u64 * bytes_per_cell(self.has_crowns);
        let mut read = || -> std::io::Result<()> {
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(bytemuck::cast_slice_mut(&mut view.sky_view))?;
            file.read_exact(&mut view.walls)?;
            file.read_exact(&mut view.crowns)
        };
        read().map_err(Error::io("reading", Path::new("view factors")))?;
        Ok(view)
    }
}

fn no_room() -> Error {
    let problem = "the view factors do not fit in memory and could not be written to the disk";
    Error::data(Path::new("cache"), problem, "free some disk, or take a larger cell_m or a smaller extent")
}

/// Name of the view factors of a scene.
fn key(scene: &Scene, device: &str, each: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(HEAD);
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(device);
    super::cpu::horizons::CHOICES.iter().for_each(|choice| hash.update(choice.to_bits().to_le_bytes()));
    let numbers = [scene.grid.cols as u64, scene.grid.rows as u64, each as u64, scene.grid.cell.to_bits()];
    hash.update(bytemuck::cast_slice(&numbers));
    for values in [&scene.surface_height, &scene.eye, &scene.crown_low, &scene.crown_high] {
        hash.update(bytemuck::cast_slice(values));
    }
    hex(&hash.finalize())
}
