//! The sections of one scenario share what they read of its city.

use super::traffic::{MORNING, ZONES, town};
use hanze_engine::remark::Remarks;
use hanze_engine::scenario::{Input, Scenario};
use std::path::Path;

const TERRAIN: &str = "ncols 6\nnrows 5\nxllcorner 0\nyllcorner 0\ncellsize 2\n";
const SECTIONS: &str =
    "[runoff]\nend_minutes = 1\n[heat]\nend_minutes = 60\nweather = \"hot-day\"\ndate = \"2019-07-25\"\n";

/// A folder with a terrain and two houses, of which one has no height, and the sections of a scenario on them.
fn sections(folder: &Path, asked: &str) -> Vec<Scenario> {
    let terrain = format!("{TERRAIN}{}", "1 1 1 2 2 2\n".repeat(5));
    std::fs::write(folder.join("t.asc"), terrain).expect("written");
    let house = |west: u32, properties: &str| {
        let east = west + 4;
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{{properties}}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":\
             [[[{west},2],[{east},2],[{east},6],[{west},6],[{west},2]]]}}}}"
        )
    };
    let houses = [house(0, "\"name\":\"known\",\"height_m\":9"), house(6, "\"name\":\"guessed\"")].join(",");
    let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:28992\"}}";
    let houses = format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{houses}]}}");
    std::fs::write(folder.join("h.geojson"), houses).expect("written");
    let text = format!("title = \"t\"\n[city]\nepsg = 28992\nterrain = \"t.asc\"\nbuildings = \"h.geojson\"\n{asked}");
    hanze_engine::scenario::parse_all(&folder.join("s.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

fn remove(folder: &Path) {
    ["t.asc", "h.geojson"].iter().for_each(|file| std::fs::remove_file(folder.join(file)).expect("there"));
}

#[test]
fn what_one_section_has_read_no_other_reads_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = sections(folder.path(), SECTIONS);
    let [water, heat] = &all[..] else { panic!("{} sections", all.len()) };
    let (first, inputs) = water.city().unwrap_or_else(|error| panic!("{error}"));
    remove(folder.path());
    let (second, others) = heat.city().expect("nothing is read");
    assert_eq!(first.terrain, second.terrain);
    assert_eq!((&first.places, &first.objects), (&second.places, &second.objects));
    // Each has the layers that it reads, and the remarks on these.
    assert!(first.buildings.is_none());
    let heights = second.buildings.expect("heat reads heights").values;
    assert_eq!(heights.iter().copied().fold(0.0, f32::max), 9.0);
    assert_eq!(heights.iter().filter(|height| **height == 6.0).count(), 4);
    let remarks = |inputs: &[Input]| -> usize { inputs.iter().map(|own| own.repairs.len()).sum() };
    assert_eq!(remarks(&inputs) + 1, remarks(&others));
    let sums = |inputs: &[Input]| inputs.iter().map(|own| own.sha256.clone()).collect::<Vec<_>>();
    assert_eq!(sums(&inputs), sums(&others));
    // The last section takes what is kept.
    let last = all.into_iter().next_back().expect("two");
    assert!(last.city().is_ok() && last.city().is_err());
}

#[test]
fn sections_give_the_city_that_each_has_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let [water, heat] =
        SECTIONS.split_once("[heat]").map(|(water, heat)| [water.into(), format!("[heat]{heat}")]).expect("both");
    let together = sections(folder.path(), SECTIONS);
    // In either order.
    for order in [[0, 1], [1, 0]] {
        for k in order {
            let (shared, shared_inputs) = together[k].city().expect("a city");
            let asked: &String = [&water, &heat][k];
            let (alone, inputs) = sections(folder.path(), asked)[0].city().expect("a city");
            assert_eq!((&shared.terrain, &shared.buildings), (&alone.terrain, &alone.buildings), "{asked}");
            assert_eq!((&shared.objects, &shared.albedo), (&alone.objects, &alone.albedo), "{asked}");
            let said = |inputs: &[Input]| -> Vec<(String, Remarks)> {
                inputs.iter().map(|own| (own.name.clone(), own.repairs.clone())).collect()
            };
            assert_eq!(said(&shared_inputs), said(&inputs), "{asked}");
        }
    }
}

#[test]
fn a_city_that_was_changed_is_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = sections(folder.path(), SECTIONS);
    let (first, _) = all[0].city().expect("a city");
    all[1].spec.city.extent = Some([0.0, 0.0, 8.0, 10.0]);
    let (second, _) = all[1].city().expect("a city");
    assert_eq!((first.grid.cols, second.grid.cols), (6, 4));
    // A single section keeps nothing.
    let one = &sections(folder.path(), "[runoff]\nend_minutes = 1\n")[0];
    assert!(one.city().is_ok());
    remove(folder.path());
    assert!(one.city().is_err());
}

#[test]
fn real_buildings_are_objects() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = &sections(folder.path(), "[runoff]\nend_minutes = 1\n")[0];
    let (city, _) = one.city().expect("a city");
    let known = |k: usize| {
        let own = &city.objects.buildings[k];
        (own.id.as_deref(), own.floor, own.ridge)
    };
    assert_eq!(city.objects.buildings.len(), 2);
    assert_eq!([known(0), known(1)], [(Some("known"), Some(1.0), Some(9.0)), (Some("guessed"), Some(2.0), None)]);
}

#[test]
fn roads_are_read_once_by_those_who_ask_for_them() {
    let folder = town();
    let section = |name: &str| {
        format!("[[traffic]]\nname = \"{name}\"\nend_minutes = 60\n{MORNING}\n[traffic.demand]\n{ZONES}\n")
    };
    let city = |ground: &str, asked: String| {
        let city = format!("network = \"roads.geojson\"\nepsg = 28992\ncell_m = 10\n{ground}");
        let text = format!("title = \"t\"\n[city]\n{city}\n{asked}");
        hanze_engine::scenario::parse_all(&folder.path().join("s.toml"), text).unwrap_or_else(|error| panic!("{error}"))
    };
    let terrain = "ncols 2\nnrows 2\nxllcorner 200000\nyllcorner 500000\ncellsize 1000\n1 1\n1 1\n";
    std::fs::write(folder.path().join("t.asc"), terrain).expect("written");
    let ground = "terrain = \"t.asc\"";
    let [flat, on_ground] = ["", ground].map(|ground| city(ground, section("one") + &section("two")));
    let firsts = [&flat, &on_ground].map(|all| all[0].city().expect("a city").0);
    std::fs::remove_file(folder.path().join("roads.geojson")).expect("there");
    for (all, first) in [&flat, &on_ground].into_iter().zip(firsts) {
        let (second, _) = all[1].city().expect("nothing is read");
        assert_eq!((&first.network, &first.objects), (&second.network, &second.objects));
        let links = &first.network.expect("roads").links;
        // A road for each link, or for the way there and back.
        let ways = first.objects.network.roads.iter().flat_map(|road| road.lanes).filter(|lanes| *lanes > 0.0);
        assert!(links.len() > 4 && ways.count() == links.len(), "{} links", links.len());
    }
    // Whoever does not ask for roads does not miss them.
    let both = city(ground, format!("[runoff]\nend_minutes = 1\n{}", section("one")));
    assert!(both[0].city().is_ok_and(|(city, _)| city.network.is_none() && city.objects.network.roads.is_empty()));
    assert!(both[1].city().is_err());
}
