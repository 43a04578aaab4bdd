//! What the server answers. URLs are in `routes`, what is shared in [`State`].

use super::files;
use super::keys::{Role, random, require};
use super::problem::Problem;
use super::processes::{PROCESSES, find};
use super::request::{self, Execute};
use super::retention::remove;
use super::store::{Added, Filter, Job, NewJob, Output, now};
use super::{State, pages};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use hanze_engine::checksum::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

pub type Answer = Result<Response, Problem>;

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
fn page(headers: &HeaderMap, title: &str, value: &Value) -> Response {
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
pub async fn landing(headers: HeaderMap) -> Answer {
    Ok(page(&headers, "Hanze", &pages::landing()))
}

/// `GET /v1/conformance`.
pub async fn conformance() -> Answer {
    Ok(answer(StatusCode::OK, &pages::conformance()))
}

/// `GET /v1/openapi.json`.
pub async fn openapi() -> Answer {
    let mut response = answer(StatusCode::OK, &pages::openapi());
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/vnd.oai.openapi+json;version=3.0"));
    Ok(response)
}

/// `GET /v1/processes`.
pub async fn processes(headers: HeaderMap) -> Answer {
    let list: Vec<Value> = PROCESSES.iter().map(|process| process.summary()).collect();
    let links = json!([{ "href": "/v1/processes", "rel": "self", "type": "application/json" }]);
    Ok(page(&headers, "Processes", &json!({ "processes": list, "links": links })))
}

/// `GET /v1/processes/{id}`.
pub async fn process(id: String, headers: HeaderMap) -> Answer {
    let process = find(&id).ok_or_else(|| Problem::no_process(&id))?;
    Ok(page(&headers, &id, &process.description()))
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
    let execute = request::parse(&body)?;
    if process.is_sync {
        let message = request::text(&execute, "message")?;
        return Ok(answer(StatusCode::OK, &json!({ "message": message })));
    }
    submit(&state, &caller.name, caller.role, &id, &headers, &body, &execute).await
}

async fn submit(
    state: &Arc<State>,
    key: &str,
    role: Role,
    process: &str,
    headers: &HeaderMap,
    body: &Bytes,
    execute: &Execute,
) -> Answer {
    let priority = request::priority(execute)?;
    if priority > 0 && role < Role::Admin {
        return Err(Problem::new(StatusCode::FORBIDDEN, "a priority above 0 is for administrators"));
    }
    let scenario = request::scenario(execute, &state.args.data)?;
    request::check_before(&scenario.spec, state.args.max_cells, state.args.max_hours)?;
    let idempotency = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or_default());
    if idempotency.is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Err(Problem::bad("the Idempotency-Key is empty, too long, or not plain text"));
    }
    let sum = hex(&Sha256::digest(body));
    let id = random();
    let new = NewJob {
        id: &id,
        process,
        title: &scenario.spec.title,
        key,
        scenario: &scenario.text,
        idempotency,
        body: &sum,
        priority,
        message: "waits for the device",
    };
    let (most, most_of_key) = (state.args.max_queue, state.args.max_queue_per_key);
    let (job, is_new) = match state.store.add(&new, most, most_of_key).await? {
        Added::Job(job, is_new) => (job, is_new),
        Added::Full => {
            let detail = format!("{most} jobs wait already; try again in a minute");
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "60"));
        }
        Added::FullForKey => {
            let detail = format!("{most_of_key} jobs of this key wait already; try again when some are done");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry-after", "60"));
        }
    };
    if !is_new && job.body != sum {
        let detail = "this Idempotency-Key was used for another request; take a new one";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    if is_new {
        tracing::info!(job = job.id, process, title = job.title, "accepted");
        state.queue.notify_one();
    }
    let mut response = answer(StatusCode::CREATED, &status_info(&job));
    let has_preference = headers.contains_key("prefer");
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)) {
        headers.insert("location", location);
    }
    if has_preference {
        headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    }
    Ok(response)
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
async fn read<S, B, E>(body: S) -> Result<Bytes, Problem>
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
    let mut depth = 0usize;
    for byte in &bytes {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Problem::bad(format!("the body nests more than {DEEPEST} objects and lists")));
        }
    }
    Ok(bytes)
}

/// A time as 2026-11-25T14:05:03.250Z.
fn utc(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = hanze_engine::simulation::day(day.max(0) as u64);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    format!("{date}T{clock}.{:03}Z", milliseconds.rem_euclid(1000))
}

/// An interval of times: one, or two with `/` between them, `..` or nothing for open ends.
fn interval(text: &str) -> Option<[Option<i64>; 2]> {
    let end = |text: &str| if matches!(text, "" | "..") { Some(None) } else { milliseconds(text).map(Some) };
    match text.split_once('/') {
        Some((from, to)) => Some([end(from)?, end(to)?]),
        None => milliseconds(text).map(|time| [Some(time), Some(time + 999)]),
    }
}

/// A time in UTC such as 2026-11-25T14:05:03Z or 2026-11-25T14:05:03.250Z, in milliseconds since 1970.
fn milliseconds(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, between: char| -> Option<Vec<i64>> {
        let is_number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        text.split(between).map(|part| if is_number(part) { part.parse().ok() } else { None }).collect()
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let (date, clock) = (numbers(date, '-')?, numbers(clock, ':')?);
    let ([year, month, day], [hour, minute, second]) = (date[..].try_into().ok()?, clock[..].try_into().ok()?);
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let fraction: f64 =
        if fraction.bytes().all(|b| b.is_ascii_digit()) { format!("0.{fraction}").parse().ok()? } else { return None };
    // Days of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
    let (y, m): (i64, i64) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    (is_time && year >= 1970).then_some(seconds * 1000 + (fraction * 1000.0) as i64)
}

/// What OGC calls statusInfo.
fn status_info(job: &Job) -> Value {
    let path = format!("/v1/jobs/{}", job.id);
    let mut links = vec![
        json!({ "href": path, "rel": "self", "type": "application/json" }),
        json!({ "href": format!("{path}/events"), "rel": "monitor", "type": "text/event-stream", "title": "Progress" }),
    ];
    if job.state == "successful" {
        links.push(json!({
            "href": format!("{path}/results"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/results",
            "type": "application/json", "title": "Results",
        }));
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

async fn find_job(state: &State, id: &str) -> Result<Job, Problem> {
    state.store.job(id).await?.ok_or_else(|| Problem::no_job(id))
}

/// `GET /v1/jobs`.
pub async fn jobs(state: Arc<State>, headers: HeaderMap, query: HashMap<String, String>) -> Answer {
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
            "processID" => filter.process = Some(value.clone()),
            "type" if value == "process" => {}
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
                let after =
                    value.split_once('-').and_then(|(created, id)| Some((created.parse().ok()?, id.to_string())));
                filter.after = Some(after.ok_or_else(|| Problem::bad("cursor is none that a page before has given"))?);
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
    let mut links = vec![json!({ "href": "/v1/jobs", "rel": "self", "type": "application/json" })];
    if jobs.len() as i64 > limit {
        jobs.truncate(limit as usize);
        if let Some(last) = jobs.last() {
            let states =
                if filter.states.is_empty() { String::new() } else { format!("&status={}", filter.states.join(",")) };
            let process = filter.process.as_ref().map_or(String::new(), |process| format!("&processID={process}"));
            let kept = ["datetime", "minDuration", "maxDuration"];
            let kept =
                kept.iter().filter_map(|name| Some(format!("&{name}={}", query.get(*name)?.replace('+', "%2B"))));
            let (kept, cursor) = (kept.collect::<String>(), format!("{}-{}", last.created, last.id));
            let href = format!("/v1/jobs?limit={limit}&cursor={cursor}{states}{process}{kept}");
            links.push(json!({ "href": href, "rel": "next", "type": "application/json" }));
        }
    }
    let list: Vec<Value> = jobs.iter().map(status_info).collect();
    Ok(page(&headers, "Jobs", &json!({ "jobs": list, "links": links })))
}

/// `GET /v1/jobs/{id}`.
pub async fn job(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    Ok(page(&headers, &job.title, &status_info(&job)))
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
    dismissing.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the job was not dismissed"))??;
    let job = find_job(&state, &id).await?;
    Ok(answer(StatusCode::OK, &status_info(&job)))
}

fn link(job: &str, output: &Output) -> Value {
    json!({
        "href": format!("/v1/jobs/{job}/results/{}", output.output),
        "type": output.media_type,
        "title": output.description,
        "name": output.name,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "rel": "item",
    })
}

/// `GET /v1/jobs/{id}/results`.
pub async fn results(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    match job.state.as_str() {
        "successful" => {
            let outputs = state.store.outputs(&id).await?;
            let results: serde_json::Map<String, Value> =
                outputs.iter().map(|output| (output.output.clone(), link(&id, output))).collect();
            Ok(page(&headers, &format!("Results: {}", job.title), &results.into()))
        }
        "failed" => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the job failed: {}", job.message))),
        "dismissed" => Err(Problem::new(StatusCode::GONE, "the job was dismissed, and its results with it")),
        _ => {
            let detail =
                format!("the job is not finished ({} %); its frames are there already: {}/frames", job.progress, id);
            Err(Problem::not_ready(detail))
        }
    }
}

/// `GET /v1/jobs/{id}/frames`: the layers in time that are there so far, also while the job runs.
pub async fn frames(state: Arc<State>, id: String, headers: HeaderMap) -> Answer {
    require(&state, &headers, Role::Read).await?;
    find_job(&state, &id).await?;
    let outputs = state.store.outputs(&id).await?;
    let is_frame = |output: &&Output| output.name.starts_with("frames/") && output.name.ends_with(".tif");
    let frames: Vec<Value> = outputs.iter().filter(is_frame).map(|output| link(&id, output)).collect();
    Ok(answer(StatusCode::OK, &json!({ "frames": frames })))
}

/// `GET /v1/jobs/{id}/results/{output}`.
pub async fn result(state: Arc<State>, id: String, output: String, headers: HeaderMap, is_head: bool) -> Answer {
    require(&state, &headers, Role::Read).await?;
    let job = find_job(&state, &id).await?;
    if job.state == "dismissed" {
        return Err(Problem::new(StatusCode::GONE, "the job was dismissed, and its results with it"));
    }
    let found = state.store.output(&id, &output).await?.ok_or_else(|| {
        let detail = format!("there is no such result of this job; /v1/jobs/{id}/results lists them");
        if job.state == "successful" { Problem::new(StatusCode::NOT_FOUND, detail) } else { Problem::not_ready(detail) }
    })?;
    files::send(&state.artifacts.path(&found.sha256), &found, &headers, is_head).await
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
    fn times_are_read_as_they_are_written() {
        for time in [0, 1_795_618_799_250, 951_782_400_000, 4_102_444_799_000] {
            assert_eq!(milliseconds(&utc(time)), Some(time), "{}", utc(time));
        }
        assert_eq!(milliseconds("2000-02-29T00:00:00Z"), Some(951_782_400_000));
        for bad in [
            "",
            "Z",
            "2000-02-29",
            "2000-13-01T00:00:00Z",
            "2000-02-29T25:00:00Z",
            "x-1-1T0:0:0Z",
            "2000-02-29T00:00:00",
        ] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
        assert_eq!(interval("../2000-02-29T00:00:00Z"), Some([None, Some(951_782_400_000)]));
        assert_eq!(interval("2000-02-29T00:00:00Z/"), Some([Some(951_782_400_000), None]));
        assert_eq!(interval("yesterday/.."), None);
    }
}
