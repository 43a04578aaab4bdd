//! What planners read, in English and in Dutch.

mod files;

pub use files::{file, lower, term};

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

    /// A unit as it reads in this language: those of words are translated, symbols stay.
    pub fn unit(self, unit: &str) -> &str {
        match (self, unit) {
            (_, "ug/m3") => "µg/m³",
            (Language::Dutch, "per h") => "per uur",
            (Language::Dutch, "h") => "uur",
            (Language::Dutch, "K h") => "K uur",
            (Language::Dutch, "nights") => "nachten",
            (Language::Dutch, "mm per day") => "mm per dag",
            _ => unit,
        }
    }

    /// A number with one decimal and a power of ten.
    pub fn scientific(self, value: f64) -> String {
        let text = format!("{value:.1e}");
        match self {
            Language::English => text,
            Language::Dutch => text.replace('.', ","),
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
    fn units_and_powers_are_in_the_language() {
        for (unit, dutch) in
            [("per h", "per uur"), ("h", "uur"), ("K h", "K uur"), ("nights", "nachten"), ("cm", "cm"), ("", "")]
        {
            assert_eq!((Language::English.unit(unit), Language::Dutch.unit(unit)), (unit, dutch));
        }
        let both = [Language::English, Language::Dutch].map(|language| language.scientific(1.26e-7));
        assert_eq!(both, ["1.3e-7", "1,3e-7"]);
    }

    #[test]
    fn languages_have_codes() {
        assert_eq!("nl".parse(), Ok(Language::Dutch));
        assert!("de".parse::<Language>().is_err());
    }
}
