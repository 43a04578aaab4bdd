//! Cases of the traffic model with known answers.
//!
//! `hanze validate traffic` runs them all; tests run the cheap ones.

mod equilibrium;

pub use crate::models::validate::{Bar, Bench, Case, Figure};
use crate::models::validate::{most, told, within};

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "Braess", cheap: true, needs_data: true, run: equilibrium::braess },
    Case { name: "Sioux Falls", cheap: true, needs_data: true, run: equilibrium::sioux_falls },
    Case { name: "Sioux Falls, edited", cheap: true, needs_data: true, run: equilibrium::sioux_falls_edited },
    Case { name: "Anaheim", cheap: true, needs_data: true, run: equilibrium::anaheim },
    Case { name: "Berlin-Mitte-Center", cheap: true, needs_data: true, run: equilibrium::mitte },
    Case { name: "Chicago Sketch", cheap: false, needs_data: true, run: equilibrium::chicago },
    Case { name: "Chicago Sketch, twice the trips", cheap: false, needs_data: true, run: equilibrium::chicago_twice },
    Case { name: "Berlin-Center", cheap: false, needs_data: true, run: equilibrium::berlin },
];
