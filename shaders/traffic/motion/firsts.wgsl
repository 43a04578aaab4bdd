// Where the vehicles of each lane begin; the lanes are counted anew. Twin: `order` in `engine/traffic/src/cpu/motion.rs`.

// Lanes of a block.
const BLOCK: u32 = 256u;

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(1) var<uniform> offset: Offsets;
@group(0) @binding(6) var<storage, read_write> starts: array<u32>;
@group(0) @binding(9) var<storage, read_write> counters: array<u32>;
@group(0) @binding(11) var<storage, read> blocks: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = id.x * BLOCK;
    if (first >= motion.lanes) {
        return;
    }
    var at = blocks[id.x];
    for (var lane = first; lane < min(first + BLOCK, motion.lanes); lane++) {
        starts[lane] = at;
        at += counters[offset.counts + lane];
        counters[offset.counts + lane] = 0u;
    }
    if (first + BLOCK >= motion.lanes) {
        starts[motion.lanes] = at;
    }
}
