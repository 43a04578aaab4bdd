//! Curves and noise without sine and cosine, so that they are the same on every machine.

/// Way from the middle of the nearest of `count` equal parts of a length.
pub(super) fn middle(along: f64, length: f64, count: i64) -> f64 {
    let part = length / count as f64;
    along - ((along / part).floor() + 0.5) * part
}

pub(super) fn mix(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

pub(super) fn ease(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// Smooth step from 0 at `low` to 1 at `high`.
pub(super) fn ramp(x: f64, low: f64, high: f64) -> f64 {
    ease(((x - low) / (high - low)).clamp(0.0, 1.0))
}

/// A number in 0..1 for a lattice point.
pub(super) fn unit(seed: u64, salt: u64, i: i64, j: i64) -> f64 {
    (hash(seed, salt, i, j) >> 11) as f64 / (1u64 << 53) as f64
}

/// Bits for a lattice point, by the mixing of splitmix64.
pub(super) fn hash(seed: u64, salt: u64, i: i64, j: i64) -> u64 {
    let mut h = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    for part in [i as u64, j as u64] {
        h = (h ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        h ^= h >> 31;
    }
    h
}
