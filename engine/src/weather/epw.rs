//! EnergyPlus weather: hours 1 to 24 in the local standard time that the first line names. Typical years are made of months of
//! several years, so the year is not looked at.

use super::{
    AIR, CLOUD, DIFFUSE, DIRECT, DIRECTION, FIELDS, GLOBAL, HUMIDITY, LONGWAVE, PRESSURE, Row, WIND, days, number,
};
use crate::error::{Error, Result};
use std::path::Path;

/// Columns from 0, what one of their units is worth, and from where on there is no value.
const COLUMNS: [(usize, usize, f64, f64); 10] = [
    (6, AIR, 1.0, 99.0),
    (8, HUMIDITY, 1.0, 999.0),
    (9, PRESSURE, 0.01, 999_000.0),
    (12, LONGWAVE, 1.0, 9999.0),
    (13, GLOBAL, 1.0, 9999.0),
    (14, DIRECT, 1.0, 9999.0),
    (15, DIFFUSE, 1.0, 9999.0),
    (20, DIRECTION, 1.0, 999.0),
    (21, WIND, 1.0, 999.0),
    (22, CLOUD, 0.1, 99.0),
];

pub(super) fn rows(path: &Path, text: &str, from: i64, to: i64) -> Result<Vec<Row>> {
    let zone =
        text.lines().next().and_then(|line| line.split(',').nth(8)).and_then(|cell| cell.trim().parse::<f64>().ok());
    let Some(zone) = zone.filter(|zone| (-12.0..=14.0).contains(zone)) else {
        return Err(Error::data(
            path,
            "line 1: names no time zone",
            "give a whole EPW file, whose first line is LOCATION,…",
        ));
    };
    if (zone * 3600.0) % 3600.0 != 0.0 {
        let words = format!("line 1: hours of a time zone of {zone} hours are not whole hours in UTC");
        return Err(Error::data(
            path,
            words,
            "give a CSV with the hours in UTC, or the file of a place in a whole zone",
        ));
    }
    let mut rows = Vec::new();
    for (k, line) in text.lines().enumerate().skip(8) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() < 23 {
            continue;
        }
        let whole = |cell: &str| cell.trim().parse::<u32>().ok();
        let (Some(month), Some(day), Some(hour)) = (whole(cells[1]), whole(cells[2]), whole(cells[3])) else {
            return Err(Error::data(path, format!("line {}: has no date", k + 1), "give a whole EPW file"));
        };
        let mut values = [None; FIELDS];
        for (column, field, unit, none) in COLUMNS {
            values[field] = number(path, k + 1, cells[column])?.filter(|value| *value < none).map(|value| value * unit);
        }
        // The years that are asked for, and their neighbours over New Year.
        let years = [from, to].map(|unix| super::date(unix.div_euclid(86_400)).0);
        for year in years[0] - 1..=years[1] + 1 {
            let Some(at) = days(year, month, day) else { continue };
            let end = at * 86_400 + i64::from(hour) * 3600 - (zone * 3600.0) as i64;
            if (from + 1..=to).contains(&end) {
                rows.push(Row { end, line: k + 1, values });
            }
        }
    }
    Ok(rows)
}
