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

/// Ids of the newest events of jobs that someone follows; who follows one job hears nothing of the others.
#[derive(Default)]
pub struct Followed(Mutex<HashMap<String, watch::Sender<i64>>>);

/// A place among those who follow a job, given back when it is dropped.
pub struct Following<'a> {
    followed: &'a Followed,
    job: String,
    newest: watch::Receiver<i64>,
}

impl Followed {
    fn held(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<i64>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn follow(&self, job: &str) -> Following<'_> {
        let newest = self.held().entry(job.into()).or_insert_with(|| watch::Sender::new(0)).subscribe();
        Following { followed: self, job: job.into(), newest }
    }

    /// Tells those who follow a job that there is something new.
    pub fn announce(&self, job: &str, event: i64) {
        if let Some(newest) = self.held().get(job) {
            newest.send_modify(|newest| *newest = event.max(*newest));
        }
    }

    /// Wakes everyone: the server stops.
    pub fn wake(&self) {
        self.held().values().for_each(|newest| newest.send_modify(|_| {}));
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        let mut held = self.followed.held();
        // The last one takes the channel along.
        if held.get(&self.job).is_some_and(|newest| newest.receiver_count() <= 1) {
            held.remove(&self.job);
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
    let mut following = state.followed.follow(id);
    sender.send(Ok(format!("retry: {RETRY}\n\n").into())).await.ok()?;
    loop {
        following.newest.borrow_and_update();
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
                changed = following.newest.changed() => {
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
    fn who_follows_a_job_hears_of_it_alone() {
        let followed = Followed::default();
        let (mut one, two) = (followed.follow("one"), followed.follow("two"));
        let again = followed.follow("one");
        followed.announce("two", 5);
        followed.announce("three", 6);
        assert!(two.newest.has_changed().unwrap() && !one.newest.has_changed().unwrap());
        followed.announce("one", 7);
        assert_eq!(*one.newest.borrow_and_update(), 7);
        assert!(again.newest.has_changed().unwrap() && !one.newest.has_changed().unwrap());
        followed.wake();
        assert!(one.newest.has_changed().unwrap());
        drop(one);
        assert_eq!(followed.held().len(), 2, "someone follows it still");
        drop((again, two));
        assert!(followed.held().is_empty());
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
