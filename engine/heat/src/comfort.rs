//! PET and UTCI of whole cities. In an hour the air is the same everywhere or differs little, so that tables over
//! radiation and wind hold all that many cells need. Few cells are computed one by one, which is exact and takes less
//! time than a table.

use super::hoeppe;
use super::pet::{Body, Environment, PRESSURE, pet};
use super::utci::{WIND_10_M, utci};
use rayon::prelude::*;

/// Mean radiant temperatures of the table, °C: from the first on in steps of one.
const COLDEST: f32 = -60.0;
const TEMPERATURES: usize = 181;
/// Winds of the table: from the first on, each so many times the one before.
const CALMEST: f32 = 0.1;
const WINDIER: f32 = 1.12;
const WINDS: usize = 50;

/// Values of a table. A city of fewer cells needs none: each of its cells costs no more than a value of a table does.
const ENTRIES: usize = TEMPERATURES * WINDS;

/// PET after Walther and Goestchel, °C, in air of a temperature (°C), a vapour pressure and a pressure (hPa): by mean
/// radiant temperature (°C) and wind at 1.2 m (m/s).
pub fn pet_in(air: f64, vapour: f64, pressure: f64) -> impl Fn(f64, f64) -> f64 + Sync {
    move |radiant, wind| pet(Environment { air, radiant, wind, vapour, pressure }, Body::default())
}

/// PET after Höppe, °C, in air of a temperature (°C) and a relative humidity (%): by mean radiant temperature (°C) and
/// wind at 1.2 m (m/s).
pub fn hoeppe_in(air: f64, humidity: f64) -> impl Fn(f64, f64) -> f64 + Sync {
    let (vapour, person) = (hoeppe::vapour(air, humidity), hoeppe::Person::default());
    move |radiant, wind| hoeppe::pet(Environment { air, radiant, wind, vapour, pressure: PRESSURE }, &person)
}

/// UTCI, °C, in air of a temperature (°C) and a relative humidity (%): by mean radiant temperature (°C) and wind at 1.2
/// m (m/s).
pub fn utci_in(air: f64, humidity: f64) -> impl Fn(f64, f64) -> f64 + Sync {
    move |radiant, wind| utci(air, radiant, WIND_10_M * wind, humidity)
}

/// An index on every cell, in air that is the same everywhere.
pub fn everywhere(index: impl Fn(f64, f64) -> f64 + Sync, radiant: &[f32], wind: &[f32]) -> Vec<f32> {
    let cells = radiant.par_iter().zip(wind);
    if radiant.len() < ENTRIES {
        return cells.map(|(radiant, wind)| exact(&index, *radiant, *wind)).collect();
    }
    let table = Table::new(index);
    cells.map(|(radiant, wind)| table.at(*radiant, *wind)).collect()
}

/// An index on every cell, in air of its own: of a temperature (°C) and a vapour pressure (hPa), for which `index` is
/// made.
pub fn each<I: Fn(f64, f64) -> f64 + Sync>(
    index: impl Fn(f64, f64) -> I + Sync,
    air: &[f32],
    vapour: &[f32],
    radiant: &[f32],
    wind: &[f32],
) -> Vec<f32> {
    let cells = (0..air.len()).into_par_iter();
    if air.len() < ENTRIES {
        let of = |cell: usize| {
            let (air, vapour) = (f64::from(air[cell]), f64::from(vapour[cell]));
            let is_known = !air.is_nan() && !vapour.is_nan();
            if is_known { exact(index(air, vapour), radiant[cell], wind[cell]) } else { f32::NAN }
        };
        return cells.map(of).collect();
    }
    let nodes = Nodes::over(air, vapour, index);
    cells.map(|cell| nodes.at(air[cell], vapour[cell], radiant[cell], wind[cell])).collect()
}

/// An index at a mean radiant temperature (°C) and a wind at 1.2 m (m/s), within the same limits as a table's.
fn exact(index: impl Fn(f64, f64) -> f64, radiant: f32, wind: f32) -> f32 {
    // Roots are sought between bounds, and would end on one of them for what is no number.
    if radiant.is_nan() || wind.is_nan() {
        return f32::NAN;
    }
    let radiant = radiant.clamp(COLDEST, COLDEST + (TEMPERATURES - 1) as f32);
    let wind = wind.clamp(CALMEST, CALMEST * WINDIER.powi(WINDS as i32 - 1));
    index(f64::from(radiant), f64::from(wind)) as f32
}

/// An index over mean radiant temperature and wind at 1.2 m.
struct Table {
    values: Vec<f32>,
}

impl Table {
    fn new(index: impl Fn(f64, f64) -> f64 + Sync) -> Table {
        let value = |k: usize| {
            let radiant = COLDEST + (k % TEMPERATURES) as f32;
            let wind = CALMEST * WINDIER.powi((k / TEMPERATURES) as i32);
            index(f64::from(radiant), f64::from(wind)) as f32
        };
        Table { values: (0..ENTRIES).into_par_iter().map(value).collect() }
    }

    /// The index at a mean radiant temperature (°C) and a wind at 1.2 m (m/s), between the values of the table.
    fn at(&self, radiant: f32, wind: f32) -> f32 {
        let row = ((wind / CALMEST).ln() / WINDIER.ln()).clamp(0.0, (WINDS - 1) as f32 - 1e-3);
        let col = (radiant - COLDEST).clamp(0.0, (TEMPERATURES - 1) as f32 - 1e-3);
        let (r, c) = (row as usize, col as usize);
        let (up, right) = (row - r as f32, col - c as f32);
        let along = |r: usize| {
            let [low, high] = [c, c + 1].map(|c| self.values[r * TEMPERATURES + c]);
            low + right * (high - low)
        };
        let (calm, windy) = (along(r), along(r + 1));
        calm + up * (windy - calm)
    }
}

/// An index in air that is not the same everywhere: tables at a few temperatures and two vapour pressures, and what lies between.
struct Nodes {
    /// First temperature (°C) and the step to the next (K); the same for the vapour pressure (hPa).
    air: (f32, f32, usize),
    vapour: (f32, f32, usize),
    tables: Vec<Table>,
}

/// Distance of two temperatures at which tables are made, K, and how many there are at most; least distance of two vapour pressures, hPa.
const NEXT: f32 = 2.0;
const MOST_NODES: usize = 7;
const LEAST_VAPOUR: f32 = 1.0;

impl Nodes {
    /// For all given temperatures (°C) and vapour pressures (hPa).
    fn over<I: Fn(f64, f64) -> f64 + Sync>(air: &[f32], vapour: &[f32], index: impl Fn(f64, f64) -> I) -> Nodes {
        let range = |values: &[f32]| {
            let ends = values.iter().filter(|value| value.is_finite());
            let (low, high) = ends.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
            if low <= high { (low, high - low) } else { (0.0, 0.0) }
        };
        let ((coolest, warmer), (driest, moister)) = (range(air), range(vapour));
        let parts = ((warmer / NEXT).ceil() as usize).clamp(1, MOST_NODES - 1);
        let airs = (coolest, (warmer / parts as f32).max(1e-3), parts + 1);
        let vapours = match moister > LEAST_VAPOUR {
            true => (driest, moister, 2),
            false => (driest + 0.5 * moister, 1.0, 1),
        };
        let at = |(first, step, _): (f32, f32, usize), k: usize| f64::from(first + k as f32 * step);
        let table = |k: usize| Table::new(index(at(airs, k / vapours.2), at(vapours, k % vapours.2)));
        Nodes { air: airs, vapour: vapours, tables: (0..airs.2 * vapours.2).map(table).collect() }
    }

    /// The index in air of a temperature (°C) and a vapour pressure (hPa), at a mean radiant temperature (°C) and a wind at 1.2 m (m/s).
    fn at(&self, air: f32, vapour: f32, radiant: f32, wind: f32) -> f32 {
        let place = |value: f32, (first, step, count): (f32, f32, usize)| {
            let at = ((value - first) / step).clamp(0.0, (count - 1) as f32);
            let low = (at as usize).min(count.saturating_sub(2));
            (low, at - low as f32)
        };
        let ((row, up), (col, right)) = (place(air, self.air), place(vapour, self.vapour));
        let width = self.vapour.2;
        let of = |row: usize| {
            let low = self.tables[row * width + col].at(radiant, wind);
            if width == 1 { low } else { low + right * (self.tables[row * width + col + 1].at(radiant, wind) - low) }
        };
        let low = of(row);
        low + up * (of(row + 1) - low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pet::saturation;
    use std::ops::Range;

    fn environment(air: f32, vapour: f32, radiant: f32, wind: f32) -> Environment {
        let [air, vapour, radiant, wind] = [air, vapour, radiant, wind].map(f64::from);
        Environment { air, radiant, wind, vapour, pressure: PRESSURE }
    }

    /// UTCI by vapour pressure.
    fn utci_by_vapour(air: f64, vapour: f64) -> impl Fn(f64, f64) -> f64 + Sync {
        utci_in(air, 100.0 * vapour / saturation(air))
    }

    /// Cells whose air differs by 4 K and 4 hPa, in sun, shade and wind of all kinds: air, vapour, radiation and wind.
    fn cells(count: usize) -> [Vec<f32>; 4] {
        let spread = |step: f32, to: &dyn Fn(f32) -> f32| (0..count).map(|k| to((k as f32 * step).fract())).collect();
        [
            spread(0.618_034, &|share| 30.0 + 4.0 * share),
            spread(0.414_214, &|share| 12.0 + 4.0 * share),
            spread(0.732_051, &|share| 22.0 + 45.0 * share),
            spread(0.236_068, &|share| 0.15 * 50f32.powf(share)),
        ]
    }

    #[test]
    fn few_cells_have_the_formula_itself() {
        let [air, vapour, radiant, wind] = cells(200);
        let varying = each(|air, vapour| pet_in(air, vapour, PRESSURE), &air, &vapour, &radiant, &wind);
        let same = everywhere(pet_in(31.0, 14.0, PRESSURE), &radiant, &wind);
        for k in 0..200 {
            let wanted = [air[k], 31.0].into_iter().zip([vapour[k], 14.0]);
            let wanted =
                wanted.map(|(air, vapour)| pet(environment(air, vapour, radiant[k], wind[k]), Body::default()) as f32);
            assert!([varying[k], same[k]].into_iter().eq(wanted), "cell {k}");
        }
        let found = each(utci_by_vapour, &air, &vapour, &radiant, &wind);
        let humidity = 100.0 * f64::from(vapour[7]) / saturation(f64::from(air[7]));
        let wanted = utci(f64::from(air[7]), f64::from(radiant[7]), WIND_10_M * f64::from(wind[7]), humidity);
        assert_eq!(found[7], wanted as f32);
    }

    #[test]
    fn few_cells_and_many_differ_by_the_tables_alone() {
        let [air, vapour, radiant, wind] = cells(ENTRIES);
        let check = |name: &str, of: &dyn Fn(Range<usize>) -> Vec<f32>, most: f32, of_most: f32| {
            let half = ENTRIES / 2;
            let (many, few) = (of(0..ENTRIES), [of(0..half), of(half..ENTRIES)].concat());
            let mut off: Vec<f32> = many.iter().zip(&few).map(|(many, few)| (many - few).abs()).collect();
            off.sort_by(f32::total_cmp);
            let (largest, usual) = (off[ENTRIES - 1], off[ENTRIES * 99 / 100]);
            assert!(largest < most && usual < of_most, "{name}: {largest} K, 99 of 100 below {usual} K");
            // Nothing would be shown if both came from the formula, or both from tables.
            assert!(largest > 1e-3, "{name}: {largest} K");
        };
        let pet = |air: f64, vapour: f64| pet_in(air, vapour, PRESSURE);
        let at = |k: Range<usize>| (&air[k.clone()], &vapour[k.clone()], &radiant[k.clone()], &wind[k]);
        let of = |k: Range<usize>| {
            let (air, vapour, radiant, wind) = at(k);
            each(pet, air, vapour, radiant, wind)
        };
        check("PET", &of, 0.2, 0.1);
        let of = |k: Range<usize>| {
            let (air, vapour, radiant, wind) = at(k);
            each(utci_by_vapour, air, vapour, radiant, wind)
        };
        check("UTCI", &of, 0.05, 0.04);
        let of = |k: Range<usize>| everywhere(pet(31.0, 14.0), &radiant[k.clone()], &wind[k]);
        check("PET in the same air", &of, 0.05, 0.02);
    }

    /// What is no number stays none, and what no table holds counts as its edge, for few cells and for many.
    #[test]
    fn few_cells_have_the_limits_of_many() {
        let odd = [(f32::NAN, 1.0), (30.0, f32::NAN), (-80.0, 1.0), (300.0, 1.0), (30.0, 0.0), (30.0, 40.0)];
        let of = |count: usize| {
            let (radiant, wind): (Vec<f32>, Vec<f32>) = (0..count).map(|k| odd[k % odd.len()]).unzip();
            let same = everywhere(pet_in(25.0, 14.0, PRESSURE), &radiant, &wind);
            let (air, vapour) = (vec![25.0; count], vec![14.0; count]);
            let varying = each(|air, vapour| pet_in(air, vapour, PRESSURE), &air, &vapour, &radiant, &wind);
            [same, varying].map(|values| values[..odd.len()].to_vec())
        };
        let (few, many) = (of(odd.len()).concat(), of(ENTRIES).concat());
        for (k, (few, many)) in few.iter().zip(&many).enumerate() {
            let is_none = k % odd.len() < 2;
            assert_eq!((few.is_nan(), many.is_nan()), (is_none, is_none), "{:?}", odd[k % odd.len()]);
            assert!(is_none || (few - many).abs() < 0.05, "{:?}: {few} {many}", odd[k % odd.len()]);
        }
        let one = |air: f32, vapour: f32| {
            each(|air, vapour| pet_in(air, vapour, PRESSURE), &[air], &[vapour], &[30.0], &[1.0])[0]
        };
        assert!(one(f32::NAN, 14.0).is_nan() && one(25.0, f32::NAN).is_nan() && !one(25.0, 14.0).is_nan());
    }

    #[test]
    fn nodes_hold_the_indices_in_air_of_all_kinds() {
        let airs = [24.3f32, 27.9, 31.2, 33.0];
        let vapours = [12.0f32, 14.1, 15.5, 17.9];
        let nodes = Nodes::over(&airs, &vapours, |air, vapour| pet_in(air, vapour, PRESSURE));
        for (air, vapour) in airs.into_iter().zip(vapours) {
            for (radiant, wind) in [(25.2f32, 0.7f32), (61.7, 1.9)] {
                let wanted = pet(environment(air, vapour, radiant, wind), Body::default());
                let found = f64::from(nodes.at(air, vapour, radiant, wind));
                assert!((found - wanted).abs() < 0.1, "{air} °C: {found} {wanted}");
            }
        }
        let same = Nodes::over(&[20.0, 20.0], &[10.0, 10.0], |air, vapour| pet_in(air, vapour, PRESSURE));
        assert!((same.at(20.0, 10.0, 30.0, 1.0) - same.tables[0].at(30.0, 1.0)).abs() < 1e-4);
    }

    #[test]
    fn tables_hold_the_indices() {
        let (air, humidity) = (31.0, 42.0);
        let vapour = humidity / 100.0 * saturation(air);
        let (one, other) = (Table::new(pet_in(air, vapour, PRESSURE)), Table::new(utci_in(air, humidity)));
        for radiant in [12.3f32, 31.0, 47.7, 68.2] {
            for wind in [0.5f32, 0.93, 2.7, 6.1] {
                let environment =
                    Environment { air, radiant: radiant.into(), wind: wind.into(), vapour, pressure: PRESSURE };
                let [pet, utci] = [
                    pet(environment, Body::default()),
                    utci(air, radiant.into(), WIND_10_M * f64::from(wind), humidity),
                ];
                assert!((f64::from(one.at(radiant, wind)) - pet).abs() < 0.05, "{radiant} °C, {wind} m/s: {pet}");
                assert!((f64::from(other.at(radiant, wind)) - utci).abs() < 0.05, "{radiant} °C, {wind} m/s: {utci}");
            }
        }
    }
}
