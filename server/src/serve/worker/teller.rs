//! How far a job is, in words and in the store.

use super::super::store::{Job, Output};
use super::Worker;
use super::compute::commit_frame;
use hanze_engine::simulation::Event;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(900);

/// Writes down how far a job is.
pub(super) struct Teller<'a> {
    worker: &'a Worker,
    job: &'a Job,
    run: &'a Path,
    cancel: &'a AtomicBool,
    last: Option<Instant>,
    began: Instant,
    /// Simulated time at the start of this session, s.
    from: Option<f64>,
    /// When the checkpoint was written that is there.
    checkpoint: Option<SystemTime>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(worker: &'a Worker, job: &'a Job, run: &'a Path, cancel: &'a AtomicBool) -> Teller<'a> {
        let (began, checkpoint) = (Instant::now(), written(run));
        Teller { worker, job, run, cancel, last: None, began, from: None, checkpoint }
    }

    /// Tells of an event of the simulation.
    pub(super) fn tell(&mut self, event: Event) {
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
                    Some(_) => "finding initial routes".into(),
                    None if progress.moving.is_some() => {
                        let (vehicles, _) = progress.moving.unwrap_or_default();
                        format!("{} of {} simulated, {vehicles} vehicles{words}", clock(progress.time), clock(end))
                    }
                    None => match progress.settling {
                        Some((day, hour)) => format!("spin-up: day {day}, hour {hour}"),
                        None => format!("{} of {} simulated{words}", clock(progress.time), clock(end)),
                    },
                };
                let data = serde_json::json!({
                    "progress": percent, "message": message, "simulatedSeconds": progress.time, "endSeconds": end,
                    "secondsLeft": left, "steps": progress.steps,
                });
                // What was saved in this session is not computed again.
                let checkpoint = written(self.run);
                let is_further = checkpoint != self.checkpoint;
                let store = &self.worker.store;
                let data = data.to_string();
                let told = store.progress(self.job, percent, &message, &data, is_further);
                let told = self.worker.handle.block_on(told);
                if matches!(told, Ok(Some(_))) {
                    self.checkpoint = checkpoint;
                }
                self.write(told);
            }
            Event::Frame { time, done, of, files } => {
                let data = |outputs: &[Output]| {
                    let names: Vec<&str> = outputs.iter().map(|output| output.output.as_str()).collect();
                    let layers = names.iter().filter_map(|name| name.strip_suffix("-tif"));
                    let previews: Vec<String> =
                        layers.map(|layer| format!("/maps/{}/{layer}/preview.png", self.job.id)).collect();
                    serde_json::json!({ "seconds": time, "frame": done, "of": of, "outputs": names, "previews": previews }).to_string()
                };
                let kept = commit_frame(self.worker, self.job, self.run, &files, data);
                self.write(self.worker.handle.block_on(kept));
            }
        }
    }

    /// Announces an event; a lease that is lost ends the job.
    fn write(&self, written: Result<Option<i64>, sqlx::Error>) {
        match written {
            Ok(Some(event)) => self.worker.announce(&self.job.id, event),
            Ok(None) => self.cancel.store(true, Ordering::Relaxed),
            Err(error) => tracing::warn!(job = self.job.id, %error, "progress was not written"),
        }
    }
}

/// When the checkpoint of a run was written, if there is one.
fn written(run: &Path) -> Option<SystemTime> {
    std::fs::metadata(run.join("checkpoint.bin")).and_then(|file| file.modified()).ok()
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
