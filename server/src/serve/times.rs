//! Times as RFC 3339 writes them.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// Millisecond 0.
const EPOCH: DateTime = Date::constant(1970, 1, 1).at(0, 0, 0, 0);
/// The digits of a time without its fraction and offset, and of an offset, each as 0.
const LOCAL: &str = "0000-00-00T00:00:00";
const OFFSET: &str = "+00:00";

/// A time as 2026-11-25T14:05:03.250Z.
pub fn utc(milliseconds: i64) -> String {
    format!("{:.3}Z", EPOCH.saturating_add(SignedDuration::from_millis(milliseconds)))
}

/// An interval of times: one, or two with `/` between them, `..` or nothing for open ends.
pub fn interval(text: &str) -> Option<[Option<i64>; 2]> {
    let end = |text: &str| if matches!(text, "" | "..") { Some(None) } else { milliseconds(text).map(Some) };
    match text.split_once('/') {
        Some((from, to)) => Some([end(from)?, end(to)?]),
        // A whole second stands for all of it.
        None => milliseconds(text).map(|time| [Some(time), Some(time + if time % 1000 == 0 { 999 } else { 0 })]),
    }
}

/// A time of RFC 3339, such as 2026-11-25T14:05:03Z or 2026-11-25T15:05:03.250+01:00, in milliseconds since 1970. A leap second counts
/// as the second before it.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let (local, east) = match text.strip_suffix('Z') {
        Some(local) => (local, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub(OFFSET.len())?)?;
            (local, minutes_east(offset)?)
        }
    };
    // What jiff reads of ISO 8601 beyond RFC 3339 is refused: one way to write a time.
    let (seconds, fraction) = local.split_at_checked(LOCAL.len())?;
    if !is_like(seconds, LOCAL) || !is_fraction(fraction) {
        return None;
    }
    // The point and three digits.
    let fraction = &fraction[..fraction.len().min(4)];
    let local: DateTime = format!("{seconds}{fraction}").parse().ok()?;
    Some(local.duration_since(EPOCH).as_millis() as i64 - east * 60_000)
}

/// Minutes east of Greenwich of +01:00.
fn minutes_east(offset: &str) -> Option<i64> {
    let unsigned = offset.strip_prefix(['+', '-']).filter(|unsigned| is_like(unsigned, &OFFSET[1..]))?;
    let (hours, minutes): (i64, i64) = (unsigned[..2].parse().ok()?, unsigned[3..].parse().ok()?);
    let east = hours * 60 + minutes;
    (hours < 24 && minutes < 60).then_some(if offset.starts_with('-') { -east } else { east })
}

/// Whether a text is nothing, or a point and digits.
fn is_fraction(text: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || text.strip_prefix('.').is_some_and(is_number)
}

/// Whether a text is a form with any digits for its zeros.
fn is_like(text: &str, form: &str) -> bool {
    let same = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for time in [0, 1_795_618_799_250, 951_782_400_000, 4_102_444_799_000, -1, -62_167_219_200_000] {
            assert_eq!(milliseconds(&utc(time)), Some(time), "{}", utc(time));
        }
        assert_eq!(utc(1_795_618_799_250), "2026-11-25T14:59:59.250Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00.000Z");
        // A broken clock gives a strange time, and no panic.
        assert_eq!([i64::MIN, i64::MAX].map(utc), ["-009999-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]);
        assert_eq!(milliseconds("2000-02-29T00:00:00Z"), Some(951_782_400_000));
        for bad in [
            "",
            "Z",
            "2000-02-29",
            "2000-13-01T00:00:00Z",
            "2000-02-29T25:00:00Z",
            "x-1-1T0:0:0Z",
            "2000-02-29T00:00:00",
            "2000-02-30T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2000-00-01T00:00:00Z",
            "2000-02-29T24:00:00Z",
            "2000-02-29T00:60:00Z",
            "2000-02-29T00:00:61Z",
            "2000-2-29T0:0:0Z",
            "20000229T000000Z",
            "2000-02-29 00:00:00Z",
            "2000-02-29T00:00Z",
            "2000-02-29T00:00:00.Z",
            "2000-02-29T00:00:00,5Z",
            "2000-02-29T00:00:00.5.5Z",
            "2000-02-29T00:00:00Z[UTC]",
            "+002000-02-29T00:00:00Z",
            "٢٠٠٠-02-29T00:00:00Z",
        ] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
        for time in ["2000-02-29T01:00:00+01:00", "2000-02-28t19:30:00-04:30", "2000-02-29T00:00:00z"] {
            assert_eq!(milliseconds(time), Some(951_782_400_000), "{time}");
        }
        for bad in [
            "2000-02-29T01:00:00+0100",
            "2000-02-29T01:00:00+24:00",
            "2000-02-29T01:00:00+00:60",
            "2000-02-29T01:00:00*01:00",
            "2000-02-29T01:00:00++1:00",
            "2000-02-29T01:00:00+é:00",
            "T+01:00",
            "é",
        ] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
        assert_eq!(interval("2000-02-29T00:00:00.250Z"), Some([Some(951_782_400_250); 2]));
        assert_eq!(interval("../2000-02-29T00:00:00Z"), Some([None, Some(951_782_400_000)]));
        assert_eq!(interval("2000-02-29T00:00:00Z/"), Some([Some(951_782_400_000), None]));
        assert_eq!(interval("yesterday/.."), None);
    }

    #[test]
    fn ends_of_years_and_fractions_are_exact() {
        let new_year = 946_684_800_000;
        for (text, expected) in [
            ("2000-01-01T00:00:00Z", new_year),
            ("1999-12-31T23:59:59.999Z", new_year - 1),
            ("1999-12-31T23:59:59.9999999999Z", new_year - 1),
            ("1999-12-31T23:59:60Z", new_year - 1000),
            ("2000-01-01T01:00:00.5+01:00", new_year + 500),
            ("1999-12-31T14:00:00-10:00", new_year),
            ("1969-12-31T23:59:59.999Z", -1),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        for thousandth in 0..1000 {
            assert_eq!(milliseconds(&format!("2000-01-01T00:00:00.{thousandth:03}Z")), Some(new_year + thousandth));
        }
    }
}
