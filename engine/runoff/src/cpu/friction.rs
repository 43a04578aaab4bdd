//! Bed friction. Twin: `shaders/runoff/friction.wgsl`.

use super::super::params::GRAVITY;

/// Cube root of a positive normal number, to 3e-7 relative: a guess from the exponent and two steps of Halley.
/// Both devices share it, since the libraries' powers differ between vendors and are slow.
#[inline(always)]
fn cube_root(x: f32) -> f32 {
    let mut root = f32::from_bits(x.to_bits() / 3 + 0x2a51_4067);
    let cube = root * root * root;
    root *= (cube + x + x) / (cube + cube + x);
    let cube = root * root * root;
    root * ((cube + x + x) / (cube + cube + x))
}

/// Factor by which friction shrinks a unit discharge of size `discharge` (m²/s) in `dt` seconds at `depth` m.
///
/// Implicit at the end of the step: q' = q − dt·g·n²·|q'|·q'/h^(7/3), solved exactly (Xia & Liang 2018, Adv. Water
/// Resour. 117, eq. 32 ff.). It never reverses the flow and gives Manning's steady velocity as the depth vanishes.
#[inline(always)]
pub fn friction(depth: f32, discharge: f32, manning: f32, dt: f32) -> f32 {
    let resistance = dt * GRAVITY * manning * manning / (depth * depth * cube_root(depth));
    2.0 / (1.0 + (1.0 + 4.0 * resistance * discharge).sqrt())
}
