//! API keys: shown once, kept as a hash, with a role.

use super::State;
use super::problem::Problem;
use super::store::{Key, Store};
use hanze_engine::checksum::hex;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use warp::http::{HeaderMap, StatusCode};

/// Header in which the socket tells the handlers who asks; what comes from outside under this name is thrown away.
pub const PEER: &str = "x-hanze-peer";

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
        #[arg(long)]
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
pub fn command(data: &Path, command: &KeyCommand) -> miette::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| miette::miette!("{error}"))?;
    let done: Result<String, sqlx::Error> = runtime.block_on(async {
        let store = Store::open(data).await?;
        match command {
            KeyCommand::New { name, role, requests_per_second, jobs_per_day } => {
                let key = format!("hanze_{}", random());
                let (name, role) = (name.clone(), role.clone());
                let (requests_per_second, jobs_per_day) = (*requests_per_second, *jobs_per_day);
                let row = Key { name, role, is_revoked: false, requests_per_second, jobs_per_day };
                store.add_key(&hash(&key), &row).await?;
                Ok(format!("{key}\nKeep it: it is not shown again, and only its hash is kept."))
            }
            KeyCommand::List => {
                let lines = store.keys().await?.into_iter().map(|(hash, key)| {
                    let revoked = if key.is_revoked { "  revoked" } else { "" };
                    let rate = key.requests_per_second.map_or(String::new(), |rate| format!("  {rate} requests/s"));
                    let jobs = key.jobs_per_day.map_or(String::new(), |jobs| format!("  {jobs} jobs/day"));
                    format!("{}…  {:6}  {}{rate}{jobs}{revoked}", &hash[..8], key.role, key.name)
                });
                Ok(lines.collect::<Vec<_>>().join("\n"))
            }
            KeyCommand::Revoke { name } => Ok(format!("{} revoked", store.revoke(name).await?)),
        }
    });
    let text = done.map_err(|error| miette::miette!("the job store in {} fails: {error}", data.display()))?;
    println!("{text}");
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
fn hash(key: &str) -> String {
    hex(&Sha256::digest(key))
}

/// Sees that whoever asks may do so. Until the first key is made, everyone who reaches a server that listens to its own
/// machine only may do everything.
pub async fn require(state: &State, headers: &HeaderMap, role: Role) -> Result<Caller, Problem> {
    if state.is_stopping.load(Ordering::Relaxed) && role > Role::Read {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping; try again in a minute");
        return Err(problem.with("retry-after", "60"));
    }
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let key = bearer.or(headers.get("x-api-key").and_then(|value| value.to_str().ok()));
    if let Some(key) = key {
        let found = state.store.key(&hash(key.trim())).await?;
        let found = found.and_then(|key| Some((Role::parse(&key.role)?, key)));
        return match found {
            Some((own, key)) => {
                state.rates.take(
                    &format!("key {}", key.name),
                    key.requests_per_second.unwrap_or(state.args.requests_per_second),
                )?;
                if own < role {
                    let detail = "this key may not do that; ask for one with a higher role";
                    return Err(Problem::new(StatusCode::FORBIDDEN, detail));
                }
                Ok(Caller { name: key.name, role: own, jobs_per_day: key.jobs_per_day })
            }
            None => {
                state.rates.take(&format!("peer {}", peer(state, headers)), state.args.requests_per_second)?;
                Err(unknown("this key is not known here, or was revoked"))
            }
        };
    }
    let anyone = |role: Role| Caller { name: String::new(), role, jobs_per_day: None };
    if role == Role::Read && state.args.public_read {
        state.rates.take(&format!("peer {}", peer(state, headers)), state.args.requests_per_second)?;
        return Ok(anyone(role));
    }
    // A server that is meant for others has a proxy before it, which may look like this machine.
    let is_private = !state.args.public_read && state.args.public_url.is_none();
    if is_private && is_local(state, headers) && !state.store.has_keys().await? {
        return Ok(anyone(Role::Admin));
    }
    Err(unknown("a key is needed; send it as Authorization: Bearer KEY (hanze key new NAME makes one)"))
}

/// Address that a request comes from, which the socket writes into every request, or a proxy that is trusted. Of IPv6 addresses
/// it is the network, of which one household has all.
pub fn peer(state: &State, headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()).map(str::trim);
    let peer = told.filter(|_| state.args.trust_forwarded).or(text(PEER)).unwrap_or("unknown");
    match peer.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => address.segments()[..4].iter().map(|part| format!("{part:x}:")).collect(),
        _ => peer.to_string(),
    }
}

/// Whether a request comes from this machine and from no page of another site: browsers send their pages' requests to
/// local servers, and a proxy sends everyone's.
fn is_local(state: &State, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_own = |address: &str| {
        let host = address.trim_start_matches("http://");
        let host = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    };
    state.args.address.is_loopback()
        && text("host").is_none_or(is_own)
        && text("origin").is_none_or(is_own)
        && ["forwarded", "x-forwarded-for", "x-real-ip"].iter().all(|name| text(name).is_none())
}

fn unknown(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail).with("www-authenticate", "Bearer")
}
