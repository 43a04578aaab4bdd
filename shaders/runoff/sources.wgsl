// Point inflows. Twin: engine/runoff/src/cpu/sources.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(15) var<uniform> strip: Strip;
@group(0) @binding(11) var<storage, read> sources: array<Source>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.sources {
        return;
    }
    let inflow = sources[id.x];
    let row = inflow.index / params.stride - HALO;
    if row < strip.first || row >= strip.first + strip.rows {
        return;
    }
    let i = inflow.index - strip.first * params.stride;
    var water = state[i];
    let change = clock.dt * (inflow.rate + inflow.slope * clock.middle);
    let sum = add(water.x, water.y, change, params.zero);
    state[i] = vec4<f32>(sum, water.zw);
}
