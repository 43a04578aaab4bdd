//! One matrix over the comparisons of several sections: rain, heat and traffic beside each other, as who decides reads them.

use crate::matrix::{self, Row, Verdict};
use crate::{Comparison, picture};
use hanze_base::error::{Error, Result};
use hanze_base::words::{Language, Text, lower};
use hanze_output::folder::{Artifact, Provenance, RunFolder};
use serde_json::{Value, json};
use std::path::Path;

/// Indicators that a sentence names at most.
const NAMED: usize = 6;

/// What of a comparison an overview is made from.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub(crate) rows: Vec<Row>,
    pub(crate) base: String,
    pub(crate) labels: Vec<String>,
    pub(crate) areas: Vec<String>,
    pub(crate) provenance: Provenance,
}

/// Writes the indicators of several sections as one matrix, `indicators.csv`, `.json` and `.png` in the folder `out`, and says what gets
/// better and worse over all of them, with the files. Sections come with their titles; all have the same variants.
///
/// # Errors
/// `Io` where a file cannot be written.
pub fn over_all(
    sections: &[(Text, &Comparison)],
    out: &Path,
    language: Language,
) -> Result<(Vec<Text>, Vec<Artifact>)> {
    let Some((_, first)) = sections.first() else { return Ok(Default::default()) };
    let Matrix { base, labels, provenance, .. } = &first.matrix;
    let mut folder = RunFolder::create(out)?;
    folder.provenance = provenance.clone();
    let mut csv = String::new();
    for (title, own) in sections {
        let text = matrix::csv(&own.matrix.rows, base, labels)?;
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        if csv.is_empty() {
            csv.push_str(&format!("section,{head}\n"));
        }
        let section = field(title.in_language(Language::English))?;
        lines.for_each(|line| csv.push_str(&format!("{section},{line}\n")));
    }
    folder.written("indicators.csv", "text/csv", "indicators of all sections by variants", &csv)?;
    let all: Vec<Value> = sections
        .iter()
        .map(|(title, own)| {
            let matrix = matrix::json(&own.matrix.rows, base, labels, &own.matrix.areas);
            json!({ "title": title, "indicators": matrix["indicators"] })
        })
        .collect();
    let text = format!("{:#}\n", json!({ "base": base, "variants": labels, "sections": all }));
    folder.written("indicators.json", "application/json", "indicators of all sections by variants", &text)?;
    let title = format!("{}: {base}", language.pick("Comparison with", "Vergelijking met"));
    let around = picture::Around {
        title: &title,
        base,
        variants: labels,
        attribution: &provenance.attribution,
        synthetic: provenance.synthetic,
        language,
    };
    let groups: Vec<(&str, &[Row])> =
        sections.iter().map(|(title, own)| (title.in_language(language), own.matrix.rows.as_slice())).collect();
    folder.picture("indicators", "indicators of all sections by variants", &picture::draw(&groups, &around))?;
    let story = (0..labels.len()).map(|k| said(&labels[k], k, sections)).collect();
    Ok((story, folder.artifacts))
}

/// A text as a field of CSV.
fn field(text: &str) -> Result<String> {
    let refused = |error: csv::Error| Error::io("writing", Path::new("indicators.csv"))(error.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([text]).map_err(refused)?;
    let bytes =
        writer.into_inner().map_err(|error| Error::io("writing", Path::new("indicators.csv"))(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_string())
}

/// What gets better and worse in a variant over all sections.
fn said(label: &str, variant: usize, sections: &[(Text, &Comparison)]) -> Text {
    let of = |language: Language| {
        let rows = || sections.iter().flat_map(|(_, own)| &own.matrix.rows);
        let named = |wanted: Verdict| {
            let all: Vec<String> = rows()
                .filter(|row| row.verdict(variant) == wanted)
                .map(|row| lower(row.indicator.words.in_language(language)))
                .collect();
            let more = all.len().saturating_sub(NAMED);
            let rest = match (more, language) {
                (0, _) => String::new(),
                (_, Language::English) => format!("; and {more} more"),
                (_, Language::Dutch) => format!("; en nog {more}"),
            };
            (all.len(), format!("{}{rest}", all[..all.len() - more].join("; ")))
        };
        let (better, good) = named(Verdict::Better);
        let (worse, bad) = named(Verdict::Worse);
        let count = rows().count();
        let mut text = match (language, better + worse) {
            (Language::English, 0) => format!("{label}: none of {count} indicators changes."),
            (Language::Dutch, 0) => format!("{label}: geen van de {count} indicatoren verandert."),
            (Language::English, _) => {
                format!("{label}: of {count} indicators {better} get better and {worse} get worse.")
            }
            (Language::Dutch, _) => {
                format!("{label}: van de {count} indicatoren worden er {better} beter en {worse} slechter.")
            }
        };
        for (names, head) in [(good, language.pick("Better", "Beter")), (bad, language.pick("Worse", "Slechter"))] {
            if !names.is_empty() {
                text.push_str(&format!(" {head}: {names}."));
            }
        }
        text
    };
    Text::new(of(Language::English), of(Language::Dutch))
}
