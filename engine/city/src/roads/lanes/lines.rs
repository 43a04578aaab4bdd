//! Lines of lanes beside the middle of their road.

use crate::roads::{Link, Roads};
use glam::DVec2;

/// Length on which the others make room for it, m.
const TAPER: f64 = 20.0;

/// Angle by which a way turns to the left, rad.
pub(super) fn angle(roads: &Roads, from: &Link, to: usize) -> f64 {
    let (coming, going) = (from.heading(true), roads.links[to].heading(false));
    coming.perp_dot(going).atan2(coming.dot(going))
}

/// Whether a link has one the other way on the same line.
pub(super) fn has_twin(roads: &Roads, link: &Link, leaving: &[u32]) -> bool {
    leaving.iter().any(|k| is_twin(link, &roads.links[*k as usize]))
}

/// Whether a link is the other direction of another.
pub(super) fn is_twin(link: &Link, other: &Link) -> bool {
    let same = |(a, b): (&DVec2, &DVec2)| a.distance(*b) < 1.0;
    other.to == link.from
        && other.from == link.to
        && link.line.len() == other.line.len()
        && link.line.iter().zip(other.line.iter().rev()).all(same)
}

pub(super) fn drawn(line: &[DVec2]) -> f64 {
    line.windows(2).map(|ends| ends[0].distance(ends[1])).sum()
}

/// A line without so many m at its beginning and end.
pub(super) fn cut(line: &[DVec2], begin: f64, end: f64) -> Vec<DVec2> {
    let length = drawn(line);
    let (from, to) = (begin, (length - end).max(begin + 0.1));
    let mut points = Vec::new();
    let mut along = 0.0;
    for ends in line.windows(2) {
        let own = ends[0].distance(ends[1]);
        let at =
            |place: f64| ends[0].lerp(ends[1], if own > 0.0 { ((place - along) / own).clamp(0.0, 1.0) } else { 0.0 });
        if points.is_empty() && along + own >= from {
            points.push(at(from));
        }
        if along >= to {
            break;
        }
        if !points.is_empty() {
            points.push(at(to.min(along + own)));
        }
        along += own;
    }
    points.dedup_by(|a, b| a.distance(*b) < 1e-6);
    if points.len() < 2 {
        points = vec![line[0], line[line.len() - 1]];
    }
    points
}

/// A line so many m to the right of another, and from some m on further to the right.
pub(super) fn beside(line: &[DVec2], off: f64, further: Option<(f64, f64)>) -> Vec<DVec2> {
    let mut points: Vec<(f64, DVec2)> = vec![(0.0, line[0])];
    let breaks = further.map_or([0.0; 2], |(from, _)| [from, from + TAPER]);
    for ends in line.windows(2) {
        let begin = points[points.len() - 1].0;
        let end = begin + ends[0].distance(ends[1]);
        for at in breaks.into_iter().filter(|at| *at > begin + 0.1 && *at < end - 0.1) {
            points.push((at, ends[0].lerp(ends[1], (at - begin) / (end - begin))));
        }
        points.push((end, ends[1]));
    }
    let n = points.len();
    (0..n)
        .map(|k| {
            let (along, at) = points[k];
            let before = (at - points[k.max(1) - 1].1).normalize_or_zero();
            let after = (points[(k + 1).min(n - 1)].1 - at).normalize_or_zero();
            let more = match further {
                Some((from, more)) if from > 0.0 => more * ((along - from) / TAPER).clamp(0.0, 1.0),
                Some((_, more)) => more,
                None => 0.0,
            };
            at - (off + more) * (before + after).normalize_or_zero().perp()
        })
        .collect()
}

pub(super) fn heading(line: &[DVec2], at_end: bool) -> DVec2 {
    let n = line.len();
    let (a, b) = if at_end { (line[n - 2], line[n - 1]) } else { (line[0], line[1]) };
    (b - a).normalize_or_zero()
}
