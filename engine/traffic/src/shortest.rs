//! Cheapest paths from one node to others (Dijkstra 1959). Of paths that cost the same the one with fewer links is taken, then the one
//! whose last link comes first in the network.

use super::network::Network;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No link.
pub(super) const NONE: u32 = u32::MAX;

/// Cheapest paths from one node to each node of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Cost of the path; infinite where there is none.
    pub(super) cost: Vec<f64>,
    /// Number of its links; `u32::MAX` where there is none.
    pub(super) hops: Vec<u32>,
    /// Its last link; `NONE` at the origin and where there is none.
    pub(super) by: Vec<u32>,
}

impl Labels {
    /// No paths.
    pub(super) fn none(nodes: usize) -> Labels {
        Labels { cost: vec![f64::INFINITY; nodes], hops: vec![u32::MAX; nodes], by: vec![NONE; nodes] }
    }

    /// Adds the links of the path to a node to a list, the last one first.
    pub(super) fn path(&self, network: &Network, node: usize, links: &mut Vec<u32>) {
        let mut at = node;
        while self.by[at] != NONE {
            links.push(self.by[at]);
            at = network.ends()[self.by[at] as usize][0] as usize;
        }
    }
}

/// Cheapest paths from one node; kept from one search to the next, so that memory is taken once.
pub struct Tree {
    found: Labels,
    /// Whether a node's path is final.
    settled: Vec<bool>,
    wanted: Vec<bool>,
    touched: Vec<u32>,
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
}

impl Tree {
    /// Room for a network.
    pub fn new(network: &Network) -> Tree {
        Tree {
            found: Labels::none(network.nodes),
            settled: vec![false; network.nodes],
            wanted: vec![false; network.zones],
            touched: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    /// Searches from a node at given costs (at least 0) of all links, until all `wanted` nodes are reached or nothing is left.
    pub fn search(&mut self, network: &Network, costs: &[f64], from: usize, wanted: &[(u32, f64)]) {
        let Labels { cost: so_far, hops: count, by } = &mut self.found;
        for node in self.touched.drain(..) {
            let node = node as usize;
            (so_far[node], count[node], by[node]) = (f64::INFINITY, u32::MAX, NONE);
            self.settled[node] = false;
        }
        self.heap.clear();
        so_far[from] = 0.0;
        count[from] = 0;
        self.touched.push(from as u32);
        self.heap.push(Reverse((0, 0, from as u32)));
        let mut left = wanted.len();
        wanted.iter().for_each(|(zone, _)| self.wanted[*zone as usize] = true);
        while let Some(Reverse((_, _, node))) = self.heap.pop() {
            let at = node as usize;
            if self.settled[at] {
                continue;
            }
            self.settled[at] = true;
            // Only zones are wanted, and they are the first nodes.
            if at < network.zones && self.wanted[at] {
                left -= 1;
                if left == 0 {
                    break;
                }
            }
            if !network.leads_on(from, at) {
                continue;
            }
            let (begin, hops) = (so_far[at], count[at] + 1);
            for &link in network.leaving(at) {
                let to = network.ends()[link as usize][1] as usize;
                if self.settled[to] {
                    continue;
                }
                let cost = begin + costs[link as usize];
                if cost == f64::INFINITY {
                    continue;
                }
                let old = (so_far[to], count[to], by[to]);
                if (cost, hops, link) < old {
                    if by[to] == NONE {
                        self.touched.push(to as u32);
                    }
                    (so_far[to], count[to], by[to]) = (cost, hops, link);
                    // Costs of at least 0 are in the order of their bits.
                    self.heap.push(Reverse((cost.to_bits(), hops, to as u32)));
                }
            }
        }
        wanted.iter().for_each(|(zone, _)| self.wanted[*zone as usize] = false);
    }

    /// What was found; final for wanted nodes.
    pub(super) fn labels(&self) -> &Labels {
        &self.found
    }

    /// Cost of the path to a node; infinite where there is none.
    pub fn cost(&self, node: usize) -> f64 {
        if self.settled[node] { self.found.cost[node] } else { f64::INFINITY }
    }

    /// Number of links of the path to a node; `u32::MAX` where there is none.
    pub fn hops(&self, node: usize) -> u32 {
        if self.settled[node] { self.found.hops[node] } else { u32::MAX }
    }

    /// The last link of the path to a node; `u32::MAX` at the origin and where there is none.
    pub fn last(&self, node: usize) -> u32 {
        if self.settled[node] { self.found.by[node] } else { NONE }
    }

    /// Links of the path to a node, the last one first.
    pub fn path(&self, network: &Network, node: usize) -> Vec<u32> {
        let mut links = Vec::new();
        self.found.path(network, node, &mut links);
        links
    }
}
