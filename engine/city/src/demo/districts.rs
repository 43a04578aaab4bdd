//! From the meshes of the web to districts of one kind, and from districts to blocks between streets.

use super::curves::{Dice, noise};
use super::plan::{Block, Canal, Plan, Quarter};
use super::shapes::{Polygon, Side, extent, middle};
use super::streets::{Cut, axes};
use glam::DVec2;
use hanze_base::objects::RoadKind;

/// The neighbourhood beyond the railway where most business is.
const BUSINESS: usize = 9;
/// Longest and deepest block of a quarter, m, how uneven its streets are (0..1), and their kind.
fn rule(quarter: Quarter) -> ([f64; 2], f64, RoadKind) {
    use Quarter::*;
    match quarter {
        Old | Market | Church => ([82.0, 50.0], 0.5, RoadKind::Old),
        Nineteenth | Station => ([130.0, 62.0], 0.25, RoadKind::Residential),
        Villas => ([170.0, 95.0], 0.4, RoadKind::Residential),
        Offices => ([140.0, 90.0], 0.2, RoadKind::Residential),
        PostWar => ([170.0, 105.0], 0.1, RoadKind::Residential),
        Woonerf => ([105.0, 66.0], 0.6, RoadKind::Residential),
        New => ([135.0, 64.0], 0.12, RoadKind::Residential),
        Business => ([240.0, 150.0], 0.15, RoadKind::Residential),
        Park | Sports | Wood => ([330.0, 260.0], 0.3, RoadKind::Residential),
        Field => ([420.0, 110.0], 0.3, RoadKind::Country),
    }
}

impl Plan {
    /// Cuts a mesh of the web into districts, each of one kind.
    pub(super) fn districts(&mut self, piece: Polygon, ring: usize, neighbourhood: usize) {
        let (axis, size) = axes(&piece);
        let last = self.measures.rings.len() - 2;
        let (limits, kind) = match ring {
            _ if ring == last => ([1100.0, 700.0], RoadKind::Country),
            0 => ([330.0, 260.0], RoadKind::Residential),
            _ => ([480.0, 360.0], RoadKind::Distributor),
        };
        if !self.is_near(piece.iter().map(|(p, _)| *p)) {
            return;
        }
        for (k, normal) in [axis, axis.perp()].into_iter().enumerate() {
            if size[k] > limits[k] {
                let at = self.somewhere(&piece, normal, limits[k], 0.35);
                if let Some(parts) = self.streets.cut(&piece, normal, at, Cut::Street(kind)) {
                    return parts.parts.into_iter().for_each(|part| self.districts(part, ring, neighbourhood));
                }
            }
        }
        let quarter = self.choose(middle(&piece), ring, neighbourhood);
        let mut dice = Dice::new(self.seed, 10, self.streets.nodes.len());
        let share = match quarter {
            Quarter::New => 0.8,
            Quarter::PostWar | Quarter::Woonerf => 0.3,
            _ => 0.0,
        };
        let has_canal = dice.chance(share) && size[1] > 150.0;
        let at = extent(piece.iter().map(|(p, _)| *p), axis.perp());
        let at = (at.0 + at.1) / 2.0;
        match has_canal.then(|| self.streets.cut(&piece, axis.perp(), at, Cut::Canal(12.0))).flatten() {
            Some(parts) => {
                // The canal ends where the shorter quay does, before the streets across its ends.
                let quays = parts.sides.map(|side| match side {
                    Side::Street(street) => extent(self.streets.list[street].ends, axis),
                    _ => (0.0, 0.0),
                });
                let end = |along: f64| axis * along + axis.perp() * at;
                let (low, high) = (quays[0].0.max(quays[1].0) + 14.0, quays[0].1.min(quays[1].1) - 14.0);
                if high - low > 20.0 {
                    self.canals.push(Canal { ends: [end(low), end(high)], half: 5.5 });
                }
                parts.parts.into_iter().for_each(|part| self.divide(part, quarter, neighbourhood));
                if let [Side::Street(a), Side::Street(b)] = parts.sides {
                    self.streets.bridge(a, b, 90.0, RoadKind::Residential);
                }
            }
            None => self.divide(piece, quarter, neighbourhood),
        }
    }

    /// What a district is, by its place and dice.
    fn choose(&self, at: DVec2, ring: usize, neighbourhood: usize) -> Quarter {
        let mut dice = Dice::at(self.seed, 3, at);
        let last = self.measures.rings.len() - 2;
        let (to_rail, rail) = self.measures.rail;
        let from_rail = (to_rail.dot(at) - rail).abs();
        let over_river = self.measures.river.0.dot(at) > self.measures.river.1[1];
        let on_ridge = super::ground::ridge(self.seed, &self.measures, at) > 0.3;
        let rim = self.measures.rings[last] * (0.9 + 0.2 * noise(self.seed, 60, at, 700.0));
        match dice.unit() {
            u if ring == last || at.length() > rim || over_river => {
                if on_ridge && u < 0.6 || u < 0.06 {
                    Quarter::Wood
                } else {
                    Quarter::Field
                }
            }
            u if ring == 0 => match u {
                _ if from_rail < 110.0 && u < 0.5 => Quarter::Offices,
                _ if u < 0.13 => Quarter::Park,
                _ if on_ridge || u < 0.27 => Quarter::Villas,
                _ => Quarter::Nineteenth,
            },
            u => match u {
                // Beyond the railway, where lorries reach the ring road.
                _ if to_rail.dot(at) > rail && u < if neighbourhood == BUSINESS { 0.8 } else { 0.12 } => {
                    Quarter::Business
                }
                _ if u < 0.08 => Quarter::Park,
                _ if u < 0.15 => Quarter::Sports,
                _ if on_ridge && u < 0.6 => Quarter::Villas,
                _ if at.length() > 0.5 * (self.measures.rings[1] + rim) && u < 0.62 => Quarter::New,
                _ if u < 0.45 => Quarter::Woonerf,
                _ => Quarter::PostWar,
            },
        }
    }

    /// Where to cut a block across an axis into even parts, roughly.
    fn somewhere(&self, block: &Polygon, normal: DVec2, limit: f64, uneven: f64) -> f64 {
        let (low, high) = extent(block.iter().map(|(p, _)| *p), normal);
        let parts = ((high - low) / limit).ceil().max(2.0);
        let mut dice = Dice::new(self.seed, 4, self.streets.nodes.len() + 7 * self.ditches.len());
        low + (high - low) * ((parts / 2.0).floor() + uneven * dice.between(-0.5, 0.5)) / parts
    }

    /// Cuts a piece of a quarter into blocks.
    pub(super) fn divide(&mut self, block: Polygon, quarter: Quarter, neighbourhood: usize) {
        if !self.is_near(block.iter().map(|(p, _)| *p)) {
            return;
        }
        let (limits, uneven, kind) = rule(quarter);
        let (axis, size) = axes(&block);
        for (k, normal) in [axis, axis.perp()].into_iter().enumerate() {
            if size[k] <= limits[k] {
                continue;
            }
            let mut dice = Dice::new(self.seed, 5, self.streets.nodes.len() + 7 * self.ditches.len());
            let turned = (normal + normal.perp() * 0.25 * uneven * dice.between(-1.0, 1.0)).normalize();
            let at = self.somewhere(&block, turned, limits[k], uneven);
            // Fields beyond the reach of a road are cut by ditches only, so that no road ends at one.
            let cut = match quarter {
                Quarter::Field | Quarter::Wood => Cut::Ditch,
                _ => Cut::Street(kind),
            };
            if let Some(parts) = self.streets.cut(&block, turned, at, cut) {
                return parts.parts.into_iter().for_each(|part| self.divide(part, quarter, neighbourhood));
            }
        }
        if matches!(quarter, Quarter::Field) {
            for (k, (from, side)) in block.iter().enumerate() {
                if *side == Side::Ditch {
                    self.ditches.push([*from, block[(k + 1) % block.len()].0]);
                }
            }
        }
        self.blocks.push(Block { polygon: block, quarter, area: neighbourhood });
    }
}
