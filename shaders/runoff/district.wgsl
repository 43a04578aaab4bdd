// Fills a sewer district, pumps it out, and says what comes up in the next step and how much inlets may take in it. A workgroup
// takes a district. Twin: `district` in engine/runoff/src/cpu/inlets.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(2) var<storage, read> sewers: array<Sewer>;
@group(0) @binding(3) var<storage, read_write> districts: array<District>;
// First block and number of blocks, of each strip and in it of each district.
@group(0) @binding(4) var<storage, read> ranges: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> sums: array<vec2<f32>>;

const LANES: u32 = 64u;
var<workgroup> lanes: array<vec2<f32>, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let k = group.x;
    var sunk = vec2<f32>(0.0);
    var asked = vec2<f32>(0.0);
    for (var strip = 0u; strip < params.strips; strip += 1u) {
        let range = ranges[strip * params.districts + k];
        for (var block = range.x + lane; block < range.x + range.y; block += LANES) {
            let sum = sums[block];
            sunk = add(sunk.x, sunk.y, sum.x, params.zero);
            asked = add(asked.x, asked.y, sum.y, params.zero);
        }
    }
    lanes[lane] = vec2<f32>(sunk.x + sunk.y, asked.x + asked.y);
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            lanes[lane] += lanes[lane + half];
        }
        workgroupBarrier();
    }
    if lane > 0u || clock.dt <= 0.0 {
        return;
    }
    let dt = clock.dt;
    let sewer = sewers[k];
    var d = districts[k];
    var storage = add(d.storage, d.storage_low, lanes[0].x + sewer.direct * dt, params.zero);
    let pumped = min(sewer.pump * dt, max(storage.x, 0.0));
    storage = add(storage.x, storage.y, -pumped, params.zero);
    let all = add(d.pumped, d.pumped_low, pumped, params.zero);
    d.pumped = all.x;
    d.pumped_low = all.y;
    d.spill = max(storage.x - sewer.room, 0.0);
    storage = add(storage.x, storage.y, -d.spill, params.zero);
    d.storage = storage.x;
    d.storage_low = storage.y;
    let spilled = add(d.spilled, d.spilled_low, d.spill, params.zero);
    d.spilled = spilled.x;
    d.spilled_low = spilled.y;
    let free = max(sewer.room - d.storage, 0.0) + max((sewer.pump - sewer.direct) * dt, 0.0);
    d.accept = select(1.0, free / lanes[0].y, lanes[0].y > free);
    districts[k] = d;
}
