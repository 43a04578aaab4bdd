//! The job server as programs use it.

use crate::common::{Server, hanze, log_of, shower, sum};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_job_goes_from_request_to_files() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(3.0, 1));
    // The stream ends with the job.
    let events = String::from_utf8(server.get(&format!("/v1/jobs/{id}/events")).bytes).unwrap();
    let count = |kind: &str| events.lines().filter(|line| *line == format!("event: {kind}")).count();
    assert_eq!((count("frame"), count("status")), (3, 1), "{events}");
    let ids: Vec<u64> = events.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(ids.is_sorted() && ids.len() >= 4);
    // Someone who comes back sees what came since.
    let last = ids[ids.len() - 2].to_string();
    let rest = server.call("GET", &format!("/v1/jobs/{id}/events"), &[("last-event-id", &last)], b"");
    let rest = String::from_utf8(rest.bytes).unwrap();
    assert_eq!(rest.matches("event: ").count(), 1, "{rest}");
    assert!(rest.contains("successful"));

    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    for name in [
        "max_depth-tif",
        "max_depth-png",
        "depth-png",
        "run-json",
        "meshes-town-glb",
        "frames-depth_000060-000s-tif",
        "spots-csv",
    ] {
        let link = &results[name];
        let href = link["href"].as_str().unwrap_or_else(|| panic!("no {name} in {results}"));
        let file = server.get(href);
        assert_eq!((file.status, file.bytes.len() as u64), (200, link["bytes"].as_u64().unwrap()), "{name}");
        assert_eq!(file.header("etag"), format!("\"{}\"", link["sha256"].as_str().unwrap()));
        assert_eq!(file.header("content-type"), link["type"].as_str().unwrap());
    }
    // In pieces it is the same file; and not again if it is known.
    let href = results["max_depth-tif"]["href"].as_str().unwrap();
    let whole = server.get(href);
    let mut pieces = Vec::new();
    while pieces.len() < whole.bytes.len() {
        let range = format!("bytes={}-{}", pieces.len(), pieces.len() + 9999);
        let piece = server.call("GET", href, &[("range", &range)], b"");
        assert_eq!(piece.status, 206);
        assert!(piece.header("content-range").ends_with(&format!("/{}", whole.bytes.len())));
        pieces.extend(piece.bytes);
    }
    assert!(pieces == whole.bytes, "the pieces are not the file");
    let etag = whole.header("etag").to_string();
    let known = server.call("GET", href, &[("if-none-match", &etag)], b"");
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let head = server.call("HEAD", href, &[], b"");
    assert_eq!(
        (head.status, head.bytes.len(), head.header("content-length")),
        (200, 0, whole.header("content-length"))
    );
    let beyond = server.call("GET", href, &[("range", "bytes=99999999-")], b"");
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, format!("bytes */{}", whole.bytes.len()).as_str())
    );
    let stale = server.call("GET", href, &[("range", "bytes=0-9"), ("if-range", "\"other\"")], b"");
    assert_eq!((stale.status, stale.bytes.len()), (200, whole.bytes.len()));
}

/// A number in 0..1 that differs from call to call.
fn chance(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn nothing_is_lost_when_the_process_is_killed_ten_times() {
    let [disturbed, quiet] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let arguments = ["--checkpoint-seconds", "0.4"];
    let mut server = Server::start(disturbed.path(), &arguments);
    let jobs: Vec<String> = (0..10).map(|seed| server.submit(&shower(4.0, seed))).collect();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed of the moments: {seed}");
    let mut state = seed;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_secs_f64(0.1 + 1.5 * chance(&mut state)));
        server.stop("KILL");
        server = Server::start(disturbed.path(), &arguments);
    }
    let undisturbed = Server::start(quiet.path(), &[]);
    let mut attempts = 0;
    for (seed, id) in jobs.iter().enumerate() {
        let job = server.wait(id, "successful");
        assert_eq!(job["progress"], 100);
        attempts += job["attempts"].as_u64().unwrap();
        let other = undisturbed.submit(&shower(4.0, seed as u64));
        undisturbed.wait(&other, "successful");
        assert_eq!(server.sums(id), undisturbed.sums(&other), "seed {seed} of moments {state}");
        // Each file is whole and what its name says.
        for link in server.get(&format!("/v1/jobs/{id}/results")).json().as_object().unwrap().values() {
            let file = server.get(link["href"].as_str().unwrap());
            assert_eq!(sum(&file.bytes), link["sha256"].as_str().unwrap(), "{link}");
        }
        let events = String::from_utf8(server.get(&format!("/v1/jobs/{id}/events")).bytes).unwrap();
        assert_eq!(events.matches("\"successful\"").count(), 1, "one end: {events}");
    }
    assert!(attempts > 12, "the kills met jobs that ran: {attempts} attempts at ten jobs");
    // Nothing is left where jobs compute.
    assert_eq!(std::fs::read_dir(disturbed.path().join("work")).unwrap().count(), 0);
}

#[test]
fn a_server_that_is_told_to_stop_puts_its_job_back() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(60.0, 3));
    server.wait(&id, "running");
    std::thread::sleep(Duration::from_millis(700));
    let began = Instant::now();
    server.stop("TERM");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    // It goes on from here.
    let mut runs = std::fs::read_dir(data.path().join("work").join(&id).join("out")).unwrap();
    assert!(runs.next().unwrap().unwrap().path().join("checkpoint.bin").exists());
    let server = Server::start(data.path(), &[]);
    let job = server.wait(&id, "running");
    assert_eq!(job["attempts"], 1, "a planned stop gives the attempt back: {job}");
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
}

#[test]
fn a_job_with_a_checkpoint_of_another_version_begins_anew() {
    let data = tempfile::tempdir().unwrap();
    let begin = || Server::start(data.path(), &[]);
    let server = begin();
    let id = server.submit(&shower(60.0, 3));
    server.wait(&id, "running");
    std::thread::sleep(Duration::from_millis(700));
    server.stop("TERM");
    let out = data.path().join("work").join(&id).join("out");
    let file = || std::fs::read_dir(&out).unwrap().next().unwrap().unwrap().path().join("checkpoint.bin");
    let whole = std::fs::read(file()).unwrap();
    let mut older = whole.clone();
    older[14] = b'2';
    std::fs::write(file(), older).unwrap();
    let server = begin();
    let (began, words) = (Instant::now(), "was made by another version of Hanze");
    while !log_of(data.path()).contains(words) {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", log_of(data.path()));
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(server.job(&id)["status"], "running", "it does not fail for that");
    server.stop("TERM");
    assert_eq!(std::fs::read(file()).unwrap()[..16], whole[..16], "it computed and left a checkpoint of its own");
}

#[test]
fn a_job_is_dismissed_within_a_second_and_the_next_one_runs() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (long, waiting, next) =
        (server.submit(&shower(600.0, 1)), server.submit(&shower(600.0, 2)), server.submit(&shower(1.0, 3)));
    server.wait(&long, "running");
    for id in [&waiting, &long] {
        let answer = server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("dismissed")));
    }
    // A second of computing, however much of the machine others take meanwhile.
    let (began, computed) = (Instant::now(), server.cpu_seconds());
    while server.job(&next)["status"] == "accepted" {
        std::thread::sleep(Duration::from_millis(20));
    }
    let computed = server.cpu_seconds() - computed;
    assert!(computed < 1.0, "the device was free after {computed} s of computing");
    assert!(began.elapsed() < Duration::from_millis(1800), "the device was free after {:?}", began.elapsed());
    server.wait(&next, "successful");
    assert_eq!(server.get(&format!("/v1/jobs/{long}/results")).status, 410);
    // A finished job can go, too, with its files.
    assert_eq!(server.call("DELETE", &format!("/v1/jobs/{next}"), &[], b"").status, 200);
    let files: usize = std::fs::read_dir(data.path().join("artifacts"))
        .unwrap()
        .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum();
    assert_eq!(files, 0, "files that no job has");
}

#[test]
fn jobs_that_share_files_keep_them() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let [one, two] = [0, 1].map(|_| server.submit(&shower(1.0, 5)));
    for id in [&one, &two] {
        server.wait(id, "successful");
    }
    assert_eq!(server.sums(&one), server.sums(&two));
    server.call("DELETE", &format!("/v1/jobs/{one}"), &[], b"");
    for link in server.get(&format!("/v1/jobs/{two}/results")).json().as_object().unwrap().values() {
        assert_eq!(server.get(link["href"].as_str().unwrap()).status, 200, "{link}");
    }
}

#[test]
fn a_layer_that_was_brought_is_the_ground() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-upload-mb", "1"]);
    let rows: String = (0..20).map(|k| format!("{}\n", format!("{} ", 0.1 * f64::from(k)).repeat(30))).collect();
    let grid = format!("ncols 30\nnrows 20\nxllcorner 202000\nyllcorner 502000\ncellsize 2\n{rows}");
    let [first, again] = [0, 1].map(|_| server.call("POST", "/v1/inputs", &[], grid.as_bytes()));
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["id"], again.json()["id"], "the same file is the same upload");
    let id = first.json()["id"].as_str().unwrap().to_string();
    assert_eq!(id, format!("upload:{}", sum(grid.as_bytes())));
    let scenario = |name: String| {
        json!({ "title": "Slope", "city": { "terrain": name, "epsg": 28992 },
            "runoff": { "end_minutes": 1, "rain": { "mm_per_hour": 50 } } })
    };
    let job = server.submit(&scenario(format!("{id}.asc")));
    server.wait(&job, "successful");
    let record = server.get(&format!("/v1/jobs/{job}/results/run-json")).json();
    assert_eq!((&record["grid"]["cols"], &record["inputs"][0]["sha256"]), (&json!(30), &json!(sum(grid.as_bytes()))));
    // What is not here, is no layer, or is too large.
    let refused =
        |name: String| server.execute(&json!({ "inputs": { "scenario": scenario(name) } }).to_string(), &[]).status;
    assert_eq!(refused(format!("upload:{}.asc", "0".repeat(64))), 400);
    assert_eq!(refused(format!("{id}.exe")), 400);
    assert_eq!(server.call("POST", "/v1/inputs", &[], b"").status, 400);
    assert_eq!(server.call("POST", "/v1/inputs", &[], &vec![b'x'; 2 << 20]).status, 413);
    let nonsense = server.call("POST", "/v1/inputs", &[], b"no grid at all").json()["id"].as_str().unwrap().to_string();
    for (ending, words) in [("asc", "ncols"), ("tif", "TIFF")] {
        let job = server.submit(&scenario(format!("{nonsense}.{ending}")));
        let failed = server.wait(&job, "failed");
        let message = failed["message"].as_str().unwrap();
        assert!(message.contains(words) && !message.contains(data.path().to_str().unwrap()), "{message}");
        assert_eq!(server.get(&format!("/v1/jobs/{job}/results")).status, 400);
    }
    // Nothing half is left of what was refused.
    let left = std::fs::read_dir(data.path().join("inputs")).unwrap().count();
    assert_eq!(left, 2, "the grid and the nonsense");
}

#[test]
fn old_results_go_and_make_room() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let [old, new] = [1, 2].map(|seed| {
        let id = server.submit(&shower(1.0, seed));
        server.wait(&id, "successful");
        id
    });
    let bytes = |id: &str| -> u64 {
        let results = server.get(&format!("/v1/jobs/{id}/results")).json();
        results.as_object().unwrap().values().map(|link| link["bytes"].as_u64().unwrap()).sum()
    };
    // Room for the newer job only.
    let room = (bytes(&new) + bytes(&old) / 2) as f64 / 1e9;
    server.stop("TERM");
    let server = Server::start(data.path(), &["--max-gb", &room.to_string()]);
    let job = server.wait(&old, "dismissed");
    assert!(job["message"].as_str().unwrap().contains("room"), "{job}");
    assert_eq!(
        (server.get(&format!("/v1/jobs/{old}/results")).status, server.job(&new)["status"].as_str()),
        (410, Some("successful"))
    );
    server.stop("TERM");
    let server = Server::start(data.path(), &["--keep-days", "0"]);
    assert!(server.wait(&new, "dismissed")["message"].as_str().unwrap().contains("0 days"));
    // The row goes first, then the files.
    let files = || -> usize {
        let folders = std::fs::read_dir(data.path().join("artifacts")).unwrap();
        folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    };
    let began = Instant::now();
    while files() > 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "{} files that no job has", files());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_same_request_twice_is_one_job() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let body = json!({ "inputs": { "scenario": shower(1.0, 1) } }).to_string();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..8).map(|_| scope.spawn(|| server.execute(&body, &[("idempotency-key", "once")]))).collect();
        calls
            .into_iter()
            .map(|call| {
                let answer = call.join().unwrap();
                assert_eq!(answer.status, 201);
                answer.json()["id"].as_str().unwrap().to_string()
            })
            .collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let other = json!({ "inputs": { "scenario": shower(1.0, 2) } }).to_string();
    assert_eq!(server.execute(&other, &[("idempotency-key", "once")]).status, 409);
    assert_eq!(server.execute(&other, &[("idempotency-key", "twice")]).status, 201);
    assert_eq!(server.execute(&other, &[("idempotency-key", "")]).status, 400);
}

#[test]
fn keys_open_and_close_the_door() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap().to_string();
    let key = |name: &str, role: &str| {
        let made = hanze(data.path(), &["key", "--data", &folder, "new", name, "--role", role]);
        made.lines().next().unwrap().to_string()
    };
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(server.get("/v1/jobs").status, 200, "no key is made yet");
    let (reader, submitter, other) = (key("reader", "read"), key("alice", "submit"), key("bob", "submit"));
    let answer = server.get("/v1/jobs");
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(server.get("/v1/processes").status, 200, "what can be computed is for everyone");
    let body = json!({ "inputs": { "scenario": shower(1.0, 1) } }).to_string();
    server.key = Some(reader);
    assert_eq!((server.get("/v1/jobs").status, server.execute(&body, &[]).status), (200, 403));
    server.key = Some(submitter);
    let id = server.execute(&body, &[]).json()["id"].as_str().unwrap().to_string();
    let urgent = json!({ "inputs": { "scenario": shower(1.0, 1), "priority": 5 } }).to_string();
    assert_eq!(server.execute(&urgent, &[]).status, 403);
    server.key = Some(other);
    assert_eq!(server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"").status, 403, "another's job");
    hanze(data.path(), &["key", "--data", &folder, "revoke", "bob"]);
    assert_eq!(server.get("/v1/jobs").status, 401, "a revoked key");
    server.key = Some("hanze_nonsense".into());
    assert_eq!(server.get("/v1/jobs").status, 401);
    assert!(hanze(data.path(), &["key", "--data", &folder, "list"]).contains("bob  revoked"));
    // No key is kept as it is.
    for file in ["jobs.sqlite", "jobs.sqlite-wal", "log.jsonl"] {
        let bytes = std::fs::read(data.path().join(file)).unwrap();
        assert!(!bytes.windows(6).any(|bytes| bytes == b"hanze_"), "{file}");
    }
}

#[test]
fn hostile_requests_get_clear_problems() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-queue", "2", "--max-hours", "1"]);
    let execute = |body: &str| server.execute(body, &[]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut scenario = shower(1.0, 1);
        change(&mut scenario);
        json!({ "inputs": { "scenario": scenario } }).to_string()
    };
    let deep = format!("{{\"inputs\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (what, body, status) in [
        ("nothing", String::new(), 400),
        ("no JSON", "{".into(), 400),
        ("a list", "[1, 2]".into(), 400),
        ("no UTF-8 word", "\u{fffd}".into(), 400),
        ("deep", deep, 400),
        ("long", " ".repeat(3 << 20), 413),
        ("wrong types", with(&|s| s["runoff"]["end_minutes"] = "soon".into()), 400),
        ("no number", with(&|s| s["runoff"]["rain"]["mm_per_hour"] = json!(-5)), 400),
        ("unknown key", with(&|s| s["magic"] = 1.into()), 400),
        ("an earlier form", with(&|s| s["model"] = "runoff".into()), 400),
        (
            "two sections",
            with(&|s| s["heat"] = json!({"end_minutes": 60, "weather": "hot-day", "date": "2019-07-25"})),
            400,
        ),
        (
            "a billion cells",
            with(&|s| s["city"]["demo"] = json!({"seed": 1, "width_m": 12000, "height_m": 12000, "cell_m": 0.4})),
            422,
        ),
        ("seven weeks", with(&|s| s["runoff"] = json!({"end_minutes": 69_000})), 422),
        ("too small", with(&|s| s["city"]["demo"]["cell_m"] = json!(1e-300)), 400),
        ("a file of the server", with(&|s| s["city"] = json!({"terrain": "/etc/passwd"})), 400),
        ("a way up", with(&|s| s["city"] = json!({"terrain": "data:../../jobs.sqlite"})), 400),
        ("a URL", with(&|s| s["city"] = json!({"terrain": "http://127.0.0.1/x.tif"})), 400),
        ("a series of the server", with(&|s| s["runoff"]["rain"] = json!({"mm_per_hour": "/etc/passwd"})), 400),
    ] {
        let answer = execute(&body);
        assert_eq!(answer.status, status, "{what}: {}", String::from_utf8_lossy(&answer.bytes));
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().len() > 10 && problem["status"] == status, "{what}: {problem}");
        assert!(
            !problem.to_string().contains(data.path().to_str().unwrap()),
            "{what} tells of the server's disk: {problem}"
        );
    }
    for (path, status) in [
        ("/v1/jobs/../../etc/passwd", 404),
        ("/v1/jobs/%2e%2e%2fjobs.sqlite", 404),
        ("/v1/jobs/'%20OR%201=1--", 404),
        ("/v1/jobs/nothing/results/..%2f..%2fjobs-sqlite", 404),
        ("/v1/processes/magic", 404),
        ("/v1/jobs?limit=-1", 400),
        ("/v1/jobs?limit=many", 400),
        ("/v1/jobs?cursor=x", 400),
        ("/v1/jobs?status=asleep", 400),
        ("/v1/nothing", 404),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(&answer.bytes));
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    assert_eq!(server.call("PUT", "/v1/jobs", &[], b"x").status, 405);
    // A key has its share of the queue, and the queue an end.
    let small = tempfile::tempdir().unwrap();
    let sharing = Server::start(small.path(), &["--max-queue-per-key", "1"]);
    let long = json!({ "inputs": { "scenario": shower(300.0, 1) } }).to_string();
    // A job may end between two posts on a slow machine, so post until one is refused.
    let refused = |server: &Server| {
        let mut answers = (0..30).map(|_| server.execute(&long, &[]));
        let refused = answers.find(|answer| answer.status != 201).expect("a queue that is full takes no job");
        (refused.status, refused.header("retry-after").to_string())
    };
    assert_eq!(refused(&sharing), (429, "60".into()));
    assert_eq!(refused(&server), (503, "60".into()));
    assert_eq!(server.get("/healthz").status, 200);
}

/// Sends bytes on a socket of its own, and gives what comes back until the server ends it.
fn raw(server: &Server, bytes: &[u8], wait: Duration) -> String {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(wait)).unwrap();
    // A server that has heard enough may close before all is sent.
    let _ = socket.write_all(bytes);
    let mut answer = Vec::new();
    if let Err(error) = socket.read_to_end(&mut answer) {
        let is_silent = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
        // What the server closed with bytes unread may come back as a reset.
        assert!(!is_silent || !answer.is_empty(), "the server neither answers nor closes");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn sockets_that_misbehave_are_let_go() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let soon = Duration::from_secs(5);
    let flood: String = (0..5000).map(|k| format!("x-{k}: {k}\r\n")).collect();
    let answer = raw(&server, format!("GET /v1 HTTP/1.1\r\nhost: localhost\r\n{flood}\r\n").as_bytes(), soon);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer = raw(&server, b"\x16\x03\x01 no HTTP at all\r\n\r\n", soon);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    // A body without an end.
    let mut endless =
        b"POST /v1/processes/rainfall-runoff/execution HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..240 {
        endless.extend(b"10000\r\n");
        endless.extend([b' '; 0x10000]);
        endless.extend(b"\r\n");
    }
    let answer = raw(&server, &endless, soon);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    // A head that never ends: the socket is closed after ten seconds.
    let began = Instant::now();
    let answer = raw(&server, b"GET /v1 HTTP/1.1\r\nhost: localhost\r\nx-slow: ", Duration::from_secs(25));
    assert!(began.elapsed() < Duration::from_secs(20), "still open: {answer}");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let serve = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(["serve", "--device", "cpu"]).args(arguments).env("XDG_RUNTIME_DIR", data.path());
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let words = serve(&["--port", "0", "--data", file.to_str().unwrap()]);
    assert!(words.contains("file"), "{words}");
    // A port that is taken.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let words = serve(&["--port", &port, "--data", data.path().join("good").to_str().unwrap()]);
    assert!(words.contains(&port) && words.contains("--port 0"), "{words}");
}

#[test]
fn pages_of_other_sites_and_second_servers_are_kept_out() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (name, value, status) in [
        ("origin", "https://example.org", 401),
        ("origin", "http://localhost:3000", 200),
        ("host", "hanze.example.org", 401),
        ("x-forwarded-for", "192.0.2.1", 401),
        ("origin", "null", 401),
    ] {
        assert_eq!(server.call("GET", "/v1/jobs", &[(name, value)], b"").status, status, "{name}: {value}");
    }
    let mut second = std::process::Command::new(env!("CARGO_BIN_EXE_hanze"));
    second.args(["serve", "--port", "0", "--device", "cpu", "--data"]).arg(data.path());
    let output = second.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("another server runs on"), "{words}");
}

#[test]
fn the_command_line_is_a_client() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let scenario = "title = \"Shower\"\n[city]\ndemo = { seed = 3, width_m = 200, height_m = 200, cell_m = 2 }\n\
                    [runoff]\nend_minutes = 1\n[runoff.rain]\nmm_per_hour = 60\n";
    std::fs::write(data.path().join("shower.toml"), scenario).unwrap();
    let ask = |arguments: &[&str]| hanze(data.path(), &[arguments, &["--server", &server.url]].concat());
    let submitted = ask(&["submit", "shower.toml"]);
    assert!(submitted.contains("finished"), "{submitted}");
    let id = submitted.lines().next().unwrap();
    assert!(ask(&["jobs"]).contains("successful  100 %  Shower"));
    assert!(ask(&["results", id]).contains("max_depth.tif"));
    ask(&["fetch", id, "--out", "here"]);
    let fetched = std::fs::read(data.path().join("here/max_depth.tif")).unwrap();
    let sums: std::collections::HashMap<String, String> = server.sums(id).into_iter().collect();
    assert_eq!(sum(&fetched), sums["max_depth-tif"]);
    assert!(ask(&["cancel", id]).contains("dismissed"));
}

#[test]
fn vehicles_move_on_the_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let scenario = json!({
        "title": "Moving",
        "city": { "demo": { "seed": 3, "width_m": 600, "height_m": 600, "cell_m": 4 } },
        "traffic": {
            "end_minutes": 10, "frame_minutes": 5, "start": "17:00", "demand": { "gate_trips": 1000 },
            "motion": { "warm_up_minutes": 2 },
        },
    });
    let body = json!({ "inputs": { "scenario": scenario } }).to_string();
    let answer = server.call("POST", "/v1/processes/traffic/execution", &[], body.as_bytes());
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
    let id = answer.json()["id"].as_str().unwrap().to_string();
    let done = server.wait(&id, "successful");
    let preview = done["links"].as_array().unwrap().iter().find(|link| link["rel"] == "preview").unwrap();
    let answer = server.get(preview["href"].as_str().unwrap());
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"), "{preview}");
    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    for name in [
        "queue-tif",
        "delay-tif",
        "no2_kerb-tif",
        "noise_power-tif",
        "released_heat-tif",
        "links_in_time-csv",
        "junctions-csv",
        "trips-csv",
        "run-json",
    ] {
        assert!(results.get(name).is_some(), "{name} of {results}");
    }
}
