//! Hours that all who travel spend, waiting to set out included: what an edit of the roads costs them.

use super::moved::Moved;
use super::results::Alternatives;
use super::tables::class_of;

/// Time of a class of travellers within a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spent {
    /// Trips that are due in it.
    trips: f64,
    /// Hours from when trips are due until they arrive, as far as they lie in it: those who still wait or drive at its end count.
    hours: f64,
}

/// How the time that all spend differs between two alternatives of the same demand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Change {
    /// Hours more than before of the trips that both alternatives can make, for as many of each class as before: chance rounds trips on each
    /// alternative apart. None where there are no such trips.
    pub hours: Option<f64>,
    /// Trips that cannot be made any more.
    pub fewer: f64,
}

/// Time of cars, of trucks and buses, and of cycles on an alternative, so many minutes from the end of the warm-up on, of the trips that both
/// alternatives can make; and how many trips the other alternative cannot make.
fn spent(alternative: &Moved, alternatives: &Alternatives, minutes: u64) -> ([Spent; 3], f64) {
    let begin = 1000.0 * alternatives.warm_up;
    let end = begin + 60_000.0 * minutes as f64;
    let (mut all, mut alone) = ([Spent::default(); 3], 0.0);
    for ((trip, fate), who) in alternative.network.trips.iter().zip(&alternative.fates).zip(&alternative.network.who) {
        let due = f64::from(trip.depart);
        if due >= end {
            continue;
        }
        let is_due = f64::from(u8::from(due >= begin));
        if alternative.travellers.get(*who as usize).is_some_and(|traveller| traveller.is_alone) {
            alone += is_due;
            continue;
        }
        let until = if fate.arrived > 0 { f64::from(fate.arrived - 1).min(end) } else { end };
        let sums = &mut all[class_of(alternative, alternatives, trip.kind)];
        sums.trips += is_due;
        sums.hours += (until - due.max(begin)).max(0.0) / 3.6e6;
    }
    (all, alone)
}

/// What it costs all to drive as after the edits and not as before, over so many minutes.
pub(super) fn change(before: &Moved, after: &Moved, alternatives: &Alternatives, minutes: u64) -> Change {
    let ((was, fewer), (now, _)) = (spent(before, alternatives, minutes), spent(after, alternatives, minutes));
    Change { hours: difference(&was, &now), fewer }
}

/// Hours more, of the classes that travel on both alternatives.
fn difference(before: &[Spent; 3], after: &[Spent; 3]) -> Option<f64> {
    let both = before.iter().zip(after).filter(|(was, now)| was.trips > 0.0 && now.trips > 0.0);
    both.map(|(was, now)| was.trips / now.trips * now.hours - was.hours).reduce(|sum, part| sum + part)
}

#[cfg(test)]
mod tests {
    use super::{Spent, difference};

    #[test]
    fn hours_are_compared_for_as_many_trips_of_those_who_travel_on_both_sides() {
        let [cars, cycles] = [0, 2].map(|class| {
            move |trips: f64, hours: f64| {
                let mut all = [Spent::default(); 3];
                all[class] = Spent { trips, hours };
                all
            }
        });
        // Chance makes three trips more of the same length: nothing changes.
        let same = difference(&cars(1000.0, 100.0), &cars(1003.0, 100.3));
        assert!(same.is_some_and(|hours| hours.abs() < 1e-9), "{same:?}");
        let longer = difference(&cycles(10.0, 1.0), &cycles(10.0, 3.0));
        assert!(longer.is_some_and(|hours| (hours - 2.0).abs() < 1e-9), "{longer:?}");
        // Where nobody of a class is left, nobody gains.
        assert_eq!(difference(&cars(1000.0, 100.0), &cars(0.0, 0.0)), None);
        let mut both = cars(1000.0, 100.0);
        both[2] = Spent { trips: 10.0, hours: 1.0 };
        assert_eq!(difference(&both, &cycles(10.0, 1.0)), Some(0.0));
    }
}
