//! The scenario of a job as it is kept: as it came, with the names that files of its request have as uploads. It is read once where
//! it comes in, and once where it runs.

use super::request::stored;
use hanze_engine::models;
use hanze_engine::scenario::{self, Scenario, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A scenario as it came.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// Its keys, or the name of a stored one.
    scenario: Value,
    /// Names of files that came with it, as it names them, and as uploads.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
}

impl Kept {
    /// A scenario with files of its request, by both of their names.
    pub fn new(scenario: Value, named: &[(String, String)]) -> Kept {
        Kept { scenario, files: named.iter().cloned().collect() }
    }

    /// How the store keeps it.
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// What it says, with the names of uploads.
    ///
    /// # Errors
    /// Words on what is wrong.
    pub fn spec(&self) -> Result<Spec, String> {
        let spec = match &self.scenario {
            Value::String(name) => {
                let names = || stored().map(|own| own.name).collect::<Vec<_>>().join(", ");
                let none = || format!("no scenario of that name is stored; there are: {}", names());
                let stored = stored().find(|own| own.name == name).ok_or_else(none)?;
                let scenario = scenario::parse_alone(Path::new(stored.name), stored.text.into());
                scenario.map_err(|error| error.to_string())?.spec
            }
            value => {
                Scenario::refuse_old(value).map_err(|error| format!("inputs.scenario: {error}"))?;
                scenario::from_json(value.clone()).map_err(|error| {
                    let ids: Vec<&str> = models::all().iter().map(|entry| entry.process).collect();
                    let mend = format!("GET /v1/processes/ID shows the schema, where ID is one of {}", ids.join(", "));
                    format!("inputs.scenario: {error}; {mend}")
                })?
            }
        };
        spec.renamed(|name| self.files.get(name).cloned()).map_err(|error| format!("inputs.scenario: {error}"))
    }
}

/// What the scenario of a job says, from how the store keeps it; one of an earlier version is a text in TOML.
///
/// # Errors
/// Words on what is wrong.
pub fn spec(kept: &str) -> Result<Spec, String> {
    match serde_json::from_str::<Kept>(kept) {
        Ok(kept) => kept.spec(),
        Err(_) => {
            let scenario = scenario::parse_alone(Path::new("scenario.toml"), kept.to_string());
            scenario.map(|scenario| scenario.spec).map_err(|error| error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_is_kept_as_it_came() {
        let scenario = json!({
            "title": "t.asc", "city": { "terrain": "t.asc", "epsg": 28992 }, "gauge": [{ "name": "t.asc", "x": 1, "y": 2.50 }],
            "runoff": { "end_minutes": 10, "rain": { "mm_per_hour": "rain.csv" } },
        });
        let named = [("t.asc".to_string(), "upload:00.asc".to_string())];
        let text = Kept::new(scenario.clone(), &named).text();
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["scenario"], scenario);
        let spec = spec(&text).unwrap();
        assert_eq!(spec.files(), ["upload:00.asc", "rain.csv"]);
        assert_eq!((spec.title.as_str(), spec.gauge[0].name.as_str()), ("t.asc", "t.asc"));
        assert!(super::spec("{\"scenario\":\"cloudburst\"}").is_ok_and(|spec| spec.city.demo.is_some()));
        let old = super::spec("title = \"t\"\nmodel = \"heat\"\n[city]\n[time]\nend_minutes = 60\n").err().unwrap();
        assert!(old.contains("end_minutes = 60 below [heat] instead of [time] (line 4)"), "{old}");
    }
}
