//! Files by the checksum of what is in them: written once, never changed.

use super::store::Output;
use hanze_engine::cache::Cache;
use hanze_engine::checksum::of_file;
use hanze_engine::output::folder::Artifact;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

/// The folder of files.
pub struct Artifacts {
    folder: PathBuf,
    work: PathBuf,
    cache: PathBuf,
    /// Held while files and the rows that name them are added or removed together, so that no file goes that another job is
    /// about to name.
    pub lock: Mutex<()>,
}

impl Artifacts {
    pub fn open(data: &Path) -> io::Result<Artifacts> {
        let (folder, work) = (data.join("artifacts"), data.join("work"));
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(&work)?;
        Ok(Artifacts { folder, work, cache: data.join("cache"), lock: Mutex::new(()) })
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

    /// Takes a file of a run in, under its checksum; the run keeps its own name for it.
    pub fn keep(&self, run: &Path, artifact: &Artifact) -> io::Result<Output> {
        let (sha256, bytes) = (artifact.sha256.clone(), artifact.bytes);
        let path = self.path(&sha256);
        if let Some(folder) = path.parent()
            && !folder.exists()
        {
            fs::create_dir_all(folder)?;
            sync(&self.folder)?;
        }
        match fs::hard_link(run.join(&artifact.name), &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
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

    /// Removes files that no job names, and work of jobs that are not `unfinished`: what a fall of the machine left between
    /// two steps.
    pub fn tidy(&self, named: &HashSet<String>, unfinished: &HashSet<String>) {
        let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let files = entries(&self.folder).flat_map(|folder| entries(&folder).collect::<Vec<_>>());
        files.filter(|path| !named.contains(&name(path))).for_each(|path| drop(fs::remove_file(path)));
        let works = entries(&self.work).filter(|path| !unfinished.contains(&name(path)));
        works.for_each(|path| drop(fs::remove_dir_all(path)));
    }

    /// Removes files that no job has any more.
    pub fn remove(&self, sums: &[String]) {
        for sum in sums {
            if let Err(error) = fs::remove_file(self.path(sum)) {
                tracing::warn!(sum, %error, "a file could not be removed");
            }
        }
    }
}

/// Makes names in a folder safe; where folders cannot be opened, the system sees to it.
pub fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Name of a file in URLs: without folders and endings.
pub fn url_name(name: &str) -> String {
    name.replace(['/', '.'], "-")
}
