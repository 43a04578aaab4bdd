//! Layers of a job as others look at them: tiles, previews, values and statistics, under the names that TiTiler gives.
//!
//! A layer's id is its file's name in URLs without the ending (`max_depth`, `city-terrain`, `frames-depth_000600-000s`), or the
//! name of a quantity in time (`depth`), of which `time` picks a frame. What is computed depends on the file's checksum
//! alone, so it is kept by that.

mod answers;
mod document;
mod queries;
mod routes;
mod shapes;

pub use routes::routes;

use super::State;
use super::problem::Problem;
use super::store::Output;
use bytes::Bytes;
use hanze_engine::city::layers::TERRAIN;
use hanze_engine::models;
use hanze_engine::output::folder::Provenance;
use hanze_engine::quantity::Classes;
use hanze_engine::view::{Cache, Layer, Statistics};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Semaphore;
use warp::http::StatusCode;

/// Blocks of layers in memory, 1 MiB each.
const BLOCKS: NonZeroUsize = NonZeroUsize::new(128).unwrap();
/// Layers that are open.
const LAYERS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// Layers whose statistics are known.
const STATISTICS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Bytes of pictures in memory.
const MOST_PICTURES: usize = 64 << 20;
/// Pictures that are drawn at once; the others wait. Outlines are counted one request after the other, and so many may wait.
const AT_ONCE: usize = 2;
const WAITING: usize = 8;
/// Bytes that an entry takes besides its picture.
const ENTRY: usize = 400;

/// What is kept in memory of layers.
pub struct Maps {
    blocks: Arc<Cache>,
    /// For layers that are looked at once: of these nothing is worth keeping.
    once: Arc<Cache>,
    layers: Mutex<LruCache<(String, String), Arc<Layer>>>,
    statistics: Mutex<LruCache<String, Arc<Statistics>>>,
    pictures: Mutex<Pictures>,
    /// Frames of a quantity of a job, and the event up to which they are known.
    frames: Mutex<LruCache<(String, String), Known>>,
    /// Where a job's numbers come from, by the checksum of its record.
    provenances: Mutex<LruCache<String, Provenance>>,
    drawing: Arc<Semaphore>,
    counting: Arc<Semaphore>,
    /// Outlines that wait to be counted.
    waiting: Semaphore,
}

/// Frames, and the newest event when they were read.
type Known = (i64, Arc<Vec<Output>>);

/// Pictures that were drawn lately, by what they show.
struct Pictures {
    kept: LruCache<String, Bytes>,
    bytes: usize,
}

impl Pictures {
    fn keep(&mut self, key: String, picture: Bytes) {
        self.bytes += picture.len() + ENTRY;
        if let Some(before) = self.kept.put(key, picture) {
            self.bytes -= before.len() + ENTRY;
        }
        while self.bytes > MOST_PICTURES
            && let Some((_, oldest)) = self.kept.pop_lru()
        {
            self.bytes -= oldest.len() + ENTRY;
        }
    }
}

/// A lock that a panic of another thread does not spoil: caches are whole between two calls.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Maps {
    pub fn new() -> Maps {
        Maps {
            blocks: Arc::new(Cache::new(BLOCKS)),
            once: Arc::new(Cache::new(NonZeroUsize::MIN)),
            layers: Mutex::new(LruCache::new(LAYERS)),
            statistics: Mutex::new(LruCache::new(STATISTICS)),
            pictures: Mutex::new(Pictures { kept: LruCache::unbounded(), bytes: 0 }),
            frames: Mutex::new(LruCache::new(LAYERS)),
            provenances: Mutex::new(LruCache::new(STATISTICS)),
            drawing: Arc::new(Semaphore::new(AT_ONCE)),
            counting: Arc::new(Semaphore::new(1)),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// Lets go of files that are removed: an open one keeps its room on the disk.
    pub fn forget(&self, sums: &[String]) {
        let mut layers = held(&self.layers);
        let gone: Vec<(String, String)> =
            layers.iter().map(|(key, _)| key.clone()).filter(|(sum, _)| sums.contains(sum)).collect();
        gone.iter().for_each(|key| drop(layers.pop(key)));
    }
}

/// The quantity that a file of a job shows, such as `depth`.
fn quantity(name: &str) -> &str {
    let name = name.strip_suffix(".tif").unwrap_or(name);
    let name = name.strip_prefix("city/").unwrap_or(name);
    name.strip_prefix("frames/").and_then(|frame| frame.rsplit_once('_')).map_or(name, |(quantity, _)| quantity)
}

/// A layer that was asked for, and whether it may be another one a moment later.
#[derive(Clone)]
struct Found {
    output: Output,
    is_newest: bool,
    /// The ground of the job's city, where classes of the layer depend on it.
    ground: Option<Output>,
}

/// The ground of a job's city, where classes of a layer depend on it.
async fn ground(state: &State, job: &str, output: &Output) -> Result<Option<Output>, Problem> {
    let variable = models::variable(quantity(&output.name));
    let is_wanted = variable.is_some_and(|own| !own.is_difference() && own.quantity.classes == Classes::Ground);
    let id = format!("city-{}-tif", TERRAIN.name);
    Ok(if is_wanted { state.store.output(job, &id).await? } else { None })
}

/// The file of a layer: by its own name, or of a quantity the last frame at or before a time.
async fn find(state: &State, job: &str, layer: &str, time: Option<f64>) -> Result<Found, Problem> {
    let no_layer = || {
        let detail = format!("there is no such layer of this job; /maps/{job} lists those that are there");
        Problem::new(StatusCode::NOT_FOUND, detail)
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if layer.is_empty() || layer.len() > 120 || !layer.chars().all(is_plain) {
        return Err(no_layer());
    }
    if let Some(output) = state.store.output(job, &format!("{layer}-tif")).await? {
        let ground = ground(state, job, &output).await?;
        return Ok(Found { output, is_newest: false, ground });
    }
    let frames = frames(state, job, layer).await?;
    if frames.is_empty() {
        return Err(match state.store.job(job).await? {
            None => Problem::no_job(job),
            Some(other) if other.state == "dismissed" => {
                Problem::new(StatusCode::GONE, "the job was dismissed, and its layers with it")
            }
            Some(_) => no_layer(),
        });
    }
    let is_there = |output: &&Output| time.is_none_or(|time| output.seconds().is_some_and(|at| at <= time + 5e-4));
    let found = frames.iter().rev().find(is_there).cloned();
    // The last one that is there may not be the one that is asked for, a moment later.
    let is_last = |output: &Output| frames.last().is_some_and(|last| last.name == output.name);
    let output = found.ok_or_else(|| {
        let first = frames.first().and_then(|frame| frame.seconds()).unwrap_or(0.0);
        Problem::new(StatusCode::NOT_FOUND, format!("the first frame of this layer is that of {first} s"))
    })?;
    let ground = ground(state, job, &output).await?;
    Ok(Found { is_newest: is_last(&output), output, ground })
}

/// Frames of a quantity of a job, in time.
async fn frames(state: &State, job: &str, quantity: &str) -> Result<Arc<Vec<Output>>, Problem> {
    let key = (job.to_string(), quantity.to_string());
    let newest = *state.newest.borrow();
    if let Some((_, frames)) = held(&state.maps.frames).get(&key).filter(|(known, _)| *known == newest) {
        return Ok(frames.clone());
    }
    let frames = Arc::new(state.store.frames(job, quantity).await?);
    held(&state.maps.frames).put(key, (newest, frames.clone()));
    Ok(frames)
}

/// Does work that takes a processor, away from those who answer, and no more at once than there is room for.
async fn work<T: Send + 'static>(
    state: &Arc<State>,
    places: &Arc<Semaphore>,
    task: impl FnOnce(&State) -> hanze_engine::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let broken =
        || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the layer cannot be read; tell whoever runs this server");
    let place = places.clone().acquire_owned().await.map_err(|_| broken())?;
    let state = state.clone();
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        task(&state)
    });
    match done.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            tracing::error!(%error, "a layer cannot be read");
            Err(broken())
        }
        Err(error) => {
            tracing::error!(%error, "looking at a layer failed");
            Err(broken())
        }
    }
}

/// Sees that the file of a layer is what its checksum says, before a place is taken that others wait for.
async fn look(state: &State, output: &Output) -> Result<(), Problem> {
    state.artifacts.check(std::slice::from_ref(output)).await
}

/// The same, where the file may have changed since.
fn check(state: &State, output: &Output) -> hanze_engine::Result<()> {
    let path = state.artifacts.path(&output.sha256);
    let is_sound = state.artifacts.is_sound(&output.sha256, output.bytes as u64);
    if is_sound.map_err(hanze_engine::Error::io("reading", &path))? {
        return Ok(());
    }
    Err(hanze_engine::Error::data(&path, "was damaged on the disk", "submit the job again"))
}

/// A layer, open.
fn open(state: &State, output: &Output) -> hanze_engine::Result<Arc<Layer>> {
    check(state, output)?;
    let key = (output.sha256.clone(), quantity(&output.name).to_string());
    if let Some(layer) = held(&state.maps.layers).get(&key) {
        return Ok(layer.clone());
    }
    let layer = Arc::new(Layer::open(&state.artifacts.path(&output.sha256), &key.1, &state.maps.blocks)?);
    held(&state.maps.layers).put(key, layer.clone());
    Ok(layer)
}

/// A layer that is opened for one look.
fn unkept(state: &State, output: &Output) -> hanze_engine::Result<Arc<Layer>> {
    check(state, output)?;
    Layer::open(&state.artifacts.path(&output.sha256), quantity(&output.name), &state.maps.once).map(Arc::new)
}

/// Statistics of all of a layer.
fn whole(state: &State, output: &Output, layer: &Layer) -> hanze_engine::Result<Arc<Statistics>> {
    if let Some(known) = held(&state.maps.statistics).get(&output.sha256) {
        return Ok(known.clone());
    }
    let statistics = Arc::new(layer.statistics(None)?);
    held(&state.maps.statistics).put(output.sha256.clone(), statistics.clone());
    Ok(statistics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_tell_what_they_show() {
        for (name, what, at) in [
            ("max_depth.tif", "max_depth", None),
            ("city/terrain.tif", "terrain", None),
            ("frames/depth_000600.000s.tif", "depth", Some(600.0)),
            ("frames/unit_discharge_x_000000.500s.tif", "unit_discharge_x", Some(0.5)),
        ] {
            let [output, sha256, media_type, description] = std::array::from_fn(|_| String::new());
            let output = Output { output, name: name.into(), sha256, bytes: 0, media_type, description };
            assert_eq!((quantity(name), output.seconds()), (what, at));
        }
    }

    #[test]
    fn pictures_take_no_more_than_their_room() {
        let mut pictures = Pictures { kept: LruCache::unbounded(), bytes: 0 };
        for k in 0..100 {
            pictures.keep(format!("{}", k % 90), Bytes::from(vec![0; (1 << 20) - ENTRY]));
        }
        assert_eq!((pictures.kept.len(), pictures.bytes), (64, 64 << 20));
        assert!(pictures.kept.contains("9") && !pictures.kept.contains("20"));
    }
}
