//! Networks and trips of TransportationNetworks, with the costs that its benchmarks have.

use super::demand::Demand;
use super::network::{Link, Network};
use hanze_base::error::Result;
use hanze_city::roads::tntp::{self, Row};
use std::path::Path;

/// What a unit of a link's length and toll costs, in the network's unit of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weights {
    /// Of a unit of length.
    pub length: f64,
    /// Of a unit of toll.
    pub toll: f64,
}

/// Reads a network.
///
/// # Errors
/// `Data` with file and line for what is not understood; `Scenario` for links that cannot be.
pub fn network(path: &Path, weights: Weights) -> Result<Network> {
    let rows = tntp::rows(path)?;
    let link = |row: &Row| Link {
        from: row.from,
        to: row.to,
        capacity: row.capacity,
        length: row.length,
        free_time: row.free_time,
        factor: row.factor,
        power: row.power,
        fixed: weights.length * row.length + weights.toll * row.toll,
        delay: None,
    };
    Network::new(rows.nodes, rows.zones, rows.first_through, rows.links.iter().map(link).collect())
}

/// Reads trips, each number times `factor`.
///
/// # Errors
/// `Data` with file and line for what is not understood.
pub fn trips(path: &Path, zones: usize, factor: f64) -> Result<Demand> {
    let rows = tntp::trips(path, zones)?;
    Ok(Demand::of(zones, rows.into_iter().map(|(from, to, trips)| (from, to, factor * trips)).collect()))
}
