//! One job: computed from where it stopped or from its start, and its end written down.

use super::super::request::{check, estimate};
use super::super::store::{End, Job, Output};
use super::super::{kept, processes, uploads};
use super::teller::Teller;
use super::{MOST_DEATHS, Running, Worker, whole};
use hanze_engine::checksum::of_file;
use hanze_engine::device::Device;
use hanze_engine::models::Basis;
use hanze_engine::output::folder::Artifact;
use hanze_engine::scenario::Scenario;
use hanze_engine::simulation::{self, Ending, MeshRequest, Simulation};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Falls of the server from which a job goes on without having got further; one that brings the machine down each time must
/// not do so for ever.
const MOST_FALLS: i64 = 25;
/// Largest distance between the ground and its triangles in the meshes of a job, m.
const MESH_ERROR: f64 = 0.1;

/// How a job ended.
pub(super) enum Done {
    /// With files in a folder.
    Finished(PathBuf, Vec<Artifact>),
    /// With the files of another job, whose run has the same name.
    There(Vec<Output>),
    /// It was told to stop; a checkpoint is there.
    Stopped,
}

/// What OGC calls a failure that no other word fits.
const OTHER: &str = "NoApplicableCode";

/// How a job failed.
pub(super) enum Failure {
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
pub(super) fn attend(worker: &Worker, device: &Device, job: &Job) -> bool {
    let cancel = Arc::new(AtomicBool::new(false));
    *worker.running() = Some(Running {
        job: job.clone(),
        cancel: cancel.clone(),
        began: Instant::now(),
        before: job.seconds,
        paid: 0.0,
        is_late: false,
    });
    // Told to stop between the claim and now.
    cancel.fetch_or(worker.is_stopping(), Ordering::Relaxed);
    tracing::info!(job = job.id, title = job.title, attempt = job.attempts, "begins");
    let folder = worker.artifacts.work(&job.id);
    let outcome = if job.falls > MOST_FALLS {
        let words = "times and never came to its end; it may need more memory than there is";
        Err(Failure::Told(format!("this job was begun {MOST_FALLS} {words}"), OTHER))
    } else {
        // A fault in one job is told to whoever asked for it, and the next job runs.
        let ran = catch_unwind(AssertUnwindSafe(|| compute(worker, device, job, &folder, &cancel)));
        let words = "a fault of Hanze itself ended this job; please report it with its scenario";
        ran.unwrap_or_else(|_| Err(Failure::Told(words.into(), OTHER)))
    };
    worker.pay();
    let is_late = worker.running().take().is_some_and(|running| running.is_late);
    // What stopped for its hours did not stop for the server.
    let outcome = match outcome {
        Ok(Done::Stopped) if is_late => Err(Failure::Told(late(worker), OTHER)),
        other => other,
    };
    let is_lost = matches!(outcome, Err(Failure::DeviceLost));
    let is_stopping = worker.is_stopping() && !is_late;
    // Where files lie is nobody's business.
    let message = |words: &str| {
        let words = words.replace(&*worker.orders.data.to_string_lossy(), "DATA");
        let words = match hanze_engine::data_folder() {
            Some(library) => words.replace(&*library.to_string_lossy(), "data:"),
            None => words,
        };
        // Every list shows it.
        if words.chars().count() > 2000 { words.chars().take(2000).chain(['…']).collect() } else { words }
    };
    let (handle, store) = (&worker.handle, &worker.store);
    let end = || match &outcome {
        Ok(Done::Finished(run, artifacts)) => handle.block_on(commit(worker, job, run, artifacts)),
        Ok(Done::There(outputs)) => handle.block_on(commit_others(worker, job, outputs)),
        Err(Failure::DeviceLost) => {
            let again = "the device went away; the job goes on when it is back";
            handle.block_on(store.lost(job, MOST_DEATHS, again, &gone()))
        }
        // The server is stopping: what could not be saved on the way out is computed again.
        Ok(Done::Stopped) | Err(Failure::Told(..)) if is_stopping => {
            let words = "goes on after a restart of the server";
            handle.block_on(store.finish(job, End::Stopped(words), &[]))
        }
        // Dismissed: the row says so already, and the lease is gone.
        Ok(Done::Stopped) => Ok(None),
        Err(Failure::Told(words, kind)) => {
            tracing::warn!(job = job.id, words, "failed");
            handle.block_on(store.finish(job, End::Failed(&message(words), kind), &[]))
        }
    };
    // A store that does not answer for a while must not leave a job without an end.
    let mut pause = Duration::from_millis(200);
    let ended = loop {
        match end() {
            Ok(event) => break Some(event),
            Err(error) => tracing::error!(job = job.id, %error, "the end of a job cannot be written yet"),
        }
        if worker.is_stopping() {
            // It is still running as the store has it, and goes on at the next start.
            break None;
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_secs(30));
    };
    if let Some(event) = ended {
        event.into_iter().for_each(|event| worker.announce(&job.id, event));
        // Only what surely has ended has no more need of its checkpoint.
        let job = handle.block_on(store.job(&job.id));
        if let Ok(Some(job)) = job
            && !matches!(job.state.as_str(), "accepted" | "running")
        {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
    is_lost
}

/// Why a job that loses the device each time ends.
fn gone() -> String {
    format!(
        "given up after {MOST_DEATHS} attempts: the device went away each time; take a larger cell or a smaller part, or ask \
         whoever runs this server to look at its device"
    )
}

/// Why a job that has computed for too long ends.
fn late(worker: &Worker) -> String {
    format!(
        "this job has computed for longer than the {} hours that a job here may take (--max-hours); take a larger cell, a \
         smaller part or a shorter time",
        worker.orders.max_hours
    )
}

/// Ends a job that is late and hears nothing; false where that could not be written down.
pub(super) fn end_late(worker: &Worker, job: &Job) -> bool {
    worker.pay();
    match worker.handle.block_on(worker.store.finish(job, End::Failed(&late(worker), OTHER), &[])) {
        Ok(event) => {
            tracing::warn!(job = job.id, "ended, as it has computed for too long");
            event.into_iter().for_each(|event| worker.announce(&job.id, event));
            true
        }
        Err(error) => {
            tracing::error!(job = job.id, %error, "a job that is late cannot be ended yet");
            false
        }
    }
}

/// Puts the files of a run into the store and, in one transaction, the job into its end. Whoever holds the lock dismisses or
/// commits, and a job that was dismissed keeps nothing.
async fn commit(worker: &Worker, job: &Job, run: &Path, artifacts: &[Artifact]) -> Result<Option<i64>, sqlx::Error> {
    let _held = worker.artifacts.hold().await.map_err(sqlx::Error::Io)?;
    if !worker.store.holds(job).await? {
        return Ok(None);
    }
    let kept: std::io::Result<Vec<Output>> =
        artifacts.iter().map(|artifact| worker.artifacts.keep(run, artifact)).collect();
    let kept = kept.and_then(|mut kept| {
        if run.join("run.json").exists() {
            kept.push(worker.artifacts.keep_record(run)?);
        }
        Ok(kept)
    });
    match kept {
        Ok(outputs) => worker.store.finish(job, End::Successful, &outputs).await,
        Err(error) => {
            let message = format!("the results could not be kept: {error}; free some space and submit the job again");
            worker.store.finish(job, End::Failed(&message, OTHER), &[]).await
        }
    }
}

/// Gives a job the files of another one, as [`commit`] does.
async fn commit_others(worker: &Worker, job: &Job, outputs: &[Output]) -> Result<Option<i64>, sqlx::Error> {
    let _held = worker.artifacts.hold().await.map_err(sqlx::Error::Io)?;
    if !worker.store.holds(job).await? {
        return Ok(None);
    }
    worker.store.finish(job, End::Successful, outputs).await
}

/// Puts the files of a frame into the store, as [`commit`] does.
pub(super) async fn commit_frame(
    worker: &Worker,
    job: &Job,
    run: &Path,
    files: &[Artifact],
    data: impl Fn(&[Output]) -> String,
) -> Result<Option<i64>, sqlx::Error> {
    let _held = worker.artifacts.hold().await.map_err(sqlx::Error::Io)?;
    if !worker.store.holds(job).await? {
        return Ok(None);
    }
    let kept: std::io::Result<Vec<Output>> = files.iter().map(|file| worker.artifacts.keep(run, file)).collect();
    let outputs = kept.map_err(sqlx::Error::Io)?;
    worker.store.frame(job, &outputs, &data(&outputs)).await
}

/// Computes a job from where it stopped, or from its start.
fn compute(worker: &Worker, device: &Device, job: &Job, folder: &Path, cancel: &AtomicBool) -> Result<Done, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| format!("its folder cannot be made: {error}"))?;
    if processes::find(&job.process).is_some_and(|process| process.is_echo()) {
        return echo(folder, &job.scenario);
    }
    if processes::find(&job.process).is_some_and(|process| process.is_whole()) {
        return whole::compare(worker, job, folder);
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
    let cache = worker.artifacts.cache();
    let resumed = match run_folder(folder).map(|run| Simulation::resume_cached(&run, device.clone(), &cache)) {
        Some(Ok(simulation)) => Some(simulation),
        // That is no fault of the checkpoint.
        Some(Err(error @ hanze_engine::Error::DeviceLost(_))) => return Err(error.into()),
        Some(Err(error)) => {
            tracing::info!(job = job.id, %error, "begins anew");
            None
        }
        None => None,
    };
    let mut simulation = match resumed {
        Some(simulation) => simulation,
        None => {
            // Whatever lies there is not enough to go on from.
            let _ = std::fs::remove_dir_all(folder.join("out"));
            let file = folder.join("scenario.toml");
            let told = |words| Failure::Told(words, "InvalidParameterValue");
            let spec = kept::spec(&job.scenario).map_err(told)?;
            uploads::place(&worker.orders.data, folder, &spec.files())
                .map_err(|error| format!("an upload that the scenario names is gone: {error}; bring it again"))?;
            let spec = spec.renamed(uploads::plain)?;
            let (mut scenario, basis) = match job.part {
                Some(part) => whole::run(worker, job, &file, &spec, part)?,
                None => (Scenario::of(&file, &spec)?, Basis::default()),
            };
            // The city may be a part of what a file holds.
            scenario.most_cells = worker.orders.max_cells.saturating_mul(4);
            let scenario = scenario.with_files()?;
            if let Some(done) = whole::there(worker, job, &scenario, device, &basis)? {
                return Ok(done);
            }
            Simulation::cached_on(&basis, scenario, device.clone(), &folder.join("out"), &cache)?
        }
    };
    simulation.checkpoint_every = Duration::try_from_secs_f64(worker.orders.checkpoint_seconds).unwrap_or_default();
    let cells = simulation.city.grid.len() as f64;
    if let Some(cost) = estimate(&simulation.scenario, Some(cells)) {
        check(cost, worker.orders.max_cells, worker.orders.max_hours)?;
    }
    let run = simulation.folder.path.clone();
    let mut teller = Teller::new(worker, job, &run, cancel);
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

/// A run that is whole, with its meshes. They are made again after a crash of the machine: that is quick, and whether the last
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
