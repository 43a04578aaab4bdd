// Where the sun shines, for one of its positions. Twin: engine/heat/src/cpu/shade.rs.

@group(0) @binding(0) var<uniform> beam: Beam;
@group(0) @binding(1) var<storage, read> steps: array<Step>;
@group(0) @binding(2) var<storage, read> surface_height: array<f32>;
@group(0) @binding(3) var<storage, read> eyes: array<f32>;
@group(0) @binding(4) var<storage, read> crowns: array<vec2<f32>>;
// Beam on a level plane and on a cylinder, and the share of the hour in the sun.
@group(0) @binding(5) var<storage, read_write> beams: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= beam.cols * beam.rows {
        return;
    }
    let eye = eyes[cell];
    var light = 1.0;
    for (var k = 0u; k < beam.steps; k++) {
        let step = steps[k];
        let far = beside(cell, beam.cols, beam.rows, step.cols, step.rows);
        if far == 0xffffffffu {
            break;
        }
        if k > 0u && surface_height[far] - beam.tangent * step.enter > eye {
            light = 0.0;
            break;
        }
        if beam.has_crowns > 0u {
            let ends = crowns[far];
            if ends.y - beam.tangent * step.enter > eye && ends.x - beam.tangent * step.leave < eye {
                light = beam.through;
            }
        }
    }
    var sum = beams[cell];
    if beam.begins > 0u {
        sum = vec4<f32>(0.0);
    }
    beams[cell] = sum + light * vec4<f32>(beam.down, beam.side, beam.share, 0.0);
}
