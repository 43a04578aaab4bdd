//! What a device does for the runoff model.

use super::params::{Clock, District, Flow, HALO, Link, Params, Segment, Sewer, Source, TILE};
use hanze_base::error::Result;
use std::time::Instant;

pub use super::arrays::{Array, Fields, State, Statistics, Wanted};

/// Advances the shallow water equations on one device.
///
/// The caller cuts time into intervals in which rain is constant and every boundary value runs linearly.
pub trait Solver: Send {
    /// Starts an interval.
    fn begin(&mut self, interval: Interval) -> Result<()>;
    /// Steps until the interval ends or the deadline has passed; returns the clock.
    fn advance(&mut self, deadline: Instant) -> Result<Clock>;
    /// The clock as it stands, with the wave speed that the next step starts from.
    fn clock(&self) -> Clock;
    /// Depth (m) and unit discharges to the east and to the south (m²/s) at each gauge.
    fn gauges(&mut self) -> Result<Vec<[f32; 3]>>;
    /// Water that left through the edges so far, and what sewers and links have done.
    fn volumes(&mut self) -> Result<Volumes>;
    /// The arrays that are wanted; the others are empty.
    fn fields(&mut self, wanted: Wanted) -> Result<Fields>;
    /// Tiles that the last step computed.
    fn active_tiles(&mut self) -> Result<usize>;
    /// Bytes that a step must move between memory and processor for each cell that is computed.
    fn bytes_per_cell_step(&self) -> f64;
    /// Puts back what `fields` of all, `volumes` and `advance` gave, after `begin` of the same interval.
    fn restore(&mut self, fields: Fields, volumes: Volumes, clock: Clock) -> Result<()>;
}

/// What happens in an interval.
#[derive(Clone, Debug, Default)]
pub struct Interval<'a> {
    /// Constants.
    pub params: Params,
    /// Boundaries; see [`super::Problem::segments`].
    pub segments: &'a [Segment],
    /// Point inflows.
    pub sources: &'a [Source],
    /// Links of structures.
    pub links: &'a [Link],
    /// Sewer districts.
    pub sewers: &'a [Sewer],
    /// Share of the rain that comes to each cell, padded; `None` where it is as before.
    pub shares: Option<&'a [f32]>,
}

/// Steps that each tile stays awake, from a padded state: two where there is water or momentum, none elsewhere.
pub(super) fn awake(cols: usize, rows: usize, state: &State) -> Vec<u32> {
    let (across, stride) = (cols.div_ceil(TILE), cols + 2 * HALO);
    let mut awake = vec![0; across * rows.div_ceil(TILE)];
    for row in 0..rows {
        let start = (row + HALO) * stride + HALO;
        let tiles = &mut awake[row / TILE * across..][..across];
        for values in [&state.depth, &state.qx, &state.qy] {
            for (tile, values) in tiles.iter_mut().zip(values[start..start + cols].chunks(TILE)) {
                *tile = if values.iter().any(|value| *value != 0.0) { 2 } else { *tile };
            }
        }
    }
    awake
}

/// Books beside the arrays. Of the edges: water that left through each face since the start, m² (volume per metre of face);
/// inflow is negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volumes {
    /// From west to east.
    pub north: Vec<f64>,
    /// From west to east.
    pub south: Vec<f64>,
    /// From north to south.
    pub west: Vec<f64>,
    /// From north to south.
    pub east: Vec<f64>,
    /// What sewer districts hold.
    pub districts: Vec<District>,
    /// What passes the links.
    pub flows: Vec<Flow>,
}

impl Volumes {
    /// The four edges in the order of a checkpoint.
    pub(super) fn edges(&mut self) -> [&mut Vec<f64>; 4] {
        [&mut self.north, &mut self.south, &mut self.west, &mut self.east]
    }
}
