//! Convex polygons whose sides know what runs along them, and distances to lines.

use glam::DVec2;

/// What runs along a side of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The middle line of a street, by its index.
    Street(usize),
    /// A side of the web that the town hangs in, by its index; becomes a street.
    Web(usize),
    /// A ditch.
    Ditch,
    /// Nothing.
    Open,
}

/// Corners of a convex polygon, counterclockwise, each with the side that leads on from it.
pub(super) type Polygon = Vec<(DVec2, Side)>;

/// The part of a polygon with `normal · p <= limit`; the new side is `side`.
pub(super) fn clip(polygon: &[(DVec2, Side)], normal: DVec2, limit: f64, side: Side) -> Option<Polygon> {
    let mut kept = Polygon::with_capacity(polygon.len() + 1);
    for (k, &(from, along)) in polygon.iter().enumerate() {
        let to = polygon[(k + 1) % polygon.len()].0;
        let (a, b) = (normal.dot(from) - limit, normal.dot(to) - limit);
        if a <= 0.0 {
            kept.push((from, along));
        }
        if (a < 0.0 && b > 0.0) || (a > 0.0 && b < 0.0) {
            let cross = from + (to - from) * (a / (a - b));
            kept.push((cross, if a < 0.0 { side } else { along }));
        } else if a == 0.0 && b > 0.0 {
            // The corner itself is where the new side begins.
            kept.pop();
            kept.push((from, side));
        }
    }
    (kept.len() >= 3 && area(&kept) > 1.0).then_some(kept)
}

/// Area, m².
pub(super) fn area(polygon: &[(DVec2, Side)]) -> f64 {
    let next = |k: usize| polygon[(k + 1) % polygon.len()].0;
    0.5 * polygon.iter().enumerate().map(|(k, (p, _))| p.perp_dot(next(k))).sum::<f64>()
}

/// Mean of the corners, which lies inside.
pub(super) fn middle(polygon: &[(DVec2, Side)]) -> DVec2 {
    polygon.iter().map(|(p, _)| *p).sum::<DVec2>() / polygon.len() as f64
}

/// The polygon with each side moved inwards.
pub(super) fn inset(polygon: &[(DVec2, Side)], by: impl Fn(Side) -> f64) -> Option<Polygon> {
    let mut left = polygon.to_vec();
    for (k, &(from, side)) in polygon.iter().enumerate() {
        let to = polygon[(k + 1) % polygon.len()].0;
        let Some(outward) = (to - from).perp().try_normalize().map(|inward| -inward) else { continue };
        left = clip(&left, outward, outward.dot(from) - by(side), side)?;
    }
    Some(left)
}

/// Whether a point lies in a convex polygon, at least `margin` from its sides.
pub(super) fn holds(polygon: &[(DVec2, Side)], point: DVec2, margin: f64) -> bool {
    polygon.iter().enumerate().all(|(k, (from, _))| {
        let along = polygon[(k + 1) % polygon.len()].0 - *from;
        along.perp_dot(point - *from) >= margin * along.length()
    })
}

/// Lowest and highest value along an axis.
pub(super) fn extent(points: impl IntoIterator<Item = DVec2>, axis: DVec2) -> (f64, f64) {
    let span = (f64::INFINITY, f64::NEG_INFINITY);
    points.into_iter().map(|p| p.dot(axis)).fold(span, |(low, high), s| (low.min(s), high.max(s)))
}

/// Whether two convex quadrangles overlap by more than `slack`, by the separating axis theorem.
pub(super) fn overlap(a: &[DVec2; 4], b: &[DVec2; 4], slack: f64) -> bool {
    let apart = |one: &[DVec2; 4], other: &[DVec2; 4]| {
        (0..4).any(|k| {
            let Some(outward) = (one[(k + 1) % 4] - one[k]).perp().try_normalize().map(|n| -n) else { return false };
            extent(other.iter().copied(), outward).0 > outward.dot(one[k]) - slack
        })
    };
    !apart(a, b) && !apart(b, a)
}

/// Distance from a point to a segment.
pub(super) fn to_segment(point: DVec2, a: DVec2, b: DVec2) -> f64 {
    let along = b - a;
    let share = ((point - a).dot(along) / along.length_squared().max(1e-12)).clamp(0.0, 1.0);
    (point - a - along * share).length()
}

/// Distance from a point to the outline of any polygon, negative inside.
pub(super) fn to_outline(point: DVec2, outline: &[DVec2]) -> f64 {
    let (mut nearest, mut inside) = (f64::INFINITY, false);
    for (k, &a) in outline.iter().enumerate() {
        let b = outline[(k + 1) % outline.len()];
        nearest = nearest.min(to_segment(point, a, b));
        if (a.y > point.y) != (b.y > point.y) && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x) {
            inside = !inside;
        }
    }
    if inside { -nearest } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(side: f64) -> Polygon {
        let corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)];
        corners.into_iter().enumerate().map(|(k, (x, y))| (DVec2::new(x, y), Side::Street(k))).collect()
    }

    #[test]
    fn a_cut_keeps_the_sides() {
        let left = clip(&square(10.0), DVec2::X, 4.0, Side::Ditch).expect("a part is left");
        assert_eq!(area(&left), 40.0);
        assert_eq!(
            left.iter().map(|(_, side)| *side).collect::<Vec<_>>(),
            [Side::Street(0), Side::Ditch, Side::Street(2), Side::Street(3)]
        );
        assert!(clip(&square(10.0), DVec2::X, -1.0, Side::Ditch).is_none());
        assert_eq!(clip(&square(10.0), DVec2::X, 11.0, Side::Ditch), Some(square(10.0)));
    }

    #[test]
    fn an_inset_moves_each_side() {
        let by = |side| if side == Side::Street(0) { 3.0 } else { 1.0 };
        assert!((area(&inset(&square(10.0), by).expect("room")) - 8.0 * 6.0).abs() < 1e-9);
        assert!(inset(&square(2.0), |_| 1.5).is_none());
    }

    #[test]
    fn overlaps_and_distances() {
        let quad = |x: f64| [(x, 0.0), (x + 5.0, 0.0), (x + 5.0, 5.0), (x, 5.0)].map(|(x, y)| DVec2::new(x, y));
        assert!(overlap(&quad(0.0), &quad(4.0), 0.1) && !overlap(&quad(0.0), &quad(5.0), 0.1));
        let outline: Vec<DVec2> = square(10.0).into_iter().map(|(p, _)| p).collect();
        assert_eq!(to_outline(DVec2::new(5.0, 3.0), &outline), -3.0);
        assert_eq!(to_outline(DVec2::new(13.0, 14.0), &outline), 5.0);
    }
}
