//! Met files of UMEP: year, day of the year, hour; −999 is no value. Label h is the mean of h−1 to h, in UTC.

use super::{
    AIR, CLOUD, DIFFUSE, DIRECT, DIRECTION, FIELDS, GLOBAL, HUMIDITY, LONGWAVE, PRESSURE, RAIN, Row, WIND, days, number,
};
use hanze_base::error::{Error, Result};
use std::path::Path;

/// Names of the columns, in small letters, as SOLWEIG and SUEWS write them, and what one of their units is worth.
const COLUMNS: [(&str, usize, f64); 16] = [
    ("td", AIR, 1.0),
    ("tair", AIR, 1.0),
    ("rh", HUMIDITY, 1.0),
    ("wind", WIND, 1.0),
    ("u", WIND, 1.0),
    ("wd", DIRECTION, 1.0),
    ("wdir", DIRECTION, 1.0),
    ("kdn", GLOBAL, 1.0),
    ("kdown", GLOBAL, 1.0),
    ("kdiff", DIFFUSE, 1.0),
    ("kdir", DIRECT, 1.0),
    // kPa
    ("press", PRESSURE, 10.0),
    ("pres", PRESSURE, 10.0),
    ("fcld", CLOUD, 1.0),
    ("ldown", LONGWAVE, 1.0),
    ("rain", RAIN, 1.0),
];

pub(super) fn rows(path: &Path, text: &str, from: i64, to: i64) -> Result<Vec<Row>> {
    let mut lines = text.lines().enumerate();
    let header = lines.next().map_or("", |(_, line)| line).trim_start_matches('%').to_lowercase();
    let columns: Vec<&str> = header.split_whitespace().collect();
    let mut rows = Vec::new();
    for (k, line) in lines {
        let cells: Vec<&str> = line.split_whitespace().collect();
        // A line of −9 ends some of these files.
        if cells.is_empty() || cells[0].starts_with('-') {
            continue;
        }
        let bad = |what: String| Error::data(path, format!("line {}: {what}", k + 1), "make the file again with UMEP");
        if cells.len() != columns.len() {
            return Err(bad(format!("has {} values for {} columns", cells.len(), columns.len())));
        }
        let time: Vec<f64> = cells.iter().take(3).filter_map(|cell| cell.parse().ok()).collect();
        let [year, day, hour] = time[..] else { return Err(bad("has no year, day and hour".into())) };
        let first = days(year as i64, 1, 1).filter(|_| (1.0..=366.0).contains(&day) && (0.0..=24.0).contains(&hour));
        let Some(first) = first else { return Err(bad(format!("{year} {day} {hour} is not a time"))) };
        let mut values = [None; FIELDS];
        for (name, field, unit) in COLUMNS {
            if let Some(at) = columns.iter().position(|own| *own == name) {
                values[field] = number(path, k + 1, cells[at])?.map(|value| value * unit);
            }
        }
        let end = (first + day as i64 - 1) * 86_400 + hour as i64 * 3600;
        if (from + 1..=to).contains(&end) {
            rows.push(Row { end, line: k + 1, values });
        }
    }
    Ok(rows)
}
