//! `hanze run` of a scenario with variants: every section on today's city and on each variant, and what differs.

use super::progress::{Teller, clock, json};
use super::run::{Came, go, there};
use super::{Options, say};
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::scenario::Scenario;
use hanze_engine::simulation::{Begun, Simulation};
use hanze_engine::whole::{self, Part};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs all: first today's city, then each variant. What is there already, or equals a run of another variant, is not computed again.
pub(super) fn run(all: Vec<Scenario>, device: &Device, options: &Options, again: bool, out: &Path) -> Result<Came> {
    let all = whole::order(all);
    let Some(first) = all.first() else { return Ok(Came::Finished) };
    let stem = first.file.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    let title = first.spec.title.clone();
    let folder = out.join(stem);
    let needed = whole::needed(&all);
    let count = all.len();
    let mut parts: Vec<Part> = Vec::new();
    let mut left = Left::new(&all);
    for (k, scenario) in all.into_iter().enumerate() {
        let variant = scenario.variant().map(String::from);
        let (section, model) = (scenario.section_label().map(String::from), scenario.model());
        let city = folder.join(whole::folder(&scenario));
        let teller = Teller::new(options.json);
        let name = variant.as_deref().unwrap_or(options.language.pick("today", "vandaag"));
        let (run, of) = (options.language.pick("run", "berekening"), options.language.pick("of", "van"));
        let label = section.as_deref().unwrap_or(model);
        let seconds = left.seconds();
        if options.json {
            json(json!({
                "event": "run", "run": k + 1, "of": count, "variant": variant, "section": label, "seconds_left_of_all": seconds,
            }));
        } else {
            let about = options.language.pick("about", "ongeveer");
            let for_all = options.language.pick("left for all runs", "te gaan voor alle berekeningen");
            let rest = seconds.map_or(String::new(), |seconds| format!(", {about} {} {for_all}", clock(seconds)));
            teller.say(&format!("{title}: {run} {} {of} {count}, {name} [{label}]{rest}", k + 1));
        }
        let began = Instant::now();
        let mut others: Vec<PathBuf> =
            parts.iter().filter_map(|part| part.folder.parent().map(PathBuf::from)).collect();
        others.dedup();
        let basis = whole::basis(&needed[k], |run, file| whole::left(&parts[run], file))?;
        let begun = Simulation::among(scenario, device.clone(), &city, &others, &basis, options.language, again)?;
        let (path, run_id, computed) = match begun {
            Begun::Finished(run) => {
                if options.json {
                    there(&run, options.language, true);
                } else {
                    let there = options.language.pick("there already, in", "al aanwezig, in");
                    say(format_args!("{there} {}", run.folder.display()));
                }
                (run.folder, run.record["run_id"].as_str().unwrap_or_default().to_string(), false)
            }
            Begun::New(simulation) | Begun::Stopped(simulation) => {
                let (path, id) = (simulation.folder.path.clone(), simulation.run_id.clone());
                if go(*simulation, teller, options.json, false)? == Came::Stopped {
                    return Ok(Came::Stopped);
                }
                (path, id, true)
            }
        };
        left.done(k, computed.then(|| began.elapsed().as_secs_f64()));
        parts.push(Part { variant, section, model: model.into(), folder: path, run_id, computed });
    }
    let compared = whole::compare(&parts, &folder, options.language)?;
    if !options.json {
        for own in &compared {
            let head = options.language.pick("What changes", "Wat verandert er");
            let section = own.section.as_ref().map_or(String::new(), |section| format!(" [{section}]"));
            say(format_args!("{head}{section}:"));
            own.story.iter().for_each(|text| say(format_args!("{}", text.in_language(options.language))));
        }
    }
    whole::record(&title, &parts, &compared, &folder)?;
    let counts =
        (parts.iter().filter(|part| part.computed).count(), parts.iter().filter(|part| !part.computed).count());
    if options.json {
        json(json!({ "event": "compared", "folder": folder, "computed": counts.0, "reused": counts.1 }));
    } else {
        let (computed, reused) =
            (options.language.pick("computed", "berekend"), options.language.pick("there already", "al aanwezig"));
        say(format_args!("{}: {} {computed}, {} {reused}", folder.display(), counts.0, counts.1));
    }
    Ok(Came::Finished)
}

/// How long the runs that are left may take, by those that were computed and what the models expect of each.
struct Left {
    /// What each run would take, in hours of some machine.
    expected: Vec<f64>,
    done: usize,
    /// Expected hours and seconds of those that were computed.
    computed: [f64; 2],
}

impl Left {
    fn new(all: &[Scenario]) -> Left {
        // All are of one city: how many cells it has changes all alike.
        let of = |scenario: &Scenario| {
            let entry = models::named(scenario.model())?;
            (entry.estimate)(scenario, 1e6)
        };
        Left { expected: all.iter().map(|scenario| of(scenario).unwrap_or(0.0)).collect(), done: 0, computed: [0.0; 2] }
    }

    /// A run is there, which took so many seconds if it was computed.
    fn done(&mut self, run: usize, seconds: Option<f64>) {
        self.done = run + 1;
        if let Some(seconds) = seconds {
            self.computed = [self.computed[0] + self.expected[run], self.computed[1] + seconds];
        }
    }

    /// Seconds for all that are left, if they are computed; none before the first.
    fn seconds(&self) -> Option<f64> {
        let [hours, seconds] = self.computed;
        let left: f64 = self.expected[self.done.min(self.expected.len())..].iter().sum();
        (hours > 0.0).then(|| (left * seconds / hours).round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_what_was_computed() {
        let mut left = Left { expected: vec![1.0, 3.0, 1.0, 3.0], done: 0, computed: [0.0; 2] };
        assert_eq!(left.seconds(), None);
        left.done(0, Some(10.0));
        assert_eq!(left.seconds(), Some(70.0));
        left.done(1, Some(50.0));
        assert_eq!(left.seconds(), Some(60.0));
        // One that was there already teaches nothing.
        left.done(2, None);
        assert_eq!(left.seconds(), Some(45.0));
    }
}
