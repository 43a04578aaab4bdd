//! Heat that engines set free: what is burnt ends as heat in the air of the street.

use super::motion::emission::{FACTORS, GROUPS, rate};
use super::motion::params::SUBSTANCES;
use glam::DVec2;
use hanze_base::frame::Table;
use hanze_base::grid::Grid;

/// Heat of fuel per CO2, J/g: between petrol (69.3 t/TJ) and diesel (74.1 t/TJ; IPCC 2006, volume 2, table 3.2.1).
const PER_GRAM: f64 = 14_000.0;
/// Speeds for which the emission of a metre is taken, m/s: slower ones than a walk have no sense per metre.
const SPEEDS: [f64; 2] = [1.4, 40.0];

/// Heat from CO2, J.
pub fn heat(co2_grams: f64) -> f64 {
    PER_GRAM * co2_grams
}

/// Heat that a car or a truck sets free on a metre at a steady speed (m/s), J/m: HBEFA's petrol cars and heavy trucks of Euro 4.
pub fn per_metre(speed: f64, is_truck: bool) -> f64 {
    let group = if is_truck { "HDV_D_EU4" } else { "PC_G_EU4" };
    let at = GROUPS.iter().position(|name| *name == group).unwrap_or(0);
    let speed = if speed.is_finite() { speed.clamp(SPEEDS[0], SPEEDS[1]) } else { SPEEDS[1] };
    heat(f64::from(rate(&FACTORS[SUBSTANCES * at], speed as f32, 0.0)) / 1000.0) / speed
}

/// Lays power (W on each metre) along lines, from so far to so far on their right (m; left is negative), on cells: W/m², NaN where there is none. What
/// lies outside the grid is lost; inside nothing is.
pub fn poured<'a>(grid: &Grid, lines: impl Iterator<Item = (&'a [DVec2], [f64; 2], f64)>) -> Vec<f32> {
    let mut sums = vec![0.0f64; grid.len()];
    let box_of = |line: &[DVec2]| {
        line.iter().fold([DVec2::INFINITY, DVec2::NEG_INFINITY], |[low, high], at| [low.min(*at), high.max(*at)])
    };
    let corners = [DVec2::new(grid.west, grid.south()), DVec2::new(grid.east(), grid.north)];
    // Points so close that no cell is passed over, and that cells get alike.
    let each = 0.25 * grid.cell;
    let count = |length: f64| ((length / each).ceil() as usize).max(1);
    for (line, [from, to], power) in lines {
        if !(power > 0.0 && power.is_finite()) {
            continue;
        }
        for ends in line.windows(2) {
            let (start, way) = (ends[0], ends[1] - ends[0]);
            let Some(along) = way.try_normalize() else { continue };
            let ([low, high], reach) = (box_of(ends), from.abs().max(to.abs()));
            if (low - reach).cmpgt(corners[1]).any() || (high + reach).cmplt(corners[0]).any() {
                continue;
            }
            let (steps, aside) = (count(way.length()), count(to - from));
            let share = power * way.length() / (steps * aside) as f64;
            for step in 0..steps {
                let at = start + way * ((step as f64 + 0.5) / steps as f64);
                for k in 0..aside {
                    let off = from + (to - from) * (k as f64 + 0.5) / aside as f64;
                    let at = at - off * along.perp();
                    if let Some((col, row)) = grid.cell_at(at.x, at.y) {
                        sums[row * grid.cols + col] += share;
                    }
                }
            }
        }
    }
    let area = grid.cell_area();
    sums.into_iter().map(|sum| if sum > 0.0 { (sum / area) as f32 } else { f32::NAN }).collect()
}

/// What an hour may have over the known one.
const MOST_TIMES: f64 = 24.0;
/// Hours of summer time ahead of UTC in the Netherlands.
const SUMMER: usize = 2;

/// What each of the 24 hours of a summer's day (UTC; the first ends at 1) has over a time of which the heat is known, by the shares of the day's
/// trips in its 24 hours on the clock; `share_then` is the share in an hour of that time. None where it tells nothing of the day: in the dead of night.
pub fn by_hour(shares: &[f64], share_then: f64) -> Vec<f64> {
    let most = shares.iter().copied().fold(0.0, f64::max);
    if share_then <= 0.0 || most / share_then > MOST_TIMES {
        return Vec::new();
    }
    (0..24).map(|hour| (1000.0 * shares[(hour + SUMMER) % shares.len()] / share_then).round() / 1000.0).collect()
}

/// What each hour of a day (UTC) has over the time of the layer, as a table for models that take it; none where that is not known.
pub(super) fn table(by_hour: &[f64]) -> Option<Table> {
    let rows: Vec<Vec<f64>> = by_hour.iter().enumerate().map(|(hour, share)| vec![hour as f64, *share]).collect();
    (!rows.is_empty()).then(|| Table {
        name: "released_by_hour".into(),
        description: "heat released by engines in each hour of a summer's day (UTC), over that of the layer".into(),
        columns: ["hour", "share"].map(String::from).to_vec(),
        rows,
        ..Table::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_set_free_is_of_the_known_size_and_none_of_it_is_lost() {
        // 168 g of CO2 a km at 50 km/h: 7 l of petrol in 100 km.
        let car = per_metre(50.0 / 3.6, false);
        assert!((car - 2356.0).abs() < 5.0, "{car} J/m");
        let truck = per_metre(50.0 / 3.6, true);
        assert!((10_000.0..16_000.0).contains(&truck), "{truck} J/m");
        assert!(per_metre(0.0, false).is_finite() && per_metre(f64::NAN, true).is_finite());

        let grid = Grid::local(40, 30, 4.0);
        let line = [DVec2::new(10.0, -20.0), DVec2::new(70.0, -33.0), DVec2::new(80.0, -100.0)]
            .map(|at| DVec2::new(grid.west, grid.north) + at);
        let length = line[0].distance(line[1]) + line[1].distance(line[2]);
        let lines = [
            (&line[..], [0.0, 6.5], 5000.0 / length),
            (&line[..1], [0.0, 3.0], 1.0),
            (&line[..], [0.0, 3.0], f64::NAN),
        ];
        let found = poured(&grid, lines.into_iter());
        let sum: f64 = found.iter().filter(|cell| !cell.is_nan()).map(|cell| f64::from(*cell) * grid.cell_area()).sum();
        assert!((sum - 5000.0).abs() < 0.01, "{sum} W");
        // On the right-hand side: south of a road to the east.
        let at = |x: f64, y: f64| found[(-y / 4.0) as usize * 40 + (x / 4.0) as usize];
        assert!(at(34.0, -29.0) > 0.0 && at(34.0, -18.0).is_nan());
        // Half of it outside.
        let out = [DVec2::new(grid.west - 50.0, grid.north - 10.0), DVec2::new(grid.west + 50.0, grid.north - 10.0)];
        let half = poured(&grid, [(&out[..], [-2.0, 2.0], 1.0)].into_iter());
        let sum: f64 = half.iter().filter(|cell| !cell.is_nan()).map(|cell| f64::from(*cell) * grid.cell_area()).sum();
        assert!((sum - 50.0).abs() < 0.01, "{sum} W");
    }

    #[test]
    fn hours_of_the_clock_become_those_of_the_sun() {
        let mut shares = vec![0.0; 24];
        (shares[17], shares[1]) = (0.1, 0.02);
        let hours = by_hour(&shares, 0.1);
        // From 17 to 18 on the clock is from 15 to 16 UTC.
        assert_eq!((hours.len(), hours[15], hours[23]), (24, 1.0, 0.2));
        assert!(by_hour(&shares, 0.0).is_empty() && by_hour(&shares, 0.004).is_empty());
    }
}
