// What is missing on a grid, summed for the next coarser one, whose field begins at 0. Twin: `Grids::restrict` in
// engine/heat/src/island/grids.rs.

@group(0) @binding(3) var<storage, read> field: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> coarse_system: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> coarse_field: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let coarse = cell_of(group, lane);
    if coarse >= grid.coarse_cols * grid.coarse_rows {
        return;
    }
    let col = 2u * (coarse % grid.coarse_cols);
    let row = 2u * (coarse / grid.coarse_cols);
    var sum = vec2<f32>(0.0);
    for (var r = row; r < min(row + 2u, grid.rows); r++) {
        for (var c = col; c < min(col + 2u, grid.cols); c++) {
            let cell = r * grid.cols + c;
            let s = side[cell];
            let far = beside(cell);
            let diagonal = (s.x + s.y + s.z + s.w) + system[cell];
            let near = s.x * field[far.x] + s.y * field[far.y] + s.z * field[far.z] + s.w * field[far.w];
            sum += system[grid.cols * grid.rows + cell] + near - diagonal * field[cell];
        }
    }
    coarse_system[grid.coarse_cols * grid.coarse_rows + coarse] = sum;
    coarse_field[coarse] = vec2<f32>(0.0);
}
