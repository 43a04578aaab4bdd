//! Cases of the heat model with known answers.
//!
//! `hanze validate heat` runs them all; tests run the cheap ones.

mod field;
mod geometry;
mod golden;
pub mod island;
mod numbers;

pub use hanze_model::validate::{Bar, Bench, Case, Figure};
use hanze_model::validate::{least, most, told, within};

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "sun", cheap: true, needs_data: true, on_device: false, run: numbers::sun },
    Case { name: "PET", cheap: true, needs_data: true, on_device: false, run: numbers::pet },
    Case { name: "UTCI", cheap: true, needs_data: true, on_device: false, run: numbers::utci },
    Case { name: "national PET", cheap: true, needs_data: true, on_device: false, run: numbers::national },
    Case { name: "national wind", cheap: true, needs_data: true, on_device: false, run: numbers::national_wind },
    Case { name: "sky view", cheap: true, needs_data: false, on_device: false, run: geometry::sky_view },
    Case { name: "isothermal enclosure", cheap: true, needs_data: false, on_device: false, run: geometry::enclosure },
    Case { name: "Athens by UMEP", cheap: true, needs_data: true, on_device: false, run: golden::athens },
    Case { name: "indices by UMEP", cheap: true, needs_data: true, on_device: false, run: golden::indices },
    Case { name: "field days", cheap: true, needs_data: true, on_device: false, run: field::days },
    Case { name: "energy closure", cheap: true, needs_data: false, on_device: false, run: island::closure },
    Case { name: "half-space", cheap: true, needs_data: false, on_device: false, run: island::half_space },
    Case { name: "wind around houses", cheap: true, needs_data: false, on_device: false, run: island::wind },
    Case { name: "open grass", cheap: true, needs_data: false, on_device: false, run: island::meadow },
    Case { name: "steps of ten minutes", cheap: false, needs_data: false, on_device: false, run: island::steps },
    Case { name: "park and square", cheap: true, needs_data: false, on_device: false, run: island::park },
    Case { name: "measures", cheap: false, needs_data: false, on_device: false, run: island::measures },
    Case { name: "density and wind", cheap: false, needs_data: false, on_device: false, run: island::density },
];
