//! What happens to a job, as it happens (server-sent events).

use super::State;
use super::problem::Problem;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::{Reply, Response};

/// Time after which a silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Streams the events of a job after the one that the caller has seen, to the job's end.
pub async fn stream(state: Arc<State>, id: String, headers: &HeaderMap) -> Result<Response, Problem> {
    if state.store.job(&id).await?.is_none() {
        return Err(Problem::no_job(&id));
    }
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(16);
    tokio::spawn(async move {
        // An end is that of the job, of the reader, or of the server.
        let _ = follow(&state, &id, seen, &sender).await;
    });
    let mut response = warp::reply::stream(poll_fn(move |cx| receiver.poll_recv(cx))).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/event-stream"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn follow(
    state: &State,
    id: &str,
    mut seen: i64,
    sender: &mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
) -> Option<()> {
    let mut newest = state.newest.subscribe();
    loop {
        newest.borrow_and_update();
        let job = state.store.job(id).await.ok()??;
        loop {
            let events = state.store.events(id, seen).await.ok()?;
            for event in &events {
                let text = format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.kind, event.data);
                sender.send(Ok(text.into())).await.ok()?;
                seen = event.id;
            }
            if events.is_empty() {
                break;
            }
        }
        let is_over = !matches!(job.state.as_str(), "accepted" | "running");
        if is_over || state.is_stopping.load(Ordering::Relaxed) {
            return Some(());
        }
        // Someone who has gone is noticed at the next word.
        tokio::select! {
            changed = newest.changed() => changed.ok()?,
            () = tokio::time::sleep(ALIVE) => sender.send(Ok(": alive\n\n".into())).await.ok()?,
            () = sender.closed() => return None,
        }
    }
}
