// What one position of the sun shines on ground, roofs and crowns, and how high the shade of buildings reaches. Twin: `lights` in
// engine/heat/src/cpu/shade.rs.

@group(0) @binding(0) var<uniform> sun: Sunlight;
@group(0) @binding(1) var<storage, read> ray: array<Step>;
@group(0) @binding(2) var<storage, read> surface_height: array<f32>;
@group(0) @binding(3) var<storage, read> eyes: array<f32>;
// Bottom and top of crowns.
@group(0) @binding(4) var<storage, read> crowns: array<vec2<f32>>;
// See params.wgsl of this folder.
@group(0) @binding(5) var<storage, read> properties: array<u32>;
// Foot and top of walls.
@group(0) @binding(6) var<storage, read> ends: array<vec2<f32>>;
// Beam on the ground and on the crown, W/m²: of all positions of the sun that steps have in common.
@group(0) @binding(7) var<storage, read_write> beams: array<vec2<f32>>;
// Height below which the cell lies in the shade of buildings, m, and the share of the beam that comes to the middle of its wall.
@group(0) @binding(8) var<storage, read_write> shades: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= sun.cols * sun.rows {
        return;
    }
    let eye = eyes[cell];
    let wall = properties[sun.cols * sun.rows + cell];
    var middle = eye;
    if wall != 0xffffffffu {
        middle = 0.5 * (ends[wall].x + ends[wall].y);
    }
    var shadow = -3.4e38;
    var below = false;
    var beside_wall = false;
    for (var k = 0u; k < sun.steps; k++) {
        let step = ray[k];
        let far = beside(cell, sun.cols, sun.rows, step.cols, step.rows);
        if far == 0xffffffffu {
            break;
        }
        let drop = sun.tangent * step.enter;
        if k > 0u {
            shadow = max(shadow, surface_height[far] - drop);
        }
        if sun.has_crowns > 0u {
            let high = crowns[far].y - drop;
            let low = crowns[far].x - sun.tangent * step.leave;
            below = below || (high > eye && low < eye);
            beside_wall = beside_wall || (high > middle && low < middle);
        }
    }
    let light = select(select(1.0, sun.through, below), 0.0, shadow > eye);
    var crown = 0.0;
    if sun.has_crowns > 0u && shadow < crowns[cell].y {
        crown = 1.0;
    }
    var sum = beams[cell];
    if sun.begins > 0u {
        sum = vec2<f32>(0.0);
    }
    beams[cell] = sum + sun.down * vec2<f32>(light, crown);
    shades[cell] = vec2<f32>(shadow, select(1.0, sun.through, beside_wall));
}
