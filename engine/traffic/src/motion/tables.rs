//! Tables of vehicles that moved.

use super::moved::Moved;
use super::period::Period;
use super::results::{Alternatives, around, length, limit, line, row, service};
use super::trips::class;
use hanze_base::frame::Table;
use hanze_base::objects::Shape;
use hanze_base::places::Places;

/// Rows of the table of streets by stretch of time at most.
const MOST_ROWS: usize = 200_000;

/// Tables of the whole run.
pub(super) fn tables(
    alternatives: &Alternatives,
    places: &Places,
    all: &dyn Fn(&Moved) -> Option<Period>,
) -> Vec<Table> {
    let now = alternatives.now();
    let Some(period) = all(now) else { return Vec::new() };
    let before = alternatives.after.and_then(|_| all(alternatives.before));
    let mut tables = vec![
        links(alternatives, &period, before.as_ref()),
        quarters(alternatives),
        junctions(alternatives, &period, before.as_ref()),
    ];
    if !places.areas.is_empty() {
        tables.push(areas(alternatives, places, &period, before.as_ref()));
    }
    tables.push(trips(alternatives));
    tables
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_string()).collect()
}

fn links(alternatives: &Alternatives, period: &Period, before: Option<&Period>) -> Table {
    let now = alternatives.now();
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
    let air = around(now, period, alternatives);
    let was_air = before.map(|period| around(alternatives.before, period, alternatives));
    let origins = alternatives.origins();
    for k in 0..now.names.len() {
        let this = row(now, period, k, alternatives.step);
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
                    let was = row(alternatives.before, before, old, alternatives.step);
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
fn quarters(alternatives: &Alternatives) -> Table {
    let now = alternatives.now();
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
    for (period, to) in now.periods.iter().zip(alternatives.ends) {
        for k in 0..now.lanes.streets.len() {
            let this = row(now, period, k, alternatives.step);
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
fn junctions(alternatives: &Alternatives, period: &Period, before: Option<&Period>) -> Table {
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
    let sums = |alternative: &Moved, period: &Period| {
        let mut sums: Vec<[f64; 3]> = vec![[0.0; 3]; alternative.lanes.nodes.len()];
        for (k, street) in alternative.lanes.streets.iter().enumerate() {
            let this = row(alternative, period, k, alternatives.step);
            if this.counts.seconds > 0.0 {
                let sum = &mut sums[street.to as usize];
                sum[0] += this.flow;
                sum[1] += this.flow * this.delay;
                sum[2] = sum[2].max(this.counts.queue[1]);
            }
        }
        sums
    };
    let now = alternatives.now();
    let these = sums(now, period);
    let those = before.map(|period| sums(alternatives.before, period));
    let mut arms = vec![std::collections::BTreeSet::new(); now.lanes.nodes.len()];
    for street in &now.lanes.streets {
        arms[street.from as usize].insert(street.to);
        arms[street.to as usize].insert(street.from);
    }
    for (k, (name, at)) in now.lanes.nodes.iter().enumerate().filter(|(k, _)| arms[*k].len() > 2 && these[*k][0] > 0.0)
    {
        let stuck = period.stuck.iter().find(|place| place[0] == k as u64).map_or(0.0, |place| place[1] as f64);
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
fn areas(alternatives: &Alternatives, places: &Places, period: &Period, before: Option<&Period>) -> Table {
    let mut names = vec!["vehicle_km", "vehicle_h", "lost_h", "mean_delay_s_per_km", "nox_g", "pm10_g", "co2_kg"];
    if before.is_some() {
        names.extend(["lost_before_h", "lost_change_h", "nox_change_g", "vehicle_change_h"]);
    }
    let mut table = Table {
        name: "neighbourhoods".into(),
        description: "what happens on the streets of each neighbourhood during the run".into(),
        columns: columns(&names),
        ..Table::default()
    };
    let sums = |alternative: &Moved, period: &Period| {
        let mut sums = vec![[0.0f64; 6]; places.areas.len()];
        for k in 0..alternative.lanes.streets.len() {
            let line = line(&alternative.lanes, k);
            let middle = line[line.len() / 2];
            let Some(area) = places.areas.iter().position(|area| area.outline.holds(middle)) else { continue };
            let this = row(alternative, period, k, alternatives.step);
            let free = this.counts.metres / limit(&alternative.lanes, k) / 3600.0;
            let [co2, nox, pm] = this.counts.emitted;
            let add = [this.counts.metres / 1000.0, this.hours, (this.hours - free).max(0.0), nox, pm, co2 / 1000.0];
            sums[area].iter_mut().zip(add).for_each(|(sum, more)| *sum += more);
        }
        sums
    };
    let these = sums(alternatives.now(), period);
    let those = before.map(|period| sums(alternatives.before, period));
    for (k, area) in places.areas.iter().enumerate() {
        let [km, hours, lost, nox, pm, co2] = these[k];
        let mut values = vec![km, hours, lost, 3600.0 * lost / km.max(1e-9), nox, pm, co2];
        if let Some(those) = &those {
            values.extend([those[k][2], lost - those[k][2], nox - those[k][3], hours - those[k][1]]);
        }
        table.names.push(area.name.clone());
        table.rows.push(values);
        table.shapes.push(Shape::Outline(area.outline.clone()));
    }
    table
}

/// Sums of the trips of a class.
#[derive(Clone, Copy, Default)]
pub(super) struct Made {
    pub requested: f64,
    pub arrived: f64,
    pub waiting: f64,
    pub seconds: f64,
    pub lost: f64,
    pub late: f64,
    pub km: f64,
}

/// The class of a kind of vehicles: 0 cars, 1 trucks and buses, 2 cycles.
pub(super) fn class_of(alternative: &Moved, alternatives: &Alternatives, kind: u32) -> usize {
    if !alternatives.is_from_files {
        return class(kind);
    }
    match alternative.network.kinds[kind as usize].modes {
        4 => 2,
        2 | 8 => 1,
        _ => 0,
    }
}

pub(super) fn made(alternative: &Moved, alternatives: &Alternatives) -> [Made; 3] {
    let mut all = [Made::default(); 3];
    for (trip, fate) in alternative.network.trips.iter().zip(&alternative.fates) {
        // Trips of the warm-up only fill the streets.
        if f64::from(trip.depart) < 1000.0 * alternatives.warm_up {
            continue;
        }
        let class = &mut all[class_of(alternative, alternatives, trip.kind)];
        class.requested += 1.0;
        if fate.inserted == 0 {
            class.waiting += 1.0;
            continue;
        }
        class.late += f64::from((fate.inserted - 1).saturating_sub(trip.depart)) / 1000.0;
        if fate.arrived > 0 {
            class.arrived += 1.0;
            class.seconds += f64::from(fate.arrived - fate.inserted) / 1000.0;
            class.lost += f64::from(fate.lost);
            class.km += f64::from(fate.metres) / 1000.0;
        }
    }
    all
}

/// Trips by class.
fn trips(alternatives: &Alternatives) -> Table {
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
    let alternatives_of =
        [("", Some(alternatives.now())), (", before", alternatives.after.map(|_| alternatives.before))];
    for (words, alternative) in
        alternatives_of.into_iter().filter_map(|(words, alternative)| Some((words, alternative?)))
    {
        for (name, class) in ["cars", "trucks and buses", "cycles"].into_iter().zip(made(alternative, alternatives)) {
            if class.requested > 0.0 {
                let mean = |sum: f64| sum / class.arrived.max(1.0);
                table.names.push(format!("{name}{words}"));
                table.rows.push(vec![
                    class.requested,
                    class.arrived,
                    class.waiting,
                    mean(class.seconds) / 60.0,
                    mean(class.lost) / 60.0,
                    class.late / (class.requested - class.waiting).max(1.0) / 60.0,
                    mean(class.km),
                ]);
            }
        }
    }
    table
}
