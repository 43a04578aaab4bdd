//! What planners read, in English and in Dutch.

use crate::cover::Cover;
use std::str::FromStr;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Dutch.
    Dutch,
}

impl FromStr for Language {
    type Err = String;

    fn from_str(code: &str) -> Result<Language, String> {
        match code {
            "en" => Ok(Language::English),
            "nl" => Ok(Language::Dutch),
            _ => Err(format!("\"{code}\" is not a language that Hanze speaks; take en or nl")),
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Dutch.
    pub nl: String,
}

/// Classes of hazard, from its numbers 0.75, 1.25 and 2 on (HR Wallingford and Environment Agency 2008, supplementary note to
/// DEFRA's FD2321); below them there is little.
pub const HAZARDS: [(&str, &str); 4] = [
    ("0.5: little", "0,5: weinig"),
    ("0.75: children and the frail", "0,75: kinderen en kwetsbaren"),
    ("1.25: most people", "1,25: de meeste mensen"),
    ("2: all, rescuers too", "2: iedereen, ook hulpverleners"),
];

impl Text {
    /// A text from both.
    pub fn new(en: impl Into<String>, nl: impl Into<String>) -> Text {
        Text { en: en.into(), nl: nl.into() }
    }

    /// The text in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Dutch => &self.nl,
        }
    }
}

impl Language {
    /// Its code, "en" or "nl".
    pub fn code(self) -> &'static str {
        self.pick("en", "nl")
    }

    /// The text of this language.
    pub fn pick<'a>(self, english: &'a str, dutch: &'a str) -> &'a str {
        match self {
            Language::English => english,
            Language::Dutch => dutch,
        }
    }

    /// A number with so many decimals: a point in English, a comma in Dutch, thin groups of thousands in both; a word for what is no
    /// number, as the mean of nothing.
    pub fn number(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return self.pick("an unknown number of", "een onbekend aantal").to_string();
        }
        let text = format!("{:.decimals$}", value.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (k, digit) in whole.chars().enumerate() {
            if k > 0 && (whole.len() - k).is_multiple_of(3) {
                grouped.push('\u{a0}');
            }
            grouped.push(digit);
        }
        let is_zero = text.chars().all(|c| c == '0' || c == '.');
        let sign = if value < 0.0 && !is_zero { "−" } else { "" };
        match rest {
            "" => format!("{sign}{grouped}"),
            _ => format!("{sign}{grouped}{}{rest}", self.pick(".", ",")),
        }
    }
}

/// What a layer shows, by its machine name; the name itself where it is not known.
pub fn layer(name: &str) -> Text {
    let (en, nl) = match name {
        "depth" => ("Depth of the water", "Waterdiepte"),
        "max_depth" => ("Highest depth of the water", "Grootste waterdiepte"),
        "level" => ("Water level", "Waterstand"),
        "max_level" => ("Highest water level", "Hoogste waterstand"),
        "velocity" => ("Speed of the water", "Stroomsnelheid"),
        "max_velocity" => ("Highest speed of the water", "Grootste stroomsnelheid"),
        "arrival" => ("Time until the water came", "Tijd tot het water er was"),
        "duration" => ("Time under water", "Tijd onder water"),
        "infiltrated" => ("Water that sank in", "Water dat in de bodem zakte"),
        "sewered" => ("Water into the sewer", "Water naar het riool"),
        "hazard" => ("Danger in the water", "Gevaar door het water"),
        "tmrt" => ("Mean radiant temperature", "Gemiddelde stralingstemperatuur"),
        "pet" => ("Felt temperature (PET)", "Gevoelstemperatuur (PET)"),
        "pet_hoeppe" => ("Felt temperature (PET after Höppe)", "Gevoelstemperatuur (PET volgens Höppe)"),
        "max_pet" => ("Highest felt temperature (PET)", "Hoogste gevoelstemperatuur (PET)"),
        "mean_pet" => ("Mean felt temperature (PET)", "Gemiddelde gevoelstemperatuur (PET)"),
        "noon_pet" => ("Felt temperature around noon (PET)", "Gevoelstemperatuur rond de middag (PET)"),
        "utci" => ("Felt temperature (UTCI)", "Gevoelstemperatuur (UTCI)"),
        "sun" => ("Share of the hour in the sun", "Deel van het uur in de zon"),
        "sun_hours" => ("Hours of sun", "Uren zon"),
        "hot_hours" => ("Hours that feel hotter than 35 °C (PET)", "Uren die heter aanvoelen dan 35 °C (PET)"),
        "extreme_hours" => ("Hours that feel hotter than 41 °C (PET)", "Uren die heter aanvoelen dan 41 °C (PET)"),
        "warm_night_hours" => ("Hours of night that feel warmer than 20 °C (PET)", "Nachturen warmer dan 20 °C (PET)"),
        "cool_places" => ("Cool places", "Koele plekken"),
        "cool_distance" => ("Walk to a cool place", "Loopafstand tot een koele plek"),
        "air" => ("Air temperature", "Luchttemperatuur"),
        "heat_island" => ("Warmer than at the station", "Warmer dan op het station"),
        "max_island" => ("Warmer than at the station at most", "Hoogstens warmer dan op het station"),
        "night_island" => ("Warmer than at the station by night", "'s Nachts warmer dan op het station"),
        "degree_hours" => ("Degree-hours above 25 °C", "Graaduren boven 25 °C"),
        "tropical_nights" => ("Tropical nights", "Tropennachten"),
        "surface" => ("Temperature of the ground", "Temperatuur van de grond"),
        "humidity" => ("Relative humidity", "Relatieve vochtigheid"),
        "wind_speed" => ("Wind at 1.2 m", "Wind op 1,2 m"),
        "green" => ("Plants and trees", "Groen"),
        "window_share" => ("Part of the surroundings that is known", "Deel van de omgeving dat bekend is"),
        "sky_view" => ("Part of the sky that is seen", "Deel van de hemel dat te zien is"),
        "wind" => ("Wind at 1.2 m over that in the open", "Wind op 1,2 m ten opzichte van open veld"),
        "flow" | "flow_bands" => ("Cars and trucks an hour", "Auto's en vrachtauto's per uur"),
        "cycle_bands" => ("Cycles an hour", "Fietsen per uur"),
        "released_heat" => ("Heat that engines set free", "Warmte die motoren afgeven"),
        "speed" => ("Mean speed of cars", "Gemiddelde snelheid van auto's"),
        "density" => ("Vehicles on a kilometre", "Voertuigen per kilometer"),
        "delay" => ("Time lost by each who passes", "Tijdverlies per voertuig"),
        "queue" => ("Length of the queues", "Lengte van de wachtrijen"),
        "nox" => ("Nitrogen oxides from exhausts", "Stikstofoxiden uit uitlaten"),
        "no2_kerb" => {
            ("Nitrogen dioxide of the traffic at the kerb", "Stikstofdioxide van het verkeer aan de stoeprand")
        }
        "noise_power" => ("Sound power of a metre of road", "Geluidsvermogen per meter weg"),
        "terrain" => ("Height of the ground", "Hoogte van het maaiveld"),
        "buildings" => ("Height of the buildings", "Hoogte van de gebouwen"),
        "cover" => ("What covers the ground", "Wat de grond bedekt"),
        "canopy" => ("Height of the trees", "Hoogte van de bomen"),
        "water" => ("Water at the start", "Water vooraf"),
        other if other.starts_with("reach_") => {
            let place = other["reach_".len()..].replace('_', " ");
            return Text::new(format!("Minutes from {place}"), format!("Minuten vanaf {place}"));
        }
        other if other.starts_with("users_") => {
            let road = other["users_".len()..].trim_end_matches("_bands").replace('_', " ");
            return Text::new(format!("Those who use {road}, an hour"), format!("Wie {road} gebruikt, per uur"));
        }
        other => match other.strip_prefix("difference_") {
            Some(of) => {
                let of = layer(of);
                return Text::new(format!("Difference: {}", of.en), format!("Verschil: {}", of.nl));
            }
            None => (other, other),
        },
    };
    Text::new(en, nl)
}

/// What a kind of cover is called.
pub fn cover(cover: Cover) -> Text {
    match cover {
        Cover::Cobble => Text::new("bricks and slabs", "klinkers en tegels"),
        Cover::Asphalt => Text::new("asphalt", "asfalt"),
        Cover::Roof => Text::new("roof", "dak"),
        Cover::Grass => Text::new("grass and gardens", "gras en groen"),
        Cover::Soil => Text::new("bare soil", "kale grond"),
        Cover::Water => Text::new("water", "water"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(Language::English.number(1234567.891, 2), "1\u{a0}234\u{a0}567.89");
        assert_eq!(Language::Dutch.number(-0.25, 2), "−0,25");
        assert_eq!(Language::Dutch.number(-0.001, 1), "0,0");
        assert_eq!(Language::English.number(999.6, 0), "1\u{a0}000");
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Language::English.number(value, 1), "an unknown number of");
            assert_eq!(Language::Dutch.number(value, 1), "een onbekend aantal");
        }
    }

    #[test]
    fn layers_have_words_in_both_languages() {
        assert_eq!(layer("difference_max_depth").nl, "Verschil: Grootste waterdiepte");
        assert_eq!(layer("unknown").en, "unknown");
        assert_eq!("nl".parse(), Ok(Language::Dutch));
        assert!("de".parse::<Language>().is_err());
    }
}
