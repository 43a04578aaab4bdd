//! Where ways across a junction meet.

use super::Lanes;
use glam::DVec2;

/// Points along a line at so many m at most, with how far along it each lies; stretched to the length that counts.
fn marks(line: &[DVec2], length: f64) -> Vec<(f64, DVec2)> {
    let drawn: f64 = line.windows(2).map(|ends| ends[0].distance(ends[1])).sum();
    let stretch = if drawn > 0.0 { length / drawn } else { 0.0 };
    let mut all = Vec::new();
    let mut along = 0.0;
    for ends in line.windows(2) {
        let own = ends[0].distance(ends[1]);
        let pieces = (own / 0.5).ceil().max(1.0) as usize;
        for k in 0..pieces {
            let share = k as f64 / pieces as f64;
            all.push((stretch * (along + share * own), ends[0].lerp(ends[1], share)));
        }
        along += own;
    }
    all.extend(line.last().map(|last| (length, *last)));
    all
}

/// The line of a turn across its junction, and its length.
fn path(lanes: &Lanes, turn: usize) -> (Vec<DVec2>, f64) {
    let own = &lanes.turns[turn];
    let mut line: Vec<DVec2> = Vec::new();
    for lane in &own.via {
        line.extend(&lanes.lanes[*lane as usize].line);
    }
    line.dedup_by(|a, b| a.distance(*b) < 1e-6);
    (line, lanes.across(own))
}

/// Where two turns are so near each other that vehicles would touch: from where to where along each; `None` if nowhere.
pub(super) fn meet(lanes: &Lanes, one: usize, other: usize, apart: f64) -> Option<[(f64, f64); 2]> {
    let [a, b] = [path(lanes, one), path(lanes, other)];
    // Boxes that are far apart save the rest.
    let bounds = |line: &[DVec2]| {
        let first = *line.first()?;
        Some(line.iter().fold((first, first), |(low, high), at| (low.min(*at), high.max(*at))))
    };
    let (near, far) = (bounds(&a.0)?, bounds(&b.0)?);
    if (near.0 - far.1).max_element() > apart || (far.0 - near.1).max_element() > apart {
        return None;
    }
    let (a, b) = (marks(&a.0, a.1), marks(&b.0, b.1));
    let mut found: Option<[(f64, f64); 2]> = None;
    for (along, at) in &a {
        for (there, place) in &b {
            if at.distance_squared(*place) < apart * apart {
                let own = found.get_or_insert([(*along, *along), (*there, *there)]);
                own[0] = (own[0].0.min(*along), own[0].1.max(*along));
                own[1] = (own[1].0.min(*there), own[1].1.max(*there));
            }
        }
    }
    found
}
