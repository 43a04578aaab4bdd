//! One number for many values, and the order of differences.

use serde::{Deserialize, Serialize};

/// What is taken of many values. Values that are no numbers do not count; of none at all there is no statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// How many are at the threshold or above it; with a weight the sum of the weights.
    CountOver,
    /// How many are below the threshold.
    CountUnder,
    /// Area of the cells at the threshold or above it, m².
    AreaOver,
    /// Area of the cells below the threshold, m².
    AreaUnder,
    /// Percentage at the threshold or above it.
    ShareOver,
    /// Percentage below the threshold.
    ShareUnder,
    /// Sum; with a weight of the products.
    Sum,
    /// Mean; with a weight the weighted one.
    Mean,
    /// Lowest.
    Min,
    /// Highest.
    Max,
    /// The lowest value that so many per cent do not exceed (nearest rank).
    Percentile,
    /// Mean over the cells of the hours at the threshold or above it, from the frames of a layer.
    HoursOver,
}

impl Statistic {
    /// Whether it needs a threshold.
    pub fn has_threshold(self) -> bool {
        use Statistic::{AreaOver, AreaUnder, CountOver, CountUnder, HoursOver, ShareOver, ShareUnder};
        matches!(self, AreaOver | AreaUnder | CountOver | CountUnder | HoursOver | ShareOver | ShareUnder)
    }

    /// Whether it is about cells alone.
    pub fn is_of_cells(self) -> bool {
        matches!(self, Statistic::AreaOver | Statistic::AreaUnder | Statistic::HoursOver)
    }

    /// Whether values may have a weight.
    pub fn may_weigh(self) -> bool {
        use Statistic::{CountOver, CountUnder, Mean, ShareOver, ShareUnder, Sum};
        matches!(self, CountOver | CountUnder | Mean | ShareOver | ShareUnder | Sum)
    }

    /// Whether it has the unit of the values.
    pub fn keeps_unit(self) -> bool {
        matches!(self, Statistic::Mean | Statistic::Min | Statistic::Max | Statistic::Percentile)
    }

    /// The statistic of values with their weights; NaN where no value is a number. `threshold` is that of counts and `percent` that of a
    /// percentile; `area` is that of a cell, m².
    pub fn of(self, values: impl Iterator<Item = (f64, f64)>, threshold: f64, percent: f64, area: f64) -> f64 {
        let (mut over, mut under, mut sum, mut weights) = (0.0, 0.0, 0.0, 0.0);
        let (mut low, mut high, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0u64);
        let mut all = Vec::new();
        for (value, weight) in values.filter(|(value, weight)| value.is_finite() && weight.is_finite()) {
            count += 1;
            weights += weight;
            sum += value * weight;
            (low, high) = (low.min(value), high.max(value));
            *(if value >= threshold { &mut over } else { &mut under }) += weight;
            if self == Statistic::Percentile {
                all.push(value);
            }
        }
        if count == 0 {
            return f64::NAN;
        }
        // Of values without any weight there is no share and no mean.
        let share = |part: f64| if weights > 0.0 { part / weights } else { f64::NAN };
        match self {
            Statistic::CountOver => over,
            Statistic::CountUnder => under,
            Statistic::AreaOver => area * over,
            Statistic::AreaUnder => area * under,
            Statistic::ShareOver => 100.0 * share(over),
            Statistic::ShareUnder => 100.0 * share(under),
            Statistic::Sum => sum,
            Statistic::Mean | Statistic::HoursOver => share(sum),
            Statistic::Min => low,
            Statistic::Max => high,
            Statistic::Percentile => {
                let rank = (percent / 100.0 * all.len() as f64).ceil().clamp(1.0, all.len() as f64) as usize;
                let (_, value, _) = all.select_nth_unstable_by(rank - 1, f64::total_cmp);
                *value
            }
        }
    }
}

/// Ranks of differences: 1 for the one furthest from zero; equal ones share the better rank. What is no number or no difference has none.
pub fn ranks(differences: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> =
        (0..differences.len()).filter(|k| differences[*k].is_finite() && differences[*k] != 0.0).collect();
    order.sort_by(|a, b| differences[*b].abs().total_cmp(&differences[*a].abs()).then(a.cmp(b)));
    let mut ranks = vec![f64::NAN; differences.len()];
    for (place, k) in order.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| order[place]);
        let tied = before.filter(|before| differences[*before].abs() == differences[*k].abs());
        ranks[*k] = tied.map_or((place + 1) as f64, |before| ranks[before]);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statistic_of_a_few_values() {
        let values = [3.0, f64::NAN, 1.0, 2.0, 5.0, f64::INFINITY];
        let of = |statistic: Statistic, percent: f64| {
            statistic.of(values.into_iter().map(|value| (value, 1.0)), 2.0, percent, 4.0)
        };
        for (statistic, wanted) in [
            (Statistic::CountOver, 3.0),
            (Statistic::CountUnder, 1.0),
            (Statistic::AreaOver, 12.0),
            (Statistic::AreaUnder, 4.0),
            (Statistic::ShareOver, 75.0),
            (Statistic::ShareUnder, 25.0),
            (Statistic::Sum, 11.0),
            (Statistic::Mean, 2.75),
            (Statistic::HoursOver, 2.75),
            (Statistic::Min, 1.0),
            (Statistic::Max, 5.0),
        ] {
            assert_eq!(of(statistic, 0.0), wanted, "{statistic:?}");
        }
        for (percent, wanted) in [(0.0, 1.0), (25.0, 1.0), (26.0, 2.0), (50.0, 2.0), (75.0, 3.0), (100.0, 5.0)] {
            assert_eq!(of(Statistic::Percentile, percent), wanted, "{percent}");
        }
    }

    #[test]
    fn weights_count_and_nothing_has_no_statistic() {
        let weighed = [(10.0, 1.0), (20.0, 3.0), (30.0, f64::NAN)];
        let of = |statistic: Statistic| statistic.of(weighed.into_iter(), 15.0, 50.0, 1.0);
        assert_eq!([Statistic::Mean, Statistic::Sum, Statistic::CountOver].map(of), [17.5, 70.0, 3.0]);
        assert_eq!(of(Statistic::ShareOver), 75.0);
        assert!(Statistic::Mean.of([(1.0, 0.0)].into_iter(), 0.0, 0.0, 1.0).is_nan());
        for statistic in [Statistic::CountOver, Statistic::Sum, Statistic::Mean, Statistic::Max, Statistic::Percentile]
        {
            assert!(statistic.of([(f64::NAN, 1.0)].into_iter(), 0.0, 50.0, 1.0).is_nan(), "{statistic:?}");
        }
    }

    #[test]
    fn the_largest_difference_comes_first_whatever_its_sign() {
        let found = ranks(&[1.0, -4.0, 0.0, f64::NAN, 4.0, -1.0, 9.0]);
        let shown: Vec<Option<u32>> = found.iter().map(|rank| (!rank.is_nan()).then_some(*rank as u32)).collect();
        assert_eq!(shown, [Some(4), Some(2), None, None, Some(2), Some(4), Some(1)]);
        assert!(ranks(&[]).is_empty());
    }
}
