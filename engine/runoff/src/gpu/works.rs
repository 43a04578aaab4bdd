//! Sewers and structures on the device: their books, and the stages that move water.

use super::super::params::{BLOCK, District, Flow, Inlet, Link, NOWHERE, Sewer};
use super::super::problem::Problem;
use super::super::sewer::Blocks;
use super::super::solver::{Fields, Interval, Volumes};
use super::strip::Strip;
use super::{DISTRICT, EXCHANGE, FLOWS, GAUGES, INLETS, MOVES, Shared};
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Stage, Work};
use wgpu::{Buffer, BufferUsages};

/// Workgroups in one dimension at most.
const MOST_GROUPS: usize = 32_768;

/// What works on one strip.
struct Part {
    inlets: Vec<Inlet>,
    taken: Buffer,
    /// Water at the ends of links; what cells at ends take and give; what inlets take. In state 0, and in state 1.
    waters: [Stage; 2],
    exchange: [Stage; 2],
    drain: [Stage; 2],
}

/// Sewers and structures.
pub struct Works {
    links: Buffer,
    flows: Buffer,
    sewers: Buffer,
    districts: Buffer,
    flow_stage: Stage,
    move_stage: Stage,
    district_stage: Stage,
    parts: Vec<Part>,
    link_count: usize,
    end_count: usize,
    district_count: usize,
}

impl Works {
    /// Takes them to the device; `None` where there are none.
    pub fn new(
        gpu: &Gpu,
        shared: &Shared,
        problem: &Problem,
        strips: &[Strip],
        blocks: Vec<Blocks>,
    ) -> Result<Option<Works>> {
        let (ends, district_count) = (problem.ends(), problem.sewers.districts.len());
        let link_count = ends.places.len();
        if link_count + district_count == 0 {
            return Ok(None);
        }
        let plain = |name: &str, count: usize, each: usize| {
            gpu.buffer(name, (count.max(1) * each) as u64, BufferUsages::empty())
        };
        let links = plain("links", link_count, size_of::<Link>())?;
        let flows = plain("flows", link_count, size_of::<Flow>())?;
        let waters = plain("water at links", 2 * link_count, 16)?;
        let places = plain("places of links", 2 * link_count, 4)?;
        let touched = plain("ends of links", ends.cells.len(), 16)?;
        let touches = plain("touches of links", ends.touches.len(), 4)?;
        let sewers = plain("sewers", district_count, size_of::<Sewer>())?;
        let districts = plain("districts", district_count, size_of::<District>())?;
        let block_count: usize = blocks.iter().map(|blocks| blocks.inlets.len() / BLOCK).sum();
        let sums = plain("sums of inlets", block_count, 8)?;
        let ranges = plain("blocks of districts", strips.len() * district_count, 8)?;
        // Where a link ends outside, a place in the corner of the halo, which is no strip's.
        let index = |place: u32| ends.cells.get(place as usize).map_or(0, |end| end.index);
        gpu.write(&places, &ends.places.iter().flatten().map(|place| index(*place)).collect::<Vec<u32>>())?;
        gpu.write(&touched, &ends.cells)?;
        gpu.write(&touches, &ends.touches)?;
        gpu.write(&districts, &vec![District { accept: 1.0, ..District::default() }; district_count])?;
        let mut first = 0;
        let mut all = Vec::with_capacity(strips.len() * district_count);
        for blocks in &blocks {
            all.extend(blocks.ranges.iter().map(|range| [(first + range.start) as u32, range.len() as u32]));
            first += blocks.inlets.len() / BLOCK;
        }
        gpu.write(&ranges, &all)?;
        let (params, clock) = (("params", &shared.params), ("clock", &shared.clock));
        let common = [params, clock, ("links", &links), ("flows", &flows), ("waters", &waters)];
        let flow_stage = gpu.stage(FLOWS, &[], &common)?;
        let move_stage = gpu.stage(MOVES, &[], &common)?;
        let buffers =
            [params, clock, ("sewers", &sewers), ("districts", &districts), ("ranges", &ranges), ("sums", &sums)];
        let district_stage = gpu.stage(DISTRICT, &[], &buffers)?;
        let part = |(strip, blocks): (&Strip, Blocks)| -> Result<Part> {
            let own = plain("inlets", blocks.inlets.len(), size_of::<Inlet>())?;
            let taken = plain("taken by inlets", blocks.inlets.len(), 8)?;
            gpu.write(&own, &blocks.inlets)?;
            let pair = |make: &dyn Fn(&Buffer) -> Result<Stage>| -> Result<[Stage; 2]> {
                Ok([make(&strip.states[0])?, make(&strip.states[1])?])
            };
            let uniform = ("strip", &strip.uniform);
            Ok(Part {
                waters: pair(&|state| {
                    let buffers = [params, uniform, ("state", state), ("places", &places), ("readings", &waters)];
                    gpu.stage(GAUGES, &[], &buffers)
                })?,
                exchange: pair(&|state| {
                    let links = [("flows", &flows), ("ends", &touched), ("touches", &touches)];
                    gpu.stage(EXCHANGE, &[], &[&[params, uniform, ("state", state)][..], &links].concat())
                })?,
                drain: pair(&|state| {
                    let sewers = [("inlets", &own), ("districts", &districts), ("taken", &taken), ("sums", &sums)];
                    gpu.stage(INLETS, &[], &[&[params, clock, uniform, ("state", state)][..], &sewers].concat())
                })?,
                inlets: blocks.inlets,
                taken,
            })
        };
        let parts = strips.iter().zip(blocks).map(part).collect::<Result<Vec<Part>>>()?;
        let end_count = ends.cells.len();
        Ok(Some(Works {
            links,
            flows,
            sewers,
            districts,
            flow_stage,
            move_stage,
            district_stage,
            parts,
            link_count,
            end_count,
            district_count,
        }))
    }

    /// Takes an interval's links and districts to the device.
    pub fn begin(&self, gpu: &Gpu, interval: &Interval) -> Result<()> {
        gpu.write(&self.links, interval.links)?;
        gpu.write(&self.sewers, interval.sewers)
    }

    /// Before the clock: what would pass the links.
    pub fn before<'a>(&'a self, work: &mut Vec<Work<'a>>, from: usize) {
        if self.link_count > 0 {
            let groups = [(2 * self.link_count).div_ceil(64) as u32, 1];
            work.extend(self.parts.iter().map(|part| Work::Groups(&part.waters[from], groups)));
            work.push(Work::Groups(&self.flow_stage, [self.link_count.div_ceil(64) as u32, 1]));
        }
    }

    /// After the clock: moves the water of the step.
    pub fn after<'a>(&'a self, work: &mut Vec<Work<'a>>, from: usize) {
        if self.link_count > 0 {
            work.push(Work::Groups(&self.move_stage, [self.link_count.div_ceil(64) as u32, 1]));
            let groups = [self.end_count.div_ceil(64) as u32, 1];
            work.extend(self.parts.iter().map(|part| Work::Groups(&part.exchange[from], groups)));
        }
        if self.district_count > 0 {
            for part in self.parts.iter().filter(|part| !part.inlets.is_empty()) {
                let blocks = part.inlets.len() / BLOCK;
                let groups = [blocks.min(MOST_GROUPS) as u32, blocks.div_ceil(MOST_GROUPS) as u32];
                work.push(Work::Groups(&part.drain[from], groups));
            }
            work.push(Work::Groups(&self.district_stage, [self.district_count as u32, 1]));
        }
    }

    /// Adds the books of districts and links.
    pub fn volumes(&self, gpu: &Gpu, volumes: &mut Volumes) -> Result<()> {
        volumes.districts = gpu.read(&self.districts, self.district_count)?;
        volumes.flows = gpu.read(&self.flows, self.link_count)?;
        Ok(())
    }

    /// Adds what went into sewers.
    pub fn fields(&self, gpu: &Gpu, fields: &mut Fields) -> Result<()> {
        for part in &self.parts {
            let taken = gpu.read::<[f32; 2]>(&part.taken, part.inlets.len())?;
            let inlets = part.inlets.iter().zip(taken).filter(|(inlet, _)| inlet.index != NOWHERE);
            for (inlet, [high, low]) in inlets {
                let i = inlet.index as usize;
                (fields.statistics.sewered[i], fields.statistics.sewered_low[i]) = (high, low);
            }
        }
        Ok(())
    }

    /// Puts back what `volumes` and `fields` gave.
    pub fn restore(&self, gpu: &Gpu, fields: &Fields, volumes: &Volumes) -> Result<()> {
        gpu.write(&self.districts, &volumes.districts)?;
        gpu.write(&self.flows, &volumes.flows)?;
        for part in self.parts.iter().filter(|part| !part.inlets.is_empty()) {
            let taken = |inlet: &Inlet| match inlet.index {
                NOWHERE => [0.0; 2],
                i => [fields.statistics.sewered[i as usize], fields.statistics.sewered_low[i as usize]],
            };
            gpu.write(&part.taken, &part.inlets.iter().map(taken).collect::<Vec<[f32; 2]>>())?;
        }
        Ok(())
    }
}
