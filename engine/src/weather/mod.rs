//! Weather by the hour, from the files that stations and climate services give.

mod civil;
mod epw;
mod knmi;
mod table;
mod umep;

pub use civil::{date, days};

use crate::error::{Error, Result};
use crate::remark::Remarks;
use std::io::Read;
use std::path::Path;

/// Largest file that is read, unpacked, bytes: thirty years of a station have some 40 million.
const MOST_BYTES: u64 = 400_000_000;
/// Hours without a value that are filled from those around them.
const LONGEST_GAP: usize = 3;
/// Hours that a run may want.
const MOST_HOURS: usize = 9000;
/// Wind where a file knows none, m/s at 10 m.
const USUAL_WIND: f64 = 2.0;

/// One hour at a station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// When it ends, s since 1970 (UTC).
    pub end: i64,
    /// Air temperature, °C.
    pub air: f64,
    /// Relative humidity, %.
    pub humidity: f64,
    /// Wind at 10 m, m/s: of its last ten minutes where a file tells them apart.
    pub wind: f64,
    /// Mean wind of the whole hour at 10 m, m/s.
    pub mean_wind: f64,
    /// Where the wind comes from, degrees from north over east; `None` where it is calm, changes or is not known.
    pub direction: Option<f64>,
    /// Global radiation, W/m².
    pub global: f64,
    /// Diffuse radiation, W/m², if it was measured.
    pub diffuse: Option<f64>,
    /// Direct radiation on a plane that faces the sun, W/m², if it was measured.
    pub direct: Option<f64>,
    /// Pressure, hPa.
    pub pressure: Option<f64>,
    /// Share of the sky that is covered.
    pub cloud: Option<f64>,
    /// Longwave radiation of the sky, W/m², if it was measured.
    pub longwave: Option<f64>,
    /// Rain of the hour, mm, if it was measured.
    pub rain: Option<f64>,
}

/// Hours at a station, and what had to be mended in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// One after the other, without gaps.
    pub hours: Vec<Hour>,
    /// Repairs, in words.
    pub repairs: Remarks,
    /// Whether it is a typical year, made of several: its light may lead or lag the sun.
    pub is_typical: bool,
    /// Whether temperature, humidity, pressure and clouds are those of the moment at which an hour ends, as KNMI and EPW
    /// give them.
    pub is_of_moment: bool,
}

/// What files hold of an hour.
const AIR: usize = 0;
const HUMIDITY: usize = 1;
const WIND: usize = 2;
const DIRECTION: usize = 3;
const GLOBAL: usize = 4;
const DIFFUSE: usize = 5;
const DIRECT: usize = 6;
const PRESSURE: usize = 7;
const CLOUD: usize = 8;
const LONGWAVE: usize = 9;
const MEAN_WIND: usize = 10;
const RAIN: usize = 11;
const FIELDS: usize = 12;
/// What they are called, with the range that is believed.
const RANGES: [(&str, f64, f64); FIELDS] = [
    ("air temperature", -60.0, 60.0),
    ("humidity", 0.0, 105.0),
    ("wind", 0.0, 60.0),
    ("wind direction", 0.0, 360.0),
    ("global radiation", -10.0, 1500.0),
    ("diffuse radiation", -10.0, 1000.0),
    ("direct radiation", -10.0, 1400.0),
    ("pressure", 500.0, 1100.0),
    ("cloud", 0.0, 1.0),
    ("longwave radiation", 50.0, 700.0),
    ("mean wind", 0.0, 60.0),
    ("rain", 0.0, 300.0),
];

/// An hour as a file has it.
struct Row {
    /// When it ends, s since 1970 (UTC).
    end: i64,
    /// Its line, from 1.
    line: usize,
    values: [Option<f64>; FIELDS],
}

/// Weather that comes with the program, by name.
pub const SHIPPED: [(&str, &str); 1] = [("hot-day", include_str!("../../../scenarios/weather/hot-day.csv"))];

/// Whether a name is that of weather which comes with the program.
pub fn is_shipped(name: &str) -> bool {
    SHIPPED.iter().any(|(own, _)| *own == name)
}

/// The hours of a file whose ends lie after `from` and not after `to` (s since 1970, UTC): KNMI's hourly values (as text or in a zip),
/// EPW, UMEP's met files, or a CSV of Hanze (docs in the README). A path that is the name of weather which comes with the program gives
/// that.
///
/// # Errors
/// `Data` with file and line for what is not understood, cannot be or is missing; `Io` where the file cannot be read.
pub fn read(path: &Path, from: i64, to: i64) -> Result<Weather> {
    let wanted = usize::try_from((to - from) / 3600).unwrap_or(0);
    if wanted == 0 || wanted > MOST_HOURS {
        let words = format!("{wanted} hours are asked for");
        return Err(Error::data(path, words, format!("ask for 1 to {MOST_HOURS}")));
    }
    let (rows, source) = rows(path, from, to)?;
    let mut weather = fitted(path, rows, from, wanted)?;
    weather.is_typical = source == Source::Epw;
    weather.is_of_moment = source != Source::Other;
    Ok(weather)
}

/// Whose file it is.
#[derive(PartialEq, Eq)]
enum Source {
    Epw,
    Knmi,
    Other,
}

/// Rows of a file, and whose it is.
fn rows(path: &Path, from: i64, to: i64) -> Result<(Vec<Row>, Source)> {
    let text = text(path)?;
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_epw = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("epw")) || first.starts_with("LOCATION,");
    Ok(if is_epw {
        (epw::rows(path, &text, from, to)?, Source::Epw)
    } else if text.contains("YYYYMMDD") {
        (knmi::rows(path, &text, from, to)?, Source::Knmi)
    } else if first.trim_start_matches('%').trim_start().starts_with("iy") {
        (umep::rows(path, &text, from, to)?, Source::Other)
    } else {
        (table::rows(path, &text, from, to)?, Source::Other)
    })
}

/// Takes the pressure of another station where there is none; in words how often.
///
/// # Errors
/// Those of the file.
pub fn take_pressure(weather: &mut Weather, path: &Path) -> Result<()> {
    let (Some(first), Some(last)) = (weather.hours.first(), weather.hours.last()) else { return Ok(()) };
    let (from, to) = (first.end - 3600, last.end);
    let found: std::collections::BTreeMap<i64, f64> =
        rows(path, from, to)?.0.iter().filter_map(|row| Some((row.end, row.values[PRESSURE]?))).collect();
    let (_, low, high) = RANGES[PRESSURE];
    if let Some((end, value)) = found.iter().find(|(_, value)| !(low..=high).contains(*value)) {
        let words = format!("pressure of {value} hPa in the hour before {}", stamp(*end));
        return Err(Error::data(path, words, format!("correct it: {low} to {high} is believed")));
    }
    if found.is_empty() {
        let words = format!("has no pressure from {} to {}", stamp(from), stamp(to));
        return Err(Error::data(path, words, "give a file that has it, or leave it out"));
    }
    let mut taken = 0;
    for hour in weather.hours.iter_mut().filter(|hour| hour.pressure.is_none()) {
        hour.pressure = found.get(&hour.end).copied();
        taken += usize::from(hour.pressure.is_some());
    }
    let name = path.file_name().map_or(String::new(), |name| shown(&name.to_string_lossy()));
    weather.repairs.push(format!("pressure of {taken} hours is that of {name}"));
    Ok(())
}

/// The text of a file, or of the only file in a zip.
fn text(path: &Path) -> Result<String> {
    if let Some((_, text)) = SHIPPED.iter().find(|(name, _)| Path::new(name) == path) {
        return Ok((*text).to_string());
    }
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    let mut bytes = Vec::new();
    let unpacked = |error: &dyn std::fmt::Display| {
        Error::data(path, format!("cannot be unpacked: {error}"), "fetch it again, or unpack it yourself")
    };
    let read = if path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("zip")) {
        let mut archive = zip::ZipArchive::new(file).map_err(|error| unpacked(&error))?;
        let names: Vec<usize> = (0..archive.len())
            .filter(|k| {
                let is_text = |name: std::borrow::Cow<str>| name.ends_with(".txt");
                archive.by_index(*k).is_ok_and(|entry| entry.is_file() && entry.name().is_ok_and(is_text))
            })
            .collect();
        let [only] = names[..] else {
            return Err(Error::data(path, format!("holds {} text files", names.len()), "keep one of them"));
        };
        let entry = archive.by_index(only).map_err(|error| unpacked(&error))?;
        entry.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| unpacked(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::data(path, "holds more than 400 MB of text", "cut out the years that are needed"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text from outside, short.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// The number in a cell; `None` where it is empty or says that there is none.
fn number(path: &Path, line: usize, cell: &str) -> Result<Option<f64>> {
    let cell = cell.trim();
    if cell.is_empty() || cell.eq_ignore_ascii_case("nan") {
        return Ok(None);
    }
    let wrong =
        || Error::data(path, format!("line {line}: \"{}\" is not a number", shown(cell)), "write numbers with a point");
    let value: f64 = cell.parse().map_err(|_| wrong())?;
    if value.is_infinite() {
        return Err(wrong());
    }
    Ok(Some(value).filter(|value| *value > -990.0))
}

/// Rows in order, all that are wanted, checked and mended.
fn fitted(path: &Path, rows: Vec<Row>, from: i64, wanted: usize) -> Result<Weather> {
    let mut slots: Vec<Option<Row>> = (0..wanted).map(|_| None).collect();
    for row in rows {
        let at = row.end - from;
        let slot = usize::try_from(at / 3600 - 1).ok().filter(|_| at % 3600 == 0 && at > 0);
        let Some(slot) = slot.and_then(|slot| slots.get_mut(slot)) else { continue };
        if let Some(first) = slot {
            let words = format!("lines {} and {} are the same hour", first.line, row.line);
            return Err(Error::data(path, words, "keep one of them; hours are UTC, without summer time"));
        }
        *slot = Some(row);
    }
    let mut repairs = Remarks::default();
    if slots.iter().all(Option::is_none) {
        let words = format!("has no weather on {}", stamp(from));
        return Err(Error::data(path, words, "choose a date within the file, or give another file"));
    }
    let mut columns = vec![vec![None; wanted]; FIELDS];
    for (k, row) in slots.iter().enumerate() {
        let Some(row) = row else { continue };
        for (field, (value, (name, low, high))) in row.values.iter().zip(RANGES).enumerate() {
            let Some(value) = *value else { continue };
            if !(low..=high).contains(&value) {
                let words = format!("line {}: {name} of {value}", row.line);
                return Err(Error::data(path, words, format!("correct it: {low} to {high} is believed, −999 is none")));
            }
            columns[field][k] = Some(match field {
                HUMIDITY if value > 100.0 => {
                    repairs.push(format!("line {}: humidity of {value} % taken as 100 %", row.line));
                    100.0
                }
                GLOBAL | DIFFUSE | DIRECT => value.max(0.0),
                _ => value,
            });
        }
    }
    if columns[WIND].iter().all(Option::is_none) && columns[MEAN_WIND].iter().any(Option::is_some) {
        repairs.push("there is no wind of ten minutes: that of the whole hour is taken");
        columns[WIND] = columns[MEAN_WIND].clone();
    }
    if columns[WIND].iter().all(Option::is_none) {
        repairs.push(format!("there is no wind: {USUAL_WIND} m/s at 10 m is taken"));
        columns[WIND].fill(Some(USUAL_WIND));
    }
    for field in [AIR, HUMIDITY, WIND, GLOBAL] {
        fill(path, &mut columns[field], RANGES[field].0, from, &mut repairs)?;
    }
    let hour = |k: usize| {
        let needed = |field: usize| columns[field][k].unwrap_or(f64::NAN);
        Hour {
            end: from + 3600 * (k as i64 + 1),
            air: needed(AIR),
            humidity: needed(HUMIDITY),
            wind: needed(WIND),
            mean_wind: columns[MEAN_WIND][k].unwrap_or(needed(WIND)),
            direction: columns[DIRECTION][k],
            global: needed(GLOBAL),
            diffuse: columns[DIFFUSE][k],
            direct: columns[DIRECT][k],
            pressure: columns[PRESSURE][k],
            cloud: columns[CLOUD][k],
            longwave: columns[LONGWAVE][k],
            rain: columns[RAIN][k],
        }
    };
    Ok(Weather { hours: (0..wanted).map(hour).collect(), repairs, is_typical: false, is_of_moment: false })
}

/// Fills short gaps, linearly.
fn fill(path: &Path, values: &mut [Option<f64>], name: &str, from: i64, repairs: &mut Remarks) -> Result<()> {
    let mut k = 0;
    while k < values.len() {
        if values[k].is_some() {
            k += 1;
            continue;
        }
        let end = (k..values.len()).find(|j| values[*j].is_some()).unwrap_or(values.len());
        let when = stamp(from + 3600 * k as i64);
        let before = k.checked_sub(1).and_then(|before| values[before]);
        let after = values.get(end).copied().flatten();
        let (Some(low), Some(high)) = (before.or(after), after.or(before)) else {
            return Err(Error::data(path, format!("has no {name}"), "give a file that has it"));
        };
        if end - k > LONGEST_GAP {
            let words = format!("has no {name} for {} hours from {when} on", end - k);
            return Err(Error::data(path, words, "give a file without that gap"));
        }
        repairs.push(format!("{} hours without {name} from {when} on are filled from those around them", end - k));
        for (j, value) in values[k..end].iter_mut().enumerate() {
            let share = (j + 1) as f64 / (end - k + 1) as f64;
            *value = Some(low + share * (high - low));
        }
        k = end;
    }
    Ok(())
}

/// A time in words.
pub fn stamp(unix: i64) -> String {
    let (year, month, day) = date(unix.div_euclid(86_400));
    let seconds = unix.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests;
