//! Files that a scenario names, found by their type: no list to keep.

use super::found::{Found, Step, found};
use super::spec::Spec;
use hanze_base::error::{Error, Result};
use hanze_city::codes;
use hanze_city::roads::rules;
use hanze_weather as weather;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A file as a scenario names it, or what comes with the program by its name. Every key that takes a file has this type.
// Not `transparent`: the name of the type is what tells a file from other texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(inline, extend("format" = "file-ref"))]
pub struct FileRef(pub String);

impl std::ops::Deref for FileRef {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Whether a name is that of codes, rules or weather that come with the program. No file of a scenario has such a name.
pub fn is_shipped(name: &str) -> bool {
    let of = |list: &[(&str, &str)]| list.iter().any(|(shipped, _)| *shipped == name);
    of(&codes::SHIPPED) || of(&rules::SHIPPED) || weather::is_shipped(name)
}

impl Spec {
    /// Every file that the scenario names, as often as it does.
    pub fn files(&self) -> Vec<String> {
        found(self).into_iter().map(|found| found.name).filter(|name| !is_shipped(name)).collect()
    }

    /// The same scenario with other names for some of its files; no other text changes.
    ///
    /// # Errors
    /// `Scenario` for numbers that are none, which no checked scenario has.
    pub fn renamed(&self, name_of: impl Fn(&str) -> Option<String>) -> Result<Spec> {
        let unfit = |error: serde_json::Error| Error::scenario("", error.to_string(), "write numbers that are finite");
        let mut value = serde_json::to_value(self).map_err(unfit)?;
        for Found { at, name } in found(self).into_iter().filter(|found| !is_shipped(&found.name)) {
            if let (Some(new), Some(place)) = (name_of(&name), place(&mut value, &at)) {
                *place = new.into();
            }
        }
        Spec::of_json(self.kinds(), value).map_err(unfit)
    }
}

/// The part of a value that some steps lead to.
fn place<'a>(value: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Item(k) => value.get_mut(*k),
    })
}
