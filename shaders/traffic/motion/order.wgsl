// Vehicles by lane, the one in front first; of those at one place the one with the lower trip. Each looks how many of its lane go before
// it. Twin: `order` in `engine/traffic/src/cpu/motion.rs`.

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(8) var<storage, read> planned: array<Vehicle>;
@group(0) @binding(6) var<storage, read> starts: array<u32>;
@group(0) @binding(12) var<storage, read> bins: array<u32>;
@group(0) @binding(7) var<storage, read_write> vehicles: array<Vehicle>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let k = (group.y * 32768u + group.x) * 64u + local;
    if (k >= starts[motion.lanes]) {
        return;
    }
    let slot = bins[k];
    let lane = planned[slot].lane;
    let pos = planned[slot].pos;
    let trip = planned[slot].trip;
    let first = starts[lane];
    var before = 0u;
    for (var other = first; other < starts[lane + 1u]; other++) {
        let there = planned[bins[other]].pos;
        if (there > pos || (there == pos && planned[bins[other]].trip < trip)) {
            before += 1u;
        }
    }
    vehicles[first + before] = planned[slot];
}
