//! Structures: water that passes between two cells, or between a cell and what lies outside, other than over the ground.

use super::params::{End, GRAVITY, LINK_CULVERT, LINK_LEVEL, LINK_PUMP, LINK_WEIR, Link, NOWHERE};
use super::problem::Problem;
use hanze_base::series::Series;

/// Level outside of what falls free, m: lower than any sill.
const FREE_FALL: f64 = -1e6;

/// A structure. It is as many equal links as it has pairs of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// Name in tables.
    pub name: String,
    /// Cells at its two ends; none is outside of the city.
    pub pairs: Vec<[Option<usize>; 2]>,
    /// What it is.
    pub kind: StructureKind,
}

/// What a structure is. Heights are above the reference of the problem's heights, m.
#[derive(Clone, Debug, PartialEq)]
pub enum StructureKind {
    /// A broad-crested weir, a sluice, a gap in a dike: Q = C·b·H^1.5 over the sill, drowned after Villemonte (1947), in both
    /// directions.
    Weir {
        /// Height of the sill, m; the bed of the higher end if none.
        sill: Option<Series>,
        /// Width of all of it, m.
        width: Series,
        /// C, m^0.5/s; 1.705 for a broad crest.
        coefficient: f64,
        /// Level outside, m; if none, what leaves falls free.
        outside: Option<Series>,
    },
    /// A culvert: what its inlet lets in (Boyd 1987), or what friction and losses let through, whichever is less.
    Culvert {
        /// Floor at both ends, m.
        floors: [f64; 2],
        /// Width of a box, or diameter, m.
        width: f64,
        /// Height of a box, m; 0 for a pipe.
        height: f64,
        /// Length, m.
        length: f64,
        /// Manning's n, s/m^(1/3).
        manning: f64,
        /// Loss of inlet and outlet in velocity heads; 1.5 is usual.
        losses: f64,
        /// Barrels beside each other.
        barrels: u32,
    },
    /// A pump from the first end to the second.
    Pump {
        /// Capacity, m³/s.
        capacity: Series,
        /// Level at the first end at which it starts, m.
        start: f64,
        /// Level at which it stops, m.
        stop: f64,
    },
    /// The second end is held at a level, m, by water from or to outside.
    Level(Series),
}

/// The cells at the ends of links: [`End`]s, and for each its touches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ends {
    /// Each cell once.
    pub cells: Vec<End>,
    /// Number of a link, doubled, and 1 more where it is the link's far end.
    pub touches: Vec<u32>,
    /// Cell of the near and the far end of each link: its place in `cells`, or `NOWHERE`.
    pub places: Vec<[u32; 2]>,
}

impl Problem {
    /// Number of links of all structures.
    pub fn link_count(&self) -> usize {
        self.structures.iter().map(|structure| structure.pairs.len()).sum()
    }

    /// The cells at the ends of links.
    pub fn ends(&self) -> Ends {
        let pairs = self.structures.iter().flat_map(|structure| &structure.pairs);
        let mut touched: Vec<(usize, u32)> = Vec::new();
        for (link, pair) in pairs.enumerate() {
            let sides = pair.iter().enumerate();
            touched.extend(sides.filter_map(|(side, cell)| Some(((*cell)?, 2 * link as u32 + side as u32))));
        }
        touched.sort_unstable();
        let mut ends = Ends { places: vec![[NOWHERE; 2]; self.link_count()], ..Ends::default() };
        let mut last = None;
        for (cell, touch) in touched {
            if last != Some(cell) {
                let index = self.padded_index(cell % self.grid.cols, cell / self.grid.cols);
                ends.cells.push(End { index, first: ends.touches.len() as u32, count: 0, unused: 0 });
                last = Some(cell);
            }
            let place = ends.cells.len() - 1;
            ends.cells[place].count += 1;
            ends.places[touch as usize / 2][touch as usize % 2] = place as u32;
            ends.touches.push(touch);
        }
        ends
    }

    /// The links from `from` to `to` seconds; within that time sills, widths and levels run linearly.
    pub fn links(&self, ends: &Ends, from: f64, to: f64) -> Vec<Link> {
        let run = |series: &Series, offset: f64, scale: f64| {
            let (start, end) = ((series.at(from) - offset) * scale, (series.before(to) - offset) * scale);
            [start as f32, ((end - start) / (to - from)) as f32]
        };
        let fixed = |height: f64| (height - self.datum) as f32;
        let mut links = Vec::with_capacity(self.link_count());
        for structure in &self.structures {
            let share = 1.0 / structure.pairs.len().max(1) as f64;
            for pair in &structure.pairs {
                let place = ends.places[links.len()];
                let index = |side: usize| ends.cells.get(place[side] as usize).map_or(NOWHERE, |end| end.index);
                let bed = |side: usize| pair[side].map_or(0.0, |cell| self.bed[cell]);
                let part = |side: usize| ends.cells.get(place[side] as usize).map_or(1.0, |end| 1.0 / end.count as f32);
                let mut link = Link {
                    near: index(0),
                    far: index(1),
                    near_bed: bed(0),
                    far_bed: bed(1),
                    near_share: part(0),
                    far_share: part(1),
                    level: FREE_FALL as f32,
                    ..Link::default()
                };
                match &structure.kind {
                    StructureKind::Weir { sill, width, coefficient, outside } => {
                        link.kind = LINK_WEIR;
                        let beds = pair.iter().flatten().map(|&cell| self.bed[cell]);
                        let highest = beds.fold(f32::NEG_INFINITY, f32::max);
                        [link.sill, link.sill_slope] =
                            sill.as_ref().map_or([highest, 0.0], |sill| run(sill, self.datum, 1.0));
                        [link.width, link.width_slope] = run(width, 0.0, share);
                        if let Some(outside) = outside {
                            [link.level, link.level_slope] = run(outside, self.datum, 1.0);
                        }
                        link.size = *coefficient as f32;
                    }
                    StructureKind::Culvert { floors, width, height, length, manning, losses, barrels } => {
                        link.kind = LINK_CULVERT;
                        (link.sill, link.other) = (fixed(floors[0]), fixed(floors[1]));
                        (link.width, link.size) = (*width as f32, *height as f32);
                        link.loss = (losses / (2.0 * f64::from(GRAVITY))) as f32;
                        link.drag = (manning * manning * length) as f32;
                        link.barrels = *barrels as f32;
                    }
                    StructureKind::Pump { capacity, start, stop } => {
                        link.kind = LINK_PUMP;
                        (link.sill, link.other) = (fixed(*start), fixed(*stop));
                        [link.width, link.width_slope] = run(capacity, 0.0, share);
                    }
                    StructureKind::Level(level) => {
                        link.kind = LINK_LEVEL;
                        [link.level, link.level_slope] = run(level, self.datum, 1.0);
                    }
                }
                links.push(link);
            }
        }
        links
    }

    /// Series of structures.
    pub(super) fn structure_series(&self) -> impl Iterator<Item = &Series> {
        self.structures
            .iter()
            .flat_map(|structure| match &structure.kind {
                StructureKind::Weir { sill, width, outside, .. } => [sill.as_ref(), Some(width), outside.as_ref()],
                StructureKind::Pump { capacity, .. } => [Some(capacity), None, None],
                StructureKind::Level(level) => [Some(level), None, None],
                StructureKind::Culvert { .. } => [None; 3],
            })
            .flatten()
    }
}
