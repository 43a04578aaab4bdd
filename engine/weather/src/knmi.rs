//! Hourly values of KNMI: `STN,YYYYMMDD,HH,DD,FH,FF,…` in tenths; hour h runs from h−1 to h UTC.

use super::{AIR, CLOUD, DIRECTION, FIELDS, GLOBAL, HUMIDITY, MEAN_WIND, PRESSURE, RAIN, Row, WIND, days, number};
use hanze_base::error::{Error, Result};
use std::path::Path;

/// Columns, and what one of their units is worth.
const COLUMNS: [(&str, usize, f64); 9] = [
    ("T", AIR, 0.1),
    ("U", HUMIDITY, 1.0),
    ("FF", WIND, 0.1),
    ("FH", MEAN_WIND, 0.1),
    ("DD", DIRECTION, 1.0),
    // J/cm² in an hour.
    ("Q", GLOBAL, 1.0 / 0.36),
    ("P", PRESSURE, 0.1),
    ("N", CLOUD, 0.125),
    ("RH", RAIN, 0.1),
];

pub(super) fn rows(path: &Path, text: &str, from: i64, to: i64) -> Result<Vec<Row>> {
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    // Dates as the file writes them, with a day on both sides.
    let dates = [from - 86_400, to + 86_400].map(|unix| {
        let date = super::date(unix.div_euclid(86_400));
        i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
    });
    for (k, line) in text.lines().enumerate() {
        let names = line.trim_start_matches('#').trim();
        if names.starts_with("STN,") {
            columns = Some(names.split(',').map(|name| name.trim().to_uppercase()).collect());
            continue;
        }
        let Some(columns) = &columns else { continue };
        let Some(date) = line.split(',').nth(1).and_then(|cell| cell.trim().parse::<i64>().ok()) else { continue };
        if !(dates[0]..=dates[1]).contains(&date) {
            continue;
        }
        let line_number = k + 1;
        let cells: Vec<&str> = line.split(',').collect();
        let bad =
            |what: String| Error::data(path, format!("line {line_number}: {what}"), "fetch the file again from KNMI");
        if cells.len() != columns.len() {
            return Err(bad(format!("has {} values for {} columns", cells.len(), columns.len())));
        }
        let cell = |name: &str| columns.iter().position(|own| own == name).map(|at| cells[at]);
        let hour = cell("HH").or(cell("H")).map(|cell| number(path, line_number, cell)).transpose()?.flatten();
        let Some(hour) = hour.filter(|hour| (1.0..=24.0).contains(hour)) else {
            return Err(bad("has no hour from 1 to 24".into()));
        };
        let (year, month, day) = (date / 10_000, (date / 100 % 100) as u32, (date % 100) as u32);
        let Some(day) = days(year, month, day) else { return Err(bad(format!("{date} is not a date"))) };
        let mut values = [None; FIELDS];
        for (name, field, unit) in COLUMNS {
            let Some(value) = cell(name).map(|cell| number(path, line_number, cell)).transpose()?.flatten() else {
                continue;
            };
            values[field] = match field {
                // 0 is calm and 990 changes; of the sky, 9 cannot be seen.
                DIRECTION if value == 0.0 || value == 990.0 => None,
                CLOUD if value == 9.0 => None,
                // −1 is less than 0.05 mm.
                RAIN if value == -1.0 => Some(0.0),
                _ => Some(value * unit),
            };
        }
        rows.push(Row { end: day * 86_400 + hour as i64 * 3600, line: line_number, values });
    }
    if columns.is_none() {
        return Err(Error::data(path, "has no line that begins with STN,", "fetch the file again from KNMI"));
    }
    Ok(rows)
}
