//! `hanze submit`, `jobs`, `job`, `cancel`, `results` and `fetch`: a server from the command line.

use super::say;
use hanze_engine::checksum::of_file;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Where the server is, and who asks.
#[derive(clap::Args)]
pub struct Server {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "HANZE_SERVER")]
    server: String,
    /// The key, where the server needs one.
    #[arg(long, env = "HANZE_KEY", hide_env_values = true)]
    key: Option<String>,
}

/// What to ask of a server.
#[derive(clap::Subcommand)]
pub enum Ask {
    /// Submit a scenario to a server and follow it to its end.
    Submit {
        /// The scenario, a TOML file, or the name of one that the server stores.
        scenario: PathBuf,
        /// Do not wait for the end.
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        server: Server,
    },
    /// List the jobs of a server, the newest first.
    Jobs {
        #[command(flatten)]
        server: Server,
    },
    /// Follow a job of a server to its end.
    Job {
        /// Its id.
        id: String,
        #[command(flatten)]
        server: Server,
    },
    /// Dismiss a job of a server and its results.
    Cancel {
        /// Its id.
        id: String,
        #[command(flatten)]
        server: Server,
    },
    /// List the results of a job.
    Results {
        /// Its id.
        id: String,
        #[command(flatten)]
        server: Server,
    },
    /// Fetch the results of a job.
    Fetch {
        /// Its id.
        id: String,
        /// Folder for the files.
        #[arg(long, default_value = "results")]
        out: PathBuf,
        #[command(flatten)]
        server: Server,
    },
}

/// Asks.
pub fn ask(ask: &Ask) -> miette::Result<ExitCode> {
    match ask {
        Ask::Submit { scenario, no_wait, server } => submit(server, scenario, *no_wait),
        Ask::Jobs { server } => {
            let page = json(server, "GET", "/v1/jobs?limit=100", None)?;
            for job in page["jobs"].as_array().into_iter().flatten() {
                let text = |name: &str| job[name].as_str().unwrap_or_default();
                let line =
                    format_args!("{}  {:10}  {:3} %  {}", text("id"), text("status"), job["progress"], text("title"));
                say(line);
            }
            Ok(ExitCode::SUCCESS)
        }
        Ask::Job { id, server } => follow(server, id),
        Ask::Cancel { id, server } => {
            let job = json(server, "DELETE", &format!("/v1/jobs/{}", plain(id)?), None)?;
            say(format_args!("{}", job["status"].as_str().unwrap_or_default()));
            Ok(ExitCode::SUCCESS)
        }
        Ask::Results { id, server } => {
            for (name, link) in results(server, id)? {
                let text = |key: &str| link[key].as_str().unwrap_or_default();
                say(format_args!("{:10}  {}  {}  {}", link["bytes"], name, text("name"), text("title")));
            }
            Ok(ExitCode::SUCCESS)
        }
        Ask::Fetch { id, out, server } => fetch(server, id, out),
    }
}

/// A request; an answer that is a problem becomes an error with the server's words.
fn call(
    server: &Server,
    method: &str,
    path: &str,
    body: Option<String>,
) -> miette::Result<ureq::http::Response<ureq::Body>> {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_connect(Some(Duration::from_secs(10)));
    let agent: ureq::Agent = config.build().into();
    let url = format!("{}{path}", server.server.trim_end_matches('/'));
    let mut request = ureq::http::Request::builder().method(method).uri(&url);
    if let Some(key) = &server.key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let bad = |error: &dyn std::fmt::Display| {
        miette::miette!(help = "is it running? hanze serve starts one", "{url}: {error}")
    };
    let answer = match body {
        Some(body) => {
            let request =
                request.header("content-type", "application/json").header("prefer", "respond-async").body(body);
            agent.run(request.map_err(|error| bad(&error))?)
        }
        None => agent.run(request.body(()).map_err(|error| bad(&error))?),
    };
    let mut answer = answer.map_err(|error| bad(&error))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let problem: Value = answer.body_mut().read_json().unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("no reason is given");
    Err(miette::miette!("the server answers {}: {detail}", answer.status()))
}

fn json(server: &Server, method: &str, path: &str, body: Option<String>) -> miette::Result<Value> {
    let mut answer = call(server, method, path, body)?;
    answer.body_mut().read_json().map_err(|error| miette::miette!("{path}: the answer is not JSON: {error}"))
}

/// An id that can stand in a path.
fn plain(id: &str) -> miette::Result<&str> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { Ok(id) } else { Err(miette::miette!("{id:?} is not an id of a job; hanze jobs lists them")) }
}

fn submit(server: &Server, file: &Path, no_wait: bool) -> miette::Result<ExitCode> {
    let scenario: Value = if file.exists() {
        let text = std::fs::read_to_string(file).map_err(|error| miette::miette!("{}: {error}", file.display()))?;
        let value: toml::Value =
            toml::from_str(&text).map_err(|error| miette::miette!("{}: {error}", file.display()))?;
        serde_json::to_value(value).map_err(|error| miette::miette!("{}: {error}", file.display()))?
    } else {
        file.to_string_lossy().into()
    };
    let body = serde_json::json!({ "inputs": { "scenario": scenario } }).to_string();
    let process = if scenario["model"] == "heat" { "urban-heat" } else { "rainfall-runoff" };
    let job = json(server, "POST", &format!("/v1/processes/{process}/execution"), Some(body))?;
    let id = job["id"].as_str().unwrap_or_default().to_string();
    say(format_args!("{id}"));
    if no_wait { Ok(ExitCode::SUCCESS) } else { follow(server, &id) }
}

/// Shows how far a job is until it ends.
fn follow(server: &Server, id: &str) -> miette::Result<ExitCode> {
    let path = format!("/v1/jobs/{}", plain(id)?);
    let bar = ProgressBar::new(100);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos:3} % {msg}") {
        bar.set_style(style);
    }
    let mut silences = 0;
    loop {
        // A server that is being started again is waited for.
        let job = match json(server, "GET", &path, None) {
            Ok(job) => job,
            Err(_) if (1..30).contains(&silences) => {
                silences += 1;
                std::thread::sleep(Duration::from_secs(1));
                continue;
            }
            Err(error) => return Err(error),
        };
        silences = 1;
        let (status, message) =
            (job["status"].as_str().unwrap_or_default(), job["message"].as_str().unwrap_or_default());
        bar.set_position(job["progress"].as_u64().unwrap_or(0));
        bar.set_message(message.to_string());
        match status {
            "accepted" | "running" => {}
            "successful" => {
                bar.finish_and_clear();
                say(format_args!("{id}: finished; hanze fetch {id} brings the results"));
                return Ok(ExitCode::SUCCESS);
            }
            _ => {
                bar.finish_and_clear();
                return Err(miette::miette!("the job is {status}: {message}"));
            }
        }
        // Events until the stream ends; a line that is lost is made up for by the state above.
        match call(server, "GET", &format!("{path}/events"), None) {
            Ok(answer) => read_events(answer, &bar),
            Err(_) => std::thread::sleep(Duration::from_secs(1)),
        }
    }
}

fn read_events(answer: ureq::http::Response<ureq::Body>, bar: &ProgressBar) {
    for line in BufReader::new(answer.into_body().into_reader()).lines() {
        let Ok(line) = line else { return };
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        if let Some(percent) = data["progress"].as_u64() {
            bar.set_position(percent);
        }
        if let Some(message) = data["message"].as_str() {
            bar.set_message(message.to_string());
        }
    }
}

fn results(server: &Server, id: &str) -> miette::Result<serde_json::Map<String, Value>> {
    let results = json(server, "GET", &format!("/v1/jobs/{}/results", plain(id)?), None)?;
    results.as_object().cloned().ok_or_else(|| miette::miette!("the server's list of results is not a list"))
}

fn fetch(server: &Server, id: &str, out: &Path) -> miette::Result<ExitCode> {
    let results = results(server, id)?;
    let bar = ProgressBar::new(results.len() as u64);
    for link in results.values() {
        let (Some(name), Some(href)) = (link["name"].as_str(), link["href"].as_str()) else { continue };
        // A name leads into the folder and nowhere else.
        let is_safe =
            name.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\\'));
        if !is_safe || !href.starts_with("/v1/") {
            return Err(miette::miette!("the server names a file {name:?}, which is not written"));
        }
        let path = out.join(name);
        let bad = |error: std::io::Error| miette::miette!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(bad)?;
        }
        // Whole or not at all, and what the server says that it is.
        let part = path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
        let mut from = call(server, "GET", href, None)?.into_body().into_reader();
        let mut file = std::fs::File::create(&part).map_err(bad)?;
        std::io::copy(&mut from, &mut file).map_err(bad)?;
        file.flush().map_err(bad)?;
        let (sum, _) = of_file(&part).map_err(super::report)?;
        if link["sha256"].as_str() != Some(sum.as_str()) {
            return Err(miette::miette!("{name} did not arrive whole; fetch again"));
        }
        std::fs::rename(&part, &path).map_err(bad)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    say(format_args!("{} files in {}", results.len(), out.display()));
    Ok(ExitCode::SUCCESS)
}
