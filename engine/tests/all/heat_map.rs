//! The national heat map as scenarios run it.

use crate::warm::{CITY, HEAT, inputs, layer, text, try_run};
use hanze_engine::models::heat::national::{self, Day, Hour, Spot, shares};
use hanze_engine::models::heat::sun::sun;
use hanze_engine::weather;

const NATIONAL: &str = "product = \"national\"";

#[test]
fn open_ground_feels_as_the_regression_has_it() {
    let folder = inputs();
    let (frames, outcome, _) = try_run(folder.path(), &text("", &format!("{NATIONAL}\n{HEAT}"), 24)).unwrap();
    let start = weather::days(2019, 7, 25).unwrap() * 86_400;
    let hours = weather::read(&folder.path().join("day.csv"), start, start + 86_400).unwrap().hours;
    let air = |pick: fn(f64, f64) -> f64| hours.iter().map(|hour| hour.air).reduce(pick).unwrap();
    let mean = |of: fn(&weather::Hour) -> f64| hours.iter().map(of).sum::<f64>() / 24.0;
    let day = Day {
        warmest: air(f64::max),
        coolest: air(f64::min),
        wind: mean(|hour| hour.wind),
        global: mean(|hour| hour.global),
    };
    let share = shares(7, 25).unwrap();
    for (k, hour) in hours.iter().enumerate() {
        // Bare bricks: the whole sky, no green, wind as in the open.
        let label = k + 1;
        let island = day.island(1.0, 0.0, hour.air, 1013.25);
        let altitude = sun(52.51, 6.03, hour.end as f64).unwrap().altitude.to_degrees();
        let station = Hour { wet_bulb: national::wet_bulb(hour.air, hour.humidity), global: hour.global, altitude };
        let spot = Spot {
            air: hour.air + island * share[label % 24],
            wind: national::wind(1.0, hour.wind),
            sky_view: 1.0,
            bowen: 3.0,
            sunny: altitude > 0.0,
        };
        let found = layer(&frames[k], "pet").values[30 * 60 + 30];
        assert!((f64::from(found) - station.pet(&spot)).abs() < 0.02, "hour {label}: {found} {}", station.pet(&spot));
    }
    let pets = (10..=16).map(|label| layer(&frames[label - 1], "pet").values[1830]);
    let noon = layer(&outcome.layers, "noon_pet").values[1830];
    assert!((pets.sum::<f32>() / 7.0 - noon).abs() < 1e-3, "{noon}");
    // 60 m of data for a kilometre of surroundings.
    assert!(layer(&outcome.layers, "window_share").values.iter().all(|share| *share < 0.12));
    let story: String = outcome.story.iter().map(|text| text.en.as_str()).collect();
    assert!(story.contains("Margin too small: for 100 %") && story.contains("Around noon"), "{story}");
}

#[test]
fn houses_and_trees_give_shade_and_green_is_cooler() {
    let folder = inputs();
    let (frames, outcome, _) = try_run(folder.path(), &text(CITY, &format!("{NATIONAL}\n{HEAT}"), 24)).unwrap();
    let (bare, ..) = try_run(folder.path(), &text("", &format!("{NATIONAL}\n{HEAT}"), 24)).unwrap();
    let at = |hour: usize, name: &str, col: usize, row: usize| layer(&frames[hour - 1], name).values[row * 60 + col];
    // In the open, north of the house, below the tree, on the roof.
    assert_eq!([(5, 50), (20, 18), (46, 25)].map(|(col, row)| at(12, "sun", col, row)), [1.0, 0.0, 0.0]);
    assert!(at(12, "pet", 5, 50) > at(12, "pet", 20, 18) + 4.0 && at(12, "pet", 20, 25).is_nan());
    // The heat island is there by night and hardly by day; where there is less green it is larger.
    let warmer = |hour: usize| at(hour, "air", 5, 50) - layer(&bare[hour - 1], "air").values[50 * 60 + 5];
    assert!(at(1, "pet", 5, 50) < 30.0 && warmer(24).abs() > 5.0 * warmer(10).abs(), "{} {}", warmer(24), warmer(10));
    let green = layer(&outcome.layers, "green");
    assert!(green.values[25 * 60 + 46] == 1.0 && green.values[50 * 60 + 5] == 0.0);
    assert!((0.3..1.0).contains(&layer(&outcome.layers, "sky_view").values[25 * 60 + 31]));
}

#[test]
fn winter_and_unused_keys_are_refused() {
    let folder = inputs();
    let day = std::fs::read_to_string(folder.path().join("day.csv")).unwrap();
    std::fs::write(folder.path().join("winter.csv"), day.replace("2019-07", "2019-01")).unwrap();
    let words = |text: &str| try_run(folder.path(), text).err().map_or("no error".into(), |error| error.to_string());
    let winter = HEAT.replace("day.csv", "winter.csv").replace("2019-07", "2019-01");
    let found = words(&text(CITY, &format!("{NATIONAL}\n{winter}"), 24));
    assert!(found.contains("heat.date") && found.contains("April"), "{found}");
    let plain = text(CITY, HEAT, 2);
    for key in ["buildings_are = \"raised\"", "sewer_districts = \"d.geojson\"", "green_roof_m = 0.1"] {
        let found = words(&plain.replace("surface =", &format!("{key}\nsurface =")));
        let name = key.split(' ').next().unwrap();
        assert!(found.contains(&format!("city.{name}: does nothing without [runoff]")), "{key}: {found}");
    }
    let weir = "[[city.structure]]\nname = \"w\"\nkind = \"weir\"\nwidth_m = 1\nfrom = [1, 1]\n";
    let found = words(&format!("{plain}{weir}"));
    assert!(found.contains("city.structure: does nothing without [runoff]"), "{found}");
    let found = words(&plain.replace("surface =", "water_level_m = 1.0\nsurface ="));
    assert!(found.contains("city.water_level_m"), "{found}");
    let found = words(&text(CITY, &format!("{HEAT}\nlatitude = 42.5\nlongitude = 6.0"), 2));
    assert!(found.contains("heat.latitude") && found.contains("by its plane"), "{found}");
    let found = words(&text(CITY, "date = \"2019-07-25\"", 2));
    assert!(found.contains("no weather"), "{found}");
}

#[test]
fn days_last_from_morning_to_morning() {
    let Some(data) = hanze_engine::testing::reference_data("days of the method") else {
        return;
    };
    let folder = inputs();
    // Bare bricks at Heino; a cool day follows a hot one.
    let name = "weather/uurgeg_278_2011-2020.zip";
    let heat = format!("{NATIONAL}\nweather = \"data:{name}\"\ndate = \"2019-07-26\"");
    let (frames, ..) = try_run(folder.path(), &text("", &heat, 24)).unwrap();
    let start = weather::days(2019, 7, 26).unwrap() * 86_400;
    let hours = weather::read(&data.join(name), start - 86_400, start + 2 * 86_400).unwrap().hours;
    let share = shares(7, 26).unwrap();
    for label in [3usize, 7, 8, 24] {
        // Labels of the day before come first in the list: label l of the date is at 23 + l.
        let first = if label <= 7 { 0 } else { 24 };
        let day = &hours[first + 7..first + 31];
        let air = |pick: fn(f64, f64) -> f64| day.iter().map(|hour| hour.air).reduce(pick).unwrap();
        let day = Day {
            warmest: air(f64::max),
            coolest: air(f64::min),
            wind: day.iter().map(|hour| hour.mean_wind).sum::<f64>() / 24.0,
            global: hours[first..first + 24].iter().map(|hour| hour.global).sum::<f64>() / 24.0,
        };
        let hour = hours[23 + label];
        assert_eq!(hour.end, start + 3600 * label as i64);
        let wanted = hour.air + share[label % 24] * day.island(1.0, 0.0, hour.air, hour.pressure.unwrap_or(1013.25));
        let found = f64::from(layer(&frames[label - 1], "air").values[30 * 60 + 30]);
        assert!((found - wanted).abs() < 1e-3 && (wanted - hour.air).abs() > 0.01, "label {label}: {found} {wanted}");
    }
}

#[test]
fn the_standard_day_in_the_demo_town() {
    if hanze_engine::testing::reference_data("the standard day").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = "title = \"t\"\n[city]\ndemo = { seed = 1, width_m = 4000, height_m = 4000, cell_m = 4 }\n[heat]\n\
                product = \"national\"\nend_minutes = 1440\nframe_minutes = 1440\n";
    let (_, outcome, _) = try_run(folder.path(), text).unwrap();
    let get = |name: &str| &layer(&outcome.layers, name).values;
    let (pet, share) = (get("noon_pet"), get("window_share"));
    let mean = |values: &mut dyn Iterator<Item = f32>| {
        let (sum, count) = values.filter(|v| !v.is_nan()).fold((0.0f64, 0.0), |(s, n), v| (s + f64::from(v), n + 1.0));
        sum / count
    };
    // Two kilometres within are whole, whatever the wind.
    let within = |k: usize| (250..750).contains(&(k % 1000)) && (250..750).contains(&(k / 1000));
    assert!((0..pet.len()).filter(|k| within(*k)).all(|k| share[k].is_nan() || share[k] > 0.999));
    assert!(share[500].is_nan() || share[500] < 0.999);
    let noon = mean(&mut pet.iter().copied());
    assert!((34.0..40.0).contains(&noon), "{noon}");
    // Trees and grass are cooler than bare streets.
    let green = get("green");
    let of = |is: f32| mean(&mut pet.iter().zip(green).filter(|(_, green)| **green == is).map(|(pet, _)| *pet));
    assert!(of(1.0) + 0.8 < of(0.0), "{} {}", of(1.0), of(0.0));
    let table = |name: &str| outcome.tables.iter().find(|table| table.name == name).unwrap();
    let column = |name: &str, column: &str| {
        let at = table(name).columns.iter().position(|own| own == column).unwrap();
        table(name).rows.iter().map(|row| row[at]).collect::<Vec<_>>()
    };
    let shares: Vec<f64> = ["below_29", "29_to_35", "35_to_41", "over_41"]
        .map(|class| column("neighbourhoods", &format!("noon_{class}_c_percent")))
        .into_iter()
        .reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect())
        .unwrap();
    assert!(shares.len() > 10 && shares.iter().all(|sum| (sum - 100.0).abs() < 1e-6), "{shares:?}");
    let walks = column("buildings", "to_cool_m");
    let further = |metres: f64| walks.iter().filter(|walk| **walk > metres).count();
    assert!(further(0.0) * 3 > walks.len() && further(300.0) * 4 < walks.len(), "{} {}", further(0.0), further(300.0));
    assert!(column("neighbourhoods", "window_percent").iter().any(|percent| *percent > 99.9));
}
