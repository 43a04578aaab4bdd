//! The layers of runoff.

use hanze_base::quantity::{BELOW, Change, Classes, Colours, Drawn, Given, Quantity, Role, Shown};
use hanze_base::raster::Reduce;

const CM: Shown = Shown { unit: "cm", factor: 100.0, decimals: 0 };
const MM: Shown = Shown { unit: "mm", factor: 1000.0, decimals: 0 };
/// What one-sided cells are called where no value means that it stayed dry.
const WET: [(&str, &str); 2] = [("newly wet", "nieuw nat"), ("dry again", "weer droog")];

const DEPTHS: &[f64] = &[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5];
const DEPTH_CHANGES: &[f64] = &[0.01, 0.05, 0.1, 0.2, 0.5];

/// Depth of the water.
pub const DEPTH: Quantity = Quantity {
    name: "depth",
    unit: "m",
    english: "Water depth",
    dutch: "Waterdiepte",
    role: Role::Frame,
    classes: Classes::Steps(DEPTHS, Colours::Water),
    shown: CM,
    reduce: Reduce::Highest,
    change: Some(Change::of(DEPTH_CHANGES, CM)),
    is_water: true,
    ..Quantity::BASE
};

/// Flow velocity.
pub const VELOCITY: Quantity = Quantity {
    name: "velocity",
    unit: "m/s",
    english: "Flow velocity",
    dutch: "Stroomsnelheid",
    classes: Classes::Steps(&[0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0], Colours::Amount),
    shown: Shown::plain("m/s", 2),
    change: Some(Change::of(&[0.05, 0.1, 0.25, 0.5, 1.0], Shown::plain("m/s", 2))),
    ..DEPTH
};

/// Water level.
pub const LEVEL: Quantity = Quantity {
    name: "level",
    english: "Water level",
    dutch: "Waterstand",
    classes: Classes::Ground,
    shown: Shown::plain("m", 0),
    reduce: Reduce::Mean,
    change: Some(Change { one_side: WET, ..Change::of(DEPTH_CHANGES, CM) }),
    is_height: true,
    ..DEPTH
};

/// Maximum water depth.
pub const MAX_DEPTH: Quantity = Quantity {
    name: "max_depth",
    english: "Maximum water depth",
    dutch: "Grootste waterdiepte",
    role: Role::Result,
    drawn: Drawn::Film(DEPTH.name),
    ..DEPTH
};

/// Maximum flow velocity.
pub const MAX_VELOCITY: Quantity = Quantity {
    name: "max_velocity",
    english: "Maximum flow velocity",
    dutch: "Grootste stroomsnelheid",
    role: Role::Result,
    ..VELOCITY
};

/// Maximum water level.
pub const MAX_LEVEL: Quantity = Quantity {
    name: "max_level",
    english: "Maximum water level",
    dutch: "Hoogste waterstand",
    role: Role::Result,
    ..LEVEL
};

/// Arrival time of the water.
pub const ARRIVAL: Quantity = Quantity {
    name: "arrival",
    unit: "min",
    english: "Arrival time of the water",
    dutch: "Tijd tot het water er was",
    classes: Classes::Steps(&[0.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0], Colours::Amount),
    shown: Shown::plain("min", 0),
    change: Some(Change { one_side: WET, ..Change::of(&[1.0, 5.0, 10.0, 30.0, 60.0], Shown::plain("min", 0)) }),
    is_water: true,
    ..Quantity::BASE
};

/// Time under water.
pub const DURATION: Quantity = Quantity {
    name: "duration",
    english: "Time under water",
    dutch: "Tijd onder water",
    // Where it was never wet it has no value, so that no class begins at 0.
    classes: Classes::Steps(&[1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0], Colours::Amount),
    change: Some(Change {
        zero_where: Some(MAX_DEPTH.name),
        ..Change::of(&[1.0, 5.0, 15.0, 60.0, 240.0], Shown::plain("min", 0))
    }),
    ..ARRIVAL
};

/// Infiltration.
pub const INFILTRATED: Quantity = Quantity {
    name: "infiltrated",
    unit: "m",
    english: "Infiltration",
    dutch: "Water dat in de bodem zakte",
    classes: Classes::Steps(&[0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05], Colours::Amount),
    shown: MM,
    change: Some(Change::of(&[0.0005, 0.001, 0.002, 0.005, 0.01], Shown { decimals: 1, ..MM })),
    is_water: true,
    ..Quantity::BASE
};

/// Inflow to the sewer; below 0 where more came up.
pub const SEWERED: Quantity = Quantity {
    name: "sewered",
    english: "Inflow to the sewer",
    dutch: "Water naar het riool",
    given: Given::Sometimes,
    classes: Classes::Steps(&[BELOW, 0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04], Colours::Amount),
    ..INFILTRATED
};

/// Flood hazard, in the classes of HR Wallingford and Environment Agency (2008, supplementary note to DEFRA's FD2321): from its numbers
/// 0.75, 1.25 and 2 on; below them there is little.
pub const HAZARD: Quantity = Quantity {
    name: "hazard",
    unit: "",
    english: "Flood hazard",
    dutch: "Gevaar door het water",
    classes: Classes::Named(
        &[
            (0.5, "0.5: little", "0,5: weinig"),
            (0.75, "0.75: children and the frail", "0,75: kinderen en kwetsbaren"),
            (1.25, "1.25: most people", "1,25: de meeste mensen"),
            (2.0, "2: all, rescuers too", "2: iedereen, ook hulpverleners"),
        ],
        Colours::Hazard,
    ),
    shown: Shown::plain("", 2),
    reduce: Reduce::Highest,
    change: Some(Change {
        zero_where: Some(MAX_DEPTH.name),
        ..Change::of(&[0.1, 0.25, 0.5, 1.0, 2.0], Shown::plain("m²/s", 2))
    }),
    is_water: true,
    ..Quantity::BASE
};

/// All of them; of those that each run draws the first one is what a run is about, of those in time the first one shows how far it is.
pub const LAYERS: &[&Quantity] = &[
    &DEPTH,
    &VELOCITY,
    &LEVEL,
    &MAX_DEPTH,
    &MAX_VELOCITY,
    &MAX_LEVEL,
    &ARRIVAL,
    &DURATION,
    &INFILTRATED,
    &HAZARD,
    &SEWERED,
];
