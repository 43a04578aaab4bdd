//! What a run stands on beside its scenario: files that finished runs left, and what models hand to each other in them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a model gives to others, in files of its run folder. The giver's entry has it, the section of the taker asks for its name, and neither
/// model knows the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Name of what is handed on.
    pub name: &'static str,
    /// The files by what they are to the taker, the first always there, the others where they are known.
    pub files: &'static [(&'static str, &'static str)],
}

/// Heat that is set free outside: a `layer`, W/m² at some hour, and as a table `hours` what each hour of a summer's day (UTC) has over that
/// one, in its second column.
pub const ANTHROPOGENIC_HEAT: &str = "anthropogenic heat";

/// Files of finished runs that a run reads. Their checksums are part of its name, so that equal names mean equal results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// What the run of the same section on today's city left to start from ([`crate::Model::leave`]).
    pub start: Option<Left>,
    /// What runs of other models gave, by the name of what it is and of the file's part in that, such as `anthropogenic heat: layer`.
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
    /// A file of what another model gave, by its part in that.
    pub fn given(&self, what: &str, part: &str) -> Option<&Left> {
        self.taken.get(&format!("{what}: {part}"))
    }

    /// Whether the run stands on its scenario alone.
    pub fn is_empty(&self) -> bool {
        self.start.is_none() && self.taken.is_empty()
    }
}
