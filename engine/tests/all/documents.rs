//! Documents name only files that are there.

use crate::shaders::{read, root};
use std::path::Path;

/// Folders whose files documents name.
const TOPS: [&str; 8] = ["engine", "server", "shaders", "scenarios", "benches", "clients", "docs", ".ci"];

/// All files and folders below a place, from the root; those of folders with a `/` at their end.
fn collect(place: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(place)).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = format!("{place}/{}", entry.file_name().to_string_lossy());
        if !entry.path().is_dir() {
            found.push(name);
        } else if !["node_modules", "target", "__pycache__"].iter().any(|built| name.ends_with(built)) {
            collect(&name, found);
            found.push(name + "/");
        }
    }
}

/// What stands between single backticks on a line, and where links lead.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    line.split('`').skip(1).step_by(2).chain(links)
}

/// Whether a name is that of a file or folder of the project that is not there: a whole path, or the end of one for sources.
fn is_missing(name: &str, there: &[String]) -> bool {
    let is_path = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let is_whole = TOPS.iter().any(|top| name.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')));
    // Those of callers have other endings.
    let is_source = [".rs", ".wgsl", ".py", ".sh"].iter().any(|ending| name.ends_with(ending));
    let plain = name.trim_end_matches('/');
    let is_there = |own: &String| {
        let own = own.trim_end_matches('/');
        own == plain || (!is_whole && own.ends_with(&format!("/{plain}")))
    };
    let is_top = TOPS.contains(&plain);
    is_path && (is_whole || is_source) && !is_top && !plain.contains("NAME") && !there.iter().any(is_there)
}

#[test]
fn documents_name_what_is_there() {
    let mut there = Vec::new();
    TOPS.iter().for_each(|top| collect(top, &mut there));
    assert!(is_missing("engine/src/models/mod.rs", &there) && is_missing("models/validate.rs", &there));
    assert!(!is_missing("engine/base/src/grid.rs", &there) && !is_missing("src/grid.rs", &there));
    assert!(!is_missing("runs/cache", &there) && !is_missing("/v1/jobs", &there));

    let mut documents: Vec<String> = ["ARCHITECTURE.md", "README.md", "CHANGELOG.md"].map(String::from).to_vec();
    documents.extend(there.iter().filter(|name| Path::new(name).extension().is_some_and(|own| own == "md")).cloned());
    let (mut missing, mut seen) = (Vec::new(), 0);
    for document in &documents {
        for line in read(&root().join(document)).lines() {
            seen += named(line).count();
            let faults = named(line).filter(|name| is_missing(name, &there));
            missing.extend(faults.map(|name| format!("{document}: {name}")));
        }
    }
    assert!(missing.is_empty(), "named, but not there:\n{}", missing.join("\n"));
    assert!(documents.len() > 6 && seen > 500, "{} documents, {seen} names", documents.len());
}
