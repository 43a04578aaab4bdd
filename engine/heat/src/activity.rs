//! What the heat model does before its first hour, in words.

use hanze_base::words::Text;
use hanze_model::{Activity, Clock};

/// The first day is repeated until temperatures converge; day and hour count from 1.
pub fn spin_up(day: u64, hour: u64) -> Activity {
    let words = Text::new(format!("spin-up: day {day}, hour {hour}"), format!("aanlooptijd: dag {day}, uur {hour}"));
    Activity {
        clock: Clock::NotBegun,
        words: Some(words.clone()),
        brief: words,
        numbers: vec![("settling_day", day.into()), ("settling_hour", hour.into())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn spin_up_names_its_day_and_hour() {
        let Activity { words, brief, numbers, .. } = spin_up(3, 14);
        assert_eq!(words, Some(Text::new("spin-up: day 3, hour 14", "aanlooptijd: dag 3, uur 14")));
        assert_eq!(Some(brief), words);
        assert_eq!(numbers, [("settling_day", Value::from(3)), ("settling_hour", Value::from(14))]);
    }
}
