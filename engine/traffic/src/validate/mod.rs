//! Cases of the traffic model with known answers.
//!
//! `hanze validate traffic` runs them all; tests run the cheap ones.

mod dutch;
mod equilibrium;
mod motion;
mod paths;
mod town;
mod towns;

pub use hanze_model::validate::{Bar, Bench, Case, Figure};
use hanze_model::validate::{least, most, told, within};

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "Braess", cheap: true, needs_data: true, on_device: false, run: equilibrium::braess },
    Case { name: "Sioux Falls", cheap: true, needs_data: true, on_device: false, run: equilibrium::sioux_falls },
    Case {
        name: "Sioux Falls, edited",
        cheap: true,
        needs_data: true,
        on_device: false,
        run: equilibrium::sioux_falls_edited,
    },
    Case { name: "Anaheim", cheap: true, needs_data: true, on_device: false, run: equilibrium::anaheim },
    Case { name: "Berlin-Mitte-Center", cheap: true, needs_data: true, on_device: false, run: equilibrium::mitte },
    Case { name: "Chicago Sketch", cheap: false, needs_data: true, on_device: false, run: equilibrium::chicago },
    Case {
        name: "Chicago Sketch, twice the trips",
        cheap: false,
        needs_data: true,
        on_device: false,
        run: equilibrium::chicago_twice,
    },
    Case { name: "Berlin-Center", cheap: false, needs_data: true, on_device: false, run: equilibrium::berlin },
    Case {
        name: "junctions and gravity, closed forms",
        cheap: true,
        needs_data: false,
        on_device: false,
        run: town::closed_forms,
    },
    Case { name: "demo town, all classes", cheap: true, needs_data: false, on_device: false, run: town::made },
    Case { name: "Bad Hersfeld", cheap: false, needs_data: true, on_device: false, run: town::bad_hersfeld },
    Case { name: "Limburg", cheap: true, needs_data: true, on_device: false, run: town::limburg },
    Case { name: "Zwolle's neighbourhoods", cheap: true, needs_data: true, on_device: false, run: town::zwolle },
    Case {
        name: "motion: the fundamental diagram of IDM",
        cheap: true,
        needs_data: false,
        on_device: false,
        run: motion::diagram,
    },
    Case { name: "motion: waves on a ring", cheap: true, needs_data: false, on_device: false, run: motion::waves },
    Case { name: "motion: kinematic waves", cheap: true, needs_data: false, on_device: false, run: motion::kinematic },
    Case { name: "motion: lights", cheap: true, needs_data: false, on_device: false, run: motion::lights },
    Case {
        name: "motion: Bologna (acosta) against SUMO 1.28",
        cheap: true,
        needs_data: true,
        on_device: false,
        run: towns::bologna,
    },
    Case {
        name: "motion: Doerpfeldstr, cars and cycles",
        cheap: true,
        needs_data: true,
        on_device: false,
        run: towns::doerpfeldstr,
    },
    Case { name: "motion: emissions of HBEFA", cheap: true, needs_data: true, on_device: false, run: towns::emissions },
    Case {
        name: "motion: every step, on the device",
        cheap: true,
        needs_data: true,
        on_device: true,
        run: towns::every_step,
    },
    Case { name: "motion: a turbo roundabout", cheap: true, needs_data: false, on_device: false, run: dutch::turbo },
    Case {
        name: "motion: lights that see who comes",
        cheap: true,
        needs_data: false,
        on_device: false,
        run: dutch::actuated,
    },
    Case {
        name: "motion: noise and nitrogen dioxide",
        cheap: true,
        needs_data: true,
        on_device: false,
        run: towns::air,
    },
    Case { name: "cheapest ways in a made town", cheap: true, needs_data: false, on_device: true, run: paths::made },
    Case { name: "cheapest ways on real maps", cheap: true, needs_data: true, on_device: true, run: paths::maps },
    Case {
        name: "cheapest ways of TransportationNetworks",
        cheap: true,
        needs_data: true,
        on_device: true,
        run: paths::small,
    },
    Case {
        name: "cheapest ways of large TransportationNetworks",
        cheap: false,
        needs_data: true,
        on_device: true,
        run: paths::large,
    },
];
