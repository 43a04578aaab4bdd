// Adds to a depth and keeps it from becoming negative: what a cell owes stays in the low part.
fn add_depth(depth: f32, low: f32, change: f32) -> vec2<f32> {
    let sum = add(depth, low, change, params.zero);
    return select(sum, vec2<f32>(0.0, sum.x + sum.y), sum.x < 0.0);
}

// Adds to a cell's water, or takes from it with the momentum that it has.
fn give(water: vec4<f32>, change: f32) -> vec4<f32> {
    let depth = add_depth(water.x, water.y, change);
    let left = select(0.0, min(depth.x / max(water.x, DRY), 1.0), depth.x > DRY);
    return vec4<f32>(depth, left * water.zw);
}
