//! Shortest path trees from many origins at once, on costs that are whole numbers, so that both devices and any order of work find the
//! same: by cost, then by the number of links, then by the last link's number.

use super::cpu;
use super::gpu::GpuSearcher;
use super::network::Network;
use super::params::{Arc, NEVER};
use hanze_base::error::Result;
use hanze_device::Device;

/// A network whose links cost whole numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arcs {
    /// Nodes.
    pub nodes: usize,
    /// Nodes below this one carry no through traffic.
    pub first_through: usize,
    /// Where the links of each node begin in `arcs`, and the end.
    pub first: Vec<u32>,
    /// Links by the node that they leave.
    pub arcs: Vec<Arc>,
}

impl Arcs {
    /// The links of a network at these costs, counted in `unit`; what is infinite or beyond counting nobody may take.
    pub fn new(network: &Network, costs: &[f64], unit: f64) -> Arcs {
        let mut first = Vec::with_capacity(network.nodes + 1);
        let mut arcs = Vec::with_capacity(network.links.len());
        for node in 0..network.nodes {
            first.push(arcs.len() as u32);
            for &link in network.leaving(node) {
                let cost = (costs[link as usize] / unit).round();
                let cost = if cost < f64::from(NEVER) { cost as u32 } else { NEVER };
                arcs.push(Arc { to: network.links[link as usize].to, cost, link });
            }
        }
        first.push(arcs.len() as u32);
        Arcs { nodes: network.nodes, first_through: network.first_through, first, arcs }
    }

    /// The links that leave a node.
    pub fn of_node(&self, node: usize) -> &[Arc] {
        &self.arcs[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// Cheapest paths from origins: for each of them one value a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trees {
    /// Nodes of the network.
    pub nodes: usize,
    /// Cost of the path to each node; `NEVER` where there is none.
    pub costs: Vec<u32>,
    /// Links of it.
    pub hops: Vec<u32>,
    /// Its last link; `NEVER` at the origin and where there is none.
    pub links: Vec<u32>,
}

impl Trees {
    /// Costs from an origin.
    pub fn costs_of(&self, origin: usize) -> &[u32] {
        &self.costs[origin * self.nodes..][..self.nodes]
    }

    /// The sum of a value of the links along the path to every node, from an origin; NaN where there is none.
    pub fn sums(&self, network: &Network, origin: usize, value: &[f64]) -> Vec<f64> {
        let of = |values: &[u32]| values[origin * self.nodes..][..self.nodes].to_vec();
        let (hops, links) = (of(&self.hops), of(&self.links));
        let mut order: Vec<u32> = (0..self.nodes as u32).filter(|node| hops[*node as usize] != NEVER).collect();
        order.sort_unstable_by_key(|node| hops[*node as usize]);
        let mut sums = vec![f64::NAN; self.nodes];
        for node in order {
            let link = links[node as usize];
            sums[node as usize] = match link {
                NEVER => 0.0,
                link => sums[network.links[link as usize].from as usize] + value[link as usize],
            };
        }
        sums
    }
}

/// Finds cheapest paths.
pub trait Searcher: Send {
    /// From each of some nodes.
    ///
    /// # Errors
    /// `Memory` or `DeviceLost` where the device fails.
    fn search(&mut self, arcs: &Arcs, origins: &[u32]) -> Result<Trees>;
}

/// The searcher of a device.
///
/// # Errors
/// `NoDevice` where it refuses a kernel.
pub fn searcher(device: &Device) -> Result<Box<dyn Searcher>> {
    Ok(match device {
        Device::Cpu => Box::new(cpu::CpuSearcher),
        Device::Gpu(gpu) => Box::new(GpuSearcher::new(gpu.clone())),
    })
}
