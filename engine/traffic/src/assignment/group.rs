//! Trips of a class that begin in a zone, and their paths.

use super::super::kept::{self, Kept};
use super::super::network::Network;
use super::super::shortest::{Labels, NONE, Tree};
use super::loads::Loads;
use std::sync::{Mutex, PoisonError};

/// Trips on a path below which it is dropped, as a share of those of its pair.
const DROPPED: f64 = 1e-14;

/// Trips from a zone to another one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    /// Zone where they end.
    pub(super) to: u32,
    /// The first of their paths; `NONE` as long as they have none.
    pub(super) first: u32,
    /// Whether their only path is the cheapest one that was found last.
    pub(super) is_best: bool,
    /// How many.
    pub(super) trips: f64,
}

/// A path of some trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Route {
    /// Where its links begin among those of the group, the last link first.
    pub(super) start: u32,
    /// How many they are.
    pub(super) count: u32,
    /// The next path of the pair, or `NONE`.
    pub(super) next: u32,
    /// Trips on it.
    pub(super) flow: f64,
    /// What it costs the class beyond the costs for all.
    pub(super) extra: f64,
}

impl Route {
    /// Its links, of those of its group.
    pub(super) fn of<'a>(&self, links: &'a [u32]) -> &'a [u32] {
        &links[self.start as usize..][..self.count as usize]
    }
}

/// A path that was found for a pair and is not taken up yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct NewPath {
    pair: u32,
    start: u32,
}

/// All that begins in one zone. The links of all paths lie beside each other, so that a round reads memory in order.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Class of vehicles.
    pub(super) class: u8,
    /// Zone where the trips begin.
    pub(super) from: u32,
    /// Pairs of zones.
    pub(super) pairs: Vec<Pair>,
    /// Paths of all pairs.
    pub(super) paths: Vec<Route>,
    /// Links of all paths.
    pub(super) links: Vec<u32>,
    /// Cheapest paths, as far as they are kept.
    pub(super) tree: Option<Kept>,
    /// Pairs with more than one path.
    pub(super) several: Vec<u32>,
    /// Pairs whose trips may still have to move.
    pub(super) active: Vec<u32>,
    found: Vec<NewPath>,
    /// Whether flows of paths are others than when paths were last dropped.
    is_changed: bool,
    /// Whether paths are others than when they were last packed.
    is_torn: bool,
    /// What all trips would cost on the cheapest paths when these were last looked for.
    pub(super) least: f64,
    /// What they paid over that.
    pub(super) excess: f64,
    /// What they paid beyond the costs for all, as their class does.
    pub(super) class_costs: f64,
}

/// What counts as a difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Share of its cost by which a new path is cheaper than those that are known.
    pub(super) new: f64,
    /// Share of what a pair pays that trips may pay over its cheapest path and stay.
    pub(super) enough: f64,
    /// Whether trees are kept.
    pub(super) keeps: bool,
}

/// Room of a thread for searches.
#[derive(Default)]
pub(super) struct Room {
    kept: kept::Room,
    tree: Option<Tree>,
    wanted: Vec<(u32, f64)>,
}

/// Rooms for all threads, so that memory is taken once.
#[derive(Default)]
pub(super) struct Rooms(Mutex<Vec<Room>>);

/// A room until it is given back.
pub(super) struct Lent<'a> {
    room: Room,
    rooms: &'a Rooms,
}

impl Rooms {
    /// A room that nobody else has.
    pub(super) fn lend(&self) -> Lent<'_> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Lent { room: free.pop().unwrap_or_default(), rooms: self }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut free = self.rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.room));
    }
}

impl Lent<'_> {
    /// Cheapest paths from a zone at these costs, at least to the wanted zones. Kept ones are repaired; a whole tree
    /// is found where they shall be kept from now on. And for each node whether its path may be another one than before, if that is
    /// known.
    fn search<'a>(
        &'a mut self,
        network: &Network,
        costs: &[f64],
        from: u32,
        wanted: impl Iterator<Item = (u32, f64)>,
        kept: &'a mut Option<Kept>,
        keeps: bool,
    ) -> (&'a Labels, Option<&'a [bool]>) {
        let (from, room) = (from as usize, &mut self.room);
        if !keeps {
            room.wanted.clear();
            room.wanted.extend(wanted);
            let tree = room.tree.get_or_insert_with(|| Tree::new(network));
            tree.search(network, costs, from, &room.wanted);
            return (tree.labels(), None);
        }
        let tree = match kept.take() {
            Some(mut tree) => {
                tree.repair(network, costs, from, &mut room.kept);
                tree
            }
            None => Kept::find(network, costs, from, &mut room.kept),
        };
        (&kept.insert(tree).labels, Some(room.kept.changed()))
    }
}

impl Group {
    /// No trips.
    pub(super) fn new(class: u8, from: u32) -> Group {
        Group {
            class,
            from,
            pairs: Vec::new(),
            paths: Vec::new(),
            links: Vec::new(),
            tree: None,
            several: Vec::new(),
            active: Vec::new(),
            found: Vec::new(),
            is_changed: false,
            is_torn: false,
            least: 0.0,
            excess: 0.0,
            class_costs: 0.0,
        }
    }

    /// Paths of a pair.
    pub(super) fn paths_of<'a>(&'a self, pair: &Pair) -> impl Iterator<Item = &'a Route> + use<'a> {
        let path = move |at: u32| self.paths.get(at as usize);
        std::iter::successors(path(pair.first), move |route| path(route.next))
    }

    /// Adds a path to the last pair, after its other ones: its links are the last of the group's, from `start` on.
    pub(super) fn push_path(&mut self, start: usize, flow: f64, extra: f64) {
        let at = self.paths.len() as u32;
        let count = (self.links.len() - start) as u32;
        let Some(pair) = self.pairs.last_mut() else { return };
        match pair.first {
            NONE => pair.first = at,
            _ => self.paths[at as usize - 1].next = at,
        }
        self.paths.push(Route { start: start as u32, count, next: NONE, flow, extra });
    }

    /// Notes which pairs have more than one path.
    pub(super) fn note_several(&mut self) {
        let has_more = |pair: &Pair| self.paths.get(pair.first as usize).is_some_and(|path| path.next != NONE);
        let several = self.pairs.iter().zip(0..).filter(|(pair, _)| has_more(pair)).map(|(_, number)| number);
        self.several = several.collect();
    }

    /// Gives all pairs that have no path the cheapest one at the costs of now, if there is any; which of the paths is the first new one.
    pub(super) fn begin(&mut self, loads: &Loads, keeps: bool, room: &mut Lent) -> usize {
        let (network, number) = (loads.network(), usize::from(self.class));
        let Group { pairs, paths, links, tree, .. } = self;
        let wanted = pairs.iter().filter(|pair| pair.first == NONE).map(|pair| (pair.to, pair.trips));
        let (cheapest, changed) = room.search(network, loads.of(self.class), self.from, wanted, tree, keeps);
        let before = paths.len();
        for pair in pairs {
            let to = pair.to as usize;
            pair.is_best &= changed.is_some_and(|changed| !changed[to]);
            if pair.first == NONE && cheapest.cost[to] < f64::INFINITY {
                let start = links.len();
                cheapest.path(network, to, links);
                let extra = network.extra_of(number, &links[start..]);
                pair.first = paths.len() as u32;
                let count = (links.len() - start) as u32;
                paths.push(Route { start: start as u32, count, next: NONE, flow: pair.trips, extra });
            }
        }
        before
    }

    /// Looks for the cheapest paths at the costs of now: what trips pay over them, and which pairs want to move. Paths that are new are
    /// noted.
    pub(super) fn look(&mut self, loads: &Loads, limits: &Limits, room: &mut Lent) {
        let (network, class) = (loads.network(), self.class);
        let Group { pairs, paths, links, tree, active, found, .. } = self;
        let wanted = pairs.iter().map(|pair| (pair.to, pair.trips));
        let (cheapest, changed) = room.search(network, loads.of(class), self.from, wanted, tree, limits.keeps);
        let (mut least, mut excess, mut class_costs) = (0.0, 0.0, 0.0);
        let has_own = !network.classes.is_empty();
        active.clear();
        found.clear();
        for (number, pair) in pairs.iter_mut().enumerate() {
            let best = cheapest.cost[pair.to as usize];
            least += pair.trips * best;
            let first = &paths[pair.first as usize];
            if !(pair.is_best && changed.is_some_and(|changed| !changed[pair.to as usize])) {
                let is_last = |link: &u32| cheapest.by[network.ends()[*link as usize][1] as usize] == *link;
                pair.is_best = first.next == NONE && first.of(links).iter().all(is_last);
            }
            if pair.is_best {
                if has_own {
                    class_costs += first.flow * first.extra;
                }
                continue;
            }
            let (mut at, mut known, mut paid) = (pair.first, f64::INFINITY, 0.0);
            while let Some(path) = paths.get(at as usize) {
                let cost = loads.sum(path.of(links)) + path.extra;
                known = known.min(cost);
                paid += path.flow * cost;
                class_costs += path.flow * path.extra;
                at = path.next;
            }
            let over = (paid - pair.trips * best).max(0.0);
            excess += over;
            if over <= limits.enough * paid {
                continue;
            }
            let is_new = best < known * (1.0 - limits.new) && {
                let start = links.len();
                cheapest.path(network, pair.to as usize, links);
                let (old, new) = links.split_at(start);
                let mut at = pair.first;
                // It may be a known one, added up in another order.
                let is_new = loop {
                    match paths.get(at as usize) {
                        Some(path) if path.of(old) == new => break false,
                        Some(path) => at = path.next,
                        None => break true,
                    }
                };
                if is_new {
                    found.push(NewPath { pair: number as u32, start: start as u32 });
                } else {
                    links.truncate(start);
                }
                is_new
            };
            if is_new || paths[pair.first as usize].next != NONE {
                active.push(number as u32);
            }
        }
        (self.least, self.excess, self.class_costs) = (least, excess, class_costs);
    }

    /// Forgets the new paths that `look` noted.
    pub(super) fn forget(&mut self) {
        if let Some(first) = self.found.first() {
            self.links.truncate(first.start as usize);
        }
        self.found.clear();
        self.active.clear();
    }

    /// Takes up the new paths that are still cheaper than those that are known, now that others have moved, and moves trips of the
    /// pairs that want to.
    pub(super) fn take_up(&mut self, loads: &mut Loads, limits: &Limits, costs: &mut Vec<(u32, f64)>) {
        let (mut active, mut found) = (std::mem::take(&mut self.active), std::mem::take(&mut self.found));
        let mut next = 0;
        for &pair in &active {
            if let Some(new) = found.get(next).filter(|new| new.pair == pair) {
                // The links of a path end where those of the next one begin.
                let end = found.get(next + 1).map_or(self.links.len(), |after| after.start as usize);
                self.learn(*new, end, loads, limits);
                next += 1;
            }
            self.shift(pair, loads, limits.enough, costs);
        }
        self.is_torn |= !found.is_empty();
        // Their memory serves again.
        active.clear();
        found.clear();
        (self.active, self.found) = (active, found);
    }

    /// Adds a path to those of its pair if it is cheaper than all of them.
    fn learn(&mut self, new: NewPath, end: usize, loads: &Loads, limits: &Limits) {
        let new_links = &self.links[new.start as usize..end];
        let network = loads.network();
        let extra = network.extra_of(usize::from(self.class), new_links);
        let cost = loads.sum(new_links) + extra;
        let (first, mut last, mut known) = (self.pairs[new.pair as usize].first, NONE, f64::INFINITY);
        let mut at = first;
        while let Some(path) = self.paths.get(at as usize) {
            known = known.min(loads.sum(path.of(&self.links)) + path.extra);
            (last, at) = (at, path.next);
        }
        if cost < known * (1.0 - limits.new) {
            if first == last {
                self.several.push(new.pair);
            }
            self.pairs[new.pair as usize].is_best = false;
            self.paths[last as usize].next = self.paths.len() as u32;
            let count = end as u32 - new.start;
            self.paths.push(Route { start: new.start, count, next: NONE, flow: 0.0, extra });
        }
    }

    /// Moves trips of the active pairs to their cheapest paths; those whose paths cost nearly the same rest.
    pub(super) fn settle(&mut self, loads: &mut Loads, limits: &Limits, costs: &mut Vec<(u32, f64)>) {
        let mut active = std::mem::take(&mut self.active);
        active.retain(|pair| self.shift(*pair, loads, limits.enough, costs));
        self.active = active;
    }

    /// Moves trips of a pair to its cheapest path; not if what they pay over that is a share of at most `enough`, which it tells.
    fn shift(&mut self, pair: u32, loads: &mut Loads, enough: f64, costs: &mut Vec<(u32, f64)>) -> bool {
        let links = &self.links[..];
        let mut at = self.pairs[pair as usize].first;
        let mut best = (at, f64::INFINITY);
        costs.clear();
        while let Some(path) = self.paths.get(at as usize) {
            let cost = loads.sum(path.of(links)) + path.extra;
            if cost < best.1 {
                best = (at, cost);
            }
            costs.push((at, cost));
            at = path.next;
        }
        let (mut over, mut paid) = (0.0, 0.0);
        for &(path, cost) in costs.iter() {
            let flow = self.paths[path as usize].flow;
            over += flow * (cost - best.1);
            paid += flow * cost;
        }
        if over <= enough * paid {
            return false;
        }
        for &(path, _) in costs.iter().filter(|(path, _)| *path != best.0) {
            let (from, to) = (self.paths[path as usize], self.paths[best.0 as usize]);
            if from.flow <= 0.0 {
                continue;
            }
            // Costs change with every move.
            let (dropped, other) = apart(from.of(links), to.of(links));
            let more = (loads.sum(dropped) + from.extra) - (loads.sum(other) + to.extra);
            if more > 0.0 {
                let moved = loads.shift(dropped, other, more, from.flow);
                self.paths[path as usize].flow -= moved;
                self.paths[best.0 as usize].flow += moved;
                self.is_changed = true;
            }
        }
        true
    }

    /// Drops paths that nobody takes, and gives what they had left to the pair's others.
    pub(super) fn prune(&mut self) {
        if !std::mem::take(&mut self.is_changed) {
            return;
        }
        let Group { pairs, paths, several, is_torn, .. } = self;
        several.retain(|number| {
            let pair = &mut pairs[*number as usize];
            let (mut at, mut last, mut sum, mut count) = (pair.first, NONE, 0.0, 0);
            while let Some(&path) = paths.get(at as usize) {
                // Trips always have a path.
                if path.flow > DROPPED * pair.trips || (count == 0 && path.next == NONE) {
                    match last {
                        NONE => pair.first = at,
                        _ => paths[last as usize].next = at,
                    }
                    (last, sum, count) = (at, sum + path.flow, count + 1);
                } else {
                    *is_torn = true;
                }
                at = path.next;
            }
            paths[last as usize].next = NONE;
            at = pair.first;
            while let Some(path) = paths.get_mut(at as usize) {
                path.flow = if count == 1 { pair.trips } else { path.flow * (pair.trips / sum) };
                at = path.next;
            }
            count > 1
        });
    }

    /// Closes the gaps in memory that new and dropped paths left, and brings paths in the order of pairs.
    pub(super) fn pack(&mut self) {
        if !std::mem::take(&mut self.is_torn) {
            return;
        }
        let mut paths: Vec<Route> = Vec::with_capacity(self.paths.len());
        let mut links = Vec::with_capacity(self.links.len());
        for pair in &mut self.pairs {
            let (first, mut at) = (paths.len() as u32, pair.first);
            while let Some(path) = self.paths.get(at as usize) {
                let next = if path.next == NONE { NONE } else { paths.len() as u32 + 1 };
                paths.push(Route { start: links.len() as u32, next, ..*path });
                links.extend_from_slice(path.of(&self.links));
                at = path.next;
            }
            pair.first = first;
        }
        (self.paths, self.links) = (paths, links);
        self.several.sort_unstable();
    }
}

/// Two paths without the links with which both begin or both end.
fn apart<'a>(one: &'a [u32], other: &'a [u32]) -> (&'a [u32], &'a [u32]) {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    (&one[..one.len() - same], &other[..other.len() - same])
}
