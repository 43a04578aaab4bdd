// What leaves, moss and soil take of a cell's water in a step. Twin: engine/src/models/runoff/cpu/soil.rs.

// x - ln(1 + x), without the loss of digits where x is small.
fn bend(x: f32) -> f32 {
    let series = x * x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * (0.2 - x * (1.0 / 6.0 - x / 7.0)))));
    return select(x - log(1.0 + x), series, x < 0.1);
}

// What soil that has taken so much can take more while so much would pass through it saturated, m.
fn green_ampt(passes: f32, store: f32, taken: f32) -> f32 {
    if passes <= 0.0 || store <= 0.0 {
        return max(passes, 0.0);
    }
    let all = taken + store;
    var more = 2.0 * passes * all / (taken + sqrt(taken * taken + 2.0 * store * passes));
    for (var k = 0; k < 3; k += 1) {
        let miss = more * taken / all - passes + store * bend(more / all);
        more = max(more - miss * (all + more) / (taken + more), 0.0);
    }
    return more;
}

// What is taken of a depth: first what is held on leaves and in hollows too small to see, then what sinks in.
fn soak(capacity: f32, soil: vec2<f32>, taken: f32, depth: f32) -> f32 {
    let held = min(max(soil.y - taken, 0.0), depth);
    let rest = depth - held;
    var sinks: f32;
    if params.soil == SOIL_HORTON {
        let middle = f32(clock.now_ms) * 1e-3 - 0.5 * clock.dt;
        sinks = (capacity + soil.x * exp(-params.decay * middle)) * clock.dt;
    } else {
        sinks = green_ampt(capacity * clock.dt, soil.x, max(taken + held - soil.y, 0.0));
    }
    return held + min(sinks, rest);
}
