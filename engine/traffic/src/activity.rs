//! What the traffic model does, in words: it looks for routes, or vehicles move.

use hanze_base::words::{Language, Text};
use hanze_model::{Activity, Clock};

/// Rounds towards an equilibrium, and its relative gap after them; that of no round is infinite.
pub fn routes(rounds: u64, gap: f64) -> Activity {
    if !gap.is_finite() {
        let brief = Text::new("finding initial routes", "eerste routes zoeken");
        return Activity { clock: Clock::Stands, words: None, brief, numbers: Vec::new() };
    }
    let [en, nl] = [Language::English, Language::Dutch].map(|language| language.scientific(gap));
    Activity {
        clock: Clock::Stands,
        words: Some(Text::new(format!("round {rounds}, gap {en}"), format!("ronde {rounds}, afwijking {nl}"))),
        brief: Text::new(
            format!("round {rounds}, relative gap {en}"),
            format!("ronde {rounds}, relatieve afwijking {nl}"),
        ),
        numbers: vec![("round", rounds.into()), ("gap", gap.into())],
    }
}

/// Vehicles that move now, and vehicles times steps a second.
pub fn moving(vehicles: u64, rate: u64) -> Activity {
    let millions = rate as f64 / 1e6;
    let [en, nl] = [Language::English, Language::Dutch].map(|language| language.number(millions, 1));
    Activity {
        clock: Clock::Runs,
        words: Some(Text::new(
            format!("{vehicles} vehicles, {en} million vehicle-steps/s"),
            format!("{vehicles} voertuigen, {nl} miljoen voertuigstappen/s"),
        )),
        brief: Text::new(format!("{vehicles} vehicles"), format!("{vehicles} voertuigen")),
        numbers: vec![("vehicles", vehicles.into()), ("million_vehicle_steps_per_s", millions.into())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn rounds_name_their_gap() {
        let Activity { words, brief, numbers, .. } = routes(7, 1.26e-4);
        assert_eq!(words, Some(Text::new("round 7, gap 1.3e-4", "ronde 7, afwijking 1,3e-4")));
        assert_eq!(brief.en, "round 7, relative gap 1.3e-4");
        assert_eq!(numbers, [("round", Value::from(7)), ("gap", Value::from(1.26e-4))]);
        let first = routes(0, f64::INFINITY);
        assert!(first.words.is_none() && first.numbers.is_empty() && first.brief.en == "finding initial routes");
    }

    #[test]
    fn vehicles_are_counted_in_both_languages() {
        let Activity { words, brief, numbers, .. } = moving(1200, 2_340_000);
        let (en, nl) = ("1200 vehicles, 2.3 million vehicle-steps/s", "1200 voertuigen, 2,3 miljoen voertuigstappen/s");
        assert_eq!(words, Some(Text::new(en, nl)));
        assert_eq!(brief.en, "1200 vehicles");
        assert_eq!(numbers, [("vehicles", Value::from(1200)), ("million_vehicle_steps_per_s", Value::from(2.34))]);
    }
}
