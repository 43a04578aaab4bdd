//! `hanze edit`: what the variants of a scenario change in the city, before anything is computed.

use super::report::report;
use super::say;
use hanze_engine::city::edit::{Touched, Turn};
use hanze_engine::export;
use hanze_engine::output::folder::RunFolder;
use hanze_engine::scenario::{self, Scenario, slug};
use hanze_engine::simulation::today;
use hanze_engine::words::Language;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

/// Names of objects that are listed; the others are counted.
const MOST_NAMES: usize = 5;

/// Which scenario, and where the pictures go.
#[derive(clap::Args)]
pub struct Args {
    /// The scenario, a TOML file with variants.
    scenario: PathBuf,
    /// Folder for the maps, one for each variant within; none are drawn if it is left out.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Language of maps and words: en or nl.
    #[arg(long, default_value = "en")]
    language: Language,
}

/// Tells, and draws.
pub fn edit(args: &Args) -> miette::Result<ExitCode> {
    let all = scenario::load_all(&args.scenario).map_err(report)?;
    let mut seen = BTreeSet::new();
    let variants = all.iter().filter_map(|own| own.variant());
    let names: Vec<String> = variants.filter(|name| seen.insert(name.to_string())).map(String::from).collect();
    if names.is_empty() {
        let none = args.language.pick("the scenario has no variant", "het scenario heeft geen variant");
        say(format_args!("{}: {none}", args.scenario.display()));
        return Ok(ExitCode::SUCCESS);
    }
    for name in names {
        say(format_args!("{name}"));
        // Models read different parts of a city; what each of them gets is told once.
        let mut told = BTreeSet::new();
        for scenario in all.iter().filter(|own| own.variant() == Some(name.as_str())) {
            let (before, _, edits) = scenario.today().map_err(report)?;
            let (after, touched) = scenario.edited(&before, &edits).map_err(report)?;
            lines(&touched, args.language).into_iter().filter(|line| told.insert(line.clone())).for_each(|line| {
                say(format_args!("  {line}"));
            });
            if let Some(out) = &args.out {
                let folder = out.join(slug(&name));
                let mut folder = RunFolder::create(&folder).map_err(report)?;
                folder.provenance.attribution.clone_from(&scenario.spec.attribution);
                folder.provenance.synthetic = before.synthetic;
                let drawn = export::edits([&before, &after], &touched, &mut folder, args.language, &today());
                for picture in drawn.map_err(report)?.into_iter().filter(|name| told.insert(name.clone())) {
                    say(format_args!("  {}", folder.path.join(picture).display()));
                }
            }
        }
        sets(&all, &name).into_iter().for_each(|line| say(format_args!("  {line}")));
    }
    Ok(ExitCode::SUCCESS)
}

/// The numbers that a variant sets.
fn sets(all: &[Scenario], name: &str) -> Vec<String> {
    let of = all.iter().find(|own| own.variant() == Some(name)).into_iter().flat_map(|own| &own.spec.variant);
    let line = |set: &scenario::SetSpec| match (set.value, set.times) {
        (Some(value), _) => format!("{} = {value}", set.key),
        (None, times) => format!("{} × {}", set.key, times.unwrap_or(1.0)),
    };
    of.flat_map(|own| &own.set).map(line).collect()
}

/// What edits touch, line by line.
fn lines(touched: &Touched, language: Language) -> Vec<String> {
    let cells = language.pick("cells", "cellen");
    let mut all: Vec<String> =
        touched.layers.iter().map(|own| format!("{}: {} {cells}", own.name, own.cells)).collect();
    let kinds: BTreeSet<&str> = touched.objects.iter().map(|own| own.kind).collect();
    for kind in kinds {
        for (turn, words) in [
            (Turn::Added, language.pick("added", "erbij")),
            (Turn::Removed, language.pick("removed", "weg")),
            (Turn::Changed, language.pick("changed", "veranderd")),
        ] {
            let own = touched.objects.iter().filter(|own| own.kind == kind && own.turn == turn);
            let names: Vec<&str> = own.map(|own| own.name.as_str()).collect();
            if !names.is_empty() {
                let shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
                let more = if names.len() > MOST_NAMES { ", …" } else { "" };
                all.push(format!("{kind}: {} {words} ({shown}{more})", names.len()));
            }
        }
    }
    if all.is_empty() {
        all.push(language.pick("no layer or object is touched", "er verandert niets in de stad").into());
    }
    all.extend(touched.remarks.words(language).map(|words| words.to_string()));
    all
}
