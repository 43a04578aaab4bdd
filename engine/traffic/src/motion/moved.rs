//! The roads as they are, or as they are edited, with all who move on them.

use super::mover::{Mover, Saved, mover};
use super::network::{Rule, SimulationNetwork, Traveller};
use super::params::{Kind, NONE, Outcome as Fate, STREET, Trip};
use super::period::Period;
use super::reroute::{Closure, Look, Turned, reroute};
use super::results;
use hanze_base::error::{Error, Result};
use hanze_base::frame::Vehicles;
use hanze_city::roads::lanes::Lanes;
use hanze_device::Device;
use hanze_model::saved::damaged;
use std::sync::Arc;

/// Bytes that a trip takes, with its vehicle twice and its route.
const BYTES_PER_TRIP: u64 = 400;
/// Vehicles of a run at most: numbers count no further.
const MOST: usize = 50_000_000;

/// One alternative: the roads as they are, or as they are edited.
pub(crate) struct Moved {
    pub lanes: Lanes,
    /// What each street is called.
    pub names: Vec<String>,
    pub network: Arc<SimulationNetwork>,
    pub travellers: Vec<Traveller>,
    /// Travellers whose routes lead nowhere: who, and why.
    pub refused: Vec<(usize, String)>,
    pub mover: Option<Box<dyn Mover>>,
    /// Stretches of time that are done, and the one that is counted.
    pub periods: Vec<Period>,
    pub current: Period,
    /// What was counted since drivers looked for other routes.
    pub recent: Period,
    pub closures: Vec<Closure>,
    /// Streets that are closed now.
    pub shut: Vec<bool>,
    /// Drivers who took other routes.
    pub turned: Turned,
    pub fates: Vec<Fate>,
}

impl Moved {
    pub fn new(lanes: Lanes, names: Vec<String>) -> Moved {
        Moved {
            lanes,
            names,
            network: Arc::default(),
            travellers: Vec::new(),
            refused: Vec::new(),
            mover: None,
            periods: Vec::new(),
            current: Period::default(),
            recent: Period::default(),
            closures: Vec::new(),
            shut: Vec::new(),
            turned: Turned::default(),
            fates: Vec::new(),
        }
    }

    /// Makes the network of its travellers.
    pub fn begin(&mut self, rule: Rule, kinds: &[Kind], device: &Device) -> Result<()> {
        fits(self.travellers.len())?;
        let mut network = SimulationNetwork::new(&self.lanes, rule, kinds.to_vec());
        self.refused = network.load(&self.lanes, &self.travellers)?;
        self.current = Period::new(network.tallies);
        self.recent = Period::new(network.tallies);
        self.shut = vec![false; self.lanes.streets.len()];
        self.network = Arc::new(network);
        self.mover = Some(mover(device, &self.network)?);
        Ok(())
    }

    /// Streets that are closed at a time, s.
    pub fn closed(&self, time: f64) -> Vec<bool> {
        let mut shut = vec![false; self.lanes.streets.len()];
        let now = self.closures.iter().filter(|closure| closure.from <= time + 1e-6 && time + 1e-6 < closure.until);
        now.flat_map(|closure| &closure.streets).for_each(|street| shut[*street as usize] = true);
        shut
    }

    /// Drivers look for other routes, by the times of now.
    pub fn look(&mut self, shut: Vec<bool>, rule: Rule, share: f64, interval: f64, device: &Device) -> Result<()> {
        let Some(mover) = &mut self.mover else { return Ok(()) };
        let mut saved = mover.save()?;
        let mut network = SimulationNetwork::clone(&self.network);
        for lane in network.lanes.iter_mut().filter(|lane| lane.street != NONE) {
            lane.shut = u32::from(shut[lane.street as usize]);
        }
        let time = |street: usize| {
            let lane = &self.lanes.lanes[self.lanes.streets[street].first as usize];
            let counts = self.recent.counts(street, rule.step);
            (counts.seconds / (counts.metres / lane.length).max(1.0)).max(lane.length / lane.speed)
        };
        let times: Vec<f64> = (0..self.lanes.streets.len()).map(time).collect();
        let until = saved.clock.now.saturating_add((1000.0 * interval) as u32);
        let look = Look { share, seed: rule.seed, times: &times, shut: &shut, until };
        let turned = reroute(&self.lanes, &mut network, &mut saved, &look);
        self.turned.faster += turned.faster;
        self.turned.around += turned.around;
        self.turned.trapped = turned.trapped;
        self.recent = Period::new(network.tallies);
        self.shut = shut;
        self.enter(network, &saved, device)
    }

    /// The network with routes as they were kept.
    pub fn network_of(&self, trips: Vec<Trip>, routes: Vec<u32>) -> std::io::Result<SimulationNetwork> {
        let mut network = SimulationNetwork::clone(&self.network);
        let is_place = |place: &u32| ((place & STREET) as usize) < self.lanes.streets.len();
        let is_sound = |(trip, old): (&Trip, &Trip)| {
            let same = Trip { first: old.first, last: old.last, ..*trip } == *old;
            same && trip.first < trip.last && trip.last as usize <= routes.len()
        };
        if !trips.iter().zip(&network.trips).all(is_sound) || !routes.iter().all(is_place) {
            return Err(damaged());
        }
        for lane in network.lanes.iter_mut().filter(|lane| lane.street != NONE) {
            lane.shut = u32::from(self.shut[lane.street as usize]);
        }
        (network.trips, network.routes) = (trips, routes);
        Ok(network)
    }

    /// Goes on in a network from what was kept.
    pub fn enter(&mut self, network: SimulationNetwork, saved: &Saved, device: &Device) -> Result<()> {
        self.network = Arc::new(network);
        let mut mover = mover(device, &self.network)?;
        mover.restore(saved)?;
        self.mover = Some(mover);
        Ok(())
    }

    /// Those who travel, on links instead of streets.
    pub fn on_links(&self) -> Vec<Traveller> {
        let road = |street: &u32| self.lanes.streets[*street as usize].road;
        let of = |traveller: &Traveller| Traveller {
            streets: traveller.streets.iter().filter_map(road).collect(),
            ..traveller.clone()
        };
        self.travellers.iter().map(of).collect()
    }

    /// Trips that should have set out by a time, s.
    pub fn due(&self, time: f64) -> u64 {
        let ms = (1000.0 * time) as u32;
        self.network.trips.iter().filter(|trip| trip.depart < ms).count() as u64
    }
}

impl Moved {
    pub fn current_vehicles(&self) -> u64 {
        self.mover.as_ref().map_or(0, |mover| u64::from(mover.last()))
    }

    /// Where vehicles are now.
    pub fn seen(&mut self) -> Result<Vehicles> {
        let Some(mover) = &mut self.mover else { return Ok(Vehicles::default()) };
        let mut all = Vehicles::default();
        for one in mover.vehicles()? {
            let lane = &self.lanes.lanes[one.lane as usize];
            let (at, heading) = results::place(lane, f64::from(one.pos));
            let kind = self.network.kinds[one.kind as usize];
            all.push(
                self.network.who[one.trip as usize],
                at,
                heading,
                f64::from(one.speed),
                f64::from(one.length),
                kind.modes,
            );
        }
        Ok(all)
    }
}

/// Whether so many vehicles fit in memory.
pub(super) fn fits(count: usize) -> Result<()> {
    let needed = count as u64 * BYTES_PER_TRIP;
    let available = hanze_device::free_memory().unwrap_or(u64::MAX);
    if needed <= available && count <= MOST {
        return Ok(());
    }
    let mend = "take a shorter time, a smaller factor, or fewer gates".into();
    Err(Error::Memory { what: format!("{count} vehicles"), needed, available, mend })
}
