//! Searches on a GPU: an origin and a node are an invocation.

use super::cpu::CpuSearcher;
use super::motion::gpu as motion;
use super::params::{NEVER, Search};
use super::paths::{Arcs, Searcher, Trees};
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Kernel, Stage, Work};
use std::sync::Arc;
use wgpu::{Buffer, BufferUsages};

macro_rules! kernel {
    ($name:literal) => {
        Kernel {
            name: $name,
            source: concat!(
                include_str!("../../../shaders/traffic/params.wgsl"),
                include_str!(concat!("../../../shaders/traffic/", $name, ".wgsl"))
            ),
        }
    };
}

const RELAX: Kernel = kernel!("relax");
const HOPS: Kernel = kernel!("hops");
const PARENTS: Kernel = kernel!("parents");

/// The kernels of traffic.
pub const KERNELS: &[Kernel] = &[
    RELAX,
    HOPS,
    PARENTS,
    motion::LIGHTS,
    motion::DECIDE,
    motion::DEPART,
    motion::SUMS,
    motion::OFFSETS,
    motion::FIRSTS,
    motion::BIN,
    motion::ORDER,
    motion::TICK,
];

/// Invocations of a workgroup.
const GROUP: usize = 64;
/// Turns between two looks whether any cost still falls.
const TURNS: usize = 32;
/// Bytes of a value of all origins of one search.
const MOST: usize = 256 << 20;

/// Searches on a GPU.
pub struct GpuSearcher {
    gpu: Arc<Gpu>,
}

impl GpuSearcher {
    /// On an open GPU.
    pub fn new(gpu: Arc<Gpu>) -> GpuSearcher {
        GpuSearcher { gpu }
    }
}

impl Searcher for GpuSearcher {
    fn search(&mut self, arcs: &Arcs, origins: &[u32]) -> Result<Trees> {
        // More than a dispatch may have; the processor finds the same.
        if arcs.nodes.div_ceil(GROUP) > 65_535 {
            return CpuSearcher.search(arcs, origins);
        }
        let mut trees = Trees { nodes: arcs.nodes, ..Trees::default() };
        let most = MOST.min(self.gpu.adapter.largest_binding as usize) / (4 * arcs.nodes.max(1));
        let most = most.clamp(1, 65_535).min(origins.len().max(1));
        let room = Room::new(&self.gpu, arcs, most)?;
        for some in origins.chunks(most) {
            let found = room.search(&self.gpu, arcs, some)?;
            trees.costs.extend(found.costs);
            trees.hops.extend(found.hops);
            trees.links.extend(found.links);
        }
        Ok(trees)
    }
}

/// Buffers for so many origins, and the stages on them.
struct Room {
    search: Buffer,
    origins: Buffer,
    costs: Buffer,
    counts: Buffer,
    links: Buffer,
    fell: [Buffer; 2],
    changed: Buffer,
    nothing: Buffer,
    relax: [Stage; 2],
    hops: [Stage; 2],
    parents: Stage,
}

impl Room {
    fn new(gpu: &Gpu, arcs: &Arcs, origins: usize) -> Result<Room> {
        let none = BufferUsages::empty();
        let values = |name: &str| gpu.buffer(name, (4 * arcs.nodes * origins) as u64, none);
        let search = gpu.buffer("search", size_of::<Search>() as u64, BufferUsages::UNIFORM)?;
        let first = gpu.buffer("first links", 4 * arcs.first.len() as u64, none)?;
        gpu.write(&first, &arcs.first)?;
        let list = gpu.buffer("links", size_of_val(&arcs.arcs[..]) as u64, none)?;
        gpu.write(&list, &arcs.arcs)?;
        let origin_nodes = gpu.buffer("origins", 4 * origins as u64, none)?;
        let (costs, counts, links) = (values("costs")?, values("links of paths")?, values("last links")?);
        let fell = [values("what fell")?, values("what falls")?];
        let (changed, nothing) = (gpu.buffer("changed", 4, none)?, gpu.buffer("nothing", 4, none)?);
        let common =
            [("search", &search), ("first", &first), ("arcs", &list), ("origins", &origin_nodes), ("costs", &costs)];
        let stage = |kernel: Kernel, more: &[(&str, &Buffer)]| gpu.stage(kernel, &[], &[&common[..], more].concat());
        // What fell in one turn is what came before the next.
        let turn = |k: usize| [("before", &fell[k]), ("fell", &fell[1 - k]), ("changed", &changed)];
        let relax = |k: usize| stage(RELAX, &turn(k));
        let hops = |k: usize| stage(HOPS, &[&turn(k)[..], &[("counts", &counts)]].concat());
        let relax = [relax(0)?, relax(1)?];
        let hops = [hops(0)?, hops(1)?];
        let parents = stage(PARENTS, &[("counts", &counts), ("links", &links)])?;
        Ok(Room { search, origins: origin_nodes, costs, counts, links, fell, changed, nothing, relax, hops, parents })
    }

    fn search(&self, gpu: &Gpu, arcs: &Arcs, origins: &[u32]) -> Result<Trees> {
        let nodes = arcs.nodes;
        let len = nodes * origins.len();
        let search =
            Search { nodes: nodes as u32, origins: origins.len() as u32, first_through: arcs.first_through as u32 };
        gpu.write(&self.search, &[search])?;
        gpu.write(&self.origins, origins)?;
        let (mut values, mut flags) = (vec![NEVER; len], vec![0u32; len]);
        gpu.write(&self.links, &values)?;
        for (tree, origin) in origins.iter().enumerate() {
            values[tree * nodes + *origin as usize] = 0;
            flags[tree * nodes + *origin as usize] = 1;
        }
        let groups = [nodes.div_ceil(GROUP) as u32, origins.len() as u32];
        for (stages, target) in [(&self.relax, &self.costs), (&self.hops, &self.counts)] {
            gpu.write(target, &values)?;
            gpu.write(&self.fell[0], &flags)?;
            gpu.write(&self.fell[1], &vec![0u32; len])?;
            loop {
                // Only what the last turn changes counts: then there is more to do.
                let turns = (0..TURNS).map(|k| Work::Groups(&stages[k % 2], groups));
                let forget = Work::Copy((&self.nothing, 0), (&self.changed, 0), 4);
                let (all, last) = (turns.clone().take(TURNS - 1), turns.skip(TURNS - 1));
                gpu.submit(all.chain([forget]).chain(last))?;
                if gpu.read::<u32>(&self.changed, 1)?[0] == 0 {
                    break;
                }
            }
        }
        gpu.submit([Work::Groups(&self.parents, groups)])?;
        Ok(Trees {
            nodes,
            costs: gpu.read(&self.costs, len)?,
            hops: gpu.read(&self.counts, len)?,
            links: gpu.read(&self.links, len)?,
        })
    }
}
