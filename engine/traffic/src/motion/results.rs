//! What moving vehicles come to: numbers of streets, and layers.

use super::super::layers;
use super::super::noise::{AMENDED, Site, Traffic as Noise, power, weighted};
use super::super::paint;
use super::super::released;
use super::super::srm1;
use super::air::Air;
use super::moved::Moved;
use super::period::{Counts, Period};
use glam::DVec2;
use hanze_base::frame::Layer;
use hanze_base::grid::Grid;
use hanze_base::quantity::{Quantity, Variable};
use hanze_city::roads::lanes::{Lane, Lanes};
use hanze_city::roads::{self, CYCLE};
use std::collections::HashMap;

/// Vehicles of a stretch of time below which a street tells of no differences.
const FEW: f64 = 15.0;

/// Two alternatives of the same demand.
pub(super) struct Alternatives<'a> {
    pub before: &'a Moved,
    pub after: Option<&'a Moved>,
    pub origin: &'a [Option<u32>],
    pub step: f64,
    pub start: f64,
    pub ends: &'a [f64],
    pub warm_up: f64,
    pub air: &'a Air,
    pub is_from_files: bool,
}

impl<'a> Alternatives<'a> {
    /// The alternative of which most is told.
    pub fn now(&self) -> &'a Moved {
        self.after.unwrap_or(self.before)
    }

    /// The street of before that a street of now was.
    pub fn was(&self, street: usize) -> Option<usize> {
        let after = self.after?;
        if self.origin.is_empty() {
            return Some(street);
        }
        let road = after.lanes.streets[street].road?;
        let old = self.origin.get(road as usize).copied().flatten()?;
        self.before.lanes.streets.iter().position(|candidate| candidate.road == Some(old))
    }

    /// The streets of before, by that of now.
    pub fn origins(&self) -> Vec<Option<usize>> {
        let of_road: HashMap<u32, usize> =
            self.before.lanes.streets.iter().enumerate().filter_map(|(k, street)| Some((street.road?, k))).collect();
        let Some(after) = self.after else { return Vec::new() };
        if self.origin.is_empty() {
            return (0..after.lanes.streets.len()).map(Some).collect();
        }
        let was = |road: Option<u32>| {
            let old = self.origin.get(road? as usize).copied().flatten()?;
            of_road.get(&old).copied()
        };
        after.lanes.streets.iter().map(|street| was(street.road)).collect()
    }
}

/// A place on a lane, and the direction there in degrees from east, counter-clockwise.
pub(super) fn place(lane: &Lane, pos: f64) -> (DVec2, f64) {
    let drawn: f64 = lane.line.windows(2).map(|ends| ends[0].distance(ends[1])).sum();
    let mut left = pos / lane.length.max(1e-9) * drawn;
    let mut found = (lane.line.first().copied().unwrap_or_default(), 0.0);
    for ends in lane.line.windows(2) {
        let piece = ends[0].distance(ends[1]);
        let along = (ends[1] - ends[0]).normalize_or_zero();
        found = (ends[0] + left.min(piece) * along, along.y.atan2(along.x).to_degrees());
        if left <= piece {
            break;
        }
        left -= piece;
    }
    found
}

/// Middle line of a street.
pub(super) fn line(lanes: &Lanes, street: usize) -> &[DVec2] {
    let range = lanes.of_street(street);
    &lanes.lanes[range.start + range.len() / 2].line
}

pub(super) fn length(lanes: &Lanes, street: usize) -> f64 {
    lanes.lanes[lanes.of_street(street).start].length
}

pub(super) fn limit(lanes: &Lanes, street: usize) -> f64 {
    lanes.lanes[lanes.of_street(street).start].speed
}

/// Numbers of a street in a stretch of time.
pub(super) struct Row {
    pub counts: Counts,
    /// Vehicles an hour.
    pub flow: f64,
    /// km/h; NaN without anybody.
    pub speed: f64,
    /// Vehicles a km of the street.
    pub density: f64,
    /// s a vehicle.
    pub delay: f64,
    pub hours: f64,
}

pub(super) fn row(alternative: &Moved, period: &Period, street: usize, step: f64) -> Row {
    let counts = period.counts(street, step);
    let seconds = 60.0 * period.minutes.max(1) as f64;
    let (length, limit) = (length(&alternative.lanes, street), limit(&alternative.lanes, street));
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
pub(super) fn service(speed: f64, limit: f64) -> f64 {
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
pub(super) struct Around {
    /// g of NOx a km and hour.
    pub nox: Vec<f64>,
    /// µg/m³ that traffic adds at the kerb.
    pub no2: Vec<f64>,
    /// dB(A) a metre.
    pub noise: Vec<f64>,
}

pub(super) fn around(alternative: &Moved, period: &Period, alternatives: &Alternatives) -> Around {
    let count = alternative.lanes.streets.len();
    let rows: Vec<Row> = (0..count).map(|k| row(alternative, period, k, alternatives.step)).collect();
    let hours = period.minutes.max(1) as f64 / 60.0;
    let per_km = |k: usize| rows[k].counts.emitted[1] / (length(&alternative.lanes, k) / 1000.0) / hours;
    // The other direction of the same road.
    let mut by_ends: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
    for (k, street) in alternative.lanes.streets.iter().enumerate() {
        by_ends.entry((street.from, street.to)).or_default().push(k);
    }
    let twin = |k: usize| {
        let street = &alternative.lanes.streets[k];
        by_ends.get(&(street.to, street.from)).and_then(|all| all.first()).copied()
    };
    let trucks = heavy(alternative);
    let mut all = Around { nox: Vec::new(), no2: Vec::new(), noise: Vec::new() };
    for k in 0..count {
        let both = [Some(k), twin(k)];
        let nox: f64 = both.iter().flatten().map(|k| per_km(*k)).sum();
        all.nox.push(nox);
        let axis = line(&alternative.lanes, k);
        let no2 = if nox > 0.0 {
            let (kind, trees) = alternatives.air.street(axis);
            // From the middle of the road to the kerb.
            let lanes: u32 = both.iter().flatten().map(|k| alternative.lanes.streets[*k].lanes).sum();
            let distance = (1.6 * f64::from(lanes) + 3.5).max(5.0);
            // g/(km h) to µg/(m s).
            let emission = nox / 3.6;
            let nox = srm1::nox(kind, distance, emission, trees, alternatives.air.wind);
            srm1::no2(nox, alternatives.air.direct, alternatives.air.ozone)
        } else {
            0.0
        };
        all.no2.push(no2);
        let mut energy = 0.0;
        for k in both.into_iter().flatten().filter(|k| rows[*k].flow > 0.0 && rows[*k].speed > 0.0) {
            let (flow, speed) = (rows[k].flow, rows[k].speed);
            let traffic =
                Noise { flow: [flow * (trucks[k][0]), 0.0, flow * trucks[k][1], 0.0, 0.0], speed: [speed; 5] };
            let site = Site { surface: &alternatives.air.surface, ..Site::default() };
            if let Some(bands) = power(&AMENDED, &traffic, &site) {
                energy += 10f64.powf(weighted(&bands) / 10.0);
            }
        }
        all.noise.push(if energy > 0.0 { 10.0 * energy.log10() } else { f64::NAN });
    }
    all
}

/// Shares of cars and of heavy vehicles among those who are to drive on each street.
fn heavy(alternative: &Moved) -> Vec<[f64; 2]> {
    let mut sums = vec![[0.0f64; 3]; alternative.lanes.streets.len()];
    for traveller in &alternative.travellers {
        let modes = alternative.network.kinds.get(traveller.kind as usize).map_or(0, |kind| kind.modes);
        let class = match modes {
            4 => 2,
            2 | 8 => 1,
            _ => 0,
        };
        traveller.streets.iter().for_each(|street| sums[*street as usize][class] += 1.0);
    }
    sums.into_iter()
        .map(|[cars, heavy, cycles]| {
            let all = (cars + heavy + cycles).max(1.0);
            [cars / all, heavy / all]
        })
        .collect()
}

/// Values of streets by quantity and words.
type OfStreets = (&'static Quantity, &'static str, fn(&Row, [f64; 3]) -> f64);

const LAYERS: [OfStreets; 7] = [
    (&layers::SPEED, "mean speed of all who drive there, on the lanes of each street", |row, _| row.speed),
    (&layers::DENSITY, "vehicles on a kilometre of the street", |row, _| row.density),
    (&layers::DELAY, "delay per vehicle on the street and at its junction", |row, _| row.delay),
    (&layers::QUEUE, "mean over the minutes of the longest queue before the junction", |row, _| row.counts.queue[0]),
    (&layers::NOX, "nitrogen oxides that traffic of both directions emits", |_, [nox, ..]| nox),
    (&layers::NO2_KERB, "nitrogen dioxide that the traffic of the street adds at its kerb", |_, [_, no2, _]| no2),
    (&layers::NOISE_POWER, "sound power of a metre of the road, both directions", |_, [.., noise]| noise),
];

fn values(alternative: &Moved, period: &Period, alternatives: &Alternatives, of: usize, around: &Around) -> Vec<f64> {
    let value = |k: usize| {
        let street_row = row(alternative, period, k, alternatives.step);
        if street_row.counts.seconds <= 0.0 {
            f64::NAN
        } else {
            LAYERS[of].2(&street_row, [around.nox[k], around.no2[k], around.noise[k]])
        }
    };
    (0..alternative.lanes.streets.len()).map(value).collect()
}

/// What engines set free on the lanes of streets and across junctions.
fn released_heat(grid: &Grid, alternative: &Moved, period: &Period, step: f64) -> Layer {
    let seconds = 60.0 * period.minutes.max(1) as f64;
    let of = |lane: &Lane| {
        lane.street.map_or(alternative.lanes.streets.len() + lane.node as usize, |street| street as usize)
    };
    let mut metres = vec![0.0; alternative.network.tallies];
    // Cycles burn nothing.
    let driven = || alternative.lanes.lanes.iter().filter(|lane| lane.modes != CYCLE);
    driven().for_each(|lane| metres[of(lane)] += roads::length(&lane.line));
    let lanes = driven().map(|lane| {
        let power = released::heat(period.counts(of(lane), step).emitted[0]) / seconds / metres[of(lane)].max(0.1);
        (&lane.line[..], [-0.5 * lane.width, 0.5 * lane.width], power)
    });
    let words = "heat released by engines, mean over the period";
    Layer::new(&layers::RELEASED_HEAT, *grid, released::poured(grid, lanes)).described(words)
}

/// Layers of a stretch of time; with the differences where roads are edited.
pub(super) fn layers(
    grid: &Grid,
    alternatives: &Alternatives,
    period: &dyn Fn(&Moved) -> Option<Period>,
) -> Vec<Layer> {
    let now = alternatives.now();
    let Some(counted) = period(now) else { return Vec::new() };
    let around_now = around(now, &counted, alternatives);
    let before = alternatives.after.and_then(|_| period(alternatives.before));
    let around_before = before.as_ref().map(|period| around(alternatives.before, period, alternatives));
    let origins = alternatives.origins();
    let mut all = vec![released_heat(grid, now, &counted, alternatives.step)];
    for (k, (quantity, words, _)) in LAYERS.iter().enumerate() {
        let values_now = values(now, &counted, alternatives, k, &around_now);
        let layer = |variable: Variable, words: &str, values: &[f64]| {
            let cells = paint::streets(grid, &now.lanes, |street| values[street]);
            Layer::new(variable, *grid, cells).described(words)
        };
        let variable = Variable::from(*quantity);
        all.push(layer(variable.clone(), words, &values_now));
        if let (Some(before), Some(around)) = (&before, &around_before) {
            let was = values(alternatives.before, before, alternatives, k, around);
            // Where nobody drove nothing was emitted, and no speed is known.
            let is_known = *quantity == &layers::SPEED || *quantity == &layers::NOISE_POWER;
            let zero = |value: f64| if is_known || value.is_finite() { value } else { 0.0 };
            // Where hardly anybody drives chance decides.
            let many = |period: &Period, street: usize| period.counts(street, alternatives.step).entered >= FEW;
            let change = |street: usize| {
                if !many(&counted, street) && !origins[street].is_some_and(|old| many(before, old)) {
                    return 0.0;
                }
                let old = origins[street].map_or(0.0, |old| zero(was[old]));
                zero(values_now[street]) - old
            };
            let changes: Vec<f64> = (0..values_now.len()).map(change).collect();
            all.push(layer(variable.change(), &format!("change in {words}"), &changes));
        }
    }
    all
}

pub(super) fn clock(hour: f64) -> String {
    format!("{}:{:02}", (hour % 24.0).floor(), ((hour * 60.0).round() % 60.0).abs())
}
