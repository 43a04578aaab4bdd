// How fast a vehicle wants to go. Twin: `engine/traffic/src/cpu/drive.rs`. Only sums, differences and products of f32 are used,
// which every device rounds in the same way; each is hidden, so that no compiler joins it with others or changes their order.

@group(0) @binding(0) var<uniform> motion: Motion;

// Hardest braking, m/s².
const HARDEST: f32 = 9.0;
// Distance before a line at which vehicles stand, m.
const BEFORE_LINE: f32 = 0.5;

// A number whose making no compiler sees.
fn hide(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ motion.zero);
}

fn mul(a: f32, b: f32) -> f32 {
    return hide(a * b);
}

fn plus(a: f32, b: f32) -> f32 {
    return hide(a + b);
}

fn minus(a: f32, b: f32) -> f32 {
    return hide(a - b);
}

// 1 / x for a positive number, to the last bits (Newton).
fn inverse(x: f32) -> f32 {
    var y = bitcast<f32>(0x7EF311C7u - bitcast<u32>(x));
    y = mul(y, minus(2.0, mul(x, y)));
    y = mul(y, minus(2.0, mul(x, y)));
    y = mul(y, minus(2.0, mul(x, y)));
    return mul(y, minus(2.0, mul(x, y)));
}

// √x for a number that is not negative.
fn root(x: f32) -> f32 {
    let half = mul(0.5, x);
    var y = bitcast<f32>(0x5F3759DFu - (bitcast<u32>(x) >> 1u));
    for (var k = 0u; k < 4u; k++) {
        let square = mul(y, y);
        y = mul(y, minus(1.5, mul(half, square)));
    }
    return mul(x, y);
}

// Time to drive so many m from a speed on, accelerating up to the limit, s.
fn travel(metres: f32, speed: f32, accel: f32, limit: f32) -> f32 {
    if (metres <= 0.0) {
        return 0.0;
    }
    if (speed >= limit) {
        return mul(metres, inverse(max(speed, 0.1)));
    }
    let gain = minus(mul(limit, limit), mul(speed, speed));
    let rising = mul(gain, inverse(mul(2.0, accel)));
    if (metres < rising) {
        let end = root(plus(mul(speed, speed), mul(mul(2.0, accel), metres)));
        return mul(minus(end, speed), inverse(accel));
    }
    return plus(mul(minus(limit, speed), inverse(accel)), mul(minus(metres, rising), inverse(limit)));
}

// Acceleration on a free road, m/s² (IDM, exponent 4); who is too fast brakes comfortably.
fn free(kind: Kind, speed: f32, wish: f32) -> f32 {
    let share = mul(speed, inverse(wish));
    let square = mul(share, share);
    return max(mul(kind.accel, minus(1.0, mul(square, square))), -kind.decel);
}

// Braking that IDM adds behind something at a distance that falls at a rate, m/s².
fn pressed(kind: Kind, speed: f32, gap: f32, closing: f32) -> f32 {
    let pace = plus(mul(speed, kind.headway), mul(mul(speed, closing), kind.over));
    let want = plus(max(pace, 0.0), kind.gap);
    let ratio = mul(want, inverse(max(gap, 0.1)));
    return mul(kind.accel, mul(ratio, ratio));
}

// Braking that stops within so many m, m/s².
fn needed(speed: f32, metres: f32) -> f32 {
    return mul(mul(speed, speed), inverse(mul(2.0, max(metres, 0.05))));
}
