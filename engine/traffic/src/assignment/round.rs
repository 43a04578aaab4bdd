//! Rounds: looking for cheaper paths, and moving trips to them.
//!
//! A whole round looks at all zones at one state of the costs and tells how far the flows are from equilibrium. If that is too far,
//! partial rounds follow, which look only at the zones whose trips pay most over the cheapest paths, while trips move to paths that are
//! known wherever they are. Only whole rounds say when it is enough.

use super::super::network::Network;
use super::group::{Group, Limits, Rooms};
use super::loads::Loads;
use super::{Assignment, Progress, fits};
use rayon::prelude::*;

/// Share of what trips pay over the cheapest paths that the zones of a partial round hold.
const SHARE: f64 = 0.95;
/// Partial rounds after a whole one, at most.
const PARTIAL: usize = 10;
/// Zones of a partial round that look at one state of the costs, in parallel; the next ones see what these moved.
pub(super) const BLOCK: usize = 16;
/// Turns of moving trips between known paths in each round.
const TURNS: usize = 20;
/// A new path is one that is cheaper by this share of the gap that is wanted: less than that, for all trips, is no reason for another
/// round.
const NEW: f64 = 0.5;
/// Less than this share of a cost is rounding.
const ROUNDING: f64 = 1e-14;
/// Share of the gap of a round to which trips are moved between known paths.
const ENOUGH: f64 = 0.1;
/// And that of the gap that is wanted, so that what is left to them does not need another round.
const REST: f64 = 0.1;
/// Parts in which flows are added up, whatever the threads.
const PARTS: usize = 8;

impl Assignment {
    /// One round: whether the gap is small enough; trips move where it is not.
    pub fn step(&mut self, network: &Network, gap: f64) -> bool {
        // The flows of the first round have been summed up.
        if self.progress.round > 0 {
            self.sum_up(network.links.len());
        }
        let mut loads = Loads::new(network, std::mem::take(&mut self.flow));
        let mut limits = Limits {
            new: (NEW * gap).max(ROUNDING),
            enough: REST * gap,
            keeps: fits(self.groups.len(), network, self.most_kept),
        };
        let mut groups: Vec<&mut Group> = self.groups.iter_mut().collect();
        let rooms = Rooms::default();
        look(&mut groups, &loads, &limits, &rooms);
        // In the order of zones, so that threads change nothing. What classes pay of their own is part of the cost of all trips.
        let sum = |of: fn(&Group) -> f64| groups.iter().map(|group| of(group)).sum::<f64>();
        let total = sum(|group| group.class_costs) + loads.total();
        let least = sum(|group| group.least);
        let found = if total > 0.0 { (total - least) / total } else { 0.0 };
        self.progress = Progress { round: self.progress.round + 1, gap: found };
        let is_done = found <= gap;
        if is_done {
            groups.iter_mut().for_each(|group| group.forget());
        } else {
            improve(&mut groups, &mut loads, &mut limits, &rooms, [gap, total]);
        }
        self.flow = loads.flow;
        is_done
    }

    /// Flows of links from those of paths: what moving left of rounding goes.
    pub(super) fn sum_up(&mut self, links: usize) {
        let many = self.groups.len().div_ceil(PARTS).max(1);
        let add = |groups: &[Group]| {
            let mut flow = vec![0.0; links];
            for group in groups {
                for path in group.pairs.iter().flat_map(|pair| group.paths_of(pair)) {
                    path.of(&group.links).iter().for_each(|link| flow[*link as usize] += path.flow);
                }
            }
            flow
        };
        let parts: Vec<Vec<f64>> = self.groups.par_chunks(many).map(add).collect();
        self.flow.clear();
        self.flow.resize(links, 0.0);
        for part in &parts {
            self.flow.iter_mut().zip(part).for_each(|(sum, partial)| *sum += partial);
        }
    }
}

/// Looks for cheapest paths from zones at one state of the costs.
fn look(groups: &mut [&mut Group], loads: &Loads, limits: &Limits, rooms: &Rooms) {
    groups.par_iter_mut().for_each_init(|| rooms.lend(), |room, group| group.look(loads, limits, room));
}

/// Moves trips to the paths that a whole round found, and goes on with partial rounds. `total` is what all trips cost.
fn improve(groups: &mut [&mut Group], loads: &mut Loads, limits: &mut Limits, rooms: &Rooms, [gap, total]: [f64; 2]) {
    let paid_over = |groups: &[&mut Group]| groups.iter().map(|group| group.excess).sum::<f64>() / total;
    let (mut excess, mut costs) = (paid_over(groups), Vec::new());
    for round in 0..=PARTIAL {
        limits.enough = REST * gap.max(ENOUGH * excess);
        let chosen = if round == 0 { vec![true; groups.len()] } else { busiest(groups) };
        let pick = groups.iter_mut().zip(chosen).filter_map(|(group, is_chosen)| is_chosen.then_some(&mut **group));
        let mut some: Vec<&mut Group> = pick.collect();
        let before = loads.moves;
        for block in some.chunks_mut(BLOCK) {
            // The whole round has looked already.
            if round > 0 {
                look(block, loads, limits, rooms);
            }
            block.iter_mut().for_each(|group| group.take_up(loads, limits, &mut costs));
        }
        excess = excess.min(paid_over(groups));
        settle(groups, loads, limits, &mut costs);
        groups.par_iter_mut().for_each(|group| group.prune());
        // What was found before trips moved is more than there is now.
        if (round > 0 && excess <= gap) || loads.moves == before {
            break;
        }
    }
    groups.par_iter_mut().for_each(|group| group.pack());
}

/// Moves trips between the paths that pairs know, wherever they are, until these cost nearly the same.
fn settle(groups: &mut [&mut Group], loads: &mut Loads, limits: &Limits, costs: &mut Vec<(u32, f64)>) {
    groups.iter_mut().for_each(|group| group.active.clone_from(&group.several));
    for _ in 0..TURNS {
        let mut is_left = false;
        for group in groups.iter_mut().filter(|group| !group.active.is_empty()) {
            group.settle(loads, limits, costs);
            is_left |= !group.active.is_empty();
        }
        if !is_left {
            break;
        }
    }
}

/// The zones whose trips pay most over the cheapest paths.
fn busiest(groups: &[&mut Group]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*b].excess.total_cmp(&groups[*a].excess).then(a.cmp(b)));
    let all: f64 = groups.iter().map(|group| group.excess).sum();
    let (mut chosen, mut sum) = (vec![false; groups.len()], 0.0);
    for at in order {
        if sum >= SHARE * all {
            break;
        }
        chosen[at] = true;
        sum += groups[at].excess;
    }
    chosen
}
