// The system of the canopy's air in a pass. Twins: `CpuAir::canopy_transport` in engine/heat/src/island/cpu/canopy_transport.rs and
// `sharpen` in engine/heat/src/island/transport.rs.

@group(0) @binding(0) var<uniform> forcing: StepForcing;
@group(0) @binding(1) var<storage, read> side: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> faces: array<f32>;
@group(0) @binding(3) var<storage, read> properties: array<u32>;
@group(0) @binding(4) var<storage, read> wall_balance: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> effects: array<Effect>;
@group(0) @binding(6) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> system: array<vec2<f32>>;

// The cell on a side: west, east, north, south.
fn beside(cell: u32, k: u32) -> u32 {
    let col = cell % forcing.cols;
    let row = cell / forcing.cols;
    switch k {
        case 0u: { return row * forcing.cols + select(col - 1u, forcing.cols - 1u, col == 0u); }
        case 1u: { return row * forcing.cols + select(col + 1u, 0u, col + 1u == forcing.cols); }
        case 2u: { return select(row - 1u, forcing.rows - 1u, row == 0u) * forcing.cols + col; }
        default: { return select(row + 1u, 0u, row + 1u == forcing.rows) * forcing.cols + col; }
    }
}

fn sharper(before: f32, upwind: f32, behind: f32) -> f32 {
    let last = upwind - before;
    let next = behind - upwind;
    let both = last * next;
    if both > 0.0 {
        return both / (last + next);
    }
    return 0.0;
}

// The sharper part of what flows from a cell to that beside it on side k.
fn part(from_: u32, to: u32, k: u32) -> vec2<f32> {
    if side[from_][k ^ 1u] <= 0.0 {
        return vec2<f32>(0.0);
    }
    let before = air[beside(from_, k ^ 1u)];
    let here = air[from_];
    let behind = air[to];
    return vec2<f32>(sharper(before.x, here.x, behind.x), sharper(before.y, here.y, behind.y));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    let cells = forcing.cols * forcing.rows;
    if cell >= cells {
        return;
    }
    if inputs[2u * cells + cell].w <= 0.0 {
        system[cell] = vec2<f32>(0.0);
        system[cells + cell] = vec2<f32>(0.0);
        return;
    }
    let col = cell % forcing.cols;
    let row = cell / forcing.cols;
    let west = row * (forcing.cols + 1u) + col;
    let north = (forcing.cols + 1u) * forcing.rows + row * forcing.cols + col;
    let out_ = vec4<f32>(-faces[west], faces[west + 1u], -faces[north], faces[north + forcing.cols]);
    let s = side[cell];
    var gain = vec2<f32>(0.0);
    for (var k = 0u; k < 4u; k++) {
        if s[k] <= 0.0 {
            continue;
        }
        let far = beside(cell, k);
        if out_[k] > 0.0 {
            gain -= out_[k] / forcing.cell * part(cell, far, k);
        } else {
            gain -= out_[k] / forcing.cell * part(far, cell, k ^ 1u);
        }
    }
    let effect = effects[cell];
    var conductance = effect.conductance;
    var source = effect.source;
    let wall = properties[cells + cell];
    if wall != NONE {
        let wall_flux = wall_balance[wall];
        conductance += wall_flux.y;
        source += wall_flux.y * wall_flux.x;
    }
    let sky = inputs[cells + cell];
    source += sky.z;
    let exchange = effect.exchange / forcing.depth;
    let by = 1.0 / (AIR * forcing.depth);
    let all = sky.w + 1.0 / forcing.step + exchange;
    let edge = vec2<f32>(forcing.edge, forcing.edge_humidity);
    let aloft = vec2<f32>(forcing.aloft, forcing.aloft_humidity);
    let moist = 1000.0 / (DENSITY * LATENT);
    system[cell] = vec2<f32>(all + by * conductance, all);
    system[cells + cell] = air[cells + cell] / forcing.step + inputs[cell].w * edge + exchange * aloft + gain
        + vec2<f32>(by * source, moist * effect.latent / forcing.depth);
}
