//! The worker: one thread that owns the device and runs one job after the other.

use super::State;
use super::request::{check, estimate};
use super::store::{End, Job, Output};
use hanze_engine::checksum::of_file;
use hanze_engine::device::Device;
use hanze_engine::output::folder::Artifact;
use hanze_engine::scenario::Scenario;
use hanze_engine::simulation::{self, Ending, Event, MeshRequest, Simulation};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Times that a job may be begun; one that brings the process down each time must not do so for ever.
const MOST_ATTEMPTS: i64 = 25;
/// Largest distance between the ground and its triangles in the meshes of a job, m.
const MESH_ERROR: f64 = 0.1;
/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(900);

/// How a job ended.
enum Done {
    /// With files in a folder.
    Finished(PathBuf, Vec<Artifact>),
    /// It was told to stop; a checkpoint is there.
    Stopped,
}

/// Runs jobs until the server stops. Called on a thread of its own.
pub fn run(state: &Arc<State>, mut device: Device, handle: &Handle) {
    while !state.is_stopping.load(Ordering::Relaxed) {
        let lease = super::keys::random();
        match handle.block_on(state.store.claim(&lease)) {
            Ok(Some(job)) => {
                if attend(state, &device, handle, &job) {
                    device = reopened(state, device);
                }
            }
            Ok(None) => {
                // A wake-up can be missed, and then a second passes.
                let wait = async { tokio::time::timeout(Duration::from_secs(1), state.queue.notified()).await };
                let _ = handle.block_on(wait);
            }
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// The device again, after it was lost; what it takes to come back is waited for.
fn reopened(state: &State, lost: Device) -> Device {
    while !state.is_stopping.load(Ordering::Relaxed) {
        match Device::open(&state.args.device) {
            Ok(device) => return device,
            Err(error) => tracing::error!(%error, "the device does not come back"),
        }
        std::thread::sleep(Duration::from_secs(10));
    }
    lost
}

/// What OGC calls a failure that no other word fits.
const OTHER: &str = "NoApplicableCode";

/// How a job failed.
enum Failure {
    /// In these words, and the last part of the exception's type.
    Told(String, &'static str),
    /// The device is gone, which is no fault of the job.
    DeviceLost,
}

impl From<hanze_engine::Error> for Failure {
    fn from(error: hanze_engine::Error) -> Failure {
        match error {
            hanze_engine::Error::DeviceLost(_) => Failure::DeviceLost,
            hanze_engine::Error::Scenario { .. } | hanze_engine::Error::Data { .. } => {
                Failure::Told(error.to_string(), "InvalidParameterValue")
            }
            other => Failure::Told(other.to_string(), OTHER),
        }
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Failure {
        Failure::Told(words, OTHER)
    }
}

/// Runs a job and writes down how it ended; true where the device must be opened again.
fn attend(state: &Arc<State>, device: &Device, handle: &Handle, job: &Job) -> bool {
    let cancel = Arc::new(AtomicBool::new(false));
    *state.running() = Some((job.id.clone(), cancel.clone()));
    // Told to stop between the claim and now.
    cancel.fetch_or(state.is_stopping.load(Ordering::Relaxed), Ordering::Relaxed);
    tracing::info!(job = job.id, title = job.title, attempt = job.attempts, "begins");
    let folder = state.artifacts.work(&job.id);
    let outcome = if job.attempts > MOST_ATTEMPTS {
        let words = "times and never came to its end; it may need more memory than there is";
        Err(Failure::Told(format!("this job was begun {MOST_ATTEMPTS} {words}"), OTHER))
    } else {
        // A fault in one job is told to whoever asked for it, and the next job runs.
        let ran = catch_unwind(AssertUnwindSafe(|| compute(state, device, handle, job, &folder, &cancel)));
        let words = "a fault of Hanze itself ended this job; please report it with its scenario";
        ran.unwrap_or_else(|_| Err(Failure::Told(words.into(), OTHER)))
    };
    *state.running() = None;
    let is_lost = matches!(outcome, Err(Failure::DeviceLost));
    let is_stopping = state.is_stopping.load(Ordering::Relaxed);
    // Where files lie is nobody's business.
    let message = |words: &str| {
        let words = words.replace(&*state.args.data.to_string_lossy(), "DATA");
        let words = match hanze_engine::data_folder() {
            Some(library) => words.replace(&*library.to_string_lossy(), "data:"),
            None => words,
        };
        // Every list shows it.
        if words.chars().count() > 2000 { words.chars().take(2000).chain(['…']).collect() } else { words }
    };
    let end = || match &outcome {
        Ok(Done::Finished(run, artifacts)) => handle.block_on(commit(state, job, run, artifacts)),
        Err(Failure::DeviceLost) => {
            let words = "the device went away; the job goes on when it is back";
            handle.block_on(state.store.finish(job, End::Requeued(words), &[]))
        }
        // The server is stopping: what could not be saved on the way out is computed again.
        Ok(Done::Stopped) | Err(Failure::Told(..)) if is_stopping => {
            let words = "goes on after a restart of the server";
            handle.block_on(state.store.finish(job, End::Requeued(words), &[]))
        }
        // Dismissed: the row says so already, and the lease is gone.
        Ok(Done::Stopped) => Ok(None),
        Err(Failure::Told(words, kind)) => {
            tracing::warn!(job = job.id, words, "failed");
            handle.block_on(state.store.finish(job, End::Failed(&message(words), kind), &[]))
        }
    };
    // A store that does not answer for a while must not leave a job without an end.
    let mut pause = Duration::from_millis(200);
    let ended = loop {
        match end() {
            Ok(event) => break Some(event),
            Err(error) => tracing::error!(job = job.id, %error, "the end of a job cannot be written yet"),
        }
        if state.is_stopping.load(Ordering::Relaxed) {
            // It is still running as the store has it, and goes on at the next start.
            break None;
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_secs(30));
    };
    if let Some(event) = ended {
        event.into_iter().for_each(|event| state.announce(event));
        // Only what surely has ended has no more need of its checkpoint.
        let job = handle.block_on(state.store.job(&job.id));
        if let Ok(Some(job)) = job
            && !matches!(job.state.as_str(), "accepted" | "running")
        {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
    is_lost
}

/// Puts the files of a run into the store and, in one transaction, the job into its end. Whoever holds the lock dismisses or
/// commits, and a job that was dismissed keeps nothing.
async fn commit(state: &State, job: &Job, run: &Path, artifacts: &[Artifact]) -> Result<Option<i64>, sqlx::Error> {
    let _held = state.artifacts.lock.lock().await;
    if !state.store.holds(job).await? {
        return Ok(None);
    }
    let kept: std::io::Result<Vec<Output>> =
        artifacts.iter().map(|artifact| state.artifacts.keep(run, artifact)).collect();
    let kept = kept.and_then(|mut kept| {
        if run.join("run.json").exists() {
            kept.push(state.artifacts.keep_record(run)?);
        }
        Ok(kept)
    });
    match kept {
        Ok(outputs) => state.store.finish(job, End::Successful, &outputs).await,
        Err(error) => {
            let message = format!("the results could not be kept: {error}; free some space and submit the job again");
            state.store.finish(job, End::Failed(&message, OTHER), &[]).await
        }
    }
}

/// Puts the files of a frame into the store, as [`commit`] does.
async fn commit_frame(
    state: &State,
    job: &Job,
    run: &Path,
    files: &[Artifact],
    data: impl Fn(&[Output]) -> String,
) -> Result<Option<i64>, sqlx::Error> {
    let _held = state.artifacts.lock.lock().await;
    if !state.store.holds(job).await? {
        return Ok(None);
    }
    let kept: std::io::Result<Vec<Output>> = files.iter().map(|file| state.artifacts.keep(run, file)).collect();
    let outputs = kept.map_err(sqlx::Error::Io)?;
    state.store.frame(job, &outputs, &data(&outputs)).await
}

/// Computes a job from where it stopped, or from its start.
fn compute(
    state: &Arc<State>,
    device: &Device,
    handle: &Handle,
    job: &Job,
    folder: &Path,
    cancel: &AtomicBool,
) -> Result<Done, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| format!("its folder cannot be made: {error}"))?;
    if super::processes::find(&job.process).is_some_and(|process| process.is_echo) {
        return echo(folder, &job.scenario);
    }
    // A run that was whole when the process died only waits to be kept.
    if let Some(run) = run_folder(folder)
        && run.join("run.json").exists()
    {
        let record = std::fs::read(run.join("run.json")).map_err(|error| error.to_string())?;
        let record: serde_json::Value = serde_json::from_slice(&record).map_err(|error| error.to_string())?;
        let artifacts: Vec<Artifact> =
            serde_json::from_value(record["artifacts"].clone()).map_err(|error| error.to_string())?;
        return finished(run, artifacts, cancel);
    }
    let cache = state.artifacts.cache();
    let resumed = run_folder(folder).and_then(|run| Simulation::resume_cached(&run, device.clone(), &cache).ok());
    let mut simulation = match resumed {
        Some(simulation) => simulation,
        None => {
            // Whatever lies there is not enough to go on from.
            let _ = std::fs::remove_dir_all(folder.join("out"));
            let file = folder.join("scenario.toml");
            let scenario = Scenario::parse_alone(&file, job.scenario.clone())?;
            let placed = super::uploads::place(&state.args.data, folder, &scenario.text, &scenario.spec.files());
            let placed = placed.map_err(|error| format!("an upload that the scenario names is gone: {error}"))?;
            let mut scenario = Scenario::parse(&file, placed)?;
            // The city may be a part of what a file holds.
            scenario.most_cells = state.args.max_cells.saturating_mul(4);
            Simulation::cached(scenario, device.clone(), &folder.join("out"), &cache)?
        }
    };
    simulation.checkpoint_every = Duration::try_from_secs_f64(state.args.checkpoint_seconds).unwrap_or_default();
    let cells = simulation.city.grid.len() as f64;
    if let Some(cost) = estimate(&simulation.scenario.spec, Some(cells)) {
        check(cost, state.args.max_cells, state.args.max_hours)?;
    }
    let run = simulation.folder.path.clone();
    let mut teller = Teller { state, handle, job, run: &run, cancel, last: None, began: Instant::now(), from: None };
    match simulation.run(cancel, &mut |event| teller.tell(event))? {
        Ending::Finished(_) => finished(run, simulation.folder.artifacts, cancel),
        Ending::Stopped { .. } => Ok(Done::Stopped),
    }
}

/// The message of an echo as a file.
fn echo(folder: &Path, message: &str) -> Result<Done, Failure> {
    let path = folder.join("message");
    hanze_engine::output::whole_file(&path, |out| std::io::Write::write_all(out, message.as_bytes()))?;
    let (sha256, bytes) = of_file(&path)?;
    let (media_type, description) = ("text/plain; charset=utf-8".into(), "the same message".into());
    let artifact = Artifact { name: "message".into(), media_type, description, sha256, bytes };
    Ok(Done::Finished(folder.to_path_buf(), vec![artifact]))
}

/// A run that is whole, with its meshes. They are made again after a fall of the machine: that is quick, and whether the last
/// one was whole is not known.
fn finished(run: PathBuf, mut artifacts: Vec<Artifact>, cancel: &AtomicBool) -> Result<Done, Failure> {
    let request = MeshRequest { folder: run.clone(), layer: None, error_m: MESH_ERROR, out: run.join("meshes") };
    match simulation::meshes(&request, cancel) {
        Ok(_) if cancel.load(Ordering::Relaxed) => return Ok(Done::Stopped),
        Ok(files) => {
            for file in &files {
                artifacts.push(mesh(&run, file)?);
            }
        }
        // A city that is too large for one mesh has its layers all the same.
        Err(error @ hanze_engine::Error::Scenario { .. }) => tracing::info!(%error, "no meshes are made"),
        Err(error) => return Err(error.into()),
    }
    Ok(Done::Finished(run, artifacts))
}

/// A mesh as a file of its run.
fn mesh(run: &Path, file: &Path) -> Result<Artifact, Failure> {
    let (sha256, bytes) = of_file(file)?;
    let name = file.strip_prefix(run).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let is_town = name.ends_with("town.glb");
    let description =
        if is_town { "the town: ground, buildings, bridges, rails, trees" } else { "the water at one moment" };
    Ok(Artifact { name, media_type: "model/gltf-binary".into(), description: description.into(), sha256, bytes })
}

/// The folder of a job's run, if it was begun.
fn run_folder(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder.join("out")).ok()?.flatten().map(|entry| entry.path()).find(|path| path.is_dir())
}

/// Writes down how far a job is.
struct Teller<'a> {
    state: &'a Arc<State>,
    handle: &'a Handle,
    job: &'a Job,
    run: &'a Path,
    cancel: &'a AtomicBool,
    last: Option<Instant>,
    began: Instant,
    /// Simulated time at the start of this session, s.
    from: Option<f64>,
}

impl Teller<'_> {
    fn tell(&mut self, event: Event) {
        match event {
            Event::Progress { progress, end, .. } => {
                let from = *self.from.get_or_insert(progress.time);
                if self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
                    return;
                }
                self.last = Some(Instant::now());
                let speed = (progress.time - from) / self.began.elapsed().as_secs_f64();
                let left = if speed > 0.0 { Some(((end - progress.time) / speed).round()) } else { None };
                let percent = (99.0 * progress.time / end.max(1e-9)) as i64;
                let words = left.map_or(String::new(), |left| format!(", about {} left", clock(left)));
                let message = match progress.gap {
                    // What is iterated tells how far it is.
                    Some(gap) if gap.is_finite() => format!("round {}, relative gap {gap:.1e}", progress.steps),
                    Some(_) => "looks for first routes".into(),
                    None if progress.moving.is_some() => {
                        let (vehicles, _) = progress.moving.unwrap_or_default();
                        format!("{} of {} simulated, {vehicles} vehicles{words}", clock(progress.time), clock(end))
                    }
                    None => match progress.settling {
                        Some((day, hour)) => format!("the city settles: day {day}, hour {hour}"),
                        None => format!("{} of {} simulated{words}", clock(progress.time), clock(end)),
                    },
                };
                let data = serde_json::json!({
                    "progress": percent, "message": message, "simulatedSeconds": progress.time, "endSeconds": end,
                    "secondsLeft": left, "steps": progress.steps,
                });
                self.write(self.handle.block_on(self.state.store.progress(
                    self.job,
                    percent,
                    &message,
                    &data.to_string(),
                )));
            }
            Event::Frame { time, done, of, files } => {
                let data = |outputs: &[Output]| {
                    let names: Vec<&str> = outputs.iter().map(|output| output.output.as_str()).collect();
                    let layers = names.iter().filter_map(|name| name.strip_suffix("-tif"));
                    let previews: Vec<String> =
                        layers.map(|layer| format!("/maps/{}/{layer}/preview.png", self.job.id)).collect();
                    serde_json::json!({ "seconds": time, "frame": done, "of": of, "outputs": names, "previews": previews }).to_string()
                };
                self.write(self.handle.block_on(commit_frame(self.state, self.job, self.run, &files, data)));
            }
        }
    }

    /// Announces an event; a lease that is lost ends the job.
    fn write(&self, written: Result<Option<i64>, sqlx::Error>) {
        match written {
            Ok(Some(event)) => self.state.announce(event),
            Ok(None) => self.cancel.store(true, Ordering::Relaxed),
            Err(error) => tracing::warn!(job = self.job.id, %error, "progress was not written"),
        }
    }
}

/// A time in words, such as 1:30 h or 25 s.
fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02} h", whole / 3600, whole % 3600 / 60),
    }
}
