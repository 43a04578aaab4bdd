//! The JSON Schema of a scenario, looked at part by part.

use super::found::Step;
use serde_json::Value;

/// What a schema allows a number to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Least number.
    pub least: f64,
    /// Largest number.
    pub most: f64,
    /// What it is a multiple of, where it must be one.
    pub multiple: Option<f64>,
    /// Whether it has no decimals.
    pub is_whole: bool,
    /// Its unit, where its key does not tell.
    pub unit: Option<String>,
}

impl Bounds {
    /// Whether they allow a number; NaN lies in none.
    pub fn allow(&self, value: f64) -> bool {
        let is_multiple = self.multiple.is_none_or(|multiple| (value / multiple).fract() == 0.0);
        (self.least..=self.most).contains(&value) && is_multiple
    }
}

/// A part of a schema, or what it refers to.
pub fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let of = |at: &'a Value| at.as_str().and_then(|at| root.pointer(at.strip_prefix('#')?));
    schema.get("$ref").and_then(of).unwrap_or(schema)
}

/// What the schema of a whole allows the number that some steps lead to; `None` where it says nothing.
pub fn bounds(root: &Value, steps: &[Step]) -> Option<Bounds> {
    within(root, root, steps)
}

fn within(root: &Value, schema: &Value, steps: &[Step]) -> Option<Bounds> {
    // Bounds stand beside a reference as well as in what it leads to.
    let own = || if steps.is_empty() { declared(schema) } else { None };
    let target = resolved(root, schema);
    let below = || {
        let (step, rest) = steps.split_first()?;
        let part = match step {
            Step::Key(key) => {
                target.get("properties").and_then(|all| all.get(key)).or(target.get("additionalProperties"))
            }
            Step::Item(k) => target.get("prefixItems").and_then(|all| all.get(k)).or(target.get("items")),
        };
        within(root, part?, rest)
    };
    let either = || {
        let all = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| target.get(key)?.as_array()).flatten();
        all.into_iter().find_map(|own| within(root, own, steps))
    };
    let referred = || if std::ptr::eq(target, schema) { None } else { within(root, target, steps) };
    own().or_else(referred).or_else(below).or_else(either)
}

/// The bounds of a number that a part of a schema declares itself.
fn declared(schema: &Value) -> Option<Bounds> {
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    let is_kind = |kind: &str| {
        let given = &schema["type"];
        given == kind || given.as_array().is_some_and(|all| all.iter().any(|own| own == kind))
    };
    Some(Bounds {
        least: number("minimum")?,
        most: number("maximum")?,
        multiple: number("multipleOf"),
        is_whole: is_kind("integer"),
        unit: schema.get("x-unit").and_then(Value::as_str).map(String::from),
    })
}
