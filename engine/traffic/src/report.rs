//! What routes come to: tables of links, pairs of zones, zones, neighbourhoods and buildings.

use super::alternative::{Alternative, State};
use super::assignment::CutOff;
use super::zones::Zone;
use glam::DVec2;
use hanze_base::frame::Table;
use hanze_base::objects::Shape;
use hanze_base::places::Place;
use hanze_city::roads::Roads;

/// Rows of a table of pairs at most; those with the most trips are kept.
const MOST_PAIRS: usize = 100_000;

/// An alternative with its flows.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub alternative: &'a Alternative,
    pub state: &'a State,
}

/// Two alternatives of the same trips: as the roads are, and as they are edited.
#[derive(Clone, Copy)]
pub(super) struct Alternatives<'a> {
    pub before: View<'a>,
    pub after: Option<View<'a>>,
    /// For each link after the edits the one of before that it is a part of, or that it took the place of.
    pub origin: &'a [Option<u32>],
    /// For each link of before those that it has become.
    pub parts: &'a [Vec<u32>],
    /// Links of before whose road was moved, rising.
    pub moved: &'a [u32],
    /// Cars that take the room of a truck.
    pub pcu: f64,
}

/// Sums over links.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Vehicle-kilometres and vehicle-hours of cars and trucks in an hour, and hours that they would take on empty roads.
    pub km: f64,
    pub hours: f64,
    pub free_hours: f64,
}

impl Sums {
    pub fn add(&mut self, road: &hanze_city::roads::Link, flow: f64, time: f64) {
        // A road without anybody has no time that counts.
        if flow > 0.0 {
            self.km += flow * road.length / 1000.0;
            self.hours += flow * time / 3600.0;
            self.free_hours += flow * road.length / road.speed / 3600.0;
        }
    }

    /// Mean speed, km/h; NaN where nobody drives.
    pub fn speed(&self) -> f64 {
        self.km / self.hours
    }

    /// Hours lost.
    pub fn lost(&self) -> f64 {
        (self.hours - self.free_hours).max(0.0)
    }
}

/// Sums over the links that count.
pub(super) fn sums(view: View, counts: impl Fn(usize) -> bool) -> Sums {
    let mut sums = Sums::default();
    for (k, road) in view.alternative.roads.links.iter().enumerate().filter(|(k, _)| counts(*k)) {
        sums.add(road, view.state.motor(k), view.state.time[k]);
    }
    sums
}

/// Sums over the trips that another alternative cannot make.
pub(super) fn alone(view: View, other: &Alternative, pcu: f64) -> Sums {
    let (cut, mut sums) = (other.cut_pairs(), Sums::default());
    let View { alternative, state } = view;
    for ((class, ..), path) in
        alternative.routes.iter().flat_map(|[motor, _]| motor.paths()).filter(|(pair, _)| cut.contains(pair))
    {
        let flow = if class == 1 { path.flow / pcu } else { path.flow };
        for road in path.links.iter().filter_map(|link| alternative.motor.road(*link)) {
            sums.add(&alternative.roads.links[road as usize], flow, state.time[road as usize]);
        }
    }
    sums
}

impl<'a> Alternatives<'a> {
    /// The alternative of which most is told: with the edits where there are any.
    pub fn now(&self) -> View<'a> {
        self.after.unwrap_or(self.before)
    }

    /// Change of the flow of motor vehicles on each link after the edits; what is new had none before.
    pub fn changes(&self) -> Vec<f64> {
        let Some(after) = self.after else { return Vec::new() };
        let was = |k: usize| self.origin[k].map_or(0.0, |old| self.before.state.motor(old as usize));
        (0..after.alternative.roads.links.len()).map(|k| after.state.motor(k) - was(k)).collect()
    }

    /// Links of before that are gone; roads that were moved are still there.
    pub fn gone(&self) -> impl Iterator<Item = usize> + '_ {
        let is_moved = |k: usize| self.moved.binary_search(&(k as u32)).is_ok();
        (0..self.parts.len()).filter(move |k| self.after.is_some() && self.parts[*k].is_empty() && !is_moved(*k))
    }
}

/// One row a link.
pub(super) fn links(alternatives: &Alternatives) -> Table {
    let now = alternatives.now();
    let mut columns = vec![
        "length_m",
        "lanes",
        "limit_km_per_h",
        "capacity_per_h",
        "cars_per_h",
        "trucks_per_h",
        "cycles_per_h",
        "speed_km_per_h",
        "delay_s",
        "junction_wait_s",
        "load_percent",
    ];
    if alternatives.after.is_some() {
        columns.extend(["motor_before_per_h", "motor_change_per_h", "speed_before_km_per_h"]);
    }
    let mut table = Table {
        name: "links".into(),
        description: "every road in each direction: who drives there in the busiest hour, how fast, and how full it is"
            .into(),
        columns: columns.into_iter().map(String::from).collect(),
        ..Table::default()
    };
    let row = |view: View, k: usize| {
        let road = &view.alternative.roads.links[k];
        let (cars, trucks) = (view.state.cars[k], view.state.trucks[k]);
        let time = view.state.time[k];
        vec![
            road.length,
            road.lanes,
            3.6 * road.speed,
            road.capacity,
            cars,
            trucks,
            view.state.cycles[k],
            3.6 * view.state.speed(&view.alternative.roads, k),
            time - road.length / road.speed,
            view.state.wait[k],
            100.0 * (cars + alternatives.pcu * trucks) / road.capacity,
        ]
    };
    let name = |road: &hanze_city::roads::Link| match road.name.is_empty() {
        true => road.id.clone(),
        false => format!("{} {}", road.id, road.name),
    };
    for (k, road) in now.alternative.roads.links.iter().enumerate() {
        let mut values = row(now, k);
        if alternatives.after.is_some() {
            let old = alternatives.origin[k].map(|old| old as usize);
            let was = old.map_or(0.0, |old| alternatives.before.state.motor(old));
            let speed = old.map_or(f64::NAN, |old| {
                3.6 * alternatives.before.state.speed(&alternatives.before.alternative.roads, old)
            });
            values.extend([was, now.state.motor(k) - was, speed]);
        }
        table.rows.push(values);
        table.names.push(name(road));
        table.shapes.push(Shape::Line(road.line.clone()));
    }
    // What is closed had traffic, and has none.
    for k in alternatives.gone() {
        let road = &alternatives.before.alternative.roads.links[k];
        let was = alternatives.before.state.motor(k);
        let speed = 3.6 * alternatives.before.state.speed(&alternatives.before.alternative.roads, k);
        let nothing = [0.0, 0.0, 0.0, f64::NAN, f64::NAN, f64::NAN, 0.0, was, -was, speed];
        let known = [road.length, road.lanes, 3.6 * road.speed, road.capacity];
        table.rows.push(known.into_iter().chain(nothing).collect());
        table.names.push(format!("{} (closed)", name(road)));
        table.shapes.push(Shape::Line(road.line.clone()));
    }
    table
}

/// Minutes and kilometres between zones on the cheapest paths, row by row; infinite where none leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Skim {
    pub minutes: Vec<f64>,
    pub km: Vec<f64>,
}

/// One row a pair of zones: its trips, and how far and long the path is.
pub(super) fn pairs(zones: &[Zone], trips: &[Vec<f64>; 2], cars: [&Skim; 2], cycles: &Skim, edited: bool) -> Table {
    let n = zones.len();
    let mut columns = vec!["cars_per_h", "cycles_per_h", "car_min", "car_km", "cycle_min", "cycle_km"];
    if edited {
        columns.extend(["car_before_min", "car_before_km", "detour_min", "detour_km"]);
    }
    let mut order: Vec<usize> = (0..n * n).filter(|k| k / n != k % n).collect();
    let all = order.len();
    let count = |k: usize| trips[0][k] + trips[1][k];
    if all > MOST_PAIRS {
        order.sort_by(|a, b| count(*b).total_cmp(&count(*a)).then(a.cmp(b)));
        order.truncate(MOST_PAIRS);
        order.sort_unstable();
    }
    let cut = if all > MOST_PAIRS { format!("; the {MOST_PAIRS} with the most trips of {all}") } else { String::new() };
    let known = |value: f64| if value.is_finite() { value } else { f64::NAN };
    let [before, now] = cars;
    let row = |k: &usize| {
        let k = *k;
        let mut row = vec![trips[0][k], trips[1][k]];
        row.extend([now.minutes[k], now.km[k], cycles.minutes[k], cycles.km[k]].map(known));
        if edited {
            let (was, far) = (known(before.minutes[k]), known(before.km[k]));
            row.extend([was, far, known(now.minutes[k]) - was, known(now.km[k]) - far]);
        }
        row
    };
    Table {
        name: "od".into(),
        description: format!("every pair of zones in the busiest hour: trips, and the way between them{cut}"),
        names: order.iter().map(|k| format!("{} → {}", zones[k / n].name, zones[k % n].name)).collect(),
        columns: columns.into_iter().map(String::from).collect(),
        rows: order.iter().map(row).collect(),
        shapes: order.iter().map(|k| Shape::Line(vec![zones[k / n].at, zones[k % n].at])).collect(),
    }
}

/// One row a zone: who lives there, who sets out, and how long trips by car take.
pub(super) fn zones(
    zones: &[Zone],
    trips: &[Vec<f64>; 2],
    cars: [&Skim; 2],
    cut: &[CutOff],
    pcu: f64,
    edited: bool,
) -> Table {
    let n = zones.len();
    let mut columns =
        vec!["residents", "jobs", "cars_from_per_h", "cars_to_per_h", "cycles_from_per_h", "car_trip_min"];
    if edited {
        columns.extend(["car_trip_before_min", "car_trip_change_min"]);
    }
    columns.push("cannot_be_made_per_h");
    let mean = |skim: &Skim, i: usize| {
        let known = (0..n).map(|j| i * n + j).filter(|k| trips[0][*k] > 0.0 && skim.minutes[*k].is_finite());
        let (sum, count) =
            known.fold((0.0, 0.0), |(sum, count), k| (sum + trips[0][k] * skim.minutes[k], count + trips[0][k]));
        sum / count
    };
    let row = |i: usize| {
        let from = |of: &[f64]| of[i * n..(i + 1) * n].iter().sum::<f64>();
        let to = (0..n).map(|j| trips[0][j * n + i]).sum::<f64>();
        let mut row = vec![zones[i].residents, zones[i].jobs, from(&trips[0]), to, from(&trips[1]), mean(cars[1], i)];
        if edited {
            row.extend([mean(cars[0], i), mean(cars[1], i) - mean(cars[0], i)]);
        }
        let lost = cut.iter().filter(|cut| cut.from as usize == i || cut.to as usize == i);
        row.push(lost.map(|cut| if cut.class == 1 { cut.trips / pcu } else { cut.trips }).sum());
        row
    };
    let shape = |zone: &Zone| zone.outline.clone().map_or(Shape::Point(zone.at), Shape::Outline);
    Table {
        name: "zones".into(),
        description: "every zone: who lives and works there, trips of the busiest hour, and how long they take".into(),
        names: zones.iter().map(|zone| zone.name.clone()).collect(),
        columns: columns.into_iter().map(String::from).collect(),
        rows: (0..n).map(row).collect(),
        shapes: zones.iter().map(shape).collect(),
    }
}

/// Trips that cannot be made.
pub(super) fn cut_off(zones: &[Zone], alternatives: [&[CutOff]; 2], truck_pcu: f64) -> Option<Table> {
    let [before, after] = alternatives;
    let known: std::collections::HashSet<(usize, u32, u32)> =
        before.iter().map(|cut| (cut.class, cut.from, cut.to)).collect();
    let all: Vec<&CutOff> = after.iter().take(MOST_PAIRS).collect();
    if all.is_empty() {
        return None;
    }
    let class = |cut: &CutOff| ["car", "truck", "cycle"][cut.class.min(2)];
    let name =
        |cut: &&CutOff| format!("{} → {} ({})", zones[cut.from as usize].name, zones[cut.to as usize].name, class(cut));
    let row = |cut: &&CutOff| {
        let trips = if cut.class == 1 { cut.trips / truck_pcu } else { cut.trips };
        vec![trips, f64::from(u8::from(known.contains(&(cut.class, cut.from, cut.to))))]
    };
    Some(Table {
        name: "cut_off".into(),
        description: "trips of an hour that no road makes possible, in the busiest hour".into(),
        names: all.iter().map(name).collect(),
        columns: vec!["trips_per_h".into(), "before_too".into()],
        rows: all.iter().map(row).collect(),
        shapes: all
            .iter()
            .map(|cut| Shape::Line([cut.from, cut.to].map(|zone| zones[zone as usize].at).to_vec()))
            .collect(),
    })
}

/// Traffic on the roads of every neighbourhood: those whose middle lies in it.
pub(super) fn neighbourhoods(areas: &[Place], alternatives: &Alternatives) -> Table {
    let mut columns = vec!["vehicle_km_per_h", "hours_lost_per_h", "speed_km_per_h"];
    if alternatives.after.is_some() {
        columns.extend(["vehicle_km_before_per_h", "vehicle_km_change_per_h", "hours_lost_change_per_h"]);
    }
    let middles = |roads: &Roads| -> Vec<DVec2> {
        roads.links.iter().map(|link| hanze_city::roads::point_at(&link.line, 0.5)).collect()
    };
    let (before, now) =
        (middles(&alternatives.before.alternative.roads), middles(&alternatives.now().alternative.roads));
    let row = |area: &Place| {
        let inside = |middles: &[DVec2], k: usize| area.outline.holds(middles[k]);
        let sums_now = sums(alternatives.now(), |k| inside(&now, k));
        let mut row = vec![sums_now.km, sums_now.lost(), sums_now.speed()];
        if alternatives.after.is_some() {
            let was = sums(alternatives.before, |k| inside(&before, k));
            row.extend([was.km, sums_now.km - was.km, sums_now.lost() - was.lost()]);
        }
        row
    };
    Table {
        name: "neighbourhoods".into(),
        description: "traffic on the roads of each neighbourhood in the busiest hour".into(),
        names: areas.iter().map(|area| area.name.clone()).collect(),
        columns: columns.into_iter().map(String::from).collect(),
        rows: areas.iter().map(row).collect(),
        shapes: areas.iter().map(|area| Shape::Outline(area.outline.clone())).collect(),
    }
}

/// Sums of each slice of time, before and after.
pub(super) fn slices(hours: &[(f64, f64)], rows: &[Vec<f64>], edited: bool) -> Table {
    let clock = |hour: f64| format!("{:02}:{:02}", (hour % 24.0).floor(), ((hour * 60.0).round() % 60.0).abs());
    let names = ["vehicle_km_per_h", "vehicle_hours_per_h", "hours_lost_per_h", "speed_km_per_h"];
    let mut columns: Vec<String> = vec!["cars_per_h".into(), "trucks_per_h".into(), "cycles_per_h".into()];
    columns.extend(names.map(String::from));
    if edited {
        let before = [
            "vehicle_km_before_per_h",
            "vehicle_hours_before_per_h",
            "hours_lost_before_per_h",
            "speed_before_km_per_h",
        ];
        columns.extend(before.map(String::from));
    }
    Table {
        name: "hours".into(),
        description: "traffic of the whole region in each slice of time".into(),
        names: hours.iter().map(|(from, to)| format!("{} – {}", clock(*from), clock(*to))).collect(),
        columns,
        rows: rows.to_vec(),
        ..Table::default()
    }
}
