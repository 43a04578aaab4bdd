//! How fast a vehicle wants to go. Twin: `shaders/traffic/motion/drive.wgsl`. Only sums, differences and products of f32 are used,
//! which every device rounds in the same way; there, products are hidden so that no compiler joins them with sums.

use crate::motion::params::Kind;

/// Hardest braking, m/s².
pub const HARDEST: f32 = 9.0;
/// Distance before a line at which vehicles stand, m.
pub const BEFORE_LINE: f32 = 0.5;

/// 1 / x for a positive number, to the last bits (Newton).
pub fn inverse(x: f32) -> f32 {
    let mut y = f32::from_bits(0x7EF3_11C7 - x.to_bits());
    y *= 2.0 - x * y;
    y *= 2.0 - x * y;
    y *= 2.0 - x * y;
    y * (2.0 - x * y)
}

/// √x for a number that is not negative.
pub fn root(x: f32) -> f32 {
    let half = 0.5 * x;
    let mut y = f32::from_bits(0x5F37_59DF - (x.to_bits() >> 1));
    for _ in 0..4 {
        let square = y * y;
        y *= 1.5 - half * square;
    }
    x * y
}

/// Time to drive so many m from a speed on, accelerating up to the limit, s.
pub fn travel(metres: f32, speed: f32, accel: f32, limit: f32) -> f32 {
    if metres <= 0.0 {
        return 0.0;
    }
    if speed >= limit {
        return metres * inverse(speed.max(0.1));
    }
    let gain = limit * limit - speed * speed;
    let rising = gain * inverse(2.0 * accel);
    if metres < rising {
        let end = root(speed * speed + 2.0 * accel * metres);
        return (end - speed) * inverse(accel);
    }
    (limit - speed) * inverse(accel) + (metres - rising) * inverse(limit)
}

/// Acceleration on a free road, m/s² (IDM, exponent 4); who is too fast brakes comfortably.
pub fn free(kind: &Kind, speed: f32, wish: f32) -> f32 {
    let share = speed * inverse(wish);
    let square = share * share;
    (kind.accel * (1.0 - square * square)).max(-kind.decel)
}

/// Braking that IDM adds behind something at a distance that falls at a rate, m/s².
pub fn pressed(kind: &Kind, speed: f32, gap: f32, closing: f32) -> f32 {
    let want = (speed * kind.headway + speed * closing * kind.over).max(0.0) + kind.gap;
    let ratio = want * inverse(gap.max(0.1));
    kind.accel * (ratio * ratio)
}

/// Braking that stops within so many m, m/s².
pub fn needed(speed: f32, metres: f32) -> f32 {
    speed * speed * inverse(2.0 * metres.max(0.05))
}
