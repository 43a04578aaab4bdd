//! `hanze run` and `hanze resume`.

use super::progress::{Teller, clock, json};
use super::report::report;
use super::{Options, note, say, whole};
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::frame::{Balance, Outcome};
use hanze_engine::models;
use hanze_engine::scenario::{self, Scenario};
use hanze_engine::simulation::{Begun, Ending, Finished, Simulation, device_of};
use hanze_engine::words::{self, Language};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a run that was stopped: that of a program ended by Ctrl-C.
const STOPPED: u8 = 130;

/// Runs a scenario. A run that is there is named, and computed only when asked for `again`.
pub fn run(file: &Path, options: &Options, again: bool, out: &Path) -> miette::Result<ExitCode> {
    let start = || {
        let sections = scenario::load_all(file)?;
        let device = Device::open(&options.device)?;
        if sections.iter().any(|section| section.variant().is_some() || !section.takes().is_empty()) {
            return whole::run(sections, &device, options, again, out);
        }
        let count = sections.len();
        for (k, section) in sections.into_iter().enumerate() {
            // Which of them the events are of that follow.
            if options.json && count > 1 {
                json(serde_json::json!({
                    "event": "run", "run": k + 1, "of": count, "variant": null, "section": section.section_label(),
                }));
            }
            // One that was stopped stops those that would follow.
            if run_section(section, device.clone(), options, again, out)? == Came::Stopped {
                return Ok(Came::Stopped);
            }
        }
        Ok(Came::Finished)
    };
    tell_failure(start(), options.json)
}

/// What one section of a scenario asks.
fn run_section(scenario: Scenario, device: Device, options: &Options, again: bool, out: &Path) -> Result<Came> {
    let teller = Teller::new(options.json);
    let section = scenario.label().map_or(String::new(), |label| format!(" [{label}]"));
    let on = options.language.pick("on", "op");
    teller.say(&format!("{}{section}: {on} {}", scenario.spec.title, device.record()));
    if again {
        let mut simulation = Simulation::new(scenario, device, out)?;
        simulation.language = options.language;
        return go(simulation, teller, options.json, true);
    }
    match Simulation::begin(scenario, device, out, options.language)? {
        Begun::New(simulation) | Begun::Stopped(simulation) => go(*simulation, teller, options.json, true),
        Begun::Finished(run) => {
            there(&run, options.language, options.json);
            Ok(Came::Finished)
        }
    }
}

/// How a run came to its end.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Came {
    Finished,
    Stopped,
}

/// What Ctrl-C sets, from the first call on: until then nothing is lost, and the program just ends.
fn cancel(language: Language, teller: &Teller) -> &'static AtomicBool {
    static CANCEL: AtomicBool = AtomicBool::new(false);
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let handler = ctrlc::set_handler(|| {
            // A second Ctrl-C does not wait for the checkpoint.
            if CANCEL.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(STOPPED));
            }
        });
        if let Err(error) = handler {
            let lost = language.pick("Ctrl-C will lose the run", "met Ctrl-C gaat de berekening verloren");
            teller.say(&format!("{lost}: {error}"));
        }
    });
    &CANCEL
}

/// Names a run that was finished before, and says what came of it.
pub(super) fn there(run: &Finished, language: Language, as_json: bool) {
    let folder = run.folder.display().to_string();
    if as_json {
        let names: Vec<&str> = run.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        return json(serde_json::json!({
            "event": "finished",
            "computed": false,
            "run_id": run.record["run_id"],
            "folder": folder,
            "files": names,
            "balance": run.record["balance"],
        }));
    }
    if run.record["synthetic"] == true {
        warn_of_synthetic(language);
    }
    for sentence in run.record["story"].as_array().into_iter().flatten() {
        say(format_args!("{}", sentence[language.code()].as_str().unwrap_or_default()));
    }
    let (before, mend) = match language {
        Language::English => {
            ("This run was finished before; nothing was computed. Its files are in", "--again computes it.")
        }
        Language::Dutch => (
            "Deze berekening was al klaar; er is niets berekend. De bestanden staan in",
            "Met --again rekent Hanze opnieuw.",
        ),
    };
    say(format_args!("{before} {folder}. {mend}"));
}

/// Takes a stopped run up.
pub fn resume(folder: &Path, device: Option<&str>, as_json: bool, language: Language) -> miette::Result<ExitCode> {
    let start = || {
        let name = device.map_or_else(|| device_of(folder), |name| Ok(name.to_string()))?;
        let device = Device::open(&name)?;
        let teller = Teller::new(as_json);
        let mut simulation = Simulation::resume(folder, device.clone())?;
        simulation.language = language;
        let on = language.pick("continues on", "gaat verder op");
        teller.say(&format!("{}: {on} {}", simulation.scenario.spec.title, device.record()));
        go(simulation, teller, as_json, true)
    };
    tell_failure(start(), as_json)
}

/// A failure is the last event for a program, and a report for a person.
fn tell_failure(result: Result<Came>, as_json: bool) -> miette::Result<ExitCode> {
    if let Err(error) = &result
        && as_json
    {
        json(serde_json::json!({"event": "failed", "message": error.to_string()}));
    }
    let came = result.map_err(report)?;
    Ok(if came == Came::Stopped { ExitCode::from(STOPPED) } else { ExitCode::SUCCESS })
}

/// Runs it, and says what came of it; its files and balance are named where it is the whole of what was asked.
pub(super) fn go(mut simulation: Simulation, mut teller: Teller, as_json: bool, is_all: bool) -> Result<Came> {
    let language = simulation.language;
    teller.language = language;
    let cancel = cancel(language, &teller);
    let grid = simulation.city.grid;
    let cells = language.pick("cells of", "cellen van");
    teller.say(&format!("{} × {} {cells} {} m", grid.cols, grid.rows, grid.cell));
    let ending = simulation.run(cancel, &mut |event| teller.tell(event));
    teller.end();
    let folder = simulation.folder.path.display().to_string();
    match ending? {
        Ending::Stopped { time } if as_json => {
            json(serde_json::json!({"event": "stopped", "time_s": time, "folder": folder}))
        }
        Ending::Stopped { time } => {
            let (stopped, mend) =
                (language.pick("stopped at", "gestopt op"), language.pick("go on with", "ga verder met"));
            note(format_args!("{stopped} {}; {mend}: hanze resume '{folder}'", clock(time)));
        }
        Ending::Finished(outcome) => {
            if as_json {
                let names: Vec<&str> =
                    simulation.folder.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
                json(serde_json::json!({
                    "event": "finished",
                    "computed": true,
                    "run_id": simulation.run_id,
                    "folder": folder,
                    "files": names,
                    "balance": outcome.balance,
                }));
            } else {
                summary(&simulation, &outcome, &folder, is_all);
            }
            return Ok(Came::Finished);
        }
    }
    Ok(Came::Stopped)
}

/// Says that the city is made up.
fn warn_of_synthetic(language: Language) {
    let (en, nl) = (
        "The city is synthetic: a demo, not a prediction.",
        "De stad is verzonnen: een demonstratie, geen voorspelling.",
    );
    say(format_args!("{}", language.pick(en, nl)));
}

/// What came of it, in words.
fn summary(simulation: &Simulation, outcome: &Outcome, folder: &str, is_all: bool) {
    let language = simulation.language;
    if simulation.city.synthetic {
        warn_of_synthetic(language);
    }
    for sentence in &outcome.story {
        say(format_args!("{}", sentence.in_language(language)));
    }
    if !is_all {
        return say(format_args!("{} {folder}", language.pick("Files in", "Bestanden in")));
    }
    if let Some(balance) = &outcome.balance {
        balanced(balance, language);
    }
    say(format_args!("{} {folder}:", language.pick("Files in", "Bestanden in")));
    let (frames, others): (Vec<_>, Vec<_>) =
        simulation.folder.artifacts.iter().partition(|artifact| artifact.name.starts_with("frames/"));
    for artifact in others {
        say(format_args!("  {:<24} {}", artifact.name, artifact.words(language, models::variable)));
    }
    let in_time = language.pick("rasters in time", "rasters in de tijd");
    say(format_args!("  {:<24} {} {in_time}", "frames/", frames.len()));
    let record = language
        .pick("inputs, settings, device, balance, checksums", "invoer, instellingen, apparaat, balans, controlesommen");
    say(format_args!("  {:<24} {record}", "run.json"));
}

/// What came, what went, and what is left over.
fn balanced(balance: &Balance, language: Language) {
    let word = |name: &str| match language {
        Language::English => name.to_string(),
        Language::Dutch => words::term(name),
    };
    let number = |value: f64, decimals: usize| match language {
        Language::English => format!("{value:.decimals$}"),
        Language::Dutch => language.number(value, decimals),
    };
    say(format_args!("{}, {}:", language.pick("Balance", "Balans"), word(balance.unit)));
    for (name, value) in &balance.terms {
        say(format_args!("  {:<28} {:>16}", word(name), number(*value, 3)));
    }
    let of_all = language.pick("of all that came", "van alles wat binnenkwam");
    let (error, share) = (number(balance.error, 6), language.scientific(balance.relative_error));
    say(format_args!("  {:<28} {error:>16} ({share} {of_all})", word("error")));
}
