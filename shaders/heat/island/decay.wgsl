// Decays of a coarser grid: sums over its blocks. Twin: `Grids::decay` in engine/heat/src/island/grids.rs.

@group(0) @binding(3) var<storage, read_write> coarse_system: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = cell_of(group, lane);
    if at >= grid.coarse_cols * grid.coarse_rows {
        return;
    }
    let col = 2u * (at % grid.coarse_cols);
    let row = 2u * (at / grid.coarse_cols);
    var sum = vec2<f32>(0.0);
    for (var r = row; r < min(row + 2u, grid.rows); r++) {
        for (var c = col; c < min(col + 2u, grid.cols); c++) {
            sum += system[r * grid.cols + c];
        }
    }
    coarse_system[at] = sum;
}
