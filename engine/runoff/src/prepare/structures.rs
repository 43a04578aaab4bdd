//! Structures and boundaries along lines.

use super::super::links::{Structure, StructureKind};
use super::super::problem::Problem;
use hanze_base::error::{Error, Result};
use hanze_base::line;
use hanze_base::remark::Remarks;
use hanze_base::series::{Between, Series};
use hanze_scenario::{Allowed, PointOrLine, Scenario, SeriesSpec, StructureName, StructureSpec};

/// Coefficient of a broad-crested weir, m^0.5/s.
const BROAD_CREST: f64 = StructureSpec::COEFFICIENT;
/// Links of all structures.
const MOST_LINKS: usize = 100_000;
/// Cells of all boundaries of discharge along lines.
const MOST_INFLOWS: usize = 2000;
/// Share of its width with which a breach begins.
const FIRST_WIDTH: f64 = 0.1;

/// Cells that a line passes and that water can enter.
pub fn open_cells(at: &str, problem: &Problem, points: &[[f64; 2]]) -> Result<Vec<usize>> {
    let cells = line::cells(&problem.grid, points);
    if cells.is_empty() {
        let g = &problem.grid;
        let extent = format!("x {}…{}, y {}…{}", g.west, g.east(), g.south(), g.north);
        return Err(Error::scenario(at, "lies outside the city", format!("stay within {extent}")));
    }
    let open: Vec<usize> = cells.into_iter().filter(|cell| !problem.bed[*cell].is_nan()).collect();
    if open.is_empty() {
        return Err(Error::scenario(at, "lies in a wall or a hole", "choose a place that water can enter"));
    }
    Ok(open)
}

/// Equal links between the cells of two ends.
fn pairs(near: Option<Vec<usize>>, far: Option<Vec<usize>>) -> Vec<[Option<usize>; 2]> {
    let count = near.as_ref().map_or(0, Vec::len).max(far.as_ref().map_or(0, Vec::len));
    let pick = |cells: &Option<Vec<usize>>, k: usize| cells.as_ref().map(|cells| cells[k * cells.len() / count]);
    (0..count).map(|k| [pick(&near, k), pick(&far, k)]).collect()
}

/// All structures of a scenario.
pub fn structures(scenario: &Scenario, problem: &mut Problem) -> Result<()> {
    for (k, spec) in scenario.spec.city.structure.iter().enumerate() {
        let mut told = Remarks::default();
        let structure = structure(scenario, &format!("city.structure[{k}]"), spec, (&*problem, &mut told))?;
        problem.structures.push(structure);
        problem.repairs.extend(told);
    }
    if problem.link_count() > MOST_LINKS {
        let words = format!("are {} links between cells", problem.link_count());
        return Err(Error::scenario(
            "city.structure",
            words,
            format!("draw shorter lines: at most {MOST_LINKS} in all"),
        ));
    }
    Ok(())
}

fn structure(
    scenario: &Scenario,
    at: &str,
    spec: &StructureSpec,
    (problem, told): (&Problem, &mut Remarks),
) -> Result<Structure> {
    let end = |key: &str, place: &Option<PointOrLine>| -> Result<Option<Vec<usize>>> {
        let at = format!("{at}.{key}");
        place
            .as_ref()
            .map(|place| match place {
                PointOrLine::Point(point) => open_cells(&at, problem, &[*point]),
                PointOrLine::Line(points) => open_cells(&at, problem, points),
            })
            .transpose()
    };
    let (near, far) = (end("from", &spec.from)?, end("to", &spec.to)?);
    let lowest = |cells: &[usize]| {
        cells.iter().map(|cell| problem.datum + f64::from(problem.bed[*cell])).fold(f64::INFINITY, f64::min)
    };
    let mut series = |key: &str, value: &SeriesSpec, allowed| -> Result<Series> {
        let (series, remarks) = scenario.series(&format!("{at}.{key}"), value, Between::Linear, allowed)?;
        told.extend(remarks);
        Ok(series)
    };
    let outside = spec.level_m.as_ref().map(|level| series("level_m", level, Allowed::LEVEL)).transpose()?;
    let coefficient = spec.coefficient.unwrap_or(BROAD_CREST);
    // What must be there has been checked with the scenario.
    let width = spec.width_m.unwrap_or(1.0);
    let kind = match spec.kind {
        StructureName::Weir => StructureKind::Weir {
            sill: spec.sill_m.map(Series::constant),
            width: Series::constant(width),
            coefficient,
            outside,
        },
        StructureName::Culvert => {
            let beds = [&near, &far].map(|cells| cells.as_deref().map_or(0.0, lowest));
            StructureKind::Culvert {
                floors: spec.floors_m.unwrap_or(beds),
                width: spec.diameter_m.unwrap_or(width),
                height: if spec.diameter_m.is_some() { 0.0 } else { spec.height_m.unwrap_or(1.0) },
                length: spec.length_m.unwrap_or(1.0),
                manning: spec.manning.unwrap_or(StructureSpec::MANNING),
                losses: spec.losses.unwrap_or(StructureSpec::LOSSES),
                barrels: spec.barrels.unwrap_or(StructureSpec::BARRELS),
            }
        }
        StructureName::Pump => {
            let capacity = match &spec.capacity_m3_per_s {
                Some(capacity) => series("capacity_m3_per_s", capacity, Allowed::DISCHARGE)?,
                None => Series::constant(0.0),
            };
            // Without levels it runs while there is water.
            let bed = near.as_deref().map_or(0.0, lowest);
            let start = spec.start_m.unwrap_or((bed + 0.01).max(spec.stop_m.map_or(bed, |stop| stop + 0.01)));
            StructureKind::Pump { capacity, start, stop: spec.stop_m.unwrap_or(start.min(bed)) }
        }
        StructureName::Breach => {
            let ends = [&near, &far].into_iter().flatten();
            let ground = ends.map(|cells| lowest(cells)).fold(f64::NEG_INFINITY, f64::max);
            let crest = spec.sill_m.unwrap_or(ground);
            let begins = 60.0 * spec.start_minutes.unwrap_or(0.0);
            let deep = begins + 60.0 * spec.deepening_minutes.unwrap_or(StructureSpec::DEEPENING);
            let wide = deep + 60.0 * spec.widening_minutes.unwrap_or(StructureSpec::WIDENING);
            let sill = [(begins, crest), (deep, spec.bottom_m.unwrap_or(ground).min(crest))];
            let mut grows = vec![(begins, 0.0), (begins + 1.0, FIRST_WIDTH * width)];
            grows.extend([(deep, FIRST_WIDTH * width), (wide, width)].iter().filter(|(time, _)| *time > begins + 1.0));
            if let Some(closed) = spec.closed_minutes.map(|minutes| 60.0 * minutes) {
                let last = Series::new(&grows, Between::Linear).at(closed);
                grows.retain(|(time, _)| *time < closed);
                grows.extend([(closed, last), (closed + 1.0, 0.0)]);
            }
            StructureKind::Weir {
                sill: Some(Series::new(&sill, Between::Linear)),
                width: Series::new(&grows, Between::Linear),
                coefficient,
                outside,
            }
        }
    };
    let pairs = match spec.kind {
        // A culvert and a pump stand at one place: the line's first cell.
        StructureName::Culvert | StructureName::Pump => {
            let first = |cells: Option<Vec<usize>>| cells.map(|cells| vec![cells[0]]);
            pairs(first(near), first(far))
        }
        _ => pairs(near, far),
    };
    if pairs.iter().any(|pair| pair[0].is_some() && pair[0] == pair[1]) {
        let mend = "move one of them, or take smaller cells";
        return Err(Error::scenario(format!("{at}.to"), "lies in the same cell as from", mend));
    }
    Ok(Structure { name: spec.name.clone(), pairs, kind })
}

/// What a boundary along a line is to the problem.
pub fn along_line(
    at: &str,
    problem: &mut Problem,
    name: &str,
    cells: Vec<usize>,
    kind: super::super::BoundaryKind,
) -> Result<()> {
    use super::super::{BoundaryKind, Inflow};
    let outside = |cells: Vec<usize>| cells.into_iter().map(|cell| [None, Some(cell)]).collect::<Vec<_>>();
    match kind {
        BoundaryKind::Wall => cells.into_iter().for_each(|cell| problem.bed[cell] = f32::NAN),
        BoundaryKind::Level(level) => {
            let (name, pairs) = (name.into(), outside(cells));
            problem.structures.push(Structure { name, pairs, kind: StructureKind::Level(level) });
        }
        // Water falls over the line as over a weir as long as its cells are wide.
        BoundaryKind::Free | BoundaryKind::Periodic => {
            let width = Series::constant(cells.len() as f64 * problem.grid.cell);
            let kind = StructureKind::Weir { sill: None, width, coefficient: BROAD_CREST, outside: None };
            problem.structures.push(Structure { name: name.into(), pairs: outside(cells), kind });
        }
        BoundaryKind::Discharge(_) if cells.len() + problem.inflows.len() > MOST_INFLOWS => {
            let words = format!("passes {} cells", cells.len());
            let mend = format!("draw shorter lines of discharge: at most {MOST_INFLOWS} cells in all");
            return Err(Error::scenario(format!("{at}.line"), words, mend));
        }
        BoundaryKind::Discharge(series) => {
            let share = 1.0 / cells.len() as f64;
            let part = Series { values: series.values.iter().map(|value| value * share).collect(), ..series };
            for cell in cells {
                let (col, row) = (cell % problem.grid.cols, cell / problem.grid.cols);
                problem.inflows.push(Inflow { name: name.into(), col, row, series: part.clone() });
            }
        }
    }
    Ok(())
}
