//! What the routes of a scenario mean, in words.

use super::assignment::CutOff;
use super::report::{Alternatives, Sums, sums};
use super::zones::Zone;
use hanze_base::words::{Language, Text};

/// A change of fewer vehicles an hour is none worth a sentence.
const WORTH: f64 = 20.0;
/// Roads that are named at most.
const NAMED: usize = 3;

/// What the sentences are about.
pub(super) struct Facts<'a> {
    pub alternatives: Alternatives<'a>,
    /// The busiest slice, h.
    pub hour: (f64, f64),
    pub zones: &'a [Zone],
    /// What was done, edit by edit.
    pub edits: &'a [Text],
    /// Trips of cars, trucks and cycles an hour.
    pub trips: [f64; 3],
    /// Trips that cannot be made before and after.
    pub cut: [&'a [CutOff]; 2],
    /// Sums over the trips of cars and trucks that can only be made before, and only after.
    pub alone: [Sums; 2],
    /// Trips of cars and trucks that begin or end in each zone.
    pub zone_trips: &'a [f64],
    /// Whether routes came to the gap that was asked for.
    pub has_settled: bool,
    /// Places from which times are told: name, minutes, and the share of buildings within them before and after.
    pub reach: Vec<(String, f64, f64, f64)>,
    /// What a link without a name is called.
    pub place_of: &'a dyn Fn(usize) -> Option<String>,
}

fn text(of: impl Fn(Language, &dyn Fn(f64, usize) -> String) -> String) -> Text {
    let say = |language: Language| of(language, &|value, decimals| language.number(value, decimals));
    Text::new(say(Language::English), say(Language::Dutch))
}

fn clock(hour: f64) -> String {
    format!("{}:{:02}", (hour % 24.0).floor(), ((hour * 60.0).round() % 60.0).abs())
}

/// Sentence by sentence.
pub(super) fn story(facts: &Facts) -> Vec<Text> {
    let mut all = Vec::new();
    let (from, to) = (clock(facts.hour.0), clock(facts.hour.1));
    let now = sums(facts.alternatives.now(), |_| true);
    let [cars, trucks, cycles] = facts.trips;
    all.push(text(|language, number| {
        let (cars, trucks, cycles) = (number(cars, 0), number(trucks, 0), number(cycles, 0));
        // Where no motor vehicle drives there is no speed.
        let drives = now.km > 0.0 && now.hours > 0.0;
        let (km, speed, lost) = (number(now.km, 0), number(now.speed(), 0), number(100.0 * now.lost() / now.hours.max(1e-9), 0));
        let motor = match (language, drives) {
            (Language::English, true) => format!(
                "motor vehicles drive {km} km at {speed} km/h on average and spend {lost} % of their time waiting for others"
            ),
            (Language::English, false) => "no motor vehicle drives".into(),
            (Language::Dutch, true) => format!(
                "het gemotoriseerd verkeer rijdt {km} km met gemiddeld {speed} km/u en wacht {lost} % van de tijd op anderen"
            ),
            (Language::Dutch, false) => "er rijdt geen gemotoriseerd verkeer".into(),
        };
        match language {
            Language::English => format!(
                "Between {from} and {to} {cars} cars, {trucks} trucks and {cycles} cycles an hour set out; {motor}."
            ),
            Language::Dutch => format!(
                "Tussen {from} en {to} vertrekken per uur {cars} auto's, {trucks} vrachtauto's en {cycles} fietsen; {motor}."
            ),
        }
    }));
    if !facts.has_settled {
        all.push(Text::new(
            "Routes did not converge: treat the numbers as rough estimates.",
            "De routes zijn niet stabiel geworden: zie de getallen als ruwe schattingen.",
        ));
    }
    if facts.alternatives.after.is_some() {
        let join = |language: Language| {
            facts.edits.iter().map(|text| text.in_language(language)).collect::<Vec<_>>().join("; ")
        };
        let (en, nl) = (join(Language::English), join(Language::Dutch));
        all.push(Text::new(format!("What changes on the roads: {en}."), format!("Wat op de wegen verandert: {nl}.")));
        all.extend(cut_off(facts));
        // Only trips that both alternatives can make are compared: who stays at home gains nothing.
        let was = sums(facts.alternatives.before, |_| true);
        let [lost, new] = facts.alone;
        let (both, some_stay) = (was.hours - lost.hours, lost.hours > 0.0);
        let compared = (both > 1e-6 * was.hours).then(|| {
            text(|language, number| {
                let (hours, km) = (now.hours - new.hours - both, now.km - new.km - (was.km - lost.km));
                let more = |value: f64| match (language, value >= 0.0) {
                    (Language::English, true) => "more",
                    (Language::English, false) => "fewer",
                    (Language::Dutch, true) => "meer",
                    (Language::Dutch, false) => "minder",
                };
                let (h, k) = (number(hours.abs(), 0), number(km.abs(), 0));
                match language {
                    Language::English => format!(
                        "{} on the road {h} hours {} in an hour than today, and drive {k} km {}.",
                        if some_stay { "The other drivers together are" } else { "All together drivers are" },
                        if hours >= 0.0 { "longer" } else { "less" },
                        more(km)
                    ),
                    Language::Dutch => format!(
                        "Samen zijn {} per uur {h} uur {} onderweg dan nu, en rijden zij {k} km {}.",
                        if some_stay { "de overige automobilisten" } else { "automobilisten" },
                        if hours >= 0.0 { "langer" } else { "korter" },
                        more(km)
                    ),
                }
            })
        });
        all.extend(compared);
        all.extend(moved(facts));
    } else {
        all.extend(cut_off(facts));
    }
    for (name, minutes, before, after) in &facts.reach {
        all.push(text(|language, number| {
            let (m, b, a) = (number(*minutes, 0), number(100.0 * before, 0), number(100.0 * after, 0));
            let is_same = facts.alternatives.after.is_none();
            match (language, is_same) {
                (Language::English, true) => {
                    format!("From {name} {a} % of the buildings are reached within {m} minutes.")
                }
                (Language::Dutch, true) => {
                    format!("Vanaf {name} is {a} % van de gebouwen binnen {m} minuten bereikbaar.")
                }
                (Language::English, false) => {
                    format!("From {name} {a} % of the buildings are reached within {m} minutes; today {b} %.")
                }
                (Language::Dutch, false) => {
                    format!("Vanaf {name} is {a} % van de gebouwen binnen {m} minuten bereikbaar; nu is dat {b} %.")
                }
            }
        }));
    }
    all
}

/// Where most traffic moves to, and where it goes away.
fn moved(facts: &Facts) -> Vec<Text> {
    let changes = facts.alternatives.changes();
    let mut order: Vec<usize> = (0..changes.len()).filter(|k| changes[*k].abs() >= WORTH).collect();
    order.sort_by(|a, b| changes[*b].total_cmp(&changes[*a]).then(a.cmp(b)));
    let list = |order: &mut dyn Iterator<Item = usize>, language: Language| -> Vec<String> {
        let mut named: Vec<String> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for k in order {
            let Some(place) = (facts.place_of)(k) else { continue };
            // One direction of a road stands for it.
            if seen.contains(&place) {
                continue;
            }
            let sign = if changes[k] > 0.0 { "+" } else { "" };
            let each = language.pick("an hour", "per uur");
            named.push(format!("{place} ({sign}{} {each})", language.number(changes[k], 0)));
            seen.push(place);
            if named.len() == NAMED {
                break;
            }
        }
        named
    };
    let mut all = Vec::new();
    let mut say = |is_more: bool, english: &str, dutch: &str| {
        let named = |language: Language| {
            let mut up = order.iter().copied().filter(|k| changes[*k] > 0.0);
            let mut down = order.iter().rev().copied().filter(|k| changes[*k] < 0.0);
            let ranked: &mut dyn Iterator<Item = usize> = if is_more { &mut up } else { &mut down };
            list(ranked, language).join(", ")
        };
        let (en, nl) = (named(Language::English), named(Language::Dutch));
        if !en.is_empty() {
            all.push(Text::new(format!("{english} {en}."), format!("{dutch} {nl}.")));
        }
    };
    say(true, "Traffic grows most here:", "Het verkeer groeit het meest hier:");
    say(false, "It shrinks most here:", "Het neemt het meest af hier:");
    all
}

/// Trips that the edits make impossible, and those that were so before.
fn cut_off(facts: &Facts) -> Vec<Text> {
    let [before, after] = facts.cut;
    let pcu = facts.alternatives.pcu;
    let trips = |cut: &CutOff| if cut.class == 1 { cut.trips / pcu } else { cut.trips };
    let sum = |cut: &[CutOff]| cut.iter().filter(|cut| cut.class < 2).map(trips).sum::<f64>();
    let (was, is) = (sum(before), sum(after));
    let mut all = Vec::new();
    if facts.alternatives.after.is_some() && is > was + 0.05 {
        // The zones that lose most.
        let mut lost = vec![0.0; facts.zones.len()];
        for (cuts, sign) in [(before, -1.0), (after, 1.0)] {
            for cut in cuts.iter().filter(|cut| cut.class < 2) {
                lost[cut.from as usize] += sign * cut.trips;
                lost[cut.to as usize] += sign * cut.trips;
            }
        }
        // Those whom they would visit lose a few, too: cut off is who loses most of all.
        let is_cut = |zone: &usize| lost[*zone] > 0.5 * facts.zone_trips[*zone];
        let mut order: Vec<usize> = (0..lost.len()).filter(is_cut).collect();
        order.sort_by(|a, b| lost[*b].total_cmp(&lost[*a]).then(a.cmp(b)));
        let names: Vec<&str> = order.iter().take(NAMED).map(|zone| facts.zones[*zone].name.as_str()).collect();
        let names = names.join(", ");
        all.push(text(|language, number| {
            let trips = number(is - was, 0);
            let who = match (language, names.is_empty()) {
                (_, true) => String::new(),
                (Language::English, _) => format!(" Cut off by road: {names}."),
                (Language::Dutch, _) => format!(" Over de weg afgesloten: {names}."),
            };
            match language {
                Language::English => format!("{trips} trips an hour by car and truck cannot be made any more.{who}"),
                Language::Dutch => format!("{trips} ritten per uur met auto en vrachtauto kunnen niet meer.{who}"),
            }
        }));
    }
    if was > 0.05 {
        all.push(text(|language, number| {
            let trips = number(was, 0);
            match language {
                Language::English => format!("{trips} trips an hour by car and truck cannot be made on today's roads either, as no road of the map leads there."),
                Language::Dutch => format!("{trips} ritten per uur met auto en vrachtauto kunnen ook op de wegen van nu niet, omdat er op de kaart geen weg heen voert."),
            }
        }));
    }
    all
}
