//! What a flood means, in words and in a table of its worst spots.

use super::problem::Problem;
use hanze_base::frame::{Balance, Table};
use hanze_base::objects::Shape;
use hanze_base::words::{Language, Text};

/// Depth from which water counts as a spot, m: it comes over a doorstep and stops a car.
const SPOT_DEPTH: f32 = 0.2;
/// Spots in the table, and in the words.
const SPOTS: [usize; 2] = [20, 3];
const THRESHOLDS: [(f32, &str); 3] = [(0.05, "5 cm"), (0.2, "20 cm"), (0.5, "50 cm")];

/// A hollow or street that filled up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Where it is deepest: column and row.
    pub cell: (usize, usize),
    /// Highest depth there, m.
    pub depth: f32,
    /// Ground that was ever under more than 20 cm, m².
    pub area: f64,
    /// Water on it if all of it were at its highest at once, m³.
    pub volume: f64,
}

/// Connected places that were ever under more than 20 cm, had no water before and are no gaps between buildings; the most water first.
pub fn spots(problem: &Problem, max_depth: &[f32]) -> Vec<Spot> {
    let (grid, area) = (problem.grid, problem.grid.cell_area());
    let mut left: Vec<bool> =
        max_depth.iter().enumerate().map(|(cell, depth)| *depth > SPOT_DEPTH && problem.counts(cell)).collect();
    let mut spots = Vec::new();
    let mut front = Vec::new();
    for start in 0..left.len() {
        if !left[start] {
            continue;
        }
        let mut spot = Spot { cell: (0, 0), depth: 0.0, area: 0.0, volume: 0.0 };
        left[start] = false;
        front.push(start);
        while let Some(cell) = front.pop() {
            let (col, row) = (cell % grid.cols, cell / grid.cols);
            spot.area += area;
            spot.volume += area * f64::from(max_depth[cell]);
            if max_depth[cell] > spot.depth {
                (spot.depth, spot.cell) = (max_depth[cell], (col, row));
            }
            let beside = [
                (col > 0).then(|| cell - 1),
                (col + 1 < grid.cols).then_some(cell + 1),
                (row > 0).then(|| cell - grid.cols),
                (row + 1 < grid.rows).then_some(cell + grid.cols),
            ];
            for next in beside.into_iter().flatten() {
                if std::mem::take(&mut left[next]) {
                    front.push(next);
                }
            }
        }
        spots.push(spot);
    }
    spots.sort_by(|a, b| b.volume.total_cmp(&a.volume));
    spots
}

/// What sewers and structures did: of each district what is stored, was pumped out and came up, and what passed each structure, m³.
pub fn works(problem: &Problem, balance: &Balance, sewers: &[[f64; 3]], passed: &[[f64; 2]]) -> Vec<Text> {
    let both = |words: &dyn Fn(Language) -> String| Text::new(words(Language::English), words(Language::Dutch));
    let term = |name: &str| balance.terms.iter().filter(|t| t.0 == name).map(|t| t.1.abs()).sum::<f64>();
    let mut story = Vec::new();
    let came = balance.terms.iter().filter(|t| t.0 != "there at the start").map(|t| t.1.max(0.0)).sum::<f64>();
    if !sewers.is_empty() {
        let came_up: f64 = sewers.iter().map(|district| district[2]).sum();
        // The balance has what stayed in it.
        let taken = term("into the sewer") + came_up;
        story.push(both(&|language| {
            let [taken, share, up] = [
                language.number(taken, 0),
                language.number(100.0 * taken / came.max(1e-9), 1),
                language.number(came_up, 0),
            ];
            match language {
                Language::English => format!(
                    "The sewer took {taken} m³, {share} % of the water that came; {up} m³ came up to the street from full sewers."
                ),
                Language::Dutch => format!(
                    "Het riool nam {taken} m³ op, {share} % van het water dat erbij kwam; {up} m³ kwam uit volle riolen op straat."
                ),
            }
        }));
    }
    for (structure, [total, _]) in
        problem.structures.iter().zip(passed).filter(|(_, passed)| passed[0].abs() >= 0.5).take(5)
    {
        story.push(both(&|language| {
            let (volume, name) = (language.number(total.abs(), 0), &structure.name);
            let inward = structure.pairs.first().is_some_and(|pair| pair[0].is_none()) == (*total > 0.0);
            let outside = structure.pairs.first().is_some_and(|pair| pair.contains(&None));
            match (language, outside, inward) {
                (Language::English, true, true) => format!("Through \"{name}\" {volume} m³ came in."),
                (Language::English, true, false) => format!("Through \"{name}\" {volume} m³ went out."),
                (Language::English, false, _) => format!("{volume} m³ passed \"{name}\"."),
                (Language::Dutch, true, true) => format!("Door \"{name}\" kwam {volume} m³ binnen."),
                (Language::Dutch, true, false) => format!("Door \"{name}\" ging {volume} m³ naar buiten."),
                (Language::Dutch, false, _) => format!("{volume} m³ ging door \"{name}\"."),
            }
        }));
    }
    story
}

/// The spots as a table.
pub fn table(problem: &Problem, spots: &[Spot]) -> Table {
    let columns = ["rank", "x_m", "y_m", "depth_m", "area_m2", "volume_m3"];
    let row = |(k, spot): (usize, &Spot)| {
        let (x, y) = problem.grid.centre(spot.cell.0, spot.cell.1);
        vec![(k + 1) as f64, x, y, f64::from(spot.depth), spot.area, spot.volume]
    };
    Table {
        name: "spots".into(),
        description: "places that were under more than 20 cm, the most water first".into(),
        columns: columns.map(String::from).to_vec(),
        rows: spots.iter().take(SPOTS[0]).enumerate().map(row).collect(),
        shapes: spots
            .iter()
            .take(SPOTS[0])
            .map(|spot| Shape::Point(problem.grid.centre(spot.cell.0, spot.cell.1).into()))
            .collect(),
        ..Table::default()
    }
}

/// How much fell, where it went, how much ground it covered, and the worst spots.
pub fn story(problem: &Problem, balance: &Balance, max_depth: &[f32], spots: &[Spot]) -> Vec<Text> {
    let roofs = problem.roofs.iter().filter(|roof| problem.bed[roof.cell].is_nan()).count();
    let ground = (problem.open_cells() + roofs) as f64 * problem.grid.cell_area();
    let both = |words: &dyn Fn(Language) -> String| Text::new(words(Language::English), words(Language::Dutch));
    let term = |name: &str| balance.terms.iter().filter(|t| t.0 == name).map(|t| t.1.abs()).sum::<f64>();
    let mut story = Vec::new();
    let rain = term("rain");
    if rain > 0.0 {
        story.push(both(&|language| {
            let [volume, depth, hectares] = [
                language.number(rain, 0),
                language.number(1000.0 * rain / ground, 1),
                language.number(ground / 1e4, 1),
            ];
            match language {
                Language::English => format!("{volume} m³ of rain fell: {depth} mm on {hectares} ha."),
                Language::Dutch => format!("Er viel {volume} m³ regen: {depth} mm op {hectares} ha."),
            }
        }));
    }
    let came = balance.terms.iter().filter(|t| t.0 != "there at the start").map(|t| t.1.max(0.0)).sum::<f64>();
    // What stood in canals and rivers before is no news.
    let stays = term("standing at the end") - term("there at the start");
    if came > 0.0 && stays >= 0.0 {
        let share = |volume: f64| 100.0 * volume / came;
        let edges = balance
            .terms
            .iter()
            .filter(|t| (t.0.starts_with("boundary") || t.0.starts_with("structure")) && t.1 < 0.0)
            .map(|t| -t.1);
        let shares = [share(term("infiltrated") + term("intercepted")), share(edges.sum()), share(stays)];
        let is_held = term("intercepted") > 0.0;
        story.push(both(&|language| {
            let [sank, left, stays] = shares.map(|share| language.number(share, 1));
            match language {
                Language::English => {
                    let taken = if is_held { "stayed on leaves or sank into the soil" } else { "sank into the soil" };
                    format!(
                        "Of the water that came, {sank} % {taken}, {left} % left over the edges, and {stays} % still stands \
                         at the end."
                    )
                }
                Language::Dutch => {
                    let taken = if is_held { "bleef {} % op bladeren hangen of zakte in de bodem" } else { "zakte {} % in de bodem" };
                    format!(
                        "Van het water dat erbij kwam {}, verdween {left} % over de randen en staat {stays} % er aan het \
                         eind nog.",
                        taken.replace("{}", &sank)
                    )
                }
            }
        }));
    }
    let dry = |i: &usize| problem.counts(*i);
    let land = (0..max_depth.len()).filter(dry).count().max(1) as f64;
    let over = THRESHOLDS.map(|(depth, words)| {
        (100.0 * (0..max_depth.len()).filter(dry).filter(|i| max_depth[*i] > depth).count() as f64 / land, words)
    });
    story.push(both(&|language| {
        let list = over.map(|(share, depth)| format!("{depth}: {} %", language.number(share, 1))).join("; ");
        let start = language.pick("Land that was ever under more than", "Land dat ooit onder water stond, meer dan");
        format!("{start} {list}.")
    }));
    for (k, spot) in spots.iter().take(SPOTS[1]).enumerate() {
        let (x, y) = problem.grid.centre(spot.cell.0, spot.cell.1);
        story.push(both(&|language| {
            let [x, y] = [x, y].map(|metres| format!("{metres:.0}"));
            let [depth, area] = [language.number(f64::from(spot.depth), 2), language.number(spot.area, 0)];
            match language {
                Language::English => {
                    format!(
                        "Worst spot {}: x {x}, y {y}, up to {depth} m deep; {area} m² under more than 20 cm.",
                        k + 1
                    )
                }
                Language::Dutch => {
                    format!("Ergste plek {}: x {x}, y {y}, tot {depth} m diep; {area} m² onder meer dan 20 cm.", k + 1)
                }
            }
        }));
    }
    story
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_base::grid::Grid;

    #[test]
    fn spots_are_told_apart_and_ranked_by_their_water() {
        // Two hollows that touch at a corner only, a film, and a pond that was there before.
        let depth = [
            0.3, 0.4, 0.0, 0.9, //
            0.0, 0.0, 0.5, 0.0, //
            0.1, 0.1, 0.0, 0.0,
        ];
        let mut problem = Problem::new(Grid::local(4, 3, 2.0), &[0.0; 12]);
        problem.depth[3] = 0.8;
        let spots = spots(&problem, &depth);
        let expected = [
            Spot { cell: (1, 0), depth: 0.4, area: 8.0, volume: 4.0 * f64::from(0.3_f32) + 4.0 * f64::from(0.4_f32) },
            Spot { cell: (2, 1), depth: 0.5, area: 4.0, volume: 2.0 },
        ];
        assert_eq!(spots, expected);
        let table = table(&problem, &spots);
        assert_eq!(table.rows[0][..4], [1.0, 3.0, 5.0, f64::from(0.4_f32)]);
    }

    #[test]
    fn the_story_has_the_numbers_of_the_balance() {
        let problem = Problem::new(Grid::local(100, 100, 10.0), &[0.0; 10_000]);
        let terms = [
            ("there at the start", 7_000.0),
            ("rain", 50_000.0),
            ("boundary river", -20_000.0),
            ("infiltrated", -5_000.0),
        ];
        let terms = terms.into_iter().chain([("standing at the end", -32_000.0)]);
        let balance = Balance::new("m³", terms.map(|(name, value)| (name.to_string(), value)).collect());
        let story = story(&problem, &balance, &[0.06; 10_000], &[]);
        assert_eq!(story[0].en, "50\u{a0}000 m³ of rain fell: 50.0 mm on 100.0 ha.");
        assert!(story[1].nl.contains("10,0 % in de bodem") && story[1].nl.contains("50,0 %"), "{}", story[1].nl);
        assert_eq!(story[2].en, "Land that was ever under more than 5 cm: 100.0 %; 20 cm: 0.0 %; 50 cm: 0.0 %.");
    }
}
