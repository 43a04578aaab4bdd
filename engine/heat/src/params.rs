//! Parameters of the kernels. Twin: `shaders/heat/params.wgsl`.

use hanze_device::shared_struct;

/// Classes of distance in which crowns are taken together.
pub const CLASSES: usize = 5;

shared_struct! {
    /// Cells that look around.
    pub struct Look {
        /// Columns of the grid.
        pub cols: u32,
        /// Rows of the grid.
        pub rows: u32,
        /// First cell of the band.
        pub first: u32,
        /// Cells of the band.
        pub count: u32,
        /// First cell of the strip.
        pub strip: u32,
        /// Cells of the strip.
        pub cells: u32,
        /// Directions.
        pub azimuths: u32,
        /// 1 with trees.
        pub has_crowns: u32,
        /// Height of the highest thing, m.
        pub highest: f32,
    }
}

shared_struct! {
    /// A cell on the way of a ray.
    pub struct Step {
        /// Columns to the east, as bits of an i32.
        pub cols: u32,
        /// Rows to the south, as bits of an i32.
        pub rows: u32,
        /// Level distance at which the ray comes into it, m.
        pub enter: f32,
        /// Level distance at which the ray leaves it, m.
        pub leave: f32,
        /// Class of distance of a crown on it.
        pub band: u32,
    }
}

shared_struct! {
    /// The steps of a direction.
    pub struct Sector {
        /// The first one.
        pub first: u32,
        /// How many there are.
        pub count: u32,
    }
}

shared_struct! {
    /// For a direction and a ring: the patches that the sector touches, and their shares.
    pub struct Share {
        /// A patch.
        pub one: u32,
        /// The sector's share of it.
        pub part: f32,
        /// The next patch.
        pub other: u32,
        /// The sector's share of that; may be 0.
        pub other_part: f32,
    }
}

shared_struct! {
    /// A position of the sun.
    pub struct Beam {
        /// Columns of the grid.
        pub cols: u32,
        /// Rows of the grid.
        pub rows: u32,
        /// Steps of the ray.
        pub steps: u32,
        /// 1 with trees.
        pub has_crowns: u32,
        /// 1 for the first position of an hour.
        pub begins: u32,
        /// Tangent of the sun's altitude.
        pub tangent: f32,
        /// Light that comes through a crown.
        pub through: f32,
        /// Beam on a level plane, W/m².
        pub down: f32,
        /// Beam on a cylinder, W/m².
        pub side: f32,
        /// Share of the hour's light.
        pub share: f32,
    }
}

shared_struct! {
    /// A position of the sun in the heat island, from [`super::island::air::DirectShortwave`].
    pub struct Sunlight {
        /// Columns of the grid.
        pub cols: u32,
        /// Rows of the grid.
        pub rows: u32,
        /// Walls.
        pub walls: u32,
        /// Steps of the ray to it.
        pub steps: u32,
        /// 1 with trees.
        pub has_crowns: u32,
        /// 1 for the first position of those that steps have in common.
        pub begins: u32,
        /// Tangent of its altitude.
        pub tangent: f32,
        /// Share that comes through crowns.
        pub through: f32,
        /// What it shines on a level plane, W/m².
        pub down: f32,
        /// Direct radiation on walls at the western side of a cell, W/m².
        pub west: f32,
        /// Direct radiation on walls at the eastern side of a cell, W/m².
        pub east: f32,
        /// Direct radiation on walls at the northern side of a cell, W/m².
        pub north: f32,
        /// Direct radiation on walls at the southern side of a cell, W/m².
        pub south: f32,
    }
}

shared_struct! {
    /// An hour.
    pub struct Hour {
        /// Columns of the grid.
        pub cols: u32,
        /// Rows of the grid.
        pub rows: u32,
        /// First cell of the strip.
        pub strip: u32,
        /// Cells of the strip.
        pub cells: u32,
        /// Cells around that are seen below.
        pub weights: u32,
        /// 1 with trees.
        pub has_crowns: u32,
        /// 1 under an isotropic sky.
        pub isotropic: u32,
        /// Share of the ground's warmth of the hour before that stays.
        pub memory: f32,
        /// Air temperature, K.
        pub air: f32,
    }
}

shared_struct! {
    /// Radiances of a patch in an hour, W/m²sr: what is seen in its place.
    pub struct Bright {
        /// Sky, shortwave.
        pub sky_short: f32,
        /// Sky, longwave.
        pub sky_long: f32,
        /// Crowns, shortwave.
        pub crown_short: f32,
        /// Crowns, longwave.
        pub crown_long: f32,
        /// Walls in the sun, shortwave.
        pub lit_short: f32,
        /// Walls in the sun, longwave.
        pub lit_long: f32,
        /// Walls in the shade, shortwave.
        pub shaded_short: f32,
        /// Walls in the shade, longwave.
        pub shaded_long: f32,
        /// Walls are in the sun where the tangent of the mean horizon is lower than this.
        pub threshold: f32,
        /// What the patch shines on a level plane for a radiance of 1.
        pub level: f32,
        /// What the patch shines on a cylinder for a radiance of 1.
        pub side: f32,
        /// Share of the patch to the north of an upright plane.
        pub north: f32,
        /// To the east.
        pub east: f32,
        /// To the south.
        pub south: f32,
        /// To the west.
        pub west: f32,
        /// Makes 64 bytes: elements of arrays in uniform buffers take multiples of 16.
        pub padding: f32,
    }
}

shared_struct! {
    /// A kind of surface in an hour.
    pub struct SurfaceScheme {
        /// Emissivity.
        pub emissivity: f32,
        /// How much warmer than the air it is in the sun, K.
        pub warmer: f32,
    }
}

shared_struct! {
    /// A cell around that is seen below.
    pub struct Weight {
        /// Columns to the east, as bits of an i32.
        pub cols: u32,
        /// Rows to the south, as bits of an i32.
        pub rows: u32,
        /// How much of what is seen it makes up, before all are made 1.
        pub weight: f32,
    }
}
