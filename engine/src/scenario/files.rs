//! Files that a scenario names, found by their type: no list to keep.

use super::found::{Found, Step, found};
use super::spec::Spec;
use crate::city::codes;
use crate::city::roads::rules;
use crate::error::{Error, Result};
use crate::weather;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A file as a scenario names it, or what comes with the program by its name. Every key that takes a file has this type.
// Not `transparent`: the name of the type is what tells a file from other texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(inline, extend("format" = "file-ref"))]
pub struct FileRef(pub String);

impl std::ops::Deref for FileRef {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Whether a name is that of codes, rules or weather that come with the program. No file of a scenario has such a name.
pub fn is_shipped(name: &str) -> bool {
    let of = |list: &[(&str, &str)]| list.iter().any(|(shipped, _)| *shipped == name);
    of(&codes::SHIPPED) || of(&rules::SHIPPED) || weather::is_shipped(name)
}

impl Spec {
    /// Every file that the scenario names, as often as it does.
    pub fn files(&self) -> Vec<String> {
        found(self).into_iter().map(|found| found.name).filter(|name| !is_shipped(name)).collect()
    }

    /// The same scenario with other names for some of its files; no other text changes.
    ///
    /// # Errors
    /// `Scenario` for numbers that are none, which no checked scenario has.
    pub fn renamed(&self, name_of: impl Fn(&str) -> Option<String>) -> Result<Spec> {
        let unfit = |error: serde_json::Error| Error::scenario("", error.to_string(), "write numbers that are finite");
        let mut value = serde_json::to_value(self).map_err(unfit)?;
        for Found { at, name } in found(self) {
            if let (Some(new), Some(place)) = (name_of(&name), place(&mut value, &at)) {
                *place = new.into();
            }
        }
        serde_json::from_value(value).map_err(unfit)
    }
}

/// The part of a value that some steps lead to.
fn place<'a>(value: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Item(k) => value.get_mut(*k),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, schema};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn a_title_that_is_a_file_name_stays() {
        let text = "title = \"t.asc\"\n[city]\nterrain = \"t.asc\"\nmanning = \"n.tif\"\ncodes = \"bgt\"\nsurfaces = [\"t.asc\"]\n\
                    [[gauge]]\nname = \"t.asc\"\nx = 1\ny = 1\n[runoff]\nend_minutes = 1\n\
                    [[runoff.inflow]]\nname = \"n.tif\"\nx = 1\ny = 1\ndischarge_m3_per_s = \"q.csv\"\n";
        let spec = Scenario::parse_alone(Path::new("s.toml"), text.into()).expect("fine").spec;
        assert_eq!(spec.files(), ["t.asc", "n.tif", "t.asc", "q.csv"]);
        let renamed = spec.renamed(|name| (name != "n.tif").then(|| format!("upload:{name}"))).expect("numbers");
        assert_eq!(renamed.files(), ["upload:t.asc", "n.tif", "upload:t.asc", "upload:q.csv"]);
        assert_eq!((renamed.title.as_str(), renamed.gauge[0].name.as_str()), ("t.asc", "t.asc"));
        let back = renamed.renamed(|name| name.strip_prefix("upload:").map(String::from)).expect("numbers");
        assert_eq!(serde_json::to_value(&back).ok(), serde_json::to_value(&spec).ok());
    }

    #[test]
    fn every_key_of_the_schema_that_takes_a_file_is_found() {
        let schema = Scenario::schema();
        for lists in [false, true] {
            let mut named = BTreeSet::new();
            let filled = fill(&schema, &schema, lists, &mut named);
            let spec: Spec =
                serde_json::from_value(filled.clone()).unwrap_or_else(|error| panic!("{error}: {filled:#}"));
            let files: BTreeSet<String> = spec.files().into_iter().collect();
            assert_eq!(files, named);
            // Terrain, eight more layers and objects, land use, network, structures, series, weather, trips …
            assert!(named.len() >= 30, "{named:?}");
        }
    }

    /// A value in which every key of a schema stands, with a file wherever it takes one; their names.
    fn fill(root: &Value, schema: &Value, lists: bool, named: &mut BTreeSet<String>) -> Value {
        let schema = schema::resolved(root, schema);
        if schema["format"] == "file-ref" {
            let name = format!("{}.tif", named.len());
            named.insert(name.clone());
            return name.into();
        }
        if let Some(first) = schema.get("enum").and_then(|all| all.get(0)).or(schema.get("const")) {
            return first.clone();
        }
        let either = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array);
        if let Some(either) = either {
            // That with the most files; of sections the list, where lists are wanted.
            let count = |own: &Value| {
                let mut names = BTreeSet::new();
                let filled = fill(root, own, lists, &mut names);
                (names.len(), filled.is_array() == lists)
            };
            let best = either.iter().max_by_key(|own| count(own)).expect("one at least");
            return fill(root, best, lists, named);
        }
        if let Some(keys) = schema.get("properties").and_then(Value::as_object) {
            return keys.iter().map(|(key, own)| (key.clone(), fill(root, own, lists, named))).collect();
        }
        let kind = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
        match kind.as_str() {
            Some("array") => match schema.get("items") {
                Some(items) => {
                    let count = schema["minItems"].as_u64().unwrap_or(1).max(1);
                    (0..count).map(|_| fill(root, items, lists, named)).collect()
                }
                None => Value::Array(Vec::new()),
            },
            Some("object") => Value::Object(Default::default()),
            Some("string") => "text".into(),
            Some("boolean") => true.into(),
            Some("integer") => 1.into(),
            Some("number") => 1.0.into(),
            other => panic!("{other:?} of {schema:#}"),
        }
    }
}
