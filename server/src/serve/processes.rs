//! What the server can do: a table of processes.

use super::request::stored;
use hanze_engine::models::{Entry, MODELS};
use hanze_engine::quantity::{Drawn, Given, Quantity};
use hanze_engine::scenario::{ModelName, Scenario};
use serde_json::{Map, Value, json};

/// A process.
pub struct Process {
    pub id: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether it only gives back what it is given, at once or as a job.
    pub is_echo: bool,
    /// The model that it runs.
    pub model: Option<ModelName>,
    inputs: fn() -> Value,
    outputs: fn() -> Value,
}

/// Inputs of a process that runs a model.
fn of_model(model: ModelName) -> Value {
    json!({
        "scenario": {
            "title": "Scenario",
            "description": "The scenario, with the keys of the TOML that `hanze run` takes, or the name of a stored one.",
            "minOccurs": 1, "maxOccurs": 1,
            "schema": { "oneOf": [{ "type": "string", "enum": stored(model) }, Scenario::openapi_schema()] },
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

/// Outputs of a process that runs a model: the layers of a whole run with their maps and bands, the tables that are named, and the record.
/// These are there in all runs, or in those that ask for what stands before their title; frames, meshes, tables of places and differences
/// come beside them.
fn outputs_of(model: ModelName, tables: &[(&str, &str)]) -> Value {
    let mut outputs = Map::new();
    let of_model = MODELS.iter().filter(|entry| entry.name == model).flat_map(|entry| entry.quantities);
    for own in of_model.filter(|own| own.is_result() && !own.is_family()) {
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
    for (name, title) in tables {
        outputs.insert(format!("{name}-csv"), file(title, "text/csv"));
    }
    let record = file("Record: inputs, settings, device, balance, checksums", "application/json");
    outputs.insert("run-json".into(), record);
    Value::Object(outputs)
}

/// Tables of traffic.
const TRAFFIC_TABLES: [(&str, &str); 7] = [
    ("links", "Every road in each direction"),
    ("od", "Every pair of zones"),
    ("zones", "Every zone"),
    ("hours", "The whole region in each slice of time"),
    ("links_in_time", "With motion: every street in each stretch of time"),
    ("junctions", "With motion: every junction"),
    ("trips", "With motion: trips by who makes them"),
];

/// All processes; a further model adds a line.
pub const PROCESSES: &[Process] = &[
    Process {
        id: "rainfall-runoff",
        title: "Rainfall runoff",
        description: "Where water gathers and how deep it stands when it rains harder than the ground can take: the shallow water \
                      equations over the city's raster.",
        is_echo: false,
        model: Some(ModelName::Runoff),
        inputs: || of_model(ModelName::Runoff),
        outputs: || outputs_of(ModelName::Runoff, &[]),
    },
    Process {
        id: "urban-heat",
        title: "Urban heat",
        description: "PET and UTCI on every cell, hour by hour, from radiation (sky, sun, walls, trees, ground), wind, surfaces that store heat \
                      and air between buildings, with the weather of a station; or the heat map of the Dutch stress test by its national method.",
        is_echo: false,
        model: Some(ModelName::Heat),
        inputs: || of_model(ModelName::Heat),
        outputs: || outputs_of(ModelName::Heat, &[]),
    },
    Process {
        id: "traffic",
        title: "Traffic",
        description: "Routes, flows and travel times when roads are closed, moved or added: user equilibrium of cars, trucks and cycles between \
                      zones, with delays at junctions, before and after. With \
                      motion = true every vehicle is followed: queues, delay, exhaust and noise.",
        is_echo: false,
        model: Some(ModelName::Traffic),
        inputs: || of_model(ModelName::Traffic),
        outputs: || outputs_of(ModelName::Traffic, &TRAFFIC_TABLES),
    },
    Process {
        id: "echo",
        title: "Echo",
        description: "Gives back what it is given, to try a client with.",
        is_echo: true,
        model: None,
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

fn names(of: &Value) -> Vec<String> {
    of.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// The process that runs a model.
pub fn of(model: ModelName) -> Option<&'static Process> {
    PROCESSES.iter().find(|process| process.model == Some(model))
}

/// The process of an id.
pub fn find(id: &str) -> Option<&'static Process> {
    PROCESSES.iter().find(|process| process.id == id)
}

impl Process {
    /// What lists show of it, with links below an origin.
    pub fn summary(&self, origin: &str) -> Value {
        let options = if self.is_echo {
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
            "outputTransmission": [if self.is_echo { "value" } else { "reference" }],
            "links": [
                { "href": format!("{origin}/v1/processes/{}", self.id), "rel": "self", "type": "application/json" },
                { "href": format!("{origin}/v1/processes/{}/execution", self.id),
                  "rel": "http://www.opengis.net/def/rel/ogc/1.0/execute", "title": "Execute" },
            ],
        })
    }

    /// The quantity in time whose newest frame shows how far a job is.
    pub fn shows(&self) -> Option<&'static Quantity> {
        MODELS.iter().find(|entry| Some(entry.name) == self.model).and_then(Entry::shows)
    }

    /// Names of its inputs.
    pub fn inputs(&self) -> Vec<String> {
        names(&(self.inputs)())
    }

    /// Names of the outputs of its description.
    pub fn outputs(&self) -> Vec<String> {
        names(&(self.outputs)())
    }

    /// All of it.
    pub fn description(&self, origin: &str) -> Value {
        let mut description = self.summary(origin);
        description["inputs"] = (self.inputs)();
        description["outputs"] = (self.outputs)();
        // For clients that choose a process by its model, and a layer by its process.
        description["hanze"] = json!({ "model": self.model, "shows": self.shows().map(|own| own.name) });
        description
    }
}
