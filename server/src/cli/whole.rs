//! `hanze run` of a scenario with variants: every section on today's city and on each variant, and what differs.

use super::progress::{Teller, json};
use super::run::{Came, go, there};
use super::{Options, say};
use hanze_engine::Result;
use hanze_engine::device::Device;
use hanze_engine::scenario::Scenario;
use hanze_engine::simulation::{Begun, Simulation};
use hanze_engine::whole::{self, Part};
use serde_json::json;
use std::path::{Path, PathBuf};

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
    for (k, scenario) in all.into_iter().enumerate() {
        let variant = scenario.variant().map(String::from);
        let (section, model) = (scenario.section_label().map(String::from), scenario.model());
        let city = folder.join(whole::folder(&scenario));
        let teller = Teller::new(options.json);
        let name = variant.as_deref().unwrap_or(options.language.pick("today", "vandaag"));
        let (run, of) = (options.language.pick("run", "berekening"), options.language.pick("of", "van"));
        teller.say(&format!("{title}: {run} {} {of} {count}, {name} [{}]", k + 1, section.as_deref().unwrap_or(model)));
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
