//! Files by the checksum of what is in them: written once, never changed, and looked at before they count.

use super::problem::Problem;
use super::store::{Output, now};
use super::times::utc;
use hanze_engine::cache::Cache;
use hanze_engine::checksum::of_file;
use hanze_engine::output::folder::Artifact;
use lru::LruCache;
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;
use warp::http::StatusCode;

/// Files whose soundness is remembered.
const VERDICTS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();
/// Time after which a file is looked at again: a disk can rot without a trace in the times of files.
const GOOD_FOR: Duration = Duration::from_secs(86_400);
/// Answers for which whole files are looked at, at once: a disk reads no faster for more.
const LOOKS: usize = 2;
/// Days that files are kept which were put aside.
pub const ASIDE_DAYS: i64 = 14;

/// The folder of files.
pub struct Artifacts {
    folder: PathBuf,
    work: PathBuf,
    cache: PathBuf,
    aside: PathBuf,
    lock: PathBuf,
    turn: tokio::sync::Mutex<()>,
    /// When files were put aside, by the day in the name of their folder: the times of a clock that was trusted.
    seen: PathBuf,
    /// Of files that were looked at: how they were then, whether they are what their names say, and when that was.
    verdicts: Mutex<LruCache<String, (Stamp, bool, Instant)>>,
    /// Files that are being looked at; whoever wants the same one waits.
    looked_at: Mutex<HashSet<String>>,
    done: Condvar,
    /// Whoever has whole files looked at for an answer.
    places: Semaphore,
}

/// What shows that a file was changed.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// The file itself, and when the system last changed anything of it, which nobody can set back.
    inode: (u64, i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Stamp> {
        let file = fs::metadata(path)?;
        Ok(Stamp { bytes: file.len(), modified: file.modified().ok(), inode: inode(&file) })
    }
}

#[cfg(unix)]
fn inode(file: &Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (file.ino(), file.ctime(), file.ctime_nsec())
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}

/// Held while files and the rows that name them are added or removed together, by the server or by its worker, so that no file
/// goes that another job is about to name.
pub struct Hold<'a> {
    _file: File,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

/// Does something with a disk, away from those who answer.
pub async fn on_disk<T: Send + 'static>(task: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(task).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Whether a file has a length and a checksum.
pub fn is_whole(path: &Path, sha256: &str, bytes: u64) -> io::Result<bool> {
    if fs::metadata(path)?.len() != bytes {
        return Ok(false);
    }
    let (sum, read) = of_file(path).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(sum == sha256 && read == bytes)
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Artifacts {
    pub fn open(data: &Path) -> io::Result<Artifacts> {
        let (folder, work, lock) = (data.join("artifacts"), data.join("work"), data.join("artifacts.lock"));
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(&work)?;
        File::options().create(true).truncate(false).write(true).open(&lock)?;
        Ok(Artifacts {
            folder,
            work,
            cache: data.join("cache"),
            aside: data.join("aside"),
            seen: data.join("aside-seen"),
            lock,
            turn: tokio::sync::Mutex::new(()),
            verdicts: Mutex::new(LruCache::new(VERDICTS)),
            looked_at: Mutex::default(),
            done: Condvar::new(),
            places: Semaphore::new(LOOKS),
        })
    }

    /// Waits until nobody else changes files and rows.
    pub async fn hold(&self) -> io::Result<Hold<'_>> {
        let turn = self.turn.lock().await;
        let path = self.lock.clone();
        let file = on_disk(move || {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock()?;
            Ok(file)
        });
        Ok(Hold { _file: file.await?, _turn: turn })
    }

    /// Where a job computes.
    pub fn work(&self, job: &str) -> PathBuf {
        self.work.join(job)
    }

    /// What is made once for many jobs.
    pub fn cache(&self) -> Cache {
        Cache::at(&self.cache)
    }

    /// Where a file lies.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(&sha256[..2.min(sha256.len())]).join(sha256)
    }

    /// Whether a kept file is what its checksum says. It is read when it is first asked for, and again where its length or its
    /// times have changed, and after a day.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn is_sound(&self, sha256: &str, bytes: u64) -> io::Result<bool> {
        let path = self.path(sha256);
        let mut looked_at = held(&self.looked_at);
        loop {
            if let Some(is_sound) = self.verdict(sha256)? {
                return Ok(is_sound);
            }
            if looked_at.insert(sha256.to_string()) {
                break;
            }
            looked_at = self.done.wait(looked_at).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        drop(looked_at);
        let looked = Stamp::of(&path).and_then(|stamp| Ok((stamp, is_whole(&path, sha256, bytes)?, Instant::now())));
        if let Ok(verdict) = &looked {
            held(&self.verdicts).put(sha256.to_string(), *verdict);
        }
        held(&self.looked_at).remove(sha256);
        self.done.notify_all();
        let (_, is_sound, _) = looked?;
        if !is_sound {
            tracing::error!(path = %path.display(), "a kept file is not what its checksum says; it is not served");
        }
        Ok(is_sound)
    }

    /// What was found of a file that has not changed since.
    fn verdict(&self, sha256: &str) -> io::Result<Option<bool>> {
        let stamp = Stamp::of(&self.path(sha256))?;
        let known = held(&self.verdicts).get(sha256).copied();
        let known = known.filter(|(then, _, at)| *then == stamp && at.elapsed() < GOOD_FOR);
        Ok(known.map(|(_, is_sound, _)| is_sound))
    }

    /// Sees that kept files are what their checksums say, before anything of them is served.
    ///
    /// # Errors
    /// 500 in words.
    pub async fn check(self: &Arc<Self>, outputs: &[Output]) -> Result<(), Problem> {
        let (this, outputs) = (self.clone(), Arc::<[Output]>::from(outputs));
        let known = on_disk({
            let (this, outputs) = (this.clone(), outputs.clone());
            move || Ok(outputs.iter().all(|output| matches!(this.verdict(&output.sha256), Ok(Some(true)))))
        });
        if matches!(known.await, Ok(true)) {
            return Ok(());
        }
        let _place = self.places.acquire().await;
        let looked = on_disk(move || {
            for output in outputs.iter() {
                if !this.is_sound(&output.sha256, output.bytes as u64)? {
                    return Ok(Some(output.name.clone()));
                }
            }
            Ok(None)
        });
        let detail = match looked.await {
            Ok(None) => return Ok(()),
            Ok(Some(name)) => format!(
                "{name} was damaged on the disk of this server and is not served; submit the job again, and tell whoever runs \
                 this server"
            ),
            Err(error) => {
                tracing::error!(%error, "a kept file cannot be read");
                "the file cannot be read; tell whoever runs this server".into()
            }
        };
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
    }

    /// Takes a file of a run in, under its checksum; the run keeps its own name for it. It counts once it has its length and its
    /// checksum, and so does one that is there already: a wrong one is put aside.
    pub fn keep(&self, run: &Path, artifact: &Artifact) -> io::Result<Output> {
        let (sha256, bytes) = (artifact.sha256.clone(), artifact.bytes);
        let (path, own) = (self.path(&sha256), run.join(&artifact.name));
        if let Some(folder) = path.parent()
            && !folder.exists()
        {
            fs::create_dir_all(folder)?;
            sync(&self.folder)?;
        }
        if !path.exists() || !self.is_sound(&sha256, bytes)? {
            if !is_whole(&own, &sha256, bytes)? {
                return Err(io::Error::other(format!("{} does not hold what was written to it", artifact.name)));
            }
            if path.exists() {
                self.put_aside(&path, "artifacts")?;
            }
            fs::hard_link(&own, &path)?;
            let stamp = Stamp::of(&path)?;
            held(&self.verdicts).put(sha256.clone(), (stamp, true, Instant::now()));
        }
        path.parent().map_or(Ok(()), sync)?;
        Ok(Output {
            output: url_name(&artifact.name),
            name: artifact.name.clone(),
            sha256,
            bytes: bytes as i64,
            media_type: artifact.media_type.clone(),
            description: artifact.description.clone(),
        })
    }

    /// Takes the record of a run in, which no checksum of its own names.
    pub fn keep_record(&self, run: &Path) -> io::Result<Output> {
        let name = "run.json".to_string();
        let (sha256, bytes) = of_file(&run.join(&name)).map_err(|error| io::Error::other(error.to_string()))?;
        let (media_type, description) =
            ("application/json".into(), "inputs, settings, device, balance, checksums".into());
        self.keep(run, &Artifact { name, media_type, description, sha256, bytes })
    }

    /// Whether any file is kept.
    pub fn has_files(&self) -> bool {
        entries(&self.folder).any(|folder| entries(&folder).next().is_some())
    }

    /// Puts files aside that no job names, and work of jobs that are not `known`: what a crash of the machine left between two
    /// steps, or what a store has forgotten. Work of jobs that are known and not `unfinished` goes. Gives how many were put
    /// aside.
    pub fn tidy(&self, named: &HashSet<String>, unfinished: &HashSet<String>, known: &HashSet<String>) -> usize {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut orphans = 0;
        let mut put = |path: &Path, kind: &str| match self.put_aside(path, kind) {
            Ok(()) => orphans += 1,
            Err(error) => tracing::warn!(path = %path.display(), %error, "a file that no job names stays where it is"),
        };
        let files = entries(&self.folder).flat_map(|folder| entries(&folder).collect::<Vec<_>>());
        files.filter(|path| !named.contains(&name(path))).for_each(|path| put(&path, "artifacts"));
        for path in entries(&self.work).filter(|path| !unfinished.contains(&name(path))) {
            if known.contains(&name(&path)) {
                let _ = fs::remove_dir_all(path);
            } else {
                put(&path, "work");
            }
        }
        orphans
    }

    /// Moves a file or a folder to where it is kept for some days, by today's date.
    fn put_aside(&self, path: &Path, kind: &str) -> io::Result<()> {
        let day = &utc(now())[..10];
        let folder = self.aside.join(day).join(kind);
        fs::create_dir_all(&folder)?;
        // Its days begin anew.
        match fs::remove_file(self.seen.join(day)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(path, folder.join(path.file_name().unwrap_or_default()))
    }

    /// Removes what was put aside long ago. Call it where the clock is trusted: days count from when this sees a folder first,
    /// as the clock may have been wrong when the folder was made.
    ///
    /// # Errors
    /// Those of noting when a folder was seen.
    pub fn clear_aside(&self, now: i64) -> io::Result<()> {
        for path in entries(&self.aside) {
            let note = self.seen.join(path.file_name().unwrap_or_default());
            let seen = fs::read_to_string(&note).ok().and_then(|text| text.trim().parse::<i64>().ok());
            match seen {
                Some(seen) if now - seen > ASIDE_DAYS * 86_400_000 => {
                    tracing::info!(path = %path.display(), "removed what was put aside long ago");
                    fs::remove_dir_all(&path)?;
                    fs::remove_file(&note)?;
                }
                // One from the future was noted by a clock that was wrong all the same.
                Some(seen) if seen <= now => {}
                _ => {
                    fs::create_dir_all(&self.seen)?;
                    fs::write(&note, now.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Removes files that no job has any more.
    pub fn remove(&self, sums: &[String]) {
        for sum in sums {
            held(&self.verdicts).pop(sum);
            if let Err(error) = fs::remove_file(self.path(sum)) {
                tracing::warn!(sum, %error, "a file could not be removed");
            }
        }
    }
}

/// What is in a folder; nothing, where there is none.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Makes names in a folder safe; where folders cannot be opened, the system sees to it.
pub fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Name of a file in URLs: without folders and endings.
pub fn url_name(name: &str) -> String {
    name.replace(['/', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(name: &str, bytes: &[u8]) -> Artifact {
        use sha2::Digest;
        let sha256 = hanze_engine::checksum::hex(&sha2::Sha256::digest(bytes));
        let (media_type, description) = ("text/plain".into(), "words".into());
        Artifact { name: name.into(), media_type, description, sha256, bytes: bytes.len() as u64 }
    }

    #[test]
    fn only_what_has_its_checksum_counts() {
        let data = tempfile::tempdir().unwrap();
        let (artifacts, run) = (Artifacts::open(data.path()).unwrap(), data.path().join("run"));
        fs::create_dir(&run).unwrap();
        let good = artifact("good.txt", b"what was meant");
        // Empty, cut off, or with one other byte: none of these is what was meant.
        for bad in [&b""[..], b"what was", b"what was meanT"] {
            fs::write(run.join("good.txt"), bad).unwrap();
            assert!(artifacts.keep(&run, &good).is_err(), "{bad:?}");
            assert!(!artifacts.has_files());
        }
        // A wrong one that is there already is replaced, and put aside.
        let path = artifacts.path(&good.sha256);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"").unwrap();
        assert!(!artifacts.is_sound(&good.sha256, good.bytes).unwrap());
        fs::write(run.join("good.txt"), b"what was meant").unwrap();
        artifacts.keep(&run, &good).unwrap();
        assert!(artifacts.is_sound(&good.sha256, good.bytes).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"what was meant");
        let day = entries(&data.path().join("aside")).next().unwrap();
        assert_eq!(fs::read(day.join("artifacts").join(&good.sha256)).unwrap(), b"");
        // One byte that changes later is noticed, though the length is the same.
        // So is its time, as a copy or a repair of the file system leaves it.
        let time = path.metadata().unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, b"what was mEant").unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(path.metadata().unwrap().modified().unwrap(), time);
        assert!(!artifacts.is_sound(&good.sha256, good.bytes).unwrap());
    }

    #[test]
    fn what_no_job_names_is_put_aside() {
        let data = tempfile::tempdir().unwrap();
        let (artifacts, run) = (Artifacts::open(data.path()).unwrap(), data.path().join("run"));
        fs::create_dir(&run).unwrap();
        let kept = ["named", "orphan"].map(|name| {
            fs::write(run.join(name), name).unwrap();
            artifacts.keep(&run, &artifact(name, name.as_bytes())).unwrap().sha256
        });
        for job in ["waits", "ended", "forgotten"] {
            fs::create_dir(artifacts.work(job)).unwrap();
        }
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<HashSet<String>>();
        let orphans = artifacts.tidy(&set(&[kept[0].as_str()]), &set(&["waits"]), &set(&["waits", "ended"]));
        assert_eq!(orphans, 2, "the orphan, and the work of a job that was forgotten");
        assert!(artifacts.path(&kept[0]).exists() && !artifacts.path(&kept[1]).exists());
        let day = entries(&data.path().join("aside")).next().unwrap();
        assert_eq!(fs::read(day.join("artifacts").join(&kept[1])).unwrap(), b"orphan");
        assert!(day.join("work/forgotten").exists() && artifacts.work("waits").exists());
        assert!(!artifacts.work("ended").exists());
    }

    #[test]
    fn what_is_put_aside_is_kept_for_days_whatever_the_clock_was() {
        const DAY: i64 = 86_400_000;
        let data = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(data.path()).unwrap();
        let put = || {
            fs::create_dir_all(artifacts.work("forgotten")).unwrap();
            artifacts.tidy(&HashSet::new(), &HashSet::new(), &HashSet::new());
            entries(&data.path().join("aside")).next().unwrap()
        };
        let day = put();
        // The folder was made by a clock that was years behind.
        let long_ago = SystemTime::now() - Duration::from_secs(800 * 86_400);
        File::open(&day).unwrap().set_modified(long_ago).unwrap();
        let is_there_at = |time: i64| {
            artifacts.clear_aside(time).unwrap();
            day.exists()
        };
        let start = now();
        assert!(is_there_at(start) && is_there_at(start + 13 * DAY));
        // A further one is put into the same folder, and has its days, too.
        fs::remove_dir_all(day.join("work")).unwrap();
        assert_eq!(put(), day);
        assert!(is_there_at(start + 15 * DAY) && is_there_at(start + 28 * DAY));
        assert!(!is_there_at(start + 30 * DAY));
        assert_eq!(entries(&data.path().join("aside-seen")).count(), 0);
    }
}
