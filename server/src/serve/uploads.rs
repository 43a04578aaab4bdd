//! Layers that callers bring: kept by their checksum, named `upload:CHECKSUM.tif` in scenarios.

use super::State;
use super::artifacts::{is_whole, on_disk, sync};
use super::handlers::{Answer, answer, drain};
use super::keys::{Role, peer, random, require};
use super::problem::Problem;
use bytes::Buf;
use futures_util::{Stream, StreamExt};
use hanze_engine::checksum::hex;
use hanze_engine::city::read::{OUTLINES, RASTERS};
use hanze_engine::city::roads::NETWORKS;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use warp::http::{HeaderMap, StatusCode};

/// Time in which a further piece must arrive.
const PIECE_TIME: Duration = Duration::from_secs(30);
/// Bytes that are written and summed up at once.
const AT_ONCE: usize = 256 * 1024;
/// Endings of files that a scenario can name and no reader of the engine lists: series and tables, codes and rules, weather, and
/// vehicles of SUMO. TNTP's network and trips are among those of networks.
const OTHERS: [&str; 6] = ["csv", "toml", "epw", "zip", "xml", "xml.gz"];

/// Endings of files that a scenario can name: those that the engine tells apart.
pub fn endings() -> Vec<&'static str> {
    let mut endings: Vec<&str> = RASTERS.into_iter().chain(OUTLINES).chain(NETWORKS).chain(OTHERS).collect();
    endings.sort_unstable();
    endings.dedup();
    endings
}

/// Whether what stands behind the first dot of a name is plain and ends as one of the files that the engine reads: `net.xml`,
/// `2024.tif`.
fn is_ending(ending: &str) -> bool {
    let is_plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let is_known =
        |known: &&str| ending.strip_suffix(*known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    ending.len() <= 60 && ending.split('.').all(is_plain) && endings().iter().any(is_known)
}

/// Folder of uploads.
pub fn folder(data: &Path) -> PathBuf {
    data.join("inputs")
}

/// The checksum in the name of an upload, such as `upload:0123….tif`.
pub fn checksum(name: &str) -> Option<&str> {
    let (sum, ending) = name.strip_prefix("upload:")?.split_once('.')?;
    let is_sum = sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_sum && is_ending(ending)).then_some(sum)
}

/// Whether a name is one that a file of a request may have: plain, with a known ending in letters of either size.
pub fn is_name(name: &str) -> bool {
    let Some((stem, ending)) = name.split_once('.') else { return false };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !stem.is_empty() && stem.len() <= 100 && stem.chars().all(is_plain) && is_ending(&ending.to_ascii_lowercase())
}

/// Room for uploads: bytes and files that are there or on their way.
#[derive(Clone)]
pub struct Room {
    taken: Arc<Mutex<(u64, u64)>>,
    most: u64,
}

/// Uploads that are kept at most.
const MOST_UPLOADS: u64 = 100_000;

impl Room {
    /// Room of so many gigabytes, of which nothing is taken.
    pub fn empty(gigabytes: f64) -> Room {
        Room { taken: Arc::default(), most: (gigabytes * 1e9) as u64 }
    }

    /// Counts what is there, at the start.
    pub fn count(&self, data: &Path) {
        let files = std::fs::read_dir(folder(data)).into_iter().flatten().flatten();
        let sizes = files.filter_map(|file| file.metadata().ok()).map(|file| file.len());
        let there = sizes.fold((0, 0), |(bytes, files), size| (bytes + size, files + 1));
        self.change(|taken| {
            *taken = there;
            true
        });
    }

    fn change(&self, change: impl FnOnce(&mut (u64, u64)) -> bool) -> bool {
        change(&mut self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Takes room, if there is some.
    fn take(&self, bytes: u64, files: u64) -> bool {
        self.change(|taken| {
            let fits = taken.0 + bytes <= self.most && taken.1 + files <= MOST_UPLOADS;
            *taken = if fits { (taken.0 + bytes, taken.1 + files) } else { *taken };
            fits
        })
    }

    fn give(&self, bytes: u64, files: u64) {
        self.change(|taken| {
            *taken = (taken.0.saturating_sub(bytes), taken.1.saturating_sub(files));
            true
        });
    }
}

/// Room of an upload that is on its way, which is given back where the upload is not kept, also where its request breaks off.
struct Taken {
    room: Room,
    bytes: u64,
    files: u64,
}

impl Taken {
    /// Room for a file of which nothing came yet, if there is some.
    fn file(room: &Room) -> Option<Taken> {
        room.take(0, 1).then(|| Taken { room: room.clone(), bytes: 0, files: 1 })
    }

    /// Takes room for a further piece, if there is some.
    fn add(&mut self, bytes: u64) -> bool {
        let fits = self.room.take(bytes, 0);
        self.bytes += if fits { bytes } else { 0 };
        fits
    }

    /// Keeps the room that a file which is kept takes more than before.
    fn keep(mut self, kept: Kept) {
        (self.bytes, self.files) = match kept {
            Kept::New => (0, 0),
            Kept::There => (self.bytes, 1),
            Kept::Instead(wrong) => (wrong, 1),
        };
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.give(self.bytes, self.files);
    }
}

/// A file that is not whole yet; it goes when nothing writes to it any more.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // What was whole has its own name by now.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Names that files of a request have as uploads.
pub fn named(files: &[(String, Vec<u8>)]) -> Vec<(String, String)> {
    let upload = |(name, bytes): &(String, Vec<u8>)| {
        // All of it: what the engine goes by may be two or three parts, such as `.net.xml.gz`.
        let ending = name.split_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        (name.clone(), format!("upload:{}.{ending}", hex(&Sha256::digest(bytes))))
    };
    files.iter().map(upload).collect()
}

/// Keeps files that came with a request.
pub async fn keep(state: &State, files: Vec<(String, Vec<u8>)>) -> Result<(), Problem> {
    for (_, bytes) in files {
        let folder = folder(&state.args.data);
        let body = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes::Bytes::from(bytes))]);
        receive(state, &folder, body).await?;
    }
    Ok(())
}

/// Removes uploads that were not named for a time and that no job which is waiting names.
pub async fn tidy(state: &State) -> Result<(), sqlx::Error> {
    let age = Duration::try_from_secs_f64(state.args.keep_uploads_days * 86_400.0).unwrap_or(Duration::MAX);
    let folder = folder(&state.args.data);
    // The file's own clock and the machine's are one; a file from the future is not old.
    let is_old = move |path: &PathBuf| {
        let time = std::fs::metadata(path).and_then(|file| file.modified()).ok();
        time.and_then(|time| time.elapsed().ok()).is_some_and(|since| since > age)
    };
    let old = tokio::task::spawn_blocking(move || {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.map(|file| file.path()).filter(is_old).collect::<Vec<PathBuf>>()
    });
    let old = old.await.unwrap_or_default();
    if old.is_empty() {
        return Ok(());
    }
    let waiting = state.store.waiting_scenarios().await?;
    for path in old {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // It may have been named meanwhile, which makes it young again.
        if is_old(&path) && !waiting.iter().any(|scenario| scenario.contains(&name)) {
            let size = tokio::fs::metadata(&path).await.map_or(0, |file| file.len());
            if tokio::fs::remove_file(&path).await.is_ok() {
                state.uploads.give(size, 1);
            }
        }
    }
    Ok(())
}

/// Notes that an upload is still of use.
pub fn touch(data: &Path, names: &[String]) {
    for sum in names.iter().filter_map(|name| checksum(name)) {
        // One that is gone meanwhile is told when it is read.
        let _ = touched(&folder(data).join(sum));
    }
}

/// Makes a file young.
fn touched(path: &Path) -> io::Result<()> {
    File::options().append(true).open(path)?.set_modified(SystemTime::now())
}

/// `POST /v1/inputs`: takes a file in, piece by piece.
pub async fn upload<S, B, E>(state: Arc<State>, headers: HeaderMap, body: S) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let caller = require(&state, &headers, Role::Submit).await?;
    let (sum, bytes) = receive(&state, &folder(&state.args.data), body).await?;
    tracing::info!(target: "audit", who = caller.name, address = peer(&state, &headers), sum, bytes, what = "uploaded");
    let named = format!("upload:{sum}");
    Ok(answer(StatusCode::CREATED, &json!({ "id": named, "sha256": sum, "bytes": bytes, "endings": endings() })))
}

/// Takes a file into the folder under its checksum; gives the checksum and the size.
async fn receive<S, B, E>(state: &State, folder: &Path, body: S) -> Result<(String, u64), Problem>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let no_room = || {
        let detail = format!("uploads take their {} GB here; try again when some have gone", state.args.max_uploads_gb);
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail)
    };
    let taken = Taken::file(&state.uploads).ok_or_else(no_room)?;
    write(state, folder, taken, body, &no_room).await
}

/// How a file is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    New,
    /// It was there, whole.
    There,
    /// One of so many bytes was there under its name, which was not what its name says.
    Instead(u64),
}

/// Writes a file piece by piece; gives its checksum and its size. Whoever asks may go at any moment: what is done on the disk
/// then ends by itself, and takes the part and the room along.
async fn write<S, B, E>(
    state: &State,
    folder: &Path,
    mut taken: Taken,
    body: S,
    no_room: &impl Fn() -> Problem,
) -> Result<(String, u64), Problem>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let full = |error: io::Error| {
        tracing::error!(%error, "an upload cannot be written");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the file cannot be kept; tell whoever runs this server")
    };
    let most = state.args.max_upload_mb;
    let folder = folder.to_path_buf();
    let part = Arc::new(Part(folder.join(format!("{}.part", random()))));
    let mut file = on_disk({
        let (folder, part) = (folder.clone(), part.clone());
        move || {
            std::fs::create_dir_all(folder)?;
            File::create(&part.0)
        }
    })
    .await
    .map_err(full)?;
    let (mut sum, mut gathered) = (Sha256::new(), Vec::<u8>::new());
    let mut body = pin!(body);
    loop {
        let slow = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the next piece of the file took too long to arrive");
        let piece = tokio::time::timeout(PIECE_TIME, body.next()).await.map_err(slow)?;
        let is_last = piece.is_none();
        if let Some(piece) = piece {
            let mut piece = piece.map_err(|_| Problem::bad("the file ended before it was whole"))?;
            let piece = piece.copy_to_bytes(piece.remaining());
            if taken.bytes + piece.len() as u64 > most << 20 {
                let detail = format!("a file may have {most} MB here; take larger cells or a smaller part");
                return Err(refused(body, Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)).await);
            }
            if !taken.add(piece.len() as u64) {
                return Err(refused(body, no_room()).await);
            }
            gathered.extend_from_slice(&piece);
        }
        if is_last || gathered.len() >= AT_ONCE {
            let part = part.clone();
            let written = on_disk(move || {
                let _part = part;
                file.write_all(&gathered)?;
                sum.update(&gathered);
                gathered.clear();
                Ok((file, sum, gathered))
            });
            match written.await {
                Ok(back) => (file, sum, gathered) = back,
                Err(error) => return Err(refused(body, full(error)).await),
            }
        }
        if is_last {
            break;
        }
    }
    let bytes = taken.bytes;
    if bytes == 0 {
        return Err(Problem::bad("the file is empty"));
    }
    let settled = on_disk(move || {
        let sum = hex(&sum.finalize());
        taken.keep(settle(file, &part.0, &folder, &sum, bytes)?);
        Ok((sum, bytes))
    });
    settled.await.map_err(full)
}

/// Takes what is still sent of a body that is refused: who sends would not hear why.
async fn refused<S, B, E>(body: Pin<&mut S>, problem: Problem) -> Problem
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let _ = tokio::time::timeout(PIECE_TIME, drain(body)).await;
    problem
}

/// Gives a file that is written its name, once what lies on the disk is what came.
fn settle(file: File, part: &Path, folder: &Path, sum: &str, bytes: u64) -> io::Result<Kept> {
    file.sync_all()?;
    drop(file);
    if !is_whole(part, sum, bytes)? {
        return Err(io::Error::other("the disk does not hold what was written to it"));
    }
    let path = folder.join(sum);
    // Of two that bring the same file at once one is new.
    let kept = match std::fs::hard_link(part, &path) {
        Ok(()) => Kept::New,
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) if is_whole(&path, sum, bytes)? => {
            // It is of use from now on, however old it is.
            if let Err(error) = touched(&path) {
                tracing::warn!(sum, %error, "an upload that was there keeps its age");
            }
            Kept::There
        }
        Err(_) => {
            let wrong = std::fs::metadata(&path)?.len();
            tracing::error!(
                sum,
                bytes,
                wrong,
                "an upload that was there is not what its checksum says; it is replaced"
            );
            std::fs::rename(part, &path)?;
            Kept::Instead(wrong)
        }
    };
    // What is there stays, with its room; a name that a crash of the machine takes is brought again.
    let _ = std::fs::remove_file(part);
    if let Err(error) = sync(folder) {
        tracing::warn!(%error, "the folder of uploads cannot be synchronised");
    }
    Ok(kept)
}

/// The name that an upload has beside a job's scenario.
pub fn plain(name: &str) -> Option<String> {
    checksum(name).and(name.strip_prefix("upload:")).map(String::from)
}

/// Puts the uploads that a scenario names beside it, under their plain names.
///
/// # Errors
/// That one is gone, or is not what its checksum says.
pub fn place(data: &Path, work: &Path, names: &[String]) -> io::Result<()> {
    for name in names {
        let (Some(sum), Some(plain)) = (checksum(name), plain(name)) else { continue };
        let placed = work.join(plain);
        match std::fs::hard_link(folder(data).join(sum), &placed) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        let bytes = std::fs::metadata(&placed)?.len();
        if !is_whole(&placed, sum, bytes)? {
            let _ = std::fs::remove_file(&placed);
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} was damaged on the disk")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_uploads_are_names_of_uploads() {
        let sum = "0123456789abcdef".repeat(4);
        assert_eq!(checksum(&format!("upload:{sum}.tif")), Some(sum.as_str()));
        for bad in
            [format!("upload:{sum}"), format!("upload:{sum}.exe"), format!("upload:../{sum}.tif"), format!("{sum}.tif")]
        {
            assert_eq!(checksum(&bad), None, "{bad}");
        }
        assert_eq!(checksum(&format!("upload:{}.tif", sum.to_uppercase())), None);
    }

    #[test]
    fn the_engine_knows_the_formats_that_it_lists() {
        use hanze_engine::city::read::{Limits, Quantity, features, raster};
        use hanze_engine::city::roads::{Reading, read, rules::Rules};
        use hanze_engine::grid::Grid;
        let grid = Grid::local(1, 1, 1.0);
        let rules = Rules::dutch().unwrap();
        let reading = Reading { crs: grid.crs, declared: None, nodes: None, rules: &rules };
        let (limits, folder) = (Limits { max_cells: 1 }, tempfile::tempdir().unwrap());
        let file = |ending: &str| folder.path().join(format!("none.{ending}"));
        let raster = |ending: &str| raster(&file(ending), Quantity::Values, limits).err().unwrap().to_string();
        let outlines = |ending: &str| features(&file(ending), &grid, &[]).err().unwrap().to_string();
        let roads = |ending: &str| read(&file(ending), &reading).err().unwrap().to_string();
        let unknown = "that can be read";
        assert!([raster("exe"), outlines("exe"), roads("exe")].iter().all(|words| words.contains(unknown)));
        // None of them is there; but each is looked for.
        let told = RASTERS.map(raster).into_iter().chain(OUTLINES.map(outlines)).chain(NETWORKS.map(roads));
        told.for_each(|words| assert!(!words.contains(unknown), "{words}"));
    }

    #[test]
    fn every_ending_that_the_engine_reads_can_be_brought() {
        for ending in endings() {
            for name in [format!("town.{ending}"), format!("Town.2024.{}", ending.to_uppercase())] {
                assert!(is_name(&name), "{name}");
                let upload = named(&[(name.clone(), b"x".to_vec())]).remove(0).1;
                assert!(checksum(&upload).is_some() && upload.ends_with(&format!(".{ending}")), "{upload}");
            }
        }
        for bad in
            ["town", "town.", ".tif", "town.exe", "town.tif.exe", "town..tif", "a/b.tif", "town.x/y.tif", "town.xtif"]
        {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn room_comes_back_unless_a_file_is_kept() {
        let room = Room::empty(1e-6);
        for (kept, expected) in [
            (None, (0, 0)),
            (Some(Kept::There), (0, 0)),
            (Some(Kept::New), (300, 1)),
            (Some(Kept::Instead(100)), (500, 1)),
        ] {
            let mut taken = Taken::file(&room).unwrap();
            assert!(taken.add(300) && !taken.add(800));
            match kept {
                Some(kept) => taken.keep(kept),
                None => drop(taken),
            }
            assert_eq!(*room.taken.lock().unwrap(), expected, "{kept:?}");
        }
    }

    #[test]
    fn a_wrong_file_is_never_kept_as_if_it_were_there() {
        let data = tempfile::tempdir().unwrap();
        let bytes = b"x,y,value\n1,2,3\n";
        let sum = hex(&Sha256::digest(bytes));
        let bring = |bytes: &[u8]| {
            let part = data.path().join("some.part");
            std::fs::write(&part, bytes).unwrap();
            settle(File::open(&part).unwrap(), &part, data.path(), &sum, 16)
        };
        // What the disk holds is less than what came, or something else.
        assert!(bring(b"").is_err() && bring(b"x,y,value\n1,2,4\n").is_err());
        assert!(!data.path().join(&sum).exists());
        // As an earlier version left one behind on a full disk.
        std::fs::write(data.path().join(&sum), b"").unwrap();
        assert_eq!(bring(bytes).unwrap(), Kept::Instead(0));
        assert_eq!(std::fs::read(data.path().join(&sum)).unwrap(), bytes);
        let path = data.path().join(&sum);
        let old = SystemTime::now() - Duration::from_secs(40 * 86_400);
        File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
        assert_eq!(bring(bytes).unwrap(), Kept::There);
        let age = path.metadata().unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age < Duration::from_secs(60), "who brings it again keeps it: {age:?}");
        std::fs::remove_file(data.path().join(&sum)).unwrap();
        assert_eq!(bring(bytes).unwrap(), Kept::New);
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1, "no part is left");
    }
}
