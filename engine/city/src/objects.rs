//! Objects of a city from the features of files: buildings with what is known of their height and roof, stretches of road.

use crate::layers::BUILDINGS;
use crate::read::{Feature, Value};
use glam::DVec2;
use hanze_base::grid::Grid;
use hanze_base::objects::{Building, Carriageway, Roof};
use hanze_base::outline::Outline;
use hanze_base::places::Place;
use hanze_base::raster::Raster;
use hanze_base::remark::Remark;

/// Height of a building of which it is not known, m.
pub const USUAL_HEIGHT: f64 = 6.0;

/// Columns that say more of a building than its name and height: for each thing those that may hold it, the best first.
const STOREYS: [&str; 6] =
    ["storeysAboveGround", "storeys", "bouwlagen", "aantal_bouwlagen", "b3_bouwlagen", "building:levels"];
const ROOFS: [&str; 4] = ["roofType", "roof_type", "b3_dak_type", "roof:shape"];
const YEARS: [&str; 3] = ["yearOfConstruction", "oorspronkelijkbouwjaar", "bouwjaar"];
const FLOORS: [&str; 2] = ["floorLevel", "b3_h_maaiveld"];
const EAVES: [&str; 1] = ["eavesHeight"];
/// Columns that say more of a stretch of road.
const STREETS: [&str; 4] = ["street", "straatnaam", "name", "naam"];
const WIDTHS: [&str; 3] = ["width_m", "breedte_m", "width"];
const LANES: [&str; 2] = ["lanes", "rijstroken"];

/// Heights of floors in m NAP that a city may have, storeys, years and widths.
const LEVELS: [f64; 2] = [-500.0, 9000.0];
const HEIGHTS: [f64; 2] = [0.0, 1e4];
const COUNTS: [f64; 2] = [1.0, 300.0];
const AGES: [f64; 2] = [1.0, 3000.0];
const ACROSS: [f64; 2] = [0.1, 1000.0];

/// Columns to ask for of a file of buildings.
pub fn building_columns() -> Vec<&'static str> {
    [&STOREYS[..], &ROOFS, &YEARS, &FLOORS, &EAVES].concat()
}

/// Columns to ask for of a file of roads.
pub fn road_columns() -> Vec<&'static str> {
    [&STREETS[..], &WIDTHS, &LANES].concat()
}

/// The values of a feature by the columns that were asked for.
struct Row<'a> {
    columns: &'a [&'a str],
    values: &'a [Option<Value>],
}

impl Row<'_> {
    fn value(&self, names: &[&str]) -> Option<&Value> {
        let of = |name: &&str| {
            let place = self.columns.iter().position(|column| column == name)?;
            self.values.get(place)?.as_ref()
        };
        names.iter().find_map(of)
    }

    /// A number within bounds, which some programs write as words.
    fn number(&self, names: &[&str], [least, most]: [f64; 2]) -> Option<f64> {
        let number = match self.value(names)? {
            Value::Number(number) => *number,
            Value::Text(text) => text.trim().parse().ok()?,
        };
        (least..=most).contains(&number).then_some(number)
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        match self.value(names)? {
            Value::Text(text) if !text.trim().is_empty() => {
                Some(text.trim().chars().filter(|c| !c.is_control()).take(200).collect())
            }
            _ => None,
        }
    }
}

/// Buildings of features that were read with [`building_columns`]. The height is the file's; else the median of the cells with a
/// building within the outline, where `heights` above the ground is a raster that was read; else it is not known. The floor is the
/// file's; else the lowest ground within the outline.
pub fn buildings(features: &[Feature], terrain: Option<&Raster>, heights: Option<&Raster>) -> Vec<Building> {
    let columns = building_columns();
    let building = |feature: &Feature| {
        let row = Row { columns: &columns, values: &feature.values };
        let outline = &feature.place.outline;
        let known = |height: &f64| *height > HEIGHTS[0] && *height <= HEIGHTS[1];
        let ridge = feature.height.or_else(|| heights.and_then(|heights| median(outline, heights))).filter(known);
        let eaves = row.number(&EAVES, HEIGHTS).filter(|eaves| ridge.is_some_and(|ridge| *eaves <= ridge));
        let floor = row.number(&FLOORS, LEVELS).or(feature.floor);
        Building {
            id: Some(feature.place.name.clone()),
            footprint: ordered(outline),
            floor: floor.or_else(|| terrain.and_then(|terrain| lowest(outline, terrain))),
            eaves,
            ridge,
            roof: row.text(&ROOFS).and_then(|text| roof(&text)),
            storeys: row.number(&STOREYS, COUNTS).map(|storeys| storeys.round() as u32),
            year: row.number(&YEARS, AGES).map(|year| year as u16),
            ..Building::default()
        }
    };
    features.iter().map(building).collect()
}

/// Stretches of road of features that were read with [`road_columns`].
pub fn carriageways(features: &[Feature]) -> Vec<Carriageway> {
    let columns = road_columns();
    let carriageway = |feature: &Feature| {
        let row = Row { columns: &columns, values: &feature.values };
        Carriageway {
            id: feature.place.name.clone(),
            name: row.text(&STREETS),
            outline: feature.place.outline.clone(),
            width: row.number(&WIDTHS, ACROSS),
            lanes: row.number(&LANES, COUNTS),
        }
    };
    features.iter().map(carriageway).collect()
}

/// Heights of buildings within their outlines, m: the highest where several lie over each other, and [`USUAL_HEIGHT`] for those of
/// which none is known.
pub fn heights(grid: &Grid, places: &[Place], buildings: &[Building]) -> Raster {
    let mut heights = vec![0.0f32; grid.len()];
    for (place, building) in places.iter().zip(buildings) {
        let height = building.ridge.unwrap_or(USUAL_HEIGHT) as f32;
        for (row, ranges) in place.outline.cells(grid).unwrap_or_default() {
            let row = &mut heights[row * grid.cols..][..grid.cols];
            for cols in ranges {
                row[cols].iter_mut().for_each(|cell| *cell = height.max(*cell));
            }
        }
    }
    let words = "Height of buildings above the terrain";
    Raster::from_values(*grid, BUILDINGS.name, BUILDINGS.unit, heights).described(words)
}

/// How many of some buildings have a height that [`heights`] guesses, if any.
pub fn guessed(buildings: &[Building]) -> Option<Remark> {
    let (all, guessed) = (buildings.len(), buildings.iter().filter(|own| own.ridge.is_none()).count());
    (guessed > 0).then(|| {
        let share = guessed as f64 / all as f64;
        let en = format!("{guessed} of {all} buildings have no height: {USUAL_HEIGHT} m is taken");
        let nl = format!("{guessed} van de {all} gebouwen hebben geen hoogte: er is gerekend met {USUAL_HEIGHT} m");
        Remark::new(share, en, nl)
    })
}

/// A kind of roof as CityGML, OpenStreetMap and 3DBAG call it.
fn roof(text: &str) -> Option<Roof> {
    match text.to_ascii_lowercase().as_str() {
        "flat" | "horizontal" | "single horizontal" | "multiple horizontal" | "plat" | "1000" => Some(Roof::Flat),
        "gable" | "gabled" | "zadeldak" | "1030" => Some(Roof::Gable),
        "hip" | "hipped" | "schilddak" | "1040" => Some(Roof::Hip),
        "pyramid" | "pyramidal" | "tentdak" | "1070" => Some(Roof::Pyramid),
        _ => None,
    }
}

/// An outline with its outer rings counterclockwise and its holes clockwise, none closed.
fn ordered(outline: &Outline) -> Outline {
    let ring = |(k, ring): (usize, &Vec<DVec2>)| {
        let mut ring = ring.clone();
        while ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        let first = ring.first().copied().unwrap_or_default();
        let sides = ring.iter().zip(ring.iter().cycle().skip(1));
        let twice: f64 = sides.map(|(a, b)| (*a - first).perp_dot(*b - first)).sum();
        if (twice > 0.0) != (k == 0) {
            ring.reverse();
        }
        ring
    };
    let polygons = outline.polygons.iter().map(|rings| rings.iter().enumerate().map(ring).collect());
    Outline { polygons: polygons.collect() }
}

/// The median height of the cells with a building within an outline, m.
fn median(outline: &Outline, heights: &Raster) -> Option<f64> {
    let own = outline.indices(&heights.grid).map(|cell| heights.values[cell]);
    let mut own: Vec<f32> = own.filter(|height| height.is_finite() && *height > 0.0).collect();
    if own.is_empty() {
        return None;
    }
    let middle = own.len() / 2;
    Some(f64::from(*own.select_nth_unstable_by(middle, f32::total_cmp).1))
}

/// The lowest ground within an outline, or that of the cell in its middle where it is smaller than a cell, m NAP.
fn lowest(outline: &Outline, terrain: &Raster) -> Option<f64> {
    let grid = &terrain.grid;
    let own = outline.indices(grid).map(|cell| terrain.values[cell]).filter(|height| height.is_finite());
    let lowest = own.reduce(f32::min).or_else(|| {
        let middle = outline.middle()?;
        let (col, row) = grid.cell_at(middle.x, middle.y)?;
        Some(terrain.values[row * grid.cols + col]).filter(|height| height.is_finite())
    });
    lowest.map(|height| terrain.datum + f64::from(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::features;
    use hanze_base::grid::{Crs, Grid};
    use std::path::Path;

    fn grid() -> Grid {
        Grid { cols: 50, rows: 50, cell: 1.0, west: 155_000.0, north: 463_050.0, crs: Crs::RD_NEW }
    }

    /// A file of one square of 10 m at the grid's south-west corner for each of some properties, each 12 m east of the one before.
    fn written(folder: &Path, properties: &[String]) -> Vec<Feature> {
        let square = |(k, properties): (usize, &String)| {
            let (west, south) = (155_000 + 12 * (k % 4), 463_000 + 12 * (k / 4));
            let (east, north) = (west + 10, south + 10);
            // Clockwise and closed, as shapefiles have it.
            let ring =
                format!("[[{west},{south}],[{west},{north}],[{east},{north}],[{east},{south}],[{west},{south}]]");
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{{properties}}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}}}"
            )
        };
        let squares: Vec<String> = properties.iter().enumerate().map(square).collect();
        let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:28992\"}}";
        let text = format!("{{\"type\":\"FeatureCollection\",{crs},\"features\":[{}]}}", squares.join(","));
        let path = folder.join("houses.geojson");
        std::fs::write(&path, text).expect("written");
        features(&path, &grid(), &building_columns()).expect("read").features
    }

    #[test]
    fn a_building_has_what_its_file_knows() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = "\"identificatie\":\"0599100000000001\",\"height_m\":8.5,\"eavesHeight\":\"5.5\",\"roofType\":\"gabled\",\
                   \"bouwlagen\":2,\"bouwjaar\":\"1931\",\"floorLevel\":-1.2";
        let found = buildings(&written(folder.path(), &[all.into(), String::new()]), None, None);
        let first = Building {
            id: Some("0599100000000001".into()),
            footprint: found[0].footprint.clone(),
            floor: Some(-1.2),
            eaves: Some(5.5),
            ridge: Some(8.5),
            roof: Some(Roof::Gable),
            storeys: Some(2),
            year: Some(1931),
            ..Building::default()
        };
        assert_eq!(found[0], first);
        assert!(found[0].corners().is_some() && found[0].area_m2() == 100.0, "{:?}", found[0].footprint);
        let second = Building { id: Some("2".into()), footprint: found[1].footprint.clone(), ..Building::default() };
        assert_eq!(found[1], second);
    }

    #[test]
    fn heights_come_from_the_raster_where_the_file_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let features = written(folder.path(), &["\"height_m\":20".into(), String::new(), String::new()]);
        let mut heights = Raster::uniform(grid(), "buildings", "m", 0.0);
        // The second has 7 m but for a chimney and a yard; the third nothing.
        features[1].place.outline.fill(&grid(), &mut heights.values, 7.0);
        let chimney: Vec<usize> = features[1].place.outline.indices(&grid()).take(21).collect();
        chimney[..20].iter().for_each(|cell| heights.values[*cell] = 0.0);
        heights.values[chimney[20]] = 30.0;
        let mut terrain = Raster { datum: -3.0, ..Raster::uniform(grid(), "terrain", "m", 4.0) };
        features[1].place.outline.fill(&grid(), &mut terrain.values, 2.5);
        terrain.values[chimney[0]] = f32::NAN;
        let found = buildings(&features, Some(&terrain), Some(&heights));
        assert_eq!(found.iter().map(|own| own.ridge).collect::<Vec<_>>(), [Some(20.0), Some(7.0), None]);
        assert_eq!(found.iter().map(|own| own.floor).collect::<Vec<_>>(), [Some(1.0), Some(-0.5), Some(1.0)]);
    }

    #[test]
    fn a_height_that_nobody_knows_is_guessed_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let features = written(folder.path(), &["\"height_m\":9".into(), "\"height_m\":\"9\"".into()]);
        let own = buildings(&features, None, None);
        let places: Vec<Place> = features.into_iter().map(|feature| feature.place).collect();
        let found = heights(&grid(), &places, &own);
        let count = |height: f32| found.values.iter().filter(|own| **own == height).count();
        assert_eq!([count(9.0), count(6.0), count(0.0)], [100, 100, 2300]);
        let told = guessed(&own).expect("one is guessed");
        assert!(told.share == 0.5 && told.contains("1 of 2 buildings have no height: 6 m"), "{told:?}");
        assert_eq!(guessed(&own[..1]), None);
    }

    #[test]
    fn whatever_the_columns_hold_a_building_has_sound_numbers_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let odd = [
            "null",
            "\"\"",
            "\"NaN\"",
            "\"inf\"",
            "-3",
            "0",
            "1e300",
            "-1e300",
            "\"40 ft\"",
            "\"12.5\"",
            "12.5",
            "true",
            "[1,2]",
            "{\"a\":1}",
            "\"gable\"",
            "\"\\u0000\\u001b[2J\"",
        ];
        let names = ["height_m", "eavesHeight", "roofType", "bouwlagen", "bouwjaar", "floorLevel", "identificatie"];
        // Each column takes each value, beside others that run through theirs at another pace.
        for shift in 0..odd.len() {
            let row = |k: usize| {
                let value = |(n, name): (usize, &&str)| {
                    format!("\"{name}\":{}", odd[(k * (2 * n + 1) + shift * (n + 1)) % odd.len()])
                };
                names.iter().enumerate().map(value).collect::<Vec<_>>().join(",")
            };
            let rows: Vec<String> = (0..odd.len()).map(row).collect();
            let features = written(folder.path(), &rows);
            assert_eq!(features.len(), odd.len());
            for building in buildings(&features, None, None) {
                let within =
                    |value: Option<f64>, least: f64, most: f64| value.is_none_or(|own| own >= least && own <= most);
                assert!(within(building.ridge, 1e-9, 1e4) && within(building.floor, -500.0, 9000.0), "{building:?}");
                assert!(within(building.eaves, 0.0, building.ridge.unwrap_or(-1.0)), "{building:?}");
                assert!(building.storeys.is_none_or(|own| (1..=300).contains(&own)), "{building:?}");
                assert!(building.year.is_none_or(|own| (1..=3000).contains(&own)), "{building:?}");
                let id = building.id.expect("a name or a number");
                assert!(!id.chars().any(char::is_control), "{id:?}");
            }
        }
    }

    #[test]
    fn roads_have_their_name_width_and_lanes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roads.geojson");
        let line = "{\"type\":\"FeatureCollection\",\"crs\":{\"properties\":{\"name\":\"EPSG:28992\"}},\"features\":[{\"type\":\"Feature\",\
                    \"properties\":{\"gid\":7,\"straatnaam\":\"Kade\",\"width_m\":4,\"rijstroken\":\"2\"},\
                    \"geometry\":{\"type\":\"LineString\",\"coordinates\":[[155010,463020],[155040,463020]]}}]}";
        std::fs::write(&path, line).expect("written");
        let found = carriageways(&features(&path, &grid(), &road_columns()).expect("read").features);
        assert_eq!(found.len(), 1);
        let road = &found[0];
        assert_eq!((road.id.as_str(), road.name.as_deref()), ("7", Some("Kade")));
        assert_eq!((road.width, road.lanes), (Some(4.0), Some(2.0)));
        assert_eq!(road.outline.indices(&grid()).count(), 120);
    }
}
