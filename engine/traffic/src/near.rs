//! Which links lie near a place.

use glam::DVec2;
use hanze_city::roads::{Roads, distance};
use std::collections::HashMap;

/// Side of the squares by which links are found, m.
const SIDE: f64 = 200.0;
/// Furthest link that is found, m.
const FURTHEST: f64 = 600.0;

/// The links of roads by the squares that they pass.
pub struct Near<'a> {
    roads: &'a Roads,
    squares: HashMap<(i64, i64), Vec<u32>>,
}

impl<'a> Near<'a> {
    /// Of the links that `counts`.
    pub fn new(roads: &'a Roads, counts: impl Fn(usize) -> bool) -> Near<'a> {
        let mut squares: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
        for (k, link) in roads.links.iter().enumerate().filter(|(k, _)| counts(*k)) {
            for ends in link.line.windows(2) {
                // Long pieces are followed in steps of a square.
                let steps = (ends[0].distance(ends[1]) / (0.5 * SIDE)).ceil().clamp(1.0, 1e5) as usize;
                for step in 0..=steps {
                    let square = square(ends[0].lerp(ends[1], step as f64 / steps as f64));
                    let links = squares.entry(square).or_default();
                    if links.last() != Some(&(k as u32)) {
                        links.push(k as u32);
                    }
                }
            }
        }
        Near { roads, squares }
    }

    /// The nearest link, how far it is, and the point on it.
    pub fn nearest(&self, at: DVec2) -> Option<(u32, f64, DVec2)> {
        let (x, y) = square(at);
        let mut best: Option<(u32, f64, DVec2)> = None;
        let reach = (FURTHEST / SIDE) as i64;
        for ring in 0..=reach {
            for dx in -ring..=ring {
                for dy in (-ring..=ring).filter(|dy| dx.abs().max(dy.abs()) == ring) {
                    for &link in self.squares.get(&(x + dx, y + dy)).map_or(&[][..], Vec::as_slice) {
                        let (away, point) = distance(&self.roads.links[link as usize].line, at);
                        let closer = best.is_none_or(|(found, far, _)| (away, link) < (far, found));
                        if closer && away <= FURTHEST {
                            best = Some((link, away, point));
                        }
                    }
                }
            }
            // Squares further out begin so far away.
            if best.is_some_and(|(_, away, _)| away <= ring as f64 * SIDE) {
                break;
            }
        }
        best
    }

    /// The nearest link and the ones that run along it there, as the way back does.
    pub fn road_at(&self, at: DVec2) -> Vec<(u32, DVec2)> {
        let Some((link, _, point)) = self.nearest(at) else { return Vec::new() };
        let road = &self.roads.links[link as usize];
        let back = self.squares.get(&square(point)).map_or(&[][..], Vec::as_slice);
        let back = back.iter().copied().filter(|other| {
            let other = &self.roads.links[*other as usize];
            (other.from, other.to) == (road.to, road.from) && distance(&other.line, point).0 < 1.0
        });
        let mut all = vec![(link, point)];
        all.extend(back.map(|other| (other, point)));
        all
    }
}

fn square(at: DVec2) -> (i64, i64) {
    ((at.x / SIDE).floor() as i64, (at.y / SIDE).floor() as i64)
}
