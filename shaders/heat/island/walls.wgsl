// Walls in a pass. Twin: `CpuAir::walls` in engine/src/models/heat/island/cpu/walls.rs.

@group(0) @binding(0) var<uniform> drive: Drive;
@group(0) @binding(1) var<storage, read> skins: array<Skin>;
@group(0) @binding(2) var<storage, read> walls: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> wall_cells: array<u32>;
@group(0) @binding(4) var<storage, read> around: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> wall_beam: array<f32>;
@group(0) @binding(6) var<storage, read> wall_first: array<f32>;
@group(0) @binding(7) var<storage, read> wall_skin: array<f32>;
@group(0) @binding(8) var<storage, read> air: array<vec2<f32>>;
// Height above the displacement, roughness, speed, what blows in.
@group(0) @binding(9) var<storage, read> wind: array<vec4<f32>>;
// Temperature, what it passes to the air for each kelvin, shortwave and longwave that it sends out.
@group(0) @binding(10) var<storage, read_write> found: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let w = cell_of(group, lane);
    if w >= drive.walls {
        return;
    }
    let cell = wall_cells[w];
    let skin = skins[arrayLength(&skins) - 1u];
    let near = around[cell];
    let open = walls[w].y;
    let leaves = walls[w].z;
    let rest = max(1.0 - open - leaves, 0.0);
    let beam = select(0.0, wall_beam[w], drive.has_beam > 0u);
    let short = beam + (open + leaves * drive.through) * drive.diffuse + rest * near.x;
    let long = open * drive.sky + leaves * near.w + rest * near.y;
    var load = Load();
    load.absorbed = (1.0 - skin.albedo) * short + skin.emissivity * long;
    load.emissivity = skin.emissivity;
    load.convection = 11.8 + 4.2 * breeze(wind[cell].z);
    load.air = air[cell].x;
    load.top = skin.top;
    load.first = wall_first[w];
    load.first_slope = skin.b;
    let own = balance(load, wall_skin[w]);
    let up = skin.emissivity * black(own.skin) + (1.0 - skin.emissivity) * long;
    found[w] = vec4<f32>(own.skin, walls[w].x * load.convection, skin.albedo * short, up);
}
