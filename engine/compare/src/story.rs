//! What a comparison means, in words: what gets better, what gets worse, for whom.

use crate::layers::Summary;
use crate::matrix::{Row, Verdict};
use hanze_base::words::{Language, Text, lower};

/// Neighbourhoods, and layers without a change, that are named at most.
const NAMED: usize = 3;

fn text(of: impl Fn(Language) -> String) -> Text {
    Text::new(of(Language::English), of(Language::Dutch))
}

/// Names as a list, the last one after a word.
fn list(names: &[String], language: Language) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), language.pick("and", "en")),
    }
}

/// The sentences about one variant.
pub(crate) fn story(
    label: &str,
    base: &str,
    variant: usize,
    rows: &[Row],
    layers: &[Summary],
    areas: &[String],
) -> Vec<Text> {
    let verdict = |row: &&Row| row.verdict(variant);
    let of = |wanted: Verdict| rows.iter().filter(move |row| verdict(row) == wanted);
    let changed: Vec<&Summary> = layers.iter().filter(|layer| layer.changes()).collect();
    let moves = |row: &&Row| row.places(variant).iter().any(|places| !places.is_empty());
    if rows.is_empty() && layers.is_empty() {
        return vec![Text::new(
            format!("\"{label}\" and \"{base}\" have nothing in common that can be compared."),
            format!("\"{label}\" en \"{base}\" hebben niets gemeen dat te vergelijken is."),
        )];
    }
    let is_same = changed.is_empty() && rows.iter().all(|row| verdict(&row) == Verdict::NoChange && !moves(&row));
    if is_same {
        return vec![Text::new(
            format!("\"{label}\" compared with \"{base}\": no change."),
            format!("\"{label}\" vergeleken met \"{base}\": geen verandering."),
        )];
    }
    let mut all = vec![text(|language| {
        let [better, worse, same] = [Verdict::Better, Verdict::Worse, Verdict::NoChange]
            .map(|wanted| language.number(of(wanted).count() as f64, 0));
        match language {
            Language::English => format!(
                "\"{label}\" compared with \"{base}\": of {} indicators {better} get better, {worse} get worse and {same} do not change.",
                rows.len()
            ),
            Language::Dutch => format!(
                "\"{label}\" vergeleken met \"{base}\": van de {} indicatoren worden er {better} beter en {worse} slechter, en {same} \
                 veranderen niet.",
                rows.len()
            ),
        }
    })];
    for wanted in [Verdict::Better, Verdict::Worse] {
        all.extend(of(wanted).map(|row| changes(row, variant, wanted, areas)));
    }
    all.extend(of(Verdict::NoChange).filter(|row| moves(row)).map(|row| within(row, variant, areas)));
    let rest: Vec<&Row> = of(Verdict::NoChange).filter(|row| !moves(row)).collect();
    if !rest.is_empty() {
        all.push(text(|language| {
            let names: Vec<String> = rest.iter().map(|row| lower(row.indicator.words.in_language(language))).collect();
            format!("{} {}.", language.pick("No change:", "Geen verandering:"), names.join("; "))
        }));
    }
    all.push(text(|language| {
        let names: Vec<String> = changed.iter().map(|layer| lower(layer.words.in_language(language))).collect();
        match (language, changed.is_empty()) {
            (Language::English, true) => format!("On none of the {} maps anything changes.", layers.len()),
            (Language::Dutch, true) => format!("Op geen van de {} kaarten verandert iets.", layers.len()),
            (Language::English, false) => {
                format!("Maps that change ({} of {}): {}.", changed.len(), layers.len(), names.join("; "))
            }
            (Language::Dutch, false) => {
                format!("Kaarten die veranderen ({} van {}): {}.", changed.len(), layers.len(), names.join("; "))
            }
        }
    }));
    all
}

/// A number with its unit; a percentage and a degree have none behind a space of their own.
fn measure(row: &Row, value: f64, language: Language) -> String {
    let unit = language.unit(row.indicator.unit.in_language(language));
    format!("{} {unit}", language.number(value, row.indicator.decimals())).trim_end().to_string()
}

/// A difference with its sign.
fn signed(row: &Row, difference: f64, language: Language) -> String {
    let sign = if difference > 0.0 { "+" } else { "" };
    format!("{sign}{}", language.number(difference, row.indicator.decimals()))
}

/// The first of some neighbourhoods with their differences.
fn named(row: &Row, places: &[(usize, f64)], areas: &[String], language: Language) -> String {
    let name = |(area, difference): &(usize, f64)| {
        let name = areas.get(*area).map_or("?", String::as_str);
        format!("{name} ({})", signed(row, *difference, language))
    };
    list(&places.iter().take(NAMED).map(name).collect::<Vec<_>>(), language)
}

/// A sentence about an indicator that gets better or worse, and for whom.
fn changes(row: &Row, variant: usize, verdict: Verdict, areas: &[String]) -> Text {
    let [better, worse] = row.places(variant);
    let (with, against) = if verdict == Verdict::Better { (&better, &worse) } else { (&worse, &better) };
    text(|language| {
        let own = &row.indicator;
        let words = lower(own.words.in_language(language));
        let (was, is) = (row.base.all, row.value(variant));
        let [was_shown, is_shown] = [was, is].map(|value| measure(row, value, language));
        let difference = signed(row, row.difference(variant), language);
        let head = match (language, verdict) {
            (Language::English, Verdict::Better) => "Better",
            (Language::English, _) => "Worse",
            (Language::Dutch, Verdict::Better) => "Beter",
            (Language::Dutch, _) => "Slechter",
        };
        let mut said = match language {
            Language::English => format!("{head}: {words}: {is_shown} instead of {was_shown} ({difference})."),
            Language::Dutch => format!("{head}: {words}: {is_shown} in plaats van {was_shown} ({difference})."),
        };
        if !with.is_empty() {
            let start = language.pick("Most in", "Het meest in");
            said.push_str(&format!(" {start} {}.", named(row, with, areas, language)));
        }
        if !against.is_empty() {
            let start = match (language, verdict) {
                (Language::English, Verdict::Better) => "But worse in",
                (Language::English, _) => "But better in",
                (Language::Dutch, Verdict::Better) => "Maar slechter in",
                (Language::Dutch, _) => "Maar beter in",
            };
            said.push_str(&format!(" {start} {}.", named(row, against, areas, language)));
        }
        if let Some(limit) = &own.limit {
            let value = measure(row, limit.value, language);
            let verdict = match (language, own.exceeds(was), own.exceeds(is)) {
                (Language::English, true, false) => "is met now",
                (Language::English, false, true) => "is no longer met",
                (Language::English, true, true) => "is still not met",
                (Language::English, false, false) => "is still met",
                (Language::Dutch, true, false) => "wordt nu gehaald",
                (Language::Dutch, false, true) => "wordt niet meer gehaald",
                (Language::Dutch, true, true) => "wordt nog steeds niet gehaald",
                (Language::Dutch, false, false) => "wordt nog steeds gehaald",
            };
            let start = language.pick("The limit of", "De grens van");
            said.push_str(&format!(" {start} {value} {verdict} ({}).", limit.source));
        }
        said
    })
}

/// A sentence about an indicator that does not change as a whole, but in some neighbourhoods.
fn within(row: &Row, variant: usize, areas: &[String]) -> Text {
    let [better, worse] = row.places(variant);
    text(|language| {
        let words = lower(row.indicator.words.in_language(language));
        let parts =
            [(&better, language.pick("better in", "beter in")), (&worse, language.pick("worse in", "slechter in"))];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(places, _)| !places.is_empty())
            .map(|(places, words)| format!("{words} {}", named(row, places, areas, language)))
            .collect();
        let start = language.pick("No change on the whole:", "In het geheel geen verandering:");
        format!("{start} {words}; {} {}.", language.pick("but", "maar wel"), list(&parts, language))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::{Indicators, Values};
    use crate::measured::Measured;

    /// A row of the first shipped indicator, of which less is better from a difference of 1 on.
    fn row(base: (f64, [f64; 2]), variant: (f64, [f64; 2])) -> Row {
        let indicator = Indicators::shipped().expect("sound").all[0].clone();
        assert!(matches!(indicator.values, Values::Column { .. }) && indicator.change == 1.0);
        let of = |(all, by_area): (f64, [f64; 2])| Measured { all, by_area: by_area.to_vec() };
        Row { indicator, base: of(base), variants: vec![Some(of(variant))] }
    }

    fn said(row: Row) -> Vec<Text> {
        let areas = ["Noord", "Zuid"].map(String::from);
        story("Grass", "Today", 0, &[row], &[], &areas)
    }

    #[test]
    fn what_gets_better_and_worse_is_said_with_for_whom() {
        let better = said(row((12.0, [10.0, 2.0]), (8.0, [5.0, 3.0])));
        assert_eq!(
            better[1].en,
            "Better: buildings with 10 cm of water or more at the wall: 8 buildings instead of 12 buildings (−4). Most in Noord (−5). \
             But worse in Zuid (+1)."
        );
        assert!(better[0].nl.contains("van de 1 indicatoren worden er 1 beter en 0 slechter"), "{}", better[0].nl);
        let worse = said(row((2.0, [2.0, 0.0]), (4.0, [3.0, 1.0])));
        assert_eq!(
            worse[1].nl,
            "Slechter: gebouwen met 10 cm water of meer tegen de gevel: 4 gebouwen in plaats van 2 gebouwen (+2). Het meest in Noord (+1) en \
             Zuid (+1)."
        );
    }

    #[test]
    fn no_change_is_said_and_what_hides_in_it_too() {
        let same = said(row((2.0, [1.0, 1.0]), (2.5, [1.0, 1.5])));
        assert_eq!(same.len(), 1);
        assert!(same[0].en.ends_with("no change.") && same[0].nl.ends_with("geen verandering."));
        let moved = said(row((2.0, [2.0, 0.0]), (2.0, [0.0, 2.0])));
        assert!(
            moved[1].en.starts_with("No change on the whole:")
                && moved[1].en.ends_with("but better in Noord (−2) and worse in Zuid (+2)."),
            "{}",
            moved[1].en
        );
        assert!(moved[1].nl.contains("maar wel beter in Noord (−2) en slechter in Zuid (+2)"), "{}", moved[1].nl);
    }

    #[test]
    fn limits_are_said() {
        let mut own = row((12.0, [0.0; 2]), (3.0, [0.0; 2]));
        own.indicator.limit = Some(crate::indicators::Limit { value: 5.0, source: "me".into() });
        let found = said(own.clone());
        assert!(found[1].en.contains("The limit of 5 buildings is met now (me)."), "{}", found[1].en);
        std::mem::swap(&mut own.base, own.variants[0].as_mut().expect("a variant"));
        assert!(said(own)[1].nl.contains("De grens van 5 gebouwen wordt niet meer gehaald (me)."));
    }

    #[test]
    fn verdicts_follow_the_good_way_and_the_change() {
        let own = row((0.0, [0.0; 2]), (0.0, [0.0; 2])).indicator;
        for (difference, wanted) in [
            (-1.0, Verdict::Better),
            (1.0, Verdict::Worse),
            (0.99, Verdict::NoChange),
            (f64::NAN, Verdict::Unknown),
            (f64::INFINITY, Verdict::Unknown),
        ] {
            assert_eq!(Verdict::of(&own, difference), wanted, "{difference}");
        }
        let tenth = crate::indicators::Indicator { change: 0.1, better: crate::indicators::Better::More, ..own };
        assert_eq!(Verdict::of(&tenth, 0.3 - 0.2), Verdict::Better, "rounding does not count");
    }
}
