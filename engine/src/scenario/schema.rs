//! The JSON Schema of a scenario, looked at part by part.

use serde_json::Value;

/// A part of a schema, or what it refers to.
pub(super) fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let of = |at: &'a Value| at.as_str().and_then(|at| root.pointer(at.strip_prefix('#')?));
    schema.get("$ref").and_then(of).unwrap_or(schema)
}
