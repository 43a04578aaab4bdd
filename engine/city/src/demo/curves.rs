//! Curves, dice and noise of sums, products and roots only: sine and cosine differ between platforms, these do not.

use glam::DVec2;

pub(super) fn mix(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

fn ease(t: f64) -> f64 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// Smooth step from 0 at `low` to 1 at `high`.
pub(super) fn ramp(x: f64, low: f64, high: f64) -> f64 {
    ease(((x - low) / (high - low)).clamp(0.0, 1.0))
}

/// Unit vector at so many turns counterclockwise from the east.
pub(super) fn direction(turns: f64) -> DVec2 {
    let quarters = (turns * 4.0).round();
    // At most an eighth of a turn is left, where the Taylor series has converged to the last digits.
    let x = (turns - quarters / 4.0) * std::f64::consts::TAU;
    let series = |first: f64, from: i32| {
        let (mut sum, mut term, mut n) = (first, first, from);
        while n < 22 {
            term *= -x * x / f64::from(n * (n + 1));
            sum += term;
            n += 2;
        }
        sum
    };
    let (cos, sin) = (series(1.0, 1), series(x, 2));
    match (quarters as i64).rem_euclid(4) {
        0 => DVec2::new(cos, sin),
        1 => DVec2::new(-sin, cos),
        2 => DVec2::new(-cos, -sin),
        _ => DVec2::new(sin, -cos),
    }
}

/// Bits for a lattice point, by the mixing of splitmix64.
fn hash(seed: u64, salt: u64, i: i64, j: i64) -> u64 {
    let mut h = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    for part in [i as u64, j as u64] {
        h = (h ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        h ^= h >> 31;
    }
    h
}

/// Dice of one thing: the same seed, salt and number throw the same.
#[derive(Clone)]
pub(super) struct Dice {
    seed: u64,
    salt: u64,
    number: i64,
    thrown: i64,
}

impl Dice {
    pub(super) fn new(seed: u64, salt: u64, number: usize) -> Dice {
        Dice { seed, salt, number: number as i64, thrown: 0 }
    }

    /// Dice of a place, in whole metres.
    pub(super) fn at(seed: u64, salt: u64, place: DVec2) -> Dice {
        let [x, y] = [place.x, place.y].map(|part| part.round() as i64);
        Dice { seed, salt, number: x ^ (y << 20), thrown: 0 }
    }

    /// A number in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        self.thrown += 1;
        (hash(self.seed, self.salt, self.number, self.thrown) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        mix(low, high, self.unit())
    }

    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

/// Smooth noise of about -1..1 with features of `size` metres. Slopes at the lattice points and a turned lattice keep
/// it from looking like tiles (Perlin 2002).
pub(super) fn noise(seed: u64, salt: u64, p: DVec2, size: f64) -> f64 {
    let (x, y) = ((0.8 * p.x + 0.6 * p.y) / size, (0.8 * p.y - 0.6 * p.x) / size);
    let (i, j) = (x.floor(), y.floor());
    let (s, t) = (x - i, y - j);
    let at = |di: i64, dj: i64| {
        let dice = hash(seed, salt, i as i64 + di, j as i64 + dj);
        let slope = |half: u64| half as f64 / (1u64 << 31) as f64 - 1.0;
        slope(dice >> 32) * (s - di as f64) + slope(dice & 0xFFFF_FFFF) * (t - dj as f64)
    };
    1.7 * mix(mix(at(0, 0), at(1, 0), ease(s)), mix(at(0, 1), at(1, 1), ease(s)), ease(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_sine_and_cosine() {
        for k in -40..40 {
            let (turns, d) = (f64::from(k) / 17.0, direction(f64::from(k) / 17.0));
            let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
            assert!((d - DVec2::new(cos, sin)).length() < 1e-13, "{turns}: {d}");
        }
    }
}
