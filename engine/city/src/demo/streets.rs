//! Streets as straight lines between nodes, and the cutting of blocks by them.

use super::shapes::{Polygon, Side, clip, extent};
use glam::DVec2;
use hanze_base::objects::RoadKind;

/// A straight street.
pub(super) struct Street {
    /// Its ends.
    pub(super) ends: [DVec2; 2],
    pub(super) kind: RoadKind,
    /// Nodes on it: its ends, and where others join.
    pub(super) nodes: Vec<usize>,
    /// Whether it passes under the railway.
    pub(super) underpass: bool,
    /// Whether it is carried over the floodplain.
    pub(super) viaduct: bool,
}

/// Half the width of the carriageway, m.
pub(super) fn carriageway(kind: RoadKind) -> f64 {
    match kind {
        RoadKind::Main => 6.5,
        RoadKind::Distributor => 3.5,
        RoadKind::Residential | RoadKind::Old => 2.75,
        RoadKind::Quay | RoadKind::Country => 2.5,
    }
}

/// Half the width between the fronts of the lots, m: carriageway, pavements and verges.
pub(super) fn half(kind: RoadKind) -> f64 {
    match kind {
        RoadKind::Main => 12.0,
        RoadKind::Distributor => 8.0,
        RoadKind::Residential | RoadKind::Country => 5.5,
        RoadKind::Old => 4.25,
        RoadKind::Quay => 4.5,
    }
}

/// What a block is cut by.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    Street(RoadKind),
    Ditch,
    /// A canal between two quays, by the distance of the quays' middle lines from its own.
    Canal(f64),
}

/// Two parts of a block, and the streets along the cut.
pub(super) struct Parts {
    pub(super) parts: [Polygon; 2],
    pub(super) sides: [Side; 2],
}

/// All streets and their nodes.
#[derive(Default)]
pub(super) struct Streets {
    pub(super) nodes: Vec<DVec2>,
    pub(super) list: Vec<Street>,
}

impl Streets {
    /// The node at a point; a new one where there is none within a centimetre.
    pub(super) fn node_at(&mut self, point: DVec2) -> usize {
        let near = self.nodes.iter().position(|node| (*node - point).length() < 0.01);
        near.unwrap_or_else(|| {
            self.nodes.push(point);
            self.nodes.len() - 1
        })
    }

    /// A street between two nodes.
    pub(super) fn between(&mut self, from: usize, to: usize, kind: RoadKind) -> usize {
        let ends = [self.nodes[from], self.nodes[to]];
        self.list.push(Street { ends, kind, nodes: vec![from, to], underpass: false, viaduct: false });
        self.list.len() - 1
    }

    /// A new node on a side, which joins it to the street there.
    pub(super) fn join(&mut self, point: DVec2, side: Side) -> usize {
        self.nodes.push(point);
        let node = self.nodes.len() - 1;
        if let Side::Street(street) = side {
            self.list[street].nodes.push(node);
        }
        node
    }

    /// Half the width that a side takes from a block.
    pub(super) fn margin(&self, side: Side) -> f64 {
        match side {
            Side::Street(street) => half(self.list[street].kind),
            Side::Ditch => 1.5,
            Side::Web(_) | Side::Open => 0.0,
        }
    }

    /// Cuts a block along the line `normal · p = at`.
    pub(super) fn cut(&mut self, block: &Polygon, normal: DVec2, at: f64, cut: Cut) -> Option<Parts> {
        const NEW: Side = Side::Web(usize::MAX);
        let apart = if let Cut::Canal(apart) = cut { apart } else { 0.0 };
        let mut parts = [clip(block, normal, at - apart, NEW)?, clip(block, -normal, -at - apart, NEW)?];
        let mut street_of = |part: &Polygon, kind: RoadKind| {
            let k = part.iter().position(|(_, side)| *side == NEW)?;
            let (from, to) = (part[k].0, part[(k + 1) % part.len()]);
            let before = part[(k + part.len() - 1) % part.len()].1;
            let nodes = [self.join(from, before), self.join(to.0, to.1)];
            Some(Side::Street(self.between(nodes[0], nodes[1], kind)))
        };
        let sides = match cut {
            Cut::Ditch => [Side::Ditch; 2],
            Cut::Street(kind) => [street_of(&parts[0], kind)?; 2],
            Cut::Canal(_) => [street_of(&parts[0], RoadKind::Quay)?, street_of(&parts[1], RoadKind::Quay)?],
        };
        for (part, side) in parts.iter_mut().zip(sides) {
            part.iter_mut().filter(|(_, old)| *old == NEW).for_each(|(_, old)| *old = side);
        }
        Some(Parts { parts, sides })
    }

    /// Bridges from the junctions of one street straight to another, with at least `apart` metres between them.
    pub(super) fn bridge(&mut self, from: usize, to: usize, apart: f64, kind: RoadKind) {
        let [a, b] = self.list[from].ends;
        let along = (b - a).normalize();
        let mut places: Vec<(f64, usize)> =
            self.list[from].nodes.iter().map(|&node| ((self.nodes[node] - a).dot(along), node)).collect();
        places.sort_by(|x, y| x.0.total_cmp(&y.0));
        let mut last = f64::NEG_INFINITY;
        let [c, d] = self.list[to].ends;
        let over = (d - c).normalize();
        for (place, node) in places {
            let share = (self.nodes[node] - c).dot(over) / (d - c).length();
            if place < 20.0 || place > (b - a).length() - 20.0 || place < last + apart || !(0.05..0.95).contains(&share)
            {
                continue;
            }
            last = place;
            let foot = c + (d - c) * share;
            let near = |n: &&usize| (self.nodes[**n] - foot).length() < 12.0;
            let met = self.list[to].nodes.iter().find(near).copied();
            let other = met.unwrap_or_else(|| self.join(foot, Side::Street(to)));
            self.between(node, other, kind);
        }
    }
}

/// Unit vector along the longer side of a block's box, and its length and depth. The box is turned as the block's
/// longest side.
pub(super) fn axes(block: &Polygon) -> (DVec2, [f64; 2]) {
    let sides = (0..block.len()).map(|k| block[(k + 1) % block.len()].0 - block[k].0);
    let longest = sides.fold(DVec2::X * 1e-9, |a, b| if b.length_squared() > a.length_squared() { b } else { a });
    let axis = longest.normalize();
    let size = |axis: DVec2| {
        let (low, high) = extent(block.iter().map(|(p, _)| *p), axis);
        high - low
    };
    let (along, across) = (size(axis), size(axis.perp()));
    if along >= across { (axis, [along, across]) } else { (axis.perp(), [across, along]) }
}
