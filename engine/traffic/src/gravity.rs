//! Trips between zones from those who live and work there: a gravity model with both ends held, and how they split between cars and
//! cycles, and over the day.

use super::demand::Demand;
use super::zones::Zone;
use hanze_base::error::{Error, Result};
use hanze_city::roads::rules::Rules;

/// Turns of balancing at most, and the share by which an end may still be off.
const TURNS: usize = 500;
const ENOUGH: f64 = 1e-9;

/// Trips of a day from home, by zone where they begin and zone where they end; as many go back.
#[derive(Clone, Debug, PartialEq)]
pub struct Daily {
    /// Zones.
    pub zones: usize,
    /// From zone to zone, row by row.
    pub trips: Vec<f64>,
    /// Share of them that cycles.
    pub cycling: Vec<f64>,
    /// Largest share by which an end is off.
    pub off: f64,
    /// Share of the trips that zones make and that find no way.
    pub missed: f64,
}

/// Doubly constrained trips: T = a p b q f with rows that sum up to p and columns to q (Furness 1965).
///
/// `p` and `q` are given with the same sum; what no f joins is left over. Gives the trips and the largest share by which a sum is off.
pub fn furness(p: &[f64], q: &[f64], f: &[f64]) -> (Vec<f64>, f64) {
    let (rows, cols) = (p.len(), q.len());
    let (mut a, mut b) = (vec![1.0; rows], vec![1.0; cols]);
    let mut off = f64::INFINITY;
    for _ in 0..TURNS {
        for i in 0..rows {
            let sum: f64 = (0..cols).map(|j| b[j] * q[j] * f[i * cols + j]).sum();
            a[i] = if sum > 0.0 { 1.0 / sum } else { 0.0 };
        }
        let mut sums = vec![0.0; cols];
        for i in 0..rows {
            let scaled = a[i] * p[i];
            (0..cols).for_each(|j| sums[j] += scaled * f[i * cols + j]);
        }
        off = 0.0;
        for j in 0..cols {
            if sums[j] > 0.0 {
                off = f64::max(off, if q[j] > 0.0 { (b[j] * sums[j] - 1.0).abs() } else { 0.0 });
                b[j] = 1.0 / sums[j];
            }
        }
        if off <= ENOUGH {
            break;
        }
    }
    let trips = (0..rows * cols).map(|k| a[k / cols] * p[k / cols] * b[k % cols] * q[k % cols] * f[k]).collect();
    (trips, off)
}

/// Trips of a day from the zones, the minutes and the kilometres between them (infinite where no way leads).
pub fn daily(zones: &[Zone], minutes: &[f64], km: &[f64], rules: &Rules) -> Result<Daily> {
    let travel = &rules.demand;
    let n = zones.len();
    let p: Vec<f64> = zones.iter().map(|zone| travel.trips_per_resident * zone.residents + 0.5 * zone.gate).collect();
    let draw: Vec<f64> =
        zones.iter().map(|zone| travel.residents_draw * zone.residents + travel.jobs_draw * zone.jobs).collect();
    // Half of those who pass a gate come in by the trips from home, and half by the trips back.
    let gates: f64 = zones.iter().map(|zone| 0.5 * zone.gate).sum();
    let (made, drawn): (f64, f64) = (p.iter().sum::<f64>() - gates, draw.iter().sum());
    if made + gates <= 0.0 {
        let mend = "give zones with residents, or a table of trips";
        return Err(Error::scenario("traffic.demand", "makes no trips: nobody lives in its zones", mend));
    }
    if drawn <= 0.0 && made > 0.0 {
        return Err(Error::scenario(
            "traffic.demand",
            "has nowhere to go: nothing draws trips",
            "give zones with jobs",
        ));
    }
    let scale = if drawn > 0.0 { made / drawn } else { 0.0 };
    let q: Vec<f64> = zones.iter().zip(&draw).map(|(zone, draw)| scale * draw + 0.5 * zone.gate).collect();
    // Where no way leads, nobody goes, whatever the rate.
    let resist = |minutes: f64| if minutes.is_finite() { (-travel.rate_per_minute * minutes).exp() } else { 0.0 };
    let mut f: Vec<f64> = minutes.iter().map(|minutes| resist(*minutes)).collect();
    for i in 0..n {
        // Within a zone half as far as to the next one; through a gate nobody turns round.
        let next = (0..n).filter(|j| *j != i && zones[*j].gate == 0.0).map(|j| minutes[i * n + j]);
        let next = next.fold(f64::INFINITY, f64::min);
        f[i * n + i] = if zones[i].gate > 0.0 { 0.0 } else { resist(0.5 * next) };
    }
    let (trips, off) = furness(&p, &q, &f);
    let cycling = (0..n * n).map(|k| {
        let passes = zones[k / n].gate > 0.0 || zones[k % n].gate > 0.0;
        if passes || !km[k].is_finite() { 0.0 } else { rules.cycles(km[k]) }
    });
    let all: f64 = p.iter().sum();
    let missed = (1.0 - trips.iter().sum::<f64>() / all).max(0.0);
    Ok(Daily { zones: n, cycling: cycling.collect(), trips, off, missed })
}

impl Daily {
    /// Trips an hour between two times of the day, h: of cars, trucks (as cars) and cycles. Fewer than one in 500 hours are left
    /// out; their share is given, too.
    pub fn hour(&self, from: f64, to: f64, rules: &Rules, factor: f64) -> ([Demand; 3], f64) {
        let travel = &rules.demand;
        let share = |hours: &[f64]| factor * profile(hours, from, to) / (to - from);
        self.split(share(&travel.away), share(&travel.back), rules)
    }

    /// Trips that are those of an hour already.
    pub fn at_once(&self, rules: &Rules, factor: f64) -> ([Demand; 3], f64) {
        self.split(factor, 0.0, rules)
    }

    fn split(&self, away: f64, back: f64, rules: &Rules) -> ([Demand; 3], f64) {
        let n = self.zones;
        let mut all = [(); 3].map(|()| Demand::none(n));
        let (mut left, mut total) = (0.0, 0.0);
        for i in 0..n {
            for j in (0..n).filter(|j| *j != i) {
                let (there, return_) = (i * n + j, j * n + i);
                let sum = |share: &dyn Fn(usize) -> f64| {
                    away * self.trips[there] * share(there) + back * self.trips[return_] * share(return_)
                };
                let cars = sum(&|k| 1.0 - self.cycling[k]);
                let cycles = sum(&|k| self.cycling[k]);
                let trucks = rules.demand.truck_share * cars * rules.vehicles.truck_pcu;
                for (class, trips) in [cars, trucks, cycles].into_iter().enumerate() {
                    total += trips;
                    if trips >= LEAST { all[class].push(i, j, trips) } else { left += trips }
                }
            }
        }
        (all, if total > 0.0 { left / total } else { 0.0 })
    }
}

/// Trips an hour below which a pair of zones is left out.
const LEAST: f64 = 2e-3;

/// Share of a day between two hours of it; a day begins anew after 24.
pub fn profile(hours: &[f64], from: f64, to: f64) -> f64 {
    let mut sum = 0.0;
    let mut at = from;
    while at < to - 1e-9 {
        let next = (at.floor() + 1.0).min(to);
        sum += hours[at.floor() as usize % 24] * (next - at);
        at = next;
    }
    sum
}
