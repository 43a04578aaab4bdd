// Where the vehicles of each block of lanes begin, by one invocation; and how many groups the stages behind it need. Twin: `order` in
// `engine/traffic/src/cpu/motion.rs`.

// Lanes of a block.
const BLOCK: u32 = 256u;

@group(0) @binding(0) var<uniform> motion: Motion;
@group(0) @binding(2) var<uniform> clock: Moment;
@group(0) @binding(11) var<storage, read_write> blocks: array<u32>;
// Groups of those who are planned, and of those who will be on the lanes.
@group(0) @binding(13) var<storage, read_write> groups: array<u32>;

fn write(at: u32, vehicles: u32) {
    let count = max((vehicles + 63u) / 64u, 1u);
    groups[at] = min(count, 32768u);
    groups[at + 1u] = (count + 32767u) / 32768u;
    groups[at + 2u] = 1u;
}

@compute @workgroup_size(1)
fn main() {
    let count = (motion.lanes + BLOCK - 1u) / BLOCK;
    var sum = 0u;
    for (var k = 0u; k < count; k++) {
        let in_block = blocks[k];
        blocks[k] = sum;
        sum += in_block;
    }
    blocks[count] = sum;
    write(0u, clock.planned);
    write(4u, sum);
}
