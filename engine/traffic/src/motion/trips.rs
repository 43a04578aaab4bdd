//! Vehicles that travel on the routes of an assignment, each setting out at a moment of its own.

use super::super::alternative::Alternative;
use super::super::zones::Zone;
use super::chance::{chance, share, speed_factor};
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

/// A number for each zone by its name, so that a zone is the same on edited roads.
pub(crate) fn numbers(zones: &[Zone]) -> Vec<u32> {
    let of = |zone: &Zone| {
        zone.name.bytes().fold(0x811C_9DC5u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    zones.iter().map(of).collect()
}

/// Travellers of a slice of time, on links: from `from` to `to` s, on the routes of now; `other` is the other alternative of an edit. The
/// numbers of chance are those of `seed` and of who travels: class, zones (by `numbers`), and which of all between these. So those who travel
/// in two cities are the same people, who set out at the same moments, as far as as many travel.
pub(crate) fn travellers(
    alternative: &Alternative,
    other: Option<&Alternative>,
    numbers: &[u32],
    (from, to): (f64, f64),
    truck_pcu: f64,
    seed: u32,
) -> Vec<Traveller> {
    let mut all = Vec::new();
    let Some([motor, cycle]) = &alternative.routes else { return all };
    let hours = (to - from) / 3600.0;
    let cut = other.map(Alternative::cut_pairs).unwrap_or_default();
    let number = |zone: u32| numbers.get(zone as usize).copied().unwrap_or(zone);
    for (routes, graph, first) in [(motor, &alternative.motor, 0), (cycle, &alternative.cycle, 2)] {
        let paths: Vec<_> = routes.paths().collect();
        // Those between two zones stand beside each other.
        for paths in paths.chunk_by(|(one, _), (next, _)| one == next) {
            let Some(((class, begin, end), _)) = paths.first() else { continue };
            let class = first + class;
            let is_alone = cut.contains(&(class, *begin, *end));
            let pair = chance(chance(number(*begin), number(*end)), class as u32);
            let sum: f64 = paths.iter().map(|(_, path)| path.flow).sum();
            // Rounded, as routes share the trips of a pair otherwise in each city.
            let flow = (1e5 * if class == 1 { sum / truck_pcu } else { sum } * hours).round() / 1e5;
            // So many, and one more by chance for the rest.
            let count = flow.floor() + f64::from(u8::from(share(pair, seed) < flow.fract()));
            for k in 0..count as u32 {
                let who = chance(pair, k);
                let mut left = sum * share(who, seed ^ 0x33);
                let chosen = paths.iter().find(|(_, path)| {
                    left -= path.flow;
                    left < 0.0
                });
                let Some((_, path)) = chosen.or(paths.last()) else { continue };
                // Paths are kept from their end to their beginning.
                let streets: Vec<u32> = path.links.iter().rev().filter_map(|link| graph.road(*link)).collect();
                if streets.is_empty() {
                    continue;
                }
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
                    streets,
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

#[cfg(test)]
mod tests {
    use super::super::super::demand::Demand;
    use super::super::super::zones::{connectors, gates, of_objects};
    use super::*;
    use hanze_city::demo::demo;
    use hanze_city::roads::{self, CAR};
    use std::collections::HashSet;

    /// What a traveller is, wherever the way leads.
    fn person(traveller: &Traveller) -> (u64, u32, u64) {
        (traveller.depart.to_bits(), traveller.kind, traveller.factor.to_bits())
    }

    #[test]
    fn those_who_travel_are_the_same_people_on_other_roads() {
        let rules = Rules::dutch().expect("shipped");
        let town = demo(7, 900.0, 900.0, 20.0).expect("a town");
        let before = roads::demo(&town.objects.network, &rules);
        let (low, high) = before.bounds().expect("roads");
        let mut zones = of_objects(&town.objects, 300.0);
        zones.extend(gates(&before, low, high, 1500.0));
        let joined = [CAR, CYCLE].map(|mode| connectors(&zones, &before, mode, &rules).expect("joined"));
        let n = zones.len();
        assert!(n > 4, "{n} zones");
        // The widest road is slow.
        let mut after = before.clone();
        let wide = after.links.iter().map(|link| link.priority).max();
        after.links.iter_mut().filter(|link| Some(link.priority) == wide).for_each(|link| link.speed *= 0.3);
        let people = |roads: roads::Roads, zones: &[Zone], demand: &[Demand; 3]| {
            let mut alternative = Alternative::new(roads, n, &joined, &rules, false).expect("a network");
            alternative.begin(demand, None);
            while !alternative.step(1e-3) {}
            travellers(&alternative, None, &numbers(zones), (0.0, 3600.0), 2.0, 5)
        };
        let demand = [1.7, 0.3, 0.9].map(|trips| {
            let pairs = (0..n).flat_map(|from| (0..n).map(move |to| (from, to)));
            let rows = pairs.map(|(from, to)| (from as u32, to as u32, trips * (1 + (from + to) % 3) as f64));
            Demand::of(n, rows.collect())
        });
        let [one, two] = [before.clone(), after].map(|roads| people(roads, &zones, &demand));
        // Where zones meet at a node some need no road at all, in one city and not in the other.
        let [here, there] = [&one, &two].map(|all| all.iter().map(person).collect::<HashSet<_>>());
        let both = here.intersection(&there).count();
        assert!(
            both > 10_000 && here.len().max(there.len()) <= both + both / 1000,
            "{both} of {} and {}",
            here.len(),
            there.len()
        );
        let ways = |all: &[Traveller]| all.iter().map(|own| (person(own), own.streets.clone())).collect::<HashSet<_>>();
        assert!(ways(&one).intersection(&ways(&two)).count() < both, "nobody goes another way");
        // Another seed, or zones of other names, are other people.
        let mut others = zones.clone();
        others.iter_mut().for_each(|zone| zone.name.push('x'));
        let others: HashSet<_> = people(before, &others, &demand).iter().map(person).collect();
        assert!(others.intersection(&here).count() < both / 100);
    }
}
