// Bed friction, implicit after Xia & Liang (2018). Twin: engine/runoff/src/cpu/friction.rs.

fn cube_root(x: f32) -> f32 {
    var root = bitcast<f32>(bitcast<u32>(x) / 3u + 0x2a514067u);
    var cube = root * root * root;
    root = root * ((cube + x + x) / (cube + cube + x));
    cube = root * root * root;
    return root * ((cube + x + x) / (cube + cube + x));
}

fn friction(depth: f32, discharge: f32, manning: f32, dt: f32) -> f32 {
    let resistance = dt * GRAVITY * manning * manning / (depth * depth * cube_root(depth));
    return 2.0 / (1.0 + sqrt(1.0 + 4.0 * resistance * discharge));
}
