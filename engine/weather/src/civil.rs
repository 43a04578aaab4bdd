//! Days of the calendar (proleptic Gregorian), counted from 1 January 1970.

use jiff::SignedDuration;
use jiff::civil::Date;

/// Day 0.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days since 1970 of a date; `None` where there is no such day, or it is before 1600 or after 2600.
pub fn days(year: i64, month: u32, day: u32) -> Option<i64> {
    let year = i16::try_from(year).ok().filter(|year| (1600..=2600).contains(year))?;
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some(date.duration_since(EPOCH).as_secs() / 86_400)
}

/// The date of a day since 1970. Before the year −9999 and after 9999 it is the first and the last day of the calendar.
pub fn date(days: i64) -> Date {
    EPOCH.saturating_add(SignedDuration::from_secs(days.saturating_mul(86_400)))
}

/// Day of its year, from 1 on, of a day since 1970.
pub fn day_of_year(days: i64) -> i64 {
    i64::from(date(days).day_of_year())
}

/// A time (s since 1970, UTC) in words.
pub fn stamp(unix: i64) -> String {
    let minutes = unix.rem_euclid(86_400) / 60;
    format!("{} {:02}:{:02} UTC", date(unix.div_euclid(86_400)), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the rule: every fourth year, of the centuries every fourth.
    fn is_leap(year: i64) -> bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2019, 7, 25), Some(18_102));
        assert_eq!((days(2019, 2, 29), days(2020, 2, 29), days(2020, 13, 1)), (None, Some(18_321), None));
        for day in (-100_000..200_000).step_by(37) {
            let found = date(day);
            assert_eq!(days(found.year().into(), found.month() as u32, found.day() as u32), Some(day));
        }
    }

    /// Each day from 1900 to 2200, counted one by one from 25567 days before 1970.
    #[test]
    fn every_day_of_three_centuries_has_its_place_in_its_year() {
        let mut next = -25_567;
        for year in 1900..=2200 {
            let mut of_year = 0;
            let february = if is_leap(year) { 29 } else { 28 };
            for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                for day in 1..=length {
                    of_year += 1;
                    assert_eq!(days(year, month, day), Some(next), "{year}-{month}-{day}");
                    assert_eq!(date(next).to_string(), format!("{year}-{month:02}-{day:02}"));
                    assert_eq!(day_of_year(next), of_year, "{year}-{month}-{day}");
                    // As weather files count: from the first day of the year on.
                    assert_eq!(days(year, 1, 1).unwrap() + of_year - 1, next, "{year}-{month}-{day}");
                    next += 1;
                }
                assert_eq!(days(year, month, length + 1), None, "{year}-{month}");
            }
            assert_eq!(of_year, if is_leap(year) { 366 } else { 365 }, "{year}");
        }
    }

    #[test]
    fn hours_at_the_ends_of_a_year_are_of_their_day() {
        for (year, last) in [(1900, 365), (1999, 365), (2000, 366), (2019, 365), (2020, 366), (2100, 365)] {
            let new_year = days(year + 1, 1, 1).unwrap() * 86_400;
            assert_eq!(stamp(new_year), format!("{}-01-01 00:00 UTC", year + 1));
            assert_eq!(stamp(new_year - 1), format!("{year}-12-31 23:59 UTC"));
            // The last hour of a year ends when the next year begins: its day is that of a second before.
            assert_eq!(day_of_year((new_year - 1).div_euclid(86_400)), last);
            assert_eq!(day_of_year(new_year.div_euclid(86_400)), 1);
        }
        assert_eq!(stamp(-1), "1969-12-31 23:59 UTC");
        assert_eq!(stamp(951_825_600), "2000-02-29 12:00 UTC");
    }

    #[test]
    fn there_is_no_day_where_the_calendar_has_none() {
        for (year, month, day) in [
            (1900, 2, 29),
            (2019, 4, 31),
            (2019, 0, 1),
            (2019, 1, 0),
            (2019, 13, 1),
            (2019, 1, 32),
            (2019, 1, 257),
            (2019, 268, 1),
            (2019, u32::MAX, u32::MAX),
            (1599, 12, 31),
            (2601, 1, 1),
            (65_536 + 2019, 1, 1),
            (i64::MIN, 1, 1),
            (i64::MAX, 1, 1),
        ] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!((days(1600, 1, 1), days(2600, 12, 31)), (Some(-135_140), Some(230_467)));
        assert_eq!([i64::MIN, i64::MAX].map(date), [Date::MIN, Date::MAX]);
    }
}
