//! All results of a job in one ZIP file. Files go in as they are, so its length and its tag follow from the list of files, and
//! any part of it can be made alone: a download that broke off goes on, and a GIS reads one layer of it (`/vsizip/{/vsicurl/URL}/NAME`).
//! Nothing of it lies on a disk or in memory.
//!
//! The layout is that of PKWARE's APPNOTE 6.3.10: for each file a local header and its bytes, then the directory. A local
//! header holds the CRC-32 of the bytes behind it, and the directory those of all: each is computed once and kept.

use super::State;
use super::artifacts::Artifacts;
use super::files::{Asked, PIECE, asked, pieces, set, status, tagged};
use super::problem::Problem;
use super::store::Output;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use hanze_engine::checksum::hex;
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::io::{self, Read, SeekFrom};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncSeekExt;
use tokio::sync::{Semaphore, mpsc};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::{Reply, Response};

/// Archives that are sent at once.
static PLACES: Semaphore = Semaphore::const_new(64);
/// Files whose CRC-32 is kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();
/// Sizes and offsets from which the longer numbers of ZIP64 are needed, and numbers of files.
const LARGE: u64 = 0xffff_ffff;
const MANY: u64 = 0xffff;
/// The only time that all files have: 1 January 1980, the first that there is.
const TIME: u16 = 0;
const DATE: u16 = 0x21;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// Version 4.5 of the format, written on Unix.
const MADE_BY: u16 = (3 << 8) | 45;
/// A plain file that everyone may read.
const MODE: u32 = 0o100644 << 16;

/// CRC-32 of files that were in an archive, by their SHA-256.
pub struct Checks(Mutex<LruCache<String, u32>>);

impl Checks {
    pub fn new() -> Checks {
        Checks(Mutex::new(LruCache::new(KEPT)))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<String, u32>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Lets go of those of some files.
    pub fn forget(&self, outputs: &[Output]) {
        let mut kept = self.kept();
        for output in outputs {
            kept.pop(&output.sha256);
        }
    }

    /// That of a file, which is read if it is not known.
    async fn of(&self, entry: &Entry) -> io::Result<u32> {
        if let Some(known) = self.kept().get(&entry.sha256) {
            return Ok(*known);
        }
        let (path, bytes) = (entry.path.clone(), entry.bytes);
        let read = tokio::task::spawn_blocking(move || crc32(&path, bytes)).await;
        let crc = read.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        self.kept().put(entry.sha256.clone(), crc);
        Ok(crc)
    }
}

/// CRC-32 of the first bytes of a file.
fn crc32(path: &std::path::Path, bytes: u64) -> io::Result<u32> {
    let mut file = std::fs::File::open(path)?.take(bytes);
    let (mut crc, mut piece) = (flate2::Crc::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(crc.sum()),
            read => crc.update(&piece[..read]),
        }
    }
}

/// A file of an archive.
struct Entry {
    name: String,
    path: PathBuf,
    sha256: String,
    bytes: u64,
}

/// An archive: its files, where each begins, where the directory begins, and where it ends.
struct Archive {
    entries: Vec<Entry>,
    offsets: Vec<u64>,
    directory: u64,
    length: u64,
}

/// Numbers as the format writes them, the lowest byte first.
#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn u16(mut self, number: u16) -> Record {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u32(mut self, number: u32) -> Record {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Record {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(mut self, text: &str) -> Record {
        self.0.extend(text.as_bytes());
        self
    }
}

/// A number in its short form, which says by its highest value that the longer one follows.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Entry {
    /// What both headers of a file hold: version, flags, no packing, time, CRC-32, sizes, lengths of the name and of what follows.
    fn common(&self, record: Record, crc: u32, is_long: bool, extra: usize) -> Record {
        let size = short(self.bytes);
        let record = record.u16(if is_long { 45 } else { 20 }).u16(FLAGS).u16(0).u16(TIME).u16(DATE);
        record.u32(crc).u32(size).u32(size).u16(self.name.len() as u16).u16(extra as u16)
    }

    /// What stands before its bytes.
    fn local(&self, crc: u32) -> Vec<u8> {
        let is_long = self.bytes >= LARGE;
        let record = self.common(Record::default().u32(0x0403_4b50), crc, is_long, if is_long { 20 } else { 0 });
        let record = record.text(&self.name);
        if is_long { record.u16(1).u16(16).u64(self.bytes).u64(self.bytes).0 } else { record.0 }
    }

    /// Its line in the directory.
    fn central(&self, offset: u64, crc: u32) -> Vec<u8> {
        let mut long = Record::default();
        if self.bytes >= LARGE {
            long = long.u64(self.bytes).u64(self.bytes);
        }
        if offset >= LARGE {
            long = long.u64(offset);
        }
        let extra = if long.0.is_empty() { 0 } else { 4 + long.0.len() };
        let record = self.common(Record::default().u32(0x0201_4b50).u16(MADE_BY), crc, extra > 0, extra);
        // No comment, the first disk, no text, its rights, where its header is.
        let record = record.u16(0).u16(0).u16(0).u32(MODE).u32(short(offset)).text(&self.name);
        if extra == 0 {
            return record.0;
        }
        let mut bytes = record.u16(1).u16(long.0.len() as u16).0;
        bytes.extend(long.0);
        bytes
    }
}

impl Archive {
    fn of(artifacts: &Artifacts, outputs: Vec<Output>) -> Archive {
        let entry = |output: Output| Entry {
            path: artifacts.path(&output.sha256),
            name: output.name,
            bytes: u64::try_from(output.bytes).unwrap_or(0),
            sha256: output.sha256,
        };
        Archive::new(outputs.into_iter().map(entry).collect())
    }

    fn new(entries: Vec<Entry>) -> Archive {
        let mut at = 0;
        let mut offsets = Vec::with_capacity(entries.len());
        for entry in &entries {
            offsets.push(at);
            at += entry.local(0).len() as u64 + entry.bytes;
        }
        let mut archive = Archive { entries, offsets, directory: at, length: 0 };
        let checks = vec![0; archive.entries.len()];
        archive.length = at + archive.end(&checks).len() as u64;
        archive
    }

    /// A tag that only an archive of the same files under the same names has.
    fn etag(&self) -> String {
        let mut sum = Sha256::new();
        sum.update("stored zip 1\n");
        for entry in &self.entries {
            sum.update(format!("{} {} {}\n", entry.sha256, entry.bytes, entry.name));
        }
        format!("\"{}\"", hex(&sum.finalize()))
    }

    /// The directory and what ends the archive, with the CRC-32 of each file.
    fn end(&self, checks: &[u32]) -> Vec<u8> {
        let mut lines = Vec::new();
        for ((entry, offset), crc) in self.entries.iter().zip(&self.offsets).zip(checks) {
            lines.extend(entry.central(*offset, *crc));
        }
        let (count, size, from) = (self.entries.len() as u64, lines.len() as u64, self.directory);
        let mut record = Record(lines);
        if count >= MANY || size >= LARGE || from >= LARGE {
            record = record.u32(0x0606_4b50).u64(44).u16(MADE_BY).u16(45).u32(0).u32(0);
            record = record.u64(count).u64(count).u64(size).u64(from);
            record = record.u32(0x0706_4b50).u32(0).u64(from + size).u32(1);
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        record.u32(0x0605_4b50).u16(0).u16(0).u16(count).u16(count).u32(short(size)).u32(short(from)).u16(0).0
    }
}

/// What bytes of a part that begins at `start` lie in a range of the whole.
fn shared(start: u64, length: u64, wanted: &Range<u64>) -> Option<Range<u64>> {
    let (from, to) = (wanted.start.max(start), wanted.end.min(start + length));
    (from < to).then(|| from - start..to - start)
}

/// Sends a range of an archive; ends early where nobody takes it.
async fn write(
    archive: &Archive,
    checks: &Checks,
    wanted: Range<u64>,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let slice = |bytes: Vec<u8>, part: Range<u64>| Bytes::from(bytes).slice(part.start as usize..part.end as usize);
    for (entry, start) in archive.entries.iter().zip(&archive.offsets) {
        let head = entry.local(0).len() as u64;
        if let Some(part) = shared(*start, head, &wanted) {
            let local = entry.local(checks.of(entry).await?);
            if sender.send(Ok(slice(local, part))).await.is_err() {
                return Ok(());
            }
        }
        if let Some(part) = shared(start + head, entry.bytes, &wanted) {
            let mut file = tokio::fs::File::open(&entry.path).await?;
            file.seek(SeekFrom::Start(part.start)).await?;
            pieces(file, part.end - part.start, false, sender).await?;
        }
        if sender.is_closed() {
            return Ok(());
        }
    }
    if let Some(part) = shared(archive.directory, archive.length - archive.directory, &wanted) {
        let mut all = Vec::with_capacity(archive.entries.len());
        for entry in &archive.entries {
            all.push(checks.of(entry).await?);
            if sender.is_closed() {
                return Ok(());
            }
        }
        let _ = sender.send(Ok(slice(archive.end(&all), part))).await;
    }
    Ok(())
}

/// Sends the files under their names in the run's folder, or the part of the archive that is asked for.
pub async fn send(
    state: &Arc<State>,
    job: &str,
    outputs: Vec<Output>,
    headers: &HeaderMap,
    is_head: bool,
) -> Result<Response, Problem> {
    let archive = Archive::of(&state.artifacts, outputs);
    let (etag, length) = (archive.etag(), archive.length);
    let (wanted, code) = match asked(headers, &etag, length, is_head)? {
        Asked::Known => {
            let mut response = status(StatusCode::NOT_MODIFIED);
            tagged(&mut response, &etag);
            return Ok(response);
        }
        Asked::All => (0..length, StatusCode::OK),
        Asked::Part(from, to) => (from..to + 1, StatusCode::PARTIAL_CONTENT),
    };
    let range = wanted.clone();
    let mut response = if is_head {
        Response::default()
    } else {
        let place = PLACES.try_acquire().map_err(|_| {
            let detail = "many archives are being sent already; try again in a minute, or fetch the files one by one";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "60")
        })?;
        let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(2);
        let state = state.clone();
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = write(&archive, &state.archives, range, &sender).await {
                // The connection breaks off, so that nobody takes half an archive for a whole one.
                let _ = sender.send(Err(error)).await;
            }
        });
        warp::reply::stream(poll_fn(move |cx| receiver.poll_recv(cx))).into_response()
    };
    *response.status_mut() = code;
    set(&mut response, "content-type", "application/zip");
    set(&mut response, "content-length", &(wanted.end - wanted.start).to_string());
    if code == StatusCode::PARTIAL_CONTENT {
        set(&mut response, "content-range", &format!("bytes {}-{}/{length}", wanted.start, wanted.end - 1));
    }
    let name = format!("attachment; filename=\"hanze-{}.zip\"", &job[..job.len().min(8)]);
    set(&mut response, "content-disposition", &name);
    tagged(&mut response, &etag);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    /// An archive that is read as others read one over HTTP: in ranges.
    struct Remote<'a> {
        runtime: &'a tokio::runtime::Runtime,
        archive: &'a Archive,
        checks: &'a Checks,
        at: u64,
    }

    impl Remote<'_> {
        fn range(&self, wanted: Range<u64>) -> Vec<u8> {
            let (sender, mut receiver) = mpsc::channel(2);
            self.runtime.block_on(async {
                let written = async move { write(self.archive, self.checks, wanted, &sender).await };
                let taken = async {
                    let mut bytes = Vec::new();
                    while let Some(piece) = receiver.recv().await {
                        bytes.extend(piece.unwrap());
                    }
                    bytes
                };
                let (written, bytes) = tokio::join!(written, taken);
                written.unwrap();
                bytes
            })
        }
    }

    impl Read for Remote<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let to = self.archive.length.min(self.at + buffer.len() as u64);
            let bytes = self.range(self.at..to.max(self.at));
            buffer[..bytes.len()].copy_from_slice(&bytes);
            self.at += bytes.len() as u64;
            Ok(bytes.len())
        }
    }

    impl Seek for Remote<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::End(by) => self.archive.length.saturating_add_signed(by),
                SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }

    fn entry(folder: &std::path::Path, name: &str, bytes: &[u8]) -> Entry {
        let sha256 = hex(&Sha256::digest(bytes));
        let path = folder.join(&sha256);
        std::fs::write(&path, bytes).unwrap();
        Entry { name: name.into(), path, sha256, bytes: bytes.len() as u64 }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn each_part_is_that_of_the_whole_and_the_whole_is_a_zip() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, Vec<u8>); 4] = [
            ("city/terrain.tif", (0..200_000u32).map(|k| (k.wrapping_mul(k) >> 7) as u8).collect()),
            ("empty.csv", Vec::new()),
            ("één.csv", b"a,b\n1,2\n".to_vec()),
            ("run.json", b"{}".to_vec()),
        ];
        let archive = Archive::new(files.iter().map(|(name, bytes)| entry(folder.path(), name, bytes)).collect());
        let (runtime, checks) = (runtime(), Checks::new());
        let remote = |at| Remote { runtime: &runtime, archive: &archive, checks: &checks, at };
        let whole = remote(0).range(0..archive.length);
        assert_eq!(whole.len() as u64, archive.length);
        let mut zip = zip::ZipArchive::new(io::Cursor::new(&whole)).unwrap();
        assert_eq!(zip.len(), files.len());
        for (name, bytes) in &files {
            let mut read = Vec::new();
            // The reader compares the CRC-32.
            zip.by_name(name).unwrap().read_to_end(&mut read).unwrap();
            assert!(read == *bytes, "{name}");
        }
        // Around every seam, and here and there.
        let seams = archive.offsets.iter().copied().chain([archive.directory, archive.length]);
        let places: Vec<u64> = seams.flat_map(|at| [at.saturating_sub(1), at, at + 1, at + 31]).collect();
        for from in &places {
            for to in &places {
                let (from, to) = ((*from).min(archive.length), (*to).min(archive.length));
                if from < to {
                    assert!(remote(0).range(from..to) == whole[from as usize..to as usize], "{from}..{to}");
                }
            }
        }
        let fresh = Remote { runtime: &runtime, archive: &archive, checks: &Checks::new(), at: 0 };
        assert!(fresh.range(archive.directory..archive.length) == whole[archive.directory as usize..], "the end alone");
    }

    #[test]
    fn files_and_places_beyond_four_gigabytes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        // It takes no room on the disk.
        let large = Entry { bytes: (4 << 30) + 7, ..entry(folder.path(), "a.tif", b"large") };
        std::fs::File::options().write(true).open(&large.path).unwrap().set_len(large.bytes).unwrap();
        let (runtime, checks) = (runtime(), Checks::new());
        checks.kept().put(large.sha256.clone(), 0);
        let size = large.bytes;
        let archive = Archive::new(vec![large, entry(folder.path(), "b.csv", b"small")]);
        let remote = Remote { runtime: &runtime, archive: &archive, checks: &checks, at: 0 };
        let mut zip = zip::ZipArchive::new(remote).unwrap();
        assert_eq!(zip.by_name("a.tif").unwrap().size(), size);
        let mut read = String::new();
        zip.by_name("b.csv").unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, "small");
    }

    #[test]
    fn other_files_have_another_tag() {
        let folder = tempfile::tempdir().unwrap();
        let tag = |name: &str, bytes: &[u8]| Archive::new(vec![entry(folder.path(), name, bytes)]).etag();
        assert_eq!(tag("a", b"1"), tag("a", b"1"));
        assert!(tag("a", b"1") != tag("b", b"1") && tag("a", b"1") != tag("a", b"2"));
    }
}
