//! The layers of a city that leave it in files.

use super::City;
use hanze_base::quantity::{Change, Classes, Colours, Quantity, Role, Shown};
use hanze_base::raster::{Raster, Reduce};

const METRES: Shown = Shown::plain("m", 0);

/// Height of the ground.
pub const TERRAIN: Quantity = Quantity {
    name: "terrain",
    unit: "m",
    english: "Ground level",
    dutch: "Hoogte van het maaiveld",
    role: Role::City,
    classes: Classes::Ground,
    shown: METRES,
    change: Some(Change::of(&[0.05, 0.1, 0.25, 0.5, 1.0], Shown::plain("m", 2))),
    is_height: true,
    ..Quantity::BASE
};

/// Height of the highest thing on each cell. Its file is called `surface`, as the key of scenarios is.
pub const SURFACE: Quantity =
    Quantity { name: "surface_height", english: "Height of the surface", dutch: "Hoogte van het oppervlak", ..TERRAIN };

/// Height of buildings above the ground.
pub const BUILDINGS: Quantity = Quantity {
    name: "buildings",
    english: "Building height",
    dutch: "Hoogte van de gebouwen",
    classes: Classes::Steps(&[1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 20.0, 30.0], Colours::Amount),
    change: Some(Change::of(&[0.5, 1.0, 2.0, 5.0, 10.0], Shown::plain("m", 1))),
    is_height: false,
    ..TERRAIN
};

/// What covers the ground, as [`Cover`](hanze_base::cover::Cover) numbers it.
pub const COVER: Quantity = Quantity {
    name: "cover",
    english: "Land cover",
    dutch: "Bodembedekking",
    role: Role::City,
    classes: Classes::Covers,
    reduce: Reduce::Most,
    ..Quantity::BASE
};

/// Height of the trees' crowns above the ground.
pub const CANOPY: Quantity =
    Quantity { name: "canopy", english: "Tree height", dutch: "Hoogte van de bomen", ..BUILDINGS };

/// Depth of the water that stands there at the start.
pub const WATER: Quantity = Quantity {
    name: "water",
    english: "Existing water",
    dutch: "Water dat er al was",
    classes: Classes::Steps(&[0.05, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0], Colours::Amount),
    shown: Shown::plain("m", 2),
    change: Some(Change::of(&[0.01, 0.05, 0.1, 0.2, 0.5], Shown { unit: "cm", factor: 100.0, decimals: 0 })),
    ..BUILDINGS
};

/// Roughness of the ground.
pub const MANNING: Quantity = Quantity {
    name: "manning",
    unit: "s/m^(1/3)",
    english: "Roughness (Manning's n)",
    dutch: "Ruwheid (n van Manning)",
    classes: Classes::Steps(&[0.0, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1, 0.2], Colours::Amount),
    shown: Shown::plain("s/m^(1/3)", 3),
    change: Some(Change::of(&[0.001, 0.005, 0.01, 0.05], Shown::plain("s/m^(1/3)", 3))),
    ..BUILDINGS
};

/// What the soil can take.
pub const INFILTRATION: Quantity = Quantity {
    name: "infiltration_mm_per_day",
    unit: "mm per day",
    english: "Infiltration capacity",
    dutch: "Water dat de bodem kan opnemen",
    classes: Classes::Steps(&[0.0, 10.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0], Colours::Amount),
    shown: Shown::plain("mm per day", 0),
    change: Some(Change::of(&[1.0, 10.0, 50.0, 200.0], Shown::plain("mm per day", 0))),
    ..BUILDINGS
};

/// All of them.
pub const LAYERS: &[&Quantity] = &[&TERRAIN, &SURFACE, &BUILDINGS, &COVER, &CANOPY, &WATER, &MANNING, &INFILTRATION];

/// What lies below every map of a city, where it has it.
pub fn below(city: &City) -> impl Iterator<Item = (&'static Quantity, &Raster)> {
    let City { terrain, buildings, water, canopy, .. } = city;
    let optional = [(&BUILDINGS, buildings), (&WATER, water), (&CANOPY, canopy)];
    let optional = optional.into_iter().filter_map(|(own, layer)| Some((own, layer.as_ref()?)));
    std::iter::once((&TERRAIN, terrain)).chain(optional)
}
