//! Numbers of a scenario: each key declares its bounds in the schema, and one check holds all of them against it.

use super::Allowed;
use super::found::{Leaf, Step, visit};
use super::schema::{Bounds, bounds};
use super::spec::Spec;
use hanze_base::error::{Error, Result};
use schemars::{Schema, SchemaGenerator, json_schema};

/// Minutes that a span has at least; at most it has what a clock of 32 bits counts in milliseconds.
pub const LEAST_MINUTES: f64 = 1e-3;
/// The longest of them.
pub const MOST_MINUTES: f64 = 70_000.0;
/// Coordinates of planes, m.
pub const FARTHEST: f64 = 1e8;
/// Heights and levels, m.
pub const HIGHEST: f64 = 12_000.0;
/// Minutes of points of a series: some may lie before the beginning, and behind the end.
const FARTHEST_MINUTE: f64 = 1e7;

/// Levels in time.
pub fn levels(_: &mut SchemaGenerator) -> Schema {
    series_schema(Allowed::LEVEL)
}

/// Discharges in time.
pub fn discharges(_: &mut SchemaGenerator) -> Schema {
    series_schema(Allowed::DISCHARGE)
}

/// A series whose values lie in a range.
pub fn series_schema(allowed: Allowed) -> Schema {
    let Allowed { least, most, unit } = allowed;
    let value = json_schema!({ "type": "number", "minimum": least, "maximum": most, "x-unit": unit });
    let minute = json_schema!({
        "type": "number", "minimum": -FARTHEST_MINUTE, "maximum": FARTHEST_MINUTE, "x-unit": "minutes"
    });
    json_schema!({
        "anyOf": [
            value,
            {
                "type": "array",
                "items": { "type": "array", "prefixItems": [minute, value], "minItems": 2, "maxItems": 2 },
            },
            { "type": "string", "format": "file-ref" },
        ],
    })
}

/// A point [x, y], or a line through points.
pub(super) fn point_or_line(_: &mut SchemaGenerator) -> Schema {
    let coordinate = json_schema!({ "type": "number", "minimum": -FARTHEST, "maximum": FARTHEST, "x-unit": "m" });
    let point = json_schema!({ "type": "array", "items": coordinate, "minItems": 2, "maxItems": 2 });
    json_schema!({ "anyOf": [point, { "type": "array", "items": point }] })
}

impl Spec {
    /// Holds every number against the bounds that its key declares.
    ///
    /// # Errors
    /// `Scenario` with the first that lies outside, and what is allowed.
    pub fn check_numbers(&self) -> Result<()> {
        let schema = self.kinds().schema();
        let mut wrong = None;
        visit(self, &mut |at, leaf| {
            if let (None, Leaf::Number(value)) = (&wrong, leaf)
                && let Some(bounds) = bounds(schema, at)
                && !bounds.allow(value)
            {
                wrong = Some(refusal(at, value, &bounds));
            }
        });
        wrong.map_or(Ok(()), Err)
    }
}

/// What is wrong with a number, and what is allowed.
fn refusal(at: &[Step], value: f64, bounds: &Bounds) -> Error {
    let Bounds { least, most, multiple, is_whole, unit } = bounds;
    let key = key_of(at);
    let unit = unit.clone().unwrap_or_else(|| unit_of(&key).into());
    let unit = if unit.is_empty() { unit } else { format!(" {unit}") };
    let kind = if *is_whole { "whole number" } else { "number" };
    let mut mend = match multiple {
        _ if *is_whole && most - least == 1.0 => format!("write {least} or {most}"),
        Some(multiple) => format!("write a multiple of {multiple} from {least} to {most}"),
        None => format!("write a {kind} from {least} to {most}"),
    };
    mend.push_str(&unit);
    Error::scenario(key, format!("{value} is not allowed"), mend)
}

/// A key as it is written; the places within a list of numbers are left out.
fn key_of(at: &[Step]) -> String {
    let written = at.iter().rposition(|step| matches!(step, Step::Key(_))).map_or(0, |last| last + 1);
    let mut key = String::new();
    for step in &at[..written] {
        match step {
            Step::Key(name) if key.is_empty() => key.push_str(name),
            Step::Key(name) => key = format!("{key}.{name}"),
            Step::Item(k) => key = format!("{key}[{k}]"),
        }
    }
    key
}

/// The unit of a key, which is in its name.
fn unit_of(key: &str) -> &'static str {
    const UNITS: [(&str, &str); 18] = [
        ("mm_per_hour", "mm per hour"),
        ("mm_per_day", "mm per day"),
        ("per_hour", "per hour"),
        ("m3_per_s", "m³/s"),
        ("m_per_s", "m/s"),
        ("ug_per_m3", "µg/m³"),
        ("w_per_m2", "W/m²"),
        ("minutes_per_km", "minutes per km"),
        ("minutes", "minutes"),
        ("minute", "minutes"),
        ("kmh", "km/h"),
        ("latitude", "degrees"),
        ("longitude", "degrees"),
        ("mm", "mm"),
        ("m", "m"),
        ("s", "s"),
        ("x", "m"),
        ("y", "m"),
    ];
    let name = key.rsplit('.').next().unwrap_or_default();
    let is_of = |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    UNITS.iter().find(|(end, _)| is_of(end)).map_or("", |(_, unit)| unit)
}
