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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::heat::pet::saturation;

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
