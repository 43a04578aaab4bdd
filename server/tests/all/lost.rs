//! Nothing is lost: full disks, lost stores, wrong clocks, dying workers, rotten files.

use crate::common::{Answer, Server, fields_of, hanze, log_of, query, shower, sum};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits until something is there, for half a minute at most.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A message that comes back as a result.
fn echo(server: &Server, message: &str) -> String {
    let body = json!({ "inputs": { "message": message } }).to_string();
    let answer = server.call("POST", "/v1/processes/echo/execution", &[("prefer", "respond-async")], body.as_bytes());
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
    answer.json()["id"].as_str().unwrap().to_string()
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn is_problem(answer: &Answer, status: u16) -> bool {
    answer.status == status
        && answer.header("content-type") == "application/problem+json"
        && answer.json()["detail"].as_str().is_some_and(|detail| detail.len() > 20)
}

#[test]
fn an_upload_on_a_full_disk_is_refused_and_whole_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_on_disk(data.path(), 12, &[]);
    let disk = server.disk(data.path());
    let small = b"x,y,value\n1,2,3\n";
    let large: Vec<u8> = (0..700_000u32).flat_map(u32::to_le_bytes).collect();
    let upload = |bytes: &[u8]| server.call("POST", "/v1/inputs", &[], bytes);
    assert_eq!(upload(b"there is a folder for uploads").status, 201);
    let mut ballast = std::fs::File::create(disk.join("ballast")).unwrap();
    while ballast.write_all(&[7; 4096]).is_ok() {}
    for bytes in [&small[..], &large, small, small] {
        assert!(is_problem(&upload(bytes), 507));
    }
    assert_eq!(files(&disk.join("inputs")).len(), 1, "nothing of them is kept");
    // As an earlier version left one behind: a name with nothing in it.
    drop(ballast);
    std::fs::remove_file(disk.join("ballast")).unwrap();
    std::fs::write(disk.join("inputs").join(sum(small)), b"").unwrap();
    for _ in 0..2 {
        for bytes in [&small[..], &large] {
            let answer = upload(bytes);
            assert_eq!((answer.status, answer.json()["sha256"].as_str()), (201, Some(sum(bytes).as_str())));
            assert_eq!(std::fs::read(disk.join("inputs").join(sum(bytes))).unwrap(), bytes);
        }
    }
    assert_eq!(files(&disk.join("inputs")).len(), 3);
}

#[test]
fn uploads_that_break_off_take_no_room() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-uploads-gb", "0.02"]);
    let piece = vec![7; 4 << 20];
    for _ in 0..10 {
        let mut socket = std::net::TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        let head = "POST /v1/inputs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 16777216\r\n\r\n";
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(&piece).unwrap();
    }
    let whole = vec![8; 16 << 20];
    until("room for an upload", || (server.call("POST", "/v1/inputs", &[], &whole).status == 201).then_some(()));
    until("the end of all parts", || (files(&data.path().join("inputs")).len() == 1).then_some(()));
}

/// The files of the store that hold something.
fn store(data: &Path) -> Vec<PathBuf> {
    ["jobs.sqlite", "jobs.sqlite-wal"].map(|name| data.join(name)).into_iter().filter(|path| path.exists()).collect()
}

fn remove_store(data: &Path) {
    let _ = std::fs::remove_file(data.join("jobs.sqlite-shm"));
    store(data).iter().for_each(|path| std::fs::remove_file(path).unwrap());
}

/// Moves copies of a store between folders.
fn copy_store(from: &Path, to: &Path) {
    for path in store(from) {
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_store_that_was_lost_or_put_back_from_a_copy_costs_no_result() {
    let [data, older, newest] = [0, 1, 2].map(|_| tempfile::tempdir().unwrap());
    let artifacts = data.path().join("artifacts");
    let server = Server::start(data.path(), &[]);
    let first = echo(&server, "the first");
    server.wait(&first, "successful");
    server.stop("TERM");
    copy_store(data.path(), older.path());
    let server = Server::start(data.path(), &[]);
    let second = echo(&server, "the second");
    server.wait(&second, "successful");
    server.stop("TERM");
    copy_store(data.path(), newest.path());
    let kept = files(&artifacts);
    assert_eq!(kept.len(), 2);
    let refused = |word: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(["serve", "--port", "0", "--device", "cpu", "--data"]).arg(data.path());
        let output = command.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains(word) && words.contains("--put-aside"), "{words}");
        // Lines may end within a name.
        let squeezed = words.split_whitespace().collect::<String>();
        assert!(squeezed.contains("jobs.sqlite-wal"), "{words}");
        assert_eq!(files(&artifacts), kept, "nothing was touched");
    };
    assert_eq!(store(newest.path()), [newest.path().join("jobs.sqlite")], "a planned stop leaves one file");
    remove_store(data.path());
    // Also the second time: no empty store is made that would be in the way of the right one.
    for _ in 0..2 {
        refused("no job store");
        assert!(store(data.path()).is_empty());
    }
    // One that is there and empty.
    let other = tempfile::tempdir().unwrap();
    Server::start(other.path(), &[]).stop("TERM");
    copy_store(other.path(), data.path());
    refused("another one");
    // No copy of the old one is removed first: a start that was refused leaves nothing beside the file.
    copy_store(older.path(), data.path());
    refused("older");
    assert_eq!(store(data.path()), [data.path().join("jobs.sqlite")]);
    // The right one, and all is there.
    std::fs::copy(newest.path().join("jobs.sqlite"), data.path().join("jobs.sqlite")).unwrap();
    let server = Server::start(data.path(), &[]);
    for (id, message) in [(&first, "the first"), (&second, "the second")] {
        assert!(String::from_utf8(server.get(&format!("/v1/jobs/{id}/results")).bytes).unwrap().contains(message));
    }
    server.stop("TERM");
    // Who has no copy goes on without, and the files are kept for days.
    remove_store(data.path());
    let server = Server::start(data.path(), &["--put-aside"]);
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 0);
    assert!(files(&artifacts).is_empty());
    let aside = files(&data.path().join("aside"));
    assert_eq!(aside.len(), 2);
    for path in aside {
        assert_eq!(sum(&std::fs::read(&path).unwrap()), path.file_name().unwrap().to_str().unwrap());
    }
    server.stop("TERM");
    // It is asked for once.
    Server::start(data.path(), &[]).stop("TERM");
}

#[test]
fn what_a_fall_of_the_machine_left_over_is_put_aside_and_not_removed() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let id = echo(&server, "named");
    server.wait(&id, "successful");
    server.stop("KILL");
    // As if the fall had come after a file and before the row that names it.
    let orphan = data.path().join("artifacts/ab").join(sum(b"orphan"));
    std::fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    std::fs::write(&orphan, b"orphan").unwrap();
    let server = Server::start(data.path(), &[]);
    assert!(!orphan.exists());
    let aside = files(&data.path().join("aside"));
    assert_eq!((aside.len(), std::fs::read(&aside[0]).unwrap()), (1, b"orphan".to_vec()));
    assert!(String::from_utf8(server.get(&format!("/v1/jobs/{id}/results")).bytes).unwrap().contains("named"));
}

#[test]
fn nothing_goes_by_its_age_where_the_clock_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let before = echo(&server, "before");
    server.wait(&before, "successful");
    server.stop("TERM");
    let move_by = |days: i64| {
        let change = days * 86_400_000;
        query(
            data.path(),
            &format!(
                "UPDATE jobs SET created = created + {change}, started = started + {change},
                 finished = finished + {change}, updated = updated + {change}"
            ),
        );
    };
    // As if the clock were 400 days ahead now; a job that it dates makes it no more right.
    move_by(-400);
    let said = || log_of(data.path()).matches("nothing is removed by its age").count();
    let server = Server::start(data.path(), &["--keep-days", "30"]);
    until("a word on the clock", || (said() == 1).then_some(()));
    let during = echo(&server, "during");
    server.wait(&during, "successful");
    server.stop("TERM");
    let server = Server::start(data.path(), &["--keep-days", "30"]);
    until("a word on the clock", || (said() == 2).then_some(()));
    assert_eq!(server.job(&before)["status"], "successful");
    server.stop("TERM");
    // The clock is set right: what was dated ahead stays, later jobs have right dates and come first in lists.
    move_by(400);
    let server = Server::start(data.path(), &["--keep-days", "30"]);
    until("a word on the clock", || (said() == 3).then_some(()));
    let after = echo(&server, "after");
    let job = server.wait(&after, "successful");
    let time = |name: &str| job[name].as_str().unwrap().to_string();
    assert!(time("created") <= time("started") && time("started") <= time("finished"), "{job}");
    assert!(time("finished").as_str() < server.job(&during)["finished"].as_str().unwrap());
    let listed = server.get("/v1/jobs").json();
    let listed: Vec<&str> = listed["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [&after, &during, &before]);
    for id in listed {
        assert_eq!(server.job(id)["status"], "successful");
    }
}

#[test]
fn planned_restarts_do_not_wear_a_job_out() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(600.0, 1));
    for _ in 0..4 {
        let job = server.wait(&id, "running");
        assert_eq!(job["attempts"], 1, "{job}");
        std::thread::sleep(Duration::from_millis(200));
        server.stop("TERM");
        server = Server::start(data.path(), &[]);
    }
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
}

/// Sends a signal to a process.
fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().unwrap().success());
}

fn is_gone(id: u32) -> bool {
    fields_of(id).first().is_none_or(|state| state == "Z")
}

#[test]
fn a_job_whose_worker_dies_three_times_fails_alone() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let bad = server.submit(&shower(600.0, 1));
    let next = echo(&server, "somebody else's");
    for attempt in 1..=3 {
        until("the next attempt", || {
            let job = server.job(&bad);
            (job["status"] == "running" && job["attempts"] == attempt).then_some(())
        });
        signal(server.worker().unwrap(), "KILL");
        // Nobody notices but the job, and whoever asks whether something can compute in that moment.
        assert_eq!((server.get("/healthz").status, server.get("/v1/jobs").status), (200, 200));
        until("another worker", || (server.get("/readyz").status == 200).then_some(()));
    }
    let failed = server.wait(&bad, "failed");
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains("3 attempts") && message.contains("memory") && failed["attempts"] == 3, "{failed}");
    assert_eq!(server.get(&format!("/v1/jobs/{bad}/results")).status, 500);
    server.wait(&next, "successful");
    let events = String::from_utf8(server.get(&format!("/v1/jobs/{bad}/events")).bytes).unwrap();
    assert!(events.contains("begun again") && events.contains("\"failed\""), "{events}");
    assert!(!data.path().join("work").join(&bad).exists());
}

#[test]
fn a_job_that_gets_further_survives_any_number_of_deaths() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--checkpoint-seconds", "0.2"]);
    let id = server.submit(&shower(600.0, 1));
    let checkpoint = || {
        let files = files(&data.path().join("work").join(&id));
        let file = files.into_iter().find(|path| path.ends_with("checkpoint.bin"))?;
        file.metadata().ok()?.modified().ok()
    };
    for attempt in 1..=4 {
        until("the next attempt", || (server.job(&id)["attempts"] == attempt).then_some(()));
        // One of this attempt; the attempt before may have left another behind since it was looked at.
        let before = checkpoint();
        until("a further checkpoint", || checkpoint().filter(|at| Some(*at) != before));
        // It is noted with the word on progress after it; one may be on its way.
        for _ in 0..2 {
            let noted = server.job(&id)["updated"].clone();
            until("progress", || (server.job(&id)["updated"] != noted).then_some(()));
        }
        signal(server.worker().unwrap(), "KILL");
    }
    until("a fifth attempt", || (server.job(&id)["attempts"] == 5).then_some(()));
    assert_eq!(server.job(&id)["status"], "running");
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
}

#[test]
fn an_oversized_job_fails_alone_under_a_limit_of_memory() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--memory-mb", "400"]);
    let mut large = shower(1.0, 1);
    large["city"]["demo"] = json!({ "seed": 1, "width_m": 6000, "height_m": 6000, "cell_m": 1 });
    let large = server.submit(&large);
    let next = echo(&server, "somebody else's");
    let (failed, slowest) = server.end_of(&large);
    assert!(failed["status"] == "failed" && failed["message"].as_str().unwrap().contains("memory"), "{failed}");
    assert!(failed["attempts"].as_u64().unwrap() <= 3 && slowest < Duration::from_secs(5), "{failed} {slowest:?}");
    server.wait(&next, "successful");
    // What fits computes under the same limit.
    let small = server.submit(&shower(1.0, 2));
    server.wait(&small, "successful");
}

#[test]
fn a_job_that_meets_the_limit_of_memory_fails_alone_after_three_attempts() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--memory-mb", "128"]);
    let upload = |bytes: &[u8]| {
        let answer = server.call("POST", "/v1/inputs", &[], bytes);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
        answer.json()["id"].as_str().unwrap().to_string()
    };
    let head = "ncols 30\nnrows 20\nxllcorner 202000\nyllcorner 502000\ncellsize 2\n";
    let terrain = upload(format!("{head}{}", format!("{}\n", "0.5 ".repeat(30)).repeat(20)).as_bytes());
    // No more than uploads may have, and some ten times as much once it is read.
    let triangle = json!({ "type": "Feature", "properties": {}, "geometry": { "type": "Polygon", "coordinates":
        [[[202_010, 502_010], [202_012, 502_010], [202_010, 502_012], [202_010, 502_010]]] } })
    .to_string();
    let crs = "{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::28992\"}}";
    let triangles = vec![triangle.as_str(); 150_000].join(",");
    let houses = format!("{{\"type\":\"FeatureCollection\",\"crs\":{crs},\"features\":[{triangles}]}}");
    let houses = upload(houses.as_bytes());
    let large = server.submit(&json!({
        "title": "Many houses",
        "city": { "terrain": format!("{terrain}.asc"), "epsg": 28992, "buildings": format!("{houses}.geojson") },
        "runoff": { "end_minutes": 1, "rain": { "mm_per_hour": 20 } },
    }));
    let next = echo(&server, "somebody else's");
    let (failed, slowest) = server.end_of(&large);
    let message = failed["message"].as_str().unwrap();
    assert!(failed["status"] == "failed" && message.contains("limit of 128 MB"), "{failed}");
    assert!(failed["attempts"] == 3 && slowest < Duration::from_secs(1), "{failed} {slowest:?}");
    assert_eq!(log_of(data.path()).matches("its worker died").count(), 3);
    server.wait(&next, "successful");
    let later = echo(&server, "another");
    server.wait(&later, "successful");
}

#[test]
fn no_worker_outlives_its_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(600.0, 1));
    server.wait(&id, "running");
    let worker = server.worker().unwrap();
    server.stop("KILL");
    until("the end of the worker", || is_gone(worker).then_some(()));
    // Another server goes on with the job at once.
    let server = Server::start(data.path(), &[]);
    server.wait(&id, "running");
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
}

#[test]
fn a_worker_that_hangs_holds_nobody() {
    let data = tempfile::tempdir().unwrap();
    // Its server is killed: it goes too, though it hears nothing.
    let server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(600.0, 1));
    server.wait(&id, "running");
    let worker = server.worker().unwrap();
    signal(worker, "STOP");
    server.stop("KILL");
    until("the end of the worker", || is_gone(worker).then_some(()));
    // Its server is told to stop, and a second time by someone who does not want to wait.
    let server = Server::start(data.path(), &[]);
    server.wait(&id, "running");
    let worker = server.worker().unwrap();
    signal(worker, "STOP");
    let began = Instant::now();
    signal(server.id(), "TERM");
    until("a word on the stop", || (log_of(data.path()).contains("\"stops\"")).then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    server.stop("TERM");
    assert!(is_gone(worker) && began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let server = Server::start(data.path(), &[]);
    let job = server.wait(&id, "running");
    assert_eq!(job["attempts"], 3, "both counted: {job}");
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
}

#[test]
fn a_server_whose_worker_cannot_start_says_that_it_is_not_ready() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    assert_eq!(server.get("/readyz").status, 200);
    // Where its lock would be is a folder now: no other worker can start.
    let lock = data.path().join("worker.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    signal(server.worker().unwrap(), "KILL");
    until("a word that it is not ready", || is_problem(&server.get("/readyz"), 503).then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!((server.get("/readyz").status, server.get("/healthz").status), (503, 200));
    std::fs::remove_dir(&lock).unwrap();
    until("another worker", || (server.get("/readyz").status == 200).then_some(()));
}

#[test]
fn a_worker_that_cannot_start_is_told_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    command.args(["serve", "--port", "0", "--device", "abacus", "--data"]).arg(data.path());
    let output = command.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("there is no device \"abacus\""), "{words}");
}

#[test]
fn a_job_ends_after_its_hours_over_all_sessions() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-hours", "3"]);
    let id = server.submit(&shower(600.0, 1));
    server.wait(&id, "running");
    std::thread::sleep(Duration::from_millis(300));
    server.stop("TERM");
    // As if it had computed for three hours by then.
    query(data.path(), "UPDATE jobs SET seconds = coalesce(seconds, 0) + 10800");
    let server = Server::start(data.path(), &["--max-hours", "3"]);
    let failed = server.wait(&id, "failed");
    assert!(failed["message"].as_str().unwrap().contains("longer than the 3 hours"), "{failed}");
    let next = echo(&server, "next");
    server.wait(&next, "successful");
}

#[test]
fn jobs_of_an_earlier_form_fail_with_how_they_are_written_now_and_finished_ones_stay() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let done = server.submit(&shower(1.0, 1));
    server.wait(&done, "successful");
    let sums = server.sums(&done);
    server.stop("TERM");
    // As the version before kept a job that waits.
    let old = "title = \"Old\"\nmodel = \"runoff\"\n\n[city.demo]\nseed = 1\nwidth_m = 240.0\nheight_m = 200.0\ncell_m = 2.0\n\n\
               [time]\nend_minutes = 1.0\n\n[rain]\nmm_per_hour = 60.0\n\n[runoff]\n";
    query(
        data.path(),
        &format!(
            "INSERT INTO jobs (id, process, title, state, priority, key, scenario, body, created, updated, progress, message, attempts,
             wish, seq) SELECT 'old', process, 'Old', 'accepted', 0, key, '{old}', body, created, updated, 0, 'waits', 0, wish, seq + 1
             FROM jobs"
        ),
    );
    let server = Server::start(data.path(), &[]);
    let failed = server.wait("old", "failed");
    let message = failed["message"].as_str().unwrap();
    for part in [
        "[runoff] instead of model = \"runoff\"",
        "end_minutes = 1.0 below [runoff] instead of [time]",
        "[runoff.rain] instead of [rain]",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let jobs = server.get("/v1/jobs").json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2, "{jobs}");
    assert_eq!(server.sums(&done), sums);
}

#[test]
fn rotten_results_are_not_served() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let id = server.submit(&shower(1.0, 1));
    server.wait(&id, "successful");
    let link = server.get(&format!("/v1/jobs/{id}/results")).json()["max_depth-tif"].clone();
    // The next start takes another port.
    let href = link["href"].as_str().unwrap().strip_prefix(&server.url).unwrap();
    let preview = format!("/maps/{id}/max_depth/preview.png?rescale=0,1");
    let whole = server.get(href);
    assert_eq!((whole.status, sum(&whole.bytes).as_str()), (200, link["sha256"].as_str().unwrap()));
    // One byte, in the midst of it.
    let path = data.path().join("artifacts").join(&sum(&whole.bytes)[..2]).join(sum(&whole.bytes));
    let mut rotten = whole.bytes.clone();
    rotten[whole.bytes.len() / 2] ^= 1;
    std::fs::write(&path, &rotten).unwrap();
    let etag = whole.header("etag").to_string();
    let is_refused = |server: &Server| {
        for headers in [vec![], vec![("range", "bytes=0-9")], vec![("if-none-match", etag.as_str())]] {
            let answer = server.call("GET", href, &headers, b"");
            assert!(is_problem(&answer, 500), "{headers:?}: {}", answer.status);
            assert!(answer.json()["detail"].as_str().unwrap().contains("damaged"));
        }
        assert!(is_problem(&server.get(&format!("/v1/jobs/{id}/archive")), 500));
        assert_eq!(server.get(&preview).status, 500);
        assert_eq!(server.get(&format!("/v1/jobs/{id}/results/run-json")).status, 200, "the others are");
    };
    is_refused(&server);
    server.stop("TERM");
    let server = Server::start(data.path(), &[]);
    is_refused(&server);
    assert!(log_of(data.path()).contains("not what its checksum says"));
    // The same job again heals it.
    let again = server.submit(&shower(1.0, 1));
    server.wait(&again, "successful");
    let healed = server.get(href);
    assert!(healed.status == 200 && healed.bytes == whole.bytes, "{}", healed.status);
    assert_eq!(server.get(&preview).status, 200);
}

#[test]
fn the_log_says_who_did_what() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap().to_string();
    let made = hanze(data.path(), &["key", "--data", &folder, "new", "alice", "--role", "submit"]);
    let key = made.lines().next().unwrap().to_string();
    let mut server = Server::start(data.path(), &[]);
    server.key = Some(key.clone());
    let id = echo(&server, "hello");
    server.wait(&id, "successful");
    server.get(&format!("/v1/jobs/{id}/results"));
    server.get(&format!("/v1/jobs/{id}/results/message"));
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
    let log = log_of(data.path());
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for what in ["submitted", "read results", "read message", "dismissed"] {
        let line = lines.iter().find(|line| line["target"] == "audit" && line["fields"]["what"] == what);
        let fields = &line.unwrap_or_else(|| panic!("no line says {what}"))["fields"];
        assert_eq!((&fields["who"], &fields["address"]), (&json!("alice"), &json!("127.0.0.1")), "{what}");
        assert_eq!(fields["job"], id.as_str(), "{what}");
    }
    assert!(!log.contains(&key), "no log holds a key");
}
