//! Who may know whom: crates by their manifests, which the compiler then holds, and files within a crate by their
//! imports. What holds between crates is drawn in ARCHITECTURE.md, and read from there.

use crate::shaders::{files, read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::{Table, Value};

/// Which crates may name which, as ARCHITECTURE.md draws it: an arrow for each pair.
fn picture() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let (_, rest) = text.split_once("```mermaid\n").expect("a picture of the crates");
    let (arrows, _) = rest.split_once("```").expect("its end");
    let mut picture = BTreeMap::new();
    for (from, to) in arrows.lines().filter_map(|line| line.trim().split_once(" --> ")) {
        for name in from.split(" & ") {
            let below: &mut BTreeSet<String> = picture.entry(name.to_string()).or_default();
            below.extend(to.split(" & ").map(String::from));
        }
    }
    picture
}

/// All that arrows lead to from a crate.
fn below(name: &str, picture: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![name];
    while let Some(name) = next.pop() {
        for own in picture.get(name).into_iter().flatten() {
            if found.insert(own.clone()) {
                next.push(own);
            }
        }
    }
    found
}

/// The packages that sections of a manifest name: also those for one platform, and those that have another name in it.
fn packages(manifest: &str, sections: &[&str], shared: &Table) -> BTreeSet<String> {
    let manifest: Table = manifest.parse().unwrap_or_else(|reason| panic!("{reason}\n{manifest}"));
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let renamed = |entry: &Value| entry.get("package").and_then(Value::as_str).map(String::from);
    let mut packages = BTreeSet::new();
    for table in platforms.filter_map(Value::as_table).chain([&manifest]) {
        for (name, entry) in sections.iter().filter_map(|section| table.get(*section)?.as_table()).flatten() {
            let package = renamed(entry).or_else(|| shared.get(name).and_then(renamed));
            packages.insert(package.unwrap_or_else(|| name.clone()));
        }
    }
    packages
}

/// The folders of all packages, and the dependencies that they share.
fn workspace() -> (Vec<String>, Table) {
    let manifest: Table = read(&root().join("Cargo.toml")).parse().expect("a manifest");
    let members = manifest["workspace"]["members"].as_array().expect("a list");
    let members = members.iter().map(|member| member.as_str().expect("a folder").to_string());
    // Examples stand above everything, as what other people build does.
    let members = members.filter(|member| member != EXAMPLES).collect();
    (members, manifest["workspace"]["dependencies"].as_table().expect("a table").clone())
}

/// Packages that show how others use Hanze.
const EXAMPLES: &str = "engine/examples/*";

/// Crates that hold a part which speaks to a GPU, with the buffers that `device` gives.
const SPEAK_WGPU: [&str; 4] = ["device", "runoff", "heat", "traffic"];

/// What the manifest of a folder names though it must not, and the crates of the engine that it names.
fn held(folder: &str, manifest: &str) -> (Vec<String>, BTreeSet<String>) {
    let ((_, shared), picture) = (workspace(), picture());
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let is_engine = folder.starts_with("engine");
    // Tests of the engine may check with other parts, and with the facade.
    let sections = ["dependencies", "build-dependencies", "dev-dependencies"];
    let packages = packages(manifest, if is_engine { &sections[..2] } else { &sections }, &shared);
    // Commands, server and benches go through the facade.
    let may = if is_engine { below(name, &picture) } else { picture.get(name).cloned().unwrap_or_default() };
    let crates: BTreeSet<String> = packages
        .iter()
        .filter_map(|package| if package == "hanze" { Some("server") } else { package.strip_prefix("hanze-") })
        .map(String::from)
        .collect();
    let mut faults: Vec<String> = crates.difference(&may).map(|found| format!("{folder} names {found}")).collect();
    if packages.contains("wgpu") && !SPEAK_WGPU.contains(&name) {
        faults.push(format!("{folder} names wgpu"));
    }
    (faults, crates)
}

/// The compiler keeps these walls as long as no manifest opens one.
#[test]
fn manifests_name_only_what_is_below() {
    let (folders, picture) = (workspace().0, picture());
    let mut drawn: BTreeSet<String> = picture.values().flatten().chain(picture.keys()).cloned().collect();
    for folder in &folders {
        let (faults, crates) = held(folder, &read(&root().join(folder).join("Cargo.toml")));
        assert!(faults.is_empty(), "{faults:?}: ARCHITECTURE.md has no way there");
        let name = folder.rsplit('/').next().unwrap_or(folder);
        assert!(drawn.remove(name), "{name} is not in the picture of ARCHITECTURE.md");
        assert!(!below(name, &picture).contains(name), "{name} knows itself through others");
        let arrows = picture.get(name).cloned().unwrap_or_default();
        assert!(arrows.is_subset(&crates), "{folder} names {crates:?}, but is drawn with {arrows:?}");
    }
    assert!(drawn.is_empty(), "drawn in ARCHITECTURE.md, and no package: {drawn:?}");
    for entry in std::fs::read_dir(root().join("engine")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let folder = format!("engine/{}", path.file_name().expect("a name").to_string_lossy());
        assert!(!path.join("Cargo.toml").is_file() || folders.contains(&folder), "{folder} is no member");
    }
}

#[test]
fn examples_need_the_facade_and_the_commands_only() {
    let examples = std::fs::read_dir(root().join("engine/examples")).expect("a folder");
    let manifests = examples.map(|entry| entry.expect("an entry").path().join("Cargo.toml"));
    let shared = workspace().1;
    let mut seen = 0;
    for path in manifests.filter(|path| path.is_file()) {
        let packages = packages(&read(&path), &["dependencies", "build-dependencies", "dev-dependencies"], &shared);
        let own: Vec<&String> = packages.iter().filter(|name| name.starts_with("hanze")).collect();
        assert_eq!(own, ["hanze", "hanze-engine"], "{}", path.display());
        assert!(!packages.contains("wgpu"), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn a_manifest_with_an_edge_upwards_is_found() {
    let found = |folder: &str, line: &str| {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        assert_eq!(held(folder, &manifest).0, [""; 0], "{folder}");
        let (head, rest) = manifest.split_once("[dependencies]\n").expect("dependencies");
        let manifest = match line.starts_with('[') {
            true => format!("{manifest}\n{line}\n"),
            false => format!("{head}[dependencies]\n{line}\n{rest}"),
        };
        held(folder, &manifest).0
    };
    for (folder, line, named) in [
        ("engine/base", "hanze-city.workspace = true", "city"),
        ("engine/base", "hanze-city = { path = \"../city\" }", "city"),
        ("engine/base", "town = { package = \"hanze-city\", path = \"../city\" }", "city"),
        ("engine/base", "[build-dependencies]\nhanze-city.workspace = true", "city"),
        ("engine/base", "[target.'cfg(unix)'.dependencies]\nhanze-city.workspace = true", "city"),
        ("engine/device", "hanze-city.workspace = true", "city"),
        ("engine/city", "hanze-output.workspace = true", "output"),
        ("engine/scenario", "hanze-model.workspace = true", "model"),
        ("engine/model", "hanze-runoff.workspace = true", "runoff"),
        ("engine/runoff", "hanze-heat.workspace = true", "heat"),
        ("engine/heat", "hanze-traffic.workspace = true", "traffic"),
        ("engine/traffic", "hanze-output.workspace = true", "output"),
        ("engine/output", "hanze-scenario.workspace = true", "scenario"),
        ("engine/view", "hanze-engine.workspace = true", "engine"),
        ("engine", "hanze = { path = \"../server\" }", "server"),
        ("engine", "wgpu.workspace = true", "wgpu"),
        ("engine/output", "wgpu.workspace = true", "wgpu"),
        ("engine/view", "gpu = { package = \"wgpu\", version = \"30\" }", "wgpu"),
        ("server", "hanze-base.workspace = true", "base"),
        ("server", "wgpu.workspace = true", "wgpu"),
    ] {
        assert_eq!(found(folder, line), [format!("{folder} names {named}")], "{line}");
    }
    assert_eq!(held("benches", "[dev-dependencies]\nhanze-heat.workspace = true\n").0, ["benches names heat"]);
    assert_eq!(held("engine/base", "[dependencies.hanze-city]\nworkspace = true\n").0, ["engine/base names city"]);
    // Tests of a crate may use what is above it.
    assert_eq!(held("engine/base", "[dev-dependencies]\nhanze-city.workspace = true\n").0, [""; 0]);
}

/// Code without comments, and without tests: these may use other parts to check with.
fn without_comments_and_tests(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The parts of the engine that code names: `city` of `crate::city::City`, or of `crate::{Error, city::City}`.
fn parts(code: &str) -> Vec<String> {
    let first =
        |path: &str| -> String { path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut parts = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let path = &code[at + start.len()..];
        let Some(group) = path.strip_prefix('{') else {
            parts.push(first(path));
            continue;
        };
        let (mut depth, mut item) = (0, String::new());
        for c in group.chars() {
            match c {
                '}' if depth == 0 => break,
                ',' if depth == 0 => parts.push(first(&std::mem::take(&mut item))),
                _ => {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    item.push(c);
                }
            }
        }
        parts.push(first(&item));
    }
    parts
}

#[test]
fn parts_are_found() {
    let check = |code: &str, expected: &[&str]| assert_eq!(parts(code), expected, "in {code}");
    check("use crate::city::City;", &["city"]);
    check("use crate::{Error, grid::{Crs, Grid}, city};", &["Error", "grid", "city"]);
    check(
        "use crate::{\n    grid::Grid,\n    raster::Raster,\n};\ncrate::output::x()",
        &["grid", "raster", "", "output"],
    );
    assert_eq!(without_comments_and_tests("a // crate::b\n#[cfg(test)]\nmod tests {\ncrate::c }").trim(), "a");
}

/// A file or folder of `engine/`, and what it may not know though its crate does.
const STRANGERS: &[(&str, &[&str])] = &[
    ("base/src/grid.rs", &["raster"]),
    ("output/src/mesh", &["cityjson", "fgb", "folder", "geojson", "geotiff", "glb", "map", "png", "table", "vehicles"]),
    ("base/src/plane.rs", &["raster"]),
    // The numerics get plain arrays.
    ("runoff/src/arrays.rs", &["city", "scenario", "spec"]),
    ("runoff/src/cpu", &["city", "scenario", "spec"]),
    ("runoff/src/gpu.rs", &["city", "scenario", "spec"]),
    ("runoff/src/gpu", &["city", "scenario", "spec"]),
    ("runoff/src/params.rs", &["city", "scenario", "spec"]),
    ("runoff/src/problem.rs", &["city", "scenario", "spec"]),
    ("runoff/src/run.rs", &["city", "scenario", "spec"]),
    ("runoff/src/solver.rs", &["city", "scenario", "spec"]),
    ("runoff/src/links.rs", &["city", "scenario", "spec"]),
    ("runoff/src/sewer.rs", &["city", "scenario", "spec"]),
    ("runoff/src/sky.rs", &["city", "scenario", "spec"]),
    ("heat/src/cpu", &["city", "scenario", "spec"]),
    ("heat/src/gpu.rs", &["city", "scenario", "spec"]),
    ("heat/src/island", &["city", "scenario", "spec"]),
    ("heat/src/params.rs", &["city", "scenario", "spec"]),
    ("heat/src/radiant.rs", &["city", "scenario", "spec"]),
    ("heat/src/solver.rs", &["city", "scenario", "spec"]),
    ("heat/src/scene.rs", &["city", "scenario", "spec"]),
    ("heat/src/hour.rs", &["city", "scenario", "spec"]),
    ("heat/src/forcing.rs", &["city", "scenario", "spec"]),
    ("city/src/roads", &["raster"]),
    // The numerics get plain arrays.
    ("traffic/src/assignment", &["city", "scenario", "spec"]),
    ("traffic/src/assignment.rs", &["city", "scenario", "spec"]),
    ("traffic/src/cpu", &["city", "scenario", "spec"]),
    ("traffic/src/demand.rs", &["city", "scenario", "spec"]),
    ("traffic/src/gpu.rs", &["city", "scenario", "spec"]),
    ("traffic/src/kept.rs", &["city", "scenario", "spec"]),
    ("traffic/src/motion/gpu.rs", &["city", "scenario", "spec"]),
    ("traffic/src/motion/mover.rs", &["city", "scenario", "spec"]),
    ("traffic/src/motion/packed.rs", &["city", "scenario", "spec"]),
    ("traffic/src/motion/params.rs", &["city", "scenario", "spec"]),
    ("traffic/src/network.rs", &["city", "scenario", "spec"]),
    ("traffic/src/params.rs", &["city", "scenario", "spec"]),
    ("traffic/src/shortest.rs", &["city", "scenario", "spec"]),
    ("traffic/src/paths.rs", &["city", "scenario", "spec"]),
];

/// How many modules a file lies below the root of its crate.
fn depth(path: &Path) -> usize {
    let within = path.components().rev().take_while(|part| part.as_os_str() != "src").count();
    within - usize::from(path.ends_with("mod.rs") || path.ends_with("lib.rs"))
}

/// Code with its paths as from the root: those that climb up to it, and those of other crates of the engine.
fn from_root(code: &str, depth: usize) -> String {
    let code = if depth > 0 { code.replace(&"super::".repeat(depth), "crate::") } else { code.to_string() };
    code.replace("hanze_base::", "crate::").replace("hanze_", "crate::")
}

#[test]
fn paths_are_those_from_the_root() {
    let check = |place: &str, code: &str, expected: &[&str]| {
        assert_eq!(parts(&from_root(code, depth(Path::new(place)))), expected, "{code} in {place}");
    };
    check("engine/base/src/grid.rs", "use super::{raster::Raster, error};", &["raster", "error"]);
    check("engine/output/src/mesh/rtin.rs", "use super::super::png; use super::terrain;", &["png"]);
    check("engine/output/src/mesh/mod.rs", "use super::png;", &["png"]);
    check(
        "engine/heat/src/island/run/settle.rs",
        "use hanze_scenario as keys; hanze_base::grid::x()",
        &["scenario", "grid"],
    );
}

#[test]
fn nobody_knows_strangers() {
    let mut offenders = Vec::new();
    for (place, strangers) in STRANGERS {
        let place = root().join("engine").join(place);
        for path in files(&place, &["rs"]) {
            if path.file_stem().is_some_and(|stem| stem == "tests") {
                continue;
            }
            let code = without_comments_and_tests(&read(&path));
            let named = parts(&from_root(&code, depth(&path)));
            for part in named.iter().filter(|part| strangers.contains(&part.as_str())) {
                offenders.push(format!("{} names {part}", path.display()));
            }
        }
    }
    for place in ["server/src", "benches"] {
        for path in files(&root().join(place), &["rs", "toml"]) {
            if read(&path).contains("wgpu") {
                offenders.push(format!("{} names wgpu", path.display()));
            }
        }
    }
    assert!(offenders.is_empty(), "who may know whom:\n{}", offenders.join("\n"));
}
