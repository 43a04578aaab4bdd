// A damped step of Jacobi's. Twin: `Level::smooth` in engine/heat/src/island/grids.rs.

@group(0) @binding(3) var<storage, read> field: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> next: array<vec2<f32>>;

const DAMPING: f32 = 0.8;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= grid.cols * grid.rows {
        return;
    }
    let s = side[cell];
    let far = beside(cell);
    let here = field[cell];
    let diagonal = (s.x + s.y + s.z + s.w) + system[cell];
    let near = s.x * field[far.x] + s.y * field[far.y] + s.z * field[far.z] + s.w * field[far.w];
    let missing = system[grid.cols * grid.rows + cell] + near - diagonal * here;
    let step = DAMPING * missing / select(vec2<f32>(1.0), diagonal, diagonal > vec2<f32>(0.0));
    next[cell] = here + select(vec2<f32>(0.0), step, diagonal > vec2<f32>(0.0));
}
