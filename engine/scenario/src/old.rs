//! Scenarios as they were written before each model had a section of its own: what their keys are called now.

use hanze_base::error::{Error, Result};
use toml::de::{DeTable, DeValue};

/// Keys at the top of an earlier scenario that there are no more.
const GONE: [&str; 7] = ["model", "time", "rain", "sewer", "structure", "boundary", "inflow"];

/// A key of an earlier scenario.
struct Found {
    key: &'static str,
    /// Line that it stands on, from 1; none in JSON.
    line: Option<usize>,
    /// Its value as it is written, where that is short.
    value: String,
    /// Keys below it, with their values.
    below: Vec<(String, String)>,
}

/// Refuses the text of a scenario of an earlier form.
///
/// # Errors
/// `Scenario` with the first of its earlier keys, and what all of them are called now. Text that is no TOML is not looked at.
pub(super) fn refuse(text: &str) -> Result<()> {
    let Ok(root) = DeTable::parse(text) else { return Ok(()) };
    let mut found: Vec<(usize, Found)> = Vec::new();
    for (name, value) in root.get_ref().iter() {
        let Some(key) = GONE.into_iter().find(|gone| *gone == &**name.get_ref()) else { continue };
        let start = name.span().start;
        let written = |span: std::ops::Range<usize>| text.get(span).unwrap_or_default().to_string();
        let below = match value.get_ref() {
            DeValue::Table(table) => {
                let below = table.iter();
                below.map(|(name, value)| (name.get_ref().to_string(), written(value.span()))).collect()
            }
            _ => Vec::new(),
        };
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        found.push((start, Found { key, line: Some(line), value: written(value.span()), below }));
    }
    found.sort_by_key(|(start, _)| *start);
    told(found.into_iter().map(|(_, found)| found).collect())
}

/// The same of a scenario as JSON.
///
/// # Errors
/// As [`refuse`].
pub(super) fn refuse_json(scenario: &serde_json::Value) -> Result<()> {
    let found = GONE.into_iter().filter_map(|key| {
        let value = scenario.get(key)?;
        let below = value.as_object().into_iter().flatten();
        let below = below.map(|(name, value)| (name.clone(), value.to_string())).collect();
        Some(Found { key, line: None, value: value.to_string(), below })
    });
    told(found.collect())
}

fn told(found: Vec<Found>) -> Result<()> {
    let Some(first) = found.first() else { return Ok(()) };
    let model = found.iter().find(|own| own.key == "model").map_or("", |own| own.value.trim_matches(['"', '\'']));
    let section = match model {
        "runoff" | "heat" | "traffic" => format!("[{model}]"),
        _ => "the section of the model ([runoff], [heat] or [traffic])".into(),
    };
    let words: Vec<String> = found.iter().map(|own| own.words(&section)).collect();
    let problem = "is written as it was before each model had a section of its own";
    let mend = format!(
        "write {}; what stands below these keys stays, and plain keys of a section come before its tables",
        words.join("; ")
    );
    Err(Error::scenario(first.key, problem, mend))
}

impl Found {
    /// How it is written now.
    fn words(&self, section: &str) -> String {
        let short = |value: &str| if value.chars().count() <= 80 { value.to_string() } else { "…".into() };
        let given = |keys: &[(String, String)]| {
            let given: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", short(value))).collect();
            given.join(", ")
        };
        let now = match self.key {
            "model" => section.to_string(),
            "time" if self.below.is_empty() => format!("end_minutes = … below {section}"),
            "time" => format!("{} below {section}", given(&self.below)),
            "sewer" => match self.below.iter().find(|(key, _)| key == "districts") {
                Some((_, file)) => {
                    format!("[runoff.sewer], and for its districts sewer_districts = {} below [city]", short(file))
                }
                None => "[runoff.sewer]".into(),
            },
            "rain" => "[runoff.rain]".into(),
            "structure" => "[[city.structure]]".into(),
            "boundary" => "[[runoff.boundary]]".into(),
            _ => "[[runoff.inflow]]".into(),
        };
        let before = match self.key {
            "model" => format!("model = {}", short(&self.value)),
            "structure" | "boundary" | "inflow" => format!("[[{}]]", self.key),
            key => format!("[{key}]"),
        };
        let line = self.line.map_or(String::new(), |line| format!(" (line {line})"));
        format!("{now} instead of {before}{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "title = \"t\"\nmodel = \"runoff\"\n[city]\nterrain = \"t.asc\"\n[time]\nend_minutes = 90\nframe_minutes = 15\n\
                       [rain]\nmm_per_hour = 3\n[runoff]\norder = 1\n[sewer]\nstorage_mm = 7\ndistricts = \"d.geojson\"\n\
                       [[structure]]\nname = \"w\"\n[[boundary]]\nname = \"b\"\n[[boundary]]\nname = \"c\"\n[[inflow]]\nname = \"i\"\n";

    #[test]
    fn every_earlier_key_is_told_with_its_line_and_its_new_name() {
        let words = refuse(OLD).expect_err("old").to_string();
        for part in [
            "[runoff] instead of model = \"runoff\" (line 2)",
            "end_minutes = 90, frame_minutes = 15 below [runoff] instead of [time] (line 5)",
            "[runoff.rain] instead of [rain] (line 8)",
            "[runoff.sewer], and for its districts sewer_districts = \"d.geojson\" below [city] instead of [sewer] (line 12)",
            "[[city.structure]] instead of [[structure]] (line 15)",
            "[[runoff.boundary]] instead of [[boundary]] (line 17)",
            "[[runoff.inflow]] instead of [[inflow]] (line 21)",
        ] {
            assert!(words.contains(part), "{words} does not say {part}");
        }
        let Err(Error::Scenario { at, .. }) = refuse(OLD) else { panic!("no error") };
        assert_eq!(at, "model");
    }

    #[test]
    fn json_is_told_the_same_and_a_span_of_time_goes_to_its_model() {
        let value: serde_json::Value = toml::from_str(OLD).expect("TOML");
        let words = refuse_json(&value).expect_err("old").to_string();
        assert!(words.contains("[[runoff.inflow]] instead of [[inflow]]") && !words.contains("(line"), "{words}");
        for (model, section) in [("heat", "[heat]"), ("traffic", "[traffic]"), ("magic", "[runoff], [heat] or")] {
            let text = format!("title = \"t\"\nmodel = \"{model}\"\ntime = {{ end_minutes = 60 }}\n");
            let words = refuse(&text).expect_err("old").to_string();
            assert!(words.contains("end_minutes = 60 below") && words.contains(section), "{words}");
        }
    }

    #[test]
    fn what_is_new_or_no_toml_is_not_looked_at() {
        assert!(refuse("title = \"t\"\n[city]\n[runoff]\nend_minutes = 1\n[runoff.rain]\nmm_per_hour = 3\n").is_ok());
        assert!(refuse("model = [").is_ok());
    }
}
