//! What happens to a job, as it happens (server-sent events).

use super::State;
use super::files::{set, status};
use super::origin::origin;
use super::problem::Problem;
use super::store::Job;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use serde_json::Value;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::{Reply, Response};

/// Time after which a silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Time after which a browser comes back whose stream broke off, ms.
const RETRY: u64 = 3000;

/// Who follows which job: what happens to one wakes only those who follow it.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<String, watch::Sender<u64>>>);

impl Streams {
    /// A lock that a panic of another thread does not spoil.
    fn held(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn follow(&self, job: &str) -> watch::Receiver<u64> {
        self.held().entry(job.into()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes those who follow a job, or everyone.
    fn wake(&self, job: Option<&str>) {
        let mut jobs = self.held();
        jobs.retain(|_, sender| sender.receiver_count() > 0);
        let woken = |(name, _): &(&String, &watch::Sender<u64>)| job.is_none_or(|job| job == name.as_str());
        jobs.iter().filter(woken).for_each(|(_, sender)| sender.send_modify(|count| *count += 1));
    }
}

/// Looks once at what is new, for all streams, until the server ends.
pub async fn wake(state: Arc<State>) {
    let mut newest = state.newest.subscribe();
    let mut seen = *newest.borrow_and_update();
    while newest.changed().await.is_ok() {
        if state.is_stopping.load(Ordering::Relaxed) {
            state.streams.wake(None);
            continue;
        }
        match state.store.jobs_after(seen).await {
            Ok((jobs, last)) => {
                jobs.iter().for_each(|job| state.streams.wake(Some(job)));
                seen = last.max(seen);
            }
            Err(error) => {
                tracing::warn!(%error, "what is new cannot be read; each stream looks for itself");
                state.streams.wake(None);
            }
        }
    }
}

/// Streams the events of a job after the one that the caller has seen, to the job's end. Who has seen the last one is told so
/// (204), as a browser would come back for ever.
pub async fn stream(state: Arc<State>, id: String, headers: &HeaderMap) -> Result<Response, Problem> {
    let Some(job) = state.store.job(&id).await? else { return Err(Problem::no_job(&id)) };
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
    // Its last event came with its end.
    if is_over(&job) && state.store.events(&id, seen).await?.is_empty() {
        let mut response = status(StatusCode::NO_CONTENT);
        set(&mut response, "cache-control", "no-store");
        return Ok(response);
    }
    let origin = origin(&state, headers);
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, Infallible>>(16);
    tokio::spawn(async move {
        // An end is that of the job, of the reader, or of the server.
        let _ = follow(&state, &id, seen, &origin, &sender).await;
    });
    let mut response = warp::reply::stream(poll_fn(move |cx| receiver.poll_recv(cx))).into_response();
    set(&mut response, "content-type", "text/event-stream");
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "x-accel-buffering", "no");
    Ok(response)
}

fn is_over(job: &Job) -> bool {
    !matches!(job.state.as_str(), "accepted" | "running")
}

async fn follow(
    state: &State,
    id: &str,
    mut seen: i64,
    origin: &str,
    sender: &mpsc::Sender<Result<Bytes, Infallible>>,
) -> Option<()> {
    let mut changes = state.streams.follow(id);
    sender.send(Ok(format!("retry: {RETRY}\n\n").into())).await.ok()?;
    loop {
        changes.borrow_and_update();
        let job = state.store.job(id).await.ok()??;
        loop {
            let events = state.store.events(id, seen).await.ok()?;
            for event in &events {
                let data = if event.kind == "frame" { whole(&event.data, origin) } else { event.data.clone() };
                let text = format!("id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind);
                sender.send(Ok(text.into())).await.ok()?;
                seen = event.id;
            }
            if events.is_empty() {
                break;
            }
        }
        if is_over(&job) || state.is_stopping.load(Ordering::Relaxed) {
            return Some(());
        }
        // Someone who has gone is noticed at the next word.
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    changed.ok()?;
                    break;
                }
                () = tokio::time::sleep(ALIVE) => sender.send(Ok(": alive\n\n".into())).await.ok()?,
                () = sender.closed() => return None,
            }
        }
    }
}

/// The data of a frame, whose pictures are whole URLs.
fn whole(data: &str, origin: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(data) else { return data.into() };
    for preview in value.get_mut("previews").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(path) = preview.as_str().filter(|path| path.starts_with('/')) {
            *preview = format!("{origin}{path}").into();
        }
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_follow_a_job_are_woken() {
        let streams = Streams::default();
        let [one, other] = ["one", "other"].map(|job| streams.follow(job));
        let is_woken = |receiver: &watch::Receiver<u64>| receiver.has_changed().unwrap();
        streams.wake(Some("one"));
        assert!(is_woken(&one) && !is_woken(&other));
        streams.wake(None);
        assert!(is_woken(&other));
        // Nobody is remembered who has gone.
        drop((one, other));
        streams.wake(Some("one"));
        assert!(streams.held().is_empty());
    }

    #[test]
    fn pictures_of_a_frame_are_whole_urls() {
        let data = r#"{"frame":1,"previews":["/maps/a/depth/preview.png"]}"#;
        let told: Value = serde_json::from_str(&whole(data, "https://twin.nl")).unwrap();
        assert_eq!(told["previews"][0], "https://twin.nl/maps/a/depth/preview.png");
        for data in ["[]", "7", "no JSON", "{}"] {
            assert_eq!(whole(data, "https://twin.nl"), data);
        }
    }
}
