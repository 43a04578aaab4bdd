//! Layers of a job as others look at them, and results in one file.

use crate::common::{Answer, Server, shower};
use hanze_engine::city::read::{Limits, Quantity, raster};
use hanze_engine::plane::Plane;
use hanze_engine::raster::Raster;
use serde_json::{Value, json};
use std::io::Read;

/// A server with a job that is done, and its layer `max_depth` as the file holds it.
fn done() -> (tempfile::TempDir, Server, String, Raster) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    // Enough to stand on streets: canals have no depth of their own.
    let mut storm = shower(3.0, 1);
    storm["runoff"]["rain"]["mm_per_hour"] = json!(500);
    let id = server.submit(&storm);
    server.wait(&id, "successful");
    let file = data.path().join("max_depth.tif");
    std::fs::write(&file, server.get(&format!("/v1/jobs/{id}/results/max_depth-tif")).bytes).unwrap();
    let layer = raster(&file, Quantity::Values, Limits { max_cells: 1_000_000 }).unwrap();
    (data, server, id, layer)
}

fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() <= 1e-9 * expected.abs().max(1.0))
}

#[test]
fn values_and_statistics_are_those_of_the_file() {
    let (_data, server, id, layer) = done();
    let path = format!("/maps/{id}/max_depth");
    let statistics = server.get(&format!("{path}/statistics")).json();
    let values: Vec<f64> = layer.values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).collect();
    let band = &statistics["b1"];
    let (sum, count) = (values.iter().sum::<f64>(), values.len() as f64);
    assert!(near(&band["sum"], sum) && near(&band["count"], count) && near(&band["mean"], sum / count), "{band}");
    let (low, high) = layer.range().unwrap();
    assert!(near(&band["min"], low) && near(&band["max"], high), "{band}");

    // At every fourth cell of a row, in the plane and in degrees.
    let plane = Plane::of(layer.grid.crs).unwrap();
    for col in (0..layer.grid.cols).step_by(4) {
        let (x, y) = layer.grid.centre(col, 50);
        let (lon, lat) = plane.to_degrees((x, y)).unwrap();
        for query in [format!("{x},{y}?coord_crs=EPSG:28992"), format!("{lon},{lat}"), format!("{x},{y}?coord_crs=own")]
        {
            let point = server.get(&format!("{path}/point/{query}"));
            assert_eq!(point.status, 200, "{query}");
            let (told, cell) = (&point.json()["values"][0], layer.at(col, 50));
            // Where water stood before there is no depth.
            assert!(if cell.is_finite() { near(told, cell) } else { told.is_null() }, "{query}: {told} for {cell}");
        }
    }

    // Within a square of 20 × 10 cells, as a feature of its own and in a collection.
    let corners = [(30, 20), (50, 20), (50, 30), (30, 30), (30, 20)];
    let ring: Vec<[f64; 2]> = corners
        .iter()
        .map(|(col, row)| {
            let (x, y) = (layer.grid.west + 2.0 * f64::from(*col), layer.grid.north - 2.0 * f64::from(*row));
            let (lon, lat) = plane.to_degrees((x, y)).unwrap();
            [lon, lat]
        })
        .collect();
    let feature = json!({ "type": "Feature", "properties": { "name": "square" }, "geometry": { "type": "Polygon", "coordinates": [ring] } });
    let post = |body: &Value| server.call("POST", &format!("{path}/statistics"), &[], body.to_string().as_bytes());
    let answer = post(&feature);
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/geo+json"));
    let answer = answer.json();
    let cells = (20..30).flat_map(|row| (30..50).map(move |col| (col, row)));
    // Existing water is no part of it.
    let wet: Vec<f64> = cells.map(|(col, row)| layer.at(col, row)).filter(|depth| depth.is_finite()).collect();
    let (sum, count) = (wet.iter().sum::<f64>(), wet.len() as u64);
    assert!(count > 50, "{count}");
    let band = &answer["properties"]["statistics"]["b1"];
    assert!(near(&band["sum"], sum) && band["count"] == count && answer["properties"]["name"] == "square", "{answer}");
    let all = post(&json!({ "type": "FeatureCollection", "features": [feature, feature] })).json();
    // What is said of all stands beside them, and in a feature that is alone within it.
    assert_eq!((&all["synthetic"], &answer["synthetic"]), (&json!(true), &json!(true)));
    let mut alone = answer;
    let members = alone.as_object_mut().unwrap();
    members.remove("synthetic");
    members.remove("attribution");
    assert_eq!((&all["features"][0], &all["features"][1]), (&alone, &alone));

    // In time: the frames of the run, whose last value is that of the last frame.
    let (x, y) = layer.grid.centre(60, 50);
    let series = server.get(&format!("/maps/{id}/depth/series/{x},{y}?coord_crs=own")).json();
    assert_eq!(series["seconds"], json!([60.0, 120.0, 180.0]));
    for (time, value) in [(60.0, 0), (61.0, 0), (120.0, 1), (1e9, 2)] {
        let point = server.get(&format!("/maps/{id}/depth/point/{x},{y}?coord_crs=own&time={time}")).json();
        assert_eq!(point["values"][0], series["values"][value], "{time}");
    }
}

#[test]
fn water_that_was_there_is_no_flood_in_statistics_and_pictures() {
    // The same town has a canal, in which nothing counts.
    let town = hanze_engine::city::demo::demo(1, 240.0, 200.0, 2.0).unwrap();
    let (heights, water) = (&town.buildings.as_ref().unwrap().values, &town.water.as_ref().unwrap().values);
    let stood: Vec<bool> = heights.iter().zip(water).map(|(height, depth)| depth - height > 0.05).collect();
    let count = stood.iter().filter(|stood| **stood).count();
    assert!(count > 0, "the town has no water");
    let (_data, server, id, layer) = done();
    let path = format!("/maps/{id}/max_depth");
    let statistics = server.get(&format!("{path}/statistics")).json();
    let band = &statistics["b1"];
    assert_eq!((&band["masked_pixels"], &band["valid_pixels"]), (&json!(count), &json!(stood.len() - count)));
    let at = stood.iter().position(|stood| *stood).unwrap();
    let (x, y) = layer.grid.centre(at % layer.grid.cols, at / layer.grid.cols);
    let point = server.get(&format!("{path}/point/{x},{y}?coord_crs=own")).json();
    assert_eq!(point["values"], json!([null]));
    // A pixel for each cell: what was water shows nothing, even where all values have a colour.
    let answer = server.get(&format!("{path}/preview.png?width=120&rescale=0,1&colormap_name=blues"));
    let picture = image::load_from_memory(&answer.bytes).unwrap().into_rgba8();
    assert_eq!(picture.dimensions(), (120, 100));
    let empty = picture.pixels().map(|pixel| pixel.0[3] == 0);
    assert!(empty.eq(stood.iter().copied()), "a pixel shows a flood in the canal, or none beside it");
}

#[test]
fn tiles_and_previews_are_pictures_of_the_layer() {
    let (_data, server, id, _) = done();
    let path = format!("/maps/{id}/max_depth");
    let listed = server.get(&format!("/maps/{id}")).json();
    let layers: Vec<&str> =
        listed["layers"].as_array().unwrap().iter().map(|layer| layer["id"].as_str().unwrap()).collect();
    for layer in ["depth", "max_depth", "city-terrain", "frames-depth_000060-000s"] {
        assert!(layers.contains(&layer), "{layer} of {layers:?}");
    }
    // Every link of every layer leads to something.
    for link in listed["layers"].as_array().unwrap().iter().flat_map(|layer| layer["links"].as_array().unwrap()) {
        let answer = server.get(link["href"].as_str().unwrap());
        assert_eq!((answer.status, answer.header("content-type")), (200, link["type"].as_str().unwrap()), "{link}");
    }
    let tilejson = server.get(&format!("{path}/tilejson.json?rescale=0,1&colormap_name=blues")).json();
    assert_eq!(server.get(&format!("{path}/WebMercatorQuad/tilejson.json")).status, 200);
    let template = tilejson["tiles"][0].as_str().unwrap();
    assert!(template.starts_with(&server.url) && template.ends_with("{z}/{x}/{y}.png?rescale=0,1&colormap_name=blues"));
    let (lon, lat) = (tilejson["center"][0].as_f64().unwrap(), tilejson["center"][1].as_f64().unwrap());
    let z = tilejson["maxzoom"].as_u64().unwrap();
    let count = 2f64.powi(z as i32);
    let x = ((lon + 180.0) / 360.0 * count) as u32;
    let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * count) as u32;
    let tile = |rest: &str| server.get(&format!("{path}/tiles/WebMercatorQuad/{z}/{x}/{y}{rest}"));
    let colours = |bytes: &[u8]| {
        let picture = image::load_from_memory(bytes).unwrap().into_rgba8();
        let shown = picture.pixels().filter(|pixel| pixel.0[3] == 255).count();
        (picture.dimensions(), shown)
    };
    let (classes, ramp) = (tile(".png"), tile(".png?rescale=0,1&colormap_name=blues"));
    for (rest, kind, side) in [
        ("", "image/png", 256),
        (".png", "image/png", 256),
        (".webp", "image/webp", 256),
        ("@2x.png", "image/png", 512),
    ] {
        let answer = tile(rest);
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{rest}");
        assert_eq!(colours(&answer.bytes).0, (side, side));
    }
    // Classes leave dry ground out, a ramp shows all of it.
    assert!(colours(&ramp.bytes).1 > colours(&classes.bytes).1 && colours(&classes.bytes).1 > 20);
    // The same again costs nothing; another time or colour is another picture.
    let etag = classes.header("etag").to_string();
    let again =
        server.call("GET", &format!("{path}/tiles/WebMercatorQuad/{z}/{x}/{y}.png"), &[("if-none-match", &etag)], b"");
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    assert_ne!(ramp.header("etag"), etag);
    for (query, size) in [
        ("", (120, 100)),
        ("?max_size=60", (60, 50)),
        ("?width=30", (30, 25)),
        ("?height=200", (240, 200)),
        ("?width=7&height=9", (7, 9)),
    ] {
        let answer = server.get(&format!("{path}/preview.png{query}"));
        assert_eq!((answer.status, colours(&answer.bytes).0), (200, size), "{query}");
    }
    let info = server.get(&format!("{path}/info")).json();
    assert_eq!((info["crs"].as_str(), info["legend"]["unit"].as_str()), (Some("EPSG:28992"), Some("cm")));
    assert_eq!(info["legend"]["classes"].as_array().unwrap().len(), 10);
    // What the events of the job pointed at is there.
    let events = String::from_utf8(server.get(&format!("/v1/jobs/{id}/events")).bytes).unwrap();
    let frame =
        events.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| data.contains("previews"))).unwrap();
    let frame: Value = serde_json::from_str(frame).unwrap();
    assert_eq!(server.get(frame["previews"][0].as_str().unwrap()).header("content-type"), "image/png");
}

#[test]
fn maps_refuse_what_is_wrong_and_say_so() {
    let (_data, server, id, _) = done();
    let triangle = |corners: &str| format!("{{\"type\":\"Polygon\",\"coordinates\":[{corners}]}}");
    let many = (0..1001).map(|_| "{\"type\":\"Feature\",\"geometry\":null}").collect::<Vec<_>>().join(",");
    let corners = vec!["[6,52]"; 200_001].join(",");
    for (path, status) in [
        ("nothing/point/6,52", 404),
        ("max_depth/tiles/WebMercatorQuad/99/0/0.png", 404),
        ("max_depth/tiles/WebMercatorQuad/3/8/0.png", 404),
        ("max_depth/tiles/WebMercatorQuad/3/-1/0.png", 404),
        ("max_depth/tiles/WebMercatorQuad/3/0/0.gif", 404),
        ("max_depth/tiles/WebMercatorQuad/3/0/0@9x.png", 404),
        ("max_depth/tiles/WorldCRS84Quad/3/0/0.png", 404),
        ("max_depth/tiles/WebMercatorQuad/3/0/0.png?rescale=1,0", 400),
        ("max_depth/tiles/WebMercatorQuad/3/0/0.png?rescale=NaN,inf", 400),
        ("max_depth/tiles/WebMercatorQuad/3/0/0.png?colormap_name=mud", 400),
        ("depth/tiles/WebMercatorQuad/3/0/0.png?time=x", 400),
        ("depth/preview.png?time=1", 404),
        ("max_depth/preview.png?max_size=100000", 400),
        ("max_depth/preview.png?width=0", 400),
        ("max_depth/preview.exe", 404),
        ("max_depth/point/6", 400),
        ("max_depth/point/NaN,52", 400),
        ("max_depth/point/6,952", 400),
        ("max_depth/point/0,0", 404),
        ("max_depth/point/6,52?coord_crs=EPSG:31370", 400),
        ("max_depth/series/6,52", 404),
        ("..%2f..%2fetc/preview.png", 404),
        ("max_depth%00/preview.png", 404),
    ] {
        let answer = server.get(&format!("/maps/{id}/{path}"));
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(&answer.bytes));
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    for body in [
        String::new(),
        "[]".into(),
        "{\"type\":\"Point\",\"coordinates\":[6,52]}".into(),
        "{\"type\":\"Feature\",\"geometry\":null}".into(),
        "{\"type\":\"Polygon\",\"coordinates\":7}".into(),
        triangle("[[6,52],[\"x\",52],[6,53]]"),
        triangle("[[6,52],[7],[6,53]]"),
        triangle("[[6,52],[1e300,52],[6,53]]"),
        triangle(&format!("[{corners}]")),
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{many}]}}"),
        "{\"type\":\"FeatureCollection\",\"features\":3}".into(),
    ] {
        let answer = server.call("POST", &format!("/maps/{id}/max_depth/statistics"), &[], body.as_bytes());
        let start: String = body.chars().take(60).collect();
        assert_eq!(answer.status, 400, "{start}: {}", String::from_utf8_lossy(&answer.bytes));
    }
    // Rings without corners, and more cells than one request may hold.
    let empty = format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[{}]}}", vec!["[[]]"; 110_000].join(","));
    let world =
        "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[6,52],[7,52],[7,53],[6,53]]]}}";
    let worlds = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", vec![world; 1000].join(","));
    let post = |body: &str| server.call("POST", &format!("/maps/{id}/max_depth/statistics"), &[], body.as_bytes());
    // 12 000 cells and one block each: a thousand of them are within what a request may have.
    assert_eq!([post(&empty).status, post(&worlds).status], [400, 200]);
    assert_eq!(server.get("/maps/nothing").status, 404);
    // A dismissed job has no layers.
    server.call("DELETE", &format!("/v1/jobs/{id}"), &[], b"");
    assert_eq!(server.get(&format!("/maps/{id}/max_depth/preview.png")).status, 410);
}

#[test]
fn all_results_come_in_one_file() {
    let (_data, server, id, _) = done();
    let answer = server.get(&format!("/v1/jobs/{id}/archive"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
    assert!(answer.header("content-disposition").contains(".zip"));
    let results = server.get(&format!("/v1/jobs/{id}/results")).json();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&answer.bytes)).unwrap();
    assert_eq!(archive.len(), results.as_object().unwrap().len());
    for link in results.as_object().unwrap().values() {
        let mut bytes = Vec::new();
        archive.by_name(link["name"].as_str().unwrap()).unwrap().read_to_end(&mut bytes).unwrap();
        let file = server.get(link["href"].as_str().unwrap());
        assert!(bytes == file.bytes, "{link}");
    }
    assert!(answer.bytes == server.get(&format!("/v1/jobs/{id}/archive")).bytes, "the same bytes each time");
}

#[test]
fn texts_are_packed_for_those_who_take_it() {
    let (_data, server, id, _) = done();
    let href = format!("/v1/jobs/{id}/results/run-json");
    let plain = server.call("GET", &href, &[("accept-encoding", "identity")], b"");
    let raw = |headers: &str| {
        use std::io::Write;
        let mut socket = std::net::TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        write!(socket, "GET {href} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let split = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8_lossy(&answer[..split]).to_lowercase(), answer.len() - split)
    };
    let (head, bytes) = raw("accept-encoding: gzip\r\n");
    assert!(head.contains("content-encoding: gzip") && head.contains("vary: accept-encoding"), "{head}");
    assert!(bytes * 2 < plain.bytes.len(), "{bytes} of {}", plain.bytes.len());
    let (head, bytes) = raw("accept-encoding: gzip\r\nrange: bytes=0-9\r\n");
    assert!(head.starts_with("http/1.1 206") && !head.contains("content-encoding") && bytes == 10, "{head}");
    let (head, bytes) = raw("");
    assert!(!head.contains("content-encoding") && head.contains("vary") && bytes == plain.bytes.len(), "{head}");
    // The two have tags of their own, and both are known again.
    let packed = server.call("GET", &href, &[("accept-encoding", "gzip")], b"");
    let tag = |answer: &Answer| answer.header("etag").to_string();
    assert_ne!(tag(&packed), tag(&plain));
    let known = server.call("GET", &href, &[("accept-encoding", "gzip"), ("if-none-match", &tag(&packed))], b"");
    assert_eq!(known.status, 304);
}
