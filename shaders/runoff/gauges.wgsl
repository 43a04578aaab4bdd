// Depth and unit discharges at the gauges. Twin: `gauges` in engine/runoff/src/cpu/mod.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(13) var<storage, read> places: array<u32>;
@group(0) @binding(15) var<uniform> strip: Strip;
@group(0) @binding(14) var<storage, read_write> readings: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= min(arrayLength(&places), arrayLength(&readings)) {
        return;
    }
    let row = places[id.x] / params.stride - HALO;
    if row >= strip.first && row < strip.first + strip.rows {
        readings[id.x] = state[places[id.x] - strip.first * params.stride];
    }
}
