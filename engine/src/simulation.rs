//! A simulation: a scenario's model on a device, its frames, its run folder, its record.

use crate::checksum::hex;
use crate::city::City;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::frame::Outcome;
use crate::models::{self, Model, Progress};
use crate::output::folder::{Artifact, Ground, RunFolder};
use crate::raster::Raster;
use crate::scenario::{Input, Scenario};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Time that the model gets before progress is told, and that a stop may take.
const BUDGET: Duration = Duration::from_millis(250);
/// First bytes of a checkpoint; the number changes with its layout.
const MAGIC: &[u8; 16] = b"hanze checkpt 1\n";
/// Longest head of a checkpoint that is read, bytes.
const LONGEST_HEAD: u64 = 64 << 20;
const CHECKPOINT: &str = "checkpoint.bin";
const RECORD: &str = "run.json";

/// What happens while a simulation runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// Some steps were done.
    Progress {
        /// How far the model is.
        progress: Progress,
        /// Simulated time at the end, s.
        end: f64,
        /// Cells of the city.
        cells: usize,
    },
    /// The files of a frame were written.
    Frame {
        /// Simulated time, s.
        time: f64,
        /// How many frames there are now, and in all.
        done: usize,
        /// How many there will be.
        of: usize,
    },
}

/// How a simulation ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// At its end; the outcome is written.
    Finished(Box<Outcome>),
    /// It was stopped; a checkpoint is written.
    Stopped {
        /// Simulated time, s.
        time: f64,
    },
}

/// A scenario on its way to results.
pub struct Simulation {
    /// The scenario.
    pub scenario: Scenario,
    /// Its city.
    pub city: City,
    /// SHA-256 over all that decides the results; the run's name.
    pub run_id: String,
    /// Where the results go.
    pub folder: RunFolder,
    inputs: Vec<Input>,
    device: Device,
    /// Kind of device that the run began on; part of the run's name.
    device_kind: String,
    model: Box<dyn Model>,
    frame_times: Vec<f64>,
    next_frame: usize,
    progress: Option<Progress>,
    /// Computing time of earlier sessions, s.
    wall_before: f64,
    started: Instant,
    started_at: SystemTime,
}

/// What a checkpoint says before the model's arrays.
#[derive(Serialize, Deserialize)]
struct Head {
    run_id: String,
    scenario_file: PathBuf,
    device_kind: String,
    next_frame: usize,
    artifacts: Vec<Artifact>,
    wall_s: f64,
}

impl Simulation {
    /// Prepares a scenario; its results go to a folder of its own below `out`.
    ///
    /// # Errors
    /// Whatever is wrong with the scenario, its inputs, the device, the memory, or the folder.
    pub fn new(scenario: Scenario, device: Device, out: &Path) -> Result<Simulation> {
        let (city, inputs) = scenario.city()?;
        let kind = device.record().kind;
        let run_id = run_id(&scenario, &inputs, kind)?;
        let stem = scenario.file.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
        let folder = RunFolder::create(&out.join(format!("{stem}-{}", &run_id[..8])))?;
        // A record stands for a whole run: an earlier one of the same name goes before its files do.
        let record = folder.path.join(RECORD);
        if record.exists() {
            std::fs::remove_file(&record).map_err(Error::io("removing", &record))?;
        }
        folder.text("scenario.toml", &scenario.text)?;
        let model = models::prepare(&city, &scenario, &device)?;
        Ok(Simulation::with(scenario, (city, inputs), device, (run_id, kind.to_string()), folder, model))
    }

    fn with(
        scenario: Scenario,
        (city, inputs): (City, Vec<Input>),
        device: Device,
        (run_id, device_kind): (String, String),
        folder: RunFolder,
        model: Box<dyn Model>,
    ) -> Simulation {
        let frame_times = scenario.frame_times();
        let (started, started_at) = (Instant::now(), SystemTime::now());
        let (next_frame, progress, wall_before) = (0, None, 0.0);
        Simulation {
            scenario,
            city,
            run_id,
            folder,
            inputs,
            device,
            device_kind,
            model,
            frame_times,
            next_frame,
            progress,
            wall_before,
            started,
            started_at,
        }
    }

    /// Takes up a run that was stopped, from its folder.
    ///
    /// # Errors
    /// `Data` when there is no whole checkpoint there, or the inputs have changed since.
    pub fn resume(folder: &Path, device: Device) -> Result<Simulation> {
        let path = folder.join(CHECKPOINT);
        let mend = "name the folder of a run that was stopped with Ctrl-C";
        let file = std::fs::File::open(&path).map_err(|_| Error::data(&path, "there is no checkpoint", mend))?;
        let mut from = BufReader::new(file);
        let head = read_head(&mut from).map_err(|reason| Error::data(&path, reason, mend))?;
        let text_path = folder.join("scenario.toml");
        let text = std::fs::read_to_string(&text_path).map_err(Error::io("reading", &text_path))?;
        let scenario = Scenario::parse(&head.scenario_file, text)?;
        let (city, inputs) = scenario.city()?;
        if run_id(&scenario, &inputs, &head.device_kind)? != head.run_id {
            let problem = "was made from other inputs or by another version of Hanze";
            return Err(Error::data(&path, problem, "put the inputs back, or start the run again"));
        }
        let mut model = models::prepare(&city, &scenario, &device)?;
        model.load(&mut from).map_err(Error::io("reading", &path))??;
        let run_folder = RunFolder { path: folder.to_path_buf(), artifacts: head.artifacts };
        let names = (head.run_id, head.device_kind);
        let mut simulation = Simulation::with(scenario, (city, inputs), device, names, run_folder, model);
        simulation.next_frame = head.next_frame;
        simulation.wall_before = head.wall_s;
        Ok(simulation)
    }

    /// Computes to the end, or until `cancel` is set; then a checkpoint is left behind.
    ///
    /// # Errors
    /// What the device, the model or the disk refuse. What was written before stays.
    pub fn run(&mut self, cancel: &AtomicBool, tell: &mut dyn FnMut(Event)) -> Result<Ending> {
        let end = self.frame_times.last().copied().unwrap_or(0.0);
        while let Some(&until) = self.frame_times.get(self.next_frame) {
            loop {
                let progress = self.model.advance(until, BUDGET)?;
                self.progress = Some(progress);
                tell(Event::Progress { progress, end, cells: self.city.grid.len() });
                if progress.reached {
                    break;
                }
                if cancel.load(Ordering::Relaxed) {
                    self.checkpoint()?;
                    return Ok(Ending::Stopped { time: progress.time });
                }
            }
            let frame = self.model.frame()?;
            self.folder.frame(&frame)?;
            self.next_frame += 1;
            tell(Event::Frame { time: frame.time, done: self.next_frame, of: self.frame_times.len() });
        }
        let outcome = self.model.outcome()?;
        self.finish(&outcome)?;
        Ok(Ending::Finished(Box::new(outcome)))
    }

    /// Writes what sums the run up, and the record.
    fn finish(&mut self, outcome: &Outcome) -> Result<()> {
        self.folder.outcome(outcome)?;
        let ground = Ground {
            terrain: &self.city.terrain,
            buildings: self.city.buildings.as_ref(),
            water: self.city.water.as_ref(),
        };
        if let Some(depth) = outcome.layers.iter().find(|layer| layer.name == "max_depth") {
            self.folder.depth_picture("max_depth", ground, &without_roofs(depth, self.city.buildings.as_ref()))?;
        }
        let record = self.record(outcome);
        let text = serde_json::to_string_pretty(&record).map_err(|error| {
            Error::data(&self.folder.path, format!("the record cannot be written: {error}"), "report this")
        })?;
        self.folder.text(RECORD, &text)?;
        let checkpoint = self.folder.path.join(CHECKPOINT);
        if checkpoint.exists() {
            std::fs::remove_file(&checkpoint).map_err(Error::io("removing", &checkpoint))?;
        }
        Ok(())
    }

    fn record(&self, outcome: &Outcome) -> serde_json::Value {
        let spec = &self.scenario.spec;
        let unix = self.started_at.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        serde_json::json!({
            "run_id": self.run_id,
            "hanze": env!("CARGO_PKG_VERSION"),
            "title": spec.title,
            "synthetic": self.city.synthetic,
            "attribution": spec.attribution,
            "model": spec.model,
            "settings": self.model.settings(),
            "grid": self.city.grid,
            "scenario": spec,
            "inputs": self.inputs,
            "balance": outcome.balance,
            "steps": self.progress.map(|progress| progress.steps),
            "artifacts": self.folder.artifacts,
            "volatile": {
                "device": self.device.record(),
                "session_started_unix_s": unix,
                "wall_s": self.wall_s(),
            },
        })
    }

    /// Computing time of all sessions, s.
    fn wall_s(&self) -> f64 {
        self.wall_before + self.started.elapsed().as_secs_f64()
    }

    /// Leaves all behind that `resume` needs; an older checkpoint stays whole until the new one is.
    fn checkpoint(&mut self) -> Result<()> {
        let path = self.folder.path.join(CHECKPOINT);
        let part = self.folder.path.join(format!("{CHECKPOINT}.part"));
        let scenario_file = std::path::absolute(&self.scenario.file).unwrap_or(self.scenario.file.clone());
        let head = Head {
            run_id: self.run_id.clone(),
            scenario_file,
            device_kind: self.device_kind.clone(),
            next_frame: self.next_frame,
            artifacts: self.folder.artifacts.clone(),
            wall_s: self.wall_s(),
        };
        let io = || Error::io("writing", &part);
        let head = serde_json::to_vec(&head).map_err(std::io::Error::other).map_err(io())?;
        let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(&part).map_err(io())?);
        out.write_all(MAGIC).map_err(io())?;
        out.write_all(&(head.len() as u64).to_le_bytes()).map_err(io())?;
        out.write_all(&head).map_err(io())?;
        self.model.save(&mut out).map_err(io())??;
        let file = out.into_inner().map_err(|error| error.into_error()).map_err(io())?;
        file.sync_all().map_err(io())?;
        std::fs::rename(&part, &path).map_err(Error::io("writing", &path))
    }
}

fn read_head(from: &mut impl Read) -> std::result::Result<Head, String> {
    let mut magic = [0; MAGIC.len()];
    let mut length = [0; 8];
    let broken = |_| "is cut off".to_string();
    from.read_exact(&mut magic).map_err(broken)?;
    if &magic != MAGIC {
        return Err("is no checkpoint of this version of Hanze".into());
    }
    from.read_exact(&mut length).map_err(broken)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEAD {
        return Err("has a damaged head".into());
    }
    let mut head = Vec::new();
    from.take(length).read_to_end(&mut head).map_err(broken)?;
    serde_json::from_slice(&head).map_err(|error| format!("has a damaged head: {error}"))
}

/// Hash of all that decides the results.
fn run_id(scenario: &Scenario, inputs: &[Input], device_kind: &str) -> Result<String> {
    let what = serde_json::json!({
        "scenario": scenario.spec,
        "inputs": inputs.iter().map(|input| &input.sha256).collect::<Vec<_>>(),
        "series": scenario.series_checksums()?,
        "engine": env!("CARGO_PKG_VERSION"),
        "device": device_kind,
    });
    Ok(hex(&Sha256::digest(what.to_string())))
}

/// A depth without the films on roofs, which would hide the houses in a picture.
fn without_roofs(depth: &Raster, buildings: Option<&Raster>) -> Raster {
    let mut depth = depth.clone();
    if let Some(buildings) = buildings {
        let roofs = depth.values.iter_mut().zip(&buildings.values).filter(|(_, height)| **height > 0.0);
        roofs.for_each(|(depth, _)| *depth = 0.0);
    }
    depth
}
