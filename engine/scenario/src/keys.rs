//! What the sections of models declare and check their keys with.

pub use super::check::check_line;
pub use super::columns::{Columns, Date, MOST_POINTS};
pub use super::found::{Leaf, Step, visit};
pub use super::header::{Amount, amount, converted};
pub use super::numbers::{FARTHEST, HIGHEST, LEAST_MINUTES, MOST_MINUTES, discharges, levels, series_schema};
pub use super::schema::{Bounds, bounds, resolved};
pub use super::series::written;
pub use super::shares::{missing, percent};
pub use super::units::to_unit_of;
