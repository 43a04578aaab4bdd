//! The city while edits are made, and what all of them use.

use super::cover::Surface;
use super::shape::Cells;
use super::{Edit, Outcome, Refusal};
use crate::City;
use crate::layers::{BUILDINGS, CANOPY, WATER};
use crate::roads::rules::Rules;
use crate::roads::{self, Roads};
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::grid::Grid;
use hanze_base::objects::Tree;
use hanze_base::raster::Raster;
use hanze_base::remark::{Remark, Remarks};

/// Height of a building that has none of its own, m.
const USUAL_HEIGHT: f32 = 6.0;
/// Heights of crowns that are the same, m: sums of other coordinates may differ in their last digits.
pub(super) const SAME_CROWN: f32 = 1e-3;

/// A city that is being edited.
pub(super) struct Draft<'a> {
    pub city: City,
    base: &'a City,
    pub rules: &'a Rules,
    /// Edits of the network so far, each with the place of its edit in the list that is made.
    pub changes: Vec<(usize, roads::Edit)>,
    /// Closures at hours so far, with the same.
    pub closures: Vec<(usize, super::roads::AtHours)>,
    /// Whether the city's network has all of them.
    is_current: bool,
    /// The network with what became of each link.
    edited: Option<roads::Edited>,
    /// Edits that were made.
    made: usize,
    label: String,
    pub said: Said,
}

/// What edits say of themselves.
#[derive(Default)]
pub(super) struct Said {
    pub remarks: Remarks,
    pub structures: Vec<String>,
    /// For each link that is or was a part of another one, or took its place: its id and that of the other one.
    pub origins: Vec<(String, String)>,
}

impl<'a> Draft<'a> {
    pub fn new(base: &'a City, rules: &'a Rules) -> Draft<'a> {
        Draft {
            city: base.clone(),
            base,
            rules,
            changes: Vec::new(),
            closures: Vec::new(),
            is_current: true,
            edited: None,
            made: 0,
            label: String::new(),
            said: Said::default(),
        }
    }

    pub fn begin(&mut self, edit: &Edit) {
        self.label.clone_from(&edit.label);
        self.made += 1;
    }

    /// The place of the current edit among those that are made.
    pub fn number(&self) -> usize {
        self.made - 1
    }

    pub fn remark(&mut self, share: f64, en: impl Into<String>, nl: impl Into<String>) {
        let (en, nl): (String, String) = (en.into(), nl.into());
        self.said.remarks.push(Remark::new(share, en, nl).of(&self.label));
    }

    /// Says that a shape reaches beyond the city.
    pub fn remark_beyond(&mut self, cells: &Cells) {
        if cells.reaches_beyond {
            self.remark(
                0.0,
                "reaches beyond the city: what lies within it counts",
                "steekt buiten de stad uit: wat erbinnen ligt, telt mee",
            );
        }
    }

    /// Says that cells were left as they are.
    pub fn remark_left(&mut self, left: usize, all: usize, en: &str, nl: &str) {
        if left > 0 {
            let share = left as f64 / all.max(1) as f64;
            self.remark(
                share,
                format!("{left} of {all} cells stay as they are: {en}"),
                format!("{left} van de {all} cellen blijven zoals ze zijn: {nl}"),
            );
        }
    }

    /// The network with all edits so far.
    pub fn network(&mut self) -> Outcome<Option<&Roads>> {
        if !self.is_current {
            self.lay_roads()?;
        }
        Ok(self.city.network.as_ref())
    }

    pub fn roads_changed(&mut self) {
        self.is_current = false;
    }

    /// Makes all edits of the network on that of today, so that a list gives the same links wherever its other edits stand.
    fn lay_roads(&mut self) -> Outcome<()> {
        let Some(base) = &self.base.network else { return Ok(()) };
        let edits: Vec<roads::Edit> = self.changes.iter().map(|(_, edit)| edit.clone()).collect();
        match roads::edit(base, &edits, self.rules) {
            Ok(edited) => {
                self.city.network = Some(edited.roads.clone());
                self.edited = Some(edited);
                self.is_current = true;
                Ok(())
            }
            Err(own) => {
                let number = self.changes.get(own.edit).map(|(number, _)| *number);
                Err(Refusal { number, key: "", problem: own.problem, mend: own.mend.into() })
            }
        }
    }

    /// The edited city.
    pub fn done(mut self) -> Outcome<(City, Said)> {
        self.network()?;
        for (number, closure) in std::mem::take(&mut self.closures) {
            let Some(network) = &mut self.city.network else { continue };
            let closure = closure.on(network).map_err(|own| Refusal { number: Some(number), ..own })?;
            network.closures.push(closure);
        }
        if let (Some(edited), Some(base)) = (&self.edited, &self.base.network) {
            let pairs = edited.before.iter().zip(&edited.roads.links);
            let pairs =
                pairs.filter_map(|(before, link)| Some((link.id.clone(), base.links[(*before)? as usize].id.clone())));
            self.said.origins = pairs.filter(|(own, other)| own != other).collect();
        }
        Ok((self.city, self.said))
    }

    /// Lays a surface on a cell: its cover, and all layers that come from it.
    pub fn lay(&mut self, cell: usize, surface: &Surface) {
        let City { manning, infiltration, soil, cover, sewered, .. } = &mut self.city;
        manning.values[cell] = surface.manning;
        infiltration.values[cell] = surface.infiltration;
        if let Some(cover) = cover {
            cover.values[cell] = f32::from(surface.cover as u8);
        }
        if let Some(sewered) = sewered {
            sewered.values[cell] = f32::from(u8::from(surface.sewered));
        }
        if let Some((initial, _)) = &mut soil.horton {
            // Where nothing sinks in, nothing does so at first; elsewhere no less than later on.
            let rate = &mut initial.values[cell];
            *rate = if surface.infiltration > 0.0 { rate.max(surface.infiltration) } else { 0.0 };
        }
        self.hold(cell, surface.interception);
        self.reflect(cell, surface.cover, surface.albedo);
    }

    /// Sets the water that a cell holds before any runs off.
    pub fn hold(&mut self, cell: usize, held: f32) {
        let (grid, soil) = (self.city.grid, &mut self.city.soil);
        if soil.interception.is_none() && held > 0.0 {
            soil.interception = Some(Raster::uniform(grid, "interception_m", "m", 0.0));
        }
        if let Some(layer) = &mut soil.interception {
            layer.values[cell] = held;
        }
    }

    /// Sets the share of sunlight that a cell reflects; the usual one of its cover where none is given.
    fn reflect(&mut self, cell: usize, cover: Cover, albedo: Option<f32>) {
        let is_usual = albedo.is_none_or(|albedo| albedo == cover.albedo());
        if self.city.albedo.is_none() && !is_usual {
            self.city.albedo = Some(usual_albedo(&self.city));
        }
        if let Some(layer) = &mut self.city.albedo {
            layer.values[cell] = albedo.unwrap_or(cover.albedo());
        }
    }

    /// Height of buildings above the ground, made where the city has none.
    pub fn buildings(&mut self) -> &mut Raster {
        let heights = self.city.buildings.take().unwrap_or_else(|| usual_buildings(&self.city));
        self.city.buildings.insert(heights)
    }

    /// Height of crowns above the ground, made where the city has none.
    pub fn canopy(&mut self) -> &mut Raster {
        let grid = self.city.grid;
        let none = || {
            Raster::uniform(grid, CANOPY.name, CANOPY.unit, 0.0)
                .described("Height of the trees' crowns above the terrain")
        };
        self.city.canopy.get_or_insert_with(none)
    }

    /// Depth of standing water, made where the city has none.
    pub fn water(&mut self) -> &mut Raster {
        let grid = self.city.grid;
        let none =
            || Raster::uniform(grid, WATER.name, WATER.unit, 0.0).described("Depth of standing water at the start");
        self.city.water.get_or_insert_with(none)
    }

    pub fn grid(&self) -> Grid {
        self.city.grid
    }

    /// Depth of the water that stands on a cell, m.
    pub fn depth(&self, cell: usize) -> f32 {
        self.city.water.as_ref().map_or(0.0, |water| water.values[cell])
    }

    /// Whether water stands on a cell, or covers it.
    pub fn is_wet(&self, cell: usize) -> bool {
        let covers = |cover: &Raster| cover.values[cell] == f32::from(Cover::Water as u8);
        self.depth(cell) > 0.0 || self.city.cover.as_ref().is_some_and(covers)
    }

    /// Whether a building stands on a cell.
    pub fn is_built(&self, cell: usize) -> bool {
        self.city.buildings.as_ref().is_some_and(|heights| heights.values[cell] > 0.0)
    }

    /// Whether the height of a cell is known: elsewhere there is no city.
    pub fn is_ground(&self, cell: usize) -> bool {
        !self.city.terrain.values[cell].is_nan()
    }

    /// Fills the water of a cell up with ground, to its level.
    pub fn fill_water(&mut self, cell: usize) {
        if let Some(water) = &mut self.city.water {
            let depth = std::mem::take(&mut water.values[cell]);
            if depth > 0.0 {
                self.city.terrain.values[cell] += depth;
            }
        }
    }

    /// Gives a cell another height, m above the terrain's datum. Water that stands there keeps its level.
    pub fn set_ground(&mut self, cell: usize, height: f32) {
        let old = std::mem::replace(&mut self.city.terrain.values[cell], height);
        if let Some(water) = &mut self.city.water
            && water.values[cell] > 0.0
        {
            water.values[cell] = (water.values[cell] + (old - height)).max(0.0);
        }
    }

    /// Cells of carriageways.
    pub fn carriageways(&self) -> Vec<bool> {
        let mut is_road = vec![false; self.city.grid.len()];
        self.city.places.roads.iter().for_each(|place| place.outline.fill(&self.city.grid, &mut is_road, true));
        is_road
    }

    /// Takes trees away, and their crowns where no other tree has one.
    pub fn take_trees(&mut self, goes: impl Fn(&Tree) -> bool) -> usize {
        let (gone, kept): (Vec<Tree>, Vec<Tree>) =
            std::mem::take(&mut self.city.objects.trees).into_iter().partition(|tree| goes(tree));
        self.city.objects.trees = kept;
        if gone.is_empty() {
            return 0;
        }
        let Some(canopy) = &mut self.city.canopy else { return gone.len() };
        let grid = canopy.grid;
        let cells: std::collections::HashSet<usize> =
            gone.iter().flat_map(|tree| crown(tree, &grid)).map(|(cell, _)| cell).collect();
        // What the trees that stay have there; what is higher than all of them was no crown of these trees.
        let mut stays: std::collections::HashMap<usize, f32> = std::collections::HashMap::new();
        let reach = Reach::of(&gone);
        for tree in self.city.objects.trees.iter().filter(|tree| reach.meets(tree)) {
            for (cell, height) in crown(tree, &grid).into_iter().filter(|(cell, _)| cells.contains(cell)) {
                let highest = stays.entry(cell).or_default();
                *highest = highest.max(height);
            }
        }
        for (cell, height) in gone.iter().flat_map(|tree| crown(tree, &grid)) {
            let old = canopy.values[cell];
            let stays = stays.get(&cell).copied().unwrap_or(0.0);
            if old > 0.0 && old <= height + SAME_CROWN && old > stays + SAME_CROWN {
                canopy.values[cell] = stays;
            }
        }
        gone.len()
    }
}

/// The rectangle that the crowns of some trees reach.
struct Reach {
    low: DVec2,
    high: DVec2,
}

impl Reach {
    fn of(trees: &[Tree]) -> Reach {
        let start = (DVec2::INFINITY, DVec2::NEG_INFINITY);
        let fold = |(low, high): (DVec2, DVec2), tree: &Tree| {
            (low.min(tree.at - tree.radius), high.max(tree.at + tree.radius))
        };
        let (low, high) = trees.iter().fold(start, fold);
        Reach { low, high }
    }

    fn meets(&self, tree: &Tree) -> bool {
        (tree.at + tree.radius).cmpge(self.low).all() && (tree.at - tree.radius).cmple(self.high).all()
    }
}

/// Heights of a tree's crown on the cells that it covers, at least on that of its trunk: as the demo town has them.
pub(super) fn crown(tree: &Tree, grid: &Grid) -> Vec<(usize, f32)> {
    let Tree { at, height, radius } = *tree;
    let bound = |value: f64, most: usize| value.floor().clamp(0.0, most as f64) as usize;
    let cols = bound((at.x - radius - grid.west) / grid.cell, grid.cols)
        ..bound((at.x + radius - grid.west) / grid.cell + 1.0, grid.cols);
    let rows = bound((grid.north - at.y - radius) / grid.cell, grid.rows)
        ..bound((grid.north - at.y + radius) / grid.cell + 1.0, grid.rows);
    let mut found = Vec::new();
    for row in rows {
        for col in cols.clone() {
            let away = DVec2::from(grid.centre(col, row)).distance(at);
            if away < radius {
                let crown = height * (0.55 + 0.45 * (1.0 - (away / radius).powi(2)).max(0.0).sqrt());
                found.push((row * grid.cols + col, crown as f32));
            }
        }
    }
    if found.is_empty() {
        found.extend(grid.cell_at(at.x, at.y).map(|(col, row)| (row * grid.cols + col, height as f32)));
    }
    found
}

/// Share of sunlight that each cell reflects where nothing but its cover says.
pub(super) fn usual_albedo(city: &City) -> Raster {
    let of = |cell: usize| {
        let is_roof = city.buildings.as_ref().is_some_and(|heights| heights.values[cell] > 0.0);
        let code = city.cover.as_ref().map(|cover| cover.values[cell]);
        let listed = Cover::ALL.into_iter().find(|own| code == Some(f32::from(*own as u8)));
        if is_roof { Cover::Roof } else { listed.unwrap_or(Cover::Cobble) }.albedo()
    };
    let values = (0..city.grid.len()).map(of).collect();
    Raster::from_values(city.grid, "albedo", "", values).described("Share of sunlight that is reflected")
}

/// Heights of buildings where the city knows their outlines at most.
pub(super) fn usual_buildings(city: &City) -> Raster {
    let mut values = vec![0.0; city.grid.len()];
    city.places.buildings.iter().for_each(|place| place.outline.fill(&city.grid, &mut values, USUAL_HEIGHT));
    Raster::from_values(city.grid, BUILDINGS.name, BUILDINGS.unit, values)
        .described("Height of buildings above the terrain")
}
