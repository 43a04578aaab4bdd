//! A request to execute a process, from untrusted JSON to a scenario that can run.

use super::callbacks;
use super::kept::Kept;
use super::problem::Problem;
use super::store::Subscriber;
use super::{texts, uploads};
use base64::Engine;
use hanze_engine::city::demo;
use hanze_engine::models::{self, Stored};
use hanze_engine::scenario::{self, Scenario, Spec};
use hanze_engine::whole;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use warp::http::StatusCode;

/// Runs of a whole scenario at most.
const MOST_RUNS: usize = 100;

/// The body of a request to execute.
#[derive(Deserialize)]
pub struct Execute {
    #[serde(default)]
    pub inputs: serde_json::Map<String, Value>,
    /// Outputs that are wanted; all, if none is named.
    #[serde(default)]
    outputs: serde_json::Map<String, Value>,
    response: Option<String>,
    subscriber: Option<Subscription>,
}

/// Whom to call (OGC 18-062r2, requirements class "callback").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    success_uri: Option<String>,
    in_progress_uri: Option<String>,
    failed_uri: Option<String>,
}

/// What a request asks of the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Whether the bare values or links are wanted instead of a document.
    pub is_raw: bool,
    /// Outputs that are wanted; all, if none is named.
    pub outputs: Vec<String>,
    /// Where the server was when it was asked, for links in calls.
    pub origin: String,
}

/// Reads a body.
pub fn parse(body: &[u8]) -> Result<Execute, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad("the body is not UTF-8"))?;
    serde_json::from_str(text).map_err(|error| {
        Problem::bad(format!(
            "the body is not a request to execute: {error}; write {{\"inputs\": {{\"scenario\": …}}}}"
        ))
    })
}

/// What a request asks of the answer. Outputs are names in URLs.
pub fn wish(execute: &Execute) -> Result<Wish, Problem> {
    let is_raw = match execute.response.as_deref() {
        None | Some("document") => false,
        Some("raw") => true,
        Some(_) => return Err(Problem::bad("response is document or raw")),
    };
    let outputs: Vec<String> = execute.outputs.keys().cloned().collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if outputs.len() > 100 || outputs.iter().any(|name| name.len() > 120 || !name.chars().all(is_plain)) {
        return Err(Problem::bad("outputs are names of results, such as max_depth-tif; 100 at most"));
    }
    Ok(Wish { is_raw, outputs, origin: String::new() })
}

/// Whether a document is asked for by name: what is answered at once comes raw without a word (OGC 18-062r2, execute.yaml). The
/// results of a job come as a document, which names them all.
pub fn wants_document(execute: &Execute) -> bool {
    execute.response.as_deref() == Some("document")
}

/// Whom to call, if they are allowed to be called.
pub fn subscriber(execute: &Execute, allowed: &[String]) -> Result<Subscriber, Problem> {
    let Some(Subscription { success_uri, in_progress_uri, failed_uri }) = &execute.subscriber else {
        return Ok(Subscriber::default());
    };
    for url in [success_uri, in_progress_uri, failed_uri].into_iter().flatten() {
        if !callbacks::is_allowed(url, allowed) {
            let detail = "subscriber names an address that this server does not call; whoever runs it allows some with \
                          --callback-allow https://example.org";
            return Err(Problem::bad(detail));
        }
    }
    Ok(Subscriber { success: success_uri.clone(), progress: in_progress_uri.clone(), failed: failed_uri.clone() })
}

/// Sees that a request has no inputs but those that a process knows.
pub fn check_names(execute: &Execute, known: &[String]) -> Result<(), Problem> {
    match execute.inputs.keys().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(_) => Err(Problem::bad(format!("the process has no such input; its inputs are {}", known.join(", ")))),
    }
}

/// An input, which OGC lets stand in an object under `value`, too (a qualified value).
fn input<'a>(execute: &'a Execute, name: &str) -> Result<Option<&'a Value>, Problem> {
    let Some(value) = execute.inputs.get(name) else { return Ok(None) };
    let Some(object) = value.as_object() else { return Ok(Some(value)) };
    let is_only = |names: &[&str]| object.keys().all(|key| names.contains(&key.as_str()));
    if object.contains_key("href") && is_only(&["href", "type", "rel", "title", "hreflang"]) {
        let detail = "a link, and this server fetches none; write the value itself, or POST the file to /v1/inputs and \
                      name it upload:CHECKSUM";
        return Err(Problem::bad(format!("inputs.{name} is {detail}")));
    }
    if object.contains_key("value") && is_only(&["value", "mediaType", "encoding", "schema", "format"]) {
        return Ok(object.get("value"));
    }
    Ok(Some(value))
}

/// A text input of so many letters at most.
pub fn text(execute: &Execute, name: &str, most: usize) -> Result<String, Problem> {
    match input(execute, name)? {
        Some(Value::String(text)) if text.chars().count() <= most => Ok(text.clone()),
        Some(Value::String(_)) => Err(Problem::bad(format!("inputs.{name} has more than {most} letters"))),
        Some(_) => Err(Problem::bad(format!("inputs.{name} is not a text"))),
        None => Err(Problem::bad(format!("inputs.{name} is missing"))),
    }
}

/// The priority, 0 where none is asked for.
pub fn priority(execute: &Execute) -> Result<i64, Problem> {
    match input(execute, "priority")? {
        None => Ok(0),
        Some(value) => match value.as_i64() {
            Some(priority) if (-10..=10).contains(&priority) => Ok(priority),
            _ => Err(Problem::bad("inputs.priority is not a whole number from -10 to 10")),
        },
    }
}

/// The scenario of one section, checked, and as it is kept. It may name stored scenarios and layers of the server's library (`data:`), and no
/// other file than uploads and those of the request, which have `named` as uploads.
pub fn scenario(execute: &Execute, data: &Path, named: &[(String, String)]) -> Result<(Scenario, Kept), Problem> {
    let one = |spec: &Spec| Scenario::of(Path::new("scenario"), spec).map(|scenario| vec![scenario]).map_err(unfit);
    let (mut all, kept) = read(execute, data, named, &one)?;
    let scenario = all.pop().ok_or_else(|| Problem::bad("inputs.scenario asks for nothing"))?;
    Ok((scenario, kept))
}

/// The same of a scenario with any number of sections, on today's city and on each variant, in the order in which they run.
pub fn whole(execute: &Execute, data: &Path, named: &[(String, String)]) -> Result<(Vec<Scenario>, Kept), Problem> {
    let all = |spec: &Spec| {
        // Before each of them takes memory.
        let runs = spec.sections().len() * (1 + spec.variant.len());
        if runs > MOST_RUNS {
            let detail = format!("inputs.scenario has {runs} runs, and a scenario here may have {MOST_RUNS}");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        scenario::all_of(Path::new("scenario"), spec).map(whole::order).map_err(unfit)
    };
    read(execute, data, named, &all)
}

fn unfit(error: hanze_engine::Error) -> Problem {
    Problem::bad(format!("inputs.scenario: {error}"))
}

fn read(
    execute: &Execute,
    data: &Path,
    named: &[(String, String)],
    of: &dyn Fn(&Spec) -> Result<Vec<Scenario>, Problem>,
) -> Result<(Vec<Scenario>, Kept), Problem> {
    let missing = "inputs.scenario is missing; give a scenario or the name of a stored one";
    let value = input(execute, "scenario")?.ok_or_else(|| Problem::bad(missing))?;
    texts::check(value)?;
    let kept = Kept::new(value.clone(), named);
    // No file is opened before it is known that the scenario may name it.
    let spec = kept.spec().map_err(Problem::bad)?;
    let all = of(&spec)?;
    let files = spec.files();
    for name in &files {
        if let Some(sum) = uploads::checksum(name) {
            let is_sent = named.iter().any(|(_, upload)| upload == name);
            if !is_sent && !uploads::folder(data).join(sum).exists() {
                let detail = "names an upload that is not here; POST the file to /v1/inputs first";
                return Err(Problem::bad(format!("inputs.scenario {detail}")));
            }
        } else if !is_in_library(name) {
            let detail = "names a file that is not of this server's library; layers are named data:FOLDER/FILE there, and \
                          uploads upload:CHECKSUM.tif";
            return Err(Problem::bad(format!("inputs.scenario {detail}")));
        }
    }
    // Series of the library are looked at now; uploads lie where the job will find them, and are looked at there.
    if files.iter().any(|name| uploads::checksum(name).is_some()) {
        return Ok((all, kept));
    }
    let all = all.into_iter().map(Scenario::with_files).collect::<Result<Vec<_>, _>>().map_err(unfit)?;
    Ok((all, kept))
}

/// Scenarios that every server knows by name.
pub fn stored() -> impl Iterator<Item = &'static Stored> {
    models::all().iter().flat_map(|entry| entry.stored)
}

/// Whether a name leads into the library and nowhere else.
fn is_in_library(name: &str) -> bool {
    let Some(name) = name.strip_prefix("data:") else { return false };
    let is_plain = |part: &str| {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(is_allowed)
    };
    name.len() <= 300 && name.split('/').all(is_plain)
}

/// Files that are part of the request, by name: their bytes.
pub fn files(execute: &Execute) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let Some(files) = input(execute, "files")? else { return Ok(Vec::new()) };
    let words = "inputs.files is an object of files by name, each {\"value\": …, \"encoding\": \"base64\"}, or a text";
    let files = files.as_object().ok_or_else(|| Problem::bad(words))?;
    if files.len() > 20 {
        return Err(Problem::bad("inputs.files has more than 20 files"));
    }
    let file = |(name, value): (&String, &Value)| {
        if !uploads::is_name(name) {
            let endings = uploads::endings().join(", ");
            return Err(Problem::bad(format!(
                "inputs.files has names of letters, digits, _, - and ., with an ending of {endings}"
            )));
        }
        let is_base64 = value["encoding"] == "base64";
        let text = value.as_str().or(value["value"].as_str()).ok_or_else(|| Problem::bad(words))?;
        let bytes = if is_base64 {
            let bad = |error| Problem::bad(format!("inputs.files.{name} is not base64: {error}"));
            base64::engine::general_purpose::STANDARD.decode(text).map_err(bad)?
        } else {
            text.as_bytes().to_vec()
        };
        Ok((name.clone(), bytes))
    };
    files.iter().map(file).collect()
}

/// What a job will take.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    pub cells: f64,
    pub hours: f64,
}

/// What a scenario on a demo city will take; of a city of files only the worker knows the cells.
pub fn estimate(scenario: &Scenario, cells: Option<f64>) -> Option<Estimate> {
    let demo = scenario.spec.city.demo.as_ref();
    let cells = cells.or(demo.map(|d| (d.width_m / d.cell_m).round() * (d.height_m / d.cell_m).round()))?;
    let hours = (models::named(scenario.model())?.estimate)(scenario, cells)?;
    Some(Estimate { cells, hours })
}

/// Refuses what is too large, with what it would take and what is allowed.
pub fn check(estimate: Estimate, most_cells: u64, most_hours: f64) -> Result<(), String> {
    let Estimate { cells, hours } = estimate;
    let mend = "take a larger cell, a smaller part or a shorter time (of runoff, order = 1)";
    if cells > most_cells as f64 {
        return Err(format!("the city has {cells:.0} cells, and a job here may have {most_cells}; {mend}"));
    }
    if hours > most_hours {
        return Err(format!("this would take about {hours:.1} hours, and a job here may take {most_hours}; {mend}"));
    }
    Ok(())
}

/// [`check`] as a problem, and whether there is such a demo city.
pub fn check_before(scenario: &Scenario, most_cells: u64, most_hours: f64) -> Result<(), Problem> {
    if let Some(d) = &scenario.spec.city.demo {
        demo::check(d.width_m, d.height_m, d.cell_m).map_err(|error| Problem::bad(error.to_string()))?;
    }
    let Some(estimate) = estimate(scenario, None) else { return Ok(()) };
    check(estimate, most_cells, most_hours).map_err(|detail| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
}

/// Refuses a whole scenario whose runs are too large, each or all together.
pub fn check_whole(all: &[Scenario], most_cells: u64, most_hours: f64) -> Result<(), Problem> {
    let mut hours = 0.0;
    for scenario in all {
        check_before(scenario, most_cells, most_hours)?;
        hours += estimate(scenario, None).map_or(0.0, |estimate| estimate.hours);
    }
    if hours > most_hours {
        let detail = format!(
            "its {} runs would take about {hours:.1} hours together, and a job here may take {most_hours}; take fewer variants, a \
             larger cell or a smaller part",
            all.len()
        );
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(scenario: Value) -> Result<Scenario, Problem> {
        let body = serde_json::json!({ "inputs": { "scenario": scenario } }).to_string();
        scenario_of(&body)
    }

    fn scenario_of(body: &str) -> Result<Scenario, Problem> {
        scenario(&parse(body.as_bytes())?, Path::new("nowhere"), &[]).map(|(scenario, _)| scenario)
    }

    #[test]
    fn only_the_library_can_be_named() {
        for name in ["data:terrain/dem.tif", "data:a/b-c_d/e.1.tif"] {
            assert!(is_in_library(name), "{name}");
        }
        let bad = [
            "/etc/passwd",
            "../x.tif",
            "data:../x",
            "data:a/../../x",
            "data:/etc/passwd",
            "data:a//b",
            "data:",
            "x.tif",
        ];
        for name in
            bad.into_iter().chain(["data:a\\b", "data:.git/x", "data:a/\u{0}", "data:http://x", "http://x/y.tif"])
        {
            assert!(!is_in_library(name), "{name}");
            let body = serde_json::json!({
                "title": "x", "city": { "terrain": name }, "runoff": { "end_minutes": 5 }
            });
            assert!(request(body).is_err(), "{name}");
        }
    }

    #[test]
    fn every_stored_scenario_is_known_and_has_a_cost() {
        for (entry, own) in models::all().iter().flat_map(|entry| entry.stored.iter().map(move |own| (entry, own))) {
            assert!(stored().filter(|other| other.name == own.name).count() == 1, "{} is stored twice", own.name);
            let scenario = scenario::parse_alone(Path::new(own.name), own.text.into());
            let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", own.name));
            assert_eq!(scenario.model(), entry.section(), "{}", own.name);
            let cost = estimate(&scenario, Some(1e6)).expect("an estimate");
            assert!(cost.hours > 0.0 && cost.hours < 100.0, "{}: {cost:?}", own.name);
        }
        let unknown =
            scenario_of("{\"inputs\": {\"scenario\": \"nothing\"}}").err().map(|problem| format!("{problem:?}"));
        assert!(unknown.is_some_and(|words| words.contains("cloudburst, ijssel-breach, heatwave")));
    }

    #[test]
    fn scenarios_come_by_name_or_as_json() {
        assert!(scenario_of("{\"inputs\": {\"scenario\": \"cloudburst\"}}").is_ok());
        assert!(scenario_of("{\"inputs\": {\"scenario\": {\"value\": \"cloudburst\"}}}").is_ok());
        let demo = serde_json::json!({ "seed": 1, "width_m": 200, "height_m": 200, "cell_m": 2 });
        let good = serde_json::json!({
            "title": "x", "city": { "demo": demo }, "runoff": { "end_minutes": 5, "rain": { "mm_per_hour": 20 } }
        });
        assert!(request(good.clone()).is_ok());
        for (path, value) in [("model", Value::from("runoff")), ("nonsense", 1.into()), ("runoff", "much".into())] {
            let mut bad = good.clone();
            bad[path] = value;
            assert!(request(bad).is_err(), "{path}");
        }
        let words = |scenario: Value| request(scenario).err().map(|problem| format!("{problem:?}")).unwrap_or_default();
        let mut old = good.clone();
        (old["model"], old["time"]) = ("runoff".into(), serde_json::json!({ "end_minutes": 5 }));
        assert!(words(old.clone()).contains("end_minutes = 5 below [runoff] instead of [time]"), "{}", words(old));
        let mut two = good.clone();
        two["heat"] = serde_json::json!({ "end_minutes": 60, "weather": "hot-day", "date": "2019-07-25" });
        assert!(words(two.clone()).contains("has 2 sections: [runoff], [heat]; keep one"), "{}", words(two));
        for body in ["", "[]", "{\"inputs\": 3}", "{\"inputs\": {\"scenario\": \"nothing\"}}", "{\"inputs\": {}}"] {
            assert!(scenario_of(body).is_err(), "{body}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_cost() {
        let scenario = scenario_of("{\"inputs\": {\"scenario\": \"cloudburst\"}}").expect("stored");
        let cost = estimate(&scenario, None).expect("a demo");
        assert!((cost.cells - 1e6).abs() < 1.0 && (0.05..1.0).contains(&cost.hours), "{cost:?}");
        assert!(check(cost, 2_000_000, 2.0).is_ok());
        assert!(check(cost, 999_999, 2.0).is_err_and(|words| words.contains("1000000 cells")));
        assert!(check(cost, 2_000_000, 0.01).is_err_and(|words| words.contains("hours")));
    }
}
