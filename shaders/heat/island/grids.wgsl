// A system of equations on one grid of the multigrid. Twin: engine/heat/src/island/grids.rs.

struct Grids {
    cols: u32,
    rows: u32,
    // Of the next coarser grid.
    coarse_cols: u32,
    coarse_rows: u32,
}

@group(0) @binding(0) var<uniform> grid: Grids;
// What each cell takes of those to the west, east, north and south.
@group(0) @binding(1) var<storage, read> side: array<vec4<f32>>;
// Decay of all cells, then their right-hand sides.
@group(0) @binding(2) var<storage, read> system: array<vec2<f32>>;

fn beside(cell: u32) -> vec4<u32> {
    let col = cell % grid.cols;
    let row = cell / grid.cols;
    let west = select(col - 1u, grid.cols - 1u, col == 0u);
    let east = select(col + 1u, 0u, col + 1u == grid.cols);
    let north = select(row - 1u, grid.rows - 1u, row == 0u);
    let south = select(row + 1u, 0u, row + 1u == grid.rows);
    return vec4<u32>(row * grid.cols + west, row * grid.cols + east, north * grid.cols + col, south * grid.cols + col);
}

// The cell of an invocation: groups lie in rows of 32768.
fn cell_of(group: vec3<u32>, lane: u32) -> u32 {
    return (group.y * 32768u + group.x) * 64u + lane;
}
