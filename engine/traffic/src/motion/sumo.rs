//! Demand from files of SUMO: vehicles with their routes, and their kinds.

use super::chance::{share, speed_factor};
use super::network::{Traveller, kind};
use super::params::Kind;
use super::reroute::FastestPaths;
use hanze_base::words::Text;
use hanze_city::roads::CYCLE;
use hanze_city::roads::lanes::{Extras, Lanes, Type};
use std::collections::HashMap;

/// Travellers, their kinds and names, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct SumoDemand {
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// Travellers, by departure.
    pub travellers: Vec<Traveller>,
    /// Their names.
    pub names: Vec<String>,
    /// Vehicles that cannot travel, and why; the Dutch words follow "omdat".
    pub refused: Vec<Text>,
}

/// The group of emission factors of a class.
fn group(class: &str) -> usize {
    match class {
        "bicycle" => 5,
        "bus" | "coach" => 4,
        "truck" | "trailer" => 3,
        "delivery" => 2,
        _ => 0,
    }
}

/// The vehicles of files on the lanes of a town.
pub fn demand(town: &Lanes, extras: &[Extras], seed: u32) -> SumoDemand {
    let mut all = SumoDemand::default();
    let street: HashMap<&str, u32> = town.streets.iter().zip(0..).map(|(street, k)| (&street.id[..], k)).collect();
    let plain = |id: &str, class: &str| hanze_city::roads::lanes::plain(id, class);
    let mut types: Vec<Type> = extras.iter().flat_map(|extra| extra.types.iter().cloned()).collect();
    types.push(plain("", "passenger"));
    for vehicle_type in &types {
        let of = kind(
            vehicle_type.length,
            vehicle_type.gap,
            vehicle_type.headway,
            vehicle_type.accel,
            vehicle_type.decel,
            vehicle_type.speed,
            vehicle_type.modes,
            group(&vehicle_type.class),
        );
        all.kinds.push(of);
    }
    let stops: HashMap<&str, &hanze_city::roads::lanes::BusStop> =
        extras.iter().flat_map(|extra| &extra.stops).map(|stop| (&stop.id[..], stop)).collect();
    let mut vehicles: Vec<_> = extras.iter().flat_map(|extra| &extra.vehicles).collect();
    vehicles.sort_by(|a, b| a.depart.total_cmp(&b.depart));
    let mut paths = FastestPaths::new(town);
    for (who, vehicle) in vehicles.into_iter().enumerate() {
        let who = who as u32;
        let fits: Vec<usize> = (0..types.len())
            .filter(|k| {
                types[*k].id == vehicle.kind || types[*k].group.as_deref().is_some_and(|group| group == vehicle.kind)
            })
            .collect();
        let sum: f64 = fits.iter().map(|k| types[*k].share).sum();
        let mut left = share(who, seed) * sum;
        let chosen = fits.iter().find(|k| {
            left -= types[**k].share;
            left < 0.0
        });
        let Some(&of) = chosen.or(fits.last()) else {
            all.refused.push(Text::new(
                format!("{} is of the kind {}, which nobody tells of", vehicle.id, vehicle.kind),
                format!("{} van de soort {} is, die in geen bestand staat", vehicle.id, vehicle.kind),
            ));
            continue;
        };
        let streets: Option<Vec<u32>> = vehicle.edges.iter().map(|edge| street.get(&edge[..]).copied()).collect();
        let modes = u32::from(types[of].modes);
        let streets = match streets {
            Some(ends) if vehicle.is_open => paths.between(town, &ends, modes),
            streets => streets,
        };
        let Some(streets) = streets.filter(|streets| !streets.is_empty()) else {
            all.refused.push(Text::new(
                format!("{} has a route over edges that are not there, or none", vehicle.id),
                format!("{} geen route heeft, of een over wegvakken die er niet zijn", vehicle.id),
            ));
            continue;
        };
        let at = |name: &str| {
            let stop = stops.get(name)?;
            let street = *street.get(&stop.lane.0[..])?;
            let lane = town.of_street(street as usize).nth(stop.lane.1)?;
            Some((lane as u32, stop.at.min(town.lanes[lane].length - 0.5)))
        };
        let halts = vehicle.stops.iter().filter_map(|(name, stay)| at(name).map(|(lane, at)| (lane, at, *stay)));
        let factor = if types[of].modes == CYCLE { 1.0 } else { speed_factor(who, seed) };
        all.travellers.push(Traveller {
            depart: vehicle.depart,
            kind: of as u32,
            streets,
            stops: halts.collect(),
            speed: vehicle.speed,
            factor,
            is_alone: false,
        });
        all.names.push(vehicle.id.clone());
    }
    all
}
