//! Indicators by variants: values, verdicts, CSV and JSON.

use crate::indicators::{Better, Indicator};
use crate::measured::Measured;
use crate::statistic::ranks;
use hanze_base::error::{Error, Result};
use hanze_base::words::Language;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It gets better.
    Better,
    /// It gets worse.
    Worse,
    /// The difference is too small to count.
    NoChange,
    /// One of the two has no value.
    Unknown,
}

impl Verdict {
    /// What a difference of an indicator means.
    pub fn of(indicator: &Indicator, difference: f64) -> Verdict {
        if !difference.is_finite() {
            return Verdict::Unknown;
        }
        // A difference of two rounded numbers may miss the change by their rounding.
        if difference.abs() < indicator.change * (1.0 - 1e-9) {
            return Verdict::NoChange;
        }
        match (indicator.better, difference < 0.0) {
            (Better::Less, true) | (Better::More, false) => Verdict::Better,
            _ => Verdict::Worse,
        }
    }

    /// A word for it.
    pub fn words(self, language: Language) -> &'static str {
        match self {
            Verdict::Better => language.pick("better", "beter"),
            Verdict::Worse => language.pick("worse", "slechter"),
            Verdict::NoChange => language.pick("no change", "geen verandering"),
            Verdict::Unknown => language.pick("unknown", "onbekend"),
        }
    }
}

/// One indicator in base and variants.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub indicator: Indicator,
    pub base: Measured,
    /// One for each variant; `None` where it lacks the layer or table.
    pub variants: Vec<Option<Measured>>,
}

impl Row {
    /// Value of a variant; NaN for none.
    pub fn value(&self, variant: usize) -> f64 {
        self.variants[variant].as_ref().map_or(f64::NAN, |own| own.all)
    }

    /// Variant less base.
    pub fn difference(&self, variant: usize) -> f64 {
        self.value(variant) - self.base.all
    }

    /// What it means.
    pub fn verdict(&self, variant: usize) -> Verdict {
        Verdict::of(&self.indicator, self.difference(variant))
    }

    /// Neighbourhoods in which it changes, as places and differences: those that get better and those that get worse, each the largest first.
    pub fn places(&self, variant: usize) -> [Vec<(usize, f64)>; 2] {
        let Some(own) = &self.variants[variant] else { return Default::default() };
        let mut all: Vec<(usize, f64)> =
            own.by_area.iter().zip(&self.base.by_area).map(|(is, was)| is - was).enumerate().collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        [Verdict::Better, Verdict::Worse].map(|wanted| {
            all.iter().copied().filter(|(_, difference)| Verdict::of(&self.indicator, *difference) == wanted).collect()
        })
    }
}

/// The matrix as CSV: a row for each indicator, and three columns for each variant.
pub(crate) fn csv(rows: &[Row], base: &str, variants: &[String]) -> Result<String> {
    let refused = |error: csv::Error| Error::io("writing", Path::new("indicators.csv"))(error.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> =
        ["name", "english", "dutch", "unit", "better", "change", "limit"].map(String::from).to_vec();
    head.push(base.into());
    for variant in variants {
        head.extend([variant.clone(), format!("{variant}: difference"), format!("{variant}: verdict")]);
    }
    writer.write_record(&head).map_err(refused)?;
    let number = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    for row in rows {
        let own = &row.indicator;
        let better = if own.better == Better::Less { "less" } else { "more" };
        let mut line =
            vec![own.name.clone(), own.words.en.clone(), own.words.nl.clone(), own.unit.en.clone(), better.into()];
        line.push(number(own.change));
        line.push(own.limit.as_ref().map_or(String::new(), |limit| number(limit.value)));
        line.push(number(row.base.all));
        for k in 0..variants.len() {
            line.push(number(row.value(k)));
            line.push(number(row.difference(k)));
            line.push(row.verdict(k).words(Language::English).into());
        }
        writer.write_record(&line).map_err(refused)?;
    }
    let bytes =
        writer.into_inner().map_err(|error| Error::io("writing", Path::new("indicators.csv"))(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The indicators in each neighbourhood as CSV: a row for each of them, with ranks by the size of the difference; none where no indicator is
/// known by neighbourhood.
pub(crate) fn by_area(rows: &[Row], base: &str, variants: &[String], areas: &[String]) -> Result<Option<String>> {
    let refused = |error: csv::Error| Error::io("writing", Path::new("indicators_by_area.csv"))(error.into());
    let known: Vec<&Row> =
        rows.iter().filter(|row| row.base.by_area.len() == areas.len() && !areas.is_empty()).collect();
    if known.is_empty() {
        return Ok(None);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = ["indicator", "neighbourhood", "unit"].map(String::from).to_vec();
    head.push(base.into());
    for variant in variants {
        head.extend(["", ": difference", ": rank", ": verdict"].map(|what| format!("{variant}{what}")));
    }
    writer.write_record(&head).map_err(refused)?;
    let number = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    for row in known {
        let values = |k: usize| row.variants[k].as_ref().map_or(&[][..], |own| &own.by_area);
        let value = |k: usize, area: usize| values(k).get(area).copied().unwrap_or(f64::NAN);
        let ranked: Vec<Vec<f64>> = (0..variants.len())
            .map(|k| ranks(&(0..areas.len()).map(|area| value(k, area) - row.base.by_area[area]).collect::<Vec<f64>>()))
            .collect();
        for (area, name) in areas.iter().enumerate() {
            let was = row.base.by_area[area];
            let mut line = vec![row.indicator.name.clone(), name.clone(), row.indicator.unit.en.clone(), number(was)];
            for (k, ranks) in ranked.iter().enumerate() {
                let is = value(k, area);
                let verdict = Verdict::of(&row.indicator, is - was).words(Language::English);
                line.extend([number(is), number(is - was), number(ranks[area]), verdict.into()]);
            }
            writer.write_record(&line).map_err(refused)?;
        }
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::io("writing", Path::new("indicators_by_area.csv"))(error.into_error()))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The matrix as JSON, with the neighbourhoods that change.
pub(crate) fn json(rows: &[Row], base: &str, variants: &[String], areas: &[String]) -> Value {
    let name = |places: &[(usize, f64)]| -> Vec<Value> {
        places.iter().map(|(area, difference)| json!({ "name": areas.get(*area), "difference": difference })).collect()
    };
    let row = |row: &Row| {
        let of = |k: usize| {
            let [better, worse] = row.places(k);
            json!({
                "variant": variants[k],
                "value": row.value(k),
                "difference": row.difference(k),
                "verdict": row.verdict(k),
                "exceeds_limit": row.indicator.exceeds(row.value(k)),
                "better_in": name(&better),
                "worse_in": name(&worse),
            })
        };
        json!({
            "indicator": row.indicator,
            "base": row.base.all,
            "base_exceeds_limit": row.indicator.exceeds(row.base.all),
            "variants": (0..variants.len()).map(of).collect::<Vec<_>>(),
        })
    };
    json!({ "base": base, "variants": variants, "indicators": rows.iter().map(row).collect::<Vec<_>>() })
}
