//! Trees along streets and canals, in gardens, parks and woods.

use super::curves::Dice;
use super::houses::{House, lot};
use super::index::Index;
use super::plan::{Plan, Quarter};
use super::shapes::{Polygon, area, extent, holds, to_outline, to_segment};
use super::streets::{carriageway, half};
use glam::DVec2;
use hanze_base::objects::{RoadKind, Tree};
use rayon::prelude::*;

/// Trees in the straight plan: no trunk stands in water, on a carriageway, on rails or against a wall.
pub(super) fn plant(plan: &Plan, houses: &[House]) -> Vec<Tree> {
    let free = Free::new(plan, houses);
    let streets = (0..plan.streets.list.len()).into_par_iter().map(|k| along_street(plan, k, &free));
    let blocks = (0..plan.blocks.len()).into_par_iter().map(|k| in_block(plan, k, &free));
    let lists: Vec<Vec<Tree>> = streets.chain(blocks).collect();
    lists.into_iter().flatten().chain(on_ramparts(plan, &free)).collect()
}

fn tree(dice: &mut Dice, at: DVec2, radius: [f64; 2]) -> Tree {
    let radius = dice.between(radius[0], radius[1]);
    Tree { at, radius, height: radius * dice.between(2.6, 3.6) }
}

/// A row on both sides of a street that is wide enough.
fn along_street(plan: &Plan, k: usize, free: &Free) -> Vec<Tree> {
    let street = &plan.streets.list[k];
    let mut dice = Dice::new(plan.seed, 7, k);
    let (from_middle, apart, radius) = match street.kind {
        RoadKind::Main => (8.2, 11.0, [3.0, 4.2]),
        RoadKind::Distributor => (5.0, 12.0, [2.5, 3.6]),
        RoadKind::Quay => (3.7, 11.0, [2.2, 3.2]),
        RoadKind::Residential if dice.chance(0.6) => (4.4, 17.0, [1.6, 2.4]),
        RoadKind::Country if dice.chance(0.5) => (4.5, 14.0, [2.5, 4.0]),
        _ => return Vec::new(),
    };
    let [from, to] = street.ends;
    if street.viaduct || !plan.is_near([from, to].into_iter()) {
        return Vec::new();
    }
    let (along, length) = ((to - from).normalize(), (to - from).length());
    let mut trees = Vec::new();
    for n in 1..(length / apart) as usize {
        for side in [-1.0, 1.0] {
            let at = from + along * (n as f64 * apart) + along.perp() * (side * from_middle);
            let is_gap = dice.chance(0.12);
            if !is_gap && free.is_free(at) {
                trees.push(tree(&mut dice, at, radius));
            }
        }
    }
    trees
}

/// Trees of gardens, parks and woods.
fn in_block(plan: &Plan, k: usize, free: &Free) -> Vec<Tree> {
    let block = &plan.blocks[k];
    let mut dice = Dice::new(plan.seed, 8, k);
    // Trees for a thousand square metres, and the radius of their crowns.
    let (density, radius) = match block.quarter {
        Quarter::Old => (2.5, [1.5, 3.0]),
        Quarter::Market | Quarter::Station => (1.5, [2.0, 3.0]),
        Quarter::Church => (6.0, [2.5, 4.0]),
        Quarter::Nineteenth | Quarter::New => (4.0, [1.2, 2.4]),
        Quarter::Woonerf => (7.0, [1.5, 3.2]),
        Quarter::Villas => (11.0, [2.0, 4.5]),
        Quarter::PostWar => (5.0, [2.0, 4.5]),
        Quarter::Offices => (3.0, [2.0, 3.5]),
        Quarter::Business => (0.8, [2.0, 3.0]),
        Quarter::Park => (10.0, [2.5, 5.5]),
        Quarter::Sports => (1.2, [2.5, 4.0]),
        Quarter::Wood => (26.0, [2.2, 4.5]),
        Quarter::Field => (0.12, [2.5, 4.0]),
    };
    lot(plan, block).map_or_else(Vec::new, |lot| scatter(plan, &lot, density, radius, block.quarter, &mut dice, free))
}

fn scatter(
    plan: &Plan,
    lot: &Polygon,
    density: f64,
    radius: [f64; 2],
    quarter: Quarter,
    dice: &mut Dice,
    free: &Free,
) -> Vec<Tree> {
    let [x, y] = [DVec2::X, DVec2::Y].map(|axis| extent(lot.iter().map(|(p, _)| *p), axis));
    let box_area = (x.1 - x.0) * (y.1 - y.0);
    let mut trees = Vec::new();
    let wanted = (density * area(lot) / 1000.0).round();
    // Points fall in the box, so more are thrown than land in the lot.
    for _ in 0..(wanted * box_area / area(lot)) as usize {
        let at = DVec2::new(dice.between(x.0, x.1), dice.between(y.0, y.1));
        // Parks have lawns between their trees, and playing fields trees at their edge only.
        let is_lawn = match quarter {
            Quarter::Park => super::curves::noise(plan.seed, 70, at, 75.0) < -0.1,
            Quarter::Sports => holds(lot, at, 7.0),
            _ => false,
        };
        if !is_lawn && holds(lot, at, 1.5) && free.is_free(at) {
            trees.push(tree(dice, at, radius));
        }
    }
    trees
}

/// Trees on the green between the old town, the moat and the street around it.
fn on_ramparts(plan: &Plan, free: &Free) -> Vec<Tree> {
    let mut dice = Dice::new(plan.seed, 9, 0);
    let outer = plan.measures.rings[0];
    let count = (outer * outer * 0.012) as usize;
    let mut trees = Vec::new();
    for _ in 0..count {
        let at = DVec2::new(dice.between(-outer, outer), dice.between(-outer, outer));
        let is_green = at.length() > 0.951 * plan.measures.gon && at.length() < outer;
        if is_green && plan.is_near([at].into_iter()) && free.is_free(at) {
            trees.push(tree(&mut dice, at, [2.5, 5.0]));
        }
    }
    trees
}

/// Distance to the water of river, moat, harbour and canals; negative in it.
pub(super) struct Waters<'a> {
    plan: &'a Plan,
    lines: Vec<([DVec2; 2], f64)>,
    index: Index,
}

impl Waters<'_> {
    pub(super) fn new(plan: &Plan) -> Waters<'_> {
        let lines: Vec<_> = lines(plan);
        let mut index = Index::new(plan.window + 300.0);
        lines.iter().enumerate().for_each(|(k, (ends, half))| index.add(k, ends, half + 20.0));
        Waters { plan, lines, index }
    }

    /// Distance in the straight plan, right up to 20 m.
    pub(super) fn distance(&self, p: DVec2) -> f64 {
        let to = |k: usize| to_segment(p, self.lines[k].0[0], self.lines[k].0[1]) - self.lines[k].1;
        let nearest = self.index.near(p).map(to).fold(f64::INFINITY, f64::min);
        let [inner, outer] = &self.plan.moat;
        let is_far = p.length() > self.plan.measures.rings[0] + 20.0;
        if is_far { nearest } else { nearest.min(to_outline(p, outer).max(-to_outline(p, inner))) }
    }
}

/// The pieces of river, harbour and canals, with half their width.
pub(super) fn lines(plan: &Plan) -> Vec<([DVec2; 2], f64)> {
    let river = plan.river.windows(2).map(|pair| ([pair[0], pair[1]], plan.measures.river_half));
    let canals = plan.canals.iter().map(|canal| (canal.ends, canal.half));
    river.chain(canals).filter(|(ends, _)| plan.is_near(ends.iter().copied())).collect()
}

/// Where a tree can stand.
struct Free<'a> {
    plan: &'a Plan,
    houses: &'a [House],
    waters: Waters<'a>,
    of_streets: Index,
    of_houses: Index,
}

impl Free<'_> {
    fn new<'a>(plan: &'a Plan, houses: &'a [House]) -> Free<'a> {
        let reach = plan.window + 300.0;
        let (mut of_streets, mut of_houses) = (Index::new(reach), Index::new(reach));
        for (k, street) in plan.streets.list.iter().enumerate() {
            // Long streets are added piece by piece, so that they do not lie in every bin of their box.
            let [from, to] = street.ends;
            let pieces = ((to - from).length() / 40.0).ceil().max(1.0);
            for piece in 0..pieces as usize {
                let at = |n: usize| from + (to - from) * (n as f64 / pieces);
                of_streets.add(k, &[at(piece), at(piece + 1)], half(street.kind));
            }
        }
        houses.iter().enumerate().for_each(|(k, house)| of_houses.add(k, &house.corners, 2.0));
        Free { plan, houses, waters: Waters::new(plan), of_streets, of_houses }
    }

    fn is_free(&self, p: DVec2) -> bool {
        let on_street = |k: usize| {
            let street = &self.plan.streets.list[k];
            to_segment(p, street.ends[0], street.ends[1]) < carriageway(street.kind) + 0.6
        };
        let at_wall = |k: usize| to_outline(p, &self.houses[k].corners) < 1.3;
        let (to_rail, rail) = self.plan.measures.rail;
        let (to_river, crests) = self.plan.measures.river;
        let on_dike = crests.iter().any(|crest| (to_river.dot(p) - crest).abs() < 16.0);
        (to_rail.dot(p) - rail).abs() > 9.0
            && !on_dike
            && !self.of_streets.near(p).any(on_street)
            && !self.of_houses.near(p).any(at_wall)
            && self.waters.distance(p) > 0.8
    }
}
