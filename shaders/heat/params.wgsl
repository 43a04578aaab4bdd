// Parameters of the kernels of the heat model. Twin: engine/heat/src/params.rs.

const PATCHES: u32 = 153u;
const RINGS: u32 = 8u;
const CLASSES: u32 = 5u;

struct Look {
    cols: u32,
    rows: u32,
    first: u32,
    count: u32,
    strip: u32,
    cells: u32,
    azimuths: u32,
    has_crowns: u32,
    highest: f32,
}

// A cell on the way of a ray: columns to the east and rows to the south, as bits of i32; level distances at which the ray enters and
// leaves it, m; class of distance of crowns.
struct Step {
    cols: u32,
    rows: u32,
    enter: f32,
    leave: f32,
    band: u32,
}

// The steps of a direction.
struct Sector {
    first: u32,
    count: u32,
}

// For a direction and a ring: the patches that the sector touches, and their shares; the second may be 0.
struct Share {
    one: u32,
    part: f32,
    other: u32,
    other_part: f32,
}

struct Beam {
    cols: u32,
    rows: u32,
    steps: u32,
    has_crowns: u32,
    begins: u32,
    tangent: f32,
    through: f32,
    down: f32,
    side: f32,
    share: f32,
}

// A position of the sun, as the heat island has it.
struct Sunlight {
    cols: u32,
    rows: u32,
    walls: u32,
    steps: u32,
    has_crowns: u32,
    // 1 for the first position of those that steps have in common.
    begins: u32,
    tangent: f32,
    through: f32,
    // On a level plane, and on walls at the four sides of a cell, W/m².
    down: f32,
    west: f32,
    east: f32,
    north: f32,
    south: f32,
}

struct Hour {
    cols: u32,
    rows: u32,
    strip: u32,
    cells: u32,
    weights: u32,
    has_crowns: u32,
    isotropic: u32,
    memory: f32,
    air: f32,
}

// A patch in an hour: shortwave and longwave radiance of sky, crowns, walls in the sun and in the shade, W/m²sr.
struct Bright {
    sky_short: f32,
    sky_long: f32,
    crown_short: f32,
    crown_long: f32,
    lit_short: f32,
    lit_long: f32,
    shaded_short: f32,
    shaded_long: f32,
    threshold: f32,
    level: f32,
    side: f32,
    north: f32,
    east: f32,
    south: f32,
    west: f32,
    // Makes 64 bytes: elements of arrays in uniform buffers take multiples of 16.
    padding: f32,
}

// A kind of surface: its emissivity, and how much warmer than the air it is in the sun, K.
struct SurfaceScheme {
    emissivity: f32,
    warmer: f32,
}

// A cell around, as bits of i32, and how much of what is seen below it makes up.
struct Weight {
    cols: u32,
    rows: u32,
    weight: f32,
}

// The view factors of a strip's cells, one buffer of words with four patches each: word after word of walls, each for all cells of
// the strip; then in the same way those of crowns, where there are any. Index of the first word of crowns.
fn crown_words(cells: u32) -> u32 {
    return (PATCHES + 3u) / 4u * cells;
}

// Index of a cell so many columns and rows away; more than any where there is none.
fn beside(cell: u32, cols: u32, rows: u32, step_cols: u32, step_rows: u32) -> u32 {
    let col = i32(cell % cols) + bitcast<i32>(step_cols);
    let row = i32(cell / cols) + bitcast<i32>(step_rows);
    if col < 0 || row < 0 || col >= i32(cols) || row >= i32(rows) {
        return 0xffffffffu;
    }
    return u32(row) * cols + u32(col);
}

// The cell of an invocation: groups lie in rows of 32768.
fn cell_of(group: vec3<u32>, lane: u32) -> u32 {
    return (group.y * 32768u + group.x) * 64u + lane;
}
