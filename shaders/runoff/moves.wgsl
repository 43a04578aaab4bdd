// What each link moves in the step. Twin: `moves` in engine/runoff/src/cpu/links.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(2) var<storage, read> links: array<Link>;
@group(0) @binding(3) var<storage, read_write> flows: array<Flow>;
@group(0) @binding(4) var<storage, read> waters: array<vec4<f32>>;

fn amount(link: Link, time: f32, rate: f32, volume: f32, near: f32, far: f32) -> f32 {
    let level = levels(link, time, near, far);
    if link.kind == LINK_LEVEL {
        return max(level.x - level.y, -far) * link.far_share;
    }
    let forward = rate >= 0.0;
    let outside = select(link.far, link.near, forward) == NOWHERE;
    var most = select(select(far * link.far_share, near * link.near_share, forward), 3e38, outside);
    if link.kind != LINK_PUMP {
        let inside = link.near != NOWHERE && link.far != NOWHERE;
        let difference = select(level.y - level.x, level.x - level.y, forward);
        let part = select(1.0, 0.5, inside) * min(link.near_share, link.far_share);
        most = min(most, max(difference, 0.0) * part);
        var floor = select(link.other, link.sill, forward);
        if link.kind == LINK_WEIR {
            floor = crest(link, time);
        }
        let up = select(level.y, level.x, forward);
        let own = select(link.far_share, link.near_share, forward);
        if !outside {
            most = min(most, max(up - floor, 0.0) * own);
        }
    }
    let size = min(abs(volume), most);
    return select(-size, size, forward);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = id.x;
    if k >= params.links {
        return;
    }
    let link = links[k];
    let near = select(waters[2u * k].x, 0.0, link.near == NOWHERE);
    let far = select(waters[2u * k + 1u].x, 0.0, link.far == NOWHERE);
    var flow = flows[k];
    let volume = flow.rate * clock.dt / (params.cell * params.cell);
    flow.moved = amount(link, clock.middle - 0.5 * clock.dt, flow.rate, volume, near, far);
    if clock.dt <= 0.0 {
        flow.moved = 0.0;
    }
    let total = add(flow.total, flow.total_low, flow.moved, params.zero);
    flow.total = total.x;
    flow.total_low = total.y;
    flows[k] = flow;
}
