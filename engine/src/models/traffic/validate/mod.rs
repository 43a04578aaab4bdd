//! Cases of the traffic model with known answers.
//!
//! `hanze validate traffic` runs them all; tests run the cheap ones.

mod dutch;
mod equilibrium;
mod motion;
mod paths;
mod town;
mod towns;

pub use crate::models::validate::{Bar, Bench, Case, Figure};
use crate::models::validate::{least, most, told, within};

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
    Case { name: "junctions and gravity, closed forms", cheap: true, needs_data: false, run: town::closed_forms },
    Case { name: "demo town, all classes", cheap: true, needs_data: false, run: town::made },
    Case { name: "Bad Hersfeld", cheap: false, needs_data: true, run: town::bad_hersfeld },
    Case { name: "Limburg", cheap: true, needs_data: true, run: town::limburg },
    Case { name: "Zwolle's neighbourhoods", cheap: true, needs_data: true, run: town::zwolle },
    Case { name: MOTION[0], cheap: true, needs_data: false, run: motion::diagram },
    Case { name: MOTION[1], cheap: true, needs_data: false, run: motion::waves },
    Case { name: MOTION[2], cheap: true, needs_data: false, run: motion::kinematic },
    Case { name: MOTION[3], cheap: true, needs_data: false, run: motion::lights },
    Case { name: MOTION[4], cheap: true, needs_data: true, run: towns::bologna },
    Case { name: MOTION[5], cheap: true, needs_data: true, run: towns::doerpfeldstr },
    Case { name: MOTION[6], cheap: true, needs_data: true, run: towns::emissions },
    Case { name: MOTION[7], cheap: true, needs_data: true, run: towns::every_step },
    Case { name: MOTION[8], cheap: true, needs_data: false, run: dutch::turbo },
    Case { name: MOTION[9], cheap: true, needs_data: false, run: dutch::actuated },
    Case { name: MOTION[10], cheap: true, needs_data: true, run: towns::air },
    Case { name: PATHS[0], cheap: true, needs_data: false, run: paths::made },
    Case { name: PATHS[1], cheap: true, needs_data: true, run: paths::maps },
    Case { name: PATHS[2], cheap: true, needs_data: true, run: paths::small },
    Case { name: PATHS[3], cheap: false, needs_data: true, run: paths::large },
];

/// Names of the cases of motion.
pub const MOTION: [&str; 11] = [
    "motion: the fundamental diagram of IDM",
    "motion: waves on a ring",
    "motion: kinematic waves",
    "motion: lights",
    "motion: Bologna (acosta) against SUMO 1.28",
    "motion: Doerpfeldstr, cars and cycles",
    "motion: emissions of HBEFA",
    "motion: every step, on the device",
    "motion: a turbo roundabout",
    "motion: lights that see who comes",
    "motion: noise and nitrogen dioxide",
];

/// Names of the cases that are about the device.
pub const PATHS: [&str; 4] = [
    "cheapest ways in a made town",
    "cheapest ways on real maps",
    "cheapest ways of TransportationNetworks",
    "cheapest ways of large TransportationNetworks",
];
