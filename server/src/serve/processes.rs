//! What the server can do: a table of processes.

use super::request::stored;
use hanze_engine::scenario::{ModelName, Scenario};
use serde_json::{Value, json};

/// A process.
pub struct Process {
    pub id: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether it only gives back what it is given, at once or as a job.
    pub is_echo: bool,
    /// The model that it runs.
    pub model: Option<ModelName>,
    /// The quantity in time whose newest frame shows how far a job is.
    pub shows: Option<&'static str>,
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

/// All processes; a further model adds a line.
pub const PROCESSES: &[Process] = &[
    Process {
        id: "rainfall-runoff",
        title: "Rainfall runoff",
        description: "Where water gathers and how deep it stands when it rains harder than the ground can take: the shallow water \
                      equations over the city's raster.",
        is_echo: false,
        model: Some(ModelName::Runoff),
        shows: Some("depth"),
        inputs: || of_model(ModelName::Runoff),
        outputs: || {
            let file = |title: &str, kind: &str| json!({ "title": title, "schema": { "type": "string", "contentEncoding": "binary", "contentMediaType": kind } });
            // These are always there; frames, meshes and tables come beside them.
            json!({
                "max_depth-tif": file("Maximum water depth", RASTER),
                "max_velocity-tif": file("Maximum flow velocity", RASTER),
                "max_level-tif": file("Maximum water level", RASTER),
                "arrival-tif": file("Arrival time of the water", RASTER),
                "duration-tif": file("Time under water", RASTER),
                "max_depth-png": file("Map of the maximum water depth", "image/png"),
                "run-json": file("Record: inputs, settings, device, balance, checksums", "application/json"),
            })
        },
    },
    Process {
        id: "urban-heat",
        title: "Urban heat",
        description: "PET and UTCI on every cell, hour by hour, from radiation (sky, sun, walls, trees, ground), wind, surfaces that store heat \
                      and air between buildings, with the weather of a station; or the heat map of the Dutch stress test by its national method.",
        is_echo: false,
        model: Some(ModelName::Heat),
        shows: Some("pet"),
        inputs: || of_model(ModelName::Heat),
        outputs: || {
            let file = |title: &str, kind: &str| json!({ "title": title, "schema": { "type": "string", "contentEncoding": "binary", "contentMediaType": kind } });
            json!({
                "max_pet-tif": file("Maximum felt temperature (PET)", RASTER),
                "extreme_hours-tif": file("Hours that feel hotter than 41 °C (PET)", RASTER),
                "mean_pet-tif": file("Mean felt temperature (PET)", RASTER),
                "hot_hours-tif": file("Hours that feel hotter than 35 °C (PET)", RASTER),
                "sun_hours-tif": file("Hours of sun", RASTER),
                "night_island-tif": file("Night-time heat island", RASTER),
                "degree_hours-tif": file("Degree-hours above 25 °C", RASTER),
                "tropical_nights-tif": file("Tropical nights", RASTER),
                "sky_view-tif": file("Sky view factor", RASTER),
                "max_pet-png": file("Map of the maximum felt temperature", "image/png"),
                "run-json": file("Record: inputs, settings, device, checksums", "application/json"),
            })
        },
    },
    Process {
        id: "traffic",
        title: "Traffic",
        description: "Routes, flows and travel times when roads are closed, moved or added: user equilibrium of cars, trucks and cycles between \
                      zones, with delays at junctions, before and after. With \
                      motion = true every vehicle is followed: queues, delay, exhaust and noise.",
        is_echo: false,
        model: Some(ModelName::Traffic),
        shows: Some("speed"),
        inputs: || of_model(ModelName::Traffic),
        outputs: || {
            let file = |title: &str, kind: &str| json!({ "title": title, "schema": { "type": "string", "contentEncoding": "binary", "contentMediaType": kind } });
            // With edits there are the differences, too; with places their times.
            json!({
                "flow-tif": file("Motor vehicles per hour on the lanes of each road", RASTER),
                "speed-tif": file("Mean speed of cars", RASTER),
                "released_heat-tif": file("Heat released by engines, for a heat scenario", RASTER),
                "flow_bands-tif": file("Motor vehicles per hour as bands", RASTER),
                "flow_bands-png": file("Map of motor vehicles per hour", "image/png"),
                "flow_bands-glb": file("Motor vehicles per hour as ribbons for a scene", "model/gltf-binary"),
                "links-csv": file("Every road in each direction", "text/csv"),
                "od-csv": file("Every pair of zones", "text/csv"),
                "zones-csv": file("Every zone", "text/csv"),
                "hours-csv": file("The whole region in each slice of time", "text/csv"),
                "density-tif": file("With motion: vehicles per kilometre", RASTER),
                "delay-tif": file("With motion: delay per vehicle", RASTER),
                "queue-tif": file("With motion: queue length", RASTER),
                "queue-png": file("With motion: maps of the queues in time", "image/png"),
                "nox-tif": file("With motion: nitrogen oxides from exhausts", RASTER),
                "no2_kerb-tif": file("With motion: nitrogen dioxide of the traffic at the kerb", RASTER),
                "noise_power-tif": file("With motion: sound power per metre of road", RASTER),
                "links_in_time-csv": file("With motion: every street in each stretch of time", "text/csv"),
                "junctions-csv": file("With motion: every junction", "text/csv"),
                "trips-csv": file("With motion: trips by who makes them", "text/csv"),
                "run-json": file("Record: inputs, settings, device, balance, checksums", "application/json"),
            })
        },
    },
    Process {
        id: "echo",
        title: "Echo",
        description: "Gives back what it is given, to try a client with.",
        is_echo: true,
        model: None,
        shows: None,
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

    /// Names of its inputs.
    pub fn inputs(&self) -> Vec<String> {
        names(&(self.inputs)())
    }

    /// Names of the outputs that are always there.
    pub fn outputs(&self) -> Vec<String> {
        names(&(self.outputs)())
    }

    /// All of it.
    pub fn description(&self, origin: &str) -> Value {
        let mut description = self.summary(origin);
        description["inputs"] = (self.inputs)();
        description["outputs"] = (self.outputs)();
        description
    }
}
