//! Who comes in, with which key, and what one client can take from the others.

use crate::common::{Server, hanze, shower};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that anyone may wait for an answer while others misbehave.
const SOON: Duration = Duration::from_secs(5);

fn connect(server: &Server) -> TcpStream {
    let socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket
}

/// Sends bytes on a socket of its own; gives the status of the answer and its beginning, status 0 where none comes.
fn raw(server: &Server, bytes: &str) -> (u16, String) {
    let mut socket = connect(server);
    socket.write_all(bytes.as_bytes()).unwrap();
    answer_of(&mut socket)
}

fn answer_of(socket: &mut TcpStream) -> (u16, String) {
    let (mut head, mut piece) = (String::new(), [0; 4096]);
    // Problems are read to their end.
    while !(head.contains("\r\n\r\n") && head.ends_with('}')) && head.len() < 16_384 {
        match socket.read(&mut piece) {
            Ok(count) if count > 0 => head += &String::from_utf8_lossy(&piece[..count]),
            _ => break,
        }
        if head.contains("\r\n\r\n") && !head.contains("problem+json") {
            break;
        }
    }
    (head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0), head)
}

/// Asks for the server's health on a connection of its own.
fn is_healthy_soon(server: &Server) {
    let began = Instant::now();
    let (status, head) = raw(server, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(status, 200, "after {:?}: {head}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

fn token(data: &Path) -> String {
    std::fs::read_to_string(data.join("token")).unwrap().trim().to_string()
}

#[test]
fn the_first_start_makes_a_token_that_commands_find() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start_closed(data.path(), &[]);
    let made = token(data.path());
    assert!(made.starts_with("hanze_") && made.len() == 38, "{made}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let port = server.url.rsplit(':').next().unwrap();
        for file in ["token".to_string(), format!("hanze/servers/{port}")] {
            let mode = std::fs::metadata(data.path().join(&file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
    // Nobody comes in without it, not even from this machine.
    let refused = server.get("/v1/jobs");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(server.execute("{}", &[]).status, 401);
    assert_eq!(server.call("POST", "/v1/inputs", &[], b"x").status, 401);
    for (name, value) in [
        ("authorization", format!("Bearer {made}")),
        ("authorization", format!("bearer {made}")),
        ("authorization", format!("BEARER  {made}")),
        ("x-api-key", made.clone()),
    ] {
        assert_eq!(server.call("GET", "/v1/jobs", &[(name, &value)], b"").status, 200, "{name}: {value}");
    }
    server.key = Some(made.clone());
    let id = server.submit(&shower(1.0, 1));
    server.wait(&id, "successful");
    // Commands of the same user find it by the server's port, or in the folder that they are told.
    let jobs = hanze(data.path(), &["jobs", "--server", &server.url]);
    assert!(jobs.contains(&id), "{jobs}");
    std::fs::remove_dir_all(data.path().join("hanze")).unwrap();
    let folder = data.path().to_str().unwrap();
    assert!(hanze(data.path(), &["jobs", "--server", &server.url, "--data", folder]).contains(&id));
    let mut none = Command::new(env!("CARGO_BIN_EXE_hanze"));
    none.args(["jobs", "--server", &server.url]).current_dir(data.path()).env("XDG_RUNTIME_DIR", data.path());
    let output = none.env_remove("HOME").env_remove("XDG_STATE_HOME").output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("401") && words.contains("--key"), "{words}");
    // The next start has the same; what lies beside the store is its hash only.
    server.stop("TERM");
    let mut server = Server::start_closed(data.path(), &[]);
    assert_eq!(token(data.path()), made);
    for file in ["jobs.sqlite", "jobs.sqlite-wal", "log.jsonl"] {
        let bytes = std::fs::read(data.path().join(file)).unwrap();
        assert!(!bytes.windows(made.len()).any(|bytes| bytes == made.as_bytes()), "{file}");
    }
    // One that is revoked opens nothing, and the next start makes another.
    hanze(data.path(), &["key", "--data", folder, "revoke", "(token)"]);
    server.key = Some(made.clone());
    assert_eq!(server.get("/v1/jobs").status, 401);
    server.stop("TERM");
    let _server = Server::start_closed(data.path(), &[]);
    assert_ne!(token(data.path()), made);
}

#[test]
fn the_link_of_the_start_lets_a_browser_in() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_closed(data.path(), &[]);
    let made = token(data.path());
    let answer = server.get(&format!("/?key={made}"));
    assert_eq!((answer.status, answer.header("location")), (303, "/v1"));
    assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
    let cookie = answer.header("set-cookie").to_string();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let jobs =
        |more: &[(&str, &str)]| server.call("GET", "/v1/jobs", &[&[("cookie", cookie)], more].concat(), b"").status;
    assert_eq!(jobs(&[]), 200);
    // Other pages of this machine send it along, too.
    assert_eq!(jobs(&[("origin", "http://127.0.0.1:1")]), 401);
    assert_eq!(jobs(&[("sec-fetch-site", "same-site")]), 401);
    assert_eq!((server.get("/?key=hanze_nonsense").status, server.get("/").status), (401, 302));
    let log = std::fs::read_to_string(data.path().join("log.jsonl")).unwrap();
    assert!(!log.contains(&made), "the key is in the log");
}

/// Something on a port that is no server of this user: takes what comes and answers 401.
fn stranger() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, heads) = (format!("http://{}", socket.local_addr().unwrap()), std::sync::Arc::default());
    let heard: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let (mut stream, mut head, mut piece) = (stream, Vec::new(), [0; 1024]);
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(read @ 1..) => head.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            heard.lock().unwrap().push(String::from_utf8_lossy(&head).to_ascii_lowercase());
            let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
        }
    });
    (url, heads)
}

#[test]
fn the_token_goes_to_its_server_only_and_through_no_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("hanze-data");
    std::fs::create_dir(&data).unwrap();
    let server = Server::start_closed(&data, &[]);
    let serving = std::fs::read_to_string(data.join("serving")).unwrap();
    assert!(server.url.ends_with(&format!(":{}", serving.lines().nth(1).unwrap())), "{serving}");
    let (proxy, through) = stranger();
    let jobs = |url: &str, of_user: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(["jobs", "--server", url]).current_dir(folder.path()).env("XDG_RUNTIME_DIR", of_user);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, &proxy);
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("XDG_STATE_HOME");
        command.env("HOME", folder.path()).env_remove("HANZE_KEY").output().unwrap()
    };
    // As its server left it, or in the folder beside.
    for of_user in [data.as_path(), folder.path()] {
        let output = jobs(&server.url, of_user);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // Another one on this machine, at another port and at that of a server that fell.
    let (other, heads) = stranger();
    let port = other.rsplit(':').next().unwrap().to_string();
    for fallen in [None, Some(format!("127.0.0.1\n{port}\n4294967295\n"))] {
        if let Some(fallen) = fallen {
            std::fs::write(data.join("serving"), &fallen).unwrap();
            let left = data.join("hanze/servers").join(&port);
            std::fs::write(left, format!("{}\n{fallen}", token(&data))).unwrap();
        }
        assert!(!jobs(&other, &data).status.success());
    }
    let heads = heads.lock().unwrap();
    assert!(heads.len() == 2 && heads.iter().all(|head| !head.contains("authorization")), "{heads:?}");
    assert!(through.lock().unwrap().is_empty(), "nothing went through the proxy");
    // The folder says so no more when the server has stopped.
    server.stop("TERM");
    assert!(!data.join("serving").exists());
}

#[test]
fn an_open_server_is_open_to_its_own_machine_only() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    assert!(!data.path().join("token").exists());
    for (what, request, expected) in [
        ("a program of this machine", "GET /v1/jobs HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n\r\n", 200),
        // nginx without a word of configuration, until its version 1.29.
        ("HTTP/1.0", "GET /v1/jobs HTTP/1.0\r\nhost: 127.0.0.1:8080\r\nconnection: close\r\n\r\n", 401),
        ("HTTP/1.0 without a host", "GET /v1/jobs HTTP/1.0\r\n\r\n", 401),
        ("Via", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nvia: 1.1 proxy\r\n\r\n", 401),
        ("Forwarded", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nforwarded: for=192.0.2.1\r\n\r\n", 401),
        ("a scheme", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nx-forwarded-proto: https\r\n\r\n", 401),
        ("a real address", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nx-real-ip: 192.0.2.1\r\n\r\n", 401),
        ("a made up version", "GET /v1/jobs HTTP/1.0\r\nhost: localhost\r\nx-hanze-http: 1.1\r\n\r\n", 401),
        ("another host", "GET /v1/jobs HTTP/1.1\r\nhost: localhost.example.org\r\n\r\n", 401),
        ("another host in the target", "GET http://example.org/v1/jobs HTTP/1.1\r\nhost: localhost\r\n\r\n", 401),
        ("a host behind a user", "GET /v1/jobs HTTP/1.1\r\nhost: localhost:80@example.org\r\n\r\n", 401),
        (
            "a picture of another page",
            "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: cross-site\r\n\r\n",
            401,
        ),
        ("two hosts", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nhost: example.org\r\n\r\n", 400),
        ("the same host twice", "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n", 400),
        ("no host", "GET /v1/jobs HTTP/1.1\r\n\r\n", 400),
        ("health for a proxy", "GET /healthz HTTP/1.0\r\nvia: 1.1 proxy\r\n\r\n", 200),
    ] {
        let (status, head) = raw(&server, request);
        assert_eq!(status, expected, "{what}: {head}");
        if status == 401 {
            assert!(head.contains("--open") && head.contains("hanze key new"), "{what}: {head}");
        }
    }
    // Whoever has a key comes in by any way.
    let folder = data.path().to_str().unwrap().to_string();
    let key = hanze(data.path(), &["key", "--data", &folder, "new", "proxy"]).lines().next().unwrap().to_string();
    let request = format!("GET /v1/jobs HTTP/1.0\r\nvia: 1.1 proxy\r\nauthorization: Bearer {key}\r\n\r\n");
    assert_eq!(raw(&server, &request).0, 200);
}

#[test]
fn readers_of_events_leave_places_for_others() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start_closed(data.path(), &["--public-read", "--max-connections", "64"]);
    server.key = Some(token(data.path()));
    let job = server.submit(&shower(600.0, 1));
    server.wait(&job, "running");
    let listen = format!("GET /v1/jobs/{job}/events HTTP/1.1\r\nhost: localhost\r\n");
    let mut held = Vec::new();
    let mut statuses = Vec::new();
    for _ in 0..100 {
        let mut socket = connect(&server);
        socket.write_all(format!("{listen}\r\n").as_bytes()).unwrap();
        statuses.push(answer_of(&mut socket).0);
        held.push(socket);
    }
    let count = |status: u16| statuses.iter().filter(|other| **other == status).count();
    assert!(count(200) >= 1 && count(200) <= 8 && count(200) + count(429) == 100, "{statuses:?}");
    is_healthy_soon(&server);
    // Whoever has a key still listens, and writes.
    let key = server.key.clone().unwrap();
    assert_eq!(raw(&server, &format!("{listen}authorization: Bearer {key}\r\n\r\n")).0, 200);
    let echo = json!({ "inputs": { "message": "x" } }).to_string();
    assert_eq!(server.call("POST", "/v1/processes/echo/execution", &[], echo.as_bytes()).status, 200);
    assert_eq!(server.call("DELETE", &format!("/v1/jobs/{job}"), &[], b"").status, 200);
    // A stream that has ended gives its place back.
    let began = Instant::now();
    drop(held);
    loop {
        let (status, head) = raw(&server, &format!("{listen}\r\n"));
        if status != 429 {
            assert!(status == 200 || status == 204, "{head}");
            break;
        }
        assert!(began.elapsed() < SOON, "{head}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn one_address_does_not_take_all_connections() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-connections", "64"]);
    let mut held = Vec::new();
    for k in 0..300 {
        let mut socket = connect(&server);
        // Half a head, which is never finished.
        socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-a: ").unwrap();
        held.push(socket);
        if k % 50 == 49 {
            is_healthy_soon(&server);
            assert_eq!(raw(&server, "GET /v1/jobs HTTP/1.1\r\nhost: localhost\r\n\r\n").0, 200);
        }
    }
}

#[test]
fn slow_bodies_keep_nobody_from_statistics() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let job = server.submit(&shower(1.0, 1));
    server.wait(&job, "successful");
    let path = format!("/maps/{job}/max_depth/statistics");
    let slow: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut socket = connect(&server);
            let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{{\"type\": ");
            socket.write_all(head.as_bytes()).unwrap();
            socket
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let bounds = server.get(&format!("/maps/{job}/max_depth/info")).json()["bounds"].clone();
    let [west, south, east, north] = [0, 1, 2, 3].map(|k| bounds[k].as_f64().unwrap());
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    let outline = json!({ "type": "Polygon", "coordinates": [ring] }).to_string();
    let began = Instant::now();
    let answer = server.call("POST", &path, &[], outline.as_bytes());
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // One client has an end of bodies that are on their way.
    let more: Vec<TcpStream> = (0..60).map(|_| connect(&server)).collect();
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{{");
    more.iter().for_each(|mut socket| socket.write_all(head.as_bytes()).unwrap());
    std::thread::sleep(Duration::from_millis(300));
    let mut last = connect(&server);
    last.write_all(head.as_bytes()).unwrap();
    assert_eq!(answer_of(&mut last).0, 429);
    drop((slow, more));
}

#[test]
fn connections_are_kept_for_as_long_as_it_is_said() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--keep-alive-seconds", "1"]);
    let mut socket = connect(&server);
    socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let (status, head) = answer_of(&mut socket);
    assert!(status == 200 && head.to_ascii_lowercase().contains("keep-alive: timeout=1\r\n"), "{head}");
    // Another request within the time is answered, and then there is silence.
    std::thread::sleep(Duration::from_millis(600));
    socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert_eq!(answer_of(&mut socket).0, 200);
    let began = Instant::now();
    assert_eq!(socket.read(&mut [0; 16]).unwrap(), 0, "the server closes");
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(700) && waited < Duration::from_secs(4), "{waited:?}");
    // A head may take ten seconds, and a connection that waits is kept for longer where that is said.
    let longer = tempfile::tempdir().unwrap();
    let server = Server::start(longer.path(), &["--keep-alive-seconds", "20"]);
    let mut socket = connect(&server);
    for pause in [11, 0] {
        socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        assert_eq!(answer_of(&mut socket).0, 200);
        std::thread::sleep(Duration::from_secs(pause));
    }
    let usual = tempfile::tempdir().unwrap();
    let server = Server::start(usual.path(), &[]);
    assert_eq!(server.get("/healthz").header("keep-alive"), "timeout=75");
    let closing = server.call("GET", "/healthz", &[("connection", "close")], b"");
    assert_eq!(closing.header("keep-alive"), "");
}

#[test]
fn titles_drive_no_terminal() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut scenario = shower(1.0, 1);
    for bad in ["\u{1b}[2J\u{1b}[31mPWNED\u{1b}]0;x\u{7}", "two\nlines", "\u{9b}31m", "\u{202e}txt"] {
        scenario["title"] = bad.into();
        let answer = server.execute(&json!({ "inputs": { "scenario": scenario } }).to_string(), &[]);
        let words = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(answer.status == 400 && words.contains("title has the control character"), "{words}");
    }
    scenario["title"] = "Bui".into();
    scenario["gauge"] = json!([{ "name": "\u{1b}[2J", "x": 139_150, "y": 502_100 }]);
    assert_eq!(server.execute(&json!({ "inputs": { "scenario": scenario } }).to_string(), &[]).status, 400);
}

#[test]
fn submit_finds_the_process_and_brings_the_files() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_closed(data.path(), &[]);
    let ask = |arguments: &[&str]| hanze(data.path(), &[arguments, &["--server", &server.url]].concat());
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/ring-road-closure.toml");
    for (scenario, process) in [
        ("ring-road-closure", "traffic"),
        ("heatwave", "urban-heat"),
        ("cloudburst", "rainfall-runoff"),
        (stored.to_str().unwrap(), "traffic"),
    ] {
        let words = ask(&["submit", scenario, "--no-wait"]);
        let id = words.lines().next().unwrap().to_string();
        assert!(words.contains(&format!("/v1/jobs/{id}/results")) && words.contains("hanze fetch"), "{words}");
        let listed = ask(&["jobs"]);
        assert!(listed.contains(&id), "{listed}");
        let key = format!("Bearer {}", token(data.path()));
        let job = server.call("GET", &format!("/v1/jobs/{id}"), &[("authorization", &key)], b"").json();
        assert_eq!(job["processID"], process, "{scenario}");
        assert!(ask(&["cancel", &id]).contains("dismissed"));
    }
    // A scenario of one's own, with a file beside it that is named as its title is.
    let folder = data.path().join("mine");
    std::fs::create_dir(&folder).unwrap();
    let rows: String = (0..20).map(|k| format!("{}\n", format!("{} ", 0.1 * f64::from(k)).repeat(30))).collect();
    let grid = format!("ncols 30\nnrows 20\nxllcorner 202000\nyllcorner 502000\ncellsize 2\n{rows}");
    std::fs::write(folder.join("slope.asc"), grid).unwrap();
    let text = "title = \"slope.asc\"\n[city]\nterrain = \"slope.asc\"\nepsg = 28992\n\
                [runoff]\nend_minutes = 1\n[runoff.rain]\nmm_per_hour = 50\n";
    std::fs::write(folder.join("slope.toml"), text).unwrap();
    let words = ask(&["submit", "mine/slope.toml"]);
    let id = words.lines().next().unwrap().to_string();
    assert!(words.contains("finished") && words.contains(&format!("hanze fetch {id} --server")), "{words}");
    assert!(ask(&["jobs"]).contains("successful  100 %  slope.asc"));
    assert!(ask(&["results", &id]).contains("max_depth.tif"));
    // What lies beside a file is not sent, and so the file is not either.
    let jobs = ask(&["jobs"]);
    std::fs::write(folder.join("slope.prj"), "PROJCS[\"Amersfoort / RD New\"]").unwrap();
    std::fs::write(folder.join("plain.toml"), text.replace("epsg = 28992\n", "")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    command.args(["submit", "mine/plain.toml", "--server", &server.url]).current_dir(data.path());
    let output = command.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("gdal_translate"), "{words}");
    assert_eq!(ask(&["jobs"]), jobs);
    std::fs::remove_file(folder.join("slope.prj")).unwrap();
    // What cannot be sent is told before a job is made.
    std::fs::remove_file(folder.join("slope.asc")).unwrap();
    for (scenario, expected) in [("mine/slope.toml", "slope.asc"), ("nothing", "cloudburst")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(["submit", scenario, "--server", &server.url]).current_dir(data.path());
        let output = command.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains(expected), "{words}");
    }
}

#[test]
fn readers_that_have_gone_cause_no_panic_and_no_lost_key() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let folder = data.path().to_str().unwrap().to_string();
    let unread = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(arguments).current_dir(data.path()).env("XDG_RUNTIME_DIR", data.path());
        // The pipe has no reader from the start.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!words.contains("panicked") && output.status.code() != Some(101), "{arguments:?}: {words}");
        (output.status.success(), words)
    };
    let (made, words) = unread(&["key", "--data", &folder, "new", "nobody"]);
    assert!(!made && words.contains("not kept"), "{words}");
    assert!(!hanze(data.path(), &["key", "--data", &folder, "list"]).contains("nobody"));
    assert!(unread(&["key", "--data", &folder, "list"]).0);
    assert!(unread(&["jobs", "--server", &server.url]).0);
    assert!(unread(&["schema"]).0);
}

#[test]
fn a_key_needs_a_folder_that_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["key", "new", "alice"][..], &["key", "list"], &["key", "--data", "nowhere", "list"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains("--data"), "{arguments:?}: {words}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    // Before the first start in a folder that is named.
    let made = hanze(folder.path(), &["key", "--data", "data", "new", "alice"]);
    assert!(made.starts_with("hanze_"), "{made}");
}
