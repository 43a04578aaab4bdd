//! `hanze submit`, `jobs`, `job`, `cancel`, `results` and `fetch`: a server from the command line.

use super::say;
use crate::serve::{ending_of_upload, shown, token_of_data, token_of_server};
use hanze_engine::checksum::of_file;
use hanze_engine::scenario;
use hanze_engine::whole;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use ureq::http::{Uri, request};

/// Where `hanze serve` listens.
const DEFAULT: &str = "http://127.0.0.1:8080";

/// Where the server is, and who asks.
#[derive(clap::Args)]
pub struct Server {
    /// The server.
    #[arg(long, default_value = DEFAULT, env = "HANZE_SERVER")]
    server: String,
    /// The key; that of a server of yours on this machine is found without it.
    #[arg(long, env = "HANZE_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Folder of the server's data, to take the key from.
    #[arg(long)]
    data: Option<PathBuf>,
}

impl Server {
    /// The key to send: the one that is given, that of the named folder, or for this machine that of the server that runs here.
    fn key(&self) -> miette::Result<Option<String>> {
        if let Some(key) = self.key.as_ref().filter(|key| !key.is_empty()) {
            return Ok(Some(key.clone()));
        }
        if let Some(data) = &self.data {
            let none = || miette::miette!("{} has no file token that can be read", data.display());
            return token_of_data(data).map(Some).ok_or_else(none);
        }
        let Ok(url) = self.server.parse::<Uri>() else { return Ok(None) };
        Ok(own_port(&url).and_then(|port| token_of_server(own_host(&url)?, port)))
    }

    /// Where a path is.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.trim_end_matches('/'))
    }

    /// What commands for the same server need beside the id.
    fn again(&self) -> String {
        if self.server == DEFAULT { String::new() } else { format!(" --server {}", self.server) }
    }
}

/// The host of a URL that leads to this machine itself.
fn own_host(url: &Uri) -> Option<&str> {
    let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
    let is_own = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_own.then_some(host)
}

/// The port of a URL that leads to this machine itself: no other gets a key that nobody gave.
fn own_port(url: &Uri) -> Option<u16> {
    (own_host(url).is_some() && url.scheme_str() == Some("http")).then(|| url.port_u16().unwrap_or(80))
}

/// What to ask of a server.
#[derive(clap::Subcommand)]
pub enum Ask {
    /// Submit a scenario to a server and follow it to its end.
    Submit {
        /// The scenario, a TOML file, whose files are sent along, or the name of one that the server stores.
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
                let text = |name: &str| shown(job[name].as_str().unwrap_or_default());
                let [id, status, title] = ["id", "status", "title"].map(text);
                say(format_args!("{id}  {status:10}  {:3} %  {title}", job["progress"]));
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
                let text = |key: &str| shown(link[key].as_str().unwrap_or_default());
                say(format_args!("{:10}  {}  {}  {}", link["bytes"], shown(&name), text("name"), text("title")));
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
    match body {
        Some(body) => {
            let head = |head: request::Builder| {
                head.header("content-type", "application/json").header("prefer", "respond-async")
            };
            send(server, method, path, head, body)
        }
        None => send(server, method, path, |head| head, ()),
    }
}

/// Sends a request with a body.
fn send(
    server: &Server,
    method: &str,
    path: &str,
    head: impl Fn(request::Builder) -> request::Builder,
    body: impl ureq::AsSendBody,
) -> miette::Result<ureq::http::Response<ureq::Body>> {
    let mut config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_connect(Some(Duration::from_secs(10)));
    // No proxy stands between programs of one machine, and none gets their key.
    if server.server.parse::<Uri>().is_ok_and(|url| own_host(&url).is_some()) {
        config = config.proxy(None);
    }
    let agent: ureq::Agent = config.build().into();
    let url = server.url(path);
    let mut request = ureq::http::Request::builder().method(method).uri(&url);
    if let Some(key) = server.key()? {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let bad = |error: &dyn std::fmt::Display| {
        miette::miette!(help = "is it running? hanze serve starts one", "{url}: {error}")
    };
    let request = head(request).body(body).map_err(|error| bad(&error))?;
    let mut answer = agent.run(request).map_err(|error| bad(&error))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let problem: Value = answer.body_mut().read_json().unwrap_or_default();
    let detail = shown(problem["detail"].as_str().unwrap_or("no reason is given"));
    if answer.status() == 401 {
        let help = "give a key with --key or HANZE_KEY, or with --data the folder of a server on this machine";
        return Err(miette::miette!(help = help, "the server answers {}: {detail}", answer.status()));
    }
    Err(miette::miette!("the server answers {}: {detail}", answer.status()))
}

fn json(server: &Server, method: &str, path: &str, body: Option<String>) -> miette::Result<Value> {
    read(call(server, method, path, body)?, path)
}

fn read(mut answer: ureq::http::Response<ureq::Body>, path: &str) -> miette::Result<Value> {
    answer.body_mut().read_json().map_err(|error| miette::miette!("{path}: the answer is not JSON: {error}"))
}

/// An id that can stand in a path.
fn plain(id: &str) -> miette::Result<&str> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { Ok(id) } else { Err(miette::miette!("{id:?} is not an id of a job; hanze jobs lists them")) }
}

fn submit(server: &Server, file: &Path, no_wait: bool) -> miette::Result<ExitCode> {
    let (process, scenario) = if file.is_file() {
        own(server, file)?
    } else {
        let name = file.to_string_lossy().into_owned();
        (process_of_stored(server, &name)?, name.into())
    };
    let body = serde_json::json!({ "inputs": { "scenario": scenario } }).to_string();
    let job = json(server, "POST", &format!("/v1/processes/{process}/execution"), Some(body))?;
    let id = plain(job["id"].as_str().unwrap_or_default())?.to_string();
    say(format_args!("{id}"));
    say(format_args!("how far it is: {}", server.url(&format!("/v1/jobs/{id}"))));
    if no_wait {
        say(format_args!("{}", whereabouts(server, &id)));
        return Ok(ExitCode::SUCCESS);
    }
    follow(server, &id)
}

/// Where the results of a job are, in words.
fn whereabouts(server: &Server, id: &str) -> String {
    let url = server.url(&format!("/v1/jobs/{id}/results"));
    format!("results: {url}; hanze fetch {id}{} brings them", server.again())
}

/// The process of a scenario that the server stores: it lists the names beside each process.
fn process_of_stored(server: &Server, name: &str) -> miette::Result<String> {
    let mut known = Vec::new();
    for process in json(server, "GET", "/v1/processes", None)?["processes"].as_array().into_iter().flatten() {
        let id = plain(process["id"].as_str().unwrap_or_default())?;
        let description = json(server, "GET", &format!("/v1/processes/{id}"), None)?;
        let kinds = description["inputs"]["scenario"]["schema"]["oneOf"].as_array().cloned().unwrap_or_default();
        let names = kinds.iter().filter_map(|kind| kind["enum"].as_array()).flatten().filter_map(Value::as_str);
        known.extend(names.map(String::from));
        if known.iter().any(|known| known == name) {
            return Ok(id.to_string());
        }
    }
    let known = shown(&known.join(", "));
    Err(miette::miette!("there is no file {name}, and the server stores no scenario of that name; it stores {known}"))
}

/// The process of a scenario in a file, and the scenario with the names of its files as the server has them.
fn own(server: &Server, file: &Path) -> miette::Result<(String, Value)> {
    let bad = |error: &dyn std::fmt::Display| miette::miette!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| bad(&error))?;
    // What is wrong is told with its line, before anything is sent.
    let all = scenario::parse_all(file, text.clone()).map_err(super::report)?;
    let spec = scenario::spec_of(&text).map_err(super::report)?;
    let process = match &all[..] {
        [one] => {
            let entry = hanze_engine::models::named(one.model());
            entry.ok_or_else(|| bad(&format!("no process runs [{}]", one.model())))?.process
        }
        _ => "scenario",
    };
    let mut uploads = HashMap::new();
    for name in spec.files() {
        let is_there = name.starts_with("data:") || name.starts_with("upload:");
        if !is_there && !uploads.contains_key(&name) {
            let path = file.parent().unwrap_or(Path::new("")).join(&name);
            alone(&path, spec.city.epsg.is_some())?;
            let sent = upload(server, &path)?;
            uploads.insert(name, sent);
        }
    }
    let sent = spec.renamed(|name| uploads.get(name).cloned()).map_err(super::report)?;
    let scenario = serde_json::to_value(sent).map_err(|error| bad(&error))?;
    Ok((process.to_string(), scenario))
}

/// Sees that all that counts of a file lies in it: files beside it are not sent along.
fn alone(path: &Path, has_epsg: bool) -> miette::Result<()> {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let is = |endings: &[&str]| {
        path.extension().is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
    };
    let aux = with(".aux.xml");
    // Statistics and histograms alone change nothing.
    let counts = |xml: String| {
        ["NoDataValue", "UnitType", "Scale", "Offset"].iter().any(|name| xml.contains(&format!("<{name}")))
    };
    let (is_raster, is_text) = (is(&["tif", "tiff"]), is(&["asc", "dem", "txt"]));
    let wal = with("-wal");
    let (beside, mend) = if is(&["gpkg", "sqlite", "db"]) && wal.metadata().is_ok_and(|file| file.len() > 0) {
        (wal, "close the program that has it open, or make one file of both: ogr2ogr out.gpkg in.gpkg")
    } else if !is_raster && !is_text {
        return Ok(());
    } else if with(".msk").is_file() {
        let mend = "write the mask as nodata into the file: gdalwarp -dstnodata -9999 in.tif out.tif";
        (with(".msk"), mend)
    } else if std::fs::read_to_string(&aux).is_ok_and(counts) {
        let mend = "write what it says into the file: gdal_translate -unscale -a_nodata -9999 in.tif out.tif, with values in metres";
        (aux, mend)
    } else if is_text
        && !has_epsg
        && let Some(prj) =
            ["prj", "PRJ"].map(|ending| path.with_extension(ending)).into_iter().find(|prj| prj.is_file())
    {
        (prj, "write epsg = … under [city], or make one file of both: gdal_translate in.asc out.tif")
    } else {
        return Ok(());
    };
    Err(miette::miette!(
        help = mend,
        "{}: the file beside it ({}) counts, and a server takes single files",
        path.display(),
        beside.display()
    ))
}

/// Brings a file to the server; gives the name that it has there.
fn upload(server: &Server, path: &Path) -> miette::Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = ending_of_upload(&name).ok_or_else(|| {
        let help = "bring it in a format that has one of its own, such as .tif, .gpkg or .csv";
        miette::miette!(help = help, "{}: the server takes no files with this ending", path.display())
    })?;
    let bad = |error: std::io::Error| {
        let help = "paths are relative to the scenario; layers of the server's library are named data:FOLDER/FILE";
        miette::miette!(help = help, "{}: {error}", path.display())
    };
    let content = std::fs::File::open(path).map_err(bad)?;
    let head = |head: request::Builder| head.header("content-type", "application/octet-stream");
    let answer = read(send(server, "POST", "/v1/inputs", head, content)?, "/v1/inputs")?;
    let id = answer["id"].as_str().ok_or_else(|| miette::miette!("the server gives the file no name"))?;
    super::note(format_args!("{}: sent", path.display()));
    Ok(format!("{id}.{ending}"))
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
        bar.set_message(shown(message));
        match status {
            "accepted" | "running" => {}
            "successful" => {
                bar.finish_and_clear();
                say(format_args!("{id}: finished; {}", whereabouts(server, id)));
                return Ok(ExitCode::SUCCESS);
            }
            _ => {
                bar.finish_and_clear();
                return Err(miette::miette!("the job is {}: {}", shown(status), shown(message)));
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
            bar.set_message(shown(message));
        }
    }
}

fn results(server: &Server, id: &str) -> miette::Result<serde_json::Map<String, Value>> {
    let results = json(server, "GET", &format!("/v1/jobs/{}/results", plain(id)?), None)?;
    results.as_object().cloned().ok_or_else(|| miette::miette!("the server's list of results is not a list"))
}

fn fetch(server: &Server, id: &str, out: &Path) -> miette::Result<ExitCode> {
    let mut files = fetch_one(server, id, out)?;
    // The runs of a whole scenario have folders of their own, as `hanze run` makes them.
    let job = json(server, "GET", &format!("/v1/jobs/{}", plain(id)?), None)?;
    for run in job["runs"].as_array().into_iter().flatten() {
        let [variant, section, id] = ["variant", "section", "jobID"].map(|key| run[key].as_str());
        let folder = out.join(variant.map_or(whole::BASE.into(), scenario::slug));
        files += fetch_one(server, id.unwrap_or_default(), &folder.join(scenario::slug(section.unwrap_or("run"))))?;
    }
    say(format_args!("{files} files in {}", out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Fetches the results of one job; gives how many files they are.
fn fetch_one(server: &Server, id: &str, out: &Path) -> miette::Result<usize> {
    let results = results(server, id)?;
    let bar = ProgressBar::new(results.len() as u64);
    for (output, link) in &results {
        let Some(name) = link["name"].as_str() else { continue };
        // A name leads into the folder and nowhere else.
        let is_safe =
            name.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\\'));
        // Links are whole URLs, and the key goes to the server that was named and to no other.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !is_safe || !output.chars().all(is_plain) {
            return Err(miette::miette!("the server names a file {name:?}, which is not written"));
        }
        let path = out.join(name);
        let bad = |error: std::io::Error| miette::miette!("{}: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(bad)?;
        }
        // Whole or not at all, and what the server says that it is.
        let part = path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
        let href = format!("/v1/jobs/{}/results/{output}", plain(id)?);
        let mut from = call(server, "GET", &href, None)?.into_body().into_reader();
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
    Ok(results.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_gets_the_key_that_lies_here() {
        for (url, port) in [
            ("http://127.0.0.1:8080", Some(8080)),
            ("http://localhost/", Some(80)),
            ("http://[::1]:9000", Some(9000)),
            ("http://127.0.0.1.example.org:8080", None),
            ("http://127.0.0.1:8080@example.org", None),
            ("http://192.0.2.1:8080", None),
            ("https://localhost:8443", None),
        ] {
            assert_eq!(own_port(&url.parse().unwrap()), port, "{url}");
        }
    }

    #[test]
    fn what_counts_beside_a_file_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let [tif, asc] = ["t.tif", "t.asc"].map(|name| folder.path().join(name));
        let check = |path: &Path, has_epsg: bool| alone(path, has_epsg).map_err(|error| error.to_string());
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert!(check(&tif, false).is_ok() && check(&asc, false).is_ok());
        write("t.prj", "PROJCS[]");
        assert!(check(&asc, false).unwrap_err().contains("t.prj") && check(&asc, true).is_ok());
        assert!(check(&tif, false).is_ok(), "a GeoTIFF has its own");
        write("t.tif.aux.xml", "<PAMDataset><Metadata><MDI key=\"STATISTICS_MEAN\">1</MDI></Metadata></PAMDataset>");
        assert!(check(&tif, true).is_ok());
        write("t.tif.aux.xml", "<PAMDataset><PAMRasterBand band=\"1\"><NoDataValue>-5</NoDataValue></PAMRasterBand>");
        assert!(check(&tif, true).unwrap_err().contains("aux.xml"));
        write("t.gpkg-wal", "");
        let gpkg = folder.path().join("t.gpkg");
        assert!(check(&gpkg, false).is_ok());
        write("t.gpkg-wal", "pages");
        assert!(check(&gpkg, false).unwrap_err().contains("-wal"));
        write("t.tif.msk", "");
        assert!(check(&tif, true).unwrap_err().contains(".msk"));
    }
}
