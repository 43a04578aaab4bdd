// Radiosity terms of each cell for its neighbours: weights of ground and walls, of walls and of crowns, and what they send out.
// Twin: `CpuAir::radiosity` in engine/heat/src/island/cpu/mod.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> properties: array<u32>;
@group(0) @binding(3) var<storage, read> walls: array<Wall>;
@group(0) @binding(4) var<storage, read> facets: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> wall_outgoing: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> terms: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> long_terms: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    let cells = forcing.cols * forcing.rows;
    if cell >= cells {
        return;
    }
    let views = inputs[2u * cells + cell];
    // All, walls, crowns, shortwave; longwave, that of walls, that of crowns.
    var a = vec4<f32>(0.0);
    var b = vec4<f32>(0.0);
    if views.w > 0.0 {
        let outgoing = facets[cells + cell];
        a.x = 1.0;
        a.w = outgoing.x;
        b.x = outgoing.y;
        if views.z > 0.0 {
            a.z = 1.0;
            b.z = outgoing.z;
        }
        let wall = properties[cells + cell];
        if wall != NONE {
            let area = walls[wall].area;
            let sent = wall_outgoing[wall];
            a.x += area;
            a.y = area;
            a.w += area * sent.x;
            b.x += area * sent.y;
            b.y = area * sent.y;
        }
    }
    terms[cell] = a;
    long_terms[cell] = b;
}
