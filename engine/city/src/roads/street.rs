//! A stretch of road as a map has it, for both directions, and what the table of rules adds to it.

use super::access::Access;
use super::rules::{Kind, Rules};
use super::{CAR, CYCLE, Control, Link, TRUCK, length};
use glam::DVec2;
use hanze_base::remark::{Remark, Remarks};

/// Which way a stretch leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Leads {
    /// The kind of road decides.
    #[default]
    Unknown,
    Both,
    There,
    Back,
}

impl Leads {
    /// The direction, taken from the kind of road where tags leave it open.
    pub fn known(self, is_one_way: bool) -> Leads {
        match self {
            Leads::Unknown if is_one_way => Leads::There,
            Leads::Unknown => Leads::Both,
            known => known,
        }
    }
}

/// A stretch of road between two nodes; pairs are for the way there and the way back along its line.
#[derive(Clone, Debug, Default)]
pub(super) struct Street {
    pub id: String,
    pub name: String,
    /// What the map calls its kind.
    pub kind: String,
    pub ends: [u32; 2],
    pub line: Vec<DVec2>,
    pub leads: Leads,
    /// Which way cycles may go, where it is not the way of all.
    pub cycles_lead: Leads,
    /// Lanes of both directions together, and of each.
    pub lanes: Option<f64>,
    pub lanes_each: [Option<f64>; 2],
    /// Speed of both directions, and of each where they differ.
    pub speed_kmh: Option<f64>,
    pub speed_each: [Option<f64>; 2],
    /// Vehicles per hour and direction.
    pub capacity: Option<f64>,
    /// What the map grants and refuses beyond the kind's modes, in each direction.
    pub access: [Access; 2],
    pub controls: [Control; 2],
    pub roundabout: bool,
    /// Whether it lies outside of towns.
    pub rural: bool,
}

/// What was filled in by the rules.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub streets: usize,
    pub links: usize,
    pub lanes: usize,
    pub speeds: usize,
    pub capacities: usize,
    pub unknown: usize,
}

/// A part of all.
pub(super) fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

impl Filled {
    /// A remark for each kind of value that was filled in, with the share of links that it concerns.
    pub fn words(&self, source: &str) -> Remarks {
        let mut words = Remarks::default();
        let Filled { streets, links, lanes, speeds, capacities, unknown } = self;
        if lanes + speeds + capacities > 0 {
            words.push(Remark::new(
                share(*lanes.max(speeds), *links),
                format!(
                    "of {links} links {lanes} had no lanes, {speeds} no speed and {capacities} no capacity: taken by kind of road from {source}"
                ),
                format!(
                    "van de {links} wegvakken hadden er {lanes} geen aantal rijstroken, {speeds} geen snelheid en {capacities} geen capaciteit: die komen per soort weg uit {source}"
                ),
            ));
        }
        if *unknown > 0 {
            words.push(Remark::new(
                share(*unknown, *streets),
                format!("{unknown} of {streets} stretches are of a kind that the rules do not know: they are left out"),
                format!("{unknown} van de {streets} stukken weg zijn van een soort die de regels niet kennen: die zijn weggelaten"),
            ));
        }
        words
    }
}

/// The links of a stretch: one for each direction that anybody may take.
pub(super) fn links(street: &Street, rules: &Rules, filled: &mut Filled) -> Vec<Link> {
    filled.streets += 1;
    let Some(kind) = rules.kind(&street.kind) else {
        filled.unknown += 1;
        return Vec::new();
    };
    let leads = street.leads.known(street.roundabout || kind.oneway);
    let cycles_lead = if street.cycles_lead == Leads::Unknown { leads } else { street.cycles_lead };
    let mut links = Vec::new();
    for back in [false, true] {
        let against = if back { Leads::There } else { Leads::Back };
        let Access { granted, refused } = street.access[usize::from(back)];
        let mut allowed = (kind.mode_bits() | granted) & !refused;
        if leads == against {
            allowed &= !MOTOR;
        }
        if cycles_lead == against {
            allowed &= !CYCLE;
        }
        if allowed == 0 || street.line.len() < 2 {
            continue;
        }
        filled.links += 1;
        let both = leads == Leads::Both;
        let lanes = street.lanes_each[usize::from(back)].or(street.lanes.map(|all| if both { 0.5 * all } else { all }));
        filled.lanes += usize::from(lanes.is_none());
        let lanes = lanes.unwrap_or(kind.lanes).clamp(0.5, 12.0);
        let told = street.speed_each[usize::from(back)].or(street.speed_kmh);
        filled.speeds += usize::from(told.is_none());
        let speed = told.unwrap_or_else(|| speed_of(kind, street.rural)).clamp(1.0, 200.0);
        filled.capacities += usize::from(street.capacity.is_none());
        let capacity = street.capacity.unwrap_or(kind.capacity * lanes);
        let mut line = street.line.clone();
        let mut ends = street.ends;
        if back {
            line.reverse();
            ends.reverse();
        }
        links.push(Link {
            id: if back { format!("-{}", street.id) } else { street.id.clone() },
            name: street.name.clone(),
            kind: kind.name().to_string(),
            from: ends[0],
            to: ends[1],
            length: length(&line),
            line,
            lanes,
            speed: speed / 3.6,
            capacity,
            factor: kind.factor,
            power: kind.power,
            modes: allowed,
            priority: kind.priority,
            control: street.controls[usize::from(back)],
            roundabout: street.roundabout,
        });
    }
    links
}

/// Modes that may use a stretch in any direction.
pub(super) fn modes(street: &Street, rules: &Rules) -> u8 {
    let own = rules.kind(&street.kind).map_or(0, Kind::mode_bits);
    street.access.iter().fold(0, |all, access| all | ((own | access.granted) & !access.refused))
}

fn speed_of(kind: &Kind, rural: bool) -> f64 {
    if rural { kind.speed_kmh } else { kind.speed_in_town_kmh.unwrap_or(kind.speed_kmh) }
}

/// Motor vehicles.
pub(super) const MOTOR: u8 = CAR | TRUCK;

/// A speed as maps write it: 50, 30 mph, walk, none, nl:urban.
pub(super) fn speed(text: &str) -> Option<f64> {
    // Of several, as where it differs by lane or hour, the first.
    let text = text.split([';', '|', ',']).next()?.trim().to_ascii_lowercase();
    if let Some(miles) = text.strip_suffix("mph") {
        return miles
            .trim()
            .parse::<f64>()
            .ok()
            .map(|miles| 1.609_344 * miles)
            .filter(|kmh| (1.0..=200.0).contains(kmh));
    }
    let known = match text.rsplit(':').next()? {
        "walk" | "living_street" => Some(7.0),
        "none" => Some(130.0),
        "urban" => Some(50.0),
        "rural" if text.starts_with("nl") => Some(80.0),
        "rural" => Some(100.0),
        _ => None,
    };
    // A zone is one of its number: nl:30, de:zone30.
    let number = text.rsplit(':').next()?.trim_start_matches("zone");
    let number = number.trim_end_matches("km/h").trim_end_matches("kmh").trim().parse::<f64>().ok();
    known.or(number).filter(|kmh| (1.0..=200.0).contains(kmh))
}

/// Whether a road leads one way, as maps write it.
pub(super) fn leads(text: &str) -> Leads {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "1.0" | "ft" | "h" | "heen" => Leads::There,
        "-1" | "-1.0" | "reverse" | "tf" | "terug" => Leads::Back,
        // By turns, or by the hour: open both ways.
        "no" | "false" | "0" | "0.0" | "b" | "both" | "beide" | "alternating" | "reversible" => Leads::Both,
        _ => Leads::Unknown,
    }
}

/// A number of lanes as maps write it; of several the smallest that it has anywhere.
pub(super) fn lanes(text: &str) -> Option<f64> {
    let all = text.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter_map(|word| word.parse::<f64>().ok());
    all.filter(|lanes| (0.5..=20.0).contains(lanes)).min_by(f64::total_cmp)
}
