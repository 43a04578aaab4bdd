//! Tables of indicators: what a planner asks of a run, one number each, and which way is good.

use crate::statistic::Statistic;
use hanze_base::error::{Error, Result};
use hanze_base::words::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use toml::Spanned;

/// The table that comes with the program.
pub const SHIPPED: (&str, &str) = ("nl.toml", include_str!("../../../scenarios/indicators/nl.toml"));
/// Bytes of a table that are read, its indicators and the letters of its texts at most.
const LARGEST_FILE: u64 = 4 << 20;
const MOST_INDICATORS: usize = 500;
const LONGEST_TEXT: usize = 300;
/// No number of a table is larger.
const LARGEST: f64 = 1e12;
const MEND: &str = "see scenarios/indicators/nl.toml for an example";

/// What the values are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The cells of a layer.
    Cells,
    /// Buildings.
    Buildings,
    /// Neighbourhoods.
    Neighbourhoods,
    /// Stretches of road, or roads by direction.
    Roads,
    /// Junctions.
    Junctions,
    /// Zones of traffic.
    Zones,
    /// Any other rows of a table.
    Rows,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Less of it.
    Less,
    /// More of it.
    More,
}

/// What a value must keep to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The value: the highest that is allowed where less is better, else the lowest.
    pub value: f64,
    /// Who says so.
    pub source: String,
}

/// Where the values are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// In a layer; `{}` in its name stands for any place.
    Layer(String),
    /// In a column of a table.
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The column that says how much each row counts.
        #[serde(skip_serializing_if = "Option::is_none")]
        weight: Option<String>,
    },
}

/// An indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Indicator {
    /// Machine name.
    pub name: String,
    /// What it is.
    pub words: Text,
    /// Where its values are.
    pub values: Values,
    /// What is taken of them.
    pub statistic: Statistic,
    /// What they are of.
    pub over: Over,
    /// Threshold in the unit of the values, where the statistic has one.
    pub threshold: Option<f64>,
    /// Of a percentile.
    pub percent: Option<f64>,
    /// Unit of the indicator.
    pub unit: Text,
    /// Which way is good.
    pub better: Better,
    /// From which difference on it counts.
    pub change: f64,
    /// What it must keep to.
    pub limit: Option<Limit>,
    /// Where threshold and wording are from.
    pub source: String,
}

impl Indicator {
    /// Decimals that show a change.
    pub fn decimals(&self) -> usize {
        (0..6).find(|k| self.change * 10f64.powi(*k) >= 0.999_999).unwrap_or(6) as usize
    }

    /// Whether a value does not keep to the limit.
    pub fn exceeds(&self, value: f64) -> bool {
        self.limit.as_ref().is_some_and(|limit| match self.better {
            Better::Less => value > limit.value,
            Better::More => value < limit.value,
        })
    }
}

/// A table of indicators.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicators {
    /// Where it is from.
    pub source: String,
    /// The indicators.
    pub all: Vec<Indicator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    #[serde(rename = "indicator")]
    indicators: Vec<One>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    name: Spanned<String>,
    en: String,
    nl: String,
    layer: Option<String>,
    table: Option<String>,
    column: Option<String>,
    weight: Option<String>,
    statistic: Statistic,
    over: Over,
    threshold: Option<f64>,
    percent: Option<f64>,
    unit: String,
    unit_nl: Option<String>,
    better: Better,
    change: f64,
    limit: Option<Limit>,
    source: Option<String>,
}

impl Indicators {
    /// Reads a table.
    ///
    /// # Errors
    /// `Io` where it cannot be read, `Data` with what is wrong in it.
    pub fn read(path: &Path) -> Result<Indicators> {
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(Error::io("reading", path))?;
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(Error::io("reading", path))?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(Error::data(path, "is longer than 4 MiB", "a table of indicators is a short TOML file"));
        }
        Indicators::parse(path, &text)
    }

    /// The table that comes with the program.
    ///
    /// # Errors
    /// `Data`, where it is wrong; a test reads it.
    pub fn shipped() -> Result<Indicators> {
        Indicators::parse(Path::new(SHIPPED.0), SHIPPED.1)
    }

    /// Reads a table from its text, which stands for `path`.
    ///
    /// # Errors
    /// `Data` with the line and what is wrong there.
    pub fn parse(path: &Path, text: &str) -> Result<Indicators> {
        let line = |at: usize| 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line(span.start));
            Error::data(path, format!("line {line}: {}", error.message().trim().replace('\n', ", ")), MEND)
        })?;
        if written.indicators.len() > MOST_INDICATORS {
            return Err(Error::data(path, format!("has more than {MOST_INDICATORS} indicators"), "split the table"));
        }
        let mut names = BTreeSet::new();
        let mut all = Vec::with_capacity(written.indicators.len());
        for one in written.indicators {
            let at = line(one.name.span().start);
            let name = one.name.get_ref().clone();
            let bad = |problem: String| Error::data(path, format!("line {at}: indicator {name:?} {problem}"), MEND);
            if !names.insert(name.clone()) {
                return Err(bad("stands twice".into()));
            }
            all.push(one.checked().map_err(bad)?);
        }
        Ok(Indicators { source: written.source, all })
    }
}

impl One {
    /// The indicator, or what is wrong with it.
    fn checked(self) -> std::result::Result<Indicator, String> {
        let name = self.name.into_inner();
        let is_plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if !is_plain(&name) || name.len() > 80 {
            return Err("has a name of other signs than a-z, 0-9 and _".into());
        }
        let limit_source = self.limit.as_ref().map(|limit| limit.source.as_str());
        let texts = [Some(self.en.as_str()), Some(&self.nl), Some(&self.unit), self.unit_nl.as_deref(), limit_source];
        let is_odd = |text: &&str| text.chars().count() > LONGEST_TEXT || text.chars().any(char::is_control);
        if texts.into_iter().flatten().any(|text| is_odd(&text))
            || self.en.trim().is_empty()
            || self.nl.trim().is_empty()
        {
            return Err(format!("has a text that is empty, longer than {LONGEST_TEXT} letters or not printable"));
        }
        for (key, value) in [
            ("threshold", self.threshold),
            ("percent", self.percent),
            ("change", Some(self.change)),
            ("limit.value", self.limit.as_ref().map(|limit| limit.value)),
        ] {
            if let Some(value) = value.filter(|value| value.is_nan() || value.abs() > LARGEST) {
                return Err(format!("has {key} = {value}"));
            }
        }
        if self.change <= 0.0 {
            return Err(format!("has change = {}: give the difference, above 0, from which on it counts", self.change));
        }
        let statistic = self.statistic;
        if statistic.has_threshold() != self.threshold.is_some() {
            let words = if statistic.has_threshold() { "needs" } else { "has no use for" };
            return Err(format!("{words} a threshold"));
        }
        if (statistic == Statistic::Percentile) != self.percent.is_some() {
            return Err("has percent where it is of a percentile, and only there".into());
        }
        if self.percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err("has a percent beyond 0 to 100".into());
        }
        let values = match (self.layer, self.table, self.column) {
            (Some(layer), None, None) => {
                if !is_plain(&layer.replacen("{}", "x", 1)) {
                    return Err(format!("has a layer {layer:?}, which is no name of one"));
                }
                if self.over != Over::Cells || self.weight.is_some() {
                    return Err("is of a layer, so that it is over cells and without a weight".into());
                }
                Values::Layer(layer)
            }
            (None, Some(table), Some(column)) => {
                if !is_plain(&table) {
                    return Err(format!("has a table {table:?}, which is no name of one"));
                }
                if self.over == Over::Cells || statistic.is_of_cells() {
                    return Err("is of a table, which has no cells".into());
                }
                if self.weight.is_some() && !statistic.may_weigh() {
                    return Err("has a weight, which its statistic does not take".into());
                }
                Values::Column { table, column, weight: self.weight }
            }
            _ => return Err("needs either a layer, or a table and a column".into()),
        };
        let unit_nl = self.unit_nl.unwrap_or_else(|| hanze_base::words::Language::Dutch.unit(&self.unit).into());
        Ok(Indicator {
            name,
            words: Text::new(self.en, self.nl),
            values,
            statistic,
            over: self.over,
            threshold: self.threshold,
            percent: self.percent,
            unit: Text::new(self.unit, unit_nl),
            better: self.better,
            change: self.change,
            limit: self.limit,
            source: self.source.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hanze_engine::models;

    #[test]
    fn the_shipped_table_is_sound_and_its_layers_are_known() {
        let found = Indicators::shipped().expect("sound");
        assert!(found.all.len() > 25 && found.source.len() > 20);
        for own in &found.all {
            assert_ne!(own.words.en, own.words.nl, "{}", own.name);
            let is_threshold_told = own.threshold.is_none() || !own.source.is_empty();
            assert!(is_threshold_told, "{}: who says that threshold?", own.name);
            if let Values::Layer(layer) = &own.values {
                let variable = models::variable(&layer.replace("{}", "place"));
                let variable = variable.unwrap_or_else(|| panic!("{}: no layer {layer}", own.name));
                if own.statistic.keeps_unit() {
                    assert_eq!(variable.quantity.unit, own.unit.en, "{}", own.name);
                }
            }
        }
    }

    const SOUND: &str = "source = \"me\"\n[[indicator]]\nname = \"a\"\nen = \"A\"\nnl = \"B\"\ntable = \"t\"\ncolumn = \"c\"\n\
         statistic = \"count_over\"\nover = \"rows\"\nthreshold = 1\nunit = \"m\"\nbetter = \"less\"\nchange = 0.05\n";

    fn parse(text: &str) -> Result<Indicators> {
        Indicators::parse(Path::new("my.toml"), text)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let sound = parse(SOUND).expect("sound");
        assert_eq!((sound.all[0].decimals(), sound.all[0].exceeds(9.0)), (2, false));
        let swapped = |from: &str, to: &str| {
            assert!(SOUND.contains(from), "{from}");
            SOUND.replace(from, to)
        };
        let one = SOUND.split_once('\n').expect("lines").1;
        for (text, words) in [
            (swapped("name = \"a\"", "name = \"A b\""), "line 3"),
            (swapped("en = \"A\"", "en = \" \""), "text"),
            (swapped("en = \"A\"", "en = \"\\u001b\""), "text"),
            (swapped("table = \"t\"", "layer = \"t\""), "either a layer"),
            (swapped("table = \"t\"", "table = \"../t\""), "no name of one"),
            (swapped("column = \"c\"\n", ""), "either a layer"),
            (swapped("count_over", "most"), "line 8"),
            (swapped("count_over", "mean"), "no use for a threshold"),
            (swapped("count_over", "area_over"), "no cells"),
            (swapped("over = \"rows\"", "over = \"cells\""), "no cells"),
            (swapped("threshold = 1", "threshold = nan"), "threshold = NaN"),
            (swapped("threshold = 1", "threshold = 1e99"), "threshold = "),
            (swapped("threshold = 1\n", ""), "needs a threshold"),
            (swapped("threshold = 1", "threshold = 1\npercent = 50"), "percent"),
            (swapped("\"less\"", "\"good\""), "line 12"),
            (swapped("change = 0.05", "change = 0"), "change = 0"),
            (swapped("change = 0.05", "change = -1"), "change = -1"),
            (swapped("change = 0.05", "changes = 1"), "line 13"),
            (swapped("change = 0.05", "change = 1\nlimit = { value = inf, source = \"x\" }"), "limit.value"),
            (swapped("change = 0.05", "change = 1\nlimit = { value = 2 }"), "source"),
            (format!("{SOUND}{one}"), "stands twice"),
            ("indicator = []".into(), "source"),
            ("source = 3".into(), "line 1"),
            (swapped("count_over", "max").replace("threshold = 1", "weight = \"w\""), "does not take"),
            (swapped("count_over", "percentile").replace("threshold = 1", "percent = 101"), "0 to 100"),
        ] {
            let error = parse(&text).expect_err(words).to_string();
            assert!(error.contains(words) && error.contains("my.toml"), "{words}: {error}");
        }
    }

    #[test]
    fn limits_hold_the_good_way() {
        let text = |better: &str| {
            let limit = "change = 1\nlimit = { value = 2, source = \"x\" }";
            SOUND.replace("change = 0.05", limit).replace("less", better)
        };
        for (better, exceeds) in [("less", [false, true]), ("more", [true, false])] {
            let own = &parse(&text(better)).expect("sound").all[0];
            assert_eq!([1.0, 3.0].map(|value| own.exceeds(value)), exceeds);
            assert!(!own.exceeds(2.0) && !own.exceeds(f64::NAN));
        }
    }
}
