// The system of the canopy's air in a pass. Twins: `CpuAir::mix` in engine/src/models/heat/island/cpu/mix.rs and
// `sharpen` in engine/src/models/heat/island/transport.rs.

@group(0) @binding(0) var<uniform> drive: Drive;
@group(0) @binding(1) var<storage, read> side: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> east: array<f32>;
@group(0) @binding(3) var<storage, read> south: array<f32>;
@group(0) @binding(4) var<storage, read> wall_of: array<u32>;
@group(0) @binding(5) var<storage, read> walls: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> effects: array<Effect>;
@group(0) @binding(7) var<storage, read> shine: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> seen: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read> wind: array<vec4<f32>>;
// The latest air, and that at the beginning of the step.
@group(0) @binding(10) var<storage, read> air: array<vec2<f32>>;
@group(0) @binding(11) var<storage, read> old: array<vec2<f32>>;
@group(0) @binding(12) var<storage, read_write> decay: array<vec2<f32>>;
@group(0) @binding(13) var<storage, read_write> rhs: array<vec2<f32>>;

// The cell on a side: west, east, north, south.
fn beside(cell: u32, k: u32) -> u32 {
    let col = cell % drive.cols;
    let row = cell / drive.cols;
    switch k {
        case 0u: { return row * drive.cols + select(col - 1u, drive.cols - 1u, col == 0u); }
        case 1u: { return row * drive.cols + select(col + 1u, 0u, col + 1u == drive.cols); }
        case 2u: { return select(row - 1u, drive.rows - 1u, row == 0u) * drive.cols + col; }
        default: { return select(row + 1u, 0u, row + 1u == drive.rows) * drive.cols + col; }
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
    let own = air[from_];
    let behind = air[to];
    return vec2<f32>(sharper(before.x, own.x, behind.x), sharper(before.y, own.y, behind.y));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cell = cell_of(group, lane);
    if cell >= drive.cols * drive.rows {
        return;
    }
    if seen[cell].w <= 0.0 {
        decay[cell] = vec2<f32>(0.0);
        rhs[cell] = vec2<f32>(0.0);
        return;
    }
    let col = cell % drive.cols;
    let row = cell / drive.cols;
    let west = row * (drive.cols + 1u) + col;
    let north = row * drive.cols + col;
    let out_ = vec4<f32>(-east[west], east[west + 1u], -south[north], south[north + drive.cols]);
    let s = side[cell];
    var gain = vec2<f32>(0.0);
    for (var k = 0u; k < 4u; k++) {
        if s[k] <= 0.0 {
            continue;
        }
        let far = beside(cell, k);
        if out_[k] > 0.0 {
            gain -= out_[k] / drive.cell * part(cell, far, k);
        } else {
            gain -= out_[k] / drive.cell * part(far, cell, k ^ 1u);
        }
    }
    let effect = effects[cell];
    var pull = effect.pull;
    var push = effect.push;
    let wall = wall_of[cell];
    if wall != NONE {
        let own = walls[wall];
        pull += own.y;
        push += own.y * own.x;
    }
    push += shine[cell].z;
    let exchange = effect.exchange / drive.depth;
    let by = 1.0 / (AIR * drive.depth);
    let all = shine[cell].w + 1.0 / drive.step + exchange;
    let edge = vec2<f32>(drive.edge, drive.edge_humidity);
    let aloft = vec2<f32>(drive.aloft, drive.aloft_humidity);
    let moist = 1000.0 / (DENSITY * LATENT);
    decay[cell] = vec2<f32>(all + by * pull, all);
    rhs[cell] = old[cell] / drive.step + wind[cell].w * edge + exchange * aloft + gain
        + vec2<f32>(by * push, moist * effect.latent / drive.depth);
}
