//! Sentences about vehicles that moved.

use super::hours;
use super::moved::Moved;
use super::period::Period;
use super::results::{Alternatives, clock, limit, line};
use super::tables::{Made, made};
use hanze_base::places::Places;
use hanze_base::words::{Language, Text};

/// A change of fewer hours is none worth a sentence.
const WORTH_H: f64 = 1.0;
/// Streets and junctions that are named at most.
const NAMED: usize = 3;

fn text(of: impl Fn(Language, &dyn Fn(f64, usize) -> String) -> String) -> Text {
    let say = |language: Language| of(language, &|value, decimals| language.number(value, decimals));
    Text::new(say(Language::English), say(Language::Dutch))
}

/// Sentence by sentence.
pub(super) fn story(
    alternatives: &Alternatives,
    edits: &[Text],
    places: &Places,
    all: &dyn Fn(&Moved) -> Option<Period>,
) -> Vec<Text> {
    let mut story = Vec::new();
    let now = alternatives.now();
    let Some(period) = all(now) else { return story };
    let (from, to) = (
        clock(alternatives.start),
        clock(alternatives.start + alternatives.ends.last().copied().unwrap_or(0.0) / 3600.0),
    );
    let classes = made(now, alternatives);
    story.push(text(|language, number| {
        let counts = classes.map(|class| number(class.requested, 0));
        // The times of the first class of which anybody arrives.
        let words = [("a car", "een auto"), ("a truck or bus", "een vrachtauto of bus"), ("a cycle", "een fiets")];
        let arrived = classes.iter().zip(words).find(|(class, _)| class.arrived > 0.0);
        let mean = |sum: f64, class: &Made| number(sum / class.arrived / 60.0, 1);
        match language {
            Language::English => {
                let times = match arrived {
                    Some((class, (one, _))) => format!(
                        "{one} that arrives has been under way for {} minutes, {} of them lost in queues and at junctions",
                        mean(class.seconds, class),
                        mean(class.lost, class)
                    ),
                    None => "none of them arrives in this time".into(),
                };
                format!(
                    "Between {from} and {to} {} cars, {} trucks and buses and {} cycles set out, and every one of them is followed on its way; {times}.",
                    counts[0], counts[1], counts[2]
                )
            }
            Language::Dutch => {
                let times = match arrived {
                    Some((class, (_, one))) => format!(
                        "{one} die aankomt is {} minuten onderweg geweest, waarvan {} verloren in wachtrijen en op kruispunten",
                        mean(class.seconds, class),
                        mean(class.lost, class)
                    ),
                    None => "geen ervan komt in deze tijd aan".into(),
                };
                format!(
                    "Tussen {from} en {to} vertrekken {} auto's, {} vrachtauto's en bussen en {} fietsen, en elk ervan wordt onderweg gevolgd; {times}.",
                    counts[0], counts[1], counts[2]
                )
            }
        }
    }));
    let lost = |alternative: &Moved, period: &Period| {
        let of = |k: usize| {
            let counts = period.counts(k, alternatives.step);
            (counts.seconds - counts.metres / limit(&alternative.lanes, k)).max(0.0) / 3600.0
        };
        (0..alternative.lanes.streets.len()).map(of).collect::<Vec<f64>>()
    };
    let these = lost(now, &period);
    if alternatives.after.is_some()
        && let Some(before) = all(alternatives.before)
    {
        let join =
            |language: Language| edits.iter().map(|text| text.in_language(language)).collect::<Vec<_>>().join("; ");
        let (en, nl) = (join(Language::English), join(Language::Dutch));
        story.push(Text::new(format!("What changes on the roads: {en}."), format!("Wat op de wegen verandert: {nl}.")));
        let those = lost(alternatives.before, &before);
        let change = hours::change(alternatives.before, now, alternatives, period.minutes);
        let some_stay = change.fewer > 0.0;
        if some_stay {
            story.push(text(|language, number| {
                let trips = number(change.fewer, 0);
                match language {
                    Language::English => {
                        format!("{trips} trips of today cannot be made any more, as no road leads where they go; they are not compared.")
                    }
                    Language::Dutch => {
                        format!("{trips} ritten van nu kunnen niet meer, want er leidt geen weg meer heen; ze tellen niet mee in de vergelijking.")
                    }
                }
            }));
        }
        if let Some(hours) = change.hours {
            story.push(text(|language, number| {
                let (count, is_more) = (number(hours.abs(), 0), hours >= 0.0);
                match language {
                    Language::English => {
                        let who = if some_stay { "In total the other travellers" } else { "In total travellers" };
                        let more = if is_more { "more" } else { "less" };
                        format!("{who} lose {count} hours {more} than today, including detours and waiting to set out.")
                    }
                    Language::Dutch => {
                        let who = if some_stay { "De overige reizigers samen" } else { "Alle reizigers samen" };
                        let more = if is_more { "meer" } else { "minder" };
                        format!("{who} verliezen {count} uur {more} dan nu, omwegen en wachten voor het vertrek meegerekend.")
                    }
                }
            }));
        }
        let mut worst: Vec<(f64, usize)> = (0..these.len())
            .map(|k| (these[k] - alternatives.was(k).map_or(0.0, |old| those[old]), k))
            .filter(|(more, _)| *more > WORTH_H)
            .collect();
        worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        worst.truncate(NAMED);
        if !worst.is_empty() {
            story.push(text(|language, number| {
                let of = |(hours, k): &(f64, usize)| format!("{} (+{} h)", named(now, places, *k), number(*hours, 0));
                let list = worst.iter().map(of).collect::<Vec<_>>().join(", ");
                match language {
                    Language::English => format!("The largest increases in delay are on {list}."),
                    Language::Dutch => format!("De meeste extra tijd gaat verloren op {list}."),
                }
            }));
        }
    }
    let turned = &now.turned;
    if turned.around + turned.trapped > 0 {
        story.push(text(|language, number| {
            let [around, trapped] = [turned.around, turned.trapped].map(|count| number(count as f64, 0));
            match language {
                Language::English => {
                    format!("For {around} drivers the road ahead closed and they took another route; {trapped} found none by the end.")
                }
                Language::Dutch => format!(
                    "Voor {around} bestuurders ging de weg dicht en zij vonden een andere; {trapped} vonden er geen."
                ),
            }
        }));
    }
    if turned.faster > 0 {
        story.push(text(|language, number| {
            let count = number(turned.faster as f64, 0);
            match language {
                Language::English => format!("{count} times a driver turned to a faster route on the way."),
                Language::Dutch => format!("{count} keer koos een bestuurder onderweg een snellere route."),
            }
        }));
    }
    let mut queues: Vec<(f64, usize)> = (0..these.len())
        .map(|k| (period.counts(k, alternatives.step).queue[1], k))
        .filter(|(queue, _)| *queue > 50.0)
        .collect();
    queues.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    queues.truncate(NAMED);
    if !queues.is_empty() {
        story.push(text(|language, number| {
            let of = |(metres, k): &(f64, usize)| format!("{} ({} m)", named(now, places, *k), number(*metres, 0));
            let list = queues.iter().map(of).collect::<Vec<_>>().join(", ");
            match language {
                Language::English => format!("The longest queues stand on {list}."),
                Language::Dutch => format!("De langste wachtrijen staan op {list}."),
            }
        }));
    }
    let [vehicles, stuck, waiting] = period.left.map(|count| count as f64);
    if stuck > 0.05 * vehicles.max(1.0) && stuck >= 10.0 {
        story.push(text(|language, number| {
            let of = |place: &[u64; 2]| format!("{} ({})", now.lanes.nodes[place[0] as usize].0, number(place[1] as f64, 0));
            let list = period.stuck.iter().take(NAMED).map(of).collect::<Vec<_>>().join(", ");
            let (count, share) = (number(stuck, 0), number(100.0 * stuck / vehicles, 0));
            match language {
                Language::English => format!(
                    "Traffic is gridlocked at the end: {count} vehicles ({share} %) have been standing for more than five minutes, first of all at the junctions {list}. Nobody is taken off the road, so read what comes after the jam with care."
                ),
                Language::Dutch => format!(
                    "Aan het eind staat het verkeer muurvast: {count} voertuigen ({share} %) staan al langer dan vijf minuten stil, vooral bij de kruispunten {list}. Niemand wordt van de weg gehaald; lees wat na de blokkade komt dus met voorzichtigheid."
                ),
            }
        }));
    }
    if waiting > 0.0 {
        story.push(text(|language, number| match language {
            Language::English => {
                format!("{} vehicles still wait to set out, as there is no room where they begin.", number(waiting, 0))
            }
            Language::Dutch => format!(
                "{} voertuigen wachten nog om te vertrekken, want waar ze beginnen is geen plaats.",
                number(waiting, 0)
            ),
        }));
    }
    if !now.refused.is_empty() {
        story.push(text(|language, number| {
            let count = number(now.refused.len() as f64, 0);
            match language {
                Language::English => format!("{count} vehicles have no route that their lanes allow and are left out."),
                Language::Dutch => format!(
                    "{count} voertuigen hebben geen route die hun rijstroken toelaten, en blijven buiten beschouwing."
                ),
            }
        }));
    }
    story
}

/// What people call a street: its name, or its number and neighbourhood.
fn named(alternative: &Moved, places: &Places, k: usize) -> String {
    let line = line(&alternative.lanes, k);
    let middle = line[line.len() / 2];
    let area = places.areas.iter().find(|area| area.outline.holds(middle));
    let name = alternative.names[k].trim_start_matches('-');
    area.map_or_else(|| name.to_string(), |area| format!("{name}, {}", area.name))
}
