//! Values in time.

use serde::{Deserialize, Serialize};

/// How a series runs between its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Between {
    /// Each value holds until the next point.
    Steps,
    /// Values run linearly from point to point.
    Linear,
}

/// A value in time; it holds its first value before the first point and its last one after the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Times, s, rising.
    pub times: Vec<f64>,
    /// One value for each time.
    pub values: Vec<f64>,
    /// How it runs in between.
    pub between: Between,
}

impl Series {
    /// A series from points (s, value).
    ///
    /// # Panics
    /// If there is no point.
    pub fn new(points: &[(f64, f64)], between: Between) -> Series {
        assert!(!points.is_empty(), "a series has a point");
        let (times, values) = points.iter().copied().unzip();
        Series { times, values, between }
    }

    /// The same value for ever.
    pub fn constant(value: f64) -> Series {
        Series::new(&[(0.0, value)], Between::Steps)
    }

    /// Value at a time; at a jump, the value after it.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.times.partition_point(|&t| t <= time);
        if after == 0 {
            return self.values[0];
        }
        let (t0, v0) = (self.times[after - 1], self.values[after - 1]);
        if after == self.times.len() || self.between == Between::Steps {
            return v0;
        }
        let (t1, v1) = (self.times[after], self.values[after]);
        v0 + (v1 - v0) * (time - t0) / (t1 - t0)
    }

    /// Value just before a time.
    pub fn before(&self, time: f64) -> f64 {
        let after = self.times.partition_point(|&t| t < time);
        if self.between == Between::Linear || after == 0 { self.at(time) } else { self.values[after - 1] }
    }

    /// Integral over an interval in which the series has no point.
    fn piece(&self, from: f64, to: f64) -> f64 {
        0.5 * (self.at(from) + self.before(to)) * (to - from)
    }

    /// Integral from one time to another, value times seconds.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        let inside = self.times.iter().copied().filter(|&t| t > from && t < to);
        let (mut sum, mut at) = (0.0, from);
        for time in inside.chain([to]) {
            sum += self.piece(at, time);
            at = time;
        }
        sum
    }
}

impl Series {
    /// When the integral from 0 on reaches an amount, s; of a series of steps that are not negative.
    pub fn reaches(&self, amount: f64) -> Option<f64> {
        let inside = self.times.iter().copied().filter(|&t| t > 0.0);
        let (mut sum, mut at) = (0.0, 0.0);
        for time in inside.chain([f64::INFINITY]) {
            let rate = self.at(at);
            if rate > 0.0 && sum + rate * (time - at) >= amount {
                return Some(at + (amount - sum) / rate);
            }
            sum += if rate > 0.0 { rate * (time - at) } else { 0.0 };
            at = time;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_an_amount_has_come() {
        let series = Series::new(&[(0.0, 1.0), (10.0, 0.0), (20.0, 4.0), (25.0, 0.0)], Between::Steps);
        for (amount, expected) in [(5.0, Some(5.0)), (10.0, Some(10.0)), (12.0, Some(20.5)), (31.0, None)] {
            assert_eq!(series.reaches(amount), expected, "{amount}");
        }
    }

    #[test]
    fn values_and_integrals() {
        let points = [(10.0, 0.0), (20.0, 4.0), (30.0, 2.0)];
        let check = |between, time: f64, value: f64, integral: f64| {
            let series = Series::new(&points, between);
            assert!((series.at(time) - value).abs() < 1e-12, "{between:?} at {time}");
            assert!((series.integral(0.0, time) - integral).abs() < 1e-12, "{between:?} to {time}");
        };
        check(Between::Linear, 5.0, 0.0, 0.0);
        check(Between::Linear, 15.0, 2.0, 5.0);
        check(Between::Linear, 25.0, 3.0, 20.0 + 17.5);
        check(Between::Linear, 40.0, 2.0, 20.0 + 30.0 + 20.0);
        check(Between::Steps, 20.0, 4.0, 0.0);
        check(Between::Steps, 25.0, 4.0, 20.0);
        check(Between::Steps, 31.0, 2.0, 42.0);
    }
}
