//! What vehicles emit: mg/s of CO2, NOx and PM10 by speed and acceleration (HBEFA 3.1 as fitted by SUMO's emission model, "HBEFA3"):
//! E = max(0, (f0 + f1 a v + f2 a² v + f3 v + f4 v² + f5 v³) / 3.6), and nothing while a vehicle coasts.

use super::params::{Factor, SUBSTANCES};

/// Groups of factors, in their order.
pub const GROUPS: [&str; 6] = ["PC_G_EU4", "PC_D_EU4", "LDV_D_EU4", "HDV_D_EU4", "Bus", "none"];

/// Counts that a mg of CO2, of NOx and of PM10 make in a tally.
pub const COUNTS: [f64; SUBSTANCES] = [1.0, 1e3, 1e4];

const fn factor(substance: usize, f: [f32; 6]) -> Factor {
    Factor { f0: f[0], f1: f[1], f2: f[2], f3: f[3], f4: f[4], f5: f[5], counts: COUNTS[substance] as f32 }
}

/// Factors of each group, substance by substance.
pub const FACTORS: [Factor; SUBSTANCES * GROUPS.len()] = [
    factor(0, [9449.0, 938.4, 0.0, -467.1, 28.26, 0.0]),
    factor(1, [4.336, 0.4428, 0.0, -0.3204, 0.01371, 0.0]),
    factor(2, [0.2375, 0.0245, 0.0, -0.03251, 0.001325, 0.0]),
    factor(0, [6824.0, 742.3, 0.0, -195.3, 16.46, 0.0]),
    factor(1, [47.45, 4.011, 0.0, -4.061, 0.1619, 0.0]),
    factor(2, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    factor(0, [3682.0, 915.4, 0.0, 331.0, 0.0, 0.306]),
    factor(1, [40.68, 6.272, 0.0, -3.613, 0.2148, 0.0]),
    factor(2, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    factor(0, [24290.0, 7180.0, 0.0, 1835.0, 0.0, 0.0]),
    factor(1, [202.2, 42.34, 0.0, 8.858, 0.0, 0.0]),
    factor(2, [1.267, 0.131, 0.0, -0.006405, 0.0, 0.0]),
    factor(0, [19030.0, 6475.0, 0.0, 2073.0, 0.0, 0.0]),
    factor(1, [218.7, 46.17, 0.0, 11.27, 0.0, 0.0]),
    factor(2, [7.222, 0.8024, 0.0, 0.1201, 0.0, 0.0]),
    factor(0, [0.0; 6]),
    factor(1, [0.0; 6]),
    factor(2, [0.0; 6]),
];

/// Emission, mg/s. Twin: `shaders/traffic/motion/emission.wgsl`.
pub fn rate(factor: &Factor, speed: f32, accel: f32) -> f32 {
    // Below this a driver is off the pedal, and nothing is injected.
    if speed > 0.1 && accel < -(0.1045 + 0.0128 * speed) {
        return 0.0;
    }
    let square = speed * speed;
    let force = factor.f1 * accel + factor.f2 * (accel * accel) + factor.f3;
    let sum = factor.f0 + force * speed + factor.f4 * square + factor.f5 * (square * speed);
    (sum * 0.277_777_8).max(0.0)
}

/// What is emitted in a step, counted.
pub fn emitted(factor: &Factor, speed: f32, accel: f32, dt: f32) -> u32 {
    (rate(factor, speed, accel) * (factor.counts * dt) + 0.5) as u32
}
