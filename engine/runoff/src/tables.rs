//! What a flood means for each building, stretch of road and neighbourhood.

use super::land::SMALLEST_GROUND;
use super::problem::Problem;
use hanze_base::frame::Table;
use hanze_base::objects::Shape;
use hanze_base::places::{Place, Places};
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::{Language, Text};

/// Lower ends of the classes of water at a façade, m: below the first one is class 0.
const FACADE: [f32; 4] = [0.05, 0.10, 0.20, 0.30];
/// Lower ends of the classes of a road, m: slow for cars, closed to them, closed to emergency vehicles, too.
const ROAD: [f32; 3] = [0.05, 0.15, 0.30];
/// Depth from which land counts as flooded in a neighbourhood, m.
const FLOODED: f32 = 0.05;

/// Tables and what they come to.
pub struct Found {
    /// One for each kind of place that there is.
    pub tables: Vec<Table>,
    /// Sentences.
    pub story: Vec<Text>,
    /// What was left out.
    pub remarks: Remarks,
}

/// Highest water at every building, road and neighbourhood.
pub fn places(problem: &Problem, places: &Places, max_depth: &[f32]) -> Found {
    let mut found = Found { tables: Vec::new(), story: Vec::new(), remarks: Remarks::default() };
    let facades = facades(problem, &places.buildings, max_depth);
    if !facades.is_empty() {
        found.story.push(buildings_story(&facades));
        found.remarks.extend(left_out(&facades));
        found.tables.push(buildings(&places.buildings, &facades));
    }
    if !places.roads.is_empty() {
        let depths: Vec<f32> = places.roads.iter().map(|road| highest(problem, road, max_depth)).collect();
        found.story.push(roads_story(&depths));
        found.tables.push(roads(&places.roads, &depths));
    }
    if !places.areas.is_empty() {
        found.tables.push(areas(problem, places, &facades, max_depth));
    }
    found
}

/// Cells of a place, as indices.
fn cells(problem: &Problem, place: &Place) -> impl Iterator<Item = usize> {
    place.outline.indices(&problem.grid)
}

/// The class of a depth: how many of the lower ends it reaches.
fn class(depth: f32, ends: &[f32]) -> usize {
    ends.iter().filter(|end| depth >= **end).count()
}

/// Water at a building.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Facade {
    /// Highest depth on the cells around it, m; NaN where it has none.
    depth: f32,
    /// Cells around it that water can come to.
    cells: usize,
    /// Highest depth in gaps between buildings around it, m, which does not count; `None` where it has none.
    gap: Option<f32>,
}

/// Highest water at every building: on the cells that touch its footprint with a side or a corner, outside of every footprint,
/// that are land and in no gap between buildings.
fn facades(problem: &Problem, buildings: &[Place], max_depth: &[f32]) -> Vec<Facade> {
    let (cols, rows) = (problem.grid.cols, problem.grid.rows);
    // Building that last counted a cell, from 1; those within a footprint count for none.
    const WITHIN: u32 = u32::MAX;
    let mut counted = vec![0u32; problem.grid.len()];
    buildings.iter().flat_map(|building| cells(problem, building)).for_each(|cell| counted[cell] = WITHIN);
    let facade = |(k, building): (usize, &Place)| {
        let mut facade = Facade { depth: f32::NAN, cells: 0, gap: None };
        for cell in cells(problem, building) {
            let (col, row) = (cell % cols, cell / cols);
            for row in row.saturating_sub(1)..(row + 2).min(rows) {
                for col in col.saturating_sub(1)..(col + 2).min(cols) {
                    let beside = row * cols + col;
                    let is_open = counted[beside] != WITHIN && !problem.is_built(beside);
                    if !is_open || counted[beside] == k as u32 + 1 || !problem.is_land(beside) {
                        continue;
                    }
                    counted[beside] = k as u32 + 1;
                    if problem.is_gap(beside) {
                        facade.gap = Some(facade.gap.unwrap_or(0.0).max(max_depth[beside]));
                    } else {
                        // The highest of a number and none is the number.
                        facade.depth = facade.depth.max(max_depth[beside]);
                        facade.cells += 1;
                    }
                }
            }
        }
        facade
    };
    buildings.iter().enumerate().map(facade).collect()
}

fn table(name: &str, description: &str, places: &[Place], columns: &[&str], rows: Vec<Vec<f64>>) -> Table {
    Table {
        name: name.into(),
        description: description.into(),
        names: places.iter().map(|place| place.name.clone()).collect(),
        columns: columns.iter().map(|column| (*column).to_string()).collect(),
        rows,
        shapes: places.iter().map(|place| Shape::Outline(place.outline.clone())).collect(),
    }
}

fn buildings(places: &[Place], facades: &[Facade]) -> Table {
    let row = |facade: &Facade| {
        let class = if facade.cells > 0 { class(facade.depth, &FACADE) as f64 } else { f64::NAN };
        vec![f64::from(facade.depth), class, facade.cells as f64, facade.gap.map_or(f64::NAN, f64::from)]
    };
    let words = format!(
        "maximum water depth at the walls of each building, on open ground of {SMALLEST_GROUND} m² or more; class 0 below 5 cm, 1 to 10, 2 to \
         20, 3 to 30, 4 above; gap_depth_m is the maximum water depth in smaller gaps beside it, which does not count"
    );
    let columns = ["depth_m", "class", "facade_cells", "gap_depth_m"];
    table("buildings", &words, places, &columns, facades.iter().map(row).collect())
}

/// How many buildings have such water in gaps between buildings only.
fn left_out(facades: &[Facade]) -> Option<Remark> {
    let only = |class_: usize| {
        let is_left_out = |facade: &&Facade| {
            class(facade.depth, &FACADE) < class_ && facade.gap.is_some_and(|gap| class(gap, &FACADE) >= class_)
        };
        facades.iter().filter(is_left_out).count() as f64
    };
    let (wet, deep) = (only(2), only(4));
    let words = |language: Language| {
        let [wet, deep, all] = [wet, deep, facades.len() as f64].map(|count| language.number(count, 0));
        match language {
            Language::English => format!(
                "{wet} of {all} buildings touch water of more than 10 cm only in gaps of less than {SMALLEST_GROUND} m² between \
                 buildings, {deep} of more than 30 cm: they are not counted"
            ),
            Language::Dutch => format!(
                "bij {wet} van de {all} gebouwen staat alleen in tussenruimtes van minder dan {SMALLEST_GROUND} m² meer dan \
                 10 cm water, bij {deep} meer dan 30 cm: die tellen niet mee"
            ),
        }
    };
    let share = wet.max(deep) / facades.len() as f64;
    (share > 0.0).then(|| Remark::new(share, words(Language::English), words(Language::Dutch)))
}

fn buildings_story(facades: &[Facade]) -> Text {
    let over = |class_: usize| facades.iter().filter(|facade| class(facade.depth, &FACADE) >= class_).count() as f64;
    let [all, wet, deep] = [facades.len() as f64, over(2), over(4)];
    let words = |language: Language| {
        let [all, wet, deep] = [all, wet, deep].map(|count| language.number(count, 0));
        match language {
            Language::English => {
                format!(
                    "Of {all} buildings {wet} had more than 10 cm of water against their walls, {deep} more than 30 cm."
                )
            }
            Language::Dutch => {
                format!(
                    "Van {all} gebouwen stond bij {wet} meer dan 10 cm water tegen de gevel, bij {deep} meer dan 30 cm."
                )
            }
        }
    };
    Text::new(words(Language::English), words(Language::Dutch))
}

/// Highest water on the land of a place that is no gap between buildings, m; NaN where it has none.
fn highest(problem: &Problem, place: &Place, max_depth: &[f32]) -> f32 {
    let land = cells(problem, place).filter(|cell| problem.counts(*cell));
    land.map(|cell| max_depth[cell]).fold(f32::NAN, f32::max)
}

fn roads(places: &[Place], depths: &[f32]) -> Table {
    let row = |depth: &f32| {
        let known = |value: f64| if depth.is_nan() { f64::NAN } else { value };
        let class = class(*depth, &ROAD);
        let open = |until: usize| known(f64::from(u8::from(class < until)));
        vec![f64::from(*depth), known(class as f64), open(2), open(3)]
    };
    let words = "maximum water depth on each stretch of road; class 0 dry, 1 slow, 2 closed to cars (15 cm), 3 closed to emergency \
                 vehicles, too (30 cm)";
    let columns = ["depth_m", "class", "open_to_cars", "open_to_emergency_vehicles"];
    table("roads", words, places, &columns, depths.iter().map(row).collect())
}

fn roads_story(depths: &[f32]) -> Text {
    let over = |class_: usize| depths.iter().filter(|depth| class(**depth, &ROAD) >= class_).count() as f64;
    let [all, closed, cut] = [depths.len() as f64, over(2), over(3)];
    let words = |language: Language| {
        let [all, closed, cut] = [all, closed, cut].map(|count| language.number(count, 0));
        match language {
            Language::English => format!(
                "Of {all} stretches of road {closed} were at some time too deep for cars (15 cm), {cut} for emergency vehicles, \
                 too (30 cm)."
            ),
            Language::Dutch => format!(
                "Van {all} wegvakken stond op {closed} op enig moment te veel water voor auto's (15 cm), op {cut} ook voor \
                 hulpdiensten (30 cm)."
            ),
        }
    };
    Text::new(words(Language::English), words(Language::Dutch))
}

fn areas(problem: &Problem, places: &Places, facades: &[Facade], max_depth: &[f32]) -> Table {
    let cell_area = problem.grid.cell_area();
    // Neighbourhood of each cell, from 1: where two overlap, the later one has it.
    let mut area_of = vec![0u32; problem.grid.len()];
    for (k, area) in places.areas.iter().enumerate() {
        cells(problem, area).for_each(|cell| area_of[cell] = k as u32 + 1);
    }
    const COLUMNS: [&str; 8] = [
        "land_m2",
        "flooded_m2",
        "flooded_percent",
        "volume_m3",
        "deepest_m",
        "buildings",
        "buildings_over_10_cm",
        "buildings_over_30_cm",
    ];
    let mut rows = vec![vec![0.0; COLUMNS.len()]; places.areas.len()];
    for (cell, area) in area_of.iter().enumerate().filter(|(cell, area)| **area > 0 && problem.counts(*cell)) {
        let (row, depth) = (&mut rows[*area as usize - 1], f64::from(max_depth[cell]));
        row[0] += cell_area;
        if max_depth[cell] >= FLOODED {
            row[1] += cell_area;
            row[3] += cell_area * depth;
        }
        row[4] = row[4].max(depth);
    }
    for (building, facade) in places.buildings.iter().zip(facades) {
        // A building belongs where the middle of its extent lies.
        let middle = building.outline.bounds().map(|(low, high)| 0.5 * (low + high));
        let cell = middle.and_then(|at| problem.grid.cell_at(at.x, at.y));
        let Some(area) = cell.map(|(col, row)| area_of[row * problem.grid.cols + col]).filter(|area| *area > 0) else {
            continue;
        };
        let row = &mut rows[area as usize - 1];
        let class = class(facade.depth, &FACADE);
        row[5] += 1.0;
        row[6] += f64::from(u8::from(class >= 2));
        row[7] += f64::from(u8::from(class >= 4));
    }
    rows.iter_mut().for_each(|row| row[2] = if row[0] > 0.0 { 100.0 * row[1] / row[0] } else { f64::NAN });
    let words = "land of each neighbourhood, without gaps between buildings, that was ever under 5 cm or more, the water on it at its \
                 highest, and its buildings";
    table("neighbourhoods", words, &places.areas, &COLUMNS, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec2;
    use hanze_base::grid::Grid;
    use hanze_base::outline::Outline;

    fn place(name: &str, west: f64, south: f64, east: f64, north: f64) -> Place {
        let corners = [(west, south), (east, south), (east, north), (west, north)].map(DVec2::from);
        Place { name: name.into(), outline: Outline::of(corners.to_vec()) }
    }

    /// Ten by ten cells of a metre; two houses share a wall, one is surrounded, one lies outside.
    fn town() -> (Problem, Places, Vec<f32>) {
        let mut problem = Problem::new(Grid::local(10, 10, 1.0), &[0.0; 100]);
        let mut depth = vec![0.0; 100];
        let mut at = |x: usize, y: usize, value: f32| depth[(9 - y) * 10 + x] = value;
        // Within a house, at its corner, in a canal, in a hole, on a road, two cells off.
        at(1, 1, 9.0);
        at(3, 3, 0.25);
        at(6, 4, 7.0);
        at(8, 8, 0.16);
        at(0, 6, 5.0);
        problem.depth[(9 - 4) * 10 + 6] = 1.0;
        let buildings = vec![
            place("a", 1.0, 1.0, 3.0, 3.0),
            place("b", 3.0, 1.0, 5.0, 3.0),
            place("gone", 40.0, 1.0, 45.0, 3.0),
            place("canal", 6.0, 5.0, 7.0, 6.0),
        ];
        let roads = vec![
            place("road", 7.0, 7.0, 10.0, 10.0),
            place("dry", 0.0, 8.0, 3.0, 10.0),
            place("gone", 70.0, 7.0, 80.0, 10.0),
        ];
        let areas = vec![place("south", 0.0, 0.0, 10.0, 5.0), place("north", 0.0, 5.0, 10.0, 10.0)];
        (problem, Places { buildings, roads, areas }, depth)
    }

    #[test]
    fn houses_know_the_water_at_their_walls() {
        let (problem, places, depth) = town();
        let facades = facades(&problem, &places.buildings, &depth);
        // A cell at the corner of two houses counts for both, the wall between them for none.
        assert_eq!(facades[0], Facade { depth: 0.25, cells: 10, gap: None });
        assert_eq!(facades[1], Facade { depth: 0.25, cells: 10, gap: None });
        assert!(facades[2].depth.is_nan() && facades[2].cells == 0, "outside");
        assert_eq!(facades[3], Facade { depth: 0.0, cells: 7, gap: None }, "a canal at the wall is no flood");
        let found = super::places(&problem, &places, &depth);
        let [buildings, roads, areas] = &found.tables[..] else { panic!("three tables") };
        assert_eq!(
            (buildings.names.as_slice(), buildings.rows[0][1]),
            (&["a", "b", "gone", "canal"].map(String::from)[..], 3.0)
        );
        assert!(buildings.rows[2][0].is_nan() && buildings.rows[2][1].is_nan());
        assert_eq!(roads.rows[0][1..], [2.0, 0.0, 1.0]);
        assert_eq!(roads.rows[1][1..], [0.0, 1.0, 1.0]);
        assert!(roads.rows[2][2].is_nan());
        // The canal is no land; the water in the house is, since a real house is where its ground is.
        assert_eq!(areas.rows[0][0], 49.0);
        assert_eq!(areas.rows[0][5..], [2.0, 2.0, 0.0]);
        assert_eq!((areas.rows[1][1], areas.rows[1][5]), (2.0, 1.0));
        assert_eq!(
            found.story[0].en,
            "Of 4 buildings 2 had more than 10 cm of water against their walls, 0 more than 30 cm."
        );
        assert!(found.story[1].nl.starts_with("Van 3 wegvakken stond op 1"), "{}", found.story[1].nl);
    }

    #[test]
    fn classes_begin_where_they_say() {
        for (depth, expected) in
            [(0.0, 0), (0.0499, 0), (0.05, 1), (0.10, 2), (0.1999, 2), (0.20, 3), (0.30, 4), (f32::NAN, 0)]
        {
            assert_eq!(class(depth, &FACADE), expected, "{depth}");
        }
    }
}
