//! How fast equilibria are found, for `hanze bench` and criterion.

use super::assignment::Assignment;
use super::demand::Demand;
use super::network::Network;
use super::tntp::{Weights, network, trips};
use crate::error::Result;
use std::path::Path;
use std::time::Instant;

/// A network and its trips.
pub struct Load {
    /// The network.
    pub network: Network,
    /// Its trips.
    pub demand: [Demand; 1],
}

/// How long it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Rounds.
    pub rounds: usize,
    /// Gap that was reached.
    pub gap: f64,
    /// Seconds.
    pub seconds: f64,
    /// Beckmann's objective.
    pub objective: f64,
}

impl Load {
    /// Of files of TransportationNetworks.
    ///
    /// # Errors
    /// Those of the files.
    pub fn read(net: &Path, table: &Path, weights: Weights) -> Result<Load> {
        let network = network(net, weights)?;
        let demand = [trips(table, network.zones, 1.0)?];
        Ok(Load { network, demand })
    }

    /// A square of so many streets each way, with a zone at every fourth junction and trips between all of them; and nothing from
    /// outside is needed.
    ///
    /// # Errors
    /// None.
    pub fn streets(side: usize) -> Result<Load> {
        use super::network::Link;
        let zones = side.div_ceil(4) * side.div_ceil(4);
        let node = |col: usize, row: usize| (zones + row * side + col) as u32;
        let mut links = Vec::new();
        let mut add = |from: u32, to: u32, capacity: f64, free_time: f64| {
            let both = [(from, to), (to, from)];
            links.extend(both.map(|(from, to)| Link {
                from,
                to,
                capacity,
                free_time,
                factor: 0.15,
                power: 4.0,
                length: 100.0,
                fixed: 0.0,
                delay: None,
            }));
        };
        for row in 0..side {
            for col in 0..side {
                // Every fifth street is a main one.
                let wide = |k: usize| if k.is_multiple_of(5) { (1800.0, 7.0) } else { (500.0, 12.0) };
                if col + 1 < side {
                    add(node(col, row), node(col + 1, row), wide(row).0, wide(row).1);
                }
                if row + 1 < side {
                    add(node(col, row), node(col, row + 1), wide(col).0, wide(col).1);
                }
            }
        }
        let across = side.div_ceil(4);
        (0..zones).for_each(|zone| add(zone as u32, node(4 * (zone % across), 4 * (zone / across)), 1e6, 5.0));
        let network = Network::new(zones + side * side, zones, zones, links)?;
        let mut demand = Demand::none(zones);
        // Near ones more than far ones.
        for (from, to) in (0..zones).flat_map(|from| (0..zones).map(move |to| (from, to))) {
            let far = (from % across).abs_diff(to % across) + (from / across).abs_diff(to / across);
            demand.push(from, to, 40.0 / (1.0 + far as f64));
        }
        Ok(Load { network, demand: [demand] })
    }

    /// Finds the equilibrium to a gap.
    pub fn measure(&self, gap: f64) -> Speed {
        let begun = Instant::now();
        let mut found = Assignment::start(&self.network, &self.demand);
        found.run(&self.network, gap, |_| true);
        Speed {
            rounds: found.progress.round,
            gap: found.progress.gap,
            seconds: begun.elapsed().as_secs_f64(),
            objective: found.objective(&self.network),
        }
    }
}
