//! The layers of traffic, with flows by the hour and with every vehicle in motion.

use hanze_base::quantity::{Change, Classes, Colours, Drawn, Given, Quantity, Role, Shown};
use hanze_base::raster::Reduce;
use hanze_model::{ANTHROPOGENIC_HEAT, Link};

const FLOWS: Given = Given::With("flows by the hour");
const MOTION: Given = Given::With("motion = true");
const PER_HOUR: Shown = Shown::plain("per h", 0);

/// Changes of thin bands, which must not vanish whether they are of more or less.
const fn streets(steps: &'static [f64], shown: Shown) -> Change {
    Change { reduce: Reduce::Largest, ..Change::of(steps, shown) }
}

/// The same, drawn by runs that compute both sides.
const fn drawn(steps: &'static [f64], shown: Shown) -> Option<Change> {
    Some(Change { is_drawn: true, ..streets(steps, shown) })
}

const FLOW_CHANGES: &[f64] = &[10.0, 75.0, 200.0, 400.0];

/// Mean speed of cars.
pub const SPEED: Quantity = Quantity {
    name: "speed",
    unit: "km/h",
    english: "Mean speed of cars",
    dutch: "Gemiddelde snelheid van auto's",
    role: Role::Both,
    classes: Classes::Steps(&[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 90.0], Colours::Speed),
    shown: Shown::plain("km/h", 0),
    reduce: Reduce::Highest,
    change: Some(streets(&[2.0, 5.0, 10.0, 20.0], Shown::plain("km/h", 0))),
    drawn: Drawn::Map,
    ..Quantity::BASE
};

/// Motor vehicles on the lanes of roads.
pub const FLOW: Quantity = Quantity {
    name: "flow",
    unit: "per h",
    english: "Motor vehicles per hour",
    dutch: "Motorvoertuigen per uur",
    given: FLOWS,
    classes: Classes::Steps(&[1.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1200.0, 1800.0], Colours::Amount),
    shown: PER_HOUR,
    change: Some(Change::of(FLOW_CHANGES, PER_HOUR)),
    drawn: Drawn::No,
    ..SPEED
};

/// Heat released by engines.
pub const RELEASED_HEAT: Quantity = Quantity {
    name: "released_heat",
    unit: "W/m2",
    english: "Heat released by engines",
    dutch: "Warmte van motoren",
    given: Given::Always,
    classes: Classes::Steps(&[0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0], Colours::Amount),
    shown: Shown::plain("W/m²", 0),
    change: Some(Change::of(&[0.5, 2.0, 5.0, 10.0, 20.0], Shown::plain("W/m²", 1))),
    ..FLOW
};

/// The same for models that take it.
pub const GIVEN_HEAT: Link =
    Link { name: ANTHROPOGENIC_HEAT, files: &[("layer", "released_heat.tif"), ("hours", "released_by_hour.csv")] };

/// Motor vehicles as bands beside roads.
pub const FLOW_BANDS: Quantity = Quantity {
    name: "flow_bands",
    reduce: Reduce::Largest,
    change: drawn(FLOW_CHANGES, PER_HOUR),
    drawn: Drawn::Film("flow_bands"),
    is_bands: true,
    ..FLOW
};

/// Cycles as bands beside roads.
pub const CYCLE_BANDS: Quantity = Quantity {
    name: "cycle_bands",
    english: "Cycles per hour",
    dutch: "Fietsen per uur",
    given: Given::Sometimes,
    classes: Classes::Steps(&[1.0, 20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 800.0], Colours::Amount),
    change: Some(streets(FLOW_CHANGES, PER_HOUR)),
    drawn: Drawn::Map,
    ..FLOW_BANDS
};

/// Who uses a road, as bands beside all roads.
pub const USERS: Quantity = Quantity {
    name: "users_{}_bands",
    english: "Vehicles per hour that use {}",
    dutch: "Voertuigen per uur over {}",
    role: Role::Result,
    classes: Classes::Steps(&[1.0, 10.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0], Colours::Amount),
    ..CYCLE_BANDS
};

/// Travel time from a place.
pub const REACH: Quantity = Quantity {
    name: "reach_{}",
    unit: "min",
    english: "Travel time from {}",
    dutch: "Reistijd vanaf {}",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0], Colours::Reach),
    shown: Shown::plain("min", 0),
    change: Some(Change {
        is_drawn: true,
        one_side: [("newly reached", "nieuw bereikbaar"), ("no longer reached", "niet meer bereikbaar")],
        ..Change::of(&[0.5, 1.0, 2.0, 5.0, 10.0], Shown::plain("min", 1))
    }),
    drawn: Drawn::Map,
    ..Quantity::BASE
};

/// Vehicles on a kilometre of street.
pub const DENSITY: Quantity = Quantity {
    name: "density",
    unit: "per km",
    english: "Vehicles per kilometre",
    dutch: "Voertuigen per kilometer",
    given: MOTION,
    classes: Classes::Steps(&[1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 120.0], Colours::Amount),
    shown: Shown::plain("per km", 0),
    change: Some(streets(&[2.0, 5.0, 15.0, 40.0], Shown::plain("per km", 0))),
    drawn: Drawn::No,
    ..SPEED
};

/// Delay of a vehicle on a street and at its junction.
pub const DELAY: Quantity = Quantity {
    name: "delay",
    unit: "s",
    english: "Delay per vehicle",
    dutch: "Tijdverlies per voertuig",
    classes: Classes::Steps(&[5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0], Colours::Amount),
    shown: Shown::plain("s", 0),
    change: drawn(&[3.0, 10.0, 30.0, 90.0], Shown::plain("s", 0)),
    drawn: Drawn::Map,
    ..DENSITY
};

/// Length of the queue before a junction.
pub const QUEUE: Quantity = Quantity {
    name: "queue",
    unit: "m",
    english: "Queue length",
    dutch: "Lengte van de wachtrijen",
    classes: Classes::Steps(&[10.0, 20.0, 40.0, 60.0, 90.0, 130.0, 200.0, 300.0], Colours::Amount),
    shown: Shown::plain("m", 0),
    change: Some(streets(&[5.0, 20.0, 60.0, 150.0], Shown::plain("m", 0))),
    drawn: Drawn::Film("queue"),
    ..DENSITY
};

/// Nitrogen oxides that the traffic of a street emits.
pub const NOX: Quantity = Quantity {
    name: "nox",
    unit: "g/km/h",
    english: "Nitrogen oxides from exhausts",
    dutch: "Stikstofoxiden uit uitlaten",
    classes: Classes::Steps(&[0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 400.0], Colours::Amount),
    shown: Shown::plain("g/km/h", 0),
    change: Some(streets(&[2.0, 10.0, 30.0, 100.0], Shown::plain("g/km/h", 0))),
    ..DENSITY
};

/// Nitrogen dioxide that the traffic of a street adds at its kerb.
pub const NO2_KERB: Quantity = Quantity {
    name: "no2_kerb",
    unit: "ug/m3",
    english: "Nitrogen dioxide of the traffic at the kerb",
    dutch: "Stikstofdioxide van het verkeer aan de stoeprand",
    classes: Classes::Steps(&[0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0], Colours::Amount),
    shown: Shown::plain("µg/m³", 1),
    change: drawn(&[0.1, 0.3, 1.0, 3.0], Shown::plain("µg/m³", 1)),
    drawn: Drawn::Map,
    ..DENSITY
};

/// Sound power of a metre of road.
pub const NOISE_POWER: Quantity = Quantity {
    name: "noise_power",
    unit: "dB",
    english: "Sound power per metre of road",
    dutch: "Geluidsvermogen per meter weg",
    classes: Classes::Steps(&[0.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0], Colours::Amount),
    shown: Shown::plain("dB(A)", 0),
    change: drawn(&[0.5, 1.5, 3.0, 6.0], Shown::plain("dB(A)", 1)),
    drawn: Drawn::Map,
    ..DENSITY
};

/// All of them; of those that each run draws the first one is what a run is about, of those in time the first one of all runs shows how far
/// it is.
pub const LAYERS: &[&Quantity] = &[
    &FLOW_BANDS,
    &DELAY,
    &SPEED,
    &FLOW,
    &RELEASED_HEAT,
    &CYCLE_BANDS,
    &USERS,
    &REACH,
    &DENSITY,
    &QUEUE,
    &NOX,
    &NO2_KERB,
    &NOISE_POWER,
];
