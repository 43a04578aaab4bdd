// Upwelling radiation of the ground around each cell, at eye height. Twin: `upwelling` in engine/heat/src/cpu/radiation.rs.

@group(0) @binding(0) var<uniform> hour: Hour;
@group(0) @binding(1) var<storage, read> weights: array<Weight>;
@group(0) @binding(2) var<storage, read> ground: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> up: array<vec2<f32>>;
// 1 where a cell is a roof, which is no ground.
@group(0) @binding(4) var<storage, read> roofs: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= hour.cols * hour.rows {
        return;
    }
    var sum = vec2<f32>(0.0);
    var all = 0.0;
    for (var k = 0u; k < hour.weights; k++) {
        let weight = weights[k];
        let far = beside(cell, hour.cols, hour.rows, weight.cols, weight.rows);
        if far != 0xffffffffu && roofs[far] == 0u {
            sum += weight.weight * ground[far];
            all += weight.weight;
        }
    }
    up[cell] = select(ground[cell], sum / max(all, 1e-30), all > 0.0);
}
