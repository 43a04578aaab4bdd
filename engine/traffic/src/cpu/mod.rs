//! The twin of the searches on a GPU: the same three stages, each in the order that suits one origin on one thread.

pub(crate) mod across;
pub(crate) mod decide;
pub(crate) mod drive;
pub(crate) mod motion;
pub(crate) mod plan;
pub(crate) mod sight;
pub(crate) mod yields;

use super::params::NEVER;
use super::paths::{Arcs, Searcher, Trees};
use hanze_base::error::Result;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Searches on the threads of this machine.
pub struct CpuSearcher;

impl Searcher for CpuSearcher {
    fn search(&mut self, arcs: &Arcs, origins: &[u32]) -> Result<Trees> {
        let len = arcs.nodes * origins.len();
        let mut trees =
            Trees { nodes: arcs.nodes, costs: vec![NEVER; len], hops: vec![NEVER; len], links: vec![NEVER; len] };
        let chunk = arcs.nodes.max(1);
        let costs = trees.costs.par_chunks_mut(chunk).zip(trees.hops.par_chunks_mut(chunk));
        let all = costs.zip(trees.links.par_chunks_mut(chunk)).zip(origins);
        all.for_each(|(((costs, counts), links), origin)| {
            relax(arcs, *origin, costs);
            hops(arcs, *origin, costs, counts);
            parents(arcs, *origin, costs, counts, links);
        });
        Ok(trees)
    }
}

/// The links on which a path from an origin may go on from a node.
fn onwards(arcs: &Arcs, node: u32, origin: u32) -> impl Iterator<Item = &super::params::Arc> {
    let is_open = node as usize >= arcs.first_through || node == origin;
    let leaving = if is_open { arcs.of_node(node as usize) } else { &[] };
    leaving.iter().filter(|arc| arc.cost != NEVER)
}

/// Cheapest costs (Dijkstra 1959).
fn relax(arcs: &Arcs, origin: u32, costs: &mut [u32]) {
    let mut heap = BinaryHeap::from([Reverse((0u32, origin))]);
    costs[origin as usize] = 0;
    while let Some(Reverse((so_far, node))) = heap.pop() {
        if so_far > costs[node as usize] {
            continue;
        }
        for arc in onwards(arcs, node, origin) {
            // What is beyond counting is not reached.
            let Some(cost) = so_far.checked_add(arc.cost) else { continue };
            if cost < costs[arc.to as usize] {
                costs[arc.to as usize] = cost;
                heap.push(Reverse((cost, arc.to)));
            }
        }
    }
}

/// Of paths that cost the same the one with fewer links: nodes in the order in which they are found over links of cheapest paths.
fn hops(arcs: &Arcs, origin: u32, costs: &[u32], counts: &mut [u32]) {
    let mut found = vec![origin];
    counts[origin as usize] = 0;
    let mut at = 0;
    while let Some(&node) = found.get(at) {
        at += 1;
        let (so_far, count) = (costs[node as usize], counts[node as usize] + 1);
        for arc in onwards(arcs, node, origin) {
            let to = arc.to as usize;
            if so_far.checked_add(arc.cost) == Some(costs[to]) && counts[to] == NEVER {
                counts[to] = count;
                found.push(arc.to);
            }
        }
    }
}

/// The link by which each node is reached: of those that lie on a cheapest path with the fewest links the first in the network.
fn parents(arcs: &Arcs, origin: u32, costs: &[u32], counts: &[u32], links: &mut [u32]) {
    for node in (0..arcs.nodes as u32).filter(|node| costs[*node as usize] != NEVER) {
        let (so_far, count) = (costs[node as usize], counts[node as usize] + 1);
        for arc in onwards(arcs, node, origin) {
            let to = arc.to as usize;
            if so_far.checked_add(arc.cost) == Some(costs[to]) && count == counts[to] {
                links[to] = links[to].min(arc.link);
            }
        }
    }
}
