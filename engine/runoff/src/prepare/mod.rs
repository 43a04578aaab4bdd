//! From a scenario and a city to the runoff problem.

mod buildings;
mod sewers;
mod structures;

use super::problem::{Boundary, BoundaryKind, Gauge, Inflow, Problem, Settings, Soil};
use super::sewer::Sewers;
use super::spec::{BoundaryName, BoundarySpec, RunoffSpec};
use hanze_base::error::{Error, Result};
use hanze_base::grid::Edge;
use hanze_base::remark::{Remark, Remarks};
use hanze_base::series::{Between, Series};
use hanze_base::words::Language;
use hanze_city::City;
use hanze_scenario::{Allowed, Scenario, SeriesSpec};

/// Numbers that all readings of a run may hold.
const MOST_NUMBERS: f64 = 6e7;

/// The runoff problem of a scenario in a city.
///
/// # Errors
/// `Scenario` where boundaries, inflows, gauges, structures or rain do not fit the city; `Data` where a file that they name is wrong.
pub fn problem(city: &City, scenario: &Scenario) -> Result<Problem> {
    let missing = || Error::scenario("runoff", "is missing", "write [runoff] with end_minutes");
    let runoff = scenario.asked::<RunoffSpec>().ok_or_else(missing)?;
    let zeros = vec![0.0; city.grid.len()];
    let (rain, repairs) = runoff.rain_in_time(scenario)?;
    let mut problem = Problem {
        grid: city.grid,
        datum: city.terrain.datum,
        bed: city.terrain.values.clone(),
        manning: city.manning.values.clone(),
        infiltration: city.infiltration.values.clone(),
        soil: soil(city),
        interception: interception(city),
        depth: city.water.as_ref().map_or_else(|| zeros.clone(), |water| water.values.clone()),
        qx: zeros.clone(),
        qy: zeros,
        rain,
        radar: None,
        roofs: Vec::new(),
        built: Vec::new(),
        gaps: Vec::new(),
        sewers: Sewers::default(),
        structures: Vec::new(),
        boundaries: Vec::new(),
        inflows: Vec::new(),
        gauges: Vec::new(),
        settings: Settings {
            order: runoff.order,
            courant: runoff.courant,
            longest_step: runoff.longest_step_s,
            arrival_depth: runoff.arrival_depth_m,
            duration_depth: runoff.duration_depth_m,
            ..Settings::default()
        },
        repairs,
    };
    problem.repairs.extend(crowns(city));
    let (radar, told) = runoff.radar(scenario, &city.grid)?;
    problem.repairs.extend(told);
    if let Some(radar) = radar {
        problem.rain = Series::new(&radar.highest(), Between::Steps);
        problem.radar = Some(radar);
    }
    let is_roof = buildings::footprints(city);
    let stands = buildings::build(city, scenario, &is_roof, &mut problem)?;
    buildings::gaps(city, &is_roof, stands, &mut problem);
    let mut told = Remarks::default();
    // Walls along lines stand before anything else is set beside them.
    let walls = |spec: &&BoundarySpec| spec.line.is_some() && spec.kind == BoundaryName::Wall;
    for (k, spec) in runoff.boundary.iter().enumerate().filter(|(_, spec)| walls(spec)) {
        let points = spec.line.as_deref().unwrap_or_default();
        let cells = structures::open_cells(&format!("runoff.boundary[{k}].line"), &problem, points)?;
        structures::along_line(&format!("runoff.boundary[{k}]"), &mut problem, &spec.name, cells, BoundaryKind::Wall)?;
    }
    let mut places = Vec::new();
    for (k, spec) in runoff.boundary.iter().enumerate().filter(|(_, spec)| !walls(spec)) {
        let at = format!("runoff.boundary[{k}]");
        match (&spec.line, spec.edge) {
            (Some(points), _) => {
                let cells = structures::open_cells(&format!("{at}.line"), &problem, points)?;
                let kind = kind(scenario, &at, spec, &mut told)?;
                structures::along_line(&at, &mut problem, &spec.name, cells, kind)?;
            }
            (None, Some(edge)) => {
                let boundary = boundary(scenario, &at, spec, edge, (&problem, &mut told))?;
                problem.boundaries.push(boundary);
                places.push(k);
            }
            (None, None) => {
                return Err(Error::scenario(at, "has no place", "write edge = \"west\" or line = [[x, y], …]"));
            }
        }
    }
    problem.repairs.extend(told);
    structures::structures(scenario, &mut problem)?;
    let (inlets, uniform, told) = runoff.inlets(scenario, &city.grid)?;
    problem.repairs.extend(told);
    problem.sewers = sewers::sewers(city, scenario, &is_roof, &problem, inlets.as_ref(), uniform)?;
    problem.roofs = buildings::roofs(city, scenario, &is_roof, &problem)?;
    sewers::fit(city, scenario, &mut problem);
    let columns = 1
        + 3 * scenario.spec.gauge.len()
        + problem.boundaries.len()
        + problem.structures.len()
        + 3 * problem.sewers.districts.len();
    let readings = runoff.end_minutes / runoff.gauge_minutes;
    if readings * columns as f64 > MOST_NUMBERS {
        let words = format!("{readings:.0} readings of {columns} numbers are too many");
        return Err(Error::scenario("runoff.gauge_minutes", words, "write a larger number, or keep fewer districts"));
    }
    for (k, faces) in problem.boundary_faces().into_iter().enumerate() {
        if faces == 0 && !matches!(problem.boundaries[k].kind, BoundaryKind::Wall) {
            let words = format!("\"{}\" is covered whole by later boundaries", problem.boundaries[k].name);
            let k = places[k];
            return Err(Error::scenario(
                format!("runoff.boundary[{k}].name"),
                words,
                "move one of them; later ones win",
            ));
        }
    }
    for (k, inflow) in runoff.inflow.iter().enumerate() {
        let at = format!("runoff.inflow[{k}]");
        let (col, row) = cell(&at, &problem, inflow.x, inflow.y)?;
        let key = format!("{at}.discharge_m3_per_s");
        let (series, told) = scenario.series(&key, &inflow.discharge_m3_per_s, Between::Linear, Allowed::DISCHARGE)?;
        problem.repairs.extend(told);
        problem.inflows.push(Inflow { name: inflow.name.clone(), col, row, series });
    }
    for (k, gauge) in scenario.spec.gauge.iter().enumerate() {
        let (col, row) = cell(&format!("gauge[{k}]"), &problem, gauge.x, gauge.y)?;
        problem.gauges.push(Gauge { name: gauge.name.clone(), col, row });
    }
    Ok(problem)
}

/// How the city's soil takes water.
fn soil(city: &City) -> Soil {
    match (&city.soil.suction, &city.soil.horton) {
        (Some(suction), _) => Soil::GreenAmpt(suction.values.clone()),
        (None, Some((initial, decay))) => {
            let excess = initial.values.iter().zip(&city.infiltration.values);
            Soil::Horton { excess: excess.map(|(initial, last)| (initial - last).max(0.0)).collect(), decay: *decay }
        }
        (None, None) => Soil::Plain,
    }
}

/// What the crown of a tree in leaf holds, m: 0.2 mm on each layer of leaves (Dickinson 1984; Wang, Endreny & Nowak 2008, i-Tree Hydro),
/// of which there are five.
pub const CROWN_HOLDS: f32 = 1e-3;

/// That trees hold rain, and how much.
fn crowns(city: &City) -> Option<Remark> {
    let canopy = city.canopy.as_ref()?;
    let share = canopy.values.iter().filter(|height| **height > 0.0).count() as f64 / canopy.values.len() as f64;
    let text =
        |language: Language| (language.number(100.0 * share, 1), language.number(f64::from(1e3 * CROWN_HOLDS), 1));
    let ((percent, held), (procent, houdt)) = (text(Language::English), text(Language::Dutch));
    (share > 0.0).then(|| {
        let en =
            format!("trees are in leaf: their crowns, over {percent} % of the city, hold the first {held} mm of rain");
        let nl = format!(
            "bomen staan in blad: hun kronen, boven {procent} % van de stad, houden de eerste {houdt} mm regen vast"
        );
        Remark::new(share, en, nl)
    })
}

/// What leaves and hollows of each cell hold: what the city says, and the crowns of trees; none where water stands already.
fn interception(city: &City) -> Vec<f32> {
    let crown = |at: usize| city.canopy.as_ref().is_some_and(|canopy| canopy.values[at] > 0.0);
    let said = city.soil.interception.as_ref();
    if said.is_none() && !(0..city.grid.len()).any(crown) {
        return Vec::new();
    }
    let dry = |at: usize| city.water.as_ref().is_none_or(|water| water.values[at] <= 0.0);
    let held = |at: usize| said.map_or(0.0, |said| said.values[at]) + if crown(at) { CROWN_HOLDS } else { 0.0 };
    (0..city.grid.len()).map(|at| if dry(at) { held(at) } else { 0.0 }).collect()
}

/// The open cell that holds a point.
fn cell(at: &str, problem: &Problem, x: f64, y: f64) -> Result<(usize, usize)> {
    let g = &problem.grid;
    let (col, row) = g.cell_at(x, y).ok_or_else(|| {
        let extent = format!("x {}…{}, y {}…{}", g.west, g.east(), g.south(), g.north);
        Error::scenario(format!("{at}.x"), format!("({x}, {y}) lies outside the city"), format!("stay within {extent}"))
    })?;
    if problem.bed[row * g.cols + col].is_nan() {
        let mend = "choose a place that water can enter";
        return Err(Error::scenario(format!("{at}.x"), format!("({x}, {y}) lies in a wall or a hole"), mend));
    }
    Ok((col, row))
}

/// A boundary on the cells of its stretch.
fn boundary(
    scenario: &Scenario,
    at: &str,
    spec: &BoundarySpec,
    edge: Edge,
    (problem, told): (&Problem, &mut Remarks),
) -> Result<Boundary> {
    let g = &problem.grid;
    let (start, end) = match edge {
        Edge::North | Edge::South => (g.west, g.east()),
        Edge::West | Edge::East => (g.south(), g.north),
    };
    let (from, to) = (spec.from_m.unwrap_or(start), spec.to_m.unwrap_or(end));
    let place = |value: f64| ((value - start) / g.cell).round();
    let (first, last) = (place(from).max(0.0), place(to).min(((end - start) / g.cell).round()));
    if first >= last {
        let problem = format!("the stretch from {from} to {to} m holds no cell of the edge");
        return Err(Error::scenario(format!("{at}.from_m"), problem, format!("stay within {start}…{end} m")));
    }
    let (first, last) = (first as usize, last as usize);
    // Western and eastern edges are numbered from the north, their y from the south.
    let (from, to) = match edge {
        Edge::North | Edge::South => (first, last),
        Edge::West | Edge::East => (g.rows - last, g.rows - first),
    };
    let kind = kind(scenario, at, spec, told)?;
    let boundary = Boundary { name: spec.name.clone(), edge, from, to, kind };
    if !matches!(boundary.kind, BoundaryKind::Wall) && problem.open_faces(&boundary) == 0 {
        return Err(Error::scenario(format!("{at}.edge"), "every cell of the stretch is a wall", "move the stretch"));
    }
    Ok(boundary)
}

/// What happens at a boundary.
fn kind(scenario: &Scenario, at: &str, spec: &BoundarySpec, told: &mut Remarks) -> Result<BoundaryKind> {
    let mut given = |key: &str, value: &Option<SeriesSpec>, allowed| -> Result<Series> {
        let at = format!("{at}.{key}");
        let missing = || Error::scenario(&at, "is missing", format!("write {key} = a number, points or a CSV file"));
        let (series, remarks) = scenario.series(&at, value.as_ref().ok_or_else(missing)?, Between::Linear, allowed)?;
        told.extend(remarks);
        Ok(series)
    };
    Ok(match spec.kind {
        BoundaryName::Wall => BoundaryKind::Wall,
        BoundaryName::Free => BoundaryKind::Free,
        BoundaryName::Level => BoundaryKind::Level(given("level_m", &spec.level_m, Allowed::LEVEL)?),
        BoundaryName::Discharge => {
            let series = given("discharge_m3_per_s", &spec.discharge_m3_per_s, Allowed::DISCHARGE)?;
            BoundaryKind::Discharge(series)
        }
    })
}
