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
pub(super) fn path(lanes: &Lanes, turn: usize) -> Piece {
    let own = &lanes.turns[turn];
    let mut line: Vec<DVec2> = Vec::new();
    for lane in &own.via {
        line.extend(&lanes.lanes[*lane as usize].line);
    }
    line.dedup_by(|a, b| a.distance(*b) < 1e-6);
    Piece { begin: 0.0, line, length: lanes.across(own) }
}

/// A part of a way across a junction.
pub(super) struct Piece {
    /// Where it begins, m.
    begin: f64,
    line: Vec<DVec2>,
    length: f64,
}

/// The way of a turn: in one piece, or in two where those who wait in its middle stand aside, so that nobody meets them there.
pub(super) fn pieces(lanes: &Lanes, turn: usize, stands_aside: Option<f64>) -> Vec<Piece> {
    let via = &lanes.turns[turn].via;
    match stands_aside {
        Some(room) if via.len() == 2 => {
            let [first, second] = [via[0], via[1]].map(|lane| &lanes.lanes[lane as usize]);
            let length = (first.length - room).max(0.1);
            let end = first.line[0].lerp(first.line[first.line.len() - 1], length / first.length);
            vec![
                Piece { begin: 0.0, line: vec![first.line[0], end], length },
                Piece { begin: first.length, line: second.line.clone(), length: second.length },
            ]
        }
        _ => vec![path(lanes, turn)],
    }
}

/// Where two pieces of ways are so near each other that vehicles would touch: from where to where along each way; `None` if nowhere.
pub(super) fn meet(a: &Piece, b: &Piece, apart: f64) -> Option<[(f64, f64); 2]> {
    // Boxes that are far apart save the rest.
    let bounds = |line: &[DVec2]| {
        let first = *line.first()?;
        Some(line.iter().fold((first, first), |(low, high), at| (low.min(*at), high.max(*at))))
    };
    let (near, far) = (bounds(&a.line)?, bounds(&b.line)?);
    if (near.0 - far.1).max_element() > apart || (far.0 - near.1).max_element() > apart {
        return None;
    }
    let mut found: Option<[(f64, f64); 2]> = None;
    let others = marks(&b.line, b.length);
    for (along, at) in marks(&a.line, a.length) {
        for (there, place) in &others {
            if at.distance_squared(*place) < apart * apart {
                let (along, there) = (a.begin + along, b.begin + there);
                let own = found.get_or_insert([(along, along), (there, there)]);
                own[0] = (own[0].0.min(along), own[0].1.max(along));
                own[1] = (own[1].0.min(there), own[1].1.max(there));
            }
        }
    }
    found
}
