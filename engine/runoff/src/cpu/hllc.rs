//! The flux between two cells. Twin: `shaders/runoff/hllc.wgsl`.

use super::super::params::{DRY, GRAVITY};

/// Width of the fan of waves under which nothing moves, m/s.
const STILL: f32 = 1e-9;

/// What one side of a face knows. Velocities are normal to the face (positive from left to right) and along it.
#[derive(Clone, Copy)]
pub struct Side {
    /// Depth at the face, m.
    pub depth: f32,
    /// Velocity through the face, m/s.
    pub normal: f32,
    /// Velocity along the face, m/s.
    pub along: f32,
}

/// Flux through a face, per metre of face.
#[derive(Clone, Copy)]
pub struct Flux {
    /// Water, m²/s.
    pub mass: f32,
    /// Normal momentum as the left cell feels it, less its own pressure g·h²/2, m³/s².
    pub left: f32,
    /// Normal momentum as the right cell feels it, less its own pressure, m³/s².
    pub right: f32,
    /// Momentum along the face, m³/s².
    pub along: f32,
}

#[inline(always)]
pub fn min(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
pub fn max(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Flux between two sides whose beds differ by `step` = bed right − bed left, m. `open` is 1, or 0 at a wall, which exactly nothing
/// passes, however the compiler has rounded: a factor here costs less than a choice behind the loop.
///
/// The reconstruction is that of Chen & Noelle (2017, SIAM J. Numer. Anal. 55, §3), in differences so that f32
/// survives high beds; the solver is HLLC (Toro 2001, ch. 10) with wave speeds after Einfeldt and Toro.
/// Subtracting each side's own pressure keeps a lake at rest exactly still.
#[inline(always)]
pub fn hllc(l: Side, r: Side, step: f32, open: f32) -> Flux {
    let above_left = min(max(step, 0.0), min(l.depth, step + r.depth));
    let above_right = above_left - step;
    let hl = max(min(l.depth, l.depth - above_left), 0.0);
    let hr = max(min(r.depth, r.depth - above_right), 0.0);

    let (slow, fast) = wave_speeds(hl, l.normal, hr, r.normal);
    let width = fast - slow;
    // Between two dry sides there is no wave but the dust of rounding, and no flux.
    let inverse = if width > STILL { 1.0 / max(width, STILL) } else { 0.0 };
    let ql = hl * l.normal;
    let qr = hr * r.normal;
    let product = slow * fast;
    let mass = (fast * ql - slow * qr + product * (hr - hl)) * (inverse * open);
    let momentum = (fast * (ql * l.normal) - slow * (qr * r.normal) + product * (qr - ql)) * inverse;
    let pressure = 0.5 * GRAVITY * (hr + hl) * (hr - hl) * inverse;

    Flux {
        mass,
        left: momentum - slow * pressure + 0.5 * GRAVITY * (hl + l.depth) * min(above_left, 0.0),
        right: momentum - fast * pressure + 0.5 * GRAVITY * (hr + r.depth) * min(above_right, 0.0),
        along: mass * if mass >= 0.0 { l.along } else { r.along },
    }
}

/// Speeds of the slowest and the fastest wave, clipped so that 0 lies between them, m/s.
#[inline(always)]
fn wave_speeds(hl: f32, ul: f32, hr: f32, ur: f32) -> (f32, f32) {
    let cl = (GRAVITY * hl).sqrt();
    let cr = (GRAVITY * hr).sqrt();
    let u_star = 0.5 * (ul + ur) + cl - cr;
    let c_star = 0.5 * (cl + cr) + 0.25 * (ul - ur);
    let wet_left = hl > DRY;
    let wet_right = hr > DRY;
    let slow = if wet_left { if wet_right { min(ul - cl, u_star - c_star) } else { ul - cl } } else { ur - 2.0 * cr };
    let fast = if wet_right { if wet_left { max(ur + cr, u_star + c_star) } else { ur + cr } } else { ul + 2.0 * cl };
    (min(slow, 0.0), max(fast, 0.0))
}
