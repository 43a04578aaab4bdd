//! What the server answers. URLs are in `routes`, what is shared in [`State`].

use super::keys::{Caller, Role, peer, random, require};
use super::origin::origin;
use super::problem::Problem;
use super::processes::{PROCESSES, Process, find};
use super::request::{self, Execute, Wish};
use super::retention::remove;
use super::store::{Added, Filter, Job, Most, NewJob, NewPart, Output, now};
use super::times::{interval, utc};
use super::{State, archive, files, pages, uploads};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use hanze_engine::checksum::hex;
use hanze_engine::models;
use hanze_engine::scenario::Scenario;
use hanze_engine::whole::{self, Needed};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

pub type Answer = Result<Response, Problem>;
/// Names and values of a query, in their order; a name may come more than once.
pub type Query = Vec<(String, String)>;

/// Bytes of a request to execute.
const LARGEST_BODY: usize = 2 << 20;
/// Time that a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(20);
/// Objects and lists within each other; more is refused before it is read.
const DEEPEST: usize = 64;
const PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 1000;

/// JSON with a status.
pub fn answer(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(value.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.find("text/html").is_some_and(|html| accept.find("application/json").is_none_or(|json| html < json))
}

/// A page for people or its JSON for programs.
pub fn page(headers: &HeaderMap, title: &str, value: &Value) -> Response {
    let mut response = if wants_html(headers) {
        let mut response = Response::new(pages::html(title, value).into());
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
        response
    } else {
        answer(StatusCode::OK, value)
    };
    response.headers_mut().insert("vary", HeaderValue::from_static("accept"));
    response
}

/// `GET /v1`.
pub async fn landing(state: Arc<State>, headers: HeaderMap) -> Answer {
    Ok(page(&headers, "Hanze", &pages::landing(&origin(&state, &headers))))
}

/// `GET /v1/conformance`.
pub async fn conformance(headers: HeaderMap) -> Answer {
    Ok(page(&headers, "Conformance", &pages::conformance()))
}

/// `GET /v1/openapi.json`.
pub async fn openapi() -> Answer {
    let mut response = answer(StatusCode::OK, &pages::openapi());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/vnd.oai.openapi+json;version=3.0"));
    Ok(response)
}

/// Links of a document to itself, as JSON and as a page.
fn own_links(href: &str) -> Vec<Value> {
    vec![
        json!({ "href": href, "rel": "self", "type": "application/json" }),
        json!({ "href": href, "rel": "alternate", "type": "text/html", "title": "As a page" }),
    ]
}

/// `GET /v1/processes`.
pub async fn processes(state: Arc<State>, headers: HeaderMap, query: Query) -> Answer {
    let mut most = PROCESSES.len();
    for (name, value) in &query {
        match (name.as_str(), value.parse::<u64>()) {
            ("limit", Ok(limit)) if limit >= 1 => most = most.min(limit as usize),
            ("limit", _) => return Err(Problem::bad(format!("limit is a whole number from 1 to {LARGEST_PAGE}"))),
            _ => return Err(Problem::bad("no query of that name; there is limit")),
        }
    }
    let origin = origin(&state, &headers);
    let list: Vec<Value> = PROCESSES.iter().take(most).map(|process| process.summary(&origin)).collect();
    let links = own_links(&format!("{origin}/v1/processes"));
    Ok(page(&headers, "Processes", &json!({ "processes": list, "links": links })))
}

/// `GET /v1/processes/{id}`.
pub async fn process(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    let process = find(&id).ok_or_else(|| Problem::no_process(&id))?;
    Ok(page(&headers, &id, &process.description(&origin(&state, &headers))))
}

/// `POST /v1/processes/{id}/execution`.
pub async fn execute<S, B, E>(state: Arc<State>, id: String, headers: HeaderMap, body: S) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let caller = require(&state, &headers, Role::Submit).await?;
    let process = find(&id).ok_or_else(|| Problem::no_process(&id))?;
    let body = read(body).await?;
    is_json(&headers)?;
    // What is long to read keeps nobody else waiting.
    let prepared = {
        let state = state.clone();
        tokio::task::spawn_blocking(move || prepare(&state, process, &body)).await
    };
    let broken =
        |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request was not understood; please report it");
    let Prepared { execute, wish, sum, title, text, files, names, parts } = prepared.map_err(broken)??;
    let origin = origin(&state, &headers);
    let wish = Wish { origin: origin.clone(), ..wish };
    let prefer = headers.get("prefer").and_then(|prefer| prefer.to_str().ok()).unwrap_or("");
    let is_async = prefer.split([',', ';']).any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"));
    if process.is_echo() && !is_async {
        return Ok(echo(&text, !request::wants_document(&execute)));
    }
    // Only what can run leaves anything behind.
    uploads::keep(&state, files).await?;
    let data = state.args.data.clone();
    let _ = tokio::task::spawn_blocking(move || uploads::touch(&data, &names)).await;
    let job = submit(&state, &caller, process, &headers, &sum, &execute, &wish, &title, &text, &parts).await?;
    let mut response = answer(StatusCode::CREATED, &full_status(&state, &job, &origin).await?);
    let location = format!("{origin}/v1/jobs/{}", job.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert("location", location);
    }
    if is_async {
        response.headers_mut().insert("preference-applied", HeaderValue::from_static("respond-async"));
    }
    Ok(response)
}

/// A request that was read, and can run.
struct Prepared {
    execute: Execute,
    wish: Wish,
    /// Checksum of the body.
    sum: String,
    title: String,
    /// The scenario as it is kept, or the message of an echo.
    text: String,
    /// Files that came with it.
    files: Vec<(String, Vec<u8>)>,
    /// Names of all files of the scenario.
    names: Vec<String>,
    /// The runs of a whole scenario.
    parts: Vec<NewPart>,
}

/// Reads a body.
fn prepare(state: &State, process: &Process, body: &[u8]) -> Result<Prepared, Problem> {
    let execute = request::parse(body)?;
    request::check_names(&execute, &process.inputs())?;
    let wish = request::wish(&execute)?;
    let sum = hex(&Sha256::digest(body));
    if process.is_echo() {
        let text = request::text(&execute, "message", 10_000)?;
        let (title, files, names, parts) = ("Echo".into(), Vec::new(), Vec::new(), Vec::new());
        return Ok(Prepared { execute, wish, sum, title, text, files, names, parts });
    }
    let files = request::files(&execute)?;
    if process.is_whole() {
        let (all, kept) = request::whole(&execute, &state.args.data, &uploads::named(&files))?;
        request::check_whole(&all, state.args.max_cells, state.args.max_hours)?;
        request::priority(&execute)?;
        request::subscriber(&execute, &state.args.callback_allow)?;
        let first = all.first().ok_or_else(|| Problem::bad("inputs.scenario asks for nothing"))?;
        let (title, text, parts) = (first.spec.title.clone(), kept.text(), parts(&all)?);
        let mut names: Vec<String> = all.iter().flat_map(|scenario| scenario.spec.files()).collect();
        names.sort_unstable();
        names.dedup();
        return Ok(Prepared { execute, wish, sum, title, text, files, names, parts });
    }
    let (scenario, kept) = request::scenario(&execute, &state.args.data, &uploads::named(&files))?;
    if process.model() != Some(scenario.model()) {
        let id = models::named(scenario.model()).map_or("", |entry| entry.process);
        return Err(Problem::bad(format!(
            "inputs.scenario is for the process {id}; POST it to /v1/processes/{id}/execution"
        )));
    }
    request::check_before(&scenario, state.args.max_cells, state.args.max_hours)?;
    request::priority(&execute)?;
    request::subscriber(&execute, &state.args.callback_allow)?;
    let names = scenario.spec.files();
    let (title, text, parts) = (scenario.spec.title, kept.text(), Vec::new());
    Ok(Prepared { execute, wish, sum, title, text, files, names, parts })
}

/// The runs of a whole scenario as jobs.
fn parts(all: &[Scenario]) -> Result<Vec<NewPart>, Problem> {
    let of = |(scenario, needed): (&Scenario, Vec<Needed>)| {
        let entry = models::named(scenario.model());
        let process = entry.ok_or_else(|| Problem::bad("no process runs this section"))?.process;
        let section = scenario.section_label().unwrap_or(scenario.model());
        let title = format!("{}: {} [{section}]", scenario.spec.title, scenario.variant().unwrap_or("today"));
        let role = json!({ "variant": scenario.variant(), "section": section }).to_string();
        Ok(NewPart { id: random(), process, title, role, needs: whole::runs(&needed) })
    };
    all.iter().zip(whole::needed(all)).map(of).collect()
}

/// Who asks, as the log names them.
fn who(caller: &Caller) -> &str {
    if caller.name.is_empty() { "anyone" } else { &caller.name }
}

/// Writes into the log who did something with a job; secrets of keys are never there.
fn audit(state: &State, caller: &Caller, headers: &HeaderMap, job: &str, what: &str) {
    tracing::info!(target: "audit", who = who(caller), address = peer(state, headers), job, what);
}

/// The message itself, or in a document.
fn echo(message: &str, is_raw: bool) -> Response {
    if !is_raw {
        return answer(StatusCode::OK, &json!({ "message": message }));
    }
    let mut response = Response::new(message.to_string().into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Sees that a body is JSON, by what its sender says of it. `curl -d` calls everything a form, so that counts as saying nothing.
///
/// # Errors
/// 415 for any other type.
pub fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(kind) = headers.get("content-type") else { return Ok(()) };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json");
    if is_json || kind == "application/x-www-form-urlencoded" {
        return Ok(());
    }
    let detail = "the body is of a type that is not taken here; send JSON, as Content-Type: application/json";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with("accept-post", "application/json"))
}

/// Puts a job into the queue.
#[allow(clippy::too_many_arguments, reason = "parts of one request, used here only")]
async fn submit(
    state: &State,
    caller: &Caller,
    process: &Process,
    headers: &HeaderMap,
    sum: &str,
    execute: &Execute,
    wish: &Wish,
    title: &str,
    scenario: &str,
    parts: &[NewPart],
) -> Result<Job, Problem> {
    let priority = request::priority(execute)?;
    if priority > 0 && caller.role < Role::Admin {
        return Err(Problem::new(StatusCode::FORBIDDEN, "a priority above 0 is for administrators"));
    }
    let idempotency = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or_default());
    if idempotency.is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Err(Problem::bad("the Idempotency-Key is empty, too long, or not plain text"));
    }
    let id = random();
    let new = NewJob {
        id: &id,
        process: process.id,
        title,
        key: &caller.name,
        scenario,
        idempotency,
        body: sum,
        priority,
        message: if parts.is_empty() { "waits for the device" } else { "waits for its runs" },
        wish: &serde_json::to_string(wish).unwrap_or_default(),
        subscriber: &request::subscriber(execute, &state.args.callback_allow)?,
        parts,
    };
    let most = Most {
        waiting: state.args.max_queue,
        waiting_of_key: state.args.max_queue_per_key,
        of_key_a_day: caller.jobs_per_day,
    };
    let later =
        |code: StatusCode, detail: String, seconds: &str| Problem::new(code, detail).with("retry-after", seconds);
    let (job, is_new) = match state.store.add(&new, &most).await? {
        Added::Job(job, is_new) => (job, is_new),
        Added::Full => {
            let detail = format!("{} jobs wait already; try again in a minute", most.waiting);
            return Err(later(StatusCode::SERVICE_UNAVAILABLE, detail, "60"));
        }
        Added::FullForKey => {
            let detail = format!("{} jobs of this key wait already; try again when some are done", most.waiting_of_key);
            return Err(later(StatusCode::TOO_MANY_REQUESTS, detail, "60"));
        }
        Added::Spent => {
            let detail =
                "this key has had the jobs that it may submit in 24 hours; ask whoever runs this server for more";
            return Err(later(StatusCode::TOO_MANY_REQUESTS, detail.into(), "3600"));
        }
    };
    if !is_new && job.body != sum {
        let detail = "this Idempotency-Key was used for another request; take a new one";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    if is_new {
        tracing::info!(job = job.id, process = process.id, title = job.title, "accepted");
        audit(state, caller, headers, &job.id, "submitted");
        state.worker.wake();
    }
    Ok(*job)
}

/// Takes a little more of a body that is too long, so that whoever sends it comes to the answer.
pub async fn drain<S, B, E>(mut body: Pin<&mut S>)
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut left = 8 << 20;
    while let Some(Ok(piece)) = body.next().await {
        if piece.remaining() >= left {
            return;
        }
        left -= piece.remaining();
    }
}

/// Reads a body that is neither too long, too slow nor too deep.
pub async fn read<S, B, E>(body: S) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let collect = async {
        let mut body = pin!(body);
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            let mut piece = piece.map_err(|_| Problem::bad("the body ended before it was whole"))?;
            if bytes.len() + piece.remaining() > LARGEST_BODY {
                drain(body).await;
                let detail = format!("a request may have {LARGEST_BODY} bytes; name large layers as data: instead");
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
            }
            bytes.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
        }
        Ok(Bytes::from(bytes))
    };
    let slow = || Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive");
    let bytes = tokio::time::timeout(BODY_TIME, collect).await.map_err(|_| slow())??;
    if is_deep(&bytes) {
        return Err(Problem::bad(format!("the body nests more than {DEEPEST} objects and lists")));
    }
    Ok(bytes)
}

/// Whether JSON nests more than is read. Brackets within texts are letters like others.
fn is_deep(json: &[u8]) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// How a job is (statusInfo), with links below an origin.
pub fn status_info(job: &Job, origin: &str) -> Value {
    let path = format!("{origin}/v1/jobs/{}", job.id);
    let mut links = vec![
        json!({ "href": path, "rel": "self", "type": "application/json" }),
        json!({ "href": format!("{path}/events"), "rel": "monitor", "type": "text/event-stream", "title": "Progress" }),
    ];
    if job.state == "successful" {
        links.push(json!({
            "href": format!("{path}/results"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/results",
            "type": "application/json", "title": "Results",
        }));
        links.push(json!({
            "href": format!("{path}/archive"), "rel": "enclosure", "type": "application/zip", "title": "All results in one file",
        }));
    }
    if let Some(whole) = &job.whole {
        let href = format!("{origin}/v1/jobs/{whole}");
        links.push(json!({ "href": href, "rel": "up", "type": "application/json", "title": "The whole scenario" }));
    }
    let shows = find(&job.process).and_then(Process::shows);
    if let (Some(shows), "running" | "successful") = (shows, job.state.as_str()) {
        let maps = format!("{origin}/maps/{}", job.id);
        let href = format!("{maps}/{}/preview.png", shows.name);
        links.push(json!({ "href": maps, "rel": "related", "type": "application/json", "title": "Maps" }));
        // It is there from the first frame on.
        links.push(json!({ "href": href, "rel": "preview", "type": "image/png", "title": "The newest frame" }));
    }
    let mut info = json!({
        "jobID": job.id, "id": job.id, "processID": job.process, "type": "process", "status": job.state,
        "title": job.title, "message": job.message, "progress": job.progress, "attempts": job.attempts,
        "created": utc(job.created), "updated": utc(job.updated), "links": links,
    });
    for (name, time) in [("started", job.started), ("finished", job.finished)] {
        if let Some(time) = time {
            info[name] = utc(time).into();
        }
    }
    info
}

/// How a job is; of a whole scenario with its runs, by variant and section.
async fn full_status(state: &State, job: &Job, origin: &str) -> Result<Value, Problem> {
    let mut info = status_info(job, origin);
    if find(&job.process).is_some_and(Process::is_whole) {
        let run = |job: &Job| {
            let mut run: Value =
                job.role.as_deref().and_then(|role| serde_json::from_str(role).ok()).unwrap_or_default();
            run["jobID"] = job.id.as_str().into();
            run["status"] = job.state.as_str().into();
            run["progress"] = job.progress.into();
            run["href"] = format!("{origin}/v1/jobs/{}", job.id).into();
            if job.state == "successful" {
                run["results"] = format!("{origin}/v1/jobs/{}/results", job.id).into();
            }
            run
        };
        info["runs"] = state.store.parts(&job.id).await?.iter().map(run).collect();
    }
    Ok(info)
}

async fn find_job(state: &State, id: &str) -> Result<Job, Problem> {
    state.store.job(id).await?.ok_or_else(|| Problem::no_job(id))
}

/// `GET /v1/jobs`.
pub async fn jobs(state: Arc<State>, headers: HeaderMap, query: Query) -> Answer {
    require(&state, &headers, Role::Read).await?;
    let mut filter = Filter { limit: PAGE, ..Filter::default() };
    for (name, value) in &query {
        match name.as_str() {
            "limit" => match value.parse() {
                Ok(limit) if limit >= 1 => filter.limit = LARGEST_PAGE.min(limit),
                _ => return Err(Problem::bad(format!("limit is a whole number from 1 to {LARGEST_PAGE}"))),
            },
            "status" => {
                for state in value.split(',') {
                    if !["accepted", "running", "successful", "failed", "dismissed"].contains(&state) {
                        let detail =
                            "status is accepted, running, successful, failed or dismissed, or some with commas";
                        return Err(Problem::bad(detail));
                    }
                    filter.states.push(state.into());
                }
            }
            "processID" => filter.processes.extend(value.split(',').map(String::from)),
            "type" if value == "process" => {}
            "type" => return Err(Problem::bad("type is process; there are no other jobs")),
            "datetime" => {
                let words = "datetime is a time such as 2026-11-25T14:00:00Z, or two with / between them, one of which may be ..";
                filter.created = interval(value).ok_or_else(|| Problem::bad(words))?;
            }
            "minDuration" | "maxDuration" => match value.parse() {
                Ok(seconds) if (0..=1_000_000_000).contains(&seconds) => {
                    filter.seconds[usize::from(name == "maxDuration")] = Some(seconds);
                }
                _ => return Err(Problem::bad("minDuration and maxDuration are whole seconds")),
            },
            "cursor" => {
                let after = value.parse::<i64>();
                filter.after = Some(after.map_err(|_| Problem::bad("cursor is not one from a previous page"))?);
            }
            _ => {
                return Err(Problem::bad(
                    "no query of that name; there are limit, status, processID, type, datetime, minDuration, maxDuration, cursor",
                ));
            }
        }
    }
    // One more tells whether there is a next page.
    let limit = filter.limit;
    filter.limit += 1;
    let mut jobs = state.store.jobs(&filter).await?;
    let origin = origin(&state, &headers);
    let with = |cursor: Option<String>| {
        let kept = query.iter().filter(|(name, _)| cursor.is_none() || name != "cursor").cloned();
        let parts: Vec<String> = kept
            .chain(cursor.clone().map(|cursor| ("cursor".to_string(), cursor)))
            .map(|(name, value)| format!("{name}={}", escaped(&value)))
            .collect();
        let all = format!("{origin}/v1/jobs");
        if parts.is_empty() { all } else { format!("{all}?{}", parts.join("&")) }
    };
    let mut links = own_links(&with(None));
    if jobs.len() as i64 > limit {
        jobs.truncate(limit as usize);
        if let Some(last) = jobs.last() {
            let href = with(Some(last.seq.to_string()));
            links.push(json!({ "href": href, "rel": "next", "type": "application/json" }));
        }
    }
    let list: Vec<Value> = jobs.iter().map(|job| status_info(job, &origin)).collect();
    Ok(page(&headers, "Jobs", &json!({ "jobs": list, "links": links })))
}

/// A value as a query holds it (RFC 3986, section 3.4).
pub fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(escape).collect()
}

/// `GET /v1/jobs/{id}`.
pub async fn job(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    let info = full_status(&state, &job, &origin(&state, &headers)).await?;
    Ok(page(&headers, &job.title, &info))
}

/// `DELETE /v1/jobs/{id}`.
pub async fn dismiss(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    let caller = require(&state, &headers, Role::Submit).await?;
    let job = find_job(&state, &id).await?;
    if job.key != caller.name && caller.role < Role::Admin {
        let detail = "this job is of another key; ask whoever submitted it, or an administrator";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    // On a task of its own: a caller that goes away must not leave rows without files or files without rows.
    let dismissing = {
        let (state, id) = (state.clone(), id.clone());
        tokio::spawn(async move { remove(&state, &id, "dismissed on request").await })
    };
    audit(&state, &caller, &headers, &id, "dismissed");
    dismissing.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the job was not dismissed"))??;
    let job = find_job(&state, &id).await?;
    Ok(page(&headers, &job.title, &status_info(&job, &origin(&state, &headers))))
}

fn link(origin: &str, job: &str, output: &Output) -> Value {
    json!({
        "href": format!("{origin}/v1/jobs/{job}/results/{}", output.output),
        "type": output.media_type,
        "title": output.description,
        "name": output.name,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "rel": "item",
    })
}

/// Results of a job that its request asked for: links by name, below an origin, or for what is short the value.
pub async fn results_document(state: &State, job: &Job, origin: &str) -> Result<Value, Problem> {
    let wish: Wish = serde_json::from_str(&job.wish).unwrap_or_default();
    let outputs = state.store.outputs(&job.id).await?;
    let is_wanted = |output: &&Output| wish.outputs.is_empty() || wish.outputs.contains(&output.output);
    if find(&job.process).is_some_and(|process| process.is_echo()) {
        return Ok(json!({ "message": echoed(state, &outputs).await? }));
    }
    let links = outputs.iter().filter(is_wanted).map(|output| (output.output.clone(), link(origin, &job.id, output)));
    Ok(Value::Object(links.collect()))
}

/// The message that an echo gave back.
async fn echoed(state: &State, outputs: &[Output]) -> Result<String, Problem> {
    let lost =
        || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the result cannot be read; tell whoever runs this server");
    let output = outputs.first().ok_or_else(lost)?;
    state.artifacts.check(std::slice::from_ref(output)).await?;
    tokio::fs::read_to_string(state.artifacts.path(&output.sha256)).await.map_err(|_| lost())
}

/// Why a job has no results, if it has none.
fn has_results(job: &Job) -> Result<(), Problem> {
    match job.state.as_str() {
        "successful" => Ok(()),
        "failed" => {
            let kind = job.failure.as_deref().unwrap_or("NoApplicableCode");
            Err(Problem::failed(kind, format!("the job failed: {}", job.message)))
        }
        "dismissed" => Err(Problem::new(StatusCode::GONE, "the job was dismissed, and its results with it")),
        _ => {
            let detail = format!(
                "the job is not finished ({} %); its frames are there already: {}/frames",
                job.progress, job.id
            );
            Err(Problem::not_ready(detail))
        }
    }
}

/// `GET /v1/jobs/{id}/results`.
pub async fn results(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    let caller = require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    has_results(&job)?;
    audit(&state, &caller, &headers, &id, "read results");
    let wish: Wish = serde_json::from_str(&job.wish).unwrap_or_default();
    let origin = origin(&state, &headers);
    if !wish.is_raw {
        let document = results_document(&state, &job, &origin).await?;
        return Ok(page(&headers, &format!("Results: {}", job.title), &document));
    }
    let outputs = state.store.outputs(&id).await?;
    let process = find(&job.process);
    if process.is_some_and(|process| process.is_echo()) {
        return Ok(echo(&echoed(&state, &outputs).await?, true));
    }
    // Links in the head, and no body. Where none was named, those of the process's description.
    let described = process.map(Process::outputs).unwrap_or_default();
    let wanted = if wish.outputs.is_empty() { &described } else { &wish.outputs };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    for output in outputs.iter().filter(|output| wanted.contains(&output.output)) {
        let link = format!(
            "<{origin}/v1/jobs/{id}/results/{}>; rel=\"http://www.opengis.net/def/rel/ogc/1.0/results\"; title=\"{}\"; type=\"{}\"",
            output.output, output.output, output.media_type
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().append("link", link);
        }
    }
    Ok(response)
}

/// `GET /v1/jobs/{id}/archive`: all results in one file.
pub async fn archive(state: Arc<State>, id: String, headers: HeaderMap, is_head: bool) -> Answer {
    let caller = require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    has_results(&job)?;
    let outputs = state.store.outputs(&id).await?;
    let checked = state.artifacts.check(&outputs).await;
    // What was summed up of a damaged file counts no more.
    checked.inspect_err(|_| state.archives.forget(&outputs))?;
    audit(&state, &caller, &headers, &id, "read all results");
    archive::send(&state, &id, outputs, &headers, is_head).await
}

/// `GET /v1/jobs/{id}/frames`: the layers in time that are there so far, also while the job runs.
pub async fn frames(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    require(&state, &headers, Role::Read).await?;
    find_job(&state, &id).await?;
    let outputs = state.store.outputs(&id).await?;
    let is_frame = |output: &&Output| output.name.starts_with("frames/") && output.name.ends_with(".tif");
    let origin = origin(&state, &headers);
    let frames: Vec<Value> = outputs.iter().filter(is_frame).map(|output| link(&origin, &id, output)).collect();
    Ok(page(&headers, "Frames", &json!({ "frames": frames })))
}

/// `GET /v1/jobs/{id}/results/{output}`.
pub async fn result(state: Arc<State>, id: String, output: String, headers: HeaderMap, is_head: bool) -> Answer {
    let caller = require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    if job.state == "dismissed" {
        return Err(Problem::new(StatusCode::GONE, "the job was dismissed, and its results with it"));
    }
    let found = state.store.output(&id, &output).await?.ok_or_else(|| {
        let detail = format!("there is no such result of this job; /v1/jobs/{id}/results lists them");
        if job.state == "successful" { Problem::new(StatusCode::NOT_FOUND, detail) } else { Problem::not_ready(detail) }
    })?;
    state.artifacts.check(std::slice::from_ref(&found)).await?;
    audit(&state, &caller, &headers, &id, &format!("read {}", found.output));
    let mut response = files::send(&state.artifacts.path(&found.sha256), &found, &headers, is_head).await?;
    // What a table is and whom to name for it (Model for Tabular Data and Metadata on the Web, section 5.2).
    if found.media_type == "text/csv"
        && let Some(metadata) = state.store.output(&id, &format!("{}-metadata-json", found.output)).await?
    {
        let href = format!("{}/v1/jobs/{id}/results/{}", origin(&state, &headers), metadata.output);
        let link = format!("<{href}>; rel=\"describedby\"; type=\"{}\"", metadata.media_type);
        files::set(&mut response, "link", &link);
    }
    Ok(response)
}

/// `GET /healthz`: the process answers.
pub async fn health() -> Answer {
    Ok(answer(StatusCode::OK, &json!({ "status": "ok" })))
}

/// `GET /readyz`: it takes work.
pub async fn ready(state: Arc<State>) -> Answer {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"));
    }
    if !state.worker.is_ready() {
        let detail = "no worker can compute now: it is being started again; the server's log says why";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "5"));
    }
    state.store.newest_event().await?;
    Ok(answer(StatusCode::OK, &json!({ "status": "ready" })))
}

/// `GET /metrics`, for Prometheus.
pub async fn metrics(state: Arc<State>) -> Answer {
    let mut text = String::from("# HELP hanze_jobs Jobs by state.\n# TYPE hanze_jobs gauge\n");
    let counts = state.store.counts().await?;
    for name in ["accepted", "running", "successful", "failed", "dismissed"] {
        let count = counts.iter().find(|(state, _)| state == name).map_or(0, |(_, count)| *count);
        text += &format!("hanze_jobs{{state=\"{name}\"}} {count}\n");
    }
    text += "# HELP hanze_time_seconds The server's clock.\n# TYPE hanze_time_seconds gauge\n";
    text += &format!("hanze_time_seconds {}\n", now() / 1000);
    let mut response = Response::new(text.into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; version=0.0.4"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_within_texts_nest_nothing() {
        let deep = |brackets: usize| format!("{}{}", "[".repeat(brackets), "]".repeat(brackets));
        for (json, expected) in [
            (deep(DEEPEST), false),
            (deep(DEEPEST + 1), true),
            (format!("\"{}\"", deep(1000)), false),
            (format!("\"\\\"{}\"", deep(1000)), false),
            (format!("\"\\\\\"{}", deep(1000)), true),
            (format!("[\"]]]\",{}]", deep(DEEPEST)), true),
            (format!("{{\"a\":\"{}\",\"b\":{}}}", "{".repeat(99), deep(DEEPEST - 1)), false),
            ("\"\\".into(), false),
        ] {
            assert_eq!(is_deep(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn bodies_are_json_by_what_is_said_of_them() {
        let said = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(kind));
            is_json(&headers).is_ok()
        };
        assert!(is_json(&HeaderMap::new()).is_ok());
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/geo+json",
            "application/x-www-form-urlencoded",
        ] {
            assert!(said(good), "{good}");
        }
        for bad in
            ["text/xml", "application/xml", "text/plain", "multipart/form-data; boundary=x", "text/json+x", "", "json"]
        {
            assert!(!said(bad), "{bad}");
        }
    }
}
