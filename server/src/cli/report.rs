//! Errors of the engine as a person reads them: with the line of the scenario where there is one.

use super::printable;
use crate::serve::is_control;
use hanze_engine::Error;
use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};

/// A report that shows the place, the problem and the mend.
pub fn report(error: Error) -> Report {
    let Error::Scenario { place: Some(place), at, problem, mend } = &error else {
        return Report::msg(printable(&error.to_string()));
    };
    let head = if at.is_empty() { problem.clone() } else { format!("{at}: {problem}") };
    let label = LabeledSpan::new_with_span(Some("here".into()), place.span.clone());
    let diagnostic =
        MietteDiagnostic::new(printable(&format!("{place}: {head}"))).with_help(mend.clone()).with_label(label);
    // The place is counted in bytes, so what stands for a control character takes as many.
    let text = std::fs::read_to_string(&place.file).unwrap_or_default();
    let seen =
        |c: char| if is_control(c) && !matches!(c, '\n' | '\r' | '\t') { "?".repeat(c.len_utf8()) } else { c.into() };
    let text: String = text.chars().map(seen).collect();
    Report::new(diagnostic).with_source_code(NamedSource::new(place.file.display().to_string(), text))
}
