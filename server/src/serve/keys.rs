//! API keys: shown once, kept as a hash, with a role.

use super::State;
use super::handlers::{Answer, Query};
use super::places::{Who, network};
use super::problem::Problem;
use super::store::{Key, Store};
use super::{positive, texts, token};
use hanze_engine::checksum::hex;
use headers::authorization::Bearer;
use headers::{Authorization, Cookie, HeaderMapExt, Host, Origin};
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Runtime;
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

/// Headers in which the door tells the handlers who asks, and in which version of HTTP; what comes from outside under these
/// names is thrown away.
pub const PEER: &str = "x-hanze-peer";
pub const VERSION: &str = "x-hanze-http";
/// Keys that are remembered as good.
const MOST_KNOWN: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
/// Folder of a server's data, where none is named.
pub(super) const FOLDER: &str = "hanze-data";

/// What a key may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Read,
    Submit,
    Admin,
}

impl Role {
    fn parse(role: &str) -> Option<Role> {
        match role {
            "read" => Some(Role::Read),
            "submit" => Some(Role::Submit),
            "admin" => Some(Role::Admin),
            _ => None,
        }
    }
}

/// Hashes of keys that were found good lately.
pub struct Known(Mutex<LruCache<String, ()>>);

impl Default for Known {
    fn default() -> Known {
        Known(Mutex::new(LruCache::new(MOST_KNOWN)))
    }
}

impl Known {
    fn held(&self) -> MutexGuard<'_, LruCache<String, ()>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn has(&self, hash: &str) -> bool {
        self.held().get(hash).is_some()
    }

    fn note(&self, hash: &str, is_good: bool) {
        if is_good {
            self.held().put(hash.to_string(), ());
        } else {
            self.held().pop(hash);
        }
    }
}

/// Who asks.
pub struct Caller {
    /// Name of the key; empty for anyone.
    pub name: String,
    pub role: Role,
    /// Jobs that the key may submit in 24 hours.
    pub jobs_per_day: Option<i64>,
}

/// What to do with keys.
#[derive(clap::Subcommand)]
pub enum KeyCommand {
    /// Make a key and show it, once.
    New {
        /// Whose it is.
        name: String,
        /// read, submit or admin.
        #[arg(long, default_value = "submit", value_parser = ["read", "submit", "admin"])]
        role: String,
        /// Requests a second on the average; the server's own limit, if left out.
        #[arg(long, value_parser = positive)]
        requests_per_second: Option<f64>,
        /// Jobs in 24 hours; no limit, if left out.
        #[arg(long)]
        jobs_per_day: Option<i64>,
    },
    /// List the keys.
    List,
    /// Revoke the keys of a name.
    Revoke {
        /// Whose they are.
        name: String,
    },
}

/// Does what `hanze key` is asked for.
pub fn command(data: Option<&Path>, command: &KeyCommand) -> miette::Result<ExitCode> {
    let is_named = data.is_some();
    let data = data.unwrap_or(Path::new(FOLDER));
    // A key can be made before the first start, but in no folder that nobody has named.
    let makes = is_named && matches!(command, KeyCommand::New { .. });
    if !makes && !data.join("jobs.sqlite").exists() {
        let help = "name the folder that the server has: hanze key --data FOLDER new NAME";
        return Err(miette::miette!(help = help, "there is no server's data in {}", data.display()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| miette::miette!("{error}"))?;
    let failed = |error: sqlx::Error| miette::miette!("the job store in {} fails: {error}", data.display());
    let store = runtime.block_on(Store::open(data)).map_err(failed)?;
    let done = in_store(&runtime, &store, data, command);
    runtime.block_on(store.close());
    done
}

/// Does it in an open store.
fn in_store(runtime: &Runtime, store: &Store, data: &Path, command: &KeyCommand) -> miette::Result<ExitCode> {
    let failed = |error: sqlx::Error| miette::miette!("the job store in {} fails: {error}", data.display());
    let text = match command {
        KeyCommand::New { name, role, requests_per_second, jobs_per_day } => {
            if name == token::NAME || name.trim().is_empty() || !texts::is_line(name) {
                return Err(miette::miette!("{name:?} is not a name for a key; take letters and digits"));
            }
            let key = format!("hanze_{}", random());
            let (name, role) = (name.clone(), role.clone());
            let (requests_per_second, jobs_per_day) = (*requests_per_second, *jobs_per_day);
            let row = Key { name, role, is_revoked: false, requests_per_second, jobs_per_day };
            let made = async {
                store.add_key(&hash(&key), &row).await?;
                let text = format!("{key}\nKeep it: it is not shown again, and only its hash is kept.\n");
                let mut out = std::io::stdout();
                let shown = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                if shown.is_err() {
                    store.forget_key(&hash(&key)).await?;
                }
                Ok::<_, sqlx::Error>(shown)
            };
            let shown = runtime.block_on(made).map_err(failed)?;
            return shown
                .map(|()| ExitCode::SUCCESS)
                .map_err(|error| miette::miette!("nobody could read the key, so it was not kept: {error}"));
        }
        KeyCommand::List => {
            let keys = runtime.block_on(store.keys()).map_err(failed)?;
            let lines = keys.into_iter().map(|(hash, key)| {
                let revoked = if key.is_revoked { "  revoked" } else { "" };
                let rate = key.requests_per_second.map_or(String::new(), |rate| format!("  {rate} requests/s"));
                let jobs = key.jobs_per_day.map_or(String::new(), |jobs| format!("  {jobs} jobs/day"));
                let name = texts::shown(&key.name);
                format!("{}…  {:6}  {name}{rate}{jobs}{revoked}\n", &hash[..8], key.role)
            });
            lines.collect::<String>()
        }
        KeyCommand::Revoke { name } => {
            format!("{} revoked\n", runtime.block_on(store.revoke(name)).map_err(failed)?)
        }
    };
    // A reader that has gone is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// 128 random bits in hexadecimal.
pub fn random() -> String {
    let mut bytes = [0; 16];
    // Without randomness nothing here is safe, and no system that runs lacks it.
    if getrandom::fill(&mut bytes).is_err() {
        tracing::error!("the system gives no random numbers");
        std::process::abort();
    }
    hex(&bytes)
}

/// A key has 128 random bits, so that a plain hash is as good as a slow one.
pub fn hash(key: &str) -> String {
    hex(&Sha256::digest(key))
}

/// The key that a request brings: in a header, or from the pages of this server in a cookie.
fn presented(headers: &HeaderMap) -> Option<String> {
    let bearer = headers.typed_get::<Authorization<Bearer>>().map(|bearer| bearer.token().trim().to_string());
    let plain = || headers.get("x-api-key").and_then(|value| Some(value.to_str().ok()?.trim().to_string()));
    bearer.or_else(plain).or_else(|| cookie(headers))
}

/// The key in a browser's cookie, which it sends with requests of other local servers' pages, too: those bring none.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let host = headers.typed_get::<Host>()?;
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_own_site = site.is_none_or(|site| site == b"same-origin" || site == b"none");
    let is_own = match headers.get("origin") {
        None => is_own_site,
        Some(_) => {
            let origin = headers.typed_get::<Origin>()?;
            is_own_site && (origin.hostname(), origin.port()) == (host.hostname(), host.port())
        }
    };
    let cookie = headers.typed_get::<Cookie>().filter(|_| is_own)?;
    cookie.get(&cookie_name(&host)).map(String::from)
}

/// Name of the cookie; cookies do not tell ports apart.
fn cookie_name(host: &Host) -> String {
    format!("hanze_{}", host.port().unwrap_or(80))
}

/// `GET /`: on to the pages. With `?key=…`, as in the link that a start prints, a browser keeps the key in a cookie, and its
/// history and the pages' links hold none.
pub async fn welcome(state: Arc<State>, headers: HeaderMap, query: Query) -> Answer {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert("location", HeaderValue::from_static("/v1"));
    let Some((_, key)) = query.iter().find(|(name, _)| name == "key") else { return Ok(response) };
    state.rates.of_stranger(&peer(&state, &headers))?;
    if state.store.key(&hash(key)).await?.is_none() {
        return Err(unknown(
            "this key is not known here, or was revoked; the last start printed a link with a good one",
        ));
    }
    let name = headers.typed_get::<Host>().map_or("hanze_80".into(), |host| cookie_name(&host));
    let cookie = HeaderValue::from_str(&format!("{name}={key}; Path=/; HttpOnly; SameSite=Strict"));
    let cookie = cookie.map_err(|_| Problem::bad("the key is not plain text"))?;
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert("set-cookie", cookie);
    response.headers_mut().insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Whether programs of this machine need no key, as long as none was made. A server that is meant for others has a proxy
/// before it, which may look like this machine.
pub(super) fn is_open(state: &State) -> bool {
    state.args.open && !state.args.public_read && state.args.public_url.is_none()
}

/// Whose places a request takes.
pub fn who(state: &State, headers: &HeaderMap) -> Who {
    if let Some(key) = presented(headers) {
        let hash = hash(&key);
        return if state.known_keys.has(&hash) {
            Who { name: format!("key {hash}"), is_stranger: false }
        } else {
            // Whoever makes keys up has no more places than without.
            Who { name: format!("peer {}", peer(state, headers)), is_stranger: true }
        };
    }
    if is_open(state) && foreign(state, headers).is_none() {
        return Who { name: "this machine".into(), is_stranger: false };
    }
    Who { name: format!("peer {}", peer(state, headers)), is_stranger: true }
}

/// Sees that whoever asks may do so. A server that was started with `--open` and listens to its own machine only asks nobody
/// there for a key until the first one is made.
pub async fn require(state: &State, headers: &HeaderMap, role: Role) -> Result<Caller, Problem> {
    if state.is_stopping.load(Ordering::Relaxed) && role > Role::Read {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping; try again in a minute");
        return Err(problem.with("retry-after", "60"));
    }
    if let Some(key) = presented(headers) {
        let hash = hash(&key);
        let found = state.store.key(&hash).await?;
        let found = found.and_then(|key| Some((Role::parse(&key.role)?, key)));
        state.known_keys.note(&hash, found.is_some());
        return match found {
            Some((own, key)) => {
                state.rates.of_key(&key.name, key.requests_per_second)?;
                if own < role {
                    let detail = "this key may not do that; ask for one with a higher role";
                    return Err(Problem::new(StatusCode::FORBIDDEN, detail));
                }
                Ok(Caller { name: key.name, role: own, jobs_per_day: key.jobs_per_day })
            }
            None => {
                state.rates.of_stranger(&peer(state, headers))?;
                Err(unknown(
                    "this key is not known here, or was revoked; keys belong to one folder of data (hanze key --data)",
                ))
            }
        };
    }
    let anyone = |role: Role| Caller { name: String::new(), role, jobs_per_day: None };
    if role == Role::Read && state.args.public_read {
        state.rates.of_stranger(&peer(state, headers))?;
        return Ok(anyone(role));
    }
    if is_open(state) && !state.store.has_keys().await? {
        return match foreign(state, headers) {
            None => Ok(anyone(Role::Admin)),
            Some(why) => Err(unknown(&format!(
                "{why}, and this server answers its own machine only (--open); start it without --open, give a key to \
                 everyone who asks (hanze key new NAME), and name the address that they know with --public-url"
            ))),
        };
    }
    Err(unknown(
        "a key is needed; send it as Authorization: Bearer KEY (hanze key new NAME makes one; on the server's own machine \
         there is one in the file token of its data folder, and in the link that its start prints)",
    ))
}

/// Address that a request comes from, which the door writes into every request, or a proxy that is trusted.
pub fn peer(state: &State, headers: &HeaderMap) -> String {
    // The proxy's own line or entry is the last.
    let told = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let told = told.and_then(|list| list.rsplit(',').next()).map(str::trim).filter(|_| state.args.trust_forwarded);
    let peer = told.or(headers.get(PEER).and_then(|value| value.to_str().ok())).unwrap_or("unknown");
    peer.parse().map_or_else(|_| peer.to_string(), |address: IpAddr| network(address).to_string())
}

/// Why a request is not one of a program of this machine: browsers send the requests of other sites' pages to local servers,
/// and a proxy sends everyone's.
fn foreign(state: &State, headers: &HeaderMap) -> Option<String> {
    if !state.args.address.is_loopback() {
        return Some("the server listens to other machines, too".into());
    }
    let is_of_proxy = |name: &str| {
        matches!(name, "via" | "forwarded" | "x-real-ip" | "x-client-ip" | "true-client-ip" | "cf-connecting-ip")
            || name.starts_with("x-forwarded")
    };
    if let Some(name) = headers.keys().map(|name| name.as_str()).find(|name| is_of_proxy(name)) {
        return Some(format!("the request came through a proxy (it has the header {name})"));
    }
    if headers.get(VERSION).is_none_or(|version| version != "1.1") {
        return Some("the request came as HTTP/1.0, as from a proxy that does not identify itself".into());
    }
    let is_own = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if !headers.typed_get::<Host>().is_some_and(|host| is_own(host.hostname())) {
        return Some("the request asks for another host than localhost".into());
    }
    let is_page_of_others = headers.contains_key("origin")
        && !headers.typed_get::<Origin>().is_some_and(|page| page.scheme() == "http" && is_own(page.hostname()));
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
    // A link that someone follows is no request of the page that it stands on.
    if is_page_of_others || says("sec-fetch-site", "cross-site") && !says("sec-fetch-mode", "navigate") {
        return Some("a page of another site sent the request".into());
    }
    None
}

fn unknown(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail).with("www-authenticate", "Bearer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_keys_that_were_found_good_are_known() {
        let known = Known::default();
        known.note("a", true);
        (0..5000).for_each(|k| known.note(&format!("made up {k}"), false));
        assert!(known.has("a") && !known.has("made up 0"));
        known.note("a", false);
        assert!(!known.has("a"), "revoked");
    }

    #[test]
    fn keys_come_in_three_ways() {
        let key = |lines: &[(&'static str, &str)]| presented(&headers(lines));
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(key(&[("authorization", &format!("{scheme} hanze_1"))]), Some("hanze_1".into()), "{scheme}");
        }
        assert_eq!(key(&[("authorization", "Basic aGFuemU6eA==")]), None);
        assert_eq!(key(&[("x-api-key", "hanze_2")]), Some("hanze_2".into()));
        let cookie = [("host", "127.0.0.1:8080"), ("cookie", "a=b; hanze_8080=hanze_3; hanze_9090=hanze_4")];
        assert_eq!(key(&cookie), Some("hanze_3".into()));
        // Pages of another port and of other sites send the cookie along.
        for (name, value, is_own) in [
            ("origin", "http://127.0.0.1:8080", true),
            ("origin", "http://127.0.0.1:3000", false),
            ("origin", "null", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
        ] {
            let lines = [&cookie[..], &[(name, value)]].concat();
            assert_eq!(key(&lines).is_some(), is_own, "{name}: {value}");
        }
    }
}
