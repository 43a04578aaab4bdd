//! What a device does for the runoff model.

use super::params::{Clock, District, Flow, HALO, Link, Params, Segment, Sewer, Source, TILE};
use crate::error::Result;
use crate::grid::Grid;
use std::time::Instant;

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
    /// All arrays.
    fn fields(&mut self) -> Result<Fields>;
    /// Tiles that the last step computed.
    fn active_tiles(&mut self) -> Result<usize>;
    /// Bytes that a step must move between memory and processor for each cell that is computed.
    fn bytes_per_cell_step(&self) -> f64;
    /// Puts back what `fields`, `volumes` and `advance` gave, after `begin` of the same interval.
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

/// The arrays of a run; a solver's are padded by the halo, those that [`super::Run::fields`] gives are not.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The water now.
    pub state: State,
    /// What was gathered over time.
    pub statistics: Statistics,
}

/// Water: depth, what its rounding lost, and unit discharges.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Depth, m.
    pub depth: Vec<f32>,
    /// What the depth lost to rounding, m.
    pub low: Vec<f32>,
    /// Unit discharge to the east, m²/s.
    pub qx: Vec<f32>,
    /// Unit discharge to the south, m²/s.
    pub qy: Vec<f32>,
}

/// What is gathered over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Highest depth, m.
    pub max_depth: Vec<f32>,
    /// Highest speed in water deeper than `SPEED_DEPTH`, m/s.
    pub max_speed: Vec<f32>,
    /// When the arrival depth was first exceeded, ms; `NEVER` if it was not.
    pub arrival: Vec<u32>,
    /// How long the duration depth was exceeded, ms.
    pub duration: Vec<u32>,
    /// Water that went into the soil, m.
    pub infiltrated: Vec<f32>,
    /// What that lost to rounding, m.
    pub infiltrated_low: Vec<f32>,
    /// Highest hazard: depth (m) times speed and 0.5 m/s, and debris on top (DEFRA 2006, FD2321); 0 where it stayed dry.
    pub max_hazard: Vec<f32>,
    /// Water that went into sewers, less what came up, m; empty where there are none.
    pub sewered: Vec<f32>,
    /// What that lost to rounding, m.
    pub sewered_low: Vec<f32>,
}

impl Fields {
    /// The same arrays without the halo.
    pub(super) fn inside(self, grid: &Grid) -> Fields {
        let Fields { state, statistics } = self;
        Fields {
            state: State {
                depth: inside(grid, &state.depth),
                low: inside(grid, &state.low),
                qx: inside(grid, &state.qx),
                qy: inside(grid, &state.qy),
            },
            statistics: Statistics {
                max_depth: inside(grid, &statistics.max_depth),
                max_speed: inside(grid, &statistics.max_speed),
                arrival: inside(grid, &statistics.arrival),
                duration: inside(grid, &statistics.duration),
                infiltrated: inside(grid, &statistics.infiltrated),
                infiltrated_low: inside(grid, &statistics.infiltrated_low),
                max_hazard: inside(grid, &statistics.max_hazard),
                sewered: inside(grid, &statistics.sewered),
                sewered_low: inside(grid, &statistics.sewered_low),
            },
        }
    }

    /// The arrays of f32, in the order of a checkpoint.
    pub(super) fn floats(&mut self) -> [&mut Vec<f32>; 11] {
        [
            &mut self.state.depth,
            &mut self.state.low,
            &mut self.state.qx,
            &mut self.state.qy,
            &mut self.statistics.max_depth,
            &mut self.statistics.max_speed,
            &mut self.statistics.infiltrated,
            &mut self.statistics.infiltrated_low,
            &mut self.statistics.max_hazard,
            &mut self.statistics.sewered,
            &mut self.statistics.sewered_low,
        ]
    }

    /// The arrays of u32, in the order of a checkpoint.
    pub(super) fn integers(&mut self) -> [&mut Vec<u32>; 2] {
        [&mut self.statistics.arrival, &mut self.statistics.duration]
    }
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

/// One value per cell of the grid from a padded array.
fn inside<T: Copy>(grid: &Grid, padded: &[T]) -> Vec<T> {
    if padded.is_empty() {
        return Vec::new();
    }
    let stride = grid.cols + 2 * HALO;
    let rows = (HALO..HALO + grid.rows).map(|row| &padded[row * stride + HALO..][..grid.cols]);
    rows.flatten().copied().collect()
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
