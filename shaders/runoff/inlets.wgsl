// What the inlets of sewers take. A workgroup takes a block of inlets of one district. Twin:
// engine/runoff/src/cpu/inlets.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(2) var<storage, read> inlets: array<Inlet>;
@group(0) @binding(3) var<storage, read> districts: array<District>;
// What each inlet has taken since the start, less what came up there, with what that lost to rounding.
@group(0) @binding(4) var<storage, read_write> taken: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
// What each block took, and what it would take if its district had room.
@group(0) @binding(6) var<storage, read_write> sums: array<vec2<f32>>;
@group(0) @binding(15) var<uniform> strip: Strip;

var<workgroup> lanes: array<vec2<f32>, BLOCK>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let block = group.y * 32768u + group.x;
    let at = block * BLOCK + lane;
    var sum = vec2<f32>(0.0);
    if at < arrayLength(&inlets) && inlets[at].index != NOWHERE && clock.dt > 0.0 {
        let inlet = inlets[at];
        let i = inlet.index - strip.first * params.stride;
        let water = state[i];
        let asked = min(inlet.capacity * clock.dt, water.x);
        let sunk = asked * districts[inlet.district].accept;
        sum = vec2<f32>(sunk, asked);
        let net = sunk - inlet.spill * districts[inlet.district].spill;
        if net != 0.0 {
            state[i] = give(water, -net);
            taken[at] = add(taken[at].x, taken[at].y, net, params.zero);
        }
    }
    lanes[lane] = sum;
    workgroupBarrier();
    for (var half = BLOCK / 2u; half > 0u; half /= 2u) {
        if lane < half {
            lanes[lane] += lanes[lane + half];
        }
        workgroupBarrier();
    }
    if lane == 0u && at < arrayLength(&inlets) {
        sums[strip.first_block + block] = lanes[0];
    }
}
