//! User equilibrium: nobody finds a cheaper path (Wardrop 1952), by gradient projection on paths (Jayakrishnan et al. 1994).
//!
//! Each round finds the cheapest path of every pair of zones at the costs of that moment, which also tells how far the flows are from
//! equilibrium; then trips move to the cheapest of the paths that are known, pair after pair, each move seeing all those before it.
//! Between two such rounds only the zones that are farthest from equilibrium look for paths (`round.rs`). Cheapest paths are kept from
//! round to round and repaired where costs have changed (`kept.rs`), which changes nothing but the time that it takes.

mod group;
mod loads;
mod moved;
mod round;
mod saved;
#[cfg(test)]
mod tests;

use super::demand::Demand;
use super::network::Network;
use super::shortest::NONE;
use group::{Group, Lent, Pair, Rooms, Route};
use loads::Loads;
use rayon::prelude::*;

/// Rounds at most.
const MOST_ROUNDS: usize = 500;
/// Bytes that the kept cheapest paths of an assignment may take; where they would take more, they are searched anew each time.
const MOST_KEPT: usize = 256 << 20;
/// Bytes of a node in the kept paths from an origin: cost, number of links, last link, place in an order.
const KEPT: usize = 20;

/// A path of some trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path<'a> {
    /// Its links, the last one first.
    pub links: &'a [u32],
    /// Trips on it.
    pub flow: f64,
}

/// Trips that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutOff {
    /// Class of vehicles.
    pub class: usize,
    /// Zone where they begin.
    pub from: u32,
    /// Zone where they end.
    pub to: u32,
    /// How many.
    pub trips: f64,
}

/// How far an assignment is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Rounds over all zones so far.
    pub round: usize,
    /// (Cost of all trips − what it would be on the cheapest paths) / cost of all trips, at the costs of now.
    pub gap: f64,
}

/// Flows in equilibrium, or on the way there.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// By class and by the zone where trips begin.
    groups: Vec<Group>,
    /// Flow of each link.
    pub flow: Vec<f64>,
    /// Pairs of zones with trips that no path joins.
    pub cut_off: Vec<CutOff>,
    /// How far it is.
    pub progress: Progress,
    /// Bytes that kept cheapest paths may take.
    most_kept: usize,
}

/// Whether the cheapest paths from so many origins are kept.
fn fits(origins: usize, network: &Network, most: usize) -> bool {
    origins.saturating_mul(network.nodes).saturating_mul(KEPT) <= most
}

impl Assignment {
    /// Trips on the cheapest paths of an empty network that fills up with them, zone after zone.
    /// The demand is that of each class.
    pub fn start(network: &Network, demand: &[Demand]) -> Assignment {
        let mut all = Assignment::of(network, demand);
        all.fill(network, 1);
        all
    }

    /// Trips that have no paths yet.
    fn of(network: &Network, demand: &[Demand]) -> Assignment {
        let mut groups = Vec::new();
        for (class, demand) in demand.iter().enumerate() {
            for (from, wanted) in demand.trips.iter().enumerate().filter(|(_, wanted)| !wanted.is_empty()) {
                let mut group = Group::new(class as u8, from as u32);
                group.pairs.extend(wanted.iter().map(|&(to, trips)| Pair { to, first: NONE, is_best: false, trips }));
                groups.push(group);
            }
        }
        Assignment {
            groups,
            flow: vec![0.0; network.links.len()],
            cut_off: Vec::new(),
            progress: Progress { round: 0, gap: f64::INFINITY },
            most_kept: MOST_KEPT,
        }
    }

    /// Puts trips that have no path yet on the cheapest ones, so many zones at a time at one state of the costs.
    fn fill(&mut self, network: &Network, block: usize) {
        let keeps = fits(self.groups.len(), network, self.most_kept);
        let (mut loads, rooms) = (Loads::new(network, std::mem::take(&mut self.flow)), Rooms::default());
        let is_empty = |group: &&mut Group| group.pairs.iter().any(|pair| pair.first == NONE);
        let mut groups: Vec<&mut Group> = self.groups.iter_mut().filter(is_empty).collect();
        for block in groups.chunks_mut(block) {
            let begin = |room: &mut Lent, group: &mut &mut Group| group.begin(&loads, keeps, room);
            let firsts: Vec<usize> = block.par_iter_mut().map_init(|| rooms.lend(), begin).collect();
            for (group, first) in block.iter_mut().zip(firsts) {
                loads.add(group.paths[first..].iter().map(|path| (path.of(&group.links), path.flow)));
                let Group { class, from, pairs, .. } = &mut **group;
                let is_cut = |pair: &Pair| pair.first == NONE;
                let cut =
                    |pair: &Pair| CutOff { class: usize::from(*class), from: *from, to: pair.to, trips: pair.trips };
                self.cut_off.extend(pairs.iter().filter(|pair| is_cut(pair)).map(cut));
                pairs.retain(|pair| !is_cut(pair));
                group.note_several();
            }
        }
        self.flow = loads.flow;
        self.groups.retain(|group| !group.pairs.is_empty());
    }

    /// Goes on until the gap is small enough, or no round brings it further; `tell` hears of each round and says whether to go on.
    pub fn run(&mut self, network: &Network, gap: f64, mut tell: impl FnMut(Progress) -> bool) {
        for _ in 0..MOST_ROUNDS {
            if self.step(network, gap) || !tell(self.progress) {
                break;
            }
        }
    }

    /// Gives the memory of kept cheapest paths back; the next round searches anew, and finds the same.
    pub fn forget_trees(&mut self) {
        self.groups.iter_mut().for_each(|group| group.tree = None);
    }

    /// Every path of every pair, with its group.
    fn each(&self) -> impl Iterator<Item = (&Group, &Pair, &Route)> {
        self.groups.iter().flat_map(|group| {
            group.pairs.iter().flat_map(move |pair| group.paths_of(pair).map(move |path| (group, pair, path)))
        })
    }

    /// Beckmann's objective, which is lowest in equilibrium.
    pub fn objective(&self, network: &Network) -> f64 {
        let extra: f64 = self.each().map(|(_, _, path)| path.extra * path.flow).sum();
        extra + network.links.iter().zip(&self.flow).map(|(link, flow)| link.integral(*flow)).sum::<f64>()
    }

    /// Cost of all trips, without what classes pay of their own.
    pub fn total_cost(&self, network: &Network) -> f64 {
        network.links.iter().zip(&self.flow).map(|(link, flow)| flow * link.cost(*flow)).sum()
    }

    /// Trips on all paths.
    pub fn trips(&self) -> f64 {
        self.each().map(|(_, _, path)| path.flow).sum()
    }

    /// Flow of a class on each link.
    pub fn flow_of(&self, class: usize, links: usize) -> Vec<f64> {
        let mut flow = vec![0.0; links];
        for (group, _, path) in self.each().filter(|(group, ..)| usize::from(group.class) == class) {
            path.of(&group.links).iter().for_each(|link| flow[*link as usize] += path.flow);
        }
        flow
    }

    /// Largest difference at a node and in a class between what comes in and goes out, trips that begin and end there counted, over
    /// all trips of the class.
    pub fn imbalance(&self, network: &Network, demand: &[Demand]) -> f64 {
        let cut: std::collections::HashSet<(usize, u32, u32)> =
            self.cut_off.iter().map(|cut| (cut.class, cut.from, cut.to)).collect();
        let of_class = |(class, demand): (usize, &Demand)| {
            let mut nodes = vec![0.0f64; network.nodes];
            // A single class is held against the flows that all are told of.
            let of_class = (network.classes.len() > 1).then(|| self.flow_of(class, network.links.len()));
            for (link, flow) in network.links.iter().zip(of_class.as_ref().unwrap_or(&self.flow)) {
                nodes[link.from as usize] -= flow;
                nodes[link.to as usize] += flow;
            }
            for (from, wanted) in demand.trips.iter().enumerate() {
                for (to, trips) in wanted.iter().filter(|(to, _)| !cut.contains(&(class, from as u32, *to))) {
                    nodes[from] += trips;
                    nodes[*to as usize] -= trips;
                }
            }
            nodes.iter().fold(0.0f64, |most, off| most.max(off.abs())) / demand.total().max(f64::MIN_POSITIVE)
        };
        demand.iter().enumerate().map(of_class).fold(0.0, f64::max)
    }

    /// Trips that use any of some links, by class and pair of zones: class, from, to, trips.
    pub fn users(&self, links: &[u32]) -> Vec<(usize, u32, u32, f64)> {
        let mut wanted = vec![false; self.flow.len()];
        links.iter().for_each(|link| wanted[*link as usize] = true);
        let mut users = Vec::new();
        for group in &self.groups {
            for pair in &group.pairs {
                let uses = |path: &&Route| path.of(&group.links).iter().any(|link| wanted[*link as usize]);
                let on = group.paths_of(pair).filter(uses).map(|path| path.flow).sum::<f64>();
                if on > 0.0 {
                    users.push((usize::from(group.class), group.from, pair.to, on));
                }
            }
        }
        users
    }

    /// Every path that is used, with its class and the zones where it begins and ends.
    pub fn paths(&self) -> impl Iterator<Item = ((usize, u32, u32), Path<'_>)> {
        self.each().map(|(group, pair, path)| {
            let path = Path { links: path.of(&group.links), flow: path.flow };
            ((usize::from(group.class), group.from, pair.to), path)
        })
    }

    /// Every turn of every path between two links that `road` gives a number, with its flow.
    pub fn turns<'a>(&'a self, road: impl Fn(u32) -> Option<u32> + 'a) -> impl Iterator<Item = ((u32, u32), f64)> + 'a {
        self.paths().flat_map(move |(_, path)| {
            // From the end to the beginning, as paths are kept.
            let roads: Vec<u32> = path.links.iter().rev().filter_map(|link| road(*link)).collect();
            roads.windows(2).map(|pair| ((pair[0], pair[1]), path.flow)).collect::<Vec<_>>()
        })
    }

    /// Flow on each link of the trips that use any of some links.
    pub fn flow_through(&self, links: &[u32]) -> Vec<f64> {
        let mut flow = vec![0.0; self.flow.len()];
        let mut wanted = vec![false; self.flow.len()];
        links.iter().for_each(|link| wanted[*link as usize] = true);
        for (_, path) in self.paths().filter(|(_, path)| path.links.iter().any(|link| wanted[*link as usize])) {
            path.links.iter().for_each(|link| flow[*link as usize] += path.flow);
        }
        flow
    }

    /// For each pair of a class its zones, its trips, and the mean of a value of links over its paths, from the links' sums.
    pub fn means(&self, class: usize, value: &[f64]) -> Vec<(u32, u32, f64, f64)> {
        let mut means = Vec::new();
        for group in self.groups.iter().filter(|group| usize::from(group.class) == class) {
            for pair in &group.pairs {
                let of = |path: &Route| path.of(&group.links).iter().map(|link| value[*link as usize]).sum::<f64>();
                let sum: f64 = group.paths_of(pair).map(|path| path.flow * of(path)).sum();
                means.push((group.from, pair.to, pair.trips, sum / pair.trips));
            }
        }
        means
    }
}
