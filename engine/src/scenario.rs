//! Scenarios, with sections of the models that this program has.

pub use hanze_scenario::*;

use crate::error::Result;
use crate::models::{self, kinds};
use serde_json::Value;
use std::path::Path;

/// Reads and checks a scenario with one section. Input rasters are not read yet.
///
/// # Errors
/// `Scenario` with file, line and what is allowed; `Io` when the file cannot be read.
pub fn load(file: &Path) -> Result<Scenario> {
    Scenario::load(kinds(), file)
}

/// The same with any number of sections: what each of them asks.
///
/// # Errors
/// Those of [`load`].
pub fn load_all(file: &Path) -> Result<Vec<Scenario>> {
    Scenario::load_all(kinds(), file).and_then(given)
}

/// Checks the text of a scenario with one section that stands for `file`, to whose folder its paths are relative.
///
/// # Errors
/// `Scenario` with file, line and what is allowed.
pub fn parse(file: &Path, text: String) -> Result<Scenario> {
    Scenario::parse(kinds(), file, text)
}

/// The same with any number of sections.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_all(file: &Path, text: String) -> Result<Vec<Scenario>> {
    Scenario::parse_all(kinds(), file, text).and_then(given)
}

/// What the sections of a scenario that was no text ask, on today's city and on each variant. No file that it names is opened.
///
/// # Errors
/// `Scenario` with the key and what is allowed.
pub fn all_of(file: &Path, spec: &Spec) -> Result<Vec<Scenario>> {
    Scenario::all_of(file, spec).and_then(given)
}

/// All that the text of a scenario says, as it is written.
///
/// # Errors
/// `Scenario` in words.
pub fn spec_of(text: &str) -> Result<Spec> {
    Scenario::spec_of(kinds(), text)
}

/// Refuses sections that take from another one what its model does not give.
fn given(all: Vec<Scenario>) -> Result<Vec<Scenario>> {
    for scenario in &all {
        for takes in scenario.takes() {
            let giver = all.iter().find(|other| other.section_label() == Some(takes.section));
            let gives = giver.and_then(|giver| models::named(giver.model())).map_or(&[][..], |entry| entry.gives);
            if !gives.iter().any(|link| link.name == takes.what) {
                let problem = format!("takes {}, which the section \"{}\" does not give", takes.what, takes.section);
                let able = models::all().iter().filter(|entry| entry.gives.iter().any(|link| link.name == takes.what));
                let able: Vec<&str> = able.map(|entry| entry.section()).collect();
                let mend = format!("take it from a section of {}", able.join(", "));
                return Err(scenario.locate(crate::Error::scenario(takes.key, problem, mend)));
            }
        }
    }
    Ok(all)
}

/// As [`parse`], but opens no file that the scenario names: for scenarios from outside, before it is known whether they may name what
/// they do.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_alone(file: &Path, text: String) -> Result<Scenario> {
    Scenario::parse_alone(kinds(), file, text)
}

/// Reads a scenario as JSON; it is checked by [`Scenario::of`].
///
/// # Errors
/// Which key does not fit.
pub fn from_json(value: Value) -> serde_json::Result<Spec> {
    Spec::of_json(kinds(), value)
}

/// The JSON Schema of a scenario.
pub fn schema() -> &'static Value {
    kinds().schema()
}

/// The same schema as OpenAPI 3.0 has it, in one piece.
pub fn openapi_schema() -> Value {
    kinds().openapi_schema()
}
