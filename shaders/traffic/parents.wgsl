// The link by which each node is reached: of those that lie on a cheapest path with the fewest links the first in the network.

@group(0) @binding(0) var<uniform> search: Search;
@group(0) @binding(1) var<storage, read> first: array<u32>;
@group(0) @binding(2) var<storage, read> arcs: array<Arc>;
@group(0) @binding(3) var<storage, read> origins: array<u32>;
@group(0) @binding(4) var<storage, read> costs: array<u32>;
@group(0) @binding(5) var<storage, read> counts: array<u32>;
@group(0) @binding(6) var<storage, read_write> links: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let node = id.x;
    let tree = id.y;
    if (node >= search.nodes || tree >= search.origins) {
        return;
    }
    let at = tree * search.nodes + node;
    let so_far = costs[at];
    if (so_far == NEVER || (node < search.first_through && node != origins[tree])) {
        return;
    }
    for (var k = first[node]; k < first[node + 1u]; k++) {
        let arc = arcs[k];
        let cost = so_far + arc.cost;
        let there = tree * search.nodes + arc.to;
        if (arc.cost == NEVER || cost < so_far || cost != costs[there] || counts[at] + 1u != counts[there]) {
            continue;
        }
        atomicMin(&links[there], arc.link);
    }
}
