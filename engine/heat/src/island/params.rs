//! Parameters of the kernels of surfaces and air in time. Twin: `shaders/heat/island/params.wgsl`.

use super::column::LAYERS;
use hanze_device::shared_struct;

pub use super::column::{Layer, Skin};

/// A material as the device has it, with room for as many layers as the ground has. The last one in a buffer is that of walls.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Material {
    /// Its skin.
    pub skin: Skin,
    /// Its layers from above.
    pub layers: [Layer; LAYERS],
}

shared_struct! {
    /// A wall.
    pub struct Wall {
        /// Its area over that of a cell.
        pub area: f32,
        /// View factor of the sky.
        pub sky: f32,
        /// View factor of crowns.
        pub crowns: f32,
        /// The cell that it stands beside.
        pub cell: u32,
    }
}

shared_struct! {
    /// Forcing of a step, from [`super::air::StepForcing`].
    pub struct StepForcing {
        /// Columns of the grid.
        pub cols: u32,
        /// Rows of the grid.
        pub rows: u32,
        /// Walls.
        pub walls: u32,
        /// Reach of the box filter of neighbour radiosity, in cells.
        pub reach: u32,
        /// 1 while the sun shines.
        pub has_beam: u32,
        /// Side of a cell, m.
        pub cell: f32,
        /// Length of the step, s.
        pub step: f32,
        /// Depth of the canopy's air, m.
        pub depth: f32,
        /// Temperature above, °C.
        pub aloft: f32,
        /// Temperature below 60 m where houses mix the air, °C.
        pub mixed: f32,
        /// Humidity above, g/kg.
        pub aloft_humidity: f32,
        /// Temperature at the edges, °C.
        pub edge: f32,
        /// Humidity at the edges, g/kg.
        pub edge_humidity: f32,
        /// Wind at 60 m, m/s.
        pub above: f32,
        /// Wind at 10 m, m/s.
        pub at_10_m: f32,
        /// What convection adds to the wind between houses, m/s.
        pub gust: f32,
        /// What the exchange over the meadow is of that by Louis.
        pub over_ratio: f32,
        /// Its Richardson number.
        pub over_richardson: f32,
        /// Remainder of the meadow's sensible heat, W/m².
        pub over_remainder: f32,
        /// Remainder of the meadow's latent heat, W/m².
        pub over_remainder_latent: f32,
        /// Diffuse radiation, W/m².
        pub diffuse: f32,
        /// Longwave radiation of the sky, W/m².
        pub sky: f32,
        /// Share of light that comes through crowns.
        pub through: f32,
        /// Rain, m/s.
        pub rain: f32,
        /// Pressure, hPa.
        pub pressure: f32,
        /// Time in which buckets fill and empty, s: the step, or 0 while the first day is repeated.
        pub water_step: f32,
    }
}

shared_struct! {
    /// What the surfaces of a cell come to in a pass.
    pub struct Effect {
        /// Conductance to its air, W/m²K.
        pub conductance: f32,
        /// Source of heat of its air: conductances times the temperatures of surfaces, W/m².
        pub source: f32,
        /// Latent heat to its air, W/m².
        pub latent: f32,
        /// Sensible heat that bypasses the canopy's air, from roofs and the upper half of crowns, W/m².
        pub bypass: f32,
        /// Exchange with what lies above, m/s.
        pub exchange: f32,
        /// Temperature of ground or roof, °C.
        pub skin: f32,
        /// Its latent heat, W/m².
        pub ground_latent: f32,
        /// Temperature of the crown, °C.
        pub crown: f32,
        /// Its latent heat, W/m².
        pub crown_latent: f32,
        /// Shortwave that the ground sends up, W/m².
        pub short: f32,
        /// Longwave that the ground sends up, W/m².
        pub long: f32,
        /// Longwave that the crown sends out, W/m².
        pub crown_long: f32,
    }
}

shared_struct! {
    /// A grid of the multigrid and the next coarser one.
    pub struct Grids {
        /// Columns.
        pub cols: u32,
        /// Rows.
        pub rows: u32,
        /// Columns of the coarser grid.
        pub coarse_cols: u32,
        /// Its rows.
        pub coarse_rows: u32,
    }
}

shared_struct! {
    /// A volume of air.
    pub struct Volume {
        /// Columns.
        pub cols: u32,
        /// Rows.
        pub rows: u32,
        /// Levels.
        pub levels: u32,
        /// 0 for the cells with an even sum of column, row and level, 1 for the others.
        pub colour: u32,
        /// What a side above is worth: the square of width over height.
        pub flat: f32,
    }
}

/// W/m²K⁴.
pub const SIGMA: f32 = 5.670374e-8;
/// 0 °C in K.
pub const ZERO: f32 = 273.15;

/// Longwave radiation of a black body, W/m².
#[inline(always)]
pub fn black(celsius: f32) -> f32 {
    let square = (celsius + ZERO) * (celsius + ZERO);
    SIGMA * square * square
}
