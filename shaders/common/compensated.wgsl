// Sums that keep what rounding takes. Shader compilers simplify (a + b) - a to b, so the sum passes through a
// xor with a zero that only the host knows.

fn hide(value: f32, zero: u32) -> f32 {
    return bitcast<f32>(bitcast<u32>(value) ^ zero);
}

// Adds `change` to (value, low); returns the new pair.
fn add(value: f32, low: f32, change: f32, zero: u32) -> vec2<f32> {
    let whole = change + low;
    let sum = hide(value + whole, zero);
    let lost = whole - hide(sum - value, zero);
    return vec2<f32>(sum, lost);
}
