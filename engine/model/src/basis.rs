//! What a run stands on beside its scenario: files that finished runs left.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Files of finished runs that a run reads. Their checksums are part of its name, so that equal names mean equal results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// What the run of the same section on today's city left to start from ([`crate::Model::leave`]).
    pub start: Option<Left>,
    /// What runs of other models gave, by the name of what is taken.
    pub taken: BTreeMap<String, Left>,
}

/// A file that a finished run left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

impl Basis {
    /// Whether the run stands on its scenario alone.
    pub fn is_empty(&self) -> bool {
        self.start.is_none() && self.taken.is_empty()
    }
}
