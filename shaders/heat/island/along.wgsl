// Sums along rows over the reach to both sides. Twin: `sums` in engine/src/models/heat/island/town.rs.

@group(0) @binding(0) var<uniform> drive: Drive;
@group(0) @binding(1) var<storage, read> one: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> other: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> one_along: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> other_along: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= drive.cols * drive.rows {
        return;
    }
    let col = cell % drive.cols;
    let first = cell - min(col, drive.reach);
    let last = cell + min(drive.cols - 1u - col, drive.reach);
    var a = vec4<f32>(0.0);
    var b = vec4<f32>(0.0);
    for (var k = first; k <= last; k++) {
        a += one[k];
        b += other[k];
    }
    one_along[cell] = a;
    other_along[cell] = b;
}
