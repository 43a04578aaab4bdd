//! Routes taken over from one network to another.

use super::super::demand::Demand;
use super::super::kept;
use super::super::network::Network;
use super::super::shortest::NONE;
use super::group::{Group, Pair, Route};
use super::{Assignment, fits};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What became of each link.
struct Became {
    links: Vec<u32>,
    /// Where those of each link begin in `links` and where they end; none where it is gone.
    places: Vec<Option<(u32, u32)>>,
}

impl Became {
    fn new(count: usize, link: impl Fn(u32, &mut Vec<u32>) -> bool) -> Became {
        let mut links = Vec::with_capacity(count);
        let place = |own: u32| {
            let first = links.len();
            if !link(own, &mut links) {
                links.truncate(first);
                return None;
            }
            // Ways are kept from their end to their beginning, and so are the parts of a link.
            links[first..].reverse();
            Some((first as u32, links.len() as u32))
        };
        let places = (0..count as u32).map(place).collect();
        Became { links, places }
    }

    fn of(&self, link: u32) -> Option<&[u32]> {
        let (first, end) = self.places[link as usize]?;
        Some(&self.links[first as usize..end as usize])
    }
}

impl Assignment {
    /// The same trips on an edited network, from the ways of before: `link` adds what became of each link to a list and says whether
    /// there is anything. Ways that are broken go to the pair's others, or to the cheapest way of the new network.
    pub fn moved(&self, network: &Network, demand: &[Demand], link: impl Fn(u32, &mut Vec<u32>) -> bool) -> Assignment {
        let became = Became::new(self.flow.len(), link);
        let old: BTreeMap<(u8, u32), &Group> =
            self.groups.iter().map(|group| ((group.class, group.from), group)).collect();
        let mut all = Assignment { most_kept: self.most_kept, ..Assignment::of(network, demand) };
        let keeps = fits(all.groups.len(), network, all.most_kept);
        all.groups.par_iter_mut().for_each_init(kept::Room::default, |room, group| {
            group.pairs.sort_by_key(|pair| pair.to);
            let Some(was) = old.get(&(group.class, group.from)) else { return };
            take_ways(group, was, network, &became);
            let parts = |link| became.of(link).unwrap_or_default();
            let tree = was.tree.as_ref().filter(|_| keeps);
            group.tree = tree.map(|tree| tree.moved(network, group.from as usize, parts, room));
        });
        all.sum_up(network.links.len());
        all.fill(network);
        all
    }
}

/// Gives the pairs of a group the ways that they had and that are still there.
fn take_ways(group: &mut Group, was: &Group, network: &Network, became: &Became) {
    let mut old: Vec<&Pair> = was.pairs.iter().collect();
    old.sort_by_key(|pair| pair.to);
    group.links.reserve(was.links.len());
    group.ways.reserve(was.ways.len());
    let wanted = std::mem::take(&mut group.pairs);
    group.pairs.reserve(wanted.len());
    for pair in wanted {
        group.pairs.push(pair);
        let pair = group.pairs.len() - 1;
        let Ok(at) = old.binary_search_by_key(&group.pairs[pair].to, |old| old.to) else { continue };
        let (first, start) = (group.ways.len(), group.links.len());
        for way in was.ways_of(old[at]) {
            take_way(group, way, &was.links, network, became);
        }
        let sum: f64 = group.ways[first..].iter().map(|way| way.flow).sum();
        let own = &mut group.pairs[pair];
        if sum > 0.0 {
            group.ways[first..].iter_mut().for_each(|way| way.flow *= own.trips / sum);
        } else {
            own.first = NONE;
            group.ways.truncate(first);
            group.links.truncate(start);
        }
    }
}

/// Gives the last pair of a group a way of before, if it is still there.
fn take_way(group: &mut Group, way: &Route, old: &[u32], network: &Network, became: &Became) {
    let start = group.links.len();
    let is_there = way.of(old).iter().all(|link| {
        let parts = became.of(*link);
        group.links.extend_from_slice(parts.unwrap_or_default());
        parts.is_some()
    });
    let (links, ends) = (&group.links[start..], network.ends());
    let extra: f64 = links.iter().map(|link| network.extra(usize::from(group.class), *link)).sum();
    let mut steps = links.windows(2);
    let meets = steps.all(|step| ends[step[1] as usize][1] == ends[step[0] as usize][0]);
    if is_there && meets && extra < f64::INFINITY {
        group.push_way(start, way.flow, extra);
    } else {
        group.links.truncate(start);
    }
}
