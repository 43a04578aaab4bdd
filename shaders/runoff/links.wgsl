// Weirs, culverts, pumps and held levels. Twin: engine/runoff/src/cpu/links.rs.

// Share of its width up to which the water in a barrel is a film.
const FILM: f32 = 1e-3;

// Discharge over a sill, from the higher level to the lower one, m³/s.
fn weir(up: f32, down: f32, sill: f32, width: f32, coefficient: f32) -> f32 {
    let head = up - sill;
    if head <= 0.0 || width <= 0.0 {
        return 0.0;
    }
    let free = coefficient * width * head * sqrt(head);
    let drowned = max(down - sill, 0.0) / head;
    if drowned <= 0.0 {
        return free;
    }
    let rest = max(1.0 - drowned * sqrt(drowned), 0.0);
    return free * select(pow(rest, 0.385), 0.0, rest <= 0.0);
}

// Area and wetted perimeter of a barrel that is filled to a depth.
fn barrel(link: Link, depth: f32) -> vec2<f32> {
    if link.size > 0.0 {
        let roof = select(0.0, link.width, depth >= link.size);
        return vec2<f32>(link.width * depth, link.width + 2.0 * depth + roof);
    }
    let angle = 2.0 * acos(clamp(1.0 - 2.0 * depth / link.width, -1.0, 1.0));
    return vec2<f32>(0.125 * link.width * link.width * (angle - sin(angle)), 0.5 * link.width * angle);
}

// Discharge of all barrels of a culvert, m³/s: the floors are at the higher and at the lower level's end.
fn culvert(link: Link, up: f32, down: f32, floors: vec2<f32>) -> f32 {
    let energy = up - floors.x;
    if energy <= 0.0 || up <= floors.y {
        return 0.0;
    }
    let root = sqrt(GRAVITY);
    let width = link.width;
    let round = link.size <= 0.0;
    let height = select(link.size, width, round);
    var inlet = min(
        0.544 * root * width * pow(energy, 1.5),
        0.702 * root * width * pow(height, 0.89) * pow(energy, 0.61),
    );
    if round {
        inlet = min(
            0.421 * root * pow(width, 0.87) * pow(energy, 1.63),
            0.530 * root * pow(width, 1.87) * pow(energy, 0.63),
        );
    }
    var critical = pow(inlet * inlet / (GRAVITY * width * width), 1.0 / 3.0);
    if round {
        critical = 1.01 / pow(width, 0.26) * pow(inlet * inlet / GRAVITY, 0.25);
    }
    critical = min(min(critical, height), 0.7 * energy);
    let depth = min(max(down - floors.y, critical), height);
    let head = max(up - max(down, floors.y + critical), 0.0);
    if depth <= FILM * width {
        return 0.0;
    }
    let section = barrel(link, depth);
    let through = section.x * sqrt(head / (link.loss + link.drag * pow(section.y / section.x, 4.0 / 3.0)));
    return link.barrels * min(inlet, through);
}

// Levels at both ends of a link, m.
fn levels(link: Link, time: f32, near: f32, far: f32) -> vec2<f32> {
    let outside = link.level + link.level_slope * time;
    return vec2<f32>(
        select(link.near_bed + near, outside, link.near == NOWHERE),
        select(link.far_bed + far, outside, link.far == NOWHERE),
    );
}

// What water must come over to pass a weir: its sill, or the ground at its ends where that is higher, m.
fn crest(link: Link, time: f32) -> f32 {
    let near = select(link.near_bed, -3e38, link.near == NOWHERE);
    let far = select(link.far_bed, -3e38, link.far == NOWHERE);
    return max(link.sill + link.sill_slope * time, max(near, far));
}
