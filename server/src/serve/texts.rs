//! Texts from outside that people will see: what could drive their terminal is refused, or shown for what it is.

use super::problem::Problem;
use serde_json::Value;

/// Keys of a scenario whose texts may have more than one line.
const LONG: [&str; 2] = ["description", "attribution"];

/// Whether a character does something instead of being seen: control characters, ends of lines, and what turns the direction
/// of writing (UAX #9).
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text is one line of characters that are seen.
pub fn is_line(text: &str) -> bool {
    !text.chars().any(is_control)
}

/// A text with its control characters written out, such as `\u{1b}`.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_control(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Sees that no text of a scenario has control characters.
///
/// # Errors
/// 400 with the place of the text.
pub fn check(scenario: &Value) -> Result<(), Problem> {
    let mut left = vec![(String::new(), "", scenario)];
    while let Some((at, key, value)) = left.pop() {
        match value {
            Value::String(text) => {
                let is_long = LONG.contains(&key);
                let is_break = |c: char| is_long && matches!(c, '\n' | '\r' | '\t');
                if let Some(c) = text.chars().find(|c| is_control(*c) && !is_break(*c)) {
                    let problem = format!("{at} has the control character {}; write plain text", c.escape_default());
                    return Err(Problem::bad(format!("inputs.scenario: {problem}")));
                }
            }
            Value::Array(list) => {
                let texts = list.iter().enumerate().filter(|(_, value)| may_hold_text(value));
                left.extend(texts.map(|(k, value)| (format!("{at}[{k}]"), key, value)));
            }
            Value::Object(object) => {
                for (name, value) in object.iter().filter(|(_, value)| may_hold_text(value)) {
                    let at = if at.is_empty() { shown(name) } else { format!("{at}.{}", shown(name)) };
                    left.push((at, name, value));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn may_hold_text(value: &Value) -> bool {
    value.is_string() || value.is_array() || value.is_object()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_that_drives_a_terminal_comes_in() {
        for bad in ["\u{1b}[2J", "a\u{9b}31m", "a\u{7}", "a\nb", "a\rb", "a\tb", "a\u{7f}", "a\u{202e}b", "a\u{2028}b"]
        {
            for scenario in [json!({ "title": bad }), json!({ "gauge": [{ "name": bad }] })] {
                assert!(check(&scenario).is_err(), "{bad:?}");
            }
            assert!(!is_line(bad) && is_line(&shown(bad)), "{bad:?}");
        }
        for good in ["Bui van 70 mm – Dorpsstraat", "Ĳsselkade 3 ½ °C", "雨", "a\\u{1b}"] {
            assert!(check(&json!({ "title": good, "city": { "terrain": good } })).is_ok(), "{good}");
            assert_eq!(shown(good), good);
        }
        assert!(check(&json!({ "description": "two\nlines" })).is_ok());
        assert!(check(&json!({ "description": "two\u{1b}lines" })).is_err());
        assert_eq!(shown("\u{1b}[31mPWNED\u{9b}"), "\\u{1b}[31mPWNED\\u{9b}");
    }
}
