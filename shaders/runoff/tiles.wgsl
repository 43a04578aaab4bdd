// Which tiles of the grid are computed. Twin: engine/runoff/src/cpu/tiles.rs, which says why.
//
// A workgroup looks at 256 tiles of one strip and adds the active ones to the strip's list with one atomic.

@group(0) @binding(0) var<uniform> params: Params;
// Tiles in the list of each strip.
@group(0) @binding(17) var<storage, read_write> counts: array<atomic<u32>>;
// Planes of `TILES_…`: kinds of tiles, steps that they stay awake, and the list.
@group(0) @binding(18) var<storage, read_write> tiles: array<u32>;

const LANES: u32 = 256u;

var<workgroup> found: atomic<u32>;
var<workgroup> start: u32;

fn kind_of(tile: u32) -> u32 {
    return tiles[TILES_KIND * params.tiles + tile];
}

fn is_active(tile: u32, cols: u32, rows: u32) -> bool {
    if kind_of(tile) == TILE_SHUT {
        return false;
    }
    if params.rain > 0.0 {
        return true;
    }
    let col = tile % cols;
    let row = tile / cols;
    for (var r = max(row, 1u) - 1u; r < min(row + 2u, rows); r += 1u) {
        for (var c = max(col, 1u) - 1u; c < min(col + 2u, cols); c += 1u) {
            let near = r * cols + c;
            if tiles[TILES_AWAKE * params.tiles + near] > 0u || kind_of(near) > TILE_OPEN {
                return true;
            }
        }
    }
    return false;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cols = (params.cols + TILE - 1u) / TILE;
    let rows = (params.rows + TILE - 1u) / TILE;
    let strip_tiles = params.strip_rows / TILE * cols;
    let first = group.y * strip_tiles;
    let within = group.x * LANES + lane;
    let tile = first + within;
    let chosen = within < strip_tiles && tile < cols * rows && is_active(min(tile, cols * rows - 1u), cols, rows);
    if lane == 0u {
        atomicStore(&found, 0u);
    }
    workgroupBarrier();
    var place = 0u;
    if chosen {
        place = atomicAdd(&found, 1u);
    }
    workgroupBarrier();
    if lane == 0u {
        start = atomicAdd(&counts[group.y], atomicLoad(&found));
    }
    workgroupBarrier();
    if chosen {
        tiles[TILES_LIST * params.tiles + first + start + place] = tile;
    }
}
