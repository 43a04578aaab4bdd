// Vehicles by lane, in any order within it. Twin: `order` in `engine/traffic/src/cpu/motion.rs`.

@group(0) @binding(1) var<uniform> offset: Offsets;
@group(0) @binding(2) var<uniform> clock: Moment;
@group(0) @binding(6) var<storage, read> starts: array<u32>;
@group(0) @binding(8) var<storage, read> planned: array<Vehicle>;
@group(0) @binding(9) var<storage, read_write> counters: array<atomic<u32>>;
@group(0) @binding(12) var<storage, read_write> bins: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let k = (group.y * 32768u + group.x) * 64u + local;
    if (k >= clock.planned) {
        return;
    }
    let lane = planned[k].lane;
    if (lane == NONE) {
        return;
    }
    bins[starts[lane] + atomicAdd(&counters[offset.counts + lane], 1u)] = k;
}
