//! Whole scenarios on the job server: a job for each run, one comparison, and what becomes of all if one fails or is dismissed.

use crate::common::{Server, hanze};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A small town in two variants, asked for water and traffic; grass touches no trip.
fn scenario() -> Value {
    let city = hanze_engine::city::demo::demo(1, 400.0, 300.0, 4.0).unwrap();
    let (west, south) = (city.grid.west + 100.0, city.grid.south() + 100.0);
    let area = json!([[west, south], [west + 120.0, south], [west + 120.0, south + 80.0], [west, south + 80.0]]);
    json!({
        "title": "Two squares",
        "city": { "demo": { "seed": 1, "width_m": 400, "height_m": 300, "cell_m": 4 } },
        "runoff": { "end_minutes": 10, "order": 1, "rain": { "mm_per_hour": 60, "minutes": 10 } },
        "traffic": { "end_minutes": 60, "demand": { "gate_trips": 500 } },
        "variant": [
            { "name": "Grass", "edit": [{ "what": "cover", "area": area, "becomes": "grass" }] },
            { "name": "Half", "set": [{ "key": "runoff.rain.mm_per_hour", "times": 0.5 }] },
        ],
    })
}

fn submit(server: &Server, scenario: &Value) -> (u16, Value) {
    let body = json!({ "inputs": { "scenario": scenario } }).to_string();
    let answer = server.call("POST", "/v1/processes/scenario/execution", &[], body.as_bytes());
    (answer.status, answer.json())
}

fn runs(job: &Value) -> Vec<Value> {
    job["runs"].as_array().unwrap_or_else(|| panic!("no runs in {job}")).clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn each_run_is_a_job_and_the_comparison_is_made_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (status, accepted) = submit(&server, &scenario());
    assert_eq!(status, 201, "{accepted}");
    let all = runs(&accepted);
    let names: Vec<(&str, &str)> = all.iter().map(|run| (text(&run["variant"]), text(&run["section"]))).collect();
    assert_eq!(
        names,
        [
            ("", "runoff"),
            ("", "traffic"),
            ("Grass", "runoff"),
            ("Grass", "traffic"),
            ("Half", "runoff"),
            ("Half", "traffic")
        ]
    );
    let id = text(&accepted["id"]);
    let done = server.wait(id, "successful");
    assert!(runs(&done).iter().all(|run| run["status"] == "successful"), "{done}");
    // Each run is an ordinary job with results of its own, and says where it belongs.
    let grass = &runs(&done)[2];
    let job = server.job(text(&grass["jobID"]));
    assert_eq!(job["processID"], "rainfall-runoff");
    assert_eq!(job["title"], "Two squares: Grass [runoff]");
    let up = job["links"].as_array().unwrap().iter().find(|link| link["rel"] == "up").expect("a link to the whole");
    assert!(text(&up["href"]).ends_with(&format!("/v1/jobs/{id}")));
    let results = server.get(text(&grass["results"])).json();
    assert!(results["max_depth-tif"]["bytes"].as_u64().unwrap() > 100);
    // What grass does not reach is not computed again: the same files, and the device was not asked.
    let sums = |run: &Value| server.sums(text(&run["jobID"]));
    let all = runs(&done);
    assert_eq!(sums(&all[1]), sums(&all[3]));
    assert_eq!(sums(&all[1]), sums(&all[5]));
    assert_ne!(sums(&all[0]), sums(&all[2]));
    let log = crate::common::log_of(data.path());
    assert_eq!(log.matches("is the same run").count(), 2, "{log}");
    // The comparison is the result of the whole.
    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    for name in [
        "whole-json",
        "comparison-indicators-png",
        "comparison-runoff-comparison-json",
        "comparison-runoff-indicators-csv",
    ] {
        let link = &results[name];
        let file = server.get(text(&link["href"]));
        assert_eq!(
            (file.status, file.bytes.len() as u64),
            (200, link["bytes"].as_u64().unwrap_or(0)),
            "{name}: {results}"
        );
    }
    let whole = server.get(text(&results["whole-json"]["href"])).json();
    assert_eq!((whole["computed"].as_u64(), whole["reused"].as_u64()), (Some(4), Some(2)), "{whole}");
    let folder = format!("jobs/{}", text(&all[2]["jobID"]));
    assert_eq!(whole["runs"][2]["folder"], folder.as_str());
    let words = whole["comparisons"].to_string();
    assert!(words.contains("Half") && words.contains("vergeleken met"), "{words}");
    // Grass holds some of the water: the map of the difference is there.
    assert!(results["comparison-runoff-variant-1-difference_max_depth-tif"]["bytes"].as_u64().is_some(), "{results}");
}

#[test]
fn dismissing_the_whole_dismisses_its_runs_and_a_lost_run_fails_the_whole() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let long = |minutes: f64| {
        let mut long = scenario();
        long["runoff"]["end_minutes"] = minutes.into();
        long["runoff"]["rain"]["minutes"] = minutes.into();
        long["city"]["demo"]["cell_m"] = 2.into();
        long
    };
    let (_, job) = submit(&server, &long(600.0));
    let id = text(&job["id"]);
    let first = text(&runs(&job)[0]["jobID"]).to_string();
    server.wait(&first, "running");
    assert_eq!(server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"").status, 200);
    let began = Instant::now();
    loop {
        let job = server.job(id);
        if job["status"] == "dismissed" && runs(&job).iter().all(|run| run["status"] == "dismissed") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{job}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // One run alone: the whole cannot be compared.
    let (_, job) = submit(&server, &long(600.0));
    let (id, all) = (text(&job["id"]), runs(&job));
    server.wait(text(&all[0]["jobID"]), "running");
    assert_eq!(server.call("DELETE", &format!("/v1/jobs/{}", text(&all[0]["jobID"])), &[], b"").status, 200);
    let job = server.wait(id, "failed");
    assert!(text(&job["message"]).contains("a run that this one needs was dismissed"), "{job}");
    // The runs that start from it fail as well; those of traffic need it not.
    let states = |job: &Value| runs(job).iter().map(|run| text(&run["status"]).to_string()).collect::<Vec<_>>();
    let job = server.job(id);
    assert_eq!([&states(&job)[2][..], &states(&job)[4][..]], ["failed", "failed"], "{job}");
    assert!(states(&job)[1] != "failed");
}

#[test]
fn a_run_that_fails_fails_the_whole_with_its_variant_and_nobody_waits_for_ever() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut bad = scenario();
    // A house on the street: only the city knows.
    let area = bad["variant"][0]["edit"][0]["area"].clone();
    bad["variant"][1] = json!({ "name": "Blocks", "edit": [{ "what": "building", "area": area, "height_m": 9 }] });
    let (status, job) = submit(&server, &bad);
    assert_eq!(status, 201, "{job}");
    let job = server.wait(text(&job["id"]), "failed");
    let message = text(&job["message"]);
    assert!(message.contains("the run \"Two squares: Blocks [") && message.contains("variant[1].edit[0]"), "{message}");
    let began = Instant::now();
    while runs(&server.job(text(&job["id"]))).iter().any(|run| ["accepted", "running"].contains(&text(&run["status"])))
    {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", server.job(text(&job["id"])));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_power_cut_loses_no_run_of_a_whole() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (_, job) = submit(&server, &scenario());
    let (id, all) = (text(&job["id"]).to_string(), runs(&job));
    server.wait(text(&all[0]["jobID"]), "successful");
    let before = server.sums(text(&all[0]["jobID"]));
    server.stop("KILL");
    let server = Server::start(data.path(), &[]);
    let done = server.wait(&id, "successful");
    assert!(runs(&done).iter().all(|run| run["status"] == "successful"), "{done}");
    assert_eq!(server.sums(text(&all[0]["jobID"])), before);
}

#[test]
fn limits_count_all_runs() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-queue", "6", "--max-cells", "100000"]);
    let (status, told) = submit(&server, &scenario());
    assert_eq!(status, 503, "{told}");
    let mut one = scenario();
    one.as_object_mut().unwrap().remove("variant");
    one.as_object_mut().unwrap().remove("traffic");
    // A scenario of one run is one, too; there is nothing to compare.
    let (status, job) = submit(&server, &one);
    assert_eq!(status, 201, "{job}");
    let id = text(&job["id"]);
    server.wait(id, "successful");
    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    assert_eq!(results.as_object().unwrap().keys().collect::<Vec<_>>(), ["whole-json"], "{results}");
    // Too large, each or together, is told before anything waits.
    let mut large = scenario();
    large["city"]["demo"] = json!({ "seed": 1, "width_m": 2000, "height_m": 2000, "cell_m": 4 });
    assert_eq!(submit(&server, &large).0, 422);
    let mut many = scenario();
    let variants: Vec<Value> = (0..60).map(|k| json!({ "name": format!("V{k}") })).collect();
    many["variant"] = variants.into();
    let (status, told) = submit(&server, &many);
    assert!(status == 422 && text(&told["detail"]).contains("122 runs"), "{told}");
    // Other processes take one run only, and say where this belongs.
    let body = json!({ "inputs": { "scenario": scenario() } }).to_string();
    let refused = server.execute(&body, &[]);
    assert_eq!(refused.status, 400);
    assert!(text(&refused.json()["detail"]).contains("variant"), "{}", refused.json());
}

#[test]
fn a_file_with_variants_is_submitted_and_fetched_from_the_command_line() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let folder = tempfile::tempdir().unwrap();
    let spec = hanze_engine::scenario::from_json(scenario()).unwrap();
    std::fs::write(folder.path().join("squares.toml"), toml::to_string(&spec).unwrap()).unwrap();
    let file = folder.path().join("squares.toml").display().to_string();
    let told = hanze(data.path(), &["submit", &file, "--server", &server.url]);
    let id = told.split([':', '\n', ' ']).next().unwrap_or_default().to_string();
    assert!(told.contains("finished"), "{told}");
    let out = folder.path().join("out").display().to_string();
    hanze(data.path(), &["fetch", &id, "--server", &server.url, "--out", &out]);
    for name in ["whole.json", "comparison/indicators.png", "base/runoff/max_depth.tif", "grass/traffic/links.csv"] {
        assert!(folder.path().join("out").join(name).exists(), "{name}");
    }
}
