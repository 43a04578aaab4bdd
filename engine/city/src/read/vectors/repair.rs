//! What is mended in outlines: rings without an area are left out, and polygons that cross themselves are told.

use glam::DVec2;
use hanze_base::outline::Outline;

/// Corners of a ring up to which it is looked at for crossings with itself.
const MOST_CORNERS: usize = 500;
/// Area up to which a ring has none, m².
const NO_AREA: f64 = 1e-6;

/// A flaw of a feature and what was done about it, in words that follow the feature's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// English.
    pub en: &'static str,
    /// Dutch.
    pub nl: &'static str,
}

impl Flaw {
    const fn new(en: &'static str, nl: &'static str) -> Flaw {
        Flaw { en, nl }
    }
}

/// A feature without a shape.
pub const NO_GEOMETRY: Flaw = Flaw::new("has no geometry and is left out", "heeft geen geometrie en is weggelaten");
/// A building without a floor.
pub const NO_FLOOR: Flaw = Flaw::new("has no floor and is left out", "heeft geen vloer en is weggelaten");
const FEW_CORNERS: Flaw = Flaw::new(
    "a ring of fewer than three corners is left out",
    "een ring met minder dan drie hoekpunten is weggelaten",
);
const CROSSES: Flaw = Flaw::new(
    "crosses itself: what lies within an odd number of loops is taken",
    "kruist zichzelf: wat binnen een oneven aantal lussen ligt, telt mee",
);
const NOTHING_WITHIN: Flaw =
    Flaw::new("a ring without an area is left out", "een ring zonder oppervlakte is weggelaten");
const EMPTY: Flaw = Flaw::new("is empty and is left out", "is leeg en is weggelaten");

/// The outline without what is no area, and what was mended.
pub fn repair(outline: Outline) -> (Outline, Vec<Flaw>) {
    let mut repairs = Vec::new();
    let mut polygons = Vec::with_capacity(outline.polygons.len());
    for rings in outline.polygons {
        let mut kept: Vec<Vec<DVec2>> = Vec::with_capacity(rings.len());
        let mut crosses = false;
        for (k, ring) in rings.into_iter().enumerate() {
            if distinct(&ring) < 3 {
                repairs.push(FEW_CORNERS);
            } else if crosses_itself(&ring) {
                repairs.push(CROSSES);
                crosses = true;
                kept.push(ring);
            } else if area(&ring).abs() <= NO_AREA {
                repairs.push(NOTHING_WITHIN);
            } else {
                kept.push(ring);
                continue;
            }
            // Holes of what is left out have nothing to be in.
            if k == 0 && kept.is_empty() {
                break;
            }
        }
        if crosses {
            polygons.append(&mut Outline { polygons: vec![kept] }.simplified(true).polygons);
        } else if !kept.is_empty() {
            polygons.push(kept);
        }
    }
    if polygons.is_empty() && repairs.is_empty() {
        repairs.push(EMPTY);
    }
    (Outline { polygons }, repairs)
}

/// Corners that differ from the one before, up to three.
fn distinct(ring: &[DVec2]) -> usize {
    let mut seen: Vec<DVec2> = Vec::with_capacity(3);
    for corner in ring {
        if !seen.contains(corner) {
            seen.push(*corner);
            if seen.len() == 3 {
                break;
            }
        }
    }
    seen.len()
}

/// Twice the area with its sign, halved.
fn area(ring: &[DVec2]) -> f64 {
    let Some(first) = ring.first() else { return 0.0 };
    let sides = ring.iter().zip(ring.iter().cycle().skip(1));
    0.5 * sides.map(|(a, b)| (*a - *first).perp_dot(*b - *first)).sum::<f64>()
}

/// Whether two sides of a ring cross. Touching is no crossing.
fn crosses_itself(ring: &[DVec2]) -> bool {
    if ring.len() > MOST_CORNERS {
        return false;
    }
    let mut sides: Vec<(DVec2, DVec2)> = ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)).collect();
    sides.retain(|(a, b)| a != b);
    // From west to east, each against those that begin before it ends.
    sides.sort_by(|one, other| one.0.x.min(one.1.x).total_cmp(&other.0.x.min(other.1.x)));
    let side_of = |(a, b): (DVec2, DVec2), at: DVec2| (b - a).perp_dot(at - a);
    for (k, one) in sides.iter().enumerate() {
        let end = one.0.x.max(one.1.x);
        for other in sides[k + 1..].iter().take_while(|other| other.0.x.min(other.1.x) <= end) {
            let across = side_of(*one, other.0) * side_of(*one, other.1) < 0.0;
            if across && side_of(*other, one.0) * side_of(*other, one.1) < 0.0 {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<DVec2> {
        corners.iter().map(|corner| DVec2::from(*corner)).collect()
    }

    #[test]
    fn each_flaw_is_mended_and_told() {
        let square = ring(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]);
        let check = |rings: Vec<Vec<DVec2>>, left: usize, words: &str| {
            let (outline, repairs) = repair(Outline { polygons: vec![rings] });
            assert_eq!(outline.polygons.iter().flatten().count(), left, "{words}");
            let told = repairs.iter().map(|flaw| flaw.en).collect::<Vec<_>>().join(", ");
            assert!(told.contains(words) && (!words.is_empty() || told.is_empty()), "{told} | {words}");
        };
        check(vec![square.clone()], 1, "");
        check(vec![square.clone(), ring(&[(1.0, 1.0), (1.0, 2.0), (2.0, 2.0)])], 2, "");
        check(vec![ring(&[(0.0, 0.0), (4.0, 4.0), (4.0, 0.0), (0.0, 4.0)])], 2, "crosses itself");
        check(vec![ring(&[(0.0, 0.0), (4.0, 4.0), (2.0, 2.0)])], 0, "without an area");
        check(vec![ring(&[(0.0, 0.0), (4.0, 4.0), (0.0, 0.0)]), square.clone()], 0, "fewer than three");
        check(vec![square, ring(&[(1.0, 1.0)])], 1, "fewer than three");
        check(vec![], 0, "is empty");
        // A sliver is thin, and an area.
        check(vec![ring(&[(0.0, 0.0), (300.0, 0.0), (300.0, 0.01)])], 1, "");
    }
}
