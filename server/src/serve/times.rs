//! Times as RFC 3339 writes them.

/// A time as 2026-11-25T14:05:03.250Z.
pub fn utc(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = hanze_engine::simulation::day(day.max(0) as u64);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    format!("{date}T{clock}.{:03}Z", milliseconds.rem_euclid(1000))
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

/// A time of RFC 3339, such as 2026-11-25T14:05:03Z or 2026-11-25T15:05:03.250+01:00, in milliseconds since 1970.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let (date, clock) = text.split_once('T')?;
    let (clock, east) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let (clock, offset) = clock.split_at_checked(clock.len().checked_sub(6)?)?;
            let two =
                |text: &str| if text.bytes().all(|b| b.is_ascii_digit()) { text.parse::<i64>().ok() } else { None };
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let is_offset = matches!(offset.as_bytes(), [b'+' | b'-', _, _, b':', _, _]);
            let (hours, minutes) = (two(offset.get(1..3)?)?, two(offset.get(4..6)?)?);
            if !is_offset || hours > 23 || minutes > 59 {
                return None;
            }
            (clock, sign * (hours * 60 + minutes))
        }
    };
    let numbers = |text: &str, between: char| -> Option<Vec<i64>> {
        let is_number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        text.split(between).map(|part| if is_number(part) { part.parse().ok() } else { None }).collect()
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let (date, clock) = (numbers(date, '-')?, numbers(clock, ':')?);
    let ([year, month, day], [hour, minute, second]) = (date[..].try_into().ok()?, clock[..].try_into().ok()?);
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let fraction: f64 =
        if fraction.bytes().all(|b| b.is_ascii_digit()) { format!("0.{fraction}").parse().ok()? } else { return None };
    // Days of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
    let (y, m): (i64, i64) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute - east) * 60 + second;
    is_time.then_some(seconds * 1000 + (fraction * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for time in [0, 1_795_618_799_250, 951_782_400_000, 4_102_444_799_000] {
            assert_eq!(milliseconds(&utc(time)), Some(time), "{}", utc(time));
        }
        assert_eq!(milliseconds("2000-02-29T00:00:00Z"), Some(951_782_400_000));
        for bad in [
            "",
            "Z",
            "2000-02-29",
            "2000-13-01T00:00:00Z",
            "2000-02-29T25:00:00Z",
            "x-1-1T0:0:0Z",
            "2000-02-29T00:00:00",
        ] {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
        for time in ["2000-02-29T01:00:00+01:00", "2000-02-28t19:30:00-04:30", "2000-02-29T00:00:00z"] {
            assert_eq!(milliseconds(time), Some(951_782_400_000), "{time}");
        }
        for bad in ["2000-02-29T01:00:00+0100", "2000-02-29T01:00:00+24:00", "2000-02-29T01:00:00+é:00", "T+01:00", "é"]
        {
            assert_eq!(milliseconds(bad), None, "{bad}");
        }
        assert_eq!(interval("2000-02-29T00:00:00.250Z"), Some([Some(951_782_400_250); 2]));
        assert_eq!(interval("../2000-02-29T00:00:00Z"), Some([None, Some(951_782_400_000)]));
        assert_eq!(interval("2000-02-29T00:00:00Z/"), Some([Some(951_782_400_000), None]));
        assert_eq!(interval("yesterday/.."), None);
    }
}
