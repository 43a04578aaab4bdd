//! URLs. What they answer is in `handlers`.

use super::handlers::{self, Answer, Query};
use super::packing::packed;
use super::problem::Problem;
use super::{State, events, keys, maps, uploads};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

/// All routes. Every answer, also that nothing is there, carries the API's version and who may read it from where.
pub fn all(state: Arc<State>) -> BoxedFilter<(Response,)> {
    let v1 = warp::path("v1");
    let given = {
        let state = state.clone();
        warp::any().map(move || state.clone())
    };
    let maps_state = state.clone();
    let headers = warp::header::headers_cloned();
    let end = warp::path::end;
    let id = || warp::path::param::<String>();
    let reads = || warp::get().or(warp::head()).unify();

    let landing = given.clone().and(v1).and(end()).and(reads()).and(headers).then(handlers::landing);
    let conformance =
        v1.and(warp::path("conformance")).and(end()).and(reads()).and(headers).then(handlers::conformance);
    let openapi = v1.and(warp::path("openapi.json")).and(end()).and(reads()).then(handlers::openapi);
    let processes = v1.and(warp::path("processes"));
    let process_list = given.clone().and(processes).and(end()).and(reads()).and(headers).and(warp::query::<Query>());
    let process_list = process_list.then(handlers::processes);
    let process = given.clone().and(processes).and(id()).and(end()).and(reads()).and(headers).then(handlers::process);
    let execution = processes.and(id()).and(warp::path("execution")).and(end()).and(warp::post());
    let execution = given.clone().and(execution).and(headers).and(warp::body::stream()).then(handlers::execute);
    let inputs = given.clone().and(v1).and(warp::path("inputs")).and(end()).and(warp::post()).and(headers);
    let inputs = inputs.and(warp::body::stream()).then(uploads::upload);
    let jobs = given.clone().and(v1).and(warp::path("jobs"));
    let job_list = jobs.clone().and(end()).and(reads()).and(headers).and(warp::query::<Query>());
    let job_list = job_list.then(handlers::jobs);
    let job = jobs.clone().and(id()).and(end()).and(reads()).and(headers).then(handlers::job);
    let dismiss = jobs.clone().and(id()).and(end()).and(warp::delete()).and(headers).then(handlers::dismiss);
    let results = jobs.clone().and(id()).and(warp::path("results"));
    let result_list = results.clone().and(end()).and(reads()).and(headers).then(handlers::results);
    let is_head = warp::method().map(|method| method == Method::HEAD);
    let result = results.and(id()).and(end()).and(reads()).and(headers).and(is_head).then(handlers::result);
    let archive = jobs.clone().and(id()).and(warp::path("archive")).and(end()).and(reads()).and(headers).and(is_head);
    let archive = archive.then(handlers::archive);
    let frames = jobs.clone().and(id()).and(warp::path("frames")).and(end()).and(reads()).and(headers);
    let frames = frames.then(handlers::frames);
    let stream = jobs.and(id()).and(warp::path("events")).and(end()).and(warp::get()).and(headers);
    let stream = stream.then(|state: Arc<State>, id: String, headers: HeaderMap| async move {
        keys::require(&state, &headers, keys::Role::Read).await?;
        events::stream(state, id, &headers).await
    });
    let health = warp::path("healthz").and(end()).and(reads()).then(handlers::health);
    let ready = given.clone().and(warp::path("readyz")).and(end()).and(reads()).then(handlers::ready);
    let metrics = given.clone().and(warp::path("metrics")).and(end()).and(reads()).then(handlers::metrics);
    let root = given.and(end()).and(reads()).and(headers).and(warp::query::<Query>()).then(keys::welcome);
    let pages = answered(landing.or(conformance).unify().or(openapi).unify().or(root).unify().boxed());
    let lists = answered(process_list.or(process).unify().or(execution).unify().or(inputs).unify().boxed());
    let of_jobs = answered(job_list.or(job).unify().or(dismiss).unify().or(stream).unify().boxed());
    let of_results = answered(result_list.or(result).unify().or(archive).unify().or(frames).unify().boxed());
    let of_server = answered(health.or(ready).unify().or(metrics).unify().boxed());
    let early = warp::path::full().and(headers).and_then(|path: FullPath, headers: HeaderMap| async move {
        refused_unread(path.as_str(), &headers).map(Problem::into_response).ok_or_else(warp::reject::not_found)
    });
    // A refusal of the method would hide that there is nothing at a path.
    let preflight = warp::method().and_then(|method: Method| async move {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        if method == Method::OPTIONS { Ok(response) } else { Err(warp::reject::not_found()) }
    });
    let routes =
        early.or(pages).unify().or(lists).unify().or(of_jobs).unify().or(of_results).unify().or(of_server).unify();
    let routes = routes.or(maps::routes(maps_state)).unify().or(preflight).unify().recover(refuse).unify();
    warp::any()
        .map(Instant::now)
        .and(warp::method())
        .and(warp::path::full())
        .and(headers)
        .and(routes)
        .then(|began: Instant, method: Method, path: FullPath, asked: HeaderMap, response: Response| async move {
            let response = packed(response, &asked).await;
            let milliseconds = began.elapsed().as_millis() as u64;
            let request = &keys::random()[..12];
            tracing::info!(request, %method, path = path.as_str(), status = response.status().as_u16(), milliseconds);
            with_headers(response, &method, path.as_str(), request)
        })
        .boxed()
}

/// Turns problems into responses.
pub fn answered(filter: BoxedFilter<(Answer,)>) -> BoxedFilter<(Response,)> {
    filter.map(|answer: Answer| answer.unwrap_or_else(Problem::into_response)).boxed()
}

/// The methods of what is at a path.
fn methods(path: &str) -> &'static str {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["v1", "processes", _, "execution"] | ["v1", "inputs"] => "POST, OPTIONS",
        ["v1", "jobs", _] => "GET, HEAD, DELETE, OPTIONS",
        ["v1", "jobs", _, "events"] => "GET, OPTIONS",
        ["maps", _, _, "statistics"] => "GET, HEAD, POST, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    }
}

/// What is refused whatever a path would answer, before any of its body is read: a slash at the end, which makes another URL (Dutch
/// API Design Rules, /core/no-trailing-slash; the roots have theirs), and a body that is packed.
fn refused_unread(path: &str, headers: &HeaderMap) -> Option<Problem> {
    if path.ends_with('/') && !matches!(path, "/" | "/v1/") {
        return Some(Problem::new(StatusCode::NOT_FOUND, "there is nothing here; leave the slash at the end out"));
    }
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all("content-encoding").iter().all(is_plain) {
        return None;
    }
    let detail = "compressed bodies are not accepted; leave Content-Encoding out";
    Some(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).with("accept-encoding", "identity"))
}

/// An answer with what every answer carries.
pub fn with_headers(mut response: Response, method: &Method, path: &str, request: &str) -> Response {
    let (methods, is_refused) = (methods(path), response.status() == StatusCode::METHOD_NOT_ALLOWED);
    let headers = response.headers_mut();
    for (name, value) in [
        ("api-version", env!("CARGO_PKG_VERSION")),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", methods),
        (
            "access-control-allow-headers",
            "authorization, content-type, prefer, idempotency-key, range, if-range, if-none-match, last-event-id, x-api-key",
        ),
        (
            "access-control-expose-headers",
            "location, link, etag, content-range, accept-ranges, api-version, retry-after, x-request-id",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_refused || method == Method::OPTIONS {
        headers.insert("allow", HeaderValue::from_static(methods));
    }
    if let Ok(request) = HeaderValue::from_str(request) {
        headers.insert("x-request-id", request);
    }
    response
}

/// What no route takes.
async fn refuse(rejection: Rejection) -> Result<Response, Infallible> {
    let problem = if rejection.is_not_found() {
        Problem::new(StatusCode::NOT_FOUND, "there is nothing here; /v1 tells what there is")
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        let detail = "this URL does not take that method; /v1/openapi.json tells which it takes";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    } else if rejection.find::<warp::reject::InvalidQuery>().is_some() {
        Problem::bad("the query cannot be read; write name=value pairs with & between them")
    } else {
        Problem::bad("the request cannot be read")
    };
    Ok(problem.into_response())
}
