// A position of the sun. Twin: `Sunlight` in engine/src/models/heat/island/params.rs.

struct Sunlight {
    cols: u32,
    rows: u32,
    walls: u32,
    steps: u32,
    has_crowns: u32,
    tangent: f32,
    through: f32,
    // On a level plane, and on walls at the four sides of a cell, W/m².
    down: f32,
    west: f32,
    east: f32,
    north: f32,
    south: f32,
}

const NONE: u32 = 0xffffffffu;
