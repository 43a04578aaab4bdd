//! What the files of a run hold, in Dutch. In English the model that makes them says it.

use super::Language;
use crate::quantity::Variable;

/// Name of each table, mesh or file of objects, and what it holds.
const FILES: [(&str, &str); 29] = [
    ("boundaries", "de randen in de tijd"),
    ("buildings", "wat er bij elk gebouw gebeurt"),
    ("buildings.city", "gebouwen met muren en daken"),
    ("codes", "wat de getallen van de bodembedekking betekenen"),
    ("cut_off", "ritten per uur die over geen enkele weg kunnen, in het drukste uur"),
    ("gauges", "de meetpunten in de tijd"),
    ("hours", "het verkeer van het hele gebied in elk deel van de tijd"),
    ("junctions", "kruispunten: voertuigen, tijdverlies, en wie er aan het eind lang stilstaat"),
    ("links", "elke weg in elke richting: wie er rijdt, hoe snel, en hoe vol het is"),
    ("links_in_time", "elke straat waar iemand reed, in elk deel van de tijd"),
    ("neighbourhoods", "wat er in elke buurt gebeurt"),
    ("od", "elk paar zones in het drukste uur: ritten, en de weg ertussen"),
    ("plan", "kaart van de bodembedekking"),
    ("railways", "middenlijnen van spoorwegen"),
    ("reach", "gebouwen die vanaf elke plaats op tijd te bereiken zijn"),
    ("released_by_hour", "warmte van motoren in elk uur van een zomerdag (UTC), tegenover die op de kaart"),
    ("roads", "de wegen"),
    ("scenario", "scenario dat de stad uit deze bestanden leest"),
    ("selected", "wie de gevraagde wegen gebruikt, vandaag: ritten in het drukste uur per paar zones"),
    ("sewers", "water in het riool, weggepompt, en terug op straat, in de tijd"),
    ("spots", "plekken waar meer dan 20 cm water stond, het meeste water eerst"),
    ("start", "waar berekeningen van varianten mee beginnen"),
    ("structures", "wat er door elk kunstwerk (duiker, stuw, pomp of bres) ging, in de tijd"),
    ("town", "grond, gebouwen, bruggen, spoor, bomen en water"),
    ("trees", "bomen met hun hoogte en kroon"),
    ("trips", "ritten die tijdens de berekening begonnen, naar wie ze maakt"),
    ("vehicles", "waar elk voertuig is"),
    ("water", "het water op één moment"),
    ("zones", "elke zone: wie er woont en werkt, ritten in het drukste uur, en hoelang ze duren"),
];

/// What a file holds, by its name in the folder, its media type and its unit; `None` where it is not known. `find` gives what a layer of a
/// name holds.
pub fn file(name: &str, media_type: &str, unit: &str, find: impl Fn(&str) -> Option<Variable>) -> Option<String> {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    if let Some(table) = name.strip_suffix("-metadata.json") {
        return Some(format!("uitleg en bronvermelding bij {table}"));
    }
    // A frame's time stands behind its layer.
    let is_time = |end: &str| end.ends_with('s') && end.starts_with(|c: char| c.is_ascii_digit());
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = stem.rsplit_once('_').filter(|(_, end)| is_time(end)).map_or(stem, |(stem, _)| stem);
    let is_layer = matches!(media_type.split(';').next(), Some("image/tiff" | "image/png" | "image/apng"));
    if let Some((_, words)) = FILES.iter().find(|(own, _)| *own == stem && (!is_layer || *own == "plan")) {
        return Some((*words).into());
    }
    let words = lower(&find(stem)?.words().nl);
    Some(match media_type.split(';').next().unwrap_or_default() {
        "image/png" => format!("kaart: {words}"),
        "image/apng" => format!("in de tijd: {words}"),
        "model/gltf-binary" => format!("{words}, voor het 3D-beeld van `hanze mesh`"),
        _ if unit.is_empty() => words,
        _ => format!("{words} ({})", Language::Dutch.unit(unit)),
    })
}

/// Words with a small first letter, as within a sentence.
pub fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

/// Names of the terms of a balance; what stands behind the first word of some is the name of a boundary, inflow or structure.
const TERMS: [(&str, &str); 15] = [
    ("there at the start", "aan het begin aanwezig"),
    ("rain", "regen"),
    ("held on roofs", "vastgehouden op daken"),
    ("into the sewer", "naar het riool"),
    ("intercepted", "op bladeren en in kuiltjes"),
    ("infiltrated", "in de bodem gezakt"),
    ("standing at the end", "aan het eind aanwezig"),
    ("set out", "vertrokken"),
    ("on the way", "onderweg"),
    ("cannot be made", "niet mogelijk"),
    ("requested", "opgegeven"),
    ("arrived", "aangekomen"),
    ("wait to set out", "wachten op vertrek"),
    ("no route", "zonder route"),
    ("error", "fout"),
];
const NAMED_TERMS: [(&str, &str); 3] =
    [("boundary ", "rand "), ("inflow ", "instroming "), ("structure ", "kunstwerk ")];
/// Units of balances that are words.
const UNITS: [(&str, &str); 2] =
    [("vehicles", "voertuigen"), ("trips per h (a truck as cars)", "ritten per uur (een vrachtauto als auto's)")];

/// The Dutch name of a term of a balance, or of its unit; the English one where there is none.
pub fn term(name: &str) -> String {
    if let Some((_, nl)) = TERMS.iter().chain(&UNITS).find(|(en, _)| *en == name) {
        return (*nl).into();
    }
    let named = NAMED_TERMS.iter().find_map(|(en, nl)| Some(format!("{nl}{}", name.strip_prefix(en)?)));
    named.unwrap_or_else(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_keep_the_names_of_places() {
        assert_eq!(term("boundary canal"), "rand canal");
        assert_eq!((term("rain"), term("vehicles"), term("m³")), ("regen".into(), "voertuigen".into(), "m³".into()));
    }
}
