//! How fast equilibria are found, for `hanze bench` and criterion.

use super::assignment::{Assignment, Progress};
use super::demand::Demand;
use super::network::Network;
use super::tntp::{Weights, network, trips};
use hanze_base::data_folder;
use hanze_base::error::Result;
use hanze_device::Device;
use hanze_model::yardstick::{Kernel, Size, again, median};
use std::path::Path;
use std::time::Instant;

/// Chicago Sketch with toll and length, as its authors have them.
pub(super) const CHICAGO: Weights = Weights { length: 0.04, toll: 0.02 };
/// Times that each equilibrium after a closure is found; the shortest counts.
const TIMES: usize = 3;

/// Relative gap of the equilibrium that is measured.
const GAP: f64 = 1e-6;

/// What is measured of the model: vehicles that move, and on the CPU, which alone finds them, equilibria.
///
/// # Errors
/// Those of the loads and the device.
pub fn stages(device: &Device, size: Size) -> Result<Vec<Kernel>> {
    let mut all = vec![super::motion::bench::stage(device, size)?];
    if matches!(device, Device::Cpu) {
        // From nothing; its cost is that of each link.
        let streets = Load::streets(size.pick(8, 20, 40))?;
        let links = streets.network.links.len() as f64;
        let work = move |budget| again(budget, || Ok((links, streets.measure(GAP).seconds)));
        all.push(Kernel::new("equilibrium", "link", work));
    }
    Ok(all)
}

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

/// A link that is closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closure {
    /// Its number in the network.
    pub link: usize,
    /// How long the equilibrium without it takes from nothing.
    pub cold: Speed,
    /// And from the paths of before, which are taken over in that time.
    pub warm: Speed,
}

impl Closure {
    /// Time from the paths of before over that from nothing.
    pub fn ratio(&self) -> f64 {
        self.warm.seconds / self.cold.seconds
    }

    /// The median of that.
    pub fn median(all: &[Closure]) -> f64 {
        median(all.iter().map(Closure::ratio).collect())
    }
}

impl Load {
    /// Chicago Sketch (387 zones, 2950 links) of the folder of reference data, if it is there.
    ///
    /// # Errors
    /// `Data` where a file cannot be read.
    pub fn chicago() -> Result<Option<Load>> {
        let files = data_folder().map(|folder| {
            let file = |end: &str| folder.join(format!("traffic/tntp/ChicagoSketch_{end}.tntp"));
            [file("net"), file("trips")]
        });
        let files = files.filter(|files| files.iter().all(|file| file.is_file()));
        files.map(|[net, table]| Load::read(&net, &table, CHICAGO)).transpose()
    }

    /// Of files of TransportationNetworks.
    ///
    /// # Errors
    /// `Data` where a file cannot be read.
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
        self.speed(gap, || Assignment::start(&self.network, &self.demand))
    }

    /// How long a beginning and the equilibrium from there take.
    fn speed(&self, gap: f64, begin: impl Fn() -> Assignment) -> Speed {
        let begun = Instant::now();
        let mut found = begin();
        found.run(&self.network, gap, |_| true);
        let seconds = begun.elapsed().as_secs_f64();
        let Progress { round: rounds, gap } = found.progress;
        Speed { rounds, gap, seconds, objective: found.objective(&self.network) }
    }

    /// The same trips without a link.
    ///
    /// # Errors
    /// None for a link of the network.
    pub fn without(&self, link: usize) -> Result<Load> {
        let Network { nodes, zones, first_through, .. } = self.network;
        let others = self.network.links.iter().enumerate().filter(|(k, _)| *k != link);
        let network = Network::new(nodes, zones, first_through, others.map(|(_, link)| *link).collect())?;
        Ok(Load { network, demand: self.demand.clone() })
    }

    /// The paths of before on the network without a link.
    pub fn moved(before: &Assignment, link: usize, edited: &Load) -> Assignment {
        before.moved(&edited.network, &edited.demand, |old, found| {
            found.push(old - u32::from(old as usize > link));
            old as usize != link
        })
    }

    /// The busiest links that are no connectors: those lead to and from nodes without through traffic, or take no time.
    pub fn busiest(&self, before: &Assignment, count: usize) -> Vec<usize> {
        let Network { links, first_through, .. } = &self.network;
        let is_road = |k: &usize| {
            let nodes = [links[*k].from, links[*k].to];
            links[*k].free_time > 0.0 && nodes.iter().all(|node| *node as usize >= *first_through)
        };
        let mut order: Vec<usize> = (0..links.len()).filter(is_road).collect();
        order.sort_by(|a, b| before.flow[*b].total_cmp(&before.flow[*a]).then(a.cmp(b)));
        order.truncate(count);
        order
    }

    /// Closes links one by one: equilibria to a gap from nothing, and from the paths of before.
    ///
    /// # Errors
    /// None for links of the network.
    pub fn closures(&self, before: &Assignment, links: &[usize], gap: f64) -> Result<Vec<Closure>> {
        let mut all = Vec::new();
        for &link in links {
            let edited = self.without(link)?;
            let shorter = |best: Option<Speed>, next: Speed| match best {
                Some(best) if best.seconds <= next.seconds => Some(best),
                _ => Some(next),
            };
            let (mut cold, mut warm) = (None, None);
            // Turn by turn, so that what else the machine does meets both.
            for _ in 0..TIMES {
                cold = shorter(cold, edited.measure(gap));
                warm = shorter(warm, edited.speed(gap, || Load::moved(before, link, &edited)));
            }
            all.extend(cold.zip(warm).map(|(cold, warm)| Closure { link, cold, warm }));
        }
        Ok(all)
    }
}
