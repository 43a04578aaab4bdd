//! What the server can do: a table of processes.

use hanze_engine::models::{self, Entry};
use hanze_engine::quantity::{Drawn, Given, Quantity};
use hanze_engine::scenario;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// A process.
pub struct Process {
    pub id: &'static str,
    title: &'static str,
    description: &'static str,
    does: Does,
}

/// What a process does.
#[derive(Clone, Copy)]
enum Does {
    /// Runs a model.
    Model(&'static Entry),
    /// Runs all sections of a scenario on today's city and on each variant, and compares them.
    Whole,
    /// Gives back what it is given, at once or as a job.
    Echo,
}

/// Inputs of a process that runs scenarios, some of which come with the program.
fn of_scenario(stored: &[&str]) -> Value {
    json!({
        "scenario": {
            "title": "Scenario",
            "description": "The scenario, with the keys of the TOML that `hanze run` takes, or the name of a stored one.",
            "minOccurs": 1, "maxOccurs": 1,
            "schema": { "oneOf": [{ "type": "string", "enum": stored }, scenario::openapi_schema()] },
        },
        "files": {
            "title": "Files",
            "description": "Files that the scenario names, as texts or in base64, for small ones; POST large ones to /v1/inputs.",
            "minOccurs": 0, "maxOccurs": 1,
            "schema": { "type": "object", "additionalProperties": { "oneOf": [{ "type": "string" }, {
                "type": "object", "required": ["value"], "properties": {
                    "value": { "type": "string" }, "encoding": { "type": "string", "enum": ["base64"] },
                    "mediaType": { "type": "string" } } }] } },
        },
        "priority": {
            "title": "Priority",
            "description": "Jobs of a higher number go first; above 0 for administrators.",
            "minOccurs": 0, "maxOccurs": 1,
            "schema": { "type": "integer", "minimum": -10, "maximum": 10, "default": 0 },
        },
    })
}

const RASTER: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

/// An output that is a file.
fn file(title: &str, media_type: &str) -> Value {
    json!({ "title": title, "schema": { "type": "string", "contentEncoding": "binary", "contentMediaType": media_type } })
}

/// Outputs of a process that runs a model: the layers of a whole run with their maps and bands, its tables, and the record.
/// These are there in all runs, or in those that ask for what stands before their title; frames, meshes, tables of places and differences
/// come beside them.
fn outputs_of(entry: &Entry) -> Value {
    let mut outputs = Map::new();
    for own in entry.quantities.iter().filter(|own| own.is_result() && !own.is_family()) {
        let title = match own.given {
            Given::Always => own.english.to_string(),
            Given::With(what) => format!("With {what}: {}", own.english),
            Given::Sometimes => continue,
        };
        outputs.insert(format!("{}-tif", own.name), file(&title, RASTER));
        if own.drawn != Drawn::No {
            outputs.insert(format!("{}-png", own.name), file(&format!("{title}, map"), "image/png"));
        }
        if own.is_bands {
            outputs.insert(
                format!("{}-glb", own.name),
                file(&format!("{title}, ribbons for a scene"), "model/gltf-binary"),
            );
        }
    }
    for (name, title) in entry.tables {
        outputs.insert(format!("{name}-csv"), file(title, "text/csv"));
    }
    let record = file("Record: inputs, settings, device, balance, checksums", "application/json");
    outputs.insert("run-json".into(), record);
    Value::Object(outputs)
}

/// Outputs of a whole scenario that has variants: what its runs are, and the indicators over all sections if there are several. Differences of
/// layers and tables come beside them, and the results of each run are those of its job.
fn whole_outputs() -> Value {
    json!({
        "whole-json": file("Runs by variant and section, and what changes in words", "application/json"),
        "comparison-indicators-csv": file("Of several sections: indicators by variants", "text/csv"),
        "comparison-indicators-json": file("Of several sections: indicators by variants", "application/json"),
        "comparison-indicators-png": file("Of several sections: indicators by variants, picture", "image/png"),
    })
}

/// All processes: one for each model, one for whole scenarios, and one to try clients with.
pub static PROCESSES: LazyLock<Vec<Process>> = LazyLock::new(|| {
    let runs = |entry: &'static Entry| {
        let Entry { process: id, title, description, .. } = *entry;
        Process { id, title, description, does: Does::Model(entry) }
    };
    let echo = Process {
        id: "echo",
        title: "Echo",
        description: "Gives back what it is given, to try a client with.",
        does: Does::Echo,
    };
    let whole = Process {
        id: "scenario",
        title: "Scenario with variants",
        description: "Runs every section of a scenario on today's city and on each variant, each run as a job of its own, and compares \
                      them: differences of layers and tables, indicators, and what gets better and worse.",
        does: Does::Whole,
    };
    models::all().iter().map(runs).chain([whole, echo]).collect()
});

fn echo_inputs() -> Value {
    json!({
        "message": {
            "title": "Message", "minOccurs": 1, "maxOccurs": 1,
            "schema": { "type": "string", "maxLength": 10_000 },
        },
    })
}

fn echo_outputs() -> Value {
    json!({ "message": { "title": "The same message", "schema": { "type": "string" } } })
}

fn names(of: &Value) -> Vec<String> {
    of.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// The process of an id.
pub fn find(id: &str) -> Option<&'static Process> {
    PROCESSES.iter().find(|process| process.id == id)
}

impl Process {
    /// The model that it runs.
    pub fn model(&self) -> Option<&'static str> {
        self.entry().map(Entry::section)
    }

    /// Whether it only gives back what it is given.
    pub fn is_echo(&self) -> bool {
        matches!(self.does, Does::Echo)
    }

    /// Whether it runs all sections of a scenario on all variants.
    pub fn is_whole(&self) -> bool {
        matches!(self.does, Does::Whole)
    }

    fn entry(&self) -> Option<&'static Entry> {
        match self.does {
            Does::Model(entry) => Some(entry),
            Does::Whole | Does::Echo => None,
        }
    }

    /// What lists show of it, with links below an origin.
    pub fn summary(&self, origin: &str) -> Value {
        let options = if self.is_echo() {
            json!(["sync-execute", "async-execute", "dismiss"])
        } else {
            json!(["async-execute", "dismiss"])
        };
        json!({
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "version": env!("CARGO_PKG_VERSION"),
            "jobControlOptions": options,
            "outputTransmission": [if self.is_echo() { "value" } else { "reference" }],
            "links": [
                { "href": format!("{origin}/v1/processes/{}", self.id), "rel": "self", "type": "application/json" },
                { "href": format!("{origin}/v1/processes/{}/execution", self.id),
                  "rel": "http://www.opengis.net/def/rel/ogc/1.0/execute", "title": "Execute" },
            ],
        })
    }

    /// The quantity in time whose newest frame shows how far a job is.
    pub fn shows(&self) -> Option<&'static Quantity> {
        self.entry().and_then(Entry::shows)
    }

    fn describe_inputs(&self) -> Value {
        let stored = |entry: &'static Entry| entry.stored.iter().map(|own| own.name);
        match self.does {
            Does::Model(entry) => of_scenario(&stored(entry).collect::<Vec<_>>()),
            Does::Whole => of_scenario(&models::all().iter().flat_map(stored).collect::<Vec<_>>()),
            Does::Echo => echo_inputs(),
        }
    }

    fn describe_outputs(&self) -> Value {
        match self.does {
            Does::Model(entry) => outputs_of(entry),
            Does::Whole => whole_outputs(),
            Does::Echo => echo_outputs(),
        }
    }

    /// Names of its inputs.
    pub fn inputs(&self) -> Vec<String> {
        names(&self.describe_inputs())
    }

    /// Names of the outputs of its description.
    pub fn outputs(&self) -> Vec<String> {
        names(&self.describe_outputs())
    }

    /// All of it.
    pub fn description(&self, origin: &str) -> Value {
        let mut description = self.summary(origin);
        description["inputs"] = self.describe_inputs();
        description["outputs"] = self.describe_outputs();
        // For clients that choose a process by its model, and a layer by its process.
        description["hanze"] = json!({ "model": self.model(), "shows": self.shows().map(|own| own.name) });
        description
    }
}
