//! A strip of rows: its arrays on the device, with the halo, and the stages that work on them.

use super::super::arrays::Store;
use super::super::params::{self, GROUND_BED, GROUND_CAPACITY, GROUND_MANNING, GROUND_SOIL, HALO, TOTALS_OUTFLOW};
use super::super::problem::Problem;
use super::super::solver::{Fields, Wanted};
use super::layout::Layout;
use super::pack::{pack, unpack};
use super::{GAUGES, GHOSTS, SOURCES, Shared, UPDATE};
use hanze_base::error::Result;
use hanze_device::gpu::{Gpu, Stage, Work};
use std::ops::Range;
use wgpu::{Buffer, BufferUsages};

/// A strip of the grid.
pub struct Strip {
    /// Its rows in the grid.
    rows: Range<usize>,
    layout: Layout,
    pub states: [Buffer; 2],
    /// Which strip it is, for kernels.
    pub uniform: Buffer,
    statistics: Buffer,
    /// Planes of `GROUND_…`, and the shares of the rain.
    ground: Buffer,
    /// Planes of `TOTALS_…`, and the outflow.
    totals: Buffer,
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
    /// Sets a strip up on the device; `ground` is bed, Manning's n and infiltration capacity with the grid's halo;
    /// `soils` is empty where all soil is plain.
    pub fn new(
        gpu: &Gpu,
        shared: &Shared,
        problem: &Problem,
        ground: [&[f32]; 3],
        soils: &[[f32; 2]],
        rows: Range<usize>,
        [index, first_block]: [usize; 2],
    ) -> Result<Strip> {
        let layout = Layout::new(problem);
        let cells = layout.cells(rows.len());
        let first = rows.start * layout.stride();
        let place = first..first + cells;
        let plain = |name: &str, bytes: usize| gpu.buffer(name, bytes as u64, BufferUsages::empty());
        let states = [plain("state", 16 * cells)?, plain("second state", 16 * cells)?];
        let statistics = plain("statistics", 16 * cells)?;
        let totals = plain("totals", 4 * layout.totals(rows.len()))?;
        let buffer = plain("ground", 4 * layout.ground(rows.len()))?;
        for (plane, values) in [GROUND_BED, GROUND_MANNING, GROUND_CAPACITY].into_iter().zip(ground) {
            gpu.write_at(&buffer, plane_at(plane, cells), &values[place.clone()])?;
        }
        if layout.has_soil {
            for k in 0..2 {
                let values: Vec<f32> = soils[place.clone()].iter().map(|soil| soil[k]).collect();
                gpu.write_at(&buffer, plane_at(GROUND_SOIL + k, cells), &values)?;
            }
        }
        let uniform = gpu.buffer("strip", size_of::<params::Strip>() as u64, BufferUsages::UNIFORM)?;
        let strip = params::Strip {
            index: index as u32,
            first: rows.start as u32,
            rows: rows.len() as u32,
            first_block: first_block as u32,
            cells: cells as u32,
            shares: (layout.shares() * cells) as u32,
            ..params::Strip::default()
        };
        gpu.write(&uniform, &[strip])?;

        let s = shared;
        let common = [("params", &s.params), ("strip", &uniform)];
        let update = |stage: f64, from: usize| {
            let buffers = [
                ("clock", &s.clock),
                ("ground", &buffer),
                ("source", &states[from]),
                ("state", &states[1 - from]),
                ("statistics", &statistics),
                ("totals", &totals),
                ("edges", &s.edges),
                ("tiles", &s.tiles),
            ];
            gpu.stage(UPDATE, &[("STAGE", stage)], &[&common[..], &buffers].concat())
        };
        let ghosts = |state: usize| {
            let buffers = [("clock", &s.clock), ("ground", &buffer), ("state", &states[state]), ("edges", &s.edges)];
            gpu.stage(GHOSTS, &[], &[&common[..], &buffers].concat())
        };
        let sources = |state: usize| {
            let buffers = [("clock", &s.clock), ("state", &states[state]), ("sources", &s.sources)];
            gpu.stage(SOURCES, &[], &[&common[..], &buffers].concat())
        };
        let gauges = |state: usize| {
            let buffers = [("state", &states[state]), ("places", &s.places), ("readings", &s.readings)];
            gpu.stage(GAUGES, &[], &[&common[..], &buffers].concat())
        };
        let (first, second) = if problem.settings.order == 1 { (0.0, 0.0) } else { (1.0, 2.0) };
        Ok(Strip {
            ghosts: [ghosts(0)?, ghosts(1)?],
            update: [update(first, 0)?, update(second, 1)?],
            sources: [sources(0)?, sources(1)?],
            gauges: [gauges(0)?, gauges(1)?],
            rows,
            layout,
            states,
            statistics,
            ground: buffer,
            totals,
            uniform,
        })
    }

    /// Its cells with the halo.
    fn cells(&self) -> usize {
        self.layout.cells(self.rows.len())
    }

    /// Their places in the grid's arrays.
    fn place(&self) -> Range<usize> {
        let first = self.rows.start * self.layout.stride();
        first..first + self.cells()
    }

    /// Takes the strip's part of the shares of the rain to the device.
    pub fn share(&self, gpu: &Gpu, shares: &[f32]) -> Result<()> {
        gpu.write_at(&self.ground, plane_at(self.layout.shares(), self.cells()), &shares[self.place()])
    }

    /// The buffer that has arrays; the state is there twice.
    fn buffer(&self, store: Store, state: usize) -> &Buffer {
        match store {
            Store::State => &self.states[state],
            Store::Statistics => &self.statistics,
            Store::Totals => &self.totals,
        }
    }

    /// Takes the strip's part of the grid's arrays to the device.
    pub fn upload(&self, gpu: &Gpu, fields: &Fields) -> Result<()> {
        let (cells, place) = (self.cells(), self.place());
        for plane in Wanted::All.planes() {
            let arrays: Vec<(usize, &[u32])> = fields
                .bits()
                .filter_map(|(array, values)| Some((array.word_in(plane)?, &values[place.clone()])))
                .collect();
            let packed = pack(plane.store.words(), cells, &arrays);
            // Tiles at rest are skipped, so both copies of the state must hold them.
            let copies = if plane.store == Store::State { 2 } else { 1 };
            for state in 0..copies {
                gpu.write_at(self.buffer(plane.store, state), plane_at(plane.index, cells), &packed)?;
            }
        }
        Ok(())
    }

    /// Takes the strip's part of the wanted arrays from the device, and no plane that has none of them; halo rows that
    /// are another strip's are left out.
    pub fn download(&self, gpu: &Gpu, current: usize, wanted: Wanted, fields: &mut Fields) -> Result<()> {
        let (cells, place, halo) = (self.cells(), self.place(), HALO * self.layout.stride());
        let first = if self.rows.start == 0 { 0 } else { halo };
        let last = if self.rows.end == self.layout.rows { 0 } else { halo };
        let own = place.start + first..place.end - last;
        for plane in wanted.planes() {
            let words = plane.store.words();
            let buffer = self.buffer(plane.store, current);
            let packed = gpu.read_at::<u32>(buffer, plane_at(plane.index, cells), words * cells)?;
            let targets = fields.bits_mut().filter(|(array, _)| wanted.takes(array));
            let mut targets: Vec<(usize, &mut [u32])> =
                targets.filter_map(|(array, values)| Some((array.word_in(plane)?, &mut values[own.clone()]))).collect();
            unpack(words, &packed[words * first..words * (cells - last)], &mut targets);
        }
        Ok(())
    }

    /// Takes what passed the strip's part of the edges from the device, each with what it lost to rounding.
    pub fn outflow(&self, gpu: &Gpu, faces: &mut [[f32; 2]]) -> Result<()> {
        let all = gpu.read_at::<[f32; 2]>(&self.totals, plane_at(TOTALS_OUTFLOW, self.cells()), faces.len())?;
        for own in self.layout.faces_of(&self.rows) {
            faces[own.clone()].copy_from_slice(&all[own]);
        }
        Ok(())
    }

    /// Takes what passed the faces of the edges to the device; those of other strips are never looked at.
    pub fn restore_outflow(&self, gpu: &Gpu, faces: &[[f32; 2]]) -> Result<()> {
        gpu.write_at(&self.totals, plane_at(TOTALS_OUTFLOW, self.cells()), faces)
    }
}

/// Where a plane of so many numbers begins in its buffer, bytes.
fn plane_at(plane: usize, cells: usize) -> u64 {
    (4 * plane * cells) as u64
}

/// Copies the rows at their border from a strip and the next one to the south into each other's halo.
pub fn exchange<'a>(north: &'a Strip, south: &'a Strip, state: usize) -> [Work<'a>; 2] {
    let place = |row: usize| (row * north.layout.stride() * 16) as u64;
    let (upper, lower) = (&north.states[state], &south.states[state]);
    let (end, size) = (north.rows.len(), place(HALO));
    [
        Work::Copy((upper, place(end)), (lower, 0), size),
        Work::Copy((lower, place(HALO)), (upper, place(HALO + end)), size),
    ]
}
