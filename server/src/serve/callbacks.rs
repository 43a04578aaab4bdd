//! Calls to those who asked to be called (OGC API – Processes, class "callback"): tried again until they are answered, and
//! only to addresses that whoever runs the server has allowed.

use super::State;
use super::handlers::{results_document, status_info};
use super::store::{Call, now};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use warp::http::Uri;

/// Times that a call is tried.
const MOST_ATTEMPTS: i64 = 12;
/// Pause after the first attempt; it doubles with each, up to an hour.
const FIRST_PAUSE_MS: i64 = 5_000;
/// Time that a call may take.
const CALL_TIME: Duration = Duration::from_secs(10);
/// Time between two looks, where nothing wakes the caller.
const EVERY: Duration = Duration::from_secs(2);
/// Calls that are due and looked at, made at once, and made to one host at once.
const LOOKED_AT: i64 = 5000;
const AT_ONCE: usize = 16;
const AT_ONCE_OF_HOST: usize = 2;

/// Whether a URL may be called: its scheme, host and port are those of an entry, and it has no user in it.
pub fn is_allowed(url: &str, allowed: &[String]) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else { return false };
    let is_plain = matches!(scheme, "http" | "https") && !authority.as_str().contains('@');
    let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
    is_plain && allowed.iter().any(|entry| entry.trim_end_matches('/').to_ascii_lowercase() == origin)
}

/// Calls that are being made, by their ids and hosts.
type Made = Arc<Mutex<HashMap<i64, String>>>;

/// Makes calls until the server stops.
pub async fn keep(state: Arc<State>) {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(CALL_TIME));
    let agent: ureq::Agent = config.build().into();
    let mut newest = state.newest.subscribe();
    let made: Made = Arc::default();
    let mut calls = tokio::task::JoinSet::new();
    while !state.is_stopping.load(Ordering::Relaxed) {
        // One that ends while the store is asked is not made again.
        let before: Vec<i64> = held(&made).keys().copied().collect();
        match state.store.calls(LOOKED_AT).await {
            Ok(due) => {
                for call in due.into_iter().filter(|call| !before.contains(&call.id)) {
                    let host =
                        call.url.parse::<Uri>().ok().and_then(|url| Some(url.host()?.to_string())).unwrap_or_default();
                    let mut busy = held(&made);
                    // Nobody waits for another's host that does not answer.
                    let of_host = busy.values().filter(|other| **other == host).count();
                    if busy.len() < AT_ONCE && of_host < AT_ONCE_OF_HOST && !busy.contains_key(&call.id) {
                        busy.insert(call.id, host);
                        let (state, agent, made) = (state.clone(), agent.clone(), made.clone());
                        calls.spawn(async move {
                            let _place = Place(call.id, made);
                            attend(&state, agent, call).await;
                        });
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "calls that wait cannot be read"),
        }
        tokio::select! {
            _ = tokio::time::timeout(EVERY, newest.changed()) => {}
            Some(_) = calls.join_next() => {}
        }
    }
    // Those that are on their way are written down.
    while calls.join_next().await.is_some() {}
}

/// The place of a call among those that are made, given back however it ends.
struct Place(i64, Made);

impl Drop for Place {
    fn drop(&mut self) {
        held(&self.1).remove(&self.0);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Makes a call and writes down what came of it.
async fn attend(state: &State, agent: ureq::Agent, call: Call) {
    let body = match state.store.job(&call.job).await {
        // Allowed when the job was submitted, and not any more.
        Ok(_) if !is_allowed(&call.url, &state.args.callback_allow) => Ok(None),
        Ok(Some(job)) if call.kind == "successful" => results_document(state, &job).await.map(Some),
        Ok(Some(job)) => Ok(Some(status_info(&job))),
        // The job is gone, and nobody needs to know.
        Ok(None) => Ok(None),
        Err(error) => Err(error.into()),
    };
    let body = match body {
        Ok(body) => body,
        Err(problem) => {
            tracing::warn!(job = call.job, ?problem, "a call waits until its job can be read");
            // One that cannot be put off is due still.
            let _ = if call.attempts + 1 < MOST_ATTEMPTS {
                state
                    .store
                    .put_off(call.id, now() + (FIRST_PAUSE_MS << call.attempts.clamp(0, 20)).min(3_600_000))
                    .await
            } else {
                state.store.called(call.id).await
            };
            return;
        }
    };
    let answered = match body {
        None => Ok(204),
        Some(body) => {
            let (url, body) = (call.url.clone(), body.to_string());
            let sent = tokio::task::spawn_blocking(move || {
                let sent = agent.post(&url).header("content-type", "application/json").send(body.as_bytes());
                sent.map(|answer| answer.status().as_u16())
            });
            match sent.await {
                Ok(sent) => sent.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        }
    };
    let is_taken = matches!(answered, Ok(200..=299));
    let is_last = call.kind == "progress" || call.attempts + 1 >= MOST_ATTEMPTS;
    tracing::info!(job = call.job, kind = call.kind, attempt = call.attempts + 1, ?answered, "called");
    let written = if is_taken || is_last {
        state.store.called(call.id).await
    } else {
        let pause = (FIRST_PAUSE_MS << call.attempts.clamp(0, 20)).min(3_600_000);
        state.store.put_off(call.id, now() + pause).await
    };
    if let Err(error) = written {
        tracing::warn!(%error, "what came of a call cannot be written");
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_allowed_is_called() {
        let allowed = ["https://twin.example.nl".to_string(), "http://127.0.0.1:9000/".into()];
        for good in ["https://twin.example.nl/done?job=1", "https://TWIN.example.nl", "http://127.0.0.1:9000/x"] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in [
            "http://twin.example.nl/done",
            "https://twin.example.nl:444/",
            "https://twin.example.nl.evil.org/",
            "https://user@twin.example.nl/",
            "https://evil.org/https://twin.example.nl",
            "http://127.0.0.1/x",
            "http://127.0.0.1:90000/",
            "file:///etc/passwd",
            "//twin.example.nl/",
            "twin.example.nl",
            "",
        ] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
        assert!(!is_allowed("https://twin.example.nl/", &[]));
    }
}
