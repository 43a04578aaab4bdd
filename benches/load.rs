//! The job server under load, on loopback: `cargo build --release && cargo bench -p hanze-benches --bench load`.
//!
//! Drives the binary that `HANZE` names, `target/release/hanze` without it. The load comes from the same machine and shares
//! its cores with the server, so figures are on the safe side.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A server of its own, with its data in a folder that goes with it.
struct Server {
    process: Child,
    address: String,
    folder: PathBuf,
}

impl Server {
    fn start(name: &str, arguments: &[&str]) -> Outcome<Server> {
        let folder = std::env::temp_dir().join(format!("hanze-load-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/hanze");
        let binary = std::env::var_os("HANZE").map_or(beside, PathBuf::from);
        let mut command = Command::new(binary);
        command.args(["serve", "--open", "--port", "0", "--device", "cpu", "--data"]).arg(&folder).args(arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).ok_or("no address")?;
        Ok(Server { process, address: address.into(), folder })
    }

    fn client(&self) -> Outcome<Client> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream), body: Vec::new() })
    }

    fn submit(&self, client: &mut Client, minutes: f64, metres: u32, seed: u32) -> Outcome<String> {
        let body = format!(
            "{{\"inputs\":{{\"scenario\":{{\"title\":\"Load\",\"city\":{{\"demo\":{{\"seed\":{seed},\
             \"width_m\":{metres},\"height_m\":{metres},\"cell_m\":1}}}},\"runoff\":{{\"end_minutes\":{minutes},\
             \"rain\":{{\"mm_per_hour\":60}}}}}}}}}}"
        );
        client.ask("POST", "/v1/processes/rainfall-runoff/execution", &body)?;
        client.text("\"id\":\"").ok_or_else(|| String::from_utf8_lossy(&client.body).into())
    }

    /// Waits for the end of a job and gives the seconds from its start to its end.
    fn seconds(&self, client: &mut Client, id: &str) -> Outcome<f64> {
        let began = Instant::now();
        loop {
            client.ask("GET", &format!("/v1/jobs/{id}"), "")?;
            match client.text("\"status\":\"").as_deref() {
                Some("successful") => return Ok(client.time("finished")? - client.time("started")?),
                Some("accepted" | "running") if began.elapsed() < Duration::from_secs(600) => {}
                _ => return Err(String::from_utf8_lossy(&client.body).into()),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A connection that is kept.
struct Client {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    /// Sends a request and reads the whole answer; gives its status.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Outcome<u16> {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("the server closed the connection".into());
            }
            let lower = line.trim().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some(rest) = lower.strip_prefix("content-length: ") {
                length = rest.parse()?;
            } else if lower.is_empty() {
                break;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    /// The text in the answer between a beginning and the next quotation mark.
    fn text(&self, after: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        Some(body.split(after).nth(1)?.split('"').next()?.to_string())
    }

    /// Seconds of the day in a time of the answer.
    fn time(&self, name: &str) -> Outcome<f64> {
        let text = self.text(&format!("\"{name}\":\"")).ok_or("no such time")?;
        let clock = text.split('T').nth(1).ok_or("no clock")?.trim_end_matches('Z');
        Ok(clock.split(':').map(|part| part.parse::<f64>().unwrap_or(0.0)).fold(0.0, |sum, part| 60.0 * sum + part))
    }
}

/// The value that a share of all do not exceed, ms.
fn percentile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// A job alone and beside 200 clients, half of which ask twice a second and half of which listen.
fn clients() -> Outcome<()> {
    const CLIENTS: usize = 200;
    const PAIRS: u32 = 3;
    let server = Server::start("clients", &[])?;
    let (mut alone, mut beside, mut times) = (0.0, 0.0, Vec::new());
    for pair in 0..PAIRS {
        let mut client = server.client()?;
        let id = server.submit(&mut client, 1.0, 700, 1 + pair)?;
        alone += server.seconds(&mut client, &id)?;
        let id = server.submit(&mut client, 1.0, 700, 1 + pair)?;
        let is_over = AtomicBool::new(false);
        let (took, heard) = std::thread::scope(|scope| -> Outcome<_> {
            let (mut asking, mut listening) = (Vec::new(), Vec::new());
            for k in 0..CLIENTS {
                let (mut client, is_over, id) = (server.client()?, &is_over, &id);
                if k % 2 == 0 {
                    listening.push(scope.spawn(move || {
                        let request = format!(
                            "GET /v1/jobs/{id}/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                        );
                        let _ = client.stream.get_mut().write_all(request.as_bytes());
                        let mut events = String::new();
                        let _ = client.stream.read_to_string(&mut events);
                        events.matches("event: ").count()
                    }));
                } else {
                    asking.push(scope.spawn(move || {
                        let mut times = Vec::new();
                        // They do not all ask at once.
                        std::thread::sleep(Duration::from_millis(k as u64 * 500 / CLIENTS as u64));
                        while !is_over.load(Ordering::Relaxed) {
                            let began = Instant::now();
                            if client.ask("GET", &format!("/v1/jobs/{id}"), "").is_ok_and(|status| status == 200) {
                                times.push(began.elapsed().as_secs_f64() * 1e3);
                            }
                            std::thread::sleep(Duration::from_millis(500));
                        }
                        times
                    }));
                }
            }
            let mut client = server.client()?;
            let took = server.seconds(&mut client, &id)?;
            is_over.store(true, Ordering::Relaxed);
            times.extend(asking.into_iter().flat_map(|asking| asking.join().unwrap_or_default()));
            let heard: usize = listening.into_iter().map(|listening| listening.join().unwrap_or(0)).sum();
            Ok((took, heard))
        })?;
        beside += took;
        println!("  pair {}: {CLIENTS} clients, {heard} events", pair + 1);
    }
    let (half, most) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    println!("status beside a job, {} calls of {CLIENTS} clients: median {half:.1} ms, p99 {most:.1} ms", times.len());
    println!(
        "the job: {:.1} s alone, {:.1} s beside them, {:+.0} %",
        alone / f64::from(PAIRS),
        beside / f64::from(PAIRS),
        100.0 * (beside / alone - 1.0)
    );
    Ok(())
}

/// Ten thousand jobs that wait, listed in pages.
fn pages() -> Outcome<()> {
    const JOBS: u32 = 10_000;
    let server =
        Server::start("pages", &["--max-queue", "20000", "--max-queue-per-key", "20000", "--max-hours", "1000"])?;
    let mut client = server.client()?;
    // The first one keeps the device busy.
    server.submit(&mut client, 600.0, 700, 1)?;
    let began = Instant::now();
    for seed in 0..JOBS {
        server.submit(&mut client, 1.0, 100, seed)?;
    }
    println!("{JOBS} jobs submitted, {:.2} ms each", began.elapsed().as_secs_f64() * 1e3 / f64::from(JOBS));
    for limit in [50, 1000] {
        let (mut times, mut path) = (Vec::new(), format!("/v1/jobs?limit={limit}"));
        let mut seen = 0;
        loop {
            let began = Instant::now();
            client.ask("GET", &path, "")?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            let body = String::from_utf8_lossy(&client.body).into_owned();
            seen += body.matches("\"jobID\"").count();
            let next = body.split("\"links\":[").last().and_then(|links| {
                let link = links.split('{').find(|link| link.contains("\"rel\":\"next\""))?;
                Some(link.split("\"href\":\"").nth(1)?.split('"').next()?.to_string())
            });
            match next {
                // Links are whole URLs.
                Some(next) => path = next.find("/v1/").map_or(next.clone(), |at| next[at..].to_string()),
                None => break,
            }
        }
        let (half, most) = (percentile(&mut times, 0.5), percentile(&mut times, 1.0));
        println!("{seen} jobs in {} pages of {limit}: median {half:.1} ms, longest {most:.1} ms", times.len());
    }
    Ok(())
}

/// Tiles of a layer: drawn before, and each with colours of its own so that it has to be drawn.
fn tiles() -> Outcome<()> {
    const SECONDS: f64 = 4.0;
    let server = Server::start("tiles", &["--threads", "2"])?;
    let mut client = server.client()?;
    let id = server.submit(&mut client, 1.0, 2000, 1)?;
    server.seconds(&mut client, &id)?;
    let layer = format!("/maps/{id}/max_depth");
    client.ask("GET", &format!("{layer}/tilejson.json"), "")?;
    let body = String::from_utf8_lossy(&client.body).into_owned();
    let numbers = |name: &str| -> Vec<f64> {
        let list = body.split(&format!("\"{name}\":[")).nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("");
        list.split(',').filter_map(|number| number.parse().ok()).collect()
    };
    let bounds = numbers("bounds");
    let [west, south, east, north] = bounds[..] else { return Err("no bounds".into()) };
    let mut paths = Vec::new();
    for z in 15..=17u32 {
        let count = f64::from(1u32 << z);
        let col = |lon: f64| ((lon + 180.0) / 360.0 * count) as u32;
        let row = |lat: f64| ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * count) as u32;
        for x in col(west)..=col(east) {
            paths.extend((row(north)..=row(south)).map(|y| format!("{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}.png")));
        }
    }
    for path in &paths {
        client.ask("GET", path, "")?;
    }
    for (name, readers, is_drawn) in [("drawn before", 4, false), ("drawn anew", 4, true)] {
        let next = AtomicUsize::new(0);
        let bytes = AtomicUsize::new(0);
        let began = Instant::now();
        std::thread::scope(|scope| -> Outcome<()> {
            for _ in 0..readers {
                let (mut client, next, bytes, paths) = (server.client()?, &next, &bytes, &paths);
                scope.spawn(move || {
                    while began.elapsed().as_secs_f64() < SECONDS {
                        let k = next.fetch_add(1, Ordering::Relaxed);
                        let query =
                            if is_drawn { format!("?rescale=0,{}", 1.0 + k as f64 * 1e-6) } else { String::new() };
                        match client.ask("GET", &format!("{}{query}", paths[k % paths.len()]), "") {
                            Ok(200) => bytes.fetch_add(client.body.len(), Ordering::Relaxed),
                            _ => return,
                        };
                    }
                });
            }
            Ok(())
        })?;
        let count = next.load(Ordering::Relaxed) as f64;
        let each = bytes.load(Ordering::Relaxed) as f64 / count / 1024.0;
        println!(
            "tiles {name}: {:.0} a second, {each:.1} KiB each, {readers} readers",
            count / began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |name: &str| chosen.is_empty() || chosen.iter().any(|word| word == name);
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    println!("the job server under load, {cores} cores, the load among them");
    for (name, run) in [("clients", clients as fn() -> Outcome<()>), ("pages", pages), ("tiles", tiles)] {
        if wants(name) {
            run()?;
        }
    }
    Ok(())
}
