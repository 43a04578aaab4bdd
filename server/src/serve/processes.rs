//! What the server can do: a table of processes.

use hanze_engine::scenario::Scenario;
use serde_json::{Value, json};

/// A process.
pub struct Process {
    pub id: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether it answers at once.
    pub is_sync: bool,
    inputs: fn() -> Value,
    outputs: fn() -> Value,
}

/// All processes; a further model adds a line.
pub const PROCESSES: &[Process] = &[
    Process {
        id: "rainfall-runoff",
        title: "Rainfall runoff",
        description: "Where water gathers and how deep it stands when it rains harder than the ground can take: the shallow water \
                      equations over the city's raster.",
        is_sync: false,
        inputs: || {
            json!({
                "scenario": {
                    "title": "Scenario",
                    "description": "The scenario, with the keys of the TOML that `hanze run` takes, or the name of a stored one.",
                    "minOccurs": 1, "maxOccurs": 1,
                    "schema": { "oneOf": [{ "type": "string" }, Scenario::schema()] },
                },
                "priority": {
                    "title": "Priority",
                    "description": "Jobs of a higher number go first; above 0 for administrators.",
                    "minOccurs": 0, "maxOccurs": 1,
                    "schema": { "type": "integer", "minimum": -10, "maximum": 10, "default": 0 },
                },
            })
        },
        outputs: || {
            json!({
                "results": {
                    "title": "Layers, tables, pictures and the record of the run, by name",
                    "schema": { "type": "object", "contentMediaType": "application/json" },
                },
            })
        },
    },
    Process {
        id: "echo",
        title: "Echo",
        description: "Gives back what it is given, to try a client with.",
        is_sync: true,
        inputs: || {
            json!({
                "message": {
                    "title": "Message", "minOccurs": 1, "maxOccurs": 1,
                    "schema": { "type": "string", "maxLength": 10_000 },
                },
            })
        },
        outputs: || json!({ "message": { "title": "The same message", "schema": { "type": "string" } } }),
    },
];

/// The process of an id.
pub fn find(id: &str) -> Option<&'static Process> {
    PROCESSES.iter().find(|process| process.id == id)
}

impl Process {
    /// What lists show of it.
    pub fn summary(&self) -> Value {
        let options = if self.is_sync { json!(["sync-execute"]) } else { json!(["async-execute", "dismiss"]) };
        json!({
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "version": env!("CARGO_PKG_VERSION"),
            "jobControlOptions": options,
            "outputTransmission": [if self.is_sync { "value" } else { "reference" }],
            "links": [
                { "href": format!("/v1/processes/{}", self.id), "rel": "self", "type": "application/json" },
                { "href": format!("/v1/processes/{}/execution", self.id),
                  "rel": "http://www.opengis.net/def/rel/ogc/1.0/execute", "title": "Execute" },
            ],
        })
    }

    /// All of it.
    pub fn description(&self) -> Value {
        let mut description = self.summary();
        description["inputs"] = (self.inputs)();
        description["outputs"] = (self.outputs)();
        description
    }
}
