//! Nitrogen dioxide at the kerb: standard calculation method 1 of the Dutch regulation (Regeling beoordeling luchtkwaliteit 2007,
//! annex 1).

/// What stands along a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreetType {
    /// Buildings on both sides, further apart than they are high.
    WideCanyon,
    /// Nothing, or here and there a building.
    Open,
    /// Buildings on both sides, nearer to each other than they are high.
    NarrowCanyon,
    /// Buildings on one side.
    OneSided,
}

/// a, b, c, α of a type; without an α the curve ends at 30 m.
fn curve(kind: StreetType) -> (f64, f64, f64, Option<f64>) {
    match kind {
        StreetType::WideCanyon => (3.25e-4, -0.0205, 0.39, Some(0.856)),
        StreetType::Open => (3.10e-4, -0.0182, 0.33, Some(0.799)),
        StreetType::NarrowCanyon => (4.88e-4, -0.0308, 0.59, None),
        StreetType::OneSided => (5.00e-4, -0.0316, 0.57, None),
    }
}

/// Dilution θ at a distance from the middle of the road, m.
pub fn dilution(kind: StreetType, distance: f64) -> f64 {
    let (a, b, c, alpha) = curve(kind);
    match alpha {
        Some(alpha) if distance > 30.0 => alpha * distance.powf(-0.747),
        _ => {
            let s = distance.min(30.0);
            a * s * s + b * s + c
        }
    }
}

/// What traffic adds to NOx, µg/m³: emission in µg/(m s), factor of trees (1, 1.25 or 1.5), wind in m/s.
pub fn nox(kind: StreetType, distance: f64, emission: f64, trees: f64, wind: f64) -> f64 {
    0.62 * emission * dilution(kind, distance) * trees * 5.0 / wind
}

/// And to NO2, µg/m³: `direct` is the share that leaves the exhaust as NO2, `ozone` the background, µg/m³.
pub fn no2(nox: f64, direct: f64, ozone: f64) -> f64 {
    let rest = nox * (1.0 - direct);
    direct * nox + 0.6 * ozone * rest / (rest + 100.0)
}
