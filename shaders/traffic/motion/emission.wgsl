// What vehicles emit. Twin: `engine/traffic/src/motion/emission.rs`.

// Emission, mg/s.
fn rate(factor: Factor, speed: f32, accel: f32) -> f32 {
    // Below this a driver is off the pedal, and nothing is injected.
    if (speed > 0.1 && accel < -plus(0.1045, mul(0.0128, speed))) {
        return 0.0;
    }
    let square = mul(speed, speed);
    let force = plus(plus(mul(factor.f1, accel), mul(factor.f2, mul(accel, accel))), factor.f3);
    let moving = plus(plus(factor.f0, mul(force, speed)), mul(factor.f4, square));
    let sum = plus(moving, mul(factor.f5, mul(square, speed)));
    return max(mul(sum, 0.2777778), 0.0);
}

// What is emitted in a step, counted.
fn emitted(factor: Factor, speed: f32, accel: f32, dt: f32) -> u32 {
    return u32(plus(mul(rate(factor, speed, accel), mul(factor.counts, dt)), 0.5));
}
