//! The abstract tests of OGC API – Processes 1.0 (OGC 18-062r2, annex A) for the classes core, job-list, dismiss and callback,
//! each named after its requirement. Those of inputs and outputs that no process here has are not among them: arrays,
//! binary values, bounding boxes, several values in one answer.

use crate::common::{Answer, Listener, Server, shower};
use serde_json::{Value, json};

const EXCEPTIONS: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/";

fn with_server(check: impl Fn(&Server)) {
    let data = tempfile::tempdir().unwrap();
    check(&Server::start(data.path(), &[]));
}

fn rels(value: &Value) -> Vec<&str> {
    value["links"].as_array().unwrap().iter().filter_map(|link| link["rel"].as_str()).collect()
}

fn is_exception(answer: &Answer, status: u16, kind: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"));
    assert_eq!(answer.json()["type"], format!("{EXCEPTIONS}{kind}"));
}

const OGC_REL: &str = "http://www.opengis.net/def/rel/ogc/1.0/";

fn echo(server: &Server, body: &Value, prefer: &str) -> Answer {
    let prefer = if prefer.is_empty() { vec![] } else { vec![("prefer", prefer)] };
    server.call("POST", "/v1/processes/echo/execution", &prefer, body.to_string().as_bytes())
}

fn count(server: &Server, query: &str) -> usize {
    let answer = server.get(&format!("/v1/jobs?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.bytes));
    answer.json()["jobs"].as_array().unwrap().len()
}

/// The definition of a query in the OpenAPI document.
fn parameter(server: &Server, path: &str, name: &str) -> Value {
    let document = server.get("/v1/openapi.json").json();
    let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap().clone();
    parameters.into_iter().find(|parameter| parameter["name"] == name).unwrap_or_else(|| panic!("{path} has no {name}"))
}

fn is_limit(parameter: &Value) {
    let schema = &parameter["schema"];
    assert_eq!(
        (&parameter["in"], &parameter["required"], &schema["type"]),
        (&json!("query"), &json!(false), &json!("integer"))
    );
    assert!(schema["minimum"] == 1 && schema["maximum"].is_u64() && schema["default"].is_u64(), "{schema}");
}

#[test]
fn core_landingpage_op() {
    with_server(|server| assert_eq!([server.get("/v1").status, server.get("/v1/").status], [200, 200]));
}

#[test]
fn core_landingpage_success() {
    with_server(|server| {
        let page = server.get("/v1").json();
        for rel in [
            "service-desc".to_string(),
            format!("{OGC_REL}conformance"),
            format!("{OGC_REL}processes"),
            format!("{OGC_REL}job-list"),
        ] {
            assert!(rels(&page).contains(&rel.as_str()), "{rel}");
        }
        for link in page["links"].as_array().unwrap() {
            assert_eq!(server.get(link["href"].as_str().unwrap()).status, 200, "{link}");
        }
    });
}

#[test]
fn core_api_definition_op_and_api_definition_success() {
    with_server(|server| {
        let answer = server.get("/v1/openapi.json");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/vnd.oai.openapi+json;version=3.0")
        );
        let document = answer.json();
        assert_eq!(document["openapi"], "3.0.3");
        // Every reference leads somewhere, and every operation has a name of its own and an answer.
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
        let mut names = Vec::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
        {
            names.push(operation["operationId"].as_str().unwrap());
            assert!(!operation["responses"].as_object().unwrap().is_empty());
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    });
}

#[test]
fn core_conformance_op_and_conformance_success() {
    with_server(|server| {
        let answer = server.get("/v1/conformance");
        assert_eq!(answer.status, 200);
        let list = answer.json();
        for class in ["core", "json", "oas30", "job-list", "dismiss", "html", "ogc-process-description", "callback"] {
            let uri = json!(format!("http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{class}"));
            assert!(list["conformsTo"].as_array().unwrap().contains(&uri), "{class}");
        }
    });
}

#[test]
fn core_process_list_and_process_list_success() {
    with_server(|server| {
        let answer = server.get("/v1/processes");
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        for summary in answer.json()["processes"].as_array().unwrap() {
            for name in ["id", "version", "jobControlOptions", "outputTransmission", "links"] {
                assert!(!summary[name].is_null(), "{name} of {summary}");
            }
        }
    });
}

#[test]
fn core_pl_limit_definition() {
    with_server(|server| is_limit(&parameter(server, "/processes", "limit")));
}

#[test]
fn core_pl_limit_response() {
    with_server(|server| {
        let count =
            |query: &str| server.get(&format!("/v1/processes{query}")).json()["processes"].as_array().map(Vec::len);
        assert_eq!((count("?limit=1"), count("?limit=1000"), count("")), (Some(1), Some(5), Some(5)));
        for bad in ["?limit=0", "?limit=-1", "?limit=x", "?lim=1"] {
            assert_eq!(server.get(&format!("/v1/processes{bad}")).status, 400, "{bad}");
        }
    });
}

#[test]
fn core_pl_links() {
    with_server(|server| {
        let list = server.get("/v1/processes").json();
        for (rel, kind) in [("self", "application/json"), ("alternate", "text/html")] {
            let link = list["links"].as_array().unwrap().iter().find(|link| link["rel"] == rel).unwrap();
            assert_eq!(link["type"], kind);
        }
    });
}

#[test]
fn core_process_and_process_success() {
    with_server(|server| {
        for id in ["rainfall-runoff", "urban-heat", "traffic", "echo"] {
            let answer = server.get(&format!("/v1/processes/{id}"));
            assert_eq!(answer.status, 200);
            let description = answer.json();
            assert_eq!(description["id"], id);
            for group in ["inputs", "outputs"] {
                for (name, field) in description[group].as_object().unwrap() {
                    assert!(field["schema"].is_object(), "{group}.{name}");
                }
            }
            assert!(rels(&description).contains(&format!("{OGC_REL}execute").as_str()));
            // The schemas are those of OpenAPI 3.0, in one piece.
            let text = description.to_string();
            for stranger in ["$ref", "$defs", "$schema", "\"const\"", "\"type\":["] {
                assert!(!text.contains(stranger), "{id}: {stranger}");
            }
        }
    });
}

#[test]
fn core_process_exception_no_such_process() {
    with_server(|server| {
        is_exception(&server.get("/v1/processes/nothing"), 404, "no-such-process");
        let answer = server.call("POST", "/v1/processes/nothing/execution", &[], b"{\"inputs\":{}}");
        is_exception(&answer, 404, "no-such-process");
    });
}

#[test]
fn core_job_creation_op_and_request_and_success_async() {
    with_server(|server| {
        let body = json!({ "inputs": { "scenario": shower(1.0, 1) }, "response": "document" }).to_string();
        let answer = server.execute(&body, &[("prefer", "wait=10, respond-async")]);
        assert_eq!((answer.status, answer.header("preference-applied")), (201, "respond-async"));
        let info = answer.json();
        let id = info["jobID"].as_str().unwrap();
        assert_eq!(answer.header("location"), format!("{}/v1/jobs/{id}", server.url));
        assert_eq!(
            (&info["type"], &info["processID"], &info["id"]),
            (&json!("process"), &json!("rainfall-runoff"), &info["jobID"])
        );
        for bad in [
            json!({ "inputs": {}, "response": "loud" }),
            json!({ "inputs": {}, "outputs": 3 }),
            json!({ "inputs": {}, "subscriber": "me" }),
        ] {
            assert_eq!(server.execute(&bad.to_string(), &[]).status, 400, "{bad}");
        }
    });
}

#[test]
fn core_job_creation_auto_execution_mode() {
    with_server(|server| {
        let message = json!({ "inputs": { "message": "hello" } });
        let answer = echo(server, &message, "respond-async");
        assert_eq!((answer.status, answer.header("preference-applied")), (201, "respond-async"));
        let id = answer.json()["jobID"].as_str().unwrap().to_string();
        server.wait(&id, "successful");
        let results = server.get(&format!("/v1/jobs/{id}/results"));
        assert_eq!((results.status, results.json()), (200, json!({ "message": "hello" })));
        // Another preference is not one for a job.
        let answer = echo(server, &message, "wait=10");
        assert_eq!((answer.status, answer.header("preference-applied")), (200, ""));
    });
}

#[test]
fn core_job_creation_default_execution_mode() {
    with_server(|server| {
        assert_eq!(echo(server, &json!({ "inputs": { "message": "hello" } }), "").status, 200);
        let body = json!({ "inputs": { "scenario": shower(1.0, 1) } }).to_string();
        let answer = server.execute(&body, &[]);
        assert_eq!((answer.status, answer.header("preference-applied")), (201, ""));
    });
}

#[test]
fn core_job_creation_input_inline_and_inline_object_and_inline_mixed() {
    with_server(|server| {
        for message in [
            json!("hello"),
            json!({ "value": "hello" }),
            json!({ "value": "hello", "mediaType": "text/plain", "schema": {} }),
        ] {
            let answer = echo(server, &json!({ "inputs": { "message": message } }), "");
            // One output comes raw, unless a document is asked for.
            assert_eq!((answer.status, &answer.bytes[..]), (200, &b"hello"[..]));
        }
        for scenario in
            [shower(1.0, 1), json!({ "value": shower(1.0, 1), "mediaType": "application/json" }), json!("cloudburst")]
        {
            let answer = server.execute(&json!({ "inputs": { "scenario": scenario } }).to_string(), &[]);
            assert_eq!(answer.status, 201, "{scenario}");
        }
    });
}

#[test]
fn core_job_creation_input_ref() {
    // A server that fetched whatever it is told would be a door into the network behind it: links are refused in words.
    with_server(|server| {
        let link = json!({ "href": "http://localhost:1/message", "type": "text/plain" });
        for (process, input) in [("echo", "message"), ("rainfall-runoff", "scenario")] {
            let body = json!({ "inputs": { input: link } }).to_string();
            let answer = server.call("POST", &format!("/v1/processes/{process}/execution"), &[], body.as_bytes());
            assert_eq!(answer.status, 400);
            let words = answer.json()["detail"].as_str().unwrap().to_string();
            assert!(words.contains(input) && words.contains("/v1/inputs"), "{words}");
        }
    });
}

#[test]
fn core_job_creation_input_validation() {
    with_server(|server| {
        for (inputs, name) in [
            (json!({ "message": 3 }), "message"),
            (json!({}), "message"),
            (json!({ "message": "x".repeat(10_001) }), "message"),
            (json!({ "message": "x", "other": 1 }), "no such input"),
        ] {
            let answer = echo(server, &json!({ "inputs": inputs }), "");
            assert_eq!(answer.status, 400, "{name}");
            assert!(answer.json()["detail"].as_str().unwrap().contains(name));
        }
        let body = json!({ "inputs": { "scenario": shower(1.0, 1), "priority": "high" } }).to_string();
        let answer = server.execute(&body, &[]);
        assert!(answer.status == 400 && answer.json()["detail"].as_str().unwrap().contains("priority"));
    });
}

#[test]
fn core_job_creation_sync_raw_value_one_and_sync_document() {
    with_server(|server| {
        // Raw without a word, too (execute.yaml).
        for body in [
            json!({ "inputs": { "message": "hello" }, "response": "raw" }),
            json!({ "inputs": { "message": "hello" } }),
        ] {
            let answer = echo(server, &body, "");
            assert_eq!(
                (answer.status, answer.header("content-type"), &answer.bytes[..]),
                (200, "text/plain; charset=utf-8", &b"hello"[..])
            );
        }
        let answer = echo(server, &json!({ "inputs": { "message": "hello" }, "response": "document" }), "");
        assert_eq!(
            (answer.status, answer.header("content-type"), answer.json()),
            (200, "application/json", json!({ "message": "hello" }))
        );
    });
}

#[test]
fn core_job_op_and_job_success_and_job_results_async_document_and_default_outputs() {
    with_server(|server| {
        let id = server.submit(&shower(1.0, 1));
        let done = server.wait(&id, "successful");
        assert!(["jobID", "status", "type"].iter().all(|name| done[name].is_string()));
        assert!(rels(&done).contains(&format!("{OGC_REL}results").as_str()));
        for name in ["created", "started", "finished", "updated"] {
            let time = done[name].as_str().unwrap();
            assert!(time.len() == 24 && time.ends_with('Z') && time.contains('T'), "{time}");
        }
        let results = server.get(&format!("/v1/jobs/{id}/results"));
        assert_eq!((results.status, results.header("content-type")), (200, "application/json"));
        let results = results.json();
        let description = server.get("/v1/processes/rainfall-runoff").json();
        for (name, output) in description["outputs"].as_object().unwrap() {
            assert_eq!(results[name]["type"], output["schema"]["contentMediaType"], "{name}");
            assert_eq!(server.get(results[name]["href"].as_str().unwrap()).status, 200, "{name}");
        }
    });
}

#[test]
fn core_job_results_async_raw_ref_and_chosen_outputs() {
    with_server(|server| {
        let raw = json!({ "inputs": { "scenario": shower(1.0, 1) }, "response": "raw" });
        let chosen =
            json!({ "inputs": { "scenario": shower(1.0, 1) }, "outputs": { "max_depth-tif": {}, "run-json": {} } });
        let [raw, chosen] =
            [raw, chosen].map(|body| server.execute(&body.to_string(), &[]).json()["id"].as_str().unwrap().to_string());
        server.wait(&raw, "successful");
        let answer = server.get(&format!("/v1/jobs/{raw}/results"));
        assert_eq!((answer.status, answer.bytes.len()), (204, 0));
        let links: Vec<&str> = answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
        let described = server.get("/v1/processes/rainfall-runoff").json()["outputs"].as_object().unwrap().len();
        assert_eq!((links.len(), described), (9, 9), "one for each output that the process describes");
        let href = links[0].split(['<', '>']).nth(1).unwrap();
        assert_eq!(server.get(href).status, 200);
        server.wait(&chosen, "successful");
        let results = server.get(&format!("/v1/jobs/{chosen}/results")).json();
        assert_eq!(results.as_object().unwrap().keys().collect::<Vec<_>>(), ["max_depth-tif", "run-json"]);
    });
}

#[test]
fn core_job_exception_no_such_job_and_job_results_exception_no_such_job() {
    with_server(|server| {
        for part in ["", "/results", "/results/x", "/events", "/frames", "/archive"] {
            is_exception(&server.get(&format!("/v1/jobs/nothing{part}")), 404, "no-such-job");
        }
        is_exception(&server.call("DELETE", "/v1/jobs/nothing", &[], b""), 404, "no-such-job");
    });
}

#[test]
fn core_job_results_exception_results_not_ready() {
    with_server(|server| {
        let id = server.submit(&shower(600.0, 1));
        for part in ["results", "results/max_depth-tif", "archive"] {
            is_exception(&server.get(&format!("/v1/jobs/{id}/{part}")), 404, "result-not-ready");
        }
    });
}

#[test]
fn core_job_results_failed() {
    with_server(|server| {
        // A file that is no raster is seen only when the job begins.
        let named = json!({
            "title": "x", "city": { "terrain": "ground.tif" }, "runoff": { "end_minutes": 5, "rain": { "mm_per_hour": 20 } },
        });
        let body = json!({ "inputs": { "scenario": named, "files": { "ground.tif": "no raster" } } });
        let answer = server.execute(&body.to_string(), &[]);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
        let id = answer.json()["id"].as_str().unwrap().to_string();
        server.wait(&id, "failed");
        for part in ["results", "archive"] {
            is_exception(&server.get(&format!("/v1/jobs/{id}/{part}")), 400, "InvalidParameterValue");
        }
    });
}

#[test]
fn core_http() {
    with_server(|server| {
        use std::io::{Read, Write};
        let mut socket = std::net::TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        socket.write_all(b"GET /v1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    });
}

#[test]
fn job_list_definitions() {
    with_server(|server| {
        is_limit(&parameter(server, "/jobs", "limit"));
        for name in ["type", "processID", "status"] {
            let schema = parameter(server, "/jobs", name)["schema"].clone();
            assert_eq!((&schema["type"], &schema["items"]["type"]), (&json!("array"), &json!("string")), "{name}");
        }
        assert_eq!(parameter(server, "/jobs", "datetime")["schema"]["type"], "string");
        for name in ["minDuration", "maxDuration"] {
            assert_eq!(parameter(server, "/jobs", name)["schema"]["type"], "integer");
        }
    });
}

#[test]
fn job_list_op_and_success_and_limit_and_links() {
    with_server(|server| {
        let ids: Vec<String> = (0..7).map(|seed| server.submit(&shower(30.0, seed))).collect();
        let mut seen = Vec::new();
        let mut path = format!("{}/v1/jobs?limit=3&status=accepted&status=running", server.url);
        loop {
            let answer = server.get(&path);
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
            let page = answer.json();
            let jobs = page["jobs"].as_array().unwrap();
            assert!(jobs.len() <= 3);
            seen.extend(jobs.iter().map(|job| job["id"].as_str().unwrap().to_string()));
            let link = |rel: &str| page["links"].as_array().unwrap().iter().find(|link| link["rel"] == rel).cloned();
            assert_eq!(link("self").unwrap()["href"], path, "a page knows itself");
            assert_eq!(link("alternate").unwrap()["type"], "text/html");
            match link("next") {
                Some(next) => path = next["href"].as_str().unwrap().to_string(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 7);
        assert!(ids.iter().all(|id| seen.contains(id)));
    });
}

#[test]
fn job_list_type_and_process_id_and_status_responses() {
    with_server(|server| {
        let long = server.submit(&shower(600.0, 1));
        server.submit(&shower(600.0, 2));
        let message = json!({ "inputs": { "message": "hello" } });
        echo(server, &message, "respond-async");
        server.wait(&long, "running");
        assert_eq!(count(server, "type=process"), 3);
        assert_eq!(server.get("/v1/jobs?type=magic").status, 400);
        for (query, expected) in [
            ("processID=echo", 1),
            ("processID=rainfall-runoff", 2),
            ("processID=echo,rainfall-runoff", 3),
            ("processID=echo&processID=rainfall-runoff", 3),
            ("processID=echo%27%20OR%201", 0),
            ("status=running", 1),
            ("status=accepted,running", 3),
            ("status=accepted&status=running", 3),
            ("status=failed", 0),
        ] {
            assert_eq!(count(server, query), expected, "{query}");
        }
        let list = server.get("/v1/jobs").json();
        assert!(list["jobs"].as_array().unwrap().iter().all(|job| job["processID"].is_string()), "processID-mandatory");
        assert_eq!(server.get("/v1/jobs?status=lost").status, 400);
    });
}

#[test]
fn job_list_datetime_and_duration_responses() {
    with_server(|server| {
        let id = server.submit(&shower(1.0, 1));
        let job = server.wait(&id, "successful");
        let created = job["created"].as_str().unwrap();
        for (query, expected) in [
            ("datetime=2020-01-01T00:00:00Z/..", 1),
            ("datetime=../2020-01-01T00:00:00Z", 0),
            ("datetime=/2020-01-01T01:00:00%2B01:00", 0),
            ("datetime=1960-01-01T00:00:00-02:00/", 1),
            (format!("datetime={created}").as_str(), 1),
            (format!("datetime={created}/{created}").as_str(), 1),
            ("minDuration=100000", 0),
            ("minDuration=0&maxDuration=100000", 1),
        ] {
            assert_eq!(count(server, query), expected, "{query}");
        }
        assert_eq!(server.get("/v1/jobs?datetime=soon").status, 400);
        // What only waits has no duration.
        server.submit(&shower(600.0, 2));
        let waiting = server.submit(&shower(600.0, 3));
        let within = server.get("/v1/jobs?minDuration=0").json();
        assert!(within["jobs"].as_array().unwrap().iter().all(|job| job["id"] != waiting.as_str()));
    });
}

#[test]
fn dismiss_job_dismiss_op_and_job_dismiss_success() {
    with_server(|server| {
        for accept in ["application/json", "text/html"] {
            let id = server.submit(&shower(60.0, 1));
            let answer = server.call("DELETE", &format!("/v1/jobs/{id}"), &[("accept", accept)], b"");
            assert_eq!(answer.status, 200);
            assert!(answer.header("content-type").starts_with(accept));
            assert_eq!(server.job(&id)["status"], "dismissed");
        }
    });
}

#[test]
fn html_definition_and_content() {
    with_server(|server| {
        let id = server.submit(&shower(1.0, 1));
        server.wait(&id, "successful");
        let job = format!("/v1/jobs/{id}");
        let paths = ["/v1", "/v1/conformance", "/v1/processes", "/v1/processes/echo", "/v1/jobs"].map(String::from);
        let of_job = ["", "/results", "/frames"].map(|part| format!("{job}{part}"));
        for path in paths.iter().chain(&of_job).chain([&format!("/maps/{id}")]) {
            let page = server.call("GET", path, &[("accept", "text/html,application/xhtml+xml")], b"");
            assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
            let text = String::from_utf8(page.bytes).unwrap();
            assert!(text.starts_with("<!doctype html>") && text.contains("<h1>"), "{path}");
        }
    });
}

#[test]
fn callback_job_callback() {
    let data = tempfile::tempdir().unwrap();
    let heard = Listener::start();
    let server = Server::start(data.path(), &["--callback-allow", &heard.url]);
    let subscriber = json!({
        "successUri": format!("{}/success", heard.url), "inProgressUri": format!("{}/progress", heard.url),
        "failedUri": format!("{}/failed", heard.url),
    });
    let body = json!({ "inputs": { "scenario": shower(1.0, 1) }, "subscriber": subscriber }).to_string();
    let id = server.execute(&body, &[]).json()["id"].as_str().unwrap().to_string();
    server.wait(&id, "successful");
    let (_, results) = heard.wait("/success");
    assert_eq!(results, server.get(&format!("/v1/jobs/{id}/results")).json());
    let (_, progress) = heard.wait("/progress");
    assert_eq!((&progress["jobID"], &progress["type"]), (&json!(id), &json!("process")));
    // One that fails says why.
    let bad = json!({ "title": "x", "city": { "terrain": "a.tif" }, "runoff": { "end_minutes": 5 } });
    let body = json!({ "inputs": { "scenario": bad, "files": { "a.tif": "no raster" } }, "subscriber": subscriber })
        .to_string();
    let id = server.execute(&body, &[]).json()["id"].as_str().unwrap().to_string();
    let (_, failed) = heard.wait("/failed");
    assert_eq!((&failed["jobID"], &failed["status"]), (&json!(id), &json!("failed")));
    // Nobody else is called.
    let body = json!({ "inputs": { "message": "x" }, "subscriber": { "successUri": "http://127.0.0.1:1/x" } });
    let answer = echo(&server, &body, "respond-async");
    assert!(answer.status == 400 && answer.json()["detail"].as_str().unwrap().contains("--callback-allow"));
}
