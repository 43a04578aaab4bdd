//! A server of its own for each test: the real binary, on a free port, over HTTP.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    process: Child,
    pub url: String,
    pub key: Option<String>,
}

/// An answer: status, headers and bytes.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn hanze(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    let output = command.args(arguments).current_dir(data).env("XDG_RUNTIME_DIR", data).output().unwrap();
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{arguments:?}: {out}{error}");
    out
}

impl Server {
    /// Starts a server on the data of a folder, which asks this machine for no key.
    pub fn start(data: &Path, arguments: &[&str]) -> Server {
        Server::start_closed(data, &[&["--open"], arguments].concat())
    }

    /// Starts a server that asks everyone for a key.
    pub fn start_closed(data: &Path, arguments: &[&str]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(["serve", "--port", "0", "--device", "cpu", "--data"]).arg(data).args(arguments);
        Server::spawn(data, command)
    }

    /// Starts a server whose data lie on a disk of so many megabytes, which only it sees (and [`Server::disk`]).
    pub fn start_on_disk(data: &Path, megabytes: u32, arguments: &[&str]) -> Server {
        let mut command = Command::new("unshare");
        let script = "mount -t tmpfs -o size=\"$0\"m none \"$1\" && shift && exec \"$@\"";
        let user = if is_root() { "-m" } else { "-rm" };
        command.args([user, "sh", "-c", script]).arg(megabytes.to_string()).arg(data);
        command.arg(env!("CARGO_BIN_EXE_hanze")).args(["serve", "--open", "--port", "0", "--device", "cpu", "--data"]);
        command.arg(data).args(arguments);
        Server::spawn(data, command)
    }

    /// The folder of [`Server::start_on_disk`] as the server sees it.
    pub fn disk(&self, data: &Path) -> std::path::PathBuf {
        Path::new("/proc").join(self.process.id().to_string()).join("root").join(data.strip_prefix("/").unwrap())
    }

    /// The server's process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The process of its worker, if there is one now.
    pub fn worker(&self) -> Option<u32> {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        ids.find(|id| {
            let fields = fields_of(*id);
            // State and parent; one that has ended is not there any more.
            fields.get(1) == Some(&self.process.id().to_string()) && fields[0] != "Z"
        })
    }

    /// Highest memory that the server has had, and its worker with it, bytes.
    pub fn peak_memory(&self) -> [u64; 2] {
        let peak = |id: u32| {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        let own = peak(self.process.id());
        [own, own + self.worker().map_or(0, peak)]
    }

    /// Seconds of computing that the server and its worker have had.
    pub fn cpu_seconds(&self) -> f64 {
        let seconds = |id: u32| {
            let fields = fields_of(id);
            // utime and stime, in hundredths on every Linux that is in use.
            (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
        };
        seconds(self.process.id()) + self.worker().map_or(0.0, seconds)
    }

    fn spawn(data: &Path, mut command: Command) -> Server {
        let log = std::fs::File::options().create(true).append(true).open(data.join("log.jsonl")).unwrap();
        command.stdout(Stdio::piped()).stderr(log).env("XDG_RUNTIME_DIR", data);
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find_map(|word| word.strip_suffix("/v1"));
        let url = url.unwrap_or_else(|| panic!("no address in {line:?}: {}", log_of(data))).to_string();
        Server { process, url, key: None }
    }

    /// Ends the process with a signal: KILL, as a power cut would, or TERM.
    pub fn stop(mut self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        self.process.wait().unwrap();
    }

    /// A request with headers and a body.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)));
        let agent: ureq::Agent = config.build().into();
        // Links are whole URLs of this server.
        let path = path.strip_prefix(&self.url).unwrap_or(path);
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let has_body = matches!(method, "POST" | "PUT" | "PATCH");
        let answer =
            if has_body { agent.run(request.body(body).unwrap()) } else { agent.run(request.body(()).unwrap()) };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let mut bytes = Vec::new();
        answer.body_mut().as_reader().read_to_end(&mut bytes).unwrap();
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], b"")
    }

    /// Submits a scenario and gives the job's id.
    pub fn submit(&self, scenario: &Value) -> String {
        let answer = self.execute(&json!({ "inputs": { "scenario": scenario } }).to_string(), &[]);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
        answer.json()["id"].as_str().unwrap().to_string()
    }

    pub fn execute(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        self.call("POST", "/v1/processes/rainfall-runoff/execution", headers, body.as_bytes())
    }

    pub fn job(&self, id: &str) -> Value {
        self.get(&format!("/v1/jobs/{id}")).json()
    }

    /// Waits until a job is in a state, for two minutes at most.
    pub fn wait(&self, id: &str, state: &str) -> Value {
        let began = Instant::now();
        loop {
            let job = self.job(id);
            if job["status"] == state {
                return job;
            }
            // A job that has ended may still go, and nothing else.
            let is_over = ["failed", "dismissed"].iter().any(|over| job["status"] == *over)
                || (job["status"] == "successful" && state != "dismissed");
            assert!(!is_over && began.elapsed() < Duration::from_secs(120), "waiting for {state}: {job}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a job is over, for a minute at most: what is told of it then, and the longest wait for an answer.
    pub fn end_of(&self, id: &str) -> (Value, Duration) {
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        loop {
            let asked = Instant::now();
            let job = self.job(id);
            slowest = slowest.max(asked.elapsed());
            if !["accepted", "running"].contains(&job["status"].as_str().unwrap()) {
                return (job, slowest);
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{job}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checksums of all results but the record, which holds times.
    pub fn sums(&self, id: &str) -> Vec<(String, String)> {
        let results = self.get(&format!("/v1/jobs/{id}/results")).json();
        let sums = results.as_object().unwrap().iter().filter(|(name, _)| *name != "run-json");
        sums.map(|(name, link)| (name.clone(), link["sha256"].as_str().unwrap().to_string())).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a new mount needs no user of its own.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// What Linux tells of a process behind its name: its state first, then its parent; nothing, where there is none.
pub fn fields_of(id: u32) -> Vec<String> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    line.rsplit(')').next().unwrap_or_default().split_whitespace().map(String::from).collect()
}

pub fn log_of(data: &Path) -> String {
    std::fs::read_to_string(data.join("log.jsonl")).unwrap_or_default()
}

/// SHA-256 of bytes, as the server writes it.
pub fn sum(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes the store of a server that does not run.
pub fn query(data: &Path, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("jobs.sqlite"));
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement.to_string())).execute(&pool).await.unwrap();
        pool.close().await;
    });
}

/// A shower on a small town that takes a second or two.
pub fn shower(minutes: f64, seed: u64) -> Value {
    json!({
        "title": format!("Shower {seed}"),
        "city": { "demo": { "seed": seed, "width_m": 240, "height_m": 200, "cell_m": 2 } },
        "runoff": { "end_minutes": minutes, "frame_minutes": minutes / 3.0, "rain": { "mm_per_hour": 60 } },
    })
}

/// A server that hears what is posted to it, and answers 503 to the first call of each path.
pub struct Listener {
    pub url: String,
    heard: std::sync::mpsc::Receiver<(String, Value)>,
    earlier: std::cell::RefCell<Vec<(String, Value)>>,
    posts: std::sync::Arc<std::sync::Mutex<Vec<Post>>>,
}

/// What was posted, heard or not.
#[derive(Clone)]
pub struct Post {
    pub path: String,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Listener {
    pub fn start() -> Listener {
        use std::io::Write;
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let (sender, heard) = std::sync::mpsc::channel();
        let posts: std::sync::Arc<std::sync::Mutex<Vec<Post>>> = Default::default();
        let all = posts.clone();
        std::thread::spawn(move || {
            let mut refused = std::collections::HashSet::new();
            for stream in socket.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
                let length = head.to_ascii_lowercase();
                let length =
                    length.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).unwrap();
                let path = head.split(' ').nth(1).unwrap().to_string();
                let headers = head.lines().filter_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    let name = ureq::http::HeaderName::from_bytes(name.as_bytes()).ok()?;
                    Some((name, ureq::http::HeaderValue::from_str(value.trim()).ok()?))
                });
                let headers = headers.collect();
                all.lock().unwrap().push(Post { path: path.clone(), headers, body: body.clone() });
                // Progress is told once, and the others again until they are heard.
                let is_refused = path != "/progress" && refused.insert(path.clone());
                let status = if is_refused { "503 Service Unavailable" } else { "200 OK" };
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
                if !is_refused && sender.send((path, serde_json::from_slice(&body).unwrap())).is_err() {
                    return;
                }
            }
        });
        Listener { url, heard, earlier: Vec::new().into(), posts }
    }

    /// All that was posted to a path so far, also what was refused.
    pub fn posts(&self, path: &str) -> Vec<Post> {
        self.posts.lock().unwrap().iter().filter(|post| post.path == path).cloned().collect()
    }

    /// What was posted to a path.
    pub fn wait(&self, path: &str) -> (String, Value) {
        let mut earlier = self.earlier.borrow_mut();
        loop {
            if let Some(k) = earlier.iter().position(|(to, _)| to == path) {
                return earlier.remove(k);
            }
            earlier.push(
                self.heard.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("nothing came to {path}")),
            );
        }
    }
}
