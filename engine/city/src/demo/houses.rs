//! What is built on the blocks.

use super::curves::Dice;
use super::ground::natural;
use super::plan::{Block, Plan, Quarter};
use super::shapes::{Polygon, Side, extent, holds, inset, middle, overlap};
use super::streets::axes;
use glam::DVec2;
use hanze_base::objects::{Building, Roof, Use};
use hanze_base::outline::Outline;
use rayon::prelude::*;

/// Height of a doorstep above the highest ground around the house, m.
const DOORSTEP: f64 = 0.12;

/// Distance around a house in which no street lies higher than its doorstep, m.
const NEIGHBOURHOOD: f64 = 10.0;

/// A house in the straight plan.
pub(super) struct House {
    /// Corners: the front, then the back, counterclockwise.
    pub(super) corners: [DVec2; 4],
    pub(super) building: Building,
}

/// How a row of houses is built.
struct Row {
    /// Narrowest and widest front, m.
    front: [f64; 2],
    depth: f64,
    setback: f64,
    /// Houses wall to wall, and the gap after them, m.
    group: usize,
    gap: f64,
    storeys: [f64; 2],
    /// Rise of the roof, m; 0 for flat roofs.
    rise: f64,
    roof: Roof,
    /// Whether gables face the street.
    is_gabled: bool,
    use_: Use,
    years: [f64; 2],
}

const ROW: Row = Row {
    front: [5.4, 6.2],
    depth: 9.0,
    setback: 3.0,
    group: 8,
    gap: 3.0,
    storeys: [2.0, 2.0],
    rise: 3.2,
    roof: Roof::Gable,
    is_gabled: false,
    use_: Use::Dwelling,
    years: [1955.0, 1972.0],
};

/// The lot of a block: what its streets leave.
pub(super) fn lot(plan: &Plan, block: &Block) -> Option<Polygon> {
    inset(&block.polygon, |side| plan.streets.margin(side))
}

/// All houses, block by block.
pub(super) fn build(plan: &Plan) -> Vec<House> {
    let houses = plan.blocks.par_iter().enumerate().map(|(k, block)| {
        let mut site = Site { plan, block, dice: Dice::new(plan.seed, 6, k), houses: Vec::new() };
        if let Some(lot) = lot(plan, block) {
            site.fill(&lot);
        }
        site.houses
    });
    houses.collect::<Vec<_>>().into_iter().flatten().collect()
}

struct Site<'a> {
    plan: &'a Plan,
    block: &'a Block,
    dice: Dice,
    houses: Vec<House>,
}

impl Site<'_> {
    fn fill(&mut self, lot: &Polygon) {
        use Quarter::*;
        match self.block.quarter {
            Old => {
                let row = Row {
                    front: [4.6, 8.5],
                    depth: 12.0,
                    setback: 0.0,
                    group: 40,
                    storeys: [2.0, 4.0],
                    rise: 4.5,
                    is_gabled: true,
                    years: [1480.0, 1890.0],
                    ..ROW
                };
                self.perimeter(lot, &row);
                // Shallow houses close what the deep ones left open.
                self.perimeter(lot, &Row { front: [4.2, 6.0], depth: 7.5, rise: 3.2, ..row });
            }
            Nineteenth => self.perimeter(
                lot,
                &Row {
                    front: [5.0, 6.0],
                    setback: 0.6,
                    group: 14,
                    storeys: [2.0, 3.0],
                    rise: 2.8,
                    years: [1880.0, 1935.0],
                    ..ROW
                },
            ),
            Villas => self.perimeter(
                lot,
                &Row {
                    front: [9.5, 13.0],
                    depth: 11.0,
                    setback: 9.0,
                    group: 1,
                    gap: 10.0,
                    rise: 4.0,
                    roof: Roof::Hip,
                    years: [1905.0, 1998.0],
                    ..ROW
                },
            ),
            Woonerf => {
                let setback = self.dice.between(2.0, 5.0);
                self.perimeter(lot, &Row { setback, group: 5, gap: 4.0, years: [1973.0, 1988.0], ..ROW });
            }
            New => {
                let is_flat = self.dice.chance(0.3);
                let row = Row { depth: 10.5, setback: 3.5, group: 7, years: [1996.0, 2024.0], rise: 3.6, ..ROW };
                let storeys = if is_flat { [3.0, 3.0] } else { [2.0, 3.0] };
                self.perimeter(lot, &Row { storeys, rise: if is_flat { 0.0 } else { row.rise }, ..row });
            }
            PostWar => match self.dice.unit() {
                u if u < 0.42 => self.grid(lot, [54.0, 10.5], [10.0, 22.0], [3.0, 5.0], Use::Dwelling),
                u if u < 0.52 => self.grid(lot, [22.0, 20.0], [45.0, 45.0], [8.0, 13.0], Use::Dwelling),
                _ => self.perimeter(lot, &Row { setback: 4.5, gap: 5.0, ..ROW }),
            },
            Offices => self.perimeter(
                lot,
                &Row {
                    front: [22.0, 38.0],
                    depth: 16.0,
                    setback: 4.0,
                    group: 1,
                    gap: 8.0,
                    storeys: [3.0, 8.0],
                    rise: 0.0,
                    use_: Use::Office,
                    years: [1968.0, 2020.0],
                    ..ROW
                },
            ),
            Business => self.grid(lot, [62.0, 44.0], [22.0, 26.0], [2.0, 3.5], Use::Industry),
            Church => self.church(lot),
            Station => self.one(lot, [64.0, 15.0], 2.0, 4.0, Roof::Gable, Use::Public),
            Sports => self.one(lot, [28.0, 12.0], 1.0, 0.0, Roof::Flat, Use::Public),
            Field if self.dice.chance(0.16) => self.one(lot, [26.0, 14.0], 1.0, 6.0, Roof::Gable, Use::Farm),
            Market | Park | Field | Wood => {}
        }
    }

    /// Rows of houses along all sides that have a street, the longest sides first.
    fn perimeter(&mut self, lot: &Polygon, row: &Row) {
        let length = |k: usize| (lot[(k + 1) % lot.len()].0 - lot[k].0).length();
        let mut order: Vec<usize> = (0..lot.len()).filter(|&k| matches!(lot[k].1, Side::Street(_))).collect();
        order.sort_by(|&a, &b| length(b).total_cmp(&length(a)));
        for k in order {
            let (from, to) = (lot[k].0, lot[(k + 1) % lot.len()].0);
            if (to - from).length() > 4.0 {
                self.row(lot, from, to, row);
            }
        }
    }

    fn row(&mut self, lot: &Polygon, from: DVec2, to: DVec2, row: &Row) {
        let earlier = self.houses.len();
        let (along, length) = ((to - from).normalize(), (to - from).length());
        let inwards = along.perp();
        let storeys = self.dice.between(row.storeys[0], row.storeys[1] + 0.99).floor().min(row.storeys[1]);
        let year = self.dice.between(row.years[0], row.years[1]);
        let mut at = row.setback;
        let mut in_group = 0;
        loop {
            if in_group == row.group {
                (at, in_group) = (at + row.gap, 0);
            }
            let front = self.dice.between(row.front[0], row.front[1]);
            if at + front > length - row.setback {
                return;
            }
            let place = |s: f64, depth: f64| from + along * s + inwards * (row.setback + depth);
            let corners = [place(at, 0.0), place(at + front, 0.0), place(at + front, row.depth), place(at, row.depth)];
            at += front;
            in_group += 1;
            let is_free = self.houses[..earlier].iter().all(|house| !overlap(&corners, &house.corners, 0.2));
            if !is_free || !corners.iter().all(|&p| holds(lot, p, -0.05)) {
                continue;
            }
            // Old houses differ from door to door, rows do not.
            let is_old = row.is_gabled;
            let own = if is_old { self.dice.between(row.storeys[0], row.storeys[1]).round() } else { storeys };
            let eaves = if is_old { 3.2 * own + self.dice.between(0.2, 1.2) } else { 2.9 * own + 0.3 };
            let year = if is_old { self.dice.between(row.years[0], row.years[1]) } else { year };
            let is_shop = is_old && self.dice.chance(0.35);
            let dwellings = match row.use_ {
                Use::Dwelling if is_old => (own - f64::from(u8::from(is_shop))).max(1.0) as u32,
                Use::Dwelling => 1,
                _ => 0,
            };
            let use_ = if is_shop { Use::Shop } else { row.use_ };
            let roof = if row.rise > 0.0 { row.roof } else { Roof::Flat };
            self.add(corners, row.is_gabled, eaves, row.rise, roof, use_, year as u16, dwellings);
        }
    }

    /// Slabs, towers or halls in a grid along the longer side of a lot.
    fn grid(&mut self, lot: &Polygon, size: [f64; 2], gaps: [f64; 2], storeys: [f64; 2], use_: Use) {
        let (axis, _) = axes(lot);
        let spans = [axis, axis.perp()].map(|axis| extent(lot.iter().map(|(p, _)| *p), axis));
        let count = |k: usize| (((spans[k].1 - spans[k].0 - 12.0 + gaps[k]) / (size[k] + gaps[k])).floor()).max(1.0);
        let year = self.dice.between(1956.0, 1975.0);
        let floors = self.dice.between(storeys[0], storeys[1]).round();
        for i in 0..count(0) as usize {
            for j in 0..count(1) as usize {
                let place = |k: usize, n: usize| {
                    let middle = (spans[k].0 + spans[k].1) / 2.0;
                    middle + (n as f64 - (count(k) - 1.0) / 2.0) * (size[k] + gaps[k])
                };
                let at = axis * place(0, i) + axis.perp() * place(1, j);
                let mut half = [size[0] / 2.0, size[1] / 2.0];
                let mut eaves = 2.9 * floors + 0.4;
                if use_ == Use::Industry {
                    half = half.map(|half| half * self.dice.between(0.7, 1.0));
                    eaves = self.dice.between(6.0, 12.5);
                }
                let corners = self.box_at(at, axis, half);
                if corners.iter().all(|&p| holds(lot, p, 4.0)) {
                    let dwellings = if use_ == Use::Dwelling { (floors * size[0] * size[1] / 90.0) as u32 } else { 0 };
                    self.add(corners, false, eaves, 0.0, Roof::Flat, use_, year as u16, dwellings);
                }
            }
        }
    }

    fn box_at(&self, at: DVec2, axis: DVec2, half: [f64; 2]) -> [DVec2; 4] {
        let (u, v) = (axis * half[0], axis.perp() * half[1]);
        [at - u - v, at + u - v, at + u + v, at - u + v]
    }

    /// One building in the middle of a lot, made smaller until it fits.
    fn one(&mut self, lot: &Polygon, size: [f64; 2], storeys: f64, rise: f64, roof: Roof, use_: Use) {
        let (axis, _) = axes(lot);
        for shrink in [1.0, 0.7, 0.45] {
            let corners = self.box_at(middle(lot), axis, size.map(|side| side * shrink / 2.0));
            if corners.iter().all(|&p| holds(lot, p, 3.0)) {
                let (year, dwellings) = (self.dice.between(1890.0, 1990.0), u32::from(use_ == Use::Farm));
                return self.add(
                    corners,
                    false,
                    3.6 * storeys + 0.4,
                    rise * shrink,
                    roof,
                    use_,
                    year as u16,
                    dwellings,
                );
            }
        }
    }

    /// A hall church with a tower at its western end.
    fn church(&mut self, lot: &Polygon) {
        let (axis, _) = axes(lot);
        let axis = if axis.x < 0.0 { -axis } else { axis };
        for shrink in [1.0, 0.8, 0.6, 0.4] {
            let (nave, tower) = ([22.0 * shrink, 9.5 * shrink], [5.5 * shrink; 2]);
            let shift = axis * (tower[0] + 0.2);
            let at = middle(lot);
            let nave = self.box_at(at + shift, axis, nave);
            let tower = self.box_at(at + shift - axis * (22.0 * shrink + tower[0]), axis, tower);
            if nave.iter().chain(&tower).all(|&p| holds(lot, p, 1.5)) {
                self.add(nave, false, 13.0 * shrink, 11.0 * shrink, Roof::Gable, Use::Church, 1406, 0);
                return self.add(tower, false, 46.0 * shrink, 29.0 * shrink, Roof::Pyramid, Use::Church, 1484, 0);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a house has as many properties, and this is the one place")]
    fn add(
        &mut self,
        corners: [DVec2; 4],
        is_gabled: bool,
        eaves: f64,
        rise: f64,
        roof: Roof,
        use_: Use,
        year: u16,
        dwellings: u32,
    ) {
        let plan = self.plan;
        let world = corners.map(|p| plan.world(p));
        // The ground under the house, and as far as the middle of the streets beside it.
        let centre = corners.iter().sum::<DVec2>() / 4.0;
        let around = corners.iter().flat_map(|p| {
            let out = (*p - centre).signum() * NEIGHBOURHOOD;
            [DVec2::ZERO, out, DVec2::new(out.x, 0.0), DVec2::new(0.0, out.y)].map(|step| plan.world(*p + step))
        });
        let floor = around.map(|p| natural(plan, p)).fold(f64::NEG_INFINITY, f64::max) + DOORSTEP;
        let mut footprint = world;
        if is_gabled {
            footprint.rotate_left(1);
        }
        let building = Building {
            id: None,
            footprint: Outline::of(footprint.to_vec()),
            floor: Some((floor * 100.0).ceil() / 100.0),
            eaves: Some(eaves),
            ridge: Some(eaves + rise),
            roof: Some(roof),
            storeys: None,
            use_: Some(use_),
            year: Some(year),
            area: Some(self.block.area),
            dwellings: Some(dwellings),
            people: None,
        };
        self.houses.push(House { corners, building });
    }
}
