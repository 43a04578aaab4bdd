// What one position of the sun shines on walls. Twin: `Town::on_walls` in engine/heat/src/island/town.rs.

@group(0) @binding(0) var<uniform> sun: Sunlight;
@group(0) @binding(1) var<storage, read> walls: array<Wall>;
@group(0) @binding(2) var<storage, read> sides: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> ends: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> shades: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> wall_beam: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let w = cell_of(group, lane);
    if w >= sun.walls {
        return;
    }
    let end = ends[w];
    let shade = shades[walls[w].cell];
    let shaded = clamp((shade.x - end.x) / max(end.y - end.x, 0.1), 0.0, 1.0);
    let facing = dot(sides[w], vec4<f32>(sun.west, sun.east, sun.north, sun.south));
    var sum = wall_beam[w];
    if sun.begins > 0u {
        sum = 0.0;
    }
    wall_beam[w] = sum + facing * (1.0 - shaded) * shade.y;
}
