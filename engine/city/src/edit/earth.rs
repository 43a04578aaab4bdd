//! Ground that is raised, lowered, flattened and hollowed out, and what stands along lines.

use super::cover::Surface;
use super::draft::Draft;
use super::{Barrier, BarrierKind, Earth, LEVEL_M, Outcome, RAISE_M, SLOPE, WIDTH_M, refused, shape, within};
use crate::roads;
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::outline::Outline;
use hanze_base::places::carriageway;

/// Cells times sides of an outline whose distances are looked at.
const MOST_DISTANCES: usize = 500_000_000;
/// Cells along a line at most.
const MOST_ALONG: f64 = 1e7;

impl Draft<'_> {
    /// Changes the ground of an area. Ground under buildings stays; water keeps its level.
    pub fn earth(&mut self, area: &Outline, action: &Earth) -> Outcome<()> {
        match *action {
            Earth::Raise(by) => {
                within("by_m", by, [-RAISE_M, RAISE_M], "m")?;
                if by == 0.0 {
                    return refused("by_m", "is 0, which changes nothing", "write by how much, m");
                }
            }
            Earth::Flatten(to) => within("to_m", to, LEVEL_M, "m")?,
            Earth::Wadi { depth, slope } => {
                within("depth_m", depth, [0.01, RAISE_M], "m")?;
                within("slope", slope, SLOPE, "")?;
            }
        }
        let area = shape::outline("area", area)?;
        let grid = self.grid();
        let found = shape::cells("area", &area, &grid)?;
        let sides: usize = area.polygons.iter().flatten().map(Vec::len).sum();
        let has_banks = matches!(action, Earth::Wadi { slope, .. } if *slope > 0.0);
        if has_banks && found.cells.len().saturating_mul(sides) > MOST_DISTANCES {
            return refused("area", "is too long for a wadi with banks", "simplify it, or write slope = 0");
        }
        let (mut built, mut changed, mut deepest) = (0, 0, 0.0f64);
        let datum = self.city.terrain.datum;
        let grass = Surface::of(Cover::Grass);
        for &cell in &found.cells {
            if !self.is_ground(cell) {
                continue;
            }
            if self.is_built(cell) {
                built += 1;
                continue;
            }
            let old = self.city.terrain.values[cell];
            changed += 1;
            match *action {
                Earth::Raise(by) => self.set_ground(cell, old + by as f32),
                Earth::Flatten(to) => self.set_ground(cell, (to - datum) as f32),
                Earth::Wadi { depth, slope } => {
                    let at = DVec2::from(grid.centre(cell % grid.cols, cell / grid.cols));
                    let bank = if slope > 0.0 { shape::from_sides(&area, at) / slope } else { f64::INFINITY };
                    deepest = deepest.max(depth.min(bank));
                    self.set_ground(cell, old - depth.min(bank) as f32);
                    if !self.is_wet(cell) {
                        self.lay(cell, &grass);
                    }
                }
            }
        }
        if changed == 0 {
            let mend = "move it, or demolish what stands there with an edit before";
            return refused("area", "lies in buildings or on ground of unknown height only", mend);
        }
        self.remark_left(built, found.cells.len(), "a building stands there", "daar staat een gebouw");
        self.remark_beyond(&found);
        if let Earth::Wadi { depth, .. } = *action {
            if deepest < 0.99 * depth {
                self.remark(
                    0.0,
                    format!("is so narrow that its banks meet at {deepest:.2} m"),
                    format!("is zo smal dat de taluds elkaar raken op {deepest:.2} m"),
                );
            }
            self.remark_unseen();
        }
        Ok(())
    }

    /// Sets a wall, kerb or dike along a line.
    pub fn barrier(&mut self, barrier: &Barrier) -> Outcome<()> {
        let Barrier { line, kind, height, width, slope } = barrier;
        within("height_m", *height, [0.01, RAISE_M], "m")?;
        within("width_m", *width, WIDTH_M, "m")?;
        within("slope", *slope, SLOPE, "")?;
        let grid = self.grid();
        shape::line("line", line, &grid)?;
        let is_dike = *kind == BarrierKind::Dike;
        let foot = if is_dike { slope * height } else { 0.0 };
        let cells = roads::length(line) / grid.cell;
        let wide = (0.5 * width + foot) / grid.cell + 1.0;
        if cells > MOST_ALONG || cells * wide > MOST_ALONG * 10.0 {
            return refused("line", "is too long or too wide for cells so small", "cut it in parts");
        }
        // At least all cells that it passes through, so that no water finds a gap.
        let crest = shape::along(line, &grid);
        let mut rise: std::collections::BTreeMap<usize, f64> = crest.iter().map(|cell| (*cell, *height)).collect();
        let half = 0.5 * width + foot;
        let outline = carriageway(line, half);
        let sides = line.len();
        let Some(around) = outline.cells(&grid) else {
            return refused("line", "is too long to be followed on cells so small", "cut it in parts");
        };
        let count: usize = around.iter().flat_map(|(_, ranges)| ranges).map(ExactSizeIterator::len).sum();
        if count.saturating_mul(sides) > MOST_DISTANCES {
            return refused("line", "has too many points for its width", "simplify it, or cut it in parts");
        }
        for (row, ranges) in around {
            for col in ranges.into_iter().flatten() {
                let away = roads::distance(line, DVec2::from(grid.centre(col, row))).0 - 0.5 * width;
                let own = if away <= 0.0 || foot <= 0.0 { *height } else { height - away / slope };
                let cell = rise.entry(row * grid.cols + col).or_default();
                *cell = cell.max(own);
            }
        }
        let grass = Surface::of(Cover::Grass);
        let (mut built, mut changed) = (0, 0);
        let all = rise.len();
        for (cell, rise) in rise.into_iter().filter(|(_, rise)| *rise > 0.0) {
            if !self.is_ground(cell) {
                continue;
            }
            if self.is_built(cell) {
                built += 1;
                continue;
            }
            let old = self.city.terrain.values[cell];
            self.set_ground(cell, old + rise as f32);
            if is_dike && self.depth(cell) <= 0.0 {
                self.lay(cell, &grass);
            }
            changed += 1;
        }
        if changed == 0 {
            return refused("line", "runs through buildings or ground of unknown height only", "move it");
        }
        if *width < grid.cell {
            self.remark(
                0.0,
                format!("is {width} m wide and takes whole cells of {} m", grid.cell),
                format!("is {width} m breed en neemt hele cellen van {} m in", grid.cell),
            );
        }
        self.remark_left(built, all, "a building stands there", "daar staat een gebouw");
        Ok(())
    }
}
