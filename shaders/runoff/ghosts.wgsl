// Halo cells of a strip's open edges. Twin: engine/runoff/src/cpu/ghosts.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
// Planes of `GROUND_…`, of which the bed is taken.
@group(0) @binding(2) var<storage, read> ground: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
// The segment of each face of the grid's edges.
@group(0) @binding(8) var<storage, read> edges: array<Segment>;
@group(0) @binding(15) var<uniform> strip: Strip;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let cols = i32(params.cols);
    let rows = i32(strip.rows);
    let first = i32(strip.first);
    let stride = i32(params.stride);
    let halo = i32(HALO);
    let k = i32(id.x);
    if k >= 2 * (cols + rows) {
        return;
    }
    // Faces are numbered along the north, the south, the west and the east edge of the whole grid.
    var inner: i32;
    var outward: i32;
    var direction: f32;
    var across: i32;
    var place: i32;
    let is_x = k >= 2 * cols;
    if k < cols {
        if first > 0 {
            return;
        }
        inner = halo * stride + halo + k;
        outward = -stride;
        direction = -1.0;
        across = rows;
        place = k;
    } else if k < 2 * cols {
        if first + rows < i32(params.rows) {
            return;
        }
        inner = (halo + rows - 1) * stride + halo + (k - cols);
        outward = stride;
        direction = 1.0;
        across = rows;
        place = k;
    } else if k < 2 * cols + rows {
        inner = (halo + k - 2 * cols) * stride + halo;
        outward = -1;
        direction = -1.0;
        across = cols;
        place = k + first;
    } else {
        inner = (halo + k - 2 * cols - rows) * stride + halo + cols - 1;
        outward = 1;
        direction = 1.0;
        across = cols;
        place = k - rows + first + i32(params.rows);
    }
    let segment = edges[place];
    let value = segment.value + segment.slope * clock.middle;
    let inside = state[inner];
    for (var layer = 1; layer <= halo; layer += 1) {
        let ghost = inner + layer * outward;
        var water = inside;
        water.y = 0.0;
        switch segment.kind {
            case KIND_FREE: {
                if is_x {
                    water.z = direction * max(direction * water.z, 0.0);
                } else {
                    water.w = direction * max(direction * water.w, 0.0);
                }
            }
            case KIND_LEVEL: {
                let depth = max(value - ground[GROUND_BED * strip.cells + u32(ghost)], 0.0);
                let share = select(0.0, depth / max(inside.x, DRY), inside.x > DRY);
                water = vec4<f32>(depth, 0.0, inside.z * share, inside.w * share);
            }
            case KIND_DISCHARGE: {
                if is_x {
                    water.z = -direction * value;
                } else {
                    water.w = -direction * value;
                }
            }
            case KIND_PERIODIC: {
                water = state[ghost - across * outward];
                water.y = 0.0;
            }
            default: {
                return;
            }
        }
        state[ghost] = water;
    }
}
