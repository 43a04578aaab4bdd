//! The plan of the town: a star of bastions and a moat, a web of rings and roads around it, a river and a railway that
//! cut through, and blocks. All of it is straight here; [`Plan::world`] bends it.

use super::curves::{Dice, direction, noise};
use super::shapes::{Polygon, Side, area, clip, extent, middle};
use super::streets::{Cut, Streets, axes};
use glam::DVec2;
use hanze_base::objects::RoadKind;

/// Rays of the web, bastions of the star.
pub(super) const RAYS: usize = 10;
/// Rays that carry a main road; ray 0 crosses the river.
const MAIN_RAYS: [usize; 4] = [0, 2, 5, 7];
/// Rays from whose side of the old town the canal comes and goes.
const CANAL_RAYS: [usize; 2] = [9, 4];
/// Half the width of the railway between the middle lines of the streets along it, m.
const RAIL_HALF: f64 = 20.0;
/// Distance from the crest of a dike to the road at its foot, m.
const DIKE_FOOT: f64 = 27.0;

/// What a piece of the town is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quarter {
    Old,
    Market,
    Church,
    Nineteenth,
    Villas,
    Offices,
    Station,
    PostWar,
    Woonerf,
    New,
    Business,
    Park,
    Sports,
    Field,
    Wood,
}

/// A block between streets.
pub(super) struct Block {
    pub(super) polygon: Polygon,
    pub(super) quarter: Quarter,
    pub(super) area: usize,
}

/// A canal between two points.
pub(super) struct Canal {
    pub(super) ends: [DVec2; 2],
    pub(super) half: f64,
}

/// Where the great things lie, m from the middle of the town.
pub(super) struct Measures {
    /// Corners of the old town's inner street, between rays.
    pub(super) gon: f64,
    /// Radii of the rings of the web.
    pub(super) rings: Vec<f64>,
    /// Directions of the rays.
    pub(super) rays: Vec<DVec2>,
    /// Direction to the river and distance of the crests of its dikes.
    pub(super) river: (DVec2, [f64; 2]),
    /// Half the width of the river's water.
    pub(super) river_half: f64,
    /// Direction to the railway and its distance.
    pub(super) rail: (DVec2, f64),
}

/// The plan.
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Half of the window's sides, m.
    pub(super) window: DVec2,
    pub(super) measures: Measures,
    pub(super) streets: Streets,
    pub(super) blocks: Vec<Block>,
    pub(super) canals: Vec<Canal>,
    pub(super) ditches: Vec<[DVec2; 2]>,
    /// Inner and outer shore of the moat.
    pub(super) moat: [Vec<DVec2>; 2],
    /// Middle line of the river.
    pub(super) river: Vec<DVec2>,
    /// Corners of the web, ring by ring.
    pub(super) web: Vec<Vec<DVec2>>,
}

impl Measures {
    fn new(seed: u64, window: DVec2) -> Measures {
        let mut dice = Dice::new(seed, 1, 0);
        let half = window.min_element();
        let gon = (0.26 * half).clamp(190.0, 320.0);
        // The moat reaches 90 m beyond the corners of the inner street.
        let singel = (gon + 16.0 + 74.0 + 20.0) / 0.951;
        let ring_road = singel + (0.28 * half).clamp(210.0, 560.0);
        let rim = ring_road + (0.38 * half).clamp(260.0, 1400.0);
        let far = 2.2 * window.length() + 1500.0;
        let mut rings = vec![singel, ring_road, rim];
        if half > 4000.0 {
            rings.push(rim + 1000.0);
        }
        rings.push(far);
        let tilt = dice.between(-0.03, 0.03);
        let ray = |k: usize| direction(0.5 + tilt + k as f64 / RAYS as f64);
        let crest = (0.80 * half).max(singel + 190.0);
        let river_half = (0.03 * half).clamp(22.0, 75.0);
        let foreland = (5.5 * river_half).max(150.0);
        Measures {
            gon,
            rays: (0..RAYS).map(ray).collect(),
            river: (direction(0.5 + tilt + dice.between(-0.01, 0.01)), [crest, crest + foreland]),
            river_half,
            rail: (direction(0.75 + tilt + dice.between(-0.02, 0.02)), singel + 0.42 * (ring_road - singel)),
            rings,
        }
    }
}

impl Plan {
    pub(super) fn new(seed: u64, width: f64, height: f64) -> Plan {
        let window = DVec2::new(width, height) / 2.0;
        let measures = Measures::new(seed, window);
        let moat = moat(&measures);
        let river = river(seed, &measures, window);
        let mut plan = Plan {
            seed,
            window,
            measures,
            streets: Streets::default(),
            blocks: Vec::new(),
            canals: Vec::new(),
            ditches: Vec::new(),
            moat,
            river,
            web: Vec::new(),
        };
        plan.old_town();
        plan.web();
        plan.station();
        plan
    }

    /// A point of the plan in the bent town, m from its middle.
    pub(super) fn world(&self, p: DVec2) -> DVec2 {
        let bend = |salt: u64| 30.0 * noise(self.seed, salt, p, 1200.0) + 8.0 * noise(self.seed, salt + 1, p, 340.0);
        p + DVec2::new(bend(40), bend(42))
    }

    /// Whether a polygon may be seen in the window.
    pub(super) fn is_near(&self, points: impl Iterator<Item = DVec2> + Clone) -> bool {
        let reach = self.window + 90.0;
        let (west, east) = extent(points.clone(), DVec2::X);
        let (south, north) = extent(points, DVec2::Y);
        west < reach.x && east > -reach.x && south < reach.y && north > -reach.y
    }

    /// Everything within the inner street.
    fn old_town(&mut self) {
        let corner = |k: usize| {
            let [a, b] = [k, (k + 1) % RAYS].map(|k| self.measures.rays[k]);
            (a + b).normalize() * self.measures.gon
        };
        let corners: Vec<DVec2> = (0..RAYS).map(corner).collect();
        let nodes: Vec<usize> = corners.iter().map(|&at| self.streets.node_at(at)).collect();
        // Ray k + 1 passes between the corners k and k + 1.
        let sides: Vec<usize> =
            (0..RAYS).map(|k| self.streets.between(nodes[k], nodes[(k + 1) % RAYS], RoadKind::Old)).collect();
        let town: Polygon = corners.iter().zip(&sides).map(|(at, side)| (*at, Side::Street(*side))).collect();
        let way = |rays: [usize; 2]| (self.measures.rays[rays[1]] - self.measures.rays[rays[0]]).normalize();
        let (canal, street) = (way(CANAL_RAYS), way([2, 7]));
        let Some(halves) = self.streets.cut(&town, canal.perp(), 0.0, Cut::Canal(12.0)) else { return };
        let reach = self.measures.gon + 40.0;
        self.canals.push(Canal { ends: [canal * -reach, canal * reach], half: 7.5 });
        for half in &halves.parts {
            match self.streets.cut(half, street.perp(), 0.0, Cut::Street(RoadKind::Old)) {
                Some(quarters) => quarters.parts.into_iter().for_each(|part| self.divide(part, Quarter::Old, 0)),
                None => self.divide(half.clone(), Quarter::Old, 0),
            }
        }
        if let [Side::Street(a), Side::Street(b)] = halves.sides {
            self.streets.bridge(a, b, 80.0, RoadKind::Old);
        }
        // The two broadest blocks near the middle hold market and church.
        let breadth = |block: &Block| axes(&block.polygon).1[1];
        let mut order: Vec<usize> = (0..self.blocks.len()).collect();
        order.retain(|&k| middle(&self.blocks[k].polygon).length() < 0.55 * self.measures.gon);
        order.sort_by(|&a, &b| breadth(&self.blocks[b]).total_cmp(&breadth(&self.blocks[a])));
        for (k, quarter) in order.into_iter().zip([Quarter::Church, Quarter::Market]) {
            self.blocks[k].quarter = quarter;
        }
        for ray in MAIN_RAYS {
            let way = self.measures.rays[ray];
            let gate = way * way.dot(corners[ray]);
            let inner = self.streets.join(gate, Side::Street(sides[(ray + RAYS - 1) % RAYS]));
            let outer = self.streets.node_at(way * self.measures.rings[0]);
            self.streets.between(inner, outer, RoadKind::Distributor);
        }
    }

    /// The rings and rays around the old town, cut by river and railway, and what lies between.
    fn web(&mut self) {
        let rings = self.measures.rings.clone();
        let last = rings.len() - 1;
        let corner = |ring: usize, ray: usize| {
            let mut dice = Dice::new(self.seed, 2, ring * RAYS + ray);
            let uneven = if ring == 0 || ring == last { 0.0 } else { 0.08 };
            let way = self.measures.rays[ray] + self.measures.rays[ray].perp() * uneven * dice.between(-0.8, 0.8);
            let mut corner = way * rings[ring] * (1.0 + uneven * dice.between(-1.0, 1.0));
            // No corner lies on the railway: what leads to it would not be joined across.
            let (to_rail, rail) = self.measures.rail;
            while (to_rail.dot(corner) - rail).abs() < RAIL_HALF + 10.0 {
                corner *= 1.01;
            }
            corner
        };
        self.web = (0..=last).map(|ring| (0..RAYS).map(|ray| corner(ring, ray)).collect()).collect();
        let mut sides = vec![Vec::new(); 2 * rings.len() * RAYS];
        for ring in 0..rings.len() {
            for ray in 0..RAYS {
                let along = match ring {
                    _ if ring == last => None,
                    1 => Some(RoadKind::Main),
                    _ => Some(RoadKind::Distributor),
                };
                let outwards = match ring {
                    _ if ring == last => None,
                    _ if MAIN_RAYS.contains(&ray) => Some(RoadKind::Main),
                    _ if ring + 1 == last => Some(RoadKind::Country),
                    _ => Some(RoadKind::Distributor),
                };
                let from = self.web[ring][ray];
                sides[2 * (ring * RAYS + ray)] = self.strand(from, self.web[ring][(ray + 1) % RAYS], along);
                if ring < last {
                    let to = self.web[ring + 1][ray];
                    sides[2 * (ring * RAYS + ray) + 1] = self.strand(from, to, outwards);
                }
            }
        }
        self.bridge_river();
        for ring in 0..last {
            for ray in 0..RAYS {
                self.mesh_of_web(ring, ray, &sides);
            }
        }
    }

    /// Gives the block by the railway that is nearest to the old town to its station.
    fn station(&mut self) {
        let (to_rail, rail) = self.measures.rail;
        let place = to_rail * (rail - 60.0);
        let from = |block: &Block| (middle(&block.polygon) - place).length();
        let around = self.blocks.iter_mut().filter(|block| (1..=5).contains(&block.area));
        if let Some(block) = around.min_by(|a, b| from(a).total_cmp(&from(b))).filter(|block| from(block) < 120.0) {
            block.quarter = Quarter::Station;
        }
    }

    /// Carries the main road of ray 0 over the river, from where it meets the road at the foot of one dike to the other.
    fn bridge_river(&mut self) {
        let (to_river, [near, far]) = self.measures.river;
        let meet = |limit: f64| {
            let sides = self.web.windows(2).map(|rings| [rings[0][0], rings[1][0]]);
            let mut cut = sides.filter_map(|[from, to]| {
                let (a, b) = (to_river.dot(from) - limit, to_river.dot(to) - limit);
                (a <= 0.0 && b > 0.0).then(|| from + (to - from) * (a / (a - b)))
            });
            cut.next()
        };
        if let (Some(from), Some(to)) = (meet(near - DIKE_FOOT), meet(far + DIKE_FOOT)) {
            let (from, to) = (self.streets.node_at(from), self.streets.node_at(to));
            let street = self.streets.between(from, to, RoadKind::Main);
            self.streets.list[street].viaduct = true;
        }
    }

    /// The lines on both sides of the river and of the railway: outward normal of what is left, and limit.
    fn cuts(&self) -> [[(DVec2, f64); 2]; 2] {
        let (to_river, [near, far]) = self.measures.river;
        let (to_rail, rail) = self.measures.rail;
        [
            [(to_river, near - DIKE_FOOT), (-to_river, -far - DIKE_FOOT)],
            [(to_rail, rail - RAIL_HALF), (-to_rail, -rail - RAIL_HALF)],
        ]
    }

    /// The streets along a side of the web: one for each piece that river and railway leave of it, and what joins
    /// these pieces.
    fn strand(&mut self, from: DVec2, to: DVec2, kind: Option<RoadKind>) -> Vec<usize> {
        let Some(kind) = kind else { return Vec::new() };
        let within = |(normal, limit): (DVec2, f64), [s, t]: [f64; 2]| {
            let (a, b) = (normal.dot(from) - limit, normal.dot(to) - limit);
            let cross = a / (a - b);
            match (a <= 0.0, b <= 0.0) {
                (true, true) => Some([s, t]),
                (true, false) => Some([s, t.min(cross)]),
                (false, true) => Some([s.max(cross), t]),
                (false, false) => None,
            }
            .filter(|[s, t]| s < t)
        };
        let mut pieces = vec![[0.0, 1.0]];
        for cut in self.cuts() {
            pieces = pieces.iter().flat_map(|piece| cut.map(|side| within(side, *piece))).flatten().collect();
        }
        pieces.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let at = |share: f64| from + (to - from) * share;
        let nodes: Vec<[usize; 2]> = pieces.iter().map(|p| p.map(|share| self.streets.node_at(at(share)))).collect();
        let streets = nodes.iter().map(|[a, b]| self.streets.between(*a, *b, kind)).collect();
        for pair in nodes.windows(2) {
            let gap = (self.streets.nodes[pair[0][1]] - self.streets.nodes[pair[1][0]]).length();
            if gap < 4.0 * RAIL_HALF {
                let street = self.streets.between(pair[0][1], pair[1][0], kind);
                self.streets.list[street].underpass = true;
            }
        }
        streets
    }

    /// One mesh of the web between two rings and two rays.
    fn mesh_of_web(&mut self, ring: usize, ray: usize, sides: &[Vec<usize>]) {
        let next = (ray + 1) % RAYS;
        let key = |ring: usize, ray: usize, outwards: usize| 2 * (ring * RAYS + ray) + outwards;
        // Counterclockwise: out along this ray, along the outer ring, in along the next ray, back along the inner ring.
        let whole: Polygon = vec![
            (self.web[ring][ray], Side::Web(key(ring, ray, 1))),
            (self.web[ring + 1][ray], Side::Web(key(ring + 1, ray, 0))),
            (self.web[ring + 1][next], Side::Web(key(ring, next, 1))),
            (self.web[ring][next], Side::Web(key(ring, ray, 0))),
        ];
        let mut pieces = vec![whole];
        for cut in self.cuts() {
            let parts =
                pieces.iter().flat_map(|piece| cut.map(|(normal, limit)| clip(piece, normal, limit, Side::Open)));
            pieces = parts.flatten().collect();
        }
        let neighbourhood = if ring == 0 { 1 + ray / 2 } else { 6 + ray };
        for (k, mut piece) in pieces.into_iter().enumerate() {
            if !self.is_near(piece.iter().map(|(p, _)| *p)) || area(&piece) < 400.0 {
                continue;
            }
            self.pave(&mut piece, sides);
            if ring == 0 && ray == RAYS - 1 && k == 0 {
                self.harbour(piece, neighbourhood);
            } else {
                self.districts(piece, ring, neighbourhood);
            }
        }
    }

    /// Puts streets on the sides of a piece of the web.
    fn pave(&mut self, piece: &mut Polygon, sides: &[Vec<usize>]) {
        for k in 0..piece.len() {
            let (from, to) = (piece[k].0, piece[(k + 1) % piece.len()].0);
            let on = |street: usize| {
                let [a, b] = self.streets.list[street].ends;
                super::shapes::to_segment((from + to) / 2.0, a, b) < 0.01
            };
            piece[k].1 = match piece[k].1 {
                Side::Web(key) => {
                    sides[key].iter().copied().find(|street| on(*street)).map_or(Side::Open, Side::Street)
                }
                // Along the river's dike or the railway.
                Side::Open => {
                    let nodes = [from, to].map(|at| self.streets.node_at(at));
                    Side::Street(self.streets.between(nodes[0], nodes[1], RoadKind::Residential))
                }
                side => side,
            };
        }
    }

    /// The mesh that a canal leads through from the moat.
    fn harbour(&mut self, piece: Polygon, neighbourhood: usize) {
        let way = (self.measures.rays[RAYS - 1] + self.measures.rays[0]).normalize();
        let (near, far) = extent(piece.iter().map(|(p, _)| *p), way);
        match self.streets.cut(&piece, way.perp(), 0.0, Cut::Canal(19.0)) {
            Some(parts) => {
                self.canals.push(Canal { ends: [way * (near - 30.0), way * (far - 70.0)], half: 13.0 });
                parts.parts.into_iter().for_each(|part| self.divide(part, Quarter::Nineteenth, neighbourhood));
                if let [Side::Street(a), Side::Street(b)] = parts.sides {
                    self.streets.bridge(a, b, 130.0, RoadKind::Residential);
                }
            }
            None => self.districts(piece, 0, neighbourhood),
        }
    }
}

/// Inner and outer shore of the moat.
fn moat(measures: &Measures) -> [Vec<DVec2>; 2] {
    let base = measures.gon + 16.0;
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    let corner = |k: usize| (measures.rays[k % RAYS] + measures.rays[(k + 1) % RAYS]).normalize();
    for k in 0..RAYS {
        let (before, here, after) = (corner(k + RAYS - 1) * base, corner(k) * base, corner(k + 1) * base);
        let (back, on) = ((here - before).normalize(), (after - here).normalize());
        let gorge = 0.19 * (after - here).length();
        let flank = 22.0;
        inner.extend([
            here - back * gorge,
            here - back * gorge - back.perp() * flank,
            here + corner(k) * 42.0,
            here + on * gorge - on.perp() * flank,
            here + on * gorge,
        ]);
        let ray = measures.rays[(k + 1) % RAYS];
        outer.extend([here + corner(k) * 74.0, ray * (ray.dot(here) + 46.0)]);
    }
    [inner, outer]
}

/// Middle line of the river, swinging between its dikes.
fn river(seed: u64, measures: &Measures, window: DVec2) -> Vec<DVec2> {
    let (to, [near, far]) = measures.river;
    let swing = (far - near) / 2.0 - measures.river_half - 28.0;
    let length = 2.0 * window.length() + 400.0;
    let step = 25.0;
    let count = (length / step).ceil() as i64;
    let point = |k: i64| {
        let along = k as f64 * step;
        let axis = to * ((near + far) / 2.0) + to.perp() * along;
        axis + to * swing.max(0.0) * noise(seed, 44, DVec2::new(along, 0.5), 9.0 * measures.river_half).clamp(-1.0, 1.0)
    };
    (-count..=count).map(point).collect()
}
