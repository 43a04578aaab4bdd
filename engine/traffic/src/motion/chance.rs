//! Numbers that look like chance, the same on every machine: each is made of the number of who asks and of a seed.

/// A number that looks like chance, from two others (Wang's and Jenkins' mixing).
pub fn chance(one: u32, two: u32) -> u32 {
    let mut x = one.wrapping_mul(0x9E37_79B9) ^ two.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

/// The same as a share from 0 to 1.
pub fn share(one: u32, two: u32) -> f64 {
    f64::from(chance(one, two)) / 4_294_967_296.0
}

/// A share of speed limits that drivers wish, normal with a deviation of a tenth and cut at 0.8 and 1.2.
pub fn speed_factor(who: u32, seed: u32) -> f64 {
    let sum: f64 = (0..12).map(|k| share(who, seed ^ (k + 1))).sum();
    (1.0 + 0.1 * (sum - 6.0)).clamp(0.8, 1.2)
}
