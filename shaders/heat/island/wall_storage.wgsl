// Layers, temperature and outgoing radiation of walls after a step. Twin: `CpuAir::wall_storage` in engine/heat/src/island/cpu/mod.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> materials: array<Material>;
@group(0) @binding(2) var<storage, read> wall_balance: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> wall_columns: array<f32>;
@group(0) @binding(4) var<storage, read_write> wall_temperatures: array<f32>;
@group(0) @binding(5) var<storage, read_write> wall_outgoing: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let w = cell_of(group, lane);
    if w >= forcing.walls {
        return;
    }
    let found = wall_balance[w];
    let material = arrayLength(&materials) - 1u;
    let at = w / LANES * LANES * WALL_LAYERS + w % LANES;
    var a: array<f32, 7>;
    a[WALL_LAYERS] = 0.0;
    for (var k = WALL_LAYERS; k > 0u; k--) {
        let layer = materials[material].layers[k - 1u];
        a[k - 1u] =
            (layer.storage * wall_columns[at + (k - 1u) * LANES] + layer.below * a[k] + layer.inside) * layer.inverse;
    }
    var above = found.x;
    for (var k = 0u; k < WALL_LAYERS; k++) {
        above = a[k] + materials[material].layers[k].b * above;
        wall_columns[at + k * LANES] = above;
    }
    wall_temperatures[w] = found.x;
    wall_outgoing[w] = found.zw;
}
