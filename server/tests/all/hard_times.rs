//! The job server when the disk is full, the clock is wrong, and readers are slow or greedy.

use crate::common::{Answer, Server, hanze, query, shower};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

fn is_problem(answer: &Answer) -> bool {
    answer.header("content-type") == "application/problem+json" && answer.json()["detail"].is_string()
}

#[test]
fn a_full_disk_loses_nothing_and_the_server_goes_on_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_on_disk(data.path(), 24, &[]);
    let first = server.submit(&shower(1.0, 1));
    server.wait(&first, "successful");
    let sums = server.sums(&first);
    let disk = server.disk(data.path());
    let fill = |leave: usize| {
        let mut ballast = std::fs::File::create(disk.join("ballast")).unwrap();
        while ballast.write_all(&[7; 4096]).is_ok() {}
        let full = ballast.metadata().unwrap().len();
        ballast.set_len(full.saturating_sub(leave as u64)).unwrap();
    };
    // Not a byte is left: what cannot be kept is refused, and what is there can be read.
    fill(0);
    let answer = server.execute(&json!({ "inputs": { "scenario": shower(1.0, 2) } }).to_string(), &[]);
    // The store may have a page left for a job, which then fails for want of room.
    assert!(answer.status == 503 && is_problem(&answer) || answer.status == 201, "{}", answer.status);
    let answer = server.call("POST", "/v1/inputs", &[], &vec![1; 1 << 20]);
    assert!(answer.status == 507 && is_problem(&answer), "{}", answer.status);
    assert!(std::fs::read_dir(disk.join("inputs")).unwrap().next().is_none(), "half an upload is left");
    assert_eq!((server.get("/healthz").status, server.sums(&first)), (200, sums.clone()));
    let link =
        server.get(&format!("/v1/jobs/{first}/results")).json()["max_depth-tif"]["href"].as_str().unwrap().to_string();
    assert_eq!(server.get(&link).status, 200);
    // Room for the job, but not for its results.
    std::fs::remove_file(disk.join("ballast")).unwrap();
    let began = Instant::now();
    while server.get("/v1/jobs?status=accepted,running").json()["jobs"].as_array().is_none_or(|jobs| !jobs.is_empty()) {
        assert!(began.elapsed() < Duration::from_secs(60), "what was refused for want of room never ends");
        std::thread::sleep(Duration::from_millis(100));
    }
    fill(300_000);
    let second = server.submit(&shower(2.0, 3));
    let failed = loop {
        let job = server.job(&second);
        if job["status"] == "failed" || began.elapsed() > Duration::from_secs(120) {
            break job;
        }
        // Even the word that it failed may need more room.
        if began.elapsed() > Duration::from_secs(30) {
            std::fs::remove_file(disk.join("ballast")).ok();
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let message = failed["message"].as_str().unwrap();
    assert!(failed["status"] == "failed" && message.contains("free some space"), "{failed}");
    assert!(!message.contains(data.path().to_str().unwrap()), "{message}");
    std::fs::remove_file(disk.join("ballast")).ok();
    let third = server.submit(&shower(1.0, 4));
    server.wait(&third, "successful");
    assert_eq!(server.sums(&first), sums, "what was there before is there still");
}

#[test]
fn a_folder_that_can_only_be_read_is_told_at_once() {
    let data = tempfile::tempdir().unwrap();
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$1\" serve --port 0 --device cpu --data \"$0\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["-rm", "sh", "-c", script]).arg(data.path()).arg(env!("CARGO_BIN_EXE_hanze"));
    let output = command.env("XDG_RUNTIME_DIR", data.path()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("cannot be written") && words.contains("folder"), "{words}");
    assert!(!words.contains("panicked"), "{words}");
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_older_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let before = server.submit(&shower(1.0, 1));
    server.wait(&before, "successful");
    server.stop("TERM");
    // As if the machine's clock had been ten days ahead, and then was set right.
    let ahead = 10 * 86_400_000i64;
    let moved = format!(
        "UPDATE jobs SET created = created + {ahead}, started = started + {ahead}, finished = finished + {ahead}, updated = updated + {ahead}"
    );
    query(data.path(), &moved);
    let server = Server::start(data.path(), &["--keep-days", "5"]);
    let after = server.submit(&shower(1.0, 2));
    let job = server.wait(&after, "successful");
    let time = |name: &str| job[name].as_str().unwrap().to_string();
    assert!(time("created") <= time("started") && time("started") <= time("finished"), "{job}");
    // The newer job is listed first, pages go through all of them, and nothing has gone.
    let first = server.get("/v1/jobs?limit=1").json();
    assert_eq!(first["jobs"][0]["id"], after);
    let next = first["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").unwrap();
    assert_eq!(server.get(next["href"].as_str().unwrap()).json()["jobs"][0]["id"], before);
    assert_eq!(server.job(&before)["status"], "successful");
    server.stop("TERM");
    // As if it had been ten days behind: what ended then is not from the future, and what is old goes.
    query(data.path(), &moved.replace('+', "-"));
    query(data.path(), &moved.replace('+', "-"));
    let server = Server::start(data.path(), &["--keep-days", "5"]);
    server.wait(&before, "dismissed");
    let now = server.submit(&shower(1.0, 3));
    server.wait(&now, "successful");
    assert_eq!(server.job(&now)["status"], "successful");
}

/// Size and checksum of so many zeros.
const TWO_GIGABYTES: (u64, &str) = (2 << 30, "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51");
const SOME_MEGABYTES: (u64, &str) = (64 << 20, "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351");

/// Puts a file of zeros that take no room on the disk in the place of a result, and gives its path in URLs.
fn large_result(data: &Path, (bytes, large): (u64, &str)) -> (Server, String) {
    let server = Server::start(data, &[]);
    let id = server.submit(&shower(1.0, 1));
    server.wait(&id, "successful");
    let link = server.get(&format!("/v1/jobs/{id}/results")).json()["max_depth-tif"].clone();
    let url = server.url.clone();
    server.stop("TERM");
    let sum = link["sha256"].as_str().unwrap();
    let folder = data.join("artifacts").join(&large[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::File::create(folder.join(large)).unwrap().set_len(bytes).unwrap();
    query(data, &format!("UPDATE results SET bytes = {bytes}, sha256 = '{large}' WHERE sha256 = '{sum}'"));
    let (server, path) = (
        Server::start(data, &["--stall-seconds", "2"]),
        link["href"].as_str().unwrap().strip_prefix(&url).unwrap().to_string(),
    );
    // It is looked at when it is asked for first, which takes some seconds, and not again.
    assert_eq!(server.call("GET", &path, &[("range", "bytes=0-9")], b"").bytes, [0; 10]);
    let began = Instant::now();
    assert_eq!(server.call("GET", &path, &[("range", "bytes=-10")], b"").status, 206);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    (server, path)
}

fn ask(server: &Server, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    socket
}

#[test]
fn twenty_slow_readers_of_two_gigabytes_take_little_memory() {
    let data = tempfile::tempdir().unwrap();
    let (server, path) = large_result(data.path(), TWO_GIGABYTES);
    let archive = path.replace("results/max_depth-tif", "archive");
    let took: usize = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..20)
            .map(|k| {
                // Every fourth one wants everything in one file.
                let path = if k % 4 == 0 { &archive } else { &path };
                let server = &server;
                scope.spawn(move || {
                    let (mut socket, mut piece, mut took) = (ask(server, path), vec![0; 256 << 10], 0);
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_secs(4) {
                        took += socket.read(&mut piece).unwrap();
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    took
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    let [peak, _] = server.peak_memory();
    println!("{} MB went to 20 readers at {} MB of memory", took >> 20, peak >> 20);
    assert!(took > 20 << 20, "{took} bytes in four seconds");
    assert!(peak < 200 << 20, "{} MB", peak >> 20);
}

#[test]
fn readers_that_take_nothing_are_let_go() {
    let data = tempfile::tempdir().unwrap();
    let (server, path) = large_result(data.path(), SOME_MEGABYTES);
    let open = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().flatten();
        let sockets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        sockets.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    };
    // Connections of earlier calls may be on their way out.
    let mut before = open();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = open();
        if now == before {
            break;
        }
        before = now;
    }
    let sockets: Vec<TcpStream> = (0..40).map(|_| ask(&server, &path)).collect();
    std::thread::sleep(Duration::from_millis(500));
    assert!(open() >= before + 40, "they are being served: {} sockets", open());
    let began = Instant::now();
    while open() > before {
        assert!(began.elapsed() < Duration::from_secs(20), "{} sockets are open still, {before} before", open());
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(sockets);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn files_that_swell_are_refused_in_little_memory() {
    use hanze_engine::grid::{Crs, Grid};
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-cells", "50000"]);
    // A raster that packs well, and is larger than a job may be.
    let grid = Grid { cols: 3000, rows: 3000, cell: 1.0, west: 2e5, north: 5e5, crs: Crs::RD_NEW };
    let level = hanze_engine::raster::Raster::uniform(grid, "terrain", "m", 1.0);
    let mut large = Vec::new();
    hanze_engine::output::geotiff::write_cog_to(&mut large, &level).unwrap();
    assert!(large.len() < 400_000, "{} bytes for nine million cells", large.len());
    // A small raster whose only strip unpacks to half a gigabyte.
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    (0..512).for_each(|_| packer.write_all(&vec![0; 1 << 20]).unwrap());
    let bomb = tiff(10, 10, &packer.finish().unwrap());
    assert!(bomb.len() < 1 << 20, "{} bytes for half a gigabyte", bomb.len());
    // A ZIP file with the name of a raster.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(
        "a.tif",
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
    )
    .unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let [_, before] = server.peak_memory();
    for (file, words) in [(large, "claims 3000 x 3000"), (zip, "is not a TIFF"), (bomb, "")] {
        let id = server.call("POST", "/v1/inputs", &[], &file).json()["id"].as_str().unwrap().to_string();
        let job = server.submit(&json!({
            "title": "x", "city": { "terrain": format!("{id}.tif") }, "runoff": { "end_minutes": 1, "rain": { "mm_per_hour": 20 } },
        }));
        let (ended, _) = server.end_of(&job);
        // Whatever the bomb's first hundred cells are, it harms nobody.
        if !words.is_empty() {
            assert!(ended["status"] == "failed" && ended["message"].as_str().unwrap().contains(words), "{ended}");
        }
    }
    let grown = server.peak_memory()[1] - before;
    assert!(grown < 150 << 20, "{} MB", grown >> 20);
}

/// A GeoTIFF of f32 cells in one packed strip.
fn tiff(cols: u32, rows: u32, strip: &[u8]) -> Vec<u8> {
    let doubles = |list: &[f64]| list.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let (scale, tie) = (doubles(&[1.0, 1.0, 0.0]), doubles(&[0.0, 0.0, 0.0, 2e5, 5e5, 0.0]));
    let mut file = b"II\x2a\0\x08\0\0\0".to_vec();
    let entries = 12u16;
    let after = 8 + 2 + 12 * u32::from(entries) + 4;
    let (at_scale, at_tie, at_strip) = (after, after + 24, after + 72);
    file.extend(entries.to_le_bytes());
    for (tag, kind, count, value) in [
        (256u16, 4u16, 1u32, cols),
        (257, 4, 1, rows),
        (258, 3, 1, 32),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, at_strip),
        (277, 3, 1, 1),
        (278, 4, 1, rows),
        (279, 4, 1, strip.len() as u32),
        (339, 3, 1, 3),
        (33550, 12, 3, at_scale),
        (33922, 12, 6, at_tie),
    ] {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file.extend(scale.into_iter().chain(tie));
    file.extend(strip);
    file
}

#[test]
fn keys_have_rates_and_quotas() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap().to_string();
    let key = |name: &str, more: &[&str]| {
        let made = hanze(data.path(), &[&["key", "--data", &folder, "new", name], more].concat());
        made.lines().next().unwrap().to_string()
    };
    let (greedy, busy) = (key("greedy", &["--requests-per-second", "2"]), key("busy", &["--jobs-per-day", "2"]));
    let mut server = Server::start(data.path(), &["--public-read", "--requests-per-second", "20"]);
    server.key = Some(greedy);
    let answers: Vec<_> = (0..30).map(|_| server.get("/v1/jobs")).collect();
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert!(count(200) >= 10 && count(429) >= 10 && count(200) + count(429) == 30, "{} were answered", count(200));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(is_problem(refused) && refused.header("retry-after") == "1");
    // Another key is not slowed down by it, and has its jobs of the day.
    server.key = Some(busy);
    let body = json!({ "inputs": { "message": "hello" } }).to_string();
    let echo = || server.call("POST", "/v1/processes/echo/execution", &[("prefer", "respond-async")], body.as_bytes());
    assert_eq!([echo().status, echo().status], [201, 201]);
    let spent = echo();
    assert_eq!((spent.status, spent.header("retry-after")), (429, "3600"));
    // Nor can anyone without a key ask for ever, whatever address they claim.
    server.key = None;
    let claimed = |k: usize| server.call("GET", "/v1/jobs", &[("x-hanze-peer", &format!("192.0.2.{k}"))], b"").status;
    let answers: Vec<u16> = (0..200).map(claimed).collect();
    assert!(answers.contains(&429) && answers[0] == 200, "{answers:?}");
    assert!(hanze(data.path(), &["key", "--data", &folder, "list"]).contains("2 jobs/day"));
}

#[test]
fn uploads_have_their_room_and_files_come_with_a_request() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--max-uploads-gb", "0.003"]);
    let upload = |byte: u8| server.call("POST", "/v1/inputs", &[], &vec![byte; 1 << 20]);
    assert_eq!([1, 2].map(|byte| upload(byte).status), [201, 201]);
    let full = upload(3);
    assert!(full.status == 507 && is_problem(&full), "{}", full.status);
    // A grid within the request, as a text and in base64, is the same ground.
    let rows: String = (0..20).map(|k| format!("{}\n", format!("{} ", 0.1 * f64::from(k)).repeat(30))).collect();
    let grid = format!("ncols 30\nnrows 20\nxllcorner 200000\nyllcorner 500000\ncellsize 2\n{rows}");
    let scenario = json!({
        "title": "Slope", "city": { "terrain": "slope.asc", "epsg": 28992 }, "runoff": { "end_minutes": 1, "rain": { "mm_per_hour": 50 } },
    });
    use base64::Engine;
    let packed = base64::engine::general_purpose::STANDARD.encode(&grid);
    let run = |file: Value| {
        let body = json!({ "inputs": { "scenario": scenario, "files": { "slope.asc": file } } }).to_string();
        let answer = server.execute(&body, &[]);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
        let id = answer.json()["id"].as_str().unwrap().to_string();
        server.wait(&id, "successful");
        server.sums(&id)
    };
    assert_eq!(run(json!(grid)), run(json!({ "value": packed, "encoding": "base64", "mediaType": "text/plain" })));
    // Rain as a file of the request; and files that are nobody's business are not even opened.
    let mut with_rain = scenario.clone();
    with_rain["runoff"]["rain"] = json!({ "mm_per_hour": "rain.csv" });
    let body = |scenario: &Value, rain: &str| {
        json!({ "inputs": { "scenario": scenario, "files": { "slope.asc": &grid, "rain.csv": rain } } }).to_string()
    };
    let answer = server.execute(&body(&with_rain, "minutes,mm_per_hour\n0,50\n0.5,0\n"), &[]);
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
    server.wait(answer.json()["id"].as_str().unwrap(), "successful");
    let answer = server.execute(&body(&with_rain, "root:x:0:0\n"), &[]);
    let failed = server.wait(answer.json()["id"].as_str().unwrap(), "failed");
    assert!(failed["message"].as_str().unwrap().contains("begin with a header"), "{failed}");
    for place in ["/etc/passwd", "../../../../etc/passwd", "data:../x.csv", "/dev/zero"] {
        let weir = json!([{ "name": "w", "kind": "weir", "width_m": 1, "to": [200_010, 500_010], "level_m": place }]);
        let mut bad = scenario.clone();
        bad["city"]["structure"] = weir;
        let mut rain = scenario.clone();
        rain["runoff"]["rain"] = json!({ "mm_per_hour": place });
        for scenario in [bad, rain] {
            let answer = server.execute(&body(&scenario, "minutes,mm\n0,1\n"), &[]);
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            assert!(answer.status == 400 && text.contains("library") && !text.contains("root"), "{place}: {text}");
        }
    }
    for (name, file) in [
        ("../x.asc", json!("x")),
        ("x.exe", json!("x")),
        ("x.asc", json!(3)),
        ("x.asc", json!({ "value": "@@@", "encoding": "base64" })),
        ("/etc/passwd", json!("x")),
    ] {
        let body = json!({ "inputs": { "scenario": shower(1.0, 1), "files": { name: file } } }).to_string();
        let answer = server.execute(&body, &[]);
        assert!(answer.status == 400 && is_problem(&answer), "{name}");
    }
}
