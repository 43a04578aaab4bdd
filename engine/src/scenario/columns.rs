//! CSV files of a value in time: two columns in the dialects that are met, with the unit that the header names.

use crate::error::{Error, Result};
use crate::remark::Remark;
use crate::weather::days;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a CSV file that are read; a million points fit.
const LARGEST_FILE: u64 = 256 << 20;
/// Lines that a file may have.
pub(super) const MOST_POINTS: usize = 1_000_000;

/// What the values of a column of rain are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// Intensities: so many mm per hour each, until the next line.
    Rate(f64),
    /// Depths, mm, that fall from their line to the next.
    Step,
}

/// The two columns of a file.
#[derive(Debug)]
pub(super) struct Columns {
    /// Header of the second column.
    pub header: String,
    /// Time (s), value in the unit of the header, and line of the file; times rise.
    pub rows: Vec<(f64, f64, u64)>,
    /// What the time 0 was taken to be, where the file has dates.
    pub remark: Option<Remark>,
}

impl Columns {
    /// Reads a file: columns apart by a comma, a semicolon or a tab; with the latter two numbers may have a decimal comma. Times are
    /// minutes, seconds or hours, as the header says, or dates, of which the first is time 0.
    ///
    /// # Errors
    /// `Io` where it cannot be opened; `Data` with the line where a header, a number or a time is none, or times do not rise.
    pub fn read(path: &Path) -> Result<Columns> {
        let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
        let mut input = BufReader::with_capacity(1 << 16, file.take(LARGEST_FILE));
        let head = input.fill_buf().map_err(Error::io("reading", path))?;
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let delimiter = [b';', b'\t', b','].into_iter().find(|delimiter| first.contains(delimiter)).unwrap_or(b',');
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(input);
        let broken =
            |error: csv::Error| Error::data(path, format!("cannot be read: {error}"), "write a CSV file in UTF-8");
        let headers = reader.headers().map_err(broken)?.clone();
        let header = |k: usize| headers.get(k).unwrap_or("").trim_start_matches('\u{feff}').to_lowercase();
        let (clock, value) = (header(0), header(1));
        let each = seconds_each(&clock);
        let no_clock = || {
            let mend = "begin with a header such as `minutes,mm_per_hour` or `seconds,value`, or give dates such as 2024-07-10 14:00";
            Error::data(path, format!("line 1: the first column is \"{clock}\""), mend)
        };
        let (mut rows, mut began): (Vec<(f64, f64, u64)>, Option<(f64, String)>) = (Vec::new(), None);
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            let wrong = |problem: String, mend: &str| Error::data(path, format!("line {line}: {problem}"), mend);
            if record.iter().skip(headers.len()).any(|cell| !cell.is_empty()) {
                let problem = format!("has {} columns, and the header has {}", record.len(), headers.len());
                return Err(wrong(problem, "write decimal points, or put semicolons between columns"));
            }
            let number = |column: usize, what: &str| {
                let cell = record.get(column).unwrap_or("");
                let mend = "write a number on every line; there must be no gaps";
                number(cell, delimiter != b',').ok_or_else(|| wrong(format!("\"{cell}\" is not a {what}"), mend))
            };
            let time = match each {
                Some(each) => number(0, "time")? * each,
                None => {
                    let cell = record.get(0).unwrap_or("");
                    let at = match (stamp(cell), &began) {
                        (Some(at), _) => at,
                        (None, None) => return Err(no_clock()),
                        (None, Some(_)) => {
                            return Err(wrong(format!("\"{cell}\" is not a date"), "write it as 2024-07-10 14:00"));
                        }
                    };
                    at - began.get_or_insert_with(|| (at, cell.to_string())).0
                }
            };
            let value = number(1, "value")?;
            if !time.is_finite() || rows.last().is_some_and(|last| last.0 >= time) {
                return Err(wrong("the time does not rise".into(), "sort the lines by time"));
            }
            if rows.len() == MOST_POINTS {
                return Err(wrong("too many points".into(), "keep it to a million"));
            }
            rows.push((time, value, line));
        }
        if rows.is_empty() && each.is_none() {
            return Err(no_clock());
        }
        if rows.is_empty() {
            return Err(Error::data(path, "holds no values", "write at least one line below the header"));
        }
        let remark = began.map(|(_, first)| {
            Remark::new(
                0.0,
                format!("the run begins at {first}, the first time in the file"),
                format!("de berekening begint om {first}, het eerste tijdstip in het bestand"),
            )
        });
        Ok(Columns { header: value, rows, remark })
    }
}

/// A finite number, where `comma` with a decimal comma, too.
fn number(cell: &str, comma: bool) -> Option<f64> {
    let parsed = if comma && !cell.contains('.') { cell.replacen(',', ".", 1).parse() } else { cell.parse() };
    parsed.ok().filter(|value: &f64| value.is_finite())
}

/// Seconds of one unit of time, as a header names it; `None` where it names none.
fn seconds_each(header: &str) -> Option<f64> {
    let is_date = ["date", "datum"].iter().any(|word| header.contains(word));
    if is_date {
        None
    } else if header.contains("min") {
        Some(60.0)
    } else if header.contains("sec") || header.contains("(s)") || header.ends_with("_s") || header == "s" {
        Some(1.0)
    } else if ["hour", "uur", "uren", "(h)"].iter().any(|word| header.contains(word)) || header == "h" {
        Some(3600.0)
    } else {
        None
    }
}

/// Seconds since 1970 of a date with a time of day: 2024-07-10 14:00, 2024-07-10T14:00:00Z, 20240710 14:00, 10-07-2024 14:00.
fn stamp(cell: &str) -> Option<f64> {
    let (date, clock) = cell.trim().split_once(['T', ' ']).unwrap_or((cell.trim(), "0:00"));
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] if year.len() == 4 => (year, month, day),
        // Day and month stand in the Dutch order; with slashes that is not known.
        [day, month, year] if year.len() == 4 && !date.contains('/') => (year, month, day),
        [date] if date.len() == 8 && date.is_ascii() => (&date[..4], &date[4..6], &date[6..]),
        _ => return None,
    };
    let day = days(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    // One offset from UTC holds for all of a file, and only differences of times count.
    let clock = clock.trim().split('+').next()?.trim_end_matches('Z');
    let mut seconds = 0.0;
    for (k, (part, most)) in clock.split(':').zip([24.0, 59.0, 60.0]).enumerate() {
        let part = part.trim().parse::<f64>().ok().filter(|part| (0.0..=most).contains(part))?;
        seconds += part * [3600.0, 60.0, 1.0][k];
    }
    let is_clock = (2..=3).contains(&clock.split(':').count());
    is_clock.then_some(day as f64 * 86_400.0 + seconds)
}

/// Words of a header, with `per` for a slash.
fn words(header: &str) -> Vec<String> {
    let plain = header.to_lowercase().replace('³', "3").replace('/', " per ");
    let plain = plain.replace(['_', '(', ')', '[', ']', ',', '.'], " ");
    plain.split_whitespace().map(String::from).collect()
}

/// Seconds of a word for a span of time.
fn span(word: &str) -> Option<f64> {
    Some(match word.strip_suffix("-1").unwrap_or(word) {
        "s" | "sec" | "second" | "seconds" | "seconde" => 1.0,
        "min" | "mins" | "minute" | "minutes" | "minuut" | "minuten" => 60.0,
        "h" | "hr" | "hour" | "hours" | "u" | "uur" | "uren" => 3600.0,
        "d" | "day" | "days" | "dag" | "dagen" => 86_400.0,
        _ => return None,
    })
}

/// What the header of a column of rain says its values are; `None` where it names no unit of rain.
pub(super) fn amount(header: &str) -> Option<Amount> {
    let words = words(header);
    // A sum since the start is neither.
    if words.iter().any(|word| ["cum", "tot", "sum", "som", "acc"].iter().any(|start| word.starts_with(start))) {
        return None;
    }
    let is_mm =
        |word: &String| ["mm", "millimetre", "millimetres", "millimeter", "millimeters"].contains(&word.as_str());
    let at = words.iter().position(is_mm)?;
    let rest: Vec<&str> = words[at + 1..].iter().map(String::as_str).filter(|word| *word != "per").collect();
    match rest[..] {
        [] | ["step" | "timestep" | "interval" | "stap" | "tijdstap", ..] => Some(Amount::Step),
        [first, ..] => {
            let digits = first.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(first.len());
            let count =
                if digits == 0 { 1.0 } else { first[..digits].parse::<f64>().ok().filter(|count| *count > 0.0)? };
            let unit = if digits == first.len() { rest.get(1).copied()? } else { &first[digits..] };
            Some(Amount::Rate(3600.0 / (count * span(unit)?)))
        }
    }
}

/// What values of a column must be multiplied with to be in `unit` ("m" or "m³/s"): as its header says, or 1 where it names no unit
/// of that kind.
pub(super) fn factor(header: &str, unit: &str) -> f64 {
    let words = words(header);
    let found = words.iter().enumerate().find_map(|(k, word)| {
        let next = || match words.get(k + 1).map(String::as_str) {
            Some("per") => span(words.get(k + 2)?),
            Some(other) => span(other),
            None => None,
        };
        match (unit, word.as_str()) {
            ("m", "m" | "metre" | "meter") => Some(1.0),
            ("m", "dm") => Some(0.1),
            ("m", "cm") => Some(0.01),
            ("m", "mm") => Some(0.001),
            ("m", "ft" | "feet" | "foot") => Some(0.3048),
            ("m³/s", "m3") => Some(1.0 / next()?),
            ("m³/s", "l" | "liter" | "litre" | "dm3") => Some(0.001 / next()?),
            _ => None,
        }
    });
    found.unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_units_of_rain() {
        let (hour, step) = (Some(Amount::Rate(1.0)), Some(Amount::Step));
        for (header, expected) in [
            ("mm_per_hour", hour),
            ("mm/h", hour),
            ("Rain (mm/hr)", hour),
            ("neerslag [mm/uur]", hour),
            ("mm h-1", hour),
            ("mm/min", Some(Amount::Rate(60.0))),
            ("mm_per_day", Some(Amount::Rate(1.0 / 24.0))),
            ("mm/5min", Some(Amount::Rate(12.0))),
            ("mm per 10 minutes", Some(Amount::Rate(6.0))),
            ("mm", step),
            ("rain_mm", step),
            ("Neerslag (mm)", step),
            ("mm/step", step),
            ("mm_per_step", step),
            ("mm cumulative", None),
            ("total_mm", None),
            ("value", None),
            ("rain", None),
            ("inch", None),
            ("m/s", None),
            ("mm/0min", None),
            ("mm/fortnight", None),
        ] {
            assert_eq!(amount(header), expected, "{header}");
        }
    }

    #[test]
    fn headers_name_units_of_levels_and_discharges() {
        for (header, unit, expected) in [
            ("value", "m", 1.0),
            ("level_m", "m", 1.0),
            ("waterstand (cm NAP)", "m", 0.01),
            ("level_ft", "m", 0.3048),
            ("m3/s", "m³/s", 1.0),
            ("m³_per_h", "m³/s", 1.0 / 3600.0),
            ("afvoer (l/s)", "m³/s", 0.001),
            ("q", "m³/s", 1.0),
        ] {
            assert!((factor(header, unit) - expected).abs() < 1e-12, "{header}: {}", factor(header, unit));
        }
    }

    #[test]
    fn dates_are_read_in_four_ways() {
        let expected = stamp("2024-07-10 14:10");
        assert!(expected.is_some());
        for text in ["2024-07-10T14:10:00Z", "20240710 14:10", "10-07-2024 14:10", "2024-07-10T14:10+02:00"] {
            assert_eq!(stamp(text), expected, "{text}");
        }
        for text in
            ["", "0", "2024-13-10 14:00", "2024-07-10 25:00", "10/07/2024 14:00", "2024-07-10 14", "14:00", "éé240710"]
        {
            assert_eq!(stamp(text), None, "{text}");
        }
        assert_eq!((stamp("2024-07-11"), stamp("2024-07-11 00:00")), (stamp("2024-07-10 24:00"), stamp("2024-07-11")));
    }
}
