// How many vehicles the lanes of a block will have. Twin: `order` in `engine/traffic/src/cpu/motion.rs`.

// Lanes of a block.
const BLOCK: u32 = 256u;

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(1) var<uniform> offset: Offsets;
@group(0) @binding(9) var<storage, read> counters: array<u32>;
@group(0) @binding(11) var<storage, read_write> blocks: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = id.x * BLOCK;
    if (first >= motion.lanes) {
        return;
    }
    var sum = 0u;
    for (var lane = first; lane < min(first + BLOCK, motion.lanes); lane++) {
        sum += counters[offset.counts + lane];
    }
    blocks[id.x] = sum;
}
