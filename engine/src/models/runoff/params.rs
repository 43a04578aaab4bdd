//! What the host tells the stages, and what the stages keep between steps. Twin: `shaders/runoff/params.wgsl`.

use crate::shared_struct;

/// Acceleration of gravity, m/s².
pub const GRAVITY: f32 = 9.81;
/// Depth up to which a cell counts as dry: it holds its water and has no velocity, m.
pub const DRY: f32 = 1e-7;
/// Unit discharge up to which water counts as still, m²/s: what is left of a lake's last ripples would end in subnormal
/// numbers, which many processors handle a hundred times slower.
pub const STILL_DISCHARGE: f32 = 1e-15;
/// Depth from which a velocity counts for the maximum: thinner films are no flood, m.
pub const SPEED_DEPTH: f32 = 0.01;
/// Bed of a cell that water cannot enter; beds above half of it are walls, m.
pub const WALL: f32 = 1e30;
/// Cells of halo on every side of the grid.
pub const HALO: usize = 2;
/// Arrival time of a cell that no water has reached, ms.
pub const NEVER: u32 = u32::MAX;

/// Side of a tile, cells: the unit in which dry land is skipped, and a workgroup of the GPU.
pub const TILE: usize = 16;
/// Tile kind: holds walls only and is never computed.
pub const TILE_SHUT: u32 = 0;
/// Tile kind: computed while there is water near.
pub const TILE_OPEN: u32 = 1;
/// Tile kind: water may come in here at any time, by a point inflow or through an edge.
pub const TILE_FED: u32 = 2;

/// Soil that takes water at its capacity.
pub const SOIL_PLAIN: u32 = 0;
/// Soil after Green and Ampt, or that holds some water before it takes any.
pub const SOIL_GREEN_AMPT: u32 = 1;
/// Soil after Horton.
pub const SOIL_HORTON: u32 = 2;

/// Segment kind: mirror, nothing passes.
pub const KIND_WALL: u32 = 0;
/// Segment kind: water leaves as it comes.
pub const KIND_FREE: u32 = 1;
/// Segment kind: the level is given.
pub const KIND_LEVEL: u32 = 2;
/// Segment kind: the discharge is given.
pub const KIND_DISCHARGE: u32 = 3;
/// Segment kind: what leaves on one side enters on the other.
pub const KIND_PERIODIC: u32 = 4;

shared_struct! {
    /// Constants of one interval. Within an interval rain is constant and every boundary value runs linearly.
    pub struct Params {
        /// Cells from west to east.
        pub cols: u32,
        /// Cells from north to south.
        pub rows: u32,
        /// Cells in a row of the padded arrays: cols + 2·HALO.
        pub stride: u32,
        /// Always 0; hides sums from the shader compiler.
        pub zero: u32,
        /// Side of a cell, m.
        pub cell: f32,
        /// Courant number.
        pub courant: f32,
        /// Longest time step, s.
        pub longest: f32,
        /// Length of the interval, s.
        pub length: f32,
        /// Rain, m/s.
        pub rain: f32,
        /// Wave speed that the point inflows may raise in dry cells, m/s.
        pub source_speed: f32,
        /// Depth that counts as arrived, m.
        pub arrival_depth: f32,
        /// Depth that counts for the duration, m.
        pub duration_depth: f32,
        /// Simulated time at the start of the interval, ms.
        pub start_ms: u32,
        /// Simulated time at the end of the interval, ms.
        pub end_ms: u32,
        /// Number of point inflows.
        pub sources: u32,
        /// Number of gauges.
        pub gauges: u32,
        /// Strips that the grid is cut into on a GPU; set by its solver.
        pub strips: u32,
        /// Rows of a strip, whole tiles; the last strip may have fewer.
        pub strip_rows: u32,
        /// How the soil takes water: one of the `SOIL_` constants.
        pub soil: u32,
        /// Decay of Horton's rate, 1/s.
        pub decay: f32,
    }
}

shared_struct! {
    /// The clock of one interval. Time counts from the start of the interval and is compensated.
    pub struct Clock {
        /// Time since the start of the interval, s.
        pub time: f32,
        /// What `time` lost to rounding, s.
        pub time_low: f32,
        /// The current time step, s.
        pub dt: f32,
        /// Middle of the current step since the start of the interval, s.
        pub middle: f32,
        /// Simulated time at the end of the current step, ms.
        pub now_ms: u32,
        /// Length of the current step, ms, so rounded that steps add up to the simulated time.
        pub step_ms: u32,
        /// Steps done since the interval began.
        pub steps: u32,
        /// 1 when the current step ends the interval, 2 when nothing is left to do.
        pub finished: u32,
        /// 1 when a value was not a number.
        pub unstable: u32,
        /// Bits of the highest wave speed |velocity| + √(g·depth) after the last step, m/s.
        pub speed_bits: u32,
    }
}

shared_struct! {
    /// The state of a boundary segment in one interval.
    pub struct Segment {
        /// One of the `KIND_` constants.
        pub kind: u32,
        /// Value at the start of the interval: level relative to the datum (m), or unit discharge inward (m²/s).
        pub value: f32,
        /// Change of the value, per second.
        pub slope: f32,
        /// Fills the struct to 16 bytes.
        pub unused: u32,
    }
}

shared_struct! {
    /// A point inflow in one interval.
    pub struct Source {
        /// Index of the cell in the padded arrays.
        pub index: u32,
        /// Depth per second at the start of the interval, m/s.
        pub rate: f32,
        /// Change of the rate, m/s².
        pub slope: f32,
        /// Fills the struct to 16 bytes.
        pub unused: u32,
    }
}

shared_struct! {
    /// A strip of rows with buffers of its own.
    pub struct Strip {
        /// Which strip, from the north.
        pub index: u32,
        /// Its first row in the grid.
        pub first: u32,
        /// Its rows.
        pub rows: u32,
        /// Fills the struct to 16 bytes.
        pub unused: u32,
    }
}
