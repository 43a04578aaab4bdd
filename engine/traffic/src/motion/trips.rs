//! Vehicles that travel on the routes of an assignment, each setting out at a moment of its own.

use super::super::alternative::Alternative;
use super::chance::{share, speed_factor};
use super::network::{Traveller, car, kind};
use super::params::Kind;
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{CYCLE, TRUCK};

/// Share of cars with a petrol engine in the Dutch fleet; hybrids count (CBS and RDW, 2024).
const PETROL: f64 = 0.84;
/// Share of cars with a diesel engine (same source).
const DIESEL: f64 = 0.10;

/// How vehicles of an assignment drive, by kind: cars with petrol, diesel and electric engines, trucks, cycles.
pub fn kinds(rules: &Rules) -> Vec<Kind> {
    let car = car();
    let with = |group: usize| Kind { emission: (group * super::params::SUBSTANCES) as u32, ..car };
    let (truck, cycle) = (rules.vehicles.truck_speed_kmh / 3.6, rules.vehicles.cycle_speed_kmh / 3.6);
    vec![
        with(0),
        with(1),
        with(5),
        kind(12.0, 2.5, 1.6, 0.9, 1.5, truck, TRUCK, 3),
        kind(1.8, 0.6, 0.8, 0.8, 1.5, cycle, CYCLE, 5),
    ]
}

/// The class of a kind: 0 cars, 1 trucks, 2 cycles.
pub fn class(kind: u32) -> usize {
    [0, 0, 0, 1, 2][(kind as usize).min(4)]
}

/// How many travellers a slice of time will have.
pub(crate) fn expected(alternative: &Alternative, (from, to): (f64, f64)) -> f64 {
    let paths = alternative.routes.iter().flatten().flat_map(|routes| routes.paths());
    paths.map(|(_, path)| path.flow).sum::<f64>() * (to - from) / 3600.0
}

/// Travellers of a slice of time, on links: from `from` to `to` s, on the routes of now; `other` is the other alternative of an edit. The
/// numbers of chance are those of `seed`.
pub(crate) fn travellers(
    alternative: &Alternative,
    other: Option<&Alternative>,
    (from, to): (f64, f64),
    truck_pcu: f64,
    seed: u32,
) -> Vec<Traveller> {
    let mut all = Vec::new();
    let mut number = 0u32;
    let Some([motor, cycle]) = &alternative.routes else { return all };
    let hours = (to - from) / 3600.0;
    let cut = other.map(Alternative::cut_pairs).unwrap_or_default();
    for (routes, graph, first) in [(motor, &alternative.motor, 0), (cycle, &alternative.cycle, 2)] {
        for ((class, begin, end), path) in routes.paths() {
            let class = first + class;
            let is_alone = cut.contains(&(class, begin, end));
            number += 1;
            let flow = if class == 1 { path.flow / truck_pcu } else { path.flow } * hours;
            // So many, and one more by chance for the rest.
            let count = flow.floor() + f64::from(u8::from(share(number, seed) < flow.fract()));
            // Paths are kept from their end to their beginning.
            let streets: Vec<u32> = path.links.iter().rev().filter_map(|link| graph.road(*link)).collect();
            if streets.is_empty() {
                continue;
            }
            for k in 0..count as u32 {
                let who = number.wrapping_mul(0x0100_0193) ^ k;
                let kind = match class {
                    1 => 3,
                    2 => 4,
                    _ => match share(who, seed ^ 0x55) {
                        x if x < PETROL => 0,
                        x if x < PETROL + DIESEL => 1,
                        _ => 2,
                    },
                };
                all.push(Traveller {
                    depart: from + (to - from) * share(who, seed ^ 0xAA),
                    kind,
                    streets: streets.clone(),
                    stops: Vec::new(),
                    speed: None,
                    factor: if class == 2 { 0.85 + 0.3 * share(who, seed ^ 0x77) } else { speed_factor(who, seed) },
                    is_alone,
                });
            }
        }
    }
    all
}
