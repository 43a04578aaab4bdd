//! Variants of a city: edits, runs on each of them, and what differs.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const SCENARIO: &str = r#"title = "Two squares"
[city]
demo = { seed = 1, width_m = 400, height_m = 300, cell_m = 4 }
[runoff]
end_minutes = 20
order = 1
rain = { mm_per_hour = 60, minutes = 15 }
[traffic]
end_minutes = 60
demand = { gate_trips = 500 }
[[variant]]
name = "Grass"
edit = [{ what = "cover", area = [[AREA]], becomes = "grass" }]
[[variant]]
name = "As it is"
[[variant]]
name = "Wider inlets"
set = [{ key = "runoff.rain.mm_per_hour", times = 0.5 }]
"#;

fn hanze(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    command.args(arguments).current_dir(folder).env("XDG_RUNTIME_DIR", folder).output().unwrap()
}

fn said(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = hanze(folder, arguments);
    let [out, error] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{arguments:?}: {out}{error}");
    out
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = hanze(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// A scenario whose square lies within the demo town of this size.
fn scenario() -> String {
    let city = hanze_engine::city::demo::demo(1, 400.0, 300.0, 4.0).unwrap();
    let (west, south) = (city.grid.west + 100.0, city.grid.south() + 100.0);
    let corners = [[west, south], [west + 120.0, south], [west + 120.0, south + 80.0], [west, south + 80.0]];
    let corners: Vec<String> = corners.iter().map(|[x, y]| format!("[{x}, {y}]")).collect();
    SCENARIO.replace("[AREA]", &corners.join(", "))
}

#[test]
fn every_section_runs_on_every_variant_and_what_does_not_change_is_not_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("squares.toml"), scenario()).unwrap();
    let arguments = ["run", "squares.toml", "--device", "cpu"];
    said(folder.path(), &arguments);
    let whole = folder.path().join("runs/squares");
    let record = json(&whole.join("whole.json"));
    let runs = record["runs"].as_array().unwrap();
    let of = |variant: Value, model: &str| {
        runs.iter().find(|run| run["variant"] == variant && run["model"] == model).expect("a run")
    };
    assert_eq!(runs.len(), 8);
    // Grass changes where water goes, and no trip; what is as it is equals today; a rate of rain is the runoff's alone.
    for (variant, model, computed) in [
        (Value::Null, "runoff", true),
        (Value::Null, "traffic", true),
        ("Grass".into(), "runoff", true),
        ("Grass".into(), "traffic", false),
        ("As it is".into(), "runoff", false),
        ("As it is".into(), "traffic", false),
        ("Wider inlets".into(), "runoff", true),
        ("Wider inlets".into(), "traffic", false),
    ] {
        assert_eq!(of(variant.clone(), model)["computed"], computed, "{variant} {model}");
    }
    assert_eq!((&record["computed"], &record["reused"]), (&4.into(), &4.into()));
    assert_eq!(of("As it is".into(), "runoff")["folder"], of(Value::Null, "runoff")["folder"]);
    // Each run lies where its variant is, and says so.
    let grass = of("Grass".into(), "runoff");
    assert!(grass["folder"].as_str().unwrap().starts_with("grass/"), "{grass}");
    assert_eq!(json(&whole.join(grass["folder"].as_str().unwrap()).join("run.json"))["variant"], "Grass");

    // What it means: less water with grass and with half the rain, nothing where nothing changes.
    let compared = json(&whole.join("comparison/runoff/comparison.json"));
    let story = compared["story"].to_string();
    assert!(story.contains("Grass") && story.to_lowercase().contains("no change"), "{story}");
    let matrix = std::fs::read_to_string(whole.join("comparison/runoff/indicators.csv")).unwrap();
    assert!(matrix.lines().count() > 2 && matrix.contains("As it is"), "{matrix}");
    let traffic = json(&whole.join("comparison/traffic/comparison.json"))["story"].to_string();
    assert!(traffic.to_lowercase().contains("no change"), "{traffic}");

    // A second call finds everything; one more edit computes what it reaches.
    said(folder.path(), &arguments);
    assert_eq!(json(&whole.join("whole.json"))["computed"], 0);
    let more = scenario().replace(
        "name = \"As it is\"",
        "name = \"As it is\"\nset = [{ key = \"traffic.demand.factor\", value = 0.9 }]",
    );
    std::fs::write(folder.path().join("squares.toml"), more).unwrap();
    said(folder.path(), &arguments);
    assert_eq!(json(&whole.join("whole.json"))["computed"], 1);
}

#[test]
fn edits_are_told_and_drawn_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("squares.toml"), scenario()).unwrap();
    let told = said(folder.path(), &["edit", "squares.toml", "--out", "maps"]);
    for words in
        ["Grass", "cover: ", "infiltration: ", "no layer or object is touched", "runoff.rain.mm_per_hour × 0.5"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    for side in ["before", "after"] {
        let picture = std::fs::read(folder.path().join(format!("maps/grass/cover-{side}.png"))).unwrap();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5000);
    }
    assert!(said(folder.path(), &["edit", "squares.toml", "--language", "nl"]).contains("er verandert niets"));
}

#[test]
fn bad_variants_are_told_where_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, words) in [
        ("becomes = \"grass\"", "becomes = \"lava\"", "variant[0].edit[0].becomes"),
        ("name = \"As it is\"", "name = \"Grass\"", "variant"),
        ("name = \"As it is\"", "name = \"As it is\"\nbased_on = \"Nowhere\"", "variant[1].based_on"),
        ("runoff.rain.mm_per_hour", "heat.end_minutes", "the scenario has no section [heat]"),
        ("times = 0.5", "value = -1", "runoff.rain.mm_per_hour: -1 is not allowed"),
        ("times = 0.5", "times = 0.5, value = 3", "write one of value and times"),
        ("key = \"runoff.rain.mm_per_hour\"", "key = \"runoff.wind\"", "runoff.wind: is no number of a section"),
        ("what = \"cover\"", "what = \"colour\"", "colour"),
    ] {
        assert!(scenario().contains(from), "{from}");
        std::fs::write(folder.path().join("squares.toml"), scenario().replace(from, to)).unwrap();
        let told = refused(folder.path(), &["check", "squares.toml"]);
        assert!(told.contains(words), "{to}: {told}");
        assert!(told.contains("squares.toml:"), "{to}: {told}");
    }
}

/// What planners ask, each in a file that fits on half a page.
#[test]
fn three_questions_take_under_25_lines_each() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (question, words) in [("trees", "tree: 200 added"), ("houses", "building: 2 added"), ("road", "link: ")] {
        let file = root.join("scenarios/what-if").join(question).with_extension("toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.lines().count() < 25, "{question}");
        for section in ["[runoff]", "[heat]", "[traffic]"] {
            assert!(text.contains(section), "{question}: {section}");
        }
        let told = said(&root, &["edit", file.to_str().unwrap()]);
        assert!(told.contains(words), "{question}: {told}");
    }
}
