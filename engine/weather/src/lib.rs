//! Weather by the hour, from the files that stations and climate services give.
//!
//! Users take it through the facade `hanze-engine`, where it is `weather`. It may name `hanze-base` only.

mod archive;
mod civil;
mod epw;
mod knmi;
mod table;
mod umep;

pub use civil::{date, day_of_year, days, stamp};

use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use hanze_base::words::Language;
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
    /// What was guessed, mended or left out.
    pub repairs: Remarks,
    /// Latitude and longitude of the station, degrees, where the file has to be of a place nearby and says which: EPW.
    pub station: Option<(f64, f64)>,
    /// Whether its light may lead or lag the sun, as that of typical years does, which are made of several: EPW.
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

/// What they are called in Dutch.
const DUTCH: [&str; FIELDS] = [
    "luchttemperatuur",
    "vochtigheid",
    "wind",
    "windrichting",
    "globale straling",
    "diffuse straling",
    "directe straling",
    "luchtdruk",
    "bewolking",
    "langgolvige straling",
    "gemiddelde wind",
    "regen",
];

/// What a file has, as its reader found it.
struct Found {
    rows: Vec<Row>,
    /// Latitude and longitude of the station, degrees, where the file has to be of a place nearby and says which.
    station: Option<(f64, f64)>,
    remarks: Remarks,
    /// What a file writes for each field where there is no value, for hints.
    none: [&'static str; FIELDS],
}

impl From<Vec<Row>> for Found {
    fn from(rows: Vec<Row>) -> Found {
        Found { rows, station: None, remarks: Remarks::default(), none: ["−999"; FIELDS] }
    }
}

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

/// The hours of a file whose ends lie after `from` and not after `to` (s since 1970, UTC): KNMI's hourly values, EPW, UMEP's met files, or
/// a CSV of Hanze (docs in the README), as text or in a zip with no other weather. A path that is the name of weather which comes with
/// the program gives that.
///
/// # Errors
/// `Data` with file and line for what is not understood, cannot be or is missing; `Io` where the file cannot be read.
pub fn read(path: &Path, from: i64, to: i64) -> Result<Weather> {
    let wanted = usize::try_from((to - from) / 3600).unwrap_or(0);
    if wanted == 0 || wanted > MOST_HOURS {
        let words = format!("{wanted} hours are asked for");
        return Err(Error::data(path, words, format!("ask for 1 to {MOST_HOURS}")));
    }
    let (found, source) = rows(path, from, to)?;
    let mut weather = fitted(path, found, from, wanted)?;
    weather.is_typical = source == Source::Epw;
    weather.is_of_moment = matches!(source, Source::Epw | Source::Knmi);
    Ok(weather)
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Epw,
    Knmi,
    Umep,
    Table,
}

/// Whose file a text is, or the beginning of one; `None` where it is no weather.
fn source(text: &str) -> Option<Source> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_start();
    if first.starts_with("LOCATION,") {
        Some(Source::Epw)
    } else if text.contains("YYYYMMDD") {
        Some(Source::Knmi)
    } else if first.trim_start_matches('%').trim_start().starts_with("iy") {
        Some(Source::Umep)
    } else {
        first.starts_with("time").then_some(Source::Table)
    }
}

/// What a file has, and whose it is.
fn rows(path: &Path, from: i64, to: i64) -> Result<(Found, Source)> {
    let text = text(path)?;
    let is_epw = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("epw"));
    // What is none of them is no table, either, and is refused as one.
    let source = if is_epw { Source::Epw } else { source(&text).unwrap_or(Source::Table) };
    let found = match source {
        Source::Epw => epw::rows(path, &text, from, to)?,
        Source::Knmi => knmi::rows(path, &text, from, to)?.into(),
        Source::Umep => umep::rows(path, &text, from, to)?.into(),
        Source::Table => table::rows(path, &text, from, to)?.into(),
    };
    Ok((found, source))
}

/// Takes the pressure of another station where there is none; in words how often.
///
/// # Errors
/// `Io` where the file of the other station cannot be read; `Data` where it is not understood, or has no pressure in those hours or
/// one beyond belief.
pub fn take_pressure(weather: &mut Weather, path: &Path) -> Result<()> {
    let (Some(first), Some(last)) = (weather.hours.first(), weather.hours.last()) else { return Ok(()) };
    let (from, to) = (first.end - 3600, last.end);
    let found: std::collections::BTreeMap<i64, f64> =
        rows(path, from, to)?.0.rows.iter().filter_map(|row| Some((row.end, row.values[PRESSURE]?))).collect();
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
    let count = weather.hours.len();
    let en = format!("pressure of {taken} of {count} hours is that of {name}");
    let nl = format!("de luchtdruk van {taken} van de {count} uren is die van {name}");
    weather.repairs.push(Remark::new(share(taken, count), en, nl));
    Ok(())
}

/// Share of some hours in all.
fn share(some: usize, all: usize) -> f64 {
    some as f64 / all.max(1) as f64
}

/// The text of a file, or of the only weather in a zip, without the mark of its bytes' order.
fn text(path: &Path) -> Result<String> {
    if let Some((_, text)) = SHIPPED.iter().find(|(name, _)| Path::new(name) == path) {
        return Ok((*text).to_string());
    }
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("zip")) {
        archive::weather(path, file, &mut bytes)?;
    } else {
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io("reading", path))?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::data(path, "holds more than 400 MB of text", "cut out the years that are needed"));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_string())
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
fn fitted(path: &Path, found: Found, from: i64, wanted: usize) -> Result<Weather> {
    let Found { rows, station, remarks: mut repairs, none } = found;
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
    if slots.iter().all(Option::is_none) {
        let words = format!("has no weather on {}", stamp(from));
        return Err(Error::data(path, words, "choose a date within the file, or give another file"));
    }
    let mut columns = vec![vec![None; wanted]; FIELDS];
    let mut damp = 0;
    for (k, row) in slots.iter().enumerate() {
        let Some(row) = row else { continue };
        for (field, (value, (name, low, high))) in row.values.iter().zip(RANGES).enumerate() {
            let Some(value) = *value else { continue };
            if !(low..=high).contains(&value) {
                let words = format!("line {}: {name} of {value}", row.line);
                let mend = format!("correct it: {low} to {high} is believed, {} is none", none[field]);
                return Err(Error::data(path, words, mend));
            }
            columns[field][k] = Some(match field {
                HUMIDITY if value > 100.0 => {
                    damp += 1;
                    100.0
                }
                GLOBAL | DIFFUSE | DIRECT => value.max(0.0),
                _ => value,
            });
        }
    }
    if damp > 0 {
        let en = format!("humidity of {damp} of {wanted} hours is above 100 %: taken as 100 %");
        let nl = format!("de vochtigheid van {damp} van de {wanted} uren is boven 100 %: er is gerekend met 100 %");
        repairs.push(Remark::new(share(damp, wanted), en, nl));
    }
    if columns[WIND].iter().all(Option::is_none) && columns[MEAN_WIND].iter().any(Option::is_some) {
        repairs.push(Remark::new(
            1.0,
            "there is no wind of ten minutes: that of the whole hour is taken",
            "er is geen wind per tien minuten: er is gerekend met het gemiddelde van het uur",
        ));
        columns[WIND] = columns[MEAN_WIND].clone();
    }
    if columns[WIND].iter().all(Option::is_none) {
        let nl = Language::Dutch.number(USUAL_WIND, 0);
        repairs.push(Remark::new(
            1.0,
            format!("there is no wind in any hour: {USUAL_WIND} m/s at 10 m is taken"),
            format!("in geen enkel uur is wind gegeven: er is gerekend met {nl} m/s op 10 m hoogte"),
        ));
        columns[WIND].fill(Some(USUAL_WIND));
    }
    for field in [AIR, HUMIDITY, WIND, GLOBAL] {
        fill(path, &mut columns[field], field, from, &mut repairs)?;
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
    Ok(Weather { hours: (0..wanted).map(hour).collect(), repairs, station, is_typical: false, is_of_moment: false })
}

/// Fills short gaps, linearly.
fn fill(path: &Path, values: &mut [Option<f64>], field: usize, from: i64, repairs: &mut Remarks) -> Result<()> {
    let name = RANGES[field].0;
    let (mut filled, mut first) = (0, String::new());
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
        filled += end - k;
        if first.is_empty() {
            first = when;
        }
        for (j, value) in values[k..end].iter_mut().enumerate() {
            let share = (j + 1) as f64 / (end - k + 1) as f64;
            *value = Some(low + share * (high - low));
        }
        k = end;
    }
    if filled > 0 {
        let (all, dutch) = (values.len(), DUTCH[field]);
        repairs.push(Remark::new(
            share(filled, all),
            format!("{filled} of {all} hours without {name}, the first from {first} on, are filled from those around them"),
            format!("{filled} van de {all} uren zonder {dutch}, het eerste vanaf {first}, zijn aangevuld uit de uren eromheen"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
