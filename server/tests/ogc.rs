//! Requirements of OGC API – Processes 1.0 (OGC 18-062r2) after the abstract tests of its annex A, each test named after those
//! that it looks at.

mod common;

use common::{Answer, Server, shower};
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

#[test]
fn core_landingpage_op_and_success() {
    with_server(|server| {
        let page = server.get("/v1");
        assert_eq!(page.status, 200);
        for rel in [
            "service-desc",
            "http://www.opengis.net/def/rel/ogc/1.0/conformance",
            "http://www.opengis.net/def/rel/ogc/1.0/processes",
            "http://www.opengis.net/def/rel/ogc/1.0/job-list",
        ] {
            assert!(rels(&page.json()).contains(&rel), "{rel}");
        }
        let links = page.json()["links"].clone();
        for link in links.as_array().unwrap() {
            assert_eq!(server.get(link["href"].as_str().unwrap()).status, 200, "{link}");
        }
    });
}

#[test]
fn core_api_definition_op_and_success() {
    with_server(|server| {
        let answer = server.get("/v1/openapi.json");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/vnd.oai.openapi+json;version=3.0")
        );
        assert_eq!(answer.json()["openapi"], "3.0.3");
    });
}

#[test]
fn core_conformance_op_and_success() {
    with_server(|server| {
        let list = server.get("/v1/conformance").json();
        for class in ["core", "json", "oas30", "job-list", "dismiss", "html", "ogc-process-description"] {
            let uri = json!(format!("http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{class}"));
            assert!(list["conformsTo"].as_array().unwrap().contains(&uri), "{class}");
        }
    });
}

#[test]
fn core_process_list_and_process_description() {
    with_server(|server| {
        let list = server.get("/v1/processes").json();
        assert!(rels(&list).contains(&"self"));
        for summary in list["processes"].as_array().unwrap() {
            for name in ["id", "version", "jobControlOptions", "outputTransmission", "links"] {
                assert!(!summary[name].is_null(), "{name} of {summary}");
            }
            let description = server.get(&format!("/v1/processes/{}", summary["id"].as_str().unwrap())).json();
            assert_eq!(description["id"], summary["id"]);
            for group in ["inputs", "outputs"] {
                for (name, field) in description[group].as_object().unwrap() {
                    assert!(field["schema"].is_object(), "{group}.{name}");
                }
            }
            assert!(rels(&description).contains(&"http://www.opengis.net/def/rel/ogc/1.0/execute"));
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
fn core_process_execute_sync_document() {
    with_server(|server| {
        for body in [
            "{\"inputs\":{\"message\":\"hello\"}}",
            "{\"inputs\":{\"message\":{\"value\":\"hello\"}},\"response\":\"document\"}",
        ] {
            let answer =
                server.call("POST", "/v1/processes/echo/execution", &[("prefer", "respond-sync")], body.as_bytes());
            assert_eq!((answer.status, &answer.json()["message"]), (200, &json!("hello")));
        }
        assert_eq!(
            server.call("POST", "/v1/processes/echo/execution", &[], b"{\"inputs\":{\"message\":3}}").status,
            400
        );
    });
}

#[test]
fn core_process_execute_async_and_job_and_results() {
    with_server(|server| {
        let body = json!({ "inputs": { "scenario": shower(1.0, 1) }, "response": "document" }).to_string();
        let answer = server.execute(&body, &[("prefer", "respond-async")]);
        assert_eq!((answer.status, answer.header("preference-applied")), (201, "respond-async"));
        let location = answer.header("location").to_string();
        let info = answer.json();
        assert_eq!(location, format!("/v1/jobs/{}", info["jobID"].as_str().unwrap()));
        assert_eq!(
            (&info["type"], &info["processID"], &info["id"]),
            (&json!("process"), &json!("rainfall-runoff"), &info["jobID"])
        );
        let id = info["jobID"].as_str().unwrap();
        if server.job(id)["status"] != "successful" {
            is_exception(&server.get(&format!("{location}/results")), 404, "result-not-ready");
        }
        let done = server.wait(id, "successful");
        assert!(rels(&done).contains(&"http://www.opengis.net/def/rel/ogc/1.0/results"));
        for name in ["created", "started", "finished", "updated"] {
            let time = done[name].as_str().unwrap();
            assert!(time.len() == 24 && time.ends_with('Z') && time.contains('T'), "{time}");
        }
        assert!(
            server.get(&format!("{location}/results")).json().as_object().is_some_and(|results| results.len() > 10)
        );
    });
}

#[test]
fn core_job_exception_no_such_job() {
    with_server(|server| {
        for path in
            ["/v1/jobs/nothing", "/v1/jobs/nothing/results", "/v1/jobs/nothing/events", "/v1/jobs/nothing/frames"]
        {
            is_exception(&server.get(path), 404, "no-such-job");
        }
        is_exception(&server.call("DELETE", "/v1/jobs/nothing", &[], b""), 404, "no-such-job");
    });
}

#[test]
fn job_list_links_filters_and_pages() {
    with_server(|server| {
        let ids: Vec<String> = (0..7).map(|seed| server.submit(&shower(30.0, seed))).collect();
        let mut seen = Vec::new();
        let mut path = "/v1/jobs?limit=3".to_string();
        loop {
            let page = server.get(&path).json();
            let jobs = page["jobs"].as_array().unwrap();
            assert!(jobs.len() <= 3);
            seen.extend(jobs.iter().map(|job| job["id"].as_str().unwrap().to_string()));
            let next = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").cloned();
            match next {
                Some(link) => path = link["href"].as_str().unwrap().to_string(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 7);
        assert!(ids.iter().all(|id| seen.contains(id)));
        assert_eq!(server.get("/v1/jobs?status=failed,dismissed").json()["jobs"], json!([]));
        assert_eq!(server.get("/v1/jobs?processID=echo").json()["jobs"], json!([]));
        let count = |query: &str| server.get(&format!("/v1/jobs?{query}")).json()["jobs"].as_array().map(Vec::len);
        assert_eq!(count("datetime=2020-01-01T00:00:00Z/.."), Some(7));
        assert_eq!(count("datetime=../2020-01-01T00:00:00Z"), Some(0));
        assert_eq!(count("minDuration=100000"), Some(0));
        assert_eq!(count("maxDuration=100000&limit=9").map(|jobs| jobs > 0), Some(true));
        assert_eq!(server.get("/v1/jobs?datetime=soon").status, 400);
        assert_eq!(
            server.get("/v1/jobs?processID=rainfall-runoff&type=process&limit=9").json()["jobs"]
                .as_array()
                .map(Vec::len),
            Some(7)
        );
    });
}

#[test]
fn dismiss_job_dismiss_op_and_success() {
    with_server(|server| {
        let id = server.submit(&shower(60.0, 1));
        let answer = server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("dismissed")));
        assert_eq!(server.job(&id)["status"], "dismissed");
    });
}

#[test]
fn html_definition_and_content() {
    with_server(|server| {
        server.submit(&shower(30.0, 1));
        for path in ["/v1", "/v1/processes", "/v1/processes/echo", "/v1/jobs"] {
            let page = server.call("GET", path, &[("accept", "text/html,application/xhtml+xml")], b"");
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
            let text = String::from_utf8(page.bytes).unwrap();
            assert!(text.starts_with("<!doctype html>") && text.contains("<h1>"), "{path}");
        }
    });
}
