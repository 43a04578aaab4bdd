//! A model is one entry: what belongs to it is there, and nothing else names it.

use hanze_engine::device::Device;
use hanze_engine::models;
use hanze_engine::scenario;
use hanze_engine::yardstick::Size;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn entries_are_whole() {
    let (mut names, mut cards) = (BTreeSet::new(), BTreeSet::new());
    for entry in models::all() {
        let section = entry.section();
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(is_name(entry.process), "{section}: the process is {:?}", entry.process);
        assert!(names.insert(section) && (entry.process == section || names.insert(entry.process)), "{section}: twice");
        assert_eq!(models::named(section).map(|own| own.process), Some(entry.process), "{section}");
        assert!(!entry.title.is_empty() && entry.description.ends_with('.'), "{section}");
        let card = std::fs::read_to_string(root().join(entry.card)).unwrap_or_default();
        assert!(
            card.starts_with("# ") && card.contains("must not be used for"),
            "{section}: {} is no card of it",
            entry.card
        );
        assert!(cards.insert(entry.card), "{section}: another model has its card");
        assert!(!entry.stored.is_empty(), "{section} ships no scenario");
        for stored in entry.stored {
            let file = root().join("scenarios").join(stored.name).with_extension("toml");
            assert_eq!(std::fs::read_to_string(&file).unwrap_or_default(), stored.text, "{}", stored.name);
            let scenario = scenario::parse_alone(&file, stored.text.into()).expect(stored.name);
            assert_eq!(scenario.model(), entry.section(), "{}", stored.name);
            let hours = |cells: f64| (entry.estimate)(&scenario, cells).expect("an estimate");
            assert!(hours(1e6) > 0.0 && hours(2e6) > hours(1e6), "{}: {}", stored.name, hours(1e6));
        }
        assert!(!entry.kernels.is_empty() && !entry.quantities.is_empty(), "{section}");
        let cases: BTreeSet<&str> = entry.cases.iter().map(|case| case.name).collect();
        assert_eq!(cases.len(), entry.cases.len(), "{section}: two cases of one name");
        assert!(
            entry.cases.iter().any(|case| case.cheap && !case.needs_data),
            "{section}: no case that tests always run"
        );
        let stages = (entry.bench)(&Device::Cpu, Size::Tiny).unwrap_or_else(|error| panic!("{section}: {error}"));
        assert!(!stages.is_empty(), "{section}: nothing is measured");
    }
}

/// Code outside of models that is about one model, and why.
const OTHERS: &[(&str, &str)] = &[
    ("server/src/cli/bench.rs", "tables of `hanze bench --model`, which a model may have"),
    ("server/src/cli/bench/", "the same"),
    ("engine/scenario/src/old.rs", "earlier scenarios had these three models and no other"),
    ("engine/src/simulation/meshes.rs", "water in time is drawn from depth and level"),
];

#[test]
fn models_are_named_in_their_folders_and_nowhere_else() {
    let sections: Vec<&str> = models::all().iter().map(|entry| entry.section()).collect();
    let mut words: Vec<String> = vec!["ModelName::".into()];
    words.extend(sections.iter().flat_map(|name| [format!("\"{name}\""), format!("{name}::")]));
    words.extend(models::all().iter().map(|entry| format!("\"{}\"", entry.process)));
    let mut found = Vec::new();
    let mut seen = 0;
    let mut folders: Vec<PathBuf> = ["engine", "server/src", "clients/python/src"].map(|at| root().join(at)).to_vec();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let place = path.strip_prefix(root()).expect("below it").to_string_lossy().replace('\\', "/");
            // Of the engine: the crates of models, and what lists them.
            let within = place.strip_prefix("engine/").unwrap_or_default();
            let is_of_model = sections.iter().any(|name| within.starts_with(&format!("{name}/")));
            let is_other = ["tests/", "examples/"].iter().any(|start| within.starts_with(start));
            let may_name = is_of_model || is_other || place == "engine/src/models.rs";
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_code = (place.ends_with(".rs") && !place.ends_with("/tests.rs")) || place.ends_with(".py");
            if !is_code || may_name || OTHERS.iter().any(|(other, _)| place.starts_with(other)) {
                continue;
            }
            seen += 1;
            let text = std::fs::read_to_string(&path).expect("a text");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
                let is_named = |word: &String| line.match_indices(word.as_str()).any(|(at, _)| !is_within(line, at));
                found.extend(words.iter().filter(|word| is_named(word)).map(|word| format!("{place}: {word}")));
            }
        }
    }
    assert!(found.is_empty(), "models are named outside of their folders:\n{}", found.join("\n"));
    assert!(seen > 100, "{seen} files");
    let names = |line: &&str| sections.iter().any(|name| line.split_whitespace().any(|word| word == *name));
    for file in [".ci/run", ".ci/slow"] {
        let text = std::fs::read_to_string(root().join(file)).expect(file);
        let own = text.lines().filter(|line| line.contains("validate")).find(names);
        assert!(text.contains("models --names") && own.is_none(), "{file} lists models by hand: {own:?}");
    }
}

/// Whether what stands at a place of a line is the end of a longer name.
fn is_within(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_')
}
