//! The command line as a person or a script uses it.

use hanze_engine::models;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn hanze(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    command.args(arguments).current_dir(folder).env("XDG_RUNTIME_DIR", folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A shower on a small demo city with a gauge and a free edge.
fn scenario(folder: &Path, minutes: f64, runoff: &str) -> PathBuf {
    let path = folder.join("shower.toml");
    let text = format!(
        "title = \"Shower\"\n\
         [city]\ndemo = {{ seed = 3, width_m = 300, height_m = 200, cell_m = 2 }}\n\
         [runoff]\nend_minutes = {minutes}\nframe_minutes = {}\n{runoff}\
         [runoff.rain]\nmm_per_hour = 60\nminutes = 10\n\
         [[runoff.boundary]]\nname = \"east\"\nedge = \"east\"\nkind = \"free\"\n\
         [[gauge]]\nname = \"square\"\nx = 139150\ny = 502100\n",
        minutes / 2.0
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// The one folder below `out`.
fn run_folder(out: &Path) -> PathBuf {
    let mut folders = std::fs::read_dir(out).unwrap();
    folders.next().unwrap().unwrap().path()
}

/// The one folder below `out` that is a run.
fn run_folder_of(out: &Path) -> PathBuf {
    let folders = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    folders.into_iter().find(|folder| folder.join("run.json").exists()).unwrap()
}

fn record(folder: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("run.json")).unwrap()).unwrap()
}

#[test]
fn a_run_makes_its_files_and_closes_its_balance() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 6.0, "");
    let output = hanze(folder.path(), &["run", "shower.toml", "--device", "cpu", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout);
    let events: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    for kind in ["note", "progress", "frame", "finished"] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    let run = run_folder(&folder.path().join("runs"));
    let record = record(&run);
    assert!(record["balance"]["relative_error"].as_f64().unwrap() < 1e-6, "{}", record["balance"]);
    assert_eq!(record["volatile"]["device"]["kind"], "cpu");
    assert_eq!(record["synthetic"], true);
    let artifacts = record["artifacts"].as_array().unwrap();
    let frame = "frames/depth_000180.000s";
    let made = [
        "max_depth.tif",
        "max_depth.png",
        "depth.png",
        "gauges.csv",
        "boundaries.csv",
        "spots.csv",
        "city/terrain.tif",
    ];
    for name in made.map(String::from).into_iter().chain([format!("{frame}.tif"), format!("{frame}.png")]) {
        let artifact = artifacts.iter().find(|artifact| artifact["name"] == name);
        let artifact = artifact.unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(std::fs::metadata(run.join(name)).unwrap().len(), artifact["bytes"].as_u64().unwrap());
    }
    let gauges = std::fs::read_to_string(run.join("gauges.csv")).unwrap();
    assert_eq!(gauges.lines().count(), 1 + 7, "{gauges}");
    let story = record["story"].as_array().unwrap();
    assert!(story[0]["nl"].as_str().unwrap().starts_with("Er viel"), "{story:?}");

    // Any layer of the run as a map, and against another run; what is not there is told.
    let map = |more: &[&str]| {
        let run = run.to_str().unwrap();
        hanze(folder.path(), &[&["map", run, "--size", "300", "--out", "map.png"], more].concat())
    };
    for more in
        [&["--layer", "arrival", "--language", "nl"][..], &["--layer", frame], &["--minus", run.to_str().unwrap()]]
    {
        let output = map(more);
        assert!(output.status.success(), "{more:?}: {}", text(&output.stderr));
        let picture = std::fs::read(folder.path().join("map.png")).unwrap();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000, "{more:?}: {} bytes", picture.len());
        std::fs::remove_file(folder.path().join("map.png")).unwrap();
    }
    for (more, words) in [
        (["--layer", "../run"], "max_velocity"),
        (["--minus", "nowhere"], "nowhere"),
        (["--language", "de"], "en or nl"),
    ] {
        let output = map(&more);
        assert!(!output.status.success() && text(&output.stderr).contains(words), "{more:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_stopped_run_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    // Short steps, so that the run lasts long enough to be stopped.
    scenario(folder.path(), 4.0, "longest_step_s = 0.016\n");
    let whole = hanze(folder.path(), &["run", "shower.toml", "--device", "cpu", "--out", "whole"]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));

    let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
    command.args(["run", "shower.toml", "--device", "cpu", "--json", "--out", "parts"]).current_dir(folder.path());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let begun = lines.by_ref().map(Result::unwrap).find(|line| line.contains("\"progress\""));
    assert!(begun.is_some());
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.last().unwrap().contains("\"stopped\""), "{rest:?}");

    let parts = run_folder(&folder.path().join("parts"));
    assert!(parts.join("checkpoint.bin").exists() && !parts.join("run.json").exists());
    let resumed = hanze(folder.path(), &["resume", parts.to_str().unwrap(), "--device", "cpu"]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    assert!(!parts.join("checkpoint.bin").exists());

    let (mut a, mut b) = (record(&run_folder(&folder.path().join("whole"))), record(&parts));
    a.as_object_mut().unwrap().remove("volatile");
    b.as_object_mut().unwrap().remove("volatile");
    assert_eq!(a, b, "everything but the volatile facts is equal, the checksums of all files among it");
}

#[test]
fn a_finished_run_is_named_and_computed_again_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 1.0, "");
    let run = |more: &[&str]| {
        let arguments = [&["run", "shower.toml", "--device", "cpu"], more].concat();
        let output = hanze(folder.path(), &arguments);
        assert!(output.status.success(), "{more:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    // Whether the last event says that it was computed; the record must say the same by its time.
    let written =
        || run_folder_of(&folder.path().join("runs")).join("run.json").metadata().unwrap().modified().unwrap();
    let computes = |more: &[&str]| {
        let before = written();
        let lines = run(&[&["--json"], more].concat());
        let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(last["event"], "finished", "{last}");
        assert!(last["files"].as_array().unwrap().iter().any(|name| name == "max_depth.tif"), "{last}");
        let computed = last["computed"].as_bool().unwrap();
        assert_eq!(written() != before, computed, "{more:?}");
        computed
    };
    let first = run(&[]);
    assert!(first.contains("Files in"), "{first}");
    let before = written();
    let second = run(&[]);
    for words in ["finished before; nothing was computed", "--again", "of rain fell"] {
        assert!(second.contains(words), "{words}: {second}");
    }
    assert_eq!(written(), before);
    assert!(!computes(&[]));
    assert!(computes(&["--again"]) && !computes(&[]));
    // Maps in another language are other files.
    assert!(computes(&["--language", "nl"]) && !computes(&["--language", "nl"]));
    assert!(run(&["--language", "nl"]).contains("er is niets berekend"));
    // A file that was changed is made anew.
    let gauges = run_folder_of(&folder.path().join("runs")).join("gauges.csv");
    let whole = std::fs::read(&gauges).unwrap();
    std::fs::write(&gauges, b"nothing").unwrap();
    assert!(computes(&["--language", "nl"]));
    assert_eq!(std::fs::read(&gauges).unwrap(), whole);
    std::fs::remove_file(&gauges).unwrap();
    assert!(computes(&["--language", "nl"]));
}

#[test]
fn each_section_has_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 6.0, "");
    let single = std::fs::read_to_string(folder.path().join("shower.toml")).unwrap();
    let sections = "[[runoff]]\nname = \"As it is\"\nend_minutes = 6\nframe_minutes = 3\n\
                  [runoff.rain]\nmm_per_hour = 60\nminutes = 10\n\
                  [[runoff.boundary]]\nname = \"east\"\nedge = \"east\"\nkind = \"free\"\n\
                  [[runoff]]\nname = \"Double\"\nend_minutes = 3\n[runoff.rain]\nmm_per_hour = 120\n\
                  [heat]\nend_minutes = 60\nweather = \"hot-day\"\ndate = \"2019-07-25\"\nsurfaces = \"sine\"\n";
    let (city, _) = single.split_once("[runoff]").unwrap();
    std::fs::write(folder.path().join("all.toml"), format!("{city}{sections}")).unwrap();
    let check = hanze(folder.path(), &["check", "all.toml"]);
    let said = text(&check.stdout);
    for section in ["runoff-as_it_is", "runoff-double", "heat"] {
        assert!(said.contains(&format!("all.toml [{section}]: fine")), "{said}{}", text(&check.stderr));
    }
    for file in ["shower.toml", "all.toml"] {
        let output = hanze(folder.path(), &["run", file, "--device", "cpu"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let runs = || std::fs::read_dir(folder.path().join("runs")).unwrap().map(|entry| entry.unwrap().path());
    let run = |start: &str| {
        let is_it = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(start);
        let found: Vec<PathBuf> = runs().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{start}: {found:?}");
        found[0].clone()
    };
    let depth = |start: &str| std::fs::read(run(start).join("max_depth.tif")).unwrap();
    assert!(depth("all-runoff-as_it_is-") == depth("shower-") && depth("all-runoff-double-") != depth("shower-"));
    assert!(run("all-heat-").join("max_pet.tif").exists());
    assert_eq!(record(&run("all-runoff-double-"))["section"], "runoff-double");
    // All are there, and nothing is computed again.
    let again = hanze(folder.path(), &["run", "all.toml", "--device", "cpu"]);
    assert_eq!(text(&again.stdout).matches("was finished before").count(), 3, "{}", text(&again.stdout));
}

#[test]
fn two_runs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    for (name, rain) in [("little", 10), ("much", 120)] {
        let file = scenario(folder.path(), 10.0, "");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("mm_per_hour = 60", &format!("mm_per_hour = {rain}")).replace("Shower", name);
        std::fs::write(&file, text).unwrap();
        let output = hanze(folder.path(), &["run", "shower.toml", "--device", "cpu", "--out", name]);
        assert!(output.status.success(), "{}", self::text(&output.stderr));
    }
    let [base, run] = ["little", "much"].map(|name| run_folder_of(&folder.path().join(name)));
    let [base, run] = [&base, &run].map(|path| path.to_str().unwrap());
    let output = hanze(folder.path(), &["compare", base, run, "--out", "both", "--language", "nl"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for words in
        ["\"much\" vergeleken met \"little\"", "Slechter: grootste waterdiepte op het land", "bestanden in both"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let both = folder.path().join("both");
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(both.join("comparison.json")).unwrap()).unwrap();
    let listed = record["artifacts"].as_array().unwrap().iter().chain(record["volatile"]["maps"].as_array().unwrap());
    for artifact in listed {
        let file = both.join(artifact["name"].as_str().unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().len(), artifact["bytes"].as_u64().unwrap(), "{artifact}");
    }
    for name in [
        "variant-1/difference_max_depth.tif",
        "variant-1/difference_max_depth.png",
        "variant-1/buildings.csv",
        "indicators.png",
    ] {
        assert!(both.join(name).exists(), "{name}");
    }
    let same = hanze(folder.path(), &["compare", base, base, "--out", "same"]);
    assert!(text(&same.stdout).contains("no change."), "{}{}", text(&same.stdout), text(&same.stderr));
    let missing = hanze(folder.path(), &["compare", base, "little", "--out", "none"]);
    assert!(!missing.status.success() && text(&missing.stderr).contains("not finished"), "{}", text(&missing.stderr));
}

#[test]
fn wrong_scenarios_are_shown_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 6.0, "order = 7\n");
    for command in [&["check", "shower.toml"][..], &["run", "shower.toml"]] {
        let output = hanze(folder.path(), command);
        assert!(!output.status.success());
        let words = text(&output.stderr);
        for part in ["shower.toml", "order = 7", "write 1 or 2"] {
            assert!(words.contains(part), "{words}");
        }
    }
    let output = hanze(folder.path(), &["run", "nothing.toml"]);
    assert!(!output.status.success() && text(&output.stderr).contains("nothing.toml"));
    scenario(folder.path(), 6.0, "");
    let output = hanze(folder.path(), &["run", "shower.toml", "--device", "toaster"]);
    assert!(!output.status.success() && text(&output.stderr).contains("hanze devices"));
}

#[test]
fn check_schema_and_devices_answer() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 6.0, "");
    let check = hanze(folder.path(), &["check", "shower.toml"]);
    assert!(text(&check.stdout).contains("150 × 100 cells"), "{}", text(&check.stdout));
    let schema = hanze(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&text(&schema.stdout)).unwrap();
    assert!(schema["properties"]["runoff"].is_object() && schema["$defs"]["BoundarySpec"].is_object());
    let devices = hanze(folder.path(), &["devices"]);
    let words = text(&devices.stdout);
    assert!(devices.status.success() && words.contains("cpu") && words.contains("auto takes"), "{words}");
}

#[test]
fn a_baseline_without_this_machine_is_told_and_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bench = |text: &str, more: &[&str]| {
        std::fs::write(folder.path().join("b.json"), text).unwrap();
        hanze(folder.path(), &[&["bench", "--baseline", "b.json"], more].concat())
    };
    for more in [None, Some("--strict")] {
        let output = bench("{\"machines\": []}", more.as_slice());
        let said = text(&output.stdout);
        assert!(output.status.success() && said.contains("--write measures and adds it"), "{said}");
        assert_eq!(said.lines().last(), Some("nothing is compared with the baseline"));
    }
    // Before anything is measured, and also where the file would be written anew.
    let wrong = "{\"machines\": [{\"kernels\": {}, \"level\": \"v3\", \"build\": \"dev\", \"threads\": -2}]}";
    for more in [None, Some("--write")] {
        let output = bench(wrong, more.as_slice());
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains("b.json") && said.contains("machines[0].threads"), "{said}");
        assert_eq!(std::fs::read_to_string(folder.path().join("b.json")).unwrap(), wrong);
    }
    for arguments in [&["bench", "--write"][..], &["bench", "--baseline", "b.json", "--model", "heat"]] {
        assert!(!hanze(folder.path(), arguments).status.success(), "{arguments:?}");
    }
}

#[test]
fn all_models_are_measured_and_two_files_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["bench", "--all", "--device", "cpu", "--size", "tiny", "--seconds", "0.01", "--json"];
    let measured = hanze(folder.path(), &[&all[..], &["old.json"]].concat());
    let said = text(&measured.stdout);
    assert!(measured.status.success(), "{said}{}", text(&measured.stderr));
    for model in models::all().iter().map(|entry| entry.section()) {
        assert!(said.contains(&format!("\n{model}: ")), "{said}");
    }
    let old = std::fs::read_to_string(folder.path().join("old.json")).unwrap();
    std::fs::write(folder.path().join("new.json"), old.replace("\"heat views\"", "\"heat rays\"")).unwrap();
    let compare = |names: [&str; 2]| hanze(folder.path(), &[&["bench", "--compare"][..], &names].concat());
    let compared = compare(["old.json", "new.json"]);
    let said = text(&compared.stdout);
    assert!(compared.status.success(), "{said}{}", text(&compared.stderr));
    let ratio = |line: &str| line.split('|').nth(4).map(|own| own.trim().to_string());
    let order = said.lines().find(|line| line.starts_with("cpu: runoff, runoff order 1")).and_then(ratio);
    assert_eq!(order.as_deref(), Some("1.000"), "{said}");
    assert!(said.contains("only in OLD: cpu: heat, heat views\nonly in NEW: cpu: heat, heat rays"), "{said}");
    std::fs::write(folder.path().join("none.json"), "{}").unwrap();
    let wrong = compare(["old.json", "none.json"]);
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("none.json"), "{}", text(&wrong.stderr));
    for arguments in [&["bench", "--size", "tiny"][..], &["bench", "--all", "--compare", "old.json", "new.json"]] {
        assert!(!hanze(folder.path(), arguments).status.success(), "{arguments:?}");
    }
}

#[test]
fn models_are_listed_with_what_belongs_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let names = text(&hanze(folder.path(), &["models", "--names"]).stdout);
    assert_eq!(
        names.lines().collect::<Vec<_>>(),
        models::all().iter().map(|entry| entry.section()).collect::<Vec<_>>()
    );
    let all = text(&hanze(folder.path(), &["models"]).stdout);
    for (line, entry) in all.lines().zip(models::all()) {
        let stored = entry.stored.iter().map(|own| own.name);
        let parts = [entry.section(), entry.process, entry.title, entry.card].into_iter().chain(stored);
        parts.for_each(|part| assert!(line.contains(part), "{part}: {line}"));
        // Every model can be asked for, and an unknown one is answered with their names.
        let unknown = hanze(folder.path(), &["validate", "nothing"]);
        assert!(!unknown.status.success() && text(&unknown.stderr).contains(entry.section()));
    }
}

#[test]
fn kernels_are_written_with_a_list_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = hanze(folder.path(), &["kernels", "into/wgsl"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let into = folder.path().join("into/wgsl");
    let list = std::fs::read_to_string(into.join("kernels.json")).unwrap();
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let known: usize = models::all().iter().map(|entry| entry.kernels.len()).sum();
    assert_eq!(list.len(), known);
    for kernel in &list {
        let source = std::fs::read_to_string(into.join(kernel["file"].as_str().unwrap())).unwrap();
        assert!(source.contains("fn main(") && kernel["overrides"].is_array(), "{kernel}");
    }
    // One more for the list: no two kernels share a file.
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), known + 1);
}

#[test]
fn the_shipped_scenarios_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let has_data = hanze_engine::data_folder().is_some();
    for entry in std::fs::read_dir(root.join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        // The tables of land use are no scenarios.
        if path.is_dir() {
            continue;
        }
        let needs_data = std::fs::read_to_string(&path).unwrap().contains("\"data:");
        if needs_data && !has_data {
            hanze_engine::testing::reference_data(&format!("the check of {}", path.display()));
            continue;
        }
        let output = hanze(root, &["check", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

#[test]
fn a_machine_without_a_driver_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    scenario(folder.path(), 6.0, "");
    let without_driver = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hanze"));
        command.args(arguments).current_dir(folder.path()).env("XDG_RUNTIME_DIR", folder.path());
        command.env("VK_DRIVER_FILES", "nothing.json").env("VK_ICD_FILENAMES", "nothing.json").output().unwrap()
    };
    if cfg!(target_os = "linux") {
        let devices = without_driver(&["devices"]);
        assert!(devices.status.success() && text(&devices.stdout).contains("no GPU"), "{}", text(&devices.stdout));
        for device in ["gpu", "gpu:any", "gpu:0", "gpu:H200"] {
            let run = without_driver(&["run", "shower.toml", "--device", device]);
            // The report is broken into lines at the width of a terminal.
            let words = text(&run.stderr).replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!run.status.success() && words.contains("--device cpu") && !words.contains("panicked"), "{words}");
        }
    }
}

#[test]
fn all_that_a_run_says_is_dutch_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = scenario(folder.path(), 6.0, "");
    let path = path.to_str().unwrap();
    let check = hanze(folder.path(), &["check", path, "--language", "nl"]);
    let told = text(&check.stdout);
    assert!(check.status.success() && told.contains("in orde") && told.contains("2 beelden in 6 minuten"), "{told}");
    let run = hanze(folder.path(), &["run", path, "--device", "cpu", "--language", "nl"]);
    let (said, progress) = (text(&run.stdout), text(&run.stderr));
    assert!(run.status.success(), "{progress}");
    for words in [
        "De stad is verzonnen",
        "Balans, m³:",
        "aan het begin aanwezig",
        "rand east",
        "van alles wat binnenkwam",
        "Bestanden in",
        "grootste waterdiepte (m)",
        "kaart: grootste waterdiepte",
        "de meetpunten in de tijd",
        "rasters in de tijd",
        "invoer, instellingen",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for words in ["op CPU", "cellen van 2 m", "beeld 1 van 2"] {
        assert!(progress.contains(words), "{words}: {progress}");
    }
    for english in
        ["Balance", "there at the start", "Files in", "rasters in time", "maximum water depth", "attribution of"]
    {
        assert!(!said.contains(english), "{english}: {said}");
    }
    let record = record(&run_folder(&folder.path().join("runs")));
    let files = record["artifacts"].as_array().unwrap();
    let depth = files.iter().find(|file| file["name"] == "max_depth.tif").unwrap();
    assert_eq!(depth["description_nl"], "grootste waterdiepte (m)");
    assert!(files.iter().all(|file| file["description_nl"].is_string()));
    // The same run is named and not computed, and says again that its city is made up.
    let again = hanze(folder.path(), &["run", path, "--device", "cpu", "--language", "nl"]);
    let said = text(&again.stdout);
    assert!(said.contains("al klaar") && said.contains("De stad is verzonnen"), "{said}");
}

#[test]
fn runs_of_files_can_be_drawn_and_meshed() {
    let folder = tempfile::tempdir().unwrap();
    let row = |row: usize| (0..30).map(move |col| if col == 9 && row == 4 { -9999.0 } else { 0.1 * row as f64 });
    let rows: Vec<String> = (0..20).map(|k| row(k).map(|z| format!("{z:.2} ")).collect()).collect();
    let head = "ncols 30\nnrows 20\nxllcorner 202000\nyllcorner 502000\ncellsize 2\nNODATA_value -9999\n";
    std::fs::write(folder.path().join("hills.asc"), format!("{head}{}\n", rows.join("\n"))).unwrap();
    let text = "title = \"Hills\"\n[city]\nterrain = \"hills.asc\"\nholes = \"wall\"\nepsg = 28992\n\
                [runoff]\nend_minutes = 10\nframe_minutes = 5\n[runoff.rain]\nmm_per_hour = 100\n";
    std::fs::write(folder.path().join("hills.toml"), text).unwrap();
    let output = hanze(folder.path(), &["run", "hills.toml", "--device", "cpu"]);
    assert!(output.status.success(), "{}", self::text(&output.stderr));
    let run = run_folder(&folder.path().join("runs"));
    let run = run.to_str().unwrap();
    for arguments in
        [&["map", run][..], &["map", run, "--layer", "city/terrain"], &["mesh", run, "--layer", "max_depth"]]
    {
        let output = hanze(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", self::text(&output.stderr));
    }
    let meshes: Vec<PathBuf> =
        std::fs::read_dir(folder.path().join("meshes")).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(meshes.len(), 3, "{meshes:?}");
    let output = hanze(folder.path(), &["mesh", run, "--layer", "nothing"]);
    assert!(!output.status.success() && self::text(&output.stderr).contains("max_depth"));
}

#[test]
fn the_demo_town_is_written_as_files_and_too_large_ones_are_refused_first() {
    let folder = tempfile::tempdir().unwrap();
    let output = hanze(folder.path(), &["demo", "town", "--width", "300", "--height", "200", "--seed", "4"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let files = [
        "terrain.tif",
        "cover.tif",
        "canopy.tif",
        "plan.png",
        "roads.geojson",
        "trees.geojson",
        "neighbourhoods.geojson",
        "buildings.city.json",
        "surface_height.tif",
        "codes.toml",
        "scenario.toml",
        "town.glb",
    ];
    for file in files {
        assert!(folder.path().join("town").join(file).exists(), "{file}");
        assert!(text(&output.stdout).contains(file), "{file}");
    }
    // It is a city like any other, and says that it is made up.
    let output = hanze(folder.path(), &["check", "town/scenario.toml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let scenario = std::fs::read_to_string(folder.path().join("town/scenario.toml")).unwrap();
    assert!(scenario.contains("\nsynthetic = true\n"), "{scenario}");
    for (size, cell) in [("50", "1"), ("12000", "0.25"), ("12000", "0.01")] {
        let output = hanze(folder.path(), &["demo", "large", "--width", size, "--cell", cell]);
        assert!(!output.status.success() && text(&output.stderr).contains("take"), "{}", text(&output.stderr));
    }
    assert!(!folder.path().join("large").exists());
}

/// What was guessed, mended or left out is said by `check` and at the end of a run's words, the largest first.
#[test]
fn remarks_are_said_largest_first_by_check_and_by_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let grid = |name: &str, height: &dyn Fn(usize, usize) -> f64| {
        let mut text =
            "ncols 20\nnrows 20\nxllcorner 203000\nyllcorner 502000\ncellsize 5\nNODATA_value -9999\n".to_string();
        for row in 0..20 {
            let cells: Vec<String> = (0..20).map(|col| height(col, row).to_string()).collect();
            text += &(cells.join(" ") + "\n");
        }
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let is_house = |col: usize, row: usize| (8..14).contains(&col) && (8..14).contains(&row);
    grid("ground.asc", &|_, _| 1.5);
    grid("surface.asc", &|col, row| if is_house(col, row) { 11.5 } else { 1.5 });
    // Crowns above a roof, a row of trees that cannot be, and some in the open.
    grid("trees.asc", &|col, row| match (col, row) {
        (8..10, 8) => 25.0,
        (_, 0) => -3.0,
        (0..9, 2) => 8.0,
        _ => 0.0,
    });
    let lines = "title = \"t\"\n[city]\nterrain = \"ground.asc\"\nepsg = 28992\nsurface = \"surface.asc\"\n\
                canopy_m = \"trees.asc\"\n[heat]\nweather = \"hot-day\"\ndate = \"2019-07-25\"\nsurfaces = \"sine\"\n\
                end_minutes = 60\nframe_minutes = 60\n";
    std::fs::write(folder.path().join("heat.toml"), lines).unwrap();
    let run = hanze(folder.path(), &["run", "heat.toml", "--device", "cpu"]);
    assert!(run.status.success(), "{}", text_of(&run));
    // What is seen from each cell is kept beside it.
    let mut folders = std::fs::read_dir(folder.path().join("runs")).unwrap().map(|entry| entry.unwrap().path());
    let record = record(&folders.find(|path| path.join("run.json").exists()).unwrap());
    let remarks = record["remarks"].as_array().unwrap();
    let shares: Vec<f64> = remarks.iter().map(|remark| remark["share"].as_f64().unwrap()).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
    let different = shares.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(different >= 2, "these are told apart: {remarks:?}");
    for (language, head) in [
        ("en", "Guessed, repaired or left out, largest first:"),
        ("nl", "Geschat, hersteld of weggelaten, het grootste eerst:"),
    ] {
        let words: Vec<&str> = remarks.iter().map(|remark| remark[language].as_str().unwrap()).collect();
        let check = text(&hanze(folder.path(), &["check", "heat.toml", "--language", language]).stdout);
        let said: Vec<&str> = check.lines().skip_while(|line| *line != head).skip(1).map(str::trim).collect();
        assert_eq!(said, words, "{check}");
        let story: Vec<&str> =
            record["story"].as_array().unwrap().iter().map(|own| own[language].as_str().unwrap()).collect();
        let block = story.iter().skip_while(|line| **line != head).skip(1);
        let told: Vec<&str> = block.filter_map(|line| line.strip_prefix("– ")).collect();
        let most = words.len().min(8);
        assert_eq!(told, words[..most], "{story:?}");
    }
    // A person who runs it sees the same block.
    let printed = text(&run.stdout);
    let at = |words: &str| printed.find(words).unwrap_or_else(|| panic!("no {words:?} in {printed}"));
    let places: Vec<usize> =
        remarks.iter().take(8).map(|remark| at(&format!("– {}", remark["en"].as_str().unwrap()))).collect();
    assert!(places.is_sorted() && at("Guessed, repaired or left out") < places[0], "{printed}");
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}
