//! Hours that all who travel spend, waiting to set out included: what an edit of the roads costs them.

use super::moved::Moved;
use super::results::Sides;
use super::tables::class_of;

/// Share of trips from which on it is told that fewer are made.
const FEWER: f64 = 0.02;
/// So many they are at least.
const LEAST: f64 = 10.0;

/// Time of a class of travellers within a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spent {
    /// Trips that are due in it.
    trips: f64,
    /// Hours from when trips are due until they arrive, as far as they lie in it: those who still wait or drive at its end count.
    hours: f64,
}

/// How the time that all spend differs between two sides of the same demand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Change {
    /// Hours more than before, for as many trips of each class as before: chance rounds trips on each side apart.
    pub hours: f64,
    /// Trips that are not made any more; 0 where it is only chance.
    pub fewer: f64,
}

/// Time of cars, of trucks and buses, and of cycles on a side, so many minutes from the end of the warm-up on.
fn spent(side: &Moved, sides: &Sides, minutes: u64) -> [Spent; 3] {
    let begin = 1000.0 * sides.warm_up;
    let end = begin + 60_000.0 * minutes as f64;
    let mut all = [Spent::default(); 3];
    for (trip, fate) in side.world.trips.iter().zip(&side.fates) {
        let due = f64::from(trip.depart);
        if due >= end {
            continue;
        }
        let until = if fate.arrived > 0 { f64::from(fate.arrived - 1).min(end) } else { end };
        let own = &mut all[class_of(side, sides, trip.kind)];
        own.trips += f64::from(u8::from(due >= begin));
        own.hours += (until - due.max(begin)).max(0.0) / 3.6e6;
    }
    all
}

/// What it costs all to drive as after the edits and not as before, over so many minutes.
pub(super) fn change(before: &Moved, after: &Moved, sides: &Sides, minutes: u64) -> Change {
    difference(&spent(before, sides, minutes), &spent(after, sides, minutes))
}

fn difference(before: &[Spent; 3], after: &[Spent; 3]) -> Change {
    let mut found = Change::default();
    for (was, now) in before.iter().zip(after) {
        let scale = if was.trips > 0.0 && now.trips > 0.0 { was.trips / now.trips } else { 1.0 };
        found.hours += scale * now.hours - was.hours;
        found.fewer += was.trips - now.trips;
    }
    let trips: f64 = before.iter().map(|own| own.trips).sum();
    if found.fewer < LEAST.max(FEWER * trips) {
        found.fewer = 0.0;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Change, Spent, difference};

    #[test]
    fn hours_are_compared_for_as_many_trips_and_fewer_trips_are_told() {
        let cars = |trips: f64, hours: f64| [Spent { trips, hours }, Spent::default(), Spent::default()];
        // Chance makes three trips more of the same length: nothing changes.
        let same = difference(&cars(1000.0, 100.0), &cars(1003.0, 100.3));
        assert!(same.hours.abs() < 1e-9 && same.fewer == 0.0, "{same:?}");
        // A hundred trips are cut off, and the others take as long as before: nobody gains.
        let cut = difference(&cars(1000.0, 100.0), &cars(900.0, 90.0));
        assert!(cut.hours.abs() < 1e-9 && cut.fewer == 100.0, "{cut:?}");
        assert_eq!(difference(&cars(0.0, 0.0), &cars(0.0, 0.0)), Change::default());
    }
}
