// Slopes within a cell. Twin: engine/runoff/src/cpu/reconstruct.rs.
// Cells and slopes are (bed, depth, u, v).

const THETA: f32 = 1.3;

fn minmod(theta: f32, back: f32, ahead: f32) -> f32 {
    let size = min(0.5 * abs(back + ahead), theta * min(abs(back), abs(ahead)));
    return select(0.0, select(-size, size, back > 0.0), back * ahead > 0.0);
}

fn reconstruct(before: vec4<f32>, cell: vec4<f32>, after: vec4<f32>) -> vec4<f32> {
    let back = cell - before;
    let ahead = after - cell;
    let wet = min(cell.y, min(before.y, after.y)) > DRY;
    let smooth_bed = abs(ahead.x - back.x) <= cell.y;
    let level = minmod(1.0, back.x + back.y, ahead.x + ahead.y);
    let depth = minmod(THETA, back.y, ahead.y);
    let slope = vec4<f32>(
        level - depth,
        depth,
        minmod(THETA, back.z, ahead.z),
        minmod(THETA, back.w, ahead.w),
    );
    return select(vec4<f32>(0.0), slope, wet && smooth_bed);
}
