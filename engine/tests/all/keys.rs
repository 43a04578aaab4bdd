//! Defaults of keys are those of the models that run without a scenario.

use hanze_engine::models::heat::IslandSpec;
use hanze_engine::models::heat::island::exchange::START;
use hanze_engine::models::runoff::{RunoffSpec, Settings};
use hanze_engine::models::traffic::{MotionSpec, TrafficSpec};
use hanze_engine::scenario::{self, Scenario};
use std::path::Path;

fn scenario(section: &str) -> Scenario {
    let text =
        format!("title = \"t\"\n[city]\ndemo = {{ seed = 1, width_m = 200, height_m = 200, cell_m = 2 }}\n{section}\n");
    scenario::parse(Path::new("s.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_key_that_is_left_out_is_what_a_model_takes_by_itself() {
    let scenario = scenario("[runoff]\nend_minutes = 1");
    let (keys, own) = (scenario.asked::<RunoffSpec>().expect("asked"), Settings::default());
    assert_eq!((keys.order, keys.courant), (own.order, own.courant));
    assert_eq!((keys.longest_step_s, keys.arrival_depth_m), (own.longest_step, own.arrival_depth));
    assert_eq!(keys.duration_depth_m, own.duration_depth);
    let island = IslandSpec::default();
    assert_eq!((island.soil_water, island.meadow_water), (START, START));
}

#[test]
fn motion_that_is_only_wanted_is_as_its_keys_have_it() {
    let of = |motion: &str| {
        let scenario = scenario(&format!("[traffic]\nend_minutes = 10\n{motion}"));
        scenario.asked::<TrafficSpec>().and_then(TrafficSpec::motion)
    };
    let [plain, table] = ["motion = true", "[traffic.motion]"].map(|own| of(own).expect("wanted"));
    let value = |own: &MotionSpec| serde_json::to_value(own).unwrap();
    assert_eq!(value(&plain), value(&table));
    assert_eq!((plain.step_s, plain.seed, plain.surface.as_str()), (0.5, 1, "DEF"));
    assert!(of("motion = false").is_none() && of("").is_none());
}
