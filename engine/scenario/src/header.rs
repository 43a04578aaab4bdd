//! Units that the headers of columns and the bands of rasters name.

use hanze_base::remark::Remark;
use hanze_city::read::length;

/// What the values of a column of rain are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Intensities: so many mm per hour each, until the next line.
    Rate(f64),
    /// Depths: so many mm each, that fall from their line to the next.
    Step(f64),
}

/// Cubic metres of a cubic foot.
const CUBIC_FOOT: f64 = 0.028_316_846_592;
const MILLIMETRES: [&str; 5] = ["mm", "millimetre", "millimetres", "millimeter", "millimeters"];
const STEPS: [&str; 5] = ["step", "timestep", "interval", "stap", "tijdstap"];
/// How words begin that say a sum since the start.
const SUMS: [&str; 5] = ["cum", "tot", "sum", "som", "acc"];
/// Words of headers that name no unit, in English and Dutch.
const PLAIN: [&str; 52] = [
    "value",
    "values",
    "waarde",
    "waarden",
    "level",
    "levels",
    "waterlevel",
    "water",
    "peil",
    "waterpeil",
    "stand",
    "waterstand",
    "stage",
    "height",
    "hoogte",
    "h",
    "z",
    "q",
    "discharge",
    "afvoer",
    "debiet",
    "flow",
    "inflow",
    "outflow",
    "capacity",
    "capaciteit",
    "pump",
    "gemaal",
    "river",
    "rivier",
    "sea",
    "zee",
    "canal",
    "kanaal",
    "boezem",
    "polder",
    "tide",
    "getij",
    "upstream",
    "downstream",
    "bovenstrooms",
    "benedenstrooms",
    "nap",
    "taw",
    "msl",
    "mean",
    "gemiddeld",
    "gemiddelde",
    "measured",
    "gemeten",
    "data",
    "series",
];
/// Words for units that are not converted.
const OTHERS: [&str; 20] = [
    "yard", "yards", "yd", "fathom", "fathoms", "km", "mile", "miles", "bar", "mbar", "hpa", "kpa", "psi", "gpm",
    "mgd", "mld", "lpm", "percent", "degree", "degrees",
];

/// A part of a header.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    /// A slash, or the word.
    Per,
    Open,
    Close,
}

impl Token {
    fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// The parts of a header, in small letters: words may end with a power, such as m3 and s-1.
fn tokens(header: &str) -> Vec<Token> {
    let mut letters: Vec<char> = Vec::with_capacity(header.len());
    for letter in header.to_lowercase().chars() {
        match letter {
            // The power of a word is written beside it; that of a number stays.
            '^' if letters.last().is_some_and(|last| last.is_alphabetic()) => {}
            '¹' => letters.push('1'),
            '²' => letters.push('2'),
            '³' => letters.push('3'),
            '⁻' | '−' => letters.push('-'),
            '[' | '{' => letters.push('('),
            ']' | '}' => letters.push(')'),
            other => letters.push(other),
        }
    }
    let is_digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let is_letter = |at: usize| letters.get(at).is_some_and(|letter| letter.is_alphabetic());
    let is = |at: usize, some: &[char]| letters.get(at).is_some_and(|letter| some.contains(letter));
    let (mut found, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let begin = at;
        if is_digit(at) || (is(at, &['.', ',']) && is_digit(at + 1)) {
            while is_digit(at) || (is(at, &['.', ',']) && is_digit(at + 1)) {
                at += 1;
            }
            let sign = usize::from(is(at + 1, &['-', '+']));
            if is(at, &['e']) && is_digit(at + 1 + sign) {
                at += 1 + sign;
                while is_digit(at) {
                    at += 1;
                }
            }
            let text = letters[begin..at].iter().collect::<String>().replace(',', ".");
            found.push(text.parse().map_or(Token::Word(text), Token::Number));
            continue;
        }
        if is_letter(at) {
            while is_letter(at) || is_digit(at) || (is(at, &['-']) && is_digit(at + 1)) {
                at += 1;
            }
            let word: String = letters[begin..at].iter().collect();
            found.push(if word == "per" { Token::Per } else { Token::Word(word) });
            continue;
        }
        match letters[at] {
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            '/' => found.push(Token::Per),
            // A power of a number, such as 10^-1.
            '-' | '^' if begin > 0 && is_digit(begin - 1) => found.push(Token::Word("^".into())),
            _ => {}
        }
        at += 1;
    }
    found
}

/// The number that stands before a unit, such as the 0.1 of "(0.1 mm)": 1 for none; `None` for what cannot be a part of a unit.
fn times(before: &[Token]) -> Option<f64> {
    let before = before.strip_suffix(&[Token::Close]).unwrap_or(before);
    let found = match before {
        [.., Token::Word(word), Token::Number(_)] if word == "^" => return None,
        [.., Token::Number(over), Token::Per, Token::Number(under)] => over / under,
        [.., Token::Number(number)] => *number,
        [.., Token::Per] => return None,
        [.., Token::Word(word)] if is_times(word) => return None,
        _ => 1.0,
    };
    // Larger numbers are those of stations.
    (found > 0.0 && found <= 1.0).then_some(found)
}

/// Whether a word is a sign of multiplication, such as x and x10.
fn is_times(word: &str) -> bool {
    word.strip_prefix(['x', '×']).is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit()))
}

/// Seconds of a word for a span of time.
fn span(word: &str) -> Option<f64> {
    Some(match word.strip_suffix("-1").unwrap_or(word) {
        "s" | "sec" | "second" | "seconds" | "seconde" | "seconden" => 1.0,
        "min" | "mins" | "minute" | "minutes" | "minuut" | "minuten" => 60.0,
        "kwartier" => 900.0,
        "h" | "hr" | "hour" | "hours" | "u" | "uur" | "uren" => 3600.0,
        "d" | "day" | "days" | "dag" | "dagen" | "etmaal" | "etmalen" => 86_400.0,
        _ => return None,
    })
}

/// What follows a unit, without a bracket or a slash before it.
fn following(mut after: &[Token]) -> &[Token] {
    while let [Token::Per | Token::Open | Token::Close, rest @ ..] = after {
        after = rest;
    }
    after
}

/// Seconds of the span that a rate is per, from what follows its unit, such as "/h", "per 10 minutes", "h-1".
fn seconds(after: &[Token]) -> Option<f64> {
    let (count, after) = match following(after) {
        [Token::Number(count), after @ ..] => (*count, after),
        after => (1.0, after),
    };
    let [Token::Word(word), rest @ ..] = after else { return None };
    (count > 0.0 && is_comment(rest)).then_some(count * span(word)?)
}

/// Whether what follows a unit cannot change it.
fn is_comment(after: &[Token]) -> bool {
    after.iter().all(|token| match token {
        Token::Number(_) | Token::Per => false,
        Token::Word(word) => !word.contains('-') && !is_times(word) && word != "^",
        Token::Open | Token::Close => true,
    })
}

/// What the header of a column of rain says its values are; `None` where it names no unit of rain.
pub fn amount(header: &str) -> Option<Amount> {
    let tokens = tokens(header);
    let has = |is: &dyn Fn(&str) -> bool| tokens.iter().filter_map(Token::word).any(is);
    // A sum since the start is neither.
    if has(&|word| SUMS.iter().any(|start| word.starts_with(start))) {
        return None;
    }
    let at = tokens.iter().position(|token| token.word().is_some_and(|word| MILLIMETRES.contains(&word)))?;
    let (times, after) = (times(&tokens[..at])?, &tokens[at + 1..]);
    let is_step = match following(after) {
        [] => true,
        [Token::Word(word), rest @ ..] => STEPS.contains(&word.as_str()) && is_comment(rest),
        _ => false,
    };
    if !is_step {
        return Some(Amount::Rate(times * 3600.0 / seconds(after)?));
    }
    // An intensity is per something.
    let is_rate = has(&|word| word == "rate" || word.contains("intens"));
    (!is_rate).then_some(Amount::Step(times))
}

/// Cubic metres of a word for a volume, and the seconds that a word such as cfs or m3h is per.
fn volume(word: &str) -> Option<(f64, Option<f64>)> {
    Some(match word {
        "m3" => (1.0, None),
        "l" | "liter" | "liters" | "litre" | "litres" | "dm3" => (0.001, None),
        "lps" => (0.001, Some(1.0)),
        "cumec" | "cumecs" => (1.0, Some(1.0)),
        "ft3" | "cf" => (CUBIC_FOOT, None),
        "cfs" | "cusec" | "cusecs" => (CUBIC_FOOT, Some(1.0)),
        _ => (1.0, Some(span(word.strip_prefix("m3")?)?)),
    })
}

/// What values of a column must be multiplied with to be in `unit` ("m" or "m³/s"): as its header says, or 1 where it names no unit;
/// `None` where it names another, or what is not known.
pub(super) fn factor(header: &str, unit: &str) -> Option<f64> {
    let tokens = tokens(header);
    let is_level = unit == "m";
    let last = tokens.iter().rposition(|token| token.word().is_some()).unwrap_or(0);
    let mut found: Option<f64> = None;
    for (k, token) in tokens.iter().enumerate() {
        let Some(word) = token.word() else { continue };
        // Inches at the end, and a word of Dutch and English elsewhere.
        let word = if word == "in" && k == last && k > 0 { "inch" } else { word };
        let (before, after) = (&tokens[..k], &tokens[k + 1..]);
        let own = match (is_level, length(word), volume(word)) {
            (true, Some(metres), _) if is_comment(after) => times(before)? * metres,
            (false, _, Some((cubic, None))) => times(before)? * cubic / seconds(after)?,
            (false, _, Some((cubic, Some(seconds)))) if is_comment(after) => times(before)? * cubic / seconds,
            // A letter that stands alone may be a name.
            (true, None, Some(_)) if word != "l" => return None,
            (_, Some(_), _) | (false, _, Some(_)) => return None,
            _ if OTHERS.contains(&word) || ["m3", "ft3", "m2"].iter().any(|start| word.starts_with(start)) => {
                return None;
            }
            _ => continue,
        };
        if found.is_some_and(|found| (found / own - 1.0).abs() > 1e-12) {
            return None;
        }
        found = Some(own);
    }
    if found.is_some() {
        return found;
    }
    let words: Vec<&str> = tokens.iter().filter_map(Token::word).collect();
    let is_odd = |token: &Token| match token {
        Token::Number(number) => number.fract() != 0.0,
        Token::Per => true,
        _ => false,
    };
    let is_known =
        (words.len() <= 1 && !tokens.contains(&Token::Open)) || words.iter().all(|word| PLAIN.contains(word));
    (is_known && !tokens.iter().any(is_odd)).then_some(1.0)
}

/// The remark that values are converted, if they are.
pub fn converted(from: &str, factor: f64, to: &str) -> Option<Remark> {
    let spoken = ((factor * 1e9).round() / 1e9).to_string();
    let dutch = spoken.replace('.', ",");
    (factor != 1.0).then(|| {
        Remark::new(
            1.0,
            format!("its values are in \"{from}\" and are taken times {spoken} as {to}"),
            format!("de waarden staan in \"{from}\" en zijn omgerekend naar {to}, keer {dutch}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_units_of_rain() {
        let (hour, step) = (Some(Amount::Rate(1.0)), Some(Amount::Step(1.0)));
        for (header, expected) in [
            ("mm_per_hour", hour),
            ("mm/h", hour),
            ("Rain (mm/hr)", hour),
            ("neerslag [mm/uur]", hour),
            ("intensity (mm/h)", hour),
            ("mm h-1", hour),
            ("mm·h⁻¹", hour),
            ("mm/min", Some(Amount::Rate(60.0))),
            ("mm_per_day", Some(Amount::Rate(1.0 / 24.0))),
            ("mm/etmaal", Some(Amount::Rate(1.0 / 24.0))),
            ("mm/5min", Some(Amount::Rate(12.0))),
            ("mm per 10 minutes", Some(Amount::Rate(6.0))),
            ("0.5 mm/h", Some(Amount::Rate(0.5))),
            ("mm", step),
            ("rain_mm", step),
            ("Neerslag (mm)", step),
            ("station 278 (mm)", step),
            ("mm/step", step),
            ("mm_per_step", step),
            ("neerslag (0.1 mm)", Some(Amount::Step(0.1))),
            ("RH (0,1 mm)", Some(Amount::Step(0.1))),
            ("RH_0.1mm", Some(Amount::Step(0.1))),
            ("[1/100 mm]", Some(Amount::Step(0.01))),
            ("1e-1 mm", Some(Amount::Step(0.1))),
            ("(.1 mm)", Some(Amount::Step(0.1))),
            ("(0.1) mm", Some(Amount::Step(0.1))),
            ("10^-1 mm", None),
            ("10⁻¹ mm", None),
            ("x10 mm", None),
            ("10 mm", None),
            ("278_mm", None),
            ("mm (0.1)", None),
            ("mm x 0.1", None),
            ("mm/h x10", None),
            ("intensity (mm)", None),
            ("neerslagintensiteit mm", None),
            ("rain rate (mm)", None),
            ("mm/h/km2", None),
            ("mm cumulative", None),
            ("total_mm", None),
            ("value", None),
            ("rain", None),
            ("inch", None),
            ("m/s", None),
            ("mm/0min", None),
            ("mm/fortnight", None),
        ] {
            let close = match (amount(header), expected) {
                (Some(Amount::Rate(found)), Some(Amount::Rate(expected)))
                | (Some(Amount::Step(found)), Some(Amount::Step(expected))) => (found / expected - 1.0).abs() < 1e-12,
                (found, expected) => found == expected,
            };
            assert!(close, "{header}: {:?}", amount(header));
        }
    }

    #[test]
    fn headers_name_units_of_levels_and_discharges() {
        for (header, unit, expected) in [
            ("value", "m", Some(1.0)),
            ("level", "m", Some(1.0)),
            ("water level", "m", Some(1.0)),
            ("waterstand (NAP)", "m", Some(1.0)),
            ("level_m", "m", Some(1.0)),
            ("h1", "m", Some(1.0)),
            ("station 12 (m)", "m", Some(1.0)),
            ("m t.o.v. NAP", "m", Some(1.0)),
            ("mNAP", "m", Some(1.0)),
            ("waterstand (cm NAP)", "m", Some(0.01)),
            ("waterstand in cm", "m", Some(0.01)),
            ("cm+NAP", "m", Some(0.01)),
            ("cmNAP", "m", Some(0.01)),
            ("centimetre", "m", Some(0.01)),
            ("stage (0.01 m)", "m", Some(0.01)),
            ("level_ft", "m", Some(0.3048)),
            ("level_inch", "m", Some(0.0254)),
            ("level (in)", "m", Some(0.0254)),
            ("level (furlong)", "m", None),
            ("level_furlong", "m", None),
            ("fathom", "m", None),
            ("level_yd", "m", None),
            ("100 m", "m", None),
            ("m/s", "m", None),
            ("m s-1", "m", None),
            ("m3/s", "m", None),
            ("cm * 10", "m", None),
            ("level m (ft)", "m", None),
            ("m3/s", "m³/s", Some(1.0)),
            ("Q", "m³/s", Some(1.0)),
            ("m³_per_h", "m³/s", Some(1.0 / 3600.0)),
            ("m^3/h", "m³/s", Some(1.0 / 3600.0)),
            ("m3h", "m³/s", Some(1.0 / 3600.0)),
            ("m³·s⁻¹", "m³/s", Some(1.0)),
            ("m3/15min", "m³/s", Some(1.0 / 900.0)),
            ("m3/etmaal", "m³/s", Some(1.0 / 86_400.0)),
            ("afvoer (l/s)", "m³/s", Some(0.001)),
            ("ft3/s", "m³/s", Some(CUBIC_FOOT)),
            ("ft^3/s", "m³/s", Some(CUBIC_FOOT)),
            ("cfs", "m³/s", Some(CUBIC_FOOT)),
            ("q", "m³/s", Some(1.0)),
            ("m3", "m³/s", None),
            ("10^3 m3/d", "m³/s", None),
            ("mm3/d", "m³/s", None),
            ("l/s/ha", "m³/s", None),
            ("l s-1 ha-1", "m³/s", None),
            ("gpm", "m³/s", None),
            ("m", "m³/s", None),
            ("debiet_cm", "m³/s", None),
            ("m3/fortnight", "m³/s", None),
        ] {
            let found = factor(header, unit);
            let close = found.zip(expected).is_none_or(|(found, expected)| (found / expected - 1.0).abs() < 1e-12);
            assert!(close && found.is_some() == expected.is_some(), "{header}: {found:?}");
        }
    }

    #[test]
    fn conversions_are_said() {
        let remark = converted("cm NAP", 0.01, "m").map(|remark| remark.text.nl);
        assert_eq!(remark.as_deref(), Some("de waarden staan in \"cm NAP\" en zijn omgerekend naar m, keer 0,01"));
        assert_eq!(converted("m", 1.0, "m"), None);
    }
}
