//! What can go wrong, sorted by what the caller can do about it.

use std::path::{Path, PathBuf};

/// Every error of the engine. Each message says what is wrong, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scenario asks for something that cannot be: mend the TOML at `at`.
    #[error("{}{at}{}{problem}; {mend}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default(), if at.is_empty() { "" } else { ": " })]
    Scenario {
        /// Where in which file, once that is known.
        place: Option<Box<Place>>,
        /// Dotted key path in the scenario, such as `rain.mm_per_hour` or `boundary[1].edge`.
        at: String,
        /// What is wrong.
        problem: String,
        /// What is allowed, or what to write instead.
        mend: String,
    },
    /// An input file is wrong: mend or replace the file.
    #[error("{}: {problem}; {mend}", file.display())]
    Data {
        /// The file at fault.
        file: PathBuf,
        /// What is wrong, with the line, row or tag where it is known.
        problem: String,
        /// What to do about it.
        mend: String,
    },
    /// There is no such device: choose another, or install a driver.
    #[error("{problem}; {mend}")]
    NoDevice {
        /// What was asked for and what was found.
        problem: String,
        /// What to do about it.
        mend: String,
    },
    /// The device went away or refused work in the middle of a run: resume, or take another device.
    #[error(
        "the device stopped: {0}; resume from the last checkpoint (one is left every ten minutes), or run with --device cpu"
    )]
    DeviceLost(String),
    /// The run does not fit in memory: make it smaller.
    #[error("{what} needs {} of memory and {} is free; {mend}", bytes(*needed), if *available > 0 { bytes(*available) } else { "not enough".into() })]
    Memory {
        /// What needs the memory.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes that are free; 0 where the device does not tell.
        available: u64,
        /// The advice that helps.
        mend: String,
    },
    /// The numbers left the realm of physics: look at the input near that time and layer.
    #[error(
        "{model} became unstable: {layer} is not a number at {time:.3} s; look for extreme heights, inflows or roughness in the input, or lower courant"
    )]
    Unstable {
        /// The model, such as `runoff`.
        model: &'static str,
        /// The layer that broke first.
        layer: &'static str,
        /// Simulated time, s.
        time: f64,
    },
    /// The disk or the folder refused: free space or choose another folder.
    #[error("{action} {}: {source}{}", path.display(), io_mend(source))]
    Io {
        /// What was being done, such as `writing`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason that the system gave.
        source: std::io::Error,
    },
}

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Bytes from the start of the file.
    pub span: std::ops::Range<usize>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Result with the engine's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A fault in an input file.
    pub fn data(file: &Path, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Error::Data { file: file.to_path_buf(), problem: problem.into(), mend: mend.into() }
    }

    /// A fault in the scenario at a key path.
    pub fn scenario(at: impl Into<String>, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Error::Scenario { place: None, at: at.into(), problem: problem.into(), mend: mend.into() }
    }

    /// A refusal by the disk, for use with `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::Io { action, path, source }
    }
}

/// The mend that belongs to a refusal by the disk.
fn io_mend(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as Kind;
    match source.kind() {
        Kind::NotFound => "; check the spelling of the path",
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => "; choose a folder that you may write to with --out",
        Kind::NotADirectory | Kind::AlreadyExists => "; choose another folder with --out",
        Kind::StorageFull | Kind::QuotaExceeded => "; free some space or choose another disk with --out",
        _ => "",
    }
}

/// A number of bytes as a person reads it.
pub fn bytes(count: u64) -> String {
    const STEPS: [(&str, f64); 4] =
        [("TiB", (1u64 << 40) as f64), ("GiB", (1u64 << 30) as f64), ("MiB", (1u64 << 20) as f64), ("KiB", 1024.0)];
    for (unit, size) in STEPS {
        if count as f64 >= size {
            return format!("{:.1} {unit}", count as f64 / size);
        }
    }
    format!("{count} bytes")
}
