//! Areas with their cells: a free set of polygons, and the neighbourhoods of a run.

use crate::run::Run;
use crate::statistic::{Statistic, ranks};
use hanze_base::error::{Error, Result};
use hanze_base::frame::Table;
use hanze_base::grid::Grid;
use hanze_base::remark::Remarks;
use hanze_city::read::{Features, features};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The table and outlines of neighbourhoods in a run.
pub(crate) const NEIGHBOURHOODS: &str = "neighbourhoods";
const NAME: &str = "name";
/// Areas of a file at most.
const MOST_AREAS: usize = 100_000;

/// Columns of some rows.
type Cells = Vec<(usize, Vec<Range<usize>>)>;

/// Polygons with their cells.
#[derive(Debug, Default)]
pub(crate) struct Areas {
    pub names: Vec<String>,
    cells: Vec<Cells>,
    cols: usize,
}

impl Areas {
    fn of(found: Features, path: &Path, grid: &Grid) -> Result<Areas> {
        if found.features.len() > MOST_AREAS {
            let mend = "leave out those that do not matter, or cut the file";
            return Err(Error::data(path, format!("has more than {MOST_AREAS} areas"), mend));
        }
        let mut areas = Areas { cols: grid.cols, ..Areas::default() };
        for feature in found.features {
            let name = feature.values.first().and_then(Option::as_ref).map(hanze_city::read::Value::name);
            // Outlines that are too long are refused when they are read.
            areas.cells.push(feature.place.outline.cells(grid).unwrap_or_default());
            areas.names.push(name.filter(|name| !name.is_empty()).unwrap_or(feature.place.name));
        }
        Ok(areas)
    }

    /// Areas of a file.
    ///
    /// # Errors
    /// `Io` where it cannot be read; `Data` and `Scenario` where it holds no areas of the city.
    pub fn read(path: &Path, grid: &Grid, remarks: &mut Remarks) -> Result<Areas> {
        let found = features(path, grid, &[NAME])?;
        found.touch("areas", path, grid)?;
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        remarks.extend(found.left_out().iter().chain(&found.repairs).map(|remark| remark.of(&file)));
        if found.features.is_empty() {
            return Err(Error::data(path, "has no area in the city", "give polygons that touch the city"));
        }
        Areas::of(found, path, grid)
    }

    /// The neighbourhoods of a run, where it has any.
    pub fn neighbourhoods(run: &Run) -> Result<Option<Areas>> {
        let Some((path, found)) = shapes(run, NEIGHBOURHOODS)? else { return Ok(None) };
        Areas::of(found, &path, &run.grid).map(Some)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Values of a layer within an area.
    pub fn values<'a>(&'a self, area: usize, layer: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
        let rows = self.cells[area].iter();
        rows.flat_map(move |(row, ranges)| ranges.iter().map(move |range| (row * self.cols, range.clone())))
            .flat_map(move |(start, range)| layer[start + range.start..start + range.end].iter())
            .map(|value| (f64::from(*value), 1.0))
    }

    /// The area that each row of a table of a run lies in, by its name: the middle of its outline counts. Where two areas overlap, the
    /// later one has it. `None` where the run does not say where rows lie.
    pub fn of_rows(&self, run: &Run, table: &str) -> Result<Option<HashMap<String, usize>>> {
        if table == NEIGHBOURHOODS {
            return Ok(Some(self.names.iter().cloned().zip(0..).collect()));
        }
        let Some((_, found)) = shapes(run, table)? else { return Ok(None) };
        let mut area_of = vec![u32::MAX; run.grid.len()];
        for (k, cells) in self.cells.iter().enumerate() {
            for (row, ranges) in cells {
                ranges.iter().for_each(|range| area_of[row * self.cols..][range.clone()].fill(k as u32));
            }
        }
        let area = |feature: hanze_city::read::Feature| {
            let at = feature.place.outline.middle()?;
            let (col, row) = run.grid.cell_at(at.x, at.y)?;
            let area = area_of[row * self.cols + col];
            let name = feature.values.into_iter().next().flatten()?.name();
            (area != u32::MAX).then_some((name, area as usize))
        };
        Ok(Some(found.features.into_iter().filter_map(area).collect()))
    }

    /// Statistics of a layer within each area: mean, lowest, highest, and the share at or above each threshold, %.
    pub fn statistics(&self, layer: &[f32], thresholds: &[f64]) -> Vec<Vec<f64>> {
        let of = |area: usize| {
            let plain = [Statistic::Mean, Statistic::Min, Statistic::Max];
            let plain = plain.map(|statistic| statistic.of(self.values(area, layer), 0.0, 0.0, 1.0));
            let shares = thresholds.iter().map(|end| Statistic::ShareOver.of(self.values(area, layer), *end, 0.0, 1.0));
            plain.into_iter().chain(shares).collect()
        };
        (0..self.len()).map(of).collect()
    }

    /// The statistics of base and variant beside each other.
    pub fn table(&self, layer: &str, unit: &str, thresholds: &[f64], base: &[Vec<f64>], run: &[Vec<f64>]) -> Table {
        let shares = thresholds.iter().map(|end| format!("share_over_{end}_percent"));
        let statistics: Vec<String> = ["mean", "min", "max"].map(String::from).into_iter().chain(shares).collect();
        let mut rows = vec![Vec::new(); self.len()];
        let mut columns = Vec::new();
        for (k, name) in statistics.iter().enumerate() {
            columns.extend(["base", "variant", "difference", "rank"].map(|what| format!("{name}_{what}")));
            let differences: Vec<f64> = run.iter().zip(base).map(|(is, was)| is[k] - was[k]).collect();
            let ranks = ranks(&differences);
            for (area, row) in rows.iter_mut().enumerate() {
                row.extend([base[area][k], run[area][k], differences[area], ranks[area]]);
            }
        }
        let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        Table {
            name: format!("areas_{layer}"),
            description: format!("{layer}{unit} within each area: base, variant, difference and its rank"),
            names: self.names.clone(),
            columns,
            rows,
            ..Table::default()
        }
    }
}

/// Where the rows of a table lie, as the run wrote it; points are no areas.
fn shapes(run: &Run, table: &str) -> Result<Option<(std::path::PathBuf, Features)>> {
    let name = format!("{table}.geojson");
    if !run.has(&name) {
        return Ok(None);
    }
    let path = run.file(&name)?;
    match features(&path, &run.grid, &[NAME]) {
        Ok(found) => Ok(Some((path, found))),
        Err(Error::Data { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_the_cells_within() {
        let grid = Grid::local(4, 2, 2.0);
        // The western half of both rows, and nothing.
        let areas = Areas {
            names: vec!["west".into(), "none".into()],
            cells: vec![vec![(0, std::iter::once(0..2).collect()), (1, vec![0..1, 1..2])], Vec::new()],
            cols: grid.cols,
        };
        let layer = [1.0, 2.0, 9.0, 9.0, 3.0, f32::NAN, 9.0, 9.0];
        let found = areas.statistics(&layer, &[2.0]);
        assert_eq!(found[0][..3], [2.0, 1.0, 3.0]);
        assert!((found[0][3] - 200.0 / 3.0).abs() < 1e-9 && found[1].iter().all(|value| value.is_nan()));
        let more: Vec<Vec<f64>> = found.iter().map(|row| row.iter().map(|value| value + 1.0).collect()).collect();
        let table = areas.table("max_depth", "m", &[2.0], &found, &more);
        assert_eq!(
            table.columns[12..].join(" "),
            "share_over_2_percent_base share_over_2_percent_variant share_over_2_percent_difference share_over_2_percent_rank"
        );
        assert_eq!(table.rows[0][..4], [2.0, 3.0, 1.0, 1.0]);
        assert!(table.rows[1][3].is_nan());
    }
}
