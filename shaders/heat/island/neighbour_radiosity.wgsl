// Mean radiosity of the ground, walls and crowns around each cell: the box filter along columns, and means. Notes the air before the
// step, too. Twin: `CpuAir::neighbour_radiosity` in engine/heat/src/island/cpu/mod.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> row_sums: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> long_row_sums: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> air: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> facets: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    let cells = forcing.cols * forcing.rows;
    if cell >= cells {
        return;
    }
    let row = cell / forcing.cols;
    let first = row - min(row, forcing.reach);
    let last = row + min(forcing.rows - 1u - row, forcing.reach);
    var a = vec4<f32>(0.0);
    var b = vec4<f32>(0.0);
    for (var k = first; k <= last; k++) {
        let far = k * forcing.cols + cell % forcing.cols;
        a += row_sums[far];
        b += long_row_sums[far];
    }
    let here = air[cell];
    // Passes change the air; this is what it was at the beginning of the step.
    air[cells + cell] = here;
    let black_air = black(here.x);
    var found = vec4<f32>(0.0, black_air, black_air, black_air);
    if a.x > 1e-3 {
        found.x = a.w / a.x;
        found.y = b.x / a.x;
    }
    found.z = found.y;
    if a.y > 1e-3 {
        found.z = b.y / a.y;
    }
    if a.z > 1e-3 {
        found.w = b.z / a.z;
    }
    facets[2u * cells + cell] = found;
}
