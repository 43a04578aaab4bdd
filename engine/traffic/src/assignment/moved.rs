//! Routes taken over from one network to another.

use super::super::demand::Demand;
use super::super::kept;
use super::super::network::Network;
use super::super::shortest::NONE;
use super::group::{Group, Pair, Route};
use super::round::BLOCK;
use super::{Assignment, fits};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What became of each link.
struct Became {
    links: Vec<u32>,
    /// Where those of each link begin in `links` and where they end; none where it is gone.
    places: Vec<Option<(u32, u32)>>,
    /// The one link that each became; `NONE` where it is gone or became several.
    one: Vec<u32>,
}

impl Became {
    fn new(count: usize, link: impl Fn(u32, &mut Vec<u32>) -> bool) -> Became {
        let mut links = Vec::with_capacity(count);
        let place = |old: u32| {
            let first = links.len();
            if !link(old, &mut links) {
                links.truncate(first);
                return None;
            }
            // Paths are kept from their end to their beginning, and so are the parts of a link.
            links[first..].reverse();
            Some((first as u32, links.len() as u32))
        };
        let places: Vec<Option<(u32, u32)>> = (0..count as u32).map(place).collect();
        let one = |place: &Option<(u32, u32)>| match place {
            Some((first, end)) if end - first == 1 => links[*first as usize],
            _ => NONE,
        };
        let one = places.iter().map(one).collect();
        Became { links, places, one }
    }

    fn of(&self, link: u32) -> Option<&[u32]> {
        let (first, end) = self.places[link as usize]?;
        Some(&self.links[first as usize..end as usize])
    }
}

impl Assignment {
    /// The same trips on an edited network, from the paths of before: `link` adds what became of each link to a list and says whether
    /// there is anything. Paths that are broken go to the pair's others, or to the cheapest path of the new network.
    pub fn moved(&self, network: &Network, demand: &[Demand], link: impl Fn(u32, &mut Vec<u32>) -> bool) -> Assignment {
        let became = Became::new(self.flow.len(), link);
        let old: BTreeMap<(u8, u32), &Group> =
            self.groups.iter().map(|group| ((group.class, group.from), group)).collect();
        let mut all = Assignment { most_kept: self.most_kept, ..Assignment::of(network, demand) };
        let keeps = fits(all.groups.len(), network, all.most_kept);
        all.groups.par_iter_mut().for_each_init(kept::Room::default, |room, group| {
            group.pairs.sort_by_key(|pair| pair.to);
            let Some(was) = old.get(&(group.class, group.from)) else { return };
            let parts = |link| became.of(link).unwrap_or_default();
            let tree = was.tree.as_ref().filter(|_| keeps);
            group.tree = tree.map(|tree| tree.moved(network, group.from as usize, parts, room));
            take_paths(group, was, network, &became);
            group.note_several();
        });
        all.sum_up(network.links.len());
        all.fill(network, BLOCK);
        all
    }
}

/// Gives the pairs of a group the paths that they had and that are still there.
fn take_paths(group: &mut Group, was: &Group, network: &Network, became: &Became) {
    let mut old: Vec<&Pair> = was.pairs.iter().collect();
    old.sort_by_key(|pair| pair.to);
    group.links.reserve(was.links.len());
    group.paths.reserve(was.paths.len());
    let wanted = std::mem::take(&mut group.pairs);
    group.pairs.reserve(wanted.len());
    let mut old = old.into_iter().peekable();
    for pair in wanted {
        while old.next_if(|old| old.to < pair.to).is_some() {}
        let was_pair = old.next_if(|old| old.to == pair.to);
        group.pairs.push(pair);
        let Some(was_pair) = was_pair else { continue };
        let (first, start) = (group.paths.len(), group.links.len());
        for path in was.paths_of(was_pair) {
            take_path(group, path, &was.links, network, became);
        }
        let sum: f64 = group.paths[first..].iter().map(|path| path.flow).sum();
        let Some(pair) = group.pairs.last_mut() else { continue };
        pair.is_best &= group.paths.len() - first == 1;
        if sum > 0.0 {
            group.paths[first..].iter_mut().for_each(|path| path.flow *= pair.trips / sum);
        } else {
            (pair.first, pair.is_best) = (NONE, false);
            group.paths.truncate(first);
            group.links.truncate(start);
        }
    }
}

/// Gives the last pair of a group a path of before, if it is still there.
fn take_path(group: &mut Group, path: &Route, old: &[u32], network: &Network, became: &Became) {
    let (start, ends) = (group.links.len(), network.ends());
    group.links.extend(path.of(old).iter().map(|link| became.one[*link as usize]));
    let mut is_there = !group.links[start..].contains(&NONE);
    if !is_there {
        // Some are gone, or there are several of them.
        group.links.truncate(start);
        is_there = path.of(old).iter().all(|link| {
            let parts = became.of(*link);
            group.links.extend_from_slice(parts.unwrap_or_default());
            parts.is_some()
        });
    }
    let links = &group.links[start..];
    let extra = network.extra_of(usize::from(group.class), links);
    // Whether they meet, and whether they are the last links of the paths to where they end.
    let by = group.tree.as_ref().map(|tree| &tree.labels.by[..]);
    let (mut meets, mut is_best, mut next) = (is_there, by.is_some(), NONE);
    for &link in links {
        let [begin, end] = ends[link as usize];
        meets &= next == NONE || next == end;
        is_best = is_best && by.is_some_and(|by| by[end as usize] == link);
        next = begin;
    }
    if meets && extra < f64::INFINITY {
        group.push_path(start, path.flow, extra);
        if let Some(pair) = group.pairs.last_mut() {
            pair.is_best = is_best;
        }
    } else {
        group.links.truncate(start);
    }
}
