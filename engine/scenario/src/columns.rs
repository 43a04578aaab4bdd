//! CSV files of a value in time: two columns in the dialects that are met.

use hanze_base::error::{Error, Result};
use hanze_base::remark::Remark;
use hanze_base::words::Language;
use hanze_weather::days;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a CSV file that are read; a million points fit.
const LARGEST_FILE: u64 = 256 << 20;
/// Lines that a file may have.
pub const MOST_POINTS: usize = 1_000_000;

/// A date with a time of day.
#[derive(Clone, Debug, PartialEq)]
pub struct Date {
    /// Since 1970, s; in UTC where it has an offset from it.
    pub seconds: f64,
    /// Whether it has an offset from UTC.
    is_zoned: bool,
    /// As its file writes it.
    text: String,
}

impl Date {
    /// 2024-07-10 14:00, 2024-07-10T14:00:00Z, 2024-07-10T14:00+02:00, 20240710 14:00, 10-07-2024 14:00.
    fn of(cell: &str) -> Option<Date> {
        let (seconds, is_zoned) = stamp(cell)?;
        Some(Date { seconds, is_zoned, text: cell.trim().to_string() })
    }
}

/// The two columns of a file.
#[derive(Debug)]
pub struct Columns {
    /// Header of the second column.
    pub header: String,
    /// Time (s), value in the unit of the header, and line of the file; times rise.
    pub rows: Vec<(f64, f64, u64)>,
    /// What the time 0 was taken to be, where the file has dates.
    pub remark: Option<Remark>,
}

impl Columns {
    /// The first date of a file that has dates.
    pub fn first_date(path: &Path) -> Option<Date> {
        let (mut reader, _) = open(path).ok()?;
        if seconds_each(&plain(reader.headers().ok()?.get(0)?)).is_some() {
            return None;
        }
        Date::of(reader.records().next()?.ok()?.get(0)?)
    }

    /// Reads a file: columns apart by a comma, a semicolon or a tab; with the latter two numbers may have a decimal comma. Times are
    /// minutes, seconds or hours, as the header says, or dates, of which `zero` is time 0, or else the first.
    ///
    /// # Errors
    /// `Io` where it cannot be opened; `Data` with the line where a header, a number or a time is none, times do not rise, or some dates
    /// have an offset from UTC and others none.
    pub fn read(path: &Path, zero: Option<&Date>) -> Result<Columns> {
        let (mut reader, delimiter) = open(path)?;
        let broken =
            |error: csv::Error| Error::data(path, format!("cannot be read: {error}"), "write a CSV file in UTF-8");
        let headers = reader.headers().map_err(broken)?.clone();
        let header = |k: usize| plain(headers.get(k).unwrap_or(""));
        let (clock, value) = (header(0), header(1));
        let each = seconds_each(&clock);
        let no_clock = || {
            let mend = "begin with a header such as `minutes,mm_per_hour` or `seconds,value`, or give dates such as 2024-07-10 14:00";
            Error::data(path, format!("line 1: the first column is \"{clock}\""), mend)
        };
        let (mut rows, mut zero): (Vec<(f64, f64, u64)>, Option<Date>) = (Vec::new(), zero.cloned());
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
                    let at = match Date::of(cell) {
                        Some(at) => at,
                        None if rows.is_empty() => return Err(no_clock()),
                        None => return Err(wrong(format!("\"{cell}\" is not a date"), "write it as 2024-07-10 14:00")),
                    };
                    let zero = zero.get_or_insert_with(|| at.clone());
                    if at.is_zoned != zero.is_zoned {
                        let (with, without) = if at.is_zoned { (&at, &*zero) } else { (&*zero, &at) };
                        let problem = format!("{} has an offset from UTC, and {} has none", with.text, without.text);
                        return Err(wrong(problem, "write all dates of a scenario with an offset, or all without"));
                    }
                    at.seconds - zero.seconds
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
        let begins = rows.first().map_or(0.0, |row| row.0) / 60.0;
        let remark = zero.filter(|_| each.is_none()).map(|zero| {
            let first = zero.text;
            if begins == 0.0 {
                return Remark::new(
                    0.0,
                    format!("the run begins at {first}, the first time in the file"),
                    format!("de berekening begint om {first}, het eerste tijdstip in het bestand"),
                );
            }
            let [minute, minuut] = [Language::English, Language::Dutch].map(|language| language.number(begins, 0));
            Remark::new(
                0.0,
                format!(
                    "the run begins at {first}, the first time of all series with dates; this one begins at minute {minute}"
                ),
                format!(
                    "de berekening begint om {first}, het eerste tijdstip van alle reeksen met datums; deze begint op minuut {minuut}"
                ),
            )
        });
        Ok(Columns { header: value, rows, remark })
    }
}

/// Opens a file of columns, and finds what stands between them.
fn open(path: &Path) -> Result<(csv::Reader<impl Read>, u8)> {
    let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
    let mut input = BufReader::with_capacity(1 << 16, file.take(LARGEST_FILE));
    let head = input.fill_buf().map_err(Error::io("reading", path))?;
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b';', b'\t', b','].into_iter().find(|delimiter| first.contains(delimiter)).unwrap_or(b',');
    let reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(input);
    Ok((reader, delimiter))
}

/// A header in small letters.
fn plain(header: &str) -> String {
    header.trim_start_matches('\u{feff}').to_lowercase()
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

/// Seconds since 1970 of a date with a time of day, in UTC where an offset says so, and whether one does.
fn stamp(cell: &str) -> Option<(f64, bool)> {
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
    let clock = clock.trim();
    let (clock, offset) = match (clock.strip_suffix(['Z', 'z']), clock.rfind(['+', '-'])) {
        (Some(clock), _) => (clock, Some(0.0)),
        (None, Some(at)) => (&clock[..at], Some(offset(&clock[at..])?)),
        (None, None) => (clock, None),
    };
    let mut seconds = 0.0;
    for (k, (part, most)) in clock.split(':').zip([24.0, 59.0, 60.0]).enumerate() {
        let part = part.trim().parse::<f64>().ok().filter(|part| (0.0..=most).contains(part))?;
        seconds += part * [3600.0, 60.0, 1.0][k];
    }
    let is_clock = (2..=3).contains(&clock.split(':').count());
    is_clock.then_some((day as f64 * 86_400.0 + seconds - offset.unwrap_or(0.0), offset.is_some()))
}

/// Seconds of an offset from UTC: +02:00, -0500, +1.
fn offset(text: &str) -> Option<f64> {
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let part = |text: &str, most: u8| text.parse::<u8>().ok().filter(|part| *part <= most).map(f64::from);
    let seconds = 3600.0 * part(hours, 14)? + 60.0 * part(minutes, 59)?;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_four_ways() {
        let expected = stamp("2024-07-10 14:10").map(|(seconds, _)| seconds);
        assert!(expected.is_some());
        for (text, is_zoned) in [
            ("20240710 14:10", false),
            ("10-07-2024 14:10", false),
            ("2024-07-10T14:10:00Z", true),
            ("2024-07-10T16:10+02:00", true),
            ("2024-07-10 09:10 -0500", true),
            ("2024-07-11T00:10:00+10", true),
        ] {
            assert_eq!(stamp(text), expected.map(|seconds| (seconds, is_zoned)), "{text}");
        }
        for text in [
            "",
            "0",
            "2024-13-10 14:00",
            "2024-07-10 25:00",
            "10/07/2024 14:00",
            "2024-07-10 14",
            "14:00",
            "éé240710",
            "2024-07-10 14:00+",
            "2024-07-10 14:00+99",
            "2024-07-10 14:00-é",
        ] {
            assert_eq!(stamp(text), None, "{text}");
        }
        assert_eq!((stamp("2024-07-11"), stamp("2024-07-11 00:00")), (stamp("2024-07-10 24:00"), stamp("2024-07-11")));
    }
}
