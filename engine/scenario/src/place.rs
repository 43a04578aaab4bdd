//! Where in the text a key stands, and which key stands at a place.

use hanze_base::error::Place;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Byte range of a dotted key such as `boundary[1].edge` in a TOML text; the nearest parent where it is missing.
pub(super) fn span_of(text: &str, key: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let mut best = None;
    let mut table: &DeTable = root.get_ref();
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Some(mut value) = table.get(name) else { break };
        best = Some(value.span());
        if let (Some(index), DeValue::Array(items)) = (index, value.get_ref()) {
            value = items.get(index)?;
            best = Some(value.span());
        }
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    best
}

/// The dotted key whose value covers a byte range.
pub(super) fn key_at(text: &str, span: &Range<usize>) -> Option<String> {
    fn within(value: &Spanned<DeValue>, span: &Range<usize>, key: String) -> Option<String> {
        let inner = match value.get_ref() {
            DeValue::Table(table) => in_table(table, span, &format!("{key}.")),
            DeValue::Array(items) => {
                let mut items = items.iter().enumerate();
                items.find_map(|(k, item)| within(item, span, format!("{key}[{k}]")))
            }
            _ => None,
        };
        let covers = value.span().start <= span.start && span.end <= value.span().end;
        inner.or_else(|| covers.then_some(key))
    }
    fn in_table(table: &DeTable, span: &Range<usize>, before: &str) -> Option<String> {
        table.iter().find_map(|(name, value)| within(value, span, format!("{before}{}", name.get_ref())))
    }
    in_table(DeTable::parse(text).ok()?.get_ref(), span, "")
}

/// The place of a byte range.
pub(super) fn place(file: &Path, text: &str, span: Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Place { file: file.to_path_buf(), line, column, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\n[b]\nc = { d = \"x\" }\n[[e]]\nf = 1\n[[e]]\nf = [2, 3]\n";

    #[test]
    fn keys_and_places_find_each_other() {
        for (key, value) in [("a", "1"), ("b.c.d", "\"x\""), ("e[1].f", "[2, 3]")] {
            let span = span_of(TEXT, key).unwrap();
            assert_eq!(&TEXT[span.clone()], value, "{key}");
            assert_eq!(key_at(TEXT, &span).as_deref(), Some(key));
        }
        assert_eq!(&TEXT[span_of(TEXT, "b.c.missing").unwrap()], "{ d = \"x\" }");
        assert_eq!(span_of(TEXT, "missing"), None);
        let at = place(Path::new("t"), "é = 1\nö = x", 12..13);
        assert_eq!((at.line, at.column), (2, 5));
    }
}
