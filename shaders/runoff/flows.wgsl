// What would pass each link, and the wave speed that this may raise, before the step is chosen. Twin: `flows` in
// engine/runoff/src/cpu/links.rs.

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clock: Clock;
@group(0) @binding(2) var<storage, read> links: array<Link>;
@group(0) @binding(3) var<storage, read_write> flows: array<Flow>;
// Water at the near and at the far end of each link.
@group(0) @binding(4) var<storage, read> waters: array<vec4<f32>>;

fn wave(link: Link, time: f32, rate: f32, near: f32, far: f32) -> f32 {
    let level = levels(link, time, near, far);
    if link.kind == LINK_LEVEL {
        let reached = sqrt(GRAVITY * max(level.x - link.far_bed, 0.0));
        return select(0.0, reached + 2.0 * (reached - sqrt(GRAVITY * far)), level.x > level.y);
    }
    let forward = rate >= 0.0;
    if select(link.near, link.far, forward) == NOWHERE || rate == 0.0 {
        return 0.0;
    }
    let share = select(link.near_share, link.far_share, forward);
    let outside = select(link.far, link.near, forward) == NOWHERE;
    let above = select(level.y - link.near_bed, level.x - link.far_bed, forward);
    let depth = select(select(far, near, forward), max(above, 0.0), outside);
    return 2.0 * min(pow(GRAVITY * abs(rate) / (params.cell * share), 1.0 / 3.0), sqrt(GRAVITY * depth));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = id.x;
    if k >= params.links || clock.finished != 0u {
        return;
    }
    let link = links[k];
    let near = select(waters[2u * k].x, 0.0, link.near == NOWHERE);
    let far = select(waters[2u * k + 1u].x, 0.0, link.far == NOWHERE);
    let time = clock.time;
    let level = levels(link, time, near, far);
    let sill = crest(link, time);
    let width = link.width + link.width_slope * time;
    let forward = level.x >= level.y;
    var rate = 0.0;
    switch link.kind {
        case LINK_WEIR: {
            if forward {
                rate = weir(level.x, level.y, sill, width, link.size);
            } else {
                rate = -weir(level.y, level.x, sill, width, link.size);
            }
        }
        case LINK_CULVERT: {
            if forward {
                rate = culvert(link, level.x, level.y, vec2<f32>(link.sill, link.other));
            } else {
                rate = -culvert(link, level.y, level.x, vec2<f32>(link.other, link.sill));
            }
        }
        case LINK_PUMP: {
            let on = level.x > select(link.sill, link.other, flows[k].running == 1u);
            flows[k].running = select(0u, 1u, on);
            rate = select(0.0, width, on);
        }
        default: {}
    }
    flows[k].rate = rate;
    atomicMax(&clock.speed_bits, bitcast<u32>(wave(link, time, rate, near, far)) & 0x7fffffffu);
}
