//! Buildings that are added, and buildings that go.

use super::cover::Surface;
use super::draft::Draft;
use super::{ALBEDO, BUILDING_M, Edit, GREEN_ROOF_M, MOST_PEOPLE, NewBuilding, Outcome, Shape, refused, shape, within};
use crate::roads::point_at;
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::objects::{Building, Roof};
use hanze_base::outline::Outline;
use hanze_base::places::Place;
use std::collections::HashSet;

/// Rise of a pitched roof for each metre from its eaves inwards (40 degrees), and share of the height that walls have at least.
const PITCH: f64 = 0.84;
const WALLS: f64 = 0.5;

impl Draft<'_> {
    /// Sets a building.
    pub fn build(&mut self, edit: &Edit, new: &NewBuilding) -> Outcome<()> {
        within("height_m", new.height, BUILDING_M, "m")?;
        within("residents", new.residents, [0.0, MOST_PEOPLE], "")?;
        within("jobs", new.jobs, [0.0, MOST_PEOPLE], "")?;
        within("green_roof_m", new.green_roof, [0.0, GREEN_ROOF_M], "m")?;
        within("albedo", new.albedo.unwrap_or(0.0), [0.0, ALBEDO], "")?;
        let outline = shape::outline("area", &new.outline)?;
        let corners = corners(&outline);
        if new.roof != Roof::Flat && corners.is_none() {
            let mend = "write roof = \"flat\", or an outline of four corners without a hole";
            return refused("roof", "is pitched, and the outline has not four corners that bulge outwards", mend);
        }
        let found = shape::cells("area", &outline, &self.grid())?;
        let cells: Vec<usize> = found.cells.iter().copied().filter(|cell| self.is_ground(*cell)).collect();
        if cells.is_empty() {
            return refused("area", "lies on ground of unknown height only", "move it");
        }
        if !edit.force {
            self.refuse_ground(&outline, &cells)?;
        }
        for &cell in &cells {
            if self.is_wet(cell) {
                self.fill_water(cell);
            }
        }
        let floor = cells.iter().map(|cell| self.city.terrain.values[*cell]).fold(f32::NEG_INFINITY, f32::max);
        let (eaves, roof) = self.roof(new, corners);
        let surface = Surface {
            interception: new.green_roof as f32,
            albedo: new.albedo.map(|albedo| albedo as f32),
            ..Surface::of(Cover::Roof)
        };
        let grid = self.grid();
        for &cell in &cells {
            let at = DVec2::from(grid.centre(cell % grid.cols, cell / grid.cols));
            self.buildings().values[cell] =
                roof.as_ref().and_then(|roof| roof.roof_at(at)).unwrap_or(new.height) as f32;
        }
        cells.iter().for_each(|cell| self.lay(*cell, &surface));
        let trees = self.take_trees(|tree| outline.holds(tree.at));
        if let Some(canopy) = &mut self.city.canopy {
            cells.iter().for_each(|cell| canopy.values[*cell] = 0.0);
        }
        if trees > 0 {
            self.remark(
                0.0,
                format!("{trees} trees stood there and go"),
                format!("{trees} bomen stonden daar en gaan weg"),
            );
        }
        self.remark_beyond(&found);
        let name = self.new_name(edit, &outline);
        self.city.places.buildings.push(Place { name: name.clone(), outline: outline.clone() });
        let middle = outline.middle().unwrap_or_default();
        let holds = |ring: &[DVec2]| Outline::of(ring.to_vec()).holds(middle);
        let area = self.city.objects.areas.iter().position(|area| holds(&area.outline));
        // The ridge runs as the roof was laid on the cells.
        let footprint = roof.map_or(outline, |roof| roof.footprint);
        self.city.objects.buildings.push(Building {
            id: Some(name),
            footprint,
            floor: Some(self.city.terrain.datum + f64::from(floor)),
            eaves: Some(eaves),
            ridge: Some(new.height),
            roof: Some(new.roof),
            use_: Some(new.use_),
            area,
            people: Some([new.residents, new.jobs]),
            ..Building::default()
        });
        Ok(())
    }

    /// Refuses ground that no house is built on.
    fn refuse_ground(&mut self, outline: &Outline, cells: &[usize]) -> Outcome<()> {
        let built = cells.iter().filter(|cell| self.is_built(**cell)).count();
        let is_road = self.carriageways();
        let road = cells.iter().filter(|cell| is_road[**cell]).count();
        let wet = cells.iter().filter(|cell| self.is_wet(**cell) && !is_road[**cell]).count();
        let mend = "move it, or write force = true";
        if wet > 0 {
            return refused("area", format!("stands in water ({wet} of {} cells)", cells.len()), mend);
        }
        if road > 0 {
            return refused("area", format!("stands on a road ({road} of {} cells)", cells.len()), mend);
        }
        if built > 0 {
            let mend = "move it, demolish that one with an edit before, or write force = true";
            return refused("area", format!("stands in another building ({built} of {} cells)", cells.len()), mend);
        }
        let step = 0.5 * self.grid().cell;
        let (low, high) = outline.bounds().unwrap_or_default();
        let Some(roads) = self.network()? else { return Ok(()) };
        let crosses = |line: &[DVec2]| {
            let near = |ends: &[DVec2]| ends[0].max(ends[1]).cmpge(low).all() && ends[0].min(ends[1]).cmple(high).all();
            line.windows(2).filter(|ends| near(ends)).any(|ends| {
                let pieces = (ends[0].distance(ends[1]) / step).ceil().clamp(1.0, 10_000.0) as usize;
                (0..=pieces).any(|k| outline.holds(point_at(ends, k as f64 / pieces as f64)))
            })
        };
        match roads.links.iter().find(|link| crosses(&link.line)) {
            Some(link) => {
                let name = if link.name.is_empty() { &link.id } else { &link.name };
                let mend = "move it or the road (what = \"road\", before this edit), or write force = true";
                refused("area", format!("stands on a road: \"{name}\" runs through it"), mend)
            }
            None => Ok(()),
        }
    }

    /// Height of the eaves, and what a pitched roof looks like.
    fn roof(&self, new: &NewBuilding, corners: Option<[DVec2; 4]>) -> (f64, Option<Building>) {
        let Some(mut footprint) = corners.filter(|_| new.roof != Roof::Flat) else { return (new.height, None) };
        // The ridge runs along the longer sides.
        let side = |k: usize| footprint[k].distance(footprint[(k + 1) % 4]);
        let lengths = [side(0) + side(2), side(1) + side(3)];
        if lengths[0] < lengths[1] {
            footprint.rotate_left(1);
        }
        let rise = PITCH * 0.25 * lengths[0].min(lengths[1]);
        let eaves = (new.height - rise).max(WALLS * new.height);
        let roof = Building {
            footprint: Outline::of(footprint.to_vec()),
            eaves: Some(eaves),
            ridge: Some(new.height),
            roof: Some(new.roof),
            ..Building::default()
        };
        (eaves, Some(roof))
    }

    /// A name for a new building that no other one has, the same whatever other edits a list holds.
    fn new_name(&self, edit: &Edit, outline: &Outline) -> String {
        let middle = outline.middle().unwrap_or_default();
        let mut name = match edit.name.trim() {
            "" => format!("building at {:.0} {:.0}", middle.x, middle.y),
            own => own.chars().filter(|c| !c.is_control()).take(100).collect(),
        };
        while self.city.places.buildings.iter().any(|place| place.name == name) {
            name.push('~');
        }
        name
    }

    /// Takes buildings away.
    pub fn demolish(&mut self, place: &Shape, becomes: &Surface) -> Outcome<()> {
        becomes.check()?;
        let grid = self.grid();
        let goes: Box<dyn Fn(&Outline) -> bool> = match place {
            Shape::Points(points) => {
                shape::points("points", points, &grid)?;
                Box::new(move |outline: &Outline| points.iter().any(|at| outline.holds(*at)))
            }
            Shape::Area(area) => {
                let area = shape::outline("area", area)?;
                shape::cells("area", &area, &grid)?;
                Box::new(move |outline: &Outline| outline.middle().is_some_and(|middle| area.holds(middle)))
            }
            Shape::Line(_) => {
                return refused("line", "names no building", "write an area, points or building = \"NAME\"");
            }
        };
        let all = std::mem::take(&mut self.city.places.buildings);
        let (gone, kept): (Vec<Place>, Vec<Place>) = all.into_iter().partition(|place| goes(&place.outline));
        drop(goes);
        self.city.places.buildings = kept;
        let mut cells: Vec<usize> = gone.iter().flat_map(|place| place.outline.indices(&grid)).collect();
        if gone.is_empty() {
            // A city may know heights of buildings and not their outlines.
            let Shape::Area(area) = place else {
                return refused("points", "has no building at any of them", "name it: building = \"NAME\"");
            };
            cells = area.indices(&grid).collect();
        }
        cells.retain(|cell| self.is_ground(*cell) && (!gone.is_empty() || self.is_built(*cell)));
        cells.sort_unstable();
        cells.dedup();
        if cells.is_empty() && gone.is_empty() {
            return refused("area", "has no building in it", "draw it around the middle of a building");
        }
        for &cell in &cells {
            if let Some(heights) = &mut self.city.buildings {
                heights.values[cell] = 0.0;
            }
            self.lay(cell, becomes);
        }
        let is_gone = |outline: &Outline| gone.iter().any(|place| place.outline == *outline);
        let objects = &mut self.city.objects;
        if !gone.is_empty() {
            let names: HashSet<&str> = gone.iter().map(|place| place.name.as_str()).collect();
            let is_named = |building: &Building| building.id.as_deref().is_some_and(|id| names.contains(id));
            objects.buildings.retain(|building| !is_named(building) && !is_gone(&building.footprint));
        }
        self.remark_unseen();
        Ok(())
    }
}

/// The corners of an outline, counterclockwise, if there are four that bulge outwards.
fn corners(outline: &Outline) -> Option<[DVec2; 4]> {
    let [rings] = &outline.polygons[..] else { return None };
    let [ring] = &rings[..] else { return None };
    let mut corners: [DVec2; 4] = ring.as_slice().try_into().ok()?;
    let turn = |c: &[DVec2; 4], k: usize| (c[(k + 1) % 4] - c[k]).perp_dot(c[(k + 2) % 4] - c[(k + 1) % 4]);
    if (0..4).all(|k| turn(&corners, k) < 0.0) {
        corners.reverse();
    }
    (0..4).all(|k| turn(&corners, k) > 0.0).then_some(corners)
}
