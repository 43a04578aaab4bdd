//! User equilibrium: nobody finds a cheaper way (Wardrop 1952), by gradient projection on paths (Jayakrishnan et al. 1994).
//!
//! Each round finds the cheapest way of every pair of zones at the costs of that moment, which also tells how far the flows are from
//! equilibrium; then trips move to the cheapest of the ways that are known, pair after pair, each move seeing all those before it.

use super::demand::Demand;
use super::network::Network;
use super::shortest::Tree;
use crate::models::saved::{damaged, read, write};
use rayon::prelude::*;
use std::io::{Read, Write};

/// Rounds at most.
const MOST_ROUNDS: usize = 500;
/// Turns of moving trips between known ways in each round.
const TURNS: usize = 20;
/// Share of the gap of a round to which trips are moved between known ways.
const ENOUGH: f64 = 0.02;
/// Trips on a way below which it is dropped, as a share of those of its pair.
const DROPPED: f64 = 1e-14;

/// A way of some trips.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Its links.
    pub links: Box<[u32]>,
    /// Trips on it.
    pub flow: f64,
    /// What it costs the class beyond the costs for all.
    extra: f64,
}

/// Trips of a class from one zone to another, and their ways.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    class: u8,
    from: u32,
    to: u32,
    trips: f64,
    ways: Vec<Way>,
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
    /// Rounds so far.
    pub round: usize,
    /// (Cost of all trips − what it would be on the cheapest ways) / cost of all trips, at the costs of now.
    pub gap: f64,
}

/// Flows in equilibrium, or on the way there.
#[derive(Clone, Debug)]
pub struct Assignment {
    pairs: Vec<Pair>,
    /// Flow of each link.
    pub flow: Vec<f64>,
    /// Pairs of zones with trips that no way joins.
    pub cut_off: Vec<CutOff>,
    /// How far it is.
    pub progress: Progress,
}

impl Assignment {
    /// Trips on the cheapest ways of an empty network that fills up with them, zone after zone.
    /// The demand is that of each class.
    pub fn start(network: &Network, demand: &[Demand]) -> Assignment {
        let mut all = Assignment::empty(network);
        all.fill(network, demand);
        all
    }

    fn empty(network: &Network) -> Assignment {
        Assignment {
            pairs: Vec::new(),
            flow: vec![0.0; network.links.len()],
            cut_off: Vec::new(),
            progress: Progress { round: 0, gap: f64::INFINITY },
        }
    }

    /// Adds trips that have no way yet on the cheapest ones, zone after zone.
    fn fill(&mut self, network: &Network, demand: &[Demand]) {
        let mut costs: Vec<f64> = network.links.iter().zip(&self.flow).map(|(link, flow)| link.cost(*flow)).collect();
        let mut tree = Tree::new(network);
        for (class, demand) in demand.iter().enumerate() {
            let mut own = network.costs_of(class, &costs);
            for (from, wanted) in demand.trips.iter().enumerate().filter(|(_, wanted)| !wanted.is_empty()) {
                tree.search(network, &own, from, wanted);
                for &(to, trips) in wanted {
                    if tree.cost(to as usize).is_infinite() {
                        self.cut_off.push(CutOff { class, from: from as u32, to, trips });
                        continue;
                    }
                    let links = tree.way(network, to as usize).into_boxed_slice();
                    for &link in &links {
                        let at = link as usize;
                        self.flow[at] += trips;
                        costs[at] = network.links[at].cost(self.flow[at]);
                        own[at] = costs[at] + network.extra(class, link);
                    }
                    let extra = links.iter().map(|link| network.extra(class, *link)).sum();
                    let ways = vec![Way { links, flow: trips, extra }];
                    self.pairs.push(Pair { class: class as u8, from: from as u32, to, trips, ways });
                }
            }
        }
    }

    /// The same trips on an edited network, from the ways of before: `link` adds what became of each link to a list and says whether
    /// there is anything. Ways that are broken go to the pair's others, or to the cheapest way of the new network.
    pub fn moved(
        &self,
        network: &Network,
        demand: &[Demand],
        link: impl Fn(u32, &mut Vec<u32>) -> bool + Sync,
    ) -> Assignment {
        // Pairs of one zone lie beside each other, sorted by where they go.
        let mut old: Vec<(u32, u32, u32, &Pair)> =
            self.pairs.iter().map(|pair| (u32::from(pair.class), pair.from, pair.to, pair)).collect();
        old.sort_unstable_by_key(|(class, from, to, _)| (*class, *from, *to));
        let mut all = Assignment::empty(network);
        let mut missing: Vec<Demand> = demand.iter().map(|_| Demand::none(network.zones)).collect();
        let kept = |class: usize, from: usize, to: u32| -> Vec<Way> {
            let key = (class as u32, from as u32, to);
            let Ok(at) = old.binary_search_by_key(&key, |(class, from, to, _)| (*class, *from, *to)) else {
                return Vec::new();
            };
            let kept = old[at].3.ways.iter().filter_map(|way| {
                let mut links = Vec::with_capacity(way.links.len());
                // Ways are kept from their end to their beginning, and so are the parts of a link.
                for own in &way.links {
                    let first = links.len();
                    if !link(*own, &mut links) {
                        return None;
                    }
                    links[first..].reverse();
                }
                let of = |link: &u32| network.links[*link as usize];
                let meets = links.windows(2).all(|pair| of(&pair[1]).to == of(&pair[0]).from);
                let extra: f64 = links.iter().map(|link| network.extra(class, *link)).sum();
                (meets && extra < f64::INFINITY).then(|| Way { links: links.into(), flow: way.flow, extra })
            });
            kept.collect()
        };
        for (class, demand) in demand.iter().enumerate() {
            let rows: Vec<Vec<(u32, f64, Vec<Way>)>> = demand
                .trips
                .par_iter()
                .enumerate()
                .map(|(from, wanted)| wanted.iter().map(|(to, trips)| (*to, *trips, kept(class, from, *to))).collect())
                .collect();
            for (from, row) in rows.into_iter().enumerate() {
                for (to, trips, mut ways) in row {
                    let sum: f64 = ways.iter().map(|way| way.flow).sum();
                    if sum > 0.0 {
                        ways.iter_mut().for_each(|way| way.flow *= trips / sum);
                        for way in &ways {
                            way.links.iter().for_each(|link| all.flow[*link as usize] += way.flow);
                        }
                        all.pairs.push(Pair { class: class as u8, from: from as u32, to, trips, ways });
                    } else {
                        missing[class].trips[from].push((to, trips));
                    }
                }
            }
        }
        all.fill(network, &missing);
        all.pairs.sort_by_key(|pair| (pair.class, pair.from, pair.to));
        all
    }

    /// Goes on until the gap is small enough, or no round brings it further; `tell` hears of each round and says whether to go on.
    pub fn run(&mut self, network: &Network, gap: f64, mut tell: impl FnMut(Progress) -> bool) {
        for _ in 0..MOST_ROUNDS {
            if self.step(network, gap) || !tell(self.progress) {
                break;
            }
        }
    }

    /// One round: whether the gap is small enough; trips move where it is not.
    pub fn step(&mut self, network: &Network, gap: f64) -> bool {
        self.round(network);
        let is_done = self.progress.gap <= gap;
        if !is_done {
            self.move_trips(network, gap);
        }
        is_done
    }

    /// Writes the flows of all ways.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn save(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let pairs: Vec<u32> = self
            .pairs
            .iter()
            .flat_map(|pair| [u32::from(pair.class), pair.from, pair.to, pair.ways.len() as u32])
            .collect();
        write(out, &pairs)?;
        write(out, &self.pairs.iter().map(|pair| pair.trips).collect::<Vec<f64>>())?;
        let ways = || self.pairs.iter().flat_map(|pair| &pair.ways);
        write(out, &ways().map(|way| way.links.len() as u32).collect::<Vec<u32>>())?;
        write(out, &ways().flat_map(|way| [way.flow, way.extra]).collect::<Vec<f64>>())?;
        write(out, &ways().flat_map(|way| way.links.iter().copied()).collect::<Vec<u32>>())?;
        write(out, &self.flow)?;
        let cut = self.cut_off.iter().flat_map(|cut| [cut.class as u32, cut.from, cut.to]);
        write(out, &cut.collect::<Vec<u32>>())?;
        write(out, &self.cut_off.iter().map(|cut| cut.trips).collect::<Vec<f64>>())?;
        write(out, &[self.progress.round as f64, self.progress.gap])
    }

    /// Reads what `save` wrote for the same network.
    ///
    /// # Errors
    /// Those of the reader, and what does not fit the network.
    pub fn load(from: &mut dyn Read, network: &Network) -> std::io::Result<Assignment> {
        let pairs = read::<u32>(from, None)?;
        let trips = read::<f64>(from, Some(pairs.len() / 4))?;
        let lengths = read::<u32>(from, None)?;
        let flows = read::<f64>(from, Some(2 * lengths.len()))?;
        let links = read::<u32>(from, None)?;
        let flow = read::<f64>(from, Some(network.links.len()))?;
        let cut = read::<u32>(from, None)?;
        let cut_trips = read::<f64>(from, Some(cut.len() / 3))?;
        let progress = read::<f64>(from, Some(2))?;
        let is_zone = |cut: &[u32]| cut[0] < 3 && (cut[1].max(cut[2]) as usize) < network.zones;
        if !cut.chunks_exact(3).all(is_zone) {
            return Err(damaged());
        }
        if links.iter().any(|link| *link as usize >= network.links.len()) {
            return Err(damaged());
        }
        let (mut way, mut at) = (0, 0);
        let mut all = Vec::with_capacity(trips.len());
        for (own, trips) in pairs.chunks_exact(4).zip(trips) {
            let mut ways = Vec::new();
            for _ in 0..own[3] {
                let length = *lengths.get(way).ok_or_else(damaged)? as usize;
                let links = links.get(at..at + length).ok_or_else(damaged)?.into();
                ways.push(Way { links, flow: flows[2 * way], extra: flows[2 * way + 1] });
                (way, at) = (way + 1, at + length);
            }
            let class = u8::try_from(own[0]).map_err(|_| damaged())?;
            let is_known = usize::from(class) < network.classes.len().max(1);
            if ways.is_empty() || !is_known || own[1].max(own[2]) as usize >= network.zones {
                return Err(damaged());
            }
            all.push(Pair { class, from: own[1], to: own[2], trips, ways });
        }
        let cut_off = cut.chunks_exact(3).zip(cut_trips).map(|(cut, trips)| CutOff {
            class: cut[0] as usize,
            from: cut[1],
            to: cut[2],
            trips,
        });
        let cut_off = cut_off.collect();
        let progress = Progress { round: progress[0] as usize, gap: progress[1] };
        Ok(Assignment { pairs: all, flow, cut_off, progress })
    }

    /// Finds cheapest ways and the gap, and adds ways that are new.
    fn round(&mut self, network: &Network) {
        self.sum_up(network);
        let costs: Vec<f64> = network.links.iter().zip(&self.flow).map(|(link, flow)| link.cost(*flow)).collect();
        let of_class: Vec<Vec<f64>> =
            (0..network.classes.len().max(1)).map(|class| network.costs_of(class, &costs)).collect();
        // What classes pay of their own is part of the cost of all trips.
        let own: f64 = self.pairs.iter().flat_map(|pair| &pair.ways).map(|way| way.extra * way.flow).sum();
        // Pairs of one zone lie beside each other.
        let groups: Vec<&mut [Pair]> = self.pairs.chunk_by_mut(|a, b| (a.class, a.from) == (b.class, b.from)).collect();
        let cheapest: Vec<f64> = groups
            .into_par_iter()
            .map_init(
                || Tree::new(network),
                |tree, pairs| {
                    let wanted: Vec<(u32, f64)> = pairs.iter().map(|pair| (pair.to, pair.trips)).collect();
                    let class = usize::from(pairs[0].class);
                    tree.search(network, &of_class[class], pairs[0].from as usize, &wanted);
                    let mut sum = 0.0;
                    for pair in pairs {
                        let best = tree.cost(pair.to as usize);
                        sum += pair.trips * best;
                        let of =
                            |way: &Way| way.links.iter().map(|link| costs[*link as usize]).sum::<f64>() + way.extra;
                        let known = pair.ways.iter().map(of).fold(f64::INFINITY, f64::min);
                        // A way that only rounding makes cheaper is none.
                        if best < known * (1.0 - 1e-14) {
                            let links = tree.way(network, pair.to as usize).into_boxed_slice();
                            if pair.ways.iter().all(|way| way.links != links) {
                                let extra = links.iter().map(|link| network.extra(class, *link)).sum();
                                pair.ways.push(Way { links, flow: 0.0, extra });
                            }
                        }
                    }
                    sum
                },
            )
            .collect();
        // In the order of zones, so that threads change nothing.
        let least: f64 = cheapest.iter().sum();
        let total: f64 = own + costs.iter().zip(&self.flow).map(|(cost, flow)| cost * flow).sum::<f64>();
        let gap = if total > 0.0 { (total - least) / total } else { 0.0 };
        self.progress = Progress { round: self.progress.round + 1, gap };
    }

    /// Flows of links from those of ways: what moving left of rounding goes.
    fn sum_up(&mut self, network: &Network) {
        self.flow = vec![0.0; network.links.len()];
        for pair in &self.pairs {
            for way in &pair.ways {
                way.links.iter().for_each(|link| self.flow[*link as usize] += way.flow);
            }
        }
    }

    /// Moves trips to the cheapest of the ways that each pair knows.
    fn move_trips(&mut self, network: &Network, gap: f64) {
        // Ways that are not known yet matter more than the last tenth of the gap between those that are.
        let enough = 0.1 * gap.max(ENOUGH * self.progress.gap);
        let Assignment { pairs, flow, .. } = self;
        let mut costs: Vec<f64> = network.links.iter().zip(flow.iter()).map(|(link, flow)| link.cost(*flow)).collect();
        let mut slopes: Vec<f64> =
            network.links.iter().zip(flow.iter()).map(|(link, flow)| link.slope(*flow)).collect();
        // Which links the cheapest way has: the number of the pair that looked last.
        let mut mark = vec![0u64; network.links.len()];
        let mut stamp = 0u64;
        let mut ways_cost = Vec::new();
        // Pairs whose ways still differ; the others are looked at again in the next round.
        let mut active: Vec<usize> = (0..pairs.len()).filter(|k| pairs[*k].ways.len() > 1).collect();
        for _ in 0..TURNS {
            active.retain(|at| {
                let pair = &mut pairs[*at];
                let (mut excess, mut total) = (0.0, 0.0);
                ways_cost.clear();
                let cost = |way: &Way| way.links.iter().map(|link| costs[*link as usize]).sum::<f64>() + way.extra;
                ways_cost.extend(pair.ways.iter().map(cost));
                let best = (0..ways_cost.len()).min_by(|a, b| ways_cost[*a].total_cmp(&ways_cost[*b])).unwrap_or(0);
                for k in (0..pair.ways.len()).filter(|k| *k != best) {
                    let trips = pair.ways[k].flow;
                    if trips <= 0.0 {
                        continue;
                    }
                    // Costs change with every move.
                    let sum = |way: &Way| way.links.iter().map(|link| costs[*link as usize]).sum::<f64>() + way.extra;
                    let (own, cheapest) = (sum(&pair.ways[k]), sum(&pair.ways[best]));
                    excess += trips * (own - cheapest).max(0.0);
                    total += trips * own;
                    if own <= cheapest {
                        continue;
                    }
                    stamp += 1;
                    pair.ways[best].links.iter().for_each(|link| mark[*link as usize] = stamp);
                    let (mut steep, mut shared) = (0.0, 0.0);
                    for link in &pair.ways[k].links {
                        let slope = slopes[*link as usize];
                        if mark[*link as usize] == stamp { shared += slope } else { steep += slope }
                    }
                    let of_best: f64 = pair.ways[best].links.iter().map(|link| slopes[*link as usize]).sum();
                    steep += (of_best - shared).max(0.0);
                    let moved = if steep > 0.0 { ((own - cheapest) / steep).min(trips) } else { trips };
                    pair.ways[k].flow -= moved;
                    pair.ways[best].flow += moved;
                    let mut change = |link: u32, by: f64| {
                        let at = link as usize;
                        flow[at] = (flow[at] + by).max(0.0);
                        costs[at] = network.links[at].cost(flow[at]);
                        slopes[at] = network.links[at].slope(flow[at]);
                    };
                    for link in &pair.ways[k].links {
                        if mark[*link as usize] != stamp {
                            change(*link, -moved);
                        }
                    }
                    stamp += 1;
                    pair.ways[k].links.iter().for_each(|link| mark[*link as usize] = stamp);
                    for link in &pair.ways[best].links {
                        if mark[*link as usize] != stamp {
                            change(*link, moved);
                        }
                    }
                }
                excess > enough * total
            });
            if active.is_empty() {
                break;
            }
        }
        for pair in pairs.iter_mut() {
            let least = DROPPED * pair.trips;
            pair.ways.retain(|way| way.flow > least);
            // What was dropped is given back to the others.
            let sum: f64 = pair.ways.iter().map(|way| way.flow).sum();
            pair.ways.iter_mut().for_each(|way| way.flow *= pair.trips / sum);
        }
    }

    /// Beckmann's objective, which is lowest in equilibrium.
    pub fn objective(&self, network: &Network) -> f64 {
        let own: f64 = self.pairs.iter().flat_map(|pair| &pair.ways).map(|way| way.extra * way.flow).sum();
        own + network.links.iter().zip(&self.flow).map(|(link, flow)| link.integral(*flow)).sum::<f64>()
    }

    /// Cost of all trips, without what classes pay of their own.
    pub fn total_cost(&self, network: &Network) -> f64 {
        network.links.iter().zip(&self.flow).map(|(link, flow)| flow * link.cost(*flow)).sum()
    }

    /// Trips on all ways.
    pub fn trips(&self) -> f64 {
        self.pairs.iter().flat_map(|pair| &pair.ways).map(|way| way.flow).sum()
    }

    /// Flow of a class on each link.
    pub fn flow_of(&self, class: usize, links: usize) -> Vec<f64> {
        let mut flow = vec![0.0; links];
        for way in self.pairs.iter().filter(|pair| usize::from(pair.class) == class).flat_map(|pair| &pair.ways) {
            way.links.iter().for_each(|link| flow[*link as usize] += way.flow);
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
            let own = (network.classes.len() > 1).then(|| self.flow_of(class, network.links.len()));
            for (link, flow) in network.links.iter().zip(own.as_ref().unwrap_or(&self.flow)) {
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
        let of = |pair: &Pair| {
            let uses = |way: &&Way| way.links.iter().any(|link| wanted[*link as usize]);
            let on = pair.ways.iter().filter(uses).map(|way| way.flow).sum::<f64>();
            (on > 0.0).then_some((usize::from(pair.class), pair.from, pair.to, on))
        };
        self.pairs.iter().filter_map(of).collect()
    }

    /// Every way that is used, with its class and the zones where it begins and ends.
    pub fn ways(&self) -> impl Iterator<Item = ((usize, u32, u32), &Way)> {
        let of = |pair: &Pair| (usize::from(pair.class), pair.from, pair.to);
        self.pairs.iter().flat_map(move |pair| pair.ways.iter().map(move |way| (of(pair), way)))
    }

    /// Every turn of every way between two links that `road` gives a number, with its flow.
    pub fn turns<'a>(&'a self, road: impl Fn(u32) -> Option<u32> + 'a) -> impl Iterator<Item = ((u32, u32), f64)> + 'a {
        self.pairs.iter().flat_map(|pair| &pair.ways).flat_map(move |way| {
            // From the end to the beginning, as ways are kept.
            let own: Vec<u32> = way.links.iter().rev().filter_map(|link| road(*link)).collect();
            own.windows(2).map(|pair| ((pair[0], pair[1]), way.flow)).collect::<Vec<_>>()
        })
    }

    /// Flow on each link of the trips that use any of some links.
    pub fn flow_through(&self, links: &[u32]) -> Vec<f64> {
        let mut flow = vec![0.0; self.flow.len()];
        let mut wanted = vec![false; self.flow.len()];
        links.iter().for_each(|link| wanted[*link as usize] = true);
        let ways = self.pairs.iter().flat_map(|pair| &pair.ways);
        for way in ways.filter(|way| way.links.iter().any(|link| wanted[*link as usize])) {
            way.links.iter().for_each(|link| flow[*link as usize] += way.flow);
        }
        flow
    }

    /// For each pair of a class its zones, its trips, and the mean of a value of links over its ways, from the links' sums.
    pub fn means(&self, class: usize, value: &[f64]) -> Vec<(u32, u32, f64, f64)> {
        let of = |pair: &Pair| {
            let sum = |way: &Way| way.flow * way.links.iter().map(|link| value[*link as usize]).sum::<f64>();
            (pair.from, pair.to, pair.trips, pair.ways.iter().map(sum).sum::<f64>() / pair.trips)
        };
        self.pairs.iter().filter(|pair| usize::from(pair.class) == class).map(of).collect()
    }
}
