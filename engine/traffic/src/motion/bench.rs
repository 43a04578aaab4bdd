//! How fast vehicles move, for `hanze bench` and criterion.

use super::chance::share;
use super::mover::{Mover, Saved, mover};
use super::network::{Rule, SimulationNetwork, Traveller, car};
use super::sumo;
use glam::dvec2;
use hanze_base::error::{Error, Result};
use hanze_city::roads::lanes::{self, Extras, Lanes, build};
use hanze_city::roads::rules::Rules;
use hanze_city::roads::{CAR, Control, Link, Node, Roads};
use hanze_device::Device;
use hanze_model::yardstick::{Kernel, Size, again};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Length of a street, m.
const STREET: f64 = 200.0;
/// Time in which vehicles set out, s.
const TIME: f64 = 900.0;
/// Time of a run, s.
const LONGEST: f64 = 7200.0;
/// Steps between two looks.
const AT_ONCE: u32 = 120;

/// What is measured of motion: a minute of vehicles on streets with lights.
pub(crate) fn stage(device: &Device, size: Size) -> Result<Kernel> {
    let (streets, vehicles, moment) = size.pick((4, 200, 120.0), (20, 10_000, 300.0), (150, 250_000, 300.0));
    let mut vehicles = Load::square(streets, vehicles, 0.5)?.underway(device, moment)?;
    // A vehicle is read where it is, written where it will be, and both once more to put it in order.
    let bytes = 4 * size_of::<super::params::Vehicle>();
    Ok(Kernel::new("motion", "vehicle-step", move |budget| again(budget, || vehicles.run())).moving(bytes as f64))
}

/// Vehicles on lanes.
pub struct Load {
    pub(crate) network: Arc<SimulationNetwork>,
}

/// How long it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Steps.
    pub steps: u64,
    /// Vehicles of each step, summed.
    pub vehicle_steps: u64,
    /// Vehicles on the lanes at most.
    pub most: u32,
    /// Vehicles that arrived.
    pub arrived: u32,
    /// Seconds.
    pub seconds: f64,
}

/// A load at a moment when vehicles are on their way, from which it runs on as often as wanted.
pub struct Underway {
    mover: Box<dyn Mover>,
    saved: Saved,
}

impl Load {
    /// A square of so many streets each way with lights at all junctions, and vehicles that set out within a quarter of an hour, from
    /// anywhere to anywhere with one corner on the way. Streets have two lanes each way.
    ///
    /// # Errors
    /// `Memory` where there are more streets than numbers count.
    pub fn square(side: usize, vehicles: usize, step: f64) -> Result<Load> {
        let side = side.clamp(2, 1000);
        let roads = streets(side);
        let town = build(&roads, &Rules::dutch()?.junctions, None);
        let mut street = vec![0u32; roads.links.len()];
        for (k, lane_street) in town.streets.iter().enumerate() {
            if let Some(road) = lane_street.road {
                street[road as usize] = k as u32;
            }
        }
        let mut between = std::collections::HashMap::new();
        for (k, link) in roads.links.iter().enumerate() {
            between.insert((link.from, link.to), street[k]);
        }
        let pick = |k: u32, what: u32, count: usize| (share(k, what) * count as f64) as usize;
        let mut travellers = Vec::with_capacity(vehicles);
        for k in 0..vehicles as u32 {
            let [mut col, mut row, to_col, to_row] = [1, 2, 3, 4].map(|what| pick(k, what, side));
            let mut streets = Vec::new();
            // Along the row first, or along the column.
            let is_row_first = share(k, 5) < 0.5;
            for along_row in [is_row_first, !is_row_first] {
                while if along_row { col != to_col } else { row != to_row } {
                    let here = (row * side + col) as u32;
                    match along_row {
                        true => col = if col < to_col { col + 1 } else { col - 1 },
                        false => row = if row < to_row { row + 1 } else { row - 1 },
                    }
                    streets.extend(between.get(&(here, (row * side + col) as u32)));
                }
            }
            if !streets.is_empty() {
                let depart = TIME * share(k, 6);
                travellers.push(Traveller { depart, streets, factor: 1.0, ..Traveller::default() });
            }
        }
        let mut network = SimulationNetwork::new(&town, Rule { step, newell: false, seed: 1 }, vec![car()]);
        network.load(&town, &travellers)?;
        Ok(Load { network: Arc::new(network) })
    }

    /// The vehicles that files of SUMO tell of.
    ///
    /// # Errors
    /// `Data` where a file cannot be read, `Scenario` where nobody in them can travel.
    pub fn files(net: &Path, files: &[PathBuf], step: f64) -> Result<Load> {
        let mut town: Lanes = lanes::read(net)?;
        let extras: Vec<Extras> = files.iter().map(|file| lanes::extras(file)).collect::<Result<_>>()?;
        town.take_programs(&extras);
        let demand = sumo::demand(&town, &extras, 1);
        if demand.travellers.is_empty() {
            let mend = "name the files of routes (.rou.xml) that belong to the network";
            return Err(Error::scenario("--routes", "hold nobody who can travel", mend));
        }
        let mut network = SimulationNetwork::new(&town, Rule { step, newell: false, seed: 1 }, demand.kinds);
        network.load(&town, &demand.travellers)?;
        Ok(Load { network: Arc::new(network) })
    }

    /// Vehicles in all.
    pub fn vehicles(&self) -> usize {
        self.network.trips.len()
    }

    /// Lanes, and their length in km.
    pub fn lanes(&self) -> (usize, f64) {
        let lanes = self.network.lanes.iter();
        (self.network.lanes.len(), lanes.map(|lane| f64::from(lane.length)).sum::<f64>() / 1000.0)
    }

    /// Runs until all have arrived, or for `until` s.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails, `Memory` where it has no room.
    pub fn measure(&self, device: &Device, until: Option<f64>) -> Result<Speed> {
        let mut mover = mover(device, &self.network)?;
        let mut speed = Speed { steps: 0, vehicle_steps: 0, most: 0, arrived: 0, seconds: 0.0 };
        let end = 1000.0 * until.unwrap_or(LONGEST);
        let begun = Instant::now();
        loop {
            let clock = mover.run(AT_ONCE)?;
            speed.steps += u64::from(AT_ONCE);
            // Between two looks the number hardly changes.
            speed.vehicle_steps += u64::from(clock.vehicles) * u64::from(AT_ONCE);
            speed.most = speed.most.max(clock.vehicles);
            speed.arrived = clock.arrived;
            if clock.arrived as usize == self.vehicles() || f64::from(clock.now) >= end {
                break;
            }
        }
        speed.seconds = begun.elapsed().as_secs_f64();
        Ok(speed)
    }

    /// Runs for so long, s, and keeps that moment.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails, `Memory` where it has no room.
    fn underway(&self, device: &Device, time: f64) -> Result<Underway> {
        let mut mover = mover(device, &self.network)?;
        while f64::from(mover.clock()?.now) < 1000.0 * time {
            mover.run(AT_ONCE)?;
        }
        let saved = mover.save()?;
        Ok(Underway { mover, saved })
    }
}

impl Underway {
    /// Runs on from the moment; vehicles of each step, summed, and the seconds that the steps took.
    ///
    /// # Errors
    /// `DeviceLost` where the device fails, `Memory` where it has no room.
    pub fn run(&mut self) -> Result<(f64, f64)> {
        self.mover.restore(&self.saved)?;
        let begun = Instant::now();
        let clock = self.mover.run(AT_ONCE)?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok((f64::from(clock.vehicles) * f64::from(AT_ONCE), seconds))
    }
}

fn streets(side: usize) -> Roads {
    let mut roads = Roads::default();
    for row in 0..side {
        for col in 0..side {
            let at = dvec2(col as f64, row as f64) * STREET;
            roads.nodes.push(Node { id: format!("{col},{row}"), at });
        }
    }
    let mut add = |from: usize, to: usize| {
        for (from, to) in [(from, to), (to, from)] {
            roads.links.push(Link {
                id: format!("{from}-{to}"),
                name: String::new(),
                kind: "primary".into(),
                from: from as u32,
                to: to as u32,
                line: vec![roads.nodes[from].at, roads.nodes[to].at],
                length: STREET,
                lanes: 2.0,
                speed: 50.0 / 3.6,
                capacity: 1600.0,
                factor: 0.15,
                power: 4.0,
                modes: CAR,
                priority: 6,
                control: Control::Signal,
                roundabout: false,
            });
        }
    };
    for row in 0..side {
        for col in 0..side {
            let here = row * side + col;
            if col + 1 < side {
                add(here, here + 1);
            }
            if row + 1 < side {
                add(here, here + side);
            }
        }
    }
    roads
}
