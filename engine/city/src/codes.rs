//! Tables of codes: what a class of land use, as a number in a raster or a word in a column, means for the models.

use hanze_base::cover::Cover;
use hanze_base::error::{Error, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// Tables that come with the program, by name.
pub const SHIPPED: [(&str, &str); 2] = [
    ("land-use-nl", include_str!("../../../scenarios/codes/land-use-nl.toml")),
    ("bgt", include_str!("../../../scenarios/codes/bgt.toml")),
];
/// Bytes of a table that are read.
const LARGEST_FILE: u64 = 4 << 20;

/// A class of cover.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name for people.
    pub title: String,
    /// Numbers that stand for it in rasters.
    #[serde(default)]
    pub codes: Vec<i64>,
    /// Words that stand for it in columns; capitals do not matter.
    #[serde(default)]
    pub names: Vec<String>,
    /// What covers the ground.
    pub cover: Cover,
    /// Manning's n, s/m^(1/3).
    pub manning: f64,
    /// Infiltration capacity, mm per day.
    pub infiltration_mm_per_day: f64,
    /// Water that it holds before any sinks in, m.
    #[serde(default)]
    pub interception_m: f64,
    /// Share of sunlight that it reflects, for the heat model; what is usual for its cover if it is left out.
    #[serde(default)]
    pub albedo: Option<f64>,
    /// Whether it has inlets of the sewer.
    #[serde(default)]
    pub sewered: bool,
}

/// What marks a feature that lies on the ground.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// The column.
    pub column: String,
    /// Its value on the ground.
    pub value: f64,
}

/// A table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// Where its values are from.
    pub source: String,
    /// Columns of vector files that may hold the words, the best first.
    #[serde(default)]
    pub columns: Vec<String>,
    /// What marks a feature that lies on the ground; all do if it is left out.
    #[serde(default)]
    pub ground: Option<Ground>,
    /// The classes.
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    /// Class of each word and of each number.
    #[serde(skip)]
    words: HashMap<String, usize>,
    #[serde(skip)]
    numbers: HashMap<i64, usize>,
}

impl Codes {
    /// Reads a table.
    ///
    /// # Errors
    /// `Io` where it cannot be read, `Data` with what is wrong in it.
    pub fn read(path: &Path) -> Result<Codes> {
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", path))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(Error::data(path, "is longer than 4 MiB", "a table of codes is a short TOML file"));
        }
        Codes::parse(path, &text)
    }

    /// Reads a table from its text, which stands for `path`.
    ///
    /// # Errors
    /// `Data` with the line and what is wrong there.
    pub fn parse(path: &Path, text: &str) -> Result<Codes> {
        let mend = "see scenarios/codes/bgt.toml for an example";
        let mut codes: Codes = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| 1 + text[..span.start].matches('\n').count());
            Error::data(path, format!("line {line}: {}", error.message().trim().replace('\n', ", ")), mend)
        })?;
        for (k, class) in codes.classes.iter().enumerate() {
            let ranges = [
                ("manning", class.manning, 1.0),
                ("infiltration_mm_per_day", class.infiltration_mm_per_day, 1e6),
                ("interception_m", class.interception_m, 1.0),
                ("albedo", class.albedo.unwrap_or(0.0), 1.0),
            ];
            if let Some((key, value, most)) = ranges.into_iter().find(|(_, v, most)| !(0.0..=*most).contains(v)) {
                let problem = format!("class \"{}\": {key} is {value}", class.title);
                return Err(Error::data(path, problem, format!("write a number from 0 to {most}")));
            }
            for word in &class.names {
                if codes.words.insert(word.to_lowercase(), k).is_some() {
                    return Err(Error::data(path, format!("\"{word}\" stands in two classes"), "keep it in one"));
                }
            }
            for code in &class.codes {
                if codes.numbers.insert(*code, k).is_some() {
                    return Err(Error::data(path, format!("code {code} stands in two classes"), "keep it in one"));
                }
            }
        }
        Ok(codes)
    }

    /// The class of a number.
    pub fn of_number(&self, code: f32) -> Option<usize> {
        if code.fract() != 0.0 || code.abs() > 1e6 {
            return None;
        }
        self.numbers.get(&(code as i64)).copied()
    }

    /// The class of a word.
    pub fn of_word(&self, word: &str) -> Option<usize> {
        self.words.get(&word.trim().to_lowercase()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_tables_are_sound_and_name_their_source() {
        for (name, text) in SHIPPED {
            let codes = Codes::parse(Path::new(name), text).expect(name);
            assert!(codes.source.len() > 20 && codes.classes.len() > 5, "{name}");
            assert!(codes.classes.iter().all(|class| class.albedo.is_some()), "{name}");
        }
        let bgt = Codes::parse(Path::new("bgt"), SHIPPED[1].1).expect("bgt");
        assert_eq!(bgt.classes[bgt.of_word(" Gesloten Verharding").expect("known")].cover, Cover::Asphalt);
        assert_eq!(bgt.of_word("waardeOnbekend"), None);
        let nl = Codes::parse(Path::new("nl"), SHIPPED[0].1).expect("nl");
        assert!(nl.classes[nl.of_number(7.0).expect("known")].sewered && nl.of_number(7.5).is_none());
    }

    #[test]
    fn what_is_wrong_in_a_table_is_told_with_its_place() {
        let class = |rest: &str| {
            format!("source = \"me\"\n[[class]]\ntitle = \"a\"\ncover = \"grass\"\ninfiltration_mm_per_day = 1\n{rest}")
        };
        for (text, words) in [
            (class(""), "missing field `manning`"),
            (class("manning = 2"), "manning is 2"),
            (class("manning = nan"), "manning is NaN"),
            (class("manning = 0.1\nnames = [\"x\", \"X\"]"), "\"X\" stands in two classes"),
            (class("manning = 0.1\ncodes = [1, 1]"), "code 1 stands in two"),
            (class("manning = 0.1\ncolour = 3"), "line 7"),
            ("source = \"me\"\nclass = []\nclasses = 1".into(), "line 3"),
            (class("manning = 0.1").replace("grass", "moss"), "moss"),
        ] {
            let error = Codes::parse(Path::new("my.toml"), &text).expect_err(words).to_string();
            assert!(error.contains(words) && error.contains("my.toml"), "{error}");
        }
    }
}
