//! What sections take from each other: heat of engines from traffic to the heat of a city, of the same variant, in the right order.

use hanze_engine::device::Device;
use hanze_engine::models::Basis;
use hanze_engine::output::folder::frame_name;
use hanze_engine::scenario::{self, Scenario};
use hanze_engine::simulation::{Begun, Simulation};
use hanze_engine::whole::{self, Needed, Part};
use hanze_engine::words::Language;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const TOWN: &str = "title = \"Links\"\n[city]\ndemo = { seed = 8, width_m = 400, height_m = 300, cell_m = 5 }\n";
const PEAK: &str = "[traffic]\nend_minutes = 60\n";

fn heat(released: &str) -> String {
    format!(
        "[heat]\nend_minutes = 120\nframe_minutes = 120\nweather = \"hot-day\"\ndate = \"2019-07-25\"\n[heat.island]\n{released}\n"
    )
}

fn parsed(text: &str) -> Result<Vec<Scenario>, String> {
    scenario::parse_all(Path::new("links.toml"), text.into()).map_err(|error| error.to_string())
}

/// Computes a run of a whole, or finds it.
fn run(scenario: Scenario, needed: &[Needed], done: &[Part], out: &Path) -> Part {
    let (variant, section) = (scenario.variant().map(String::from), scenario.section_label().map(String::from));
    let model = scenario.model().to_string();
    let basis = whole::basis(needed, |run, file| whole::left(&done[run], file)).expect("readable");
    let others: Vec<PathBuf> = done.iter().filter_map(|part| part.folder.parent().map(PathBuf::from)).collect();
    let city = out.join(whole::folder(&scenario));
    let begun = Simulation::among(scenario, Device::Cpu, &city, &others, &basis, Language::English, false);
    match begun.unwrap_or_else(|error| panic!("{error}")) {
        Begun::Finished(run) => {
            let run_id = run.record["run_id"].as_str().expect("a name").to_string();
            Part { variant, section, model, folder: run.folder, run_id, computed: false }
        }
        Begun::New(mut simulation) | Begun::Stopped(mut simulation) => {
            simulation.run(&AtomicBool::new(false), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
            let (folder, run_id) = (simulation.folder.path.clone(), simulation.run_id.clone());
            Part { variant, section, model, folder, run_id, computed: true }
        }
    }
}

fn whole(text: &str, out: &Path) -> Vec<Part> {
    let mut done = Vec::new();
    let all = whole::order(parsed(text).expect("sound"));
    for (needed, scenario) in whole::needed(&all).into_iter().zip(all) {
        let part = run(scenario, &needed, &done, out);
        done.push(part);
    }
    done
}

#[test]
fn givers_come_before_takers_and_today_before_variants() {
    let variant = "[[variant]]\nname = \"A\"\n";
    let all = parsed(&format!("{TOWN}{}{PEAK}{variant}", heat("released_w_per_m2 = \"traffic\""))).expect("sound");
    let names = |all: &[Scenario]| -> Vec<String> {
        all.iter().map(|own| format!("{} {}", own.variant().unwrap_or("today"), own.model())).collect()
    };
    assert_eq!(names(&all), ["today heat", "today traffic", "A heat", "A traffic"]);
    let runs: Vec<Vec<usize>> = whole::needed(&all).iter().map(|needed| whole::runs(needed)).collect();
    assert_eq!(runs, [vec![1], vec![], vec![0, 3], vec![1]]);
    assert_eq!(names(&whole::order(all)), ["today traffic", "today heat", "A traffic", "A heat"]);
}

#[test]
fn what_nobody_gives_is_refused_where_it_is_asked_for() {
    let rain = "[runoff]\nend_minutes = 5\nrain = { mm_per_hour = 1, minutes = 1 }\n";
    for (text, words) in [
        (
            heat("released_w_per_m2 = \"traffic\""),
            ["\"traffic\" gives, and there is none of that name", "write [traffic], too"],
        ),
        (
            format!("{}{PEAK}", heat("released_w_per_m2 = \"traffic-evening\"")),
            ["and there is none of that name", "write one of heat, traffic"],
        ),
        (
            format!("{}{rain}", heat("released_w_per_m2 = \"runoff\"")),
            ["which the section \"runoff\" does not give", "take it from a section of traffic"],
        ),
        (
            format!("{}{PEAK}", heat("released_w_per_m2 = \"heat\"")),
            ["takes what would have to be computed after it", "let one of the sections take nothing"],
        ),
        (
            format!("{}{PEAK}", heat("released_w_per_m2 = \"traffic\"\nreleased_by_hour = [1]")),
            ["24", "heat.island.released_by_hour"],
        ),
        (
            format!(
                "{}{PEAK}",
                heat(&format!("released_w_per_m2 = \"traffic\"\nreleased_by_hour = [{}]", "1,".repeat(24)))
            ),
            ["stands beside a section that gives its hours itself", "leave it out"],
        ),
    ] {
        let told = parsed(&format!("{TOWN}{text}")).expect_err("refused");
        assert!(words.iter().all(|words| told.contains(words)), "{words:?}: {told}");
        assert!(told.contains("links.toml:"), "{told}");
    }
}

#[test]
fn what_traffic_gives_equals_the_same_written_by_hand_and_decides_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let linked = heat("released_w_per_m2 = \"traffic\"");
    let (x, y) = (139_650.0, 502_640.0);
    let trees = format!(
        "[[variant]]\nname = \"Trees\"\nedit = [{{ what = \"trees\", points = [[{x}, {y}]], force = true }}]\n"
    );
    // Where a tree can stand in this town.
    let city = parsed(&format!("{TOWN}{PEAK}")).expect("sound").remove(0).city().expect("a city").0;
    let grid = city.grid;
    let (west, south, east, north) = (grid.west, grid.south(), grid.east(), grid.north);
    let slow = format!(
        "[[variant]]\nname = \"Slow\"\nedit = [{{ what = \"road\", action = \"limit\", speed_kmh = 15, \
         area = [[{west}, {south}], [{east}, {south}], [{east}, {north}], [{west}, {north}]] }}]\n"
    );
    let open = (0..city.grid.len())
        .find(|k| {
            city.buildings.as_ref().is_none_or(|own| own.values[*k] == 0.0)
                && city.water.as_ref().is_none_or(|own| own.values[*k] == 0.0)
        })
        .expect("open ground");
    let at = city.grid.centre(open % city.grid.cols, open / city.grid.cols);
    let trees = trees.replace(&format!("[[{x}, {y}]]"), &format!("[[{}, {}]]", at.0, at.1));
    let parts = whole(&format!("{TOWN}{linked}{PEAK}{trees}{slow}"), folder.path());
    let part = |variant: Option<&str>, model: &str| {
        parts.iter().find(|own| own.variant.as_deref() == variant && own.model == model).expect("a part")
    };
    let file = |part: &Part, name: &str| std::fs::read(part.folder.join(name)).unwrap_or_else(|_| panic!("{name}"));
    let (today, traffic) = (part(None, "heat"), part(None, "traffic"));
    // A tree is nothing to traffic, which is not computed again and gives heat the same; a slow road is.
    assert!(!part(Some("Trees"), "traffic").computed && part(Some("Trees"), "heat").computed);
    assert!(part(Some("Slow"), "traffic").computed && part(Some("Slow"), "heat").computed);
    assert_ne!(part(Some("Slow"), "heat").run_id, today.run_id);
    assert_ne!(file(part(Some("Slow"), "traffic"), "released_heat.tif"), file(traffic, "released_heat.tif"));
    // By hand: the same raster, and the same hours.
    let hours = String::from_utf8(file(traffic, "released_by_hour.csv")).expect("a text");
    let shares: Vec<&str> = hours.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    assert_eq!(shares.len(), 24, "{hours}");
    let raster = traffic.folder.join("released_heat.tif");
    let key = format!("released_w_per_m2 = \"{}\"\nreleased_by_hour = [{}]", raster.display(), shares.join(", "));
    let by_hand = whole(&format!("{TOWN}{}", heat(&key)), &folder.path().join("hand"));
    let nothing = whole(&format!("{TOWN}{}", heat("")), &folder.path().join("nothing"));
    let mut differs = false;
    let frames = ["air", "surface"].map(|layer| format!("{}.tif", frame_name(layer, 7200.0)));
    for name in ["max_pet.tif", &frames[0], &frames[1]] {
        let [one, two, three] = [today, &by_hand[0], &nothing[0]].map(|part| file(part, name));
        assert!(one == two, "{name} differs from what is written by hand");
        differs |= one != three;
    }
    assert!(differs, "heat of engines warms nothing");
    // Alone, without what it takes, it says how to get it.
    let alone = parsed(&format!("{TOWN}{linked}{PEAK}")).expect("sound").remove(0);
    let refused = Simulation::among(alone, Device::Cpu, folder.path(), &[], &Basis::default(), Language::English, true);
    let told = refused.err().expect("refused").to_string();
    assert!(told.contains("not computed yet") && told.contains("hanze run"), "{told}");
}
