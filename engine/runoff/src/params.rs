//! What the host tells the stages, and what the stages keep between steps. Twin: `shaders/runoff/params.wgsl`.

use hanze_device::shared_struct;

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

/// Inlets that one workgroup takes, all of one district.
pub const BLOCK: usize = 256;
/// Index of what is no cell: the padding of a block, or the end of a link outside of the city.
pub const NOWHERE: u32 = u32::MAX;

/// Link kind: water falls over a sill, in both directions.
pub const LINK_WEIR: u32 = 0;
/// Link kind: water runs through a barrel, in both directions.
pub const LINK_CULVERT: u32 = 1;
/// Link kind: water is lifted from one end to the other.
pub const LINK_PUMP: u32 = 2;
/// Link kind: the level of one cell is held.
pub const LINK_LEVEL: u32 = 3;

/// Depth up to which floating debris adds half as much to the hazard, m.
pub const DEBRIS_DEPTH: f32 = 0.25;

/// Plane of a strip's `ground`, each of `Strip::cells` numbers: the bed, m.
pub const GROUND_BED: usize = 0;
/// Plane of `ground`: Manning's n, s/m^(1/3).
pub const GROUND_MANNING: usize = 1;
/// Plane of `ground`: infiltration capacity, m/s.
pub const GROUND_CAPACITY: usize = 2;
/// The first of two planes of `ground`, there where soil is not plain: suction head times moisture deficit (m) or
/// Horton's excess (m/s), and what is held before any sinks in (m).
pub const GROUND_SOIL: usize = 3;

/// Plane of a strip's `totals`, each of `Strip::cells` numbers: what went into the soil, m.
pub const TOTALS_SUNK: usize = 0;
/// Plane of `totals`: what that lost to rounding, m.
pub const TOTALS_SUNK_LOW: usize = 1;
/// Plane of `totals`: the highest hazard.
pub const TOTALS_HAZARD: usize = 2;
/// Planes of `totals` before what passed each face of the grid's edges (m²), in pairs with what that lost to rounding.
pub const TOTALS_OUTFLOW: usize = 3;

/// Plane of `tiles`, each of `Params::tiles` numbers: the kind of each tile.
pub const TILES_KIND: usize = 0;
/// Plane of `tiles`: steps that each tile stays awake.
pub const TILES_AWAKE: usize = 1;
/// Plane of `tiles`: the active ones, in a list for each strip.
pub const TILES_LIST: usize = 2;
/// Planes of `tiles` before the number of tiles that the step computes, of each strip.
pub const TILES_COUNT: usize = 3;

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
        /// 1 where each cell has a share of the rain of its own.
        pub spread: u32,
        /// Number of links.
        pub links: u32,
        /// Cells at the ends of links.
        pub ends: u32,
        /// Sewer districts.
        pub districts: u32,
        /// Tiles of the grid: `tiles` on a GPU has so many numbers in a plane; set by its solver.
        pub tiles: u32,
        /// Fills the struct to 112 bytes.
        pub unused_a: u32,
        /// Fills the struct to 112 bytes.
        pub unused_b: u32,
        /// Fills the struct to 112 bytes.
        pub unused_c: u32,
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
        /// The first of its blocks of inlets.
        pub first_block: u32,
        /// Its cells with the halo: `ground` and `totals` have so many numbers in a plane.
        pub cells: u32,
        /// Place in `ground` of the share of the rain that comes to each cell, where it is not the same everywhere.
        pub shares: u32,
        /// Fills the struct to 32 bytes.
        pub unused_a: u32,
        /// Fills the struct to 32 bytes.
        pub unused_b: u32,
    }
}

shared_struct! {
    /// An inlet of a sewer.
    pub struct Inlet {
        /// Index of the cell in the padded arrays, or `NOWHERE`.
        pub index: u32,
        /// What it takes at most, m/s.
        pub capacity: f32,
        /// Share of what its district spills that comes up here.
        pub spill: f32,
        /// Its district, the same in all of a block.
        pub district: u32,
    }
}

shared_struct! {
    /// A sewer district in one interval. Volumes are in metres on one cell.
    pub struct Sewer {
        /// What it can store, m.
        pub room: f32,
        /// What is pumped out, m/s.
        pub pump: f32,
        /// What comes in from roofs, m/s.
        pub direct: f32,
        /// Fills the struct to 16 bytes.
        pub unused: u32,
    }
}

shared_struct! {
    /// What a sewer district holds. Volumes are in metres on one cell, each with what its rounding lost.
    pub struct District {
        /// Water stored, m.
        pub storage: f32,
        /// What that lost to rounding, m.
        pub storage_low: f32,
        /// Pumped out since the start, m.
        pub pumped: f32,
        /// What that lost to rounding, m.
        pub pumped_low: f32,
        /// Come up to the street since the start, m.
        pub spilled: f32,
        /// What that lost to rounding, m.
        pub spilled_low: f32,
        /// Share of its capacity that each inlet takes.
        pub accept: f32,
        /// What comes up in the next step, m.
        pub spill: f32,
    }
}

shared_struct! {
    /// A link between two cells, or between a cell and what lies outside, in one interval.
    pub struct Link {
        /// One of the `LINK_` constants.
        pub kind: u32,
        /// Padded index of the cell at one end, or `NOWHERE`.
        pub near: u32,
        /// Padded index of the cell at the other end, or `NOWHERE`.
        pub far: u32,
        /// Bed at one end, m.
        pub near_bed: f32,
        /// Bed at the other end, m.
        pub far_bed: f32,
        /// Share of a cell's water that this link may take, since others may take from it, too.
        pub near_share: f32,
        /// Share of a cell's water that this link may take at the other end.
        pub far_share: f32,
        /// Weir: sill, m. Culvert: floor at `near`, m. Pump: level at which it starts, m.
        pub sill: f32,
        /// Change of that, m/s.
        pub sill_slope: f32,
        /// Width of a weir or a culvert, m; capacity of a pump, m³/s.
        pub width: f32,
        /// Change of that, per second.
        pub width_slope: f32,
        /// Level outside, m.
        pub level: f32,
        /// Change of that, m/s.
        pub level_slope: f32,
        /// Culvert: floor at `far`, m. Pump: level at which it stops, m.
        pub other: f32,
        /// Weir: coefficient, m^0.5/s. Culvert: height of the barrel, m; 0 for a round one.
        pub size: f32,
        /// Culvert: head lost for each squared velocity, s²/m, by inlet and outlet alone.
        pub loss: f32,
        /// Culvert: Manning's n squared times the length, s²·m^(1/3).
        pub drag: f32,
        /// Culvert: barrels beside each other.
        pub barrels: f32,
        /// Fills the struct to 80 bytes.
        pub unused_a: u32,
        /// Fills the struct to 80 bytes.
        pub unused_b: u32,
    }
}

shared_struct! {
    /// What passes a link.
    pub struct Flow {
        /// Discharge from `near` to `far`, m³/s.
        pub rate: f32,
        /// What that moves in this step, metres on one cell.
        pub moved: f32,
        /// Moved since the start, metres on one cell.
        pub total: f32,
        /// What that lost to rounding, m.
        pub total_low: f32,
        /// 1 while a pump runs.
        pub running: u32,
        /// Fills the struct to 32 bytes.
        pub unused_a: u32,
        /// Fills the struct to 32 bytes.
        pub unused_b: u32,
        /// Fills the struct to 32 bytes.
        pub unused_c: u32,
    }
}

shared_struct! {
    /// A cell at the end of links.
    pub struct End {
        /// Index of the cell in the padded arrays.
        pub index: u32,
        /// First of its entries in the list of touches: number of a link, doubled, and 1 more where it is its `far`.
        pub first: u32,
        /// Number of them.
        pub count: u32,
        /// Fills the struct to 16 bytes.
        pub unused: u32,
    }
}
