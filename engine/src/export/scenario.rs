//! What makes the files of a town a city again: a scenario that names them, and a table of what its covers mean.

use crate::city::{City, layers};
use crate::cover::Cover;
use crate::quantity::Quantity;
use serde_json::json;

/// A run like that of `scenarios/cloudburst.toml`, to begin with.
const RUNOFF: &str = "[runoff]
end_minutes = 90
frame_minutes = 15
order = 1

[runoff.rain]
mm_per_hour = 70
minutes = 60
";

/// The table of codes of a raster that numbers covers as [`Cover`] does.
pub(super) fn codes() -> String {
    let class = |cover: Cover| {
        let title = match cover {
            Cover::Cobble => "bricks and slabs with joints",
            Cover::Asphalt => "asphalt and concrete",
            Cover::Roof => "roof",
            Cover::Grass => "grass and low plants",
            Cover::Soil => "bare soil and gravel",
            Cover::Water => "water",
        };
        let (manning, infiltration) = cover.hydraulics();
        // An f32 in m/s holds some seven digits: more would only show its rounding.
        let per_day = (f64::from(infiltration) * 86_400.0 * 1e6).round() / 1e3;
        format!(
            "\n[[class]]\ntitle = {}\ncodes = [{}]\ncover = {}\nmanning = {manning}\ninfiltration_mm_per_day = {per_day}\n\
             albedo = {}\nsewered = {}\n",
            json!(title),
            cover as u8,
            json!(cover),
            cover.albedo(),
            cover.is_paved(),
        )
    };
    let source =
        "made up for the demo town of Hanze, after Dutch practice; albedo as in SOLWEIG (Lindberg et al. 2016)";
    let head = "# What the numbers of cover.tif mean, which are those of UMEP's land cover rasters.\n";
    format!("{head}source = {}\n{}", json!(source), Cover::ALL.map(class).concat())
}

/// A scenario that reads the city from the files beside it.
pub(super) fn scenario(city: &City) -> String {
    let objects = &city.objects;
    let layer = |quantity: &Quantity, is_there: bool| is_there.then(|| format!("{}.tif", quantity.name));
    let file = |name: &str, is_there: bool| is_there.then(|| name.to_string());
    let has_roads = !objects.network.roads.is_empty();
    let keys = [
        ("terrain", layer(&layers::TERRAIN, true)),
        ("buildings_m", layer(&layers::BUILDINGS, city.buildings.is_some())),
        ("canopy_m", layer(&layers::CANOPY, city.canopy.is_some())),
        ("water_m", layer(&layers::WATER, city.water.is_some())),
        ("land_use", layer(&layers::COVER, city.cover.is_some())),
        ("codes", file("codes.toml", city.cover.is_some())),
        ("buildings", file("buildings.city.json", !objects.buildings.is_empty())),
        ("roads", file("roads.geojson", has_roads)),
        ("neighbourhoods", file("neighbourhoods.geojson", objects.areas.iter().any(|area| area.outline.len() > 2))),
        ("network", file("roads.geojson", has_roads)),
    ];
    let keys = keys.into_iter().filter_map(|(key, name)| Some(format!("{key} = {}\n", json!(name?))));
    let keys: String = keys.collect();
    format!(
        "# The town that these files hold, under a cloudburst. `hanze check` and `hanze run` take it as it is.\n\
         title = {}\n\n[city]\nsynthetic = {}\ncell_m = {}\n{keys}\n{RUNOFF}",
        json!(city.title),
        city.synthetic,
        city.grid.cell,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::codes::Codes;
    use std::path::Path;

    #[test]
    fn the_table_of_codes_gives_each_cover_what_the_town_has() {
        let codes = Codes::parse(Path::new("codes.toml"), &codes()).expect("a table");
        assert_eq!(codes.classes.len(), Cover::ALL.len());
        for cover in Cover::ALL {
            let class = &codes.classes[codes.of_number(f32::from(cover as u8)).expect("a class")];
            // In f32, as the city has them, to the last bit.
            let per_second = (class.infiltration_mm_per_day * (1e-3 / 86_400.0)) as f32;
            let found = (class.manning as f32, per_second);
            assert_eq!((class.cover, found, class.sewered), (cover, cover.hydraulics(), cover.is_paved()));
            assert_eq!((class.albedo.map(|share| share as f32), class.interception_m), (Some(cover.albedo()), 0.0));
        }
    }
}
