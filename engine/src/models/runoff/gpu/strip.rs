//! A strip of rows: its arrays on the device, with the halo, and the stages that work on them.

use super::super::params::{self, HALO};
use super::super::problem::Problem;
use super::super::solver::Fields;
use super::{GAUGES, GHOSTS, SOURCES, Shared, UPDATE};
use crate::device::gpu::{Gpu, Stage, Work};
use crate::error::Result;
use std::ops::Range;
use wgpu::{Buffer, BufferUsages};

/// A strip of the grid.
pub struct Strip {
    /// Its rows in the grid.
    rows: Range<usize>,
    /// Whether it is the grid's first, and its last.
    outer: [bool; 2],
    stride: usize,
    pub states: [Buffer; 2],
    /// Which strip it is, for kernels.
    pub uniform: Buffer,
    statistics: Buffer,
    hazards: Buffer,
    /// Share of the rain that comes to each cell; tiny where it is the same everywhere.
    shares: Buffer,
    infiltrated: Buffer,
    /// Ghosts of state 0 and of state 1.
    pub ghosts: [Stage; 2],
    /// Order 1: from 0 to 1, and from 1 to 0. Order 2: predict, and correct.
    pub update: [Stage; 2],
    /// In state 0, and in state 1.
    pub sources: [Stage; 2],
    /// Of state 0, and of state 1.
    pub gauges: [Stage; 2],
}

impl Strip {
    /// Sets a strip up on the device; `ground` is bed, Manning's n and infiltration capacity with the grid's halo; `soils` is
    /// empty where all soil is plain.
    pub fn new(
        gpu: &Gpu,
        shared: &Shared,
        problem: &Problem,
        ground: [&[f32]; 3],
        soils: &[[f32; 2]],
        rows: Range<usize>,
        [index, first_block]: [usize; 2],
    ) -> Result<Strip> {
        let stride = problem.grid.cols + 2 * HALO;
        let place = rows.start * stride..(rows.end + 2 * HALO) * stride;
        let plain = |name: &str, each: usize| gpu.buffer(name, (place.len() * each) as u64, BufferUsages::empty());
        let bed = plain("bed", 4)?;
        let surface = plain("surface", 8)?;
        let states = [plain("state", 16)?, plain("second state", 16)?];
        let statistics = plain("statistics", 16)?;
        let infiltrated = plain("infiltrated", 8)?;
        let hazards = plain("hazards", 4)?;
        let tiny = |name: &str| gpu.buffer(name, 16, BufferUsages::empty());
        let shares = if problem.is_spread() { plain("shares of rain", 4)? } else { tiny("shares of rain")? };
        // A buffer cannot be empty.
        let soil = if soils.is_empty() { tiny("soil")? } else { plain("soil", 8)? };
        if !soils.is_empty() {
            gpu.write(&soil, &soils[place.clone()])?;
        }
        let [z, manning, capacity] = ground.map(|values| &values[place.clone()]);
        gpu.write(&bed, z)?;
        gpu.write(&surface, &manning.iter().zip(capacity).map(|(&n, &f)| [n, f]).collect::<Vec<[f32; 2]>>())?;
        let strip = gpu.buffer("strip", size_of::<params::Strip>() as u64, BufferUsages::UNIFORM)?;
        let (first, count) = (rows.start as u32, rows.len() as u32);
        gpu.write(
            &strip,
            &[params::Strip { index: index as u32, first, rows: count, first_block: first_block as u32 }],
        )?;

        let s = shared;
        let update = |stage: f64, from: usize| {
            let buffers = [
                (0, &s.params),
                (1, &s.clock),
                (2, &bed),
                (3, &surface),
                (4, &states[from]),
                (5, &states[1 - from]),
                (6, &statistics),
                (7, &infiltrated),
                (8, &s.edges),
                (9, &s.segments),
                (10, &s.outflow),
                (15, &strip),
                (16, &s.list),
                (17, &s.counts),
                (18, &s.awake),
                (20, &soil),
                (21, &shares),
                (22, &hazards),
            ];
            gpu.stage(UPDATE, &[("STAGE", stage)], &buffers)
        };
        let ghosts = |state: usize| {
            let (state, edges, segments) = (&states[state], &s.edges, &s.segments);
            let common =
                [(0, &s.params), (1, &s.clock), (2, &bed), (5, state), (8, edges), (9, segments), (15, &strip)];
            gpu.stage(GHOSTS, &[], &common)
        };
        let sources = |state: usize| {
            let buffers = [(0, &s.params), (1, &s.clock), (5, &states[state]), (11, &s.sources), (15, &strip)];
            gpu.stage(SOURCES, &[], &buffers)
        };
        let gauges = |state: usize| {
            let buffers = [(0, &s.params), (5, &states[state]), (13, &s.places), (14, &s.readings), (15, &strip)];
            gpu.stage(GAUGES, &[], &buffers)
        };
        let (first, second) = if problem.settings.order == 1 { (0.0, 0.0) } else { (1.0, 2.0) };
        Ok(Strip {
            outer: [rows.start == 0, rows.end == problem.grid.rows],
            ghosts: [ghosts(0)?, ghosts(1)?],
            update: [update(first, 0)?, update(second, 1)?],
            sources: [sources(0)?, sources(1)?],
            gauges: [gauges(0)?, gauges(1)?],
            rows,
            stride,
            states,
            statistics,
            infiltrated,
            hazards,
            shares,
            uniform: strip,
        })
    }

    /// Takes the strip's part of the shares of the rain to the device.
    pub fn share(&self, gpu: &Gpu, shares: &[f32]) -> Result<()> {
        gpu.write(&self.shares, &shares[self.rows.start * self.stride..(self.rows.end + 2 * HALO) * self.stride])
    }

    /// Takes the strip's part of the grid's arrays to the device.
    pub fn upload(&self, gpu: &Gpu, fields: &Fields) -> Result<()> {
        let cells = self.rows.start * self.stride..(self.rows.end + 2 * HALO) * self.stride;
        let (w, s) = (&fields.state, &fields.statistics);
        let state: Vec<[f32; 4]> = cells.clone().map(|i| [w.depth[i], w.low[i], w.qx[i], w.qy[i]]).collect();
        // Tiles at rest are skipped, so both copies must hold them.
        gpu.write(&self.states[0], &state)?;
        gpu.write(&self.states[1], &state)?;
        drop(state);
        let statistic = |i: usize| [s.max_depth[i].to_bits(), s.max_speed[i].to_bits(), s.arrival[i], s.duration[i]];
        gpu.write(&self.statistics, &cells.clone().map(statistic).collect::<Vec<[u32; 4]>>())?;
        gpu.write(&self.hazards, &s.max_hazard[cells.clone()])?;
        let soil = |i: usize| [s.infiltrated[i], s.infiltrated_low[i]];
        gpu.write(&self.infiltrated, &cells.map(soil).collect::<Vec<[f32; 2]>>())
    }

    /// Takes the strip's part of the grid's arrays from the device; halo rows that are another strip's are left out.
    pub fn download(&self, gpu: &Gpu, current: usize, fields: &mut Fields) -> Result<()> {
        let count = (self.rows.len() + 2 * HALO) * self.stride;
        let [first, last] = self.outer.map(|outer| if outer { 0 } else { HALO * self.stride });
        let own = first..count - last;
        let start = self.rows.start * self.stride;
        let (w, s) = (&mut fields.state, &mut fields.statistics);
        let state = gpu.read::<[f32; 4]>(&self.states[current], count)?;
        for i in own.clone() {
            [w.depth[start + i], w.low[start + i], w.qx[start + i], w.qy[start + i]] = state[i];
        }
        drop(state);
        let statistics = gpu.read::<[u32; 4]>(&self.statistics, count)?;
        for i in own.clone() {
            let [depth, speed, arrival, duration] = statistics[i];
            (s.max_depth[start + i], s.max_speed[start + i]) = (f32::from_bits(depth), f32::from_bits(speed));
            (s.arrival[start + i], s.duration[start + i]) = (arrival, duration);
        }
        drop(statistics);
        let hazards = gpu.read::<f32>(&self.hazards, count)?;
        s.max_hazard[start + own.start..start + own.end].copy_from_slice(&hazards[own.clone()]);
        drop(hazards);
        let soil = gpu.read::<[f32; 2]>(&self.infiltrated, count)?;
        for i in own {
            [s.infiltrated[start + i], s.infiltrated_low[start + i]] = soil[i];
        }
        Ok(())
    }
}

/// Copies the rows at their border from a strip and the next one to the south into each other's halo.
pub fn exchange<'a>(north: &'a Strip, south: &'a Strip, state: usize) -> [Work<'a>; 2] {
    let place = |row: usize| (row * north.stride * 16) as u64;
    let (upper, lower) = (&north.states[state], &south.states[state]);
    let (end, size) = (north.rows.len(), place(HALO));
    [
        Work::Copy((upper, place(end)), (lower, 0), size),
        Work::Copy((lower, place(HALO)), (upper, place(HALO + end)), size),
    ]
}
