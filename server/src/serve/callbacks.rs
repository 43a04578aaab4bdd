//! Calls to those who asked to be called (OGC API – Processes, class "callback"): tried again until they are answered, and
//! only to addresses that whoever runs the server has allowed. They are signed as Standard Webhooks wants it
//! (standardwebhooks.com), so that who is called knows that they come from here, and tells one that comes twice.

use super::State;
use super::handlers::{results_document, status_info};
use super::origin::of_job;
use super::store::{Call, now};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use standardwebhooks::Webhook;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};
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

/// Name of the secret within the folder of data, what it begins with, and bytes of its key, at least and of a new one.
const SECRET: &str = "webhook-secret";
const BEGINNING: &str = "whsec_";
const SHORTEST_KEY: usize = 24;
const KEY: usize = 32;

/// Signs calls with the server's secret.
pub struct Signer(Webhook);

/// Headers of a call.
type Headers = Vec<(&'static str, String)>;

impl Signer {
    /// With the secret in a folder of data, `whsec_` and a key in base64, which only its owner can read; it is made where there is
    /// none.
    ///
    /// # Errors
    /// Where it cannot be read or written, or is no secret.
    pub fn open(data: &Path) -> io::Result<Signer> {
        let path = data.join(SECRET);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => new_secret(&path)?,
            read => read?,
        };
        let wrong = || {
            let words =
                format!("{SECRET} does not hold {BEGINNING} and a key in base64; remove it, and a new one is made");
            io::Error::new(io::ErrorKind::InvalidData, words)
        };
        let key = text.trim().strip_prefix(BEGINNING).and_then(|key| STANDARD.decode(key).ok());
        let key = key.filter(|key| key.len() >= SHORTEST_KEY).ok_or_else(wrong)?;
        Webhook::from_bytes(key).map(Signer).map_err(|_| wrong())
    }

    /// What a call says of itself: the same id each time that it is tried, when it is made, and the signature of both and the
    /// body; and the job, for those who look no further.
    fn headers(&self, call: &Call, seconds: i64, body: &str) -> Result<Headers, String> {
        let id = format!("msg_{}_{}", call.job, call.id);
        let signature = self.0.sign(&id, seconds, body.as_bytes()).map_err(|error| error.to_string())?;
        Ok(vec![
            ("content-type", "application/json".into()),
            ("hanze-job-id", call.job.clone()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ])
    }
}

/// Makes a secret that only its owner can read. It is whole or not there.
fn new_secret(path: &Path) -> io::Result<String> {
    let mut key = [0; KEY];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let secret = format!("{BEGINNING}{}", STANDARD.encode(key));
    let part = path.with_extension("part");
    // One of an earlier try may be open to others.
    let _ = std::fs::remove_file(&part);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    Ok(secret)
}

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
        Ok(Some(job)) if call.kind == "successful" => {
            results_document(state, &job, &of_job(state, &job)).await.map(Some)
        }
        Ok(Some(job)) => Ok(Some(status_info(&job, &of_job(state, &job)))),
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
        Some(body) => post(state, agent, &call, body.to_string()).await,
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

/// Posts a body, signed; gives the status of the answer, or why there is none.
async fn post(state: &State, agent: ureq::Agent, call: &Call, body: String) -> Result<u16, String> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let signer = state.signer.as_ref().ok_or("the server has no secret to sign with")?;
    let headers = signer.headers(call, since.as_secs() as i64, &body)?;
    let url = call.url.clone();
    let sent = tokio::task::spawn_blocking(move || {
        let mut request = agent.post(&url);
        for (name, value) in &headers {
            request = request.header(*name, value.as_str());
        }
        request.send(body.as_bytes()).map(|answer| answer.status().as_u16())
    });
    match sent.await {
        Ok(sent) => sent.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SECRET);
        let call = Call { id: 7, job: "f00".into(), kind: "failed".into(), url: String::new(), attempts: 2 };
        let signed = || Signer::open(folder.path()).unwrap().headers(&call, 1_700_000_000, "{}").unwrap();
        assert_eq!(signed(), signed(), "the same secret signs the same");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        // As `openssl dgst -sha256 -mac HMAC` has it.
        std::fs::write(&path, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n").unwrap();
        let of = |name: &str| signed().into_iter().find(|(own, _)| *own == name).unwrap().1;
        assert_eq!((of("webhook-id"), of("hanze-job-id")), ("msg_f00_7".into(), "f00".into()));
        assert_eq!(of("webhook-signature"), "v1,CaG7CP5ZbUK3qtyomXUlznlm4xXyM1iKGcfwNTtmH9o=");
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!", "secret"] {
            std::fs::write(&path, bad).unwrap();
            assert!(
                Signer::open(folder.path()).err().is_some_and(|error| error.to_string().contains("remove it")),
                "{bad}"
            );
        }
    }

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
