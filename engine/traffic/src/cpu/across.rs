//! Lanes across junctions, way by way: drivers look at them for every way that meets theirs, and most are empty. The twin on a GPU goes
//! from lane to lane, as many as `Turn::parts` counts.

use crate::motion::params::{Lane, NONE, Turn};

/// A lane across a junction that is part of a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub lane: u32,
    /// Where on the way it begins, m.
    pub along: f32,
}

/// For each way out of a lane the lanes across the junction up to the next street.
pub struct Across {
    /// Where the parts of each way begin, and the end.
    firsts: Vec<u32>,
    parts: Vec<Part>,
}

impl Across {
    pub fn new(lanes: &[Lane], turns: &[Turn]) -> Across {
        let mut across = Across { firsts: vec![0], parts: Vec::new() };
        for turn in turns {
            across.parts.extend(parts(lanes, turns, turn));
            across.firsts.push(across.parts.len() as u32);
        }
        across
    }

    /// The parts of a way, in their order.
    pub fn of(&self, turn: u32) -> &[Part] {
        let (first, end) = (self.firsts[turn as usize], self.firsts[turn as usize + 1]);
        &self.parts[first as usize..end as usize]
    }
}

/// The lanes across the junction behind a way up to the next street. A chain of lanes that leads back to itself ends where it would
/// begin again: no network is known that has one.
pub fn parts(lanes: &[Lane], turns: &[Turn], turn: &Turn) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut lane = turn.to;
    while let Some(this_lane) = lanes.get(lane as usize).filter(|this_lane| this_lane.street == NONE) {
        if parts.iter().any(|part| part.lane == lane) {
            break;
        }
        parts.push(Part { lane, along: this_lane.along });
        lane = turns.get(this_lane.first_turn as usize).map_or(NONE, |next| next.to);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::bench::Load;

    #[test]
    fn the_world_counts_the_parts_of_each_way() {
        let network = Load::square(3, 10, 0.5).unwrap().network;
        let across = Across::new(&network.lanes, &network.turns);
        let counted: Vec<usize> = network.turns.iter().map(|turn| turn.parts as usize).collect();
        assert!(counted.iter().any(|parts| *parts > 0) && counted.contains(&0), "{counted:?}");
        let found: Vec<usize> = (0..).zip(&network.turns).map(|(k, _)| across.of(k).len()).collect();
        assert_eq!(counted, found);
    }

    fn lane(street: u32, first_turn: u32, along: f32) -> Lane {
        Lane { street, first_turn, along, turns: 1, ..Lane::default() }
    }

    fn turn(to: u32) -> Turn {
        Turn { to, ..Turn::default() }
    }

    #[test]
    fn a_way_has_the_lanes_up_to_the_next_street() {
        // From street 0 over lanes 1 and 2 into street 3, and from 3 straight into 0.
        let lanes = [lane(0, 0, 0.0), lane(NONE, 1, 0.0), lane(NONE, 2, 7.5), lane(1, 3, 0.0)];
        let turns = [turn(1), turn(2), turn(3), turn(0)];
        let across = Across::new(&lanes, &turns);
        let part = |lane, along| Part { lane, along };
        assert_eq!(across.of(0), [part(1, 0.0), part(2, 7.5)]);
        assert_eq!(across.of(1), [part(2, 7.5)]);
        assert!(across.of(2).is_empty() && across.of(3).is_empty());
    }

    #[test]
    fn ways_that_never_end_are_cut() {
        let lanes = [lane(0, 0, 0.0), lane(NONE, 1, 0.0), lane(NONE, 2, 3.0), lane(NONE, NONE, 0.0)];
        let turns = [turn(1), turn(2), turn(1), turn(3)];
        let across = Across::new(&lanes, &turns);
        assert_eq!(across.of(0).iter().map(|part| part.lane).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(across.of(3).len(), 1);
        // In the ring each lane once, wherever it is entered.
        assert_eq!(across.of(1).iter().map(|part| part.lane).collect::<Vec<_>>(), [2, 1]);
    }
}
