//! The heat island in time: surfaces that store heat, trees and soil that evaporate, and the canopy's air that flows and mixes between houses.
//!
//! Layout as in TARGET (Broadbent et al. 2019, doi:10.5194/gmd-12-785-2019): what lies above the city follows from a meadow at the station, and the city's
//! air exchanges with that (Louis 1979). The model card (docs/models/heat.md) has the equations and their sources.

pub mod air;
pub mod box_filter;
pub(super) mod column;
mod cpu;
pub mod diagnostic;
pub mod exchange;
pub mod flow;
pub(super) mod gpu;
pub mod grids;
pub mod params;
pub mod run;
pub(super) mod town;
pub mod transport;
pub(super) mod winds;
