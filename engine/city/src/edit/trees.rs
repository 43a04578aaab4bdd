//! Trees that are planted and felled.

use super::draft::{Draft, SAME_CROWN, crown};
use super::{
    Amount, CROWN_M, Edit, MOST_TREES, Outcome, Planting, SPACING_M, Shape, Species, TREE_M, refused, shape, within,
};
use crate::{City, roads};
use glam::DVec2;
use hanze_base::grid::{Crs, Grid};
use hanze_base::objects::Tree;
use hanze_base::outline::Outline;

/// Places that are looked at for the trees of an area, for each that is planted.
const TRIES: f64 = 64.0;

/// Why a tree cannot stand somewhere.
#[derive(Default)]
struct Skipped {
    outside: usize,
    house: usize,
    water: usize,
    road: usize,
}

impl Draft<'_> {
    /// Plants trees.
    pub fn plant(&mut self, edit: &Edit, planting: &Planting) -> Outcome<()> {
        within("height_m", planting.height, TREE_M, "m")?;
        within("crown_m", planting.crown, CROWN_M, "m")?;
        let is_road = self.carriageways();
        let mut skipped = Skipped::default();
        let trunks = self.trunks(edit, planting, &is_road, &mut skipped)?;
        let Skipped { outside, house, water, road } = skipped;
        let left = outside + house + water + road;
        if trunks.is_empty() {
            let problem = format!(
                "finds no place for a tree: {house} would stand in a house, {water} in water, {road} on a road, {outside} outside the city"
            );
            return refused("", problem, "move them, or write force = true for water and roads");
        }
        let (height, radius) = (planting.height, 0.5 * planting.crown);
        let new: Vec<Tree> = trunks.into_iter().map(|at| Tree { at, height, radius }).collect();
        self.canopy();
        let (grid, City { canopy, buildings, .. }) = (self.grid(), &mut self.city);
        let Some(canopy) = canopy else { return Ok(()) };
        for (cell, height) in new.iter().flat_map(|tree| crown(tree, &grid)) {
            let is_built = buildings.as_ref().is_some_and(|heights| heights.values[cell] > 0.0);
            if !is_built && height > canopy.values[cell] {
                canopy.values[cell] = height;
            }
        }
        let count = new.len();
        self.city.objects.trees.extend(new);
        // Of an area only places that are free were looked for.
        if left > 0 && !matches!(planting.place, Shape::Area(_)) {
            let share = left as f64 / (left + count) as f64;
            self.remark(
                share,
                format!(
                    "{left} of {} trees are left out: {house} would stand in a house, {water} in water, {road} on a road, \
                     {outside} outside the city",
                    left + count
                ),
                format!(
                    "{left} van de {} bomen zijn weggelaten: {house} zouden in een huis staan, {water} in water, {road} op een \
                     weg, {outside} buiten de stad",
                    left + count
                ),
            );
        }
        if planting.species == Species::Conifer {
            self.remark(
                0.0,
                "no model tells kinds of trees apart yet: conifers count as broadleaf trees",
                "geen model kent boomsoorten nog uit elkaar: naaldbomen tellen als loofbomen",
            );
        }
        Ok(())
    }

    /// Where trees are planted.
    fn trunks(&self, edit: &Edit, planting: &Planting, is_road: &[bool], skipped: &mut Skipped) -> Outcome<Vec<DVec2>> {
        if let Some(Amount::Spacing(spacing)) = planting.amount {
            within("spacing_m", spacing, SPACING_M, "m")?;
        }
        if let Some(Amount::Count(count)) = planting.amount
            && !(1..=MOST_TREES).contains(&count)
        {
            return refused("count", format!("count = {count} is not allowed"), format!("write 1 to {MOST_TREES}"));
        }
        let too_many = |count: f64| {
            let problem = format!("makes {count:.0} trees");
            refused("spacing_m", problem, format!("write a larger spacing_m: at most {MOST_TREES} trees"))
        };
        let grid = self.grid();
        let mut is_free = |at: &DVec2| self.is_free(*at, edit.force, is_road, skipped);
        match (&planting.place, planting.amount) {
            (Shape::Points(points), None) => {
                shape::points("points", points, &grid)?;
                Ok(points.iter().copied().filter(|at| is_free(at)).collect())
            }
            (Shape::Points(_), Some(_)) => {
                refused("points", "says where each tree stands already", "leave count and spacing_m out")
            }
            (Shape::Line(line), Some(amount)) => {
                shape::line("line", line, &grid)?;
                let length = roads::length(line);
                let gaps = match amount {
                    Amount::Count(count) => count as f64 - 1.0,
                    Amount::Spacing(spacing) => (length / spacing).floor(),
                };
                if gaps >= MOST_TREES as f64 {
                    return too_many(gaps + 1.0);
                }
                let step = match amount {
                    Amount::Count(_) => length / gaps.max(1.0),
                    Amount::Spacing(spacing) => spacing,
                };
                Ok(spread(line, step, gaps as usize + 1).into_iter().filter(|at| is_free(at)).collect())
            }
            (Shape::Area(area), Some(amount)) => {
                let area = shape::outline("area", area)?;
                shape::cells("area", &area, &grid)?;
                match amount {
                    Amount::Spacing(spacing) => match lattice(&area, spacing, &grid) {
                        Ok(points) => Ok(points.into_iter().filter(|at| is_free(at)).collect()),
                        Err(count) => too_many(count),
                    },
                    Amount::Count(count) => self.counted(edit, &area, count, is_road, skipped),
                }
            }
            (Shape::Line(_) | Shape::Area(_), None) => {
                refused("", "does not say how many trees", "write count = 20, or spacing_m = 10")
            }
        }
    }

    /// So many free places of an area, spread evenly.
    fn counted(
        &self,
        edit: &Edit,
        area: &Outline,
        count: usize,
        is_road: &[bool],
        skipped: &mut Skipped,
    ) -> Outcome<Vec<DVec2>> {
        let (low, high) = area.bounds().unwrap_or_default();
        let size = high - low;
        let mut spacing =
            (size.x * size.y / count as f64).sqrt().clamp(SPACING_M[0], SPACING_M[1].max(size.max_element()));
        loop {
            *skipped = Skipped::default();
            let free: Vec<DVec2> = match lattice(area, spacing, &self.grid()) {
                Ok(points) => points.into_iter().filter(|at| self.is_free(*at, edit.force, is_road, skipped)).collect(),
                Err(_) => Vec::new(),
            };
            if free.len() >= count {
                return Ok((0..count).map(|k| free[k * free.len() / count]).collect());
            }
            if spacing <= SPACING_M[0] {
                let problem = format!("has no free ground for {count} trees: {} find a place", free.len());
                return refused("count", problem, "write fewer trees, or a larger area");
            }
            spacing = (0.8 * spacing).max(SPACING_M[0]);
        }
    }

    /// Whether a tree can stand somewhere.
    fn is_free(&self, at: DVec2, force: bool, is_road: &[bool], skipped: &mut Skipped) -> bool {
        let grid = self.grid();
        let cell = grid.cell_at(at.x, at.y).map(|(col, row)| row * grid.cols + col);
        let Some(cell) = cell.filter(|cell| self.is_ground(*cell)) else {
            skipped.outside += 1;
            return false;
        };
        let why = if self.is_built(cell) {
            Some(&mut skipped.house)
        } else if is_road[cell] {
            Some(&mut skipped.road).filter(|_| !force)
        } else if self.is_wet(cell) {
            Some(&mut skipped.water).filter(|_| !force)
        } else {
            None
        };
        match why {
            Some(count) => {
                *count += 1;
                false
            }
            None => true,
        }
    }

    /// Fells trees.
    pub fn fell(&mut self, place: &Shape) -> Outcome<()> {
        let grid = self.grid();
        let area = match place {
            Shape::Area(area) => shape::outline("area", area)?,
            Shape::Points(points) => {
                shape::points("points", points, &grid)?;
                // Of crowns that overlap the nearest trunk is meant.
                let trees = &self.city.objects.trees;
                let nearest = |at: &DVec2| {
                    let over = trees.iter().filter(|tree| tree.at.distance(*at) <= tree.radius.max(1.0));
                    over.min_by(|a, b| a.at.distance(*at).total_cmp(&b.at.distance(*at))).copied()
                };
                let meant: Vec<Tree> = points.iter().filter_map(nearest).collect();
                if meant.is_empty() {
                    let mend = "write points on crowns, or draw an area where only heights of crowns are known";
                    return refused("points", "meets no tree", mend);
                }
                if meant.len() < points.len() {
                    let (missed, all) = (points.len() - meant.len(), points.len());
                    self.remark(
                        missed as f64 / all as f64,
                        format!("{missed} of {all} points meet no tree"),
                        format!("{missed} van de {all} punten liggen niet op een boom"),
                    );
                }
                let keys: std::collections::HashSet<[u64; 2]> = meant.iter().map(key).collect();
                self.take_trees(|tree| keys.contains(&key(tree)));
                return Ok(());
            }
            Shape::Line(_) => return refused("line", "is no place of trees", "write an area or points"),
        };
        let found = shape::cells("area", &area, &grid)?;
        let felled = self.take_trees(|tree| area.holds(tree.at));
        // What no tree that stays explains was a crown of a tree that is known by its height alone.
        let mut stays: std::collections::HashMap<usize, f32> = std::collections::HashMap::new();
        let within: std::collections::HashSet<usize> = found.cells.iter().copied().collect();
        for (cell, height) in self.city.objects.trees.iter().flat_map(|tree| crown(tree, &grid)) {
            if within.contains(&cell) {
                let highest = stays.entry(cell).or_default();
                *highest = highest.max(height);
            }
        }
        let mut cleared = 0;
        if let Some(canopy) = &mut self.city.canopy {
            for &cell in &found.cells {
                let old = canopy.values[cell];
                let stays = stays.get(&cell).copied().unwrap_or(0.0);
                if old > stays + SAME_CROWN {
                    canopy.values[cell] = stays;
                    cleared += 1;
                }
            }
        }
        if felled == 0 && cleared == 0 {
            return refused("area", "has no tree in it", "draw it around trunks");
        }
        self.remark_beyond(&found);
        Ok(())
    }
}

fn key(tree: &Tree) -> [u64; 2] {
    [tree.at.x.to_bits(), tree.at.y.to_bits()]
}

/// So many points along a line, a step apart.
fn spread(line: &[DVec2], step: f64, count: usize) -> Vec<DVec2> {
    let mut points = Vec::with_capacity(count);
    let (mut piece, mut before) = (0, 0.0);
    for k in 0..count {
        let along = k as f64 * step;
        while piece + 2 < line.len() && before + line[piece].distance(line[piece + 1]) < along {
            before += line[piece].distance(line[piece + 1]);
            piece += 1;
        }
        let own = line[piece].distance(line[piece + 1]);
        let share = if own > 0.0 { ((along - before) / own).min(1.0) } else { 0.0 };
        points.push(line[piece].lerp(line[piece + 1], share));
    }
    points
}

/// Points of a square lattice within an area and a city; how many there would be where those are too many.
pub(super) fn lattice(area: &Outline, spacing: f64, city: &Grid) -> Result<Vec<DVec2>, f64> {
    let (low, high) = area.bounds().unwrap_or_default();
    let (from, to) = crate::elsewhere::of(city);
    let (low, high) = (low.clamp(from, to), high.clamp(from, to));
    let size = (high - low) / spacing;
    let (cols, rows) = (size.x.floor() + 1.0, size.y.floor() + 1.0);
    if cols * rows > TRIES * MOST_TREES as f64 {
        return Err(cols * rows);
    }
    // The outline's own way to find cells, on a grid whose cells are the places.
    let grid = Grid {
        cols: cols as usize,
        rows: rows as usize,
        cell: spacing,
        west: low.x,
        north: low.y + rows * spacing,
        crs: Crs::UNKNOWN,
    };
    let places: Vec<usize> = area.indices(&grid).collect();
    if places.len() > MOST_TREES {
        return Err(places.len() as f64);
    }
    let at = |place: usize| DVec2::from(grid.centre(place % grid.cols, place / grid.cols));
    Ok(places.into_iter().map(at).collect())
}
