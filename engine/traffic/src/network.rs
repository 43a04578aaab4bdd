//! A road network: nodes and links from one to another, each with what it costs to drive there by how many do.

use hanze_base::error::{Error, Result};

/// A link in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Node where it begins, from 0.
    pub from: u32,
    /// Node where it ends.
    pub to: u32,
    /// Flow that it is made for, vehicles per hour (or as trips are counted).
    pub capacity: f64,
    /// Time without others, in the network's unit of time.
    pub free_time: f64,
    /// Factor of the delay (Bureau of Public Roads 1964): time = free_time (1 + factor (flow / capacity)^power).
    pub factor: f64,
    /// Power of the delay.
    pub power: f64,
    /// Length, in the network's unit.
    pub length: f64,
    /// What it costs besides time, whoever drives there: toll and distance, in the unit of time.
    pub fixed: f64,
    /// What the junction at its end adds; times are then seconds, and flows vehicles per hour.
    pub delay: Option<Delay>,
}

/// The delay at the end of a link: a signal, or giving way.
///
/// While fewer come than it lets through they wait for green as Webster (1958) has it, red / (1 − green x); the rest is the overflow
/// queue in a period of an hour (Akçelik 1991, "Travel time functions for transport planning purposes", eq. 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// What it lets through, vehicles per hour.
    pub capacity: f64,
    /// Delay that is always there, s.
    pub base: f64,
    /// Half the cycle times the square of the red share: the wait at a signal without others, s.
    pub red: f64,
    /// Green share of the cycle.
    pub green: f64,
    /// How unevenly they come and go: 0.5 at signals, 1 where they give way.
    pub unevenness: f64,
}

/// Length of the period of flow, h.
const PERIOD: f64 = 1.0;

impl Delay {
    fn spread(&self) -> f64 {
        8.0 * self.unevenness / (self.capacity * PERIOD)
    }

    /// Delay at a flow, s.
    pub fn cost(&self, flow: f64) -> f64 {
        let x = flow / self.capacity;
        let over = (x - 1.0) + ((x - 1.0).powi(2) + self.spread() * x).sqrt();
        self.base + self.red / (1.0 - self.green * x.min(1.0)) + 900.0 * PERIOD * over
    }

    fn slope(&self, flow: f64) -> f64 {
        let x = flow / self.capacity;
        let root = ((x - 1.0).powi(2) + self.spread() * x).sqrt();
        let over = 1.0 + if root > 0.0 { (x - 1.0 + 0.5 * self.spread()) / root } else { 0.0 };
        let waits = if x < 1.0 { self.red * self.green / (1.0 - self.green * x).powi(2) } else { 0.0 };
        (waits + 900.0 * PERIOD * over) / self.capacity
    }

    fn integral(&self, flow: f64) -> f64 {
        let x = flow / self.capacity;
        // Of sqrt((u - b)² + d) from 0 to x.
        let b = 1.0 - 0.5 * self.spread();
        let d = 1.0 - b * b;
        let part = |u: f64| {
            let root = ((u - b).powi(2) + d).max(0.0).sqrt();
            0.5 * ((u - b) * root + d * ((u - b) + root).max(f64::MIN_POSITIVE).ln())
        };
        let over = 0.5 * x * x - x + part(x) - part(0.0);
        let inner = x.min(1.0);
        let waits = match self.green {
            0.0 => self.red * inner,
            green => -self.red / green * (1.0 - green * inner).ln(),
        };
        let beyond = (x - 1.0).max(0.0) * self.red / (1.0 - self.green);
        self.capacity * (self.base * x + waits + beyond + 900.0 * PERIOD * over)
    }
}

impl Link {
    /// Cost at a flow, in the unit of time.
    pub fn cost(&self, flow: f64) -> f64 {
        let time = self.fixed + self.free_time * (1.0 + self.factor * self.power_of(flow / self.capacity, self.power));
        time + self.delay.map_or(0.0, |delay| delay.cost(flow))
    }

    /// How fast the cost rises with the flow.
    pub fn slope(&self, flow: f64) -> f64 {
        let delay = self.delay.map_or(0.0, |delay| delay.slope(flow));
        if self.factor == 0.0 || self.power == 0.0 {
            return delay;
        }
        delay
            + self.free_time * self.factor * self.power / self.capacity
                * self.power_of(flow / self.capacity, self.power - 1.0)
    }

    /// The cost summed up from no flow to a flow: a link's part of Beckmann's objective (1956).
    pub fn integral(&self, flow: f64) -> f64 {
        let congested = self.factor * self.power_of(flow / self.capacity, self.power) / (self.power + 1.0);
        flow * (self.fixed + self.free_time * (1.0 + congested)) + self.delay.map_or(0.0, |delay| delay.integral(flow))
    }

    fn power_of(&self, share: f64, power: f64) -> f64 {
        // Most networks have 4.
        if power == 4.0 {
            (share * share) * (share * share)
        } else if power == 3.0 {
            share * share * share
        } else if power == 0.0 {
            1.0
        } else {
            share.max(0.0).powf(power)
        }
    }
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Nodes; the first `zones` of them are where trips begin and end.
    pub nodes: usize,
    /// Zones.
    pub zones: usize,
    /// Nodes below this one carry no through traffic.
    pub first_through: usize,
    /// Links.
    pub links: Vec<Link>,
    /// For each class of vehicles what every link costs it beyond the others; infinite where it may not go. Empty for one class that
    /// has nothing of its own.
    pub classes: Vec<Vec<f64>>,
    /// Nodes where each link begins and ends: searches read only these of it.
    ends: Vec<[u32; 2]>,
    /// Where the links that leave each node begin in `leaving`, and the end.
    first: Vec<u32>,
    /// Links by the node that they leave, those of one node in their own order.
    leaving: Vec<u32>,
    /// The same with the node where each of them ends.
    out: Vec<[u32; 2]>,
}

impl Network {
    /// A network of links between nodes.
    ///
    /// # Errors
    /// `Data`-like words in a `Scenario` error for links that cannot be.
    pub fn new(nodes: usize, zones: usize, first_through: usize, links: Vec<Link>) -> Result<Network> {
        let bad = |what: String, mend: &str| Err(Error::scenario("network", what, mend));
        if zones > nodes || u32::try_from(nodes.max(links.len())).is_err() {
            return bad(
                format!("has {zones} zones, {nodes} nodes and {} links", links.len()),
                "give fewer zones than nodes",
            );
        }
        for (k, link) in links.iter().enumerate() {
            let name = format!("link {} from node {} to {}", k + 1, link.from + 1, link.to + 1);
            if link.from as usize >= nodes || link.to as usize >= nodes {
                return bad(format!("{name}: there are {nodes} nodes"), "name nodes that there are");
            }
            let numbers = [link.capacity, link.free_time, link.factor, link.power, link.length, link.fixed];
            if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
                return bad(format!("{name} has {numbers:?}"), "give numbers of at least 0");
            }
            let delay = link.delay.map_or([1.0, 0.0, 0.0, 0.0, 0.0], |delay| {
                [delay.capacity, delay.base, delay.red, delay.green, delay.unevenness]
            });
            if !(delay[0] > 0.0 && delay[3] < 1.0) || delay.iter().any(|number| !number.is_finite() || *number < 0.0) {
                return bad(format!("{name} has a junction of {delay:?}"), "give it a capacity");
            }
            if link.capacity <= 0.0 && link.factor > 0.0 {
                return bad(format!("{name} has no capacity"), "give it one, or leave the link out");
            }
        }
        let mut first = vec![0u32; nodes + 1];
        links.iter().for_each(|link| first[link.from as usize + 1] += 1);
        (0..nodes).for_each(|node| first[node + 1] += first[node]);
        let mut next = first.clone();
        let mut leaving = vec![0u32; links.len()];
        for (k, link) in links.iter().enumerate() {
            let at = &mut next[link.from as usize];
            leaving[*at as usize] = k as u32;
            *at += 1;
        }
        let ends = links.iter().map(|link| [link.from, link.to]).collect();
        let out = leaving.iter().map(|link| [*link, links[*link as usize].to]).collect();
        Ok(Network { nodes, zones, first_through, links, classes: Vec::new(), ends, first, leaving, out })
    }

    /// What each link costs a class at costs for all.
    pub fn costs_of(&self, class: usize, costs: &[f64]) -> Vec<f64> {
        match self.classes.get(class) {
            Some(extras) => costs.iter().zip(extras).map(|(cost, extra)| cost + extra).collect(),
            None => costs.to_vec(),
        }
    }

    /// What a link costs a class beyond the others.
    pub fn extra(&self, class: usize, link: u32) -> f64 {
        self.classes.get(class).map_or(0.0, |extras| extras[link as usize])
    }

    /// What some links cost a class beyond the others.
    pub(super) fn extra_of(&self, class: usize, links: &[u32]) -> f64 {
        self.classes.get(class).map_or(0.0, |extras| links.iter().map(|link| extras[*link as usize]).sum())
    }

    /// Nodes where each link begins and ends.
    pub fn ends(&self) -> &[[u32; 2]] {
        &self.ends
    }

    /// Whether ways from a node may lead on through another one.
    pub fn leads_on(&self, from: usize, through: usize) -> bool {
        through >= self.first_through || through == from
    }

    /// Links that leave a node.
    pub fn leaving(&self, node: usize) -> &[u32] {
        &self.leaving[self.first[node] as usize..self.first[node + 1] as usize]
    }

    /// The same links with the nodes where they end.
    pub(super) fn out(&self, node: usize) -> &[[u32; 2]] {
        &self.out[self.first[node] as usize..self.first[node + 1] as usize]
    }
}
