// Temperature of the first layer below each skin if that had 0 °C. Twin: `CpuAir::forward_elimination` in engine/heat/src/island/cpu/columns.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> materials: array<Material>;
@group(0) @binding(2) var<storage, read> properties: array<u32>;
// Columns of cells, then of walls: so many lanes together, layer by layer.
@group(0) @binding(3) var<storage, read> columns: array<f32>;
@group(0) @binding(4) var<storage, read> wall_columns: array<f32>;
@group(0) @binding(5) var<storage, read_write> first_layer: array<f32>;
@group(0) @binding(6) var<storage, read_write> wall_temperatures: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell < forcing.cols * forcing.rows {
        let material = properties[cell];
        let at = cell / LANES * LANES * LAYERS + cell % LANES;
        let count = u32(materials[material].skin.layers);
        if count == 0u {
            let deep = materials[material].layers[0].inverse;
            first_layer[cell] = (1.0 - deep) * columns[at] + deep * columns[at + LANES];
        } else {
            var a = 0.0;
            for (var k = count; k > 0u; k--) {
                let layer = materials[material].layers[k - 1u];
                a = (layer.storage * columns[at + (k - 1u) * LANES] + layer.below * a + layer.inside) * layer.inverse;
            }
            first_layer[cell] = a;
        }
    }
    if cell < forcing.walls {
        let material = arrayLength(&materials) - 1u;
        let at = cell / LANES * LANES * WALL_LAYERS + cell % LANES;
        var a = 0.0;
        for (var k = WALL_LAYERS; k > 0u; k--) {
            let layer = materials[material].layers[k - 1u];
            a = (layer.storage * wall_columns[at + (k - 1u) * LANES] + layer.below * a + layer.inside) * layer.inverse;
        }
        wall_temperatures[forcing.walls + cell] = a;
    }
}
