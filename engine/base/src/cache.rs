//! Files that can be made again, kept because that takes long: by the hash of all that they are made from.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes that a cache may hold; what was used longest ago goes first.
const MOST_BYTES: u64 = 20 << 30;

/// Parts of one file that may be on their way at once.
const MOST_PARTS: u32 = 16;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in a folder, which is made when something is kept.
    pub fn at(folder: &Path) -> Cache {
        Cache { folder: folder.to_path_buf() }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.cache"))
    }

    /// The file of a key, if there is one.
    pub fn open(&self, key: &str) -> Option<File> {
        let file = File::open(self.path(key)).ok()?;
        // So that it counts as used; a folder that cannot be written to is still read from.
        let _ = file.set_modified(SystemTime::now());
        Some(file)
    }

    /// Begins the file of a key that will have so many bytes; `None` where it is too large to be kept, or the disk refuses.
    pub fn begin(&self, key: &str, bytes: u64) -> Option<Writing> {
        if bytes > MOST_BYTES {
            return None;
        }
        fs::create_dir_all(&self.folder).ok()?;
        self.make_room(bytes);
        let path = self.path(key);
        // Two runs may make the same file at once, also from machines that share a disk: each has a part of its own.
        let part = |k: u32| self.folder.join(format!("{key}.{}-{k}.part", std::process::id()));
        let (file, part) = (0..MOST_PARTS).map(part).find_map(|part| Some((File::create_new(&part).ok()?, part)))?;
        Some(Writing { out: Some(BufWriter::with_capacity(1 << 20, file)), part, path })
    }

    /// Removes what was used longest ago until so many bytes more fit, and parts that a fallen process left.
    fn make_room(&self, bytes: u64) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let files = entries.flatten().filter_map(|entry| {
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        });
        let mut files: Vec<(SystemTime, u64, PathBuf)> = files.collect();
        let is_part = |path: &Path| path.extension().is_some_and(|ending| ending == "part");
        let day_ago = SystemTime::now() - std::time::Duration::from_secs(86_400);
        files.retain(|(used, _, path)| !(is_part(path) && *used < day_ago && fs::remove_file(path).is_ok()));
        files.sort();
        let mut total: u64 = files.iter().map(|file| file.1).sum();
        for (_, size, path) in files.iter().filter(|file| !is_part(&file.2)) {
            if total + bytes <= MOST_BYTES {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total -= size;
            }
        }
    }
}

/// A file on its way; it has its name only when it is whole.
pub struct Writing {
    out: Option<BufWriter<File>>,
    part: PathBuf,
    path: PathBuf,
}

impl Writing {
    /// Adds to it.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(bytes).map_err(Error::io("writing", &self.part))
    }

    /// Ends it, and opens it for reading.
    ///
    /// # Errors
    /// `Io` with the path.
    pub fn end(mut self) -> Result<File> {
        let Some(out) = self.out.take() else {
            return File::open(&self.path).map_err(Error::io("reading", &self.path));
        };
        let ended = out.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        let renamed = ended.and_then(|()| fs::rename(&self.part, &self.path)).and_then(|()| File::open(&self.path));
        renamed.map_err(Error::io("writing", &self.path))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Whole files have their name by now.
        let _ = fs::remove_file(&self.part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn files_have_their_name_when_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(&folder.path().join("cache"));
        assert!(cache.open("a").is_none());
        let mut writing = cache.begin("a", 3).unwrap();
        writing.add(b"abc").unwrap();
        assert!(cache.open("a").is_none());
        drop(writing);
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 0);
        let mut writing = cache.begin("a", 3).unwrap();
        writing.add(b"abc").unwrap();
        // Another one at the same time does not touch it.
        drop(cache.begin("a", 3).unwrap());
        let mut text = String::new();
        writing.end().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert!(cache.open("a").is_some() && cache.begin("b", MOST_BYTES + 1).is_none());
    }
}
