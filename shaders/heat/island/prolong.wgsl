// Adds what a coarser grid found. Twin: `Grids::prolong` in engine/heat/src/island/grids.rs.

@group(0) @binding(3) var<storage, read> coarse_field: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> field: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= grid.cols * grid.rows {
        return;
    }
    // A cell whose diagonal is 0 is no part of the system.
    if all(side[cell] == vec4<f32>(0.0)) && all(system[cell] == vec2<f32>(0.0)) {
        return;
    }
    field[cell] += coarse_field[(cell / grid.cols) / 2u * grid.coarse_cols + (cell % grid.cols) / 2u];
}
