//! Errors of the engine as a person reads them: with the line of the scenario where there is one.

use hanze_engine::Error;
use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};

/// A report that shows the place, the problem and the mend.
pub fn report(error: Error) -> Report {
    let Error::Scenario { place: Some(place), at, problem, mend } = &error else {
        return Report::msg(error.to_string());
    };
    let head = if at.is_empty() { problem.clone() } else { format!("{at}: {problem}") };
    let label = LabeledSpan::new_with_span(Some("here".into()), place.span.clone());
    let diagnostic = MietteDiagnostic::new(format!("{place}: {head}")).with_help(mend.clone()).with_label(label);
    let text = std::fs::read_to_string(&place.file).unwrap_or_default();
    Report::new(diagnostic).with_source_code(NamedSource::new(place.file.display().to_string(), text))
}
