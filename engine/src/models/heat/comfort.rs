//! PET and UTCI of whole cities: in an hour air and humidity are the same everywhere, so a table over radiation and wind holds all.

use super::hoeppe;
use super::pet::{Around, Body, PRESSURE, pet};
use super::utci::{WIND_10_M, utci};
use rayon::prelude::*;

/// Mean radiant temperatures of the table, °C: from the first on in steps of one.
const COLDEST: f32 = -60.0;
const TEMPERATURES: usize = 181;
/// Winds of the table: from the first on, each so many times the one before.
const CALMEST: f32 = 0.1;
const WINDIER: f32 = 1.12;
const WINDS: usize = 50;

/// An index over mean radiant temperature and wind at 1.2 m.
pub struct Table {
    values: Vec<f32>,
}

impl Table {
    fn new(index: impl Fn(f64, f64) -> f64 + Sync) -> Table {
        let value = |k: usize| {
            let radiant = COLDEST + (k % TEMPERATURES) as f32;
            let wind = CALMEST * WINDIER.powi((k / TEMPERATURES) as i32);
            index(f64::from(radiant), f64::from(wind)) as f32
        };
        Table { values: (0..TEMPERATURES * WINDS).into_par_iter().map(value).collect() }
    }

    /// PET after Walther and Goestchel, °C, in air of a temperature (°C), a vapour pressure and a pressure (hPa).
    pub fn pet(air: f64, vapour: f64, pressure: f64) -> Table {
        Table::new(|radiant, wind| pet(Around { air, radiant, wind, vapour, pressure }, Body::default()))
    }

    /// PET after Höppe, °C, in air of a temperature (°C) and a relative humidity (%).
    pub fn pet_hoeppe(air: f64, humidity: f64) -> Table {
        let (vapour, person) = (hoeppe::vapour(air, humidity), hoeppe::Person::default());
        Table::new(|radiant, wind| hoeppe::pet(Around { air, radiant, wind, vapour, pressure: PRESSURE }, &person))
    }

    /// UTCI, °C, in air of a temperature (°C) and a relative humidity (%).
    pub fn utci(air: f64, humidity: f64) -> Table {
        Table::new(|radiant, wind| utci(air, radiant, WIND_10_M * wind, humidity))
    }

    /// The index at a mean radiant temperature (°C) and a wind at 1.2 m (m/s), between the values of the table.
    pub fn at(&self, radiant: f32, wind: f32) -> f32 {
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
pub struct Nodes {
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
    pub fn over(air: &[f32], vapour: &[f32], make: &(dyn Fn(f64, f64) -> Table + Sync)) -> Nodes {
        let range = |values: &[f32]| {
            let ends = values.iter().filter(|own| own.is_finite());
            let (low, high) = ends.fold((f32::MAX, f32::MIN), |(low, high), own| (low.min(*own), high.max(*own)));
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
        let tables = (0..airs.2 * vapours.2).map(|k| make(at(airs, k / vapours.2), at(vapours, k % vapours.2)));
        Nodes { air: airs, vapour: vapours, tables: tables.collect() }
    }

    /// The index in air of a temperature (°C) and a vapour pressure (hPa), at a mean radiant temperature (°C) and a wind at 1.2 m (m/s).
    pub fn at(&self, air: f32, vapour: f32, radiant: f32, wind: f32) -> f32 {
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
    use crate::models::heat::pet::saturation;

    #[test]
    fn nodes_hold_the_indices_in_air_of_all_kinds() {
        let airs = [24.3f32, 27.9, 31.2, 33.0];
        let vapours = [12.0f32, 14.1, 15.5, 17.9];
        let nodes = Nodes::over(&airs, &vapours, &|air, vapour| Table::pet(air, vapour, PRESSURE));
        for (air, vapour) in airs.into_iter().zip(vapours) {
            for (radiant, wind) in [(25.2f32, 0.7f32), (61.7, 1.9)] {
                let around = Around {
                    air: air.into(),
                    radiant: radiant.into(),
                    wind: wind.into(),
                    vapour: vapour.into(),
                    pressure: PRESSURE,
                };
                let wanted = pet(around, Body::default());
                let found = f64::from(nodes.at(air, vapour, radiant, wind));
                assert!((found - wanted).abs() < 0.1, "{air} °C: {found} {wanted}");
            }
        }
        let same = Nodes::over(&[20.0, 20.0], &[10.0, 10.0], &|air, vapour| Table::pet(air, vapour, PRESSURE));
        assert!((same.at(20.0, 10.0, 30.0, 1.0) - same.tables[0].at(30.0, 1.0)).abs() < 1e-4);
    }

    #[test]
    fn tables_hold_the_indices() {
        let (air, humidity) = (31.0, 42.0);
        let vapour = humidity / 100.0 * saturation(air);
        let (one, other) = (Table::pet(air, vapour, PRESSURE), Table::utci(air, humidity));
        for radiant in [12.3f32, 31.0, 47.7, 68.2] {
            for wind in [0.5f32, 0.93, 2.7, 6.1] {
                let around = Around { air, radiant: radiant.into(), wind: wind.into(), vapour, pressure: PRESSURE };
                let [pet, utci] =
                    [pet(around, Body::default()), utci(air, radiant.into(), WIND_10_M * f64::from(wind), humidity)];
                assert!((f64::from(one.at(radiant, wind)) - pet).abs() < 0.05, "{radiant} °C, {wind} m/s: {pet}");
                assert!((f64::from(other.at(radiant, wind)) - utci).abs() < 0.05, "{radiant} °C, {wind} m/s: {utci}");
            }
        }
    }
}
