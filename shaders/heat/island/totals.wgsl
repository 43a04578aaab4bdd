// Sums over rows of the city: open cells, their air and humidity, heat that goes up; and heat of the air that is not accounted for.
// Twins: `CpuAir::totals` in engine/heat/src/island/cpu/mod.rs and `Grids::gap` in
// engine/heat/src/island/grids.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> effects: array<Effect>;
@group(0) @binding(3) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> side: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> system: array<vec2<f32>>;
// Air (less 20 °C), humidity, heat that goes up, and what is missing, of each row.
@group(0) @binding(6) var<storage, read_write> totals: array<vec4<f32>>;

const USUAL: f32 = 20.0;

var<workgroup> parts: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.y * 32768u + group.x;
    let cells = forcing.cols * forcing.rows;
    let is_row = row < forcing.rows;
    var sum = vec4<f32>(0.0);
    if is_row {
        let north = select(row - 1u, forcing.rows - 1u, row == 0u);
        let south = select(row + 1u, 0u, row + 1u == forcing.rows);
        for (var col = lane; col < forcing.cols; col += 64u) {
            let cell = row * forcing.cols + col;
            let effect = effects[cell];
            var part = vec4<f32>(0.0, 0.0, effect.bypass, 0.0);
            if inputs[2u * cells + cell].w > 0.0 {
                let here = air[cell];
                part.x = here.x - USUAL;
                part.y = here.y;
                part.z += AIR * effect.exchange * (here.x - forcing.aloft);
                let west = select(col - 1u, forcing.cols - 1u, col == 0u);
                let east = select(col + 1u, 0u, col + 1u == forcing.cols);
                let s = side[cell];
                let near = s.x * air[row * forcing.cols + west].x + s.y * air[row * forcing.cols + east].x
                    + s.z * air[north * forcing.cols + col].x + s.w * air[south * forcing.cols + col].x;
                part.w = system[cells + cell].x + near - ((s.x + s.y + s.z + s.w) + system[cell].x) * here.x;
            }
            sum += part;
        }
    }
    parts[lane] = sum;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if lane < half {
            parts[lane] += parts[lane + half];
        }
        workgroupBarrier();
    }
    if lane == 0u && is_row {
        totals[row] = parts[0];
    }
}
