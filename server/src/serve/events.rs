//! What happens to a job, as it happens (server-sent events).

use super::State;
use super::problem::Problem;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::{Reply, Response};

/// Time after which a silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

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
    let mut following = state.followed.follow(id);
    loop {
        following.newest.borrow_and_update();
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
            changed = following.newest.changed() => changed.ok()?,
            () = tokio::time::sleep(ALIVE) => sender.send(Ok(": alive\n\n".into())).await.ok()?,
            () = sender.closed() => return None,
        }
    }
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
}
