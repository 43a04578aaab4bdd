// One stage of a time step. Twin: engine/runoff/src/cpu/update.rs.
//
// A workgroup takes a tile of 16 × 16 cells from its strip's list, loads it with two cells around it, computes every face
// of the tile once, and advances the cells. States are (depth, what its rounding lost, qx, qy).

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
// Planes of `GROUND_…`; then, where rain is not the same everywhere, each cell's share of it, from `strip.shares` on.
@group(0) @binding(2) var<storage, read> ground: array<f32>;
@group(0) @binding(4) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
// Highest depth, highest speed (bits of f32), arrival and duration (ms).
@group(0) @binding(6) var<storage, read_write> statistics: array<vec4<u32>>;
// Planes of `TOTALS_…`: infiltration, hazard, and what passed the edges.
@group(0) @binding(7) var<storage, read_write> totals: array<f32>;
// The segment of each face of the grid's edges.
@group(0) @binding(8) var<storage, read> edges: array<Segment>;
@group(0) @binding(15) var<uniform> strip: Strip;
// Planes of `TILES_…`: the list and its length are read, and what stays awake is set.
@group(0) @binding(18) var<storage, read_write> tiles: array<u32>;

// 0: the whole step of order 1; 1: first stage of order 2; 2: its second stage.
override STAGE: u32 = 0u;
const SINGLE: u32 = 0u;
const PREDICT: u32 = 1u;
const CORRECT: u32 = 2u;

const SIDE: u32 = TILE;
const WIDTH: u32 = 20u;
const FACES: u32 = 272u;
const MOST_GROUPS: u32 = 32768u;

// Cells as (bed, depth, u, v); fluxes as (mass, left, right, along), first those along rows, then those across.
var<workgroup> tile: array<vec4<f32>, 400>;
var<workgroup> fluxes: array<vec4<f32>, 544>;
var<workgroup> speed: atomic<u32>;
var<workgroup> wet: atomic<u32>;

fn ground_at(plane: u32, i: u32) -> f32 {
    return ground[plane * strip.cells + i];
}

fn load(origin: vec2<u32>, lane: u32) {
    for (var k = lane; k < WIDTH * WIDTH; k += SIDE * SIDE) {
        let col = min(origin.x + k % WIDTH, params.stride - 1u);
        let row = min(origin.y - strip.first + k / WIDTH, strip.rows + 2u * HALO - 1u);
        let i = row * params.stride + col;
        let water = source[i];
        let inverse = select(0.0, 1.0 / max(water.x, DRY), water.x > DRY);
        tile[k] = vec4<f32>(ground_at(GROUND_BED, i), water.x, water.z * inverse, water.w * inverse);
    }
}

// A cell's state at a face, seen along x or y: half a slope ahead (+0.5) or behind (−0.5).
fn side(cell: vec4<f32>, slope: vec4<f32>, half: f32, is_x: bool) -> Side {
    let u = cell.z + half * slope.z;
    let v = cell.w + half * slope.w;
    return Side(cell.y + half * slope.y, select(v, u, is_x), select(u, v, is_x));
}

fn face(at: u32, next: u32, is_x: bool) -> Flux {
    let left = tile[at];
    let right = tile[at + next];
    var slope_left = vec4<f32>(0.0);
    var slope_right = vec4<f32>(0.0);
    if STAGE != SINGLE {
        slope_left = reconstruct(tile[at - next], left, right);
        slope_right = reconstruct(left, right, tile[at + 2u * next]);
    }
    let inner_left = side(left, slope_left, 0.5, is_x);
    let inner_right = side(right, slope_right, -0.5, is_x);
    var a = inner_left;
    var b = inner_right;
    var step = (right.x - left.x) - 0.5 * (slope_right.x + slope_left.x);
    // A wall answers with the mirror image of its neighbour.
    if left.x > 0.5 * WALL {
        a = Side(inner_right.depth, -inner_right.normal, inner_right.along);
        step = 0.0;
    }
    if right.x > 0.5 * WALL {
        b = Side(inner_left.depth, -inner_left.normal, inner_left.along);
        step = 0.0;
    }
    return hllc(a, b, step, select(1.0, 0.0, max(left.x, right.x) > 0.5 * WALL));
}

// Flux of a given unit discharge into a cell: at the cell's depth, or critical where it is shallower.
fn inflow(discharge: f32, depth: f32) -> Flux {
    let squared = discharge * discharge;
    let critical = select(0.0, cube_root(squared / GRAVITY), squared > 1e-30);
    let at = max(depth, critical);
    let momentum = select(0.0, squared / max(at, DRY), at > 0.0);
    let push = momentum + 0.5 * GRAVITY * (at + depth) * (at - depth);
    return Flux(discharge, push, push, 0.0);
}

// Sets a given discharge on a face of the edge and books what passes. `out` is +1 where outward is east or south.
fn edge(flux: Flux, place: u32, depth: f32, out: f32) -> Flux {
    var passing = flux;
    let segment = edges[place];
    if segment.kind == KIND_DISCHARGE {
        passing = inflow(segment.value + segment.slope * clock.middle, depth);
        passing.mass = -out * passing.mass;
    }
    let weight = select(0.5, 1.0, STAGE == SINGLE) * clock.dt;
    let booked = TOTALS_OUTFLOW * strip.cells + 2u * place;
    let sum = add(totals[booked], totals[booked + 1u], out * weight * passing.mass, params.zero);
    totals[booked] = sum.x;
    totals[booked + 1u] = sum.y;
    return passing;
}

fn faces(origin: vec2<u32>, lane: u32, busy: bool) {
    for (var k = lane; k < 2u * FACES; k += SIDE * SIDE) {
        let is_x = k < FACES;
        let j = select(k - FACES, k, is_x);
        // Cells of the tile (without halo) before the face along its direction, and its place across.
        let before = select(j / SIDE, j % (SIDE + 1u), is_x);
        let across = select(j % SIDE, j / (SIDE + 1u), is_x);
        let col = select(across + HALO, before + HALO - 1u, is_x);
        let row = select(before + HALO - 1u, across + HALO, is_x);
        let at = row * WIDTH + col;
        let next = select(WIDTH, 1u, is_x);
        var flux = face(at, next, is_x);

        let ahead = select(origin.y, origin.x, is_x) + before;
        let beside = select(origin.x, origin.y, is_x) + across;
        let last = select(params.rows, params.cols, is_x);
        let inside = busy && beside < select(params.cols, params.rows, is_x);
        // Faces of the edges are numbered along the north, the south, the west and the east edge.
        let first = select(0u, 2u * params.cols, is_x);
        if inside && ahead == 0u {
            flux = edge(flux, first + beside, tile[at + next].y, -1.0);
        }
        if inside && ahead == last {
            flux = edge(flux, first + select(params.cols, params.rows, is_x) + beside, tile[at].y, 1.0);
        }
        fluxes[k] = vec4<f32>(flux.mass, flux.left, flux.right, flux.along);
    }
}

fn advance(i: u32, local: vec2<u32>) {
    let at = (local.y + HALO) * WIDTH + local.x + HALO;
    let west = fluxes[local.y * (SIDE + 1u) + local.x];
    let east = fluxes[local.y * (SIDE + 1u) + local.x + 1u];
    let north = fluxes[FACES + local.y * SIDE + local.x];
    let south = fluxes[FACES + (local.y + 1u) * SIDE + local.x];
    let cell = tile[at];
    let open = cell.x < 0.5 * WALL;
    let water = source[i];
    let dt = clock.dt;
    let rate = dt / params.cell;
    var rain = params.rain * dt;
    if params.spread != 0u {
        rain *= ground[strip.shares + i];
    }

    let flow = east.x - west.x + south.x - north.x;
    var force = vec2<f32>(east.y - west.z + south.w - north.w, south.y - north.z + east.w - west.w);
    if STAGE != SINGLE {
        let slope_x = reconstruct(tile[at - 1u], cell, tile[at + 1u]);
        let slope_y = reconstruct(tile[at - WIDTH], cell, tile[at + WIDTH]);
        force += GRAVITY * cell.y * vec2<f32>(slope_x.x + slope_x.y, slope_y.x + slope_y.y);
    }
    let change = select(0.0, rain - rate * flow, open);
    var depth = add_depth(water.x, water.y, change);
    var q = water.zw - rate * force;
    let discharge = sqrt(q.x * q.x + q.y * q.y);
    let factor = friction(max(depth.x, DRY), discharge, ground_at(GROUND_MANNING, i), dt);
    q *= select(0.0, factor, depth.x > DRY && discharge > STILL_DISCHARGE);
    if STAGE == CORRECT {
        let old = state[i];
        let moved = 0.5 * (((water.x - old.x) + (water.y - old.y)) + change);
        depth = add_depth(old.x, old.y, moved);
        q = 0.5 * (old.zw + q);
    }
    if STAGE != PREDICT {
        // Infiltration: never more than the water there, which holds the rain of the step already.
        let capacity = ground_at(GROUND_CAPACITY, i);
        let total = TOTALS_SUNK * strip.cells + i;
        let total_low = TOTALS_SUNK_LOW * strip.cells + i;
        var sunk = min(capacity * dt, depth.x);
        if params.soil != SOIL_PLAIN {
            let soil = vec2<f32>(ground_at(GROUND_SOIL, i), ground_at(GROUND_SOIL + 1u, i));
            sunk = soak(capacity, soil, totals[total], depth.x);
        }
        depth = add_depth(depth.x, depth.y, -sunk);
        if sunk > 0.0 {
            let sum = add(totals[total], totals[total_low], sunk, params.zero);
            totals[total] = sum.x;
            totals[total_low] = sum.y;
        }
        q = select(vec2<f32>(0.0), q, depth.x > DRY);
        gather(i, depth.x, q);
    }
    state[i] = vec4<f32>(depth, q);
}

// Maxima, arrival and duration, and the highest wave speed.
fn gather(i: u32, h: f32, q: vec2<f32>) {
    let velocity = q * (1.0 / max(h, DRY));
    // Maxima of bits let a value that is not a number come through.
    let bits = max(bitcast<u32>(velocity.x) & 0x7fffffffu, bitcast<u32>(velocity.y) & 0x7fffffffu);
    let fastest = bitcast<f32>(bits) + sqrt(GRAVITY * h);
    atomicMax(&speed, bitcast<u32>(fastest) & 0x7fffffffu);
    let size = select(0.0, sqrt(velocity.x * velocity.x + velocity.y * velocity.y), h > SPEED_DEPTH);
    let before = statistics[i];
    var seen = before;
    seen.x = max(seen.x, bitcast<u32>(h));
    seen.y = max(seen.y, bitcast<u32>(size));
    seen.z = select(seen.z, clock.now_ms, seen.z == NEVER && h > params.arrival_depth);
    seen.w += select(0u, clock.step_ms, h > params.duration_depth);
    // Most cells set no record in most steps.
    if any(seen != before) {
        statistics[i] = seen;
    }
    if h > SPEED_DEPTH {
        let hazard = h * (size + 0.5) + select(0.5, 1.0, h > DEBRIS_DEPTH);
        let highest = TOTALS_HAZARD * strip.cells + i;
        if hazard > totals[highest] {
            totals[highest] = hazard;
        }
    }
    if h != 0.0 {
        atomicStore(&wet, 1u);
    }
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let count = tiles[TILES_COUNT * params.tiles + strip.index];
    let tile_cols = (params.cols + SIDE - 1u) / SIDE;
    // The clock spread the tiles evenly over so many rows of workgroups; a few of the last one have none.
    let high = max((count + MOST_GROUPS - 1u) / MOST_GROUPS, 1u);
    let place = group.y * ((count + high - 1u) / high) + group.x;
    let busy = place < count;
    let first = TILES_LIST * params.tiles + strip.first / SIDE * tile_cols;
    let tile_index = tiles[first + min(place, max(count, 1u) - 1u)];
    let origin = vec2<u32>(tile_index % tile_cols, tile_index / tile_cols) * SIDE;
    load(origin, lane);
    if lane == 0u {
        atomicStore(&speed, 0u);
        atomicStore(&wet, 0u);
    }
    workgroupBarrier();
    faces(origin, lane, busy);
    workgroupBarrier();
    let col = origin.x + local.x;
    let row = origin.y + local.y;
    if busy && col < params.cols && row < params.rows {
        advance((row - strip.first + HALO) * params.stride + col + HALO, local.xy);
    }
    workgroupBarrier();
    if STAGE != PREDICT && lane == 0u && busy {
        let fastest = atomicLoad(&speed);
        if fastest > atomicLoad(&clock.speed_bits) {
            atomicMax(&clock.speed_bits, fastest);
        }
        let stays = params.rain > 0.0 || atomicLoad(&wet) != 0u;
        let awake = TILES_AWAKE * params.tiles + tile_index;
        tiles[awake] = select(max(tiles[awake], 1u) - 1u, 2u, stays);
    }
}
