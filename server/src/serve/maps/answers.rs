//! What `/maps` answers.

use super::queries::{known, tile_ending};
use super::shapes::{Coordinates, corners, features, no_plane, outline, point as parse_point, too_long};
use super::{Found, document, find, frames, held, look, open, quantity, unkept, whole, work};
use crate::serve::State;
use crate::serve::files::names;
use crate::serve::handlers::{Answer, answer, escaped, is_json, page, read};
use crate::serve::kept;
use crate::serve::keys::{Role, require};
use crate::serve::origin::origin;
use crate::serve::problem::Problem;
use crate::serve::store::{Job, Output};
use bytes::{Buf, Bytes};
use futures_util::Stream;
use hanze_engine::checksum::hex;
use hanze_engine::models;
use hanze_engine::output::folder::Provenance;
use hanze_engine::output::map::Scale;
use hanze_engine::scenario::Spec;
use hanze_engine::view::{COLORMAPS, Layer, Paint, Window, colormap};
use hanze_engine::words::{Language, Text};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

/// Pixels of a tile's side; twice as many with `@2x`.
const TILE: usize = 256;
/// Pixels of the longest side of a preview: without being asked, and at most.
const PREVIEW: (usize, usize) = (1024, 4096);

/// Frames in a series.
const MOST_FRAMES: usize = 1000;
/// Cells that outlines of one request may hold; a block that has to be read counts for some.
const MOST_CELLS: usize = 200_000_000;
const CELLS_OF_BLOCK: usize = 30_000;
/// Time that counting for one request may take.
const COUNTING: Duration = Duration::from_secs(20);

/// Names and values of a query.
pub type Query = HashMap<String, String>;

/// How a picture is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Webp,
}

impl Format {
    fn media_type(self) -> &'static str {
        if self == Format::Png { "image/png" } else { "image/webp" }
    }
}

/// `GET /maps/openapi.json`.
pub async fn openapi(query: Query) -> Answer {
    known(&query, &[])?;
    Ok(answer(StatusCode::OK, &document::openapi()))
}

fn number(query: &Query, name: &str) -> Result<Option<f64>, Problem> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| Problem::bad(format!("{name} is a number")))
}

/// The layer that a request names, for whoever may read it.
async fn asked(state: &State, headers: &HeaderMap, job: &str, layer: &str, query: &Query) -> Result<Found, Problem> {
    require(state, headers, Role::Read).await?;
    find(state, job, layer, number(query, "time")?).await
}

/// How a request wants its layer painted.
#[derive(Clone)]
struct Wish {
    range: Option<(f64, f64)>,
    colours: Option<(String, Vec<[u8; 3]>)>,
}

impl Wish {
    fn parse(query: &Query) -> Result<Wish, Problem> {
        let range = query.get("rescale").map(|text| {
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            let range = text.split_once(',').and_then(|(low, high)| Some((number(low)?, number(high)?)));
            range
                .filter(|(low, high)| low < high)
                .ok_or_else(|| Problem::bad("rescale is two numbers, low,high, the first one lower"))
        });
        let colours = query.get("colormap_name").map(|name| {
            let unknown = || {
                let names = COLORMAPS.join(", ");
                Problem::bad(format!("no colormap_name of that name; there are {names}, and each with _r behind it"))
            };
            colormap(name).map(|colours| (name.clone(), colours)).ok_or_else(unknown)
        });
        Ok(Wish { range: range.transpose()?, colours: colours.transpose()? })
    }

    /// What tells its pictures from others.
    fn key(&self) -> String {
        let name = self.colours.as_ref().map_or("", |(name, _)| name);
        format!("{name} {:?}", self.range)
    }

    /// The colours: classes as on the layer's map, or a ramp where any part of one was asked for.
    fn paint(self, state: &State, found: &Found, layer: &Layer) -> hanze_engine::Result<Paint> {
        if self.range.is_none()
            && self.colours.is_none()
            && let Some(scale) = classes(state, found, layer)?
        {
            return Ok(Paint::Classes(scale));
        }
        let (low, high) = match self.range {
            Some(range) => range,
            None => range(state, &found.output, layer)?.unwrap_or((0.0, 1.0)),
        };
        let colours = self.colours.map(|(_, colours)| colours).or_else(|| colormap("cividis")).unwrap_or_default();
        Ok(Paint::Ramp { low, high: if high > low { high } else { low + 1.0 }, colours })
    }
}

/// Lowest and highest value of a layer.
fn range(state: &State, output: &Output, layer: &Layer) -> hanze_engine::Result<Option<(f64, f64)>> {
    let all = whole(state, output, layer)?;
    Ok(all.min.zip(all.max))
}

/// The classes of a layer's map; `None` for a layer of another version, whose quantity is not known. The ground is read only where classes
/// depend on it.
fn classes(state: &State, found: &Found, layer: &Layer) -> hanze_engine::Result<Option<Scale>> {
    let Some(variable) = models::variable(&layer.name) else { return Ok(None) };
    let mut failure = None;
    let scale = Scale::new(&variable, 0.0, || {
        let ground = match &found.ground {
            Some(ground) => open(state, ground).and_then(|layer| range(state, ground, &layer)),
            None => range(state, &found.output, layer),
        };
        ground.unwrap_or_else(|error| {
            failure = Some(error);
            None
        })
    });
    failure.map_or(Ok(Some(scale)), Err)
}

/// A picture with its tag; whoever has it already is told so.
fn picture(found: &Found, key: &str, format: Format, headers: &HeaderMap, bytes: Option<Bytes>) -> Response {
    let etag = format!("\"{}\"", &hex(&Sha256::digest(key))[..32]);
    let known = headers.get("if-none-match").and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|list| names(list, &etag));
    let mut response = Response::new(bytes.filter(|_| !is_known).unwrap_or_default().into());
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert("content-type", HeaderValue::from_static(format.media_type()));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert("etag", etag);
    }
    let cache = if found.is_newest { "no-cache" } else { "private, max-age=3600" };
    response.headers_mut().insert("cache-control", HeaderValue::from_static(cache));
    response
}

/// Draws a picture, or takes it from those that were drawn lately.
async fn drawn(
    state: &Arc<State>,
    headers: &HeaderMap,
    found: Found,
    format: Format,
    wish: Wish,
    part: &str,
    window: impl FnOnce(&Layer) -> Option<Window> + Send + 'static,
) -> Answer {
    let what = quantity(&found.output.name);
    let ground = found.ground.as_ref().map_or("", |ground| ground.sha256.as_str());
    let key = format!(
        "{} {} {what} {ground} {} {part} {}",
        env!("CARGO_PKG_VERSION"),
        found.output.sha256,
        format.media_type(),
        wish.key()
    );
    let kept = held(&state.maps.pictures).kept.get(&key).cloned();
    let has_etag = headers.contains_key("if-none-match");
    if kept.is_some() || has_etag {
        let response = picture(&found, &key, format, headers, kept.clone());
        if kept.is_some() || response.status() == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
    }
    look(state, &found.output).await?;
    let what = found.clone();
    let bytes = work(state, &state.maps.drawing, move |state| {
        let layer = open(state, &what.output)?;
        let Some(window) = window(&layer) else { return Ok(None) };
        let picture = layer.draw(&window, &wish.paint(state, &what, &layer)?)?;
        let bytes = if format == Format::Png { picture.png() } else { picture.webp() };
        Ok(Some(Bytes::from(bytes)))
    });
    let bytes = bytes.await?.ok_or_else(no_plane)?;
    held(&state.maps.pictures).keep(key.clone(), bytes.clone());
    Ok(picture(&found, &key, format, headers, Some(bytes)))
}

/// `GET /maps/{run}/{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}.png`.
#[allow(clippy::too_many_arguments, reason = "one for each part of the path")]
pub async fn tile(
    state: Arc<State>,
    job: String,
    layer: String,
    z: String,
    x: String,
    y: String,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no such tile; write {z}/{x}/{y}.png, with z up to 24");
    let (y, format) = match y.rsplit_once('.') {
        None => (y.as_str(), Format::Png),
        Some((y, "png")) => (y, Format::Png),
        Some((y, "webp")) => (y, Format::Webp),
        Some(_) => return Err(Problem::new(StatusCode::NOT_FOUND, "tiles are there as .png and .webp")),
    };
    let (y, side) = match y.split_once('@') {
        None => (y, TILE),
        Some((y, "1x")) => (y, TILE),
        Some((y, "2x")) => (y, 2 * TILE),
        Some(_) => return Err(none()),
    };
    let number = |text: &str| text.parse::<u32>().map_err(|_| none());
    known(&query, &["time", "rescale", "colormap_name"])?;
    let (z, x, y) = (number(&z)?, number(&x)?, number(y)?);
    let z = u8::try_from(z).ok().filter(|z| *z <= 24 && u64::from(x.max(y)) < 1 << z).ok_or_else(none)?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let wish = Wish::parse(&query)?;
    let part = format!("{z}/{x}/{y} {side}");
    let window = move |layer: &Layer| Window::tile(layer.plane.as_ref()?, z, x, y, side);
    drawn(&state, &headers, found, format, wish, &part, window).await
}

/// `GET /maps/{run}/{layer}/preview.png`.
pub async fn preview(
    state: Arc<State>,
    job: String,
    layer: String,
    name: String,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    let format = match name.as_str() {
        "preview" | "preview.png" => Format::Png,
        "preview.webp" => Format::Webp,
        _ => {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "there is nothing here; /maps/openapi.json tells what there is",
            ));
        }
    };
    known(&query, &["time", "rescale", "colormap_name", "max_size", "width", "height"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let wish = Wish::parse(&query)?;
    let side = |name: &str| -> Result<Option<usize>, Problem> {
        let Some(text) = query.get(name) else { return Ok(None) };
        let side = text.parse::<usize>().ok().filter(|side| (1..=PREVIEW.1).contains(side));
        side.map(Some).ok_or_else(|| Problem::bad(format!("{name} is a number of pixels from 1 to {}", PREVIEW.1)))
    };
    let (longest, width, height) = (side("max_size")?, side("width")?, side("height")?);
    let part = format!("preview {longest:?} {width:?} {height:?}");
    let window = move |layer: &Layer| {
        let grid = &layer.cog.grid;
        let (cols, rows) = (grid.cols as f64, grid.rows as f64);
        // Without a wish a picture has no more pixels than the layer has cells.
        let longest = longest.map_or(PREVIEW.0.min(grid.cols.max(grid.rows)), |longest| longest) as f64;
        let round = |pixels: f64| (pixels.round() as usize).clamp(1, PREVIEW.1);
        let (width, height) = match (width, height) {
            (Some(width), Some(height)) => (width, height),
            (Some(width), None) => (width, round(width as f64 / cols * rows)),
            (None, Some(height)) => (round(height as f64 / rows * cols), height),
            (None, None) => (round(longest * cols / cols.max(rows)), round(longest * rows / cols.max(rows))),
        };
        Some(Window::all(grid, width, height))
    };
    drawn(&state, &headers, found, format, wish, &part, window).await
}

/// `GET /maps/{run}/{layer}/point/{lon},{lat}`.
pub async fn point(
    state: Arc<State>,
    job: String,
    layer: String,
    place: String,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    known(&query, &["time", "coord_crs"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let (x, y) = parse_point(&place)?;
    let values = at(&state, vec![found.output.clone()], (x, y), query.get("coord_crs").cloned()).await?;
    let (unit, value) = (&values.0, values.1.first().copied().flatten());
    let name = quantity(&found.output.name);
    let value = json!({ "coordinates": [x, y], "values": [value], "band_names": [name], "units": [unit] });
    Ok(answer(StatusCode::OK, &value))
}

/// Values of some files at a point, and their unit.
async fn at(
    state: &Arc<State>,
    outputs: Vec<Output>,
    point: (f64, f64),
    crs: Option<String>,
) -> Result<(String, Vec<Option<f32>>), Problem> {
    state.artifacts.check(&outputs).await?;
    let read = work(state, &state.maps.drawing, move |state| {
        let mut values = Vec::with_capacity(outputs.len());
        let mut unit = String::new();
        let mut place = None;
        let is_series = outputs.len() > 1;
        for output in &outputs {
            // A look into each of many frames must not push out what is looked at again and again.
            let layer = if is_series { unkept(state, output)? } else { open(state, output)? };
            // All layers of a job lie on one grid.
            let place = match place {
                Some(place) => place,
                None => {
                    let found = Coordinates::parse(crs.as_deref(), &layer).and_then(|from| from.place(&layer, point));
                    match found {
                        Ok(found) => *place.insert(found),
                        Err(problem) => return Ok(Err(problem)),
                    }
                }
            };
            unit.clone_from(&layer.cog.unit);
            match layer.value(place)? {
                Some(value) => values.push(Some(value).filter(|value| value.is_finite())),
                None => {
                    let detail = "the point lies outside the layer; its bounds are in tilejson.json and info";
                    return Ok(Err(Problem::new(StatusCode::NOT_FOUND, detail)));
                }
            }
        }
        Ok(Ok((unit, values)))
    });
    read.await?
}

/// `GET /maps/{run}/{layer}/series/{lon},{lat}`: a quantity at a point in all frames that are there.
pub async fn series(
    state: Arc<State>,
    job: String,
    layer: String,
    place: String,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    known(&query, &["coord_crs"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let name = quantity(&found.output.name).to_string();
    let frames = frames(&state, &job, &name).await?;
    if frames.is_empty() {
        let detail = "this layer has no frames in time; /maps/{run} lists those that have times";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    }
    let (x, y) = parse_point(&place)?;
    // Of very many, evenly chosen ones.
    let step = frames.len().div_ceil(MOST_FRAMES);
    let frames: Vec<Output> = frames.iter().step_by(step).cloned().collect();
    let times: Vec<f64> = frames.iter().filter_map(Output::seconds).collect();
    let (unit, values) = at(&state, frames, (x, y), query.get("coord_crs").cloned()).await?;
    let value = json!({ "coordinates": [x, y], "name": name, "unit": unit, "seconds": times, "values": values });
    Ok(answer(StatusCode::OK, &value))
}

/// `GET /maps/{run}/{layer}/statistics`.
pub async fn statistics(state: Arc<State>, job: String, layer: String, headers: HeaderMap, query: Query) -> Answer {
    known(&query, &["time"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let output = found.output;
    look(&state, &output).await?;
    let all = work(&state, &state.maps.drawing, move |state| whole(state, &output, &*open(state, &output)?)).await?;
    Ok(answer(StatusCode::OK, &json!({ "b1": *all })))
}

/// `POST /maps/{run}/{layer}/statistics`: within the outlines of the body.
pub async fn posted_statistics<S, B, E>(
    state: Arc<State>,
    job: String,
    layer: String,
    headers: HeaderMap,
    query: Query,
    body: S,
) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    known(&query, &["time", "coord_crs"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let of = provenance(&state, &job_of(&state, &job).await?).await?;
    is_json(&headers)?;
    // First the body, which may be slow: whoever waits for theirs keeps nobody from being counted.
    let body = read(body).await?;
    let _waits = state.maps.waiting.try_acquire().map_err(|_| {
        let detail = "many outlines are being counted already; try again in a moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "5")
    })?;
    let (output, crs) = (found.output, query.get("coord_crs").cloned());
    look(&state, &output).await?;
    let done = work(&state, &state.maps.counting, move |state| {
        let body =
            serde_json::from_slice(&body).map_err(|error| Problem::bad(format!("the body is not JSON: {error}")));
        let (mut list, is_collection) = match body.and_then(features) {
            Ok(list) => list,
            Err(problem) => return Ok(Err(problem)),
        };
        let layer = open(state, &output)?;
        let (mut left, mut cells_left, began) = (corners(), MOST_CELLS, Instant::now());
        for feature in &mut list {
            let cells = Coordinates::parse(crs.as_deref(), &layer)
                .and_then(|from| outline(feature, &layer, from, &mut left))
                .and_then(|outline| outline.cells(&layer.cog.grid).ok_or_else(too_long));
            let cells = match cells {
                Ok(cells) => cells,
                Err(problem) => return Ok(Err(problem)),
            };
            let cost = layer.cost(&cells, CELLS_OF_BLOCK);
            if cost > cells_left || began.elapsed() > COUNTING || state.is_stopping.load(Ordering::Relaxed) {
                let detail = "the outlines hold too many cells together; send fewer at once";
                return Ok(Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)));
            }
            cells_left -= cost;
            let statistics = layer.statistics(Some(&cells))?;
            if !feature["properties"].is_object() {
                feature["properties"] = json!({});
            }
            feature["properties"]["statistics"] = json!({ "b1": statistics });
        }
        Ok(Ok((list, is_collection)))
    });
    let (mut list, is_collection) = done.await??;
    let mut value = if is_collection {
        json!({ "type": "FeatureCollection", "features": list })
    } else {
        list.pop().unwrap_or_default()
    };
    // Members that the standard does not name (RFC 7946, section 6.1), as in the files of a run.
    value["synthetic"] = of.synthetic.into();
    value["attribution"] = of.attribution.into();
    let mut response = answer(StatusCode::OK, &value);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/geo+json"));
    Ok(response)
}

/// The part of a query that chooses what is shown, for URLs that lead on.
fn chosen(query: &Query) -> String {
    let names = ["time", "rescale", "colormap_name"];
    let part = |name: &&str| Some(format!("{name}={}", escaped(query.get(*name)?)));
    let parts: Vec<String> = names.iter().filter_map(part).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// Where a job's numbers come from: from its record, or while it runs from its scenario.
async fn provenance(state: &Arc<State>, job: &Job) -> Result<Provenance, Problem> {
    let Some(record) = state.store.output(&job.id, "run-json").await? else {
        // One that cannot be read never runs.
        let of = |spec: Spec| Provenance { synthetic: spec.city.is_synthetic(), attribution: spec.attribution };
        return Ok(kept::spec(&job.scenario).map(of).unwrap_or_default());
    };
    if let Some(known) = held(&state.maps.provenances).get(&record.sha256) {
        return Ok(known.clone());
    }
    state.artifacts.check(std::slice::from_ref(&record)).await?;
    // A record of many files is long.
    let path = state.artifacts.path(&record.sha256);
    let read = tokio::task::spawn_blocking(move || {
        let record: Value = serde_json::from_slice(&std::fs::read(path).unwrap_or_default()).unwrap_or_default();
        Provenance {
            // One that cannot be read promises nothing.
            synthetic: record["synthetic"].as_bool().unwrap_or(true),
            attribution: record["attribution"].as_str().unwrap_or_default().to_string(),
        }
    });
    let provenance = read.await.unwrap_or_default();
    held(&state.maps.provenances).put(record.sha256, provenance.clone());
    Ok(provenance)
}

async fn job_of(state: &State, id: &str) -> Result<Job, Problem> {
    state.store.job(id).await?.ok_or_else(|| Problem::no_job(id))
}

/// `GET /maps/{run}/{layer}/tilejson.json`.
pub async fn tilejson(state: Arc<State>, job: String, layer: String, headers: HeaderMap, query: Query) -> Answer {
    known(&query, &["time", "rescale", "colormap_name", "tile_format", "tile_scale"])?;
    let ending = tile_ending(&query)?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    Wish::parse(&query)?;
    let row = job_of(&state, &job).await?;
    let of = provenance(&state, &row).await?;
    let output = found.output.clone();
    look(&state, &output).await?;
    let place = work(&state, &state.maps.drawing, move |state| {
        let layer = open(state, &output)?;
        Ok(layer.bounds().zip(layer.zooms()))
    });
    let ([west, south, east, north], (first, last)) = place.await?.ok_or_else(no_plane)?;
    let tiles = format!(
        "{}/maps/{job}/{layer}/tiles/WebMercatorQuad/{{z}}/{{x}}/{{y}}{ending}{}",
        origin(&state, &headers),
        chosen(&query)
    );
    let mut value = json!({
        "tilejson": "3.0.0", "name": format!("{}: {}", row.title, found.output.description), "scheme": "xyz",
        "tiles": [tiles], "bounds": [west, south, east, north], "minzoom": first, "maxzoom": last,
        "center": [(west + east) / 2.0, (south + north) / 2.0, first], "attribution": of.attribution,
        "synthetic": of.synthetic,
    });
    if of.synthetic {
        value["description"] = "Synthetic city: a demonstration, not a prediction".into();
    }
    Ok(answer(StatusCode::OK, &value))
}

/// `GET /maps/{run}/{layer}/info`: where a layer lies, and its legend.
pub async fn info(state: Arc<State>, job: String, layer: String, headers: HeaderMap, query: Query) -> Answer {
    known(&query, &["time"])?;
    let found = asked(&state, &headers, &job, &layer, &query).await?;
    let row = job_of(&state, &job).await?;
    let of = provenance(&state, &row).await?;
    look(&state, &found.output).await?;
    let told = work(&state, &state.maps.drawing, move |state| {
        let layer = open(state, &found.output)?;
        let scale = classes(state, &found, &layer)?;
        let grid = &layer.cog.grid;
        let words =
            models::variable(&layer.name).map_or_else(|| Text::new(&layer.name, &layer.name), |own| own.words());
        let of = |language| scale.as_ref().map(|scale| scale.legend(language)).unwrap_or_default();
        let [english, dutch] = [Language::English, Language::Dutch].map(of);
        let unit = scale.as_ref().map_or(layer.cog.unit.as_str(), |scale| scale.unit.as_str());
        let legend = english.iter().zip(&dutch).map(|((colour, en), (_, nl))| {
            json!({ "colour": format!("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2]), "en": en, "nl": nl })
        });
        let zooms = layer.zooms();
        Ok(json!({
            "name": layer.name, "unit": layer.cog.unit, "sha256": found.output.sha256, "seconds": found.output.seconds(),
            "title": { "en": words.in_language(Language::English), "nl": words.in_language(Language::Dutch) },
            "crs": grid.crs.epsg.map(|code| format!("EPSG:{code}")), "cellM": grid.cell,
            "width": grid.cols, "height": grid.rows, "extent": [grid.west, grid.south(), grid.east(), grid.north],
            "bounds": layer.bounds(), "minzoom": zooms.map(|zooms| zooms.0), "maxzoom": zooms.map(|zooms| zooms.1),
            "legend": { "unit": unit, "classes": legend.collect::<Vec<_>>() },
        }))
    });
    let mut value = told.await?;
    value["attribution"] = of.attribution.into();
    value["synthetic"] = of.synthetic.into();
    Ok(answer(StatusCode::OK, &value))
}

/// `GET /maps/{run}`: the layers of a job.
pub async fn collection(state: Arc<State>, job: String, headers: HeaderMap, query: Query) -> Answer {
    known(&query, &[])?;
    let origin = origin(&state, &headers);
    require(&state, &headers, Role::Read).await?;
    let row = job_of(&state, &job).await?;
    let outputs = state.store.outputs(&job).await?;
    let mut layers: Vec<Value> = Vec::new();
    let mut add = |id: &str, output: &Output, times: Option<Vec<f64>>| {
        let path = format!("{origin}/maps/{job}/{id}");
        let mut layer = json!({
            "id": id, "name": quantity(&output.name), "title": output.description,
            "links": [
                { "href": format!("{path}/tilejson.json"), "rel": "tilejson", "type": "application/json" },
                { "href": format!("{path}/preview.png"), "rel": "preview", "type": "image/png" },
                { "href": format!("{path}/statistics"), "rel": "statistics", "type": "application/json" },
                { "href": format!("{path}/info"), "rel": "info", "type": "application/json" },
            ],
        });
        if let Some(times) = times {
            layer["seconds"] = times.into();
        }
        layers.push(layer);
    };
    let rasters: Vec<&Output> = outputs.iter().filter(|output| output.name.ends_with(".tif")).collect();
    let mut last = "";
    for output in &rasters {
        let name = quantity(&output.name);
        if output.name.starts_with("frames/") && name != last {
            last = name;
            let times = rasters.iter().filter(|other| quantity(&other.name) == name);
            add(name, output, Some(times.filter_map(|frame| frame.seconds()).collect()));
        }
    }
    for output in &rasters {
        add(output.output.trim_end_matches("-tif"), output, None);
    }
    Ok(page(&headers, &format!("Maps: {}", row.title), &json!({ "run": job, "title": row.title, "layers": layers })))
}
