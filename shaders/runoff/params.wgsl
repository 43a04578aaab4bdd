// What the host tells the stages. Twin: engine/runoff/src/params.rs, which says the meaning and the unit of
// each member.

const GRAVITY: f32 = 9.81;
const DRY: f32 = 1e-7;
const STILL_DISCHARGE: f32 = 1e-15;
const SPEED_DEPTH: f32 = 0.01;
const WALL: f32 = 1e30;
const HALO: u32 = 2u;
const NEVER: u32 = 0xffffffffu;

const TILE: u32 = 16u;
const TILE_SHUT: u32 = 0u;
const TILE_OPEN: u32 = 1u;
const TILE_FED: u32 = 2u;

const SOIL_PLAIN: u32 = 0u;
const SOIL_GREEN_AMPT: u32 = 1u;
const SOIL_HORTON: u32 = 2u;
const BLOCK: u32 = 256u;
const NOWHERE: u32 = 0xffffffffu;
const LINK_WEIR: u32 = 0u;
const LINK_CULVERT: u32 = 1u;
const LINK_PUMP: u32 = 2u;
const LINK_LEVEL: u32 = 3u;
const DEBRIS_DEPTH: f32 = 0.25;

// Planes of `ground`, which are `Strip.cells` long.
const GROUND_BED: u32 = 0u;
const GROUND_MANNING: u32 = 1u;
const GROUND_CAPACITY: u32 = 2u;
const GROUND_SOIL: u32 = 3u;
// Planes of `totals`, which are `Strip.cells` long.
const TOTALS_SUNK: u32 = 0u;
const TOTALS_SUNK_LOW: u32 = 1u;
const TOTALS_HAZARD: u32 = 2u;
const TOTALS_OUTFLOW: u32 = 3u;
// Planes of `tiles`, which are `Params.tiles` long.
const TILES_KIND: u32 = 0u;
const TILES_AWAKE: u32 = 1u;
const TILES_LIST: u32 = 2u;
const TILES_COUNT: u32 = 3u;

const KIND_WALL: u32 = 0u;
const KIND_FREE: u32 = 1u;
const KIND_LEVEL: u32 = 2u;
const KIND_DISCHARGE: u32 = 3u;
const KIND_PERIODIC: u32 = 4u;

struct Params {
    cols: u32,
    rows: u32,
    stride: u32,
    zero: u32,
    cell: f32,
    courant: f32,
    longest: f32,
    length: f32,
    rain: f32,
    source_speed: f32,
    arrival_depth: f32,
    duration_depth: f32,
    start_ms: u32,
    end_ms: u32,
    sources: u32,
    gauges: u32,
    strips: u32,
    strip_rows: u32,
    soil: u32,
    decay: f32,
    spread: u32,
    links: u32,
    ends: u32,
    districts: u32,
    tiles: u32,
    unused_a: u32,
    unused_b: u32,
    unused_c: u32,
}

struct Clock {
    time: f32,
    time_low: f32,
    dt: f32,
    middle: f32,
    now_ms: u32,
    step_ms: u32,
    steps: u32,
    finished: u32,
    unstable: u32,
    speed_bits: atomic<u32>,
}

struct Segment {
    kind: u32,
    value: f32,
    slope: f32,
    unused: u32,
}

struct Source {
    index: u32,
    rate: f32,
    slope: f32,
    unused: u32,
}

struct Strip {
    index: u32,
    first: u32,
    rows: u32,
    first_block: u32,
    cells: u32,
    shares: u32,
    unused_a: u32,
    unused_b: u32,
}

struct Inlet {
    index: u32,
    capacity: f32,
    spill: f32,
    district: u32,
}

struct Sewer {
    room: f32,
    pump: f32,
    direct: f32,
    unused: u32,
}

struct District {
    storage: f32,
    storage_low: f32,
    pumped: f32,
    pumped_low: f32,
    spilled: f32,
    spilled_low: f32,
    accept: f32,
    spill: f32,
}

struct Link {
    kind: u32,
    near: u32,
    far: u32,
    near_bed: f32,
    far_bed: f32,
    near_share: f32,
    far_share: f32,
    sill: f32,
    sill_slope: f32,
    width: f32,
    width_slope: f32,
    level: f32,
    level_slope: f32,
    other: f32,
    size: f32,
    loss: f32,
    drag: f32,
    barrels: f32,
    unused_a: u32,
    unused_b: u32,
}

struct Flow {
    rate: f32,
    moved: f32,
    total: f32,
    total_low: f32,
    running: u32,
    unused_a: u32,
    unused_b: u32,
    unused_c: u32,
}

struct End {
    index: u32,
    first: u32,
    count: u32,
    unused: u32,
}
