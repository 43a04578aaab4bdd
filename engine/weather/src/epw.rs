//! EnergyPlus weather: hours 1 to 24 in the local standard time that the first line names. Typical years are made of months of
//! several years, and stand for any; a file of one year is of that year alone, whatever a few of its rows bear.

use super::{
    AIR, CLOUD, DIFFUSE, DIRECT, DIRECTION, FIELDS, Found, GLOBAL, HUMIDITY, LONGEST_GAP, LONGWAVE, PRESSURE, Row,
    WIND, date, days, number, share,
};
use hanze_base::error::{Error, Result};
use hanze_base::remark::{Remark, Remarks};
use std::collections::{BTreeMap, BTreeSet};
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
/// What stands for no value, by field (EnergyPlus, Auxiliary Programs, "EPW Data Dictionary"); there is no rain and no second wind.
const NONE: [&str; FIELDS] =
    ["99.9", "999", "999", "999", "9999", "9999", "9999", "999999", "99", "9999", "999", "999"];
/// Fields that cannot be 0: some files write that where nothing was measured.
const NEVER_ZERO: [usize; 2] = [PRESSURE, LONGWAVE];
const HOUR: i64 = 3600;
/// Rows from which on a month of another year is more than a few strays.
const A_DAY: usize = 24;

/// A line of the file.
struct Line {
    number: usize,
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    values: [Option<f64>; FIELDS],
    /// Whether longwave radiation is 0.
    is_dark: bool,
}

/// The rows that end after `from` and not after `to` (s since 1970, UTC).
///
/// # Errors
/// `Data` with the line for what is not understood; where all rows are of another year than those hours, and where a typical year
/// has no 29 February.
pub(super) fn rows(path: &Path, text: &str, from: i64, to: i64) -> Result<Found> {
    let (zone, station) = head(path, text)?;
    let (lines, short) = lines(path, text)?;
    let years: BTreeSet<i64> = lines.iter().map(|line| line.year).collect();
    let asked = [from, to - 1].map(year_of);
    let (only, strays) = only_year(&lines).unzip();
    let strays = strays.unwrap_or(0);
    if let Some(only) = only.filter(|only| !(asked[0]..=asked[1]).contains(only)) {
        let day = date(from.div_euclid(86_400));
        let leap = if (day.month(), day.day()) == (2, 29) && days(only, 2, 29).is_none() {
            format!(", and {only} has no 29 February")
        } else {
            String::new()
        };
        let all = if strays == 0 { "all" } else { "nearly all" };
        let words = format!("{all} its hours are of {only}, and {day} is asked for{leap}");
        let mend = format!("write a date in {only}, or give the file of {}, or a typical year", asked[0]);
        return Err(Error::data(path, words, mend));
    }
    has_leap_day(path, &lines, only.is_some(), zone, (from, to))?;
    let mut rows = Vec::new();
    let (mut taken, mut dark) = (BTreeSet::new(), 0);
    for line in &lines {
        // A typical year stands for the years that are asked for, and their neighbours over New Year; another for itself, to the ends
        // of its year in UTC.
        let own = line.year;
        let candidates = match only {
            Some(_) => own - 1..=own + 1,
            None => asked[0] - 1..=asked[1] + 1,
        };
        for year in candidates {
            let Some(at) = days(year, line.month, line.day) else { continue };
            let end = at * 86_400 + i64::from(line.hour) * HOUR - zone;
            let is_own = only.is_none() || year == own || year_of(end - 1) == own;
            if is_own && (from + 1..=to).contains(&end) {
                rows.push(Row { end, line: line.number, values: line.values });
                taken.insert(line.year);
                dark += usize::from(line.is_dark);
            }
        }
    }
    let mut remarks = Remarks::default();
    if only.is_none() && !rows.is_empty() {
        remarks.push(typical(&years, &taken));
    }
    if let Some(only) = only.filter(|_| strays > 0) {
        let all = lines.len();
        let en = format!(
            "{strays} of {all} hours of the file bear another year than {only}: they count for that year alone"
        );
        let nl = format!(
            "{strays} van de {all} uren van het bestand hebben een ander jaar dan {only}: ze tellen alleen voor dat jaar"
        );
        remarks.push(Remark::new(share(strays, all), en, nl));
    }
    if dark > 0 {
        let all = rows.len();
        let en = format!("longwave radiation of {dark} of {all} hours is 0, which cannot be: taken as missing");
        let nl = format!(
            "de langgolvige straling van {dark} van de {all} uren is 0, wat niet kan: die telt als niet gemeten"
        );
        remarks.push(Remark::new(share(dark, all), en, nl));
    }
    if short > 0 {
        let all = lines.len() + short;
        let en = format!("{short} of {all} lines of the file are too short and left out");
        let nl = format!("{short} van de {all} regels van het bestand zijn te kort en weggelaten");
        remarks.push(Remark::new(share(short, all), en, nl));
    }
    if station.is_none() {
        remarks.push(Remark::new(
            1.0,
            "the weather file does not give the place of its station: its distance to the city was not checked",
            "het weerbestand zegt niet waar het weerstation ligt: of dat dicht bij de stad is, is niet gecontroleerd",
        ));
    }
    Ok(Found { rows, station, remarks, none: NONE })
}

/// Time zone, s, and place of the station.
fn head(path: &Path, text: &str) -> Result<(i64, Option<(f64, f64)>)> {
    let cells: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let number = |k: usize| cells.get(k).and_then(|cell| cell.trim().parse::<f64>().ok());
    let Some(zone) = number(8).filter(|zone| (-12.0..=14.0).contains(zone)) else {
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
    let place = number(6)
        .zip(number(7))
        .filter(|(latitude, longitude)| (-90.0..=90.0).contains(latitude) && (-180.0..=180.0).contains(longitude));
    Ok(((zone * 3600.0) as i64, place))
}

/// The lines below the head, and how many are too short.
fn lines(path: &Path, text: &str) -> Result<(Vec<Line>, usize)> {
    let (mut lines, mut short) = (Vec::new(), 0);
    for (k, line) in text.lines().enumerate().skip(8).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() < 23 {
            short += 1;
            continue;
        }
        let whole = |cell: &str| cell.trim().parse::<u32>().ok();
        let (Some(year), Some(month), Some(day), Some(hour)) =
            (whole(cells[0]), whole(cells[1]), whole(cells[2]), whole(cells[3]))
        else {
            return Err(Error::data(path, format!("line {}: has no date", k + 1), "give a whole EPW file"));
        };
        let mut values = [None; FIELDS];
        for (column, field, unit, none) in COLUMNS {
            values[field] = number(path, k + 1, cells[column])?.filter(|value| *value < none).map(|value| value * unit);
        }
        let is_dark = values[LONGWAVE].is_some_and(|value| value <= 0.0);
        NEVER_ZERO.iter().for_each(|field| values[*field] = values[*field].filter(|value| *value > 0.0));
        lines.push(Line { number: k + 1, year: i64::from(year), month, day, hour, values, is_dark });
    }
    Ok((lines, short))
}

/// The year of a file of one year, and how many of its rows bear another. `None` for a typical year: months of different years, or rows
/// of which no year has nine of ten.
fn only_year(lines: &[Line]) -> Option<(i64, usize)> {
    let mut months: BTreeMap<u32, BTreeMap<i64, usize>> = BTreeMap::new();
    let mut whole: BTreeMap<i64, usize> = BTreeMap::new();
    for line in lines {
        *months.entry(line.month).or_default().entry(line.year).or_default() += 1;
        *whole.entry(line.year).or_default() += 1;
    }
    // The year of nearly all rows, how many bear another, and how many there are.
    let leading = |years: &BTreeMap<i64, usize>| {
        let all: usize = years.values().sum();
        let (year, most) = years.iter().max_by_key(|(_, count)| **count)?;
        (10 * most >= 9 * all).then_some((*year, all - most, all))
    };
    let of_months = months.values().filter_map(leading).filter(|(.., all)| *all >= A_DAY);
    let of_months: BTreeSet<i64> = of_months.map(|(year, ..)| year).collect();
    if of_months.len() > 1 {
        return None;
    }
    leading(&whole).map(|(year, strays, _)| (year, strays))
}

/// Year of a time (s since 1970, UTC).
fn year_of(unix: i64) -> i64 {
    i64::from(date(unix.div_euclid(86_400)).year())
}

/// Refuses a 29 February that is asked for where the file has none.
fn has_leap_day(path: &Path, lines: &[Line], is_one: bool, zone: i64, (from, to): (i64, i64)) -> Result<()> {
    let is_leap = |end: i64| {
        let date = date((end - 1 + zone).div_euclid(86_400));
        (date.month(), date.day()) == (2, 29)
    };
    let wanted = (from / HOUR + 1..=to / HOUR).filter(|hour| is_leap(hour * HOUR)).count();
    // An hour or two of another day are filled as any gap.
    let is_gap = wanted <= LONGEST_GAP && (wanted as i64) < (to - from) / HOUR;
    if wanted == 0 || is_gap || lines.iter().any(|line| (line.month, line.day) == (2, 29)) {
        return Ok(());
    }
    let words = match is_one {
        true => "has no 29 February, which is asked for",
        false => "has no 29 February, as typical years have none, and it is asked for",
    };
    Err(Error::data(path, words, "write 28 February or 1 March"))
}

/// That it is a typical year, and of which years the hours are.
fn typical(years: &BTreeSet<i64>, taken: &BTreeSet<i64>) -> Remark {
    const MOST: usize = 5;
    let mut list = taken.iter().take(MOST).map(i64::to_string).collect::<Vec<_>>().join(", ");
    if taken.len() > MOST {
        list += ", …";
    }
    let (count, first, last) =
        (years.len(), years.first().copied().unwrap_or_default(), years.last().copied().unwrap_or_default());
    Remark::new(
        1.0,
        format!(
            "the weather is a typical year, made of {count} years from {first} to {last}, and not that of the date: its hours here are of {list}"
        ),
        format!(
            "het weer is een referentiejaar, samengesteld uit {count} jaren van {first} tot {last}, en niet het weer van de datum zelf; de uren komen uit {list}"
        ),
    )
}
