// The box filter along rows: sums over the reach to both sides. Twin: `along_rows` in engine/heat/src/island/box_filter.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> terms: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> long_terms: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> row_sums: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> long_row_sums: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= forcing.cols * forcing.rows {
        return;
    }
    let col = cell % forcing.cols;
    let first = cell - min(col, forcing.reach);
    let last = cell + min(forcing.cols - 1u - col, forcing.reach);
    var a = vec4<f32>(0.0);
    var b = vec4<f32>(0.0);
    for (var k = first; k <= last; k++) {
        a += terms[k];
        b += long_terms[k];
    }
    row_sums[cell] = a;
    long_row_sums[cell] = b;
}
