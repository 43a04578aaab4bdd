//! Variants of a city: what a scenario changes in it, as it is written, and as edits with shapes in the city's plane.

mod apply;
mod edits;
mod names;
mod roads;
mod shapes;
mod spec;
#[cfg(test)]
mod tests;

pub(super) use names::shown;
pub use shapes::{Geometry, Nested, ShapeSpec};
pub use spec::{ActionName, EditSpec, GroundKind, SetSpec, SpeciesName, VariantSpec, WhatName};

/// Variants of a scenario, and values that a variant sets, at most.
pub(super) const MOST: usize = 1000;
