//! A road network: nodes and links from one to another, each with what it costs to drive there by how many do.

use crate::error::{Error, Result};

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
    /// Factor and power of the delay (Bureau of Public Roads 1964): time = free_time (1 + factor (flow / capacity)^power).
    pub factor: f64,
    /// See `factor`.
    pub power: f64,
    /// Length, in the network's unit.
    pub length: f64,
    /// What it costs besides time, whoever drives there: toll and distance, in the unit of time.
    pub fixed: f64,
}

impl Link {
    /// Cost at a flow, in the unit of time.
    pub fn cost(&self, flow: f64) -> f64 {
        self.fixed + self.free_time * (1.0 + self.factor * self.power_of(flow / self.capacity, self.power))
    }

    /// How fast the cost rises with the flow.
    pub fn slope(&self, flow: f64) -> f64 {
        if self.factor == 0.0 || self.power == 0.0 {
            return 0.0;
        }
        self.free_time * self.factor * self.power / self.capacity
            * self.power_of(flow / self.capacity, self.power - 1.0)
    }

    /// The cost summed up from no flow to a flow: a link's part of Beckmann's objective (1956).
    pub fn integral(&self, flow: f64) -> f64 {
        let congested = self.factor * self.power_of(flow / self.capacity, self.power) / (self.power + 1.0);
        flow * (self.fixed + self.free_time * (1.0 + congested))
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
    /// Where the links that leave each node begin in `leaving`, and the end.
    first: Vec<u32>,
    /// Links by the node that they leave, those of one node in their own order.
    leaving: Vec<u32>,
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
        Ok(Network { nodes, zones, first_through, links, first, leaving })
    }

    /// Links that leave a node.
    pub fn leaving(&self, node: usize) -> &[u32] {
        &self.leaving[self.first[node] as usize..self.first[node + 1] as usize]
    }
}
