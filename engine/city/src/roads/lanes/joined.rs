//! Junctions that lie so near each other that drivers take them for one.

use crate::roads::{CAR, Control, Roads};
use glam::DVec2;

/// Links shorter than this lie within one junction, m.
const JOINED: f64 = 16.0;
/// Links between two junctions with lights that are shorter than this lie within one, m.
const JOINED_LIGHTS: f64 = 40.0;
/// Junctions are no larger than that, m: those without lights, and those with them.
const EXTENT: [f64; 2] = [22.0, 60.0];

/// Junctions that lie so near each other that drivers take them for one.
pub(super) struct Joined {
    /// The junction of each node.
    pub of: Vec<usize>,
    /// Links that lie within one.
    pub gone: Vec<bool>,
    pub count: usize,
}

impl Joined {
    pub fn of(roads: &Roads) -> Joined {
        let mut root: Vec<usize> = (0..roads.nodes.len()).collect();
        let mut boxes: Vec<(DVec2, DVec2)> = roads.nodes.iter().map(|node| (node.at, node.at)).collect();
        fn find(root: &mut [usize], mut at: usize) -> usize {
            while root[at] != at {
                root[at] = root[root[at]];
                at = root[at];
            }
            at
        }
        // Lights that stand so near each other are one installation.
        let mut has_lights = vec![false; roads.nodes.len()];
        for link in roads.links.iter().filter(|link| link.control == Control::Signal) {
            has_lights[link.to as usize] = true;
        }
        let is_short = |k: &usize| {
            let link = &roads.links[*k];
            let lights = has_lights[link.from as usize] && has_lights[link.to as usize];
            let most = if lights { JOINED_LIGHTS } else { JOINED };
            link.length < most && !link.roundabout && link.modes & CAR != 0
        };
        let mut short: Vec<usize> = (0..roads.links.len()).filter(is_short).collect();
        short.sort_by(|a, b| roads.links[*a].length.total_cmp(&roads.links[*b].length).then(a.cmp(b)));
        for k in &short {
            let link = &roads.links[*k];
            let (a, b) = (find(&mut root, link.from as usize), find(&mut root, link.to as usize));
            let (low, high) = (boxes[a].0.min(boxes[b].0), boxes[a].1.max(boxes[b].1));
            let lights = has_lights[link.from as usize] || has_lights[link.to as usize];
            if a != b && (high - low).max_element() <= EXTENT[usize::from(lights)] {
                root[b.max(a)] = a.min(b);
                boxes[a.min(b)] = (low, high);
            }
        }
        let mut number = std::collections::BTreeMap::new();
        let of: Vec<usize> = (0..roads.nodes.len())
            .map(|node| {
                let own = find(&mut root, node);
                let next = number.len();
                *number.entry(own).or_insert(next)
            })
            .collect();
        let mut gone = vec![false; roads.links.len()];
        for k in short {
            gone[k] = of[roads.links[k].from as usize] == of[roads.links[k].to as usize];
        }
        Joined { of, gone, count: number.len() }
    }

    /// Names and places of the junctions.
    pub fn nodes(&self, roads: &Roads) -> Vec<(String, DVec2)> {
        let mut all: Vec<(String, DVec2, f64)> = vec![(String::new(), DVec2::ZERO, 0.0); self.count];
        for (node, of) in roads.nodes.iter().zip(&self.of) {
            let own = &mut all[*of];
            if own.0.is_empty() {
                own.0.clone_from(&node.id);
            }
            own.1 += node.at;
            own.2 += 1.0;
        }
        all.into_iter().map(|(id, sum, count)| (id, sum / count.max(1.0))).collect()
    }

    /// Those of the links out of a junction that can be reached from one of its nodes, and the modes that barriers on the way keep out.
    pub fn out(
        &self,
        roads: &Roads,
        (leaving, walls): (&crate::roads::Adjacent, &[u8]),
        out: &[usize],
        from: u32,
    ) -> Vec<(usize, u8)> {
        let reached = self.reached(roads, (leaving, walls), from);
        let way = |k: &usize| {
            let own = reached.iter().find(|(node, _)| *node == roads.links[*k].from);
            own.map(|(_, closed)| (*k, *closed))
        };
        out.iter().filter_map(way).collect()
    }

    /// Nodes of the same junction that can be reached from one over links that lie within it, and the modes that barriers keep out on all
    /// ways there.
    fn reached(&self, roads: &Roads, (leaving, walls): (&crate::roads::Adjacent, &[u8]), from: u32) -> Vec<(u32, u8)> {
        let mut found = vec![(from, walls[from as usize])];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let (node, closed) = found[at];
            for k in leaving.of_node(node as usize).iter().filter(|k| self.gone[**k as usize]) {
                let to = roads.links[*k as usize].to;
                let here = closed | walls[to as usize];
                match found.iter().position(|(own, _)| *own == to) {
                    // Another way lets more modes through.
                    Some(known) if found[known].1 & !here != 0 => {
                        found[known].1 &= here;
                        open.push(known);
                    }
                    Some(_) => {}
                    None => {
                        open.push(found.len());
                        found.push((to, here));
                    }
                }
            }
        }
        found
    }
}
