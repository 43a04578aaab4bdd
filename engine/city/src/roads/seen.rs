//! What a map of OpenStreetMap holds that is read otherwise than it stands there, in words.

use super::access;
use super::osm::{Osm, Way, counted};
use super::rules::Rules;
use super::street::{Street, share};
use super::{CAR, shown};
use hanze_base::remark::{Remark, Remarks};
use std::collections::BTreeSet;

/// Ways that are no roads for cars or cycles, and those that are not there yet or not any more.
const NO_ROADS: [&str; 21] = [
    "footway",
    "pedestrian",
    "steps",
    "path",
    "bridleway",
    "track",
    "corridor",
    "elevator",
    "platform",
    "via_ferrata",
    "bus_stop",
    "rest_area",
    "services",
    "escape",
    "raceway",
    "emergency_bay",
    "construction",
    "proposed",
    "planned",
    "razed",
    "abandoned",
];
/// Kinds of unknown roads that are named at most.
const NAMED: usize = 3;

/// What of the ways is worth a remark.
#[derive(Default)]
pub(super) struct Seen {
    ways: usize,
    /// Ways with lanes that are for buses or cycles only, and those that change their direction by the hour.
    with_others: usize,
    turning: usize,
    /// Ways with rules for some hours or vehicles only.
    conditional: usize,
    /// Roads that are for buses only, and those of kinds that the rules do not know.
    for_buses: usize,
    unknown: usize,
    /// Yards, driveways, car parks and squares.
    yards: usize,
    kinds: BTreeSet<String>,
}

impl Seen {
    /// A way that is a road.
    pub fn way(&mut self, way: &Way, street: &Street) {
        self.ways += 1;
        let is_motor = street.access.iter().any(|access| access.refused & CAR == 0);
        let for_buses = !is_motor && ["bus", "psv"].iter().any(|key| way.tag(key).is_some_and(|own| own != "no"));
        self.for_buses += usize::from(for_buses);
        self.with_others += usize::from(counted(way, street.leads).has_others);
        self.conditional += usize::from(way.tags.iter().any(|(key, _)| access::is_conditional(key)));
        self.turning += usize::from(matches!(way.tag("oneway"), Some("reversible" | "alternating")));
    }

    /// A way that is none.
    pub fn left_out(&mut self, way: &Way, rules: &Rules) {
        let Some(kind) = way.tag("highway") else { return };
        if matches!(kind, "busway" | "bus_guideway") {
            (self.ways, self.for_buses) = (self.ways + 1, self.for_buses + 1);
        } else if !NO_ROADS.contains(&kind) {
            self.ways += 1;
            if rules.kind(kind).is_some() {
                self.yards += 1;
            } else {
                self.unknown += 1;
                self.kinds.insert(shown(kind));
            }
        }
    }

    /// The remarks.
    pub fn words(&self, osm: &Osm) -> Remarks {
        let mut all = Remarks::default();
        let kinds = self.kinds.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        for (count, en, nl) in [
            (
                self.unknown,
                format!("roads of kinds that the rules do not know ({kinds}) are left out"),
                format!("wegen van een soort die de regels niet kennen ({kinds}) zijn weggelaten"),
            ),
            (
                self.yards,
                "yards, driveways, car parks and squares are left out".into(),
                "erven, opritten, parkeerterreinen en pleinen zijn weggelaten".into(),
            ),
            (
                self.for_buses,
                "roads are for buses only and closed to cars".into(),
                "wegen zijn alleen voor bussen en dicht voor auto's".into(),
            ),
            (
                self.with_others,
                "roads have lanes for buses or cycles only: these lanes are not counted for cars".into(),
                "wegen hebben rijstroken voor alleen bussen of fietsen: die tellen niet mee voor auto's".into(),
            ),
            (
                self.turning,
                "roads change their direction by the hour and are open both ways".into(),
                "wegen wisselen van rijrichting en zijn in beide richtingen open".into(),
            ),
            (
                self.conditional,
                "roads have rules for some hours or vehicles only (*:conditional): these rules are not read".into(),
                "wegen hebben regels voor bepaalde tijden of voertuigen (*:conditional): die regels worden niet gelezen".into(),
            ),
        ] {
            if count > 0 {
                all.push(Remark::new(share(count, self.ways), format!("{count} {en}"), format!("{count} {nl}")));
            }
        }
        if osm.deleted > 0 {
            all.push(Remark::new(
                share(osm.deleted, osm.deleted + osm.ways.len()),
                format!("{} elements are marked as deleted in the file and left out", osm.deleted),
                format!("{} onderdelen zijn in het bestand als verwijderd gemerkt en weggelaten", osm.deleted),
            ));
        }
        all
    }
}
