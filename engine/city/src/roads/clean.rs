//! What every network is rid of, whoever drew it; each repair is counted.

use super::street::share;
use super::{CAR, CYCLE, Link, Roads, TRUCK};
use hanze_base::remark::Remark;
use std::collections::HashMap;

/// Shorter links that lead back to where they begin go nowhere, m.
const NOWHERE: f64 = 0.5;

/// Leaves out links that lead nowhere, links that are there twice, and what is not joined to the rest.
pub(super) fn clean(mut roads: Roads) -> Roads {
    let mut keep = vec![true; roads.links.len()];
    let mut nowhere = 0usize;
    for (link, keep) in roads.links.iter().zip(&mut keep) {
        if link.from == link.to && link.length < NOWHERE {
            *keep = false;
            nowhere += 1;
        }
    }
    let twice = twins(&roads.links, &mut keep);
    let islands = islands(&roads, &mut keep);
    for (count, en, nl) in [
        (
            nowhere,
            "links of no length that lead back to where they begin are left out",
            "wegvakken zonder lengte die teruglopen naar hun begin zijn weggelaten",
        ),
        (twice, "links that are there twice are kept once", "wegvakken die er dubbel in staan tellen één keer mee"),
        (
            islands,
            "links that no road joins to the rest are left out",
            "wegvakken die met geen weg aan de rest vastzitten zijn weggelaten",
        ),
    ] {
        if count > 0 {
            let share = share(count, keep.len());
            roads.repairs.push(Remark::new(share, format!("{count} {en}"), format!("{count} {nl}")));
        }
    }
    named_apart(&mut roads);
    retain(&mut roads, &keep);
    roads
}

/// Links between the same nodes along the same line: the first one stays.
fn twins(links: &[Link], keep: &mut [bool]) -> usize {
    let mut seen: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
    let mut twice = 0;
    for k in 0..links.len() {
        if !keep[k] {
            continue;
        }
        let own = &links[k];
        let others = seen.entry((own.from, own.to)).or_default();
        let same = |other: &&usize| {
            let other = &links[**other];
            // Ways that differ by more than a metre in length, or in the middle, go different ways.
            let middle = |link: &Link| super::point_at(&link.line, 0.5);
            let near = (other.length - own.length).abs() < 1.0 && middle(other).distance(middle(own)) < 1.0;
            near && other.modes & own.modes == own.modes
        };
        match others.iter().find(same) {
            Some(_) => {
                keep[k] = false;
                twice += 1;
            }
            None => others.push(k),
        }
    }
    twice
}

/// What hangs together, whichever way links lead; of each mode's parts the longest stays.
fn islands(roads: &Roads, keep: &mut [bool]) -> usize {
    let mut reached = vec![false; roads.links.len()];
    for mode in [CAR, TRUCK, CYCLE] {
        let mut part: Vec<u32> = (0..roads.nodes.len() as u32).collect();
        let used = |k: usize| keep[k] && roads.links[k].modes & mode != 0;
        for (_, link) in roads.links.iter().enumerate().filter(|(k, _)| used(*k)) {
            let (a, b) = (root(&mut part, link.from), root(&mut part, link.to));
            part[a.max(b) as usize] = a.min(b);
        }
        let mut lengths: HashMap<u32, f64> = HashMap::new();
        for (_, link) in roads.links.iter().enumerate().filter(|(k, _)| used(*k)) {
            *lengths.entry(root(&mut part, link.from)).or_default() += link.length;
        }
        let longest = lengths.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0))).map(|(part, _)| *part);
        for (k, link) in roads.links.iter().enumerate() {
            let own = keep[k] && link.modes & mode != 0;
            reached[k] |= own && Some(root(&mut part, link.from)) == longest;
        }
    }
    let mut cut = 0;
    for (keep, reached) in keep.iter_mut().zip(reached) {
        cut += usize::from(*keep && !reached);
        *keep &= reached;
    }
    cut
}

fn root(part: &mut [u32], mut at: u32) -> u32 {
    while part[at as usize] != at {
        part[at as usize] = part[part[at as usize] as usize];
        at = part[at as usize];
    }
    at
}

/// Gives links of the same name different ones.
fn named_apart(roads: &mut Roads) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut again = 0usize;
    for link in &mut roads.links {
        let count = seen.entry(link.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            link.id = format!("{}~{count}", link.id);
            again += 1;
        }
    }
    if again > 0 {
        roads.repairs.push(Remark::new(
            share(again, roads.links.len()),
            format!("{again} links had the name of another and got one of their own"),
            format!("{again} wegvakken hadden de naam van een ander en kregen een eigen naam"),
        ));
    }
}

/// Keeps some links and the bans between them; nodes stay as they are numbered.
pub(super) fn retain_links(roads: &mut Roads, keep: &[bool]) {
    let mut place = vec![u32::MAX; roads.links.len()];
    let kept = place.iter_mut().zip(keep).filter(|(_, keep)| **keep);
    kept.enumerate().for_each(|(count, (place, _))| *place = count as u32);
    let mut k = 0;
    roads.links.retain(|_| {
        k += 1;
        keep[k - 1]
    });
    let moved = |(from, to): (u32, u32)| (place[from as usize], place[to as usize]);
    roads.bans = roads.bans.iter().map(|ban| moved(*ban)).filter(|(a, b)| a.max(b) != &u32::MAX).collect();
}

/// Keeps some links, the nodes that they need, and the bans between them.
fn retain(roads: &mut Roads, keep: &[bool]) {
    retain_links(roads, keep);
    let mut used = vec![false; roads.nodes.len()];
    used[..roads.centroids.min(roads.nodes.len())].fill(true);
    roads.links.iter().flat_map(|link| [link.from, link.to]).for_each(|node| used[node as usize] = true);
    let mut number = vec![0u32; used.len()];
    let kept = number.iter_mut().zip(&used).filter(|(_, used)| **used);
    kept.enumerate().for_each(|(next, (number, _))| *number = next as u32);
    for link in &mut roads.links {
        (link.from, link.to) = (number[link.from as usize], number[link.to as usize]);
    }
    roads.barriers.retain(|(node, _)| used[*node as usize]);
    roads.barriers.iter_mut().for_each(|(node, _)| *node = number[*node as usize]);
    let mut k = 0;
    roads.nodes.retain(|_| {
        k += 1;
        used[k - 1]
    });
}
