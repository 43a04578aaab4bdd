//! How far a job is, in words and in the store.

use super::super::store::{Job, Output};
use super::Worker;
use super::compute::commit_frame;
use hanze_engine::models::{Clock, Progress};
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
                let message = message(&progress, end, left);
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

/// How far a run is, in words; `left` seconds are estimated to be left.
fn message(progress: &Progress, end: f64, left: Option<f64>) -> String {
    let time = || format!("{} of {} simulated", clock(progress.time), clock(end));
    let left = || left.map_or(String::new(), |left| format!(", about {} left", clock(left)));
    match &progress.activity {
        None => time() + &left(),
        Some(activity) if activity.clock == Clock::Runs => format!("{}, {}{}", time(), activity.brief.en, left()),
        Some(activity) => activity.brief.en.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_engine::models::Activity;
    use hanze_engine::words::Text;

    #[test]
    fn messages_have_the_words_of_the_model_and_the_time_where_it_runs() {
        let doing = |clock| {
            let brief = Text::new("12 vehicles", "12 voertuigen");
            let activity = Activity { clock, words: None, brief, numbers: Vec::new() };
            Progress { time: 90.0, activity: Some(activity), ..Progress::default() }
        };
        let plain = Progress { time: 90.0, ..Progress::default() };
        assert_eq!(message(&plain, 3600.0, None), "1:30 min of 1:00 h simulated");
        assert_eq!(message(&plain, 3600.0, Some(25.0)), "1:30 min of 1:00 h simulated, about 25 s left");
        let runs = message(&doing(Clock::Runs), 3600.0, Some(25.0));
        assert_eq!(runs, "1:30 min of 1:00 h simulated, 12 vehicles, about 25 s left");
        for clock in [Clock::Stands, Clock::NotBegun] {
            assert_eq!(message(&doing(clock), 3600.0, Some(25.0)), "12 vehicles");
        }
    }
}
