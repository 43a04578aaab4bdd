//! A simulation: a scenario's model on a device, its frames, its run folder, its record.

mod checkpoint;
mod finished;
mod maps;
mod meshes;

pub use checkpoint::device_of;
pub use finished::Finished;
pub use maps::{Request, draw, today};
pub use meshes::{MeshRequest, meshes};

use crate::cache::Cache;
use crate::checksum::{hex, of_file};
use crate::city::{self, City};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::export::{self, View};
use crate::frame::Outcome;
use crate::models::{self, Basis, Model, Progress};
use crate::output::folder::{Artifact, Provenance, RunFolder};
use crate::remark::{Remark, Remarks};
use crate::scenario::{self, Input, Scenario};
use crate::words::{Language, Text};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Time that the model gets before progress is told, and that a stop may take.
const BUDGET: Duration = Duration::from_millis(250);
/// Time between checkpoints unless another is set: machines stop, and devices fail.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(600);
const RECORD: &str = "run.json";
/// Remarks that a story holds; all are in the record.
const REMARKS_IN_STORY: usize = 8;
/// Folder below that of all runs for what is made once.
const CACHE: &str = "cache";

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
        /// The files.
        files: Vec<Artifact>,
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

/// A run that begins, or one that was finished before.
pub enum Begun {
    /// Nothing of it is there.
    New(Box<Simulation>),
    /// It is there.
    Finished(Finished),
    /// It was stopped on its way, and goes on from there.
    Stopped(Box<Simulation>),
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
    basis: Basis,
    device: Device,
    /// Kind of device that the run began on; part of the run's name.
    device_kind: String,
    model: Box<dyn Model>,
    frame_times: Vec<f64>,
    next_frame: usize,
    kept: maps::Kept,
    progress: Option<Progress>,
    /// Time steps so far, of all sessions.
    steps: Option<u64>,
    /// Computing time of earlier sessions, s.
    wall_before: f64,
    started: Instant,
    started_at: SystemTime,
    /// Language of the maps.
    pub language: Language,
    /// Computing time after which a checkpoint is left on the way.
    pub checkpoint_every: Duration,
    last_checkpoint: Instant,
    checkpoint_took: Duration,
}

impl Simulation {
    /// Prepares a scenario; its results go to a folder of its own below `out`.
    ///
    /// # Errors
    /// `Scenario` where keys do not fit the city, `Data` and `Io` where an input is wrong or cannot be read, `Memory` where the run does
    /// not fit, `DeviceLost` or `NoDevice` where the device fails, `Io` where the folder cannot be written.
    pub fn new(scenario: Scenario, device: Device, out: &Path) -> Result<Simulation> {
        Simulation::cached(scenario, device, out, &Cache::at(&out.join(CACHE)))
    }

    /// Prepares a scenario as [`Simulation::new`] does, unless its run is there already, finished and whole, with maps in this language.
    ///
    /// # Errors
    /// The variants that [`Simulation::new`] names, for the same causes.
    pub fn begin(scenario: Scenario, device: Device, out: &Path, language: Language) -> Result<Begun> {
        let before = Before::new(&scenario, &device, out, &Basis::default())?;
        if let Some(finished) = finished::finished(&before.path, &before.run_id, language) {
            return Ok(Begun::Finished(finished));
        }
        let simulation = Simulation::after(before, scenario, device, &Cache::at(&out.join(CACHE)))?;
        Ok(Begun::New(Box::new(Simulation { language, ..simulation })))
    }

    /// Prepares a scenario for a folder `out` below that of several runs. Its run may be there already, also in one of the folders
    /// `others`, or have been stopped on its way; the cache is that of the folder above. What it may start from is left aside where the
    /// city is today's in all that its model reads. `again` computes it even if it is there, unless one of the
    /// others has it.
    ///
    /// # Errors
    /// The variants that [`Simulation::new`] and [`Simulation::resume`] name, for the same causes.
    pub fn among(
        scenario: Scenario,
        device: Device,
        out: &Path,
        others: &[PathBuf],
        basis: &Basis,
        language: Language,
        again: bool,
    ) -> Result<Begun> {
        let before = Before::new(&scenario, &device, out, basis)?;
        let name = before.path.file_name().map(PathBuf::from).unwrap_or_default();
        let here = Some(before.path.clone()).filter(|_| !again);
        let mut places = here.into_iter().chain(others.iter().map(|other| other.join(&name)));
        let there = places.find_map(|path| finished::finished(&path, &before.run_id, language));
        if let Some(finished) = there {
            return Ok(Begun::Finished(finished));
        }
        let cache = Cache::at(&out.parent().unwrap_or(out).join(CACHE));
        if !again && checkpoint::path(&before.path).exists() && !checkpoint::is_of_another_version(&before.path) {
            let simulation = Simulation::resume_cached(&before.path, device, &cache)?;
            return Ok(Begun::Stopped(Box::new(Simulation { language, ..simulation })));
        }
        let simulation = Simulation::after(before, scenario, device, &cache)?;
        Ok(Begun::New(Box::new(Simulation { language, ..simulation })))
    }

    /// Prepares a scenario with a cache that several folders share, where [`Simulation::new`] keeps one below `out`.
    ///
    /// # Errors
    /// The variants that [`Simulation::new`] names, for the same causes.
    pub fn cached(scenario: Scenario, device: Device, out: &Path, cache: &Cache) -> Result<Simulation> {
        Simulation::after(Before::new(&scenario, &device, out, &Basis::default())?, scenario, device, cache)
    }

    /// The same on what other runs left.
    ///
    /// # Errors
    /// The variants that [`Simulation::new`] names, for the same causes.
    pub fn cached_on(
        basis: &Basis,
        scenario: Scenario,
        device: Device,
        out: &Path,
        cache: &Cache,
    ) -> Result<Simulation> {
        Simulation::after(Before::new(&scenario, &device, out, basis)?, scenario, device, cache)
    }

    fn after(before: Before, scenario: Scenario, device: Device, cache: &Cache) -> Result<Simulation> {
        let Before { city, inputs, basis, device_kind, run_id, path } = before;
        is_whole(&basis)?;
        let model = models::prepare_on(&basis, &city, &scenario, &device, Some(cache))?;
        let is_outdated = checkpoint::is_of_another_version(&path);
        if checkpoint::path(&path).exists() && !is_outdated {
            let mend = format!("go on with: hanze resume '{}', or delete that file", path.display());
            return Err(Error::data(&checkpoint::path(&path), "holds this run, which was stopped on its way", mend));
        }
        let mut folder = RunFolder::create(&path)?;
        folder.provenance = provenance(&city, &scenario);
        // A record stands for a whole run: an earlier one of the same name goes before its files do.
        let record = folder.path.join(RECORD);
        if record.exists() {
            std::fs::remove_file(&record).map_err(Error::io("removing", &record))?;
        }
        if is_outdated {
            checkpoint::remove(&folder.path)?;
        }
        folder.text("scenario.toml", &scenario.text)?;
        Ok(Simulation {
            frame_times: scenario.frame_times(),
            scenario,
            city,
            run_id,
            folder,
            inputs,
            basis,
            device,
            device_kind,
            model,
            next_frame: 0,
            kept: maps::Kept::default(),
            progress: None,
            steps: None,
            wall_before: 0.0,
            started: Instant::now(),
            started_at: SystemTime::now(),
            language: Language::default(),
            checkpoint_every: CHECKPOINT_EVERY,
            last_checkpoint: Instant::now(),
            checkpoint_took: Duration::ZERO,
        })
    }

    /// Takes up a run that was stopped, from its folder, on a device of the kind that it began on.
    ///
    /// # Errors
    /// `Data` when there is no whole checkpoint there, when another version of Hanze made it, or the inputs have changed since; `Io`
    /// when a file cannot be read; `NoDevice` for a device of another kind; `Memory` or `DeviceLost` when the device fails.
    pub fn resume(folder: &Path, device: Device) -> Result<Simulation> {
        let out = folder.parent().unwrap_or(Path::new(""));
        Simulation::resume_cached(folder, device, &Cache::at(&out.join(CACHE)))
    }

    /// Takes up a run with a cache that several folders share, where [`Simulation::resume`] uses the one beside the folder.
    ///
    /// # Errors
    /// The variants that [`Simulation::resume`] names, for the same causes.
    pub fn resume_cached(folder: &Path, device: Device, cache: &Cache) -> Result<Simulation> {
        let path = checkpoint::path(folder);
        let (head, mut from) = checkpoint::open(folder)?;
        if device.record().kind != head.device_kind {
            return Err(Error::NoDevice {
                problem: format!("the run began on a {} and cannot go on on {}", head.device_kind, device.record()),
                mend: format!("resume with --device {}", head.device),
            });
        }
        let text_path = folder.join("scenario.toml");
        let text = std::fs::read_to_string(&text_path).map_err(Error::io("reading", &text_path))?;
        let mut sections = scenario::parse_all(&head.scenario_file, text)?.into_iter();
        let gone = || Error::data(&text_path, "has lost the section of this run", "start the run again");
        let scenario = sections.find(|own| own.label() == head.section.as_deref()).ok_or_else(gone)?;
        let (city, inputs, changed) = read(&scenario)?;
        if run_id(&scenario, &inputs, &head.device_kind, changed.as_deref(), &head.basis) != head.run_id {
            let problem = "was made from other inputs or by another version of Hanze";
            return Err(Error::data(&path, problem, "put the inputs back, or start the run again"));
        }
        is_whole(&head.basis)?;
        let mut model = models::prepare_on(&head.basis, &city, &scenario, &device, Some(cache))?;
        model.load(&mut from).map_err(Error::io("reading", &path))??;
        Ok(Simulation {
            frame_times: scenario.frame_times(),
            run_id: head.run_id,
            folder: RunFolder {
                path: folder.to_path_buf(),
                provenance: provenance(&city, &scenario),
                artifacts: head.artifacts,
            },
            scenario,
            city,
            inputs,
            basis: head.basis,
            device,
            device_kind: head.device_kind,
            model,
            next_frame: head.next_frame,
            kept: maps::Kept::default(),
            progress: None,
            steps: head.steps,
            wall_before: head.wall_s,
            started: Instant::now(),
            started_at: SystemTime::now(),
            language: Language::default(),
            checkpoint_every: CHECKPOINT_EVERY,
            last_checkpoint: Instant::now(),
            checkpoint_took: Duration::ZERO,
        })
    }

    /// Computes to the end, or until `cancel` is set; then a checkpoint is left behind.
    ///
    /// # Errors
    /// `Unstable` where the numbers of the model are no numbers any more, `Memory` or `DeviceLost` where the device fails, `Io` where the
    /// disk refuses. What was written before stays.
    pub fn run(&mut self, cancel: &AtomicBool, tell: &mut dyn FnMut(Event)) -> Result<Ending> {
        let end = self.frame_times.last().copied().unwrap_or(0.0);
        while let Some(&until) = self.frame_times.get(self.next_frame) {
            loop {
                if self.progress.is_some() && cancel.load(Ordering::Relaxed) {
                    self.checkpoint()?;
                    return Ok(Ending::Stopped { time: self.progress.as_ref().map_or(0.0, |progress| progress.time) });
                }
                if self.last_checkpoint.elapsed() >= self.checkpoint_every.max(10 * self.checkpoint_took) {
                    // One that cannot be written, as on a full disk, leaves the older one whole; the run itself may still end
                    // well, and tries again.
                    let _ = self.checkpoint();
                }
                let progress = self.model.advance(until, BUDGET)?;
                let reached = progress.reached;
                self.steps = Some(progress.steps);
                self.progress = Some(progress.clone());
                tell(Event::Progress { progress, end, cells: self.city.grid.len() });
                if reached {
                    break;
                }
            }
            let frame = self.model.frame()?;
            let (time, before) = (frame.time, self.folder.artifacts.len());
            self.folder.frame(&frame)?;
            self.kept.keep(frame);
            self.next_frame += 1;
            // The newest artifacts are the last.
            let files = self.folder.artifacts[before.min(self.folder.artifacts.len())..].to_vec();
            tell(Event::Frame { time, done: self.next_frame, of: self.frame_times.len(), files });
        }
        let mut outcome = self.model.outcome()?;
        outcome.story.extend(said(&self.remarks()));
        if !self.finish(&outcome, cancel)? {
            self.checkpoint()?;
            return Ok(Ending::Stopped { time: end });
        }
        Ok(Ending::Finished(Box::new(outcome)))
    }

    /// Writes what sums the run up, and the record; false where it was stopped on the way.
    fn finish(&mut self, outcome: &Outcome, cancel: &AtomicBool) -> Result<bool> {
        self.folder.outcome(outcome)?;
        for ribbons in &outcome.ribbons {
            let name = ribbons.variable.name();
            let path = self.folder.path.join(format!("{name}.glb"));
            let view = View::of(&self.city);
            export::ribbons(&view, ribbons, &self.scenario.spec.attribution, &path)?;
            self.folder.mesh(&name, &format!("{}, for the scene of `hanze mesh`", ribbons.description))?;
        }
        if !self.maps(outcome, cancel)? {
            return Ok(false);
        }
        if self.scenario.is_base() {
            let (model, mut refused) = (&mut self.model, None);
            let written = self.folder.start(|out| {
                model.leave(out)?.map_err(|error| {
                    refused = Some(error);
                    std::io::Error::other("the device refused")
                })
            });
            refused.map_or(written, Err)?;
        }
        let record = self.record(outcome);
        let text = serde_json::to_string_pretty(&record).map_err(|error| {
            Error::data(&self.folder.path, format!("the record cannot be written: {error}"), "report this")
        })?;
        self.folder.text(RECORD, &text)?;
        checkpoint::remove(&self.folder.path)?;
        Ok(true)
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
            "language": self.language.code(),
            "model": self.scenario.model(),
            "section": self.scenario.label(),
            "variant": self.scenario.variant(),
            "settings": self.model.settings(),
            "grid": self.city.grid,
            "scenario": spec,
            "inputs": self.inputs,
            "stands_on": stands_on(&self.basis),
            "balance": outcome.balance,
            "story": outcome.story,
            "remarks": self.remarks(),
            "steps": self.steps,
            "artifacts": self.folder.artifacts.iter().map(told).collect::<Vec<_>>(),
            "volatile": {
                "device": self.device.record(),
                "session_started_unix_s": unix,
                "program_sha256": finished::program(),
                "wall_s": self.wall_s(),
            },
        })
    }

    /// What was guessed, mended or left out in inputs and model, the largest first.
    pub fn remarks(&self) -> Remarks {
        remarks(&self.inputs, self.model.remarks())
    }

    /// Computing time of all sessions, s.
    fn wall_s(&self) -> f64 {
        self.wall_before + self.started.elapsed().as_secs_f64()
    }

    /// Leaves all behind that `resume` needs; an older checkpoint stays whole until the new one is.
    fn checkpoint(&mut self) -> Result<()> {
        let record = self.device.record();
        let head = checkpoint::Head {
            run_id: self.run_id.clone(),
            scenario_file: std::path::absolute(&self.scenario.file).unwrap_or(self.scenario.file.clone()),
            section: self.scenario.label().map(String::from),
            device: if record.kind == "gpu" { format!("gpu:{}", record.name) } else { record.kind.to_string() },
            device_kind: self.device_kind.clone(),
            next_frame: self.next_frame,
            steps: self.steps,
            artifacts: self.folder.artifacts.clone(),
            basis: self.basis.clone(),
            wall_s: self.wall_s(),
        };
        let began = Instant::now();
        let written = checkpoint::write(&self.folder.path, &head, self.model.as_mut());
        (self.last_checkpoint, self.checkpoint_took) = (Instant::now(), began.elapsed());
        written
    }
}

/// A file of the run as its record has it, with what it holds in Dutch.
fn told(artifact: &Artifact) -> serde_json::Value {
    let mut value = serde_json::json!(artifact);
    value["description_nl"] = artifact.words(Language::Dutch, models::variable).into();
    value
}

/// The name that a run would have.
///
/// # Errors
/// Those of reading its city and its files.
pub fn name_of(scenario: &Scenario, device: &Device, basis: &Basis) -> Result<String> {
    Before::new(scenario, device, Path::new(""), basis).map(|before| before.run_id)
}

/// What decides the name of a run, and where it goes.
struct Before {
    city: City,
    inputs: Vec<Input>,
    basis: Basis,
    device_kind: String,
    run_id: String,
    path: PathBuf,
}

impl Before {
    fn new(scenario: &Scenario, device: &Device, out: &Path, basis: &Basis) -> Result<Before> {
        let (city, inputs, changed) = read(scenario)?;
        // On today's city there is nothing to start from.
        let start = basis.start.clone().filter(|_| changed.is_some());
        let basis = Basis { start, ..basis.clone() };
        let device_kind = device.record().kind.to_string();
        let run_id = run_id(scenario, &inputs, &device_kind, changed.as_deref(), &basis);
        let stem = scenario.file.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
        let label = scenario.section_label().map_or(String::new(), |label| format!("-{label}"));
        let path = out.join(format!("{stem}{label}-{}", &run_id[..8]));
        Ok(Before { city, inputs, basis, device_kind, run_id, path })
    }
}

/// Checksums of what a run stands on, by name: where it lies decides nothing.
fn stands_on(basis: &Basis) -> serde_json::Value {
    let taken: std::collections::BTreeMap<&str, &str> =
        basis.taken.iter().map(|(name, left)| (name.as_str(), left.sha256.as_str())).collect();
    serde_json::json!({ "start": basis.start.as_ref().map(|left| &left.sha256), "taken": taken })
}

/// Refuses a run whose basis is otherwise than its name says.
fn is_whole(basis: &Basis) -> Result<()> {
    for left in basis.start.iter().chain(basis.taken.values()) {
        if of_file(&left.path)?.0 != left.sha256 {
            let problem = "is otherwise than when it was made, and a run stands on it";
            return Err(Error::data(&left.path, problem, "compute the run of its folder again, with --again"));
        }
    }
    Ok(())
}

/// What tables and shapes of a run say about their numbers.
fn provenance(city: &City, scenario: &Scenario) -> Provenance {
    Provenance { synthetic: city.synthetic, attribution: scenario.spec.attribution.clone() }
}

/// Reads the city of a scenario; the files that its series name are inputs too. Of a variant that is otherwise than today's city in what
/// its model reads, the digest of that.
fn read(scenario: &Scenario) -> Result<(City, Vec<Input>, Option<String>)> {
    let (city, mut inputs, edits) = scenario.today()?;
    inputs.extend(scenario.series_inputs()?);
    if edits.is_empty() {
        return Ok((city, inputs, None));
    }
    let (edited, _) = scenario.edited(&city, &edits)?;
    let [before, after] = [&city, &edited].map(|city| city.digest(scenario.parts()));
    Ok((edited, inputs, (before != after).then_some(after)))
}

/// What was guessed, mended or left out in inputs and by a model, the largest first.
pub fn remarks(inputs: &[Input], model: Remarks) -> Remarks {
    let mut all = model;
    for input in inputs {
        // What became of holes in the terrain is among its repairs.
        if input.nodata_share > 0.0 && input.layer != city::layers::TERRAIN.name {
            let percent = 100.0 * input.nodata_share;
            let (en, nl) = (Language::English.number(percent, 1), Language::Dutch.number(percent, 1));
            let en = format!("{en} % of its cells in the city have no value");
            let nl = format!("{nl} % van de cellen in de stad heeft geen waarde");
            all.push(Remark::new(input.nodata_share, en, nl).of(&input.name));
        }
        all.extend(input.repairs.iter().map(|remark| remark.of(&input.name)));
    }
    all.by_size()
}

/// The largest remarks as sentences for the end of a story.
fn said(remarks: &Remarks) -> Vec<Text> {
    if remarks.is_empty() {
        return Vec::new();
    }
    let head = Text::new(
        "Guessed, repaired or left out, largest first:",
        "Geschat, hersteld of weggelaten, het grootste eerst:",
    );
    let more = remarks.len().saturating_sub(REMARKS_IN_STORY);
    let rest =
        (more > 0).then(|| Text::new(format!("… and {more} more in run.json"), format!("… en nog {more} in run.json")));
    let shown = remarks.iter().take(REMARKS_IN_STORY);
    let shown = shown.map(|remark| Text::new(format!("– {}", remark.text.en), format!("– {}", remark.text.nl)));
    std::iter::once(head).chain(shown).chain(rest).collect()
}

/// What a run is known by: all that decides what comes of it. Of a variant that is what its model reads of the city, and not the edits
/// that made it so: a run that they do not reach is today's.
fn run_id(scenario: &Scenario, inputs: &[Input], device_kind: &str, changed: Option<&str>, basis: &Basis) -> String {
    let mut spec = scenario.spec.clone();
    spec.variant.clear();
    let mut what = serde_json::json!({
        "scenario": spec,
        "inputs": inputs.iter().map(|input| &input.sha256).collect::<Vec<_>>(),
        "engine": env!("CARGO_PKG_VERSION"),
        "device": device_kind,
    });
    if let Some(changed) = changed {
        what["city"] = changed.into();
    }
    if !basis.is_empty() {
        what["stands_on"] = stands_on(basis);
    }
    hex(&Sha256::digest(what.to_string()))
}
