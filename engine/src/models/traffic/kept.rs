//! Cheapest ways that are kept from one search to the next and repaired where costs have changed, up or down.
//!
//! What comes out is what a new search (`shortest.rs`) finds, to the last bit and ties included, whatever was kept: the cost of a node is
//! the least that its links in offer, its last link the one that offers it with the fewest links behind it, and of those the first in the
//! network. As a last link always has one link less behind it, following last links ends at the origin, so that only one set of labels
//! fulfils this. Here a repair keeps labels that belong to ways that are there, and ends when no link offers less.

use super::network::Network;
use super::shortest::{Labels, NONE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nodes whose ways became cheaper and that have not offered it to others yet: cost (its bits), number of links, node.
type Heap = BinaryHeap<Reverse<(u64, u32, u32)>>;

/// Room for repairs, so that memory is taken once.
#[derive(Default)]
pub struct Room {
    heap: Heap,
    /// Nodes that have a way, by its number of links.
    order: Vec<u32>,
    /// Where those of each number begin.
    first: Vec<u32>,
}

impl Room {
    /// Brings the nodes that have a way in the order of its number of links, so that no node comes before the one it is reached from.
    fn sort(&mut self, hops: &[u32]) {
        let reached = || hops.iter().enumerate().filter(|(_, hops)| **hops != u32::MAX);
        let most = reached().map(|(_, hops)| *hops as usize).max().unwrap_or(0);
        self.first.clear();
        self.first.resize(most + 2, 0);
        reached().for_each(|(_, hops)| self.first[*hops as usize + 1] += 1);
        (0..=most).for_each(|k| self.first[k + 1] += self.first[k]);
        self.order.clear();
        self.order.resize(self.first[most + 1] as usize, 0);
        for (node, hops) in reached() {
            let at = &mut self.first[*hops as usize];
            self.order[*at as usize] = node as u32;
            *at += 1;
        }
    }
}

impl Labels {
    /// Cheapest ways from a node to all others at given costs (at least 0) of all links.
    pub(super) fn find(network: &Network, costs: &[f64], from: usize, room: &mut Room) -> Labels {
        let mut all = Labels::none(network.nodes);
        all.begin(network, costs, from, &mut room.heap);
        all
    }

    /// Makes them cheapest ways from the same node at other costs. False where that took a new search.
    pub(super) fn repair(&mut self, network: &Network, costs: &[f64], from: usize, room: &mut Room) -> bool {
        room.sort(&self.hops);
        // Only the origin has no last link.
        for &node in room.order.iter().skip(1) {
            let (at, link) = (node as usize, self.by[node as usize] as usize);
            self.cost[at] = self.cost[network.ends()[link][0] as usize] + costs[link];
            if self.cost[at] == f64::INFINITY {
                (self.hops[at], self.by[at]) = (u32::MAX, NONE);
            }
        }
        room.heap.clear();
        for (link, &[begin, end]) in network.ends().iter().enumerate() {
            let (begin, end) = (begin as usize, end as usize);
            let cost = self.cost[begin] + costs[link];
            if cost <= self.cost[end] && network.leads_on(from, begin) {
                self.offer(network, &mut room.heap, begin, (cost, link as u32, end));
            }
        }
        let is_sound = self.spread(network, costs, from, &mut room.heap);
        if !is_sound {
            self.begin(network, costs, from, &mut room.heap);
        }
        is_sound
    }

    /// The same ways on another network, whose costs are not known yet: `repair` must follow. `became` has the links that each link
    /// turned into, the last one first.
    pub(super) fn moved<'a>(
        &self,
        network: &Network,
        from: usize,
        became: impl Fn(u32) -> &'a [u32],
        room: &mut Room,
    ) -> Labels {
        let mut all = Labels::none(network.nodes);
        (all.cost[from], all.hops[from]) = (0.0, 0);
        room.sort(&self.hops);
        for &node in room.order.iter().skip(1) {
            for &link in became(self.by[node as usize]).iter().rev() {
                let [begin, end] = network.ends()[link as usize].map(|node| node as usize);
                let hops = all.hops[begin];
                if hops != u32::MAX && all.hops[end] == u32::MAX && network.leads_on(from, begin) {
                    (all.cost[end], all.hops[end], all.by[end]) = (0.0, hops + 1, link);
                }
            }
        }
        all
    }

    /// Searches anew.
    fn begin(&mut self, network: &Network, costs: &[f64], from: usize, heap: &mut Heap) {
        self.cost.fill(f64::INFINITY);
        self.hops.fill(u32::MAX);
        self.by.fill(NONE);
        (self.cost[from], self.hops[from]) = (0.0, 0);
        heap.clear();
        heap.push(Reverse((0, 0, from as u32)));
        self.spread(network, costs, from, heap);
    }

    /// Lets nodes of the heap offer their ways to others until none takes one; whether all numbers of links are right.
    fn spread(&mut self, network: &Network, costs: &[f64], from: usize, heap: &mut Heap) -> bool {
        let mut is_sound = true;
        while let Some(Reverse((bits, hops, node))) = heap.pop() {
            let at = node as usize;
            let is_old = (bits, hops) != (self.cost[at].to_bits(), self.hops[at]);
            if is_old || !network.leads_on(from, at) {
                continue;
            }
            for &link in network.leaving(at) {
                let end = network.ends()[link as usize][1] as usize;
                let cost = self.cost[at] + costs[link as usize];
                if cost <= self.cost[end] {
                    is_sound &= self.offer(network, heap, at, (cost, link, end));
                }
            }
        }
        is_sound
    }

    /// Offers a node a way over a link from `begin` that costs no more than its own. False where it is its own, which has become
    /// longer for the same cost: where a cost fell by less than rounding shows, but by more links. Those behind it do not hear of that.
    fn offer(
        &mut self,
        network: &Network,
        heap: &mut Heap,
        begin: usize,
        (cost, link, end): (f64, u32, usize),
    ) -> bool {
        if cost == f64::INFINITY {
            return true;
        }
        let hops = self.hops[begin] + 1;
        let old = (self.cost[end], self.hops[end], self.by[end]);
        if (cost, hops, link) >= old {
            return link != old.2 || hops == old.1;
        }
        (self.cost[end], self.hops[end], self.by[end]) = (cost, hops, link);
        // No way leads on through a zone, and another last link alone is nothing to those behind.
        if end >= network.first_through && (cost, hops) != (old.0, old.1) {
            heap.push(Reverse((cost.to_bits(), hops, end as u32)));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::Link;
    use super::super::shortest::Tree;
    use super::*;

    /// Numbers of chance (xorshift, Marsaglia 2003).
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, many: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % many as u64) as usize
        }
    }

    fn network(nodes: usize, first_through: usize, ends: &[[usize; 2]]) -> Network {
        let link = |[from, to]: &[usize; 2]| Link {
            from: *from as u32,
            to: *to as u32,
            capacity: 1.0,
            free_time: 1.0,
            factor: 0.0,
            power: 0.0,
            length: 1.0,
            fixed: 0.0,
            delay: None,
        };
        Network::new(nodes, first_through, first_through, ends.iter().map(link).collect()).unwrap()
    }

    /// A cost: one in ten is infinite; others make many ties, none, or ways that differ by less than rounding shows.
    fn cost(chance: &mut Chance, kind: usize) -> f64 {
        if chance.below(10) == 0 {
            return f64::INFINITY;
        }
        match kind {
            0 => chance.below(3) as f64,
            1 => chance.below(1 << 30) as f64 / 1e9,
            2 => [0.0, 1e-17, 1e-16, 1.0, 0.1, 0.3][chance.below(6)],
            _ => [0.1, 0.2, 0.1 + 0.2, 0.3, 1e16, 3.0][chance.below(6)],
        }
    }

    #[test]
    fn repaired_ways_are_those_of_a_new_search_to_the_last_bit() {
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        let (mut room, mut repaired, mut anew, mut closed) = (Room::default(), 0, 0, 0);
        let check = |labels: &Labels, network: &Network, costs: &[f64], from: usize, words: &str| {
            let mut tree = Tree::new(network);
            tree.search(network, costs, from, &[]);
            for node in 0..network.nodes {
                let found = (labels.cost[node].to_bits(), labels.hops[node], labels.by[node]);
                let wanted = (tree.cost(node).to_bits(), tree.hops(node), tree.last(node));
                assert_eq!(found, wanted, "{words}: node {node} from {from}, {:?}, {costs:?}", network.ends());
            }
        };
        for case in 0..1500 {
            let nodes = 2 + chance.below(28);
            let first_through = chance.below(nodes.min(6));
            let mut ends: Vec<[usize; 2]> = Vec::new();
            (0..1 + chance.below(119)).for_each(|_| ends.push([chance.below(nodes), chance.below(nodes)]));
            let mut own = network(nodes, first_through, &ends);
            let (kind, from) = (chance.below(4), chance.below(nodes));
            let mut costs: Vec<f64> = ends.iter().map(|_| cost(&mut chance, kind)).collect();
            let mut labels = Labels::find(&own, &costs, from, &mut room);
            check(&labels, &own, &costs, from, &format!("case {case}, new"));
            for round in 0..10 {
                for _ in 0..1 + chance.below(ends.len()) {
                    let link = chance.below(ends.len());
                    costs[link] = cost(&mut chance, kind);
                }
                // At times a link goes altogether, and all those after it get other numbers.
                if round % 4 == 3 && ends.len() > 1 {
                    let gone = chance.below(ends.len());
                    ends.remove(gone);
                    costs.remove(gone);
                    own = network(nodes, first_through, &ends);
                    let numbers: Vec<u32> = (0..ends.len() as u32).collect();
                    let became = |link: u32| match (link as usize).cmp(&gone) {
                        std::cmp::Ordering::Less => &numbers[link as usize..][..1],
                        std::cmp::Ordering::Equal => &[],
                        std::cmp::Ordering::Greater => &numbers[link as usize - 1..][..1],
                    };
                    labels = labels.moved(&own, from, became, &mut room);
                    closed += 1;
                }
                if labels.repair(&own, &costs, from, &mut room) {
                    repaired += 1
                } else {
                    anew += 1
                }
                check(&labels, &own, &costs, from, &format!("case {case}, round {round}"));
            }
        }
        // Both ways out are tried, and the second one is rare.
        assert!(repaired > 50 * anew && anew > 0 && closed > 1000, "{repaired}, {anew}, {closed}");
    }
}
