//! What moving vehicles come to: layers, tables and sentences.

use super::super::noise::{AMENDED, Site, Traffic as Noise, power, weighted};
use super::super::paint;
use super::super::srm1::{self, StreetType};
use super::model::Moved;
use super::period::{Counts, Period};
use super::trips::class;
use crate::city::City;
use crate::city::roads::lanes::{Lane, Lanes};
use crate::frame::Table;
use crate::grid::Grid;
use crate::objects::Shape;
use crate::places::Places;
use crate::raster::Raster;
use crate::scenario::MotionSpec;
use crate::words::{Language, Text};
use glam::DVec2;
use std::collections::HashMap;

/// Rows of the table of streets by stretch of time at most.
const MOST_ROWS: usize = 200_000;
/// A building is as high at least, m.
const BUILDING: f32 = 2.5;
/// How far from a road buildings make it a street, m.
const FACADE: f64 = 30.0;
/// Distance between two looks to the sides of a road, m.
const EVERY: f64 = 10.0;
/// A change of fewer hours is none worth a sentence.
const WORTH_H: f64 = 1.0;
/// Vehicles of a stretch of time below which a street tells of no differences.
const FEW: f64 = 15.0;
/// Streets and junctions that are named at most.
const NAMED: usize = 3;

/// What becomes of exhaust and noise besides traffic.
pub(super) struct Air {
    grid: Grid,
    buildings: Option<Vec<f32>>,
    canopy: Option<Vec<f32>>,
    wind: f64,
    ozone: f64,
    direct: f64,
    surface: String,
}

impl Air {
    pub fn new(city: &City, spec: &MotionSpec) -> Air {
        Air {
            grid: city.grid,
            buildings: city.buildings.as_ref().map(|raster| raster.values.clone()),
            canopy: city.canopy.as_ref().map(|raster| raster.values.clone()),
            wind: spec.wind_m_per_s.unwrap_or(4.0),
            ozone: spec.ozone_ug_per_m3.unwrap_or(45.0),
            direct: spec.no2_share.unwrap_or(0.2),
            surface: spec.surface.clone().unwrap_or_else(|| "DEF".into()),
        }
    }

    fn value(&self, of: &Option<Vec<f32>>, at: DVec2) -> f32 {
        let cell = self.grid.cell_at(at.x, at.y);
        let own = of.as_ref().zip(cell).map(|(values, (col, row))| values[row * self.grid.cols + col]);
        own.filter(|value| value.is_finite()).unwrap_or(0.0)
    }

    /// What stands along a line: its type, and the factor of its trees.
    fn street(&self, line: &[DVec2]) -> (StreetType, f64) {
        let (mut looks, mut sides, mut trees, mut high, mut wide) = (0.0, [0.0f64; 2], [0.0f64; 2], 0.0, 0.0);
        for ends in line.windows(2) {
            let length = ends[0].distance(ends[1]);
            let along = (ends[1] - ends[0]).normalize_or_zero();
            for k in 0..(length / EVERY).ceil() as usize {
                let at = ends[0].lerp(ends[1], ((k as f64 + 0.5) * EVERY / length).min(1.0));
                looks += 1.0;
                for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                    let out = sign * along.perp();
                    let mut metres = 3.0;
                    while metres <= FACADE {
                        let height = self.value(&self.buildings, at + metres * out);
                        if height >= BUILDING {
                            sides[side] += 1.0;
                            high += f64::from(height);
                            wide += metres;
                            break;
                        }
                        metres += 2.0;
                    }
                    let near = [4.0, 7.0, 10.0].iter().any(|off| self.value(&self.canopy, at + *off * out) >= 3.0);
                    trees[side] += f64::from(u8::from(near));
                }
            }
        }
        let share = |of: f64| of / f64::max(looks, 1.0);
        let (left, right) = (share(sides[0]), share(sides[1]));
        let kind = match (left.min(right), left.max(right)) {
            (least, _) if least > 0.6 => {
                // From front to front is twice the way to one; narrow where they are nearer than they are high.
                if 2.0 * wide < 1.5 * high { StreetType::NarrowCanyon } else { StreetType::WideCanyon }
            }
            (least, most) if most > 0.6 && least < 0.3 => StreetType::OneSided,
            _ => StreetType::Open,
        };
        // Crowns that nearly close, trees in a row, or none (the regulation's three classes).
        let factor = match share(trees[0]).min(share(trees[1])) {
            both if both > 0.6 => 1.5,
            _ if share(trees[0]).max(share(trees[1])) > 0.35 => 1.25,
            _ => 1.0,
        };
        (kind, factor)
    }
}

/// Two sides of the same demand.
pub(super) struct Sides<'a> {
    pub before: &'a Moved,
    pub after: Option<&'a Moved>,
    pub origin: &'a [Option<u32>],
    pub step: f64,
    pub start: f64,
    pub ends: &'a [f64],
    pub warm_up: f64,
    pub air: &'a Air,
    pub is_told: bool,
}

impl<'a> Sides<'a> {
    /// The side of which most is told.
    pub fn now(&self) -> &'a Moved {
        self.after.unwrap_or(self.before)
    }

    /// The street of before that a street of now was.
    fn was(&self, street: usize) -> Option<usize> {
        let after = self.after?;
        if self.origin.is_empty() {
            return Some(street);
        }
        let road = after.lanes.streets[street].road?;
        let old = self.origin.get(road as usize).copied().flatten()?;
        self.before.lanes.streets.iter().position(|own| own.road == Some(old))
    }

    /// The streets of before, by that of now.
    fn origins(&self) -> Vec<Option<usize>> {
        let of_road: HashMap<u32, usize> =
            self.before.lanes.streets.iter().enumerate().filter_map(|(k, own)| Some((own.road?, k))).collect();
        let Some(after) = self.after else { return Vec::new() };
        if self.origin.is_empty() {
            return (0..after.lanes.streets.len()).map(Some).collect();
        }
        let was = |road: Option<u32>| {
            let old = self.origin.get(road? as usize).copied().flatten()?;
            of_road.get(&old).copied()
        };
        after.lanes.streets.iter().map(|own| was(own.road)).collect()
    }
}

/// A place on a lane, and the direction there in degrees from east, counter-clockwise.
pub(super) fn place(lane: &Lane, pos: f64) -> (DVec2, f64) {
    let drawn: f64 = lane.line.windows(2).map(|ends| ends[0].distance(ends[1])).sum();
    let mut left = pos / lane.length.max(1e-9) * drawn;
    let mut found = (lane.line.first().copied().unwrap_or_default(), 0.0);
    for ends in lane.line.windows(2) {
        let own = ends[0].distance(ends[1]);
        let along = (ends[1] - ends[0]).normalize_or_zero();
        found = (ends[0] + left.min(own) * along, along.y.atan2(along.x).to_degrees());
        if left <= own {
            break;
        }
        left -= own;
    }
    found
}

/// Middle line of a street.
fn line(lanes: &Lanes, street: usize) -> &[DVec2] {
    let own = lanes.of_street(street);
    &lanes.lanes[own.start + own.len() / 2].line
}

fn length(lanes: &Lanes, street: usize) -> f64 {
    lanes.lanes[lanes.of_street(street).start].length
}

fn limit(lanes: &Lanes, street: usize) -> f64 {
    lanes.lanes[lanes.of_street(street).start].speed
}

/// Numbers of a street in a stretch of time.
struct Row {
    counts: Counts,
    /// Vehicles an hour.
    flow: f64,
    /// km/h; NaN without anybody.
    speed: f64,
    /// Vehicles a km of the street.
    density: f64,
    /// s a vehicle.
    delay: f64,
    hours: f64,
}

fn row(side: &Moved, period: &Period, street: usize, step: f64) -> Row {
    let counts = period.counts(street, step);
    let seconds = 60.0 * period.minutes.max(1) as f64;
    let (length, limit) = (length(&side.lanes, street), limit(&side.lanes, street));
    // Vehicles by the way that they drove: one that is on it half way counts half.
    let through = counts.metres / length;
    let speed = if counts.seconds > 0.0 { 3.6 * counts.metres / counts.seconds } else { f64::NAN };
    let delay = (counts.seconds - counts.metres / limit).max(0.0) / through.max(1.0);
    Row {
        counts,
        flow: through * 3600.0 / seconds,
        speed,
        density: counts.seconds / seconds / (length / 1000.0),
        delay: if counts.seconds > 0.0 { delay } else { f64::NAN },
        hours: counts.seconds / 3600.0,
    }
}

/// Level of service by speed over the limit, 1 (A) to 6 (F), as the Highway Capacity Manual has it for streets in towns.
fn service(speed: f64, limit: f64) -> f64 {
    let share = speed / (3.6 * limit);
    match share {
        x if x.is_nan() => f64::NAN,
        x if x > 0.80 => 1.0,
        x if x > 0.67 => 2.0,
        x if x > 0.50 => 3.0,
        x if x > 0.40 => 4.0,
        x if x > 0.30 => 5.0,
        _ => 6.0,
    }
}

/// Exhaust and noise of streets: of both directions together, where there are two.
struct Around {
    /// g of NOx a km and hour.
    nox: Vec<f64>,
    /// µg/m³ that traffic adds at the kerb.
    no2: Vec<f64>,
    /// dB(A) a metre.
    noise: Vec<f64>,
}

fn around(side: &Moved, period: &Period, sides: &Sides) -> Around {
    let count = side.lanes.streets.len();
    let rows: Vec<Row> = (0..count).map(|k| row(side, period, k, sides.step)).collect();
    let hours = period.minutes.max(1) as f64 / 60.0;
    let per_km = |k: usize| rows[k].counts.emitted[1] / (length(&side.lanes, k) / 1000.0) / hours;
    // The other direction of the same road.
    let mut by_ends: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
    for (k, own) in side.lanes.streets.iter().enumerate() {
        by_ends.entry((own.from, own.to)).or_default().push(k);
    }
    let twin = |k: usize| {
        let own = &side.lanes.streets[k];
        by_ends.get(&(own.to, own.from)).and_then(|all| all.first()).copied()
    };
    let trucks = heavy(side);
    let mut all = Around { nox: Vec::new(), no2: Vec::new(), noise: Vec::new() };
    for k in 0..count {
        let both = [Some(k), twin(k)];
        let nox: f64 = both.iter().flatten().map(|k| per_km(*k)).sum();
        all.nox.push(nox);
        let own = line(&side.lanes, k);
        let no2 = if nox > 0.0 {
            let (kind, trees) = sides.air.street(own);
            // From the middle of the road to the kerb.
            let lanes: u32 = both.iter().flatten().map(|k| side.lanes.streets[*k].lanes).sum();
            let distance = (1.6 * f64::from(lanes) + 3.5).max(5.0);
            // g/(km h) to µg/(m s).
            let emission = nox / 3.6;
            let nox = srm1::nox(kind, distance, emission, trees, sides.air.wind);
            srm1::no2(nox, sides.air.direct, sides.air.ozone)
        } else {
            0.0
        };
        all.no2.push(no2);
        let mut energy = 0.0;
        for k in both.into_iter().flatten().filter(|k| rows[*k].flow > 0.0 && rows[*k].speed > 0.0) {
            let (flow, speed) = (rows[k].flow, rows[k].speed);
            let traffic =
                Noise { flow: [flow * (trucks[k][0]), 0.0, flow * trucks[k][1], 0.0, 0.0], speed: [speed; 5] };
            let site = Site { surface: &sides.air.surface, ..Site::default() };
            if let Some(bands) = power(&AMENDED, &traffic, &site) {
                energy += 10f64.powf(weighted(&bands) / 10.0);
            }
        }
        all.noise.push(if energy > 0.0 { 10.0 * energy.log10() } else { f64::NAN });
    }
    all
}

/// Shares of cars and of heavy vehicles among those who are to drive on each street.
fn heavy(side: &Moved) -> Vec<[f64; 2]> {
    let mut sums = vec![[0.0f64; 3]; side.lanes.streets.len()];
    for own in &side.travellers {
        let modes = side.world.kinds.get(own.kind as usize).map_or(0, |kind| kind.modes);
        let class = match modes {
            4 => 2,
            2 | 8 => 1,
            _ => 0,
        };
        own.streets.iter().for_each(|street| sums[*street as usize][class] += 1.0);
    }
    sums.into_iter()
        .map(|[cars, heavy, cycles]| {
            let all = (cars + heavy + cycles).max(1.0);
            [cars / all, heavy / all]
        })
        .collect()
}

/// Values of streets by name, unit and words.
type Layer = (&'static str, &'static str, &'static str, fn(&Row, [f64; 3]) -> f64);

const LAYERS: [Layer; 7] = [
    ("speed", "km/h", "mean speed of all who drive there, on the lanes of each street", |row, _| row.speed),
    ("density", "per km", "vehicles on a kilometre of the street", |row, _| row.density),
    ("delay", "s", "time that each who passes loses on the street and before its junction", |row, _| row.delay),
    ("queue", "m", "mean over the minutes of the longest queue before the junction", |row, _| row.counts.queue[0]),
    ("nox", "g/km/h", "nitrogen oxides that traffic of both directions emits", |_, [nox, ..]| nox),
    ("no2_kerb", "ug/m3", "nitrogen dioxide that the traffic of the street adds at its kerb", |_, [_, no2, _]| no2),
    ("noise_power", "dB", "sound power of a metre of the road, both directions", |_, [.., noise]| noise),
];

fn values(side: &Moved, period: &Period, sides: &Sides, of: usize, around: &Around) -> Vec<f64> {
    let value = |k: usize| {
        let own = row(side, period, k, sides.step);
        if own.counts.seconds <= 0.0 {
            f64::NAN
        } else {
            LAYERS[of].3(&own, [around.nox[k], around.no2[k], around.noise[k]])
        }
    };
    (0..side.lanes.streets.len()).map(value).collect()
}

/// Layers of a stretch of time; with the differences where roads are edited.
pub(super) fn layers(grid: &Grid, sides: &Sides, period: &dyn Fn(&Moved) -> Option<Period>) -> Vec<Raster> {
    let now = sides.now();
    let Some(own) = period(now) else { return Vec::new() };
    let around_now = around(now, &own, sides);
    let before = sides.after.and_then(|_| period(sides.before));
    let around_before = before.as_ref().map(|period| around(sides.before, period, sides));
    let origins = sides.origins();
    let mut all = Vec::new();
    for (k, (name, unit, words, _)) in LAYERS.iter().enumerate() {
        let values_now = values(now, &own, sides, k, &around_now);
        let raster = |name: &str, words: &str, values: &[f64]| {
            let cells = paint::streets(grid, &now.lanes, |street| values[street]);
            Raster::from_values(*grid, name, unit, cells).described(words)
        };
        all.push(raster(name, words, &values_now));
        if let (Some(before), Some(around)) = (&before, &around_before) {
            let was = values(sides.before, before, sides, k, around);
            // Where nobody drove nothing was emitted, and no speed is known.
            let zero =
                |value: f64| if matches!(*name, "speed" | "noise_power") || value.is_finite() { value } else { 0.0 };
            // Where hardly anybody drives chance decides.
            let many = |period: &Period, street: usize| period.counts(street, sides.step).entered >= FEW;
            let change = |street: usize| {
                if !many(&own, street) && !origins[street].is_some_and(|old| many(before, old)) {
                    return 0.0;
                }
                let old = origins[street].map_or(0.0, |old| zero(was[old]));
                zero(values_now[street]) - old
            };
            let changes: Vec<f64> = (0..values_now.len()).map(change).collect();
            all.push(raster(&format!("difference_{name}"), &format!("change of the {words}"), &changes));
        }
    }
    all
}

pub(super) fn clock(hour: f64) -> String {
    format!("{}:{:02}", (hour % 24.0).floor(), ((hour * 60.0).round() % 60.0).abs())
}

/// Tables of the whole run.
pub(super) fn tables(sides: &Sides, places: &Places, all: &dyn Fn(&Moved) -> Option<Period>) -> Vec<Table> {
    let now = sides.now();
    let Some(own) = all(now) else { return Vec::new() };
    let before = sides.after.and_then(|_| all(sides.before));
    let mut tables =
        vec![links(sides, &own, before.as_ref()), quarters(sides), junctions(sides, &own, before.as_ref())];
    if !places.areas.is_empty() {
        tables.push(areas(sides, places, &own, before.as_ref()));
    }
    tables.push(trips(sides));
    tables
}

fn columns(own: &[&str]) -> Vec<String> {
    own.iter().map(|name| (*name).to_string()).collect()
}

fn links(sides: &Sides, own: &Period, before: Option<&Period>) -> Table {
    let now = sides.now();
    let mut names = vec![
        "length_m",
        "lanes",
        "limit_km_per_h",
        "vehicles_per_h",
        "speed_km_per_h",
        "density_per_km",
        "delay_s",
        "queue_mean_m",
        "queue_most_m",
        "service_1_to_6",
        "co2_kg",
        "nox_g",
        "pm10_g",
        "no2_kerb_ug_per_m3",
        "noise_db_per_m",
    ];
    if before.is_some() {
        names.extend([
            "vehicles_before_per_h",
            "speed_before_km_per_h",
            "delay_change_s",
            "no2_kerb_change_ug_per_m3",
            "noise_change_db",
        ]);
    }
    let mut table = Table {
        name: "links".into(),
        description: "every street in each direction over the whole run: who drives there, how fast, how long queues are, what it emits".into(),
        columns: columns(&names),
        ..Table::default()
    };
    let air = around(now, own, sides);
    let was_air = before.map(|period| around(sides.before, period, sides));
    let origins = sides.origins();
    for k in 0..now.names.len() {
        let this = row(now, own, k, sides.step);
        let limit = limit(&now.lanes, k);
        let emitted = this.counts.emitted;
        let mut values = vec![
            length(&now.lanes, k),
            f64::from(now.lanes.streets[k].lanes),
            3.6 * limit,
            this.flow,
            this.speed,
            this.density,
            this.delay,
            this.counts.queue[0],
            this.counts.queue[1],
            service(this.speed, limit),
            emitted[0] / 1000.0,
            emitted[1],
            emitted[2],
            air.no2[k],
            air.noise[k],
        ];
        if let (Some(before), Some(was_air)) = (before, &was_air) {
            match origins.get(k).copied().flatten() {
                Some(old) => {
                    let was = row(sides.before, before, old, sides.step);
                    let delay = this.delay - was.delay;
                    values.extend([
                        was.flow,
                        was.speed,
                        delay,
                        air.no2[k] - was_air.no2[old],
                        air.noise[k] - was_air.noise[old],
                    ]);
                }
                None => values.extend([0.0, f64::NAN, f64::NAN, air.no2[k], f64::NAN]),
            }
        }
        table.rows.push(values);
        table.names.push(now.names[k].clone());
        table.shapes.push(Shape::Line(line(&now.lanes, k).to_vec()));
    }
    table
}

/// Streets by stretch of time.
fn quarters(sides: &Sides) -> Table {
    let now = sides.now();
    let mut table = Table {
        name: "links_in_time".into(),
        description: "every street on which somebody drove, stretch of time by stretch of time".into(),
        columns: columns(&[
            "from_min",
            "to_min",
            "vehicles_per_h",
            "speed_km_per_h",
            "density_per_km",
            "delay_s",
            "queue_mean_m",
            "queue_most_m",
        ]),
        ..Table::default()
    };
    let mut from = 0.0;
    for (period, to) in now.periods.iter().zip(sides.ends) {
        for k in 0..now.lanes.streets.len() {
            let this = row(now, period, k, sides.step);
            if this.counts.seconds > 0.0 && table.rows.len() < MOST_ROWS {
                table.names.push(now.names[k].clone());
                let queue = this.counts.queue;
                table.rows.push(vec![
                    from / 60.0,
                    to / 60.0,
                    this.flow,
                    this.speed,
                    this.density,
                    this.delay,
                    queue[0],
                    queue[1],
                ]);
            }
        }
        from = *to;
    }
    table
}

/// Junctions: who passes and what it costs, on it and on the streets before it.
fn junctions(sides: &Sides, own: &Period, before: Option<&Period>) -> Table {
    let mut names = vec!["vehicles_per_h", "delay_s", "queue_most_m", "stuck_at_the_end"];
    if before.is_some() {
        names.extend(["vehicles_before_per_h", "delay_before_s"]);
    }
    let mut table = Table {
        name: "junctions".into(),
        description: "junctions where streets meet: vehicles, time that each loses before it, and vehicles that stand for more than five minutes at the end".into(),
        columns: columns(&names),
        ..Table::default()
    };
    let sums = |side: &Moved, period: &Period| {
        let mut sums: Vec<[f64; 3]> = vec![[0.0; 3]; side.lanes.nodes.len()];
        for (k, street) in side.lanes.streets.iter().enumerate() {
            let this = row(side, period, k, sides.step);
            if this.counts.seconds > 0.0 {
                let own = &mut sums[street.to as usize];
                own[0] += this.flow;
                own[1] += this.flow * this.delay;
                own[2] = own[2].max(this.counts.queue[1]);
            }
        }
        sums
    };
    let now = sides.now();
    let these = sums(now, own);
    let those = before.map(|period| sums(sides.before, period));
    let mut arms = vec![std::collections::BTreeSet::new(); now.lanes.nodes.len()];
    for street in &now.lanes.streets {
        arms[street.from as usize].insert(street.to);
        arms[street.to as usize].insert(street.from);
    }
    for (k, (name, at)) in now.lanes.nodes.iter().enumerate().filter(|(k, _)| arms[*k].len() > 2 && these[*k][0] > 0.0)
    {
        let stuck = own.stuck.iter().find(|own| own[0] == k as u64).map_or(0.0, |own| own[1] as f64);
        let mut values = vec![these[k][0], these[k][1] / these[k][0].max(1e-9), these[k][2], stuck];
        if let Some(those) = &those {
            let was = those.get(k).copied().unwrap_or_default();
            values.extend([was[0], if was[0] > 0.0 { was[1] / was[0] } else { f64::NAN }]);
        }
        table.names.push(name.clone());
        table.rows.push(values);
        table.shapes.push(Shape::Point(*at));
    }
    table
}

/// Hours lost and exhaust by neighbourhood.
fn areas(sides: &Sides, places: &Places, own: &Period, before: Option<&Period>) -> Table {
    let mut names = vec!["vehicle_km", "vehicle_h", "lost_h", "mean_delay_s_per_km", "nox_g", "pm10_g", "co2_kg"];
    if before.is_some() {
        names.extend(["lost_before_h", "lost_change_h", "nox_change_g"]);
    }
    let mut table = Table {
        name: "neighbourhoods".into(),
        description: "what happens on the streets of each neighbourhood during the run".into(),
        columns: columns(&names),
        ..Table::default()
    };
    let sums = |side: &Moved, period: &Period| {
        let mut sums = vec![[0.0f64; 6]; places.areas.len()];
        for k in 0..side.lanes.streets.len() {
            let line = line(&side.lanes, k);
            let middle = line[line.len() / 2];
            let Some(area) = places.areas.iter().position(|area| area.outline.holds(middle)) else { continue };
            let this = row(side, period, k, sides.step);
            let free = this.counts.metres / limit(&side.lanes, k) / 3600.0;
            let [co2, nox, pm] = this.counts.emitted;
            let add = [this.counts.metres / 1000.0, this.hours, (this.hours - free).max(0.0), nox, pm, co2 / 1000.0];
            sums[area].iter_mut().zip(add).for_each(|(sum, own)| *sum += own);
        }
        sums
    };
    let these = sums(sides.now(), own);
    let those = before.map(|period| sums(sides.before, period));
    for (k, area) in places.areas.iter().enumerate() {
        let [km, hours, lost, nox, pm, co2] = these[k];
        let mut values = vec![km, hours, lost, 3600.0 * lost / km.max(1e-9), nox, pm, co2];
        if let Some(those) = &those {
            values.extend([those[k][2], lost - those[k][2], nox - those[k][3]]);
        }
        table.names.push(area.name.clone());
        table.rows.push(values);
        table.shapes.push(Shape::Outline(area.outline.clone()));
    }
    table
}

/// Sums of the trips of a class.
#[derive(Clone, Copy, Default)]
struct Made {
    told: f64,
    arrived: f64,
    waiting: f64,
    seconds: f64,
    lost: f64,
    late: f64,
    km: f64,
}

fn made(side: &Moved, sides: &Sides) -> [Made; 3] {
    let mut all = [Made::default(); 3];
    for (trip, fate) in side.world.trips.iter().zip(&side.fates) {
        // Those of the warm-up only fill the streets.
        if f64::from(trip.depart) < 1000.0 * sides.warm_up {
            continue;
        }
        let own = &mut all[if sides.is_told {
            match side.world.kinds[trip.kind as usize].modes {
                4 => 2,
                2 | 8 => 1,
                _ => 0,
            }
        } else {
            class(trip.kind)
        }];
        own.told += 1.0;
        if fate.inserted == 0 {
            own.waiting += 1.0;
            continue;
        }
        own.late += f64::from((fate.inserted - 1).saturating_sub(trip.depart)) / 1000.0;
        if fate.arrived > 0 {
            own.arrived += 1.0;
            own.seconds += f64::from(fate.arrived - fate.inserted) / 1000.0;
            own.lost += f64::from(fate.lost);
            own.km += f64::from(fate.metres) / 1000.0;
        }
    }
    all
}

/// Trips by class.
fn trips(sides: &Sides) -> Table {
    let mut table = Table {
        name: "trips".into(),
        description: "trips that set out during the run, by who makes them: means are those of the trips that arrived"
            .into(),
        columns: columns(&[
            "trips",
            "arrived",
            "wait_to_set_out",
            "duration_min",
            "lost_min",
            "wait_before_min",
            "distance_km",
        ]),
        ..Table::default()
    };
    let sides_of = [("", Some(sides.now())), (", before", sides.after.map(|_| sides.before))];
    for (words, side) in sides_of.into_iter().filter_map(|(words, side)| Some((words, side?))) {
        for (name, own) in ["cars", "trucks and buses", "cycles"].into_iter().zip(made(side, sides)) {
            if own.told > 0.0 {
                let mean = |sum: f64| sum / own.arrived.max(1.0);
                table.names.push(format!("{name}{words}"));
                table.rows.push(vec![
                    own.told,
                    own.arrived,
                    own.waiting,
                    mean(own.seconds) / 60.0,
                    mean(own.lost) / 60.0,
                    own.late / (own.told - own.waiting).max(1.0) / 60.0,
                    mean(own.km),
                ]);
            }
        }
    }
    table
}

fn text(of: impl Fn(Language, &dyn Fn(f64, usize) -> String) -> String) -> Text {
    let say = |language: Language| of(language, &|value, decimals| language.number(value, decimals));
    Text::new(say(Language::English), say(Language::Dutch))
}

/// Sentence by sentence.
pub(super) fn story(
    sides: &Sides,
    edits: &[Text],
    places: &Places,
    all: &dyn Fn(&Moved) -> Option<Period>,
) -> Vec<Text> {
    let mut story = Vec::new();
    let now = sides.now();
    let Some(own) = all(now) else { return story };
    let (from, to) = (clock(sides.start), clock(sides.start + sides.ends.last().copied().unwrap_or(0.0) / 3600.0));
    let [cars, trucks, cycles] = made(now, sides);
    story.push(text(|language, number| {
        let counts = [cars, trucks, cycles].map(|own| number(own.told, 0));
        let minutes = number(cars.seconds / cars.arrived.max(1.0) / 60.0, 1);
        let lost = number(cars.lost / cars.arrived.max(1.0) / 60.0, 1);
        match language {
            Language::English => format!(
                "Between {from} and {to} {} cars, {} trucks and buses and {} cycles set out, and every one of them is followed on its way; a car that arrives has been driving for {minutes} minutes, {lost} of them lost in queues and at junctions.",
                counts[0], counts[1], counts[2]
            ),
            Language::Dutch => format!(
                "Tussen {from} en {to} vertrekken {} auto's, {} vrachtauto's en bussen en {} fietsen, en elk ervan wordt onderweg gevolgd; een auto die aankomt is {minutes} minuten onderweg geweest, waarvan {lost} verloren in wachtrijen en op kruispunten.",
                counts[0], counts[1], counts[2]
            ),
        }
    }));
    let lost = |side: &Moved, period: &Period| {
        let of = |k: usize| {
            let counts = period.counts(k, sides.step);
            (counts.seconds - counts.metres / limit(&side.lanes, k)).max(0.0) / 3600.0
        };
        (0..side.lanes.streets.len()).map(of).collect::<Vec<f64>>()
    };
    let these = lost(now, &own);
    if sides.after.is_some()
        && let Some(before) = all(sides.before)
    {
        let join =
            |language: Language| edits.iter().map(|text| text.in_language(language)).collect::<Vec<_>>().join("; ");
        let (en, nl) = (join(Language::English), join(Language::Dutch));
        story.push(Text::new(format!("What changes on the roads: {en}."), format!("Wat op de wegen verandert: {nl}.")));
        let those = lost(sides.before, &before);
        let change = these.iter().sum::<f64>() - those.iter().sum::<f64>();
        story.push(text(|language, number| {
            let hours = number(change.abs(), 0);
            match (language, change >= 0.0) {
                (Language::English, true) => format!("Together all lose {hours} hours more than today."),
                (Language::English, false) => format!("Together all lose {hours} hours less than today."),
                (Language::Dutch, true) => format!("Samen verliest iedereen {hours} uur meer dan nu."),
                (Language::Dutch, false) => format!("Samen verliest iedereen {hours} uur minder dan nu."),
            }
        }));
        let mut worst: Vec<(f64, usize)> = (0..these.len())
            .map(|k| (these[k] - sides.was(k).map_or(0.0, |old| those[old]), k))
            .filter(|(more, _)| *more > WORTH_H)
            .collect();
        worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        worst.truncate(NAMED);
        if !worst.is_empty() {
            story.push(text(|language, number| {
                let of = |(hours, k): &(f64, usize)| format!("{} (+{} h)", named(now, places, *k), number(*hours, 0));
                let list = worst.iter().map(of).collect::<Vec<_>>().join(", ");
                match language {
                    Language::English => format!("Most time more is lost on {list}."),
                    Language::Dutch => format!("De meeste extra tijd gaat verloren op {list}."),
                }
            }));
        }
    }
    let turned = &now.turned;
    if turned.around + turned.trapped > 0 {
        story.push(text(|language, number| {
            let [around, trapped] = [turned.around, turned.trapped].map(|count| number(count as f64, 0));
            match language {
                Language::English => {
                    format!("For {around} drivers the road ahead closed, and they found another; {trapped} found none at the last look.")
                }
                Language::Dutch => format!(
                    "Voor {around} bestuurders ging de weg dicht en zij vonden een andere; {trapped} vonden er bij de laatste blik geen."
                ),
            }
        }));
    }
    if turned.faster > 0 {
        story.push(text(|language, number| {
            let count = number(turned.faster as f64, 0);
            match language {
                Language::English => format!("{count} times a driver turned to a faster route on the way."),
                Language::Dutch => format!("{count} keer koos een bestuurder onderweg een snellere route."),
            }
        }));
    }
    let mut queues: Vec<(f64, usize)> =
        (0..these.len()).map(|k| (own.counts(k, sides.step).queue[1], k)).filter(|(queue, _)| *queue > 50.0).collect();
    queues.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    queues.truncate(NAMED);
    if !queues.is_empty() {
        story.push(text(|language, number| {
            let of = |(metres, k): &(f64, usize)| format!("{} ({} m)", named(now, places, *k), number(*metres, 0));
            let list = queues.iter().map(of).collect::<Vec<_>>().join(", ");
            match language {
                Language::English => format!("The longest queues stand on {list}."),
                Language::Dutch => format!("De langste wachtrijen staan op {list}."),
            }
        }));
    }
    let [vehicles, stuck, waiting] = own.left.map(|count| count as f64);
    if stuck > 0.05 * vehicles.max(1.0) && stuck >= 10.0 {
        story.push(text(|language, number| {
            let of = |own: &[u64; 2]| format!("{} ({})", now.lanes.nodes[own[0] as usize].0, number(own[1] as f64, 0));
            let list = own.stuck.iter().take(NAMED).map(of).collect::<Vec<_>>().join(", ");
            let (count, share) = (number(stuck, 0), number(100.0 * stuck / vehicles, 0));
            match language {
                Language::English => format!(
                    "Traffic is jammed fast at the end: {count} vehicles ({share} %) have been standing for more than five minutes, first of all at the junctions {list}. Nobody is taken off the road, so read what comes after the jam with care."
                ),
                Language::Dutch => format!(
                    "Aan het eind staat het verkeer muurvast: {count} voertuigen ({share} %) staan al langer dan vijf minuten stil, vooral bij de kruispunten {list}. Niemand wordt van de weg gehaald; lees wat na de blokkade komt dus met voorzichtigheid."
                ),
            }
        }));
    }
    if waiting > 0.0 {
        story.push(text(|language, number| match language {
            Language::English => {
                format!("{} vehicles still wait to set out, as there is no room where they begin.", number(waiting, 0))
            }
            Language::Dutch => format!(
                "{} voertuigen wachten nog om te vertrekken, want waar ze beginnen is geen plaats.",
                number(waiting, 0)
            ),
        }));
    }
    if !now.refused.is_empty() {
        story.push(text(|language, number| {
            let count = number(now.refused.len() as f64, 0);
            match language {
                Language::English => format!("{count} vehicles have no way that their lanes allow, and are left out."),
                Language::Dutch => format!(
                    "{count} voertuigen hebben geen route die hun rijstroken toelaten, en blijven buiten beschouwing."
                ),
            }
        }));
    }
    story
}

/// What people call a street: its name, or its number and neighbourhood.
fn named(side: &Moved, places: &Places, k: usize) -> String {
    let line = line(&side.lanes, k);
    let middle = line[line.len() / 2];
    let area = places.areas.iter().find(|area| area.outline.holds(middle));
    let name = side.names[k].trim_start_matches('-');
    area.map_or_else(|| name.to_string(), |area| format!("{name}, {}", area.name))
}
