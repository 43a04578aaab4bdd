// Walls in a pass. Twin: `CpuAir::walls` in engine/heat/src/island/cpu/walls.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> materials: array<Material>;
@group(0) @binding(2) var<storage, read> walls: array<Wall>;
@group(0) @binding(3) var<storage, read> facets: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> wall_beam: array<f32>;
@group(0) @binding(5) var<storage, read> wall_temperatures: array<f32>;
@group(0) @binding(6) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read> inputs: array<vec4<f32>>;
// Temperature, what it passes to the air for each kelvin, shortwave and longwave that it sends out.
@group(0) @binding(8) var<storage, read_write> wall_balance: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let w = cell_of(group, lane);
    if w >= forcing.walls {
        return;
    }
    let wall = walls[w];
    let cell = wall.cell;
    let skin = materials[arrayLength(&materials) - 1u].skin;
    let near = facets[2u * forcing.cols * forcing.rows + cell];
    let open = wall.sky;
    let leaves = wall.crowns;
    let remainder = max(1.0 - open - leaves, 0.0);
    let beam = select(0.0, wall_beam[w], forcing.has_beam > 0u);
    let short = beam + (open + leaves * forcing.through) * forcing.diffuse + remainder * near.x;
    let long = open * forcing.sky + leaves * near.w + remainder * near.y;
    var load = Load();
    load.absorbed = (1.0 - skin.albedo) * short + skin.emissivity * long;
    load.emissivity = skin.emissivity;
    load.convection = 11.8 + 4.2 * breeze(inputs[cell].z);
    load.air = air[cell].x;
    load.top = skin.top;
    load.first = wall_temperatures[forcing.walls + w];
    load.first_slope = skin.b;
    let result = balance(load, wall_temperatures[w]);
    let up = skin.emissivity * black(result.skin) + (1.0 - skin.emissivity) * long;
    wall_balance[w] = vec4<f32>(result.skin, wall.area * load.convection, skin.albedo * short, up);
}
