//! From the plan to cells: the things of the town, bent, laid over bands of rows.

use super::band::{Band, Cell, NONE};
use super::ground::{CREST, POLDER_STAGE, STAGE, dip, natural};
use super::houses::lot;
use super::plan::{Plan, Quarter};
use super::streets::{carriageway, half};
use super::trees::lines;
use super::{Town, curves::mix, curves::noise, curves::ramp};
use glam::DVec2;
use hanze_base::cover::Cover;
use hanze_base::grid::Grid;
use hanze_base::objects::RoadKind;

/// Drop from the pavement to the carriageway, m.
const KERB: f64 = 0.12;
/// Distance from water, dikes and rails in which the ground knows of them, m.
const REACH: f64 = 24.0;
/// Distance from a kerb in which no rampart is raised to its height, m.
const CLEAR: f64 = 10.0;
/// Rows of cells that are painted together.
pub(super) const BAND: usize = 64;

/// What the ground between streets and houses is used for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ground {
    Verge,
    Court,
    Garden,
    Lawn,
    Yard,
    Square,
    Park,
    Field,
    Wood,
    Foreland,
    Rampart,
}

/// Lines and surfaces of the bent town.
pub(super) struct Painting<'a> {
    town: &'a Town,
    grounds: Vec<(Vec<DVec2>, Ground)>,
    moat: [Vec<DVec2>; 2],
    roads: Vec<([DVec2; 2], RoadKind)>,
    underpasses: Vec<([DVec2; 2], RoadKind)>,
    waters: Vec<([DVec2; 2], f64)>,
    ditches: Vec<[DVec2; 2]>,
    dikes: Vec<[DVec2; 2]>,
    rails: Vec<[DVec2; 2]>,
}

/// One cell.
pub(super) struct Spot {
    /// Ground or bed, m NAP.
    pub(super) height: f64,
    /// Stage of the water body that the cell belongs to; minus infinity where there is none.
    pub(super) stage: f64,
    /// Height of the building on it, m; 0 where there is none.
    pub(super) building: f64,
    pub(super) cover: Cover,
    /// Height of the crowns over it, m.
    pub(super) canopy: f32,
}

impl Painting<'_> {
    pub(super) fn new(town: &Town) -> Painting<'_> {
        let plan = &town.plan;
        let bend = |from: DVec2, to: DVec2| {
            let line = bent(plan, from, to);
            (1..line.len()).map(move |k| [line[k - 1], line[k]]).collect::<Vec<_>>()
        };
        let outline = |corners: &[DVec2]| {
            let sides = (0..corners.len()).flat_map(|k| {
                let mut side = bent(plan, corners[k], corners[(k + 1) % corners.len()]);
                side.pop();
                side
            });
            sides.collect::<Vec<_>>()
        };
        let measures = &plan.measures;
        let strip = |(to, at): (DVec2, f64)| {
            let reach = 2.0 * plan.window.length() + 200.0;
            [to * at - to.perp() * reach, to * at + to.perp() * reach]
        };
        let (to_river, [near, far]) = measures.river;
        let mut grounds = Vec::new();
        grounds.push((outline(&plan.moat[0]), Ground::Rampart));
        let corner = |k: usize| (measures.rays[k] + measures.rays[(k + 1) % measures.rays.len()]).normalize();
        let inner: Vec<DVec2> = (0..measures.rays.len()).map(|k| corner(k) * measures.gon).collect();
        grounds.push((outline(&inner), Ground::Court));
        let ([a, b], [c, d]) = (strip((to_river, near)), strip((to_river, far)));
        grounds.push((outline(&[a, c, d, b]), Ground::Foreland));
        for block in &plan.blocks {
            if let Some(lot) = lot(plan, block) {
                let corners: Vec<DVec2> = lot.into_iter().map(|(p, _)| p).collect();
                grounds.push((outline(&corners), ground_of(block.quarter)));
            }
        }
        let mut painting = Painting {
            town,
            grounds,
            moat: [outline(&plan.moat[0]), outline(&plan.moat[1])],
            roads: Vec::new(),
            underpasses: Vec::new(),
            waters: Vec::new(),
            ditches: plan.ditches.iter().flat_map(|[a, b]| bend(*a, *b)).collect(),
            dikes: [near, far]
                .into_iter()
                .flat_map(|at| {
                    let [a, b] = strip((to_river, at));
                    bend(a, b)
                })
                .collect(),
            rails: {
                let [a, b] = strip(measures.rail);
                bend(a, b)
            },
        };
        for (ends, half) in lines(plan) {
            painting.waters.extend(bend(ends[0], ends[1]).into_iter().map(|piece| (piece, half)));
        }
        for street in plan.streets.list.iter().filter(|street| plan.is_near(street.ends.iter().copied())) {
            let [a, b] = street.ends;
            painting.roads.extend(bend(a, b).into_iter().map(|piece| (piece, street.kind)));
            if street.underpass {
                let beyond = (b - a).normalize() * 60.0;
                painting.underpasses.extend(bend(a - beyond, b + beyond).into_iter().map(|piece| (piece, street.kind)));
            }
        }
        painting
    }

    /// Paints the rows from `first` on, one spot per cell.
    pub(super) fn band(&self, grid: &Grid, first: usize, mut each: impl FnMut(usize, Spot)) {
        let rows = BAND.min(grid.rows - first);
        let mut band = Band::new(grid, self.town.plan.window, first, rows);
        for (outline, ground) in &self.grounds {
            band.fill(outline, |cell| cell.ground = *ground);
        }
        band.fill(&self.moat[1], |cell| cell.in_moat = true);
        band.fill(&self.moat[0], |cell| cell.in_moat = false);
        for shore in &self.moat {
            for k in 0..shore.len() {
                let side = [shore[k], shore[(k + 1) % shore.len()]];
                band.stroke(side, REACH, |cell, d| cell.shore = cell.shore.min(d as f32));
            }
        }
        for (piece, kind) in &self.roads {
            band.stroke(*piece, half(*kind).max(carriageway(*kind) + CLEAR), |cell, d| {
                let from_kerb = (d - carriageway(*kind)) as f32;
                if from_kerb < cell.kerb {
                    cell.kerb = from_kerb;
                    cell.road = (d < half(*kind)).then_some(*kind).or(cell.road);
                }
            });
        }
        for (piece, kind) in &self.underpasses {
            band.stroke(*piece, 12.0, |cell, d| cell.cutting = cell.cutting.min((d - carriageway(*kind)) as f32));
        }
        for (piece, half) in &self.waters {
            band.stroke(*piece, half + REACH, |cell, d| cell.water = cell.water.min((d - half) as f32));
        }
        for piece in &self.ditches {
            band.stroke(*piece, 3.0, |cell, d| cell.ditch = cell.ditch.min(d as f32));
        }
        for piece in &self.dikes {
            band.stroke(*piece, REACH, |cell, d| cell.dike = cell.dike.min(d as f32));
        }
        for piece in &self.rails {
            band.stroke(*piece, 64.0, |cell, d| cell.rail = cell.rail.min(d as f32));
        }
        for (k, house) in self.town.houses.iter().enumerate() {
            let Some(corners) = house.building.corners() else { continue };
            band.fill(corners, |cell| cell.house = k as u32);
        }
        for tree in &self.town.trees {
            let (radius, height) = (tree.radius, tree.height);
            band.stroke([tree.at; 2], radius, |cell, d| {
                let crown = height * (0.55 + 0.45 * (1.0 - (d / radius).powi(2)).max(0.0).sqrt());
                cell.canopy = cell.canopy.max(crown as f32);
            });
        }
        for (k, cell) in band.cells.iter().enumerate() {
            each(k, self.spot(band.point(k % grid.cols, k / grid.cols), cell));
        }
    }

    /// What a cell becomes.
    fn spot(&self, p: DVec2, cell: &Cell) -> Spot {
        let plan = &self.town.plan;
        let raw = natural(plan, p);
        let water = f64::from(cell.water.min(if cell.in_moat { -cell.shore } else { cell.shore }));
        let (rail, cutting) = (f64::from(cell.rail), f64::from(cell.cutting));
        if cell.house != NONE {
            let building = &self.town.houses[cell.house as usize].building;
            let height = quantised(building.floor.unwrap_or_default());
            return Spot {
                height,
                stage: f64::NEG_INFINITY,
                building: building.roof_at(p).unwrap_or_default(),
                cover: Cover::Roof,
                canopy: 0.0,
            };
        }
        let in_foreland = cell.ground == Ground::Foreland;
        let (mut height, mut cover) = self.surface(p, cell, raw, water);
        let mut stage = f64::NEG_INFINITY;
        let dike = CREST - (f64::from(cell.dike) - 2.5).max(0.0) / 3.0;
        if dike > height {
            (height, cover) = (dike, if cell.dike < 1.6 { Cover::Asphalt } else { Cover::Grass });
        }
        let bank = raw + 1.8 - (rail - 4.5).max(0.0) / 1.5;
        if rail < 5.5 {
            cover = Cover::Soil;
        }
        if bank > height && cutting > 1.0 && !in_foreland {
            height = bank;
            cover = if rail < 5.5 { Cover::Soil } else { Cover::Grass };
        }
        // Where the road passes under it, the railway is on a bridge and has no bank.
        height -= if cutting < 3.0 { dip(rail) * (1.0 - ramp(cutting, 0.0, 3.0)) } else { 0.0 };
        let is_bridge = in_foreland || water < 0.0;
        if let Some(kind) = cell.road {
            if !is_bridge {
                height -= KERB * ramp(-f64::from(cell.kerb), 0.0, 1.0);
            }
            if !is_bridge || cell.kerb < 0.0 {
                cover = paving(kind, f64::from(cell.kerb));
            }
        }
        if raw > 0.0 {
            height = height.max(STAGE + 0.1);
        }
        if water < 0.0 {
            let deep = if cell.in_moat || in_foreland { 1.7 } else { 1.2 };
            height = mix(STAGE + 0.3, STAGE - deep, ramp(-water, 0.0, 2.0));
            stage = STAGE;
            if height < STAGE && !(cell.road.is_some() && cell.kerb < 0.0) {
                cover = Cover::Water;
            }
        } else if cell.ditch < 2.5 && cell.road.is_none() {
            height -= 0.75 * (1.0 - ramp(f64::from(cell.ditch), 0.6, 2.2));
            stage = POLDER_STAGE;
            cover = if height < stage { Cover::Water } else { Cover::Grass };
        }
        Spot { height: quantised(height), stage, building: 0.0, cover, canopy: cell.canopy }
    }

    /// Height and cover of open ground.
    fn surface(&self, p: DVec2, cell: &Cell, raw: f64, water: f64) -> (f64, Cover) {
        let noise = |salt: u64, size: f64| noise(self.town.plan.seed, salt, p, size);
        let green = mix(STAGE + 0.3, raw, ramp(water, 0.0, 4.0));
        match cell.ground {
            Ground::Verge => (green, Cover::Grass),
            Ground::Court => (raw, if noise(80, 14.0) > 0.25 { Cover::Grass } else { Cover::Cobble }),
            Ground::Garden => (green, if noise(81, 7.0) > 0.12 { Cover::Cobble } else { Cover::Grass }),
            Ground::Lawn => (green, if noise(82, 30.0).abs() < 0.06 { Cover::Cobble } else { Cover::Grass }),
            Ground::Yard => (raw, if noise(83, 40.0) > 0.35 { Cover::Grass } else { Cover::Asphalt }),
            Ground::Square => (raw, Cover::Cobble),
            Ground::Park => {
                let hollow = 0.6 * ramp(noise(84, 110.0), 0.1, 0.6) * ramp(water, 4.0, 12.0);
                (green - hollow, if noise(85, 90.0).abs() < 0.03 { Cover::Cobble } else { Cover::Grass })
            }
            Ground::Field => (raw, if noise(86, 400.0) > 0.35 { Cover::Soil } else { Cover::Grass }),
            Ground::Wood => (raw, Cover::Soil),
            Ground::Foreland => {
                (mix(STAGE + 0.3, STAGE + 0.75 + 0.2 * noise(87, 160.0), ramp(water, 0.0, 6.0)), Cover::Grass)
            }
            Ground::Rampart => {
                let mound = 2.6 * ramp(water, 3.0, 9.0) * (1.0 - ramp(water, 13.0, 21.0));
                // Gates cut through.
                let mound = mound * ramp(f64::from(cell.kerb), 2.0, CLEAR);
                (green + mound, Cover::Grass)
            }
        }
    }
}

fn ground_of(quarter: Quarter) -> Ground {
    match quarter {
        Quarter::Old => Ground::Court,
        Quarter::Market | Quarter::Station => Ground::Square,
        Quarter::Nineteenth | Quarter::Woonerf | Quarter::New | Quarter::Villas => Ground::Garden,
        Quarter::Church | Quarter::PostWar | Quarter::Sports => Ground::Lawn,
        Quarter::Offices | Quarter::Business => Ground::Yard,
        Quarter::Park => Ground::Park,
        Quarter::Wood => Ground::Wood,
        Quarter::Field => Ground::Field,
    }
}

/// Cover of a street by the distance from its kerb.
fn paving(kind: RoadKind, from_kerb: f64) -> Cover {
    match kind {
        RoadKind::Main if (0.0..=3.0).contains(&from_kerb) => Cover::Grass,
        RoadKind::Main => Cover::Asphalt,
        RoadKind::Distributor | RoadKind::Country if from_kerb < 0.0 => Cover::Asphalt,
        RoadKind::Country => Cover::Grass,
        _ => Cover::Cobble,
    }
}

/// Steps of 2^-16 m fit an f32 with any datum, so that still water is level to the last bit.
fn quantised(height: f64) -> f64 {
    (height * 65_536.0).round() / 65_536.0
}

/// A straight line of the plan in the bent town, in pieces of at most 20 m.
pub(super) fn bent(plan: &Plan, from: DVec2, to: DVec2) -> Vec<DVec2> {
    let pieces = ((to - from).length() / 20.0).ceil().max(1.0) as usize;
    (0..=pieces).map(|k| plan.world(from + (to - from) * (k as f64 / pieces as f64))).collect()
}
