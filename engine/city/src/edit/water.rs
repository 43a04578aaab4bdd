//! Ponds.

use super::cover::Surface;
use super::draft::Draft;
use super::{Edit, LEVEL_M, Outcome, refused, shape, within};
use hanze_base::cover::Cover;
use hanze_base::outline::Outline;

impl Draft<'_> {
    /// Digs a pond: the ground goes down to its bed, and water stands up to its level.
    pub fn pond(&mut self, edit: &Edit, area: &Outline, bed: f64, level: f64) -> Outcome<()> {
        within("bed_m", bed, LEVEL_M, "m")?;
        within("level_m", level, LEVEL_M, "m")?;
        if level <= bed {
            let problem = format!("has its level, {level} m, not above its bed, {bed} m");
            return refused("level_m", problem, "write a level above bed_m");
        }
        let area = shape::outline("area", area)?;
        let found = shape::cells("area", &area, &self.grid())?;
        let built = found.cells.iter().filter(|cell| self.is_built(**cell)).count();
        if built > 0 {
            let mend = "move it, or demolish what stands there with an edit before";
            return refused("area", format!("lies in a building ({built} cells)"), mend);
        }
        let is_road = self.carriageways();
        let on_road = found.cells.iter().filter(|cell| is_road[**cell]).count();
        if on_road > 0 && !edit.force {
            let mend = "move it, or write force = true; the road stays in the network until a road edit closes it";
            return refused("area", format!("lies on a road ({on_road} cells)"), mend);
        }
        let cells: Vec<usize> = found.cells.iter().copied().filter(|cell| self.is_ground(*cell)).collect();
        let datum = self.city.terrain.datum;
        let (bed, level) = ((bed - datum) as f32, (level - datum) as f32);
        let surface = Surface::of(Cover::Water);
        let around = self.lowest_around(&cells);
        let mut dug = 0;
        for &cell in &cells {
            let ground = self.city.terrain.values[cell].min(bed);
            dug += usize::from(ground < self.city.terrain.values[cell]);
            self.city.terrain.values[cell] = ground;
            self.water().values[cell] = (level - ground).max(0.0);
            self.lay(cell, &surface);
        }
        if cells.is_empty() {
            return refused("area", "lies on ground of unknown height only", "move it");
        }
        let trees = self.take_trees(|tree| area.holds(tree.at));
        if trees > 0 {
            self.remark(
                0.0,
                format!("{trees} trees stood there and go"),
                format!("{trees} bomen stonden daar en gaan weg"),
            );
        }
        if dug == 0 {
            self.remark(0.0, "the ground lies as low as its bed already", "de grond ligt al zo laag als de bodem");
        }
        if around.is_some_and(|around| level > around) {
            self.remark(
                0.0,
                "its level lies above the lowest ground beside it: water runs out",
                "het peil ligt boven de laagste grond ernaast: er loopt water uit",
            );
        }
        self.remark_beyond(&found);
        self.remark_unseen();
        Ok(())
    }

    /// Lowest ground or water level beside some cells, m above the terrain's datum.
    fn lowest_around(&self, cells: &[usize]) -> Option<f32> {
        let within: std::collections::HashSet<usize> = cells.iter().copied().collect();
        let (cols, len) = (self.grid().cols, self.grid().len());
        let beside = cells.iter().flat_map(|&cell| {
            let col = cell % cols;
            let left = (col > 0).then(|| cell - 1);
            let right = (col + 1 < cols).then(|| cell + 1);
            let down = Some(cell + cols).filter(|below| *below < len);
            [left, right, cell.checked_sub(cols), down]
        });
        let open =
            beside.flatten().filter(|cell| !within.contains(cell) && self.is_ground(*cell) && !self.is_built(*cell));
        open.map(|cell| self.city.terrain.values[cell] + self.depth(cell)).min_by(f32::total_cmp)
    }
}
