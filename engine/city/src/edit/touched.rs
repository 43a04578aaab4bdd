//! What edits touched: found by laying the city before and after beside each other, layer by layer.

use super::draft::{Said, usual_albedo, usual_buildings};
use crate::City;
use crate::layers::{BUILDINGS, CANOPY, COVER, MANNING, TERRAIN, WATER};
use crate::roads::{Link, Roads};
use hanze_base::objects::Tree;
use hanze_base::places::Place;
use hanze_base::raster::Raster;
use hanze_base::remark::Remarks;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What edits touched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// Layers with cells that changed.
    pub layers: Vec<LayerTouched>,
    /// Objects that came, went or changed.
    pub objects: Vec<ObjectTouched>,
    /// For each link of the edited network that is or was a part of another one of before, or took its place: its id and that one's.
    pub origins: Vec<(String, String)>,
    /// What was left out or has no effect.
    pub remarks: Remarks,
}

/// A layer that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTouched {
    /// Its name.
    pub name: &'static str,
    /// Cells that have another value.
    pub cells: usize,
    /// The rectangle around them.
    pub window: Window,
}

/// Rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Rows.
    pub rows: Range<usize>,
    /// Columns.
    pub cols: Range<usize>,
}

/// Objects of a kind that came, went or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectTouched {
    /// Kind: `building`, `tree`, `link`, `ban`, `closure` or `structure`.
    pub kind: &'static str,
    /// What became of it.
    pub turn: Turn,
    /// Its name; for a tree its place.
    pub name: String,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It is otherwise.
    Changed,
}

impl Touched {
    /// What differs between two cities on one grid.
    pub(super) fn between(before: &City, after: &City, said: Said) -> Touched {
        let both = layers(before).into_iter().zip(layers(after));
        let layers =
            both.filter_map(|((name, old), (_, new))| layer(name, old.as_deref(), new.as_deref(), before.grid.cols));
        let layers = layers.collect();
        let mut objects = Vec::new();
        places(&before.places.buildings, &after.places.buildings, &mut objects);
        trees(&before.objects.trees, &after.objects.trees, &mut objects);
        if let (Some(before), Some(after)) = (&before.network, &after.network) {
            roads(before, after, &mut objects);
        }
        let structure = |name| ObjectTouched { kind: "structure", turn: Turn::Added, name };
        objects.extend(said.structures.into_iter().map(structure));
        Touched { layers, objects, origins: said.origins, remarks: said.remarks }
    }

    /// What became of a layer; `None` where it is as before.
    pub fn layer(&self, name: &str) -> Option<&LayerTouched> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// How many objects of a kind took a turn.
    pub fn count(&self, kind: &str, turn: Turn) -> usize {
        self.objects.iter().filter(|own| own.kind == kind && own.turn == turn).count()
    }
}

/// All layers of a city, by name. Where it has one not, what models take instead of it; `None` where that is 0 everywhere.
fn layers(city: &City) -> Vec<(&'static str, Option<Cow<'_, Raster>>)> {
    fn own(layer: &Option<Raster>) -> Option<Cow<'_, Raster>> {
        layer.as_ref().map(Cow::Borrowed)
    }
    let buildings = own(&city.buildings).unwrap_or_else(|| Cow::Owned(usual_buildings(city)));
    let albedo = own(&city.albedo).unwrap_or_else(|| Cow::Owned(usual_albedo(city)));
    vec![
        (TERRAIN.name, Some(Cow::Borrowed(&city.terrain))),
        (BUILDINGS.name, Some(buildings)),
        (MANNING.name, Some(Cow::Borrowed(&city.manning))),
        ("infiltration", Some(Cow::Borrowed(&city.infiltration))),
        ("suction", own(&city.soil.suction)),
        ("initial_infiltration", city.soil.horton.as_ref().map(|(initial, _)| Cow::Borrowed(initial))),
        ("interception", own(&city.soil.interception)),
        (WATER.name, own(&city.water)),
        (COVER.name, own(&city.cover)),
        ("albedo", Some(albedo)),
        ("sewered", own(&city.sewered)),
        (CANOPY.name, own(&city.canopy)),
    ]
}

fn layer(name: &'static str, old: Option<&Raster>, new: Option<&Raster>, cols: usize) -> Option<LayerTouched> {
    let len = old.or(new)?.values.len();
    let shifts = old.zip(new).is_some_and(|(old, new)| old.datum != new.datum);
    let value = |layer: Option<&Raster>, cell: usize| layer.map_or(0, |layer| layer.values[cell].to_bits());
    let mut touched: Option<LayerTouched> = None;
    for cell in (0..len).filter(|cell| shifts || value(old, *cell) != value(new, *cell)) {
        let (row, col) = (cell / cols, cell % cols);
        let own = touched.get_or_insert_with(|| LayerTouched {
            name,
            cells: 0,
            window: Window { rows: row..row + 1, cols: col..col + 1 },
        });
        own.cells += 1;
        own.window.rows.end = row + 1;
        own.window.cols = own.window.cols.start.min(col)..own.window.cols.end.max(col + 1);
    }
    touched
}

/// Things with names, in two lists: those that came and went, in the order of their list, and those that are otherwise.
fn named<'a, T: PartialEq>(
    kind: &'static str,
    (before, after): (&'a [T], &'a [T]),
    name: impl Fn(&'a T) -> &'a str,
    found: &mut Vec<ObjectTouched>,
) {
    let of = |all: &'a [T]| all.iter().map(|own| (name(own), own)).collect::<HashMap<&str, &T>>();
    let (old, new) = (of(before), of(after));
    let mut tell = |turn, name: &str| found.push(ObjectTouched { kind, turn, name: name.into() });
    for own in before {
        match new.get(name(own)) {
            None => tell(Turn::Removed, name(own)),
            Some(other) if **other != *old[name(own)] => tell(Turn::Changed, name(own)),
            Some(_) => {}
        }
    }
    after.iter().filter(|own| !old.contains_key(name(own))).for_each(|own| tell(Turn::Added, name(own)));
}

fn places(before: &[Place], after: &[Place], found: &mut Vec<ObjectTouched>) {
    named("building", (before, after), |place| place.name.as_str(), found);
}

fn trees(before: &[Tree], after: &[Tree], found: &mut Vec<ObjectTouched>) {
    let key = |tree: &Tree| [tree.at.x, tree.at.y, tree.height, tree.radius].map(f64::to_bits);
    let of = |all: &[Tree]| all.iter().map(key).collect::<HashSet<_>>();
    let (old, new) = (of(before), of(after));
    let mut tell = |turn, tree: &Tree| {
        let name = format!("{:.2} {:.2}", tree.at.x, tree.at.y);
        found.push(ObjectTouched { kind: "tree", turn, name });
    };
    before.iter().filter(|tree| !new.contains(&key(tree))).for_each(|tree| tell(Turn::Removed, tree));
    after.iter().filter(|tree| !old.contains(&key(tree))).for_each(|tree| tell(Turn::Added, tree));
}

fn roads(before: &Roads, after: &Roads, found: &mut Vec<ObjectTouched>) {
    // Nodes and links have other numbers after edits, so that links are laid beside each other by what they say of a road.
    let same = |link: &Link, roads: &Roads| {
        let ends = [link.from, link.to].map(|node| roads.nodes[node as usize].id.clone());
        (Link { from: 0, to: 0, ..link.clone() }, ends)
    };
    let of = |roads: &Roads| roads.links.iter().map(|link| same(link, roads)).collect::<Vec<_>>();
    let (old, new) = (of(before), of(after));
    named("link", (&old[..], &new[..]), |(link, _)| link.id.as_str(), found);
    let bans = |roads: &Roads| {
        let id = |link: u32| roads.links[link as usize].id.clone();
        roads.bans.iter().map(|(from, to)| format!("{} to {}", id(*from), id(*to))).collect::<Vec<String>>()
    };
    let (old, new) = (bans(before), bans(after));
    named("ban", (&old[..], &new[..]), String::as_str, found);
    named("closure", (&before.closures[..], &after.closures[..]), |closure| closure.name.as_str(), found);
}
