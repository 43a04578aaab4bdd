//! Trips between zones.

use hanze_base::error::{Error, Result};

/// Trips of one kind, by where they begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    /// For each zone where trips begin, the zones where they end and how many there are, each zone once.
    pub trips: Vec<Vec<(u32, f64)>>,
}

impl Demand {
    /// No trips.
    pub fn none(zones: usize) -> Demand {
        Demand { trips: vec![Vec::new(); zones] }
    }

    /// Trips from zone to zone, sorted, each pair once; of those within a zone nothing meets a road.
    pub(super) fn of(zones: usize, mut rows: Vec<(u32, u32, f64)>) -> Demand {
        rows.sort_by_key(|(from, to, _)| (*from, *to));
        let mut demand = Demand::none(zones);
        for pair in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            demand.push(pair[0].0 as usize, pair[0].1 as usize, pair.iter().map(|(_, _, trips)| trips).sum());
        }
        demand
    }

    /// Adds trips from one zone to another. Those within a zone meet no road and are left out.
    ///
    /// # Errors
    /// `Scenario` for zones that are not there and for numbers that are none.
    pub fn add(&mut self, from: usize, to: usize, trips: f64) -> Result<()> {
        let zones = self.trips.len();
        if from >= zones || to >= zones {
            let words = format!("has trips from zone {} to {}, and there are {zones}", from + 1, to + 1);
            return Err(Error::scenario("demand", words, "give a table of the network's zones"));
        }
        if !trips.is_finite() || trips < 0.0 {
            let words = format!("has {trips} trips from zone {} to {}", from + 1, to + 1);
            return Err(Error::scenario("demand", words, "give numbers of at least 0"));
        }
        if trips > 0.0 && from != to {
            match self.trips[from].iter_mut().find(|(zone, _)| *zone as usize == to) {
                Some((_, sum)) => *sum += trips,
                None => self.trips[from].push((to as u32, trips)),
            }
        }
        Ok(())
    }

    /// Adds trips between zones that are there and have none yet; those of no number and within a zone are left out.
    pub(super) fn push(&mut self, from: usize, to: usize, trips: f64) {
        if trips > 0.0 && trips.is_finite() && from != to {
            self.trips[from].push((to as u32, trips));
        }
    }

    /// All trips.
    pub fn total(&self) -> f64 {
        self.trips.iter().flatten().map(|(_, trips)| trips).sum()
    }
}
