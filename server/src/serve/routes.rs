//! URLs. What they answer is in `handlers`.

use super::handlers::{self, Answer, Query};
use super::problem::Problem;
use super::{State, events, keys, maps, uploads};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
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

    let landing = v1.and(end()).and(reads()).and(headers).then(handlers::landing);
    let conformance =
        v1.and(warp::path("conformance")).and(end()).and(reads()).and(headers).then(handlers::conformance);
    let openapi = v1.and(warp::path("openapi.json")).and(end()).and(reads()).then(handlers::openapi);
    let processes = v1.and(warp::path("processes"));
    let process_list = processes.and(end()).and(reads()).and(headers).and(warp::query::<Query>());
    let process_list = process_list.then(handlers::processes);
    let process = processes.and(id()).and(end()).and(reads()).and(headers).then(handlers::process);
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
    // A refusal of the method would hide that there is nothing at a path.
    let preflight = warp::method().and_then(|method: Method| async move {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        if method == Method::OPTIONS { Ok(response) } else { Err(warp::reject::not_found()) }
    });
    let routes = pages.or(lists).unify().or(of_jobs).unify().or(of_results).unify().or(of_server).unify();
    let routes = routes.or(maps::routes(maps_state)).unify().or(preflight).unify().recover(refuse).unify();
    warp::any()
        .map(Instant::now)
        .and(warp::method())
        .and(warp::path::full())
        .and(routes)
        .map(|began: Instant, method: Method, path: warp::path::FullPath, response: Response| {
            let milliseconds = began.elapsed().as_millis() as u64;
            let request = &keys::random()[..12];
            tracing::info!(request, %method, path = path.as_str(), status = response.status().as_u16(), milliseconds);
            with_headers(response, request)
        })
        .boxed()
}

/// Turns problems into responses.
pub fn answered(filter: BoxedFilter<(Answer,)>) -> BoxedFilter<(Response,)> {
    filter.map(|answer: Answer| answer.unwrap_or_else(Problem::into_response)).boxed()
}

/// An answer with what every answer carries.
pub fn with_headers(mut response: Response, request: &str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("api-version", env!("CARGO_PKG_VERSION")),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, POST, DELETE, OPTIONS"),
        (
            "access-control-allow-headers",
            "authorization, content-type, prefer, idempotency-key, range, if-range, if-none-match, last-event-id, x-api-key",
        ),
        (
            "access-control-expose-headers",
            "location, etag, content-range, accept-ranges, api-version, retry-after, x-request-id",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
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
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).with("allow", "GET, HEAD, POST, DELETE, OPTIONS")
    } else if rejection.find::<warp::reject::InvalidQuery>().is_some() {
        Problem::bad("the query cannot be read; write name=value pairs with & between them")
    } else {
        Problem::bad("the request cannot be read")
    };
    Ok(problem.into_response())
}
