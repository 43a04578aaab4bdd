//! The plan of the demo town: what lies at a point.

use super::curves::{ease, hash, middle, mix, ramp, unit};

/// Stage of the river, m NAP.
const RIVER_LEVEL: f64 = 0.0;
/// Common stage of all canals, m NAP.
const CANAL_LEVEL: f64 = -0.25;
/// Height of quays and canal banks, m NAP.
const BANK: f64 = CANAL_LEVEL + 0.8;
/// Height of the floodplain between river and dike, m NAP.
const FLOODPLAIN: f64 = RIVER_LEVEL + 0.6;
/// Crest of the dike, m NAP.
const CREST: f64 = FLOODPLAIN + 3.5;
/// Distance from the dike's crest line, m, within which nothing is built.
const DIKE_ZONE: f64 = 45.0;
/// Drop from the pavement to the carriageway, m.
const KERB: f64 = 0.12;
/// Mean distance between streets across and along the blocks, m.
const SPACING: [f64; 2] = [75.0, 130.0];
/// Lines before the middle of the town on each axis: a canal runs through it, between two cross streets.
const OFFSET: [f64; 2] = [0.0, 0.5];
/// How far streets stray from the straight, m.
const BEND: f64 = 40.0;
/// The line across the blocks that carries the railway.
const RAIL: i64 = 2;
/// Half the width of a canal's water, m.
const CANAL_HALF: f64 = 7.0;
/// What covers the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cover {
    Building,
    Paved,
    Water,
    Green,
    Open,
}

impl Cover {
    /// Manning's n, s/m^(1/3), and infiltration capacity, m/s (1 m a day on soil), after Dutch practice.
    pub(super) fn hydraulics(self) -> (f32, f32) {
        const SOIL: f32 = 1.0 / 86_400.0;
        match self {
            Cover::Building => (0.013, 0.0),
            Cover::Paved => (0.015, 0.0),
            Cover::Water => (0.025, 0.0),
            Cover::Green => (0.05, SOIL),
            Cover::Open => (0.03, SOIL),
        }
    }
}

/// The town at one point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Ground or bed, m NAP.
    pub(super) height: f64,
    /// Height of the building on it, m; 0 where there is none.
    pub(super) building: f64,
    pub(super) cover: Cover,
    /// Stage of the water body that the point belongs to, m NAP; minus infinity where there is none.
    pub(super) level: f64,
}

impl Spot {
    fn land(height: f64, cover: Cover) -> Spot {
        Spot { height, building: 0.0, cover, level: f64::NEG_INFINITY }
    }

    fn bed(height: f64, level: f64) -> Spot {
        let cover = if height < level { Cover::Water } else { Cover::Green };
        Spot { height, building: 0.0, cover, level }
    }
}

/// What stands on a block.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Block {
    Rows,
    Square,
    Towers,
    Park,
    Business,
    Field,
}

/// What runs along a line of the street grid.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Line {
    Street,
    Main,
    Canal,
    Rail,
}

impl Line {
    /// Half the width between the pavements; a canal's includes its quays.
    fn half(self) -> f64 {
        match self {
            Line::Street => 3.5,
            Line::Main => 7.0,
            Line::Canal => CANAL_HALF + 7.0,
            Line::Rail => 9.0,
        }
    }
}

/// A point in the bent and turned frame of the streets.
struct Place {
    x: f64,
    y: f64,
    /// Coordinates across (0) and along (1) the blocks, m.
    uv: [f64; 2],
    /// Block, numbered as the line on its low side.
    block: [i64; 2],
    /// Distance to the pavement edge on the low and the high side of each axis, m; negative on the street.
    low: [f64; 2],
    high: [f64; 2],
}

/// The plan: everything that holds for the whole town.
pub(super) struct Town {
    seed: u64,
    width: f64,
    height: f64,
    /// Cosine and sine of the turn of the street grid.
    turn: [f64; 2],
    /// Half the width of the river, m; 0 in a town too small to have one.
    river_half: f64,
}

impl Town {
    pub(super) fn new(seed: u64, width: f64, height: f64) -> Town {
        // The half-angle formulas give an exact unit vector without sine and cosine.
        let half = 0.06 + 0.1 * unit(seed, 1, 0, 0);
        let turn = [(1.0 - half * half) / (1.0 + half * half), 2.0 * half / (1.0 + half * half)];
        let river_half = if width < 500.0 { 0.0 } else { (0.022 * width).min(60.0) };
        Town { seed, width, height, turn, river_half }
    }

    /// The town at a point in metres from its south-west corner.
    pub(super) fn spot(&self, x: f64, y: f64) -> Spot {
        let (river, dike) = self.shore(x, y);
        let mut spot = if dike < 0.0 { self.foreland(x, y, river) } else { self.inland(x, y, dike) };
        let slope = CREST - (dike.abs() - 3.0) / 3.0;
        if slope > spot.height {
            spot = Spot::land(slope.min(CREST), if dike.abs() < 2.0 { Cover::Paved } else { Cover::Green });
        }
        // Steps of 2^-16 m fit an f32 with any datum, so that still water is level to the last bit.
        spot.height = (spot.height * 65_536.0).round() / 65_536.0;
        spot
    }

    /// Distance to the middle of the river and to the crest of its dike, m, positive to the east.
    fn shore(&self, x: f64, y: f64) -> (f64, f64) {
        if self.river_half == 0.0 {
            return (f64::INFINITY, f64::INFINITY);
        }
        let reach = 12.0 * self.river_half;
        let swing = (0.03 * self.width).min(120.0);
        let bend = |y: f64| {
            let node = (y / reach).floor();
            let turn = |k: i64| (1.0 - 2.0 * k.rem_euclid(2) as f64) * (0.4 + 0.6 * unit(self.seed, 2, k, 0));
            mix(turn(node as i64), turn(node as i64 + 1), ease(y / reach - node))
        };
        let (here, slope) = (swing * bend(y), swing * (bend(y + 1.0) - bend(y - 1.0)) / 2.0);
        let middle = 0.1 * self.width;
        // The dike bends half as much as the river, so the floodplain is wide and narrow in turn.
        let crest = middle + self.river_half + (0.04 * self.width).clamp(35.0, 200.0) + (swing + here) / 2.0;
        let across = |line: f64, slope: f64| (x - line) / (1.0 + slope * slope).sqrt();
        (across(middle + here, slope), across(crest, slope / 2.0))
    }

    /// River and floodplain.
    fn foreland(&self, x: f64, y: f64, river: f64) -> Spot {
        let plain = FLOODPLAIN + 0.2 * (1.0 + self.noise(x, y, 60.0, 3));
        let bed = RIVER_LEVEL - 1.75 + 0.15 * self.noise(x, y, 40.0, 4);
        let bank = river.abs() - self.river_half;
        let height = mix(bed, plain, ramp(bank, -6.0, 6.0));
        if bank < 6.0 { Spot::bed(height, RIVER_LEVEL) } else { Spot::land(height, Cover::Open) }
    }

    /// Everything behind the dike.
    fn inland(&self, x: f64, y: f64, dike: f64) -> Spot {
        let place = self.place(x, y);
        let canal = self.canal(&place, dike);
        let ground = self.ground(x, y, canal);
        if canal < 0.0 {
            return Spot::bed(mix(BANK, CANAL_LEVEL - 1.1, ramp(-canal, 0.0, 1.5)), CANAL_LEVEL);
        }
        if dike < 26.0 {
            // A road along the foot of the dike ties the ends of the streets together.
            let cover = if dike > 18.0 { Cover::Paved } else { Cover::Green };
            return Spot::land(ground - KERB * ramp(dike, 18.0, 19.0), cover);
        }
        self.road(&place, ground, canal).unwrap_or_else(|| self.plot(&place, ground, dike))
    }

    /// Height of the ground: cover sand and a low ridge of it, a polder in the east, level banks along the canals.
    fn ground(&self, x: f64, y: f64, canal: f64) -> f64 {
        let relief = 0.8 * self.noise(x, y, 700.0, 5) + 0.35 * self.noise(x, y, 160.0, 6);
        let across = 0.8 * (x - 0.45 * self.width) + 0.6 * (y - 0.5 * self.height);
        let ridge = 1.0 + (across / (0.08 * self.width).max(220.0)).powi(2);
        let sand = 0.9 + relief + 1.9 / (ridge * ridge);
        let polder = if self.width < 800.0 { 0.0 } else { ramp(x, 0.74 * self.width, 0.9 * self.width) };
        let natural = mix(sand, -0.7 + 0.2 * relief, polder) + 0.06 * self.noise(x, y, 30.0, 7);
        // Banks stay level for 30 m: even the coarsest cells see a closed bank above the canal's stage.
        mix(BANK, natural, ramp(canal, 30.0, 150.0))
    }

    fn place(&self, x: f64, y: f64) -> Place {
        let (east, north) = (x - self.width / 2.0, y - self.height / 2.0);
        let [c, s] = self.turn;
        let uv = [
            c * east + s * north + BEND * self.noise(x, y, 600.0, 8),
            c * north - s * east + BEND * self.noise(x, y, 600.0, 9),
        ];
        let block = [0, 1].map(|axis| {
            let guess = (uv[axis] / SPACING[axis] + OFFSET[axis]).floor() as i64;
            let after = self.line(axis, guess + 1) <= uv[axis];
            let before = uv[axis] < self.line(axis, guess);
            guess + i64::from(after) - i64::from(before)
        });
        let edge = |axis: usize, i: i64| (uv[axis] - self.line(axis, i)).abs() - kind(axis, i).half();
        let low = [0, 1].map(|axis| edge(axis, block[axis]));
        let high = [0, 1].map(|axis| edge(axis, block[axis] + 1));
        Place { x, y, uv, block, low, high }
    }

    /// Position of a line of the street grid on its axis, m.
    fn line(&self, axis: usize, i: i64) -> f64 {
        SPACING[axis] * (i as f64 - OFFSET[axis] + 0.25 * (unit(self.seed, 10, axis as i64, i) - 0.5))
    }

    /// Distance to the nearest of the lines `phase + k * step` of an axis, m.
    fn nearest(&self, place: &Place, axis: usize, step: i64, phase: i64) -> f64 {
        let w = place.uv[axis];
        let k = ((w / SPACING[axis] + OFFSET[axis] - phase as f64) / step as f64).round() as i64;
        (w - self.line(axis, k * step + phase)).abs()
    }

    /// Distance to the edge of the nearest canal, m; negative in the water. Main roads, the railway and the dike
    /// cut canals with a dam, as a culvert has no place in a height raster.
    fn canal(&self, place: &Place, dike: f64) -> f64 {
        let road = Line::Main.half() + 1.0;
        let rail = Line::Rail.half() + 1.0 - (place.uv[0] - self.line(0, RAIL)).abs();
        let across = (self.nearest(place, 0, 8, 0) - CANAL_HALF).max(road - self.nearest(place, 1, 3, 1));
        let along = (self.nearest(place, 1, 9, 5) - CANAL_HALF).max(road - self.nearest(place, 0, 8, 4)).max(rail);
        across.min(along).max(DIKE_ZONE + 15.0 - dike)
    }

    /// What a block holds.
    fn block(&self, [i, j]: [i64; 2]) -> Block {
        let u = (self.line(0, i) + self.line(0, i + 1)) / 2.0;
        let v = (self.line(1, j) + self.line(1, j + 1)) / 2.0;
        let [c, s] = self.turn;
        let (x, y) = (self.width / 2.0 + c * u - s * v, self.height / 2.0 + s * u + c * v);
        let fringe = 0.05 * self.noise(x, y, 500.0, 11) + 0.15 * self.noise(x, y, 0.35 * self.width, 21);
        let rim = if self.width < 800.0 { 0.0 } else { x / self.width + fringe };
        match unit(self.seed, 12, i, j) {
            _ if rim > 0.88 => Block::Field,
            _ if rim > 0.74 && self.noise(x, y, 800.0, 13) > -0.3 => Block::Business,
            _ if [i, j] == [0, 0] => Block::Square,
            _ if self.noise(x, y, 320.0, 14) > 0.42 => Block::Park,
            h if h < 0.07 => Block::Towers,
            h if h < 0.16 => Block::Square,
            _ => Block::Rows,
        }
    }

    /// Streets, quays and the railway; `None` off them.
    fn road(&self, place: &Place, ground: f64, canal: f64) -> Option<Spot> {
        let town = |block: [i64; 2]| !matches!(self.block(block), Block::Field | Block::Park);
        let on = |axis: usize| {
            let upper = place.high[axis] < 0.0;
            let line = kind(axis, place.block[axis] + i64::from(upper));
            let mut beyond = place.block;
            beyond[axis] += if upper { 1 } else { -1 };
            let used = line != Line::Street || town(place.block) || town(beyond);
            (place.low[axis].min(place.high[axis]) < 0.0 && used).then_some(line)
        };
        let rail = (place.uv[0] - self.line(0, RAIL)).abs();
        // Kerbs are a metre wide, so that fine cells do not turn a slanting kerb into a row of teeth.
        let inward = place.low[0].min(place.high[0]).min(place.low[1]).min(place.high[1]);
        let kerb = KERB * ramp(-inward, 0.0, 1.0) * ramp(canal, 1.5, 2.5);
        let paved = |dip: f64| Some(Spot::land(ground - kerb - dip, Cover::Paved));
        match (on(0), on(1)) {
            // Main roads pass under the railway, streets end low at its foot: both collect water.
            (_, Some(Line::Main)) => paved(2.2 * (1.0 - ramp(rail, 8.0, 55.0))),
            (Some(Line::Rail), _) => Some(Spot::land(ground + 1.5 * (1.0 - ramp(rail, 3.0, 8.5)), Cover::Open)),
            (None, Some(Line::Street)) => paved(0.35 * (1.0 - ramp(rail, 9.0, 45.0))),
            (None, None) => None,
            _ => paved(0.0),
        }
    }

    /// Buildings of a block, and the open ground between them.
    fn plot(&self, place: &Place, ground: f64, dike: f64) -> Spot {
        let block = self.block(place.block);
        let [cos, sin] = self.turn;
        // A house stands as a whole or not at all, so its middle decides, not the point.
        let clear = |[u, v]: [f64; 2]| {
            let (x, y) = (place.x + cos * u - sin * v, place.y + sin * u + cos * v);
            dike > 150.0 || self.shore(x, y).1 > DIKE_ZONE
        };
        match self.building(block, place) {
            Some((building, to_middle)) if clear(to_middle) => Spot { building, ..Spot::land(ground, Cover::Building) },
            _ => self.yard(block, place, ground),
        }
    }

    /// Pavement, gardens, squares, parks and fields.
    fn yard(&self, block: Block, place: &Place, ground: f64) -> Spot {
        let ([a, c], [b, d]) = (place.low, place.high);
        let edge = a.min(b).min(c).min(d);
        let noise = |size, salt| self.noise(place.x, place.y, size, salt);
        match block {
            Block::Field => {
                // Dutch fields are gently domed between shallow ditches.
                let furrow = middle(place.uv[0].rem_euclid(45.0), 45.0, 1).abs() / 22.5;
                let dome = 0.12 * (1.0 - furrow * furrow) - 0.3 * ramp(furrow, 0.88, 0.97);
                Spot::land(ground + dome, Cover::Open)
            }
            Block::Park if noise(90.0, 15).abs() < 0.03 => Spot::land(ground, Cover::Paved),
            Block::Park => {
                let hollow = 0.6 * ramp(noise(110.0, 19), 0.1, 0.6) * ramp(edge, 2.0, 12.0);
                Spot::land(ground - hollow, Cover::Green)
            }
            _ if edge < 2.0 => Spot::land(ground, Cover::Paved),
            Block::Square => {
                let out = ((a - b) / (a + b)).powi(2) + ((c - d) / (c + d)).powi(2);
                Spot::land(ground - 0.5 * (1.0 - 2.5 * out).max(0.0), Cover::Paved)
            }
            Block::Business => {
                // Lorries back into wells at the halls' loading docks.
                let dock = (3.0..9.0).contains(&b) && middle(c, c + d, self.halls(place.block)).abs() < 12.0;
                Spot::land(ground - if dock { 0.7 } else { 0.0 }, Cover::Paved)
            }
            Block::Towers => {
                let parking = (28.0..40.0).contains(&(a - b).abs());
                if parking { Spot::land(ground - KERB, Cover::Paved) } else { Spot::land(ground, Cover::Green) }
            }
            Block::Rows => {
                let alley = (a - b).abs() < 2.4;
                Spot::land(ground, if alley { Cover::Paved } else { Cover::Green })
            }
        }
    }

    /// Height of the building at a place, and the way from there to its middle along the axes, m.
    fn building(&self, block: Block, place: &Place) -> Option<(f64, [f64; 2])> {
        let ([a, c], [b, d]) = (place.low, place.high);
        let slot = |count: i64| ((c / (c + d) * count as f64) as i64, middle(c, c + d, count));
        let dice = |k: i64| unit(self.seed, 16, place.block[0] * 64 + k, place.block[1]);
        let across = (b - a) / 2.0;
        match block {
            Block::Rows => self.row_house(place, 5.0, 9.0, 6.0),
            Block::Square => self.row_house(place, 2.5, 11.0, 7.5),
            Block::Towers => {
                let (k, along) = slot(3);
                (across.abs().max(along.abs()) < 9.0).then(|| (24.0 + 15.0 * dice(k), [across, -along]))
            }
            Block::Business => {
                let count = self.halls(place.block);
                let (k, along) = slot(count);
                let inside = a > 9.0 && b > 9.0 && along.abs() < (c + d) / (2 * count) as f64 - 7.0;
                inside.then(|| (7.0 + 5.0 * dice(k), [across, -along]))
            }
            Block::Park | Block::Field => None,
        }
    }

    /// Halls on a block of a business park.
    fn halls(&self, [i, j]: [i64; 2]) -> i64 {
        1 + (3.0 * unit(self.seed, 20, i, j)) as i64
    }

    /// Terraced houses along the four sides of a block, `setback` from the pavement edge and `depth` deep.
    fn row_house(&self, place: &Place, setback: f64, depth: f64, lowest: f64) -> Option<(f64, [f64; 2])> {
        const FRONT: f64 = 6.0;
        const HOUSES: f64 = 8.0;
        const ROW: f64 = HOUSES * FRONT + 4.0; // an alley after each row lets people and water through
        for side in 0..4 {
            let (axis, upper) = (side / 2, side % 2 == 1);
            let edge = if upper { place.high[axis] } else { place.low[axis] };
            let length = place.low[1 - axis] + place.high[1 - axis];
            // Rows on the short sides leave the corners open.
            let start = setback + axis as f64 * (depth + 5.0);
            let (run, along) = (length - 2.0 * start, place.low[1 - axis] - start);
            if !(setback..setback + depth).contains(&edge) || !(0.0..run).contains(&along) {
                continue;
            }
            let row = (along / ROW).floor();
            let house = ((along - row * ROW) / FRONT).floor();
            if house >= HOUSES || row * ROW + (house + 1.0) * FRONT > run {
                return None;
            }
            let key = (place.block[0] * 4 + side as i64) * 64 + row as i64;
            let storeys = 4.0 * unit(self.seed, 17, key, place.block[1]);
            let eaves = 0.5 * unit(self.seed, 18, key * 8 + house as i64, place.block[1]);
            let mut to_middle = [row * ROW + (house + 0.5) * FRONT - along; 2];
            to_middle[axis] = (setback + depth / 2.0 - edge) * if upper { -1.0 } else { 1.0 };
            return Some((lowest + storeys + eaves, to_middle));
        }
        None
    }

    /// Smooth noise of about -1..1 with features of `size` metres. Slopes at the lattice points and a turned lattice
    /// keep it from looking like tiles.
    fn noise(&self, x: f64, y: f64, size: f64, salt: u64) -> f64 {
        let (x, y) = ((0.8 * x + 0.6 * y) / size, (0.8 * y - 0.6 * x) / size);
        let (i, j) = (x.floor(), y.floor());
        let (s, t) = (x - i, y - j);
        let at = |di: i64, dj: i64| {
            let dice = hash(self.seed, salt, i as i64 + di, j as i64 + dj);
            let slope = |half: u64| half as f64 / (1u64 << 31) as f64 - 1.0;
            slope(dice >> 32) * (s - di as f64) + slope(dice & 0xFFFF_FFFF) * (t - dj as f64)
        };
        1.7 * mix(mix(at(0, 0), at(1, 0), ease(s)), mix(at(0, 1), at(1, 1), ease(s)), ease(t))
    }
}

/// The kind of a line of the street grid: canals and main roads recur, the railway is one.
fn kind(axis: usize, i: i64) -> Line {
    match (axis, i.rem_euclid(8), i.rem_euclid(9)) {
        (0, ..) if i == RAIL => Line::Rail,
        (0, 0, _) | (1, _, 5) => Line::Canal,
        (0, 4, _) | (1, _, 1 | 4 | 7) => Line::Main,
        _ => Line::Street,
    }
}
