//! Small requests of other people's programs: what standards say, and what proxies, browsers, GIS and curl do.

use crate::common::{Answer, Listener, Server, hanze, shower, sum};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;

fn echo(server: &Server, body: &str, headers: &[(&str, &str)]) -> Answer {
    server.call("POST", "/v1/processes/echo/execution", headers, body.as_bytes())
}

/// A server with a job that is done.
fn done(data: &std::path::Path, arguments: &[&str]) -> (Server, String) {
    let server = Server::start(data, arguments);
    let id = server.submit(&shower(1.0, 1));
    server.wait(&id, "successful");
    (server, id)
}

/// All values of `href` in a document, and of other members that hold URLs.
fn links(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("href").and_then(Value::as_str).map(String::from));
            object.values().for_each(|value| links(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| links(value, found)),
        _ => {}
    }
}

#[test]
fn links_are_whole_urls_that_lead_somewhere() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let of_job = ["", "/results", "/frames"].map(|part| format!("/v1/jobs/{id}{part}"));
    let pages = ["/v1", "/v1/processes", "/v1/processes/echo", "/v1/jobs?limit=1"].map(String::from);
    for path in pages.iter().chain(&of_job).chain([&format!("/maps/{id}")]) {
        let mut found = Vec::new();
        links(&server.get(path).json(), &mut found);
        assert!(!found.is_empty(), "{path}");
        for link in found {
            assert!(link.starts_with(&format!("{}/", server.url)), "{path}: {link}");
            let status = server.get(&link).status;
            assert!(status == 200 || link.ends_with("/execution") && status == 405, "{path}: {link} is {status}");
        }
    }
    // Links in heads, and pictures in events.
    let answer = echo(&server, r#"{"inputs":{"message":"x"}}"#, &[("prefer", "respond-async")]);
    assert!(answer.header("location").starts_with(&server.url));
    let raw = json!({ "inputs": { "scenario": shower(1.0, 1) }, "response": "raw" }).to_string();
    let raw = server.execute(&raw, &[]).json()["id"].as_str().unwrap().to_string();
    server.wait(&raw, "successful");
    let answer = server.get(&format!("/v1/jobs/{raw}/results"));
    assert!(answer.header("link").starts_with(&format!("<{}/v1/jobs/", server.url)));
    let events = String::from_utf8(server.get(&format!("/v1/jobs/{id}/events")).bytes).unwrap();
    assert!(events.contains(&format!("\"{}/maps/{id}/", server.url)), "{events}");
}

#[test]
fn proxies_that_are_trusted_say_where_the_server_is() {
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "twin.nl")];
    let cases: [(&[&str], Option<&str>); 3] = [
        (&["--trust-forwarded"], Some("https://twin.nl")),
        (&["--public-url", "https://hanze.nl/model/"], Some("https://hanze.nl/model")),
        (&[], None),
    ];
    for (arguments, expected) in cases {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().to_str().unwrap();
        let made = hanze(data.path(), &["key", "--data", folder, "new", "proxy", "--role", "admin"]);
        let mut server = Server::start(data.path(), arguments);
        server.key = made.lines().next().map(String::from);
        let id = server.submit(&shower(1.0, 1));
        server.wait(&id, "successful");
        let origin = expected.unwrap_or(&server.url);
        let call = |path: &str| server.call("GET", path, &forwarded, b"");
        let tilejson = call(&format!("/maps/{id}/max_depth/tilejson.json")).json();
        let tiles = tilejson["tiles"][0].as_str().unwrap();
        assert!(tiles.starts_with(&format!("{origin}/maps/{id}/max_depth/tiles/")), "{tiles}");
        let mut found = Vec::new();
        links(&call("/v1").json(), &mut found);
        links(&call(&format!("/v1/jobs/{id}")).json(), &mut found);
        assert!(found.iter().all(|link| link.starts_with(&format!("{origin}/"))), "{found:?}");
    }
}

#[test]
fn one_output_at_once_comes_raw_unless_a_document_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (response, kind, expected) in [
        ("", "text/plain; charset=utf-8", "x"),
        (r#","response":"raw""#, "text/plain; charset=utf-8", "x"),
        (r#","response":"document""#, "application/json", r#"{"message":"x"}"#),
    ] {
        let answer = echo(&server, &format!(r#"{{"inputs":{{"message":"x"}}{response}}}"#), &[]);
        let found = (answer.status, answer.header("content-type"), String::from_utf8_lossy(&answer.bytes).into_owned());
        assert_eq!(found, (200, kind, expected.to_string()), "{response}");
    }
}

#[test]
fn a_slash_at_the_end_makes_another_url() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (path, status) in [
        ("/", 302),
        ("/v1", 200),
        ("/v1/", 200),
        ("/v1//", 404),
        ("/v1/jobs", 200),
        ("/v1/jobs/", 404),
        ("/v1/jobs/?limit=1", 404),
        ("/v1/processes/echo/", 404),
        ("/v1/conformance/", 404),
        ("/v1/openapi.json/", 404),
        ("/maps/openapi.json/", 404),
        ("/healthz", 200),
        ("/healthz/", 404),
        ("/metrics/", 404),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert!(status != 404 || answer.header("content-type") == "application/problem+json", "{path}");
    }
    let answer = server.call("POST", "/v1/processes/echo/execution/", &[], br#"{"inputs":{"message":"x"}}"#);
    assert_eq!(answer.status, 404);
}

#[test]
fn each_resource_names_its_own_methods() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let set = |text: &str| text.split(", ").map(String::from).collect::<BTreeSet<_>>();
    for (document, root) in [("/v1/openapi.json", "/v1"), ("/maps/openapi.json", "")] {
        let document = server.get(document).json();
        for (template, operations) in document["paths"].as_object().unwrap() {
            // Whatever stands for a part of a path; tiles are numbers.
            let path: String = template.split('/').filter(|part| !part.is_empty()).fold(root.into(), |path, part| {
                let part =
                    if part.starts_with('{') { part.replace("{y}", "1").replace(['{', '}'], "") } else { part.into() };
                format!("{path}/{part}")
            });
            let mut expected: BTreeSet<String> =
                operations.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
            expected.insert("OPTIONS".into());
            // Events are a stream, of which there is no head.
            if expected.contains("GET") && !path.ends_with("/events") {
                expected.insert("HEAD".into());
            }
            for method in ["PUT", "PATCH"] {
                let answer = server.call(method, &path, &[], b"x");
                assert_eq!((answer.status, set(answer.header("allow"))), (405, expected.clone()), "{method} {path}");
            }
            let answer = server.call("OPTIONS", &path, &[("origin", "https://twin.nl")], b"");
            assert_eq!((answer.status, set(answer.header("allow"))), (204, expected.clone()), "{path}");
            assert_eq!(set(answer.header("access-control-allow-methods")), expected, "{path}");
        }
    }
    assert_eq!(server.call("PUT", "/healthz", &[], b"x").header("allow"), "GET, HEAD, OPTIONS");
    assert_eq!(server.get("/v1/jobs").header("allow"), "");
}

#[test]
fn files_of_a_request_keep_endings_of_several_parts() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let names = [
        "town.net.xml",
        "town.net.xml.gz",
        "town.osm",
        "town.osm.xml",
        "town.osm.gz",
        "town.osm.pbf",
        "TOWN.2024.OSM.PBF",
    ];
    for name in names {
        let scenario = json!({
            "title": "t", "city": { "network": name, "epsg": 28992, "cell_m": 5 },
            "traffic": { "end_minutes": 60, "start": "08:00", "demand": { "zones": "zones.geojson" } },
        });
        let body = json!({ "inputs": { "files": { name: "<net/>", "zones.geojson": "{}" }, "scenario": scenario } });
        let answer = server.call("POST", "/v1/processes/traffic/execution", &[], body.to_string().as_bytes());
        assert_eq!(answer.status, 201, "{name}: {}", String::from_utf8_lossy(&answer.bytes));
    }
}

#[test]
fn a_title_that_is_the_name_of_a_file_stays() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let rows: String = (0..20).map(|k| format!("{}\n", format!("{} ", 0.1 * f64::from(k)).repeat(20))).collect();
    let grid = format!("ncols 20\nnrows 20\nxllcorner 200000\nyllcorner 500000\ncellsize 2\n{rows}");
    for title in ["a plain title", "t.asc"] {
        let scenario = json!({
            "title": title, "city": { "terrain": "t.asc", "epsg": 28992 },
            "gauge": [{ "name": "t.asc", "x": 200_011, "y": 500_011 }],
            "runoff": { "end_minutes": 1, "rain": { "mm_per_hour": 20, "minutes": 1 } },
        });
        let body = json!({ "inputs": { "scenario": scenario, "files": { "t.asc": &grid } } });
        let answer = server.execute(&body.to_string(), &[]);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.bytes));
        let id = answer.json()["id"].as_str().unwrap().to_string();
        assert_eq!(server.wait(&id, "successful")["title"], title);
        let record = server.get(&format!("/v1/jobs/{id}/results/run-json")).json();
        assert_eq!((&record["title"], &record["scenario"]["gauge"][0]["name"]), (&json!(title), &json!("t.asc")));
        assert_eq!(record["inputs"][0]["name"], format!("{}.asc", sum(grid.as_bytes())));
    }
}

#[test]
fn brackets_within_a_text_are_no_nesting() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for message in ["[".repeat(65), "\\\"{".repeat(100), "]".repeat(65)] {
        let answer = echo(&server, &json!({ "inputs": { "message": message } }).to_string(), &[]);
        assert_eq!((answer.status, String::from_utf8_lossy(&answer.bytes)), (200, message.into()));
    }
    let deep = format!(r#"{{"inputs":{{"message":{}1{}}}}}"#, "[".repeat(65), "]".repeat(65));
    assert_eq!(echo(&server, &deep, &[]).status, 400);
}

#[test]
fn streams_end_for_good_after_the_last_event() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let path = format!("/v1/jobs/{id}/events");
    let events = String::from_utf8(server.get(&path).bytes).unwrap();
    assert!(events.starts_with("retry: 3000\n\n"), "{events}");
    let ids: Vec<&str> = events.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let (last, before) = (ids[ids.len() - 1], ids[ids.len() - 2]);
    let after = |id: &str| server.call("GET", &path, &[("last-event-id", id)], b"");
    assert_eq!((after(last).status, after(last).bytes.len()), (204, 0));
    assert_eq!(after(before).status, 200);
    assert!(String::from_utf8(after(before).bytes).unwrap().contains(&format!("id: {last}\n")));
}

#[test]
fn queries_of_maps_work_or_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let layer = format!("/maps/{id}/max_depth");
    let tile = "tiles/WebMercatorQuad/3/4/2.png";
    for (path, words) in [
        (format!("{tile}?colormap=%7B%7D"), "colormap_name"),
        (format!("{tile}?resampling=nearest"), "resampling"),
        (format!("{tile}?nonsense=1"), "rescale"),
        ("tilejson.json?tile_format=jpeg".into(), "png or webp"),
        ("tilejson.json?minzoom=3".into(), "zoom"),
        ("WebMercatorQuad/tilejson.json?nonsense=1".into(), "tile_format"),
        ("statistics?p=5".into(), "percentiles"),
        ("statistics?histogram_bins=20".into(), "ten"),
        ("info?nonsense=1".into(), "time"),
        ("preview.png?nonsense=1".into(), "max_size"),
        ("point/6,52?bidx=1".into(), "one band"),
        ("series/6,52?time=60".into(), "coord_crs"),
    ] {
        let answer = server.get(&format!("{layer}/{path}"));
        assert_eq!(answer.status, 400, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_string();
        assert!(detail.contains(words), "{path}: {detail}");
    }
    for path in ["/maps/openapi.json?f=json".to_string(), format!("/maps/{id}?limit=3")] {
        assert_eq!(server.get(&path).status, 400, "{path}");
    }
    let answer = server.call("POST", &format!("{layer}/statistics?p=5"), &[], b"{}");
    assert_eq!(answer.status, 400);
    // The tiles have the format that was asked for.
    for (query, ending, kind) in [
        ("", "{y}.png", "image/png"),
        ("?tile_format=webp", "{y}.webp", "image/webp"),
        ("?tile_format=webp&tile_scale=2", "{y}@2x.webp", "image/webp"),
    ] {
        let tilejson = server.get(&format!("{layer}/tilejson.json{query}")).json();
        let template = tilejson["tiles"][0].as_str().unwrap();
        assert!(template.ends_with(ending), "{template}");
        let path = template.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0");
        assert_eq!(server.get(&path).header("content-type"), kind, "{path}");
    }
}

#[test]
fn json_is_packed_for_those_who_take_it() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let paths = ["/v1/processes", "/v1/openapi.json", "/maps/openapi.json"].map(String::from);
    for path in paths.iter().chain([&format!("/v1/jobs/{id}/results"), &format!("/maps/{id}")]) {
        let get = |coding: &str| server.call("GET", path, &[("accept-encoding", coding)], b"");
        let (plain, packed) = (get("identity"), get("gzip, br"));
        for answer in [&plain, &packed] {
            let vary: Vec<&str> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
            assert!(vary.contains(&"accept-encoding"), "{path}: {vary:?}");
        }
        assert_eq!([plain.header("content-encoding"), packed.header("content-encoding")], ["", "gzip"], "{path}");
        assert!(packed.bytes.len() * 2 < plain.bytes.len(), "{path}: {} of {}", packed.bytes.len(), plain.bytes.len());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == plain.bytes, "{path}");
        // A page for people, too, but nothing that is small.
        let page = server.call("GET", path, &[("accept-encoding", "gzip"), ("accept", "text/html")], b"");
        assert_eq!(page.header("content-encoding"), "gzip", "{path}");
    }
    let small = server.call("GET", "/healthz", &[("accept-encoding", "gzip")], b"");
    assert_eq!((small.header("content-encoding"), small.json()["status"].as_str()), ("", Some("ok")));
}

#[test]
fn an_archive_that_broke_off_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let path = format!("/v1/jobs/{id}/archive");
    let head = server.call("HEAD", &path, &[], b"");
    let whole = server.get(&path);
    let length = whole.bytes.len();
    assert_eq!((head.status, head.bytes.len(), head.header("content-length")), (200, 0, length.to_string().as_str()));
    assert_eq!((head.header("accept-ranges"), head.header("etag")), ("bytes", whole.header("etag")));
    let etag = whole.header("etag").to_string();
    assert!(etag.len() == 66 && etag.starts_with('"'), "{etag}");
    // In pieces it is the same, also after a start, when nothing of it is known.
    server.stop("TERM");
    let server = Server::start(data.path(), &[]);
    let part =
        |range: &str, more: &[(&str, &str)]| server.call("GET", &path, &[&[("range", range)][..], more].concat(), b"");
    let end = part("bytes=-1000", &[("if-range", &etag)]);
    let told = format!("bytes {}-{}/{length}", length - 1000, length - 1);
    assert_eq!((end.status, end.header("content-range")), (206, told.as_str()));
    assert!(end.bytes == whole.bytes[length - 1000..] && end.header("content-length") == "1000");
    let mut pieces = Vec::new();
    while pieces.len() < length {
        let to = pieces.len() + length / 7;
        let piece = part(&format!("bytes={}-{to}", pieces.len()), &[("if-range", &etag)]);
        assert_eq!((piece.status, piece.header("etag")), (206, etag.as_str()));
        pieces.extend(piece.bytes);
    }
    assert!(pieces == whole.bytes, "the pieces are not the archive");
    let known = server.call("GET", &path, &[("if-none-match", &etag)], b"");
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let beyond = part(&format!("bytes={length}-"), &[]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{length}").as_str()));
    let other = part("bytes=0-9", &[("if-range", "\"other\"")]);
    assert_eq!((other.status, other.bytes.len()), (200, length));
    // The directory alone, as `/vsizip/` reads it.
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&whole.bytes)).unwrap();
    let mut layer = Vec::new();
    zip.by_name("max_depth.tif").unwrap().read_to_end(&mut layer).unwrap();
    assert!(layer == server.get(&format!("/v1/jobs/{id}/results/max_depth-tif")).bytes);
}

#[test]
fn calls_say_what_they_are_about_and_who_makes_them() {
    let data = tempfile::tempdir().unwrap();
    let heard = Listener::start();
    let server = Server::start(data.path(), &["--callback-allow", &heard.url]);
    let subscriber =
        json!({ "successUri": format!("{}/success", heard.url), "inProgressUri": format!("{}/progress", heard.url) });
    let body = json!({ "inputs": { "scenario": shower(1.0, 1) }, "subscriber": subscriber }).to_string();
    let id = server.execute(&body, &[]).json()["id"].as_str().unwrap().to_string();
    let (_, results) = heard.wait("/success");
    let mut found = Vec::new();
    links(&results, &mut found);
    let root = format!("{}/v1/jobs/{id}/results/", server.url);
    assert!(!found.is_empty() && found.iter().all(|link| link.starts_with(&root)), "{found:?}");
    assert_eq!(server.get(&found[0]).status, 200);
    // The secret is its owner's, and a receiver that has it knows the call.
    let file = data.path().join("webhook-secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let secret = std::fs::read_to_string(&file).unwrap();
    let webhook = standardwebhooks::Webhook::new(secret.trim()).unwrap();
    let posts = heard.posts("/success");
    assert!(posts.len() >= 2, "the first is refused and the call made again");
    for post in posts.iter().chain(&heard.posts("/progress")) {
        let text = |name: &str| post.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_string();
        assert_eq!((text("hanze-job-id"), text("content-type")), (id.clone(), "application/json".into()));
        webhook.verify(&post.body, &post.headers).unwrap_or_else(|error| panic!("{error}: {:?}", post.headers));
        let mut other = post.body.clone();
        other.push(b' ');
        assert!(webhook.verify(&other, &post.headers).is_err(), "another body");
    }
    // One that is made again has the id that it had, and no other call has it.
    let ids: Vec<&str> = posts.iter().map(|post| post.headers["webhook-id"].to_str().unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let others = heard.posts("/progress");
    assert!(others.iter().all(|post| post.headers["webhook-id"] != ids[0]));
}

#[test]
fn bodies_of_other_types_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let (server, id) = done(data.path(), &[]);
    let message = r#"{"inputs":{"message":"x"}}"#;
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/xml", 415),
        ("text/plain", 415),
        ("application/octet-stream", 415),
    ] {
        let answer = echo(&server, message, &[("content-type", kind)]);
        assert_eq!(answer.status, status, "{kind}");
        assert!(status == 200 || answer.header("content-type") == "application/problem+json", "{kind}");
    }
    let statistics = format!("/maps/{id}/max_depth/statistics");
    let answer = server.call("POST", &statistics, &[("content-type", "text/xml")], b"<x/>");
    assert_eq!(answer.status, 415);
    for path in ["/v1/processes/echo/execution", "/v1/inputs", &statistics] {
        let answer = server.call("POST", path, &[("content-encoding", "gzip")], b"\x1f\x8b");
        assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"), "{path}");
    }
    assert_eq!(echo(&server, message, &[("content-encoding", "identity")]).status, 200);
}

#[test]
fn what_is_made_up_says_so_wherever_it_goes() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut scenario = shower(1.0, 1);
    scenario["attribution"] = "Nobody's town".into();
    let id = server.submit(&scenario);
    server.wait(&id, "successful");
    let says = |value: &Value| (value["synthetic"].clone(), value["attribution"].clone());
    let expected = (json!(true), json!("Nobody's town"));
    let layer = format!("/maps/{id}/max_depth");
    for path in ["tilejson.json", "info"] {
        assert_eq!(says(&server.get(&format!("{layer}/{path}")).json()), expected, "{path}");
    }
    let bounds = server.get(&format!("{layer}/info")).json()["bounds"].clone();
    let [west, south, east, north] = [0, 1, 2, 3].map(|k| bounds[k].as_f64().unwrap());
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    let polygon = json!({ "type": "Polygon", "coordinates": [ring] });
    let feature = json!({ "type": "Feature", "properties": {}, "geometry": polygon });
    for body in [polygon.clone(), feature.clone(), json!({ "type": "FeatureCollection", "features": [feature] })] {
        let answer = server.call("POST", &format!("{layer}/statistics"), &[], body.to_string().as_bytes());
        assert_eq!(says(&answer.json()), expected, "{}", body["type"]);
    }
    // Tables and shapes of the run.
    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    let (mut tables, mut shapes) = (0, 0);
    for link in results.as_object().unwrap().values() {
        let (name, href) = (link["name"].as_str().unwrap(), link["href"].as_str().unwrap());
        if name.ends_with(".geojson") {
            shapes += 1;
            assert_eq!(says(&server.get(href).json()), expected, "{name}");
        }
        if name.ends_with(".csv") {
            tables += 1;
            let answer = server.get(href);
            let text = String::from_utf8(answer.bytes.clone()).unwrap();
            let mut lines = text.lines();
            assert!(
                lines.next().unwrap().ends_with(",synthetic") && lines.all(|line| line.ends_with(",1")),
                "{name}: {text}"
            );
            let metadata = answer.header("link").split(['<', '>']).nth(1).unwrap();
            let metadata = server.get(metadata);
            assert_eq!(metadata.header("content-type"), "application/csvm+json");
            assert_eq!(says(&metadata.json()["notes"][0]), expected, "{name}");
            assert_eq!(metadata.json()["url"], name);
        }
    }
    assert!(tables > 0 && shapes > 0, "{tables} tables and {shapes} files of shapes");
}
