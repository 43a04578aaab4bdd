// Layers, water, temperatures and outgoing radiation of surfaces after a step, and the sums of an hour. Twins: `CpuAir::storage` and `CpuAir::add` in engine/heat/src/island/cpu/mod.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> materials: array<Material>;
@group(0) @binding(2) var<storage, read> properties: array<u32>;
@group(0) @binding(3) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> effects: array<Effect>;
@group(0) @binding(5) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> columns: array<f32>;
@group(0) @binding(7) var<storage, read_write> facets: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> sums: array<vec2<f32>>;

fn water_balance(water: f32, latent: f32, depth: f32) -> f32 {
    let by = 1.0 / (LATENT * 1000.0);
    return clamp(water + forcing.water_step * (forcing.rain - latent * by) / depth, 0.0, CAPACITY);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    let cells = forcing.cols * forcing.rows;
    if cell >= cells {
        return;
    }
    let effect = effects[cell];
    let material = properties[cell];
    let skin = materials[material].skin;
    let at = cell / LANES * LANES * LAYERS + cell % LANES;
    let count = u32(skin.layers);
    if count == 0u {
        columns[at] = effect.skin;
        columns[at + LANES] += skin.follow * (effect.skin - columns[at + LANES]);
    } else {
        var a: array<f32, 13>;
        a[count] = 0.0;
        for (var k = count; k > 0u; k--) {
            let layer = materials[material].layers[k - 1u];
            a[k - 1u] =
                (layer.storage * columns[at + (k - 1u) * LANES] + layer.below * a[k] + layer.inside) * layer.inverse;
        }
        var above = effect.skin;
        for (var k = 0u; k < count; k++) {
            above = a[k] + materials[material].layers[k].b * above;
            columns[at + k * LANES] = above;
        }
    }
    var state = facets[cell];
    state.x = effect.skin;
    state.y = effect.crown;
    if skin.bucket > 0.0 {
        state.z = water_balance(state.z, effect.ground_latent, skin.bucket);
    }
    if inputs[2u * cells + cell].z > 0.0 {
        state.w = water_balance(state.w, effect.crown_latent, ROOTS);
    }
    facets[cell] = state;
    facets[cells + cell] = vec4<f32>(effect.short, effect.long, effect.crown_long, 0.0);
    sums[cell] += air[cell];
    sums[cells + cell] += vec2<f32>(effect.skin, effect.long);
    sums[2u * cells + cell] += facets[2u * cells + cell].zw;
}
