//! Cheapest paths that are kept from one search to the next and repaired where costs have changed, up or down.
//!
//! What comes out is what a new search (`shortest.rs`) finds, to the last bit and ties included, whatever was kept: the cost of a node is
//! the least that its links in offer, its last link the one that offers it with the fewest links behind it, and of those the first in the
//! network. As a last link always has one link less behind it, following last links ends at the origin, so that only one set of labels
//! fulfils this. Here a repair keeps labels that belong to paths that are there, and ends when no link offers less.

use super::network::Network;
use super::shortest::{Labels, NONE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nodes whose paths became cheaper and that have not offered it to others yet: cost (its bits), number of links, node, from the
/// highest bits of a number to the lowest ones, which compares faster than a tuple.
type Heap = BinaryHeap<Reverse<u128>>;

fn entry(cost: f64, hops: u32, node: usize) -> Reverse<u128> {
    Reverse((u128::from(cost.to_bits()) << 64) | (u128::from(hops) << 32) | node as u128)
}

/// Room for repairs, so that memory is taken once.
#[derive(Default)]
pub struct Room {
    heap: Heap,
    /// Where nodes of each number of links begin in an order.
    first: Vec<u32>,
    /// Nodes that go behind the others, in the lower bits, and the numbers of links of their paths in the higher ones.
    late: Vec<u64>,
    /// Of each node, whether its path may lead over other links than before the last repair.
    changed: Vec<bool>,
    /// Whether any has another last link.
    has_turned: bool,
    /// Whether any came to have a path, or lost it.
    reaches: bool,
}

impl Room {
    /// Of each node, whether its path may lead over other links than before the last repair.
    pub(super) fn changed(&self) -> &[bool] {
        &self.changed
    }

    /// Brings the nodes that have a path in the order of its number of links, so that no node comes before the one it is reached from.
    fn sort(&mut self, hops: &[u32], order: &mut Vec<u32>) {
        let reached = || hops.iter().enumerate().filter(|(_, hops)| **hops != u32::MAX);
        let most = reached().map(|(_, hops)| *hops as usize).max().unwrap_or(0);
        self.first.clear();
        self.first.resize(most + 2, 0);
        reached().for_each(|(_, hops)| self.first[*hops as usize + 1] += 1);
        (0..=most).for_each(|k| self.first[k + 1] += self.first[k]);
        order.clear();
        order.resize(self.first[most + 1] as usize, 0);
        for (node, hops) in reached() {
            let at = &mut self.first[*hops as usize];
            order[*at as usize] = node as u32;
            *at += 1;
        }
    }

    /// The same after a repair, where only nodes whose paths have changed move. Then all of these are known.
    fn sort_changed(&mut self, network: &Network, labels: &Labels, order: &mut Vec<u32>) {
        if self.reaches {
            self.sort(&labels.hops, order);
        } else if !self.has_turned {
            return;
        }
        self.late.clear();
        let mut kept = 1;
        for k in 1..order.len() {
            let node = order[k];
            // Where that has not changed, the node comes after the one that it is reached from.
            let begin = network.ends()[labels.by[node as usize] as usize][0];
            let has_changed = self.changed[node as usize] | self.changed[begin as usize];
            self.changed[node as usize] = has_changed;
            order[kept] = node;
            if has_changed {
                self.late.push((u64::from(labels.hops[node as usize]) << 32) | u64::from(node));
            } else {
                kept += 1;
            }
        }
        self.late.sort_unstable();
        order[kept..].iter_mut().zip(&self.late).for_each(|(node, late)| *node = *late as u32);
    }
}

/// Cheapest paths that are kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// They themselves.
    pub(super) labels: Labels,
    /// Nodes that have a path, none before the one that it is reached from; empty where that is not known yet.
    order: Vec<u32>,
}

impl Kept {
    /// Cheapest paths from a node to all others at given costs (at least 0) of all links.
    pub(super) fn find(network: &Network, costs: &[f64], from: usize, room: &mut Room) -> Kept {
        let mut all = Kept { labels: Labels::none(network.nodes), order: Vec::new() };
        all.begin(network, costs, from, room);
        all
    }

    /// Makes them cheapest paths from the same node at other costs. False where that took a new search.
    pub(super) fn repair(&mut self, network: &Network, costs: &[f64], from: usize, room: &mut Room) -> bool {
        let Kept { labels, order } = self;
        if order.is_empty() {
            room.sort(&labels.hops, order);
        }
        room.changed.clear();
        room.changed.resize(network.nodes, false);
        (room.has_turned, room.reaches) = (false, false);
        // Only the origin has no last link.
        for &node in order.iter().skip(1) {
            let (at, link) = (node as usize, labels.by[node as usize] as usize);
            labels.cost[at] = labels.cost[network.ends()[link][0] as usize] + costs[link];
            if labels.cost[at] == f64::INFINITY {
                (labels.hops[at], labels.by[at]) = (u32::MAX, NONE);
                (room.changed[at], room.reaches) = (true, true);
            }
        }
        room.heap.clear();
        let others = (network.first_through..network.nodes).filter(|node| *node != from);
        for begin in std::iter::once(from).chain(others) {
            for &[link, end] in network.out(begin) {
                let (cost, end) = (labels.cost[begin] + costs[link as usize], end as usize);
                // A node's last link offers what the node has, or will do so when its turn in the heap comes. Both are asked at once, as
                // only both together are rare.
                if (cost <= labels.cost[end]) & (labels.by[end] != link) {
                    labels.offer(network, room, begin, (cost, link, end));
                }
            }
        }
        let is_sound = labels.spread(network, costs, from, room);
        if is_sound {
            room.sort_changed(network, labels, order);
        } else {
            self.begin(network, costs, from, room);
        }
        is_sound
    }

    /// The same paths on another network, whose costs are not known yet: `repair` must follow. `became` has the links that each link
    /// turned into, the last one first.
    pub(super) fn moved<'a>(
        &self,
        network: &Network,
        from: usize,
        became: impl Fn(u32) -> &'a [u32],
        room: &mut Room,
    ) -> Kept {
        if let Some(all) = self.moved_alike(network, from, &became) {
            return all;
        }
        let mut all = Kept { labels: Labels::none(network.nodes), order: vec![from as u32] };
        let (labels, mut sorted) = (&mut all.labels, Vec::new());
        (labels.cost[from], labels.hops[from]) = (0.0, 0);
        if self.order.is_empty() {
            room.sort(&self.labels.hops, &mut sorted);
        }
        let order = if sorted.is_empty() { &self.order } else { &sorted };
        all.order.reserve(order.len());
        for &node in order.iter().skip(1) {
            for &link in became(self.labels.by[node as usize]).iter().rev() {
                let [begin, end] = network.ends()[link as usize].map(|node| node as usize);
                let hops = labels.hops[begin];
                if hops != u32::MAX && labels.hops[end] == u32::MAX && network.leads_on(from, begin) {
                    (labels.cost[end], labels.hops[end], labels.by[end]) = (0.0, hops + 1, link);
                    all.order.push(end as u32);
                }
            }
        }
        all
    }

    /// The same where nodes have the numbers that they had and links turned into one or none; nothing where some did not.
    fn moved_alike<'a>(&self, network: &Network, from: usize, became: &impl Fn(u32) -> &'a [u32]) -> Option<Kept> {
        if self.order.is_empty() || self.labels.by.len() != network.nodes {
            return None;
        }
        let (mut labels, mut order) = (self.labels.clone(), Vec::with_capacity(network.nodes));
        order.push(from as u32);
        for &node in self.order.iter().skip(1) {
            let at = node as usize;
            let is_there = match became(labels.by[at]) {
                [] => false,
                &[link] => {
                    labels.by[at] = link;
                    let [begin, end] = network.ends()[link as usize];
                    let hops = labels.hops[begin as usize];
                    let is_behind = hops == u32::MAX || hops + 1 == labels.hops[at];
                    if end != node || !is_behind || !network.leads_on(from, begin as usize) {
                        return None;
                    }
                    hops != u32::MAX
                }
                _ => return None,
            };
            if is_there {
                order.push(node);
            } else {
                (labels.cost[at], labels.hops[at], labels.by[at]) = (f64::INFINITY, u32::MAX, NONE);
            }
        }
        Some(Kept { labels, order })
    }

    /// Searches anew.
    fn begin(&mut self, network: &Network, costs: &[f64], from: usize, room: &mut Room) {
        let labels = &mut self.labels;
        labels.cost.fill(f64::INFINITY);
        labels.hops.fill(u32::MAX);
        labels.by.fill(NONE);
        (labels.cost[from], labels.hops[from]) = (0.0, 0);
        self.order.clear();
        room.changed.clear();
        room.changed.resize(network.nodes, true);
        room.heap.clear();
        room.heap.push(entry(0.0, 0, from));
        labels.spread(network, costs, from, room);
    }
}

impl Labels {
    /// Lets nodes of the heap offer their paths to others until none takes one; whether all numbers of links are right.
    fn spread(&mut self, network: &Network, costs: &[f64], from: usize, room: &mut Room) -> bool {
        let mut is_sound = true;
        while let Some(Reverse(next)) = room.heap.pop() {
            let at = next as u32 as usize;
            let is_old = Reverse(next) != entry(self.cost[at], self.hops[at], at);
            if is_old || !network.leads_on(from, at) {
                continue;
            }
            for &[link, end] in network.out(at) {
                let (cost, end) = (self.cost[at] + costs[link as usize], end as usize);
                if cost <= self.cost[end] {
                    is_sound &= self.offer(network, room, at, (cost, link, end));
                }
            }
        }
        is_sound
    }

    /// Offers a node a path over a link from `begin` that costs no more than its own. False where it is its own, which has become
    /// longer for the same cost: where a cost fell by less than rounding shows, but by more links. Those behind it do not hear of that.
    fn offer(
        &mut self,
        network: &Network,
        room: &mut Room,
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
        if link != old.2 {
            room.reaches |= old.2 == NONE;
            (room.changed[end], room.has_turned) = (true, true);
        }
        // No path leads on through a zone, and another last link alone is nothing to those behind.
        if end >= network.first_through && (cost, hops) != (old.0, old.1) {
            room.heap.push(entry(cost, hops, end));
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

    /// A cost: one in ten is infinite; others make many ties, none, or paths that differ by less than rounding shows.
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
        let (mut room, mut repaired, mut anew, mut closed, mut same) = (Room::default(), 0, 0, 0, 0);
        let check = |kept: &Kept, network: &Network, costs: &[f64], from: usize, words: &str| {
            let mut tree = Tree::new(network);
            tree.search(network, costs, from, &[]);
            let labels = &kept.labels;
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
            let mut graph = network(nodes, first_through, &ends);
            let (kind, from) = (chance.below(4), chance.below(nodes));
            let mut costs: Vec<f64> = ends.iter().map(|_| cost(&mut chance, kind)).collect();
            let mut kept = Kept::find(&graph, &costs, from, &mut room);
            check(&kept, &graph, &costs, from, &format!("case {case}, new"));
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
                    graph = network(nodes, first_through, &ends);
                    let numbers: Vec<u32> = (0..ends.len() as u32).collect();
                    let became = |link: u32| match (link as usize).cmp(&gone) {
                        std::cmp::Ordering::Less => &numbers[link as usize..][..1],
                        std::cmp::Ordering::Equal => &[],
                        std::cmp::Ordering::Greater => &numbers[link as usize - 1..][..1],
                    };
                    kept = kept.moved(&graph, from, became, &mut room);
                    closed += 1;
                }
                let path = |kept: &Kept, node: usize| {
                    let mut links = Vec::new();
                    kept.labels.path(&graph, node, &mut links);
                    links
                };
                let before: Vec<Vec<u32>> = (0..nodes).map(|node| path(&kept, node)).collect();
                if kept.repair(&graph, &costs, from, &mut room) {
                    repaired += 1
                } else {
                    anew += 1
                }
                for (node, before) in before.iter().enumerate() {
                    let is_same = *before == path(&kept, node);
                    assert!(is_same || room.changed()[node], "case {case}, round {round}: node {node}");
                    same += usize::from(!room.changed()[node]);
                }
                check(&kept, &graph, &costs, from, &format!("case {case}, round {round}"));
            }
        }
        // Both ways out are tried, and the second one is rare.
        assert!(
            repaired > 50 * anew && anew > 0 && closed > 1000 && same > 1000,
            "{repaired}, {anew}, {closed}, {same}"
        );
    }
}
