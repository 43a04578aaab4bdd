//! Progress for people (a bar, or plain lines where there is no terminal) and for programs (JSON lines).

use super::note;
use hanze_engine::simulation::Event;
use hanze_engine::words::Language;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Reports progress in one of three ways.
pub struct Teller {
    way: Way,
    /// Language of what people read.
    pub language: Language,
    /// When computing began, and the steps and time that were done by then.
    begun: Option<(Instant, u64, f64)>,
    last_line: Option<Instant>,
}

enum Way {
    Bar(ProgressBar),
    Plain,
    Json,
}

impl Teller {
    /// JSON if asked for, a bar on a terminal, else plain lines.
    pub fn new(json: bool) -> Teller {
        let way = if json {
            Way::Json
        } else if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:30.cyan/blue} {percent:>3} % {msg}");
            Way::Bar(ProgressBar::new(1000).with_style(style.unwrap_or(ProgressStyle::default_bar())))
        } else {
            Way::Plain
        };
        Teller { way, language: Language::default(), begun: None, last_line: None }
    }

    /// Takes an event of the simulation.
    pub fn tell(&mut self, event: Event) {
        match event {
            Event::Progress { progress, end, cells } => {
                let (start, steps, time) = *self.begun.get_or_insert((Instant::now(), progress.steps, progress.time));
                let seconds = start.elapsed().as_secs_f64().max(1e-3);
                let speed = (progress.steps - steps) as f64 * cells as f64 / seconds / 1e6;
                let done = progress.time - time;
                let remaining = if done > 0.0 { seconds * (end - progress.time) / done } else { f64::NAN };
                let (language, of) = (self.language, self.of(progress.time, end));
                match progress.gap {
                    // What is iterated tells how far it is.
                    Some(gap) if gap.is_infinite() => {}
                    Some(gap) => {
                        let round = language.pick("round", "ronde");
                        let (name, shown) = (language.pick("gap", "afwijking"), language.scientific(gap));
                        let words = format!("{of}, {round} {}, {name} {shown}", progress.steps);
                        let more = serde_json::json!({ "round": progress.steps, "gap": gap });
                        self.show(progress.time, end, words, more);
                    }
                    None if progress.moving.is_some() => {
                        let (vehicles, rate) = progress.moving.unwrap_or_default();
                        let rate = rate as f64 / 1e6;
                        let shown = language.number(rate, 1);
                        let words = match language {
                            Language::English => {
                                format!("{of}, {vehicles} vehicles, {shown} million vehicle-steps/s")
                            }
                            Language::Dutch => {
                                format!("{of}, {vehicles} voertuigen, {shown} miljoen voertuigstappen/s")
                            }
                        };
                        let more = serde_json::json!({ "vehicles": vehicles, "million_vehicle_steps_per_s": rate });
                        self.show(progress.time, end, words, more);
                    }
                    None => match progress.settling {
                        Some((day, hour)) => {
                            let words = match language {
                                Language::English => format!("spin-up: day {day}, hour {hour}"),
                                Language::Dutch => format!("aanlooptijd: dag {day}, uur {hour}"),
                            };
                            let more = serde_json::json!({ "settling_day": day, "settling_hour": hour });
                            self.show(progress.time, end, words, more);
                        }
                        None => self.progress(progress.time, end, progress.dt, speed, remaining),
                    },
                }
            }
            Event::Frame { time, done, of, .. } => match &self.way {
                Way::Json => json(serde_json::json!({"event": "frame", "time_s": time, "done": done, "of": of})),
                Way::Plain => match self.language {
                    Language::English => note(format_args!("frame {done} of {of} at {}", clock(time))),
                    Language::Dutch => note(format_args!("beeld {done} van {of} op {}", clock(time))),
                },
                Way::Bar(_) => {}
            },
        }
    }

    fn progress(&mut self, time: f64, end: f64, dt: f64, speed: f64, remaining: f64) {
        let (step, shown) = (self.language.number(dt, 3), self.language.number(speed, 0));
        let mut words = format!("{}, {} {step} s", self.of(time, end), self.language.pick("step", "stap"));
        if remaining.is_finite() {
            words += &match self.language {
                Language::English => format!(", {shown} million cell-steps/s, {} left", clock(remaining)),
                Language::Dutch => format!(", {shown} miljoen celstappen/s, nog {}", clock(remaining)),
            };
        }
        let more = serde_json::json!({
            "dt_s": dt,
            "million_cell_steps_per_s": speed,
            "remaining_s": if remaining.is_finite() { Some(remaining) } else { None },
        });
        self.show(time, end, words, more);
    }

    /// Shows how far it is: words for people, numbers for programs.
    fn show(&mut self, time: f64, end: f64, words: String, more: serde_json::Value) {
        match &self.way {
            Way::Bar(bar) => {
                bar.set_position((1000.0 * time / end) as u64);
                bar.set_message(words);
            }
            Way::Plain => {
                if self.last_line.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
                    note(format_args!("{:>3.0} % {words}", 100.0 * time / end));
                    self.last_line = Some(Instant::now());
                }
            }
            Way::Json => {
                let mut line = serde_json::json!({ "event": "progress", "time_s": time, "end_s": end });
                if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
                    line.extend(more.clone());
                }
                json(line);
            }
        }
    }

    /// How much of the time is done.
    fn of(&self, time: f64, end: f64) -> String {
        format!("{} {} {}", clock(time), self.language.pick("of", "van"), clock(end))
    }

    /// Says a line that stays.
    pub fn say(&self, line: &str) {
        match &self.way {
            Way::Bar(bar) => bar.suspend(|| note(format_args!("{line}"))),
            Way::Plain => note(format_args!("{line}")),
            Way::Json => json(serde_json::json!({"event": "note", "text": line})),
        }
    }

    /// Clears the bar.
    pub fn end(&self) {
        if let Way::Bar(bar) = &self.way {
            bar.finish_and_clear();
        }
    }
}

/// Prints one line of JSON; a reader that has gone is no reason to stop a run.
pub fn json(value: serde_json::Value) {
    let _ = writeln!(std::io::stdout(), "{value}");
}

/// Seconds as h:mm:ss.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}
