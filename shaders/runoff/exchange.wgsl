// Each cell at the end of links takes and gives what its links move. Twin: `exchange` in
// engine/runoff/src/cpu/links.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> flows: array<Flow>;
@group(0) @binding(4) var<storage, read> ends: array<End>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> touches: array<u32>;
@group(0) @binding(15) var<uniform> strip: Strip;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.ends {
        return;
    }
    let end = ends[id.x];
    let row = end.index / params.stride - HALO;
    if row < strip.first || row >= strip.first + strip.rows {
        return;
    }
    var change = 0.0;
    for (var k = end.first; k < end.first + end.count; k += 1u) {
        let moved = flows[touches[k] / 2u].moved;
        change += select(-moved, moved, touches[k] % 2u == 1u);
    }
    if change != 0.0 {
        let i = end.index - strip.first * params.stride;
        state[i] = give(state[i], change);
    }
}
