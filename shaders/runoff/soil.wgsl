// What leaves, moss and soil take of a cell's water in a step. Twin: engine/runoff/src/cpu/soil.rs.

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

// Mean of exp(-x s) over s from 0 to 1.
fn mean_decay(x: f32) -> f32 {
    let series = 1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0)));
    return select((1.0 - exp(-x)) / max(x, 0.1), series, x < 0.1);
}

// What is left at least of Horton's excess over the last rate where so much has sunk in, m/s.
fn worn(decay: f32, excess: f32, taken: f32) -> f32 {
    return max(excess - decay * taken, 0.0);
}

// What Horton's soil can take in a step, m, where so much has sunk in: y + ln y = (E - k F) / fc + ln(E / fc) is solved for the
// excess that is left, fc y.
fn horton(decay: f32, dt: f32, last: f32, excess: f32, taken: f32) -> f32 {
    var left = worn(decay, excess, taken);
    if last > 1e-6 * excess && excess > 0.0 {
        let sum = (excess - decay * taken) / last + log(excess / last);
        if sum > -20.0 {
            var y = sum;
            if sum > 1.0 {
                y = sum - log(sum);
            } else {
                y = exp(sum) / (1.0 + exp(sum));
            }
            for (var k = 0; k < 3; k += 1) {
                y = y * (1.0 + sum - log(y)) / (1.0 + y);
            }
            left = max(last * y, left);
        }
    }
    return (last + left * mean_decay(decay * dt)) * dt;
}

// What is taken of a depth: first what is held on leaves and in hollows too small to see, then what sinks in.
fn soak(capacity: f32, soil: vec2<f32>, taken: f32, depth: f32) -> f32 {
    let held = min(max(soil.y - taken, 0.0), depth);
    let rest = depth - held;
    let before = max(taken + held - soil.y, 0.0);
    var sinks: f32;
    if params.soil == SOIL_HORTON {
        sinks = horton(params.decay, clock.dt, capacity, soil.x, before);
    } else {
        sinks = green_ampt(capacity * clock.dt, soil.x, before);
    }
    return held + min(sinks, rest);
}
