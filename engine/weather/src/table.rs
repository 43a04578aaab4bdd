//! Hanze's own CSV of weather. Its first line names the columns: `time` is the end of the hour as 2019-07-25T14:00Z, then any of
//! those below. Semicolons or tabs may part them; then decimals may have a comma.

use super::{
    AIR, CLOUD, DIFFUSE, DIRECT, DIRECTION, FIELDS, GLOBAL, HUMIDITY, LONGWAVE, PRESSURE, RAIN, Row, WIND, days,
    number, shown,
};
use hanze_base::error::{Error, Result};
use std::path::Path;

/// Names of the columns, and what one of their units is worth.
const COLUMNS: [(&str, usize, f64); 11] = [
    ("air_c", AIR, 1.0),
    ("humidity_percent", HUMIDITY, 1.0),
    ("wind_m_per_s", WIND, 1.0),
    ("direction_degrees", DIRECTION, 1.0),
    ("global_w_per_m2", GLOBAL, 1.0),
    ("diffuse_w_per_m2", DIFFUSE, 1.0),
    ("direct_w_per_m2", DIRECT, 1.0),
    ("pressure_hpa", PRESSURE, 1.0),
    ("cloud_percent", CLOUD, 0.01),
    ("longwave_w_per_m2", LONGWAVE, 1.0),
    ("rain_mm", RAIN, 1.0),
];

pub(super) fn rows(path: &Path, text: &str, from: i64, to: i64) -> Result<Vec<Row>> {
    let mut lines = text.lines().enumerate();
    let first = lines.next().map_or("", |(_, line)| line);
    // Spreadsheets in Dutch and many other languages part columns by semicolons, and write decimals with a comma.
    let separator = [';', '\t'].into_iter().find(|own| first.contains(*own)).unwrap_or(',');
    let header: Vec<&str> = first.split(separator).map(str::trim).collect();
    let known = COLUMNS.map(|(name, ..)| name).join(", ");
    let mend = format!("name them in the first line: time, {known}");
    if header.first() != Some(&"time") {
        return Err(Error::data(path, "is not weather that Hanze reads (KNMI, EPW, UMEP or its own CSV)", mend));
    }
    let mut fields = Vec::new();
    for name in &header[1..] {
        let Some(column) = COLUMNS.iter().find(|(own, ..)| own == name) else {
            return Err(Error::data(path, format!("line 1: knows no column \"{}\"", shown(name)), mend));
        };
        fields.push(column);
    }
    let mut rows = Vec::new();
    for (k, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(separator).collect();
        if cells.len() != header.len() {
            let words = format!("line {}: has {} values for {} columns", k + 1, cells.len(), header.len());
            return Err(Error::data(path, words, "give each column a value, or nothing between two separators"));
        }
        let Some(end) = time(cells[0].trim()) else {
            let words = format!("line {}: \"{}\" is not an hour in UTC", k + 1, shown(cells[0]));
            return Err(Error::data(path, words, "write the end of the hour as 2019-07-25T14:00Z"));
        };
        let mut values = [None; FIELDS];
        for ((_, field, unit), cell) in fields.iter().zip(&cells[1..]) {
            let cell = if separator == ',' { (*cell).to_string() } else { cell.replace(',', ".") };
            values[*field] = number(path, k + 1, &cell)?.map(|value| value * unit);
        }
        if (from + 1..=to).contains(&end) {
            rows.push(Row { end, line: k + 1, values });
        }
    }
    Ok(rows)
}

/// Seconds since 1970 of 2019-07-25T14:00Z, with or without seconds.
fn time(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once(['T', ' '])?;
    let whole = |text: &str| text.split(['-', ':']).map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<u32>>>();
    let (date, clock) = (whole(date)?, whole(clock)?);
    let ([year, month, day], [hour, minute, ..]) = (&date[..], &clock[..]) else { return None };
    let (year, month, day, hour, minute) = (*year, *month, *day, *hour, *minute);
    let day = days(i64::from(year), month, day)?;
    (hour <= 24 && minute == 0).then(|| day * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60)
}
