//! A model of another crate goes through all that models go through, and nothing there knows its name.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bathtub"));
    command.args(arguments).current_dir(folder).env("XDG_RUNTIME_DIR", folder);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command says, where it succeeds.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    assert!(status.success(), "{arguments:?}: {}{}", text(&stdout), text(&stderr));
    text(&stdout)
}

/// What it says where it fails.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn tide() -> String {
    include_str!("../slow-tide.toml").into()
}

fn write(folder: &Path, scenario: &str) {
    std::fs::write(folder.join("tide.toml"), scenario).unwrap();
}

/// The folder of the only run below another.
fn run_of(folder: &Path) -> PathBuf {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.into_iter().find(|path| path.join("scenario.toml").exists() || path.join("run.json").exists()).expect("a run")
}

fn record(run: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap()
}

#[test]
fn its_keys_are_in_the_schema_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_str(&said(folder.path(), &["schema"])).unwrap();
    let own = schema["properties"]["bathtub"].to_string();
    assert!(own.contains("What is asked of the bathtub"), "{own}");
    let keys = &schema["$defs"]["BathtubSpec"]["properties"];
    assert_eq!((keys["step_s"]["default"].as_f64(), keys["from_m"]["minimum"].as_f64()), (Some(60.0), Some(-12_000.0)));
    assert!(schema["properties"]["runoff"].is_object());

    write(folder.path(), &tide());
    let fine = said(folder.path(), &["check", "tide.toml"]);
    assert!(fine.contains("fine") && fine.contains("water is taken to come from everywhere"), "{fine}");
    for (from, to, words) in [
        ("to_m = 1.0", "to_m = -2.0", "bathtub.to_m: -2 is below from_m, -1"),
        ("to_m = 1.0", "to_m = 1e9", "bathtub.to_m: 1000000000 is not allowed"),
        ("from_m = -1.0", "", "missing field `from_m`"),
        ("to_m = 1.0", "to_m = 1.0\nhigh_m = 3", "unknown field `high_m`"),
        ("[bathtub]", "[tub]", "unknown field `tub`"),
    ] {
        write(folder.path(), &tide().replace(from, to));
        let told = refused(folder.path(), &["check", "tide.toml"]);
        assert!(told.contains(words), "{to}: {told}");
    }
    // Where it stands is told, too.
    write(folder.path(), &tide().replace("to_m = 1.0", "to_m = \"high\""));
    let told = refused(folder.path(), &["check", "tide.toml"]);
    assert!(told.contains("tide.toml:11:8") && told.contains("bathtub.to_m"), "{told}");
}

#[test]
fn it_runs_beside_another_model_and_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &tide());
    said(folder.path(), &["run", "tide.toml", "--device", "cpu"]);
    let run = run_of(&folder.path().join("runs"));
    let record = record(&run);
    assert_eq!((&record["model"], &record["synthetic"]), (&"bathtub".into(), &true.into()));
    let files: Vec<&str> =
        record["artifacts"].as_array().unwrap().iter().filter_map(|own| own["name"].as_str()).collect();
    for name in ["tub_max_depth.tif", "tub_max_depth.png"] {
        assert!(files.contains(&name), "no {name} in {files:?}");
    }
    let described =
        record["artifacts"].as_array().unwrap().iter().find(|own| own["name"] == "tub_max_depth.tif").unwrap();
    assert!(described["description_nl"].as_str().unwrap().contains("grootste diepte"), "{described}");
    said(folder.path(), &["map", run.to_str().unwrap(), "--layer", "tub_max_depth", "--language", "nl"]);
    assert!(std::fs::read(folder.path().join("map.png")).unwrap().starts_with(b"\x89PNG"));

    // Two sections of one file on one city, one of each model.
    write(folder.path(), &format!("{}\n[runoff]\nend_minutes = 1\n", tide()));
    said(folder.path(), &["run", "tide.toml", "--device", "cpu", "--out", "both"]);
    let mut models: Vec<String> = std::fs::read_dir(folder.path().join("both"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().path()).filter(|path| path.join("run.json").exists()))
        .map(|run| self::record(&run)["model"].as_str().unwrap().to_string())
        .collect();
    models.sort();
    assert_eq!(models, ["bathtub", "runoff"]);
}

#[test]
fn a_stopped_run_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &tide().replace("to_m = 1.0", "to_m = 1.0\nstep_s = 0.1"));
    said(folder.path(), &["run", "tide.toml", "--device", "cpu", "--out", "whole"]);
    let mut command = command(folder.path(), &["run", "tide.toml", "--device", "cpu", "--json", "--out", "parts"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map(Result::unwrap).any(|line| line.contains("\"progress\"")));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let parts = std::fs::read_dir(folder.path().join("parts")).unwrap().map(|entry| entry.unwrap().path());
    let parts = parts.into_iter().find(|path| path.join("checkpoint.bin").exists()).expect("a stopped run");
    said(folder.path(), &["resume", parts.to_str().unwrap(), "--device", "cpu"]);
    let [mut whole, mut again] = [record(&run_of(&folder.path().join("whole"))), record(&parts)];
    for own in [&mut whole, &mut again] {
        own.as_object_mut().unwrap().remove("volatile");
    }
    assert_eq!(whole, again);
}

#[test]
fn it_is_validated_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let told = said(folder.path(), &["validate", "bathtub"]);
    assert!(told.contains("a slope fills as a wedge"), "{told}");
    let names = said(folder.path(), &["models", "--names"]);
    assert_eq!(names.lines().last(), Some("bathtub"), "{names}");
    let told = said(folder.path(), &["bench", "--model", "bathtub", "--seconds", "0.05"]);
    assert!(told.contains("fill"), "{told}");
    said(folder.path(), &["bench", "--all", "--size", "tiny", "--seconds", "0.05", "--json", "b.json"]);
    let found: Value = serde_json::from_slice(&std::fs::read(folder.path().join("b.json")).unwrap()).unwrap();
    let rows = found["devices"][0]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["model"] == "bathtub" && row["stage"] == "fill"), "{found}");
}

#[test]
fn a_server_runs_it_for_whoever_submits() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &tide());
    let mut serve = command(folder.path(), &["serve", "--open", "--port", "0", "--device", "cpu", "--data", "data"]);
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut process = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().find_map(|word| word.strip_suffix("/v1"));
    let url = url.unwrap_or(&line);
    let ask = |arguments: &[&str]| command(folder.path(), &[arguments, &["--server", url]].concat()).output().unwrap();
    let mut told = Vec::new();
    for scenario in ["tide.toml", "slow-tide"] {
        let submitted = ask(&["submit", scenario]);
        let id = text(&submitted.stdout).lines().next().unwrap_or_default().to_string();
        told.push((submitted, ask(&["results", &id])));
    }
    Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    process.wait().unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    for (submitted, results) in told {
        for Output { status, stdout, stderr } in [&submitted, &results] {
            assert!(status.success(), "{}{}{log}", text(stdout), text(stderr));
        }
        assert!(text(&results.stdout).contains("tub_max_depth"), "{}", text(&results.stdout));
    }
}

/// Its name stands here and nowhere else: nobody had to be told of it.
#[test]
fn nobody_else_knows_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
    let mut folders: Vec<PathBuf> =
        ["engine", "server", "shaders", "benches", "clients", "scenarios"].map(|name| root.join(name)).to_vec();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        if folder.canonicalize().unwrap() == own {
            continue;
        }
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_code =
                ["rs", "toml", "wgsl", "py"].iter().any(|end| path.extension().is_some_and(|own| own == *end));
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if is_code {
                seen += 1;
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(!text.to_lowercase().contains("bathtub"), "{} knows it", path.display());
            }
        }
    }
    assert!(seen > 300, "{seen} files");
}
