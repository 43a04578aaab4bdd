//! The matrix of indicators and variants as a picture.

use crate::matrix::{Row, Verdict};
use hanze_base::words::Language;
use hanze_output::map::{FAINT, INK, PAPER, Pen, WARNING, Weight, fill};
use image::{Rgb, RgbImage};

/// Size of the letters; everything follows from it.
const EM: f32 = 18.0;
/// Widths of the words of an indicator and of a run, pixels.
const WORDS: f32 = 26.0 * EM;
const COLUMN: f32 = 11.0 * EM;
/// Indicators and variants that are drawn at most.
pub(crate) const MOST: (usize, usize) = (80, 12);

/// Behind what gets better (blue), worse (orange), does not change, is unknown: all are light enough for dark letters, and differ without
/// colour vision; the words say it, too.
fn colour(verdict: Verdict) -> [u8; 3] {
    match verdict {
        Verdict::Better => [174, 208, 240],
        Verdict::Worse => [250, 196, 132],
        Verdict::NoChange => [242, 242, 242],
        Verdict::Unknown => PAPER,
    }
}

/// What stands around the matrix.
pub(crate) struct Around<'a> {
    pub title: &'a str,
    pub base: &'a str,
    pub variants: &'a [String],
    pub attribution: &'a str,
    pub synthetic: bool,
    pub language: Language,
}

/// Draws the matrix: a line for each indicator, below the title of its group if that has one; base, and each variant with its difference.
pub(crate) fn draw(groups: &[(&str, &[Row])], around: &Around) -> RgbImage {
    let language = around.language;
    let variants = &around.variants[..around.variants.len().min(MOST.1)];
    // Each line with the title that stands above it.
    let lines = groups.iter().flat_map(|(title, rows)| {
        let above = |k: usize| Some(*title).filter(|title| k == 0 && !title.is_empty());
        rows.iter().enumerate().map(move |(k, row)| (above(k), row))
    });
    let rows: Vec<(Option<&str>, &Row)> = lines.take(MOST.0).collect();
    let plain = Pen { size: EM, weight: Weight::Regular, colour: INK };
    let (bold, faint) = (Pen { weight: Weight::Bold, ..plain }, Pen { colour: FAINT, size: 0.9 * EM, ..plain });
    let title = Pen { size: 1.6 * EM, weight: Weight::Bold, colour: INK };
    let inner = WORDS + COLUMN * (1 + variants.len()) as f32;
    let title_lines = title.wrap(around.title, inner);
    let heads: Vec<Vec<String>> = std::iter::once(around.base)
        .chain(variants.iter().map(String::as_str))
        .map(|label| cut(bold.wrap(label, COLUMN - EM), 4))
        .collect();
    let head_lines = heads.iter().map(Vec::len).max().unwrap_or(0);
    let words: Vec<Vec<String>> =
        rows.iter().map(|(_, row)| cut(plain.wrap(row.indicator.words.in_language(language), WORDS - EM), 3)).collect();
    let above = |title: &Option<&str>| title.map_or(0.0, |_| 1.8 * EM);
    let height = |lines: usize| lines.max(2) as f32 * plain.line() + 0.6 * EM;
    let source = faint.wrap(&format!("{} Hanze", around.attribution).trim().replace("  ", " "), inner);
    let warning = if around.synthetic { 2.0 * EM } else { 0.0 };
    let top = EM + title_lines.len() as f32 * title.line() + warning + 0.8 * EM;
    let first = top + head_lines as f32 * bold.line() + 0.5 * EM;
    let last = first
        + words.iter().map(|lines| height(lines.len())).sum::<f32>()
        + rows.iter().map(|(title, _)| above(title)).sum::<f32>();
    let whole = last + 2.6 * EM + source.len() as f32 * faint.line() + EM;
    let mut image = RgbImage::from_pixel((inner + 2.0 * EM) as u32, whole as u32, Rgb(PAPER));
    let mut y = EM;
    for line in &title_lines {
        title.write(&mut image, EM, y, line);
        y += title.line();
    }
    if around.synthetic {
        let text = language.pick(
            "Synthetic city: a demonstration, not a prediction",
            "Verzonnen stad: een demonstratie, geen voorspelling",
        );
        fill(&mut image, EM as u32, (y + 0.3 * EM) as u32, (bold.width(text) + EM) as u32, (1.4 * EM) as u32, WARNING);
        bold.write(&mut image, 1.5 * EM, y + 0.4 * EM, text);
    }
    let left = |column: usize| EM + WORDS + COLUMN * column as f32;
    for (column, lines) in heads.iter().enumerate() {
        for (k, line) in lines.iter().enumerate() {
            bold.write(&mut image, left(column), top + k as f32 * bold.line(), line);
        }
    }
    let mut y = first;
    for ((title, row), lines) in rows.iter().zip(&words) {
        if let Some(title) = title {
            bold.write(&mut image, EM, y + 0.5 * EM, title);
        }
        y += above(title);
        let high = height(lines.len());
        fill(&mut image, EM as u32, y as u32, inner as u32, 1, [214, 218, 222]);
        for (k, line) in lines.iter().enumerate() {
            plain.write(&mut image, EM, y + 0.3 * EM + k as f32 * plain.line(), line);
        }
        let decimals = row.indicator.decimals();
        let unit = language.unit(row.indicator.unit.in_language(language));
        let shown = |value: f64| match value.is_finite() {
            true => format!("{} {unit}", language.number(value, decimals)).trim_end().to_string(),
            false => "–".into(),
        };
        let limit =
            |value: f64| if row.indicator.exceeds(value) { language.pick(" (limit!)", " (grens!)") } else { "" };
        let base = row.base.all;
        plain.write(&mut image, left(0), y + 0.3 * EM, &format!("{}{}", shown(base), limit(base)));
        for k in 0..variants.len() {
            let (value, verdict) = (row.value(k), row.verdict(k));
            let x = left(1 + k);
            fill(
                &mut image,
                (x - 0.4 * EM) as u32,
                y as u32 + 2,
                (COLUMN - 0.3 * EM) as u32,
                high as u32 - 3,
                colour(verdict),
            );
            plain.write(&mut image, x, y + 0.3 * EM, &format!("{}{}", shown(value), limit(value)));
            let words = match verdict {
                Verdict::Better | Verdict::Worse => {
                    let sign = if row.difference(k) > 0.0 { "+" } else { "" };
                    format!("{} ({sign}{})", verdict.words(language), language.number(row.difference(k), decimals))
                }
                _ => verdict.words(language).to_string(),
            };
            faint.write(&mut image, x, y + 0.3 * EM + plain.line(), &words);
        }
        y += high;
    }
    let mut x = EM;
    for verdict in [Verdict::Better, Verdict::Worse, Verdict::NoChange, Verdict::Unknown] {
        fill(&mut image, x as u32, (last + 0.8 * EM) as u32, (2.0 * EM) as u32, (1.1 * EM) as u32, FAINT);
        fill(
            &mut image,
            x as u32 + 1,
            (last + 0.8 * EM) as u32 + 1,
            (2.0 * EM) as u32 - 2,
            (1.1 * EM) as u32 - 2,
            colour(verdict),
        );
        plain.write(&mut image, x + 2.5 * EM, last + 0.8 * EM, verdict.words(language));
        x += 3.5 * EM + plain.width(verdict.words(language));
    }
    for (k, line) in source.iter().enumerate() {
        faint.write(&mut image, EM, last + 2.6 * EM + k as f32 * faint.line(), line);
    }
    image
}

/// So many lines at most; the last one ends in dots where there were more.
fn cut(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::Indicators;
    use crate::measured::Measured;

    #[test]
    fn each_verdict_has_its_colour_in_the_matrix() {
        let all = Indicators::shipped().expect("sound").all;
        let measured = |all: f64| Measured { all, by_area: Vec::new() };
        // Of the first indicator less is better from 1 on.
        let of = |value: Option<f64>| Row {
            indicator: all[0].clone(),
            base: measured(5.0),
            variants: vec![value.map(measured)],
        };
        let around = |synthetic: bool| Around {
            title: "Today and grass on the square",
            base: "Today",
            variants: &[],
            attribution: "me",
            synthetic,
            language: Language::Dutch,
        };
        let variants = ["Grass".to_string()];
        let count = |rows: &[Row], wanted: [u8; 3]| {
            let image = draw(&[("", rows)], &Around { variants: &variants, ..around(true) });
            image.pixels().filter(|pixel| pixel.0 == wanted).count()
        };
        for (value, verdict) in [(2.0, Verdict::Better), (9.0, Verdict::Worse), (5.5, Verdict::NoChange)] {
            // The legend has a swatch of each, and one cell is far larger.
            let (none, one) = (count(&[], colour(verdict)), count(&[of(Some(value))], colour(verdict)));
            assert!(none > 100 && one > 4 * none, "{verdict:?}: {none}, {one}");
        }
        let unknown = draw(&[("", &[of(None)])], &Around { variants: &variants, ..around(false) });
        assert!(unknown.pixels().all(|pixel| pixel.0 != WARNING));
        let many: Vec<Row> = (0..200).map(|_| of(Some(1.0))).collect();
        assert!(draw(&[("Water", &many)], &Around { variants: &variants, ..around(false) }).height() < 200 * 40);
    }
}
