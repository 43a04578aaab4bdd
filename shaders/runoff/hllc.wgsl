// The flux between two cells: reconstruction after Chen & Noelle (2017), HLLC after Toro (2001).
// Twin: engine/runoff/src/cpu/hllc.rs.

const STILL: f32 = 1e-9;

struct Side {
    depth: f32,
    normal: f32,
    along: f32,
}

struct Flux {
    mass: f32,
    left: f32,
    right: f32,
    along: f32,
}

fn wave_speeds(hl: f32, ul: f32, hr: f32, ur: f32) -> vec2<f32> {
    let cl = sqrt(GRAVITY * hl);
    let cr = sqrt(GRAVITY * hr);
    let u_star = 0.5 * (ul + ur) + cl - cr;
    let c_star = 0.5 * (cl + cr) + 0.25 * (ul - ur);
    let wet_left = hl > DRY;
    let wet_right = hr > DRY;
    let slow = select(ur - 2.0 * cr, select(ul - cl, min(ul - cl, u_star - c_star), wet_right), wet_left);
    let fast = select(ul + 2.0 * cl, select(ur + cr, max(ur + cr, u_star + c_star), wet_left), wet_right);
    return vec2<f32>(min(slow, 0.0), max(fast, 0.0));
}

// `open` is 1, or 0 at a wall, which exactly nothing passes, however the compiler has rounded.
fn hllc(l: Side, r: Side, step: f32, open: f32) -> Flux {
    let above_left = min(max(step, 0.0), min(l.depth, step + r.depth));
    let above_right = above_left - step;
    let hl = max(min(l.depth, l.depth - above_left), 0.0);
    let hr = max(min(r.depth, r.depth - above_right), 0.0);

    let speeds = wave_speeds(hl, l.normal, hr, r.normal);
    let slow = speeds.x;
    let fast = speeds.y;
    let width = fast - slow;
    let inverse = select(0.0, 1.0 / max(width, STILL), width > STILL);
    let ql = hl * l.normal;
    let qr = hr * r.normal;
    let product = slow * fast;
    let mass = (fast * ql - slow * qr + product * (hr - hl)) * (inverse * open);
    let momentum = (fast * (ql * l.normal) - slow * (qr * r.normal) + product * (qr - ql)) * inverse;
    let pressure = 0.5 * GRAVITY * (hr + hl) * (hr - hl) * inverse;

    var flux: Flux;
    flux.mass = mass;
    flux.left = momentum - slow * pressure + 0.5 * GRAVITY * (hl + l.depth) * min(above_left, 0.0);
    flux.right = momentum - fast * pressure + 0.5 * GRAVITY * (hr + r.depth) * min(above_right, 0.0);
    flux.along = mass * select(r.along, l.along, mass >= 0.0);
    return flux;
}
