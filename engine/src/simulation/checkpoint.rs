//! What a stopped run leaves behind: a head in JSON, then the model's arrays.

use crate::error::{Error, Result};
use crate::models::{Basis, Model};
use crate::output::folder::Artifact;
use crate::output::whole_file;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// First bytes of every checkpoint, and the version that follows them. It is raised with each change of the layout, of what a model
/// keeps, and of what a model computes: half of a run must not be of one model and half of another.
const MAGIC: &[u8; 14] = b"hanze checkpt ";
const VERSION: &[u8; 2] = b"4\n";
/// Longest head that is read, bytes.
const LONGEST_HEAD: u64 = 64 << 20;

/// What a checkpoint says before the model's arrays.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub run_id: String,
    pub scenario_file: PathBuf,
    /// What tells the section of the run from the others of its scenario, where there are others.
    #[serde(default)]
    pub section: Option<String>,
    /// Name of the device for `--device`.
    pub device: String,
    /// Kind of the device, which is part of the run's name.
    pub device_kind: String,
    pub next_frame: usize,
    /// Time steps so far.
    #[serde(default)]
    pub steps: Option<u64>,
    pub artifacts: Vec<Artifact>,
    /// What the run stands on.
    #[serde(default)]
    pub basis: Basis,
    /// Computing time so far, s.
    pub wall_s: f64,
}

/// The checkpoint of a run's folder.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("checkpoint.bin")
}

/// Name of the device that a stopped run computed on, as `Device::open` takes it.
///
/// # Errors
/// `Data` when there is no whole checkpoint in the folder.
pub fn device_of(folder: &Path) -> Result<String> {
    Ok(open(folder)?.0.device)
}

/// Opens a checkpoint: its head, and the model's arrays to read.
pub(super) fn open(folder: &Path) -> Result<(Head, impl Read)> {
    let path = path(folder);
    let mend = "name the folder of a run that was stopped with Ctrl-C";
    let file = File::open(&path).map_err(|_| Error::data(&path, "there is no checkpoint", mend))?;
    let mut from = BufReader::new(file);
    let version = read_version(&mut from).map_err(|reason| Error::data(&path, reason, mend))?;
    if version != *VERSION {
        return Err(Error::data(&path, "was made by another version of Hanze", "start the run again"));
    }
    let head = read_head(&mut from).map_err(|reason| Error::data(&path, reason, mend))?;
    Ok((head, from))
}

/// Whether there is a checkpoint in a run's folder that another version of Hanze made: nothing can go on from it.
pub(super) fn is_of_another_version(folder: &Path) -> bool {
    File::open(path(folder)).is_ok_and(|mut file| read_version(&mut file).is_ok_and(|version| version != *VERSION))
}

/// The version of a checkpoint.
fn read_version(from: &mut impl Read) -> std::result::Result<[u8; 2], String> {
    let (mut magic, mut version) = ([0; MAGIC.len()], [0; VERSION.len()]);
    let broken = |_| "is cut off".to_string();
    from.read_exact(&mut magic).map_err(broken)?;
    if &magic != MAGIC {
        return Err("is no checkpoint".into());
    }
    from.read_exact(&mut version).map_err(broken)?;
    Ok(version)
}

/// What follows the version.
fn read_head(from: &mut impl Read) -> std::result::Result<Head, String> {
    let mut length = [0; 8];
    let broken = |_| "is cut off".to_string();
    from.read_exact(&mut length).map_err(broken)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEAD {
        return Err("has a damaged head".into());
    }
    let mut head = Vec::new();
    from.take(length).read_to_end(&mut head).map_err(broken)?;
    serde_json::from_slice(&head).map_err(|error| format!("has a damaged head: {error}"))
}

/// Writes a checkpoint.
pub(super) fn write(folder: &Path, head: &Head, model: &mut dyn Model) -> Result<()> {
    let head = serde_json::to_vec(head).map_err(std::io::Error::other).map_err(Error::io("writing", &path(folder)))?;
    let mut refused = None;
    let written = whole_file(&path(folder), |out| {
        out.write_all(MAGIC)?;
        out.write_all(VERSION)?;
        out.write_all(&(head.len() as u64).to_le_bytes())?;
        out.write_all(&head)?;
        model.save(out)?.map_err(|error| {
            refused = Some(error);
            std::io::Error::other("the device refused")
        })
    });
    refused.map_or(written, Err)
}

/// Removes the checkpoint of a run that is whole.
pub(super) fn remove(folder: &Path) -> Result<()> {
    let path = path(folder);
    if path.exists() { std::fs::remove_file(&path).map_err(Error::io("removing", &path)) } else { Ok(()) }
}
