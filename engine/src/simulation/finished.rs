//! Runs that are there already, whole and of this program: nothing has to be computed again.

use super::RECORD;
use crate::checksum::of_file;
use crate::output::folder::Artifact;
use crate::words::Language;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A finished run.
pub struct Finished {
    /// Its folder.
    pub folder: PathBuf,
    /// Its record.
    pub record: Value,
    /// Its files.
    pub artifacts: Vec<Artifact>,
}

/// The run of this name in a folder, if it is finished, was made by this very program in this language, and all of its files are
/// as the record says.
pub(super) fn finished(folder: &Path, run_id: &str, language: Language) -> Option<Finished> {
    let text = std::fs::read_to_string(folder.join(RECORD)).ok()?;
    let record: Value = serde_json::from_str(&text).ok()?;
    let made_by = &record["volatile"]["program_sha256"];
    let is_same =
        record["run_id"] == run_id && made_by.as_str() == Some(&program()?) && record["language"] == language.code();
    let artifacts: Vec<Artifact> = serde_json::from_value(record["artifacts"].clone()).ok()?;
    let is_whole = |own: &Artifact| {
        of_file(&folder.join(&own.name)).is_ok_and(|(sha256, bytes)| sha256 == own.sha256 && bytes == own.bytes)
    };
    (is_same && artifacts.iter().all(is_whole)).then(|| Finished { folder: folder.to_path_buf(), record, artifacts })
}

/// SHA-256 of the program that runs: another build may compute something else under the same version.
pub(super) fn program() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    of_file(&path).ok().map(|(sha256, _)| sha256)
}
