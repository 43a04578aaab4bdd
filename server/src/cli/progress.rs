//! Progress for people (a bar, or plain lines where there is no terminal) and for programs (JSON lines).

use super::note;
use hanze_engine::models::{Clock, Progress};
use hanze_engine::simulation::Event;
use hanze_engine::words::Language;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
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
                let pace = Pace { speed, remaining };
                if let Some((words, numbers)) = told(&progress, end, pace, self.language) {
                    self.show(progress.time, end, words, numbers);
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

    /// Shows how far it is: words for people, numbers for programs.
    fn show(&mut self, time: f64, end: f64, words: String, numbers: Vec<(&str, Value)>) {
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
                for (name, value) in numbers {
                    line[name] = value;
                }
                json(line);
            }
        }
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

/// How fast it goes: million cell-steps a second, and seconds that are left, if that can be told.
struct Pace {
    speed: f64,
    remaining: f64,
}

/// How far a run is: words for people, and numbers by name for programs; none where the model has nothing to show yet.
fn told(progress: &Progress, end: f64, pace: Pace, language: Language) -> Option<(String, Vec<(&'static str, Value)>)> {
    let of = || format!("{} {} {}", clock(progress.time), language.pick("of", "van"), clock(end));
    if let Some(activity) = &progress.activity {
        let words = activity.words.as_ref()?.in_language(language);
        let words = if activity.clock == Clock::NotBegun { words.into() } else { format!("{}, {words}", of()) };
        return Some((words, activity.numbers.clone()));
    }
    let Pace { speed, remaining } = pace;
    let (step, shown) = (language.number(progress.dt, 3), language.number(speed, 0));
    let mut words = format!("{}, {} {step} s", of(), language.pick("step", "stap"));
    if remaining.is_finite() {
        words += &match language {
            Language::English => format!(", {shown} million cell-steps/s, {} left", clock(remaining)),
            Language::Dutch => format!(", {shown} miljoen celstappen/s, nog {}", clock(remaining)),
        };
    }
    let remaining = if remaining.is_finite() { Some(remaining) } else { None };
    let numbers = vec![
        ("dt_s", progress.dt.into()),
        ("million_cell_steps_per_s", speed.into()),
        ("remaining_s", remaining.into()),
    ];
    Some((words, numbers))
}

/// Prints one line of JSON; a reader that has gone is no reason to stop a run.
pub fn json(value: Value) {
    let _ = writeln!(std::io::stdout(), "{value}");
}

/// Seconds as h:mm:ss.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_engine::models::Activity;
    use hanze_engine::words::Text;

    fn words(progress: &Progress, remaining: f64, language: Language) -> Option<String> {
        told(progress, 7200.0, Pace { speed: 12.3, remaining }, language).map(|(words, _)| words)
    }

    #[test]
    fn steps_and_what_is_left_are_told_where_a_model_says_no_more() {
        let progress = Progress { time: 65.0, dt: 0.25, ..Progress::default() };
        let told = |remaining, language| words(&progress, remaining, language).expect("words");
        assert_eq!(told(f64::NAN, Language::English), "0:01:05 of 2:00:00, step 0.250 s");
        let (en, nl) = (told(30.0, Language::English), told(30.0, Language::Dutch));
        assert_eq!(en, "0:01:05 of 2:00:00, step 0.250 s, 12 million cell-steps/s, 0:00:30 left");
        assert_eq!(nl, "0:01:05 van 2:00:00, stap 0,250 s, 12 miljoen celstappen/s, nog 0:00:30");
        let (_, numbers) = super::told(&progress, 7200.0, Pace { speed: 2.0, remaining: f64::NAN }, Language::English)
            .expect("numbers");
        let wanted =
            [("dt_s", Value::from(0.25)), ("million_cell_steps_per_s", Value::from(2.0)), ("remaining_s", Value::Null)];
        assert_eq!(numbers, wanted);
    }

    #[test]
    fn models_say_in_their_own_words_what_they_do() {
        let doing = |clock, words| {
            let brief = Text::new("in short", "kort");
            let activity = Activity { clock, words, brief, numbers: vec![("round", Value::from(3))] };
            Progress { time: 65.0, activity: Some(activity), ..Progress::default() }
        };
        let round = || Some(Text::new("round 3", "ronde 3"));
        for clock in [Clock::Runs, Clock::Stands] {
            let dutch = words(&doing(clock, round()), 30.0, Language::Dutch);
            assert_eq!(dutch.as_deref(), Some("0:01:05 van 2:00:00, ronde 3"));
        }
        let before = doing(Clock::NotBegun, round());
        assert_eq!(words(&before, 30.0, Language::English).as_deref(), Some("round 3"));
        let pace = Pace { speed: 1.0, remaining: 1.0 };
        assert_eq!(
            told(&before, 7200.0, pace, Language::English).map(|own| own.1),
            Some(vec![("round", Value::from(3))])
        );
        assert_eq!(words(&doing(Clock::Stands, None), 30.0, Language::English), None);
    }
}
