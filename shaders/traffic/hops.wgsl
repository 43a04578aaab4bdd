// Of paths that cost the same the one with fewer links: the same turns as `relax`, over links that lie on a cheapest path.

@group(0) @binding(0) var<uniform> search: Search;
@group(0) @binding(1) var<storage, read> first: array<u32>;
@group(0) @binding(2) var<storage, read> arcs: array<Arc>;
@group(0) @binding(3) var<storage, read> origins: array<u32>;
@group(0) @binding(4) var<storage, read> costs: array<u32>;
@group(0) @binding(5) var<storage, read_write> before: array<u32>;
@group(0) @binding(6) var<storage, read_write> fell: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read_write> changed: atomic<u32>;
@group(0) @binding(8) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let node = id.x;
    let tree = id.y;
    if (node >= search.nodes || tree >= search.origins) {
        return;
    }
    let at = tree * search.nodes + node;
    if (before[at] == 0u) {
        return;
    }
    before[at] = 0u;
    if (node < search.first_through && node != origins[tree]) {
        return;
    }
    let so_far = costs[at];
    let count = atomicLoad(&counts[at]) + 1u;
    for (var k = first[node]; k < first[node + 1u]; k++) {
        let arc = arcs[k];
        let cost = so_far + arc.cost;
        let there = tree * search.nodes + arc.to;
        if (arc.cost == NEVER || cost < so_far || cost != costs[there]) {
            continue;
        }
        if (count < atomicMin(&counts[there], count)) {
            atomicStore(&fell[there], 1u);
            atomicStore(&changed, 1u);
        }
    }
}
