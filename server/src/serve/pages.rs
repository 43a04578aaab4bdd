//! Fixed documents: landing page, conformance, OpenAPI; and any JSON as a page for people.

use super::processes::PROCESSES;
use serde_json::{Map, Value, json};

const OGC: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf";

/// The landing page, with links below an origin.
pub fn landing(origin: &str) -> Value {
    let at = |path: &str| format!("{origin}{path}");
    json!({
        "title": "Hanze",
        "description": "Simulations for the city's digital twin: what happens if it rains harder than the sewer can take.",
        "links": [
            { "href": at("/v1"), "rel": "self", "type": "application/json", "title": "This page" },
            { "href": at("/v1/openapi.json"), "rel": "service-desc",
              "type": "application/vnd.oai.openapi+json;version=3.0", "title": "The API" },
            { "href": at("/v1/conformance"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/conformance",
              "type": "application/json", "title": "What it conforms to" },
            { "href": at("/v1/processes"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/processes",
              "type": "application/json", "title": "Processes" },
            { "href": at("/v1/jobs"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/job-list",
              "type": "application/json", "title": "Jobs" },
            { "href": at("/maps/openapi.json"), "rel": "related",
              "type": "application/json", "title": "Maps of the layers of jobs, an API of its own" },
        ],
    })
}

/// What the server conforms to.
pub fn conformance() -> Value {
    let classes = ["core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss", "callback"];
    json!({ "conformsTo": classes.map(|class| format!("{OGC}/{class}")) })
}

/// Any JSON as a page: names beside values, links that lead on.
pub fn html(title: &str, value: &Value) -> String {
    let mut body = String::new();
    write(&mut body, value, "");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#20242a}}\
         a{{color:#114a8a}}dl{{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}}\
         dt{{color:#60666e}}dd{{margin:0}}li{{margin:.6rem 0}}</style></head><body><h1>{0}</h1>{body}</body></html>",
        escaped(title)
    )
}

fn write(page: &mut String, value: &Value, name: &str) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(href)) = object.get("href") {
                let text = object.get("title").or(object.get("rel")).and_then(Value::as_str).unwrap_or(href);
                *page += &format!("<a href=\"{}\">{}</a>", escaped(href), escaped(text));
                return;
            }
            *page += "<dl>";
            for (name, value) in object {
                *page += &format!("<dt>{}</dt><dd>", escaped(name));
                write(page, value, name);
                *page += "</dd>";
            }
            *page += "</dl>";
        }
        Value::Array(list) => {
            *page += "<ul>";
            for value in list {
                *page += "<li>";
                write(page, value, "");
                *page += "</li>";
            }
            *page += "</ul>";
        }
        Value::String(text) if matches!(name, "id" | "jobID") && text.len() == 32 => {
            *page += &format!("<a href=\"/v1/jobs/{0}\">{0}</a>", escaped(text));
        }
        Value::String(text) => *page += &escaped(text),
        other => *page += &escaped(&other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// The OpenAPI document.
pub fn openapi() -> Value {
    let problem = |words: &str| {
        json!({ "description": words, "headers": version(), "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } } })
    };
    let good = |words: &str, schema: Value| json!({ "description": words, "headers": version(), "content": { "application/json": { "schema": schema } } });
    // JSON for programs and a page for people.
    let shown = |words: &str, schema: Value| {
        let mut shown = good(words, schema);
        shown["content"]["text/html"] = json!({ "schema": { "type": "string" } });
        shown
    };
    let object = json!({ "type": "object" });
    let status = json!({ "$ref": "#/components/schemas/statusInfo" });
    let parameter = |name: &str, words: &str| json!({ "name": name, "in": "path", "required": true, "description": words, "schema": { "type": "string" } });
    let query = |name: &str, words: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": words, "schema": schema });
    let get = |id: &str, summary: &str, tag: &str, parameters: Value, answers: &[(&str, Value)]| {
        let responses: Map<String, Value> =
            answers.iter().map(|(code, answer)| (code.to_string(), answer.clone())).collect();
        json!({ "operationId": id, "summary": summary, "tags": [tag], "parameters": parameters, "responses": responses })
    };
    let (denied, busy) = (problem("A key is needed, or is not known"), problem("The server cannot answer now"));
    let no_job = problem("There is no such job");
    let guarded = |answers: &[(&str, Value)]| -> Vec<(String, Value)> {
        let more = [
            ("401", denied.clone()),
            ("403", problem("The key may not do that")),
            ("429", problem("Too many requests, or the key has its share")),
            ("503", busy.clone()),
        ];
        answers.iter().cloned().chain(more).map(|(code, answer)| (code.to_string(), answer)).collect()
    };
    let of = |id: &str, summary: &str, tag: &str, parameters: Value, answers: &[(&str, Value)]| {
        let answers = guarded(answers);
        let answers: Vec<(&str, Value)> =
            answers.iter().map(|(code, answer)| (code.as_str(), answer.clone())).collect();
        get(id, summary, tag, parameters, &answers)
    };
    let job = parameter("jobID", "A job");
    let mut process = parameter("processID", "A process");
    process["schema"]["enum"] = PROCESSES.iter().map(|process| process.id).collect();
    let (ok, none) = ("200", json!([]));
    let file = json!({ "description": "The file, or the part asked for", "headers": version(),
        "content": { "*/*": { "schema": { "type": "string", "format": "binary" } } } });
    let archive = json!({ "description": "A ZIP file, or the part asked for", "headers": version(),
        "content": { "application/zip": { "schema": { "type": "string", "format": "binary" } } } });
    let mut execute = of(
        "execute",
        "Execute a process",
        "processes",
        json!([process]),
        &[
            ("200", good("The answer of a process that answers at once", object.clone())),
            ("201", good("The job that was made", status.clone())),
            ("400", problem("The request is not one to execute")),
            ("404", problem("There is no such process")),
            ("408", problem("The body took too long")),
            ("409", problem("The Idempotency-Key was used for another request")),
            ("413", problem("The body is too large")),
            ("415", problem("The body is not JSON, or is compressed")),
            ("422", problem("The job would take more than is allowed")),
            ("507", problem("A file of the request cannot be kept")),
        ],
    );
    execute["responses"]["200"]["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    let url = |words: &str| json!({ "type": "string", "format": "uri", "description": words });
    execute["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": {
        "type": "object", "required": ["inputs"], "properties": {
            "inputs": object.clone(),
            "outputs": { "type": "object", "description": "Results that are wanted, by name; all, if none is named" },
            "response": { "type": "string", "enum": ["document", "raw"], "default": "raw",
                "description": "Answers given at once are raw by default; results of a job come as a document unless raw is asked for" },
            "subscriber": { "type": "object", "properties": {
                "successUri": url("Gets the results"), "inProgressUri": url("Gets the state while the job runs"),
                "failedUri": url("Gets the state when the job failed") } } } } } } });
    let call = |to: &str, words: &str, schema: Value| {
        let taken = json!({ "2XX": { "description": "Any answer of this kind: it was heard" } });
        json!({ format!("{{$request.body#/subscriber/{to}}}"): { "post": {
            "summary": words, "requestBody": { "content": { "application/json": { "schema": schema } } }, "responses": taken } } })
    };
    execute["callbacks"] = json!({
        "jobCompleted": call("successUri", "The results of the job", object.clone()),
        "jobInProgress": call("inProgressUri", "How far the job is", status.clone()),
        "jobFailed": call("failedUri", "Why the job failed", status.clone()),
    });
    let mut upload = of(
        "upload",
        "Bring a layer or a series for scenarios to name",
        "processes",
        json!([]),
        &[
            ("201", good("Its name in scenarios, without the ending", object.clone())),
            ("400", problem("The file is empty or was cut off")),
            ("408", problem("The file took too long")),
            ("413", problem("The file is too large")),
            ("415", problem("The file is sent with a Content-Encoding")),
            ("507", problem("The file cannot be kept")),
        ],
    );
    upload["requestBody"] = json!({ "required": true, "content": { "application/octet-stream": {
        "schema": { "type": "string", "format": "binary" } } } });
    let jobs = json!([
        query("limit", "Jobs on a page", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 })),
        query(
            "status",
            "States",
            json!({ "type": "array", "items": { "type": "string",
            "enum": ["accepted", "running", "successful", "failed", "dismissed"] } })
        ),
        query("processID", "Processes", json!({ "type": "array", "items": { "type": "string" } })),
        query("type", "Kinds of job", json!({ "type": "array", "items": { "type": "string", "enum": ["process"] } })),
        query("datetime", "Times of creation: one, or two with / between them", json!({ "type": "string" })),
        query(
            "minDuration",
            "Seconds of running at least",
            json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000_000 })
        ),
        query(
            "maxDuration",
            "Seconds of running at most",
            json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000_000 })
        ),
        query("cursor", "Where the page before ended", json!({ "type": "string" })),
    ]);
    let result = json!([job, parameter("outputID", "A result")]);
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Hanze", "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs and results of simulations of the city (OGC API - Processes 1.0).",
            "license": { "name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/" },
            "contact": { "name": "Hanze", "url": "https://example.org/hanze", "email": "hanze@example.org" },
        },
        "servers": [{ "url": "/v1" }],
        "security": [{}, { "bearer": [] }],
        "tags": [
            { "name": "server", "description": "What is here" },
            { "name": "processes", "description": "What can be computed" },
            { "name": "jobs", "description": "What is computed" },
        ],
        "paths": {
            "/": { "get": get("getLandingPage", "What is here", "server", none.clone(), &[(ok, shown("Links", object.clone()))]) },
            "/conformance": { "get": get("getConformance", "Standards that are kept", "server", none.clone(),
                &[(ok, shown("Conformance classes", object.clone()))]) },
            "/openapi.json": { "get": get("getOpenApi", "This document", "server", none.clone(),
                &[(ok, json!({ "description": "OpenAPI 3.0", "headers": version(),
                    "content": { "application/vnd.oai.openapi+json;version=3.0": { "schema": object.clone() } } }))]) },
            "/processes": { "get": get("getProcesses", "What can be computed", "processes",
                json!([query("limit", "Processes at most", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 1000 }))]),
                &[(ok, shown("Processes", object.clone())), ("400", problem("A query is wrong"))]) },
            "/processes/{processID}": { "get": get("getProcessDescription", "A process", "processes", json!([process]),
                &[(ok, shown("Its inputs and outputs", object.clone())), ("404", problem("There is no such process"))]) },
            "/processes/{processID}/execution": { "post": execute },
            "/inputs": { "post": upload },
            "/jobs": { "get": of("getJobs", "Jobs, the newest first", "jobs", jobs,
                &[(ok, shown("Jobs and a link to the next page", object.clone())), ("400", problem("A query is wrong"))]) },
            "/jobs/{jobID}": {
                "get": of("getStatus", "How far a job is", "jobs", json!([job]),
                    &[(ok, shown("Its state", status.clone())), ("404", no_job.clone())]),
                "delete": of("dismiss", "Dismiss a job and its results", "jobs", json!([job]),
                    &[(ok, shown("Its last state", status)), ("404", no_job.clone())]),
            },
            "/jobs/{jobID}/events": { "get": of("getEvents", "What happens to a job, as it happens", "jobs", json!([job]), &[
                (ok, json!({ "description": "Server-sent events", "headers": version(),
                    "content": { "text/event-stream": { "schema": { "type": "string" } } } })),
                ("204", json!({ "description": "All events were sent; do not reconnect", "headers": version() })),
                ("404", no_job.clone())]) },
            "/jobs/{jobID}/frames": { "get": of("getFrames", "Layers in time that are there so far", "jobs", json!([job]),
                &[(ok, shown("Links", object.clone())), ("404", no_job.clone())]) },
            "/jobs/{jobID}/results": { "get": of("getResults", "Results of a job", "jobs", json!([job]), &[
                (ok, shown("Links by name", object)), ("204", json!({ "description": "Links in the head", "headers": version() })),
                ("400", problem("The job failed for what it was given")),
                ("404", problem("There is no such job, or it is not finished")),
                ("410", problem("The job was dismissed")), ("500", problem("The job failed"))]) },
            "/jobs/{jobID}/archive": { "get": of("getArchive", "All results of a job in one file", "jobs", json!([job]), &[
                (ok, archive.clone()), ("206", archive), ("304", json!({ "description": "Not changed", "headers": version() })),
                ("416", problem("The range lies beyond the file")),
                ("400", problem("The job failed for what it was given")),
                ("404", problem("There is no such job, or it is not finished")),
                ("410", problem("The job was dismissed")), ("500", problem("The job failed"))]) },
            "/jobs/{jobID}/results/{outputID}": { "get": of("getResult", "A result", "jobs", result, &[
                (ok, file.clone()), ("206", file), ("304", json!({ "description": "Not changed", "headers": version() })),
                ("404", problem("There is no such result")), ("410", problem("The job was dismissed")),
                ("416", problem("The range lies beyond the file")), ("500", problem("The file cannot be read"))]) },
        },
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": { "problem": problem_schema(), "statusInfo": status_schema() },
        },
    })
}

fn version() -> Value {
    json!({ "API-Version": { "description": "Version of the API", "schema": { "type": "string" } } })
}

fn problem_schema() -> Value {
    json!({ "type": "object", "required": ["type", "title", "status", "detail"], "properties": {
        "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
        "detail": { "type": "string" } } })
}

fn status_schema() -> Value {
    let ids: Vec<&str> = PROCESSES.iter().map(|process| process.id).collect();
    json!({ "type": "object", "required": ["jobID", "id", "processID", "type", "status"], "properties": {
        "jobID": { "type": "string" }, "id": { "type": "string" },
        "processID": { "type": "string", "enum": ids }, "type": { "type": "string", "enum": ["process"] },
        "status": { "type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"] },
        "runs": { "type": "array", "description": "Of the process scenario: the job of each run", "items": { "type": "object",
            "required": ["jobID", "section", "status"], "properties": {
                "variant": { "type": "string", "nullable": true }, "section": { "type": "string" }, "jobID": { "type": "string" },
                "status": { "type": "string" }, "progress": { "type": "integer" }, "href": { "type": "string" },
                "results": { "type": "string" } } } },
        "message": { "type": "string" }, "progress": { "type": "integer", "minimum": 0, "maximum": 100 },
        "created": { "type": "string", "format": "date-time" }, "started": { "type": "string", "format": "date-time" },
        "finished": { "type": "string", "format": "date-time" }, "updated": { "type": "string", "format": "date-time" } } })
}
