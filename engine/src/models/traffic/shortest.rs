//! Cheapest ways from one node to others (Dijkstra 1959). Of ways that cost the same the one with fewer links is taken, then the one
//! whose last link comes first in the network.

use super::network::Network;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No link.
const NONE: u32 = u32::MAX;

/// Cheapest ways from one node; kept from one search to the next, so that memory is taken once.
pub struct Tree {
    cost: Vec<f64>,
    hops: Vec<u32>,
    /// The link by which each node is reached.
    by: Vec<u32>,
    /// Whether a node's way is final.
    settled: Vec<bool>,
    wanted: Vec<bool>,
    touched: Vec<u32>,
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
}

impl Tree {
    /// Room for a network.
    pub fn new(network: &Network) -> Tree {
        Tree {
            cost: vec![f64::INFINITY; network.nodes],
            hops: vec![u32::MAX; network.nodes],
            by: vec![NONE; network.nodes],
            settled: vec![false; network.nodes],
            wanted: vec![false; network.zones],
            touched: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    /// Searches from a node at given costs (at least 0) of all links, until all `wanted` nodes are reached or nothing is left.
    pub fn search(&mut self, network: &Network, costs: &[f64], from: usize, wanted: &[(u32, f64)]) {
        for node in self.touched.drain(..) {
            let node = node as usize;
            (self.cost[node], self.hops[node], self.by[node]) = (f64::INFINITY, u32::MAX, NONE);
            self.settled[node] = false;
        }
        self.heap.clear();
        self.cost[from] = 0.0;
        self.hops[from] = 0;
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
            if at < network.first_through && at != from {
                continue;
            }
            let (so_far, hops) = (self.cost[at], self.hops[at] + 1);
            for &link in network.leaving(at) {
                let to = network.links[link as usize].to as usize;
                if self.settled[to] {
                    continue;
                }
                let cost = so_far + costs[link as usize];
                if cost == f64::INFINITY {
                    continue;
                }
                let old = (self.cost[to], self.hops[to], self.by[to]);
                if (cost, hops, link) < old {
                    if self.by[to] == NONE {
                        self.touched.push(to as u32);
                    }
                    (self.cost[to], self.hops[to], self.by[to]) = (cost, hops, link);
                    // Costs of at least 0 are in the order of their bits.
                    self.heap.push(Reverse((cost.to_bits(), hops, to as u32)));
                }
            }
        }
        wanted.iter().for_each(|(zone, _)| self.wanted[*zone as usize] = false);
    }

    /// Cost of the way to a node; infinite where there is none.
    pub fn cost(&self, node: usize) -> f64 {
        if self.settled[node] { self.cost[node] } else { f64::INFINITY }
    }

    /// Number of links of the way to a node; `u32::MAX` where there is none.
    pub fn hops(&self, node: usize) -> u32 {
        if self.settled[node] { self.hops[node] } else { u32::MAX }
    }

    /// The last link of the way to a node; `u32::MAX` at the origin and where there is none.
    pub fn last(&self, node: usize) -> u32 {
        if self.settled[node] { self.by[node] } else { NONE }
    }

    /// Links of the way to a node, the last one first.
    pub fn way(&self, network: &Network, node: usize) -> Vec<u32> {
        let (mut at, mut links) = (node, Vec::new());
        while self.by[at] != NONE {
            links.push(self.by[at]);
            at = network.links[self.by[at] as usize].from as usize;
        }
        links
    }
}
