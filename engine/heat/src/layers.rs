//! The layers of heat.

use hanze_base::quantity::{BELOW, Change, Classes, Clock, Colours, Drawn, Given, Quantity, Role, Shown};

const PHYSICAL: Given = Given::With("the physical model");
const IN_TIME: Given = Given::With("surfaces and air in time");
const NATIONAL: Given = Given::With("the national method");
const PERCENT: Shown = Shown { unit: "%", factor: 100.0, decimals: 0 };
const KELVIN: Shown = Shown::plain("K", 1);
const CELSIUS: Shown = Shown::plain("°C", 0);

/// Changes of what is felt and of surfaces, K.
const FELT_CHANGES: Change = Change::of(&[0.1, 0.5, 1.0, 2.0, 5.0], KELVIN);
/// Changes of the air, K.
const AIR_CHANGES: Change = Change::of(&[0.1, 0.2, 0.5, 1.0, 2.0], KELVIN);

/// Felt temperature (PET).
pub const PET: Quantity = Quantity {
    name: "pet",
    unit: "°C",
    english: "Felt temperature (PET)",
    dutch: "Gevoelstemperatuur (PET)",
    role: Role::Frame,
    classes: Classes::Steps(&[BELOW, 18.0, 23.0, 29.0, 35.0, 41.0, 45.0, 49.0, 53.0], Colours::Heat),
    shown: CELSIUS,
    change: Some(FELT_CHANGES),
    clock: Clock::Day,
    ..Quantity::BASE
};

/// PET as UMEP has it.
pub const PET_HOEPPE: Quantity = Quantity {
    name: "pet_hoeppe",
    english: "Felt temperature (PET after Höppe)",
    dutch: "Gevoelstemperatuur (PET volgens Höppe)",
    given: Given::With("pet_hoeppe = true"),
    ..PET
};

/// Felt temperature (UTCI).
pub const UTCI: Quantity = Quantity {
    name: "utci",
    english: "Felt temperature (UTCI)",
    dutch: "Gevoelstemperatuur (UTCI)",
    given: PHYSICAL,
    ..PET
};

/// Mean radiant temperature.
pub const TMRT: Quantity = Quantity {
    name: "tmrt",
    english: "Mean radiant temperature",
    dutch: "Gemiddelde stralingstemperatuur",
    given: PHYSICAL,
    classes: Classes::Steps(&[BELOW, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 65.0, 70.0], Colours::Heat),
    ..PET
};

/// Share of the hour in the sun.
pub const SUN: Quantity = Quantity {
    name: "sun",
    unit: "",
    english: "Share of the hour in the sun",
    dutch: "Deel van het uur in de zon",
    classes: Classes::Steps(&[0.0, 0.1, 0.25, 0.5, 0.75, 0.9], Colours::Amount),
    shown: PERCENT,
    change: Some(Change::of(&[0.05, 0.1, 0.25, 0.5], PERCENT)),
    ..PET
};

/// Air temperature.
pub const AIR: Quantity = Quantity {
    name: "air",
    english: "Air temperature",
    dutch: "Luchttemperatuur",
    given: Given::Sometimes,
    classes: Classes::Steps(&[BELOW, 18.0, 20.0, 22.0, 25.0, 28.0, 30.0, 35.0], Colours::Amount),
    change: Some(AIR_CHANGES),
    ..PET
};

/// Difference of the air with the weather station.
pub const HEAT_ISLAND: Quantity = Quantity {
    name: "heat_island",
    unit: "K",
    english: "Heat island",
    dutch: "Hitte-eiland",
    given: Given::Sometimes,
    classes: Classes::Steps(&[BELOW, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Colours::Heat),
    shown: KELVIN,
    change: Some(AIR_CHANGES),
    ..PET
};

/// Temperature of the ground's surface.
pub const SURFACE: Quantity = Quantity {
    name: "surface",
    english: "Surface temperature",
    dutch: "Temperatuur van de grond",
    given: Given::Sometimes,
    classes: Classes::Steps(&[BELOW, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0], Colours::Amount),
    ..PET
};

/// Relative humidity.
pub const HUMIDITY: Quantity = Quantity {
    name: "humidity",
    unit: "%",
    english: "Relative humidity",
    dutch: "Relatieve vochtigheid",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0], Colours::Amount),
    shown: Shown::plain("%", 0),
    change: Some(Change::of(&[1.0, 2.0, 5.0, 10.0, 20.0], Shown::plain("%", 0))),
    ..PET
};

/// Wind where people walk.
pub const WIND_SPEED: Quantity = Quantity {
    name: "wind_speed",
    unit: "m/s",
    english: "Wind at 1.2 m",
    dutch: "Wind op 1,2 m",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], Colours::Amount),
    shown: Shown::plain("m/s", 1),
    change: Some(Change::of(&[0.1, 0.2, 0.5, 1.0, 2.0], Shown::plain("m/s", 1))),
    ..PET
};

/// Highest PET of an hour.
pub const MAX_PET: Quantity = Quantity {
    name: "max_pet",
    english: "Maximum felt temperature (PET)",
    dutch: "Hoogste gevoelstemperatuur (PET)",
    role: Role::Result,
    drawn: Drawn::Film(PET.name),
    clock: Clock::Run,
    ..PET
};

/// Mean PET of all hours.
pub const MEAN_PET: Quantity = Quantity {
    name: "mean_pet",
    english: "Mean felt temperature (PET)",
    dutch: "Gemiddelde gevoelstemperatuur (PET)",
    drawn: Drawn::No,
    ..MAX_PET
};

/// Mean PET of the hours around noon.
pub const NOON_PET: Quantity = Quantity {
    name: "noon_pet",
    english: "Felt temperature around noon (PET)",
    dutch: "Gevoelstemperatuur rond de middag (PET)",
    given: Given::Sometimes,
    drawn: Drawn::Map,
    ..MAX_PET
};

/// Hours of sun.
pub const SUN_HOURS: Quantity = Quantity {
    name: "sun_hours",
    unit: "h",
    english: "Hours of sun",
    dutch: "Uren zon",
    classes: Classes::Steps(&[0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0], Colours::Amount),
    shown: Shown::plain("h", 0),
    change: Some(Change::of(&[0.5, 1.0, 2.0, 4.0, 8.0], Shown::plain("h", 1))),
    ..Quantity::BASE
};

/// Hours with a PET above 35 °C.
pub const HOT_HOURS: Quantity = Quantity {
    name: "hot_hours",
    english: "Hours that feel hotter than 35 °C (PET)",
    dutch: "Uren die heter aanvoelen dan 35 °C (PET)",
    change: Some(Change::of(&[0.5, 1.0, 2.0, 4.0], Shown::plain("h", 1))),
    ..SUN_HOURS
};

/// Hours with a PET above 41 °C.
pub const EXTREME_HOURS: Quantity = Quantity {
    name: "extreme_hours",
    english: "Hours that feel hotter than 41 °C (PET)",
    dutch: "Uren die heter aanvoelen dan 41 °C (PET)",
    ..HOT_HOURS
};

/// Hours of night with a PET above 20 °C.
pub const WARM_NIGHT_HOURS: Quantity = Quantity {
    name: "warm_night_hours",
    english: "Hours of night that feel warmer than 20 °C (PET)",
    dutch: "Uren in de nacht die warmer aanvoelen dan 20 °C (PET)",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0], Colours::Amount),
    ..HOT_HOURS
};

/// 1 where it stays cool around noon.
pub const COOL_PLACES: Quantity = Quantity {
    name: "cool_places",
    english: "Cool places",
    dutch: "Koele plekken",
    given: Given::Sometimes,
    classes: Classes::Named(
        &[(0.0, "no cool place", "geen koele plek"), (0.5, "cool place", "koele plek")],
        Colours::Amount,
    ),
    change: Some(Change {
        names: Some([("no longer cool", "niet meer koel"), ("newly cool", "nieuw koel")]),
        ..Change::of(&[0.5], Shown::plain("", 0))
    }),
    ..Quantity::BASE
};

/// Walk to a cool place.
pub const COOL_DISTANCE: Quantity = Quantity {
    name: "cool_distance",
    unit: "m",
    english: "Walk to a cool place",
    dutch: "Loopafstand tot een koele plek",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 100.0, 200.0, 300.0, 500.0, 1000.0], Colours::Walk),
    shown: Shown::plain("m", 0),
    change: Some(Change::of(&[10.0, 50.0, 100.0, 250.0, 500.0], Shown::plain("m", 0))),
    drawn: Drawn::Map,
    ..Quantity::BASE
};

/// Sum of kelvins above 25 °C over all hours.
pub const DEGREE_HOURS: Quantity = Quantity {
    name: "degree_hours",
    unit: "K h",
    english: "Degree-hours above 25 °C",
    dutch: "Graaduren boven 25 °C",
    given: IN_TIME,
    classes: Classes::Steps(&[0.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0], Colours::Amount),
    shown: Shown::plain("K h", 0),
    change: Some(Change::of(&[1.0, 5.0, 10.0, 20.0, 50.0], Shown::plain("K h", 0))),
    ..Quantity::BASE
};

/// Highest difference of the air with the weather station.
pub const MAX_ISLAND: Quantity = Quantity {
    name: "max_island",
    english: "Maximum heat island",
    dutch: "Grootste hitte-eilandeffect",
    role: Role::Result,
    given: IN_TIME,
    clock: Clock::Run,
    ..HEAT_ISLAND
};

/// Mean difference of the air with the weather station by night.
pub const NIGHT_ISLAND: Quantity = Quantity {
    name: "night_island",
    english: "Night-time heat island",
    dutch: "Hitte-eiland in de nacht",
    drawn: Drawn::Film(HEAT_ISLAND.name),
    given: Given::Sometimes,
    ..MAX_ISLAND
};

/// Nights whose coolest hour had 20 °C or more.
pub const TROPICAL_NIGHTS: Quantity = Quantity {
    name: "tropical_nights",
    english: "Tropical nights",
    dutch: "Tropennachten",
    given: Given::Sometimes,
    classes: Classes::Steps(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], Colours::Amount),
    shown: Shown::plain("nights", 0),
    change: Some(Change::of(&[0.5, 1.0, 2.0, 4.0], Shown::plain("nights", 1))),
    ..Quantity::BASE
};

/// Sky view factor.
pub const SKY_VIEW: Quantity = Quantity {
    name: "sky_view",
    english: "Sky view factor",
    dutch: "Deel van de hemel dat te zien is",
    classes: Classes::Steps(&[0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], Colours::Amount),
    shown: Shown::plain("", 1),
    change: Some(Change::of(&[0.01, 0.05, 0.1, 0.2], PERCENT)),
    ..Quantity::BASE
};

/// Wind over that above open grass.
pub const WIND: Quantity = Quantity {
    name: "wind",
    english: "Wind at 1.2 m relative to open ground",
    dutch: "Wind op 1,2 m ten opzichte van open veld",
    given: PHYSICAL,
    classes: Classes::Steps(&[0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0], Colours::Amount),
    change: Some(Change::of(&[0.05, 0.1, 0.2, 0.5], PERCENT)),
    ..SKY_VIEW
};

/// 1 where there are plants.
pub const GREEN: Quantity = Quantity {
    name: "green",
    english: "Vegetation",
    dutch: "Groen",
    given: NATIONAL,
    classes: Classes::Named(&[(0.0, "no vegetation", "geen groen"), (0.5, "vegetation", "groen")], Colours::Amount),
    change: Some(Change {
        names: Some([("no longer green", "niet meer groen"), ("newly green", "nieuw groen")]),
        ..Change::of(&[0.5], Shown::plain("", 0))
    }),
    ..Quantity::BASE
};

/// Share of the surroundings upwind that the data has.
pub const WINDOW_SHARE: Quantity = Quantity {
    name: "window_share",
    english: "Share of the surroundings in the data",
    dutch: "Deel van de omgeving dat bekend is",
    given: NATIONAL,
    classes: Classes::Steps(&[0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99], Colours::Amount),
    shown: PERCENT,
    change: Some(Change::of(&[0.01, 0.05, 0.1, 0.25], PERCENT)),
    ..Quantity::BASE
};

/// All of them; of those that each run draws the first one is what a run is about, of those in time the first one shows how far it is.
pub const LAYERS: &[&Quantity] = &[
    &PET,
    &SUN,
    &UTCI,
    &AIR,
    &HEAT_ISLAND,
    &SURFACE,
    &HUMIDITY,
    &WIND_SPEED,
    &PET_HOEPPE,
    &TMRT,
    &MAX_PET,
    &MEAN_PET,
    &HOT_HOURS,
    &EXTREME_HOURS,
    &SUN_HOURS,
    &WARM_NIGHT_HOURS,
    &NOON_PET,
    &COOL_PLACES,
    &COOL_DISTANCE,
    &DEGREE_HOURS,
    &MAX_ISLAND,
    &NIGHT_ISLAND,
    &TROPICAL_NIGHTS,
    &SKY_VIEW,
    &WIND,
    &GREEN,
    &WINDOW_SHARE,
];
