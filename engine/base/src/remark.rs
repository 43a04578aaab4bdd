//! What was guessed, mended or left out on the way to a result: said in `check` and in the words of a run.

use crate::words::{Language, Text};

/// One thing that was guessed, mended or left out.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Remark {
    /// Share of what it concerns that it touches, from 0 to 1: cells of a layer, hours of weather, links of the roads; 0 where it
    /// is not known. The largest are said first.
    pub share: f64,
    /// The words.
    #[serde(flatten)]
    pub text: Text,
}

impl Remark {
    /// A remark on `share` of what it concerns, in English and Dutch.
    pub fn new(share: f64, en: impl Into<String>, nl: impl Into<String>) -> Remark {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        Remark { share, text: Text::new(en, nl) }
    }

    /// The same with a name before it, such as the file that it concerns.
    pub fn of(&self, name: &str) -> Remark {
        Remark::new(self.share, format!("{name}: {}", self.text.en), format!("{name}: {}", self.text.nl))
    }

    /// Whether the English words hold these.
    pub fn contains(&self, words: &str) -> bool {
        self.text.en.contains(words)
    }
}

impl PartialEq<str> for Remark {
    fn eq(&self, words: &str) -> bool {
        self.text.en == words
    }
}

impl PartialEq<&str> for Remark {
    fn eq(&self, words: &&str) -> bool {
        self.text.en == *words
    }
}

/// Remarks in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Remarks(Vec<Remark>);

impl Remarks {
    /// Adds one.
    pub fn push(&mut self, remark: Remark) {
        self.0.push(remark);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds several.
    pub fn extend(&mut self, remarks: impl IntoIterator<Item = Remark>) {
        self.0.extend(remarks);
    }

    /// The largest first, each once.
    #[must_use]
    pub fn by_size(mut self) -> Remarks {
        self.0.sort_by(|a, b| b.share.total_cmp(&a.share));
        let mut said = std::collections::HashSet::new();
        self.0.retain(|remark| said.insert(remark.text.en.clone()));
        self
    }

    /// The words in one language.
    pub fn words(&self, language: Language) -> impl Iterator<Item = &str> {
        self.0.iter().map(move |remark| remark.text.in_language(language))
    }
}

impl std::ops::Deref for Remarks {
    type Target = [Remark];

    fn deref(&self) -> &[Remark] {
        &self.0
    }
}

impl IntoIterator for Remarks {
    type Item = Remark;
    type IntoIter = std::vec::IntoIter<Remark>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Remarks {
    type Item = &'a Remark;
    type IntoIter = std::slice::Iter<'a, Remark>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Remark> for Remarks {
    fn from_iter<I: IntoIterator<Item = Remark>>(remarks: I) -> Remarks {
        Remarks(remarks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_each_once() {
        let mut remarks = Remarks::default();
        remarks.push(Remark::new(0.0, "a small one", "een kleine"));
        remarks.push(Remark::new(0.2, "a fifth", "een vijfde"));
        remarks.push(Remark::new(f64::NAN, "unknown", "onbekend"));
        remarks.push(Remark::new(7.0, "all", "alles"));
        remarks.push(Remark::new(0.2, "a fifth", "een vijfde"));
        let words: Vec<String> = remarks.by_size().words(Language::Dutch).map(String::from).collect();
        assert_eq!(words, ["alles", "een vijfde", "een kleine", "onbekend"]);
    }
}
